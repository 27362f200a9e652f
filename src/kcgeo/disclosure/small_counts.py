"""Small counts of people: 1 to 10 are suppressed, and enough other cells that no sum gives them back.

Primary suppression takes every printed count of 1 to 10. Complementary suppression follows Kelly, Golden & Assad (1992,
Cell suppression: disclosure protection for sensitive tabular data, Networks 22): for a cell that a reader can still
pin down, the cheapest shift of counts that keeps every sum is found by linear programming; the cells that shift are
suppressed too. It is repeated until :mod:`kcgeo.disclosure.audit` finds every small cell protected, also from an
insider who knows one cell; at the end cells that turn out not to be needed are printed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import highspy
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.disclosure.audit import SMALL, WIDTH, Attacker, bounds_of_reader
from kcgeo.disclosure.linked import LinkedTables, link
from kcgeo.errors import DisclosureError, TableError

__all__ = ["MIN_EVENTS", "event_rate", "suppress", "suppressed_people", "suppression_pattern"]

MIN_EVENTS = 20
"""No rate is given on fewer events than this."""
_ZERO_COST = 1000.0
_EPSILON = 1e-6


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
    tables: Mapping[str, pd.DataFrame], *, dimensions: Mapping[str, Sequence[str]], width: int = WIDTH
) -> dict[str, pd.DataFrame]:
    """Return the tables with small counts and their complements blanked, protected together.

    Parameters
    ----------
    tables
        By name: long tables with dimension columns and ``count`` (people); a total has the label "total". All tables
        about the same people belong here, since they are linked by their totals.
    dimensions
        By name of the table: its dimension columns.
    width
        Protection interval in people, see :data:`kcgeo.disclosure.audit.WIDTH`.

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
    system = link(tables, dimensions=dimensions)
    pattern = suppression_pattern(system, width=width)
    at = {cell: number for number, cell in enumerate(system.cells)}
    results = {}
    for name, table in tables.items():
        own = {column: place for place, column in enumerate(dimensions[name])}
        rows = table[list(dimensions[name])].astype("str").itertuples(index=False, name=None)
        cells = [tuple(row[own[column]] if column in own else "total" for column in system.dimensions) for row in rows]
        hidden = np.array([pattern[at[cell]] for cell in cells], dtype=bool)
        results[name] = table.assign(
            count=pd.to_numeric(table["count"]).astype(float).mask(hidden, np.nan), suppressed=hidden
        )
    return results


_NO_DIMENSION = frozenset({"count", "population_count", "suppressed", "rate_per_1000"})


