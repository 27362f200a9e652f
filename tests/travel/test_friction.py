from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from benchmarks import travel_trips
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from kcgeo.data.places.hexagons import grid_cells
from kcgeo.data.study.settings import Study, read_study
from kcgeo.errors import StudyError
from kcgeo.travel import HEX_DETOUR, Layers, Network, cells, costs, friction_network, layers, nearest_times
from kcgeo.travel.grid import banks, cut, density_per_km2, links, local_kmh
from kcgeo.travel.highways import highways

NORTH, SOUTH = "29047", "29095"  # Clay and Jackson, with the river between them


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return read_study(root / "studies" / "kansas-city.toml")


@pytest.fixture(scope="module")
def network(study: Study) -> Network:
    return friction_network(study)


@pytest.fixture(scope="module")
def grid(study: Study) -> gpd.GeoDataFrame:
    return cells(study)


def facing_pairs(grid: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    """Cells of Clay beside cells of Jackson: the river runs between the two."""
    county = dict(zip(grid["cell_id"], grid["county_fips"], strict=True))
    return [
        (cell, other)
        for cell, fips in county.items()
        if fips == NORTH
        for other in sorted(h3.grid_ring(cell, 1))
        if county.get(other) == SOUTH
    ]


def way(network: Network, start: str, end: str) -> list[str]:
    count = len(network.node_ids)
    graph = csr_array((network.arcs.time_ms.astype(float), network.arcs.indices, network.arcs.indptr), (count, count))
    at = {name: row for row, name in enumerate(network.node_ids)}
    _, before = dijkstra(graph, indices=at[start], return_predecessors=True)
    path = [at[end]]
    while path[-1] != at[start]:
        path.append(int(before[path[-1]]))
    return [network.node_ids[row] for row in reversed(path)]


def test_every_cell_of_the_study_is_an_origin(grid: gpd.GeoDataFrame, study: Study) -> None:
    assert set(grid["county_fips"]) == set(study.counties)
    assert grid["cell_id"].is_monotonic_increasing
    assert grid["cell_id"].is_unique
    assert 25_000 < len(grid) < 30_000
    sample = grid.iloc[::1000]
    assert sample["cell_id"].tolist() == [h3.latlng_to_cell(point.y, point.x, 8) for point in sample.geometry]


def test_facing_cells_are_joined_by_a_bridge_only(network: Network, grid: gpd.GeoDataFrame) -> None:
    pairs = facing_pairs(grid)
    assert len(pairs) > 50
    county = dict(zip(grid["cell_id"], grid["county_fips"], strict=True))
    points = grid.set_index("cell_id", drop=False)
    for north, south in pairs[:: len(pairs) // 10]:
        start, end = points.loc[[north]], points.loc[[south]]
        beside = next(cell for cell in sorted(h3.grid_ring(north, 1)) if county.get(cell) == NORTH)
        step = costs(network, start, points.loc[[beside]], cutoff_min=60)["time_min"].iloc[0]
        over = costs(network, start, end, cutoff_min=120)["time_min"].iloc[0]
        assert over > 3 * step
        path = way(network, north, south)
        highway = [name for name in path if not name.startswith("88")]
        assert len(highway) >= 2
        for one, two in itertools.pairwise(path):  # no step from cell to cell leads over the river
            if one in county and two in county:
                assert {county[one], county[two]} != {NORTH, SOUTH}


def test_without_highways_over_the_river_north_and_south_are_apart(study: Study, network: Network) -> None:
    used = layers(study)
    counties = used.counties.to_crs(study.crs)
    nodes = used.highway_nodes.to_crs(study.crs)
    nearest = gpd.sjoin_nearest(nodes, counties[["county_fips", "geometry"]]).drop_duplicates("node_id")
    side = banks(nearest["county_fips"], study.travel.barriers)[:, 0]
    bank = dict(zip(nearest["node_id"], side, strict=True))
    edges = used.highway_edges
    over = edges["from_node_id"].map(bank) != edges["to_node_id"].map(bank)
    assert 5 < over.sum() < 40
    without = replace(used, highway_edges=edges[~over])
    grid = cells(study)
    north = grid[banks(grid["county_fips"], study.travel.barriers)[:, 0] < 0]
    south = grid[banks(grid["county_fips"], study.travel.barriers)[:, 0] > 0]
    apart = friction_network(study, layers=without)
    assert nearest_times(apart, north, south)["time_min"].isna().all()
    assert nearest_times(apart, south, north)["time_min"].isna().all()
    assert nearest_times(network, north, south)["time_min"].notna().all()
    assert nearest_times(network, south, north)["time_min"].notna().all()


def test_a_pocket_joins_the_land_around_it_or_the_nearest_of_its_bank() -> None:
    # cells 0-1-2 north, 3-4-5 south, cell 6 of the south inside the north, cell 7 of the south by itself
    side = np.array([[-1], [-1], [-1], [1], [1], [1], [1], [1]], dtype=np.int8)
    xy = np.array([[0, 2], [1, 2], [2, 2], [2, 0], [1, 0], [0, 0], [0, 3], [-5, 0]], dtype=float)
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 6), (1, 6)]
    one, other = np.array(pairs).T
    joined = list(zip(*links(xy, side, one, other, np.array([], dtype=np.intp)), strict=True))
    assert sorted(joined) == sorted([*(pair for pair in pairs if pair != (2, 3)), (7, 5)])
    served = list(zip(*links(xy, side, one, other, np.array([6, 7])), strict=True))
    assert sorted(served) == [(0, 1), (1, 2), (3, 4), (4, 5)]


