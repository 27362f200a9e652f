"""The command line as a person types it: results on stdout, one sentence for each fault, exit code 2, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "studies" / "kansas-city.toml"


def kcgeo(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-c", "from kcgeo.cli import main; main()", *words]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **variables}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.fixture(scope="module")
def directory() -> pd.DataFrame:
    """The packaged service directory as plain text."""
    return pd.read_csv(ROOT / "data" / "raw" / "services.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def with_services(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Write a study whose directory of services is the given text."""

    def write(content: str | bytes) -> Path:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "services.csv").write_bytes(raw)
        study = tmp_path / "study.toml"
        study.write_text(STUDY.read_text() + '\n[services]\npath = "services.csv"\n')
        return study

    return write


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A folder of former results."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"tool": "kcgeo", "files": [{"path": "index.html"}]}')
    (folder / "index.html").write_text("former")
    return folder


def _change(rows: pd.DataFrame, **values: str) -> str:
    """Change the first exact row that has a point."""
    rows = rows.copy()
    row = rows.index[(rows["disclosure"] == "exact") & (rows["latitude"] != "")][0]
    for column, value in values.items():
        rows.loc[row, column] = value
    return rows.to_csv(index=False)


def _area_row_with_a_point(rows: pd.DataFrame) -> str:
    rows = rows.copy()
    row = rows.index[rows["disclosure"] == "area"][0]
    rows.loc[row, ["latitude", "longitude"]] = ["39.05", "-94.55"]
    return rows.to_csv(index=False)


def _swapped(rows: pd.DataFrame) -> str:
    row = rows.index[(rows["disclosure"] == "exact") & (rows["latitude"] != "")][0]
    return _change(rows, latitude=rows.loc[row, "longitude"], longitude=rows.loc[row, "latitude"])


FAULTS: dict[str, tuple[Callable[[pd.DataFrame], str | bytes], str]] = {
    "point at area level": (_area_row_with_a_point, "area"),
    "unknown category": (lambda rows: _change(rows, service_categories="spaceport"), "spaceport"),
    "latitude of 390": (lambda rows: _change(rows, latitude="390"), "latitude"),
    "swapped": (_swapped, "swapped"),
    "far away": (lambda rows: _change(rows, latitude="44.2"), "km"),
    "missing column": (lambda rows: rows.drop(columns="eligibility").to_csv(index=False), "eligibility"),
    "empty": (lambda rows: "", "holds no rows"),
    "no text": (lambda rows: _change(rows, service_name="Caf\0").encode("latin-1"), "is no text file"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_bad_services_are_refused_and_former_results_stay(
    fault: str, directory: pd.DataFrame, with_services: Callable[[str | bytes], Path], former: Path
) -> None:
    make, word = FAULTS[fault]
    answer = kcgeo("maps", "--study", str(with_services(make(directory))), "--out", str(former), "--no-notebooks")
    sentences = [line for line in answer.stderr.splitlines() if line.startswith("kcgeo: ")]
    assert answer.returncode == 2, answer.stderr
    assert len(sentences) == (2 if fault == "point at area level" else 1), answer.stderr  # two columns, two faults
    assert word in sentences[0]
    assert "Traceback" not in answer.stderr
    assert "39.05" not in answer.stderr
    assert (former / "index.html").read_text() == "former"
    assert sorted(path.name for path in former.parent.iterdir() if path.name.startswith(".")) == []


@pytest.mark.slow
def test_study_with_an_unknown_county(tmp_path: Path, former: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.read_text().replace('"20045"', '"99999"'))
    answer = kcgeo("maps", "--study", str(study), "--out", str(former))
    assert answer.returncode == 2
    assert "99999" in answer.stderr
    assert (former / "index.html").read_text() == "former"


@pytest.mark.slow
def test_data_that_was_changed_is_refused(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("raw", "makers"))
    path = tmp_path / "data" / "derived" / "places.csv"
    path.write_text(path.read_text().replace("64001", "64991", 1))
    answer = kcgeo("data", "check", KCGEO_DATA=str(tmp_path / "data"))
    assert answer.returncode == 2
    assert "places" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_results_never_replace_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for command in (["maps"], ["gaps"]):
        answer = kcgeo(*command, "--out", str(tmp_path))
        assert answer.returncode == 2
        assert "did not write" in answer.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.slow
def test_data_list_and_check() -> None:
    listed = kcgeo("data", "list")
    assert listed.returncode == 0
    assert "ODbL" in listed.stdout
    checked = kcgeo("data", "check")
    assert checked.returncode == 0
    assert "whole and valid" in checked.stdout


@pytest.mark.slow
def test_gaps_for_a_group_and_an_hour(tmp_path: Path) -> None:
    words = ["--category", "medical", "--eligibility", "minors", "--open-at", "2026-11-25 02:00"]
    answer = kcgeo("gaps", *words, "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stderr
    assert "lower bound" in answer.stdout
    assert "unreachable" in answer.stdout
    table = pd.read_csv(tmp_path / "out" / "coverage.csv")
    assert table["covered_share"].between(0, 1).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gaps", "--category", "spaceport"], "spaceport"),
        (["gaps", "--eligibility", "kids"], "kids"),
        (["gaps", "--open-at", "noon"], "noon"),
        (["gaps", "--study", "nowhere.toml"], "no study file"),
    ],
)
def test_bad_options_get_one_sentence(words: list[str], sentence: str) -> None:
    answer = kcgeo(*words)
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "command", [["data", "list"], ["data", "check"], ["maps"], ["gaps"], ["transit"], ["data", "export-hsds"]]
)
def test_help_has_an_example(command: list[str]) -> None:
    answer = kcgeo(*command, "--help")
    assert answer.returncode == 0
    assert f"Example: kcgeo {' '.join(command)}" in " ".join(answer.stdout.split())


def test_doctor_says_what_is_there_and_what_is_wanting(tmp_path: Path) -> None:
    answer = kcgeo("doctor", "--json")
    rows = {row["what"]: row for row in json.loads(answer.stdout)}
    assert answer.returncode == 0, answer.stderr
    assert {
        "Python",
        "kcgeo",
        "geopandas",
        "data package",
        "font",
        "browser",
        "extra report",
        "temporary folder",
    } <= set(rows)
    assert rows["font"]["found"] == "DejaVuSans.ttf"
    (tmp_path / "datapackage.json").write_text("{}")
    broken = kcgeo("doctor", KCGEO_DATA=str(tmp_path))
    assert broken.returncode == 2
    assert "restore it from the release" in broken.stdout + broken.stderr


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of one county, in a folder with a space and letters that are not ASCII."""
    folder = tmp_path_factory.mktemp("towns") / "mi año"
    answer = kcgeo(
        "study", "new", "--name", "town", "--counties", "20121", "--corridors", "I-35", "--out", str(folder), "-q"
    )
    assert answer.returncode == 0, answer.stderr
    return folder / "town.toml"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "table"), [(["gaps", "--category", "medical"], "coverage"), (["corridor", "I-35"], "segments")]
)
def test_json_is_all_that_is_printed(words: list[str], table: str, town: Path) -> None:
    answer = kcgeo(*words, "--study", str(town), "--json", "--quiet", HOME="", TZ="Asia/Tokyo", OMP_NUM_THREADS="1")
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    content = json.loads(answer.stdout)
    assert content["tables"][table] or table == "segments"
    assert {"question", "asked", "findings", "tables"} == set(content)
