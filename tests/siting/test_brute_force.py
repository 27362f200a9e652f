"""Every model against trying all subsets, on random small towns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from kcgeo.errors import SolverError
from kcgeo.siting import (
    NoPlanError,
    SitingResult,
    alternatives,
    backup_coverage,
    max_coverage,
    min_sites,
    p_center,
    p_dispersion,
    p_median,
)
from tests.siting.towns import count_within, flow_value, near, random_town, seeds, subsets, tables

some = settings(max_examples=30, deadline=None, derandomize=True)


def setting(seed: int, *, full: bool) -> tuple[np.ndarray, np.ndarray, tuple[int, ...], int]:
    """A town with some existing sites and a number of new ones."""
    rng = np.random.default_rng(seed)
    times, people = random_town(rng, full=full)
    sites = times.shape[1]
    existing = tuple(sorted(rng.permutation(sites)[: int(rng.integers(0, 3))].tolist()))
    new_count = int(rng.integers(1, sites - len(existing) + 1)) if sites > len(existing) else 0
    return times, people, existing, new_count


def names(existing: tuple[int, ...]) -> list[str]:
    return [f"s{j:02d}" for j in existing]


def agree(result: SitingResult, expected: float) -> None:
    assert result.status == "optimal"
    assert result.gap == 0
    assert result.objective == pytest.approx(expected, rel=1e-9, abs=1e-9)


@some
@given(seeds)
def test_max_coverage(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=False)
    costs, demand = tables(times, people)
    result = max_coverage(costs, demand, cutoff_min=12, new_count=new_count, existing=names(existing))
    best = max(people[near(times, chosen) <= 12].sum() for chosen in subsets(times.shape[1], existing, new_count))
    agree(result, best)
    assert result.covered_share == pytest.approx(best / people.sum())
    assert len(result.new) == new_count


@some
@given(seeds)
def test_max_coverage_with_budget(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=False)
    costs, demand = tables(times, people)
    rng = np.random.default_rng(seed)
    price = rng.integers(1, 9, times.shape[1]).astype(float)
    budget = float(price.max() + rng.integers(0, 9))
    result = max_coverage(
        costs,
        demand,
        cutoff_min=12,
        new_count=new_count,
        existing=names(existing),
        site_cost=pd.Series(price, index=names(tuple(range(times.shape[1])))),
        budget=budget,
    )
    best = max(
        people[near(times, chosen) <= 12].sum()
        for count in range(new_count + 1)
        for chosen in subsets(times.shape[1], existing, count)
        if price[[j for j in chosen if j not in existing]].sum() <= budget
    )
    agree(result, best)


@some
@given(seeds)
def test_max_coverage_with_capacity(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=False)
    costs, demand = tables(times, people)
    room = np.random.default_rng(seed).integers(0, 25, times.shape[1]).astype(float)
    result = max_coverage(
        costs,
        demand,
        cutoff_min=12,
        new_count=new_count,
        existing=names(existing),
        capacity=pd.Series(room, index=names(tuple(range(times.shape[1])))),
    )
    best = max(
        flow_value(times, people, chosen, room, 12, serve_all=False)
        for chosen in subsets(times.shape[1], existing, new_count)
    )
    assert result.status == "optimal"
    assert result.objective == pytest.approx(best, abs=1e-5)


@some
@given(seeds)
def test_min_sites(seed: int) -> None:
    times, people, existing, _ = setting(seed, full=False)
    costs, demand = tables(times, people)
    sites = times.shape[1]
    covers = [
        chosen
        for count in range(sites - len(existing) + 1)
        for chosen in subsets(sites, existing, count)
        if (near(times, chosen) <= 20).all()
    ]
    if not covers:
        with pytest.raises(NoPlanError, match="no candidate"):
            min_sites(costs, demand, cutoff_min=20, existing=names(existing))
        return
    agree(min_sites(costs, demand, cutoff_min=20, existing=names(existing)), min(map(len, covers)))


@some
@given(seeds)
def test_p_median(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=seed % 2 == 0)
    costs, demand = tables(times, people)
    plans = [near(times, chosen) for chosen in subsets(times.shape[1], existing, new_count)]
    served = [float(people @ plan) for plan in plans if np.isfinite(plan).all()]
    if not served:
        with pytest.raises(NoPlanError):
            p_median(costs, demand, new_count=new_count, existing=names(existing))
        return
    result = p_median(costs, demand, new_count=new_count, existing=names(existing))
    agree(result, min(served))
    assert result.covered_share == 1


@some
@given(seeds)
def test_p_median_with_capacity(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=True)
    costs, demand = tables(times, people)
    room = np.random.default_rng(seed).integers(0, 60, times.shape[1]).astype(float)
    capacity = pd.Series(room, index=names(tuple(range(times.shape[1]))))
    values = [
        flow_value(times, people, chosen, room, np.inf, serve_all=True)
        for chosen in subsets(times.shape[1], existing, new_count)
    ]
    possible = [value for value in values if value is not None]
    if not possible:
        with pytest.raises(NoPlanError, match="hold"):
            p_median(costs, demand, new_count=new_count, existing=names(existing), capacity=capacity)
        return
    result = p_median(costs, demand, new_count=new_count, existing=names(existing), capacity=capacity)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(min(possible), rel=1e-6, abs=1e-4)


@some
@given(seeds)
def test_p_center(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=seed % 2 == 0)
    costs, demand = tables(times, people)
    best = min(near(times, chosen).max() for chosen in subsets(times.shape[1], existing, new_count))
    if not np.isfinite(best):
        with pytest.raises(NoPlanError):
            p_center(costs, demand, new_count=new_count, existing=names(existing))
        return
    agree(p_center(costs, demand, new_count=new_count, existing=names(existing)), best)


@some
@given(seeds)
def test_backup_coverage(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=True)
    costs, demand = tables(times, people)
    values = [
        people[count_within(times, chosen, 20) >= 2].sum()
        for chosen in subsets(times.shape[1], existing, new_count)
        if (near(times, chosen) <= 20).all()
    ]
    if not values:
        with pytest.raises(NoPlanError):
            backup_coverage(costs, demand, cutoff_min=20, new_count=new_count, existing=names(existing))
        return
    result = backup_coverage(costs, demand, cutoff_min=20, new_count=new_count, existing=names(existing))
    agree(result, max(values))
    assert result.covered_count == max(values)


@some
@given(seeds)
def test_p_dispersion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites = int(rng.integers(3, 11))
    new_count = int(rng.integers(2, sites))
    times = rng.integers(1, 40, (sites, sites)).astype(float)
    existing = (0,) if new_count < sites - 1 and seed % 2 else ()
    apart = np.minimum(times, times.T)
    rows = [(f"s{i:02d}", f"s{j:02d}", times[i, j]) for i in range(sites) for j in range(sites) if i != j]
    table = pd.DataFrame(rows, columns=["from_id", "to_id", "time_min"])
    best = max(
        min(apart[a, b] for a in chosen for b in chosen if a < b) for chosen in subsets(sites, existing, new_count)
    )
    agree(p_dispersion(table, new_count=new_count, existing=names(existing)), best)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seeds)
def test_alternatives_are_the_next_best_plans(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=True)
    costs, demand = tables(times, people)
    for model, options, value in (
        (p_median, {}, lambda chosen: float(people @ near(times, chosen))),
        (p_center, {}, lambda chosen: float(near(times, chosen).max())),
        (max_coverage, {"cutoff_min": 12}, lambda chosen: -float(people[near(times, chosen) <= 12].sum())),
    ):
        ranked = sorted(value(chosen) for chosen in subsets(times.shape[1], existing, new_count))
        plans = alternatives(
            model,
            costs,
            demand,
            within_share=9.0,
            max_count=4,
            new_count=new_count,
            existing=names(existing),
            **options,
        )
        assert [abs(plan.objective) for plan in plans] == pytest.approx([abs(v) for v in ranked[: len(plans)]])
        assert len({plan.chosen for plan in plans}) == len(plans)
        assert len(plans) == min(4, len([v for v in ranked if v <= ranked[0] + 9 * abs(ranked[0]) + 1e-9]))


@some
@given(seeds)
def test_order_of_rows_does_not_matter_and_inputs_are_unchanged(seed: int) -> None:
    times, people, existing, new_count = setting(seed, full=True)
    costs, demand = tables(times, people)
    before = costs.copy(), demand.copy()
    first = p_median(costs, demand, new_count=new_count, existing=names(existing))
    shuffled = costs.sample(frac=1, random_state=seed % 1000), demand.sample(frac=1, random_state=seed % 1000)
    second = p_median(*shuffled, new_count=new_count, existing=names(existing))
    assert first.chosen == second.chosen
    pd.testing.assert_frame_equal(first.assignment, second.assignment)
    pd.testing.assert_frame_equal(costs, before[0])
    pd.testing.assert_series_equal(demand, before[1])


def test_no_plan_is_a_solver_error() -> None:
    assert issubclass(NoPlanError, SolverError)


def test_ids_may_be_categories() -> None:
    """`travel.costs` can hand out its ids as categories, some of them without a row."""
    times, people = random_town(np.random.default_rng(5), full=True)
    costs, demand = tables(times, people)
    names_ = [*sorted(costs["to_id"].unique()), "s98"]
    coded = costs.assign(
        from_id=pd.Categorical(costs["from_id"]), to_id=pd.Categorical(costs["to_id"], categories=names_)
    )
    for model, options in (
        (p_median, {"new_count": 2}),
        (max_coverage, {"new_count": 2, "cutoff_min": 12}),
        (p_center, {"new_count": 2}),
        (min_sites, {"cutoff_min": 30}),
    ):
        first, second = model(costs, demand, **options), model(coded, demand, **options)
        assert first.chosen == second.chosen
        pd.testing.assert_frame_equal(first.assignment, second.assignment)
