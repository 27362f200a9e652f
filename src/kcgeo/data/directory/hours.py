"""Opening hours: free text to OpenStreetMap syntax by a reviewed list, and what was open at a moment.

Unknown hours are a class of their own and never count as open.
"""

from __future__ import annotations

from datetime import datetime

import opening_hours as osm
import pandas as pd

from kcgeo.errors import TableError, first_ids

__all__ = ["OPEN_STATES", "open_state", "read_hours", "readable"]

OPEN_STATES = ("open", "closed", "unknown")


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


def read_hours(texts: pd.Series, timetable: pd.Series) -> pd.Series:
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
        Same index; None where the text is blank or gives no timetable, or is neither in the list nor in the syntax.
    """
    known = {text: reading for text, reading in timetable.items() if isinstance(reading, str)}

    def read(text: object) -> str | None:
        if not isinstance(text, str) or not text.strip():
            return None
        if text in timetable.index:
            return known.get(text)
        return text if readable(text) else None

    return pd.Series([read(text) for text in texts], index=texts.index, name="opening_hours", dtype=object)


def open_state(opening_hours: pd.Series, moment: datetime) -> pd.Series:
    """Say for each service whether it was open at a moment of local time.

    Parameters
    ----------
    opening_hours : Series of str
        OpenStreetMap syntax; blank is unknown.
    moment : datetime
        Local time of the place, without time zone.

    Returns
    -------
    Series of str
        Same index: ``open``, ``closed`` or ``unknown``. A rule with a remark ("by appointment") is ``unknown``:
        whether the door opens then depends on more than the clock.

    Raises
    ------
    TableError
        ``moment`` carries a time zone, is no datetime, or a text is not in the syntax.

    Examples
    --------
    >>> open_state(pd.Series(["24/7", "Mo-Fr 09:00-17:00", None]), datetime(2026, 11, 28, 2)).to_list()
    ['open', 'closed', 'unknown']
    """
    if not isinstance(moment, datetime) or pd.isna(moment):
        raise TableError(f"open_at must be a datetime, e.g. datetime(2026, 11, 25, 2, 0), not {moment!r}.")
    if moment.tzinfo is not None:
        raise TableError("open_at must be local time without time zone; give moment.replace(tzinfo=None).")
    states: dict[str, str] = {}
    for text in opening_hours.dropna().unique():
        try:
            state, remark = osm.OpeningHours(text).state(moment)
        except osm.ParserError:  # type: ignore[attr-defined]
            ids = first_ids(opening_hours.index[opening_hours == text])
            raise TableError(
                f"{ids}: opening_hours '{text}' is not in OpenStreetMap syntax; write e.g. 'Mo-Fr 09:00-17:00'."
            ) from None
        states[text] = "unknown" if remark or state == osm.State.UNKNOWN else str(state).lower()
    return opening_hours.map(states).astype(object).where(opening_hours.notna(), "unknown").rename("open_state")
