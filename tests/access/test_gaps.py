"""Continuum and coverage table on the coverage town."""

import math

import numpy as np
import pandas as pd
import pytest

from kcgeo.access import continuum, coverage_table, lacking, states
from kcgeo.errors import TableError
from tests.worlds import coverage_town

REQUIRED = ["legal", "medical", "shelter"]


def test_three_states():
    times, _, referral = coverage_town()
    table = states(times, cutoff_min=30, referral=referral)
    assert table["legal"].tolist() == ["in_reach", "by_referral", "none", "in_reach"]
    assert table["medical"].tolist() == ["in_reach", "none", "in_reach", "in_reach"]
    assert table["shelter"].tolist() == ["by_referral", "none", "by_referral", "none"]
    assert states(times, cutoff_min=30)["legal"].tolist() == ["in_reach", "none", "none", "in_reach"]


def test_continuum_names_the_missing_links():
    times, groups, referral = coverage_town()
    table = continuum(times, groups["population_count"], required=REQUIRED, cutoff_min=30, referral=referral)
    assert table.index.tolist() == ["a", "b", "c", "empty"]
    assert table["missing"].tolist() == ["", "medical, shelter", "legal", "shelter"]
    assert table["by_referral"].tolist() == ["shelter", "legal", "shelter", ""]
    assert table["in_reach_count"].tolist() == [2, 0, 1, 2]
    assert table["by_referral_count"].tolist() == [1, 1, 1, 0]
    assert table["none_count"].tolist() == [0, 2, 1, 1]
    assert not table["covered"].any()
    assert table["covered_with_referral"].tolist() == [True, False, False, False]
    assert table["legal_state"].tolist() == ["in_reach", "by_referral", "none", "in_reach"]
    assert table["demand_count"].tolist() == [50, 30, 20, 0]


@pytest.mark.parametrize(
    ("cutoff_min", "covered"),
    [(math.nextafter(30, 0), False), (30, True), (math.nextafter(30, 31), True)],
)
def test_continuum_includes_its_cutoff(cutoff_min, covered):
    times, groups, _ = coverage_town()
    table = continuum(times, groups["population_count"], required=["legal", "medical"], cutoff_min=cutoff_min)
    assert table.loc["a", "covered"] == covered


def test_continuum_follows_the_order_of_demand():
    times, groups, _ = coverage_town()
    people = groups["population_count"].iloc[::-1]
    table = continuum(times, people, required=["legal"], cutoff_min=30)
    assert table.index.tolist() == ["empty", "c", "b", "a"]
    assert table["covered"].tolist() == [True, False, False, True]


def test_continuum_refuses_what_it_cannot_know():
    times, groups, referral = coverage_town()
    people = groups["population_count"]
    with pytest.raises(TableError, match="no column shelter_min"):
        continuum(times, people, required=REQUIRED, cutoff_min=30)
    with pytest.raises(TableError, match="No category is required"):
        continuum(times, people, required=[], cutoff_min=30)
    with pytest.raises(TableError, match="times lack zzz"):
        continuum(times, pd.concat([people, pd.Series({"zzz": 3})]), required=["legal"], cutoff_min=30)
    with pytest.raises(TableError, match="demand lacks a, b"):
        continuum(times, people.drop(["a", "b"]), required=["legal"], cutoff_min=30)
    with pytest.raises(TableError, match="referral table lacks a"):
        continuum(times, people, required=["legal"], cutoff_min=30, referral=referral.drop("a"))
    with pytest.raises(TableError, match="True or False"):
        continuum(times, people, required=["legal"], cutoff_min=30, referral=referral.astype(float))
    with pytest.raises(TableError, match="medical_min of b is negative"):
        continuum(times.replace(31.0, -1.0), people, required=["legal"], cutoff_min=30)
    with pytest.raises(TableError, match="demand of b, c, empty is negative"):
        continuum(times, people - 40, required=["legal"], cutoff_min=30)


