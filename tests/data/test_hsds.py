"""Open Referral HSDS: what is written fits the schema and hides what is hidden; what is read follows the rules."""

from __future__ import annotations

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from frictionless import Package

from kcgeo import data
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.hsds import add_hsds
from kcgeo.data.formats.services.hsds_schema import LINKS, TABLES
from kcgeo.data.formats.services.hsds_write import hsds_csv, hsds_json, hsds_tables
from kcgeo.disclosure import release
from kcgeo.errors import DisclosureError, TableError, WithheldWarning
from kcgeo.present.files.hsds_folder import write_hsds

pytestmark = pytest.mark.slow

BASIS = "public office, hospital, agency or hotline"
NOT_CARRIED = ["note", "evidence", "seed_mentioned"]


@pytest.fixture(scope="module")
def study() -> data.Study:
    return data.read_study(data.default_study())


@pytest.fixture(scope="module")
def packaged() -> gpd.GeoDataFrame:
    return data.services()


def read_back(converted: Converted, folder: Path) -> gpd.GeoDataFrame:
    converted.write(folder / "layer.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error", WithheldWarning)
        return data.services(path=folder / "layer.csv")


def put(folder: Path, services: gpd.GeoDataFrame, form: str) -> Path:
    tables = hsds_tables(services)
    if form == "json":
        (folder / "page.json").write_bytes(hsds_json(tables))
        return folder / "page.json"
    files = hsds_csv(tables, title="Services")
    if form == "zip":
        with zipfile.ZipFile(folder / "hsds.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return folder / "hsds.zip"
    (folder / "hsds").mkdir()
    for name, content in files.items():
        (folder / "hsds" / name).write_bytes(content)
    return folder / "hsds"


@pytest.mark.parametrize("form", ["json", "zip", "folder"])
def test_exact_and_area_rows_come_back_equal(
    form: str, study: data.Study, packaged: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    shown = packaged[packaged["disclosure"] != "withheld"].reset_index(drop=True)
    again = read_back(add_hsds(put(tmp_path, packaged, form), study), tmp_path)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.drop(columns=NOT_CARRIED)), pd.DataFrame(shown.drop(columns=NOT_CARRIED))
    )


def test_released_services_come_back_equal(study: data.Study, packaged: gpd.GeoDataFrame, tmp_path: Path) -> None:
    released = release(
        packaged, name="services", kind="services", sources="test", vintage="2026", areas=data.areas(study)["area"]
    )
    table = released.table.sort_values("service_id", ignore_index=True)
    assert write_hsds(released, tmp_path / "hsds.zip") == len(table)
    first = (tmp_path / "hsds.zip").read_bytes()
    write_hsds(released, tmp_path / "hsds.zip")
    assert (tmp_path / "hsds.zip").read_bytes() == first
    again = read_back(add_hsds(tmp_path / "hsds.zip", study), tmp_path)
    assert list(again["service_id"]) == list(table["service_id"])
    # an area row leaves with name, categories, phone and area only: what is blank there is filled on reading
    filled = {
        "service_id",
        "site_id",
        "organization_id",
        "geometry",
        "service_status",
        "eligibility",
        "location_type",
        "coordinate_precision",
    }
    same = [name for name in table.columns if name in again and name not in filled]
    ours, theirs = (pd.DataFrame(rows[same]).astype("object") for rows in (again, table))
    pd.testing.assert_frame_equal(ours.where(ours.notna(), None), theirs.where(theirs.notna(), None))
    exact = again["disclosure"].eq("exact")
    assert again.geometry[exact].geom_equals(table.geometry[exact]).eq(table.geometry[exact].notna()).all()
    assert again.loc[exact, "eligibility"].tolist() == table.loc[exact, "eligibility"].tolist()


