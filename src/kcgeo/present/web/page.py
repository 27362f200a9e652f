"""Pages are filled templates: what is given is escaped; only files of this package and finished parts are not.

Every page is one file that asks no network: its content security policy forbids every request, no referrer is sent, and
no search engine keeps it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kcgeo.disclosure import Released
from kcgeo.files import write_text
from kcgeo.present.look import words
from kcgeo.present.look.plate import has_sample, plain_sources, source_lines

__all__ = ["Page", "as_json", "filled", "leaflet", "page_file", "save_page"]


@dataclass(frozen=True)
class Page:
    """A finished web page: its title, a sentence on what it shows, and the whole file as text."""

    title: str
    description: str
    html: str


def page_file(name: str) -> str:
    """Text of a file of this package that becomes part of a page."""
    return files("kcgeo.present").joinpath(name).read_text(encoding="utf-8")


def save_page(page: Page, path: Path) -> Path:
    """Write a page whole or not at all."""
    write_text(path, page.html)
    return path


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("kcgeo.present", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals["words"] = words
    return made


def filled(
    template: str,
    *,
    title: str,
    description: str,
    styles: Sequence[str] = (),
    style: str = "",
    scripts: Sequence[str] = (),
    images: str = "data:",
    released: Sequence[Released] = (),
    language: str = "en",
    **fields: Any,
) -> Page:
    """Fill a template of ``pages/`` into a page.

    Parameters
    ----------
    template
        Name of the file without its ending.
    title, description
        Plain text.
    styles, scripts
        Names of files in ``pages/`` that stand inside the page, in this order; ``style`` is a sheet before them. A page
        without scripts may run none.
    images
        Where pictures may come from, as the content security policy names it.
    released
        The tables of the page: its foot names their sources, and a page of invented services says so.
    language
        Language of the page as HTML names it.
    fields
        What else the template names; texts are escaped.
    """
    sheet = style + "".join(page_file(f"pages/{name}.css") for name in ("page", *styles))
    run = [page_file(f"pages/{name}.js") for name in scripts]
    sources, vintage = source_lines(released)
    given = {"sources": plain_sources(sources), "vintage": vintage, "sample": has_sample(released), **fields}
    text = (
        _environment()
        .get_template(f"{template}.html")
        .render(
            title=title,
            description=description,
            style=Markup(sheet),
            script=Markup("".join(run)),
            scripts=bool(run),
            images=images,
            language=language,
            **given,
        )
    )
    return Page(title, description, text)


def as_json(data: Any) -> Markup:
    """Write data to stand in a script element: ``<`` is the only character by which it could end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c"))


def leaflet() -> tuple[str, str]:
    """Script and style of the vendored Leaflet as they stand in a page: no source map, no pictures from elsewhere."""
    script = re.sub(r"\n//# sourceMappingURL=.*", "", page_file("vendor/leaflet/leaflet.js"))
    style = re.sub(r"url\([^)]*\)", "none", page_file("vendor/leaflet/leaflet.css"))
    licence = page_file("vendor/leaflet/LICENSE").replace("*/", "* /")
    return f"/*\n{licence}*/\n{script}", style
