"""The service directory: who helps, where, for whom and when, at the level of detail that may be known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo import terms
from kcgeo.crs import STORAGE, require
from kcgeo.data.directory.checking import checked_rows
from kcgeo.data.directory.closing.authorisations import authorisations as opened_by
from kcgeo.data.directory.hours import open_state
from kcgeo.data.directory.lists import read_list
from kcgeo.data.package.catalogue import describe, file_of, load, read_text_table
from kcgeo.data.study.list_options import NOT_SAID
from kcgeo.data.study.region import packaged
from kcgeo.errors import TableError

__all__ = ["ELIGIBILITIES", "by_category", "fitting", "offered", "services", "sites"]

ELIGIBILITIES = ("any", "minors", "adult women", "men", "LGBTQ")
ADULT_AGE = 18
_ADULTS = ("adult women", "men")


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
        for any person whose age limits admit somebody of the group; ``"anyone"`` (or ``"any"``, as the column says)
        keeps the services for any person only; ``"any_listed"`` keeps all. A service of unknown eligibility is kept for
        ``"any_listed"`` only.
    open_at : datetime, optional
        Services known to be open at this local time. Unknown hours never count as open.
    path : path, optional
        A list of services in any format that :func:`kcgeo.data.look` reads, in place of the packaged directory.
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
        ``path`` is a layer without a CRS whose coordinates are no degrees.

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
    if path is None:
        rows = read_text_table(file_of("services"), describe("services"))
        records = opened_by() if authorisations is None else authorisations
        table = checked_rows(rows, counties=served, areas=approved, authorisations=records)
    else:
        table = read_list(Path(path), NOT_SAID, counties=served, areas=approved, records=authorisations).services
    return fitting(table, category=category, eligibility=eligibility, open_at=open_at, age=age)


def fitting(
    table: gpd.GeoDataFrame,
    *,
    category: str | Collection[str] | None = None,
    eligibility: str | None = None,
    open_at: datetime | None = None,
    age: int | None = None,
) -> gpd.GeoDataFrame:
    """Keep the rows of a checked directory that fit; the filters are those of :func:`services`."""
    keep = pd.Series(True, index=table.index)
    if category is not None:
        keep &= _has_category(table, category, packaged("categories"))
    if eligibility is not None:
        keep &= _admits_group(table, eligibility)
    if age is not None:
        keep &= _admits_age(table, age)
    if open_at is not None:
        hours = table["opening_hours"].set_axis(table["service_id"])
        keep &= open_state(hours, open_at, points=table.geometry).eq("open").to_numpy()
    return table[keep].reset_index(drop=True)


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
    if eligibility == "any_listed":
        return pd.Series(True, index=table.index)
    if eligibility not in (*ELIGIBILITIES, "anyone"):
        raise TableError(f"The eligibility '{eligibility}' is unknown; there are {', '.join(terms.who())}.")
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
    admitted: pd.Series[bool] = table["eligibility"].isin(ELIGIBILITIES) & (youngest <= age) & (age <= oldest)
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

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> "category" in data.by_category(data.directory(study))
    True
    """
    return offered(services).drop_duplicates(["category", "site_id"]).reset_index(drop=True)


def offered(services: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List what is offered at a place: as :func:`by_category`, with every service of a site."""
    require(services, STORAGE, what="services")
    kinds: pd.DataFrame = packaged("categories")
    placeless = set(kinds.loc[~kinds["has_place"], "category"])
    at = services[services.geometry.notna() & services["service_status"].ne("inactive")]
    long = at[["service_id", "categories", "site_id", "geometry"]].explode("categories")
    long = long.rename(columns={"categories": "category"})
    long = long[~long["category"].isin(placeless)].sort_values(["category", "site_id", "service_id"])
    found: gpd.GeoDataFrame = long[["service_id", "category", "site_id", "geometry"]]
    return found


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
