"""What one goal costs another: people covered, worst-case time and the group that is covered least."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import number_faults, text_ids, upto
from kcgeo.errors import SolverError, TableError, UnfinishedWarning, first_ids, raise_all
from kcgeo.siting.assemble import nearest_open
from kcgeo.siting.instance import Bools, Floats, Instance, check_cutoff, check_groups, read_instance
from kcgeo.siting.limits import check_count
from kcgeo.siting.plan import relative_gap
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.programs import count_row, cover_columns, merge_rows, site_bounds
from kcgeo.siting.solve.radius import smallest_radius
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["pareto"]

MOST_STEPS = 1_000

_SLACK = 1e-7


@dataclass(frozen=True, eq=False)
class _Goal:
    """Merged cover rows with the people of each, in all and by group (as a share of the group)."""

    instance: Instance
    rows: sparse.csr_array
    people: Floats
    shares: Floats
    base_people: float
    base_shares: Floats
    new_count: int


def pareto(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float,
    new_count: int,
    groups: pd.DataFrame,
    existing: Iterable[str] = (),
    steps: int = 4,
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Plans of which none is better in every goal: people covered, worst-case time, cover of the worst-off group.

    Epsilon-constraint method: people covered are maximised under a limit on the longest time (``steps`` levels from
    none to the least possible) and a floor on the covered share of each group (``steps`` levels from what comes by
    itself to the most possible). Plans that another one beats are dropped. Between two levels there may be more.

    Parameters
    ----------
    costs, demand, cutoff_min, new_count, existing, time_limit_s, progress, threads
        As in `max_coverage`. Places without any pair cannot be served and do not count in the worst-case time.
    groups
        People of each group (a column each), indexed by place, such as under 18, in poverty, without a vehicle.
    steps
        Levels for each constraint, 2 or more.

    Returns
    -------
    DataFrame
        One row for each plan, most people first: ``covered_count, covered_share, worst_time_min`` (infinite: a place
        that has pairs is served by no open site), ``least_group_share, chosen, gap`` (of the solve that found it).
        After a time limit or Ctrl-C the plans found so far, with an :class:`kcgeo.errors.UnfinishedWarning`.

    References
    ----------
    Haimes, Lasdon and Wismer (1971), IEEE Transactions on Systems, Man and Cybernetics 1(3).
    """
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=existing)
        raise_all(check_cutoff(cutoff_min), SolverError)
        check_count(instance, new_count)
        raise_all(number_faults(steps, "steps", least=2, whole=True), SolverError)
        if steps > MOST_STEPS:
            raise SolverError(f"steps is {steps:g}; give at most {MOST_STEPS} levels.")
        steps = int(steps)
        goal = _goal(instance, cutoff_min, new_count, _group_shares(instance, groups))
        found: dict[tuple[int, ...], float] = {}
        for limit_min in _time_levels(goal, steps, run, threads):
            _sweep_shares(goal, limit_min, steps, run, threads, found)
            if run.stopped:
                break
        table = _table(goal, cutoff_min, groups.columns, found)
        if run.stopped:
            why = "the time limit" if run.stopped == "time_limit" else "Ctrl-C"
            said = f"The front is not whole: {why} ended it with {len(table)} plans."
            warnings.warn(UnfinishedWarning(said, run.stopped), stacklevel=2)
        return table


def _group_shares(instance: Instance, groups: pd.DataFrame) -> Floats:
    """Share of its group that lives in each place, places by groups."""
    check_groups(groups)
    problems: list[str] = []
    here = groups.set_axis(text_ids(groups.index, "groups")).reindex(list(instance.place_ids))
    lacking = here.index[here.isna().any(axis=1)]
    if len(lacking):
        problems.append(f"groups has no number for {len(lacking)} places: {first_ids(lacking)}.")
    empty = [str(name) for name in groups.columns if not groups[name].sum() > 0]
    if empty:
        problems.append(f"groups without people: {first_ids(empty)}. Leave them out.")
    raise_all(problems, TableError)
    numbers = here.to_numpy(dtype=float)
    return np.asarray(numbers / numbers.sum(axis=0), dtype=np.float64)


def _goal(instance: Instance, cutoff_min: float, new_count: int, shares: Floats) -> _Goal:
    cover = instance.within(cutoff_min)
    held = cover @ instance.existing.astype(float) > 0
    play = ~held & (np.diff(cover.indptr) > 0)
    rows, people, group = merge_rows(sparse.csr_array(cover[np.flatnonzero(play)]), instance.people[play])
    merged = np.zeros((rows.shape[0], shares.shape[1]))
    np.add.at(merged, group, shares[play])
    base = float(instance.people[held].sum())
    return _Goal(instance, rows, people, merged, base, shares[held].sum(axis=0), new_count)


def _time_levels(goal: _Goal, steps: int, run: Run, threads: int) -> list[float]:
    """Limits on the longest time, loosest first: none, then down to the least that any plan can keep."""
    reached = np.unique(goal.instance.place)
    instance = goal.instance
    part = Instance(
        tuple(instance.place_ids[i] for i in reached),
        instance.site_ids,
        instance.people[reached],
        np.searchsorted(reached, instance.place),
        instance.site,
        instance.time_min,
        instance.existing,
        (),
    )
    plan, least, status = smallest_radius(part, goal.new_count, run, threads=threads)
    if plan is None or status != "optimal":
        return [np.inf]
    longest = float(instance.time_min.max())
    return [np.inf, *np.linspace(longest, least, steps)[1:].tolist()] if longest > least else [np.inf, least]


