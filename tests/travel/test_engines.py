from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.errors import KcgeoError
from kcgeo.travel import Network, costs, nearest_times, prepare
from kcgeo.travel.arcs import LONGEST_MS, UNREACHED, Arcs, Engine, limit_ms, reversed_arcs
from kcgeo.travel.engines import engine as engines
from kcgeo.travel.engines.engine import chosen, nearest_ms, reach_ms
from tests.travel.towns import edges, graphs, one_way_ring, points

ENGINES = ["numba", "sweep"]
needs_numba = pytest.mark.skipif(engines.find_spec("numba") is None, reason="the extra 'fast' (numba) is not installed")


def random_arcs(seed: int, *, nodes: int = 3_000, longest_ms: int = 400_000) -> Arcs:
    """Each node leads to three others near it in number; some arcs are free, a few very long."""
    rng = np.random.default_rng(seed)
    heads = (np.arange(nodes)[:, None] + rng.integers(-40, 41, (nodes, 3))).clip(0, nodes - 1)
    time_ms = rng.integers(0, 20_000, (nodes, 3)) * rng.integers(0, 2, (nodes, 3))
    time_ms[rng.integers(0, nodes, 5), 0] = longest_ms
    order = np.argsort(heads, axis=1)
    heads, time_ms = np.take_along_axis(heads, order, 1), np.take_along_axis(time_ms, order, 1)
    indptr = np.arange(0, 3 * nodes + 1, 3)
    return Arcs(*(array.ravel().astype(np.int32) for array in (indptr, heads, time_ms)))


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=30, deadline=None)
@given(graph=graphs(), cutoff_ms=st.integers(0, 600_000))
def test_all_engines_give_the_same_answer(
    graph: tuple[gpd.GeoDataFrame, pd.DataFrame], cutoff_ms: int, engine: Engine
) -> None:
    nodes, _ = graph
    network = Network.from_edges(*graph)
    kinds = nodes.assign(kind=["x", "y", *["x"] * (len(nodes) - 2)])
    for origins, destinations in ((nodes, nodes), (nodes, kinds.iloc[:2]), (nodes.iloc[:2], nodes)):
        one, two = (
            costs(network, origins, destinations, cutoff_min=cutoff_ms / 60_000, engine=each)
            for each in ("scipy", engine)
        )
        pdt.assert_frame_equal(one, two)
    one, two = (nearest_times(network, nodes, kinds, by="kind", engine=each) for each in ("scipy", engine))
    pdt.assert_frame_equal(one, two)


@needs_numba
@pytest.mark.parametrize("longest_ms", [400_000, LONGEST_MS])
@pytest.mark.parametrize("limit", [LONGEST_MS, 60_000])
def test_both_engines_agree_on_a_larger_graph(longest_ms: int, limit: int) -> None:
    arcs = random_arcs(1, longest_ms=longest_ms)
    groups = [np.array([5, 900, 5]), np.array([], dtype=np.intp), np.arange(0, 3_000, 100)]
    one, two = (nearest_ms(arcs, groups, limit, engine=engine) for engine in ("scipy", "numba"))
    np.testing.assert_array_equal(one, two)
    assert (one[1] == UNREACHED).all()
    sources, targets = np.arange(0, 3_000, 61), np.array([7, 7, 2_000, 3])
    one, two = (reach_ms(arcs, sources, targets, limit, engine=engine) for engine in ("scipy", "numba"))
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@needs_numba
def test_sweeps_agree_on_a_larger_graph_with_one_ways() -> None:
    from kcgeo.travel.engines.contraction import contraction, timed

    arcs = random_arcs(6, nodes=800)
    xy = np.column_stack([np.arange(800.0), np.zeros(800)])
    made = timed(contraction(arcs, xy), arcs.time_ms)
    groups = [np.array([at, at, 799 - at]) for at in range(19)] + [np.array([], dtype=np.intp)]
    sources, targets = np.arange(0, 800, 23), np.array([5, 5, 780, 0])
    for limit in (LONGEST_MS, 60_000):
        np.testing.assert_array_equal(
            nearest_ms(arcs, groups, limit, prepared=made), nearest_ms(arcs, groups, limit, engine="scipy")
        )
        back = reversed_arcs(arcs)
        one = reach_ms(back, sources, targets, limit, prepared=made.turned())
        two = reach_ms(back, sources, targets, limit, engine="scipy")
        for name in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@needs_numba
def test_auto_sweeps_once_the_network_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    network = one_way_ring()
    assert network.contracted("auto") is None
    assert prepare(network) is network
    assert network.contracted("auto") is not None
    assert network.contracted("scipy") is None
    times = nearest_times(network, points(["a", "c", "e"], [0, 2_000, 50_000]), points(["s"], [1_000]))
    assert times["time_min"].fillna(-1).tolist() == [10, 40, -1]
    monkeypatch.setattr(sys.modules[Network.__module__], "find_spec", lambda name: None)
    with pytest.raises(KcgeoError, match="package numba"):
        prepare(one_way_ring())


