"""Commands that answer one question: who lacks help, along which miles, where next, and a partner's own."""

from __future__ import annotations

from pathlib import Path
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
    moment,
    note,
    print_json,
    print_table,
    progress,
    study_path,
    who_asks,
)
from kcgeo.cli.stopping import wait_for_a_plan

__all__: list[str] = []


@app.command(
    epilog="Example: kcgeo gaps --category emergency_shelter --eligibility minors --open-at '2026-11-25 02:00'"
)
def gaps(
    study: StudyOption = None,
    out: OutOption = None,
    category: Annotated[list[str] | None, typer.Option(help="Category to ask for; repeat for several.")] = None,
    eligibility: WhoOption = None,
    open_at: Annotated[str | None, typer.Option(help="Only services known to be open at this local time.")] = None,
    json: JsonOption = False,
) -> None:
    """Show the share of people within reach, and write the places that lack a category."""
    from kcgeo.study import coverage_report, load
    from kcgeo.study.names import category_named

    settings = load(study_path(study))
    with progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        report = coverage_report(
            settings,
            categories=[category_named(name) for name in category] if category else None,
            eligibility=who_asks(eligibility),
            open_at=None if open_at is None else moment(open_at, "--open-at"),
            out=out,
        )
    if json:
        print_json(report.answer)
        return
    table = Table(title=escape(report.title), caption=escape(report.caption))
    for index, column in enumerate(report.shown.columns):
        table.add_column(escape(str(column)), justify="left" if index < 2 else "right")
    for row in report.shown.itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    print_table(table)
    for finding in report.answer.findings:
        typer.echo(f"{finding.say()}.")
    typer.echo(
        "Records: share of people in whose county all of this kind was looked for; elsewhere only in part, or not."
    )
    if out is not None:
        note(f"Tables are in {out}.")


@app.command(epilog="Example: kcgeo corridor I-35 I-70 --out output/corridors")
def corridor(
    route: Annotated[list[str], typer.Argument(help="Route with mileposts, e.g. I-35; several may be given.")],
    study: StudyOption = None,
    out: OutOption = None,
    step_mi: Annotated[float, typer.Option(help="Miles between stations, 0.1 to 10.")] = 0.5,
    json: JsonOption = False,
) -> None:
    """Show along which miles of a route help is thin, and draw its strip chart."""
    from kcgeo.study import load, measure_corridors
    from kcgeo.study.names import route_named

    settings = load(study_path(study))
    with progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        report, chart = measure_corridors(settings, [route_named(name) for name in route], step_mi=step_mi, out=out)
    if json:
        print_json(report.answer)
        return
    title = f"Miles over {report.cutoff_min:g} minutes from help"
    table = Table(title=title, caption=escape(" ".join(chart.note.notices)))
    for column in report.shown.columns:
        table.add_column(escape(str(column)), justify="left" if column in ("route", "kind of help") else "right")
    for row in report.shown.itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    if report.segments.empty:
        typer.echo(f"No mile is over {report.cutoff_min:g} minutes from a required kind of help.")
    else:
        print_table(table)
    if out is not None:
        note(f"Chart and tables are in {out}.")


