"""Make derived/interstates.geojson: eight interstate highways as labelled lines.

The raw lines run over nodes of the highway graph of the Python package scgraph_data 2.0.0; the package has no route
names. Names were given by a shortest path over its nodes along the known course of each route, and compared with an
independent centreline (the ``core_error`` fields). To rebuild them, trace each route through the graph of
``make_highways.py`` from one end of the area to the other.
"""

from __future__ import annotations

import json
from pathlib import Path

from tables import DERIVED, RAW, write_geojson


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Keep the lines; rename the fields to the vocabulary."""
    layer = json.loads((raw / "interstates.geojson").read_text(encoding="utf-8"))
    features = []
    for feature in layer["features"]:
        old = feature["properties"]
        new = {
            "route": old["route"],
            "length_km": old["length_km"],
            "core_error_median_m": old["dev_core_median_m"],
            "core_error_p95_m": old["dev_core_p95_m"],
        }
        features.append((new, feature["geometry"]))
    write_geojson(derived / "interstates.geojson", features, "route")


if __name__ == "__main__":
    make()
