"""Shortest-path searches on plain arrays: whole milliseconds in, whole milliseconds out.

Times inside are integers, so that sums are exact, a cutoff includes its own value, and all engines give the same
answer to the last bit: ``scipy`` everywhere; ``numba`` (extra ``fast``), which is several times faster but takes a
second or two to load; ``sweep`` on a network that was prepared once, for many searches on a large one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from kcgeo.errors import KcgeoError

if TYPE_CHECKING:
    from kcgeo.travel.engines.sweeps import Hierarchy

__all__ = [
    "LONGEST_MS",
    "MS_PER_MIN",
    "UNREACHED",
    "Arcs",
    "Engine",
    "chosen",
    "limit_ms",
    "nearest_ms",
    "reach_ms",
    "reversed_arcs",
]

Engine = Literal["auto", "scipy", "numba", "sweep"]

MS_PER_MIN = 60_000
UNREACHED = int(np.iinfo(np.int32).max)
LONGEST_MS = 2**30 - 2  # about 12.4 days; a longer way counts as none, and twice this fits into 32 bits

# A sparse graph drops an explicit 0. A free arc therefore weighs 2**-20 ms in scipy: half a million of them in a row
# still round away, and a sum of 2**31 ms keeps the digit (52 bits of 53).
_FREE_MS = 2.0**-20
# scipy answers in dense rows of all nodes: only so many sources at once, and cut to the wanted columns straight away.
_DENSE_ROWS = 25

# Below this many nodes x searches scipy is done before numba is loaded.
_WORTH_COMPILED = 3_000_000

Ints = npt.NDArray[np.int32]


class Arcs(NamedTuple):
    """A directed graph by its outgoing arcs: those of node i are ``indptr[i]:indptr[i + 1]``."""

    indptr: Ints
    indices: Ints
    time_ms: Ints

    @property
    def node_count(self) -> int:
        """How many nodes the graph has."""
        return len(self.indptr) - 1


def reversed_arcs(arcs: Arcs) -> Arcs:
    """Turn every arc round: a search from a service on these arcs gives times *to* the service."""
    turned = _scipy_graph(arcs).tocsc()  # a free arc keeps its place there: it is not an explicit 0
    return Arcs(turned.indptr.astype(np.int32), turned.indices.astype(np.int32), np.rint(turned.data).astype(np.int32))


def limit_ms(cutoff_min: float | None) -> int:
    """Return the most milliseconds whose minutes are not above the cutoff.

    >>> limit_ms(30.0), limit_ms(29.9999999), limit_ms(None) == LONGEST_MS
    (1800000, 1799999, True)
    """
    if cutoff_min is None or cutoff_min >= LONGEST_MS / MS_PER_MIN:
        return LONGEST_MS
    whole = int(cutoff_min * MS_PER_MIN) + 1  # the product may be rounded up or down: walk to the true bound
    while whole / MS_PER_MIN > cutoff_min:
        whole -= 1
    return whole


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
    graph = _scipy_graph(arcs)
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


def _scipy_reach(
    arcs: Arcs, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> Iterator[tuple[npt.NDArray[np.int64], Ints, Ints]]:
    """Yield counts by source, columns and times for a few sources at once."""
    graph = _scipy_graph(arcs)
    for start in range(0, len(sources), _DENSE_ROWS):
        dense = dijkstra(graph, indices=sources[start : start + _DENSE_ROWS], limit=limit + 0.5)
        times = _whole(dense[:, targets])
        reached = times != UNREACHED
        yield reached.sum(axis=1), np.nonzero(reached)[1].astype(np.int32), times[reached]


def _scipy_graph(arcs: Arcs) -> sp.csr_array:
    weights = np.where(arcs.time_ms == 0, _FREE_MS, arcs.time_ms.astype(np.float64))
    return sp.csr_array((weights, arcs.indices, arcs.indptr), shape=(arcs.node_count, arcs.node_count))


def _whole(times: npt.NDArray[np.float64]) -> Ints:
    """Round scipy's sums back to whole milliseconds."""
    return np.where(np.isfinite(times), np.rint(times), UNREACHED).astype(np.int32)
