"""Run notebooks as they stand in the repository and write each as one page that needs no network."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kcgeo.data import package_folder
from kcgeo.errors import KcgeoError, StudyError
from kcgeo.files import write_text
from kcgeo.present.words import QUICK_EXIT, SAFE_BROWSING

__all__ = ["execute", "execute_all", "notebook_files", "page"]

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


def notebook_files() -> list[Path]:
    """Return the notebooks of the repository in their order; none where kcgeo runs without its repository."""
    return sorted((package_folder().parent / "notebooks").glob("[0-9]*.ipynb"))


def _missing_extra(error: ImportError) -> StudyError:
    return StudyError(
        f"Notebooks need the extra 'notebooks' ({error.name} is not installed); "
        "install it with: pip install 'kcgeo[notebooks]', or leave them out with --no-notebooks."
    )


def execute(path: Path, *, environment: Mapping[str, str]) -> Any:
    """Run one notebook in a fresh kernel and return it with its outputs.

    Parameters
    ----------
    path : Path
        The notebook; its folder is the working folder of the kernel.
    environment : mapping of str to str
        Variables for the kernel, e.g. ``KCGEO_STUDY``.

    Raises
    ------
    StudyError
        Names the notebook, the cell and the first line of the error of a cell that fails.
    """
    try:
        import nbformat
        from jupyter_client.manager import KernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise _missing_extra(error) from None
    notebook = nbformat.read(path, as_version=4)
    # A kernel spec on JUPYTER_PATH would shadow this environment's own kernel; the hash seed keeps sets in order.
    variables = {name: value for name, value in os.environ.items() if name != "JUPYTER_PATH"}
    variables |= {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline", **environment}
    manager = KernelManager(kernel_name="python3")
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
        raise StudyError(f"The notebook {path.name} stopped: {last}") from None
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


def execute_all(
    paths: list[Path],
    folder: Path,
    *,
    environment: Mapping[str, str],
    done: Callable[[str], None] = lambda name: None,
) -> list[dict[str, str]]:
    """Run notebooks, two at a time, and write a page for each into ``folder``.

    Returns
    -------
    list of dict
        ``file`` (the page's name) and ``title`` for each notebook, in the order of ``paths``.
    """
    from concurrent.futures import ThreadPoolExecutor

    def one(path: Path) -> dict[str, str]:
        notebook = execute(path, environment=environment)
        title = _title(notebook)
        write_text(folder / f"{path.stem}.html", page(notebook, title=title))
        done(path.name)
        return {"file": f"{path.stem}.html", "title": title}

    # Each notebook has a kernel process of its own: threads only wait for them.
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting = [pool.submit(one, path) for path in paths]
        problems: list[str] = []
        pages = []
        for future in waiting:
            try:
                pages.append(future.result())
            except KcgeoError as error:
                problems += error.problems
    if problems:
        raise StudyError(problems)
    return pages
