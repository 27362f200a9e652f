"""TIGER/Line roads: primary roads as the corridors of a study, all roads of a county as lines with their class.

``PRIMARYROADS`` (one zip for the nation) names an interstate ``I- 70`` and draws each carriageway by itself, in pieces,
without a state. A corridor is one line for each state: pieces are joined, and of the carriageways one is kept, the
shortest way between the two ends that lie farthest apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from kcgeo.crs import STORAGE
from kcgeo.data.formats.places.boundaries import PUBLIC_DOMAIN, vintage_of
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.vector import read_vector
from kcgeo.data.study.region import counties
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["corridor_lines", "read_primary_roads", "read_road_lines", "route_name", "write_lines"]

SHORTEST_M = 800.0
"""A piece of a corridor under half a mile touches the border of the study: it is left out."""

JOIN_M = 150.0
"""Ends of pieces this near are one: county borders and simplification leave gaps."""

OTHER_SIDE_M = 500.0
"""What runs within this distance of a line that is kept is its other carriageway or a collector road."""

_CUT_M = 0.6 * JOIN_M  # wider than what is joined
_ROUNDISH = 0.03  # area / perimeter squared: 0.08 of a circle, 0.06 of a square, under 0.02 of lanes side by side
_LEAST_RING_M2 = 1e6

_ROUTE = re.compile(r"(I|US|US Hwy|U\.?S\.? Route)[- ]*(H-?)?(\d+)([NSEW]?)")


def route_name(full_name: str) -> str | None:
    """Return the route of a TIGER name in the words of a study; None for loops, spurs and all other roads.

    >>> [route_name(name) for name in ("I- 70", "US Hwy 50", "I- 29 Bus", "I- 35E", "I- H1")]
    ['I-70', 'US-50', None, 'I-35E', 'H-1']
    """
    found = _ROUTE.fullmatch(full_name.strip())
    if found is None:
        return None
    kind = "H" if found.group(2) else "I" if found.group(1) == "I" else "US"  # H: the interstates of Hawaii
    return f"{kind}-{int(found.group(3))}{found.group(4)}"


def read_primary_roads(path: Path, study: Study, *, layer: str | None = None) -> Converted:
    """Read the corridors of a study from TIGER/Line primary roads.

    Parameters
    ----------
    path
        ``tl_2023_us_primaryroads.zip``, a shapefile, GeoPackage or GeoJSON, or a folder, with a column ``FULLNAME``.
    study
        Its routes within its counties are kept.

    Raises
    ------
    TableError, CrsError
        One sentence; also where a route of the study is not in the file.
    """
    what = "a file of TIGER/Line primary roads"
    table, notes = read_vector(path, what=what, kinds={"LineString"}, columns=("FULLNAME",), layer=layer)
    if "FULLNAME" not in table:
        raise TableError(f"{path.name} has no column FULLNAME, so it is not {what}.")
    table["route"] = table["FULLNAME"].fillna("").astype("str").map(route_name)
    lines, more = corridor_lines(table, study)
    missing = [route for route in study.corridors if route not in set(lines["route"])]
    if missing:
        found = sorted(set(table["route"].dropna()), key=lambda name: (len(name), name))
        raise TableError(
            f"{path.name} has no line of {first_ids(missing)} in the counties of the study; "
            f"it has {first_ids(found, limit=12) or 'no numbered route'}."
        )
    return Converted(
        write_lines(lines),
        title="TIGER/Line primary roads",
        vintage=vintage_of(path),
        licence=PUBLIC_DOMAIN,
        notes=(*notes, *more),
    )


def write_lines(lines: gpd.GeoDataFrame) -> Callable[[Path], int]:
    """Return what writes ``route, state`` and lines as the layer's file: GeoJSON, the same bytes on each run."""

    def write(path: Path) -> int:
        features = [
            {
                "type": "Feature",
                "properties": {"route": row.route, "state": row.state},
                "geometry": {"type": "LineString", "coordinates": np.asarray(row.geometry.coords).round(6).tolist()},
            }
            for row in lines.itertuples(index=False)
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}) + "\n", encoding="utf-8")
        return len(features)

    return write


