"""Small timetables, written as GTFS tables, and the slow and obvious way to search one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from kcgeo.data.formats.transit.gtfs import Feed, read_gtfs
from kcgeo.travel.transit.timetable import Walking

ON_FOOT = Walking(kmh=3.6, circuity=1.0, to_stop_min=5, between_stops_min=4, change_min=1, all_the_way_min=20)
"""A metre a second in a straight line."""

MONDAY = date(2026, 11, 23)
TABLES = {
    "agency": "agency_name,agency_url,agency_timezone\nTown Bus,http://example.org,America/Chicago",
    "routes": "route_id,route_short_name,route_type\nR1,1,3\nR2,2,3",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "work,1,1,1,1,1,0,0,20261116,20261218\nend,0,0,0,0,0,1,1,20261116,20261218",
}


def write_feed(folder: Path, tables: Mapping[str, str]) -> Path:
    """Write tables as the files of a feed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (TABLES | dict(tables)).items():
        (folder / f"{name}.txt").write_text(content + "\n", encoding="utf-8")
    return folder


def points_at(metres: list[float], ids: list[str], *, key: str) -> gpd.GeoDataFrame:
    """Points on the equator, so many metres east of its start: there a degree of the ellipsoid is exactly known."""
    along = np.degrees(np.array(metres, dtype=float) / 6_378_137.0)
    return gpd.GeoDataFrame({key: ids}, geometry=gpd.points_from_xy(along, np.zeros(len(along))), crs="EPSG:4326")


def stops_text(metres: Mapping[str, float]) -> str:
    """Stops on the same line as :func:`points_at`, none of them at its very start."""
    rows = [f"{name},{name},0,{np.degrees(east / 6_378_137.0):.9f}" for name, east in metres.items()]
    return "stop_id,stop_name,stop_lat,stop_lon\n" + "\n".join(rows)


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def slow_seconds(
    feed: Feed,
    day: date,
    stops_m: Mapping[str, float],
    origin_m: float,
    services_m: list[float],
    *,
    depart_s: int,
    walking: Walking,
) -> float:
    """Seconds from an origin to the nearest service by Dijkstra's algorithm on the graph of all events.

    A node is somebody at a stop at a time, able to board; somebody in a run at a stop; somebody who has just got off.
    """
    graph = nx.DiGraph()
    mps = walking.kmh / 3.6 / walking.circuity
    calls: dict[str, set[int]] = {name: set() for name in stops_m}
    running = feed.days.groupby("date")["service_id"].agg(set).to_dict()
    for lag in (-1, 0, 1):
        services = running.get(pd.Timestamp(day + timedelta(days=lag)), set())
        for trip in feed.trips.itertuples():
            if trip.service_id not in services:
                continue
            rows = list(feed.stop_times[feed.stop_times["trip_id"] == trip.trip_id].itertuples())
            often = feed.frequencies[feed.frequencies["trip_id"] == trip.trip_id]
            shifts = [
                start - rows[0].departure_s
                for one in often.itertuples()
                for start in range(int(one.start_s), int(one.end_s), int(one.headway_s))
            ]
            for shift in shifts if len(often) else [0]:
                run = (trip.trip_id, lag, shift)
                for number, row in enumerate(rows):
                    arrive, leave = (time + shift + lag * 86_400 for time in (row.arrival_s, row.departure_s))
                    graph.add_edge(("in", run, number, "arrive"), ("in", run, number, "leave"), weight=leave - arrive)
                    if row.may_board and number + 1 < len(rows):
                        calls[row.stop_id].add(leave)
                        graph.add_edge(("at", row.stop_id, leave), ("in", run, number, "leave"), weight=0)
                    if row.may_alight and number:
                        graph.add_edge(("in", run, number, "arrive"), ("off", row.stop_id, arrive), weight=0)
                    if number + 1 < len(rows):
                        ride = rows[number + 1].arrival_s - row.departure_s
                        graph.add_edge(("in", run, number, "leave"), ("in", run, number + 1, "arrive"), weight=ride)
    for name, times in calls.items():
        ordered = sorted(times)
        for one, two in pairwise(ordered):
            graph.add_edge(("at", name, one), ("at", name, two), weight=two - one)

    def wait(source: object, name: str, ready: int, now: int) -> None:
        after = [time for time in calls[name] if time >= ready]
        if after:
            graph.add_edge(source, ("at", name, min(after)), weight=min(after) - now)

    rules = {(row.from_stop_id, row.to_stop_id): row for row in feed.transfers.itertuples()}
    for node in [node for node in graph.nodes if node[0] == "off"]:
        _, name, now = node
        for other in stops_m:
            walk = round(abs(stops_m[name] - stops_m[other]) / mps)
            spent: float | None = walk + walking.change_min * 60 if walk <= walking.between_stops_min * 60 else None
            rule = rules.get((name, other))
            if rule is not None:
                if rule.transfer_type == 3:
                    spent = None
                elif rule.transfer_type == 2 and rule.least_s == rule.least_s:
                    spent = rule.least_s
                elif rule.transfer_type == 1 and spent is not None:
                    spent = walk
            if spent is not None:
                wait(node, other, now + max(int(spent), 1), now)
        for service in services_m:
            walk = round(abs(stops_m[name] - service) / mps)
            if walk <= walking.to_stop_min * 60:
                graph.add_edge(
                    node, "there", weight=min(walk, graph.get_edge_data(node, "there", {"weight": walk})["weight"])
                )
    graph.add_node("start")
    for name, east in stops_m.items():
        walk = round(abs(east - origin_m) / mps)
        if walk <= walking.to_stop_min * 60:
            wait("start", name, depart_s + walk, depart_s)
    direct = min((round(abs(east - origin_m) / mps) for east in services_m), default=None)
    if direct is not None and direct <= walking.all_the_way_min * 60:
        graph.add_edge("start", "there", weight=direct)
    try:
        return float(nx.dijkstra_path_length(graph, "start", "there"))
    except (nx.NetworkXNoPath, nx.NodeNotFound):
        return float("inf")


