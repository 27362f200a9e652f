"""From open sites to a checked plan: who goes where, what the objective is, and the independent check."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kcgeo.access.pairs import upto
from kcgeo.siting.instance import Bools, Floats, Instance, Ints
from kcgeo.siting.plan import ASSIGNMENT_COLUMNS, Proof, SitingResult, relative_gap

__all__ = ["assignment_table", "nearest_open", "settle", "summarise"]

_SAME = 1e-9


def nearest_open(instance: Instance, chosen: Bools, *, cutoff_min: float = np.inf) -> tuple[Ints, Ints, Floats]:
    """Place, nearest open site and minutes of each place in reach; equal times go to the site first in order."""
    keep = chosen[instance.site] & (instance.time_min <= upto(cutoff_min))
    place, site, time_min = instance.place[keep], instance.site[keep], instance.time_min[keep]
    order = np.lexsort((site, time_min, place))
    place, site, time_min = place[order], site[order], time_min[order]
    first = np.flatnonzero(np.diff(place, prepend=-1) != 0)
    return place[first], site[first], time_min[first]


def assignment_table(instance: Instance, place: Ints, site: Ints, time_min: Floats, count: Floats) -> pd.DataFrame:
    """Make the table of the assignment, with ids, sorted by place and site."""
    table = pd.DataFrame(
        {
            "from_id": np.array(instance.place_ids, dtype=object)[place],
            "to_id": np.array(instance.site_ids, dtype=object)[site],
            "time_min": time_min,
            "assigned_count": count,
        },
        columns=ASSIGNMENT_COLUMNS,
    )
    return table.astype({"from_id": "str", "to_id": "str"})


def settle(sense: str, objective: float, proof: Proof, status: str) -> tuple[float, float, str]:
    """Bound, gap and status that agree with each other and with the plan.

    Only two bounds that both reach the plan prove it, whatever stopped the solver; rounding may push one past the plan
    by a hair. A solver that calls a plan optimal, where the second proof did not come to an end, is not believed.
    """
    if _reaches(sense, objective, proof.solver) and _reaches(sense, objective, proof.exact):
        return objective, 0.0, "optimal"
    is_beyond = proof.solver < objective if sense == "max" else proof.solver > objective
    closed = _reaches(sense, objective, proof.solver) or (is_beyond and status == "optimal")
    bound = proof.exact if closed else proof.solver
    return bound, relative_gap(objective, bound), "time_limit" if status == "optimal" else status


def _reaches(sense: str, objective: float, bound: float) -> bool:
    past = bound <= objective if sense == "max" else bound >= objective
    near = abs(bound - objective) <= 1e-6 * max(1.0, abs(objective))
    return near and (past or relative_gap(objective, bound) <= _SAME)


def summarise(
    instance: Instance,
    model: str,
    chosen: Bools,
    assignment: pd.DataFrame,
    *,
    objective: float,
    unit: str,
    sense: str,
    proof: Proof,
    status: str,
    covered_count: float,
    covered_places: int,
) -> SitingResult:
    """Put the parts of a plan together, with bound, gap and status of `settle`."""
    bound, gap, status = settle(sense, objective, proof, status)
    return SitingResult(
        chosen=tuple(instance.site_ids[j] for j in np.flatnonzero(chosen)),
        assignment=assignment,
        objective=float(objective),
        unit=unit,
        bound=float(bound),
        gap=float(gap),
        status=status,
        covered_count=float(covered_count),
        covered_share=float(covered_count) / instance.total_people,
        covered_place_share=covered_places / instance.place_count,
        model=model,
        existing=instance.existing_ids,
        proof=proof,
    )
