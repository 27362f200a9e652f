"""A network as plain arrays: arcs in whole milliseconds, how they are made of edges, and how searches count time.

The ground of the room: the network, the shapes of streets and every engine stand on it, and it imports none of them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

__all__ = [
    "LONGEST_MS",
    "MS_PER_MIN",
    "UNREACHED",
    "Arcs",
    "Contraction",
    "Engine",
    "Hierarchy",
    "Ints",
    "by_place",
    "fastest",
    "fastest_arcs",
    "limit_ms",
    "locked",
    "reversed_arcs",
    "scipy_graph",
]

Engine = Literal["auto", "scipy", "numba", "sweep"]

MS_PER_MIN = 60_000
UNREACHED = int(np.iinfo(np.int32).max)
LONGEST_MS = 2**30 - 2  # about 12.4 days; a longer way counts as none, and twice this fits into 32 bits

# A sparse graph drops an explicit 0. A free arc therefore weighs 2**-20 ms in scipy: half a million of them in a row
# still round away, and a sum of 2**31 ms keeps the digit (52 bits of 53).
_FREE_MS = 2.0**-20

Ints = npt.NDArray[np.int32]
_Scalar = TypeVar("_Scalar", bound=np.generic)


class Arcs(NamedTuple):
    """A directed graph by its outgoing arcs: those of node i are ``indptr[i]:indptr[i + 1]``."""

    indptr: Ints
    indices: Ints
    time_ms: Ints

    @property
    def node_count(self) -> int:
        """How many nodes the graph has."""
        return len(self.indptr) - 1


class Contraction(NamedTuple):
    """The shape of a contracted network, without times; made by ``engines.contraction``.

    ``rank`` is the number of each node (0 is contracted first). The superiors of number i, its neighbours at the time
    when it is contracted, are ``superiors[indptr[i]:indptr[i + 1]]``, rising. Arc j of the network lies between the
    nodes of entry ``entry[j]`` of ``superiors`` (-1: an arc from a node to itself) and leads up where ``is_up[j]``.
    """

    rank: Ints
    indptr: npt.NDArray[np.int64]
    superiors: Ints
    entry: npt.NDArray[np.int64]
    is_up: npt.NDArray[np.bool_]


class Hierarchy(NamedTuple):
    """Arcs from each node to its superiors, nodes numbered by rank (0 is contracted first).

    ``rank`` gives the number of each node; ``parent`` the lowest superior (-1 at the top); ``up`` the arcs away from a
    node, ``down`` those towards it, each as indptr, superiors, milliseconds.
    """

    rank: Ints
    parent: Ints
    up: Arcs
    down: Arcs

    def turned(self) -> Hierarchy:
        """Turn all ways round, so that a search gives times towards its sources."""
        return self._replace(up=self.down, down=self.up)


def reversed_arcs(arcs: Arcs) -> Arcs:
    """Turn every arc round: a search from a service on these arcs gives times *to* the service."""
    turned = scipy_graph(arcs).tocsc()  # a free arc keeps its place there: it is not an explicit 0
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


def scipy_graph(arcs: Arcs) -> sp.csr_array:
    """Return the graph as scipy takes it, with a weight above 0 on every arc."""
    weights = np.where(arcs.time_ms == 0, _FREE_MS, arcs.time_ms.astype(np.float64))
    return sp.csr_array((weights, arcs.indices, arcs.indptr), shape=(arcs.node_count, arcs.node_count))


def fastest_arcs(
    count: int, tails: npt.NDArray[np.intp], heads: npt.NDArray[np.intp], time_ms: npt.NDArray[np.int64]
) -> Arcs:
    """Sort edges into arcs; of parallel edges the fastest is kept, and an edge from a node to itself is left out."""
    kept = fastest(tails, heads, time_ms)
    indptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(tails[kept], minlength=count), out=indptr[1:])
    return Arcs(locked(indptr), locked(heads[kept].astype(np.int32)), locked(time_ms[kept].astype(np.int32)))


def fastest(
    tails: npt.NDArray[np.intp], heads: npt.NDArray[np.intp], time_ms: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    """Return the rows of the edges that become arcs, in the order of the arcs."""
    order = np.lexsort((time_ms, heads, tails))
    order = order[tails[order] != heads[order]]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (tails[order][1:] != tails[order][:-1]) | (heads[order][1:] != heads[order][:-1])
    kept: npt.NDArray[np.intp] = order[first]
    return kept


def by_place(xy: npt.NDArray[np.float64], ids: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Order by a curve that fills the plane (Morton's), so that neighbours lie together in memory; then by id."""
    code = np.zeros(len(xy), dtype=np.int64)
    for shift, values in enumerate(xy.T):
        span = np.ptp(values) if len(values) else 0.0
        step = (
            np.zeros(len(values), dtype=np.int64)
            if span == 0
            else ((values - values.min()) / span * 65_535).astype(np.int64)
        )
        for digit in range(16):
            code |= ((step >> digit) & 1) << (2 * digit + shift)
    return np.lexsort((np.unique(ids, return_inverse=True)[1], code))


def locked(values: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """Return an array that nobody can write to any more."""
    values.setflags(write=False)
    return values
