"""The door of the room: ids of any kind, numbers that are none, cutoffs at the millisecond; inputs never change."""

import numpy as np
import pandas as pd
import pytest

from kcgeo import access
from kcgeo.access.pairs import text_ids, upto
from kcgeo.errors import TableError

C = pd.DataFrame({"from_id": ["1", "2"], "to_id": ["7", "7"], "time_min": [1.0, 2.0]})
D = pd.Series([5.0, 5.0], index=["1", "2"])
S = pd.Series([4.0], index=["7"])
STEP = access.decay.step(30)
MEASURES = {
    "nearest": lambda c, d, s: access.nearest(c, origins=d.index),
    "cumulative": lambda c, d, s: access.cumulative(c, s, origins=d.index, cutoff_min=30),
    "interval": lambda c, d, s: access.cumulative_interval(c, s, origins=d.index, interval_min=(20, 30)),
    "gravity": lambda c, d, s: access.gravity(c, s, origins=d.index, decay=STEP),
    "two_step": lambda c, d, s: access.two_step_fca(c, d, s, decay=STEP),
    "three_step": lambda c, d, s: access.three_step_fca(c, d, s, decay=STEP),
    "balanced": lambda c, d, s: access.balanced_fca(c, d, s, decay=STEP),
    "availability": lambda c, d, s: access.spatial_availability(c, d, s, decay=STEP),
    "constrained": lambda c, d, s: access.constrained_access(c, d, s, decay=STEP),
    "congestion": access.congestion_cost,
}
every = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def turned(kind):
    """Make the same tables with ids of another kind."""
    if kind == "category":
        return C.astype({"from_id": "category", "to_id": "category"}), D, S
    ids = {"int": int, "float": float, "object": np.int64}[kind]
    costs = C.assign(from_id=C["from_id"].map(ids), to_id=C["to_id"].map(ids))
    if kind == "object":
        costs = costs.astype({"from_id": object})
    return costs, D.set_axis([ids(x) for x in D.index]), S.set_axis([ids(x) for x in S.index])


@every
@pytest.mark.parametrize("kind", ["int", "float", "object", "category"])
def test_ids_of_any_kind_give_the_same_numbers_on_the_callers_index(measure, kind):
    costs, demand, supply = turned(kind)
    before = costs.copy(), demand.copy(), supply.copy()
    found = measure(costs, demand, supply)
    np.testing.assert_array_equal(found.to_numpy(), measure(C, D, S).to_numpy())
    assert found.index.equals(demand.index)
    for one, other in zip(before, (costs, demand, supply), strict=True):
        assert one.equals(other)


@every
def test_text_beside_numbers_is_one_id(measure):
    costs, _, _ = turned("int")
    np.testing.assert_array_equal(measure(costs, D, S).to_numpy(), measure(C, D, S).to_numpy())


def test_ids_that_cannot_be_text_are_refused():
    for bad in ([1.5], [True], [pd.Timestamp("2026-01-01")], [("a", 1)]):
        with pytest.raises(TableError, match="neither text nor whole numbers"):
            access.nearest(C, origins=bad)
    with pytest.raises(TableError, match="neither text nor whole"):
        access.nearest(C.assign(from_id=[0.5, 1.5]), origins=D)
    with pytest.raises(TableError, match="more than once"):
        access.nearest(C, origins=[1, "1", 2])
    assert text_ids([1, 2.0, "x", None], "ids").tolist()[:3] == ["1", "2", "x"]


@every
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: [1, 2], "must be a DataFrame"),
        (lambda c: c.assign(time_min=["1", "2"]), "minutes as numbers"),
        (lambda c: c.assign(time_min=[True, False]), "minutes as numbers"),
        (lambda c: c.assign(time_min=[1.0, 1e300]), "1 to 7|2 to 7"),
        (lambda c: c.assign(time_min=[1.0, np.nan]), "2 to 7"),
        (lambda c: pd.concat([c, c[["time_min"]]], axis=1), "time_min twice"),
    ],
)
def test_costs_that_are_none(measure, change, message):
    with pytest.raises(TableError, match=message):
        measure(change(C), D, S)


@pytest.mark.parametrize("measure", [MEASURES["two_step"], MEASURES["balanced"], MEASURES["congestion"]])
@pytest.mark.parametrize(
    ("demand", "message"),
    [
        (D * 1e300, "too large"),
        (D * 1e-300, "too small"),
        ({"1": 5, "2": 5}, "not a dict"),
        (D.astype(str), "must hold numbers"),
        (D > 0, "must hold numbers"),
    ],
)
def test_counts_that_cannot_be_counted(measure, demand, message):
    with pytest.raises(TableError, match=message):
        measure(C, demand, S)


def test_supply_too_small_to_share():
    with pytest.raises(TableError, match="supply is 1e-300 at most"):
        access.congestion_cost(C, D, S * 1e-300 / 4)


@pytest.mark.parametrize("bad", ["30", None, np.nan, -1, True, [30]])
def test_cutoff_and_rank_that_are_no_numbers(bad):
    with pytest.raises(TableError, match="cutoff"):
        access.cumulative(C, S, origins=D, cutoff_min=bad)
    with pytest.raises(TableError, match="rank"):
        access.nearest(C, origins=D, rank=bad)
    with pytest.raises(TableError, match="line"):
        access.access_poverty([1.0], [1], line=bad, better="more")


@pytest.mark.parametrize(
    ("minutes", "is_in"), [(0.1 * 3 * 100, True), (30 + 0.4 / 60_000, True), (30 + 1 / 60_000, False), (29.9999, True)]
)
def test_a_cutoff_includes_its_own_millisecond_everywhere(minutes, is_in):
    costs = pd.DataFrame({"from_id": ["a"], "to_id": ["x"], "time_min": [minutes]})
    supply, demand = pd.Series({"x": 1.0}), pd.Series({"a": 1.0})
    found = [
        access.cumulative(costs, supply, origins=["a"], cutoff_min=30).iloc[0],
        access.gravity(costs, supply, origins=["a"], decay=STEP).iloc[0],
        access.two_step_fca(costs, demand, supply, decay=STEP).iloc[0],
        float(access.states(pd.DataFrame({"legal_min": [minutes]}), cutoff_min=30).iloc[0, 0] == "in_reach"),
    ]
    assert found == [float(is_in)] * 4


def test_upto_keeps_what_lies_below_a_cutoff_between_two_milliseconds():
    assert upto(12.3456789) == 12.3456789
    assert upto(np.inf) == np.inf
    np.testing.assert_allclose(upto(np.array([0.0, 4.35])), [0.5 / 60_000, 4.35 + 0.5 / 60_000])


@pytest.mark.parametrize(
    "call",
    [
        lambda: access.gini([1, 2, 3], [1, 2]),
        lambda: access.palma([1, 2, 3], [1, 2], rank_by=[1, 2, 3]),
        lambda: access.palma([1, 2], [1, 2], rank_by=[1, 2, 3]),
        lambda: access.gini([[1, 2], [3, 4]]),
        lambda: access.gini(["1", "2"]),
        lambda: access.gini({"a": 1}),
    ],
)
def test_lists_of_other_lengths(call):
    with pytest.raises(TableError, match=r"places; give one each|not a table|must hold numbers"):
        call()
