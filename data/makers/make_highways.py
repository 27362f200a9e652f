"""Make derived/highway_nodes.csv and derived/highway_edges.csv: the highway graph within 80 km of the counties.

The raw files are cut from ``scgraph_data/world_highways.py`` of the Python package scgraph_data 2.0.0: nodes in a box
80 km wider than the counties on each side (so that Linn and Bates keep their highways), and the edges between them.
A node's id is its position in the package's list, so ids stay the same for any box.

To rebuild the raw files, install the package into a folder of its own and run::

    python make_highways.py --extract FOLDER/scgraph_data/world_highways.py
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

MARGIN_KM = 80.0
LINE_BOX = (-95.6, -93.5, 38.3, 39.8)
"""West, east, south, north of the box in which the interstate lines were cut, degrees."""


def extract(package_file: Path, raw: Path = RAW) -> None:
    """Cut the raw files out of the package's own file, which is read as text and never run."""
    module = ast.parse(package_file.read_text(encoding="utf-8"))
    found = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in module.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id in ("graph", "nodes")
    }
    south, west, north, east = _box(raw)
    inside = {
        number: point
        for number, point in enumerate(found["nodes"])
        if south <= point[0] <= north and west <= point[1] <= east
    }
    nodes = [{"node_id": number, "lat": lat, "lon": lon} for number, (lat, lon) in inside.items()]
    edges = [
        {"u": number, "v": other, "length_km": length}
        for number in inside
        for other, length in found["graph"][number].items()
        if number < other and other in inside
    ]
    write_csv(raw / "highway_nodes.csv", nodes, ["node_id", "lat", "lon"], ["node_id"])
    write_csv(raw / "highway_edges.csv", edges, ["u", "v", "length_km"], ["u", "v"])


def _box(raw: Path) -> tuple[float, float, float, float]:
    """Return south, west, north, east of the counties, widened by the margin (84.5 km to a degree of longitude)."""
    layer = json.loads((raw / "counties.geojson").read_text(encoding="utf-8"))
    points = [point for feature in layer["features"] for ring in _rings(feature["geometry"]) for point in ring]
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    up, aside = MARGIN_KM / 111.2, MARGIN_KM / 84.5
    return min(lats) - up, min(lons) - aside, max(lats) + up, max(lons) + aside


def _rings(geometry: dict) -> list:
    shapes = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for shape in shapes for ring in shape]


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Give each edge the names of the interstates that run over it."""
    nodes = read_csv(raw / "highway_nodes.csv")
    place = {node["node_id"]: (float(node["lon"]), float(node["lat"])) for node in nodes}
    chords = _chords(raw)
    edges = []
    for edge in read_csv(raw / "highway_edges.csv"):
        names = {name for chord, name in chords if _covers(place[edge["u"]], place[edge["v"]], chord)}
        edges.append(
            {
                "from_node_id": edge["u"],
                "to_node_id": edge["v"],
                "length_km": edge["length_km"],
                "routes": "|".join(sorted(names)),
            }
        )
    points = [{"node_id": n["node_id"], "latitude": n["lat"], "longitude": n["lon"]} for n in nodes]
    write_csv(derived / "highway_nodes.csv", points, field_names("highway_nodes"), ["node_id"])
    write_csv(derived / "highway_edges.csv", edges, field_names("highway_edges"), ["from_node_id", "to_node_id"])


def _chords(raw: Path) -> list[tuple[tuple[tuple[float, float], tuple[float, float]], str]]:
    """Return each step of each interstate line with its route."""
    layer = json.loads((raw / "interstates.geojson").read_text(encoding="utf-8"))
    chords = []
    for feature in layer["features"]:
        line = [(lon, lat) for lon, lat, *_ in feature["geometry"]["coordinates"]]
        chords += [(step, feature["properties"]["route"]) for step in itertools.pairwise(line)]
    return chords


def _covers(one: tuple[float, float], other: tuple[float, float], chord: tuple) -> bool:
    """Tell whether a chord is the edge, or the part of it that the box of the lines left (one end is shared)."""
    start, end = chord
    if {start, end} == {one, other}:
        return True
    if one not in chord and other not in chord:
        return False
    near, far = (one, other) if one in chord else (other, one)
    cut = end if start == near else start
    ax, ay, bx, by = far[0] - near[0], far[1] - near[1], cut[0] - near[0], cut[1] - near[1]
    along = (ax * bx + ay * by) / (ax * ax + ay * ay or 1.0)
    aside = abs(ax * by - ay * bx) / ((ax * ax + ay * ay) ** 0.5 or 1.0)
    return 0.0 < along < 1.0 and aside < 1e-4 and _on_box(cut)


def _on_box(point: tuple[float, float]) -> bool:
    return any(abs(value - edge) < 1e-6 for value in point for edge in LINE_BOX)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, help="world_highways.py of scgraph_data 2.0.0")
    package_file = parser.parse_args().extract
    if package_file is not None:
        extract(package_file)
    make()
