"""One part of a large study: a piece of a network that is enough for some places, and what is measured in it.

A part is self-contained: plain arrays, so that a worker elsewhere needs nothing besides. What makes a piece large
enough is proved in :mod:`kcgeo.travel.streets.clip`; the whole network as one part gives the same numbers to the last
bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access import decay
from kcgeo.access.competition.catchments import two_step_fca
from kcgeo.access.reach import cumulative
from kcgeo.travel.arcs import MS_PER_MIN, UNREACHED, Arcs, limit_ms, reversed_arcs
from kcgeo.travel.engines.engine import nearest_ms, reach_ms

__all__ = ["Answers", "Catchment", "Part", "measure_part"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Catchment:
    """Rings of the catchment areas: edges in minutes, weights; as in :func:`kcgeo.access.decay.step`."""

    edges_min: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def cutoff_min(self) -> float:
        """Outermost edge."""
        return self.edges_min[-1]


@dataclass(frozen=True)
class Part:
    """What a worker is told: a piece of the network by its arcs, and who lives and helps where in it.

    Attributes
    ----------
    arcs
        In the direction of travel.
    place_node, people
        Node and people of every place of the piece.
    own
        Which of these places are to be answered.
    site_node, offers
        Node of every site of the piece, and which categories it offers, shape (sites, categories).
    close
        Sites that may lie in a catchment of an own place; of these all users are in the piece.
    """

    arcs: Arcs
    place_node: Ints
    people: Floats
    own: Ints
    site_node: Ints
    offers: npt.NDArray[np.bool_]
    close: Ints
    cutoff_min: float
    catchment: Catchment


@dataclass(frozen=True)
class Answers:
    """Results by own place and category: minutes to the nearest (NaN: none), sites in reach, sites per 1000 people."""

    nearest_min: Floats
    sites_count: npt.NDArray[np.int64]
    sites_per_1000: Floats


def measure_part(part: Part) -> Answers:
    """Measure a part; the whole country as one part gives the same numbers.

    Times are searched from the sites on the reversed arcs. ``sites_count`` counts the sites in the catchment;
    ``sites_per_1000`` is E2SFCA with one unit of supply a site.
    """
    backward = reversed_arcs(part.arcs)
    groups = [part.site_node[part.offers[:, column]] for column in range(part.offers.shape[1])]
    node = part.place_node[part.own]
    found = np.full((len(node), len(groups)), np.nan)
    if backward.node_count:
        for column, row in enumerate(nearest_ms(backward, groups, limit_ms(part.cutoff_min))):
            reached = (node >= 0) & (row[node] != UNREACHED)
            found[reached, column] = row[node[reached]] / MS_PER_MIN
    counts, per_1000 = _catchments(part, backward)
    return Answers(found, counts, per_1000)


def _catchments(part: Part, backward: Arcs) -> tuple[npt.NDArray[np.int64], Floats]:
    """Sites in the catchment of each own place, and E2SFCA, by category."""
    shape = (len(part.own), part.offers.shape[1])
    counts, per_1000 = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    costs = _pairs(part, backward)
    people = pd.Series(part.people)
    site = costs["to_id"].cat.codes.to_numpy()
    rings = decay.step(part.catchment.edges_min, part.catchment.weights)
    for column in range(shape[1]):
        offered = part.offers[part.close, column]
        supply = pd.Series(offered.astype(np.float64))
        near = costs[offered[site]]
        reach = cumulative(near, supply, origins=people.index, cutoff_min=rings.cutoff_min)
        counts[:, column] = reach.to_numpy()[part.own]
        per_1000[:, column] = 1000 * two_step_fca(near, people, supply, decay=rings).to_numpy()[part.own]
    return counts, per_1000


def _pairs(part: Part, backward: Arcs) -> pd.DataFrame:
    """Minutes from every place of the piece to the close sites within the catchment: ``from_id, to_id, time_min``."""
    here = np.flatnonzero(part.place_node >= 0)
    nodes, row = np.unique(part.site_node[part.close], return_inverse=True)
    table = reach_ms(backward, nodes, part.place_node[here], limit_ms(part.catchment.cutoff_min))
    pairs = table[row].T.tocsr()
    return pd.DataFrame(
        {
            "from_id": pd.Categorical.from_codes(
                np.repeat(here, np.diff(pairs.indptr)), pd.RangeIndex(len(part.place_node))
            ),
            "to_id": pd.Categorical.from_codes(pairs.indices, pd.RangeIndex(len(part.close))),
            "time_min": pairs.data / MS_PER_MIN,
        }
    )
