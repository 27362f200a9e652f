"""Searches between points on streets: points become nodes of a larger graph for one search, in every engine.

A point has at most two arcs to, and two from, the ends of its street. Two points on the same street also have the way
along it, which is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kcgeo.travel.arcs import LONGEST_MS, UNREACHED, Arcs, Engine, Hierarchy
from kcgeo.travel.edges import NEVER, Joins, Times
from kcgeo.travel.engines.engine import nearest_ms, reach_ms
from kcgeo.travel.network import Network

__all__ = ["at_points", "from_nodes", "nearest_along", "pairs_along"]

Rows = npt.NDArray[np.intp]
_MOST_PAIRS = 5_000_000


def nearest_along(
    network: Network, origins: Joins, destinations: Joins, groups: Sequence[Rows], limit: int, *, engine: Engine
) -> npt.NDArray[np.int64]:
    """Milliseconds from each origin to the nearest destination of each group.

    Parameters
    ----------
    origins, destinations
        Joined points; rows off the network reach nothing.
    groups
        Rows of ``destinations``, one array a group.
    limit
        Milliseconds that may not be exceeded.

    Returns
    -------
    numpy.ndarray
        Shape (groups, origins); ``UNREACHED`` where no destination of the group is within the limit.
    """
    rows = from_nodes(network, destinations, groups, limit, engine=engine)
    best = [at_points(row, origins, destinations.rows(some)) for row, some in zip(rows, groups, strict=True)]
    table = np.array(best, dtype=np.int64).reshape(len(groups), len(origins.edge))
    table[table > limit] = UNREACHED
    return table


def from_nodes(
    network: Network, goals: Joins, groups: Sequence[Rows], limit: int, *, engine: Engine, away: bool = False
) -> Times:
    """Milliseconds from each node to the nearest goal of each group, shape (groups, nodes); ``NEVER`` beyond the limit.

    ``away`` turns the way round: from the goals to the nodes.
    """
    count = len(network.node_ids)
    members = [rows[goals.edge[rows] >= 0] for rows in groups]
    starts = _starts(goals.ends, goals.out_ms if away else goals.in_ms)
    arcs = _with_points(network.arcs if away else network.backward, starts, None)
    prepared = network.contracted(engine, backward=not away)
    if prepared is not None:
        prepared = _with_lowest(prepared, starts, None)
    times = nearest_ms(arcs, [count + rows for rows in members], limit, engine=engine, prepared=prepared)
    return np.where(times == UNREACHED, NEVER, times)[:, :count].astype(np.int64)


def at_points(ahead: Times, points: Joins, goals: Joins, *, away: bool = False) -> Times:
    """Milliseconds from each point to the nearest goal, over either end of its street or along it.

    Parameters
    ----------
    ahead
        By node, of :func:`from_nodes`.
    away
        From the goals to the points.
    """
    best = np.full(len(points.edge), NEVER, dtype=np.int64)
    own = points.in_ms if away else points.out_ms
    for side in (0, 1):
        np.minimum(best, ahead[points.ends[:, side]] + own[:, side], out=best)
    for one, other, along_ms in _along(goals, points) if away else _along(points, goals):
        np.minimum.at(best, other if away else one, along_ms)
    return best


def pairs_along(network: Network, origins: Joins, destinations: Joins, limit: int, *, engine: Engine) -> sp.csr_array:
    """Milliseconds from origins to destinations, for the pairs within the limit.

    The search runs from whichever are fewer.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (origins, destinations), columns rising; a stored 0 is a time of 0.
    """
    backward = len(origins.edge) > len(destinations.edge)
    outs, ins = _starts(origins.ends, origins.out_ms), _starts(destinations.ends, destinations.in_ms)
    if backward:
        outs, ins = ins, outs
    arcs = network.backward if backward else network.arcs
    prepared = network.contracted(engine, backward=backward)
    count, first, second = len(network.node_ids), len(outs[0]) - 1, len(ins[0]) - 1
    sources, targets = np.arange(count, count + first), np.arange(count + first, count + first + second)
    if prepared is None:
        arcs = _with_points(arcs, outs, ins)
    else:
        prepared = _with_lowest(prepared, outs, ins)
    pairs = reach_ms(arcs, sources, targets, limit, engine=engine, prepared=prepared)
    if backward:
        pairs = pairs.T.tocsr()
    for origin, destination, along_ms in _along(origins, destinations):
        near = along_ms <= limit
        pairs = _with_shorter(pairs, origin[near], destination[near], along_ms[near])
    return pairs


_Starts = tuple[npt.NDArray[np.int64], Rows, npt.NDArray[np.int32]]


def _starts(ends: Rows, times: Times) -> _Starts:
    """Return the arcs between points and nodes, sorted by point, as begins, nodes and milliseconds."""
    allowed = times <= LONGEST_MS
    begins = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))]).astype(np.int64)
    return begins, ends[allowed], times[allowed].astype(np.int32)


def _with_points(arcs: Arcs, outs: _Starts, ins: _Starts | None) -> Arcs:
    """Add points that begin (arcs to nodes) and points that end (arcs from nodes) behind the nodes of a graph."""
    first = arcs.node_count + len(outs[0]) - 1
    indptr, indices, time_ms = arcs.indptr.astype(np.int64), arcs.indices, arcs.time_ms
    if ins is not None:
        begins, nodes, times = ins
        point = np.repeat(np.arange(first, first + len(begins) - 1), np.diff(begins))
        order = np.argsort(nodes, kind="stable")
        at = indptr[nodes[order] + 1]
        indices, time_ms = np.insert(indices, at, point[order]), np.insert(time_ms, at, times[order])
        indptr = indptr + np.concatenate([[0], np.cumsum(np.bincount(nodes, minlength=arcs.node_count))])
    ending = 0 if ins is None else len(ins[0]) - 1
    indptr = np.concatenate([indptr, indptr[-1] + outs[0][1:], np.full(ending, indptr[-1] + outs[0][-1])])
    return Arcs(
        indptr.astype(np.int32),
        np.concatenate([indices, outs[1]]).astype(np.int32),
        np.concatenate([time_ms, outs[2]]).astype(np.int32),
    )


def _with_lowest(one: Hierarchy, outs: _Starts, ins: _Starts | None) -> Hierarchy:
    """Add points below all nodes of a contracted network; the two ends of a street hang on one another already."""
    begin_out, node_out, time_out = outs
    begin_in, node_in, time_in = ins or (np.zeros(1, dtype=np.int64), np.empty(0, np.intp), np.empty(0, np.int32))
    first, second = len(begin_out) - 1, len(begin_in) - 1
    more = first + second
    rank_out, rank_in = one.rank[node_out], one.rank[node_in]
    parent = np.concatenate([_lowest(begin_out, rank_out), _lowest(begin_in, rank_in), one.parent])
    return one._replace(
        rank=np.concatenate([one.rank + more, np.arange(more, dtype=np.int32)]).astype(np.int32),
        parent=np.where(parent >= 0, parent + more, -1).astype(np.int32),
        up=_under(one.up, begin_out, rank_out, time_out, before=0, after=second),
        down=_under(one.down, begin_in, rank_in, time_in, before=first, after=0),
    )


def _lowest(begins: npt.NDArray[np.int64], ranks: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return the lowest superior of each point; -1 for one without any."""
    parent = np.full(len(begins) - 1, -1, dtype=np.int64)
    has = np.diff(begins) > 0
    if has.any():
        parent[has] = np.minimum.reduceat(ranks, begins[:-1][has])
    return parent


