"""Where would more beds help? Once for what the chain then carries, once for who comes within reach; both are said."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from kcgeo import siting, travel
from kcgeo.access.chain import Stage
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.siting import BedPlan
from kcgeo.study.answer import Answer
from kcgeo.study.answers.beds import ChainReport, Stages, bed_stages, chain_figure, release_chain
from kcgeo.study.measure import Measured
from kcgeo.study.progress import Step, silent_step

__all__ = ["MORE_BEDS", "more_beds"]

MORE_BEDS = "chain_more_beds"
_FLOW, _REACH = "most carried", "most people in reach"
_WEEKS_A_YEAR = 365.25 / 7
_HAIR = 1e-9


def more_beds(
    measured: Measured,
    report: ChainReport,
    areas: gpd.GeoDataFrame,
    *,
    stage: str,
    new_beds: int,
    site_limit: int = 1,
    stages: Stages | None = None,
    step: Step = silent_step,
) -> Answer:
    """Add to the answer of a chain where new beds of one stage carry most, beside where they reach most people.

    Parameters
    ----------
    measured, report
        A measured study, and what :func:`chain_report` said of it.
    areas
        Where a new place could stand: ``candidate_id, name`` and ``middle``; public sites of the stage may grow too.
    stage, new_beds, site_limit
        As :func:`kcgeo.siting.place_beds`.
    stages
        As in :func:`chain_report`.
    step
        Told in words what is being done.

    Returns
    -------
    Answer
        With the table ``chain_more_beds``: ``plan, stage, area, beds_count, before_week, after_week, bound_week,
        gained_count`` (people who come within the stage's cutoff of a listed or new place; the same in each row of a
        plan). Unknown beds count as none.

    Raises
    ------
    StudyError
        There is no such stage.
    """
    chosen = [one for _, one in stages or bed_stages()]
    number = next((at for at, one in enumerate(chosen) if one.name == stage), -1)
    if number < 0:
        raise StudyError(f"There is no stage '{stage}'; there are {', '.join(one.name for one in chosen)}.")
    step("Searching travel times to new places")
    new = gpd.GeoDataFrame({"id": areas["candidate_id"]}, geometry=areas["middle"].array, crs=areas.crs)
    listed = report.sites[report.sites["stage"] == stage].reset_index(drop=True)
    here = listed[["site_id", "geometry"]].rename(columns={"site_id": "id"})
    ends = gpd.GeoDataFrame(pd.concat([new, here], ignore_index=True), crs=areas.crs)
    people = measured.places[["place_id", "geometry"]].rename(columns={"place_id": "id"})
    reach = travel.costs(measured.network, people, ends, cutoff_min=chosen[number].cutoff_min)
    costs = _costs(measured, report, chosen, number, new, reach)
    blank = pd.DataFrame({"site_id": new["id"], "stage": stage, "beds_low": 0.0, "beds_high": 0.0})
    sites = pd.concat([report.sites.drop(columns="geometry"), blank], ignore_index=True)
    step("Solving, and proving the plans")
    demand = measured.places.set_index("place_id")["population_count"].astype(float)
    held = [name for name in here["id"] if name in set(reach["to_id"])]
    covered = set(reach.loc[reach["to_id"].isin(held), "from_id"])
    fresh = reach[~reach["from_id"].isin(covered)]
    gained = fresh["from_id"].map(demand).groupby(fresh["to_id"]).sum()
    wide = siting.max_coverage(
        reach, demand, cutoff_min=chosen[number].cutoff_min, new_count=site_limit, existing=held, time_limit_s=60
    )
    candidates = {_FLOW: list(ends["id"]), _REACH: list(wide.new)}
    plans = {
        name: siting.place_beds(
            chosen, sites, costs, stage=stage, new_beds=new_beds, candidates=some, site_limit=site_limit,
            prefer=gained, time_limit_s=60,
        )
        for name, some in candidates.items()
    }  # fmt: skip
    if plans[_REACH].objective >= plans[_FLOW].objective - _HAIR:
        plans[_FLOW] = plans[_REACH]  # nothing carries more, so the place that also reaches most is the answer
    names = measured.services.set_index("service_id")["organization_name"].reindex(here["id"])
    names = pd.concat([areas.set_index("candidate_id")["name"], names])
    won = {
        name: float(demand[sorted(set(fresh.loc[fresh["to_id"].isin(plan.beds["site_id"]), "from_id"]))].sum())
        for name, plan in plans.items()
    }
    return _said(measured, report, plans, won, names, chosen[number])


def _costs(
    measured: Measured,
    report: ChainReport,
    stages: list[Stage],
    number: int,
    new: gpd.GeoDataFrame,
    reach: pd.DataFrame,
) -> list[pd.DataFrame]:
    """Minutes of the chain with the ways into and out of new places."""
    costs = list(report.costs)
    points = {
        at: report.sites.loc[report.sites["stage"] == stages[at].name, ["site_id", "geometry"]]
        .rename(columns={"site_id": "id"})
        .reset_index(drop=True)
        for at in (number - 1, number + 1)
        if 0 <= at < len(stages)
    }
    if number == 0:
        county = measured.places.set_index("place_id")["county_fips"]
        into = reach[reach["to_id"].isin(new["id"])]
        ways = into.assign(from_id=into["from_id"].map(county)).sort_values("time_min")
        costs[0] = pd.concat([costs[0], ways.drop_duplicates(["from_id", "to_id"])], ignore_index=True)
    elif len(points[number - 1]):
        ways = travel.costs(measured.network, points[number - 1], new, cutoff_min=stages[number].cutoff_min)
        costs[number] = pd.concat([costs[number], ways], ignore_index=True)
    if number + 1 in points and len(points[number + 1]):
        ways = travel.costs(measured.network, new, points[number + 1], cutoff_min=stages[number + 1].cutoff_min)
        costs[number + 1] = pd.concat([costs[number + 1], ways], ignore_index=True)
    return costs


def _said(
    measured: Measured,
    report: ChainReport,
    plans: dict[str, BedPlan],
    won: dict[str, float],
    names: pd.Series,
    stage: Stage,
) -> Answer:
    first = report.answer.findings[0]
    rows = [
        (name, plan.stage, names[site], beds, plan.before_week, plan.objective, plan.bound, won[name])
        for name, plan in plans.items()
        for site, beds in plan.beds.itertuples(index=False)
    ]
    columns = ["plan", "stage", "area", "beds_count", "before_week", "after_week", "bound_week", "gained_count"]
    notes = (*first.notices, "unknown beds count as none; new places are grid cells, never addresses")
    table = release_chain(measured, pd.DataFrame(rows, columns=columns), MORE_BEDS, notes, first.about)
    said = []
    keys = {_FLOW: "more_beds", _REACH: "more_beds_reach"}
    if plans[_FLOW].objective - plans[_FLOW].before_week <= _HAIR:
        keys[_FLOW] = "more_beds_none"
    for name, key in keys.items():
        plan, gain = plans[name], plans[name].objective - plans[name].before_week
        most = plan.beds.sort_values("beds_count", kind="stable")["site_id"].iloc[-1]
        about = {**first.about, "stage": plan.stage, "beds": plan.beds["beds_count"].sum(), "area": names[most]}
        about |= {"year": gain * _WEEKS_A_YEAR, "gain": gain, "cutoff_min": stage.cutoff_min}
        about["stages"] = list(report.flow.stages.query("binds")["stage"])
        value = gain if name == _FLOW else won[name]
        said.append(Finding(key, value, about=about, notices=notes, sources=table.sources))
    answer = report.answer
    return replace(
        answer,
        findings=(*answer.findings, *said),
        tables={**answer.tables, MORE_BEDS: table},
        figures=(chain_figure(answer.findings, MORE_BEDS),),
    )