def corridor_lines(roads: gpd.GeoDataFrame, study: Study) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Join pieces of roads to one line for each route, state and stretch within the study's counties.

    Parameters
    ----------
    roads
        ``route`` (None for other roads) and lines, EPSG:4326.
    study
        Its corridors, counties and metric CRS.

    Returns
    -------
    tuple
        ``route, state, geometry`` (LineString, EPSG:4326, northwards for odd and eastwards for even numbers, as
        mileposts rise), sorted by route, state and start; and notes on what was joined over a gap.
    """
    areas = counties(study).to_crs(study.crs).dissolve("state").geometry
    mine = roads[roads["route"].isin(study.corridors)].to_crs(study.crs)
    rows, notes = [], list[str]()
    # a point on the far side of the globe has no place in the metric system of the study
    xy, owner = shapely.get_coordinates(mine.geometry.to_numpy(), return_index=True)
    flat = np.ones(len(mine), dtype=bool)
    flat[owner[~np.isfinite(xy).all(axis=1)]] = False
    if not flat.all():
        notes.append(f"Left out: lines with a point on the far side of the globe, {int((~flat).sum())}.")
        mine = mine[flat]
    for route, pieces in mine.groupby("route"):
        for state, area in areas.items():
            inside = shapely.intersection(pieces.geometry.to_numpy(), area)
            for line in _stretches(inside, str(route), str(state), notes):
                rows.append({"route": str(route), "state": str(state), "geometry": _rising(line, str(route))})
    lines = gpd.GeoDataFrame(rows, columns=["route", "state", "geometry"], geometry="geometry", crs=study.crs)
    lines = lines.to_crs(STORAGE)
    start = shapely.get_coordinates(shapely.get_point(lines.geometry.to_numpy(), 0)).sum(axis=1)
    order = lines.assign(start=start).sort_values(["route", "state", "start"]).index
    return lines.loc[order].reset_index(drop=True), notes


def _rising(line: shapely.LineString, route: str) -> shapely.LineString:
    """Turn a line the way mileposts rise: odd routes northwards, even ones eastwards, by the sign of its whole run."""
    number = int(re.sub(r"\D", "", route))
    axis = 1 if number % 2 else 0
    first, last = line.coords[0], line.coords[-1]
    return line if last[axis] >= first[axis] else line.reverse()


def _stretches(shapes: npt.NDArray[np.object_], route: str, state: str, notes: list[str]) -> list[shapely.LineString]:
    """Return the stretches of one route in one state, longest first; the other carriageway of each is dropped."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    parts = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)]
    found = []
    while len(parts):
        line, gap_m = _longest_way(parts)
        if line.length < SHORTEST_M:
            break
        found.append(line)
        if gap_m > 1:
            notes.append(f"Pieces of {route} in {state} were joined over gaps of {gap_m:,.0f} m in all.")
        rest = shapely.difference(parts, line.buffer(OTHER_SIDE_M))
        parts = shapely.get_parts(rest)
        parts = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)]
    return found


def _longest_way(parts: npt.NDArray[np.object_]) -> tuple[shapely.LineString, float]:
    """Return the line of a road and the metres of gaps on it; a ring road has no two ends, so it is cut at one spot."""
    cut = _cut_of_ring(parts)
    if cut is None:
        return _longest_shortest_way(parts)
    opened = shapely.get_parts(shapely.difference(parts, cut.buffer(_CUT_M)))
    line, gap_m = _longest_shortest_way(opened[shapely.length(opened) > 0])
    first, last = line.coords[0], line.coords[-1]
    if np.hypot(first[0] - last[0], first[1] - last[1]) > 2 * JOIN_M:
        return line, gap_m
    ring = shapely.LineString([*line.coords, first])
    # mileposts of a ring rise clockwise
    return (ring.reverse() if shapely.LinearRing(ring.coords).is_ccw else ring), gap_m


