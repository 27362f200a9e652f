"""The command line: the same questions as the notebooks, with defaults and a progress bar.

Bad input ends with exit code 2 and one clear sentence for each fault; nothing is half-written.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kcgeo.errors import KcgeoError, StudyError, WithheldWarning

__all__ = ["app", "main"]

app = typer.Typer(
    name="kcgeo",
    help="Who can reach help after trafficking, who cannot, and where one more site would help most.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Look at the data package and check it.", no_args_is_help=True)
app.add_typer(data_app, name="data")

StudyOption = Annotated[
    Path | None, typer.Option("--study", help="Study file (TOML); the Kansas City study where none is given.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the results.")]


@contextmanager
def _progress() -> Iterator[Progress]:
    """Progress on stderr, so that stdout holds results only."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bar:
        yield bar


def _study_path(path: Path | None) -> Path:
    """Return the study file: the one given, or the packaged Kansas City study."""
    from kcgeo.data.catalogue import default_study

    return path if path is not None else default_study()


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 140).print(table)


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
    _print(table)


@data_app.command("check", epilog="Example: kcgeo data check --study studies/kansas-city.toml")
def data_check(study: StudyOption = None) -> None:
    """Load every resource: hashes, schemas, references; with --study also its services: which rows are withheld."""
    from kcgeo import data

    names = data.resources()
    problems: list[str] = []
    with _progress() as bar:
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


def _check_services(study: Path) -> None:
    """Read the services of a study; its operator is told here, and nowhere else, which rows came in as withheld."""
    from kcgeo import data

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WithheldWarning)
        rows = data.services(path=data.read_study(study).services_path)
    typer.echo(f"{len(rows)} rows of services are valid.")
    for warning in caught:
        if issubclass(warning.category, WithheldWarning):
            typer.echo(f"Not for publication: {warning.message}")


@app.command(epilog="Example: kcgeo maps --study studies/kansas-city.toml --out output/kansas-city")
def maps(
    study: StudyOption = None,
    out: OutOption = None,
    notebooks: Annotated[bool, typer.Option(help="Run the notebooks too and write them as pages.")] = True,
) -> None:
    """Draw all maps, tables, pages and notebooks of a study into one folder."""
    from kcgeo.study import load, run

    path = _study_path(study)
    folder = out if out is not None else Path("output") / load(path).name
    with _progress() as bar:
        task = bar.add_task("Starting", total=None)

        def step(description: str, done: int, total: int) -> None:
            bar.update(task, description=description, completed=done, total=total)

        manifest = run(path, folder, notebooks=notebooks, progress=step)
    typer.echo(f"{len(manifest['files'])} files in {folder}; open {folder / 'index.html'} first.")


@app.command("export", epilog="Example: kcgeo export --for slides --for print --out output/kansas-city-export")
def export_command(
    audience: Annotated[
        list[str] | None,
        typer.Option("--for", help="slides, print, web or data; repeat for several; all where not given."),
    ] = None,
    study: StudyOption = None,
    out: OutOption = None,
) -> None:
    """Write a talk, an atlas, web pages and data for others into one folder, which then holds what was asked for."""
    from kcgeo.study import load
    from kcgeo.study.export import AUDIENCES, export

    path = _study_path(study)
    folder = out if out is not None else Path("output") / f"{load(path).name}-export"
    with _progress() as bar:
        task = bar.add_task("Starting", total=None)

        def step(description: str, done: int, total: int) -> None:
            bar.update(task, description=description, completed=done, total=total)

        written = export(path, folder, audiences=audience or AUDIENCES, progress=step)
    for sentence in written.left_out:
        typer.echo(f"kcgeo: {sentence}", err=True)
    typer.echo(f"{len(written.manifest['files'])} files in {folder}; open {folder / 'index.html'} first.")


@app.command(
    epilog="Example: kcgeo gaps --category emergency_shelter --eligibility minors --open-at '2026-11-25 02:00'"
)
def gaps(
    study: StudyOption = None,
    out: OutOption = None,
    category: Annotated[list[str] | None, typer.Option(help="Category to ask for; repeat for several.")] = None,
    eligibility: Annotated[
        str | None, typer.Option(help="Who asks: minors, 'adult women', men, LGBTQ; anybody where not given.")
    ] = None,
    open_at: Annotated[str | None, typer.Option(help="Only services known to be open at this local time.")] = None,
) -> None:
    """Show the share of people within reach, and write the places that lack a category."""
    from kcgeo.study import coverage_report, load

    settings = load(_study_path(study))
    with _progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        report = coverage_report(
            settings, categories=category or None, eligibility=eligibility, open_at=_moment(open_at), out=out
        )
    table = Table(title=report.title, caption=report.caption)
    for index, column in enumerate(report.shown.columns):
        table.add_column(escape(str(column)), justify="left" if index < 2 else "right")
    for row in report.shown.itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    _print(table)
    if out is not None:
        typer.echo(f"Tables are in {out}.")


@app.command(epilog="Example: kcgeo corridor I-35 I-70 --out output/corridors")
def corridor(
    route: Annotated[list[str], typer.Argument(help="Route with mileposts, e.g. I-35; several may be given.")],
    study: StudyOption = None,
    out: OutOption = None,
    step_mi: Annotated[float, typer.Option(help="Miles between stations, 0.1 to 10.")] = 0.5,
) -> None:
    """Show along which miles of a route help is thin, and draw its strip chart."""
    from kcgeo.study import load, measure_corridors

    settings = load(_study_path(study))
    with _progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        report, chart = measure_corridors(settings, route, step_mi=step_mi, out=out)
    title = f"Miles over {report.cutoff_min:g} minutes from help"
    table = Table(title=title, caption=escape(" ".join(chart.note.notices)))
    for column in report.shown.columns:
        table.add_column(escape(str(column)), justify="left" if column in ("route", "kind of help") else "right")
    for row in report.shown.itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    if report.segments.empty:
        typer.echo(f"No mile is over {report.cutoff_min:g} minutes from a required kind of help.")
    else:
        _print(table)
    if out is not None:
        typer.echo(f"Chart and tables are in {out}.")


