"""Tables of people as one system of cells and sums: several tables about the same people share their totals.

A cell is named by a label for each dimension of any table; a table that lacks a dimension holds its total. Every sum
that a reader can form is a relation, also where the sum itself is not printed. Tables that were released before enter
as they were printed: a blank there is a suppressed cell, whose count is known here only where a new table implies it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kcgeo.disclosure.dimensions import TOTAL, Dimensions, read_dimensions
from kcgeo.errors import TableError, raise_all

__all__ = ["TOTAL", "Cell", "LinkedTables", "implied_counts", "link"]

Cell = tuple[str, ...]
Bools = npt.NDArray[np.bool_]
_WORD_FOR_TOTAL = re.compile(
    r"\b(?:(?:sub|grand )?totals?|all|sum|overall|everyone|everybody|both|combined)\b", re.IGNORECASE
)


@dataclass(frozen=True, eq=False)
class LinkedTables:
    """Cells of several tables, their counts, and the relations total = sum of parts.

    Attributes
    ----------
    reading
        How rows of the tables become cells.
    dimensions, cells
        Names of the dimensions; by cell one label for each.
    count, known
        The counts, and which of them are known here; 0 where one is not.
    printed
        Cells that stand in a table; the others are sums that a reader can form but nobody printed.
    published, withheld
        Cells that an earlier release printed, and those that it suppressed.
    relations
        Position of the total, positions of its parts.
    twin
        Cells of one ``twin`` are the same count, because one is the total of the other alone.
    most
        What everybody knows a cell cannot exceed (a public denominator); None where there is none.
    """

    reading: Dimensions
    dimensions: tuple[str, ...]
    cells: tuple[Cell, ...]
    count: npt.NDArray[np.int64]
    known: Bools
    printed: Bools
    published: Bools
    withheld: Bools
    relations: tuple[tuple[int, tuple[int, ...]], ...]
    twin: npt.NDArray[np.int64]
    most: npt.NDArray[np.float64] | None = None

    def position(self, cell: Cell) -> int:
        """Return the position of a cell, by its labels in the order of ``dimensions``."""
        return self.cells.index(cell)

    def rows(self, name: str, table: pd.DataFrame) -> npt.NDArray[np.intp]:
        """Return the position of the cell of each row of a table that was linked under a name."""
        at = {cell: number for number, cell in enumerate(self.cells)}
        return np.array([at[cell] for cell in self.reading.cells(name, table)], dtype=np.intp)

    def named(self, cell: Cell) -> str:
        """Put a cell in words: the labels of the dimensions that are not the total."""
        parts = [f"{name} {label}" for name, label in zip(self.dimensions, cell, strict=True) if label != TOTAL]
        return ", ".join(parts) or "the grand total"


def _table_problems(name: str, table: pd.DataFrame, dimensions: Sequence[str], *, before: bool) -> list[str]:
    if "count" not in table or not dimensions:
        return [f"The table {name} needs a column count and at least one dimension."]
    numbers = pd.to_numeric(table["count"], errors="coerce")
    problems = []
    if numbers.isna().any() and not before:
        problems.append(
            f"The table {name} has blank counts or text in them; a blank is no zero: drop those rows and their totals."
        )
    elif (numbers < 0).any() or (numbers % 1 > 0).any():
        problems.append(f"The counts of table {name} must be whole numbers of people, 0 or more.")
    if table[list(dimensions)].isna().any().any():
        problems.append(f"The table {name} has blank labels; write '{TOTAL}' for a total.")
    if table.duplicated(list(dimensions)).any():
        problems.append(f"The table {name} has a cell twice.")
    if not problems and _holds_a_hidden_total(table, dimensions, numbers):
        problems.append(f"A row of table {name} reads like a total of the others; write '{TOTAL}' for it.")
    if not problems and not (table[list(dimensions)] != TOTAL).all(axis=1).any():
        problems.append(f"The table {name} holds totals only; give the cells they are made of.")
    return problems


def _holds_a_hidden_total(table: pd.DataFrame, dimensions: Sequence[str], counts: pd.Series[float]) -> bool:
    """Say whether a label is a word for a total, or one row of a list is the sum of all the others.

    Such a row would be taken for one more group, and the sum that it tells would protect nothing.
    """
    labels = [str(label) for column in dimensions for label in table[column].unique()]
    if any(label != TOTAL and _WORD_FOR_TOTAL.search(label) for label in labels):
        return True
    inner = counts[(table[list(dimensions)].astype("str") != TOTAL).all(axis=1)].dropna()
    return len(dimensions) == 1 and len(inner) > 2 and inner.max() > 0 and 2 * inner.max() == inner.sum()


class _System:
    """Cells and relations while tables are read into them, one after the other."""

    def __init__(self, dimensions: Dimensions) -> None:
        self.dimensions = dimensions
        self.counts: dict[Cell, int | None] = {}
        self.printed: set[Cell] = set()
        self.published: set[Cell] = set()
        self.withheld: set[Cell] = set()
        self.relations: dict[tuple[Cell, tuple[Cell, ...]], None] = {}
        self.problems: list[str] = []

    def read(self, name: str, table: pd.DataFrame, *, before: bool) -> None:
        """Add the cells of a table, every sum over each set of its dimensions, and the relations between them."""
        counts = pd.to_numeric(table["count"], errors="coerce")
        rows = {
            cell: None if np.isnan(count) else int(count)
            for cell, count in zip(self.dimensions.cells(name, table), counts, strict=True)
        }
        own = self.dimensions.of(name)
        labels = {place: self._smallest({cell[place] for cell in rows}, place) for place in own}
        inner = {cell: count for cell, count in rows.items() if all(cell[place] in labels[place] for place in own)}
        sums = self._with_margins(inner, own)
        for cell, count in rows.items():
            if count is not None and sums.get(cell, 0) is not None and sums.get(cell, 0) != count:
                self.problems.append(f"A total of table {name} is not the sum of its parts; add a row for the rest.")
            self._put(name, cell, count)
            self.printed.add(cell)
            if before:
                (self.withheld if count is None else self.published).add(cell)
        for cell, count in sums.items():
            self._put(name, cell, count)
        self._relate({*sums, *rows}, labels)

    def _smallest(self, labels: set[str], place: int) -> set[str]:
        """Return the labels of one table that are no totals of others in it."""
        atoms = {label: set(self.dimensions.atoms_of(place, label)) for label in labels}
        return {label for label in labels if label != TOTAL and not (atoms[label] and atoms[label] <= labels)}

    @staticmethod
    def _with_margins(inner: Mapping[Cell, int | None], own: Sequence[int]) -> dict[Cell, int | None]:
        """Return every sum over every set of dimensions; None where a part of it was suppressed."""
        sums: dict[Cell, int | None] = {}
        for cell, count in inner.items():
            for gone in itertools.product((False, True), repeat=len(own)):
                places = {place for place, go in zip(own, gone, strict=True) if go}
                margin = tuple(TOTAL if place in places else label for place, label in enumerate(cell))
                before = sums.get(margin, 0)
                sums[margin] = None if count is None or before is None else before + count
        return sums

    def _put(self, name: str, cell: Cell, count: int | None) -> None:
        held = self.counts.get(cell)
        if held is not None and count is not None and held != count:
            self.problems.append(f"The table {name} and another table disagree about one total; they are not linked.")
        self.counts[cell] = held if count is None else count

    def _relate(self, cells: set[Cell], labels: Mapping[int, set[str]]) -> None:
        """Add total = sum of its labels along each dimension, and label = sum of the atoms that it is made of."""
        everything = set(cells)
        for place in labels:
            for cell in sorted(everything):
                if atoms := self.dimensions.atoms_of(place, cell[place]):
                    parts = tuple((*cell[:place], atom, *cell[place + 1 :]) for atom in atoms)
                    self.relations[cell, tuple(sorted(parts))] = None
                    everything |= set(parts)
        for place in labels:
            groups: dict[Cell, list[Cell]] = {}
            for cell in everything:
                if cell[place] in labels[place]:
                    groups.setdefault((*cell[:place], TOTAL, *cell[place + 1 :]), []).append(cell)
            self.relations |= {(total, tuple(sorted(parts))): None for total, parts in groups.items()}
        for total, parts in list(self.relations):
            for cell in (total, *parts):
                self.counts.setdefault(cell, None)


def link(
    tables: Mapping[str, pd.DataFrame],
    *,
    dimensions: Mapping[str, Sequence[str]],
    earlier: Mapping[str, pd.DataFrame] | None = None,
    hierarchy: pd.DataFrame | None = None,
) -> LinkedTables:
    """Read several long tables as one system.

    Parameters
    ----------
    tables
        By name: long tables with dimension columns and ``count`` (people); a total has the label "total".
    dimensions
        By name of the table: its dimension columns.
    earlier
        Tables as they were printed before; ``count`` is blank where it was suppressed.
    hierarchy
        Which labels hold one another, e.g. columns ``county, area, state`` with a row for each county.

    Returns
    -------
    LinkedTables
        Cells in sorted order.

    Raises
    ------
    TableError
        A blank count or label, a total that is not the sum of its parts, two tables that disagree, or dimensions that
        are neither equal nor independent and that no hierarchy joins.
    """
    before = dict(earlier or {})
    everything = {**before, **tables}
    raise_all(
        [
            sentence
            for name, table in sorted(everything.items())
            for sentence in _table_problems(name, table, dimensions[name], before=name in before)
        ],
        TableError,
    )
    system = _System(read_dimensions(everything, dimensions, hierarchy))
    for name in sorted(everything):
        system.read(name, everything[name], before=name in before)
    raise_all(dict.fromkeys(system.problems), TableError)
    cells = tuple(sorted(system.counts))
    at = {cell: number for number, cell in enumerate(cells)}
    relations = tuple(
        (at[total], tuple(at[part] for part in parts)) for total, parts in sorted(system.relations) if parts != (total,)
    )
    counts = implied_counts([system.counts[cell] for cell in cells], relations)

    def marked(which: set[Cell]) -> Bools:
        return np.array([cell in which for cell in cells], dtype=bool)

    return LinkedTables(
        reading=system.dimensions,
        dimensions=system.dimensions.names,
        cells=cells,
        count=np.array([count or 0 for count in counts], dtype=np.int64),
        known=np.array([count is not None for count in counts], dtype=bool),
        printed=marked(system.printed),
        published=marked(system.published),
        withheld=marked(system.withheld - system.published),
        relations=relations,
        twin=_twins(len(cells), relations),
    )


def implied_counts(counts: list[Any], relations: Sequence[tuple[int, tuple[int, ...]]]) -> list[Any]:
    """Fill in the counts that follow from a relation of which only one is not known, until none does."""
    found = list(counts)
    open_ones = list(relations)
    while True:
        still = []
        for total, parts in open_ones:
            unknown = [cell for cell in (total, *parts) if found[cell] is None]
            if len(unknown) > 1:
                still.append((total, parts))
            elif unknown == [total]:
                found[total] = sum(found[part] for part in parts)
            elif unknown:
                found[unknown[0]] = found[total] - sum(found[part] for part in parts if part != unknown[0])
        if len(still) == len(open_ones):
            return found
        open_ones = still


def _twins(size: int, relations: Sequence[tuple[int, tuple[int, ...]]]) -> npt.NDArray[np.int64]:
    """Give one number to all cells that are the same count: a total with one part, and that part."""
    rows = [total for total, parts in relations if len(parts) == 1]
    columns = [parts[0] for _, parts in relations if len(parts) == 1]
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    return np.asarray(sparse.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)
