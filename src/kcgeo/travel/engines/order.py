"""The order in which a road network is contracted: nested dissection by straight cuts.

A few nodes whose removal parts a network into two halves are contracted last; each half is parted in turn. The better
the cuts, the fewer shortcuts. Here every part is looked at from several sides: its nodes are lined up along a
direction, and for each place in the middle of the line it is counted how many nodes of either side have a neighbour on
the other. The direction and place with the fewest win, and these nodes are the cut.

Schild, Sommer (2015), On balanced separators in road networks, take such cuts as a start and improve them by maximum
flow. That saves shortcuts, but a sweep leaves most shortcuts out anyway (``_perfected`` in ``contraction``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kcgeo.travel.arcs import Ints
from kcgeo.travel.engines.compiled import compiled

__all__ = ["dissected"]

_SIDES = 8  # directions along which the nodes of a large part are lined up
_FEW = 128  # a smaller part is looked at from two sides only
_LEAST_SHARE = 0.3  # of a part, in its smaller half
_LOW, _HIGH, _CUT = 0, 1, 2


def dissected(indptr: Ints, indices: Ints, xy: npt.NDArray[np.float64]) -> Ints:
    """Return the rank of each node: 0 is contracted first.

    Parameters
    ----------
    indptr, indices
        Neighbours of each node, whichever way the arc between them leads.
    xy
        Places of the nodes.
    """
    angle = np.arange(_SIDES) * np.pi / _SIDES
    angle = np.concatenate([angle[:: _SIDES // 2], np.delete(angle, slice(None, None, _SIDES // 2))])
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ (xy - xy.mean(axis=0)).T if len(xy) else np.empty((8, 0))
    return np.asarray(_ranks(indptr, indices, np.argsort(along, axis=1, kind="stable").astype(np.int32)))


@compiled()
def _ranks(indptr, indices, lines):  # type: ignore[no-untyped-def]
    """Part the nodes again and again. A part is a run of ``lines``; each of its nodes gets a rank out of that run.

    The lines are sorted once. A part hands its halves down in the order of each line, so that nothing is sorted twice.
    """
    count = len(indptr) - 1
    rank = np.zeros(count, dtype=np.int32)
    part = np.zeros(count, dtype=np.int32)  # in which part a node is now
    place = np.zeros(count, dtype=np.int32)  # where it stands in the line that is looked at
    half = np.zeros(count, dtype=np.int8)
    starts, ends, number = [0], [count], 0
    while len(starts) > 0:
        start, end = starts.pop(), ends.pop()
        if end - start <= 2:
            for at in range(start, end):
                rank[lines[0, at]] = at
            continue
        number += 1
        for at in range(start, end):
            part[lines[0, at]] = number
        sides = len(lines) if end - start > _FEW else 2
        fewest, best, cut, is_left = end - start + 1, 0, 0, True
        for side in range(sides):
            found, here, left = _narrowest(indptr, indices, lines[side, start:end], part, place, number)
            if found < fewest:
                fewest, best, cut, is_left = found, side, here, left
        line = lines[best, start:end]
        middle, top = _halved(indptr, indices, line, part, place, half, number, cut, is_left)
        for side in range(sides):
            _handed_down(lines[side, start:end], half, middle, top)
        for at in range(start + top, end):
            rank[lines[0, at]], part[lines[0, at]] = at, -1
        starts += [start, start + middle]
        ends += [start + middle, start + top]
    return rank


@compiled()
def _narrowest(indptr, indices, line, part, place, number):  # type: ignore[no-untyped-def]
    """Return the fewest nodes of a cut in the middle of a line, the place of the cut, and whether they are left of it.

    A node belongs to the left edge of every cut between itself and its farthest neighbour to the right, and to the
    right edge of those between its farthest neighbour to the left and itself: two sums of steps count both for all.
    """
    size = len(line)
    for at in range(size):
        place[line[at]] = at
    left, right = np.zeros(size + 1, dtype=np.int32), np.zeros(size + 1, dtype=np.int32)
    for at in range(size):
        node, first, last = line[at], at, at
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if part[other] == number:
                first, last = min(first, place[other]), max(last, place[other])
        left[at + 1] += 1
        left[last + 1] -= 1
        right[first + 1] += 1
        right[at + 1] -= 1
    least = max(1, int(size * _LEAST_SHARE))
    fewest, here, is_left, lefts, rights = size + 1, least, True, 0, 0
    for cut in range(1, size - least + 1):
        lefts += left[cut]
        rights += right[cut]
        if cut >= least and min(lefts, rights) < fewest:
            fewest, here, is_left = min(lefts, rights), cut, lefts <= rights
    return fewest, here, is_left


@compiled()
def _halved(indptr, indices, line, part, place, half, number, cut, is_left):  # type: ignore[no-untyped-def]
    """Say of each node of a line in which half it is, or that it is of the cut; return where the halves end."""
    for at in range(len(line)):
        place[line[at]] = at
    low, kept = 0, 0
    for at in range(len(line)):
        node = line[at]
        half[node] = _LOW if at < cut else _HIGH
        if (at < cut) == is_left:
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                if part[other] == number and (place[other] < cut) != (at < cut):
                    half[node] = _CUT
        low += half[node] == _LOW
        kept += half[node] != _CUT
    return low, kept


@compiled()
def _handed_down(line, half, middle, top):  # type: ignore[no-untyped-def]
    """Sort a line by half and keep its order within each."""
    old = line.copy()
    nexts = np.array([0, middle, top])
    for node in old:
        line[nexts[half[node]]] = node
        nexts[half[node]] += 1
