"""The door of the room: tables of times and counts are checked here, once, and become plain arrays.

Every measure takes the same tables: ``costs`` (``from_id, to_id, time_min``, only the pairs in reach), ``demand``
(people by origin id) and ``supply`` (capacity by site id). Sums over origins and over sites run along the pairs, so
memory grows with the pairs in reach and a time of 0 is as good as any other.

Two rules hold at every door of this room and of the next: ids are text, and whole numbers are turned into text once
(:func:`text_ids`); a cutoff includes its own value to the millisecond (:func:`upto`), since times are whole
milliseconds and a sum of them in minutes carries the noise of its last digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.errors import TableError, first_ids, raise_all

__all__ = [
    "Pairs",
    "check_counts",
    "holds_numbers",
    "number_faults",
    "read_pairs",
    "repeated",
    "strangers",
    "table_faults",
    "text_ids",
    "time_faults",
    "upto",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

COLUMNS = ("from_id", "to_id", "time_min")

MOST_MIN = 1e9
MOST_COUNT = 1e15  # sums of larger numbers lose whole people
_LEAST_COUNT = 1e-9  # where every count is smaller, shares of them run out of digits
_MS_PER_MIN = 60_000


def upto(cutoff_min: Any) -> Any:
    """Return the largest time that is within a cutoff (or cutoffs) in minutes.

    A time counts as its nearest whole millisecond, so that the noise of a sum does not put it past a cutoff on which it
    lies; and what is at or under the cutoff as it stands is always within.

    >>> bool(0.1 * 3 * 100 <= 30), bool(0.1 * 3 * 100 <= upto(30))
    (False, True)
    """
    whole_ms = np.rint(np.multiply(cutoff_min, _MS_PER_MIN))
    whole_ms = whole_ms - (whole_ms / _MS_PER_MIN > cutoff_min)
    return np.maximum(cutoff_min, (whole_ms + 0.5) / _MS_PER_MIN)


def number_faults(
    value: object, name: str, *, least: float = 0, above: bool = False, whole: bool = False, finite: bool = True
) -> list[str]:
    """Return a sentence where an argument is not such a number: text, a truth value, NaN, or beyond its bounds."""
    kind = "a whole number" if whole else "a number"
    wanted = f"{kind} {f'above {least:g}' if above else f'of {least:g} or more'}"
    if isinstance(value, bool) or not isinstance(value, Real):
        return [f"{name} is {value!r}, a {type(value).__name__}; give {wanted}."]
    number = float(value)
    low = number <= least if above else number < least
    if np.isnan(number) or low or (finite and np.isinf(number)) or (whole and number != np.floor(number)):
        return [f"{name} is {value}; give {wanted}."]
    return []


def text_ids(ids: Any, what: str) -> pd.Index[Any]:
    """Return ids as text; whole numbers lose their point (20091.0 is "20091"), missing ones stay missing.

    Raises
    ------
    TableError
        For ids of another kind (dates, fractions, truth values, tuples), naming the first.
    """
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise TableError(f"The {what} must be a list or an index of ids, not {ids!r}.")
    index: pd.Index[Any] = ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype=object)
    if isinstance(index.dtype, pd.StringDtype):
        return index
    names = index.astype(object)
    if pd.api.types.infer_dtype(names, skipna=True) in ("string", "empty"):
        return names
    bad = [name for name in names if not _is_id(name)]
    if bad:
        raise TableError(
            f"The {what} hold ids that are neither text nor whole numbers: {first_ids(bad)} "
            f"({type(bad[0]).__name__}); write them as text."
        )
    return pd.Index([_as_text(name) for name in names], dtype=object)


def _as_text(name: Any) -> object:
    return name if isinstance(name, str) or pd.isna(name) else str(int(name))


def _is_id(name: object) -> bool:
    if isinstance(name, str | Integral):
        return not isinstance(name, bool | np.bool_)
    if isinstance(name, Real):
        return bool(np.isnan(float(name))) or float(name).is_integer()
    return name is None or name is pd.NA


def holds_numbers(values: Any) -> bool:
    """Whether a column holds real numbers; truth values and text do not count as such."""
    dtype = values.dtype
    return pd.api.types.is_numeric_dtype(dtype) and not (
        pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
    )


@dataclass(frozen=True)
class Pairs:
    """Pairs in reach, sorted by origin and site: positions in ``origins`` and ``sites``, and the minutes between."""

    origins: pd.Index[Any]
    sites: pd.Index[Any]
    origin: Ints
    site: Ints
    time_min: Floats

    def sum_by_origin(self, values: Floats) -> Floats:
        """Add one value for each pair up to one for each origin; 0 where an origin reaches nothing."""
        return np.asarray(np.bincount(self.origin, weights=values, minlength=len(self.origins)), dtype=np.float64)

    def sum_by_site(self, values: Floats) -> Floats:
        """Add one value for each pair up to one for each site; 0 where nobody reaches a site."""
        return np.asarray(np.bincount(self.site, weights=values, minlength=len(self.sites)), dtype=np.float64)

    def within(self, cutoff_min: float) -> Pairs:
        """Keep the pairs of ``cutoff_min`` minutes or less."""
        near = self.time_min <= upto(cutoff_min)
        return Pairs(self.origins, self.sites, self.origin[near], self.site[near], self.time_min[near])


def repeated(ids: pd.Index[Any], opening: str, cure: str = "") -> list[str]:
    """Return the sentence "<opening> a, b more than once<cure>." where ids come twice."""
    twice = ids[ids.duplicated()].unique()
    return [f"{opening} {first_ids(twice)} more than once{cure}."] if len(twice) else []


def strangers(ids: pd.Index[Any], known: pd.Index[Any], opening: str, rest: str) -> list[str]:
    """Return the sentence "<opening> a, b<rest>." where ids are not among those that are known."""
    lost = ids[~ids.isin(known)]
    return [f"{opening} {first_ids(lost)}{rest}."] if len(lost) else []


def check_counts(counts: object, what: str, *, unique: bool = True) -> list[str]:
    """Return one sentence for each fault of a table of people or capacities."""
    if not isinstance(counts, pd.Series):
        kind = type(counts).__name__
        return [f"The {what} must be a Series indexed by id, not a {kind}; wrap it: pd.Series(...)."]
    problems = repeated(counts.index, f"The {what} names", "; add the rows up first") if unique else []
    if not holds_numbers(counts):
        return [*problems, f"The {what} must hold numbers, not {counts.dtype}."]
    values = counts.to_numpy(dtype=float, na_value=np.nan)
    bad = counts.index[~(np.isfinite(values) & (values >= 0))]
    if len(bad):
        problems.append(
            f"The {what} of {first_ids(bad)} is negative, missing or infinite; "
            "give a count of 0 or more, or leave the row out."
        )
    elif values.sum() > MOST_COUNT:
        problems.append(
            f"The {what} adds up to {values.sum():.3g}, which is too large to count exactly; scale it down."
        )
    elif 0 < values.max(initial=0) < _LEAST_COUNT:
        problems.append(f"The {what} is {values.max():.3g} at most, which is too small to share out; scale it up.")
    return problems


def table_faults(costs: object) -> list[str]:
    """Return a sentence where a table of costs is none: no DataFrame, a column missing or there twice."""
    if not isinstance(costs, pd.DataFrame):
        return [f"The costs must be a DataFrame with from_id, to_id and time_min, not {type(costs).__name__}."]
    missing = [column for column in COLUMNS if column not in costs.columns]
    if missing:
        return [f"The costs lack the column {', '.join(missing)}; they need from_id, to_id and time_min."]
    if costs.columns.duplicated().any():
        return [f"The costs have the column {first_ids(costs.columns[costs.columns.duplicated()])} twice."]
    return []


def time_faults(costs: pd.DataFrame) -> list[str]:
    """Return a sentence where a time of a pair is no number of minutes."""
    times = costs["time_min"]
    if not holds_numbers(times):
        return [f"The column time_min of costs must hold minutes as numbers, not {times.dtype}."]
    values = times.to_numpy(dtype=float, na_value=np.nan)
    bad = ~((values <= MOST_MIN) & (values >= 0))
    if not bad.any():
        return []
    rows = costs.loc[bad, ["from_id", "to_id"]].head(6)
    names = [f"{origin} to {site}" for origin, site in zip(rows["from_id"], rows["to_id"], strict=True)]
    more = f" ({int(bad.sum())} pairs in all)" if bad.sum() > len(names) else ""
    return [
        f"The time of {first_ids(names)}{more} is negative, missing, infinite or over {MOST_MIN:g} minutes; "
        "leave out a pair that is not connected."
    ]


def _positions(ids: pd.Series[Any], known: pd.Index[Any]) -> Ints:
    """Return where each id stands in ``known``, which is text; -1 for an unknown id."""
    # a few different ids stand for millions of rows: look each of them up once
    if isinstance(ids.dtype, pd.CategoricalDtype):
        codes, names = ids.cat.codes.to_numpy(), pd.Index(ids.cat.categories)
    else:
        codes, uniques = pd.factorize(ids)
        names = pd.Index(uniques)
    names = text_ids(names, f"costs in {ids.name}")
    found = np.append(known.get_indexer(names), -1)  # a missing id has code -1 and lands on the last
    return np.asarray(found[codes], dtype=np.intp)


def _index(ids: Any) -> pd.Index[Any]:
    index: pd.Index[Any]
    if isinstance(ids, pd.Index):
        index = ids
    elif isinstance(ids, pd.Series | pd.DataFrame):
        index = ids.index
    elif isinstance(ids, Iterable) and not isinstance(ids, str):
        index = pd.Index(list(ids))
    else:
        raise TableError("The ids must be an index or a list of ids, e.g. origins=demand.index.")
    return index


def _strangers(costs: pd.DataFrame, column: str, at: Ints, what: str) -> list[str]:
    names = costs.loc[at < 0, column].astype(object).unique()
    if not len(names):
        return []
    return [
        f"The costs have {column} {first_ids(names)}, which the {what} do not name; add them there or filter the costs."
    ]


def _sites_of(costs: pd.DataFrame) -> pd.Index[Any]:
    names = text_ids(costs["to_id"].drop_duplicates().dropna().astype(object), "costs in to_id")
    rising: pd.Index[Any] = names.unique().sort_values()
    return rising


def _counts(counts: pd.Series[float] | None, size: int) -> Floats:
    return np.ones(size) if counts is None else np.array(counts.to_numpy(dtype=float), dtype=np.float64)


def read_pairs(
    costs: Any,
    *,
    origins: object = None,
    demand: pd.Series[float] | None = None,
    supply: pd.Series[float] | None = None,
) -> tuple[Pairs, Floats, Floats]:
    """Check all tables at once and return the pairs with the people of each origin and the capacity of each site.

    Raises
    ------
    TableError
        One sentence for each fault: missing columns, negative or missing times, a pair given twice, an id that demand
        or supply does not name, a negative or missing count.
    """
    problems = []
    if demand is not None:
        problems += check_counts(demand, "demand")
    if supply is not None:
        problems += check_counts(supply, "supply")
    raise_all(problems, TableError)
    from_ids = _index(demand if demand is not None else origins)
    raise_all(table_faults(costs), TableError)
    site_ids = supply.index if supply is not None else _sites_of(costs)
    origin_names, site_names = text_ids(from_ids, "origins"), text_ids(site_ids, "sites")
    raise_all([*repeated(origin_names, "The origins name"), *repeated(site_names, "The sites name")], TableError)
    origin, site = _positions(costs["from_id"], origin_names), _positions(costs["to_id"], site_names)
    problems = time_faults(costs)
    problems += _strangers(costs, "from_id", origin, "origins") + _strangers(costs, "to_id", site, "sites")
    raise_all(problems, TableError)
    time_min = costs["time_min"].to_numpy(dtype=float)
    key = origin.astype(np.int64) * max(len(site_ids), 1) + site
    step = np.diff(key)
    if (step <= 0).any():  # sums must not depend on the order of rows
        order = np.argsort(key, kind="stable")
        key, origin, site, time_min = key[order], origin[order], site[order], time_min[order]
        twice = np.flatnonzero(np.diff(key) == 0)
        if len(twice):
            names = [f"{from_ids[origin[row]]} to {site_ids[site[row]]}" for row in twice[:6]]
            raise TableError(f"The costs give {first_ids(names)} more than once; keep the shorter time of each pair.")
    people = _counts(demand, len(from_ids))
    capacity = _counts(supply, len(site_ids))
    return Pairs(from_ids, site_ids, origin, site, time_min), people, capacity
