"""Where good or poor access clusters more than chance: Gi* and local Moran, with the false discoveries kept in check.

A map of a few hundred local tests shows false clusters unless it corrects for their number. Here each p-value comes
from conditional permutations, as many as the number of tests needs, is two-sided, and is adjusted after Benjamini and
Hochberg; "not significant" is a class of its own, and so are places without a value or without neighbours.
"""

from __future__ import annotations

import math
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import holds_numbers, number_faults, repeated, text_ids
from kcgeo.access.spatial.neighbours import place_ids, weights_of
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["GI_CLASSES", "MORAN_CLASSES", "adjusted", "global_moran", "hot_spots"]

Floats = npt.NDArray[np.float64]

GI_CLASSES = ("hot spot", "cold spot", "not significant", "no neighbours", "no value")
MORAN_CLASSES = ("high-high", "low-low", "high-low", "low-high", "not significant", "no neighbours", "no value")


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


def _gi_z(values: Floats, weights: sparse.csr_array) -> Floats:
    """Work out z of Gi*, the place itself among its neighbours with weight 1; NaN where all places are neighbours."""
    count = len(values)
    total = np.asarray(weights.sum(axis=1)).ravel() + 1
    squares = np.asarray(weights.power(2).sum(axis=1)).ravel() + 1
    spread = values.std() * np.sqrt(np.maximum(count * squares - total**2, 0.0) / max(count - 1, 1))
    off = weights @ values + values - total * values.mean()
    has_spread = spread > 1e-12 * np.abs(values).max()
    return np.asarray(np.divide(off, spread, out=np.full(count, np.nan), where=has_spread), dtype=np.float64)


def _moran(values: Floats, weights: sparse.csr_array) -> Floats:
    """Work out local Moran's I, ``(n - 1) z_i sum_j w_ij z_j / sum z^2`` with row-standardised weights."""
    z = values - values.mean()
    total = np.asarray(weights.sum(axis=1)).ravel()
    lag = np.divide(weights @ z, total, out=np.zeros(len(z)), where=total > 0)
    return np.asarray((len(z) - 1) * z * lag / (z @ z), dtype=np.float64)


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


