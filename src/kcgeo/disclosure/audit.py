"""The exact audit of suppressed tables: what a reader can compute about a cell that is not printed.

For each suppressed cell the least and the greatest count that fit everything printed are found by linear programming
(HiGHS), once for a reader without further knowledge and once for each insider who knows one cell that is not printed.
The reader is taken at the strongest: they know the rules, and of each suppressed cell whether it is small (1 to 10) or
was suppressed to protect another (11 or more). Where a vertex of the relaxation is not whole, the integer program
decides, so that the bounds are those of whole people.

Most questions are answered without a program: every whole-number solution that was found for one cell is a "witness",
a table that a reader cannot tell from the true one, and bounds many other cells as well. The witnesses stay valid for
every pattern whose bounds they keep, so they are carried from one pattern to the next.

Fischetti & Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear constraints,
Management Science 47(7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.disclosure.linked import LinkedTables
from kcgeo.errors import SolverError

__all__ = ["SMALL", "WIDTH", "Attacker", "audit", "bounds_of_reader", "relations_model", "rounded"]

SMALL = 10
"""Counts of 1 to this many people are suppressed."""
WIDTH = 3
"""A small cell is protected where its greatest and least possible counts differ by at least this many people, also for
an insider: at least four counts stay possible."""

_MUCH = 1e9
_EPSILON = 1e-6
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def rounded(count: npt.NDArray[np.int64], base: int) -> npt.NDArray[np.int64]:
    """Round counts to the nearest multiple of a base, halves up.

    >>> rounded(np.array([12, 13, 25, 27, 28]), 5).tolist()
    [10, 15, 25, 25, 30]
    """
    return (count + base // 2) // base * base


def bounds_of_reader(tables: LinkedTables, suppressed: Bools, *, rounding: int = 1) -> tuple[Floats, Floats]:
    """Least and greatest count of each cell by the rules alone, before any sum is used.

    Printed cells are known, to their rounding. Small suppressed cells lie in 1 to 10, or in 0 to 10 where a zero is
    suppressed too; other suppressed cells are 11 or more. Sums that nobody printed, and cells whose count is not
    known here, are 0 or more.
    """
    count = tables.count
    small = suppressed & (count <= SMALL)
    lower, upper = count.astype(float), count.astype(float)
    if rounding > 1:
        shown = ~tables.published & (count > SMALL)
        least = rounded(count, rounding) - rounding // 2
        lower[shown] = np.maximum(least, SMALL + 1)[shown]
        upper[shown] = (least + rounding - 1)[shown]
    lower[small] = 0.0 if np.any(suppressed & tables.known & (count == 0)) else 1.0
    upper[small] = SMALL
    large = suppressed & (count > SMALL)
    lower[large], upper[large] = SMALL + 1, _MUCH
    unseen = ~tables.printed | ~tables.known
    lower[unseen], upper[unseen] = 0.0, _MUCH
    if tables.most is not None:
        upper = np.where(suppressed, np.minimum(upper, tables.most), upper)
    return lower, upper


def relations_model(tables: LinkedTables, signs: Sequence[float] = (1.0,)) -> highspy.Highs:
    """Write the relations total - parts = 0 as a HiGHS model without bounds or an objective.

    ``signs`` gives the columns: one for each cell and sign, e.g. (1, -1) for what a cell gains and what it loses.
    """
    # highspy.Highs greets on the standard output before it can be told to be silent; what it wraps does not
    solver: highspy.Highs = getattr(highspy._core, "_Highs", highspy.Highs)()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    size = len(tables.cells)
    solver.addVars(size * len(signs), np.zeros(size * len(signs)), np.full(size * len(signs), _MUCH))
    for total, parts in tables.relations:
        cells = np.array([total, *parts], dtype=np.int32)
        weights = np.array([1.0, *(-1.0 for _ in parts)])
        columns = np.concatenate([cells + number * size for number in range(len(signs))]).astype(np.int32)
        solver.addRow(0.0, 0.0, len(columns), columns, np.concatenate([sign * weights for sign in signs]))
    return solver


class Attacker:
    """A reader with a solver: asks for the bounds of one cell, given the printed ones and perhaps one more."""

    def __init__(self, tables: LinkedTables, suppressed: Bools, *, rounding: int = 1) -> None:
        self.tables = tables
        self.rounding = rounding
        self._solver = relations_model(tables)
        self._witnesses = np.empty((0, len(tables.cells)))
        self.look(suppressed)

    def look(self, suppressed: Bools) -> None:
        """See another pattern of suppressed cells."""
        self.lower, self.upper = bounds_of_reader(self.tables, suppressed, rounding=self.rounding)
        columns = np.arange(len(self.lower), dtype=np.int32)
        self._solver.changeColsBounds(len(columns), columns, self.lower, self.upper)
        fit = (self._witnesses >= self.lower) & (self._witnesses <= self.upper)
        self._seen = self._witnesses[fit.all(axis=1)]

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

    def spreads(self, cell: int, insiders: npt.NDArray[np.intp]) -> Floats:
        """Return how far the witnesses leave a cell open: for a plain reader first, then for each insider."""
        values = self._seen[:, [cell]]
        if not len(values):
            return np.full(1 + len(insiders), -1.0)
        agrees = np.column_stack(
            [np.ones(len(values), dtype=bool), self._seen[:, insiders] == self.tables.count[insiders]]
        )
        high = np.where(agrees, values, -np.inf).max(axis=0)
        return np.asarray(high - np.where(agrees, values, np.inf).min(axis=0))

    def open_to(self, cell: int, insiders: Iterable[int], width: int) -> tuple[int | None] | None:
        """Return the first reader who bounds a cell more narrowly than ``width``, as ``(insider,)``; None where nobody.

        The plain reader is ``(None,)``.
        """
        twins = self.tables.twin
        others = np.array([one for one in insiders if twins[one] != twins[cell]], dtype=np.intp)
        for at in range(1 + len(others)):
            if self.spreads(cell, others)[at] >= width:  # asked anew: every program that is solved adds witnesses
                continue
            insider = None if at == 0 else int(others[at - 1])
            low, high = self.interval(cell, known=insider)
            if high - low < width:
                return (insider,)
        return None

    def _extreme(self, cell: int, sign: int) -> int:
        """Minimise (sign 1) or maximise (sign -1) one cell."""
        solver = self._solver
        solver.changeColCost(cell, float(sign))
        try:
            values, whole = _solved(solver)
            if not whole:
                columns = np.arange(len(self.tables.cells), dtype=np.int32)
                kinds = np.full(len(columns), highspy.HighsVarType.kInteger)
                solver.changeColsIntegrality(len(columns), columns, kinds)
                values, _ = _solved(solver)
                kinds = np.full(len(columns), highspy.HighsVarType.kContinuous)
                solver.changeColsIntegrality(len(columns), columns, kinds)
        finally:
            solver.changeColCost(cell, 0.0)
        witness = np.round(values)[None, :]
        self._witnesses = np.vstack([self._witnesses, witness])
        self._seen = np.vstack([self._seen, witness])
        return round(float(values[cell]))


def _solved(solver: highspy.Highs) -> tuple[Floats, bool]:
    """Return the values at the optimum, and whether all cells are whole there."""
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverError("The audit of a suppressed table found no count that fits what is printed.")
    values = np.asarray(solver.getSolution().col_value)
    return values, bool(np.all(np.abs(values - np.round(values)) < _EPSILON))


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


def audit(tables: LinkedTables, suppressed: Bools, *, width: int = WIDTH, rounding: int = 1) -> pd.DataFrame:
    """Bounds of each suppressed cell, for the plain reader and for the worst insider who knows one other cell.

    Parameters
    ----------
    tables
        All tables about the same people that leave, now or before.
    suppressed
        True where a printed cell is suppressed.
    width
        Protection interval of small cells, people; other suppressed cells must not be pinned to one count.
    rounding
        Base to which printed counts were rounded; 1 for exact counts.

    Returns
    -------
    DataFrame
        One row a suppressed cell: its dimensions, ``small``, ``lower_count``, ``upper_count`` (reader),
        ``insider_lower_count``, ``insider_upper_count``, ``insider`` (the cell that the worst insider knows) and
        ``protected``. Only small cells (1 to 10) must withstand the insider. It holds true counts' bounds and is not
        for release.
    """
    suppressed = suppressed & tables.printed
    attacker = Attacker(tables, suppressed, rounding=rounding)
    unknown = [int(cell) for cell in np.flatnonzero((suppressed | ~tables.printed) & tables.known)]
    rows = []
    for cell in np.flatnonzero(suppressed & tables.known):
        small = bool(1 <= tables.count[cell] <= SMALL)  # a zero that hides others is nobody, and may be guessed
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
