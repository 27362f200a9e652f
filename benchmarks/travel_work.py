"""The work that all engines do: a public road graph, and which services and places are searched for on it."""

from __future__ import annotations

import contextlib
import gzip
import os
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from kcgeo.travel.arcs import Arcs

ROOT = Path(__file__).parents[1]
MS_PER_UNIT = 0.1 / (65 * 1609.344 / 3_600_000)  # unit of the file: 0.1 m at 65 mph
LIMIT_MS = 30 * 60_000
CATEGORIES = 5


class Roads(NamedTuple):
    """A road graph with times in whole milliseconds, nodes in the order of the file."""

    tail: np.ndarray
    head: np.ndarray
    time_ms: np.ndarray
    lon_lat: np.ndarray

    @property
    def node_count(self) -> int:
        return len(self.lon_lat)

    @property
    def table(self) -> sp.csr_array:
        return sp.csr_array((self.time_ms.astype(float), (self.tail, self.head)), shape=(self.node_count,) * 2)

    @property
    def arcs(self) -> Arcs:
        table = self.table
        return Arcs(table.indptr.astype(np.int32), table.indices.astype(np.int32), table.data.astype(np.int32))


class Work(NamedTuple):
    """Service nodes with categories, place nodes, people and capacities."""

    services: np.ndarray
    category: np.ndarray
    places: np.ndarray
    people: np.ndarray
    capacity: np.ndarray


def machine() -> str:
    """Say what a table was measured on: the day, the cores, how busy they were, and the peers at hand."""
    peers = []
    for name in ("numpy", "scipy", "numba", "pandana", "igraph", "networkx", "access", "spopt", "highspy"):
        with contextlib.suppress(PackageNotFoundError):
            peers.append(f"{name} {version(name)}")
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    return f"{date.today().isoformat()}, {busy}; {', '.join(peers)}"


def shared_folder() -> Path:
    """Folder of the reference data; the variable KCGEO_SHARED overrides the one beside the repository."""
    return Path(os.environ.get("KCGEO_SHARED", ROOT.parent / "shared"))


def read_roads(node_count: int | None = None) -> Roads:
    """Read New York City of the 9th DIMACS challenge; with ``node_count`` that many nodes nearest to its centre."""
    folder = shared_folder() / "reference"
    arcs = _numbers(folder / "USA-road-t.NY.gr.gz", b"\na ")
    lon_lat = _numbers(folder / "USA-road-d.NY.co.gz", b"\nv ")[:, 1:] / 1e6
    tail, head, time_ms = arcs[:, 0] - 1, arcs[:, 1] - 1, np.rint(arcs[:, 2] * MS_PER_UNIT).astype(np.int64)
    if node_count is not None and node_count < len(lon_lat):
        away = ((lon_lat - np.median(lon_lat, axis=0)) ** 2).sum(axis=1)
        kept = np.sort(np.argsort(away, kind="stable")[:node_count])
        place = np.full(len(lon_lat), -1)
        place[kept] = np.arange(node_count)
        inside = (place[tail] >= 0) & (place[head] >= 0)
        tail, head, time_ms, lon_lat = place[tail[inside]], place[head[inside]], time_ms[inside], lon_lat[kept]
    table = (
        pd.DataFrame({"tail": tail, "head": head, "ms": time_ms}).groupby(["tail", "head"], as_index=False)["ms"].min()
    )
    return Roads(table["tail"].to_numpy(), table["head"].to_numpy(), table["ms"].to_numpy(), lon_lat)


def _numbers(path: Path, mark: bytes) -> np.ndarray:
    with gzip.open(path, "rb") as stream:
        raw = stream.read()
    rows = raw[raw.index(mark) + 1 :].replace(mark[1:2], b"")
    return np.array(rows.split(), dtype=np.int64).reshape(-1, 3)


def draw(roads: Roads, *, service_count: int, place_count: int, seed: int = 1) -> Work:
    """Draw services and places among the nodes whose coordinates no other node has."""
    _, first, often = np.unique(roads.lon_lat, axis=0, return_index=True, return_counts=True)
    rng = np.random.default_rng(seed)
    single = np.sort(first[often == 1])
    services = rng.choice(single, service_count, replace=False)
    places = np.sort(rng.choice(single, min(place_count, len(single)), replace=False))
    return Work(
        np.sort(services),
        np.arange(service_count) % CATEGORIES,
        places,
        rng.integers(1, 500, len(places)).astype(float),
        rng.integers(1, 60, service_count).astype(float),
    )
