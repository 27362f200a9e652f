"""Theil, concentration, intervals, constrained access, Moran, decays: published numbers and slow versions."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from esda.moran import Moran, Moran_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.weights import W
from shapely import box

from kcgeo.access import (
    concentration_index,
    constrained_access,
    constrained_flows,
    contiguity,
    cumulative,
    cumulative_interval,
    decay,
    global_moran,
    hot_spots,
    normalised,
    spatial_availability,
    theil,
    three_step_fca,
    two_step_fca,
)
from kcgeo.errors import SolverError, TableError
from tests.access.test_catchments import ipea
from tests.worlds import two_clinic_town

# Three zones of the R package accessibility; people and jobs are equal in sum.
MINUTES = [(str(i), str(j), m) for (i, j), m in np.ndenumerate(np.array([[10, 30, 15], [30, 10, 25], [15, 25, 10.0]]))]
ZONES = pd.DataFrame(MINUTES, columns=["from_id", "to_id", "time_min"])
PEOPLE, JOBS = pd.Series([4.0, 10, 6], index=list("012")), pd.Series([7.0, 5, 8], index=list("012"))


def test_published_theil(shared):
    incomes = pd.read_csv(shared / "oracles" / "gini_mexico.csv")["pcgdp1940"]
    assert theil(incomes) == pytest.approx(0.20894344, abs=5e-9)  # PySAL inequality, Rey and Sastre (2009)


def test_published_concentration_index(shared):
    costs, land = ipea(shared)
    access = cumulative(costs, land["jobs"], origins=costs["from_id"].unique(), cutoff_min=30)
    of = land.loc[access.index]
    people, income = of["population"], of["income_per_capita"]
    assert concentration_index(access, people, income) == pytest.approx(-0.0248, abs=5e-5)
    assert concentration_index(access, people, income, kind="corrected") == pytest.approx(-0.1314, abs=5e-5)


rows = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6), st.integers(0, 2)), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_theil_person_by_person(town):
    value, people, group = (np.array(part) for part in zip(*town, strict=True))
    if not value.any():
        with pytest.raises(TableError, match="Nobody has any access"):
            theil(value, people)
        return

    def slow(each):
        shares = [x / np.mean(each) for x in each]
        return sum(x * np.log(x) for x in shares if x > 0) / len(each)

    persons, labels = np.repeat(value, people).astype(float), np.repeat(group, people)
    parts = theil(value, people, groups=group)
    means = pd.Series(persons).groupby(labels).transform("mean")
    within = sum(
        persons[labels == one].sum() / persons.sum() * slow(persons[labels == one])
        for one in set(labels)
        if persons[labels == one].any()
    )
    assert parts["total"] == pytest.approx(slow(persons), abs=1e-12)
    assert parts["between"] == pytest.approx(slow(means.tolist()), abs=1e-12)
    assert parts["within"] == pytest.approx(within, abs=1e-12)
    assert theil(value, people) == pytest.approx(parts["total"])


@settings(deadline=None, max_examples=60)
@given(rows)
def test_concentration_person_by_person(town):
    value, people, rank = (np.array(part) for part in zip(*town, strict=True))
    if not value.any():
        return
    persons, ranks = np.repeat(value, people).astype(float), np.repeat(rank, people)
    middle = (pd.Series(ranks).rank() - 0.5) / len(ranks)
    slow = 2 * np.cov(persons, middle, bias=True)[0, 1] / persons.mean()
    assert concentration_index(value, people, rank) == pytest.approx(slow, abs=1e-12)
    assert concentration_index(value, people, -rank) == pytest.approx(-slow, abs=1e-12)


def test_refusals_of_inequality():
    with pytest.raises(TableError, match="2 numbers for 3 places"):
        theil([1, 2, 3], [1, 2])
    with pytest.raises(TableError, match="have no group"):
        theil(pd.Series({"a": 1.0, "b": 2.0}), groups=pd.Series({"a": "x"}))
    with pytest.raises(TableError, match="ranking variable is missing for b"):
        concentration_index(pd.Series({"a": 1.0, "b": 2.0}), None, pd.Series({"a": 1.0, "b": np.nan}))
    with pytest.raises(TableError, match="'standard' or 'corrected'"):
        concentration_index([1.0, 2.0], None, [1, 2], kind="CI")


def test_interval_is_the_middle_of_its_cutoffs():
    costs, demand, supply = two_clinic_town()
    each = [cumulative(costs, supply, origins=demand, cutoff_min=c) for c in (9, 10, 11, 12)]
    found = cumulative_interval(costs, supply, origins=demand, interval_min=(9, 12))
    np.testing.assert_allclose(found, np.median(each, axis=0))
    mean = cumulative_interval(costs, supply, origins=demand, interval_min=(9, 12), summary="mean")
    np.testing.assert_allclose(mean, np.mean(each, axis=0))
    # steps that miss the end: 9, 11.5 and the end itself
    three = [cumulative(costs, supply, origins=demand, cutoff_min=c) for c in (9, 11.5, 12)]
    odd = cumulative_interval(costs, supply, origins=demand, interval_min=(9, 12), step_min=2.5, summary="mean")
    np.testing.assert_allclose(odd, np.mean(three, axis=0))
    for bad in ((12, 9), (9,), ("9", 12), (9, np.nan)):
        with pytest.raises(TableError, match="cutoff"):
            cumulative_interval(costs, supply, origins=demand, interval_min=bad)


def test_constrained_access_keeps_the_total():
    far = decay.exponential(0.1, np.inf)
    total = constrained_access(ZONES, PEOPLE, JOBS, decay=far)
    weight = np.exp(-0.1 * ZONES["time_min"].to_numpy().reshape(3, 3))
    np.testing.assert_allclose(total, 20 * (weight @ JOBS) / (weight @ JOBS).sum())
    singly = constrained_access(ZONES, PEOPLE, JOBS, decay=far, constraint="singly")
    pd.testing.assert_series_equal(singly, spatial_availability(ZONES, PEOPLE, JOBS, decay=far))
    assert total.sum() == pytest.approx(20)
    assert singly.sum() == pytest.approx(20)
    costs, demand, supply = two_clinic_town()
    near = constrained_access(costs, demand, supply, decay=decay.step(5))
    assert near.tolist() == [6.0, 0, 0, 0]  # only the east site is reached, by a alone
    with pytest.raises(TableError, match="'total' or 'singly'"):
        constrained_access(ZONES, PEOPLE, JOBS, decay=far, constraint="doubly")


def test_doubly_constrained_flows_match_both_sides():
    flows = constrained_flows(ZONES, PEOPLE, JOBS, decay=decay.power(3))
    assert flows.groupby("from_id")["people_count"].sum().to_dict() == pytest.approx(PEOPLE.to_dict())
    assert flows.groupby("to_id")["people_count"].sum().to_dict() == pytest.approx(JOBS.to_dict())
    # Wilson's form: odds of two flows hang on the weights alone
    table = flows.pivot(index="from_id", columns="to_id", values="people_count").to_numpy()
    weight = ZONES["time_min"].to_numpy().reshape(3, 3) ** -3
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    assert odds == pytest.approx(weight[0, 0] * weight[1, 1] / (weight[0, 1] * weight[1, 0]), rel=1e-6)
    with pytest.raises(TableError, match="equal in sum"):
        constrained_flows(ZONES, PEOPLE, JOBS + 1, decay=decay.power(3))
    with pytest.raises(SolverError, match="cannot carry everybody"):
        constrained_flows(ZONES, PEOPLE, JOBS, decay=decay.step(10))


def test_further_decays():
    assert decay.linear(40)([0, 10, 40, 41]).tolist() == [1, 0.75, 0, 0]
    assert decay.power(2)([0, 0.5, 1, 2, 10]).tolist() == [1, 1, 1, 0.25, 0.01]
    slope = np.pi / (8 * np.sqrt(3))
    times = np.array([0.0, 12, 30, 5000])
    expected = (1 + np.exp(-20 * slope)) / (1 + np.exp(np.minimum((times - 20) * slope, 500)))
    np.testing.assert_allclose(decay.logistic(20, 8)(times), expected, atol=1e-200)
    assert decay.logistic(20, 8, 30)([30, 30.001])[1] == 0
    for bad in (lambda: decay.linear(0), lambda: decay.linear(np.inf), lambda: decay.power("2"),
                lambda: decay.logistic(20, np.nan), lambda: decay.gaussian(True, 30)):  # fmt: skip
        with pytest.raises(TableError, match="above 0"):
            bad()


def test_selection_beyond_the_catchment():
    """With a wider selection a place spends part of its choice on sites it is not counted at."""
    costs, demand, supply = two_clinic_town()
    rings = decay.step(10)
    narrow = three_step_fca(costs, demand, supply, decay=rings)
    pd.testing.assert_series_equal(narrow, two_step_fca(costs, demand, supply, decay=rings))  # one site each
    wide = three_step_fca(costs, demand, supply, decay=rings, selection=decay.step(30))
    # a and b choose east and west evenly: 50 + 100 at east, c alone at west
    np.testing.assert_allclose(wide, [6 / 150 * 0.5, 6 / 150 * 0.5, 3 / 50, 0])
    assert (normalised(wide, demand) * demand).sum() == pytest.approx(demand.sum())


def grid(side, step=1000.0):
    xy = step * np.array([(k % side, k // side) for k in range(side**2)], dtype=float)
    ids = [f"p{k:03}" for k in range(side**2)]
    return gpd.GeoDataFrame({"place_id": ids}, geometry=gpd.points_from_xy(*xy.T), crs="EPSG:26915")


def test_one_high_place_among_low_ones_is_no_hot_spot():
    places = grid(15)
    values = pd.Series(np.random.default_rng(0).uniform(20, 40, 225), index=places["place_id"])
    ring = [96, 97, 98, 111, 113, 126, 127, 128]
    values.iloc[ring], values.iloc[112] = 5.0, 300.0
    row = hot_spots(values, places, rng=1).loc["p112"]
    assert row["gi_z"] > 0
    assert row["p"] < 0.001
    assert (row["gi_class"], row["moran_class"]) == ("not significant", "high-low")
    mirror = hot_spots(320 - values, places, rng=1).loc["p112"]
    assert (mirror["gi_class"], mirror["moran_class"]) == ("not significant", "low-high")


def test_of_equally_near_places_the_smaller_ids_are_neighbours():
    places = grid(21, step=1.0)
    values = pd.Series(0.0, index=places["place_id"])
    values.iloc[[199, 219]] = 8.0  # of 199, 219, 221 and 241 round the middle, 220
    table = hot_spots(values + np.arange(441) * 1e-6, places, rng=1, neighbour_count=2)
    two = Moran_Local(
        values.to_numpy() + np.arange(441) * 1e-6,
        W({k: [199, 219] if k == 220 else [0 if k else 1] for k in range(441)}, silence_warnings=True),
        permutations=0,
    )
    assert table.loc["p220", "moran_i"] == pytest.approx(two.Is[220])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_places_are_never_significant(count):
    places = grid(2).iloc[:count]
    values = pd.Series([1.0, 5, 9][:count], index=places["place_id"])
    table = hot_spots(values, places, rng=1)
    assert set(table["gi_class"]) == {"not significant" if count > 1 else "no neighbours"}
    assert global_moran(values, places, rng=1).isna().all() == (count < 3)


def test_negative_values_and_own_weights_agree_with_esda():
    places = grid(8)
    rng = np.random.default_rng(4)
    values = pd.Series(rng.normal(size=64), index=places["place_id"])  # a change: up and down
    near = pd.DataFrame(
        [(a, b, float(rng.integers(1, 4))) for a in values.index for b in rng.choice(values.index, 5, replace=False)
         if a != b], columns=["from_id", "to_id", "weight"],
    )  # fmt: skip
    table = hot_spots(values, places, rng=1, neighbour_count=None, neighbours=near)
    own = {a: part["to_id"].tolist() for a, part in near.groupby("from_id")}
    weight = {a: part["weight"].tolist() for a, part in near.groupby("from_id")}
    weights = W(own, weight, id_order=list(values.index), silence_warnings=True)
    local = Moran_Local(values.to_numpy(), weights, permutations=0)
    np.testing.assert_allclose(table["moran_i"], local.Is)
    plain = hot_spots(values, places, rng=1, neighbour_count=None, neighbours=near.drop(columns="weight"))
    binary = W(own, id_order=list(values.index), silence_warnings=True)
    shifted = values.to_numpy() - values.min() + 1  # esda wants values above 0; z does not change
    star = G_Local(shifted, binary, transform="B", star=True, permutations=0)
    np.testing.assert_allclose(plain["gi_z"], star.Zs)
    whole = global_moran(values, places, rng=1, neighbour_count=None, neighbours=near)
    assert whole["moran_i"] == pytest.approx(Moran(values.to_numpy(), weights, permutations=0).I)
    assert whole["expected"] == pytest.approx(-1 / 63)
    assert whole["p"] > 0.01


def test_global_moran_finds_a_slope_and_a_chessboard():
    places = grid(8)
    k = np.arange(64)
    slope = pd.Series((k % 8).astype(float), index=places["place_id"])
    board = pd.Series(((k % 8 + k // 8) % 2).astype(float), index=places["place_id"])
    squares = places.set_geometry(
        [box(x - 500, y - 500, x + 500, y + 500) for x, y in places.get_coordinates().to_numpy()]
    )
    rook = contiguity(squares, corners=False)
    assert len(rook) == 2 * 2 * 7 * 8
    assert len(contiguity(squares)) == 2 * (2 * 7 * 8 + 2 * 7 * 7)
    found = {
        name: global_moran(values, squares, rng=2, neighbour_count=None, neighbours=rook)
        for name, values in (("slope", slope), ("board", board))
    }
    assert found["slope"]["moran_i"] > 0.7
    assert found["board"]["moran_i"] == pytest.approx(-1)
    assert max(found["slope"]["p"], found["board"]["p"]) == pytest.approx(2 / 10_000)


def test_refusals_of_neighbours():
    places = grid(3)
    values = pd.Series(np.arange(9.0), index=places["place_id"])
    pair = pd.DataFrame({"from_id": ["p000"], "to_id": ["p001"]})
    for options, message in (
        ({"neighbours": pair}, "either neighbour_count or band_m or neighbours"),
        ({"neighbour_count": None, "neighbours": pd.concat([pair, pair])}, "pair more than once"),
        ({"neighbour_count": None, "neighbours": pair.assign(weight=-1)}, "0 or more"),
        ({"neighbour_count": None, "neighbours": [("a", "b")]}, "must be a DataFrame"),
        ({"neighbour_count": "8"}, "neighbour_count is '8'"),
        ({"rng": "seed"}, "seed, not 'seed'"),
    ):
        with pytest.raises(TableError, match=message):
            hot_spots(values, places, **{"rng": 1, **options})
