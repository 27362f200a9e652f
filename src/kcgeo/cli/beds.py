"""The command that asks what listed beds can carry, and where one person's way breaks."""

from __future__ import annotations

from typing import Annotated

import typer

from kcgeo.cli.shared import (
    JsonOption,
    OutOption,
    StudyOption,
    WhoOption,
    app,
    moment,
    point,
    print_frame,
    print_json,
    progress,
    study_path,
    who_asks,
)

__all__: list[str] = []


@app.command(epilog="Example: kcgeo chain --eligibility minors --from -94.58,39.10 --leave '2026-11-28 02:00'")
def chain(
    study: StudyOption = None,
    out: OutOption = None,
    eligibility: WhoOption = None,
    arrivals: Annotated[
        float | None, typer.Option(help="A stated flow of people a week: asks the chance of a bed within a day.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="LON,LAT: follow one person from here; needs --leave.")
    ] = None,
    more_beds: Annotated[
        int | None, typer.Option("--more-beds", help="Where would so many more beds of --stage help most?")
    ] = None,
    stage: Annotated[str, typer.Option(help="Stage that gets more beds.")] = "crisis bed",
    at: Annotated[int, typer.Option("--at", help="At so many places at most.")] = 1,
    leave: Annotated[str | None, typer.Option(help="Local time at which the person leaves.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many people a week the listed beds can carry, stage by stage; unknown beds stay unknown."""
    import geopandas as gpd

    from kcgeo.errors import StudyError
    from kcgeo.study import chain as ask
    from kcgeo.study import folder, load, measure, person_path

    if (start is None) != (leave is None):
        raise StudyError("--from and --leave go together: a place and a local time.")
    left = None if leave is None else moment(leave, "--leave")
    place = None if start is None else point(start, "--from")
    if out is not None:
        folder.refuse_foreign_folder(out)
    who = who_asks(eligibility)
    settings = load(study_path(study))
    with progress() as bar:
        task = bar.add_task("Measuring travel times", total=None)
        measured = measure(settings)
        answer = ask(
            measured,
            eligibility=who,
            arrivals_week=arrivals,
            more_beds=more_beds,
            stage=stage,
            site_limit=at,
            step=lambda words: bar.update(task, description=words),
        )
        path = None
        if place is not None and left is not None:
            here = gpd.GeoSeries.from_xy([place[0]], [place[1]], crs="EPSG:4326")
            path = person_path(measured, eligibility=who, start=here, leave=left)
        if out is not None:
            folder.write(answer, out)
    if as_json:
        print_json(answer)
        return
    for finding in answer.findings:
        typer.echo(f"{finding.say()}.")
    for name, released in answer.tables.items():
        print_frame(released.table.drop(columns="note", errors="ignore"), name.replace("_", " "))
    if path is not None:
        print_frame(path, "one person's way")
    for sentence in answer.findings[0].notices:
        typer.echo(f"{sentence[:1].upper()}{sentence[1:]}.")
