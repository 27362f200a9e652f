"""TIGER lines by hand: classes, shared vertices, and streets that pass over a motorway."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import LineString
from tests.travel.street_worlds import LAT, LON, STEP, places

from kcgeo.data.formats.streets.street_table import load_streets
from kcgeo.data.formats.streets.tiger_roads import ROAD_CLASSES, read, road_streets
from kcgeo.data.study.settings import read_study
from kcgeo.errors import CrsError, TableError
from kcgeo.travel import costs, street_network


def lines(*rows: tuple[str, list[tuple[float, float]]], crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    shapes = [LineString([(LON + x * STEP, LAT + y * STEP) for x, y in line]) for _, line in rows]
    return gpd.GeoDataFrame({"mtfcc": [code for code, _ in rows]}, geometry=shapes, crs=crs)


def test_lines_meet_at_shared_vertices() -> None:
    town = lines(("S1400", [(0, 0), (4, 0), (8, 0)]), ("S1400", [(4, 0), (4, 4)]), ("S1200", [(0, 4), (4, 4), (8, 4)]))
    streets = road_streets(town)
    assert len(streets.node_id) == 6
    assert len(streets.tail) == 5
    assert (streets.kmh == streets.kmh_back).all()
    assert sorted(set(streets.kmh.tolist())) == [40, 65]
    assert any("no one-ways" in note for note in streets.notes)


def test_lines_that_cross_without_a_vertex_do_not_meet() -> None:
    apart = lines(("S1400", [(0, 0), (8, 0)]), ("S1400", [(4, -4), (4, 4)]), ("S1400", [(8, 0), (12, 0)]))
    assert "3 of 5 nodes" in road_streets(apart).notes[-1]


def test_a_street_over_a_motorway_is_no_way_onto_it() -> None:
    town = lines(
        ("S1100", [(0, 0), (4, 0), (8, 0), (12, 0)]),  # a street passes over at (4, 0), a ramp ends at (8, 0)
        ("S1400", [(4, -4), (4, 0), (4, 4), (8, 4), (8, -4), (4, -4)]),
        ("S1630", [(8, 0), (8, 4)]),
    )
    streets = road_streets(town)
    network = street_network(streets)
    ids = set(streets.node_id)
    assert not any(name.startswith(f"{LON + 4 * STEP:.6f},{LAT:.6f}") for name in ids)
    over, beside = places((4, -1)), places((4, 1), key="service_id")
    minutes = costs(network, over, beside, cutoff_min=9)["time_min"].item()
    assert minutes == pytest.approx(222 / 40_000 * 60, rel=0.01)  # straight over


def test_what_is_not_driven_on_is_left_out() -> None:
    town = lines(("S1400", [(0, 0), (4, 0)]), ("S1400", [(4, 0), (4, 4)]), ("S1710", [(4, 4), (0, 0)]))
    assert len(road_streets(town).tail) == 2
    assert any("1 of 3 lines" in note for note in road_streets(town).notes)
    with pytest.raises(TableError, match="S1400"):
        road_streets(lines(("S1710", [(0, 0), (4, 0)])))
    with pytest.raises(CrsError):
        road_streets(lines(("S1400", [(0, 0), (4, 0)]), crs=None))
    assert "S1740" not in ROAD_CLASSES


def test_the_reader_of_layers(tmp_path: Path, root: Path) -> None:
    study = read_study(root / "studies" / "kansas-city.toml")
    town = lines(("S1400", [(0, 0), (4, 0)]), ("S1400", [(4, 0), (4, 4)]))
    town.rename(columns={"mtfcc": "MTFCC"}).assign(LINEARID=["1", "2"], FULLNAME="Elm St", RTTYP="M").to_file(
        tmp_path / "tl_2023_29095_roads.shp"
    )
    converted = read(tmp_path / "tl_2023_29095_roads.shp", study)
    assert "places of the study lie beyond" in converted.notes[-1]
    assert converted.write(tmp_path / "a.npz") == 2
    assert load_streets(tmp_path / "a.npz").mode == "drive"
    assert "public domain" in converted.licence
