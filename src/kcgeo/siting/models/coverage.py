"""Maximum coverage: the most people within reach of a number of new sites, or of a budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import text_ids
from kcgeo.errors import SolverError, raise_all
from kcgeo.siting.assemble import nearest_open, summarise
from kcgeo.siting.certificate import Sharing
from kcgeo.siting.checker import check_plan
from kcgeo.siting.instance import Bools, Floats, Instance, check_cutoff, read_instance
from kcgeo.siting.limits import Limits, check_count, read_limits
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult, UnfinishedError
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.confirm import confirm, cover_sharing, is_too_large
from kcgeo.siting.solve.flow import assign_with_room, flow_program
from kcgeo.siting.solve.programs import (
    budget_row,
    count_row,
    cover_columns,
    cuts,
    greedy_cover,
    merge_rows,
    site_bounds,
)
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["max_coverage"]


def max_coverage(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float,
    new_count: int,
    existing: Iterable[str] = (),
    capacity: pd.Series[float] | None = None,
    site_cost: pd.Series[float] | None = None,
    budget: float | None = None,
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Most people within the cutoff of an open site (maximal covering, MCLP).

    Maximises the people whose place has an open site with ``time_min <= cutoff_min``; people within reach of an
    existing site count too, since they are covered whatever is chosen.

    Parameters
    ----------
    costs, demand, cutoff_min, existing, excluding, time_limit_s, progress, threads
        As in `min_sites`. Places without a pair stay in the count and are not covered.
    new_count
        Number of sites to open beside the existing ones; with a budget the largest number.
    capacity
        People each site holds, indexed by ``to_id``, existing sites included. The people of a place may be divided
        among sites. None: no limit.
    site_cost, budget
        Cost of each new site, and what all together may cost, in one unit of money. Both or none.

    Returns
    -------
    SitingResult
        ``objective`` is people. ``assignment`` names the nearest site within the cutoff; with capacities the division
        of people that reaches the objective in the fewest person-minutes.

    Raises
    ------
    SolverError
        Where a number cannot be met: more sites than candidates, a budget below the cheapest site.

    References
    ----------
    Church and ReVelle (1974), Papers of the Regional Science Association 32.

    Examples
    --------
    >>> costs = pd.DataFrame({"from_id": ["a", "b", "b"], "to_id": ["x", "x", "y"], "time_min": [9.0, 20.0, 5.0]})
    >>> plan = max_coverage(costs, pd.Series({"a": 10, "b": 5}), cutoff_min=10, new_count=1)
    >>> plan.chosen, plan.covered_count
    (('x',), 10.0)
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=held, excluding=excluding)
        raise_all(check_cutoff(cutoff_min), SolverError)
        check_count(instance, new_count)
        limits = read_limits(instance, capacity, site_cost, budget)
        if limits.capacity is None:
            chosen, proof, status = _open_cover(instance, cutoff_min, new_count, limits, run, threads)
            served = nearest_open(instance, chosen, cutoff_min=cutoff_min)
        else:
            chosen, proof, status = _open_with_room(instance, cutoff_min, new_count, limits, run, threads)
            served = assign_with_room(instance, chosen, limits.capacity, cutoff_min=cutoff_min)
    place, _, _, count = served
    full = np.bincount(place, weights=count, minlength=instance.place_count) >= instance.people * (1 - 1e-6) - 1e-6
    full[np.setdiff1d(np.arange(instance.place_count), place)] = False
    result = summarise(
        instance,
        "max_coverage",
        chosen,
        served,
        objective=float(count.sum()),
        proof=proof,
        status=status,
        covered=(float(count.sum()), full.sum()),
    )
    return check_plan(
        result,
        costs,
        demand,
        cutoff_min=cutoff_min,
        new_count=new_count,
        existing=held,
        capacity=capacity,
        site_cost=site_cost,
        budget=budget,
    )


def _limit_rows(instance: Instance, width: int, new_count: int, limits: Limits) -> tuple[Rows, ...]:
    least = new_count if limits.budget is None else 0
    rows = [count_row(instance, width, least=least, most=new_count)]
    if limits.site_cost is not None and limits.budget is not None:
        rows.append(budget_row(instance, width, limits.site_cost, limits.budget))
    return (*rows, *cuts(instance, width))


def _open_cover(
    instance: Instance, cutoff_min: float, new_count: int, limits: Limits, run: Run, threads: int
) -> tuple[Bools, Proof, str]:
    cover = instance.within(cutoff_min)
    held = cover @ instance.existing.astype(float) > 0
    in_play = ~held & (np.diff(cover.indptr) > 0)
    rows, people, _ = merge_rows(sparse.csr_array(cover[np.flatnonzero(in_play)]), instance.people[in_play])
    already = float(instance.people[held].sum())
    sites, width = instance.site_count, instance.site_count + rows.shape[0]
    lower, upper = site_bounds(instance)
    minus = sparse.csr_array(-sparse.eye_array(rows.shape[0], format="csr"))
    first = _first_plan(instance, rows, people, new_count, limits)
    start = None
    if first is not None:
        start = np.concatenate([first.astype(float), (rows @ first.astype(float) > 0).astype(float)])
    program = Program(
        "max",
        np.concatenate([np.zeros(sites), people]),
        np.concatenate([lower, np.zeros(rows.shape[0])]),
        np.concatenate([upper, np.ones(rows.shape[0])]),
        np.arange(width) < sites,
        (Rows.of(cover_columns(rows, minus), lower=0.0), *_limit_rows(instance, width, new_count, limits)),
        start=start,
        stage="max_coverage",
    )
    outcome = solve(program, run, threads=threads)
    chosen = _better(outcome.x, first, sites, lambda plan: float(people[rows @ plan > 0].sum()))
    most, paid = already + float(people.sum()), 0.0
    if not is_too_large(*rows.shape):
        sharing = cover_sharing(instance, rows, people, new_count, exactly=limits.budget is None)
        chosen, paid = confirm(_with_money(sharing, limits), chosen, run)
    solver = most if outcome.status == "infeasible" else min(outcome.bound + already, most)
    return _given(chosen, outcome.status), Proof(solver, most - paid), outcome.status


def _with_money(sharing: Sharing, limits: Limits) -> Sharing:
    if limits.site_cost is None or limits.budget is None:
        return sharing
    return replace(sharing, site_cost=limits.site_cost, budget=float(limits.budget))


def _better(x: Floats | None, first: Bools | None, sites: int, worth: Callable[[Floats], float]) -> Bools | None:
    """Return the better of the solver's plan and the first plan; None where there is neither."""
    plans = [plan for plan in (None if x is None else x[:sites] > 0.5, first) if plan is not None]
    return max(plans, key=lambda plan: worth(plan.astype(float)), default=None)


