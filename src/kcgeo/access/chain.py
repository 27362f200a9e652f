"""A bed, not a dot: what a chain of stages can carry, from first contact to a home.

People enter at the first stage and pass from stage to stage; at each, a share goes on to the next. A site of a stage
carries ``beds * 7 / stay_days`` people a week at most. The largest steady flow is a linear programme::

    maximise    sum_j inflow_1j
    subject to  inflow_sj <= beds_sj * 7 / stay_s                             (capacity)
                sum_k flow_s,j->k = onward_s * inflow_sj                      (conservation)
                flow_s,j->k only where k is within the next stage's cutoff    (reach)

whose duals say what one more bed adds. Beds that are unknown are an interval from 0 to infinity: the answer is then an
interval too, and nothing is guessed. After Maass, Trapp and Konrad (2020) and Kaya and others (2022), as a question
about the listed system alone: it knows no arrivals, no season and no triage.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog
from scipy.stats import t as student

from kcgeo.errors import SolverError, TableError, first_ids, raise_all

__all__ = ["ChainFlow", "Stage", "chain", "earliest_path", "simulate_chain"]

Floats = npt.NDArray[np.float64]

_DAYS_A_WEEK = 7.0


@dataclass(frozen=True)
class Stage:
    """One step of the way: its name, the mean stay, the longest drive to it, and the share of people who go on.

    ``onward_share`` is the part (0 to 1) of those who finish here that needs the next stage.
    """

    name: str
    stay_days: float
    cutoff_min: float
    onward_share: float = 1.0


@dataclass(frozen=True)
class ChainFlow:
    """What the listed system can carry.

    Attributes
    ----------
    low_week, high_week
        People a week who can enter and be carried to the end of their way: at the fewest and at the most beds that are
        not excluded; infinity where an unknown number of beds leaves it open.
    stages
        ``stage, sites_count, unknown_count, low_week, high_week`` (entries that the beds of the stage alone allow),
        ``binds`` (at the fewest beds, one more bed here adds flow), ``one_more_bed_week`` (people a week that one more
        bed at the best known site adds), ``known_high_week`` (``high_week`` of the whole if all unknown beds of this
        stage were 0: the stage that lowers it most is the one to ask first).
    by_origin
        ``origin, low_week, high_week``: the most that people of one origin alone could use; rows do not add up.
    """

    low_week: float
    high_week: float
    stages: pd.DataFrame
    by_origin: pd.DataFrame


@dataclass(frozen=True)
class _Layers:
    """The chain as arrays: sites by stage, links between stages as (from, to) positions, entries by origin."""

    stages: tuple[Stage, ...]
    sites: tuple[pd.DataFrame, ...]
    links: tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], ...]
    entries: pd.DataFrame


def chain(stages: Sequence[Stage], sites: pd.DataFrame, costs: Sequence[pd.DataFrame]) -> ChainFlow:
    """Compute the largest steady flow of people a week that a chain of stages can carry.

    Parameters
    ----------
    stages
        In the order in which people pass them.
    sites
        ``site_id, stage, beds_low, beds_high``: one row a site and stage; a blank ``beds_low`` is 0, a blank
        ``beds_high`` is infinity.
    costs
        One table ``from_id, to_id, time_min`` a stage: from origins to sites of the first, then from sites of one
        stage to sites of the next. A missing pair is out of reach.

    Returns
    -------
    ChainFlow
        More beds never give less; unknown beds only widen the interval.

    Raises
    ------
    TableError
        Stages, sites or costs that are not of this form; all faults at once.

    Examples
    --------
    >>> stages = [Stage("crisis bed", 30, 45, 0.5), Stage("home", 365, 60)]
    >>> sites = pd.DataFrame({"site_id": ["a", "h"], "stage": ["crisis bed", "home"], "beds_low": [12, 20.0],
    ...                       "beds_high": [12, 20.0]})
    >>> into = pd.DataFrame({"from_id": ["Jackson"], "to_id": ["a"], "time_min": [20.0]})
    >>> onward = pd.DataFrame({"from_id": ["a"], "to_id": ["h"], "time_min": [30.0]})
    >>> flow = chain(stages, sites, [into, onward])
    >>> round(flow.low_week, 3), flow.stages["binds"].tolist()
    (0.767, [False, True])
    """
    layers = _layers(stages, sites, costs)
    low, duals = _flow(layers, "beds_low")
    high, _ = _flow(layers, "beds_high")
    return ChainFlow(low, high, _stage_table(layers, duals), _by_origin(layers))


def _faults(stages: Sequence[Stage], sites: pd.DataFrame, costs: Sequence[pd.DataFrame]) -> list[str]:
    names = [stage.name for stage in stages]
    problems = [] if stages and len(set(names)) == len(names) else ["Give one stage or more, each name once."]
    for stage in stages:
        if not (stage.stay_days > 0 and stage.cutoff_min >= 0 and 0 <= stage.onward_share <= 1):
            problems.append(f"Stage '{stage.name}': a stay above 0 days, a cutoff of 0 or more, a share from 0 to 1.")
    if len(costs) != len(stages):
        problems.append(f"{len(stages)} stages need {len(stages)} tables of costs, not {len(costs)}.")
    missing = [name for name in ("site_id", "stage", "beds_low", "beds_high") if name not in sites]
    if missing:
        return [*problems, f"The sites need the column {', '.join(missing)}."]
    strange = sites.loc[~sites["stage"].isin(names), "site_id"]
    if len(strange):
        problems.append(f"The stage of {first_ids(strange)} is none of {', '.join(names)}.")
    low, high = sites["beds_low"].fillna(0.0).astype(float), sites["beds_high"].fillna(math.inf).astype(float)
    wrong = sites.loc[~((low >= 0) & np.isfinite(low) & (high >= low)), "site_id"]
    if len(wrong):
        problems.append(f"The beds of {first_ids(wrong)} are negative, or beds_high is below beds_low.")
    if sites.duplicated(["site_id", "stage"]).any():
        problems.append("A site stands twice in one stage; add its beds up first.")
    for number, table in enumerate(costs):
        if not {"from_id", "to_id", "time_min"} <= set(table.columns):
            problems.append(f"Table {number + 1} of costs needs from_id, to_id and time_min.")
    return problems


def _layers(stages: Sequence[Stage], sites: pd.DataFrame, costs: Sequence[pd.DataFrame]) -> _Layers:
    raise_all(_faults(stages, sites, costs), TableError)
    filled = sites.assign(
        site_id=sites["site_id"].astype(str),
        beds_low=sites["beds_low"].fillna(0.0).astype(float),
        beds_high=sites["beds_high"].fillna(math.inf).astype(float),
    )
    by_stage = tuple(filled[filled["stage"] == stage.name].reset_index(drop=True) for stage in stages)
    links = []
    entries = pd.DataFrame({"origin": [], "site": []})
    for number, (stage, table) in enumerate(zip(stages, costs, strict=True)):
        near = table[table["time_min"] <= stage.cutoff_min]
        to = pd.Index(by_stage[number]["site_id"]).get_indexer(near["to_id"].astype(str))
        if number == 0:
            entries = pd.DataFrame({"origin": near["from_id"].astype(str), "site": to})[to >= 0].drop_duplicates()
            continue
        start = pd.Index(by_stage[number - 1]["site_id"]).get_indexer(near["from_id"].astype(str))
        known = (start >= 0) & (to >= 0)
        links.append((start[known], to[known]))
    return _Layers(tuple(stages), by_stage, tuple(links), entries)


def _flow(
    layers: _Layers, column: str, *, beds: Mapping[int, Floats] | None = None, entry: npt.NDArray[np.intp] | None = None
) -> tuple[float, list[Floats]]:
    """Solve the programme at one end of the intervals; the flow, and what a bed more at each site adds, by stage.

    Variables are the inflow of each site of the first stage and the flow of each link. ``beds`` replaces the beds of
    a stage; ``entry`` gives the first sites that may be entered where not all may.
    """
    first = np.unique(layers.entries["site"].to_numpy(dtype=np.intp)) if entry is None else np.unique(entry)
    counts = [len(first), *(len(start) for start, _ in layers.links)]
    offset = np.concatenate([[0], np.cumsum(counts)])
    if not len(first):
        return 0.0, [np.zeros(len(table)) for table in layers.sites]
    # inflow[s] maps variables to what arrives at each site of stage s; a site of stage 0 is entered by one variable
    inflow = [
        sp.csr_array((np.ones(len(first)), (first, np.arange(len(first)))), shape=(len(layers.sites[0]), offset[-1]))
    ]
    keep = []
    for number, (start, to) in enumerate(layers.links):
        columns = offset[number + 1] + np.arange(len(start))
        shape = (len(layers.sites[number]), offset[-1])
        out = sp.csr_array((np.ones(len(start)), (start, columns)), shape=shape)
        keep.append(out - layers.stages[number].onward_share * inflow[number])
        inflow.append(
            sp.csr_array((np.ones(len(to)), (to, columns)), shape=(len(layers.sites[number + 1]), offset[-1]))
        )
    rates = [
        (beds or {}).get(number, table[column].to_numpy(dtype=float)) * _DAYS_A_WEEK / stage.stay_days
        for number, (table, stage) in enumerate(zip(layers.sites, layers.stages, strict=True))
    ]
    bounded = [np.isfinite(rate) for rate in rates]
    upper = sp.vstack([matrix[rows] for matrix, rows in zip(inflow, bounded, strict=True)])
    limit = np.concatenate([rate[rows] for rate, rows in zip(rates, bounded, strict=True)])
    gain = np.concatenate([-np.ones(len(first)), np.zeros(offset[-1] - len(first))])
    equal = sp.vstack(keep) if keep else None
    still: Any = np.zeros(equal.shape[0]) if equal is not None else None
    sparse: Any = (upper, equal)  # linprog takes sparse matrices; its type stubs do not know
    found = linprog(gain, sparse[0], limit, sparse[1], still, method="highs")
    if found.status in (3, 4):  # no flow at all is always a plan, so the programme can only be unbounded
        return math.inf, [np.zeros(len(table)) for table in layers.sites]
    if found.status != 0:
        raise SolverError(f"The flow of the chain was not solved: {found.message}")
    worth, at = [], 0
    for number, rows in enumerate(bounded):
        value = np.zeros(len(rows))
        value[rows] = (
            -found.ineqlin.marginals[at : at + int(rows.sum())] * _DAYS_A_WEEK / layers.stages[number].stay_days
        )
        at += int(rows.sum())
        worth.append(value)
    return max(0.0, -float(found.x @ gain)), worth


def _stage_table(layers: _Layers, worth: Sequence[Floats]) -> pd.DataFrame:
    rows, share = [], 1.0
    for number, (stage, table) in enumerate(zip(layers.stages, layers.sites, strict=True)):
        rate = _DAYS_A_WEEK / stage.stay_days / share if share else math.inf
        known = np.where(np.isinf(table["beds_high"]), 0.0, table["beds_high"])
        best = float(worth[number].max(initial=0.0))
        rows.append(
            {
                "stage": stage.name,
                "sites_count": len(table),
                "unknown_count": int((table["beds_high"] > table["beds_low"]).sum()),
                "low_week": float(table["beds_low"].sum()) * rate,
                "high_week": float(table["beds_high"].sum()) * rate,
                "binds": best > 1e-9,
                "one_more_bed_week": best,
                "known_high_week": _flow(layers, "beds_high", beds={number: known})[0],
            }
        )
        share *= stage.onward_share
    return pd.DataFrame(rows)


def _by_origin(layers: _Layers) -> pd.DataFrame:
    rows = []
    # origins that reach the same first sites can use the same: solve once for each set
    sets: dict[tuple[int, ...], list[str]] = {}
    for origin, sites in layers.entries.groupby("origin")["site"]:
        sets.setdefault(tuple(sorted(int(site) for site in sites)), []).append(str(origin))
    for reached, origins in sets.items():
        entry = np.array(reached, dtype=np.intp)
        low, high = (_flow(layers, column, entry=entry)[0] for column in ("beds_low", "beds_high"))
        rows += [{"origin": origin, "low_week": low, "high_week": high} for origin in origins]
    columns = ["origin", "low_week", "high_week"]
    return pd.DataFrame(rows, columns=columns).sort_values("origin", ignore_index=True)


def simulate_chain(
    arrivals_week: float,
    stages: Sequence[Stage],
    beds: Sequence[int],
    *,
    within_hours: float = 24.0,
    patience_days: float = math.inf,
    weeks: int = 520,
    runs: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate stages that feed one another: the chance of a bed in time at each, with its 95 % interval.

    Arrivals are Poisson, stays and patience exponential, beds are given in order of arrival, and who goes on leaves
    the bed before the next one is sure. The first tenth of each run is left out, since a system starts empty.

    Parameters
    ----------
    arrivals_week
        People a week who come to the first stage.
    stages, beds
        Stages in order, and the beds of each.
    within_hours, patience_days
        As for :func:`kcgeo.access.queues.bed_chance`; infinity: nobody gives up.
    weeks, runs, seed
        Length and number of independent runs, and the seed: the same seed gives the same table.

    Returns
    -------
    DataFrame
        ``stage, chance, low, high``: mean over the runs and its 95 % interval (Student's t); NaN where nobody came.
    """
    if len(beds) != len(stages) or not (arrivals_week > 0 and runs > 1 and weeks > 0):
        raise TableError("Give beds for each stage, arrivals above 0, and two runs or more.")
    rng = np.random.default_rng(seed)
    chances = np.array(
        [
            _one_run(rng, arrivals_week, stages, beds, within_hours / 24, patience_days, weeks * _DAYS_A_WEEK)
            for _ in range(runs)
        ]
    )
    mean = chances.mean(axis=0)
    half = student.ppf(0.975, runs - 1) * chances.std(axis=0, ddof=1) / math.sqrt(runs)
    names = [stage.name for stage in stages]
    return pd.DataFrame({"stage": names, "chance": mean, "low": mean - half, "high": mean + half})


