"""RAAM: closed forms, a slow version, and the law of the equilibrium: used sites cost the same, no other costs less."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from kcgeo.access import congestion_assignment, congestion_cost
from kcgeo.errors import TableError
from tests import oracles
from tests.access.test_catchments import towns
from tests.worlds import two_clinic_town


def test_closed_form_of_one_place_that_uses_all_sites():
    times, beds = np.array([0.0, 12, 30]), np.array([5.0, 2, 3])
    costs = pd.DataFrame({"from_id": "a", "to_id": ["x", "y", "z"], "time_min": times})
    supply = pd.Series(beds, index=["x", "y", "z"])
    cost = congestion_cost(costs, pd.Series({"a": 700.0}), supply, tau_min=60)
    assert cost["a"] == pytest.approx(1 + (beds * times).sum() / (60 * beds.sum()), abs=1e-5)


def test_one_site_by_hand():
    # 30 people, 3 beds, rho 10: the site is as crowded as the average, 1; a pays 1 + 0, b pays 1 + 15 / 60
    costs = pd.DataFrame({"from_id": ["a", "b"], "to_id": "x", "time_min": [0.0, 15.0]})
    cost = congestion_cost(costs, pd.Series({"a": 20.0, "b": 10.0}), pd.Series({"x": 3.0}))
    np.testing.assert_allclose(cost, [1, 1.25], atol=1e-5)


def test_two_clinic_town_by_hand():
    costs, demand, supply = two_clinic_town()
    # rho = 390 / 9. East alone for a and b: 300 / (6 rho) = 1.1538, and west for c: 50 / (3 rho) = 0.3846.
    # a would pay 0.3846 + 20/60 = 0.7179 in the west, so people of a move until both cost the same:
    # (300 - y) / (6 rho) = (50 + y) / (3 rho) + 1/3  ->  300 - y = 100 + 2 y + 2 rho  ->  y = (200 - 2 rho) / 3
    # b pays 10/60 more in the east and 30/60 more in the west: it stays, the east is cheaper by 1/3 - 1/3 = 0: a tie,
    # so only the sum of those who move is known, and the costs.
    rho = 390 / 9
    moved = (200 - 2 * rho) / 3
    east, west = (300 - moved) / (6 * rho), (50 + moved) / (3 * rho)
    cost = congestion_cost(costs, demand, supply)
    np.testing.assert_allclose(cost[:3], [east, east + 1 / 6, west + 1 / 6], atol=1e-5)
    assert np.isnan(cost["d"])
    users = congestion_assignment(costs, demand, supply).groupby("to_id")["people_count"].sum()
    np.testing.assert_allclose(users, [300 - moved, 50 + moved], rtol=1e-5)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(towns())
def test_used_sites_cost_the_same_and_no_other_costs_less(town):
    costs, demand, supply = town
    flows = congestion_assignment(costs, demand, supply)
    cost = congestion_cost(costs, demand, supply)
    np.testing.assert_allclose(flows["cost"], cost[flows["from_id"]], atol=2e-5)
    served = flows.groupby("from_id")["people_count"].sum()
    reached = costs.loc[supply[costs["to_id"]].to_numpy() > 0, "from_id"].unique()
    expected = demand[[place for place in demand.index if place in reached and demand[place] > 0]]
    np.testing.assert_allclose(served.reindex(expected.index), expected, rtol=1e-9)
    assert cost.notna().sum() == len(reached)
    # against the definition, from the people at each site: no site in reach is cheaper than the stated cost
    if supply.sum() > 0 and demand.sum() > 0:
        crowding = flows.groupby("to_id")["people_count"].sum().reindex(supply.index).fillna(0)
        crowding /= supply * demand.sum() / supply.sum()
        for row in costs.itertuples():
            if supply[row.to_id] > 0:
                assert crowding[row.to_id] + row.time_min / 60 >= cost[row.from_id] - 5e-5


@settings(deadline=None, max_examples=30)
@given(towns())
def test_equal_to_the_slow_version(town):
    costs, demand, supply = town
    slow = oracles.congestion_cost(costs, demand, supply, tau_min=60)
    np.testing.assert_allclose(congestion_cost(costs, demand, supply), slow, atol=5e-5)


def test_a_few_hundred_places_reach_equilibrium():
    rng = np.random.default_rng(7)
    place, site = rng.random((300, 2)) * 60, rng.random((25, 2)) * 60
    minutes = np.hypot(*(place[:, None] - site[None]).transpose(2, 0, 1))
    i, j = np.nonzero(minutes <= 30)
    names, sites = np.array([f"p{k:03}" for k in range(300)]), np.array([f"s{k:02}" for k in range(25)])
    costs = pd.DataFrame({"from_id": names[i], "to_id": sites[j], "time_min": minutes[i, j]})
    demand = pd.Series(rng.integers(0, 4000, 300).astype(float), index=names)
    supply = pd.Series(rng.integers(1, 40, 25).astype(float), index=sites)
    cost = congestion_cost(costs, demand, supply, tau_min=30)
    flows = congestion_assignment(costs, demand, supply, tau_min=30)
    np.testing.assert_allclose(flows["cost"], cost[flows["from_id"]], atol=2e-5)
    shuffled = costs.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(cost, congestion_cost(shuffled, demand, supply, tau_min=30), check_exact=True)


def test_empty_and_zero_are_results():
    costs, demand, supply = two_clinic_town()
    assert congestion_cost(costs.iloc[:0], demand, supply).isna().all()
    assert congestion_cost(costs.iloc[:0], demand, supply.iloc[:0]).isna().all()
    assert congestion_cost(costs, demand, supply * 0).isna().all()
    assert congestion_assignment(costs, demand, supply * 0).empty
    # nobody lives anywhere: the way is all that a first inhabitant pays
    np.testing.assert_allclose(congestion_cost(costs, demand * 0, supply)[:3], [0, 10 / 60, 10 / 60])


def test_inputs_are_unchanged():
    town = two_clinic_town()
    congestion_cost(*town)
    congestion_assignment(*town)
    costs, demand, supply = two_clinic_town()
    pd.testing.assert_frame_equal(town[0], costs)
    pd.testing.assert_series_equal(town[1], demand)
    pd.testing.assert_series_equal(town[2], supply)


def test_refusals():
    costs, demand, supply = two_clinic_town()
    for tau_min in (0, -1, np.nan, np.inf):
        with pytest.raises(TableError, match="tau_min"):
            congestion_cost(costs, demand, supply, tau_min=tau_min)
    with pytest.raises(TableError, match="negative"):
        congestion_cost(costs.assign(time_min=-1.0), demand, supply)
