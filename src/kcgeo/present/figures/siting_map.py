"""New sites on a map: who comes within reach, who stays out, and in which areas; chosen areas are never a pin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes

from kcgeo.disclosure import Released, require_released
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background, Panel
from kcgeo.present.look.bound import need
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plan_words import one_row, plan_words
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["BEFORE", "NEW", "Change", "change_of", "circle_steps", "draw_change", "legend_entries", "siting_map"]

BEFORE, NEW, REACHED, STILL = theme.RAMP[0], "#7fcfb0", "#0b5d44", "#eec078"
_STEPS = (250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000)
_LEAST_RING_PT, _BADGE_PT = 7.0, 13.0


@dataclass(frozen=True, eq=False)
class Change:
    """What the map is drawn from, in metres of the study's CRS; made by :func:`change_of`."""

    before: Any
    after: Any
    circles: pd.DataFrame
    areas: gpd.GeoDataFrame
    sites: pd.DataFrame
    marker: str
    colour: str
    people_per_pt2: float


def change_of(released: Mapping[str, Released], ground: Background) -> Change:
    """Cut and project what a map of new sites shows.

    Parameters
    ----------
    released
        Releases ``plan``, ``reach``, ``by_place``, ``new_sites`` (kind "siting"; ``reach`` is a surface) and
        ``services``.
    ground
        Background of the study.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    plan = one_row(released["plan"])
    category, cutoff = str(plan["category"]), float(plan["cutoff_min"])
    cells = require_released(released["reach"], kind="surface").table
    columns = [f"{category}_before_min", f"{category}_after_min"]
    need(cells, ["cell_id", *columns], "cells of the reach")
    polygons = shapes.cut_cells(tuple(cells["cell_id"]), ground.crs, ground.whole.outline)
    before, after = (shapes.dissolve(polygons[(cells[name] <= cutoff).to_numpy()]) for name in columns)
    require_released(released["by_place"], kind="siting")
    places = base.projected_points(released["by_place"], ground.crs)
    places = places[places["change"].ne("stays_covered") & places["demand_count"].gt(0)]
    areas = gpd.GeoDataFrame(require_released(released["new_sites"], kind="siting").table).to_crs(ground.crs)
    # a circle in a chosen area would read as the spot of the new site
    inside = shapely.contains_xy(areas.geometry.union_all(), places["x"].to_numpy(), places["y"].to_numpy())
    places = places[~inside]
    services = base.projected_points(require_released(released["services"], kind="services"), ground.crs)
    services = services[[category in row for row in services["categories"]]].drop_duplicates("site_id")
    family = theme.family_of(category)
    # a place that would be a circle 15 pt wide: the largest of those shown
    largest = float(places["demand_count"].max()) if len(places) else 1.0
    return Change(
        before, after, places, areas.sort_values("rank"), services, family.marker, family.colour, largest / 177.0
    )  # fmt: skip


def draw_change(axes: Axes, panel: Panel, change: Change, *, core: Panel | None = None) -> None:
    """Draw the difference map in one panel."""
    base.draw_under(axes, panel)
    shapes.draw_area(axes, panel.outline, facecolor=STILL, zorder=2)
    for outline, colour in ((change.after, NEW), (change.before, BEFORE)):
        shapes.draw_area(axes, shapely.clip_by_rect(outline, *panel.extent), facecolor=colour, zorder=3)
    base.draw_over(axes, panel, core=core)
    here = change.circles[base.inside(change.circles, panel)].sort_values("demand_count", ascending=False)
    for style, rows in _kinds(here):
        axes.scatter(rows["x"], rows["y"], s=rows["demand_count"] / change.people_per_pt2, zorder=36, **style)
    sites = change.sites[base.inside(change.sites, panel)]
    axes.scatter(
        sites["x"],
        sites["y"],
        s=81,
        marker=change.marker,
        c=change.colour,
        edgecolors="white",
        linewidths=1.0,
        zorder=46,
    )
    _areas(axes, panel, change.areas)


def _kinds(places: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Circles by what became of the place: newly within reach, still by referral, still nothing."""
    gained = places["change"] == "gained"
    called = ~gained & (places["after"] == "by_referral")
    ink = theme.COLOUR["ink"]
    return [
        ({"facecolors": REACHED, "edgecolors": "white", "linewidths": 0.8}, places[gained]),
        ({"facecolors": "white", "edgecolors": ink, "linewidths": 1.0}, places[called]),
        ({"facecolors": ink, "edgecolors": "white", "linewidths": 0.8}, places[~gained & ~called]),
    ]


