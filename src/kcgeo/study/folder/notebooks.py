"""Run notebooks as they stand in the repository and write each as one page that needs no network.

They run in a process of their own (:mod:`kcgeo.study.folder.kernels`), beside all else that a study asks for.
"""

from __future__ import annotations

import contextlib
import html
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kcgeo.data import package_folder
from kcgeo.errors import KcgeoError, StudyError
from kcgeo.files import write_text
from kcgeo.present.look.words import QUICK_EXIT, SAFE_BROWSING

__all__ = ["Made", "Running", "can_fork", "execute", "make_page", "notebook_files", "page", "running"]

STYLE = """
:root { color-scheme: light; }
body { margin: 0; font: 17px/1.55 system-ui, "DejaVu Sans", sans-serif; color: #1b1f24; background: #fff; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
a { color: #0b4f8a; }
h1, h2, h3 { line-height: 1.25; }
img, svg { max-width: 100%; height: auto; }
pre { font: 14px/1.45 "DejaVu Sans Mono", monospace; background: #f5f6f8; padding: .7rem .9rem; overflow-x: auto;
  border-left: 3px solid #c9d1da; }
.jp-OutputPrompt, .jp-InputPrompt, .prompt, .anchor-link { display: none; }
.output_png, .jp-RenderedImage { margin: .5rem 0; }
table { border-collapse: collapse; font-size: 15px; margin: .6rem 0; display: block; overflow-x: auto; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #d5dae0; text-align: right; }
th:first-child, td:first-child { text-align: left; }
footer { margin-top: 3rem; font-size: 14px; color: #4a525b; }
.quit { position: fixed; right: .8rem; top: .8rem; z-index: 9; background: #a83400; color: #fff; font-weight: 650;
  padding: .45rem .9rem; border-radius: .4rem; text-decoration: none; }
@media print { .quit { display: none; } main { max-width: none; } pre { white-space: pre-wrap; } }
"""


_LONGEST_CAUSE = 500
"""Characters of an error that are told; the answer of the other process must fit the pipe, which is read at the end."""


def notebook_files() -> list[Path]:
    """Return the notebooks of the repository in their order; none where kcgeo runs without its repository."""
    return sorted((package_folder().parent / "notebooks").glob("[0-9]*.ipynb"))


def _missing_extra(error: ImportError) -> StudyError:
    return StudyError(
        f"Notebooks need the extra 'notebooks' ({error.name} is not installed); "
        "install it with: pip install 'kcgeo[notebooks]', or leave them out with --no-notebooks."
    )


def can_fork() -> bool:
    """Whether a kernel may be forked: on Linux, where no library minds it."""
    return sys.platform == "linux" and "fork" in multiprocessing.get_all_start_methods()


def execute(path: Path, *, environment: Mapping[str, str], forked: bool = False) -> Any:
    """Run one notebook in a kernel of its own and return it with its outputs.

    Parameters
    ----------
    path : Path
        The notebook; its folder is the working folder of the kernel.
    environment : mapping of str to str
        Variables for the kernel, e.g. ``KCGEO_STUDY``.
    forked : bool
        Fork the kernel off this process, which must have no other thread; else it starts anew.

    Raises
    ------
    StudyError
        Names the notebook, the cell and the first line of the error of a cell that fails.
    """
    try:
        import nbformat
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, DeadKernelError
    except ImportError as error:
        raise _missing_extra(error) from None
    notebook = nbformat.read(path, as_version=4)
    # A kernel spec on JUPYTER_PATH would shadow this environment's own kernel; the hash seed keeps sets in order.
    variables = {name: value for name, value in os.environ.items() if name != "JUPYTER_PATH"}
    variables |= {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline", **environment}
    with contextlib.ExitStack() as stack:
        if forked:
            from kcgeo.study.folder.kernels import forked_manager

            manager = stack.enter_context(forked_manager(path.parent, variables))
        else:
            manager = AsyncKernelManager(kernel_name="python3")
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=600,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute(env=variables)
        except CellExecutionError as error:
            last = next((line for line in reversed(str(error).splitlines()) if line.strip()), "unknown error")
            raise StudyError(f"The notebook {path.name} stopped: {last[:_LONGEST_CAUSE]}") from None
        except DeadKernelError:
            raise StudyError(f"The notebook {path.name} stopped: its process ended.") from None
    # Warnings are for the one who runs: they name ids of rows that came in as withheld, and folders of the machine.
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def page(notebook: Any, *, title: str) -> str:
    """Return an executed notebook as one HTML page with its pictures inside and no script."""
    try:
        from nbconvert import HTMLExporter
        from pygments.formatters import HtmlFormatter
    except ImportError as error:
        raise _missing_extra(error) from None
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.embed_images = True
    body, _ = exporter.from_notebook_node(notebook)
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}\n{colours}</style>\n</head>\n<body>\n<main>\n"
        f'{QUICK_EXIT}\n<p><a href="../index.html">All results</a></p>\n{body}\n'
        f"<footer><p>{html.escape(SAFE_BROWSING)}</p></footer>\n</main>\n</body>\n</html>\n"
    )


