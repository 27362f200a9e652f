"""The service directory of a study: its own layer or file, else the packaged one where that serves its counties."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import geopandas as gpd

from kcgeo.data.directory.authorisations import authorisations
from kcgeo.data.directory.changed import changed
from kcgeo.data.directory.services import fitting, services
from kcgeo.data.places.areas import areas
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.region import ground, is_packaged
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError

__all__ = ["directory", "directory_path"]


def directory(
    study: Study,
    *,
    category: str | None = None,
    eligibility: str | None = None,
    open_at: datetime | None = None,
    age: int | None = None,
) -> gpd.GeoDataFrame:
    """Return the services of a study, checked against its counties and its approved areas.

    Parameters
    ----------
    study
        Its layer ``services`` counts, else its ``services_path``, else the packaged directory.
    category, eligibility, open_at, age
        As :func:`kcgeo.data.services`.

    Returns
    -------
    GeoDataFrame
        As :func:`kcgeo.data.services`.

    Raises
    ------
    StudyError
        The study names no services and its counties are not those of the packaged directory.
    TableError, CrsError
        As :func:`kcgeo.data.services`.
    """
    path = directory_path(study)
    keeps_records = path is None or study.authorisations_path is not None
    counties, approved = ground(study), areas(study)
    table = services(
        path=path,
        counties=counties,
        areas=approved,
        authorisations=authorisations(study) if keeps_records else None,
    )
    if study.changes:
        read = partial(services, counties=counties, areas=approved)
        table = changed(table, study.changes, ground=counties, read=lambda file: read(path=file))
    return fitting(table, category=category, eligibility=eligibility, open_at=open_at, age=age)


def directory_path(study: Study) -> Path | None:
    """Return the file that holds the services of a study; None for the packaged directory.

    Raises
    ------
    StudyError
        As :func:`directory`.
    """
    layer = study.layer("services")
    if layer is not None:
        return checked_layer(layer)
    if study.services_path is None and not is_packaged(study):
        raise StudyError(
            f"The study {study.name} names no services, and the packaged directory is of another region; "
            "run kcgeo data add services FILE --study STUDY, or add a section [services] with path to the study file."
        )
    return study.services_path
