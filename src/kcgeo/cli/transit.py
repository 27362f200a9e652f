"""The command that asks who reaches help by bus, at a time of one's own choice."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import (
    JsonOption,
    OutOption,
    StudyOption,
    app,
    moment,
    note,
    print_json,
    print_table,
    progress,
    study_path,
)

__all__: list[str] = []


@app.command(
    "transit",
    epilog="Example: kcgeo transit --depart '2026-11-25 12:00' --until '2026-11-25 13:00' --study my-city.toml",
)
def transit_command(
    depart: Annotated[str, typer.Option(help="Local time of departure; the day lies within the timetable.")],
    study: StudyOption = None,
    out: OutOption = None,
    until: Annotated[
        str | None, typer.Option(help="End of a window: the median over the departures of each minute.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the share of households without a vehicle that reach help by bus; needs a feed (kcgeo data add gtfs)."""
    from kcgeo.study import load, transit_question

    settings = load(study_path(study))
    start, end = moment(depart, "--depart"), None if until is None else moment(until, "--until")
    with progress() as bar:
        bar.add_task("Searching the timetable", total=None)
        found = transit_question(settings, depart=start, until=end, out=out)
    if json:
        print_json(found.answer)
        return
    window = "" if end is None else f" to {end:%H:%M}"
    title = f"{settings.title}: households without a vehicle in reach by bus, {start:%Y-%m-%d %H:%M}{window}"
    table = Table(title=escape(title), caption=escape(" ".join(found.said)))
    table.add_column("kind of help")
    for cutoff in found.shares.columns:
        table.add_column(f"{cutoff:g} min", justify="right")
    for category, row in found.shares.iterrows():
        table.add_row(escape(str(category)), *(f"{share:.1%}" for share in row))
    print_table(table)
    if out is not None:
        note(f"The table of places is in {out}.")
