"""The data package: every record, every promise of its description, and that the makers give what is committed."""

from __future__ import annotations

import gzip
import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields as dataclass_fields
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from frictionless import Package

from kcgeo import data
from kcgeo.data.study.settings import SERVICE_FILES, SERVICE_WORDS, Barrier, GapSettings, Route, Study, TravelSettings
from kcgeo.files import sha256

NAMES = data.resources()
COUNTY_TOTAL_TOLERANCE = 0.01
"""ZIP points (ACS 2018-22) against census counts of 2020, whole metro only: ZIPs cross county lines."""


@pytest.fixture
def makers(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(data_folder / "makers"))
    yield importlib.import_module("make_package")
    for name in [name for name in sys.modules if name.startswith("make_") or name == "tables"]:
        del sys.modules[name]


@pytest.mark.slow
def test_frictionless_finds_the_package_valid(data_folder: Path) -> None:
    report = Package(str(data_folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])[:5]
    assert [task.name for task in report.tasks] == list(NAMES)


@pytest.mark.slow
def test_frictionless_would_notice_a_changed_byte(own_package: Path) -> None:
    path = own_package / "derived" / "places.csv"
    path.write_text(path.read_text().replace("64002", "64003", 1).replace("64030", "64031", 1))
    assert not Package(str(own_package / "datapackage.json")).validate().valid


@pytest.mark.parametrize("name", NAMES)
def test_each_resource_is_described_in_full(name: str, data_folder: Path) -> None:
    item = data.describe(name)
    path = data_folder / item["path"]
    assert item["sha256"] == sha256(path)
    assert item["bytes"] == path.stat().st_size
    assert item["hash"] == f"sha256:{item['sha256']}"
    assert item["title"]
    assert item["vintage"]
    assert item["sources"]
    assert item["licenses"]
    assert (data_folder / item["maker"]).is_file()
    assert all(field["description"] for field in item["fields"])
    assert item["rows"] == len(data.load(name))


@pytest.mark.parametrize("name", NAMES)
def test_each_resource_loads_sorted_with_unique_keys(name: str) -> None:
    table, key = data.load(name), data.describe(name)["key"]
    assert not table.duplicated(key).any()
    pd.testing.assert_index_equal(table.index, pd.RangeIndex(len(table)))
    pd.testing.assert_frame_equal(table[key], table[key].sort_values(key, ignore_index=True))
    if isinstance(table, gpd.GeoDataFrame):
        assert table.crs.to_epsg() == 4326
    ids = [column for column in key if column.endswith("_id") or column.endswith("_fips")]
    assert all(pd.api.types.is_string_dtype(table[column]) for column in ids)


def plain_contents(folder: Path) -> dict[str, bytes]:
    """Contents by name, unpacked: compressed bytes differ between builds of zlib."""
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in folder.iterdir()
    }


@pytest.mark.slow
def test_makers_give_the_committed_files(makers: ModuleType, data_folder: Path, tmp_path: Path) -> None:
    makers.make_all(data_folder / "raw", tmp_path)
    made, committed = plain_contents(tmp_path), plain_contents(data_folder / "derived")
    assert sorted(made) == sorted(committed)
    assert [name for name in made if made[name] != committed[name]] == []


@pytest.mark.slow
def test_descriptions_are_generated_and_current(makers: ModuleType, data_folder: Path, root: Path) -> None:
    assert (data_folder / "datapackage.json").read_text() == makers.package_text()
    assert (data_folder / "README.md").read_text() == makers.readme()
    assert (root / "docs" / "data-dictionary.md").read_text() == makers.dictionary()


def test_every_raw_file_is_used_and_every_field_of_the_vocabulary(makers: ModuleType, data_folder: Path) -> None:
    code = "".join(path.read_text() for path in (data_folder / "makers").glob("make_*.py"))
    for path in (data_folder / "raw").iterdir():
        assert path.name in code or path.stem in code, path.name
    used = {field["name"] for name in NAMES for field in data.describe(name)["fields"]}
    assert used == set(makers.vocabulary()["fields"])


def test_study_keys_of_the_dictionary_are_those_of_the_record(makers: ModuleType) -> None:
    described = set(makers.vocabulary()["study"])
    records = {
        "study": Study,
        "travel": TravelSettings,
        "gaps": GapSettings,
        "travel.barriers": Barrier,
        "study.routes": Route,
    }
    keys = {f"{where}.{field.name}" for where, record in records.items() for field in dataclass_fields(record)}
    keys -= {
        "study.travel",
        "study.gaps",
        "study.services_path",
        "study.authorisations_path",
        "study.changes",
        "study.services_label",
        "study.services_options",
        "study.collected_path",
        "study.capacity_path",
        "study.layers",
        "study.routes",
        "travel.barriers",
    }
    said = {f"services.{name}" for name in (*SERVICE_FILES, *SERVICE_WORDS)}
    assert described == keys | said


