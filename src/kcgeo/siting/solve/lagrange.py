"""Bounds of the p-median by Lagrangian relaxation, and plans by exchange of sites.

The rule that each place is served once is priced (``price``, one number a place) instead of kept. What remains falls
apart by site: a site's *merit* is the sum of what it saves over the prices, and the best plan of the relaxed problem is
the sites of most merit. Its value is a proven bound, and the merits show which sites no better plan can hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from kcgeo.siting.instance import Bools, Floats, Ints
from kcgeo.siting.solve.clock import Run

__all__ = ["Median", "close_sites", "exchange", "relax", "value_of"]

_STEPS = 600
_PATIENCE = 20


@dataclass(eq=False)
class Median:
    """State of a p-median: costs (sites by places, infinite without a pair), best plan and best bound so far.

    ``alive`` marks sites that a better plan may still hold, ``spread`` is what a value is rounded to: costs in whole
    numbers make every plan's value whole, so that a bound may be rounded up.
    """

    cost: Floats
    existing: Bools
    new_count: int
    excluded: tuple[Ints, ...]
    alive: Bools
    best: Bools | None = None
    value: float = np.inf
    bound: float = 0.0
    price: Floats | None = None
    whole: bool = False
    tried: set[bytes] = field(default_factory=set)

    def offer(self, chosen: Bools) -> bool:
        """Take a plan if it is better than the best and may be chosen; say whether it was."""
        if any(bool(chosen[sites].all()) for sites in self.excluded):
            return False
        value = value_of(self.cost, chosen)
        if value < self.value:
            self.best, self.value = chosen.copy(), value
            return True
        return False

    def prove(self, bound: float) -> None:
        """Raise the bound; nothing beats the best plan by less than one unit where values are whole."""
        if self.whole:
            bound = float(np.ceil(bound - 1e-6))
        self.bound = max(self.bound, min(bound, self.value))

    @cached_property
    def finite(self) -> Floats:
        """Costs with a price on missing pairs that no full plan can be worth."""
        missing = ~np.isfinite(self.cost)
        if not missing.any():
            return self.cost
        dear = float(np.where(missing, 0.0, self.cost).max(axis=0).sum()) + 1.0
        return np.where(missing, dear, self.cost)

    @property
    def closed(self) -> bool:
        """Whether the bound has reached the plan."""
        return self.bound >= self.value - 1e-9 * max(1.0, abs(self.value))


def value_of(cost: Floats, chosen: Bools) -> float:
    """Sum over places of the cost to the nearest open site; infinite where a place has none."""
    if not chosen.any():
        return float("inf")
    return float(cost[chosen].min(axis=0).sum())


def relax(state: Median, run: Run, *, steps: int = _STEPS) -> None:
    """Raise the bound by subgradient steps, and try the relaxed problem's sites as plans."""
    alive = np.flatnonzero(state.alive)
    cost = state.cost[alive]
    forced = state.existing[alive]
    free = np.flatnonzero(~forced)
    price = _first_price(state, cost) if state.price is None else state.price.copy()
    pace, waited, local_best = 1.0, 0, -np.inf
    direction = np.zeros_like(price)
    below = np.empty_like(cost)
    for step in range(steps):
        if run.stopped or state.closed:
            break
        np.subtract(cost, price, out=below)
        saving = np.minimum(below, 0.0).sum(axis=1)
        picked = np.concatenate([np.flatnonzero(forced), _most_merit(saving, free, state.new_count)])
        bound = float(price.sum() + saving[picked].sum())
        if bound > local_best + 1e-7 * abs(bound):
            waited = 0
            local_best = bound
            if bound > state.bound or state.price is None:
                state.price = price.copy()
            state.prove(bound)
            if step % 10 == 0:
                _try(state, alive[picked], run)
                run.report("p_median", state.value, state.bound)
        else:
            waited += 1
            if waited > _PATIENCE:
                pace, waited = pace / 1.6, 0
                price = state.price.copy() if state.price is not None else price
                if pace < 1e-3:
                    break
        missing = 1.0 - (below[picked] < 0).sum(axis=0)
        direction = 0.7 * missing + 0.3 * direction
        norm = float(direction @ direction)
        if norm <= 0:
            break
        goal = state.value if np.isfinite(state.value) else 1.05 * abs(bound) + 1.0
        price = np.maximum(price + pace * max(goal - bound, 1e-9 * abs(goal)) / norm * direction, 0.0)


