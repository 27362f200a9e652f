"""How large a country one machine can do: ``python -m benchmarks.scale`` prints tables, ``--write`` keeps them.

Each run is a process of its own, and writes all results. Seconds of the cores are those of the process and of its
workers together; results of all runs of one size are compared byte by byte.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.travel_work import machine

ROOT = Path(__file__).parents[1]
README = Path(__file__).parent / "README.md"
SITES = 20_000
SEED = 0
WHOLE = 10**9

QUICK = [{"workers": 0, "places_count": size, "sites": 500, "states": ["KS", "MO"]} for size in (WHOLE, 500)]
SIZES = [{"workers": 0, "places_count": size} for size in (WHOLE, 8_000, 4_000, 2_000, 500)]
WORKERS = [{"workers": count, "places_count": 4_000} for count in (0, 1, 2)]
GROWTH = [
    {"workers": count, "places_count": size, "places_times": times, "sites": sites}
    for times, sites, size in ((1, 80_000, 4_000), (8, 20_000, 16_000), (8, 160_000, 16_000))
    for count in (0, 2)
]


def split(places: gpd.GeoDataFrame, times: int) -> gpd.GeoDataFrame:
    """Divide each place into several, spread over its disc: as many as block groups, and as near to one another."""
    if times == 1:
        return places
    rng = np.random.default_rng(SEED)
    row = np.repeat(np.arange(len(places)), times)
    finer = places.iloc[row].reset_index(drop=True)
    part = np.tile(np.arange(times), len(places))
    finer["place_id"] = [f"{name}-{number}" for name, number in zip(finer["place_id"], part, strict=True)]
    for column in ("population_count", "land_area_km2"):
        finer[column] = finer[column] / times
    degrees = np.minimum(np.sqrt(finer["land_area_km2"] * times / np.pi), 10) * np.sqrt(rng.random(len(row))) / 111.2
    angle = rng.random(len(row)) * 2 * np.pi
    lat = finer.geometry.y + degrees * np.sin(angle)
    lon = finer.geometry.x + degrees * np.cos(angle) / np.cos(np.radians(lat))
    return finer.set_geometry(gpd.points_from_xy(np.round(lon, 5), np.round(lat, 5)), crs=places.crs)


def one(
    *,
    workers: int,
    places_count: int,
    places_times: int = 1,
    sites: int = SITES,
    states: Sequence[str] = (),
    out: Path,
) -> dict[str, float]:
    """Do one run in this process and say what it cost; without states for the whole country."""
    from kcgeo import data
    from kcgeo.study.national.cluster import cluster, in_process, on_cluster
    from kcgeo.study.national.parts import tiles
    from kcgeo.study.national.question import SYNTHETIC, national_question, synthetic_sites
    from kcgeo.study.national.run import run_question

    whole = data.load("places_us")
    places = split(whole[whole["state"].isin(states)] if states else whole, places_times)
    kinds = data.load("categories")
    made = synthetic_sites(places, list(kinds.loc[kinds["has_place"], "category"]), count=sites, seed=SEED)
    question = national_question(made, cutoff_min=60.0, places=places)
    build_cpu = time.process_time()
    start, worker_cpu, worker_mb = time.perf_counter(), 0.0, 0.0
    with ExitStack() as stack:
        execute: Any = in_process
        if workers:
            client = stack.enter_context(cluster(workers=workers))
            execute = partial(on_cluster, client=client)
        up = time.perf_counter()
        run_question(
            question,
            out,
            about={},
            notes=[SYNTHETIC],
            sources=["synthetic"],
            vintage="2026",
            places_count=places_count,
            execute=execute,
        )
        end = time.perf_counter()
        if workers:
            used = client.run(_used).values()
            worker_cpu, worker_mb = sum(cpu for cpu, _ in used), max(mb for _, mb in used)
    return {
        "parts": len(tiles(question.places, places_count=places_count)),
        "nodes": len(question.network.node_ids),
        "build_cpu_s": build_cpu,
        "start_s": up - start,
        "run_s": end - up,
        "run_cpu_s": time.process_time() - build_cpu + worker_cpu,
        "peak_mb": _used()[1],
        "worker_mb": worker_mb,
    }


def _used() -> tuple[float, float]:
    """Seconds of the cores and peak megabytes of this process; ``ru_maxrss`` would be that of its parent."""
    import time
    from pathlib import Path

    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return time.process_time(), int(peak.split()[1]) / 1e3


def measured(plans: list[dict[str, int]], rounds: int) -> pd.DataFrame:
    """Do all runs in turn, some rounds of them, and return the medians; runs of one size must give equal bytes."""
    rows = []
    for turn in range(rounds):
        for plan in plans:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "run"
                command = [sys.executable, "-m", "benchmarks.scale", "--one", json.dumps(plan), "--out", str(out)]
                heard = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
                digest = _digest(out)
            row = {**plan, "digest": digest, **json.loads(heard.stdout.splitlines()[-1])}
            print(turn, row, os.getloadavg()[0], file=sys.stderr, flush=True)
            rows.append(row)
    table = pd.DataFrame(rows)
    sizes = [name for name in ("places_times", "sites") if name in table]
    alike = table.groupby(sizes) if sizes else [("", table)]
    if any(len(set(group["digest"])) > 1 for _, group in alike):
        raise SystemExit("the results of the runs differ")
    asked = [name for name in plans[0] if name != "states"]
    return table.drop(columns=["digest", "states"], errors="ignore").groupby(asked, sort=False).median().reset_index()


def _digest(out: Path) -> str:
    """Hash of all results in order of place, whatever parts they were written in."""
    import hashlib

    table = gpd.read_parquet(out / "parts").sort_values("place_id", ignore_index=True)
    return hashlib.sha256(pd.util.hash_pandas_object(table.drop(columns="geometry")).to_numpy().tobytes()).hexdigest()


def beside_the_grid() -> list[str]:
    """Trips between the ZCTAs of the packaged study by the screening model and by its own friction grid."""
    from kcgeo import data, travel
    from kcgeo.study import load
    from kcgeo.study.national.question import national_question

    study = load(data.default_study())
    services = data.by_category(data.services())
    grid, country = travel.friction_network(study), national_question(services, cutoff_min=60.0)
    places = country.places
    own = places[places["county_fips"].isin(study.counties) & (places["population_count"] > 0)]
    own = own[own["land_area_km2"] > 0].reset_index(drop=True)
    trips = [
        travel.costs(network, own, own, cutoff_min=limit).set_index(["from_id", "to_id"])["time_min"].rename(name)
        for network, limit, name in ((grid, 60.0, "grid"), (country.network, 120.0, "screening"))
    ]
    both = pd.concat(trips, axis=1, join="inner")
    both = both[both.index.get_level_values(0) != both.index.get_level_values(1)]
    apart = both["screening"] - both["grid"]
    bands = [abs(apart[both["grid"].between(low, high)]).mean() for low, high in ((0, 15), (15, 30), (30, 60))]
    near = [
        travel.nearest_times(network, own, services, by="category").to_numpy() <= 30
        for network in (grid, country.network)
    ]
    return [
        f"{len(own)} ZCTAs, {len(both):,} trips: screening less grid {apart.mean():+.1f} min, mean absolute difference "
        f"{abs(apart).mean():.1f} ({', '.join(f'{value:.1f}' for value in bands)} for up to 15, 30, 60 minutes); "
        f"within 30 minutes they agree for {(near[0] == near[1]).mean():.1%}."
    ]


def as_lines(table: pd.DataFrame) -> list[str]:
    """Write a table of runs in Markdown."""
    finer = "places_times" in table
    head = ["places", "sites"] * finer + ["run by", "parts", "start s", "run s", "core s", "peak MB", "a worker's MB"]
    lines = ["| " + " | ".join(head) + " |", "|" + "--:|" * (2 * finer) + "---|" + "--:|" * 6]
    for row in table.to_dict("records"):
        workers = int(row["workers"])
        by = f"Dask, {workers} worker{'s' * (workers > 1)}" if workers else "this process"
        cells = [f"{int(33_774 * row['places_times']):,}", f"{int(row['sites']):,}"] if finer else []
        cells += [by, f"{row['parts']:.0f}", f"{row['start_s']:.1f}" if workers else "", f"{row['run_s']:.1f}"]
        cells += [f"{row['run_cpu_s']:.1f}", f"{row['peak_mb']:,.0f}", f"{row['worker_mb']:,.0f}" if workers else ""]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def written(name: str, lines: list[str]) -> None:
    """Put a table between its marks in README.md."""
    text = README.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin, written by python -m benchmarks.scale --write -->\n", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    README.write_text(before + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1], encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", help="one run, as JSON; used by the command itself")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=["sizes", "workers", "growth", "grid"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one round of two small runs: Kansas and Missouri")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(**json.loads(options.one), out=options.out)))
        return
    if options.quick:
        print(*as_lines(measured(QUICK, 1)), "", machine(), sep="\n")
        return
    if options.only in (None, "grid"):
        print(*beside_the_grid(), sep="\n")
    for name, plans in (("sizes", SIZES), ("workers", WORKERS), ("growth", GROWTH)):
        if options.only in (None, name):
            table = measured(plans, options.rounds)
            built = f"building {table['build_cpu_s'].iloc[0]:.1f} core s before each run."
            lines = [*as_lines(table), "", f"{machine()}; {built}"]
            print("\n".join([f"### {name}", *lines]))
            if options.write:
                written(f"scale-{name}", lines)


if __name__ == "__main__":
    main()
