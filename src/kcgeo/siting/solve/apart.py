"""Whether so many sites can keep apart, by counting alone: the second proof of dispersion.

Sites that are too near one another form cliques of which one site at most can open. Candidates are split greedily into
cliques; where there are fewer cliques than sites wanted there is no plan, and otherwise a site of the last clique opens
or not. Sets are whole numbers, a bit for each site, so that nothing is rounded.
"""

from __future__ import annotations

import numpy as np

from kcgeo.siting.instance import Bools, Ints
from kcgeo.siting.solve.clock import Run

__all__ = ["keep_apart"]


def keep_apart(
    near: Bools, existing: Bools, new_count: int, excluded: tuple[Ints, ...], run: Run, *, most_parts: int = 200_000
) -> tuple[Bools | None, bool]:
    """Return a plan of new sites of which no two are near, if there is one, and whether it is proven there is none.

    ``near`` is symmetric; nearness of two existing sites does not count.
    """
    rows = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in near]
    shut = near[existing].any(axis=0) | existing
    first = sum(1 << int(site) for site in np.flatnonzero(~shut))
    stack: list[tuple[int, tuple[int, ...]]] = [(first, ())]
    for _ in range(most_parts):
        if not stack:
            return None, True
        if run.stopped:
            return None, False
        candidates, chosen = stack.pop()
        left = new_count - len(chosen)
        if left == 0:
            plan = existing.copy()
            plan[list(chosen)] = True
            if not any(bool(plan[sites].all()) for sites in excluded):
                return plan, False
            continue
        for site, clique in reversed(_cliques(rows, candidates)):
            if clique < left:
                break
            candidates &= ~(1 << site)
            stack.append((candidates & ~rows[site], (*chosen, site)))
    return None, False


def _cliques(rows: list[int], candidates: int) -> list[tuple[int, int]]:
    """List sites with the number of their clique, counted from 1."""
    found = []
    clique = 0
    while candidates:
        clique += 1
        common = candidates
        while common:
            site = (common & -common).bit_length() - 1
            found.append((site, clique))
            candidates &= ~(1 << site)
            common &= rows[site] & candidates
    return found
