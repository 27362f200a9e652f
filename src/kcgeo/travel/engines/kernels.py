"""Compiled searches: Dijkstra's algorithm with buckets, one search a row, rows shared out among threads.

Needs numba (extra ``fast``); :mod:`kcgeo.travel.engines.engine` falls back on scipy, with equal answers, without it.

A bucket holds all nodes whose tentative time falls into one span of 2**shift ms, as a doubly linked list, so that a
node that gets better moves in constant time and no entry is ever stale. Within a bucket nodes are corrected until none
is left; spans about as long as a mean arc make that rare.

Arrays that a search writes to are made inside ``_rows``, never in the body of the parallel loop: numba hoists an
allocation out of a ``prange`` body, and the threads would share it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import get_num_threads, prange

from kcgeo.travel.arcs import UNREACHED, Arcs, Ints
from kcgeo.travel.engines.compiled import compiled

__all__ = ["nearest", "packed", "parts", "reach"]

_FAR = np.int32(UNREACHED)
_OUT = np.int32(-2)  # not in a bucket
_END = np.int32(-1)  # end of a list
_MOST_BUCKETS = 1 << 20
_BLOCK_CELLS = 8_000_000  # cells of the dense block that one round of searches may fill


@compiled(nogil=True)
def _search(indptr, indices, time_ms, sources, limit, shift, head, after, before, best):  # type: ignore[no-untyped-def]
    """Fill ``best`` with the times from the nearest source; ``head`` comes and goes empty, its size a power of two.

    ``head`` is a ring of lists of nodes: a bucket's place in it is the number of its span modulo the size of the ring,
    which is larger than the longest arc, so that no two buckets in use meet at one place. ``after`` and ``before`` link
    the nodes of a list (``before`` is ``_END`` at its head and ``_OUT`` where a node is in none). When an arc makes a
    waiting node better it leaves its former bucket and is put at the head of another, both in constant time.
    """
    best[:] = _FAR
    before[:] = _OUT
    mask = len(head) - 1
    waiting = 0
    for node in sources:
        if best[node] != 0:
            best[node] = 0
            follower = head[0]
            after[node] = follower
            before[node] = _END
            if follower >= 0:
                before[follower] = node
            head[0] = node
            waiting += 1
    span = 0
    while waiting > 0:  # spans follow one another; empty ones are passed over
        slot = span & mask
        node = head[slot]
        while node >= 0:
            follower = after[node]
            head[slot] = follower
            if follower >= 0:
                before[follower] = _END
            before[node] = _OUT
            waiting -= 1
            start = np.int64(best[node])
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                time = start + time_ms[arc]
                known = best[other]
                if time < known and time <= limit:
                    best[other] = time
                    bucket = (time >> shift) & mask
                    ahead = before[other]
                    if ahead != _OUT:  # it waits already: take it out of its list
                        former = (known >> shift) & mask
                        if former == bucket:
                            continue
                        behind = after[other]
                        if ahead >= 0:
                            after[ahead] = behind
                        else:
                            head[former] = behind
                        if behind >= 0:
                            before[behind] = ahead
                    else:
                        waiting += 1
                    follower = head[bucket]
                    after[other] = follower
                    before[other] = _END
                    if follower >= 0:
                        before[follower] = other
                    head[bucket] = other
            node = head[slot]
        span += 1


@compiled(nogil=True)
def _rows(indptr, indices, time_ms, nodes, begins, limit, shift, ring, targets, first, last, block):  # type: ignore[no-untyped-def]
    """Search rows ``first`` to ``last``, one after the other, on arrays of their own."""
    count = len(indptr) - 1
    head = np.full(ring, _END, dtype=np.int32)
    after = np.empty(count, dtype=np.int32)
    before = np.empty(count, dtype=np.int32)
    best = np.empty(count, dtype=np.int32)
    for row in range(first, last):
        sources = nodes[begins[row] : begins[row + 1]]
        if len(targets) == 0:
            _search(indptr, indices, time_ms, sources, limit, shift, head, after, before, block[row])
        else:
            _search(indptr, indices, time_ms, sources, limit, shift, head, after, before, best)
            for column in range(len(targets)):
                block[row, column] = best[targets[column]]


@compiled(parallel=True)
def _block(indptr, indices, time_ms, nodes, begins, limit, shift, ring, targets, shares, block):  # type: ignore[no-untyped-def]
    """Share the rows of a block out among threads; the body is a call, so that nothing is shared between them."""
    for part in prange(len(shares) - 1):
        _rows(
            indptr,
            indices,
            time_ms,
            nodes,
            begins,
            limit,
            shift,
            ring,
            targets,
            shares[part],
            shares[part + 1],
            block,
        )


@compiled(nogil=True)
def packed(block, limit):  # type: ignore[no-untyped-def]
    """Turn the cells of a block within the limit into counts by row, columns and times."""
    counts = np.zeros(block.shape[0], dtype=np.int64)
    for row in range(block.shape[0]):
        for column in range(block.shape[1]):
            counts[row] += block[row, column] <= limit
    total = counts.sum()
    columns = np.empty(total, dtype=np.int32)
    times = np.empty(total, dtype=np.int32)
    at = 0
    for row in range(block.shape[0]):
        for column in range(block.shape[1]):
            if block[row, column] <= limit:
                columns[at] = column
                times[at] = block[row, column]
                at += 1
    return counts, columns, times


def _spans(arcs: Arcs) -> tuple[int, int]:
    """Return the digits of a bucket's span (about a mean arc) and how many buckets hold the longest arc."""
    if not len(arcs.time_ms):
        return 0, 2
    longest = int(arcs.time_ms.max())
    shift = max(int(arcs.time_ms.mean()), 1).bit_length() - 1
    while (longest >> shift) + 2 > _MOST_BUCKETS:
        shift += 1
    return shift, 1 << ((longest >> shift) + 1).bit_length()


def parts(rows: int) -> npt.NDArray[np.int64]:
    """Bounds of the parts that threads take in turn."""
    return np.linspace(0, rows, min(rows, 4 * get_num_threads()) + 1).astype(np.int64)


def nearest(arcs: Arcs, groups: list[npt.NDArray[np.intp]], limit: int) -> Ints:
    """As :func:`kcgeo.travel.engines.engine.nearest_ms`."""
    block = np.empty((len(groups), arcs.node_count), dtype=np.int32)
    if block.size:
        nodes = np.concatenate(groups).astype(np.int64)
        begins = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
        shift, ring = _spans(arcs)
        _block(*arcs, nodes, begins, limit, shift, ring, np.empty(0, dtype=np.int64), parts(len(groups)), block)
    return block


def reach(
    arcs: Arcs, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> tuple[npt.NDArray[np.int64], Ints, Ints]:
    """As :func:`kcgeo.travel.engines.engine.reach_ms`; works in blocks, so that memory follows the pairs in reach."""
    shift, ring = _spans(arcs)
    ends = targets.astype(np.int64)
    height = max(1, min(len(sources), _BLOCK_CELLS // max(len(ends), 1)))
    blocks = []
    for start in range(0, len(sources) if len(ends) else 0, height):
        nodes = sources[start : start + height].astype(np.int64)
        block = np.empty((len(nodes), len(ends)), dtype=np.int32)
        begins = np.arange(len(nodes) + 1, dtype=np.int64)
        _block(*arcs, nodes, begins, limit, shift, ring, ends, parts(len(nodes)), block)
        blocks.append(packed(block, limit))
    if not blocks:
        return np.zeros(len(sources), dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    counts, columns, times = zip(*blocks, strict=True)
    return np.concatenate(counts), np.concatenate(columns), np.concatenate(times)
