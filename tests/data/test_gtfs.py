from __future__ import annotations

import dataclasses
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.travel.timetables import write_feed

from kcgeo.data import default_study, read_study
from kcgeo.data.formats.registry import READERS
from kcgeo.data.formats.transit.gtfs import (
    first_and_last_date,
    read_gtfs,
    require_date,
    trip_counts,
    typical_date,
)
from kcgeo.data.formats.transit.gtfs_layer import add_gtfs
from kcgeo.errors import KcgeoError, StudyError, TableError
from kcgeo.study.file.add import add_layer

GOOD = {
    "stops": "stop_id,stop_name,stop_lat,stop_lon,parent_station\na,First,39.0,-94.6,\nb,Second,39.01,-94.6,\n"
    "c,Third,39.04,-94.6,\nd,Platform,,,S\nS,Station,39.1,-94.6,\nNA,Not there,0,0,",
    "trips": "route_id,trip_id,service_id\nR1,t1,work\nR1,t2,end\nR2,t3,extra",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,8:00:00,8:00:00,a,10\nt1,,,b,20\nt1,08:08:00,,c,30\nt1,,08:10:00,d,40\nt1,08:20:00,08:20:00,NA,50\n"
    "t2,25:10:00,25:10:00,a,1\nt2,25:20:00,25:20:00,c,2\nt3,23:00:00,23:00:00,c,2\nt3,22:50:00,22:50:00,a,1",
    "calendar_dates": "service_id,date,exception_type\nwork,20261126,2\nend,20261126,1\nextra,20261225,1",
    "frequencies": "trip_id,start_time,end_time,headway_secs\nt2,06:00:00,07:00:00,600",
    "transfers": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\na,b,2,90\nS,a,0,",
}


def feed_of(tmp_path: Path, **tables: str) -> Path:
    return write_feed(tmp_path / "feed", GOOD | tables)


def test_reads_and_says_what_it_repaired(tmp_path: Path) -> None:
    feed = read_gtfs(feed_of(tmp_path))
    assert feed.agency == "Town Bus"
    times = feed.stop_times[feed.stop_times["trip_id"] == "t1"]
    assert times["stop_id"].tolist() == ["a", "b", "c", "d", "NA"]  # a stop may be called NA
    # b lies a quarter of the way from a to c, which is 8 minutes
    assert times["arrival_s"].tolist()[1] == pytest.approx(8 * 3600 + 120, abs=1)
    assert times["arrival_s"].tolist()[2:4] == times["departure_s"].tolist()[2:4] == [29_280, 29_400]
    assert feed.stop_times.query("trip_id == 't2'")["arrival_s"].tolist() == [90_600, 91_200]  # past midnight
    assert feed.stop_times.query("trip_id == 't3'")["stop_id"].tolist() == ["a", "c"]  # by sequence, not as listed
    stops = feed.stops.set_index("stop_id")
    assert stops.loc["d", "latitude"] == 39.1
    assert np.isnan(stops.loc["NA", "latitude"])
    assert feed.notes == (
        "Stops without a point take that of their station: 1.",
        "Stops without a point can be ridden through, but not walked to: 1.",
        "1 blank stop times are filled in by distance between the timed stops.",
        "Its times are local times of America/Chicago; departures are asked in the same.",
    )


def test_days_of_service(tmp_path: Path) -> None:
    feed = read_gtfs(feed_of(tmp_path))
    counts = trip_counts(feed)
    assert first_and_last_date(feed) == (date(2026, 11, 16), date(2026, 12, 25))
    assert counts["2026-11-25"] == 1
    runs = feed.days[feed.days["date"] == pd.Timestamp("2026-11-26")]["service_id"].tolist()
    assert runs == ["end"]  # Thanksgiving: the weekday service is taken away and the weekend's is added
    assert counts["2026-12-24"] == 0
    assert counts["2026-12-25"] == 1
    assert typical_date(feed, "weekday") == date(2026, 11, 17)
    assert typical_date(feed, "sunday") == date(2026, 11, 22)
    require_date(feed, date(2026, 12, 25))
    with pytest.raises(StudyError, match="from 2026-11-16 to 2026-12-25, and 2026-12-26 is outside"):
        require_date(feed, date(2026, 12, 26))


