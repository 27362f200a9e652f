"""The hexagon grid of a study: which cells, in which county, on which bank, how densely settled.

Cells are those of Uber's H3 whose centre lies in a county. Population density comes from census areas of which only a
point and a land area are packaged; each area is thought of as a disc of its size, and a cell belongs to the disc that
it is deepest in (a power diagram). Against the true outlines of 154 areas of the core this puts more cells right than
the nearest point does; ``docs/methods/travel-times.md`` has the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from kcgeo import crs as systems
from kcgeo.data.places.hexagons import deepest
from kcgeo.data.study.settings import Barrier

__all__ = ["banks", "cell_points", "cut", "density_per_km2", "links", "local_kmh", "neighbours"]


def cell_points(cells: pd.DataFrame) -> gpd.GeoDataFrame:
    """Turn the centres of cells into points of a fresh table ``cell_id, county_fips, geometry``."""
    return gpd.GeoDataFrame(
        cells[["cell_id", "county_fips"]].reset_index(drop=True),
        geometry=gpd.points_from_xy(cells["lon"], cells["lat"]),
        crs=systems.STORAGE,
    )


def neighbours(cell_ids: Sequence[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Positions of the two cells of each pair that shares a side, each pair once, in rising order."""
    position = {cell: at for at, cell in enumerate(cell_ids)}
    pairs = [
        (at, other)
        for cell, at in position.items()
        for name in h3.grid_ring(cell, 1)
        if (other := position.get(name, -1)) > at
    ]
    pairs.sort()
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def banks(county_fips: pd.Series, barriers: Sequence[Barrier]) -> npt.NDArray[np.int8]:
    """Side of each barrier on which a county lies, shape (rows, barriers): -1, 1, or 0 where it is named on neither."""
    sides = [
        np.where(county_fips.isin(barrier.side_a), -1, np.where(county_fips.isin(barrier.side_b), 1, 0))
        for barrier in barriers
    ]
    return np.array(sides, dtype=np.int8).reshape(len(sides), len(county_fips)).T


def cut(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Whether a barrier lies between two rows of :func:`banks`."""
    return np.asarray((one * other < 0).any(axis=1))


def links(
    xy: npt.NDArray[np.float64],
    side: npt.NDArray[np.int8],
    one: npt.NDArray[np.intp],
    other: npt.NDArray[np.intp],
    served: npt.NDArray[np.intp],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of cells that are joined: neighbours that no barrier cuts, and pockets with the land around them.

    County lines keep old courses of a river, so that a few cells of one bank may lie on the other, and a corner of a
    county may hang on the rest by less than a cell. Such a pocket, smaller than the largest piece of its bank and
    without a highway, is joined to its neighbours over the barrier, or where it has none to the nearest cell of its
    bank.

    Parameters
    ----------
    xy
        Centres of the cells in metres.
    side
        Rows of :func:`banks` for the cells.
    one, other
        Pairs of neighbours.
    served
        Cells with a ramp.
    """
    free = ~cut(side[one], side[other])
    pieces = sp.csr_array((np.ones(int(free.sum())), (one[free], other[free])), shape=(len(side), len(side)))
    _, piece = connected_components(pieces, directed=False)
    sizes = np.bincount(piece)
    _, bank = np.unique(side, axis=0, return_inverse=True)
    largest = np.zeros(int(bank.max(initial=0)) + 1, dtype=sizes.dtype)
    np.maximum.at(largest, bank, sizes[piece])
    pocket = (sizes[piece] < largest[bank]) & ~np.isin(piece, piece[served])
    joined = free | pocket[one] | pocket[other]
    beside = np.isin(piece, piece[np.concatenate([one[joined & ~free], other[joined & ~free]])])
    extra = [
        _nearest_pair(xy, np.flatnonzero(piece == lone), np.flatnonzero(~pocket & (bank == bank[piece == lone][0])))
        for lone in np.unique(piece[pocket & ~beside])
    ]
    added = np.array(extra, dtype=np.intp).reshape(-1, 2)
    return np.concatenate([one[joined], added[:, 0]]), np.concatenate([other[joined], added[:, 1]])


def _nearest_pair(
    xy: npt.NDArray[np.float64], some: npt.NDArray[np.intp], others: npt.NDArray[np.intp]
) -> tuple[int, int]:
    metres, at = (np.asarray(found) for found in KDTree(xy[others]).query(xy[some]))
    closest = int(np.argmin(metres))
    return int(some[closest]), int(others[at[closest]])


def density_per_km2(
    xy: npt.NDArray[np.float64],
    area_xy: npt.NDArray[np.float64],
    area_km2: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """People per km2 at each point: that of the area in whose disc the point is deepest.

    Parameters
    ----------
    xy, area_xy
        Metres in one plane, shapes (points, 2) and (areas, 2).
    area_km2, people
        Land area and population of each area.
    """
    if not len(area_xy):
        return np.zeros(len(xy))
    return np.asarray((people / area_km2)[deepest(xy, area_xy, area_km2)])


def local_kmh(density: npt.NDArray[np.float64], steps: Sequence[tuple[float, float]]) -> npt.NDArray[np.float64]:
    """Local speed at a density: that of the last step ``[people per km2 at least, km/h]`` which is not above it.

    >>> local_kmh(np.array([0.0, 99.9, 100.0, 5000.0]), [(0, 65), (100, 55), (1200, 35)]).tolist()
    [65.0, 65.0, 55.0, 35.0]
    """
    least, speeds = np.array(steps, dtype=np.float64).T
    return np.asarray(speeds[np.searchsorted(least, density, side="right") - 1])
