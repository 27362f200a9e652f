"""The coverage page: one HTML file that works without a network and sends nothing anywhere.

The page holds the vendored Leaflet, its own style and script, and the data as quantised outlines. Its content security
policy forbids every request. The numbers stand in a table beside the map, which is also the switch between layers.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.files import write_text
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.plate import has_sample, source_lines
from kcgeo.present.web.encode import SCALE
from kcgeo.present.web.web_data import (
    add_referral,
    bounds_of,
    circle_data,
    ground_data,
    required_layer,
    share_of,
    site_data,
    text_of,
    time_layer,
)

__all__ = ["Page", "coverage_page", "page_file", "page_head", "sample_mark", "save_page"]

_ALL = "required"


@dataclass(frozen=True)
class Page:
    """A finished web page: its title, a sentence on what it shows, and the whole file as text."""

    title: str
    description: str
    html: str


def page_file(name: str) -> str:
    """Text of a file of this package that becomes part of a page."""
    return files("kcgeo.present").joinpath(name).read_text(encoding="utf-8")


def save_page(page: Page, path: Path) -> Path:
    """Write a page whole or not at all."""
    write_text(path, page.html)
    return path


def page_head(title: str, description: str, style: str, *, scripts: bool = True, images: str = "data:") -> str:
    """Head of every page: no request is allowed, no referrer is sent, no search engine keeps it.

    Parameters
    ----------
    title, description
        Plain text; escaped here.
    style
        The page's style sheet.
    scripts
        Whether the page runs the script that stands in it.
    images
        Where pictures may come from, as the content security policy names it.
    """
    return Template(page_file("pages/head.html")).substitute(
        title=html.escape(title),
        description=html.escape(description),
        style=style,
        scripts="script-src 'unsafe-inline'; " if scripts else "",
        images=images,
    )


def sample_mark(sample: bool) -> str:
    """Paragraph under the title of a page that rests on invented services; nothing elsewhere."""
    return f'<p class="sample">{html.escape(words.SAMPLE)}</p>\n' if sample else ""


def leaflet() -> tuple[str, str]:
    """Script and style of the vendored Leaflet as they stand in a page: no source map, no pictures from elsewhere."""
    script = re.sub(r"\n//# sourceMappingURL=.*", "", page_file("vendor/leaflet/leaflet.js"))
    style = re.sub(r"url\([^)]*\)", "none", page_file("vendor/leaflet/leaflet.css"))
    licence = page_file("vendor/leaflet/LICENSE").replace("*/", "* /")
    return f"/*\n{licence}*/\n{script}", style


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
        "beyond": theme.BEYOND,
        "hotline": words.HOTLINE,
        "labels": {category: label for category, (label, _) in sorted(words.CATEGORY.items())},
        "families": {
            family.key: {"label": family.label, "colour": family.colour, "marker": family.marker}
            for family in theme.FAMILIES
        },
        "ground": ground_data(ground),
        "layers": layers,
        "sites": site_data(services),
        "circles": circle_data(places, required, ground) if required and places is not None else [],
        "groupHead": ["Percent of", *(f"{edge:g} min" for edge in edges_min), "not reached"],
    }
    released = [cells, coverage, services, *([places] if places is not None else []), *ground.released]
    script, style = leaflet()
    description = "Drive time to each kind of help, with the same numbers in a table. Works without a network."
    text = Template(page_file("pages/coverage.html")).substitute(
        head=page_head(title, description, style + page_file("pages/page.css") + page_file("pages/coverage.css")),
        mark=sample_mark(has_sample(released)),
        title=html.escape(title),
        lede=html.escape(f"{words.MODEL} {words.LOWER_BOUND} A listed service is not an open bed: call first."),
        choice=_choice(layers, numbers, categories, edges_min, headline_min),
        details=_confidential(services) + (_lacking(places, required) if required and places is not None else ""),
        footer=_footer(released),
        # "<" is the only character by which data could end the script element
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c"),
        leaflet=script,
        script=page_file("pages/ground.js") + page_file("pages/coverage.js"),
    )
    return Page(title, description, text)


def _choice(
    layers: dict[str, Any],
    numbers: pd.DataFrame,
    categories: Sequence[str],
    edges_min: Sequence[float],
    headline_min: float,
) -> str:
    """Table of shares by category; the first cell of each row switches the map to it."""
    head = "".join(f'<th scope="col">{edge:g} min</th>' for edge in edges_min)
    rows: list[str] = []
    for key, layer in layers.items():
        checked = " checked" if not rows else ""
        name = f'<label><input type="radio" name="layer" value="{key}"{checked}> {html.escape(layer["label"])}</label>'
        if key == _ALL:
            cells = f'<td colspan="{len(edges_min) + 1}">{layer["share"]} lack none</td>'
        else:
            own = numbers[numbers["category"] == key]
            shares = [
                (html.escape(words.short_percent(share_of(own, "covered_share", edge))), edge == headline_min)
                for edge in edges_min
            ]
            cells = "".join(f'<td class="head">{text}</td>' if bold else f"<td>{text}</td>" for text, bold in shares)
            cells += f"<td>{html.escape(words.short_percent(share_of(own, 'by_referral_share', headline_min)))}</td>"
        rows.append(f'<tr data-key="{key}"><th scope="row">{name}</th>{cells}</tr>')
    caption = (
        f"Percent of people within a drive of so many minutes. By referral: not within {headline_min:g} minutes,"
        " but a confidential service takes calls."
    )
    return (
        f'<table class="choice"><caption>{caption}</caption><thead><tr><th scope="col">Kind of help</th>{head}'
        f'<th scope="col">by referral</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _confidential(services: Released) -> str:
    """List the services at area level: words in place of a place."""
    table = services.table
    rows = table[table["disclosure"] == "area"]
    if rows.empty:
        return ""
    parts = []
    for area, group in rows.sort_values(["area", "organization_name", "service_name"]).groupby("area", sort=True):
        items = "".join(f"<li>{_confidential_item(row)}</li>" for row in group.to_dict("records"))
        parts.append(f"<h3>{html.escape(str(area))}</h3><ul>{items}</ul>")
    return (
        f"<details><summary>{words.counted(len(rows), 'confidential service')}, by area</summary>"
        f"<p>Their places are never shown or used. Call {html.escape(words.HOTLINE)}, or the number given;"
        f" check each number before you rely on it.</p>{''.join(parts)}</details>"
    )


def _confidential_item(row: dict[Any, Any]) -> str:
    kinds = ", ".join(words.category_label(category).lower() for category in row["categories"])
    pieces = [
        f'<a href="tel:{number}">{html.escape(text)}</a>' if number else html.escape(text)
        for text, number in words.phone_pieces(text_of(row.get("phone")))
    ]
    call = f", {''.join(pieces)}" if pieces else ""
    return f"{html.escape(text_of(row.get('organization_name')))}: {html.escape(kinds)}{call}"


def _lacking(places: Released, required: Sequence[str]) -> str:
    """Table of the places that lack a kind, the largest first: the circles of the map in words."""
    table = places.table
    rows = []
    for row in table.sort_values(["population_count", "place_id"], ascending=[False, True]).to_dict("records"):
        lacks = [words.category_label(category).lower() for category in required if row[f"{category}_state"] == "none"]
        if lacks and row["population_count"] > 0:
            rows.append(
                f'<tr><th scope="row">{html.escape(str(row["place_id"]))}</th><td>{row["population_count"]:,.0f}</td>'
                f"<td>{html.escape(', '.join(lacks))}</td></tr>"
            )
    if not rows:
        return ""
    summary = f"{words.counted(len(rows), 'ZIP area')} out of reach of at least one of the {len(required)} kinds"
    return (
        f"<details><summary>{summary}</summary>"
        '<div class="scroll"><table><thead><tr><th scope="col">ZIP area</th><th scope="col">People</th>'
        f'<th scope="col">Out of reach</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div></details>'
    )


def _footer(released: Sequence[Released]) -> str:
    sources, vintage = source_lines(released)
    return (
        f"<p>{html.escape(words.MODEL)} {html.escape(words.LOWER_BOUND)} {html.escape(words.ODBL)}</p>"
        f"<p>Sources: {html.escape('; '.join(sources))}. Vintage: {html.escape('; '.join(vintage))}.</p>"
        f"<p>{html.escape(words.SAFE_BROWSING)}</p>"
    )
