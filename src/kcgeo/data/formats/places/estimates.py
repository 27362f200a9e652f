"""Estimates of what a source of places does not hold, from the packaged ZIP code points; always said in a note."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.spatial import cKDTree

from kcgeo.crs import STORAGE
from kcgeo.data.study.region import counties
from kcgeo.data.study.settings import Study

__all__ = ["group_counts", "people_counts", "region_km2", "shared_out"]


def shared_out(total: int, weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Share a whole number out by weights in whole parts that add up to it (largest remainders; ties to the first).

    >>> shared_out(10, [1, 1, 1]).tolist()
    [4, 3, 3]
    >>> shared_out(5, [0, 0]).tolist()
    [3, 2]
    """
    given = np.asarray(weights, dtype=np.float64)
    if given.sum() <= 0:
        given = np.ones_like(given)
    exact: npt.NDArray[np.float64] = total * given / given.sum()
    parts: npt.NDArray[np.int64] = np.floor(exact).astype(np.int64)
    rest = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:rest]] += 1
    return parts


def _xy(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return coordinates in which near is near at one latitude: longitude shrunk by its cosine."""
    east, north = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.column_stack([east * np.cos(np.radians(39.0)), north])


def _nearest_source(units: pd.DataFrame, sources: gpd.GeoDataFrame) -> npt.NDArray[np.intp]:
    """Return for each unit the row of the nearest source of its county, or of any where the county has none."""
    where = _xy(sources.geometry.x, sources.geometry.y)
    points = _xy(units["longitude"], units["latitude"])
    nearest: npt.NDArray[np.intp] = np.asarray(cKDTree(where).query(points)[1], dtype=np.intp)
    for county, rows in units.groupby("county_fips").indices.items():
        here = np.flatnonzero((sources["county_fips"] == county).to_numpy())
        if len(here):
            nearest[rows] = here[np.asarray(cKDTree(where[here]).query(points[rows])[1], dtype=np.intp)]
    return nearest


def people_counts(units: pd.DataFrame, sources: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """People of each unit, an estimate: those of a source are shared equally among the units nearest to it.

    The sum over a county stays that of its sources: a source that is nearest to no unit gives its people to the unit
    nearest to it.

    Parameters
    ----------
    units
        ``county_fips, longitude, latitude``, a default index.
    sources
        ``county_fips, population_count`` and points.
    """
    nearest = _nearest_source(units, sources)
    people = np.zeros(len(units), dtype=np.int64)
    tree_of = {
        county: (rows, cKDTree(_xy(units["longitude"].iloc[rows], units["latitude"].iloc[rows])))
        for county, rows in units.groupby("county_fips").indices.items()
    }
    spots = _xy(sources.geometry.x, sources.geometry.y)
    for row, (county, count) in enumerate(zip(sources["county_fips"], sources["population_count"], strict=True)):
        mine: npt.NDArray[np.intp] = np.flatnonzero(nearest == row)
        if not len(mine) and county in tree_of:
            rows, tree = tree_of[county]
            mine = np.atleast_1d(rows[int(tree.query(spots[row])[1])])
        if len(mine):
            people[mine] += shared_out(int(count), np.ones(len(mine)))
    return people


def group_counts(units: pd.DataFrame, sources: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the groups of each unit, an estimate: people x the group's share in the nearest source of the county.

    Parameters
    ----------
    units
        ``county_fips, longitude, latitude, population_count``, a default index.
    sources
        ``county_fips``, the counts of people, groups and households, and points.

    Returns
    -------
    DataFrame
        ``under18_count, poverty_count, household_count, no_vehicle_household_count`` on the index of ``units``, whole
        numbers as float64; a source without people stands for none.
    """
    lived = sources[sources["population_count"] > 0].reset_index(drop=True)
    near = lived.iloc[_nearest_source(units, lived)].reset_index(drop=True)
    ratio = units["population_count"].to_numpy(dtype=np.float64) / near["population_count"].to_numpy(dtype=np.float64)
    names = ["under18_count", "poverty_count", "household_count", "no_vehicle_household_count"]
    return pd.DataFrame({name: np.rint(near[name].to_numpy() * ratio) for name in names}, index=units.index)


def region_km2(study: Study, units: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Area of each unit, an estimate: the part of its county that is nearer to it than to any other unit (km2).

    Units at one spot share their part equally; the parts of a county add up to its area.
    """
    shapes = counties(study).to_crs(study.crs).set_index("county_fips").geometry
    to_metres = Transformer.from_crs(STORAGE, study.crs, always_xy=True)
    xy = np.column_stack(to_metres.transform(units["longitude"].to_numpy(), units["latitude"].to_numpy()))
    area = np.zeros(len(units))
    for county, rows in units.groupby("county_fips").indices.items():
        shape = shapes[county]
        spots, which, count = np.unique(xy[rows].round(1), axis=0, return_inverse=True, return_counts=True)
        which = which.ravel()
        parts = _nearer_parts(spots, shape)
        area[rows] = parts[which] / count[which] / 1e6
    return area.round(6)


def _nearer_parts(spots: npt.NDArray[np.float64], shape: shapely.geometry.base.BaseGeometry) -> npt.NDArray[np.float64]:
    if len(spots) == 1:
        return np.array([shape.area])
    regions = np.asarray(shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=shape)))
    shapely.prepare(shape)
    areas = shapely.area(shapely.intersection(regions, shape))
    tree = shapely.STRtree(regions)
    spot, region = tree.query(shapely.points(spots), predicate="intersects")
    found = np.zeros(len(spots))
    found[spot] = areas[region]
    return found
