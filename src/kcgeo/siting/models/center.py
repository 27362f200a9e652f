"""Extremes: the smallest worst-case time, and sites as far from each other as can be."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from kcgeo.access.pairs import text_ids
from kcgeo.errors import raise_all
from kcgeo.siting.assemble import nearest_open, summarise
from kcgeo.siting.checker import check_plan
from kcgeo.siting.instance import read_instance
from kcgeo.siting.limits import check_count
from kcgeo.siting.models.explain import cover_faults, too_few_sites
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult, UnfinishedError
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.radius import confirm_radius, smallest_radius

__all__ = ["p_center"]


def p_center(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    new_count: int,
    existing: Iterable[str] = (),
    excluding: Iterable[Collection[str]] = (),
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
    threads: int = 1,
) -> SitingResult:
    """Sites with the smallest worst-case time: no place is farther than it must be.

    Minimises the longest ``time_min`` from any place of ``demand``, also one with 0 people, to its nearest open site.
    People do not weigh here. Solved as set covers along the sorted times.

    Parameters
    ----------
    costs, demand, existing, excluding, time_limit_s, progress, threads
        As in `min_sites`.
    new_count
        Number of sites to open beside the existing ones.

    Returns
    -------
    SitingResult
        ``objective`` is the worst-case time in minutes; all people are covered.

    Raises
    ------
    SolverError
        Where no plan serves every place.

    References
    ----------
    Minieka (1970), SIAM Review 12(1).

    Examples
    --------
    >>> costs = pd.DataFrame({"from_id": ["a", "b", "b"], "to_id": ["x", "x", "y"], "time_min": [9.0, 20.0, 5.0]})
    >>> p_center(costs, pd.Series({"a": 10, "b": 5}), new_count=1).objective
    20.0
    """
    held = tuple(text_ids(existing, "existing sites"))
    with Run(time_limit_s, progress) as run:
        instance = read_instance(costs, demand, existing=held, excluding=excluding)
        check_count(instance, new_count, serve_all=True)
        raise_all(cover_faults(instance), NoPlanError)
        chosen, bound, status = smallest_radius(instance, new_count, run, threads=threads)
        if chosen is None and status == "infeasible":
            raise_all(too_few_sites(instance, np.inf, new_count, threads=threads), NoPlanError)
        if chosen is None:
            raise UnfinishedError(status)
        chosen, exact = confirm_radius(instance, chosen, new_count, run)
    served = nearest_open(instance, chosen)
    longest = float(served[2].max())
    result = summarise(
        instance, "p_center", chosen, served, objective=longest, proof=Proof(bound, exact), status=status
    )
    return check_plan(result, costs, demand, new_count=new_count, existing=held)
