"""Slow and obvious second versions of the measures: dense loops that read like the formula."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

__all__ = [
    "balanced_fca",
    "congestion_cost",
    "dense",
    "gini_by_pairs",
    "spatial_availability",
    "three_step_fca",
    "two_step_fca",
]

Weigh = Callable[[float], float]


def dense(costs: pd.DataFrame, demand: pd.Series, supply: pd.Series, weigh: Weigh) -> dict[tuple[str, str], float]:
    """Return the weight of every place and site, 0 where there is no pair."""
    weights = {(i, j): 0.0 for i in demand.index for j in supply.index}
    for row in costs.itertuples():
        weights[row.from_id, row.to_id] = weigh(row.time_min)
    return weights


def two_step_fca(costs, demand, supply, weigh):
    w = dense(costs, demand, supply, weigh)
    ratio = {}
    for j in supply.index:
        crowd = sum(demand[i] * w[i, j] for i in demand.index)
        ratio[j] = supply[j] / crowd if crowd > 0 else 0.0
    return pd.Series({i: sum(ratio[j] * w[i, j] for j in supply.index) for i in demand.index})


def three_step_fca(costs, demand, supply, weigh):
    w = dense(costs, demand, supply, weigh)
    g = {}
    for i in demand.index:
        total = sum(w[i, k] for k in supply.index)
        for j in supply.index:
            g[i, j] = w[i, j] / total if total > 0 else 0.0
    ratio = {}
    for j in supply.index:
        crowd = sum(demand[i] * g[i, j] * w[i, j] for i in demand.index)
        ratio[j] = supply[j] / crowd if crowd > 0 else 0.0
    return pd.Series({i: sum(g[i, j] * ratio[j] * w[i, j] for j in supply.index) for i in demand.index})


def balanced_fca(costs, demand, supply, weigh):
    w = dense(costs, demand, supply, weigh)
    level = {}
    for j in supply.index:
        crowd = 0.0
        for i in demand.index:
            row = sum(w[i, k] for k in supply.index)
            crowd += demand[i] * w[i, j] / row if row > 0 else 0.0
        level[j] = supply[j] / crowd if crowd > 0 else 0.0
    access = {}
    for i in demand.index:
        access[i] = 0.0
        for j in supply.index:
            column = sum(w[k, j] for k in demand.index)
            access[i] += level[j] * w[i, j] / column if column > 0 else 0.0
    return pd.Series(access)


def spatial_availability(costs, demand, supply, weigh):
    """Follow the paper's two factors, by people and by cost, each normalised, then their product normalised."""
    w = dense(costs, demand, supply, weigh)
    total = sum(demand)
    available = dict.fromkeys(demand.index, 0.0)
    for j in supply.index:
        column = sum(w[i, j] for i in demand.index)
        if column == 0 or total == 0:
            continue
        factor = {i: (demand[i] / total) * (w[i, j] / column) for i in demand.index}
        whole = sum(factor.values())
        for i in demand.index:
            available[i] += supply[j] * factor[i] / whole if whole > 0 else 0.0
    return pd.Series(available)


def gini_by_pairs(values, weights):
    """Mean difference between all pairs of people over twice the mean."""
    people = list(zip(values, weights, strict=True))
    total = sum(w for _, w in people)
    mean = sum(v * w for v, w in people) / total
    return sum(w1 * w2 * abs(v1 - v2) for v1, w1 in people for v2, w2 in people) / (2 * total**2 * mean)


def congestion_cost(costs, demand, supply, *, tau_min, rounds=5_000):
    """Let the places choose in turn: each fills its sites to one level of cost, given the others, until none moves."""
    pairs = {}
    for row in costs.itertuples():
        if supply[row.to_id] > 0:
            pairs.setdefault(row.from_id, []).append((row.to_id, row.time_min / tau_min))
    rho = demand.sum() / supply.sum() if supply.sum() > 0 else 0.0
    users = dict.fromkeys(supply.index, 0.0)
    held = {}
    for _ in range(rounds if rho > 0 else 0):
        change = 0.0
        for place, sites in pairs.items():
            for site, _ in sites:
                users[site] -= held.get((place, site), 0.0)
            floor = {site: users[site] / (rho * supply[site]) + way for site, way in sites}
            level, left = _level(floor, {site: rho * supply[site] for site, _ in sites}, demand[place])
            for site, _ in sites:
                people = max(0.0, level - floor[site]) * rho * supply[site] if left else 0.0
                change = max(change, abs(people - held.get((place, site), 0.0)))
                held[place, site] = people
                users[site] += people
        if change < 1e-9 * max(1.0, demand.sum()):
            break
    crowding = {j: users[j] / (rho * supply[j]) if rho * supply[j] > 0 else 0.0 for j in supply.index}
    return pd.Series(
        {i: min((crowding[j] + way for j, way in pairs.get(i, [])), default=float("nan")) for i in demand.index}
    )


def _level(floor, room, people):
    """Pour people into sites with the given floors until all poured have one level."""
    if people == 0:
        return 0.0, False
    order = sorted(floor, key=floor.__getitem__)
    for k in range(1, len(order) + 1):
        wet = order[:k]
        level = (people + sum(room[j] * floor[j] for j in wet)) / sum(room[j] for j in wet)
        if k == len(order) or level <= floor[order[k]]:
            return level, True
    raise AssertionError
