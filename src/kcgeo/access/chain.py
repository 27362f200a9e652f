"""A bed, not a dot: what a chain of stages can carry, from first contact to a home.

People enter at the first stage and pass from stage to stage; at each, a share goes on to the next. A site of a stage
carries ``beds * 7 / stay_days`` people a week at most. The largest steady flow is a linear programme::

    maximise    sum_j inflow_1j
    subject to  inflow_sj <= beds_sj * 7 / stay_s                             (capacity)
                sum_k flow_s,j->k = onward_s * inflow_sj                      (conservation)
                flow_s,j->k only where k is within the next stage's cutoff    (reach)

solved once more with one bed more at each stage. Unknown beds are an interval from 0 to infinity: the answer is an
interval too, and nothing is guessed. After Maass, Trapp and Konrad (2020) and Kaya and others (2022), as a question
about the listed system alone: it knows no arrivals, no season and no triage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog

from kcgeo.errors import SolverError, TableError, first_ids, raise_all

__all__ = [
    "ChainFlow",
    "Layers",
    "Program",
    "Stage",
    "chain",
    "earliest_path",
    "flow",
    "program_of",
    "read_layers",
]

Floats = npt.NDArray[np.float64]

DAYS_A_WEEK = 7.0
_HAIR = 1e-9
_MANY = 20_000
"""Variables from which on the inner point method, with its crossover to a corner, is faster than the simplex."""


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
        ``binds`` (at the fewest beds, the whole carries more only if this stage has more), ``one_more_bed_week``
        (people a week that one more bed adds where it helps most: 0 while another stage has none), and what knowing
        is worth: ``known_high_week`` and ``known_low_week`` are ``high_week`` and ``low_week`` of the whole if the
        unknown beds of this stage were known to be the fewest and the most; NaN where all are known.
    by_origin
        ``origin, low_week, high_week``: the most that people of one origin alone could use; rows do not add up.
    """

    low_week: float
    high_week: float
    stages: pd.DataFrame
    by_origin: pd.DataFrame


@dataclass(frozen=True)
class Layers:
    """The chain as arrays: sites by stage, links between stages as (from, to) positions, entries by origin."""

    stages: tuple[Stage, ...]
    sites: tuple[pd.DataFrame, ...]
    links: tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], ...]
    entries: pd.DataFrame


@dataclass(frozen=True)
class Program:
    """The flow as matrices: one variable for the inflow of each first site, one for each link between stages.

    ``inflow[s] @ x`` is what arrives at the sites of stage s, ``keep @ x = 0`` that all go on who must.
    """

    gain: Floats
    inflow: tuple[sp.csr_array, ...]
    keep: sp.csr_array | None


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
    layers = read_layers(stages, sites, costs)
    low = flow(layers)
    return ChainFlow(low, flow(layers, "beds_high"), _stage_table(layers, low), _by_origin(layers))


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


def read_layers(stages: Sequence[Stage], sites: pd.DataFrame, costs: Sequence[pd.DataFrame]) -> Layers:
    """Check the tables of :func:`chain` and turn them into arrays."""
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
    return Layers(tuple(stages), by_stage, tuple(links), entries)


def program_of(layers: Layers, entry: npt.NDArray[np.intp] | None = None) -> Program:
    """Write the programme as matrices; ``entry`` gives the first sites that may be entered where not all may."""
    first = np.unique(layers.entries["site"].to_numpy(dtype=np.intp)) if entry is None else np.unique(entry)
    links, reached = [], first
    for start, to in layers.links:  # a site that nobody comes to needs no variables: counties are small
        kept = np.isin(start, reached)
        links.append((start[kept], to[kept]))
        reached = np.unique(to[kept])
    counts = [len(first), *(len(start) for start, _ in links)]
    offset = np.concatenate([[0], np.cumsum(counts)])
    gain = np.concatenate([np.ones(len(first)), np.zeros(offset[-1] - len(first))])
    shape = (len(layers.sites[0]), offset[-1])
    inflow = [sp.csr_array((np.ones(len(first)), (first, np.arange(len(first)))), shape=shape)]
    keep = []
    for number, (start, to) in enumerate(links):
        columns, ones = offset[number + 1] + np.arange(len(start)), np.ones(len(start))
        out = sp.csr_array((ones, (start, columns)), shape=(len(layers.sites[number]), offset[-1]))
        keep.append(out - layers.stages[number].onward_share * inflow[number])
        inflow.append(sp.csr_array((ones, (to, columns)), shape=(len(layers.sites[number + 1]), offset[-1])))
    return Program(gain, tuple(inflow), sp.vstack(keep, format="csr") if keep else None)


