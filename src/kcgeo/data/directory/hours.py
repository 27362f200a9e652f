"""Opening hours: free text to OpenStreetMap syntax by a reviewed list, and what was open at a moment.

Unknown hours are a class of their own and never count as open.
"""

from __future__ import annotations

import re
from copy import copy
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import geopandas as gpd
import opening_hours as osm
import pandas as pd
from pandas.tseries.holiday import Holiday, USFederalHolidayCalendar

from kcgeo.data.directory.written_hours import read_hours
from kcgeo.errors import TableError

__all__ = ["OPEN_STATES", "hours_column", "is_federal_holiday", "open_state", "read_hours", "readable"]

OPEN_STATES = ("open", "closed", "unknown")

_SUN = re.compile(r"\b(?:sunrise|sunset|dawn|dusk)\b")
# a fallback begins at || outside of quotation marks
_FALLBACK = re.compile(r'\s*\|\|\s*(?=(?:[^"]*"[^"]*")*[^"]*$)')


def readable(text: str) -> bool:
    """Say whether a text is in the OpenStreetMap syntax of opening hours.

    >>> readable("Mo-Fr 09:00-17:00"), readable("office hours")
    (True, False)
    """
    try:
        osm.OpeningHours(text)
    except osm.ParserError:  # type: ignore[attr-defined]
        return False
    return True


def hours_column(texts: pd.Series, timetable: pd.Series) -> pd.Series:
    """Turn free text into OpenStreetMap syntax.

    Parameters
    ----------
    texts : Series of str
        Hours as found; blanks allowed.
    timetable : Series of str
        The reviewed reading of each text (index: text); blank where the text gives no timetable.

    Returns
    -------
    Series of str
        Same index; None where the text is blank, gives no timetable, or is not surely understood
        (:func:`kcgeo.data.directory.written_hours.read_hours`).
    """
    known = {text: reading for text, reading in timetable.items() if isinstance(reading, str)}

    def read(text: object) -> str | None:
        if not isinstance(text, str) or not text.strip():
            return None
        if text in timetable.index:
            return known.get(text)
        return text if readable(text) else read_hours(text)

    return pd.Series([read(text) for text in texts], index=texts.index, name="opening_hours", dtype=object)


def open_state(opening_hours: pd.Series, moment: datetime, *, points: gpd.GeoSeries | None = None) -> pd.Series:
    """Say for each service whether it was open at a moment of local time.

    Parameters
    ----------
    opening_hours : Series of str
        OpenStreetMap syntax; blank is unknown.
    moment : datetime
        Local time of each place, without time zone.
    points : GeoSeries, optional
        Where the services are (EPSG:4326, in the same order): sunrise and sunset are those of the place and its time
        zone, and unknown without a point.

    Returns
    -------
    Series of str
        Same index: ``open``, ``closed`` or ``unknown``. Unknown is what no clock tells: a remark ("by appointment"), a
        fallback after ``||``, school holidays, the time after an open end (``18:00+``), and a public holiday on which
        a timetable of one's own (``PH``) holds, where the two lists of federal holidays differ.

    Raises
    ------
    TableError
        ``moment`` carries a time zone, is no datetime, or a text is not in the syntax.

    Examples
    --------
    >>> open_state(pd.Series(["24/7", "Mo-Fr 09:00-17:00", None]), datetime(2026, 11, 28, 2)).to_list()
    ['open', 'closed', 'unknown']
    >>> open_state(pd.Series(["24/7; PH off", "Mo-Fr 18:00+"]), datetime(2026, 12, 25, 20)).to_list()
    ['closed', 'unknown']
    """
    if not isinstance(moment, datetime) or pd.isna(moment):
        raise TableError(f"open_at must be a datetime, e.g. datetime(2026, 11, 25, 2, 0), not {moment!r}.")
    if moment.tzinfo is not None:
        raise TableError("open_at must be local time without time zone; give moment.replace(tzinfo=None).")
    spots: list[Any] = [None] * len(opening_hours) if points is None else list(points)
    states, known = [], dict[tuple[str, tuple[float, float] | None], str]()
    for name, text, spot in zip(opening_hours.index, opening_hours, spots, strict=True):
        if not isinstance(text, str):
            states.append("unknown")
            continue
        sun = _SUN.search(text) and spot is not None and not spot.is_empty
        key = (text, (float(spot.y), float(spot.x)) if sun else None)
        if key not in known:
            try:
                known[key] = _state(*key, moment)
            except osm.ParserError:  # type: ignore[attr-defined]
                raise TableError(
                    f"{name}: opening_hours '{text}' is not in OpenStreetMap syntax; write e.g. 'Mo-Fr 09:00-17:00'."
                ) from None
        states.append(known[key])
    return pd.Series(states, index=opening_hours.index, dtype=object, name="open_state")


def _state(text: str, spot: tuple[float, float] | None, moment: datetime) -> str:
    """Evaluate one text; where knowing takes more than the clock the answer is unknown."""
    first, *fallbacks = _FALLBACK.split(text)
    bare = re.sub(r'"[^"]*"', "", text)
    osm.OpeningHours(text)  # the whole text is in the syntax, or is refused
    if re.search(r"\bSH\b", bare) or (_SUN.search(bare) and spot is None):
        return "unknown"
    if re.search(r"\bPH\b", bare) and _is_disputed_holiday(moment):
        return "unknown"
    if "+" in bare:
        return _open_ended(text, spot, moment)
    state = _evaluated(first, spot, moment)
    for fallback in fallbacks:
        if state == "closed":
            state = "unknown" if not re.sub(r'"[^"]*"', "", fallback).strip() else _evaluated(fallback, spot, moment)
    return state


def _evaluated(text: str, spot: tuple[float, float] | None, moment: datetime) -> str:
    state, remark = osm.OpeningHours(text, country="US", coords=spot).state(moment)
    return "unknown" if remark or state == osm.State.UNKNOWN else str(state).lower()


def _open_ended(text: str, spot: tuple[float, float] | None, moment: datetime) -> str:
    """Evaluate "18:00+" and "08:00-17:00+": from the open end until six in the morning nobody knows."""
    sure = re.sub(r"(\d\d:\d\d-\d\d:\d\d)\+", r"\1", text)
    surely = _state(sure, spot, moment) if "+" not in sure else "closed"
    if surely != "closed":
        return surely
    late = re.sub(r"(\d\d:\d\d)(?:-\d\d:\d\d)?\+", r"\1-30:00", text)
    return "unknown" if "+" in late or _state(late, spot, moment) != "closed" else "closed"


@lru_cache(maxsize=400)
def is_federal_holiday(day: date) -> bool:
    """Say whether a day is a federal holiday of the United States (5 U.S.C. 6103), or one is observed on it.

    >>> [is_federal_holiday(date(2026, 7, day)) for day in (2, 3, 4)]
    [False, True, True]
    """
    rules = USFederalHolidayCalendar.rules
    near = pd.Timestamp(day) - pd.Timedelta(days=3), pd.Timestamp(day) + pd.Timedelta(days=3)
    observed = {date for rule in rules for date in rule.dates(*near)}
    named = {date for rule in rules for date in _unshifted(rule).dates(*near)}
    return pd.Timestamp(day) in observed | named


def _unshifted(rule: Holiday) -> Holiday:
    shifted = copy(rule)
    shifted.observance = None
    return shifted


def _is_disputed_holiday(moment: datetime) -> bool:
    """Whether the evaluator does not know a federal holiday: it takes Columbus Day for a day of work."""
    return is_federal_holiday(moment.date()) and _evaluated("24/7; PH off", None, moment) == "open"
