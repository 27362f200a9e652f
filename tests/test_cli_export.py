"""``kcgeo export`` as a person types it: every format, the same bytes, nothing hidden inside, a former export whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from kcgeo.disclosure import scan, unknown_extensions
from tests.disclosure.small_study import CANARIES, digests, hidden_row, public_rows, write

ROOT = Path(__file__).parents[1]
LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
BLOCK = "import sys; sys.modules[{!r}] = None"


def command(*words: str, before: str = "") -> list[str]:
    return [sys.executable, "-c", f"{before}\nfrom kcgeo.cli import main; main()", *words]


def kcgeo(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, after some words of Python."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        command(*words, before=before), capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The small study, without hidden rows and with two."""
    folder = tmp_path_factory.mktemp("studies")
    public = public_rows(ROOT)
    hidden = [hidden_row(0, level="withheld"), hidden_row(1, level="exact")]
    return write(folder / "open", public), write(folder / "hiding", public, hidden, first=True)


@pytest.fixture(scope="module")
def exports(studies: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Whole exports of both."""
    folder = tmp_path_factory.mktemp("exports")
    outs = folder / "open", folder / "hiding"
    for study, out in zip(studies, outs, strict=True):
        done = kcgeo("export", "--study", str(study), "--out", str(out))
        assert done.returncode == 0, done.stderr[-2000:]
        assert f"files in {out}" in done.stdout.replace("\n", "")
        assert re.search(r"Wrote the index .* (\d+)/\1 ", done.stderr)  # progress was told to its end
    return outs


FORMER = '{"tool": "kcgeo", "files": [{"path": "slides.txt"}]}'
"""A manifest that lists what lies beside it: a folder that holds more is foreign and never replaced."""


@pytest.fixture
def former(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "manifest.json").write_text(FORMER)
    (folder / "slides.txt").write_text("former")
    return folder


def _untouched(folder: Path) -> bool:
    return {path.name: path.read_text() for path in folder.iterdir()} == {
        "manifest.json": FORMER,
        "slides.txt": "former",
    }


@pytest.mark.slow
def test_every_format_is_there(exports: tuple[Path, Path]) -> None:
    out = exports[0]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {
        "index.html",
        "manifest.json",
        "slides/small-town.pptx",
        "slides/png/gaps.png",
        "slides/png/corridor_I-70.png",
        "print/atlas-letter.pdf",
        "print/atlas-tabloid.pdf",
        "print/png/gaps.png",
        "print/svg/gaps.svg",
        "web/coverage.html",
        "web/explorer.html",
        "data/small-town.gpkg",
        "data/services-hsds.zip",
        "data/parquet/drive_times.parquet",
        "data/csv/coverage.csv",
        "data/csv/new_sites.csv",
        "data/csv/data-dictionary.csv",
    } <= names
    known = pd.read_csv(out / "data" / "csv" / "data-dictionary.csv")
    tables = {Path(name).stem for name in names if name.startswith("data/csv/") and name.endswith(".csv")}
    assert set(known["table"]) == tables - {"data-dictionary"}
    page = (out / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="((?!https:|data:)[a-z][^"]+)"', page))
    assert linked <= names
    assert names - linked == {"index.html", "manifest.json"}
    assert "<text" in (out / "print" / "svg" / "gaps.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_hidden_rows_change_no_byte_and_stand_in_no_file(exports: tuple[Path, Path]) -> None:
    first, second = (digests(out) for out in exports)
    assert first == second
    assert unknown_extensions(first) == []
    assert scan(exports[1], CANARIES[:2]) == []


@pytest.mark.slow
def test_a_manifest_names_sources_and_releases_of_each_file(exports: tuple[Path, Path]) -> None:
    import json

    content = json.loads((exports[0] / "manifest.json").read_text(encoding="utf-8"))
    untold = [
        entry["path"] for entry in content["files"] if not entry["releases"] and not entry["path"].endswith(
            ("README.md", "data-dictionary.csv")
        )
    ]  # fmt: skip
    assert untold == []
    assert all(item["sources"] and item["vintage"] for item in content["releases"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "audience", "extra", "kept", "lost"),
    [
        ("pptx", "slides", "kcgeo[report]", "slides/png/gaps.png", "slides/small-town.pptx"),
        ("pyarrow", "data", "kcgeo[big]", "data/small-town.gpkg", "data/parquet"),
    ],
)
def test_a_missing_package_leaves_one_format_out(
    package: str, audience: str, extra: str, kept: str, lost: str, studies: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "export"
    words = ("export", "--for", audience, "--study", str(studies[0]), "--out", str(out))
    done = kcgeo(*words, before=BLOCK.format(package))
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stderr.splitlines() if line.startswith("kcgeo: ")]
    assert len(said) == 1
    assert extra in said[0]
    assert (out / kept).exists()
    assert not (out / lost).exists()


@pytest.mark.slow
def test_a_full_disk_leaves_the_former_export_whole(former: Path, studies: tuple[Path, Path]) -> None:
    done = kcgeo("export", "--for", "data", "--study", str(studies[0]), "--out", str(former), before=LIMIT)
    assert done.returncode != 0
    assert _untouched(former)
    assert [path.name for path in former.parent.iterdir()] == [former.name]


@pytest.mark.slow
def test_a_killed_run_leaves_the_former_export_whole(former: Path, studies: tuple[Path, Path]) -> None:
    words = ("export", "--for", "slides", "--study", str(studies[0]), "--out", str(former))
    running = subprocess.Popen(
        command(*words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = time.monotonic() + 300
        while not any(former.parent.glob(".export-*/slides/png/*")):
            assert running.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert _untouched(former)


def test_an_unknown_audience_is_one_sentence(former: Path) -> None:
    done = kcgeo("export", "--for", "posters", "--out", str(former))
    assert done.returncode == 2
    assert "posters" in done.stderr
    assert "slides, print, web, data" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert _untouched(former)


def test_a_foreign_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("my own")
    done = kcgeo("export", "--for", "data", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "did not write" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_has_an_example() -> None:
    done = kcgeo("export", "--help")
    assert done.returncode == 0
    assert "Example: kcgeo export --for slides" in " ".join(done.stdout.split())
