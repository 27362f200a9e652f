"""Places as people write them in one cell: points in many notations, and addresses with town, state and ZIP code."""

from __future__ import annotations

import re
from functools import lru_cache

import shapely

from kcgeo.data.directory.closing.words import state_words
from kcgeo.data.study.region import packaged

__all__ = ["degrees_of", "point_of", "split_address", "state_of", "states_of_zips"]

_DECIMAL = r"(-?\d{1,3}\.\d+)\s*°?\s*([NSEW])?"
_PAIR = re.compile(rf"\(?\s*{_DECIMAL}\s*[,;\s]\s*{_DECIMAL}\s*\)?\s*$", re.IGNORECASE)
_LON_LAT = (
    re.compile(r"POINT\s*Z?M?\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)", re.IGNORECASE),
    re.compile(r'"coordinates"\s*:\s*\[\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)'),
)
_LINK = re.compile(r"[@=/](-?\d{1,3}\.\d+),\s*(-?\d{1,3}\.\d+)")
_WKB = re.compile(r"(?:00|01)[0-9A-F]{40,}", re.IGNORECASE)
_AXIS_WORDS = re.compile(r"\b(?:lat|lon|lng|long|latitude|longitude|[xy])\b\s*[:=]?", re.IGNORECASE)
_ONE_SIDE = re.compile(r"([NSEW])?\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW])?", re.IGNORECASE)
_DEGREES = re.compile(
    r"([NSEW-])?\s*(\d{1,3})\s*(?:°|º|d|deg|\s)\s*(\d{1,2}(?:\.\d+)?)\s*(?:['′’m]|\s)?\s*"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|s)?)?\s*([NSEW])?",
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"[\s,;]+(?:U\.?S\.?A?\.?|United States(?: of America)?)$", re.IGNORECASE)
_ZIP = re.compile(r"[\s,;/(-]+(\d{5})(?:-?\d{4})?\)?$")
_BETWEEN = re.compile(r"[\s,;/()|]+|\s-\s")


def point_of(text: str) -> tuple[str, str, str] | None:
    """Read a point in one cell: a pair of degrees in either order, well-known text or bytes, GeoJSON, a map's link.

    Returns
    -------
    tuple or None
        Latitude and longitude as text, and what stands before them (an address); None where it is no point.

    Examples
    --------
    >>> point_of("POINT (-95.99 36.142)"), point_of("1 Example St (36.142, -95.99)"), point_of("downtown")
    (('36.142', '-95.99', ''), ('36.142', '-95.99', '1 Example St'), None)
    """
    for pattern in _LON_LAT:
        if found := pattern.search(text):
            return found[2], found[1], ""
    if _WKB.fullmatch(text):
        try:
            point = shapely.centroid(shapely.from_wkb(text))
        except shapely.errors.ShapelyError:
            return None
        return None if point.is_empty else (repr(point.y), repr(point.x), "")
    if found := _LINK.search(text):
        return (*_ordered(found[1], None, found[2], None), "")
    if found := _PAIR.search(bare := " ".join(_AXIS_WORDS.sub(" ", text).split())):
        return (*_ordered(*found.groups()), bare[: found.start()].strip(" ,"))
    halves = re.fullmatch(r"(.*[NS])[\s,;]+(.*[EW])", text.strip(), re.IGNORECASE)
    sides = [degrees_of(half.strip()) for half in halves.groups()] if halves else []
    return (sides[0], sides[1], "") if len(sides) == 2 and sides[0] and sides[1] else None


def _ordered(one: str, side: str | None, other: str, other_side: str | None) -> tuple[str, str]:
    """Return latitude and longitude of a pair; in America the longitude is the negative or the larger one."""
    first, second = (
        float(text) * (-1 if (mark or "").upper() in ("S", "W") and not text.startswith("-") else 1)
        for text, mark in ((one, side), (other, other_side))
    )
    swapped = (side or "").upper() in ("E", "W") or (not side and (first < -60 or abs(first) > 90))
    return (repr(second), repr(first)) if swapped else (repr(first), repr(second))


