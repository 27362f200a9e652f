"""A timetable of one day, ready to be searched: connections in time, and the ways on foot between stops.

A connection is a ride from one stop of a trip to the next. The day takes in what still runs from the day before and
what runs after midnight, so that a search may begin at two at night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import KDTree

from kcgeo.crs import STORAGE
from kcgeo.data.formats.transit.gtfs import Feed, require_date
from kcgeo.errors import TableError, raise_all
from kcgeo.travel.network import Network, measurable
from kcgeo.travel.times import costs

__all__ = ["LAST_S", "Timetable", "Walking", "timetable", "walking_pairs"]

Ints = npt.NDArray[np.int64]

_DAY_S = 86_400
LAST_S = 2 * _DAY_S  # a search may begin at any time of the day and last for another day


@dataclass(frozen=True)
class Walking:
    """What is assumed of a passenger on foot; all limits include their own value.

    Attributes
    ----------
    kmh, circuity
        Speed, and way / straight line where no walking network is given.
    to_stop_min
        Longest walk to the first stop, and from the last one.
    between_stops_min
        Longest walk between two stops when changing.
    change_min
        Added to every change, also at one stop; at least a second is taken.
    all_the_way_min
        Longest walk without any bus.
    """

    kmh: float
    circuity: float
    to_stop_min: float
    between_stops_min: float
    change_min: float
    all_the_way_min: float

    def __post_init__(self) -> None:
        problems = []
        if not self.kmh > 0:
            problems.append(f"kmh must be above 0, not {self.kmh}.")
        if not self.circuity >= 1:
            problems.append(f"circuity is way / straight line and cannot be under 1, as {self.circuity} is.")
        for name in ("to_stop_min", "between_stops_min", "change_min", "all_the_way_min"):
            if not 0 <= getattr(self, name) <= 24 * 60:
                problems.append(f"{name} must be minutes of 0 or more, a day at most, not {getattr(self, name)}.")
        raise_all(problems, TableError)


@dataclass(frozen=True, eq=False)
class Timetable:
    """The connections of one day; made by :func:`timetable`. Times are seconds after midnight of ``date``.

    Attributes
    ----------
    stops
        ``stop_id`` and points (EPSG:4326; None where the feed has none), the stops of the day's trips.
    tails, heads
        Positions of the stops between which a connection leads; connections are sorted by departure.
    departs_s, arrives_s
        When it leaves and arrives.
    follows
        The next connection of the same trip, -1 for none.
    may_board, may_alight
        At its tail, at its head.
    change_begin, change_stops, change_s
        Stops that a passenger who alights at stop i may go on from: ``change_begin[i]:change_begin[i + 1]``, itself
        among them, and the seconds that it takes.
    trip_count
        Trips on the day itself, those given by frequency each time.
    walking, walks
        What was assumed, and the network to walk on, None for straight lines.
    """

    date: date
    stops: gpd.GeoDataFrame
    tails: Ints
    heads: Ints
    departs_s: Ints
    arrives_s: Ints
    follows: Ints
    may_board: npt.NDArray[np.bool_]
    may_alight: npt.NDArray[np.bool_]
    change_begin: Ints
    change_stops: Ints
    change_s: Ints
    trip_count: int
    walking: Walking
    walks: Network | None = None


def timetable(feed: Feed, day: date, *, walking: Walking, walks: Network | None = None) -> Timetable:
    """Lay out the timetable of one day.

    Parameters
    ----------
    feed
        As :func:`kcgeo.data.formats.transit.gtfs.read_gtfs` gives it.
    day
        A day between the first and the last with service.
    walking
        Speed and limits on foot.
    walks
        A network to walk on, EPSG:4326; straight lines x circuity where not given.

    Raises
    ------
    StudyError
        The day lies outside of the feed's validity.
    """
    require_date(feed, day)
    runs = _runs(feed, day)
    used = np.unique(runs["stop_id"].to_numpy(dtype=object)) if len(runs) else np.empty(0, dtype=object)
    table = feed.stops.set_index("stop_id").reindex(used)
    points = gpd.points_from_xy(table["longitude"], table["latitude"])
    stops = gpd.GeoDataFrame(
        {"stop_id": used}, geometry=gpd.GeoSeries(points).where(table["latitude"].notna().to_numpy()), crs=STORAGE
    )
    at = pd.Index(used).get_indexer(pd.Index(runs["stop_id"]))
    run, departure = runs["run"].to_numpy(), runs["departure_s"].to_numpy()
    arrival = runs["arrival_s"].to_numpy()
    first = np.flatnonzero(run[:-1] == run[1:])  # a row of stop times and the next one of its run
    kept = first[(departure[first] >= 0) & (departure[first] <= LAST_S)]
    order = kept[np.lexsort((kept, departure[kept]))]
    place = np.full(len(run) + 1, -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    begin, others, spent = _changes(feed, stops, walking, walks)
    return Timetable(
        date=day,
        stops=stops,
        tails=at[order].astype(np.int64),
        heads=at[order + 1].astype(np.int64),
        departs_s=departure[order],
        arrives_s=arrival[order + 1],
        follows=np.where(run[order] == np.append(run, -1)[order + 2], place[order + 1], -1) if len(order) else order,
        may_board=runs["may_board"].to_numpy()[order],
        may_alight=runs["may_alight"].to_numpy()[order + 1],
        change_begin=begin,
        change_stops=others,
        change_s=spent,
        trip_count=int(runs.loc[runs["lag_s"] == 0, "run"].nunique()),
        walking=walking,
        walks=walks,
    )


def _runs(feed: Feed, day: date) -> pd.DataFrame:
    """Stop times of all runs of the day, the day before and the day after, in seconds after the day's midnight.

    A run is one trip on one day; a trip given by frequency makes several. Columns ``run, stop_id, arrival_s,
    departure_s, may_board, may_alight, lag_s``, by run and order.
    """
    trips = feed.trips.merge(_starts(feed), on="trip_id")
    parts = []
    for lag in (-1, 0, 1):
        running = feed.days.loc[feed.days["date"] == pd.Timestamp(day + timedelta(days=lag)), "service_id"]
        parts.append(trips[trips["service_id"].isin(running)].assign(lag_s=lag * _DAY_S))
    runs = pd.concat(parts, ignore_index=True)[["trip_id", "shift_s", "lag_s"]]
    runs["run"] = np.arange(len(runs))
    times = feed.stop_times
    # rows of stop times lie together by trip: repeat each run by the rows of its trip
    ids, begin, count = np.unique(times["trip_id"].to_numpy(dtype=object), return_index=True, return_counts=True)
    at = pd.Index(ids).get_indexer(pd.Index(runs["trip_id"]))
    runs, at = runs[at >= 0], at[at >= 0]
    size = count[at]
    row = np.repeat(begin[at], size) + np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    shift = np.repeat((runs["shift_s"] + runs["lag_s"]).to_numpy(dtype=np.int64), size)
    table = times.iloc[row][["stop_id", "arrival_s", "departure_s", "may_board", "may_alight"]].reset_index(drop=True)
    table["arrival_s"] += shift
    table["departure_s"] += shift
    table["run"], table["lag_s"] = np.repeat(runs["run"].to_numpy(), size), np.repeat(runs["lag_s"].to_numpy(), size)
    late = table.groupby("run")["arrival_s"].transform("max") >= 0
    early = table.groupby("run")["departure_s"].transform("min") <= LAST_S
    kept: pd.DataFrame = table[(late & early) | (table["lag_s"] == 0)].reset_index(drop=True)
    return kept


def _starts(feed: Feed) -> pd.DataFrame:
    """How far each start of a trip lies from its listed times: 0, or one shift for each run of a frequency."""
    often = feed.frequencies
    plain = feed.trips.loc[~feed.trips["trip_id"].isin(often["trip_id"]), ["trip_id"]].assign(shift_s=0)
    if often.empty:
        return plain
    first = feed.stop_times.groupby("trip_id")["departure_s"].first().reindex(often["trip_id"]).to_numpy()
    span_s = often["end_s"].to_numpy() - often["start_s"].to_numpy()
    count = np.ceil(span_s / often["headway_s"].to_numpy()).astype(np.int64)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    start, headway = (np.repeat(often[name].to_numpy(), count) for name in ("start_s", "headway_s"))
    shift = start + step * headway - np.repeat(np.asarray(first, dtype=np.float64), count)
    repeated = pd.DataFrame({"trip_id": np.repeat(often["trip_id"].to_numpy(), count), "shift_s": shift})
    return pd.concat([plain, repeated.dropna().astype({"shift_s": np.int64})], ignore_index=True)


def _changes(feed: Feed, stops: gpd.GeoDataFrame, walking: Walking, walks: Network | None) -> tuple[Ints, Ints, Ints]:
    """Between which stops a passenger may change, and the seconds it takes, by first stop."""
    count = len(stops)
    one, other, walk_s = walking_pairs(stops, stops, walking.between_stops_min, walking=walking, walks=walks)
    apart = one != other
    own = np.arange(count)
    one, other, walk_s = (
        np.concatenate(pair) for pair in ((own, one[apart]), (own, other[apart]), (0 * own, walk_s[apart]))
    )
    slack = round(walking.change_min * 60)
    table = pd.DataFrame({"one": one, "other": other, "time_s": walk_s + slack, "walk_s": walk_s})
    listed = _listed(feed, stops)
    table = table.merge(listed, on=["one", "other"], how="outer").sort_values(["one", "other"], ignore_index=True)
    kind = table["transfer_type"].fillna(0)
    # farther apart than the limit, but named: only with a time of its own
    table = table[(kind != 3) & (table["time_s"].notna() | ((kind == 2) & table["least_s"].notna()))]
    kind = kind[table.index]
    time_s = table["time_s"].where(kind != 1, table["walk_s"])
    time_s = time_s.where(~((kind == 2) & table["least_s"].notna()), table["least_s"])
    begin = np.searchsorted(table["one"].to_numpy(), np.arange(count + 1))
    return begin, table["other"].to_numpy(dtype=np.int64), np.maximum(time_s.to_numpy(), 1).astype(np.int64)


def _listed(feed: Feed, stops: gpd.GeoDataFrame) -> pd.DataFrame:
    """Transfers of the feed by positions of stops; a rule for a station holds for its stops that have none nearer."""
    known = pd.Index(stops["stop_id"])
    family = pd.concat(
        [
            pd.DataFrame({"id": stops["stop_id"], "at": np.arange(len(stops)), "far": 0}),
            pd.DataFrame(
                {
                    "id": feed.stops["station_id"],
                    "at": known.get_indexer(pd.Index(feed.stops["stop_id"])),
                    "far": 1,
                }
            ).query("id != '' and at >= 0"),
        ]
    )
    table = feed.transfers.merge(family, left_on="from_stop_id", right_on="id").merge(
        family, left_on="to_stop_id", right_on="id", suffixes=("", "_to")
    )
    table = table.assign(far=table["far"] + table["far_to"]).rename(columns={"at": "one", "at_to": "other"})
    table = table.sort_values(["one", "other", "far", "transfer_type", "least_s"], kind="stable")
    return table.drop_duplicates(["one", "other"])[["one", "other", "transfer_type", "least_s"]]


def walking_pairs(
    froms: gpd.GeoDataFrame, tos: gpd.GeoDataFrame, limit_min: float, *, walking: Walking, walks: Network | None = None
) -> tuple[Ints, Ints, Ints]:
    """Positions of points within a walk of each other, and the whole seconds of the walk; sorted by position.

    Rows without a point are in no pair.
    """
    here, there = (np.flatnonzero(~(layer.geometry.isna() | layer.geometry.is_empty)) for layer in (froms, tos))
    if not len(here) or not len(there):
        return (np.empty(0, dtype=np.int64),) * 3
    limit_s = int(limit_min * 60)
    if walks is not None:
        one, other = (
            gpd.GeoDataFrame(
                {"id": [f"{row:09d}" for row in rows]}, geometry=layer.geometry.iloc[rows].to_numpy(), crs=layer.crs
            )
            for rows, layer in ((here, froms), (there, tos))
        )
        table = costs(walks, one, other, cutoff_min=limit_min)
        ends = table[["from_id", "to_id"]].astype(np.int64).to_numpy()
        return ends[:, 0], ends[:, 1], np.rint(table["time_min"].to_numpy() * 60).astype(np.int64)
    metres_per_s = walking.kmh / 3.6 / walking.circuity
    spots = (layer.geometry.iloc[rows] for layer, rows in ((froms, here), (tos, there)))
    first, second = (KDTree(measurable(np.column_stack([spot.x, spot.y]), STORAGE)) for spot in spots)
    pairs = first.sparse_distance_matrix(second, (limit_s + 1) * metres_per_s, output_type="ndarray")
    walk_s: Ints = np.rint(np.asarray(pairs["v"], dtype=np.float64) / metres_per_s).astype(np.int64)
    kept = walk_s <= limit_s
    starts: Ints = np.asarray(here[pairs["i"][kept]], dtype=np.int64)
    stops: Ints = np.asarray(there[pairs["j"][kept]], dtype=np.int64)
    order = np.lexsort((stops, starts))
    return starts[order], stops[order], walk_s[kept][order]