def _cut_of_ring(parts: npt.NDArray[np.object_]) -> shapely.LineString | None:
    """Return a line from the inside of a ring road out through its south side; None where the road is no ring.

    It is one where it holds an area as roundish bodies do: lanes side by side also meet at both ends.
    """
    road = shapely.union_all(shapely.buffer(parts, JOIN_M / 2))
    holes = [shapely.Polygon(hole) for part in shapely.get_parts(road) for hole in part.interiors]
    ring = max(holes, key=lambda hole: hole.area, default=None)
    if ring is None or ring.area < _ROUNDISH * ring.length**2 or ring.area < _LEAST_RING_M2:
        return None
    inside = ring.representative_point()
    south = road.bounds[1] - JOIN_M
    return shapely.LineString([(inside.x, inside.y), (inside.x, south)])


def _longest_shortest_way(parts: npt.NDArray[np.object_]) -> tuple[shapely.LineString, float]:
    """Return the longest of all shortest ways over the pieces, and the metres of gaps on it.

    Pieces are cut where others end on them; ends within :data:`JOIN_M` of each other are joined at three times their
    distance, so that a gap is taken only where there is no road.
    """
    pieces = np.asarray(shapely.get_parts(shapely.node(shapely.multilinestrings(parts))))
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(pieces, at)) for at in (0, -1)])
    nodes, number = np.unique(ends.round(1), axis=0, return_inverse=True)
    tail, head = number.ravel().reshape(2, -1)
    near = np.array(sorted(cKDTree(nodes).query_pairs(JOIN_M)), dtype=np.intp).reshape(-1, 2)
    gaps = np.hypot(*(nodes[near[:, 0]] - nodes[near[:, 1]]).T)
    one, other = np.concatenate([tail, near[:, 0]]), np.concatenate([head, near[:, 1]])
    weight = np.concatenate([shapely.length(pieces), 3 * gaps + 0.1])
    first = _cheapest(one, other, weight, len(nodes))
    graph = coo_array((weight[first], (one[first], other[first])), shape=(len(nodes),) * 2).tocsr()
    way = _farthest_pair(graph, pieces, tail)
    keys = {
        (min(a, b), max(a, b)): edge
        for edge, a, b in zip(first.tolist(), one[first].tolist(), other[first].tolist(), strict=True)
    }
    steps = _without_hooks([(keys[min(a, b), max(a, b)], a, b) for a, b in pairwise(way)], shapely.length(pieces))
    if not steps:
        return shapely.LineString(pieces[int(shapely.length(pieces).argmax())]), 0.0
    coordinates, gap_m = [nodes[steps[0][1]][None, :]], 0.0
    for edge, a, b in steps:
        if edge >= len(pieces):
            gap_m += float(gaps[edge - len(pieces)])
            coordinates.append(nodes[b][None, :])
            continue
        xy = shapely.get_coordinates(pieces[edge])
        coordinates.append((xy if tail[edge] == a else xy[::-1])[1:])
    return shapely.LineString(np.vstack(coordinates)), gap_m


