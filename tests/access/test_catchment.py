from __future__ import annotations

import sys

import numpy as np
import pandas.testing as pdt
import pytest

from kcgeo import access, data, travel
from kcgeo.errors import TableError
from kcgeo.travel.engines import engine
from tests.travel.street_worlds import one_way_block, places
from tests.travel.towns import one_way_ring, points


@pytest.mark.slow
def test_every_cell_gets_the_people_that_a_search_of_its_own_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    study = data.read_study(data.default_study())
    network, people = travel.friction_network(study), data.places(study)
    found = access.catchment(network, people, cutoff_min=30)
    cells = travel.cells(study)
    assert found.index.name == "cell_id" and found.index.is_monotonic_increasing
    assert found.index.isin(cells["cell_id"]).sum() == len(cells)
    some = cells.iloc[::400]
    pairs = travel.costs(network, people, some, cutoff_min=30, engine="scipy")
    counts = people.set_index("place_id")["population_count"].astype(float)
    wanted = counts.reindex(pairs["from_id"]).groupby(pairs["to_id"].to_numpy()).sum()
    wanted = wanted.reindex(some["cell_id"]).fillna(0).rename("population_count")
    pdt.assert_series_equal(found.reindex(some["cell_id"]), wanted, check_names=False)
    monkeypatch.setattr(sys.modules["kcgeo.access.catchment"], "_MANY_SOURCES", 10**9)  # the same without compiled code
    plain = access.catchment(travel.friction_network(study), people.iloc[:40], cutoff_min=30)
    monkeypatch.undo()
    pdt.assert_series_equal(plain, access.catchment(network, people.iloc[:40], cutoff_min=30))


def test_the_way_is_that_of_the_people_to_the_cell() -> None:
    network, people = one_way_ring(), points(["p", "q"], [0, 1_000], key="place_id").assign(population_count=[3, 5])
    sites = points(["a", "b", "c", "off"], [0, 1_000, 2_000, 90_000], key="site_id").set_index("site_id")
    found = access.catchment(network, people, cutoff_min=20, sites=sites)
    assert found.to_dict() == {"a": 3, "b": 8, "c": 5, "off": 0}


def test_on_streets_the_points_to_answer_for_are_given() -> None:
    network, people = one_way_block(), places((1, 0), (3, 0)).assign(under18_count=[2.0, 4.0])
    found = access.catchment(network, people, cutoff_min=0.3, column="under18_count", sites=places((2, 0), (8, 0)))
    assert found.tolist() == [2, 0]
    with pytest.raises(TableError, match="as sites"):
        access.catchment(network, people, cutoff_min=5, column="under18_count")


def test_faults_are_told() -> None:
    people = points(["p"], [0], key="place_id")
    with pytest.raises(TableError, match="no column population_count"):
        access.catchment(one_way_ring(), people, cutoff_min=5)
    with pytest.raises(TableError, match="negative"):
        access.catchment(one_way_ring(), people.assign(population_count=[-1]), cutoff_min=5)
    with pytest.raises(TableError, match="no cells"):
        access.catchment(one_way_ring(), people.assign(population_count=[1]), cutoff_min=5)


def test_engines_add_up_alike() -> None:
    from tests.travel.test_engines import random_arcs

    arcs = random_arcs(9, nodes=500)
    weights = np.random.default_rng(1).random(120)
    sources = np.arange(0, 480, 4)
    pairs = engine.reach_ms(arcs, sources, np.arange(500), 60_000, engine="scipy")
    pairs.data[:] = 1
    plain = engine.sums_ms(arcs, sources, weights, 60_000)
    np.testing.assert_allclose(plain, weights @ pairs.toarray(), rtol=1e-12)
    pytest.importorskip("numba", reason="the extra 'fast' (numba) is not installed")
    from kcgeo.travel.engines.contraction import contraction, timed

    xy = np.column_stack([np.arange(500.0), np.zeros(500)])
    made = timed(contraction(arcs, xy), arcs.time_ms)
    np.testing.assert_allclose(engine.sums_ms(arcs, sources, weights, 60_000, prepared=made), plain, rtol=1e-12)
