"""The story of a study: where help stops, who is farthest, nights, homes without a car, and what three sites change.

Every number is a finding of the released tables, once for the whole study and once for each county, so that the page
turns all of them when a reader picks a county.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import pandas as pd
from shapely import Point

from kcgeo import data, present
from kcgeo.crs import STORAGE
from kcgeo.disclosure import Released, release
from kcgeo.findings import LANGUAGES, Finding
from kcgeo.present.web.story_page import Area, Story
from kcgeo.study.answer import GROUND, Desk, Scene
from kcgeo.study.answers.county import county_facts_of

__all__ = ["STORY_USES", "best_sites", "release_sites", "story_of", "write_story"]

STORY_USES = (
    "gaps", "cell_times", "place_times", "services", "areas", "places", "explorer_reach", "explorer_matrix",
    "new_sites", *GROUND,
)  # fmt: skip
"""Releases that the story shows."""
_NIGHT = "weeknight 02:00"
_NAMED = 3
"""So many places are named, and so many sites are tried."""


def best_sites(reach: Released, matrix: Released, places: Released, *, category: str, cutoff_min: float) -> list[str]:
    """Choose three areas one after another, each where it brings the most people into reach who are not by then.

    Parameters
    ----------
    reach, matrix, places
        ``explorer_reach, explorer_matrix, places`` of a study.
    category, cutoff_min
        A kind of help and minutes; services open to anyone, at any time.

    Returns
    -------
    list of str
        Candidate cells, the first that helps most first: what the explorer adds when it is asked three times.
    """
    mine = _rows(reach, category, "any time")
    people = places.table.set_index("place_id")["population_count"].astype(float)
    waiting = people[~(mine["time_min"].reindex(people.index) <= cutoff_min)]
    near = matrix.table[matrix.table["time_min"] <= cutoff_min]
    found: list[str] = []
    while len(found) < _NAMED:
        gain = near["place_id"].map(waiting).groupby(near["candidate_id"]).sum()
        if gain.empty or gain.max() <= 0:
            break
        found.append(str(gain.idxmax()))
        waiting = waiting.drop(near.loc[near["candidate_id"] == found[-1], "place_id"], errors="ignore")
    return found


def _wanted(scene: Scene) -> str:
    """Name the required kind of help that most people lack."""
    gaps, required = scene["gaps"].table, scene.study.gaps.required
    lacking = {kind: gaps.loc[gaps[f"{kind}_state"] == "none", "population_count"].sum() for kind in required}
    return max(required, key=lambda kind: float(lacking[kind]))


def release_sites(scene: Scene) -> Released:
    """Release the three areas where new sites of the kind that most people lack would help most, one after another.

    Parameters
    ----------
    scene
        A study with ``gaps, explorer_reach, explorer_matrix, places``.

    Returns
    -------
    Released
        ``rank, candidate_id, category, place_name`` (the nearest place), ``cutoff_min``, ``new_count`` (people whom
        this site brings into reach beyond those before it) and ``together_count``.
    """
    reach, matrix, places = scene["explorer_reach"], scene["explorer_matrix"], scene["places"]
    category, cutoff = _wanted(scene), scene.study.gaps.headline_cutoff_min
    sites = best_sites(reach, matrix, places, category=category, cutoff_min=cutoff)
    people = places.table.set_index("place_id")["population_count"].astype(float)
    reached = (_gained(reach, matrix, places, category, cutoff, sites[:count]) for count in range(1, len(sites) + 1))
    together = [people[found].sum() for found in reached]
    spots = [reversed(h3.cell_to_latlng(cell)) for cell in sites]
    points = gpd.GeoSeries([Point(*spot) for spot in spots], crs=STORAGE).to_crs(scene.study.crs)
    named = gpd.GeoDataFrame(places.table).to_crs(scene.study.crs)
    named = named[named["population_count"] > 0].reset_index(drop=True)
    rows = {
        "rank": range(1, len(sites) + 1),
        "candidate_id": sites,
        "category": category,
        "place_name": [str(named["place_name"].loc[named.distance(point).idxmin()]) for point in points],
        "cutoff_min": float(cutoff),
        "new_count": pd.Series(together, dtype=float).diff().fillna(pd.Series(together[:1], dtype=float)),
        "together_count": pd.Series(together, dtype=float),
    }
    return release(
        pd.DataFrame(rows),
        name="new_sites",
        kind="siting",
        sources=reach.sources,
        vintage=reach.vintage,
        notes=("each is the best after those before it, not proven best together (kcgeo site)", *reach.notes),
    )


def _rows(reach: Released, category: str, when: str) -> pd.DataFrame:
    table = reach.table
    chosen = (table["category"] == category) & (table["eligibility"] == "any") & (table["when"] == when)
    return table[chosen].set_index("place_id")


def story_of(scene: Scene) -> Story:
    """Gather the findings of the story from the released tables of a study."""
    gaps, study = scene["gaps"].table.set_index("place_id"), scene.study
    required, cutoff = study.gaps.required, study.gaps.headline_cutoff_min
    counties, wanted = county_facts_of(scene), _wanted(scene)
    tables = scene["explorer_reach"], scene["explorer_matrix"], scene["places"]
    sites = list(map(str, scene["new_sites"].table.sort_values("rank")["candidate_id"]))
    gained = [_gained(*tables, wanted, cutoff, sites[:count]) for count in (1, len(sites))]
    night = _rows(scene["explorer_reach"], required[0], _NIGHT)
    about = {"kinds_count": len(required), "cutoff_min": cutoff, "sources": scene["gaps"].sources}
    names = {one.fips: f"{one.name} County" for one in counties}
    areas = []
    for fips, area in {"": study.title, **dict(sorted(names.items(), key=lambda pair: pair[1]))}.items():
        rows = gaps if not fips else gaps[gaps["county_fips"].astype(str) == fips]
        by = rows["county_fips"].astype(str).map(names) if not fips else rows["place_name"]
        steps: dict[str, list[Finding | None]] = {
            "lack": [_lack(rows, required, area, about)],
            "kinds": [*_kinds(rows, required, area, about)],
            "places": [_places(rows, by, required, area, about)],
            "night": _night(rows, night, required[0], area, about),
            "car": [_no_car(rows, area, about)],
            "sites": [_sites(rows, gained, wanted, area, about)],
        }
        areas.append(Area(fips, area, {key: [one for one in said if one] for key, said in steps.items()}))
    stretch = _stretch(scene, about) if "profile" in scene else None
    return Story(areas, stretch, wanted, tuple(sites), tuple(gained[1]), tuple(required))


def _finding(key: str, value: float, of: float | None, about: Mapping[str, Any], **more: Any) -> Finding:
    said = {name: item for name, item in about.items() if name != "sources"} | more
    return Finding(key, value, of=of, about=said, sources=tuple(about["sources"]))


def _lacks(rows: pd.DataFrame, required: Sequence[str]) -> pd.Series[bool]:
    return rows[[f"{kind}_state" for kind in required]].isin(["none"]).any(axis=1)


def _lack(rows: pd.DataFrame, required: Sequence[str], area: str, about: Mapping[str, Any]) -> Finding:
    people = rows["population_count"].astype(float)
    return _finding("lack_any", people[_lacks(rows, required)].sum(), people.sum(), about, area=area)


def _kinds(rows: pd.DataFrame, required: Sequence[str], area: str, about: Mapping[str, Any]) -> list[Finding]:
    people = rows["population_count"].astype(float)
    counts = {kind: float(people[rows[f"{kind}_state"] == "none"].sum()) for kind in required}
    return [
        _finding("lack_kind", counts[kind], people.sum(), about, area=area, category=kind)
        for kind in sorted(required, key=lambda kind: -counts[kind])
        if counts[kind] > 0
    ] or [_finding("lack_kind", 0.0, people.sum(), about, area=area)]


def _places(
    rows: pd.DataFrame, by: pd.Series[Any], required: Sequence[str], area: str, about: Mapping[str, Any]
) -> Finding:
    lost = rows["population_count"].astype(float).where(_lacks(rows, required), 0.0)
    sums = lost.groupby(by).sum().sort_values(ascending=False, kind="stable")
    largest = sums[sums > 0].head(_NAMED)
    return _finding("lack_places", largest.sum(), lost.sum(), about, area=area, names=list(map(str, largest.index)))


def _night(
    rows: pd.DataFrame, night: pd.DataFrame, category: str, area: str, about: Mapping[str, Any]
) -> list[Finding | None]:
    """Who has a service in reach that is known to be open at night, and for whom nobody knows."""
    people, here = rows["population_count"].astype(float), night.reindex(rows.index)
    ready = here["time_min"] <= about["cutoff_min"]
    unsure = people[~ready & (here["unknown_hours_min"] <= about["cutoff_min"])].sum()
    known = _finding("open_night", people[ready].sum(), people.sum(), about, area=area, category=category)
    unknown = _finding("unknown_night", unsure, people.sum(), about, area=area, category=category)
    return [known, unknown if unsure else None]


def _no_car(rows: pd.DataFrame, area: str, about: Mapping[str, Any]) -> Finding | None:
    homes, without = (float(rows[name].sum()) for name in ("household_count", "no_vehicle_household_count"))
    return _finding("no_car", without, homes, about, area=area) if homes and without else None


def _gained(
    reach: Released, matrix: Released, places: Released, category: str, cutoff_min: float, sites: Sequence[str]
) -> list[str]:
    """Places that some new sites bring into reach."""
    mine = _rows(reach, category, "any time")["time_min"]
    near = matrix.table[matrix.table["candidate_id"].isin(sites) & (matrix.table["time_min"] <= cutoff_min)]
    return sorted(place for place in set(near["place_id"]) if not mine[place] <= cutoff_min)


def _sites(
    rows: pd.DataFrame, gained: Sequence[Sequence[str]], category: str, area: str, about: Mapping[str, Any]
) -> Finding:
    people = rows["population_count"].astype(float)
    one, all_of = (float(people[people.index.isin(found)].sum()) for found in gained)
    return _finding("new_sites", all_of, people.sum(), about, area=area, category=category, one=one)


def _stretch(scene: Scene, about: Mapping[str, Any]) -> Finding | None:
    """Find the road with the most miles on which a required kind is too far, and its longest stretch far from one."""
    profile, segments = scene["profile"].table, scene["segments"].table
    kinds = [kind for kind in scene.study.gaps.required if f"{kind}_min" in profile]
    miles = present.gap_miles(profile, kinds, cutoff_min=about["cutoff_min"])
    route = max(miles, key=lambda name: miles[name][0])
    own = segments[(segments["route"] == route) & segments["category"].isin(kinds)]
    if own.empty:
        return None
    longest = own.sort_values("length_mi", kind="stable").iloc[-1]
    state = data.load("states").set_index("state")["name"][longest["state"]]
    ends = {"from_mi": float(longest["from_milepost_mi"]), "to_mi": float(longest["to_milepost_mi"])}
    return _finding(
        "thin_stretch", *miles[route], about, route=route, state=str(state), category=longest["category"], **ends
    )


def write_story(desk: Desk) -> list[Path]:
    """Write ``index.html`` and its Spanish sister."""
    story, scene = story_of(desk.scene), desk.scene
    page = partial(present.story_page, story, scene.tables, ground=scene.ground())
    return [
        present.save_page(
            page(language=language), desk.folder / f"index{'' if language == 'en' else f'-{language}'}.html"
        )
        for language in LANGUAGES
    ]
