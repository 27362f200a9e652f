"""The p-median: the least travel of all people, kept tractable by bounds before any integer program is built."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from kcgeo.access.pairs import text_ids
from kcgeo.errors import raise_all
from kcgeo.siting.assemble import nearest_open, summarise
from kcgeo.siting.certificate import Sharing
from kcgeo.siting.checker import check_plan
from kcgeo.siting.instance import Bools, Floats, Instance, read_instance
from kcgeo.siting.limits import check_count, read_limits
from kcgeo.siting.models.explain import cover_faults, room_faults, too_few_sites, unserved_faults
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult, UnfinishedError
from kcgeo.siting.solve.branch import search
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.confirm import confirm, is_too_large
from kcgeo.siting.solve.flow import assign_with_room, flow_program
from kcgeo.siting.solve.lagrange import Median, close_sites, exchange, relax
from kcgeo.siting.solve.programs import count_row, cuts
from kcgeo.siting.solve.radius import cover_with
from kcgeo.siting.solve.solver import Outcome, solve

__all__ = ["p_median"]

_STARTS = 6
_ROUNDS = 6


def p_median(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    new_count: int,
    existing: Iterable[str] = (),
    capacity: pd.Series[float] | None = None,
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Sites with the least travel of all people (p-median).

    Minimises the sum over places of people times ``time_min`` to the nearest open site, or with capacities to the sites
    their people are divided among. Every place must be served.

    Parameters
    ----------
    costs, demand, existing, excluding, time_limit_s, progress, threads
        As in `min_sites`.
    new_count
        Number of sites to open beside the existing ones.
    capacity
        People each site holds, indexed by ``to_id``, existing sites included. The people of a place may be divided
        among sites. None: no limit.

    Returns
    -------
    SitingResult
        ``objective`` is person-minutes; ``mean_time_min`` is the same per person.

    Raises
    ------
    SolverError
        Where no plan serves every place: the places, the least number of sites, total capacity against demand.

    Notes
    -----
    Lagrangian bounds close most candidates, exchange of sites finds the plan, and a branch and bound by the same prices
    over what is left proves it; the second proof computes each of its bounds again in whole numbers.

    References
    ----------
    ReVelle and Swain (1970), Geographical Analysis 2; Beasley (1985), European Journal of Operational Research 21.

    Examples
    --------
    >>> costs = pd.DataFrame({"from_id": ["a", "b", "b"], "to_id": ["x", "x", "y"], "time_min": [9.0, 20.0, 5.0]})
    >>> p_median(costs, pd.Series({"a": 10, "b": 5}), new_count=1).objective
    190.0
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=held, excluding=excluding)
        check_count(instance, new_count, serve_all=True)
        room = read_limits(instance, capacity, None, None).capacity
        full = () if room is None else room_faults(instance, room, new_count)
        raise_all([*cover_faults(instance), *full], NoPlanError)
        if room is None:
            chosen, proof, status = _open_median(instance, new_count, run, threads)
            served = nearest_open(instance, chosen)
        else:
            chosen, proof, status = _open_with_room(instance, room, new_count, run, threads)
            served = assign_with_room(instance, chosen, room)
    travel = float((served[2] * served[3]).sum())
    result = summarise(instance, "p_median", chosen, served, objective=travel, proof=proof, status=status)
    return check_plan(result, costs, demand, new_count=new_count, existing=held, capacity=capacity)


def _median(instance: Instance, new_count: int) -> Median:
    cost = np.full((instance.site_count, instance.place_count), np.inf)
    cost[instance.site, instance.place] = instance.time_min * instance.people[instance.place]
    state = Median(
        cost,
        instance.existing,
        new_count,
        instance.excluded,
        np.ones(instance.site_count, dtype=bool),
        whole=bool((cost[np.isfinite(cost)] % 1 == 0).all()),
    )
    # A place pays its nearest candidate at least: a bound before any other.
    state.prove(float(cost.min(axis=0).sum()))
    return state


def _open_median(instance: Instance, new_count: int, run: Run, threads: int) -> tuple[Bools, Proof, str]:
    state = _median(instance, new_count)
    _first_plan(state, instance, run, threads)
    _bound_and_close(state, run)
    if not state.closed and not run.stopped:
        _further_plans(state, run)
        _bound_and_close(state, run)
    sharing = _sharing(state)
    found = search(sharing, state.best, run, price=state.price)
    if found.best is None:
        raise UnfinishedError(run.stopped)
    proof = Proof(max(state.bound, found.bound), found.exact_bound(sharing))
    return found.best, proof, run.stopped or "optimal"


def _sharing(state: Median) -> Sharing:
    """Sum of costs as a problem of the second proof; what a place pays without a site, no full plan is worth."""
    return Sharing(state.cost, state.finite.max(axis=0), state.existing, state.new_count, excluded=state.excluded)


def _first_plan(state: Median, instance: Instance, run: Run, threads: int) -> None:
    """Offer a greedy plan, improved by exchange; where pairs are missing, one that starts from a full cover."""
    start = state.existing.copy()
    start[_greedy(state.finite, start, state.new_count)] = True
    _offer_exchange(state, start, run)
    if state.best is not None:
        return
    found, status = cover_with(instance, np.inf, state.new_count, run, threads=threads)
    if found is None and status == "infeasible":
        raise_all(too_few_sites(instance, np.inf, state.new_count, threads=threads), NoPlanError)
    if found is not None:
        state.offer(found)
        _offer_exchange(state, found, run)


def _further_plans(state: Median, run: Run) -> None:
    """Exchange from random starts, for what the relaxed problem's sites did not lead to."""
    rng = np.random.default_rng(0)
    free = np.flatnonzero(state.alive & ~state.existing)
    for _ in range(_STARTS if free.size >= state.new_count else 0):
        start = state.existing.copy()
        start[rng.permutation(free)[: state.new_count]] = True
        _offer_exchange(state, start, run)


