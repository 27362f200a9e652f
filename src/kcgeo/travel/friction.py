"""Free-flow travel times without a street map: a hexagon grid for local ways, a highway graph on top.

The method of WHO's AccessMod (Ray and Ebener 2008) on hexagons. Neighbouring cells are joined at local speed; a
barrier (a river that runs along county lines) cuts cell-to-cell moves, so it is crossed on highways only; a highway
node joins the cell it lies in by a ramp, on its own bank; highway edges run at highway speed, and long ones get the
exits between their ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Transformer

from kcgeo import crs as systems
from kcgeo import data
from kcgeo.data.places.hexagons import grid_cells
from kcgeo.data.study.layers import Layer
from kcgeo.data.study.settings import Barrier, Study
from kcgeo.errors import StudyError, first_ids
from kcgeo.travel.arcs import MS_PER_MIN, Arcs
from kcgeo.travel.grid import banks, cell_points, density_per_km2, links, local_kmh, neighbours
from kcgeo.travel.highways import highways
from kcgeo.travel.network import Network

__all__ = ["HEX_DETOUR", "Layers", "cells", "friction_network", "layers"]

HEX_DETOUR = 3 / np.pi * (np.sqrt(3) / 2 + 1 / (2 * np.sqrt(3)))
"""Way from centre to centre over a hexagon grid / straight line, mean over all directions: 1.103."""

MODEL = "free-flow friction grid"


@dataclass(frozen=True, eq=False)
class Layers:
    """What the grid is made of; each table as ``kcgeo.data.load`` gives it.

    Attributes
    ----------
    counties
        ``county_fips`` and polygons; all are part of the network, also those outside the study.
    places
        ``population_count, land_area_km2`` and points, for the density that local speed depends on.
    highway_nodes, highway_edges
        ``node_id`` and points; ``from_node_id, to_node_id, length_km`` and, where known, ``routes`` (names joined by
        ``|``); each edge is passable both ways.
    exits
        Points of known exits with ``route``; None where no list is known.
    """

    counties: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    highway_nodes: gpd.GeoDataFrame
    highway_edges: pd.DataFrame
    exits: gpd.GeoDataFrame | None = None


class _Plan(NamedTuple):
    """All that does not depend on speeds: the arcs, each with its length, and the settled density at every cell."""

    node_ids: npt.NDArray[np.object_]
    lon_lat: npt.NDArray[np.float64]
    indptr: npt.NDArray[np.int32]
    tails: npt.NDArray[np.intp]
    heads: npt.NDArray[np.intp]
    local_km: npt.NDArray[np.float64]
    highway_km: npt.NDArray[np.float64]
    ramp_count: npt.NDArray[np.float64]
    density: npt.NDArray[np.float64]
    cell_ids: npt.NDArray[np.object_]


def layers(study: Study) -> Layers:
    """Return what the grid of a study is made of: packaged tables, or its own layers where it has some.

    Studies that share counties, CRS and places share the layers too, so that other speeds cost no second reading.
    """
    return _layers(_ground(study))


def cells(study: Study, *, layers: Layers | None = None) -> gpd.GeoDataFrame:
    """Grid cells of the study's counties as points: origins for surfaces.

    Parameters
    ----------
    study
        Its counties and H3 resolution count.
    layers
        Other layers than those of :func:`layers`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``cell_id`` (rising), ``county_fips`` (the county of the cell's centre), ``geometry`` (centre, EPSG:4326).

    Raises
    ------
    StudyError
        A county of the study is not among the counties.
    """
    used = layers or _layers(_ground(study))
    _check_counties(study, used)
    table = _cells(used, study.travel.h3_resolution)
    return cell_points(table[table["county_fips"].isin(study.counties)])


def friction_network(study: Study, *, layers: Layers | None = None) -> Network:
    """Free-flow network of a study without a street map.

    Time between neighbouring cells: distance x circuity / ``HEX_DETOUR`` / local speed, half at the speed of either
    cell; circuity is way / straight line, of which a walk over hexagons already holds the factor ``HEX_DETOUR``. Time
    on a highway: length / highway speed; on and off it: ``ramp_min`` each. A second network with other speeds of the
    same study costs a few hundredths of a second.

    Parameters
    ----------
    study
        ``study.travel`` holds speeds, circuity, ramps, barriers; see ``studies/kansas-city.toml``.
    layers
        Other layers than those of :func:`layers`.

    Returns
    -------
    Network
        Nodes: H3 cells of all counties of the layers (those outside the study are passed through), ends of highway
        edges (``highway-...``) and exits (``exit-...``). Points meet cells only. Symmetric: there are no one-ways.

    Raises
    ------
    StudyError
        A county of the study is not among the counties.

    Notes
    -----
    It knows no congestion, turn, signal or one-way street, and no local bridge over a barrier.
    Ray N, Ebener S (2008), AccessMod 3.0, International Journal of Health Geographics 7:63.
    """
    used = layers or _layers(_ground(study))
    _check_counties(study, used)
    travel = study.travel
    plan = _plan(used, travel.h3_resolution, study.crs, travel.barriers, travel.exit_spacing_km)
    pace = 1.0 / local_kmh(plan.density, travel.local_kmh)
    hours = plan.local_km * (travel.circuity / HEX_DETOUR) * (pace[plan.tails] + pace[plan.heads]) / 2
    hours += plan.highway_km / travel.highway_kmh
    minutes = 60.0 * hours + plan.ramp_count * travel.ramp_min
    time_ms = np.rint(minutes * MS_PER_MIN).astype(np.int32)
    time_ms.setflags(write=False)
    return Network(
        node_ids=plan.node_ids,
        xy=plan.lon_lat,
        arcs=Arcs(plan.indptr, plan.heads.astype(np.int32), time_ms),
        crs=systems.STORAGE,
        max_snap_m=travel.max_snap_m,
        model=MODEL,
        h3_resolution=travel.h3_resolution,
        snap_ids=plan.cell_ids,
    )


def _check_counties(study: Study, used: Layers) -> None:
    known = set(used.counties["county_fips"].astype(str))
    unknown = [fips for fips in study.counties if fips not in known]
    if unknown:
        raise StudyError(
            f"The counties {first_ids(unknown)} of the study are not in the data, which have "
            f"{first_ids(sorted(known), limit=99)}."
        )


@dataclass(frozen=True)
class _Ground:
    """What the layers of a study depend on."""

    counties: tuple[str, ...]
    crs: str
    places: Layer | None
    study: Study = field(compare=False)


def _ground(study: Study) -> _Ground:
    return _Ground(study.counties, study.crs, study.layer("places"), study)


@lru_cache(maxsize=4)
def _layers(ground: _Ground) -> Layers:
    study = ground.study
    settled = data.places_around(study)
    if not (settled["land_area_km2"] > 0).any():  # a source without land areas says nothing of density
        settled = data.places_around(replace(study, layers=()))
    return Layers(
        counties=data.ground(study),
        places=settled,
        highway_nodes=data.highway_nodes(study),
        highway_edges=data.highway_edges(study),
        exits=data.exits(study),
    )


@lru_cache(maxsize=4)
def _cells(used: Layers, resolution: int) -> pd.DataFrame:
    return grid_cells(used.counties, resolution)


@lru_cache(maxsize=4)
def _plan(used: Layers, resolution: int, crs: str, barriers: tuple[Barrier, ...], exit_spacing_km: float) -> _Plan:
    """Lay out cells, highways and ramps as sorted arcs; only times are left to fill in."""
    table = _cells(used, resolution)
    xy = _metric(table["lon"].to_numpy(), table["lat"].to_numpy(), crs)
    one, other = neighbours(table["cell_id"].tolist())
    roads = highways(
        used.highway_nodes,
        used.highway_edges,
        used.exits,
        used.counties,
        table,
        crs=crs,
        barriers=barriers,
        exit_spacing_km=exit_spacing_km,
    )
    side = banks(table["county_fips"], barriers)
    one, other = links(xy, side, one, other, roads.ramp_cells)
    local_km = np.hypot(*(xy[one] - xy[other]).T) / 1000
    count = len(table)
    tails = np.concatenate([one, roads.tails + count, roads.ramp_nodes + count])
    heads = np.concatenate([other, roads.heads + count, roads.ramp_cells])
    lengths = np.zeros((len(tails), 3))  # local km, highway km, ramps
    lengths[: len(one), 0] = local_km
    lengths[len(one) : len(one) + len(roads.tails), 1] = roads.length_km
    lengths[len(one) + len(roads.tails) :, 2] = 1
    ids = np.array([*table["cell_id"], *roads.node_ids], dtype=object)
    lon_lat = np.vstack([table[["lon", "lat"]].to_numpy(), roads.lon_lat])
    density = np.zeros(len(ids))
    density[:count] = _density(used.places, xy, crs)
    return _sorted_plan(ids, lon_lat, tails, heads, lengths, density, table["cell_id"].to_numpy(dtype=object))


def _sorted_plan(
    ids: npt.NDArray[np.object_],
    lon_lat: npt.NDArray[np.float64],
    tails: npt.NDArray[np.intp],
    heads: npt.NDArray[np.intp],
    lengths: npt.NDArray[np.float64],
    density: npt.NDArray[np.float64],
    cell_ids: npt.NDArray[np.object_],
) -> _Plan:
    """Put the nodes in order of id; turn each link into two arcs, and sort these by tail and head."""
    order = np.argsort(ids)
    place = np.empty(len(ids), dtype=np.intp)
    place[order] = np.arange(len(ids))
    both = place[np.concatenate([tails, heads])], place[np.concatenate([heads, tails])]
    rank = np.lexsort((both[1], both[0]))
    indptr = np.zeros(len(ids) + 1, dtype=np.int32)
    np.cumsum(np.bincount(both[0], minlength=len(ids)), out=indptr[1:])
    local_km, highway_km, ramp_count = np.concatenate([lengths, lengths])[rank].T
    plan = _Plan(
        ids[order],
        lon_lat[order],
        indptr,
        both[0][rank],
        both[1][rank],
        local_km,
        highway_km,
        ramp_count,
        density[order],
        cell_ids,
    )
    for array in plan:
        array.setflags(write=False)
    return plan


def _density(places: gpd.GeoDataFrame, xy: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    """People per km2 at the cells; areas without land or people (post-office boxes) do not count."""
    settled = places[(places["land_area_km2"] > 0) & places["population_count"].notna()]
    area_xy = _metric(settled.geometry.x.to_numpy(), settled.geometry.y.to_numpy(), crs)
    return density_per_km2(
        xy,
        area_xy,
        settled["land_area_km2"].to_numpy(dtype=np.float64),
        settled["population_count"].to_numpy(dtype=np.float64),
    )


def _metric(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    plane = Transformer.from_crs(systems.STORAGE, crs, always_xy=True)
    return np.column_stack(plane.transform(lon, lat))
