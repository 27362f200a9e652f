"""What a study computes from its tables: properties that hold whatever the numbers are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from kcgeo import access, data, study, terms, travel
from kcgeo.errors import StudyError
from kcgeo.study import GROUPS, Measured


@pytest.fixture(scope="module")
def measured(root: Path) -> Measured:
    return study.measure(study.load(root / "studies" / "kansas-city.toml"))


def test_more_minutes_never_less_cover(measured: Measured) -> None:
    table = measured.coverage.sort_values("cutoff_min")
    grew = table.groupby(["category", "group"])["covered_count"].apply(lambda column: column.is_monotonic_increasing)
    assert grew.all()


def test_states_share_out_all_people(measured: Measured) -> None:
    others = [f"{state}_share" for state in terms.STATES if state != "in_reach"]
    shares = measured.coverage[["covered_share", *others]].sum(axis=1)
    assert shares.between(1 - 1e-9, 1 + 1e-9).all()
    totals = measured.coverage.groupby("group")["total_count"].unique()
    for group in GROUPS:
        assert totals[group].tolist() == [measured.places[group].sum()]


def test_no_place_and_no_cell_is_dropped(measured: Measured) -> None:
    assert measured.place_times.index.tolist() == measured.places["place_id"].tolist()
    assert measured.gaps["place_id"].tolist() == measured.places["place_id"].tolist()
    assert measured.cell_times.index.tolist() == measured.cells["cell_id"].tolist()


def test_gaps_agree_with_the_coverage_table(measured: Measured) -> None:
    gaps = measured.gaps
    rows = measured.coverage[measured.coverage["group"] == "population_count"]
    rows = rows[rows["cutoff_min"] == measured.study.gaps.headline_cutoff_min].set_index("category")
    for category in measured.study.gaps.required:
        in_reach = gaps.loc[gaps[f"{category}_state"] == "in_reach", "population_count"].sum()
        assert in_reach == rows.loc[category, "covered_count"]


def test_a_place_without_time_has_a_reason(measured: Measured) -> None:
    for category in measured.study.gaps.required:
        lost = measured.place_times[f"{category}_min"].isna()
        column = next(name for name in measured.reasons.columns if name.startswith(category))
        assert measured.reasons.loc[lost, column].isin(["beyond_cutoff", "not_connected", "off_network"]).all()


def test_fewer_services_never_more_cover(measured: Measured) -> None:
    night = study.measure(measured.study, open_at=datetime(2026, 11, 25, 2), network=measured.network)
    keys = ["category", "cutoff_min", "group"]
    both = measured.coverage.merge(night.coverage, on=keys, suffixes=("", "_night"))
    assert len(both) > 0
    assert (both["covered_count_night"] <= both["covered_count"]).all()
    assert (both["covered_count_night"] < both["covered_count"]).any()


def test_minors_are_not_sent_to_services_for_men(measured: Measured) -> None:
    for_minors = data.services(eligibility="minors")
    assert "men" not in set(for_minors["eligibility"])
    assert set(for_minors["service_id"]) < set(measured.listed["service_id"])


def test_a_required_category_without_a_place_is_refused(measured: Measured) -> None:
    wrong = replace(measured.study, gaps=replace(measured.study.gaps, required=("hotline",)))
    with pytest.raises(StudyError, match="have a place"):
        study.measure(wrong, network=measured.network)


def test_cells_that_only_a_confidential_service_serves_are_by_referral(measured: Measured) -> None:
    areas, confidential = data.areas(measured.study), measured.services[measured.services["disclosure"] == "area"]
    cells = measured.cells.set_index("cell_id")
    for category in measured.study.gaps.required:
        serving = {row["area"] for _, row in confidential.iterrows() if category in row["categories"]}
        served = set(areas.loc[areas["area"].isin(serving), "county_fips"])
        far = ~(measured.cell_times[f"{category}_min"] <= measured.study.gaps.headline_cutoff_min)
        called = cells.index[cells["county_fips"].isin(served).to_numpy() & far.to_numpy()]
        states = measured.cell_states[f"{category}_state"]
        assert list(states.index[states == "by_referral"]) == list(called)
    assert measured.cell_states.eq("by_referral").any(axis=None)


@pytest.mark.slow
def test_shares_agree_with_block_groups(measured: Measured, shared: Path) -> None:
    groups = pd.read_csv(shared / "reference" / "bg2020_popcenters_kc.csv", dtype={"geoid": str, "county": str})
    groups = groups[groups["county"].isin(measured.study.counties)].rename(columns={"geoid": "place_id"})
    points = gpd.GeoDataFrame(groups, geometry=gpd.points_from_xy(groups.longitude, groups.latitude), crs=4326)
    listed = study.measure(measured.study, eligibility="any_listed", network=measured.network)
    placed = data.by_category(listed.services)
    times = travel.nearest_times(measured.network, points, placed, by="category", cutoff_min=120)
    people = groups["population"].to_numpy(dtype=float)
    kinds = access.categories_of(times)
    assert len(kinds) == 15
    everyone = listed.coverage[listed.coverage["group"] == "population_count"].set_index(["category", "cutoff_min"])
    for cutoff, mean, largest in ((15, 1.2, 2.2), (30, 0.5, 1.0), (45, 0.2, 0.5)):
        truth = {name: people @ (times[f"{name}_min"] <= cutoff).to_numpy() / people.sum() for name in kinds}
        error = [abs(everyone.loc[(name, cutoff), "covered_share"] - truth[name]) * 100 for name in kinds]
        assert np.mean(error) <= mean
        assert max(error) <= largest
