"""A bed, not a dot: what the listed beds of a study can carry from first contact to a home, and what is not known.

Beds are counted at exact-level sites only: those of a confidential site would say something of it, so they stand in no
total at all. Where a row names one number of beds for two stages, each holds from none to all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import access, data, present, travel
from kcgeo.access.chain import ChainFlow, Stage
from kcgeo.disclosure import Released, release
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.answers.week import hourly_states
from kcgeo.study.measure import Measured
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import LOWER_BOUND
from kcgeo.study.sources import sources_of, vintage_of

__all__ = ["ChainReport", "asking", "bed_stages", "chain_figure", "chain_report", "person_path", "release_chain"]

_NO_CEILING = "no upper bound: the beds of a listed site are not known"
_NOT_ASKED = "what the listed system can carry, not what it is asked for: arrivals are not known"

Stages = tuple[tuple[str, Stage], ...]


@dataclass(frozen=True, eq=False)
class ChainReport:
    """What the listed system can carry: the flow, the sites and minutes behind it, and the answer that may leave.

    ``sites`` has the point of each, ``costs`` is one table of minutes a stage. ``chances`` is empty, or holds for a
    stated flow the chance of a bed by stage; NaN where beds are not known.
    """

    flow: ChainFlow
    sites: gpd.GeoDataFrame
    costs: tuple[pd.DataFrame, ...]
    chances: pd.DataFrame
    answer: Answer


def bed_stages() -> Stages:
    """Return the packaged stages in their order: the category that offers each, and its stated assumptions."""
    table = data.load("stages").sort_values("stage_number")
    return tuple(
        (row.category, Stage(row.stage, row.stay_days, row.stage_cutoff_min, row.onward_share))
        for row in table.itertuples()
    )


def asking(measured: Measured, eligibility: str | None) -> Measured:
    """Return a measured study with the services that count for somebody else; beds need no more of it."""
    if eligibility in (None, measured.who):
        return measured
    return replace(measured, who=eligibility, services=data.directory(measured.study, eligibility=eligibility))


def chain_report(
    measured: Measured,
    *,
    eligibility: str | None = None,
    arrivals_week: float | None = None,
    stages: Stages | None = None,
    step: Step = silent_step,
) -> ChainReport:
    """Ask what the listed beds can carry, stage by stage.

    Parameters
    ----------
    measured : Measured
        Made by :func:`kcgeo.study.measure`.
    eligibility : str, optional
        Who asks, a key of :func:`kcgeo.terms.who`; who asks of the study where not given.
    arrivals_week : float, optional
        A stated flow of people a week: the chance of a bed within a day is computed where beds are known.
    stages : tuple of (category, Stage), optional
        Own stages in place of the packaged ones.
    step : callable
        Told in words what is being done.

    Raises
    ------
    StudyError, TableError
        As :func:`kcgeo.data.capacity`; stages that mean nothing.
    """
    chosen, measured = stages or bed_stages(), asking(measured, eligibility)
    step("Reading beds")
    sites = _sites(measured, chosen)
    step("Searching travel times between stages")
    start = measured.places[["place_id", "geometry"]].rename(columns={"place_id": "id"})
    costs = _costs(measured, start, sites, [stage for _, stage in chosen])
    # a county starts at the nearest of its places
    county = measured.places.set_index("place_id")["county_fips"]
    first = costs[0].assign(from_id=costs[0]["from_id"].map(county)).sort_values("time_min")
    costs = (first.drop_duplicates(["from_id", "to_id"]), *costs[1:])
    step("Computing what the chain can carry")
    flow = access.chain([stage for _, stage in chosen], sites.drop(columns="geometry"), costs)
    chances = _chances(sites, chosen, arrivals_week)
    answer = _answer(measured, flow, sites, chances, chosen, arrivals_week)
    return ChainReport(flow, sites, costs, chances, answer)


def _sites(measured: Measured, stages: Stages) -> gpd.GeoDataFrame:
    """One row for each stage and public site that offers it: the interval of its beds, and since when it is known."""
    listed = measured.services
    public = listed[~listed.geometry.is_empty & listed.geometry.notna() & (listed["disclosure"] == "exact")]
    known = data.capacity(measured.study).set_index("service_id")[["maximum", "updated"]]
    wanted = {category for category, _ in stages}
    parts = []
    for category, stage in stages:
        rows = public[[category in kinds for kinds in public["categories"]]]
        ids = rows["service_id"].to_numpy()
        beds = known["maximum"].reindex(ids).astype(float).to_numpy()
        # one number for several stages: each may hold none or all of it
        shared = np.array([len(wanted & set(kinds)) > 1 for kinds in rows["categories"]], dtype=bool)
        columns = {"site_id": ids, "stage": stage.name, "beds_low": np.where(shared, 0.0, np.nan_to_num(beds))}
        columns |= {"beds_high": beds, "updated": known["updated"].reindex(ids).to_numpy()}
        parts.append(gpd.GeoDataFrame(columns, geometry=rows.geometry.to_numpy(), crs=listed.crs))
    return pd.concat(parts, ignore_index=True)


def _costs(
    measured: Measured, start: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, stages: list[Stage]
) -> tuple[pd.DataFrame, ...]:
    """Minutes from points to the sites of the first stage, then from stage to stage."""
    tables = []
    for stage in stages:
        rows = sites.loc[sites["stage"] == stage.name, ["site_id", "geometry"]]
        to = rows.rename(columns={"site_id": "id"}).reset_index(drop=True)
        if len(to) and len(start):
            tables.append(travel.costs(measured.network, start, to, cutoff_min=stage.cutoff_min))
        else:
            tables.append(pd.DataFrame({"from_id": [], "to_id": [], "time_min": []}))
        start = to
    return tuple(tables)


def _chances(sites: gpd.GeoDataFrame, stages: Stages, arrivals_week: float | None) -> pd.DataFrame:
    """Chance of a bed within a day at each stage for a stated flow; no number where a site's beds are not known."""
    columns = ["stage_index", "stage", "arrivals_week", "chance_low_share", "chance_high_share"]
    rows = []
    if arrivals_week is None:
        return pd.DataFrame(columns=columns)
    arrivals = arrivals_week
    for number, (_, stage) in enumerate(stages, start=1):
        beds = sites[sites["stage"] == stage.name]
        known = len(beds) > 0 and bool(beds["beds_high"].notna().all())
        low, high = (
            access.bed_chance(arrivals, stage.stay_days, int(beds[end].sum())) if known else math.nan
            for end in ("beds_low", "beds_high")
        )
        rows.append((number, stage.name, arrivals, low, high))
        arrivals *= stage.onward_share
    return pd.DataFrame(rows, columns=columns)