def test_a_holiday_is_not_typical(tmp_path: Path) -> None:
    """The first Thursday is a holiday with Sunday's trips: the day after it stands for the others."""
    calendar = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "work,1,1,1,1,1,0,0,20261126,20261211\nend,0,0,0,0,0,1,1,20261126,20261211\nextra,1,1,1,1,1,0,0,20261126,20261211"
    )
    dates = "service_id,date,exception_type\nwork,20261126,2"
    feed = read_gtfs(feed_of(tmp_path, calendar=calendar, calendar_dates=dates))
    assert typical_date(feed, "weekday") == date(2026, 11, 27)


def test_a_day_on_which_nothing_ever_runs_stands_for_its_kind(tmp_path: Path) -> None:
    """Many towns have no bus on Sundays: that is an answer, and no fault."""
    header = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    dates = "service_id,date,exception_type\nextra,20261116,1"
    feed = read_gtfs(
        feed_of(
            tmp_path,
            calendar=header + "work,1,1,1,1,1,0,0,20261116,20261218\nend,0,0,0,0,0,1,0,20261116,20261218",
            calendar_dates=dates,
        )
    )
    assert typical_date(feed, "sunday") == date(2026, 11, 22)
    assert trip_counts(feed)["2026-11-22"] == 0
    week = read_gtfs(
        feed_of(
            tmp_path / "week",
            calendar=header + "work,1,1,1,1,1,0,0,20261116,20261120\nend,1,1,1,1,1,0,0,20261116,20261120",
            calendar_dates=dates,
        )
    )
    with pytest.raises(StudyError, match="less than a week, without a sunday"):
        typical_date(week, "sunday")


