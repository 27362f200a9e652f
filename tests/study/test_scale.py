"""The national run on a small country: equal to the whole at once, on any number of workers, whatever is killed."""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo import access, data, travel
from kcgeo.access.parts import Answers, Catchment, Part, measure_part
from kcgeo.errors import StudyError
from kcgeo.study.folder.manifest import refuse_foreign_folder
from kcgeo.study.national.cluster import cluster, in_process, on_cluster
from kcgeo.study.national.parts import Question, Tile, tiles
from kcgeo.study.national.question import SCREENING, _sites, synthetic_sites
from kcgeo.study.national.run import run_question
from kcgeo.travel.national import national_network
from kcgeo.travel.streets.clip import Cutter

pytestmark = pytest.mark.slow

CATEGORIES = ("medical", "legal", "counselling", "transport")
STATES = {"20": "KS", "29": "MO"}
WORDS: dict[str, Any] = {
    "about": {"services": "made up"},
    "notes": ["synthetic"],
    "sources": ["made up"],
    "vintage": "2026",
}


def _question(cutoff_min: float = 24, edges_min: tuple[float, ...] = (4, 8, 12)) -> Question:
    """The packaged places and highways of one region, with 120 invented sites."""
    places = data.load("places").sort_values("place_id", ignore_index=True)
    places["state"] = places["county_fips"].str[:2].map(STATES)
    sites = synthetic_sites(places, CATEGORIES, count=120, seed=3)
    network = national_network(places, data.load("highway_nodes"), data.load("highway_edges"), SCREENING, points=sites)
    return Question(network, places, sites, CATEGORIES, cutoff_min, Catchment(edges_min, (1, 0.68, 0.22)))


@pytest.fixture(scope="module")
def question() -> Question:
    return _question()


