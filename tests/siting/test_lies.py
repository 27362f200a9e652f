"""A solver that lies: wrong plans, wrong bounds, wrong statuses. No plan is called optimal on its word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from kcgeo import siting
from kcgeo.errors import SolverError
from kcgeo.siting.certificate import Sharing, Step, proven_bound
from kcgeo.siting.solve import solver
from kcgeo.siting.solve.apart import keep_apart
from kcgeo.siting.solve.branch import search
from kcgeo.siting.solve.clock import Run
from tests.siting.towns import count_within, flow_value, near, subsets, tables

honest = solver.Session.solve


def lying(rng: np.random.Generator) -> Callable[[solver.Session], solver.Outcome]:
    """Make a solver that tells the truth half of the time."""

    def solve(session: solver.Session) -> solver.Outcome:
        true = honest(session)
        kind = int(rng.integers(0, 12))
        width = 0 if true.x is None else true.x.size
        lies = {
            0: lambda: replace(true, x=None if true.x is None else rng.permutation(true.x)),
            1: lambda: replace(true, x=rng.integers(0, 2, width).astype(float) if width else None),
            2: lambda: replace(true, bound=true.bound + float(rng.normal()) * 50, status="optimal"),
            3: lambda: replace(true, bound=true.objective, status="optimal"),
            4: lambda: replace(true, bound=float(rng.choice([np.nan, np.inf, -np.inf, 0.0])), status="optimal"),
            5: lambda: solver.Outcome("infeasible"),
        }
        return lies[kind]() if kind in lies else true

    return solve


def town(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = rng.integers(1, 30, (6, 6)).astype(float)
    return times, rng.integers(1, 20, 6).astype(float), rng.integers(20, 60, 6).astype(float)


def truths(times: np.ndarray, people: np.ndarray, room: np.ndarray) -> dict[str, float]:
    """Best value of each question by trying every plan."""
    pairs = subsets(6, (), 2)
    twice = [people[count_within(times, s, 20) >= 2].sum() for s in pairs if (count_within(times, s, 20) > 0).all()]
    flows = [value for s in pairs if (value := flow_value(times, people, s, room, 99, serve_all=True)) is not None]
    sizes = [k for k in range(1, 7) for s in combinations(range(6), k) if (near(times, list(s)) <= 20).all()]
    return {
        "max_coverage": max(people[near(times, s) <= 9].sum() for s in pairs),
        "with_room": max(flow_value(times, people, s, room / 4, 15, serve_all=False) for s in pairs),
        "min_sites": min(sizes, default=np.nan),
        "backup": max(twice, default=np.nan),
        "p_center": min(near(times, s).max() for s in pairs),
        "p_median": min((near(times, s) * people).sum() for s in pairs),
        "median_room": min(flows, default=np.nan),
    }


def asked(name: str, times: np.ndarray, people: np.ndarray, room: np.ndarray) -> siting.SitingResult:
    costs, demand = tables(times, people)
    limit = pd.Series(room, index=[f"s{j:02d}" for j in range(6)])
    return {
        "max_coverage": lambda: siting.max_coverage(costs, demand, cutoff_min=9, new_count=2),
        "with_room": lambda: siting.max_coverage(costs, demand, cutoff_min=15, new_count=2, capacity=limit / 4),
        "min_sites": lambda: siting.min_sites(costs, demand, cutoff_min=20),
        "backup": lambda: siting.backup_coverage(costs, demand, cutoff_min=20, new_count=2),
        "p_center": lambda: siting.p_center(costs, demand, new_count=2),
        "p_median": lambda: siting.p_median(costs, demand, new_count=2),
        "median_room": lambda: siting.p_median(costs, demand, new_count=2, capacity=limit),
    }[name]()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["max_coverage", "with_room", "min_sites", "backup", "p_center", "p_median", "median_room"]
)
def test_no_lie_becomes_a_proof(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called_optimal = 0
    for seed in range(4):
        times, people, room = town(seed)
        best = truths(times, people, room)[name]
        for lie in range(12):
            monkeypatch.setattr(solver.Session, "solve", lying(np.random.default_rng([seed, lie])))
            try:
                plan = asked(name, times, people, room)
            except SolverError:
                continue
            if plan.status == "optimal":
                called_optimal += 1
                assert plan.objective == pytest.approx(best), (seed, lie)
                assert plan.proof.solver == pytest.approx(best)
                assert plan.proof.exact == pytest.approx(best)
    assert called_optimal > 8  # the truth is told often enough, and then believed


def small_sharing(seed: int) -> Sharing:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 40, (6, 8)).astype(float)
    cost[rng.random((6, 8)) < 0.3] = np.inf
    ceiling = rng.integers(20, 60, 8) + (rng.random(8) if seed % 2 else 0.0)
    kinds = [{}, {"exactly": False, "site_cost": rng.integers(1, 9, 6).astype(float), "budget": 9.0}]
    return Sharing(cost, ceiling, np.arange(6) == 5, 2, **kinds[seed % 2])


def test_no_corrupted_certificate_proves_more_than_is_true() -> None:
    """Five thousand certificates with a price, a site or a step changed: none proves a bound above the best plan."""
    refused = accepted = 0
    for seed in range(20):
        sharing = small_sharing(seed)
        with Run() as run:
            found = search(sharing, None, run)
        assert proven_bound(sharing, found.steps, found.value) == found.value
        rng = np.random.default_rng(seed)
        for _ in range(250):
            steps = list(found.steps)
            k = int(rng.integers(len(steps)))
            one = steps[k]
            lie = int(rng.integers(5))
            if lie == 0:
                steps[k] = replace(one, price=one.price + rng.normal(0, 5, one.price.size))
            elif lie == 1:
                steps[k] = replace(one, gone=rng.integers(0, 6, int(rng.integers(1, 4))))
            elif lie == 2:
                steps[k] = replace(one, split=int(rng.integers(-1, 6)))
            elif lie == 3:
                del steps[k]
            else:
                steps[k] = Step(rng.uniform(0, 60, one.price.size), one.gone, one.split, money=float(rng.uniform(0, 9)))
            claimed = found.value + float(rng.choice([0.0, 1.5, 10.0]))
            bound = proven_bound(sharing, steps, claimed)
            assert bound == -np.inf or bound == found.value
            refused, accepted = refused + (bound == -np.inf), accepted + (bound > -np.inf)
    assert refused > 2_500
    assert accepted > 0


def test_apart_by_trying_all() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        near_ = np.triu(rng.random((9, 9)) < 0.35, 1)
        near_ |= near_.T
        existing = np.arange(9) == (0 if seed % 3 else 99)
        count = int(rng.integers(1, 5))
        sets = [s for s in combinations(np.flatnonzero(~existing), count)
                if not near_[np.ix_([*s, *np.flatnonzero(existing)], s)].any()]  # fmt: skip
        with Run() as run:
            plan, is_none = keep_apart(near_, existing, count, (), run)
        assert (plan is None) == is_none == (not sets)
        if plan is not None:
            assert tuple(np.flatnonzero(plan & ~existing)) in sets
