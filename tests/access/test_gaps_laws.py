"""Laws of the continuum and the coverage table, by hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.access import continuum, continuum_matrix, coverage_table, states

CATEGORIES = ["legal", "medical"]


@st.composite
def regions(draw):
    """Draw places with times (0 and not reached among them), two groups of people, and referrals."""
    count = draw(st.integers(1, 7))
    index = pd.Index([f"p{k}" for k in range(count)], name="place_id")
    minutes = st.one_of(st.just(float("nan")), st.integers(0, 60).map(float))
    times = pd.DataFrame({f"{name}_min": [draw(minutes) for _ in index] for name in CATEGORIES}, index=index)
    people = st.integers(0, 1_000).map(float)
    groups = pd.DataFrame(
        {name: [draw(people) for _ in index] for name in ("population_count", "poverty_count")}, index=index
    )
    referral = pd.DataFrame(
        {name: [draw(st.booleans()) for _ in index] for name in [*CATEGORIES, "shelter"]}, index=index
    )
    return times, groups, referral


cutoffs = st.integers(0, 60)


@settings(deadline=None, max_examples=40)
@given(regions(), cutoffs, cutoffs)
def test_a_longer_cutoff_covers_no_less(region, one, other):
    times, groups, referral = region
    low, high = sorted([one, other])
    for people in (groups["population_count"], groups["poverty_count"]):
        near, far = (
            continuum(times, people, required=CATEGORIES, cutoff_min=cutoff, referral=referral)
            for cutoff in (low, high)
        )
        assert (near["in_reach_count"] <= far["in_reach_count"]).all()
        assert (near["covered"] <= far["covered"]).all()
        assert (near["covered_with_referral"] <= far["covered_with_referral"]).all()
    table = coverage_table(times, groups, cutoffs_min=[low, high], referral=referral)
    shares = table.pivot_table(index=["category", "group"], columns="cutoff_min", values="covered_count")
    assert (shares.iloc[:, 0] <= shares.iloc[:, -1]).all()


@settings(deadline=None, max_examples=40)
@given(regions(), cutoffs)
def test_the_tables_agree_with_each_other(region, cutoff_min):
    times, groups, referral = region
    people = groups["population_count"]
    state = states(times, cutoff_min=cutoff_min, referral=referral)
    chain = continuum(times, people, required=["legal", "medical", "shelter"], cutoff_min=cutoff_min, referral=referral)
    table = coverage_table(times, groups, cutoffs_min=[cutoff_min], referral=referral)
    key = ("men", "noon")
    matrix = continuum_matrix(
        {key: times}, {}, people, categories=["legal", "medical", "shelter"], cutoff_min=cutoff_min, referral=referral
    )
    total = people.sum()
    for name in ["legal", "medical", "shelter"]:
        assert (chain[f"{name}_state"] == state[name]).all()
        row = table[(table["category"] == name) & (table["group"] == "population_count")].iloc[0]
        assert row["covered_count"] == people[state[name] == "in_reach"].sum()
        cell = matrix[matrix["category"] == name].iloc[0]
        assert cell["open_count"] == row["covered_count"]
        if total > 0:
            assert np.isclose(row["none_share"], people[state[name] == "none"].sum() / total)
            assert np.isclose(cell["by_referral_share"], row["by_referral_share"])
    sums = chain[["in_reach_count", "by_referral_count", "none_count"]].sum(axis=1)
    assert (sums == 3).all()
    assert (chain["none_count"] == chain["missing"].map(lambda text: len(text.split(", ")) if text else 0)).all()


@settings(deadline=None, max_examples=40)
@given(regions(), cutoffs)
def test_order_means_nothing_and_inputs_stay(region, cutoff_min):
    times, groups, referral = region
    before = [table.copy(deep=True) for table in region]
    people = groups["population_count"]
    one = continuum(times, people, required=CATEGORIES, cutoff_min=cutoff_min, referral=referral)
    two = continuum(times.iloc[::-1], people, required=CATEGORIES, cutoff_min=cutoff_min, referral=referral.iloc[::-1])
    pd.testing.assert_frame_equal(one, two)
    tables = [
        coverage_table(t, g, cutoffs_min=[cutoff_min], referral=referral)
        for t, g in ((times, groups), (times.iloc[::-1], groups))
    ]
    pd.testing.assert_frame_equal(*tables)
    for table, fresh in zip(region, before, strict=True):
        pd.testing.assert_frame_equal(table, fresh)
