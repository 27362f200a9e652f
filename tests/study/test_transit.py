"""Who reaches help by bus: what holds of the report, its maps and its command, on an invented timetable."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.transit_feed import write_invented_feed

from kcgeo import access, data, present, study, travel
from kcgeo.cli import main
from kcgeo.data.formats.registry import READERS
from kcgeo.data.formats.transit.gtfs import read_gtfs
from kcgeo.data.study.layers import put_layer
from kcgeo.disclosure import Released
from kcgeo.errors import DisclosureError, StudyError
from kcgeo.study import Measured, TransitReport
from kcgeo.study.answer import Scene
from kcgeo.study.answers.by_bus import DEPARTURES, transit_figures, walking_of
from kcgeo.study.releases import release_background

pytestmark = pytest.mark.slow

WINDOWS = {window.key: window.words for window in DEPARTURES[:2]}


@pytest.fixture(scope="module")
def path(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three counties of the Kansas City study with a layer of their own: an invented feed of 10 routes."""
    folder = tmp_path_factory.mktemp("study")
    copy = folder / "kansas-city.toml"
    text = (root / "studies" / "kansas-city.toml").read_text()
    begin = text.index("counties = [")
    kept = 'counties = ["20091", "20209", "29095"]'
    copy.write_text(text[:begin] + kept + text[text.index("]", begin) + 1 :])
    feed = write_invented_feed(folder / "feed.zip", seed=3, route_count=10, stop_count=400)
    converted = READERS["gtfs"].read(feed, study.load(copy))
    put_layer(
        copy,
        "transit",
        converted.write,
        source_name=feed.name,
        source_sha256="0" * 64,
        source_kind="gtfs",
        title=converted.title,
        vintage=converted.vintage,
        licence=converted.licence,
        notes=converted.notes,
    )
    return copy


@pytest.fixture(scope="module")
def measured(path: Path) -> Measured:
    return study.measure(study.load(path))


@pytest.fixture(scope="module")
def report(measured: Measured) -> TransitReport:
    found = study.transit_report(measured)
    assert found is not None
    return found


def test_no_place_and_no_cell_is_dropped(measured: Measured, report: TransitReport) -> None:
    assert report.place_times.index.tolist() == measured.places["place_id"].tolist()
    assert report.cell_times.index.tolist() == measured.cells["cell_id"].tolist()
    shares = report.place_times.filter(like="_share")
    assert shares.to_numpy().min() >= 0
    assert shares.to_numpy().max() == 1
    assert report.place_times["medical_noon_min"].notna().any()


def test_days_are_typical_ones(report: TransitReport) -> None:
    assert report.dates == {"noon": date(2026, 11, 3), "night": date(2026, 11, 3), "sunday": date(2026, 11, 8)}


def test_households_are_shared_out_over_three_states(measured: Measured, report: TransitReport) -> None:
    table = report.coverage
    parts = table[["covered_count", "by_referral_count", "none_count"]].sum(axis=1)
    assert parts.unique().tolist() == [measured.places["no_vehicle_household_count"].sum()]
    households = measured.places.set_index("place_id")["no_vehicle_household_count"]
    rows = table.set_index(["category", "when"])
    for key, words in WINDOWS.items():
        near = report.place_times[f"medical_{key}_min"] <= 60
        assert rows.loc[("medical", words), "covered_count"] == households[near].sum()
        needed = measured.study.gaps.required
        all_near = (report.place_times[[f"{name}_{key}_min" for name in needed]] <= 60).all(axis=1)
        assert rows.loc[(access.ALL_REQUIRED, words), "covered_count"] == households[all_near].sum()


def test_one_walks_where_no_bus_runs(measured: Measured, report: TransitReport) -> None:
    """Without any trip the times are those of a walk of half an hour at most."""
    feed = read_gtfs(measured.study.layer("transit").path)  # type: ignore[union-attr]
    none = type(feed)(**{**vars(feed), "stop_times": feed.stop_times.iloc[:0]})
    quiet = travel.timetable(none, report.dates["noon"], walking=walking_of(measured.study))
    on_foot = travel.transit_times(
        quiet,
        measured.places,
        data.by_category(measured.services),
        depart=datetime(2026, 11, 3, 12),
        by="category",
        cutoff_min=120,
    )
    assert on_foot["medical_min"].max() <= 30
    by_bus = report.place_times["medical_noon_min"]
    reached = on_foot["medical_min"].notna()
    assert (by_bus[reached] <= on_foot["medical_min"][reached]).all()
    assert by_bus.notna().sum() > reached.sum()


