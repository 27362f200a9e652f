"""Corridors traced along a graph of roads through a few points, for places whose corridors are not packaged.

The shortest way along the graph through the points is the line. It is cut at the state lines and clipped to the
study. Where mileposts are given they calibrate the line of their state; elsewhere miles are counted along the line,
from its west or south end inside the study, and say so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree
from shapely.ops import substring

from kcgeo.crs import STORAGE
from kcgeo.data.roads import linear
from kcgeo.data.study.settings import Route
from kcgeo.errors import StudyError, raise_all

__all__ = [
    "MILEPOSTS",
    "MILES_ALONG",
    "NEAR_KM",
    "SHORTEST_M",
    "Piece",
    "Roads",
    "Way",
    "end_to_end",
    "graph_of_edges",
    "graph_of_lines",
    "pieces",
    "rising",
    "through",
]

MILEPOSTS = "mileposts"
MILES_ALONG = "miles along the line, not mileposts"

SHORTEST_M = 800.0
"""A piece of a corridor under half a mile touches the border of the study: it is left out."""

STEP_M = 2_000.0
"""Longest step between vertices, so that straight in degrees and straight in metres are the same within 0.1 m."""

NEAR_KM = 8.0
"""A point farther than this from the graph is refused; links are straight, up to 5 km off a winding road."""

_CHOICE_KM = 2.0  # a rounded point may mean any road this near to it
_CHOICES = 8
_ASIDE = 3.0  # a metre between a point and its road weighs as much as three metres of road
_SAME_PLACE_M = 1e-6
_JOINT_M = 60.0  # ends of lines this near to one another are joined

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Roads:
    """A graph of roads in metres: ``xy`` of its nodes, and for each link both ends, its length and its line."""

    xy: _Floats
    tails: npt.NDArray[np.intp]
    heads: npt.NDArray[np.intp]
    length_m: _Floats
    lines: npt.NDArray[np.object_]


def graph_of_edges(nodes: gpd.GeoDataFrame, edges: pd.DataFrame, crs: str) -> Roads:
    """Make a graph of the highway tables; links are straight, their length is the measured one."""
    points = nodes.geometry.to_crs(crs)
    xy = np.column_stack([points.x, points.y])
    at = pd.Index(nodes["node_id"])
    tails, heads = (at.get_indexer(pd.Index(edges[key])) for key in ("from_node_id", "to_node_id"))
    lines = shapely.linestrings(np.stack([xy[tails], xy[heads]], axis=1))
    return Roads(
        xy, tails, heads, 1000 * edges["length_km"].to_numpy(dtype=np.float64), np.asarray(lines, dtype=object)
    )


def graph_of_lines(lines: gpd.GeoSeries, crs: str) -> Roads:
    """Make a graph of lines that meet at their ends, such as TIGER roads; gaps of a carriageway's width are closed."""
    parts = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(_pieces(lines, crs))))
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    xy = shapely.get_coordinates(ends)
    gaps = np.array(sorted(KDTree(xy).query_pairs(_JOINT_M)), dtype=np.intp).reshape(-1, 2)
    joints = np.asarray(shapely.linestrings(np.stack([xy[gaps[:, 0]], xy[gaps[:, 1]]], axis=1)), dtype=object)
    count = len(parts)
    return Roads(
        xy,
        np.concatenate([np.arange(count), gaps[:, 0]]),
        np.concatenate([np.arange(count, 2 * count), gaps[:, 1]]),
        np.concatenate([shapely.length(parts), shapely.length(joints)]),
        np.concatenate([np.asarray(parts, dtype=object), joints]),
    )


def _pieces(lines: gpd.GeoSeries, crs: str) -> npt.NDArray[np.object_]:
    parts = shapely.get_parts(lines.to_crs(crs).to_numpy())
    return np.asarray(parts[shapely.length(parts) > 0], dtype=object)


class Way(NamedTuple):
    """A line in metres, and the metres of road from its start to each vertex: straight links are longer than drawn."""

    line: shapely.LineString
    along_m: _Floats


