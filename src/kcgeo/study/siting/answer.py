"""Where would new places help most? From a study to a proven plan, its alternatives and what it changes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import h3
import pandas as pd

from kcgeo import data, siting, travel
from kcgeo.crs import STORAGE
from kcgeo.data.study.names import county_codes
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, UnfinishedWarning, first_ids, raise_all
from kcgeo.siting import Progress, SitingResult
from kcgeo.study.measure import GROUPS, Measured, measure
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.siting.areas import CANDIDATES, CELL_RESOLUTION, candidate_areas, hexagon, near_stops, too_near
from kcgeo.study.siting.consequences import (
    FRONT,
    by_place,
    cell_times,
    frequency,
    near_best,
    new_sites,
    trade_offs,
)
from kcgeo.study.siting.draws import plans_under_draws
from kcgeo.study.siting.own import own_candidates
from kcgeo.study.siting.question import DRAWS, OBJECTIVES, SitingQuestion, question_faults

__all__ = ["OBJECTIVES", "SitingAnswer", "SitingQuestion", "site"]

Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class SitingAnswer:
    """A plan with its proof, and all that a planner asks next; made by :func:`site`.

    Attributes
    ----------
    question
        What was asked.
    plan
        The best plan; ``plan.bound`` is what no plan can beat.
    candidates
        The areas that could be chosen: ``candidate_id, name, county_fips`` and the outline of the area.
    existing
        Public sites of the category, open to those who ask: ``id, name, service_status, coordinate_precision``.
    new_sites
        The chosen areas in the order of their gain: ``rank, candidate_id, name, gained_count, covered_share``.
    by_group, by_place
        Before and after by group of people, and by place for the difference map.
    cell_times
        Minutes to the nearest site by grid cell, ``before_min`` and ``after_min``.
    alternatives, frequency
        Plans within ``within_share`` of the best, and in which share of them an area is.
    front
        Plans that no other beats in people covered, worst-case time and the worst-off group.
    closures
        The plan with one existing site closed at a time, by name of the site.
    robustness
        Today and each good plan under drawn speeds and places: see :func:`plans_under_draws`.
    unfinished
        What a Ctrl-C left undone, in words; empty for a whole answer.
    """

    study: Study
    measured: Measured
    question: SitingQuestion
    plan: SitingResult
    candidates: gpd.GeoDataFrame
    existing: gpd.GeoDataFrame
    new_sites: pd.DataFrame
    by_group: pd.DataFrame
    by_place: gpd.GeoDataFrame
    cell_times: pd.DataFrame
    alternatives: tuple[SitingResult, ...]
    frequency: pd.DataFrame
    front: pd.DataFrame
    closures: pd.DataFrame
    robustness: pd.DataFrame
    unfinished: tuple[str, ...] = ()

    def names_of(self, plan: SitingResult) -> tuple[str, ...]:
        """Names of the new areas of a plan, those of the answer in the order of their gain first."""
        order = {area: rank for rank, area in enumerate(self.new_sites["candidate_id"])}
        names = self.candidates.set_index("candidate_id")["name"]
        return tuple(str(names[area]) for area in sorted(plan.new, key=lambda area: (order.get(area, 99), area)))


def site(
    study: Study,
    *,
    category: str,
    new_count: int,
    cutoff_min: float,
    eligibility: str | None = None,
    objective: str = "max_coverage",
    candidates: Any = "places",
    referral_weight: float = 0.5,
    capacity: float | str | None = None,
    within_share: float = 0.02,
    draw_count: int = DRAWS,
    time_limit_s: float | None = 60.0,
    within: Sequence[str] = (),
    near_stops_m: float | None = None,
    weight: str | None = None,
    cost: str | None = None,
    budget: float | None = None,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    spread_km: float | None = None,
    step: Step = silent_step,
) -> SitingAnswer:
    """Find where ``new_count`` new sites of a category help most, with proof, alternatives and consequences.

    Computed from exact-level services and area flags only: a lower bound of what exists. Ctrl-C during a solve keeps
    the best plan so far with its gap, and after it leaves out what was not worked out yet.

    Parameters
    ----------
    study : Study
        Places, speeds and services.
    category, eligibility
        What the new sites offer, and for whom; the people counted are under 18 for minors, and all people otherwise.
    new_count : int
        New sites; existing public ones stay open. Not used by ``min_sites``; with a budget the most there may be.
    cutoff_min : float
        Minutes that count as in reach, the value itself included.
    objective : str
        One of :data:`OBJECTIVES`.
    candidates
        ``places``, ``cells`` (see :func:`candidate_areas`), or a table or file of one's own (:func:`own_candidates`).
    referral_weight : float
        0 to 1: how much a person whom a confidential service serves by referral counts against one with nothing.
    capacity : float or str, optional
        People whom each new site can serve (``max_coverage`` and ``p_median``), or the column of one's own candidates
        that holds them; existing sites have no limit.
    within_share : float
        Alternatives may be worse than the best by this share.
    draw_count : int
        Draws of speeds and of where in its area a site stands; 0 for none.
    time_limit_s : float, optional
        Seconds for each solve; the best plan so far is kept with its gap.
    within : sequence of str
        Only candidates in these counties, by code or name ("Jackson MO").
    near_stops_m : float, optional
        Only candidates within so many metres of a stop of the study's feed.
    weight : str, optional
        Whose numbers count: ``anyone``, ``under18``, ``poverty``, ``no_vehicle_household``, or a column of the places.
    cost, budget
        Column of one's own candidates, and what all new sites together may cost.
    keep : sequence of str
        Existing sites (service ids) that stay; where given, the others may close, and count as candidates.
    drop : sequence of str
        Existing sites that are taken to be closed.
    spread_km : float, optional
        New sites keep at least so many kilometres apart.
    step : callable
        Told in words what is being done.

    Raises
    ------
    StudyError
        For an unknown objective, category, candidate, county, column or site, or a number that means nothing.
    SolverError
        Where no plan keeps what was asked; the sentences say why and what would work.
    """
    question = SitingQuestion(
        category, eligibility, objective, new_count, cutoff_min, _kind_of(candidates), referral_weight, capacity,
        within_share, draw_count, tuple(county_codes(within)), near_stops_m, weight, cost, budget, tuple(keep),
        tuple(drop), spread_km,
    )  # fmt: skip
    raise_all(question_faults(study, question, time_limit_s), StudyError)
    step("Measuring who is covered now")
    measured = measure(study, eligibility=eligibility)
    if question.group not in measured.places:
        there = ", ".join(name for name in measured.places if str(name).endswith("_count"))
        raise StudyError(f"The places have no column '{question.group}' to weigh by; there are {there}.")
    if f"{category}_min" not in measured.place_times:
        measured.place_times[f"{category}_min"] = float("nan")
    areas = _areas(measured, question, candidates)
    existing, movable = _existing_sites(measured, question)
    areas = gpd.GeoDataFrame(pd.concat([areas, movable], ignore_index=True), crs=STORAGE)
    step("Measuring times to candidate areas")
    inside = gpd.GeoDataFrame({"id": areas["candidate_id"]}, geometry=areas["middle"].array, crs=STORAGE)
    ends = gpd.GeoDataFrame(pd.concat([inside, existing[["id", "geometry"]]], ignore_index=True), crs=STORAGE)
    costs = travel.costs(measured.network, measured.places, ends, cutoff_min=study.travel.search_cutoff_min)
    reached = set(costs["to_id"])
    existing = existing[existing["id"].isin(reached)].reset_index(drop=True)
    areas = areas[areas["candidate_id"].isin(reached)].reset_index(drop=True)
    if objective != "min_sites" and budget is None and new_count > len(areas):
        raise StudyError(f"{new_count} new sites are asked for, but the study has {len(areas)} areas to put one in.")
    demand = _weights(measured, question)
    options = _options(question, areas, list(existing["id"]), demand, study.crs) | {"time_limit_s": time_limit_s}
    step("Solving, and proving the plan")
    plan = OBJECTIVES[objective](costs, demand, progress=_reporting(step), **options)
    return _answer(study, measured, question, plan, areas, existing, costs, demand, ends, options, step)


def _kind_of(candidates: Any) -> str:
    """Name the candidates as the page repeats them; a file or a table of one's own is not named."""
    if isinstance(candidates, str) and (candidates in CANDIDATES or not Path(candidates).exists()):
        if candidates not in CANDIDATES:
            raise StudyError(
                f"The candidates '{candidates}' are unknown; choose one of {', '.join(CANDIDATES)}, or give a file."
            )
        return candidates
    return "own"


