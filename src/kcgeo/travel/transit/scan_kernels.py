"""The compiled half of the timetable search: one scan over the connections, and one look-up for each origin.

Needs numba (extra ``fast``); :mod:`kcgeo.travel.transit.scan` does the same in numpy, with equal answers, without it.
"""

from __future__ import annotations

from numba import njit, prange

__all__ = ["answers", "scan"]


@njit(cache=True, nogil=True)
def scan(follows, slot, onward, heads, arrives, may_alight, walk, via_begin, via, seated, waiting):  # type: ignore[no-untyped-def]
    """Fill ``seated`` and ``waiting`` from the last connection to the first."""
    kinds = seated.shape[1]
    for row in range(len(follows) - 1, -1, -1):
        for kind in range(kinds):
            seated[row, kind] = seated[follows[row], kind]
        if may_alight[row]:
            for kind in range(kinds):
                seated[row, kind] = min(seated[row, kind], arrives[row] + walk[heads[row], kind])
            for at in range(via_begin[row], via_begin[row + 1]):
                other = via[at]
                for kind in range(kinds):
                    seated[row, kind] = min(seated[row, kind], waiting[other, kind])
        if slot[row] >= 0:
            for kind in range(kinds):
                waiting[slot[row], kind] = min(waiting[onward[row], kind], seated[row, kind])


@njit(cache=True, nogil=True)
def _one(first, last, stops, walk_s, departs, slot_begin, slot_departs, waiting, direct, limit, out):  # type: ignore[no-untyped-def]
    """Fill the seconds from one origin for every departure; -1 beyond the limit."""
    kinds = waiting.shape[1]
    for number in range(len(departs)):
        start = departs[number]
        for kind in range(kinds):
            out[number, kind] = direct[kind]
        for pair in range(first, last):
            low, end = slot_begin[stops[pair]], slot_begin[stops[pair] + 1]
            high, ready = end, start + walk_s[pair]
            while low < high:
                middle = (low + high) // 2
                if slot_departs[middle] < ready:
                    low = middle + 1
                else:
                    high = middle
            if low < end:
                for kind in range(kinds):
                    out[number, kind] = min(out[number, kind], waiting[low, kind] - start)
        for kind in range(kinds):
            if out[number, kind] > limit:
                out[number, kind] = -1


@njit(cache=True, parallel=True)
def answers(begins, stops, walk_s, departs, slot_begin, slot_departs, waiting, direct, limit, out):  # type: ignore[no-untyped-def]
    """Share the origins out among threads; the body is a call, so that nothing is shared between them."""
    for origin in prange(len(begins) - 1):
        _one(
            begins[origin],
            begins[origin + 1],
            stops,
            walk_s,
            departs,
            slot_begin,
            slot_departs,
            waiting,
            direct[origin],
            limit,
            out[origin],
        )
