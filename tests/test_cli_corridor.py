"""``kcgeo corridor`` as a person types it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.test_cli import kcgeo


def test_a_table_on_stdout_and_a_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "corridor"
    told = kcgeo("corridor", "I-35", "--step-mi", "1", "--out", str(out))
    assert told.returncode == 0, told.stderr
    segments = pd.read_csv(out / "segments.csv")
    assert told.stdout.count("I-35 ") == len(segments) > 0
    worst = segments.loc[segments["worst_min"].idxmax()]
    assert f"{worst['worst_min']:.0f} min" in told.stdout
    assert "Roads are not evidence of trafficking" in " ".join(told.stdout.split())
    assert {"corridors.png", "corridors.svg", "corridors.pdf", "profile.csv", "manifest.json"} <= {
        path.name for path in out.iterdir()
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["I-99"], "kcgeo: I-99 has no mileposts; choose from I-35, I-70."),
        (["I-435"], "kcgeo: I-435 has no mileposts; choose from I-35, I-70."),
        (["I-35", "--step-mi", "0"], "kcgeo: step_mi must be 0.1 to 10 miles, not 0."),
    ],
)
def test_bad_input_ends_with_two_and_one_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    told = kcgeo("corridor", *words, "--out", str(tmp_path / "out"))
    assert told.returncode == 2
    assert told.stdout == ""
    assert [line for line in told.stderr.splitlines() if line.startswith("kcgeo:")] == [sentence]
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_folder_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    told = kcgeo("corridor", "I-35", "--out", str(tmp_path))
    assert told.returncode == 2
    assert "files that kcgeo did not write" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_has_an_example() -> None:
    told = kcgeo("corridor", "--help")
    assert told.returncode == 0
    assert "kcgeo corridor I-35" in told.stdout
