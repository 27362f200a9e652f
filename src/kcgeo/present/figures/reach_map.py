"""Maps of what is within reach of chosen places, and of what each cell would reach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from kcgeo import terms
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import need
from kcgeo.present.look.legend import Entry, line_entries, place
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["catchment_map", "reach_map"]

_STEPS = 4


def reach_map(bands: Released, *, ground: Background, title: str | None = None) -> Plate:
    """Map of the land within some minutes of chosen places; the nearest band is darkest.

    Parameters
    ----------
    bands
        Released table ``place_name, time_min, population_count`` with polygons, which knows ``way`` and ``direction``.
    ground
        Background of the study.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or lacks a column.
    """
    about = require_released(bands, kind="surface").about
    need(bands.table, ["place_name", "time_min", "population_count", "geometry"], "bands")
    table = gpd.GeoDataFrame(bands.table, geometry="geometry", crs=4326).to_crs(ground.crs)
    widest = table.loc[table["time_min"] == table["time_min"].max()]
    names = " and ".join(dict.fromkeys(widest["place_name"]))
    told = "; ".join(
        f"{words.thousands(float(count))} people live within {limit:g} minutes of {name}"
        for count, limit, name in widest[["population_count", "time_min", "place_name"]].itertuples(index=False)
    )
    limits = sorted(table["time_min"].unique())
    if len(limits) > theme.MAX_CLASSES:
        raise TableError(f"A map shows up to {theme.MAX_CLASSES} bands, not {len(limits)}; ask for fewer minutes.")
    # the palest class is the color of the land itself: it is used only where there is no other left
    colours = theme.RAMP[-len(limits) :][::-1]
    plate = new_plate(
        title or told,
        f"Land {'reached from' if about.get('direction') == 'from' else 'from which one reaches'} {names}"
        f" {about.get('way', '')}".rstrip(),
        alt_text=f"Map of travel time. {told}.",
        released=[bands, *ground.released],
        notices=(words.MODEL, words.ODBL),
        sheet=ground.sheet,
    )
    with theme.applied():
        for axes, panel in base.panels(plate, ground):
            base.draw_under(axes, panel)
            for limit in limits[::-1]:
                area = table.loc[table["time_min"] == limit, "geometry"].union_all()
                shape = shapely.clip_by_rect(area, *panel.extent)
                shapes.draw_area(axes, shape, facecolor=colours[limits.index(limit)], zorder=3)
            base.draw_over(axes, panel, core=ground.core if panel is ground.whole else None)
        entries = [
            Entry(f"within {limit:g} minutes", colour=colour) for limit, colour in zip(limits, colours, strict=True)
        ]
        place(plate, [entries, line_entries(ground)], ground.sheet)
    return plate


def catchment_map(catchment: Released, *, ground: Background, title: str | None = None) -> Plate:
    """Map of how many people who lack a kind of help each cell would reach.

    Parameters
    ----------
    catchment
        Released table ``cell_id, lacking_count``, which knows ``cutoff_min`` and ``category``.
    ground
        Background of the study.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or lacks a column.
    """
    about = require_released(catchment, kind="gaps").about
    table = catchment.table
    need(table, ["cell_id", "lacking_count"], "catchment")
    kind = terms.categories()[str(about["category"])].phrase
    who = terms.who()[str(about.get("who", "anyone"))].phrase
    counts = table["lacking_count"].to_numpy(dtype=float)
    most = float(counts.max()) if len(counts) else 0.0
    told = (
        f"The best spot for {kind} would reach {words.thousands(most)} people who lack it within"
        f" {about['cutoff_min']:g} minutes"
    )
    edges = np.linspace(0, max(most, 1.0), _STEPS + 1)[1:]
    colours = theme.ramp(_STEPS)
    plate = new_plate(
        title or told,
        f"People without this help today, {who}, whom a new place in the cell would reach by car",
        alt_text=f"Map of cells. {told}.",
        released=[catchment, *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
        sheet=ground.sheet,
    )
    polygons = base.cell_polygons(table, ground)
    step = np.minimum(np.searchsorted(edges, counts), _STEPS - 1)
    areas = [shapes.dissolve(polygons[step == number]) for number in range(_STEPS)]
    with theme.applied():
        for axes, panel in base.panels(plate, ground):
            base.draw_under(axes, panel)
            for area, colour in zip(areas, colours, strict=True):
                shapes.draw_area(axes, shapely.clip_by_rect(area, *panel.extent), facecolor=colour, zorder=3)
            base.draw_over(axes, panel, core=ground.core if panel is ground.whole else None)
        entries = [
            Entry(f"up to {words.thousands(float(edge))}", colour=colour)
            for edge, colour in zip(edges, colours, strict=True)
        ]
        place(plate, [entries, line_entries(ground)], ground.sheet)
    return plate
