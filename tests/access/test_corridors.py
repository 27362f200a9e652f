"""The corridor by the mile on a road that can be worked by hand, and on the packaged corridors."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from kcgeo.access.profile import corridor_profile, gap_segments
from kcgeo.data.roads import linear
from kcgeo.errors import CrsError, TableError
from kcgeo.travel import Network, nearest_times

METRIC = "EPSG:26915"
WGS84 = "EPSG:4326"
X0, Y0 = 360_000.0, 4_320_000.0
COLUMNS = ["route", "state", "from_milepost_mi", "to_milepost_mi", "category", "worst_min"]


def _road(miles: int, *, from_mi: float = 100.0, state: str = "KS", x0: float = X0) -> dict[str, object]:
    """A straight road to the east, one vertex at each end."""
    line = shapely.LineString([(x0, Y0), (x0 + miles * linear.MILE_M, Y0)])
    return {
        "system": f"I-1 {state}",
        "route": "I-1",
        "state": state,
        "from_mi": from_mi,
        "to_mi": from_mi + miles,
        "vertex_mi": f"{from_mi}|{from_mi + miles}",
        "metric_crs": METRIC,
        "geometry": line,
    }


def _table(*roads: dict[str, object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(roads), geometry="geometry", crs=METRIC).to_crs(WGS84)


@pytest.fixture
def corridor() -> gpd.GeoDataFrame:
    return _table(_road(6))


@pytest.fixture
def network() -> Network:
    """Nodes m0..m6 at each mile, 2 minutes a mile east, 3 a mile west; m6 cannot be left."""
    nodes = gpd.GeoDataFrame(
        {"node_id": [f"m{mile}" for mile in range(7)]},
        geometry=gpd.points_from_xy([X0 + mile * linear.MILE_M for mile in range(7)], [Y0] * 7),
        crs=METRIC,
    )
    east = [(f"m{mile}", f"m{mile + 1}", 2.0) for mile in range(6)]
    west = [(f"m{mile + 1}", f"m{mile}", 3.0) for mile in range(5)]
    edges = pd.DataFrame(east + west, columns=["from_node_id", "to_node_id", "time_min"])
    return Network.from_edges(nodes, edges, max_snap_m=200.0)


def _services(rows: list[tuple[str, str, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"service_id": [row[0] for row in rows], "category": [row[1] for row in rows]},
        geometry=gpd.points_from_xy([X0 + row[2] * linear.MILE_M for row in rows], [Y0] * len(rows)),
        crs=METRIC,
    )


def test_minutes_along_a_road_worked_by_hand(network: Network, corridor: gpd.GeoDataFrame) -> None:
    services = _services([("a", "legal", 2), ("b", "legal", 4), ("c", "medical", 0), ("d", "shelter", 40)])
    profile = corridor_profile(network, corridor, services, step_mi=1.0, by="category")
    assert profile.columns.tolist() == ["route", "state", "milepost_mi", "legal_min", "medical_min", "shelter_min"]
    assert profile["milepost_mi"].tolist() == [100, 101, 102, 103, 104, 105, 106]
    # mile 3: east to b in 2 minutes beats west to a in 3; mile 6 cannot be left
    np.testing.assert_array_equal(profile["legal_min"], [4, 2, 0, 2, 0, 3, np.nan])
    np.testing.assert_array_equal(profile["medical_min"], [0, 3, 6, 9, 12, 15, np.nan])
    assert profile["shelter_min"].isna().all()  # 34 miles off the network
    assert set(profile["route"]) == {"I-1"}
    assert profile.index.tolist() == list(range(7))


def test_the_profile_is_the_nearest_times_of_its_stations(network: Network, corridor: gpd.GeoDataFrame) -> None:
    services = _services([("a", "legal", 2), ("a", "medical", 2), ("c", "medical", 5)])
    profile = corridor_profile(network, corridor, services, step_mi=2.0, by="category")
    spots = gpd.GeoDataFrame(
        {"id": list("pqrs")}, geometry=gpd.points_from_xy([X0 + m * linear.MILE_M for m in (0, 2, 4, 6)], [Y0] * 4)
    ).set_crs(METRIC)
    expected = nearest_times(network, spots, services, by="category")
    np.testing.assert_array_equal(profile[["legal_min", "medical_min"]], expected[["legal_min", "medical_min"]])


def test_stations_off_the_network_are_kept(network: Network, corridor: gpd.GeoDataFrame) -> None:
    profile = corridor_profile(network, corridor, _services([("a", "legal", 0)]), step_mi=0.5, by="category")
    assert len(profile) == 13
    # nodes stand at whole miles and meet points within 200 m
    assert profile.loc[profile["milepost_mi"] % 1 == 0.5, "legal_min"].isna().all()
    assert profile.loc[profile["milepost_mi"] % 1 == 0, "legal_min"].notna().sum() == 6


def test_inputs_stay_and_row_order_of_services_is_irrelevant(network: Network, corridor: gpd.GeoDataFrame) -> None:
    services = _services([("a", "legal", 2), ("b", "legal", 4), ("c", "medical", 0)])
    before = services.copy(), corridor.copy()
    profile = corridor_profile(network, corridor, services, step_mi=1.0, by="category")
    again = corridor_profile(network, corridor, services.iloc[::-1], step_mi=1.0, by="category")
    pd.testing.assert_frame_equal(profile, again)
    pd.testing.assert_frame_equal(pd.DataFrame(services), pd.DataFrame(before[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(corridor), pd.DataFrame(before[1]))


def test_refusals(network: Network, corridor: gpd.GeoDataFrame) -> None:
    services = _services([("a", "legal", 2)])
    with pytest.raises(TableError, match="no services to reach"):
        corridor_profile(network, corridor, services.iloc[:0], step_mi=1.0, by="category")
    with pytest.raises(TableError, match="step_mi must be above 0"):
        corridor_profile(network, corridor, services, step_mi=0.0, by="category")
    with pytest.raises(TableError, match="no column 'kind'"):
        corridor_profile(network, corridor, services, step_mi=1.0, by="kind")
    with pytest.raises(CrsError, match="destinations"):
        corridor_profile(network, corridor, services.to_crs(WGS84), step_mi=1.0, by="category")


# --- segments


def _profile(minutes: list[float], *, state: str = "KS", start: float = 100.0, step: float = 0.5) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "route": "I-1",
            "state": state,
            "milepost_mi": start + step * np.arange(len(minutes)),
            "legal_min": np.array(minutes, dtype=float),
        }
    )


def test_segments_are_the_longest_runs_over_the_cutoff() -> None:
    found = gap_segments(_profile([10, 31, 35, 30, 45, 10, 50]), cutoff_min=30)
    assert found.columns.tolist() == COLUMNS
    assert found[["from_milepost_mi", "to_milepost_mi", "worst_min"]].to_numpy().tolist() == [
        [100.5, 101.0, 35.0],
        [102.0, 102.0, 45.0],
        [103.0, 103.0, 50.0],
    ]


@pytest.mark.parametrize(("minutes", "is_gap"), [(29.999, False), (30.0, False), (30 + 1e-9, False), (30.001, True)])
def test_the_cutoff_itself_is_served(minutes: float, is_gap: bool) -> None:
    assert len(gap_segments(_profile([5, minutes, 5]), cutoff_min=30)) == int(is_gap)


def test_unreached_stations_are_gaps_without_a_worst_time() -> None:
    found = gap_segments(_profile([np.nan, np.nan, 40, 10, 40]), cutoff_min=30)
    assert found["to_milepost_mi"].tolist() == [101.0, 102.0]
    assert np.isnan(found["worst_min"].iloc[0])
    assert found["worst_min"].iloc[1] == 40


def test_runs_end_at_state_lines_and_where_a_mile_system_ends() -> None:
    profile = pd.concat(
        [
            _profile([40, 40], start=225.5),
            _profile([40, 40], start=410.0),
            _profile([40, 40], state="MO", start=0.0),
        ]
    )
    found = gap_segments(profile, cutoff_min=30)
    assert found[["state", "from_milepost_mi", "to_milepost_mi"]].to_numpy().tolist() == [
        ["KS", 225.5, 226.0],
        ["KS", 410.0, 410.5],
        ["MO", 0.0, 0.5],
    ]


def test_no_gap_gives_an_empty_table_with_the_same_columns() -> None:
    found = gap_segments(_profile([1, 2, 3]), cutoff_min=30)
    assert found.empty
    assert found.columns.tolist() == COLUMNS
    some = gap_segments(_profile([1, 99, 3]), cutoff_min=30)
    assert found.dtypes.astype(str).tolist() == some.dtypes.astype(str).tolist()


@given(st.lists(st.one_of(st.floats(0, 120), st.just(float("nan"))), min_size=1, max_size=40), st.floats(0, 90))
def test_segments_hold_every_gap_station_once_and_no_other(minutes: list[float], cutoff_min: float) -> None:
    profile = _profile(minutes)
    found = gap_segments(profile.sample(frac=1.0, random_state=1), cutoff_min=cutoff_min)
    inside = np.zeros(len(minutes), dtype=int)
    for row in found.itertuples():
        inside += profile["milepost_mi"].between(row.from_milepost_mi, row.to_milepost_mi).to_numpy()
    to_ms = np.minimum(profile["legal_min"], (profile["legal_min"] * 60_000).round() / 60_000)
    np.testing.assert_array_equal(inside, (~(to_ms <= cutoff_min)).to_numpy().astype(int))
    # maximal: between two segments lies a served station
    assert (found["from_milepost_mi"].to_numpy()[1:] - found["to_milepost_mi"].to_numpy()[:-1] >= 1.0).all()


@given(st.floats(0, 60), st.floats(0, 60))
def test_a_longer_cutoff_never_adds_gap_miles(one: float, other: float) -> None:
    minutes = [5, 61, 20, 44, 44, 3, 18, 29, 31, 60, 12]

    def stations_in_gaps(cutoff_min: float) -> int:
        found = gap_segments(_profile(minutes), cutoff_min=cutoff_min)
        return int(((found["to_milepost_mi"] - found["from_milepost_mi"]) / 0.5 + 1).sum())

    assert stations_in_gaps(max(one, other)) <= stations_in_gaps(min(one, other))


def test_faulty_profiles_are_refused_with_every_fault() -> None:
    profile = _profile([1, -2, np.inf])
    with pytest.raises(TableError, match=r"legal_min at I-1 KS 100\.5, I-1 KS 101\.0 is negative or infinite"):
        gap_segments(profile, cutoff_min=30)
    twice = pd.concat([_profile([1.0]), _profile([2.0])])
    with pytest.raises(TableError, match=r"I-1 KS 100\.0 more than once"):
        gap_segments(twice, cutoff_min=30)
    with pytest.raises(TableError, match="no column state"):
        gap_segments(profile.drop(columns="state"), cutoff_min=30)
    with pytest.raises(TableError, match="names end in _min"):
        gap_segments(profile.drop(columns="legal_min"), cutoff_min=30)
    for cutoff_min in (-1.0, float("nan")):
        with pytest.raises(TableError, match="minutes of 0 or more"):
            gap_segments(_profile([1.0]), cutoff_min=cutoff_min)


# --- the packaged corridors


@pytest.mark.slow
def test_profiles_of_the_study_are_smooth_and_complete(root: Path) -> None:
    from kcgeo.data import by_category, read_study, services
    from kcgeo.data.roads.corridors import corridors
    from kcgeo.travel import friction_network

    study = read_study(root / "studies" / "kansas-city.toml")
    network, lines = friction_network(study), corridors(study)
    listed = by_category(services())
    for route in study.corridors:
        profile = corridor_profile(network, lines[lines["route"] == route], listed, step_mi=0.5, by="category")
        minutes = profile.filter(like="_min")
        assert set(minutes.columns) >= {"emergency_shelter_min", "medical_min"}
        assert minutes.notna().all(axis=None)
        # a station is on the highway, so that half a mile changes no time by more than it takes to drive: 0.48 minutes
        # at 100 km/h, a little more where the calibrated miles are longer than measured ones
        steps = minutes.diff().abs()[profile["milepost_mi"].diff() == 0.5].max(axis=1)
        assert steps.max() < 0.6
        gaps = gap_segments(profile, cutoff_min=30)
        assert (gaps["worst_min"] > 30).all()
        assert gaps["to_milepost_mi"].sub(gaps["from_milepost_mi"]).ge(0).all()
