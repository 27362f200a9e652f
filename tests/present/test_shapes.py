"""Cells become outlines without gaps, overlaps or lost area, and classes include their upper edge."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from shapely.geometry.base import BaseGeometry

from kcgeo.present.look import shapes
from tests.present.town import CRS, Town


@pytest.fixture(scope="module")
def polygons(town: Town) -> np.ndarray:
    return shapes.cell_polygons(list(town.cell_table["cell_id"]), crs=CRS)


def test_union_keeps_the_area_of_the_cells(polygons: np.ndarray) -> None:
    assert shapes.dissolve(polygons).area == pytest.approx(shapely.area(polygons).sum(), rel=1e-12)


def test_polygons_belong_to_their_cells(town: Town, polygons: np.ndarray) -> None:
    points = town.cell_table.geometry.to_crs(CRS).to_numpy()
    assert shapely.contains_properly(polygons, points).all()


def test_cut_cells_fill_the_study_area_exactly(town: Town) -> None:
    outline = town.ground.whole.outline
    cut = shapes.cut_cells(tuple(town.cell_table["cell_id"]), CRS, outline)
    union = shapely.union_all(cut)
    # between the last cells and the edge nothing stays empty, and nothing stands out
    assert shapely.difference(outline, union).area < 1e-4 * outline.area
    assert shapely.difference(union, shapely.buffer(outline, 1)).area == 0
    assert shapely.area(cut).sum() == pytest.approx(union.area, rel=1e-6)


@pytest.mark.parametrize(("edge", "inside"), [(9.999, 0), (10.0, 1), (10.001, 1)])
def test_an_edge_belongs_to_the_class_below(polygons: np.ndarray, edge: float, inside: int) -> None:
    (outline,) = shapes.nested_classes(polygons[:1], pd.Series([10.0]), [edge])
    assert (outline.area > 0) == bool(inside)


def test_classes_are_nested_and_missing_times_are_in_none(town: Town, polygons: np.ndarray) -> None:
    times = town.cell_table["medical_min"]
    outlines = shapes.nested_classes(polygons, times, [15, 30, 45, 60])
    for edge, outline in zip([15, 30, 45, 60], outlines, strict=True):
        expected = shapely.area(polygons[(times <= edge).to_numpy()]).sum()
        assert outline.area == pytest.approx(expected, rel=1e-9)
    for one, two in pairwise(outlines):
        assert shapely.difference(one, two).area < 1.0


def test_nothing_makes_an_empty_outline() -> None:
    empty: BaseGeometry = shapes.dissolve(np.array([], dtype=object))
    assert empty.is_empty
    assert shapes.polygon_path(empty) is None
    assert shapes.line_path(shapely.LineString()) is None


def test_a_hole_stays_a_hole() -> None:
    outer = shapely.box(0, 0, 10, 10)
    ring = shapely.difference(outer, shapely.box(4, 4, 6, 6))
    figure = Figure(figsize=(1, 1), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    axes.axis("off")
    shapes.draw_area(axes, ring, facecolor="black")
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, 0]
    assert pixels[50, 50] == 255
    assert pixels[20, 20] == 0