def test_what_did_not_pass_the_gate_is_not_written(packaged: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(DisclosureError):
        write_hsds(packaged, tmp_path / "hsds.zip")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_hidden_rows_have_no_place_in_any_form(packaged: gpd.GeoDataFrame) -> None:
    tables = hsds_tables(packaged)
    exact = packaged["disclosure"].eq("exact")
    assert len(tables["service"]) == packaged["disclosure"].ne("withheld").sum()
    assert len(tables["location"]) == (exact & packaged["location_type"].isin(["physical", "postal"])).sum()
    hidden = {row["id"] for row in hsds_tables(packaged[~exact])["service"]}
    assert len(hidden) == packaged["disclosure"].eq("area").sum()
    assert not hidden & {row["service_id"] for row in tables["service_at_location"]}
    assert not hsds_tables(packaged[~exact])["location"]
    text = hsds_json(tables).decode()
    assert "withheld" not in text.replace("withheld by rule", "")
    moved = packaged.copy()
    moved.loc[~exact, "geometry"] = gpd.points_from_xy([-94.5], [39.1])[0]
    with pytest.raises(DisclosureError, match="geometry"):
        hsds_tables(moved)


def test_what_is_written_fits_the_schema(packaged: gpd.GeoDataFrame, tmp_path: Path) -> None:
    folder = put(tmp_path, packaged, "folder")
    assert Package(str(folder / "datapackage.json")).validate().valid
    tables = {
        name: list(csv.DictReader(io.StringIO((folder / about.files[0]).read_text()))) for name, about in TABLES.items()
    }
    for name, rows in tables.items():
        assert len({row["id"] for row in rows}) == len(rows) > 0
        assert all(row[field] for row in rows for field in TABLES[name].required)
        for field, other in LINKS.get(name, {}).items():
            assert {row[field] for row in rows} - {""} <= {row["id"] for row in tables[other]}
    unknown = [row for row in tables["service"] if row["alert"]]
    assert unknown and all(row["assured_date"] == "" and row["status"] == "active" for row in unknown)


# --- feeds of others --------------------------------------------------------------------------------------------------

Change = Callable[[list[dict[str, Any]]], None]


def feed() -> list[dict[str, Any]]:
    """Two services of an invented agency at one public office."""
    office = {
        "id": "l1",
        "location_type": "physical",
        "latitude": 39.0997,
        "longitude": -94.5701,
        "addresses": [
            {
                "id": "a1",
                "address_1": "12 Example Street",
                "city": "Kansas City",
                "state_province": "MO",
                "postal_code": "64106",
                "country": "US",
                "address_type": "physical",
            }
        ],
    }
    weekly = {"id": "h1", "freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00", "closes_at": "17:00"}
    return [
        {
            "id": f"s{number}",
            "name": name,
            "status": "active",
            "organization": {"id": "o1", "name": "Example Agency", "description": "x"},
            "schedules": [weekly | {"id": f"h{number}"}],
            "phones": [{"id": f"p{number}", "number": "816-555-0100"}],
            "service_at_locations": [{"id": f"x{number}", "location": office}],
            "attributes": [{"id": f"t{number}", "taxonomy_term": {"id": f"k{number}", "name": term}}],
        }
        for number, name, term in ((1, "Law clinic", "Legal help"), (2, "Clinic talks", "counselling"))
    ]


def read(change: Change, study: data.Study, folder: Path, **options: str) -> tuple[gpd.GeoDataFrame, Converted]:
    services = feed()
    change(services)
    (folder / "feed.json").write_text(json.dumps({"contents": services}))
    converted = add_hsds(folder / "feed.json", study, **{"basis": BASIS} | options)
    return read_back(converted, folder), converted


def test_a_feed_of_somebody_else(study: data.Study, tmp_path: Path) -> None:
    rows, converted = read(lambda services: None, study, tmp_path)
    assert rows["categories"].tolist() == [("legal",), ("counselling",)]
    assert rows["opening_hours"].tolist() == ["Mo,Tu 09:00-17:00"] * 2
    assert len(set(rows["site_id"])) == 1 and rows.geometry.x.eq(-94.5701).all()
    assert any("coordinate_precision" in note for note in converted.notes)


def test_an_unknown_eligibility_stays_unknown(study: data.Study, tmp_path: Path) -> None:
    change = put_in("Unknown", 0, "eligibility_description")
    for options in ({}, {"eligibility": "any"}):  # an option for other words opens no service to anybody
        rows, _ = read(change, study, tmp_path, **options)
        assert rows["eligibility"].tolist() == ["unknown", "any"]


def elsewhere(services: list[dict[str, Any]]) -> None:
    """Give the second service an organisation and a door of its own; at one door both would be hidden."""
    other = json.loads(json.dumps(services[1]["service_at_locations"][0]))
    other["location"] |= {"id": "l2", "latitude": 39.05}
    other["location"]["addresses"][0] |= {"id": "a2", "address_1": "90 Sample Road"}
    services[1]["service_at_locations"] = [other]
    services[1]["organization"] = {"id": "o2", "name": "Sample Agency", "description": "x"}


def test_a_hidden_service_closes_its_door(study: data.Study, tmp_path: Path) -> None:
    with pytest.warns(WithheldWarning, match="s2 came in as withheld: stands at the door"):
        rows, _ = read(put_in("Safe house of the north", 0, "name"), study, tmp_path)
    assert rows["disclosure"].tolist() == ["withheld", "withheld"]


@pytest.mark.parametrize("where", ["category", "code", "term", "name", "organisation"])
def test_where_people_sleep_comes_in_as_withheld(where: str, study: data.Study, tmp_path: Path) -> None:
    def change(services: list[dict[str, Any]]) -> None:
        elsewhere(services)
        terms = services[0]["attributes"]
        if where == "category":
            terms[0]["taxonomy_term"]["name"] = "emergency_shelter"
        elif where == "code":
            terms[0]["taxonomy_term"] |= {"code": "medical", "name": "Medical respite shelter"}
        elif where == "term":
            terms.append({"id": "t9", "taxonomy_term": {"id": "k9", "name": "Domestic Violence Shelters"}})
        elif where == "name":
            services[0]["name"] = "Safe house of the north"
        else:
            services[0]["organization"] = {"id": "o9", "name": "Hidden Shelter", "description": "x"}

    with pytest.warns(WithheldWarning, match="s1"):
        rows, converted = read(change, study, tmp_path)
    assert rows["disclosure"].tolist() == ["exact", "withheld"]
    text = (tmp_path / "layer.csv").read_text().splitlines()[-1]
    assert text.startswith(",,withheld-001,,") and not any(
        word in text for word in ("Example", "39.09", "816", "Safe", "Hidden")
    )
    # notes go into the register: the same with and without the row
    alone = read(lambda services: (elsewhere(services), services.pop(0)), study, tmp_path)[1]
    assert [note for note in converted.notes if "precision" not in note] == [
        note for note in alone.notes if "precision" not in note
    ]
    assert converted.notes == alone.notes


def drop(*path: Any) -> Change:
    def change(services: list[dict[str, Any]]) -> None:
        here: Any = services
        for key in path[:-1]:
            here = here[key]
        del here[path[-1]]

    return change


def put_in(value: Any, *path: Any) -> Change:
    def change(services: list[dict[str, Any]]) -> None:
        here: Any = services
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (drop(0, "organization"), {}, "s1: the service names an organisation that is not there"),
        (put_in("s1", 1, "id"), {}, "s1: the id stands in rows of service that differ"),
        (drop(0, "id"), {}, "A row of service has no id"),
        (put_in("open", 0, "status"), {}, "s1: the status of service is not one of"),
        (put_in("cave", 0, "service_at_locations", 0, "location", "location_type"), {}, "location_type of location"),
        (put_in("citizens", 0, "eligibility_description"), {}, "s1: who may come"),
        (put_in("Beekeeping", 0, "attributes", 0, "taxonomy_term", "name"), {"basis": "because"}, "basis is unknown"),
        (lambda services: services.clear(), {}, "holds no services"),
        (put_in(99.5, 0, "service_at_locations", 0, "location", "latitude"), {}, "latitude"),
    ],
)
def test_faults_are_refused_by_id(
    change: Change, options: dict[str, str], words: str, study: data.Study, tmp_path: Path
) -> None:
    with pytest.raises(TableError) as caught:
        read(change, study, tmp_path, **options)
    assert words in str(caught.value)
    assert not [part for part in ("Example Street", "816-555", "citizens", "cave") if part in str(caught.value)]


