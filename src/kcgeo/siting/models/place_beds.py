"""Where more beds carry most: whole beds at candidate sites of one stage of a chain, with a bound that is proven twice.

The flow of :mod:`kcgeo.access.chain`, with a number of beds to be chosen at each candidate of the stage::

    maximise    sum_j inflow_1j
    subject to  inflow_sj <= (beds_sj + new_sj) * 7 / stay_s,   sum_j new_j = new_beds,   at most site_limit of them > 0

The second proof prices a person's week at each site. Where no way through the chain is cheaper than 1, nothing carries
more people than all beds together are worth; that is checked in whole numbers, whatever the prices are.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kcgeo.access.chain import DAYS_A_WEEK, Layers, Stage, flow, program_of, read_layers
from kcgeo.access.pairs import text_ids
from kcgeo.errors import SolverError, TableError, first_ids, raise_all
from kcgeo.siting.certificate import CLOSE
from kcgeo.siting.instance import Bools, Floats
from kcgeo.siting.plan import Proof, UnfinishedError, relative_gap
from kcgeo.siting.solve.clock import ProgressFunction, Run
from kcgeo.siting.solve.solver import Outcome, Program, Rows, solve

__all__ = ["BedPlan", "place_beds"]

_SCALE = 1 << 40
_SHARE = 1 << 20
_NONE = 1 << 61  # cost of a way that is not there
_NODES = 400

Wholes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BedPlan:
    """Where new beds of one stage go, and what the whole chain then carries.

    Attributes
    ----------
    stage
        Stage that gets the beds.
    beds
        ``site_id, beds_count``: the sites that get some, sorted.
    before_week, objective
        People a week whom the chain carries without and with the new beds.
    bound, gap
        What no plan can beat, and the distance from it relative to the larger; 0 for a proven optimum.
    status
        ``optimal``, ``time_limit`` or ``interrupted``.
    proof
        Both bounds behind ``bound``.
    """

    stage: str
    beds: pd.DataFrame
    before_week: float
    objective: float
    bound: float
    gap: float
    status: str
    proof: Proof


@dataclass(frozen=True, eq=False)
class _Question:
    """The chain as arrays, the sites of its stage that may get beds (one of each kind), and how many."""

    layers: Layers
    number: int
    free: npt.NDArray[np.intp]
    new_beds: int
    site_limit: int

    @property
    def rate(self) -> float:
        """People a week in one bed of the stage."""
        return DAYS_A_WEEK / self.layers.stages[self.number].stay_days


def place_beds(
    stages: Sequence[Stage],
    sites: pd.DataFrame,
    costs: Sequence[pd.DataFrame],
    *,
    stage: str,
    new_beds: int,
    candidates: Iterable[str],
    site_limit: int = 1,
    prefer: pd.Series[float] | None = None,
    time_limit_s: float | None = None,
    progress: ProgressFunction | None = None,
) -> BedPlan:
    """Put new beds of one stage where the chain then carries most people a week.

    Parameters
    ----------
    stages, sites, costs
        As :func:`kcgeo.access.chain`, counted at ``beds_low``. A new place is a site of the stage without beds.
    stage
        Name of the stage that gets beds.
    new_beds
        How many, 1 or more; all are placed.
    candidates
        Sites of the stage that may get some.
    site_limit
        At most so many sites get beds.
    prefer
        By site: of sites that are equal in the chain the one with the largest value is taken, e.g. people in reach.
    time_limit_s, progress
        As in `min_sites`.

    Raises
    ------
    TableError
        As :func:`kcgeo.access.chain`; no such stage or candidate, or numbers that mean nothing.
    UnfinishedError
        The time is over before there is a plan.

    References
    ----------
    Maass, Trapp and Konrad (2020), Socio-Economic Planning Sciences 71; Ford and Fulkerson (1956) for the bound.

    Examples
    --------
    >>> stages = [Stage("bed", 30, 30), Stage("home", 365, 60)]
    >>> sites = pd.DataFrame({"site_id": ["a", "b", "h"], "stage": ["bed", "bed", "home"], "beds_low": [0, 0, 52.0],
    ...                       "beds_high": [0, 0, 52.0]})
    >>> into = pd.DataFrame({"from_id": ["o", "o"], "to_id": ["a", "b"], "time_min": [20.0, 10.0]})
    >>> onward = pd.DataFrame({"from_id": ["a"], "to_id": ["h"], "time_min": [30.0]})
    >>> plan = place_beds(stages, sites, [into, onward], stage="bed", new_beds=3, candidates=["a", "b"])
    >>> plan.beds["site_id"].tolist(), round(plan.objective, 3), plan.gap
    (['a'], 0.7, 0.0)
    """
    layers = read_layers(stages, sites, costs)
    wanted = set(text_ids(candidates, "candidates"))
    number = next((at for at, one in enumerate(layers.stages) if one.name == stage), -1)
    own = layers.sites[number]["site_id"]
    strange = sorted(wanted - set(own))
    checks = [
        (number < 0, f"There is no stage '{stage}'; there are {', '.join(one.name for one in stages)}."),
        (number >= 0 and bool(strange), f"{first_ids(strange)} are no sites of the stage {stage}."),
        (not wanted, "There is no candidate for new beds; name one or more."),
        (new_beds < 1 or site_limit < 1, f"{new_beds} beds at {site_limit} sites cannot be placed; give 1 or more."),
    ]
    raise_all([sentence for wrong, sentence in checks if wrong], TableError)
    may = own.isin(wanted).to_numpy()
    wish = pd.Series(0.0, index=own) if prefer is None else prefer.reindex(own).fillna(0.0)
    free = _kinds(layers, number, may, np.asarray(wish, dtype=np.float64))
    ask = _Question(layers, number, free, int(new_beds), min(int(site_limit), len(free)))
    with Run(time_limit_s, progress) as run:
        before = flow(layers)
        found = solve(_relaxed(ask, whole=True), run)
        if found.x is None:
            raise UnfinishedError(found.status)
        width = len(found.x) - 2 * len(free)
        new = np.rint(found.x[width : width + len(free)])
        after = _checked(ask, new, found.objective)
        exact = _exact_bound(ask, after, run)
    bound = max(min(found.bound, exact), after)
    bound = after if bound <= after + CLOSE * max(1.0, after) else bound
    table = pd.DataFrame({"site_id": own.to_numpy()[free], "beds_count": new.astype(int)})
    table = table[table["beds_count"] > 0].sort_values("site_id", ignore_index=True)
    proof = Proof(found.bound, exact)
    return BedPlan(stage, table, before, after, bound, relative_gap(after, bound), run.stopped or found.status, proof)


def _kinds(layers: Layers, number: int, may: Bools, prefer: Floats) -> npt.NDArray[np.intp]:
    """Return one site of each kind: sites with the same ways in and out share what they hold, so one may hold all."""
    ways: list[list[tuple[int, int]]] = [[] for _ in may]
    entered = set(layers.entries["site"].tolist())
    for site in range(len(may)):
        ways[site] += [(-1, int(site in entered))] if number == 0 else []
    for side, (start, to) in enumerate(layers.links):
        if side in (number - 1, number):
            here, there = (to, start) if side == number - 1 else (start, to)
            for site, other in zip(here.tolist(), there.tolist(), strict=True):
                ways[site].append((side, other))
    best: dict[frozenset[tuple[int, int]], int] = {}
    for site in sorted(np.flatnonzero(may).tolist(), key=lambda at: (-prefer[at], at)):
        best.setdefault(frozenset(ways[site]), site)
    return np.array(sorted(best.values()), dtype=np.intp)


def _relaxed(ask: _Question, *, whole: bool = False, low: Floats | None = None, high: Floats | None = None) -> Program:
    """Write the programme: flows, beds at the free sites and, for whole beds, which of these sites get any."""
    layers, free, flows = ask.layers, len(ask.free), program_of(ask.layers)
    width, marks = len(flows.gain), len(ask.free) if whole else 0
    start = sum(len(table) for table in layers.sites[: ask.number])
    rates = [
        table["beds_low"].to_numpy(dtype=float) * DAYS_A_WEEK / stage.stay_days
        for table, stage in zip(layers.sites, layers.stages, strict=True)
    ]
    inflow = sparse.vstack(flows.inflow, format="csr")
    room = sparse.csr_array((np.full(free, -ask.rate), (start + ask.free, np.arange(free))), (inflow.shape[0], free))

    def block(*parts: sparse.csr_array | None) -> sparse.csr_array:
        """Columns of the flows, the beds and the marks, blank where there is nothing."""
        rows = next(part.shape[0] for part in parts if part is not None)
        sizes = (width, free, marks)
        whole_row = [
            sparse.csr_array((rows, size)) if part is None else part for part, size in zip(parts, sizes, strict=True)
        ]
        return sparse.csr_array(sparse.hstack(whole_row, format="csr"))

    once = sparse.csr_array(np.ones((1, free)))
    rows = [Rows.of(block(inflow, room, None), upper=np.concatenate(rates))]
    rows.append(Rows.of(block(None, once, None), lower=ask.new_beds, upper=ask.new_beds))
    if flows.keep is not None:
        rows.append(Rows.of(block(flows.keep, None, None), lower=0.0, upper=0.0))
    if whole:
        each = sparse.eye_array(free, format="csr")
        rows.append(Rows.of(block(None, each, each * -ask.new_beds), upper=0.0))
        rows.append(Rows.of(block(None, None, once), upper=ask.site_limit))
    most = np.full(free, float(ask.new_beds)) if high is None else high
    return Program(
        sense="max",
        cost=np.concatenate([flows.gain, np.zeros(free + marks)]),
        lower=np.concatenate([np.zeros(width), np.zeros(free) if low is None else low, np.zeros(marks)]),
        upper=np.concatenate([np.full(width, np.inf), most, np.ones(marks)]),
        integer=np.arange(width + free + marks) >= (width if whole else width + free),
        rows=tuple(rows),
    )


def _checked(ask: _Question, new: Floats, claimed: float) -> float:
    """Compute again what the chain carries with the new beds, from the tables and by another solver call."""
    beds = ask.layers.sites[ask.number]["beds_low"].to_numpy(dtype=float).copy()
    beds[ask.free] += new
    after = flow(ask.layers, beds={ask.number: beds})
    if new.sum() != ask.new_beds or (new > 0).sum() > ask.site_limit or abs(after - claimed) > 1e-6 * max(1.0, after):
        raise SolverError(
            f"The plan of beds does not carry the {claimed:g} people a week that it claims, but {after:g}."
        )
    return after


def _exact_bound(ask: _Question, best: float, run: Run) -> float:
    """Search all plans by bounds in whole numbers; what no plan can beat, which is ``best`` where it is proven."""
    high = np.full(len(ask.free), float(ask.new_beds))
    waiting: list[tuple[float, int, Floats, Floats, Outcome, frozenset[int]]] = []
    count = 0

    def push(low: Floats, high: Floats, used: frozenset[int]) -> None:
        nonlocal count
        if len(used) == ask.site_limit:
            high = np.where(np.isin(np.arange(len(high)), list(used)), high, 0.0)
        if not (low <= high).all() or low.sum() > ask.new_beds or high.sum() < ask.new_beds:
            return
        found = solve(_relaxed(ask, low=low, high=high), run)
        bound = math.inf if found.price is None else _priced(ask, np.abs(found.price), low, high)
        count += 1
        heapq.heappush(waiting, (-bound, count, low, high, found, used))

    push(np.zeros(len(ask.free)), high, frozenset())
    while waiting:
        bound, _, low, high, found, used = heapq.heappop(waiting)
        if -bound <= best + CLOSE * max(1.0, best):
            return best
        if found.x is None or count > _NODES or run.stopped:
            return -bound
        new = found.x[-len(ask.free) :]
        spread, part = (new > CLOSE) & ~np.isin(np.arange(len(new)), list(used)), np.abs(new - np.rint(new))
        if spread.any() and len(used) + spread.sum() > ask.site_limit:
            site = int(np.argmax(np.where(spread, new, -1.0)))
            push(low, np.where(np.arange(len(new)) == site, 0.0, high), used)
            push(low, high, used | {site})
        elif part.max() > CLOSE:
            here = np.arange(len(new)) == int(np.argmax(part))
            push(low, np.where(here, np.floor(new), high), used)
            push(np.where(here, np.ceil(new), low), high, used)
        else:  # a plan, worth its bound but for rounding: nothing below it is better
            return -bound
    return best


def _priced(ask: _Question, price: Floats, low: Floats, high: Floats) -> float:
    """Bound of all plans with beds from ``low`` to ``high``, from any prices: exact, and rounded up at the end."""
    layers, at, worth = ask.layers, 0, Fraction(0)
    prices = list[Wholes]()
    for table, stage in zip(layers.sites, layers.stages, strict=True):
        whole = np.minimum(np.rint(price[at : at + len(table)] * _SCALE), float(_NONE >> 4)).astype(np.int64)
        at += len(table)
        prices.append(whole)
        held = sum(int(one) * Fraction(beds) for one, beds in zip(whole, table["beds_low"], strict=True) if one)
        worth += held * 7 / Fraction(stage.stay_days)
    own = [int(one) for one in prices[ask.number][ask.free]]
    left, most = ask.new_beds - int(low.sum()), sum(one * int(least) for one, least in zip(own, low, strict=True))
    for site in np.argsort(own)[::-1]:
        taken = min(left, int(high[site] - low[site]))
        most, left = most + taken * own[site], left - taken
    worth += most * 7 / Fraction(layers.stages[ask.number].stay_days)
    cheapest = _cheapest_way(layers, prices)
    if cheapest >= _NONE:
        return 0.0
    return math.inf if cheapest == 0 else math.nextafter(float(worth / cheapest), math.inf)


def _cheapest_way(layers: Layers, prices: Sequence[Wholes]) -> int:
    """Return what the cheapest way through the chain costs one person, rounded down."""
    cost = prices[-1].astype(object)
    for number in range(len(layers.links) - 1, -1, -1):
        start, to = layers.links[number]
        onward = np.full(len(prices[number]), _NONE, dtype=object)
        np.minimum.at(onward, start, cost[to])
        share = int(layers.stages[number].onward_share * _SHARE)
        further = np.array(
            [_NONE if one >= _NONE and share else (min(one, _NONE) * share) >> 20 for one in onward], dtype=object
        )
        cost = np.minimum(prices[number].astype(object) + further, _NONE)
    entered = np.unique(layers.entries["site"].to_numpy(dtype=np.intp))
    return int(min(cost[entered], default=_NONE))
