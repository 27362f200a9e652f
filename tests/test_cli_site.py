"""`kcgeo site` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import kcgeo

pytestmark = pytest.mark.slow

ASKED = ["--category", "emergency_shelter", "--eligibility", "minors"]


def test_a_plan_on_the_terminal_and_in_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = kcgeo("site", *ASKED, "--new", "2", "--cutoff", "30", "--draws", "3", "--out", str(out))
    assert answer.returncode == 0, answer.stderr
    assert "Proven best" in answer.stdout
    assert "area, not an address" in answer.stdout
    assert "Lower bound" in answer.stdout
    assert "page.pdf" in answer.stdout
    assert (out / "page.pdf").read_bytes().startswith(b"%PDF")
    question = json.loads((out / "manifest.json").read_text())["question"]
    assert (question["new_count"], question["cutoff_min"], question["draw_count"]) == (2, 30.0, 3)
    assert "Traceback" not in answer.stderr


def test_options_reach_the_model(tmp_path: Path) -> None:
    # one county: shared room among all cells of the metro takes minutes to prove
    words = ["--new", "1", "--candidates", "cells", "--within", "Wyandotte County KS", "--referral-weight", "1"]
    words += ["--capacity", "20000", "--draws", "0"]
    answer = kcgeo("site", *ASKED, *words, "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stderr
    question = json.loads((tmp_path / "out" / "manifest.json").read_text())["question"]
    assert question["candidates"] == "cells"
    assert question["capacity"] == 20_000
    assert question["referral_weight"] == 1.0
    assert question["cutoff_min"] == 30.0  # the study's own


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--category", "spaceport"], "spaceport"),
        ([*ASKED, "--objective", "best"], "objective 'best'"),
        ([*ASKED, "--new", "0"], "give 1 or more"),
        ([*ASKED, "--cutoff", "-5"], "cutoff is -5"),
        (["--category", "legal", "--eligibility", "kids"], "kids"),
        ([*ASKED, "--candidates", "houses"], "houses"),
        ([*ASKED, "--time-limit", "0"], "time limit is 0"),
        ([*ASKED, "--objective", "backup_coverage", "--draws", "0"], "least number of new sites that works"),
    ],
)
def test_bad_input_ends_with_sentences(words: list[str], sentence: str, tmp_path: Path) -> None:
    answer = kcgeo("site", *words, "--out", str(tmp_path / "out"))
    assert answer.returncode == 2, answer.stderr
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_results_never_replace_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    answer = kcgeo("site", *ASKED, "--out", str(tmp_path))
    assert answer.returncode == 2
    assert "did not write" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_has_an_example() -> None:
    answer = kcgeo("site", "--help")
    assert answer.returncode == 0
    assert "Example: kcgeo site --category emergency_shelter" in " ".join(answer.stdout.split())
