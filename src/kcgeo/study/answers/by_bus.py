"""Who reaches help without a car: minutes by scheduled public transport at noon and at night, where a feed is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import access, data, present, travel
from kcgeo.data.formats.transit.gtfs import DayKind, Feed, first_and_last_date, read_gtfs, require_date, typical_date
from kcgeo.data.study.layers import Layer, checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released, release
from kcgeo.errors import StudyError
from kcgeo.present.look.sheet import PRINT
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.measure import Measured
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import LOWER_BOUND, release_background
from kcgeo.study.sources import asked_of, sources_of, vintage_of

__all__ = [
    "DEPARTURES",
    "Departure",
    "TransitReport",
    "TransitShares",
    "transit_figures",
    "transit_report",
    "transit_shares",
    "walking_of",
]

NO_CAR = "no_vehicle_household_count"


@dataclass(frozen=True)
class Departure:
    """A window of departures: its key in column names, its words, and when it is."""

    key: str
    words: str
    day: DayKind
    start: time
    length: timedelta = timedelta(hours=1)


DEPARTURES = (
    Departure("noon", "weekday noon", "weekday", time(12)),
    Departure("night", "weeknight 02:00", "weekday", time(2)),
    Departure("sunday", "Sunday noon", "sunday", time(12)),
)
"""The windows of the maps and tables; each departure within the hour counts the same."""


def walking_of(study: Study) -> travel.Walking:
    """Return what is assumed on foot: 4.8 km/h, a quarter of an hour to a stop, half an hour all the way."""
    return travel.Walking(
        kmh=4.8,
        circuity=study.travel.circuity,
        to_stop_min=15,
        between_stops_min=6,
        change_min=1,
        all_the_way_min=30,
    )


@dataclass(frozen=True, eq=False)
class TransitReport:
    """Times by public transport; made by :func:`transit_report`.

    Attributes
    ----------
    cutoff_min
        Minutes that count as in reach: the largest cutoff of the study, since a wait belongs to the journey.
    dates
        The day of each window, by its key.
    cell_times, place_times
        ``<category>_<key>_min`` and ``<category>_<key>_share`` by cell and by place.
    coverage
        Households without a vehicle in and out of reach, by category and window.
    released
        ``transit_cells``, ``transit_places`` and ``transit``.
    """

    cutoff_min: float
    dates: dict[str, date]
    cell_times: pd.DataFrame
    place_times: pd.DataFrame
    coverage: pd.DataFrame
    released: dict[str, Released]


def _layer(study: Study) -> Layer:
    layer = study.layer("transit")
    if layer is None:
        raise StudyError(
            "The study has no timetable of public transport: none is packaged. "
            "Add one with kcgeo data add gtfs FEED.zip --study STUDY."
        )
    return layer


def transit_report(measured: Measured, *, step: Step = silent_step) -> TransitReport | None:
    """Measure the minutes by bus to each category, for all cells and places; None where the study has no feed.

    Raises
    ------
    StudyError, TableError, IntegrityError
        The feed cannot be used.
    """
    study = measured.study
    layer = study.layer("transit")
    if layer is None:
        return None
    step("Searching the timetable")
    feed = read_gtfs(checked_layer(layer))
    services = data.by_category(measured.services)
    cells: list[pd.DataFrame] = []
    places: list[pd.DataFrame] = []
    dates: dict[str, date] = {}
    for window in DEPARTURES:
        dates[window.key] = day = typical_date(feed, window.day)
        times = travel.timetable(feed, day, walking=walking_of(study), walks=_walks(study))
        start = datetime.combine(day, window.start)
        for points, parts in ((measured.cells, cells), (measured.places, places)):
            table = travel.transit_times(
                times,
                points,
                services,
                depart=start,
                until=start + window.length,
                by="category",
                cutoff_min=study.travel.search_cutoff_min,
            )
            parts.append(_named(table, study, window.key))
    cell_times, place_times = (pd.concat(parts, axis=1) for parts in (cells, places))
    cutoff = max(study.gaps.cutoffs_min)
    coverage, states = _coverage(measured, place_times, cutoff)
    released = _release(measured, feed, layer, dates, cell_times, place_times.join(states), coverage)
    return TransitReport(cutoff, dates, cell_times, place_times, coverage, released)


def _walks(study: Study) -> travel.Network | None:
    """Return the study's own streets to walk on, None for straight lines."""
    return None if study.layer("walks") is None else travel.walking_network(study)


