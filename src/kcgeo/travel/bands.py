"""How far one gets in some minutes: the land within reach of a point, and who lives there.

A band holds the places from which (or to which) the way takes at most so many minutes, by the same rule by which
:func:`kcgeo.travel.costs` would measure each of them: on a grid whole cells, since all places of a cell take the same
time; on streets the land beside each street as far as its access leg allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, get_args

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from kcgeo.errors import TableError, raise_all
from kcgeo.travel.arcs import UNREACHED, Ints, limit_ms
from kcgeo.travel.engines.engine import nearest_ms
from kcgeo.travel.network import Network, point_ids
from kcgeo.travel.streets.joining import at_points, from_nodes
from kcgeo.travel.streets.street_areas import street_bands

__all__ = ["Direction", "reach"]

Direction = Literal["to", "from"]
_MOST_MIN = 24 * 60
_AT_ONCE = 64  # points searched at once: each holds a row of all nodes


def reach(
    network: Network,
    points: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float],
    direction: Direction = "to",
    together: bool = False,
    people: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Land within some minutes of each point, and the people who live in it.

    Parameters
    ----------
    network : Network
        With cells (the friction grid) or with the shapes of streets.
    points : geopandas.GeoDataFrame
        Points with ids in the CRS of the network.
    minutes : sequence of float
        Each above 0; a time of exactly so many minutes counts.
    direction : str
        ``to``: places from which the point is reached in time, as for a service; ``from``: places that are reached
        from the point. They differ where streets are one-way.
    together : bool
        One band for all points, the places within reach of any of them.
    people : geopandas.GeoDataFrame, optional
        Points with ids and columns ``*_count``, which are summed over the rows within reach; each row is measured by
        its own time, not by the drawn shape.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each point and time, in this order: the id under the name of its column in ``points`` (not with
        ``together``), ``minutes``, the sums, and ``geometry`` (MultiPolygon in the CRS of the network; empty where a
        point is off the network). A band holds all shorter ones. On a grid its edges are those of cells, exact but for
        their rounding; on streets they lie within a metre of the true line, on its inner side.

    Raises
    ------
    TableError
        No id, no cells and no streets, or minutes that are no number above 0, up to a day.
    CrsError
        A layer is not in the CRS of the network.

    Examples
    --------
    >>> import kcgeo
    >>> study = kcgeo.study.load(kcgeo.data.default_study())
    >>> hall = gpd.GeoDataFrame({"id": ["hall"]}, geometry=gpd.points_from_xy([-94.578], [39.1]), crs="EPSG:4326")
    >>> bands = reach(kcgeo.travel.network(study), hall, minutes=[15, 30], people=kcgeo.data.places(study))
    >>> bands[["id", "minutes"]].to_dict("list")
    {'id': ['hall', 'hall'], 'minutes': [15.0, 30.0]}
    """
    ids = point_ids(points, "points", unique=True)
    _check(network, minutes, direction)
    rising = np.unique(np.asarray(minutes, dtype=np.float64))
    groups = [points] if together else [points.iloc[[row]] for row in range(len(points))]
    make = street_bands if network.edges is not None else _cell_bands
    shapes = make(network, groups, [limit_ms(value) for value in rising], backward=direction == "to")
    table = pd.DataFrame({"minutes": np.tile(rising, len(groups))})
    if not together:
        table.insert(0, str(ids.name), np.repeat(ids.to_numpy(), len(rising)))
    if people is not None:
        counts = [_counted(network, group, people, rising, direction) for group in groups]
        table = table.join(pd.concat(counts, ignore_index=True) if counts else pd.DataFrame())
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=network.crs)


def _check(network: Network, minutes: Iterable[float], direction: str) -> None:
    problems = []
    values = np.asarray(list(minutes), dtype=np.float64)
    if not len(values) or not ((values > 0) & (values <= _MOST_MIN)).all():
        problems.append(f"minutes must be numbers above 0, up to a day ({_MOST_MIN}), e.g. [15, 30]; not {minutes}.")
    if direction not in get_args(Direction):
        problems.append(f"There is no direction {direction!r}; choose {' or '.join(get_args(Direction))}.")
    if network.edges is None and network.h3_resolution is None:
        problems.append("The network has neither cells nor shapes of streets, so no land belongs to its nodes.")
    raise_all(problems, TableError)


