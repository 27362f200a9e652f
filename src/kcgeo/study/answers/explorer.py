"""What the explorer page holds and what it answers: who reaches what, for whom and when, and what new sites would add.

The page and :func:`explorer_numbers` count the same released tables: this module in minutes as the search gives them,
the page in whole minutes, rounded up. A cutoff is a whole number of minutes, so both say the same of every place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from kcgeo.data.directory.services import fitting
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


@dataclass(frozen=True)
class _Listed:
    """All that is listed, and what is computed of it once for every choice of kind, group and hour."""

    places: gpd.GeoDataFrame
    everyone: gpd.GeoDataFrame
    by_group: Mapping[str, gpd.GeoDataFrame]
    kinds: Sequence[str]
    unlooked: pd.DataFrame
    answer: Callable[[str, Mask], tuple[npt.NDArray[Any], Mask]]

    def own(self, kind: str, who: str) -> Mask:
        """Say which services offer a kind of help to those who ask."""
        listed = self.everyone["service_id"].isin(self.by_group[who]["service_id"])
        active = self.everyone["service_status"].ne("inactive")
        offers = self.everyone["categories"].map(lambda kinds: kind in kinds).astype(bool)
        return np.asarray(listed & active & offers)

    def rows(self, kind: str, who: str, when: str, opened: Mask, unclear: Mask) -> pd.DataFrame:
        """Nearest times and referral by place, of services that are open and of those whose hours are unknown."""
        near, called = self.answer(kind, opened)
        unsure, unsaid = self.answer(kind, unclear)
        return pd.DataFrame(
            {
                "place_id": self.places["place_id"].to_numpy(),
                "category": kind,
                "eligibility": who,
                "when": when,
                "time_min": near,
                "unknown_hours_min": unsure,
                "by_referral": called,
                "referral_unknown_hours": unsaid,
                "not_collected": self.unlooked[kind].to_numpy(),
            }
        )


def _listed(measured: Measured, services: Mapping[str, gpd.GeoDataFrame]) -> _Listed:
    places, everyone = measured.places, services[EVERYONE].reset_index(drop=True)
    kinds = data.load("categories")
    known = list(kinds.loc[kinds["has_place"], "category"])  # a hotline is reached from anywhere
    unlooked = data.not_collected(places, measured.collected, categories=known)
    return _Listed(places, everyone, services, known, unlooked, _answers(measured, everyone))


def _reach(listed: _Listed) -> pd.DataFrame:
    """Nearest times and referral by category, eligibility, time of week and place."""
    texts, points = listed.everyone["opening_hours"], listed.everyone.geometry
    hours = {
        when: None if moment is None else data.open_state(texts, moment, points=points).to_numpy()
        for when, moment in MOMENTS.items()
    }
    parts = []
    for who in listed.by_group:
        own = {kind: listed.own(kind, who) for kind in listed.kinds}
        for when, states in hours.items():
            for kind, mask in own.items():
                nothing = np.zeros_like(mask)
                opened, unclear = (
                    (mask, nothing) if states is None else (mask & (states == "open"), mask & (states == "unknown"))
                )
                parts.append(listed.rows(kind, who, when, opened, unclear))
    return pd.concat(parts, ignore_index=True)


def _week(listed: _Listed) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As :func:`_reach` at each hour; hours of the same open services stand once, under the first of them.

    The second table names that first hour (``same_as``) for each kind, who asks and hour.
    """
    states = hourly_states(listed.everyone, WEEK)
    parts, hours = [], []
    for who in listed.by_group:
        for kind in listed.kinds:
            own = listed.own(kind, who)
            _, first, same = np.unique(states[:, own].astype(str), axis=0, return_index=True, return_inverse=True)
            named = {"when": HOURS, "same_as": [HOURS[i] for i in first[same.ravel()]]}
            hours.append(pd.DataFrame({"category": kind, "eligibility": who, **named}))
            for hour in np.sort(first):
                opened, unclear = own & (states[hour] == "open"), own & (states[hour] == "unknown")
                parts.append(listed.rows(kind, who, HOURS[hour], opened, unclear))
    return pd.concat(parts, ignore_index=True), pd.concat(hours, ignore_index=True)


def _answers(measured: Measured, everyone: gpd.GeoDataFrame) -> Callable[[str, Mask], tuple[npt.NDArray[Any], Mask]]:
    """Return what tells minutes and referral by place for a kind of help and a mask of the services that count.

    One search serves every choice: the nearest of some services is the least of their times.
    """
    places, areas = measured.places, data.areas(measured.study)
    placed = everyone.loc[everyone.geometry.notna(), ["service_id", "geometry"]]
    pairs = travel.costs(measured.network, places, placed, cutoff_min=measured.study.travel.search_cutoff_min)
    times = pairs.pivot(index="from_id", columns="to_id", values="time_min")
    times = times.reindex(index=places["place_id"], columns=placed["service_id"])
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


def reach_of(measured: Measured) -> pd.DataFrame:
    """Nearest times and referral of a measured study by category, who asks, time of week and place."""
    return _reach(_listed(measured, _by_group(measured)))


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
    listed = _listed(measured, services)
    week, hours = _week(listed)
    tables = {"explorer_reach": _reach(listed), "explorer_week": week, "explorer_hours": hours}
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
