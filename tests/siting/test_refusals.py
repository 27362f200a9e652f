"""Edges: each is a clear error that names the rows and the cure, or a stated result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from kcgeo.errors import SolverError, TableError
from kcgeo.siting import backup_coverage, max_coverage, min_sites, p_center, p_dispersion, p_median
from tests.siting.towns import tables

TIMES = np.array([[5.0, 9, 30], [12, 4, 25], [28, 11, 6]])
COSTS, DEMAND = tables(TIMES, np.array([10.0, 20, 5]))
MODELS: dict[str, Callable[..., object]] = {
    "min_sites": lambda c, d, **o: min_sites(c, d, cutoff_min=15, **o),
    "max_coverage": lambda c, d, **o: max_coverage(c, d, cutoff_min=15, **{"new_count": 1, **o}),
    "backup_coverage": lambda c, d, **o: backup_coverage(c, d, cutoff_min=30, **{"new_count": 1, **o}),
    "p_median": lambda c, d, **o: p_median(c, d, **{"new_count": 1, **o}),
    "p_center": lambda c, d, **o: p_center(c, d, **{"new_count": 1, **o}),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
counted = pytest.mark.parametrize("model", [MODELS[name] for name in MODELS if name != "min_sites"])


@counted
@pytest.mark.parametrize(
    ("count", "message"),
    [
        (4, r"new_count is 4, but only 3 candidates are free \(3 in costs, 0 of them existing\)"),
        (-1, "new_count is -1; give 0 or more"),
        (1.5, "give a whole number"),
        (True, "give a whole number"),
    ],
)
def test_new_count(model: Callable[..., object], count: object, message: str) -> None:
    with pytest.raises(SolverError, match=message):
        model(COSTS, DEMAND, new_count=count)


@every_model
def test_zero_demand(model: Callable[..., object]) -> None:
    with pytest.raises(TableError, match="nobody to serve"):
        model(COSTS, DEMAND * 0)


@every_model
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_demand_that_is_no_number(model: Callable[..., object], value: float) -> None:
    demand = DEMAND.copy()
    demand["p01"] = value
    with pytest.raises(TableError, match="The demand of p01 is negative, missing or infinite"):
        model(COSTS, demand)


@every_model
def test_negative_demand(model: Callable[..., object]) -> None:
    demand = DEMAND.copy()
    demand["p01"] = -1
    with pytest.raises(TableError, match="The demand of p01 is negative"):
        model(COSTS, demand)


@every_model
def test_duplicate_place(model: Callable[..., object]) -> None:
    with pytest.raises(TableError, match="The demand names p00 more than once"):
        model(COSTS, pd.concat([DEMAND, DEMAND.iloc[:1]]))


@every_model
def test_duplicate_pair(model: Callable[..., object]) -> None:
    with pytest.raises(TableError, match="1 pairs more than once: p01 to s00"):
        model(pd.concat([COSTS, COSTS.iloc[3:4]], ignore_index=True), DEMAND)


@every_model
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-0.5, "p01 to s00 is negative"),
        (np.nan, "p01 to s00 is negative, missing"),
        (np.inf, "negative, missing, infinite"),
    ],
)
def test_times_that_are_no_minutes(model: Callable[..., object], value: float, message: str) -> None:
    costs = COSTS.copy()
    costs.loc[3, "time_min"] = value
    with pytest.raises(TableError, match=message):
        model(costs, DEMAND)


@every_model
def test_place_without_demand(model: Callable[..., object]) -> None:
    with pytest.raises(TableError, match=r"1 places that demand lacks: p02.*isin\(demand.index\)"):
        model(COSTS, DEMAND.drop("p02"))


@every_model
def test_existing_site_that_is_no_candidate(model: Callable[..., object]) -> None:
    with pytest.raises(SolverError, match=r"1 existing sites are not among the candidates.*: s77"):
        model(COSTS, DEMAND, existing=["s00", "s77"])


@every_model
def test_missing_column_and_missing_id(model: Callable[..., object]) -> None:
    with pytest.raises(TableError, match="lack the column time_min"):
        model(COSTS.drop(columns="time_min"), DEMAND)
    costs = COSTS.copy()
    costs.loc[0, "to_id"] = None
    with pytest.raises(TableError, match="1 rows without to_id"):
        model(costs, DEMAND)


def test_all_faults_of_the_tables_are_told_at_once() -> None:
    costs, demand = COSTS.copy(), DEMAND.copy()
    costs.loc[0, "time_min"] = -1
    demand["p00"] = np.nan
    with pytest.raises(TableError) as caught:
        p_median(costs, demand, new_count=1)
    assert len(caught.value.problems) == 2


def test_no_candidates_at_all() -> None:
    empty = COSTS.iloc[:0]
    with pytest.raises(SolverError, match="only 0 candidates"):
        max_coverage(empty, DEMAND, cutoff_min=15, new_count=1)
    with pytest.raises(SolverError, match="no pair in costs at all"):
        min_sites(empty, DEMAND, cutoff_min=15)


@pytest.mark.parametrize("cutoff", [-1, np.nan, np.inf])
def test_cutoff(cutoff: float) -> None:
    with pytest.raises(SolverError, match="cutoff_min"):
        max_coverage(COSTS, DEMAND, cutoff_min=cutoff, new_count=1)


@pytest.mark.parametrize("limit", [0, -3, np.nan])
def test_time_limit(limit: float) -> None:
    with pytest.raises(SolverError, match="time_limit_s"):
        p_median(COSTS, DEMAND, new_count=1, time_limit_s=limit)


def test_budget_below_the_cheapest_site() -> None:
    money = pd.Series({"s00": 10.0, "s01": 8.0, "s02": 8.0})
    with pytest.raises(SolverError, match="budget of 5 is below the cheapest site: 8 for s01, s02"):
        max_coverage(COSTS, DEMAND, cutoff_min=15, new_count=1, site_cost=money, budget=5)


def test_an_existing_site_costs_nothing() -> None:
    money = pd.Series({"s00": 10.0, "s02": 8.0})
    plan = max_coverage(COSTS, DEMAND, cutoff_min=10, new_count=2, existing=["s01"], site_cost=money, budget=8)
    assert plan.chosen == ("s01", "s02")


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        ({"budget": 5}, SolverError, "budget is given without site_cost"),
        ({"site_cost": pd.Series({"s00": 1.0, "s01": 1, "s02": 1})}, SolverError, "site_cost is given without budget"),
        ({"site_cost": pd.Series({"s00": 1.0}), "budget": 5}, TableError, "no number for 2 candidate sites: s01, s02"),
        (
            {"capacity": pd.Series({"s00": 1.0, "s01": -2, "s02": 1})},
            TableError,
            "capacity is negative at 1 sites: s01",
        ),
        ({"capacity": pd.Series({"s00": 1.0, "s01": np.nan})}, TableError, "no number for 2 candidate sites"),
        ({"capacity": pd.Series([1.0, 2], index=["s00", "s00"])}, TableError, "s00 more than once"),
        (
            {"site_cost": pd.Series({"s00": 1.0, "s01": 1, "s02": 1}), "budget": np.nan},
            SolverError,
            "budget is nan",
        ),
    ],
)
def test_limits(limits: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        max_coverage(COSTS, DEMAND, cutoff_min=15, new_count=1, **limits)


def test_place_without_a_pair_stays_and_is_not_covered() -> None:
    demand = pd.concat([DEMAND, pd.Series({"p99": 65.0})])
    plan = max_coverage(COSTS, demand, cutoff_min=15, new_count=2)
    assert plan.covered_count == 35
    assert plan.covered_share == 0.35
    assert plan.covered_place_share == 0.75
    assert "p99" not in set(plan.assignment["from_id"])


def test_candidate_nobody_reaches_is_no_fault() -> None:
    """It is opened only where the number of sites leaves nothing better, and gains nobody."""
    costs = pd.concat(
        [COSTS, pd.DataFrame({"from_id": ["p00"], "to_id": ["s03"], "time_min": [500.0]})], ignore_index=True
    )
    assert "s03" not in max_coverage(costs, DEMAND, cutoff_min=15, new_count=1).chosen
    whole = max_coverage(costs, DEMAND, cutoff_min=15, new_count=4)
    assert len(whole.chosen) == 4
    assert whole.covered_share == 1


def test_no_new_site_states_what_is_there() -> None:
    plan = max_coverage(COSTS, DEMAND, cutoff_min=15, new_count=0, existing=["s00"])
    assert (plan.chosen, plan.new, plan.covered_count, plan.status) == (("s00",), (), 30, "optimal")
    assert max_coverage(COSTS, DEMAND, cutoff_min=15, new_count=0).covered_count == 0
    assert p_median(COSTS, DEMAND, new_count=0, existing=["s01"]).objective == 9 * 10 + 4 * 20 + 11 * 5


@pytest.mark.parametrize(("cutoff", "people"), [(11.999, 20.0), (12.0, 30.0), (12.001, 30.0)])
def test_cutoff_is_inclusive(cutoff: float, people: float) -> None:
    only = COSTS[COSTS["to_id"] == "s00"]
    demand = pd.Series({"p00": 20.0, "p01": 10.0, "p02": 1.0})
    assert max_coverage(only, demand, cutoff_min=cutoff, new_count=1).objective == people


def test_dispersion_refusals() -> None:
    pairs = pd.DataFrame([("a", "b", 5.0), ("b", "c", 4.0)], columns=["from_id", "to_id", "time_min"])
    with pytest.raises(SolverError, match="1 pairs of sites have no time: a and c"):
        p_dispersion(pairs, new_count=2)
    with pytest.raises(SolverError, match="only 2 candidates"):
        p_dispersion(pairs.iloc[:1], new_count=3)
    with pytest.raises(SolverError, match="single site"):
        p_dispersion(pairs.iloc[:1], new_count=1)
    with pytest.raises(SolverError, match="existing sites are not among"):
        p_dispersion(pairs.iloc[:1], new_count=1, existing=["z"])
