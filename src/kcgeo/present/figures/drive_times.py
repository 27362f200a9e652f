"""Maps of the drive time to the nearest listed service: one kind of help on a page, or all kinds on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.findings import Finding
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, symbols, theme, words
from kcgeo.present.look.background import Background, Panel
from kcgeo.present.look.bound import need
from kcgeo.present.look.classes import by_county, not_collected, not_connected, share_within
from kcgeo.present.look.legend import Entry, line_entries, place, strip, time_entries
from kcgeo.present.look.plate import Plate, foot_height_in, foot_lines, new_plate

__all__ = ["drive_time_map", "drive_time_sheet"]


def _draw_times(
    plate: Plate, ground: Background, table: pd.DataFrame, category: str, edges_min: Sequence[float]
) -> None:
    """Fill both panels with the classes of one category."""
    polygons = base.cell_polygons(table, ground)
    classes = shapes.nested_classes(polygons, table[f"{category}_min"], edges_min)
    lost = shapes.dissolve(polygons[not_connected(table, category)])
    unknown = shapes.dissolve(polygons[not_collected(table, category)])
    for axes, panel in base.panels(plate, ground, edge=True):
        base.draw_under(axes, panel)
        shapes.draw_area(axes, panel.outline, facecolor=theme.BEYOND, zorder=2)
        for outline, colour in reversed(list(zip(classes, theme.ramp(len(edges_min)), strict=True))):
            shapes.draw_area(axes, shapely.clip_by_rect(outline, *panel.extent), facecolor=colour, zorder=3)
        shapes.draw_area(
            axes,
            shapely.clip_by_rect(lost, *panel.extent),
            facecolor="white",
            edgecolor=theme.COLOUR["soft"],
            hatch=theme.HATCH["not_connected"],
            zorder=4,
        )
        shapes.draw_area(
            axes,
            shapely.clip_by_rect(unknown, *panel.extent),
            facecolor=theme.COLOUR["unknown"],
            edgecolor=theme.COLOUR["soft"],
            hatch=theme.HATCH["unknown"],
            zorder=5,
        )
        base.draw_over(axes, panel, core=ground.inset(edge=True) if panel is ground.whole else None)


def drive_time_map(
    cells: Released,
    *,
    category: str,
    ground: Background,
    services: Released | None = None,
    places: Released | None = None,
    edges_min: Sequence[float] = (15, 30, 45, 60),
    headline_min: float = 30,
    title: str | None = None,
) -> Plate:
    """Map of the drive time to the nearest service of one category.

    Parameters
    ----------
    cells
        Released surface with ``cell_id`` (H3) and ``<category>_min``; an empty time is drawn as not connected, or as
        beyond the last class where ``<category>_reason`` says ``beyond_cutoff``.
    category
        A service category.
    ground
        Background of the study.
    services
        Released services; the sites of the category are marked.
    places
        Released places with ``population_count`` and ``<category>_min``; they make the title a message.
    edges_min
        Upper edges of up to four classes, minutes; an edge belongs to the class below it.
    headline_min
        Cutoff of the message in minutes, included.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    released = [require_released(cells, kind="surface")]
    table = cells.table
    need(table, ["cell_id", f"{category}_min"], "cells")
    label, phrase = words.category_label(category), words.nearest_phrase(category)
    near = [_near(places, services, category, edge, ground) for edge in (headline_min, *edges_min)]
    told = [finding for finding in near if finding is not None]
    title = title or (told[0].say("title" if services is None else "sites") if told else None)
    title = title or f"How long is the drive to {phrase}?"
    subtitle = (
        f"{label}: minutes by car to the nearest site with a public address. Confidential services are not on this map."
    )
    alt = f"Two maps of drive time to {phrase}. " + _time_summary(table, places, told[1:], category, edges_min, ground)
    released += [item for item in (places, services) if item is not None]
    plate = new_plate(
        title,
        subtitle,
        alt_text=alt,
        released=[*released, *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, *_told_of_sites(services, category, ground), words.ODBL),
        findings=told,
        sheet=ground.sheet,
    )
    with theme.applied():
        _draw_times(plate, ground, table, category, edges_min)
        rows = [time_entries(edges_min), line_entries(ground)]
        if not_collected(table, category).any():
            rows[0].append(Entry("not collected", "hatch", theme.COLOUR["unknown"], hatch=theme.HATCH["unknown"]))
        if services is not None:
            sites = _sites_of(services, category, ground)
            for axes, panel in zip(plate.axes[:2], (ground.whole, ground.inset(edge=True)), strict=True):
                _mark_sites(axes, panel, sites, size_pt=5.0 if panel is ground.whole else 7.5)
            rows[1] = [*_site_entries(sites), *rows[1]]
        place(plate, rows, ground.sheet)
    return plate


