"""Areas in which a new site could stand: never an address, never a point that is shown."""

from __future__ import annotations

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely

from kcgeo import data
from kcgeo.crs import STORAGE
from kcgeo.data.formats.transit.gtfs import read_gtfs
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.study.measure import Measured

__all__ = ["CANDIDATES", "CELL_RESOLUTION", "beside", "candidate_areas", "hexagon", "near_stops", "too_near"]

CANDIDATES = ("places", "cells")
CELL_RESOLUTION = 6
LEAST_AREA_KM2 = 8.0
"""A smaller ZIP code area is drawn as large as this, so that its ring never reads as a pin."""
_COMPASS = ("E", "NE", "N", "NW", "W", "SW", "S", "SE")


def candidate_areas(measured: Measured, *, kind: str) -> gpd.GeoDataFrame:
    """Areas in which a new site could stand; never an address.

    Parameters
    ----------
    measured : Measured
        Gives the places and the grid.
    kind : {"places", "cells"}
        ZIP code areas with people, or H3 cells of resolution 6 (about 36 km2) in which people are counted.

    Returns
    -------
    GeoDataFrame
        ``candidate_id, name, county_fips``, ``middle`` (the point from which times are measured) and ``geometry``: the
        hexagon, or a ring as large as the land of the ZIP code area, since its outline is not in the data; EPSG:4326.

    Raises
    ------
    StudyError
        For another kind.
    """
    if kind not in CANDIDATES:
        raise StudyError(f"The candidates '{kind}' are unknown; choose one of {', '.join(CANDIDATES)}.")
    places = data.places(measured.study)
    places = places[places["population_count"] > 0].reset_index(drop=True)
    table = _rings(places, measured.study.crs) if kind == "places" else _hexagons(measured)
    return table.sort_values("candidate_id", ignore_index=True)


def _rings(places: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    flat = places.geometry.to_crs(crs)
    radius_m = np.sqrt(places["land_area_km2"].clip(lower=LEAST_AREA_KM2).fillna(LEAST_AREA_KM2) / np.pi) * 1000
    rings = gpd.GeoSeries(shapely.buffer(flat.to_numpy(), radius_m.to_numpy(), quad_segs=16), crs=crs).to_crs(STORAGE)
    return gpd.GeoDataFrame(
        {
            "candidate_id": places["place_id"],
            "name": places["place_name"] + " " + places["place_id"],
            "county_fips": places["county_fips"],
            "middle": gpd.GeoSeries(places.geometry.array, crs=STORAGE),
        },
        geometry=rings.array,
        crs=STORAGE,
    )


def _hexagons(measured: Measured) -> gpd.GeoDataFrame:
    cells, places = measured.cells, measured.places
    lived_in = {h3.latlng_to_cell(point.y, point.x, CELL_RESOLUTION) for point in places.geometry}
    # the fine cell in the middle of the area stands for it on the network
    middles = {h3.cell_to_center_child(area, measured.study.travel.h3_resolution): area for area in sorted(lived_in)}
    table = cells[cells["cell_id"].isin(middles)].reset_index(drop=True)
    ids = table["cell_id"].map(middles)
    outlines = [hexagon(area) for area in ids]
    return gpd.GeoDataFrame(
        {
            "candidate_id": ids,
            "name": beside(table, places, measured.study.crs),
            "county_fips": table["county_fips"],
            "middle": gpd.GeoSeries(table.geometry.array, crs=STORAGE),
        },
        geometry=outlines,
        crs=STORAGE,
    )


def hexagon(cell: str) -> shapely.Polygon:
    """Return the outline of an H3 cell in degrees."""
    return shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def near_stops(areas: gpd.GeoDataFrame, study: Study, distance_m: float) -> gpd.GeoDataFrame:
    """Keep the areas whose middle lies within so many metres of a stop of the study's feed.

    Raises
    ------
    StudyError
        The study has no feed, or no area is so near.
    """
    layer = study.layer("transit")
    if layer is None:
        raise StudyError("The study has no timetable, so no stops: kcgeo data add gtfs FEED.zip --study STUDY.")
    stops = read_gtfs(checked_layer(layer)).stops
    there = gpd.GeoSeries(gpd.points_from_xy(stops["stop_lon"], stops["stop_lat"]), crs=STORAGE).to_crs(study.crs)
    here = areas["middle"].to_crs(study.crs)
    near = np.unique(there.sindex.query(here.array, predicate="dwithin", distance=distance_m)[0])
    if not len(near):
        raise StudyError(f"No candidate lies within {distance_m:g} m of a stop; give more metres, or other candidates.")
    return areas.iloc[near].reset_index(drop=True)


def too_near(areas: gpd.GeoDataFrame, crs: str, distance_km: float) -> list[tuple[str, str]]:
    """List the pairs of areas whose middles are nearer than so many kilometres."""
    here = areas["middle"].to_crs(crs)
    one, other = here.sindex.query(here.array, predicate="dwithin", distance=distance_km * 1000 * (1 - 1e-9))
    ids = areas["candidate_id"].to_numpy()
    return [(str(ids[a]), str(ids[b])) for a, b in zip(one, other, strict=True) if a < b]


def beside(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame, crs: str) -> list[str]:
    """Name each area by the nearest place, for people who do not read cell ids; no two have one name."""
    here, there = areas.geometry.to_crs(crs), places.geometry.to_crs(crs)
    nearest = there.sindex.nearest(here, return_all=False)[1]
    names: list[str] = []
    for middle, row in zip(here, nearest, strict=True):
        place = there.iloc[row]
        angle = np.arctan2(middle.y - place.y, middle.x - place.x)
        side = _COMPASS[round(angle / (np.pi / 4)) % 8]
        km = place.distance(middle) / 1000
        about = f"{places['place_name'].iloc[row]} {str(places['place_id'].iloc[row]).partition('-')[0]}"
        names.append(f"around {about}" if km < 1 else f"{km:.0f} km {side} of {about}")
    twice = pd.Series(names)
    number = twice.groupby(twice).cumcount() + 1
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, number, strict=True)]
