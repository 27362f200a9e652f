"""Street worlds with shapes, and the slow way over them: every point really inserted into the graph as a node."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from kcgeo.data.formats.streets.street_table import Streets, Ways, noded
from kcgeo.travel import Network, street_network
from kcgeo.travel.edges import NEVER

nx = pytest.importorskip("networkx", reason="the slow version needs networkx (extra dev)")

ACCESS_KMH = 20.0
LON, LAT = -94.5, 39.0
STEP = 0.001
"""Degrees of one step of a world's grid: about 87 m to the east and 111 m to the north."""

Way = tuple[Sequence[tuple[float, float]], float, float]


def world(*ways: Way, mode: str = "drive", classes: Sequence[str] = ()) -> Streets:
    """Make streets of lines in steps from the middle, each with km/h there and back."""
    vertices = sorted({vertex for line, _, _ in ways for vertex in line})
    names = tuple(sorted({"residential", *classes}))
    return noded(
        Ways(
            refs=np.array([vertices.index(vertex) for line, _, _ in ways for vertex in line], dtype=np.int64),
            begins=np.concatenate([[0], np.cumsum([len(line) for line, _, _ in ways])]).astype(np.int64),
            kmh=np.array([there for _, there, _ in ways], dtype=np.float32),
            kmh_back=np.array([back for _, _, back in ways], dtype=np.float32),
            road_class=np.array(
                [names.index(classes[row] if classes else "residential") for row in range(len(ways))], dtype=np.uint8
            ),
            classes=names,
            vertex_id=np.array([f"{x:g},{y:g}" for x, y in vertices]),
            lon_lat=np.array([(LON + x * STEP, LAT + y * STEP) for x, y in vertices]),
        ),
        mode=mode,
    )


def places(*xy: tuple[float, float], key: str = "place_id", prefix: str = "p") -> gpd.GeoDataFrame:
    """Points in steps from the middle."""
    return gpd.GeoDataFrame(
        {key: [f"{prefix}{number:02d}" for number in range(len(xy))]},
        geometry=[Point(LON + x * STEP, LAT + y * STEP) for x, y in xy],
        crs="EPSG:4326",
    )


@st.composite
def street_worlds(draw: st.DrawFn) -> tuple[Streets, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """A few bent streets between the corners of a grid, one way or both, and points beside and on them."""
    corner = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda at: (4.0 * at[0], 4.0 * at[1]))
    speed = st.sampled_from([0.0, 20.0, 30.0, 50.0, 90.0])
    ways = draw(
        st.lists(
            st.tuples(st.lists(corner, min_size=2, max_size=4), speed, speed).filter(
                lambda way: len(set(way[0])) > 1 and max(way[1:]) > 0
            ),
            min_size=1,
            max_size=7,
        )
    )
    spot = st.tuples(st.integers(-4, 52).map(lambda at: at / 4), st.integers(-4, 52).map(lambda at: at / 4))
    starts, goals = draw(st.lists(spot, min_size=1, max_size=6)), draw(st.lists(spot, min_size=1, max_size=5))
    return world(*ways), places(*starts), places(*goals, key="service_id", prefix="s")


def slow_minutes(network: Network, origins: gpd.GeoDataFrame, goals: gpd.GeoDataFrame) -> dict[tuple[str, str], float]:
    """Minutes between all pairs: each street is cut at the points on it, and each point hangs on its cut."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.node_ids)))
    cuts: dict[int, list[tuple[float, tuple[str, str]]]] = {}
    for kind, table in (("from", origins), ("to", goals)):
        for name, shape in zip(table.iloc[:, 0], table.geometry, strict=True):
            edge, share, metres = _nearest(network, shape)
            if metres > network.max_snap_m:
                continue
            at = (kind, name)
            cuts.setdefault(edge, []).append((share, at))
            leg = round(metres * 3_600 / network.edges.access_kmh)
            door = ("door", *at)
            graph.add_edge(*((door, at) if kind == "from" else (at, door)), ms=leg)
    for edge in range(len(network.edges.tails)):
        _cut(graph, network, edge, sorted(cuts.get(edge, [])))
    found = {}
    for name in origins.iloc[:, 0]:
        if ("door", "from", name) in graph:
            reached = nx.single_source_dijkstra_path_length(graph, ("door", "from", name), weight="ms")
            found |= {(name, node[2]): ms / 60_000 for node, ms in reached.items() if _is_goal(node)}
    return found


def _is_goal(node: object) -> bool:
    return isinstance(node, tuple) and node[:2] == ("door", "to")


def _cut(graph, network: Network, edge: int, inside: list[tuple[float, tuple[str, str]]]) -> None:
    edges = network.edges
    tail, head = int(edges.tails[edge]), int(edges.heads[edge])
    there, back = int(edges.there_ms[edge]), int(edges.back_ms[edge])
    stops = [(0.0, tail), *inside, (1.0, head)]
    for (share, one), (further, other) in itertools.pairwise(stops):
        if there < NEVER:
            graph.add_edge(one, other, ms=round(further * there) - round(share * there))
        if back < NEVER:
            graph.add_edge(other, one, ms=round((1 - share) * back) - round((1 - further) * back))
    same = [stop for stop in stops if stop[0] in (0.0, 1.0)]
    groups = [[stop for stop in same if stop[0] == end] for end in (0.0, 1.0)]
    groups += [[stop for stop in inside if stop[0] == share] for share, _ in inside]
    for group in groups:  # points at one place are at one another's, and at the junction where there is one
        for _, one in group:
            for _, other in group:
                if one != other:
                    graph.add_edge(one, other, ms=0)


def _nearest(network: Network, shape: Point) -> tuple[int, float, float]:
    """Look at each street in turn."""
    edges = network.edges
    plane = edges._plane  # the same plane: what is compared is the search, not the map projection
    spot = Point(plane.transform(shape.x, shape.y))
    best = (np.inf, -1, 0.0)
    for edge in range(len(edges.tails)):
        xy = edges.line_xy[edges.line_at[edge] : edges.line_at[edge + 1]]
        line = LineString(np.column_stack(plane.transform(xy[:, 0], xy[:, 1])))
        metres = line.distance(spot)
        if metres < best[0]:
            along = line.project(spot)
            along = 0.0 if along <= 0.05 else line.length if along >= line.length - 0.05 else along
            best = (metres, edge, along / line.length)
    return best[1], best[2], best[0]


def one_way_block() -> Network:
    """A block of 4 x 4 steps driven anticlockwise at 36 km/h, with a two-way lane out to the east at 18 km/h."""
    corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]
    return street_network(world((corners, 36.0, 0.0), ([(4.0, 0.0), (8.0, 0.0)], 18.0, 18.0)), access_kmh=ACCESS_KMH)