def _near(
    places: Released | None, services: Released | None, category: str, minutes: float, ground: Background
) -> Finding | None:
    """People within some minutes of a category, and at how many sites; None where nobody is counted."""
    share = share_within(places, category, minutes)
    if places is None or share is None:
        return None
    people = float(places.table["population_count"].sum())
    sites = 0 if services is None else len(_sites_of(services, category, ground))
    about = {"category": category, "cutoff_min": minutes, "sites_count": sites}
    return Finding("near_site", share * people, of=people, about=about)


def _time_summary(
    table: pd.DataFrame,
    places: Released | None,
    told: Sequence[Finding],
    category: str,
    edges_min: Sequence[float],
    ground: Background,
) -> str:
    """People within each edge, and the counties of those who live far; the area where no people are given."""
    column = f"{category}_min"
    if places is None or not told:
        area = [f"{words.percent(float((table[column] <= edge).mean()))} within {edge:g} minutes" for edge in edges_min]
        return f"Of the area, {'; '.join(area)}."
    people, limit = places.table, edges_min[min(1, len(edges_min) - 1)]
    far = (~(people[column] <= limit)).to_numpy()
    where = by_county(people, far, ground.whole.counties, f"live farther than {limit:g} minutes")
    return f"Of all people, {'; '.join(one.say('alt') for one in told)}. {where}".strip()


def _sites_of(services: Released, category: str, ground: Background) -> pd.DataFrame:
    points = base.projected_points(require_released(services, kind="services"), ground.crs)
    points = points[[category in row for row in points["categories"]]]
    key = points["site_id"].where(points["site_id"].notna(), points["service_id"])
    return points.assign(site=key).drop_duplicates("site").reset_index(drop=True)


def _told_of_sites(services: Released | None, category: str, ground: Background) -> tuple[str, ...]:
    """Say whom the sites of a map serve and how old their records are."""
    if services is None:
        return ()
    sites = _sites_of(services, category, ground)
    told: list[str] = []
    if "eligibility" in sites and len(sites):
        serves = sites["eligibility"].fillna("not recorded").replace({"any": "anyone"}).value_counts().sort_index()
        told.append(f"Sites by whom they serve: {', '.join(f'{who} ({count})' for who, count in serves.items())}.")
    return (*told, *filter(None, [words.record_age(sites)]))


def _rough(sites: pd.DataFrame) -> NDArray[np.bool_]:
    """Sites that are known by their ZIP code only: they stand at its middle, several on one spot."""
    if "coordinate_precision" not in sites:
        return np.zeros(len(sites), dtype=bool)
    return np.asarray(sites["coordinate_precision"].eq("zip"))


def _site_entries(sites: pd.DataFrame) -> list[Entry]:
    ink, rough = theme.COLOUR["ink"], int(_rough(sites).sum())
    entries = [Entry(f"listed site ({len(sites) - rough})", "symbol", "white", size=7.5, edge=ink)]
    if rough:
        grey = Entry(f"known by its ZIP code only ({rough})", "symbol", theme.COLOUR["rule"], size=7.5, edge=ink)
        entries = [*(entries if rough < len(sites) else []), grey]
    return entries


def _mark_sites(axes: Any, panel: Panel, sites: pd.DataFrame, *, size_pt: float) -> None:
    here = sites[base.inside(sites, panel)]
    if here.empty:
        return
    # sites of one ZIP code stand on one spot: each is shown
    shown = symbols.apart(here[["x", "y"]].to_numpy(dtype=float), gap=0.8 * size_pt * panel.metres_per_point)
    fill = np.where(_rough(here), theme.COLOUR["rule"], "white")
    axes.scatter(
        shown[:, 0], shown[:, 1], s=size_pt**2, c=fill, edgecolors=theme.COLOUR["ink"], linewidths=1.1, zorder=41
    )


