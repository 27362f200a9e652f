"""Searches from many places at once: one pass over a contracted network serves 16 searches side by side.

A sweep has no queue. From the sources only their few hundred superiors are searched upward, and then every node takes
its time from its superiors, from the top down. The searches lie side by side in memory, so that each arc is read once
for all of them, and the processor adds and compares them in one step. Answers equal those of the other engines: times
are whole milliseconds.

Delling, Goldberg, Nowatzyk, Werneck (2011), PHAST: hardware-accelerated shortest path trees.
Delling, Goldberg, Werneck (2011), Faster batched shortest paths in road networks: the part that some targets need.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numba import get_num_threads

from kcgeo.travel.arcs import LONGEST_MS, UNREACHED, Hierarchy, Ints
from kcgeo.travel.engines.compiled import compiled

__all__ = ["nearest", "reach", "sums"]

LANES = 16  # searches side by side: one line of the processor's cache
_ROUNDS = 16  # rounds that are added up before they are handed on
_T = TypeVar("_T")
_INF = np.int32(LONGEST_MS + 1)  # twice this still fits into 32 bits
_FAR = np.int32(UNREACHED)
Floats = npt.NDArray[np.float64]


@compiled(nogil=True)
def _needed(parent, wanted, down_ptr, down, down_ms):  # type: ignore[no-untyped-def]
    """Give the wanted nodes and all that they hang on numbers, rising, and cut out the arcs down to them.

    All superiors of a needed node are needed: they are its ancestors by ``parent``. So no arc is lost.
    """
    count, arcs = 0, 0
    number = np.full(len(parent), -1, dtype=np.int32)
    for node in range(len(parent)):
        if wanted[node]:
            if parent[node] >= 0:
                wanted[parent[node]] = True
            number[node] = count
            count += 1
            arcs += down_ptr[node + 1] - down_ptr[node]
    indptr = np.zeros(count + 1, dtype=np.int32)
    superiors, time_ms = np.empty(arcs, dtype=np.uint32), np.empty(arcs, dtype=np.int32)
    at = 0
    for node in range(len(parent)):
        if wanted[node]:
            for arc in range(down_ptr[node], down_ptr[node + 1]):
                superiors[at], time_ms[at] = number[down[arc]], down_ms[arc]
                at += 1
            indptr[number[node] + 1] = at
    return number, indptr, superiors, time_ms


@compiled(nogil=True)
def _upward(parent, up_ptr, up, up_ms, sources, limit, own, number, lane, live, best):  # type: ignore[no-untyped-def]
    """Search from some nodes up to the top; ``own`` comes and goes without a time, ``best`` takes what is needed.

    ``live``, where given, marks the nodes that some search has reached within the limit; the rows of others hold
    nothing then. numba compiles what is asked of None away.
    """
    for source in sources:
        own[source] = 0
        node = source
        while node >= 0:
            start = own[node]
            if start < _INF:
                for arc in range(up_ptr[node], up_ptr[node + 1]):
                    own[up[arc]] = min(own[up[arc]], start + up_ms[arc])
                at = number[node]
                if at >= 0:
                    if live is not None:
                        if not live[at]:
                            best[at] = _INF
                        live[at] |= start <= limit
                    best[at, lane] = min(best[at, lane], start)
            node = parent[node]
    for source in sources:
        node = source
        while node >= 0:
            own[node] = _INF
            node = parent[node]


@compiled(nogil=True)
def _downward(indptr, superiors, time_ms, limit, live, best):  # type: ignore[no-untyped-def]
    """Give every node the best time of all searches by way of its superiors, from the top down.

    This is nearly the whole cost of a search. The 16 searches are written out, and numbers of nodes have no sign: only
    so does the compiler keep them in registers and ask no question at each step.
    """
    count = np.int64(len(indptr) - 1)
    for back in range(count):
        node = np.uint64(count - 1 - back)
        first, last = indptr[node], indptr[node + np.uint64(1)]
        if live is not None:
            some = live[node]
            for arc in range(first, last):
                some |= live[np.uint64(superiors[np.uint64(arc)])]
            if not some:  # so far off that no search gets there within the limit
                continue
            if not live[node]:
                best[node] = _INF
        a, b, c, d = best[node, 0], best[node, 1], best[node, 2], best[node, 3]
        e, f, g, h = best[node, 4], best[node, 5], best[node, 6], best[node, 7]
        i, j, k, q = best[node, 8], best[node, 9], best[node, 10], best[node, 11]
        m, n, o, p = best[node, 12], best[node, 13], best[node, 14], best[node, 15]
        for arc in range(first, last):
            at, ms = np.uint64(superiors[np.uint64(arc)]), time_ms[np.uint64(arc)]
            if live is not None:  # noqa: SIM102  (numba leaves out one question about None, not two)
                if not live[at]:
                    continue
            a, b = min(a, np.int32(best[at, 0] + ms)), min(b, np.int32(best[at, 1] + ms))
            c, d = min(c, np.int32(best[at, 2] + ms)), min(d, np.int32(best[at, 3] + ms))
            e, f = min(e, np.int32(best[at, 4] + ms)), min(f, np.int32(best[at, 5] + ms))
            g, h = min(g, np.int32(best[at, 6] + ms)), min(h, np.int32(best[at, 7] + ms))
            i, j = min(i, np.int32(best[at, 8] + ms)), min(j, np.int32(best[at, 9] + ms))
            k, q = min(k, np.int32(best[at, 10] + ms)), min(q, np.int32(best[at, 11] + ms))
            m, n = min(m, np.int32(best[at, 12] + ms)), min(n, np.int32(best[at, 13] + ms))
            o, p = min(o, np.int32(best[at, 14] + ms)), min(p, np.int32(best[at, 15] + ms))
        best[node, 0], best[node, 1], best[node, 2], best[node, 3] = a, b, c, d
        best[node, 4], best[node, 5], best[node, 6], best[node, 7] = e, f, g, h
        best[node, 8], best[node, 9], best[node, 10], best[node, 11] = i, j, k, q
        best[node, 12], best[node, 13], best[node, 14], best[node, 15] = m, n, o, p
        if live is not None:
            live[node] = min(a, b, c, d, e, f, g, h) <= limit or min(i, j, k, q, m, n, o, p) <= limit


@compiled(nogil=True)
def _written(best, columns, limit, block):  # type: ignore[no-untyped-def]
    """Write the times of some nodes into the rows of a block."""
    for column in range(len(columns)):
        node = np.uint64(columns[column])
        for lane in range(len(block)):
            time = best[node, lane]
            block[lane, column] = time if time <= limit else _FAR


@compiled(nogil=True)
def _packed(best, columns, limit, counts):  # type: ignore[no-untyped-def]
    """Return columns and times within the limit, row by row, and count them."""
    rows = len(counts)
    for column in range(len(columns)):
        node = np.uint64(columns[column])
        for lane in range(rows):
            counts[lane] += best[node, lane] <= limit
    free = np.zeros(rows, dtype=np.int64)
    free[1:] = np.cumsum(counts)[:-1]
    at, times = np.empty(counts.sum(), dtype=np.int32), np.empty(counts.sum(), dtype=np.int32)
    for column in range(len(columns)):
        node = np.uint64(columns[column])
        for lane in range(rows):
            time = best[node, lane]
            if time <= limit:
                at[free[lane]], times[free[lane]] = column, time
                free[lane] += 1
    return at, times


@compiled(nogil=True)
def _summed(live, best, weights, limit, sums):  # type: ignore[no-untyped-def]
    """Add up the weights of the searches that reach each node within the limit."""
    for node in range(len(best)):
        if live[node]:
            for lane in range(len(weights)):
                sums[node] += weights[lane] * (best[node, lane] <= limit)


@compiled(nogil=True)
def _searched(up, needed, nodes, begins, limit, own, live, best):  # type: ignore[no-untyped-def]
    """Search from the nodes of each row, side by side; the times lie in ``best``, where ``live`` is given and true."""
    parent, up_ptr, superior, up_ms = up
    number, indptr, superiors, time_ms = needed
    if live is None:
        best[:] = _INF
    else:
        live[:] = False
    for row in range(len(begins) - 1):
        some = nodes[begins[row] : begins[row + 1]]
        _upward(parent, up_ptr, superior, up_ms, some, limit, own, number, row, live, best)
    _downward(indptr, superiors, time_ms, limit, live, best)


class _Sweep:
    """Searches over one network, some rows at a time, in as many threads as numba may use.

    Compiled code lets go of Python's lock, so plain threads do; those of numba would wait by spinning, which costs as
    much as the searches where other work runs beside.
    """

    def __init__(self, one: Hierarchy, targets: Ints | None, limit: int, *, near: bool = False) -> None:
        self.limit, self.near = limit, near
        self.up = (one.parent, *one.up)
        self.needed = self._needed(one, targets)
        self._own = threading.local()

    @staticmethod
    def _needed(one: Hierarchy, targets: Ints | None) -> tuple[npt.NDArray[np.generic], ...]:
        if targets is None:
            everyone = np.arange(len(one.parent), dtype=np.int32)
            return everyone, one.down.indptr, one.down.indices.view(np.uint32), one.down.time_ms
        wanted = np.zeros(len(one.parent), dtype=np.bool_)
        wanted[targets] = True
        found: tuple[npt.NDArray[np.generic], ...] = _needed(one.parent, wanted, *one.down)
        return found

    def searched(self, nodes: Ints, begins: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_] | None, Ints]:
        """Return which needed nodes are reached (``near``), and times by node and row; the thread's own, filled anew.

        Asking of each node whether anybody gets near pays where a limit leaves most of the network out.
        """
        own = self._own
        if not hasattr(own, "best"):
            own.times = np.full(len(self.up[0]), _INF, dtype=np.int32)
            own.best = np.empty((len(self.needed[1]) - 1, LANES), dtype=np.int32)
            own.live = np.empty(len(own.best), dtype=np.bool_) if self.near else None
        _searched(self.up, self.needed, nodes, begins, self.limit, own.times, own.live, own.best)
        return own.live, own.best


def _in_threads(work: Callable[[int], _T], row_count: int, size: int = LANES) -> Iterator[_T]:
    """Do the rounds that begin at rows 0, ``size``, ..., and yield what they give in this order."""
    firsts = range(0, row_count, size)
    threads = min(len(firsts), get_num_threads())
    if threads <= 1:
        yield from map(work, firsts)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_T]] = deque()
        for first in firsts:
            waiting.append(pool.submit(work, first))
            if len(waiting) > threads:  # no more results lie about than threads make
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def nearest(one: Hierarchy, groups: list[npt.NDArray[np.intp]], limit: int) -> Ints:
    """As :func:`kcgeo.travel.engines.engine.nearest_ms`."""
    block = np.empty((len(groups), len(one.parent)), dtype=np.int32)
    if not block.size:
        return block
    sweep = _Sweep(one, None, limit)

    def fill(first: int) -> None:
        some = groups[first : first + LANES]
        begins = np.concatenate([[0], np.cumsum([len(group) for group in some])]).astype(np.int64)
        _, best = sweep.searched(one.rank[np.concatenate(some)], begins)
        _written(best, one.rank, limit, block[first : first + LANES])

    list(_in_threads(fill, len(groups)))
    return block


def _wider(values: Ints, room: int, filled: int) -> Ints:
    wider = np.empty(room, dtype=np.int32)
    wider[:filled] = values[:filled]
    return wider


def reach(
    one: Hierarchy, sources: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], limit: int
) -> tuple[npt.NDArray[np.int64], Ints, Ints]:
    """As :func:`kcgeo.travel.engines.kernels.reach`; no more is held than the pairs and a few rows a thread."""
    counts, filled = np.zeros(len(sources), dtype=np.int64), 0
    columns, times = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    if not len(sources) or not len(targets):
        return counts, columns, times
    sweep = _Sweep(one, one.rank[targets], limit)
    ends = sweep.needed[0][one.rank[targets]]

    def found(first: int) -> tuple[Ints, Ints]:
        nodes = one.rank[sources[first : first + LANES]]
        _, best = sweep.searched(nodes, np.arange(len(nodes) + 1))
        return _packed(best, ends, limit, counts[first : first + LANES])  # type: ignore[no-any-return]

    for number, (some, spent) in enumerate(_in_threads(found, len(sources)), start=1):
        total = filled + len(some)
        if total > len(columns):
            room = max(total, int(1.1 * total / number * -(-len(sources) // LANES)))  # what the rest will need
            columns, times = _wider(columns, room, filled), _wider(times, room, filled)
        columns[filled:total], times[filled:total] = some, spent
        filled = total
    columns.resize(filled, refcheck=False)
    times.resize(filled, refcheck=False)
    return counts, columns, times


def sums(one: Hierarchy, sources: npt.NDArray[np.intp], weights: npt.NDArray[np.float64], limit: int) -> Floats:
    """As :func:`kcgeo.travel.engines.engine.sums_ms`; no pair is kept."""
    sweep, size = _Sweep(one, None, limit, near=True), LANES * _ROUNDS

    def found(first: int) -> Floats:
        some = np.zeros(len(one.parent))
        for start in range(first, min(first + size, len(sources)), LANES):
            nodes = one.rank[sources[start : start + LANES]]
            times = sweep.searched(nodes, np.arange(len(nodes) + 1))
            _summed(*times, weights[start : start + LANES], limit, some)
        return some

    total = np.zeros(len(one.parent))
    for some in _in_threads(found, len(sources), size):  # in order, so that the sum does not depend on the threads
        total += some
    return total[one.rank]