def flow(
    layers: Layers,
    column: str = "beds_low",
    *,
    beds: Mapping[int, Floats] | None = None,
    entry: npt.NDArray[np.intp] | None = None,
    more: tuple[int, float] | None = None,
) -> float:
    """Solve the programme at one end of the intervals: people a week, or infinity.

    ``beds`` replaces the beds of a stage; ``more`` adds beds at a stage, wherever they help most, also in parts.
    """
    program = program_of(layers, entry)
    if not len(program.gain):
        return 0.0
    rates = [
        (beds or {}).get(number, table[column].to_numpy(dtype=float)) * DAYS_A_WEEK / stage.stay_days
        for number, (table, stage) in enumerate(zip(layers.sites, layers.stages, strict=True))
    ]
    rate = np.concatenate(rates)
    bounded, cost = np.isfinite(rate), -program.gain
    upper: Any = sp.vstack(program.inflow, format="csr")[bounded]
    limit, equal = rate[bounded], program.keep
    if more is not None:
        # a variable for the beds that each site of the stage gets
        start, count = sum(map(len, rates[: more[0]])), len(rates[more[0]])
        room = sp.eye_array(len(rate), count, k=-start, format="csr")[bounded]
        room *= -DAYS_A_WEEK / layers.stages[more[0]].stay_days
        once, width = sp.csr_array(np.ones((1, count))), len(cost)
        upper = sp.vstack([sp.hstack([upper, room]), sp.hstack([sp.csr_array((1, width)), once])], format="csr")
        limit, cost = np.append(limit, more[1]), np.append(cost, np.zeros(count))
        equal = None if equal is None else sp.hstack([equal, sp.csr_array((equal.shape[0], count))], format="csr")
    still: Any = None if equal is None else np.zeros(equal.shape[0])
    sparse: Any = (upper, equal)  # linprog takes sparse matrices; its type stubs do not know
    found: Any = linprog(
        cost, sparse[0], limit, sparse[1], still, method="highs-ipm" if len(cost) > _MANY else "highs-ds"
    )
    if found.status in (3, 4):  # no flow at all is always a plan, so the programme can only be unbounded
        return math.inf
    if found.status != 0:
        raise SolverError(f"The flow of the chain was not solved: {found.message}")
    return max(0.0, -float(found.fun))


def _stage_table(layers: Layers, low: float) -> pd.DataFrame:
    rows, share = [], 1.0
    for number, (stage, table) in enumerate(zip(layers.stages, layers.sites, strict=True)):
        rate = DAYS_A_WEEK / stage.stay_days / share if share else math.inf
        fewest, most = (table[column].to_numpy(dtype=float) for column in ("beds_low", "beds_high"))
        alone = float(fewest.sum()) * rate if share else math.inf
        added = flow(layers, more=(number, 1.0)) - low
        unknown = int((most > fewest).sum())
        rows.append(
            {
                "stage": stage.name,
                "sites_count": len(table),
                "unknown_count": unknown,
                "low_week": alone,
                "high_week": float(most.sum()) * rate if share else math.inf,
                "binds": added > _HAIR or alone <= low + _HAIR,
                "one_more_bed_week": added,
                "known_high_week": flow(layers, "beds_high", beds={number: fewest}) if unknown else math.nan,
                "known_low_week": flow(layers, beds={number: most}) if unknown else math.nan,
            }
        )
        share *= stage.onward_share
    return pd.DataFrame(rows)


def _by_origin(layers: Layers) -> pd.DataFrame:
    rows = []
    # origins that reach the same first sites can use the same: solve once for each set
    sets: dict[tuple[int, ...], list[str]] = {}
    for origin, sites in layers.entries.groupby("origin")["site"]:
        sets.setdefault(tuple(sorted(int(site) for site in sites)), []).append(str(origin))
    for reached, origins in sets.items():
        entry = np.array(reached, dtype=np.intp)
        low, high = (flow(layers, column, entry=entry) for column in ("beds_low", "beds_high"))
        rows += [{"origin": origin, "low_week": low, "high_week": high} for origin in origins]
    columns = ["origin", "low_week", "high_week"]
    return pd.DataFrame(rows, columns=columns).sort_values("origin", ignore_index=True)


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
