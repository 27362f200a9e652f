"""Make derived/corridors.geojson, corridor_anchors.csv and exits.csv: interstates by state with mileposts.

Each line of ``raw/interstates.geojson`` is cut at the state line, calibrated piecewise between the anchors of
``raw/corridor_anchors.csv`` and clipped to the packaged counties. An anchor is a state line, the junction of two
interstates (its place is computed from the two lines), or, on the turnpike miles only, a road junction that was matched
to an exit by hand (an assumption, marked ``matched``). Exit numbers are whole miles: the calibration keeps within the
tolerance of each, and changes the measured lengths as little as that allows
(``kcgeo.data.roads.linear.fit_mileposts``).

Kansas Turnpike miles end where the route's own miles begin, at exit 410. Routes without anchors get no mileposts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from kcgeo.data.roads import linear
from tables import DERIVED, RAW, field_names, read_csv, write_csv, write_geojson

METRIC_CRS = "EPSG:26915"
STEP_M = 2_000.0
"""Longest step between vertices, so that straight in degrees and straight in metres are the same within 0.1 m."""
SHORTEST_M = 800.0
"""A piece under half a mile is a line touching a border, not a corridor."""
JUNCTION_M = 1_500.0
"""Farthest gap between the simplified lines of two interstates that are known to meet."""
FIRST_OWN_MILE = {"I-70 KS": 410.0}
"""Where a route's own miles begin; the turnpike's miles end there."""
INTERPOLATED_PRECISION_MI = 1.0
PLACED_PRECISION_MI = 0.25


@dataclass(frozen=True)
class System:
    """A mile system: its line in metres in the direction of rising miles, the milepost of each vertex (or none)."""

    name: str
    line: shapely.LineString
    vertex_mi: np.ndarray | None

    @property
    def route(self) -> str:
        """First word of the name."""
        return self.name.split()[0]

    @property
    def state(self) -> str:
        """Second word of the name."""
        return self.name.split()[1]


def state_parts(line: shapely.LineString, states: dict[str, shapely.Geometry]) -> dict[str, shapely.LineString]:
    """Cut a line at the state line; what lies beyond the packaged counties goes with its neighbour on the line."""
    inside = sorted(
        (start, end, state)
        for state, area in states.items()
        for start, end in linear.stretches(line, area, shortest_m=SHORTEST_M)
    )
    cuts = [0.0, *(start for start, _, _ in inside[1:]), line.length]
    runs: dict[str, tuple[float, float]] = {}
    for (_, _, state), start, end in zip(inside, cuts[:-1], cuts[1:], strict=True):
        runs[state] = (min(start, runs.get(state, (start, end))[0]), end)
    none = np.zeros(len(line.coords))
    return {state: linear.between(line, none, start, end)[0] for state, (start, end) in runs.items()}


def junction_m(line: shapely.LineString, other: shapely.LineString) -> float:
    """Return the metres along ``line`` to its junction with ``other``: the middle of what they share, or nearest."""
    shared = shapely.get_coordinates(shapely.intersection(line, other))
    if not len(shared):
        if shapely.distance(line, other) > JUNCTION_M:
            raise ValueError("the two lines do not meet")
        shared = shapely.get_coordinates(shapely.shortest_line(line, other))[:1]
    at = shapely.line_locate_point(line, shapely.points(shared))
    return float((at.min() + at.max()) / 2)


def anchors_of(
    name: str, line: shapely.LineString, lines: dict[str, shapely.LineString], raw: Path
) -> list[dict[str, object]]:
    """Read the anchors of a system and find where each lies along its line; rising."""
    found = []
    for row in read_csv(raw / "corridor_anchors.csv"):
        if row["system"] != name:
            continue
        if row["kind"] == "state_line":
            at = line.length if name.split()[1] == "KS" else 0.0
        elif row["kind"] == "junction":
            at = junction_m(line, lines[row["crosses"]])
        else:
            spot = gpd.GeoSeries.from_xy([float(row["lon"])], [float(row["lat"])], crs="EPSG:4326").to_crs(METRIC_CRS)
            at = float(line.project(spot.iloc[0]))
        found.append(
            {
                "system": name,
                "kind": row["kind"],
                "crosses": row["crosses"] or None,
                "nominal_mi": float(row["milepost_mi"]),
                "tolerance_mi": float(row["tolerance_mi"]),
                "measured_mi": at / linear.MILE_M,
                "basis": row["basis"],
            }
        )
    return sorted(found, key=lambda anchor: anchor["measured_mi"])


def calibrated(name: str, line: shapely.LineString, anchors: list[dict[str, object]]) -> System:
    """Calibrate one system and write into each anchor its milepost and its error when it is left out."""
    if not anchors:
        return System(name, line, None)
    columns = [np.array([anchor[key] for anchor in anchors]) for key in ("measured_mi", "nominal_mi", "tolerance_mi")]
    fitted = linear.fit_mileposts(*columns)
    for anchor, milepost, error in zip(anchors, fitted, linear.leave_one_out(*columns), strict=True):
        anchor["milepost_mi"], anchor["left_out_error_mi"] = float(milepost), float(error)
    return System(name, *linear.with_mileposts(line, columns[0] * linear.MILE_M, fitted))


def shorter(system: System, from_m: float, to_m: float) -> System:
    """Keep a part of a system."""
    if system.vertex_mi is None:
        part = linear.between(system.line, np.zeros(len(system.line.coords)), from_m, to_m)[0]
        return System(system.name, part, None)
    return System(system.name, *linear.between(system.line, system.vertex_mi, from_m, to_m))


def systems_of(raw: Path) -> tuple[list[System], list[dict[str, object]]]:
    """Cut and calibrate all routes over their whole length."""
    routes = gpd.read_file(raw / "interstates.geojson").to_crs(METRIC_CRS)
    lines = dict(zip(routes["route"], shapely.segmentize(routes.geometry.to_numpy(), STEP_M), strict=True))
    counties = gpd.read_file(raw / "counties.geojson").to_crs(METRIC_CRS)
    states = {
        name: shapely.union_all(counties.geometry[counties["STATEFP"] == code])
        for name, code in (("KS", "20"), ("MO", "29"))
    }
    systems, anchors = [], []
    for route, line in lines.items():
        for state, part in state_parts(line, states).items():
            name = f"{route} {state}"
            own = anchors_of(name, part, lines, raw)
            toll = anchors_of(f"{name} turnpike", part, lines, raw)
            system = calibrated(name, part, own)
            if toll:
                end_m = linear_m(system, FIRST_OWN_MILE[name])
                systems.append(shorter(calibrated(f"{name} turnpike", part, toll), 0.0, end_m))
                system = shorter(system, end_m, part.length)
            systems.append(system)
            anchors += own + toll
    return systems, anchors


def linear_m(system: System, milepost_mi: float) -> float:
    """Return the metres along a system at which a milepost lies."""
    return float(np.interp(milepost_mi, system.vertex_mi, linear.measured_m(system.line)))


def clipped(systems: list[System], raw: Path) -> list[System]:
    """Keep what lies in the packaged counties; pieces that only touch a border go."""
    area = shapely.union_all(gpd.read_file(raw / "counties.geojson").to_crs(METRIC_CRS).geometry)
    return [
        shorter(system, start, end)
        for system in systems
        for start, end in linear.stretches(system.line, area, shortest_m=SHORTEST_M)
    ]


def degrees(xy: np.ndarray) -> np.ndarray:
    """Return longitude and latitude, rounded to 0.1 m."""
    points = gpd.GeoSeries.from_xy(xy[:, 0], xy[:, 1], crs=METRIC_CRS).to_crs("EPSG:4326")
    return np.column_stack([points.x, points.y]).round(6)


def corridor_features(systems: list[System]) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return one feature for each system."""
    features = []
    for system in systems:
        miles = None if system.vertex_mi is None else [round(float(mile), 5) for mile in system.vertex_mi]
        properties = {
            "system": system.name,
            "route": system.route,
            "state": system.state,
            "from_mi": miles[0] if miles else None,
            "to_mi": miles[-1] if miles else None,
            "vertex_mi": "|".join(map(str, miles)) if miles else None,
            "metric_crs": METRIC_CRS,
        }
        coordinates = degrees(shapely.get_coordinates(system.line)).tolist()
        features.append((properties, {"type": "LineString", "coordinates": coordinates}))
    return features


