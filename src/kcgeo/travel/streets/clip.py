"""A part of a network that is large enough: no answer within a cutoff can differ from that on the whole network.

Let v be the top speed of a network: the greatest straight distance / time over its arcs. A way of t minutes then ends
within v t of its start, as the crow flies, and so does every node on it. Hence the nodes within v t of some starts,
with all arcs between them, hold every way of up to t minutes from (or to) these starts, and no way that the whole
network has not: times up to t are equal to the last bit. Distances are measured straight through space, where the
triangle inequality holds without a remainder.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from kcgeo.errors import TableError, first_ids
from kcgeo.travel.arcs import MS_PER_MIN, Arcs
from kcgeo.travel.network import Network, measurable

__all__ = ["Cutter"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_ROUNDING = 1.0 + 1e-9  # distances are sums and roots of floats
_ROUNDING_M = 0.001


class Cutter:
    """Cuts parts out of one network.

    Parameters
    ----------
    network
        The whole. Nodes without time between them must have no distance either.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = gpd.GeoDataFrame(
    ...     {"node_id": ["a", "b", "c"]}, geometry=gpd.points_from_xy([0, 900, 5000], [0, 0, 0]), crs="EPSG:26915"
    ... )
    >>> edges = pd.DataFrame({"from_node_id": ["a", "b"], "to_node_id": ["b", "c"], "time_min": [2.0, 4.0]})
    >>> cutter = Cutter(Network.from_edges(nodes, edges))
    >>> round(cutter.top_kmh, 1)
    61.5
    >>> len(cutter.around(np.array([0]), cutter.buffer_m(2.0))[0])
    2
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.space = measurable(network.xy, network.crs)

    @cached_property
    def _top_m_per_ms(self) -> float:
        arcs = self.network.arcs
        tails = np.repeat(np.arange(arcs.node_count), np.diff(arcs.indptr))
        metres = np.linalg.norm(self.space[tails] - self.space[arcs.indices], axis=1)
        free = (arcs.time_ms == 0) & (metres > _ROUNDING_M)
        if free.any():
            ids = self.network.node_ids[tails[free]]
            raise TableError(
                f"The arcs from {first_ids(ids)} take no time over a distance, so that no buffer is large enough; "
                "give them a time."
            )
        moving = arcs.time_ms > 0
        return float((metres[moving] / arcs.time_ms[moving]).max(initial=0.0))

    @property
    def top_kmh(self) -> float:
        """Top speed: the greatest straight distance / time over the arcs, in km/h."""
        return self._top_m_per_ms * 3600

    def buffer_m(self, time_min: float) -> float:
        """Metres, as the crow flies, beyond which nothing is within some minutes."""
        return self._top_m_per_ms * time_min * MS_PER_MIN * _ROUNDING + _ROUNDING_M

    def around(self, starts: Ints, radius_m: float) -> tuple[Ints, Floats]:
        """Return the positions of all nodes within a distance of some starts, rising, and the metres to the nearest."""
        points = self.space[starts]
        inside = ((self.space >= points.min(axis=0) - radius_m) & (self.space <= points.max(axis=0) + radius_m)).all(
            axis=1
        )
        candidates = np.flatnonzero(inside)
        metres = np.asarray(KDTree(points).query(self.space[candidates], distance_upper_bound=radius_m * _ROUNDING)[0])
        near = metres <= radius_m
        return candidates[near], metres[near]

    def arcs_between(self, nodes: Ints) -> Arcs:
        """Return all arcs between some nodes (positions, rising), which are numbered in their order from 0."""
        arcs = self.network.arcs
        number = np.full(arcs.node_count, -1, dtype=np.int32)
        number[nodes] = np.arange(len(nodes), dtype=np.int32)
        begins, counts = arcs.indptr[nodes], np.diff(arcs.indptr)[nodes]
        at = np.repeat(begins - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        heads = number[arcs.indices[at]]
        kept = heads >= 0
        before = np.concatenate([[0], np.cumsum(kept)])
        ends = np.concatenate([[0], np.cumsum(counts)])
        return Arcs(before[ends].astype(np.int32), heads[kept], arcs.time_ms[at][kept])
