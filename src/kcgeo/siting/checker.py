"""The independent check of a plan: plain numpy on the tables that were given, no code shared with the models.

A solver's status is a claim. Here the claim is computed again from the tables: is each assignment in reach, each
capacity kept, the objective what is said, each existing site open, the bound on the right side of the plan?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.pairs import check_counts, holds_numbers, number_faults, text_ids, upto
from kcgeo.errors import SolverError, TableError, first_ids, raise_all
from kcgeo.siting.instance import check_pairs, text_costs, text_series
from kcgeo.siting.plan import SitingResult

__all__ = ["check_dispersion", "check_plan"]

_RELATIVE = 1e-6
_MAXIMISED = ("max_coverage", "backup_coverage", "p_dispersion")
_FULL = ("min_sites", "p_median", "p_center", "backup_coverage")


def _differ(a: float, b: float) -> bool:
    return bool(abs(a - b) > _RELATIVE * max(1.0, abs(a), abs(b)))


def check_plan(
    result: SitingResult,
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float | None = None,
    new_count: int | None = None,
    existing: Iterable[str] = (),
    capacity: pd.Series[float] | None = None,
    site_cost: pd.Series[float] | None = None,
    budget: float | None = None,
) -> SitingResult:
    """Recompute every claim of a plan from the tables, and hand the plan back when all hold.

    Parameters
    ----------
    result
        Plan of any model but `p_dispersion`.
    costs, demand, cutoff_min, new_count, existing, capacity, site_cost, budget
        What the model was given.

    Raises
    ------
    SolverError
        One sentence for each claim that does not hold.
    """
    if not isinstance(result, SitingResult) or result.model == "p_dispersion":
        raise TableError(
            f"The result is no plan of sites for people but {type(result).__name__}; see check_dispersion."
        )
    limits = {"capacity": capacity, "site_cost": site_cost}
    numbers = {"cutoff_min": cutoff_min, "new_count": new_count, "budget": budget}
    raise_all(
        [
            *check_counts(demand, "demand"),
            *check_pairs(costs),
            *(
                f"{name} must be a Series of numbers by to_id, not a {type(one).__name__}."
                for name, one in limits.items()
                if one is not None and not (isinstance(one, pd.Series) and holds_numbers(one))
            ),
            *(fault for name, one in numbers.items() if one is not None for fault in number_faults(one, name)),
        ],
        TableError,
    )
    costs, demand = text_costs(costs), text_series(demand, "demand")
    capacity, site_cost = (
        None if limit is None else text_series(limit, name)
        for limit, name in ((capacity, "capacity"), (site_cost, "site_cost"))
    )
    reach = costs.loc[costs["to_id"].isin(result.chosen), ["from_id", "to_id", "time_min"]]
    if not demand.sum() > 0:
        raise TableError("The demand is 0 in sum: there is nobody to serve.")
    if not reach["from_id"].isin(demand.index).all() or reach.duplicated(["from_id", "to_id"]).any():
        raise TableError("The costs name places that the demand lacks, or a pair twice; give what the model was given.")
    candidates = set(reach["to_id"].unique())
    if cutoff_min is not None:
        reach = reach[reach["time_min"] <= upto(cutoff_min)]
    held = sorted(set(text_ids(existing, "existing sites")))
    raise_all(
        [
            *_site_claims(result, candidates, held, new_count, site_cost, budget),
            *_assignment_claims(result, reach, demand, capacity),
            *_number_claims(result, reach, demand, capacity),
            *_bound_claims(result),
        ],
        SolverError,
    )
    return result


def _site_claims(
    result: SitingResult,
    candidates: set[str],
    held: list[str],
    new_count: int | None,
    site_cost: pd.Series[float] | None,
    budget: float | None,
) -> Iterator[str]:
    chosen = list(result.chosen)
    if len(set(chosen)) != len(chosen):
        yield "the plan names a site twice."
    foreign = [site for site in chosen if site not in candidates]
    if foreign:
        yield f"the plan opens sites that are no candidates: {first_ids(foreign)}."
    closed = [site for site in held if site not in set(chosen)]
    if closed:
        yield f"the plan closes existing sites: {first_ids(closed)}."
    if list(result.existing) != held:
        yield "the plan names other existing sites than were given."
    fresh = len(chosen) - len(held)
    if new_count is not None and (fresh > new_count or (fresh < new_count and budget is None)):
        yield f"the plan opens {fresh} new sites where {new_count} were asked for."
    if budget is not None and site_cost is not None:
        spent = float(site_cost.reindex([site for site in chosen if site not in set(held)]).sum())
        if spent > budget * (1 + _RELATIVE) + _RELATIVE:
            yield f"the plan costs {spent:g} where the budget is {budget:g}."


def _assignment_claims(
    result: SitingResult, reach: pd.DataFrame, demand: pd.Series[float], capacity: pd.Series[float] | None
) -> Iterator[str]:
    table = result.assignment
    pairs = table.merge(reach, on=["from_id", "to_id"], how="left", suffixes=("", "_given"), validate="one_to_one")
    out = pairs["time_min_given"].isna()
    if out.any():
        yield f"{int(out.sum())} assignments are not in reach of an open site: {first_ids(pairs.loc[out, 'from_id'])}."
    wrong = ~out & ~np.isclose(pairs["time_min"], pairs["time_min_given"], rtol=_RELATIVE, atol=_RELATIVE)
    if wrong.any():
        yield f"{int(wrong.sum())} assignments state another time than costs: {first_ids(pairs.loc[wrong, 'from_id'])}."
    served = table.groupby("from_id")["assigned_count"].sum()
    people = demand.reindex(served.index)
    over = served > people * (1 + _RELATIVE) + _RELATIVE
    if over.any() or people.isna().any() or (table["assigned_count"] < -_RELATIVE).any():
        yield f"the plan serves other people than live there: {first_ids(served.index[over | people.isna()])}."
    if capacity is not None:
        load = table.groupby("to_id")["assigned_count"].sum()
        room = capacity.reindex(load.index)
        full = load > room * (1 + _RELATIVE) + _RELATIVE
        if full.any():
            yield f"{int(full.sum())} sites serve more people than they hold: {first_ids(load.index[full])}."
    elif table["from_id"].duplicated().any():
        yield "a place is assigned twice although no capacity divides it."


def _nearest(
    reach: pd.DataFrame, demand: pd.Series[float]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Nearest minutes and number of open sites in reach for each place of demand."""
    row = demand.index.get_indexer(pd.Index(reach["from_id"]))
    nearest = np.full(len(demand), np.inf)
    np.minimum.at(nearest, row, reach["time_min"].to_numpy(dtype=float))
    people = np.asarray(demand.to_numpy(dtype=float), dtype=np.float64)
    return people, nearest, np.bincount(row, minlength=len(demand)).astype(np.int64)


