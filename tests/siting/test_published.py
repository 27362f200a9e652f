"""Published optima: OR-Library p-median and p-center, and the San Francisco stores of spopt's tutorials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import floyd_warshall

from kcgeo.siting import backup_coverage, max_coverage, min_sites, p_center, p_median

MEDIAN = {1: 5819, 2: 4093, 3: 4250, 4: 3034, 5: 1355, 6: 7824, 7: 5631, 8: 4445, 9: 2734, 10: 1255}
CENTER = {1: 127, 2: 98, 3: 93, 4: 74, 5: 48, 6: 84, 7: 64, 8: 55, 9: 37, 10: 20}


def or_library(folder: Path, number: int) -> tuple[pd.DataFrame, pd.Series, int]:
    """Shortest paths between all nodes; of two edges between the same nodes the later one holds."""
    numbers = np.array((folder / "oracles" / "orlib_pmed" / f"pmed{number}.txt").read_text().split(), dtype=int)
    nodes, _, sites = numbers[:3]
    length = np.full((nodes, nodes), np.inf)
    for a, b, cost in numbers[3:].reshape(-1, 3):
        length[a - 1, b - 1] = length[b - 1, a - 1] = cost
    length = floyd_warshall(np.ma.masked_invalid(length), directed=False)
    np.fill_diagonal(length, 0)
    ids = [f"n{k:03d}" for k in range(nodes)]
    costs = pd.DataFrame(
        {"from_id": np.repeat(ids, nodes), "to_id": np.tile(ids, nodes), "time_min": length.ravel()},
    )
    return costs, pd.Series(1.0, index=ids), int(sites)


@pytest.mark.parametrize("number", [n if n < 6 else pytest.param(n, marks=pytest.mark.slow) for n in MEDIAN])
def test_or_library_p_median(shared: Path, number: int) -> None:
    costs, demand, sites = or_library(shared, number)
    result = p_median(costs, demand, new_count=sites)
    assert result.objective == MEDIAN[number]
    assert result.bound == MEDIAN[number]
    assert (result.status, result.gap) == ("optimal", 0)
    assert len(result.chosen) == sites


@pytest.mark.parametrize("number", [n if n < 6 else pytest.param(n, marks=pytest.mark.slow) for n in CENTER])
def test_or_library_p_center(shared: Path, number: int) -> None:
    costs, demand, sites = or_library(shared, number)
    result = p_center(costs, demand, new_count=sites)
    assert result.objective == CENTER[number]
    assert (result.status, result.gap) == ("optimal", 0)


@pytest.fixture(scope="module")
def san_francisco(shared: Path) -> tuple[pd.DataFrame, pd.Series]:
    folder = shared / "oracles" / "sf_spopt"
    costs = pd.read_csv(
        folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
    )
    costs = costs.rename(columns={"DestinationName": "from_id", "name": "to_id", "distance": "time_min"})
    places = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
    return costs[["from_id", "to_id", "time_min"]], places.set_index("NAME")["POP2000"]


def test_san_francisco_min_sites(san_francisco: tuple[pd.DataFrame, pd.Series]) -> None:
    assert min_sites(*san_francisco, cutoff_min=5000).objective == 8
    assert min_sites(*san_francisco, cutoff_min=8000).objective == 3


def test_san_francisco_max_coverage_counts_people_and_places(san_francisco: tuple[pd.DataFrame, pd.Series]) -> None:
    result = max_coverage(*san_francisco, cutoff_min=5000, new_count=4)
    assert result.objective == result.covered_count == 875_247
    assert result.covered_share == pytest.approx(0.91638, abs=5e-6)
    assert result.covered_place_share == pytest.approx(0.89756, abs=5e-6)


def test_san_francisco_p_median(san_francisco: tuple[pd.DataFrame, pd.Series]) -> None:
    result = p_median(*san_francisco, new_count=4)
    assert result.objective == pytest.approx(2_848_268_129.71, abs=0.01)
    assert result.mean_time_min == pytest.approx(2_982.13, abs=0.005)


def test_san_francisco_p_center(san_francisco: tuple[pd.DataFrame, pd.Series]) -> None:
    assert p_center(*san_francisco, new_count=4).objective == pytest.approx(7_403.06, abs=0.005)


def test_san_francisco_backup(san_francisco: tuple[pd.DataFrame, pd.Series]) -> None:
    costs, people = san_francisco
    result = backup_coverage(costs, pd.Series(1.0, index=people.index), cutoff_min=8000, new_count=3)
    assert result.objective == 140
    assert result.covered_share == result.covered_place_share == pytest.approx(140 / 205)