def drive_time_sheet(
    cells: Released,
    *,
    categories: Sequence[str],
    ground: Background,
    places: Released | None = None,
    edges_min: Sequence[float] = (15, 30, 45, 60),
    headline_min: float = 30,
    title: str = "Which kind of help is near, and which is far?",
) -> Plate:
    """Small multiples: the drive time to the nearest service, one panel for each category, all on one scale.

    Parameters
    ----------
    categories
        Categories in the order of the panels; at most 20.
    places
        Released places; each panel then says how many of 100 people live within ``headline_min``.

    The other parameters and the errors are those of :func:`drive_time_map`.
    """
    require_released(cells, kind="surface")
    table = cells.table
    need(table, ["cell_id", *(f"{category}_min" for category in categories)], "cells")
    if not 1 <= len(categories) <= 20:
        raise TableError(f"A sheet holds 1 to 20 categories, not {len(categories)}; make several sheets.")
    alt = f"{len(categories)} small maps of drive time. " + " ".join(
        f"{words.category_label(category)}: {words.percent(float((table[f'{category}_min'] <= headline_min).mean()))}"
        f" of the area within {headline_min:g} minutes."
        for category in categories
    )
    columns = min(len(categories), 5)
    row_count = -(-len(categories) // columns)
    side = (theme.PAGE_IN[0] - 0.64 - 0.14 * (columns - 1)) / columns
    tall = side * (ground.whole.extent[3] - ground.whole.extent[1]) / (ground.whole.extent[2] - ground.whole.extent[0])
    notices = (words.MODEL, words.LOWER_BOUND, words.ODBL)
    released = [cells, *([places] if places is not None else []), *ground.released]
    foot = foot_height_in(foot_lines(released, notices, width_in=theme.PAGE_IN[0]))
    height = foot + 1.3 + row_count * (tall + 0.5)
    plate = new_plate(
        title,
        "Minutes by car to the nearest listed site of each kind, whole study area, one scale for all.",
        alt_text=alt,
        released=released,
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    polygons = base.cell_polygons(table, ground)
    with theme.applied():
        for number, category in enumerate(categories):
            row, column = divmod(number, columns)
            left, bottom = 0.32 + column * (side + 0.14), height - 0.78 - (row + 1) * (tall + 0.5)
            axes = plate.add_axes((left / theme.PAGE_IN[0], bottom / height, side / theme.PAGE_IN[0], tall / height))
            base.prepare(axes, ground.whole)
            axes.axis("off")
            _small_panel(axes, ground, table, polygons, category, edges_min)
            share = share_within(places, category, headline_min)
            said = "" if share is None else f"{words.one_in(share)} people in {headline_min:g} min"
            above = (bottom + tall) / height
            plate.text(
                left / 11,
                above + 0.235 / height,
                words.category_label(category),
                fontsize=theme.TEXT_PT["label"],
                fontweight="bold",
            )
            plate.text(
                left / 11, above + 0.07 / height, said, fontsize=theme.TEXT_PT["small"], color=theme.COLOUR["soft"]
            )
        strip(plate, [time_entries(edges_min)], top_in=foot + 0.24)
    return plate


def _small_panel(
    axes: Any,
    ground: Background,
    table: pd.DataFrame,
    polygons: NDArray[Any],
    category: str,
    edges_min: Sequence[float],
) -> None:
    panel = ground.whole
    classes = shapes.nested_classes(polygons, table[f"{category}_min"], edges_min)
    lost = shapes.dissolve(polygons[not_connected(table, category)])
    shapes.draw_area(axes, panel.outline, facecolor=theme.BEYOND, zorder=2)
    # 200 m is a fifth of a point at this size
    for outline, colour in reversed(list(zip(classes, theme.ramp(len(edges_min)), strict=True))):
        shapes.draw_area(axes, shapely.simplify(outline, 200), facecolor=colour, zorder=3)
    shapes.draw_area(
        axes, lost, facecolor="white", edgecolor=theme.COLOUR["soft"], hatch=theme.HATCH["not_connected"], zorder=4
    )
    base.draw_over(axes, panel, names=False, furniture=False)
