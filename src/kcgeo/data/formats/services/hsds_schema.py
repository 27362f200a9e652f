"""What Open Referral HSDS asks of the objects that we read and write: files, fields, required ones, words.

Written is version 3.1; tests compare it with the schema files of the specification. Read are 1.1, 2.0, 3.0 and 3.1: the
names of files of all of them stand here, ``addresss.csv`` of drafts of 3.0 too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["AREA_TOLD", "EXTENSION", "LINKS", "OTHER_FILES", "TABLES", "VERSION", "Table", "schema_problems"]

VERSION = "3.1"

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
        ("attributes.csv", "attribute.csv", "service_attributes.csv", "service_attribute.csv"),
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value"),
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity"),
    ),
}
"""The tables that our columns need."""

OTHER_FILES = {
    "program": ("programs.csv", "program.csv"),
    "eligibility": ("eligibility.csv", "eligibilities.csv"),
    "service_capacity": ("service_capacity.csv", "service_capacities.csv"),
    "unit": ("units.csv", "unit.csv"),
    "language": ("languages.csv", "language.csv"),
    "cost_option": ("cost_options.csv", "cost_option.csv"),
    "accessibility": ("accessibility.csv", "accessibility_for_disabilities.csv"),
    "required_document": ("required_documents.csv", "required_document.csv"),
    "contact": ("contacts.csv", "contact.csv"),
    "regular_schedule": ("regular_schedules.csv", "regular_schedule.csv"),
    "postal_address": ("postal_addresses.csv", "postal_address.csv"),
    "service_taxonomy": ("services_taxonomy.csv", "service_taxonomy.csv", "service_taxonomies.csv"),
}
"""Tables that are read and not written: for capacity, for words that may close a row, and those of old versions."""

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
    """Collect what in tables of ours would break HSDS: blanks, words, ids that are no UUID or occur twice, links.

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
