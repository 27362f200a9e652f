"""Two networks for the same places, and who reaches help on foot, in worlds written by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from tests.travel.street_worlds import places, world

from kcgeo import access, travel
from kcgeo.data.formats.streets.street_table import save_streets
from kcgeo.data.study.layers import put_layer, read_layers
from kcgeo.data.study.settings import Study, read_study
from kcgeo.errors import IntegrityError, StudyError, TableError
from kcgeo.study import measure
from kcgeo.study.answers.by_bus import _walks
from kcgeo.study.answers.networks import compare_networks, differences, foot_times, on_foot, own_and_grid

LINE = [(0.0, 0.0), (4.0, 0.0), (8.0, 0.0)]
ACROSS = [(-200.0, 100.0), (0.0, 100.0), (200.0, 100.0)]
"""A street through downtown, 35 km from west to east."""


def _homes() -> gpd.GeoDataFrame:
    homes = places((0, 0), (4, 0), (8, 0))
    return homes.assign(population_count=[100, 2_000, 50], land_area_km2=[1.0, 1.0, 0.0])


def _two() -> tuple[travel.Network, travel.Network]:
    """The second network is twice as fast, and knows one more stretch back."""
    slow = travel.street_network(world((LINE[:2], 20, 20), (LINE[1:], 20, 0)))
    return slow, travel.street_network(world((LINE, 40, 40)))


def test_differences_of_each_pair() -> None:
    pairs = differences(_two(), _homes(), cutoff_min=60)
    assert list(zip(pairs["from_id"], pairs["to_id"], strict=True)) == [
        *[("p00", "p01"), ("p00", "p02"), ("p01", "p00")],
        *[("p01", "p02"), ("p02", "p00"), ("p02", "p01")],
    ]
    assert pairs["first_min"].isna().tolist() == [False, False, False, False, True, True]
    known = pairs.dropna(subset=["difference_min"])
    assert known["first_min"].to_numpy() == pytest.approx(2 * known["second_min"].to_numpy(), abs=1e-4)
    assert pairs["distance_km"].tolist() == pytest.approx([0.346, 0.693, 0.346, 0.346, 0.693, 0.346], rel=0.01)
    assert pairs["density_per_km2"].fillna(-1).tolist() == [100, -1, 100, -1, -1, -1]


def test_the_table_of_bands() -> None:
    before = _homes()
    table = compare_networks(_two(), before, reach_min=0.8, distances_km=(0, 0.5, 9), densities_per_km2=(0, 50, 500))
    pdt.assert_frame_equal(before, _homes())
    assert table["band"].tolist() == ["all", "distance", "distance", "density", "density"]
    assert table["pairs_count"].tolist() == [6, 4, 2, 0, 2]
    assert table["one_only_count"].tolist() == [2, 1, 1, 0, 0]
    assert table.loc[[0, 1, 2, 4], "ratio_median"].tolist() == pytest.approx([2, 2, 2, 2], rel=1e-3)
    # in 0.8 minutes the fast network does one stretch (0.52), the slow one none (1.04)
    assert table["other_side_share"].iloc[:3].tolist() == pytest.approx([4 / 6, 1, 0])
    assert np.isnan(table.loc[3, "q50_min"])
    assert table.loc[2, "q50_min"] == pytest.approx(0.693 / 20 * 60 - 0.693 / 40 * 60, rel=0.01)


def test_only_pairs_that_one_network_has_within_the_cutoff() -> None:
    cutoff = 0.55  # minutes: the fast network does one stretch in 0.52, the slow one in 1.04
    pairs = differences(_two(), _homes(), cutoff_min=cutoff)
    assert pairs["second_min"].max() <= cutoff
    assert len(pairs) == 4
    with pytest.raises(TableError, match="no places"):
        differences(_two(), _homes()[:0], cutoff_min=30)
    with pytest.raises(TableError, match="Give the places"):
        compare_networks(_two())


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Study:
    """The study of Kansas City with one street and one way on foot of its own."""
    path = tmp_path / "own.toml"
    path.write_text((root / "studies" / "kansas-city.toml").read_text())
    for kind, mode, line, kmh in (("streets", "drive", ACROSS, 40.0), ("walks", "walk", LINE, 4.8)):
        streets = world((line, kmh, kmh), mode=mode)
        put_layer(
            path,
            kind,
            lambda target, streets=streets: save_streets(streets, target),
            source_name="hand.osm.pbf",
            source_sha256="0" * 64,
            source_kind="osm" if kind == "streets" else "osm-walks",
            title="by hand",
            vintage="2024",
            licence="none",
        )
    return read_study(path)


def test_a_study_travels_on_its_own_streets(study: Study, root: Path) -> None:
    network = travel.network(study)
    assert network.model == "street model, free flow"
    assert network.max_snap_m == study.travel.max_snap_m
    assert travel.network(study) is network  # laid out once
    assert travel.walking_network(study).model == "walking model"
    assert _walks(study) is travel.walking_network(study)  # to a bus stop too
    plain = read_study(root / "studies" / "kansas-city.toml")
    assert travel.network(plain).model == "free-flow friction grid"
    with pytest.raises(StudyError, match="osm-walks"):
        travel.walking_network(plain)
    with pytest.raises(StudyError, match="no streets"):
        own_and_grid(plain)


def test_a_layer_of_the_wrong_kind_or_changed_is_refused(study: Study, tmp_path: Path) -> None:
    walks = study.layer("walks")
    swapped = replace(study, layers=(replace(walks, kind="streets"),))
    with pytest.raises(StudyError, match="walk"):
        travel.network(swapped)
    layer = read_layers(tmp_path / "own.toml")[0]
    layer.path.write_bytes(b"changed")
    with pytest.raises(IntegrityError, match="add it again"):
        travel.network(replace(study, layers=(replace(layer, title="another"),)))


@dataclass(frozen=True)
class _Known:
    """What the questions about walking look at."""

    study: Study
    services: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    place_times: pd.DataFrame


def test_households_without_a_vehicle_on_foot(study: Study) -> None:
    homes = _homes().assign(no_vehicle_household_count=[10, 20, 30])
    services = gpd.GeoDataFrame(
        {
            "service_id": ["s"],
            "categories": [("legal",)],
            "site_id": ["s"],
            "disclosure": ["exact"],
            "service_status": ["active"],
        },
        geometry=places((0, 0)).geometry,
        crs="EPSG:4326",
    )
    car = pd.DataFrame({"legal_min": [0.0, 0.5, 1.0]}, index=homes["place_id"])
    measured = _Known(study, services, homes, car)
    times = foot_times(measured)  # type: ignore[arg-type]
    assert times["legal_min"].tolist() == pytest.approx([0, 4.33, 8.66], rel=0.01)
    table = on_foot(measured, cutoffs_min=[5, 15])  # type: ignore[arg-type]
    assert table["on_foot_count"].tolist() == [30, 60]
    assert table["by_car_count"].tolist() == [60, 60]
    assert table["on_foot_share"].tolist() == pytest.approx([0.5, 1.0])
    unknown = replace(measured, places=homes.assign(no_vehicle_household_count=np.nan))
    assert on_foot(unknown, cutoffs_min=[5])["on_foot_count"].isna().all()  # type: ignore[arg-type]


def test_draws_tell_motorways_from_the_rest(study: Study) -> None:
    ways = ((LINE[:2], 100, 100), (LINE[1:], 20, 20), (LINE[:2], 30, 30))
    network = travel.street_network(world(*ways, classes=["motorway", "residential", "residential"]))
    parts = access.arc_parts(study, build=lambda asked: network)
    assert (parts.local_ms + parts.highway_ms == network.arcs.time_ms).all()
    assert np.count_nonzero(parts.highway_ms) == np.count_nonzero(parts.local_ms) == 2  # the fastest of parallel ways
    assert parts.times(2.0, 1.0, 1.0).sum() < network.arcs.time_ms.sum()


@pytest.mark.slow
def test_a_study_is_measured_on_its_own_streets(study: Study) -> None:
    measured = measure(study)
    assert measured.network.model == "street model, free flow"
    near = measured.reasons["legal_reason"].ne("off_network")
    assert 0 < near.sum() < len(near) / 3  # one street in the whole metro
    assert measured.place_times.loc[~near, "legal_min"].isna().all()
    assert measured.place_times.loc[near, "legal_min"].notna().all()
    assert len(measured.cell_times) == len(measured.cells)
    table = on_foot(measured)
    assert (table["on_foot_count"] <= table["household_count"]).all()
