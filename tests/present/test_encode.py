"""Quantised outlines come back within the rounding."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from kcgeo.present.web.encode import SCALE, decode, encode, encoded_parts
from tests.present.town import CRS

degrees = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


@given(st.lists(degrees, min_size=1, max_size=30))
def test_round_trip_is_within_half_a_step(rows: list[tuple[float, float]]) -> None:
    points = np.array(rows)
    assert np.abs(decode(encode(points)) - points).max() <= 0.5 / SCALE + 1e-9


def test_published_example_of_the_encoding() -> None:
    points = np.array([[38.5, -120.2], [40.7, -120.95], [43.252, -126.453]])
    assert encode(points, scale=100_000) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


@given(st.lists(degrees, min_size=1, max_size=30))
def test_text_cannot_end_a_script(rows: list[tuple[float, float]]) -> None:
    text = encode(np.array(rows))
    assert not set(text) & set("<>&\"'")


def test_rings_and_holes_are_all_written() -> None:
    ring = shapely.difference(
        shapely.box(360_000, 4_320_000, 370_000, 4_330_000), shapely.box(364_000, 4_324_000, 366_000, 4_326_000)
    )
    texts = encoded_parts(
        shapely.MultiPolygon([ring, shapely.box(0 + 380_000, 4_320_000, 381_000, 4_321_000)]), crs=CRS
    )
    assert len(texts) == 3
    back = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    areas = []
    for text in texts:
        points = decode(text)
        areas.append(shapely.Polygon(np.column_stack(back.transform(points[:, 1], points[:, 0]))).area / 1e6)
    assert sorted(areas) == pytest.approx([1.0, 4.0, 100.0], rel=0.02)


def test_nothing_is_written_for_nothing() -> None:
    assert encoded_parts(shapely.Polygon(), crs=CRS) == []
    assert encoded_parts(shapely.LineString(), crs=CRS) == []
