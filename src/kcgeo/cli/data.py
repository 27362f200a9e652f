"""Commands on data: what the package holds, and whether it is whole."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from kcgeo.cli.shared import StudyOption, data_app, print_table, progress
from kcgeo.errors import DisclosureError, KcgeoError, WithheldWarning

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


def _check_services(study: Path) -> None:
    """Read the services of a study; its operator is told here, and nowhere else, which rows came in as withheld."""
    from kcgeo import data

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WithheldWarning)
        rows = data.directory(data.read_study(study))
    typer.echo(f"{len(rows)} rows of services are valid.")
    levels = rows.groupby("organization_name")["disclosure"].agg(lambda held: {"exact", "area"} <= set(held))
    for name in levels.index[levels]:
        typer.echo(f"Not for publication: {name} has rows at area level and exact ones; see docs/disclosure.md.")
    for warning in caught:
        if issubclass(warning.category, WithheldWarning):
            typer.echo(f"Not for publication: {warning.message}")