def _pseudo_p(
    values: Floats, weights: sparse.csr_array, rounds: int, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Two-sided share of permutations as extreme as the real neighbours, and whether these are in the upper tail.

    A place keeps its own value and meets others at random. Both statistics rise or fall with the sum of the
    neighbours alone, so one p-value serves both, and so does its tail.
    """
    count = len(values)
    degree = np.diff(weights.indptr)
    samples = _samples(count - 1, int(degree.max()), rounds, rng)
    grain = 1e-12 * max(float(np.abs(values).sum()) * float(weights.data.max()), 1e-300)
    p, is_high = np.full(count, np.nan), np.zeros(count, dtype=bool)
    for place in np.flatnonzero(degree):
        row = slice(weights.indptr[place], weights.indptr[place + 1])
        others, weight = weights.indices[row], weights.data[row]
        pool = np.delete(values, place)
        sums = pool[samples[:, : len(others)]] @ weight
        real = values[others] @ weight
        above, below = (sums >= real - grain).sum(), (sums <= real + grain).sum()
        p[place] = min(1.0, 2 * (min(above, below) + 1) / (rounds + 1))
        is_high[place] = above < below
    return p, is_high


def _check(values: Any, ids: pd.Index[Any], q: object) -> None:
    if not isinstance(values, pd.Series):
        raise TableError("The values must be a Series indexed by place.")
    if not holds_numbers(values):
        raise TableError(f"The values must hold numbers, not {values.dtype}.")
    problems = repeated(values.index, "The values name")
    odd = text_ids(values.index, "values").symmetric_difference(ids)
    if len(odd):
        problems.append(f"The values and the places must name the same ids; only one of them has {first_ids(odd)}.")
    bad = values.index[np.isinf(values.to_numpy(dtype=float, na_value=np.nan))]
    if len(bad):
        problems.append(f"The values of {first_ids(bad)} are infinite; write NaN for a place that is not reached.")
    if number_faults(q, "q", above=True) or not float(cast(float, q)) < 1:
        problems.append(f"q, the share of false discoveries to accept, must lie between 0 and 1, not {q!r}.")
    raise_all(problems, TableError)


def hot_spots(
    values: pd.Series[float],
    places: gpd.GeoDataFrame,
    *,
    rng: np.random.Generator | int,
    q: float = 0.05,
    neighbour_count: int | None = 8,
    band_m: float | None = None,
    neighbours: pd.DataFrame | None = None,
    permutations: int | None = None,
) -> pd.DataFrame:
    """Local clusters of high and of low values: Getis-Ord Gi* and local Moran's I.

    Parameters
    ----------
    values
        One value for each place, negative ones too (a change); NaN (not reached) is not tested and not a neighbour.
    places
        Points with the same ids, in EPSG:4326 (measured on the globe) or a CRS in metres; with ``neighbours`` any
        geometry will do.
    rng
        Source of the permutations, a generator or a seed; the same state gives the same answer.
    q
        Share of false discoveries to accept among the places called significant.
    neighbour_count
        Neighbours are so many nearest places (ties by id); None with ``band_m``.
    band_m
        Neighbours are all places up to and with this many metres. A place with none is an island.
    neighbours
        A table of one's own, ``from_id, to_id`` and, where wanted, ``weight``, or that of :func:`contiguity`; set
        ``neighbour_count`` to None.
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
        ``not significant``, also where ``gi_z`` and the tail of ``p`` disagree (a high place among low ones);
        ``no neighbours``; ``no value``.
        ``moran_class``: ``high-high``, ``low-low``, the outliers ``high-low`` and ``low-high``, and the same others.
        Where all values are equal nothing is significant.

    Raises
    ------
    TableError
        Ids that differ, infinite values, impossible options, or too few permutations.
    CrsError
        Places without a CRS, or in one that does not measure in metres.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27; Anselin (1995), Geographical Analysis 27; Caldas de Castro & Singer
    (2006), Geographical Analysis 38, for the control of false discoveries.
    """
    ids = place_ids(places)
    _check(values, ids, q)
    asked, order = values.index, text_ids(values.index, "values").argsort()
    values = values.iloc[order]  # neither ties nor permutations may hang on the order of rows
    measured = values.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(measured)
    weights = weights_of(
        places, values.index[known], neighbour_count=neighbour_count, band_m=band_m, neighbours=neighbours
    )
    linked = np.diff(weights.indptr) > 0
    needed = math.ceil(2 * linked.sum() / q - 1e-9)
    if permutations is not None and not permutations >= needed - 1:
        raise TableError(
            f"{permutations} permutations cannot make one of {linked.sum()} places significant at q = {q:g}; "
            f"give at least {needed}, or None."
        )
    tested = known.copy()
    tested[known] = linked
    label = np.where(tested, "not significant", np.where(known, "no neighbours", "no value")).astype(object)
    columns = {name: np.full(len(measured), np.nan) for name in ("gi_z", "moran_i", "p", "q")}
    gi_class, moran_class = label.copy(), label.copy()
    if linked.any() and np.ptp(measured[known]) > 0:
        level = measured[known].astype(np.float64)
        gi_z, moran_i = _gi_z(level, weights)[linked], _moran(level, weights)[linked]
        every_p, every_tail = _pseudo_p(level, weights, permutations or needed, _rng(rng))
        p, is_high = every_p[linked], every_tail[linked]
        for name, figure in (("gi_z", gi_z), ("moran_i", moran_i), ("p", p), ("q", adjusted(p))):
            columns[name][tested] = figure
        passed = adjusted(p) <= q
        rows = np.flatnonzero(tested)[passed]
        # the class of Gi* needs its z and the tail of p on one side: a high place among low ones is no hot spot
        gi = np.where(is_high & (gi_z > 0), "hot spot", np.where(~is_high & (gi_z < 0), "cold spot", "not significant"))
        own = np.where(level[linked] > level.mean(), "high", "low").astype(object)
        gi_class[rows] = gi[passed]
        moran_class[rows] = (own + "-" + np.where(is_high, "high", "low").astype(object))[passed]
    table = pd.DataFrame({"value": measured}, index=values.index)
    return table.assign(**columns, gi_class=gi_class, moran_class=moran_class).loc[asked]


def global_moran(
    values: pd.Series[float],
    places: gpd.GeoDataFrame,
    *,
    rng: np.random.Generator | int,
    neighbour_count: int | None = 8,
    band_m: float | None = None,
    neighbours: pd.DataFrame | None = None,
    permutations: int = 9_999,
) -> pd.Series[float]:
    """Moran's I of the whole map: whether like lies beside like anywhere, before asking where.

    ``I = n / S0 * sum_ij w_ij z_i z_j / sum_i z_i^2`` with row-standardised weights

    Minutes to the nearest service rise smoothly with distance, so their I is near 1 by construction and is no finding;
    it tells something of counts, shares and changes.

    Parameters
    ----------
    values, places, rng, neighbour_count, band_m, neighbours
        As in :func:`hot_spots`; places without a value are left out.
    permutations
        Random maps to compare with.

    Returns
    -------
    Series
        ``moran_i``; ``expected`` of a random map, ``-1 / (n - 1)``; ``z`` and the two-sided ``p`` against the
        permutations. NaN where fewer than three places are linked or all values are equal.

    Raises
    ------
    TableError, CrsError
        As :func:`hot_spots`.

    References
    ----------
    Moran (1950), Biometrika 37; Cliff & Ord (1981), Spatial Processes.
    """
    _check(values, place_ids(places), 0.05)
    raise_all(number_faults(permutations, "permutations", least=99, whole=True), TableError)
    known = values.iloc[text_ids(values.index, "values").argsort()].dropna().astype(float)
    weights = weights_of(places, known.index, neighbour_count=neighbour_count, band_m=band_m, neighbours=neighbours)
    total = np.asarray(weights.sum(axis=1)).ravel()
    names = ["moran_i", "expected", "z", "p"]
    z = known.to_numpy() - known.mean()
    if len(z) < 3 or not total.any() or not np.ptp(z) > 0:
        return pd.Series(np.nan, index=names, name="global_moran")
    scaled = sparse.csr_array(sparse.diags_array(np.divide(1, total, out=np.zeros(len(z)), where=total > 0)) @ weights)
    scale = len(z) / scaled.sum() / (z @ z)
    found = float(scale * (z @ (scaled @ z)))
    draw = _rng(rng)
    maps = (draw.permutation(z) for _ in range(permutations))
    drawn = np.array([scale * (one @ (scaled @ one)) for one in maps])
    extreme = min((drawn >= found - 1e-12).sum(), (drawn <= found + 1e-12).sum())
    p = min(1.0, 2 * (extreme + 1) / (permutations + 1))
    return pd.Series(
        [found, -1 / (len(z) - 1), (found - drawn.mean()) / (drawn.std() or np.nan), p], names, name="global_moran"
    )


def _rng(rng: object) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator | int | np.integer) or isinstance(rng, bool):
        raise TableError(f"rng must be a numpy Generator or a whole number as seed, not {rng!r}.")
    return np.random.default_rng(rng)
