from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import HealthCheck, given, settings
from shapely.geometry import Point

from kcgeo.data.formats.streets.street_table import connected
from kcgeo.errors import KcgeoError
from kcgeo.travel import (
    costs,
    highway_times,
    nearest_times,
    prepare,
    snap,
    street_network,
    unreachable_reasons,
)
from tests.travel.street_worlds import one_way_block, places, slow_minutes, street_worlds, world

FAST = find_spec("numba") is not None
ENGINES = ("scipy", *(("numba", "sweep") if FAST else ()))


def _pairs(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    return dict(zip(zip(table["from_id"], table["to_id"], strict=True), table["time_min"], strict=True))


@given(street_worlds())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_times_equal_those_of_points_inserted_as_nodes(drawn) -> None:
    streets, origins, services = drawn
    network = street_network(streets, max_snap_m=300.0)
    wanted = slow_minutes(network, origins, services)
    for engine in ENGINES:
        assert _pairs(costs(network, origins, services, cutoff_min=1e5, engine=engine)) == wanted
        turned = _pairs(costs(network, services, origins, cutoff_min=1e5, engine=engine))
        assert turned == slow_minutes(network, services, origins)
        nearest = nearest_times(network, origins, services, engine=engine)["time_min"]
        least = {name: min((m for (o, _), m in wanted.items() if o == name), default=np.nan) for name in nearest.index}
        pdt.assert_series_equal(nearest, pd.Series(least, name="time_min"), check_exact=True, check_names=False)


def test_on_a_one_way_the_way_back_leads_round_the_block() -> None:
    network = one_way_block()
    spots = places((1, 0), (3, 0))
    pairs = _pairs(costs(network, spots, spots, cutoff_min=60))
    side, height = (network.edges.there_ms.sum() - network.edges.there_ms[-1]) / 60_000, pairs["p00", "p01"]
    assert pairs["p00", "p00"] == pairs["p01", "p01"] == 0
    assert pairs["p00", "p01"] + pairs["p01", "p00"] == pytest.approx(side)  # once round
    assert pairs["p01", "p00"] > 5 * height


def test_a_point_beside_the_street_pays_the_access_leg_at_both_ends() -> None:
    network = one_way_block()
    on, off = places((5, 0), (7, 0)), places((5, 0.5), (7, -1))
    along = costs(network, on.iloc[:1], on.iloc[1:], cutoff_min=60)["time_min"].item()
    beside = costs(network, off.iloc[:1], off.iloc[1:], cutoff_min=60)["time_min"].item()
    legs = snap(network, off)
    assert legs["snap_m"].to_numpy() == pytest.approx([55.5, 111.0], rel=0.01)
    assert legs["access_min"].to_numpy() == pytest.approx(legs["snap_m"].to_numpy() * 60 / 20_000, abs=1e-5)
    assert beside == pytest.approx(along + legs["access_min"].sum(), abs=1e-9)
    assert legs["share"].to_numpy() == pytest.approx([0.25, 0.75], abs=1e-5)


def test_a_point_at_a_junction_takes_each_street_there() -> None:
    network = one_way_block()
    at = places((4, 0))  # the lane, the street that comes in and the street that leaves all end here
    assert costs(network, at, places((6, 0), key="service_id"), cutoff_min=60)["time_min"].item() > 0
    ahead = costs(network, at, places((4, 1), key="service_id"), cutoff_min=60)["time_min"].item()
    behind = costs(network, at, places((3, 0), key="service_id"), cutoff_min=60)["time_min"].item()
    assert ahead < behind / 5


@pytest.mark.parametrize("engine", ENGINES)
def test_the_cutoff_includes_its_own_value(engine: str) -> None:
    network = one_way_block()
    place, service = places((1, 0.3)), places((6, 0.3), key="service_id")
    time_min = costs(network, place, service, cutoff_min=60, engine=engine)["time_min"].item()
    for cutoff, found in ((np.nextafter(time_min, 0), 0), (time_min, 1), (np.nextafter(time_min, 99), 1)):
        assert len(costs(network, place, service, cutoff_min=cutoff, engine=engine)) == found
        nearest = nearest_times(network, place, service, cutoff_min=cutoff, engine=engine)["time_min"]
        assert nearest.notna().sum() == found


def test_reasons_and_kinds_on_streets() -> None:
    ways = (([(0, 0), (4, 0)], 36, 36), ([(40, 0), (44, 0)], 36, 36))
    network = street_network(world(*ways), max_snap_m=200)
    spots = places((1, 0), (41, 0), (20, 0))
    services = places((3, 0), (2, 30), key="service_id").assign(category=["legal", "medical"])
    times = nearest_times(network, spots, services, by="category")
    assert times.columns.tolist() == ["legal_min", "medical_min"]
    assert times.notna().to_numpy().tolist() == [[True, False], [False, False], [False, False]]
    reasons = unreachable_reasons(network, spots, services, cutoff_min=0.01, by="category")
    assert reasons["legal_reason"].tolist() == ["beyond_cutoff", "not_connected", "off_network"]
    assert set(reasons["medical_reason"]) == {"off_network"}
    report = snap(network, spots)
    assert report["from_node_id"].tolist() == ["0,0", "40,0", None]
    assert report["snap_m"].iloc[2] == pytest.approx(1384, rel=0.01)
    assert report["access_min"].isna().tolist() == [False, False, True]


def test_nobody_lives_on_a_motorway_but_a_corridor_runs_on_it() -> None:
    ways = (
        ([(0, 1), (40, 1)], 100, 0),  # to the east
        ([(40, 1.3), (0, 1.3)], 100, 0),  # to the west
        ([(0, 0), (40, 0)], 20, 20),
        ([(0, 0), (0, 1)], 50, 50),
        ([(40, 0), (40, 1)], 50, 50),
        ([(0, 1), (0, 1.3)], 50, 50),
        ([(40, 1), (40, 1.3)], 50, 50),
    )
    network = street_network(world(*ways, classes=["motorway", "motorway", *["residential"] * 5]))
    spot, service = places((10, 1)), places((0, 0), key="service_id")
    assert snap(network, spot)["snap_m"].item() == pytest.approx(111, rel=0.01)
    assert set(snap(network, spot)[["from_node_id", "to_node_id"]].iloc[0]) == {"0,0", "40,0"}
    at_home = nearest_times(network, spot, service)["time_min"].item()
    on_road = highway_times(network, spot, service)["time_min"].item()
    west_min = (
        10 * 86.6 / 1000 / 100 * 60 + 1.3 * 111 / 1000 / 50 * 60
    )  # on the other carriageway, not round by the east
    assert on_road == pytest.approx(west_min, rel=0.01)
    assert on_road < at_home
    far = places((10, -30))
    assert highway_times(network, far, service)["time_min"].isna().all()


def test_order_of_points_and_of_streets_does_not_matter() -> None:
    ways = [
        ([(0, 0), (4, 0)], 36, 36),
        ([(4, 0), (4, 4)], 36, 0),
        ([(4, 4), (0, 0)], 20, 0),
        ([(4, 4), (9, 4)], 50, 50),
    ]
    one, other = street_network(world(*ways)), street_network(world(*ways[::-1]))
    spots, services = places((1, 1), (3, 2), (6, 5)), places((5, 3), (0, 2), key="service_id")
    table = costs(one, spots, services, cutoff_min=60)
    pdt.assert_frame_equal(table, costs(other, spots[::-1], services[::-1], cutoff_min=60))
    before = spots.copy()
    nearest_times(one, spots, services)
    pdt.assert_frame_equal(spots, before)


def test_nothing_to_search_for_on_streets() -> None:
    network = one_way_block()
    none = places(key="service_id").set_crs("EPSG:4326", allow_override=True)
    assert costs(network, places((1, 0)), none, cutoff_min=10).empty
    assert nearest_times(network, places((1, 0)), none)["time_min"].isna().tolist() == [True]
    assert nearest_times(network, none, places((1, 0)))["time_min"].empty


@pytest.mark.skipif(not FAST, reason="sweeps need numba")
def test_a_prepared_network_gives_the_same_table() -> None:
    network, ready = one_way_block(), prepare(one_way_block())
    spots = places((1, 1), (3, 2), (6, 0), (0, 3))
    pdt.assert_frame_equal(costs(ready, spots, spots, cutoff_min=60), costs(network, spots, spots, cutoff_min=60))


@pytest.mark.parametrize("bad", [{"access_kmh": 0.0}, {"max_snap_m": -1.0}, {"access_kmh": float("nan")}])
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(KcgeoError, match="above 0"):
        street_network(world(([(0, 0), (4, 0)], 36, 36)), **bad)


def test_positions_on_streets_are_the_nearer_ends() -> None:
    network = one_way_block()
    found, metres = network.positions(places((7, 0), (5, 0.5)))
    assert network.node_ids[found].tolist() == ["8,0", "4,0"]
    assert metres.tolist() == pytest.approx([0, 55.5], rel=0.01, abs=0.1)


def test_the_largest_part_is_kept_and_the_rest_reported() -> None:
    block = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    streets = world((block, 36, 0), ([(4, 0), (8, 0)], 36, 0), ([(20, 0), (24, 0)], 36, 36), ([(4, 4), (0, 4)], 36, 0))
    kept = connected(streets)
    assert set(kept.node_id) == {"0,0", "0,4", "4,0", "4,4"} & set(streets.node_id)
    assert "nodes" in kept.notes[-1] and "km" in kept.notes[-1]
    assert Point(kept.line_xy[0]).distance(Point(-94.5, 39.0)) < 0.01
    with pytest.raises(KcgeoError, match="one-way"):
        connected(world(([(0, 0), (4, 0)], 36, 0)))
