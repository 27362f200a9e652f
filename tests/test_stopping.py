"""A command that is stopped: one sentence, a code of its own, no traceback, no folder left, former results whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kcgeo.files import scratch
from tests.test_cli import ROOT, kcgeo

SENTENCE = "kcgeo: stopped; the former results are untouched."
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Draws until it is stopped, in two processes that start anew; the second line says that both are at work.
DRAWING = """
import sys, time
from functools import partial
from pathlib import Path
from kcgeo.cli import commands, main, shared
from kcgeo.files import replacing_folder, scratch
from kcgeo.study.answer import Scene
from kcgeo.study.folder.pool import do_all
from tests.test_stopping import wait_long

@shared.app.command("draw")
def draw(out: Path) -> None:
    with scratch("test-stopping"), replacing_folder(out) as folder:
        (folder / "index.html").write_text("new")
        jobs = [(str(n), partial(wait_long, out.parent / f"at-work-{n}")) for n in range(8)]
        do_all(Scene(None, {}), folder, jobs, done=print, workers=2)

if __name__ == "__main__":
    main()
"""

# Compiled code that neither looks for signals nor ends soon
DEAF = """
import ctypes
from pathlib import Path
from kcgeo.cli import commands, main, shared
from kcgeo.files import scratch

@shared.app.command("deaf")
def deaf(out: Path) -> None:
    with scratch("test-stopping"):
        out.write_text("at work")
        ctypes.CDLL(None).poll(None, 0, 60_000)

if __name__ == "__main__":
    main()
"""


def wait_long(mark: Path, scene: object, folder: Path) -> None:
    """A job that says that it began and never ends in time."""
    mark.write_text("begun")
    time.sleep(120)


def _until(*paths: Path) -> None:
    end = time.monotonic() + 120
    while not all(path.exists() for path in paths):
        assert time.monotonic() < end, f"{paths} never came"
        time.sleep(0.05)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder of former results, and one for what is temporary."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "index.html").write_text("former")
    yield tmp_path


def _start(script: str, place: Path, *words: str) -> subprocess.Popen[str]:
    path = place / "command.py"
    path.write_text(script)
    environment = {**os.environ, "TMPDIR": str(place / "temporary"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return subprocess.Popen(
        [sys.executable, str(path), *words],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_stopped_drawing_leaves_the_former_results_and_no_process(number: int, place: Path) -> None:
    process = _start(DRAWING, place, "draw", str(place / "results"))
    _until(place / "at-work-0", place / "at-work-1")
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)  # as a terminal does
    said = process.communicate(timeout=60)[1]  # ends when the last worker has let go of the pipe
    assert process.returncode == 128 + number
    assert said.strip().splitlines()[-1] == SENTENCE
    assert "Traceback" not in said
    assert (place / "results" / "index.html").read_text() == "former"
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []
    assert list((place / "temporary").iterdir()) == []


def test_code_that_does_not_listen_is_ended(place: Path) -> None:
    process = _start(DEAF, place, "deaf", str(place / "at-work"))
    _until(place / "at-work")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert said.strip() == SENTENCE


def test_the_next_run_sweeps_what_a_killed_one_left(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = _start(DEAF, place, "deaf", str(place / "at-work"))
    _until(place / "at-work")
    process.kill()
    process.communicate(timeout=60)
    assert [path.name for path in (place / "temporary").iterdir() if path.name.startswith("test-stopping")]
    monkeypatch.setattr("tempfile.tempdir", str(place / "temporary"))
    with scratch("test-stopping") as folder:
        left = [path for path in (place / "temporary").iterdir() if path.name.startswith("test-stopping")]
        assert left == [folder]
    assert not folder.exists()


def test_a_folder_of_a_live_process_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch("one") as first, scratch("one") as second:
        assert first.is_dir()
        assert second.is_dir()
        assert first.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("words", [["data", "list", "--help"], ["--quiet", "gaps", "--category", "spaceport"]])
def test_quiet_is_an_option_of_each_command(words: list[str]) -> None:
    answer = kcgeo(*words)
    if "--help" in words:
        assert "--quiet" in answer.stdout
    else:
        assert answer.returncode == 2
        assert answer.stderr.startswith("kcgeo: There is no category 'spaceport'")  # no line of progress


GOES_ON = """
import os, signal, sys, time
from kcgeo.cli import main

sys.argv = ["kcgeo", "--version"]
try:
    main()
except SystemExit:
    pass
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    time.sleep(1.5)  # longer than the patience of a command
    print("alive")
"""


def test_a_python_that_ran_a_command_and_goes_on_keeps_its_own_ctrl_c() -> None:
    ended = subprocess.run([sys.executable, "-c", GOES_ON], capture_output=True, text=True, check=False)
    assert ended.stdout.endswith("alive\n"), ended.stderr
    assert SENTENCE not in ended.stderr
