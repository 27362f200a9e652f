"""How fast, beside whom: ``python -m benchmarks.travel`` prints the tables, ``--write`` puts them into README.md.

Each engine runs in a process of its own, in turn with the others; its answer is checked against scipy's first.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks import travel_peers
from benchmarks.travel_work import LIMIT_MS, ROOT, shared_folder
from kcgeo import travel
from kcgeo.data.study.settings import read_study

README = Path(__file__).parent / "README.md"
RUNS = 5
FULL = 264_346
QUICK_NODES = 10_000
ENGINES = {
    "W1": ("kcgeo sweep", "kcgeo numba", "kcgeo scipy", "scipy", "pandana", "igraph", "networkx"),
    "W2": ("kcgeo sweep", "kcgeo numba", "kcgeo scipy", "scipy", "pandana", "igraph", "networkx"),
    "W3": ("kcgeo categories", "kcgeo text ids", "access"),
}
SIZES = {"W1": (50, 1), "W2": (200, 50_000), "W3": (200, 50_000)}
TITLES = {
    "W1": "W1: nearest of 50 services in 5 categories, from all 264,346 nodes",
    "W2": "W2: all pairs within 30 minutes of 50,000 places and 200 services",
    "W3": "W3: E2SFCA (10, 20, 30 minutes) on the pairs of W2",
}
TOLERANCE_MS = 1_000.0  # pandana keeps rounded lengths


class Peer:
    """An engine in its own process."""

    def __init__(self, engine: str, workload: str, nodes: int, services: int, places: int) -> None:
        self.engine = engine
        command = [
            sys.executable,
            "-m",
            "benchmarks.travel_peers",
            engine,
            workload,
            *map(str, (nodes, services, places)),
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.prepare_s = self._hear()["prepare_s"]
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        self.peak_mb = float("nan")

    def run(self, path: Path | None = None) -> None:
        order = "run" if path is None else f"answer {path}"
        assert self.process.stdin is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        heard = self._hear()
        if path is None:
            self.seconds.append(heard["run_s"])
            self.cpu.append(heard["cpu_s"])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        with contextlib.suppress(RuntimeError):
            self.peak_mb = self._hear()["peak_mb"]
        self.process.wait()

    @property
    def median_s(self) -> float:
        """Median seconds by the clock."""
        return statistics.median(self.seconds) / self._share

    @property
    def median_cpu_s(self) -> float:
        """Median seconds of all cores together: what a busy machine does not blur."""
        return statistics.median(self.cpu) / self._share

    @property
    def _share(self) -> float:
        return travel_peers.NETWORKX_SERVICES / SIZES["W2"][0] if self.is_sample else 1.0

    @property
    def is_sample(self) -> bool:
        return self.engine == "networkx" and "W2" in self.process.args  # type: ignore[operator]

    def _hear(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.engine} stopped")
        heard: dict[str, float] = json.loads(line)
        return heard


def started(workload: str, nodes: int, engines: tuple[str, ...], services: int, places: int) -> Iterator[Peer | str]:
    """Start the engines one by one; an engine that cannot start is named instead."""
    for engine in engines:
        try:
            yield Peer(engine, workload, nodes, services, places)
        except RuntimeError:
            yield engine


def difference(one: Path, other: Path) -> float:
    """Largest difference in milliseconds (W3: relative); pairs within the tolerance of the limit may be in one only."""
    if one.suffix == ".npy":
        a, b = np.load(one), np.load(other)
        apart = a != b  # beyond the limit both are infinite, and so agree
        gap = np.abs(a[apart] - b[apart])
        relative = a.max() < 1e3  # supply per person
        return float(np.max(gap / np.maximum(np.abs(a[apart]), 1e-300) if relative else gap, initial=0.0))
    a, b = (sp.load_npz(path).tocoo() for path in (one, other))
    rows = min(a.row.max(initial=-1), b.row.max(initial=-1))  # networkx does some services only
    pairs = [
        pd.Series(t.data.astype(float), pd.MultiIndex.from_arrays([t.row, t.col]))[t.row <= rows].sort_index()
        for t in (a, b)
    ]
    first, second = pairs[0].align(pairs[1])
    lone = first.isna() | second.isna()
    if (first.fillna(second)[lone] < LIMIT_MS - TOLERANCE_MS).any():
        return float("inf")
    return float((first - second).abs().max())


def side_by_side(workload: str, engines: tuple[str, ...], runs: int, nodes: int = 0) -> pd.DataFrame:
    """Run a workload on all engines in turn: ``engine, seconds, cpu_s, ratio, difference, ...``."""
    services, places = SIZES[workload]
    if nodes:  # a small graph has fewer places
        places = min(places, nodes // 10)
    peers = list(started(workload, nodes, engines, services, places))
    alive = [peer for peer in peers if isinstance(peer, Peer)]
    suffix = ".npz" if workload == "W2" else ".npy"
    with tempfile.TemporaryDirectory() as folder:
        paths = {peer.engine: Path(folder) / f"{number}{suffix}" for number, peer in enumerate(alive)}
        for peer in alive:
            peer.run(paths[peer.engine])
        judge = paths.get("scipy", paths[alive[-1].engine])
        apart = {engine: difference(judge, path) for engine, path in paths.items()}
    wrong = [engine for engine, much in apart.items() if much > (1e-9 if workload == "W3" else TOLERANCE_MS)]
    if wrong:
        raise SystemExit(f"{workload}: the answers of {', '.join(wrong)} are not those of the others: {apart}")
    for _ in range(runs):
        for peer in alive:
            peer.run()
    for peer in alive:
        peer.close()
    own = alive[0].median_cpu_s
    rows = []
    for peer in peers:
        if isinstance(peer, str):
            rows.append((f"{peer} (could not run)", *[float("nan")] * 6))
            continue
        name = peer.engine + (" (10 services x 20)" if peer.is_sample else "")
        ratio = peer.median_cpu_s / own
        rows.append((name, peer.median_s, peer.median_cpu_s, ratio, apart[peer.engine], peer.prepare_s, peer.peak_mb))
    return pd.DataFrame(rows, columns=["engine", "seconds", "cpu_s", "ratio", "difference", "prepare_s", "peak_mb"])


GROWTH = {"W1": ("kcgeo numba", "scipy"), "W2": ("kcgeo numba", "scipy"), "W3": ("kcgeo categories", "access")}
GROWTH_PLACES = {"W1": 1, "W2": 5_000, "W3": 5_000}


def growth(runs: int) -> pd.DataFrame:
    """How ours and the nearest peer grow with nodes and with services; each row is a pair of runs in turn."""
    rows = []
    for workload, engines in GROWTH.items():
        for nodes, services in ((10_000, 50), (50_000, 50), (FULL, 50), (FULL, 2_000)):
            peers = [Peer(engine, workload, nodes, services, GROWTH_PLACES[workload]) for engine in engines]
            for _ in range(runs + 1):  # the first loads what is compiled
                for peer in peers:
                    peer.run()
            for peer in peers:
                del peer.seconds[0], peer.cpu[0]
                peer.close()
            own, other = (peer.median_cpu_s for peer in peers)
            rows.append((workload, nodes, services, own, engines[1], other, other / own, peers[0].peak_mb))
    return pd.DataFrame(rows, columns=["work", "nodes", "services", "kcgeo_s", "peer", "peer_s", "ratio", "peak_mb"])


def whole_grid(runs: int) -> tuple[int, float]:
    """Seconds of one nearest search from every cell of the study, snapping included: of one core, not of the clock."""
    study = read_study(ROOT / "studies" / "kansas-city.toml")
    network = travel.friction_network(study)
    grid = travel.cells(study)
    services = gpd.GeoDataFrame(grid.iloc[::1000].drop(columns="county_fips"))
    seconds = []
    for _ in range(runs + 1):
        began = time.process_time()
        travel.nearest_times(network, grid, services)
        seconds.append(time.process_time() - began)
    return len(grid), statistics.median(seconds[1:])


def as_markdown(workload: str, table: pd.DataFrame) -> str:
    unit = "relative difference" if workload == "W3" else "largest difference, ms"
    lines = [f"### {TITLES[workload]}", "", f"| engine | seconds | core s | x kcgeo | {unit} | prepare s | peak MB |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for row in table.itertuples(index=False):
        if np.isnan(row.seconds):
            lines.append(f"| {row.engine} | | | | | | |")
            continue
        lines.append(
            f"| {row.engine} | {row.seconds:.3g} | {row.cpu_s:.3g} | {row.ratio:.1f} | {row.difference:.3g} "
            f"| {row.prepare_s:.1f} | {row.peak_mb:,.0f} |"
        )
    return "\n".join(lines)


def growth_markdown(table: pd.DataFrame) -> str:
    lines = [
        "### Growth",
        "",
        "| work | nodes | services | kcgeo core s | peer | peer core s | x kcgeo | peak MB |",
        "|---|--:|--:|--:|---|--:|--:|--:|",
    ]
    lines += [
        f"| {row.work} | {row.nodes:,} | {row.services:,} | {row.kcgeo_s:.3g} | {row.peer} | {row.peer_s:.3g} "
        f"| {row.ratio:.1f} | {row.peak_mb:,.0f} |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines)


def put(name: str, part: str) -> None:
    """Put a table between its marks in README.md."""
    text = README.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin, written by python -m benchmarks.travel --write -->", f"<!-- {name}: end -->"
    head, rest = text.split(begin, 1)
    README.write_text(f"{head}{begin}\n{part}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


def part(name: str, runs: int, engines: Sequence[str] | None, nodes: int = 0) -> str:
    """Measure one table and write it as Markdown with its date."""
    when = f"{date.today().isoformat()}, {os.cpu_count()} cores, medians of {runs} runs in turn."
    if name == "grid":
        cells, seconds = whole_grid(runs)
        return f"One nearest search from all {cells:,} cells of the study: {seconds * 1000:.0f} ms of one core ({when})"
    if not (shared_folder() / "reference").is_dir():
        raise SystemExit(
            "The reference road graph is not on this machine; set KCGEO_SHARED to the folder that holds it."
        )
    table = (
        growth_markdown(growth(runs))
        if name == "growth"
        else as_markdown(
            name,
            side_by_side(name, tuple(each for each in ENGINES[name] if not engines or each in engines), runs, nodes),
        )
    )
    return f"{table}\n\n{when}"


def main() -> None:
    names = ("grid", *SIZES, "growth")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.travel", description="Print the tables of README.md anew."
    )
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    parser.add_argument("--only", choices=names, action="append", help="this table only; may be repeated")
    parser.add_argument("--engine", action="append", help="this engine only; may be repeated, and scipy is the judge")
    parser.add_argument("--runs", "--rounds", type=int, default=RUNS, help="runs of which the median is taken")
    parser.add_argument(
        "--quick", action="store_true", help="one run on 10,000 nodes, W1 to W3 beside scipy and access"
    )
    options = parser.parse_args()
    if options.quick:
        if options.write:
            parser.error("a quick run is not written; leave out one of --quick and --write")
        options.runs, options.only = 1, options.only or list(SIZES)
        options.engine = options.engine or ["kcgeo sweep", "kcgeo scipy", "scipy", "kcgeo categories", "access"]
    for name in options.only or names:
        found = part(name, options.runs, options.engine, QUICK_NODES if options.quick else 0)
        print(f"{found}\n", flush=True)
        if options.write:
            put(name, found)


if __name__ == "__main__":
    main()
