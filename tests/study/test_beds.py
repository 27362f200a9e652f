"""The chain on the packaged study: beds of public sites alone, unknown kept as an interval, one person's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import geopandas as gpd
import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.errors import StudyError
from kcgeo.study.answers import beds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def everybody() -> study.Measured:
    return beds.asking(study.measure(study.load(data.default_study())), "any_listed")


@pytest.fixture(scope="module")
def report(everybody: study.Measured) -> beds.ChainReport:
    return beds.chain_report(everybody, arrivals_week=5)


def test_only_beds_of_public_sites_count(report: beds.ChainReport) -> None:
    listed = data.services().set_index("service_id")
    assert (listed.loc[report.sites["site_id"], "disclosure"] == "exact").all()
    hidden = listed[(listed["disclosure"] != "exact") & listed["capacity_beds"].notna()]
    assert len(hidden)  # there is something that must not count
    crisis = report.sites[report.sites["stage"] == "crisis bed"]
    assert crisis["beds_low"].sum() == listed.loc[crisis["site_id"], "capacity_beds"].sum() > 0


def test_unknown_beds_are_no_number(report: beds.ChainReport) -> None:
    stages = report.answer.tables["chain_stages"].table.set_index("stage")
    assert stages.index.tolist() == ["crisis bed", "transitional home", "long-term home"]
    assert stages.loc["crisis bed", "high_week"] != stages.loc["crisis bed", "high_week"]
    assert "beds of a listed site are not known" in stages.loc["crisis bed", "note"]
    chances = report.chances.set_index("stage")[["chance_low_share", "chance_high_share"]]
    assert chances.loc["crisis bed"].isna().all() and chances.loc["long-term home"].notna().all()
    assert report.flow.low_week <= report.flow.high_week
    said = [finding.say() for finding in report.answer.findings]
    assert "Ask first how many beds there are in transitional home and long-term home" in said
    assert any(sentence.startswith("No chance of a bed is given for crisis bed and") for sentence in said)
    assert any(sentence.startswith("Bed numbers are from 2022") for sentence in said)


def test_a_shared_number_of_beds_is_an_interval_at_each_stage(report: beds.ChainReport) -> None:
    twice = report.sites[report.sites.duplicated("site_id", keep=False) & report.sites["beds_high"].notna()]
    assert len(twice) == 2 and (twice["beds_low"] == 0).all() and (twice["beds_high"] == 24).all()


def test_counties_reach_no_more_than_the_whole(report: beds.ChainReport) -> None:
    by_county = report.answer.tables["chain_counties"].table
    assert (by_county["low_week"] <= report.flow.low_week + 1e-9).all()
    assert by_county["county"].notna().all()


def test_a_person_is_followed_to_a_door_that_is_known_to_open(everybody: study.Measured) -> None:
    start = gpd.GeoSeries.from_xy([-94.58], [39.10], crs="EPSG:4326")
    path = beds.person_path(everybody, start=start, leave=datetime(2026, 11, 28, 2))
    assert path["stage"].tolist() == ["forensic_exam", "emergency_shelter"]
    reached = path.dropna(subset="arrive")
    assert (reached["arrive"] >= pd.Timestamp("2026-11-28 02:00")).all() and reached["arrive"].is_monotonic_increasing


def test_who_asks_is_who_the_study_was_measured_for(everybody: study.Measured, report: beds.ChainReport) -> None:
    anyone = beds.chain_report(everybody, eligibility="anyone")
    assert set(anyone.sites["site_id"]) < set(report.sites["site_id"])
    assert anyone.answer.findings[0].about["who"] == "anyone"
    assert "No listed public site offers them long-term home, so nobody is carried that far" in {
        finding.say() for finding in anyone.answer.findings
    }


@pytest.fixture(scope="module")
def sample(
    everybody: study.Measured, report: beds.ChainReport, tmp_path_factory: pytest.TempPathFactory
) -> study.Measured:
    """Invented beds at every listed site: twelve each, forty homes."""
    path = tmp_path_factory.mktemp("beds") / "beds.csv"
    ids = sorted(set(report.sites["site_id"]))
    rows = [(name, "beds", 40 if "sheffield" in name else 12, at, "2026-11", "sample") for at, name in enumerate(ids)]
    columns = ["service_id", "unit", "maximum", "available", "updated", "source"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return replace(everybody, study=replace(everybody.study, capacity_path=path))


def test_more_beds_are_asked_twice_and_the_figure_says_both(sample: study.Measured) -> None:
    answer = study.chain(sample, more_beds=10, stage="transitional home")
    table = answer.tables["chain_more_beds"].table.set_index("plan")
    most, wide = table.loc["most carried"], table.loc["most people in reach"]
    assert most["after_week"] >= wide["after_week"] >= most["before_week"] and most["bound_week"] == most["after_week"]
    assert wide["gained_count"] >= most["gained_count"]
    said = " ".join(finding.say() for finding in answer.findings)
    assert "10 more beds (transitional home)" in said and "Placed for reach, at" in said
    note = answer.draw("chain").note
    assert "most carried" in note.alt_text and "most people in reach" in note.alt_text
    with pytest.raises(StudyError, match="no stage 'tent'"):
        study.chain(sample, more_beds=1, stage="tent")


def test_free_beds_are_read_and_never_told(sample: study.Measured) -> None:
    """What is free this minute is a partner's to know: other live counts leave every byte as it was."""
    path = sample.study.capacity_path
    assert path is not None
    before = [table.table.to_csv() for table in study.chain(sample).tables.values()]
    path.write_text(path.read_text().replace(",2,2026", ",9,2026"))
    assert [table.table.to_csv() for table in study.chain(sample).tables.values()] == before
