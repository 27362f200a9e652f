"""The command that asks what listed beds can carry, and where one person's way breaks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import OutOption, StudyOption, app, moment, print_table, progress, study_path

__all__: list[str] = []


@app.command(epilog="Example: kcgeo chain --eligibility minors --from -94.58,39.10 --leave '2026-11-28 02:00'")
def chain(
    study: StudyOption = None,
    out: OutOption = None,
    eligibility: Annotated[
        str | None, typer.Option(help="Who asks: minors, 'adult women', men, LGBTQ; all listed where not given.")
    ] = None,
    arrivals: Annotated[
        float | None, typer.Option(help="A stated flow of people a week: asks the chance of a bed within a day.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="LON,LAT: follow one person from here; needs --leave.")
    ] = None,
    leave: Annotated[str | None, typer.Option(help="Local time at which the person leaves.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")] = False,
) -> None:
    """Show how many people a week the listed beds can carry, stage by stage; unknown beds stay unknown."""
    from kcgeo.errors import StudyError
    from kcgeo.study import load
    from kcgeo.study.answers.beds import chain_report, person_path
    from kcgeo.study.folder import write

    if (start is None) != (leave is None):
        raise StudyError("--from and --leave go together: a place and a local time.")
    moment_left = None if leave is None else moment(leave, "--leave")
    point = None if start is None else _point(start)
    settings = load(study_path(study))
    with progress() as bar:
        task = bar.add_task("Reading the study", total=None)
        report = chain_report(
            settings, who=eligibility, arrivals_week=arrivals, step=lambda words: bar.update(task, description=words)
        )
        path = None
        if point is not None and moment_left is not None:
            path = person_path(settings, start=point, leave=moment_left, who=eligibility)
        if out is not None:
            write(report.answer, out)
    shown = {name: released.table for name, released in report.answer.tables.items()}
    if len(report.chances):
        shown["chances"] = report.chances
    if path is not None:
        shown["path"] = path
    if as_json:
        typer.echo(json.dumps({name: json.loads(table.to_json(orient="records")) for name, table in shown.items()}))
        return
    for finding in report.answer.findings:
        typer.echo(f"{finding.say()}.")
    _print(shown)
    for sentence in report.answer.findings[0].notices:
        typer.echo(f"{sentence[:1].upper()}{sentence[1:]}.")


def _point(text: str) -> Any:
    """Read LON,LAT in degrees."""
    import geopandas as gpd

    from kcgeo.errors import StudyError

    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise StudyError(f"--from '{text}' is no point; write LON,LAT in degrees, e.g. -94.58,39.10.") from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise StudyError(f"--from '{text}' lies on no map; write LON,LAT in degrees, e.g. -94.58,39.10.")
    return gpd.GeoSeries(gpd.points_from_xy([lon], [lat]), crs="EPSG:4326")


def _print(shown: dict[str, Any]) -> None:
    for name, frame in shown.items():
        table = Table(title=name.replace("_", " "))
        for column in frame.columns:
            table.add_column(
                escape(str(column).replace("_", " ")), justify="left" if frame[column].dtype == object else "right"
            )
        for row in frame.itertuples(index=False):
            table.add_row(*(_cell(value) for value in row))
        print_table(table)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return "?" if str(value) == "NaT" else f"{value:%a %Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return "?" if value != value else f"{value:.2f}"
    return escape("" if value is None else str(value))
