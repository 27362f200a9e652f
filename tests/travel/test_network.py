from __future__ import annotations

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from kcgeo import data
from kcgeo.errors import CrsError, TableError
from kcgeo.travel import Network, snap
from kcgeo.travel.network import point_ids
from tests.travel.towns import METRIC, edges, one_way_ring, points


def test_parallel_edges_keep_the_fastest_and_loops_are_left_out() -> None:
    network = Network.from_edges(points(["a", "b"], [0, 1]), edges(("a", "b", 3), ("a", "b", 2), ("a", "a", 1)))
    assert network.arcs.indptr.tolist() == [0, 1, 1]
    assert network.arcs.time_ms.tolist() == [120_000]


def test_row_order_of_nodes_and_edges_is_irrelevant() -> None:
    nodes = points(["a", "b", "c"], [0, 1, 2])
    table = edges(("a", "b", 3), ("b", "c", 2), ("c", "a", 1))
    one = Network.from_edges(nodes, table)
    two = Network.from_edges(nodes.iloc[::-1], table.iloc[::-1])
    assert one.node_ids.tolist() == two.node_ids.tolist()
    assert np.array_equal(one.xy, two.xy)
    assert all(np.array_equal(left, right) for left, right in zip(one.arcs, two.arcs, strict=True))


def test_the_record_cannot_be_changed() -> None:
    network = one_way_ring()
    with pytest.raises(AttributeError):
        network.model = "other"  # type: ignore[misc]
    for array in (*network.arcs, network.node_ids, network.xy):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]


def test_all_faults_of_the_edges_in_one_error() -> None:
    table = edges(("a", "x", 1), ("y", "b", 1), ("a", "b", np.nan), ("b", "a", -1), ("b", "a", np.inf))
    with pytest.raises(TableError) as caught:
        Network.from_edges(points(["a", "b"], [0, 1]), table)
    text = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    for part in ("not in the nodes: x", "not in the nodes: y", "a to b have no time_min", "b to a have a negative"):
        assert part in text


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (points(["a", "a"], [0, 1]), "repeat ids"),
        (points(["a", None], [0, 1]), "miss an id in 1 rows"),  # type: ignore[list-item]
        (points(["a", "b"], [0, 1]).drop(columns="node_id"), "no column node_id"),
        (gpd.GeoDataFrame({"node_id": ["a", "b"]}, geometry=[None, None], crs=METRIC), "without a point"),
    ],
)
def test_faulty_nodes_are_refused(nodes: gpd.GeoDataFrame, message: str) -> None:
    with pytest.raises(TableError, match=message):
        Network.from_edges(nodes, edges(("a", "b", 1)))


def test_missing_columns_of_the_edges_are_named() -> None:
    with pytest.raises(TableError, match=r"no column to_node_id\.\n.*no column time_min"):
        Network.from_edges(points(["a"], [0]), pd.DataFrame({"from_node_id": ["a"]}))


def test_wrong_systems_are_refused() -> None:
    nodes = points(["a", "b"], [0, 1])
    table = edges(("a", "b", 1))
    with pytest.raises(CrsError, match="no CRS"):
        Network.from_edges(gpd.GeoDataFrame(nodes.drop(columns="geometry"), geometry=list(nodes.geometry)), table)
    with pytest.raises(CrsError, match="metres"):
        Network.from_edges(nodes.set_crs("EPSG:4269", allow_override=True), table)
    with pytest.raises(CrsError, match="where the network is in EPSG:26915"):
        snap(one_way_ring(), points(["p"], [0], key="id").set_crs("EPSG:4326", allow_override=True))


def test_snap_is_capped_and_reported_beyond_the_cap() -> None:
    places = points(["p", "q", "r"], [-400.0, -400.001, 1_400.0], key="place_id")
    report = snap(one_way_ring(), places)
    assert report.index.name == "place_id"
    assert report["node_id"].tolist() == ["a", None, "b"]
    assert report["snap_m"].tolist() == pytest.approx([400.0, 400.001, 400.0])


