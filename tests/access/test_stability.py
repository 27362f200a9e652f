"""How often a place is among the worst, and intervals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.access import intervals, rank_stability
from kcgeo.errors import TableError


def test_by_hand():
    # five places, worst fifth = one seat. draw 0: a. draw 1: not reached is worst: b. draw 2: a and c tie: half each
    draws = pd.DataFrame(
        {0: [9.0, 1, 2, 3, 4], 1: [9.0, np.nan, 2, 3, 4], 2: [9.0, 1, 9, 3, 4], 3: [9.0, 1, 2, 3, 4]},
        index=list("abcde"),
    )
    table = rank_stability(draws, worst_share=0.2)
    assert table["worst_draw_share"].tolist() == [2.5 / 4, 1 / 4, 0.5 / 4, 0, 0]
    assert table["certainty"].tolist() == ["mostly", "sometimes", "sometimes", "almost never", "almost never"]
    assert table.loc["b", ["rank_low", "rank_high"]].tolist() == [1, 5]
    assert table.loc["a", "value_median"] == 9
    assert table.loc["b", "value_high"] == np.inf


def test_low_may_be_worst():
    draws = pd.DataFrame({0: [0.0, 5, 9]}, index=list("abc"))
    assert rank_stability(draws, worst_share=0.3, worst="low")["worst_draw_share"].tolist() == [1, 0, 0]
    assert rank_stability(draws, worst_share=0.3)["worst_draw_share"].tolist() == [0, 0, 1]
    assert rank_stability(draws, worst_share=1)["worst_draw_share"].tolist() == [1, 1, 1]


HITS = [
    (100, "almost always"),
    (95, "almost always"),
    (94, "mostly"),
    (50, "mostly"),
    (49, "sometimes"),
    (5, "sometimes"),
    (4, "almost never"),
]


@pytest.mark.parametrize(("hits", "word"), HITS)
def test_classes_include_their_lower_bound(hits, word):
    first = np.where(np.arange(100) < hits, 2.0, 0.0)
    draws = pd.DataFrame([first, np.ones(100)], index=["a", "b"])
    assert rank_stability(draws, worst_share=0.5).loc["a", "certainty"] == word


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.one_of(st.just(float("nan")), st.integers(0, 5).map(float)), min_size=4, max_size=4),
        min_size=1,
        max_size=9,
    ),
    st.floats(0.05, 1),
)
def test_each_draw_hands_out_the_same_seats(rows, worst_share):
    draws = pd.DataFrame(rows, index=[f"p{k}" for k in range(len(rows))])
    before = draws.copy(deep=True)
    table = rank_stability(draws, worst_share=worst_share)
    seats = np.ceil(len(rows) * worst_share - 1e-9)
    assert table["worst_draw_share"].sum() == pytest.approx(seats)
    assert table["worst_draw_share"].between(0, 1).all()
    other = rank_stability(draws.iloc[::-1], worst_share=worst_share)
    pd.testing.assert_frame_equal(table, other.loc[table.index])
    pd.testing.assert_frame_equal(draws, before)


def test_intervals_by_hand():
    table = intervals(pd.DataFrame({"share": np.arange(101) / 100, "gap": [np.nan] * 100 + [1.0]}), level=0.9)
    np.testing.assert_allclose(table.loc["share"], [0.05, 0.5, 0.95, 101])
    assert table.loc["gap", "draw_count"] == 1
    assert table.index.name == "headline"


def test_refusals():
    good = pd.DataFrame({0: [1.0, 2.0]}, index=["a", "b"])
    for worst_share in (0, 1.1, float("nan")):
        with pytest.raises(TableError, match="worst_share"):
            rank_stability(good, worst_share=worst_share)
    with pytest.raises(TableError, match="'high' or 'low'"):
        rank_stability(good, worst_share=0.5, worst="bad")
    with pytest.raises(TableError, match="empty"):
        rank_stability(good.iloc[:0], worst_share=0.5)
    with pytest.raises(TableError, match="numbers"):
        rank_stability(good.astype(str), worst_share=0.5)
    with pytest.raises(TableError, match="a, b more than once"):
        rank_stability(pd.concat([good, good]), worst_share=0.5)
    with pytest.raises(TableError, match="level"):
        intervals(good, level=90)
