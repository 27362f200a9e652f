"""What the commands share: the application, options, the progress bar."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from kcgeo.cli.stopping import Stopped
from kcgeo.errors import StudyError, WithheldWarning

if TYPE_CHECKING:
    import pandas as pd

    from kcgeo.study import Answer

__all__ = [
    "Group",
    "JsonOption",
    "OutOption",
    "StudyOption",
    "WhoOption",
    "app",
    "asked",
    "data_app",
    "moment",
    "note",
    "point",
    "print_changes",
    "print_frame",
    "print_json",
    "print_table",
    "print_withheld",
    "progress",
    "study_path",
    "who_asks",
]

_said = {"quiet": False}


class Group(TyperGroup):
    """Commands that take ``--quiet`` before and after their names, and that end on Ctrl-C with a code of their own."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command with the option that all share."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and not isinstance(command, TyperGroup):
            shared = [option for option in ctx.find_root().command.params if option.name == "quiet"]
            command.params += [option for option in shared if option not in command.params]
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run a command; Ctrl-C is turned into what the framework lets through."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped from None


app = typer.Typer(
    name="kcgeo",
    cls=Group,
    help="Who can reach help after trafficking, who cannot, and where one more site would help most.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from kcgeo import __version__

        typer.echo(f"kcgeo {__version__}")
        raise typer.Exit


def _be_quiet(wanted: bool) -> None:
    _said["quiet"] = _said["quiet"] or wanted


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", callback=_be_quiet, expose_value=False, help="Print results and faults, and no more."
        ),
    ] = False,
) -> None:
    """Who can reach help after trafficking, who cannot, and where one more site would help most."""


data_app = typer.Typer(cls=Group, help="Look at the data package and check it.", no_args_is_help=True)
app.add_typer(data_app, name="data")

StudyOption = Annotated[
    Path | None, typer.Option("--study", help="Study file (TOML); the packaged study where none is given.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the results.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print findings and tables as JSON.")]

WhoOption = Annotated[
    str | None,
    typer.Option(
        "--eligibility", help="Who asks: minors, 'adult women', men, LGBTQ, any_listed; anyone where not given."
    ),
]


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress on stderr, so that stdout holds results only."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, quiet=_said["quiet"]),
    ) as bar:
        yield bar


def note(text: str) -> None:
    """Print what is no result, such as where the files are, unless the user wants quiet."""
    if not _said["quiet"]:
        typer.echo(text)


def study_path(path: Path | None) -> Path:
    """Return the study file: the one given, or the packaged one."""
    from kcgeo.data.package.catalogue import default_study

    return path if path is not None else default_study()


def moment(text: str, option: str) -> datetime:
    """Read a local time from the command line.

    Raises
    ------
    StudyError
        Where ``text`` is no ISO date and time.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise StudyError(f"{option} '{text}' is no date and time; write e.g. '2026-11-25 02:00'.") from None


def point(text: str, option: str) -> tuple[float, float]:
    """Read LON,LAT in degrees from the command line.

    Raises
    ------
    StudyError
        Where ``text`` is no point of the earth.
    """
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        longitude = latitude = float("nan")
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise StudyError(f"{option} '{text}' is no point; write longitude,latitude in degrees, e.g. -94.58,39.10.")
    return longitude, latitude


def print_frame(frame: pd.DataFrame, title: str) -> None:
    """Print a table whole: numbers to the right, a question mark where nothing is known."""
    table = Table(title=title)
    for column in frame.columns:
        words = frame[column].dtype.kind not in "iufb"
        table.add_column(escape(str(column).replace("_", " ")), justify="left" if words else "right")
    for row in frame.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    print_table(table)


def _cell(value: object) -> str:
    if value is None or value != value:  # NaN and NaT
        return "?"
    if isinstance(value, datetime):
        return f"{value:%a %Y-%m-%d %H:%M}"
    return f"{value:.2f}" if isinstance(value, float) else escape(str(value))


def who_asks(text: str | None) -> str | None:
    """Return who asks, as services know it; None where nobody is named."""
    from kcgeo.study.names import group_named

    return None if text is None else group_named(text)


def asked(out: Path | None, ask: Callable[[Callable[[str], None]], Answer]) -> Answer:
    """Ask, and write the answer where a folder is named, with words of progress."""
    from kcgeo.study import folder

    if out is not None:
        folder.refuse_foreign_folder(out)
    with progress() as bar:
        task = bar.add_task("Reading the study", total=None)
        answer = ask(lambda words: bar.update(task, description=words))
        if out is not None:
            bar.update(task, description="Writing the folder")
            folder.write(answer, out)
    return answer


def print_table(table: Table) -> None:
    """Print a table, as wide as the terminal; 140 columns where there is none."""
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def print_json(answer: Answer) -> None:
    """Print an answer as one JSON object: findings with their sentences, and the tables that stand in its folder."""
    import json
    from dataclasses import asdict

    shown = answer.tables if answer.shown is None else answer.shown
    tables = {}
    for name in shown:
        table = answer.tables[name].table
        plain = table.drop(columns="geometry", errors="ignore")
        tables[name] = json.loads(plain.to_json(orient="records"))
    said = [{**asdict(finding), "sentence": finding.say()} for finding in answer.findings]
    typer.echo(
        json.dumps({"question": answer.question, "asked": dict(answer.about), "findings": said, "tables": tables})
    )


def print_changes(changes: pd.DataFrame) -> None:
    """Print which rows of services are new, gone or differ, twenty of them by name."""
    if changes.empty:
        typer.echo("No row that is shown changed.")
        return
    counted = ", ".join(f"{count} {change}" for change, count in changes["change"].value_counts().items())
    typer.echo(f"Rows of services: {counted}.")
    for row in changes.head(20).itertuples(index=False):
        typer.echo(f"  {row.service_id}: {row.change}{f' ({row.columns!s})' if row.columns else ''}")


def print_withheld(caught: Iterable[warnings.WarningMessage]) -> None:
    """Tell the operator, and nobody else, which rows came in as withheld."""
    for warning in caught:
        if issubclass(warning.category, WithheldWarning):
            typer.echo(f"Not for publication: {warning.message}")
