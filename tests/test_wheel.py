"""The wheel: small, with the derived data and the studies, without what nobody reads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder))))


def test_wheel_has_at_most_five_megabytes(wheel: Path) -> None:
    assert wheel.stat().st_size <= 5_000_000


def test_wheel_holds_what_is_read_away_from_a_checkout(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    derived = {f"kcgeo/_package/data/derived/{path.name}" for path in (ROOT / "data" / "derived").iterdir()}
    studies = {f"kcgeo/_package/studies/{path.name}" for path in (ROOT / "studies").glob("*.toml")}
    assert derived | studies | {"kcgeo/_package/data/datapackage.json", "kcgeo/__main__.py"} <= names
    assert not [name for name in names if "/raw/" in name or "/makers/" in name or "__pycache__" in name]
