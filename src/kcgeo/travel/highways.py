"""The highway graph on top of the grid: exits between the ends of long edges, ramps down to the cells.

A bridge must not be a ramp in disguise. So each highway node has the bank of the county that it lies in, its ramp leads
to a cell of that bank, and exits are put on an edge only where it is known on which bank they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kcgeo.data.study.settings import Barrier
from kcgeo.travel.grid import banks, cut

__all__ = ["Highways", "highways"]

_ON_EDGE_M = 250.0  # a listed exit belongs to an edge that passes it this closely
_EXTENT_M = 3_000.0  # and a list of exits covers its route this far beyond its outermost exits
_RAMP_RINGS = 2  # how many rings of cells a ramp may reach over to stay on its bank


class Highways(NamedTuple):
    """Nodes (ends of edges and exits), edges between them, and ramps, by positions in these tables and in the cells."""

    node_ids: list[str]
    lon_lat: npt.NDArray[np.float64]
    tails: npt.NDArray[np.intp]
    heads: npt.NDArray[np.intp]
    length_km: npt.NDArray[np.float64]
    ramp_nodes: npt.NDArray[np.intp]
    ramp_cells: npt.NDArray[np.intp]


class _Stop(NamedTuple):
    share: float  # of the way along the edge
    node_id: str
    point: shapely.Point


def highways(
    nodes: gpd.GeoDataFrame,
    edges: pd.DataFrame,
    exits: gpd.GeoDataFrame | None,
    counties: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    *,
    crs: str,
    barriers: Sequence[Barrier],
    exit_spacing_km: float,
) -> Highways:
    """Put exits on the edges and ramps on the nodes.

    An edge of a route whose exits are listed gets those and no others; another that is longer than
    ``exit_spacing_km`` is divided evenly. An edge that crosses a barrier gets exits from each end only as far as the
    land of that end's bank reaches, and an edge within one bank gets none where its straight course strays.

    Parameters
    ----------
    nodes, edges, exits, counties
        As in :class:`kcgeo.travel.Layers`.
    cells
        Table of :func:`kcgeo.travel.grid.grid_cells`.
    crs
        Metric CRS.
    """
    nodes = nodes.sort_values("node_id", ignore_index=True)
    names = nodes["node_id"].astype(str)
    at = pd.Index(names)
    edges = _fastest_once(edges)
    tails, heads = (at.get_indexer(pd.Index(edges[key])) for key in ("from_node_id", "to_node_id"))
    stops = _stops(nodes, edges, tails, heads, exits, crs, exit_spacing_km)
    fips = _county_at(nodes.geometry, counties)
    side = banks(fips, barriers)
    stops = _on_known_bank(stops, tails, heads, fips, side, counties, barriers)
    inserted = [stop for part in stops for stop in part]
    points = gpd.GeoSeries([*nodes.geometry, *(stop.point for stop in inserted)], crs=nodes.crs)
    fips = _county_at(points, counties)
    links = _links(tails, heads, edges["length_km"].to_numpy(dtype=np.float64), stops, len(nodes))
    ramp_nodes, ramp_cells = _ramps(points, fips, cells, barriers, crs)
    return Highways(
        [f"highway-{name}" for name in names] + [stop.node_id for stop in inserted],
        np.column_stack([points.x, points.y]),
        links[:, 0].astype(np.intp),
        links[:, 1].astype(np.intp),
        links[:, 2],
        ramp_nodes,
        ramp_cells,
    )


def _fastest_once(edges: pd.DataFrame) -> pd.DataFrame:
    """Keep each pair of nodes once, the shorter where it comes twice; all edges are passable both ways."""
    ends = np.sort(edges[["from_node_id", "to_node_id"]].astype(str).to_numpy(dtype=object), axis=1)
    table = pd.DataFrame(
        {
            "from_node_id": ends[:, 0],
            "to_node_id": ends[:, 1],
            "length_km": edges["length_km"].to_numpy(),
            "routes": edges["routes"].to_numpy() if "routes" in edges.columns else "",
        }
    )
    table = table[table["from_node_id"] != table["to_node_id"]]
    table = table.sort_values(["from_node_id", "to_node_id", "length_km"])
    return table.drop_duplicates(["from_node_id", "to_node_id"], ignore_index=True)


def _county_at(points: gpd.GeoSeries, counties: gpd.GeoDataFrame) -> pd.Series:
    """County that each point lies in, as text; empty text outside all of them."""
    shapes = counties.sort_values("county_fips", ignore_index=True)
    row, county = shapes.sindex.query(points.to_numpy(), predicate="intersects")
    found = np.full(len(points), "", dtype=object)
    order = np.lexsort((county, row))[::-1]  # the last write wins: the lowest code where a point is on a border
    found[row[order]] = shapes["county_fips"].astype(str).to_numpy(dtype=object)[county[order]]
    return pd.Series(found)


def _stops(
    nodes: gpd.GeoDataFrame,
    edges: pd.DataFrame,
    tails: npt.NDArray[np.intp],
    heads: npt.NDArray[np.intp],
    exits: gpd.GeoDataFrame | None,
    crs: str,
    spacing_km: float,
) -> list[list[_Stop]]:
    """List the exits of each edge in order of the way: known ones, else evenly spaced ones."""
    flat, points = nodes.geometry.to_crs(crs), nodes.geometry.to_numpy()
    xy = np.column_stack([flat.x, flat.y])
    chords = np.asarray(shapely.linestrings(np.stack([xy[tails], xy[heads]], axis=1)), dtype=object)
    listed, covered = _listed(chords, edges["routes"], exits, crs)
    stops = []
    for row, (a, b, km) in enumerate(zip(tails, heads, edges["length_km"], strict=True)):
        gaps = 1 if covered[row] else int(np.ceil(km / spacing_km))
        shares = listed.get(row) or [step / gaps for step in range(1, gaps)]
        course = shapely.LineString([points[a], points[b]])
        name = f"exit-{edges['from_node_id'].iloc[row]}-{edges['to_node_id'].iloc[row]}"
        stops.append(
            [
                _Stop(share, f"{name}-{count:02d}", course.interpolate(share, normalized=True))
                for count, share in enumerate(shares, start=1)
            ]
        )
    return stops


def _listed(
    chords: npt.NDArray[np.object_], routes: pd.Series, exits: gpd.GeoDataFrame | None, crs: str
) -> tuple[dict[int, list[float]], npt.NDArray[np.bool_]]:
    """Return the shares of the way at which known exits lie on the edges, and which edges the lists cover.

    An exit belongs to the nearest edge of its route. A list covers the edges of its route that lie within its extent.
    """
    shares: dict[int, list[float]] = {}
    covered = np.zeros(len(chords), dtype=bool)
    if exits is None or exits.empty or not len(chords):
        return shares, covered
    names = routes.fillna("").astype(str).str.split("|")
    middle = shapely.line_interpolate_point(chords, 0.5, normalized=True)
    for route, known in exits.to_crs(crs).groupby("route", sort=True):
        rows = np.flatnonzero([route in name for name in names])
        if not len(rows):
            continue
        extent = shapely.box(*known.total_bounds).buffer(_EXTENT_M)
        covered[rows] |= shapely.intersects(extent, middle[rows])
        tree = shapely.STRtree(chords[rows])
        spot, edge = tree.query_nearest(known.geometry.to_numpy(), max_distance=_ON_EDGE_M, all_matches=False)
        for one, row in zip(spot, rows[edge], strict=True):
            length_m, along_m = chords[row].length, chords[row].project(known.geometry.iloc[one])
            if _ON_EDGE_M < along_m < length_m - _ON_EDGE_M:  # nearer to an end it is that end's own ramp
                shares.setdefault(int(row), []).append(along_m / length_m)
    return {row: sorted(set(found)) for row, found in shares.items()}, covered


def _on_known_bank(
    stops: list[list[_Stop]],
    tails: npt.NDArray[np.intp],
    heads: npt.NDArray[np.intp],
    fips: pd.Series,
    side: npt.NDArray[np.int8],
    counties: gpd.GeoDataFrame,
    barriers: Sequence[Barrier],
) -> list[list[_Stop]]:
    """Leave out exits whose bank is in doubt: go from each end as long as the land is on the bank of that end."""
    flat = [stop.point for part in stops for stop in part]
    lands = _county_at(gpd.GeoSeries(flat, crs=counties.crs), counties) if flat else pd.Series([], dtype=object)
    sides = banks(lands, barriers)
    kept, begin = [], 0
    for part, a, b in zip(stops, tails, heads, strict=True):
        land, bank = lands.iloc[begin : begin + len(part)].to_numpy(), sides[begin : begin + len(part)]
        begin += len(part)
        sure = _run(land, bank, fips.iloc[a], side[a]) | _run(land[::-1], bank[::-1], fips.iloc[b], side[b])[::-1]
        kept.append([stop for stop, known in zip(part, sure, strict=True) if known])
    return kept


def _run(
    land: npt.NDArray[np.object_], bank: npt.NDArray[np.int8], end_land: str, end_bank: npt.NDArray[np.int8]
) -> npt.NDArray[np.bool_]:
    """Mark the exits from this end on, up to the first that is outside the counties or on another bank."""
    if end_land == "":
        return np.zeros(len(land), dtype=bool)
    same = (land != "") & ~cut(bank, np.broadcast_to(end_bank, bank.shape))
    return np.logical_and.accumulate(same) if len(same) else same


def _links(
    tails: npt.NDArray[np.intp],
    heads: npt.NDArray[np.intp],
    length_km: npt.NDArray[np.float64],
    stops: list[list[_Stop]],
    node_count: int,
) -> npt.NDArray[np.float64]:
    """Split each edge at its exits, keeping its whole length: rows of tail, head, kilometres."""
    rows, at = [], node_count
    for a, b, km, part in zip(tails, heads, length_km, stops, strict=True):
        chain = [int(a), *range(at, at + len(part)), int(b)]
        shares = [0.0, *(stop.share for stop in part), 1.0]
        at += len(part)
        rows += [
            (chain[step], chain[step + 1], km * (shares[step + 1] - shares[step])) for step in range(len(chain) - 1)
        ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _ramps(
    points: gpd.GeoSeries, fips: pd.Series, cells: pd.DataFrame, barriers: Sequence[Barrier], crs: str
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Join each node inside a county to the cell that holds it, or to the nearest one on its own bank."""
    resolution = h3.get_resolution(cells["cell_id"].iloc[0])
    position = {cell: at for at, cell in enumerate(cells["cell_id"])}
    cell_side, node_side = banks(cells["county_fips"], barriers), banks(fips, barriers)
    flat = points.to_crs(crs)
    centres = gpd.GeoSeries(gpd.points_from_xy(cells["lon"], cells["lat"]), crs=points.crs).to_crs(crs)
    centre_xy = np.column_stack([centres.x, centres.y])
    found: list[tuple[int, int]] = []
    for node in np.flatnonzero(fips != ""):
        home = h3.latlng_to_cell(points.iloc[node].y, points.iloc[node].x, resolution)
        near = [position[cell] for cell in [home, *sorted(h3.grid_disk(home, _RAMP_RINGS))] if cell in position]
        near = [at for at in near if not (cell_side[at] * node_side[node] < 0).any()]
        if near and cells["cell_id"].iloc[near[0]] == home:
            found.append((int(node), near[0]))
        elif near:
            metres = np.hypot(*(centre_xy[near] - (flat.iloc[node].x, flat.iloc[node].y)).T)
            found.append((int(node), near[int(np.argmin(metres))]))
    pairs = np.array(found, dtype=np.intp).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
