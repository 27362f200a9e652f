"""Exact finish of the p-median on the sites that are left (Church's COBRA: equal assignment variables are joined).

A place pays its cost to the nearest open site. In steps: the cost of its nearest candidate in any case, and each rise
beyond only if no site of the set so far is open. Places with the same set of nearest candidates share one column
for it, so that few candidates leave few columns however many places there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from kcgeo.siting.instance import Bools, Floats, Ints
from kcgeo.siting.lagrange import Median
from kcgeo.siting.run import Run
from kcgeo.siting.solver import Outcome, Program, Rows, solve

__all__ = ["finish", "steps_of"]


@dataclass(eq=False)
class _Steps:
    """Sets of nearest candidates: ``parent`` (-1: none) plus ``added`` sites make a set; ``rise`` is its cost."""

    base: float = 0.0
    parent: list[int] = field(default_factory=list)
    added: list[tuple[int, ...]] = field(default_factory=list)
    rise: list[float] = field(default_factory=list)
    must: list[int] = field(default_factory=list)


def steps_of(cost: Floats, existing: Bools, new_count: int, ceiling: Floats) -> _Steps:
    """Join the steps of all places over the candidates (rows of ``cost``).

    A place needs no step beyond its nearest existing site, beyond ``ceiling`` (a cost it cannot pay in a better plan),
    nor beyond the set that every plan must touch: all but ``new_count - 1`` free candidates.
    """
    steps = _Steps()
    known: dict[bytes, int] = {}
    free = int((~existing).sum())
    longest = free - new_count + 1 if new_count else 0
    order = np.argsort(cost, axis=0, kind="stable")
    ranked = np.take_along_axis(cost, order, axis=0)
    for place in range(cost.shape[1]):
        _walk(steps, known, order[:, place], ranked[:, place], existing, longest, ceiling[place])
    return steps


def _walk(
    steps: _Steps, known: dict[bytes, int], order: Ints, ranked: Floats, existing: Bools, longest: int, ceiling: float
) -> None:
    """Add the steps of one place from its nearest candidate outwards."""
    steps.base += float(ranked[0])
    if existing[order[0]]:
        return
    members = np.zeros(existing.size, dtype=bool)
    parent, fresh = -1, []
    for rank, site in enumerate(order.tolist()):
        members[site] = True
        fresh.append(site)
        last = rank + 1 == order.size
        rise = np.inf if last else ranked[rank + 1] - ranked[rank]
        if not last and rise <= 0:
            continue
        key = np.packbits(members).tobytes()
        number = known.get(key)
        if number is None:
            number = known[key] = len(steps.parent)
            steps.parent.append(parent)
            steps.added.append(tuple(fresh))
            steps.rise.append(0.0)
        parent, fresh = number, []
        if last or rank + 1 >= longest or not np.isfinite(rise) or ranked[rank + 1] > ceiling:
            # Some site of this set is open in every plan that matters.
            steps.must.append(number)
            return
        steps.rise[number] += float(rise)
        if existing[order[rank + 1]]:
            return


def finish(state: Median, run: Run, *, threads: int = 1) -> Outcome:
    """Solve the p-median on the sites alive; the outcome's ``x`` starts with the sites in order of ``state.alive``."""
    alive = np.flatnonzero(state.alive)
    existing = state.existing[alive]
    cost = state.cost[alive]
    ceiling = np.full(cost.shape[1], np.inf)
    if state.price is not None and np.isfinite(state.value) and not state.excluded:
        ceiling = state.price + max(state.value - _relaxed_value(state), 0.0) + 1e-6 * abs(state.value)
    steps = steps_of(cost, existing, state.new_count, ceiling)
    program = _program(steps, existing, state, alive)
    outcome = solve(program, run, threads=threads)
    outcome.bound += steps.base
    outcome.objective += steps.base
    return outcome


def _relaxed_value(state: Median) -> float:
    assert state.price is not None
    saving = np.minimum(state.cost[state.alive] - state.price, 0.0).sum(axis=1)
    held = state.existing[state.alive]
    return float(state.price.sum() + saving[held].sum() + np.sort(saving[~held])[: state.new_count].sum())


def _program(steps: _Steps, existing: Bools, state: Median, alive: Ints) -> Program:
    sites, sets = existing.size, len(steps.parent)
    width = sites + sets
    row, column, value = [], [], []
    lower = np.zeros(sets)
    for number, (parent, added) in enumerate(zip(steps.parent, steps.added, strict=True)):
        row += [number] * (len(added) + 1)
        column += [*added, sites + number]
        value += [1.0] * (len(added) + 1)
        if parent >= 0:
            row.append(number)
            column.append(sites + parent)
            value.append(-1.0)
        else:
            lower[number] = 1.0
    chain = sparse.csr_array((value, (row, column)), shape=(sets, width))
    fresh = np.flatnonzero(~existing)
    count = sparse.csr_array((np.ones(fresh.size), (np.zeros(fresh.size, dtype=int), fresh)), shape=(1, width))
    upper = np.ones(width)
    upper[sites + np.array(sorted(set(steps.must)), dtype=np.intp)] = 0.0
    return Program(
        "min",
        np.concatenate([np.zeros(sites), steps.rise]),
        np.concatenate([existing.astype(float), np.zeros(sets)]),
        upper,
        np.arange(width) < sites,
        (
            Rows.of(chain, lower=lower),
            Rows.of(count, lower=float(state.new_count), upper=float(state.new_count)),
            *_cuts(state, alive, width),
        ),
        start=_start(steps, state, alive),
        stage="p_median",
    )


def _cuts(state: Median, alive: Ints, width: int) -> tuple[Rows, ...]:
    position = {int(site): k for k, site in enumerate(alive)}
    rows = []
    for plan in state.excluded:
        if all(int(site) in position for site in plan):
            columns = np.array([position[int(site)] for site in plan], dtype=np.intp)
            matrix = sparse.csr_array((np.ones(plan.size), (np.zeros(plan.size, dtype=int), columns)), shape=(1, width))
            rows.append(Rows.of(matrix, upper=float(plan.size - 1)))
    return tuple(rows)


def _start(steps: _Steps, state: Median, alive: Ints) -> Floats | None:
    """Turn the best plan into a start, where its sites are still alive."""
    if state.best is None or not state.alive[state.best].all():
        return None
    chosen = state.best[alive]
    shut = np.zeros(len(steps.parent))
    for number, (parent, added) in enumerate(zip(steps.parent, steps.added, strict=True)):
        before = shut[parent] if parent >= 0 else 1.0
        shut[number] = before if not chosen[list(added)].any() else 0.0
    return np.concatenate([chosen.astype(float), shut])
