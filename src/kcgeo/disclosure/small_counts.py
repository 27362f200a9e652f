"""Small counts of people: 1 to 10 are suppressed, and enough other cells that no sum gives them back.

Primary suppression takes every printed count of 1 to 10. Complementary suppression follows Kelly, Golden & Assad (1992,
Cell suppression: disclosure protection for sensitive tabular data, Networks 22): for a cell that a reader can still
pin down, the cheapest shift of counts that keeps every sum is found by linear programming; the cells that shift are
suppressed too. It is repeated until :mod:`kcgeo.disclosure.audit` finds every small cell protected, also from an
insider who knows one cell; at the end cells that turn out not to be needed are printed again.

What was released before is a fact: it is neither suppressed nor printed anew. Where an earlier release suppressed cells
whose counts are not known here, no cell that stands in any sum with them (over cells that nobody published) is printed,
so that the new table adds nothing at all to what a reader can compute about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import highspy
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.disclosure.audit import SMALL, WIDTH, Attacker, Bools, Floats, bounds_of_reader, relations_model, rounded
from kcgeo.disclosure.linked import TOTAL, LinkedTables, implied_counts, link
from kcgeo.errors import DisclosureError, TableError

__all__ = ["MIN_EVENTS", "event_rate", "suppress", "suppressed_people", "suppression_pattern"]

MIN_EVENTS = 20
"""No rate is given on fewer events than this."""
ROUNDINGS = (5, 10)
"""Bases of the rounding mode."""
_ZERO_COST = 1000.0
_EPSILON = 1e-6
_MERGE = "merge rows or columns until groups are larger"


def event_rate(events: pd.Series[float], people: pd.Series[float], *, per: float = 1000.0) -> pd.Series[float]:
    """Events for each ``per`` people; NaN under 20 events, for a suppressed count, and where there are no people.

    >>> event_rate(pd.Series([19.0, 20.0]), pd.Series([1000.0, 1000.0])).tolist()
    [nan, 20.0]
    """
    if not events.index.equals(people.index):
        raise TableError("Events and people must have the same index.")
    if (people.dropna() < 0).any() or (events.dropna() < 0).any():
        raise TableError("Events and people cannot be negative.")
    enough = (events >= MIN_EVENTS) & (people > 0)
    return (events.astype(float) / people.where(people > 0) * per).where(enough)


def suppress(
    tables: Mapping[str, pd.DataFrame],
    *,
    dimensions: Mapping[str, Sequence[str]],
    width: int = WIDTH,
    earlier: Mapping[str, pd.DataFrame] | None = None,
    hierarchy: pd.DataFrame | None = None,
    rounding: int = 1,
) -> dict[str, pd.DataFrame]:
    """Return the tables with small counts and their complements blanked, protected together.

    Parameters
    ----------
    tables
        By name: long tables with dimension columns and ``count`` (people); a total has the label "total". All tables
        about the same people belong here, since they are linked by their totals.
    dimensions
        By name of the table: its dimension columns, of the earlier ones too.
    width
        Protection interval in people, see :data:`kcgeo.disclosure.audit.WIDTH`.
    earlier
        By name: tables as they were printed before, ``count`` blank where suppressed.
    hierarchy
        Which labels hold one another, e.g. columns ``county, area, state`` with a row for each county.
    rounding
        5 or 10: printed counts are rounded to the nearest multiple, and small ones suppressed all the same; 1: exact.

    Returns
    -------
    dict of DataFrame
        The same rows; ``count`` is float, NaN where suppressed, and ``suppressed`` says so. Why a cell is suppressed
        (small, or to protect another) is not told: it would narrow it down.

    Raises
    ------
    TableError
        For faults of the tables.
    DisclosureError
        A table that cannot be protected: groups must be merged.

    Examples
    --------
    >>> table = pd.DataFrame({"county": list("AAABBBCCC"), "age": ["0-17", "18-24", "25+"] * 3,
    ...                       "count": [4, 30, 40, 35, 50, 60, 45, 70, 80]})
    >>> out = suppress({"t": table}, dimensions={"t": ["county", "age"]})["t"]
    >>> int(out["suppressed"].sum()), bool(out.loc[0, "suppressed"])
    (3, True)
    """
    if rounding != 1 and rounding not in ROUNDINGS:
        raise TableError("Counts are rounded to 5 or to 10; give rounding=5, rounding=10, or none.")
    system = link(tables, dimensions=dimensions, earlier=earlier, hierarchy=hierarchy)
    cells = {name: system.rows(name, table) for name, table in tables.items()}
    system = _with_public_limits(system, tables, cells)
    pattern = suppression_pattern(system, width=width, rounding=rounding)
    shown = rounded(system.count, rounding) if rounding > 1 else system.count
    results = {}
    for name, table in tables.items():
        at = cells[name]
        results[name] = table.assign(
            count=pd.Series(shown[at], index=table.index).astype(float).mask(pattern[at], np.nan),
            suppressed=pattern[at],
        )
    return results


def _with_public_limits(
    system: LinkedTables, tables: Mapping[str, pd.DataFrame], cells: Mapping[str, npt.NDArray[np.intp]]
) -> LinkedTables:
    """Tell the reader the public denominators that are so small that they say something of a count."""
    most = np.full(len(system.cells), np.inf)
    for name, table in tables.items():
        if "population_count" in table:
            most[cells[name]] = pd.to_numeric(table["population_count"]).fillna(np.inf).to_numpy(float)
    return replace(system, most=most) if np.isfinite(most).any() else system


_NO_DIMENSION = frozenset({"count", "population_count", "suppressed", "rate_per_1000"})


def suppressed_people(
    tables: Mapping[str, pd.DataFrame],
    *,
    earlier: Mapping[str, pd.DataFrame] | None = None,
    hierarchy: pd.DataFrame | None = None,
    rounding: int = 1,
    census_denominators: bool = False,
) -> dict[str, pd.DataFrame]:
    """Return tables about the same people as they may leave, protected together and from what was released before.

    Every column but ``count`` and ``population_count`` is a dimension. Where ``population_count`` (the people among
    whom is counted) is given, ``rate_per_1000`` is added, NaN under 20 events. Denominators of 1 to 10 are suppressed,
    unless they are public census counts.

    Raises
    ------
    TableError, DisclosureError
        As :func:`suppress`; also for rates that were computed outside, and for more events than people.
    """
    before = dict(earlier or {})
    for table in tables.values():
        if given := sorted({"suppressed", "rate_per_1000", "rate"} & set(table.columns)):
            raise DisclosureError(f"The gate makes the columns {', '.join(given)} itself; give counts only.")
    named = {
        name: [str(column) for column in one.columns if column not in _NO_DIMENSION]
        for name, one in {**before, **tables}.items()
    }
    several = len(before) + len(tables) > 1
    counted = {
        name: table if census_denominators else _safe_denominators(table, named[name], several=several)
        for name, table in tables.items()
    }
    for table in tables.values():
        _refuse_more_events_than_people(table)
    out = suppress(counted, dimensions=named, earlier=before, hierarchy=hierarchy, rounding=rounding)
    for name, table in out.items():
        if "population_count" in table:
            people = pd.to_numeric(table["population_count"])
            out[name] = table.assign(population_count=people, rate_per_1000=event_rate(table["count"], people))
    return out


def _refuse_more_events_than_people(table: pd.DataFrame) -> None:
    if "population_count" in table:
        people = pd.to_numeric(table["population_count"], errors="coerce")
        if (pd.to_numeric(table["count"], errors="coerce") > people).any():
            raise DisclosureError(
                "A count is larger than its population_count, the people among whom was counted; correct the table."
            )


def _safe_denominators(table: pd.DataFrame, dimensions: Sequence[str], *, several: bool) -> pd.DataFrame:
    """Blank denominators of 1 to 10; all of them where a total or another table could give one back."""
    if "population_count" not in table:
        return table
    people = pd.to_numeric(table["population_count"], errors="coerce")
    small = people.between(1, SMALL)
    totals = bool((table[list(dimensions)].astype("str") == TOTAL).to_numpy().any())
    everywhere = bool(small.any()) and (several or totals)
    return table.assign(population_count=people.mask(small | everywhere))


def suppression_pattern(tables: LinkedTables, *, width: int = WIDTH, rounding: int = 1) -> Bools:
    """Say which cells are suppressed so that each small cell keeps an interval of ``width`` people.

    Zeros are printed, unless nothing else protects a small cell.

    Raises
    ------
    DisclosureError
        Where even that does not protect: the sentence names the group, never a count.
    """
    small = tables.known & (tables.count >= 1) & (tables.count <= SMALL)
    kept_back = _tied_to_unknown(tables)
    new = tables.printed & ~tables.published & ~tables.withheld
    if np.any(kept_back & new & small):
        cell = int(np.flatnonzero(kept_back & new & small)[0])
        raise DisclosureError(
            f"The small count of {tables.named(tables.cells[cell])} is tied to cells that an earlier release "
            f"suppressed; {_MERGE}, or leave that row out."
        )
    if np.any(kept_back & new) and not np.any(new & ~kept_back):
        raise DisclosureError(
            "Every cell of the new table stands in a sum with cells that an earlier release suppressed, and would tell "
            "of them; release the tables of one system together, or use groups that were printed before."
        )
    primary = (new & (small | kept_back)) | tables.withheld
    search = _Search(_completed(tables), primary, free=new & ~kept_back, tied=kept_back, width=width, rounding=rounding)
    for zeros in (False, True):
        pattern = search.complemented(zeros=zeros)
        if pattern is not None:
            return search.without_needless(pattern)
    raise DisclosureError(
        f"The table of people cannot be protected by suppressing cells; {_MERGE}, first {search.hardest()}."
    )


def _tied_to_unknown(tables: LinkedTables) -> Bools:
    """Cells that stand in a sum with an earlier suppressed cell of unknown count, over cells that nobody published.

    What is published, or follows from it, ends the chain: a reader knows it already.
    """
    public = np.array(
        [
            count is not None
            for count in implied_counts(
                [int(count) if shown else None for count, shown in zip(tables.count, tables.published, strict=True)],
                tables.relations,
            )
        ]
    )
    tied = tables.withheld & ~tables.known & ~public
    while tied.any():
        grown = tied.copy()
        for total, parts in tables.relations:
            cells = np.array([total, *parts])
            if tied[cells].any():
                grown[cells] |= ~public[cells]
        if np.array_equal(grown, tied):
            break
        tied = grown
    return np.asarray(tied, dtype=bool)


def _completed(tables: LinkedTables) -> LinkedTables:
    """Give cells whose count nobody here knows any count that fits the others: the shifts start from a whole table."""
    if tables.known.all():
        return tables
    solver = relations_model(tables)
    columns = np.arange(len(tables.cells), dtype=np.int32)
    count = tables.count.astype(float)
    solver.changeColsBounds(
        len(columns), columns, np.where(tables.known, count, 0.0), np.where(tables.known, count, 1e9)
    )
    solver.changeColsIntegrality(len(columns), columns, np.full(len(columns), highspy.HighsVarType.kInteger))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise TableError("The tables disagree: no counts of people fit all their totals.")
    found = np.round(np.asarray(solver.getSolution().col_value)).astype(np.int64)
    return replace(tables, count=np.where(tables.known, tables.count, found))


class _Search:
    """The search for a pattern: one attacker and one model of shifts serve all its questions."""

    def __init__(
        self, tables: LinkedTables, primary: Bools, *, free: Bools, tied: Bools, width: int, rounding: int
    ) -> None:
        self.tables, self.primary, self.free = tables, primary, free
        self.width, self.rounding = width, rounding
        self.small = tables.known & (tables.count <= SMALL)
        self.guessed = ~tables.known & ~tables.printed & ~tied
        self.attacker = Attacker(tables, primary, rounding=rounding)
        self.shifts = relations_model(tables, signs=(1.0, -1.0))
        self.stuck: int | None = None

    def hardest(self) -> str:
        """Name the group that could not be protected."""
        return "it" if self.stuck is None else self.tables.named(self.tables.cells[self.stuck])

    def complemented(self, *, zeros: bool) -> Bools | None:
        """Add cells to the primary ones until every small one is protected; None where that is not possible."""
        pattern = self.primary.copy()
        while (gap := self._first_gap(pattern)) is not None:
            added = self._shifted(pattern, *gap, zeros=zeros)
            if added is None or not (added & ~pattern).any():
                self.stuck = gap[0]
                return None
            pattern |= added
        return pattern

    def _first_gap(self, pattern: Bools) -> tuple[int, int | None] | None:
        """Return the first small cell that is not protected, and the insider against whom; None where all are.

        Small sums that nobody printed count too: the difference of two printed cells is as good as a printed one.
        """
        self.attacker.look(pattern)
        insiders = np.flatnonzero((pattern | ~self.tables.printed) & self.tables.known)
        for cell in np.flatnonzero(self.small & (self.tables.count > 0) & ~(self.free & ~pattern)).tolist():
            who = self.attacker.open_to(cell, insiders, self.width)
            if who is not None:
                return cell, who[0]
        for cell in np.flatnonzero(self.guessed).tolist():
            # a group between the printed ones, whose count nobody here knows: a narrow guess that is small is too much
            if self.attacker.spreads(cell, insiders[:0])[0] < self.width:
                low, high = self.attacker.interval(cell)
                if high - low < self.width and high > 0 and low <= SMALL:
                    return cell, None
        return None

    def _shifted(self, pattern: Bools, cell: int, insider: int | None, *, zeros: bool) -> Bools | None:
        """Return the printed cells of the cheapest shifts that widen one cell to the width; None where none does.

        Every way to split the width into a rise and a fall is tried. Cells that are suppressed or unprinted shift for
        nothing; a printed one costs more the more people it holds, and a zero so much that it comes last.
        """
        tables = self.tables
        count = tables.count.astype(float)
        candidates = self.free & ((tables.count > SMALL) | (zeros & (tables.count == 0)))
        lower, upper = bounds_of_reader(tables, pattern | candidates, rounding=self.rounding)
        if not zeros:
            lower = np.where(pattern & self.small, np.maximum(lower, 1.0), lower)
        cost = np.where(pattern | ~tables.printed, 0.0, 1.0 + np.log10(1.0 + count))
        cost = np.where(candidates & (tables.count == 0) & ~pattern, _ZERO_COST, cost)
        still = ~(pattern | candidates | ~tables.printed)
        if insider is not None:
            still[insider] = True
        room_up = np.where(still, 0.0, upper - count)
        room_down = np.where(still, 0.0, count - lower)
        best: tuple[float, Bools] | None = None
        for up in range(self.width, -1, -1):
            down = self.width - up
            if up > room_up[cell] or down > room_down[cell]:
                continue
            found = [self._cheapest_shift(cell, by, room_up, room_down, cost) for by in (up, -down) if by]
            if any(shift is None for shift in found):
                continue
            moved = np.any([np.abs(shift) > _EPSILON for shift in found if shift is not None], axis=0) & tables.printed
            price = float(cost[moved].sum())
            if best is None or price < best[0] - _EPSILON:
                best = (price, moved)
        return None if best is None else best[1]

    def _cheapest_shift(self, cell: int, by: float, room_up: Floats, room_down: Floats, cost: Floats) -> Floats | None:
        """Minimise the cost of shifts y = up - down with every sum kept and the given cell shifted ``by`` people."""
        size = len(room_up)
        least, most = np.zeros(2 * size), np.maximum(np.concatenate([room_up, room_down]), 0.0)
        least[cell] = most[cell] = max(by, 0.0)
        least[size + cell] = most[size + cell] = max(-by, 0.0)
        columns = np.arange(2 * size, dtype=np.int32)
        self.shifts.changeColsBounds(2 * size, columns, least, most)
        self.shifts.changeColsCost(2 * size, columns, np.concatenate([cost, cost]))
        self.shifts.run()
        if self.shifts.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.asarray(self.shifts.getSolution().col_value)
        return np.asarray(values[:size] - values[size:])

    def without_needless(self, pattern: Bools) -> Bools:
        """Print again, largest first, each complement without which every small cell stays protected.

        A complement that the sums give back is always among them, since printing it tells a reader nothing new.
        """
        kept = pattern.copy()
        complements = np.flatnonzero(pattern & ~self.primary)
        for cell in complements[np.argsort(-self.tables.count[complements], kind="stable")]:
            kept[cell] = False
            if self._first_gap(kept) is not None:
                kept[cell] = True
        return kept
