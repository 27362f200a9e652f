"""The same door: which rows of services stand at one place, however it is spelled.

Where one row at a door is hidden, another row that shows the door shows the hidden one. Every rule that closes or
refuses such rows asks this module, so that imports and the release gate can never disagree.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.spatial import cKDTree

from kcgeo.data.directory.closing.words import book_of_words

__all__ = ["NEAR_M", "plain_organization", "plain_text", "same_door", "street_of", "telephones"]

NEAR_M = 100.0
"""Two points at most this far apart count as one door, meters."""

_EARTH_M = 6_371_008.8
_SAME_SPELLING = 0.84  # of difflib: 'sorrel hollow' and 'sorrell holow' are one, 'sorrel hollow' and 'sorrel point' not
_STREETS = book_of_words()["streets"]
_ABBREVIATIONS = {**_STREETS["others"], **_STREETS["kinds"], **_STREETS["sides"]}
_KINDS, _SIDES = frozenset(_STREETS["kinds"].values()), frozenset(_STREETS["sides"].values())
_ROOM = re.compile(r"\(.*?\)|[,;]\s*|#|\b(?:suite|ste|floor|fl|room|rm|unit|apt|apartment|bldg|building|po box|box)\b")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?1\D{0,3})?(\d{3})\D{0,3}(\d{3})\D{0,3}(\d{4})(?!\d)")
_LEGAL_FORMS = frozenset(
    ("the", "inc", "incorporated", "llc", "ltd", "corp", "corporation", "co", "company", "nonprofit")
)
_TOLL_FREE = frozenset({"800", "822", "833", "844", "855", "866", "877", "888"})


def plain_text(text: str) -> str:
    """Return a text as it reads: compatibility letters folded, invisible characters gone, blanks single, case folded.

    >>> plain_text("12 E" + chr(0x200B) + "lm  " + chr(0xFF33) + "treet")
    '12 elm street'
    """
    folded = unicodedata.normalize("NFKC", text)
    return " ".join("".join(mark for mark in folded if unicodedata.category(mark) != "Cf").casefold().split())


def plain_organization(name: str) -> str:
    """Return the name of an organization without marks, article and legal form, to be compared with another spelling.

    >>> plain_organization("The Rose-Brooks House, Inc.") == plain_organization("ROSE BROOKS HOUSE")
    True
    """
    words = re.findall(r"[^\W_]+", re.sub(r"['\u2019]", "", plain_text(name)).replace("&", " and "))
    return " ".join(word for word in words if word not in _LEGAL_FORMS) or plain_text(name)


def telephones(text: object) -> frozenset[str]:
    """Return the ten digits of each telephone in a text; a toll-free number stands at no door and is left out.

    >>> sorted(telephones("(816) 555-0100 x12; +1 913.555.0101; 1-888-373-7888"))
    ['8165550100', '9135550101']
    """
    found = ("".join(parts) for parts in _TELEPHONE.findall(plain_text(text) if isinstance(text, str) else ""))
    return frozenset(number for number in found if number[:3] not in _TOLL_FREE)


def street_of(address: object) -> tuple[str, str, frozenset[str], frozenset[str]] | None:
    """Split an address into house number, name, kinds of street and sides; None where it has no number and name."""
    plain = re.sub(r"['\u2019]", "", plain_text(address).replace(".", " ")) if isinstance(address, str) else ""
    for part in _ROOM.split(plain):
        words = [_ABBREVIATIONS.get(word, word) for word in re.findall(r"[^\W_]+", part)]
        if len(words) > 1 and (number := re.match(r"\d+", words[0])):
            rest = words[1:]
            sides = _SIDES & {rest[0], rest[-1]}
            rest = [word for word in rest if word not in sides] or rest
            kinds = _KINDS & {rest[-1]} if len(rest) > 1 else frozenset[str]()
            name = " ".join(_ORDINAL.sub(r"\1", word) for word in (rest[:-1] if kinds else rest))
            return number[0], name, frozenset(kinds), frozenset(sides)
    return None


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two sets can mean the same: equal, or one of them says nothing."""
    return not one or not other or one == other


