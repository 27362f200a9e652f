"""A second proof: every bound of a search is computed again from its steps, in whole numbers.

A solver's bound is a claim in floating point. Here the claim "no plan pays less than this one" is checked by arithmetic
that cannot err by rounding: costs are rounded down to a fine grid of whole numbers, prices to the same grid, and each
part of the search is bounded by sums of 64-bit integers. Nothing is shared with the search but the list of its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kcgeo.siting.instance import Bools, Floats, Ints

__all__ = ["CLOSE", "Sharing", "Step", "first_bound", "proven_bound"]

CLOSE = 1e-9
"""Relative difference under which two values are equal, where values are no whole numbers."""
_BITS = 60  # of a signed 64-bit number, with room for the sums
_NONE = 1 << 61  # cost of a pair that is not there: above every price
_HAIR = 1e-12

Wholes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sharing:
    """Each place pays its cheapest open site, at most its ceiling; of the sites ``new_count`` new ones may be open.

    Attributes
    ----------
    cost
        Sites by places; infinite without a pair.
    ceiling
        What a place pays that no open site serves for less.
    existing
        Sites that are open anyhow.
    exactly
        Whether the number of new sites is exact, or the most there may be.
    excluded
        New sites of plans that may not be chosen again.
    site_cost, budget
        Money of new sites, and all there is of it.
    twice
        Backup cover: costs are 0, each place must have a site, and pays its ceiling unless it has two.
    room, people
        People each site holds and each place has; a place may then be divided, and pays in proportion.
    """

    cost: Floats
    ceiling: Floats
    existing: Bools
    new_count: int
    exactly: bool = True
    excluded: tuple[Ints, ...] = ()
    site_cost: Floats | None = None
    budget: float = np.inf
    twice: bool = False
    room: Floats | None = None
    people: Floats | None = None

    @cached_property
    def is_whole(self) -> bool:
        """Whether every plan pays a whole number, so that a bound may be rounded up."""
        finite = self.cost[np.isfinite(self.cost)]
        return self.room is None and bool((finite % 1 == 0).all() and (self.ceiling % 1 == 0).all())

    def left(self, chosen: Bools) -> int:
        """Return how many more new sites there may be."""
        return self.new_count - int((chosen & ~self.existing).sum())

    def overspends(self, chosen: Bools) -> bool:
        """Whether the new sites of a plan cost more than there is."""
        if self.site_cost is None:
            return False
        return float(self.site_cost[chosen & ~self.existing].sum()) > self.budget * (1 + CLOSE)

    def is_excluded(self, chosen: Bools) -> bool:
        """Whether a plan holds all new sites of one that may not come again."""
        return any(bool(chosen[plan].all()) for plan in self.excluded)


@dataclass(frozen=True, eq=False)
class Step:
    """One part of a search.

    Attributes
    ----------
    price
        What each place pays at most: with the savings of the best sites it bounds the part.
    gone
        Sites that the prices rule out in this part.
    split
        Site on which the part is split, open or not; -1 where the part ends.
    money, crowding
        Price of the budget, and of a person's room at each site.
    """

    price: Floats
    gone: Ints
    split: int
    money: float = 0.0
    crowding: Floats | None = None


@dataclass(frozen=True, eq=False)
class _Grid:
    """The problem in whole numbers; ``scale`` of them are one unit of cost."""

    sharing: Sharing
    scale: float
    cost: Wholes
    ceiling: Wholes

    @classmethod
    def of(cls, sharing: Sharing) -> _Grid:
        total = max(float(sharing.ceiling.sum()), 1.0) * (4 if sharing.twice else 1)
        scale = 2.0 ** (_BITS - int(np.ceil(np.log2(total))) - 1)
        known = np.isfinite(sharing.cost)
        cost = np.full(sharing.cost.shape, _NONE)
        cost[known] = np.floor(np.minimum(sharing.cost[known], total) * scale).astype(np.int64)
        return cls(sharing, scale, cost, np.floor(sharing.ceiling * scale).astype(np.int64))

    def target(self, value: float) -> int:
        """Least bound that rules out every plan better than this value."""
        if self.sharing.is_whole:
            return int(np.floor((value - 1) * self.scale)) + 1
        return int(np.floor((value - CLOSE * max(1.0, value)) * self.scale))

    def bound(self, step: Step) -> tuple[int, Wholes]:
        """Sum of the prices, less the allowance of the budget, and what each site saves at most."""
        sharing = self.sharing
        most = np.full(len(self.ceiling), int(self.ceiling.sum())) if sharing.twice else self.ceiling
        price = np.minimum(np.floor(np.maximum(step.price, 0.0) * self.scale), most.astype(float)).astype(np.int64)
        price = np.minimum(price, most)
        charge, allowance = np.zeros(1, dtype=np.int64), np.zeros(len(self.cost), dtype=np.int64)
        if sharing.room is not None and sharing.people is not None and step.crowding is not None:
            crowding = np.maximum(step.crowding, 0.0) * self.scale
            charge = np.floor(crowding[:, None] * sharing.people * (1 - _HAIR)).astype(np.int64)
            allowance = np.ceil(crowding * sharing.room * (1 + _HAIR)).astype(np.int64)
        saving = np.maximum(price - self.cost - charge, 0).sum(axis=1) + allowance
        base = int(price.sum())
        if sharing.twice:
            base += int(np.minimum(price, self.ceiling).sum())
        if sharing.site_cost is not None and step.money > 0:
            spent = np.where(sharing.existing, 0.0, sharing.site_cost) * step.money * self.scale
            saving = saving - np.floor(np.minimum(spent, 2.0**_BITS) * (1 - _HAIR)).astype(np.int64)
            base -= int(np.ceil(sharing.budget * step.money * self.scale * (1 + _HAIR)))
        return base, saving


def first_bound(sharing: Sharing, step: Step) -> float:
    """Bound on all plans that the prices of a search's first step prove by themselves."""
    grid = _Grid.of(sharing)
    base, saving = grid.bound(step)
    base -= int(saving[sharing.existing].sum()) + _best(saving[~sharing.existing], sharing.new_count)
    whole = -(-base // int(grid.scale)) if sharing.is_whole and grid.scale >= 1 else base / grid.scale
    return max(float(whole), 0.0)


def proven_bound(sharing: Sharing, steps: Sequence[Step], value: float) -> float:
    """Bound on all plans that the steps prove: ``value`` itself where every part holds, else minus infinity."""
    if not np.isfinite(value):
        return -np.inf
    grid = _Grid.of(sharing)
    target = grid.target(value)
    stack = [(sharing.existing, np.ones(len(sharing.cost), dtype=bool))]
    for step in steps:
        if not stack:
            return -np.inf
        opened, alive = stack.pop()
        base, saving = grid.bound(step)
        base -= int(saving[opened].sum())
        left, free = sharing.left(opened), alive & ~opened
        if not _rules_out(step.gone, base, saving, free, left, target):
            return -np.inf
        alive = alive.copy()
        alive[step.gone] = False
        free = free & alive
        if step.split >= 0:
            if left < 1 or not free[step.split]:
                return -np.inf
            without, within = alive.copy(), opened.copy()
            without[step.split], within[step.split] = False, True
            stack += [(opened, without), (within, alive)]
        elif not _ends(sharing, opened, free, left) and base - _best(saving[free], left) < target:
            return -np.inf
    return value if not stack else -np.inf


def _best(saving: Wholes, count: int) -> int:
    """Most that ``count`` sites save together; a site that saves nothing stays closed."""
    if count <= 0 or not saving.size:
        return 0
    top = saving if count >= saving.size else -np.partition(-saving, count - 1)[:count]
    return int(np.maximum(top, 0).sum())


def _rules_out(gone: Ints, base: int, saving: Wholes, free: Bools, left: int, target: int) -> bool:
    """Whether a plan that holds one of these sites, and the best of the others beside it, is no better."""
    if not len(gone):
        return True
    if left < 1 or not free[gone].all():
        return False
    beside = _best(saving[free], left - 1)  # at least as much as without the site itself
    return bool((base - saving[gone] - beside >= target).all())


def _ends(sharing: Sharing, opened: Bools, free: Bools, left: int) -> bool:
    """Whether a part holds no plan at all: too few sites, too dear, or one that may not come again."""
    too_few = sharing.exactly and int(free.sum()) < left
    return left < 0 or too_few or sharing.overspends(opened) or sharing.is_excluded(opened)
