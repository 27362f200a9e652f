"""A bed, not a dot: what the listed beds of a study can carry from first contact to a home, and what is not known.

Beds are counted at exact-level sites only: the beds of a confidential site would say something of it, so they leave the
partner's folder never. Where a row names one number of beds for two stages, each holds from none to all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import access, data, travel
from kcgeo.access.chain import ChainFlow, Stage
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import release
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.study.answer import Answer
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import LOWER_BOUND
from kcgeo.study.sources import sources_of, vintage_of

__all__ = ["ChainReport", "bed_stages", "chain_report", "person_path"]

_NO_CEILING = "no upper bound: the beds of a listed site are not known"


@dataclass(frozen=True, eq=False)
class ChainReport:
    """What the listed system can carry: the flow, the sites behind it, and the answer that may leave.

    ``chances`` is empty, or holds for a stated flow the chance of a bed by stage; NaN where beds are not known.
    """

    flow: ChainFlow
    sites: pd.DataFrame
    chances: pd.DataFrame
    answer: Answer


def bed_stages() -> tuple[tuple[str, Stage], ...]:
    """Return the packaged stages in their order: the category that offers each, and its stated assumptions."""
    table = data.load("stages").sort_values("stage_number")
    return tuple(
        (row.category, Stage(row.stage, row.stay_days, row.stage_cutoff_min, row.onward_share))
        for row in table.itertuples()
    )


def chain_report(
    study: Study,
    *,
    who: str | None = None,
    arrivals_week: float | None = None,
    stages: tuple[tuple[str, Stage], ...] | None = None,
    step: Step = silent_step,
) -> ChainReport:
    """Ask what the listed beds can carry, stage by stage.

    Parameters
    ----------
    study : Study
        Places, network and services.
    who : str, optional
        Only services that this group may use.
    arrivals_week : float, optional
        A stated flow of people a week: the chance of a bed within a day is computed where beds are known.
    stages : tuple of (category, Stage), optional
        Own stages in place of the packaged ones.
    step : callable
        Told in words what is being done.

    Raises
    ------
    StudyError
        No site with a public address offers one of the stages.
    """
    chosen = stages or bed_stages()
    step("Reading services and beds")
    listed = data.directory(study, eligibility=who)
    sites = _sites(listed, chosen)
    step("Searching travel times between stages")
    network = travel.network(study)
    costs = _costs(study, network, sites, chosen)
    step("Computing what the chain can carry")
    flow = access.chain([stage for _, stage in chosen], sites.drop(columns="geometry"), costs)
    chances = _chances(flow, sites, chosen, arrivals_week)
    return ChainReport(flow, sites.drop(columns="geometry"), chances, _answer(study, who, flow, chosen, arrivals_week))


def _sites(listed: gpd.GeoDataFrame, stages: tuple[tuple[str, Stage], ...]) -> gpd.GeoDataFrame:
    """One row for each stage and public site that offers it, with the interval of its beds."""
    public = listed[~listed.geometry.is_empty & listed.geometry.notna() & (listed["disclosure"] == "exact")]
    parts = []
    wanted = {category for category, _ in stages}
    for category, stage in stages:
        rows = public[[category in kinds for kinds in public["categories"]]]
        beds = rows["capacity_beds"].astype(float)
        # one number for several stages: each may hold none or all of it
        shared = np.array([len(wanted & set(kinds)) > 1 for kinds in rows["categories"]], dtype=bool)
        parts.append(
            gpd.GeoDataFrame(
                {
                    "site_id": rows["service_id"].to_numpy(),
                    "stage": stage.name,
                    "beds_low": np.where(shared | beds.isna(), 0.0, beds.fillna(0)),
                    "beds_high": beds.to_numpy(),
                },
                geometry=rows.geometry.to_numpy(),
                crs=listed.crs,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _costs(
    study: Study, network: travel.Network, sites: gpd.GeoDataFrame, stages: tuple[tuple[str, Stage], ...]
) -> list[pd.DataFrame]:
    """Minutes from each county (its nearest place) to the first stage, then from stage to stage."""
    places = data.places(study)
    county = places.set_index("place_id")["county_fips"]
    tables = []
    for number, (_, stage) in enumerate(stages):
        to = _points(sites, stage.name)
        if number == 0:
            start = places[["place_id", "geometry"]].rename(columns={"place_id": "id"})
        else:
            start = _points(sites, stages[number - 1][1].name)
        if not len(to) or not len(start):
            tables.append(pd.DataFrame({"from_id": [], "to_id": [], "time_min": []}))
            continue
        found = travel.costs(network, start, to, cutoff_min=stage.cutoff_min)
        if number == 0:
            found = found.assign(from_id=found["from_id"].map(county))
            found = found.sort_values("time_min").drop_duplicates(["from_id", "to_id"])  # the nearest place of a county
        tables.append(found)
    return tables


def _points(sites: gpd.GeoDataFrame, stage: str) -> gpd.GeoDataFrame:
    rows = sites.loc[sites["stage"] == stage, ["site_id", "geometry"]]
    return rows.rename(columns={"site_id": "id"}).reset_index(drop=True)


def _chances(
    flow: ChainFlow, sites: gpd.GeoDataFrame, stages: tuple[tuple[str, Stage], ...], arrivals_week: float | None
) -> pd.DataFrame:
    """Chance of a bed within a day at each stage for a stated flow; no number where a site's beds are not known."""
    if arrivals_week is None:
        return pd.DataFrame({"stage": [], "chance_low_share": [], "chance_high_share": []})
    rows, arrivals = [], arrivals_week
    for _, stage in stages:
        beds = sites[sites["stage"] == stage.name]
        low = access.bed_chance(arrivals, stage.stay_days, int(beds["beds_low"].sum()))
        known = bool(beds["beds_high"].notna().all()) and len(beds) > 0
        high = access.bed_chance(arrivals, stage.stay_days, int(beds["beds_high"].sum())) if known else math.nan
        rows.append({"stage": stage.name, "chance_low_share": low if known else math.nan, "chance_high_share": high})
        arrivals *= stage.onward_share
    return pd.DataFrame(rows)


