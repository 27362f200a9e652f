"""What a chain of stages carries: closed forms, an independent maximum flow, a simulation by another program."""

from __future__ import annotations

import itertools
import math
import os
import sys

import ciw
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from kcgeo.access import (
    Stage,
    bed_chance,
    chain,
    earliest_path,
    erlang_a,
    erlang_b,
    erlang_c,
    simulate_chain,
)
from kcgeo.access.chain import flow as carried
from kcgeo.access.chain import read_layers
from kcgeo.errors import TableError


def _factorial_b(load: float, beds: int) -> float:
    terms = [load**k / math.factorial(k) for k in range(beds + 1)]
    return terms[-1] / sum(terms)


@pytest.mark.parametrize("load", [0.3, 2.0, 7.5, 19.0])
@pytest.mark.parametrize("beds", [1, 4, 12, 30])
def test_erlang_b_and_c_equal_their_factorials(load: float, beds: int) -> None:
    blocked = _factorial_b(load, beds)
    assert erlang_b(load, beds) == pytest.approx(blocked, rel=1e-9)
    if load < beds:
        last = load**beds / math.factorial(beds) * beds / (beds - load)
        waits = last / (sum(load**k / math.factorial(k) for k in range(beds)) + last)
        assert erlang_c(load, beds) == pytest.approx(waits, rel=1e-9)
    else:
        assert erlang_c(load, beds) == 1.0


def _abandon(load: float, beds: int, patience: float) -> float:
    """Share that gives up, from the probabilities of each number of people in the system."""
    chances = [1.0]
    while chances[-1] > 1e-30 * max(chances):
        people = len(chances)
        chances.append(chances[-1] * load / (min(people, beds) + max(people - beds, 0) / patience))
    waiting = sum((number - beds) * chance for number, chance in enumerate(chances) if number > beds)
    return waiting / sum(chances) / patience / load


@pytest.mark.parametrize(
    ("load", "beds", "patience"), [(10, 10, 1), (30, 20, 0.5), (3, 5, 4), (100, 90, 0.1), (0.5, 1, 2)]
)
def test_erlang_a_equals_the_sum_over_states(load: float, beds: int, patience: float) -> None:
    served, gave_up = erlang_a(load, beds, patience=patience)
    assert gave_up == pytest.approx(_abandon(load, beds, patience), rel=1e-9)
    assert served + gave_up == pytest.approx(1, abs=1e-12)
    # who is never impatient waits as in Erlang C
    if load < beds:
        within = erlang_a(load, beds, patience=1e7, within=0.2)[0]
        assert within == pytest.approx(1 - erlang_c(load, beds) * math.exp(-(beds - load) * 0.2), abs=1e-5)


def test_more_beds_and_more_hours_never_help_less() -> None:
    by_beds = [bed_chance(5, 30, beds) for beds in range(1, 40)]
    assert by_beds == sorted(by_beds)
    by_hours = [bed_chance(5, 30, 24, within_hours=hours, patience_days=3) for hours in (0, 12, 24, 96)]
    assert by_hours == sorted(by_hours)


@pytest.mark.parametrize("bad", [{"beds": 2.5}, {"beds": -1}, {"arrivals_week": math.nan}, {"stay_days": 0}])
def test_no_chance_is_printed_of_what_is_unknown(bad: dict[str, float]) -> None:
    with pytest.raises(TableError):
        bed_chance(**{"arrivals_week": 3, "stay_days": 30, "beds": 4, **bad})  # type: ignore[arg-type]


def _random_chain(rng: np.random.Generator) -> tuple[list[Stage], pd.DataFrame, list[pd.DataFrame]]:
    stages = [Stage(f"stage {number}", float(rng.integers(1, 60)), 30.0) for number in range(3)]
    sites = pd.DataFrame(
        [
            {"site_id": f"s{number}-{site}", "stage": stage.name, "beds_low": float(beds), "beds_high": float(beds)}
            for number, stage in enumerate(stages)
            for site, beds in enumerate(rng.integers(0, 9, size=rng.integers(1, 5)))
        ]
    )
    ids = [["o1", "o2"], *(sites.loc[sites["stage"] == stage.name, "site_id"].tolist() for stage in stages)]
    costs = []
    for before, after in itertools.pairwise(ids):
        pairs = [(a, b, float(rng.uniform(0, 50))) for a in before for b in after]
        costs.append(pd.DataFrame(pairs, columns=["from_id", "to_id", "time_min"]))
    return stages, sites, costs


