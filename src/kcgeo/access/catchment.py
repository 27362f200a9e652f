"""How many people could reach each cell in time: the map that says where to look for a building."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.access.pairs import check_counts
from kcgeo.errors import TableError, raise_all
from kcgeo.travel.arcs import limit_ms
from kcgeo.travel.engines.engine import sums_ms
from kcgeo.travel.network import Network, point_ids
from kcgeo.travel.times import costs

__all__ = ["catchment"]

_MANY_SOURCES = 200  # from so many on, contracting a network of a metro (a second) pays


def catchment(
    network: Network,
    people: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    column: str = "population_count",
    sites: gpd.GeoDataFrame | None = None,
) -> pd.Series[float]:
    """People who are within some minutes of each cell, if a service stood there.

    The sum of ``column`` over all rows of ``people`` whose travel time to the cell is at most ``cutoff_min``. It says
    nothing of services that exist: give only the people who lack one to count those.

    Parameters
    ----------
    network : Network
        Directed: times are those of the people's way to the cell.
    people : geopandas.GeoDataFrame
        Points with unique ids, in the CRS of the network, and ``column``: counts of 0 or more.
    cutoff_min : float
        Minutes; a time of exactly the cutoff counts.
    column : str
        Whom to count.
    sites : geopandas.GeoDataFrame, optional
        Points with ids to answer for, in place of the cells of the network; needed on streets, which have no cells.

    Returns
    -------
    pandas.Series
        Named ``column``, indexed by ``cell_id`` (rising), or by the ids of ``sites``; 0 where nobody is in reach.
        Memory grows with the nodes of the network, not with the pairs in reach.

    Raises
    ------
    TableError
        People without the column, ids or points, a negative or missing count, or no cells and no sites.
    CrsError
        A layer is not in the CRS of the network.

    Examples
    --------
    >>> nodes = gpd.GeoDataFrame({"node_id": ["a", "b"]}, geometry=gpd.points_from_xy([0, 9], [0, 0]), crs="EPSG:26915")
    >>> edges = pd.DataFrame({"from_node_id": ["a"], "to_node_id": ["b"], "time_min": [2.0]})
    >>> people = nodes.rename(columns={"node_id": "place_id"}).assign(population_count=[5, 3])
    >>> catchment(Network.from_edges(nodes, edges), people, cutoff_min=2, sites=nodes).tolist()
    [5.0, 8.0]
    """
    ids = point_ids(people, "people", unique=True)
    if column not in people.columns:
        raise TableError(f"The people have no column {column}.")
    counts = pd.Series(people[column].to_numpy(), index=ids, name=column)
    raise_all(check_counts(counts, "people"), TableError)
    limit = limit_ms(cutoff_min)
    if network.edges is not None:
        return _from_pairs(network, people, counts, sites, cutoff_min)
    if sites is None and network.h3_resolution is None:
        raise TableError("The network has no cells; give the points to answer for as sites.")
    at, _ = network.positions(people, what="people")
    nodes, number = np.unique(at[at >= 0], return_inverse=True)
    weights = np.zeros(len(nodes))
    np.add.at(weights, number, counts.to_numpy(dtype=np.float64)[at >= 0])
    nodes, weights = nodes[weights > 0], weights[weights > 0]
    many = len(nodes) >= _MANY_SOURCES and find_spec("numba") is not None
    total = sums_ms(network.arcs, nodes, weights, limit, prepared=network.contracted("sweep" if many else "auto"))
    if sites is None:
        cells = network.cell_positions
        return pd.Series(
            total[cells], index=pd.Index(network.node_ids[cells], name="cell_id"), name=column
        ).sort_index()
    spots, _ = network.positions(sites, what="sites")
    found = np.where(spots >= 0, total[spots], 0.0)
    return pd.Series(found, index=point_ids(sites, "sites"), name=column)


def _from_pairs(
    network: Network,
    people: gpd.GeoDataFrame,
    counts: pd.Series[Any],
    sites: gpd.GeoDataFrame | None,
    cutoff_min: float,
) -> pd.Series[float]:
    """Add up along the pairs in reach: points join streets, so that no two share their times."""
    if sites is None:
        raise TableError("A network of streets has no cells; give the points to answer for as sites.")
    pairs = costs(network, people, sites, cutoff_min=cutoff_min)
    total = counts.reindex(pairs["from_id"]).groupby(pairs["to_id"].to_numpy()).sum()
    ids = point_ids(sites, "sites")
    return pd.Series(total.reindex(ids).fillna(0).to_numpy(dtype=np.float64), index=ids, name=counts.name)
