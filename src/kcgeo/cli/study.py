"""Commands on study files: write one for another metro, and say what one holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import Group, app, print_table, progress
from kcgeo.errors import StudyError

__all__: list[str] = []

if TYPE_CHECKING:
    from kcgeo.study.file.new import Held

study_app = typer.Typer(cls=Group, help="Write a study file for another metro, and check one.", no_args_is_help=True)
app.add_typer(study_app, name="study")


@study_app.command(
    "new",
    epilog="Example: kcgeo study new --name st-louis --counties 29510,29189,29183,17163,17119 "
    "--corridors I-70,I-44,I-55 --barrier 'Mississippi River=MO|IL'",
)
def study_new(
    name: Annotated[str, typer.Option(help="Short name: small letters, digits, hyphens.")],
    counties: Annotated[
        str, typer.Option(help="Names or five-digit codes with commas between: 'Tulsa County OK,40145'.")
    ] = "",
    near: Annotated[str, typer.Option(help="In place of --counties: those around a town, e.g. 'Tulsa OK'.")] = "",
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
    from kcgeo.data.study.names import around, town
    from kcgeo.study.file.new import new_study, parse_barrier, parse_via

    if bool(near) == bool(counties):
        raise StudyError("Say where: --counties 'Tulsa County OK,40145', or --near 'Tulsa OK'.")
    with progress() as bar:
        bar.add_task("Reading the national tables", total=None)
        path, held = new_study(
            name,
            counties=list(around(*town(near)[1:])["county_fips"]) if near else _words(counties),
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
    served = any(thing.startswith("services") for thing, _ in held.amounts)
    typer.echo(f"Written: {path}. Next: kcgeo {'gaps' if served else 'data add services FILE'} --study {path}")


@study_app.command("near", epilog="Example: kcgeo study near 'Tulsa OK'")
def study_near(place: Annotated[str, typer.Argument(help="A town with its state.")]) -> None:
    """List the counties around a town with their codes, and the routes that can be traced there without --via."""
    from kcgeo.data.study.names import around, routes_near, town

    name, lon, lat = town(place)
    found = around(lon, lat)
    table = Table("code", "county", "km from the town", title=escape(name))
    for row in found.itertuples(index=False):
        table.add_row(row.county_fips, escape(f"{row.name} {row.state}"), f"{row.away_km:.0f}")
    print_table(table)
    typer.echo(
        f"Packaged routes: {', '.join(routes_near(list(found['county_fips']))) or 'none; give points with --via'}"
    )


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
