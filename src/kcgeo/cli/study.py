"""Commands on study files: write one for another metro, and say what one holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import app, print_table, progress

__all__: list[str] = []

if TYPE_CHECKING:
    from kcgeo.study.file.new import Held

study_app = typer.Typer(help="Write a study file for another metro, and check one.", no_args_is_help=True)
app.add_typer(study_app, name="study")


@study_app.command(
    "new",
    epilog="Example: kcgeo study new --name st-louis --counties 29510,29189,29183,17163,17119 "
    "--corridors I-70,I-44,I-55 --barrier 'Mississippi River=MO|IL'",
)
def study_new(
    name: Annotated[str, typer.Option(help="Short name: small letters, digits, hyphens.")],
    counties: Annotated[str, typer.Option(help="Five-digit county codes with commas between.")],
    corridors: Annotated[str, typer.Option(help="Routes with commas between, e.g. I-70,I-44.")] = "",
    via: Annotated[
        list[str] | None,
        typer.Option(help="Points of a route: 'I-44=-91.2,38.4 -90.2,38.6'; with a milepost '-90.2,38.6,290,MO'."),
    ] = None,
    barrier: Annotated[
        list[str] | None,
        typer.Option(help="River that only highways cross: 'Mississippi River=MO|IL', or by counties."),
    ] = None,
    crs: Annotated[str | None, typer.Option(help="Metric CRS; the UTM zone of the counties where not given.")] = None,
    title: Annotated[str | None, typer.Option(help="Title on maps; the largest town where not given.")] = None,
    services: Annotated[Path | None, typer.Option(help="Services of this place (CSV, .xlsx or point layer).")] = None,
    out: Annotated[Path, typer.Option(help="Folder, or a file that ends in .toml.")] = Path("studies"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a study of another metro from the national tables, and say what it holds."""
    from kcgeo.study.file.new import new_study, parse_barrier, parse_via

    with progress() as bar:
        bar.add_task("Reading the national tables", total=None)
        path, held = new_study(
            name,
            counties=_words(counties),
            corridors=_words(corridors),
            via=[parse_via(text) for text in via or []],
            barriers=dict(parse_barrier(text) for text in barrier or []),
            crs=crs,
            title=title,
            services=services,
            out=out,
            force=force,
        )
    _print_held(held)
    typer.echo(f"Written: {path}. Next: kcgeo gaps --study {path}")


@study_app.command("check", epilog="Example: kcgeo study check studies/kansas-city.toml")
def study_check(path: Annotated[Path, typer.Argument(help="Study file (TOML).")]) -> None:
    """Load all that a study file names, and say what it holds."""
    from kcgeo.study.file.new import check_study

    with progress() as bar:
        bar.add_task("Reading the study", total=None)
        held = check_study(path)
    _print_held(held)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _print_held(held: Held) -> None:
    table = Table("", "", title=escape(held.study.title), show_header=False)
    for thing, amount in held.amounts:
        table.add_row(escape(thing), escape(amount))
    print_table(table)
    for note in held.notes:
        typer.echo(f"Note: {note}")
