"""Where would new places help most? From a study to a proven plan, its alternatives and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import h3
import pandas as pd

from kcgeo import access, data, siting, travel
from kcgeo.crs import STORAGE
from kcgeo.data.settings import Study
from kcgeo.errors import StudyError
from kcgeo.siting import SitingResult
from kcgeo.study.measure import GROUPS, Measured, measure

__all__ = ["CANDIDATES", "OBJECTIVES", "SitingAnswer", "candidate_areas", "site"]

CANDIDATES = ("places", "cells")
CELL_RESOLUTION = 6
ALTERNATIVES = 10
OBJECTIVES: Mapping[str, Callable[..., SitingResult]] = {
    "max_coverage": siting.max_coverage,
    "p_median": siting.p_median,
    "p_center": siting.p_center,
    "backup_coverage": siting.backup_coverage,
    "min_sites": siting.min_sites,
}
PEOPLE = {"minors": "under18_count"}
"""Whose numbers stand for a group; the package has no count of women, men or LGBTQ people by place."""


@dataclass(frozen=True, eq=False)
class SitingAnswer:
    """A plan with its proof, and all that a planner asks next; made by :func:`site`.

    Attributes
    ----------
    plan
        The best plan; ``plan.bound`` is what no plan can beat.
    candidates
        The areas that could be chosen: ``candidate_id, name, county_fips`` and a point that stands for the area.
    new_sites
        The chosen areas in the order of their gain: ``rank, candidate_id, name, gained_count, covered_share``.
    by_group, by_place
        Before and after by group of people, and by place for the difference map.
    alternatives, frequency
        Plans within ``within_share`` of the best, and how often an area is in them.
    front
        Plans that no other beats in people covered, worst-case time and the worst-off group.
    closures
        The plan with one existing site closed at a time.
    parameters
        What was asked, in words.
    """

    study: Study
    measured: Measured
    plan: SitingResult
    candidates: gpd.GeoDataFrame
    new_sites: pd.DataFrame
    by_group: pd.DataFrame
    by_place: pd.DataFrame
    alternatives: tuple[SitingResult, ...]
    frequency: pd.Series
    front: pd.DataFrame
    closures: pd.DataFrame
    parameters: dict[str, str]


def candidate_areas(measured: Measured, *, kind: str) -> gpd.GeoDataFrame:
    """Areas in which a new site could stand; never an address.

    Parameters
    ----------
    measured : Measured
        Gives the places and the grid.
    kind : {"places", "cells"}
        ZIP code areas with people, or H3 cells of resolution 6 (about 36 km2) that hold people of such a point.

    Returns
    -------
    GeoDataFrame
        ``candidate_id, name, county_fips`` and a point inside the area, EPSG:4326.

    Raises
    ------
    StudyError
        For another kind.
    """
    if kind not in CANDIDATES:
        raise StudyError(f"The candidates '{kind}' are unknown; choose one of {', '.join(CANDIDATES)}.")
    places = measured.places[measured.places["population_count"] > 0]
    if kind == "places":
        table = places.assign(candidate_id=places["place_id"], name=places["place_name"] + " " + places["place_id"])
        return table[["candidate_id", "name", "county_fips", "geometry"]].reset_index(drop=True)
    cells = measured.cells
    areas = pd.Series([h3.cell_to_parent(cell, CELL_RESOLUTION) for cell in cells["cell_id"]], index=cells.index)
    lived_in = {h3.latlng_to_cell(point.y, point.x, CELL_RESOLUTION) for point in places.geometry}
    centres = cells["cell_id"] == areas.map(
        lambda area: h3.cell_to_center_child(area, measured.study.travel.h3_resolution)
    )
    table = cells[centres & areas.isin(lived_in)].assign(candidate_id=areas)
    table["name"] = "area around " + _nearest_name(table, places, measured.study.crs)
    return table[["candidate_id", "name", "county_fips", "geometry"]].sort_values("candidate_id", ignore_index=True)


def _nearest_name(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame, crs: str) -> pd.Series:
    """Name of the nearest place, for people who do not read cell ids."""
    near = areas[["geometry"]].to_crs(crs).sjoin_nearest(places[["place_name", "geometry"]].to_crs(crs))
    names: pd.Series = near["place_name"].groupby(level=0).first()
    return names


def _existing_sites(services: gpd.GeoDataFrame, category: str) -> gpd.GeoDataFrame:
    """Public sites of the category, once each, as destinations."""
    sites = data.by_category(services)
    sites = sites[sites["category"] == category].drop_duplicates("site_id")
    return gpd.GeoDataFrame({"id": "site " + sites["site_id"]}, geometry=sites.geometry, crs=STORAGE)


def _weights(measured: Measured, category: str, group: str, *, cutoff_min: float, referral_weight: float) -> pd.Series:
    """People by place, those served by referral counted less; people in reach stay whole."""
    demand = measured.places.set_index("place_id")[group].astype(float)
    state = access.states(measured.place_times, cutoff_min=cutoff_min, referral=measured.referral)[category]
    weighed = siting.need(demand, state, referral_weight=referral_weight)
    weights: pd.Series = demand.where(state.eq("in_reach"), weighed)
    return weights


def site(
    study: Study,
    *,
    category: str,
    new_count: int,
    cutoff_min: float,
    eligibility: str | None = None,
    objective: str = "max_coverage",
    candidates: str = "places",
    referral_weight: float = 0.5,
    capacity: float | None = None,
    within_share: float = 0.02,
    time_limit_s: float | None = 60.0,
    step: Callable[[str], None] = lambda description: None,
) -> SitingAnswer:
    """Find where ``new_count`` new sites of a category help most, with proof, alternatives and consequences.

    Computed from exact-level services and area flags only: a lower bound of what exists.

    Parameters
    ----------
    study : Study
        Places, speeds and services.
    category, eligibility
        What the new sites offer, and for whom; the people counted are under 18 for minors, and all people otherwise.
    new_count : int
        New sites; existing public ones stay open. Not used by ``min_sites``.
    cutoff_min : float
        Minutes that count as in reach, the value itself included.
    objective : str
        One of :data:`OBJECTIVES`.
    candidates : {"places", "cells"}
        See :func:`candidate_areas`.
    referral_weight : float
        0 to 1: how much a person whom a confidential service serves by referral counts against one with nothing.
    capacity : float, optional
        People whom each new site can serve (``max_coverage`` and ``p_median``); existing sites have no limit.
    within_share : float
        Alternatives may be worse than the best by this share.
    time_limit_s : float, optional
        Seconds for each solve; the best plan so far is kept with its gap.
    step : callable
        Told in words what is being done.

    Raises
    ------
    StudyError
        For an unknown objective, category or kind of candidates.
    SolverError
        Where no plan keeps what was asked; the sentences say why and what would work.
    """
    known = data.load("categories").query("has_place")["category"].tolist()
    problems = []
    if objective not in OBJECTIVES:
        problems.append(f"The objective '{objective}' is unknown; choose one of {', '.join(OBJECTIVES)}.")
    if category not in known:
        problems.append(f"The category '{category}' is unknown or has no place; there are {', '.join(known)}.")
    if capacity is not None and objective not in ("max_coverage", "p_median"):
        problems.append("A capacity is kept by max_coverage and p_median only; leave it out or choose one of these.")
    if problems:
        raise StudyError(problems)
    step("Measuring who is covered now")
    measured = measure(study, eligibility=eligibility)
    if f"{category}_min" not in measured.place_times:
        measured.place_times[f"{category}_min"] = float("nan")
    areas = candidate_areas(measured, kind=candidates)
    existing = _existing_sites(measured.services, category)
    step("Measuring times to candidate areas")
    points = areas[["candidate_id", "geometry"]].rename(columns={"candidate_id": "id"})
    ends = gpd.GeoDataFrame(pd.concat([points, existing], ignore_index=True), crs=STORAGE)
    costs = travel.costs(measured.network, measured.places, ends, cutoff_min=study.travel.search_cutoff_min)
    open_now = [name for name in existing["id"] if name in set(costs["to_id"])]
    group = PEOPLE.get(eligibility or "", "population_count")
    demand = _weights(measured, category, group, cutoff_min=cutoff_min, referral_weight=referral_weight)
    options = _options(objective, new_count, cutoff_min, open_now, time_limit_s)
    if capacity is not None:
        room = {name: (float(demand.sum()) if name in set(open_now) else float(capacity)) for name in ends["id"]}
        options["capacity"] = pd.Series(room)
    step("Solving, and proving the plan")
    model = OBJECTIVES[objective]
    plans = siting.alternatives(model, costs, demand, within_share=within_share, max_count=ALTERNATIVES, **options)
    plan = plans[0]
    step("Working out what it changes")
    groups = measured.places.set_index("place_id")[list(GROUPS)]
    people = measured.places.set_index("place_id")[group].astype(float)
    front = siting.pareto(
        costs, demand, cutoff_min=cutoff_min, new_count=len(plan.new), groups=groups, existing=open_now, steps=3,
        time_limit_s=time_limit_s,
    )  # fmt: skip
    names = areas.set_index("candidate_id")["name"]
    gains = siting.gain_by_site(costs, people, existing=open_now, new=plan.new, cutoff_min=cutoff_min)
    gains = gains.rename(columns={"to_id": "candidate_id"})
    gains.insert(1, "name", gains["candidate_id"].map(names))
    gains.insert(0, "rank", range(1, len(gains) + 1))
    return SitingAnswer(
        study=study,
        measured=measured,
        plan=plan,
        candidates=areas,
        new_sites=gains,
        by_group=siting.coverage_by_group(costs, groups, before=open_now, after=plan.chosen, cutoff_min=cutoff_min),
        by_place=siting.change_by_place(costs, people, before=open_now, after=plan.chosen, cutoff_min=cutoff_min),
        alternatives=plans,
        frequency=siting.site_frequency(plans).rename(index=names),
        front=front,
        closures=siting.closures(plan.chosen, costs, people, cutoff_min=cutoff_min, closing=open_now),
        parameters={
            "category": category,
            "eligibility": eligibility or "anybody",
            "objective": objective,
            "new sites": str(len(plan.new)),
            "cutoff": f"{cutoff_min:g} min",
            "people counted": group,
            "weight of people served by referral": f"{referral_weight:g}",
            "candidates": candidates,
            "capacity of a new site": "no limit" if capacity is None else f"{capacity:g} people",
        },
    )


def _options(
    objective: str, new_count: int, cutoff_min: float, existing: list[str], time_limit_s: float | None
) -> dict[str, Any]:
    """Arguments of a model; each takes only those that mean something to it."""
    options: dict[str, Any] = {"existing": existing, "time_limit_s": time_limit_s}
    if objective not in ("p_median", "p_center"):
        options["cutoff_min"] = cutoff_min
    if objective != "min_sites":
        options["new_count"] = new_count
    return options