def _areas(measured: Measured, question: SitingQuestion, candidates: Any) -> gpd.GeoDataFrame:
    """Candidates, narrowed to counties and to what is near a stop."""
    if question.is_own:
        wanted = [name for name in (question.cost, question.capacity) if isinstance(name, str)]
        areas = own_candidates(measured, candidates, columns=wanted)
    else:
        areas = candidate_areas(measured, kind=question.candidates)
    if question.within:
        areas = areas[areas["county_fips"].isin(question.within)].reset_index(drop=True)
        if areas.empty:
            raise StudyError(f"No candidate lies in {', '.join(question.within)}; name a county of the study.")
    if question.near_stops_m is not None:
        areas = near_stops(areas, measured.study, question.near_stops_m)
    return areas


def _answer(
    study: Study,
    measured: Measured,
    question: SitingQuestion,
    plan: SitingResult,
    areas: gpd.GeoDataFrame,
    existing: gpd.GeoDataFrame,
    costs: pd.DataFrame,
    demand: pd.Series[float],
    ends: gpd.GeoDataFrame,
    options: dict[str, Any],
    step: Step,
) -> SitingAnswer:
    """Work out what a plan changes, what else is good, and how sure it is."""
    held, cutoff_min = list(existing["id"]), question.cutoff_min
    groups = measured.places.set_index("place_id")[list(dict.fromkeys([*GROUPS, question.group]))]
    people = groups[question.group].astype(float)
    kept = _Parts(step, ["a proof that the plan is best"] if plan.status == "interrupted" else [])
    alone: tuple[SitingResult, ...] = (plan,)
    plans = kept("what else is nearly as good", lambda: near_best(plan, costs, demand, question, options), alone)
    if any(other.status == "interrupted" for other in plans[1:]):
        kept.unfinished.append("what else is nearly as good")
    return SitingAnswer(
        study=study,
        measured=measured,
        question=question,
        plan=plan,
        candidates=areas,
        existing=existing,
        new_sites=new_sites(costs, people, plan, areas, held, cutoff_min),
        by_group=siting.coverage_by_group(costs, groups, before=held, after=plan.chosen, cutoff_min=cutoff_min),
        by_place=by_place(measured, question, costs, people, held, plan),
        cell_times=cell_times(measured, existing, ends, plan),
        alternatives=plans,
        frequency=frequency(plans, areas),
        front=kept(
            "what one goal costs another",
            lambda: trade_offs(costs, demand, people, groups, question, plan, options),
            pd.DataFrame(columns=FRONT),
        ),
        closures=siting.closures(plan.chosen, costs, people, cutoff_min=cutoff_min, closing=held).rename(
            index=existing.set_index("id")["name"]
        ),
        robustness=kept(
            "how sure it is",
            lambda: plans_under_draws(
                measured,
                existing,
                areas,
                [one.new for one in plans],
                people=people,
                weights=demand,
                cutoff_min=cutoff_min,
                draw_count=question.draw_count,
            ),
            pd.DataFrame(),
        ),
        unfinished=tuple(kept.unfinished),
    )


