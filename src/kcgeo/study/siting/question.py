"""What is asked of siting: the question as a record, and what is wrong with it before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kcgeo import data, siting
from kcgeo.access.pairs import number_faults
from kcgeo.data.study.settings import Study
from kcgeo.siting import SitingResult
from kcgeo.study.measure import GROUPS
from kcgeo.study.siting.areas import CANDIDATES

__all__ = ["DRAWS", "OBJECTIVES", "SitingQuestion", "question_faults"]

DRAWS = 500
"""Draws that say how sure a plan is, everywhere where no other number is asked for."""
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
_SHORT = {"anyone": "population_count", **{name.removesuffix("_count"): name for name in GROUPS}}


@dataclass(frozen=True)
class SitingQuestion:
    """What was asked; the page repeats all of it. Fields as the arguments of :func:`kcgeo.study.site`."""

    category: str
    eligibility: str | None
    objective: str
    new_count: int
    cutoff_min: float
    candidates: str
    referral_weight: float
    capacity: float | str | None
    within_share: float
    draw_count: int
    within: tuple[str, ...] = ()
    near_stops_m: float | None = None
    weight: str | None = None
    cost: str | None = None
    budget: float | None = None
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    spread_km: float | None = None

    @property
    def group(self) -> str:
        """Column of the people who are counted: that of the weight, or of those who ask."""
        if self.weight is not None:
            return _SHORT.get(self.weight.replace(" ", "_"), self.weight)
        return PEOPLE.get(self.eligibility or "", "population_count")

    @property
    def is_own(self) -> bool:
        """Whether candidates come from a table of the user's."""
        return self.candidates not in CANDIDATES


def question_faults(study: Study, ask: SitingQuestion, time_limit_s: float | None) -> list[str]:
    """Collect one sentence for each thing asked that means nothing, before anything is measured."""
    known = data.load("categories").query("has_place")["category"].tolist()
    farthest = study.travel.search_cutoff_min
    checks = [
        (
            ask.objective in OBJECTIVES,
            f"The objective '{ask.objective}' is unknown; choose one of {_listed(OBJECTIVES)}.",
        ),
        (
            ask.category in known,
            f"The category '{ask.category}' is unknown or has no place; there are {_listed(known)}.",
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
            ask.capacity is None or isinstance(ask.capacity, str) or not number_faults(ask.capacity, "", above=True),
            f"The capacity is {ask.capacity} people; give more than 0, or the name of a column of the candidates.",
        ),
        (ask.within_share >= 0, f"Alternatives within a share of {ask.within_share:g} cannot be; give 0 or more."),
        (ask.draw_count >= 0, f"The number of draws is {ask.draw_count}; give 0 or more."),
        (time_limit_s is None or time_limit_s > 0, f"The time limit is {time_limit_s} seconds; give more than 0."),
    ]  # fmt: skip
    return [sentence for holds, sentence in [*checks, *_further(ask)] if not holds]


def _further(ask: SitingQuestion) -> list[tuple[bool, str]]:
    """Check what narrows the choice: money, distances, columns of the candidates."""
    columns = [name for name in (ask.cost, ask.capacity) if isinstance(name, str)]
    return [
        (
            ask.is_own or not columns,
            f"The candidates '{ask.candidates}' have no column {_listed(columns)}; give a table of your own.",
        ),
        (
            (ask.budget is None) == (ask.cost is None),
            "A budget needs the column of the candidates that holds the costs, and the other way round; give both.",
        ),
        (
            ask.budget is None or not number_faults(ask.budget, "", above=True),
            f"The budget is {ask.budget}; give more than 0.",
        ),
        (
            ask.budget is None or ask.objective == "max_coverage",
            f"A budget is kept by max_coverage only, not by {ask.objective}.",
        ),
        (
            ask.spread_km is None or not number_faults(ask.spread_km, "", above=True),
            f"New sites cannot be {ask.spread_km} km apart; give more than 0.",
        ),
        (
            ask.near_stops_m is None or not number_faults(ask.near_stops_m, "", above=True),
            f"Stops within {ask.near_stops_m} m cannot be; give more than 0.",
        ),
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
