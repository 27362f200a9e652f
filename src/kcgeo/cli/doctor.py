"""The command that looks at the machine: what is installed, what may be written, what is wanting for which command."""

from __future__ import annotations

import json as texts
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import app, print_table

__all__: list[str] = []

_EXTRAS = {
    "big": "kcgeo scale, GeoParquet",
    "fast": "faster searches",
    "network": "OpenStreetMap extracts",
    "notebooks": "notebooks beside the maps",
    "postgis": "layers from a database",
    "proof": "a second proof of a plan",
    "report": "slides and the atlas of kcgeo export",
    "stats": "hot spots and other statistics",
}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox", "msedge")


@app.command("doctor", epilog="Example: kcgeo doctor")
def doctor(json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False) -> None:
    """Look at this machine: versions, extras, data, fonts, browser, caches and rights; what is wanting is said."""
    rows = [*_versions(), *_data(), *_extras(), *_machine(), *_places()]
    if json:
        typer.echo(texts.dumps([dict(zip(("what", "state", "found"), row, strict=True)) for row in rows]))
    else:
        table = Table("", "", "", title="This machine", show_header=False)
        for what, state, found in rows:
            table.add_row(escape(what), state, escape(found))
        print_table(table)
    if any(state == "missing" for _, state, _ in rows):
        raise typer.Exit(2)


Row = tuple[str, str, str]
"""What was looked at; ``ok``, ``optional`` where a command would like it, or ``missing``; and what was found."""


def _versions() -> Iterator[Row]:
    yield "Python", "ok", sys.version.split()[0]
    for name in ("kcgeo", *_names(None)):
        yield name, *_found(name, "missing")


def _names(extra: str | None) -> list[str]:
    """Names of the packages that kcgeo, or one of its extras, asks for."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requires("kcgeo") or []]
    core = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    more = [one for one in wanted if one not in core and one.marker and one.marker.evaluate({"extra": extra or ""})]
    return [one.name for one in (core if extra is None else more)]


def _found(name: str, otherwise: str) -> tuple[str, str]:
    try:
        return "ok", version(name)
    except PackageNotFoundError:
        return otherwise, "not installed"


def _data() -> Iterator[Row]:
    from kcgeo import data
    from kcgeo.data.package.catalogue import file_of
    from kcgeo.errors import KcgeoError

    try:
        names = [name for name in data.resources() if file_of(name)]
        yield "data package", "ok", f"{len(names)} resources in {data.package_folder()}"
    except KcgeoError as error:
        yield "data package", "missing", error.problems[0]


def _extras() -> Iterator[Row]:
    for extra, use in _EXTRAS.items():
        lost = [name for name in _names(extra) if _found(name, "")[0] != "ok"]
        if lost:
            yield f"extra {extra}", "optional", f"{', '.join(lost)} wanting; for {use}: pip install 'kcgeo[{extra}]'"
        else:
            yield f"extra {extra}", "ok", f"whole; for {use}"


def _machine() -> Iterator[Row]:
    from matplotlib.font_manager import findfont

    yield "font", "ok", Path(findfont("DejaVu Sans")).name
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    yield "browser", "ok" if browser else "optional", browser or "none found; pages open in any browser elsewhere"
    yield "processors", "ok", str(os.cpu_count() or 1)


def _places() -> Iterator[Row]:
    """Look at folders that are written to; without a cache a run compiles anew, which costs time only."""
    from matplotlib import get_cachedir

    from kcgeo.data.fetch.download import cache_folder

    for what, folder in (
        ("this folder", Path.cwd()),
        ("temporary folder", Path(tempfile.gettempdir())),
        ("downloads", cache_folder()),
        ("cache of figures", Path(get_cachedir())),
        ("cache of compiled code", Path(__file__).parents[1]),
    ):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        can = os.access(there, os.W_OK | os.X_OK)
        state = "ok" if can else "missing" if what == "temporary folder" else "optional"
        yield what, state, f"{folder}{'' if can else ' cannot be written'}"
