"""From open sites to a checked plan: who goes where, what the objective is, and the independent check."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kcgeo.access.pairs import upto
from kcgeo.siting.instance import Bools, Floats, Instance, Ints
from kcgeo.siting.plan import ASSIGNMENT_COLUMNS, MAXIMISED, UNITS, Proof, SitingResult, relative_gap

__all__ = ["NOBODY", "Served", "nearest_open", "settle", "summarise"]

_SAME = 1e-9

Served = tuple[Ints, Ints, Floats, Floats]
"""Who goes where: numbers of place and site, minutes, people."""

NOBODY: Served = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0))


def nearest_open(instance: Instance, chosen: Bools, *, cutoff_min: float = np.inf) -> Served:
    """Each place in reach with its nearest open site and all its people; equal times go to the site first in order."""
    keep = chosen[instance.site] & (instance.time_min <= upto(cutoff_min))
    place, site, time_min = instance.place[keep], instance.site[keep], instance.time_min[keep]
    order = np.lexsort((site, time_min, place))
    place, site, time_min = place[order], site[order], time_min[order]
    first = np.flatnonzero(np.diff(place, prepend=-1) != 0)
    return place[first], site[first], time_min[first], instance.people[place[first]]


def _assignment_table(instance: Instance, served: Served) -> pd.DataFrame:
    """Make the table of the assignment, with ids, sorted by place and site."""
    place, site, time_min, count = served
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


def settle(model: str, objective: float, proof: Proof, status: str) -> tuple[float, float, str]:
    """Bound, gap and status that agree with each other and with the plan.

    Only two bounds that both reach the plan prove it, whatever stopped the solver; rounding may push one past the plan
    by a hair. A solver that calls a plan optimal, where the second proof did not come to an end, is not believed.
    """
    is_max = model in MAXIMISED
    if _reaches(objective, proof.solver, is_max=is_max) and _reaches(objective, proof.exact, is_max=is_max):
        return objective, 0.0, "optimal"
    is_beyond = proof.solver < objective if is_max else proof.solver > objective
    closed = _reaches(objective, proof.solver, is_max=is_max) or (is_beyond and status == "optimal")
    bound = proof.exact if closed else proof.solver
    return bound, relative_gap(objective, bound), "time_limit" if status == "optimal" else status


def _reaches(objective: float, bound: float, *, is_max: bool) -> bool:
    past = bound <= objective if is_max else bound >= objective
    near = abs(bound - objective) <= 1e-6 * max(1.0, abs(objective))
    return near and (past or relative_gap(objective, bound) <= _SAME)


def summarise(
    instance: Instance,
    model: str,
    chosen: Bools,
    served: Served,
    *,
    objective: float,
    proof: Proof,
    status: str,
    covered: tuple[float, float] | None = None,
) -> SitingResult:
    """Put the parts of a plan together, with bound, gap and status of `settle`.

    ``covered`` are people and places, where they are not all that are served.
    """
    bound, gap, status = settle(model, objective, proof, status)
    people, places = covered or (float(served[3].sum()), np.unique(served[0]).size)
    return SitingResult(
        chosen=tuple(instance.site_ids[j] for j in np.flatnonzero(chosen)),
        assignment=_assignment_table(instance, served),
        objective=float(objective),
        unit=UNITS[model],
        bound=float(bound),
        gap=float(gap),
        status=status,
        covered_count=people,
        covered_share=people / instance.total_people,
        covered_place_share=places / instance.place_count,
        model=model,
        existing=instance.existing_ids,
        proof=proof,
    )
