"""Which rows of a list are hidden, before anything else is done with them. In doubt a row is.

A row is hidden if a column of the source says so, if a word anywhere in it does, if people sleep there, or if it shares
its door with a hidden row; an organisation with a hidden row opens another place by an operator's word for that row
only. Of rows for which an operator vouches all at once, only those of a kind that is positively public open.
"""

from __future__ import annotations

import re

import pandas as pd

from kcgeo.data.directory.closing.levels import shelter_rows
from kcgeo.data.directory.closing.words import column_of, folded, matches, plain_name
from kcgeo.data.study.region import packaged

__all__ = [
    "confidential_rows",
    "flag_columns",
    "flagged_rows",
    "has_place",
    "one_organization",
    "public_rows",
    "sleeping_rows",
    "speaking_rows",
]

_NAME_LENGTH = 80  # letters of a name; a longer line is a description
_PLACE = ("physical_address", "city", "postal_code", "latitude", "longitude")
_NAMES = ("service_name", "organization_name", "told")
_PUBLISHED = ("organization_name", "service_name", "hours", "phone", "physical_address", "city", "eligibility", "url")
_ABOUT_PLACE = ("service_area", "coordinate_source")
_QUIET = ("note", "evidence", "url", "coordinate_source", "disclosure", "disclosure_basis", "verified_on", "area")
_NO = {"", "no", "n", "false", "f", "0", "none", "never", "off", "na", "n/a", "not confidential", "not private", "-"}
_NO |= {"public", "open", "visible", "published", "listed", "exact", "unrestricted", "everyone", "anyone", "shown"}
_YES = {"yes", "y", "true", "t", "1", "x", "public", "visible", "published", "listed", "exact", "open", "everyone"}
_YES |= {"anyone", "all", "always", "shown", "ok", "okay", "on", "unrestricted", "web", "full", "allowed", "si"}
_PHONE = re.compile(r"\b(?:phones?|telephone|tel|fax|e-?mail|voice|cell|number)\b")
_PLACE_NAME = re.compile(r"\b(?:address|location|site|place|record|street|map)\b")


def flag_columns(table: pd.DataFrame) -> dict[str, bool]:
    """Return the columns of a list whose name speaks of who may see what, and whether truth in them closes.

    >>> flag_columns(pd.DataFrame(columns=["PhysicalAddressIsPrivate", "Display on web", "Public transit", "Phone"]))
    {'PhysicalAddressIsPrivate': True, 'Display on web': False}
    """
    found = {}
    for name in table.columns:
        if column_of(name) is not None or name == "told":
            continue
        plain = plain_name(name)
        opens, closes = matches([plain], "opening_flag")[0], matches([plain], "closing_flag")[0]
        if closes or opens:
            negated = bool(re.search(r"\b(?:not|non|no|never|without)\b", plain))
            found[str(name)] = closes or negated
    return found