class _Parts:
    """Works out one part after the other; after a Ctrl-C the rest is left out and named."""

    def __init__(self, step: Step, unfinished: list[str]) -> None:
        self._step, self.unfinished = step, unfinished

    def __call__(self, what: str, work: Callable[[], Part], otherwise: Part) -> Part:
        if not self.unfinished:
            try:
                self._step(f"Working out {what}")
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always", UnfinishedWarning)
                    found = work()
                # a part that Ctrl-C cut short is kept, and named as not whole
                if any(getattr(item.message, "reason", "") == "interrupted" for item in caught):
                    self.unfinished.append(what)
                return found
            except KeyboardInterrupt:
                pass
        self.unfinished.append(what)
        return otherwise


def _existing_sites(measured: Measured, question: SitingQuestion) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Public sites of the category, once each, under the name that the directory gives; and those that may close.

    The second table has the form of candidates.
    """
    sites = data.by_category(measured.services)
    sites = sites[sites["category"] == question.category].drop_duplicates("site_id")
    about = measured.services.set_index("service_id").loc[sites["service_id"]]
    columns = {
        "id": ("site " + sites["site_id"]).to_numpy(),
        "name": about["organization_name"].to_numpy(),
        "service_status": about["service_status"].astype(str).to_numpy(),
        "coordinate_precision": about["coordinate_precision"].astype(str).to_numpy(),
    }
    table = gpd.GeoDataFrame(columns, geometry=sites.geometry.array, crs=STORAGE)
    here = measured.services[measured.services["site_id"].isin(sites["site_id"])]
    ids = dict(zip(here["service_id"], "site " + here["site_id"], strict=True))
    unknown = [name for name in (*question.keep, *question.drop) if name not in ids]
    if unknown:
        listed = first_ids(sorted(ids), limit=12)
        raise StudyError(
            f"No public {question.category} has the id {first_ids(unknown)}; there are {listed or 'none'}."
        )
    kept, dropped = ({ids[name] for name in names} for names in (question.keep, question.drop))
    table = table[~table["id"].isin(dropped)]
    stays = table["id"].isin(kept) if kept else pd.Series(True, index=table.index)
    movable = table[~stays]
    cells = [h3.latlng_to_cell(point.y, point.x, measured.study.travel.h3_resolution) for point in movable.geometry]
    county = measured.cells.set_index("cell_id")["county_fips"].reindex(cells).to_numpy()
    outlines = [hexagon(h3.cell_to_parent(cell, CELL_RESOLUTION)) for cell in cells]
    closing = {"candidate_id": movable["id"].to_numpy(), "name": movable["name"].to_numpy(), "county_fips": county}
    middle = gpd.GeoSeries(movable.geometry.array, crs=STORAGE)
    return (
        table[stays].reset_index(drop=True),
        gpd.GeoDataFrame({**closing, "middle": middle}, geometry=outlines, crs=STORAGE),
    )


def _weights(measured: Measured, question: SitingQuestion) -> pd.Series[float]:
    """People by place, those served by referral counted less; people in reach stay whole; where nobody looked, none."""
    demand = measured.places.set_index("place_id")[question.group].astype(float)
    now = measured.states(question.cutoff_min)[question.category]
    weighed = siting.need(demand, now, referral_weight=question.referral_weight)
    weights: pd.Series[float] = demand.where(now.eq("in_reach"), weighed)
    return weights


def _options(
    question: SitingQuestion, areas: gpd.GeoDataFrame, existing: list[str], demand: pd.Series[float], crs: str
) -> dict[str, Any]:
    """Arguments of a model; each takes only those that mean something to it."""
    options: dict[str, Any] = {"existing": existing}
    ids = areas["candidate_id"].to_numpy()
    if question.objective not in ("p_median", "p_center"):
        options["cutoff_min"] = question.cutoff_min
    if question.objective != "min_sites":
        options["new_count"] = question.new_count
    if question.capacity is not None:
        own = isinstance(question.capacity, str)
        room = pd.Series(areas[question.capacity].to_numpy() if own else float(question.capacity), index=ids)
        options["capacity"] = pd.concat([room, pd.Series(float(demand.sum()), index=existing)]).fillna(demand.sum())
    if question.budget is not None:
        options |= {"site_cost": pd.Series(areas[question.cost].to_numpy(), index=ids).fillna(0.0)}
        options |= {"budget": float(question.budget)}
    if question.spread_km is not None:
        options["excluding"] = too_near(areas, crs, question.spread_km)
    return options


def _reporting(step: Step) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        known = math.isfinite(progress.objective) and math.isfinite(progress.bound)
        step(f"Solving: best {progress.objective:,.0f}, bound {progress.bound:,.0f}" if known else "Solving")

    return tell
