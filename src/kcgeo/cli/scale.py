"""The command for a national office: every county by one rule."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from kcgeo.cli.shared import OutOption, WhoOption, app, progress, who_asks

__all__: list[str] = []


@app.command("scale", epilog="Example: kcgeo scale --services national.csv --workers 2 --out output/national")
def scale_command(
    services: Annotated[
        Path | None,
        typer.Option(help="Service file of the whole country; invented services where not given."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes on this machine; all cores where not given; 0: this one alone, no Dask."),
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler elsewhere.")] = None,
    cutoff: Annotated[float, typer.Option(help="Longest time to the nearest service that counts, in minutes.")] = 60.0,
    counties: Annotated[str, typer.Option(help="County codes with commas between, e.g. 20091,29095; or all.")] = "all",
    eligibility: WhoOption = None,
    out: OutOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    places_per_part: Annotated[int, typer.Option(help="Most ZIP code areas of one part.")] = 4_000,
    synthetic: Annotated[int, typer.Option(help="How many services to invent where no file is given.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the invented services.")] = 0,
) -> None:
    """Measure every US county by a national screening model and write GeoParquet; a stopped run can go on."""
    from kcgeo.study.national.question import SYNTHETIC, scale

    folder = out if out is not None else Path("output") / "national"
    codes = [code.strip() for code in counties.split(",") if code.strip()]
    with progress() as bar:
        task = bar.add_task("Starting", total=None)

        def step(description: str, done: int, total: int) -> None:
            bar.update(task, description=description, completed=done, total=total)

        run = scale(
            folder,
            services=services,
            eligibility=who_asks(eligibility),
            synthetic_count=synthetic,
            seed=seed,
            workers=workers if workers is not None else os.cpu_count() or 1,
            scheduler=scheduler,
            cutoff_min=cutoff,
            counties=None if counties.strip().lower() == "all" else codes,
            places_per_part=places_per_part,
            resume=resume,
            progress=step,
        )
    content = run.manifest
    kept = f" ({run.kept_count} were there)" if run.kept_count else ""
    typer.echo(f"{content['places_count']:,} places in {len(content['parts'])} parts{kept} in {folder}.")
    if content["lone_places_count"]:
        typer.echo(f"{content['lone_places_count']} places of the country have no way to any other in this model.")
    if services is None:
        typer.echo(f"These are {SYNTHETIC}.")
