"""The smallest full cover, the question behind `min_sites` and the yardstick of every answer that cannot be had."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from kcgeo.errors import SolverError
from kcgeo.siting.instance import Bools, Instance
from kcgeo.siting.plan import NoPlanError
from kcgeo.siting.programs import cuts, greedy_cover, merge_rows, site_bounds
from kcgeo.siting.reduce import essential_cover
from kcgeo.siting.run import Run
from kcgeo.siting.solver import Outcome, Program, Rows, solve

__all__ = ["fewest_sites"]


def fewest_sites(
    instance: Instance, cover: sparse.csr_array, run: Run, *, threads: int = 1
) -> tuple[Bools, float, str]:
    """Open sites of the smallest full cover, with a proven bound on their number.

    Every row of ``cover`` must have a candidate.
    """
    count = instance.site_count
    open_now = instance.existing.astype(float)
    needy = cover[np.flatnonzero(cover @ open_now == 0)]
    rows, weight, _ = merge_rows(sparse.csr_array(needy), np.ones(needy.shape[0]))
    chosen = instance.existing.copy()
    chosen[greedy_cover(rows, weight, ~instance.existing, count)] = True
    best = None if instance.is_excluded(chosen) else chosen
    lower, upper = site_bounds(instance)
    if not instance.excluded:
        kept, useful = essential_cover(rows, ~instance.existing)
        rows = sparse.csr_array(rows[kept])
        upper[np.setdiff1d(np.flatnonzero(~instance.existing), useful)] = 0.0
    program = Program(
        "min",
        np.ones(count),
        lower,
        upper,
        np.ones(count, dtype=bool),
        (Rows.of(rows, lower=1.0), *cuts(instance, count)),
        start=None if best is None or (best > upper).any() else best.astype(float),
        stage="min_sites",
    )
    outcome = solve(program, run, threads=threads)
    if outcome.status == "infeasible":
        raise NoPlanError("No plan is left: every cover of all places holds a plan that is excluded.")
    found = _open_sites(outcome, count, best)
    bound = math.ceil(outcome.bound - 1e-6) if math.isfinite(outcome.bound) else float(instance.existing.sum())
    return found, float(bound), outcome.status


def _open_sites(outcome: Outcome, count: int, known: Bools | None) -> Bools:
    found = None if outcome.x is None else outcome.x[:count] > 0.5
    if found is None or (known is not None and known.sum() < found.sum()):
        found = known
    if found is None:
        raise SolverError(f"The run ended ({outcome.status}) before it had a plan; give it more time.")
    return found
