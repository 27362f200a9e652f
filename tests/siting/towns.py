"""Small worlds for siting, and the slow, obvious answers: every subset of sites is tried."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.optimize import linprog


def tables(times: np.ndarray, people: np.ndarray) -> tuple[pd.DataFrame, pd.Series]:
    """Costs and demand of a full table (places by sites); NaN is a pair that is missing."""
    rows = [
        (f"p{i:02d}", f"s{j:02d}", float(times[i, j]))
        for i in range(times.shape[0])
        for j in range(times.shape[1])
        if not np.isnan(times[i, j])
    ]
    costs = pd.DataFrame(rows, columns=["from_id", "to_id", "time_min"])
    return costs, pd.Series(people, index=[f"p{i:02d}" for i in range(len(people))], dtype=float)


def random_town(rng: np.random.Generator, *, full: bool) -> tuple[np.ndarray, np.ndarray]:
    """Whole minutes, so that ties and exact cutoffs occur; every site has at least one pair."""
    places, sites = int(rng.integers(1, 10)), int(rng.integers(2, 8))
    times = rng.integers(0, 30, (places, sites)).astype(float)
    if not full:
        times[rng.random((places, sites)) < 0.35] = np.nan
        for j in np.flatnonzero(np.isnan(times).all(axis=0)):
            times[int(rng.integers(places)), j] = 7.0
    people = rng.integers(0, 20, places).astype(float)
    people[int(rng.integers(places))] += 1
    return times, people


seeds = st.integers(0, 2**32 - 1)


def subsets(sites: int, existing: tuple[int, ...], new_count: int) -> list[list[int]]:
    free = [j for j in range(sites) if j not in existing]
    return [sorted([*existing, *pick]) for pick in combinations(free, new_count)]


def near(times: np.ndarray, chosen: list[int]) -> np.ndarray:
    """Minutes to the nearest chosen site, infinite without one."""
    if not chosen:
        return np.full(times.shape[0], np.inf)
    return np.nan_to_num(times[:, chosen], nan=np.inf).min(axis=1)


def count_within(times: np.ndarray, chosen: list[int], cutoff: float) -> np.ndarray:
    return (np.nan_to_num(times[:, chosen], nan=np.inf) <= cutoff).sum(axis=1)


def flow_value(
    times: np.ndarray, people: np.ndarray, chosen: list[int], capacity: np.ndarray, cutoff: float, *, serve_all: bool
) -> float | None:
    """Most people served, or the least person-minutes to serve all (None: not all can be)."""
    pairs = [(i, j) for i in range(len(people)) for j in chosen if times[i, j] <= cutoff]
    if not pairs:
        return None if serve_all else 0.0
    cost = [times[i, j] if serve_all else -1.0 for i, j in pairs]
    by_site = np.array([[float(j == k) for _, j in pairs] for k in chosen])
    by_place = np.array([[float(i == k) for i, _ in pairs] for k in range(len(people))])
    room = capacity[chosen]
    if serve_all:
        answer = linprog(cost, A_ub=by_site, b_ub=room, A_eq=by_place, b_eq=people)
    else:
        answer = linprog(cost, A_ub=np.vstack([by_site, by_place]), b_ub=np.concatenate([room, people]))
    return None if answer.status != 0 else float(answer.fun if serve_all else -answer.fun)
