"""An answer that cannot be had says why: places, cutoff, number of sites, capacity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kcgeo.siting import NoPlanError, backup_coverage, max_coverage, min_sites, p_center, p_median
from tests.siting.towns import tables

# Three towns in a row, twenty minutes apart, with a site in each.
TIMES = np.array([[1.0, 20, 40], [20, 2, 20], [40, 20, 3]])
COSTS, DEMAND = tables(TIMES, np.array([10.0, 20, 30]))
NEAR = COSTS[COSTS["time_min"] <= 5]


def reasons(call: pytest.ExceptionInfo[NoPlanError]) -> str:
    return " ".join(call.value.problems)


def test_places_and_least_cutoff_of_min_sites() -> None:
    with pytest.raises(NoPlanError) as caught:
        min_sites(COSTS, DEMAND, cutoff_min=1.5)
    assert "2 of 3 places (50 people) have no candidate within 1.5 minutes: p01, p02." in reasons(caught)
    assert "least cutoff that works with every candidate open is 3 minutes." in reasons(caught)
    assert min_sites(COSTS, DEMAND, cutoff_min=3).objective == 3


def test_only_the_first_five_places_are_named() -> None:
    times = np.full((9, 1), 30.0)
    with pytest.raises(NoPlanError, match="p00, p01, p02, p03, p04 and 4 more"):
        min_sites(*tables(times, np.ones(9)), cutoff_min=10)


def test_places_without_a_pair() -> None:
    demand = pd.concat([DEMAND, pd.Series({"p98": 4.0})])
    for call in (
        lambda: min_sites(COSTS, demand, cutoff_min=30),
        lambda: p_median(COSTS, demand, new_count=1),
        lambda: p_center(COSTS, demand, new_count=1),
        lambda: backup_coverage(COSTS, demand, cutoff_min=30, new_count=2),
    ):
        with pytest.raises(NoPlanError, match="1 places have no pair in costs at all: p98"):
            call()


def test_backup_names_the_least_number_of_sites_and_the_least_cutoff() -> None:
    with pytest.raises(NoPlanError) as caught:
        backup_coverage(COSTS, DEMAND, cutoff_min=10, new_count=2)
    assert "least number of new sites that works is 3" in reasons(caught)
    assert "With 2 new sites the least cutoff that works is 20 minutes" in reasons(caught)
    assert backup_coverage(COSTS, DEMAND, cutoff_min=10, new_count=3).objective == 0
    assert backup_coverage(COSTS, DEMAND, cutoff_min=20, new_count=2).objective == 50


@pytest.mark.parametrize("model", [p_median, p_center])
def test_too_few_sites_for_the_pairs(model: object) -> None:
    with pytest.raises(NoPlanError) as caught:
        model(NEAR, DEMAND, new_count=2)
    assert "least number of new sites that works is 3" in reasons(caught)
    assert "no cutoff works: costs holds too few pairs" in reasons(caught)
    assert model(NEAR, DEMAND, new_count=3).covered_share == 1
    assert model(NEAR, DEMAND, new_count=1, existing=["s00", "s02"]).covered_share == 1


def test_capacity_against_demand() -> None:
    room = pd.Series({"s00": 25.0, "s01": 25.0, "s02": 25.0})
    with pytest.raises(NoPlanError) as caught:
        p_median(COSTS, DEMAND, new_count=2, capacity=room)
    assert "hold at most 50 people, but demand is 60" in reasons(caught)
    assert "least number of new sites that works is 3" in reasons(caught)
    with pytest.raises(NoPlanError, match="All candidates together hold 30: no number of sites works"):
        p_median(COSTS, DEMAND, new_count=2, capacity=room * 0.4)


def test_capacity_that_is_enough_in_sum_but_out_of_reach() -> None:
    room = pd.Series({"s00": 60.0, "s01": 10.0, "s02": 10.0})
    with pytest.raises(NoPlanError) as caught:
        p_median(NEAR, DEMAND, new_count=3, capacity=room)
    assert "At most 30 of 60 people can be served" in reasons(caught)
    assert "p01, p02" in reasons(caught)


def test_no_other_plan_is_left() -> None:
    with pytest.raises(NoPlanError, match="excluded"):
        max_coverage(NEAR, DEMAND, cutoff_min=5, new_count=3, excluding=[["s00", "s01", "s02"]])
