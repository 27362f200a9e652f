"""HSDS of every version in, 3.1 out; the nearest schedule and phone, times in UTC, terms that nobody knows."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data.directory.mapping import Mapped
from kcgeo.data.formats.services import hsds
from kcgeo.data.formats.services.hsds_read import linked, read_hsds_tables
from kcgeo.data.formats.services.hsds_write import hsds_csv, hsds_json, hsds_tables
from kcgeo.data.formats.services.icarol import icarol_tables
from kcgeo.errors import TableError


def rows_of(path: Path, **words: dict[str, str]) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Rows, words that may close them, and notes."""
    tables, notes = read_hsds_tables(path)
    tables, more = linked(tables)
    rows, told, found = hsds._rows(tables, Mapped(words=words), "any")
    return rows.set_index("service_id"), told.to_list(), [*notes, *more, *found]


def test_the_nearest_schedule_and_phone_count(shared: Path) -> None:
    rows, _, _ = rows_of(shared / "cases" / "hsds-two-offices.json")
    assert rows.loc["s1", "opening_hours"] == "Mo,Tu,We,Th,Fr 09:00-17:00"
    assert rows.loc["s1-2", ["opening_hours", "phone"]].to_list() == ["Sa 10:00-12:00", "918-555-0201"]
    rows, _, _ = rows_of(shared / "cases" / "hsds-hours-at-location.json")
    assert rows.loc["s1", ["opening_hours", "phone"]].to_list() == ["Mo,Tu,We,Th,Fr 09:00-17:00", "918-555-0202"]
    split, _, _ = rows_of(shared / "cases" / "hsds-split-day.json")
    assert split["opening_hours"].iloc[0] == "Mo,Tu,We,Th,Fr 09:00-12:00,13:00-17:00"


@pytest.mark.parametrize(
    ("times", "hours"),
    [
        ([("MO,WE", "22:00", "06:00"), ("TU,TH", "09:00", "17:00")], "Mo,We 22:00-06:00, Tu,Th 09:00-17:00"),
        ([("FR", "18:00:00", "24:00"), ("FR", "08:00", "10:00")], "Fr 08:00-10:00,18:00-24:00"),
        ([("MO", "14:00Z", "22:00Z")], ""),
        ([("MO", "09:00:00-06:00", "17:00:00-06:00")], ""),
        ([("MO", "", "17:00")], ""),
    ],
)
def test_weekly_schedules_as_opening_hours(times: list[tuple[str, str, str]], hours: str) -> None:
    assert (
        hsds._opening_hours([dict(zip(("byday", "opens_at", "closes_at"), row, strict=True)) for row in times]) == hours
    )


def test_all_words_and_beds_reach_the_rules_that_close(shared: Path) -> None:
    rows, told, _ = rows_of(shared / "cases" / "hsds-words.json")
    secret = ("confidential", "undisclosed", "shelter", "private", "publish", "safe", "secret")
    assert all(any(word in text.casefold() for word in secret) for text in told), told
    rows, _, _ = rows_of(shared / "cases" / "hsds-capacity.json")
    assert rows["capacity_beds"].to_list() == ["12"]
    assert rows["location_id"].to_list() == ["l1"]


def test_terms_that_nobody_knows_are_listed(shared: Path) -> None:
    with pytest.raises(TableError, match=r"terms met: Food Pantries \(BD-1800\.2000\)"):
        rows_of(shared / "cases" / "hsds-terms-unknown.json")


def write(folder: Path, **tables: list[dict[str, str]]) -> Path:
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


ORGANIZATION = [{"id": "o1", "name": "Example Org", "description": "x"}]
PLACE = {"id": "l1", "name": "Office", "latitude": "36.1", "longitude": "-95.9"}


