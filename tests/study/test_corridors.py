"""The corridor report of a study: miles that add up, tables that agree, a folder that is whole or absent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kcgeo import access, data, study
from kcgeo.errors import StudyError
from kcgeo.files import sha256
from kcgeo.study import CorridorReport, Measured
from kcgeo.study.answer import Scene
from kcgeo.study.answers.whole.figures import figures_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(root: Path) -> Measured:
    return study.measure(study.load(root / "studies" / "kansas-city.toml"))


@pytest.fixture(scope="module")
def report(measured: Measured) -> CorridorReport:
    return study.corridor_report(measured)


def test_the_report_holds_both_corridors_and_the_required_kinds(measured: Measured, report: CorridorReport) -> None:
    assert report.routes == measured.study.corridors == ("I-35", "I-70")
    assert set(report.profile["route"]) == set(report.routes)
    assert set(access.categories_of(report.profile)) == set(measured.study.gaps.required)
    assert report.cutoff_min == measured.study.gaps.headline_cutoff_min


def test_miles_along_a_route_rise_through_all_its_mile_systems(report: CorridorReport) -> None:
    lines = data.corridors(data.read_study(data.default_study()))
    for route, rows in report.profile.groupby("route"):
        own = lines[lines["route"] == route]
        steps = np.diff(rows["along_mi"])
        assert (steps > 0).all()
        # half a mile within a system; at its end the rest of it and the beginning of the next
        assert steps[rows["system"].to_numpy()[1:] == rows["system"].to_numpy()[:-1]] == pytest.approx(0.5, abs=0.002)
        assert steps.max() < 1.1
        assert rows["along_mi"].iloc[-1] == pytest.approx((own["to_mi"] - own["from_mi"]).sum(), abs=0.6)
        assert (
            rows["state"].to_list() == ["KS"] * (rows["state"] == "KS").sum() + ["MO"] * (rows["state"] == "MO").sum()
        )
    west = report.profile.query("route == 'I-70'").drop_duplicates("system")
    assert west["system"].to_list() == ["I-70 KS turnpike", "I-70 KS", "I-70 MO"]


def test_exits_stand_among_the_stations_of_their_mile(report: CorridorReport) -> None:
    assert len(report.exits) > 50
    assert not report.exits.duplicated(["route", "state", "exit"]).any()
    for system, rows in report.exits.groupby("system"):
        stations = report.profile[report.profile["system"] == system]
        expected = np.interp(rows["milepost_mi"], stations["milepost_mi"], stations["along_mi"])
        inside = rows["milepost_mi"].between(stations["milepost_mi"].min(), stations["milepost_mi"].max())
        np.testing.assert_allclose(rows["along_mi"][inside], expected[inside], atol=0.002)


def test_towns_stand_in_their_state_at_their_nearest_mile(report: CorridorReport) -> None:
    towns = report.towns.set_index(["route", "name"])
    assert towns.loc[("I-70", "Lawrence"), "system"] == "I-70 KS turnpike"
    assert towns.loc[("I-35", "Olathe"), "milepost_mi"] == pytest.approx(217, abs=1)  # exits 215 to 220 are its own
    assert towns.loc[("I-35", "Liberty"), "state"] == "MO"
    assert ("I-35", "Lawrence") not in towns.index
    assert ("I-35", "Wellsville") not in towns.index  # beyond the study's edge
    assert not report.towns.duplicated(["route", "state", "name"]).any()


def test_segments_are_the_stations_over_the_cutoff(report: CorridorReport) -> None:
    for category in access.categories_of(report.profile):
        over = report.profile[report.profile[f"{category}_min"] > report.cutoff_min]
        rows = report.segments[report.segments["category"] == category]
        assert ((rows["length_mi"] / 0.5).round() + 1).sum() == len(over)
        assert rows["worst_min"].max() == over[f"{category}_min"].max() or over.empty
    assert (
        report.segments["length_mi"] == report.segments["to_milepost_mi"] - report.segments["from_milepost_mi"]
    ).all()
    assert report.shown["longest"].str.fullmatch(r"\d+ min").all()
    assert len(report.shown) == len(report.segments)


def test_a_longer_cutoff_leaves_fewer_gap_miles(measured: Measured, report: CorridorReport) -> None:
    longer = replace(measured.study, gaps=replace(measured.study.gaps, headline_cutoff_min=45.0))
    later = study.corridor_report(replace(measured, study=longer))
    pd.testing.assert_frame_equal(later.profile, report.profile)
    assert later.segments["length_mi"].sum() < report.segments["length_mi"].sum()


def test_a_kind_without_an_address_is_out_of_reach_on_every_mile(measured: Measured) -> None:
    none = measured.services[~measured.services["categories"].map(lambda kinds: "legal" in kinds)]
    report = study.corridor_report(replace(measured, services=none), routes=["I-35"], step_mi=2.0)
    assert report.routes == ("I-35",)
    assert report.profile["legal_min"].isna().all()
    legal = report.segments[report.segments["category"] == "legal"]
    assert legal["worst_min"].isna().all()
    assert set(report.shown.loc[report.shown["kind of help"] == "Legal help", "longest"]) == {"no way"}


def test_releases_hold_the_same_rows_and_no_place_of_a_service(report: CorridorReport) -> None:
    released = report.released
    tables = {
        "profile": report.profile,
        "segments": report.segments,
        "exits": report.exits,
        "corridor_towns": report.towns,
    }
    assert set(released) == set(tables)
    for name, table in tables.items():
        assert len(released[name].table) == len(table)
        assert set(released[name].table.columns) == set(table.columns)
    assert any("not evidence of trafficking" in note for note in released["profile"].notes)
    assert any("lower bound" in note for note in released["profile"].notes)


def test_hidden_points_change_nothing(measured: Measured, report: CorridorReport) -> None:
    shown = measured.services[measured.services["disclosure"] == "exact"]
    again = study.corridor_report(replace(measured, services=shown))
    pd.testing.assert_frame_equal(again.profile, report.profile)


def test_the_corridor_figure_is_listed_where_it_is_released(measured: Measured, report: CorridorReport) -> None:
    released = study.release_all(measured)
    before, after = (figures_of(measured.study, tables) for tables in (released, released | report.released))
    (added,) = [figure for figure in after if figure.name not in {old.name for old in before}]
    assert (added.name, added.uses) == ("corridors", ("profile", "segments", "exits", "corridor_towns"))
    title = added.draw(Scene(measured.study, released | report.released)).note.title
    assert "miles of I-35" in title and "over 30 minutes" in title


@pytest.mark.parametrize(
    ("routes", "step_mi", "sentence"),
    [
        (["I-99"], 0.5, "I-99 has no mileposts; choose from I-35, I-70"),
        (["I-35", "I-435"], 0.5, "I-435 has no mileposts"),
        ([], 0.5, "No route with mileposts is asked for"),
        (["I-35"], 0.0, "step_mi must be 0.1 to 10 miles, not 0"),
        (["I-35"], float("nan"), "step_mi must be 0.1 to 10 miles, not nan"),
    ],
)
def test_refusals(measured: Measured, routes: list[str], step_mi: float, sentence: str) -> None:
    with pytest.raises(StudyError, match=sentence):
        study.corridor_report(measured, routes=routes, step_mi=step_mi)


def test_two_faults_are_told_at_once(measured: Measured) -> None:
    with pytest.raises(StudyError) as caught:
        study.measure_corridors(measured.study, ["I-99"], step_mi=-1)
    assert len(caught.value.problems) == 2


def test_the_folder_is_whole_and_the_same_in_every_run(
    measured: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kcgeo.study.ask.measure", lambda _: measured
    )  # measured already: the same record, not a stand-in
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        study.measure_corridors(measured.study, ["I-35"], step_mi=1.0, out=folder)
    names = sorted(path.name for path in one.iterdir())
    tables = ["corridor_towns.csv", "exits.csv", "profile.csv", "segments.csv"]
    charts = ["corridors.pdf", "corridors.png", "corridors.svg"]
    assert names == sorted([*charts, *tables, "README.md", "manifest.json"])
    assert [sha256(one / name) for name in names] == [sha256(two / name) for name in names]
    manifest = json.loads((one / "manifest.json").read_text())
    assert {entry["path"] for entry in manifest["files"]} == set(names) - {"manifest.json"}
    assert pd.read_csv(one / "profile.csv")["route"].unique().tolist() == ["I-35"]
    # a fault on the way leaves the former folder as it was
    monkeypatch.setattr(
        "kcgeo.study.folder.writer.write_manifest", lambda *_: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        study.measure_corridors(measured.study, ["I-70"], step_mi=1.0, out=one)
    assert [sha256(one / name) for name in names] == [sha256(two / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_foreign_folder_is_refused_before_anything_is_measured(measured: Measured, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StudyError, match="files that kcgeo did not write"):
        study.measure_corridors(measured.study, ["I-35"], out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
