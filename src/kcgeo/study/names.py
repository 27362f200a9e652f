"""Words that people use for kinds of help, groups and routes, and what they mean here; a near miss is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from kcgeo import terms
from kcgeo.data.study.names import folded, route_name
from kcgeo.errors import StudyError

__all__ = ["category_named", "group_named", "route_named"]


def category_named(text: str) -> str:
    """Return the category that a word means: its key, its heading, or a part that only one has.

    Raises
    ------
    StudyError
        No category, or several; the nearest are proposed.

    >>> category_named("Emergency Shelter"), category_named("counseling"), category_named("exam")
    ('emergency_shelter', 'counselling', 'forensic_exam')
    """
    names = {
        key: (key.replace("_", " "), term.label, term.phrase, term.plural, term.label_es)
        for key, term in terms.categories().items()
    }
    return _meant(text, names, "category")


def group_named(text: str) -> str:
    """Return who asks, as services know it; ``any_listed`` for everybody, whomever a service is for.

    >>> group_named("women"), group_named("lgbtq"), group_named("everyone")
    ('adult women', 'LGBTQ', 'any_listed')
    """
    names: dict[str, tuple[str, ...]] = {
        key: (key.replace("_", " "), term.label, term.phrase) for key, term in terms.who().items()
    }
    names["any_listed"] = (*names["any_listed"], "anybody", "everybody", "everyone", "all")
    return _meant(text, names, "group")


def route_named(text: str) -> str:
    """Return a route as the tables name it.

    >>> route_named("i35"), route_named("Interstate 70")
    ('I-35', 'I-70')
    """
    return route_name(text) or text


def _meant(text: str, names: Mapping[str, tuple[str, ...]], what: str) -> str:
    wanted = folded(str(text).replace("_", " "))
    spelled = {folded(word): key for key, words in names.items() for word in words}
    if wanted in spelled:
        return spelled[wanted]
    inside = {key for word, key in spelled.items() if wanted and wanted in word}
    if len(inside) == 1:
        return inside.pop()
    near = [spelled[word] for word in get_close_matches(wanted, spelled, n=3, cutoff=0.6)] or sorted(inside)
    hint = f"did you mean {' or '.join(dict.fromkeys(near))}? " if near else ""
    raise StudyError(f"There is no {what} '{text}'; {hint}choose from {', '.join(names)}.")
