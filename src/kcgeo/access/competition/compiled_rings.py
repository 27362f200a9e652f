"""The two compiled passes behind :mod:`kcgeo.access.competition.compiled`; needs numba.

Sums run in the order of the rows, as in the plain way, so that both give the same bits. Speed comes from what is left
out of the loops: no branch hangs on a time or a fault, a weight is multiplied once for each place or site and ring, and
the second pass reads one number a pair, noted by the first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kcgeo.travel.engines.compiled import compiled

__all__ = ["MOST_RINGS", "two_steps"]

Floats = npt.NDArray[np.float64]


MOST_RINGS = 4
_WIDTH = 8  # cells kept for each site: one for each ring and the outside, rounded up to a power of two


@compiled()
def _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users, noted):  # type: ignore[no-untyped-def]
    """Add up the weighted people of each site and note site and ring of each pair; False at faults or disorder.

    ``origin_at`` and ``site_at`` are read one further on, so that a missing code (-1) finds a cell too; the first cell
    of ``users`` is for strangers.
    """
    first, second, third, fourth = edges[0], edges[1], edges[2], edges[3]
    part = np.zeros(_WIDTH)
    row, rows, last_origin = np.uint64(0), np.uint64(len(time_min)), -1
    one = np.uint64(1)
    while row < rows:
        code = origins[row]
        origin = origin_at[np.uint64(code + 1)]
        if origin <= last_origin:
            return False
        last_origin = origin
        for ring in range(len(weights)):
            part[ring] = people[origin] * weights[ring]
        last_site, sound = 0, True
        while row < rows and origins[row] == code:
            site, time = site_at[np.uint64(sites[row] + 1)], time_min[row]
            sound &= (site > last_site) & (time >= 0.0) & (time < np.inf)
            last_site = site
            ring = int(time > first) + int(time > second) + int(time > third) + int(time > fourth)
            users[np.uint64(site)] += part[np.uint64(ring)]
            noted[row] = site * _WIDTH + ring
            row += one
        if not sound:
            return False
    return True


@compiled()
def _shares(origins, noted, origin_at, weighted, found):  # type: ignore[no-untyped-def]
    """Add up the weighted shares of the sites in reach of each origin; its pairs follow one another."""
    row, rows, one = np.uint64(0), np.uint64(len(noted)), np.uint64(1)
    while row < rows:
        code, total = origins[row], 0.0
        while row < rows and origins[row] == code:
            total += weighted[noted[row]]
            row += one
        found[origin_at[np.uint64(code + 1)]] = total


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
        sites, -1 for a stranger.
    edges, weights
        Up to four rings.
    """
    missing = MOST_RINGS - len(edges)  # the last edge comes again, and beyond it the weight is 0
    edges = np.append(edges, np.full(missing, edges[-1]))
    weights = np.append(weights, np.zeros(missing + 1))
    origin_at = np.append([-1], origin_at)
    site_at = np.append([0], site_at + 1)
    users = np.zeros(len(capacity) + 1)
    noted = np.empty(len(time_min), dtype=np.uint32)
    if not _users(origins, sites, time_min, origin_at, site_at, people, edges, weights, users, noted):
        return None
    share = np.zeros(len(users))
    np.divide(capacity, users[1:], out=share[1:], where=users[1:] > 0)
    weighted = np.zeros((len(share), _WIDTH))
    weighted[:, : len(weights)] = np.outer(share, weights)
    found = np.zeros(len(people))
    _shares(origins, noted, origin_at, weighted.ravel(), found)
    return found
