"""Maps of public transport: the same hour of the day and of the night side by side, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes

from kcgeo.access import ALL_REQUIRED
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background, Panel
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.classes import count_classes, count_colours, count_label
from kcgeo.present.look.legend import Entry, line_entries, place, time_entries
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["transit_gap_map", "transit_time_map"]


def transit_time_map(
    cells: Released,
    coverage: Released,
    *,
    category: str,
    edges_min: Sequence[float],
    windows: Mapping[str, str],
    ground: Background,
    title: str | None = None,
) -> Plate:
    """Map the minutes by bus to the nearest service of one category in two windows, side by side.

    Parameters
    ----------
    cells
        Released surface with ``cell_id`` and ``<category>_<window>_min``: the median over the departures of a window.
    coverage
        Released table ``category, when, covered_share`` of households without a vehicle; it makes the title.
    category
        A service category.
    edges_min
        Upper edges of up to four classes, minutes; an edge belongs to the class below it.
    windows
        Two windows: key in the column names, and words for the heading.
    ground
        Background of the study; both panels show its core, where buses run.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    require_released(cells, kind="surface")
    shares = _shares(coverage, category, windows)
    table = cells.table
    need(table, ["cell_id", *(f"{category}_{key}_min" for key in windows)], "cells")
    phrase, last = words.nearest_phrase(category), bound("cutoff_min", edges_min[-1], coverage)
    areas = {said: float((table[f"{category}_{key}_min"] <= last).mean()) for key, said in windows.items()}
    first, second = windows.values()
    if title is None and any(np.isnan(share) for share in shares.values()):
        title = f"How long is the way to {phrase} by bus?"
    plate = new_plate(
        title
        or f"Without a car: {words.one_in(shares[first])} reach {phrase} by bus at noon,"
        f" {_per_100(shares[second])} at night",
        f"Households without a vehicle, {last:g} minutes door to door. Map: median over the departures of an hour.",
        alt_text=f"Two maps of minutes by bus to {phrase}. "
        + " ".join(
            f"{_upper(said)}: {words.percent(share)} of the area within {last:g} minutes."
            for said, share in areas.items()
        ),
        released=[cells, coverage, *ground.released],
        notices=_notices(cells),
        sheet=ground.sheet,
    )
    polygons = base.cell_polygons(table, ground)
    with theme.applied():
        for axes, panel, key in _panels(plate, ground, ground.core, windows):
            classes = shapes.nested_classes(polygons, table[f"{category}_{key}_min"], edges_min)
            base.draw_under(axes, panel)
            shapes.draw_area(axes, panel.outline, facecolor=theme.BEYOND, zorder=2)
            for outline, colour in reversed(list(zip(classes, theme.ramp(len(edges_min)), strict=True))):
                shapes.draw_area(axes, shapely.clip_by_rect(outline, *panel.extent), facecolor=colour, zorder=3)
            base.draw_over(axes, panel)
        entries = time_entries(edges_min)[:-2]
        place(
            plate,
            [[*entries, Entry(f"over {last:g} min, or no bus", colour=theme.BEYOND)], line_entries(ground)],
            ground.sheet,
        )
    return plate