def _named(table: pd.DataFrame, study: Study, key: str) -> pd.DataFrame:
    """Put the window into the names of the columns; a required category without a public site is reached by nobody."""
    for category in study.gaps.required:
        if f"{category}_min" not in table:
            table[f"{category}_min"], table[f"{category}_share"] = np.nan, 0.0
    named = {name: "_".join([*str(name).rsplit("_", 1)[:1], key, str(name).rsplit("_", 1)[1]]) for name in table}
    return table.rename(columns=named)


def _times_of(times: pd.DataFrame, key: str) -> pd.DataFrame:
    """Columns ``<category>_min`` of one window."""
    end = f"_{key}_min"
    return pd.DataFrame(
        {f"{str(name).removesuffix(end)}_min": times[name] for name in times if str(name).endswith(end)}
    )


def _coverage(measured: Measured, times: pd.DataFrame, cutoff_min: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Households without a vehicle within and beyond the cutoff, and the places' states of each window."""
    required = measured.study.gaps.required
    households = measured.places.set_index("place_id")[NO_CAR].astype(float)
    total = float(households.sum())
    known = {name: measured.flags[name] for name in ("referral", "uncollected")}
    rows, columns = [], {}
    for window in DEPARTURES:
        own = _times_of(times, window.key)
        states = access.states(own, cutoff_min=cutoff_min, **known)
        had = states[list(required)] != "none"
        columns[f"{window.key}_had_count"] = had.sum(axis=1)
        counted = {category: states[category] for category in states}
        counted[access.ALL_REQUIRED] = pd.Series(
            np.select(
                [
                    (states[list(required)] == "in_reach").all(axis=1),
                    access.lacking(states, required),
                    (states[list(required)] == "not_collected").any(axis=1),
                ],
                ["in_reach", "none", "not_collected"],
                "by_referral",
            ),
            index=states.index,
        )
        for category, state in counted.items():
            part = {name: float(households[state == name].sum()) for name in ("in_reach", "by_referral", "none")}
            rows.append(
                {
                    "group": NO_CAR,
                    "category": category,
                    "when": window.words,
                    "cutoff_min": cutoff_min,
                    "covered_count": part["in_reach"],
                    "covered_share": part["in_reach"] / total if total else np.nan,
                    "by_referral_count": part["by_referral"],
                    "none_count": part["none"],
                    "none_share": part["none"] / total if total else np.nan,
                }
            )
    return pd.DataFrame(rows), pd.DataFrame(columns, index=times.index)


def _told(study: Study, feed: Feed, dates: Mapping[str, date]) -> tuple[str, ...]:
    """Words that stand beside every picture of these times."""
    first, last = first_and_last_date(feed)
    on = ", ".join(f"{window.words} {dates[window.key]}" for window in DEPARTURES)
    return (
        f"Scheduled times, no delays; timetable of {first} to {last}; departures within the hour: {on}",
        _on_foot(study),
        LOWER_BOUND,
    )


def _sources(study: Study, layer: Layer) -> tuple[tuple[str, ...], str]:
    titles = (f"{layer.title} ({layer.licence})", *sources_of(study, "services", "places"))
    return titles, f"{layer.vintage}; {vintage_of(study, 'services', 'places')}"


def _on_foot(study: Study) -> str:
    walking = walking_of(study)
    way = "on the study's own streets" if study.layer("walks") else f"{walking.circuity:g} times the straight line"
    return (
        f"Waiting counts; on foot {way} at {walking.kmh:g} km/h, to a stop at most {walking.to_stop_min:g} minutes,"
        f" between stops {walking.between_stops_min:g}, without a bus {walking.all_the_way_min:g}"
    )


def _release(
    measured: Measured,
    feed: Feed,
    layer: Layer,
    dates: Mapping[str, date],
    cell_times: pd.DataFrame,
    place_times: pd.DataFrame,
    coverage: pd.DataFrame,
) -> dict[str, Released]:
    study, places = measured.study, measured.places
    people = ["place_name", "county_fips", *(column for column in places if column.endswith("_count"))]
    table = places.set_index("place_id")[[*people, "geometry"]].join(place_times).reset_index()
    tables = {
        "transit_cells": ("surface", cell_times.reset_index()),
        "transit_places": ("gaps", gpd.GeoDataFrame(table, geometry="geometry", crs=places.crs)),
        "transit": ("coverage", coverage),
    }
    sources, vintage = _sources(study, layer)
    geography = release_background(measured)["places"]
    return {
        name: release(
            one,
            name=name,
            kind=kind,
            sources=sources,
            vintage=vintage,
            notes=_told(study, feed, dates),
            about=asked_of(study, cutoff_min=max(study.gaps.cutoffs_min)),
            geography=geography if kind == "gaps" else None,
        )
        for name, (kind, one) in tables.items()
    }


def transit_figures(study: Study, released: Mapping[str, Released]) -> list[Figure]:
    """List the maps of public transport; none where the study has no feed."""
    if "transit_cells" not in released:
        return []
    windows = {window.key: window.words for window in DEPARTURES[:2]}
    question, figures = "Who is left out without a car?", list[Figure]()
    if released["transit_places"].table[NO_CAR].gt(0).any():  # a study's own places may not tell
        gaps = Figure.of(
            "transit_gaps",
            question,
            present.transit_gap_map,
            ("transit_places", "transit"),
            sheet=PRINT,
            required=study.gaps.required,
            cutoff_min=max(study.gaps.cutoffs_min),
            windows=windows,
        )
        figures.append(gaps)
    table = released["transit_cells"].table
    figures += [
        Figure.of(
            f"transit_time_{category}",
            question,
            present.transit_time_map,
            ("transit_cells", "transit"),
            sheet=PRINT,
            category=category,
            edges_min=study.gaps.cutoffs_min,
            windows=windows,
        )
        for category in study.gaps.required
        if any(table[f"{category}_{key}_min"].notna().any() for key in windows)
    ]
    return figures


@dataclass(frozen=True, eq=False)
class TransitShares:
    """Shares of households without a vehicle by category and cutoff, what must be said beside them, and the answer."""

    shares: pd.DataFrame
    said: tuple[str, ...]
    answer: Answer


def transit_shares(study: Study, *, depart: datetime, until: datetime | None = None) -> TransitShares:
    """Measure households without a vehicle in reach by bus, for one departure or window.

    Parameters
    ----------
    study : Study
        With a layer ``transit``.
    depart, until
        As in :func:`kcgeo.travel.transit_times`.

    Raises
    ------
    StudyError
        The study has no feed, or the day is outside of its validity.
    """
    layer = _layer(study)
    feed = read_gtfs(checked_layer(layer))
    require_date(feed, depart.date())
    places = data.living_points(study)
    times = travel.timetable(feed, depart.date(), walking=walking_of(study), walks=_walks(study))
    found = travel.transit_times(
        times,
        places,
        data.by_category(data.directory(study, eligibility="anyone")),
        depart=depart,
        until=until,
        by="category",
        cutoff_min=study.travel.search_cutoff_min,
    )
    households = places.set_index("place_id")[NO_CAR].astype(float)
    total = float(households.sum())
    if not total:
        raise StudyError("The places of the study do not say how many households have no vehicle.")
    rows = {}
    for category in study.gaps.required:
        minutes = found.get(f"{category}_min", pd.Series(np.nan, index=found.index))
        rows[category] = {
            cutoff: float(households[minutes <= cutoff].sum()) / total for cutoff in study.gaps.cutoffs_min
        }
    said = (
        f"Scheduled times of {feed.agency}, no delays; {times.trip_count:,} trips on {depart:%A %d %B %Y}.",
        f"{_on_foot(study)}.",
    )
    tables = {"transit_places": _asked_places(study, layer, places, found, said)}
    asked = {"depart": depart.isoformat(sep=" "), "until": until and until.isoformat(sep=" ")}
    answer = Answer("transit", study, tables=tables, place="", about=asked)
    return TransitShares(pd.DataFrame.from_dict(rows, orient="index"), said, answer)


def _asked_places(
    study: Study, layer: Layer, places: gpd.GeoDataFrame, found: pd.DataFrame, said: tuple[str, ...]
) -> Released:
    people = ["place_name", "county_fips", *(column for column in places if column.endswith("_count"))]
    sources, vintage = _sources(study, layer)
    return release(
        pd.DataFrame(places.set_index("place_id")[people]).join(found).reset_index(),
        name="transit_places",
        kind="surface",
        sources=sources,
        vintage=vintage,
        notes=(*said, LOWER_BOUND),
    )
