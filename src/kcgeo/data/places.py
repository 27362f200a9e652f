"""Where people live: the places and counties of a study, and which of them a confidential service serves."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import pandas as pd

from kcgeo.data.catalogue import load
from kcgeo.data.settings import Study
from kcgeo.errors import StudyError, TableError, first_ids

__all__ = ["counties", "places", "referral"]


def counties(study: Study) -> gpd.GeoDataFrame:
    """Return the counties of a study.

    Returns
    -------
    GeoDataFrame
        ``county_fips, name, state, in_msa`` and outlines, EPSG:4326.

    Raises
    ------
    StudyError
        The study names a county that the data package does not have.
    """
    table: gpd.GeoDataFrame = load("counties")
    unknown = [code for code in dict.fromkeys(study.counties) if code not in set(table["county_fips"])]
    if unknown:
        raise StudyError(
            f"study.counties names {first_ids(unknown)}, which the data package does not have; "
            f"it has {', '.join(table['county_fips'])}."
        )
    return table[table["county_fips"].isin(study.counties)].reset_index(drop=True)


def places(study: Study) -> gpd.GeoDataFrame:
    """Return the places (ZIP code points with people) of a study's counties.

    Returns
    -------
    GeoDataFrame
        ``place_id``, counts of people and households, ``county_fips``, ``land_area_km2`` and points, EPSG:4326. A place
        belongs to the one county that holds most of it.

    Raises
    ------
    StudyError
        The study names a county that the data package does not have, or its counties hold no place.
    """
    known = counties(study)["county_fips"]
    table: gpd.GeoDataFrame = load("places")
    inside = table[table["county_fips"].isin(known)].reset_index(drop=True)
    if inside.empty:
        raise StudyError("The counties of the study hold no place with people; add a county to study.counties.")
    return inside


def referral(
    places: pd.DataFrame,
    services: pd.DataFrame,
    *,
    areas: pd.DataFrame | None = None,
    categories: Collection[str] | None = None,
) -> pd.DataFrame:
    """Say for each place and category whether a confidential service serves its county: help by referral.

    Parameters
    ----------
    places : DataFrame
        ``place_id, county_fips``.
    services : DataFrame
        As :func:`kcgeo.data.services` gives them. Rows of level ``area`` count, unless ``service_status`` is
        ``inactive``; exact and withheld rows change nothing.
    areas : DataFrame, optional
        ``area, county_fips`` (long); the packaged list where not given.
    categories : collection of str, optional
        Columns of the result; all categories of the package where not given.

    Returns
    -------
    DataFrame of bool
        Index ``place_id``, one column for each category.

    Raises
    ------
    TableError
        An area-level row names an area that is not in ``areas``.
    """
    approved: pd.DataFrame = load("areas") if areas is None else areas
    wanted = list(load("categories")["category"]) if categories is None else list(categories)
    confidential = services[services["disclosure"].eq("area") & services["service_status"].ne("inactive")]
    unknown = confidential[~confidential["area"].isin(approved["area"])]
    if len(unknown):
        raise TableError(
            f"{first_ids(unknown['service_id'])}: the area is not approved; "
            "use one of kcgeo.data.load('areas') or pass areas=."
        )
    served: dict[str, set[str]] = {category: set() for category in wanted}
    reach = approved.dropna(subset=["county_fips"]).groupby("area")["county_fips"].agg(set).to_dict()
    for area, categories_of_row in zip(confidential["area"], confidential["categories"], strict=True):
        for category in categories_of_row:
            if category in served:
                served[category] |= reach.get(area, set())
    columns = {category: places["county_fips"].isin(found).to_numpy() for category, found in served.items()}
    return pd.DataFrame(columns, index=pd.Index(places["place_id"], name="place_id"), dtype=bool)
