"""The continuum by who you are and when: category x eligibility x time of week.

Each person falls in one of four classes, the first that holds: ``open`` (a service known to be open at that time takes
them, within the cutoff), ``hours_unknown`` (none is known to be open, but one whose hours are not known is in reach),
``by_referral`` (a confidential service serves their area) and ``none``. Unknown hours never count as open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.gaps import flagged, near, time_problems
from kcgeo.access.pairs import check_counts, strangers
from kcgeo.access.reach import check_cutoff
from kcgeo.errors import TableError, raise_all

__all__ = ["ALL_REQUIRED", "SERVICE_CLASSES", "continuum_matrix", "service_classes"]

SERVICE_CLASSES = ("open", "hours_unknown", "by_referral", "none")
ALL_REQUIRED = "all required"
"""Name of the row that takes, place by place, the worst class of all categories."""

Key = tuple[str, str]


def _check(
    tables: Sequence[tuple[str, Mapping[Key, pd.DataFrame]]],
    people: Mapping[str, pd.Series[float]],
    referral: Mapping[str, pd.DataFrame],
    categories: Sequence[str],
) -> None:
    problems = [] if categories else ["No category is named; give at least one."]
    who = {eligibility for _, times in tables for eligibility, _ in times}
    for eligibility in sorted(who - set(people)):
        problems.append(f"There is no demand for '{eligibility}'; give one Series for all, or one for each.")
    for eligibility, counts in people.items():
        problems += check_counts(counts, f"demand of {eligibility}")
    if not tables[0][1]:
        problems.append("There are no times; give a table for each (eligibility, time of week).")
    for what, times in tables:
        for key, table in times.items():
            problems += [f"{what} {key}: {problem}" for problem in time_problems(table)]
            living = people[key[0]].index if key[0] in people else table.index
            problems += strangers(living, table.index, f"{what} {key} lack", ", which the demand names")
    for eligibility, table in referral.items():
        living = people[eligibility].index if eligibility in people else table.index
        opening = f"The referral table of {eligibility} lacks"
        problems += strangers(living, table.index, opening, ", which the demand names")
    raise_all(problems, TableError)


def _row(codes: npt.NDArray[np.int8], people: npt.NDArray[np.float64]) -> dict[str, float]:
    total = people.sum()
    counts = {name: people[codes == code].sum() for code, name in enumerate(SERVICE_CLASSES)}
    shares = {f"{name}_share": count / total if total > 0 else np.nan for name, count in counts.items()}
    return {"total_count": total} | {f"{name}_count": count for name, count in counts.items()} | shares


def continuum_matrix(
    open_times: Mapping[Key, pd.DataFrame],
    unknown_times: Mapping[Key, pd.DataFrame],
    demand: pd.Series[float] | Mapping[str, pd.Series[float]],
    *,
    categories: Sequence[str],
    cutoff_min: float,
    referral: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """People served by category, eligibility and time of week.

    Parameters
    ----------
    open_times
        For each ``(eligibility, time of week)`` the ``<category>_min`` columns by place to the nearest service that
        takes this person and is known to be open then. A category without a column has no such service: nobody
        reaches it.
    unknown_times
        The same for services whose hours are not known; a key may be missing.
    demand
        People by place, one Series for all or one for each eligibility (under-18s for minors).
    categories
        Rows of the matrix, in order; a last row ``all required`` takes the worst class of all of them at each place.
    cutoff_min
        Minutes; a service at exactly the cutoff is in reach.
    referral
        True where a confidential service of the category serves the place, one table for all or one for each
        eligibility. It is called whatever the hour, so it does not depend on the time.

    Returns
    -------
    DataFrame
        One row for each category, ``eligibility`` and ``when``, in the order of ``open_times``: ``total_count``;
        counts and shares of people ``open``, ``hours_unknown``, ``by_referral``, ``none``, which sum to the total and
        to 1. Shares are NaN where nobody lives.

    Raises
    ------
    TableError
        For faults of the tables, an eligibility without demand, or places that a table lacks.
    """
    check_cutoff(cutoff_min)
    who = list(dict.fromkeys(eligibility for eligibility, _ in open_times))
    people = dict.fromkeys(who, demand) if isinstance(demand, pd.Series) else dict(demand)
    calls = dict(referral) if isinstance(referral, Mapping) else {}
    if isinstance(referral, pd.DataFrame):
        calls = dict.fromkeys(who, referral)
    _check([("The open times", open_times), ("The times of unknown hours", unknown_times)], people, calls, categories)
    rows = []
    for key in open_times:
        eligibility, when = key
        codes = _codes(open_times, unknown_times, calls, key, people[eligibility].index, categories, cutoff_min)
        living = np.asarray(people[eligibility].to_numpy(dtype=float), dtype=np.float64)
        for category, code in zip([*categories, ALL_REQUIRED], codes, strict=True):
            rows.append({"category": category, "eligibility": eligibility, "when": when} | _row(code, living))
    return pd.DataFrame(rows)


def service_classes(
    open_times: Mapping[Key, pd.DataFrame],
    unknown_times: Mapping[Key, pd.DataFrame],
    places: pd.Index[Any],
    *,
    categories: Sequence[str],
    cutoff_min: float,
    referral: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Class of each place by category, eligibility and time of week: the matrix before its people are counted.

    Parameters
    ----------
    open_times, unknown_times, categories, cutoff_min
        As for :func:`continuum_matrix`.
    places
        Ids of the rows wanted.
    referral
        One table for each eligibility.

    Returns
    -------
    DataFrame
        ``place_id, eligibility, when`` and one column for each category and ``all required``, each one of
        :data:`SERVICE_CLASSES`.

    Raises
    ------
    TableError
        As :func:`continuum_matrix`.
    """
    check_cutoff(cutoff_min)
    calls = dict(referral or {})
    ones = {eligibility: pd.Series(1.0, index=places) for eligibility, _ in open_times}
    _check([("The open times", open_times), ("The times of unknown hours", unknown_times)], ones, calls, categories)
    names = np.array(SERVICE_CLASSES, dtype=object)
    parts = []
    for key in open_times:
        codes = _codes(open_times, unknown_times, calls, key, places, categories, cutoff_min)
        columns = {name: names[code] for name, code in zip([*categories, ALL_REQUIRED], codes, strict=True)}
        parts.append(pd.DataFrame({"place_id": places, "eligibility": key[0], "when": key[1]} | columns))
    return pd.concat(parts, ignore_index=True)


def _codes(
    open_times: Mapping[Key, pd.DataFrame],
    unknown_times: Mapping[Key, pd.DataFrame],
    calls: Mapping[str, pd.DataFrame],
    key: Key,
    index: pd.Index[Any],
    categories: Sequence[str],
    cutoff_min: float,
) -> list[npt.NDArray[np.int8]]:
    """Return the position in ``SERVICE_CLASSES`` of each place, one array a category, and last the worst of all."""
    codes = []
    for category in categories:
        served = near(open_times[key], category, cutoff_min, index)
        doubtful = near(unknown_times.get(key), category, cutoff_min, index)
        by_call = flagged(calls.get(key[0]), category, index)
        codes.append(np.select([served, doubtful, by_call], [0, 1, 2], default=3).astype(np.int8))
    return [*codes, np.max(codes, axis=0)]
