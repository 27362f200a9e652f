"""The docs site: `make docs` writes it to output/docs; it works from the file system and needs no network."""

from __future__ import annotations

import shutil
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "kcgeo"
author = "kcgeo contributors"
copyright = author
version = release = installed_version("kcgeo")

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["images"]
html_theme = "furo"
html_title = "kcgeo"
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
# Links from a page to a file of the repository lead out of the site.
suppress_warnings = ["myst.xref_missing", "mystnb.unknown_mime_type", "misc.highlighting_failure"]

autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

# Notebooks are executed as `make maps` executes them; a cell that fails fails the site.
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE.parent / "output" / "docs-notebooks")
nb_execution_timeout = 600
nb_execution_raise_on_error = True


def _copy_notebooks(app: Sphinx) -> None:
    """Notebooks live at the top of the repository; the site needs them below its own folder."""
    target = HERE / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(HERE.parent / "notebooks", target, ignore=shutil.ignore_patterns("README.md", ".ipynb_checkpoints"))


def setup(app: Sphinx) -> None:
    """Register what runs before the pages are read."""
    _copy_notebooks(app)
