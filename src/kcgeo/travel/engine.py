"""Shortest-path searches on plain arrays: whole milliseconds in, whole milliseconds out.

Times inside are integers, so that sums are exact, a cutoff includes its own value, and every engine gives the same
answer to the last bit. ``scipy`` serves everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

__all__ = ["LONGEST_MS", "MS_PER_MIN", "UNREACHED", "Arcs", "limit_ms", "nearest_ms", "reach_ms", "reversed_arcs"]

MS_PER_MIN = 60_000
UNREACHED = int(np.iinfo(np.int32).max)
LONGEST_MS = UNREACHED - 1  # about 24.8 days; a longer way counts as none

# A sparse graph drops an explicit 0. A free arc therefore weighs 2**-20 ms in scipy: half a million of them in a row
# still round away, and a sum of 2**31 ms keeps the digit (52 bits of 53).
_FREE_MS = 2.0**-20
# scipy answers in dense rows of all nodes: only so many sources at once, and cut to the wanted columns straight away.
_DENSE_ROWS = 25

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


def nearest_ms(arcs: Arcs, groups: Sequence[npt.NDArray[np.intp]], limit: int) -> Ints:
    """Milliseconds along the arcs from the nearest source of each group to every node.

    Parameters
    ----------
    arcs
        The graph; give :func:`reversed_arcs` for times towards the sources.
    groups
        Positions of the source nodes, one array a group; an empty group reaches nothing.
    limit
        Milliseconds that may not be exceeded.

    Returns
    -------
    numpy.ndarray
        Shape (groups, nodes), int32; ``UNREACHED`` where no source of the group is within the limit.
    """
    graph = _scipy_graph(arcs)
    rows = np.full((len(groups), arcs.node_count), UNREACHED, dtype=np.int32)
    for row, sources in zip(rows, groups, strict=True):
        if len(sources):
            row[:] = _whole(dijkstra(graph, indices=np.unique(sources), min_only=True, limit=limit + 0.5))
    return rows


def reach_ms(
    arcs: Arcs, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Ints]:
    """List all pairs of a source and a target within the limit.

    Returns
    -------
    tuple of numpy.ndarray
        Position in ``sources``, position in ``targets``, milliseconds; sorted by the two positions.
    """
    parts = list(_scipy_reach(arcs, sources, targets, limit))
    if not parts:
        nothing = np.empty(0, dtype=np.intp)
        return nothing, nothing, np.empty(0, dtype=np.int32)
    firsts, seconds, times = zip(*parts, strict=True)
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(times)


def _scipy_reach(
    arcs: Arcs, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Ints]]:
    graph = _scipy_graph(arcs)
    for start in range(0, len(sources), _DENSE_ROWS):
        dense = dijkstra(graph, indices=sources[start : start + _DENSE_ROWS], limit=limit + 0.5)
        times = _whole(dense[:, targets])
        first, second = np.nonzero(times != UNREACHED)
        yield first + start, second, times[first, second]


def _scipy_graph(arcs: Arcs) -> sp.csr_array:
    weights = np.where(arcs.time_ms == 0, _FREE_MS, arcs.time_ms.astype(np.float64))
    return sp.csr_array((weights, arcs.indices, arcs.indptr), shape=(arcs.node_count, arcs.node_count))


def _whole(times: npt.NDArray[np.float64]) -> Ints:
    """Round scipy's sums back to whole milliseconds."""
    return np.where(np.isfinite(times), np.rint(times), UNREACHED).astype(np.int32)