def test_a_level_is_never_guessed(study: data.Study, tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text(json.dumps(feed()))
    with pytest.raises(TableError, match="s1, s2: the rows have no disclosure level"):
        add_hsds(tmp_path / "feed.json", study)


def test_repairs_are_noted(study: data.Study, packaged: gpd.GeoDataFrame, tmp_path: Path) -> None:
    folder = put(tmp_path, packaged, "folder")
    phones = folder / "phones.csv"
    lines = phones.read_text().splitlines()
    phones.write_text("\n".join([*lines, lines[1], "lost,,11111111-1111-1111-1111-111111111111,,,816,voice"]) + "\n")
    names = folder / "organizations.csv"
    names.write_bytes(names.read_text().replace("Sunflower House", "Casa Niñez").encode("cp1252"))
    converted = add_hsds(folder, study)
    assert any(note.startswith("Left out of phone: 1 of ") for note in converted.notes)
    assert any("read as Windows-1252" in note for note in converted.notes)
    assert "Casa Niñez" in set(read_back(converted, tmp_path)["organization_name"])


def test_one_row_for_each_location(study: data.Study, tmp_path: Path) -> None:
    def change(services: list[dict[str, Any]]) -> None:
        other = json.loads(json.dumps(services[0]["service_at_locations"][0]))
        other["id"], other["location"]["id"], other["location"]["latitude"] = "x9", "l9", 39.05
        services[0]["service_at_locations"].append(other)

    rows, converted = read(change, study, tmp_path)
    assert rows["service_id"].tolist() == ["s1", "s1-2", "s2"]
    assert any("several locations" in note for note in converted.notes)


def test_no_cell_of_the_csv_form_is_a_formula(tmp_path: Path) -> None:
    table = data.services(category="medical").head(1).assign(service_name="=HYPERLINK(1)", phone="+1 816 555 0101")
    about = {"sources": ["made up"], "vintage": "2026"}
    write_hsds(release(table, name="services", kind="services", **about), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        services, phones = (archive.read(name).decode() for name in ("services.csv", "phones.csv"))
    assert "'=HYPERLINK(1)" in services and "'+1 816 555 0101" in phones
