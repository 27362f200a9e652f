"""Travel times between places: all pairs within a cutoff, the nearest of each kind, and why there is none.

All functions search the network of arcs in the direction of travel: from an origin to a destination. Every cutoff
includes its own value. Times are sums of whole milliseconds; the way from a point to its node costs nothing (see
:func:`kcgeo.travel.snap`), so two points that meet the same node are 0 minutes apart.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.errors import TableError, first_ids
from kcgeo.travel.engine import MS_PER_MIN, UNREACHED, limit_ms, nearest_ms, reach_ms
from kcgeo.travel.network import Network, point_ids

__all__ = ["costs", "nearest_times", "unreachable_reasons"]


def costs(
    network: Network, origins: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame, *, cutoff_min: float
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
    from_ids = point_ids(origins, "origins", unique=True)
    to_ids = point_ids(destinations, "destinations", unique=True)
    starts, first = _by_node(network, origins, "origins")
    ends, second = _by_node(network, destinations, "destinations")
    if len(starts) <= len(ends):
        i, j, time_ms = reach_ms(network.arcs, starts, ends, limit)
    else:
        j, i, time_ms = reach_ms(network.backward, ends, starts, limit)
    from_row, to_row, time_ms = _spread(i, j, time_ms, first, second)
    pairs = pd.DataFrame(
        {
            "from_id": from_ids.to_numpy()[from_row],
            "to_id": to_ids.to_numpy()[to_row],
            "time_min": time_ms / MS_PER_MIN,
        }
    )
    order = np.lexsort((_rank(to_ids)[to_row], _rank(from_ids)[from_row]))
    return pairs.iloc[order].reset_index(drop=True)


def nearest_times(
    network: Network,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    by: str | None = None,
    cutoff_min: float | None = None,
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
    at, _ = network.positions(origins, what="origins")
    names, groups = _groups(network, destinations, by)
    limit = limit_ms(None if cutoff_min is None else _checked(cutoff_min))
    rows = nearest_ms(network.backward, groups, limit)
    columns = {}
    for name, row in zip(names, rows, strict=True):
        reached = (at >= 0) & (row[at] != UNREACHED) if len(row) else np.zeros(len(at), dtype=bool)
        columns[f"{name}_min"] = (
            np.where(reached, row[at] / MS_PER_MIN, np.nan) if len(row) else np.full(len(at), np.nan)
        )
    return pd.DataFrame(columns, index=ids)


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
    _, groups = _groups(network, destinations, by)
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


def _checked(cutoff_min: float) -> float:
    if not cutoff_min >= 0:
        raise TableError(f"cutoff_min must be minutes of 0 or more, not {cutoff_min}.")
    return float(cutoff_min)


def _groups(
    network: Network, destinations: gpd.GeoDataFrame, by: str | None
) -> tuple[list[str], list[npt.NDArray[np.intp]]]:
    """Return the kinds of destinations, rising, and the nodes that each kind meets."""
    ids = point_ids(destinations, "destinations")
    at, _ = network.positions(destinations, what="destinations")
    if by is None:
        return ["time"], [np.unique(at[at >= 0])]
    if by not in destinations.columns:
        raise TableError(f"The destinations have no column {by!r} to tell apart by.")
    kinds = destinations[by]
    if kinds.isna().any():
        raise TableError(f"The destinations {first_ids(ids[kinds.isna().to_numpy()])} have no value in {by!r}.")
    names = sorted(kinds.astype(str).unique())
    same = kinds.astype(str).to_numpy()
    return names, [np.unique(at[(same == name) & (at >= 0)]) for name in names]


def _by_node(
    network: Network, points: gpd.GeoDataFrame, what: str
) -> tuple[npt.NDArray[np.intp], list[npt.NDArray[np.intp]]]:
    """Return the nodes that the points meet, once each, and for each of them the rows of its points."""
    at, _ = network.positions(points, what=what)
    rows = np.flatnonzero(at >= 0)
    order = rows[np.argsort(at[rows], kind="stable")]
    nodes, begins = np.unique(at[order], return_index=True)
    return nodes, np.split(order, begins[1:]) if len(nodes) else []


def _spread(
    i: npt.NDArray[np.intp],
    j: npt.NDArray[np.intp],
    time_ms: npt.NDArray[np.int32],
    first: list[npt.NDArray[np.intp]],
    second: list[npt.NDArray[np.intp]],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    """Turn pairs of nodes into pairs of rows: a node stands for all points that meet it."""
    i, j, time_ms = _unfold(i, (j, time_ms), first)
    j, i, time_ms = _unfold(j, (i, time_ms), second)
    return i, j, time_ms


def _unfold(
    nodes: npt.NDArray[np.intp],
    others: tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]],
    rows: list[npt.NDArray[np.intp]],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    if not len(nodes):
        return nodes, *others
    sizes = np.array([len(part) for part in rows])
    flat = np.concatenate(rows)
    begins = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    counts = sizes[nodes]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return flat[np.repeat(begins[nodes], counts) + within], *(np.repeat(other, counts) for other in others)


def _rank(ids: pd.Index) -> npt.NDArray[np.intp]:
    """Place of each id in rising order, so that pairs sort as the ids do without sorting texts."""
    rank = np.empty(len(ids), dtype=np.intp)
    rank[np.argsort(ids.to_numpy())] = np.arange(len(ids))
    return rank
