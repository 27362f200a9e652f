"""Where in their ZIP code area people live: a surface on the study's hexagons, and points at which they are counted.

One point a ZIP code is the largest error of a map of access: half of a rural ZIP's people live in its town, at the edge
of the area. The people of a ZIP are therefore spread over its cells: first among its counties, by the shares of its
homes; then among the cells of each county that lie deepest in its disc, by how densely the land around is settled. The
density of a cell is a sum of hills: one for each town of the gazetteer, as wide as its people need room, and a lower
one for each ZIP code area around, wider than the area. docs/methods/people.md compares the surface with block groups.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Transformer
from scipy.spatial import KDTree

from kcgeo.crs import STORAGE
from kcgeo.data.places import people as listed
from kcgeo.data.places.hexagons import deepest, grid_cells
from kcgeo.data.study import region
from kcgeo.data.study.layers import Layer
from kcgeo.data.study.settings import Study
from kcgeo.files import package_folder

__all__ = ["LEAST_PEOPLE", "living_points", "population"]

Floats = npt.NDArray[np.float64]

TOWN_PEOPLE_PER_KM2 = 1_000.0
"""A town of p people is a hill of radius sqrt(p / 1000 / pi) km."""
TOWN_LEAST_M = 700.0
AREA_WIDTH = 1.5
"""The hill of a ZIP code area is this much wider than the disc of its land."""
AREA_WEIGHT = 0.3
"""And its people count so much beside those of towns: they say where the land is settled, not where its center is."""
LONE_PER_KM2 = 1.0
"""Settled everywhere: a ZIP far from any town is spread evenly."""
CROWDING = 2.0
"""People stand on the settled part of a hill: its density is raised to this power."""
LEAST_PEOPLE = 1_000
"""Cells are counted together, within about 5 km2 and then wider, until a point stands for so many people: about as many
as a census block group has."""

_NEAR_KM = 30.0


@dataclass(frozen=True)
class _Key:
    """What a surface depends on."""

    counties: tuple[str, ...]
    crs: str
    resolution: int
    layer: Layer | None
    folder: Path
    study: Study = field(compare=False)


def population(study: Study) -> gpd.GeoDataFrame:
    """Spread the people of a study over its hexagons.

    Parameters
    ----------
    study : Study
        Its counties, CRS and H3 resolution count. Places of its own (block groups, blocks, tracts) replace the ZIP
        codes: each stands in the cell that holds its point.

    Returns
    -------
    GeoDataFrame
        ``cell_id, place_id, county_fips``, ``population_count`` and the other counts of people and households, and the
        center of the cell, EPSG:4326; sorted by cell and place. Counts are expected numbers, not whole; over the cells
        of a ZIP they sum to the part of its people who live in the study's counties. A count that a layer does not
        give is missing.

    Raises
    ------
    StudyError
        As :func:`kcgeo.data.places`.

    Notes
    -----
    Source: people of the ACS by ZIP code area, HUD's shares of homes by county, towns of GeoNames.

    Examples
    --------
    >>> surface = population(read_study(default_study()))  # doctest: +SKIP
    >>> int(surface["population_count"].sum())  # doctest: +SKIP
    2311239
    """
    return _population(_key(study)).copy()


def living_points(study: Study) -> gpd.GeoDataFrame:
    """Points at which the people of a study are counted: cells of :func:`population` taken together.

    Cells of one ZIP and county are taken together until a point stands for :data:`LEAST_PEOPLE`; it lies on the cell
    that is nearest to their middle. Places of the study's own stay as they are.

    Returns
    -------
    GeoDataFrame
        As :func:`kcgeo.data.places`, with whole counts: ``place_id`` is the ZIP, followed by a number where the ZIP has
        several points (``64108-2``). Over a study the counts sum to those of the surface, to the person.
    """
    return _living_points(_key(study)).copy()


def _key(study: Study) -> _Key:
    layer = study.layer("places")
    return _Key(study.counties, study.crs, study.travel.h3_resolution, layer, package_folder(), study)


@lru_cache(maxsize=2)
def _population(key: _Key) -> gpd.GeoDataFrame:
    study = key.study
    cells = grid_cells(region.counties(study), key.resolution)
    xy = _metric(cells["lon"], cells["lat"], key.crs)
    if key.layer is None:
        table = _spread(study, cells, xy)
    else:
        places = listed.places(study)
        _, at = KDTree(xy).query(_metric(places.geometry.x, places.geometry.y, key.crs))
        table = pd.DataFrame(places[["place_id", *_counts(places)]]).assign(at=at)
    table[["cell_id", "county_fips"]] = cells.loc[table["at"], ["cell_id", "county_fips"]].to_numpy()
    points = gpd.points_from_xy(cells["lon"].to_numpy()[table["at"]], cells["lat"].to_numpy()[table["at"]])
    columns = ["cell_id", "place_id", "county_fips", *_counts(table)]
    surface = gpd.GeoDataFrame(table[columns], geometry=points, crs=STORAGE)
    return surface.sort_values(["cell_id", "place_id"], ignore_index=True)


def _counts(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name.endswith("_count")]


def _spread(study: Study, cells: pd.DataFrame, xy: Floats) -> pd.DataFrame:
    """Share the people of each ZIP among the cells ``at``: by county, then by how densely the cells are settled."""
    places = pd.DataFrame(region.packaged("places_us"))
    parts = _county_parts(places, study.counties)
    places = places[places["land_area_km2"] > 0].set_index("place_id")
    parts = parts[parts["place_id"].isin(places.index)]
    density = _density(xy, study.crs, places) ** CROWDING
    owned = []
    for fips, own in parts.groupby("county_fips"):
        here = np.flatnonzero(cells["county_fips"] == fips)
        areas = places.loc[own["place_id"]]
        area_xy = _metric(areas["geometry"].map(lambda p: p.x), areas["geometry"].map(lambda p: p.y), study.crs)
        if not len(here):
            continue
        owner = deepest(xy[here], area_xy, areas["land_area_km2"].to_numpy(dtype=float))
        closest = np.asarray(KDTree(xy[here]).query(area_xy)[1])
        for position, (place_id, share) in enumerate(zip(own["place_id"], own["residents_share"], strict=True)):
            mine = here[owner == position]
            mine = mine if len(mine) else here[[closest[position]]]
            weight = share * density[mine] / density[mine].sum()
            owned.append(pd.DataFrame({"at": mine, "place_id": place_id, "weight": weight}))
    table = pd.concat(owned, ignore_index=True)
    counts = _counts(places)
    table[counts] = places.loc[table["place_id"], counts].to_numpy(dtype=float) * table[["weight"]].to_numpy()
    return table


def _county_parts(places: pd.DataFrame, counties: Collection[str]) -> pd.DataFrame:
    """Shares of each ZIP in these counties; a ZIP that the crosswalk does not list lies in the county of its row."""
    parts = pd.DataFrame(region.packaged("zip_counties"))
    rest = places.loc[places["county_fips"].isin(counties), ["place_id", "county_fips"]]
    rest = rest[~rest["place_id"].isin(parts["place_id"])].assign(residents_share=1.0)
    return pd.concat([parts[parts["county_fips"].isin(counties)], rest], ignore_index=True)


def _density(xy: Floats, crs: str, places: pd.DataFrame) -> Floats:
    """People per km2 at the cells, as a sum of hills of towns and of ZIP code areas."""
    towns = region.packaged("cities_us")
    tree, total = KDTree(xy), np.full(len(xy), LONE_PER_KM2)
    town_m = 1_000 * np.sqrt(towns["population_count"].to_numpy(dtype=float) / TOWN_PEOPLE_PER_KM2 / np.pi)
    area_m = 1_000 * AREA_WIDTH * np.sqrt(places["land_area_km2"].to_numpy(dtype=float) / np.pi)
    for table, wide_m, weight in ((towns, town_m, 1.0), (places, area_m, AREA_WEIGHT)):
        radius = np.maximum(wide_m, TOWN_LEAST_M)
        points = gpd.GeoSeries(table["geometry"], crs=STORAGE)
        centers = _metric(points.x, points.y, crs)
        people = table["population_count"].to_numpy(dtype=float)
        close = (centers > xy.min(axis=0) - 4 * radius[:, None]) & (centers < xy.max(axis=0) + 4 * radius[:, None])
        for at in np.flatnonzero(close.all(axis=1)):  # also false where the plane does not reach
            near = np.array(tree.query_ball_point(centers[at], 4 * radius[at]), dtype=np.intp)
            square = ((xy[near] - centers[at]) ** 2).sum(axis=1) / radius[at] ** 2
            top = weight * people[at] / (2 * np.pi * (radius[at] / 1_000) ** 2)
            total[near] += top * np.exp(-square / 2)
    return total


@lru_cache(maxsize=2)
def _living_points(key: _Key) -> gpd.GeoDataFrame:
    if key.layer is not None:
        return listed.places(key.study)
    surface = _population(key)
    group = _grouped(surface, key.resolution)
    middle = _nearest_to_middle(surface, group, key.crs)
    counts = _counts(surface)
    # a running sum is rounded, not each number: whole people, and none is lost
    people = surface.groupby(group)[counts].sum()
    people[counts] = np.diff(np.rint(people.to_numpy().cumsum(axis=0)), axis=0, prepend=0).astype(np.int64)
    table = surface.loc[middle, ["place_id", "county_fips", "geometry"]].set_index(people.index).join(people)
    table["land_area_km2"] = surface.groupby(group).size() * h3.average_hexagon_area(key.resolution, unit="km^2")
    number = table.groupby("place_id").cumcount() + 1
    several = table["place_id"].duplicated(keep=False)
    counties = region.counties(key.study).set_index("county_fips")
    table.insert(1, "place_name", _names(key.study, table))
    table.insert(2, "state", table["county_fips"].map(counties["state"]))
    table["place_id"] = table["place_id"].where(~several, table["place_id"] + "-" + number.astype(str))
    points = gpd.GeoDataFrame(table, geometry="geometry", crs=STORAGE)
    return points[points["population_count"] > 0].sort_values("place_id", ignore_index=True)


def _grouped(surface: pd.DataFrame, resolution: int) -> pd.Series:
    """Name the group of each row: its ZIP, county and the smallest of wider and wider cells with enough people."""
    area = surface["county_fips"] + surface["place_id"]
    group = area + surface["cell_id"]
    for coarser in range(1, 4):
        people = surface["population_count"].groupby(group).transform("sum")
        parent = surface["cell_id"].map(lambda cell, up=coarser: h3.cell_to_parent(cell, resolution - up))
        group = group.where((people >= LEAST_PEOPLE) & (coarser > 1), area + parent)
    people = surface["population_count"].groupby(group).transform("sum")
    return group.where(people >= LEAST_PEOPLE, area)


def _nearest_to_middle(surface: gpd.GeoDataFrame, group: pd.Series, crs: str) -> pd.Index:
    """Row of each group whose cell is nearest to the middle of its people; groups in rising order."""
    xy = pd.DataFrame(_metric(surface.geometry.x, surface.geometry.y, crs), columns=["x", "y"])
    weight = surface["population_count"].clip(lower=1e-9)
    sums = xy.mul(weight, axis=0).groupby(group).transform("sum")
    away = (xy - sums.div(weight.groupby(group).transform("sum"), axis=0)).pow(2).sum(axis=1)
    nearest: pd.Index = pd.Index(away.groupby(group).idxmin().to_numpy())
    return nearest


def _names(study: Study, table: pd.DataFrame) -> list[str]:
    """Name of the ZIP's post office where it is packaged, else of the town that the point lies in."""
    towns = pd.Series(listed.town_names(study, gpd.GeoDataFrame(table, geometry="geometry", crs=STORAGE)), table.index)
    if not region.is_packaged(study):
        return list(towns)
    names = region.packaged("places").set_index("place_id")["place_name"]
    return list(table["place_id"].map(names).fillna(towns))


def _metric(lon: pd.Series, lat: pd.Series, crs: str) -> Floats:
    plane = Transformer.from_crs(STORAGE, crs, always_xy=True)
    return np.column_stack(plane.transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)))
