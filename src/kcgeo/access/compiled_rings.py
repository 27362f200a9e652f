"""The two compiled passes behind :mod:`kcgeo.access.compiled`; needs numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["two_steps"]

Floats = npt.NDArray[np.float64]


@njit(cache=True)
def _weight(time, edges, weights):  # type: ignore[no-untyped-def]
    """Weight of the first ring whose edge is not passed; 0 beyond the last."""
    for ring in range(len(edges)):
        if time <= edges[ring]:
            return weights[ring]
    return 0.0


@njit(cache=True)
def _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users):  # type: ignore[no-untyped-def]
    """Add up the weighted people of each site; False at the first pair that is faulty or out of order."""
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
        if time <= edges[-1]:
            users[site] += people[origin] * _weight(time, edges, weights)
    return True


@njit(cache=True)
def _shares(origins, sites, time_min, origin_at, site_at, share, edges, weights, found):  # type: ignore[no-untyped-def]
    """Add up the shares that each origin has in the sites in its reach."""
    for row in range(len(time_min)):
        if time_min[row] <= edges[-1]:
            weight = _weight(time_min[row], edges, weights)
            found[origin_at[origins[row]]] += share[site_at[sites[row]]] * weight


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
    """
    users = np.zeros(len(capacity))
    if not _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users):
        return None
    share = np.divide(capacity, users, out=np.zeros_like(users), where=users > 0)
    found = np.zeros(len(people))
    _shares(origins, sites, time_min, origin_at, site_at, share, edges, weights, found)
    return found
