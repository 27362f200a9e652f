"""From two tables to arrays: places, candidate sites, people and minutes, checked once at the door.

Every model reads its tables here, so that a fault is named the same way whichever model is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import (
    check_counts,
    holds_numbers,
    number_faults,
    repeated,
    table_faults,
    text_ids,
    time_faults,
    upto,
)
from kcgeo.errors import SolverError, TableError, first_ids, raise_all

__all__ = [
    "Bools",
    "Floats",
    "Instance",
    "Ints",
    "check_cutoff",
    "check_groups",
    "check_pairs",
    "read_instance",
    "site_series",
    "text_costs",
    "text_series",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.signedinteger[Any]]
Bools = npt.NDArray[np.bool_]

_BLOCK = 1 << 16
_LEAST_COUNT = 1e-6


@dataclass(frozen=True, eq=False)
class Instance:
    """A location problem as arrays; ``place`` and ``site`` number the pairs of ``time_min``, sorted by both."""

    place_ids: tuple[str, ...]
    site_ids: tuple[str, ...]
    people: Floats
    place: Ints
    site: Ints
    time_min: Floats
    existing: Bools
    excluded: tuple[Ints, ...]

    @property
    def place_count(self) -> int:
        """Number of places with demand, reached or not."""
        return len(self.place_ids)

    @property
    def site_count(self) -> int:
        """Number of candidate sites, existing ones included."""
        return len(self.site_ids)

    @property
    def total_people(self) -> float:
        """Sum of all demand."""
        return float(self.people.sum())

    @property
    def existing_ids(self) -> tuple[str, ...]:
        """Ids of the sites held open."""
        return tuple(self.site_ids[j] for j in np.flatnonzero(self.existing))

    def within(self, cutoff_min: float) -> sparse.csr_array:
        """Cover matrix, places by sites: 1 where the site is within the cutoff (inclusive)."""
        keep = self.time_min <= upto(cutoff_min)
        site = self.site[keep]
        # The pairs are sorted by place, so that the rows of the table follow each other as they are.
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.place[keep], minlength=self.place_count))])
        shape = (self.place_count, self.site_count)
        return sparse.csr_array((np.ones(site.size), site, starts), shape=shape)

    def matrix(self) -> Floats:
        """Minutes as a full table, places by sites; infinite where there is no pair."""
        full = np.full((self.place_count, self.site_count), np.inf)
        full[self.place, self.site] = self.time_min
        return full

    def is_excluded(self, chosen: Bools) -> bool:
        """Whether a plan holds all new sites of a plan that may not be chosen again."""
        return any(bool(chosen[sites].all()) for sites in self.excluded)


def read_instance(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    existing: Iterable[str] = (),
    excluding: Iterable[Collection[str]] = (),
) -> Instance:
    """Check the two tables and turn them into arrays, sorted by id whatever the order of the rows.

    Raises
    ------
    TableError
        For each fault of a table, naming the first rows.
    SolverError
        Where an existing site is no candidate.
    """
    raise_all([*_demand_problems(demand), *check_pairs(costs)], TableError)
    costs, demand = text_costs(costs), text_series(demand, "demand")
    raise_all(_demand_problems(demand), TableError)  # 1 and "1" are one id
    held = tuple(text_ids(existing, "existing sites"))
    if isinstance(excluding, str) or not isinstance(excluding, Iterable):
        raise TableError(f"excluding must be a list of plans, each a list of site ids, not {excluding!r}.")
    place_ids = pd.Index(demand.index).sort_values()
    place, names = _numbered(costs["from_id"])
    number = np.asarray(place_ids.get_indexer(pd.Index(names, dtype=place_ids.dtype)), dtype=np.int32)
    unknown = [name for name, k in zip(names, number, strict=True) if k < 0]
    if unknown:
        raise TableError(
            f"costs has {len(unknown)} places that demand lacks: {first_ids(sorted(unknown))}. "
            "Give their demand, or keep only costs[costs['from_id'].isin(demand.index)]."
        )
    site, names = _numbered(costs["to_id"])
    rank, labels = pd.factorize(pd.Series(names, dtype=costs["to_id"].dtype), sort=True)
    site_ids = tuple(labels.tolist())
    _renumber(place, number)
    _renumber(site, rank)
    time_min = costs["time_min"].to_numpy(dtype=float)
    # Tables of travel times come sorted; a million rows are not worth sorting twice.
    if not _is_sorted(place, site):
        order = np.lexsort((site, place))
        place, site, time_min = place[order], site[order], time_min[order]
        twice = np.flatnonzero((np.diff(place) == 0) & (np.diff(site) == 0))
        if twice.size:
            pairs = [f"{place_ids[place[k]]} to {site_ids[site[k]]}" for k in twice]
            raise TableError(
                f"costs holds {twice.size} pairs more than once: {first_ids(pairs)}. Keep one row for a pair."
            )
    return Instance(
        place_ids=tuple(place_ids.tolist()),
        site_ids=site_ids,
        people=np.asarray(demand.reindex(place_ids).to_numpy(dtype=float), dtype=np.float64),
        place=place,
        site=site,
        time_min=time_min,
        existing=_existing_mask(site_ids, held),
        excluded=tuple(_numbers(site_ids, text_ids(plan, "excluded plans"), held) for plan in excluding),
    )


def text_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text in from_id and to_id: the table itself where they hold text, else a changed copy."""
    changed = {}
    for name in ("from_id", "to_id"):
        try:
            codes, names = pd.factorize(costs[name])
        except TypeError:
            raise TableError(f"The costs hold ids in {name} that are neither text nor whole numbers.") from None
        wanted = text_ids(pd.Index(names), f"costs in {name}")
        if isinstance(costs[name].dtype, pd.CategoricalDtype) or not wanted.equals(pd.Index(names)):
            changed[name] = pd.Series(wanted.to_numpy(dtype=object)[codes], index=costs.index, dtype="str")
    return costs.assign(**changed) if changed else costs