def _max_flow(stages: list[Stage], sites: pd.DataFrame, costs: list[pd.DataFrame], origins: set[str]) -> float:
    graph = nx.DiGraph()
    stay = {stage.name: stage.stay_days for stage in stages}
    for row in sites.itertuples():
        graph.add_edge(("in", row.site_id), ("out", row.site_id), capacity=row.beds_low * 7 / stay[row.stage])
        if row.stage == stages[-1].name:
            graph.add_edge(("out", row.site_id), "home")
    for number, table in enumerate(costs):
        for row in table[table["time_min"] <= 30].itertuples():
            if number == 0 and row.from_id in origins:
                graph.add_edge("street", ("in", row.to_id))
            elif number:
                graph.add_edge(("out", row.from_id), ("in", row.to_id))
    if "street" not in graph or "home" not in graph:
        return 0.0
    return float(nx.maximum_flow_value(graph, "street", "home"))


@pytest.mark.slow
def test_flow_equals_an_independent_maximum_flow() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        stages, sites, costs = _random_chain(rng)
        flow = chain(stages, sites, costs)
        assert flow.low_week == pytest.approx(_max_flow(stages, sites, costs, {"o1", "o2"}), abs=1e-9)
        assert flow.low_week == flow.high_week
        for row in flow.by_origin.itertuples():
            assert row.low_week == pytest.approx(_max_flow(stages, sites, costs, {row.origin}), abs=1e-9)


def test_one_more_bed_adds_what_the_best_place_for_it_adds() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        stages, sites, costs = _random_chain(rng)
        flow = chain(stages, sites, costs)
        added = dict.fromkeys(sites["stage"], 0.0)
        for row in sites.index:
            more = sites.copy()
            more.loc[row, ["beds_low", "beds_high"]] += 1
            gain = carried(read_layers(stages, more, costs)) - flow.low_week
            assert gain >= -1e-9
            added[sites.loc[row, "stage"]] = max(added[sites.loc[row, "stage"]], gain)
        for stage in flow.stages.itertuples():
            # a bed may be divided among sites, so it can add more than at any one, and never more than it holds
            assert added[stage.stage] - 1e-9 <= stage.one_more_bed_week <= 7 / stages[stage.Index].stay_days + 1e-9
            assert stage.binds or added[stage.stage] <= 1e-9


def test_both_ways_of_solving_give_one_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    for _ in range(10):
        layers = read_layers(*_random_chain(rng))
        simplex = carried(layers), carried(layers, more=(1, 1.0))
        monkeypatch.setattr(sys.modules["kcgeo.access.chain"], "_MANY", 0)
        assert (carried(layers), carried(layers, more=(1, 1.0))) == pytest.approx(simplex, abs=1e-8)
        monkeypatch.undo()


def test_two_stages_without_beds_bind_together_and_the_full_one_does_not() -> None:
    names = ["bed", "rooms", "home"]
    sites = pd.DataFrame({"site_id": names, "stage": names, "beds_low": [300.0, 0, 0], "beds_high": [300.0, 24, 24]})
    links = [("o", "bed"), ("bed", "rooms"), ("rooms", "home")]
    costs = [pd.DataFrame({"from_id": [a], "to_id": [b], "time_min": [10.0]}) for a, b in links]
    flow = chain([Stage("bed", 30, 30), Stage("rooms", 365, 30), Stage("home", 730, 30)], sites, costs)
    assert flow.stages["binds"].tolist() == [False, True, True]
    assert flow.stages["one_more_bed_week"].tolist() == pytest.approx([0, 0, 0])  # one alone leads nowhere
    assert flow.high_week == pytest.approx(24 * 7 / 730)
    # if either of the two were known to be none, nothing could be carried; the beds of the first change nothing
    assert flow.stages["known_high_week"].fillna(-1).tolist() == pytest.approx([-1, 0, 0])


@pytest.mark.slow
def test_unknown_beds_only_widen_the_interval() -> None:
    rng = np.random.default_rng(7)
    for _ in range(6):
        stages, sites, costs = _random_chain(rng)
        known = carried(read_layers(stages, sites, costs))
        for row in sites.index:
            unknown = sites.copy()
            unknown.loc[row, ["beds_low", "beds_high"]] = math.nan
            wider = read_layers(stages, unknown, costs)
            assert carried(wider) <= known + 1e-9
            assert carried(wider, "beds_high") >= known - 1e-9


def test_shares_that_go_on_relieve_the_next_stage() -> None:
    sites = pd.DataFrame(
        {"site_id": ["a", "h"], "stage": ["bed", "home"], "beds_low": [60.0, 5], "beds_high": [60.0, 5]}
    )
    costs = [pd.DataFrame({"from_id": [a], "to_id": [b], "time_min": [10.0]}) for a, b in (("o", "a"), ("a", "h"))]
    for share in (1.0, 0.5, 0.1):
        flow = chain([Stage("bed", 30, 30, share), Stage("home", 365, 30)], sites, costs)
        assert flow.low_week == pytest.approx(min(60 * 7 / 30, 5 * 7 / 365 / share))


