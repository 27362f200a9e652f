"""The dimensions of tables of people: which labels hold one another, and which are independent.

Two tables may be protected together only where every label of one is, along each dimension, a sum of the same smallest
groups ("atoms") as the labels of the other. Ranges of age and of time are understood as they are written; places and
kinds of people need a hierarchy; whatever is neither equal, nor independent, nor joined by a hierarchy is refused.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from kcgeo.errors import TableError

__all__ = ["TOTAL", "Dimensions", "read_dimensions"]

TOTAL = "total"
Span = tuple[float, float]

# Columns of one family say the same thing more or less finely, so two of them are never independent.
_FAMILIES = (("county_fips", "county", "area", "state"), ("age_group", "group", "eligibility"))
_MONTH = r"(\d{4})(?:[-/](0?[1-9]|1[0-2]))?(?:\s*q([1-4]))?"


def _age(text: str) -> Span | None:
    """Read '0-17', '18 to 24', '65+', '65 and over', 'under 18', '17' as years from, and up to but not including."""
    plain = text.casefold().replace("\u2013", "-").removeprefix("ages ").removesuffix(" years").strip()
    if match := re.fullmatch(r"(\d{1,3})\s*(?:-|to)\s*(\d{1,3})", plain):
        return float(match[1]), float(match[2]) + 1
    if match := re.fullmatch(r"(\d{1,3})\s*(?:\+|and (?:over|older|up)|or (?:over|older|more))", plain):
        return float(match[1]), math.inf
    if match := re.fullmatch(r"(?:under|<|below)\s*(\d{1,3})", plain):
        return 0.0, float(match[1])
    return (float(plain), float(plain) + 1) if re.fullmatch(r"\d{1,3}", plain) else None


def _months(text: str) -> Span | None:
    """Read '2024', '2024-05', '2024 Q1', '2023-2024', '2024-01 to 2024-06' as months from, and up to."""
    plain = text.casefold().replace("\u2013", "-").strip()
    if match := re.fullmatch(rf"{_MONTH}(?:\s*(?:-|to|/)\s*{_MONTH})?", plain):
        start = _month_span(*match.group(1, 2, 3))
        end = _month_span(*match.group(4, 5, 6)) if match[4] else start
        return (start[0], end[1]) if end[1] > start[0] else None
    return None


def _month_span(year: str, month: str | None, quarter: str | None) -> Span:
    first = int(year) * 12 + (int(month) - 1 if month else 3 * (int(quarter) - 1) if quarter else 0)
    return float(first), float(first + (1 if month else 3 if quarter else 12))


_READERS = {"age_group": _age, "period": _months}


@dataclass
class Dimensions:
    """Names of the dimensions of a system, and how the rows of each table become cells of it."""

    names: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    atoms: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    joined: dict[str, pd.DataFrame] = field(default_factory=dict)
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, table: str) -> list[int]:
        """Return the positions of a table's own dimensions."""
        return [place for place, name in enumerate(self.names) if set(self.columns[name]) & set(self.own[table])]

    def atoms_of(self, place: int, label: str) -> tuple[str, ...]:
        """Return the atoms that a label of a dimension is made of; empty where it is one itself."""
        return self.atoms.get(self.names[place], {}).get(label, ())

    def cells(self, name: str, table: pd.DataFrame) -> list[tuple[str, ...]]:
        """Return the cell of each row of a table."""
        own = self.own[name]
        texts = table[list(own)].astype("str").itertuples(index=False, name=None)
        rows = [dict(zip(own, row, strict=True)) for row in texts]
        return [tuple(self._label(dimension, row) for dimension in self.names) for row in rows]

    def _label(self, dimension: str, row: Mapping[str, str]) -> str:
        columns = [column for column in self.columns[dimension] if column in row]
        given = {column: row[column] for column in columns if row[column] != TOTAL}
        if not given:
            return TOTAL
        if dimension not in self.joined:
            return row[columns[0]]
        return _merged_label(self.joined[dimension], given)


def _merged_label(hierarchy: pd.DataFrame, given: Mapping[str, str]) -> str:
    """Return the name of a set of rows of a hierarchy: one name for one set, whichever columns gave it."""
    inside = pd.Series(True, index=hierarchy.index)
    for column, label in given.items():
        inside &= hierarchy[column].eq(label)
    if not inside.any():
        raise TableError(f"A label of column {next(iter(given))} is not in the hierarchy; add a row for it.")
    return " + ".join(sorted(_atom_names(hierarchy[inside])))


