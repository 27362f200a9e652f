"""A week of help: who has an open service in reach, hour by hour; a public holiday stands as an eighth day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo import access, data, present, terms, travel
from kcgeo.data.directory.services import fitting
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.measure import GROUPS, Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, let_out, model_note

__all__ = ["DAYS", "WEEK", "hourly_states", "week_answer", "week_hours"]

MONDAY = datetime(2026, 11, 2)
"""A week without a holiday; where the seasons of opening hours matter, it is this one."""
HOLIDAY = datetime(2026, 12, 25)
WEEK = (*(MONDAY + timedelta(days=day) for day in range(7)), HOLIDAY)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "public holiday")

Codes = npt.NDArray[np.int8]


def week_answer(
    measured: Measured, *, categories: Sequence[str] | None = None, eligibility: str | None = None
) -> Answer:
    """Measure for each hour of the week and of a holiday the share of people with an open service in reach.

    Each distinct set of open services is counted once, from one search of travel times.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    categories
        Kinds of help; the required ones of the study where not given.
    eligibility
        Who asks, a key of :func:`kcgeo.terms.who`; who asks of the study where not given.

    Returns
    -------
    Answer
        ``week``: ``category, group, when`` (day), ``day_rank, hour_index`` (0 to 23), ``<state>_count`` and
        ``<state>_share`` by state of :data:`kcgeo.terms.STATES`. In ``all required`` each place counts in the worst
        state of its kinds at that hour.
    """
    study = measured.study
    kinds = list(dict.fromkeys(categories or study.gaps.required))
    who = eligibility or measured.who
    services = fitting(measured.listed, eligibility=who)
    listed = services[services["disclosure"] != "withheld"].reset_index(drop=True)
    placed = listed.loc[listed.geometry.notna(), ["service_id", "geometry"]]
    if placed.empty:
        raise StudyError("No listed service has a public place, so there is no hour to show.")
    cutoff = study.gaps.headline_cutoff_min
    pairs = travel.costs(measured.network, measured.places, placed, cutoff_min=cutoff)
    near = pairs.pivot(index="from_id", columns="to_id", values="time_min").notna()
    near = near.reindex(index=measured.places["place_id"], columns=listed["service_id"], fill_value=False)
    rows = _counted(measured, listed, near, hourly_states(listed, WEEK), kinds)
    notes = (model_note(measured), LOWER_BOUND, LISTED, "unknown hours never count as open")
    asked = {"cutoff_min": float(cutoff), "who": who, "required": tuple(kinds)}
    table = rows.assign(cutoff_min=cutoff, eligibility=who)
    return Answer(
        "week",
        study,
        findings=_findings(rows, kinds, cutoff),
        tables=let_out(study, {"week": table}, kind="coverage", notes=notes, about=asked),
        figures=(Figure.of("week", "At which hours is help open?", present.week_chart, ("week",)),),
        about={"eligibility": who, "categories": kinds},
    )


def week_hours(days: Sequence[datetime] = WEEK) -> list[datetime]:
    """Return each hour of some days, by default of a week and a public holiday."""
    return [day + timedelta(hours=hour) for day in days for hour in range(24)]


def hourly_states(services: gpd.GeoDataFrame, days: Sequence[datetime]) -> npt.NDArray[Any]:
    """Say for each hour of some days (rows) whether each service (columns) is open, closed, or nobody knows."""
    hours = week_hours(days)
    texts, points = services["opening_hours"], services.geometry
    return np.array([data.open_state(texts, moment, points=points).to_numpy() for moment in hours])


def _counted(
    measured: Measured, listed: gpd.GeoDataFrame, near: pd.DataFrame, states: npt.NDArray[Any], kinds: Sequence[str]
) -> pd.DataFrame:
    """Count people in each state by kind, group and hour; equal sets of open services are counted once."""
    people = measured.places.set_index("place_id")[list(GROUPS)].to_numpy(dtype=float)
    by_kind = {kind: _codes(measured, listed, near, states, kind) for kind in kinds}
    # a place is in the worst state of its kinds
    by_kind[access.ALL_REQUIRED] = np.maximum.reduce(list(by_kind.values()))
    total = people.sum(axis=0)
    rows = []
    for kind, codes in by_kind.items():
        patterns, pattern_of = np.unique(codes, axis=0, return_inverse=True)
        counts = np.stack([(patterns == code) @ people for code in range(len(terms.STATES))], axis=-1)
        for number, pattern in enumerate(pattern_of.ravel()):
            for at, group in enumerate(GROUPS):
                row: dict[str, Any] = {"category": kind, "group": group, "when": DAYS[number // 24]}
                row["day_rank"], row["hour_index"] = number // 24 + 1, number % 24
                found = counts[pattern, at]
                row |= {f"{state}_count": count for state, count in zip(terms.STATES, found, strict=True)}
                shares = found / total[at] if total[at] else np.full(len(found), np.nan)
                row |= {f"{state}_share": share for state, share in zip(terms.STATES, shares, strict=True)}
                rows.append(row)
    return pd.DataFrame(rows)


def _codes(
    measured: Measured, listed: gpd.GeoDataFrame, near: pd.DataFrame, states: npt.NDArray[Any], kind: str
) -> Codes:
    """Code of the state of each place at each hour, the best that holds; see :data:`kcgeo.terms.STATES`."""
    own = listed["categories"].map(lambda names: kind in names).to_numpy(dtype=bool)
    opened, unsure = (states == "open") & own, (states == "unknown") & own
    sets, set_of = np.unique(np.concatenate([opened, unsure], axis=1), axis=0, return_inverse=True)
    reach, areas, size = near.to_numpy(dtype=bool), data.areas(measured.study), len(listed)

    def called(some: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        table = data.referral(measured.places, listed[some], areas=areas, categories=[kind])
        return np.asarray(table[kind].to_numpy(dtype=bool))

    unlooked = data.not_collected(measured.places, measured.collected, categories=[kind])[kind].to_numpy(dtype=bool)
    missing = [terms.STATES.index(state) for state in ("not_collected", "none")]
    found = []
    for row in sets:
        here, silent = row[:size], row[size:]
        codes = np.where(unlooked, *missing).astype(np.int8)
        codes[reach[:, silent].any(axis=1) | called(silent)] = terms.STATES.index("hours_unknown")
        codes[called(here)] = terms.STATES.index("by_referral")
        codes[reach[:, here].any(axis=1)] = terms.STATES.index("in_reach")
        found.append(codes)
    return np.stack(found)[set_of.ravel()]


def _findings(rows: pd.DataFrame, kinds: Sequence[str], cutoff_min: float) -> tuple[Finding, ...]:
    """Say for each kind at which hour most and fewest people have it open in reach."""
    found = []
    people = rows[rows["group"] == GROUPS[0]]
    for kind in kinds:
        own = people[people["category"] == kind].reset_index(drop=True)
        most, least = own.iloc[own["in_reach_share"].argmax()], own.iloc[own["in_reach_share"].argmin()]
        whole = float(own.filter(regex="_count$").iloc[0].sum())
        about = {"category": kind, "cutoff_min": cutoff_min, "least": least["in_reach_share"]}
        found.append(Finding("week_kind", float(most["in_reach_count"]), of=whole, about=about))
    return tuple(found)
