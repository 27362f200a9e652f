"""Tables are chosen by the counties of a study: the packaged region, else the United States."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from kcgeo import data
from kcgeo.data.places.areas import LEAST_PEOPLE
from kcgeo.data.study.layers import put_layer
from kcgeo.data.study.region import ROADS_KM
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, TableError

ACCESSORS = (
    data.counties,
    data.ground,
    data.places,
    data.places_around,
    data.cities,
    data.highway_nodes,
    data.highway_edges,
    data.exits,
    data.areas,
    data.corridors,
)


@pytest.fixture(scope="module")
def home(root: Path) -> Study:
    return data.read_study(root / "studies" / "kansas-city.toml")


@pytest.fixture(scope="module")
def wichita(root: Path) -> Study:
    return data.read_study(root / "tests" / "studies" / "wichita.toml")


def outlines(study: Study) -> shapely.Geometry:
    return shapely.union_all(data.counties(study).geometry.to_crs(study.crs).to_numpy())


@pytest.mark.parametrize("accessor", ACCESSORS)
def test_both_kinds_of_study_get_the_same_columns(accessor, home: Study, wichita: Study) -> None:
    ours, theirs = accessor(home), accessor(wichita)
    assert list(theirs.columns) == list(ours.columns)
    if isinstance(ours, gpd.GeoDataFrame):
        assert theirs.crs == ours.crs == "EPSG:4326"
    pd.testing.assert_index_equal(theirs.index, pd.RangeIndex(len(theirs)))


@pytest.mark.parametrize("accessor", ACCESSORS)
def test_the_name_of_a_study_chooses_nothing(accessor, home: Study) -> None:
    pd.testing.assert_frame_equal(accessor(home), accessor(dataclasses.replace(home, name="elsewhere", title="x")))


@pytest.mark.parametrize(
    ("accessor", "name"),
    [
        (data.ground, "counties"),
        (data.places_around, "places"),
        (data.cities, "cities"),
        (data.highway_nodes, "highway_nodes"),
        (data.highway_edges, "highway_edges"),
        (data.exits, "exits"),
        (data.areas, "areas"),
    ],
)
def test_the_packaged_region_is_as_packaged(accessor, name: str, home: Study) -> None:
    pd.testing.assert_frame_equal(accessor(home), data.load(name))


def test_what_an_accessor_gives_may_be_changed(wichita: Study) -> None:
    first = data.counties(wichita)
    first["name"] = "spoilt"
    assert "spoilt" not in set(data.counties(wichita)["name"])


def test_ground_holds_the_study_and_its_neighbours(wichita: Study) -> None:
    ground = data.ground(wichita)
    assert set(ground["county_fips"][ground["in_msa"]]) == set(wichita.counties)
    around = ground[~ground["in_msa"]].geometry.to_crs(wichita.crs)
    assert len(around) >= 8
    assert (around.distance(outlines(wichita)) <= 5_000).all()
    assert "20155" in set(ground["county_fips"])  # Reno touches Harvey, Sedgwick and Kingman


def test_highways_reach_beyond_the_study_and_edges_hang_on_nodes(wichita: Study) -> None:
    nodes, edges = data.highway_nodes(wichita), data.highway_edges(wichita)
    away = nodes.geometry.to_crs(wichita.crs).distance(outlines(wichita))
    assert 60_000 < away.max() <= 1000 * ROADS_KM
    assert set(edges["from_node_id"]) | set(edges["to_node_id"]) <= set(nodes["node_id"])
    assert edges["length_km"].ge(0).all()


def test_both_graphs_have_the_same_ids_and_lengths() -> None:
    region, country = data.load("highway_nodes"), data.load("highway_nodes_us")
    both = region.merge(country, on="node_id", suffixes=("", "_us"))
    assert len(both) == len(region)
    assert (both.geometry.to_numpy() == both["geometry_us"].to_numpy()).all()
    keys = ["from_node_id", "to_node_id"]
    ours, theirs = (data.load(name).set_index(keys)["length_km"] for name in ("highway_edges", "highway_edges_us"))
    pd.testing.assert_series_equal(ours, theirs.loc[ours.index])


def test_national_outlines_are_those_of_the_region_but_for_small_corners() -> None:
    region = data.load("counties").set_index("county_fips").geometry.to_crs("EPSG:26915")
    country = data.load("counties_us").set_index("county_fips").geometry.loc[region.index].to_crs("EPSG:26915")
    assert (region.symmetric_difference(country).area / region.area).max() < 0.02
    assert (country.area / region.area - 1).abs().max() < 0.01


def test_national_outlines_leave_no_gap_between_neighbours() -> None:
    kansas = data.load("counties_us")
    kansas = kansas[kansas["state"] == "KS"].geometry.to_numpy()
    whole = shapely.union_all(kansas)
    assert whole.geom_type == "Polygon"
    assert sum(shapely.Polygon(ring).area for ring in whole.interiors) < 1e-4
    assert shapely.area(kansas).sum() == pytest.approx(whole.area, rel=1e-4)


def test_places_of_another_region_have_names_and_lie_in_their_county(wichita: Study) -> None:
    places = data.places(wichita)
    assert set(places["county_fips"]) == set(wichita.counties)
    assert int(places["population_count"].sum()) == 655_371
    assert places.set_index("place_id").loc["67202", "place_name"] == "Wichita"
    assert places["place_name"].notna().all()


def test_areas_are_large_and_hold_each_county_once(root: Path) -> None:
    study = data.read_study(root / "tests" / "studies" / "st-louis.toml")
    areas, places = data.areas(study), data.places(study)
    people = places.groupby("county_fips")["population_count"].sum()
    sizes = areas.dropna().groupby("area")["county_fips"].agg(lambda codes: people.reindex(codes).sum())
    assert (sizes >= LEAST_PEOPLE).all()
    named = areas[areas["area"] != "whole region"].dropna()
    assert not named["county_fips"].duplicated().any()
    states = {code[:2] for code in study.counties}
    assert {code[:2] for code in areas.loc[areas["area"] == "whole region", "county_fips"]} == states
    assert {"St. Louis city MO", "St. Louis County MO", "smaller counties IL"} <= set(areas["area"])
    assert "29219" not in set(named["county_fips"])  # Warren alone is too small to be named


def test_two_studies_that_name_one_area_mean_the_same_counties(root: Path) -> None:
    study = data.read_study(root / "tests" / "studies" / "st-louis.toml")
    codes = ("29095 29037 29025 29049 29107 29101 29177", "29095 29037 29025 29013 29083 29159 29101")
    tables = [data.areas(dataclasses.replace(study, counties=tuple(text.split()))).dropna() for text in codes]
    members = [table.groupby("area")["county_fips"].agg(frozenset) for table in tables]
    shared = set(members[0].index) & set(members[1].index)
    assert {"Jackson County MO", "smaller counties MO", "whole region"} <= shared
    assert all(members[0][name] == members[1][name] for name in shared)


def test_a_region_of_few_people_has_no_area_that_may_be_named(root: Path) -> None:
    study = data.read_study(root / "tests" / "studies" / "st-louis.toml")
    warren = dataclasses.replace(study, counties=("29219",))
    assert data.places(warren)["population_count"].sum() < LEAST_PEOPLE
    assert data.areas(warren)["area"].tolist() == ["outside the metro"]


def test_no_study_outside_the_region_gets_its_services(wichita: Study) -> None:
    with pytest.raises(
        StudyError, match="The study wichita names no services, and the packaged directory is of another"
    ):
        data.directory(dataclasses.replace(wichita, services_path=None))
    assert data.directory(wichita)["service_name"].dropna().str.startswith("Sample").all()


def test_the_sample_names_no_real_service(root: Path) -> None:
    real = set(data.load("services")["organization_name"].dropna())
    for path in sorted((root / "tests" / "studies").glob("*-sample.csv")):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        shown = rows[rows["disclosure"] != "withheld"]
        assert shown["service_name"].str.startswith("Sample ").all()
        assert shown["organization_name"].str.fullmatch(r"Sample organisation \d+").all()
        assert (shown["note"] == "SAMPLE").all()
        assert not real & set(shown["organization_name"])
        assert set(shown["phone"]) == {"555-0100"}


def own_places(root: Path, folder: Path, table: pd.DataFrame) -> Study:
    path = folder / "own.toml"
    text = (root / "tests" / "studies" / "wichita.toml").read_text()
    path.write_text(re.sub(r"\[services\]\n(.*\n){2}", "", text))

    def write(out: Path) -> int:
        table.to_csv(out, index=False, compression={"method": "gzip", "mtime": 0})
        return len(table)

    words = {"source_name": "x", "source_sha256": "0" * 64, "source_kind": "centers"}
    put_layer(path, "places", write, title="t", vintage="v", licence="l", **words)
    return data.read_study(path)


def test_a_layer_of_places_comes_first_and_blanks_stay_blank(root: Path, wichita: Study, tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "place_id": ["201730001001", "200159999001"],
            "county_fips": ["20173", "20015"],
            "population_count": [1000, 500],
            "under18_count": [None, None],
            "poverty_count": [None, None],
            "household_count": [None, None],
            "no_vehicle_household_count": [None, None],
            "land_area_km2": [0.5, None],
            "latitude": [37.69, 37.81],
            "longitude": [-97.33, -96.9],
        }
    )
    study = own_places(root, tmp_path, table)
    places = data.places(study)
    assert places["place_id"].tolist() == ["200159999001", "201730001001"]
    assert places["state"].tolist() == ["KS", "KS"]
    assert places["place_name"].tolist() == ["El Dorado", "Wichita"]
    assert places["under18_count"].isna().all()
    around = data.places_around(study)
    packaged = data.places_around(wichita)
    assert len(around) == 2 + (~packaged["county_fips"].isin(wichita.counties)).sum()
    with pytest.raises(TableError, match="The layer places has no column latitude"):
        data.places(own_places(root, tmp_path, table.drop(columns="latitude")))
