"""Directories in Open Referral HSDS 1.1 to 3.1, read into the layer ``services`` of a study.

One row stands for a service at one of its locations. Schedules and phones of the nearest entity count: of the service
at this location, else of the service, of the location, of the organization. All texts of what is linked to a row go to
the rules that close a row, and the beds that it can hold are its capacity. What kcgeo wrote itself comes back as it
was; of others' feeds the categories are translated by a mapping (``[values.service_categories]``), and the level of
each row follows the rules of :mod:`kcgeo.data.formats.services.service_layer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kcgeo.data.directory.closing.words import columns_of_services
from kcgeo.data.directory.mapping import Mapped, known_categories, read_mapping
from kcgeo.data.directory.services import ELIGIBILITIES
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.hsds_read import Rows, linked, read_hsds_tables
from kcgeo.data.formats.services.hsds_schema import AREA_TOLD, TABLES
from kcgeo.data.formats.services.service_layer import service_layer
from kcgeo.data.study.list_options import ListOptions
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["add_hsds", "layer_of_tables"]

_STATUS = {"active": "active", "inactive": "inactive", "defunct": "inactive", "temporarily closed": "inactive"}
_CARRIED = "kcgeo_field"
_NEVER_CARRIED = ("service_categories", "latitude", "longitude", "organization_name", "service_name")
_DAYS = {day.upper(): day for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")}
_TIME = re.compile(r"((?:[01]\d|2[0-4]):[0-5]\d)(?::00(?:\.0+)?)?")
_AWAY = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_NEAREST = ("service_at_location_id", "service_id", "location_id", "organization_id")
_SAID = ("language", "name", "document", "option", "amount", "currency", "accessibility", "description")
_TEXTLESS = re.compile(
    r"(?:^|_)id$|^(?:latitude|longitude|opens_at|closes_at|byday|freq|status|link_type|link_entity)$"
)


def add_hsds(path: Path, study: Study, **given: str) -> Converted:
    """Read a directory in HSDS 1.1 to 3.1: a folder or zip of CSV tables, or JSON.

    Parameters
    ----------
    path
        See :func:`kcgeo.data.formats.services.hsds_read.read_hsds_tables`.
    study
        Its counties and approved areas.
    **given
        As :class:`kcgeo.data.study.list_options.ListOptions`; ``eligibility`` stands for texts about who may come that
        are none of ours and are not in the mapping.

    Raises
    ------
    TableError
        One sentence for each fault; rows are named by id.
    """
    tables, notes = read_hsds_tables(path)
    return layer_of_tables(tables, study, ListOptions(**given), notes, f"Services of {path.name} (Open Referral HSDS)")


def layer_of_tables(tables: Rows, study: Study, options: ListOptions, notes: list[str], title: str) -> Converted:
    """Return the layer that tables of HSDS become."""
    tables, more = linked(tables)
    mapped = read_mapping(options.mapping)
    _refuse_words(tables)
    rows, told, found = _rows(tables, mapped, options.eligibility)
    notes = [*notes, *more, *found]
    return service_layer(rows, study, options, mapped=mapped, notes=notes, title=title, told=told)


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


class _Linked:
    """The tables of a directory, by the ids that their rows name."""

    def __init__(self, tables: Rows) -> None:
        self.one = {name: {row["id"]: row for row in rows if row.get("id")} for name, rows in tables.items()}
        keys = (*_NEAREST, "link_id")
        self.groups = {(name, key): _by(rows, key) for name, rows in tables.items() for key in keys}

    def of(self, table: str, key: str, identity: str) -> list[dict[str, str]]:
        """Return the rows of a table that name an id."""
        return self.groups[table, key].get(identity, []) if identity else []

    def texts(self, table: str, key: str, identity: str) -> str:
        """Return what the rows of a table say, in words: names and amounts first, then descriptions."""
        said = [
            " ".join(row[name] for name in _SAID if row.get(name) and not (name == "description" and row.get("name")))
            for row in self.of(table, key, identity)
        ]
        return "; ".join(dict.fromkeys(filter(None, said)))

    def nearest(self, table: str, ids: Mapping[str, str]) -> list[dict[str, str]]:
        """Return the rows of the nearest entity that has some; a row that also names another entity is of that one."""
        for key in _NEAREST:
            rows = [
                row
                for row in self.of(table, key, ids.get(key, ""))
                if all(row.get(other, "") in ("", ids.get(other, "")) for other in _NEAREST)
            ]
            if rows:
                return rows
        return []

    def words(self, service: Mapping[str, str], ids: Mapping[str, str]) -> str:
        """Return all texts of a service at one location: of each entity and of what is linked to it."""
        rows = [service, *(self.one[key.removesuffix("_id")].get(name, {}) for key, name in ids.items() if name)]
        rows += [self.one["program"].get(service.get("program_id", ""), {})]
        for (table, key), group in self.groups.items():
            named = ids.values() if key == "link_id" else [ids.get(key, "")]
            rows += [row for name in named for row in group.get(name, []) if table not in _OTHER_ENTITIES]
        terms = [self.one["taxonomy_term"].get(row.get("taxonomy_term_id", ""), {}) for row in rows]
        units = [self.one["unit"].get(row.get("unit_id", ""), {}) for row in rows]
        ours = [row for row in rows if row.get("link_type") != _CARRIED]
        texts = [text for row in [*ours, *terms, *units] for key, text in row.items() if not _TEXTLESS.search(key)]
        return "\n".join(dict.fromkeys(text for text in texts if text))


_OTHER_ENTITIES = ("service", "location", "service_at_location", "organization", "program")
"""Tables whose rows are no part of an entity that they name: other services of the same organization."""


def _rows(tables: Rows, mapped: Mapped, eligibility: str | None) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    linked_to = _Linked(tables)
    rows, told, asked = list[dict[str, str]](), list[str](), list[str]()
    met: dict[str, int] = {}
    left, away = 0, list[str]()
    for service in sorted(tables["service"], key=lambda row: row["id"]):
        attributes = linked_to.of("attribute", "link_id", service["id"])
        terms = linked_to.one["taxonomy_term"]
        carried = _carried(attributes, terms)
        words = _words(attributes, terms)
        names, unknown = known_categories(words, mapped)
        if not names:
            left += 1
            for word in _terms_met(attributes, terms):
                met[word] = met.get(word, 0) + 1
            continue
        base = _service(service, linked_to) | {"service_categories": "|".join(names)}
        base["eligibility"] = _eligibility(service.get("eligibility_description", ""), mapped, eligibility)
        if not base["eligibility"] and "eligibility" not in carried:
            asked.append(service["id"][:60])
        links = [
            link
            for link in linked_to.of("service_at_location", "service_id", service["id"])
            if link.get("location_id", "") in linked_to.one["location"]
        ]
        for number, link in enumerate(links or [{}], start=1):
            row = base | _at(service, link, linked_to) | carried
            if row.pop("away"):
                away.append(row["service_id"])
            if number > 1:
                row["service_id"] = f"{row['service_id']}-{number}"
            rows.append(row)
            told.append("\n".join([*unknown, linked_to.words(service, _ids(service, link))]))
    if asked:
        raise TableError(
            f"{first_ids(asked)}: who may come is told in words that are none of ours ({', '.join(ELIGIBILITIES)}); "
            "translate them in [values.eligibility] of a mapping, or say what to take with --option eligibility=any."
        )
    common = sorted(met, key=lambda word: (-met[word], word))
    listed = f"; terms met: {first_ids(common, limit=12)}" if common else ""
    if not rows:
        raise TableError(
            "No service has a category that is known; translate their taxonomy in [values.service_categories] of a "
            f"mapping (--option mapping=FILE.toml){listed}."
        )
    table = pd.DataFrame(rows, columns=[*columns_of_services(), "location_id"], dtype="object").fillna("")
    notes = [f"{left} of {left + len(rows)} services have no category that is known: left out{listed}."] if left else []
    if away:
        notes.append(f"Hours of {first_ids(dict.fromkeys(away))} are in UTC or carry an offset, and stay unknown.")
    told_of = pd.Series(told, index=table.index, dtype="str")
    if len(table) > table["service_id"].nunique():
        return table, told_of, notes
    extra = int(table["service_id"].str.contains(r"-2$").sum())
    notes += [f"Services with several locations: {extra}; each location is a row of its own."] if extra else []
    return table, told_of, notes


def _ids(service: Mapping[str, str], link: Mapping[str, str]) -> dict[str, str]:
    return {
        "service_at_location_id": link.get("id", ""),
        "service_id": service["id"],
        "location_id": link.get("location_id", ""),
        "organization_id": service.get("organization_id", ""),
    }


def _at(service: Mapping[str, str], link: Mapping[str, str], tables: _Linked) -> dict[str, Any]:
    """Return what a service has at one of its locations: place, hours and phone."""
    ids = _ids(service, link)
    schedules, phones = tables.nearest("schedule", ids), tables.nearest("phone", ids)
    numbers = [row.get("number", "") for row in phones if row.get("type", "voice").casefold() in ("", "voice")]
    place = tables.one["location"].get(ids["location_id"], {})
    times = [row.get(key, "") for row in schedules for key in ("opens_at", "closes_at")]
    accessible = tables.texts("accessibility", "location_id", ids["location_id"])
    return _place(place, tables.of("address", "location_id", ids["location_id"])) | {
        "accessibility": accessible,
        "location_id": ids["location_id"],
        "hours": "; ".join(text for row in schedules if (text := row.get("description", ""))),
        "opening_hours": _opening_hours(schedules),
        "phone": next((number for number in numbers if number), ""),
        "away": any(_AWAY.fullmatch(time.strip()) for time in times),
    }


def _terms_met(attributes: Sequence[Mapping[str, str]], terms: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the terms of a service as a person would look them up: name and code."""
    found = [terms.get(row.get("taxonomy_term_id", ""), {}) for row in attributes]
    return [
        " ".join([*filter(None, [term.get("name")]), *(f"({code})" for code in [term.get("code")] if code)])
        for term in found
        if term
    ]


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


