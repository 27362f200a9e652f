"""The surface of people: conserved, nearer to the truth than one point a ZIP, and replaced by places of one's own."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data import Study
from kcgeo.data.study.layers import Layer

COUNTS = ["population_count", "under18_count", "poverty_count", "household_count", "no_vehicle_household_count"]


@pytest.fixture(scope="module")
def study() -> Study:
    return data.read_study(data.default_study())


def omaha(study: Study, counties: tuple[str, ...]) -> Study:
    return replace(study, name="omaha", counties=counties, corridors=(), routes=(), crs="EPSG:26915")


def test_no_person_is_lost_or_made(study: Study) -> None:
    surface = data.population(study)
    parts = data.load("zip_counties")
    inside = parts[parts["county_fips"].isin(study.counties)].groupby("place_id")["residents_share"].sum()
    listed = data.load("places_us").set_index("place_id")
    for column in COUNTS:
        found = surface.groupby("place_id")[column].sum()
        wanted = listed[column] * inside.reindex(listed.index)
        both = found.index.intersection(inside.index)
        np.testing.assert_allclose(found[both], wanted[both], atol=0.01)
    assert (surface["population_count"] >= 0).all()
    assert set(surface["county_fips"]) == set(study.counties)
    assert not surface.duplicated(["cell_id", "place_id"]).any()


def test_points_at_which_people_are_counted_hold_all_of_them(study: Study) -> None:
    surface, points = data.population(study), data.living_points(study)
    for column in COUNTS:
        assert points[column].dtype == np.int64
        assert abs(points[column].sum() - surface[column].sum()) <= 1
    assert points["place_id"].is_unique
    assert list(points["place_id"]) == sorted(points["place_id"])
    assert set(points["place_id"].str[:5]) <= set(surface["place_id"])
    cells = {h3.latlng_to_cell(point.y, point.x, study.travel.h3_resolution) for point in points.geometry}
    assert cells <= set(surface["cell_id"])
    assert points["place_name"].notna().all()


def test_a_study_gets_the_same_surface_twice_and_may_change_its_copy(study: Study) -> None:
    first = data.population(study)
    first["population_count"] = 0
    assert data.population(study)["population_count"].sum() > 2e6


def test_places_of_a_study_replace_the_zip_codes(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "places.csv.gz"
    rows = {"place_id": ["290950001001", "290950001002"], "county_fips": ["29095"] * 2, "population_count": [700, 300]}
    rows |= {name: [7, 3] for name in COUNTS[1:]} | {"land_area_km2": [1.0, 1.0]}
    rows |= {"latitude": [39.05, 39.06], "longitude": [-94.5, -94.5]}
    pd.DataFrame(rows).to_csv(path, index=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    layer = Layer("places", path, digest, 2, "groups.csv", digest, "block-groups", "own", "2020", "own", ())
    own = replace(study, layers=(layer,))
    surface = data.population(own)
    assert surface.set_index("place_id")["population_count"].sort_index().tolist() == [700, 300]
    assert set(surface["cell_id"]) == {
        h3.latlng_to_cell(lat, -94.5, study.travel.h3_resolution) for lat in (39.05, 39.06)
    }
    assert list(data.living_points(own)["place_id"]) == ["290950001001", "290950001002"]


def test_counties_are_right_in_sum(study: Study, shared: Path) -> None:
    groups = pd.read_csv(shared / "reference" / "bg2020_popcenters_kc.csv", dtype={"county": str})
    truth = groups[groups["county"].isin(study.counties)].groupby("county")["population"].sum()
    found = data.population(study).groupby("county_fips")["population_count"].sum()
    assert (found - truth).abs().sum() / truth.sum() < 0.01


def within(points: np.ndarray, xy: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Share of people within 5, 10, 20 and 35 km of each point."""
    away = np.hypot(*(points[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    return np.stack([(away <= km * 1000) @ people / people.sum() for km in (5, 10, 20, 35)])


def test_a_metro_that_nobody_tuned_on(study: Study, shared: Path) -> None:
    groups = pd.read_csv(shared / "reference" / "bg2020_popcenters_omaha.csv", dtype={"county": str})
    there = omaha(study, tuple(sorted(groups["county"].unique())))
    surface, listed = data.population(there), data.places(there)
    truth = gpd.points_from_xy(groups["longitude"], groups["latitude"], crs=4326).to_crs(there.crs)
    tables = {
        "truth": (np.column_stack([truth.x, truth.y]), groups["population"].to_numpy(dtype=float)),
        "surface": (surface.to_crs(there.crs).get_coordinates().to_numpy(), surface["population_count"].to_numpy()),
        "zip": (
            listed.to_crs(there.crs).get_coordinates().to_numpy(),
            listed["population_count"].to_numpy(dtype=float),
        ),
    }
    chosen = np.random.default_rng(1).choice(len(surface), 400, replace=False)
    share = {name: within(tables["surface"][0][chosen], *table) for name, table in tables.items()}
    error = {name: np.abs(share[name] - share["truth"]).mean() for name in ("surface", "zip")}
    assert error["surface"] <= 0.6 * error["zip"]
