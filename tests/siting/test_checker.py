"""The checker must refuse every claim that does not hold: results are corrupted on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kcgeo.errors import SolverError
from kcgeo.siting import (
    SitingResult,
    backup_coverage,
    check_dispersion,
    check_plan,
    max_coverage,
    min_sites,
    p_center,
    p_dispersion,
    p_median,
)
from tests.siting.towns import tables

TIMES = np.array([[5.0, 9, 30], [12, 4, 25], [28, 11, 6], [27, 22, 8], [40, np.nan, 14]])
PEOPLE = np.array([10.0, 20, 5, 7, 0])
COSTS, DEMAND = tables(TIMES, PEOPLE)
CAPACITY = pd.Series({"s00": 12.0, "s01": 25.0, "s02": 20.0})
COVER = {"cutoff_min": 15, "new_count": 1, "existing": ("s02",)}


def covered() -> SitingResult:
    return max_coverage(COSTS, DEMAND, **COVER)


def edited(result: SitingResult, **values: object) -> SitingResult:
    table = result.assignment.copy()
    for name, value in values.items():
        table.loc[0, name] = value
    return replace(result, assignment=table)


CORRUPTIONS: dict[str, tuple[Callable[[SitingResult], SitingResult], str]] = {
    "objective": (lambda r: replace(r, objective=r.objective + 1, bound=r.objective + 1), "objective is said"),
    "covered_count": (lambda r: replace(r, covered_count=r.covered_count - 1), "covered_count is said"),
    "covered_share": (lambda r: replace(r, covered_share=0.5), "covered_share is said"),
    "share of places": (lambda r: replace(r, covered_place_share=0.9), "covered_place_share is said"),
    "share is NaN": (lambda r: replace(r, covered_share=float("nan")), "covered_share is said"),
    "one site too few": (lambda r: replace(r, chosen=r.chosen[1:]), "new sites where 1 were asked for"),
    "existing site closed": (lambda r: replace(r, chosen=("s00", "s01")), "closes existing sites: s02"),
    "site twice": (lambda r: replace(r, chosen=(*r.chosen, r.chosen[0])), "names a site twice"),
    "no candidate": (lambda r: replace(r, chosen=("s02", "s99")), "no candidates: s99"),
    "other existing sites": (lambda r: replace(r, existing=()), "other existing sites"),
    "out of reach": (lambda r: edited(r, to_id="s02"), "not in reach of an open site: p00"),
    "other time": (lambda r: edited(r, time_min=1.0), "another time than costs: p00"),
    "other people": (lambda r: edited(r, assigned_count=99.0), "other people than live there: p00"),
    "fewer people": (lambda r: edited(r, assigned_count=1.0), "not the people of the places"),
    "row missing": (lambda r: replace(r, assignment=r.assignment.iloc[1:]), "places assigned differ: p00"),
    "bound below a plan that exists": (lambda r: replace(r, bound=r.objective - 5), "wrong side"),
    "optimal with a gap": (
        lambda r: replace(r, bound=2 * r.objective, gap=0.5),
        "called optimal, but its bound leaves a gap",
    ),
    "gap hidden": (lambda r: replace(r, bound=2 * r.objective, status="time_limit"), "gap is said"),
    "no bound": (lambda r: replace(r, bound=float("nan")), "wrong side"),
    "status": (lambda r: replace(r, status="fine"), "unknown"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted_plans_are_refused(name: str) -> None:
    corrupt, message = CORRUPTIONS[name]
    result = covered()
    assert check_plan(result, COSTS, DEMAND, **COVER) is result
    with pytest.raises(SolverError, match=message):
        check_plan(corrupt(result), COSTS, DEMAND, **COVER)


def test_place_sent_to_a_farther_site_is_refused() -> None:
    result = p_center(COSTS, DEMAND, new_count=3)
    worse = edited(result, to_id="s01", time_min=9.0)
    with pytest.raises(SolverError, match="not assigned to their nearest site: p00"):
        check_plan(worse, COSTS, DEMAND, new_count=3)


def test_capacity_that_is_broken_is_refused() -> None:
    options = {"new_count": 2, "existing": ("s02",), "capacity": CAPACITY}
    result = p_median(COSTS, DEMAND, **options)
    table = result.assignment.copy()
    table.loc[table["to_id"] == "s00", "assigned_count"] += 5
    with pytest.raises(SolverError, match="serve more people than they hold: s00"):
        check_plan(replace(result, assignment=table), COSTS, DEMAND, **options)


def test_budget_that_is_broken_is_refused() -> None:
    money = pd.Series({"s00": 4.0, "s01": 5.0})
    options = {**COVER, "site_cost": money, "budget": 5.0}
    result = max_coverage(COSTS, DEMAND, **options)
    with pytest.raises(SolverError, match=r"plan costs [45] where the budget is 3"):
        check_plan(result, COSTS, DEMAND, **{**options, "budget": 3.0})


@pytest.mark.parametrize(
    ("result", "options"),
    [
        (min_sites(COSTS, DEMAND, cutoff_min=28), {"cutoff_min": 28}),
        (backup_coverage(COSTS, DEMAND, cutoff_min=28, new_count=2), {"cutoff_min": 28, "new_count": 2}),
        (p_median(COSTS, DEMAND, new_count=2), {"new_count": 2}),
        (p_center(COSTS, DEMAND, new_count=2), {"new_count": 2}),
    ],
    ids=lambda value: value.model if isinstance(value, SitingResult) else "",
)
def test_every_model_is_checked_for_its_objective(result: SitingResult, options: dict[str, object]) -> None:
    check_plan(result, COSTS, DEMAND, **options)
    wrong = replace(result, objective=result.objective + 1, bound=result.bound + 1)
    with pytest.raises(SolverError, match="objective is said"):
        check_plan(wrong, COSTS, DEMAND, **options)


def test_dispersion_is_checked() -> None:
    pairs = pd.DataFrame([("a", "b", 5.0), ("a", "c", 9.0), ("b", "c", 4.0)], columns=["from_id", "to_id", "time_min"])
    result = p_dispersion(pairs, new_count=2)
    assert check_dispersion(result, pairs, new_count=2) is result
    with pytest.raises(SolverError, match="objective is said to be 9 but comes to 4"):
        check_dispersion(replace(result, chosen=("b", "c")), pairs, new_count=2)
    with pytest.raises(SolverError, match="3 new sites where 2"):
        check_dispersion(replace(result, chosen=("a", "b", "c")), pairs, new_count=2)


def test_models_run_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose assembly goes wrong must not get its plan out."""
    from kcgeo.siting.models import median

    def careless(*args: object, **options: object) -> object:
        return replace(true_summary(*args, **options), covered_share=0.123)

    true_summary = median.summarise
    monkeypatch.setattr(median, "summarise", careless)
    with pytest.raises(SolverError, match="covered_share is said"):
        p_median(COSTS, DEMAND, new_count=1)
