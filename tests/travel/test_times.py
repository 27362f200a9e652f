from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.errors import TableError
from kcgeo.travel import Network, costs, highway_times, nearest_times, unreachable_reasons
from tests.travel.oracles import slow_minutes
from tests.travel.towns import edges, graphs, one_way_ring, points


def test_time_to_a_service_runs_with_the_one_ways() -> None:
    network = one_way_ring()
    places = points(["a", "b", "c"], [0, 1_000, 2_000], key="place_id")
    service = points(["s"], [1_000], key="service_id")
    times = nearest_times(network, places, service)
    assert times.index.name == "place_id"
    assert times["time_min"].tolist() == [10, 0, 40]  # from the service it would be 50, 0, 20
    both = costs(network, places, service, cutoff_min=60)
    assert both["time_min"].tolist() == [10, 0, 40]
    away = costs(network, service, places, cutoff_min=60)
    assert away["time_min"].tolist() == [50, 0, 20]


@pytest.mark.parametrize("cutoff, found", [(30 - 1e-9, ["b"]), (30, ["b", "c", "d"]), (30 + 1e-9, ["b", "c", "d"])])
def test_the_cutoff_includes_its_own_value(cutoff: float, found: list[str]) -> None:
    network = one_way_ring()
    nodes = points(["b", "c", "d"], [1_000, 2_000, 3_000], key="id")
    assert costs(network, points(["a"], [0], key="id"), nodes, cutoff_min=cutoff)["to_id"].tolist() == found
    reasons = unreachable_reasons(network, points(["a"], [0], key="id"), nodes[1:], cutoff_min=cutoff)
    assert reasons["reason"].tolist() == [None if "c" in found else "beyond_cutoff"]


def test_sums_are_exact_where_floats_are_not() -> None:
    network = Network.from_edges(points(["a", "b", "c"], [0, 1_000, 2_000]), edges(("a", "b", 0.1), ("b", "c", 0.2)))
    pairs = costs(network, points(["a"], [0]), points(["c"], [2_000]), cutoff_min=0.3)
    assert pairs["time_min"].tolist() == [0.3]  # 0.1 + 0.2 is above 0.3 in floats


def test_a_free_edge_and_an_own_node_are_zero_not_absent() -> None:
    network = one_way_ring()
    pairs = costs(network, points(["c", "d"], [2_000, 3_000]), points(["d"], [3_000]), cutoff_min=0)
    assert pairs["time_min"].tolist() == [0, 0]
    assert pairs["from_id"].tolist() == ["c", "d"]


def test_reasons_and_no_row_is_dropped() -> None:
    network = one_way_ring()
    places = points(["far", "lone", "near", "off"], [0, 50_000, 2_000, 90_000], key="place_id")
    services = points(["s1", "s2", "s3"], [3_000, 1_000, 70_000], key="service_id").assign(
        category=["legal", "legal", "x"]
    )
    reasons = unreachable_reasons(network, places, services[:1], cutoff_min=20, by="category")
    assert reasons["legal_reason"].tolist() == ["beyond_cutoff", "not_connected", None, "off_network"]
    times = nearest_times(network, places, services, by="category")
    assert list(times.columns) == ["legal_min", "x_min"]
    assert times.index.tolist() == ["far", "lone", "near", "off"]
    assert times["legal_min"].tolist()[0] == 10
    assert times["legal_min"].isna().tolist() == [False, True, False, True]
    assert times["x_min"].isna().all()
    assert (
        unreachable_reasons(network, places, services, cutoff_min=20, by="category")["x_reason"] == "off_network"
    ).all()


def test_two_points_of_one_node_and_a_repeated_service() -> None:
    network = one_way_ring()
    places = points(["q", "p"], [10, -10], key="place_id")
    pairs = costs(network, places, points(["b2", "b1"], [1_010, 990], key="service_id"), cutoff_min=10)
    assert list(zip(pairs["from_id"], pairs["to_id"], strict=True)) == [
        ("p", "b1"),
        ("p", "b2"),
        ("q", "b1"),
        ("q", "b2"),
    ]
    twice = points(["s", "s"], [1_000, 1_000], key="service_id").assign(category=["legal", "medical"])
    assert nearest_times(network, places, twice, by="category").loc["p"].tolist() == [10, 10]


