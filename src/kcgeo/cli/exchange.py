"""Commands that hand data on to other software."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kcgeo.cli.shared import StudyOption, data_app, study_path

__all__: list[str] = []


@data_app.command(
    "export-hsds", epilog="Example: kcgeo data export-hsds services-hsds.zip --study studies/kansas-city.toml"
)
def export_hsds(
    out: Annotated[Path, typer.Argument(help="File to write: .zip (CSV tables) or .json.")],
    study: StudyOption = None,
) -> None:
    """Write the services of a study as an Open Referral HSDS 3.0 directory; confidential places are never in it."""
    from kcgeo import data
    from kcgeo.disclosure import release
    from kcgeo.present.files.hsds_folder import write_hsds
    from kcgeo.study.sources import sources_of, vintage_of

    settings = data.read_study(study_path(study))
    released = release(
        data.directory(settings),
        name="services",
        kind="services",
        sources=sources_of(settings, "services"),
        vintage=vintage_of(settings, "services"),
        areas=data.areas(settings)["area"],
        authorisations=data.authorisations(settings),
    )
    typer.echo(f"{write_hsds(released, out)} services written to {out.name}.")
