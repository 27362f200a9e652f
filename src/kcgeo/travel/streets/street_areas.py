"""The land beside streets that is within some minutes: squares that are proved, and a line between the rest.

Every place joins its nearest street, so a band is bounded by the reach of access legs and by the lines half way
between streets of which one is in time. The plane is cut into squares. A street can be the nearest one of some place in
a square only where it is hardly farther from the centre than the nearest one there; where all such streets are in time
at their slowest, the square is inside, where none is at its fastest, it is outside, and all others are cut into four.
In the smallest squares the line is found by halving between places that are measured one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from kcgeo.travel.edges import NEVER, Edges, Joins, Times
from kcgeo.travel.network import Network
from kcgeo.travel.streets.joining import at_points, from_nodes

__all__ = ["street_bands"]

Floats = npt.NDArray[np.float64]

_LEAST_M = 4.0  # side of the smallest squares
_SMALLEST_SHARE = 1 / 4096  # of the region, where that is more
_HALVINGS = 14
_ROUNDING_MS = 3  # partial times are rounded to a millisecond
_SQUARES = 4_096  # proved at once
_PIECE_M = 50.0
_AT_END = 1e-3


class _Field(NamedTuple):
    """Times to (or from) some points: at the nodes, and so at every place."""

    edges: Edges
    max_snap_m: float
    ahead: Times
    goals: Joins
    backward: bool

    def at(self, xy: Floats) -> Times:
        """Milliseconds at places of the plane, exactly as for any other place."""
        places = self.edges.nearest_in_plane(xy, max_snap_m=self.max_snap_m)
        return at_points(self.ahead, places, self.goals, away=not self.backward)

    def pieces(self) -> _Pieces:
        """Cut the streets that places join into short straight pieces, and bound the times on each."""
        edges = self.edges
        kept, _ = edges.places
        xy, row = shapely.get_coordinates(shapely.segmentize(edges.lines[kept], _PIECE_M), return_index=True)
        same = np.flatnonzero(row[1:] == row[:-1])
        street, ends = kept[row[same]], np.stack([xy[same], xy[same + 1]], axis=1)
        metres = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
        ahead_m = np.cumsum(metres)
        first = np.searchsorted(row[same], np.arange(len(kept)))
        begin = (ahead_m - metres) - (ahead_m - metres)[first][row[same]]
        length = np.maximum(shapely.length(edges.lines[street]), 1e-9)
        low, high = begin / length, np.minimum((begin + metres) / length, 1)
        there, back = (edges.there_ms, edges.back_ms)[:: -1 if self.backward else 1]
        tail, head = self.ahead[edges.tails[street]], self.ahead[edges.heads[street]]
        there, back = (np.where(ms[street] < NEVER, ms[street], np.inf) for ms in (there, back))
        # no share is 0 here: 0 times a way that is forbidden is nothing
        fastest = np.minimum(tail + there * (low + 1e-12), head + back * (1 - high + 1e-12))
        # at a junction a place takes each street there, whichever way this one leads
        fastest = np.minimum(fastest, np.where(low <= _AT_END, tail, NEVER))
        fastest = np.minimum(fastest, np.where(high >= 1 - _AT_END, head, NEVER))
        fastest[np.isin(street, self.goals.edge)] = 0
        slowest = np.minimum(tail + there * (high + 1e-12), head + back * (1 - low + 1e-12))
        lines = np.asarray(shapely.linestrings(ends), dtype=object)
        return _Pieces(lines, shapely.STRtree(lines), fastest - _ROUNDING_MS, slowest + _ROUNDING_MS)


class _Pieces(NamedTuple):
    """Short pieces of streets, and milliseconds at the fastest and slowest place of each, without access leg."""

    lines: npt.NDArray[np.object_]
    tree: shapely.STRtree
    fastest: Floats
    slowest: Floats


def street_bands(
    network: Network, groups: Sequence[gpd.GeoDataFrame], limits: Sequence[int], *, backward: bool
) -> list[shapely.MultiPolygon]:
    """Return the land within each limit (milliseconds, rising) of each group of points, in EPSG:4326."""
    assert network.edges is not None
    shapes = []
    for points in groups:
        goals = network.joins(points)
        rows = [np.arange(len(points))]
        ahead = from_nodes(network, goals, rows, limits[-1], engine="auto", away=not backward)[0]
        field = _Field(network.edges, network.max_snap_m, ahead, goals, backward)
        pieces = field.pieces()
        shapes += [_area(field, pieces, limit) for limit in limits]
    return shapes


def _area(field: _Field, pieces: _Pieces, limit: int) -> shapely.MultiPolygon:
    """Cut the region of the streets in time into squares, from large to small."""
    near = pieces.lines[pieces.fastest <= limit]
    if not len(near):
        return shapely.MultiPolygon()
    margin = min(field.max_snap_m, limit * field.edges.access_kmh / 3_600.0) + _LEAST_M
    bounds = shapely.total_bounds(near)
    low, high = bounds[:2] - margin, bounds[2:] + margin
    side = max(_LEAST_M, float((high - low).max()) * _SMALLEST_SHARE)
    corner = np.zeros((1, 2), dtype=np.int64)  # in units of the smallest side
    parts = []
    for level in range(int(np.ceil(np.log2((high - low).max() / side))), -1, -1):
        half = side * 2**level / 2
        centre = low + corner * side + half
        proved = [
            _proved(field, pieces, centre[start : start + _SQUARES], half, limit)
            for start in range(0, len(corner), _SQUARES)
        ]
        inside, outside = (np.concatenate(part) for part in zip(*proved, strict=True))
        parts.append(shapely.box(*(centre[inside] - half).T, *(centre[inside] + half).T))
        corner = corner[~inside & ~outside]
        if level:
            corner = (corner[:, None, :] + 2 ** (level - 1) * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])).reshape(-1, 2)
        if not len(corner):
            break
    parts.append(_cut(field, low + corner * side, side, limit))
    return _on_globe(field.edges, shapely.union_all(np.concatenate(parts)))


def _proved(
    field: _Field, pieces: _Pieces, centre: Floats, half: float, limit: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say which squares are wholly in time and which wholly not."""
    radius, ms_per_m = half * np.sqrt(2), 3_600.0 / field.edges.access_kmh
    spots = np.asarray(shapely.points(centre), dtype=object)
    at, metres = pieces.tree.query_nearest(spots, return_distance=True, all_matches=False)
    nearest_m = np.empty(len(centre))
    nearest_m[at[0]] = metres
    # whatever is nearest at some place of the square is at most this far from its centre
    at, piece = pieces.tree.query(spots, predicate="dwithin", distance=nearest_m + 2 * radius)
    away_m = shapely.distance(spots[at], pieces.lines[piece])
    soon = pieces.fastest[piece] + np.maximum(away_m - radius, 0) * ms_per_m <= limit
    late = pieces.slowest[piece] + (away_m + radius) * ms_per_m + 1 > limit
    some_soon, some_late = np.zeros(len(centre), dtype=bool), np.zeros(len(centre), dtype=bool)
    some_soon[at[soon]] = True
    some_late[at[late]] = True
    inside = ~some_late & (nearest_m + radius <= field.max_snap_m)
    return inside, ~some_soon | (nearest_m - radius > field.max_snap_m)