def _service(service: Mapping[str, str], tables: _Linked) -> dict[str, str]:
    owner = tables.one["organization"][service["organization_id"]]
    checked = re.match(r"(\d{4})-\d\d", service.get("assured_date", ""))
    areas = tables.of("service_area", "service_id", service["id"])
    names = [row.get("name") or row.get("service_area", "") for row in areas if row.get("description") != AREA_TOLD]
    return {
        "organization_id": owner["id"],
        "organization_name": owner.get("name", ""),
        "service_id": service["id"],
        "service_name": service.get("name", ""),
        "service_status": _STATUS.get(service.get("status", "").casefold(), ""),
        "minimum_age": service.get("minimum_age", ""),
        "maximum_age": service.get("maximum_age", ""),
        "url": service.get("url", "") or owner.get("website", "") or owner.get("url", ""),
        "service_area": "; ".join(name for name in names if name),
        "languages": tables.texts("language", "service_id", service["id"]),
        "cost": tables.texts("cost_option", "service_id", service["id"])
        or service.get("fees_description", "")
        or service.get("fees", ""),
        "required_documents": tables.texts("required_document", "service_id", service["id"]),
        "verified_on": checked[1] if checked else "",
        "capacity_beds": _beds(tables.of("service_capacity", "service_id", service["id"]), tables.one["unit"]),
        # only a physical location that stands below makes a place of it
        "location_type": "virtual",
    }


