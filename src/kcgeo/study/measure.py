"""All that a study computes before anything is shown: network, times, states, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import pandas as pd

from kcgeo import access, data, travel
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.study.kept import kept, key_of
from kcgeo.study.progress import Step, silent_step

__all__ = ["GROUPS", "Measured", "measure"]

GROUPS = ("population_count", "under18_count", "poverty_count", "no_vehicle_household_count")
"""Groups whose coverage is told apart: all people, under 18, in poverty, and households without a vehicle."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A study with its travel times and states; made by :func:`measure`.

    Attributes
    ----------
    services
        The services that were asked for; exact-level rows alone carry points.
    cell_times, place_times
        ``<category>_min`` by H3 cell and by place; NaN is not reached.
    reasons
        Why a place has no time, by place and category; empty where it has one.
    referral
        True where a confidential service of the category serves the place's area.
    coverage
        Share of people and of places by category, cutoff and group.
    gaps
        State of each required category by place at the headline cutoff, and how many are in reach.
    cell_states
        The same states by H3 cell, for the map.
    key
        Name of all that it depends on, within a run that keeps its results; else empty.
    """

    study: Study
    network: travel.Network
    counties: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    services: gpd.GeoDataFrame
    cell_times: pd.DataFrame
    place_times: pd.DataFrame
    reasons: pd.DataFrame
    referral: pd.DataFrame
    coverage: pd.DataFrame
    gaps: gpd.GeoDataFrame
    cell_states: pd.DataFrame
    key: str = ""


def measure(
    study: Study,
    *,
    eligibility: str | None = None,
    open_at: datetime | None = None,
    network: travel.Network | None = None,
    step: Step = silent_step,
) -> Measured:
    """Measure travel times to services, states and coverage for one study.

    Parameters
    ----------
    study : Study
        Places, speeds, categories and cutoffs.
    eligibility : str, optional
        Only services that this group may use: minors, adult women, men or LGBTQ.
    open_at : datetime, optional
        Only services known to be open at this local time; unknown hours never count as open.
    network : Network, optional
        A network to use in place of the study's own: its streets, or the friction grid where it has none.
    step : callable
        Told in words what is being done.

    Returns
    -------
    Measured
        See its attributes; nothing in it depends on a hidden place, since such rows carry no point.

    Raises
    ------
    StudyError, TableError, IntegrityError
        For a study, a service file or a data package that cannot be computed with.
    """
    key = "" if network is not None else key_of(study, "measure", eligibility, open_at)
    return kept(key, lambda: _measured(study, eligibility, open_at, network, step, key))


def _measured(
    study: Study,
    eligibility: str | None,
    open_at: datetime | None,
    network: travel.Network | None,
    step: Step,
    key: str,
) -> Measured:
    step("Reading places and services")
    counties = data.counties(study)
    places = data.places(study)
    services = data.directory(study, eligibility=eligibility, open_at=open_at)
    by_category = data.by_category(services)
    kinds = data.load("categories")
    known = list(kinds.loc[kinds["has_place"], "category"])  # a hotline is reached from anywhere
    unknown = sorted(set(study.gaps.required) - set(known))
    if unknown:
        raise StudyError(
            f"gaps.required names {', '.join(unknown)}; the categories that have a place are {', '.join(known)}."
        )
    step("Building the travel network")
    if network is None:
        network = travel.network(study)
    cells = travel.cells(study)
    step("Searching travel times for every cell")
    limit = study.travel.search_cutoff_min
    cell_times = travel.nearest_times(network, cells, by_category, by="category", cutoff_min=limit)
    place_times = travel.nearest_times(network, places, by_category, by="category", cutoff_min=limit)
    # A required category without any public address has no search of its own: nobody reaches it.
    for times in (cell_times, place_times):
        for category in study.gaps.required:
            if f"{category}_min" not in times:
                times[f"{category}_min"] = float("nan")
    reasons = travel.unreachable_reasons(network, places, by_category, cutoff_min=limit, by="category")
    step("Counting who is covered")
    areas = data.areas(study)
    referral = data.referral(places, services, areas=areas, categories=known)
    groups = places.set_index("place_id")[list(GROUPS)]
    coverage = access.coverage_table(place_times, groups, cutoffs_min=study.gaps.cutoffs_min, referral=referral)
    gaps = _gaps(study, places, place_times, referral)
    cell_referral = data.referral(
        cells.rename(columns={"cell_id": "place_id"}), services, areas=areas, categories=study.gaps.required
    ).rename_axis("cell_id")
    cell_states = access.states(cell_times, cutoff_min=study.gaps.headline_cutoff_min, referral=cell_referral)[
        list(study.gaps.required)
    ].add_suffix("_state")
    return Measured(
        study=study,
        network=network,
        counties=counties,
        places=places,
        cells=cells,
        services=services,
        cell_times=cell_times,
        place_times=place_times,
        reasons=reasons,
        referral=referral,
        coverage=coverage,
        gaps=gaps,
        cell_states=cell_states,
        key=key,
    )


def _gaps(study: Study, places: gpd.GeoDataFrame, times: pd.DataFrame, referral: pd.DataFrame) -> gpd.GeoDataFrame:
    """State of each required category by place at the headline cutoff, beside the people who live there."""
    people = places.set_index("place_id")
    chain = access.continuum(
        times,
        people["population_count"],
        required=study.gaps.required,
        cutoff_min=study.gaps.headline_cutoff_min,
        referral=referral,
    )
    return people.join(chain.drop(columns="demand_count")).reset_index()
