"""Limits of a plan, checked at the door: number of new sites, capacity, site cost and budget."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd

from kcgeo.access.pairs import number_faults
from kcgeo.errors import SolverError, first_ids, raise_all
from kcgeo.siting.instance import Floats, Instance, site_series

__all__ = ["Limits", "check_count", "read_limits"]


@dataclass(frozen=True, eq=False)
class Limits:
    """Room per site (None: no limit), cost per site and budget (None: no limit)."""

    capacity: Floats | None
    site_cost: Floats | None
    budget: float | None


def check_count(instance: Instance, new_count: object, *, least: int = 0, serve_all: bool = False) -> None:
    """Refuse a number of new sites that is no number, negative, or more than there are candidates."""
    problems: list[str] = []
    left = instance.site_count - int(instance.existing.sum())
    if isinstance(new_count, bool) or not isinstance(new_count, Integral):
        problems.append(f"new_count is {new_count!r}; give a whole number.")
    elif int(new_count) < least:
        problems.append(f"new_count is {new_count}; give {least} or more.")
    elif int(new_count) == 0 and serve_all and not instance.existing.any():
        problems.append("new_count is 0 and no site exists, so that nobody would be served; give 1 or more.")
    elif int(new_count) > left:
        problems.append(
            f"new_count is {new_count}, but only {left} candidates are free "
            f"({instance.site_count} in costs, {instance.site_count - left} of them existing)."
        )
    raise_all(problems, SolverError)


def read_limits(
    instance: Instance,
    capacity: pd.Series[float] | None,
    site_cost: pd.Series[float] | None,
    budget: float | None,
) -> Limits:
    """Check the limits and put them in the order of the sites; existing sites need a capacity but no cost."""
    everywhere = np.ones(instance.site_count, dtype=bool)
    room = site_series(instance, capacity, "capacity", needed=everywhere)
    money = site_series(instance, site_cost, "site_cost", needed=~instance.existing)
    problems: list[str] = []
    if (money is None) != (budget is None):
        given, lacking = ("site_cost", "budget") if budget is None else ("budget", "site_cost")
        problems.append(f"{given} is given without {lacking}; give both or none.")
    elif money is not None and budget is not None:
        fresh = np.flatnonzero(~instance.existing)
        if number_faults(budget, "budget", finite=False):
            problems += number_faults(budget, "budget", finite=False)
        elif fresh.size and budget < money[fresh].min():
            cheapest = fresh[money[fresh] == money[fresh].min()]
            problems.append(
                f"The budget of {budget:g} is below the cheapest site: {money[fresh].min():g} for "
                f"{first_ids(instance.site_ids[j] for j in cheapest)}. No new site can be opened."
            )
    raise_all(problems, SolverError)
    return Limits(room, money, budget)
