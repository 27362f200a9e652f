"""Where to look for a building: how many people each cell could reach, and how many of them lack help today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import access, data, present, terms, travel
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.present.look.sheet import PRINT
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.measure import asked_by, measure
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import LOWER_BOUND, ODBL, let_out, mapped

__all__ = ["catchment"]

COUNT = "population_count"


def catchment(
    study: Study,
    category: str,
    *,
    minutes: float,
    eligibility: str | None = None,
    with_map: bool = True,
    step: Step = silent_step,
) -> Answer:
    """Say of every cell how many people would have a new service there within some minutes.

    Parameters
    ----------
    study : Study
        Its own streets or friction grid; people who travel to the cell.
    category : str
        The kind of help that people may lack, e.g. ``emergency_shelter``.
    minutes : float
        A time of exactly so many minutes counts.
    eligibility : str, optional
        Who may lack it, as :func:`kcgeo.study.measure`: anyone where not given.
    with_map : bool
        Prepare the map, which takes the measures of the whole study.

    Returns
    -------
    Answer
        Findings ``catchment_people`` (of the best cell) and ``catchment_lacking``; table ``catchment`` by ``cell_id``:
        ``within_count`` (people within reach) and ``lacking_count`` (those of them without the category today, as
        ``kcgeo gaps`` counts them: neither people by referral nor people where nobody looked for it).

    Raises
    ------
    StudyError, TableError
        The category has no place or is unknown, or the minutes are no number of 0 or more.
    """
    known = [name for name, kind in terms.categories().items() if kind.has_place]
    if category not in known:
        raise StudyError(f"'{category}' is no kind of help with a place; choose {', '.join(known)}.")
    who, people = asked_by(eligibility), data.living_points(study)
    network, cells = travel.network(study), travel.cells(study)
    step("Searching from every place")
    state = _state_of(study, network, people, category, minutes, who)
    lacking = people.assign(**{COUNT: people[COUNT].where(state.eq("none").to_numpy(), 0)})
    spots = None if network.edges is None else cells
    found = {
        name: access.catchment(network, some, cutoff_min=minutes, sites=spots)
        for name, some in (("within_count", people), ("lacking_count", lacking))
    }
    table = pd.DataFrame({name: counts.reindex(cells["cell_id"]).to_numpy() for name, counts in found.items()})
    table.insert(0, "cell_id", cells["cell_id"].to_numpy())
    table.insert(1, "county_fips", cells["county_fips"].to_numpy())
    notes = (ODBL, LOWER_BOUND, "cells are drawn by travel time alone: no building was looked for")
    asked = {"cutoff_min": float(minutes), "category": category, "who": who}
    tables = let_out(study, {"catchment": table.round()}, kind="gaps", notes=notes, about=asked)
    answer = Answer(
        "catchment",
        study,
        findings=_findings(study, table, people, float(lacking[COUNT].sum()), asked),
        tables=tables,
        shown=("catchment",),
        about={"category": category, "minutes": float(minutes), "who": who},
    )
    if not with_map:
        return answer
    figure = Figure.of(
        "catchment", "Where would a new place reach most?", present.catchment_map, ("catchment",), sheet=PRINT
    )
    return mapped(answer, measure(study, eligibility=who, step=step), figure)


def _state_of(
    study: Study, network: travel.Network, people: gpd.GeoDataFrame, category: str, minutes: float, who: str
) -> pd.Series[str]:
    """State of one kind of help by place, as :meth:`kcgeo.study.Measured.states` has it, without all other kinds."""
    services = data.directory(study, eligibility=who)
    sites = data.by_category(services)
    near = travel.nearest_times(
        network, people, sites[sites["category"] == category], by="category", cutoff_min=minutes
    )
    flags = {
        "referral": data.referral(people, services, areas=data.areas(study), categories=[category]),
        "uncollected": data.not_collected(people, data.collected(study), categories=[category]),
    }
    states: pd.Series[str] = access.states(near, cutoff_min=minutes, **flags)[category]
    return states


def _findings(
    study: Study, table: pd.DataFrame, people: gpd.GeoDataFrame, lacking: float, asked: Mapping[str, Any]
) -> tuple[Finding, ...]:
    counties = data.counties(study).set_index("county_fips")["name"]
    found = []
    for key, column, whole in (
        ("catchment_people", "within_count", float(people[COUNT].sum())),
        ("catchment_lacking", "lacking_count", lacking),
    ):
        if not whole:  # where nobody lacks it, there is no best place to look
            continue
        best = table.iloc[int(np.argmax(table[column].to_numpy()))]
        about = {
            **asked,
            "cell": best["cell_id"],
            "county": str(counties[best["county_fips"]]),
        }
        found.append(Finding(key, float(table[column].max()), of=whole, about=about))
    return tuple(found)
