"""The explorer: one HTML file that counts again, without a network, who reaches help when a choice or a site changes.

The page holds the vendored Leaflet, its own style and script, and released tables as short text; its content security
policy forbids every request. :func:`kcgeo.study.answers.explorer.explorer_numbers` counts the same in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import geopandas as gpd
from markupsafe import Markup

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.web.encode import SCALE
from kcgeo.present.web.explorer_data import candidate_data, open_sites, place_data, reach_data, zip_areas
from kcgeo.present.web.page import Page, as_json, filled, leaflet
from kcgeo.present.web.web_data import GROUP, bounds_of, ground_data

__all__ = ["ANY_TIME", "EVERYONE", "STATES", "explorer_page"]

EVERYONE = "all"
"""Who asks, where services count whomever they serve."""
ANY_TIME = "any time"
"""When, where services count whatever their hours."""
OLDER = {"weekday noon": "Wednesday 12:00", "weeknight 02:00": "Thursday 02:00", "weekend": "Saturday 12:00"}
"""Times that a link of an older page may name, and the hours that they were."""

WHO = {
    EVERYONE: ("All listed services, whomever they serve", ""),
    "any": ("Anyone: services open to all", " open to anyone"),
    "adult women": ("Adult women", " for adult women"),
    "minors": ("Minors", " for minors"),
    "men": ("Men", " for men"),
    "LGBTQ": ("LGBTQ people", " for LGBTQ people"),
}

STATES = {
    "in_reach": ("in reach", theme.RAMP[0]),
    "new": ("new in reach", "#6fc6a4"),
    "by_referral": ("by referral: call", "#b5cbd6"),
    "unknown_hours": ("hours unknown", "#b9a8d8"),
    "not_collected": ("nobody has looked", "#8f8d98"),
    "none": ("none", theme.RAMP[2]),
}
"""States of a place in the order of the page's codes: words and colour; three have a pattern as well."""

_FILL = {
    "by_referral": "url(#hatch-referral)",
    "unknown_hours": "url(#hatch-unknown)",
    "not_collected": "url(#hatch-unlooked)",
}
_GROUPS = ("population_count", "under18_count", "poverty_count", "no_vehicle_household_count")
_LEAST_MIN = 5

READING = (
    "Times come from a free-flow model: no congestion, no buses, no winter, by car only.",
    "Lower bound: confidential services have no place here and are not counted as in reach. Where one serves the area"
    " the state is “by referral”: call.",
    "A service with unknown hours never counts as open. Where it is all there is, the state is “hours unknown”.",
    "Where nobody has looked for this kind of help in a county, the state is “nobody has looked”: unknown, not none.",
    "People are counted at points of their ZIP area, several in most; the areas drawn around them are approximate.",
    "A new site is a cell of the grid, never an address; where nobody lives, one cell in seven can be"
    " chosen. It is taken to offer the kind of help asked for, to"
    " those who ask, at that time. It is not checked whether a building, staff or money are there.",
    "A listed service is not an open bed. Call before you send anyone.",
    f"A hotline has no place and is reached from anywhere: {words.HOTLINE}.",
)


