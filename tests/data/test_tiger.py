"""TIGER/Line roads: carriageways in pieces become one line a state; lines of a county keep their class."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from tests.data.census_files import small_study, study_of, zipped

from kcgeo.data import corridors
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.streets.tiger import corridor_lines, read_primary_roads, read_road_lines, route_name
from kcgeo.data.study.region import counties
from kcgeo.data.study.settings import Study
from kcgeo.errors import CrsError, TableError

WEST, EAST, NORTH = -94.85, -94.30, 39.13


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Study:
    path = small_study(root, tmp_path)
    path.write_text(path.read_text().replace('corridors = ["I-35", "I-70"]', 'corridors = ["I-70"]'))
    return study_of(path)


def _carriageway(lat: float, *, pieces: int, reverse: bool) -> list[shapely.LineString]:
    lon = np.linspace(WEST, EAST, 12 * pieces + 1)
    xy = np.column_stack([lon, lat + 0.01 * np.sin((lon - WEST) * 8)])
    lines = [shapely.LineString(xy[12 * part : 12 * part + 13]) for part in range(pieces)]
    return [line.reverse() for line in lines[::-1]] if reverse else lines


def _roads() -> gpd.GeoDataFrame:
    """Both carriageways of an interstate in pieces and out of order, a loop, another road."""
    lines = _carriageway(NORTH, pieces=5, reverse=False) + _carriageway(NORTH + 0.0003, pieces=4, reverse=True)
    names = ["I- 70"] * len(lines) + ["I- 70 Bus", "US Hwy 40"]
    lines += [shapely.LineString([(-94.7, 39.1), (-94.7, 39.2)]), shapely.LineString([(-94.7, 39.0), (-94.5, 39.0)])]
    order = np.random.default_rng(3).permutation(len(lines))
    table = gpd.GeoDataFrame(
        {
            "LINEARID": [f"11{number:011d}" for number in range(len(lines))],
            "FULLNAME": names,
            "RTTYP": [name[0] for name in names],
            "MTFCC": "S1100",
        },
        geometry=lines,
        crs="EPSG:4269",
    )
    return table.iloc[order].reset_index(drop=True)


def _lines(converted: Converted, folder: Path) -> gpd.GeoDataFrame:
    path = folder / "corridors.geojson"
    assert converted.write(path) == len(json.loads(path.read_text())["features"])
    return gpd.read_file(path)


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("I- 70", "I-70"), ("I-70", "I-70"), ("I- 435", "I-435"), ("I- 35W", "I-35W"), ("US Hwy 50", "US-50"),
        ("I- 29 Bus", None), ("I- 29 (Bus Loop)", None), ("State Rte 7", None), ("", None), ("I- 70 E I- 70", None),
    ],
)  # fmt: skip
def test_names_of_routes(name: str, route: str | None) -> None:
    assert route_name(name) == route


def test_two_carriageways_in_pieces_are_one_line_a_state(study: Study, tmp_path: Path) -> None:
    converted = read_primary_roads(zipped(_roads(), tmp_path / "tl_2023_us_primaryroads.zip"), study)
    lines = _lines(converted, tmp_path)
    assert set(zip(lines["route"], lines["state"], strict=True)) == {("I-70", "KS"), ("I-70", "MO")}
    assert converted.vintage == "2023"
    areas = counties(study).to_crs(study.crs).dissolve("state").geometry
    way = shapely.LineString(np.vstack([line.coords for line in _carriageway(NORTH, pieces=5, reverse=False)]))
    whole = gpd.GeoSeries([way], crs=4269).to_crs(study.crs).iloc[0]
    for state, mine in lines.to_crs(study.crs).groupby("state"):
        # as long as one carriageway, not two, and nowhere farther from it than the other one
        assert mine.length.sum() == pytest.approx(whole.intersection(areas[state]).length, rel=0.02)
        assert all(
            shapely.hausdorff_distance(line, whole.intersection(line.buffer(60))) < 120 for line in mine.geometry
        )
        assert mine.geometry.is_simple.all()
    assert not any("gap" in note for note in converted.notes)
    # eastwards, as the mileposts of an even route rise
    assert all(line.coords[-1][0] > line.coords[0][0] for line in lines.geometry)


def test_a_gap_is_bridged_and_said(study: Study) -> None:
    pieces = shapely.linestrings([[(-94.80, 39.10), (-94.70, 39.10)], [(-94.6992, 39.10), (-94.65, 39.10)]])
    gap = gpd.GeoDataFrame({"route": "I-70"}, geometry=pieces, crs=4326, index=[0, 1])
    lines, notes = corridor_lines(gap, study)
    assert len(lines) == 1
    assert any("over gaps of 69 m" in note for note in notes)


def test_a_line_to_the_far_side_of_the_globe_is_left_out_and_said(study: Study) -> None:
    pieces = [
        shapely.LineString([(-94.80, 39.10), (-94.70, 39.10)]),
        shapely.LineString([(-94.70, 39.10), (0.0, 0.0)]),
    ]
    lines, notes = corridor_lines(gpd.GeoDataFrame({"route": "I-70"}, geometry=pieces, crs=4326, index=[0, 1]), study)
    assert len(lines) == 1
    assert notes[0] == "Left out: lines with a point on the far side of the globe, 1."


def test_a_vertex_that_is_no_number_is_refused(study: Study, tmp_path: Path) -> None:
    roads = _roads()
    xy = shapely.get_coordinates(roads.geometry.iloc[0])
    xy[1] = np.nan
    with np.errstate(invalid="ignore"):
        roads.loc[0, "geometry"] = shapely.LineString(xy)
    roads.to_file(tmp_path / "roads.gpkg")
    with pytest.raises(CrsError, match="do not fit the reference system"):
        read_primary_roads(tmp_path / "roads.gpkg", study)


def test_stretches_that_leave_the_study_stay_apart(study: Study) -> None:
    pieces = [
        shapely.LineString([(-94.80, 39.10), (-94.75, 39.10)]),
        shapely.LineString([(-94.70, 39.10), (-94.65, 39.10)]),
    ]
    lines, _ = corridor_lines(gpd.GeoDataFrame({"route": "I-70"}, geometry=pieces, crs=4326, index=[0, 1]), study)
    assert len(lines) == 2
    assert lines.geometry.iloc[0].coords[0][0] < lines.geometry.iloc[1].coords[0][0]


def test_a_ring_becomes_a_line(study: Study) -> None:
    ring = shapely.Point(-94.5, 39.3).buffer(0.05).exterior
    lines, _ = corridor_lines(gpd.GeoDataFrame({"route": ["I-70"]}, geometry=[ring], crs=4326), study)
    assert len(lines) >= 1
    assert all(line.geom_type == "LineString" and line.is_valid for line in lines.geometry)


def test_wrong_files_are_refused(study: Study, tmp_path: Path) -> None:
    roads = _roads()
    for table, words in [
        (roads.drop(columns="FULLNAME"), "no column FULLNAME"),
        (roads[roads["FULLNAME"] != "I- 70"], "no line of I-70 in the counties of the study; it has US-40"),
        (roads.assign(geometry=lambda table: table.to_crs(26915).buffer(9).to_crs(4269)), "holds outlines where lines"),
        (roads.assign(geometry=lambda table: table.translate(-9)), "no line of I-70"),
    ]:
        path = zipped(table, tmp_path / f"roads{len(list(tmp_path.iterdir()))}.zip")
        with pytest.raises(TableError, match=words):
            read_primary_roads(path, study)


def test_lines_of_counties_keep_class_and_come_once(tmp_path: Path) -> None:
    folder = tmp_path / "roads"
    folder.mkdir()
    roads = _roads().assign(MTFCC="S1400")
    zipped(roads, tmp_path / "tl_2023_29047_roads.zip").rename(folder / "tl_2023_29047_roads.zip")
    zipped(roads.iloc[:3], tmp_path / "tl_2023_29095_roads.zip").rename(folder / "tl_2023_29095_roads.zip")
    lines, notes = read_road_lines(folder)
    assert list(lines.columns) == ["line_id", "name", "route_type", "mtfcc", "geometry"]
    assert len(lines) == len(roads)
    assert set(lines["mtfcc"]) == {"S1400"}
    assert any("Taken once" in note for note in notes)
    assert lines["line_id"].is_monotonic_increasing
    assert lines.crs == "EPSG:4326"
    for bad, words in [
        (roads.drop(columns="MTFCC"), "no column MTFCC"),
        (roads.assign(MTFCC="road"), "no class of road"),
    ]:
        with pytest.raises(TableError, match=words):
            read_road_lines(zipped(bad, tmp_path / f"{words.split()[1]}{len(words)}.zip"))


def test_real_interstates(shared: Path, root: Path, tmp_path: Path) -> None:
    study = study_of(root / "studies" / "kansas-city.toml")
    raw = gpd.read_file(shared / "reference" / "interstates_tiger_simplified_kc.geojson")
    path = tmp_path / "tl_2017_us_primaryroads.shp"
    raw[["name", "geometry"]].rename(columns={"name": "FULLNAME"}).to_crs(4269).to_file(path)
    lines = _lines(read_primary_roads(path, study), tmp_path)
    assert list(zip(lines["route"], lines["state"], strict=True)) == [
        ("I-35", "KS"), ("I-35", "MO"), ("I-70", "KS"), ("I-70", "MO"),
    ]  # fmt: skip
    packaged = corridors(study).to_crs(study.crs)
    length = packaged.assign(km=packaged.length / 1000).groupby(["route", "state"])["km"].sum()
    found = lines.set_index(["route", "state"]).to_crs(study.crs).length / 1000
    both = pd.concat([found.rename("found"), length], axis=1, join="inner")
    assert len(both) == 4
    assert (abs(both["found"] / both["km"] - 1) < 0.02).all()