@needs_numba
def test_a_contracted_network_takes_other_times() -> None:
    nodes = points([f"n{at:03d}" for at in range(300)], [float(at) for at in range(300)])
    arcs = random_arcs(7, nodes=300)
    network = replace(Network.from_edges(nodes, edges(("n000", "n001", 1))), arcs=arcs)
    for hour in range(3):
        slower = Arcs(arcs.indptr, arcs.indices, arcs.time_ms * (hour + 1) + hour)
        groups = [np.array([5, 200]), np.array([17])]
        one = nearest_ms(slower, groups, LONGEST_MS, engine="scipy")
        np.testing.assert_array_equal(
            nearest_ms(slower, groups, LONGEST_MS, prepared=network.timed(slower.time_ms)), one
        )


@needs_numba
def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from kcgeo.travel.engines import kernels

    arcs = random_arcs(2)
    sources, targets = np.arange(0, 3_000, 37), np.arange(0, 3_000, 11)
    whole = kernels.reach(arcs, sources, targets, 90_000)
    monkeypatch.setattr(kernels, "_BLOCK_CELLS", 700)
    for one, two in zip(whole, kernels.reach(arcs, sources, targets, 90_000), strict=True):
        np.testing.assert_array_equal(one, two)


@needs_numba
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_any_number_of_threads_gives_the_same_answer(threads: int, root: Path) -> None:
    """Arrays that threads share by mistake show with more threads than cores, if not always with two."""
    code = (
        "import numpy as np, numba\n"
        "from kcgeo.travel.arcs import LONGEST_MS\n"
        "from kcgeo.travel.engines.engine import nearest_ms, reach_ms\n"
        "from tests.travel.test_engines import random_arcs\n"
        f"assert numba.get_num_threads() == {threads}\n"
        "arcs = random_arcs(3)\n"
        "groups = [np.arange(at, 3_000, 97) for at in range(40)]\n"
        "for _ in range(5):\n"
        "    a, b = (nearest_ms(arcs, groups, LONGEST_MS, engine=e) for e in ('scipy', 'numba'))\n"
        "    assert (a == b).all()\n"
        "    sources, targets = np.arange(0, 3_000, 50), np.arange(0, 3_000, 7)\n"
        "    a, b = (reach_ms(arcs, sources, targets, 90_000, engine=e) for e in ('scipy', 'numba'))\n"
        "    assert a.nnz == b.nnz and (a.data == b.data).all() and (a.indices == b.indices).all()\n"
    )
    env = {**os.environ, "NUMBA_NUM_THREADS": str(threads), "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_turning_the_arcs_round_twice_gives_them_back() -> None:
    arcs = random_arcs(4)
    matrix = set(zip(np.repeat(np.arange(arcs.node_count), 3), arcs.indices, arcs.time_ms, strict=True))
    turned = reversed_arcs(arcs)
    tails = np.repeat(np.arange(arcs.node_count), np.diff(turned.indptr))
    assert set(zip(turned.indices, tails, turned.time_ms, strict=True)) == matrix


def test_the_engine_is_chosen_by_the_work_and_by_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    arcs = random_arcs(5)
    monkeypatch.delitem(sys.modules, "kcgeo.travel.engines.kernels", raising=False)
    assert chosen("auto", arcs, 1) == "scipy"
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    assert chosen("auto", arcs, 2_000) == "numba"
    assert chosen("scipy", arcs, 2_000) == "scipy"
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert chosen("auto", arcs, 2_000) == "scipy"
    with pytest.raises(KcgeoError, match="extra 'fast'"):
        chosen("numba", arcs, 1)
    with pytest.raises(KcgeoError, match="no engine 'fast'"):
        chosen("fast", arcs, 1)  # type: ignore[arg-type]


@given(st.integers(0, 10_000_000), st.floats(0, 200))
def test_the_limit_is_the_last_millisecond_within_the_cutoff(whole: int, cutoff: float) -> None:
    assert limit_ms(whole / 60_000) == whole
    limit = limit_ms(cutoff)
    assert limit / 60_000 <= cutoff < (limit + 1) / 60_000


def _search_in(folder: Path, root: Path, **env: str) -> str:
    """Search once with numba in a process of its own; its code is copied, so that its caches are too."""
    code = (
        "from tests.travel.test_engines import random_arcs\n"
        "from kcgeo.travel.engines.engine import nearest_ms\n"
        "import numpy as np\n"
        "found = [nearest_ms(random_arcs(8), [np.arange(9)], 60_000, engine=e) for e in ('scipy', 'numba')]\n"
        "assert (found[0] == found[1]).all()\n"
        "from kcgeo.travel.engines import kernels\n"
        "print(sum(kernels._block.stats.cache_hits.values()))\n"
    )
    path = os.pathsep.join((str(folder), str(root / "src"), str(root)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_numba
@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(tmp_path: Path, root: Path) -> None:
    home = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert _search_in(tmp_path, root, **home) == "0"
    files = sorted((tmp_path / "cache").rglob("*.nb?"))
    assert {path.suffix for path in files} == {".nbi", ".nbc"}
    assert _search_in(tmp_path, root, **home) == "1"
    for path in files:  # one digit in the middle of the code, and half of each index
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content if path.suffix == ".nbc" else content[: len(content) // 2])
    assert _search_in(tmp_path, root, **home) == "0"
    assert _search_in(tmp_path, root, **home) == "1"


@needs_numba
@pytest.mark.slow
def test_where_no_folder_can_be_written_searches_are_compiled_all_the_same(tmp_path: Path, root: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()  # a folder that cannot be made, whoever asks
    env = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator", "NUMBA_CACHE_DIR": str(blocked / "cache")}
    assert _search_in(tmp_path, root, **env) == "0"