def _under(
    arcs: Arcs,
    begins: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.int32],
    times: npt.NDArray[np.int32],
    *,
    before: int,
    after: int,
) -> Arcs:
    """Put rows of points, some of them empty, before the rows of a hierarchy's arcs."""
    more = before + after + len(begins) - 1
    indptr = np.concatenate(
        [np.zeros(before, dtype=np.int64), begins, np.full(after, begins[-1]), begins[-1] + arcs.indptr[1:]]
    )
    return Arcs(
        indptr.astype(np.int32),
        np.concatenate([ranks + more, arcs.indices + more]).astype(np.int32),
        np.concatenate([times, arcs.time_ms]).astype(np.int32),
    )


def _along(origins: Joins, destinations: Joins) -> Iterator[tuple[Rows, Rows, Times]]:
    """Yield pairs on the same street and the milliseconds along it, some at a time."""
    order = np.argsort(destinations.edge, kind="stable")
    ranked = destinations.edge[order]
    begin = np.searchsorted(ranked, origins.edge, side="left")
    count = np.searchsorted(ranked, origins.edge, side="right") - begin
    count[origins.edge < 0] = 0
    having = np.flatnonzero(count)
    ahead = np.concatenate([[0], np.cumsum(count[having])])
    start = 0
    while start < len(having):
        stop = max(start + 1, int(np.searchsorted(ahead, ahead[start] + _MOST_PAIRS, side="right")) - 1)
        some = having[start:stop]
        origin = np.repeat(some, count[some])
        step = np.arange(len(origin)) - np.repeat(ahead[start:stop] - ahead[start], count[some])
        destination = order[np.repeat(begin[some], count[some]) + step]
        yield origin, destination, _between(origins.rows(origin), destinations.rows(destination))
        start = stop


def _between(one: Joins, other: Joins) -> Times:
    """Milliseconds from each point to the one beside it in the other table, along the street that both are on."""
    there = np.where((other.share >= one.share) & (one.there_ms < NEVER), other.there_ms - one.there_ms, NEVER)
    back = np.where((other.share <= one.share) & (one.back_ms < NEVER), other.back_ms - one.back_ms, NEVER)
    total: Times = np.minimum(np.minimum(there, back) + one.access_ms + other.access_ms, NEVER)
    return total


def _with_shorter(pairs: sp.csr_array, row: Rows, column: Rows, time_ms: Times) -> sp.csr_array:
    """Lower the times of some pairs of a table, and add those that it lacks."""
    if not len(row):
        return pairs
    height, width = pairs.shape
    known = np.repeat(np.arange(height), np.diff(pairs.indptr)) * width + pairs.indices
    key = row * width + column
    at = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
    there = known[at] == key if len(known) else np.zeros(len(key), dtype=bool)
    data = pairs.data.copy()
    np.minimum.at(data, at[there], time_ms[there].astype(data.dtype))
    order = np.argsort(key[~there])
    fresh = np.flatnonzero(~there)[order]
    place = np.searchsorted(known, key[fresh])
    counts = np.diff(pairs.indptr) + np.bincount(row[fresh], minlength=height)
    return sp.csr_array(
        (
            np.insert(data, place, time_ms[fresh].astype(data.dtype)),
            np.insert(pairs.indices, place, column[fresh]),
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=pairs.shape,
    )
