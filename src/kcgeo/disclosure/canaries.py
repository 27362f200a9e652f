"""Canaries: invented hidden services whose every spelling is looked for in what was published.

A position is looked for as a pair of numbers near each other, both ways round, in degrees (at every rounding from three
decimals on), in the metric CRS and in web Mercator, as text and as binary numbers of eight and four bytes; and as
geohash, plus code and H3 cell. Names and telephones are looked for in any case and with any separators.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

import h3
import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from kcgeo.crs import STORAGE

__all__ = ["Canary", "found_in"]

Floats = npt.NDArray[np.float64]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WINDOW = 6
_METRES = 1.5
_DEGREES = 2e-4
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
_PLUS = "23456789CFGHJMPQRVWX"


@dataclass(frozen=True)
class Canary:
    """An invented hidden service: a position, and words (names, addresses, ids) and phones that must not be found."""

    name: str
    longitude: float | None = None
    latitude: float | None = None
    words: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    crs: tuple[str, ...] = ("EPSG:3857",)

    @cache  # noqa: B019 (a record that never changes)
    def positions(self) -> dict[str, tuple[float, float]]:
        """Return the position in each coordinate system, that of its UTM zone among them."""
        if self.longitude is None or self.latitude is None:
            return {}
        found = {STORAGE: (self.longitude, self.latitude)}
        zone = int((self.longitude + 180) // 6) % 60 + 1
        utm = f"EPSG:{26900 + zone}" if zone <= 23 else f"EPSG:{32600 + zone}"  # NAD83 in North America
        for crs in (utm, *self.crs):
            found[crs] = Transformer.from_crs(STORAGE, crs, always_xy=True).transform(self.longitude, self.latitude)
        return found

    @cache  # noqa: B019 (a record that never changes)
    def codes(self) -> dict[str, str]:
        """Return the position as texts: geohash of 7, plus code of 10, H3 cells finer than those of a surface."""
        if self.longitude is None or self.latitude is None:
            return {}
        cells = {f"H3 {size}": h3.latlng_to_cell(self.latitude, self.longitude, size) for size in range(9, 16)}
        plus = _plus_code(self.longitude, self.latitude)
        return {"geohash": _geohash(self.longitude, self.latitude), "plus code": plus, **cells}


def _geohash(longitude: float, latitude: float, *, length: int = 7) -> str:
    """Interleave the halvings of longitude and latitude, five to a letter.

    >>> _geohash(-5.60302734375, 42.60498046875, length=5)
    'ezs42'
    """
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    letters, bits = "", 0
    for number in range(length * 5):
        span, value = ranges[number % 2], (longitude, latitude)[number % 2]
        middle = (span[0] + span[1]) / 2
        upper = value >= middle
        span[0 if upper else 1] = middle
        bits = bits * 2 + upper
        if number % 5 == 4:
            letters, bits = letters + _GEOHASH[bits], 0
    return letters


def _plus_code(longitude: float, latitude: float) -> str:
    """Return the Open Location Code of ten digits without its plus sign's suffix cut.

    >>> _plus_code(8.524997, 47.365590)
    '8FVC9G8F+6X'
    """
    north, east = round((latitude + 90) * 8000 - 0.5), round((longitude + 180) * 8000 - 0.5)
    digits = []
    for _ in range(5):
        digits += [_PLUS[east % 20], _PLUS[north % 20]]
        north, east = north // 20, east // 20
    code = "".join(reversed(digits))
    return f"{code[:8]}+{code[8:]}"


def _decimals(number: str) -> int:
    return len(number.partition(".")[2]) if "e" not in number.lower() else 8


@dataclass(frozen=True)
class _Numbers:
    """All numbers of a text in their order, with the value of a unit of their last digit."""

    values: npt.NDArray[np.float64]
    unit: npt.NDArray[np.float64]

    @classmethod
    def of(cls, text: str) -> _Numbers:
        numbers = [number for number in _NUMBER.findall(text) if len(number) < 40]
        return cls(
            np.array([float(number) for number in numbers]),
            np.array([10.0 ** -min(_decimals(number), 8) for number in numbers]) * 1.000001,
        )


def _text_pairs(numbers: _Numbers, canary: Canary) -> Iterator[str]:
    """Find two numbers within six of each other that are the position, each to its own rounding or cut."""
    values, unit = numbers.values, numbers.unit
    for crs, (x, y) in canary.positions().items():
        geographic = crs == STORAGE
        fine = unit <= 1.1e-3 if geographic else np.ones(len(values), dtype=bool)
        room = np.minimum(unit, 1e-3) if geographic else np.maximum(unit, _METRES)
        near_x, near_y = (np.flatnonzero(fine & (np.abs(values - value) <= room)) for value in (x, y))
        if _adjacent(near_x, near_y, _WINDOW):
            yield f"{crs} as text"


def _adjacent(one: npt.NDArray[np.intp], other: npt.NDArray[np.intp], window: int) -> bool:
    if not len(one) or not len(other):
        return False
    place = np.searchsorted(other, one)
    gaps = [np.abs(one - other[np.clip(place + step, 0, len(other) - 1)]) for step in (-1, 0)]
    return bool(np.min(gaps) <= window)


def _hull(birds: Sequence[Canary], axis: int) -> dict[str, tuple[float, float]]:
    """Range of the positions of all canaries on one axis, by coordinate system."""
    found: dict[str, list[float]] = {}
    for bird in birds:
        for crs, position in bird.positions().items():
            found.setdefault(crs, []).append(position[axis])
    return {crs: (min(values), max(values)) for crs, values in found.items()}


def _room(crs: str, size: int) -> float:
    """How far a binary number may lie from the position; four bytes hold a metre or so."""
    return (_DEGREES / 20 if crs == STORAGE else _METRES / 10) * (1 if size == 8 else 20)


def _binary_numbers(content: bytes, birds: Sequence[Canary]) -> dict[str, tuple[npt.NDArray[np.intp], Floats]]:
    """Return place and value of the binary numbers (eight or four bytes, either order, any offset) near any canary."""
    ranges = [(crs, *span) for axis in (0, 1) for crs, span in _hull(birds, axis).items()]
    found = {}
    for kind in ("<f8", ">f8", "<f4", ">f4"):
        size = int(kind[2])
        places, kept = [], []
        for offset in range(min(size, len(content))):
            values = np.frombuffer(content, dtype=kind, count=(len(content) - offset) // size, offset=offset)
            near = np.zeros(len(values), dtype=bool)
            with np.errstate(invalid="ignore"):
                for crs, low, high in ranges:
                    near |= (values >= low - _room(crs, size)) & (values <= high + _room(crs, size))
            hits = np.flatnonzero(near)
            places.append(hits * size + offset)
            kept.append(values[hits].astype(float))
        if places:
            where = np.concatenate(places)
            order = np.argsort(where, kind="stable")
            found[kind] = (where[order], np.concatenate(kept)[order])
    return found


def _binary_pairs(numbers: dict[str, tuple[npt.NDArray[np.intp], Floats]], canary: Canary) -> Iterator[str]:
    for kind, (places, values) in numbers.items():
        size = int(kind[2])
        for crs, position in canary.positions().items():
            near_x, near_y = (places[np.abs(values - value) <= _room(crs, size)] for value in position)
            if _adjacent(near_x, near_y, _WINDOW * size):
                yield f"{crs} as {kind}"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _word_forms(text: str) -> Iterator[str]:
    yield _plain(text)
    for opened in (
        html.unescape(text),
        unquote(text),
        re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text),
    ):
        if opened != text:
            yield _plain(opened)
    if "<" in text:
        yield _plain(re.sub(r"<[^>]*>", "", html.unescape(text)))  # a word split over tags


def _words(content: bytes, text: str, forms: Sequence[str], bare: str, canary: Canary) -> Iterator[str]:
    for number, word in enumerate(canary.words):
        plain = _plain(word)
        wide = any(spelled in content for spelled in (word.encode("utf-16-le"), word.encode("utf-16-be")))
        if wide or any(plain in form for form in forms):
            yield f"word {number}"
    for number, phone in enumerate(canary.phones):
        digits = [character for character in phone if character.isdigit()]
        if not digits or "".join(digits) not in bare:
            continue  # quick: most texts do not hold these digits in this order at all
        if re.search(r"(?<!\d)(?:\+?1\D{0,3})?" + r"\D{0,3}".join(digits) + r"(?!\d)", text):
            yield f"phone {number}"
    for name, code in canary.codes().items():
        if code.casefold() in forms[0] or code.replace("+", "%2b").casefold() in forms[0]:
            yield name


def found_in(content: bytes, canaries: Iterable[Canary]) -> list[tuple[str, str]]:
    """Return (canary, form) for each canary that stands in a block of bytes.

    >>> found_in(b'{"at": [39.12345, -94.54321]}', [Canary("c", -94.543211, 39.123452)])
    [('c', 'EPSG:4326 as text')]
    """
    text = content.decode("utf-8", errors="replace")
    binary = "\ufffd" in text or "\0" in text
    numbers, forms = _Numbers.of(text), list(_word_forms(text))
    bare = re.sub(r"\D+", "", text)
    birds, found = tuple(canaries), []
    shapes = _binary_numbers(content, birds) if binary else {}
    for canary in birds:
        signs = [*_text_pairs(numbers, canary), *_words(content, text, forms, bare, canary)]
        signs += _binary_pairs(shapes, canary)
        found += [(canary.name, sign) for sign in dict.fromkeys(signs)]
    return found
