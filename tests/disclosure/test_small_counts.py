"""Small counts: hand-worked tables, a brute-force reader, linked totals, and the insider."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.disclosure import release, release_people
from kcgeo.disclosure.audit import WIDTH, Attacker, audit, bounds_of_reader
from kcgeo.disclosure.linked import link
from kcgeo.disclosure.small_counts import event_rate, suppress, suppression_pattern
from kcgeo.errors import DisclosureError, TableError

DIMENSIONS = {"t": ["county", "age"]}


def crossed(counts, *, totals=True, names=("county", "age")):
    counts = np.asarray(counts)
    rows = [(f"r{i}", f"c{j}", counts[i, j]) for i, j in np.ndindex(*counts.shape)]
    if totals:
        rows += [(f"r{i}", "total", counts[i].sum()) for i in range(len(counts))]
        rows += [("total", f"c{j}", counts[:, j].sum()) for j in range(counts.shape[1])]
        rows.append(("total", "total", counts.sum()))
    return pd.DataFrame(rows, columns=[*names, "count"])


def pattern_of(system, cells):
    hidden = np.zeros(len(system.cells), dtype=bool)
    for cell in cells:
        hidden[system.position(cell)] = True
    return hidden


# columns of the union are sorted: (age, county)
def test_one_suppressed_cell_is_given_back_by_its_total():
    system = link({"t": crossed([[4, 30], [40, 50]])}, dimensions=DIMENSIONS)
    found = audit(system, pattern_of(system, [("c0", "r0")]))
    assert found.loc[0, ["lower_count", "upper_count"]].tolist() == [4, 4]
    assert not found.loc[0, "protected"]


def test_a_rectangle_hides_from_readers_but_not_from_an_insider():
    # r0: 4 + 30 = 34, r1: 40 + 50 = 90; columns 44 and 80: one free number x for the cell (r0, c0)
    system = link({"t": crossed([[4, 30], [40, 50]])}, dimensions=DIMENSIONS)
    found = audit(system, pattern_of(system, itertools.product(("c0", "c1"), ("r0", "r1"))))
    small = found[found["small"]].iloc[0]
    assert (small["lower_count"], small["upper_count"]) == (1, 10)
    assert (small["insider_lower_count"], small["insider_upper_count"]) == (4, 4)
    assert not small["protected"] and small["insider"]


def test_sums_that_nobody_printed_are_used_by_the_insider():
    # two tables without totals share the unprinted total of each county
    one = crossed([[4, 30]], totals=False)
    system = link({"t": one}, dimensions=DIMENSIONS)
    found = audit(system, pattern_of(system, [("c0", "r0")]))
    assert found.loc[0, ["lower_count", "upper_count"]].tolist() == [1, 10]
    assert found.loc[0, ["insider_lower_count", "insider_upper_count"]].tolist() == [4, 4]


def test_linked_tables_give_back_what_each_hides_alone():
    # by age 7 + 30 = 37 with 7 hidden; by sex 17 + 20 = 37 printed: the shared total gives 7 back
    by_age = pd.DataFrame({"county": "r0", "age": ["c0", "c1"], "count": [7, 30]})
    by_sex = pd.DataFrame({"county": "r0", "sex": ["f", "m"], "count": [17, 20]})
    dimensions = {"a": ["county", "age"], "b": ["county", "sex"]}
    system = link({"a": by_age, "b": by_sex}, dimensions=dimensions)
    assert system.dimensions == ("age", "county", "sex")
    found = audit(system, pattern_of(system, [("c0", "r0", "total")]))
    assert found.loc[0, ["lower_count", "upper_count"]].tolist() == [7, 7]
    together = suppress({"a": by_age, "b": by_sex}, dimensions=dimensions)
    assert together["a"]["suppressed"].all()
    assert together["b"]["suppressed"].any()


def tables(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    size = rows * columns
    values = draw(st.lists(st.one_of(st.integers(0, 14), st.integers(0, 120)), min_size=size, max_size=size))
    return np.array(values).reshape(rows, columns)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_leaves_is_protected_and_nothing_small_is_printed(data):
    counts = tables(data.draw)
    table = crossed(counts)
    try:
        out = suppress({"t": table}, dimensions=DIMENSIONS)["t"]
    except DisclosureError:
        return
    small = table["count"].between(1, 10)
    assert out.loc[small, "suppressed"].all() and out.loc[out["suppressed"], "count"].isna().all()
    assert (out.loc[~out["suppressed"], "count"] == table.loc[~out["suppressed"], "count"]).all()
    system = link({"t": table}, dimensions=DIMENSIONS)
    cells = table.loc[out["suppressed"], ["age", "county"]].itertuples(index=False, name=None)
    hidden = pattern_of(system, cells)
    found = audit(system, hidden)
    assert found["protected"].all()
    kept = found[found["small"]]
    assert (kept["insider_upper_count"] - kept["insider_lower_count"] >= WIDTH).all()
    if not small.any():
        assert not out["suppressed"].any()


def test_a_zero_that_hides_a_small_count_need_not_withstand_the_insider_but_the_count_must():
    table = crossed([[0, 0], [0, 3]])
    out = suppress({"t": table}, dimensions=DIMENSIONS)["t"]
    system = link({"t": table}, dimensions=DIMENSIONS)
    cells = table.loc[out["suppressed"], ["age", "county"]].itertuples(index=False, name=None)
    found = audit(system, pattern_of(system, cells)).set_index(["age", "county"])
    assert not found.loc[("c0", "r1"), "small"] and found.loc[("c0", "r1"), "protected"]
    assert found.loc[("c1", "r1"), "small"]
    assert found.loc[("c1", "r1"), "insider_upper_count"] - found.loc[("c1", "r1"), "insider_lower_count"] >= WIDTH


@pytest.mark.parametrize("seed", range(8))
def test_tables_of_ordinary_size_can_be_protected(seed):
    rng = np.random.default_rng(seed)
    size = (int(rng.integers(4, 9)), int(rng.integers(3, 5)))
    table = crossed(rng.poisson(rng.choice([5, 30, 100], size=size)))
    out = suppress({"t": table}, dimensions=DIMENSIONS)["t"]
    system = link({"t": table}, dimensions=DIMENSIONS)
    cells = table.loc[out["suppressed"], ["age", "county"]].itertuples(index=False, name=None)
    found = audit(system, pattern_of(system, cells))
    assert found["protected"].all() and found["small"].any()
    assert out["suppressed"].mean() < 0.7


def brute_force(system, hidden, cell, *, known=None, most):
    """Try every count of every hidden cell; sums nobody printed follow from their parts or are tried as well."""
    lower, upper = bounds_of_reader(system, hidden)
    if known is not None:
        lower[known] = upper[known] = system.count[known]
    unknown = np.flatnonzero(lower < upper)
    ranges = [range(int(lower[place]), int(min(upper[place], most)) + 1) for place in unknown]
    seen = []
    for values in itertools.product(*ranges):
        trial = lower.copy()
        trial[unknown] = values
        if all(trial[total] == sum(trial[list(parts)]) for total, parts in system.relations):
            seen.append(trial[cell])
    return int(min(seen)), int(max(seen))


@pytest.mark.parametrize(
    ("counts", "cells"),
    [
        ([[4, 12], [15, 13]], [("c0", "r0"), ("c1", "r0"), ("c0", "r1"), ("c1", "r1")]),
        ([[4, 12], [15, 13]], [("c0", "r0"), ("c1", "r0"), ("c0", "r1")]),
        ([[4, 2], [15, 13]], [("c0", "r0"), ("c1", "r0"), ("total", "r0")]),
        ([[4, 2], [0, 13]], [("c0", "r0"), ("c1", "r0"), ("c0", "r1"), ("c0", "total")]),
        ([[3, 5, 12]], [("c0", "r0"), ("c1", "r0"), ("c0", "total"), ("c1", "total")]),
    ],
)
def test_bounds_are_those_of_trying_every_count(counts, cells):
    system = link({"t": crossed(counts)}, dimensions=DIMENSIONS)
    hidden = pattern_of(system, cells)
    attacker = Attacker(system, hidden)
    for cell, known in itertools.product(np.flatnonzero(hidden), [None, *np.flatnonzero(hidden)]):
        if cell != known:
            expected = brute_force(system, hidden, cell, known=known, most=32)
            assert attacker.interval(int(cell), known=known) == expected


def test_three_dimensions_are_audited_in_whole_people():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 30, size=(3, 3, 3))
    rows = [(f"a{i}", f"b{j}", f"c{k}", counts[i, j, k]) for i, j, k in np.ndindex(3, 3, 3)]
    table = pd.DataFrame(rows, columns=["a", "b", "c", "count"])
    for column in ("a", "b", "c"):
        others = [name for name in ("a", "b", "c") if name != column]
        sums = table[(table[["a", "b", "c"]] != "total").all(axis=1)].groupby(others, as_index=False)["count"].sum()
        table = pd.concat([table, sums.assign(**{column: "total"})], ignore_index=True)
    system = link({"t": table}, dimensions={"t": ["a", "b", "c"]})
    assert audit(system, suppression_pattern(system))["protected"].all()


def test_row_order_changes_nothing():
    table = crossed([[4, 30, 22], [40, 2, 15], [17, 19, 60]])
    one = suppress({"t": table}, dimensions=DIMENSIONS)["t"]
    mixed = table.sample(frac=1, random_state=1)
    other = suppress({"t": mixed}, dimensions=DIMENSIONS)["t"].loc[table.index]
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.assign(count=table["count"].where(table.index != 0)), "blank"),
        (lambda table: table.assign(count=table["count"] - 50), "0 or more"),
        (lambda table: table.assign(count=table["count"] + (table["age"] == "total")), "sum of its parts"),
        (lambda table: pd.concat([table, table.iloc[[0]]]), "twice"),
        (lambda table: table[table["age"] == "total"], "totals only"),
        (lambda table: table.drop(columns="count"), "column count"),
    ],
)
def test_faulty_tables_are_refused(change, words):
    with pytest.raises(TableError, match=words):
        suppress({"t": change(crossed([[4, 30], [40, 50]]))}, dimensions=DIMENSIONS)


def test_a_table_that_cannot_be_protected_is_refused():
    with pytest.raises(DisclosureError, match="merge"):
        suppress({"t": crossed([[1, 0]])}, dimensions=DIMENSIONS)


def test_no_rate_on_fewer_than_twenty_events():
    events = pd.Series([19.0, 20.0, 21.0, np.nan, 30.0])
    people = pd.Series([100.0, 100.0, 100.0, 100.0, 0.0])
    rates = event_rate(events, people, per=100)
    assert rates.isna().tolist() == [True, False, False, True, True]
    assert rates[1] == 20.0


def test_people_leave_with_their_status():
    table = crossed([[4, 30, 22], [40, 33, 15], [17, 19, 60]]).rename(columns={"age": "age_group"})
    options = {"name": "people", "kind": "people", "sources": ["made for the test"], "vintage": "2026"}
    released = release(table, **options)
    assert released.status == "released_with_suppression" and released.reasons
    assert released.suppressed_count == int(released.table["suppressed"].sum()) >= 3
    assert "why" not in released.table and 4.0 not in released.table["count"].tolist()
    large = table.assign(count=table["count"] * 100, population_count=100_000)
    plain = release(large, **options)
    assert plain.status == "released" and plain.suppressed_count == 0
    assert plain.table["rate_per_1000"].notna().all()
    with pytest.raises(DisclosureError, match="itself"):
        release(table.assign(rate=1.0), **options)
    recorded = release(crossed([[1, 0]]).rename(columns={"age": "age_group"}), **options, on_refusal="record")
    assert recorded.status == "refused" and recorded.suppressed_count == 0


OPTIONS = {"kind": "people", "sources": ["made for the test"], "vintage": "2026"}
COUNTIES = pd.DataFrame({"county": ["Adair", "Boone", "Clark", "Dent"], "count": [5, 50, 200, 7]})
AREAS = pd.DataFrame({"area": ["North", "South"], "count": [55, 207]})
HIERARCHY = pd.DataFrame({"county": COUNTIES["county"], "area": ["North", "North", "South", "South"]})


def printed(released):
    table = released.table
    return set(table.loc[~table["suppressed"], "count"])


def test_columns_that_hold_one_another_need_a_hierarchy():
    first = release(COUNTIES, name="counties", **OPTIONS)
    with pytest.raises((TableError, DisclosureError), match="hold one another"):
        release(AREAS, name="areas", linked=[first], **OPTIONS)
    with pytest.raises(DisclosureError, match="merge") as refusal:
        release(AREAS, name="areas", linked=[first], hierarchy=HIERARCHY, **OPTIONS)
    assert not any(count in str(refusal.value) for count in ("55", "207", "50", "200"))
    together = release_people({"c": COUNTIES, "a": AREAS}, hierarchy=HIERARCHY, sources=["x"], vintage="2026")
    assert not {200.0, 207.0} <= printed(together["c"]) | printed(together["a"])


def test_a_raw_table_is_no_earlier_release():
    with pytest.raises(DisclosureError, match="release_people"):
        release(COUNTIES, name="counties", linked=[AREAS], **OPTIONS)


@pytest.mark.parametrize("fine_first", [True, False])
def test_nested_ages_are_understood_as_they_are_written(fine_first):
    fine = pd.DataFrame({"age_group": ["0-17", "18-24", "25 to 34", "35+"], "count": [12, 8, 30, 9]})
    coarse = pd.DataFrame({"age_group": ["under 25", "25 and over"], "count": [20, 39]})
    first, second = (fine, coarse) if fine_first else (coarse, fine)
    earlier = release(first, name="first", **OPTIONS)
    with pytest.raises(DisclosureError, match="merge"):
        release(second, name="second", linked=[earlier], **OPTIONS)


def test_crossing_periods_are_cut_at_their_ends():
    half = pd.DataFrame({"period": ["2025-01 to 2025-06", "2025-07 to 2025-12"], "count": [40, 60]})
    longer = pd.DataFrame({"period": ["2025-01 to 2025-07", "2025-08 to 2025-12"], "count": [44, 56]})
    earlier = release(half, name="half", **OPTIONS)  # July would be 44 - 40
    assert earlier.status == "released"
    with pytest.raises(DisclosureError, match="merge"):
        release(longer, name="longer", linked=[earlier], **OPTIONS)
    later = release(longer.assign(count=[60, 40]), name="longer", linked=[earlier], **OPTIONS)
    assert later.status == "released"  # July has 20


def test_what_was_printed_before_is_a_fact_for_every_later_table():
    counts = np.array([[3, 21, 34, 47], [52, 18, 63, 29], [41, 33, 26, 58], [37, 44, 15, 61]])
    inner = crossed(counts, totals=False).rename(columns={"age": "age_group"})
    first = release(inner, name="inner", **OPTIONS)
    by_county = inner.groupby("county", as_index=False)["count"].sum()
    by_age = inner.groupby("age_group", as_index=False)["count"].sum()
    second = release(by_county, name="counties", linked=[first], **OPTIONS)
    third = release(by_age, name="ages", linked=[first, second], **OPTIONS)
    # the sums of rows and columns in which something is hidden would give the 3 back
    assert second.table["suppressed"].tolist() == [True, False, False, True]
    assert third.table["suppressed"].tolist() == [True, True, False, False]


def test_small_denominators_are_suppressed_unless_they_are_census_counts():
    table = pd.DataFrame({"county": list("ABCD"), "count": [2, 4, 200, 70], "population_count": [3, 5, 210, 80]})
    out = release(table, name="rates", **OPTIONS).table
    assert out["population_count"].isna().tolist() == [True, True, False, False]
    with_total = pd.concat([table, pd.DataFrame({"county": ["total"], "count": [276], "population_count": [298]})])
    assert release(with_total, name="rates", **OPTIONS).table["population_count"].isna().all()
    with pytest.raises(DisclosureError, match="merge"):  # a public 3 says that a count is 3 at most
        release(table, name="rates", census_denominators=True, **OPTIONS)
    public = table.assign(population_count=[30, 50, 210, 80])
    assert release(public, name="rates", census_denominators=True, **OPTIONS).table["population_count"].notna().all()


def test_more_events_than_people_are_refused():
    table = pd.DataFrame({"county": ["A", "B"], "count": [25, 40], "population_count": [3, 500]})
    with pytest.raises(DisclosureError, match="larger than its population_count") as refusal:
        release(table, name="rates", **OPTIONS)
    assert "25" not in str(refusal.value)


@pytest.mark.parametrize("base", [5, 10])
def test_rounding_is_another_way(base):
    table = crossed([[4, 31, 22], [42, 33, 16], [17, 19, 63]]).rename(columns={"age": "age_group"})
    released = release(table, name="people", rounding=base, **OPTIONS)
    shown = released.table.dropna(subset=["count"])
    assert (shown["count"] % base == 0).all() and released.about == {"rounding": base}
    truth = table.set_index(["county", "age_group"])["count"]
    near = shown.set_index(["county", "age_group"])["count"] - truth.reindex(
        shown.set_index(["county", "age_group"]).index
    )
    assert near.abs().max() <= base / 2
    assert released.suppressed_count < release(table, name="people", **OPTIONS).suppressed_count
    with pytest.raises(DisclosureError, match="rounded"):
        release(table, name="again", linked=[released], **OPTIONS)
    with pytest.raises(TableError, match="rounded to 5 or to 10"):
        release(table, name="again", rounding=3, **OPTIONS)


@pytest.mark.parametrize("label", ["Total", "ALL", "Grand total", "all counties", "Whole"])
def test_a_total_by_another_word_is_no_group(label):
    table = pd.DataFrame({"county": ["A", "B", "C", label], "count": [4, 30, 12, 46]})
    with pytest.raises((TableError, DisclosureError), match="write 'total' for it") as refusal:
        release(table, name="counties", **OPTIONS)
    assert "46" not in str(refusal.value)
    plain = table.assign(county=["A", "B", "C", "total"])
    assert release(plain, name="counties", **OPTIONS).table["suppressed"].sum() >= 2
