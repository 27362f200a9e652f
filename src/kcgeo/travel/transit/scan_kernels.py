"""The compiled half of the timetable search: one scan over the connections, and one look-up for each origin.

Needs numba (extra ``fast``); :mod:`kcgeo.travel.transit.scan` does the same in numpy, with equal answers, without it.
"""

from __future__ import annotations

from numba import prange

from kcgeo.travel.engines.compiled import compiled

__all__ = ["answers", "scan"]


@compiled(nogil=True)
def scan(follows, slot, onward, heads, arrives, may_alight, walk, via_begin, via, seated, waiting):  # type: ignore[no-untyped-def]
    """Fill ``seated`` and ``waiting`` from the last connection to the first.

    Connections are in order of departure, so what somebody can do after connection ``row`` has been worked out when
    the scan comes to it: stay for the next ride of the trip (``follows``), walk from its head to a service, or change
    to the first later boarding at a stop nearby (``via``, rows ``via_begin[row]:via_begin[row + 1]``). ``slot`` is the
    place of a boarding among those of its stop, ``onward`` the next boarding there: who waits may let a bus pass, so
    the best of this boarding and of all later ones is kept.
    """
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


@compiled(nogil=True)
def _one(first, last, stops, walk_s, departs, slot_begin, slot_departs, waiting, direct, limit, out):  # type: ignore[no-untyped-def]
    """Fill the seconds from one origin for every departure; -1 beyond the limit.

    For each stop within a walk, the first boarding after the walk is found by halving; the scan has kept for it the
    earliest arrival of all that can still be boarded there.
    """
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


@compiled(parallel=True)
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
