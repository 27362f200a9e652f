"""A screening network of the whole country: the highway graph, and straight local ways between places and to it.

Made to compare all counties by one rule, from a few packaged tables. A metro is studied with the friction grid or with
streets: here a local way is a straight line, which knows no river and no mountain, and of water only the wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from kcgeo import crs as systems
from kcgeo.travel.arcs import MS_PER_MIN
from kcgeo.travel.grid import local_kmh
from kcgeo.travel.network import Network, measurable, point_ids

__all__ = ["Screening", "national_network", "pieces"]

MODEL = "national screening model"

_DIRECTIONS = 8
_CANDIDATES = 48  # nearest neighbours among which the nearest of each direction is looked for
_DISCS = 8  # nearest settled places whose discs may hold a point
_SNAP_M = 100.0  # places and points are nodes themselves; this is for rounded coordinates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Screening:
    """Speeds and reach of the national screening model.

    Attributes
    ----------
    highway_kmh
        Speed on the highway graph.
    local_kmh
        Steps ``(people per km2 at least, km/h)`` of the speed on local ways.
    circuity
        Way / straight line on local ways.
    ramp_min
        Minutes on or off a highway.
    reach_km
        A local way is no longer than this, as the crow flies.
    water_km
        A local way with more than this outside the land is left out.
    """

    highway_kmh: float
    local_kmh: tuple[tuple[float, float], ...]
    circuity: float
    ramp_min: float
    reach_km: float
    water_km: float


def national_network(
    places: gpd.GeoDataFrame,
    highway_nodes: gpd.GeoDataFrame,
    highway_edges: pd.DataFrame,
    model: Screening,
    *,
    points: gpd.GeoDataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
) -> Network:
    """Join places and points to one another and to the highway graph by straight local ways.

    In each of eight directions (sectors of 45 degrees) a place or point is joined to the nearest other one, and to the
    nearest highway node, if that is within ``reach_km``. Such a graph of nearest neighbours by direction (Yao 1982)
    leads everywhere with small detours. Time of a local way: distance x circuity / local speed, half at the speed of
    either end; to and from a highway ``ramp_min`` more. Highways run at ``highway_kmh``, both ways. Times are rounded
    up to milliseconds, so that nothing is faster than the top speed.

    Parameters
    ----------
    places
        ``place_id, population_count, land_area_km2`` and points, EPSG:4326.
    highway_nodes, highway_edges
        ``node_id`` and points; ``from_node_id, to_node_id, length_km``, each passable both ways.
    model
        Speeds and reach.
    points
        Further points that must be met exactly, such as services.
    land
        Polygons that reach to the shore, such as counties; None lets local ways cross all water.

    Returns
    -------
    Network
        Nodes ``place-...`` and ``point-...`` (one for each position), which points meet, and ``highway-...``.

    Raises
    ------
    TableError, CrsError
        For faults of the tables.

    References
    ----------
    Yao (1982), On constructing minimum spanning trees in k-dimensional spaces, SIAM Journal on Computing 11.
    """
    systems.require(places, what="places")
    systems.require(highway_nodes, what="highway_nodes")
    point_ids(places, "places", unique=True)
    ids, lon_lat = _local_nodes(places, points)
    highway_ids = "highway-" + highway_nodes["node_id"].astype(str).to_numpy(dtype=object)
    highway = np.column_stack([highway_nodes.geometry.x, highway_nodes.geometry.y])
    space, highway_space = measurable(lon_lat, systems.STORAGE), measurable(highway, systems.STORAGE)
    pace, highway_pace = (_pace(part, places, model) for part in (space, highway_space))
    one, other, km = _nearest_by_direction(lon_lat, space, lon_lat, space, model.reach_km, same=True)
    from_local, ramp, ramp_km = _nearest_by_direction(lon_lat, space, highway, highway_space, model.reach_km)
    starts, ends = lon_lat[np.concatenate([one, from_local])], np.vstack([lon_lat[other], highway[ramp]])
    dry = _dry(starts, ends, np.concatenate([km, ramp_km]), land, model.water_km)
    dry, dry_ramp = dry[: len(km)], dry[len(km) :]
    one, other, km = one[dry], other[dry], km[dry]
    from_local, ramp, ramp_km = from_local[dry_ramp], ramp[dry_ramp], ramp_km[dry_ramp]
    local_min = 60 * km * model.circuity * (pace[one] + pace[other]) / 2
    ramp_min = 60 * ramp_km * model.circuity * (pace[from_local] + highway_pace[ramp]) / 2 + model.ramp_min
    links = pd.DataFrame(
        {
            "one": np.concatenate([ids[one], ids[from_local], _highway(highway_edges["from_node_id"])]),
            "other": np.concatenate([ids[other], highway_ids[ramp], _highway(highway_edges["to_node_id"])]),
            "time_min": np.concatenate(
                [local_min, ramp_min, 60 * highway_edges["length_km"].to_numpy(dtype=np.float64) / model.highway_kmh]
            ),
        }
    )
    links["time_min"] = np.ceil(links["time_min"] * MS_PER_MIN) / MS_PER_MIN
    nodes = gpd.GeoDataFrame(
        {"node_id": np.concatenate([ids, highway_ids])},
        geometry=gpd.points_from_xy(*np.vstack([lon_lat, highway]).T),
        crs=systems.STORAGE,
    )
    ways = [
        links.set_axis(["from_node_id", "to_node_id", "time_min"], axis=1),
        links.set_axis(["to_node_id", "from_node_id", "time_min"], axis=1),
    ]
    return Network.from_edges(nodes, pd.concat(ways, ignore_index=True), max_snap_m=_SNAP_M, model=MODEL, snap_ids=ids)


def pieces(network: Network, positions: Ints) -> Ints:
    """Say in which connected piece each node lies: 0 is the piece that holds most of them; -1 for -1.

    Parameters
    ----------
    positions
        Positions of nodes; -1 for a point off the network.
    """
    arcs = network.arcs
    graph = csr_array(
        (np.ones(len(arcs.indices), dtype=np.int8), arcs.indices, arcs.indptr), shape=(arcs.node_count,) * 2
    )
    piece = connected_components(graph, directed=True, connection="weak")[1]
    found = piece[positions[positions >= 0]]
    names, first, inverse, counts = np.unique(found, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.intp)
    rank[np.lexsort((first, -counts))] = np.arange(len(names))
    numbers = np.full(len(positions), -1, dtype=np.intp)
    numbers[positions >= 0] = rank[inverse]
    return numbers


def _highway(ids: pd.Series) -> npt.NDArray[np.object_]:
    return np.asarray("highway-" + ids.astype(str).to_numpy(dtype=object), dtype=object)


def _local_nodes(places: gpd.GeoDataFrame, points: gpd.GeoDataFrame | None) -> tuple[npt.NDArray[np.object_], Floats]:
    """Name each position once: by its first place, else by the number of its point; return ids and coordinates."""
    place_xy = np.column_stack([places.geometry.x, places.geometry.y])
    names = "place-" + places["place_id"].astype(str).to_numpy(dtype=object)
    own = np.sort(np.unique(place_xy, axis=0, return_index=True)[1])
    place_xy, names = place_xy[own], names[own]
    if points is None or points.empty:
        return names, place_xy
    systems.require(points, what="points")
    xy = np.unique(np.column_stack([points.geometry.x, points.geometry.y]), axis=0)
    known = pd.MultiIndex.from_arrays([*xy.T]).isin(pd.MultiIndex.from_arrays([*place_xy.T]))
    xy = xy[~known]
    numbers = np.array([f"point-{number:07d}" for number in range(len(xy))], dtype=object)
    return np.concatenate([names, numbers]), np.vstack([place_xy, xy])


def _pace(space: Floats, places: gpd.GeoDataFrame, model: Screening) -> Floats:
    """Hours per km at some points, by the density of the place in whose disc (of its area) the point is deepest."""
    settled = places[(places["land_area_km2"] > 0) & (places["population_count"] > 0)]
    density = np.zeros(len(space))
    if len(settled):
        centres = measurable(np.column_stack([settled.geometry.x, settled.geometry.y]), systems.STORAGE)
        area = settled["land_area_km2"].to_numpy(dtype=np.float64)
        query = KDTree(centres).query(space, k=range(1, min(_DISCS, len(settled)) + 1))
        metres, near = np.asarray(query[0]), np.asarray(query[1])
        deepest = np.argmin(metres**2 - area[near] * 1e6 / np.pi, axis=1)
        within = near[np.arange(len(space)), deepest]
        density = (settled["population_count"].to_numpy(dtype=np.float64) / area)[within]
    return 1.0 / local_kmh(density, model.local_kmh)


def _nearest_by_direction(
    lon_lat: Floats, space: Floats, target_lon_lat: Floats, target_space: Floats, reach_km: float, *, same: bool = False
) -> tuple[Ints, Ints, Floats]:
    """Return pairs of a point and its nearest target in each direction, with the kilometres between them.

    The nearest of a direction is looked for among the 48 nearest targets; ``same`` leaves out the point itself.
    """
    count = min(_CANDIDATES, len(target_space))
    if not count or not len(space):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
    query = KDTree(target_space).query(space, k=range(1, count + 1), distance_upper_bound=reach_km * 1000)
    metres, target = np.asarray(query[0]), np.asarray(query[1], dtype=np.intp)
    found = np.isfinite(metres)
    if same:
        found &= target != np.arange(len(space))[:, None]
    source, column = np.nonzero(found)
    metres, target = metres[source, column], target[source, column]
    east = (target_lon_lat[target, 0] - lon_lat[source, 0] + 180) % 360 - 180
    east *= np.cos(np.radians(lon_lat[source, 1]))
    angle = np.arctan2(target_lon_lat[target, 1] - lon_lat[source, 1], east)
    sector = np.floor((angle + np.pi) / (2 * np.pi) * _DIRECTIONS).astype(np.intp) % _DIRECTIONS
    key = source * _DIRECTIONS + sector
    order = np.lexsort((target, metres, key))
    first = order[np.unique(key[order], return_index=True)[1]]
    return source[first], target[first], metres[first] / 1000


def _dry(
    one: Floats, other: Floats, km: Floats, land: gpd.GeoDataFrame | None, water_km: float
) -> npt.NDArray[np.bool_]:
    """Say which straight ways have no more than some kilometres outside the land."""
    dry = np.ones(len(km), dtype=bool)
    long = np.flatnonzero(km > water_km)
    if land is None or not len(long):
        return dry
    systems.require(land, what="land")
    shapes = land.geometry.to_numpy()
    whole = shapely.union_all(shapes)
    shapely.prepare(whole)
    lines = np.asarray(shapely.linestrings(np.stack([one[long], other[long]], axis=1)), dtype=object)
    doubtful = ~shapely.covers(whole, lines)
    long, lines = long[doubtful], lines[doubtful]
    line, county = shapely.STRtree(shapes).query(lines, predicate="intersects")
    length = shapely.length(shapely.intersection(lines[line], shapes[county]))
    inside = np.bincount(line, weights=length, minlength=len(lines)) / shapely.length(lines)
    dry[long[(1 - inside) * km[long] > water_km]] = False
    return dry