def _title(notebook: Any) -> str:
    """First heading of a notebook, as its page's title."""
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return str(line[2:].strip())
    return "Notebook"


@dataclass(frozen=True)
class Made:
    """A page that was made, or why it was not: ``problems`` holds a sentence for each fault."""

    stem: str
    title: str
    problems: tuple[str, ...] = ()


def make_page(path: Path, folder: Path, *, environment: Mapping[str, str], forked: bool = False) -> Made:
    """Run one notebook and write its page into ``folder``; a fault is told, not raised."""
    try:
        notebook = execute(path, environment=environment, forked=forked)
        title = _title(notebook)
        write_text(folder / f"{path.stem}.html", page(notebook, title=title))
    except KcgeoError as error:
        return Made(path.stem, "", tuple(error.problems))
    return Made(path.stem, title)


class Running:
    """Notebooks that run in another process; made by :func:`running`."""

    def __init__(self, paths: list[Path], folder: Path, process: subprocess.Popen[str] | None) -> None:
        self._waiting, self._folder, self._process = list(paths), folder, process

    def finished(self) -> list[str]:
        """Names of the notebooks of which a page has come since the last call."""
        here = [path for path in self._waiting if (self._folder / f"{path.stem}.html").exists()]
        self._waiting = [path for path in self._waiting if path not in here]
        return [path.name for path in here]

    def pages(self, done: Callable[[str], None]) -> list[dict[str, str]]:
        """Wait for all and return ``file`` and ``title`` of each page, in the order of the notebooks.

        Raises
        ------
        StudyError
            Names each notebook that stopped, its cell and the error.
        """
        if self._process is None:
            return []
        assert self._process.stdout is not None
        while self._process.poll() is None:
            for name in self.finished():
                done(name)
            time.sleep(0.05)
        told = self._process.stdout.read()
        if self._process.returncode != 0 or not told:
            raise StudyError("The notebooks stopped: the process that ran them ended early; the cause stands above.")
        for name in self.finished():
            done(name)
        made = [Made(one["stem"], one["title"], tuple(one["problems"])) for one in json.loads(told)]
        problems = list(dict.fromkeys(problem for one in made for problem in one.problems))
        if problems:
            raise StudyError(problems)
        return [{"file": f"{one.stem}.html", "title": one.title} for one in made]


@contextlib.contextmanager
def running(paths: list[Path], folder: Path, *, study: Path) -> Iterator[Running]:
    """Run notebooks in a process of their own, which ends with this block or with this process.

    Parameters
    ----------
    paths : list of Path
        The notebooks.
    folder : Path
        Receives a page for each.
    study : Path
        Study file, given to the notebooks as ``KCGEO_STUDY``.
    """
    if not paths:
        yield Running([], folder, None)
        return
    from kcgeo.study.folder.kernels import Order

    order = Order(tuple(map(str, paths)), str(folder), str(study), {"KCGEO_STUDY": str(study)})
    # the hash seed keeps sets in order; threads of OpenMP do not outlive a fork, those of numba's own queue do
    variables = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NUMBA_THREADING_LAYER": "workqueue",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "kcgeo.study.folder.kernels"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
        text=True,
        start_new_session=True,  # a Ctrl-C is for this process, which then ends the other
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(order.to_json() + "\n")
        process.stdin.flush()
        yield Running(paths, folder, process)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
