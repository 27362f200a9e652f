"""Our services as Open Referral HSDS 3.1: tables of objects, then CSV files or nested JSON.

Only exact rows become locations; an area row has neither a location nor an address, and a withheld row is not written.
Ids are UUIDs (version 5) of our ids, so two exports of one service agree. What HSDS has no field for travels as
attributes of the taxonomy "kcgeo fields" on the service.
"""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.rules import NOT_VERIFIED
from kcgeo.data.formats.services.hsds_schema import AREA_TOLD, EXTENSION, TABLES, VERSION, schema_problems
from kcgeo.data.package.catalogue import load
from kcgeo.errors import DisclosureError, TableError, first_ids
from kcgeo.files import no_formula

__all__ = ["hsds_csv", "hsds_json", "hsds_tables"]

Rows = dict[str, list[dict[str, str]]]

_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "kcgeo.hsds")
_CATEGORIES = "kcgeo categories"
_ADDRESS = {"physical_address": "address_1", "city": "city", "state": "state_province", "postal_code": "postal_code"}
_CARRIED = (
    *("service_id", "organization_id", "service_status", "location_type", "capacity_beds", "opening_hours", "county"),
    *("coordinate_precision", "coordinate_source", "verified_on", "disclosure", "disclosure_basis", "area"),
)
_PLACE = ("physical_address", "city", "county", "postal_code", "geometry")
_WEEKLY = re.compile(r"(Mo|Tu|We|Th|Fr|Sa|Su)-(Mo|Tu|We|Th|Fr|Sa|Su) (\d\d:\d\d)-(\d\d:\d\d)")
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def hsds_tables(services: gpd.GeoDataFrame) -> Rows:
    """Put services into the objects of HSDS 3.1, flat: one list of rows for each table.

    Parameters
    ----------
    services
        As :func:`kcgeo.data.services` gives them, or a released table of kind ``services``. The columns that are there
        are written; withheld rows are not.

    Returns
    -------
    dict
        Table -> rows of text, blank where nothing is known; each table in the order of ``service_id``.

    Raises
    ------
    DisclosureError
        A row below exact level holds a place.
    TableError
        A row lacks what HSDS requires.
    """
    shown = services[services["disclosure"].isin(("exact", "area"))].sort_values("service_id")
    hidden = shown[shown["disclosure"].ne("exact")]
    held = [name for name in _PLACE if name in hidden and hidden[name].notna().any()]
    if held:
        raise DisclosureError(f"Rows below exact level hold {', '.join(held)}; they are not written.")
    tables: Rows = {name: [] for name in TABLES}
    _taxonomies(tables)
    for row in shown.to_dict("records"):
        _service({str(key): value for key, value in row.items()}, tables)
    if problems := schema_problems(tables):
        raise TableError(f"The services do not fit HSDS: {first_ids(problems, limit=3)}")
    return tables


def _id(kind: str, *parts: str) -> str:
    return str(uuid.uuid5(_SPACE, "\x1f".join((kind, *parts))))


def _taxonomies(tables: Rows) -> None:
    for name, about in ((_CATEGORIES, "Categories of services for survivors"), (EXTENSION, "Columns of kcgeo")):
        tables["taxonomy"].append({"id": _id("taxonomy", name), "name": name, "description": about})
    kinds = load("categories")
    terms = [(_CATEGORIES, *row) for row in kinds[["category", "title", "description"]].itertuples(index=False)]
    terms += [(EXTENSION, name, name.replace("_", " "), "See the data dictionary of kcgeo") for name in _columns()]
    for taxonomy, code, name, about in terms:
        tables["taxonomy_term"].append(
            {
                "id": _id("term", taxonomy, code),
                "code": code,
                "name": name,
                "description": about,
                "taxonomy_id": _id("taxonomy", taxonomy),
            }
        )


def _columns() -> list[str]:
    return list(dict.fromkeys((*_CARRIED, *_ADDRESS, "eligibility")))


