"""Cover problems made small before they are solved: rows and sites that cannot matter are dropped."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kcgeo.siting.instance import Bools, Ints

__all__ = ["essential_cover"]

_ROUNDS = 4
# The comparison of every two rows takes memory with the square of their number.
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
    if max(cover.shape) > _MOST_ROWS:
        return np.arange(cover.shape[0]), np.flatnonzero(free)
    table = cover.toarray() > 0
    rows, sites = np.arange(table.shape[0]), np.flatnonzero(free)
    for _ in range(_ROUNDS):
        size = rows.size, sites.size
        rows = rows[~_holds_another(table[np.ix_(rows, sites)])]
        sites = sites[~_is_held(table[np.ix_(rows, sites)].T)]
        if (rows.size, sites.size) == size:
            break
    return rows, sites


def _holds_another(sets: Bools) -> Bools:
    """Whether a set (a row) holds another row as a part; of equal rows the first stays."""
    common, size = _common(sets)
    inside = common >= size[None, :]
    return _drop(inside, size[:, None] > size[None, :])


def _is_held(sets: Bools) -> Bools:
    """Whether a set (a row) is part of another row; of equal rows the first stays."""
    common, size = _common(sets)
    inside = common >= size[:, None]
    return _drop(inside, size[:, None] < size[None, :])


def _common(sets: Bools) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    # Whole numbers below 2**24 are exact in single precision, and the product is much faster there.
    ones = sets.astype(np.float32)
    return ones @ ones.T, ones.sum(axis=1)


def _drop(inside: Bools, strict: Bools) -> Bools:
    earlier = np.tri(inside.shape[0], k=-1, dtype=bool)
    return np.asarray((inside & (strict | earlier)).any(axis=1), dtype=bool)
