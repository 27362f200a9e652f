"""Commands for one place: the page of a county, and cards for outreach workers."""

from __future__ import annotations

import json as texts
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kcgeo.cli.shared import OutOption, StudyOption, app, print_table, progress, study_path

__all__: list[str] = []


@app.command(epilog='Example: kcgeo county "Ray County MO" --out output/ray')
def county(
    asked: Annotated[str, typer.Argument(help='FIPS code of five digits, or a name such as "Ray County MO".')],
    study: StudyOption = None,
    out: OutOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Show what one county reaches and lacks, and write its page, map and cards."""
    from kcgeo import terms
    from kcgeo.study import county_answer, folder, load, measure

    if out is not None:
        folder.refuse_foreign_folder(out)
    settings = load(study_path(study))
    with progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        answer = county_answer(measure(settings), asked)
        if out is not None:
            folder.write(answer, out)
    rows = answer.tables["county"].table
    if json:
        found = {"finding": answer.findings[0].say(), "county": texts.loads(rows.to_json(orient="records"))}
        typer.echo(texts.dumps(found, ensure_ascii=False))
        return
    table = Table(title=escape(answer.findings[0].say()))
    shown = ("category", "covered_share", "by_referral_share", "unknown_share", "none_share", "median_min")
    for head in ("kind of help", "in reach", "by referral", "unknown", "lacking", "middle drive"):
        table.add_column(head, justify="left" if head == "kind of help" else "right")
    for row in rows[list(shown)].to_dict("records"):
        shares = ["" if row[name] != row[name] else f"{row[name]:.0%}" for name in shown[1:5]]
        minutes = "" if row["median_min"] != row["median_min"] else f"{row['median_min']:.0f} min"
        kind = terms.categories().get(str(row["category"]))
        table.add_row(escape(kind.label if kind else "all of them"), *shares, minutes)
    print_table(table)
    if out is not None:
        typer.echo(f"Page, map and cards are in {out}.")


@app.command(epilog="Example: kcgeo cards --county 29177 --language es --discreet --out output/cards.pdf")
def cards(
    out: Annotated[Path, typer.Option(help="PDF file to write: letter sheets, eight cards each.")],
    study: StudyOption = None,
    county: Annotated[
        list[str] | None, typer.Option(help="County by code or name; all of the study's if none.")
    ] = None,
    language: Annotated[str, typer.Option(help="en or es.")] = "en",
    discreet: Annotated[bool, typer.Option("--discreet", help="Say no more than that these are numbers.")] = False,
    copies: Annotated[int, typer.Option(help="Cards of each county; 8 fill a sheet.")] = 8,
) -> None:
    """Write cards for outreach workers: hotlines, and "call, do not go" where a service is confidential."""
    from kcgeo import present
    from kcgeo.study import county_fips, load, measure, release_all

    settings = load(study_path(study))
    with progress() as bar:
        bar.add_task("Measuring travel times", total=None)
        released = release_all(measure(settings))
    known = released["counties"].table["county_fips"].astype(str)
    codes = [county_fips(released["counties"], name) for name in county or known]
    facts = [present.county_facts(released, code) for code in codes]
    present.write_cards(out, facts, language=language, discreet=discreet, copies=copies)
    typer.echo(f"{copies * len(facts)} cards are in {out}.")