def _cut(field: _Field, low: Floats, side: float, limit: int) -> npt.NDArray[np.object_]:
    """Cut the smallest squares that are in doubt: four triangles each, along the line where time runs out."""
    if not len(low):
        return np.empty(0, dtype=object)
    corners = low[:, None, :] + side * np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]])
    triangles = corners[:, [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]].reshape(-1, 3, 2)
    known, at = np.unique(triangles.reshape(-1, 2), axis=0, return_inverse=True)
    good = (field.at(known) <= limit)[at.ravel()].reshape(-1, 3)
    count = good.sum(axis=1)
    whole = (count.reshape(-1, 4) == 3).all(axis=1)
    shapes = [shapely.box(*low[whole].T, *(low[whole] + side).T)]
    shapes.append(shapely.polygons(triangles[(count == 3) & ~np.repeat(whole, 4)]))
    for number in (1, 2):
        some, is_good = triangles[count == number], good[count == number]
        odd = np.argmax(is_good if number == 1 else ~is_good, axis=1)
        one, two, three = (some[np.arange(len(some)), (odd + step) % 3] for step in range(3))
        if number == 1:
            ring = [one, _crossed(field, one, two, limit), _crossed(field, one, three, limit)]
        else:
            ring = [two, three, _crossed(field, three, one, limit), _crossed(field, two, one, limit)]
        shapes.append(shapely.polygons(np.stack(ring, axis=1)))
    found: npt.NDArray[np.object_] = np.concatenate(shapes)
    return found


def _crossed(field: _Field, good: Floats, bad: Floats, limit: int) -> Floats:
    """Halve the way from a place in time to one that is not; the last place in time."""
    good, bad = good.copy(), bad.copy()
    for _ in range(_HALVINGS if len(good) else 0):
        middle = (good + bad) / 2
        is_good = field.at(middle) <= limit
        good[is_good], bad[~is_good] = middle[is_good], middle[~is_good]
    return good


def _on_globe(edges: Edges, shape: shapely.Geometry) -> shapely.MultiPolygon:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    shape = shapely.MultiPolygon(polygons)
    return shapely.transform(shape, lambda xy: np.column_stack(edges.to_globe(xy[:, 0], xy[:, 1])))
