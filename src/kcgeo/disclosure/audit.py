"""The exact audit of suppressed tables: what a reader can compute about a cell that is not printed.

For each suppressed cell the least and the greatest count that fit everything printed are found by linear programming
(HiGHS), once for a reader without further knowledge and once for each insider who knows one cell that is not printed.
The reader is taken at the strongest: they know the rules, and of each suppressed cell whether it is small (1 to 10) or
was suppressed to protect another (11 or more). Where a vertex of the relaxation is not whole, the integer program
decides, so that the bounds are those of whole people.

Fischetti & Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear constraints,
Management Science 47(7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.disclosure.linked import LinkedTables
from kcgeo.errors import SolverError

__all__ = ["SMALL", "WIDTH", "Attacker", "audit", "bounds_of_reader"]

SMALL = 10
"""Counts of 1 to this many people are suppressed."""
WIDTH = 3
"""A small cell is protected where its greatest and least possible counts differ by at least this many people, also for
an insider: at least four counts stay possible."""

_MUCH = 1e9
_EPSILON = 1e-6


def bounds_of_reader(
    tables: LinkedTables, suppressed: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Least and greatest count of each cell by the rules alone, before any sum is used.

    Printed cells are known. Small suppressed cells lie in 1 to 10, or in 0 to 10 where a zero is suppressed too; other
    suppressed cells are 11 or more. Sums that nobody printed are 0 or more.
    """
    count = tables.count
    small = suppressed & (count <= SMALL)
    lower, upper = count.astype(float), count.astype(float)
    lower[small] = 0.0 if np.any(suppressed & (count == 0)) else 1.0
    upper[small] = SMALL
    large = suppressed & (count > SMALL)
    lower[large], upper[large] = SMALL + 1, _MUCH
    unseen = ~tables.printed
    lower[unseen], upper[unseen] = 0.0, _MUCH
    return lower, upper


class Attacker:
    """A reader with a solver: asks for the bounds of one cell, given the printed ones and perhaps one more."""

    def __init__(self, tables: LinkedTables, suppressed: npt.NDArray[np.bool_]) -> None:
        self.tables = tables
        self.lower, self.upper = bounds_of_reader(tables, suppressed)
        self._solver = _model(tables, self.lower, self.upper)

    def interval(self, cell: int, *, known: int | None = None) -> tuple[int, int]:
        """Least and greatest count of a cell; ``known`` is the position of a cell whose count the insider knows."""
        if known is not None:
            count = float(self.tables.count[known])
            self._solver.changeColBounds(known, count, count)
        try:
            return self._extreme(cell, 1), self._extreme(cell, -1)
        finally:
            if known is not None:
                self._solver.changeColBounds(known, float(self.lower[known]), float(self.upper[known]))

    def _extreme(self, cell: int, sign: int) -> int:
        """Minimise (sign 1) or maximise (sign -1) one cell."""
        solver = self._solver
        solver.changeColCost(cell, float(sign))
        try:
            value, whole = _solved(solver, cell)
            if not whole:
                columns = np.arange(len(self.tables.cells), dtype=np.int32)
                kinds = np.full(len(columns), highspy.HighsVarType.kInteger)
                solver.changeColsIntegrality(len(columns), columns, kinds)
                value, _ = _solved(solver, cell)
                kinds = np.full(len(columns), highspy.HighsVarType.kContinuous)
                solver.changeColsIntegrality(len(columns), columns, kinds)
        finally:
            solver.changeColCost(cell, 0.0)
        return round(value)


def _solved(solver: highspy.Highs, cell: int) -> tuple[float, bool]:
    """Return the value of a cell at the optimum, and whether all cells are whole there."""
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverError("The audit of a suppressed table found no count that fits what is printed.")
    values = np.asarray(solver.getSolution().col_value)
    return float(values[cell]), bool(np.all(np.abs(values - np.round(values)) < _EPSILON))


def _model(tables: LinkedTables, lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> highspy.Highs:
    """Write the relations total - parts = 0 as a HiGHS model without an objective."""
    solver: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    solver.addVars(len(lower), lower, upper)
    for total, parts in tables.relations:
        columns = np.array([total, *parts], dtype=np.int32)
        weights = np.array([1.0, *(-1.0 for _ in parts)])
        solver.addRow(0.0, 0.0, len(columns), columns, weights)
    return solver


@dataclass(frozen=True)
class _Finding:
    lower: int
    upper: int
    insider_lower: int
    insider_upper: int
    insider: int | None


def _finding(attacker: Attacker, cell: int, insiders: Sequence[int]) -> _Finding:
    lower, upper = attacker.interval(cell)
    worst = _Finding(lower, upper, lower, upper, None)
    for insider in insiders:
        if attacker.tables.twin[insider] != attacker.tables.twin[cell]:
            low, high = attacker.interval(cell, known=insider)
            if high - low < worst.insider_upper - worst.insider_lower:
                worst = _Finding(lower, upper, low, high, insider)
    return worst


def audit(tables: LinkedTables, suppressed: npt.NDArray[np.bool_], *, width: int = WIDTH) -> pd.DataFrame:
    """Bounds of each suppressed cell, for the plain reader and for the worst insider who knows one other cell.

    Parameters
    ----------
    tables
        All tables about the same people that leave, now or before.
    suppressed
        True where a printed cell is suppressed.
    width
        Protection interval of small cells, people; other suppressed cells must not be pinned to one count.

    Returns
    -------
    DataFrame
        One row a suppressed cell: its dimensions, ``small``, ``lower_count``, ``upper_count`` (reader),
        ``insider_lower_count``, ``insider_upper_count``, ``insider`` (the cell that the worst insider knows) and
        ``protected``. Only small cells must withstand the insider; it holds true counts' bounds and is not for release.
    """
    suppressed = suppressed & tables.printed
    attacker = Attacker(tables, suppressed)
    unknown = [int(cell) for cell in np.flatnonzero(suppressed | ~tables.printed)]
    rows = []
    for cell in np.flatnonzero(suppressed):
        small = bool(tables.count[cell] <= SMALL)
        found = _finding(attacker, int(cell), unknown if small else ())
        labels: dict[str, object] = dict(zip(tables.dimensions, tables.cells[cell], strict=True))
        rows.append(
            labels
            | {
                "small": small,
                "lower_count": found.lower,
                "upper_count": found.upper,
                "insider_lower_count": found.insider_lower,
                "insider_upper_count": found.insider_upper,
                "insider": None if found.insider is None else tables.named(tables.cells[found.insider]),
                "protected": found.insider_upper - found.insider_lower >= (width if small else 1),
            }
        )
    columns = (
        *tables.dimensions,
        *("small", "lower_count", "upper_count", "insider_lower_count", "insider_upper_count", "insider", "protected"),
    )
    table = pd.DataFrame(rows, columns=list(columns))
    return table.astype({"small": bool, "protected": bool})