def degrees_of(text: str) -> str | None:
    r"""Read degrees with minutes and seconds, or with a side of the world.

    >>> degrees_of("36°08'31\"N"), degrees_of("95.99° W"), degrees_of("36.1")
    ('36.141944', '-95.99', None)
    """
    if simple := _ONE_SIDE.fullmatch(text):
        side = (simple[1] or simple[3] or "").upper()
        number = float(simple[2]) * (-1 if side in ("S", "W") and not simple[2].startswith("-") else 1)
        return repr(number) if side or "°" in text else None
    found = _DEGREES.fullmatch(text)
    if not found or float(found[3]) >= 60 or float(found[4] or 0) >= 60:
        return None
    side = (found[5] or found[1] or "").upper()
    size = int(found[2]) + float(found[3]) / 60 + float(found[4] or 0) / 3600
    return repr(round(-size if side in ("S", "W", "-") else size, 6))


@lru_cache(maxsize=1)
def states_of_zips() -> dict[str, str]:
    """Return the state of each packaged ZIP code."""
    table = packaged("places_us")
    return dict(zip(table["place_id"].str[-5:], table["state"], strict=True))


def state_of(text: str) -> str | None:
    """Return the two letters of a state however it is written: "Okla.", "O.K.", "US-OK", "Oklahoma (OK)".

    >>> state_of("okla."), state_of("Oklahoma (OK)"), state_of("US-OK"), state_of("Tulsa")
    ('OK', 'OK', 'OK', None)
    """
    known, plain = state_words(), " ".join(text.replace(".", "").split()).casefold()
    apart = re.sub(r"^us[- ]|\s*\(.*\)$", "", plain)
    return known.get(plain) or known.get(apart)


def split_address(text: str, state: str = "") -> tuple[str, str, str, str] | None:
    """Split "100 Example Ave, Tulsa, OK 74119" into street, town, state and ZIP code; None where no state ends it.

    Parameters
    ----------
    text
        An address in any of its usual spellings, with commas or without, or a town with its state.
    state
        Two letters that the row names elsewhere.

    Examples
    --------
    >>> split_address("100 Example Ave Tulsa OK 74119-1234"), split_address("Broken Arrow (OK)")
    (('100 Example Ave', 'Tulsa', 'OK', '74119'), ('', 'Broken Arrow', 'OK', ''))
    >>> split_address("100 Example Ct 74119") is None  # no state: Connecticut has no such ZIP code
    True
    """
    rest = _COUNTRY.sub("", text.strip())
    code = found[1] if (found := _ZIP.search(rest)) else ""
    rest = rest[: found.start()] if found else rest
    words = [word for word in _BETWEEN.split(rest) if word]
    for count in (3, 2, 1):
        tail = " ".join(words[-count:])
        known = state_of(tail) if len(words) > count else None
        if known is None or (state and known != state):
            continue
        last = r"\W+".join(map(re.escape, words[-count:]))
        before = re.sub(rf"{last}\W*$", "", rest)
        comma = bool(re.search(r"[,;/(|-]\s*$", before))
        # "100 Example Ct": two letters that end a street are a state only where the ZIP code or a comma says so
        if not comma and not (states_of_zips().get(code) == known or (not re.search(r"\d", before) and tail.isupper())):
            continue
        street, town = _street_and_town(before.strip(" ,;/(|-"), known)
        return street, town, known, code
    return None


def _street_and_town(text: str, state: str) -> tuple[str, str]:
    street, comma, town = text.rpartition(",")
    if comma or not re.search(r"\d", text):
        return street.strip(), town.strip()
    words = text.split()
    towns = _towns().get(state, frozenset())
    for count in (3, 2, 1):
        if len(words) > count and " ".join(words[-count:]).casefold() in towns:
            return " ".join(words[:-count]), " ".join(words[-count:])
    return text, ""


@lru_cache(maxsize=1)
def _towns() -> dict[str, frozenset[str]]:
    table = packaged("cities_us")
    return {state: frozenset(names.str.casefold()) for state, names in table.groupby("state")["name"]}
