"""The service directory of a study: its own layer or file, else the packaged one where that serves its counties."""

from __future__ import annotations

import warnings
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.changed import changed
from kcgeo.data.directory.checking import checked_rows
from kcgeo.data.directory.closing.authorisations import authorisations, authorised
from kcgeo.data.directory.closing.fingerprints import beside_hidden
from kcgeo.data.directory.lists import read_list
from kcgeo.data.directory.services import fitting, services
from kcgeo.data.package.catalogue import describe, read_text_table
from kcgeo.data.places.addresses import load_ranges
from kcgeo.data.places.areas import areas
from kcgeo.data.study.layers import Layer, checked_layer
from kcgeo.data.study.region import ground, is_packaged
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, WithheldWarning, first_ids

__all__ = ["directory", "directory_path", "list_of_study", "without_point"]

_BESIDE = "stands at the door of a hidden place of another list, or bears its name"


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
        Its layers ``services`` count, side by side, else its ``services_path``, else the packaged directory.
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

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> bool(data.directory(study)["service_id"].is_unique)
    True
    """
    served, approved = ground(study), areas(study)
    keeps_records = directory_path(study) is None or study.authorisations_path is not None
    records = authorisations(study) if keeps_records else None
    lists = study.layers_of("services")
    if lists:
        held = [(item, read_text_table(checked_layer(item), describe("services"))) for item in lists]
        rows = _side_by_side(held, authorisations(study))
        table = checked_rows(rows, counties=served, areas=approved, authorisations=records)
    elif path := directory_path(study):
        options, ranges = study.services_options, load_ranges(study)
        table = read_list(path, options, counties=served, areas=approved, records=records, ranges=ranges).services
    else:
        table = services(counties=served, areas=approved, authorisations=records)
    if study.changes:
        read = partial(services, counties=served, areas=approved)
        table = changed(table, study.changes, ground=served, read=lambda file: read(path=file))
    return fitting(table, category=category, eligibility=eligibility, open_at=open_at, age=age)


def list_of_study(study: Study, path: Path) -> gpd.GeoDataFrame:
    """Return one converted list of services (:mod:`kcgeo.data.study.layers`), checked for a study."""
    records = authorisations(study) if study.authorisations_path is not None else None
    rows = read_text_table(path, describe("services"))
    return checked_rows(rows, counties=ground(study), areas=areas(study), authorisations=records)


def without_point(services: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that have a door and stand on no map, since nothing tells where it is.

    Parameters
    ----------
    services
        As :func:`kcgeo.data.directory` returns them. Hotlines and virtual services have no door.
    """
    open_to_all = services["disclosure"].eq("exact") & services["service_status"].ne("inactive")
    rows: gpd.GeoDataFrame = services[open_to_all & services["location_type"].eq("physical") & services.geometry.isna()]
    return rows


@lru_cache(maxsize=32)
def _beside(layer: Layer, doors: str) -> frozenset[str]:
    """Return the ids of a list's rows that stand at hidden doors of the others; a study reads its lists many times."""
    rows = read_text_table(checked_layer(layer), describe("services"))
    return frozenset(rows.loc[beside_hidden(rows, doors), "service_id"])


def _closed(rows: pd.DataFrame, own: Layer, others: list[Layer], records: pd.DataFrame) -> pd.DataFrame:
    """Cut the exact rows of a list that stand at a hidden door of another, or bear its name, unless a record opens."""
    beside = rows["service_id"].isin(_beside(own, " ".join(item.doors for item in others if item.doors)))
    beside &= rows["disclosure"].eq("exact") & ~authorised(rows, records)
    if beside.any():
        sentence = f"{first_ids(rows.loc[beside, 'service_id'], limit=20)} came in as withheld: {_BESIDE}."
        warnings.warn(sentence, WithheldWarning, stacklevel=4)
        rows.loc[beside, [name for name in rows if name not in ("service_id", "service_categories")]] = None
        rows.loc[beside, ["disclosure", "disclosure_basis"]] = ["withheld", _BESIDE]
    return rows


def _side_by_side(held: list[tuple[Layer, pd.DataFrame]], records: pd.DataFrame) -> pd.DataFrame:
    """Join several lists; hidden rows are numbered anew, and an id of two lists bears the name of the later one."""
    layers = [item for item, _ in held]
    lists = [_closed(rows, item, [one for one in layers if one is not item], records) for item, rows in held]
    rows = pd.concat([one.assign(_list=item.name) for one, item in zip(lists, layers, strict=True)], ignore_index=True)
    hidden = rows["disclosure"].eq("withheld")
    if len(lists) > 1:
        rows.loc[hidden, "service_id"] = [f"withheld-{number:03d}" for number in range(1, int(hidden.sum()) + 1)]
        twice = rows.duplicated("service_id")
        rows.loc[twice, "service_id"] = rows["_list"][twice] + "-" + rows["service_id"][twice]
    return rows.drop(columns="_list")


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
