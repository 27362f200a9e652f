"""Disclosure levels of services: what a row may hold at each level, and which rows are closed for want of a basis.

============ ============================================= ==================================
level        the row may hold                              the public sees
============ ============================================= ==================================
``exact``    address and point, with a disclosure basis    the place
``area``     name, category, hotline, an approved area     words and hatching for the area
``withheld`` id, category, level, reason                   nothing
============ ============================================= ==================================

A shelter-like row without a basis is withheld, whatever level it asks for (it fails closed). Everything else that does
not fit is refused. Messages name rows by id and never repeat what stands in them.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import Any

import pandas as pd

from kcgeo import terms
from kcgeo.data.directory.closing.area_texts import approved_names, is_telephone, narrows_the_place
from kcgeo.data.directory.closing.authorisations import authorisations
from kcgeo.data.directory.closing.looks import text_looks_like_place
from kcgeo.errors import first_ids

__all__ = ["LEVELS", "SHELTER_LIKE", "close_levels", "closing", "level_problems", "shelter_rows"]

LEVELS = ("exact", "area", "withheld")
SHELTER_LIKE = terms.shelter_like()

_ID = "service_id"
_OF_WITHHELD = (_ID, "service_categories", "categories", "disclosure", "disclosure_basis")
# Columns that hold a place or lie finer than an area of 100,000 people; text columns that are searched for one.
_PLACE_COLUMNS = ("physical_address", "city", "county", "postal_code", "latitude", "longitude", "geometry", "site_id")
_OTHER_PLACE_COLUMNS = ("geohash", "plus_code", "address", "zip", "x", "y", "wkt")
_STRICT_TEXTS = ("area", "service_area", "hours", "eligibility")
_NAMES = ("organization_name", "service_name")  # held to a form at area level, searched on withheld rows
_TEXTS = (
    *("note", "evidence", "url", "coordinate_source", "disclosure_basis", "phone"),
    *("languages", "cost", "accessibility", "required_documents"),
)


_FORM = {
    column: f"The {column} of rows of level area reads like a place: {{ids}}; write a short name without town, street, "
    "number or direction, or record who approved the name in a file of authorisations."
    for column in ("organization_name", "service_name")
} | {"phone": "The phone of rows of level area is no telephone number: {ids}; write it like 816-555-0100."}


def _blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if value is None:
        return True
    if isinstance(value, list | tuple | set | frozenset):
        return not value
    if hasattr(value, "is_empty"):
        return bool(value.is_empty)
    return bool(pd.isna(value))  # type: ignore[call-overload]


def _filled(rows: pd.DataFrame, column: str) -> pd.Series[bool]:
    if column not in rows:
        return pd.Series(False, index=rows.index)
    return pd.Series([not _blank(value) for value in rows[column]], index=rows.index, dtype=bool)


def _category_sets(rows: pd.DataFrame) -> list[frozenset[str]]:
    column = "categories" if "categories" in rows else "service_categories"
    return [
        frozenset(part.strip() for part in (value.split("|") if isinstance(value, str) else value or ()))
        if not (isinstance(value, float) and pd.isna(value))
        else frozenset()
        for value in rows[column]
    ]


def shelter_rows(rows: pd.DataFrame, shelter_like: Iterable[str]) -> pd.Series[bool]:
    """Say which rows hold a category where people sleep."""
    closed = frozenset(shelter_like)
    return pd.Series([bool(names & closed) for names in _category_sets(rows)], index=rows.index, dtype=bool)


def closing(rows: pd.DataFrame, shelter_like: Iterable[str]) -> pd.Series[bool]:
    """Say which rows fail closed: shelter-like, level exact or none, no basis."""
    open_level = pd.Series([_blank(value) or value == "exact" for value in rows["disclosure"]], index=rows.index)
    return shelter_rows(rows, shelter_like) & open_level & ~_filled(rows, "disclosure_basis")


def close_levels(services: pd.DataFrame, *, shelter_like: Iterable[str] = SHELTER_LIKE) -> pd.DataFrame:
    """Return a copy in which withheld rows hold id, categories, level and reason only; run it after the checks.

    A shelter-like row of level ``exact``, or of none, without a basis becomes ``withheld`` here.

    Parameters
    ----------
    services
        Rows as read, with ``service_id``, ``disclosure``, ``disclosure_basis`` and ``categories`` (a sequence) or
        ``service_categories`` (joined by "|").
    shelter_like
        Categories that fail closed.
    """
    rows = _with_levels(services)
    rows["disclosure"] = rows["disclosure"].astype("object").mask(closing(rows, shelter_like), "withheld")
    hidden = rows["disclosure"].eq("withheld")
    for column in rows.columns:
        if column not in _OF_WITHHELD and hidden.any():
            rows[column] = rows[column].where(~hidden, None)
    return rows


def _with_levels(services: pd.DataFrame) -> pd.DataFrame:
    """Return a copy that has the two columns of the level, blank where the file had none."""
    rows = services.copy()
    for column in ("disclosure", "disclosure_basis"):
        if column not in rows:
            rows[column] = pd.Series([None] * len(rows), index=rows.index, dtype="object")
    return rows


def _malformed(rows: pd.DataFrame) -> list[str]:
    ids, problems = rows[_ID], []
    level, basis = rows["disclosure"], _filled(rows, "disclosure_basis")
    blank = ~_filled(rows, "disclosure")
    unknown = ~blank & ~level.isin(LEVELS)
    if unknown.any():
        problems.append(
            f"The level of these rows is not one of {', '.join(LEVELS)} (lower case): {first_ids(ids[unknown])}."
        )
    if (blank & basis).any():
        problems.append(f"These rows have a basis and no level: {first_ids(ids[blank & basis])}; write the level.")
    if (blank & ~basis).any():
        problems.append(f"These rows have no level: {first_ids(ids[blank & ~basis])}; write exact, area or withheld.")
    bare = level.eq("exact") & ~basis
    if bare.any():
        problems.append(
            f"These rows are exact without a disclosure_basis: {first_ids(ids[bare])}; say why the place is public."
        )
    return problems


def _hidden_place_problems(rows: pd.DataFrame, level: str, approved: Collection[str]) -> list[str]:
    """Collect what a row below exact level holds of a place.

    What a row at area level publishes is held to a form (:mod:`kcgeo.data.directory.closing.area_texts`); the rest
    is searched.
    """
    at = rows[rows["disclosure"].eq(level)]
    ids, problems = at[_ID], []
    for column in (*_PLACE_COLUMNS, *_OTHER_PLACE_COLUMNS):
        if (held := _filled(at, column)).any():
            problems.append(
                f"Rows of level {level} hold a {column}: {first_ids(ids[held])}; remove it, "
                "a row of this level holds no place."
            )
    searched = _STRICT_TEXTS if level == "area" else (*_NAMES, *_STRICT_TEXTS)
    for columns, strict in ((searched, True), (_TEXTS, False)):
        for column in (column for column in columns if column in at):
            found = at[column].map(
                lambda value, s=strict: isinstance(value, str) and text_looks_like_place(value, strict=s)
            )
            if found.any():
                problems.append(f"The {column} of rows of level {level} reads like a place: {first_ids(ids[found])}.")
    if level == "area":
        formed = {
            "organization_name": lambda text: narrows_the_place(text, approved=approved),
            "service_name": lambda text: narrows_the_place(text, approved=approved),
            "phone": lambda text: not is_telephone(text),
        }
        for column, is_wrong in formed.items():
            bad = (
                at[column].map(lambda value, f=is_wrong: isinstance(value, str) and bool(value.strip()) and f(value))
                if column in at
                else pd.Series(False, index=at.index)
            )
            if bad.any():
                problems.append(_FORM[column].format(ids=first_ids(ids[bad])))
    return problems


def _area_problems(rows: pd.DataFrame, areas: Collection[str]) -> list[str]:
    problems = []
    ids, area = rows[_ID], rows["area"] if "area" in rows else pd.Series([None] * len(rows), index=rows.index)
    at_area = rows["disclosure"].eq("area")
    unknown = at_area & ~area.isin(areas)
    if unknown.any():
        problems.append(
            f"Rows of level area need one of the approved areas: {first_ids(ids[unknown])}; "
            f"there are {', '.join(sorted({str(one) for one in areas})[:12])}."
        )
    elsewhere = ~at_area & _filled(rows, "area")
    if elsewhere.any():
        problems.append(f"Rows of another level name an area: {first_ids(ids[elsewhere])}; only level area has one.")
    return problems


def _key(row: tuple[Any, ...]) -> Hashable:
    return tuple(" ".join(str(part).casefold().split()) for part in row)


def _contradictions(rows: pd.DataFrame) -> list[str]:
    """Collect ids that stand at two levels: one id twice, or one name of one organisation twice."""
    problems = []
    for columns in ((_ID,), ("organization_name", "service_name")):
        if not set(columns) <= set(rows.columns):
            continue
        named = rows[[all(not _blank(value) for value in row) for row in rows[list(columns)].itertuples(index=False)]]
        keys = [_key(row) for row in named[list(columns)].itertuples(index=False, name=None)]
        levels: dict[Hashable, set[str]] = {}
        for key, level in zip(keys, named["disclosure"], strict=True):
            levels.setdefault(key, set()).add(str(level))
        both = [identity for key, identity in zip(keys, named[_ID], strict=True) if len(levels[key]) > 1]
        if both:
            what = "id" if columns == (_ID,) else "organisation and name"
            problems.append(f"Rows with one {what} stand at two levels: {first_ids(both)}; keep the more careful one.")
    return problems


def level_problems(
    services: pd.DataFrame,
    *,
    areas: Collection[str],
    shelter_like: Iterable[str] = SHELTER_LIKE,
    approved: Collection[str] | None = None,
) -> list[str]:
    """Collect one sentence for each broken rule of the levels, on the rows as read (before :func:`close_levels`).

    Parameters
    ----------
    services
        Rows with ``service_id`` and categories; other columns of the directory are checked where they are present.
    areas
        Names of the approved areas.
    shelter_like
        Categories that fail closed: their rows without a basis are not refused, they will be withheld.

    approved
        Texts that a record lets through on a row at area level; those of the packaged records where not given.

    Returns
    -------
    list of str
        Sentences with row ids and column names, never a value. Empty where all rows fit.

    >>> rows = pd.DataFrame({"service_id": ["s1"], "categories": [("legal",)], "disclosure": ["area"],
    ...                      "area": ["North"], "postal_code": ["64000"]})
    >>> level_problems(rows, areas=["North"])[0][:42]
    'Rows of level area hold a postal_code: s1;'
    """
    rows = _with_levels(services)
    closes = closing(rows, shelter_like)
    kept = rows[~closes]
    problems = _malformed(kept)
    names = approved_names(authorisations()) if approved is None else approved
    for level in ("area", "withheld"):
        problems += _hidden_place_problems(kept, level, names)
    rows["disclosure"] = rows["disclosure"].astype("object").mask(closes, "withheld")
    return problems + _area_problems(kept, areas) + _contradictions(rows)