def _one_run(
    rng: np.random.Generator,
    arrivals_week: float,
    stages: Sequence[Stage],
    beds: Sequence[int],
    within_days: float,
    patience_days: float,
    days: float,
) -> list[float]:
    came = np.sort(rng.uniform(0, days, rng.poisson(arrivals_week / _DAYS_A_WEEK * days)))
    chances = []
    for stage, count in zip(stages, beds, strict=True):
        stay = rng.exponential(stage.stay_days, len(came))
        waits = (
            rng.exponential(patience_days, len(came)) if math.isfinite(patience_days) else np.full(len(came), math.inf)
        )
        begun = _begun(came, stay, waits, count)
        counts = came > days / 10
        in_time = (begun - came <= within_days)[counts]
        chances.append(float(in_time.mean()) if counts.any() else math.nan)
        left = begun + stay
        goes_on = np.isfinite(begun) & (rng.random(len(came)) < stage.onward_share)
        came = np.sort(left[goes_on & (left < days)])
    return chances


def _begun(came: Floats, stay: Floats, patience: Floats, beds: int) -> Floats:
    """Return when each arrival gets a bed, in order of arrival; infinity for one who gives up first."""
    begun = np.full(len(came), math.inf)
    free = [0.0] * beds
    for number, (at, length, patient) in enumerate(zip(came, stay, patience, strict=True)):
        if free and max(at, free[0]) - at <= patient:
            begun[number] = max(at, free[0])
            heapq.heapreplace(free, begun[number] + length)
    return begun