def test_coverage_by_hand():
    times, groups, referral = coverage_town()
    table = coverage_table(times, groups, cutoffs_min=[30, 40], referral=referral)
    assert len(table) == 3 * 2 * 2
    row = table.set_index(["category", "cutoff_min", "group"]).sort_index()
    legal = row.loc[("legal", 30, "population_count")]
    # in reach: a (50 of 100 people, 1 of 3 places with people); b has a referral; c has neither and no road to one
    assert legal.tolist() == [100, 50, 0.5, 0.3, 0, 0, 0.2, 1 / 3, 0.2]
    young = row.loc[("legal", 30, "under18_count")]
    # a 10 of 30; b 20 of 30 by referral; under-18s live in a and b only
    assert young.tolist() == [30, 10, 10 / 30, 20 / 30, 0, 0, 0, 0.5, 0]
    assert row.loc[("legal", 40, "population_count"), "covered_share"] == 0.8
    assert row.loc[("medical", 30, "population_count"), "covered_share"] == 0.7
    # shelters have no public address: reached by nobody, by referral from a and c
    shelter = row.loc[("shelter", 30, "population_count")]
    assert shelter.tolist() == [100, 0, 0, 0.7, 0, 0, 0.3, 0, 1]


def test_shares_sum_to_one():
    times, groups, referral = coverage_town()
    table = coverage_table(times, groups, cutoffs_min=[0, 15, 30, 31, 100], referral=referral)
    total = table[["covered_share", "by_referral_share", "none_share"]].sum(axis=1)
    np.testing.assert_allclose(total, 1)


def test_a_group_without_people_has_no_shares():
    times, groups, _ = coverage_town()
    table = coverage_table(times, groups * 0, cutoffs_min=[30])
    assert table["covered_share"].isna().all()
    assert table["place_covered_share"].isna().all()
    assert (table["total_count"] == 0).all()


def test_all_unreachable_is_a_result():
    times, groups, _ = coverage_town()
    table = coverage_table(times * np.nan, groups, cutoffs_min=[30])
    assert (table["covered_share"] == 0).all()
    assert (table["unreachable_share"] == 1).all()


def test_coverage_refuses():
    times, groups, _ = coverage_town()
    with pytest.raises(TableError, match="cutoffs_min is empty"):
        coverage_table(times, groups, cutoffs_min=[])
    with pytest.raises(TableError, match="group under18_count of b"):
        coverage_table(times, groups.assign(under18_count=[1, np.nan, 0, 0]), cutoffs_min=[30])
    with pytest.raises(TableError, match="groups lack a"):
        coverage_table(times, groups.drop("a"), cutoffs_min=[30])


def test_inputs_are_unchanged():
    times, groups, referral = coverage_town()
    continuum(times, groups["population_count"], required=REQUIRED, cutoff_min=30, referral=referral)
    coverage_table(times, groups, cutoffs_min=[30], referral=referral)
    for ours, fresh in zip((times, groups, referral), coverage_town(), strict=True):
        pd.testing.assert_frame_equal(ours, fresh)


def test_what_nobody_knows_is_neither_reached_nor_lacking():
    times, groups, referral = coverage_town()
    nan = float("nan")
    unsure = pd.DataFrame({"legal_min": [5.0, 5.0, 15.0, nan]}, index=times.index)
    uncollected = pd.DataFrame({"medical": [True] * 4, "legal": [True] * 4}, index=times.index)
    known = {"referral": referral, "unsure": unsure, "uncollected": uncollected}
    found = states(times, cutoff_min=15, **known)
    # a is reached; b has a referral; c has a service of unknown hours; empty has nothing, and nobody looked
    assert found["legal"].tolist() == ["in_reach", "by_referral", "hours_unknown", "not_collected"]
    assert found["medical"].tolist() == ["not_collected", "not_collected", "in_reach", "in_reach"]
    assert found["shelter"].tolist() == ["by_referral", "none", "by_referral", "none"]
    chain = continuum(times, groups["population_count"], required=REQUIRED, cutoff_min=15, **known)
    assert lacking(chain, REQUIRED).tolist() == lacking(found, REQUIRED).tolist() == [False, True, False, True]
    assert lacking(chain, ["legal", "medical"]).tolist() == [False] * 4
    assert chain["not_collected_count"].tolist() == [1, 1, 0, 1]
    table = coverage_table(times, groups, cutoffs_min=[15], **known).set_index(["category", "group"])
    legal = table.loc[("legal", "population_count")]
    shares = [f"{state}_share" for state in ("by_referral", "hours_unknown", "not_collected", "none")]
    assert legal[shares].tolist() == [0.3, 0.2, 0, 0]
