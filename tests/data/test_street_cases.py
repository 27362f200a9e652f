"""Cases of street files: ring roads, lists of access, speeds in capitals, lengths in kilometres."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from kcgeo import data
from kcgeo.data.formats.streets.graphml import graphml_streets
from kcgeo.data.formats.streets.osm import osm_streets, parsed_kmh
from kcgeo.data.formats.streets.tiger import _longest_way
from kcgeo.study.file.add import add_layer
from kcgeo.study.file.new import new_study


def test_a_closed_belt_keeps_its_whole_length(shared: Path, tmp_path: Path) -> None:
    """Four sides of 12 km: 48 km, one line, miles all the way round."""
    path, _ = new_study("belt", counties=["20091"], corridors=["I-35"], out=tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('corridors = ["I-35"]', 'corridors = ["I-435"]'), "utf-8")
    assert add_layer(path, "primary-roads", str(shared / "cases" / "belt-square.geojson")).layer.rows == 1
    study = data.read_study(path)
    lines = data.corridors(study)
    belt = lines[lines["route"] == "I-435"]
    assert belt.to_crs(study.crs).length.tolist() == pytest.approx([48_000], rel=1e-3)
    assert belt["to_mi"].tolist() == pytest.approx([48 / 1.609344], rel=1e-3)


def test_two_carriageways_are_a_ring_only_where_they_go_round() -> None:
    angle = np.linspace(0, 2 * np.pi, 100)
    rings = [shapely.LineString(np.column_stack([r * np.cos(angle), r * np.sin(angle)])) for r in (10_000, 10_030)]
    line, _ = _longest_way(np.array(rings, dtype=object))
    assert line.is_ring and line.length == pytest.approx(2 * np.pi * 10_000, rel=0.01)
    assert not shapely.LinearRing(line.coords).is_ccw
    lanes = [shapely.LineString([(0, y), (10_000, y)]) for y in (0, 300)]
    ends = [shapely.LineString([(x, 0), (x, 300)]) for x in (0, 10_000)]
    line, _ = _longest_way(np.array([*lanes, *ends], dtype=object))
    assert not line.is_ring


def test_access_lists_and_capital_letters(shared: Path) -> None:
    streets = osm_streets(shared / "cases" / "streets.osm")
    assert len(streets.tail) == 2  # the way of access=private;no is left out
    assert streets.kmh.tolist() == pytest.approx([35 * 1.609344] * 2)
    assert parsed_kmh("35 MPH") == parsed_kmh("35 mph")


def test_a_length_below_the_straight_line_is_measured_anew(shared: Path) -> None:
    streets = graphml_streets(shared / "cases" / "length-in-km.graphml")
    assert streets.length_m == pytest.approx(864, rel=0.01)
    assert any("measured anew" in note for note in streets.notes)
