"""The ledger: what is said, what contradicts it, and what may be computed with."""

from __future__ import annotations

import pytest

from kcgeo import data
from kcgeo.errors import TableError

CLAIMS = data.load("claims").set_index("claim_id")
AGGREGATES = data.load("aggregates").set_index("aggregate_id")


def test_ledger_holds_every_claim_and_aggregate_once() -> None:
    ledger = data.ledger()
    assert sorted(ledger["record_id"]) == sorted([*CLAIMS.index, *AGGREGATES.index])
    assert ledger[["quantity", "source", "evidence", "evidence_grade", "use_in_tool"]].notna().all(axis=None)


def test_knowledge_finds_all_words_in_any_case() -> None:
    found = data.knowledge("CASES kansas")
    assert {"C2-01"} <= set(found["record_id"])
    text = found[["series", "quantity", "statement", "geography", "unit", "source"]].fillna("").agg(" ".join, axis=1)
    assert text.str.contains("cases", case=False).all()
    assert text.str.contains("kansas", case=False).all()
    grades = found["evidence_grade"].str.replace("-", "Z").to_list()
    assert grades == sorted(grades)


def test_knowledge_of_one_record() -> None:
    assert data.knowledge("c0-03")["record_id"].to_list() == ["C0-03"]


def test_nothing_known_is_an_empty_table_and_not_zero() -> None:
    assert len(data.knowledge("unicorns")) == 0
    with pytest.raises(TableError, match="Say what the question is about"):
        data.knowledge("  ")


@pytest.mark.parametrize("claim_id", CLAIMS.index)
def test_contradictions_hold_in_both_directions(claim_id: str) -> None:
    others = data.contradictions(claim_id)["claim_id"]
    assert claim_id not in set(others)
    for other in others:
        assert claim_id in set(data.contradictions(other)["claim_id"])
    named = CLAIMS.loc[claim_id, "contradicts"]
    assert set(named.split(";") if isinstance(named, str) else ()) <= set(others)


@pytest.mark.parametrize("claim_id", CLAIMS.index[CLAIMS["use_in_tool"] == "do_not_compute"])
def test_no_computing_with_what_must_not_be_computed(claim_id: str) -> None:
    with pytest.raises(TableError, match=f"{claim_id} may not be computed with: its use is do_not_compute"):
        data.compute_value(claim_id)


@pytest.mark.slow
def test_every_claim_either_computes_or_says_why_not() -> None:
    for claim_id, claim in CLAIMS.iterrows():
        allowed = claim["use_in_tool"] in ("context", "show_with_caveat") and claim["value_number"] > float("-inf")
        if allowed:
            assert data.compute_value(claim_id) == claim["value_number"]
        else:
            with pytest.raises(TableError, match=claim_id):
                data.compute_value(claim_id)


def test_1650_is_never_computed_with() -> None:
    for claim_id in CLAIMS.index[CLAIMS["value"] == "1650"]:
        with pytest.raises(TableError):
            data.compute_value(claim_id)


def test_aggregates_compute_unless_blank_or_unsupported() -> None:
    assert data.compute_value("A001") == 55
    blank = AGGREGATES.index[AGGREGATES["value_number"].isna()]
    unsupported = AGGREGATES.index[AGGREGATES["evidence_grade"] == "D"]
    assert len(blank) == 23
    for aggregate_id in [*blank, *unsupported]:
        with pytest.raises(TableError, match="may not be computed with"):
            data.compute_value(aggregate_id)


def test_unknown_records_are_refused() -> None:
    with pytest.raises(TableError, match="no record 'C9-99' in the claims"):
        data.contradictions("C9-99")
    with pytest.raises(TableError, match="no record 'X' in the ledger"):
        data.compute_value("X")
    with pytest.raises(TableError, match="no aggregates X"):
        data.comparable(["A001", "X"])


def test_annual_and_cumulative_never_share_an_axis() -> None:
    cases = AGGREGATES[(AGGREGATES["unit"] == "cases") & AGGREGATES["value_number"].notna()]
    annual = cases.index[cases["period_type"] == "annual"]
    cumulative = cases.index[cases["period_type"] == "cumulative"]
    assert len(annual)
    assert len(cumulative)
    with pytest.raises(TableError, match=r"The period_type differs \(annual, cumulative\)"):
        data.comparable([annual[0], cumulative[0]])
    assert data.comparable(list(annual))["aggregate_id"].to_list() == list(annual)


def test_every_reason_against_one_axis_is_said() -> None:
    blank = AGGREGATES.index[AGGREGATES["value_number"].isna()][0]
    with pytest.raises(TableError) as caught:
        data.comparable(["A001", "A002", blank])
    said = " ".join(caught.value.problems)
    assert "The unit differs" in said
    assert f"{blank}: no value; a blank is no report, not zero" in said
