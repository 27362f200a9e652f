"""The service directory: who helps, where, for whom and when, at the level of detail that may be known."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.crs import STORAGE, require
from kcgeo.data.directory import levels
from kcgeo.data.directory.area_texts import approved_names
from kcgeo.data.directory.authorisations import CONSENT, authorised, taken_down
from kcgeo.data.directory.authorisations import authorisations as opened_by
from kcgeo.data.directory.hours import hours_column, open_state, readable
from kcgeo.data.directory.rules import age_problems, blank_problems, category_problems, hours_problems, point_problems
from kcgeo.data.directory.service_file import read_rows
from kcgeo.data.package.catalogue import describe, disclosure_bases, file_of, load
from kcgeo.data.package.schemas import table_problems
from kcgeo.errors import TableError, WithheldWarning, first_ids, raise_all

__all__ = ["ELIGIBILITIES", "by_category", "checked_rows", "fitting", "plain_rows", "services", "sites"]

ELIGIBILITIES = ("any", "minors", "adult women", "men", "LGBTQ")
ADULT_AGE = 18
_ADULTS = ("adult women", "men")
_PLACE_COLUMNS = ("physical_address", "city", "county", "postal_code", "latitude", "longitude")
_OPTIONAL = ("opening_hours",)


def services(
    *,
    category: str | Collection[str] | None = None,
    eligibility: str | None = None,
    open_at: datetime | None = None,
    path: Path | str | None = None,
    age: int | None = None,
    counties: gpd.GeoDataFrame | None = None,
    areas: pd.DataFrame | None = None,
    authorisations: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Load the directory of services, checked, and keep those that fit.

    Parameters
    ----------
    category : str or collection of str, optional
        Services of this category, or of any of these.
    eligibility : str, optional
        Who asks. ``"minors"``, ``"adult women"``, ``"men"`` and ``"LGBTQ"`` keep the services for that group and those
        for any person whose age limits admit somebody of the group; ``"any"`` keeps the services for any person only.
    open_at : datetime, optional
        Services known to be open at this local time. Unknown hours never count as open.
    path : path, optional
        A CSV, .xlsx or point layer with the same columns, in place of the packaged directory.
    age : int, optional
        Services whose age limits admit this age in years. Where the row states no limit, services for minors end at 17
        and services for adult women and men begin at 18.
    counties, areas : optional
        Area served (default: all packaged counties) and approved areas (default: ``load("areas")``); a file for another
        place needs its own.
    authorisations : DataFrame, optional
        Who allowed an exact place to be shown (:func:`kcgeo.data.authorisations`). Where they are given, and for the
        packaged directory, a place where people sleep and that none of them opens today comes in as withheld; else
        only one whose basis is the operator's written consent.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, sorted by ``service_id``: the columns of the directory with ``categories`` (tuple) in place of
        ``service_categories``, ``opening_hours`` (OpenStreetMap syntax, None where unknown), ``site_id`` (one for all
        rows of one place; None without a place) and ``geometry`` in place of latitude and longitude (None but on exact,
        physical rows). All levels are in the table; a withheld row holds id, categories, level and reason only, and so
        fits no filter but ``category``.

    Raises
    ------
    TableError
        One sentence for each fault of the table, naming rows by id and never what a hidden row holds.
    CrsError
        ``path`` is a layer in another CRS than EPSG:4326.

    Warns
    -----
    WithheldWarning
        Rows where people sleep and that give no public basis came in as withheld. The command line says it in
        ``kcgeo data check --study`` only, so that no log of a run depends on hidden rows.

    Examples
    --------
    >>> bool(services(category="hotline").geometry.isna().all())
    True
    """
    served = load("counties") if counties is None else counties
    require(served, STORAGE, what="counties")
    approved = load("areas") if areas is None else areas
    rows = read_rows(Path(path) if path is not None else file_of("services"))
    if path is None and authorisations is None:
        authorisations = opened_by()
    table = checked_rows(rows, counties=served, areas=approved, authorisations=authorisations)
    return fitting(table, category=category, eligibility=eligibility, open_at=open_at, age=age)


