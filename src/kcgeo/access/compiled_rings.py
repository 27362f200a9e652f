"""The two compiled passes behind :mod:`kcgeo.access.compiled`; needs numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["MOST_RINGS", "two_steps"]

Floats = npt.NDArray[np.float64]


MOST_RINGS = 4


@njit(cache=True)
def _ring(time, edges):  # type: ignore[no-untyped-def]
    """How many of the four edges are passed: the place of the weight. No branch hangs on the time."""
    return int(time > edges[0]) + int(time > edges[1]) + int(time > edges[2]) + int(time > edges[3])


@njit(cache=True)
def _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users):  # type: ignore[no-untyped-def]
    """Add up the weighted people of each site; False at the first pair that is faulty or out of order."""
    bounds = (edges[0], edges[1], edges[2], edges[3])
    last_origin, last_site = -1, -1
    for row in range(len(time_min)):
        if origins[row] < 0 or sites[row] < 0:
            return False
        origin, site, time = origin_at[origins[row]], site_at[sites[row]], time_min[row]
        if origin < 0 or site < 0 or not 0.0 <= time < np.inf:
            return False
        if origin < last_origin or (origin == last_origin and site <= last_site):
            return False
        last_origin, last_site = origin, site
        users[site] += people[origin] * weights[_ring(time, bounds)]
    return True


@njit(cache=True)
def _shares(origins, sites, time_min, origin_at, site_at, share, edges, weights, found):  # type: ignore[no-untyped-def]
    """Add up the shares that each origin has in the sites in its reach; the pairs of an origin follow one another."""
    bounds = (edges[0], edges[1], edges[2], edges[3])
    row = 0
    while row < len(time_min):
        code, total = origins[row], 0.0
        while row < len(time_min) and origins[row] == code:
            total += share[site_at[sites[row]]] * weights[_ring(time_min[row], bounds)]
            row += 1
        found[origin_at[code]] = total


def two_steps(
    origins: npt.NDArray[Any],
    sites: npt.NDArray[Any],
    time_min: Floats,
    origin_at: npt.NDArray[np.int64],
    site_at: npt.NDArray[np.int64],
    people: Floats,
    capacity: Floats,
    edges: Floats,
    weights: Floats,
) -> Floats | None:
    """Return capacity per person by place; None where a pair is faulty or out of order.

    Parameters
    ----------
    origins, sites
        Codes of the two ids of each pair; ``origin_at`` and ``site_at`` say where each code stands among places and
        sites.
    edges, weights
        Up to four rings.
    """
    missing = MOST_RINGS - len(edges)  # the last edge comes again, and beyond it the weight is 0
    edges = np.append(edges, np.full(missing, edges[-1]))
    weights = np.append(weights, np.zeros(missing + 1))
    users = np.zeros(len(capacity))
    if not _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users):
        return None
    share = np.divide(capacity, users, out=np.zeros_like(users), where=users > 0)
    found = np.zeros(len(people))
    _shares(origins, sites, time_min, origin_at, site_at, share, edges, weights, found)
    return found
