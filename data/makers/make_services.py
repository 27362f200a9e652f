"""Make derived/services.csv: the service directory with opening hours in OpenStreetMap syntax.

The raw file is the table of facts collected in 2026-11 with two changes, made before it entered this folder: withheld
rows were cut to id, categories, level and reason, since nothing else of them may be held here; and Python packages are
named as such in ``coordinate_source``. To bring in a newer table, run::

    python make_services.py --extract services.csv
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

REASON = "location withheld by rule"
KEPT_OF_WITHHELD = ("service_id", "service_categories", "disclosure")


def extract(table: Path, raw: Path = RAW) -> None:
    """Copy a newer table into the raw folder, withheld rows cut."""
    rows = read_csv(table)
    fields = list(rows[0])
    write_csv(raw / "services.csv", [_cut(row) for row in rows], fields, ["service_id"])


def _cut(row: dict[str, str]) -> dict[str, str]:
    if row["disclosure"] != "withheld":
        return row | {"coordinate_source": re.sub(r"\bPyPI (?=\w)", "Python package ", row["coordinate_source"])}
    kept = {name: row[name] if name in KEPT_OF_WITHHELD else "" for name in row}
    return kept | {"disclosure_basis": row["disclosure_basis"] or REASON}


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Read the hours by the reviewed list; a text that is not in the list stops the maker."""
    timetable = {row["hours"]: row["opening_hours"] for row in read_csv(raw / "hours.csv")}
    rows = []
    for row in read_csv(raw / "services.csv"):
        if row["hours"] and row["hours"] not in timetable:
            raise ValueError(f"{row['service_id']}: read the hours by hand and add them to raw/hours.csv.")
        rows.append(row | {"opening_hours": timetable.get(row["hours"], "")})
    write_csv(derived / "services.csv", rows, field_names("services"), ["service_id"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, help="a newer table of services")
    table = parser.parse_args().extract
    if table is not None:
        extract(table)
    make()
