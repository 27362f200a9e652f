"""What else is nearly as good: the next best plans, and the sites they agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from kcgeo.access.pairs import number_faults
from kcgeo.errors import SolverError, raise_all
from kcgeo.siting.plan import MAXIMISED, NoPlanError, SitingResult

__all__ = ["alternatives", "site_frequency"]


def alternatives(
    model: Callable[..., SitingResult],
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    within_share: float,
    max_count: int,
    **options: Any,
) -> tuple[SitingResult, ...]:
    """Plans nearly as good as the best one, best first.

    After each plan a no-good cut keeps its set of new sites out and the model is solved again, until a plan falls
    behind the best by more than ``within_share`` or ``max_count`` plans are found.

    Parameters
    ----------
    model
        `max_coverage`, `p_median`, `p_center`, `backup_coverage` or `min_sites`. In `min_sites` and under a budget,
        plans that only add sites to an earlier one are left out too.
    costs, demand
        As given to the model.
    within_share
        How much worse than the best an objective may be, as a share of the best (0.05 is 5 %), inclusive.
    max_count
        Largest number of plans, the best one included.
    **options
        Further arguments of the model. ``time_limit_s`` holds for each solve.

    Returns
    -------
    tuple of SitingResult
        At least the best plan. Each carries its own bound, which is for the plans that were left.

    Examples
    --------
    >>> from kcgeo.siting import p_median
    >>> costs = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["x", "y"], "time_min": [10.0, 10.4]})
    >>> plans = alternatives(p_median, costs, pd.Series({"a": 5}), within_share=0.05, max_count=9, new_count=1)
    >>> [plan.chosen for plan in plans]
    [('x',), ('y',)]
    """
    problems = [
        *number_faults(within_share, "within_share"),
        *number_faults(max_count, "max_count", least=1, whole=True),
    ]
    raise_all(problems, SolverError)
    known = [tuple(plan) for plan in options.pop("excluding", ())]
    best = model(costs, demand, excluding=known, **options)
    sense = -1.0 if best.model in MAXIMISED else 1.0
    limit = best.objective + sense * within_share * abs(best.objective)
    plans = [best]
    while len(plans) < max_count and plans[-1].status != "interrupted":
        try:
            plan = model(costs, demand, excluding=[*known, *(p.new for p in plans)], **options)
        except NoPlanError:
            break
        if sense * (plan.objective - limit) > 1e-9 * max(1.0, abs(limit)):
            break
        plans.append(plan)
    return tuple(sorted(plans, key=lambda plan: (sense * plan.objective, plan.chosen)))


def site_frequency(plans: Iterable[SitingResult]) -> pd.Series[float]:
    """Share of good plans in which each new site appears.

    Parameters
    ----------
    plans
        Plans of `alternatives`.

    Returns
    -------
    Series
        ``plan_share`` (0 to 1) by site id, largest first, equal shares by id. A site at 1 is in every good plan, and a
        planner may settle it first; existing sites are left out.
    """
    listed = list(plans) if isinstance(plans, Iterable) else []
    if not listed or not all(isinstance(plan, SitingResult) for plan in listed):
        raise SolverError("There are no plans to count; give the plans that alternatives returned.")
    counts: dict[str, int] = {}
    for plan in listed:
        for site in plan.new:
            counts[site] = counts.get(site, 0) + 1
    ranked = sorted(counts, key=lambda site: (-counts[site], site))
    index = pd.Index(ranked, name="to_id", dtype="str")
    return pd.Series([counts[site] / len(listed) for site in ranked], index=index, name="plan_share", dtype=float)
