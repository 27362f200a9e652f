"""Travel times between places: all pairs within a cutoff, the nearest of each kind, and why there is none.

All functions search the network of arcs in the direction of travel: from an origin to a destination. Every cutoff
includes its own value. Times are sums of whole milliseconds. On a network with shapes a point joins the nearest street:
its times hold the access leg and the part of that street. On any other the way from a point to its node costs nothing
(see :func:`kcgeo.travel.snap`), so two points that meet the same node are 0 minutes apart.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
import shapely

from kcgeo.errors import TableError, first_ids
from kcgeo.travel.arcs import MS_PER_MIN, UNREACHED, Engine, limit_ms
from kcgeo.travel.edges import NEVER, Joins
from kcgeo.travel.engines.engine import nearest_ms, reach_ms
from kcgeo.travel.network import Network, point_ids
from kcgeo.travel.streets.joining import nearest_along, pairs_along

__all__ = ["costs", "highway_times", "kinds_of", "nearest_times", "unreachable_reasons"]

_ON_HIGHWAY_M = 250.0  # a point of a highway's line lies this close to the link between two of its nodes
_BESIDE_M = 60.0  # and its other carriageway this much farther off


def costs(
    network: Network,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    engine: Engine = "auto",
    categorical: bool = False,
) -> pd.DataFrame:
    """Minutes from each origin to each destination, for the pairs within the cutoff.

    The search runs forward from the origins or backward from the destinations, whichever are fewer; memory grows
    with the pairs in reach.

    Parameters
    ----------
    network
        Directed network.
    origins, destinations
        Points in the CRS of the network with unique ids.
    cutoff_min
        Longest time that counts, in minutes; its own value is included.
    engine
        ``auto``, ``scipy``, ``numba`` or ``sweep``: how fast, never what.
    categorical
        Give the ids as categories: for millions of pairs it saves memory, and time in the measures that follow.

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, time_min`` (float64), sorted by the two ids. A pair that is missing lies beyond the cutoff,
        is not connected, or has an end off the network: :func:`unreachable_reasons` tells which.

    Raises
    ------
    TableError
        Ids are missing or repeated, a row has no point, or the cutoff is not a number of 0 or more.
    CrsError
        A layer is not in the CRS of the network.
    """
    limit = limit_ms(_checked(cutoff_min))
    if network.edges is not None:
        from_ids, begins = _joined_in_order(network, origins, "origins")
        to_ids, goals = _joined_in_order(network, destinations, "destinations")
        pairs = pairs_along(network, begins, goals, limit, engine=engine)
    else:
        from_ids, starts = _in_order(network, origins, "origins")
        to_ids, ends = _in_order(network, destinations, "destinations")
        if len(np.unique(starts)) <= len(np.unique(ends)):
            pairs = _between(network, starts, ends, limit, engine)
        else:
            pairs = _between(network, ends, starts, limit, engine, backward=True).T.tocsr()  # origins in rows again
    from_row = np.repeat(np.arange(len(from_ids)), np.diff(pairs.indptr))
    return pd.DataFrame(
        {
            "from_id": _named(from_ids, from_row, categorical=categorical),
            "to_id": _named(to_ids, pairs.indices, categorical=categorical),
            "time_min": pairs.data / MS_PER_MIN,
        }
    )


def nearest_times(
    network: Network,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    by: str | None = None,
    cutoff_min: float | None = None,
    engine: Engine = "auto",
) -> pd.DataFrame:
    """Minutes from each origin to the nearest destination, of each kind where ``by`` names a column.

    One search on the reversed network for each kind, from all its destinations at once.

    Parameters
    ----------
    network
        Directed network.
    origins
        Points with unique ids.
    destinations
        Points with ids, which may repeat (one service in several categories).
    by
        Column of ``destinations`` whose values are told apart.
    cutoff_min
        Times above are left out as NaN; None searches without limit.
    engine
        ``auto``, ``scipy``, ``numba`` or ``sweep``: how fast, never what.

    Returns
    -------
    pandas.DataFrame
        Indexed by origin id in the order of ``origins``: ``<value>_min`` for each value of ``by`` in rising order,
        or ``time_min``. NaN: not reached; 0: on the same node.

    Raises
    ------
    TableError, CrsError
        As :func:`costs`; also where ``by`` is no column or has empty values.
    """
    ids = point_ids(origins, "origins", unique=True)
    limit = limit_ms(None if cutoff_min is None else _checked(cutoff_min))
    if network.edges is not None:
        names, kinds = _kinds(destinations, by)
        begins, goals = network.joins(origins, what="origins"), network.joins(destinations, what="destinations")
        return _minutes(names, nearest_along(network, begins, goals, kinds, limit, engine=engine), ids)
    at, _ = network.positions(origins, what="origins")
    names, groups = _groups(network, destinations, by)
    rows = nearest_ms(
        network.backward, groups, limit, engine=engine, prepared=network.contracted(engine, backward=True)
    )
    found = np.full((len(names), len(at)), UNREACHED, dtype=np.int64)
    if len(network.node_ids):
        found[:] = np.where(at >= 0, rows[:, at], UNREACHED)
    return _minutes(names, found, ids)


def _minutes(names: list[str], time_ms: npt.NDArray[np.int64], ids: pd.Index) -> pd.DataFrame:
    columns = {
        f"{name}_min": np.where(row == UNREACHED, np.nan, row / MS_PER_MIN)
        for name, row in zip(names, time_ms, strict=True)
    }
    return pd.DataFrame(columns, index=ids)


def highway_times(
    network: Network,
    points: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    by: str | None = None,
) -> pd.DataFrame:
    """Minutes to the nearest destination from points on the highways, where a traveller is on the road already.

    A point stands on the highway link that it is nearest to, and its way begins with the rest of that link, in the
    better direction: it leaves the highway at an exit and pays no ramp to get on. Other points meet the network as in
    :func:`nearest_times`: those farther than 250 m from a highway, and all points of a network without highways of its
    own (every node of it may be met). On streets with shapes the highways are motorways and trunk roads, and a point
    stands on each carriageway up to 60 m farther than the nearest one.

    Parameters
    ----------
    network
        Directed network; its highway links join nodes that points cannot meet (``snap_ids``).
    points
        Points with unique ids in the CRS of the network.
    destinations, by
        As in :func:`nearest_times`; a destination meets the network like any other place.

    Returns
    -------
    pandas.DataFrame
        As :func:`nearest_times`, without a cutoff.

    Raises
    ------
    TableError, CrsError
        As :func:`nearest_times`.
    """
    times = nearest_times(network, points, destinations, by=by)
    if network.edges is not None:
        return _from_carriageways(network, points, destinations, by, times)
    if network.snap_ids is None or times.empty:
        return times
    low, high, up_ms, down_ms = _highway_links(network)
    spot, link, share = _on_links(network, points, low, high)
    rest_up, rest_down = up_ms[link] * (1 - share), down_ms[link] * share
    _, groups = _groups(network, destinations, by)
    found = times.copy()
    for column, row in zip(times.columns, nearest_ms(network.backward, groups, limit_ms(None)), strict=True):
        ahead = np.where(row == UNREACHED, np.inf, row.astype(np.float64))
        best = np.full(len(times), np.inf)
        np.minimum.at(best, spot, np.minimum(rest_up + ahead[high[link]], rest_down + ahead[low[link]]))
        minutes = times[column].to_numpy(copy=True)
        minutes[spot] = np.where(np.isfinite(best[spot]), best[spot] / MS_PER_MIN, np.nan)
        found[column] = minutes
    return found


def _from_carriageways(
    network: Network, points: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame, by: str | None, times: pd.DataFrame
) -> pd.DataFrame:
    """Replace the times of points on a highway by those from its carriageways, without an access leg."""
    assert network.edges is not None
    row, begins = network.edges.on_highways(points, within_m=_ON_HIGHWAY_M, beside_m=_BESIDE_M)
    _, kinds = _kinds(destinations, by)
    goals = network.joins(destinations, what="destinations")
    searched = nearest_along(network, begins, goals, kinds, limit_ms(None), engine="auto")
    found = times.copy()
    for column, time_ms in zip(times.columns, searched, strict=True):
        best = np.full(len(times), NEVER, dtype=np.int64)
        np.minimum.at(best, row, np.where(time_ms == UNREACHED, NEVER, time_ms))
        minutes = times[column].to_numpy(copy=True)
        minutes[row] = np.where(best[row] < NEVER, best[row] / MS_PER_MIN, np.nan)
        found[column] = minutes
    return found


def _highway_links(
    network: Network,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return both ends of each link between nodes that no point meets, and its milliseconds up and down (inf: none)."""
    arcs = network.arcs
    tails = np.repeat(np.arange(arcs.node_count), np.diff(arcs.indptr))
    highway = ~pd.Index(network.node_ids).isin([] if network.snap_ids is None else network.snap_ids)
    kept = highway[tails] & highway[arcs.indices]
    tails, heads, time_ms = tails[kept], arcs.indices[kept].astype(np.intp), arcs.time_ms[kept].astype(np.float64)
    pairs, at = np.unique(np.sort(np.column_stack([tails, heads]), axis=1), axis=0, return_inverse=True)
    ways = np.full((2, len(pairs)), np.inf)
    ways[(tails > heads).astype(np.intp), at.ravel()] = time_ms
    return pairs[:, 0], pairs[:, 1], ways[0], ways[1]


