"""Corridors traced along a graph: hand-made roads, and the packaged interstates as a second witness."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString

from kcgeo import data
from kcgeo.data.roads import linear, tracing
from kcgeo.data.study.layers import put_layer
from kcgeo.data.study.settings import Route, Study
from kcgeo.errors import StudyError

METRIC = "EPSG:26915"
WEST = (400_000.0, 4_300_000.0)


def town(*, length: float = 10_000.0) -> tracing.Roads:
    """Two ways from a to d: straight through b and c, or a longer one over e in the north; f stands apart."""
    x, y = WEST
    xy = np.array(
        [[x, y], [x + 10_000, y], [x + 20_000, y], [x + 30_000, y], [x + 15_000, y + 12_000], [x, y + 90_000]]
    )
    pairs = np.array([[0, 1], [1, 2], [2, 3], [0, 4], [4, 3]])
    lines = np.array([LineString(xy[pair]) for pair in pairs], dtype=object)
    lengths = np.array([length, 10_000.0, 10_000.0, 20_000.0, 20_000.0])
    return tracing.Roads(xy, pairs[:, 0], pairs[:, 1], lengths, lines)


def offset(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points) + WEST


def test_the_way_is_the_shortest_and_its_lengths_are_those_of_the_links() -> None:
    way = tracing.through(town(length=12_000.0), offset((0, 0), (30_000, 0)), route="I-2")
    assert shapely.get_coordinates(way.line)[[0, -1]].tolist() == offset((0, 0), (30_000, 0)).tolist()
    assert way.line.length == pytest.approx(30_000)
    assert way.along_m[-1] == pytest.approx(32_000)  # the first link is a fifth longer than it is drawn
    assert np.interp(5_000, linear.measured_m(way.line), way.along_m) == pytest.approx(6_000)
    assert (np.diff(way.along_m) > 0).all()


def test_a_point_between_leads_over_its_road_though_it_lies_beside_the_chord() -> None:
    way = tracing.through(town(), offset((0, 0), (9_000, 8_500), (30_000, 0)), route="I-2")
    assert way.line.length == pytest.approx(2 * np.hypot(15_000, 12_000))
    north = tracing.through(town(), offset((0, 0), (15_000, 13_000), (30_000, 0)), route="I-2")
    assert north.line.equals_exact(way.line, tolerance=1e-6) or north.line.length == pytest.approx(way.line.length)


def test_a_point_beside_the_road_makes_no_spur() -> None:
    direct = tracing.through(town(), offset((0, 0), (30_000, 0)), route="I-2")
    beside = tracing.through(town(), offset((0, 0), (12_000, -1_500), (30_000, 0)), route="I-2")
    assert beside.line.length == pytest.approx(direct.line.length)
    assert beside.line.is_simple


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (((0, 0), (10_000, -9_000)), "point 2 is far from the highway graph around the study \\(9 km from it\\)"),
        (((0, 0), (0, 0)), "its points stand for one spot"),
    ],
)
def test_points_that_lead_nowhere_are_refused(points: tuple, sentence: str) -> None:
    with pytest.raises(StudyError, match=f"I-2: {sentence}"):
        tracing.through(town(), offset(*points), route="I-2")


def test_roads_that_do_not_meet_are_refused() -> None:
    x, y = WEST
    xy = np.array([[x, y], [x + 9_000, y], [x, y + 50_000], [x + 9_000, y + 50_000]])
    lines = np.array([LineString(xy[[0, 1]]), LineString(xy[[2, 3]])], dtype=object)
    apart = tracing.Roads(xy, np.array([0, 2]), np.array([1, 3]), np.array([9_000.0, 9_000.0]), lines)
    with pytest.raises(StudyError, match="I-2: points 1 and 2 are not connected on the highway graph"):
        tracing.through(apart, offset((0, 0), (0, 50_000)), route="I-2")


def states() -> dict[str, shapely.Geometry]:
    x, y = WEST
    line = x + 16_093.44  # ten miles
    return {"KS": shapely.box(x - 1e5, y - 1e5, line, y + 1e5), "MO": shapely.box(line, y - 1e5, x + 25_000, y + 1e5)}


def degrees(x: float, y: float = 0.0) -> tuple[float, float]:
    point = gpd.GeoSeries.from_xy([WEST[0] + x], [WEST[1] + y], crs=METRIC).to_crs(4326).iloc[0]
    return point.x, point.y


def test_without_mileposts_miles_are_counted_from_the_end_inside_the_study() -> None:
    way = tracing.through(town(), offset((0, 0), (30_000, 0)), route="I-2")
    one, other = tracing.pieces(way, Route("I-2", ()), states(), METRIC)
    assert (one.state, other.state) == ("KS", "MO")
    assert one.vertex_mi[[0, -1]] == pytest.approx([0, 10])
    assert other.vertex_mi[[0, -1]] == pytest.approx([10, 25_000 / 1609.344])
    assert one.mile_basis == other.mile_basis == "miles along the line, not mileposts"


def test_mileposts_calibrate_their_own_state_only() -> None:
    way = tracing.through(town(), offset((0, 0), (30_000, 0)), route="I-2")
    known = Route("I-2", (), ((*degrees(16_093.44), 0.0, "MO"), (*degrees(24_140.16), 5.5, "MO")))
    one, other = tracing.pieces(way, known, states(), METRIC)
    assert one.mile_basis == tracing.MILES_ALONG
    assert other.mile_basis == tracing.MILEPOSTS
    assert other.vertex_mi[0] == pytest.approx(0, abs=1e-3)
    assert linear.place(other.line, other.vertex_mi, [2.75])[0, 0] == pytest.approx(WEST[0] + 20_116.8, abs=2)


def test_mileposts_that_fall_turn_the_line() -> None:
    way = tracing.through(town(), offset((0, 0), (30_000, 0)), route="I-2")
    known = Route("I-2", (), ((*degrees(0), 30.0, "KS"), (*degrees(8_046.72), 25.0, "KS")))
    piece = tracing.pieces(way, known, states(), METRIC)[0]
    assert piece.vertex_mi[[0, -1]] == pytest.approx([20, 30], abs=1e-3)
    assert shapely.get_coordinates(piece.line)[0, 0] == pytest.approx(WEST[0] + 16_093.44)


@pytest.mark.parametrize(
    ("mileposts", "sentence"),
    [
        (((0, 3_000, 1.0, "KS"),), "the point of milepost 1 KS lies over 2 km from the traced line"),
        (((0, 0, 1.0, "IL"),), "I-2 has mileposts in IL, where it does not pass"),
        (((0, 0, 1.0, "KS"), (5e3, 0, 3.0, "KS"), (9e3, 0, 2.0, "KS")), "the mileposts in KS neither rise nor fall"),
    ],
)
def test_mileposts_that_cannot_be_are_refused(mileposts: tuple, sentence: str) -> None:
    way = tracing.through(town(), offset((0, 0), (30_000, 0)), route="I-2")
    route = Route("I-2", (), tuple((*degrees(x, y), mile, state) for x, y, mile, state in mileposts))
    with pytest.raises(StudyError, match=sentence):
        tracing.pieces(way, route, states(), METRIC)


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return data.read_study(root / "studies" / "kansas-city.toml")


@pytest.mark.parametrize("route", ["I-35", "I-70"])
def test_a_traced_interstate_follows_the_packaged_line(study: Study, route: str) -> None:
    points = data.load("corridor_points")
    points = points[points["route"] == route].sort_values("sequence").cx[-95.8:-93.3, 38.3:39.9]
    traced = dataclasses.replace(study, routes=(Route(route, tuple((p.x, p.y) for p in points.geometry)),))
    ours, packed = (
        rows[rows["route"] == route].to_crs(study.crs) for rows in (data.corridors(traced), data.corridors(study))
    )
    assert set(ours["state"]) == set(packed["state"])
    spots = shapely.line_interpolate_point(shapely.union_all(packed.geometry.to_numpy()), np.linspace(0, 1, 301), True)
    away = shapely.distance(spots, shapely.union_all(ours.geometry.to_numpy()))
    assert np.quantile(away, 0.9) < 300
    drawn = packed.geometry.length.sum()
    assert ours.geometry.length.sum() == pytest.approx(drawn, rel=0.05)
    others = data.corridors(traced)
    assert set(others["route"]) == set(data.corridors(study)["route"])


def test_a_layer_of_lines_is_joined_end_to_end_and_comes_first(root: Path, study: Study, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text((root / "studies" / "kansas-city.toml").read_text())
    line = data.corridors(study)
    line = line[line["system"] == "I-70 MO"].geometry.iloc[0]
    xy = shapely.get_coordinates(line)
    half = len(xy) // 2
    pieces = [LineString(xy[half:][::-1]), LineString(xy[: half + 1])]  # out of order, one of them backwards

    def write(out: Path) -> int:
        table = gpd.GeoDataFrame({"route": ["I-70"] * 2, "state": ["MO"] * 2}, geometry=pieces, crs=4326)
        table.to_file(out, driver="GeoJSON")
        return len(table)

    words = {"source_name": "x", "source_sha256": "0" * 64, "source_kind": "primary-roads"}
    put_layer(path, "corridors", write, title="t", vintage="v", licence="l", **words)
    found = data.corridors(data.read_study(path))
    own = found[found["route"] == "I-70"]
    assert own["system"].tolist() == ["I-70 MO"]
    assert own["mile_basis"].tolist() == [tracing.MILES_ALONG]
    assert own["from_mi"].tolist() == [0]
    whole = gpd.GeoSeries([line], crs=4326).to_crs(study.crs).length.iloc[0]
    assert own["to_mi"].iloc[0] * linear.MILE_M == pytest.approx(whole, rel=0.001)
    assert set(found["route"]) == set(data.load("corridors")["route"])


def test_a_corridor_without_points_is_named_with_the_cure(study: Study) -> None:
    with pytest.raises(
        StudyError, match=r"study\.corridors: US-71 is not in the data package .* \[\[study\.routes\]\]"
    ):
        data.corridors(dataclasses.replace(study, corridors=("I-70", "US-71")))


def test_traced_corridors_have_stations_and_mileposts(root: Path) -> None:
    sample = data.read_study(root / "tests" / "studies" / "st-louis.toml")
    lines = data.corridors(sample)
    assert set(lines["system"]) == {"I-44 MO", "I-55 IL", "I-55 MO", "I-70 IL", "I-70 MO"}
    route = lines[lines["route"] == "I-55"]
    spots = data.stations(route, step_mi=5)
    found = data.mileposts(spots, route)
    pd.testing.assert_series_equal(found["milepost_mi"], spots["milepost_mi"], atol=0.01)
    assert (found["offset_m"] < 1).all()
    # the two states share one count: the miles go on over the state line
    ends = route.set_index("state")
    assert ends.loc["MO", "to_mi"] == pytest.approx(ends.loc["IL", "from_mi"], abs=0.01)
