"""Is this file about my study? One question, asked by geometry of every kind of file.

A file of another city, or one whose coordinates were shifted or exchanged, has ids and columns like the right one; what
gives it away is where its points lie.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from kcgeo.crs import STORAGE
from kcgeo.data.places.people import places
from kcgeo.data.study.region import counties, distance_m
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["FAR_KM", "NEAR_KM", "check_in_counties", "check_reach", "check_units"]

NEAR_KM = 5.0
"""Packaged outlines are simplified and coasts are drawn coarsely: what lies this near to a county lies in it."""

FAR_KM = 25.0
"""A network farther than this from every place of a study is one of another region."""

_KM_PER_DEGREE = 111.2
_MOST_LAND = 1.25  # times the county, over which outlines must overlap


def check_units(study: Study, units: pd.DataFrame, *, what: str) -> list[str]:
    """Refuse places of which most of a county lie outside the county that their ids name.

    Parameters
    ----------
    study
        Its counties and metric CRS.
    units
        ``place_id, county_fips, latitude, longitude`` and, where the source gives it, ``land_area_km2``.
    what
        In the plural: ``block groups``.

    Returns
    -------
    list of str
        Notes: the places that lie elsewhere, and counties whose places have more land than the county.

    Raises
    ------
    TableError
        Names the counties.
    """
    outlines = counties(study).set_index("county_fips").geometry
    points = gpd.GeoSeries.from_xy(units["longitude"], units["latitude"], index=units.index, crs=STORAGE)
    off = pd.Series(False, index=units.index)
    for code, rows in units.groupby("county_fips"):
        off[rows.index] = distance_m(points[rows.index], outlines[[code]], study.crs) > 1000 * NEAR_KM
    lost = off.groupby(units["county_fips"]).mean()
    lost = lost[lost > 0.5]
    if len(lost):
        raise TableError(
            f"The {what} whose ids name the county {first_ids(lost.index)} do not lie there; are their points or "
            "outlines of another place, shifted, or in another reference system than the file says?"
        )
    notes = []
    if off.any():
        ids = first_ids(units.loc[off, "place_id"])
        notes.append(f"{int(off.sum()):,} of the {what} lie outside the county of their id: {ids}.")
    if "land_area_km2" in units:
        land = units.groupby("county_fips")["land_area_km2"].sum()
        whole = outlines.to_crs(study.crs).area / 1e6
        notes += [
            f"The {what} of {code} have {land[code]:,.0f} km2 of land in a county of {whole[code]:,.0f} km2: do their "
            "outlines overlap? Densities, and with them local speeds, would be wrong."
            for code in land.index[land > _MOST_LAND * whole.reindex(land.index)]
        ]
    return notes


def check_in_counties(
    study: Study, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, what: str
) -> tuple[str, ...]:
    """Refuse points none of which lies in the study's counties or within :data:`NEAR_KM` of them; say how many do.

    Raises
    ------
    TableError
        None does.
    """
    points = gpd.GeoSeries.from_xy(lon, lat, crs=STORAGE)
    inside = distance_m(points, counties(study).geometry, study.crs) <= 1000 * NEAR_KM
    if not inside.any():
        raise TableError(
            f"No {what} lies within {NEAR_KM:g} km of the counties of the study; the file is about another region."
        )
    if inside.all():
        return ()
    return (f"{int(inside.sum()):,} of {len(inside):,} {what}s lie in the counties of the study.",)


def check_reach(
    study: Study, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, what: str
) -> tuple[str, ...]:
    """Refuse a network that lies near no place of the study, and say how many places lie too far from it.

    Parameters
    ----------
    study
        Its places, and the longest way to a network, ``travel.max_snap_m``.
    lon, lat
        Nodes of the network, EPSG:4326.
    what
        In the singular: ``street``.

    Raises
    ------
    TableError
        The nearest place is farther than :data:`FAR_KM`.
    """
    homes = places(study).geometry
    shrink = np.array([np.cos(np.radians(homes.y.mean())), 1.0])
    nodes, spots = np.column_stack([lon, lat]), np.column_stack([homes.x, homes.y])
    away_km = _KM_PER_DEGREE * np.asarray(cKDTree(nodes * shrink).query(spots * shrink)[0])
    far = away_km * 1000 > study.travel.max_snap_m
    if away_km.min() > FAR_KM:
        raise TableError(
            f"No place of the study lies near a {what} of this file (the nearest is {away_km.min():,.0f} km away); "
            "the file is about another region."
        )
    if not far.any():
        return ()
    return (
        f"{int(far.sum()):,} of {len(far):,} places of the study lie beyond these {what}s, where nothing may be "
        "in reach; take a larger extract if that is not meant.",
    )
