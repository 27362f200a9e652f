"""Make derived/services.csv, the directory with opening hours in OpenStreetMap syntax, and what was looked for.

Public agencies that the first collection lacked stand in raw/services_more.csv, and which of their sites the first one
names already in raw/service_matches.csv: a row of one site shares its id, whatever the spelling. For each county and
kind of help raw/collected.csv says whether it was looked for; the first collection searched the metro as a whole.

The raw file is the table of facts collected in 2026-11 with these changes, made before it entered this folder:

- withheld rows were cut to categories, level and reason, since nothing else of them may be held here. Their ids are
  numbers in the order of just these columns, so that neither an id nor its place in the list tells of the operator.
  The shown services of an organisation are numbered without a hole;
- a sentence in the note of a shown row that names a withheld service was taken out;
- Python packages are named as such in ``coordinate_source``.

To bring in a newer table, run::

    python make_services.py --extract services.csv
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

REASON = "location withheld by rule"
HIDDEN_ID = "withheld-{:03d}"
FIRST, FIRST_DAY = "first collection", "2026-11-22"
FIRST_NOTE = "The metro was searched as a whole, not county by county."
SECOND = "second collection"
NEVER_NOTE = "No collection has looked for this kind of help."


def extract(table: Path, raw: Path = RAW) -> None:
    """Copy a newer table into the raw folder, withheld rows cut."""
    rows = read_csv(table)
    write_csv(raw / "services.csv", opaque(rows), list(rows[0]), ["service_id"])


def opaque(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return shown rows as they are told, and of withheld rows categories, level and reason under a number.

    The numbers follow what the cut row shows, so two tables whose withheld rows differ in names only give one result.
    """
    hidden = [row for row in rows if row["disclosure"] == "withheld"]
    names = {name for row in hidden if (name := _proper_name(row["service_name"]))}
    cut = sorted((_cut(row) for row in hidden), key=lambda row: (row["service_categories"], row["disclosure_basis"]))
    numbered = [row | {"service_id": HIDDEN_ID.format(number)} for number, row in enumerate(cut, start=1)]
    shown = [_told(row, names) for row in rows if row["disclosure"] != "withheld"]
    return _without_holes(shown) + numbered


def _without_holes(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Give the services of each organisation new numbers, since a missing one would tell of a withheld row."""
    seen: Counter[str] = Counter()
    again = []
    for row in sorted(rows, key=lambda row: row["service_id"]):
        stem = row["service_id"].rpartition("-")[0]
        seen[stem] += 1
        again.append(row | {"service_id": f"{stem}-{seen[stem]:02d}"})
    return again


def _cut(row: dict[str, str]) -> dict[str, str]:
    kept = {
        "service_categories": "|".join(sorted(row["service_categories"].split("|"))),
        "disclosure": row["disclosure"],
        "disclosure_basis": row["disclosure_basis"] or REASON,
    }
    return dict.fromkeys(row, "") | kept


def _told(row: dict[str, str], hidden_names: set[str]) -> dict[str, str]:
    sentences = re.split(r"(?<=[.!?])\s+", row["note"])
    return row | {
        "note": " ".join(text for text in sentences if not any(name in text for name in hidden_names)),
        "coordinate_source": re.sub(r"\bPyPI (?=\w)", "Python package ", row["coordinate_source"]),
    }


def _proper_name(service_name: str) -> str:
    """Return the capitalised words that a name begins with; a single one may be any word, so it is none."""
    found = re.match(r"(?:[A-Z][\w'-]*\s+)+[A-Z][\w'-]*", service_name)
    return found.group() if found else ""


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Read the hours by the reviewed list; a text that is not in the list stops the maker."""
    timetable = {row["hours"]: row["opening_hours"] for row in read_csv(raw / "hours.csv")}
    rows = []
    for row in [*read_csv(raw / "services.csv"), *read_csv(raw / "services_more.csv")]:
        if row["hours"] and row["hours"] not in timetable:
            raise ValueError(f"{row['service_id']}: read the hours by hand and add them to raw/hours.csv.")
        rows.append(row | {"opening_hours": timetable.get(row["hours"], "")})
    write_csv(derived / "services.csv", rows, field_names("services"), ["service_id"])
    beds = [
        {"service_id": row["service_id"], "maximum": row["capacity_beds"], "available": "", "source": row["evidence"]}
        | {"unit": "family units" if "(not beds)" in row["note"] else "beds", "updated": row["verified_on"]}
        for row in rows
        if row["capacity_beds"] and row["disclosure"] == "exact"
    ]
    write_csv(derived / "capacity.csv", beds, field_names("capacity"), ["service_id"])
    matches = read_csv(raw / "service_matches.csv")
    lost = {row[key] for row in matches for key in ("service_id", "other_id")} - {row["service_id"] for row in rows}
    if lost:
        raise ValueError(f"raw/service_matches.csv names {sorted(lost)}, which the directory does not have.")
    write_csv(derived / "service_matches.csv", matches, field_names("service_matches"), ["service_id", "other_id"])
    write_csv(derived / "collected.csv", _collected(raw), field_names("collected"), ["county_fips", "category"])


def _collected(raw: Path) -> list[dict[str, str]]:
    """Say for each county and kind of help with a place whether it was looked for, when and by whom."""
    rows = [row | {"looked_by": SECOND} for row in read_csv(raw / "collected.csv")]
    said = {(row["county_fips"], row["category"]) for row in rows}
    kinds = [row["category"] for row in read_csv(raw / "categories.csv") if row["has_place"] == "yes"]
    seen = {kind for row in read_csv(raw / "services.csv") for kind in row["service_categories"].split("|")}
    unsaid = {"found_count": "", "looked_on": FIRST_DAY, "looked_by": FIRST}
    partly, no = {"looked_for": "partly", "note": FIRST_NOTE}, {"looked_for": "no", "note": NEVER_NOTE}
    return rows + [
        {"county_fips": county, "category": kind, **unsaid, **(partly if kind in seen else no)}
        for county in sorted({county for county, _ in said})
        for kind in kinds
        if (county, kind) not in said
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, help="a newer table of services")
    table = parser.parse_args().extract
    if table is not None:
        extract(table)
    make()