FAULTS = {
    "dangling trip": ("stop_times", "t3,22", "t9,22", "names the trip_id t9, not in trips.txt"),
    "dangling service": ("trips", "t3,extra", "t3,never", "names the service_id never, not in calendar"),
    "dangling route": ("trips", "R2,t3", "R8,t3", "names the route_id R8, not in routes.txt"),
    "dangling station": ("stops", ",,S", ",,Q", "names the parent_station Q, not in stops.txt"),
    "dangling transfer": ("transfers", "S,a", "Z,a", "names the from_stop_id Z, not in stops.txt"),
    "dangling frequency": ("frequencies", "t2,06", "t7,06", "names the trip_id t7, not in trips.txt"),
    "no time": ("stop_times", "08:08:00", "eight", r"no time H:MM:SS in eight \(rows of t1\)"),
    "minute 60": ("stop_times", "08:08:00", "08:60:00", "no time H:MM:SS in 08:60:00"),
    "backward": ("stop_times", "08:08:00", "07:08:00", "times run backward in the trips t1"),
    "untimed end": ("stop_times", "08:20:00,08:20:00", ",", "trips t1 have no time at their first or last stop"),
    "sequence": ("stop_times", "a,10", "a,x", "no stop_sequence in x"),
    "sequence twice": ("stop_times", "b,20", "b,10", "repeats a stop_sequence in the trips t1"),
    "stop twice": ("stops", "b,Second", "a,Second", "repeats the stop_id a"),
    "trip twice": ("trips", "R1,t2", "R1,t1", "repeats the trip_id t1"),
    "latitude": ("stops", "39.01", "139.01", "no latitude in 139.01"),
    "date": ("calendar_dates", "20261225", "20261325", "no date YYYYMMDD in 20261325"),
    "exception": ("calendar_dates", "20261225,1", "20261225,3", "no 1 or 2 in 3"),
    "headway": ("frequencies", ",600", ",0", "no number of seconds in 0"),
    "headway order": ("frequencies", "07:00:00", "05:00:00", "ends before it starts"),
    "transfer kind": ("transfers", "a,b,2", "a,b,9", "no whole number 0 to 5 in 9"),
    "no column": ("trips", "service_id", "service", "trips.txt lacks the columns service_id"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_a_sentence(tmp_path: Path, case: str) -> None:
    table, former, latter, said = FAULTS[case]
    assert former in GOOD[table]
    path = feed_of(tmp_path, **{table: GOOD[table].replace(former, latter, 1)})
    with pytest.raises(TableError, match=said):
        read_gtfs(path)


def test_all_faults_at_once(tmp_path: Path) -> None:
    tables = {table: GOOD[table] for table, _, _, _ in FAULTS.values()}
    chosen = ["dangling route", "no time", "latitude", "date", "headway", "transfer kind"]
    for case in chosen:
        table, former, latter, _ = FAULTS[case]
        tables[table] = tables[table].replace(former, latter, 1)
    with pytest.raises(TableError) as caught:
        read_gtfs(feed_of(tmp_path, **tables))
    for case in chosen:
        assert any(pd.Series([line]).str.contains(FAULTS[case][3]).iloc[0] for line in caught.value.problems), case


def test_missing_files_are_all_named(tmp_path: Path) -> None:
    path = feed_of(tmp_path, calendar="service_id", calendar_dates="service_id,date,exception_type")
    (path / "stops.txt").unlink()
    (path / "routes.txt").write_bytes(b"")
    with pytest.raises(TableError) as caught:
        read_gtfs(path)
    said = "\n".join(caught.value.problems)
    assert "no stops.txt" in said
    assert "no routes.txt, or it is empty" in said
    assert "calendar.txt lacks the columns monday" in said


def test_no_day_of_service(tmp_path: Path) -> None:
    path = feed_of(tmp_path)
    (path / "calendar.txt").unlink()
    (path / "calendar_dates.txt").unlink()
    with pytest.raises(TableError, match=r"neither calendar\.txt nor calendar_dates\.txt"):
        read_gtfs(path)


def test_what_writes_out_without_end_is_refused(tmp_path: Path) -> None:
    often = "trip_id,start_time,end_time,headway_secs\n" + "t2,00:00:00,167:00:00,1\n" * 40
    calendar = GOOD | {"frequencies": often}
    with pytest.raises(TableError, match="writes out to"):
        read_gtfs(write_feed(tmp_path / "often", calendar))
    long = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "work,1,1,1,1,1,1,1,19000101,22000101\nend,1,1,1,1,1,1,1,20260101,20250101\nextra,1,1,1,1,1,1,1,20260101,20260101"
    )
    with pytest.raises(
        TableError, match=r"work runs for more than ten years(.|\n)*end ends before|end ends before(.|\n)*"
    ):
        read_gtfs(write_feed(tmp_path / "long", GOOD | {"calendar": long}))


def test_zip_folder_and_nested_folder_read_the_same(tmp_path: Path) -> None:
    folder = feed_of(tmp_path)
    packed = tmp_path / "feed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"google_transit/{path.name}")
    one, two = read_gtfs(folder), read_gtfs(packed)
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(two, field.name)
        assert left.equals(right) if isinstance(left, pd.DataFrame) else left == right
    with zipfile.ZipFile(packed, "a") as archive:
        archive.write(folder / "stop_times.txt", "other/stop_times.txt")
    with pytest.raises(TableError, match=r"other: The feed has no stops\.txt"):
        read_gtfs(packed)


def test_latin_1_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = feed_of(tmp_path)
    (path / "stops.txt").write_bytes(GOOD["stops"].replace("First", "Café").encode("latin-1"))
    (path / "trips.txt").write_bytes(b"\xef\xbb\xbf" + GOOD["trips"].replace("\n", " \r\n").encode())
    feed = read_gtfs(path)
    assert feed.stops.set_index("stop_id").loc["a", "stop_name"] == "Café"
    assert "stops.txt is not UTF-8; it was read as Latin-1." in feed.notes
    assert feed.trips["service_id"].tolist() == ["work", "end", "extra"]


def test_added_as_it_came(tmp_path: Path) -> None:
    study = read_study(default_study())
    folder = feed_of(tmp_path)
    converted = READERS["gtfs"].read(folder, study, licence="CC BY 4.0")
    assert converted.title == "Scheduled public transport of Town Bus (GTFS)"
    assert (converted.vintage, converted.licence) == ("timetable 2026-11-16 to 2026-12-25", "CC BY 4.0")
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    assert converted.write(one) == converted.write(two) == 3
    assert one.read_bytes() == two.read_bytes()
    assert read_gtfs(one).stop_times.equals(read_gtfs(folder).stop_times)
    three = tmp_path / "three.zip"
    add_gtfs(one, study).write(three)
    assert three.read_bytes() == one.read_bytes()


def test_feeds_of_several_agencies_are_searched_together(tmp_path: Path) -> None:
    """One folder with two feeds, or one feed after the other under a name; equal ids mean two things."""
    write_feed(tmp_path / "both" / "north", GOOD)
    write_feed(tmp_path / "both" / "south", GOOD | {"agency": "agency_name\nSouth Bus"})
    feed = read_gtfs(tmp_path / "both")
    assert len(feed.trips) == 6 and feed.trips["trip_id"].is_unique and feed.stops["stop_id"].is_unique
    assert set(feed.stop_times["stop_id"]) <= set(feed.stops["stop_id"])
    assert feed.agency == "Town Bus, South Bus"
    one = read_gtfs(tmp_path / "both" / "north")
    assert feed.stops["station_id"].eq("").sum() == 2 * one.stops["station_id"].eq("").sum()
    assert trip_counts(feed).equals(2 * trip_counts(one))

    path = tmp_path / "kc.toml"
    path.write_text(default_study().read_text(encoding="utf-8"), encoding="utf-8")
    add_layer(path, "gtfs", str(tmp_path / "both" / "north"), name="north")
    added = add_layer(path, "gtfs", str(tmp_path / "both" / "south"), options={"name": "south", "licence": "CC0"})
    assert added.layer.rows == 6 and "Town Bus, South Bus" in added.layer.title and "CC0" in added.layer.licence
    again = add_layer(path, "gtfs", str(tmp_path / "both" / "south"), options={"name": "south"})
    assert again.layer.rows == 6
    assert add_layer(path, "gtfs", str(tmp_path / "both" / "south")).layer.rows == 3


@pytest.mark.slow
def test_the_cases_of_feeds(shared: Path, tmp_path: Path) -> None:
    study, cases = read_study(default_study()), shared / "cases"
    assert any("ended on 2016-" in note for note in add_gtfs(cases / "gtfs-old", study).notes)
    phone = read_gtfs(cases / "gtfs-phone")
    assert phone.stop_times["may_board"].tolist()[0] is False and phone.stop_times["may_board"].iloc[1]
    assert any("for which one must phone the agency, 1." in note for note in phone.notes)
    flex = read_gtfs(cases / "gtfs-flex")
    assert len(flex.stop_times) == 3 and any("zone_1" in note for note in flex.notes)
    late = read_gtfs(cases / "gtfs-late")
    require_date(late, date(2026, 11, 26))  # 25:10 on the 25th
    with pytest.raises(StudyError, match="outside"):
        require_date(late, date(2026, 11, 27))
    assert typical_date(read_gtfs(cases / "gtfs-plain"), "weekday") == date(2026, 1, 2)
    for name in ("gtfs-plain", "gtfs-seattle"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for item in (cases / name).iterdir():
                archive.write(item, item.name)
    assert len(read_gtfs(tmp_path).trips) == 2


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_feed_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever stands in the files: a feed, or sentences; never another error."""
    tables = dict(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(tables)))
        content = tables[name]
        at = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(at, min(len(content), at + 40)))
        new = data.draw(
            st.one_of(
                st.text(max_size=8),
                st.sampled_from(["", ",", "\n", '"', "\x00", "nan", "1e400", "-1", "99999999999999999999", "24:00:00"]),
            )
        )
        tables[name] = content[:at] + new + content[end:]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in tables.items():
            Path(folder, f"{name}.txt").write_bytes(content.encode("utf-8", errors="surrogatepass"))
        Path(folder, "routes.txt").write_text("route_id\nR1\nR2\n")
        try:
            read_gtfs(Path(folder))
        except KcgeoError as error:
            assert all(sentence.strip() for sentence in error.problems)