def _text(value: Any) -> str:
    if value is None or (not isinstance(value, str | tuple) and bool(pd.isna(value))):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _service(row: dict[str, Any], tables: Rows) -> None:
    cells = {name: _text(value) for name, value in row.items() if name not in ("geometry", "categories")}
    ours, status = cells["service_id"], cells.get("service_status") or "unknown"
    owner = _owner(cells, tables)
    service = _id("service", ours)
    checked = cells.get("verified_on", "") if status != "unknown" else ""
    tables["service"].append(
        {
            "id": service,
            "organization_id": owner,
            "name": cells["service_name"],
            "url": cells.get("url", ""),
            "status": "inactive" if status == "inactive" else "active",
            "eligibility_description": cells.get("eligibility", ""),
            "minimum_age": cells.get("minimum_age", ""),
            "maximum_age": cells.get("maximum_age", ""),
            "assured_date": f"{checked}-01-01" if checked else "",
            "alert": NOT_VERIFIED if status == "unknown" else "",
        }
    )
    for category in row["categories"]:
        _attribute(tables, service, _CATEGORIES, category, "", "service_category")
    carried = {name: cells.get(name, "") for name in _CARRIED}
    if row["disclosure"] == "exact":
        carried |= _place(row, cells, service, owner, tables)
    else:
        carried["state"] = cells.get("state", "")
    for name in sorted(name for name, value in carried.items() if value):
        _attribute(tables, service, EXTENSION, name, carried[name], "kcgeo_field")
    if cells.get("phone"):
        number = {"id": _id("phone", ours), "service_id": service, "number": cells["phone"], "type": "voice"}
        tables["phone"].append(number)
    if cells.get("hours"):
        tables["schedule"].append(
            {"id": _id("schedule", ours), "service_id": service, "description": cells["hours"]}
            | _weekly(cells.get("opening_hours", ""))
        )
    named = {"service_area": cells.get("service_area", ""), "area": cells.get("area", "")}
    for kind in [kind for kind, text in named.items() if text]:
        if kind == "area" and named["area"] == named["service_area"]:
            continue
        about = AREA_TOLD if kind == "area" else ""
        tables["service_area"].append(
            {"id": _id(kind, ours), "service_id": service, "name": named[kind], "description": about}
        )


def _owner(cells: Mapping[str, str], tables: Rows) -> str:
    name = cells.get("organization_name", "")
    owner = _id("organization", cells.get("organization_id") or name, name)
    if all(item["id"] != owner for item in tables["organization"]):
        # HSDS wants a description; we hold none, so the name says itself again
        tables["organization"].append({"id": owner, "name": name, "description": name})
    return owner


def _attribute(tables: Rows, service: str, taxonomy: str, code: str, value: str, kind: str) -> None:
    tables["attribute"].append(
        {
            "id": _id("attribute", service, taxonomy, code),
            "link_id": service,
            "taxonomy_term_id": _id("term", taxonomy, code),
            "link_type": kind,
            "link_entity": "service",
            "value": value,
        }
    )


def _place(row: Mapping[str, Any], cells: Mapping[str, str], service: str, owner: str, tables: Rows) -> dict[str, str]:
    """Write the location of an exact row; return the parts of its address that make no address object."""
    parts = {name: cells.get(name, "") for name in _ADDRESS}
    kind = cells.get("location_type", "")
    if kind not in ("physical", "postal"):
        return parts
    ours, point = cells["service_id"], row.get("geometry")
    location = _id("location", ours)
    lat, lon = ("", "") if point is None or point.is_empty else (repr(float(point.y)), repr(float(point.x)))
    tables["location"].append(
        {
            "id": location,
            "location_type": kind,
            "organization_id": owner,
            "name": cells.get("organization_name", ""),
            "latitude": lat,
            "longitude": lon,
        }
    )
    link = {"id": _id("service_at_location", ours), "service_id": service, "location_id": location}
    tables["service_at_location"].append(link)
    if not all(parts.values()):
        # an address object needs all its parts; a town alone goes along as it is
        return parts
    address = {theirs: parts[name] for name, theirs in _ADDRESS.items()}
    tables["address"].append(
        {"id": _id("address", ours), "location_id": location, **address, "country": "US", "address_type": kind}
    )
    return {}


