"""Streets with their shape: a point joins the nearest street at the nearest point on it, not the nearest junction.

From there it goes on along the street in each permitted direction, which takes the rest of the street's time; to get
there it takes the straight line at a stated access speed. Motorways have no side access. Where the nearest point is a
junction (within 5 cm) the point is at the junction and may take all its streets.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from kcgeo import crs as systems
from kcgeo.travel.arcs import LONGEST_MS

__all__ = ["ACCESS_KMH", "NEVER", "Edges", "Joins", "Times"]

ACCESS_KMH = {"drive": 20.0, "walk": 4.8}
"""Speed from a place to the street it joins, on the straight line: an assumption."""

NEVER = 2 * LONGEST_MS
"""Milliseconds that stand for a way that may not be taken; they can be added without overflow in 64 bits."""

_AT_JUNCTION_M = 0.05
_BLOCK_M = 500.0
_KNOWN_COUNT = 8

Times = npt.NDArray[np.int64]


class Joins(NamedTuple):
    """Where points join the edges, one row a point; ``edge`` is -1 for a point off the network.

    ``ends`` are the nodes at tail and head of the edge, ``out_ms`` the time from the point to each, ``in_ms`` the time
    from each to the point, all with the access leg and ``NEVER`` where that is not allowed. ``there_ms`` and
    ``back_ms`` are the times from tail and from head to the place on the edge, without the access leg, at ``share`` of
    its length.
    """

    edge: npt.NDArray[np.intp]
    share: npt.NDArray[np.float64]
    metres: npt.NDArray[np.float64]
    access_ms: Times
    ends: npt.NDArray[np.intp]
    out_ms: Times
    in_ms: Times
    there_ms: Times
    back_ms: Times

    def rows(self, at: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Joins:
        """Return some of the points."""
        return Joins._make(values[at] for values in self)


@dataclass(frozen=True, eq=False)
class Edges:
    """The shapes of a network's streets, one row a street whether it may be used one way or both.

    Attributes
    ----------
    tails, heads
        Positions of its ends among the nodes.
    there_ms, back_ms
        Milliseconds from tail to head and from head to tail; ``NEVER`` where that is not allowed.
    line_at, line_xy
        Polyline of street i: rows ``line_at[i]:line_at[i + 1]``, longitude and latitude.
    has_side_access
        False where no place joins: motorways.
    is_highway
        Motorways and trunk roads: a point of a corridor's line may stand on them.
    arc_is_highway
        The same for each arc of the network.
    access_kmh
        Speed on the straight line from a place to its street.
    """

    tails: npt.NDArray[np.intp]
    heads: npt.NDArray[np.intp]
    there_ms: Times
    back_ms: Times
    line_at: npt.NDArray[np.int64]
    line_xy: npt.NDArray[np.float64]
    has_side_access: npt.NDArray[np.bool_]
    is_highway: npt.NDArray[np.bool_]
    arc_is_highway: npt.NDArray[np.bool_]
    access_kmh: float

    @cached_property
    def _plane(self) -> Transformer:
        """A transverse Mercator plane through the middle of the streets: metres hold to 1 in 1,000 over 300 km."""
        lon, lat = (self.line_xy.min(axis=0) + self.line_xy.max(axis=0)) / 2
        return Transformer.from_crs(
            systems.STORAGE, f"+proj=tmerc +lon_0={lon:.4f} +lat_0={lat:.4f} +datum=WGS84 +units=m", always_xy=True
        )

    @cached_property
    def lines(self) -> npt.NDArray[np.object_]:
        """The streets as lines in the plane."""
        xy = np.column_stack(self._plane.transform(self.line_xy[:, 0], self.line_xy[:, 1]))
        row = np.repeat(np.arange(len(self.tails)), np.diff(self.line_at))
        return np.asarray(shapely.linestrings(xy, indices=row), dtype=object)

    @cached_property
    def places(self) -> tuple[npt.NDArray[np.intp], shapely.STRtree]:
        """The streets that places join, by number, and a tree of their lines."""
        kept = np.flatnonzero(self.has_side_access)
        return kept, shapely.STRtree(self.lines[kept])

    @cached_property
    def _highways(self) -> tuple[npt.NDArray[np.intp], shapely.STRtree]:
        kept = np.flatnonzero(self.is_highway)
        return kept, shapely.STRtree(self.lines[kept])

    def _shapes(self, points: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
        xy = np.column_stack(self._plane.transform(points.geometry.x.to_numpy(), points.geometry.y.to_numpy()))
        return np.asarray(shapely.points(xy.reshape(-1, 2)), dtype=object)

    def nearest(self, points: gpd.GeoDataFrame, *, max_snap_m: float) -> Joins:
        """Join each point to its nearest street; of streets equally near, the first in the table.

        The last few answers are kept: a study asks for the same places again and again.
        """
        lon_lat = np.column_stack([points.geometry.x, points.geometry.y])
        key = (max_snap_m, hashlib.sha256(lon_lat.tobytes()).digest())
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        shapes = self._shapes(points)
        joined = self._joins(shapes, self._nearest_edges(shapes), max_snap_m=max_snap_m, is_on=False)
        for values in joined:
            values.setflags(write=False)
        self._known[key] = joined
        while len(self._known) > _KNOWN_COUNT:
            self._known.popitem(last=False)
        return joined

    def nearest_in_plane(self, xy: npt.NDArray[np.float64], *, max_snap_m: float) -> Joins:
        """Join places given in the plane of :attr:`lines`; the answer is not kept."""
        shapes = np.asarray(shapely.points(xy), dtype=object)
        return self._joins(shapes, self._nearest_edges(shapes), max_snap_m=max_snap_m, is_on=False)

    def to_globe(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[Any, Any]:
        """Return longitude and latitude of places in the plane."""
        lon, lat = self._plane.transform(x, y, direction="INVERSE")
        return lon, lat

    @cached_property
    def _known(self) -> OrderedDict[tuple[float, bytes], Joins]:
        return OrderedDict()

    def _nearest_edges(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
        kept, tree = self.places
        edge = np.full(len(shapes), len(self.tails), dtype=np.intp)
        if len(kept) and len(shapes):
            # neighbours one after the other: the tree's boxes stay in the cache of the processor, twice as fast
            order = np.lexsort((shapely.get_y(shapes) // _BLOCK_M, shapely.get_x(shapes) // _BLOCK_M))
            row, found = tree.query_nearest(shapes[order])
            np.minimum.at(edge, order[row], kept[found])
        edge[edge == len(self.tails)] = -1
        return edge

    def on_highways(
        self, points: gpd.GeoDataFrame, *, within_m: float, beside_m: float
    ) -> tuple[npt.NDArray[np.intp], Joins]:
        """Join each point to the highway it stands on, and to the carriageways beside it; no access leg.

        Returns
        -------
        rows, joins
            The row of the point, several times where it has several carriageways, and one join for each.
        """
        kept, tree = self._highways
        shapes = self._shapes(points)
        if not len(kept) or not len(shapes):
            return np.empty(0, dtype=np.intp), self._joins(shapes[:0], np.empty(0, dtype=np.intp), is_on=True)
        row, found = tree.query(shapes, predicate="dwithin", distance=within_m)
        metres = np.asarray(shapely.distance(shapes[row], self.lines[kept[found]]))
        least = np.full(len(shapes), np.inf)
        np.minimum.at(least, row, metres)
        beside = metres <= least[row] + beside_m
        row, found = row[beside], found[beside]
        order = np.lexsort((found, row))
        row, edge = row[order], kept[found[order]]
        return row, self._joins(shapes[row], edge, is_on=True)

    def _joins(
        self,
        shapes: npt.NDArray[np.object_],
        edge: npt.NDArray[np.intp],
        *,
        max_snap_m: float = np.inf,
        is_on: bool,
    ) -> Joins:
        """Work out both partial times of each point on its edge."""
        known = edge >= 0
        at = np.where(known, edge, 0)
        share, metres = np.zeros(len(edge)), np.full(len(edge), np.nan)
        if known.any():
            lines = self.lines[at]
            length = np.asarray(shapely.length(lines))
            along = np.asarray(shapely.line_locate_point(lines, shapes))
            along = np.where(along <= _AT_JUNCTION_M, 0.0, np.where(along >= length - _AT_JUNCTION_M, length, along))
            share = np.divide(along, length, out=np.zeros(len(edge)), where=length > 0)
            metres = np.where(known, shapely.distance(lines, shapes), np.nan)
        edge = np.where(known & ~(metres > max_snap_m), edge, -1)
        access = np.zeros(len(edge)) if is_on else np.nan_to_num(metres) * 3_600.0 / self.access_kmh
        access_ms = np.minimum(np.rint(access), LONGEST_MS).astype(np.int64)
        if not len(self.tails):
            return Joins(edge, share, metres, access_ms, *(np.zeros((0, 2), np.intp),) * 3, *(access_ms,) * 2)
        return self._timed(edge, at, share, metres, access_ms)

    def _timed(
        self,
        edge: npt.NDArray[np.intp],
        at: npt.NDArray[np.intp],
        share: npt.NDArray[np.float64],
        metres: npt.NDArray[np.float64],
        access_ms: Times,
    ) -> Joins:
        there, back = self.there_ms[at], self.back_ms[at]
        goes, returns = there < NEVER, back < NEVER
        there_ms = np.where(goes, np.rint(share * there), NEVER).astype(np.int64)
        back_ms = np.where(returns, np.rint((1.0 - share) * back), NEVER).astype(np.int64)
        in_ms = np.column_stack([there_ms, back_ms])
        out_ms = np.column_stack([np.where(returns, back - back_ms, NEVER), np.where(goes, there - there_ms, NEVER)])
        for end, is_at in ((0, share <= 0.0), (1, share >= 1.0)):
            in_ms[is_at, end] = out_ms[is_at, end] = 0
        ends = np.column_stack([self.tails[at], self.heads[at]])
        in_ms, out_ms = (self._at_door(times, ends, access_ms, edge >= 0) for times in (in_ms, out_ms))
        return Joins(edge, share, metres, access_ms, ends, out_ms, in_ms, there_ms, back_ms)

    @staticmethod
    def _at_door(times: Times, ends: npt.NDArray[np.intp], access_ms: Times, known: npt.NDArray[np.bool_]) -> Times:
        """Add the access leg; a street that ends where it begins counts once, and a point off the network never."""
        total: Times = np.minimum(times + access_ms[:, None], NEVER)
        loop = ends[:, 0] == ends[:, 1]
        total[loop, 0] = total[loop].min(axis=1)
        total[loop, 1] = NEVER
        total[~known] = NEVER
        return total
