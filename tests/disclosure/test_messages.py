"""What a run prints must not depend on hidden rows, on the error stream either: logs are published too."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kcgeo import data

from .small_study import CANARIES, hidden_row, public_rows, write


def kcgeo(*words):
    """Return both streams of a command in a process of its own, without the seconds that it took and the spinner."""
    command = [sys.executable, "-c", "from kcgeo.cli import main; main()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, re.sub(r"\d+:\d\d:\d\d|[\u2800-\u28ff]", "", done.stderr)


@pytest.fixture(scope="module")
def studies(tmp_path_factory, root):
    public = public_rows(root)
    hidden = [hidden_row(number, level="exact") for number in (0, 7, 12)]
    return [
        write(tmp_path_factory.mktemp(name), public, rows)
        for name, rows in (("without", ()), ("with", hidden), ("one", hidden[1:2]))
    ]


def test_no_stream_of_a_run_depends_on_hidden_rows(studies):
    said = [kcgeo("gaps", "--study", study, "--category", "medical") for study in studies]
    assert said[1] == said[0] and said[2] == said[0]
    assert "withheld" not in "".join(said[0])


def test_the_processes_that_draw_and_run_notebooks_say_nothing_of_hidden_rows(studies, tmp_path):
    code = f"""
from pathlib import Path
from kcgeo import study
from kcgeo.study.answer import Scene
from kcgeo.study.folder.pool import do_all
from tests.disclosure.test_messages import measured_again
settings = study.load({str(studies[1])!r})
do_all(Scene(settings, {{}}), Path('.'), [('', measured_again)] * 4, done=print, workers=2)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def measured_again(scene, folder):
    """Read the services in a worker process, where hidden rows are met again."""
    return len(data.directory(scene.study))


def test_the_operator_is_told_which_rows_came_in_as_withheld_where_they_ask(studies):
    without, _ = kcgeo("data", "check", "--study", studies[0])
    told, log = kcgeo("data", "check", "--study", studies[1])
    names = [CANARIES[number].words[1] for number in (0, 7, 12)]
    assert all(name in told for name in names) and "came in as withheld" in told
    assert "came in as withheld" not in without
    assert not any(name in log for name in names)
    for number in (0, 7, 12):
        bird = CANARIES[number]
        assert not any(secret in told for secret in (bird.words[0], bird.words[2], str(bird.latitude), bird.phones[0]))