def _without_hooks(steps: list[tuple[int, int, int]], length_m: npt.NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Cut the ends of a way that hop to the other carriageway: a gap with hardly any road beyond it."""
    for _ in range(2):
        beyond, cut = 0.0, 0
        for place, (edge, _, _) in enumerate(steps):
            if edge >= len(length_m):
                cut = place + 1
            else:
                beyond += float(length_m[edge])
            if beyond > 3 * JOIN_M:
                break
        steps = [(edge, b, a) for edge, a, b in reversed(steps[cut:])]
    return steps


def _cheapest(
    one: npt.NDArray[np.intp], other: npt.NDArray[np.intp], weight: npt.NDArray[np.float64], count: int
) -> npt.NDArray[np.intp]:
    """Return the rows of the cheapest edge of each pair of nodes; loops go."""
    pair = np.minimum(one, other) * count + np.maximum(one, other)
    order = np.lexsort((np.arange(len(pair)), weight, pair))
    _, first = np.unique(pair[order], return_index=True)
    rows: npt.NDArray[np.intp] = order[first]
    kept: npt.NDArray[np.intp] = rows[one[rows] != other[rows]]
    return kept


def _farthest_pair(
    graph: csr_array[np.float64, tuple[int, int]], pieces: npt.NDArray[np.object_], tail: npt.NDArray[np.intp]
) -> list[int]:
    """Return the nodes of the longest shortest way of the part with most road, found by two sweeps."""
    _, part = connected_components(graph, directed=False)
    length = np.bincount(part[tail], weights=shapely.length(pieces), minlength=part.max() + 1)
    inside = part == length.argmax()
    start = int(np.flatnonzero(inside)[0])
    away = dijkstra(graph, directed=False, indices=[start])[0]
    start = int(np.where(inside, away, -1).argmax())
    (away,), (before,) = dijkstra(graph, directed=False, indices=[start], return_predecessors=True)
    node = int(np.where(inside, away, -1).argmax())
    way = [node]
    while node != start:
        node = int(before[node])
        way.append(node)
    return way[::-1]


def read_road_lines(path: Path, *, layer: str | None = None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read the lines of TIGER/Line roads, all counties of a folder together.

    Parameters
    ----------
    path
        ``tl_2023_29095_roads.zip`` (one county), a shapefile, GeoPackage or GeoJSON, or a folder of several.

    Returns
    -------
    tuple
        ``line_id`` (LINEID/LINEARID, else a running number), ``name`` (may be missing), ``route_type`` (RTTYP: I, U, S,
        C, M, O), ``mtfcc`` (S1100 primary, S1200 secondary, S1400 local, S1630 ramp, ...), ``geometry`` (LineString,
        EPSG:4326), sorted by id; and notes. TIGER knows neither one-ways nor levels: lines that cross meet only where
        they share a vertex.

    Raises
    ------
    TableError, CrsError
        One sentence.
    """
    what = "a file of TIGER/Line roads"
    columns = ("LINEARID", "FULLNAME", "RTTYP", "MTFCC")
    table, notes = read_vector(path, what=what, kinds={"LineString"}, columns=columns, layer=layer)
    if "MTFCC" not in table:
        raise TableError(f"{path.name} has no column MTFCC (class of road), so it is not {what}.")
    bad = ~table["MTFCC"].astype("str").str.fullmatch(r"[A-Z]\d{4}")
    if bad.any():
        raise TableError(f"{path.name}: {int(bad.sum()):,} rows have no class of road (MTFCC such as S1400).")
    for name in columns:
        if name not in table:
            table[name] = None
    if table["LINEARID"].isna().all():
        table["LINEARID"] = [f"{number:08d}" for number in range(len(table))]
        notes.append("The lines have no LINEARID; they were numbered.")
    table = table.rename(columns=dict(zip(columns, ("line_id", "name", "route_type", "mtfcc"), strict=True)))
    table = table[["line_id", "name", "route_type", "mtfcc", "geometry"]].explode(ignore_index=True)
    empty = table.geometry.is_empty | table.geometry.isna()
    if empty.any():
        notes.append(f"Left out: rows without a line, {int(empty.sum()):,}.")
    twice = table.duplicated(["line_id", "mtfcc"]) & table.geometry.to_wkb().duplicated()
    if twice.any():
        notes.append(f"Taken once: lines that two county files share, {int(twice.sum()):,}.")
    return table[~empty & ~twice].sort_values("line_id", kind="stable", ignore_index=True), notes
