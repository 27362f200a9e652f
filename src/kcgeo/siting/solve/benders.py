"""Exact finish of the p-median on the sites that are left, by Benders cuts.

A master program holds the sites and one column a place for what it pays. For any price, a place pays at least that
price less what the open sites cheaper than it save. Such a cut holds whatever the price, and the best price for given
sites is where their sum, from the nearest outwards, reaches one. The prices of the Lagrangian bound make first cuts,
so that the relaxation starts where that bound ended. Every bound of the master is a bound of the p-median.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kcgeo.siting.instance import Bools, Floats, Ints
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.lagrange import Median
from kcgeo.siting.solve.solver import Outcome, Program, Rows, Session

__all__ = ["finish"]

_ROUNDS = 80
_ONE = 1 - 1e-7
_SMALL = 1e-7


class _Places:
    """Costs of the places over the sites that are left, ordered from the nearest site outwards."""

    def __init__(self, cost: Floats) -> None:
        self.cost = cost
        self.order = np.argsort(cost, axis=0, kind="stable")
        self.ranked = np.take_along_axis(cost, self.order, axis=0)
        self.last = np.isfinite(cost).sum(axis=0) - 1

    @property
    def count(self) -> int:
        return int(self.cost.shape[1])

    def prices(self, sites: Floats) -> Floats:
        """Price of each place that makes the strongest cut at (fractional) open sites."""
        reach = np.cumsum(sites[self.order], axis=0) >= _ONE
        rank = np.where(reach.any(axis=0), reach.argmax(axis=0), self.last)
        return np.asarray(self.ranked[rank, np.arange(self.count)])

    def least(self, price: Floats, sites: Floats) -> Floats:
        """Work out what each place pays at least at these sites, by the cut at a price."""
        return np.asarray(price - sites @ np.maximum(price - self.cost, 0.0))

    def cuts(self, price: Floats, which: Ints) -> Rows:
        """Rows ``pays + sum of savings * site >= price`` of some places."""
        saving = sparse.csr_array(np.maximum(price[which] - self.cost[:, which], 0.0).T)
        number = np.arange(which.size)
        pays = sparse.csr_array((np.ones(which.size), (number, which)), shape=(which.size, self.count))
        return Rows.of(sparse.csr_array(sparse.hstack([saving, pays], format="csr")), lower=price[which])


def finish(state: Median, run: Run, *, threads: int = 1) -> None:
    """Raise the bound of the sites alive until it meets the best plan, or the run must end."""
    alive = np.flatnonzero(state.alive)
    places = _Places(state.cost[alive])
    session = Session(_master(state, alive, places), run, threads=threads)
    price = places.ranked[0] if state.price is None else np.maximum(state.price, places.ranked[0])
    session.add(places.cuts(price, np.arange(places.count)))
    outcome = _tighten(state, alive, places, session, run)
    if outcome is None:
        return
    _close(state, alive, outcome, session)
    session.make_integer(np.arange(alive.size))
    for _ in range(_ROUNDS):
        _start(state, alive, session)
        outcome = session.solve()
        if not _take(state, alive, outcome) or outcome.x is None or state.closed:
            return
        sites = np.round(outcome.x[: alive.size])
        if not _cut(places, session, sites, outcome.x[alive.size :], 1e-9):
            return


def _master(state: Median, alive: Ints, places: _Places) -> Program:
    sites, width = alive.size, alive.size + places.count
    held = state.existing[alive].astype(float)
    free = np.flatnonzero(held == 0)
    rows = [
        Rows.of(
            sparse.csr_array((np.ones(free.size), (np.zeros(free.size, dtype=int), free)), shape=(1, width)),
            lower=float(state.new_count),
            upper=float(state.new_count),
        )
    ]
    # Without a pair there is no cost to cut with: such places need one of their own sites.
    partial = np.flatnonzero(places.last < sites - 1)
    if partial.size:
        finite = sparse.csr_array(np.isfinite(places.cost[:, partial]).T.astype(float))
        empty = sparse.csr_array((partial.size, places.count))
        rows.append(Rows.of(sparse.csr_array(sparse.hstack([finite, empty], format="csr")), lower=1.0))
    position = {int(site): k for k, site in enumerate(alive)}
    for plan in state.excluded:
        columns = np.array([position[int(site)] for site in plan if int(site) in position], dtype=np.intp)
        if columns.size == plan.size:
            matrix = sparse.csr_array((np.ones(plan.size), (np.zeros(plan.size, dtype=int), columns)), shape=(1, width))
            rows.append(Rows.of(matrix, upper=float(plan.size - 1)))
    return Program(
        "min",
        np.concatenate([np.zeros(sites), np.ones(places.count)]),
        np.concatenate([held, np.where(places.last >= 0, places.ranked[0], 0.0)]),
        np.concatenate([np.ones(sites), np.full(places.count, np.inf)]),
        np.zeros(width, dtype=bool),
        tuple(rows),
        stage="p_median",
    )


def _tighten(state: Median, alive: Ints, places: _Places, session: Session, run: Run) -> Outcome | None:
    """Add cuts to the relaxation until none is broken; None where all is proven or the run must end."""
    outcome = None
    for _ in range(_ROUNDS):
        outcome = session.solve()
        if not _take(state, alive, outcome, whole=False) or outcome.x is None or state.closed:
            return None
        run.report("p_median", state.value, state.bound)
        if not _cut(places, session, outcome.x[: alive.size], outcome.x[alive.size :], _SMALL):
            break
    return outcome


def _cut(places: _Places, session: Session, sites: Floats, pays: Floats, slack: float) -> bool:
    """Add the cuts that a solution breaks; say whether there were any."""
    price = places.prices(sites)
    broken = np.flatnonzero(places.least(price, sites) > pays + slack * np.maximum(1.0, np.abs(pays)))
    if broken.size:
        session.add(places.cuts(price, broken))
    return broken.size > 0


def _take(state: Median, alive: Ints, outcome: Outcome, *, whole: bool = True) -> bool:
    """Take bound and plan of the master; False where there is nothing more to do."""
    if outcome.status == "infeasible":
        # Plans better than the best one would have to be among the sites alive.
        state.prove(state.value)
        return False
    if np.isfinite(outcome.bound):
        state.prove(outcome.bound)
    if whole and outcome.x is not None:
        state.offer(_mask(state, alive, outcome.x[: alive.size] > 0.5))
        state.prove(outcome.bound)
    return outcome.status == "optimal"


def _mask(state: Median, alive: Ints, chosen: Bools) -> Bools:
    mask = np.zeros(state.alive.size, dtype=bool)
    mask[alive[chosen]] = True
    return mask


def _close(state: Median, alive: Ints, outcome: Outcome, session: Session) -> None:
    """Fix sites at 0 whose reduced cost alone would lift the relaxation above the best plan."""
    if outcome.x is None or outcome.reduced is None or not np.isfinite(state.value):
        return
    x, reduced = outcome.x[: alive.size], outcome.reduced[: alive.size]
    beaten = (x < _SMALL) & (outcome.objective + reduced > state.value * (1 + _SMALL))
    session.close(np.flatnonzero(beaten & ~state.existing[alive]))


def _start(state: Median, alive: Ints, session: Session) -> None:
    if state.best is None or not state.alive[state.best].all():
        return
    chosen = state.best[alive]
    session.start_from(np.concatenate([chosen.astype(float), state.cost[state.best].min(axis=0)]))