def _beds(capacities: Sequence[Mapping[str, str]], units: Mapping[str, Mapping[str, str]]) -> str:
    """Return how many beds a service has: the largest number of a capacity whose unit or description speaks of beds."""
    found = []
    for row in capacities:
        words = f"{units.get(row.get('unit_id', ''), {}).get('name', '')} {row.get('description', '')}"
        numbers = [
            float(row[key]) for key in ("maximum", "available") if re.fullmatch(r"\d+(\.\d+)?", row.get(key, ""))
        ]
        if re.search(r"\bbeds?\b|\bcribs?\b", words, re.IGNORECASE) and numbers:
            found.append(max(numbers))
    return f"{sum(found):.0f}" if found else ""


def _opening_hours(schedules: Sequence[Mapping[str, str]]) -> str:
    """Return weekly schedules in OpenStreetMap syntax; nothing if one of them says more than days and hours.

    Spans of the same days stand side by side, and rules are joined by a comma, which adds: a later rule after a
    semicolon would replace the day, and cut the night that runs into it.
    """
    spans: dict[str, list[str]] = {}
    for row in schedules:
        days = [part.strip().upper() for part in row.get("byday", "").split(",")]
        opens, closes = (_TIME.fullmatch(row.get(key, "").strip()) for key in ("opens_at", "closes_at"))
        odd = row.get("interval") not in (None, "", "1") or row.get("freq", "").upper() not in ("", "WEEKLY")
        dated = any(row.get(key) for key in ("valid_to", "until", "count", "bymonthday", "byweekno", "byyearday"))
        if not opens or not closes or odd or dated or not all(day in _DAYS for day in days):
            return ""
        in_order = sorted(dict.fromkeys(days), key=list(_DAYS).index)
        span = f"{opens[1]}-{closes[1]}"
        known = spans.setdefault(",".join(_DAYS[day] for day in in_order), [])
        known += [] if span in known else [span]
    return ", ".join(f"{days} {','.join(sorted(times))}" for days, times in spans.items())


def _eligibility(text: str, mapped: Mapped, otherwise: str | None) -> str:
    """Return one of ours, or unknown where the feed says so; a text that is blank sets no limit."""
    plain = text.strip().casefold()
    ours = {name.casefold(): name for name in (*ELIGIBILITIES, "unknown")}
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
