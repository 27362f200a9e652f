"""What a study lets out of the ledger."""

from __future__ import annotations

from kcgeo import data, study


def test_a_distance_to_a_confidential_place_does_not_leave() -> None:
    claims = data.load("claims")
    held = set(claims.loc[claims["use_in_tool"] == "area_only", "claim_id"])
    assert held  # the ledger has such a record, or this test says nothing
    table = study.release_ledger(data.read_study(data.default_study()))["claims"].table.set_index("claim_id")
    told = ["value", "value_number", "value_low", "value_high", "paraphrase"]
    assert table.loc[sorted(held), told].isna().all(axis=None)
    assert table.loc[~table.index.isin(held), "value"].notna().any()
    assert len(table) == len(claims)
