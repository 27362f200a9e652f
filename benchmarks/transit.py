"""How fast is the search of public transport? An invented feed of the size of Kansas City, or a feed of your own.

``python -m benchmarks.transit`` searches the invented feed for all places and cells of the Kansas City study and all
categories of services. With ``--feed FEED.zip`` the origins and services are scattered around the stops of that feed,
and with ``--peer PYTHON`` (a Python that has PyRaptor) the arrivals are compared stop by stop.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.transit_feed import write_invented_feed
from benchmarks.travel_work import machine
from kcgeo import data, travel
from kcgeo.data.formats.transit.gtfs import Feed, read_gtfs, typical_date
from kcgeo.study.answers.by_bus import DEPARTURES, walking_of

ROUNDS = 3
ROOT = Path(__file__).parents[1]


def timed(work: Callable[[], Any], *, rounds: int = ROUNDS) -> tuple[Any, float]:
    """Result, and the median seconds of some rounds."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        spent.append(time.perf_counter() - start)
    return result, float(np.median(spent))


def scattered(feed: Feed, count: int, key: str, seed: int) -> gpd.GeoDataFrame:
    """Points around stops chosen at random."""
    rng = np.random.default_rng(seed)
    stops = feed.stops.dropna(subset=["latitude"])
    at = stops.iloc[rng.integers(0, len(stops), count)]
    xy = (at[name].to_numpy() + rng.normal(0, 0.004, count) for name in ("longitude", "latitude"))
    ids = [f"{key[0]}{number:05d}" for number in range(count)]
    return gpd.GeoDataFrame({key: ids}, geometry=gpd.points_from_xy(*xy), crs="EPSG:4326")


