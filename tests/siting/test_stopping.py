"""A time limit or Ctrl-C hands back the best plan so far, with a bound that holds."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from kcgeo.errors import SolverError, UnfinishedWarning
from kcgeo.siting import Progress, backup_coverage, max_coverage, p_center, p_median, pareto
from kcgeo.siting.solve.clock import Run
from kcgeo.siting.solve.solver import Program, Rows, solve


def hard_town(places: int = 900, sites: int = 250) -> tuple[pd.DataFrame, pd.Series]:
    """Large enough that no model ends within a second."""
    rng = np.random.default_rng(3)
    here, there = rng.random((places, 2)), rng.random((sites, 2))
    times = 60 * np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
    place = [f"p{i:04d}" for i in range(places)]
    site = [f"s{j:04d}" for j in range(sites)]
    costs = pd.DataFrame(
        {"from_id": np.repeat(place, sites), "to_id": np.tile(site, places), "time_min": times.ravel()}
    )
    return costs, pd.Series(rng.integers(1, 2000, places).astype(float), index=place)


COSTS, DEMAND = hard_town()


def test_time_limit_gives_a_plan_and_an_honest_gap() -> None:
    result = max_coverage(COSTS, DEMAND, cutoff_min=8, new_count=18, time_limit_s=1.5)
    assert result.status == "time_limit"
    assert 0 < result.gap < 1
    assert result.bound > result.objective
    assert len(result.chosen) == 18


def test_p_median_time_limit_has_a_bound() -> None:
    result = p_median(COSTS, DEMAND, new_count=18, time_limit_s=1.5)
    assert result.status == "time_limit"
    assert 0 < result.gap < 1
    assert result.bound < result.objective


def test_a_solver_that_ends_just_before_the_clock_does_counts_as_out_of_time() -> None:
    with Run(60.0) as run:
        assert run.stopped == ""
        run.expire()
        assert run.stopped == "time_limit"
        assert run.remaining_s == 0


def test_the_solver_ending_its_time_ends_that_of_the_run() -> None:
    rng = np.random.default_rng(0)
    count = 150
    weights = rng.integers(1, 1000, (60, count)).astype(float)
    program = Program(
        "max",
        rng.integers(1, 1000, count).astype(float),
        np.zeros(count),
        np.ones(count),
        np.ones(count, dtype=bool),
        (Rows.of(sparse.csr_array(weights), upper=weights.sum(axis=1) // 2),),
    )
    with Run(0.3) as run:
        assert solve(program, run).status == "time_limit"
        assert run.stopped == "time_limit"


@pytest.mark.parametrize("model", ["p_median", "max_coverage"])
def test_interrupt_gives_the_best_plan_so_far(model: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    if model == "p_median":
        result = p_median(COSTS, DEMAND, new_count=18)
    else:
        result = max_coverage(COSTS, DEMAND, cutoff_min=8, new_count=18)
    timer.join()
    assert result.status == "interrupted"
    assert 0 < result.gap <= 1
    assert len(result.chosen) == 18
    assert signal.getsignal(signal.SIGINT) is before


def test_even_no_time_gives_a_first_plan() -> None:
    result = p_center(COSTS, DEMAND, new_count=18, time_limit_s=1e-4)
    assert result.status == "time_limit"
    assert 0 < result.gap < 1
    assert len(result.chosen) == 18
    with pytest.raises(SolverError, match="give it more time"):
        backup_coverage(COSTS, DEMAND, cutoff_min=9, new_count=27, time_limit_s=1e-4)


def test_progress_is_reported_and_may_stop_the_run() -> None:
    heard: list[Progress] = []
    result = p_median(COSTS, DEMAND, new_count=6, time_limit_s=4, progress=heard.append)
    assert heard
    assert all(note.stage == "p_median" for note in heard)
    assert heard[-1].bound <= result.objective + 1e-6

    class EnoughError(Exception):
        """Raised by a caller that wants no more."""

    def stop(note: Progress) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        p_median(COSTS, DEMAND, new_count=6, progress=stop)


@pytest.mark.slow
def test_same_answer_twice() -> None:
    first = max_coverage(COSTS, DEMAND, cutoff_min=8, new_count=4)
    second = max_coverage(COSTS, DEMAND, cutoff_min=8, new_count=4)
    assert first.chosen == second.chosen
    assert first.objective == second.objective


def test_a_front_that_is_cut_short_says_so() -> None:
    groups = pd.DataFrame({"young": DEMAND, "poor": DEMAND[::-1].to_numpy()}, index=DEMAND.index)
    with pytest.warns(UnfinishedWarning, match="the time limit ended it") as caught:
        front = pareto(COSTS, DEMAND, cutoff_min=8, new_count=18, groups=groups, time_limit_s=0.5)
    assert [item.message.reason for item in caught] == ["time_limit"]  # type: ignore[union-attr]
    assert list(front.columns[:2]) == ["covered_count", "covered_share"]