def _weekly(opening_hours: str) -> dict[str, str]:
    """Return one span of days and hours in the fields of a schedule; nothing where the hours are not that plain."""
    found = _WEEKLY.fullmatch(opening_hours)
    if not found or _DAYS.index(found[1]) > _DAYS.index(found[2]):
        return {}
    days = _DAYS[_DAYS.index(found[1]) : _DAYS.index(found[2]) + 1]
    return {"freq": "WEEKLY", "byday": ",".join(days).upper(), "opens_at": found[3], "closes_at": found[4]}


def hsds_csv(tables: Rows, *, title: str) -> dict[str, bytes]:
    """Return the tabular form: file name -> content, with ``datapackage.json``; empty tables are left out."""
    files, resources = {}, []
    for name, about in TABLES.items():
        rows = tables[name]
        if not rows:
            continue
        text = io.StringIO()
        writer = csv.DictWriter(text, about.fields, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: no_formula(text) for column, text in row.items()} for row in rows)
        files[about.files[0]] = text.getvalue().encode("utf-8")
        fields = [{"name": item, "constraints": {"required": item in about.required}} for item in about.fields]
        resources.append({"name": name, "path": about.files[0], "schema": {"fields": fields, "primaryKey": "id"}})
    package = {"name": "human_services_data", "title": title, "version": VERSION, "resources": resources}
    files["datapackage.json"] = (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
    return files


def hsds_json(tables: Rows) -> bytes:
    """Return the nested form: one page of services, each with all that belongs to it."""
    by_id = {name: {row["id"]: row for row in rows} for name, rows in tables.items()}
    of_service: dict[tuple[str, str], list[dict[str, str]]] = {}
    for name in ("phone", "schedule", "service_area", "service_at_location"):
        for row in tables[name]:
            of_service.setdefault((name, row["service_id"]), []).append(row)
    for row in tables["attribute"]:
        of_service.setdefault(("attribute", row["link_id"]), []).append(row)
    addresses: dict[str, list[Any]] = {}
    for row in tables["address"]:
        addresses.setdefault(row["location_id"], []).append(_object(row, "location_id"))
    contents = []
    for service in tables["service"]:
        item = _object(service, "organization_id")
        item["organization"] = _object(by_id["organization"][service["organization_id"]])
        for name, key in (("phone", "phones"), ("schedule", "schedules"), ("service_area", "service_areas")):
            item[key] = [_object(row, "service_id") for row in of_service.get((name, service["id"]), [])]
        item["service_at_locations"] = [
            {
                "id": link["id"],
                "location": _object(by_id["location"][link["location_id"]], "organization_id")
                | {"addresses": addresses.get(link["location_id"], [])},
            }
            for link in of_service.get(("service_at_location", service["id"]), [])
        ]
        item["attributes"] = [
            _object(row, "taxonomy_term_id") | {"taxonomy_term": _term(by_id, row["taxonomy_term_id"])}
            for row in of_service.get(("attribute", service["id"]), [])
        ]
        contents.append(item)
    count = len(contents)
    page = {"total_items": count, "total_pages": 1, "page_number": 1, "size": count, "first_page": True}
    text = json.dumps(
        page | {"last_page": True, "empty": not count, "contents": contents}, indent=1, ensure_ascii=False
    )
    return (text + "\n").encode("utf-8")


def _term(by_id: Mapping[str, Mapping[str, dict[str, str]]], identity: str) -> dict[str, Any]:
    term = by_id["taxonomy_term"][identity]
    return _object(term, "taxonomy_id") | {"taxonomy_detail": _object(by_id["taxonomy"][term["taxonomy_id"]])}


def _object(row: Mapping[str, str], *without: str) -> dict[str, Any]:
    """Drop blanks and links that the nesting says; numbers become numbers."""
    numbers = ("latitude", "longitude", "minimum_age", "maximum_age")
    return {
        name: float(value) if name in numbers else value for name, value in row.items() if value and name not in without
    }
