"""What a plan changes: whom it reaches, what else is as good, what one goal costs another."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo import siting, travel
from kcgeo.access.pairs import upto
from kcgeo.crs import STORAGE
from kcgeo.siting import NoPlanError, SitingResult, UnfinishedError
from kcgeo.siting.plan import MAXIMISED
from kcgeo.study.measure import Measured
from kcgeo.study.siting.question import OBJECTIVES, SitingQuestion

__all__ = ["FRONT", "by_place", "cell_times", "frequency", "near_best", "new_sites", "trade_offs"]

ALTERNATIVES = 10
FRONT = ["covered_count", "covered_share", "worst_time_min", "least_group_share", "chosen"]


def near_best(
    plan: SitingResult, costs: pd.DataFrame, demand: pd.Series[float], question: SitingQuestion, options: dict[str, Any]
) -> tuple[SitingResult, ...]:
    """List the plan and those nearly as good; an unproven plan has no neighbours worth a name."""
    if plan.status != "optimal" or not plan.new:
        return (plan,)
    model = OBJECTIVES[question.objective]
    try:
        others = siting.alternatives(
            model,
            costs,
            demand,
            within_share=question.within_share,
            max_count=ALTERNATIVES - 1,
            excluding=[plan.new, *options.get("excluding", [])],
            **{name: value for name, value in options.items() if name != "excluding"},
        )
    except NoPlanError:
        return (plan,)
    except UnfinishedError as error:
        # a run that was stopped before it had another plan: this one stands
        if error.reason == "interrupted":
            raise KeyboardInterrupt from error
        return (plan,)
    slack = question.within_share * abs(plan.objective) + 1e-9
    sense = -1.0 if plan.model in MAXIMISED else 1.0
    near = [other for other in others if sense * (other.objective - plan.objective) <= slack]
    return (plan, *near)


def new_sites(
    costs: pd.DataFrame,
    people: pd.Series[float],
    plan: SitingResult,
    areas: gpd.GeoDataFrame,
    existing: list[str],
    cutoff_min: float,
) -> pd.DataFrame:
    """Order new sites by what each gains beyond those before it, with their names."""
    gains = siting.gain_by_site(costs, people, existing=existing, new=plan.new, cutoff_min=cutoff_min)
    gains = gains.rename(columns={"to_id": "candidate_id"})
    gains.insert(0, "rank", range(1, len(gains) + 1))
    named = areas.set_index("candidate_id")[["name", "county_fips"]]
    return gains.join(named, on="candidate_id")[
        ["rank", "candidate_id", "name", "county_fips", "gained_count", "covered_count", "covered_share"]
    ]


def by_place(
    measured: Measured,
    question: SitingQuestion,
    costs: pd.DataFrame,
    people: pd.Series[float],
    existing: list[str],
    plan: SitingResult,
) -> gpd.GeoDataFrame:
    """Minutes, cover and state of each place before and after."""
    cutoff_min = question.cutoff_min
    table = siting.change_by_place(costs, people, before=existing, after=plan.chosen, cutoff_min=cutoff_min)
    called = measured.referral[question.category].reindex(table.index).to_numpy(dtype=bool)
    for when in ("before", "after"):
        states = pd.Series("none", index=table.index).mask(called, "by_referral")
        table[when] = states.mask(table[f"{when}_min"] <= upto(cutoff_min), "in_reach")
    about = measured.places.set_index("place_id")[["place_name", "county_fips", "geometry"]]
    return gpd.GeoDataFrame(about.join(table.rename_axis("place_id")).reset_index())


def cell_times(
    measured: Measured, existing: gpd.GeoDataFrame, ends: gpd.GeoDataFrame, plan: SitingResult
) -> pd.DataFrame:
    """Minutes from each cell to the nearest site, before and after; NaN is not reached."""
    after = ends[ends["id"].isin(plan.chosen)].assign(stage="after")
    stages = pd.concat([existing[["id", "geometry"]].assign(stage="before"), after], ignore_index=True)
    stages = gpd.GeoDataFrame(stages, crs=STORAGE)
    limit = measured.study.travel.search_cutoff_min
    times = travel.nearest_times(measured.network, measured.cells, stages, by="stage", cutoff_min=limit)
    both: pd.DataFrame = times.reindex(columns=["before_min", "after_min"])
    return both


def trade_offs(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    people: pd.Series[float],
    groups: pd.DataFrame,
    question: SitingQuestion,
    plan: SitingResult,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Plans that no other beats; found with the weights of the objective, told in plain people.

    A budget and a distance between sites are no part of them, so that where these are asked for there are none.
    """
    if question.budget is not None or question.spread_km is not None:
        return pd.DataFrame(columns=FRONT)
    front = siting.pareto(
        costs,
        demand,
        cutoff_min=question.cutoff_min,
        new_count=len(plan.new),
        groups=groups,
        existing=options["existing"],
        steps=3,
        time_limit_s=options["time_limit_s"],
    )
    people_in_reach = [
        siting.performance(sites, costs, people, cutoff_min=question.cutoff_min)[["covered_count", "covered_share"]]
        for sites in front["chosen"]
    ]
    plain = pd.DataFrame(people_in_reach, index=front.index, columns=["covered_count", "covered_share"])
    return front.rename(columns={"covered_count": "weighted_count", "covered_share": "weighted_share"}).join(plain)


def frequency(plans: tuple[SitingResult, ...], areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share of the good plans in which each area is, largest first."""
    shares = siting.site_frequency(plans).rename_axis("candidate_id").reset_index()
    named = areas.set_index("candidate_id")[["name", "county_fips"]]
    return shares.join(named, on="candidate_id")[["candidate_id", "name", "county_fips", "plan_share"]]