def test_faults_come_all_at_once() -> None:
    sites = pd.DataFrame({"site_id": ["a"], "stage": ["nowhere"], "beds_low": [3], "beds_high": [2]})
    with pytest.raises(TableError) as caught:
        chain([Stage("bed", 0, 30)], sites, [])
    assert len(caught.value.problems) == 4


@pytest.mark.slow
def test_simulation_agrees_with_another_program() -> None:
    """Eight systems here; as many as KCGEO_SYSTEMS says in a long run (docs/testing.md)."""
    rng = np.random.default_rng(11)
    outside, systems = 0, int(os.environ.get("KCGEO_SYSTEMS", "8"))
    for seed in range(systems):
        beds = [int(rng.integers(2, 12)), int(rng.integers(2, 12))]
        stays, share = rng.uniform(2, 20, size=2), float(rng.uniform(0.2, 1))
        arrivals = float(rng.uniform(0.5, 1.1)) * beds[0] * 7 / stays[0]
        stages = [Stage("bed", stays[0], 30, share), Stage("home", stays[1], 30)]
        ours = simulate_chain(arrivals, stages, beds, weeks=150, runs=10, seed=seed, patience_days=5)
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(arrivals / 7), None],
            service_distributions=[ciw.dists.Exponential(1 / stay) for stay in stays],
            number_of_servers=beds,
            routing=[[0.0, share], [0.0, 0.0]],
            reneging_time_distributions=[ciw.dists.Exponential(1 / 5), ciw.dists.Exponential(1 / 5)],
        )
        theirs = []
        for run in range(10):
            ciw.seed(run)
            simulation = ciw.Simulation(network)
            simulation.simulate_until_max_time(1050)
            records = pd.DataFrame(simulation.get_all_records())
            records = records[records["arrival_date"] > 105]
            in_time = (records["record_type"] == "service") & (records["waiting_time"] <= 1)
            theirs.append(in_time.groupby(records["node"]).mean().reindex([1, 2]).to_numpy())
        mean, error = np.nanmean(theirs, axis=0), np.nanstd(theirs, axis=0, ddof=1) / math.sqrt(10)
        half = (ours["high"] - ours["low"]).to_numpy() / 2
        outside += int((np.abs(ours["chance"] - mean) > half + 2.26 * error).sum())
    assert outside <= 0.05 * 2 * systems + 1  # of two pairs of intervals a system


def test_simulation_of_one_stage_meets_the_closed_form() -> None:
    found = simulate_chain(5, [Stage("bed", 14, 30)], [12], weeks=400, runs=12, seed=1, patience_days=4)
    truth = bed_chance(5, 14, 12, patience_days=4)
    assert found.loc[0, "low"] - 0.01 <= truth <= found.loc[0, "high"] + 0.01


def test_a_path_waits_for_the_door_and_breaks_where_no_door_is_known_to_open() -> None:
    leave = pd.Timestamp("2026-11-28 02:00")  # a Saturday
    stages = [Stage("first contact", 1, 30), Stage("exam", 1, 60), Stage("bed", 30, 60)]
    costs = [
        pd.DataFrame(rows, columns=["from_id", "to_id", "time_min"])
        for rows in (
            [("here", "line", 0.0), ("here", "far", 31.0)],
            [("line", "clinic", 40.0), ("line", "hospital", 55.0)],
            [("clinic", "shelter", 5.0), ("hospital", "shelter", 20.0)],
        )
    ]
    always, office = np.ones(168, dtype=bool), np.zeros(168, dtype=bool)
    office[[day * 24 + hour for day in range(5) for hour in range(8, 17)]] = True
    hours = {"line": always, "far": always, "clinic": office, "hospital": always, "shelter": always}
    path = earliest_path(leave, "here", stages, costs, hours)
    assert path["site_id"].tolist() == ["line", "hospital", "shelter"]
    assert path["arrive"].tolist() == [leave, leave + pd.Timedelta(minutes=55), leave + pd.Timedelta(minutes=75)]
    without = earliest_path(
        leave, "here", stages, costs, {key: week for key, week in hours.items() if key != "hospital"}
    )
    assert without["arrive"].iloc[1] == pd.Timestamp("2026-11-30 08:00")  # Monday, when the clinic opens
    broken = earliest_path(leave, "here", stages, costs, {"line": always})
    assert broken["site_id"].tolist() == ["line", "", ""]
    assert broken["arrive"].isna().tolist() == [False, True, True]
