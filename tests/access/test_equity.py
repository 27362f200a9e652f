"""Gini, Lorenz, Palma, access poverty and gaps between groups."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.access import access_poverty, cumulative, gini, group_gap, lorenz, palma
from kcgeo.errors import TableError
from tests import oracles
from tests.access.test_catchments import ipea
from tests.worlds import income_town


def test_gini_by_hand():
    # two halves of the people share 4 as 1 and 3: the curve passes (0.5, 0.25); 1 - 0.5 x 0.25 - 0.5 x 1.25 = 0.25
    assert gini([1.0, 3.0], [10, 10]) == 0.25
    assert gini([2.0, 2.0, 2.0], [1, 5, 9]) == pytest.approx(0, abs=1e-15)
    # one of four has all: 1 - 1/4
    assert gini([0.0, 0, 0, 8], [1, 1, 1, 1]) == pytest.approx(0.75)
    assert gini([1.0, 3.0, 99.0], [10, 10, 0]) == 0.25  # nobody lives in the third


def test_published_gini(shared):
    table = pd.read_csv(shared / "oracles" / "gini_mexico.csv")
    assert gini(table["pcgdp1940"]) == pytest.approx(0.3537237117, abs=5e-11)


def test_published_gini_and_palma_of_access(shared):
    costs, land = ipea(shared)
    origins = costs["from_id"].unique()
    access = cumulative(costs, land["jobs"], origins=origins, cutoff_min=30)
    assert gini(access, land["population"][origins]) == pytest.approx(0.1386, abs=5e-5)
    ranks = land["income_per_capita"]
    assert palma(access, land["population"], rank_by=ranks) == pytest.approx(1.0911, abs=5e-5)
    assert palma(access.reindex(land.index), land["population"], rank_by=ranks) == pytest.approx(1.0911, abs=5e-5)


people = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(people)
def test_gini_equals_mean_difference_of_pairs(rows):
    values, weights = [float(v) for v, _ in rows], [float(w) for _, w in rows]
    if sum(values) == 0:
        return
    assert gini(values, weights) == pytest.approx(oracles.gini_by_pairs(values, weights), abs=1e-12)
    assert gini([2 * v for v in values], weights) == pytest.approx(gini(values, weights), abs=1e-12)
    # a place split in two equal halves changes nothing
    assert gini(values + values, weights + weights) == pytest.approx(gini(values, weights), abs=1e-12)


def test_lorenz_runs_from_nothing_to_all_below_the_diagonal():
    curve = lorenz([3.0, 1.0], [10, 10])
    assert curve.to_numpy().tolist() == [[0, 0], [0.5, 0.25], [1, 1]]
    assert (curve["access_share"] <= curve["people_share"]).all()


def test_a_town_of_three_quarters_by_hand():
    town = income_town()
    people = town["population_count"]
    assert gini(town["access_count"], people) == pytest.approx(81 / 390)
    np.testing.assert_allclose(lorenz(town["access_count"], people)["access_share"], [0, 80 / 390, 330 / 390, 1])
    assert palma(town["access_count"], people, rank_by=town["income"]) == 3.0


def test_palma_by_hand():
    # 100 people by income: 40 with access 2, 50 with 5, 10 with 6: 6 / 2
    assert palma([5.0, 2.0, 6.0], [50, 40, 10], rank_by=[20, 10, 30]) == 3.0
    assert palma([5.0, 0.0, 6.0], [50, 40, 10], rank_by=[20, 10, 30]) == float("inf")
    assert np.isnan(palma([4.0], [50], rank_by=[20]))  # one place is no top tenth


def test_palma_counts_unmeasured_places_in_the_ranking_only():
    values = pd.Series([2.0, 6.0], index=["low", "high"])
    weights = pd.Series([40, 50, 10], index=["low", "middle", "high"])
    ranks = pd.Series([10, 20, 30], index=["low", "middle", "high"])
    assert palma(values, weights, rank_by=ranks) == 3.0
    with pytest.raises(TableError, match="weights lack low"):
        palma(values, weights.drop("low"), rank_by=ranks.drop("low"))
    with pytest.raises(TableError, match="ranking variable is missing for middle"):
        palma(values, weights, rank_by=ranks.astype(float).replace(20, np.nan))


def test_rows_are_joined_by_id_not_by_position():
    values = pd.Series([1.0, 3.0], index=["a", "b"])
    weights = pd.Series([30, 10], index=["b", "a"])
    assert gini(values, weights) == gini(values, weights[["a", "b"]])
    with pytest.raises(TableError, match="same ids"):
        gini(values, weights.rename({"b": "z"}))


@pytest.mark.parametrize(
    ("values", "weights", "words"),
    [
        ([1.0, np.nan], [1, 1], "missing"),
        ([1.0, -1.0], [1, 1], "negative"),
        ([1.0, 2.0], [1, -1], "weights of 1 is negative"),
        ([1.0, 2.0], [0, 0], "nobody lives"),
        ([0.0, 0.0], [1, 1], "Nobody has any access"),
        (["a", "b"], [1, 1], "numbers"),
    ],
)
def test_gini_refuses(values, weights, words):
    with pytest.raises(TableError, match=words):
        gini(values, weights)


def test_access_poverty_by_hand():
    # line 4 services: 50 people with 4 are not poor; 30 with 1 lack 3/4; 20 with 0 lack all
    found = access_poverty([4.0, 1.0, 0.0], [50, 30, 20], line=4, better="more")
    assert found["poor_count"] == 50
    assert found["poor_share"] == 0.5
    assert found["shortfall_share"] == pytest.approx(0.3 * 0.75 + 0.2)
    assert found["severity_share"] == pytest.approx(0.3 * 0.75**2 + 0.2)
    # 30 minutes: at the line is not poor, twice the line lacks half, not reached lacks all
    times = access_poverty([30.0, 60.0, np.nan], [50, 30, 20], line=30, better="less")
    assert times["poor_share"] == 0.5
    assert times["shortfall_share"] == pytest.approx(0.3 * 0.5 + 0.2)


def test_access_poverty_refuses():
    with pytest.raises(TableError, match="line"):
        access_poverty([1.0], [1], line=0, better="more")
    with pytest.raises(TableError, match="better"):
        access_poverty([1.0], [1], line=1, better="high")
    with pytest.raises(TableError, match="missing"):
        access_poverty([np.nan], [1], line=1, better="more")
    with pytest.raises(TableError, match="negative"):
        access_poverty([-1.0], [1], line=1, better="less")


def test_group_gap_by_hand():
    index = ["a", "b", "c"]
    minutes = pd.Series([10.0, 30.0, np.nan], index=index)
    groups = pd.DataFrame(
        {"population_count": [60, 20, 20], "poverty_count": [0, 10, 10], "under18_count": [0, 0, 0]}, index=index
    )
    table = group_gap(minutes, groups, reference="population_count")
    assert table.loc["population_count"].tolist() == [100, 0.19999999999999996, 15.0, 0.0, 1.0]
    assert table.loc["poverty_count"].tolist() == [20, 0.5, 30.0, 15.0, 2.0]
    assert table.loc["under18_count"].isna().tolist() == [False, True, True, True, True]
    with pytest.raises(TableError, match="no group 'men'"):
        group_gap(minutes, groups, reference="men")
