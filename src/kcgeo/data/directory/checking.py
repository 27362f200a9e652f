"""Checking rows of services whose columns and words are ours, and shaping them: the last rule of the door.

Packaged tables and converted layers of a study are read by this rule alone; every other list comes through
:mod:`kcgeo.data.directory.door`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.crs import STORAGE
from kcgeo.data.directory.closing import levels
from kcgeo.data.directory.closing.area_texts import approved_names
from kcgeo.data.directory.closing.authorisations import CONSENT, authorised, taken_down
from kcgeo.data.directory.closing.authorisations import authorisations as opened_by
from kcgeo.data.directory.closing.doors import street_of
from kcgeo.data.directory.closing.hiding import speaking_rows
from kcgeo.data.directory.hours import hours_column, readable
from kcgeo.data.directory.rules import (
    age_problems,
    blank_problems,
    category_problems,
    hours_problems,
    point_problems,
    word_problems,
)
from kcgeo.data.package.catalogue import describe, disclosure_bases
from kcgeo.data.package.schemas import table_problems
from kcgeo.data.study.region import packaged
from kcgeo.errors import TableError, WithheldWarning, first_ids, raise_all

__all__ = ["checked_rows", "plain_rows"]

_PLACE_COLUMNS = ("physical_address", "city", "county", "postal_code", "latitude", "longitude")
_SPEAKS = "a text of the row speaks of a place that is confidential"
_OPTIONAL = ("opening_hours", "languages", "cost", "accessibility", "required_documents")
_OWN_WORDS = (
    "latitude",
    "longitude",
    "service_categories",
    "disclosure",
    "eligibility",
    "service_status",
    "location_type",
    "coordinate_precision",
    "state",
)
"""Columns whose rules have sentences of their own in :mod:`kcgeo.data.directory.rules`."""


def checked_rows(
    rows: pd.DataFrame,
    *,
    counties: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    authorisations: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Check rows of services as they were read, all as text, and shape them as :func:`services` returns them.

    Parameters
    ----------
    rows
        The columns of the directory as text, NaN where blank.
    counties, areas, authorisations
        As :func:`services`.

    Raises
    ------
    TableError
        As :func:`services`.
    """
    kinds: pd.DataFrame = packaged("categories")
    item = describe("services")
    columns = [field["name"] for field in item["fields"]]
    raise_all(_column_problems(rows, columns), TableError)
    rows = rows.reindex(columns=[*columns, *(name for name in rows.columns if name not in columns)])
    rows["service_categories"] = rows["service_categories"].str.replace(r"\s*\|\s*", "|", regex=True)
    shelters = tuple(kinds.loc[kinds["shelter_like"], "category"])
    records = opened_by() if authorisations is None else authorisations
    down, kept = rows["service_id"].isin(taken_down(records)), ["service_id", "service_categories"]
    rows.loc[down, [name for name in rows.columns if name not in kept]] = None
    rows.loc[down, "disclosure"] = "withheld"
    speaking = rows["disclosure"].eq("exact") & speaking_rows(rows) & ~authorised(rows, records)
    if speaking.any():
        rows.loc[speaking, [name for name in rows.columns if name not in kept]] = None
        rows.loc[speaking, ["disclosure", "disclosure_basis"]] = ["withheld", _SPEAKS]
        sentence = f"{first_ids(rows.loc[speaking, 'service_id'], limit=20)} came in as withheld: {_SPEAKS}."
        warnings.warn(sentence, WithheldWarning, stacklevel=3)
    rows["disclosure_basis"] = _sufficient_basis(rows, shelters, authorisations)
    names = approved_names(records)
    problems = levels.level_problems(rows, areas=set(areas["area"]), shelter_like=shelters, approved=names)
    problems += [
        f"The column '{name}' is not one of the directory; remove it." for name in rows.columns if name not in columns
    ]
    hidden = rows["disclosure"].ne("exact")
    closing = levels.closing(rows, shelters)
    # from here on no message can repeat a place of a row that is not to be shown
    checked = rows[columns].copy()
    checked.loc[hidden | closing, list(_PLACE_COLUMNS)] = None
    typed, found = table_problems(checked, _loose(item), hidden=hidden | closing)
    problems += found + category_problems(rows, kinds["category"], hidden | closing) + blank_problems(rows[~closing])
    problems += word_problems(checked, hidden | closing) + _basis_problems(rows[~closing])
    hours = _hours(checked)
    problems += hours_problems(rows, hours.notna() & ~hours.map(lambda text: text is None or readable(str(text))))
    if all(pd.api.types.is_numeric_dtype(typed[name]) for name in ("latitude", "longitude")):
        problems += point_problems(typed, counties, packaged("cities"))
    if all(pd.api.types.is_numeric_dtype(typed[name]) for name in ("minimum_age", "maximum_age")):
        problems += age_problems(typed)
    raise_all(dict.fromkeys(problems), TableError)
    if closing.any():
        warnings.warn(
            f"{int(closing.sum())} rows where people sleep have no public basis or no authorisation and came in as "
            f"withheld: {first_ids(rows.loc[closing, 'service_id'])}.",
            WithheldWarning,
            stacklevel=3,
        )
    return _shaped(levels.close_levels(typed.assign(opening_hours=hours), shelter_like=shelters))


