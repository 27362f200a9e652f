"""Cover problems made small before they are solved: rows and sites that cannot matter are dropped."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kcgeo.siting.instance import Bools, Ints

__all__ = ["essential_cover"]

_ROUNDS = 8
# Each row that stays is held against all others.
_MOST_ROWS = 6_000


def essential_cover(cover: sparse.csr_array, free: Bools) -> tuple[Ints, Ints]:
    """Rows and sites that decide a set cover of equal costs.

    A row that holds another row's sites and more is met with it. A site whose rows another site covers too can be
    replaced by that one. Each round makes the other kind of reduction possible again.

    Parameters
    ----------
    cover
        0 and 1, rows by sites, each row with a site that is free.
    free
        Sites that may be chosen.

    Returns
    -------
    tuple
        Numbers of the rows and of the sites that stay; all of them where the table is too large to compare.
    """
    rows, sites = np.arange(cover.shape[0]), np.flatnonzero(free)
    if max(cover.shape) > _MOST_ROWS:
        return rows, sites
    table = np.zeros(cover.shape, dtype=bool)
    table[np.repeat(rows, np.diff(cover.indptr)), cover.indices] = True
    table = table[:, sites]
    for _ in range(_ROUNDS):
        size = table.shape
        # A site is part of another where its gaps hold the gaps of that one.
        kept = _holds_no_other(~table.T)
        table, sites = table[:, kept], sites[kept]
        kept = _holds_no_other(table)
        table, rows = table[kept], rows[kept]
        if table.shape == size:
            break
    return rows, sites


def _holds_no_other(sets: Bools) -> Ints:
    """Rows that hold no other row as a part, in order; of equal rows the first stays."""
    order = np.argsort(sets.sum(axis=1), kind="stable")
    bits = _packed(sets[order])
    gaps = ~bits
    left = np.ones(order.size, dtype=bool)
    kept = []
    for row in range(order.size):
        # The smallest set that is left holds none of the others; whatever holds it goes, and so does it.
        if left[row]:
            kept.append(row)
            left &= np.bitwise_or.reduce(gaps & bits[:, row, None], axis=0) != 0
    return np.sort(order[np.array(kept, dtype=np.intp)])


def _packed(sets: Bools) -> npt.NDArray[np.uint64]:
    """Write sets as bits in whole words, one column for each set."""
    padded = np.zeros((sets.shape[0], -(-sets.shape[1] // 64) * 64), dtype=bool)
    padded[:, : sets.shape[1]] = sets
    return np.ascontiguousarray(np.packbits(padded, axis=1).view(np.uint64).T)
