"""The door of the room: tables of times and counts are checked here, once, and become plain arrays.

Every measure takes the same tables: ``costs`` (``from_id, to_id, time_min``, only the pairs in reach), ``demand``
(people by origin id) and ``supply`` (capacity by site id). Sums over origins and over sites run along the pairs, so
memory grows with the pairs in reach and a time of 0 is as good as any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["Pairs", "check_counts", "read_pairs"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

COLUMNS = ("from_id", "to_id", "time_min")


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
        near = self.time_min <= cutoff_min
        return Pairs(self.origins, self.sites, self.origin[near], self.site[near], self.time_min[near])


def check_counts(counts: object, what: str) -> list[str]:
    """Return one sentence for each fault of a table of people or capacities."""
    if not isinstance(counts, pd.Series):
        return [f"The {what} must be a Series indexed by id, not a {type(counts).__name__}."]
    problems = []
    twice = counts.index[counts.index.duplicated()].unique()
    if len(twice):
        problems.append(f"The {what} names {first_ids(twice)} more than once; add the rows up first.")
    if not pd.api.types.is_numeric_dtype(counts.dtype):
        return [*problems, f"The {what} must hold numbers, not {counts.dtype}."]
    values = counts.to_numpy(dtype=float, na_value=np.nan)
    bad = counts.index[~(np.isfinite(values) & (values >= 0))]
    if len(bad):
        problems.append(
            f"The {what} of {first_ids(bad)} is negative, missing or infinite; "
            "give a count of 0 or more, or leave the row out."
        )
    return problems


def _time_faults(costs: pd.DataFrame) -> list[str]:
    times = costs["time_min"]
    if not pd.api.types.is_numeric_dtype(times.dtype):
        return [f"The column time_min of costs must hold minutes as numbers, not {times.dtype}."]
    values = times.to_numpy(dtype=float, na_value=np.nan)
    bad = ~(np.isfinite(values) & (values >= 0))
    if not bad.any():
        return []
    rows = costs.loc[bad, ["from_id", "to_id"]].head(6)
    names = [f"{origin} to {site}" for origin, site in zip(rows["from_id"], rows["to_id"], strict=True)]
    more = f" ({int(bad.sum())} pairs in all)" if bad.sum() > len(names) else ""
    return [
        f"The time of {first_ids(names)}{more} is negative, missing or infinite; "
        "leave out a pair that is not connected."
    ]


def _positions(ids: pd.Series[Any], known: pd.Index[Any]) -> Ints:
    """Return where each id stands in ``known``; -1 for an unknown id."""
    # a few different ids stand for millions of rows: look each of them up once
    if isinstance(ids.dtype, pd.CategoricalDtype):
        codes, names = ids.cat.codes.to_numpy(), pd.Index(ids.cat.categories)
    else:
        codes, uniques = pd.factorize(ids)
        names = pd.Index(uniques)
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


def _repeated(what: str, ids: pd.Index[Any]) -> list[str]:
    twice = ids[ids.duplicated()].unique()
    return [f"The {what} name {first_ids(twice)} more than once."] if len(twice) else []


def _strangers(costs: pd.DataFrame, column: str, at: Ints, what: str) -> list[str]:
    names = costs.loc[at < 0, column].astype(object).unique()
    if not len(names):
        return []
    return [
        f"The costs have {column} {first_ids(names)}, which the {what} do not name; add them there or filter the costs."
    ]


def _sites_of(costs: pd.DataFrame) -> pd.Index[Any]:
    names: pd.Index[Any] = pd.Index(costs["to_id"].drop_duplicates().astype(object))
    rising: pd.Index[Any] = names.sort_values()
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
    if not isinstance(costs, pd.DataFrame):
        raise TableError(f"The costs must be a DataFrame with from_id, to_id and time_min, not {type(costs).__name__}.")
    missing = [column for column in COLUMNS if column not in costs.columns]
    if missing:
        raise TableError(f"The costs lack the column {', '.join(missing)}; they need from_id, to_id and time_min.")
    site_ids = supply.index if supply is not None else _sites_of(costs)
    raise_all(_repeated("origins", from_ids), TableError)
    origin, site = _positions(costs["from_id"], from_ids), _positions(costs["to_id"], site_ids)
    problems = _time_faults(costs)
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
