"""What the coverage page holds as data: layers by category, sites, circles, background, as plain lists and texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from kcgeo.crs import STORAGE
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, symbols, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import bound
from kcgeo.present.look.classes import count_classes, count_colours, count_label, gap_counts, not_connected
from kcgeo.present.web.encode import encoded_parts

__all__ = [
    "GROUP",
    "add_referral",
    "bounds_of",
    "circle_data",
    "ground_data",
    "lacking_places",
    "required_layer",
    "share_of",
    "site_data",
    "time_layer",
]

GROUP = {
    "population_count": "All people",
    "under18_count": "Under 18",
    "poverty_count": "In poverty",
    "no_vehicle_household_count": "Households with no vehicle",
    "household_count": "Households",
}
EVERYONE = "population_count"


def share_of(rows: pd.DataFrame, column: str, cutoff_min: float, *, group: str = EVERYONE) -> float:
    """Return one share of a coverage table of one category; a missing row is an error, never a zero."""
    values = rows.loc[(rows["group"] == group) & (rows["cutoff_min"] == cutoff_min), column]
    if len(values) != 1:
        raise TableError(f"The coverage table holds {len(values)} rows for {group} at {cutoff_min:g} minutes, not one.")
    return float(values.iloc[0])


def bounds_of(extent: tuple[float, float, float, float], crs: str) -> list[list[float]]:
    """South-west and north-east corner of an extent, as (latitude, longitude)."""
    lon, lat = Transformer.from_crs(crs, STORAGE, always_xy=True).transform(extent[::2], extent[1::2])
    return [[round(lat[0], 4), round(lon[0], 4)], [round(lat[1], 4), round(lon[1], 4)]]


def ground_data(ground: Background) -> dict[str, Any]:
    """Background of the page; names carry a point and what they are."""
    panel, crs = ground.whole, ground.crs
    to_degrees = Transformer.from_crs(crs, STORAGE, always_xy=True)

    def spot(x: float, y: float) -> list[float]:
        lon, lat = to_degrees.transform(x, y)
        return [round(lat, 4), round(lon, 4)]

    signs = [*ground.core.shields, *panel.shields]
    shields: set[tuple[Any, ...]] = {(sign.number, *spot(sign.x, sign.y)) for sign in signs}
    # both panels name towns; the whole names the larger ones and comes first
    towns = {label.text: label.dot for part in (ground.core, panel) for label in part.towns if label.dot}
    order = [label.text for label in panel.towns]
    order += [label.text for label in ground.core.towns if label.text not in order]
    return {
        "outline": encoded_parts(panel.outline, crs=crs, tolerance_m=60),
        "counties": encoded_parts(shapely.line_merge(panel.borders), crs=crs, tolerance_m=60),
        "areas": [
            {"name": str(name), "rings": encoded_parts(shape, crs=crs, tolerance_m=60)}
            for name, shape in zip(panel.counties["name"], panel.counties.geometry, strict=True)
        ],
        "river": encoded_parts(shapely.line_merge(panel.river), crs=crs, tolerance_m=60),
        "stateLine": encoded_parts(shapely.line_merge(panel.state_line), crs=crs, tolerance_m=60),
        "roads": encoded_parts(shapely.line_merge(panel.roads), crs=crs, tolerance_m=20),
        "shields": [
            [number, lat, lon, "shield"]
            for number, lat, lon in sorted(shields)
            if re.fullmatch(r"[A-Z0-9-]{1,5}", number)
        ],
        "towns": [[text, *spot(*towns[text]), "town"] for text in order],
        "names": [
            [str(name), *spot(*shape.representative_point().coords[0]), "county"]
            for name, shape in zip(panel.counties["name"], panel.counties.geometry, strict=True)
        ],
    }


def _numbers(numbers: pd.DataFrame, category: str) -> pd.DataFrame:
    rows = numbers[numbers["category"] == category]
    if rows.empty:
        raise TableError(f"The coverage table has no row for '{category}'; compute it with the others.")
    return rows


def time_layer(
    table: pd.DataFrame,
    polygons: NDArray[Any],
    numbers: pd.DataFrame,
    category: str,
    ground: Background,
    edges_min: Sequence[float],
    headline_min: float,
) -> dict[str, Any]:
    """Classes of drive time of one category, with its words and its numbers by group."""
    if f"{category}_min" not in table:
        raise TableError(f"The cells lack the column {category}_min; release the table with it.")
    classes = shapes.nested_classes(polygons, table[f"{category}_min"], edges_min)
    lost = shapes.dissolve(polygons[not_connected(table, category)])
    rows = _numbers(numbers, category)
    label, phrase = words.category_label(category), words.nearest_phrase(category)
    groups = []
    for group in [name for name in GROUP if name in set(rows["group"])]:
        shares = [words.short_percent(share_of(rows, "covered_share", edge, group=group)) for edge in edges_min]
        lost_share = share_of(rows, "unreachable_share", headline_min, group=group)
        groups.append([GROUP[group], *shares, words.short_percent(lost_share)])
    near = share_of(rows, "covered_share", headline_min)
    by_call = share_of(rows, "by_referral_share", headline_min)
    said = f"{words.one_in(near)} people live within a {headline_min:g}-minute drive of {phrase}. {words.LISTED_ONLY}"
    if by_call > 0:
        said += f" For another {words.one_in(by_call)} a confidential service takes calls."
    bounds = [0.0, *edges_min]
    return {
        "label": label,
        "heading": f"Drive to {phrase}",
        "kinds": [category],
        "classes": [encoded_parts(outline, crs=ground.crs) for outline in classes],
        "colours": list(theme.ramp(len(edges_min))),
        "classLabels": [f"{low:g}–{high:g} min" for low, high in pairwise(bounds)],
        "beyondLabel": f"beyond {bounds[-1]:g} min",
        "beyond": theme.BEYOND,
        "lost": encoded_parts(lost, crs=ground.crs),
        "groups": groups,
        "said": said[0].upper() + said[1:],
    }


def required_layer(
    cells: Released,
    polygons: NDArray[Any],
    places: Released,
    required: Sequence[str],
    cutoff_min: float,
    ground: Background,
) -> dict[str, Any]:
    """How many of the required kinds are in reach: the gap map as a layer."""
    bound("cutoff_min", cutoff_min, cells, places)
    bound("required", required, cells, places)
    gaps = gap_counts(cells, places, required)
    classes = count_classes(len(required))
    kinds = ", ".join(words.category_label(category).lower() for category in required)
    said = (
        f"About {words.thousands(gaps.lacking_count)} people ({words.percent(gaps.lacking_share)}) live where at least"
        f" one of {len(required)} kinds is neither within {cutoff_min:g} minutes nor by referral."
    )
    return {
        "label": f"All {len(required)} together",
        "heading": f"Kinds lacking within {cutoff_min:g} min",
        "kinds": list(required),
        "classes": [
            encoded_parts(shapes.dissolve(polygons[gaps.lacking_kinds <= most]), crs=ground.crs)
            for _, most in classes[:-1]
        ],
        "colours": count_colours(len(required))[:-1],
        "classLabels": [count_label(least, most, len(required)) for least, most in classes[:-1]],
        "beyondLabel": count_label(*classes[-1], len(required)),
        "beyond": count_colours(len(required))[-1],
        "lost": [],
        "hatched": encoded_parts(shapes.dissolve(polygons[gaps.referred]), crs=ground.crs),
        "circles": True,
        "groups": [],
        "said": said,
        "note": f"The {len(required)} kinds: {kinds}.",
        "share": f"{words.percent(1 - gaps.lacking_share)} have all {len(required)} in reach or by referral",
    }


def add_referral(layers: dict[str, Any], services: Released, areas: Released | None, ground: Background) -> None:
    """Name for each layer the counties where a confidential service of its kind takes calls."""
    if areas is None:
        return
    hidden = services.table
    hidden = hidden[hidden["disclosure"] == "area"]
    table = require_released(areas, kind="background").table
    codes = [str(code) for code in ground.whole.counties["county_fips"]]
    for category, layer in layers.items():
        if layer.get("circles"):
            continue
        named = {area for area, kinds in zip(hidden["area"], hidden["categories"], strict=True) if category in kinds}
        served = set(table.loc[table["area"].isin(named), "county_fips"])
        layer["counties"] = [number for number, code in enumerate(codes) if code in served]


def site_data(services: Released) -> list[dict[str, Any]]:
    """Markers: one for each place, with all services at it."""
    table = services.table
    rows = table[table.geometry.notna()]
    rows = rows.assign(lat=rows.geometry.y.round(4), lon=rows.geometry.x.round(4))
    rows = rows.sort_values(["lat", "lon", "organization_name", "service_name", "service_id"], kind="stable")
    sites = []
    for _, group in rows.groupby(["lat", "lon"], sort=True):
        kinds = sorted({category for row in group["categories"] for category in row})
        sites.append(
            {
                "lat": float(group["lat"].iloc[0]),
                "lon": float(group["lon"].iloc[0]),
                "family": symbols.families(kinds).key,
                "rough": "coordinate_precision" in group and bool((group["coordinate_precision"] == "zip").all()),
                "services": [_service(row) for row in group.to_dict("records")],
            }
        )
    return sites


def _service(row: dict[Any, Any]) -> dict[str, Any]:
    name, organisation = words.text_of(row.get("service_name")), words.text_of(row.get("organization_name"))
    told = name if not organisation or organisation in name else f"{organisation}: {name}"
    year = words.text_of(row.get("verified_on"))
    return {
        "name": told,
        "kinds": sorted(row["categories"]),
        "phone": [list(piece) for piece in words.phone_pieces(words.text_of(row.get("phone")))],
        "hours": words.text_of(row.get("hours")),
        "year": year[:4],
    }


def circle_data(places: Released, required: Sequence[str], ground: Background) -> list[list[Any]]:
    """Places that lack a kind: id, point, people and what is out of reach; the largest first."""
    table = base.projected_points(places, ground.crs)
    to_degrees = Transformer.from_crs(ground.crs, STORAGE, always_xy=True)
    rows = []
    for row, lacks in lacking_places(table, required):
        lon, lat = to_degrees.transform(row["x"], row["y"])
        people = int(row["population_count"])
        rows.append([str(row["place_id"]), round(lat, 4), round(lon, 4), people, ", ".join(lacks)])
    return rows


def lacking_places(table: pd.DataFrame, required: Sequence[str]) -> Iterator[tuple[dict[Any, Any], list[str]]]:
    """Rows of the places that lack a kind of help, the largest first, each with the names of what it lacks."""
    for row in table.sort_values(["population_count", "place_id"], ascending=[False, True]).to_dict("records"):
        lacks = [words.category_label(category).lower() for category in required if row[f"{category}_state"] == "none"]
        if lacks and row["population_count"] > 0:
            yield row, lacks
