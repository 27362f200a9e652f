"""What Open Referral HSDS 3.0 asks of the objects that we read and write: files, fields, required ones, words.

Taken from the schema files of the specification as of its version 3.0. Not verified: whether a newer 3.x wants more;
the name of the address file, which drafts of 3.0 spelt ``addresss.csv`` (both are read, the plain plural is written).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["AREA_TOLD", "EXTENSION", "LINKS", "TABLES", "Table", "schema_problems"]

EXTENSION = "kcgeo fields"
"""Taxonomy of the attributes that carry what HSDS has no field for; a term's code is the name of our column."""

AREA_TOLD = "Area in which a confidential service helps"
"""Description of the service area that names the approved area of a row, where the row tells another area too."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KINDS = ("physical", "postal", "virtual")


@dataclass(frozen=True)
class Table:
    """One table of the tabular form.

    Attributes
    ----------
    files
        Names of its file; the first one is written.
    fields
        In their order.
    required
        Fields that may not be blank, in the tabular form.
    words
        Field -> allowed words.
    """

    files: tuple[str, ...]
    fields: tuple[str, ...]
    required: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


TABLES: dict[str, Table] = {
    "organization": Table(
        ("organizations.csv", "organization.csv"),
        ("id", "name", "alternate_name", "description", "email", "website"),
        ("id", "name", "description"),
    ),
    "service": Table(
        ("services.csv", "service.csv"),
        (
            *("id", "organization_id", "name", "alternate_name", "description", "url", "email", "status"),
            *("eligibility_description", "minimum_age", "maximum_age", "assured_date", "alert"),
        ),
        ("id", "organization_id", "name", "status"),
        {"status": ("active", "inactive", "defunct", "temporarily closed")},
    ),
    "location": Table(
        ("locations.csv", "location.csv"),
        ("id", "location_type", "organization_id", "name", "description", "latitude", "longitude"),
        ("id", "location_type"),
        {"location_type": _KINDS},
    ),
    "service_at_location": Table(
        ("service_at_locations.csv", "service_at_location.csv", "services_at_location.csv"),
        ("id", "service_id", "location_id", "description"),
        ("id", "service_id", "location_id"),
    ),
    "address": Table(
        ("addresses.csv", "addresss.csv", "address.csv", "physical_addresses.csv"),
        (
            *("id", "location_id", "address_1", "address_2", "city", "region", "state_province", "postal_code"),
            *("country", "address_type"),
        ),
        ("id", "address_1", "city", "state_province", "postal_code", "country", "address_type"),
        {"address_type": _KINDS},
    ),
    "phone": Table(
        ("phones.csv", "phone.csv"),
        ("id", "location_id", "service_id", "organization_id", "service_at_location_id", "number", "type"),
        ("id", "number"),
    ),
    "schedule": Table(
        ("schedules.csv", "schedule.csv"),
        (
            *("id", "service_id", "location_id", "service_at_location_id", "freq", "interval", "byday"),
            *("description", "opens_at", "closes_at"),
        ),
        ("id",),
        {"freq": ("WEEKLY", "MONTHLY")},
    ),
    "service_area": Table(
        ("service_areas.csv", "service_area.csv"),
        ("id", "service_id", "name", "description", "extent", "extent_type"),
        ("id",),
    ),
    "taxonomy": Table(("taxonomies.csv", "taxonomy.csv", "taxonomys.csv"), ("id", "name", "description"), ("id",)),
    "taxonomy_term": Table(
        ("taxonomy_terms.csv", "taxonomy_term.csv"),
        ("id", "code", "name", "description", "parent_id", "taxonomy_id"),
        ("id", "name", "description"),
    ),
    "attribute": Table(
        ("attributes.csv", "attribute.csv", "service_attributes.csv"),
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value"),
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity"),
    ),
}
"""The tables that our columns need; what others hold (contacts, languages, costs) is left out."""

LINKS = {
    "service": {"organization_id": "organization"},
    "service_at_location": {"service_id": "service", "location_id": "location"},
    "address": {"location_id": "location"},
    "phone": {"service_id": "service", "location_id": "location", "organization_id": "organization"},
    "schedule": {"service_id": "service", "location_id": "location", "service_at_location_id": "service_at_location"},
    "service_area": {"service_id": "service"},
    "attribute": {"taxonomy_term_id": "taxonomy_term"},
    "taxonomy_term": {"taxonomy_id": "taxonomy"},
}
"""Table -> field -> the table whose id it names."""


def schema_problems(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    """Collect what in tables of ours would break HSDS 3.0: blanks, words, ids that are no UUID or occur twice, links.

    Parameters
    ----------
    tables
        Name of the table -> its rows as text.

    Returns
    -------
    list of str
        One sentence for each broken rule, with ids.
    """
    problems, ids = [], {name: {row["id"] for row in rows} for name, rows in tables.items()}
    for name, rows in tables.items():
        about = TABLES[name]
        if len(ids[name]) < len(rows):
            problems.append(f"{name}: an id stands twice.")
        for row in rows:
            lacking = [column for column in about.required if not row.get(column)]
            wrong = [
                column for column, words in about.words.items() if row.get(column) and row[column] not in words
            ] + [column for column in row if column not in about.fields]
            loose = [
                column
                for column, other in LINKS.get(name, {}).items()
                if row.get(column) and row[column] not in ids.get(other, set())
            ]
            if lacking or wrong or loose or not _UUID.fullmatch(row["id"]):
                problems.append(f"{name} {row['id']}: {', '.join([*lacking, *wrong, *loose]) or 'id'} is not allowed.")
    return problems
