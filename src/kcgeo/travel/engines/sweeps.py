"""Searches from many places at once: a contraction order made once, then one sweep over all nodes for eight searches.

A sweep has no queue. Nodes are contracted in an order of nested dissection; contracting keeps distances by shortcuts.
From the sources only their few hundred superiors in that order are searched upward, and then every node takes its time
from its superiors, from the top down, for eight searches side by side. Needs numba and, for the order,
``routingkit-cch``. Answers equal those of the other engines: times are whole milliseconds.

Delling, Goldberg, Nowatzyk, Werneck (2011), PHAST: hardware-accelerated shortest path trees.
Dibbelt, Strasser, Wagner (2016), Customizable contraction hierarchies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from kcgeo.travel.arcs import LONGEST_MS, UNREACHED, Arcs, Hierarchy, Ints
from kcgeo.travel.engines.kernels import packed, parts

__all__ = ["hierarchy", "nearest", "reach"]

LANES = 8
_INF = np.int32(LONGEST_MS + 1)  # twice this still fits into 32 bits
_FAR = np.int32(UNREACHED)
_BLOCK_CELLS = 8_000_000


def hierarchy(arcs: Arcs, xy: npt.NDArray[np.float64]) -> Hierarchy:
    """Contract a graph; ``xy`` are the places of the nodes, by which it is cut into halves.

    Takes some ten seconds for 260,000 nodes; kept by :func:`kcgeo.travel.prepare`.
    """
    count = arcs.node_count
    tails = np.repeat(np.arange(count, dtype=np.int32), np.diff(arcs.indptr))
    apart = tails != arcs.indices  # a loop is no way to a superior
    tails, heads, time_ms = tails[apart], arcs.indices[apart], arcs.time_ms[apart]
    rank = _ranks(tails, heads, xy)
    low, high = np.sort([rank[tails], rank[heads]], axis=0).astype(np.int64)
    key = np.unique(low * count + high)
    begins = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(key // max(count, 1), minlength=count), out=begins[1:])
    indptr, superiors = _contracted(begins, (key % max(count, 1)).astype(np.int32))
    up_ms, down_ms = (np.full(len(superiors), _INF, dtype=np.int32) for _ in range(2))
    _spread(indptr, superiors, rank[tails], rank[heads], time_ms, up_ms, down_ms)
    _customised(indptr, superiors, up_ms, down_ms)
    least_up, least_down = up_ms.copy(), down_ms.copy()
    _perfected(indptr, superiors, least_up, least_down)
    parent = np.full(count, -1, dtype=np.int32)
    has = np.diff(indptr) > 0
    parent[has] = superiors[indptr[:-1][has]]
    return Hierarchy(
        rank,
        parent,
        _kept(indptr, superiors, up_ms, (up_ms == least_up) & (up_ms < _INF)),
        _kept(indptr, superiors, down_ms, (down_ms == least_down) & (down_ms < _INF)),
    )


def _ranks(tails: Ints, heads: Ints, xy: npt.NDArray[np.float64]) -> Ints:
    """Rank of each node in an order of nested dissection along straight cuts."""
    from routingkit_cch import compute_order_inertial

    order = compute_order_inertial(len(xy), tails.tolist(), heads.tolist(), xy[:, 1].tolist(), xy[:, 0].tolist())
    rank = np.empty(len(xy), dtype=np.int32)
    rank[np.asarray(order, dtype=np.int64)] = np.arange(len(xy), dtype=np.int32)
    return rank


def _kept(indptr: npt.NDArray[np.int64], superiors: Ints, time_ms: Ints, kept: npt.NDArray[np.bool_]) -> Arcs:
    """Leave out arcs that no shortest way needs."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return Arcs(before[indptr].astype(np.int32), superiors[kept], time_ms[kept])


@njit(cache=True)
def _contracted(begins, heads):  # type: ignore[no-untyped-def]
    """Superiors of each node once all nodes are contracted: its own and those that its children leave to it."""
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