def _on_links(
    network: Network, points: gpd.GeoDataFrame, low: npt.NDArray[np.intp], high: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return points on a link, that link (several where the point is as near to each), and the share of it behind."""
    plane = points.estimate_utm_crs()
    flat = gpd.GeoSeries.from_xy(network.xy[:, 0], network.xy[:, 1], crs=network.crs).to_crs(plane)
    xy = np.column_stack([flat.x, flat.y])
    lines = np.asarray(shapely.linestrings(np.stack([xy[low], xy[high]], axis=1)), dtype=object)
    shapes = points.geometry.to_crs(plane).to_numpy()
    spot, link = shapely.STRtree(lines).query_nearest(shapes, max_distance=_ON_HIGHWAY_M)
    return spot, link, np.asarray(shapely.line_locate_point(lines[link], shapes[spot], normalized=True))


def unreachable_reasons(
    network: Network,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    by: str | None = None,
) -> pd.DataFrame:
    """Why an origin has no destination within the cutoff.

    Returns
    -------
    pandas.DataFrame
        Shaped as that of :func:`nearest_times`, columns ``<value>_reason`` or ``reason``: ``off_network`` (the origin,
        or every destination of the kind, is beyond ``max_snap_m``), ``not_connected`` (no way leads there),
        ``beyond_cutoff``, or None where one is in reach.

    Raises
    ------
    TableError, CrsError
        As :func:`nearest_times`.
    """
    cutoff = _checked(cutoff_min)
    times = nearest_times(network, origins, destinations, by=by)
    at, _ = network.positions(origins, what="origins")
    _, groups = _groups(network, destinations, by)  # only whether a kind has any on the network
    reasons = {}
    for (name, minutes), sources in zip(times.items(), groups, strict=True):
        column = "reason" if by is None else f"{str(name).removesuffix('_min')}_reason"
        off = (at < 0) | (len(sources) == 0)
        reason = np.full(len(minutes), None, dtype=object)
        reason[(minutes > cutoff).to_numpy()] = "beyond_cutoff"
        reason[minutes.isna().to_numpy()] = "not_connected"
        reason[off] = "off_network"
        reasons[column] = reason
    return pd.DataFrame(reasons, index=times.index, dtype=object)


def _named(ids: pd.Index, at: npt.NDArray[np.integer], *, categorical: bool) -> pd.Index | pd.Categorical:
    return pd.Categorical.from_codes(at, ids) if categorical else ids.take(at)


def _checked(cutoff_min: float) -> float:
    if not cutoff_min >= 0:
        raise TableError(f"cutoff_min must be minutes of 0 or more, not {cutoff_min}.")
    return float(cutoff_min)


def kinds_of(destinations: gpd.GeoDataFrame, by: str | None) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Return the kinds of destinations, rising, and the kind of each row; one kind, ``time``, without a column."""
    ids = point_ids(destinations, "destinations")
    if by is None:
        return ["time"], np.zeros(len(ids), dtype=np.intp)
    if by not in destinations.columns:
        raise TableError(f"The destinations have no column {by!r} to tell apart by.")
    kinds = destinations[by]
    if kinds.isna().any():
        raise TableError(f"The destinations {first_ids(ids[kinds.isna().to_numpy()])} have no value in {by!r}.")
    names, codes = np.unique(kinds.astype(str).to_numpy(dtype=object), return_inverse=True)
    return list(names), codes


def _kinds(destinations: gpd.GeoDataFrame, by: str | None) -> tuple[list[str], list[npt.NDArray[np.intp]]]:
    """Return the kinds of destinations, rising, and the rows of each."""
    names, codes = kinds_of(destinations, by)
    return names, [np.flatnonzero(codes == number) for number in range(len(names))]


def _groups(
    network: Network, destinations: gpd.GeoDataFrame, by: str | None
) -> tuple[list[str], list[npt.NDArray[np.intp]]]:
    """Return the kinds of destinations, rising, and the nodes that each kind meets."""
    names, kinds = _kinds(destinations, by)
    at, _ = network.positions(destinations, what="destinations")
    return names, [np.unique(at[rows][at[rows] >= 0]) for rows in kinds]


def _in_order(network: Network, points: gpd.GeoDataFrame, what: str) -> tuple[pd.Index, npt.NDArray[np.intp]]:
    """Return ids in rising order and the nodes that they meet, without those off the network."""
    ids = point_ids(points, what, unique=True)
    at, _ = network.positions(points, what=what)
    order = np.argsort(ids.to_numpy(dtype=object))
    order = order[at[order] >= 0]
    return ids.take(order).rename(None), at[order]


def _joined_in_order(network: Network, points: gpd.GeoDataFrame, what: str) -> tuple[pd.Index, Joins]:
    """Return ids in rising order and where they join the streets, without those off the network."""
    ids = point_ids(points, what, unique=True)
    joined = network.joins(points, what=what)
    order = np.argsort(ids.to_numpy(dtype=object))
    order = order[joined.edge[order] >= 0]
    return ids.take(order).rename(None), joined.rows(order)


def _between(
    network: Network,
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
    limit: int,
    engine: Engine,
    *,
    backward: bool = False,
) -> sp.csr_array:
    """Search from each start to each end, once from a node where several start; the table is sparse."""
    nodes, row = np.unique(starts, return_inverse=True)
    arcs = network.backward if backward else network.arcs
    prepared = network.contracted(engine, backward=backward)
    table = reach_ms(arcs, nodes, ends, limit, engine=engine, prepared=prepared)
    return table if np.array_equal(row, np.arange(len(nodes))) else table[row]