def _number_claims(
    result: SitingResult, reach: pd.DataFrame, demand: pd.Series[float], capacity: pd.Series[float] | None
) -> Iterator[str]:
    people, nearest, count = _nearest(reach, demand)
    table = result.assignment
    served = (
        table.groupby("from_id")["assigned_count"].sum().reindex(demand.index, fill_value=0.0).to_numpy(dtype=float)
    )
    is_listed = demand.index.isin(table["from_id"])
    covered = count >= (2 if result.model == "backup_coverage" else 1)
    if capacity is None:
        if (is_listed != (count >= 1)).any():
            yield f"places in reach and places assigned differ: {first_ids(demand.index[is_listed != (count >= 1)])}."
        late = table["time_min"].to_numpy(dtype=float) > nearest[demand.index.get_indexer(pd.Index(table["from_id"]))]
        if late.any():
            yield f"places are not assigned to their nearest site: {first_ids(table.loc[late, 'from_id'])}."
        if not np.allclose(served, np.where(is_listed, people, 0.0)):
            yield "the people assigned are not the people of the places."
        covered_count = float(people[covered].sum())
    else:
        covered = is_listed & (served >= people * (1 - _RELATIVE) - _RELATIVE)
        covered_count = float(served.sum())
    if result.model in _FULL and (count < 1).any():
        yield f"{int((count < 1).sum())} places are served by no site: {first_ids(demand.index[count < 1])}."
    if result.model == "p_median" and _differ(covered_count, float(people.sum())):
        yield "the plan does not serve all people."
    person_min = float((table["time_min"] * table["assigned_count"]).sum())
    worst = float(nearest.max()) if nearest.size else np.nan
    objective = {
        "min_sites": float(len(set(result.chosen))),
        "max_coverage": covered_count,
        "backup_coverage": covered_count,
        "p_median": person_min,
        "p_center": worst,
    }[result.model]
    yield from _compare(result, objective, covered_count, float(people.sum()), float(covered.mean()))