@njit(cache=True)
def _spread(indptr, superiors, tails, heads, time_ms, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Give each arc of the graph to the arc of the hierarchy between the same nodes."""
    for arc in range(len(tails)):
        low, high = min(tails[arc], heads[arc]), max(tails[arc], heads[arc])
        at = indptr[low] + np.searchsorted(superiors[indptr[low] : indptr[low + 1]], high)
        if tails[arc] == low:
            up_ms[at] = min(up_ms[at], time_ms[arc])
        else:
            down_ms[at] = min(down_ms[at], time_ms[arc])


@njit(cache=True)
def _customised(indptr, superiors, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Let each pair of superiors know the way through the node below, from the bottom up."""
    for node in range(len(indptr) - 1):
        for one in range(indptr[node], indptr[node + 1]):
            third = indptr[superiors[one]]
            for two in range(one + 1, indptr[node + 1]):
                while superiors[third] != superiors[two]:
                    third += 1
                up_ms[third] = min(up_ms[third], down_ms[one] + up_ms[two])
                down_ms[third] = min(down_ms[third], down_ms[two] + up_ms[one])


@njit(cache=True)
def _perfected(indptr, superiors, up_ms, down_ms):  # type: ignore[no-untyped-def]
    """Lower each arc to the shortest time between its ends, from the top down; what falls is not needed."""
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


@njit(cache=True)
def _superiors_too(parent, wanted):  # type: ignore[no-untyped-def]
    """Mark what the wanted nodes hang on, and list all marked nodes from the top down."""
    for node in range(len(parent)):
        if wanted[node] and parent[node] >= 0:
            wanted[parent[node]] = True
    return np.flatnonzero(wanted)[::-1].astype(np.int32)


@njit(cache=True, nogil=True)
def _sweep(  # type: ignore[no-untyped-def]
    parent, up_ptr, up, up_ms, down_ptr, down, down_ms, nodes, begins, downward, columns, limit, first, last, block
):
    """Search rows ``first`` to ``last``, eight at a time, on arrays of their own."""
    best = np.empty((len(parent), LANES), dtype=np.int32)
    for row in range(first, last, LANES):
        best[:] = _INF
        for lane in range(min(LANES, last - row)):
            for at in range(begins[row + lane], begins[row + lane + 1]):
                node = nodes[at]
                best[node, lane] = 0
                while node >= 0:
                    start = best[node, lane]
                    if start < _INF:
                        for arc in range(up_ptr[node], up_ptr[node + 1]):
                            best[up[arc], lane] = min(best[up[arc], lane], start + up_ms[arc])
                    node = parent[node]
        for node in downward:
            for arc in range(down_ptr[node], down_ptr[node + 1]):
                other = down[arc]
                time = down_ms[arc]
                for lane in range(LANES):
                    best[node, lane] = min(best[node, lane], np.int32(best[other, lane] + time))
        for lane in range(min(LANES, last - row)):
            for column in range(len(columns)):
                time = best[columns[column], lane]
                block[row + lane, column] = time if time <= limit else _FAR


@njit(cache=True, parallel=True)
def _block(  # type: ignore[no-untyped-def]
    parent, up_ptr, up, up_ms, down_ptr, down, down_ms, nodes, begins, downward, columns, limit, shares, block
):
    """Share the rows of a block out among threads; the body is a call, so that nothing is shared between them."""
    for part in prange(len(shares) - 1):
        _sweep(
            parent,
            up_ptr,
            up,
            up_ms,
            down_ptr,
            down,
            down_ms,
            nodes,
            begins,
            downward,
            columns,
            limit,
            shares[part],
            shares[part + 1],
            block,
        )


def _filled(
    one: Hierarchy, nodes: npt.NDArray[Any], begins: npt.NDArray[np.int64], downward: Ints, columns: Ints, limit: int
) -> Ints:
    block = np.empty((len(begins) - 1, len(columns)), dtype=np.int32)
    if block.size:
        shares = parts(-(-len(block) // LANES)) * LANES
        shares[-1] = len(block)
        _block(one.parent, *one.up, *one.down, one.rank[nodes], begins, downward, columns, limit, shares, block)
    return block


def nearest(one: Hierarchy, groups: list[npt.NDArray[np.intp]], limit: int) -> Ints:
    """As :func:`kcgeo.travel.engines.engine.nearest_ms`."""
    nodes = np.concatenate([*groups, np.empty(0, dtype=np.intp)])
    begins = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    downward = np.arange(len(one.parent), dtype=np.int32)[::-1].copy()
    return _filled(one, nodes, begins, downward, one.rank, limit)


def reach(
    one: Hierarchy, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> tuple[npt.NDArray[np.int64], Ints, Ints]:
    """As :func:`kcgeo.travel.engines.kernels.reach`."""
    wanted = np.zeros(len(one.parent), dtype=np.bool_)
    wanted[one.rank[targets]] = True
    downward, columns = _superiors_too(one.parent, wanted), one.rank[targets]
    height = max(LANES, _BLOCK_CELLS // max(len(targets), 1) // LANES * LANES)
    blocks = []
    for start in range(0, len(sources), height):
        nodes = sources[start : start + height]
        filled = _filled(one, nodes, np.arange(len(nodes) + 1, dtype=np.int64), downward, columns, limit)
        blocks.append(packed(filled, limit))
    if not blocks:
        return np.zeros(0, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    counts, at, times = zip(*blocks, strict=True)
    return np.concatenate(counts), np.concatenate(at), np.concatenate(times)