def text_series(values: pd.Series[float], what: str) -> pd.Series[float]:
    """Return a Series whose ids are text."""
    names = text_ids(values.index, what)
    return values if names is values.index else values.set_axis(names)


def _blocks(size: int) -> Iterator[slice]:
    """Parts of a long column: what is worked out on the way then stays small, and new memory is what costs time."""
    return (slice(start, start + _BLOCK) for start in range(0, size, _BLOCK))


def _numbered(column: pd.Series[str]) -> tuple[Ints, list[str]]:
    """Count the ids of a column off in the order of their first row; the second part is the ids."""
    known: dict[str, int] = {}
    number = np.empty(len(column), dtype=np.int32)
    for part in _blocks(len(column)):
        codes, names = pd.factorize(column.iloc[part])
        number[part] = np.array([known.setdefault(name, len(known)) for name in names.tolist()])[codes]
    return number, list(known)


def _renumber(number: Ints, new: Ints) -> None:
    for part in _blocks(number.size):
        number[part] = new[number[part]]


def _is_sorted(place: Ints, site: Ints) -> bool:
    """Whether the pairs rise by place and site, none of them twice."""
    for part in _blocks(place.size - 1):
        here, there = part, slice(part.start + 1, part.stop + 1)
        a, b = place[there], site[there]
        before, behind = place[here][: a.size], site[here][: a.size]
        if not ((a > before) | ((a == before) & (b > behind))).all():
            return False
    return True


def check_pairs(costs: Any) -> Iterator[str]:
    """Sentences on missing columns, missing ids and times that are no minutes."""
    problems = table_faults(costs)
    if problems:
        yield from problems
        return
    for name in ("from_id", "to_id"):
        empty = costs.index[costs[name].isna()]
        if len(empty):
            yield f"The costs have {len(empty)} rows without {name}: rows {first_ids(empty)}."
    yield from time_faults(costs)


def _demand_problems(demand: Any) -> list[str]:
    problems = check_counts(demand, "demand")
    if not problems and demand.sum() < _LEAST_COUNT:
        return [f"The demand is {demand.sum():.3g} in sum: there is nobody to serve. Give people for a place."]
    return problems


def check_groups(groups: object) -> None:
    """Refuse groups that are no columns of people."""
    if not isinstance(groups, pd.DataFrame) or groups.shape[1] == 0:
        raise TableError("groups must be a DataFrame with a column of people for each group, at least one.")
    if groups.columns.has_duplicates:
        raise TableError("groups has two columns of one name; keep one.")
    raise_all([fault for name in groups for fault in check_counts(groups[name], f"group {name}")], TableError)


def _existing_mask(site_ids: tuple[str, ...], existing: Iterable[str]) -> Bools:
    held = list(existing)
    known = set(site_ids)
    unknown = sorted({str(site) for site in held if site not in known})
    if unknown:
        raise SolverError(
            f"{len(unknown)} existing sites are not among the candidates (the to_ids of costs): {first_ids(unknown)}. "
            "Compute their travel times too, or leave them out."
        )
    chosen = set(held)
    return np.array([site in chosen for site in site_ids], dtype=bool)


def _numbers(site_ids: tuple[str, ...], plan: Collection[str], existing: Iterable[str]) -> Ints:
    position = {site: j for j, site in enumerate(site_ids)}
    held = set(existing)
    unknown = sorted(str(site) for site in plan if site not in position)
    if unknown:
        raise SolverError(f"excluding names sites that are no candidates: {first_ids(unknown)}.")
    return np.array(sorted(position[site] for site in plan if site not in held), dtype=np.intp)


def site_series(instance: Instance, values: pd.Series[float] | None, name: str, *, needed: Bools) -> Floats | None:
    """Numbers of a Series on the sites, checked; sites outside ``needed`` may lack a value and get 0."""
    if values is None:
        return None
    problems: list[str] = []
    if not isinstance(values, pd.Series) or not holds_numbers(values):
        kind = f"a Series of {values.dtype}" if isinstance(values, pd.Series) else f"a {type(values).__name__}"
        raise TableError(f"{name} must be a Series of numbers indexed by to_id, not {kind}; wrap it: pd.Series(...).")
    values = text_series(values, name)
    raise_all(repeated(values.index, f"{name} names sites"), TableError)
    numbers = values.reindex(list(instance.site_ids)).to_numpy(dtype=float, na_value=np.nan)
    missing = [instance.site_ids[j] for j in np.flatnonzero(np.isnan(numbers) & needed)]
    if missing:
        problems.append(f"{name} has no number for {len(missing)} candidate sites: {first_ids(missing)}.")
    negative = [instance.site_ids[j] for j in np.flatnonzero(numbers < 0)]
    if negative:
        problems.append(f"{name} is negative at {len(negative)} sites: {first_ids(negative)}.")
    raise_all(problems, TableError)
    return np.asarray(np.nan_to_num(numbers, nan=0.0, posinf=1e15), dtype=np.float64)


def check_cutoff(cutoff_min: object) -> Iterator[str]:
    """Sentence on a cutoff that is no number of minutes."""
    yield from number_faults(cutoff_min, "cutoff_min")