def test_no_place_of_a_hidden_service_is_in_any_file(data_folder: Path) -> None:
    for path in (data_folder / "raw" / "services.csv", data_folder / "derived" / "services.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        hidden = table[table["disclosure"] != "exact"]
        place = ["physical_address", "city", "county", "postal_code", "latitude", "longitude"]
        assert (hidden[place] == "").all(axis=None)
        withheld = table[table["disclosure"] == "withheld"]
        held = withheld.drop(columns=["service_id", "service_categories", "disclosure", "disclosure_basis"])
        assert len(withheld) == 10
        assert (held == "").all(axis=None)


def test_services_are_those_of_the_facts(
    shared: Path, root: Path, rows: pd.DataFrame, makers: ModuleType, tmp_path: Path
) -> None:
    facts = pd.read_csv(shared / "facts" / "services.csv", dtype=str, keep_default_na=False).sort_values("service_id")
    first = pd.read_csv(root / "data" / "raw" / "services.csv", dtype=str)["service_id"]
    rows = rows[rows["service_id"].isin(first)]
    ours, theirs = (table[table["disclosure"] != "withheld"].reset_index(drop=True) for table in (rows, facts))
    same = [name for name in theirs.columns if name not in ("coordinate_source", "service_id", "note")]
    pd.testing.assert_frame_equal(ours[same], theirs[same])
    changed = ours["note"] != theirs["note"]
    assert list(ours.loc[changed, "service_id"]) == ["svc-veronica-s-voice-01"]
    maker = importlib.import_module("make_services")
    maker.extract(shared / "facts" / "services.csv", tmp_path)
    assert (tmp_path / "services.csv").read_bytes() == (makers.RAW / "services.csv").read_bytes()


def test_ids_of_withheld_rows_tell_nothing_of_the_operator(
    shared: Path, rows: pd.DataFrame, makers: ModuleType, data_folder: Path
) -> None:
    facts = makers.read_csv(shared / "facts" / "services.csv")
    hidden = [row for row in facts if row["disclosure"] == "withheld"]
    opaque = importlib.import_module("make_services").opaque
    # whoever the operators are, and in whatever order their rows came: the table is the same
    renamed = [
        row | {"service_id": f"zz-{number:03d}-01", "organization_name": f"O{number}"}
        for number, row in enumerate(reversed(hidden))
    ]
    shown = [row for row in facts if row["disclosure"] != "withheld"]
    by_id = {row["service_id"]: row for row in opaque(facts)}
    assert {row["service_id"]: row for row in opaque(renamed + shown)} == by_id
    assert sum(name.startswith("withheld-") for name in by_id) == len(hidden) == 10
    # none of their own ids, and no hole in a numbering that would tell of one
    numbers = rows.loc[rows["disclosure"] != "withheld", "service_id"].str.extract(r"^(.*)-(\d+)$")
    for _, group in numbers.groupby(0):
        assert sorted(group[1].astype(int)) == list(range(1, len(group) + 1))
    text = (data_folder / "raw" / "services.csv").read_text() + (data_folder / "derived" / "services.csv").read_text()
    told = {word for row in shown for word in (row["service_name"], row["organization_name"])}
    names = (
        {row[name] for row in hidden for name in ("service_name", "organization_name")} - told - {"Emergency shelter"}
    )
    assert names
    assert not [name for name in names if name in text]


@pytest.mark.parametrize(("name", "key"), [("claims", "claim_id"), ("aggregates", "aggregate_id")])
def test_ledger_tables_are_those_of_the_facts(shared: Path, data_folder: Path, name: str, key: str) -> None:
    facts = pd.read_csv(shared / "facts" / f"{name}.csv", dtype=str, keep_default_na=False).set_index(key)
    ours = pd.read_csv(data_folder / "derived" / f"{name}.csv", dtype=str, keep_default_na=False).set_index(key)
    pd.testing.assert_frame_equal(ours[list(facts.columns)].loc[facts.index], facts)


def test_every_record_names_its_evidence() -> None:
    services = data.load("services")
    assert services.loc[services["disclosure"] != "withheld", "evidence"].notna().all()
    assert data.load("aggregates")["evidence"].notna().all()
    assert data.load("claims")["source_document"].notna().all()
    assert set(data.load("claims")["evidence_grade"]) <= set("ABCD")
    assert set(data.load("aggregates")["evidence_grade"]) <= {*"ABCD", "-"}


def test_printed_numbers_and_numbers_agree() -> None:
    for name in ("claims", "aggregates"):
        table = data.load(name)
        numbers = table[table["value_number"].notna()]
        assert (numbers["value"].astype(float) == numbers["value_number"]).all()
        others = table.loc[table["value_number"].isna(), "value"].dropna()
        assert not others.str.fullmatch(r"-?[\d.]+").any()


def test_ranges_are_in_order() -> None:
    claims = data.load("claims").dropna(subset=["value_low", "value_high"])
    assert len(claims)
    assert (claims["value_low"] <= claims["value_high"]).all()


def test_counts_of_people_are_parts_of_their_base() -> None:
    for name in ("places", "places_us"):
        table = data.load(name)
        assert (table["under18_count"] <= table["population_count"]).all()
        assert (table["poverty_count"] <= table["population_count"]).all()
        assert (table["no_vehicle_household_count"] <= table["household_count"]).all()
        assert (table["land_area_km2"] > 0).all()
    assert len(data.load("places")) == 278
    assert len(data.load("places_us")) == 33_774


def test_counts_are_shares_times_base(data_folder: Path) -> None:
    raw = pd.read_csv(data_folder / "raw" / "zcta_points.csv", dtype={"zip": str}).dropna(subset=["population"])
    joined = raw.merge(data.load("places"), left_on="zip", right_on="place_id", validate="one_to_one")
    assert len(joined) == 278
    for share, base, count in (
        ("pct_under_18", "population", "under18_count"),
        ("pct_below_poverty", "population", "poverty_count"),
        ("pct_no_vehicles", "households", "no_vehicle_household_count"),
    ):
        expected = joined[share].fillna(0) * joined[base]
        assert (abs(expected - joined[count]) <= 0.5).all()
        # a blank share is a share of nobody (or, for poverty, of nobody whose status is determined)
        assert (joined.loc[joined[share].isna(), "households"] == 0).all()
    assert joined["population"].sum() == joined["population_count"].sum()


def test_places_of_the_metro_add_up_to_its_census_count() -> None:
    counties = data.load("county_denominators")
    metro = counties[counties["in_msa"]]
    places = data.load("places")
    people = places.loc[places["county_fips"].isin(metro["county_fips"]), "population_count"].sum()
    assert len(metro) == 14
    assert people == pytest.approx(metro["population_2020_count"].sum(), rel=COUNTY_TOTAL_TOLERANCE)


def test_places_lie_in_the_county_they_belong_to() -> None:
    counties, places = data.load("counties"), data.load("places")
    ours = places[places["county_fips"].isin(counties["county_fips"])]
    found = ours.sjoin(counties[["county_fips", "geometry"]], how="left", predicate="within")
    assert len(ours) == 220
    assert (found["county_fips_left"] == found["county_fips_right"]).all()
    box = places.total_bounds
    assert (box[:2] >= [-95.61, 38.0]).all()
    assert (box[2:] <= [-93.45, 39.85]).all()


def test_counties_agree_between_tables() -> None:
    outlines = data.load("counties").set_index("county_fips")
    numbers = data.load("county_denominators").set_index("county_fips")
    columns = ["name", "state", "in_msa"]
    pd.testing.assert_frame_equal(outlines.loc[numbers.index, columns], numbers[columns])
    assert outlines.geometry.is_valid.all()
    assert int(outlines["in_msa"].sum()) == 14


def test_service_points_lie_in_the_county_they_name() -> None:
    services = data.load("services")
    at = services[services.geometry.notna()]
    found = at.sjoin(data.load("counties")[["name", "state", "geometry"]], how="left", predicate="within")
    elsewhere = found[found["name"].isna()]
    # St. Joseph lies 20 km north of the packaged counties; it serves nine counties of the northwest
    assert list(elsewhere["service_id"]) == ["svc-voices-of-courage-01"]
    wrong = found[found["name"].notna() & (found["name"] != found["county"])]
    assert list(wrong["service_id"]) == []
    assert len(at) == 232


def test_areas_are_large_enough_and_used() -> None:
    areas, counties = data.load("areas"), data.load("county_denominators").set_index("county_fips")
    for area, group in areas.groupby("area"):
        codes = group["county_fips"].dropna()
        if area == "outside the metro":
            assert codes.empty
            continue
        people = counties["population_2020_count"].reindex(codes).dropna().sum()
        assert people >= 100_000, area
    assert set(areas["area"]) == set(data.load("services")["area"].dropna())


def test_every_text_of_hours_is_read_and_in_the_syntax() -> None:
    timetable = data.load("hours")
    services = data.load("services")
    assert set(services["hours"].dropna()) <= set(timetable["hours"])
    known = timetable.dropna(subset=["opening_hours"])
    unknown = timetable[timetable["opening_hours"].isna()]
    assert unknown["assumption"].notna().all()
    in_words = known[known["hours"] != known["opening_hours"]]
    assert set(in_words["opening_hours"]) == {"24/7", "We 17:30-21:00", "Mo-Fr 07:00-14:00, Dec-Feb 18:00-06:00"}


def test_plan_elements_are_25_named_of_29_stated() -> None:
    elements = data.load("plan_elements")
    assert elements["group"].value_counts().to_dict() == {
        "Local government": 8,
        "Identify": 7,
        "Restore": 6,
        "Demand": 3,
        "Research": 1,
    }
    stated = data.load("claims").set_index("claim_id")["value_number"]
    assert 29 in set(stated)
    assert set(elements.loc[elements["in_focus"], "element"]) >= {"filling service gaps", "replicate the project"}


def test_hsds_mapping_covers_our_columns() -> None:
    mapped = {name.strip() for text in data.load("hsds_mapping")["our_column"] for name in text.split("/")}
    # made by the loader's rules, or internal to the project: nothing to exchange
    own = {"disclosure_basis", "area", "opening_hours", "seed_mentioned", "county"}
    columns = {field["name"] for field in data.describe("services")["fields"]}
    assert columns - mapped == own
    assert mapped - columns == set()


def test_highway_graph_holds_the_registered_extract(shared: Path) -> None:
    nodes, edges = data.load("highway_nodes").set_index("node_id"), data.load("highway_edges")
    old_nodes = pd.read_csv(shared / "registry" / "highway_graph_nodes_kc.csv", dtype={"node_id": str})
    old_edges = pd.read_csv(shared / "registry" / "highway_graph_edges_kc.csv", dtype={"u": str, "v": str})
    mine = nodes.loc[old_nodes["node_id"]].geometry
    assert (mine.x.to_numpy() == old_nodes["lon"].to_numpy()).all()
    assert (mine.y.to_numpy() == old_nodes["lat"].to_numpy()).all()

    def pairs(one: pd.Series, other: pd.Series) -> list[frozenset[str]]:
        return [frozenset(pair) for pair in zip(one, other, strict=True)]

    lengths = dict(zip(pairs(edges["from_node_id"], edges["to_node_id"]), edges["length_km"], strict=True))
    assert [lengths.get(pair) for pair in pairs(old_edges["u"], old_edges["v"])] == old_edges["length_km"].to_list()


def test_highways_reach_60_km_beyond_the_counties_and_cross_linn_and_bates() -> None:
    counties, nodes = data.load("counties").to_crs(26915), data.load("highway_nodes").set_index("node_id")
    points = nodes.to_crs(26915).geometry
    box, graph = counties.total_bounds, points.total_bounds
    assert (graph[:2] < box[:2] - 60_000).all()
    assert (graph[2:] > box[2:] + 60_000).all()
    edges = data.load("highway_edges")
    one, other = (points.loc[edges[column]].to_numpy() for column in ("from_node_id", "to_node_id"))
    roads = gpd.GeoSeries(shapely.shortest_line(one, other), crs=26915)
    inside = {
        row.name: roads.intersection(row.geometry).length.sum() / 1000
        for row in counties.itertuples()
        if row.name in {"Linn", "Bates"}
    }
    assert inside["Linn"] > 35
    assert inside["Bates"] > 45


def test_labelled_edges_add_up_to_the_interstates() -> None:
    edges, lines = data.load("highway_edges"), data.load("interstates").set_index("route")
    named = edges.dropna(subset=["routes"]).assign(route=lambda table: table["routes"].str.split("|")).explode("route")
    total = named.groupby("route")["length_km"].sum()
    assert sorted(total.index) == sorted(lines.index)
    inner = lines.loc[["I-435", "I-470", "I-635", "I-670"]]
    # lines that lie wholly inside the box of the extract: edge lengths add up to the length of the line
    pd.testing.assert_series_equal(total[inner.index], inner["length_km"], rtol=0.02, check_names=False)
    assert re.fullmatch(r"I-\d+(\|I-\d+)*", edges["routes"].dropna().max())


def test_east_independence_is_dropped() -> None:
    assert "East Independence" not in set(data.load("cities")["name"])
    assert "Independence" in set(data.load("cities")["name"])


def test_notice_names_the_open_database_licence(data_folder: Path) -> None:
    notice = (data_folder / "NOTICE.md").read_text()
    for item in json.loads((data_folder / "datapackage.json").read_text())["resources"]:
        if any("OpenStreetMap" in source["title"] for source in item["sources"]):
            assert {licence["name"] for licence in item["licenses"]} == {"ODbL-1.0"}
    assert "(c) OpenStreetMap contributors" in notice
    assert "GeoNames" in notice