def _answer(
    measured: Measured,
    flow: ChainFlow,
    sites: gpd.GeoDataFrame,
    chances: pd.DataFrame,
    stages: Stages,
    arrivals_week: float | None,
) -> Answer:
    study = measured.study
    about = {"who": measured.who, "area": study.title, "stages": tuple(stage.name for _, stage in stages)}
    assumed = tuple(
        f"assumed of a {stage.name}: a stay of {stage.stay_days:g} days, drives of up to {stage.cutoff_min:g} minutes"
        for _, stage in stages
    )
    names = data.counties(study).set_index("county_fips")["name"]
    by_county = flow.by_origin.rename(columns={"origin": "county_fips"})
    tables = {
        "chain_stages": _bounded(
            flow.stages.assign(
                stage_index=range(1, len(stages) + 1), stay_days=[stage.stay_days for _, stage in stages]
            )
        ),
        "chain_counties": _bounded(by_county.assign(county=by_county["county_fips"].map(names))),
    }
    if len(chances):
        tables["chain_chances"] = chances
    notes = (LOWER_BOUND, _NOT_ASKED, *assumed)
    released = {name: release_chain(measured, table, name, notes, about) for name, table in tables.items()}
    findings = _findings(flow, sites, chances, about, notes, released["chain_stages"].sources)
    return Answer(
        "chain",
        study,
        findings=findings,
        tables=released,
        figures=(chain_figure(findings),),
        about={"arrivals": arrivals_week},
    )


def chain_figure(findings: tuple[Finding, ...], *more: str) -> Figure:
    """Say how the chain is drawn, with the table of new beds where there is one."""
    carried = next(one for one in findings if one.key.startswith("chain_flow"))
    tables = ("chain_stages", *more)
    return Figure.of("chain", "What can the listed beds carry?", present.chain_chart, tables, finding=carried)


def release_chain(
    measured: Measured, table: pd.DataFrame, name: str, notes: tuple[str, ...], about: Mapping[str, object]
) -> Released:
    """Let a table of the chain out, under the sources and years of what it is made from."""
    used = ("services", "places", "stages", "capacity")
    sources, vintage = sources_of(measured.study, *used), vintage_of(measured.study, *used)
    return release(table, name=name, kind="chain", sources=sources, vintage=vintage, notes=notes, about=about)


