"""Streets of New York: read, joined at edges, and beside the friction grid: ``python -m benchmarks.streets [--write]``.

The streets are those of the 9th DIMACS Implementation Challenge (New York City, from TIGER/Line; US Census, public
domain), written as an OpenStreetMap file with osmium and read back: one way for each street piece, its class from the
four speeds of the source (65, 52, 39 and 26 mph), its speed as ``maxspeed``, both ways open, since the source has no
one-ways. So it is a real street network in size and shape, but its tags are made.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Geod

from benchmarks.travel_work import MS_PER_UNIT, ROOT, machine, read_roads
from kcgeo import data, travel
from kcgeo.data.study.settings import Barrier, read_study
from kcgeo.study.answers.networks import compare_networks

README = Path(__file__).parent / "streets.md"
METHODS = ROOT / "docs" / "methods" / "streets.md"
ROUNDS = 5
QUICK_NODES = 2_000
CLASSES = (("motorway", 65), ("trunk", 52), ("secondary", 39), ("residential", 26))
EAST = ("36047", "36081", "36059", "36103")
MAINLAND = ("36005", "36119", "36087", "36079", "09190", "09120")
MANHATTAN = ("36061",)
STATEN = ("36085",)
JERSEY = ("34003", "34013", "34017", "34023", "34025", "34027", "34031", "34037", "34039")


def write_extract(path: Path, node_count: int | None = None) -> None:
    """Write the streets as an OpenStreetMap file; with ``node_count`` so many junctions around the middle."""
    import osmium

    roads = read_roads(node_count)
    once = roads.tail < roads.head
    tail, head, time_ms = roads.tail[once], roads.head[once], roads.time_ms[once]
    _, _, metres = Geod(ellps="WGS84").inv(*roads.lon_lat[tail].T, *roads.lon_lat[head].T)
    slowness = time_ms / MS_PER_UNIT / np.maximum(np.asarray(metres) * 10, 1)  # 1 at 65 mph
    level = np.digitize(slowness, [1.12, 1.43, 2.05])
    with osmium.SimpleWriter(str(path)) as writer:
        for node, (lon, lat) in enumerate(roads.lon_lat, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=node, location=(lon, lat)))
        for way, (one, other, step) in enumerate(zip(tail + 1, head + 1, level, strict=True), start=1):
            name, mph = CLASSES[step]
            tags = {"highway": name, "maxspeed": f"{mph} mph", "oneway": "no"}
            writer.add_way(osmium.osm.mutable.Way(id=way, nodes=[int(one), int(other)], tags=tags))


def read_and_report(path: Path) -> dict[str, object]:
    """Read the file in this process, which does nothing else, and say what came of it."""
    before = _peak_mb()
    start, busy = time.perf_counter(), time.process_time()
    network = travel.read_osm_pbf(path)
    seconds, work = time.perf_counter() - start, time.process_time() - busy
    peak = _peak_mb()
    return {
        "nodes": len(network.node_ids),
        "streets": len(network.edges.tails),
        "arcs": len(network.arcs.indices),
        "file_mb": path.stat().st_size / 1e6,
        "read_s": seconds,
        "cpu_s": work,
        "more_mb": peak - before,
        "peak_mb": peak,
        "note": network.notes[-1],
    }


def _peak_mb() -> float:
    """Most memory that this process ever held."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def _points(network: travel.Network, count: int, key: str, seed: int) -> gpd.GeoDataFrame:
    """Points up to some 100 m beside random junctions."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(network.node_ids), count)
    xy = network.xy[at] + rng.normal(0, 0.0006, (count, 2))
    ids = [f"{key[0]}{number:06d}" for number in range(count)]
    return gpd.GeoDataFrame({key: ids}, geometry=gpd.points_from_xy(*xy.T), crs="EPSG:4326")


def time_searches(path: Path) -> list[dict[str, object]]:
    """Time the same searches with points joined at edges and snapped to nodes, in turn."""
    joined = travel.read_osm_pbf(path)
    joined.backward  # noqa: B018 - made once for all searches
    snapped = replace(joined, edges=None)
    places = _points(joined, min(50_000, len(joined.node_ids)), "place_id", 1)
    services = _points(joined, 200, "service_id", 2)
    few = services[:50].assign(category=[f"c{number % 5}" for number in range(50)])
    for network in (joined, snapped):
        network.positions(places[:1])
        network.backward  # noqa: B018

    def again() -> None:
        """Let the streets forget where places joined, as if they came for the first time."""
        vars(joined.edges).pop("_known", None)

    works = {
        f"join or snap {len(places):,} places": lambda network, engine: network.positions(places),
        f"nearest of 50 services in 5 categories, {len(places):,} places": lambda network, engine: travel.nearest_times(
            network, places, few, by="category", engine=engine
        ),
        f"200 x {len(places):,} pairs within 30 min": lambda network, engine: travel.costs(
            network, places, services, cutoff_min=30, engine=engine, categorical=True
        ),
    }
    rows = []
    for engine in ("numba", "sweep"):
        if engine == "sweep":
            for network in (joined, snapped):
                travel.prepare(network)
        for name, work in works.items():
            if engine == "sweep" and name.startswith("join"):
                continue
            seconds: dict[str, list[float]] = {"edges": [], "nodes": [], "known": []}
            for number in range(ROUNDS + 1):
                for kind, network in (("edges", joined), ("nodes", snapped), ("known", joined)):
                    if kind == "edges":
                        again()
                    start = time.perf_counter()
                    work(network, engine)
                    if number:  # the first round warms up
                        seconds[kind].append(time.perf_counter() - start)
            edges, nodes, known = (statistics.median(seconds[kind]) for kind in ("edges", "nodes", "known"))
            rows.append(
                {"work": name, "engine": engine, "edges_s": edges, "nodes_s": nodes, "ratio": edges / nodes}
                | {"known_s": known, "known_ratio": known / nodes}
            )
    return rows


def beside_the_grid(path: Path) -> dict[str, pd.DataFrame]:
    """Compare streets and friction grid for the ZIP code points inside the streets' box."""
    streets = travel.read_osm_pbf(path)
    base = read_study(ROOT / "studies" / "kansas-city.toml")
    counties = tuple(sorted({*EAST, *MAINLAND, *MANHATTAN, *STATEN, *JERSEY}))
    known = set(data.load("counties_us")["county_fips"].astype(str))
    counties = tuple(fips for fips in counties if fips in known)
    open_study = replace(
        base,
        name="new-york",
        crs="EPSG:26918",
        counties=counties,
        corridors=("I-95",),
        downtown=(-73.985, 40.748),
        travel=replace(base.travel, barriers=()),
    )
    land = [tuple(fips for fips in part if fips in known) for part in (EAST, MAINLAND, MANHATTAN, STATEN, JERSEY)]
    water = tuple(
        Barrier(f"water {one} {other}", land[one], land[other])
        for one in range(5)
        for other in range(one + 1, 5)
        if (one, other) != (1, 4)  # the mainland of New York and New Jersey meet on land
    )
    cut = replace(open_study, travel=replace(open_study.travel, barriers=water))
    places = data.places(open_study)
    inside = places.cx[-74.45:-73.55, 40.35:41.25]
    inside = inside[inside["population_count"] > 0]
    return {
        "grid": compare_networks((streets, travel.friction_network(open_study)), inside),
        "grid with the rivers cut": compare_networks((streets, travel.friction_network(cut)), inside),
    }


