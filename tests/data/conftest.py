"""Tables and packages to spoil: each test changes one thing of what is known to be sound."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from kcgeo.files import sha256

EXACT = "svc-lawmo-01"
AREA = "svc-hope-house-01"
WITHHELD = "withheld-001"
SHELTER = "svc-city-union-mission-01"
PROSECUTOR = "svc-jackson-prosecutor-01"
HOTLINE = "svc-ndvh-01"

Spoil = Callable[..., Path]


@pytest.fixture(scope="session")
def data_folder(root: Path) -> Path:
    return root / "data"


@pytest.fixture
def rows(data_folder: Path) -> pd.DataFrame:
    """The packaged directory as text, blanks as ""."""
    return pd.read_csv(data_folder / "derived" / "services.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def spoil(rows: pd.DataFrame, tmp_path: Path) -> Spoil:
    """Write the directory with some cells of one row changed; give the path."""

    def write(row_id: str, /, **cells: str) -> Path:
        changed = rows.copy()
        changed.loc[changed["service_id"] == row_id, list(cells)] = list(cells.values())
        path = tmp_path / "services.csv"
        changed.to_csv(path, index=False)
        return path

    return write


@pytest.fixture
def own_package(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data package that the loaders use in place of the repository's."""
    folder = tmp_path / "data"
    shutil.copytree(data_folder / "derived", folder / "derived")
    shutil.copy(data_folder / "datapackage.json", folder)
    monkeypatch.setenv("KCGEO_DATA", str(folder))
    return folder


@pytest.fixture
def register(own_package: Path) -> Callable[[str], None]:
    """Write the present hash of a resource's file into the copied package, as a maker would."""

    def write(name: str) -> None:
        path = own_package / "datapackage.json"
        package = json.loads(path.read_text())
        for item in package["resources"]:
            if item["name"] == name:
                item["sha256"] = sha256(own_package / item["path"])
        path.write_text(json.dumps(package))

    return write
