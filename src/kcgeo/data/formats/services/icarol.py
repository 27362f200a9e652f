"""Resource exports of 211 centers in the layout of iCarol: one CSV of agencies, programs, sites and programs at sites.

The rows are brought to the tables of HSDS, and go the same way from there. An address or a record that is marked as
private is not read at all: its row comes in without a place, with words that close it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.hsds import layer_of_tables
from kcgeo.data.formats.services.hsds_read import Rows
from kcgeo.data.formats.services.hsds_schema import OTHER_FILES, TABLES
from kcgeo.data.formats.text import decoded
from kcgeo.data.study.list_options import ListOptions
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError

__all__ = ["add_icarol", "icarol_tables"]

_NEEDED = ("ResourceAgencyNum", "TaxonomyLevelName", "ParentAgencyNum", "PublicName")
_PRIVATE = re.compile(r"IsPrivate$|^ExcludeFrom|IsConfidential$", re.IGNORECASE)
_ABOUT_PLACE = re.compile(r"^(?:Physical|Mailing|Latitude|Longitude)")
_ALSO = (
    ("language", "language", "LanguagesOffered"),
    ("cost_option", "option", "FeeStructureSource"),
    ("required_document", "document", "DocumentsRequired"),
)
"""Table of HSDS, its field, and the column of the export."""
_YES = {"yes", "true", "1", "y"}
_CLOSED = "address is confidential"


def add_icarol(path: Path, study: Study, **given: str) -> Converted:
    """Read an export; options as :func:`kcgeo.data.formats.services.hsds.add_hsds`.

    Raises
    ------
    TableError
        One sentence for each fault; rows are named by id.
    """
    tables, notes = icarol_tables(path)
    return layer_of_tables(tables, study, ListOptions(**given), notes, f"Services of {path.name} (211 resource export)")


def icarol_tables(path: Path) -> tuple[Rows, list[str]]:
    """Return an export as tables of HSDS, and notes.

    Raises
    ------
    TableError
        The file is no such export.
    """
    with refusing(path, "a 211 resource export (CSV)"):
        text, note = decoded(path.read_bytes(), path.name)
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    missing = [name for name in _NEEDED if not rows or name not in rows[0]]
    if missing:
        raise TableError(f"{path.name} has no column {', '.join(missing)}, so it is no 211 resource export.")
    tables: Rows = {name: [] for name in (*TABLES, *OTHER_FILES)}
    plain = [{str(key): str(value or "").strip() for key, value in row.items() if key} for row in rows]
    of_level = {level: [row for row in plain if row["TaxonomyLevelName"] == level] for level in _LEVELS}
    for level, read in _LEVELS.items():
        for row in of_level[level]:
            read(row, tables)
    notes = [note] if note else []
    known = {row["id"] for row in tables["organization"]}
    for row in of_level["Program"]:  # an agency that was cut off the export still names its programs
        if row["ParentAgencyNum"] not in known:
            known.add(row["ParentAgencyNum"])
            name = row.get("ParentAgency") or row["PublicName"]
            tables["organization"].append({"id": row["ParentAgencyNum"], "name": name})
    return tables, notes


def _agency(row: Mapping[str, str], tables: Rows) -> None:
    about = {"name": row["PublicName"], "description": row.get("AgencyDescription", "")}
    tables["organization"].append({"id": row["ResourceAgencyNum"], "website": row.get("WebsiteAddress", ""), **about})
    _phone(row, tables, "organization_id")


def _program(row: Mapping[str, str], tables: Rows) -> None:
    identity = row["ResourceAgencyNum"]
    status = row.get("AgencyStatus", "").casefold()
    tables["service"].append(
        {
            "id": identity,
            "organization_id": row["ParentAgencyNum"],
            "name": row["PublicName"],
            "description": " ".join([row.get("AgencyDescription", ""), *([_CLOSED] if _is_private(row) else [])]),
            "status": "inactive" if status.startswith("inactive") else "active" if status.startswith("active") else "",
            "eligibility_description": row.get("Eligibility", ""),
            "url": row.get("WebsiteAddress", ""),
            "assured_date": row.get("LastVerifiedOn", "")[:10],
        }
    )
    for table, column, theirs in _ALSO:
        if row.get(theirs):
            tables[table].append({"id": f"{identity} {table}", "service_id": identity, column: row[theirs]})
    terms, codes = (re.split(r"\s*;\s*", row.get(name, "")) for name in ("TaxonomyTerm", "TaxonomyCodes"))
    if not terms[0]:
        terms = re.split(r"\s*;\s*", row.get("TaxonomyTerms", ""))
    for number, term in enumerate(terms):
        code = codes[number] if len(codes) == len(terms) else ""
        tables["taxonomy_term"].append({"id": f"{code} {term}", "name": term, "code": code})
        link = {"link_id": identity, "taxonomy_term_id": f"{code} {term}", "link_entity": "service"}
        tables["attribute"].append({"id": f"{identity} {number}", **link})
    _phone(row, tables, "service_id")
    _hours(row, tables, "service_id")


def _site(row: Mapping[str, str], tables: Rows) -> None:
    identity = row["ResourceAgencyNum"]
    closed = _is_private(row)
    shown = {key: value for key, value in row.items() if not (closed and _ABOUT_PLACE.match(key))}
    point = {"latitude": shown.get("Latitude", ""), "longitude": shown.get("Longitude", "")}
    if {value.strip("0.") for value in point.values()} == {""}:
        point = {}  # 0, 0 is how the export says "none"
    about = " ".join([row.get("AgencyDescription", ""), *([_CLOSED] if closed else [])])
    tables["location"].append({"id": identity, "name": row["PublicName"], "description": about, **point})
    if shown.get("PhysicalAddress1"):
        tables["address"].append(
            {
                "id": identity,
                "location_id": identity,
                "address_1": shown["PhysicalAddress1"],
                "address_2": shown.get("PhysicalAddress2", ""),
                "city": shown.get("PhysicalCity", ""),
                "state_province": shown.get("PhysicalStateProvince", ""),
                "postal_code": shown.get("PhysicalPostalCode", ""),
                "address_type": "physical",
            }
        )
    if row.get("DisabilitiesAccess"):
        told = {"id": identity, "location_id": identity, "description": row["DisabilitiesAccess"]}
        tables["accessibility"].append(told)
    _phone(row, tables, "location_id")
    _hours(row, tables, "location_id")


def _program_at_site(row: Mapping[str, str], tables: Rows) -> None:
    about = " ".join([row.get("AgencyDescription", ""), *([_CLOSED] if _is_private(row) else [])])
    link = {"service_id": row.get("ConnectsToProgramNum", ""), "location_id": row.get("ConnectsToSiteNum", "")}
    tables["service_at_location"].append({"id": row["ResourceAgencyNum"], "description": about, **link})
    _phone(row, tables, "service_at_location_id")
    _hours(row, tables, "service_at_location_id")


_LEVELS = {"Agency": _agency, "Program": _program, "Site": _site, "ProgramAtSite": _program_at_site}


def _is_private(row: Mapping[str, str]) -> bool:
    """Whether the place or the whole record is private; a telephone that is private closes itself only."""
    return any(value.casefold() in _YES for key, value in row.items() if _PRIVATE.search(key) and "Phone" not in key)


def _phone(row: Mapping[str, str], tables: Rows, key: str) -> None:
    for number in range(1, 6):
        name = f"Phone{number}"
        if row.get(f"{name}Number") and row.get(f"{name}IsPrivate", "").casefold() not in _YES:
            phone = {"id": f"{row['ResourceAgencyNum']} {number}", key: row["ResourceAgencyNum"]}
            tables["phone"].append({**phone, "number": row[f"{name}Number"], "type": ""})
            return


def _hours(row: Mapping[str, str], tables: Rows, key: str) -> None:
    if row.get("HoursOfOperation"):
        identity = row["ResourceAgencyNum"]
        tables["schedule"].append({"id": identity, key: identity, "description": row["HoursOfOperation"]})
