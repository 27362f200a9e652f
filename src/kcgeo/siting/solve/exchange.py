"""A full cover made smaller by exchanging sites: quick good plans, to be proven by a bound from elsewhere."""

from __future__ import annotations

import numpy as np

from kcgeo.siting.instance import Bools, Ints
from kcgeo.siting.solve.clock import Run

__all__ = ["shrink_cover"]

_STEPS = 600
_SEED = 0


def shrink_cover(table: Bools, start: Ints, *, least: int, run: Run) -> Ints:
    """Sites of a full cover with as few sites as the search finds, at best ``least``.

    Local search with row weights: a full cover loses the site it needs least; a cover with bare rows exchanges one
    site for another, and rows that stay bare gain weight, so that the search leaves its rut. The seed is fixed.

    Parameters
    ----------
    table
        Rows by sites, whether the site covers the row; each row has a site.
    start
        Sites of a full cover.
    least
        Number of sites at which to stop, a proven bound.
    run
        Its time limit and Ctrl-C are heard.

    References
    ----------
    Gao, Weise and Li (2015), Information Sciences 318.
    """
    search = _Search(table, start)
    best = start
    for step in range(1, _STEPS + 1):
        while not search.bare.any():
            best = np.flatnonzero(search.is_open)
            if best.size <= max(least, 1):
                return best
            search.close_weakest(step)
        if run.stopped:
            break
        search.exchange(step)
    return best


class _Search:
    """Open sites, how often each row is covered, what each row weighs, and when each site last moved."""

    def __init__(self, table: Bools, start: Ints) -> None:
        self._by_site = np.ascontiguousarray(table.T).astype(np.float64)
        self._rng = np.random.default_rng(_SEED)
        self._moved = np.zeros(table.shape[1], dtype=np.intp)
        self._weight = np.ones(table.shape[0])
        self._latest = -1
        self.is_open = np.zeros(table.shape[1], dtype=bool)
        self.is_open[start] = True
        self._count = self._by_site[start].sum(axis=0)
        self.bare = self._count == 0

    def close_weakest(self, step: int) -> int:
        """Close the open site whose rows, covered by it alone, weigh least; of equal ones the longest unmoved."""
        sites = np.flatnonzero(self.is_open)
        sites = sites[sites != self._latest] if sites.size > 1 else sites
        loss = self._by_site[sites] @ np.where(self._count == 1, self._weight, 0.0)
        site = int(sites[np.lexsort((self._moved[sites], loss))[0]])
        self._move(site, step, is_open=False)
        return site

    def exchange(self, step: int) -> None:
        """Close a site and open the best other one for some bare row."""
        closed = self.close_weakest(step)
        bare = np.flatnonzero(self.bare)
        row = bare[self._rng.integers(bare.size)]
        sites = np.flatnonzero((self._by_site[:, row] > 0) & (np.arange(self.is_open.size) != closed))
        if sites.size == 0:
            sites = np.array([closed])
        gain = self._by_site[np.ix_(sites, bare)] @ self._weight[bare]
        self._latest = int(sites[np.lexsort((self._moved[sites], -gain))[0]])
        self._move(self._latest, step, is_open=True)
        self._weight[self.bare] += 1.0

    def _move(self, site: int, step: int, *, is_open: bool) -> None:
        self.is_open[site] = is_open
        self._moved[site] = step
        self._count += self._by_site[site] if is_open else -self._by_site[site]
        self.bare = self._count == 0
