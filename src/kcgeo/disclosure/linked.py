"""Tables of people as one system of cells and sums: several tables about the same people share their totals.

A cell is named by a label for each dimension of any table; a table that lacks a dimension holds its total. Every sum
that a reader can form is a relation, also where the sum itself is not printed.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kcgeo.errors import TableError, raise_all

__all__ = ["TOTAL", "Cell", "LinkedTables", "link"]

TOTAL = "total"
Cell = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LinkedTables:
    """Cells of several tables, their counts, and the relations total = sum of parts.

    ``printed`` says which cells stand in a table; the others are sums that a reader can form but nobody printed.
    ``relations`` holds (position of the total, positions of its parts). Cells of one ``twin`` are the same count,
    because one is the total of the other alone.
    """

    dimensions: tuple[str, ...]
    cells: tuple[Cell, ...]
    count: npt.NDArray[np.int64]
    printed: npt.NDArray[np.bool_]
    relations: tuple[tuple[int, tuple[int, ...]], ...]
    twin: npt.NDArray[np.int64]

    def position(self, cell: Cell) -> int:
        """Return the position of a cell, by its labels in the order of ``dimensions``."""
        return self.cells.index(cell)

    def named(self, cell: Cell) -> str:
        """Put a cell in words: the labels of the dimensions that are not the total."""
        parts = [f"{name} {label}" for name, label in zip(self.dimensions, cell, strict=True) if label != TOTAL]
        return ", ".join(parts) or "the grand total"


def _table_problems(name: str, table: pd.DataFrame, dimensions: Sequence[str]) -> list[str]:
    if "count" not in table or not dimensions:
        return [f"The table {name} needs a column count and at least one dimension."]
    numbers = pd.to_numeric(table["count"], errors="coerce")
    problems = []
    if numbers.isna().any():
        problems.append(
            f"The table {name} has blank counts or text in them; a blank is no zero: drop those rows and their totals."
        )
    elif (numbers < 0).any() or (numbers % 1 != 0).any():
        problems.append(f"The counts of table {name} must be whole numbers of people, 0 or more.")
    if table[list(dimensions)].isna().any().any():
        problems.append(f"The table {name} has blank labels; write '{TOTAL}' for a total.")
    if table.duplicated(list(dimensions)).any():
        problems.append(f"The table {name} has a cell twice.")
    if not problems and not (table[list(dimensions)] != TOTAL).all(axis=1).any():
        problems.append(f"The table {name} holds totals only; give the cells they are made of.")
    return problems


def _with_margins(table: pd.DataFrame, dimensions: Sequence[str]) -> dict[Cell, int]:
    """Return every sum over every set of dimensions, from the innermost cells."""
    inner = table[(table[list(dimensions)] != TOTAL).all(axis=1)]
    sums: dict[Cell, int] = {}
    for row in inner[[*dimensions, "count"]].itertuples(index=False, name=None):
        for kept in itertools.product((True, False), repeat=len(dimensions)):
            cell = tuple(str(label) if keep else TOTAL for label, keep in zip(row[:-1], kept, strict=True))
            sums[cell] = sums.get(cell, 0) + int(row[-1])
    return sums


def link(tables: Mapping[str, pd.DataFrame], *, dimensions: Mapping[str, Sequence[str]]) -> LinkedTables:
    """Read several long tables as one system.

    Parameters
    ----------
    tables
        By name: long tables with dimension columns and ``count`` (people); a total has the label "total".
    dimensions
        By name of the table: its dimension columns.

    Returns
    -------
    LinkedTables
        Cells in sorted order.

    Raises
    ------
    TableError
        A blank count or label, a total that is not the sum of its parts, two tables that disagree.
    """
    raise_all(
        [sentence for name in sorted(tables) for sentence in _table_problems(name, tables[name], dimensions[name])],
        TableError,
    )
    union = tuple(sorted({column for name in tables for column in dimensions[name]}))
    counts: dict[Cell, int] = {}
    printed: set[Cell] = set()
    relations: set[tuple[Cell, tuple[Cell, ...]]] = set()
    problems: list[str] = []
    for name in sorted(tables):
        own = tuple(dimensions[name])
        sums = _with_margins(tables[name], own)

        def full(cell: Cell, own: tuple[str, ...] = own) -> Cell:
            labels = dict(zip(own, cell, strict=True))
            return tuple(labels.get(column, TOTAL) for column in union)

        for row in tables[name][[*own, "count"]].itertuples(index=False, name=None):
            cell = tuple(str(label) for label in row[:-1])
            if sums.get(cell, 0) != int(row[-1]):
                problems.append(f"A total of table {name} is not the sum of its parts; add a row for the rest.")
            sums.setdefault(cell, 0)
            printed.add(full(cell))
        for cell, count in sums.items():
            if counts.setdefault(full(cell), count) != count:
                problems.append(f"The table {name} and another table disagree about one total; they are not linked.")
        for place in range(len(own)):
            groups: dict[Cell, list[Cell]] = {}
            for cell in sums:
                if cell[place] != TOTAL:
                    groups.setdefault((*cell[:place], TOTAL, *cell[place + 1 :]), []).append(cell)
            relations |= {(full(total), tuple(sorted(map(full, parts)))) for total, parts in groups.items()}
    raise_all(dict.fromkeys(problems), TableError)
    cells = tuple(sorted(counts))
    at = {cell: number for number, cell in enumerate(cells)}
    placed = tuple((at[total], tuple(at[part] for part in parts)) for total, parts in sorted(relations))
    return LinkedTables(
        dimensions=union,
        cells=cells,
        count=np.array([counts[cell] for cell in cells], dtype=np.int64),
        printed=np.array([cell in printed for cell in cells]),
        relations=placed,
        twin=_twins(len(cells), placed),
    )


def _twins(size: int, relations: Sequence[tuple[int, tuple[int, ...]]]) -> npt.NDArray[np.int64]:
    """Give one number to all cells that are the same count: a total with one part, and that part."""
    rows = [total for total, parts in relations if len(parts) == 1]
    columns = [parts[0] for _, parts in relations if len(parts) == 1]
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    return np.asarray(sparse.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)
