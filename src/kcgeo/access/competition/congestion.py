"""Access under congestion (RAAM): people trade a longer way for less crowding, until none gains by moving.

The cost of site j for place i is ``c_ij = D_j / (rho S_j) + t_ij / tau``: crowding against the region's average
(``D_j`` people use the site, ``rho = sum P / sum S``) plus travel in units of ``tau``. The state in which every used
site of a place costs the same, and no other less, is the minimum of a convex function (Beckmann's for traffic)::

    minimise  sum_j D_j^2 / (2 rho S_j) + sum_ij x_ij t_ij / tau   with   sum_j x_ij = P_i,  x >= 0

It is solved through its dual, which has one unknown a site: the crowding ``p_j``. The choice of the cheapest site is
softened to a logit of width mu, Newton's method finds the crowding, and mu falls from 0.1 to 1e-6. The gap between the
two objectives certifies the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from kcgeo.access.pairs import Pairs, read_pairs
from kcgeo.errors import SolverError, TableError

__all__ = ["congestion_assignment", "congestion_cost"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_WIDTHS = tuple(10.0**-power for power in range(1, 7))
_MISFIT = 1e-8  # of crowding, at which a width is solved
_GAP = 2e-5  # largest gap of the objectives, as cost for each person, that counts as solved
_TRACE = 1e-6  # a smaller part of a place's people at a site is the softening, not a choice


@dataclass(frozen=True)
class _Game:
    """Places with people, sites with capacity, and the pairs between them, sorted by place."""

    place: Ints
    site: Ints
    travel: Floats
    people: Floats
    room: Floats  # rho S_j: people at which the crowding of a site is 1
    starts: Ints

    def choice(self, crowding: Floats, width: float) -> Floats:
        """Return the share of each place's people on each pair: a logit of the costs."""
        appeal = -(crowding[self.site] + self.travel) / width
        odds = np.exp(appeal - np.maximum.reduceat(appeal, self.starts)[self.place])
        return np.asarray(odds / np.add.reduceat(odds, self.starts)[self.place], dtype=np.float64)

    def users(self, share: Floats) -> Floats:
        """Return the people at each site."""
        at_site = np.bincount(self.site, weights=self.people[self.place] * share, minlength=len(self.room))
        return np.asarray(at_site, dtype=np.float64)

    def newton_step(self, share: Floats, misfit: Floats, width: float) -> Floats:
        """Return the change of crowding that would settle a quadratic objective."""
        kept = share > 1e-9  # the others change the curvature by nothing
        shape = (len(self.people), len(self.room))
        where = (self.place[kept], self.site[kept])
        shares = sp.csr_array((share[kept], where), shape=shape)
        moved = sp.csr_array((self.people[self.place[kept]] * share[kept], where), shape=shape)
        shared = sp.csr_array(moved.T @ shares) / width
        own = np.asarray(shared.sum(axis=1)).ravel() + self.room
        curvature = sp.csc_array(sp.diags_array(own) - shared)
        if curvature.nnz > 0.1 * len(self.room) ** 2:
            return np.linalg.solve(curvature.toarray(), misfit)
        return np.asarray(spsolve(curvature, misfit), dtype=np.float64)

    def settle(self, crowding: Floats, width: float, *, rounds: int = 60) -> Floats:
        """Return the crowding at which the users of each site are those that its crowding attracts."""
        share = self.choice(crowding, width)
        misfit = self.users(share) - self.room * crowding
        for _ in range(rounds):
            worst = np.abs(misfit / self.room).max()
            if worst < _MISFIT:
                break
            step = self.newton_step(share, misfit, width)
            promise, length = float(misfit @ step), 1.0
            # the misfit is the slope of the dual: its sign along the step shows an overshoot where the objective
            # itself has run out of digits
            for _ in range(40):
                share = self.choice(crowding + length * step, width)
                misfit = self.users(share) - self.room * (crowding + length * step)
                if misfit @ step >= -0.1 * promise or np.abs(misfit / self.room).max() < 0.5 * worst:
                    break
                length /= 2
            crowding = crowding + length * step
        return crowding

    def gap(self, share: Floats, crowding: Floats) -> float:
        """Return the gap between the cost of this use and the dual bound, for each person: 0 at the equilibrium."""
        users = self.users(share)
        cost = (users**2 / (2 * self.room)).sum() + (self.people[self.place] * share * self.travel).sum()
        cheapest = np.minimum.reduceat(crowding[self.site] + self.travel, self.starts)
        bound = (self.people * cheapest).sum() - 0.5 * (self.room * crowding**2).sum()
        return float((cost - bound) / self.people.sum())


