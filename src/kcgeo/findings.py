"""What is said, bound to what was computed: a finding carries its number, its parameters and its sentence.

Titles, alternative texts, slide notes, pages, terminal lines and notebook answers take their numbers from findings and
from nowhere else. The sentences stand in ``sentences.toml``: one template a key, form and language, whose fields are
written by the formats below, so that a number looks the same wherever it is said.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

from babel.lists import format_list
from babel.numbers import format_decimal

from kcgeo.errors import KcgeoError
from kcgeo.terms import categories, who

__all__ = ["LANGUAGES", "Finding", "sentences", "written"]

LANGUAGES = {"en": "en_US", "es": "es_US"}
"""Languages of the public pages, and the locale that writes their numbers."""


@dataclass(frozen=True)
class Finding:
    """One number that may be said, with all that must be said with it.

    Attributes
    ----------
    key
        What was computed, e.g. ``lack_any``; names the sentences.
    value, low, high
        The number and the range of the draws; ``None`` where no range was computed.
    of
        The whole that ``value`` is a part of; ``None`` where it is no part.
    about
        Parameters: ``cutoff_min``, ``who``, ``when``, ``area``, ``category`` and what else the key needs.
    notices, sources
        What must stand beside the number, and where it comes from.

    Examples
    --------
    >>> about = {"cutoff_min": 30, "kinds_count": 6, "area": "the metro"}
    >>> lack = Finding("lack_any", 404_600, of=2_304_806, about=about)
    >>> lack.say()
    '400,000 people in the metro (18%) lack at least one of 6 kinds of help within 30 minutes by car'
    """

    key: str
    value: float
    low: float | None = None
    high: float | None = None
    of: float | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The part of the whole, 0 to 1; NaN where there is no whole."""
        return self.value / self.of if self.of else math.nan

    def say(self, form: str = "title", language: str = "en") -> str:
        """Return the sentence of this finding in one form and language.

        Raises
        ------
        KcgeoError
            For a key, form, language or field that has no sentence; nothing is said in part.
        """
        forms = sentences().get(self.key, {})
        template = forms.get(form, {}).get(language)
        if template is None:
            raise KcgeoError(f"sentences.toml has no sentence '{self.key}.{form}.{language}'; write it there.")
        named = {"value": self.value, "low": self.low, "high": self.high, "of": self.of, "share": self.share}
        try:
            return _Writer(language).vformat(template, (), {**self.about, **named})
        except (KeyError, TypeError) as error:
            raise KcgeoError(f"The finding '{self.key}' cannot fill its sentence '{form}': {error}.") from None


@lru_cache(maxsize=1)
def sentences() -> dict[str, dict[str, dict[str, str]]]:
    """All sentences: key -> form -> language -> template."""
    return tomllib.loads(files("kcgeo").joinpath("sentences.toml").read_text(encoding="utf-8"))


def _people(value: float, locale: str) -> str:
    """Two figures that count, since a model says no more."""
    if value >= 1e6:
        return format_decimal(round(value / 1e6, 1), locale=locale) + (
            " million" if locale[:2] == "en" else " millones"
        )
    digits = max(len(str(int(value))) - 2, 0)
    return str(format_decimal(round(value / 10**digits) * 10**digits, locale=locale))


def _percent(share: float, locale: str) -> str:
    """Whole percent; never rounded up to 100 nor down to 0."""
    if 0 < share < 0.01:
        return "under 1%" if locale[:2] == "en" else "menos del 1%"
    return f"{99 if 0.99 < share < 1 else round(share * 100)}%"


def _one_in(share: float, locale: str) -> str:
    """Share as "n of 100"; never rounded up to 100 nor down to 0."""
    count = min(max(round(share * 100), 1 if share > 0 else 0), 99 if share < 1 else 100)
    return f"{count} of 100" if locale[:2] == "en" else f"{count} de cada 100"


def _phrase(category: str, locale: str) -> str:
    """Name a category inside a sentence."""
    term = categories()[category]
    return term.phrase if locale[:2] == "en" else term.phrase_es


def _who(key: str, locale: str) -> str:
    """Say whom a service is open to."""
    term = who()[key]
    return term.phrase if locale[:2] == "en" else term.phrase_es


_OFFICES = {
    "en": {
        "case_management": "a case-management office",
        "counselling": "a counseling office",
        "law_enforcement": "a law-enforcement office",
    },
    "es": {
        "case_management": "una oficina de manejo de casos",
        "counselling": "una oficina de consejería",
        "law_enforcement": "una oficina de policía",
    },
}


def _goal(category: str, locale: str) -> str:
    """Name what one drives to: an office, not the work that is done there."""
    return _OFFICES[locale[:2]].get(category) or _phrase(category, locale)


def _area(name: str, locale: str) -> str:
    """Name an area inside a sentence: a county, or a metro as studies are titled."""
    stem, _, kind = name.removeprefix("the ").rpartition(" ")
    if locale[:2] == "en":
        return f"the {stem} metro" if kind == "metro" and stem else name
    if kind == "metro":
        return f"el área metropolitana de {stem}" if stem else "el área metropolitana"
    return f"el condado de {stem}" if kind == "County" else name


_FORMATS: Mapping[str, Callable[[Any, str], str]] = {
    "people": _people,
    "percent": _percent,
    "one_in": _one_in,
    "count": lambda value, locale: str(format_decimal(round(value), locale=locale)),
    "minutes": lambda value, locale: str(format_decimal(value, format="0.#", locale=locale)),
    "rate": lambda value, locale: str(format_decimal(float(f"{value:.2g}"), format="#,##0.######", locale=locale)),
    "miles": lambda value, locale: str(format_decimal(value, format="0.#", locale=locale)),
    "category": _phrase,
    "area": _area,
    "goal": _goal,
    "who": _who,
    "list": lambda value, locale: str(format_list(list(value), locale=locale)),
}


def written(value: Any, style: str, language: str = "en") -> str:
    """Write one value as the sentences do.

    ``style`` is one of people, percent, one_in, count, minutes, rate, miles, category, goal, area, who, list.

    >>> written(1_234_567, "people"), written(0.996, "percent"), written(84_321, "people"), written(0, "percent")
    ('1.2 million', '99%', '84,000', '0%')
    """
    if style not in _FORMATS:
        raise KcgeoError(f"'{style}' is no way to write a value; use one of {', '.join(_FORMATS)}.")
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise KcgeoError(f"An unknown number cannot be written as '{style}': say that it is unknown.")
    return _FORMATS[style](value, LANGUAGES[language])


_PLURAL = re.compile(r"(?P<one>[^|]*)\|(?P<many>[^|]*)")


class _Writer(Formatter):
    """Fills a template: ``{value:people}`` writes a number, ``{count:place|places}`` chooses a word by a number."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        choice = _PLURAL.fullmatch(format_spec)
        if choice:
            return choice["one"] if value == 1 else choice["many"]
        return str(value) if not format_spec else written(value, format_spec, self._language)