@app.command(epilog="Example: kcgeo partner --services own.csv --recipient 'Example Agency' --out ../for-partner")
def partner(
    services: Annotated[Path, typer.Option(help="The partner's own CSV: service_id, category, latitude, longitude.")],
    out: Annotated[Path, typer.Option(help="Folder outside of any repository.")],
    recipient: Annotated[str, typer.Option(help="Who may see the results; stands in the watermark of each file.")],
    study: StudyOption = None,
) -> None:
    """Measure coverage with a partner's confidential services, for that partner alone; nothing of it is published."""
    from kcgeo.study import load
    from kcgeo.study.answers.partner import partner_results

    settings = load(study_path(study))
    with progress() as bar:
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
    eligibility: WhoOption = None,
    new: Annotated[int, typer.Option("--new", help="How many new sites; public ones stay open.")] = 1,
    cutoff: Annotated[
        float | None, typer.Option(help="Minutes that count as in reach; the study's own where not given.")
    ] = None,
    objective: Annotated[
        str, typer.Option(help="max_coverage, p_median, p_center, backup_coverage or min_sites.")
    ] = "max_coverage",
    candidates: Annotated[
        str,
        typer.Option(help="places (ZIP code areas), cells (hexagons of 36 km2), or a FILE: CSV, .xlsx or a map layer."),
    ] = "places",
    referral_weight: Annotated[
        float, typer.Option(help="0 to 1: what a person counts whom a confidential service takes by referral.")
    ] = 0.5,
    capacity: Annotated[
        str | None, typer.Option(help="People a new site can serve, or the column of FILE that holds them.")
    ] = None,
    within: Annotated[list[str] | None, typer.Option(help="Only candidates in this county, e.g. 'Jackson MO'.")] = None,
    near_stops: Annotated[float | None, typer.Option(help="Only candidates so many meters from a bus stop.")] = None,
    weight: Annotated[
        str | None, typer.Option(help="Who counts: anyone, under18, poverty, no_vehicle_household or a column.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="What all new sites may cost together; needs --cost.")] = None,
    cost: Annotated[str | None, typer.Option(help="Column of FILE that holds the cost of a candidate.")] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Site (service id) that stays; others may then close.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Site (service id) that is taken to be closed.")] = None,
    spread: Annotated[float | None, typer.Option(help="New sites keep at least so many kilometers apart.")] = None,
    nearly: Annotated[float, typer.Option(help="Show plans that are worse by at most this share.")] = 0.02,
    draws: Annotated[int, typer.Option(help="Draws of speeds and places that say how sure the plan is.")] = 500,
    time_limit: Annotated[float, typer.Option(help="Seconds for each solve; then the best plan so far.")] = 60.0,
    json: JsonOption = False,
) -> None:
    """Find in which areas new sites would help most, with proof; Ctrl-C gives the best plan so far with its gap."""
    from kcgeo.present.look.plan_words import plan_words
    from kcgeo.study import load, release_siting, site_to
    from kcgeo.study.names import category_named
    from kcgeo.study.siting.output import siting_answer

    settings = load(study_path(study))
    wait_for_a_plan()
    with progress() as bar:
        task = bar.add_task("Reading the study", total=None)
        answer = site_to(
            settings,
            out,
            step=lambda description: bar.update(task, description=description),
            category=category_named(category),
            eligibility=who_asks(eligibility),
            new_count=new,
            cutoff_min=settings.gaps.headline_cutoff_min if cutoff is None else cutoff,
            objective=objective,
            candidates=candidates,
            referral_weight=referral_weight,
            capacity=_number_or_column(capacity),
            within=within or (),
            near_stops_m=near_stops,
            weight=weight,
            budget=budget,
            cost=cost,
            keep=keep or (),
            drop=drop or (),
            spread_km=spread,
            within_share=nearly,
            draw_count=draws,
            time_limit_s=time_limit,
        )
    if json:
        print_json(siting_answer(answer))
        raise typer.Exit(3 if answer.unfinished else 0)
    told = plan_words(release_siting(answer))
    table = Table(title=escape(told.headline))
    for column in ("", "area, not an address", "more people", "then within reach", "in good plans"):
        table.add_column(column, justify="left" if column.startswith("area") else "right")
    shares = answer.frequency.set_index("candidate_id")["plan_share"]
    for row in answer.new_sites.to_dict("records"):
        covered, held = 100 * row["covered_share"], 100 * shares[row["candidate_id"]]
        numbers = f"{row['gained_count']:,.0f}", f"{covered:.1f} %", f"{held:.0f} %"
        table.add_row(str(row["rank"]), escape(str(row["name"])), *numbers)
    print_table(table)
    typer.echo(
        "More people: beyond those before it in the table. In good plans: share of plans that are nearly as good."
    )
    for sentence in (told.proof, *told.sure, *told.limits):
        typer.echo(sentence)
    if out is not None:
        note(f"The page to hand on is {out / 'page.pdf'}; map, tables and GeoPackage are beside it.")
    if answer.unfinished:
        raise typer.Exit(3)


def _number_or_column(text: str | None) -> float | str | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