def earliest_path(
    leave: pd.Timestamp,
    origin: str,
    stages: Sequence[Stage],
    costs: Sequence[pd.DataFrame],
    open_hours: Mapping[str, npt.NDArray[np.bool_]],
) -> pd.DataFrame:
    """Follow one person: the earliest time at each stage, and where the way breaks.

    A stage counts as reached when its site is known to be open; a site whose hours are unknown is not waited for.

    Parameters
    ----------
    leave
        Local time at which the person leaves.
    origin
        Id of the place in the first table of costs.
    stages, costs
        As for :func:`chain`; the stay at a stage is not waited out, only its opening.
    open_hours
        Site id -> 168 booleans, from Monday 0:00: known to be open in that hour.

    Returns
    -------
    DataFrame
        ``stage, site_id, arrive`` (NaT and a blank id from the stage on that cannot be reached).
    """
    layers: list[dict[str, tuple[pd.Timestamp, str]]] = [{origin: (leave, "")}]
    for stage, table in zip(stages, costs, strict=True):
        at = layers[-1]
        near = table[table["from_id"].astype(str).isin(at) & (table["time_min"] <= stage.cutoff_min)]
        reached: dict[str, tuple[pd.Timestamp, str]] = {}
        starts, ends = near["from_id"].astype(str), near["to_id"].astype(str)
        for start, site, minutes in zip(starts, ends, near["time_min"], strict=True):
            come = _when_open(at[start][0] + pd.Timedelta(minutes=float(minutes)), open_hours.get(site))
            if come is not None and (site not in reached or (come, start) < reached[site]):
                reached[site] = (come, start)
        layers.append(reached)
    # waiting at a door never helps somebody to come earlier, so the earliest last stage has the earliest way to it
    last = max(number for number, layer in enumerate(layers) if layer)
    site = min(layers[last], key=lambda name: (layers[last][name][0], name))
    rows: list[dict[str, object]] = [{"stage": stage.name, "site_id": "", "arrive": pd.NaT} for stage in stages[last:]]
    for number in range(last, 0, -1):
        rows.insert(0, {"stage": stages[number - 1].name, "site_id": site, "arrive": layers[number][site][0]})
        site = layers[number][site][1]
    return pd.DataFrame(rows, columns=["stage", "site_id", "arrive"])


def _when_open(come: pd.Timestamp, week: npt.NDArray[np.bool_] | None) -> pd.Timestamp | None:
    """Return the first moment from ``come`` on at which a site is known to be open; None where it never is."""
    if week is None or not week.any():
        return None
    hour = come.dayofweek * 24 + come.hour
    if week[hour]:
        return come
    ahead = next(step for step in range(1, 169) if week[(hour + step) % 168])
    return come.floor("h") + pd.Timedelta(hours=ahead)
