"""``kcgeo scale`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

from tests.test_cli import kcgeo


@pytest.mark.slow
def test_one_county_by_the_national_model_is_labelled_synthetic(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra 'big')")
    words = (
        "scale",
        "--counties",
        "20091,29095",
        "--workers",
        "0",
        "--synthetic",
        "2000",
        "--out",
        str(tmp_path / "run"),
    )
    done = kcgeo(*words)
    assert done.returncode == 0, done.stderr
    assert "synthetic services" in done.stdout
    (path,) = (tmp_path / "run" / "parts").iterdir()
    assert path.name.startswith("synthetic-")
    table = gpd.read_parquet(path)
    assert set(table["county_fips"]) == {"20091", "29095"}
    assert table["place_id"].is_monotonic_increasing
    assert table["medical_min"].between(0, 60).any()
    assert (table["medical_sites_count"] > 0).any()
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["complete"]
    assert any("synthetic" in note for note in manifest["notes"])
    assert manifest["buffer_km"] == pytest.approx(100, rel=0.03)
    assert {"HI"} in [set(network["states"]) for network in manifest["networks"]]
    again = kcgeo(*words)
    assert again.returncode == 2
    assert "--resume" in again.stderr


def test_bad_options_get_one_sentence_each(tmp_path: Path) -> None:
    wrong = ("--workers", "-1", "--cutoff", "0", "--places-per-part", "0", "--synthetic", "0")
    answer = kcgeo("scale", *wrong, "--out", str(tmp_path / "run"))
    assert answer.returncode == 2
    sentences = [line for line in answer.stderr.splitlines() if line.startswith("kcgeo: ")]
    for word in ("The workers must be 0", "The cutoff must be", "A part must hold 1 place", "Give 1 synthetic service"):
        assert sum(word in sentence for sentence in sentences) == 1
    assert len(sentences) == 4
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "run").exists()


def test_a_foreign_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("my own")
    answer = kcgeo("scale", "--workers", "0", "--out", str(tmp_path))
    assert answer.returncode == 2
    assert "files that kcgeo did not write" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_has_an_example() -> None:
    answer = kcgeo("scale", "--help")
    assert answer.returncode == 0
    assert "Example: kcgeo scale" in " ".join(answer.stdout.split())
