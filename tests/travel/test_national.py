"""The national screening network: who is joined to whom, at what speed, and not over the sea."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo.travel import Network, nearest_times
from kcgeo.travel.national import Screening, national_network, pieces
from kcgeo.travel.streets.clip import Cutter

MODEL = Screening(
    highway_kmh=100, local_kmh=((0, 60.0), (1000, 30.0)), circuity=1.5, ramp_min=2, reach_km=30, water_km=3
)
KM = 1 / 111.3195  # degrees of longitude a km on the equator


def _points(name: str, km: list[float], *, ids: list[str], **columns: list[float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {name: ids, **columns}, geometry=gpd.points_from_xy(np.array(km) * KM, np.zeros(len(km))), crs="EPSG:4326"
    )


def _world(**changes: float) -> Network:
    """On the equator: places at 0, 10, 60 and 200 km, a highway from 12 to 58 km (50 km long)."""
    places = _points(
        "place_id",
        [0, 10, 60, 200],
        ids=["a", "b", "c", "far"],
        population_count=[100, 90_000, 100, 100],
        land_area_km2=[50, 30, 50, 50],
    )
    nodes = _points("node_id", [12, 58], ids=["1", "2"])
    edges = pd.DataFrame({"from_node_id": ["1"], "to_node_id": ["2"], "length_km": [50.0]})
    return national_network(places, nodes, edges, replace(MODEL, **changes))


def _minutes(network: Network, one: str, other: str) -> float:
    def at(name: str) -> gpd.GeoDataFrame:
        row = list(network.node_ids).index(f"place-{name}")
        return gpd.GeoDataFrame({"id": [name]}, geometry=gpd.points_from_xy(*network.xy[[row]].T), crs="EPSG:4326")

    return float(nearest_times(network, at(one), at(other))["time_min"].iloc[0])


def test_times_by_hand() -> None:
    network = _world()
    # a to b: 10 km x 1.5 at 60 and 30 km/h, half each: 15 km x 1.5 min/km
    assert _minutes(network, "a", "b") == pytest.approx(22.5, abs=1e-3)
    # b to the highway: 2 km x 1.5 at 30 km/h (both ends lie in b's disc) and a ramp; 50 km; ramp and 2 km x 1.5 at 60
    assert _minutes(network, "b", "c") == pytest.approx(6 + 2 + 30 + 2 + 3, abs=1e-3)
    assert _minutes(network, "c", "b") == _minutes(network, "b", "c")
    assert np.isnan(_minutes(network, "a", "far"))  # 140 km: out of reach of any local way
    assert Cutter(network).top_kmh <= 100.0


def test_pieces_count_from_the_largest() -> None:
    network = _world()
    at = np.array([list(network.node_ids).index(f"place-{name}") for name in ("far", "a", "b", "c")])
    assert pieces(network, np.append(at, -1)).tolist() == [1, 0, 0, 0, -1]


def test_a_point_at_a_place_is_that_place_and_others_are_nodes_of_their_own() -> None:
    places = _points("place_id", [0, 10], ids=["a", "b"], population_count=[10, 10], land_area_km2=[5, 5])
    points = _points("service_id", [10, 4, 4], ids=["x", "y", "z"])
    nodes = _points("node_id", [20], ids=["1"])
    edges = pd.DataFrame({"from_node_id": [], "to_node_id": [], "length_km": []})
    network = national_network(places, nodes, edges, MODEL, points=points)
    assert sorted(network.node_ids) == ["highway-1", "place-a", "place-b", "point-0000000"]
    times = nearest_times(network, places, points, by="service_id")
    assert times.loc["b"].tolist() == pytest.approx([0, 9, 9], abs=1e-3)
    assert times["y_min"].equals(times["z_min"].rename("y_min"))


def test_local_ways_do_not_cross_wide_water() -> None:
    places = _points("place_id", [0, 10, 20], ids=["a", "b", "c"], population_count=[1] * 3, land_area_km2=[5.0] * 3)
    nodes = _points("node_id", [], ids=[])
    edges = pd.DataFrame({"from_node_id": [], "to_node_id": [], "length_km": []})
    coast = shapely.box(-KM, -0.1, 11 * KM, 0.1)
    narrow = [coast, shapely.box(12.5 * KM, -0.1, 21 * KM, 0.1)]
    wide = [coast, shapely.box(15 * KM, -0.1, 21 * KM, 0.1)]
    for shapes, count in ((narrow, 1), (wide, 2)):
        land = gpd.GeoDataFrame({"county_fips": ["1", "2"]}, geometry=shapes, crs="EPSG:4326")
        network = national_network(places, nodes, edges, MODEL, land=land)
        assert pieces(network, np.arange(3)).max() + 1 == count


def test_each_direction_has_its_nearest_neighbour_only() -> None:
    angle = np.radians([10, 100, 190, 280])
    ring = np.concatenate([[[0, 0]], *(radius * np.column_stack([np.cos(angle), np.sin(angle)]) for radius in (5, 9))])
    places = gpd.GeoDataFrame(
        {"place_id": [f"p{at}" for at in range(9)], "population_count": 1, "land_area_km2": 5.0},
        geometry=gpd.points_from_xy(*(ring * KM).T),
        crs="EPSG:4326",
    )
    nodes = _points("node_id", [], ids=[])
    edges = pd.DataFrame({"from_node_id": [], "to_node_id": [], "length_km": []})
    network = national_network(places, nodes, edges, MODEL)
    middle = list(network.node_ids).index("place-p0")
    heads = network.arcs.indices[network.arcs.indptr[middle] : network.arcs.indptr[middle + 1]]
    assert sorted(network.node_ids[heads]) == ["place-p1", "place-p2", "place-p3", "place-p4"]
