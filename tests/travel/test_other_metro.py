"""The friction grid of a metro outside the packaged region: its own ground, rivers and highways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest

from kcgeo import data
from kcgeo.data.study.settings import Study
from kcgeo.travel import Network, friction_network, layers, nearest_times
from kcgeo.travel.grid import banks, cut


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return data.read_study(root / "tests" / "studies" / "st-louis.toml")


@pytest.fixture(scope="module")
def network(study: Study) -> Network:
    return friction_network(study)


@pytest.mark.slow
def test_every_place_reaches_downtown_and_the_river_costs_time(study: Study, network: Network) -> None:
    places = data.places(study)
    downtown = gpd.GeoDataFrame({"id": ["downtown"]}, geometry=gpd.points_from_xy(*zip(study.downtown)), crs=4326)
    times = nearest_times(network, places, downtown)["time_min"]
    assert times.notna().all()
    bridgeless = replace(study, travel=replace(study.travel, barriers=()))
    free = nearest_times(friction_network(bridgeless), places, downtown)["time_min"]
    assert (times >= free - 1e-6).all()
    assert (times > free + 1).any()


def test_layers_are_shared_by_speeds_and_hold_the_ground_around(study: Study) -> None:
    used = layers(study)
    assert used is layers(replace(study, travel=replace(study.travel, highway_kmh=50.0)))
    assert used is not layers(replace(study, counties=study.counties[1:]))
    assert set(used.counties["county_fips"]) == set(data.ground(study)["county_fips"]) > set(study.counties)
    assert used.exits is not None
    assert used.exits.empty


def test_the_sample_names_every_county_of_the_ground_on_one_bank(study: Study) -> None:
    fips = data.ground(study)["county_fips"]
    mississippi, _ = study.travel.barriers
    side = banks(fips, (mississippi,))
    assert (side != 0).all()
    missouri = side[fips.eq("29510").to_numpy()]
    illinois = side[fips.eq("17163").to_numpy()]
    assert cut(missouri, illinois).all()


def test_cells_of_both_banks_are_joined_by_highways_only(study: Study, network: Network) -> None:
    import h3

    from kcgeo.travel import cells

    county = dict(zip(*cells(study)[["cell_id", "county_fips"]].to_numpy().T, strict=True))
    at = {name: row for row, name in enumerate(network.node_ids)}
    arcs, joined, pairs = network.arcs, 0, 0
    for cell, fips in county.items():
        if fips != "29510":  # the city, along the river
            continue
        heads = set(arcs.indices[arcs.indptr[at[cell]] : arcs.indptr[at[cell] + 1]].tolist())
        for other in h3.grid_ring(cell, 1):
            if county.get(other) == "17163" or county.get(other) == "17119":
                pairs += 1
                joined += at[other] in heads
    assert pairs > 10
    assert joined == 0