def _compare(result: SitingResult, objective: float, covered: float, total: float, place_share: float) -> Iterator[str]:
    for name, said, found in (
        ("objective", result.objective, objective),
        ("covered_count", result.covered_count, covered),
        ("covered_share", result.covered_share, covered / total),
        ("covered_place_share", result.covered_place_share, place_share),
    ):
        if not np.isfinite(said) or _differ(said, found):
            yield f"{name} is said to be {said:.9g} but comes to {found:.9g}."


def _bound_claims(result: SitingResult) -> Iterator[str]:
    room = result.bound - result.objective if result.model in _MAXIMISED else result.objective - result.bound
    scale = max(abs(result.objective), abs(result.bound))
    if np.isnan(room) or room < -_RELATIVE * max(1.0, abs(result.objective)):
        yield f"the bound {result.bound:.9g} is on the wrong side of the objective {result.objective:.9g}."
    gap = abs(room) / scale if scale > 0 and np.isfinite(scale) else (0.0 if scale == 0 else 1.0)
    if not np.isclose(gap, result.gap, atol=_RELATIVE):
        yield f"the gap is said to be {result.gap:.3g} but comes to {gap:.3g}."
    if result.status == "optimal" and gap > _RELATIVE:
        yield f"the plan is called optimal, but its bound leaves a gap of {gap:.3g}."
    for name, bound in (("solver", result.proof.solver), ("exact", result.proof.exact)):
        if result.status == "optimal" and not abs(bound - result.objective) <= _RELATIVE * max(
            1.0, abs(result.objective)
        ):
            yield f"the plan is called optimal, but its {name} bound is {bound:.9g}."
    if result.status not in ("optimal", "time_limit", "interrupted"):
        yield f"the status {result.status!r} is unknown."


def check_dispersion(
    result: SitingResult, site_costs: pd.DataFrame, *, new_count: int, existing: Iterable[str] = ()
) -> SitingResult:
    """Recompute the claims of a `p_dispersion` plan: count, existing sites, smallest time between two sites.

    Raises
    ------
    SolverError
        One sentence for each claim that does not hold.
    """
    site_costs = text_costs(site_costs)
    held = sorted(set(text_ids(existing, "existing sites")))
    known = set(site_costs["from_id"].unique()) | set(site_costs["to_id"].unique())
    inside = site_costs[
        site_costs["from_id"].isin(result.chosen)
        & site_costs["to_id"].isin(result.chosen)
        & (site_costs["from_id"] != site_costs["to_id"])
        & ~(site_costs["from_id"].isin(held) & site_costs["to_id"].isin(held))
    ]
    closest = float(inside["time_min"].min()) if len(inside) else np.nan
    problems = [
        *_site_claims(result, known, held, new_count, None, None),
        *_bound_claims(result),
    ]
    if closest != result.objective:
        problems.append(f"objective is said to be {result.objective:.9g} but comes to {closest:.9g}.")
    raise_all(problems, SolverError)
    return result
