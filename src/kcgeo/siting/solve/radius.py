"""The smallest time within which a number of sites reaches everybody: set cover along the sorted times."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kcgeo.errors import SolverError
from kcgeo.siting.assemble import nearest_open
from kcgeo.siting.instance import Bools, Floats, Instance
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.confirm import full_cover
from kcgeo.siting.solve.programs import count_row, cuts, greedy_cover, merge_rows, site_bounds
from kcgeo.siting.solve.reduce import essential_cover
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["confirm_radius", "cover_with", "smallest_radius"]


def smallest_radius(
    instance: Instance, new_count: int, run: Run, *, threads: int = 1
) -> tuple[Bools | None, float, str]:
    """Sites, proven lower bound and status of the smallest worst-case time of exactly ``new_count`` new sites.

    The answer is one of the given times, so a binary search over the sorted times needs about ``log2`` of their number
    set covers. Every place must have a pair. The sites are None where no plan reaches everybody.
    """
    times = np.unique(instance.time_min)
    nearest = np.full(instance.place_count, np.inf)
    np.minimum.at(nearest, instance.place, instance.time_min)
    low, high = int(np.searchsorted(times, nearest.max())), times.size - 1
    best: Bools | None = None
    while low <= high:
        # The last time is asked first: without a plan there, there is none at all.
        middle = high if best is None else (low + high) // 2
        found, status = cover_with(instance, float(times[middle]), new_count, run, threads=threads)
        if status not in ("optimal", "infeasible"):
            return best, float(times[low]), status
        if found is None:
            if best is None:
                return None, np.inf, "infeasible"
            low = middle + 1
        else:
            best = found
            high = int(np.searchsorted(times, _worst(instance, found))) - 1
            run.report("p_center", float(times[high + 1]), float(times[low]))
    bound = float("inf") if best is None else _worst(instance, best)
    return best, bound, "optimal"


def confirm_radius(instance: Instance, chosen: Bools, new_count: int, run: Run) -> tuple[Bools, float]:
    """Plan with the smallest radius, and the exact bound: within the next smaller time somebody is left out."""
    times = np.unique(instance.time_min)
    nearest = np.full(instance.place_count, np.inf)
    np.minimum.at(nearest, instance.place, instance.time_min)
    least = float(nearest.max())
    while True:
        worst = _worst(instance, chosen)
        if worst <= least:
            return chosen, worst
        cover = instance.within(float(times[np.searchsorted(times, worst) - 1]))
        better, is_proven = full_cover(instance, cover, new_count, run, exactly=True)
        if better is None:
            return chosen, worst if is_proven else least
        chosen = _fill(instance, better, new_count)


def _worst(instance: Instance, chosen: Bools) -> float:
    return float(nearest_open(instance, chosen)[2].max())


def cover_with(
    instance: Instance, cutoff_min: float, new_count: int, run: Run, *, threads: int = 1
) -> tuple[Bools | None, str]:
    """Find exactly ``new_count`` new sites that reach every place; None and ``infeasible`` where there are none."""
    cover = instance.within(cutoff_min)
    open_now = instance.existing.astype(float)
    needy = sparse.csr_array(cover[np.flatnonzero(cover @ open_now == 0)])
    if needy.shape[0] and (np.diff(needy.indptr) == 0).any():
        return None, "infeasible"
    rows, weight, _ = merge_rows(needy, np.ones(needy.shape[0]))
    chosen = instance.existing.copy()
    chosen[greedy_cover(rows, weight, ~instance.existing, instance.site_count)] = True
    if int((chosen & ~instance.existing).sum()) <= new_count:
        full = _fill(instance, chosen, new_count)
        if not instance.is_excluded(full):
            return full, "optimal"
    return _solve_cover(instance, rows, new_count, run, threads)


def _solve_cover(
    instance: Instance, rows: sparse.csr_array, new_count: int, run: Run, threads: int
) -> tuple[Bools | None, str]:
    sites = instance.site_count
    lower, upper = site_bounds(instance)
    if not instance.excluded:
        kept, useful = essential_cover(rows, ~instance.existing)
        rows = sparse.csr_array(rows[kept])
        upper[np.setdiff1d(np.flatnonzero(~instance.existing), useful)] = 0.0
    # With plans to keep out, the number of sites must be exact or a smaller plan would be filled up to one of them.
    least = new_count if instance.excluded else 0
    cost: Floats = np.zeros(sites) if instance.excluded else np.ones(sites)
    program = Program(
        "min",
        cost,
        lower,
        upper,
        np.ones(sites, dtype=bool),
        (
            Rows.of(rows, lower=1.0),
            count_row(instance, sites, least=least, most=new_count),
            *cuts(instance, sites),
        ),
        target=float(new_count + instance.existing.sum()),
        stage="p_center",
    )
    outcome = solve(program, run, threads=threads)
    if outcome.x is None:
        return None, outcome.status
    return _fill(instance, outcome.x > 0.5, new_count), "optimal"


def _fill(instance: Instance, chosen: Bools, new_count: int) -> Bools:
    """Open further sites, first in order, until the number is what was asked for."""
    spare = new_count - int((chosen & ~instance.existing).sum())
    if spare < 0:
        raise SolverError("A cover has more sites than were allowed; this is a fault of the model.")
    filled = chosen.copy()
    filled[np.flatnonzero(~chosen)[:spare]] = True
    return filled
