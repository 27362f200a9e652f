"""Where good or poor access clusters more than chance: Gi* and local Moran, with the false discoveries kept in check.

A map of a few hundred local tests shows false clusters unless it corrects for their number. Here each p-value comes
from conditional permutations, as many as the number of tests needs, is two-sided, and is adjusted after Benjamini and
Hochberg; "not significant" is a class of its own, and so are places without a value or without neighbours.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS
from scipy.spatial import KDTree

from kcgeo.crs import STORAGE, require, require_metric
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.travel.network import point_ids

__all__ = ["GI_CLASSES", "MORAN_CLASSES", "adjusted", "hot_spots"]

Floats = npt.NDArray[np.float64]

GI_CLASSES = ("hot spot", "cold spot", "not significant", "no neighbours", "no value")
MORAN_CLASSES = ("high-high", "low-low", "high-low", "low-high", "not significant", "no neighbours", "no value")

_EARTH_M = 6_371_008.8
_QUADRANTS = {1: "high-high", 2: "low-high", 3: "low-low", 4: "high-low"}


def adjusted(p_values: npt.ArrayLike) -> Floats:
    """Adjust p-values after Benjamini and Hochberg: rejecting those at or below q keeps the false share at q.

    ``p_(k) n / k``, made monotone from the largest down, at most 1

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57.

    >>> adjusted([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[::-1]
    steps = p[order] * len(p) / np.arange(len(p), 0, -1)
    result = np.empty(len(p), dtype=np.float64)
    result[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return result


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


def _neighbours(points: Floats, globe: bool, neighbour_count: int | None, band_m: float | None) -> dict[int, list[int]]:
    """Return the neighbours of each point, rising, itself not among them."""
    if not len(points):
        return {}
    tree = KDTree(points)
    if band_m is not None:
        reach = 2 * _EARTH_M * math.sin(band_m / (2 * _EARTH_M)) if globe else band_m
        balls: Any = tree.query_ball_point(points, reach * (1 + 1e-12))
        return {k: sorted(set(row) - {k}) for k, row in enumerate(balls)}
    assert neighbour_count is not None
    wanted = min(neighbour_count + 1, len(points))
    _, near = tree.query(points, k=wanted)
    rows = near.reshape(len(points), wanted).tolist()
    # several places may share a point: a place need not be first in its own row
    return {k: sorted([other for other in row if other != k][:neighbour_count]) for k, row in enumerate(rows)}


def _figures(values: Floats, near: dict[int, list[int]]) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Return z of Gi*, local Moran's I and the quadrant of each place, from esda."""
    try:
        from esda.getisord import G_Local
        from esda.moran import Moran_Local
        from libpysal.weights import W
    except ImportError:
        raise TableError("Hot spots need esda and libpysal; install the extra: pip install 'kcgeo[stats]'.") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # islands are a class of their own here
        local = G_Local(values, W(near, silence_warnings=True), transform="B", star=True, permutations=0)
        moran = Moran_Local(values, W(near, silence_warnings=True), transformation="r", permutations=0)
    return np.asarray(local.Zs, dtype=np.float64), np.asarray(moran.Is, dtype=np.float64), np.asarray(moran.q)


def _samples(count: int, size: int, rounds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw ``size`` different numbers below ``count``, ``rounds`` times over, in random order."""
    if size * size > count:  # so many that a redraw would rarely come out without a repeat
        parts = [rng.random((min(1_000, rounds - k), count)).argsort(axis=1)[:, :size] for k in range(0, rounds, 1_000)]
        return np.concatenate(parts)
    drawn = rng.integers(0, count, (rounds, size))
    while True:
        ranked = np.sort(drawn, axis=1)
        twice = np.flatnonzero((ranked[:, 1:] == ranked[:, :-1]).any(axis=1))
        if not len(twice):
            return drawn
        drawn[twice] = rng.integers(0, count, (len(twice), size))


def _pseudo_p(values: Floats, near: dict[int, list[int]], rounds: int, rng: np.random.Generator) -> Floats:
    """Two-sided share of permutations whose neighbours sum to no less, or to no more, than the real ones.

    A place keeps its own value and meets others at random. Both statistics rise or fall with the sum of the
    neighbours alone, so one p-value serves both.
    """
    count = len(values)
    samples = _samples(count - 1, max(map(len, near.values())), rounds, rng)
    grain = 1e-12 * max(float(np.abs(values).sum()), 1e-300)
    found = np.full(count, np.nan)
    for place, others in near.items():
        if others:
            pool = np.delete(values, place)
            sums = pool[samples[:, : len(others)]].sum(axis=1)
            real = values[others].sum()
            extreme = min((sums >= real - grain).sum(), (sums <= real + grain).sum())
            found[place] = min(1.0, 2 * (extreme + 1) / (rounds + 1))
    return found


def _check(values: Any, ids: pd.Index[Any], q: float, neighbour_count: int | None, band_m: float | None) -> None:
    problems = []
    if not isinstance(values, pd.Series):
        raise TableError("The values must be a Series indexed by place.")
    if values.index.has_duplicates:
        problems.append(f"The values name {first_ids(values.index[values.index.duplicated()])} more than once.")
    odd = values.index.symmetric_difference(ids)
    if len(odd):
        problems.append(f"The values and the places must name the same ids; only one of them has {first_ids(odd)}.")
    numbers = values.to_numpy(dtype=float)
    bad = values.index[(numbers < 0) | np.isinf(numbers)]
    if len(bad):
        problems.append(f"The values of {first_ids(bad)} are negative or infinite; Gi* is defined for 0 or more.")
    if not 0 < q < 1:
        problems.append(f"q, the share of false discoveries to accept, must lie between 0 and 1, not {q}.")
    if (neighbour_count is None) == (band_m is None):
        problems.append("Give either neighbour_count or band_m, and set the other to None.")
    elif (neighbour_count is not None and neighbour_count < 1) or (band_m is not None and not band_m > 0):
        problems.append("Neighbours need a count of 1 or more, or a band above 0 metres.")
    raise_all(problems, TableError)


def hot_spots(
    values: pd.Series[float],
    places: gpd.GeoDataFrame,
    *,
    rng: np.random.Generator | int,
    q: float = 0.05,
    neighbour_count: int | None = 8,
    band_m: float | None = None,
    permutations: int | None = None,
) -> pd.DataFrame:
    """Local clusters of high and of low values: Getis-Ord Gi* and local Moran's I.

    Parameters
    ----------
    values
        One value of 0 or more for each place; NaN (not reached) is not tested and not a neighbour.
    places
        Points with the same ids, in EPSG:4326 (measured on the globe) or a CRS in metres.
    rng
        Source of the permutations, a generator or a seed; the same state gives the same answer.
    q
        Share of false discoveries to accept among the places called significant.
    neighbour_count
        Neighbours are so many nearest places (ties by id); None with ``band_m``.
    band_m
        Neighbours are all places up to and with this many metres. A place with none is an island.
    permutations
        None takes the fewest that let a single place of n pass at rank 1: ``2 n / q`` (a two-sided pseudo p-value
        cannot fall under ``2 / (permutations + 1)``). Fewer are refused: nothing could be found.

    Returns
    -------
    DataFrame
        By place, in the order of ``values``: ``value``; ``gi_z`` and ``moran_i``, the statistics; ``p``, two-sided,
        and ``q``, adjusted for the number of tests (given a place's own value both statistics are the sum of its
        neighbours, so they share both); NaN where there was no test.
        ``gi_class``: ``hot spot`` is a cluster of high values, for times that is far from help; ``cold spot``;
        ``not significant``; ``no neighbours``; ``no value``.
        ``moran_class``: ``high-high``, ``low-low``, the outliers ``high-low`` and ``low-high``, and the same others.
        Where all values are equal nothing is significant.

    Raises
    ------
    TableError
        Ids that differ, negative values, impossible options, too few permutations, or esda not installed.
    CrsError
        Places without a CRS, or in one that does not measure in metres.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27; Anselin (1995), Geographical Analysis 27; Caldas de Castro & Singer
    (2006), Geographical Analysis 38, for the control of false discoveries.
    """
    ids = point_ids(places, "places", unique=True)
    _check(values, ids, q, neighbour_count, band_m)
    points, globe = _measurable(places)
    asked, values = values.index, values.sort_index()  # neither ties nor permutations may hang on the order of rows
    points, measured = points[ids.get_indexer(values.index)], values.to_numpy(dtype=float)
    known = ~np.isnan(measured)
    near = _neighbours(points[known], globe, neighbour_count, band_m)
    linked = np.array([len(near[k]) > 0 for k in range(len(near))], dtype=bool)
    needed = math.ceil(2 * linked.sum() / q - 1e-9)
    if permutations is not None and permutations < needed - 1:
        raise TableError(
            f"{permutations} permutations cannot make one of {linked.sum()} places significant at q = {q:g}; "
            f"give at least {needed}, or None."
        )
    tested = known.copy()
    tested[known] = linked
    label = np.where(tested, "not significant", np.where(known, "no neighbours", "no value")).astype(object)
    table = pd.DataFrame({"value": measured}, index=values.index)
    columns = {name: np.full(len(table), np.nan) for name in ("gi_z", "moran_i", "p", "q")}
    gi_class, moran_class = label.copy(), label.copy()
    if linked.any() and np.ptp(measured[known]) > 0:
        level = measured[known].astype(np.float64)
        gi_z, moran_i, quadrant = (figure[linked] for figure in _figures(level, near))
        p = _pseudo_p(level, near, permutations or needed, np.random.default_rng(rng))[linked]
        for name, figure in (("gi_z", gi_z), ("moran_i", moran_i), ("p", p), ("q", adjusted(p))):
            columns[name][tested] = figure
        passed = adjusted(p) <= q
        sure = np.flatnonzero(tested)[passed]
        gi_class[sure] = np.where(gi_z > 0, "hot spot", "cold spot")[passed]
        moran_class[sure] = [_QUADRANTS[int(corner)] for corner in quadrant[passed]]
    return table.assign(**columns, gi_class=gi_class, moran_class=moran_class).loc[asked]