def test_version_1_1(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "old",
        organizations=ORGANIZATION,
        services=[{"id": "s1", "organization_id": "o1", "name": "Legal aid", "status": "active"}],
        locations=[PLACE],
        services_at_location=[{"id": "x", "service_id": "s1", "location_id": "l1", "description": ""}],
        physical_addresses=[{"id": "a", "location_id": "l1", "address_1": "1 Demo Way", "city": "Tulsa"}],
        postal_addresses=[{"id": "a", "location_id": "l1", "address_1": "PO Box 1", "city": "Tulsa"}],
        regular_schedules=[
            {"id": f"r{day}", "service_id": "s1", "weekday": day, "opens_at": "09:00", "closes_at": "17:00"}
            for day in ("1", "Tuesday")
        ],
        eligibility=[{"id": "e1", "service_id": "s1", "eligibility": "men"}],
        taxonomy=[{"id": "t1", "name": "legal", "vocabulary": "ours"}],
        services_taxonomy=[{"id": "st", "service_id": "s1", "taxonomy_id": "t1"}],
    )
    rows, told, notes = rows_of(folder)
    row = rows.loc["s1"]
    assert (row["service_categories"], row["eligibility"], row["physical_address"]) == ("legal", "men", "1 Demo Way")
    assert row["opening_hours"] == "Mo 09:00-17:00, Tu 09:00-17:00"
    assert any("of HSDS 1 or 2" in note for note in notes)
    assert "PO Box 1" in told[0]


