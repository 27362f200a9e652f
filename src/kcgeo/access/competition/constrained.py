"""Constrained access: a region's known totals are shared out along the ways, never counted twice."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from kcgeo.access.competition.catchments import ratio, spatial_availability, weighted_pairs
from kcgeo.access.decay import Decay
from kcgeo.errors import SolverError, TableError

__all__ = ["constrained_access", "constrained_flows"]

_ROUNDS = 10_000
_MISFIT = 1e-9


def constrained_access(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    supply: pd.Series[float],
    *,
    decay: Decay,
    constraint: Literal["total", "singly"] = "total",
) -> pd.Series[float]:
    """Share of the region's supply that falls to each place, in units of supply; the places add up to the whole.

    ``total``: ``A_i = S sum_j S_j W_ij / sum_ij S_j W_ij``, each place by its own reach whoever lives there.
    ``singly``: each site is shared among the people who reach it, which is :func:`spatial_availability`.

    Parameters
    ----------
    costs, demand, supply, decay
        As in :func:`two_step_fca`. ``total`` reads of the demand only which places there are.
    constraint
        ``"total"`` or ``"singly"``; for ``doubly`` see :func:`constrained_flows`.

    Returns
    -------
    Series
        ``available_supply_count`` by place, in the order of ``demand``; 0 where no site is in reach. The sum is the
        supply that somebody reaches.

    Raises
    ------
    TableError
        For faults of the tables or another constraint.

    References
    ----------
    Soukhov, Pereira, Higgins & Paez (2025), A family of accessibility measures derived from spatial interaction
    principles, PLoS ONE 20; Wilson (1971), Environment and Planning A 3.

    >>> from kcgeo.access.decay import step
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [5.0, 9.0, 9.0]})
    >>> people, beds = pd.Series({"a": 10.0, "b": 10.0}), pd.Series({"x": 10.0, "y": 5.0})
    >>> constrained_access(costs, people, beds, decay=step(10)).tolist()
    [11.25, 3.75]
    """
    if constraint == "singly":
        return spatial_availability(costs, demand, supply, decay=decay)
    if constraint != "total":
        raise TableError(f"The constraint must be 'total' or 'singly', not {constraint!r}.")
    pairs, _, capacity, weight = weighted_pairs(costs, demand, supply, decay)
    pull = pairs.sum_by_origin(capacity[pairs.site] * weight)
    reached = capacity[np.unique(pairs.site[weight > 0])].sum()
    shared = reached * ratio(pull, np.full(len(pull), pull.sum()))
    return pd.Series(shared, index=demand.index, name="available_supply_count")


def constrained_flows(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, decay: Decay
) -> pd.DataFrame:
    """Who goes where when every person is served and every site is full (doubly constrained).

    ``T_ij = a_i P_i b_j S_j W_ij`` with ``a`` and ``b`` such that rows add up to the people and columns to the supply.

    Parameters
    ----------
    costs, demand, supply, decay
        As in :func:`two_step_fca`; people and supply must be equal in sum.

    Returns
    -------
    DataFrame
        ``from_id, to_id, people_count``, one row for each pair with a flow.

    Raises
    ------
    TableError
        For faults of the tables, or sums that differ.
    SolverError
        Where the pairs in reach cannot carry everybody to a free site.

    References
    ----------
    Wilson (1971), Environment and Planning A 3.

    >>> from kcgeo.access.decay import step
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [5.0, 9.0, 9.0]})
    >>> constrained_flows(costs, pd.Series({"a": 6.0, "b": 4.0}), pd.Series({"x": 5.0, "y": 5.0}), decay=step(10))[
    ...     "people_count"
    ... ].round(6).tolist()
    [5.0, 1.0, 4.0]
    """
    pairs, people, capacity, weight = weighted_pairs(costs, demand, supply, decay)
    if not np.isclose(people.sum(), capacity.sum(), rtol=1e-9):
        raise TableError(
            f"People ({people.sum():g}) and supply ({capacity.sum():g}) must be equal in sum; scale one of them."
        )
    # proportional fitting: rows and columns are brought to their sums in turn until both hold
    flow = people[pairs.origin] * capacity[pairs.site] * weight
    for _ in range(_ROUNDS):
        flow = flow * ratio(people, pairs.sum_by_origin(flow))[pairs.origin]
        users = pairs.sum_by_site(flow)
        if np.abs(users - capacity).sum() <= _MISFIT * capacity.sum() and np.isclose(flow.sum(), people.sum()):
            break
        flow = flow * ratio(capacity, users)[pairs.site]
    else:
        raise SolverError("The pairs within the decay's cutoff cannot carry everybody to a free site; search farther.")
    used = flow > 0
    return pd.DataFrame(
        {
            "from_id": pairs.origins[pairs.origin[used]],
            "to_id": pairs.sites[pairs.site[used]],
            "people_count": flow[used],
        }
    )
