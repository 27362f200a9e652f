"""From shapely and H3 to what matplotlib draws: compound paths, dissolved classes of cells, clipped to a panel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import h3
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from pyproj import Transformer

from kcgeo.crs import STORAGE

__all__ = [
    "cell_polygons",
    "cut_cells",
    "dissolve",
    "draw_area",
    "draw_lines",
    "line_path",
    "nested_classes",
    "polygon_path",
]

Geometry = Any  # shapely's classes are untyped in places; every geometry here comes from shapely itself


def cell_polygons(cell_ids: Sequence[str], *, crs: str, within: Geometry | None = None) -> NDArray[Any]:
    """Hexagons of H3 cells in a metric CRS, on a grid of 1 m so that neighbors share their corners exactly.

    Parameters
    ----------
    cell_ids
        H3 cells as hexadecimal text.
    crs
        Metric CRS of the study, e.g. ``EPSG:26915``.
    within
        Area to which the cells at its edge are cut.

    Returns
    -------
    array of Polygon
        In the order of ``cell_ids``.
    """
    rings = [h3.cell_to_boundary(cell) for cell in cell_ids]
    counts = np.array([len(ring) for ring in rings])
    points = np.array([point for ring in rings for point in ring]).reshape(-1, 2)
    x, y = Transformer.from_crs(STORAGE, crs, always_xy=True).transform(points[:, 1], points[:, 0])
    corners = np.round(np.column_stack([x, y]))
    ring_of = np.repeat(np.arange(len(rings)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(int)
    # a linear ring repeats its first corner
    owner = np.concatenate([ring_of, np.arange(len(rings))])
    order = np.argsort(owner, kind="stable")
    closed = np.concatenate([corners, corners[first]])[order]
    polygons = np.asarray(shapely.polygons(shapely.linearrings(closed, indices=owner[order])))
    if within is None:
        return polygons
    return _cut_at_edge(list(cell_ids), polygons, crs, within)


def _cut_at_edge(cell_ids: list[str], polygons: NDArray[Any], crs: str, within: Geometry) -> NDArray[Any]:
    """Cut cells at the edge of an area; what lies between the last cells and the edge goes to a neighbor.

    A cell belongs to an area by its centre, so that the area's edge is ragged by half a cell on either side.
    """
    shapely.prepare(within)
    edge = np.flatnonzero(~shapely.contains_properly(within, polygons))
    # a cell that lacks a neighbor is nearer to the edge than a cell is wide
    deep = shapely.buffer(within, -1.3 * float(np.sqrt(shapely.area(polygons).max(initial=0.0))))
    shapely.prepare(deep)
    known = set(cell_ids)
    owner: dict[str, int] = {}
    for number in np.flatnonzero(~shapely.contains_properly(deep, polygons)).tolist():
        for beside in sorted(h3.grid_ring(cell_ids[number], 1)):
            if beside not in known:
                owner.setdefault(beside, number)
    polygons[edge] = shapely.intersection(polygons[edge], within)
    slivers = shapely.intersection(cell_polygons(list(owner), crs=crs), within) if owner else np.array([])
    for number, sliver in zip(owner.values(), slivers, strict=True):
        if sliver.area > 0:
            polygons[number] = shapely.union(polygons[number], sliver)
    return polygons


@lru_cache(maxsize=2)
def cut_cells(cell_ids: tuple[str, ...], crs: str, outline: Geometry) -> NDArray[Any]:
    """Cells of a surface cut to the study area, kept between the figures of one study; not to be changed."""
    polygons = cell_polygons(cell_ids, crs=crs, within=outline)
    polygons.flags.writeable = False
    return polygons


def dissolve(polygons: NDArray[Any]) -> Geometry:
    """One outline for many polygons that share edges; empty for none."""
    solid = polygons[shapely.area(polygons) > 0] if len(polygons) else polygons
    return shapely.coverage_union_all(solid) if len(solid) else shapely.Polygon()


def nested_classes(polygons: NDArray[Any], times_min: pd.Series, edges_min: Sequence[float]) -> list[Geometry]:
    """Outlines of all cells with a time of at most each edge: the next one holds the one before.

    Drawn from the largest to the smallest they leave no seams between classes.
    """
    values = times_min.to_numpy(dtype=float)
    outlines: list[Geometry] = []
    below = -np.inf
    for edge in edges_min:
        band = polygons[(values > below) & (values <= edge)]
        # the outline so far stands for its cells, which makes one pass over the cells of all classes
        outlines.append(dissolve(np.append(band, outlines[-1]) if outlines else band))
        below = edge
    return outlines


def polygon_path(geometry: Geometry) -> Outline | None:
    """Compound path of all rings, holes wound the other way; None where there is no area."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        return None
    oriented = shapely.orient_polygons(np.array(parts))
    rings = [ring for polygon in oriented for ring in (polygon.exterior, *polygon.interiors)]
    vertices, codes = [], []
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        vertices.append(xy)
        code = np.full(len(xy), Outline.LINETO, dtype=np.uint8)
        code[0], code[-1] = Outline.MOVETO, Outline.CLOSEPOLY
        codes.append(code)
    return Outline(np.concatenate(vertices), np.concatenate(codes))


def line_path(geometry: Geometry) -> Outline | None:
    """Path of all lines of a geometry; None where there is none."""
    parts = [
        part
        for part in shapely.get_parts(geometry)
        if part.geom_type in ("LineString", "LinearRing") and not part.is_empty
    ]
    if not parts:
        return None
    vertices = [shapely.get_coordinates(part) for part in parts]
    codes = [np.array([Outline.MOVETO] + [Outline.LINETO] * (len(xy) - 1), dtype=np.uint8) for xy in vertices]
    return Outline(np.concatenate(vertices), np.concatenate(codes))


def draw_area(axes: Axes, geometry: Geometry, **style: Any) -> None:
    """Fill a polygon; ``style`` goes to :class:`matplotlib.patches.PathPatch`."""
    outline = polygon_path(geometry)
    if outline is not None:
        # add_patch would walk every vertex to find limits that the panel has already set
        axes.add_artist(PathPatch(outline, **{"linewidth": 0.0, "edgecolor": "none", **style}))


def draw_lines(axes: Axes, geometry: Geometry, **style: Any) -> None:
    """Stroke lines; ``style`` goes to :class:`matplotlib.patches.PathPatch`."""
    outline = line_path(geometry)
    if outline is not None:
        options = {"facecolor": "none", "capstyle": "round", "joinstyle": "round", **style}
        axes.add_artist(PathPatch(outline, **options))
