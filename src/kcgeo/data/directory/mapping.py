"""What an operator says once about a list of services: their columns and words, and ours.

A mapping (TOML) looks like this; ``kcgeo data look FILE --write-mapping MAPPING`` writes one to begin with::

    sheet = "Services"

    [columns]
    "Agency Name" = "organization_name"
    "Public transit nearby" = ""                  # left out, and no flag of confidentiality

    [values.service_categories]
    "DV advocacy" = "counselling|case_management"

    [defaults]
    eligibility = "any"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kcgeo.data.directory.closing.words import category_words, columns_of_services, simple_name
from kcgeo.data.formats.archive import refusing
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["Mapped", "known_categories", "read_mapping", "split_categories"]

_OF_EACH_ROW = ("disclosure", "service_id")


@dataclass(frozen=True)
class Mapped:
    """What a mapping file says.

    Attributes
    ----------
    columns
        Their column -> ours; "" for a column that says nothing of services.
    words
        Our column -> their word (case-folded) -> ours.
    defaults
        Our column -> what stands where a row is blank.
    sheet
        Sheet of a workbook.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None

    def ours(self, name: str) -> str | None:
        """Return what a column of theirs is said to be; None where nothing is said of it."""
        plain = " ".join(name.split()).casefold()
        return next(
            (ours for theirs, ours in self.columns.items() if " ".join(theirs.split()).casefold() == plain), None
        )


def read_mapping(path: Path | str | None) -> Mapped:
    """Read a mapping file; nothing is mapped where none is given.

    Raises
    ------
    TableError
        The file is no TOML, a key is unknown, or a column of ours is none or is named twice.
    """
    if path is None:
        return Mapped()
    path = Path(path)
    with refusing(path, "a mapping (TOML)"):
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
    problems = [
        f"{path.name} has a key '{key}' that no mapping has; there are sheet, columns, values and defaults."
        for key in sorted(set(raw) - {"sheet", "columns", "values", "defaults"})
    ]
    columns, defaults, values = (raw.get(key, {}) for key in ("columns", "defaults", "values"))
    flat = isinstance(columns, dict) and isinstance(defaults, dict) and isinstance(values, dict)
    if not flat or not all(isinstance(item, dict) for item in values.values()):
        raise TableError(f"{path.name}: columns and defaults are sections, values has a section for each column.")
    words = [*columns.values(), *(word for item in values.values() for word in item.values())]
    if not all(isinstance(word, str) for word in words) or not isinstance(raw.get("sheet", ""), str):
        problems.append(f"{path.name}: every value is a text in quotation marks.")
    known = {*columns_of_services(), "ages", "point", "location_id"}
    named = [str(name) for name in columns.values() if name]
    unknown = sorted({*named, *defaults, *values} - known)
    if unknown:
        problems.append(f"{path.name} names {first_ids(unknown)}, which is no column of ours; see the data dictionary.")
    if own := sorted({*_OF_EACH_ROW} & set(defaults)):
        problems.append(
            f"{path.name} gives a default for {' and '.join(own)}, which each row has of its own; write it in the rows."
        )
    if twice := sorted({name for name in named if named.count(name) > 1}):
        problems.append(f"{path.name} gives two of their columns to {first_ids(twice)}; keep one.")
    raise_all(problems, TableError)
    folded = {
        column: {" ".join(str(theirs).split()).casefold(): ours for theirs, ours in item.items()}
        for column, item in values.items()
    }
    return Mapped(dict(columns), folded, {key: str(value) for key, value in defaults.items()}, raw.get("sheet"))


def known_categories(texts: Iterable[str], mapped: Mapped) -> tuple[list[str], list[str]]:
    """Translate somebody's categories to ours: by the mapping, by our names and titles, by usual words.

    Returns
    -------
    tuple of list of str
        Ours, once each in their order; and the texts that are none.
    """
    own, usual = mapped.words.get("service_categories", {}), category_words()
    found, unknown = dict[str, None](), []
    for text in texts:
        plain = " ".join(text.split()).casefold()
        ours = own.get(plain) or usual.get(plain) or usual.get(plain.replace("-", " ")) or usual.get(simple_name(plain))
        if ours:
            found |= dict.fromkeys(part.strip() for part in ours.split("|") if part.strip())
        elif plain:
            unknown.append(text.strip())
    return list(found), unknown


def split_categories(text: str, mapped: Mapped) -> tuple[list[str], list[str]]:
    """Translate a cell that may hold several categories, whatever stands between them.

    >>> split_categories("counseling; case management", Mapped())
    (['counselling', 'case_management'], [])
    """
    parts: Sequence[str] = [text]
    for marks in (None, r"[|;\n]", r"[|;\n,]", r"[|;\n,/]", r"[|;\n,/&+]|\band\b"):
        parts = [text] if marks is None else [part for part in re.split(marks, text) if part.strip()]
        found, unknown = known_categories(parts, mapped)
        if not unknown:
            return found, []
    # what is told are the parts as a person would read them
    return known_categories([part for part in re.split(r"[|;\n,]", text) if part.strip()], mapped)
