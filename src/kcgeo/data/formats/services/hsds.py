"""Directories in Open Referral HSDS 3.0, read into the layer ``services`` of a study.

One row stands for a service at one of its locations. What kcgeo wrote itself comes back as it was; of others' feeds
the categories are translated by a mapping (``[values.service_categories]``), and the level of each row follows the
rules of :mod:`kcgeo.data.formats.services.service_layer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.services import ELIGIBILITIES
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.hsds_read import Rows, linked, read_hsds_tables
from kcgeo.data.formats.services.hsds_schema import AREA_TOLD, TABLES
from kcgeo.data.formats.services.service_layer import (
    Mapped,
    columns_of_services,
    known_categories,
    read_mapping,
    service_layer,
)
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["add_hsds"]

_STATUS = {"active": "active", "inactive": "inactive", "defunct": "inactive", "temporarily closed": "inactive"}
_CARRIED = "kcgeo_field"
_NEVER_CARRIED = ("service_categories", "latitude", "longitude", "organization_name", "service_name")
_DAYS = {day.upper(): day for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")}
_TIME = re.compile(r"([01]\d|2[0-4]):[0-5]\d")


def add_hsds(
    path: Path,
    study: Study,
    *,
    mapping: str | None = None,
    basis: str | None = None,
    eligibility: str | None = None,
    title: str = "",
    vintage: str = "",
    licence: str = "",
) -> Converted:
    """Read a directory in HSDS 3.0: a folder or zip of CSV tables, or JSON.

    Parameters
    ----------
    path
        See :func:`kcgeo.data.formats.services.hsds_read.read_hsds_tables`.
    study
        Its counties and approved areas.
    mapping
        TOML file that translates their categories and their words for who may come.
    basis
        Why the places of rows that bring no level are public; never counts where people sleep.
    eligibility
        One of ours, for texts about who may come that are none of ours and are not in the mapping.
    title, vintage, licence
        For the source line.

    Raises
    ------
    TableError
        One sentence for each fault; rows are named by id.
    """
    mapped = read_mapping(mapping)
    tables, notes = read_hsds_tables(path)
    tables, more = linked(tables)
    _refuse_words(tables)
    rows, told, found = _rows(tables, mapped, eligibility)
    return service_layer(
        rows,
        study,
        mapped=mapped,
        notes=[*notes, *more, *found],
        title=title or f"Services of {path.name} (Open Referral HSDS)",
        basis=basis,
        vintage=vintage,
        licence=licence,
        told=told,
    )


def _refuse_words(tables: Rows) -> None:
    problems = []
    for table in ("service", "location"):
        for column, words in TABLES[table].words.items():
            wrong = [row["id"][:60] for row in tables[table] if row.get(column, "").casefold() not in ("", *words)]
            if wrong:
                problems.append(f"{first_ids(wrong)}: the {column} of {table} is not one of {', '.join(words)}.")
    raise_all(problems, TableError)


def _by(rows: Sequence[dict[str, str]], key: str) -> dict[str, list[dict[str, str]]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row.get(key):
            groups.setdefault(row[key], []).append(row)
    return groups


def _rows(tables: Rows, mapped: Mapped, eligibility: str | None) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    owners = {row["id"]: row for row in tables["organization"]}
    places = {row["id"]: row for row in tables["location"]}
    terms = {row["id"]: row for row in tables["taxonomy_term"] if row.get("id")}
    groups = {
        name: _by(tables[name], key)
        for name, key in (
            ("service_at_location", "service_id"),
            ("address", "location_id"),
            ("phone", "service_id"),
            ("schedule", "service_id"),
            ("service_area", "service_id"),
            ("attribute", "link_id"),
        )
    }
    rows, told, left, asked = list[dict[str, str]](), list[str](), 0, list[str]()
    for service in sorted(tables["service"], key=lambda row: row["id"]):
        mine = {name: group.get(service["id"], []) for name, group in groups.items()}
        carried = _carried(mine["attribute"], terms)
        words = _words(mine["attribute"], terms)
        names, unknown = known_categories(words, mapped)
        # a code may be one of ours by chance: what the term is called counts too
        named = [*words, *(terms.get(row.get("taxonomy_term_id", ""), {}).get("name", "") for row in mine["attribute"])]
        if not names:
            left += 1
            continue
        base = _service(service, owners[service["organization_id"]], mine) | {"service_categories": "|".join(names)}
        base["eligibility"] = _eligibility(service.get("eligibility_description", ""), mapped, eligibility)
        if not base["eligibility"] and "eligibility" not in carried:
            asked.append(service["id"][:60])
        links = [place for link in mine["service_at_location"] if (place := places.get(link.get("location_id", "")))]
        for number, place in enumerate(links or [{}], start=1):
            row = base | _place(place, groups["address"].get(place.get("id", ""), [])) | carried
            if number > 1:
                row["service_id"] = f"{row['service_id']}-{number}"
            rows.append(row)
            told.append(" ".join([*unknown, *named, place.get("name", ""), service.get("alternate_name", "")]))
    if asked:
        raise TableError(
            f"{first_ids(asked)}: who may come is told in words that are none of ours ({', '.join(ELIGIBILITIES)}); "
            "translate them in [values.eligibility] of a mapping, or say what to take with --option eligibility=any."
        )
    if not rows:
        raise TableError(
            "No service has a category that is known; translate their taxonomy in [values.service_categories] of a "
            "mapping (--option mapping=FILE.toml)."
        )
    table = pd.DataFrame(rows, columns=columns_of_services(), dtype="object").fillna("")
    notes = [f"{left} services have no category that is known and were left out."] if left else []
    if len(table) > table["service_id"].nunique():
        return table, pd.Series(told, index=table.index, dtype="str"), notes
    extra = sum(len(mine) > 1 for mine in groups["service_at_location"].values())
    notes += [f"{extra} services have several locations; each is a row of its own."] if extra else []
    return table, pd.Series(told, index=table.index, dtype="str"), notes


def _carried(attributes: Sequence[Mapping[str, str]], terms: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return our own columns that travelled as attributes."""
    ours = set(columns_of_services()) - set(_NEVER_CARRIED)
    found = {}
    for row in attributes:
        code = terms.get(row.get("taxonomy_term_id", ""), {}).get("code", "")
        if row.get("link_type") == _CARRIED and code in ours and row.get("value"):
            found[code] = row["value"]
    if found.get("disclosure") == "exact" and "disclosure_basis" not in found:
        # a level without its reason counts for nothing
        del found["disclosure"]
    return found


