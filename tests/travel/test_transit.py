from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.data.formats.transit.gtfs import Feed, first_and_last_date
from kcgeo.errors import CrsError, KcgeoError, StudyError, TableError
from kcgeo.travel import Network
from kcgeo.travel.transit.scan import transit_times
from kcgeo.travel.transit.timetable import Walking, timetable
from tests.travel.timetables import MONDAY, ON_FOOT, feeds, points_at, read_tables, slow_seconds, stops_text

ENGINES = ["numpy", "numba"] if find_spec("numba") else ["numpy"]
NOON = datetime(2026, 11, 23, 12, 0)

# A line east: bus 1 from a (1,000 m) over b (4,000 m) to c (10,000 m), bus 2 from b2 (4,120 m) to d (20,000 m).
LINE = {"a": 1_000.0, "b": 4_000.0, "c": 10_000.0, "b2": 4_120.0, "d": 20_000.0}
TOWN = {
    "stops": stops_text(LINE),
    "trips": "route_id,trip_id,service_id\nR1,one,work\nR1,two,work\nR2,far,work\nR2,late,work",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "one,12:10:00,12:10:00,a,1\none,12:15:00,12:16:00,b,2\none,12:25:00,12:25:00,c,3\n"
    "two,12:40:00,12:40:00,a,1\ntwo,12:45:00,12:46:00,b,2\ntwo,12:55:00,12:55:00,c,3\n"
    "far,12:18:00,12:18:00,b2,1\nfar,12:50:00,12:50:00,d,2\n"
    "late,25:30:00,25:30:00,a,1\nlate,25:50:00,25:50:00,d,2",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return read_tables(tmp_path_factory.mktemp("town"), TOWN)


def minutes(feed: Feed, origin_m: float, service_m: float, depart: datetime = NOON, **options: object) -> float:
    walking = options.pop("walking", ON_FOOT)
    assert isinstance(walking, Walking)
    times = timetable(feed, depart.date(), walking=walking)
    table = transit_times(
        times,
        points_at([origin_m], ["o"], key="place_id"),
        points_at([service_m], ["x"], key="service_id"),
        depart=depart,
        **({"cutoff_min": 120.0} | options),  # type: ignore[arg-type]
    )
    return float(table["time_min"].iloc[0])


def test_hand_worked_town(town: Feed) -> None:
    # 3 min to a, bus 12:10 to c at 12:25, 1 min on
    assert minutes(town, 820.0, 10_060.0) == 26.0
    # after 12:10 has left: the next one, 12:40 to 12:55; the wait counts
    assert minutes(town, 820.0, 10_060.0, NOON.replace(minute=8)) == 48.0
    # stay in the bus at b: alight 12:15, not 12:16
    assert minutes(town, 1_000.0, 4_000.0) == 15.0
    # change at b: off 12:15, 1 min for the change and 2 min to b2, exactly in time for 12:18
    assert minutes(town, 1_000.0, 20_000.0) == 50.0
    # all the way on foot where that is shorter, and up to its limit
    assert minutes(town, 3_500.0, 4_100.0) == 10.0
    assert minutes(town, 30_000.0, 31_200.0) == 20.0
    assert np.isnan(minutes(town, 30_000.0, 31_201.0))


def test_limits_include_their_own_value(town: Feed) -> None:
    assert minutes(town, 1_000.0 - 300, 10_000.0) == 25.0  # 5 min to the stop is the limit
    assert np.isnan(minutes(town, 1_000.0 - 301, 10_000.0))
    assert minutes(town, 1_000.0, 10_300.0) == 30.0
    assert np.isnan(minutes(town, 1_000.0, 10_301.0))
    for cutoff, reached in ((49.99, False), (50.0, True), (50.01, True)):
        assert np.isnan(minutes(town, 1_000.0, 20_000.0, cutoff_min=cutoff)) is not reached
    # the bus is caught by somebody who comes at the very second that it leaves
    assert minutes(town, 1_000.0, 10_000.0, NOON.replace(minute=10)) == 15.0
    assert minutes(town, 1_000.0, 10_000.0, NOON.replace(minute=10, second=1)) == pytest.approx(44 + 59 / 60)
    slower = Walking(**{**vars(ON_FOOT), "change_min": 1 + 1 / 60})
    assert np.isnan(minutes(town, 1_000.0, 20_000.0, walking=slower))


def test_a_trip_after_midnight_runs_on_the_day_before(town: Feed) -> None:
    tuesday, saturday = datetime(2026, 11, 24, 1, 20), datetime(2026, 11, 28, 1, 20)
    assert minutes(town, 1_000.0, 20_000.0, tuesday) == 30.0
    assert minutes(town, 1_000.0, 20_000.0, saturday) == 30.0  # Friday's last bus
    assert np.isnan(minutes(town, 1_000.0, 20_000.0, datetime(2026, 11, 29, 1, 20)))
    # and a search late in the evening runs on into the next day
    assert minutes(town, 1_000.0, 20_000.0, datetime(2026, 11, 23, 23, 50)) == 120.0


@pytest.mark.parametrize("engine", ENGINES)
def test_window_gives_median_and_share(town: Feed, engine: str) -> None:
    times = timetable(town, MONDAY, walking=ON_FOOT)
    table = transit_times(
        times,
        points_at([1_000.0, 50_000.0], ["o", "far"], key="place_id"),
        points_at([10_000.0, 20_000.0], ["x", "y"], key="service_id").assign(kind=["c", "d"]),
        depart=NOON,
        until=NOON + timedelta(hours=1),
        by="kind",
        cutoff_min=60,
        engine=engine,  # type: ignore[arg-type]
    )
    # c: 25 to 15 min for 12:00 to 12:10, 44 to 15 min for 12:11 to 12:40, none after; d: with the 12:10 only
    waits = [25 - m for m in range(11)] + [55 - m for m in range(11, 41)] + [np.inf] * 19
    assert table.loc["o", "c_min"] == np.median(waits)
    assert table.loc["o", "c_share"] == 41 / 60
    assert table.loc["o", "d_share"] == 11 / 60
    assert np.isnan(table.loc["o", "d_min"])
    assert table.loc["far"].tolist()[1::2] == [0.0, 0.0]
    assert list(table.columns) == ["c_min", "c_share", "d_min", "d_share"]
    assert table.index.name == "place_id"


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(case=feeds(), data=st.data())
def test_equal_to_dijkstra_on_all_events(case: tuple[dict[str, str], dict[str, float]], data: st.DataObject) -> None:
    tables, stops_m = case
    with tempfile.TemporaryDirectory() as folder:
        feed = read_tables(Path(folder), tables)
    origins_m = [float(one * 60) for one in data.draw(st.lists(st.integers(0, 35), min_size=2, max_size=4))]
    services_m = [float(one * 60) for one in data.draw(st.lists(st.integers(0, 35), min_size=1, max_size=2))]
    origins = points_at(origins_m, [f"o{n}" for n in range(len(origins_m))], key="place_id")
    services = points_at(services_m, [f"x{n}" for n in range(len(services_m))], key="service_id")
    first, last = first_and_last_date(feed)
    for day in (MONDAY + timedelta(days=1), date(2026, 11, 28)):
        if not first <= day <= last:
            continue
        walking = data.draw(st.sampled_from([ON_FOOT, Walking(3.6, 1.0, 2, 1, 0, 3), Walking(3.6, 1.0, 0, 0, 2, 0)]))
        times = timetable(feed, day, walking=walking)
        for hour in (0, 1, 23):
            depart_s = hour * 3600 + data.draw(st.integers(0, 2400))
            start = datetime.combine(day, datetime.min.time()) + timedelta(seconds=depart_s)
            slow = [
                slow_seconds(feed, day, stops_m, origin, services_m, depart_s=depart_s, walking=walking)
                for origin in origins_m
            ]
            expected = [seconds / 60 if seconds <= 36_000 else np.nan for seconds in slow]
            for engine in ENGINES:
                found = transit_times(times, origins, services, depart=start, cutoff_min=600, engine=engine)  # type: ignore[arg-type]
                np.testing.assert_array_equal(found["time_min"].to_numpy(), expected)


@settings(max_examples=12, deadline=None)
@given(case=feeds(), data=st.data())
def test_laws(case: tuple[dict[str, str], dict[str, float]], data: st.DataObject) -> None:
    tables, _ = case
    with tempfile.TemporaryDirectory() as folder:
        feed = read_tables(Path(folder), tables)
    first, _ = first_and_last_date(feed)
    origins = points_at([0.0, 600.0, 1_800.0], ["a", "b", "c"], key="place_id")
    services = points_at([300.0, 1_500.0], ["x", "y"], key="service_id").assign(kind=["x", "y"])
    before = origins.copy(), services.copy(), feed.stop_times.copy()
    start = datetime.combine(first, datetime.min.time()) + timedelta(minutes=data.draw(st.integers(0, 90)))

    def arrivals(feed: Feed, start: datetime) -> np.ndarray:
        times = timetable(feed, start.date(), walking=ON_FOOT)
        table = transit_times(times, origins, services, depart=start, by="kind", cutoff_min=300)
        return np.nan_to_num(table.to_numpy(), nan=np.inf)

    now = arrivals(feed, start)
    # who leaves later never arrives earlier
    later = arrivals(feed, start + timedelta(minutes=7)) + 7
    assert (later >= now - 1e-9).all()
    # fewer trips are never faster
    kept = data.draw(st.sets(st.sampled_from(sorted(feed.trips["trip_id"])), min_size=1))
    fewer = Feed(**{**vars(feed), "trips": feed.trips[feed.trips["trip_id"].isin(kept)]})
    if fewer.days["service_id"].isin(fewer.trips["service_id"]).any():
        low, high = first_and_last_date(fewer)
        if low <= start.date() <= high:
            assert (arrivals(fewer, start) >= now).all()
    pdt.assert_frame_equal(pd.DataFrame(origins), pd.DataFrame(before[0]))
    pdt.assert_frame_equal(pd.DataFrame(services), pd.DataFrame(before[1]))
    pdt.assert_frame_equal(feed.stop_times, before[2])


def test_many_origins_with_any_number_of_threads(town: Feed) -> None:
    numba = pytest.importorskip("numba")
    rng = np.random.default_rng(7)
    origins = points_at(list(rng.uniform(0, 21_000, 5_000)), [f"o{n}" for n in range(5_000)], key="place_id")
    services = points_at([4_200.0, 10_000.0, 20_100.0], ["x", "y", "z"], key="service_id").assign(kind=["p", "q", "q"])
    times = timetable(town, MONDAY, walking=ON_FOOT)
    options = {"depart": NOON, "until": NOON + timedelta(minutes=20), "by": "kind", "cutoff_min": 90}
    expected = transit_times(times, origins, services, engine="numpy", **options)  # type: ignore[arg-type]
    assert expected["p_min"].notna().sum() > 500
    for threads in (1, 2, 8):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        found = transit_times(times, origins, services, engine="numba", **options)  # type: ignore[arg-type]
        pdt.assert_frame_equal(found, expected)


def test_walks_on_a_network(town: Feed) -> None:
    """The streets from the origin to stop a make a detour: 4 minutes where the straight line is 3."""
    nodes = points_at([820.0, 1_000.0, 10_000.0, 10_060.0], ["o", "a", "c", "x"], key="node_id")
    edges = pd.DataFrame([("o", "a", 4.0), ("c", "x", 2.0)], columns=["from_node_id", "to_node_id", "time_min"])
    walks = Network.from_edges(nodes, edges, max_snap_m=5)
    times = timetable(town, MONDAY, walking=ON_FOOT, walks=walks)
    origin, service = points_at([820.0], ["o"], key="place_id"), points_at([10_060.0], ["x"], key="service_id")
    options = {"depart": NOON.replace(minute=6), "cutoff_min": 60}
    assert transit_times(times, origin, service, **options)["time_min"].tolist() == [21.0]  # type: ignore[arg-type]
    options["depart"] = NOON.replace(minute=7)
    assert transit_times(times, origin, service, **options)["time_min"].tolist() == [50.0]  # type: ignore[arg-type]


def test_refusals(town: Feed) -> None:
    times = timetable(town, MONDAY, walking=ON_FOOT)
    origins, services = points_at([0.0], ["o"], key="place_id"), points_at([5.0], ["x"], key="service_id")

    def ask(**options: object) -> gpd.GeoDataFrame:
        given = {"depart": NOON, "cutoff_min": 60.0, "destinations": services} | options
        return transit_times(times, origins, **given)  # type: ignore[arg-type]

    with pytest.raises(StudyError, match="holds from 2026-11-16 to 2026-12-18"):
        timetable(town, date(2027, 1, 4), walking=ON_FOOT)
    with pytest.raises(StudyError, match="not on 2026-11-23"):
        ask(depart=NOON + timedelta(days=1))
    with pytest.raises(StudyError, match="empty"):
        ask(until=NOON)
    with pytest.raises(StudyError, match="cutoff_min"):
        ask(cutoff_min=float("nan"))
    with pytest.raises(StudyError, match="past the end of the next day"):
        ask(until=NOON + timedelta(hours=23), cutoff_min=24 * 60.0)
    assert not ask(until=NOON + timedelta(hours=11), cutoff_min=24 * 60.0).empty
    with pytest.raises(TableError, match="no column 'kind'"):
        ask(by="kind")
    with pytest.raises(TableError, match="no value in 'kind'"):
        ask(by="kind", destinations=services.assign(kind=None))
    with pytest.raises(CrsError):
        ask(destinations=services.to_crs("EPSG:26915"))
    with pytest.raises(KcgeoError, match="no engine"):
        ask(engine="jvm")
    with pytest.raises(TableError, match=r"kmh.*\n.*circuity"):
        Walking(0, 0.5, 1, 1, 1, 1)


def test_nothing_to_reach(town: Feed) -> None:
    times = timetable(town, MONDAY, walking=ON_FOOT)
    origins, services = points_at([0.0], ["o"], key="place_id"), points_at([5.0], ["x"], key="service_id")
    none = transit_times(times, origins, services.iloc[:0], depart=NOON, cutoff_min=60)
    assert none["time_min"].isna().tolist() == [True]
    assert transit_times(times, origins.iloc[:0], services, depart=NOON, cutoff_min=60).empty
    quiet = timetable(town, date(2026, 11, 29), walking=ON_FOOT)  # Sunday: no trip, but one may walk
    found = transit_times(quiet, origins, services, depart=datetime(2026, 11, 29, 12), cutoff_min=60)
    assert found["time_min"].tolist() == [5 / 60]
