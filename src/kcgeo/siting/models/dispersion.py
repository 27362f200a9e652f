"""Sites as far from each other as can be: the largest smallest time between any two."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from scipy import sparse

from kcgeo.access.pairs import text_ids
from kcgeo.errors import SolverError, TableError, first_ids, raise_all
from kcgeo.siting.assemble import NOBODY, summarise
from kcgeo.siting.checker import check_dispersion
from kcgeo.siting.instance import Bools, Floats, Instance, check_pairs, read_instance, text_costs
from kcgeo.siting.limits import check_count
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult
from kcgeo.siting.solve.apart import keep_apart
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.programs import count_row, cuts, site_bounds
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["p_dispersion"]


def p_dispersion(
    site_costs: pd.DataFrame,
    *,
    new_count: int,
    existing: Iterable[str] = (),
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Sites spread out as far as can be: the smallest time between any two is as large as possible.

    Parameters
    ----------
    site_costs
        ``from_id, to_id, time_min`` between sites. Where both directions are given, the shorter one counts. Rows from
        a site to itself are ignored. Every two sites need a time.
    new_count
        Number of sites to open beside the existing ones.
    existing
        Sites that are open already. Times between two of them do not count, since no choice changes them.
    excluding, time_limit_s, progress, threads
        As in `min_sites`.

    Returns
    -------
    SitingResult
        ``objective`` is the smallest time in minutes between two open sites, at least one of them new. No people are
        involved: ``assignment`` is empty and the ``covered_`` numbers are NaN.

    Raises
    ------
    SolverError
        Where fewer than two sites would be open, or a time between two sites is missing.

    References
    ----------
    Kuby (1987), Geographical Analysis 19(4).

    Examples
    --------
    >>> pairs = [("a", "b", 5.0), ("a", "c", 9.0), ("b", "c", 4.0)]
    >>> p_dispersion(pd.DataFrame(pairs, columns=["from_id", "to_id", "time_min"]), new_count=2).chosen
    ('a', 'c')
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance, apart = _read(site_costs, held, excluding)
        check_count(instance, new_count, least=1)
        if new_count + int(instance.existing.sum()) < 2:
            raise SolverError("A single site has no distance to keep: give new_count of 2 or more, or existing sites.")
        chosen, bound, status = _spread(instance, apart, new_count, run, threads)
        chosen, exact = _confirm(instance, apart, chosen, new_count, run)
    result = summarise(
        instance,
        "p_dispersion",
        chosen,
        NOBODY,
        objective=_smallest(apart, chosen, instance.existing),
        proof=Proof(bound, exact),
        status=status,
        covered=(np.nan, np.nan),
    )
    return check_dispersion(result, site_costs, new_count=new_count, existing=held)


def _read(
    site_costs: pd.DataFrame, held: tuple[str, ...], excluding: Iterable[Collection[str]]
) -> tuple[Instance, Floats]:
    """Instance whose places and sites are the same ids, and the times between them, infinite on the diagonal."""
    raise_all(check_pairs(site_costs), TableError)
    site_costs = text_costs(site_costs)
    names = pd.unique(pd.concat([site_costs["from_id"], site_costs["to_id"]]))
    # A row from each site to itself makes every id a candidate, whichever column it was named in.
    other = site_costs.loc[site_costs["from_id"] != site_costs["to_id"], ["from_id", "to_id", "time_min"]]
    own = pd.DataFrame({"from_id": names, "to_id": names, "time_min": 0.0})
    instance = read_instance(
        pd.concat([other, own], ignore_index=True), pd.Series(1.0, index=names), existing=held, excluding=excluding
    )
    apart = np.minimum(instance.matrix(), instance.matrix().T)
    np.fill_diagonal(apart, np.inf)
    unknown = ~np.isfinite(apart) & ~np.eye(instance.site_count, dtype=bool)
    unknown &= ~(instance.existing[:, None] & instance.existing[None, :])
    first, second = np.nonzero(np.triu(unknown))
    if first.size:
        pairs = (f"{instance.site_ids[a]} and {instance.site_ids[b]}" for a, b in zip(first, second, strict=True))
        raise SolverError(
            f"{first.size} pairs of sites have no time: {first_ids(pairs)}. Search without a cutoff between sites."
        )
    return instance, apart


def _smallest(apart: Floats, chosen: Bools, existing: Bools) -> float:
    fresh = chosen & ~existing
    return float(apart[np.ix_(fresh, chosen)].min())


def _spread(instance: Instance, apart: Floats, new_count: int, run: Run, threads: int) -> tuple[Bools, float, str]:
    """Search along the sorted times whether so many sites can keep so far apart."""
    times = np.unique(apart[np.isfinite(apart)])
    best = _farthest_first(instance, apart, new_count)
    if instance.is_excluded(best):
        found, status = _keep_apart(instance, apart, 0.0, new_count, run, threads)
        if found is None:
            raise NoPlanError(f"No plan was found ({status}); the excluded plans may rule out every choice of sites.")
        best = found
    low, high = int(np.searchsorted(times, _smallest(apart, best, instance.existing))) + 1, times.size - 1
    while low <= high:
        middle = (low + high) // 2
        found, status = _keep_apart(instance, apart, float(times[middle]), new_count, run, threads)
        if status not in ("optimal", "infeasible"):
            return best, float(times[high]), status
        if found is None:
            high = middle - 1
        else:
            best = found
            low = int(np.searchsorted(times, _smallest(apart, found, instance.existing))) + 1
        run.report("p_dispersion", float(times[low - 1]), float(times[high]))
    return best, _smallest(apart, best, instance.existing), "optimal"


def _confirm(instance: Instance, apart: Floats, chosen: Bools, new_count: int, run: Run) -> tuple[Bools, float]:
    """Plan, or a better one that the solver missed, and the exact bound: no plan keeps the next larger time."""
    times = np.unique(apart[np.isfinite(apart)])
    while True:
        reached = _smallest(apart, chosen, instance.existing)
        wider = int(np.searchsorted(times, reached, side="right"))
        if wider == times.size:
            return chosen, reached
        near = apart < times[wider]
        better, is_proven = keep_apart(near, instance.existing, new_count, instance.excluded, run)
        if better is None:
            return chosen, reached if is_proven else float(times[-1])
        chosen = better


def _farthest_first(instance: Instance, apart: Floats, new_count: int) -> Bools:
    chosen = instance.existing.copy()
    if not chosen.any():
        whole = np.where(np.isfinite(apart), apart, -1.0)
        chosen[int(np.argmax(whole.max(axis=1)))] = True
        new_count -= 1
    for _ in range(new_count):
        reach = np.where(chosen, -1.0, apart[chosen].min(axis=0))
        chosen[int(np.argmax(reach))] = True
    return chosen


def _keep_apart(
    instance: Instance, apart: Floats, least_min: float, new_count: int, run: Run, threads: int
) -> tuple[Bools | None, str]:
    sites = instance.site_count
    near = apart < least_min
    near &= ~(instance.existing[:, None] & instance.existing[None, :])
    lower, upper = site_bounds(instance)
    upper[near[instance.existing].any(axis=0)] = 0.0
    if (upper < lower).any():
        return None, "infeasible"
    rows = [count_row(instance, sites, least=new_count, most=new_count), *cuts(instance, sites)]
    cliques = _cliques(near)
    if cliques.shape[0]:
        rows.append(Rows.of(cliques, upper=1.0))
    program = Program(
        "max", np.zeros(sites), lower, upper, np.ones(sites, dtype=bool), tuple(rows), stage="p_dispersion"
    )
    outcome = solve(program, run, threads=threads)
    return (None, outcome.status) if outcome.x is None else (outcome.x > 0.5, "optimal")


def _cliques(near: Bools) -> sparse.csr_array:
    """Cover all pairs that are too near by cliques of which one site at most may open; far stronger than pairs."""
    left = near.copy()
    rows: list[int] = []
    columns: list[int] = []
    number = 0
    for site in range(near.shape[0]):
        while left[site].any():
            members = [site]
            common = near[site].copy()
            # Pairs that are not covered yet come first, then any that make the clique larger.
            for wanted in (left[site], near[site]):
                for other in np.flatnonzero(wanted):
                    if common[other]:
                        members.append(int(other))
                        common &= near[other]
            left[np.ix_(members, members)] = False
            rows += [number] * len(members)
            columns += members
            number += 1
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(number, near.shape[0]))
