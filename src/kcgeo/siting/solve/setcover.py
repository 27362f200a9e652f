"""The smallest full cover, the question behind `min_sites` and the yardstick of every answer that cannot be had.

Rows and sites that cannot matter go first; a quick search finds a plan and the linear relaxation a bound. Where they
meet, that is the proof; otherwise HiGHS starts from the plan.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from kcgeo.siting.instance import Bools, Floats, Instance, Ints
from kcgeo.siting.plan import NoPlanError, UnfinishedError
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.exchange import shrink_cover
from kcgeo.siting.solve.programs import cuts, greedy_cover, merge_rows, site_bounds
from kcgeo.siting.solve.reduce import essential_cover
from kcgeo.siting.solve.solver import Outcome, Program, Rows, solve

__all__ = ["fewest_sites"]

_STAGE = "min_sites"
# A full table of more cells is not made for a quick search.
_MOST_CELLS = 4_000_000


def fewest_sites(
    instance: Instance, cover: sparse.csr_array, run: Run, *, threads: int = 1
) -> tuple[Bools, float, str]:
    """Open sites of the smallest full cover, with a proven bound on their number.

    Every row of ``cover`` must have a candidate.
    """
    needy = cover[np.flatnonzero(cover @ instance.existing.astype(float) == 0)]
    rows, weight, _ = merge_rows(sparse.csr_array(needy), np.ones(needy.shape[0]))
    if instance.excluded:
        return _fewest_but_excluded(instance, rows, weight, run, threads)
    kept, sites = essential_cover(rows, ~instance.existing)
    held = int(instance.existing.sum())
    fresh, bound, status = _smallest_cover(sparse.csr_array(rows[kept][:, sites]), held, run, threads)
    chosen = instance.existing.copy()
    chosen[sites[fresh]] = True
    return chosen, held + bound, status


def _smallest_cover(cover: sparse.csr_array, held: int, run: Run, threads: int) -> tuple[Ints, float, str]:
    """Columns of the smallest cover, a bound and a status; ``held`` sites are open beside it."""
    size, count = cover.shape
    if size == 0:
        return np.empty(0, dtype=np.intp), 0.0, "optimal"
    plan = greedy_cover(cover, np.ones(size), np.ones(count, dtype=bool), count)
    bound = _relaxed_bound(cover, run, threads)
    if plan.size > bound and size * count <= _MOST_CELLS:
        plan = shrink_cover(cover.toarray() > 0, plan, least=int(bound), run=run)
    run.report(_STAGE, held + plan.size, held + bound)
    if plan.size <= bound:
        return plan, bound, "optimal"
    start = np.zeros(count)
    start[plan] = 1.0
    program = Program(
        "min",
        np.ones(count),
        np.zeros(count),
        np.ones(count),
        np.ones(count, dtype=bool),
        (Rows.of(cover, lower=1.0),),
        start=start,
        stage=_STAGE,
    )
    outcome = solve(program, run, threads=threads)
    found = np.flatnonzero(_open_sites(outcome, count, start > 0))
    return found, max(bound, _whole(outcome.bound, 0.0)), outcome.status


def _relaxed_bound(cover: sparse.csr_array, run: Run, threads: int) -> float:
    """Least number of sites that the linear relaxation proves.

    Row prices that cost no site more than 1 in sum are a proof by themselves; HiGHS's are made to keep that exactly.
    """
    size, count = cover.shape
    program = Program(
        "min",
        np.ones(count),
        np.zeros(count),
        np.full(count, np.inf),
        np.zeros(count, dtype=bool),
        (Rows.of(cover, lower=1.0),),
        stage=_STAGE,
    )
    outcome = solve(program, run, threads=threads)
    price: Floats = np.zeros(size) if outcome.price is None else np.maximum(outcome.price, 0.0)
    return max(_whole(float(price.sum()) / max(1.0, float((price @ cover).max())), 0.0), 1.0)


def _whole(bound: float, otherwise: float) -> float:
    return float(math.ceil(bound - 1e-6)) if math.isfinite(bound) else otherwise


def _fewest_but_excluded(
    instance: Instance, rows: sparse.csr_array, weight: Floats, run: Run, threads: int
) -> tuple[Bools, float, str]:
    """Smallest cover that holds no excluded plan; no site may be dropped, since the second best is asked for."""
    count = instance.site_count
    chosen = instance.existing.copy()
    chosen[greedy_cover(rows, weight, ~instance.existing, count)] = True
    best = None if instance.is_excluded(chosen) else chosen
    lower, upper = site_bounds(instance)
    program = Program(
        "min",
        np.ones(count),
        lower,
        upper,
        np.ones(count, dtype=bool),
        (Rows.of(rows, lower=1.0), *cuts(instance, count)),
        start=None if best is None else best.astype(float),
        stage=_STAGE,
    )
    outcome = solve(program, run, threads=threads)
    if outcome.status == "infeasible":
        raise NoPlanError("No plan is left: every cover of all places holds a plan that is excluded.")
    found = _open_sites(outcome, count, best)
    return found, _whole(outcome.bound, float(instance.existing.sum())), outcome.status


def _open_sites(outcome: Outcome, count: int, known: Bools | None) -> Bools:
    found = None if outcome.x is None else outcome.x[:count] > 0.5
    if found is None or (known is not None and known.sum() < found.sum()):
        found = known
    if found is None:
        raise UnfinishedError(outcome.status)
    return found
