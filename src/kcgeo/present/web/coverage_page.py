"""The coverage page: one HTML file that works without a network and sends nothing anywhere.

The page holds the vendored Leaflet, its own style and script, and the data as quantised outlines. Its content security
policy forbids every request. The numbers stand in a table beside the map, which is also the switch between layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.web.encode import SCALE
from kcgeo.present.web.page import Page, as_json, filled, leaflet
from kcgeo.present.web.web_data import (
    add_referral,
    bounds_of,
    circle_data,
    ground_data,
    lacking_places,
    required_layer,
    share_of,
    site_data,
    time_layer,
)

__all__ = ["coverage_page"]

_ALL = "required"


def coverage_page(
    cells: Released,
    services: Released,
    coverage: Released,
    *,
    categories: Sequence[str],
    ground: Background,
    edges_min: Sequence[float] = (15, 30, 45, 60),
    headline_min: float = 30,
    required: Sequence[str] = (),
    places: Released | None = None,
    areas: Released | None = None,
    title: str = "Who can reach help?",
) -> Page:
    """One offline page: drive time by category, sites with popups, confidential services in words, the same numbers.

    Parameters
    ----------
    cells
        Released surface with ``cell_id`` and ``<category>_min``; with ``required`` also ``<category>_state``.
    services
        Released services.
    coverage
        Released table ``category, group, cutoff_min, covered_share, by_referral_share, none_share,
        unreachable_share``; every number of the page is one of its rows.
    categories
        Categories in the order of the table.
    required
        Categories of the first layer, "all kinds together"; empty for a page without it.
    places
        Released gaps with ``place_id``, ``population_count``, ``<category>_state`` and a point; for ``required``.
    areas
        Released table ``area, county_fips``.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column or a row.
    """
    require_released(cells, kind="surface")
    require_released(services, kind="services")
    numbers = require_released(coverage, kind="coverage").table
    edges_min = [edge for edge in edges_min if edge in set(numbers["cutoff_min"])]
    if headline_min not in edges_min:
        raise TableError(f"The coverage table has no rows for {headline_min:g} minutes; add this cutoff.")
    table = cells.table
    polygons = shapes.cut_cells(tuple(table["cell_id"]), ground.crs, ground.whole.outline)
    layers: dict[str, Any] = {}
    if required:
        if places is None:
            raise TableError("A layer of all required kinds needs the places with their states; give places=.")
        layers[_ALL] = required_layer(cells, polygons, places, required, headline_min, ground)
    layers |= {
        category: time_layer(table, polygons, numbers, category, ground, edges_min, headline_min)
        for category in categories
    }
    add_referral(layers, services, areas, ground)
    data = {
        "scale": SCALE,
        "bounds": bounds_of(ground.whole.extent, ground.crs),
        "core": bounds_of(ground.core.extent, ground.crs),
        "land": theme.COLOUR["land"],
        "hotline": words.HOTLINE,
        "labels": {category: label for category, (label, _) in sorted(words.CATEGORY.items())},
        "families": {
            family.key: {"label": family.label, "colour": family.colour, "marker": family.marker, "edge": family.edge}
            for family in theme.FAMILIES
        },
        "ground": ground_data(ground),
        "layers": layers,
        "sites": site_data(services),
        "circles": circle_data(places, required, ground) if required and places is not None else [],
        "groupHead": ["Percent of", *(f"{edge:g} min" for edge in edges_min), "not reached"],
    }
    script, style = leaflet()
    return filled(
        "coverage",
        title=title,
        description="Drive time to each kind of help, with the same numbers in a table. Works without a network.",
        style=style,
        styles=("coverage",),
        scripts=("quit", "ground", "coverage"),
        released=[cells, coverage, services, *([places] if places is not None else []), *ground.released],
        edges=[f"{edge:g}" for edge in edges_min],
        headline=f"{headline_min:g}",
        choices=[_choice(key, layer, numbers, edges_min, headline_min) for key, layer in layers.items()],
        confidential=_confidential(services),
        confidential_count=words.counted(int(services.table["disclosure"].eq("area").sum()), "confidential service"),
        lacking=_lacking(places, required) if required and places is not None else [],
        required_count=len(required),
        data=as_json(data),
        leaflet=Markup(script),
    )


def _choice(
    key: str, layer: dict[str, Any], numbers: pd.DataFrame, edges_min: Sequence[float], headline_min: float
) -> dict[str, Any]:
    """One row of the table of shares; its first cell switches the map to the kind of help."""
    if key == _ALL:
        return {"key": key, "label": layer["label"], "share": layer["share"]}
    own = numbers[numbers["category"] == key]
    return {
        "key": key,
        "label": layer["label"],
        "share": "",
        "shares": [words.short_percent(share_of(own, "covered_share", edge)) for edge in edges_min],
        "referral": words.short_percent(share_of(own, "by_referral_share", headline_min)),
    }


def _confidential(services: Released) -> list[tuple[str, list[dict[str, Any]]]]:
    """Services at area level by area: words in place of a place."""
    table = services.table
    rows = table[table["disclosure"] == "area"].sort_values(["area", "organization_name", "service_name"])
    return [
        (
            str(area),
            [
                {
                    "name": words.text_of(row.get("organization_name")),
                    "kinds": ", ".join(words.category_label(category).lower() for category in row["categories"]),
                    "pieces": words.phone_pieces(words.text_of(row.get("phone"))),
                }
                for row in group.to_dict("records")
            ],
        )
        for area, group in rows.groupby("area", sort=True)
    ]


def _lacking(places: Released, required: Sequence[str]) -> list[tuple[str, str, str]]:
    """Places that lack a kind, the largest first: the circles of the map in words."""
    return [
        (str(row["place_id"]), f"{row['population_count']:,.0f}", ", ".join(lacks))
        for row, lacks in lacking_places(places.table, required)
    ]