def peer(feed: Feed, python: str, *, origin_count: int = 12) -> None:
    """Compare the earliest arrivals with PyRaptor's, from some stops to all.

    There a change takes no time, and whether one may board or alight is not read; so here vehicles leave a second
    later, the second that a change takes.
    """
    rows = feed.stop_times.assign(may_board=True, may_alight=True)
    loose = replace(feed, stop_times=rows.assign(departure_s=rows["departure_s"] + 1))
    day = typical_date(feed, "weekday")
    walking = travel.Walking(4.8, 1.3, 0, 0, 0, 0)
    times = travel.timetable(loose, day, walking=walking)
    apart = times.stops[~times.stops.geometry.isna()].drop_duplicates("geometry")
    stops = apart.rename(columns={"stop_id": "id"})
    origins = stops.sample(origin_count, random_state=1)
    start = datetime.combine(day, datetime.min.time()) + timedelta(hours=12)

    def ours() -> pd.DataFrame:
        return travel.transit_times(times, origins, stops, by="id", depart=start, cutoff_min=600)

    found, spent = timed(ours)
    with tempfile.TemporaryDirectory() as folder:
        write_for_peer(feed, day.strftime("%Y%m%d"), Path(folder))
        words = [
            python,
            str(Path(__file__).with_name("transit_peer.py")),
            folder,
            day.strftime("%Y%m%d"),
            str(12 * 3600),
        ]
        ran = subprocess.run([*words, *origins["id"]], stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(ran.stdout)
    theirs = pd.DataFrame(told["arrivals"]).T.reindex(index=origins["id"], columns=stops["id"]) / 60 - 12 * 60
    mine = found.set_axis([str(name).removesuffix("_min") for name in found], axis=1)[list(stops["id"])]
    both = mine.notna().to_numpy() & theirs.notna().to_numpy()
    gap = (mine.to_numpy(dtype=float) - theirs.to_numpy(dtype=float))[both]
    print(
        f"peer PyRaptor: {origin_count} origins x {len(stops)} stops; laid out {told['laid_s']:.1f} s, searched"
        f" {told['search_s']:.2f} s against {spent:.2f} s here; both reach {both.sum():,}, only here"
        f" {(mine.notna().to_numpy() & ~both).sum():,}, only there {(theirs.notna().to_numpy() & ~both).sum():,};"
        f" equal {np.mean(np.abs(gap) < 1e-6):.1%}, later here {np.mean(gap > 1e-6):.1%}, earlier here"
        f" {np.mean(gap < -1e-6):.1%}"
    )


def write_for_peer(feed: Feed, day: str, folder: Path) -> None:
    """Write the feed as PyRaptor reads it: every stop is a station of its own, so that nobody walks."""
    running = feed.days.loc[feed.days["date"] == pd.Timestamp(day), "service_id"]
    trips = feed.trips[feed.trips["service_id"].isin(running)].assign(trip_short_name=0, trip_long_name="x")
    stop_times = feed.stop_times[feed.stop_times["trip_id"].isin(trips["trip_id"])]
    stop_times = stop_times.assign(stop_sequence=stop_times.groupby("trip_id").cumcount())
    for key in ("arrival", "departure"):
        seconds = stop_times[f"{key}_s"]
        stop_times[f"{key}_time"] = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in seconds]
    routes = pd.DataFrame({"route_id": feed.trips["route_id"].unique()})
    stops = feed.stops.assign(stop_name=feed.stops["stop_id"], parent_station="P", stop_code="x", platform_code="1")
    calendar = pd.DataFrame({"service_id": running, "date": day, "exception_type": 1})
    tables = {
        "agency": pd.DataFrame({"agency_id": ["A"], "agency_name": ["A"]}),
        "routes": routes.assign(agency_id="A", route_short_name="x", route_long_name="x", route_type=3),
        "trips": trips,
        "calendar_dates": calendar,
        "stop_times": stop_times,
        "stops": stops,
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.txt", index=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feed", type=Path)
    parser.add_argument("--peer", help="a Python that has PyRaptor")
    parser.add_argument("--quick", action="store_true", help="one round of one departure on a feed of 200 stops")
    options = parser.parse_args()
    study = data.read_study(ROOT / "studies" / "kansas-city.toml")
    with tempfile.TemporaryDirectory() as folder:
        size = {"route_count": 4, "stop_count": 200} if options.quick else {}
        path = options.feed or write_invented_feed(Path(folder) / "feed.zip", **size)
        rounds = 1 if options.quick else ROUNDS
        feed, read_s = timed(lambda: read_gtfs(path), rounds=rounds)
    if options.feed:
        origins = {"2,000 points": scattered(feed, 2_000, "place_id", 1)}
        services = scattered(feed, 160, "service_id", 2).assign(category=[f"k{n % 14:02d}" for n in range(160)])
    else:
        origins = {"places": data.places(study)} | ({} if options.quick else {"cells": travel.cells(study)})
        services = data.by_category(data.services())
    walking = walking_of(study)
    print(f"{feed.agency}: {len(feed.trips):,} trips, {len(feed.stop_times):,} stop times, {len(feed.stops):,} stops")
    print(f"read and checked in {read_s:.2f} s")
    print(f"{len(services)} services in {services['category'].nunique()} categories")
    print("| departures | day | trips | connections | lay out s | origins | numpy s | numba s | reached |")
    print("|---|---|--:|--:|--:|---|--:|--:|--:|")
    for window in DEPARTURES[:1] if options.quick else DEPARTURES:
        day = typical_date(feed, window.day)
        times, laid_s = timed(lambda day=day: travel.timetable(feed, day, walking=walking), rounds=rounds)
        start = datetime.combine(day, window.start)
        for name, points in origins.items():
            found, spent = {}, {}
            for engine in ("numpy", "numba"):
                search = partial(
                    travel.transit_times,
                    times,
                    points,
                    services,
                    depart=start,
                    until=start + window.length,
                    by="category",
                    cutoff_min=120,
                    engine=engine,
                )
                search()
                found[engine], spent[engine] = timed(search, rounds=rounds)
            pd.testing.assert_frame_equal(found["numpy"], found["numba"])
            reached = found["numpy"].filter(like="_min").notna().any(axis=1).sum()
            print(
                f"| {window.words} | {day} | {times.trip_count:,} | {len(times.departs_s):,} | {laid_s:.2f} |"
                f" {name} ({len(points):,}) | {spent['numpy']:.2f} | {spent['numba']:.2f} | {reached:,} |"
            )
    print(machine())
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    if options.peer:
        peer(feed, options.peer)


if __name__ == "__main__":
    main()
