"""Places and counties of a study; which places a confidential service serves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from kcgeo import data
from kcgeo.errors import StudyError, TableError


@pytest.fixture(scope="module")
def study(root: Path) -> data.Study:
    return data.read_study(root / "studies" / "kansas-city.toml")


def test_places_of_the_study(study: data.Study) -> None:
    places = data.places(study)
    assert set(places["county_fips"]) == set(study.counties)
    assert len(places) == 212
    assert int(places["population_count"].sum()) == 2_304_806
    assert places["place_id"].is_monotonic_increasing
    assert isinstance(places, gpd.GeoDataFrame)


def test_counties_of_the_study(study: data.Study) -> None:
    counties = data.counties(study)
    assert list(counties["county_fips"]) == sorted(study.counties)
    assert "20059" not in set(counties["county_fips"])  # Franklin is in the package and not in the study


@pytest.mark.parametrize("function", [data.places, data.counties])
def test_unknown_county_is_named(function, study: data.Study) -> None:
    wrong = dataclasses.replace(study, counties=("29095", "99001", "99003"))
    with pytest.raises(StudyError, match=r"study.counties names 99001, 99003, which the data package does not have"):
        function(wrong)


def test_referral_follows_the_area_row_by_row(study: data.Study) -> None:
    places, services, areas = data.places(study), data.services(), data.load("areas")
    found = data.referral(places, services)
    reach = {area: set(group["county_fips"].dropna()) for area, group in areas.groupby("area")}
    confidential = [row for _, row in services.iterrows() if row["disclosure"] == "area"]
    for place_id, county in zip(places["place_id"], places["county_fips"], strict=True):
        served = {name for row in confidential if county in reach[row["area"]] for name in row["categories"]}
        assert set(found.columns[found.loc[place_id]]) == served
    assert found.index.name == "place_id"
    assert list(found.index) == list(places["place_id"])
    assert set(found.columns) == set(data.load("categories")["category"])
    assert all(pd.api.types.is_bool_dtype(kind) for kind in found.dtypes)


def test_referral_of_shelters_by_county(study: data.Study) -> None:
    places = data.places(study)
    shelter = data.referral(places, data.services())["emergency_shelter"]
    served = set(places.loc[shelter.to_numpy(), "county_fips"])
    # the directory names no shelter of level area for Douglas
    assert set(study.counties) - served == {"20045"}


def test_exact_and_withheld_rows_change_no_referral(study: data.Study) -> None:
    places, services = data.places(study), data.services()
    only = services[services["disclosure"] == "area"]
    pd.testing.assert_frame_equal(data.referral(places, only), data.referral(places, services))
    none = services[services["disclosure"] != "area"]
    assert not data.referral(places, none).any(axis=None)


def test_inactive_confidential_service_refers_nobody(study: data.Study) -> None:
    services = data.services().copy()
    services["service_status"] = services["service_status"].mask(services["disclosure"].eq("area"), "inactive")
    assert not data.referral(data.places(study), services).any(axis=None)


def test_area_outside_serves_no_county(study: data.Study) -> None:
    services = data.services()
    outside = services[services["area"] == "outside the metro"]
    assert len(outside) == 1
    assert not data.referral(data.places(study), outside).any(axis=None)


def test_own_areas_and_categories(study: data.Study) -> None:
    places, services = data.places(study), data.services()
    one = services[services["area"] == "Jackson County MO"]
    areas = pd.DataFrame({"area": ["Jackson County MO"], "county_fips": ["20045"]})
    found = data.referral(places, one, areas=areas, categories=["emergency_shelter"])
    assert list(found.columns) == ["emergency_shelter"]
    assert set(places.loc[found["emergency_shelter"].to_numpy(), "county_fips"]) == {"20045"}


def test_area_that_is_not_approved_is_refused(study: data.Study) -> None:
    areas = data.load("areas")
    with pytest.raises(TableError, match=r"svc-friends-of-yates-01.*the area is not approved"):
        data.referral(data.places(study), data.services(), areas=areas[areas["area"] != "Wyandotte County KS"])
