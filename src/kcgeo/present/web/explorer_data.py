"""What the explorer page holds as data: areas around living points, sites, minutes of travel in short text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from kcgeo.crs import STORAGE
from kcgeo.data import open_state
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError, raise_all
from kcgeo.present.look import shapes, words
from kcgeo.present.look.background import Background
from kcgeo.present.web.encode import encode, encoded_parts

__all__ = [
    "candidate_data",
    "open_sites",
    "place_data",
    "reach_data",
    "whole_minutes",
    "write_numbers",
    "zip_areas",
]

_LETTER = {"open": "o", "closed": "c", "unknown": "u"}


def whole_minutes(times_min: NDArray[np.float64], *, most_min: int) -> NDArray[np.int64]:
    """Minutes rounded up; ``most_min + 1`` stands for all that is above ``most_min``, and for NaN.

    Nothing is lost for a cutoff in whole minutes: a time is at most the cutoff where the minutes rounded up are.

    >>> whole_minutes(np.array([0.0, 14.2, 15.0, 15.0001, 70.0, np.nan]), most_min=60)
    array([ 0, 15, 15, 16, 61, 61])
    """
    up = np.ceil(np.where(np.isnan(times_min), np.inf, times_min))
    return np.minimum(up, most_min + 1).astype(np.int64)


def write_numbers(values: NDArray[np.int64]) -> str:
    """Write whole numbers as text: a small one, of either sign, is one character (as in :func:`encode`).

    >>> write_numbers(np.array([0, -1, 1, 16]))
    '?@A_@'
    """
    signed = np.where(values < 0, ~(values << 1), values << 1)
    known, at = np.unique(signed, return_inverse=True)
    texts = []
    for value in known.tolist():
        rest, piece = value, ""
        while rest >= 32:
            piece += chr((32 | (rest & 31)) + 63)
            rest >>= 5
        texts.append(piece + chr(rest + 63))
    return "".join(texts[number] for number in at.ravel().tolist())


def place_data(places: Released, groups: Sequence[str]) -> list[list[Any]]:
    """Id, name, latitude, longitude and the counts of each group, by place in the order of the release."""
    table = gpd.GeoDataFrame(require_released(places, kind="background").table)
    missing = [column for column in ("place_id", "place_name", *groups) if column not in table]
    if missing:
        raise TableError(f"The places lack the columns {', '.join(missing)}.")
    points = table.geometry
    return [
        [
            str(row["place_id"]),
            words.text_of(row["place_name"]),
            round(lat, 4),
            round(lon, 4),
            *(int(row[g]) for g in groups),
        ]
        for row, lat, lon in zip(table.to_dict("records"), points.y, points.x, strict=True)
    ]


def zip_areas(cells: Released, places: Released, ground: Background) -> list[list[str]]:
    """Outlines of the areas around living points, by place in the order of the release; empty where nobody lives.

    No outline of these areas is packaged, so each cell of the grid goes to a place: the one with the least
    ``distance² - land area / pi``, as if each were a disc of its size (a power diagram); each keeps one cell at least.
    """
    ids = tuple(require_released(cells, kind="surface").table["cell_id"])
    polygons = shapes.cut_cells(ids, ground.crs, ground.whole.outline)
    table = gpd.GeoDataFrame(require_released(places, kind="background").table).to_crs(ground.crs)
    settled = np.flatnonzero(table["population_count"] > 0)
    to_metres = Transformer.from_crs(STORAGE, ground.crs, always_xy=True)
    lat, lon = np.array([h3.cell_to_latlng(cell) for cell in ids]).T
    xy = np.column_stack(to_metres.transform(lon, lat))
    points = shapely.get_coordinates(table.geometry.iloc[settled].to_numpy())
    square_m2 = ((xy[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    disc_m2 = table["land_area_km2"].to_numpy(dtype=float)[settled] * 1e6 / np.pi
    owner = settled[np.argmin(square_m2 - disc_m2, axis=1)]
    # a small area inside a large one would have no cell at all: it takes the nearest that nobody else needs
    kept = np.zeros(len(owner), dtype=bool)
    for number in np.flatnonzero(~np.isin(settled, owner)):
        spare = (np.bincount(owner, minlength=len(table))[owner] > 1) & ~kept
        cell = np.argmin(np.where(spare, square_m2[:, number], np.inf))
        owner[cell], kept[cell] = settled[number], True
    return [
        encoded_parts(shapes.dissolve(polygons[owner == place]), crs=ground.crs) if (owner == place).any() else []
        for place in range(len(table))
    ]


def candidate_data(matrix: Released, places: Released, *, most_min: int) -> dict[str, Any]:
    """Candidate cells with centre and outline, and minutes from each place to each of them.

    ``times`` holds a row for each candidate, as differences from the row before, and these as differences from the
    place before: neighbors are alike, so most of them are one character.
    """
    pairs = require_released(matrix, kind="matrix").table
    order = require_released(places, kind="background").table["place_id"]
    table = pairs.pivot(index="candidate_id", columns="place_id", values="time_min").reindex(columns=order)
    minutes = whole_minutes(table.to_numpy(dtype=float), most_min=most_min)
    ids = [str(cell) for cell in table.index]
    return {
        "ids": ids,
        "centres": encode(np.array([h3.cell_to_latlng(cell) for cell in ids])),
        # cells of one step are alike, so the outline of the first is drawn around each centre
        "outline": encode(np.array(h3.cell_to_boundary(ids[0]))),
        # degrees of latitude to the far end of the coarser cell that one of them stands for alone
        "reach": round(3 * h3.average_hexagon_edge_length(h3.get_resolution(ids[0]), unit="km") / 111.2, 4),
        "times": write_numbers(np.diff(np.diff(minutes, axis=0, prepend=0), axis=1, prepend=0).ravel()),
    }


def reach_data(
    reach: Released,
    week: Released,
    hours: Released,
    places: Released,
    *,
    kinds: Sequence[str],
    who: Sequence[str],
    moments: Sequence[str],
    most_min: int,
) -> dict[str, Any]:
    """Columns by place, each kept once, the fives of columns that answer a choice, and the five of each choice.

    ``choices`` runs over kinds, then who asks; each is a text of numbers of fives: that of the first moment, which
    ``reach`` holds, then those of the hours. The five are minutes to a service, minutes to one of unknown hours,
    referral, referral at unknown hours, and whether nobody has looked.
    """
    order = require_released(places, kind="background").table["place_id"]
    keys = ["category", "eligibility", "when"]
    tables = (require_released(item, kind="matrix").table for item in (reach, week))
    indexed = pd.concat([table.loc[table["when"].isin(moments)] for table in tables]).set_index([*keys, "place_id"])
    same = require_released(hours, kind="matrix").table.set_index(keys)["same_as"]
    asked = pd.MultiIndex.from_product([kinds, who, moments], names=keys)
    alike = asked.to_frame(index=False)
    alike["when"] = same.reindex(asked).reset_index(drop=True).fillna(alike["when"])
    choice_of, first = pd.factorize(pd.MultiIndex.from_frame(alike))
    wanted = pd.MultiIndex.from_tuples([(*key, place) for key in first for place in order], names=[*keys, "place_id"])
    raise_all(_gaps(indexed, wanted), TableError)
    rows = indexed.reindex(wanted)
    shape = (-1, len(order))
    parts = [
        whole_minutes(rows[column].to_numpy(dtype=float), most_min=most_min).reshape(shape)
        for column in ("time_min", "unknown_hours_min")
    ]
    parts += [
        rows[column].to_numpy(dtype=np.int64).reshape(shape)
        for column in ("by_referral", "referral_unknown_hours", "not_collected")
    ]
    columns: dict[str, int] = {}
    fives: dict[tuple[int, ...], int] = {}
    numbers = []
    for five in zip(*parts, strict=True):
        texts = [write_numbers(np.diff(values, prepend=0)) for values in five]
        numbers.append(fives.setdefault(tuple(columns.setdefault(text, len(columns)) for text in texts), len(fives)))
    choices = np.array(numbers, dtype=np.int64)[choice_of].reshape(-1, len(moments))
    return {"columns": list(columns), "fives": list(fives), "choices": [write_numbers(row) for row in choices]}


def _gaps(indexed: pd.DataFrame, wanted: pd.MultiIndex) -> list[str]:
    if indexed.index.has_duplicates:
        return ["The reach holds a choice twice for one place."]
    missing = wanted[~wanted.isin(indexed.index)]
    return [f"The reach lacks {len(missing)} rows, the first of them {missing[0]}."] if len(missing) else []


def open_sites(
    services: Mapping[str, Released],
    *,
    all_of: str,
    kinds: Sequence[str],
    moments: Mapping[str, datetime],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Sites with their services, of what kind, for whom and on what schedule; and the schedules, each once.

    A schedule is a letter for any time, then one for each moment: open, closed, unknown hours.

    ``all_of`` names the release that holds every service.
    """
    table = require_released(services[all_of], kind="services").table
    members = {who: set(require_released(item, kind="services").table["service_id"]) for who, item in services.items()}
    rows = table[table.geometry.notna() & table["service_status"].ne("inactive")]
    rows = rows.assign(lat=rows.geometry.y.round(4), lon=rows.geometry.x.round(4))
    rows = rows.sort_values(["lat", "lon", "organization_name", "service_name", "service_id"], kind="stable")
    hours = pd.DataFrame(
        {when: open_state(rows["opening_hours"], moment, points=rows.geometry) for when, moment in moments.items()},
        index=rows.index,
    )
    states = "o" + hours.replace(_LETTER).agg("".join, axis=1)
    schedules = sorted(set(states))
    number_of = {schedule: number for number, schedule in enumerate(schedules)}
    place = {kind: number for number, kind in enumerate(kinds)}
    sites = []
    for _, group in rows.groupby(["lat", "lon"], sort=True):
        told = [
            {
                "name": _name(row),
                "kinds": sorted(place[kind] for kind in row["categories"] if kind in place),
                "who": [number for number, who in enumerate(services) if row["service_id"] in members[who]],
                "open": number_of[states[index]],
                "hours": words.text_of(row.get("hours")),
                "phone": [list(piece) for piece in words.phone_pieces(words.text_of(row.get("phone")))],
                "year": words.text_of(row.get("verified_on"))[:4],
            }
            for index, row in zip(group.index, group.to_dict("records"), strict=True)
        ]
        sites.append(
            {
                "at": [float(group["lat"].iloc[0]), float(group["lon"].iloc[0])],
                "services": told,
            }
        )
    return sites, schedules


def _name(row: Mapping[Any, Any]) -> str:
    name, organisation = words.text_of(row.get("service_name")), words.text_of(row.get("organization_name"))
    return name if not organisation or organisation in name else f"{organisation}: {name}"
