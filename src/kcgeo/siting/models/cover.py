"""Cover models: the fewest sites that reach everybody, and the best backup for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import text_ids
from kcgeo.errors import raise_all
from kcgeo.siting.assemble import nearest_open, summarise
from kcgeo.siting.checker import check_plan
from kcgeo.siting.instance import Bools, Floats, Instance, check_cutoff, read_instance
from kcgeo.siting.limits import check_count
from kcgeo.siting.models.explain import cover_faults, too_few_sites
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult, UnfinishedError
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.confirm import confirm, confirm_fewest, cover_sharing, is_too_large
from kcgeo.siting.solve.programs import count_row, cover_columns, cuts, greedy_cover, merge_rows, site_bounds
from kcgeo.siting.solve.setcover import fewest_sites
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["backup_coverage", "min_sites"]


def min_sites(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float,
    existing: Iterable[str] = (),
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Fewest sites that bring every place within the cutoff (location set covering, LSCP).

    Minimises the number of open sites such that each place of ``demand``, also one with 0 people, has an open site
    with ``time_min <= cutoff_min``.

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``; a missing pair cannot serve. The ``to_id`` are the candidates.
    demand
        People, indexed by ``from_id``.
    cutoff_min
        Longest minutes that count as reached, inclusive.
    existing
        Candidates that are open already and stay open.
    excluding
        Plans (their new sites) that may not be chosen again; see `alternatives`.
    time_limit_s, progress, threads
        Seconds for the whole call; callback that gets a `Progress`; threads of HiGHS.

    Returns
    -------
    SitingResult
        ``objective`` counts all open sites, existing ones included; ``unit`` is ``sites``.

    Raises
    ------
    SolverError
        Where a place has no candidate within the cutoff, with the least cutoff that works.

    References
    ----------
    Toregas, Swain, ReVelle and Bergman (1971), Operations Research 19(6).

    Examples
    --------
    >>> costs = pd.DataFrame({"from_id": ["a", "b", "b"], "to_id": ["x", "x", "y"], "time_min": [9.0, 20.0, 5.0]})
    >>> min_sites(costs, pd.Series({"a": 10, "b": 5}), cutoff_min=20).chosen
    ('x',)
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=held, excluding=excluding)
        raise_all(check_cutoff(cutoff_min), NoPlanError)
        raise_all(cover_faults(instance, cutoff_min), NoPlanError)
        cover = instance.within(cutoff_min)
        chosen, bound, status = fewest_sites(instance, cover, run, threads=threads)
        chosen, exact = confirm_fewest(instance, cover, chosen, run)
    served = nearest_open(instance, chosen, cutoff_min=cutoff_min)
    fewest, proof = float(chosen.sum()), Proof(bound, exact)
    result = summarise(instance, "min_sites", chosen, served, objective=fewest, proof=proof, status=status)
    return check_plan(result, costs, demand, cutoff_min=cutoff_min, existing=held)


def backup_coverage(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float,
    new_count: int,
    existing: Iterable[str] = (),
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Most people with two sites within the cutoff, where everybody has one (BACOP1).

    Maximises the people whose place has at least two open sites with ``time_min <= cutoff_min``, such that every place
    has at least one. A place with a single candidate in reach can be covered, never backed up.

    Parameters
    ----------
    costs, demand, cutoff_min, existing, excluding, time_limit_s, progress, threads
        As in `min_sites`.
    new_count
        Number of sites to open beside the existing ones.

    Returns
    -------
    SitingResult
        ``objective``, ``covered_count``, ``covered_share`` and ``covered_place_share`` are of people and places covered
        **at least twice**; all are covered once. ``assignment`` names the nearest site.

    Raises
    ------
    SolverError
        Where no plan covers every place: with the places, the least cutoff and the least number of sites that work.

    References
    ----------
    Hogan and ReVelle (1986), Management Science 32(11).
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=held, excluding=excluding)
        check_count(instance, new_count, serve_all=True)
        raise_all(check_cutoff(cutoff_min), NoPlanError)
        raise_all(cover_faults(instance, cutoff_min), NoPlanError)
        chosen, proof, status = _best_backup(instance, cutoff_min, new_count, run, threads)
    served = nearest_open(instance, chosen, cutoff_min=cutoff_min)
    twice = instance.within(cutoff_min) @ chosen.astype(float) >= 2
    objective = float(instance.people[twice].sum())
    result = summarise(
        instance,
        "backup_coverage",
        chosen,
        served,
        objective=objective,
        proof=proof,
        status=status,
        covered=(objective, twice.sum()),
    )
    return check_plan(result, costs, demand, cutoff_min=cutoff_min, new_count=new_count, existing=held)


def _best_backup(
    instance: Instance, cutoff_min: float, new_count: int, run: Run, threads: int
) -> tuple[Bools, Proof, str]:
    rows, people, _ = merge_rows(instance.within(cutoff_min), instance.people)
    sites, width = instance.site_count, instance.site_count + rows.shape[0]
    lower, upper = site_bounds(instance)
    twice = sparse.csr_array(-sparse.eye_array(rows.shape[0], format="csr"))
    program = Program(
        "max",
        np.concatenate([np.zeros(sites), people]),
        np.concatenate([lower, np.zeros(rows.shape[0])]),
        np.concatenate([upper, np.ones(rows.shape[0])]),
        np.arange(width) < sites,
        (
            Rows.of(cover_columns(rows, twice), lower=1.0),
            count_row(instance, width, least=new_count, most=new_count),
            *cuts(instance, width),
        ),
        start=_backup_start(instance, rows, people, new_count, width),
        stage="backup_coverage",
    )
    outcome = solve(program, run, threads=threads)
    most = instance.total_people
    chosen, paid = None if outcome.x is None else outcome.x[:sites] > 0.5, 0.0
    if not is_too_large(*rows.shape):
        twofold = replace(cover_sharing(instance, rows, people, new_count), twice=True)
        chosen, paid = confirm(twofold, chosen, run)
    if chosen is None and outcome.status == "infeasible":
        raise_all(too_few_sites(instance, cutoff_min, new_count, threads=threads), NoPlanError)
    if chosen is None:
        raise UnfinishedError(outcome.status)
    solver = most if outcome.status == "infeasible" else min(outcome.bound, most)
    return chosen, Proof(solver, most - paid), outcome.status


def _backup_start(
    instance: Instance, rows: sparse.csr_array, people: Floats, new_count: int, width: int
) -> Floats | None:
    """Make a first plan: a greedy full cover, then sites that back up most people; None where that is too many."""
    chosen = instance.existing.copy()
    needy = np.where(rows @ chosen.astype(float) == 0, 1.0, 0.0)
    chosen[greedy_cover(rows, needy, ~chosen, instance.site_count)] = True
    spare = new_count - int((chosen & ~instance.existing).sum())
    if spare < 0:
        return None
    for _ in range(spare):
        once = np.where(rows @ chosen.astype(float) == 1, people, 0.0)
        chosen[int(np.argmax(np.where(chosen, -1.0, rows.T @ once)))] = True
    if instance.is_excluded(chosen):
        return None
    start = np.zeros(width)
    start[: instance.site_count] = chosen
    start[instance.site_count :] = rows @ chosen.astype(float) >= 2
    return start
