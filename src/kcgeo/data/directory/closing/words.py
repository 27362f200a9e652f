"""The words of lists of services: names of columns, categories, groups, states, and words that tell of a hidden place.

They lie in ``words.toml`` beside this file. Text is folded before it is searched, so that accents, capital letters,
letters of another script that look the same, digits in place of letters and marks that nobody sees hide nothing.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd

from kcgeo.data.package.catalogue import describe
from kcgeo.data.study.region import packaged

__all__ = [
    "book_of_words",
    "category_words",
    "column_of",
    "columns_of_services",
    "folded",
    "known_words",
    "matches",
    "nearest",
    "plain_name",
    "says_nothing",
    "simple_name",
    "state_words",
    "without_marks",
    "words_of",
]

_EXTRA = ("ages", "point", "location_id")
"""Columns of theirs that are read for several of ours, or for the door only."""
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнтαεορτυχικνβηɑıⅼоΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТХЅІЈ",
    "aeopcyxijshdqwbkmhtaeoptuxiknbhailoabezhikmnoptyxabekmhopctxsij",
)
_ODD = re.compile(r"[^\x00-\x7f]|[a-z][0-9]|[0-9][a-z]|[$@!]")
_SPACED = re.compile(r"\b(?:\w[ .*_-]){3,}\w\b")
_DIGIT_LETTERS = str.maketrans("013457$@!", "oleastsai")


@lru_cache(maxsize=1)
def book_of_words() -> dict[str, Any]:
    """Return ``words.toml``: names of columns, words, patterns, streets."""
    text = resources.files("kcgeo.data.directory.closing").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def columns_of_services() -> list[str]:
    """Return the columns of the directory in their order."""
    return [item["name"] for item in describe("services")["fields"]]


def plain_name(text: object) -> str:
    """Return a column's name in small letters with single blanks, words that were run together apart.

    >>> plain_name("PhysicalAddressIsPrivate"), plain_name(" Zip_Code "), plain_name("PostalCODE")
    ('physical address is private', 'zip code', 'postal code')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", without_marks(str(text)))
    return " ".join(re.sub(r"[_\s.:*?]+", " ", apart).casefold().split())


@lru_cache(maxsize=1)
def _column_names() -> dict[str, str]:
    known = {_tight(name): name for name in (*columns_of_services(), *_EXTRA)}
    for column, names in book_of_words()["columns"].items():
        for name in names:
            known.setdefault(_tight(name), column)
    return known


def _tight(name: str) -> str:
    bare = "".join(mark for mark in unicodedata.normalize("NFD", plain_name(name)) if not unicodedata.combining(mark))
    return re.sub(r"[^a-z0-9#+]", "", bare)


def column_of(name: object) -> str | None:
    """Return which column of ours a name of theirs means, or None; also ``ages``, ``point`` and ``location_id``.

    >>> column_of("Zip Code"), column_of("Agency"), column_of("Lat"), column_of("Board")
    ('postal_code', 'organization_name', 'latitude', None)
    """
    return _column_names().get(_tight(str(name))) or _axis(str(name))


def _axis(name: str) -> str | None:
    """Read a name that says latitude or longitude and of what ("Site Lat", "decimalLongitude", "GPS X")."""
    axes = book_of_words()["axes"]
    words = set(re.findall(r"[a-z]+", plain_name(name))) - set(axes["of_what"])
    found = [axis for axis in ("latitude", "longitude") if words and words <= set(axes[axis])]
    return found[0] if len(found) == 1 else None


def words_of(column: str) -> dict[str, str]:
    """Return their words for a column, in small letters, and ours."""
    return dict(book_of_words()["values"].get(column, {}))


@lru_cache(maxsize=1)
def category_words() -> dict[str, str]:
    """Return every known word for a category, in small letters, and ours: names, titles, US spelling, usual words."""
    kinds = packaged("categories")
    known: dict[str, str] = {}
    for name, title in zip(kinds["category"], kinds["title"], strict=True):
        for word in (name, name.replace("_", " "), str(title).casefold(), str(title).casefold().replace("-", " ")):
            known[word] = name
            known[word.replace("counsell", "counsel").replace("centre", "center").replace("programme", "program")] = (
                name
            )
    return known | words_of("service_categories")