def through(roads: Roads, points: _Floats, *, route: str) -> Way:
    """Trace the shortest way along a graph through points, in their order.

    A point stands for the spots of the links around it: among those within two kilometres (else the nearest) the way
    takes the ones that make it short without leaving the points aside.

    Parameters
    ----------
    roads
        The graph.
    points
        Coordinates in metres, shape (points, 2).
    route
        For messages.

    Raises
    ------
    StudyError
        A point is farther than ``NEAR_KM`` from the graph, or two that follow one another are not connected.
    """
    roads, choices = _with_choices(roads, points, route)
    starts = sorted({int(node) for nodes in choices[:-1] for node in nodes})
    row = np.zeros(len(roads.xy), dtype=np.intp)
    row[starts] = np.arange(len(starts))
    metres, before = dijkstra(_matrix(roads), directed=False, indices=starts, return_predecessors=True)
    cost = [_ASIDE * np.hypot(*(roads.xy[nodes] - point).T) for nodes, point in zip(choices, points, strict=True)]
    best, back = cost[0], []
    for leg, (here, there) in enumerate(itertools.pairwise(choices)):
        way = metres[row[here]][:, there] + best[:, None]
        if not np.isfinite(way).any():
            raise StudyError(
                f"{route}: points {leg + 1} and {leg + 2} are not connected on the highway graph; "
                "move them onto one road, or add the layer corridors (kcgeo data add)."
            )
        back.append(way.argmin(axis=0))
        best = way.min(axis=0) + cost[leg + 1]
    chosen = [int(best.argmin())]
    for found in reversed(back):
        chosen.insert(0, int(found[chosen[0]]))
    stops = [int(nodes[pick]) for nodes, pick in zip(choices, chosen, strict=True)]
    path = [stops[0]]
    for start, end in itertools.pairwise(stops):
        leg_back = [end]
        while leg_back[-1] != start:
            leg_back.append(int(before[row[start], leg_back[-1]]))
        path += leg_back[::-1][1:]
    return _line(roads, _without_spurs(path), route)


def end_to_end(roads: Roads, *, route: str) -> Way:
    """Trace a route from its one end to the other, where the graph holds that route alone.

    Ends are the west and east, or south and north, of its largest connected piece, by the parity of its number.
    """
    if not len(roads.xy):
        raise StudyError(f"The layer corridors holds no line of {route} near the study.")
    longest = roads.lines[roads.length_m.argmax()]
    if longest.is_ring:  # a ring road has no ends: it begins where its line does
        return Way(longest, linear.measured_m(longest))
    _, piece = connected_components(_matrix(roads), directed=False)
    weight = np.bincount(piece[roads.tails], weights=roads.length_m)
    nodes = np.flatnonzero(piece == weight.argmax())
    axis = 0 if int("".join(mark for mark in route if mark.isdigit()) or 0) % 2 == 0 else 1
    at = roads.xy[nodes, axis]
    return through(roads, roads.xy[[nodes[at.argmin()], nodes[at.argmax()]]], route=route)


def _with_choices(roads: Roads, points: _Floats, route: str) -> tuple[Roads, list[npt.NDArray[np.intp]]]:
    """Put the spots of the links that each point may stand for into the graph as nodes."""
    tree = shapely.STRtree(roads.lines)
    problems, owner, link = [], [], []
    spots = np.asarray(shapely.points(points), dtype=object)
    for number, spot in enumerate(spots):
        near = tree.query(spot, predicate="dwithin", distance=1000 * NEAR_KM)
        metres = shapely.distance(roads.lines[near], spot)
        order = np.argsort(metres, kind="stable")[:_CHOICES]
        if not len(order):
            nearest = tree.nearest(spot)
            away = (
                "which is empty" if nearest is None else f"{spot.distance(roads.lines[nearest]) / 1000:.0f} km from it"
            )
            problems.append(
                f"{route}: point {number + 1} is far from the highway graph around the study ({away}); move it onto "
                "the road, or leave it out where it lies more than 80 km from the counties."
            )
            continue
        kept = near[order][metres[order] <= max(float(metres[order[0]]), 1000 * _CHOICE_KM)]
        link += kept.tolist()
        owner += [number] * len(kept)
    raise_all(problems, StudyError)
    links, owners = np.array(link, dtype=np.intp), np.array(owner)
    share = shapely.line_locate_point(roads.lines[links], spots[owners], normalized=True)
    split, nodes = _split(roads, links, share)
    return split, [np.unique(nodes[owners == number]) for number in range(len(points))]


