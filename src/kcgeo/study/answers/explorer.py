"""What the explorer page holds and what it answers: who reaches what, for whom and when, and what new sites would add.

The page and :func:`explorer_numbers` count the same released tables: this module in minutes as the search gives them,
the page in whole minutes, rounded up. A cutoff is a whole number of minutes, so both say the same of every place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo import data, present, travel
from kcgeo.crs import STORAGE
from kcgeo.data.directory.services import fitting, offered
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.present.web.explorer_page import ANY_TIME, EVERYONE
from kcgeo.study.answer import GROUND, Desk
from kcgeo.study.answers.week import DAYS, WEEK, hourly_states, week_hours
from kcgeo.study.measure import GROUPS, Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL, let_out, model_note, release_services

__all__ = [
    "EXPLORER_USES",
    "HOURS",
    "MOMENTS",
    "candidates",
    "explorer_numbers",
    "nearest_of_kinds",
    "reach_of",
    "release_explorer",
    "write_explorer_page",
]

MOMENTS: Mapping[str, datetime | None] = {
    ANY_TIME: None,
    "weekday noon": datetime(2026, 11, 18, 12, 0),
    "weeknight 02:00": datetime(2026, 11, 19, 2, 0),
    "weekend": datetime(2026, 11, 21, 12, 0),
}
"""Times of the week by name: a Wednesday, a Thursday and a Saturday without a holiday near them."""

HOURS = tuple(f"{day} {hour:02}:00" for day in DAYS for hour in range(24))
"""Each hour of the week and of a public holiday by name, the hours of a day together."""

Mask = npt.NDArray[np.bool_]

_WHO = ("any", EVERYONE, "adult women", "minors", "men", "LGBTQ")
"""The page opens on services open to anyone, as the study counts them."""


def candidates(cells: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Areas in which a new site may lie: H3 cells one step coarser than the grid, each met at its centre.

    Every such cell in which people are counted is one; where nobody is, the middle one of each cell of the next coarser
    step, so that a page can hold the minutes to all of them.

    Parameters
    ----------
    cells : GeoDataFrame
        Grid cells of the study with ``cell_id``.
    places : GeoDataFrame
        Points with ``population_count``, EPSG:4326.

    Returns
    -------
    GeoDataFrame
        ``id`` (H3 cell, rising) and centre, EPSG:4326; only cells whose centre lies in the study area.
    """
    known = set(cells["cell_id"])
    fine = h3.get_resolution(next(iter(known)))
    lived = places.geometry[places["population_count"] > 0]
    settled = {h3.latlng_to_cell(point.y, point.x, fine - 1) for point in lived}
    taken = {h3.cell_to_parent(cell, fine - 2) for cell in settled}
    empty = {h3.cell_to_parent(cell, fine - 2) for cell in known} - taken
    areas = settled | {h3.cell_to_center_child(cell, fine - 1) for cell in empty}
    ids = sorted(cell for cell in areas if h3.cell_to_center_child(cell) in known)
    centres = np.array([h3.cell_to_latlng(cell) for cell in ids], dtype=float).reshape(-1, 2)
    return gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(centres[:, 1], centres[:, 0]), crs=STORAGE)