def exit_rows(systems: list[System], anchors: list[dict[str, object]], raw: Path) -> list[dict[str, object]]:
    """Place each exit: at its anchor where it is one, else at its number; leave out those beyond the packaged line."""
    by_name = {system.name: system for system in systems}
    placed = {(a["system"], a["nominal_mi"]): a for a in anchors if a["kind"] != "state_line"}
    counties = gpd.read_file(raw / "counties.geojson")
    rows = []
    for row in read_csv(raw / "exits.csv"):
        system, number = by_name[row["system"]], int(row["exit_number"])
        anchor = placed.get((system.name, number))
        milepost = round(float(anchor["milepost_mi"]), 3) if anchor else float(number)
        if not system.vertex_mi[0] <= milepost <= system.vertex_mi[-1]:
            continue
        longitude, latitude = degrees(linear.place(system.line, system.vertex_mi, [milepost]))[0]
        within = counties["GEOID"][counties.geometry.intersects(shapely.Point(longitude, latitude))]
        rows.append(
            {
                "exit_id": f"{system.name} {number}",
                "system": system.name,
                "route": system.route,
                "state": system.state,
                "exit_number": number,
                "crosses": row["crosses"] or (anchor["crosses"] if anchor else None),
                "note": row["note"] or None,
                "milepost_mi": milepost,
                "position": str(anchor["kind"]) if anchor else "interpolated",
                "precision_mi": PLACED_PRECISION_MI if anchor else INTERPOLATED_PRECISION_MI,
                "county_fips": within.iloc[0] if len(within) else None,
                "latitude": float(latitude),
                "longitude": float(longitude),
            }
        )
    return rows


def anchor_rows(systems: list[System], anchors: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the table of anchors, with the point of each."""
    by_name = {system.name: system for system in systems}
    rows = []
    for anchor in anchors:
        system = by_name[str(anchor["system"])]
        milepost = np.clip(float(anchor["milepost_mi"]), system.vertex_mi[0], system.vertex_mi[-1])
        longitude, latitude = degrees(linear.place(system.line, system.vertex_mi, [milepost]))[0]
        numbers = {key: round(float(anchor[key]), 3) for key in ("measured_mi", "milepost_mi", "left_out_error_mi")}
        rows.append(
            anchor
            | numbers
            | {
                "anchor_id": f"{system.name} {anchor['nominal_mi']:g}",
                "route": system.route,
                "state": system.state,
                "latitude": float(latitude),
                "longitude": float(longitude),
            }
        )
    return rows


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Calibrate, clip and write."""
    systems, anchors = systems_of(raw)
    write_geojson(derived / "corridors.geojson", corridor_features(clipped(systems, raw)), "system")
    write_csv(
        derived / "corridor_anchors.csv", anchor_rows(systems, anchors), field_names("corridor_anchors"), ["anchor_id"]
    )
    write_csv(derived / "exits.csv", exit_rows(systems, anchors, raw), field_names("exits"), ["exit_id"])


if __name__ == "__main__":
    make()
