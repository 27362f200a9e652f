"""New beds where the chain carries most: every plan tried, flows by another program, and bounds from any prices."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from kcgeo.access import Stage
from kcgeo.errors import TableError
from kcgeo.siting import place_beds
from kcgeo.siting.models import place_beds as model

STAGES = [Stage("bed", 30.0, 30.0), Stage("rooms", 100.0, 30.0), Stage("home", 200.0, 30.0)]


def _chain(rng: np.random.Generator) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    counts = rng.integers(2, 5, size=3)
    rows = [
        (f"{stage.name} {site}", stage.name, float(rng.integers(0, 7)))
        for stage, count in zip(STAGES, counts, strict=True)
        for site in range(count)
    ]
    sites = pd.DataFrame(rows, columns=["site_id", "stage", "beds_low"])
    ids = [["o1", "o2"], *(sites.loc[sites["stage"] == stage.name, "site_id"].tolist() for stage in STAGES)]
    costs = [
        pd.DataFrame(
            [(a, b, float(rng.uniform(0, 50))) for a in one for b in two], columns=["from_id", "to_id", "time_min"]
        )
        for one, two in itertools.pairwise(ids)
    ]
    return sites.assign(beds_high=sites["beds_low"]), costs


def _carried(sites: pd.DataFrame, costs: list[pd.DataFrame]) -> float:
    graph = nx.DiGraph()
    graph.add_nodes_from(["street", "end"])
    stay = {stage.name: stage.stay_days for stage in STAGES}
    for row in sites.itertuples():
        graph.add_edge(("in", row.site_id), ("out", row.site_id), capacity=row.beds_low * 7 / stay[row.stage])
        if row.stage == STAGES[-1].name:
            graph.add_edge(("out", row.site_id), "end")
    for number, table in enumerate(costs):
        for row in table[table["time_min"] <= 30].itertuples():
            graph.add_edge(("out", row.from_id) if number else "street", ("in", row.to_id))
    return float(nx.maximum_flow_value(graph, "street", "end"))


def _best(sites: pd.DataFrame, costs: list[pd.DataFrame], stage: str, new: int, limit: int) -> float:
    own = sites.index[sites["stage"] == stage]
    best = 0.0
    for plan in itertools.product(range(new + 1), repeat=len(own)):
        if sum(plan) == new and sum(beds > 0 for beds in plan) <= limit:
            more = sites.copy()
            more.loc[own, "beds_low"] += plan
            best = max(best, _carried(more, costs))
    return best


def test_no_plan_carries_more_and_both_bounds_say_so() -> None:
    rng = np.random.default_rng(1)
    moved = 0
    for number in range(12):
        sites, costs = _chain(rng)
        stage, new, limit = STAGES[number % 3].name, int(rng.integers(1, 5)), int(rng.integers(1, 4))
        own = sites.loc[sites["stage"] == stage, "site_id"]
        plan = place_beds(STAGES, sites, costs, stage=stage, new_beds=new, candidates=own, site_limit=limit)
        assert plan.objective == pytest.approx(_best(sites, costs, stage, new, limit), abs=1e-7)
        assert plan.before_week == pytest.approx(_carried(sites, costs), abs=1e-7)
        assert plan.gap == 0 and plan.proof.exact == pytest.approx(plan.objective, rel=1e-8, abs=1e-8)
        assert plan.beds["beds_count"].sum() == new and len(plan.beds) <= limit
        moved += plan.objective > plan.before_week + 1e-6
    assert moved > 3  # beds do help in some of these chains


def test_any_prices_give_a_bound_that_no_plan_beats() -> None:
    rng = np.random.default_rng(2)
    for _ in range(6):
        sites, costs = _chain(rng)
        layers = model.read_layers(STAGES, sites, costs)
        free = np.arange(len(layers.sites[1]), dtype=np.intp)
        ask = model._Question(layers, 1, free, 3, len(free))
        truth = _best(sites, costs, "rooms", 3, len(free))
        low, high = np.zeros(len(free)), np.full(len(free), 3.0)
        for _ in range(10):
            price = rng.uniform(0, 2, len(sites)) * (rng.random(len(sites)) < 0.7)
            assert model._priced(ask, price, low, high) >= truth * (1 - 1e-12)


def test_of_equal_places_the_preferred_one_gets_the_beds() -> None:
    sites = pd.DataFrame({"site_id": ["a", "b", "h"], "stage": ["bed", "bed", "home"], "beds_low": [0.0, 0, 400]})
    sites["beds_high"] = sites["beds_low"]
    into = pd.DataFrame({"from_id": ["o", "o"], "to_id": ["a", "b"], "time_min": [20.0, 10.0]})
    onward = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["h", "h"], "time_min": [30.0, 30.0]})
    for favourite in ("a", "b"):
        plan = place_beds(
            [STAGES[0], STAGES[2]], sites, [into, onward], stage="bed", new_beds=10, candidates=["a", "b"],
            prefer=pd.Series({favourite: 5.0}),
        )  # fmt: skip
        assert plan.beds["site_id"].tolist() == [favourite]
        assert plan.objective == pytest.approx(10 * 7 / 30)


def test_beds_that_lead_nowhere_add_nothing_and_the_plan_says_so() -> None:
    sites = pd.DataFrame({"site_id": ["a", "h"], "stage": ["bed", "home"], "beds_low": [5.0, 0], "beds_high": [5.0, 0]})
    links = [
        pd.DataFrame({"from_id": [one], "to_id": [two], "time_min": [9.0]}) for one, two in (("o", "a"), ("a", "h"))
    ]
    plan = place_beds([STAGES[0], STAGES[2]], sites, links, stage="bed", new_beds=10, candidates=["a"])
    assert (plan.before_week, plan.objective, plan.gap) == (0.0, 0.0, 0.0)


def test_faults_are_named() -> None:
    rng = np.random.default_rng(4)
    sites, costs = _chain(rng)
    for asked, said in (
        ({"stage": "tent"}, "no stage 'tent'"), ({"new_beds": 0}, "0 beds"), ({"candidates": ["home 0"]}, "no sites"),
        ({"candidates": []}, "no candidate"), ({"site_limit": 0}, "at 0 sites"),
    ):  # fmt: skip
        with pytest.raises(TableError, match=said):
            place_beds(STAGES, sites, costs, **{"stage": "bed", "new_beds": 1, "candidates": ["bed 0"], **asked})
    assert not math.isnan(place_beds(STAGES, sites, costs, stage="bed", new_beds=1, candidates=["bed 0"]).objective)