def _same_town(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two towns can be one: the same letters, much the same, or the initials of the other ('K.C.')."""
    if _agree(one, other):
        return True
    (first,), (second,) = ([re.findall(r"[^\W_]+", town) for town in towns] for towns in (one, other))
    joined = "".join(first), "".join(second)
    initials = "".join(word[0] for word in first), "".join(word[0] for word in second)
    return joined[0] in (joined[1], initials[1]) or joined[1] == initials[0] or _similar(*joined)


def _similar(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SAME_SPELLING


def _same_address(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    (_, name, kinds, sides), (_, other_name, other_kinds, other_sides) = one["street"], other["street"]
    if not (_agree(kinds, other_kinds) and _agree(sides, other_sides)):
        return False
    towns, codes = _same_town(one["city"], other["city"]), _agree(one["postal_code"], other["postal_code"])
    # a wrong town or a wrong ZIP is a slip; two of them are another place
    if not towns and (not codes or not (one["postal_code"] and other["postal_code"])):
        return False
    if re.findall(r"\d+", name) != re.findall(r"\d+", other_name):
        return False
    return _similar(name.replace(" ", ""), other_name.replace(" ", ""))


def _addressed(rows: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Give pairs of positions at one address."""
    if "physical_address" not in rows:
        return
    by_number: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, address in enumerate(rows["physical_address"]):
        if (street := street_of(address)) is not None:
            held: dict[str, Any] = {"street": street}
            for column, size in (("city", None), ("postal_code", 5)):
                value = rows[column].iloc[at] if column in rows else None
                held[column] = frozenset({plain_text(value)[:size]}) if isinstance(value, str) else frozenset()
            by_number.setdefault(street[0], []).append((at, held))
    for members in by_number.values():
        for (one, first), (other, second) in itertools.combinations(members, 2):
            if _same_address(first, second):
                yield one, other


def _near(rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Pairs of positions within :data:`NEAR_M`; the point of a ZIP code is no door."""
    if isinstance(rows, gpd.GeoDataFrame) and rows.active_geometry_name is not None:
        points = rows.geometry.where(rows.geometry.geom_type.eq("Point"))
        longitude, latitude = points.x.to_numpy(), points.y.to_numpy()
    elif {"longitude", "latitude"} <= set(rows.columns):
        longitude, latitude = (
            pd.to_numeric(rows[name], errors="coerce").to_numpy(float) for name in ("longitude", "latitude")
        )
    else:
        return np.empty((0, 2), dtype=np.intp)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if "coordinate_precision" in rows:
        known &= rows["coordinate_precision"].ne("zip").to_numpy()
    at = np.flatnonzero(known)
    east, north = np.radians(longitude[at]), np.radians(latitude[at])
    # chords through the earth: right on both sides of 180 degrees and as near as arcs at this size
    places = np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]) * _EARTH_M
    pairs: npt.NDArray[np.intp] = cKDTree(places).query_pairs(NEAR_M, output_type="ndarray") if len(at) else at[:0]
    return at[pairs].reshape(-1, 2)


def _sharing(keys: Iterable[Iterable[str]]) -> Iterator[tuple[int, int]]:
    """Give pairs of positions that hold one key."""
    first: dict[str, int] = {}
    for at, held in enumerate(keys):
        for key in held:
            yield first.setdefault(key, at), at


def same_door(rows: pd.DataFrame, *, by_telephone: bool = False) -> pd.Series[int]:
    """Give each row the number of its door: one address, points within 100 m, or one location id.

    Parameters
    ----------
    rows
        Services, as text with ``latitude`` and ``longitude`` or as a GeoDataFrame in EPSG:4326. Looked at where they
        are there: ``physical_address`` with ``city`` and ``postal_code`` (dirty spelling is one address), the point
        (unless ``coordinate_precision`` is ``zip``), ``site_id`` and ``location_id``.
    by_telephone
        Whether a shared ``phone`` joins rows too; toll-free numbers never do.

    Returns
    -------
    Series of int
        On the index of the rows, numbered by first appearance; a row that names no door stands alone.

    Examples
    --------
    >>> table = pd.DataFrame({"physical_address": ["7100 Sorrel Hollow Road", "7100 Sorrel Hollow Rd.", "8 Elm St"]})
    >>> same_door(table).tolist()
    [0, 0, 1]
    """
    pairs: list[Sequence[int]] = [*_addressed(rows), *_near(rows).tolist()]
    for column in ("site_id", "location_id"):
        if column in rows:
            pairs += _sharing([(plain_text(str(value)),) if not _blank(value) else () for value in rows[column]])
    if by_telephone and "phone" in rows:
        pairs += _sharing(telephones(value) for value in rows["phone"])
    joined = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    graph = sparse.coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(rows), len(rows)))
    labels = sparse.csgraph.connected_components(graph, directed=False)[1] if len(rows) else np.empty(0, dtype=np.intp)
    return pd.Series(pd.factorize(labels)[0], index=rows.index, name="door", dtype="int64")


def _blank(value: object) -> bool:
    return value is None or value != value or not str(value).strip()