def _most_merit(saving: Floats, free: Ints, count: int) -> Ints:
    return free[np.argpartition(saving[free], count - 1)[:count]] if count else free[:0]


def _first_price(state: Median, cost: Floats) -> Floats:
    nearest = np.where(np.isfinite(cost), cost, np.inf).min(axis=0)
    if state.best is None:
        return np.asarray(nearest * 1.5)
    return np.asarray(state.cost[state.best].min(axis=0))


def _try(state: Median, picked: Ints, run: Run) -> None:
    """Exchange from the relaxed problem's sites, once for each set of them: they lie near the best plan."""
    key = np.sort(picked).tobytes()
    if key in state.tried:
        return
    state.tried.add(key)
    chosen = np.zeros(state.cost.shape[0], dtype=bool)
    chosen[picked] = True
    state.offer(exchange(state.finite, chosen, state.existing, run, allowed=state.alive))


def close_sites(state: Median) -> int:
    """Drop the sites that no plan better than the best one can hold; say how many stay alive."""
    if state.price is None or not np.isfinite(state.value):
        return int(state.alive.sum())
    saving = np.where(state.alive, np.minimum(state.cost - state.price, 0.0).sum(axis=1), np.inf)
    free = np.flatnonzero(state.alive & ~state.existing)
    if state.new_count == 0 or free.size <= state.new_count:
        return int(state.alive.sum())
    ranked = free[np.argsort(saving[free], kind="stable")]
    last = saving[ranked[state.new_count - 1]]
    bound = float(state.price.sum() + saving[state.existing].sum() + saving[ranked[: state.new_count]].sum())
    # To hold a site of less merit, a plan must give up one of the best: at best the least of them.
    slack = state.value - bound - (1.0 - 1e-6 if state.whole else -1e-9 * abs(state.value))
    state.alive[ranked[state.new_count :]] &= saving[ranked[state.new_count :]] - last <= slack
    return int(state.alive.sum())


def exchange(
    cost: Floats, chosen: Bools, fixed: Bools, run: Run, *, allowed: Bools | None = None, rounds: int = 200
) -> Bools:
    """Swap one open site for a closed one as long as that saves most (Teitz and Bart, all swaps at once).

    ``cost`` must be finite: give pairs that are missing a cost that no plan can be worth. Only ``allowed`` sites enter.
    """
    chosen = chosen.copy()
    for _ in range(rounds):
        enterable = ~chosen if allowed is None else ~chosen & allowed
        closed, movable = np.flatnonzero(enterable), np.flatnonzero(chosen & ~fixed)
        if run.stopped or closed.size == 0 or movable.size == 0:
            break
        profit = _swap_profit(cost, chosen, closed, movable)
        best = int(np.argmax(profit))
        enter, leave = closed[best // movable.size], movable[best % movable.size]
        if profit.flat[best] <= 1e-9 * max(1.0, abs(float(cost[chosen].min(axis=0).sum()))):
            break
        chosen[enter], chosen[leave] = True, False
    return chosen


def _swap_profit(cost: Floats, chosen: Bools, closed: Ints, movable: Ints) -> Floats:
    """Work out the saving of every swap, closed sites by open ones (Resende and Werneck's gain, loss and extra)."""
    open_sites = np.flatnonzero(chosen)
    ours = cost[open_sites]
    if open_sites.size > 1:
        two = np.argpartition(ours, 1, axis=0)[:2]
        pair = np.take_along_axis(ours, two, axis=0)
        swap = pair[0] > pair[1]
        near = np.where(swap, two[1], two[0])
        first, second = pair.min(axis=0), pair.max(axis=0)
    else:
        near = np.zeros(cost.shape[1], dtype=np.intp)
        first = ours[0]
        second = np.full_like(first, cost.max())
    order = np.argsort(open_sites[near], kind="stable")
    first, second, owner = first[order], second[order], open_sites[near][order]
    enter = cost[closed][:, order]
    gain = np.maximum(first - enter, 0.0).sum(axis=1)
    loss = np.zeros(cost.shape[0])
    np.add.at(loss, owner, second - first)
    starts = np.flatnonzero(np.diff(owner, prepend=-1) != 0)
    saved = np.zeros((closed.size, cost.shape[0]))
    saved[:, owner[starts]] = np.add.reduceat(second - np.clip(enter, first, second), starts, axis=1)
    return np.asarray(gain[:, None] - loss[movable] + saved[:, movable])
