"""All that a study computes before anything is shown: network, times, states, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import geopandas as gpd
import pandas as pd

from kcgeo import access, data, terms, travel
from kcgeo.data.directory.services import fitting
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.study.kept import kept, key_of
from kcgeo.study.progress import Step, silent_step

__all__ = ["GROUPS", "Measured", "asked_by", "measure"]

GROUPS = tuple(terms.groups())
"""Groups whose coverage is told apart: all people, under 18, in poverty, and households without a vehicle."""


LEAST_LOOKED_FOR = 0.8
"""A category is in the headline where it was looked for in the counties of so large a share of the people."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A study with its travel times and states; made by :func:`measure`.

    Attributes
    ----------
    who
        Who asks: a key of :func:`kcgeo.terms.who`; ``anyone`` counts services that are open to all.
    listed
        All services of the directory.
    services
        Those of them that count for ``who`` and the hour; exact-level rows alone carry points.
    places
        Points at which people are counted (:func:`kcgeo.data.living_points`).
    collected
        What was looked for in which county (:func:`kcgeo.data.collected`).
    left_out
        Required categories that too few people live in reach of the search for: they are in no headline.
    cell_times, place_times
        ``<category>_min`` by H3 cell and by place; NaN is not reached.
    reasons
        Why a place has no time, by place and category; empty where it has one.
    flags
        What else is known of the places, by category: ``referral`` (a confidential service serves the area), ``unsure``
        (minutes to services of unknown hours), ``uncollected`` (nobody looked for the kind in the county).
    coverage
        Share of people and of places by category, cutoff and group.
    gaps
        State of each required category by place at the headline cutoff, and how many are in reach; ``lacking``.
    cell_states
        The same states by H3 cell, for the map.
    key
        Name of all that it depends on, within a run that keeps its results; else empty.
    """

    study: Study
    who: str
    network: travel.Network
    counties: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    listed: gpd.GeoDataFrame
    services: gpd.GeoDataFrame
    collected: pd.DataFrame
    left_out: tuple[str, ...]
    cell_times: pd.DataFrame
    place_times: pd.DataFrame
    reasons: pd.DataFrame
    flags: Mapping[str, pd.DataFrame]
    coverage: pd.DataFrame
    gaps: gpd.GeoDataFrame
    cell_states: pd.DataFrame
    key: str = ""

    @property
    def referral(self) -> pd.DataFrame:
        """True where a confidential service of the category serves the place's area."""
        return self.flags["referral"]

    @property
    def completeness(self) -> pd.DataFrame:
        """Share of people in whose county each kind was looked for, at all and wholly."""
        return _completeness(self.collected, self.places)

    def states(self, cutoff_min: float) -> pd.DataFrame:
        """State of every category at each place within some minutes: the one definition that all answers count by."""
        return access.states(self.place_times, cutoff_min=cutoff_min, **self.flags)


def asked_by(eligibility: str | None) -> str:
    """Return who asks, a key of :func:`kcgeo.terms.who`: anyone where nobody is named."""
    return "anyone" if eligibility in (None, "any") else str(eligibility)


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
        Who asks: ``anyone`` (services open to all; the same as not given), minors, adult women, men, LGBTQ, or
        ``any_listed`` (whomever a service is for). Unknown eligibility counts for ``any_listed`` only.
    open_at : datetime, optional
        Only services known to be open at this local time; where only one with unknown hours is in reach, the state is
        ``hours_unknown``.
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
    who = asked_by(eligibility)
    key = "" if network is not None else key_of(study, "measure", who, open_at)
    return kept(key, lambda: _measured(study, who, open_at, network, step, key))


def _measured(
    study: Study,
    who: str,
    open_at: datetime | None,
    network: travel.Network | None,
    step: Step,
    key: str,
) -> Measured:
    step("Reading places and services")
    counties = data.counties(study)
    places = data.living_points(study)
    listed = data.directory(study)
    welcome, services = (fitting(listed, eligibility=who, open_at=moment) for moment in (None, open_at))
    by_category = data.by_category(services)
    kinds = data.load("categories")
    known = list(kinds.loc[kinds["has_place"], "category"])  # a hotline is reached from anywhere
    unknown = sorted(set(study.gaps.required) - set(known))
    if unknown:
        raise StudyError(
            f"gaps.required names {', '.join(unknown)}; the categories that have a place are {', '.join(known)}."
        )
    record = data.collected(study)
    study, left_out = _headline(study, record, places)
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
    silent = _silent(welcome, open_at)
    flags, cell_flags = (
        {
            "referral": data.referral(points, services, areas=data.areas(study), categories=known),
            "unsure": travel.nearest_times(network, points, silent, by="category", cutoff_min=limit),
            "uncollected": data.not_collected(points, record, categories=known),
        }
        for points in (places, cells.rename(columns={"cell_id": "place_id"}))
    )
    groups = places.set_index("place_id")[list(GROUPS)]
    coverage = access.coverage_table(place_times, groups, cutoffs_min=study.gaps.cutoffs_min, **flags)
    cell_states = access.states(cell_times, cutoff_min=study.gaps.headline_cutoff_min, **cell_flags)
    return Measured(
        study=study,
        who=who,
        network=network,
        counties=counties,
        places=places,
        cells=cells,
        listed=listed,
        services=services,
        collected=record,
        left_out=left_out,
        cell_times=cell_times,
        place_times=place_times,
        reasons=reasons,
        flags=flags,
        coverage=coverage,
        gaps=_gaps(study, places, place_times, flags),
        cell_states=cell_states[list(study.gaps.required)].add_suffix("_state"),
        key=key,
    )


def _headline(study: Study, record: pd.DataFrame, places: gpd.GeoDataFrame) -> tuple[Study, tuple[str, ...]]:
    """Leave out of the headline what was looked for too seldom; a study whose kinds all are keeps them."""
    held = _completeness(record, places)["looked_for_share"]
    kept = tuple(name for name in study.gaps.required if held[name] >= LEAST_LOOKED_FOR)
    if not kept or kept == study.gaps.required:
        return study, ()
    left_out = tuple(name for name in study.gaps.required if name not in kept)
    return replace(study, gaps=replace(study.gaps, required=kept)), left_out


def _completeness(record: pd.DataFrame, places: gpd.GeoDataFrame) -> pd.DataFrame:
    people = places.groupby("county_fips")["population_count"].sum().astype(float)
    return data.completeness(record, people)


def _silent(services: gpd.GeoDataFrame, open_at: datetime | None) -> gpd.GeoDataFrame:
    """Return the sites of which nobody knows whether they are open then; none where no hour is asked for."""
    sites = data.by_category(services)
    if open_at is None:
        return sites.iloc[:0]
    hours = data.open_state(services["opening_hours"], open_at, points=services.geometry)
    return data.by_category(services[hours == "unknown"])


def _gaps(
    study: Study, places: gpd.GeoDataFrame, times: pd.DataFrame, flags: dict[str, pd.DataFrame]
) -> gpd.GeoDataFrame:
    """State of each required category by place at the headline cutoff, beside the people who live there."""
    people = places.set_index("place_id")
    chain = access.continuum(
        times,
        people["population_count"],
        required=study.gaps.required,
        cutoff_min=study.gaps.headline_cutoff_min,
        **flags,
    )
    chain["lacking"] = access.lacking(chain, study.gaps.required)
    return people.join(chain.drop(columns="demand_count")).reset_index()
