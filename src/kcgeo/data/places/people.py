"""Where people live: the places of a study, and which of them a confidential service serves."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo.crs import STORAGE
from kcgeo.data.package.catalogue import load
from kcgeo.data.study import region
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, TableError, first_ids, raise_all

__all__ = ["places", "places_around", "referral", "town_names"]


def places(study: Study) -> gpd.GeoDataFrame:
    """Return the places where people live in a study's counties.

    They are, in this order: the study's own layer (such as block groups), the ZIP points of the packaged region where
    it holds all counties of the study, the national ZIP points.

    Returns
    -------
    GeoDataFrame
        ``place_id, place_name, state, county_fips``, counts of people and households, ``land_area_km2`` and points,
        EPSG:4326. A place belongs to the one county that holds most of it. Outside the packaged region ``place_name``
        is the town whose disc (1,200 people per km2) the point is deepest in: a label, no boundary. In a layer a count
        that its source does not give is missing.

    Raises
    ------
    StudyError
        The study names a county that the data package does not have, or its counties hold no place.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> len(data.places(study))
    212
    """
    known = region.counties(study)["county_fips"]
    table = places_around(study)
    inside: gpd.GeoDataFrame = table[table["county_fips"].isin(known)].reset_index(drop=True)
    if inside.empty:
        raise StudyError("The counties of the study hold no place with people; add a county to study.counties.")
    return inside


def places_around(study: Study) -> gpd.GeoDataFrame:
    """Return the places of a study and those around it, as :func:`places`: local speed depends on their density."""
    if region.is_packaged(study):
        table: gpd.GeoDataFrame = region.packaged("places")
    else:
        table = region.packaged("places_us")
        table = table[table["county_fips"].isin(region.ground(study)["county_fips"])].reset_index(drop=True)
        table.insert(1, "place_name", town_names(study, table))
    layer = study.layer("places")
    if layer is None:
        return table
    own = _read_layer(study, checked_layer(layer))
    beyond = table[~table["county_fips"].isin(study.counties)]
    columns = [name for name in table.columns if name != "geometry"]
    parts = [part[[*columns, "geometry"]] for part in (own, beyond) if len(part)]
    joined = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=STORAGE)
    return joined.sort_values("place_id", ignore_index=True)


_TEXTS = {"place_id": "str", "county_fips": "str", "state": "str", "place_name": "str"}
_NUMBERS = (
    "population_count",
    "under18_count",
    "poverty_count",
    "household_count",
    "no_vehicle_household_count",
    "land_area_km2",
    "latitude",
    "longitude",
)


def _read_layer(study: Study, path: Path) -> gpd.GeoDataFrame:
    """Read the study's own places; names of towns and states are added where it has none."""
    table = pd.read_csv(path, dtype=_TEXTS)
    missing = [name for name in ("place_id", "county_fips", *_NUMBERS) if name not in table.columns]
    raise_all(
        (f"The layer places has no column {name}; add it again with kcgeo data add." for name in missing), TableError
    )
    table[list(_NUMBERS)] = table[list(_NUMBERS)].apply(pd.to_numeric)
    points = gpd.points_from_xy(table["longitude"], table["latitude"])
    layer = gpd.GeoDataFrame(table.drop(columns=["longitude", "latitude"]), geometry=points, crs=STORAGE)
    if "state" not in layer:
        states = load("states").set_index("state_fips")["state"]
        layer["state"] = layer["county_fips"].str[:2].map(states)
    if "place_name" not in layer:
        layer["place_name"] = town_names(study, layer)
    return layer


_TOWN_PEOPLE_PER_KM2 = 1_200.0


def town_names(study: Study, points: gpd.GeoDataFrame) -> list[str]:
    """Name each point by the town in whose disc it is deepest: the nearest small town is not the city it lies in."""
    towns = region.cities(study)
    if towns.empty:
        return [f"place {name}" for name in points["place_id"]]
    town_xy, xy = (shapely.get_coordinates(layer.geometry.to_crs(study.crs).to_numpy()) for layer in (towns, points))
    square_m2 = towns["population_count"].to_numpy(dtype=np.float64) / _TOWN_PEOPLE_PER_KM2 * 1e6 / np.pi
    names = towns["name"].to_numpy(dtype=object)
    return [str(names[np.argmin(((town_xy - here) ** 2).sum(axis=1) - square_m2)]) for here in xy]


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