def _offer_exchange(state: Median, start: Bools, run: Run) -> None:
    end = exchange(state.finite, start, state.existing, run, allowed=state.alive)
    if state.offer(end) or not state.excluded:
        return
    # The end is a plan that may not come again: look at its neighbours.
    for leave in np.flatnonzero(end & ~state.existing):
        for enter in np.flatnonzero(~end):
            near = end.copy()
            near[leave], near[enter] = False, True
            state.offer(near)


def _greedy(cost: Floats, chosen: Bools, count: int) -> list[int]:
    now = cost[chosen].min(axis=0) if chosen.any() else np.full(cost.shape[1], cost.max() + 1.0)
    taken: list[int] = []
    shut = ~chosen
    for _ in range(count):
        worth = np.where(shut, np.maximum(now - cost, 0.0).sum(axis=1), -1.0)
        best = int(np.argmax(worth))
        taken.append(best)
        shut[best] = False
        now = np.minimum(now, cost[best])
    return taken


def _bound_and_close(state: Median, run: Run) -> None:
    """Alternate bounds and closing of sites until nothing closes any more."""
    alive = int(state.alive.sum())
    for _ in range(_ROUNDS):
        if state.closed or run.stopped:
            return
        relax(state, run)
        left = close_sites(state)
        if left > 0.95 * alive:
            return
        alive = left


def _open_with_room(
    instance: Instance, room: Floats, new_count: int, run: Run, threads: int
) -> tuple[Bools, Proof, str]:
    # Without capacities nobody travels farther, so that this bound holds, and its sites may do.
    relaxed = _median(instance, new_count)
    _first_plan(relaxed, instance, run, threads)
    relax(relaxed, run)
    program = flow_program(
        instance,
        room,
        lambda width: (
            count_row(instance, width, least=new_count, most=new_count),
            *cuts(instance, width),
        ),
        serve_all=True,
    )
    outcome = solve(program, run, threads=threads)
    if outcome.status == "infeasible":
        raise NoPlanError(_room_reasons(instance, room, new_count, threads))
    plans = [plan for plan in (_solved(outcome, instance), relaxed.best) if plan is not None]
    values = [_value_with_room(instance, plan, room) for plan in plans]
    if not values or not np.isfinite(min(values)):
        raise UnfinishedError(outcome.status)
    chosen, exact = plans[int(np.argmin(values))], 0.0
    if outcome.status == "optimal" and not is_too_large(instance.place_count, instance.site_count):
        better, exact = confirm(_sharing_with_room(relaxed, instance, room), chosen, run)
        chosen = chosen if better is None else better
    return chosen, Proof(max(outcome.bound, relaxed.bound), exact), outcome.status


def _sharing_with_room(relaxed: Median, instance: Instance, room: Floats) -> Sharing:
    lived_in = np.flatnonzero(instance.people > 0)
    ceiling = np.full(lived_in.size, float(relaxed.finite.max(axis=0).sum()) + 1.0)
    limit, people = np.minimum(room, instance.total_people), instance.people[lived_in]
    whole = Sharing(
        relaxed.cost[:, lived_in], ceiling, instance.existing, relaxed.new_count, excluded=instance.excluded
    )
    return replace(whole, room=limit, people=people)


def _solved(outcome: Outcome, instance: Instance) -> Bools | None:
    return None if outcome.x is None else outcome.x[: instance.site_count] > 0.5


def _value_with_room(instance: Instance, chosen: Bools, room: Floats) -> float:
    """Person-minutes of the best division; infinite where the sites do not hold everybody."""
    _, _, time_min, served = assign_with_room(instance, chosen, room)
    if served.sum() < instance.total_people * (1 - 1e-9):
        return float("inf")
    return float((time_min * served).sum())


def _room_reasons(instance: Instance, room: Floats, new_count: int, threads: int) -> list[str]:
    excluded = f" that is not among the {len(instance.excluded)} excluded" if instance.excluded else ""
    first = f"No plan with {new_count} new sites{excluded} serves all people."
    return [first, *([] if excluded else unserved_faults(instance, room, new_count, threads=threads))]