def _split(roads: Roads, links: npt.NDArray[np.intp], share: _Floats) -> tuple[Roads, npt.NDArray[np.intp]]:
    """Add nodes on links at shares of their length; return them in the order given."""
    nodes = np.arange(len(links), dtype=np.intp) + len(roads.xy)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(roads.lines[links], share, normalized=True))
    whole = np.setdiff1d(np.arange(len(roads.lines)), links)
    tails, heads = roads.tails[whole].tolist(), roads.heads[whole].tolist()
    length_m, lines = roads.length_m[whole].tolist(), roads.lines[whole].tolist()
    for link in np.unique(links):
        own = np.flatnonzero(links == link)
        own = own[np.argsort(share[own], kind="stable")]
        chain = [int(roads.tails[link]), *nodes[own].tolist(), int(roads.heads[link])]
        for step, (start, end) in enumerate(itertools.pairwise([0.0, *share[own].tolist(), 1.0])):
            tails.append(chain[step])
            heads.append(chain[step + 1])
            length_m.append(float(roads.length_m[link]) * (end - start))
            lines.append(substring(roads.lines[link], start, end, normalized=True))
    made = np.empty(len(lines), dtype=object)
    made[:] = lines
    ends = np.array(tails, dtype=np.intp), np.array(heads, dtype=np.intp)
    return Roads(np.vstack([roads.xy, xy]), *ends, np.array(length_m, dtype=np.float64), made), nodes


def _matrix(roads: Roads) -> csr_array:
    """Lengths as a sparse matrix; of two links between the same nodes the shorter counts, and none has length 0."""
    low, high = np.minimum(roads.tails, roads.heads), np.maximum(roads.tails, roads.heads)
    table = pd.DataFrame({"low": low, "high": high, "metres": np.maximum(roads.length_m, 1e-3)})
    table = table[table["low"] != table["high"]].sort_values(["low", "high", "metres"])
    table = table.drop_duplicates(["low", "high"])
    count = len(roads.xy)
    return csr_array((table["metres"].to_numpy(), (table["low"], table["high"])), shape=(count, count))


def _without_spurs(path: list[int]) -> list[int]:
    """Leave out ways to a point and back by the same road."""
    kept: list[int] = []
    for node in path:
        if kept and kept[-1] == node:
            continue
        if len(kept) >= 2 and kept[-2] == node:
            kept.pop()
            continue
        kept.append(node)
    return kept


def _line(roads: Roads, path: list[int], route: str) -> Way:
    """Join the lines of the links along a path; the length of a link is spread evenly over its line."""
    order = np.argsort(-roads.length_m, kind="stable")  # the last write wins: the shortest of parallel links
    ends = zip(roads.tails[order].tolist(), roads.heads[order].tolist(), strict=True)
    link = {frozenset(pair): int(at) for pair, at in zip(ends, order, strict=True)}
    parts, metres = [], []
    for one, other in itertools.pairwise(path):
        at = link[frozenset((one, other))]
        line = roads.lines[at]
        if line.geom_type != "LineString":  # a part without length
            continue
        line = shapely.segmentize(line, STEP_M)
        xy = shapely.get_coordinates(line if int(roads.tails[at]) == one else shapely.reverse(line))
        parts.append(xy)
        drawn = np.hypot(*np.diff(xy, axis=0).T)
        metres += [[0.0], drawn * (roads.length_m[at] / drawn.sum() if drawn.sum() else 1.0)]
    if not parts:
        raise StudyError(f"{route}: its points stand for one spot; give points farther apart.")
    xy, along_m = np.vstack(parts), np.cumsum(np.concatenate(metres))
    moved = np.concatenate([[True], np.hypot(*np.diff(xy, axis=0).T) > _SAME_PLACE_M])
    return Way(shapely.LineString(xy[moved]), along_m[moved])


def rising(way: Way, route: str) -> Way:
    """Turn a way towards rising miles: east on even numbers, north on odd ones."""
    first, last = shapely.get_coordinates(way.line)[[0, -1]]
    axis = 0 if int("".join(mark for mark in route if mark.isdigit()) or 0) % 2 == 0 else 1
    return way if last[axis] >= first[axis] else _turned(way)


def _turned(way: Way) -> Way:
    return Way(shapely.reverse(way.line), way.along_m[-1] - way.along_m[::-1])


class Piece(NamedTuple):
    """A stretch of a corridor in one state: its line in metres towards rising miles, and the mile of each vertex."""

    state: str
    line: shapely.LineString
    vertex_mi: _Floats
    mile_basis: str