def test_without_a_feed_there_is_no_map_and_one_sentence(measured: Measured, root: Path) -> None:
    plain = study.load(root / "studies" / "kansas-city.toml")
    without = Measured(**{**vars(measured), "study": plain})
    assert study.transit_report(without) is None
    released = release_background(without)
    assert transit_figures(without, released) == []
    with pytest.raises(StudyError, match="no timetable of public transport: none is packaged"):
        study.transit_question(plain, depart=datetime(2026, 11, 3, 12))


def test_releases_say_where_the_minutes_come_from(report: TransitReport) -> None:
    for released in report.released.values():
        assert released.sources[0].startswith("Scheduled public transport of Invented Transit (SAMPLE) (GTFS)")
        assert released.vintage.startswith("timetable 2026-11-02 to 2027-01-31")
        assert "no delays" in released.notes[0]
        assert "2026-11-03" in released.notes[0]
        assert "4.8 km/h" in released.notes[1]


def _pictures(measured: Measured, report: TransitReport) -> dict[str, present.Plate]:
    released: dict[str, Released] = release_background(measured) | report.released
    released["services"] = study.release_all(measured)["services"]
    scene = Scene(measured.study, released)
    listed = {figure.name: figure for figure in transit_figures(measured.study, released)}
    assert list(listed)[:2] == ["transit_gaps", "transit_time_emergency_shelter"]
    return {name: listed[name].draw(scene) for name in ("transit_gaps", "transit_time_medical")}


def test_maps_say_what_the_table_says(measured: Measured, report: TransitReport) -> None:
    plates = _pictures(measured, report)
    rows = report.coverage.set_index(["category", "when"])
    noon, night = (rows.loc[("medical", words), "covered_share"] for words in WINDOWS.values())
    title = plates["transit_time_medical"].note.title
    assert f"{round(noon * 100)} of 100" in title
    assert f"{round(night * 100)} at night" in title
    lost = rows.loc[(access.ALL_REQUIRED, WINDOWS["noon"]), "none_count"]
    assert f"{round(lost, -3):,.0f} households" in plates["transit_gaps"].note.title
    for plate in plates.values():
        assert any("no delays" in notice for notice in plate.note.notices)
        assert len(plate.axes) == 3  # two maps and the legend


def test_maps_take_released_tables_only(report: TransitReport) -> None:
    with pytest.raises(DisclosureError, match="pass the gate"):
        present.transit_time_map(
            report.cell_times,  # type: ignore[arg-type]
            report.released["transit"],
            category="medical",
            edges_min=(30, 60),
            windows=WINDOWS,
            ground=None,  # type: ignore[arg-type]
        )


def kcgeo(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command line in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["kcgeo", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_command(
    path: Path,
    tmp_path: Path,
    report: TransitReport,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    window = ["--depart", "2026-11-03 12:00", "--until", "2026-11-03 13:00"]
    assert kcgeo(monkeypatch, "transit", "--study", str(path), *window, "--out", str(out)) == 0
    share = report.coverage.set_index(["category", "when"]).loc[("medical", "weekday noon"), "covered_share"]
    row = next(line for line in capsys.readouterr().out.splitlines() if "medical" in line)
    assert f"{share:.1%}" in row
    written = pd.read_csv(out / "transit_places.csv", dtype={"place_id": str}).set_index("place_id")
    np.testing.assert_allclose(written["medical_min"], report.place_times["medical_noon_min"], atol=0.01)


@pytest.mark.parametrize(
    ("depart", "said"),
    [("noon", "is no date and time"), ("2030-01-01 12:00", "holds from 2026-11-02 to 2027-01-31")],
)
def test_command_refuses(
    path: Path, depart: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kcgeo(monkeypatch, "transit", "--study", str(path), "--depart", depart) == 2
    assert said in capsys.readouterr().err