def explorer_page(
    reach: Released,
    week: tuple[Released, Released],
    matrix: Released,
    places: Released,
    cells: Released,
    services: Mapping[str, Released],
    *,
    ground: Background,
    moments: Mapping[str, datetime],
    cutoffs_min: Sequence[float],
    headline_min: float,
    title: str,
) -> Page:
    """One offline page: choose kind, group, time and minutes; add, move and remove new sites; read who is reached.

    Parameters
    ----------
    reach
        Released matrix ``category, eligibility, when, place_id`` with ``time_min, unknown_hours_min, by_referral,
        referral_unknown_hours, not_collected``: every kind, group and place at any time.
    week
        The same by hour, hours alike once, and which hour stands for each: ``category, eligibility, when, same_as``.
    matrix
        Released matrix ``candidate_id, place_id, time_min``: pairs up to the largest cutoff; candidates are H3 cells.
    places
        Released background with ``place_id, place_name``, counts, ``land_area_km2`` and points.
    cells
        Released surface; its ``cell_id`` become the areas around the places.
    services
        Released services by eligibility as in ``reach``, the one that the page opens on first; ``all`` holds all.
    moments
        Local time of each hour by its name in ``when``: 24 hours a day, a public holiday last.
    cutoffs_min
        Minutes with a button of their own, whole numbers; the slider ends at the largest.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, that lack rows, or for cutoffs that are not whole minutes.
    """
    if any(cutoff != int(cutoff) or cutoff < _LEAST_MIN for cutoff in (*cutoffs_min, headline_min)):
        raise TableError(f"The cutoffs of the explorer are whole minutes of {_LEAST_MIN} or more.")
    unknown = [who for who in services if who not in WHO]
    if unknown or EVERYONE not in services:
        raise TableError(f"Services by eligibility are named {', '.join(WHO)}, not {', '.join(unknown or services)}.")
    most = int(max(cutoffs_min))
    offered = set(require_released(reach, kind="matrix").table["category"])
    kinds = [category for category in words.CATEGORY if category in offered]
    first = kinds.index("emergency_shelter") if "emergency_shelter" in kinds else 0
    who = {key: WHO[key] for key in services}
    whens = [ANY_TIME, *moments]
    days = list(dict.fromkeys(key.rsplit(" ", 1)[0] for key in moments))
    sites, schedules = open_sites(services, all_of=EVERYONE, kinds=kinds, moments=moments)
    choices = reach_data(reach, *week, places, kinds=kinds, who=list(who), moments=whens, most_min=most)
    data = {
        "scale": SCALE,
        "bounds": bounds_of(ground.whole.extent, ground.crs),
        # who lacks help lives at the edge, so the page opens on the whole
        "core": _bounds(ground),
        "land": theme.COLOUR["land"],
        "ground": ground_data(ground),
        "least": _LEAST_MIN,
        "most": most,
        "headline": int(headline_min),
        "first": first,
        "kinds": [[key, *words.CATEGORY[key]] for key in kinds],
        "who": [[key, label, clause] for key, (label, clause) in who.items()],
        "moments": [
            [key, words.moment(key), f", known to be open ({words.moment(key)})" if moment else ""]
            for key, moment in {ANY_TIME: None, **moments}.items()
        ],
        "older": OLDER,
        "groups": [[group, GROUP[group]] for group in _GROUPS],
        "looks": [[label, _FILL.get(key, colour), colour] for key, (label, colour) in STATES.items()],
        "places": place_data(places, _GROUPS),
        "areas": zip_areas(cells, places, ground),
        "candidates": candidate_data(matrix, places, most_min=most),
        "sites": sites,
        "schedules": schedules,
        **choices,
    }
    script, style = leaflet()
    return filled(
        "explorer",
        title=title,
        description="Who reaches help, for whom, when, and what a new site would add. Works without a network.",
        style=_colours() + style,
        styles=("coverage", "explorer"),
        scripts=("quit", "ground", "explorer"),
        released=[reach, *week, matrix, places, *services.values(), *ground.released],
        kinds=[(key, words.category_label(key)) for key in kinds],
        first=first,
        who=[(key, label) for key, (label, _) in who.items()],
        days=["Any time", *(day[0].upper() + day[1:] for day in days)],
        hours=[words.moment(f"{hour:02}:00") for hour in range(24)],
        areas=_areas(places),
        groups=[(group, GROUP[group]) for group in _GROUPS],
        least=_LEAST_MIN,
        most=most,
        headline=int(headline_min),
        presets=[f"{cutoff:g}" for cutoff in cutoffs_min],
        caption="People in each status; households in the last row. Free-flow model, lower bound; new sites count.",
        reading=READING,
        data=as_json(data),
        leaflet=Markup(script),
    )


def _bounds(ground: Background) -> list[list[float]]:
    left, bottom, right, top = ground.whole.outline.bounds
    return bounds_of((left, bottom, right, top), ground.crs)


def _areas(places: Released) -> list[tuple[int, str]]:
    """Every place where people live, by name; the number is that of the place in the release."""
    table = gpd.GeoDataFrame(places.table)
    lived = table[table["population_count"] > 0].sort_values(["place_name", "place_id"])
    return [
        (int(number), f"{name} ({place})")
        for number, name, place in zip(lived.index, lived["place_name"], lived["place_id"], strict=True)
    ]


def _colours() -> str:
    names = {
        "in_reach": "in",
        "new": "new",
        "by_referral": "call",
        "unknown_hours": "unsure",
        "not_collected": "unlooked",
        "none": "none",
    }
    return ":root {" + "".join(f" --{names[key]}: {colour};" for key, (_, colour) in STATES.items()) + " }\n"
