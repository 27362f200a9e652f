"""The story page: the finding, a map that moves with the steps, and a county picker that turns every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import shapely
from pyproj import Transformer

from kcgeo.crs import STORAGE
from kcgeo.disclosure import Released
from kcgeo.findings import LANGUAGES, Finding, sentences
from kcgeo.present.look import shapes
from kcgeo.present.look.background import Background
from kcgeo.present.look.classes import count_classes, count_colours, count_label, gap_counts
from kcgeo.present.look.labels import Label
from kcgeo.present.web.page import Page, as_json, filled

__all__ = ["Area", "Story", "story_page"]

STEPS = ("kinds", "stretch", "places", "night", "car", "sites")
_UNIT_M = 100.0
"""One unit of the drawing; a corner is a whole number of them."""
_SMOOTH_M = 600.0
"""Teeth of the grid that are smaller than this are drawn straight."""


@dataclass(frozen=True)
class Area:
    """The study (no ``fips``) or a county, and what each step says of it."""

    fips: str
    name: str
    steps: Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class Story:
    """What the page tells: areas, the whole first; the worst road; three sites of a kind and the places they reach."""

    areas: Sequence[Area]
    stretch: Finding | None
    category: str
    sites: tuple[str, ...]
    gained: tuple[str, ...]
    required: tuple[str, ...]


def story_page(story: Story, released: Mapping[str, Released], *, ground: Background, language: str = "en") -> Page:
    """Tell the story of a study in one file that asks no network.

    Parameters
    ----------
    story
        Made of findings; every number of the page is one of theirs.
    released
        ``gaps, cell_times, places, counties, corridors`` and the other tables that the findings were taken from.
    ground
        Background of the study.
    language
        ``en`` or ``es``.

    Raises
    ------
    KcgeoError
        For a sentence that the language does not have.
    """
    label = {form: text[language] for form, text in sentences()["story"].items()}
    whole = story.areas[0]
    told = {area.fips: _told(area, story, language) for area in story.areas}
    drawing = _drawing(story, released, ground)
    sites = "#" + "&".join(
        (f"kind={story.category}", "who=any", f"within={whole.steps['lack'][0].about['cutoff_min']:g}")
        + ((f"sites={'.'.join(story.sites)}",) if story.sites else ())
    )
    ending = {code: "" if code == "en" else f"-{code}" for code in LANGUAGES}
    other = next(code for code in LANGUAGES if code != language)
    return filled(
        "story",
        title=whole.steps["lack"][0].say("title", language),
        description=label["map"],
        styles=("story",),
        scripts=("quit", "story"),
        released=[released[key] for key in ("gaps", "services", "places", "corridors") if key in released],
        language=language,
        lede=label["limits"],
        label=label,
        areas=[(area.fips, area.name) for area in story.areas],
        steps=[step for step in STEPS if told[""].get(step)],
        told=told[""],
        other=(other, f"index{ending[other]}.html"),
        explorer=f"maps/explorer.html{sites}",
        data=as_json({"told": told, "views": drawing["views"], "ending": ending[language]}),
        drawing=drawing,
        classes=drawing["classes"],
    )


def _told(area: Area, story: Story, language: str) -> dict[str, list[str]]:
    """Sentences of each step for one area."""
    steps = dict(area.steps) | ({"stretch": [story.stretch]} if story.stretch else {})
    return {step: [_said(one, language) for one in steps.get(step, ())] for step in ("lack", *STEPS)}


def _said(one: Finding, language: str) -> str:
    """Say a finding; where nobody is meant, by the sentence for nobody."""
    form = "nobody" if one.value == 0 and "nobody" in sentences()[one.key] else "title"
    text = one.say(form, language)
    return text[0].upper() + text[1:]


def _path(geometry: Any, *, tolerance_m: float) -> str:
    """Write a geometry as the ``d`` of an SVG path: whole units, from the corner before."""
    pieces = []
    for part in shapely.get_parts(shapely.simplify(geometry, tolerance_m)):
        closed = part.geom_type == "Polygon"
        for line in (part.exterior, *part.interiors) if closed else (part,):
            points = np.round(shapely.get_coordinates(line) / _UNIT_M).astype(int) * [1, -1]
            steps = np.diff(points, axis=0)
            steps = steps[np.any(steps != 0, axis=1)]
            if len(steps) > (2 if closed else 0):
                moves = " ".join(f"{x} {y}" for x, y in steps.tolist())
                pieces.append(f"M{points[0][0]} {points[0][1]}l{moves}" + ("z" if closed else ""))
    return "".join(pieces)


def _box(geometry: Any, *, margin: float = 0.08) -> str:
    """Give the ``viewBox`` around a geometry."""
    left, bottom, right, top = np.array(geometry.bounds) / _UNIT_M
    pad = margin * max(right - left, top - bottom)
    values = (left - pad, -top - pad, right - left + 2 * pad, top - bottom + 2 * pad)
    return " ".join(f"{value:.0f}" for value in values)


def _drawing(story: Story, released: Mapping[str, Released], ground: Background) -> dict[str, Any]:
    """All that the map holds, as paths and points in units of the drawing."""
    whole, cells = ground.whole, released["cell_times"]
    polygons = shapes.cut_cells(tuple(cells.table["cell_id"]), ground.crs, whole.outline)
    gaps = gap_counts(cells, released["gaps"], story.required)
    classes, colours = count_classes(len(story.required)), count_colours(len(story.required))
    nested = [shapes.dissolve(polygons[gaps.lacking_kinds <= most]) for _, most in classes[:-1]]
    counties = whole.counties.dissolve("county_fips")
    gained = _gained(story, released["places"], ground.crs)
    views = {str(fips): _box(shape) for fips, shape in counties.geometry.items()} | {
        "": _box(whole.outline, margin=0.02)
    }
    if story.stretch:
        roads = released["corridors"].table
        views["stretch"] = _box(roads[roads["route"] == story.stretch.about["route"]].to_crs(ground.crs).union_all())
    if gained:
        views["sites"] = _box(shapely.union_all(gained), margin=0.15)
    return {
        "views": views,
        "whole": views[""],
        "outline": _path(whole.outline, tolerance_m=150),
        "layers": [
            (colour, _path(_smooth(shape), tolerance_m=_SMOOTH_M / 3))
            for colour, shape in zip(reversed(colours[:-1]), reversed(nested), strict=True)
        ],
        "most": colours[-1],
        "referred": _path(_smooth(shapes.dissolve(polygons[gaps.referred])), tolerance_m=_SMOOTH_M / 3),
        "unknown": _path(_smooth(shapes.dissolve(polygons[gaps.unknown])), tolerance_m=_SMOOTH_M / 3),
        "classes": [
            (colour, count_label(*ends, len(story.required))) for colour, ends in zip(colours, classes, strict=True)
        ],
        "counties": [(str(fips), _path(shape, tolerance_m=150)) for fips, shape in counties.geometry.items()],
        "roads": _path(shapely.line_merge(whole.roads), tolerance_m=150),
        "names": [
            (str(name), *_spot(shape.representative_point()))
            for name, shape in zip(counties["name"], counties.geometry, strict=True)
        ],
        "towns": [(town.text, *_spot(shapely.Point(town.dot)), *_beside(town)) for town in whole.towns if town.dot],
        "shields": [(sign.number, *_spot(shapely.Point(sign.x, sign.y))) for sign in whole.shields],
        "sites": [_spot(point) for point in _projected_cells(story.sites, ground.crs)],
        "gained": [_spot(point) for point in gained],
    }


def _smooth(area: Any) -> Any:
    """Round the teeth that hexagons leave at the edge of a class."""
    return shapely.buffer(shapely.buffer(area, -_SMOOTH_M / 2), _SMOOTH_M / 2) if not area.is_empty else area


def _spot(point: Any) -> tuple[int, int]:
    return round(point.x / _UNIT_M), round(-point.y / _UNIT_M)


def _beside(town: Label) -> tuple[str, float, float]:
    """Where the name of a town stands from its dot, in pixels, as on the printed maps: anchor, right, down."""
    above = town.dot is not None and town.y > town.dot[1]
    places = {"left": ("start", 5.0, 4.5), "right": ("end", -5.0, 4.5)}
    return places.get(town.align, ("middle", 0.0, -6.0 if above else 15.0))


def _projected_cells(ids: Sequence[str], crs: str) -> list[Any]:
    to_metres = Transformer.from_crs(STORAGE, crs, always_xy=True)
    return [shapely.Point(to_metres.transform(*reversed(h3.cell_to_latlng(cell)))) for cell in ids]


def _gained(story: Story, places: Released, crs: str) -> list[Any]:
    table = gpd.GeoDataFrame(places.table)
    return list(table[table["place_id"].isin(story.gained) & table["population_count"].gt(0)].to_crs(crs).geometry)
