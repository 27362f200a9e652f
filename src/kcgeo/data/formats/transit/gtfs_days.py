"""Which days a timetable holds for, and which of them stands for the others of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from kcgeo.data.directory.hours import is_federal_holiday
from kcgeo.data.formats.transit.feed import Feed
from kcgeo.errors import StudyError

__all__ = ["DayKind", "first_and_last_date", "require_date", "trip_counts", "typical_date"]

DayKind = Literal["weekday", "saturday", "sunday"]


def trip_counts(feed: Feed) -> pd.Series[int]:
    """Count the trips that run on each day from the first to the last day with service.

    Returns
    -------
    Series
        Indexed by date (every day between the two, 0 where none runs); ``trip_count``. A trip given by frequency
        counts once.
    """
    sizes = feed.days["service_id"].map(feed.trips.groupby("service_id").size()).fillna(0).astype(np.int64)
    counts = sizes.groupby(pd.DatetimeIndex(feed.days["date"])).sum()
    counts = counts[counts > 0]
    days = pd.date_range(counts.index.min(), counts.index.max(), freq="D")
    return counts.reindex(days, fill_value=0).rename("trip_count").rename_axis("date")


def first_and_last_date(feed: Feed) -> tuple[date, date]:
    """Return the first and the last day on which a trip of the feed runs."""
    days = trip_counts(feed).index
    return days[0].date(), days[-1].date()


def require_date(feed: Feed, day: date) -> None:
    """Refuse a day on which no trip runs because it lies outside of the feed's validity.

    A trip at 25:10 of the last day of service runs on the day after it, which counts.

    Raises
    ------
    StudyError
        The sentence names the feed's first and last day.
    """
    first, last = first_and_last_date(feed)
    if not first <= day <= _last_running_day(feed):
        raise StudyError(f"The timetable holds from {first} to {last}, and {day} is outside; choose a day between.")


def _last_running_day(feed: Feed) -> date:
    ends_s = pd.concat([feed.stop_times["departure_s"], feed.frequencies["end_s"]])
    trips = pd.concat([feed.stop_times["trip_id"], feed.frequencies["trip_id"]])
    nights = (ends_s // 86_400).groupby(trips).max()
    of_service = feed.trips["trip_id"].map(nights).groupby(feed.trips["service_id"]).max()
    days = pd.to_datetime(feed.days["date"]) + pd.to_timedelta(feed.days["service_id"].map(of_service).fillna(0), "D")
    found: date = days.max().date()
    return found


def typical_date(feed: Feed, kind: DayKind) -> date:
    """Choose a day that stands for its kind: the earliest with the most common number of trips.

    A ``weekday`` is a Tuesday, Wednesday, Thursday or Friday, so that the night before it is one between two days of
    work. Federal holidays of the United States do not stand for others. Of two numbers as common as each other the
    larger counts. Where nothing runs on any such day, the first of them stands for the others.

    Raises
    ------
    StudyError
        No such day lies between the first and the last with service.
    """
    wanted: Sequence[int] = {"weekday": (1, 2, 3, 4), "saturday": (5,), "sunday": (6,)}[kind]
    counts = trip_counts(feed)
    days = pd.DatetimeIndex(counts.index)
    counts = counts[days.dayofweek.isin(wanted)]
    free = [is_federal_holiday(day.date()) for day in pd.DatetimeIndex(counts.index)]
    counts = counts if all(free) else counts[[not holiday for holiday in free]]
    if counts.empty:
        raise StudyError(f"The timetable holds for less than a week, without a {kind}; give a feed for a longer time.")
    counts = counts[counts > 0] if counts.any() else counts
    often = counts.value_counts()
    usual = often[often == often.max()].index.max()
    found: date = counts.index[counts == usual][0].date()
    return found