def _answer(
    study: Study,
    who: str | None,
    flow: ChainFlow,
    stages: tuple[tuple[str, Stage], ...],
    arrivals_week: float | None,
) -> Answer:
    about = {"who": who or "anyone listed", "area": study.title, "stages": tuple(stage.name for _, stage in stages)}
    sources = (*sources_of(study, "services", "places"), *sources_of(study, "stages"))
    vintage = vintage_of(study, "services", "places", "stages")
    assumed = tuple(
        f"assumed of a {stage.name}: a stay of {stage.stay_days:g} days, drives of up to {stage.cutoff_min:g} minutes"
        for _, stage in stages
    )
    notes = (
        LOWER_BOUND,
        "what the listed system can carry, not what it is asked for: arrivals are not known",
        *assumed,
    )
    tables = {
        "chain_stages": flow.stages.assign(
            stage_index=range(1, len(stages) + 1), stay_days=[stage.stay_days for _, stage in stages]
        ),
        "chain_counties": flow.by_origin.rename(columns={"origin": "county_fips"}).assign(
            county=lambda table: table["county_fips"].map(data.counties(study).set_index("county_fips")["name"])
        ),
    }
    released = {
        name: release(
            _bounded(table), name=name, kind="chain", sources=sources, vintage=vintage, notes=notes, about=about
        )
        for name, table in tables.items()
    }
    return Answer(
        "chain",
        study,
        findings=_findings(flow, about, notes, sources),
        tables=released,
        about={"arrivals": arrivals_week},
    )


