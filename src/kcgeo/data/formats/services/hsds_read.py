"""Open Referral HSDS 1.1 to 3.1 as published: CSV tables, nested JSON, saved pages of an API; into flat tables of text.

What older versions say in tables of their own is brought to the tables of version 3 (:func:`_modern`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kcgeo.data.formats.archive import extracted, is_archive, refusing
from kcgeo.data.formats.services.hsds_schema import LINKS, NESTED, ONE, OTHER_FILES, TABLES
from kcgeo.data.formats.text import decoded
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["Rows", "linked", "read_hsds_tables"]

Rows = dict[str, list[dict[str, str]]]

MAX_BYTES = 512 << 20
MAX_OBJECTS = 2_000_000

_WHOLE = ("organization", "service", "location")
"""Tables whose ids must be unique; elsewhere a second row of one id is left out."""


def read_hsds_tables(path: Path) -> tuple[Rows, list[str]]:
    """Read a directory in either form.

    Parameters
    ----------
    path
        A folder or zip with ``services.csv`` and its companions or with JSON pages, or one JSON file: a list of
        services, a page (``{"contents": [...]}``), one service, or organisations that hold their services.

    Returns
    -------
    tuple
        Table -> rows as text, each table once; notes on what was assumed.

    Raises
    ------
    TableError
        Not HSDS, damaged, or too large.
    """
    if path.is_file() and not is_archive(path):
        return _from_json([path])
    with extracted(path) as folder:
        files = sorted(item for item in folder.rglob("*") if item.is_file() and not item.name.startswith("."))
        if sum(item.stat().st_size for item in files) > MAX_BYTES:
            raise TableError(f"{path.name} holds more than {MAX_BYTES >> 20} MB, the limit of this reader.")
        named = {item.name.casefold(): item for item in reversed(files)} | _by_descriptor(files)
        if any(name in named for name in TABLES["service"].files):
            return _from_csv(named, path.name)
        pages = [item for item in files if item.suffix.lower() == ".json" and item.name != "datapackage.json"]
        if not pages:
            raise TableError(f"{path.name} is no HSDS directory: it holds neither services.csv nor JSON.")
        return _from_json(pages)


def _from_csv(named: Mapping[str, Path], name: str) -> tuple[Rows, list[str]]:
    tables: Rows = {}
    notes: list[str] = []
    for table, names in (OTHER_FILES | {table: about.files for table, about in TABLES.items()}).items():
        path = next((named[file] for file in names if file in named), None)
        tables[table] = []
        if path is None:
            continue
        with refusing(path, "a table of HSDS"):
            text, note = decoded(path.read_bytes(), path.name)
        notes += [note] if note else []
        tables[table] = _records(text, path.name)
        if "id" not in (tables[table][0] if tables[table] else {"id": ""}) and table not in OTHER_FILES:
            raise TableError(f"{path.name} of {name} has no column id, so it is no table of HSDS.")
    return _modern(tables, notes), notes


def _by_descriptor(files: list[Path]) -> dict[str, Path]:
    """Return the files that a ``datapackage.json`` names otherwise than usual, under their usual names."""
    found: dict[str, Path] = {}
    for descriptor in (item for item in files if item.name == "datapackage.json"):
        with refusing(descriptor, "a descriptor of a data package"):
            content = json.loads(descriptor.read_bytes().decode("utf-8-sig"))
            resources = content.get("resources", []) if isinstance(content, dict) else []
            paths = {str(item.get("name")): str(item.get("path")) for item in resources if isinstance(item, dict)}
        inside = {
            item.relative_to(descriptor.parent).as_posix(): item for item in files if descriptor.parent in item.parents
        }
        found |= {f"{name.casefold()}.csv": inside[path] for name, path in paths.items() if path in inside}
    return found


_WEEKDAYS = {number: "MOTUWETHFRSASU"[2 * number - 2 : 2 * number] for number in range(1, 8)}


def _modern(tables: Rows, notes: list[str]) -> Rows:
    """Bring what versions 1 and 2 keep in tables of their own to the tables of version 3."""
    old = [name for name in ("eligibility", "regular_schedule", "postal_address", "service_taxonomy") if tables[name]]
    if old:
        notes.append(f"The tables {', '.join(old)} are of HSDS 1 or 2 and were read as those of version 3.")
    if not tables["taxonomy_term"] and tables["taxonomy"] and (tables["service_taxonomy"] or not tables["attribute"]):
        tables["taxonomy_term"], tables["taxonomy"] = tables["taxonomy"], []
    for row in tables["service_taxonomy"]:
        term = row.get("taxonomy_term_id") or row.get("taxonomy_id", "")
        link = {"link_id": row.get("service_id", ""), "taxonomy_term_id": term, "link_entity": "service"}
        tables["attribute"].append({"id": f"service_taxonomy {row.get('id', '')}"} | link)
    for row in tables["attribute"]:
        row.setdefault("link_id", row.get("service_id", ""))
    for row in tables["taxonomy_term"]:
        row["name"] = row.get("name") or row.get("term", "")
    for row in tables["regular_schedule"]:
        day = row.get("weekday", "").strip()
        named = _WEEKDAYS.get(int(day)) if day.isdigit() else day[:2].upper()
        tables["schedule"].append(
            {**row, "id": f"regular {row.get('id', '')}", "freq": "WEEKLY", "byday": named or day}
        )
    for row in tables["postal_address"]:
        tables["address"].append({**row, "id": f"postal {row.get('id', '')}", "address_type": "postal"})
    words = {row.get("service_id", ""): row.get("eligibility", "") for row in tables["eligibility"]}
    for row in tables["service"]:
        row["eligibility_description"] = row.get("eligibility_description", "") or words.get(row.get("id", ""), "")
    return tables


def _records(text: str, name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        if len(set(header)) < len(header):
            raise TableError(f"{name} names a column twice; keep one of them.")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise TableError(f"Line {reader.line_num} of {name} has more cells than its header.")
            rows.append(
                {key: cell.strip() for key, cell in zip(header, cells, strict=False)}
                | dict.fromkeys(header[len(cells) :], "")
            )
            if len(rows) > MAX_OBJECTS:
                raise TableError(f"{name} holds more than {MAX_OBJECTS:,} rows, the limit of this reader.")
    except csv.Error as error:
        raise TableError(f"{name} cannot be read as CSV ({error}); look for an unclosed quotation mark.") from None
    return rows


def _from_json(paths: list[Path]) -> tuple[Rows, list[str]]:
    tables: Rows = {name: [] for name in (*TABLES, *OTHER_FILES)}
    notes: list[str] = []
    for path in paths:
        if not path.is_file():
            raise TableError(f"There is no file or folder {path}.")
        if path.stat().st_size > MAX_BYTES:
            raise TableError(f"{path.name} holds more than {MAX_BYTES >> 20} MB, the limit of this reader.")
        with refusing(path, "a directory in HSDS JSON"):
            text, note = decoded(path.read_bytes(), path.name)
            content = json.loads(text)
        notes += [note] if note else []
        for item in _items(content, path.name):
            _flatten(item, tables, path.name)
    return _modern(tables, notes), notes


def _items(content: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(content, dict):
        content = content.get("contents", [content])
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise TableError(f"{name} is no HSDS JSON: give a list of services, or pages with contents.")
    return content


def _flatten(item: dict[str, Any], tables: Rows, name: str) -> None:
    services = item.get("services")
    if isinstance(services, list):
        owner = {key: value for key, value in item.items() if key != "services"}
        for service in services:
            if isinstance(service, dict):
                _take("service", {"organization": owner} | service, tables, name)
        return
    _take("service", item, tables, name)


def _take(table: str, item: Mapping[str, Any], tables: Rows, name: str, **links: str) -> str:
    """Add one object and all that lies in it; return its id."""
    row = {key: _text(value) for key, value in item.items() if not isinstance(value, dict | list)} | links
    identity = row.get("id", "")
    for key in ONE.get(table, ()):
        if isinstance(inner := item.get(key), dict):
            row[f"{key}_id"] = _take(key, inner, tables, name)
    tables[table].append(row)
    if sum(map(len, tables.values())) > MAX_OBJECTS:
        raise TableError(f"{name} holds more than {MAX_OBJECTS:,} objects, the limit of this reader.")
    for key, (inner_table, link) in NESTED.get(table, {}).items():
        inner_items = item.get(key)
        for inner in inner_items if isinstance(inner_items, list) else ():
            if isinstance(inner, dict):
                _take(inner_table, inner, tables, name, **{link: identity})
    return identity


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def linked(tables: Rows) -> tuple[Rows, list[str]]:
    """Return the tables with each id once and no link that leads nowhere, and notes on what was left out.

    Raises
    ------
    TableError
        A service, location or organisation has no id, or two rows with one id differ; a service names an organisation
        that is not there.
    """
    problems: list[str] = []
    notes: list[str] = []
    found: Rows = {}
    for table, rows in tables.items():
        kept: dict[str, dict[str, str]] = {}
        twice: list[str] = []
        for number, row in enumerate(rows, start=1):
            identity = row.get("id", "") or (f"{table} {number}" if table not in _WHOLE else "")
            if not identity:
                problems.append(f"A row of {table} has no id (number {number}); give each its own.")
            elif identity not in kept:
                kept[identity] = row
            elif table in _WHOLE and _differ(kept[identity], row):
                twice.append(identity[:60])
            else:
                kept[identity] = {**row, **{key: value for key, value in kept[identity].items() if value}}
        if twice:
            problems.append(
                f"{first_ids(dict.fromkeys(twice))}: the id stands in rows of {table} that differ; keep one."
            )
        found[table] = list(kept.values())
    if not found.get("service"):
        problems.append("The directory holds no services.")
    raise_all(problems[:20], TableError)
    ids = {table: {row.get("id", "") for row in rows} for table, rows in found.items()}
    lost = [
        row["id"][:60]
        for row in found["service"]
        if row.get("organization_id", "") not in ids.get("organization", set())
    ]
    if lost:
        raise TableError(f"{first_ids(lost)}: the service names an organisation that is not there; add it.")
    for table in ("service_at_location", *(name for name in LINKS if name not in ("service", "service_at_location"))):
        links = {key: other for key, other in LINKS[table].items() if table != "taxonomy_term"}
        whole = [
            row
            for row in found.get(table, [])
            if all(not row.get(key) or row[key] in ids[other] for key, other in links.items())
        ]
        if len(whole) < len(found.get(table, [])):
            notes.append(
                f"Left out of {table}: {len(found[table]) - len(whole)} of {len(found[table])} rows, which name "
                "something that is not there."
            )
            found[table] = whole
            ids[table] = {row.get("id", "") for row in whole}
    return found, notes


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two rows of one id say different things; what only one of them says is no difference."""
    return any(one[key] != other[key] for key in one.keys() & other.keys() if one[key] and other[key])
