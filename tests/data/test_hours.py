"""Hours: as OpenStreetMap writes them, evaluated at the place; and as people write them."""

from __future__ import annotations

from datetime import datetime

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcgeo.data.directory.hours import hours_column, is_federal_holiday, open_state, read_hours, readable

TULSA = gpd.GeoSeries.from_xy([-95.99], [36.15], crs="EPSG:4326")


def at(hours: str, when: str, points: gpd.GeoSeries | None = None) -> str:
    return str(open_state(pd.Series([hours]), datetime.fromisoformat(when), points=points).iloc[0])


@pytest.mark.parametrize(
    ("hours", "when", "state"),
    [
        ("Mo-Fr 08:00-17:00; PH off", "2026-12-25 10:00", "closed"),
        ("Mo-Fr 08:00-17:00; PH off", "2026-11-26 10:00", "closed"),
        ("Mo-Fr 08:00-17:00; PH off", "2026-11-27 10:00", "open"),
        ("Mo-Fr 08:00-17:00; PH off", "2026-10-12 10:00", "unknown"),  # Columbus Day: a federal holiday, seldom kept
        ("Mo-Fr 08:00-17:00", "2026-10-12 10:00", "open"),
        ("24/7; PH off", "2026-12-25 10:00", "closed"),
        ("PH 10:00-12:00", "2026-12-25 11:00", "open"),
        ("Mo-Fr 08:00-17:00; SH off", "2026-11-25 10:00", "unknown"),
        ('Mo-Fr 08:00-17:00 || "by appointment"', "2026-11-25 20:00", "unknown"),
        ('Mo-Fr 08:00-17:00 || "by appointment"', "2026-11-25 10:00", "open"),
        ('Mo-Fr 08:00-17:00 "ask || ring"', "2026-11-25 10:00", "unknown"),
        ("Mo-Fr 08:00-17:00 || Sa 10:00-12:00", "2026-11-28 11:00", "open"),
        ("Mo-Fr 18:00+", "2026-11-25 23:30", "unknown"),
        ("Mo-Fr 18:00+", "2026-11-26 02:00", "unknown"),
        ("Mo-Fr 18:00+", "2026-11-25 17:59", "closed"),
        ("Mo-Fr 08:00-17:00+", "2026-11-25 16:00", "open"),
        ("Mo-Fr 08:00-17:00+", "2026-11-25 18:00", "unknown"),
        ("Mo,We 22:00-06:00, Tu,Th 09:00-17:00", "2026-11-24 02:00", "open"),
        ("07:00-sunset", "2026-06-21 20:00", "unknown"),
    ],
)
def test_what_no_clock_tells_is_unknown(hours: str, when: str, state: str) -> None:
    assert at(hours, when) == state


def test_the_sun_is_that_of_the_place() -> None:
    """Sunset in Tulsa is about 20:42 on June 21 and 17:14 on December 21."""
    assert at("07:00-sunset", "2026-06-21 20:00", TULSA) == "open"
    assert at("07:00-sunset", "2026-12-21 18:30", TULSA) == "closed"
    assert at("sunset-23:00", "2026-12-21 17:30", TULSA) == "open"
    west = gpd.GeoSeries.from_xy([-122.3], [47.6], crs="EPSG:4326")
    assert at("07:00-sunset", "2026-06-21 21:00", TULSA) == "closed"
    assert at("07:00-sunset", "2026-06-21 21:00", west) == "open"  # 21:11 in Seattle


@pytest.mark.slow
def test_federal_holidays_and_the_days_on_which_they_are_observed() -> None:
    days = pd.date_range("2026-01-01", "2026-12-31")
    found = [f"{day:%m-%d}" for day in days if is_federal_holiday(day.date())]
    assert found == [
        *("01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "07-04", "09-07", "10-12", "11-11", "11-26", "12-25")
    ]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("M-F 8-5", "Mo-Fr 08:00-17:00"),
        ("Mon-Fri 9am-4pm", "Mo-Fr 09:00-16:00"),
        ("24 hours", "24/7"),
        ("24 hours a day, 7 days a week", "24/7"),
        ("24 hours Mon-Fri", "Mo-Fr 00:00-24:00"),
        ("open 6p-7a nightly", "Mo-Su 18:00-07:00"),
        ("weekdays 9-5", "Mo-Fr 09:00-17:00"),
        ("Monday through Friday, 8:00 a.m. to 5:00 p.m.", "Mo-Fr 08:00-17:00"),
        ("Mon–Fri 8-12, 1-5", "Mo-Fr 08:00-12:00,13:00-17:00"),
        ("Mon, Wed and Fri 9am-3pm; Tues & Thurs 10-2", "Mo,We,Fr 09:00-15:00, Tu,Th 10:00-14:00"),
        ("8am-5pm, Mon-Fri", "Mo-Fr 08:00-17:00"),
        ("Tu-Th 0900-1700", "Tu-Th 09:00-17:00"),
        ("Sat 10am-2pm, Sun closed", "Sa 10:00-14:00"),
        ("Mon-Fri 9-5 (closed holidays)", "Mo-Fr 09:00-17:00; PH off"),
        ("Mon-Fri 9-5 or by appointment", 'Mo-Fr 09:00-17:00 || "by appointment"'),
        ("noon-midnight daily", "Mo-Su 12:00-24:00"),
        ("Sun-Thu 9pm-6am", "Su-Th 21:00-06:00"),
        ("Thur 1-3pm", "Th 13:00-15:00"),
        *((text, None) for text in ("by appointment", "Mon-Fri 9-5 by appointment only", "9-5", "Mon-Fri", "M-F 8-10")),
        *(
            (text, None)
            for text in ("1st Tuesday 9-5", "Mon 9-5 Mon 10-6", "Walk-in Mon-Fri 9-5", "Mon-Fri 9-5 CST", "")
        ),
        *((text, None) for text in ("Mon-Fri 9-5, closed Mondays", "M-F 25-26", "Mon-Fri 12-5", "overnight stay")),
        *(
            (text, None)
            for text in ("nightly 7-6", "daily 7-7", "Mon-Fri 6-2", "Mon-Fri 9-12am", "M-F 8-5 closed 12-1")
        ),
    ],
)
def test_hours_as_people_write_them(text: str, reading: str | None) -> None:
    assert read_hours(text) == reading


@given(st.text(alphabet="MTWFSmonfriat 0123456789-:,;&apm/()", max_size=30))
def test_whatever_is_read_is_in_the_syntax(text: str) -> None:
    reading = read_hours(text)
    assert reading is None or readable(reading)


def test_a_reviewed_reading_counts_before_any_guess() -> None:
    timetable = pd.Series({"Mon-Fri 9am-5pm": "Mo-Fr 09:00-16:00", "open daily 8-5": None})
    texts = pd.Series(["Mon-Fri 9am-5pm", "open daily 8-5", "M-F 8-5", " "], index=list("abcd"))
    column = hours_column(texts, timetable)
    # the second was reviewed and gives no timetable, although it could be read
    assert column.to_dict() == {"a": "Mo-Fr 09:00-16:00", "b": None, "c": "Mo-Fr 08:00-17:00", "d": None}