def test_every_cell_can_be_reached(network: Network, grid: gpd.GeoDataFrame) -> None:
    assert nearest_times(network, grid, grid.iloc[[0]])["time_min"].notna().all()


def test_ramps_stay_on_their_bank_and_exits_keep_lengths(study: Study) -> None:
    used = layers(study)
    table = grid_cells(used.counties, study.travel.h3_resolution)
    barriers = study.travel.barriers
    roads = {
        spacing: highways(
            used.highway_nodes,
            used.highway_edges,
            used.exits,
            used.counties,
            table,
            crs=study.crs,
            barriers=barriers,
            exit_spacing_km=spacing,
        )
        for spacing in (3.0, 1e6)
    }
    many, few = roads[3.0], roads[1e6]
    assert len(many.node_ids) > len(few.node_ids) > len(used.highway_nodes)  # listed exits remain
    assert many.length_km.sum() == pytest.approx(few.length_km.sum())
    assert many.length_km.min() > 0
    points = gpd.GeoDataFrame(
        {"node": many.ramp_nodes}, geometry=gpd.points_from_xy(*many.lon_lat[many.ramp_nodes].T), crs="EPSG:4326"
    )
    county = gpd.sjoin(points, used.counties, predicate="intersects").drop_duplicates("node")["county_fips"]
    assert len(county) == len(points)
    cell_county = table["county_fips"].iloc[many.ramp_cells].reset_index(drop=True)
    assert not cut(banks(county, barriers), banks(cell_county, barriers)).any()


def test_both_directions_take_the_same_time(network: Network) -> None:
    for forward, backward in zip(network.arcs, network.backward, strict=True):
        np.testing.assert_array_equal(forward, backward)


def test_the_same_study_gives_the_same_network_and_leaves_its_layers(study: Study, network: Network) -> None:
    packaged = layers(study)
    tables = {
        name: getattr(packaged, name) for name in ("counties", "places", "highway_nodes", "highway_edges", "exits")
    }
    shuffled = Layers(**{name: table.sample(frac=1, random_state=3) for name, table in tables.items()})
    before = {name: table.copy() for name, table in vars(shuffled).items()}
    again = friction_network(study, layers=shuffled)
    assert again.node_ids.tolist() == network.node_ids.tolist()
    for one, two in zip(again.arcs, network.arcs, strict=True):
        np.testing.assert_array_equal(one, two)
    for name, table in before.items():
        pdt.assert_frame_equal(getattr(shuffled, name), table)


def test_speeds_act_where_they_should(study: Study, network: Network, grid: gpd.GeoDataFrame) -> None:
    slow = replace(study, travel=replace(study.travel, highway_kmh=study.travel.highway_kmh / 2))
    other = friction_network(slow)
    changed = other.arcs.time_ms != network.arcs.time_ms
    tails = np.repeat(np.arange(len(network.node_ids)), np.diff(network.arcs.indptr))
    cell = np.array([name.startswith("88") for name in network.node_ids])
    np.testing.assert_array_equal(changed, ~cell[tails] & ~cell[network.arcs.indices])
    ratio = other.arcs.time_ms[changed] / network.arcs.time_ms[changed]
    assert ratio == pytest.approx(2, rel=1e-3)
    ramp = cell[tails] != cell[network.arcs.indices]
    assert set(network.arcs.time_ms[ramp]) == {round(study.travel.ramp_min * 60_000)}


def test_an_unknown_county_is_refused(study: Study) -> None:
    with pytest.raises(StudyError, match=r"study\.counties names 99001"):
        friction_network(replace(study, counties=(*study.counties, "99001")))
    with pytest.raises(StudyError, match="99001"):
        cells(replace(study, counties=("99001",)))


