"""The answer of a location model: which sites, for whom, how good, and how sure.

A plan travels as one frozen record because its parts make no sense alone: an objective without its bound says nothing
about what else might be possible, and a list of sites without the assignment cannot be checked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kcgeo.errors import SolverError

__all__ = [
    "ASSIGNMENT_COLUMNS",
    "MAXIMISED",
    "UNITS",
    "NoPlanError",
    "Proof",
    "SitingResult",
    "UnfinishedError",
    "relative_gap",
]

MAXIMISED = ("max_coverage", "backup_coverage", "p_dispersion")

UNITS = {
    "min_sites": "sites",
    "max_coverage": "people",
    "backup_coverage": "people",
    "p_median": "person-minutes",
    "p_center": "minutes",
    "p_dispersion": "minutes",
}
"""What the objective of each model counts."""

ASSIGNMENT_COLUMNS = ["from_id", "to_id", "time_min", "assigned_count"]


@dataclass(frozen=True)
class Proof:
    """Two bounds of a plan, found on different ways; it is called optimal only where both reach it.

    Attributes
    ----------
    solver
        Bound of the solver or of the search that found the plan, in floating point.
    exact
        Bound computed again from the tables in whole numbers, from the prices of a search of our own.
    """

    solver: float
    exact: float


class UnfinishedError(SolverError):
    """The run ended before there was any plan; ``reason`` is ``time_limit`` or ``interrupted``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The run ended ({reason}) before it had a plan; give it more time.")


class NoPlanError(SolverError):
    """No choice of sites keeps all that was asked for; the sentences say why and what would work."""


@dataclass(frozen=True, eq=False)
class SitingResult:
    """A checked plan of a location model.

    Parameters
    ----------
    chosen
        Ids of all open sites, existing ones included, sorted. ``new`` leaves the existing ones out.
    assignment
        One row for each place and the site that serves it: ``from_id, to_id, time_min, assigned_count`` (people),
        sorted. A place without a row is not served. With capacities a place may have several rows.
    objective
        Value of the plan in ``unit``, existing sites included.
    unit
        ``people``, ``person-minutes``, ``minutes`` or ``sites``.
    bound
        Value no plan can beat, as proven when the solver stopped. Equals ``objective`` where the plan is optimal.
    gap
        ``abs(objective - bound) / max(abs(objective), abs(bound))``; 0 for a proven optimum, 1 where nothing is proven.
    status
        ``optimal``, ``time_limit`` or ``interrupted``.
    covered_count, covered_share
        People covered, and their share (0 to 1) of all demand. In `backup_coverage`: people covered at least twice.
        NaN in `p_dispersion`, which knows no people.
    covered_place_share
        Share of places covered in whole, beside the share of people, since the two often differ.
    model
        Name of the function that made the plan.
    existing
        Ids of the sites that were held open, sorted.
    proof
        Both bounds behind ``bound``.
    """

    chosen: tuple[str, ...]
    assignment: pd.DataFrame
    objective: float
    unit: str
    bound: float
    gap: float
    status: str
    covered_count: float
    covered_share: float
    covered_place_share: float
    model: str
    existing: tuple[str, ...] = ()
    proof: Proof = Proof(math.nan, math.nan)

    @property
    def new(self) -> tuple[str, ...]:
        """Ids of the chosen sites that are not existing ones."""
        held = set(self.existing)
        return tuple(site for site in self.chosen if site not in held)

    @property
    def mean_time_min(self) -> float:
        """Mean minutes of the people who are served; NaN where nobody is."""
        people = self.assignment["assigned_count"].to_numpy(float)
        if people.sum() <= 0:
            return float("nan")
        return float(np.average(self.assignment["time_min"].to_numpy(float), weights=people))

    @property
    def worst_time_min(self) -> float:
        """Longest minutes of a place that is served; NaN where none is."""
        times = self.assignment["time_min"].to_numpy(float)
        return float(times.max()) if times.size else float("nan")


def relative_gap(objective: float, bound: float) -> float:
    """Distance of a plan from its bound, relative to the larger of the two.

    >>> relative_gap(90.0, 100.0)
    0.1
    """
    scale = max(abs(objective), abs(bound))
    if not math.isfinite(scale):
        return 1.0
    return abs(objective - bound) / scale if scale > 0 else 0.0
