"""The planner's commands as a person types them: wrong words are told at once, in one sentence."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from kcgeo import study
from kcgeo.cli.commands import app
from kcgeo.cli.planner import _side
from kcgeo.errors import StudyError
from tests.test_cli import kcgeo


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["what-if"], "Say what changes"),
        (["what-if", "--each", "--close", "a"], "Say what changes"),
        (["what-if", "--move", "svc=1"], "write longitude,latitude"),
        (["what-if", "--open", "24/7"], "--open takes ID=VALUE"),
        (["compare", "nowhere", "nowhere"], "There is no study file or folder nowhere"),
        (["week", "--category", "spaceport"], "There is no category 'spaceport'"),
    ],
)
def test_bad_input_ends_with_two_and_one_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    told = kcgeo(*words, "--out", str(tmp_path / "out"))
    assert told.returncode == 2, told.stderr
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_version_and_the_module() -> None:
    command = [sys.executable, "-m", "kcgeo", "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    assert told.stdout.startswith("kcgeo ")


def _questions(root: Path) -> list[str]:
    return re.findall(r"`kcgeo ([^`]+)`$", (root / "docs" / "questions.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_question_of_a_planner_is_a_command(root: Path) -> None:
    asked = _questions(root)
    assert len(asked) == 25
    commands = typer.main.get_command(app)
    for words in asked:
        name, *rest = shlex.split(words)
        context = typer.Context(commands)
        command = commands.get_command(context, name)  # type: ignore[attr-defined]
        command.make_context(name, rest, parent=context)  # a word or an option that is none raises


def test_a_side_of_a_comparison_may_be_a_scenario(root: Path, tmp_path: Path) -> None:
    settings = study.load(root / "studies" / "kansas-city.toml")
    path = tmp_path / "plans.toml"
    path.write_text('[[scenario]]\nname = "north"\nclose = ["svc-restart-01"]\n', encoding="utf-8")
    assert _side("today", settings) is settings
    north = _side(f"{path}#north", settings)
    assert isinstance(north, study.Study)
    assert north.changes.close == ("svc-restart-01",)
    assert _side(str(tmp_path), settings) == tmp_path
    with pytest.raises(StudyError, match="has no scenario 'south'; it has north"):
        _side(f"{path}#south", settings)
