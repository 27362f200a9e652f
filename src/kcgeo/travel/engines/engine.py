"""Shortest-path searches on plain arrays: whole milliseconds in, whole milliseconds out.

Times inside are integers, so that sums are exact, a cutoff includes its own value, and all engines give the same
answer to the last bit: ``scipy`` everywhere; ``numba`` (extra ``fast``), which is several times faster but takes a
second or two to load; ``sweep`` on a network that was prepared once, for many searches on a large one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from kcgeo.errors import KcgeoError
from kcgeo.travel.arcs import (
    UNREACHED,
    Arcs,
    Engine,
    Hierarchy,
    Ints,
    scipy_graph,
)

__all__ = ["chosen", "nearest_ms", "reach_ms", "sums_ms"]

# scipy answers in dense rows of all nodes: only so many sources at once, and cut to the wanted columns straight away.
_DENSE_ROWS = 25

# Below this many nodes x searches scipy is done before numba is loaded.
_WORTH_COMPILED = 3_000_000


def chosen(engine: Engine, arcs: Arcs, search_count: int) -> Literal["scipy", "numba"]:
    """Return the engine to use: under ``auto`` the compiled one where it is installed and the work is worth its load.

    Raises
    ------
    KcgeoError
        The engine is unknown, or ``numba`` was asked for and is not installed.
    """
    if engine not in get_args(Engine):
        raise KcgeoError(f"There is no engine {engine!r}; choose {', '.join(get_args(Engine))}.")
    loaded = "kcgeo.travel.engines.kernels" in sys.modules
    if engine == "scipy" or (engine == "auto" and not loaded and arcs.node_count * search_count < _WORTH_COMPILED):
        return "scipy"
    if find_spec("numba") is not None:
        return "numba"
    if engine == "numba":
        raise KcgeoError("The engine numba is not installed; install the extra 'fast', or choose scipy.")
    return "scipy"


def nearest_ms(
    arcs: Arcs,
    groups: Sequence[npt.NDArray[np.intp]],
    limit: int,
    *,
    engine: Engine = "auto",
    prepared: Hierarchy | None = None,
) -> Ints:
    """Milliseconds along the arcs from the nearest source of each group to every node.

    Parameters
    ----------
    arcs
        The graph; give :func:`reversed_arcs` for times towards the sources.
    groups
        Positions of the source nodes, one array a group; an empty group reaches nothing.
    limit
        Milliseconds that may not be exceeded.
    engine
        See :func:`chosen`; the answers are equal.
    prepared
        The same graph, contracted: used instead of it where given.

    Returns
    -------
    numpy.ndarray
        Shape (groups, nodes), int32; ``UNREACHED`` where no source of the group is within the limit.
    """
    if prepared is not None:
        from kcgeo.travel.engines import sweeps

        return sweeps.nearest(prepared, list(groups), limit)
    if chosen(engine, arcs, len(groups)) == "numba":
        from kcgeo.travel.engines import kernels

        return kernels.nearest(arcs, list(groups), limit)
    graph = scipy_graph(arcs)
    rows = np.full((len(groups), arcs.node_count), UNREACHED, dtype=np.int32)
    for row, sources in zip(rows, groups, strict=True):
        if len(sources):
            row[:] = _whole(dijkstra(graph, indices=np.unique(sources), min_only=True, limit=limit + 0.5))
    return rows


def reach_ms(
    arcs: Arcs,
    sources: npt.NDArray[np.intp],
    targets: npt.NDArray[np.intp],
    limit: int,
    *,
    engine: Engine = "auto",
    prepared: Hierarchy | None = None,
) -> sp.csr_array:
    """Milliseconds from sources to targets, for the pairs within the limit.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (sources, targets), int32, columns rising; a stored 0 is a time of 0, what is not stored is out of reach.
    """
    shape = (len(sources), len(targets))
    if prepared is not None:
        from kcgeo.travel.engines import sweeps

        counts, columns, times = sweeps.reach(prepared, sources, targets, limit)
    elif chosen(engine, arcs, len(sources)) == "numba":
        from kcgeo.travel.engines import kernels

        counts, columns, times = kernels.reach(arcs, sources, targets, limit)
    else:
        parts = list(_scipy_reach(arcs, sources, targets, limit)) if len(targets) else []
        counts = np.concatenate([part[0] for part in parts]) if parts else np.zeros(len(sources), dtype=np.int64)
        columns, times = (
            np.concatenate([part[at] for part in parts]) if parts else np.empty(0, dtype=np.int32) for at in (1, 2)
        )
    return sp.csr_array((times, columns, np.concatenate([[0], np.cumsum(counts)])), shape=shape)


def sums_ms(
    arcs: Arcs,
    sources: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float64],
    limit: int,
    *,
    prepared: Hierarchy | None = None,
) -> npt.NDArray[np.float64]:
    """Add up, at every node, the weights of the sources from which it is within the limit; no pair is kept.

    Returns
    -------
    numpy.ndarray
        One sum a node, float64; added in the order of the sources.
    """
    if prepared is not None:
        from kcgeo.travel.engines import sweeps

        return sweeps.sums(prepared, sources, weights, limit)
    graph, total = scipy_graph(arcs), np.zeros(arcs.node_count)
    for start in range(0, len(sources), _DENSE_ROWS):
        some = slice(start, start + _DENSE_ROWS)
        near = dijkstra(graph, indices=sources[some], limit=limit + 0.5) <= limit + 0.5
        total += weights[some] @ near
    return total


def _scipy_reach(
    arcs: Arcs, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> Iterator[tuple[npt.NDArray[np.int64], Ints, Ints]]:
    """Yield counts by source, columns and times for a few sources at once."""
    graph = scipy_graph(arcs)
    for start in range(0, len(sources), _DENSE_ROWS):
        dense = dijkstra(graph, indices=sources[start : start + _DENSE_ROWS], limit=limit + 0.5)
        times = _whole(dense[:, targets])
        reached = times != UNREACHED
        yield reached.sum(axis=1), np.nonzero(reached)[1].astype(np.int32), times[reached]


def _whole(times: npt.NDArray[np.float64]) -> Ints:
    """Round scipy's sums back to whole milliseconds."""
    return np.where(np.isfinite(times), np.rint(times), UNREACHED).astype(np.int32)
