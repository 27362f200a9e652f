"""Commands that give a study layers of its own: add, layers, remove."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import data_app, print_changes, print_table, print_withheld, progress
from kcgeo.errors import StudyError, WithheldWarning

__all__ = ["OwnStudyOption", "options_of"]

if TYPE_CHECKING:
    from kcgeo.study.file.add import Added

OwnStudyOption = Annotated[
    Path, typer.Option("--study", help="Study file (TOML) that the layer is for; it is kept in a folder beside it.")
]


@data_app.command("add", epilog="Example: kcgeo data add centers CenPop2020_Mean_BG29.txt --study my-city.toml")
def data_add(
    kind: Annotated[str, typer.Argument(help="What it is; kcgeo data kinds lists all.")],
    source: Annotated[str, typer.Argument(metavar="PATH", help="File or folder as it was published.")],
    study: OwnStudyOption,
    option: Annotated[list[str] | None, typer.Option(help="name=value for the reader of the kind.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of a list or a feed; several stand side by side.")] = None,
    confirm: Annotated[
        Path | None, typer.Option(help="CSV of rows of services to open one by one; written where it is not there.")
    ] = None,
) -> None:
    """Check and convert a published file; it replaces the coarser packaged layer for one study."""
    from kcgeo.study.file.add import add_layer

    options = options_of(option)
    if confirm is not None:
        options["confirm"] = str(confirm)
    with progress() as bar:
        task = bar.add_task("Starting", total=4)

        def step(description: str) -> None:
            bar.update(task, description=description)
            bar.advance(task)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", WithheldWarning)
            added = add_layer(study, kind, source, options=options, name=name, step=step)
    _print_added(added)
    # the operator is told here which rows came in as withheld; the register and the maps are not
    print_withheld(caught)
    if confirm is not None:
        typer.echo(f"Rows that may be opened one by one are listed in {confirm}: write yes or no, and add again.")


def options_of(texts: list[str] | None) -> dict[str, str]:
    """Read ``name=value`` pairs.

    Raises
    ------
    StudyError
        One of them has no equals sign.
    """
    pairs = [text.partition("=") for text in texts or []]
    if any(not sign for _, sign, _ in pairs):
        raise StudyError("--option takes name=value, e.g. --option layer=tracts.")
    return {name: value for name, _, value in pairs}


def _print_added(added: Added) -> None:
    table = Table("", "source", "rows", "people in the study's counties", title=f"Layer {added.layer.kind}")
    for when, state in (("before", added.before), ("now", added.after)):
        table.add_row(when, escape(state.source), _number(state.rows_count), _number(state.population_count))
    print_table(table)
    for note in added.layer.notes:
        typer.echo(f"Note: {note}")
    if added.changes is not None:
        print_changes(added.changes)
    typer.echo(
        f"{added.layer.source_name} (SHA-256 {added.layer.source_sha256[:12]}...) is now {added.layer.path.name}."
    )


@data_app.command("fetch", epilog="Example: kcgeo data fetch centers --study my-city.toml")
def data_fetch(
    what: Annotated[str, typer.Argument(help="block-groups, tracts, centers, acs, primary-roads, roads or addresses.")],
    study: OwnStudyOption,
    year: Annotated[int | None, typer.Option(help="Edition; a recent one where not given.")] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Server laid out as www2.census.gov; also KCGEO_CENSUS_URL.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of downloads; also KCGEO_CACHE.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Download anew what the cache holds.")] = False,
    tries: Annotated[int, typer.Option(help="Connections in a row that bring nothing before giving up.", min=1)] = 5,
    only: Annotated[bool, typer.Option("--only", help="Download and test; do not add the layer.")] = False,
) -> None:
    """Download what the Census Bureau publishes for the study's counties, test it, and add it as a layer."""
    from kcgeo import data
    from kcgeo.data.fetch.census_files import fetch
    from kcgeo.data.formats.registry import READERS
    from kcgeo.study.file.add import add_fetched

    with progress() as bar:
        task = bar.add_task(f"Fetching {what}", total=None)

        def count(name: str, done: int, total: int | None) -> None:
            bar.update(task, description=f"Fetching {name} (KiB)", completed=done >> 10, total=total and total >> 10)

        files = fetch(
            what,
            data.read_study(study),
            year=year,
            mirror=mirror,
            cache=cache,
            refresh=refresh,
            tries=tries,
            step=count,
        )
        is_added = what in READERS and not only
        added = (
            add_fetched(study, what, files, step=lambda text: bar.update(task, description=text)) if is_added else None
        )
    for item in files:
        typer.echo(f"{item.path.name}: {item.bytes:,} bytes, SHA-256 {item.sha256}{'' if item.is_new else ' (cache)'}")
    if added is None:
        typer.echo(f"They lie in {files[0].path.parent}; no layer was changed.")
    else:
        _print_added(added)


@data_app.command("kinds", epilog="Example: kcgeo data kinds")
def data_kinds() -> None:
    """List the kinds of files that kcgeo data add takes."""
    from kcgeo.data.formats.registry import READERS

    table = Table("kind", "becomes", "what it is", "options", title="kcgeo data add KIND PATH")
    meanings: dict[str, str] = {}
    for reader in sorted(READERS.values(), key=lambda reader: (reader.layer, reader.kind)):
        table.add_row(reader.kind, reader.layer, escape(reader.help), ", ".join(reader.options))
        meanings |= reader.options
    print_table(table)
    for name in sorted(meanings):
        typer.echo(f"--option {name}=...  {meanings[name]}")


@data_app.command("layers", epilog="Example: kcgeo data layers --study my-city.toml")
def data_layers(study: OwnStudyOption) -> None:
    """List the layers that a study has of its own, with their sources, and check them."""
    from kcgeo import data
    from kcgeo.data.study.layers import checked_layer

    layers = data.read_study(study).layers
    if not layers:
        typer.echo(f"{study.name} has no layers of its own; the packaged ones count.")
        return
    table = Table("layer", "rows", "from", "title", "vintage", "licence", title=f"Layers of {study.name}")
    for layer in layers:
        checked_layer(layer)
        table.add_row(
            f"{layer.kind} {layer.name}".strip(),
            f"{layer.rows:,}",
            *map(escape, (f"{layer.source_name} ({layer.source_kind})", layer.title, layer.vintage, layer.licence)),
        )
    print_table(table)
    for layer in layers:
        for note in layer.notes:
            typer.echo(f"{layer.kind}: {note}")


@data_app.command("remove", epilog="Example: kcgeo data remove places --study my-city.toml")
def data_remove(
    kind: Annotated[str, typer.Argument(help="The layer (places, corridors, ...) or the kind it was added as.")],
    study: OwnStudyOption,
    name: Annotated[str | None, typer.Option(help="Name of a list or a feed, where there are several.")] = None,
) -> None:
    """Take a layer back, so that the packaged one counts again."""
    from kcgeo.study.file.add import drop_layer

    typer.echo(f"The layer {drop_layer(study, kind, name)} of {study.name} was removed; the packaged one counts again.")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
