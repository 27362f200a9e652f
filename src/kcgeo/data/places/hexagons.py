"""The hexagons of a study's ground, and which census area each of them belongs to."""

from __future__ import annotations

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo import crs as systems

__all__ = ["deepest", "grid_cells"]

_CHUNK = 4_096


def grid_cells(counties: gpd.GeoDataFrame, resolution: int) -> pd.DataFrame:
    """Cells whose center lies in a county, rising by id: ``cell_id, county_fips, lon, lat``."""
    systems.require(counties, what="counties")
    county_of: dict[str, str] = {}
    for fips, shape in sorted(zip(counties["county_fips"].astype(str), counties.geometry, strict=True)):
        for cell in h3.geo_to_cells(shape, resolution):
            county_of.setdefault(cell, fips)
    ids = sorted(county_of)
    centers = np.array([h3.cell_to_latlng(cell) for cell in ids], dtype=np.float64).reshape(-1, 2)
    return pd.DataFrame(
        {"cell_id": ids, "county_fips": [county_of[cell] for cell in ids], "lon": centers[:, 1], "lat": centers[:, 0]}
    )


def deepest(
    xy: npt.NDArray[np.float64], area_xy: npt.NDArray[np.float64], area_km2: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Position of the area in whose disc each point is deepest.

    Depth is r^2 - d^2 with r the radius of a disc of the area's size and d the distance to its point: the power diagram
    of the discs, which gives a large area the reach that the nearest point would deny it.

    Parameters
    ----------
    xy, area_xy
        Meters in one plane, shapes (points, 2) and (areas, 2); at least one area.
    area_km2
        Land of each area.
    """
    square_m2 = area_km2 * 1e6 / np.pi
    found = np.empty(len(xy), dtype=np.intp)
    for start in range(0, len(xy), _CHUNK):
        part = xy[start : start + _CHUNK, None, :] - area_xy[None, :, :]
        found[start : start + _CHUNK] = np.argmin((part**2).sum(axis=2) - square_m2, axis=1)
    return found
