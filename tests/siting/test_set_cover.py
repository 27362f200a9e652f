"""The parts of the smallest full cover: what is dropped, what the quick search finds, what the bound proves."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import sparse

from kcgeo.errors import TableError
from kcgeo.siting import Progress, min_sites
from kcgeo.siting.instance import read_instance
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.exchange import shrink_cover
from kcgeo.siting.solve.reduce import essential_cover
from tests.siting.towns import seeds


def random_cover(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.random((int(rng.integers(1, 14)), int(rng.integers(1, 10)))) < rng.uniform(0.15, 0.8)
    table[np.arange(len(table)), rng.integers(0, table.shape[1], len(table))] = True
    return table


def smallest(table: np.ndarray) -> int:
    return next(
        count
        for count in range(table.shape[1] + 1)
        if any(table[:, list(sites)].any(axis=1).all() for sites in combinations(range(table.shape[1]), count))
    )


def wide_town(places: int = 700, sites: int = 130) -> tuple[pd.DataFrame, pd.Series]:
    """More pairs than are read in one go."""
    rng = np.random.default_rng(11)
    here, there = rng.random((places, 2)), rng.random((sites, 2))
    times = 60 * np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
    place, site = [f"p{i:04d}" for i in range(places)], [f"s{j:04d}" for j in range(sites)]
    costs = pd.DataFrame(
        {"from_id": np.repeat(place, sites), "to_id": np.tile(site, places), "time_min": times.ravel()}
    )
    return costs, pd.Series(rng.integers(0, 2000, places).astype(float), index=place)


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_what_stays_needs_as_many_sites_as_the_whole(seed: int) -> None:
    table = random_cover(seed)
    rows, sites = essential_cover(sparse.csr_array(table.astype(float)), np.ones(table.shape[1], dtype=bool))
    part = table[np.ix_(rows, sites)]
    assert part.any(axis=1).all()
    count = smallest(table)
    assert smallest(part) == count
    for chosen in combinations(sites, count):
        if table[np.ix_(rows, list(chosen))].any(axis=1).all():
            assert table[:, list(chosen)].any(axis=1).all()
    for a, b in combinations(part, 2):
        assert not (a <= b).all()
        assert not (b <= a).all()


def test_a_site_that_may_not_be_chosen_is_not_kept() -> None:
    table = sparse.csr_array(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]))
    _, sites = essential_cover(table, np.array([False, True, True]))
    assert sites.tolist() == [1, 2]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_quick_search_keeps_a_full_cover_and_stops_at_the_bound(seed: int) -> None:
    table = random_cover(seed)
    every = np.arange(table.shape[1])
    with Run() as run:
        for least in (0, smallest(table), table.shape[1]):
            found = shrink_cover(table, every, least=least, run=run)
            assert table[:, found].any(axis=1).all()
            assert smallest(table) <= found.size <= max(least, smallest(table))


@pytest.mark.slow
@pytest.mark.parametrize("cutoff_min", [9.0, 12.0, 20.0])
def test_scattered_rows_give_the_same_plan_and_progress_holds(cutoff_min: float) -> None:
    costs, demand = wide_town()
    heard: list[Progress] = []
    result = min_sites(costs, demand, cutoff_min=cutoff_min, progress=heard.append)
    assert result.status == "optimal"
    assert result.bound == result.objective
    assert heard
    assert all(word.bound <= result.objective <= word.objective for word in heard)
    mixed = min_sites(
        costs.sample(frac=1, random_state=1), demand.sample(frac=1, random_state=2), cutoff_min=cutoff_min
    )
    assert mixed.chosen == result.chosen
    by_category = costs.astype({"from_id": "category", "to_id": "category"})
    assert min_sites(by_category, demand, cutoff_min=cutoff_min).chosen == result.chosen


def test_existing_sites_count_and_a_time_limit_is_honest() -> None:
    costs, demand = wide_town()
    free = min_sites(costs, demand, cutoff_min=9)
    held = min_sites(costs, demand, cutoff_min=9, existing=free.chosen)
    assert held.chosen == free.chosen
    assert held.status == "optimal"
    hurried = min_sites(costs, demand, cutoff_min=9, time_limit_s=0.001)
    assert hurried.status == "time_limit"
    assert hurried.bound <= free.objective <= hurried.objective
    assert hurried.gap == pytest.approx(1 - hurried.bound / hurried.objective)


def test_pairs_are_read_in_parts_as_they_are_read_at_once() -> None:
    costs, demand = wide_town()
    for table in (costs, costs.sample(frac=1, random_state=3)):
        instance = read_instance(table, demand)
        expected = costs.assign(
            place=pd.Categorical(costs["from_id"]).codes, site=pd.Categorical(costs["to_id"]).codes
        ).sort_values(["place", "site"])
        np.testing.assert_array_equal(instance.place, expected["place"])
        np.testing.assert_array_equal(instance.site, expected["site"])
        np.testing.assert_array_equal(instance.time_min, expected["time_min"])
    row = 1 << 16
    twice = pd.concat([costs.iloc[: row + 1], costs.iloc[row:]])
    with pytest.raises(TableError, match="1 pairs more than once"):
        read_instance(twice, demand)
