"""Public transport timetables: a GTFS feed (zip or folder), checked as a whole, all faults in one error.

What is repaired is said in the notes: blank stop times are filled in by distance, a stop without a point takes that of
its station, rows for demand-responsive service and transfers that hold for single routes are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.data.formats.transit import gtfs_tables as text
from kcgeo.data.formats.transit.feed import Feed
from kcgeo.data.formats.transit.feeds import feeds_in, plain_line
from kcgeo.data.formats.transit.gtfs_days import DayKind, first_and_last_date, require_date, trip_counts, typical_date
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = [
    "DayKind",
    "Feed",
    "first_and_last_date",
    "read_gtfs",
    "require_date",
    "trip_counts",
    "typical_date",
]

_FEW_ZONES = 0.25  # share of stop times that may name a zone of demand-responsive service in place of a stop
_NOT_BY_TIMETABLE = (1, 2)  # pickup_type and drop_off_type: none; phone the agency
_MOST_DAYS = 3_660  # of one row of calendar.txt
_MOST_SERVICE_DAYS = 20_000_000
_MOST_RUNS = 20_000_000  # stop times once trips given by frequency are written out
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_gtfs(path: Path | str) -> Feed:
    """Read and check a GTFS feed, or several that are searched together.

    Parameters
    ----------
    path : path
        Zip or folder; the tables may lie one folder deeper. Where several folders or zips in it hold a feed each, all
        are read, and each id begins with the name of its feed.

    Raises
    ------
    TableError
        One sentence for each fault: files and columns that are missing, cells that are no time, date or number, ids
        that are repeated or lead nowhere, times that run backward.
    """
    with feeds_in(Path(path)) as found:
        feeds = {name: _read_feed(folder, f"{name}: " if len(found) > 1 else "") for name, folder in found.items()}
    return next(iter(feeds.values())) if len(feeds) == 1 else _joined(feeds)


def _read_feed(folder: Path, named: str) -> Feed:
    """Read one feed; ``named`` stands before each fault."""
    try:
        return _checked_feed(folder)
    except TableError as error:
        raise TableError(named + problem for problem in error.problems) from None


def _checked_feed(folder: Path) -> Feed:
    raw, notes = text.tables(folder)
    raw["stop_times"] = _with_stops(raw, notes)
    problems: list[str] = []
    _ids(raw, problems)
    stops = _stops(raw["stops"], problems, notes)
    days = _days(raw, problems)
    transfers = _transfers(raw["transfers"], problems, notes)
    frequencies = _frequencies(raw, problems)
    stop_times = _stop_times(raw["stop_times"], stops, problems, notes)
    raise_all(problems, TableError)
    trips = raw["trips"][["trip_id", "route_id", "service_id"]].sort_values("trip_id", ignore_index=True)
    _size(frequencies, stop_times, problems)
    if not days["service_id"].isin(trips["service_id"]).any():
        problems.append("No trip of the feed runs on any day; see calendar.txt and calendar_dates.txt.")
    raise_all(problems, TableError)
    zones = [zone for zone in dict.fromkeys(raw["agency"]["agency_timezone"]) if zone]
    if zones:
        notes.append(f"Its times are local times of {plain_line(', '.join(zones))}; departures are asked in the same.")
    names = [plain_line(name) for name in dict.fromkeys(raw["agency"]["agency_name"]) if name] or ["an unnamed agency"]
    agency = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return Feed(agency, stops, trips, stop_times, frequencies, days, transfers, tuple(notes))


_KEYS = ("stop_id", "station_id", "trip_id", "route_id", "service_id", "from_stop_id", "to_stop_id")
_TABLES = ("stops", "trips", "stop_times", "frequencies", "days", "transfers")


def _joined(feeds: dict[str, Feed]) -> Feed:
    """Put feeds side by side: an id that two of them use means two things."""
    tables: dict[str, Any] = {}
    for table in _TABLES:
        parts = []
        for name, feed in feeds.items():
            rows = getattr(feed, table)
            keys = {
                key: (name + ":" + rows[key].astype("str")).where(rows[key] != "", "") for key in rows if key in _KEYS
            }
            parts.append(rows.assign(**keys))
        tables[table] = pd.concat(parts, ignore_index=True)
    return Feed(
        agency=", ".join(dict.fromkeys(feed.agency for feed in feeds.values())),
        notes=tuple(f"{name}: {note}" for name, feed in feeds.items() for note in feed.notes),
        **tables,
    )


def _with_stops(raw: dict[str, pd.DataFrame], notes: list[str]) -> pd.DataFrame:
    """Leave out the rows of demand-responsive service: no stop, or a zone or a group of stops in its place.

    Older feeds write the zone into ``stop_id``. Where more than some rows name no stop, the feed is broken.
    """
    rows = raw["stop_times"]
    zone = (rows["stop_id"] == "") | (rows[["location_id", "location_group_id"]] != "").any(axis=1)
    lost = ~zone & ~rows["stop_id"].isin(raw["stops"]["stop_id"])
    if lost.mean() <= _FEW_ZONES:
        zone |= lost
        if lost.any():
            names = first_ids(rows.loc[lost, "stop_id"].unique())
            notes.append(
                f"stop_times.txt names {names}, not in stops.txt: taken for zones of demand-responsive service."
            )
    if zone.any():
        notes.append(f"Left out: stop times without a stop (demand-responsive service), {int(zone.sum())}.")
    return rows[~zone].reset_index(drop=True)


def _ids(raw: dict[str, pd.DataFrame], problems: list[str]) -> None:
    """Collect ids that are missing, repeated, or lead nowhere."""
    for table, key in (("stops", "stop_id"), ("trips", "trip_id"), ("routes", "route_id")):
        column = raw[table][key]
        if (column == "").any():
            problems.append(f"{table}.txt has {int((column == '').sum())} rows without {key}.")
        twice = column[column.duplicated() & (column != "")].unique()
        if len(twice):
            problems.append(f"{table}.txt repeats the {key} {first_ids(twice)}.")
    services = pd.concat([raw["calendar"]["service_id"], raw["calendar_dates"]["service_id"]])
    leads = (
        ("stop_times", "trip_id", raw["trips"]["trip_id"], "trips.txt"),
        ("stop_times", "stop_id", raw["stops"]["stop_id"], "stops.txt"),
        ("trips", "route_id", raw["routes"]["route_id"], "routes.txt"),
        ("trips", "service_id", services, "calendar.txt or calendar_dates.txt"),
        ("stops", "parent_station", raw["stops"]["stop_id"], "stops.txt"),
        ("frequencies", "trip_id", raw["trips"]["trip_id"], "trips.txt"),
        ("transfers", "from_stop_id", raw["stops"]["stop_id"], "stops.txt"),
        ("transfers", "to_stop_id", raw["stops"]["stop_id"], "stops.txt"),
    )
    for table, key, known, where in leads:
        used = raw[table][key]
        lost = used[(used != "") & ~used.isin(known)].unique()
        if len(lost):
            problems.append(f"{table}.txt names the {key} {first_ids(lost)}, not in {where}.")
    for table, key in (("stop_times", "trip_id"), ("trips", "service_id"), ("frequencies", "trip_id")):
        if raw[table][key].eq("").any():
            problems.append(f"{table}.txt has {int(raw[table][key].eq('').sum())} rows without {key}.")


def _stops(raw: pd.DataFrame, problems: list[str], notes: list[str]) -> pd.DataFrame:
    names = raw["stop_id"]
    lat = text.numbers(raw["stop_lat"], "latitude", "stops.txt", names, problems, low=-90, high=90, whole=False)
    lon = text.numbers(raw["stop_lon"], "longitude", "stops.txt", names, problems, low=-180, high=180, whole=False)
    lost = ~np.isfinite(lat) | ~np.isfinite(lon) | ((lat == 0) & (lon == 0))  # 0, 0 is how some publishers say "none"
    lat, lon = np.where(lost, np.nan, lat), np.where(lost, np.nan, lon)
    own = pd.Index(names)
    if lost.any() and own.is_unique:
        station = own.get_indexer(pd.Index(raw["parent_station"]))
        lat, lon = (np.where(lost & (station >= 0), values[station], values) for values in (lat, lon))
        bare = np.isnan(lat)
        if (lost & ~bare).any():
            notes.append(f"Stops without a point take that of their station: {int((lost & ~bare).sum())}.")
        if bare.any():
            notes.append(f"Stops without a point can be ridden through, but not walked to: {int(bare.sum())}.")
    table = pd.DataFrame(
        {
            "stop_id": names,
            "stop_name": raw["stop_name"],
            "station_id": raw["parent_station"],
            "longitude": lon,
            "latitude": lat,
        }
    )
    return table.sort_values("stop_id", ignore_index=True)


def _days(raw: dict[str, pd.DataFrame], problems: list[str]) -> pd.DataFrame:
    """Write out the days of each service: the weekly pattern, then what is added and taken away."""
    calendar, exceptions = raw["calendar"], raw["calendar_dates"]
    names = calendar["service_id"]
    before = len(problems)
    twice = names[names.duplicated()].unique()
    if len(twice):
        problems.append(f"calendar.txt repeats the service_id {first_ids(twice)}.")
    start = text.dates(calendar["start_date"], "calendar.txt start_date", names, problems)
    end = text.dates(calendar["end_date"], "calendar.txt end_date", names, problems)
    flags = [
        text.numbers(calendar[day], "0 or 1", f"calendar.txt {day}", names, problems, low=0, high=1) for day in _DAYS
    ]
    added = exceptions["service_id"]
    day = text.dates(exceptions["date"], "calendar_dates.txt", added, problems)
    kind = text.numbers(exceptions["exception_type"], "1 or 2", "calendar_dates.txt", added, problems, low=1, high=2)
    if np.isnan(kind).any() or any(np.isnan(flag).any() for flag in flags):
        problems.append("calendar.txt or calendar_dates.txt has empty cells where 0, 1 or 2 must stand.")
    spans = end - start + 1
    for bad, said in ((spans < 1, "ends before it starts"), (spans > _MOST_DAYS, "runs for more than ten years")):
        if bad.any():
            problems.append(f"calendar.txt: {first_ids(names[bad])} {said}.")
    if len(problems) > before:
        return pd.DataFrame({"service_id": [], "date": []})
    counts = spans.astype(np.int64)
    if counts.sum() > _MOST_SERVICE_DAYS:
        problems.append(f"calendar.txt writes out to {counts.sum():,} days of service; this is no timetable.")
        return pd.DataFrame({"service_id": [], "date": []})
    row = np.repeat(np.arange(len(calendar)), counts)
    dates = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(start, counts)
    dates = dates.astype(np.int64)
    weekly = (
        np.stack(flags, axis=1)[row, (dates + 3) % 7] == 1 if len(row) else np.empty(0, dtype=bool)
    )  # 1970: Thursday
    table = pd.concat(
        [
            pd.DataFrame({"service_id": names.to_numpy()[row[weekly]], "day": dates[weekly], "kind": 0.0}),
            pd.DataFrame({"service_id": added.to_numpy(), "day": day.astype(np.int64), "kind": kind}),
        ]
    )
    # the exception of a day comes last and has the last word
    last = table.sort_values(["service_id", "day", "kind"], kind="stable").drop_duplicates(
        ["service_id", "day"], keep="last"
    )
    kept = last[last["kind"] != 2]
    return pd.DataFrame(
        {
            "service_id": kept["service_id"].to_numpy(),
            "date": kept["day"].to_numpy().astype("datetime64[D]").astype("datetime64[s]"),
        }
    )


def _transfers(raw: pd.DataFrame, problems: list[str], notes: list[str]) -> pd.DataFrame:
    single = (raw[["from_route_id", "to_route_id", "from_trip_id", "to_trip_id"]] != "").any(axis=1)
    names = raw["from_stop_id"]
    kind = text.numbers(raw["transfer_type"], "whole number 0 to 5", "transfers.txt", names, problems, low=0, high=5)
    least = text.numbers(
        raw["min_transfer_time"],
        "number of seconds",
        "transfers.txt min_transfer_time",
        names,
        problems,
        low=0,
        high=86_400,
    )
    kind = np.where(np.isfinite(kind), kind, 0)
    left_out = single.to_numpy() | (kind > 3) | (raw[["from_stop_id", "to_stop_id"]] == "").any(axis=1).to_numpy()
    if left_out.any():
        notes.append(f"{int(left_out.sum())} transfers that hold for single routes or trips only are left out.")
    table = pd.DataFrame(
        {
            "from_stop_id": names,
            "to_stop_id": raw["to_stop_id"],
            "transfer_type": kind.astype(np.int64),
            "least_s": least,
        }
    )
    keys = ["from_stop_id", "to_stop_id", "transfer_type", "least_s"]
    return table[~left_out].sort_values(keys, kind="stable", ignore_index=True)


def _frequencies(raw: dict[str, pd.DataFrame], problems: list[str]) -> pd.DataFrame:
    rows = raw["frequencies"]
    names, where = rows["trip_id"], "frequencies.txt"
    start = text.seconds(rows["start_time"], f"{where} start_time", names, problems)
    end = text.seconds(rows["end_time"], f"{where} end_time", names, problems)
    headway = text.numbers(rows["headway_secs"], "number of seconds", where, names, problems, low=1, high=86_400)
    bad = np.isnan(start) | np.isnan(end) | np.isnan(headway) | (end <= start)
    if bad.any():
        problems.append(f"{where}: {first_ids(names[bad])} lacks a time or headway, or ends before it starts.")
    table = pd.DataFrame({"trip_id": names, "start_s": start, "end_s": end, "headway_s": headway})
    return table.sort_values(["trip_id", "start_s"], kind="stable", ignore_index=True)


def _size(frequencies: pd.DataFrame, stop_times: pd.DataFrame, problems: list[str]) -> None:
    runs = np.ceil((frequencies["end_s"] - frequencies["start_s"]) / frequencies["headway_s"])
    rows = (runs * frequencies["trip_id"].map(stop_times.groupby("trip_id").size())).sum()
    if rows > _MOST_RUNS:
        problems.append(f"frequencies.txt writes out to {rows:,.0f} stop times a day; this is no timetable.")


def _stop_times(raw: pd.DataFrame, stops: pd.DataFrame, problems: list[str], notes: list[str]) -> pd.DataFrame:
    """Order the stop times, fill in blank ones, and collect those that run backward."""
    before = len(problems)
    names, where = raw["trip_id"], "stop_times.txt"
    order = text.numbers(raw["stop_sequence"], "stop_sequence", where, names, problems, low=0, high=10**9)
    arrival = text.seconds(raw["arrival_time"], f"{where} arrival_time", names, problems)
    departure = text.seconds(raw["departure_time"], f"{where} departure_time", names, problems)
    kinds = [
        text.numbers(raw[key], "whole number 0 to 3", f"{where} {key}", names, problems, low=0, high=3)
        for key in ("pickup_type", "drop_off_type")
    ]
    if np.isnan(order).any():
        problems.append(f"{where} has rows without stop_sequence (trips {first_ids(names[np.isnan(order)].unique())}).")
    table = pd.DataFrame(
        {
            "trip_id": names,
            "order": order,
            "stop_id": raw["stop_id"],
            "arrival_s": np.where(np.isnan(arrival), departure, arrival),
            "departure_s": np.where(np.isnan(departure), arrival, departure),
            "may_board": ~np.isin(kinds[0], _NOT_BY_TIMETABLE),
            "may_alight": ~np.isin(kinds[1], _NOT_BY_TIMETABLE),
        }
    ).sort_values(["trip_id", "order"], kind="stable", ignore_index=True)
    called = int(((kinds[0] == 2) | (kinds[1] == 2)).sum())
    if called:
        notes.append(f"Not counted: stop times for which one must phone the agency, {called}.")
    twice = table.loc[table.duplicated(["trip_id", "order"]), "trip_id"].unique()
    if len(twice):
        problems.append(f"{where} repeats a stop_sequence in the trips {first_ids(twice)}.")
    if len(problems) > before or table.empty:
        return table
    blank = table["arrival_s"].isna().to_numpy()
    ends = table["trip_id"].ne(table["trip_id"].shift()) | table["trip_id"].ne(table["trip_id"].shift(-1))
    if (blank & ends.to_numpy()).any():
        untimed = table.loc[blank & ends.to_numpy(), "trip_id"].unique()
        problems.append(f"{where}: the trips {first_ids(untimed)} have no time at their first or last stop.")
        return table
    if blank.any():
        notes.append(f"{int(blank.sum())} blank stop times are filled in by distance between the timed stops.")
        _fill(table, stops, blank)
    falls = (table["departure_s"] < table["arrival_s"]) | (
        table["trip_id"].eq(table["trip_id"].shift()) & (table["arrival_s"] < table["departure_s"].shift())
    )
    if falls.any():
        problems.append(f"{where}: times run backward in the trips {first_ids(table.loc[falls, 'trip_id'].unique())}.")
    return table.drop(columns="order").astype({"arrival_s": np.int64, "departure_s": np.int64})


def _fill(table: pd.DataFrame, stops: pd.DataFrame, blank: npt.NDArray[np.bool_]) -> None:
    """Fill blank times in place: between two timed stops a trip runs at one speed."""
    at = stops.drop_duplicates("stop_id").set_index("stop_id").reindex(table["stop_id"])
    lat, lon = np.radians(at["latitude"].to_numpy()), np.radians(at["longitude"].to_numpy())
    leg = np.hypot(np.diff(lat, prepend=np.nan), np.diff(lon, prepend=np.nan) * np.cos(lat)) * 6_371_000
    # a metre for each stop, so that the way rises where points are equal or unknown
    along = np.cumsum(np.nan_to_num(leg) + 1.0)
    # the ends of a trip are timed, so the nearest timed rows before and after belong to the same trip
    timed, rows = np.flatnonzero(~blank), np.flatnonzero(blank)
    after = np.searchsorted(timed, rows)
    left, right = timed[after - 1], timed[after]
    share = (along[rows] - along[left]) / (along[right] - along[left])
    start, end = table["departure_s"].to_numpy()[left], table["arrival_s"].to_numpy()[right]
    filled = np.rint(start + share * (end - start))
    table.loc[blank, "arrival_s"] = filled
    table.loc[blank, "departure_s"] = filled
