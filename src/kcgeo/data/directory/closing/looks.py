"""Does a column or a text look like a place? Names and contents that never leave outside an exact row.

The words of a refusal name the column and the row, never the text that was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

__all__ = ["column_name_looks_like_place", "numbers_look_like_place", "safe_name", "text_looks_like_place"]

_PLACE_WORDS = (
    *("lat", "lon", "lng", "latitude", "longitude", "x", "y", "xy", "lonlat", "latlon", "easting", "northing", "utm"),
    *("coord", "coords", "coordinate", "coordinates", "point", "points", "geom", "wkt", "wkb", "geojson", "geocode"),
    *("address", "addresses", "street", "intersection", "landmark", "postal", "postcode", "zip", "zipcode", "zip4"),
    *("geohash", "pluscode", "olc", "what3words", "w3w", "mgrs", "gps", "position", "location", "parcel", "apn"),
)
_NAME = re.compile(r"(?:^|_)(?:" + "|".join(_PLACE_WORDS) + r")(?:_|$)")

_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Parkway|Pkwy|Highway|Hwy|Terrace|Ter|"
    "Trafficway|Trfy|Circle|Cir|Plaza|Broadway"
)
_TEXTS = (
    # house number, up to four capitalised words, a street word
    re.compile(rf"\b\d{{1,6}}[A-Za-z]?\s+(?:[A-Z0-9][\w.'-]*\s+){{0,4}}(?:{_STREET}|Place|Pl|Way)\b"),
    re.compile(r"\bp\.?\s?o\.?\s+box\s+\d+", re.IGNORECASE),
    # a pair of decimal degrees, in either order
    re.compile(r"-?\d{1,3}\.\d{3,}\s*°?\s*[NSEW]?\s*[,;/ ]\s*-?\d{1,3}\.\d{3,}"),
    re.compile(r"\b\d{1,3}\s*°\s*\d{1,2}\s*['′]"),
    # an Open Location Code, whole or short
    re.compile(r"\b(?:[23456789CFGHJMPQRVWX]{8}|[23456789CFGHJMPQRVWX]{4,6})\+[23456789CFGHJMPQRVWX]{2,7}(?!\w)"),
    re.compile(r"\b(?:POINT|LINESTRING|POLYGON)\s*Z?\s*\(", re.IGNORECASE),
)
_STRICT_TEXTS = (
    re.compile(rf"\b\d{{1,6}}[a-z]?\s+(?:[\w.'-]+\s+){{0,4}}(?:{_STREET})\b", re.IGNORECASE),
    re.compile(r"-?\d{1,3}\.\d{3,}"),  # one decimal degree is one too many
    re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[0-9b-hjkmnp-z]{5,12}\b"),  # a geohash
    re.compile(r"\b[\w'-]+\.[a-z']+\.[a-z']+\b(?<!org)(?<!com)(?<!gov)(?<!edu)(?<!net)"),  # three words
    re.compile(r"(?<![\d-])\d{5}(?:-\d{4})?(?![\d-])"),  # a ZIP code
)
_PLAIN_NAME = re.compile(r"[a-z][a-z_]{0,39}")


def column_name_looks_like_place(name: str) -> bool:
    """Say whether a column's name announces an address, a postcode or a position.

    >>> column_name_looks_like_place("shelter_lat"), column_name_looks_like_place("poverty_count")
    (True, False)
    """
    return bool(_NAME.search(name.strip().lower().replace("-", "_").replace(" ", "_")))


def text_looks_like_place(text: str, *, strict: bool = False) -> bool:
    """Say whether a text holds a street address, a PO box, degrees, WKT or a plus code.

    ``strict`` is for rows below exact level: a ZIP code, a geohash, a single decimal degree and an address in any
    case count too.

    >>> text_looks_like_place("call 12 Example Street"), text_looks_like_place("call the hotline")
    (True, False)
    """
    return any(pattern.search(text) for pattern in (*_TEXTS, *(_STRICT_TEXTS if strict else ())))


def numbers_look_like_place(values: Iterable[float]) -> bool:
    """Say whether a whole column of fractions lies where western longitudes or metric northings lie."""
    array = np.asarray(pd.Series(list(values), dtype="float64").dropna())
    if array.size == 0 or not np.any(array != np.round(array)):
        return False
    longitudes = bool(np.all((array < -60) & (array > -180)))
    northings = bool(np.all((array > 2.5e6) & (array < 9.4e6)))
    return longitudes or northings


def safe_name(column: object, position: int) -> str:
    """Name a column for a message: its own name where that is plain lower case, else its position."""
    text = str(column)
    return f"'{text}'" if _PLAIN_NAME.fullmatch(text) else f"number {position + 1}"
