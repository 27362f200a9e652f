"""Commands that write a folder of results: maps, and what a presenter takes along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kcgeo.cli.shared import OutOption, StudyOption, app, note, progress, study_path

__all__: list[str] = []


@app.command(epilog="Example: kcgeo maps --study studies/kansas-city.toml --out output/kansas-city")
def maps(
    study: StudyOption = None,
    out: OutOption = None,
    notebooks: Annotated[bool, typer.Option(help="Run the notebooks too and write them as pages.")] = True,
) -> None:
    """Draw all maps, tables, pages and notebooks of a study into one folder."""
    from kcgeo.study import load, run

    path = study_path(study)
    folder = out if out is not None else Path("output") / load(path).name
    with progress() as bar:
        task = bar.add_task("Starting", total=None)

        def step(description: str, done: int, total: int) -> None:
            bar.update(task, description=description, completed=done, total=total)

        manifest = run(path, folder, notebooks=notebooks, progress=step)
    note(f"{len(manifest['files'])} files in {folder}; open {folder / 'index.html'} first.")


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
    from kcgeo.study import export, load
    from kcgeo.study.answers.whole.export import AUDIENCES, left_out

    for sentence in left_out(audience or AUDIENCES):  # before the minutes of work
        typer.echo(f"kcgeo: {sentence}", err=True)
    path = study_path(study)
    folder = out if out is not None else Path("output") / f"{load(path).name}-export"
    with progress() as bar:
        task = bar.add_task("Starting", total=None)

        def step(description: str, done: int, total: int) -> None:
            bar.update(task, description=description, completed=done, total=total)

        written = export(path, folder, audiences=audience or AUDIENCES, progress=step)
    note(f"{len(written.manifest['files'])} files in {folder}; open {folder / 'index.html'} first.")
