"""Plain words for what the tables hold, the same in every figure, page and slide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

import pandas as pd

from kcgeo import terms
from kcgeo.errors import TableError
from kcgeo.findings import written

__all__ = [
    "CATEGORY",
    "HOTLINE",
    "LISTED_ONLY",
    "LOWER_BOUND",
    "MODEL",
    "ODBL",
    "QUICK_EXIT",
    "SAFE_BROWSING",
    "SAMPLE",
    "TRUST",
    "category_label",
    "counted",
    "listed",
    "moment",
    "nearest_phrase",
    "one_in",
    "percent",
    "phone_pieces",
    "record_age",
    "short_percent",
    "text_of",
    "thousands",
]

CATEGORY = MappingProxyType({key: (term.label, term.phrase) for key, term in terms.categories().items()})

MODEL = terms.notices()["model"].label
LISTED_ONLY = terms.notices()["listed_only"].label
LOWER_BOUND = terms.notices()["lower_bound"].label
SAMPLE = terms.notices()["sample"].label
"""Begins the source of an invented service directory; figures and pages that find it there say it aloud."""
ODBL = terms.notices()["roads"].label
SAFE_BROWSING = (
    "This page sends nothing and stores nothing on your device. Your browser may still list it among visited pages. "
    "If somebody may look at your device, use one that they cannot reach."
)
QUICK_EXIT = '<a class="quit" href="https://www.weather.gov/" rel="noreferrer noopener">Leave this page</a>'
TRUST = (
    "Times come from a free-flow model: no congestion, no buses, no winter. They are by car only.",
    "Confidential services are not counted: coverage is a lower bound. Where one serves an area, the maps say: call.",
    "A listed service is not an open bed. Call before you send anyone; the age of each record stands beside it.",
    "Reports are not how much there is. A blank, a zero and a small number are three things.",
    "No map shows victims, suspects or venues, and none can be used to find a shelter.",
)
HOTLINE = "the national hotline, 1-888-373-7888"


def category_label(category: str) -> str:
    """Heading of a category, e.g. ``Forensic exam``.

    Raises
    ------
    TableError
        For a category that is none of ours.
    """
    if category not in CATEGORY:
        raise TableError(f"'{category}' is not a service category; use one of {', '.join(sorted(CATEGORY))}.")
    return CATEGORY[category][0]


def nearest_phrase(category: str) -> str:
    """Category inside a sentence on a way to it, with its article: ``a forensic exam``, ``a counseling office``."""
    category_label(category)
    return written(category, "goal")


def percent(share: float) -> str:
    """Share (0..1) as whole percent; never rounded up to 100 nor down to 0.

    >>> percent(0.996), percent(0.002), percent(0.5), percent(1.0)
    ('99%', 'under 1%', '50%', '100%')
    """
    return written(share, "percent") if share == share else "unknown"  # NaN is no number that could be said


def short_percent(share: float) -> str:
    """Share (0..1) in percent for a column headed so; never rounded up to 100 nor down to 0.

    >>> short_percent(0.996), short_percent(0.002), short_percent(0.5)
    ('>99', '<1', '50')
    """
    if 0 < share < 0.01:
        return "<1"
    if 0.99 < share < 1:
        return ">99"
    return f"{share * 100:.0f}"


def one_in(share: float) -> str:
    """Share (0..1) as "n of 100".

    >>> one_in(0.834)
    '83 of 100'
    """
    return written(share, "one_in")


def record_age(services: pd.DataFrame) -> str:
    """Say how old the records of some services are, and how many say nothing.

    >>> record_age(pd.DataFrame({"verified_on": [2019.0, 2023.0, None, 2018.0]}))
    'Records: median year 2019; 1 of 4 undated.'
    """
    years = (
        pd.to_numeric(services["verified_on"], errors="coerce") if "verified_on" in services else pd.Series(dtype=float)
    )
    undated = len(services) - int(years.notna().sum())
    if years.notna().sum() == 0:
        return f"Records: none of {len(services)} is dated." if len(services) else ""
    return f"Records: median year {years.median():.0f}; {undated} of {len(services)} undated."


_PHONE = re.compile(r"(?:1-)?(?:\(\d{3}\) ?|\d{3}-)\d{3}-\d{4}")


def phone_pieces(text: str) -> list[tuple[str, str]]:
    """Cut a text with telephone numbers into pieces: words as they stand, and the number to call or nothing.

    A text of three digits is a number of its own (988, 211).

    >>> phone_pieces("(816) 555-0101 (days); 816-555-0102")
    [('(816) 555-0101', '8165550101'), (' (days); ', ''), ('816-555-0102', '8165550102')]
    >>> phone_pieces("988")
    [('988', '988')]
    """
    if re.fullmatch(r"\d{3}", text):
        return [(text, text)]
    pieces, at = [], 0
    for found in _PHONE.finditer(text):
        if found.start() > at:
            pieces.append((text[at : found.start()], ""))
        pieces.append((found.group(), re.sub(r"\D", "", found.group())))
        at = found.end()
    if at < len(text):
        pieces.append((text[at:], ""))
    return pieces


def moment(key: str) -> str:
    """Name a time of the week as people say it.

    >>> moment("weeknight 02:00"), moment("weekday noon"), moment("weekday 14:30")
    ('weeknight 2 a.m.', 'weekday noon', 'weekday 2:30 p.m.')
    """
    return re.sub(r"\b(\d\d):(\d\d)\b", _clock, key)


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), found[2]
    return f"{hour % 12 or 12}{'' if minute == '00' else f':{minute}'} {'a.m.' if hour < 12 else 'p.m.'}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun.

    >>> counted(1, "place"), counted(3, "kind of help", "kinds of help")
    ('1 place', '3 kinds of help')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence.

    >>> listed(["Ohio"]), listed(["Ohio", "Iowa", "Utah"])
    ('Ohio', 'Ohio, Iowa and Utah')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def text_of(value: object) -> str:
    """Text of a cell; empty where it is missing."""
    return "" if value is None or (isinstance(value, float) and pd.isna(value)) else str(value)


def thousands(count: float) -> str:
    """Count of people rounded to what a model can say: two figures that count, with separators.

    >>> thousands(1234567), thousands(84321), thousands(321)
    ('1.2 million', '84,000', '320')
    """
    return written(count, "people")
