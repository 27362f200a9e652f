"""The commands that give a study layers of its own, as a person types them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kcgeo.cli import main
from tests.data.census_files import both_centers, small_study


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def kcgeo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: a process of its own for each line costs seconds."""

    def run(*words: str, **variables: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["kcgeo", *words])
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return Done(int(stopped.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def town(root: Path, tmp_path: Path) -> Path:
    return small_study(root, tmp_path)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the output of tests clean."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A copy of a part of the Census server on loopback."""
    folder = tmp_path / "server"
    folder.mkdir()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", folder
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def _refused(done: Done, words: str, *, code: int = 2) -> None:
    assert done.returncode == code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_add_list_and_remove(kcgeo: Run, town: Path, tmp_path: Path) -> None:
    folder = both_centers(tmp_path / "centers")
    done = kcgeo("data", "add", "centers", str(folder), "--study", str(town))
    assert done.returncode == 0, done.stderr
    for words in ("before", "packaged", "8,028", "Note: Estimate: the source has no land area", "SHA-256"):
        assert words in done.stdout
    done = kcgeo("data", "layers", "--study", str(town))
    assert "centers (centers)" in done.stdout
    assert "places: Estimate" in done.stdout
    done = kcgeo("data", "remove", "places", "--study", str(town))
    assert done.returncode == 0
    assert "has no layers of its own" in kcgeo("data", "layers", "--study", str(town)).stdout
    _refused(kcgeo("data", "remove", "places", "--study", str(town)), "has no layer places of its own")


def test_faults_are_sentences(kcgeo: Run, town: Path, tmp_path: Path) -> None:
    (tmp_path / "bg.zip").write_bytes(b"<html>404</html>")
    _refused(
        kcgeo("data", "add", "block-groups", str(tmp_path / "bg.zip"), "--study", str(town)),
        "bg.zip is not a boundary file of block groups",
    )
    _refused(kcgeo("data", "add", "rivers", "x", "--study", str(town)), "There is no kind 'rivers'; there are acs,")
    _refused(kcgeo("data", "add", "tracts", "x", "--study", str(town), "--option", "layer"), "takes name=value")
    assert not town.with_suffix(".layers").exists()


def test_kinds_are_listed(kcgeo: Run) -> None:
    done = kcgeo("data", "kinds")
    assert done.returncode == 0
    for kind in ("block-groups", "tracts", "centers", "acs", "primary-roads"):
        assert kind in done.stdout


def test_fetch_from_a_mirror_adds_the_layer(kcgeo: Run, town: Path, tmp_path: Path, mirror: tuple[str, Path]) -> None:
    url, folder = mirror
    place = folder / "geo/docs/reference/cenpop2020/blkgrp"
    place.parent.mkdir(parents=True)
    both_centers(place)
    words = ["data", "fetch", "centers", "--study", str(town), "--mirror", url, "--cache", str(tmp_path / "cache")]
    done = kcgeo(*words)
    assert done.returncode == 0, done.stderr
    assert "CenPop2020_Mean_BG20.txt: " in done.stdout
    assert "8,028" in done.stdout
    done = kcgeo(*words, "--only")
    assert "(cache)" in done.stdout
    assert "no layer was changed" in done.stdout
    _refused(kcgeo(*words, "--year", "2010"), "There is no http://127.0.0.1", code=4)


def test_a_garbled_mirror_adds_nothing(kcgeo: Run, town: Path, tmp_path: Path, mirror: tuple[str, Path]) -> None:
    url, folder = mirror
    place = folder / "geo/tiger/GENZ2020/shp"
    place.mkdir(parents=True)
    (place / "cb_2020_20_bg_500k.zip").write_bytes(b"<html>Busy</html>")
    words = [
        "data",
        "fetch",
        "block-groups",
        "--year",
        "2020",
        "--study",
        str(town),
        "--cache",
        str(tmp_path / "cache"),
    ]
    # the pauses between tries belong to the command; a test of them has its own clock
    done = kcgeo(*words, "--tries", "1", KCGEO_CENSUS_URL=url)
    words_said = "what came is not the file (cb_2020_20_bg_500k.zip is neither a folder nor a zip or tar archive"
    _refused(done, words_said, code=4)
    assert not town.with_suffix(".layers").exists()


@pytest.mark.parametrize("command", ["add", "fetch", "kinds", "layers", "remove"])
def test_help_has_an_example(kcgeo: Run, command: str) -> None:
    done = kcgeo("data", command, "--help")
    assert done.returncode == 0
    assert f"Example: kcgeo data {command}" in " ".join(done.stdout.split())
