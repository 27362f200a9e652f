"""Nearest, cumulative and gravity on the two-clinic town, and every refusal at the door."""

import math

import numpy as np
import pandas as pd
import pytest

from kcgeo.access import cumulative, decay, gravity, nearest
from kcgeo.errors import TableError
from tests.worlds import two_clinic_town


def test_nearest_keeps_every_place_and_its_order():
    costs, demand, _ = two_clinic_town()
    pd.testing.assert_series_equal(
        nearest(costs, origins=demand), pd.Series([0.0, 10, 10, np.nan], index=demand.index, name="time_min")
    )
    assert nearest(costs, origins=["d", "c", "b", "a"]).index.tolist() == ["d", "c", "b", "a"]


def test_second_nearest_is_what_is_left_when_one_closes():
    costs, demand, _ = two_clinic_town()
    assert nearest(costs, origins=demand, rank=2).tolist()[:2] == [20.0, 30.0]
    assert nearest(costs, origins=demand, rank=2)[["c", "d"]].isna().all()
    assert nearest(costs, origins=demand, rank=3).isna().all()
    with pytest.raises(TableError, match="rank"):
        nearest(costs, origins=demand, rank=0)


@pytest.mark.parametrize(
    ("cutoff_min", "expected"),
    [
        (0, [6, 0, 0, 0]),  # a place at the clinic's door counts
        (math.nextafter(10, 0), [6, 0, 0, 0]),
        (10, [6, 6, 3, 0]),  # the cutoff itself is inside
        (math.nextafter(10, 11), [6, 6, 3, 0]),
        (math.nextafter(20, 0), [6, 6, 3, 0]),
        (20, [9, 6, 3, 0]),
        (60, [9, 9, 3, 0]),
    ],
)
def test_cumulative_includes_its_cutoff(cutoff_min, expected):
    costs, demand, supply = two_clinic_town()
    pd.testing.assert_series_equal(
        cumulative(costs, supply, origins=demand, cutoff_min=cutoff_min),
        pd.Series(expected, index=demand.index, dtype=float, name="supply_count"),
    )


def test_gravity_by_hand():
    costs, demand, supply = two_clinic_town()
    rings = decay.step([10, 20], [1, 0.5])
    # a: 6 x 1 + 3 x 0.5; b: 6 x 1 (30 min is outside); c: 3 x 1; d: nothing
    assert gravity(costs, supply, origins=demand, decay=rings).tolist() == [7.5, 6.0, 3.0, 0.0]
    smooth = gravity(costs, supply, origins=demand, decay=decay.exponential(0.1, 20))
    np.testing.assert_allclose(smooth, [6 + 3 * math.exp(-2), 6 * math.exp(-1), 3 * math.exp(-1), 0])


def test_nothing_in_reach_is_a_result():
    costs, demand, supply = two_clinic_town()
    none = costs.iloc[:0]
    assert nearest(none, origins=demand).isna().all()
    assert (cumulative(none, supply, origins=demand, cutoff_min=30) == 0).all()
    assert (cumulative(none, supply.iloc[:0], origins=demand, cutoff_min=30) == 0).all()
    assert (gravity(none, supply, origins=demand, decay=decay.step([30])) == 0).all()


def broken(**columns):
    costs, _, _ = two_clinic_town()
    return costs.assign(**columns)


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        (broken(time_min=[0, -1, 1, 1, 1]), "a to west is negative"),
        (broken(time_min=[0, 1, np.nan, 1, 1]), "b to east is negative, missing"),
        (broken(time_min=[0, 1, 1, np.inf, 1]), "b to west"),
        (broken(time_min=list("abcde")), "numbers"),
        (broken(from_id=["a", "a", "b", "b", "zzz"]), "from_id zzz"),
        (broken(to_id=["east", "west", "east", "north", "west"]), "to_id north"),
        (broken(to_id=["east", "east", "east", "west", "west"]), "a to east more than once"),
        (broken().drop(columns="time_min"), "lack the column time_min"),
        ([1, 2], "must be a DataFrame"),
    ],
)
def test_faults_of_the_pairs_are_named(costs, words):
    _, demand, supply = two_clinic_town()
    with pytest.raises(TableError, match=words):
        cumulative(costs, supply, origins=demand, cutoff_min=30)


@pytest.mark.parametrize(
    ("supply", "words"),
    [
        (pd.Series([1, -3.0], index=["east", "west"]), "supply of west is negative"),
        (pd.Series([np.nan, 3.0], index=["east", "west"]), "supply of east"),
        (pd.Series([1, 2.0, 1], index=["east", "west", "west"]), "west more than once"),
        (pd.Series(["many", "few"], index=["east", "west"]), "numbers"),
        ({"east": 1}, "must be a Series"),
        (pd.Series([], dtype=float), "which the sites do not name"),  # empty supply, but pairs that name sites
    ],
)
def test_faults_of_the_counts_are_named(supply, words):
    costs, demand, _ = two_clinic_town()
    with pytest.raises(TableError, match=words):
        cumulative(costs, supply, origins=demand, cutoff_min=30)


def test_all_faults_come_at_once():
    costs = broken(time_min=[0, -1, 1, 1, 1], from_id=["a", "a", "b", "b", "zzz"])
    _, demand, supply = two_clinic_town()
    with pytest.raises(TableError) as caught:
        cumulative(costs, supply, origins=demand, cutoff_min=30)
    assert len(caught.value.problems) == 2


def test_origins_must_be_ids_named_once():
    costs, _, supply = two_clinic_town()
    with pytest.raises(TableError, match="index or a list"):
        cumulative(costs, supply, origins="abc", cutoff_min=30)
    with pytest.raises(TableError, match="origins name a more than once"):
        cumulative(costs, supply, origins=["a", "a", "b", "c"], cutoff_min=30)
    with pytest.raises(TableError, match="cutoff"):
        cumulative(costs, supply, origins=["a", "b", "c"], cutoff_min=-1)


def test_ids_may_be_categories():
    costs, demand, supply = two_clinic_town()
    typed = costs.astype({"from_id": "category", "to_id": "category"})
    pd.testing.assert_series_equal(
        cumulative(typed, supply, origins=demand, cutoff_min=30),
        cumulative(costs, supply, origins=demand, cutoff_min=30),
    )