def _bounded(table: pd.DataFrame) -> pd.DataFrame:
    """Say in words where an upper bound is missing, in place of an infinite number."""
    columns = [str(name) for name in table if str(name).endswith("_week")]
    open_ended = np.isinf(table["high_week"])
    return table.assign(
        **{name: table[name].replace(math.inf, math.nan) for name in columns},
        note=np.where(open_ended, _NO_CEILING, ""),
    )


def _findings(
    flow: ChainFlow,
    sites: gpd.GeoDataFrame,
    chances: pd.DataFrame,
    about: Mapping[str, object],
    notes: tuple[str, ...],
    sources: tuple[str, ...],
) -> tuple[Finding, ...]:
    each = sites.drop_duplicates("site_id")
    known = each[each["beds_high"].notna()]
    said: dict[str, Any] = {"notices": notes, "sources": sources}
    found = [Finding("beds_known", len(known), of=len(each), about=about, **said)]
    if empty := list(flow.stages.loc[flow.stages["sites_count"] == 0, "stage"]):
        found.append(Finding("stage_empty", len(empty), about={**about, "stages": empty}, **said))
    if len(dated := known["updated"].dropna()):
        age = {"oldest": min(dated), "newest": max(dated), "undated": len(known) - len(dated)}
        found.append(Finding("beds_age", len(dated), of=len(known), about={**about, **age}, **said))
    open_ended, sure = math.isinf(flow.high_week), math.isclose(flow.low_week, flow.high_week, abs_tol=1e-9)
    key = "chain_flow_open" if open_ended else "chain_flow_known" if sure else "chain_flow"
    high = None if open_ended else flow.high_week
    found.append(Finding(key, flow.low_week, flow.low_week, high, about=about, **said))
    if first := _ask_first(flow.stages):
        count = int(flow.stages["unknown_count"].sum())
        found.append(Finding("beds_ask_first", count, about={**about, "stages": first}, **said))
    if silent := list(chances.loc[chances["chance_low_share"].isna(), "stage"]):
        found.append(Finding("chance_unknown", len(silent), about={**about, "stages": silent}, **said))
    return tuple(found)


def _ask_first(table: pd.DataFrame) -> list[str]:
    """Name the stages whose unknown beds widen the interval most: known to be few, the whole could carry least."""
    unknown = table[table["unknown_count"] > 0].sort_values("known_low_week", ascending=False, kind="stable")
    unknown = unknown.sort_values("known_high_week", kind="stable")
    worth = unknown[["known_high_week", "known_low_week"]].to_numpy()
    return [] if unknown.empty else list(unknown.loc[np.isclose(worth, worth[0]).all(axis=1), "stage"])


def person_path(
    measured: Measured,
    *,
    eligibility: str | None = None,
    start: gpd.GeoSeries,
    leave: datetime,
    stages: tuple[str, ...] = ("forensic_exam", "emergency_shelter"),
) -> pd.DataFrame:
    """Follow one person from a point and a local time: the earliest door of each stage that is known to be open.

    Parameters
    ----------
    measured, eligibility
        As :func:`chain_report`.
    start : GeoSeries
        One point, EPSG:4326.
    leave : datetime
        Local time.
    stages : tuple of str
        Categories in the order in which they are needed.

    Returns
    -------
    DataFrame
        ``stage, site_id, arrive``; a blank id and NaT from the stage on at which the way breaks.
    """
    strange = sorted(set(stages) - set(data.load("categories")["category"]))
    if strange:
        raise StudyError(f"There is no category {', '.join(strange)}; kcgeo data list categories names them.")
    steps = tuple((category, Stage(category, 1.0, measured.study.travel.search_cutoff_min)) for category in stages)
    measured = asking(measured, eligibility)
    sites = _sites(measured, steps)
    before = gpd.GeoDataFrame({"id": ["start"]}, geometry=list(start), crs=start.crs)
    costs = _costs(measured, before, sites, [stage for _, stage in steps])
    listed = measured.services[measured.services["service_id"].isin(sites["site_id"])]
    # the next seven days, from Monday on
    today = datetime(leave.year, leave.month, leave.day)
    week = [today + timedelta(days=(day - leave.weekday()) % 7) for day in range(7)]
    known = hourly_states(listed, week) == "open"
    hours = dict(zip(listed["service_id"], known.T, strict=True))
    return access.earliest_path(pd.Timestamp(leave), "start", [stage for _, stage in steps], costs, hours)
