"""The coverage question of the command line: who is within reach of what, for whom, and at what hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from kcgeo import access, data, travel
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError, raise_all
from kcgeo.study.answer import Answer
from kcgeo.study.measure import Measured, measure
from kcgeo.study.releases import LOWER_BOUND, model_note, release_all

__all__ = ["CoverageReport", "coverage_report"]

SHOWN_GROUPS = {
    "population_count": "all people",
    "under18_count": "under 18",
    "poverty_count": "in poverty",
    "no_vehicle_household_count": "no-vehicle households",
}

OTHER_CLASSES = {"hours_unknown_share": "hours unknown", "by_referral_share": "by referral", "none_share": "none"}
OTHER_STATES = {"by_referral_share": "by referral", "none_share": "none"}


@dataclass(frozen=True, eq=False)
class CoverageReport:
    """A coverage table for reading, and the releases behind it."""

    title: str
    caption: str
    shown: pd.DataFrame
    released: dict[str, Released]
    answer: Answer


def coverage_report(
    study: Study,
    *,
    categories: Sequence[str] | None = None,
    eligibility: str | None = None,
    open_at: datetime | None = None,
) -> CoverageReport:
    """Measure coverage for some categories, a group and an hour.

    Parameters
    ----------
    study : Study
        Places, speeds and cutoffs.
    categories : sequence of str, optional
        What is asked for; the required categories of the study where not given.
    eligibility : str, optional
        Who asks: minors, adult women, men or LGBTQ.
    open_at : datetime, optional
        Only services known to be open at this local time. Unknown hours never count as open; who reaches only such a
        service is a column of its own.

    Raises
    ------
    KcgeoError
        For an unknown category or group.
    """
    if categories:
        _check(categories)
        study = replace(study, gaps=replace(study.gaps, required=tuple(dict.fromkeys(categories))))
    measured = measure(study, eligibility=eligibility, open_at=open_at)
    released = release_all(measured)
    who = f" for {eligibility}" if eligibility else ""
    when = f", known to be open at {open_at:%Y-%m-%d %H:%M}" if open_at else ""
    return CoverageReport(
        title=f"{study.title}: share within reach{who}{when}",
        caption=f"{model_note(measured)}; {LOWER_BOUND}.",
        shown=_shown(measured, _unclear(measured, eligibility, open_at)),
        released=released,
        answer=Answer(
            "gaps",
            study,
            tables={name: released[name] for name in ("coverage", "gaps", "place_times")},
            place="",
            about={"eligibility": eligibility, "open_at": open_at and open_at.isoformat(sep=" ")},
        ),
    )


def _check(categories: Sequence[str]) -> None:
    """Refuse a kind of help that is none, or that has no place to drive to."""
    kinds = data.load("categories")
    placed = list(kinds.loc[kinds["has_place"], "category"])
    problems = [
        f"There is no category '{name}'; choose from {', '.join(placed)}."
        if name not in set(kinds["category"])
        else f"The category '{name}' has no place: it is reached from anywhere. Choose from {', '.join(placed)}."
        for name in dict.fromkeys(categories)
        if name not in placed
    ]
    raise_all(problems, StudyError)


def _unclear(measured: Measured, eligibility: str | None, open_at: datetime | None) -> pd.DataFrame | None:
    """Return shares of all people by category and cutoff at an hour: unknown hours are a class of their own."""
    if open_at is None:
        return None
    study = measured.study
    listed = data.directory(study, eligibility=eligibility)
    silent = data.by_category(
        listed[data.open_state(listed["opening_hours"], open_at, points=listed.geometry) == "unknown"]
    )
    silent = silent[silent["category"].isin(study.gaps.required)]
    limit = study.travel.search_cutoff_min
    times = pd.DataFrame(index=measured.place_times.index)
    if len(silent):
        times = travel.nearest_times(measured.network, measured.places, silent, by="category", cutoff_min=limit)
    key = (eligibility or "any", "then")
    tables = [
        access.continuum_matrix(
            {key: measured.place_times},
            {key: times},
            measured.places.set_index("place_id")["population_count"].astype(float),
            categories=study.gaps.required,
            cutoff_min=cutoff_min,
            referral=measured.referral,
        ).assign(cutoff_min=cutoff_min)
        for cutoff_min in study.gaps.cutoffs_min
    ]
    return pd.concat(tables).set_index(["category", "cutoff_min"])


def _shown(measured: Measured, unclear: pd.DataFrame | None) -> pd.DataFrame:
    """Shares by category and cutoff in per cent, one column a group."""
    table = measured.coverage
    table = table[table["category"].isin(measured.study.gaps.required)]
    by_group = {group: rows.set_index(["category", "cutoff_min"]) for group, rows in table.groupby("group", sort=False)}
    everyone, others = by_group["population_count"], OTHER_STATES
    columns = {label: by_group[group]["covered_share"] for group, label in SHOWN_GROUPS.items()}
    if unclear is not None:
        everyone, others = unclear.reindex(everyone.index), OTHER_CLASSES
    columns |= {label: everyone[column] for column, label in others.items()}
    # no way at all by this network to a service that is counted
    columns["unreachable"] = by_group["population_count"]["unreachable_share"]
    shown = pd.DataFrame(columns).mul(100).map("{:.1f} %".format).reset_index()
    return shown.assign(cutoff_min=shown["cutoff_min"].map("{:g} min".format)).rename(columns={"cutoff_min": "within"})