def test_ids_as_categories_are_the_same_ids() -> None:
    network = one_way_ring()
    places = points(["q", "p"], [10, 990], key="place_id")
    services = points(["t", "s"], [990, 2_000], key="service_id")
    plain = costs(network, places, services, cutoff_min=60)
    compact = costs(network, places, services, cutoff_min=60, categorical=True)
    assert isinstance(compact["from_id"].dtype, pd.CategoricalDtype)
    pdt.assert_frame_equal(compact.astype({"from_id": plain["from_id"].dtype, "to_id": plain["to_id"].dtype}), plain)


def test_nothing_to_go_to_is_not_reached() -> None:
    network = one_way_ring()
    places = points(["a"], [0], key="place_id")
    none = points(["s"], [0], key="service_id")[:0]
    assert costs(network, places, none, cutoff_min=10).columns.tolist() == ["from_id", "to_id", "time_min"]
    assert costs(network, places, none, cutoff_min=10).empty
    assert nearest_times(network, places, none)["time_min"].isna().tolist() == [True]
    assert nearest_times(network, places, none.assign(category=[]), by="category").shape == (1, 0)


def test_a_cutoff_leaves_out_what_is_above() -> None:
    network = one_way_ring()
    places = points(["a", "c"], [0, 2_000], key="place_id")
    times = nearest_times(network, places, points(["s"], [1_000], key="service_id"), cutoff_min=10)
    assert times["time_min"].fillna(-1).tolist() == [10, -1]


@pytest.mark.parametrize("cutoff", [-1.0, float("nan")])
def test_an_impossible_cutoff_is_refused(cutoff: float) -> None:
    with pytest.raises(TableError, match="cutoff_min"):
        costs(one_way_ring(), points(["a"], [0]), points(["b"], [1_000]), cutoff_min=cutoff)


def test_points_without_ids_or_with_repeated_ids_are_refused() -> None:
    network = one_way_ring()
    good = points(["a"], [0])
    with pytest.raises(TableError, match="origins have no id"):
        costs(network, good.drop(columns="node_id"), good, cutoff_min=1)
    with pytest.raises(TableError, match=r"destinations repeat ids \(s\)"):
        costs(network, good, points(["s", "s"], [0, 1]), cutoff_min=1)
    with pytest.raises(TableError, match="no column 'kind'"):
        nearest_times(network, good, good, by="kind")
    with pytest.raises(TableError, match=r"destinations a have no value in 'kind'"):
        nearest_times(network, good, good.assign(kind=[None]), by="kind")


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 600_000))
def test_costs_equal_the_slow_way(graph: tuple[gpd.GeoDataFrame, pd.DataFrame], cutoff_ms: int) -> None:
    nodes, table = graph
    before = nodes.copy(), table.copy()
    network = Network.from_edges(nodes, table)
    cutoff = cutoff_ms / 60_000
    expected = {
        (start, end): minutes
        for start in nodes["node_id"]
        for end, minutes in slow_minutes(table, start).items()
        if minutes <= cutoff
    }
    pairs = costs(network, nodes, nodes, cutoff_min=cutoff)
    assert dict(zip(zip(pairs["from_id"], pairs["to_id"], strict=True), pairs["time_min"], strict=True)) == expected
    assert list(zip(pairs["from_id"], pairs["to_id"], strict=True)) == sorted(expected)
    few = nodes.iloc[:1]  # fewer destinations than origins: the search runs backward
    pairs = costs(network, nodes, few, cutoff_min=cutoff)
    end = few["node_id"].iloc[0]
    assert dict(zip(pairs["from_id"], pairs["time_min"], strict=True)) == {
        start: minutes for (start, to), minutes in expected.items() if to == end
    }
    pdt.assert_frame_equal(nodes, before[0])
    pdt.assert_frame_equal(table, before[1])


@settings(max_examples=40, deadline=None)
@given(graphs(), st.data())
def test_nearest_is_the_least_of_the_costs(graph: tuple[gpd.GeoDataFrame, pd.DataFrame], data: st.DataObject) -> None:
    nodes, table = graph
    network = Network.from_edges(nodes, table)
    kinds = data.draw(st.lists(st.sampled_from(["x", "y"]), min_size=len(nodes), max_size=len(nodes)))
    services = nodes.assign(kind=kinds)
    pairs = costs(network, nodes, nodes, cutoff_min=1e6)
    pairs["kind"] = pairs["to_id"].map(services.set_index("node_id")["kind"])
    least = pairs.pivot_table(index="from_id", columns="kind", values="time_min", aggfunc="min")
    times = nearest_times(network, nodes, services, by="kind")
    assert times.columns.tolist() == [f"{kind}_min" for kind in sorted(set(kinds))]
    for kind in sorted(set(kinds)):
        expected = least[kind].reindex(times.index)
        np.testing.assert_array_equal(times[f"{kind}_min"], expected)
    pdt.assert_frame_equal(times, nearest_times(network, nodes, services, by="kind"))


