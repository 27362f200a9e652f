"""The planner's commands as a person types them: wrong words are told at once, in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
