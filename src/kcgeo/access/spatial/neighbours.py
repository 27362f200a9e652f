"""Who is a neighbour of whom: the nearest places, all within a band, areas that touch, or a table of one's own."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS
from scipy import sparse
from scipy.spatial import KDTree

from kcgeo.access.pairs import number_faults, text_ids
from kcgeo.crs import STORAGE, require, require_metric
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.travel.network import KEYS, point_ids

__all__ = ["contiguity", "place_ids", "weights_of"]

Floats = npt.NDArray[np.float64]

_EARTH_M = 6_371_008.8
_SAME = 1e-9  # distances that differ by less, relatively, are equal: then the smaller id is the nearer


def contiguity(areas: gpd.GeoDataFrame, *, corners: bool = True) -> pd.DataFrame:
    """Areas that touch, as a table of neighbours for :func:`hot_spots` and :func:`global_moran`.

    Parameters
    ----------
    areas
        Polygons with an id column or a named index.
    corners
        Whether a shared corner is enough (queen); otherwise a shared stretch of border is wanted (rook).

    Returns
    -------
    DataFrame
        ``from_id, to_id``, each pair in both directions; an area that touches no other has no row.

    Raises
    ------
    TableError
        Rows without an outline, or ids that are missing or repeated.

    >>> from shapely import box
    >>> outlines = [box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 1, 3, 2)]
    >>> squares = gpd.GeoDataFrame({"id": ["a", "b", "c"]}, geometry=outlines)
    >>> len(contiguity(squares)), len(contiguity(squares, corners=False))
    (4, 2)
    """
    ids = place_ids(areas, "areas")
    outlines = areas.geometry
    one, other = outlines.sindex.query(outlines.array, predicate="intersects")
    apart = one != other
    one, other = one[apart], other[apart]
    if not corners:
        shared = outlines.iloc[one].boundary.intersection(outlines.iloc[other].boundary, align=False)
        border = shared.length.to_numpy() > 0
        one, other = one[border], other[border]
    order = np.lexsort((other, one))
    return pd.DataFrame({"from_id": ids[one[order]], "to_id": ids[other[order]]})


def place_ids(places: gpd.GeoDataFrame, what: str = "places") -> pd.Index[Any]:
    """Return the ids of places of any geometry as text, one each."""
    key = next((name for name in KEYS if name in places.columns), None)
    if key is None and places.index.name is None:
        raise TableError(f"The {what} have no id: give a column named one of {', '.join(KEYS)}, or name the index.")
    ids = text_ids(places[key] if key is not None else places.index, what)
    bare = (places.geometry.isna() | places.geometry.is_empty).to_numpy()
    problems = [f"The {what} {first_ids(ids[bare])} have no geometry."] if bare.any() else []
    odd = np.asarray(ids.duplicated(), dtype=bool) | np.asarray(ids.isna(), dtype=bool)
    if odd.any():
        problems.append(f"The {what} need one id each; see {first_ids(ids[odd])}.")
    raise_all(problems, TableError)
    return ids


def weights_of(
    places: gpd.GeoDataFrame,
    known: pd.Index[Any],
    *,
    neighbour_count: int | None,
    band_m: float | None,
    neighbours: pd.DataFrame | None,
) -> sparse.csr_array:
    """Weights between the places of ``known`` (rows and columns in its order), 0 on the diagonal."""
    _check(neighbour_count, band_m, neighbours)
    if neighbours is not None:
        return _own(neighbours, known)
    ids = text_ids(point_ids(places, "places", unique=True), "places")
    points, on_globe = _measurable(places)
    lost = ~np.asarray(np.isfinite(points).all(axis=1), dtype=bool)
    if lost.any():
        raise TableError(f"The points of {first_ids(ids[lost])} are no finite numbers.")
    points = points[ids.get_indexer(text_ids(known, "values"))]
    rows = _in_band(points, band_m, on_globe) if band_m is not None else _nearest(points, int(neighbour_count or 0))
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([place for row in rows for place in row], dtype=np.int64)
    return sparse.csr_array((np.ones(columns.size), columns, starts), shape=(len(known), len(known)))


def _check(neighbour_count: object, band_m: object, neighbours: object) -> None:
    given = [one for one in (neighbour_count, band_m, neighbours) if one is not None]
    problems = []
    if len(given) != 1:
        problems.append("Give either neighbour_count or band_m or neighbours, and set the others to None.")
    if neighbour_count is not None:
        problems += number_faults(neighbour_count, "neighbour_count", least=1, whole=True)
    if band_m is not None:
        problems += number_faults(band_m, "band_m", above=True)
    raise_all(problems, TableError)


def _own(neighbours: Any, known: pd.Index[Any]) -> sparse.csr_array:
    if not isinstance(neighbours, pd.DataFrame) or not {"from_id", "to_id"} <= set(neighbours.columns):
        raise TableError("The neighbours must be a DataFrame with from_id, to_id and, where wanted, weight.")
    names = text_ids(known, "values")
    one, other = (names.get_indexer(text_ids(neighbours[column], "neighbours")) for column in ("from_id", "to_id"))
    weight = neighbours["weight"].to_numpy(dtype=float) if "weight" in neighbours else np.ones(len(neighbours))
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise TableError("The weight of neighbours must be a number of 0 or more in every row.")
    # a place without a value is nobody's neighbour, and none is its own
    kept = (one >= 0) & (other >= 0) & (one != other) & (weight > 0)
    if pd.DataFrame({"one": one[kept], "other": other[kept]}).duplicated().any():
        raise TableError("The neighbours hold a pair more than once; keep one row for a pair.")
    return sparse.csr_array((weight[kept], (one[kept], other[kept])), shape=(len(names), len(names)))


def _measurable(places: gpd.GeoDataFrame) -> tuple[Floats, bool]:
    """Return coordinates in metres, and whether they lie on the globe: storage is measured through it."""
    if places.crs is None:
        require(places, what="places")
    x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    if CRS(places.crs) != CRS(STORAGE):
        require_metric(places.crs)
        return np.column_stack([x, y]), False
    lon, lat = np.radians(x), np.radians(y)
    return _EARTH_M * np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]), True


def _in_band(points: Floats, band_m: float, on_globe: bool) -> list[list[int]]:
    reach = 2 * _EARTH_M * math.sin(band_m / (2 * _EARTH_M)) if on_globe else band_m
    if not len(points):
        return []
    balls: Any = KDTree(points).query_ball_point(points, reach * (1 + 1e-12))
    return [sorted(set(row) - {place}) for place, row in enumerate(balls)]


def _nearest(points: Floats, count: int) -> list[list[int]]:
    """List the nearest of each point; points are in the order of their ids, so of equally near ones the first count."""
    if len(points) < 2:
        return [[] for _ in points]
    tree = KDTree(points)
    wanted = min(count + 1, len(points))
    farthest = np.asarray(tree.query(points, k=wanted)[0]).reshape(len(points), wanted)[:, -1]
    balls: Any = tree.query_ball_point(points, farthest * (1 + _SAME) + _SAME)
    rows = []
    for place, row in enumerate(balls):
        others = np.array(sorted(set(row) - {place}), dtype=np.intp)
        away = np.linalg.norm(points[others] - points[place], axis=1)
        # distances in steps of the tolerance, so that the noise of a last digit does not break a tie
        steps = np.rint(away / max(farthest[place] * _SAME, _SAME))
        rows.append(sorted(others[np.lexsort((others, steps))][:count].tolist()))
    return rows
