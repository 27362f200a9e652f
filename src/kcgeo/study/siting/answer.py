"""Where would new places help most? From a study to a proven plan, its alternatives and what it changes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd

from kcgeo import access, data, siting, travel
from kcgeo.access.pairs import upto
from kcgeo.crs import STORAGE
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, UnfinishedWarning, raise_all
from kcgeo.siting import NoPlanError, Progress, SitingResult
from kcgeo.siting.plan import MAXIMISED, UnfinishedError
from kcgeo.study.measure import GROUPS, Measured, measure
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.siting.areas import CANDIDATES, candidate_areas
from kcgeo.study.siting.draws import plans_under_draws

__all__ = ["OBJECTIVES", "SitingAnswer", "SitingQuestion", "site"]

ALTERNATIVES = 10
OBJECTIVES: Mapping[str, Callable[..., SitingResult]] = {
    "max_coverage": siting.max_coverage,
    "p_median": siting.p_median,
    "p_center": siting.p_center,
    "backup_coverage": siting.backup_coverage,
    "min_sites": siting.min_sites,
}
WITH_CAPACITY = ("max_coverage", "p_median")
PEOPLE = {"minors": "under18_count"}
"""Whose numbers stand for a group; the package has no count of women, men or LGBTQ people by place."""

Part = TypeVar("Part")


@dataclass(frozen=True)
class SitingQuestion:
    """What was asked; the page repeats all of it."""

    category: str
    eligibility: str | None
    objective: str
    new_count: int
    cutoff_min: float
    candidates: str
    referral_weight: float
    capacity: float | None
    within_share: float
    draw_count: int

    @property
    def group(self) -> str:
        """Column of the people who are counted."""
        return PEOPLE.get(self.eligibility or "", "population_count")


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
    candidates: str = "places",
    referral_weight: float = 0.5,
    capacity: float | None = None,
    within_share: float = 0.02,
    draw_count: int = 20,
    time_limit_s: float | None = 60.0,
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
    draw_count : int
        Draws of speeds and of where in its area a site stands; 0 for none.
    time_limit_s : float, optional
        Seconds for each solve; the best plan so far is kept with its gap.
    step : callable
        Told in words what is being done.

    Raises
    ------
    StudyError
        For an unknown objective, category or kind of candidates, or a number that means nothing.
    SolverError
        Where no plan keeps what was asked; the sentences say why and what would work.
    """
    question = SitingQuestion(
        category, eligibility, objective, new_count, cutoff_min, candidates, referral_weight, capacity, within_share,
        draw_count,
    )  # fmt: skip
    raise_all(_faults(study, question, time_limit_s), StudyError)
    step("Measuring who is covered now")
    measured = measure(study, eligibility=eligibility)
    if f"{category}_min" not in measured.place_times:
        measured.place_times[f"{category}_min"] = float("nan")
    areas = candidate_areas(measured, kind=candidates)
    existing = _existing_sites(measured, category)
    step("Measuring times to candidate areas")
    inside = gpd.GeoDataFrame({"id": areas["candidate_id"]}, geometry=areas["middle"], crs=STORAGE)
    ends = gpd.GeoDataFrame(pd.concat([inside, existing[["id", "geometry"]]], ignore_index=True), crs=STORAGE)
    costs = travel.costs(measured.network, measured.places, ends, cutoff_min=study.travel.search_cutoff_min)
    reached = set(costs["to_id"])
    existing = existing[existing["id"].isin(reached)].reset_index(drop=True)
    free = len(set(reached) - set(existing["id"]))
    if objective != "min_sites" and new_count > free:
        raise StudyError(f"{new_count} new sites are asked for, but the study has {free} areas to put one in.")
    demand = _weights(measured, question)
    options = _options(question, list(existing["id"]), time_limit_s)
    if capacity is not None:
        held = set(existing["id"])
        room = {name: float(demand.sum()) if name in held else float(capacity) for name in sorted(reached)}
        options["capacity"] = pd.Series(room)
    step("Solving, and proving the plan")
    plan = OBJECTIVES[objective](costs, demand, progress=_told(step), **options)
    return _answer(study, measured, question, plan, areas, existing, costs, demand, ends, options, step)


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
    groups = measured.places.set_index("place_id")[list(GROUPS)]
    people = groups[question.group].astype(float)
    kept = _Parts(step, ["a proof that the plan is best"] if plan.status == "interrupted" else [])
    alone: tuple[SitingResult, ...] = (plan,)
    plans = kept("what else is nearly as good", lambda: _near_best(plan, costs, demand, question, options), alone)
    if any(other.status == "interrupted" for other in plans[1:]):
        kept.unfinished.append("what else is nearly as good")
    return SitingAnswer(
        study=study,
        measured=measured,
        question=question,
        plan=plan,
        candidates=areas,
        existing=existing,
        new_sites=_new_sites(costs, people, plan, areas, held, cutoff_min),
        by_group=siting.coverage_by_group(costs, groups, before=held, after=plan.chosen, cutoff_min=cutoff_min),
        by_place=_by_place(measured, question, costs, people, held, plan),
        cell_times=_cell_times(measured, existing, ends, plan),
        alternatives=plans,
        frequency=_frequency(plans, areas),
        front=kept(
            "what one goal costs another",
            lambda: _front(costs, demand, people, groups, question, plan, options),
            pd.DataFrame(columns=["covered_count", "covered_share", "worst_time_min", "least_group_share", "chosen"]),
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


def _faults(study: Study, question: SitingQuestion, time_limit_s: float | None) -> list[str]:
    """Collect one sentence for each thing asked that means nothing, before anything is measured."""
    known = data.load("categories").query("has_place")["category"].tolist()
    farthest = study.travel.search_cutoff_min
    ask = question
    checks = [
        (
            ask.objective in OBJECTIVES,
            f"The objective '{ask.objective}' is unknown; choose one of {_listed(OBJECTIVES)}.",
        ),
        (
            ask.category in known,
            f"The category '{ask.category}' is unknown or has no place; there are {_listed(known)}.",
        ),
        (
            ask.candidates in CANDIDATES,
            f"The candidates '{ask.candidates}' are unknown; choose one of {_listed(CANDIDATES)}.",
        ),
        (ask.new_count >= 1, f"The number of new sites is {ask.new_count}; give 1 or more."),
        (
            0 < ask.cutoff_min <= farthest,
            f"The cutoff is {ask.cutoff_min:g} minutes; give more than 0 and at most {farthest:g}, as far as the study"
            " searches.",
        ),
        (0 <= ask.referral_weight <= 1, f"The referral weight is {ask.referral_weight:g}; give 0 to 1."),
        (
            ask.capacity is None or ask.objective in WITH_CAPACITY,
            f"A capacity is kept by {' and '.join(WITH_CAPACITY)} only; leave it out or choose one of these.",
        ),
        (
            ask.capacity is None or (ask.capacity > 0 and math.isfinite(ask.capacity)),
            f"The capacity is {ask.capacity} people; give more than 0.",
        ),
        (ask.within_share >= 0, f"Alternatives within a share of {ask.within_share:g} cannot be; give 0 or more."),
        (ask.draw_count >= 0, f"The number of draws is {ask.draw_count}; give 0 or more."),
        (time_limit_s is None or time_limit_s > 0, f"The time limit is {time_limit_s} seconds; give more than 0."),
    ]  # fmt: skip
    return [sentence for holds, sentence in checks if not holds]


def _listed(names: Any) -> str:
    return ", ".join(names)


def _existing_sites(measured: Measured, category: str) -> gpd.GeoDataFrame:
    """Public sites of the category, once each, with the name under which the directory lists them."""
    sites = data.by_category(measured.services)
    sites = sites[sites["category"] == category].drop_duplicates("site_id")
    about = measured.services.set_index("service_id").loc[sites["service_id"]]
    columns = {
        "id": ("site " + sites["site_id"]).to_numpy(),
        "name": about["organization_name"].to_numpy(),
        "service_status": about["service_status"].astype(str).to_numpy(),
        "coordinate_precision": about["coordinate_precision"].astype(str).to_numpy(),
    }
    return gpd.GeoDataFrame(columns, geometry=sites.geometry.array, crs=STORAGE)


def _weights(measured: Measured, question: SitingQuestion) -> pd.Series[float]:
    """People by place, those served by referral counted less; people in reach stay whole."""
    demand = measured.places.set_index("place_id")[question.group].astype(float)
    state = access.states(measured.place_times, cutoff_min=question.cutoff_min, referral=measured.referral)
    now = state[question.category]
    weighed = siting.need(demand, now, referral_weight=question.referral_weight)
    weights: pd.Series[float] = demand.where(now.eq("in_reach"), weighed)
    return weights


def _options(question: SitingQuestion, existing: list[str], time_limit_s: float | None) -> dict[str, Any]:
    """Arguments of a model; each takes only those that mean something to it."""
    options: dict[str, Any] = {"existing": existing, "time_limit_s": time_limit_s}
    if question.objective not in ("p_median", "p_center"):
        options["cutoff_min"] = question.cutoff_min
    if question.objective != "min_sites":
        options["new_count"] = question.new_count
    return options


def _told(step: Step) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        known = math.isfinite(progress.objective) and math.isfinite(progress.bound)
        step(f"Solving: best {progress.objective:,.0f}, bound {progress.bound:,.0f}" if known else "Solving")

    return tell


def _near_best(
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
            excluding=[plan.new],
            **options,
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


def _new_sites(
    costs: pd.DataFrame,
    people: pd.Series[float],
    plan: SitingResult,
    areas: gpd.GeoDataFrame,
    existing: list[str],
    cutoff_min: float,
) -> pd.DataFrame:
    gains = siting.gain_by_site(costs, people, existing=existing, new=plan.new, cutoff_min=cutoff_min)
    gains = gains.rename(columns={"to_id": "candidate_id"})
    gains.insert(0, "rank", range(1, len(gains) + 1))
    named = areas.set_index("candidate_id")[["name", "county_fips"]]
    return gains.join(named, on="candidate_id")[
        ["rank", "candidate_id", "name", "county_fips", "gained_count", "covered_count", "covered_share"]
    ]


def _by_place(
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


def _cell_times(
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


def _front(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    people: pd.Series[float],
    groups: pd.DataFrame,
    question: SitingQuestion,
    plan: SitingResult,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Plans that no other beats; found with the weights of the objective, told in plain people."""
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
    told = [
        siting.performance(sites, costs, people, cutoff_min=question.cutoff_min)[["covered_count", "covered_share"]]
        for sites in front["chosen"]
    ]
    plain = pd.DataFrame(told, index=front.index, columns=["covered_count", "covered_share"])
    return front.rename(columns={"covered_count": "weighted_count", "covered_share": "weighted_share"}).join(plain)


def _frequency(plans: tuple[SitingResult, ...], areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share of the good plans in which each area is, largest first."""
    shares = siting.site_frequency(plans).rename_axis("candidate_id").reset_index()
    named = areas.set_index("candidate_id")[["name", "county_fips"]]
    return shares.join(named, on="candidate_id")[["candidate_id", "name", "county_fips", "plan_share"]]