@lru_cache(maxsize=1)
def state_words() -> dict[str, str]:
    """Return names, codes and usual abbreviations of states in small letters, and their two letters."""
    table = packaged("states")
    codes = {str(code).casefold(): str(code) for code in table["state"]}
    return (
        dict(book_of_words()["states"])
        | {str(name).casefold(): str(code) for name, code in table[["name", "state"]].to_numpy()}
        | codes
    )


@lru_cache(maxsize=10_000)
def simple_name(text: str) -> str:
    """Return a word for a category without remarks, plural and words such as "services" that say nothing of the kind.

    >>> simple_name("Counseling Services"), simple_name("Forensic exams (SANE)"), simple_name("24-hour hotline")
    ('counseling', 'forensic exam', 'hotline')
    """
    bare = re.sub(r"[^\w'&]+|_", " ", re.sub(r"\(.*?\)|24\s?/\s?7", " ", text.casefold()))
    idle = book_of_words()["idle"]["service_categories"]
    words = [word[:-1] if re.fullmatch(r"\w{3,}[^s]s", word) else word for word in bare.split()]
    return " ".join(word for word in words if word not in idle)


def says_nothing(text: str) -> bool:
    """Say whether a cell holds no more than "N/A", "none", "TBD"."""
    return text.casefold().strip(" .") in book_of_words()["idle"]["cells"]


def nearest(word: str, known: Collection[str]) -> str:
    """Return the known word that is spelled most like this one; empty where none is near."""
    found = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.7)
    return found[0] if found else ""


def without_marks(text: str) -> str:
    """Return a text without characters that are not seen: control characters, zero-width and direction marks."""
    return "".join(
        mark if unicodedata.category(mark) not in ("Cc", "Cf") else " " if mark in "\t\n\r\v\f" else "" for mark in text
    )


def folded(text: str) -> str:
    """Return what a text looks like to a reader, for searching: see the head of the module.

    >>> {folded(text).split()[0] for text in ("SHЕLTER", "She1ter", "S h e l t e r")} == {"shelter"}
    True
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        bare = text.casefold()
    else:
        seen = unicodedata.normalize("NFKC", without_marks(text)).casefold()
        bare = "".join(mark for mark in unicodedata.normalize("NFD", seen) if unicodedata.category(mark) != "Mn")
        bare = bare.replace("đ", "d").replace("ø", "o").replace("’", "'")
    alike = re.sub(r"\S+", lambda found: _word(found[0]), bare) if _ODD.search(bare) else bare
    alike = _SPACED.sub(lambda found: re.sub(r"[ .*_-]", "", found[0]), alike)
    # words of other scripts are searched as they stand
    return alike if alike == bare or bare.isascii() else f"{alike}\n{bare}"


def _word(word: str) -> str:
    changed = word.translate(_LOOK_ALIKE)
    word = changed if changed.isascii() or any("a" <= mark <= "z" for mark in word) else word
    letters, digits = (sum(test(mark) for mark in word) for test in (str.isalpha, str.isdigit))
    mixed = len(word) > 3 and letters > digits > 0
    return word.translate(_DIGIT_LETTERS) if mixed or "$" in word or "@" in word else word


@lru_cache(maxsize=8)
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(book_of_words()["patterns"][kind]), re.MULTILINE)


def matches(texts: Iterable[str] | pd.Series, kind: str) -> list[bool]:
    """Say of each text, once folded, whether a pattern of a kind is in it.

    >>> matches(["North Hospital", "Safe  Stay"], "sleeping"), matches(["Legal Aid", "Quetzal"], "public")
    ([False, True], [True, False])
    """
    pattern = _pattern(kind)
    return [bool(text) and bool(pattern.search(folded(str(text)))) for text in texts]


def known_words(column: str) -> Mapping[str, str]:
    """Return all words that a column of ours takes, in small letters, and ours."""
    if column == "service_categories":
        return category_words()
    if column == "state":
        return state_words()
    field = next(item for item in describe("services")["fields"] if item["name"] == column)
    own = {str(word).casefold(): str(word) for word in field.get("constraints", {}).get("enum", ())}
    return own | words_of(column)
