"""Notebooks in a process of their own: apart from one another, and gone when the one who asked is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from kcgeo.errors import StudyError
from kcgeo.study.folder import kernels, notebooks

FORKS = pytest.mark.skipif(not notebooks.can_fork(), reason="kernels are forked on Linux only")


def notebook(path: Path, *cells: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id=str(n)) for n, cell in enumerate(cells)])
    nbformat.write(book, path)
    return path


def test_notebooks_know_nothing_of_one_another_and_their_pages_come_in_order(tmp_path: Path) -> None:
    first = notebook(
        tmp_path / "1_first.ipynb",
        "import os, pandas\nmine, pandas.mine = 5, 6\nos.environ['MINE'] = '7'",
        "print(os.environ['KCGEO_STUDY'], hash('a'), len(__import__('sys').argv))",
    )
    second = notebook(
        tmp_path / "2_second.ipynb",
        "import os, pandas\nprint('mine' in globals(), hasattr(pandas, 'mine'), os.environ.get('MINE'))",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    )
    heard: list[str] = []
    with notebooks.running([first, second], tmp_path / "pages", study=tmp_path / "none.toml") as running:
        made = running.pages(heard.append)
    assert [one["file"] for one in made] == ["1_first.html", "2_second.html"]
    assert sorted(heard) == ["1_first.ipynb", "2_second.ipynb"]
    pages = [(tmp_path / "pages" / one["file"]).read_text(encoding="utf-8") for one in made]
    assert "none.toml" in pages[0]
    assert "False False None" in pages[1]
    assert "data:image/png;base64," in pages[1]


@FORKS
def test_a_forked_kernel_shows_what_a_new_one_shows(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "one.ipynb",
        "import matplotlib.pyplot as plt, pandas as pd\nfrom IPython.display import Markdown",
        "print({'b', 'a', 'c', 'dd'}, hash('x'))\nfig, ax = plt.subplots()\nax.bar(['a', 'b'], [1, 2])\nplt.show()",
        "display(pd.DataFrame({'a': [1.5, 2]}))\nMarkdown('*words*')",
        "1 + 1",
    )
    with notebooks.running([path], tmp_path / "forked", study=tmp_path / "none.toml") as running:
        running.pages(lambda name: None)
    new = notebooks.make_page(path, tmp_path / "new", environment={"KCGEO_STUDY": str(tmp_path / "none.toml")})
    assert new.problems == ()
    assert (tmp_path / "forked/one.html").read_bytes() == (tmp_path / "new/one.html").read_bytes()


def test_each_notebook_that_stops_is_named_and_the_others_still_run(tmp_path: Path) -> None:
    paths = [
        notebook(tmp_path / "1_bad.ipynb", "1 / 0"),
        notebook(tmp_path / "2_good.ipynb", "print('fine')"),
        notebook(tmp_path / "3_gone.ipynb", "import os\nos._exit(3)"),
    ]
    with (
        notebooks.running(paths, tmp_path / "pages", study=tmp_path / "none.toml") as running,
        pytest.raises(StudyError) as caught,
    ):
        running.pages(lambda name: None)
    assert [problem.split()[2] for problem in caught.value.problems] == ["1_bad.ipynb", "3_gone.ipynb"]
    assert "ZeroDivisionError" in caught.value.problems[0]
    assert (tmp_path / "pages/2_good.html").exists()


def test_an_error_of_any_length_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    path = notebook(tmp_path / "1_long.ipynb", "raise ValueError('x' * 300_000)")
    with (
        notebooks.running([path], tmp_path / "pages", study=tmp_path / "none.toml") as running,
        pytest.raises(StudyError, match=r"1_long\.ipynb stopped: ") as caught,
    ):
        running.pages(lambda name: None)
    assert len(caught.value.problems[0]) < 1000


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@FORKS
def test_it_ends_with_the_one_who_asked_and_so_do_the_kernels(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    path = notebook(
        tmp_path / "long.ipynb",
        f"import os, pathlib, time\npathlib.Path({str(told)!r}).write_text(str(os.getpid()))\ntime.sleep(300)",
    )
    order = kernels.Order((str(path),), str(tmp_path / "pages"), "none.toml", {})
    process = subprocess.Popen(
        [sys.executable, "-m", "kcgeo.study.folder.kernels"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(order.to_json() + "\n")
    process.stdin.flush()
    for _ in range(1200):
        if told.exists() and told.read_text():
            break
        time.sleep(0.05)
    kernel = int(told.read_text())
    assert lives(kernel)
    process.stdin.close()
    process.wait(timeout=60)
    for _ in range(600):
        if not lives(kernel):
            break
        time.sleep(0.05)
    assert not lives(kernel)
    assert not (tmp_path / "pages/long.html").exists()
    assert os.getpid() != kernel
