"""Run notebooks as they stand in the repository and write each as one page that needs no network.

They run in the processes that draw the figures, beside them; each process keeps one kernel.
"""

from __future__ import annotations

import atexit
import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kcgeo.data import package_folder
from kcgeo.errors import KcgeoError, StudyError, first_ids, raise_all
from kcgeo.files import write_text
from kcgeo.present.look.words import QUICK_EXIT, SAFE_BROWSING
from kcgeo.study.answer import Scene

__all__ = ["Made", "end_kernel", "execute", "make_page", "missing_extra", "notebook_files", "page", "pages_of"]

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
"""Characters of an error that are told."""


def notebook_files() -> list[Path]:
    """Return the notebooks of the repository in their order; none where kcgeo runs without its repository."""
    return sorted((package_folder().parent / "notebooks").glob("[0-9]*.ipynb"))


def missing_extra() -> str:
    """Say which extra is wanting to run notebooks; empty where none is."""
    lost = [name for name in ("ipykernel", "nbclient", "nbconvert", "nbformat") if find_spec(name) is None]
    if not lost:
        return ""
    return (
        f"Notebooks need the extra 'notebooks' ({first_ids(lost)} is not installed); "
        "install it with: pip install 'kcgeo[notebooks]', or leave them out with --no-notebooks."
    )


def execute(path: Path, *, environment: Mapping[str, str]) -> Any:
    """Run one notebook in a kernel and return it with its outputs.

    A process keeps its kernel, since a new one reads all libraries again; the next notebook finds it as if it were new:
    no names, no settings and no variables of the one before.

    Parameters
    ----------
    path : Path
        The notebook; its folder is the working folder.
    environment : mapping of str to str
        Variables for the notebook, e.g. ``KCGEO_STUDY``.

    Raises
    ------
    StudyError
        Names the notebook, the cell and the first line of the error of a cell that fails.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    # the hash seed keeps sets in order
    variables = {name: value for name, value in os.environ.items() if name != "JUPYTER_PATH"}
    if "KCGEO_KEPT" in os.environ:  # what a notebook leaves goes with the folder of the run, also when it was killed
        variables["TMPDIR"] = os.environ["KCGEO_KEPT"]
    variables |= {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline", **environment}
    begin = nbformat.v4.new_code_cell(_ANEW.format(folder=str(path.parent), variables=variables))
    notebook.cells.insert(0, begin)
    client = NotebookClient(
        notebook, km=_kernel(), timeout=600, record_timing=False, extra_arguments=["--log-level=ERROR"]
    )
    try:
        client.execute(env=variables)
    except CellExecutionError as error:
        last = next((line for line in reversed(str(error).splitlines()) if line.strip()), "unknown error")
        raise StudyError(f"The notebook {path.name} stopped: {last[:_LONGEST_CAUSE]}") from None
    except DeadKernelError:
        end_kernel()
        raise StudyError(f"The notebook {path.name} stopped: its process ended.") from None
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    del notebook.cells[0]
    # Warnings are for the one who runs: they name ids of rows that came in as withheld, and folders of the machine.
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


_KERNEL: list[Any] = []
"""The manager of this process's kernel, where it has one."""

_ANEW = """
import os, sys, warnings
os.chdir({folder!r})
os.environ.clear()
os.environ.update({variables!r})
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
if "pandas" in sys.modules:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.modules["pandas"].reset_option("all")
get_ipython().reset(new_session=True)
"""
"""The first cell of each notebook: whatever the one before left is undone."""


def _kernel() -> Any:
    """Return the manager of this process's kernel; the kernel ends with the process."""
    if not _KERNEL:
        from nbclient import NotebookClient
        from nbformat.v4 import new_notebook

        manager = NotebookClient(new_notebook(), kernel_name="python3").create_kernel_manager()
        # a kernel spec on JUPYTER_PATH would shadow this environment's own kernel
        manager.kernel_spec_manager.kernel_dirs = []
        _KERNEL.append(manager)
        atexit.register(end_kernel)
    return _KERNEL[0]


def end_kernel() -> None:
    """End the kernel of this process, where it has one."""
    from jupyter_core.utils import run_sync

    while _KERNEL:
        manager = _KERNEL.pop()
        if manager.has_kernel:
            run_sync(manager.shutdown_kernel)(now=True)


def page(notebook: Any, *, title: str) -> str:
    """Return an executed notebook as one HTML page with its pictures inside and no script."""
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

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


def make_page(path: Path, study_path: Path | None, scene: Scene, folder: Path) -> Made:
    """Run one notebook for a study and write its page into ``folder / "notebooks"``; a fault is told, not raised."""
    try:
        notebook = execute(path, environment={"KCGEO_STUDY": str(study_path)} if study_path else {})
        title = _title(notebook)
        write_text(folder / "notebooks" / f"{path.stem}.html", page(notebook, title=title))
    except KcgeoError as error:
        return Made(path.stem, "", tuple(error.problems))
    return Made(path.stem, title)


def pages_of(made: Sequence[Made]) -> list[dict[str, str]]:
    """Return ``file`` and ``title`` of each page, in the order of the notebooks.

    Raises
    ------
    StudyError
        Names each notebook that stopped, its cell and the error.
    """
    raise_all(dict.fromkeys(problem for one in made for problem in one.problems), StudyError)
    return [{"file": f"{one.stem}.html", "title": one.title} for one in made]
