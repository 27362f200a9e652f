from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo import data, travel
from kcgeo.errors import TableError
from kcgeo.travel import costs, reach, street_network
from tests.travel.street_worlds import one_way_block, places, world
from tests.travel.towns import one_way_ring, points

RANDOM = 100_000


def _random(bounds: np.ndarray, count: int, *, seed: int = 4) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(bounds[0], bounds[2], count), rng.uniform(bounds[1], bounds[3], count)
    ids = [f"r{number:06d}" for number in range(count)]
    return gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(x, y), crs="EPSG:4326")


def _in_time(network: travel.Network, point: gpd.GeoDataFrame, spots: gpd.GeoDataFrame, limit: float, way: str):
    """Whether each spot is in time, measured one by one."""
    ends = (point, spots) if way == "from" else (spots, point)
    found = costs(network, *ends, cutoff_min=limit)
    return spots["id"].isin(found["to_id" if way == "from" else "from_id"]).to_numpy()


@pytest.fixture(scope="module")
def grid() -> travel.Network:
    return travel.friction_network(data.read_study(data.default_study()))


@pytest.mark.parametrize("way", ["to", "from"])
def test_bands_on_the_grid_hold_every_place_in_time_and_no_other(grid: travel.Network, way: str) -> None:
    point = gpd.GeoDataFrame({"id": ["x"]}, geometry=gpd.points_from_xy([-94.2], [38.6]), crs="EPSG:4326")
    bands = reach(grid, point, minutes=[20, 45], direction=way)
    spots = _random(bands.total_bounds + np.array([-0.2, -0.2, 0.2, 0.2]), RANDOM // 2)
    for band in bands.itertuples():
        inside = shapely.contains_xy(band.geometry, spots.geometry.x, spots.geometry.y)
        np.testing.assert_array_equal(inside, _in_time(grid, point, spots, band.minutes, way))
        assert 0.01 < inside.mean() < 0.9


def test_a_band_reaches_over_the_edge_of_the_grid_as_far_as_places_do(grid: travel.Network) -> None:
    low = grid.xy[grid.cell_positions].min(axis=0)
    edge = grid.xy[grid.cell_positions][np.argmin(grid.xy[grid.cell_positions][:, 1])]
    point = gpd.GeoDataFrame({"id": ["x"]}, geometry=gpd.points_from_xy(*edge[:, None]), crs="EPSG:4326")
    band = reach(grid, point, minutes=[15]).geometry.iloc[0]
    spots = _random(np.array([edge[0] - 0.1, low[1] - 0.03, edge[0] + 0.1, low[1] + 0.03]), RANDOM // 2)
    inside = shapely.contains_xy(band, spots.geometry.x, spots.geometry.y)
    wanted = _in_time(grid, point, spots, 15, "to")
    assert (inside != wanted).mean() < 2e-4  # the outer line is drawn through a plane
    assert wanted[spots.geometry.y < low[1] - 0.006].any()


@pytest.mark.parametrize("way", ["to", "from"])
def test_bands_on_streets_hold_every_place_in_time_and_no_other(way: str) -> None:
    block = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]
    streets = world(
        (block, 20.0, 0.0),
        ([(4.0, 0.0), (10.0, 1.0), (14.0, 0.0)], 30.0, 30.0),
        ([(4.0, 4.0), (12.0, 5.0)], 30.0, 0.0),
        ([(12.0, 5.0), (14.0, 0.0)], 15.0, 15.0),
        ([(7.0, -4.0), (7.0, 9.0)], 30.0, 30.0),  # crosses the others on a bridge
        ([(7.0, 9.0), (0.0, 4.0)], 30.0, 30.0),
    )
    network = street_network(streets, max_snap_m=250.0)
    point = places((1.0, 0.2)).rename(columns={"place_id": "id"})
    bands = reach(network, point, minutes=[2, 4], direction=way)
    spots = _random(bands.total_bounds + np.array([-0.004, -0.004, 0.004, 0.004]), RANDOM)
    for band in bands.itertuples():
        inside = shapely.contains_xy(band.geometry, spots.geometry.x, spots.geometry.y)
        wrong = inside != _in_time(network, point, spots, band.minutes, way)
        assert 0.05 < inside.mean() < 0.9
        assert wrong.sum() <= 5
        off_m = shapely.distance(band.geometry.boundary, spots.geometry[wrong].to_numpy()) * 111_000
        assert (off_m < 1.0).all()


def test_towards_and_from_differ_on_one_ways() -> None:
    network = one_way_block()
    point = places((1.0, 0.0))
    to, away = (reach(network, point, minutes=[0.5], direction=way).geometry.iloc[0] for way in ("to", "from"))
    ahead, behind = places((3.0, 0.0)).geometry.iloc[0], places((0.0, 1.0)).geometry.iloc[0]
    assert away.contains(ahead) and not away.contains(behind)
    assert to.contains(behind) and not to.contains(ahead)


def test_people_are_counted_by_their_own_times(grid: travel.Network) -> None:
    study = data.read_study(data.default_study())
    people = data.places(study)
    spots = gpd.GeoDataFrame(travel.cells(study).iloc[[50, 9_000]])
    bands = reach(grid, spots, minutes=[15, 40], people=people)
    assert bands["cell_id"].tolist() == np.repeat(spots["cell_id"], 2).tolist()
    pairs = costs(grid, people, spots, cutoff_min=40)
    counts = people.set_index("place_id")["population_count"]
    for band in bands.itertuples():
        near = pairs[(pairs["to_id"] == band.cell_id) & (pairs["time_min"] <= band.minutes)]
        assert band.population_count == counts[near["from_id"]].sum()
    whole = reach(grid, spots, minutes=[40], together=True, people=people)
    assert whole["population_count"].item() == counts[pairs["from_id"].unique()].sum()
    both = shapely.union_all(bands.geometry[bands["minutes"] == 40].to_numpy())
    assert whole.geometry.iloc[0].symmetric_difference(both).area < 1e-9


def test_a_longer_time_holds_the_shorter_and_a_point_off_the_network_reaches_nothing(grid: travel.Network) -> None:
    spots = gpd.GeoDataFrame({"id": ["in", "off"]}, geometry=gpd.points_from_xy([-94.5, 0], [39, 0]), crs="EPSG:4326")
    bands = reach(grid, spots, minutes=[30, 10])
    assert bands["minutes"].tolist() == [10, 30, 10, 30]
    assert bands.geometry.iloc[1].covers(bands.geometry.iloc[0])
    assert bands.geometry.iloc[2:].is_empty.all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"minutes": []}, "above 0"), ({"minutes": [0]}, "above 0"), ({"minutes": [5], "direction": "back"}, "direction")],
)
def test_impossible_bands_are_refused(grid: travel.Network, asked: dict, words: str) -> None:
    spots = gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([-94.5], [39]), crs="EPSG:4326")
    with pytest.raises(TableError, match=words):
        reach(grid, spots, **asked)
    with pytest.raises(TableError, match="neither cells nor"):
        reach(one_way_ring(), points(["a"], [0]), minutes=[5])


def test_nothing_to_reach(grid: travel.Network) -> None:
    none = gpd.GeoDataFrame({"id": pd.Series([], dtype=str)}, geometry=[], crs="EPSG:4326")
    assert reach(grid, none, minutes=[5]).empty
