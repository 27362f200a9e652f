"""The network: nodes with points, directed arcs with minutes, and the rule by which a place meets a node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from types import ModuleType

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer
from scipy.spatial import KDTree

from kcgeo import crs as systems
from kcgeo.errors import CrsError, KcgeoError, TableError, first_ids, raise_all
from kcgeo.travel.arcs import (
    LONGEST_MS,
    MS_PER_MIN,
    Arcs,
    Contraction,
    Engine,
    Hierarchy,
    Ints,
    by_place,
    fastest_arcs,
    locked,
    reversed_arcs,
)
from kcgeo.travel.edges import Edges, Joins

__all__ = ["KEYS", "Network", "measurable", "point_ids", "prepare", "snap"]

KEYS = ("place_id", "service_id", "cell_id", "node_id", "id")
"""Columns that name a point, in the order in which they are looked for."""

_MAX_SNAP_M = 2_000.0


@dataclass(frozen=True, eq=False)
class Network:
    """A directed road network whose arcs carry travel times; made by :meth:`from_edges` or ``friction_network``.

    Attributes
    ----------
    node_ids
        Ids of the nodes, those near to one another in space near in order: searches are faster for it.
    xy
        Coordinates of the nodes in ``crs``, shape (nodes, 2).
    arcs
        Outgoing arcs, in whole milliseconds: an arc's time is rounded to the nearest millisecond, sums are exact.
    crs
        EPSG:4326 (snapping measured on the ellipsoid) or a projected CRS in metres (measured in its plane).
    max_snap_m
        A point farther than this from the network is ``off_network``.
    model
        What the times are, in words for legends, e.g. "free-flow friction grid".
    h3_resolution
        Where given, cell ids of this resolution are nodes, and a point meets the cell that contains it.
    snap_ids
        Ids of the nodes that a point may meet; None for all.
    edges
        The shapes of the streets, where they are known: points join the nearest street, not the nearest node.
    notes
        What was left out or assumed when the network was made, one sentence each.
    """

    node_ids: npt.NDArray[np.object_]
    xy: npt.NDArray[np.float64]
    arcs: Arcs
    crs: str
    max_snap_m: float
    model: str
    h3_resolution: int | None = None
    snap_ids: npt.NDArray[np.object_] | None = None
    edges: Edges | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_edges(
        cls,
        nodes: gpd.GeoDataFrame,
        edges: pd.DataFrame,
        *,
        max_snap_m: float = _MAX_SNAP_M,
        model: str = "edge table",
        h3_resolution: int | None = None,
        snap_ids: npt.ArrayLike | None = None,
    ) -> Network:
        """Make a network of a table of nodes and a table of directed edges.

        Parameters
        ----------
        nodes
            ``node_id`` (unique) and points, in EPSG:4326 or a CRS in metres.
        edges
            ``from_node_id``, ``to_node_id``, ``time_min`` (0 or more). An edge leads one way only; of edges between
            the same two nodes in the same direction the fastest is kept; an edge from a node to itself is left out.
        max_snap_m, model, h3_resolution, snap_ids
            See the attributes of :class:`Network`.

        Raises
        ------
        TableError
            One sentence for each fault: missing columns, repeated or missing ids, unknown nodes, impossible times.
        CrsError
            The nodes have no CRS, or one in degrees other than EPSG:4326.

        Examples
        --------
        >>> nodes = gpd.GeoDataFrame(
        ...     {"node_id": ["a", "b"]}, geometry=gpd.points_from_xy([0, 900], [0, 0]), crs="EPSG:26915"
        ... )
        >>> edges = pd.DataFrame({"from_node_id": ["a"], "to_node_id": ["b"], "time_min": [2.0]})
        >>> Network.from_edges(nodes, edges)
        Network(2 nodes, 1 arcs, 'edge table')
        """
        _require_measurable(nodes)
        if "node_id" not in nodes.columns:
            raise TableError("The nodes have no column node_id.")
        point_ids(nodes[["node_id", nodes.geometry.name]], "nodes", unique=True)
        ids = nodes["node_id"].astype(str).to_numpy(dtype=object)
        order = by_place(np.column_stack([nodes.geometry.x, nodes.geometry.y]), ids)
        ids = ids[order]
        points = nodes.geometry.iloc[order]
        if snap_ids is not None:
            snap_ids = _known(snap_ids, ids)
        return cls(
            node_ids=locked(ids),
            xy=locked(np.column_stack([points.x, points.y]).astype(np.float64)),
            arcs=_arcs(ids, edges),
            crs=nodes.crs.to_string(),
            max_snap_m=float(max_snap_m),
            model=model,
            h3_resolution=h3_resolution,
            snap_ids=snap_ids,
        )

    def __repr__(self) -> str:
        return f"Network({len(self.node_ids)} nodes, {len(self.arcs.indices)} arcs, {self.model!r})"

    @cached_property
    def backward(self) -> Arcs:
        """The arcs turned round: searched from a service they give times to it."""
        return reversed_arcs(self.arcs)

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        return self.timed(self.arcs.time_ms)

    @cached_property
    def _contraction(self) -> Contraction:
        shape: Contraction = _with_numba().contraction(self.arcs, self.xy)
        return shape

    def timed(self, time_ms: Ints) -> Hierarchy:
        """Contract the network with other times of its arcs: after the first call it takes under a second."""
        made: Hierarchy = _with_numba().timed(self._contraction, time_ms)
        return made

    def contracted(self, engine: Engine, *, backward: bool = False) -> Hierarchy | None:
        """Return the contracted network where ``engine`` asks for it, or is ``auto`` and :func:`prepare` was called."""
        if engine != "sweep" and not (engine == "auto" and "_hierarchy" in vars(self)):
            return None
        return self._hierarchy.turned() if backward else self._hierarchy

    @cached_property
    def cell_positions(self) -> npt.NDArray[np.intp]:
        """Positions of the nodes that points may meet; on an H3 grid these are the cells."""
        if self.snap_ids is None:
            return np.arange(len(self.node_ids))
        return self._index.get_indexer(pd.Index(self.snap_ids))

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.node_ids)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(measurable(self.xy[self.cell_positions], self.crs))

    def positions(self, points: gpd.GeoDataFrame, *, what: str = "points") -> tuple[npt.NDArray[np.intp], pd.Series]:
        """Return the position of the node that each point meets (-1 for off the network) and the metres to it.

        On a network with shapes it is the nearer end of the street that the point joins, and the metres are those to
        the street: for work on nodes that can do without the part of the street between.
        """
        _require_same(points, self.crs, what)
        if self.edges is not None:
            joined = self.joins(points, what=what)
            nearer = np.where(joined.share > 0.5, joined.ends[:, 1], joined.ends[:, 0])
            return np.where(joined.edge >= 0, nearer, -1), pd.Series(joined.metres, index=points.index)
        xy = np.column_stack([points.geometry.x, points.geometry.y])
        if not len(xy) or not len(self.cell_positions):
            return np.full(len(xy), -1, dtype=np.intp), pd.Series(np.full(len(xy), np.nan), index=points.index)
        measured = measurable(xy, self.crs)
        query = self._tree.query(measured)
        metres, found = np.asarray(query[0], dtype=np.float64), self.cell_positions[query[1]]
        if self.h3_resolution is not None:
            found, metres = self._into_cells(xy, measured, found, metres)
        found = np.where(metres <= self.max_snap_m, found, -1)
        return found, pd.Series(metres, index=points.index)

    def joins(self, points: gpd.GeoDataFrame, *, what: str = "points") -> Joins:
        """Join points to the nearest streets; only on a network with shapes."""
        _require_same(points, self.crs, what)
        assert self.edges is not None
        return self.edges.nearest(points, max_snap_m=self.max_snap_m)

    def _into_cells(
        self,
        xy: npt.NDArray[np.float64],
        measured: npt.NDArray[np.float64],
        found: npt.NDArray[np.intp],
        metres: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Replace the nearest centre by the containing cell where the two can differ, that is off the cell's core."""
        found, metres = found.copy(), metres.copy()
        assert self.h3_resolution is not None
        core_m = 0.5 * h3.average_hexagon_edge_length(self.h3_resolution, unit="m")
        off = np.flatnonzero(metres > core_m)
        cells = [h3.latlng_to_cell(xy[row, 1], xy[row, 0], self.h3_resolution) for row in off]
        at = self._index.get_indexer(pd.Index(cells, dtype=object))
        rows, at = off[at >= 0], at[at >= 0]
        found[rows] = at
        if len(rows):
            metres[rows] = np.linalg.norm(measured[rows] - measurable(self.xy[at], self.crs), axis=1)
        return found, metres


