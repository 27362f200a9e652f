"""Who lacks what: the continuum of services, place by place, and the coverage table of people and of places.

Each place and category has exactly one state. ``in_reach``: a service with a public address is within the cutoff.
``by_referral``: none is, but a confidential service of that category serves the area (call). ``hours_unknown``: nor
that, but a service is within the cutoff of which nobody knows whether it is open. ``not_collected``: nothing is known
there, and nobody has looked for the category in the county. ``none``: it was looked for and is not there; only these
people lack it. Times come from services with a public address only, so shares in reach are a lower bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.pairs import check_counts, repeated, strangers, upto
from kcgeo.access.reach import check_cutoff
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.terms import STATES

__all__ = ["STATES", "categories_of", "continuum", "coverage_table", "lacking", "states", "time_problems"]

_REACH, _REFERRAL, _HOURS, _UNCOLLECTED, _NONE = range(len(STATES))
SUFFIX = "_min"


def categories_of(times: pd.DataFrame) -> list[str]:
    """Return the categories that a table of times has, in its order: the columns that end in ``_min``."""
    return [str(column).removesuffix(SUFFIX) for column in times.columns if str(column).endswith(SUFFIX)]


def time_problems(times: pd.DataFrame) -> list[str]:
    """Return one sentence for each fault of a table of ``<category>_min`` columns."""
    problems = repeated(times.index, "The times name")
    for category in categories_of(times):
        column = times[f"{category}{SUFFIX}"]
        if not pd.api.types.is_numeric_dtype(column.dtype):
            problems.append(f"The column {category}{SUFFIX} of times must hold numbers, not {column.dtype}.")
            continue
        values = column.to_numpy(dtype=float, na_value=np.nan)
        bad = times.index[(values < 0) | np.isinf(values)]
        if len(bad):
            problems.append(
                f"The {category}{SUFFIX} of {first_ids(bad)} is negative or infinite; "
                "write NaN for a place that is not reached."
            )
    return problems


def _flag_faults(times: pd.DataFrame, flags: pd.DataFrame | None, what: str = "referral") -> list[str]:
    if flags is None:
        return []
    cure = "; give each place a row of True or False"
    problems = repeated(flags.index, f"The {what} table names")
    problems = problems or strangers(times.index, flags.index, f"The {what} table lacks", cure)
    if problems:
        return problems
    loose = [str(column) for column, dtype in flags.dtypes.items() if not pd.api.types.is_bool_dtype(dtype)]
    return [f"The {what} columns {', '.join(loose)} must be True or False throughout."] if loose else []


class _Known(NamedTuple):
    """What is known of the places: minutes, referral, services of unknown hours, kinds of help nobody looked for."""

    times: pd.DataFrame
    referral: pd.DataFrame | None
    unsure: pd.DataFrame | None
    uncollected: pd.DataFrame | None

    def faults(self) -> list[str]:
        """One sentence for each fault of the tables."""
        problems = [*time_problems(self.times), *_flag_faults(self.times, self.referral)]
        problems += _flag_faults(self.times, self.uncollected, "uncollected")
        return problems + ([] if self.unsure is None else time_problems(self.unsure))

    def categories(self) -> list[str]:
        """Return the categories of the times, and after them those that only the referrals name."""
        names = categories_of(self.times)
        return names + sorted(set(() if self.referral is None else map(str, self.referral.columns)) - set(names))

    def codes(self, category: str, cutoff_min: float) -> npt.NDArray[np.int8]:
        """Position in :data:`STATES` of the state of each place."""
        index = self.times.index
        return np.select(
            [
                near(self.times, category, cutoff_min, index),
                flagged(self.referral, category, index),
                near(self.unsure, category, cutoff_min, index),
                flagged(self.uncollected, category, index),
            ],
            [_REACH, _REFERRAL, _HOURS, _UNCOLLECTED],
            default=_NONE,
        ).astype(np.int8)


def flagged(flags: pd.DataFrame | None, category: str, index: pd.Index[Any]) -> npt.NDArray[np.bool_]:
    """Whether a table of True and False marks each place; nowhere without a column for the category."""
    if flags is None or category not in flags.columns:
        return np.zeros(len(index), dtype=bool)
    return np.asarray(flags[category].reindex(index).to_numpy(dtype=bool))


def near(times: pd.DataFrame | None, category: str, cutoff_min: float, index: pd.Index[Any]) -> npt.NDArray[np.bool_]:
    """Whether each place has a service of the category within the cutoff; nowhere without a column for it."""
    column = f"{category}{SUFFIX}"
    if times is None or column not in times.columns:
        return np.zeros(len(index), dtype=bool)
    return np.asarray(times[column].reindex(index).to_numpy(dtype=float, na_value=np.nan) <= upto(cutoff_min))


def _unequal(times: pd.Index[Any], others: pd.Index[Any], what: str) -> list[str]:
    """Sentences on ids that only one of the times and another table has."""
    lacks = "lacks" if what == "demand" else "lack"
    return [
        *strangers(others, times, "The times lack", f", which {what} names"),
        *strangers(times, others, f"The {what} {lacks}", ", which the times name"),
    ]


def _category_faults(times: pd.DataFrame, referral: pd.DataFrame | None, categories: Sequence[str]) -> list[str]:
    known = set(categories_of(times)) | set(() if referral is None else referral.columns)
    problems = [
        f"The times have no column {category}{SUFFIX}; add it (NaN throughout where no such service has a public "
        f"address) or drop '{category}'. Present are: {', '.join(sorted(known)) or 'none'}."
        for category in categories
        if category not in known
    ]
    if not categories:
        problems.append("No category is required; name at least one.")
    return problems


def states(
    times: pd.DataFrame,
    *,
    cutoff_min: float,
    referral: pd.DataFrame | None = None,
    unsure: pd.DataFrame | None = None,
    uncollected: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """State of each place and category: one of ``STATES``.

    Parameters
    ----------
    times
        ``<category>_min`` columns by place; NaN where no service is reached.
    cutoff_min
        Minutes; a service at exactly the cutoff is in reach.
    referral
        True where a confidential service of the category (the column) serves the place's area. A category that only
        ``referral`` names has no public address at all: its places are ``by_referral`` or ``none``.
    unsure
        ``<category>_min`` to services of which nobody knows whether they are open; left out, all hours are known.
    uncollected
        True where nobody has looked for the category in the place's county; left out, all was looked for.

    Returns
    -------
    DataFrame
        One column a category, by place, in the order of ``times``; categories only in ``referral`` come last.

    Raises
    ------
    TableError
        For faults of the tables.
    """
    check_cutoff(cutoff_min)
    known = _Known(times, referral, unsure, uncollected)
    raise_all(known.faults(), TableError)
    words = np.array(STATES, dtype=object)
    return pd.DataFrame({name: words[known.codes(name, cutoff_min)] for name in known.categories()}, index=times.index)


def lacking(states: pd.DataFrame, required: Sequence[str]) -> pd.Series[bool]:
    """Say which places lack at least one of the required categories: the one definition of "lack".

    Parameters
    ----------
    states
        ``<category>_state`` columns as of :func:`continuum`, or ``<category>`` columns as of :func:`states`.
    required
        The categories that a place needs.

    Returns
    -------
    Series
        ``lacking`` by place: True where a required category has the state ``none``. Help by referral is help, and what
        nobody knows is not lacking.

    >>> lacking(pd.DataFrame({"legal": ["none", "not_collected"], "medical": ["in_reach"] * 2}), ["legal", "medical"])
    0     True
    1    False
    Name: lacking, dtype: bool
    """
    columns = [f"{name}_state" if f"{name}_state" in states else name for name in required]
    strangers = [name for name in columns if name not in states]
    if strangers:
        raise TableError(f"The states lack the categories {first_ids(strangers)}.")
    found: pd.Series[bool] = (states[columns] == "none").any(axis=1).rename("lacking")
    return found


def _named(codes: npt.NDArray[np.int8], state: int, categories: Sequence[str]) -> npt.NDArray[np.object_]:
    """Return for each place the categories that have this state, joined by commas."""
    # thousands of places share a few patterns
    patterns, pattern_of = np.unique(codes == state, axis=0, return_inverse=True)
    words = np.array([", ".join(np.array(categories, dtype=object)[row]) for row in patterns], dtype=object)
    return words[pattern_of.ravel()]


def continuum(
    times: pd.DataFrame,
    demand: pd.Series[float],
    *,
    required: Sequence[str],
    cutoff_min: float,
    referral: pd.DataFrame | None = None,
    unsure: pd.DataFrame | None = None,
    uncollected: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Whether a place has the whole chain of services, and which links are missing.

    A place is covered only if every required category is in reach; one missing link leaves a survivor stuck.

    Parameters
    ----------
    times
        ``<category>_min`` columns by place; NaN where no service is reached.
    demand
        People by place, with the same ids as ``times``.
    required
        The categories that a place needs.
    cutoff_min
        Minutes; a service at exactly the cutoff is in reach.
    referral
        True where a confidential service of the category serves the place's area; left out, nothing is by referral.
    unsure
        ``<category>_min`` to services of which nobody knows whether they are open; left out, all hours are known.
    uncollected
        True where nobody has looked for the category in the place's county; left out, all was looked for.

    Returns
    -------
    DataFrame
        By place, in the order of ``demand``: ``demand_count``; ``<category>_state`` for each required category;
        ``in_reach_count``, ``by_referral_count``, ``hours_unknown_count``, ``not_collected_count``, ``none_count`` of
        categories (they sum to the required ones);
        ``covered`` (all in reach) and ``covered_with_referral`` (all in reach or by referral);
        ``missing`` and ``by_referral``, the names of the categories with state none and by referral, joined by ", "
        ("" where there is none).

    Raises
    ------
    TableError
        For faults of the tables, a required category that neither ``times`` nor ``referral`` names, or ids that only
        one of ``demand`` and ``times`` names.

    >>> times = pd.DataFrame({"legal_min": [12.0, 31.0], "medical_min": [30.0, float("nan")]}, index=["a", "b"])
    >>> people = pd.Series([100.0, 50.0], index=["a", "b"])
    >>> continuum(times, people, required=["legal", "medical"], cutoff_min=30)[["covered", "missing"]].values.tolist()
    [[True, ''], [False, 'legal, medical']]
    """
    check_cutoff(cutoff_min)
    problems = [*check_counts(demand, "demand"), *_Known(times, referral, unsure, uncollected).faults()]
    problems += _category_faults(times, referral, required)
    raise_all(problems, TableError)
    raise_all(_unequal(times.index, demand.index, "demand"), TableError)
    known = _Known(times.reindex(demand.index), referral, unsure, uncollected)
    codes = np.column_stack([known.codes(category, cutoff_min) for category in required])
    words = np.array(STATES, dtype=object)
    columns: dict[str, Any] = {"demand_count": demand.to_numpy(dtype=float)}
    columns |= {f"{category}_state": words[codes[:, place]] for place, category in enumerate(required)}
    columns |= {f"{state}_count": (codes == code).sum(axis=1) for code, state in enumerate(STATES)}
    columns["covered"] = (codes == _REACH).all(axis=1)
    columns["covered_with_referral"] = (codes <= _REFERRAL).all(axis=1)
    columns["missing"] = _named(codes, _NONE, required)
    columns["by_referral"] = _named(codes, _REFERRAL, required)
    return pd.DataFrame(columns, index=demand.index)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _coverage_row(
    codes: npt.NDArray[np.int8], reached: npt.NDArray[np.bool_], people: npt.NDArray[np.float64]
) -> dict[str, float]:
    total, lived_in = people.sum(), people > 0
    covered = people[codes == _REACH].sum()
    return {
        "total_count": total,
        "covered_count": covered,
        "covered_share": _share(covered, total),
        **{f"{name}_share": _share(people[codes == code].sum(), total) for code, name in enumerate(STATES) if code},
        "place_covered_share": _share((lived_in & (codes == _REACH)).sum(), lived_in.sum()),
        "unreachable_share": _share(people[~reached].sum(), total),
    }


