"""Commands on what leaves: counts of people, the approval of a folder, a take-down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kcgeo.cli.shared import OutOption, StudyOption, app, study_path
from kcgeo.errors import DisclosureError

__all__: list[str] = []


@app.command(
    epilog="Example: kcgeo people by-county.csv by-age.csv --source 'our records' --vintage 2026 --out output/people"
)
def people(
    files: Annotated[list[Path], typer.Argument(help="CSV files of counts about the same people, one a table.")],
    source: Annotated[list[str], typer.Option("--source", help="Where the counts come from; repeat for several.")],
    vintage: Annotated[str, typer.Option(help="Year or years of the counts.")],
    out: OutOption = None,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="Folder of an earlier release about the same people; repeat for several.")
    ] = None,
    hierarchy: Annotated[
        Path | None, typer.Option(help="CSV of labels that hold one another, e.g. county,area,state.")
    ] = None,
    rounding: Annotated[int, typer.Option(help="Round counts to 5 or 10; 1: exact counts.")] = 1,
    census_denominators: Annotated[
        bool, typer.Option("--census-denominators", help="population_count is a public census count.")
    ] = False,
) -> None:
    """Suppress counts of 1 to 10 people, and what would give them back, in tables that leave together."""
    from kcgeo.study.people import people_report

    released = people_report(
        files,
        out,
        sources=source,
        vintage=vintage,
        earlier=earlier or (),
        hierarchy=hierarchy,
        rounding=rounding,
        census_denominators=census_denominators,
    )
    for name, one in released.items():
        typer.echo(f"{name}: {len(one.table)} cells, {one.suppressed_count} suppressed.")
    if out is not None:
        typer.echo(f"Tables are in {out}.")


@app.command(
    epilog="Example: kcgeo release output/kansas-city --prepared-by analyst --approved-by 'executive director'"
)
def release(
    folder: Annotated[Path | None, typer.Argument(help="Folder of results that is to leave.")] = None,
    study: StudyOption = None,
    prepared_by: Annotated[str | None, typer.Option(help="Role of who prepared it; asked where not given.")] = None,
    approved_by: Annotated[str | None, typer.Option(help="Role of a second person; asked where not given.")] = None,
    hidden: Annotated[
        Path | None, typer.Option(help="Your own list (CSV) of places that must not be found in any file.")
    ] = None,
    take_down: Annotated[
        str | None, typer.Option(help="Close this service_id, and name the folders already out.")
    ] = None,
) -> None:
    """Say what a folder opens and what changed, ask a second role to approve, and write the record beside it."""
    from kcgeo.study import approval

    path = study_path(study)
    if take_down is not None:
        out = approval.take_down(take_down, path, signer_role=approved_by or prepared_by or "operator")
        typer.echo(f"{take_down} is closed from now on; make the folders anew.")
        for one in out:
            typer.echo(f"Already out, to be called back: {one}")
        return
    if folder is None:
        raise DisclosureError("Name the folder that is to leave, or a row with --take-down.")
    found = approval.review(folder, path, canaries=approval.hidden_canaries(hidden) if hidden else ())
    typer.echo(f"{folder} opens {len(found.opened)} places, {len(found.sleeping)} of them where people sleep.")
    for title, ids in (("Opened since the last release", found.new), ("Closed since the last release", found.closed)):
        typer.echo(f"{title}: {len(ids)}.")
        for one in ids:
            typer.echo(f"  {one}  {found.opened.get(one, '')}".rstrip())
    typer.echo("What each table adds to what an attacker can compute:")
    for name, words in found.tables:
        typer.echo(f"  {name}: {words}.")
    if found.problems:
        raise DisclosureError(found.problems)
    prepared_by = prepared_by or typer.prompt("Role of who prepared this release")
    approved_by = approved_by or typer.prompt("Role of the second person, who approves it")
    typer.echo(f"Recorded in {approval.approve(found, path, prepared_by=prepared_by, approved_by=approved_by)}.")
