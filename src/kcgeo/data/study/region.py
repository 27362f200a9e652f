"""Which packaged tables serve a study: chosen by its counties, never by its name.

The package holds detailed tables of one region (outlines, ZIP points with names, highways with route names and exits,
approved areas) and coarser ones of the United States. A study whose counties all lie in that region uses the detailed
tables; any other is cut from the national ones, with the ground around it that trips may pass through.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo.data.package.catalogue import load, package_folder
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, first_ids

__all__ = [
    "GROUND_KM",
    "ROADS_KM",
    "cities",
    "counties",
    "distance_m",
    "ground",
    "is_packaged",
    "near_study",
    "packaged",
]

GROUND_KM = 5.0
"""Counties this near to a study are ground that a trip may pass through."""

ROADS_KM = 80.0
"""Highways this near to a study are part of its graph."""

LABELS_KM = 15.0
"""Towns this near to a study are labelled."""


_REGIONS = "the planning regions that took the place of Connecticut's counties in 2022 (09110, 09120 ... 09190)"
GONE = {
    **dict.fromkeys(("09001", "09003", "09005", "09007", "09009", "09011", "09013", "09015"), _REGIONS),
    "02261": "02063 and 02066 (since 2019)",
    "02270": "02158 (since 2015)",
    "46113": "46102 (since 2015)",
    "51515": "51019 (since 2013)",
}
"""Counties that are gone, and what took their place."""


def packaged(name: str) -> Any:
    """Return a fresh copy of a packaged table, read once a session: the national ones take a second."""
    return _read(name, package_folder()).copy()


@lru_cache(maxsize=16)
def _read(name: str, folder: Path) -> Any:
    return load(name)


def is_packaged(study: Study) -> bool:
    """Say whether the detailed tables of the packaged region hold all counties of a study.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.is_packaged(study)
    True
    """
    return set(study.counties) <= set(_read("counties", package_folder())["county_fips"])


def counties(study: Study) -> gpd.GeoDataFrame:
    """Return the counties of a study.

    Returns
    -------
    GeoDataFrame
        ``county_fips, name, state, in_msa`` and outlines, EPSG:4326, sorted by code. Outside the packaged region no
        list of metropolitan areas is packaged: there ``in_msa`` is True for each county of the study. A city that bears
        the name of a county of its state is called a city.

    Raises
    ------
    StudyError
        The study names a county that the data package does not have.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> len(data.counties(study))
    15
    """
    table = ground(study)
    return table[table["county_fips"].isin(study.counties)].reset_index(drop=True)


def ground(study: Study) -> gpd.GeoDataFrame:
    """Return the counties of a study and those around it, which trips pass through.

    Returns
    -------
    GeoDataFrame
        As :func:`counties`: all counties of the packaged region, or the study's own and those within
        :data:`GROUND_KM` of them, for which ``in_msa`` is False.

    Raises
    ------
    StudyError
        As :func:`counties`.
    """
    if is_packaged(study):
        table: gpd.GeoDataFrame = packaged("counties")
        return table
    return _ground(study.counties, study.crs, package_folder()).copy()


@lru_cache(maxsize=4)
def _ground(codes: tuple[str, ...], crs: str, folder: Path) -> gpd.GeoDataFrame:
    """Cut the ground of some counties from the national outlines; asked for again and again, and slow."""
    every = _named_apart(packaged("counties_us"))
    unknown = [code for code in dict.fromkeys(codes) if code not in set(every["county_fips"])]
    if unknown:
        raise StudyError(
            [f"study.counties names {code}; use {GONE[code]} in its place." for code in unknown if code in GONE]
            or f"study.counties names {first_ids(unknown)}, which the data package does not have; it has the counties "
            "of all states, the District of Columbia and Puerto Rico (kcgeo study near 'TOWN ST' lists some)."
        )
    own = every["county_fips"].isin(codes)
    near = own.to_numpy() | (distance_m(every.geometry, every.geometry[own], crs) <= 1000 * GROUND_KM)
    chosen = every[near].reset_index(drop=True)
    chosen.insert(3, "in_msa", chosen["county_fips"].isin(codes))
    return chosen


def may_lie_in(codes: pd.Series, study: Study) -> pd.Series:
    """Say which county codes, of any year, may be of a study: its own, and those that are gone in its states."""
    states = {code[:2] for code in study.counties}
    return codes.isin(study.counties) | (codes.isin(list(GONE)) & codes.str[:2].isin(states))


def cities(study: Study) -> gpd.GeoDataFrame:
    """Return the towns of a study and around it, for labels.

    Returns
    -------
    GeoDataFrame
        ``city_id, name, state, population_count`` and points, EPSG:4326: those of the packaged region, or the national
        ones within :data:`LABELS_KM` of the study's counties.

    Raises
    ------
    StudyError
        As :func:`counties`.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.cities(study).columns.tolist()[:3]
    ['city_id', 'name', 'state']
    """
    if is_packaged(study):
        table: gpd.GeoDataFrame = packaged("cities")
        return table
    return near_study(study, packaged("cities_us"), LABELS_KM)


def near_study(study: Study, points: gpd.GeoDataFrame, margin_km: float) -> gpd.GeoDataFrame:
    """Return the rows of a table of points that lie within a margin of the study's counties."""
    outlines = counties(study).geometry
    west, south, east, north = outlines.total_bounds
    aside = margin_km / (111.0 * np.cos(np.radians(max(abs(south), abs(north)))))  # a first sieve in degrees
    up = margin_km / 110.5
    some = points.cx[west - 2 * aside : east + 2 * aside, south - 2 * up : north + 2 * up]
    kept: gpd.GeoDataFrame = some[distance_m(some.geometry, outlines, study.crs) <= 1000 * margin_km]
    return kept.reset_index(drop=True)


def _named_apart(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Call a city a city where a county of its state bears the same name."""
    twice = table.duplicated(["name", "state"], keep=False) & table["county_kind"].eq("city")
    table.loc[twice, "name"] = table.loc[twice, "name"] + " city"
    return table.drop(columns="county_kind")


def distance_m(shapes: gpd.GeoSeries, area: gpd.GeoSeries, crs: str) -> Any:
    """Metres from each shape to an area; infinite where the CRS of the study cannot express a far-away shape."""
    west, south, east, north = area.total_bounds
    box = shapely.box(west - 5, south - 5, east + 5, north + 5)
    near = shapely.intersects(shapes.to_numpy(), box)
    metres = np.full(len(shapes), np.inf)
    if near.any():
        whole = shapely.union_all(area.to_crs(crs).to_numpy())
        shapely.prepare(whole)
        metres[near] = shapely.distance(shapes[near].to_crs(crs).to_numpy(), whole)
    return metres