def fitting(
    table: gpd.GeoDataFrame,
    *,
    category: str | Collection[str] | None = None,
    eligibility: str | None = None,
    open_at: datetime | None = None,
    age: int | None = None,
) -> gpd.GeoDataFrame:
    """Keep the services that fit; parameters as :func:`services`."""
    keep = pd.Series(True, index=table.index)
    if category is not None:
        keep &= _has_category(table, category, load("categories"))
    if eligibility is not None:
        keep &= _admits_group(table, eligibility)
    if age is not None:
        keep &= _admits_age(table, age)
    if open_at is not None:
        hours = table["opening_hours"].set_axis(table["service_id"])
        keep &= open_state(hours, open_at, points=table.geometry).eq("open").to_numpy()
    return table[keep].reset_index(drop=True)


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
    kinds: pd.DataFrame = load("categories")
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
    problems += _basis_problems(rows[~closing])
    hours = _hours(checked)
    problems += hours_problems(rows, hours.notna() & ~hours.map(lambda text: text is None or readable(str(text))))
    if all(pd.api.types.is_numeric_dtype(typed[name]) for name in ("latitude", "longitude")):
        problems += point_problems(typed, counties, load("cities"))
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
    own = {"latitude", "longitude", "service_categories", "disclosure"}
    fields = [
        {key: value for key, value in field.items() if key != "constraints" or field["name"] not in own}
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
    timetable = load("hours").set_index("hours")["opening_hours"]
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
            key = (_building(row.physical_address), str(row.city).casefold(), row.state)
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


def _has_category(table: gpd.GeoDataFrame, category: str | Collection[str], kinds: pd.DataFrame) -> pd.Series[bool]:
    wanted = {category} if isinstance(category, str) else set(category)
    unknown = sorted(wanted - set(kinds["category"]))
    if unknown:
        raise TableError(f"The category '{', '.join(unknown)}' is unknown; there are {', '.join(kinds['category'])}.")
    found: pd.Series[bool] = table["categories"].map(lambda names: bool(wanted & set(names))).astype(bool)
    return found


def _limits(table: gpd.GeoDataFrame) -> tuple[pd.Series, pd.Series]:
    """Return youngest and oldest age admitted, with the limits that the group implies where none is stated."""
    youngest = table["minimum_age"].fillna(table["eligibility"].isin(_ADULTS).map({True: float(ADULT_AGE), False: 0.0}))
    implied = table["eligibility"].eq("minors").map({True: float(ADULT_AGE - 1), False: float("inf")})
    return youngest, table["maximum_age"].fillna(implied)


def _admits_group(table: gpd.GeoDataFrame, eligibility: str) -> pd.Series[bool]:
    if eligibility not in ELIGIBILITIES:
        raise TableError(f"The eligibility '{eligibility}' is unknown; there are {', '.join(ELIGIBILITIES)}.")
    admitted: pd.Series[bool] = table["eligibility"].isin(["any", eligibility])
    youngest, oldest = _limits(table)
    if eligibility == "minors":
        admitted &= youngest < ADULT_AGE
    elif eligibility in _ADULTS:
        admitted &= oldest >= ADULT_AGE
    return admitted


def _admits_age(table: gpd.GeoDataFrame, age: int) -> pd.Series[bool]:
    if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 120:
        raise TableError(f"age must be whole years from 0 to 120, not {age!r}.")
    youngest, oldest = _limits(table)
    admitted: pd.Series[bool] = table["eligibility"].notna() & (youngest <= age) & (age <= oldest)
    return admitted


def by_category(services: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List the places of each category: one row for each category and site.

    Rows of one site that offer the same category count once (the first id stands for them). Hotlines have no place,
    and services known to be inactive are left out; a status that is unknown is kept.

    Returns
    -------
    GeoDataFrame
        ``service_id, category, site_id`` and points, EPSG:4326, sorted by category and site. Only exact rows have
        points, so counts and times made from it are lower bounds.
    """
    require(services, STORAGE, what="services")
    kinds: pd.DataFrame = load("categories")
    placeless = set(kinds.loc[~kinds["has_place"], "category"])
    at = services[services.geometry.notna() & services["service_status"].ne("inactive")]
    long = at[["service_id", "categories", "site_id", "geometry"]].explode("categories")
    long = long.rename(columns={"categories": "category"})
    long = long[~long["category"].isin(placeless)].sort_values(["category", "site_id", "service_id"])
    return long.drop_duplicates(["category", "site_id"])[["service_id", "category", "site_id", "geometry"]].reset_index(
        drop=True
    )


def sites(services: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List places once each, with all that is offered there.

    Returns
    -------
    GeoDataFrame
        ``site_id, service_ids`` (tuple), ``categories`` (tuple, sorted) and points, EPSG:4326, sorted by site. Inactive
        services are left out.
    """
    require(services, STORAGE, what="services")
    at = services[services.geometry.notna() & services["service_status"].ne("inactive")]
    rows = [
        {
            "site_id": site,
            "service_ids": tuple(sorted(group["service_id"])),
            "categories": tuple(sorted({name for names in group["categories"] for name in names})),
            "geometry": group.sort_values("service_id").geometry.iloc[0],
        }
        for site, group in at.groupby("site_id", sort=True)
    ]
    return gpd.GeoDataFrame(rows, columns=["site_id", "service_ids", "categories", "geometry"], crs=STORAGE)
