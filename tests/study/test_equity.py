"""Who is left out and how sure that is: what holds of the reports whatever the numbers are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kcgeo import access, study
from kcgeo.errors import TableError
from kcgeo.study import CertaintyReport, Measured, WhoReport
from kcgeo.study.answers.certainty import WORST_SHARE
from kcgeo.study.answers.explorer import MOMENTS
from kcgeo.study.answers.who import WHO

pytestmark = pytest.mark.slow

NOON, NIGHT = "weekday noon", "weeknight 02:00"
SHARES = [f"{name}_share" for name in access.SERVICE_CLASSES]
DRAWS = 12


@pytest.fixture(scope="module")
def measured(root: Path) -> Measured:
    return study.measure(study.load(root / "studies" / "kansas-city.toml"))


@pytest.fixture(scope="module")
def report(measured: Measured) -> WhoReport:
    return study.who_report(measured)


@pytest.fixture(scope="module")
def certainty(measured: Measured) -> CertaintyReport:
    return study.certainty_report(measured, draw_count=DRAWS, seed=3)


def _open(report: WhoReport, category: str, who: str, when: str) -> float:
    rows = report.matrix.set_index(["category", "eligibility", "when"])
    return float(rows.loc[(category, who, when), "open_share"])


def test_matrix_is_whole_and_shares_out_all_people(report: WhoReport) -> None:
    table = report.matrix
    assert not table.duplicated(["category", "eligibility", "when"]).any()
    assert len(table) == table["category"].nunique() * len(WHO) * (len(MOMENTS) - 1)
    assert set(report.required) | {access.ALL_REQUIRED} <= set(table["category"])
    np.testing.assert_allclose(table[SHARES].sum(axis=1), 1)


@pytest.mark.parametrize("when", [NOON, NIGHT])
def test_known_to_be_open_agrees_with_a_study_of_that_hour(measured: Measured, report: WhoReport, when: str) -> None:
    then = study.measure(measured.study, eligibility="minors", open_at=MOMENTS[when], network=measured.network)
    rows = then.coverage[(then.coverage["group"] == "under18_count") & (then.coverage["cutoff_min"] == 30)]
    for row in rows[rows["category"].isin(report.required)].itertuples():
        assert _open(report, row.category, "minors", when) == pytest.approx(row.covered_share)


def test_unknown_hours_never_count_as_open(measured: Measured, report: WhoReport) -> None:
    silent = measured.services[measured.services["opening_hours"].isna()]
    stated = measured.services[measured.services["opening_hours"].notna()]
    kinds = set(silent["categories"].explode()) - set(stated["categories"].explode())
    rows = report.matrix[report.matrix["category"].isin(kinds)]
    assert len(rows)
    assert (rows["open_share"] == 0).all()
    assert rows["hours_unknown_share"].max() > 0


def test_report_of_an_hour_tells_unknown_hours_apart(measured: Measured, report: WhoReport) -> None:
    told = study.coverage_report(measured.study, categories=["counselling"], open_at=MOMENTS[NIGHT])
    table = told.shown.set_index("within")
    parts = table[["all people", "hours unknown", "by referral", "none"]].apply(
        lambda row: row.str.rstrip("%").astype(float)
    )
    np.testing.assert_allclose(parts.sum(axis=1), 100, atol=0.2)
    assert parts.loc["30 min", "all people"] == 0
    assert parts.loc["30 min", "hours unknown"] > 50
    assert "hours unknown" not in study.coverage_report(measured.study, categories=["counselling"]).shown


def test_the_chain_is_no_better_than_its_weakest_link(report: WhoReport) -> None:
    wide = report.matrix.pivot(index=["eligibility", "when"], columns="category", values="open_share")
    assert (wide[access.ALL_REQUIRED] <= wide[list(report.required)].min(axis=1) + 1e-12).all()


def test_classes_by_place_add_up_to_the_matrix(measured: Measured, report: WhoReport) -> None:
    people = measured.places.set_index("place_id")["population_count"]
    rows = report.classes[(report.classes["eligibility"] == "LGBTQ") & (report.classes["when"] == NIGHT)]
    for category in report.required:
        here = rows.loc[rows[category] == "open", "place_id"]
        assert people[here].sum() / people.sum() == pytest.approx(_open(report, category, "LGBTQ", NIGHT))


def test_map_shows_one_category_and_refuses_an_unknown_one(measured: Measured, report: WhoReport) -> None:
    shown = report.released["matrix_places"].table
    assert len(set(shown["category"])) == 1
    assert len(shown) == len(measured.places) * len(WHO) * (len(MOMENTS) - 1)
    with pytest.raises(TableError, match="no map of 'hotline'"):
        study.who_report(measured, map_category="hotline")


def test_gini_is_the_area_of_its_curve(report: WhoReport) -> None:
    ginis = report.shares.set_index("category")["gini_index"]
    for category, curve in report.lorenz.groupby("category"):
        area = np.trapezoid(curve["access_share"], curve["people_share"])
        assert ginis[category] == pytest.approx(1 - 2 * area)


def test_poor_count_is_who_is_not_covered(measured: Measured, report: WhoReport) -> None:
    rows = measured.coverage[
        (measured.coverage["group"] == "population_count") & (measured.coverage["cutoff_min"] == 30)
    ]
    covered = rows.set_index("category")["covered_share"]
    for row in report.shares.itertuples():
        assert row.poor_share == pytest.approx(1 - covered[row.category])


def test_gaps_are_measured_from_all_people(report: WhoReport) -> None:
    own = report.groups[report.groups["group"] == "population_count"]
    assert (own["gap_min"] == 0).all()
    assert report.groups["beyond_share"].between(0, 1).all()


def test_each_place_is_in_one_cluster_class(measured: Measured, report: WhoReport) -> None:
    assert report.clusters.index.tolist() == measured.places["place_id"].tolist()
    assert set(report.clusters["gi_class"]) <= set(access.GI_CLASSES)
    far = report.farthest_min[report.clusters["gi_class"] == "hot spot"]
    near = report.farthest_min[report.clusters["gi_class"] == "cold spot"]
    assert far.mean() > near.mean()


def test_worst_tenth_hands_out_its_seats_in_each_draw(certainty: CertaintyReport) -> None:
    places = certainty.places
    assert places["worst_draw_share"].sum() == pytest.approx(math.ceil(len(places) * WORST_SHARE))
    assert places["covered_draw_share"].between(0, 1).all()
    ordered = places[["value_low", "value_median", "value_high"]].to_numpy()
    assert (np.diff(ordered, axis=1)[~np.isnan(ordered).any(axis=1)] >= 0).all()


def test_covered_share_of_draws_by_hand(certainty: CertaintyReport) -> None:
    cutoffs = certainty.draws.parameters["cutoff_min"].to_numpy()
    near = np.stack([certainty.draws.of(name).to_numpy() <= cutoffs for name in certainty.required])
    np.testing.assert_allclose(certainty.places["covered_draw_share"], near.all(axis=0).mean(axis=1))


def test_intervals_are_named_in_columns(certainty: CertaintyReport) -> None:
    table = certainty.intervals
    assert not table.isna().any().any()
    assert set(table["category"]) == {*certainty.required, access.ALL_REQUIRED}
    assert set(table["group"]) == set(study.GROUPS)
    assert (table["value_low"] <= table["value_high"]).all()
    assert (table["draw_count"] == DRAWS).all()


def test_same_seed_same_report_other_seed_another(measured: Measured, certainty: CertaintyReport) -> None:
    again = study.certainty_report(measured, draw_count=DRAWS, seed=3)
    pd.testing.assert_frame_equal(again.places, certainty.places)
    pd.testing.assert_frame_equal(again.intervals, certainty.intervals)
    other = study.certainty_report(measured, draw_count=DRAWS, seed=4)
    assert not other.intervals.equals(certainty.intervals)


def test_releases_are_of_kind_equity_and_state_their_draws(report: WhoReport, certainty: CertaintyReport) -> None:
    released = {**report.released, **certainty.released}
    assert {item.kind for item in released.values()} == {"equity"}
    assert all(any("lower bound" in note for note in item.notes) for item in released.values())
    assert any(f"{DRAWS} draws" in note for note in released["certainty"].notes)