def coverage_table(
    times: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    cutoffs_min: Sequence[float],
    referral: pd.DataFrame | None = None,
    unsure: pd.DataFrame | None = None,
    uncollected: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Share of people and of places with a service within each cutoff, by category and group.

    Parameters
    ----------
    times
        ``<category>_min`` columns by place; NaN where no service is reached.
    groups
        Counts by place with the same ids, one column a group (``population_count``, ``under18_count``, ...).
    cutoffs_min
        Minutes; a service at exactly a cutoff is in reach.
    referral
        True where a confidential service of the category (the column) serves the place's area.
    unsure
        ``<category>_min`` to services of which nobody knows whether they are open; left out, all hours are known.
    uncollected
        True where nobody has looked for the category in the place's county; left out, all was looked for.

    Returns
    -------
    DataFrame
        One row for each category, ``cutoff_min`` and ``group``, in the order given, with
        ``total_count`` (people, or households, of the group), ``covered_count``,
        ``covered_share``, ``by_referral_share``, ``hours_unknown_share``, ``not_collected_share`` and ``none_share``
        of the group (they sum to 1),
        ``place_covered_share`` (of the places where the group lives, each counted once) and
        ``unreachable_share`` (of the group, in places from which the network search found no service of the category
        at all; the same at each cutoff, whether or not a referral serves them).
        Shares of a group without people are NaN.

    Raises
    ------
    TableError
        For faults of the tables.

    >>> times = pd.DataFrame({"legal_min": [10.0, 40.0, float("nan")]}, index=["a", "b", "c"])
    >>> groups = pd.DataFrame({"population_count": [50, 30, 20]}, index=["a", "b", "c"])
    >>> row = coverage_table(times, groups, cutoffs_min=[30]).iloc[0]
    >>> float(row["covered_share"]), float(row["unreachable_share"])
    (0.5, 0.2)
    """
    known = _Known(times, referral, unsure, uncollected)
    problems = known.faults()
    for group in groups.columns:
        problems += check_counts(groups[group], f"group {group}")
    if not len(cutoffs_min):
        problems.append("cutoffs_min is empty; name at least one cutoff.")
    raise_all([*problems, *_unequal(times.index, groups.index, "groups")], TableError)
    people: Mapping[str, npt.NDArray[np.float64]] = {
        str(group): groups[group].reindex(times.index).to_numpy(dtype=float) for group in groups.columns
    }
    rows = []
    for category in known.categories():
        column = f"{category}{SUFFIX}"
        reached = times[column].notna().to_numpy() if column in times.columns else np.zeros(len(times), dtype=bool)
        for cutoff_min in cutoffs_min:
            check_cutoff(cutoff_min)
            codes = known.codes(category, cutoff_min)
            for group, counts in people.items():
                key = {"category": category, "cutoff_min": float(cutoff_min), "group": group}
                rows.append(key | _coverage_row(codes, reached, counts))
    return pd.DataFrame(rows)
