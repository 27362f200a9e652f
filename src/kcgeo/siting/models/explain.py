"""Why there is no plan: the places that break it, and the least cutoff or number of sites that would work.

Each function yields sentences for one :class:`~kcgeo.errors.SolverError`. They are worked out only after a model has
failed, so that they may cost a solve of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kcgeo.access.pairs import upto
from kcgeo.errors import SolverError, first_ids
from kcgeo.siting.instance import Bools, Floats, Instance
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.flow import assign_with_room, flow_program
from kcgeo.siting.solve.programs import count_row
from kcgeo.siting.solve.radius import smallest_radius
from kcgeo.siting.solve.setcover import fewest_sites
from kcgeo.siting.solve.solver import solve

__all__ = ["cover_faults", "room_faults", "too_few_sites", "unserved_faults"]

_PATIENCE_S = 20.0


def cover_faults(instance: Instance, cutoff_min: float = np.inf) -> Iterator[str]:
    """Sentences on places that no candidate reaches within the cutoff, with the least cutoff that works."""
    nearest = np.full(instance.place_count, np.inf)
    np.minimum.at(nearest, instance.place, instance.time_min)
    late = nearest > upto(cutoff_min) if np.isfinite(cutoff_min) else ~np.isfinite(nearest)
    if not late.any():
        return
    where = f" within {cutoff_min:g} minutes" if np.isfinite(cutoff_min) else ""
    people = instance.people[late].sum()
    yield (
        f"{int(late.sum())} of {instance.place_count} places ({people:g} people) have no candidate{where}: "
        f"{first_ids(_ids(instance, late))}."
    )
    cut_off = ~np.isfinite(nearest)
    if cut_off.any():
        yield (
            f"{int(cut_off.sum())} places have no pair in costs at all: {first_ids(_ids(instance, cut_off))}. "
            "Search farther, add candidates near them, or leave them out of demand and say so."
        )
    if np.isfinite(cutoff_min) and (~cut_off).any():
        least = nearest[~cut_off].max()
        rest = "" if not cut_off.any() else " for all other places"
        yield f"The least cutoff that works with every candidate open is {least:g} minutes{rest}."


def _ids(instance: Instance, mask: Bools) -> list[str]:
    return [instance.place_ids[i] for i in np.flatnonzero(mask)]


def too_few_sites(instance: Instance, cutoff_min: float, new_count: int, *, threads: int = 1) -> Iterator[str]:
    """Sentences on a number of new sites that cannot cover every place: what number, what cutoff, which places."""
    where = f" within {cutoff_min:g} minutes" if np.isfinite(cutoff_min) else ""
    yield f"No {new_count} new sites cover every place{where}."
    if instance.excluded:
        yield f"{len(instance.excluded)} plans are excluded; there may be plans among these."
    held = int(instance.existing.sum())
    # A user waits for a reason, not for a proof: the extra questions have a limit of their own.
    with Run(_PATIENCE_S) as run:
        chosen, bound, status = fewest_sites(instance, instance.within(cutoff_min), run, threads=threads)
        least = int(chosen.sum()) - held
        if status == "optimal":
            yield f"The least number of new sites that works is {least}."
        else:
            yield f"The least number of new sites that works is between {int(bound) - held} and {least}."
        try:
            plan, radius, status = smallest_radius(instance, new_count, run, threads=threads)
        except SolverError:
            return
    if plan is None or not np.isfinite(cutoff_min):
        if plan is None and status == "infeasible":
            yield f"With {new_count} new sites no cutoff works: costs holds too few pairs. Search farther."
        return
    at_least = "" if status == "optimal" else "at least "
    yield f"With {new_count} new sites the least cutoff that works is {at_least}{radius:g} minutes."


def room_faults(instance: Instance, capacity: Floats, new_count: int) -> Iterator[str]:
    """Sentences where the largest sites together hold fewer people than there are."""
    fresh = np.sort(capacity[~instance.existing])[::-1]
    held = float(capacity[instance.existing].sum())
    room = held + float(fresh[:new_count].sum())
    if room >= instance.total_people * (1 - 1e-9):
        return
    yield (
        f"{new_count} new sites and {int(instance.existing.sum())} existing ones hold at most {room:g} people, "
        f"but demand is {instance.total_people:g}."
    )
    enough = np.flatnonzero(held + np.cumsum(fresh) >= instance.total_people * (1 - 1e-9))
    if enough.size:
        yield f"By capacity alone the least number of new sites that works is {int(enough[0]) + 1}."
    else:
        yield f"All candidates together hold {held + float(fresh.sum()):g}: no number of sites works."


def unserved_faults(instance: Instance, capacity: Floats, new_count: int, *, threads: int = 1) -> Iterator[str]:
    """Sentences where sites hold enough people in sum, but not near enough to all of them."""
    with Run(_PATIENCE_S) as run:
        program = flow_program(
            instance, capacity, lambda width: (count_row(instance, width, least=new_count, most=new_count),)
        )
        outcome = solve(program, run, threads=threads)
        if outcome.x is not None:
            chosen = outcome.x[: instance.site_count] > 0.5
            place, _, _, served = assign_with_room(instance, chosen, capacity)
            short = instance.people - np.bincount(place, weights=served, minlength=instance.place_count) > 1e-6
            most = min(outcome.bound, instance.total_people)
            yield (
                f"At most {most:g} of {instance.total_people:g} people can be served by {new_count} new sites; "
                f"the best plan falls short at {int(short.sum())} places: {first_ids(_ids(instance, short))}."
            )
        least = _least_with_room(instance, capacity, run, threads)
    if least is None:
        yield "No number of sites works with these capacities and pairs."
    elif np.isfinite(least):
        yield f"The least number of new sites that works is {int(least)}."


def _least_with_room(instance: Instance, capacity: Floats, run: Run, threads: int) -> float | None:
    """Fewest new sites that serve all people; None where all candidates do not, NaN where time ran out."""
    full = flow_program(instance, capacity, lambda width: (), serve_all=True)
    cost = np.zeros(full.cost.size)
    cost[: instance.site_count] = ~instance.existing
    outcome = solve(replace(full, cost=cost), run, threads=threads)
    if outcome.status == "infeasible":
        return None
    return float(round(outcome.objective)) if outcome.status == "optimal" else float("nan")