def _sweep_shares(
    goal: _Goal, limit_min: float, steps: int, run: Run, threads: int, found: dict[tuple[int, ...], float]
) -> None:
    """Plans at one limit on time: from the floor that comes by itself to the highest floor that can be had."""
    first = _solve(goal, limit_min, 0.0, run, threads, found)
    if first is None:
        return
    low = _least_share(goal, first)
    top = _solve(goal, limit_min, None, run, threads, found)
    if top is None:
        return
    high = _least_share(goal, top)
    for floor in np.linspace(low, high, steps)[1:]:
        if run.stopped or high <= low + _SLACK:
            return
        _solve(goal, limit_min, float(floor), run, threads, found)


def _least_share(goal: _Goal, chosen: Bools) -> float:
    covered = goal.rows @ chosen.astype(float) > 0
    return float((goal.base_shares + goal.shares[covered].sum(axis=0)).min())


def _solve(
    goal: _Goal, limit_min: float, floor: float | None, run: Run, threads: int, found: dict[tuple[int, ...], float]
) -> Bools | None:
    """Most people above a floor for every group; with no floor given, the highest floor itself."""
    sites, rows = goal.instance.site_count, goal.rows.shape[0]
    width = sites + rows + 1
    lower, upper = site_bounds(goal.instance)
    minus = sparse.csr_array(sparse.hstack([-sparse.eye_array(rows), sparse.csr_array((rows, 1))], format="csr"))
    block = sparse.hstack(
        [
            sparse.csr_array((goal.shares.shape[1], sites)),
            sparse.csr_array(goal.shares.T),
            sparse.csr_array(-np.ones((goal.shares.shape[1], 1))),
        ],
        format="csr",
    )
    constraints = [
        Rows.of(cover_columns(goal.rows, minus), lower=0.0),
        Rows.of(sparse.csr_array(block), lower=-goal.base_shares),
        count_row(goal.instance, width, least=goal.new_count, most=goal.new_count),
    ]
    if np.isfinite(limit_min):
        cover = goal.instance.within(limit_min)
        reached = np.unique(goal.instance.place)
        constraints.append(Rows.of(cover_columns(sparse.csr_array(cover[reached]), width=width - sites), lower=1.0))
    best_floor = floor is None
    program = Program(
        "max",
        np.concatenate([np.zeros(sites), np.zeros(rows) if best_floor else goal.people, [float(best_floor)]]),
        np.concatenate([lower, np.zeros(rows), [0.0 if floor is None else floor - _SLACK]]),
        np.concatenate([upper, np.ones(rows), [1.0 if floor is None else max(floor - _SLACK, 0.0)]]),
        np.arange(width) < sites,
        tuple(constraints),
        stage="pareto",
    )
    outcome = solve(program, run, threads=threads)
    if outcome.x is None:
        return None
    chosen = outcome.x[:sites] > 0.5
    # The plan with the highest floor is covered again by the sweep, which adds as many people as that floor allows.
    if not best_floor:
        found[tuple(np.flatnonzero(chosen).tolist())] = relative_gap(outcome.objective, outcome.bound)
    return chosen


def _table(goal: _Goal, cutoff_min: float, names: pd.Index[str], found: dict[tuple[int, ...], float]) -> pd.DataFrame:
    instance = goal.instance
    has_pair = np.zeros(instance.place_count, dtype=bool)
    has_pair[instance.place] = True
    records = []
    for sites, gap in found.items():
        chosen = np.zeros(instance.site_count, dtype=bool)
        chosen[list(sites)] = True
        place, _, time_min, _ = nearest_open(instance, chosen)
        people = float(instance.people[place[time_min <= upto(cutoff_min)]].sum())
        worst = float(time_min.max()) if place.size == has_pair.sum() else np.inf
        ids = tuple(instance.site_ids[j] for j in sites)
        records.append((people, people / instance.total_people, worst, _least_share(goal, chosen), ids, gap))
    columns = ["covered_count", "covered_share", "worst_time_min", "least_group_share", "chosen", "gap"]
    table = pd.DataFrame(records, columns=columns)
    table = table.sort_values(columns[:4], ascending=[False, False, True, False], kind="stable")
    return table[~_beaten(table)].drop_duplicates(columns[:4]).reset_index(drop=True)


def _beaten(table: pd.DataFrame) -> Bools:
    """Rows that another row equals or beats in every goal and beats in one."""
    score = np.column_stack([table["covered_count"], -table["worst_time_min"], table["least_group_share"]]).astype(
        float
    )
    reach = score[None, :, :] >= score[:, None, :]
    above = score[None, :, :] > score[:, None, :]
    beats: Bools = np.logical_and(reach.all(axis=2), above.any(axis=2))
    return np.asarray(beats.any(axis=1), dtype=bool)