def _areas(axes: Axes, panel: Panel, areas: gpd.GeoDataFrame) -> None:
    """Shade the chosen areas and put their rank beside them, off the middle, so that nothing marks a spot."""
    unit, accent = panel.metres_per_point, theme.COLOUR["accent"]
    left, bottom, right, top = panel.extent
    for shape, rank in zip(areas.geometry, areas["rank"], strict=True):
        middle = shape.centroid
        if not (left < middle.x < right and bottom < middle.y < top):
            continue
        radius = np.sqrt(shape.area / np.pi)
        drawn = shape if radius >= _LEAST_RING_PT * unit else middle.buffer(_LEAST_RING_PT * unit)
        drawn = shapely.clip_by_rect(drawn, *panel.extent)
        shapes.draw_area(
            axes, drawn, facecolor=accent, edgecolor="none", alpha=0.22, zorder=48
        )  # fmt: skip
        for colour, width in (("white", 4.0), (accent, 2.2)):
            shapes.draw_lines(axes, shapely.boundary(drawn), edgecolor=colour, linewidth=width, zorder=49)
        away = max(radius, _LEAST_RING_PT * unit) + 0.62 * _BADGE_PT * unit
        x_side = -1 if middle.x + away > right - 12 * unit else 1
        y_side = -1 if middle.y + away > top - 50 * unit else 1
        x, y = middle.x + x_side * away * 0.71, middle.y + y_side * away * 0.71
        axes.scatter([x], [y], s=_BADGE_PT**2, c=accent, edgecolors="white", linewidths=1.2, zorder=50)
        axes.annotate(
            str(rank), (x, y), (0, -0.6), textcoords="offset points", ha="center", va="center", color="white",
            fontsize=theme.TEXT_PT["small"], fontweight="bold", zorder=51,
        )  # fmt: skip


def circle_steps(change: Change) -> list[int]:
    """Choose counts of people for the legend of circles, at most three."""
    largest = float(change.circles["demand_count"].max()) if len(change.circles) else 0.0
    return [count for count in _STEPS if largest / 12 <= count <= largest * 1.1][-3:]


def legend_entries(released: Mapping[str, Released], change: Change) -> list[list[Entry]]:
    """Legend in three groups: areas, circles, symbols."""
    plan = one_row(released["plan"])
    cutoff, ink = f"{plan['cutoff_min']:g} min", theme.COLOUR["ink"]
    chosen = "hexagon" if plan["area"] == "cells" else "ring"
    return [
        [
            Entry(f"within {cutoff} before", colour=BEFORE),
            Entry(f"newly within {cutoff}", colour=NEW),
            Entry("still beyond", colour=STILL),
            Entry(f"{chosen}: chosen area, no address", "symbol", "#e6c4b6", size=10, edge=theme.COLOUR["accent"]),
            Entry(f"public site now ({len(change.sites)})", "symbol", change.colour, change.marker, size=9),
        ],
        [
            Entry("newly within reach", "symbol", REACHED, size=9),
            Entry("still by referral: call", "symbol", "white", size=9, edge=ink),
            Entry("still nothing", "symbol", ink, size=9),
        ],
        [
            Entry(f"{step:,}", "circle", theme.COLOUR["soft"], size=step / change.people_per_pt2)
            for step in circle_steps(change)
        ],
    ]


def siting_map(released: Mapping[str, Released], *, ground: Background, title: str | None = None) -> Plate:
    """Difference map of a plan: the whole study area and the core of the metro.

    Parameters
    ----------
    released
        Releases of a plan, see :func:`change_of` and :func:`kcgeo.present.look.plan_words.plan_words`.
    ground
        Background of the study.
    title
        Own title in place of the message.

    Returns
    -------
    Plate
        Colour: within the cutoff before, newly within it, still beyond. Circles: people of a ZIP code area that was
        beyond. Shaded areas with a rank: where a new site would stand, never an address.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    told, change = plan_words(released), change_of(released, ground)
    used = [released[name] for name in ("plan", "new_sites", "by_place", "reach", "services")]
    plate = new_plate(
        title or told.headline,
        told.answer,
        alt_text=f"Two maps of new areas and whom they reach. {told.answer} {told.proof}",
        released=[*used, *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
    )
    areas, people, steps = legend_entries(released, change)
    with theme.applied():
        for axes, panel in base.panels(plate, ground):
            draw_change(axes, panel, change, core=ground.core if panel is ground.whole else None)
        circles = [Entry("People:", "heading"), *people, *steps]
        strip(plate, [areas, circles])
    return plate