def _counted(
    network: Network,
    points: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    rising: npt.NDArray[np.float64],
    direction: str,
) -> pd.DataFrame:
    """Add up the people within each time of the nearest of some points."""
    columns = [name for name in people.columns if str(name).endswith("_count")]
    away, limits = direction == "from", [limit_ms(value) for value in rising]
    if network.edges is not None:
        goals = network.joins(points)
        ahead = from_nodes(network, goals, [np.arange(len(points))], limits[-1], engine="auto", away=away)[0]
        time_ms = at_points(ahead, network.joins(people, what="people"), goals, away=away)
    else:
        at, _ = network.positions(people, what="people")
        time_ms = np.where(at >= 0, _node_times(network, [points], limits[-1], backward=not away)[0][at], UNREACHED)
    counts = people[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.DataFrame([np.nansum(counts[time_ms <= limit], axis=0) for limit in limits], columns=columns)


def _node_times(network: Network, groups: Sequence[gpd.GeoDataFrame], limit: int, *, backward: bool) -> Ints:
    """Milliseconds at every node, one row a group."""
    starts = [network.positions(group)[0] for group in groups]
    arcs = network.backward if backward else network.arcs
    prepared = network.contracted("auto", backward=backward)
    return nearest_ms(arcs, [at[at >= 0] for at in starts], limit, prepared=prepared)


def _cell_bands(
    network: Network, groups: Sequence[gpd.GeoDataFrame], limits: Sequence[int], *, backward: bool
) -> list[shapely.MultiPolygon]:
    """Join the cells that are reached in time."""
    cells, shapes = network.cell_positions, []
    for first in range(0, len(groups), _AT_ONCE):
        for row in _node_times(network, groups[first : first + _AT_ONCE], limits[-1], backward=backward):
            shapes += [_joined(network, cells[row[cells] <= limit]) for limit in limits]
    return shapes


def _joined(network: Network, cells: npt.NDArray[np.intp]) -> shapely.MultiPolygon:
    """Make one shape of cells, and of the land beyond the edge of the grid whose nearest cell is one of them."""
    if not len(cells):
        return shapely.MultiPolygon()
    names = network.node_ids[cells].tolist()
    fringe = _fringe(network)
    shape = shapely.geometry.shape(h3.cells_to_geo(names))
    shape = shapely.union_all([shape, *(fringe[name] for name in names if name in fringe)])
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon(parts)


@lru_cache(maxsize=2)
def _fringe(network: Network) -> dict[str, shapely.Geometry]:
    """Land outside of the grid that belongs to each cell of its edge: nearest to it, and not too far from it."""
    cells = network.cell_positions
    names = set(network.node_ids[cells].tolist())
    edge = [at for at in cells.tolist() if not names.issuperset(h3.grid_ring(network.node_ids[at], 1))]
    lon, lat = network.xy[edge].T
    plane = Transformer.from_crs(
        network.crs, f"+proj=aeqd +lon_0={lon.mean():.4f} +lat_0={lat.mean():.4f} +datum=WGS84", always_xy=True
    )
    spots = np.asarray(shapely.points(np.column_stack(plane.transform(lon, lat))), dtype=object)
    region = shapely.box(*shapely.total_bounds(spots)).buffer(2 * network.max_snap_m)
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=region))
    part, spot = shapely.STRtree(spots).query(parts, predicate="contains")
    discs = shapely.buffer(spots[spot], network.max_snap_m, quad_segs=64)
    shapes = shapely.segmentize(shapely.intersection(parts[part], discs), 200.0)
    shapes = shapely.transform(
        shapes, lambda xy: np.column_stack(plane.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))
    )
    reach = 2 + int(network.max_snap_m / h3.average_hexagon_edge_length(network.h3_resolution, unit="m"))
    found = {}
    for row, shape in zip(spot, shapes, strict=True):
        name = network.node_ids[edge[row]]
        ground = shapely.geometry.shape(h3.cells_to_geo(sorted(names.intersection(h3.grid_disk(name, reach)))))
        found[name] = shapely.difference(shape, ground)
    return found