def _atom_names(rows: pd.DataFrame) -> list[str]:
    return [" / ".join(row) for row in rows.itertuples(index=False, name=None)]


def read_dimensions(
    tables: Mapping[str, pd.DataFrame], columns: Mapping[str, Sequence[str]], hierarchy: pd.DataFrame | None
) -> Dimensions:
    """Return the dimensions of a system of tables.

    Raises
    ------
    TableError
        Columns or labels that are neither equal nor independent, and that no hierarchy joins.
    """
    own = {name: tuple(columns[name]) for name in tables}
    used = sorted({column for names in own.values() for column in names})
    found = Dimensions((), {}, own=own)
    left = list(used)
    known = [] if hierarchy is None else [column for column in hierarchy.columns if column in used]
    for family in [tuple(known), *_FAMILIES] if known else _FAMILIES:
        inside = [column for column in left if column in family]
        sets = {frozenset(inside) & set(names) for names in own.values()} - {frozenset()}
        if len(sets) < 2 and not (known and set(family) == set(known)):
            continue
        joined = "/".join(inside)
        found.joined[joined] = _hierarchy_of(inside, tables, own, hierarchy)
        found.columns[joined] = tuple(inside)
        left = [column for column in left if column not in inside]
    found.columns |= {column: (column,) for column in left}
    found.names = tuple(sorted(found.columns))
    for dimension in found.names:
        found.atoms[dimension] = _atoms(dimension, found, tables)
    return found


def _hierarchy_of(
    columns: list[str],
    tables: Mapping[str, pd.DataFrame],
    own: Mapping[str, tuple[str, ...]],
    hierarchy: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the smallest groups as rows: those given, or those of a table that holds all the columns."""
    sources = [] if hierarchy is None else [hierarchy]
    sources += [tables[name] for name in sorted(tables) if set(columns) <= set(own[name])]
    for source in sources:
        if set(columns) <= set(source.columns):
            rows = source[columns].astype("str").drop_duplicates()
            return rows[(rows != TOTAL).all(axis=1)].reset_index(drop=True)
    raise TableError(
        f"The tables use {' and '.join(columns)}, which hold one another; give a hierarchy with these columns and one "
        "row for each of the smallest groups, or use one of them in all tables."
    )


def _atoms(dimension: str, found: Dimensions, tables: Mapping[str, pd.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Return the atoms of each label that is more than one; all tables must be made of the same."""
    place = found.names.index(dimension)
    labels = {
        name: sorted({cell[place] for cell in found.cells(name, table)} - {TOTAL})
        for name, table in tables.items()
        if set(found.columns[dimension]) & set(found.own[name])
    }
    if dimension in found.joined:
        members = {label: label.split(" + ") for held in labels.values() for label in held}
    else:
        members = _members_of_ranges(dimension, labels)
    sizes = {name: sum(len(members[label]) for label in held) for name, held in labels.items()}
    wholes = {name: {atom for label in held for atom in members[label]} for name, held in labels.items()}
    nested = [name for name in labels if sizes[name] != len(wholes[name])]
    if nested and dimension not in found.joined:
        raise TableError(
            f"Labels of {dimension} in one table hold one another; give the finer and the coarser as two tables."
        )
    if any(whole != next(iter(wholes.values())) for whole in wholes.values()):
        raise TableError(
            f"The labels of {dimension} do not stand for the same people in all tables; give the same groups in each, "
            "or a hierarchy that joins them."
        )
    return {label: tuple(atoms) for label, atoms in members.items() if list(atoms) != [label]}


def _members_of_ranges(dimension: str, labels: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Cut ranges of age or time at each of their ends; a label that is no range stands for itself."""
    texts = sorted({label for held in labels.values() for label in held})
    reader = _READERS.get(dimension)
    spans = {label: reader(label) if reader else None for label in texts}
    ranges = [span for span in spans.values() if span is not None]
    if len(ranges) < len(texts) or not ranges:
        return {label: [label] for label in texts}
    ends = sorted({end for span in ranges for end in span})
    pieces = list(itertools.pairwise(ends))
    names = {span: label for label, span in spans.items() if span in pieces}
    return {
        label: [
            names.get(piece, f"from {piece[0]:g} to {piece[1]:g}")
            for piece in pieces
            if span is not None and span[0] <= piece[0] and piece[1] <= span[1]
        ]
        for label, span in spans.items()
    }
