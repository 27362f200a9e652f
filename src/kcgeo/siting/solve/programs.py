"""Building blocks of the integer programs: merged cover rows, counts of sites, cuts against known plans."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kcgeo.siting.instance import Bools, Floats, Instance, Ints
from kcgeo.siting.solve.solver import Rows

__all__ = ["budget_row", "count_row", "cover_columns", "cuts", "greedy_cover", "merge_rows", "site_bounds"]


def merge_rows(cover: sparse.csr_array, weight: Floats) -> tuple[sparse.csr_array, Floats, Ints]:
    """Join rows with equal cover sets and add their weights; the third part says where each row went.

    Places that the same sites cover are one place to any cover model. A street grid has many of them, and the solver's
    time depends on the rows that are left.
    """
    cover.sort_indices()
    starts, columns = cover.indptr, cover.indices
    first: dict[bytes, int] = {}
    group = np.empty(cover.shape[0], dtype=np.intp)
    keep: list[int] = []
    for row in range(cover.shape[0]):
        key = columns[starts[row] : starts[row + 1]].tobytes()
        number = first.setdefault(key, len(first))
        if number == len(keep):
            keep.append(row)
        group[row] = number
    merged = sparse.csr_array(cover[np.array(keep, dtype=np.intp)]) if keep else cover
    total = np.bincount(group, weights=weight, minlength=len(keep))
    return sparse.csr_array(merged), total.astype(np.float64), group


def cover_columns(matrix: sparse.csr_array, extra: sparse.csr_array | None = None, width: int = 0) -> sparse.csr_array:
    """Rows over sites, followed by ``extra`` or by ``width`` empty columns."""
    if extra is None:
        extra = sparse.csr_array((matrix.shape[0], width))
    return sparse.csr_array(sparse.hstack([matrix, extra], format="csr"))


def count_row(instance: Instance, width: int, *, least: float, most: float) -> Rows:
    """Bound the number of new sites by ``least`` and ``most``; ``width`` is the number of columns."""
    fresh = np.flatnonzero(~instance.existing)
    return Rows.of(_one_row(fresh, np.ones(fresh.size), width), lower=least, upper=most)


def budget_row(instance: Instance, width: int, site_cost: Floats, budget: float) -> Rows:
    """Money spent on new sites stays within the budget."""
    fresh = np.flatnonzero(~instance.existing)
    return Rows.of(_one_row(fresh, site_cost[fresh], width), upper=budget)


def cuts(instance: Instance, width: int) -> tuple[Rows, ...]:
    """One row for each plan that may not come again: at least one of its new sites stays closed."""
    return tuple(
        Rows.of(_one_row(sites, np.ones(sites.size), width), upper=float(sites.size - 1)) for sites in instance.excluded
    )


def _one_row(columns: Ints, values: Floats, width: int) -> sparse.csr_array:
    return sparse.csr_array((values, (np.zeros(columns.size, dtype=np.intp), columns)), shape=(1, width))


def site_bounds(instance: Instance) -> tuple[Floats, Floats]:
    """Lower and upper bound of the site columns: existing sites are held open."""
    return instance.existing.astype(float), np.ones(instance.site_count)


def greedy_cover(cover: sparse.csr_array, weight: Floats, allowed: Bools, count: int) -> Ints:
    """Up to ``count`` sites, each covering the most weight that is still uncovered; stops when none gains."""
    by_site = sparse.csr_array(cover.T)
    left = weight.astype(float).copy()
    open_sites: list[int] = []
    free = allowed.copy()
    for _ in range(count):
        gain = np.where(free, by_site @ left, -1.0)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        open_sites.append(best)
        free[best] = False
        left[by_site.indices[by_site.indptr[best] : by_site.indptr[best + 1]]] = 0.0
    return np.array(open_sites, dtype=np.intp)