def _with_numba() -> ModuleType:
    if find_spec("numba") is None:
        raise KcgeoError("Sweeps need the package numba; install the extra 'fast', or choose scipy.")
    from kcgeo.travel.engines import contraction

    return contraction


def prepare(network: Network) -> Network:
    """Contract a large network once, so that later searches on it are sweeps, ten times faster and more.

    Takes about two seconds for 260,000 nodes on a free machine, and ten more once after installation, to compile; what
    is made stays with the record and is used by ``engine="auto"`` from then on. The answers do not change.

    Raises
    ------
    KcgeoError
        numba is not installed.
    """
    network.contracted("sweep")
    return network


def snap(network: Network, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Report which node each point meets and how far away it is.

    A point meets the nearest node; on an H3 grid, the cell that contains it, and outside the grid the nearest cell.
    The way between the point and its node costs no time: the distance is reported here instead. On a grid of
    resolution 8 it is under 600 m, which is about a minute at 35 km/h. On a network with shapes a point joins the
    nearest street instead, and the access leg and the rest of the street are part of every time.

    Parameters
    ----------
    network
        Its ``max_snap_m`` is the cap.
    points
        Points in the CRS of the network, with an id column or a named index.

    Returns
    -------
    pandas.DataFrame
        Indexed by point id, one row a point: ``node_id`` (None beyond the cap: ``off_network``), ``snap_m`` (metres
        to the nearest node even where that is beyond the cap). On a network with shapes ``from_node_id, to_node_id``
        (ends of the street), ``share`` (of the street, from the first to the second), ``snap_m`` (to the street) and
        ``access_min`` (the access leg).
    """
    ids = point_ids(points, "points")
    if network.edges is not None:
        return _street_report(network, points, ids)
    found, metres = network.positions(points)
    names = np.full(len(ids), None, dtype=object)
    names[found >= 0] = network.node_ids[found[found >= 0]]
    return pd.DataFrame({"node_id": pd.Series(names, index=ids, dtype=object), "snap_m": metres.to_numpy()}, index=ids)


def _street_report(network: Network, points: gpd.GeoDataFrame, ids: pd.Index) -> pd.DataFrame:
    joined = network.joins(points)
    on = joined.edge >= 0
    names = np.full((len(ids), 2), None, dtype=object)
    names[on] = network.node_ids[joined.ends[on]]
    return pd.DataFrame(
        {
            "from_node_id": pd.Series(names[:, 0], index=ids, dtype=object),
            "to_node_id": pd.Series(names[:, 1], index=ids, dtype=object),
            "share": np.where(on, joined.share, np.nan),
            "snap_m": joined.metres,
            "access_min": np.where(on, joined.access_ms / MS_PER_MIN, np.nan),
        },
        index=ids,
    )


def point_ids(points: gpd.GeoDataFrame, what: str, *, unique: bool = False) -> pd.Index:
    """Return the ids of a table of points as an index that bears the name of the key.

    Raises
    ------
    TableError
        There is no key, an id is missing, a row has no point or one that cannot be, or (``unique``) an id comes twice.
    """
    key = next((name for name in KEYS if name in points.columns), None)
    if key is None and points.index.name is None:
        raise TableError(f"The {what} have no id: give a column named one of {', '.join(KEYS)}, or name the index.")
    ids: pd.Index = pd.Index(points[key], name=key) if key is not None else points.index
    problems = []
    if ids.isna().any():
        problems.append(f"The {what} miss an id in {np.count_nonzero(ids.isna())} rows; give every row an id.")
    problems += systems.point_faults(points, ids, what=what)
    if unique and ids.has_duplicates:
        twice = ids[ids.duplicated()].unique()
        problems.append(f"The {what} repeat ids ({first_ids(twice)}); keep one row an id.")
    raise_all(problems, TableError)
    return ids


def _known(snap_ids: npt.ArrayLike, ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    wanted = np.unique(np.asarray(snap_ids, dtype=object).astype(str)).astype(object)
    unknown = wanted[~np.isin(wanted.astype(str), ids.astype(str))]
    if len(unknown):
        raise TableError(f"snap_ids names {first_ids(unknown)}, which are not in the nodes.")
    return locked(wanted)


def _arcs(ids: npt.NDArray[np.object_], edges: pd.DataFrame) -> Arcs:
    """Check the edges and sort them into arcs; the fastest of parallel edges is kept."""
    missing = [name for name in ("from_node_id", "to_node_id", "time_min") if name not in edges.columns]
    raise_all((f"The edges have no column {name}." for name in missing), TableError)
    if len(edges) and not pd.api.types.is_numeric_dtype(edges["time_min"].dtype):
        raise TableError(
            f"The column time_min of the edges must hold minutes as numbers, not {edges['time_min'].dtype}."
        )
    index = pd.Index(ids)
    tails = index.get_indexer(pd.Index(edges["from_node_id"].astype(str)))
    heads = index.get_indexer(pd.Index(edges["to_node_id"].astype(str)))
    minutes = edges["time_min"].to_numpy(dtype=np.float64, na_value=np.nan)
    _check_edges(edges, tails, heads, minutes)
    time_ms = np.rint(minutes * MS_PER_MIN).astype(np.int64)
    return fastest_arcs(len(ids), tails, heads, time_ms)


def _check_edges(
    edges: pd.DataFrame,
    tails: npt.NDArray[np.intp],
    heads: npt.NDArray[np.intp],
    minutes: npt.NDArray[np.float64],
) -> None:
    problems = []
    for name, found in (("from_node_id", tails), ("to_node_id", heads)):
        if (found < 0).any():
            unknown = edges[name].astype(str)[found < 0].unique()
            problems.append(f"The edges name nodes in {name} that are not in the nodes: {first_ids(unknown)}.")
    faults = {
        "no time_min": np.isnan(minutes),
        "a negative time_min": minutes < 0,
        f"a time_min above {LONGEST_MS // MS_PER_MIN} minutes": minutes > LONGEST_MS / MS_PER_MIN,
    }
    for fault, rows in faults.items():
        if rows.any():
            names = edges["from_node_id"].astype(str)[rows] + " to " + edges["to_node_id"].astype(str)[rows]
            problems.append(f"The edges {first_ids(names)} have {fault}; give minutes of 0 or more.")
    raise_all(problems, TableError)


def _require_measurable(nodes: gpd.GeoDataFrame) -> None:
    if nodes.crs is None:
        systems.require(nodes, what="nodes")
    if CRS(nodes.crs) != CRS(systems.STORAGE):
        systems.require_metric(nodes.crs)


def _require_same(points: gpd.GeoDataFrame, crs: str, what: str) -> None:
    if points.crs is None:
        raise CrsError(f"The {what} have no CRS; set the one they were made in, e.g. .set_crs('{crs}').")
    if points.crs.to_string() != crs and CRS(points.crs) != CRS(crs):
        raise CrsError(
            f"The {what} are in {points.crs.to_string()} where the network is in {crs}; convert them with "
            f".to_crs('{crs}')."
        )


def measurable(xy: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    """Return coordinates whose straight distances are metres: the plane's own, or those of the ellipsoid in space."""
    if CRS(crs) != CRS(systems.STORAGE):
        return xy
    space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    return np.column_stack(space.transform(xy[:, 0], xy[:, 1], np.zeros(len(xy))))