def _solve(pairs: Pairs, people: Floats, capacity: Floats, tau_min: float) -> tuple[Floats, Floats]:
    """Return the crowding of each site and the share of its place's people on each pair (0 where nobody lives)."""
    crowding, share = np.zeros(len(capacity)), np.zeros(len(pairs.site))
    playing = (people[pairs.origin] > 0) & (capacity[pairs.site] > 0)
    if not playing.any():
        return crowding, share
    places, place = np.unique(pairs.origin[playing], return_inverse=True)
    sites, site = np.unique(pairs.site[playing], return_inverse=True)
    game = _Game(
        place=place,
        site=site,
        travel=pairs.time_min[playing] / tau_min,
        people=people[places],
        room=capacity[sites] * people.sum() / capacity.sum(),
        starts=np.searchsorted(place, np.arange(len(places))),
    )
    level = np.ones(len(sites))
    for width in _WIDTHS:
        level = game.settle(level, width)
    chosen = game.choice(level, _WIDTHS[-1])
    level = game.users(chosen) / game.room
    gap = game.gap(chosen, level)
    if not gap <= _GAP:
        raise SolverError(f"The congestion equilibrium was not reached: gap {gap:.1e} a person, allowed {_GAP:.0e}.")
    crowding[sites], share[playing] = level, chosen
    return crowding, share


def _read(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], tau_min: float
) -> tuple[Pairs, Floats, Floats, Floats, Floats]:
    """Return pairs that lead to a site with capacity, people, cost and share of each pair, and crowding."""
    if not 0 < tau_min < float("inf"):
        raise TableError(f"tau_min must be minutes above 0, not {tau_min}.")
    pairs, people, capacity = read_pairs(costs, demand=demand, supply=supply)
    open_ = capacity[pairs.site] > 0
    pairs = Pairs(pairs.origins, pairs.sites, pairs.origin[open_], pairs.site[open_], pairs.time_min[open_])
    crowding, share = _solve(pairs, people, capacity, tau_min)
    return pairs, people, crowding[pairs.site] + pairs.time_min / tau_min, share, crowding


def congestion_cost(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, tau_min: float = 60
) -> pd.Series[float]:
    """Cost of service at equilibrium: crowding of the sites people use, plus the way there.

    ``min_j D_j / (rho S_j) + t_ij / tau``, equal on all sites that a place uses

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``; people use only sites that have a pair.
    demand
        People by place.
    supply
        Capacity by site; a site without capacity takes nobody.
    tau_min
        Minutes of travel that weigh as much as average crowding.

    Returns
    -------
    Series
        ``congestion_cost`` by place, in the order of ``demand``, without unit: 1 is average crowding next door, lower
        is better; exact to about 1e-5. NaN where no site with capacity is in reach. A place where nobody lives has the
        cost that a first inhabitant would meet.

    Raises
    ------
    TableError
        For faults of the tables, or a tau of 0 or less.
    SolverError
        Where the objectives do not meet to 2e-5 a person.

    References
    ----------
    Saxon & Snow (2020), Annals of the American Association of Geographers 110 (RAAM); the integer steps of the paper
    are replaced by their convex limit (Beckmann, McGuire & Winsten 1956).

    >>> costs = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["x", "y"], "time_min": [0.0, 30.0]})
    >>> congestion_cost(costs, pd.Series({"a": 100.0}), pd.Series({"x": 1.0, "y": 1.0})).round(4).tolist()
    [1.25]
    """
    pairs, _, cost, _, _ = _read(costs, demand, supply, tau_min)
    lowest = np.full(len(pairs.origins), np.inf)
    np.minimum.at(lowest, pairs.origin, cost)
    lowest[np.isinf(lowest)] = np.nan
    return pd.Series(lowest, index=demand.index, name="congestion_cost")


def congestion_assignment(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, tau_min: float = 60
) -> pd.DataFrame:
    """Who uses which site at the equilibrium of :func:`congestion_cost`.

    The cost of a place and the users of a site are unique; where several sites cost a place the same, the split of
    single places between them may not be, and one is reported.

    Parameters
    ----------
    costs, demand, supply, tau_min
        As in :func:`congestion_cost`.

    Returns
    -------
    DataFrame
        ``from_id, to_id, people_count, cost``, only pairs that are used; people of a place sum to its demand.

    Raises
    ------
    TableError, SolverError
        As :func:`congestion_cost`.
    """
    pairs, people, cost, share, _ = _read(costs, demand, supply, tau_min)
    used = share > _TRACE
    kept = np.where(used, share, 0.0)
    whole = pairs.sum_by_origin(kept)[pairs.origin][used]
    return pd.DataFrame(
        {
            "from_id": pairs.origins[pairs.origin[used]],
            "to_id": pairs.sites[pairs.site[used]],
            "people_count": people[pairs.origin[used]] * kept[used] / whole,
            "cost": cost[used],
        }
    )