def _alone(part: str, path: Path) -> object:
    """Run one part in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.streets", "--part", part, "--file", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


def comparison_markdown(tables: dict[str, pd.DataFrame]) -> str:
    """Return the tables of the comparison as markdown."""
    lines = []
    for name, table in tables.items():
        lines += [
            f"Streets minus {name}, minutes:",
            "",
            "| pairs | count | streets | grid | 5 % | 25 % | median | 75 % | 95 % | mean absolute | ratio | 30 min |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for row in table.to_dict("records"):
            if row["band"] != "all" and lines[0] != f"Streets minus {name}, minutes:":
                continue  # of the second grid one line is enough
            unit = {"distance": "km apart", "density": "people per km2"}.get(row["band"], "")
            low, high = row["from"], row["to"]
            words = (
                "all"
                if row["band"] == "all"
                else f"{low:,.0f} {'or more' if high == np.inf else f'to {high:,.0f}'} {unit}"
            )
            cells = [
                row[key] for key in ("first_min", "second_min", "q05_min", "q25_min", "q50_min", "q75_min", "q95_min")
            ]
            lines.append(
                f"| {words} | {row['pairs_count']:,} | "
                + " | ".join(f"{cell:.1f}" for cell in cells)
                + f" | {row['mean_absolute_min']:.1f} | {row['ratio_median']:.2f} | {row['other_side_share']:.0%} |"
            )
        lines.append("")
    return "\n".join(lines)


def report(folder: Path, *, node_count: int | None = None) -> tuple[str, str]:
    """Measure, and return the table of speed and, of the whole city, the comparison with the grid."""
    path = folder / "new-york.osm.pbf"
    write_extract(path, node_count)
    about = _alone("read", path)
    rows = _alone("search", path)
    grid = {} if node_count else _alone("grid", path)
    tables = {name: pd.DataFrame(table) for name, table in grid.items()}
    lines = [
        "# Streets of New York",
        "",
        *__doc__.split("\n\n", 1)[1].strip().splitlines(),
        "",
        f"- {about['nodes']:,} nodes, {about['streets']:,} streets, {about['arcs']:,} arcs; "
        f"file {about['file_mb']:.1f} MB",
        f"- read in {about['read_s']:.1f} s ({about['cpu_s']:.1f} s of one core's work); peak memory "
        f"{about['peak_mb']:,.0f} MB, {about['more_mb']:,.0f} MB above the libraries",
        f"- {about['note']}",
        "",
        f"Edges against nodes, median of {ROUNDS} rounds in turn ({machine()}).",
        "",
        "| work | engine | nodes s | edges s | ratio | edges, same places again s | ratio |",
        "|---|---|--:|--:|--:|--:|--:|",
        *(
            f"| {row['work']} | {row['engine']} | {row['nodes_s']:.2f} | {row['edges_s']:.2f} | {row['ratio']:.1f} | "
            f"{row['known_s']:.2f} | {row['known_ratio']:.1f} |"
            for row in rows
        ),
        "",
        "`python -m benchmarks.streets --write` measures anew.",
        "",
    ]
    return "\n".join(lines), comparison_markdown(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into streets.md and docs/methods")
    parser.add_argument("--quick", action="store_true", help="2,000 junctions; nothing is written")
    parser.add_argument("--part", choices=["read", "search", "grid"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "read":
        print(json.dumps(read_and_report(given.file)))
    elif given.part == "search":
        print(json.dumps(time_searches(given.file)))
    elif given.part == "grid":
        print(json.dumps({name: table.to_dict("list") for name, table in beside_the_grid(given.file).items()}))
    else:
        with tempfile.TemporaryDirectory() as name:
            speed, difference = report(Path(name), node_count=QUICK_NODES if given.quick else None)
        if given.write and not given.quick:
            README.write_text(speed, encoding="utf-8")
            _into_methods(difference)
        print(speed, difference, sep="\n")


def _into_methods(text: str) -> None:
    begin, end = (
        "<!-- streets and grid: begin, written by python -m benchmarks.streets -->",
        "<!-- streets and grid: end -->",
    )
    methods = METHODS.read_text(encoding="utf-8")
    before, rest = methods.split(begin)
    METHODS.write_text(f"{before}{begin}\n{text}{end}{rest.split(end)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
