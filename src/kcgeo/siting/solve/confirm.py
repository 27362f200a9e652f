"""The second proof of plans that another solver found: what it says is searched again and recomputed exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from kcgeo.siting.certificate import Sharing
from kcgeo.siting.instance import Bools, Floats, Instance
from kcgeo.siting.solve.branch import search
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.reduce import essential_cover

__all__ = ["confirm", "confirm_fewest", "cover_sharing", "full_cover", "is_too_large"]

_MOST_CELLS = 40_000_000
"""Pairs of places and sites over which no second proof is made: its tables are full."""


def cover_sharing(
    instance: Instance, cover: sparse.csr_array, weight: Floats, new_count: int, *, exactly: bool = True
) -> Sharing:
    """Places (rows of ``cover``) that pay their weight unless an open site covers them."""
    cost = np.full((cover.shape[1], cover.shape[0]), np.inf)
    cost[cover.indices, np.repeat(np.arange(cover.shape[0]), np.diff(cover.indptr))] = 0.0
    return Sharing(cost, weight, instance.existing, new_count, exactly, instance.excluded)


def is_too_large(places: int, sites: int) -> bool:
    """Whether no second proof is made."""
    return places * sites > _MOST_CELLS


def confirm(sharing: Sharing, plan: Bools | None, run: Run) -> tuple[Bools | None, float]:
    """Plan, or a better one where the solver missed it, and the exact bound on what all places pay."""
    found = search(sharing, plan, run)
    return found.best, found.exact_bound(sharing)


def cover_exists(sharing: Sharing, run: Run) -> tuple[Bools | None, bool]:
    """Return a plan under which no place pays, if there is one, and whether it is proven that there is none."""
    whole = replace(sharing, ceiling=np.ones(len(sharing.ceiling)))
    if not len(sharing.ceiling):
        return (sharing.existing if not sharing.exactly or sharing.new_count == 0 else None), False
    found = search(whole, None, run, value=1.0)
    if found.best is not None:
        return found.best, False
    return None, found.exact_bound(whole) >= 1


def confirm_fewest(instance: Instance, cover: sparse.csr_array, chosen: Bools, run: Run) -> tuple[Bools, float]:
    """Smallest full cover and the exact bound on its sites: with one site less, somebody is left out."""
    held = int(instance.existing.sum())
    while int(chosen.sum()) > held:
        better, is_proven = full_cover(instance, cover, int(chosen.sum()) - held - 1, run)
        if better is None:
            return chosen, float(chosen.sum()) if is_proven else float(held)
        chosen = better
    return chosen, float(held)


def full_cover(
    instance: Instance, cover: sparse.csr_array, new_count: int, run: Run, *, exactly: bool = False
) -> tuple[Bools | None, bool]:
    """Return a full cover of at most so many new sites, if there is one, and whether it is proven that there is none.

    Rows and sites that cannot matter go first: that is set logic, which needs no numbers.
    """
    rows = sparse.csr_array(cover[np.flatnonzero(cover @ instance.existing.astype(float) == 0)])
    if is_too_large(*rows.shape):
        return None, False
    if instance.excluded:
        return cover_exists(cover_sharing(instance, rows, np.ones(rows.shape[0]), new_count, exactly=exactly), run)
    kept, sites = essential_cover(rows, ~instance.existing)
    small = sparse.csr_array(rows[kept][:, sites])
    cost = np.full((sites.size, kept.size), np.inf)
    cost[small.indices, np.repeat(np.arange(kept.size), np.diff(small.indptr))] = 0.0
    none = np.zeros(sites.size, dtype=bool)
    found, is_proven = cover_exists(Sharing(cost, np.ones(kept.size), none, new_count, exactly=False), run)
    if found is None:
        return None, is_proven
    chosen = instance.existing.copy()
    chosen[sites[found]] = True
    return chosen, False