def _bounded(table: pd.DataFrame) -> pd.DataFrame:
    """Say in words where an upper bound is missing, in place of an infinite number."""
    columns = [name for name in ("high_week", "known_high_week") if name in table]
    open_ended = np.isinf(table["high_week"])
    return table.assign(
        **{name: table[name].replace(math.inf, math.nan) for name in columns},
        note=np.where(open_ended, _NO_CEILING, ""),
    )


def _findings(
    flow: ChainFlow, about: Mapping[str, object], notes: tuple[str, ...], sources: tuple[str, ...]
) -> tuple[Finding, ...]:
    table = flow.stages
    asked = int(table["sites_count"].sum())
    unknown = int(table["unknown_count"].sum())
    known = Finding("beds_known", asked - unknown, of=asked, about=about, notices=notes, sources=sources)
    key = "chain_flow_open" if math.isinf(flow.high_week) else "chain_flow"
    high = None if math.isinf(flow.high_week) else flow.high_week
    carried = Finding(key, flow.low_week, flow.low_week, high, about=about, notices=notes, sources=sources)
    first = _ask_first(table)
    asking = (Finding("beds_ask_first", unknown, about={**about, "stage": first}, sources=sources),) if first else ()
    return known, carried, *asking


def _ask_first(table: pd.DataFrame) -> str | None:
    """Name the stage whose unknown beds widen the interval most: without them the whole could carry least."""
    unknown = table[table["unknown_count"] > 0]
    return None if unknown.empty else str(unknown.sort_values(["known_high_week", "stage"])["stage"].iloc[0])


def person_path(
    study: Study,
    *,
    start: gpd.GeoSeries,
    leave: datetime,
    who: str | None = None,
    stages: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Follow one person from a point and a local time: the earliest door of each stage that is known to be open.

    Parameters
    ----------
    study : Study
        Network and services.
    start : GeoSeries
        One point, EPSG:4326.
    leave : datetime
        Local time.
    who : str, optional
        Only services that this group may use.
    stages : tuple of str, optional
        Categories in the order in which they are needed: an exam, then a shelter where not given.

    Returns
    -------
    DataFrame
        ``stage, site_id, arrive``; a blank id and NaT from the stage on at which the way breaks.
    """
    wanted = stages or ("forensic_exam", "emergency_shelter")
    strange = sorted(set(wanted) - set(data.load("categories")["category"]))
    if strange:
        raise StudyError(f"There is no category {', '.join(strange)}; kcgeo data list categories names them.")
    limit = study.travel.search_cutoff_min
    steps = tuple((category, Stage(category, 1.0, limit)) for category in wanted)
    listed = data.directory(study, eligibility=who)
    sites = _sites(listed, steps)
    network = travel.network(study)
    before = gpd.GeoDataFrame({"id": ["start"]}, geometry=list(start), crs=start.crs)
    tables = []
    for category, _ in steps:
        to = _points(sites, category)
        empty = pd.DataFrame({"from_id": [], "to_id": [], "time_min": []})
        tables.append(travel.costs(network, before, to, cutoff_min=limit) if len(to) and len(before) else empty)
        before = to
    kept = listed[listed["service_id"].isin(sites["site_id"])]
    hours = _open_hours(kept, leave)
    return access.earliest_path(pd.Timestamp(leave), "start", [stage for _, stage in steps], tables, hours)


def _open_hours(services: gpd.GeoDataFrame, leave: datetime) -> dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Tell for each service in which of 168 hours, from Monday 0:00 on, it is known to be open around a day."""
    monday = datetime(leave.year, leave.month, leave.day) - timedelta(days=leave.weekday())
    known = np.zeros((len(services), 168), dtype=bool)
    for hour in range(168):
        ahead = monday + timedelta(hours=hour)
        moment = ahead if ahead.date() >= leave.date() else ahead + timedelta(days=7)
        state = data.open_state(services["opening_hours"], moment, points=services.geometry)
        known[:, hour] = (state == "open").to_numpy()
    return dict(zip(services["service_id"], known, strict=True))
