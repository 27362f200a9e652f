"""Commands of the planner: what if services change, two states side by side, one week."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    point,
    print_json,
    print_table,
    progress,
    study_path,
)
from kcgeo.errors import StudyError

__all__: list[str] = []

if TYPE_CHECKING:
    from kcgeo.study import Answer, Study


@app.command("what-if", epilog="Example: kcgeo what-if --close svc-abc-01 --open svc-xyz-02='24/7' --out output/closed")
def what_if_command(
    study: StudyOption = None,
    out: OutOption = None,
    close: Annotated[list[str] | None, typer.Option(help="Id of a service that closes; repeat for several.")] = None,
    move: Annotated[list[str] | None, typer.Option(help="ID=LON,LAT: a service moves.")] = None,
    open_: Annotated[list[str] | None, typer.Option("--open", help="ID='24/7': a service has other hours.")] = None,
    eligibility: Annotated[list[str] | None, typer.Option(help="ID=anyone: a service serves others.")] = None,
    add: Annotated[Path | None, typer.Option(help="File of services that are added.")] = None,
    scenarios: Annotated[Path | None, typer.Option(help="TOML file with sections [[scenario]].")] = None,
    name: Annotated[str, typer.Option(help="What the scenario is called, or which one of the file is asked.")] = "",
    each: Annotated[
        bool, typer.Option("--each", help="Close each public site in turn: how much rests on one.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show who gains and who loses if services close, move, open at other hours, serve others or are added."""
    from kcgeo.study import folder, load, what_if
    from kcgeo.study.measure import measure

    points = {key: point(text, "--move") for key, text in _pairs(move, "--move")}
    hours, groups = dict(_pairs(open_, "--open")), dict(_pairs(eligibility, "--eligibility"))
    changes = {"close": close or (), "move": points, "open_hours": hours, "eligibility": groups, "add": add}
    if sum((bool(any(changes.values())), scenarios is not None, each)) != 1:
        raise StudyError("Say what changes (--close, --move, --open, --eligibility, --add), or --scenarios, or --each.")
    if out is not None:
        folder.refuse_foreign_folder(out)
    settings = load(study_path(study))
    cases = [(None, settings)] if scenarios is None else _named(scenarios, settings, name)
    answers = []
    with progress() as bar:
        task = bar.add_task("Reading the study", total=None)

        def step(words: str) -> None:
            bar.update(task, description=words)

        for title, changed in cases:
            if each:
                from kcgeo.study.answers.compare import resting_on_one

                step("Closing each site in turn")
                answer = resting_on_one(measure(settings))
            elif title is None:
                answer = what_if(settings, step=step, name=name, **changes)
            else:
                answer = what_if(changed, step=step)
            answers.append(answer)
            if out is not None:
                step("Writing the folder")
                folder.write(answer, out if len(cases) == 1 else out / _stem(str(title)))
    for answer in answers:
        _print(answer, json=json)
    if out is not None and not json:
        typer.echo(f"Map and tables are in {out}.")


@app.command("compare", epilog="Example: kcgeo compare output/2026-06 output/2026-11 --out output/change")
def compare_command(
    before: Annotated[str, typer.Argument(help="Study file, folder of results, FILE#SCENARIO, or today.")],
    after: Annotated[str, typer.Argument(help="The same.")],
    study: StudyOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Show who gains and who loses between two studies, scenarios or folders of results; neither is netted away."""
    from kcgeo.study import compare, load

    settings = load(study_path(study))
    sides = [_side(text, settings) for text in (before, after)]
    answer = asked(out, lambda step: compare(*sides, study=settings, step=step))
    _print(answer, json=json)
    if out is not None and not json:
        typer.echo(f"Map and tables are in {out}.")


@app.command("week", epilog="Example: kcgeo week --category emergency_shelter --eligibility minors --out output/week")
def week_command(
    study: StudyOption = None,
    out: OutOption = None,
    category: Annotated[list[str] | None, typer.Option(help="Kind of help; repeat for several.")] = None,
    eligibility: WhoOption = None,
    json: JsonOption = False,
) -> None:
    """Show at which hours of the week people have an open service in reach; a holiday stands as an eighth day."""
    from kcgeo.study import load, week

    answer = asked(
        out, lambda step: week(load(study_path(study)), categories=category, eligibility=eligibility, step=step)
    )
    _print(answer, json=json)
    if out is not None and not json:
        typer.echo(f"The strips and the table of all hours are in {out}.")


def _pairs(texts: list[str] | None, option: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts or []]
    if any(not sign or not key for key, sign, _ in pairs):
        raise StudyError(f"{option} takes ID=VALUE, e.g. {option} svc-abc-01=...; see kcgeo what-if --help.")
    return [(key, value) for key, _, value in pairs]


def _named(path: Path, study: Study, name: str) -> list[tuple[str | None, Study]]:
    """Return the scenarios of a file, or the one that is asked for."""
    from kcgeo.study import read_scenarios

    found = read_scenarios(path, study)
    if name and name not in found:
        raise StudyError(f"{path} has no scenario '{name}'; it has {', '.join(found)}.")
    return [(title, changed) for title, changed in found.items() if name in ("", title)]


def _side(text: str, study: Study) -> Study | Path:
    """Return one side of a comparison: the study as it is, another, a scenario of a file, or a folder of results."""
    from kcgeo.study import load

    path, _, name = text.partition("#")
    if text == "today":
        return study
    if not Path(path).exists():
        raise StudyError(f"There is no study file or folder {path}.")
    if name:
        return _named(Path(path), study, name)[0][1]
    return load(Path(path)) if Path(path).is_file() else Path(path)


def _stem(title: str) -> str:
    return "".join(mark if mark.isalnum() else "-" for mark in title.lower()).strip("-") or "scenario"


def _print(answer: Answer, *, json: bool) -> None:
    """Print what is found: sentences, and a row for each kind of help that changes."""
    if json:
        print_json(answer)
        return
    if answer.about.get("after"):
        typer.echo(f"{answer.about['before']} -> {answer.about['after']}")
    for finding in answer.findings:
        typer.echo(f"{finding.say()}.")
    if "changes" not in answer.tables:
        return
    rows = answer.tables["changes"].table
    rows = rows[(rows["group"] == "population_count") & (rows["gained_count"] + rows["lost_count"] > 0)]
    table = Table(title="People who gain and people who lose, by county", caption="Confidential services not counted.")
    for column in ("kind of help", "county", "before", "after", "gain", "lose"):
        table.add_column(column, justify="left" if column in ("kind of help", "county") else "right")
    for row in rows.to_dict("records"):
        numbers = (f"{row[f'{name}_count']:,.0f}" for name in ("before", "after", "gained", "lost"))
        table.add_row(escape(str(row["category"])), escape(str(row["area"])), *numbers)
    if len(rows):
        print_table(table)