def plain_rows(services: gpd.GeoDataFrame) -> pd.DataFrame:
    """Turn a checked directory back into rows of text, as a file holds them; blanks are empty text.

    Reading the rows again gives the same directory.
    """
    item = describe("services")
    rows = pd.DataFrame(services.drop(columns="geometry"))
    rows["service_categories"] = ["|".join(names) for names in services["categories"]]
    placed = services.geometry.notna()
    for column, values in (("latitude", services.geometry.y), ("longitude", services.geometry.x)):
        rows[column] = [repr(float(value)) if has else "" for value, has in zip(values, placed, strict=True)]
    for column in ("minimum_age", "maximum_age", "capacity_beds", "verified_on"):
        rows[column] = ["" if pd.isna(value) else f"{value:.0f}" for value in rows[column]]
    columns = [field["name"] for field in item["fields"]]
    return rows[columns].astype("object").where(rows[columns].notna(), "").astype("str")


def _column_problems(rows: pd.DataFrame, columns: list[str]) -> list[str]:
    missing = [name for name in columns if name not in rows.columns and name not in _OPTIONAL]
    return [f"The column '{name}' is missing; add it, blank where nothing is known." for name in missing]


def _loose(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description without the rules that have words of their own here."""
    fields = [
        {key: value for key, value in field.items() if key != "constraints" or field["name"] not in _OWN_WORDS}
        for field in item["fields"]
    ]
    return {**item, "fields": fields}


def _sufficient_basis(rows: pd.DataFrame, shelters: tuple[str, ...], authorisations: pd.DataFrame | None) -> pd.Series:
    """Return the basis, blank where people sleep and it is none that is enough for that, or nobody allowed it."""
    basis, exact = rows["disclosure_basis"], rows["disclosure"].eq("exact")
    enough = [reason for reason, sleeping in disclosure_bases().items() if sleeping]
    unopened = exact & ~authorised(rows, opened_by() if authorisations is None else authorisations)
    sleeping = levels.shelter_rows(rows, shelters) & rows["disclosure"].ne("withheld")
    weak = sleeping & (~basis.isin(enough) | (unopened & (authorisations is not None)))
    return basis.where(~weak & ~(unopened & basis.eq(CONSENT)))


def _basis_problems(rows: pd.DataFrame) -> list[str]:
    known = list(disclosure_bases())
    at = rows[rows["disclosure"].eq("exact") & rows["disclosure_basis"].notna()]
    wrong = at[~at["disclosure_basis"].isin(known)]
    if wrong.empty:
        return []
    return [f"{first_ids(wrong['service_id'])}: the disclosure_basis is unknown; write one of: {'; '.join(known)}."]


def _hours(rows: pd.DataFrame) -> pd.Series:
    """Take opening_hours where given, else the reading of the free text."""
    timetable = packaged("hours").set_index("hours")["opening_hours"]
    given = rows["opening_hours"]
    return given.astype(object).where(given.notna(), hours_column(rows["hours"], timetable))


def _shaped(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give tuples of categories, points and site ids; rows sorted by id."""
    rows = rows.sort_values("service_id", ignore_index=True)
    names = [tuple(text.split("|")) for text in rows["service_categories"]]
    placed = rows["latitude"].notna() & rows["disclosure"].eq("exact") & rows["location_type"].eq("physical")
    lon, lat = rows["longitude"].astype("float64"), rows["latitude"].astype("float64")
    points = gpd.GeoSeries(gpd.points_from_xy(lon.fillna(0), lat.fillna(0)), index=rows.index, crs=STORAGE)
    place = rows.columns.get_loc("service_categories")
    assert isinstance(place, int)
    rows.insert(place, "categories", pd.Series(names, index=rows.index, dtype=object))
    rows["site_id"] = _site_ids(rows, placed)
    for column in ("minimum_age", "maximum_age", "capacity_beds", "verified_on"):
        rows[column] = rows[column].astype("float64")
    rows = rows.drop(columns=["service_categories", "latitude", "longitude"])
    return gpd.GeoDataFrame(rows, geometry=points.where(placed).to_numpy(), crs=STORAGE)


def _site_ids(rows: pd.DataFrame, placed: pd.Series[bool]) -> pd.Series:
    """Give rows of one building one id: the same address, or the same point where none is given.

    A point of ZIP precision is shared by all addresses of the ZIP, so it tells sites apart only by their address.
    """
    keys: dict[Any, str] = {}
    found: list[str | None] = []
    records: list[Any] = list(rows.itertuples())
    for row, has in zip(records, placed, strict=True):
        if not has:
            found.append(None)
            continue
        key: Any = row.service_id
        if isinstance(row.physical_address, str):
            door = street_of(row.physical_address) or _building(row.physical_address)
            key = (door, str(row.city).casefold(), row.state)
        elif row.coordinate_precision != "zip":
            key = (round(float(row.latitude), 5), round(float(row.longitude), 5))
        found.append(keys.setdefault(key, "site-" + str(row.service_id).removeprefix("svc-")))
    return pd.Series(found, index=rows.index, dtype=object)


def _building(address: str) -> str:
    """Cut suite, floor, room, PO box and remarks off an address.

    >>> _building("415 East 12th Street, 9th Floor") == _building("415 East 12th Street")
    True
    """
    plain = re.sub(r"\(.*?\)", " ", address.casefold())
    plain = re.split(r",|\b(?:suite|ste|floor|room|unit|box|po box)\b|#", plain)[0]
    return " ".join(plain.replace(".", " ").split())