def _given(chosen: Bools | None, status: str) -> Bools:
    """Refuse to go on without a plan."""
    if chosen is None and status == "infeasible":
        raise NoPlanError("No plan is left: the excluded plans and the limits rule out every choice of sites.")
    if chosen is None:
        raise UnfinishedError(status)
    return chosen


def _first_plan(
    instance: Instance, rows: sparse.csr_array, people: Floats, new_count: int, limits: Limits
) -> Bools | None:
    """Greedy plan to start from; None where a budget or excluded plans make greed unsafe."""
    if limits.budget is not None:
        return None
    free = ~instance.existing
    greedy = greedy_cover(rows, people, free, new_count)
    chosen = instance.existing.copy()
    chosen[greedy] = True
    spare = new_count - greedy.size
    chosen[np.flatnonzero(~chosen)[:spare]] = True
    return None if instance.is_excluded(chosen) else chosen


def _open_with_room(
    instance: Instance, cutoff_min: float, new_count: int, limits: Limits, run: Run, threads: int
) -> tuple[Bools, Proof, str]:
    assert limits.capacity is not None
    room = limits.capacity
    # Without capacities nobody is covered less, so that this bound holds, and its sites may do.
    relaxed, widest, _ = _open_cover(instance, cutoff_min, new_count, limits, run, threads)
    program = flow_program(
        instance, room, lambda width: _limit_rows(instance, width, new_count, limits), cutoff_min=cutoff_min
    )
    outcome = solve(program, run, threads=threads)

    def worth(plan: Floats) -> float:
        return float(assign_with_room(instance, plan > 0.5, room, cutoff_min=cutoff_min)[3].sum())

    chosen = _better(outcome.x, relaxed, instance.site_count, worth)
    lived_in = instance.people > 0
    people, most, paid = instance.people[lived_in], instance.total_people, 0.0
    if outcome.status == "optimal" and not is_too_large(instance.place_count, instance.site_count):
        cover = sparse.csr_array(instance.within(cutoff_min)[np.flatnonzero(lived_in)])
        sharing = cover_sharing(instance, cover, people, new_count, exactly=limits.budget is None)
        sharing = replace(_with_money(sharing, limits), room=np.minimum(room, most), people=people)
        chosen, paid = confirm(sharing, chosen, run)
    solver = widest.solver if outcome.status == "infeasible" else min(outcome.bound, widest.solver)
    return _given(chosen, outcome.status), Proof(solver, min(most - paid, widest.exact)), outcome.status
