"""Make derived/counties.geojson: 14 counties of the metropolitan area, Douglas and Franklin KS.

The raw file holds the sixteen counties cut out of the shapefile ``_plotly_geo/package_data/cb_2016_us_county_500k``
of the Python package plotly_geo 1.0.0, coordinates unchanged. To rebuild it, install that package and keep the
features whose GEOID is in the list of ``county_fips`` below.
"""

from __future__ import annotations

import json
from pathlib import Path

from tables import DERIVED, RAW, write_geojson

STATES = {"20": "KS", "29": "MO"}


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Rename the fields to the vocabulary; outlines stay as they are."""
    layer = json.loads((raw / "counties.geojson").read_text(encoding="utf-8"))
    features = []
    for feature in layer["features"]:
        old = feature["properties"]
        new = {
            "county_fips": old["GEOID"],
            "name": old["NAME"],
            "state": STATES[old["STATEFP"]],
            "in_msa": bool(old["in_msa"]),
        }
        features.append((new, feature["geometry"]))
    write_geojson(derived / "counties.geojson", features, "county_fips")


if __name__ == "__main__":
    make()
