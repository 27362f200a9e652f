"""Commands of the planner: how far one gets from a place, and where to look for a building."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import (
    JsonOption,
    OutOption,
    StudyOption,
    WhoOption,
    app,
    asked,
    moment,
    print_json,
    print_table,
    study_path,
    who_asks,
)
from kcgeo.errors import StudyError

__all__: list[str] = []


@app.command("reach", epilog="Example: kcgeo reach --from 'Olathe KS' --minutes 15,30,45 --out output/olathe")
def reach_command(
    starts: Annotated[
        list[str],
        typer.Option("--from", help="LON,LAT, a service, a cell, a place or a town; repeat for several."),
    ],
    minutes: Annotated[str, typer.Option(help="Times of the bands, joined by commas.")] = "15,30,45",
    mode: Annotated[str, typer.Option(help="drive, foot, or bus (a feed, --depart and --direction to).")] = "drive",
    direction: Annotated[str, typer.Option(help="from the place, or to it; they differ on one-way streets.")] = "from",
    depart: Annotated[str | None, typer.Option(help="Local time of departure, for the bus.")] = None,
    eligibility: WhoOption = None,
    study: StudyOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Show how many people and services are within some minutes of a place, with bands as map, GeoJSON, GeoPackage."""
    from kcgeo.study import load, reach

    limits, who = _minutes(minutes), who_asks(eligibility)
    answer = asked(
        out,
        lambda step: reach(
            load(study_path(study)),
            starts,
            minutes=limits,
            mode=mode,  # type: ignore[arg-type]  # an unknown word is refused in a sentence
            direction=direction,  # type: ignore[arg-type]
            depart=None if depart is None else moment(depart, "--depart"),
            eligibility=who,
            with_map=out is not None,
            step=step,
        ),
    )
    if json:
        print_json(answer)
        return
    for finding in answer.findings:
        typer.echo(f"{finding.say()}.")
    services = answer.tables["services_in_reach"].table
    if len(services):
        table = Table(title="Listed sites within reach", caption=escape(answer.notices[0]))
        for column in ("from" if direction == "from" else "to", "kind of help", "minutes", "sites"):
            table.add_column(column, justify="right" if column in ("minutes", "sites") else "left")
        for row in services.to_dict("records"):
            table.add_row(
                escape(str(row["place_name"])),
                escape(str(row["category"])),
                f"{row['cutoff_min']:g}",
                str(int(row["sites_count"])),
            )
        print_table(table)
    if out is not None:
        typer.echo(f"Map, tables, bands.geojson and bands.gpkg are in {out}.")


@app.command(
    "catchment", epilog="Example: kcgeo catchment --category emergency_shelter --minutes 30 --out output/where"
)
def catchment_command(
    category: Annotated[str, typer.Option(help="Kind of help that a new place would offer.")],
    minutes: Annotated[float, typer.Option(help="A time of exactly so many minutes counts.")] = 30.0,
    eligibility: WhoOption = None,
    study: StudyOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Show how many people, and how many who lack the help, each cell would reach: where to look for a building."""
    from kcgeo.study import catchment, load
    from kcgeo.study.names import category_named

    kind, who = category_named(category), who_asks(eligibility)
    answer = asked(
        out,
        lambda step: catchment(
            load(study_path(study)), kind, minutes=minutes, eligibility=who, with_map=out is not None, step=step
        ),
    )
    if json:
        print_json(answer)
        return
    for finding in answer.findings:
        typer.echo(f"{finding.say()}.")
    if out is not None:
        typer.echo(f"Map and the table of cells are in {out}.")


def _minutes(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(f"--minutes takes numbers joined by commas, e.g. 15,30,45; not '{text}'.") from None