def test_density_is_that_of_the_disc_in_which_a_point_is_deepest() -> None:
    centres = np.array([[0.0, 0.0], [10_000.0, 0.0]])
    area_km2 = np.array([np.pi * 64, np.pi * 1])  # radii 8 km and 1 km
    people = area_km2 * [10.0, 2_000.0]
    # between the two the bound is where 64 - x^2 = 1 - (10 - x)^2, at x = 8.15 km, not half way
    found = density_per_km2(np.array([[8_100.0, 0.0], [8_200.0, 0.0]]), centres, area_km2, people)
    assert found.tolist() == pytest.approx([10.0, 2_000.0])
    assert density_per_km2(centres, centres[:0], area_km2[:0], people[:0]).tolist() == [0, 0]


def test_local_speed_steps_include_their_own_density() -> None:
    steps = ((0.0, 65.0), (100.0, 55.0))
    assert local_kmh(np.array([0, 100 - 1e-9, 100, 100 + 1e-9]), steps).tolist() == [65, 65, 55, 55]


def test_the_detour_over_hexagons_is_the_mean_over_all_directions() -> None:
    # a lattice of unit steps: the way to a far point is that along the two lattice directions beside it
    angle = np.linspace(0, np.pi / 3, 200_001)
    steps = np.cos(angle) + np.sin(angle) / np.sqrt(3)
    assert pytest.approx(steps.mean(), rel=1e-6) == HEX_DETOUR


def test_fifteen_trips_from_downtown(study: Study, network: Network, root: Path) -> None:
    table = travel_trips.trip_table(network, study)
    assert len(table) == 15
    error = table.set_index("to")["error_min"]
    assert error.notna().all()
    assert error.abs().mean() <= 2.5
    assert error.abs().max() <= 6
    assert abs(error["Odessa"]) <= 4
    assert abs(error["Paola"]) <= 4
    text = (root / "docs" / "methods" / "travel-times.md").read_text(encoding="utf-8")
    assert travel_trips.with_table(text, travel_trips.as_markdown(table)) == text, (
        "docs/methods/travel-times.md is out of date: run python -m benchmarks.travel_trips"
    )


def test_stated_minutes_are_miles_at_speed() -> None:
    trip = travel_trips.Trip("x", 0, 0, (("road", 30, 60), ("street", 1, 30)))
    assert trip.stated_min == pytest.approx(3 + 30 + 2)


def test_a_town_without_river_or_exits(study: Study) -> None:
    """A square county and one highway through it: everything is reached, and exits shorten the way."""
    box = gpd.GeoDataFrame(
        {"county_fips": ["29095"]},
        geometry=gpd.GeoSeries.from_wkt(["POLYGON((-95 39,-94.6 39,-94.6 39.1,-95 39.1,-95 39))"]),
        crs=4326,
    )
    places = gpd.GeoDataFrame(
        {"population_count": [100.0, np.nan], "land_area_km2": [400.0, np.nan]},
        geometry=gpd.points_from_xy([-94.8, -94.7], [39.05, 39.05]),
        crs=4326,
    )
    nodes = gpd.GeoDataFrame(
        {"node_id": ["1", "2"]}, geometry=gpd.points_from_xy([-94.99, -94.61], [39.05, 39.05]), crs=4326
    )
    roads = pd.DataFrame({"from_node_id": ["1"], "to_node_id": ["2"], "length_km": [33.0]})
    town = replace(study, counties=("29095",), travel=replace(study.travel, barriers=()))
    used = Layers(box, places, nodes, roads)
    grid = cells(town, layers=used)
    start, middle = (
        grid[grid["cell_id"] == h3.latlng_to_cell(39.05, -94.99, 8)],
        grid[grid["cell_id"] == h3.latlng_to_cell(39.05, -94.8, 8)],
    )
    with_exits = friction_network(town, layers=used)
    bare = friction_network(replace(town, travel=replace(town.travel, exit_spacing_km=1e6)), layers=used)
    assert nearest_times(with_exits, grid, start)["time_min"].notna().all()
    fast, slow = (costs(n, start, middle, cutoff_min=120)["time_min"].iloc[0] for n in (with_exits, bare))
    local = 60 * 16.4 * town.travel.circuity / 65  # 16.4 km at 65 km/h
    assert slow == pytest.approx(local, rel=0.12)
    assert fast == pytest.approx(2 * town.travel.ramp_min + 60 * 16.5 / town.travel.highway_kmh, abs=2)