def _words(attributes: Sequence[Mapping[str, str]], terms: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the words of a service's taxonomy terms: the code where it is one of ours, else the name."""
    words = []
    for row in attributes:
        term = terms.get(row.get("taxonomy_term_id", ""), {})
        if row.get("link_type") == _CARRIED:
            continue
        known, _ = known_categories([term.get("code", "")], Mapped())
        words.append(term["code"] if known else term.get("name", ""))
    return [word for word in dict.fromkeys(words) if word]


def _service(
    service: Mapping[str, str], owner: Mapping[str, str], mine: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, str]:
    checked = re.match(r"(\d{4})-\d\d", service.get("assured_date", ""))
    schedules = mine["schedule"]
    phones = [row.get("number", "") for row in mine["phone"] if row.get("type", "voice").casefold() in ("", "voice")]
    return {
        "organization_id": owner["id"],
        "organization_name": owner.get("name", ""),
        "service_id": service["id"],
        "service_name": service.get("name", ""),
        "service_status": _STATUS.get(service.get("status", "").casefold(), ""),
        "minimum_age": service.get("minimum_age", ""),
        "maximum_age": service.get("maximum_age", ""),
        "hours": "; ".join(text for row in schedules if (text := row.get("description", ""))),
        "opening_hours": _opening_hours(schedules),
        "phone": next((number for number in phones if number), ""),
        "url": service.get("url", "") or owner.get("website", ""),
        "service_area": "; ".join(
            row["name"] for row in mine["service_area"] if row.get("name") and row.get("description") != AREA_TOLD
        ),
        "verified_on": checked[1] if checked else "",
        # only a physical location that stands below makes a place of it
        "location_type": "virtual",
    }


def _opening_hours(schedules: Sequence[Mapping[str, str]]) -> str:
    """Return weekly schedules in OpenStreetMap syntax; nothing if one of them says more than days and hours."""
    parts = []
    for row in schedules:
        days = [part.strip() for part in row.get("byday", "").split(",")]
        opens, closes = row.get("opens_at", "")[:5], row.get("closes_at", "")[:5]
        plain = all(day in _DAYS for day in days) and _TIME.fullmatch(opens) and _TIME.fullmatch(closes)
        odd = row.get("interval") not in (None, "", "1") or row.get("freq", "").upper() not in ("", "WEEKLY")
        dated = any(row.get(key) for key in ("valid_from", "valid_to", "until", "count", "bymonthday", "byweekno"))
        if not plain or odd or dated:
            return ""
        parts.append(f"{','.join(_DAYS[day] for day in days)} {opens}-{closes}")
    return "; ".join(parts)


def _eligibility(text: str, mapped: Mapped, otherwise: str | None) -> str:
    """Return one of ours; a text that is blank sets no limit."""
    plain = text.strip().casefold()
    ours = {name.casefold(): name for name in ELIGIBILITIES}
    if not plain:
        return mapped.defaults.get("eligibility", "any")
    return mapped.words.get("eligibility", {}).get(plain) or ours.get(plain) or otherwise or ""


def _place(place: Mapping[str, str], addresses: Sequence[Mapping[str, str]]) -> dict[str, str]:
    if not place:
        return {}
    kind = place.get("location_type", "").casefold() or "physical"
    if kind == "virtual":
        return {"location_type": "virtual"}
    ordered = sorted(addresses, key=lambda row: row.get("address_type", "") != "physical")
    address = ordered[0] if ordered else {}
    lines = [address.get("address_1", ""), address.get("address_2", "")]
    return {
        "location_type": kind,
        "physical_address": ", ".join(line for line in lines if line),
        "city": address.get("city", ""),
        "state": address.get("state_province", ""),
        "postal_code": address.get("postal_code", ""),
        "latitude": place.get("latitude", ""),
        "longitude": place.get("longitude", ""),
    }