def suppressed_people(table: pd.DataFrame, *, linked: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """Return one table as it may leave, suppressed together with the tables that are linked to it.

    Every column but ``count`` and ``population_count`` is a dimension. Where ``population_count`` (the people among
    whom is counted) is given, ``rate_per_1000`` is added, NaN under 20 events.

    Raises
    ------
    TableError, DisclosureError
        As :func:`suppress`; also for rates that were computed outside.
    """
    if given := sorted({"suppressed", "rate_per_1000", "rate"} & set(table.columns)):
        raise DisclosureError(f"The gate makes the columns {', '.join(given)} itself; give counts only.")
    tables = {f"{number:04d}": one for number, one in enumerate((table, *linked))}
    named = {
        name: [str(column) for column in one.columns if column not in _NO_DIMENSION] for name, one in tables.items()
    }
    out = suppress(tables, dimensions=named)["0000"]
    if "population_count" in out:
        out["rate_per_1000"] = event_rate(out["count"], pd.to_numeric(out["population_count"]))
    return out


def suppression_pattern(tables: LinkedTables, *, width: int = WIDTH) -> npt.NDArray[np.bool_]:
    """Say which cells are suppressed so that each small cell keeps an interval of ``width`` people.

    Zeros are printed, unless nothing else protects a small cell.

    Raises
    ------
    DisclosureError
        Where even that does not protect: the sentence names the group, never a count.
    """
    primary = tables.printed & (tables.count >= 1) & (tables.count <= SMALL)
    for zeros in (False, True):
        pattern = _complemented(tables, primary, zeros=zeros, width=width)
        if pattern is not None:
            return _without_needless(tables, pattern, primary, width=width)
    raise DisclosureError(
        "The table of people cannot be protected by suppressing cells; merge rows or columns until groups are larger."
    )


def _complemented(
    tables: LinkedTables, primary: npt.NDArray[np.bool_], *, zeros: bool, width: int
) -> npt.NDArray[np.bool_] | None:
    """Add cells until every small one is protected; None where that is not possible."""
    pattern = primary.copy()
    while (gap := _first_gap(tables, pattern, width=width)) is not None:
        cell, insider = gap
        added = _shifted(tables, pattern, cell, insider, zeros=zeros, width=width)
        if added is None or not (added & ~pattern).any():
            return None
        pattern |= added
    return pattern


def _first_gap(tables: LinkedTables, pattern: npt.NDArray[np.bool_], *, width: int) -> tuple[int, int | None] | None:
    """Return the first small cell that is not protected, and the insider against whom; None where all are."""
    attacker = Attacker(tables, pattern)
    unknown = np.flatnonzero(pattern | ~tables.printed).tolist()
    for cell in np.flatnonzero(pattern & (tables.count <= SMALL)).tolist():
        for insider in (None, *unknown):
            if insider is None or tables.twin[insider] != tables.twin[cell]:
                low, high = attacker.interval(cell, known=insider)
                if high - low < width:
                    return cell, insider
    return None


def _shifted(
    tables: LinkedTables,
    pattern: npt.NDArray[np.bool_],
    cell: int,
    insider: int | None,
    *,
    zeros: bool,
    width: int,
) -> npt.NDArray[np.bool_] | None:
    """Return the printed cells of the cheapest shifts that widen one cell to ``width``; None where none does."""
    count = tables.count.astype(float)
    candidates = tables.printed & ((tables.count > SMALL) | (zeros & (tables.count == 0)))
    lower, upper = bounds_of_reader(tables, pattern | candidates)
    if not zeros:
        lower = np.where(pattern & (tables.count <= SMALL), 1.0, lower)
    cost = np.where(pattern | ~tables.printed, 0.0, 1.0 + np.log10(1.0 + count))
    cost = np.where(candidates & (tables.count == 0) & ~pattern, _ZERO_COST, cost)
    free = pattern | candidates | ~tables.printed
    if insider is not None:
        free[insider] = False
    room_up, room_down = upper - count, count - lower
    best: tuple[float, npt.NDArray[np.bool_]] | None = None
    for up in range(width, -1, -1):
        down = width - up
        if up > room_up[cell] or down > room_down[cell]:
            continue
        shifts = [_cheapest_shift(tables, cell, by, room_up, room_down, cost, free) for by in (up, -down) if by]
        if any(shift is None for shift in shifts):
            continue
        moved = np.any([np.abs(shift) > _EPSILON for shift in shifts if shift is not None], axis=0) & tables.printed
        price = float(cost[moved].sum())
        if best is None or price < best[0] - _EPSILON:
            best = (price, moved)
    return None if best is None else best[1]


def _cheapest_shift(
    tables: LinkedTables,
    cell: int,
    by: float,
    room_up: npt.NDArray[np.float64],
    room_down: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    free: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64] | None:
    """Minimise the cost of shifts y = up - down with every sum kept and the given cell shifted ``by`` people."""
    size = len(room_up)
    solver: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    room = np.concatenate([np.where(free, room_up, 0.0), np.where(free, room_down, 0.0)])
    least = np.zeros(2 * size)
    least[cell], least[size + cell] = max(by, 0.0), max(-by, 0.0)
    room[cell], room[size + cell] = least[cell], least[size + cell]
    solver.addVars(2 * size, least, np.maximum(room, least))
    columns = np.arange(2 * size, dtype=np.int32)
    solver.changeColsCost(2 * size, columns, np.concatenate([cost, cost]))
    for total, parts in tables.relations:
        part_columns = np.array(parts, dtype=np.int32)
        minus = -np.ones(len(parts))
        solver.addRow(
            0.0,
            0.0,
            2 + 2 * len(parts),
            np.concatenate([[total, size + total], part_columns, size + part_columns]).astype(np.int32),
            np.concatenate([[1.0, -1.0], minus, -minus]),
        )
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    values = np.asarray(solver.getSolution().col_value)
    return np.asarray(values[:size] - values[size:])


def _without_needless(
    tables: LinkedTables, pattern: npt.NDArray[np.bool_], primary: npt.NDArray[np.bool_], *, width: int
) -> npt.NDArray[np.bool_]:
    """Print again, largest first, each complement without which every small cell stays protected.

    A complement that the sums give back is always among them, since printing it tells a reader nothing new.
    """
    kept = pattern.copy()
    complements = np.flatnonzero(pattern & ~primary)
    for cell in complements[np.argsort(-tables.count[complements], kind="stable")]:
        kept[cell] = False
        if _first_gap(tables, kept, width=width) is not None:
            kept[cell] = True
    return kept
