"""Commands on data: what the package holds, whether it is whole, and the directory for other software."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.add import options_of
from kcgeo.cli.shared import StudyOption, data_app, print_changes, print_table, print_withheld, progress, study_path
from kcgeo.errors import DisclosureError, KcgeoError, WithheldWarning, first_ids

if TYPE_CHECKING:
    import pandas as pd

__all__: list[str] = []


@data_app.command("list", epilog="Example: kcgeo data list")
def data_list() -> None:
    """List what the data package holds: rows, vintage, licence."""
    from kcgeo import data

    table = Table("name", "rows", "vintage", "licence", "title", title="The data package")
    for name in data.resources():
        about = data.describe(name)
        rows = str(about.get("rows", ""))
        licence = ", ".join(item.get("name", "") for item in about.get("licenses", []))
        table.add_row(name, rows, str(about.get("vintage", "")), licence, str(about.get("title", "")))
    print_table(table)


@data_app.command("check", epilog="Example: kcgeo data check --study studies/kansas-city.toml")
def data_check(
    study: StudyOption = None,
    release: Annotated[
        Path | None, typer.Option(help="Folder of results: may it leave? Every file in it is opened.")
    ] = None,
    hidden: Annotated[
        Path | None, typer.Option(help="With --release: your own list (CSV) of places that must not be found.")
    ] = None,
) -> None:
    """Load every resource: hashes, schemas, references; with --study also its services: which rows are withheld."""
    from kcgeo import data

    if release is not None:
        _check_release(release, hidden)
        return

    names = data.resources()
    problems: list[str] = []
    with progress() as bar:
        task = bar.add_task("Checking", total=len(names))
        for name in names:
            bar.update(task, description=f"Checking {name}")
            try:
                data.load(name)
            except KcgeoError as error:
                problems += [f"{name}: {sentence}" for sentence in error.problems]
            bar.advance(task)
    if problems:
        raise KcgeoError(problems)
    typer.echo(f"{len(names)} resources are whole and valid.")
    if study is not None:
        _check_services(study)


def _check_release(folder: Path, hidden: Path | None) -> None:
    """Say whether a folder of results may leave; what is found is not repeated."""
    from kcgeo.study.approval import folder_problems, hidden_canaries

    canaries = hidden_canaries(hidden) if hidden is not None else []
    if problems := folder_problems(folder, canaries):
        raise DisclosureError(problems)
    looked = f" None of {len(canaries)} hidden places was found." if canaries else ""
    typer.echo(f"{folder} holds what its manifest lists, and every file could be opened.{looked}")


def _check_services(path: Path) -> None:
    """Read the services of a study; its operator is told here, and nowhere else, which rows came in as withheld."""
    from kcgeo import data
    from kcgeo.data.study.layers import checked_layer

    study = data.read_study(path)
    for layer in study.layers:
        checked_layer(layer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WithheldWarning)
        rows = data.directory(study)
    typer.echo(f"{len(rows)} rows of services are valid.")
    levels = rows.groupby("organization_name")["disclosure"].agg(lambda held: {"exact", "area"} <= set(held))
    for name in levels.index[levels]:
        typer.echo(f"Not for publication: {name} has rows at area level and exact ones; see docs/disclosure.md.")
    if len(lost := data.without_point(rows)):
        typer.echo(f"{len(lost)} rows have a door and no point, and stand on no map: {first_ids(lost['service_id'])}.")
    print_withheld(caught)


@data_app.command("look", epilog="Example: kcgeo data look providers.xlsx --write-mapping providers.toml")
def data_look(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="List of services: spreadsheet, map layer, folder.")],
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping to look through (TOML).")] = None,
    write_mapping: Annotated[Path | None, typer.Option(help="Write a mapping to begin with.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at a list of services before it is added: sheet, header, columns, words, points. Nothing is kept."""
    from kcgeo import data
    from kcgeo.data.directory.mapping import read_mapping

    report = data.look(source, sheet=sheet, layer=layer, mapped=read_mapping(mapping))
    if write_mapping is not None:
        from kcgeo.files import write_text

        if write_mapping.exists():
            raise KcgeoError(f"There is a file {write_mapping}; give another name.")
        write_text(write_mapping, data.starter_mapping(report))
    if as_json:
        typer.echo(json.dumps(report.as_record(), ensure_ascii=False, indent=1))
        return
    where = f", sheet '{report.sheet}' of {len(report.sheets)}" if report.sheet else ""
    typer.echo(f"{source.name}{where}: header in line {report.header_line}, {report.rows_count:,} rows.")
    _print_frame(report.columns, "Columns, and what they are taken for")
    for column, words in report.words.items():
        _print_frame(words, f"Words of {column}, and what they are taken for")
    typer.echo("Rows that could be placed: " + ", ".join(f"{count:,} by {how}" for how, count in report.placed.items()))
    for sentence in (*(f"Note: {note}" for note in report.notes), *(f"To mend: {fault}" for fault in report.problems)):
        typer.echo(sentence)
    if write_mapping is not None:
        typer.echo(f"Written: {write_mapping}. Edit it, then: --option mapping={write_mapping}")


@data_app.command("diff", epilog="Example: kcgeo data diff providers-2026-12.xlsx --study my-city.toml")
def data_diff(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A later list of services.")],
    study: Annotated[Path, typer.Option("--study", help="Study file (TOML) that has a list of its own.")],
    option: Annotated[list[str] | None, typer.Option(help="name=value, as for data add services.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which rows adding a list of services would bring, take or change; nothing is changed."""
    from kcgeo.study.file.add import preview

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WithheldWarning)
        changes = preview(study, str(source), options=options_of(option))
    if as_json:
        typer.echo(changes.to_json(orient="records", indent=1))
        return
    print_changes(changes)
    print_withheld(caught)


def _print_frame(frame: pd.DataFrame, title: str) -> None:
    table = Table(*map(str, frame.columns), title=title)
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    print_table(table)


@data_app.command(
    "export-hsds", epilog="Example: kcgeo data export-hsds services-hsds.zip --study studies/kansas-city.toml"
)
def export_hsds(
    out: Annotated[Path, typer.Argument(help="File to write: .zip (CSV tables) or .json.")],
    study: StudyOption = None,
) -> None:
    """Write the services of a study as an Open Referral HSDS 3.0 directory; confidential places are never in it."""
    from kcgeo import data
    from kcgeo.disclosure import release
    from kcgeo.present.files.hsds_folder import write_hsds
    from kcgeo.study.sources import sources_of, vintage_of

    settings = data.read_study(study_path(study))
    released = release(
        data.directory(settings),
        name="services",
        kind="services",
        sources=sources_of(settings, "services"),
        vintage=vintage_of(settings, "services"),
        areas=data.areas(settings)["area"],
        authorisations=data.authorisations(settings),
    )
    typer.echo(f"{write_hsds(released, out)} services written to {out.name}.")
