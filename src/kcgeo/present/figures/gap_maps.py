"""Print maps of a study: where services are listed, and where a required kind of help is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import shapely
from matplotlib.axes import Axes

from kcgeo.disclosure import Released, require_released
from kcgeo.findings import Finding
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, symbols, theme, words
from kcgeo.present.look.background import Background, Panel
from kcgeo.present.look.bound import bound
from kcgeo.present.look.classes import (
    GapCounts,
    by_county,
    count_classes,
    count_colours,
    count_label,
    gap_counts,
    kinds_lacking,
)
from kcgeo.present.look.legend import Entry, line_entries, place
from kcgeo.present.look.people_bar import Part, people_bar
from kcgeo.present.look.plate import Plate, new_plate
from kcgeo.present.look.sheet import Sheet

__all__ = ["draw_layers", "gap_layers", "gap_map", "orientation_map"]


def gap_map(
    cells: Released,
    places: Released,
    *,
    required: Sequence[str] | None = None,
    cutoff_min: float | None = None,
    ground: Background,
    title: str | None = None,
) -> Plate:
    """Map of how many of the required categories are lacking, and of the people in places that lack one.

    Parameters
    ----------
    cells
        Released surface with ``cell_id`` and ``<category>_state`` (``in_reach``, ``by_referral``, ``hours_unknown``,
        ``not_collected``, ``none``).
    places
        Released gaps with ``population_count``, ``<category>_state`` and a point; a circle's area is its people.
    required
        Categories that a place needs; those of the tables where not given.
    cutoff_min
        Minutes that still count as in reach; those of the tables where not given.

    Returns
    -------
    Plate
        Colour: how many categories are neither in reach nor by referral. Hatched: nothing is lacking, because the rest
        is had by referral. Grey and dotted: unknown. Circles: people where at least one category is lacking.
    """
    require_released(cells, kind="surface")
    require_released(places, kind="gaps")
    required = bound("required", required, cells, places)
    cutoff_min = bound("cutoff_min", cutoff_min, cells, places)
    counts = gap_counts(cells, places, required)
    people = base.projected_points(places, ground.crs)
    lacking = people["place_id"].isin(places.table.loc[counts.lacking, "place_id"]).to_numpy()
    named = ", ".join(words.category_label(category).lower() for category in required)
    lack = Finding(
        "gap_map",
        counts.lacking_count,
        of=float(places.table["population_count"].sum()),
        about={"kinds_count": len(required), "cutoff_min": cutoff_min, "places_count": int(counts.lacking.sum())},
    )
    where = by_county(places.table, counts.lacking, ground.whole.counties, "lack one")
    plate = new_plate(
        title or lack.say("title" if counts.lacking_count else "nobody"),
        f"Kinds of help within {cutoff_min:g} minutes by car: {named}. Circles: people in places that lack one.",
        alt_text=f"{lack.say('alt')} {where}".strip(),
        findings=(lack,),
        released=[cells, places, *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
        sheet=ground.sheet,
    )
    with theme.applied():
        layers = gap_layers(cells.table, ground, counts, len(required))
        for axes, panel in base.panels(plate, ground, edge=True):
            draw_layers(axes, panel, layers)
            base.draw_over(axes, panel, core=ground.inset(edge=True) if panel is ground.whole else None)
            _circles(axes, panel, people[lacking])
        largest = float(people.loc[lacking, "population_count"].max()) if lacking.any() else 0.0
        place(plate, _gap_legend(len(required), counts, _circle_steps(largest), ground), ground.sheet)
        _gap_people(plate, places.table, required, counts, ground.sheet)
    return plate


def _gap_people(plate: Plate, people: pd.DataFrame, required: Sequence[str], counts: GapCounts, sheet: Sheet) -> None:
    """Divide the people among the classes of the gap map, since the land of a class says little of its people."""
    kinds, referred, unknown = kinds_lacking(people, required)
    head = people["population_count"].to_numpy(dtype=float)
    classes = list(zip(count_classes(len(required)), count_colours(len(required)), strict=True))
    pale = classes[0][1]
    served = [
        Part(float(head[(kinds == 0) & ~referred & ~unknown].sum()), pale),
        Part(float(head[referred].sum()), pale, theme.HATCH["by_referral"]),
        Part(float(head[unknown].sum()), theme.COLOUR["unknown"], theme.HATCH["unknown"]),
    ]
    short = [
        Part(float(head[(kinds >= least) & (kinds <= most)].sum()), colour, lacking=True)
        for (least, most), colour in classes[1:]
    ]
    people_bar(
        plate,
        [*served, *short],
        heading=f"Of {words.thousands(float(head.sum()))} people:",
        lacking=f"{words.thousands(counts.lacking_count)} lack one ({words.percent(counts.lacking_share)})",
        bottom_in=plate.body_in[0] + 0.06 if sheet.legend_width_in is None else sheet.panel_bottom_in,
        left_in=sheet.legend_left_in,
        width_in=sheet.legend_width_in,
    )


Layer = tuple[Any, Mapping[str, Any]]


def gap_layers(
    surface: pd.DataFrame, ground: Background, counts: GapCounts, required_count: int
) -> tuple[str, list[Layer]]:
    """Colour under everything, and outlines with their looks from below to above, for :func:`draw_layers`."""
    polygons = base.cell_polygons(surface, ground)
    classes, colours = count_classes(required_count), count_colours(required_count)
    # nested from the most lacking on, so that no seam shows between two classes
    layers: list[Layer] = [
        (shapes.dissolve(polygons[counts.lacking_kinds <= most]), {"facecolor": colour, "zorder": 3})
        for (_, most), colour in reversed(list(zip(classes[:-1], colours, strict=False)))
    ]
    for chosen, colour, hatch in (
        (counts.unknown, theme.COLOUR["unknown"], theme.HATCH["unknown"]),
        (counts.referred, "none", theme.HATCH["by_referral"]),
    ):
        look = {"facecolor": colour, "edgecolor": theme.COLOUR["soft"], "hatch": hatch, "zorder": 5}
        layers.append((shapes.dissolve(polygons[chosen]), look))
    return colours[-1], layers


def draw_layers(axes: Axes, panel: Panel, drawn: tuple[str, list[Layer]]) -> None:
    """Draw the layers of :func:`gap_layers` in one panel, below the lines and names of the background."""
    below, layers = drawn
    base.draw_under(axes, panel)
    shapes.draw_area(axes, panel.outline, facecolor=below, zorder=2)
    for outline, look in layers:
        shapes.draw_area(axes, shapely.clip_by_rect(outline, *panel.extent), **look)


def _circle_area(people: float) -> float:
    """Area of a circle in square points: 10,000 people have the area of a symbol 9 pt wide."""
    return people / 10_000 * 81.0


def _circle_steps(largest: float) -> list[int]:
    steps = [count for count in (1_000, 5_000, 10_000, 25_000, 50_000, 100_000) if count <= largest * 1.2]
    return steps[-3:]


def _circles(axes: Axes, panel: Panel, people: pd.DataFrame) -> None:
    here = people[base.inside(people, panel)].sort_values("population_count", ascending=False)
    axes.scatter(
        here["x"],
        here["y"],
        s=_circle_area(1.0) * here["population_count"],
        facecolors=theme.COLOUR["ink"],
        edgecolors="white",
        linewidths=0.9,
        zorder=36,
    )


def _gap_legend(required_count: int, counts: GapCounts, steps: list[int], ground: Background) -> list[list[Entry]]:
    first = [Entry("Kinds lacking:", "heading")]
    for (least, most), colour in zip(count_classes(required_count), count_colours(required_count), strict=True):
        first.append(Entry(count_label(least, most, required_count), colour=colour))
    first.append(Entry("none, some by referral: call", "hatch", theme.RAMP[0], hatch=theme.HATCH["by_referral"]))
    if counts.unknown.any():
        first.append(Entry("unknown", "hatch", theme.COLOUR["unknown"], hatch=theme.HATCH["unknown"]))
    second = [Entry("People lacking one:", "heading")]
    second += [Entry(f"{step:,}", "circle", theme.COLOUR["ink"], size=_circle_area(step)) for step in steps]
    return [first, [*second, *line_entries(ground)]]


def orientation_map(
    services: Released, *, ground: Background, areas: Released | None = None, title: str | None = None
) -> Plate:
    """Map of the listed services by type, in colour and shape.

    Parameters
    ----------
    services
        Released services: rows with a point are drawn, rows at area level become words and hatching.
    areas
        Released table ``area, county_fips``: which counties an approved area covers.
    """
    require_released(services, kind="services")
    table = services.table
    points = base.projected_points(services, ground.crs)
    drawn = symbols.site_symbols(points)
    hidden = table[table["disclosure"] == "area"]
    title = title or f"Where help is listed: {words.counted(drawn['site'].nunique(), 'site')} with a public address"
    counts = hidden["area"].value_counts().sort_index()
    told = ", ".join(f"{area} ({count})" for area, count in counts.items())
    twice = len(drawn) - drawn["site"].nunique()
    subtitle = (
        f"Services by type, from public directories"
        f"{f'; {len(drawn)} symbols, since {twice} more mark a second type at one site' if twice else ''}."
        " Hollow: known by its ZIP code only."
    )
    alt = (
        f"Two maps with {len(drawn)} symbols. "
        + " ".join(f"{family.label}: {int((drawn['family'] == family.key).sum())}." for family in theme.FAMILIES)
        + f" Known by area only: {words.counted(len(hidden), 'confidential service')}: {told}."
    )
    where = "" if ground.sheet.brief else f": {told}"
    call = (
        f"{words.counted(len(hidden), 'confidential service')} without a place on the map{where}. Call {words.HOTLINE}."
    )
    plate = new_plate(
        title,
        subtitle,
        alt_text=alt,
        released=[services, *ground.released],
        notices=(
            call,
            f"Listed is not open: check before you go. {words.record_age(points)}",
            words.ODBL,
        ),
        sheet=ground.sheet,
    )
    with theme.applied():
        counties = _served_counties(hidden, areas, ground)
        for axes, panel in base.panels(plate, ground):
            base.draw_under(axes, panel)
            here = panel.counties[panel.counties["county_fips"].isin(counties)]
            if len(here):
                shapes.draw_area(
                    axes,
                    here.geometry.union_all(),
                    facecolor="none",
                    edgecolor=theme.COLOUR["rule"],
                    hatch=theme.HATCH["confidential"],
                    zorder=3,
                )
            base.draw_over(axes, panel, core=ground.core if panel is ground.whole else None)
            big = panel is ground.core
            symbols.draw_sites(axes, panel, drawn, size_pt=8.0 if big else 5.0, gap_pt=9.5 if big else 0.0)
        place(plate, _orientation_legend(drawn, ground), ground.sheet)
    return plate


def _served_counties(hidden: pd.DataFrame, areas: Released | None, ground: Background) -> set[str]:
    """Counties named by an approved area smaller than the whole study."""
    if areas is None:
        return set()
    table = require_released(areas, kind="background").table
    all_count = ground.whole.counties["county_fips"].nunique()
    sizes = table.groupby("area")["county_fips"].nunique()
    named = {area for area in hidden["area"] if area in sizes.index and sizes[area] < all_count}
    return set(table.loc[table["area"].isin(named), "county_fips"])


def _orientation_legend(drawn: pd.DataFrame, ground: Background) -> list[list[Entry]]:
    families = [
        Entry(
            f"{family.label} ({int((drawn['family'] == family.key).sum())})",
            "symbol",
            family.colour,
            family.marker,
            size=8.0 * family.scale,
            edge=family.edge,
        )
        for family in theme.FAMILIES
        if (drawn["family"] == family.key).any()
    ]
    hatch = Entry(
        "a confidential service serves this area: call",
        "hatch",
        theme.COLOUR["land"],
        hatch=theme.HATCH["confidential"],
    )
    return [families[:3], families[3:], [hatch, *line_entries(ground)]]