def test_degrees_are_measured_on_the_ellipsoid() -> None:
    nodes = gpd.GeoDataFrame({"node_id": ["a"]}, geometry=gpd.points_from_xy([-94.58], [39.1]), crs="EPSG:4326")
    network = Network.from_edges(nodes, edges())
    place = gpd.GeoDataFrame({"id": ["p"]}, geometry=gpd.points_from_xy([-94.57], [39.1]), crs="EPSG:4326")
    east_m = nodes.to_crs(METRIC).distance(place.to_crs(METRIC)).iloc[0] / 0.9996
    assert snap(network, place)["snap_m"].iloc[0] == pytest.approx(east_m, rel=1e-3)


def test_a_point_meets_the_cell_that_contains_it_not_the_nearest_centre() -> None:
    centre = h3.latlng_to_cell(39.1, -94.58, 8)
    cells = sorted(h3.grid_disk(centre, 3))
    lat, lon = zip(*(h3.cell_to_latlng(cell) for cell in cells), strict=True)
    nodes = gpd.GeoDataFrame({"node_id": cells}, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    network = Network.from_edges(nodes, edges(), h3_resolution=8)
    rng = np.random.default_rng(1)
    lat0, lon0 = h3.cell_to_latlng(centre)
    xs, ys = lon0 + rng.uniform(-0.012, 0.012, 400), lat0 + rng.uniform(-0.009, 0.009, 400)
    places = gpd.GeoDataFrame(
        {"id": [str(number) for number in range(400)]}, geometry=gpd.points_from_xy(xs, ys), crs="EPSG:4326"
    )
    assert snap(network, places)["node_id"].tolist() == [
        h3.latlng_to_cell(y, x, 8) for x, y in zip(xs, ys, strict=True)
    ]
    outside = gpd.GeoDataFrame({"id": ["o"]}, geometry=gpd.points_from_xy([lon0 + 0.5], [lat0]), crs="EPSG:4326")
    assert snap(network, outside)["node_id"].tolist() == [None]


def test_only_the_named_nodes_are_met() -> None:
    network = Network.from_edges(points(["a", "b"], [0, 100]), edges(("a", "b", 1)), snap_ids=["b"])
    assert snap(network, points(["p"], [0.0], key="id"))["node_id"].tolist() == ["b"]


def test_unknown_nodes_to_meet_are_refused() -> None:
    with pytest.raises(TableError, match="snap_ids names x, which are not in the nodes"):
        Network.from_edges(points(["a", "b"], [0, 100]), edges(), snap_ids=["a", "x"])


@pytest.mark.parametrize(
    ("xy", "crs"),
    [
        ((-94.5, 1268.0), "EPSG:4326"),
        ((np.nan, 39.0), "EPSG:4326"),
        ((1e12, 4e6), "EPSG:26915"),
        ((0, np.inf), "EPSG:26915"),
    ],
)
def test_a_point_that_cannot_be_is_named_at_every_door(xy: tuple[float, float], crs: str) -> None:
    good = (-94.5, 39.0) if crs == "EPSG:4326" else (362_000.0, 4_323_000.0)
    layer = gpd.GeoDataFrame({"id": ["fine", "odd"]}, geometry=[Point(good), Point(xy)], crs=crs)
    with pytest.raises(TableError, match=r"odd"):
        point_ids(layer, "services")
    with pytest.raises(TableError, match=r"odd"):
        Network.from_edges(layer.rename(columns={"id": "node_id"}), edges(("fine", "odd", 1)))
    if crs == "EPSG:4326":
        with pytest.raises(TableError, match=r"odd"):
            data.mileposts(layer.set_index("id"), "I-35")


def test_minutes_as_text_are_refused_as_everywhere() -> None:
    table = edges(("a", "b", 1)).assign(time_min=["1"])
    with pytest.raises(TableError, match="minutes as numbers"):
        Network.from_edges(points(["a", "b"], [0, 900]), table)
