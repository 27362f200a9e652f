"""Each word once: categories of help, groups of people, who asks, states and notices, read from the packaged tables.

A new category is one row of ``categories.csv``, a new notice one row of ``terms.csv``: no module types their names. The
tables lie on the ground, so that every room may read them without opening the data room.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from kcgeo.errors import IntegrityError
from kcgeo.files import package_folder

__all__ = [
    "STATES",
    "Category",
    "Term",
    "categories",
    "groups",
    "notices",
    "shelter_like",
    "states",
    "who",
]

STATES = ("in_reach", "by_referral", "hours_unknown", "not_collected", "none")
"""What holds at a place for a category, a group and a time: exactly one; a code is the position in this tuple."""


@dataclass(frozen=True)
class Term:
    """A word of the product: as a heading (``label``) and inside a sentence (``phrase``), in English and Spanish."""

    key: str
    label: str
    phrase: str
    label_es: str
    phrase_es: str


@dataclass(frozen=True)
class Category(Term):
    """A category of help.

    ``plural`` names its sites; ``family`` is the symbol that it shares; ``shelter_like`` says that people sleep there,
    ``has_place`` that one goes there; ``taxonomy_codes`` are branches of the 211 taxonomy, where they are known.
    """

    plural: str
    family: str
    shelter_like: bool
    has_place: bool
    taxonomy_codes: tuple[str, ...]
    description: str


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return sorted(csv.DictReader(stream), key=lambda row: int(row["sequence"]))
    except (OSError, KeyError, ValueError) as error:
        raise IntegrityError(f"{path} cannot be read ({error}); restore it from the release.") from None


@lru_cache(maxsize=4)
def _categories(folder: Path) -> Mapping[str, Category]:
    found = {}
    for row in _rows(folder / "derived" / "categories.csv"):
        found[row["category"]] = Category(
            key=row["category"],
            label=row["title"],
            phrase=row["phrase"],
            label_es=row["title_es"],
            phrase_es=row["phrase_es"],
            plural=row["plural"],
            family=row["family"],
            shelter_like=row["shelter_like"] == "true",
            has_place=row["has_place"] == "true",
            taxonomy_codes=tuple(filter(None, row["taxonomy_codes"].split("|"))),
            description=row["description"],
        )
    return MappingProxyType(found)


@lru_cache(maxsize=4)
def _terms(folder: Path) -> Mapping[str, Mapping[str, Term]]:
    found: dict[str, dict[str, Term]] = {}
    for row in _rows(folder / "derived" / "terms.csv"):
        term = Term(row["term"], row["label"], row["phrase"], row["label_es"], row["phrase_es"])
        found.setdefault(row["term_kind"], {})[term.key] = term
    return MappingProxyType(found)


def categories() -> Mapping[str, Category]:
    """Return the categories of help by key, in the order in which they are shown.

    >>> categories()["forensic_exam"].phrase, categories()["counselling"].label
    ('a forensic exam', 'Counseling')
    """
    return _categories(package_folder())


def shelter_like() -> tuple[str, ...]:
    """Return the categories where people sleep: they fail closed."""
    return tuple(key for key, category in categories().items() if category.shelter_like)


def groups() -> Mapping[str, Term]:
    """Return the groups of people by the column that counts them; the first is everybody."""
    return _terms(package_folder())["group"]


def who() -> Mapping[str, Term]:
    """Return who may ask: ``anyone`` (services open to all), the groups, and ``any_listed`` (whomever they serve)."""
    return _terms(package_folder())["who"]


def states() -> Mapping[str, Term]:
    """Return the words of the :data:`STATES`."""
    return _terms(package_folder())["state"]


def notices() -> Mapping[str, Term]:
    """Return what must be said beside a number: ``label`` is the sentence, ``phrase`` the note.

    >>> notices()["lower_bound"].label
    'Lower bound: confidential services are not counted.'
    """
    return _terms(package_folder())["notice"]
