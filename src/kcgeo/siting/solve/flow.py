"""People divided among sites of limited room: the flow part of the models with capacities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from kcgeo.access.pairs import upto
from kcgeo.errors import SolverError
from kcgeo.siting.instance import Bools, Floats, Instance, Ints
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.programs import cover_columns, site_bounds
from kcgeo.siting.solve.solver import Program, Rows, solve

__all__ = ["assign_with_room", "flow_program"]


def flow_program(
    instance: Instance,
    capacity: Floats,
    limit_rows: Callable[[int], tuple[Rows, ...]],
    *,
    cutoff_min: float = np.inf,
    serve_all: bool = False,
) -> Program:
    """Program over sites and people on pairs: most people served, or all people in the fewest person-minutes.

    A column of a pair counts people. It is bounded by the people of the place times the open site, which is weaker
    in sum over a site than in single rows: both are given, since the single rows close most of the gap.
    """
    keep = (instance.time_min <= upto(cutoff_min)) & (instance.people[instance.place] > 0)
    place, site, time_min = instance.place[keep], instance.site[keep], instance.time_min[keep]
    sites, pairs = instance.site_count, place.size
    people = instance.people[place]
    number = np.arange(pairs)
    ones = np.ones(pairs)
    by_place = sparse.csr_array((ones, (place, number)), shape=(instance.place_count, pairs))
    by_site = sparse.csr_array((ones, (site, number)), shape=(sites, pairs))
    room = sparse.csr_array(sparse.diags_array(-np.minimum(capacity, instance.total_people), format="csr"))
    single = sparse.csr_array((-np.minimum(people, capacity[site]), (number, site)), shape=(pairs, sites))
    lower, upper = site_bounds(instance)
    width = sites + pairs
    return Program(
        "min" if serve_all else "max",
        np.concatenate([np.zeros(sites), time_min if serve_all else ones]),
        np.concatenate([lower, np.zeros(pairs)]),
        np.concatenate([upper, people]),
        np.arange(width) < sites,
        (
            Rows.of(
                cover_columns(sparse.csr_array((instance.place_count, sites)), by_place),
                lower=instance.people if serve_all else -np.inf,
                upper=instance.people,
            ),
            Rows.of(cover_columns(room, by_site), upper=0.0),
            Rows.of(cover_columns(single, sparse.csr_array(sparse.eye_array(pairs, format="csr"))), upper=0.0),
            *limit_rows(width),
        ),
        stage="p_median" if serve_all else "max_coverage",
    )


def assign_with_room(
    instance: Instance, chosen: Bools, capacity: Floats, *, cutoff_min: float = np.inf
) -> tuple[Ints, Ints, Floats, Floats]:
    """Place, site, minutes and people of the division that serves most people, and does so in the least time.

    A linear program on the open sites. Serving one more person is worth more than any saving of time. Places with 0
    people go to the first of their nearest open sites, with a count of 0.
    """
    keep = chosen[instance.site] & (instance.time_min <= upto(cutoff_min))
    place, site, time_min = instance.place[keep], instance.site[keep], instance.time_min[keep]
    if place.size == 0:
        return place, site, time_min, np.zeros(0)
    served = _divide(instance, place, site, time_min, capacity)
    empty = instance.people[place] == 0
    order = np.lexsort((site, time_min, place))
    first = np.zeros(place.size, dtype=bool)
    first[order[np.flatnonzero(np.diff(place[order], prepend=-1) != 0)]] = True
    used = (served > 1e-7) | (empty & first)
    return place[used], site[used], time_min[used], served[used]


def _divide(instance: Instance, place: Ints, site: Ints, time_min: Floats, capacity: Floats) -> Floats:
    number, ones = np.arange(place.size), np.ones(place.size)
    rows = sparse.vstack(
        [
            sparse.csr_array((ones, (place, number)), shape=(instance.place_count, place.size)),
            sparse.csr_array((ones, (site, number)), shape=(instance.site_count, place.size)),
        ],
        format="csr",
    )
    limits = np.concatenate([instance.people, np.minimum(capacity, instance.total_people)])
    # Moving one person along a chain of exchanges may cost several times the longest time, never more than this.
    reward = (2.0 * instance.site_count + 2.0) * (float(time_min.max()) + 1.0)
    none = np.zeros(place.size)
    program = Program(
        "min",
        time_min - reward,
        none,
        instance.people[place],
        none.astype(bool),
        (Rows.of(sparse.csr_array(rows), upper=limits),),
    )
    answer = solve(program, Run())
    if answer.x is None:
        raise SolverError(f"The division of people among sites failed: {answer.status}.")
    return answer.x
