"""The chain on the packaged study: beds of public sites alone, unknown kept as an interval, one person's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import geopandas as gpd
import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.access import Stage
from kcgeo.study.answers import beds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings() -> study.Study:
    return study.load(data.default_study())


@pytest.fixture(scope="module")
def report(settings: study.Study) -> beds.ChainReport:
    return beds.chain_report(settings, arrivals_week=5)


def test_only_beds_of_public_sites_count(report: beds.ChainReport) -> None:
    listed = data.services().set_index("service_id")
    assert (listed.loc[report.sites["site_id"], "disclosure"] == "exact").all()
    hidden = listed[(listed["disclosure"] != "exact") & listed["capacity_beds"].notna()]
    assert len(hidden)  # there is something that must not count
    crisis = report.sites[report.sites["stage"] == "crisis bed"]
    assert crisis["beds_low"].sum() == listed.loc[crisis["site_id"], "capacity_beds"].sum()


def test_unknown_beds_are_no_number(report: beds.ChainReport) -> None:
    stages = report.answer.tables["chain_stages"].table.set_index("stage")
    assert stages.index.tolist() == ["crisis bed", "transitional home", "long-term home"]
    assert stages.loc["crisis bed", "high_week"] != stages.loc["crisis bed", "high_week"]
    assert "beds of a listed site are not known" in stages.loc["crisis bed", "note"]
    chances = report.chances.set_index("stage")
    assert chances.loc["crisis bed"].isna().all()
    assert report.flow.low_week <= report.flow.high_week
    said = [finding.say() for finding in report.answer.findings]
    assert any(sentence.startswith("The number to ask for first") for sentence in said)


def test_a_shared_number_of_beds_is_an_interval_at_each_stage(report: beds.ChainReport) -> None:
    twice = report.sites[report.sites.duplicated("site_id", keep=False) & report.sites["beds_high"].notna()]
    assert len(twice) == 2 and (twice["beds_low"] == 0).all() and (twice["beds_high"] == 24).all()


def test_counties_reach_no_more_than_the_whole(report: beds.ChainReport) -> None:
    by_county = report.answer.tables["chain_counties"].table
    assert (by_county["low_week"] <= report.flow.low_week + 1e-9).all()
    assert by_county["county"].notna().all()


def test_a_person_is_followed_to_a_door_that_is_known_to_open(settings: study.Study) -> None:
    start = gpd.GeoSeries.from_xy([-94.58], [39.10], crs="EPSG:4326")
    path = beds.person_path(settings, start=start, leave=datetime(2026, 11, 28, 2))
    assert path["stage"].tolist() == ["forensic_exam", "emergency_shelter"]
    reached = path.dropna(subset="arrive")
    assert (reached["arrive"] >= pd.Timestamp("2026-11-28 02:00")).all() and reached["arrive"].is_monotonic_increasing


def test_a_group_is_asked_for(settings: study.Study) -> None:
    only = (("emergency_shelter", Stage("crisis bed", 30, 30)),)
    everybody = beds.chain_report(settings, stages=only)
    women = beds.chain_report(replace(settings), who="adult women", stages=only)
    assert len(women.sites) < len(everybody.sites)
    assert women.answer.findings[0].about["who"] == "adult women"
