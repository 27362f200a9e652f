"""A contracted network: nodes in an order, shortcuts between superiors, and times for them.

Contracting keeps distances: a node is taken out, and those of its neighbours that are still there are joined to one
another. Which shortcuts arise depends on the network and on the order only, not on times: they are made once, and take
other times (another hour, another draw) in a fraction of a second.

Dibbelt, Strasser, Wagner (2016), Customizable contraction hierarchies, ACM Journal of Experimental Algorithmics 21.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kcgeo.travel.arcs import LONGEST_MS, Arcs, Contraction, Hierarchy, Ints
from kcgeo.travel.engines.compiled import compiled
from kcgeo.travel.engines.order import dissected

__all__ = ["contraction", "timed"]

_INF = np.int32(LONGEST_MS + 1)  # twice this still fits into 32 bits


def timed(shape: Contraction, time_ms: Ints) -> Hierarchy:
    """Give the arcs of the network these times, in their order, and every shortcut what follows from them."""
    up_ms, down_ms = (np.full(len(shape.superiors), _INF, dtype=np.int32) for _ in range(2))
    _spread(shape.entry, shape.is_up, time_ms, up_ms, down_ms)
    _customised(shape.indptr, shape.superiors, up_ms, down_ms)
    least_up, least_down = up_ms.copy(), down_ms.copy()
    _perfected(shape.indptr, shape.superiors, least_up, least_down)
    has = np.diff(shape.indptr) > 0
    parent = np.full(len(shape.rank), -1, dtype=np.int32)
    parent[has] = shape.superiors[shape.indptr[:-1][has]]
    return Hierarchy(
        shape.rank,
        parent,
        _kept(shape, up_ms, (up_ms == least_up) & (up_ms < _INF)),
        _kept(shape, down_ms, (down_ms == least_down) & (down_ms < _INF)),
    )


def _kept(shape: Contraction, time_ms: Ints, kept: npt.NDArray[np.bool_]) -> Arcs:
    """Leave out arcs that no shortest way needs."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return Arcs(before[shape.indptr].astype(np.int32), shape.superiors[kept], time_ms[kept])


def contraction(arcs: Arcs, xy: npt.NDArray[np.float64]) -> Contraction:
    """Contract a graph; ``xy`` are the places of the nodes, by which it is cut into halves."""
    count = arcs.node_count
    shape = (count, count)
    tails = np.repeat(np.arange(count, dtype=np.int32), np.diff(arcs.indptr))
    one_way = sp.csr_array((np.ones(len(tails), dtype=np.int8), arcs.indices, arcs.indptr), shape=shape)
    both = sp.csr_array(one_way + one_way.T)
    rank = dissected(both.indptr.astype(np.int32), both.indices.astype(np.int32), xy)
    ends = rank[np.repeat(np.arange(count), np.diff(both.indptr))], rank[both.indices]
    rising = ends[0] < ends[1]
    upward = sp.csr_array((np.ones(rising.sum(), dtype=np.int8), (ends[0][rising], ends[1][rising])), shape=shape)
    indptr, superiors = _contracted(upward.indptr.astype(np.int64), upward.indices.astype(np.int32))
    entry = _entries(indptr, superiors, rank[tails], rank[arcs.indices])
    return Contraction(rank, indptr, superiors, entry, rank[tails] < rank[arcs.indices])


@compiled()
def _contracted(begins, heads):  # type: ignore[no-untyped-def]
    """Superiors of each node once all nodes are contracted: its own and those that its children leave to it.

    A node leaves its superiors to the lowest of them, its parent; so the children of a node are all that it has to
    look at. ``first`` and ``following`` chain the children of each node.
    """
    count = len(begins) - 1
    room = max(len(heads) * 2, 16)
    out = np.empty(room, dtype=np.int32)
    indptr = np.zeros(count + 1, dtype=np.int64)
    first = np.full(count, -1, dtype=np.int32)
    following = np.full(count, -1, dtype=np.int32)
    seen = np.full(count, -1, dtype=np.int32)
    at = 0
    for node in range(count):
        most = begins[node + 1] - begins[node]
        child = first[node]
        while child >= 0:
            most += indptr[child + 1] - indptr[child]
            child = following[child]
        if at + most > room:
            room = 2 * (at + most)
            wider = np.empty(room, dtype=np.int32)
            wider[:at] = out[:at]
            out = wider
        start = at
        for arc in range(begins[node], begins[node + 1]):
            out[at] = heads[arc]
            seen[heads[arc]] = node
            at += 1
        child = first[node]
        while child >= 0:
            for arc in range(indptr[child], indptr[child + 1]):
                other = out[arc]
                if other != node and seen[other] != node:
                    seen[other] = node
                    out[at] = other
                    at += 1
            child = following[child]
        out[start:at] = np.sort(out[start:at])
        indptr[node + 1] = at
        if at > start:
            following[node] = first[out[start]]
            first[out[start]] = node
    return indptr, out[:at].copy()


@compiled()
def _entries(indptr, superiors, tails, heads):  # type: ignore[no-untyped-def]
    """Find the entry of the hierarchy between the ends of each arc."""
    entry = np.full(len(tails), -1, dtype=np.int64)
    for arc in range(len(tails)):
        low, high = min(tails[arc], heads[arc]), max(tails[arc], heads[arc])
        if low != high:
            entry[arc] = indptr[low] + np.searchsorted(superiors[indptr[low] : indptr[low + 1]], high)
    return entry


@compiled(nogil=True)
def _spread(entry, is_up, time_ms, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Give the time of each arc of the graph to its entry of the hierarchy."""
    for arc in range(len(entry)):
        at = entry[arc]
        if at < 0:
            continue
        if is_up[arc]:
            up_ms[at] = min(up_ms[at], time_ms[arc])
        else:
            down_ms[at] = min(down_ms[at], time_ms[arc])


@compiled(nogil=True)
def _customised(indptr, superiors, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Let each pair of superiors know the way through the node below, from the bottom up.

    When a node has its turn, nothing below it is left that could still make one of its own arcs shorter. Any two of
    its superiors are joined to one another (that is what contracting did), so their entry is found by walking along
    the superiors of the lower one, which are rising as well.
    """
    for node in range(len(indptr) - 1):
        for one in range(indptr[node], indptr[node + 1]):
            third = indptr[superiors[one]]
            for two in range(one + 1, indptr[node + 1]):
                while superiors[third] != superiors[two]:
                    third += 1
                up_ms[third] = min(up_ms[third], down_ms[one] + up_ms[two])
                down_ms[third] = min(down_ms[third], down_ms[two] + up_ms[one])


@compiled(nogil=True)
def _perfected(indptr, superiors, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Lower each arc to the shortest time between its ends, from the top down; what falls is not needed.

    The other two sides of a triangle end higher up and are final already. An arc whose time falls is longer than a way
    over a third, higher node: every search finds that way without it.
    """
    for node in range(len(indptr) - 2, -1, -1):
        for one in range(indptr[node], indptr[node + 1]):
            third = indptr[superiors[one]]
            for two in range(one + 1, indptr[node + 1]):
                while superiors[third] != superiors[two]:
                    third += 1
                up_ms[one] = min(up_ms[one], up_ms[two] + down_ms[third])
                up_ms[two] = min(up_ms[two], up_ms[one] + up_ms[third])
                down_ms[one] = min(down_ms[one], up_ms[third] + down_ms[two])
                down_ms[two] = min(down_ms[two], down_ms[third] + down_ms[one])
