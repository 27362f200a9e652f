"""The tables of a GTFS feed as text: which files and columns there must be, and the words for a bad cell.

The tables are read as plain text and judged here. The readers that can be had (gtfs-kit, partridge) type the columns
while they read: the first bad cell ends the reading with an error that names no row, and a stop called "NA" or "null"
is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.data.formats.archive import refusing
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["LONGEST_S", "dates", "numbers", "seconds", "tables"]

LONGEST_S = 7 * 86_400
"""A time of day counts from midnight of the day of service and may run into the following days, a week at most."""

_REQUIRED = {
    "stops": ("stop_id",),
    "routes": ("route_id",),
    "trips": ("trip_id", "route_id", "service_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OPTIONAL = {
    "agency": ("agency_name",),
    "calendar": ("service_id", *_DAYS, "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "transfers": ("from_stop_id", "to_stop_id", "transfer_type"),
}
_EXTRA = {
    "stops": ("stop_name", "stop_lat", "stop_lon", "parent_station"),
    "stop_times": ("pickup_type", "drop_off_type", "location_id", "location_group_id"),
    "agency": ("agency_timezone",),
    "transfers": ("min_transfer_time", "from_route_id", "to_route_id", "from_trip_id", "to_trip_id"),
}


def tables(folder: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read the tables that a search needs, every cell as text without blanks around it; a missing cell is "".

    Returns
    -------
    dict
        ``stops, routes, trips, stop_times`` and those that a feed may lack, empty then: ``agency, calendar,
        calendar_dates, frequencies, transfers``. All columns are there; one that the feed lacks is empty.
    list
        What was repaired, one sentence each.

    Raises
    ------
    TableError
        One sentence for each file that is missing, unreadable or lacks a column.
    """
    problems: list[str] = []
    notes: list[str] = []
    found: dict[str, pd.DataFrame] = {}
    for name, needed in (_REQUIRED | _OPTIONAL).items():
        path = folder / f"{name}.txt"
        columns = [*needed, *_EXTRA.get(name, ())]
        if not path.is_file() or not path.stat().st_size:
            if name in _REQUIRED:
                problems.append(f"The feed has no {name}.txt, or it is empty; ask the publisher for the whole feed.")
            found[name] = pd.DataFrame({column: pd.Series(dtype=object) for column in columns})
            continue
        try:
            table = _text(path, columns, notes)
        except TableError as error:
            problems += error.problems
            continue
        missing = [column for column in needed if column not in table]
        if missing:
            problems.append(f"{name}.txt lacks the columns {', '.join(missing)}.")
        found[name] = table.reindex(columns=columns, fill_value="")
    raise_all(problems, TableError)
    if found["calendar"].empty and found["calendar_dates"].empty:
        problems.append("The feed has neither calendar.txt nor calendar_dates.txt with rows: no day has a service.")
    problems += [f"{name}.txt has no rows." for name in _REQUIRED if found[name].empty]
    raise_all(problems, TableError)
    return found, notes


def _text(path: Path, columns: list[str], notes: list[str]) -> pd.DataFrame:
    """Read the wanted columns of one file as text."""
    encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding) as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        encoding = "latin-1"
        notes.append(f"{path.name} is not UTF-8; it was read as Latin-1.")
    with refusing(path, "a table of a GTFS feed"):
        table = pd.read_csv(
            path,
            dtype=object,
            encoding=encoding,
            keep_default_na=False,
            index_col=False,
            skipinitialspace=True,
            usecols=lambda name: str(name).strip() in columns,
        )
        table.columns = pd.Index([str(name).strip() for name in table.columns])
        table = table.loc[:, ~table.columns.duplicated()].fillna("")
        for name in table:
            codes, values = pd.factorize(table[name])
            stripped = np.array([str(value).strip() for value in values], dtype=object)
            table[name] = stripped[codes] if len(stripped) else table[name]
    return table.loc[(table != "").any(axis=1)].reset_index(drop=True)


def _parsed(
    column: pd.Series[str], parse: object, what: str, where: str, names: Iterable[object], problems: list[str]
) -> npt.NDArray[np.float64]:
    """Parse each distinct text once; NaN for "", and one sentence for all texts that cannot be parsed."""
    codes, texts = pd.factorize(column)
    values = np.array([np.nan if text == "" else parse(str(text)) for text in texts], dtype=np.float64)  # type: ignore[operator]
    bad = np.isinf(values)
    if bad.any():
        rows = bad[codes]
        ids = np.asarray(list(names), dtype=object)[rows]
        problems.append(f"{where} holds no {what} in {first_ids(texts[bad], limit=3)} (rows of {first_ids(ids)}).")
    return values[codes] if len(values) else np.empty(0)


def seconds(
    column: pd.Series[str], where: str, names: Iterable[object], problems: list[str]
) -> npt.NDArray[np.float64]:
    """Parse times of day as ``H:MM:SS``, seconds after midnight; hours may pass 24."""
    return _parsed(column, _clock, "time H:MM:SS", where, names, problems)


def _clock(text: str) -> float:
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return np.inf
    hours, minutes, rest = (int(part) for part in parts)
    total = hours * 3600 + minutes * 60 + rest
    return total if minutes < 60 and rest < 60 and total <= LONGEST_S else np.inf


def dates(column: pd.Series[str], where: str, names: Iterable[object], problems: list[str]) -> npt.NDArray[np.float64]:
    """Parse dates as ``YYYYMMDD``, days since 1970-01-01; an empty date is a fault too."""
    days = _parsed(column, _day, "date YYYYMMDD", where, names, problems)
    if np.isnan(days).any():
        problems.append(f"{where} has rows without a date ({first_ids(pd.Series(list(names))[np.isnan(days)])}).")
    return days


def _day(text: str) -> float:
    if not (len(text) == 8 and text.isascii() and text.isdigit() and 1900 <= int(text[:4]) <= 2200):
        return np.inf
    try:
        return float(np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "D").astype(np.int64))
    except ValueError:
        return np.inf


def numbers(
    column: pd.Series[str],
    what: str,
    where: str,
    names: Iterable[object],
    problems: list[str],
    *,
    low: float,
    high: float,
    whole: bool = True,
) -> npt.NDArray[np.float64]:
    """Parse numbers between two bounds, both included; NaN for an empty cell."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            return np.inf
        return value if low <= value <= high and (not whole or value == int(value)) else np.inf

    return _parsed(column, parse, what, where, names, problems)
