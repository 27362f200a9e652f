"""A folder of results: written whole by one writer, never over what is not ours; figures and notebooks in processes."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from kcgeo import study
from kcgeo.disclosure import release
from kcgeo.errors import StudyError
from kcgeo.study.answer import Answer, Desk, Extra, Figure, Scene
from kcgeo.study.answers.whole.export import export_answer
from kcgeo.study.folder import refuse_foreign_folder
from kcgeo.study.folder.notebooks import execute, make_page, pages_of
from kcgeo.study.folder.pool import do_all


@pytest.fixture
def answer(root: Path) -> Answer:
    rows = pd.DataFrame({"group": ["a"], "category": ["medical"], "covered_count": [5.0]})
    table = release(rows, name="coverage", kind="coverage", sources=["made up"], vintage="2026")
    extra = Extra("Wrote a page", ("coverage",), _write_page)
    settings = study.load(root / "studies" / "kansas-city.toml")
    return Answer("tried", settings, tables={"coverage": table}, extras=(extra,), about={"cutoff_min": 30})


def _write_page(desk: Desk) -> list[Path]:
    path = desk.folder / "page.html"
    path.write_text(str(len(desk.scene["coverage"].table)))
    return [path]


def _pid(scene: Scene, folder: Path) -> int:
    return os.getpid()


def _slow(scene: Scene, folder: Path) -> None:
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(300)


def _dies(scene: Scene, folder: Path) -> None:
    os._exit(3)


def test_a_folder_holds_tables_pages_and_a_manifest_of_every_file(answer: Answer, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    content = study.folder.write(answer, tmp_path / "out", progress=lambda *step: heard.append(step))
    assert {entry["path"] for entry in content["files"]} == {"page.html", "tables/README.md", "tables/coverage.csv"}
    assert json.loads(json.dumps(content)) == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert content["question"] == {"cutoff_min": 30}
    assert content["releases"][0]["files"] == ["page.html", "tables/coverage.csv"]
    assert "services" not in content["data"]  # a file with hidden rows: not even its hash leaves
    assert heard == [("Wrote a page", 1, 1)]
    study.folder.write(answer, tmp_path / "out")  # a former answer may be replaced


@pytest.mark.parametrize("folder", [Path("/"), Path.home(), Path.home().parent, Path.cwd()], ids=str)
def test_the_home_folder_and_what_holds_it_are_refused(folder: Path) -> None:
    with pytest.raises(StudyError, match="no folder for results alone"):
        refuse_foreign_folder(folder)


def test_a_folder_with_files_that_its_manifest_does_not_list_is_refused(answer: Answer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    study.folder.write(answer, out)
    (out / "tables" / "thesis.docx").write_text("mine")
    with pytest.raises(StudyError, match=r"tables/thesis\.docx"):
        study.folder.write(answer, out)
    assert (out / "tables" / "thesis.docx").read_text() == "mine"
    (out / "tables" / "thesis.docx").rename(out / ".DS_Store")  # a system left this one
    study.folder.write(answer, out)


@pytest.mark.slow
def test_figures_can_be_sent_to_another_process(root: Path) -> None:
    answer = export_answer(study.measure(study.load(root / "studies" / "kansas-city.toml")), audiences=["print"])
    again = pickle.loads(pickle.dumps(answer))
    assert [figure.name for figure in again.figures] == [figure.name for figure in answer.figures]
    assert {name for figure in again.figures for name in figure.uses} <= set(again.tables)
    with pytest.raises(StudyError, match="choose from orientation, gaps"):
        answer.draw("spaceport")


@pytest.mark.slow
def test_jobs_run_in_processes_of_their_own_and_come_back_in_order(answer: Answer, tmp_path: Path) -> None:
    here = do_all(answer.scene, tmp_path, [("a", _pid)] * 3, done=lambda words: None, workers=2)
    there = do_all(answer.scene, tmp_path, [("a", _pid)] * 5, done=lambda words: None, workers=2)
    assert set(here) == {os.getpid()} and os.getpid() not in there and len(there) == 5
    with pytest.raises(StudyError, match="ended early"):
        do_all(answer.scene, tmp_path, [("a", _dies)] * 4, done=lambda words: None, workers=2)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks a process up in /proc")
def test_workers_end_with_the_one_who_asked(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from kcgeo.study.answer import Scene
from kcgeo.study.folder.pool import do_all
from tests.study.test_folder import _slow
do_all(Scene(None, {{}}), Path({str(tmp_path)!r}), [("", _slow)] * 4, done=print, workers=2)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    worker = int(pid.read_text())
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while lives(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not lives(worker)


def notebook(path: Path, *cells: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id=str(n)) for n, cell in enumerate(cells)])
    nbformat.write(book, path)
    return path


def _texts(book: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))


@pytest.mark.slow
def test_a_notebook_finds_the_kernel_as_if_it_were_new(tmp_path: Path) -> None:
    first = notebook(
        tmp_path / "1_first.ipynb",
        "import os, pandas as pd, matplotlib.pyplot as plt\nmine = 5\nos.environ['MINE'] = '7'",
        "pd.set_option('display.max_colwidth', 7)\nplt.figure()\nos.chdir('/')\nprint(os.environ['KCGEO_STUDY'])",
    )
    second = notebook(
        tmp_path / "2_second.ipynb",
        "import os, pandas as pd, matplotlib.pyplot as plt\nprint('mine' in globals(), os.environ.get('MINE'))",
        "print(pd.get_option('display.max_colwidth'), plt.get_fignums(), os.getcwd(), hash('a'))",
    )
    alone = _texts(execute(second, environment={}))
    assert "none.toml" in _texts(execute(first, environment={"KCGEO_STUDY": "none.toml"}))
    assert _texts(execute(second, environment={})) == alone
    assert alone.startswith("False None\n50 [] ")


@pytest.mark.slow
def test_each_notebook_that_stops_is_named_and_the_others_still_run(tmp_path: Path) -> None:
    paths = [
        notebook(tmp_path / "1_bad.ipynb", "1 / 0"),
        notebook(tmp_path / "2_gone.ipynb", "import os\nos._exit(3)"),
        notebook(tmp_path / "3_long.ipynb", "raise ValueError('x' * 300_000)"),
        notebook(tmp_path / "4_good.ipynb", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    ]
    made = [make_page(path, None, Scene(None, {}), tmp_path) for path in paths]  # type: ignore[arg-type]
    with pytest.raises(StudyError) as caught:
        pages_of(made)
    assert [problem.split()[2] for problem in caught.value.problems] == [path.name for path in paths[:3]]
    assert "ZeroDivisionError" in caught.value.problems[0]
    assert len(caught.value.problems[2]) < 1000
    assert "data:image/png;base64," in (tmp_path / "notebooks" / "4_good.html").read_text(encoding="utf-8")
    assert pages_of(made[3:]) == [{"file": "4_good.html", "title": "Notebook"}]


def test_a_figure_is_drawn_from_what_it_says_it_shows(answer: Answer) -> None:
    figure = Figure.of("one", "Why?", _plate, ("coverage",), named={"towns": "coverage"}, cutoff_min=30)
    assert figure.uses == ("coverage", "coverage")
    assert figure.draw(answer.scene) == ("coverage", "coverage", 30)


def _plate(table, *, towns, cutoff_min):  # type: ignore[no-untyped-def]
    return table.name, towns.name, cutoff_min
