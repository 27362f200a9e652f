"""Floating catchments and spatial availability: by hand, against published numbers, against slow versions, and laws."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.access import balanced_fca, cumulative, decay, nearest, spatial_availability, three_step_fca, two_step_fca
from kcgeo.errors import TableError
from tests import oracles
from tests.worlds import two_clinic_town

MEASURES = [two_step_fca, three_step_fca, balanced_fca, spatial_availability]
HANDS_OUT = [two_step_fca, three_step_fca]  # capacity per person: people times access is the supply they reach


def test_two_step_by_hand():
    costs, demand, supply = two_clinic_town()
    # 20 minutes. east is shared by a and b: 6 / 300 = 0.02; west by a and c: 3 / 150 = 0.02
    access = two_step_fca(costs, demand, supply, decay=decay.step([20]))
    expected = pd.Series([0.04, 0.02, 0.02, 0], index=demand.index, name="supply_per_person")
    pd.testing.assert_series_equal(access, expected)


def test_enhanced_two_step_by_hand():
    costs, demand, supply = two_clinic_town()
    # rings 10 (weight 1) and 20 (0.5). east: 6 / (100 + 200); west: 3 / (100 x 0.5 + 50) = 0.03
    access = two_step_fca(costs, demand, supply, decay=decay.step([10, 20], [1, 0.5]))
    np.testing.assert_allclose(access, [0.02 + 0.03 * 0.5, 0.02, 0.03, 0])


def test_three_step_by_hand():
    costs, demand, supply = two_clinic_town()
    # rings as above. a spreads over weights 1 and 0.5: 2/3 to east, 1/3 to west; b and c have one site each.
    # east: 6 / (100 x 2/3 x 1 + 200) = 0.0225; west: 3 / (100 x 1/3 x 0.5 + 50) = 0.045
    access = three_step_fca(costs, demand, supply, decay=decay.step([10, 20], [1, 0.5]))
    np.testing.assert_allclose(access, [2 / 3 * 0.0225 + 1 / 3 * 0.045 * 0.5, 0.0225, 0.045, 0])


def test_balanced_by_hand():
    costs, demand, supply = two_clinic_town()
    # people: a 2/3 and 1/3; so east has 66.67 + 200, west 33.33 + 50 = 83.33: levels 0.0225 and 0.036
    # sites: east is half a's and half b's; west a third a's (0.5 of 1.5), two thirds c's
    access = balanced_fca(costs, demand, supply, decay=decay.step([10, 20], [1, 0.5]))
    np.testing.assert_allclose(access, [0.0225 / 2 + 0.036 / 3, 0.0225 / 2, 0.036 * 2 / 3, 0])


def test_spatial_availability_by_hand():
    costs, demand, supply = two_clinic_town()
    # east: a pulls 100, b 200; west: a pulls 100 x 0.5, c 50
    access = spatial_availability(costs, demand, supply, decay=decay.step([10, 20], [1, 0.5]))
    np.testing.assert_allclose(access, [6 / 3 + 3 / 2, 6 * 2 / 3, 3 / 2, 0])


def ipea(shared):
    folder = shared / "oracles" / "ipea"
    costs = pd.read_csv(folder / "travel_matrix_5origins.csv").rename(columns={"travel_time": "time_min"})
    land = pd.read_csv(folder / "land_use_data.csv", index_col="id").astype({"population": float, "jobs": float})
    return costs, land


def test_published_two_step_and_balanced(shared):
    costs, land = ipea(shared)
    origins = costs["from_id"].unique()
    among = costs[costs["to_id"].isin(origins)]
    people, jobs = land["population"][origins], land["jobs"][origins]
    access = two_step_fca(among, people, jobs, decay=decay.step([45]))
    np.testing.assert_allclose(access, [0.0152, 0.1491, 0.1491, 0.1068, 0], atol=5e-5)
    balanced = balanced_fca(among, people, jobs, decay=decay.step([45]))
    np.testing.assert_allclose(balanced, [0.0094, 0.1993, 0.1993, 0.1147, 0], atol=5e-5)


def test_published_spatial_availability():
    minutes = np.array([[15, 30, 100], [30, 15, 100], [100, 100, 15]], dtype=float)
    names = ["A", "B", "C"]
    costs = pd.DataFrame(
        [(names[i], names[j], minutes[i, j]) for i in range(3) for j in range(3)],
        columns=["from_id", "to_id", "time_min"],
    )
    people = pd.Series([50_000.0, 150_000, 10_000], index=names)
    jobs = pd.Series([100_000.0, 100_000, 10_000], index=names)
    access = spatial_availability(costs, people, jobs, decay=decay.exponential(0.1, math.inf))
    np.testing.assert_allclose(access, [66_833.4658, 133_203.3629, 9_963.1714], rtol=1e-8)
    assert access.sum() == pytest.approx(210_000, rel=1e-12)


@st.composite
def towns(draw):
    """Draw up to six places and four sites; any pair may be missing and a time may be 0."""
    places = [f"p{k}" for k in range(draw(st.integers(1, 6)))]
    sites = [f"s{k}" for k in range(draw(st.integers(1, 4)))]
    minutes = st.one_of(st.none(), st.integers(0, 60).map(float))
    rows = [(i, j, draw(minutes)) for i in places for j in sites]
    costs = pd.DataFrame([row for row in rows if row[2] is not None], columns=["from_id", "to_id", "time_min"])
    people = st.integers(0, 5_000).map(float)
    demand = pd.Series([draw(people) for _ in places], index=pd.Index(places, name="place_id"))
    supply = pd.Series([draw(st.integers(0, 50).map(float)) for _ in sites], index=pd.Index(sites, name="service_id"))
    return costs.astype({"time_min": float}), demand, supply


decays = st.sampled_from(
    [decay.step([30]), decay.step([10, 20, 30], [1, 0.68, 0.22]), decay.gaussian(15, 45), decay.exponential(0.05, 60)]
)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(towns(), decays)
def test_equal_to_the_slow_versions(town, weigh):
    costs, demand, supply = town
    for measure in MEASURES:
        slow = getattr(oracles, measure.__name__)(costs, demand, supply, lambda t: float(weigh(t)))
        np.testing.assert_allclose(measure(costs, demand, supply, decay=weigh), slow, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(towns(), decays)
def test_supply_that_people_reach_is_handed_out_whole(town, weigh):
    costs, demand, supply = town
    near = costs[(weigh(costs["time_min"]) > 0) & (demand[costs["from_id"]].to_numpy() > 0)]
    reached = supply[supply.index.isin(near["to_id"])].sum()
    for measure in HANDS_OUT:
        access = measure(costs, demand, supply, decay=weigh)
        assert (access * demand).sum() == pytest.approx(reached, rel=1e-9)
    assert spatial_availability(costs, demand, supply, decay=weigh).sum() == pytest.approx(reached, rel=1e-9)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(towns(), decays)
def test_balanced_keeps_the_level_of_service(town, weigh):
    costs, demand, supply = town
    weights = oracles.dense(costs, demand, supply, lambda t: float(weigh(t)))
    rows = {i: sum(weights[i, k] for k in supply.index) for i in demand.index}
    crowds = [
        sum(demand[i] * weights[i, j] / rows[i] for i in demand.index if rows[i] > 0 and weights[i, j] > 0)
        for j in supply.index
    ]
    served = sum(demand[i] for i in demand.index if rows[i] > 0)
    assert sum(crowds) == pytest.approx(served)
    levels = sum(s / crowd for s, crowd in zip(supply, crowds, strict=True) if crowd > 0)
    assert balanced_fca(costs, demand, supply, decay=weigh).sum() == pytest.approx(levels)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(towns(), st.integers(0, 60), st.integers(0, 60))
def test_more_minutes_reach_no_less(town, one, other):
    costs, demand, supply = town
    low, high = sorted([one, other])
    near = cumulative(costs, supply, origins=demand, cutoff_min=low)
    far = cumulative(costs, supply, origins=demand, cutoff_min=high)
    assert (near <= far).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(towns(), decays, st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(town, weigh, chance):
    costs, demand, supply = town
    rows = list(range(len(costs)))
    chance.shuffle(rows)
    shuffled = costs.iloc[rows]
    for measure in MEASURES:
        ours, theirs = (measure(table, demand, supply, decay=weigh) for table in (costs, shuffled))
        pd.testing.assert_series_equal(ours, theirs, check_exact=True)
        other = measure(costs, demand.iloc[::-1], supply.iloc[::-1], decay=weigh)
        pd.testing.assert_series_equal(ours, other[demand.index])
    pd.testing.assert_series_equal(nearest(costs, origins=demand), nearest(shuffled, origins=demand))


@settings(deadline=None, max_examples=40)
@given(towns(), decays)
def test_inputs_stay_and_places_that_reach_nothing_keep_their_row(town, weigh):
    costs, demand, supply = town
    before = [table.copy(deep=True) for table in town]
    for measure in MEASURES:
        access = measure(costs, demand, supply, decay=weigh)
        assert access.index.equals(demand.index)
        assert np.isfinite(access).all()
        lonely = ~demand.index.isin(costs["from_id"])
        assert (access[lonely] == 0).all()
    pd.testing.assert_frame_equal(costs, before[0])
    pd.testing.assert_series_equal(demand, before[1])
    pd.testing.assert_series_equal(supply, before[2])


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("edge", "east_reached"), [(math.nextafter(10, 0), False), (10, True), (10.001, True)])
def test_the_cutoff_itself_is_inside(measure, edge, east_reached):
    costs, demand, supply = two_clinic_town()
    assert (measure(costs, demand, supply, decay=decay.step([edge]))["b"] > 0) == east_reached


@pytest.mark.parametrize("measure", MEASURES)
def test_empty_and_zero_are_results(measure):
    costs, demand, supply = two_clinic_town()
    ring = decay.step([30])
    assert (measure(costs.iloc[:0], demand, supply, decay=ring) == 0).all()
    assert (measure(costs.iloc[:0], demand, supply.iloc[:0], decay=ring) == 0).all()
    assert (measure(costs, demand * 0, supply, decay=ring)[["d"]] == 0).all()
    assert np.isfinite(measure(costs, demand * 0, supply, decay=ring)).all()
    assert (measure(costs, demand, supply * 0, decay=ring) == 0).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_faults_are_refused(measure):
    costs, demand, supply = two_clinic_town()
    ring = decay.step([30])
    for bad in (costs.assign(time_min=-1.0), costs.assign(time_min=np.nan), pd.concat([costs, costs])):
        with pytest.raises(TableError):
            measure(bad, demand, supply, decay=ring)
    with pytest.raises(TableError, match="from_id a"):
        measure(costs, demand.drop("a"), supply, decay=ring)
    with pytest.raises(TableError, match="to_id west"):
        measure(costs, demand, supply.drop("west"), decay=ring)
    with pytest.raises(TableError, match="to_id east, west"):
        measure(costs, demand, supply.iloc[:0], decay=ring)