def transit_gap_map(
    places: Released,
    coverage: Released,
    *,
    required: Sequence[str] | None = None,
    cutoff_min: float | None = None,
    windows: Mapping[str, str],
    ground: Background,
    title: str | None = None,
) -> Plate:
    """Map the households without a vehicle by how many required categories they reach by bus, in two windows.

    Parameters
    ----------
    places
        Released gaps with points, ``no_vehicle_household_count`` and ``<window>_had_count``: how many required
        categories are within the cutoff by bus, or by referral.
    coverage
        Released table ``category, when, none_count``; its rows "all required" make the title.
    required
        Categories that a place needs.
    cutoff_min
        Minutes by bus that count as in reach.
    windows
        Two windows: key in the column names, and words for the heading.
    ground
        Background of the study; both panels show the whole of it.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    require_released(places, kind="gaps")
    required = bound("required", required, places, coverage)
    cutoff_min = bound("cutoff_min", cutoff_min, places, coverage)
    table = base.projected_points(places, ground.crs)
    need(table, ["no_vehicle_household_count", *(f"{key}_had_count" for key in windows)], "places")
    rows = require_released(coverage, kind="coverage").table
    none = rows[rows["category"] == ALL_REQUIRED].set_index("when")["none_count"]
    lost = {said: float(none[said]) for said in windows.values()}
    kinds = words.counted(len(required), "kind of help", "kinds of help")
    noon, night = lost.values()
    named = ", ".join(words.category_label(category).lower() for category in required)
    plate = new_plate(
        title
        or f"Without a car, {words.thousands(noon)} households lack a kind of help at noon,"
        f" {words.thousands(night)} at night",
        f"Of {kinds}, within {cutoff_min:g} minutes by bus or by referral. Circles: households without a vehicle.",
        alt_text="Two maps of households without a vehicle. "
        + " ".join(f"{_upper(said)}: {words.thousands(count)} lack one of {kinds}." for said, count in lost.items()),
        released=[places, coverage, *ground.released],
        notices=(f"Kinds of help: {named}.", *_notices(places)),
        sheet=ground.sheet,
    )
    colours = dict(zip(count_classes(len(required)), count_colours(len(required)), strict=True))
    largest = float(table["no_vehicle_household_count"].max()) if len(table) else 0.0
    with theme.applied():
        for axes, panel, key in _panels(plate, ground, ground.whole, windows):
            base.draw_under(axes, panel)
            base.draw_over(axes, panel)
            _circles(axes, panel, table, len(required) - table[f"{key}_had_count"], colours)
        first = [Entry("Kinds lacking:", "heading")]
        first += [
            Entry(count_label(*one, len(required)), "symbol", colour, edge=theme.COLOUR["ink"])
            for one, colour in colours.items()
        ]
        steps = [count for count in (100, 500, 1_000, 2_500, 5_000, 10_000) if count <= largest * 1.2][-3:]
        second = [Entry("Households:", "heading")]
        second += [Entry(f"{step:,}", "circle", theme.COLOUR["soft"], size=_area(step)) for step in steps]
        place(plate, [first, [*second, *line_entries(ground)]], ground.sheet)
    return plate


def _shares(coverage: Released, category: str, windows: Mapping[str, str]) -> dict[str, float]:
    table = require_released(coverage, kind="coverage").table
    need(table, ["category", "when", "covered_share"], "coverage")
    own = table[table["category"] == category].set_index("when")["covered_share"]
    return {said: float(own[said]) for said in windows.values()}


def _notices(released: Released) -> tuple[str, ...]:
    """Say what the release says, one sentence each."""
    return (*(f"{_upper(note)}." for note in released.notes), words.ODBL)


def _per_100(share: float) -> str:
    return words.one_in(share).removesuffix(" of 100")


def _upper(said: str) -> str:
    return said[0].upper() + said[1:]


def _panels(
    plate: Plate, ground: Background, panel: Panel, windows: Mapping[str, str]
) -> list[tuple[Axes, Panel, str]]:
    """Add two panels of the same window of the map, headed by the windows of time."""
    if len(windows) != 2:
        raise TableError(f"Two windows of time are shown side by side, not {len(windows)}.")
    width, height = plate.get_size_inches()
    sheet, made = ground.sheet, []
    wide, tall = sheet.panel_in
    for left, (key, said) in zip(sheet.panel_left_in, windows.items(), strict=True):
        axes = plate.add_axes((left / width, sheet.panel_bottom_in / height, wide / width, tall / height))
        base.prepare(axes, panel)
        axes.text(
            *((0.015, 0.985) if panel is ground.core else (0.985, 0.015)),
            _upper(said),
            transform=axes.transAxes,
            ha="left" if panel is ground.core else "right",
            va="top" if panel is ground.core else "bottom",
            fontsize=theme.TEXT_PT["body"],
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": theme.COLOUR["rule"], "linewidth": 0.6, "pad": 3.0},
            zorder=60,
        )
        made.append((axes, panel, key))
    return made


def _area(households: float) -> float:
    """Area of a circle in square points: 1,000 households have the area of a symbol 9 pt wide."""
    return households / 1_000 * 81.0


def _circles(
    axes: Axes, panel: Panel, table: pd.DataFrame, lacks: pd.Series, colours: Mapping[tuple[int, int], Any]
) -> None:
    """Draw households, the small on top of the large."""
    shown = table.assign(lacks=lacks)[
        (base.inside(table, panel)) & (table["no_vehicle_household_count"] > 0).to_numpy()
    ]
    shown = shown.sort_values(["no_vehicle_household_count", "place_id"], ascending=[False, True])
    bounds = np.full(len(shown), theme.BEYOND, dtype=object)
    for (least, most), colour in colours.items():
        bounds[((shown["lacks"] >= least) & (shown["lacks"] <= most)).to_numpy()] = colour
    axes.scatter(
        shown["x"],
        shown["y"],
        s=_area(1.0) * shown["no_vehicle_household_count"],
        c=list(bounds),
        edgecolors=theme.COLOUR["ink"],
        linewidths=0.6,
        zorder=36,
    )
