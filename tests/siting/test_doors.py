"""The door of siting: ids of any kind, tables that are none, numbers too large; told before anything is solved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kcgeo import siting
from kcgeo.errors import KcgeoError
from kcgeo.siting.solve import solver

C = pd.DataFrame({"from_id": ["1", "1", "2", "2"], "to_id": ["7", "8", "7", "8"], "time_min": [1.0, 9.0, 8.0, 2.0]})
D = pd.Series([5.0, 6.0], index=["1", "2"])
MODELS: dict[str, Callable[..., siting.SitingResult]] = {
    "min_sites": lambda c, d, **o: siting.min_sites(c, d, cutoff_min=9, **o),
    "max_coverage": lambda c, d, **o: siting.max_coverage(c, d, **{"cutoff_min": 5, "new_count": 1, **o}),
    "backup_coverage": lambda c, d, **o: siting.backup_coverage(c, d, **{"cutoff_min": 9, "new_count": 1, **o}),
    "p_median": lambda c, d, **o: siting.p_median(c, d, **{"new_count": 1, **o}),
    "p_center": lambda c, d, **o: siting.p_center(c, d, **{"new_count": 1, **o}),
}
every = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def turned(kind: type) -> tuple[pd.DataFrame, pd.Series]:
    costs = C.assign(from_id=C["from_id"].astype(int).astype(kind), to_id=C["to_id"].astype(int).astype(kind))
    return costs, D.set_axis(D.index.astype(int).astype(kind))


@every
@pytest.mark.parametrize("kind", [int, float])
def test_numbers_as_ids(model: Callable[..., siting.SitingResult], kind: type) -> None:
    costs, demand = turned(kind)
    before = costs.copy(), demand.copy()
    plan, same = model(costs, demand, existing=[kind(8)]), model(C, D, existing=["8"])
    assert (plan.chosen, plan.existing, plan.objective) == (same.chosen, ("8",), same.objective)
    pd.testing.assert_frame_equal(plan.assignment, same.assignment)
    pd.testing.assert_frame_equal(costs, before[0])
    pd.testing.assert_series_equal(demand, before[1])


def test_numbers_as_ids_beside_the_models() -> None:
    costs, demand = turned(int)
    room = pd.Series({7: 20.0, 8: 20.0})
    assert siting.p_median(costs, demand, new_count=1, capacity=room).chosen == ("7",)
    money = {"site_cost": room, "budget": 20}
    assert siting.max_coverage(costs, demand, cutoff_min=5, new_count=1, **money).chosen == ("8",)
    assert siting.performance([7], costs, demand, cutoff_min=5)["covered_count"] == 5
    change = siting.change_by_place(costs, demand, before=[7], after=[7, 8], cutoff_min=5)
    assert change["change"].to_dict() == {1: "stays_covered", 2: "gained"}
    groups = pd.DataFrame({"all": demand})
    assert siting.coverage_by_group(costs, groups, before=[], after=[8], cutoff_min=5).loc["all", "after_count"] == 6
    assert siting.gain_by_site(costs, demand, existing=[], new=[7, 8], cutoff_min=5)["to_id"].tolist() == ["8", "7"]
    front = siting.pareto(costs, demand, cutoff_min=5, new_count=1, groups=groups)
    assert front["chosen"].tolist() == [("8",), ("7",)]
    apart = pd.DataFrame({"from_id": [1, 1, 2], "to_id": [2, 3, 3], "time_min": [5.0, 9.0, 4.0]})
    assert siting.p_dispersion(apart, new_count=2, existing=[3]).chosen == ("1", "2", "3")


@every
@pytest.mark.parametrize(
    ("costs", "demand", "options", "message"),
    [
        ([1, 2], D, {}, "must be a DataFrame"),
        (C.assign(time_min=C["time_min"].astype(str)), D, {}, "must hold minutes as numbers"),
        (C.assign(time_min=C["time_min"] * 1e300), D, {}, "over 1e.09 minutes"),
        (C.assign(from_id=[1.5, 1.5, 2, 2]), D, {}, "neither text nor whole numbers"),
        (C, D * 1e300, {}, "too large"),
        (C, D * 1e-300, {}, "too small"),
        (C, {"1": 5, "2": 6}, {}, "not a dict"),
        (C, D.astype(str), {}, "must hold numbers"),
        (C, pd.concat([D, pd.Series({1: 5.0})]), {}, "more than once"),
        (C, D, {"existing": "78"}, "list or an index"),
        (C, D, {"time_limit_s": "10"}, "time_limit_s is '10'"),
    ],
)
def test_told_before_any_solve(
    model: Callable[..., Any], costs: Any, demand: Any, options: dict[str, Any], message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def never(*arguments: object, **named: object) -> None:
        raise AssertionError("solved")

    monkeypatch.setattr(solver.Session, "solve", never)
    with pytest.raises(KcgeoError, match=message):
        model(costs, demand, **options)


@pytest.mark.parametrize("limit", [{"7": 10}, [1, 2], pd.Series({"7": "1", "8": "2"})])
def test_limits_that_are_no_table(limit: Any) -> None:
    with pytest.raises(KcgeoError, match="capacity must be a Series of numbers"):
        siting.p_median(C, D, new_count=1, capacity=limit)
    with pytest.raises(KcgeoError, match="site_cost must be a Series of numbers"):
        siting.max_coverage(C, D, cutoff_min=5, new_count=1, site_cost=limit, budget=3)


@pytest.mark.parametrize("name", ["p_median", "p_center", "backup_coverage"])
def test_no_site_at_all_serves_nobody(name: str) -> None:
    with pytest.raises(KcgeoError, match="give 1 or more"):
        MODELS[name](C, D, new_count=0)


@pytest.mark.parametrize("bad", ["5", None, np.nan, -1, np.inf, True])
def test_numbers_that_are_none(bad: Any) -> None:
    with pytest.raises(KcgeoError, match="cutoff_min"):
        siting.max_coverage(C, D, cutoff_min=bad, new_count=1)
    with pytest.raises(KcgeoError, match="within_share"):
        siting.alternatives(siting.p_median, C, D, within_share=bad, max_count=3, new_count=1)
    with pytest.raises(KcgeoError, match="steps"):
        siting.pareto(C, D, cutoff_min=5, new_count=1, groups=pd.DataFrame({"a": D}), steps=bad)


def test_a_cutoff_includes_its_own_millisecond() -> None:
    costs = C.assign(time_min=[0.1 * 3 * 100, 99, 30 + 0.4 / 60_000, 99])
    plan = siting.max_coverage(costs, D, cutoff_min=30, new_count=1)
    assert (plan.chosen, plan.covered_count) == (("7",), 11)
    assert siting.min_sites(costs, D, cutoff_min=30).chosen == ("7",)
    assert siting.performance(["7"], costs, D, cutoff_min=30)["covered_count"] == 11


@every
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"excluding": None}, "excluding must be a list of plans"),
        ({"excluding": "78"}, "excluding must be a list of plans"),
        ({"progress": "tell me"}, "give a function"),
    ],
)
def test_options_that_are_none_of_theirs(model: Callable[..., Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(KcgeoError, match=message):
        model(C, D, **options)
    with pytest.raises(KcgeoError, match="neither text nor whole numbers"):
        model(C.assign(to_id=[["7"], ["8"], ["7"], ["8"]]), D)


@pytest.mark.parametrize("threads", ["two", None, -1, np.nan, 1.5])
def test_threads_are_a_whole_number(threads: Any) -> None:
    with pytest.raises(KcgeoError, match="threads is"):
        siting.backup_coverage(C, D, cutoff_min=9, new_count=1, threads=threads)


@pytest.mark.parametrize(
    "groups", [[1, 2], pd.DataFrame(index=["1", "2"]), pd.DataFrame({"a": ["5", "6"]}, index=["1", "2"]),
               pd.concat([pd.DataFrame({"a": D})] * 2, axis=1), pd.DataFrame({"a": pd.concat([D, D])})],
)  # fmt: skip
def test_groups_that_are_none(groups: Any) -> None:
    with pytest.raises(KcgeoError, match="group"):
        siting.coverage_by_group(C, groups, before=[], after=["8"], cutoff_min=5)
    with pytest.raises(KcgeoError, match="group"):
        siting.pareto(C, D, cutoff_min=5, new_count=1, groups=groups)


def test_levels_and_plans_that_are_none() -> None:
    for steps in (1e300, 1e6):
        with pytest.raises(KcgeoError, match=r"steps is .*; give"):
            siting.pareto(C, D, cutoff_min=5, new_count=1, groups=pd.DataFrame({"a": D}), steps=steps)
    for plans in (None, 5, [], ["7"], "7"):
        with pytest.raises(KcgeoError, match="no plans to count"):
            siting.site_frequency(plans)


@pytest.mark.parametrize(
    "change",
    [
        {"result": ["7"]}, {"costs": [1, 2]}, {"costs": pd.concat([C, C])}, {"costs": C.assign(from_id="9")},
        {"costs": C.assign(time_min="1")}, {"demand": {"1": 5}}, {"demand": D * 0}, {"demand": D.astype(str)},
        {"cutoff_min": "5"}, {"new_count": [1]}, {"capacity": {"7": 5}}, {"site_cost": 3},
    ],
)  # fmt: skip
def test_the_checker_has_a_door_too(change: dict[str, Any]) -> None:
    given = {"result": siting.p_median(C, D, new_count=1), "costs": C, "demand": D}
    assert siting.check_plan(**given) is given["result"]
    with pytest.raises(KcgeoError):
        siting.check_plan(**{**given, **change})
