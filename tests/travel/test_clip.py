"""A part of a network that is large enough gives the answers of the whole to the last bit."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from kcgeo.errors import TableError
from kcgeo.travel import Network
from kcgeo.travel.arcs import MS_PER_MIN, UNREACHED, reversed_arcs
from kcgeo.travel.engines.engine import nearest_ms, reach_ms
from kcgeo.travel.streets.clip import Cutter


def _one_way_country(seed: int, crs: str) -> Network:
    """400 nodes with one-way arcs to some of their nearest, at 20 to 90 km/h, over about 100 km by 100 km."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 100_000, (400, 2))
    metres = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    near = np.argsort(metres, axis=1)[:, 1:6]
    tail = np.repeat(np.arange(400), 5)
    head = near.ravel()
    keep = rng.random(len(tail)) < 0.7
    tail, head = tail[keep], head[keep]
    minutes = metres[tail, head] / 1000 / rng.uniform(20, 90, len(tail)) * 60
    ids = np.array([f"n{number:03d}" for number in range(400)])
    nodes = gpd.GeoDataFrame({"node_id": ids}, geometry=gpd.points_from_xy(*xy.T), crs="EPSG:26915").to_crs(crs)
    edges = pd.DataFrame({"from_node_id": ids[tail], "to_node_id": ids[head], "time_min": minutes})
    return Network.from_edges(nodes, edges)


@pytest.mark.parametrize("crs", ["EPSG:26915", "EPSG:4326"])
@pytest.mark.parametrize("seed", range(4))
def test_clip_gives_the_times_of_the_whole(seed: int, crs: str) -> None:
    network = _one_way_country(seed, crs)
    cutter, limit = Cutter(network), 20 * MS_PER_MIN
    starts = np.random.default_rng(seed).choice(400, 7, replace=False)
    nodes, metres = cutter.around(starts, cutter.buffer_m(20))
    assert 10 < len(nodes) < 380  # a part, and not a trivial one
    assert (np.diff(nodes) > 0).all()
    assert (metres[np.isin(nodes, starts)] == 0).all()
    clip = cutter.arcs_between(nodes)
    whole = reach_ms(network.arcs, starts, np.arange(400), limit).toarray()
    there = reach_ms(network.arcs, starts, np.arange(400), limit)
    assert np.isin(there.indices, nodes).all()  # nothing in reach lies outside
    inside = reach_ms(clip, np.searchsorted(nodes, starts), np.arange(len(nodes)), limit)
    np.testing.assert_array_equal(inside.toarray(), whole[:, nodes])
    assert inside.nnz == there.nnz
    sources = [nodes[::9], nodes[4::11]]
    back = nearest_ms(reversed_arcs(network.arcs), sources, limit)[:, starts]
    small = nearest_ms(reversed_arcs(clip), [np.searchsorted(nodes, group) for group in sources], limit)
    np.testing.assert_array_equal(small[:, np.searchsorted(nodes, starts)], back)
    assert (back != UNREACHED).any()


def test_top_speed_is_that_of_the_fastest_arc() -> None:
    nodes = gpd.GeoDataFrame(
        {"node_id": ["a", "b", "c"]}, geometry=gpd.points_from_xy([0, 1500, 1500], [0, 0, 4000]), crs="EPSG:26915"
    )
    edges = pd.DataFrame({"from_node_id": ["a", "b"], "to_node_id": ["b", "c"], "time_min": [1.0, 2.0]})
    cutter = Cutter(Network.from_edges(nodes, edges))
    assert cutter.top_kmh == pytest.approx(120)  # b to c: 4 km in 2 minutes
    assert cutter.buffer_m(30) == pytest.approx(60_000)
    at = {name: position for position, name in enumerate(cutter.network.node_ids)}
    found, _ = cutter.around(np.array([at["a"]]), cutter.buffer_m(0.75))
    assert set(found) == {at["a"], at["b"]}  # exactly 1.5 km away: the edge belongs to the part


def test_no_arcs_no_buffer() -> None:
    nodes = gpd.GeoDataFrame({"node_id": ["a"]}, geometry=gpd.points_from_xy([0], [0]), crs="EPSG:26915")
    edges = pd.DataFrame({"from_node_id": [], "to_node_id": [], "time_min": []})
    cutter = Cutter(Network.from_edges(nodes, edges))
    assert cutter.top_kmh == 0
    assert cutter.around(np.array([0]), cutter.buffer_m(60))[0].tolist() == [0]


def test_an_arc_without_time_over_a_distance_is_refused() -> None:
    nodes = gpd.GeoDataFrame({"node_id": ["a", "b"]}, geometry=gpd.points_from_xy([0, 1500], [0, 0]), crs="EPSG:26915")
    edges = pd.DataFrame({"from_node_id": ["a"], "to_node_id": ["b"], "time_min": [0.0]})
    with pytest.raises(TableError, match="The arcs from a take no time over a distance"):
        Cutter(Network.from_edges(nodes, edges)).buffer_m(10)