@st.composite
def feeds(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, float]]:
    """Tables of a small random feed on a line, and where its stops are: crowded, so that changes and ties are many."""
    count = draw(st.integers(2, 6))
    metres = {f"s{number}": float(draw(st.integers(1, 30)) * 60) for number in range(count)}
    names = list(metres)
    trips, rows, often = [], [], []
    for number in range(draw(st.integers(1, 7))):
        now = draw(st.sampled_from([0, 3600, 23 * 3600, 24 * 3600])) + draw(st.integers(0, 40)) * 60
        trips.append(f"R1,t{number},{draw(st.sampled_from(['work', 'end']))}")
        for order, stop in enumerate(draw(st.lists(st.sampled_from(names), min_size=2, max_size=5))):
            arrive = now + draw(st.integers(0, 6)) * 60
            leave = arrive + draw(st.sampled_from([0, 0, 60]))
            pickup, drop = draw(st.sampled_from(["0,0", "0,0", "0,0", "1,0", "0,1"])).split(",")
            rows.append(f"t{number},{clock(arrive)},{clock(leave)},{stop},{order + 1},{pickup},{drop}")
            now = leave
        if draw(st.integers(0, 5)) == 0:
            start = draw(st.integers(0, 30)) * 60
            often.append(f"t{number},{clock(start)},{clock(start + 1200)},{draw(st.sampled_from([240, 420]))}")
    pairs = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=3, unique=True))
    rules = [f"{one},{two},{draw(st.sampled_from(['0,', '1,', '2,', '2,0', '2,400', '3,']))}" for one, two in pairs]
    tables = {
        "stops": stops_text(metres),
        "trips": "route_id,trip_id,service_id\n" + "\n".join(trips),
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        + "\n".join(rows),
        "frequencies": "trip_id,start_time,end_time,headway_secs\n" + "\n".join(often),
        "transfers": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n" + "\n".join(rules),
    }
    return tables, metres


def read_tables(folder: Path, tables: Mapping[str, str]) -> Feed:
    return read_gtfs(write_feed(folder, tables))
