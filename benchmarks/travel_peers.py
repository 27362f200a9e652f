"""One engine in a process of its own: ``python -m benchmarks.travel_peers ENGINE WORKLOAD NODES SERVICES PLACES``.

It prepares, says so, and then does the work once for each line ``run`` that it reads; ``answer PATH`` saves what it
found, and the end of input makes it tell its peak memory. So the engines can be run in turn, and none pays for
another's memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from benchmarks.travel_work import CATEGORIES, LIMIT_MS, Roads, Work, draw, read_roads
from kcgeo.travel.arcs import LONGEST_MS, UNREACHED, reversed_arcs
from kcgeo.travel.engines.contraction import contraction, timed
from kcgeo.travel.engines.engine import nearest_ms, reach_ms

Run = Callable[[], Any]
RINGS_MIN, RING_WEIGHTS = (10, 20, 30), (1.0, 0.68, 0.22)
NETWORKX_SERVICES = 10  # of the services of W2: all of them would take minutes a run


def groups(work: Work) -> list[np.ndarray]:
    return [work.services[work.category == kind] for kind in range(CATEGORIES)]


def kcgeo_w1(roads: Roads, work: Work, engine: Any) -> Run:
    arcs = reversed_arcs(roads.arcs)
    nearest_ms(arcs, groups(work)[:1], LONGEST_MS, engine=engine)  # load what is compiled
    return lambda: nearest_ms(arcs, groups(work), LONGEST_MS, engine=engine)


def kcgeo_w2(roads: Roads, work: Work, engine: Any) -> Run:
    arcs = reversed_arcs(roads.arcs)
    reach_ms(arcs, work.services[:1], work.places, LIMIT_MS, engine=engine)
    return lambda: reach_ms(arcs, work.services, work.places, LIMIT_MS, engine=engine)


def scipy_w1(roads: Roads, work: Work) -> Run:
    back = roads.table.T.tocsr()
    return lambda: np.array([dijkstra(back, indices=sources, min_only=True) for sources in groups(work)])


def scipy_w2(roads: Roads, work: Work) -> Run:
    back = roads.table.T.tocsr()

    def run() -> sp.csr_array:
        rows = []
        for start in range(0, len(work.services), 25):
            dense = dijkstra(back, indices=work.services[start : start + 25], limit=LIMIT_MS)[:, work.places]
            dense[np.isinf(dense)] = -1
            counts = (dense >= 0).sum(axis=1)
            columns = np.nonzero(dense >= 0)[1]
            rows.append((dense[dense >= 0], columns, counts))
        data, columns, counts = (np.concatenate(part) for part in zip(*rows, strict=True))
        return sp.csr_array((data, columns, np.concatenate([[0], np.cumsum(counts)])), shape=_shape(work))

    return run


def pandana_net(roads: Roads) -> Any:
    import pandana

    lon, lat = (pd.Series(column) for column in roads.lon_lat.T)
    weight = pd.DataFrame({"s": roads.time_ms / 1000})
    return pandana.Network(lon, lat, pd.Series(roads.tail), pd.Series(roads.head), weight, twoway=False)


def pandana_w1(roads: Roads, work: Work) -> Run:
    net = pandana_net(roads)
    for kind, nodes in enumerate(groups(work)):
        net.set_pois(str(kind), 1e5, 1, *roads.lon_lat[nodes].T)
    return lambda: np.array(
        [net.nearest_pois(1e5, str(kind), num_pois=1)[1].to_numpy() * 1000 for kind in range(CATEGORIES)]
    )


def pandana_w2(roads: Roads, work: Work) -> Run:
    net = pandana_net(roads)
    count = len(work.services)
    pois = pd.Series(np.arange(count))
    net.set_pois(
        "all", LIMIT_MS / 1000, count, *(pd.Series(column, index=pois) for column in roads.lon_lat[work.services].T)
    )

    def run() -> sp.csr_array:
        found = net.nearest_pois(LIMIT_MS / 1000, "all", num_pois=count, include_poi_ids=True, max_distance=1e9)
        found = found.iloc[work.places].to_numpy(dtype=float)
        times, service = found[:, :count], found[:, count:]
        place, column = np.nonzero((times < 1e9) & ~np.isnan(service))
        at = service[place, column].astype(int)
        return sp.csr_array((times[place, column] * 1000, (at, place)), shape=_shape(work))

    return run


def igraph_graph(roads: Roads, work: Work | None = None) -> Any:
    import igraph

    tails, heads, times = roads.head, roads.tail, roads.time_ms  # turned round
    if work is not None:  # one more node a category, joined to its services: a search from all of them at once
        extra = roads.node_count + work.category
        tails, heads = np.concatenate([tails, extra]), np.concatenate([heads, work.services])
        times = np.concatenate([times, np.zeros(len(extra), dtype=times.dtype)])
    graph = igraph.Graph(n=roads.node_count + CATEGORIES, edges=np.column_stack([tails, heads]), directed=True)
    graph.es["ms"] = times.astype(float)
    return graph


def igraph_w1(roads: Roads, work: Work) -> Run:
    graph = igraph_graph(roads, work)
    ends = list(range(roads.node_count))
    starts = [roads.node_count + kind for kind in range(CATEGORIES)]
    return lambda: np.array(graph.distances(source=starts, target=ends, weights="ms", algorithm="dijkstra"))


def igraph_w2(roads: Roads, work: Work) -> Run:
    graph = igraph_graph(roads)
    starts, ends = work.services.tolist(), work.places.tolist()

    def run() -> sp.csr_array:
        rows = []
        for start in range(0, len(starts), 25):
            dense = np.array(graph.distances(starts[start : start + 25], ends, weights="ms", algorithm="dijkstra"))
            row, column = np.nonzero(dense <= LIMIT_MS)
            rows.append((dense[row, column], row + start, column))
        data, row, column = (np.concatenate(part) for part in zip(*rows, strict=True))
        return sp.csr_array((data, (row, column)), shape=_shape(work))

    return run


def networkx_graph(roads: Roads) -> Any:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(range(roads.node_count))
    ends = zip(roads.head.tolist(), roads.tail.tolist(), roads.time_ms.tolist(), strict=True)  # turned round
    graph.add_weighted_edges_from(ends, weight="ms")
    return graph


def networkx_w1(roads: Roads, work: Work) -> Run:
    import networkx as nx

    graph = networkx_graph(roads)

    def run() -> np.ndarray:
        rows = np.full((CATEGORIES, roads.node_count), np.inf)
        for row, nodes in zip(rows, groups(work), strict=True):
            found = nx.multi_source_dijkstra_path_length(graph, set(nodes.tolist()), weight="ms")
            row[list(found)] = list(found.values())
        return rows

    return run


def networkx_w2(roads: Roads, work: Work) -> Run:
    import networkx as nx

    graph = networkx_graph(roads)

    def run() -> sp.csr_array:
        cells = []
        for row, node in enumerate(work.services[:NETWORKX_SERVICES].tolist()):
            found = nx.single_source_dijkstra_path_length(graph, node, cutoff=LIMIT_MS, weight="ms")
            cells += [
                (found[place], row, column) for column, place in enumerate(work.places.tolist()) if place in found
            ]
        data, rows, columns = (np.array(part) for part in zip(*cells, strict=True))
        return sp.csr_array((data.astype(float), (rows, columns)), shape=_shape(work))

    return run


def sweep_w1(roads: Roads, work: Work) -> Run:
    back = reversed_arcs(roads.arcs)
    made = timed(contraction(back, roads.lon_lat), back.time_ms)
    arcs = roads.arcs
    nearest_ms(arcs, groups(work)[:1], LONGEST_MS, prepared=made)
    return lambda: nearest_ms(arcs, groups(work), LONGEST_MS, prepared=made)


def sweep_w2(roads: Roads, work: Work) -> Run:
    back = reversed_arcs(roads.arcs)
    made = timed(contraction(back, roads.lon_lat), back.time_ms)
    arcs = roads.arcs
    reach_ms(arcs, work.services[:1], work.places, LIMIT_MS, prepared=made)
    return lambda: reach_ms(arcs, work.services, work.places, LIMIT_MS, prepared=made)


def as_float(found: np.ndarray) -> np.ndarray:
    return np.where(found == UNREACHED, np.inf, found)


def pair_table(roads: Roads, work: Work) -> pd.DataFrame:
    found = reach_ms(reversed_arcs(roads.arcs), work.services, work.places, LIMIT_MS).T.tocsr()
    place = np.repeat(np.arange(len(work.places)), np.diff(found.indptr))
    return pd.DataFrame({"from_id": place, "to_id": found.indices, "time_min": found.data / 60_000})


def kcgeo_w3(roads: Roads, work: Work, *, categorical: bool) -> Run:
    from kcgeo.access import decay, two_step_fca

    pairs = pair_table(roads, work)
    people = pd.Series(work.people, index=np.arange(len(work.people)).astype(str)).sort_index()
    capacity = pd.Series(work.capacity, index=np.arange(len(work.capacity)).astype(str)).sort_index()
    for column, known in (("from_id", people.index), ("to_id", capacity.index)):
        names = pairs[column].astype(str)  # as costs gives them, with or without categorical=True
        pairs[column] = pd.Categorical(names, known) if categorical else names
    pairs = pairs.sort_values(["from_id", "to_id"], ignore_index=True)
    steps = decay.step(list(RINGS_MIN), list(RING_WEIGHTS))
    two_step_fca(pairs, people, capacity, decay=steps)  # load what is compiled
    by_number = people.index.astype(int).argsort()
    return lambda: two_step_fca(pairs, people, capacity, decay=steps).to_numpy()[by_number]


def access_w3(roads: Roads, work: Work) -> Run:
    from access import Access, weights

    pairs = pair_table(roads, work)
    people = pd.DataFrame({"place": np.arange(len(work.people)), "people": work.people})
    capacity = pd.DataFrame({"site": np.arange(len(work.capacity)), "beds": work.capacity})
    steps = weights.step_fn(dict(zip(RINGS_MIN, RING_WEIGHTS, strict=True)))

    def run() -> np.ndarray:
        door = Access(
            demand_df=people,
            demand_index="place",
            demand_value="people",
            supply_df=capacity,
            supply_index="site",
            supply_value="beds",
            cost_df=pairs,
            cost_origin="from_id",
            cost_dest="to_id",
            cost_name="time_min",
        )
        found = door.enhanced_two_stage_fca(name="e", cost="time_min", max_cost=RINGS_MIN[-1], weight_fn=steps)
        return found["e_beds"].reindex(people["place"]).fillna(0).to_numpy()

    return run


def _shape(work: Work) -> tuple[int, int]:
    return len(work.services), len(work.places)


MAKERS: dict[tuple[str, str], Callable[[Roads, Work], Run]] = {
    ("kcgeo sweep", "W1"): sweep_w1,
    ("kcgeo sweep", "W2"): sweep_w2,
    ("kcgeo numba", "W1"): lambda roads, work: kcgeo_w1(roads, work, "numba"),
    ("kcgeo scipy", "W1"): lambda roads, work: kcgeo_w1(roads, work, "scipy"),
    ("scipy", "W1"): scipy_w1,
    ("pandana", "W1"): pandana_w1,
    ("igraph", "W1"): igraph_w1,
    ("networkx", "W1"): networkx_w1,
    ("kcgeo numba", "W2"): lambda roads, work: kcgeo_w2(roads, work, "numba"),
    ("kcgeo scipy", "W2"): lambda roads, work: kcgeo_w2(roads, work, "scipy"),
    ("scipy", "W2"): scipy_w2,
    ("pandana", "W2"): pandana_w2,
    ("igraph", "W2"): igraph_w2,
    ("networkx", "W2"): networkx_w2,
    ("kcgeo categories", "W3"): lambda roads, work: kcgeo_w3(roads, work, categorical=True),
    ("kcgeo text ids", "W3"): lambda roads, work: kcgeo_w3(roads, work, categorical=False),
    ("access", "W3"): access_w3,
}


def main() -> None:
    engine, workload = sys.argv[1:3]
    node_count, service_count, place_count = (int(value) for value in sys.argv[3:6])
    roads = read_roads(node_count or None)
    work = draw(roads, service_count=service_count, place_count=place_count)
    say = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the peers print, from compiled code too, goes elsewhere
    began = time.perf_counter()
    run = MAKERS[engine, workload](roads, work)
    print(json.dumps({"prepare_s": time.perf_counter() - began}), file=say, flush=True)
    for line in sys.stdin:
        order, *path = line.split()
        began, busy = time.perf_counter(), time.process_time()
        answer = run()
        spent = {"run_s": time.perf_counter() - began, "cpu_s": time.process_time() - busy}
        if order == "answer":
            if sp.issparse(answer):
                sp.save_npz(path[0], answer, compressed=False)
            else:
                np.save(path[0], as_float(answer) if answer.dtype == np.int32 else answer)
        print(json.dumps(spent), file=say, flush=True)
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), file=say, flush=True)


if __name__ == "__main__":
    main()
