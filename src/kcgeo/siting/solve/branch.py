"""Branch and bound over sites by Lagrangian prices, which leaves a proof that others can check.

The problem is a :class:`kcgeo.siting.certificate.Sharing`: each place pays its cheapest open site, at most a ceiling. A
*price* for each place (what it would pay at most) makes the sites independent: a site saves, over all places, what its
costs lie under their prices, and no plan pays less than all prices minus the savings of the best sites. That bound
holds whatever the prices; good ones come from subgradient steps, which raise the price of a place that too few of the
best sites serve and lower that of a place that too many do.

The search splits on a site (open, or not) until every part is bounded by the best plan. What it did is written down in
steps, and :func:`kcgeo.siting.certificate.proven_bound` computes every bound again from them in whole numbers, so that
the floats here need only be good, not right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kcgeo.siting.certificate import CLOSE, Sharing, Step, first_bound, proven_bound
from kcgeo.siting.instance import Bools, Floats, Ints
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["Search", "search"]

_FIRST_STEPS, _LATER_STEPS = 400, 60
_PATIENCE = 12
_MARGIN = 1e-10


@dataclass(eq=False)
class Search:
    """What a search found: the best plan and its value, a bound in floats, and its steps.

    ``is_whole`` says that every part was searched, so that the steps may prove the bound.
    """

    best: Bools | None
    value: float
    bound: float
    steps: list[Step]
    is_whole: bool = False

    def exact_bound(self, sharing: Sharing) -> float:
        """Bound that the steps prove in whole numbers: that of all of them, or of the first alone."""
        if self.is_whole:
            bound = proven_bound(sharing, self.steps, self.value)
            if np.isfinite(bound):
                return bound
        return first_bound(sharing, self.steps[0]) if self.steps else 0.0


@dataclass(eq=False)
class _Part:
    """Prices of a part with the bound they give, the sites that save most, and what each free site saves."""

    price: Floats
    picked: Ints
    bound: float
    saving: Floats
    money: float = 0.0
    crowding: Floats | None = None

    def step(self, gone: Ints, split: int) -> Step:
        return Step(self.price, gone, split, self.money, self.crowding)


def search(
    sharing: Sharing,
    best: Bools | None,
    run: Run,
    *,
    price: Floats | None = None,
    value: float = np.inf,
    most_parts: int = 20_000,
) -> Search:
    """Search for the best plan and for a proof, until all is proven or the clock, Ctrl-C or ``most_parts`` ends it.

    Parameters
    ----------
    sharing
        The problem.
    best
        A plan to beat, as a mask of open sites.
    price
        Prices to start from, such as those of an earlier bound.
    value
        Only plans below this are wanted.
    most_parts
        Parts after which the search gives up: a limit that does not hang on the machine.
    """
    steps: list[Step] = []
    found = Search(best, value if best is None else min(value, _settle(sharing, best).bound), -np.inf, steps)
    first = sharing.ceiling / 2 if price is None else price
    stack = [(sharing.existing.copy(), np.ones(len(sharing.cost), dtype=bool), first, _FIRST_STEPS)]
    while stack:
        if run.stopped or len(steps) >= most_parts:
            return found
        opened, alive, price, rounds = stack.pop()
        left, free = sharing.left(opened), np.flatnonzero(alive & ~opened)
        if sharing.overspends(opened) or sharing.is_excluded(opened) or (sharing.exactly and free.size < left):
            steps.append(Step(price, free[:0], -1))
            continue
        if left == 0 or free.size == 0:
            part = _settle(sharing, opened)
            _offer(sharing, found, opened, part.bound)
            steps.append(part.step(free[:0], -1))
            continue
        part = _ascend(sharing, opened, free, left, price, _goal(sharing, found.value), rounds)
        plan = opened.copy()
        plan[part.picked] = True
        if _may_be(sharing, plan):
            _offer(sharing, found, plan, _settle(sharing, plan).bound)
        goal = _goal(sharing, found.value)
        if not steps:
            found.bound = min(part.bound, found.value)
        sure = goal + _MARGIN * abs(goal)
        if part.bound >= sure:
            steps.append(part.step(free[:0], -1))
            continue
        # to hold a site that saves less, a plan gives up at best the least of those that save most
        is_picked = np.isin(free, part.picked)
        last = max(float(np.sort(part.saving)[-left]), 0.0) if free.size >= left else 0.0
        gone = free[~is_picked & (part.bound + last - part.saving >= sure)]
        alive = alive.copy()
        alive[gone] = False
        split = int(free[np.argmax(np.where(np.isin(free, gone), -np.inf, part.saving))])
        steps.append(part.step(gone, split))
        without, within = alive.copy(), opened.copy()
        without[split], within[split] = False, True
        stack += [(opened, without, part.price, _LATER_STEPS), (within, alive, part.price, _LATER_STEPS)]
    found.bound, found.is_whole = found.value, True
    return found


def _goal(sharing: Sharing, value: float) -> float:
    """Bound at which a part holds nothing better than a plan of this value."""
    return value - 1 + 1e-6 if sharing.is_whole else value - CLOSE * max(1.0, value)


def _may_be(sharing: Sharing, plan: Bools) -> bool:
    left = sharing.left(plan)
    fits = left == 0 if sharing.exactly else left >= 0
    return fits and not sharing.overspends(plan) and not sharing.is_excluded(plan)


def _offer(sharing: Sharing, found: Search, plan: Bools, value: float) -> None:
    if value < found.value and _may_be(sharing, plan):
        found.best, found.value = plan.copy(), value


def _settle(sharing: Sharing, plan: Bools) -> _Part:
    """Prices at which the bound of a single plan is its value."""
    if sharing.room is not None and sharing.people is not None:
        return _settle_with_room(sharing, plan, sharing.room, sharing.people)
    none = np.zeros(0, dtype=np.intp)
    if sharing.twice:
        count = np.isfinite(sharing.cost[plan]).sum(axis=0)
        price = np.select([count == 0, count == 1], [float(sharing.ceiling.sum()), sharing.ceiling], 0.0)
        value = np.inf if (count == 0).any() else float(price.sum())
        return _Part(price, none, value, np.zeros(0))
    price = np.minimum(sharing.cost[plan].min(axis=0, initial=np.inf), sharing.ceiling)
    return _Part(price, none, float(price.sum()), np.zeros(0))


def _settle_with_room(sharing: Sharing, plan: Bools, room: Floats, people: Floats) -> _Part:
    """Divide people among the open sites; the duals of that linear program are the prices."""
    sites = np.flatnonzero(plan)
    number, place = np.nonzero(np.isfinite(sharing.cost[sites]))
    gain = (sharing.cost[sites[number], place] - sharing.ceiling[place]) / people[place]
    count, ones = number.size, np.ones(number.size)
    crowding = np.zeros(len(sharing.cost))
    if not count:
        return _Part(sharing.ceiling, sites[:0], float(sharing.ceiling.sum()), np.zeros(0), crowding=crowding)
    rows = sparse.vstack(
        [
            sparse.csr_array((ones, (place, np.arange(count))), shape=(len(people), count)),
            sparse.csr_array((ones, (number, np.arange(count))), shape=(sites.size, count)),
        ],
        format="csr",
    )
    most = np.concatenate([people, np.minimum(room[sites], people.sum())])
    # no bounds on the columns: their duals would take from the prices of the rows
    free = np.full(count, np.inf)
    program = Program("min", gain, np.zeros(count), free, np.zeros(count, bool), (Rows.of(rows, upper=most),))
    answer = solve(program, Run())
    if answer.x is None or answer.price is None:
        return _Part(sharing.ceiling, sites[:0], np.inf, np.zeros(0), crowding=crowding)
    crowding[sites] = np.maximum(-answer.price[len(people) :], 0.0)
    # given the price of room, a place pays its cheapest site, room included
    price = np.minimum((sharing.cost[sites] + np.outer(crowding[sites], people)).min(axis=0), sharing.ceiling)
    value = float(sharing.ceiling.sum() + gain @ answer.x)
    return _Part(price, sites[:0], value, np.zeros(0), crowding=crowding)


def _ascend(sharing: Sharing, opened: Bools, free: Ints, left: int, price: Floats, goal: float, rounds: int) -> _Part:
    """Raise the bound of a part by subgradient steps."""
    held = np.flatnonzero(opened)
    sites = np.concatenate([held, free])
    cost = sharing.cost[sites]
    best = _Part(price, free[:0], -np.inf, np.zeros(free.size))
    most = np.full(len(price), float(sharing.ceiling.sum())) if sharing.twice else sharing.ceiling
    pace, waited, direction = 1.0, 0, np.zeros_like(price)
    for _ in range(rounds):
        gain = np.maximum(price - cost, 0.0)
        if sharing.room is not None and sharing.people is not None:
            saving, served, crowding = _fill(gain, sharing.people, sharing.room[sites])
        else:
            saving, served, crowding = gain.sum(axis=1), gain > 0, None
        worth, money, allowance = _after_money(sharing, saving[held.size :], free, left)
        top = np.argpartition(-worth, left - 1)[:left] if left < free.size else np.arange(free.size)
        bound = float(price.sum() - saving[: held.size].sum() - np.maximum(worth[top], 0.0).sum() - allowance)
        bound += float(np.minimum(price, sharing.ceiling).sum()) if sharing.twice else 0.0
        if bound > best.bound + 1e-9 * abs(bound):
            best, waited = _Part(price, free[top], bound, worth, money), 0
            if crowding is not None:
                best.crowding = np.zeros(len(sharing.cost))
                best.crowding[sites] = crowding
            if bound >= goal:
                break
        else:
            waited += 1
            if waited > _PATIENCE:
                pace, waited, price = pace / 1.7, 0, best.price
                if pace < 1e-3:
                    break
        used = np.concatenate([np.arange(held.size), held.size + top[worth[top] > 0]])
        slope = 1.0 - served[used].sum(axis=0) + ((price < sharing.ceiling) if sharing.twice else 0.0)
        direction = 0.7 * slope + 0.3 * direction
        norm = float(direction @ direction)
        if norm <= 0:
            break
        reach = (goal if np.isfinite(goal) else 1.05 * abs(bound) + 1.0) - bound
        price = np.clip(price + pace * max(reach, 1e-9 * abs(bound)) / norm * direction, 0.0, most)
    return best


def _fill(gain: Floats, people: Floats, room: Floats) -> tuple[Floats, Floats, Floats]:
    """Fill each site with the people who gain most: savings, shares served, and the price of a person's room."""
    density = gain / people
    order = np.argsort(-density, axis=1)
    upto = np.cumsum(people[order], axis=1)
    share = np.clip((room[:, None] - (upto - people[order])) / people[order], 0.0, 1.0)
    ranked = np.take_along_axis(density, order, axis=1)
    first_out = np.argmax(share < 1, axis=1)
    rows = np.arange(len(room))
    crowding = np.where((share < 1).any(axis=1), ranked[rows, first_out], 0.0)
    served = np.zeros_like(gain)
    np.put_along_axis(served, order, share, axis=1)
    served *= gain > 0
    return (gain * served).sum(axis=1), served, crowding


def _after_money(sharing: Sharing, saving: Floats, free: Ints, left: int) -> tuple[Floats, float, float]:
    """Return savings less the cost of a site, that price of money at which the budget is just spent, and its sum."""
    if sharing.site_cost is None:
        return saving, 0.0, 0.0
    dear = sharing.site_cost[free]
    low, high = 0.0, float((saving / np.maximum(dear, 1e-300)).max(initial=0.0))
    for _ in range(40):
        money = (low + high) / 2
        worth = saving - money * dear
        top = np.argsort(-worth)[:left]
        if dear[top[worth[top] > 0]].sum() > sharing.budget:
            low = money
        else:
            high = money
    return saving - high * dear, high, high * sharing.budget