def flagged_rows(table: pd.DataFrame, ignored: frozenset[str] = frozenset()) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Say which rows a column of the source hides, which it shows, and of which it hides the telephone alone.

    A value that says neither yes nor no hides; so does a blank where other rows say yes to being shown.
    """
    hidden = pd.Series(False, index=table.index)
    phone, shown = hidden.copy(), hidden.copy()
    for name, closes in flag_columns(table).items():
        if name in ignored:
            continue
        values = table[name].map(lambda text: " ".join(folded(str(text)).split()).rstrip("."))
        values = values.where(~values.str.fullmatch(r"[01]\.0"), values.str[:1])
        says = ~values.isin(_NO) if closes else ~values.isin(_YES)
        plain = plain_name(name)
        only_phone = bool(_PHONE.search(plain)) and not _PLACE_NAME.search(plain)
        if only_phone:
            phone |= says
        else:
            hidden |= says
            shown |= ~says & values.ne("")
    return hidden, shown & ~hidden, phone


def has_place(rows: pd.DataFrame) -> pd.Series:
    """Say which rows hold anything of a place."""
    held = [rows[column].ne("") for column in _PLACE if column in rows]
    return pd.concat(held, axis=1).any(axis=1) if held else pd.Series(False, index=rows.index)


def confidential_rows(texts: pd.DataFrame, vouched: pd.Series) -> pd.Series:
    """Say which rows hold a word of confidentiality in any text; of vouched rows remarks and sources do not count."""
    loud = [name for name in texts.columns if name not in _QUIET]
    said = pd.Series(matches(_joined(texts[loud]), "confidential"), index=texts.index)
    quiet = [name for name in texts.columns if name in _QUIET]
    return said | (~vouched & pd.Series(matches(_joined(texts[quiet]), "confidential"), index=texts.index))


def speaking_rows(rows: pd.DataFrame) -> pd.Series:
    """Say which rows with a place speak, in a text that would be published, of one that must not be known.

    Of where its point comes from and of whom it serves, a row may not say that people sleep there either.

    >>> rows = pd.DataFrame({"service_name": ["Confidential hotline", "Advocacy"], "latitude": [None, 39.1],
    ...                      "hours": [None, "ask at the safe house"]})
    >>> speaking_rows(rows).tolist()
    [False, True]
    """
    placed = pd.Series(False, index=rows.index)
    for column in (name for name in (*_PLACE, "geometry") if name in rows):
        placed |= rows[column].map(lambda value: not (value is None or value != value or value == "")).astype(bool)
    found = pd.Series(False, index=rows.index)
    for columns, kinds in ((_PUBLISHED, ("confidential",)), (_ABOUT_PLACE, ("confidential", "sleeping_text"))):
        for column in (name for name in columns if name in rows):
            texts = [text if isinstance(text, str) else "" for text in rows[column]]
            for kind in kinds:
                found |= pd.Series(matches(texts, kind), index=rows.index)
    return found & placed


def _joined(texts: pd.DataFrame) -> list[str]:
    return ["\n".join(filter(None, row)) for row in texts.itertuples(index=False, name=None)]


def sleeping_rows(rows: pd.DataFrame, texts: pd.DataFrame, vouched: pd.Series) -> pd.Series:
    """Say where people sleep: by category, by beds, by hours, by name, by what the source writes of it.

    Of vouched rows categories, beds and hours count; of the others every text does.
    """
    kinds = packaged("categories")
    sleeps = shelter_rows(rows, kinds.loc[kinds["shelter_like"], "category"])
    hospital = rows["service_categories"].str.contains("medical") & pd.Series(
        [bool(re.search(r"\bhospital|\bmedical cent", text)) for text in _names(rows)], index=rows.index
    )
    beds = rows["capacity_beds"].str.extract(r"(?<![-\d])(\d+)", expand=False).fillna("0").astype("float64") > 0
    nights = pd.Series(matches(rows["hours"] + "\n" + rows["opening_hours"], "overnight"), index=rows.index)
    sleeps |= (beds | nights) & ~hospital
    named = [name for name in texts.columns if name in _NAMES or column_of(name) in (*_NAMES, "service_categories")]
    rest = [name for name in texts.columns if name not in (*named, *_QUIET[1:])]
    # in a description words such as house and mission mean other things than in a name
    names = [
        "\n".join(line for line in text.split("\n") if len(line) <= _NAME_LENGTH) for text in _joined(texts[named])
    ]
    prose = [f"{one}\n{other}" for one, other in zip(_joined(texts[named]), _joined(texts[rest]), strict=True)]
    for some, kind in ((names, "sleeping"), (prose, "sleeping_text")):
        sleeps |= ~vouched & pd.Series(matches(some, kind), index=rows.index)
    return sleeps


def public_rows(rows: pd.DataFrame) -> pd.Series:
    """Say which rows are of a kind that is positively public by their names: a hospital, a police station, a court."""
    return pd.Series(matches(rows["service_name"] + "\n" + rows["organization_name"], "public"), index=rows.index)


def _names(rows: pd.DataFrame) -> list[str]:
    return [folded(text) for text in rows["service_name"] + " " + rows["organization_name"]]


def one_organization(rows: pd.DataFrame) -> pd.Series:
    """Return what tells one organisation: its name without marks and legal forms, or its id where it has no name."""
    names = rows["organization_name"].map(
        lambda text: " ".join(re.sub(r"\b(?:inc|llc|corp|co|the|of|and|ltd)\b|[^\w\s]", " ", folded(text)).split())
    )
    return names.where(names.ne(""), rows["organization_id"])