def pieces(way: Way, route: Route, states: Mapping[str, shapely.Geometry], crs: str) -> list[Piece]:
    """Cut a traced way at the state lines, clip it to the study and give each vertex its mile.

    Parameters
    ----------
    way
        Towards rising miles.
    route
        Its mileposts calibrate the miles of their states.
    states
        The study's land in each state, in metres.
    crs
        Of the metres.

    Raises
    ------
    StudyError
        A milepost is off the line, of a state that the line does not pass, or the numbers go both ways.
    """
    inside = {state: linear.stretches(way.line, area, shortest_m=SHORTEST_M) for state, area in states.items()}
    inside = {state: found for state, found in inside.items() if found}
    if not inside:
        raise StudyError(f"{route.route}: the traced line does not pass through the counties of the study.")
    known = _anchors(way, route, crs, set(inside))
    first_m = float(np.interp(min(found[0][0] for found in inside.values()), linear.measured_m(way.line), way.along_m))
    made = []
    for state, found in sorted(inside.items()):
        here, vertex_mi, turned = _miles(way, known.get(state), first_m, found[0][0])
        basis = MILEPOSTS if state in known else MILES_ALONG
        length = way.line.length
        for start, end in [(length - b, length - a) for a, b in found] if turned else found:
            made.append(Piece(state, *linear.between(here.line, vertex_mi, start, end), basis))
    return made


def _with_vertices(way: Way, at_m: _Floats) -> Way:
    """Make known mileposts vertices, since miles change their length there; the shape stays."""
    xy = shapely.get_coordinates(way.line)
    inside = at_m[(at_m > 0) & (at_m < way.along_m[-1])]
    new = inside[np.abs(inside[:, None] - way.along_m[None, :]).min(axis=1) > 1000 * _SAME_PLACE_M]
    every = np.concatenate([way.along_m, new])
    order = np.argsort(every, kind="stable")
    added = np.column_stack([np.interp(new, way.along_m, xy[:, axis]) for axis in (0, 1)])
    return Way(shapely.LineString(np.vstack([xy, added])[order]), every[order])


def _miles(
    way: Way, anchors: tuple[_Floats, _Floats] | None, first_m: float, start_m: float
) -> tuple[Way, _Floats, bool]:
    """Give every vertex its mile; turn the way where the known numbers fall along it, and say so."""
    if anchors is None:
        return way, (way.along_m - first_m) / linear.MILE_M, False
    at_m, miles = anchors
    turned = bool(miles[0] > miles[-1])
    if turned:
        at_m, miles, way = way.along_m[-1] - at_m[::-1], miles[::-1], _turned(way)
    begin_m = float(np.interp(start_m, linear.measured_m(way.line), way.along_m))
    if not turned and (at_m[0] - begin_m) / linear.MILE_M > miles[0] > 0:
        # mile for mile the state would begin under 0, and no milepost does: it begins at 0
        at_m, miles = np.concatenate([[begin_m], at_m]), np.concatenate([[0.0], miles])
    way = _with_vertices(way, at_m)
    return way, linear.along(way.along_m / linear.MILE_M, at_m / linear.MILE_M, miles), turned


def _anchors(way: Way, route: Route, crs: str, passed: set[str]) -> dict[str, tuple[_Floats, _Floats]]:
    """Metres along the way and milepost of each known point, by state."""
    problems, known = [], {}
    for state in sorted({state for *_, state in route.mileposts}):
        if state not in passed:
            problems.append(f"{route.route} has mileposts in {state}, where it does not pass through the study.")
            continue
        rows = [row for row in route.mileposts if row[3] == state]
        spots = gpd.GeoSeries.from_xy([row[0] for row in rows], [row[1] for row in rows], crs=STORAGE).to_crs(crs)
        off = shapely.distance(spots.to_numpy(), way.line) > 1000 * _CHOICE_KM
        problems += [
            f"{route.route}: the point of milepost {row[2]:g} {state} lies over {_CHOICE_KM:g} km from the traced line."
            for row, far in zip(rows, off, strict=True)
            if far
        ]
        drawn_m = shapely.line_locate_point(way.line, spots.to_numpy())
        order = np.argsort(drawn_m)
        at_m = np.interp(drawn_m[order], linear.measured_m(way.line), way.along_m)
        miles = np.array([row[2] for row in rows])[order]
        steps = np.diff(miles)
        if not ((steps > 0).all() or (steps < 0).all()) or (np.diff(at_m) <= 0).any():
            problems.append(
                f"{route.route}: the mileposts in {state} neither rise nor fall along the line; check them."
            )
        known[state] = (at_m, miles)
    raise_all(problems, StudyError)
    return known