def _reach(measured: Measured, services: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Nearest times and referral by category, eligibility, time of week and place."""
    places, areas = measured.places, data.areas(measured.study)
    known, everyone = _with_place(), services[EVERYONE]
    times, offers = _times(measured, everyone), offered(everyone)
    unlooked = data.not_collected(places, measured.collected, categories=known)
    parts = []
    for who, listed in services.items():
        for when, moment in MOMENTS.items():
            if moment is None:
                here, unclear = listed, listed.iloc[:0]
            else:
                hours = data.open_state(listed["opening_hours"], moment, points=listed.geometry)
                here, unclear = listed[hours == "open"], listed[hours == "unknown"]
            near, unsure = nearest_of_kinds(times, offers, here), nearest_of_kinds(times, offers, unclear)
            called = data.referral(places, here, areas=areas, categories=known)
            unsaid = data.referral(places, unclear, areas=areas, categories=known)
            parts += [
                pd.DataFrame(
                    {
                        "place_id": times.index,
                        "category": category,
                        "eligibility": who,
                        "when": when,
                        "time_min": near.get(category, np.nan),
                        "unknown_hours_min": unsure.get(category, np.nan),
                        "by_referral": called[category].to_numpy(),
                        "referral_unknown_hours": unsaid[category].to_numpy(),
                        "not_collected": unlooked[category].to_numpy(),
                    }
                )
                for category in known
            ]
    return pd.concat(parts, ignore_index=True)


def _with_place() -> list[str]:
    kinds = data.load("categories")
    return list(kinds.loc[kinds["has_place"], "category"])  # a hotline is reached from anywhere


def _times(measured: Measured, services: gpd.GeoDataFrame) -> pd.DataFrame:
    """Minutes by place and service. One search serves every choice: the nearest of some is the least of their times."""
    placed = services.loc[services.geometry.notna(), ["service_id", "geometry"]]
    cutoff = measured.study.travel.search_cutoff_min
    pairs = travel.costs(measured.network, measured.places, placed, cutoff_min=cutoff)
    times = pairs.pivot(index="from_id", columns="to_id", values="time_min")
    return times.reindex(index=measured.places["place_id"], columns=placed["service_id"])


def _week(measured: Measured, services: Mapping[str, gpd.GeoDataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As :func:`_reach` at each hour; hours of the same open services stand once, under the first of them.

    The second table names that first hour (``same_as``) for each kind, who asks and hour.
    """
    known, everyone = _with_place(), services[EVERYONE].reset_index(drop=True)
    states, answer = hourly_states(everyone, WEEK), _answers(measured, everyone)
    unlooked = data.not_collected(measured.places, measured.collected, categories=known)
    active = everyone["service_status"].ne("inactive").to_numpy()
    parts, hours = [], []
    for who, listed in services.items():
        welcome = active & everyone["service_id"].isin(listed["service_id"]).to_numpy()
        for kind in known:
            own = welcome & everyone["categories"].map(lambda kinds, kind=kind: kind in kinds).to_numpy(dtype=bool)
            _, first, same = np.unique(states[:, own].astype(str), axis=0, return_index=True, return_inverse=True)
            asked = {"category": kind, "eligibility": who}
            hours.append(pd.DataFrame({**asked, "when": HOURS, "same_as": [HOURS[i] for i in first[same.ravel()]]}))
            for hour in np.sort(first):
                near, called = answer(kind, own & (states[hour] == "open"))
                unsure, unsaid = answer(kind, own & (states[hour] == "unknown"))
                found: dict[str, Any] = {"time_min": near, "unknown_hours_min": unsure}
                found |= {"by_referral": called, "referral_unknown_hours": unsaid}
                found["not_collected"] = unlooked[kind].to_numpy()
                where = {"place_id": measured.places["place_id"].to_numpy(), **asked, "when": HOURS[hour]}
                parts.append(pd.DataFrame(where | found))
    return pd.concat(parts, ignore_index=True), pd.concat(hours, ignore_index=True)


def _answers(measured: Measured, everyone: gpd.GeoDataFrame) -> Callable[[str, Mask], tuple[npt.NDArray[Any], Mask]]:
    """Return what tells minutes and referral by place for a kind of help and a mask of the services that count."""
    places, areas = measured.places, data.areas(measured.study)
    times = _times(measured, everyone)
    minutes = times.to_numpy(dtype=np.float64)
    column = times.columns.get_indexer(pd.Index(everyone["service_id"]))
    by_call = everyone["disclosure"].eq("area").to_numpy()
    known: dict[tuple[str, bytes], Mask] = {}

    def answer(kind: str, here: Mask) -> tuple[npt.NDArray[Any], Mask]:
        near = np.fmin.reduce(minutes[:, column[here & (column >= 0)]], axis=1, initial=np.nan)
        key = (kind, (here & by_call).tobytes())
        if key not in known:  # few confidential services, so few sets of them
            table = data.referral(places, everyone[here & by_call], areas=areas, categories=[kind])
            known[key] = table[kind].to_numpy(dtype=bool)
        return near, known[key]

    return answer


def nearest_of_kinds(
    times: pd.DataFrame, offers: gpd.GeoDataFrame, services: gpd.GeoDataFrame
) -> dict[str, npt.NDArray[np.float64]]:
    """Minutes from each place to the nearest of some services of each category that they offer; NaN where out of reach.

    Parameters
    ----------
    times
        Minutes by place and ``service_id``.
    offers
        All that is offered, of :func:`kcgeo.data.directory.services.offered`; read once for many choices of services.
    services
        The services that count.
    """
    rows = offers[offers["service_id"].isin(services["service_id"])].drop_duplicates(["category", "site_id"])
    minutes, at = times.to_numpy(dtype=np.float64), times.columns.get_indexer(pd.Index(rows["service_id"]))
    groups = rows["category"].reset_index(drop=True)
    return {
        str(category): np.fmin.reduce(minutes[:, at[own]], axis=1)
        for category, own in groups.groupby(groups).indices.items()
    }


def reach_of(measured: Measured) -> pd.DataFrame:
    """Nearest times and referral of a measured study by category, who asks, time of week and place."""
    return _reach(measured, _by_group(measured))


def _by_group(measured: Measured) -> dict[str, gpd.GeoDataFrame]:
    return {who: fitting(measured.listed, eligibility=None if who == EVERYONE else who) for who in _WHO}


def release_explorer(measured: Measured) -> dict[str, Released]:
    """Pass what the explorer holds, beyond the tables of a study, through the release gate.

    Returns
    -------
    dict
        ``explorer_reach`` (place_id, category, eligibility, when, time_min and what is known of referral and hours),
        ``explorer_week`` (the same by hour, hours alike once) and ``explorer_hours`` (which hours are alike),
        ``explorer_matrix`` (candidate_id, place_id, time_min within the largest cutoff), and ``services_<eligibility>``
        (the services for that group alone).

    Raises
    ------
    DisclosureError
        Where a table holds what must stay.
    """
    study = measured.study
    services = _by_group(measured)
    limit = max(study.gaps.cutoffs_min)
    pairs = travel.costs(
        measured.network, measured.places, candidates(measured.cells, measured.places), cutoff_min=limit
    )
    matrix = pairs.rename(columns={"from_id": "place_id", "to_id": "candidate_id"})
    notes = (model_note(measured), LOWER_BOUND, LISTED, ODBL)
    week, hours = _week(measured, services)
    tables = {"explorer_reach": _reach(measured, services), "explorer_week": week, "explorer_hours": hours}
    released = {
        **let_out(study, tables, kind="matrix", notes=notes),
        **let_out(study, {"explorer_matrix": matrix}, kind="matrix", used=("places", "highway_edges"), notes=notes),
    }
    for who, name in _own_services().items():
        released[name] = release_services(measured, services[who], name=name)
    return released


def explorer_numbers(
    reach: Released,
    matrix: Released,
    places: Released,
    *,
    category: str,
    cutoff_min: int,
    eligibility: str = "any",
    when: str = ANY_TIME,
    sites: Sequence[str] = (),
    hours: Released | None = None,
) -> pd.DataFrame:
    """Count who reaches a kind of help now, and who would with new sites: the numbers of the explorer page.

    Parameters
    ----------
    reach, matrix
        ``explorer_reach`` and ``explorer_matrix`` of :func:`release_explorer`.
    places
        Released places with the counts of :data:`kcgeo.study.GROUPS`.
    category, eligibility, when
        A kind of help, who asks and the time of week, as in ``reach``.
    cutoff_min
        Whole minutes; a time of exactly the cutoff is in reach.
    sites
        New sites as candidate cells of ``matrix``; each is thought to serve everyone who asks, at that time.
    hours
        ``explorer_hours``, where ``reach`` is ``explorer_week`` and ``when`` an hour such as ``"Monday 02:00"``.

    Returns
    -------
    DataFrame
        Indexed by group: ``total_count`` and its parts ``covered_count`` (new sites included),
        ``by_referral_count`` (a confidential service known to take calls then), ``unknown_hours_count`` (a service in
        reach, or a confidential one, of which the hours are unknown), ``not_collected_count`` (nobody has looked for
        the kind in the county) and ``none_count``; ``newly_covered_count`` is the part of covered that no listed
        service reaches. Households for ``no_vehicle_household_count``, else people.

    Raises
    ------
    TableError
        For a choice that ``reach`` does not hold, a candidate that ``matrix`` does not hold, or a cutoff that is not a
        whole number of minutes.
    """
    rows = require_released(reach, kind="matrix").table
    if hours is not None:
        named = require_released(hours, kind="matrix").table.set_index(["category", "eligibility", "when"])["same_as"]
        when = str(named.get((category, eligibility, when), when))
    rows = rows[(rows["category"] == category) & (rows["eligibility"] == eligibility) & (rows["when"] == when)]
    require_released(matrix, kind="matrix")
    # without new sites the large table is not needed, and a copy of it takes its time
    times = matrix.table if len(sites) else pd.DataFrame(columns=["candidate_id", "place_id", "time_min"])
    people = require_released(places, kind="background").table.set_index("place_id")[list(GROUPS)]
    problems = []
    if rows.empty:
        problems.append(f"The explorer holds no '{category}' for '{eligibility}' at '{when}'.")
    if cutoff_min != int(cutoff_min) or cutoff_min <= 0:
        problems.append(f"cutoff_min must be whole minutes above 0, not {cutoff_min}.")
    strangers = sorted(set(sites) - set(times["candidate_id"]))
    if strangers:
        problems.append(f"These new sites are no candidates: {first_ids(strangers)}.")
    raise_all(problems, TableError)
    rows = rows.set_index("place_id").reindex(people.index)
    offered = times[times["candidate_id"].isin(list(sites)) & (times["time_min"] <= cutoff_min)]
    today = rows["time_min"] <= cutoff_min
    added = people.index.isin(offered["place_id"]) & ~today
    called = rows["by_referral"] & ~today & ~added
    unsure = (rows["unknown_hours_min"] <= cutoff_min) | rows["referral_unknown_hours"]
    unsure &= ~today & ~added & ~called
    left = ~(today | added | called | unsure)
    unlooked = left & rows["not_collected"]
    masks = {
        "covered": today | added,
        "newly_covered": added,
        "by_referral": called,
        "unknown_hours": unsure,
        "not_collected": unlooked,
        "none": left & ~unlooked,
    }
    counts = {f"{name}_count": people[mask].sum() for name, mask in masks.items()}
    return pd.DataFrame({"total_count": people.sum(), **counts}).astype("int64").rename_axis("group")


def _own_services() -> dict[str, str]:
    """Name of the release of services for each group but everybody."""
    return {who: f"services_{who.replace(' ', '_')}" for who in _WHO if who != EVERYONE}


EXPLORER_USES = (
    "explorer_reach", "explorer_week", "explorer_hours", "explorer_matrix", "places", "cell_times", "services",
    *_own_services().values(), *GROUND,
)  # fmt: skip
"""Releases that the explorer shows."""


def write_explorer_page(desk: Desk, *, place: str) -> list[Path]:
    """Write ``explorer.html`` from the tables of :func:`kcgeo.study.release_all` and :func:`release_explorer`."""
    scene = desk.scene
    page = present.explorer_page(
        scene["explorer_reach"],
        (scene["explorer_week"], scene["explorer_hours"]),
        scene["explorer_matrix"],
        scene["places"],
        scene["cell_times"],
        {who: scene[_own_services().get(who, "services")] for who in _WHO},
        ground=scene.ground(),
        moments=dict(zip(HOURS, week_hours(), strict=True)),
        cutoffs_min=scene.study.gaps.cutoffs_min,
        headline_min=scene.study.gaps.headline_cutoff_min,
        title=f"What if? Reach of help, {scene.study.title}",
    )
    return [present.save_page(page, desk.folder / place / "explorer.html")]
