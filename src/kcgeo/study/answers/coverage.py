"""The coverage question of the command line: who is within reach of what, for whom, and at what hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from kcgeo import data, terms
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError, raise_all
from kcgeo.findings import Finding, written
from kcgeo.study.answer import Answer
from kcgeo.study.measure import LEAST_LOOKED_FOR, Measured, measure
from kcgeo.study.releases import LOWER_BOUND, lost_notes, model_note, release_all

__all__ = ["CoverageReport", "coverage_report"]

SHOWN_GROUPS = {
    "population_count": "all people",
    "under18_count": "under 18",
    "poverty_count": "in poverty",
    "no_vehicle_household_count": "no-vehicle households",
}


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
        Who asks: as :func:`kcgeo.study.measure`.
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
    who = f" {terms.who()[measured.who].phrase}" if measured.who in terms.who() else ""
    when = f", known to be open at {open_at:%Y-%m-%d %H:%M}" if open_at else ""
    return CoverageReport(
        title=f"{study.title}: share within reach{who}{when}",
        caption=f"{'; '.join((model_note(measured), LOWER_BOUND, *lost_notes(measured)))}.",
        shown=_shown(measured),
        released=released,
        answer=Answer(
            "gaps",
            study,
            findings=_findings(measured),
            tables={name: released[name] for name in ("coverage", "gaps", "place_times", "completeness")},
            place="",
            about={"eligibility": eligibility, "open_at": open_at and open_at.isoformat(sep=" ")},
        ),
    )


def _findings(measured: Measured) -> tuple[Finding, ...]:
    """Say who lacks one of the required kinds, and which kinds were looked for too seldom to be among them."""
    study, people = measured.study, measured.gaps["population_count"].astype(float)
    kinds = study.gaps.required
    about = {"cutoff_min": study.gaps.headline_cutoff_min, "area": study.title, "who": measured.who}
    key = "lack_one_kind" if len(kinds) == 1 else "lack_any"
    about |= {"category": kinds[0]} if key == "lack_one_kind" else {"kinds_count": len(kinds)}
    found = [Finding(key, float(people[measured.gaps["lacking"]].sum()), of=float(people.sum()), about=about)]
    if measured.left_out:
        named = [terms.categories()[name].phrase for name in measured.left_out]
        found.append(Finding("left_out", float(len(named)), about={"kinds": named, "least": LEAST_LOOKED_FOR}))
    return tuple(found)


def _records(complete_share: float) -> str:
    """Say how wholly a kind of help was looked for in the counties of the study."""
    return f"{written(complete_share, 'percent')} whole" if complete_share else "in part"


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


def _shown(measured: Measured) -> pd.DataFrame:
    """Shares by category and cutoff in per cent, one column a group."""
    table = measured.coverage
    table = table[table["category"].isin(measured.study.gaps.required)]
    by_group = {group: rows.set_index(["category", "cutoff_min"]) for group, rows in table.groupby("group", sort=False)}
    everyone = by_group["population_count"]
    columns = {label: by_group[group]["covered_share"] for group, label in SHOWN_GROUPS.items()}
    # a state that nobody is in needs no column
    columns |= {
        term.label.partition(":")[0]: everyone[f"{state}_share"]
        for state, term in terms.states().items()
        if f"{state}_share" in everyone and (everyone[f"{state}_share"].any() or state in ("by_referral", "none"))
    }
    # no way at all by this network to a service that is counted
    columns["unreachable"] = by_group["population_count"]["unreachable_share"]
    shown = pd.DataFrame(columns).mul(100).map("{:.1f} %".format).reset_index()
    shown["records"] = shown["category"].map(measured.completeness["complete_share"].map(_records))
    return shown.assign(cutoff_min=shown["cutoff_min"].map("{:g} min".format)).rename(columns={"cutoff_min": "within"})
