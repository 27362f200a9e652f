"""Placing addresses on this machine: along the address ranges of streets that a study was given, sent nowhere.

A street of TIGER/Line has for each side the numbers at its two ends. A house is put where its number falls between
them, some metres off to its side: exact to about a block. What is not surely found is not placed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import usaddress

from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["MATCHES", "AddressRanges", "load_ranges", "locate_addresses", "save_ranges", "street_key"]

MATCHES = (
    "number and street",
    "number and street, without direction",
    "number and street, without direction and kind of street",
    "no number in the ranges of the street",
    "no such street in the ZIP code",
    "no street address",
)
"""How a row was matched; the first three have a point."""

ASIDE_M = 12.0
"""A house stands this far from the middle of its street."""

_M_PER_DEGREE = 111_320.0
_END = 0.03  # a house at the end of a range does not stand on the crossing
_DIRECTIONS = {"north": "n", "south": "s", "east": "e", "west": "w"} | {
    f"{a}{gap}{b}": f"{a[0]}{b[0]}" for a in ("north", "south") for b in ("east", "west") for gap in ("", " ")
}
_KINDS = {
    **{"street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct"},
    **{"boulevard": "blvd", "place": "pl", "circle": "cir", "parkway": "pkwy", "terrace": "ter", "highway": "hwy"},
    **{"trail": "trl", "square": "sq", "trafficway": "trfy", "plaza": "plz", "crossing": "xing", "expressway": "expy"},
    **{"freeway": "fwy", "turnpike": "tpke", "alley": "aly", "cove": "cv", "route": "rte", "point": "pt"},
    **{name: name for name in ("way", "loop", "row", "run", "path", "pass")},
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS = (
    _DIRECTIONS
    | _KINDS
    | {name: f"{n}{('st', 'nd', 'rd')[n - 1] if n < 4 else 'th'}" for n, name in enumerate(_ORDINALS, 1)}
)
_SHORT_DIRECTIONS = set(_DIRECTIONS.values())
_SHORT_KINDS = set(_KINDS.values())


@dataclass(frozen=True, eq=False)
class AddressRanges:
    """Sides of streets with house numbers, one row each; ``line_xy`` runs from the first to the last number.

    ``street`` is a key (:func:`street_key`), ``zip`` five digits, ``left`` whether the houses stand left of the line,
    ``step`` 1 where all numbers count and 2 where the odd or the even ones do.
    """

    street: npt.NDArray[np.str_]
    zip: npt.NDArray[np.str_]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    step: npt.NDArray[np.int8]
    left: npt.NDArray[np.bool_]
    line_at: npt.NDArray[np.int64]
    line_xy: npt.NDArray[np.float64]


def save_ranges(ranges: AddressRanges, path: Path) -> int:
    """Write the layer ``addresses`` and return the number of sides."""
    with path.open("wb") as stream:
        np.savez_compressed(stream, **{item.name: getattr(ranges, item.name) for item in fields(ranges)})
    return len(ranges.street)


def load_ranges(study: Study) -> AddressRanges | None:
    """Read the address ranges of a study; None where it has none."""
    layer = study.layer("addresses")
    if layer is None:
        return None
    with np.load(checked_layer(layer), allow_pickle=False) as content:
        return AddressRanges(**{item.name: content[item.name] for item in fields(AddressRanges)})


@lru_cache(maxsize=200_000)
def street_key(name: str) -> str:
    """Return a street's name in one spelling.

    >>> street_key("West 39th Street"), street_key("W. 39th St"), street_key("Fifth Ave.")
    ('w 39th st', 'w 39th st', '5th ave')
    """
    words = re.sub(r"[^a-z0-9 ]", " ", name.casefold().replace("'", "").replace(".", "")).split()
    return " ".join(_WORDS.get(word, word) for word in words)


def _bare(key: str, *, kind: bool) -> str:
    """Return a key without directions, and without the kind of street; never without a name."""
    words = [word for word in key.split() if word not in _SHORT_DIRECTIONS] or key.split()
    kept = [word for word in words if word not in _SHORT_KINDS] if kind else words
    return " ".join(kept or words)


def _parsed(line: str) -> tuple[int, str]:
    """Return house number and street key of an address line; 0 where it has none."""
    tokens = usaddress.parse(line)
    number = next((text for text, label in tokens if label == "AddressNumber"), "")
    digits = re.match(r"\d{1,6}", number)
    street = " ".join(text for text, label in tokens if label.startswith("StreetName"))
    crossing = any(label.startswith(("Intersection", "Second", "USPSBox")) for _, label in tokens)
    return (int(digits[0]), street_key(street)) if digits and street and not crossing else (0, "")


def locate_addresses(rows: pd.DataFrame, ranges: AddressRanges) -> pd.DataFrame:
    """Place address lines along the ranges of their streets.

    Parameters
    ----------
    rows
        ``physical_address`` and ``postal_code`` (five digits) as text; take rows that must stay hidden out before.
    ranges
        The study's layer ``addresses``.

    Returns
    -------
    DataFrame
        Index of ``rows``: ``longitude, latitude`` (EPSG:4326, NaN where not placed), ``match`` (one of
        :data:`MATCHES`) and ``street`` as it was read. Two streets that fit equally well place nothing.

    Raises
    ------
    TableError
        A column is missing.
    """
    if missing := [name for name in ("physical_address", "postal_code") if name not in rows]:
        raise TableError(f"The addresses have no column {first_ids(missing)}.")
    read = [_parsed(line) for line in rows["physical_address"].fillna("").astype("str")]
    asked = pd.DataFrame(read, columns=["number", "street"]).assign(
        row=np.arange(len(rows)), zip=rows["postal_code"].fillna("").astype("str").str[:5].to_numpy()
    )
    known = pd.DataFrame(
        {"street": ranges.street, "zip": ranges.zip, "low": np.minimum(ranges.first, ranges.last)}
        | {"high": np.maximum(ranges.first, ranges.last), "step": ranges.step, "side": np.arange(len(ranges.street))}
    )
    match = np.full(len(rows), 5 if not len(rows) else 4)
    match[asked["number"].to_numpy() == 0] = 5
    side = np.full(len(rows), -1)
    for level, short in enumerate(
        (lambda key: key, lambda key: _bare(key, kind=False), lambda key: _bare(key, kind=True))
    ):
        open_ = asked[(side < 0) & (match != 5)]
        pairs = open_.assign(key=open_["street"].map(short)).merge(
            known.assign(key=known["street"].map(short)), on=["key", "zip"], suffixes=("", "_known")
        )
        match[pairs["row"].to_numpy()] = 3
        fits = pairs[pairs["number"].between(pairs["low"], pairs["high"])]
        fits = fits[(fits["number"] - fits["low"]) % fits["step"] == 0]
        fits = fits[fits.groupby("row")["street_known"].transform("nunique") == 1]
        best = fits.assign(span=fits["high"] - fits["low"]).sort_values(["row", "span", "side"]).drop_duplicates("row")
        side[best["row"].to_numpy()] = best["side"].to_numpy()
        match[best["row"].to_numpy()] = level
    lon_lat = _points(ranges, side, asked["number"].to_numpy())
    return pd.DataFrame(
        {"longitude": lon_lat[:, 0], "latitude": lon_lat[:, 1], "match": np.array(MATCHES)[match]}
        | {"street": asked["street"].to_numpy()},
        index=rows.index,
    )


def _points(
    ranges: AddressRanges, side: npt.NDArray[np.intp], number: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Interpolate along the sides; a house stands aside of its street, as seen along the rising vertices."""
    lon_lat = np.full((len(side), 2), np.nan)
    for row in np.flatnonzero(side >= 0):
        at = side[row]
        xy = ranges.line_xy[ranges.line_at[at] : ranges.line_at[at + 1]]
        metres = np.array([_M_PER_DEGREE * np.cos(np.radians(xy[0, 1])), _M_PER_DEGREE])
        line = shapely.LineString((xy - xy[0]) * metres)
        whole = ranges.last[at] - ranges.first[at]
        share = 0.5 if whole == 0 else (number[row] - ranges.first[at]) / whole
        along = line.length * min(max(float(share), _END), 1 - _END)
        spot, ahead = (
            shapely.get_coordinates(line.interpolate(min(along + step, line.length)))[0] for step in (0.0, 1.0)
        )
        behind = shapely.get_coordinates(line.interpolate(max(along - 1.0, 0.0)))[0]
        east, north = (ahead - behind) / np.hypot(*(ahead - behind))
        aside = np.array([-north, east]) * (ASIDE_M if ranges.left[at] else -ASIDE_M)
        lon_lat[row] = xy[0] + (spot + aside) / metres
    return lon_lat.round(6)
