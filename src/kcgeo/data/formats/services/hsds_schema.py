"""What Open Referral HSDS asks of the objects that we read and write: files, fields, required ones, words.

Written is version 3.1; tests compare it with the schema files of the specification. Read are 1.1, 2.0, 3.0 and 3.1: the
names of files of all of them stand here, ``addresss.csv`` of drafts of 3.0 too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

__all__ = [
    "AREA_TOLD",
    "EXTENSION",
    "LINKS",
    "NESTED",
    "ONE",
    "OTHER_FILES",
    "TABLES",
    "VERSION",
    "Table",
    "schema_problems",
]

VERSION = "3.1"

EXTENSION = "kcgeo fields"
"""Taxonomy of the attributes that carry what HSDS has no field for; a term's code is the name of our column."""

AREA_TOLD = "Area in which a confidential service helps"
"""Description of the service area that names the approved area of a row, where the row tells another area too."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Table:
    """One table of the tabular form.

    Attributes
    ----------
    files
        Names of its file; the first one is written.
    fields
        In their order.
    required
        Fields that may not be blank, in the tabular form.
    words
        Field -> allowed words.
    """

    files: tuple[str, ...]
    fields: tuple[str, ...]
    required: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_BOOK = tomllib.loads(resources.files(__package__).joinpath("hsds.toml").read_text(encoding="utf-8"))

TABLES = {
    name: Table(tuple(about["files"]), tuple(about["fields"]), tuple(about["required"]), about.get("words", {}))
    for name, about in _BOOK["tables"].items()
}
"""The tables that our columns need."""

OTHER_FILES: dict[str, tuple[str, ...]] = {name: tuple(files) for name, files in _BOOK["other_files"].items()}
"""Tables that are read and not written: for capacity, for words that may close a row, and those of old versions."""

LINKS: dict[str, dict[str, str]] = _BOOK["links"]
"""Table -> field -> the table whose id it names."""

NESTED: dict[str, dict[str, tuple[str, str]]] = _BOOK["nested"]
"""Key of an object in the nested form -> table, and the field by which its rows name that object."""

ONE: dict[str, list[str]] = _BOOK["one"]
"""Objects that stand whole inside another one, once."""


def schema_problems(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    """Collect what in tables of ours would break HSDS: blanks, words, ids that are no UUID or occur twice, links.

    Parameters
    ----------
    tables
        Name of the table -> its rows as text.

    Returns
    -------
    list of str
        One sentence for each broken rule, with ids.
    """
    problems, ids = [], {name: {row["id"] for row in rows} for name, rows in tables.items()}
    for name, rows in tables.items():
        about = TABLES[name]
        if len(ids[name]) < len(rows):
            problems.append(f"{name}: an id stands twice.")
        for row in rows:
            lacking = [column for column in about.required if not row.get(column)]
            wrong = [
                column for column, words in about.words.items() if row.get(column) and row[column] not in words
            ] + [column for column in row if column not in about.fields]
            loose = [
                column
                for column, other in LINKS.get(name, {}).items()
                if row.get(column) and row[column] not in ids.get(other, set())
            ]
            if lacking or wrong or loose or not _UUID.fullmatch(row["id"]):
                problems.append(f"{name} {row['id']}: {', '.join([*lacking, *wrong, *loose]) or 'id'} is not allowed.")
    return problems