@app.command(epilog="Example: kcgeo partner --services own.csv --recipient 'Example Agency' --out ../for-partner")
def partner(
    services: Annotated[Path, typer.Option(help="The partner's own CSV: service_id, category, latitude, longitude.")],
    out: Annotated[Path, typer.Option(help="Folder outside of any repository.")],
    recipient: Annotated[str, typer.Option(help="Who may see the results; stands in the watermark of each file.")],
    study: StudyOption = None,
) -> None:
    """Measure coverage with a partner's confidential services, for that partner alone; nothing of it is published."""
    from kcgeo.study import load
    from kcgeo.study.partner import partner_results

    settings = load(_study_path(study))
    with _progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        written = partner_results(settings, services, out, recipient=recipient)
    typer.echo(f"{len(written)} files, marked for {recipient} only.")


@app.command(
    "site",
    epilog="Example: kcgeo site --category emergency_shelter --eligibility minors --new 3 --cutoff 30 --out site",
)
def site_command(
    category: Annotated[str, typer.Option(help="What the new sites offer, e.g. emergency_shelter.")],
    study: StudyOption = None,
    out: OutOption = None,
    eligibility: Annotated[
        str | None, typer.Option(help="For whom: minors, 'adult women', men, LGBTQ; anybody where not given.")
    ] = None,
    new: Annotated[int, typer.Option("--new", help="How many new sites; public ones stay open.")] = 1,
    cutoff: Annotated[
        float | None, typer.Option(help="Minutes that count as in reach; the study's own where not given.")
    ] = None,
    objective: Annotated[
        str, typer.Option(help="max_coverage, p_median, p_center, backup_coverage or min_sites.")
    ] = "max_coverage",
    candidates: Annotated[str, typer.Option(help="places (ZIP code areas) or cells (hexagons of 36 km2).")] = "places",
    referral_weight: Annotated[
        float, typer.Option(help="0 to 1: what a person counts whom a confidential service takes by referral.")
    ] = 0.5,
    capacity: Annotated[
        float | None, typer.Option(help="People a new site can serve; no limit where not given.")
    ] = None,
    within: Annotated[float, typer.Option(help="Show plans that are worse by at most this share.")] = 0.02,
    draws: Annotated[int, typer.Option(help="Draws of speeds and places that say how sure the plan is.")] = 20,
    time_limit: Annotated[float, typer.Option(help="Seconds for each solve; then the best plan so far.")] = 60.0,
) -> None:
    """Find in which areas new sites would help most, with proof; Ctrl-C gives the best plan so far with its gap."""
    from kcgeo.present.siting_words import plan_words
    from kcgeo.study import load, release_siting, site_to

    settings = load(_study_path(study))
    with _progress() as bar:
        task = bar.add_task("Reading the study", total=None)
        answer = site_to(
            settings,
            out,
            step=lambda description: bar.update(task, description=description),
            category=category,
            eligibility=eligibility,
            new_count=new,
            cutoff_min=settings.gaps.headline_cutoff_min if cutoff is None else cutoff,
            objective=objective,
            candidates=candidates,
            referral_weight=referral_weight,
            capacity=capacity,
            within_share=within,
            draw_count=draws,
            time_limit_s=time_limit,
        )
    told = plan_words(release_siting(answer))
    table = Table(title=escape(told.headline))
    for column in ("", "area, not an address", "more people", "then within reach", "in good plans"):
        table.add_column(column, justify="left" if column.startswith("area") else "right")
    shares = answer.frequency.set_index("candidate_id")["plan_share"]
    for row in answer.new_sites.to_dict("records"):
        numbers = f"{row['gained_count']:,.0f}", f"{row['covered_share']:.1%}", f"{shares[row['candidate_id']]:.0%}"
        table.add_row(str(row["rank"]), escape(str(row["name"])), *numbers)
    _print(table)
    for sentence in (told.proof, *told.sure, *told.limits):
        typer.echo(sentence)
    if out is not None:
        typer.echo(f"The page to hand on is {out / 'page.pdf'}; map, tables and GeoPackage are beside it.")
    if answer.unfinished:
        raise typer.Exit(130)


def _moment(text: str | None) -> datetime | None:
    """Read a local time from the command line.

    Raises
    ------
    StudyError
        Where ``text`` is no ISO date and time.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise StudyError(f"--open-at '{text}' is no date and time; write e.g. '2026-11-25 02:00'.") from None


def main() -> None:
    """Run the command line; bad input ends with exit code 2 and sentences on stderr."""
    # the log of a run may be published, so it says nothing of hidden rows
    warnings.simplefilter("ignore", WithheldWarning)
    try:
        app()
    except KcgeoError as error:
        for sentence in error.problems:
            typer.echo(f"kcgeo: {sentence}", err=True)
        sys.exit(2)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        typer.echo(f"kcgeo: {error.strerror or error}{place}; nothing was changed.", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("kcgeo: stopped; the former results are untouched.", err=True)
        sys.exit(130)