@settings(max_examples=60, deadline=None)
@given(graphs(), st.floats(0, 20), st.floats(0, 20))
def test_a_longer_cutoff_never_loses_a_pair(
    graph: tuple[gpd.GeoDataFrame, pd.DataFrame], one: float, two: float
) -> None:
    network = Network.from_edges(*graph)
    less, more = sorted([one, two])
    few, many = (costs(network, graph[0], graph[0], cutoff_min=cutoff) for cutoff in (less, more))
    assert set(few.itertuples(index=False)) <= set(many.itertuples(index=False))


def _highway(**ways: float) -> Network:
    """Cells c0, c1, c2 with ramps of 2 minutes to highway nodes 10 km apart; the highway minutes are given."""
    x, y = [360_000.0 + 10_000 * number for number in range(3)], [4_320_000.0] * 3
    nodes = points(["c0", "c1", "c2", "h0", "h1", "h2"], [*x, *x], [value + 900 for value in y] + y)
    ramps = [(f"{one}{at}", f"{other}{at}", 2.0) for at in range(3) for one, other in ("ch", "hc")]
    road = [(name[:2], name[2:], minutes) for name, minutes in ways.items()]
    return Network.from_edges(nodes, edges(*ramps, *road), snap_ids=["c0", "c1", "c2"], max_snap_m=2_000)


def _on_road(*km: float, off_m: float = 0.0) -> gpd.GeoDataFrame:
    return points(
        [f"km{value:g}" for value in km],
        [360_000 + 1_000 * value for value in km],
        [4_320_000 + off_m] * len(km),
        key="id",
    )


def test_a_point_on_the_highway_drives_on_to_the_better_end_and_pays_no_ramp_to_get_on() -> None:
    network = _highway(h0h1=6.0, h1h0=6.0, h1h2=10.0, h2h1=10.0)
    service = points(["s", "t"], [360_000.0, 380_000.0], [4_320_900.0] * 2, key="service_id").assign(
        kind=["near", "far"]
    )
    found = highway_times(network, _on_road(0, 2, 10, 15), service, by="kind")
    assert found.index.tolist() == ["km0", "km2", "km10", "km15"]
    np.testing.assert_allclose(found["near_min"], [2.0, 3.2, 8.0, 13.0], rtol=0, atol=1e-3)
    np.testing.assert_allclose(found["far_min"], [18.0, 16.8, 12.0, 7.0], rtol=0, atol=1e-3)
    # as a place, each meets a cell instead and pays the ramp twice
    assert nearest_times(network, _on_road(10), service, by="kind")["near_min"].tolist() == [10.0]


def test_one_ways_and_missing_ways_hold_on_the_highway() -> None:
    network = _highway(h0h1=6.0, h1h2=10.0)
    service = points(["s"], [370_000.0], [4_320_900.0], key="service_id")
    found = highway_times(network, _on_road(5, 9, 11, 20), service)["time_min"]
    np.testing.assert_allclose(found, [5.0, 2.6, np.nan, np.nan], rtol=0, atol=1e-3)


def test_points_off_the_highway_meet_the_network_as_places_do() -> None:
    network = _highway(h0h1=6.0, h1h0=6.0, h1h2=10.0, h2h1=10.0)
    service = points(["s"], [360_000.0], [4_320_900.0], key="service_id")
    aside, far = _on_road(10, off_m=800), _on_road(10, off_m=9_000)
    pdt.assert_frame_equal(highway_times(network, aside, service), nearest_times(network, aside, service))
    assert highway_times(network, aside, service)["time_min"].tolist() == [10.0]
    assert highway_times(network, far, service)["time_min"].isna().all()
    ring, places = one_way_ring(), points(["a", "b"], [0, 1_000], key="place_id")
    spot = points(["s"], [1_000], key="service_id")
    pdt.assert_frame_equal(highway_times(ring, places, spot), nearest_times(ring, places, spot))
