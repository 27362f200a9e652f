"""The highway graph of a study, and the exits that are known on it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from kcgeo.data.study.region import ROADS_KM, is_packaged, near_study, packaged
from kcgeo.data.study.settings import Study

__all__ = ["exits", "highway_edges", "highway_nodes"]


def highway_nodes(study: Study) -> gpd.GeoDataFrame:
    """Return the nodes of the highway graph around a study.

    Returns
    -------
    GeoDataFrame
        ``node_id`` and points, EPSG:4326: those of the packaged region, or the national ones within ``ROADS_KM`` of the
        study's counties; ids are the same in both.

    Raises
    ------
    StudyError
        As :func:`kcgeo.data.counties`.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.highway_nodes(study).geom_type.unique().tolist()
    ['Point']
    """
    if is_packaged(study):
        table: gpd.GeoDataFrame = packaged("highway_nodes")
        return table
    return near_study(study, packaged("highway_nodes_us"), ROADS_KM)


def highway_edges(study: Study) -> pd.DataFrame:
    """Return the edges between the nodes of :func:`highway_nodes`; each is listed once and runs both ways.

    Returns
    -------
    DataFrame
        ``from_node_id, to_node_id, length_km, routes``; ``routes`` is known in the packaged region only, blank
        elsewhere.

    Raises
    ------
    StudyError
        As :func:`kcgeo.data.counties`.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.highway_edges(study).columns.tolist()
    ['from_node_id', 'to_node_id', 'length_km', 'routes']
    """
    if is_packaged(study):
        table: pd.DataFrame = packaged("highway_edges")
        return table
    nodes = highway_nodes(study)["node_id"]
    table = packaged("highway_edges_us")
    inside = table["from_node_id"].isin(nodes) & table["to_node_id"].isin(nodes)
    return table[inside].assign(routes=pd.Series(dtype="str")).reset_index(drop=True)


def exits(study: Study) -> gpd.GeoDataFrame:
    """Return the exits that are known on the corridors of a study, as ``load("exits")``; none outside that region.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.exits(study).columns.tolist()[:3]
    ['exit_id', 'system', 'route']
    """
    table: gpd.GeoDataFrame = packaged("exits")
    return table if is_packaged(study) else table.iloc[:0]