@pytest.fixture(scope="module")
def undisturbed(question: Question, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of one process that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run_question(question, out, places_count=40, **WORDS)
    return out


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes for all tests of this file."""
    pytest.importorskip("distributed", reason="dask is not installed (extra 'big')")
    with cluster(workers=2) as found:
        yield found


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _whole(question: Question) -> pd.DataFrame:
    """All answers by the public functions on the whole network, without any part."""
    minutes = travel.nearest_times(
        question.network, question.places, question.sites, by="category", cutoff_min=question.cutoff_min
    )
    rings = access.decay.step(question.catchment.edges_min, question.catchment.weights)
    people = question.places.set_index("place_id")["population_count"].astype(float)
    for category in CATEGORIES:
        offered = question.sites[question.sites["category"] == category].drop(columns=["service_id", "category"])
        offered = offered.rename(columns={"site_id": "id"})
        costs = travel.costs(question.network, question.places, offered, cutoff_min=rings.cutoff_min)
        supply = pd.Series(1.0, index=sorted(offered["id"]))
        minutes[f"{category}_sites_count"] = access.cumulative(
            costs, supply, origins=people.index, cutoff_min=rings.cutoff_min
        )
        minutes[f"{category}_sites_per_1000"] = 1000 * access.two_step_fca(costs, people, supply, decay=rings)
    return minutes


def _table(folder: Path) -> pd.DataFrame:
    return gpd.read_parquet(folder / "parts").set_index("place_id").sort_index()


# the buffer


def test_parts_give_the_answers_of_the_whole_to_the_last_bit(question: Question, undisturbed: Path) -> None:
    expected, found = _whole(question), _table(undisturbed)
    assert len(list((undisturbed / "parts").iterdir())) >= 7
    assert found.index.equals(expected.index)
    assert expected["medical_min"].isna().sum() > 20  # the cutoff bites
    assert (expected["medical_sites_per_1000"] > 0).sum() > 100
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_exact=True, check_dtype=False)


def _straight_road() -> Question:
    """A road at 1 km a minute, places at 0 and 40 km, sites at 20 and 30 km; cutoff 30, catchment 20 minutes."""
    km = np.arange(51)
    ids = np.array([f"n{at:02d}" for at in km])
    nodes = gpd.GeoDataFrame({"node_id": ids}, geometry=gpd.points_from_xy(km * 1000, 0 * km), crs="EPSG:26915")
    ways = [pd.DataFrame({"from_node_id": ids[:-1], "to_node_id": ids[1:], "time_min": 1.0})]
    ways += [ways[0].rename(columns={"from_node_id": "to_node_id", "to_node_id": "from_node_id"})]
    places = gpd.GeoDataFrame(
        {"place_id": ["a", "b"], "county_fips": ["1", "2"], "state": "KS", "population_count": [100, 300]},
        geometry=gpd.points_from_xy([0, 40_000], [0, 0]),
        crs="EPSG:26915",
    )
    sites = gpd.GeoDataFrame(
        {"site_id": ["x", "y"], "service_id": ["x", "y"], "category": ["medical", "legal"]},
        geometry=gpd.points_from_xy([20_000, 30_000], [0, 0]),
        crs="EPSG:26915",
    )
    network = travel.Network.from_edges(nodes, pd.concat(ways))
    return Question(network, places, sites, ("medical", "legal"), 30, Catchment((20,), (1,)))


@pytest.mark.parametrize(("share", "right"), [(1.0, True), (0.99, False)])
def test_no_smaller_buffer_would_do(monkeypatch: pytest.MonkeyPatch, share: float, right: bool) -> None:
    question, whole = _straight_road(), Cutter.buffer_m
    assert question.buffer_km == pytest.approx(40)  # two catchments of 20 km are more than one cutoff of 30 km
    monkeypatch.setattr(Cutter, "buffer_m", lambda self, minutes: share * whole(self, minutes))
    answers = measure_part(question.part(Tile("a", ("1",), np.array([0]))))
    shared = (
        answers.sites_per_1000[0, 0] == 1000 * 1 / 400
    )  # x is in reach of both places, one of them outside the tile
    assert shared == right
    question = Question(*(getattr(question, name) for name in ("network", "places", "sites", "categories")), 30, NONE)
    answers = measure_part(question.part(Tile("a", ("1",), np.array([0]))))
    assert (answers.nearest_min[0].tolist() == [20.0, 30.0]) == right


NONE = Catchment((0,), (1,))


def test_a_catchment_needs_its_buffer_twice() -> None:
    question = _question(cutoff_min=1, edges_min=(7, 14, 20))  # the cutoff does not help: 40 minutes of buffer it is
    assert question.buffer_km == pytest.approx(2 * question.cutter.buffer_m(20) / 1000)
    whole = _whole(question)
    for tile in tiles(question.places, places_count=40):
        answers, own = measure_part(question.part(tile)), whole.iloc[tile.rows]
        for column, category in enumerate(CATEGORIES):
            np.testing.assert_array_equal(answers.sites_per_1000[:, column], own[f"{category}_sites_per_1000"])
            np.testing.assert_array_equal(answers.sites_count[:, column], own[f"{category}_sites_count"])


def test_a_place_off_the_network_is_answered_with_nothing(question: Question) -> None:
    places = question.places.copy()
    places.loc[5, "geometry"] = shapely.Point(-40, 30)
    lost = Question(question.network, places, question.sites, CATEGORIES, question.cutoff_min, question.catchment)
    for rows in (np.array([5]), np.array([4, 5, 6])):
        answers = measure_part(lost.part(Tile("lost", (), rows)))
        at = list(rows).index(5)
        assert np.isnan(answers.nearest_min[at]).all()
        assert (answers.sites_count[at] == 0).all()
        assert (answers.sites_per_1000[at] == 0).all()


# tiles


def test_tiles_hold_whole_counties_and_each_place_once(question: Question) -> None:
    for most in (1, 40, 10_000):
        found = tiles(question.places, places_count=most)
        assert [tile.name for tile in found] == sorted({tile.name for tile in found})
        assert sorted(np.concatenate([tile.rows for tile in found])) == list(range(len(question.places)))
        named = [county for tile in found for county in tile.counties]
        assert sorted(named) == sorted(set(question.places["county_fips"]))
        for tile in found:
            assert set(question.places["county_fips"].iloc[tile.rows]) == set(tile.counties)
            assert len(tile.rows) <= most or len(tile.counties) == 1


def test_tiles_keep_the_islands_apart_and_take_some_counties() -> None:
    table = gpd.GeoDataFrame(
        {
            "place_id": list("abcd"),
            "county_fips": ["02016", "15001", "72001", "20091"],
            "state": ["AK", "HI", "PR", "KS"],
        },
        geometry=gpd.points_from_xy([179, -155, -66, -95], [52, 19, 18, 39]),
        crs="EPSG:4326",
    )
    assert [tile.name for tile in tiles(table, places_count=100)] == ["alaska", "hawaii", "mainland", "puerto-rico"]
    assert [tile.counties for tile in tiles(table, places_count=100, counties=["20091"])] == [("20091",)]
    with pytest.raises(StudyError, match="No place lies in the counties 99999"):
        tiles(table, places_count=100, counties=["20091", "99999"])


# workers


def _no_more_than(seconds: float, done: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_workers_give_the_bytes_of_one_process(
    question: Question, client: Any, undisturbed: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    run = run_question(
        question,
        tmp_path / "run",
        places_count=40,
        execute=partial(on_cluster, client=client),
        progress=lambda words, done, total: told.append((done, total)),
        **WORDS,
    )
    assert _files(tmp_path / "run") == _files(undisturbed)
    total = len(run.manifest["parts"])
    assert told == [(done, total) for done in range(total + 1)]


def test_only_the_loopback_interface_listens(client: Any) -> None:
    psutil = pytest.importorskip("psutil")
    here = psutil.Process()
    heard = [
        one.laddr.ip
        for process in [here, *here.children(recursive=True)]
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert heard
    assert set(heard) <= {"127.0.0.1", "::1"}


def test_a_killed_worker_loses_and_doubles_nothing(
    question: Question, client: Any, undisturbed: Path, tmp_path: Path
) -> None:
    client.wait_for_workers(2, timeout=60)
    victims: list[int] = []

    def kill(words: str, done: int, total: int) -> None:
        if done == 2 and not victims:
            victims.append(next(iter(client.run(os.getpid).values())))
            os.kill(victims[0], signal.SIGKILL)  # a worker of this test's own cluster

    run_question(
        question,
        tmp_path / "run",
        places_count=40,
        execute=partial(on_cluster, client=client, work=_slowly),
        progress=kill,
        **WORDS,
    )
    assert victims
    assert victims[0] not in client.run(os.getpid).values()
    assert _files(tmp_path / "run") == _files(undisturbed)


def _slow_work() -> Callable[[Part], Answers]:
    """Return work that is by value in a task, since workers do not know this file."""

    def work(part: Part) -> Answers:
        import time

        from kcgeo.access.parts import measure_part

        time.sleep(0.1)
        return measure_part(part)

    return work


_slowly = _slow_work()


@pytest.mark.slow
def test_a_part_that_ends_its_workers_is_given_up_in_one_sentence(
    question: Question, client: Any, undisturbed: Path, tmp_path: Path
) -> None:
    client.wait_for_workers(2, timeout=60)

    def work(part: Part) -> Answers:
        import os
        import signal

        from kcgeo.access.parts import measure_part

        if len(part.own) == largest:  # what the system does to a process that takes too much memory
            os.kill(os.getpid(), signal.SIGKILL)
        return measure_part(part)

    sizes = [len(tile.rows) for tile in tiles(question.places, places_count=40)]
    largest = max(sizes)
    with pytest.raises(StudyError) as caught:
        run_question(
            question,
            tmp_path / "run",
            places_count=40,
            execute=partial(on_cluster, client=client, work=work),
            **WORDS,
        )
    (sentence,) = caught.value.problems
    assert "out of memory?" in sentence
    assert "run again with --resume" in sentence
    run = run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)
    assert run.manifest["complete"]
    assert _files(tmp_path / "run") == _files(undisturbed)


@pytest.mark.parametrize("where", ["in_process", "on_cluster"])
def test_a_part_that_fails_leaves_the_others_and_the_run_goes_on_later(
    where: str, question: Question, undisturbed: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def work(part: Part) -> Answers:
        from kcgeo.access.parts import measure_part

        if len(part.own) == last:
            raise ZeroDivisionError("no such share")
        return measure_part(part)

    planned = tiles(question.places, places_count=40)
    last = len(planned[-1].rows)
    execute: Any = partial(in_process, work=work)
    if where == "on_cluster":
        execute = partial(on_cluster, client=request.getfixturevalue("client"), work=work)
    with pytest.raises(StudyError) as caught:
        run_question(question, tmp_path / "run", places_count=40, execute=execute, **WORDS)
    (sentence,) = caught.value.problems
    assert f"{planned[-1].name} failed (ZeroDivisionError: no such share)" in sentence
    done = [
        row["name"] for row in json.loads((tmp_path / "run" / "manifest.json").read_text())["parts"] if "file" in row
    ]
    assert f"{len(done)} of {len(planned)} parts" in sentence
    run = run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)
    assert run.kept_count == len(done)
    assert _files(tmp_path / "run") == _files(undisturbed)


DRIVER = """
import os, pickle, signal, sys
from functools import partial
from kcgeo.study.national.run import run_question
from kcgeo.study.national.cluster import cluster, on_cluster

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as stream:
        question, words = pickle.load(stream)

    def die(said, done, total):
        if done == 3:
            print(*client.run(os.getpid).values(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    with cluster(workers=1) as client:
        run_question(
            question, sys.argv[2], places_count=40, execute=partial(on_cluster, client=client), progress=die, **words
        )
"""


@pytest.mark.slow
def test_a_killed_driver_goes_on_where_it_was(question: Question, undisturbed: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="dask is not installed (extra 'big')")
    (tmp_path / "driver.py").write_text(textwrap.dedent(DRIVER))
    (tmp_path / "question.pkl").write_bytes(pickle.dumps((question, WORDS)))
    command = [sys.executable, "driver.py", "question.pkl", "run"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    workers = [int(word) for word in ended.stdout.split()]
    assert len(workers) == 1
    _no_more_than(120, lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))  # no orphan goes on
    torn = tmp_path / "run" / "parts" / ".mainland-x.parquet"
    torn.write_bytes(b"half a file")
    run = run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)
    assert run.kept_count == 3
    assert _files(tmp_path / "run") == _files(undisturbed)


# refusals


def test_a_file_that_was_changed_is_made_anew(question: Question, undisturbed: Path, tmp_path: Path) -> None:
    run_question(question, tmp_path / "run", places_count=40, **WORDS)
    victim = sorted((tmp_path / "run" / "parts").iterdir())[2]
    victim.write_bytes(victim.read_bytes()[:-9])
    run = run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)
    assert run.kept_count == len(run.manifest["parts"]) - 1
    assert _files(tmp_path / "run") == _files(undisturbed)


def test_folders_that_must_not_be_touched(question: Question, undisturbed: Path, tmp_path: Path) -> None:
    before = _files(undisturbed)
    with pytest.raises(StudyError, match="go on with --resume"):
        run_question(question, undisturbed, places_count=40, **WORDS)
    with pytest.raises(StudyError, match="made with other places_per_part"):
        run_question(question, undisturbed, places_count=50, resume=True, **WORDS)
    with pytest.raises(StudyError, match="made with other services"):
        run_question(question, undisturbed, places_count=40, resume=True, **{**WORDS, "about": {"services": "others"}})
    with pytest.raises(StudyError, match="results of another command"):
        refuse_foreign_folder(undisturbed)  # as kcgeo maps asks, before it replaces a folder whole
    assert _files(undisturbed) == before
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="files that kcgeo did not write"):
        run_question(question, tmp_path, places_count=40, **WORDS)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "manifest.json").write_text('{"tool": "kcgeo"}')
    with pytest.raises(StudyError, match="results of another command"):
        run_question(question, tmp_path, places_count=40, resume=True, **WORDS)


def test_two_runs_do_not_share_a_folder(question: Question, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")

    def twice(words: str, done: int, total: int) -> None:
        if done == 1:
            with pytest.raises(StudyError, match="Another run is writing"):
                run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)

    run_question(question, tmp_path / "run", places_count=40, progress=twice, **WORDS)
    assert not (tmp_path / "run" / ".lock").exists()


def test_a_full_disk_ends_in_one_sentence_and_the_run_goes_on(
    question: Question, undisturbed: Path, tmp_path: Path
) -> None:
    def fill(words: str, done: int, total: int) -> None:
        if done == 2:  # the system refuses to write more than a kilobyte to any file from now on
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(StudyError) as caught:
            run_question(question, tmp_path / "run", places_count=40, progress=fill, **WORDS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (sentence,) = caught.value.problems
    assert "cannot be written" in sentence
    assert "2 of" in sentence
    run = run_question(question, tmp_path / "run", places_count=40, resume=True, **WORDS)
    assert run.kept_count == 2
    assert _files(tmp_path / "run") == _files(undisturbed)


def test_no_scheduler_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="dask is not installed (extra 'big')")
    monkeypatch.setattr("kcgeo.study.national.cluster._ANSWER_S", "1s")
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "not an address"):
        with pytest.raises(StudyError, match="No Dask scheduler answers at"), cluster(workers=0, scheduler=address):
            pass


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, question: Question, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StudyError, match=r"kcgeo\[big\].*--workers 0"), cluster(workers=2):
        pass
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(StudyError, match=r"pyarrow.*kcgeo\[big\]"):
        run_question(question, tmp_path / "run", places_count=40, **WORDS)
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:.*came in as withheld")
def test_what_the_manifest_says_of_services_does_not_depend_on_hidden_rows(root: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(root / "data" / "derived" / "services.csv", dtype=str, keep_default_na=False)
    exact = rows[rows["disclosure"].eq("exact") & rows["latitude"].ne("")].head(6)
    hidden = exact.tail(1).assign(service_id="svc-hidden", service_name="Rooms", disclosure_basis="")
    hidden = hidden.assign(service_categories="emergency_shelter", physical_address="16 Secret Street")
    path, told = tmp_path / "national.csv", []
    for table in (exact, pd.concat([exact, hidden]), exact.head(5)):
        table.to_csv(path, index=False)
        told.append(_sites(path, gpd.GeoDataFrame(), "anyone", 0, 0)[1])
    assert told[0] == told[1] != told[2]


def test_inputs_are_unchanged_and_synthetic_sites_are_seeded(question: Question) -> None:
    places = question.places.copy()
    one, two, other = (synthetic_sites(places, CATEGORIES, count=50, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.geometry.equals(other.geometry)
    pd.testing.assert_frame_equal(places, question.places)
    assert one.groupby("site_id")["category"].nunique().between(1, 3).all()
    assert not one.duplicated(["site_id", "category"]).any()