def test_version_2_0_and_a_descriptor_with_names_of_its_own(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "two",
        orgs=ORGANIZATION,
        services=[{"id": "s1", "organization_id": "o1", "name": "Legal aid", "status": "active"}],
        service_attribute=[{"id": "sa", "service_id": "s1", "taxonomy_term_id": "t1"}],
        taxonomy_term=[{"id": "t1", "term": "legal", "taxonomy": "ours"}],
        schedule=[
            {"id": "c", "service_id": "s1", "freq": "WEEKLY", "byday": "MO", "opens_at": "09:00", "closes_at": "10:00"}
        ],
    )
    package = {"resources": [{"name": "organization", "path": "orgs.csv"}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    rows, _, _ = rows_of(folder)
    assert rows.loc["s1", ["organization_name", "opening_hours"]].to_list() == ["Example Org", "Mo 09:00-10:00"]


def resources(path: Path) -> Path:
    """Four levels in one file: a program at a public site and at a private one."""
    columns = (
        "ResourceAgencyNum,TaxonomyLevelName,ParentAgencyNum,ConnectsToProgramNum,ConnectsToSiteNum,PublicName,"
        "TaxonomyTerm,TaxonomyCodes,HoursOfOperation,Phone1Number,Phone1IsPrivate,Eligibility,PhysicalAddress1,"
        "PhysicalCity,PhysicalStateProvince,PhysicalPostalCode,PhysicalAddressIsPrivate,Latitude,Longitude"
    )
    rows = [
        "1,Agency,0,,,Example Org,,,,918-555-0101,No,,,,,,,,",
        "2,Program,1,,,Legal aid,Legal; Courts,FT-1; FT-2,Mon-Fri 9-5,918-555-0102,Yes,men,,,,,,,",
        "3,Site,1,,,Office,,,,,,,1 Demo Way,Kansas City,MO,64106,No,39.1,-94.5",
        "4,Site,1,,,Hidden,,,,,,,2 Invented Lane,Kansas City,MO,64998,Yes,39.2,-94.6",
        "5,ProgramAtSite,1,2,3,Legal aid - Office,,,Sat 10am-2pm,,,,,,,,,,",
        "6,ProgramAtSite,1,2,4,Legal aid - Hidden,,,,,,,,,,,,,",
    ]
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return path


def test_an_export_of_a_211_center(tmp_path: Path) -> None:
    path = resources(tmp_path / "resources.csv")
    tables, _ = linked(icarol_tables(path)[0])
    found, told, _ = hsds._rows(tables, Mapped(words={"service_categories": {"legal": "legal"}}), None)
    found = found.set_index("service_id")
    assert found.loc["2", ["organization_name", "eligibility", "hours", "phone"]].to_list() == [
        *("Example Org", "men", "Sat 10am-2pm"),
        "918-555-0101",  # the program's own number is private
    ]
    assert found.loc["2", ["physical_address", "latitude"]].to_list() == ["1 Demo Way", "39.1"]
    hidden = " ".join(found.loc["2-2"].astype(str)) + told[1]
    assert "Invented" not in hidden and "39.2" not in hidden and "74998" not in hidden
    assert "confidential" in told[1] and "confidential" not in told[0]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(TableError, match="no 211 resource export"):
        icarol_tables(tmp_path / "other.csv")


def test_languages_cost_papers_and_access_are_kept(tmp_path: Path) -> None:
    names = "ResourceAgencyNum,TaxonomyLevelName,ParentAgencyNum,ConnectsToProgramNum,ConnectsToSiteNum,PublicName"
    more = "TaxonomyTerm,LanguagesOffered,FeeStructureSource,DocumentsRequired,DisabilitiesAccess"
    rows = [
        "1,Agency,0,,,Org,,,,,",
        "2,Program,1,,,Aid,Legal,Spanish,Sliding scale,Photo ID,",
        "3,Site,1,,,Door,,,,,Ramp",
    ]
    path = tmp_path / "resources.csv"
    path.write_text("\n".join([f"{names},{more}", *rows, "4,ProgramAtSite,1,2,3,Aid - Door,,,,,"]) + "\n")
    tables, _ = linked(icarol_tables(path)[0])
    found, _, _ = hsds._rows(tables, Mapped(words={"service_categories": {"legal": "legal"}}), None)
    kept = ["languages", "cost", "required_documents", "accessibility"]
    assert found[kept].iloc[0].to_list() == ["Spanish", "Sliding scale", "Photo ID", "Ramp"]
    tables["cost_option"] = [{"id": "c", "service_id": "2", "option": "visit", "amount": "5", "currency": "USD"}]
    tables["language"] = [{"id": name, "service_id": "2", "name": name, "description": "x"} for name in ("en", "es")]
    found, _, _ = hsds._rows(tables, Mapped(words={"service_categories": {"legal": "legal"}}), None)
    assert found[["languages", "cost"]].iloc[0].to_list() == ["en; es", "visit 5 USD"]


def test_the_examples_of_version_3_1_are_read(shared: Path) -> None:
    examples = shared / "reference" / "hsds-3.1" / "examples"
    tables, _ = linked(read_hsds_tables(examples / "csv")[0])
    (service,), (place,) = tables["service"], tables["location"]
    words = hsds._Linked(tables).words(service, {"service_id": service["id"], "location_id": place["id"]})
    assert "Community Mental Health Support" in words and "induction loops" in words
    for page in ("service_full.json", "service_list.json"):
        tables, _ = read_hsds_tables(examples / page)
        assert tables["service"] and tables["organization"]


def test_what_is_written_is_valid_by_the_schemas_of_3_1(shared: Path) -> None:
    schema = shared / "reference" / "hsds-3.1" / "schema" / "compiled"
    tables = hsds_tables(data.load("services"))
    of_service = json.loads(gzip.decompress((schema / "service.json.gz").read_bytes()))
    check = jsonschema.Draft202012Validator(of_service)
    page = json.loads(hsds_json(tables))
    assert (
        page["contents"] and not [error.message for item in page["contents"] for error in check.iter_errors(item)][:5]
    )
    broken = page["contents"][0] | {"status": "open"}
    assert list(check.iter_errors(broken))  # the schema refuses something

    package = json.loads((shared / "reference" / "hsds-3.1" / "datapackage.json").read_text(encoding="utf-8"))
    theirs = {item["path"]: {field["name"] for field in item["schema"]["fields"]} for item in package["resources"]}
    files = hsds_csv(tables, title="x")
    assert json.loads(files.pop("datapackage.json"))["version"] == "3.1"
    for name, content in files.items():
        header = content.decode("utf-8").splitlines()[0].split(",")
        assert set(header) <= theirs[name.replace("service_at_locations", "service_at_location")], name
