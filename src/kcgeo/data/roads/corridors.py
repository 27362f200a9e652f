"""Interstates by state with mileposts: from a point to a mile and back.

A milepost belongs to a mile system: the miles of a route in one state, or the Kansas Turnpike's own miles on I-70
(183 to 226 there, 410 to 424 east of it). Mileposts are calibrated between a few anchors that are known to a whole mile
(table ``corridor_anchors``): trust them to half a mile near an anchor, to a mile elsewhere. Six of the eight
interstates have no mileposts, since no number of theirs is known to the data package.

I-35 and I-70 share the north side of the downtown loop: there a point has a mile on each route, so every function here
takes the rows of one route.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kcgeo import crs as systems
from kcgeo.data.package.catalogue import load, package_folder
from kcgeo.data.roads import linear, tracing
from kcgeo.data.roads.highways import highway_edges, highway_nodes
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.region import counties, is_packaged, packaged
from kcgeo.data.study.settings import Route, Study
from kcgeo.errors import StudyError, TableError, first_ids, raise_all

__all__ = ["corridors", "mileposts", "point_at", "stations"]

_COLUMNS = ("route", "state", "from_mi", "to_mi", "vertex_mi", "metric_crs")
_COLUMNS_OF_LINES = ("system", *_COLUMNS)


def corridors(study: Study) -> gpd.GeoDataFrame:
    """Return the corridors of a study by state, clipped to its counties.

    A route comes from the study's own layer ``corridors`` where that holds it, else it is traced along the highway
    graph through the points that the study names, else it is the packaged line, with all others of the packaged region.

    Parameters
    ----------
    study
        Its counties bound the lines; in its CRS distances along and from the lines are measured.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each mile system and piece inside the study, sorted by ``system``: ``system, route, state, from_mi,
        to_mi, vertex_mi`` (mile of each vertex of the line, joined by "|"), ``metric_crs``, ``mile_basis``
        ("mileposts", or "miles along the line, not mileposts": these are counted from the west or south end of the
        route inside the study), ``geometry`` (LineString, EPSG:4326, towards rising miles). ``from_mi``, ``to_mi``,
        ``vertex_mi`` and ``mile_basis`` are missing where a packaged route has no mileposts.

    Raises
    ------
    StudyError
        A corridor of the study is neither packaged, nor in its layer, nor traced; or it cannot be traced.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> sorted(data.corridors(study)["route"].unique())
    ['I-29', 'I-35', 'I-435', 'I-470', 'I-49', 'I-635', 'I-670', 'I-70']
    """
    table = _corridors(study, package_folder()).copy()
    return table


@lru_cache(maxsize=8)
def _corridors(study: Study, folder: Path) -> gpd.GeoDataFrame:
    """Put a study's corridors together, once a session: a line is traced in a second."""
    own = _own(study)
    packed = _packaged_rows(study) if is_packaged(study) else []
    packed = [row for row in packed if row["route"] not in own]
    unknown = sorted(set(study.corridors) - set(own) - set(_packaged_routes(study)))
    if unknown:
        raise StudyError(
            f"study.corridors: {first_ids(unknown)} is not in the data package for these counties; name the points "
            "that it runs through in a section [[study.routes]] (kcgeo study new --via writes one), or add TIGER "
            "primary roads to the study with kcgeo data add."
        )
    rows = [*packed, *(row for found in own.values() for row in found)]
    columns = [*_COLUMNS_OF_LINES, "mile_basis", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=study.crs)
    return table.sort_values("system", kind="stable", ignore_index=True).to_crs(systems.STORAGE)


def _packaged_routes(study: Study) -> list[str]:
    return list(packaged("corridors")["route"].unique()) if is_packaged(study) else []


def _packaged_rows(study: Study) -> list[dict[str, object]]:
    """Clip the packaged lines."""
    lines = packaged("corridors")
    area = shapely.union_all(counties(study).to_crs(study.crs).geometry.to_numpy())
    shapes = lines.to_crs(study.crs).geometry
    pieces = []
    for row, line in zip(lines.drop(columns="geometry").to_dict("records"), shapes, strict=True):
        has_miles = isinstance(row["vertex_mi"], str)
        miles = _numbers(row["vertex_mi"]) if has_miles else np.zeros(len(line.coords))
        for start, end in linear.stretches(line, area, shortest_m=tracing.SHORTEST_M):
            piece, along = linear.between(line, miles, start, end)
            along = along.round(6)
            ends = {"from_mi": along[0], "to_mi": along[-1], "vertex_mi": _text(along)} if has_miles else {}
            basis = tracing.MILEPOSTS if has_miles else None
            pieces.append(row | ends | {"metric_crs": study.crs, "mile_basis": basis, "geometry": piece})
    return pieces


def _own(study: Study) -> dict[str, list[dict[str, object]]]:
    """Trace the corridors that are not packaged, by route: through the study's layer, or through its points."""
    layer = study.layer("corridors")
    lines = None if layer is None else gpd.read_file(checked_layer(layer))
    pointed = {route.route: route for route in study.routes}
    held = set() if lines is None else set(lines["route"])
    wanted = [name for name in study.corridors if name in held or name in pointed]
    if not wanted:
        return {}
    land = counties(study).to_crs(study.crs)
    states = {str(state): shapely.union_all(rows.geometry.to_numpy()) for state, rows in land.groupby("state")}
    graph = None
    if set(wanted) - held:
        graph = tracing.graph_of_edges(highway_nodes(study), highway_edges(study), study.crs)
    made: dict[str, list[dict[str, object]]] = {}
    problems: list[str] = []
    for name in wanted:
        route = pointed.get(name, Route(name, ()))
        try:
            if lines is not None and name in held:
                roads: tracing.Roads = tracing.graph_of_lines(lines.geometry[lines["route"] == name], study.crs)
            else:
                assert graph is not None
                roads = graph
            way = _way(study, roads, route)
            made[name] = [_row(study, name, piece) for piece in tracing.pieces(way, route, states, study.crs)]
        except StudyError as error:
            problems += error.problems
    raise_all(problems, StudyError)
    return made


def _way(study: Study, roads: tracing.Roads, route: Route) -> tracing.Way:
    if not route.points:
        return tracing.rising(tracing.end_to_end(roads, route=route.route), route.route)
    points = gpd.GeoSeries([shapely.Point(point) for point in route.points], crs=systems.STORAGE).to_crs(study.crs)
    way = tracing.through(roads, shapely.get_coordinates(points.to_numpy()), route=route.route)
    return tracing.rising(way, route.route)


def _row(study: Study, route: str, piece: tracing.Piece) -> dict[str, object]:
    along = piece.vertex_mi.round(6) + 0.0  # no minus zero
    return {
        "system": f"{route} {piece.state}",
        "route": route,
        "state": piece.state,
        "from_mi": along[0],
        "to_mi": along[-1],
        "vertex_mi": _text(along),
        "metric_crs": study.crs,
        "mile_basis": piece.mile_basis,
        "geometry": piece.line,
    }


def mileposts(points: gpd.GeoDataFrame | gpd.GeoSeries, corridor: gpd.GeoDataFrame | str) -> pd.DataFrame:
    """Milepost, distance and side of the spot of a corridor that is nearest to each point.

    Parameters
    ----------
    points
        Points in EPSG:4326.
    corridor
        Rows of one route, of :func:`corridors` or ``load("corridors")``; or the route's name, for all packaged rows.

    Returns
    -------
    pandas.DataFrame
        On the index of ``points``: ``route, state, milepost_mi, offset_m`` (metres to the line, in the metric CRS
        of the corridor), ``side`` (L or R of a traveller towards rising mileposts, "on" within a metre). A point as
        near to two rows, as at the state line, gets the first row's milepost. On I-70 in Kansas the number tells the
        mile system: under 410 it is a turnpike mile.

    Raises
    ------
    CrsError
        The points or the corridor are not in EPSG:4326.
    TableError
        A row of ``points`` has no point; the corridor is empty, holds several routes, or has no mileposts.

    Examples
    --------
    >>> club = gpd.GeoSeries.from_xy([-94.748], [38.95], crs="EPSG:4326")
    >>> mileposts(club, "I-35").round(1)
      route state  milepost_mi  offset_m side
    0  I-35    KS        222.9     697.7    L
    """
    rows = _rows(corridor)
    systems.require(points, what="points")
    shapes = points.geometry
    raise_all(systems.point_faults(points, points.index, what="points"), TableError)
    xy = shapely.get_coordinates(shapes.to_crs(rows["metric_crs"].iloc[0]).to_numpy())
    found = [linear.locate(line, miles, xy) for line, miles in _lines(rows)]
    milepost, offset, side = (np.stack(part) for part in zip(*found, strict=True))
    nearest = offset.argmin(axis=0)
    each = np.arange(len(xy))
    return pd.DataFrame(
        {
            "route": rows["route"].to_numpy()[nearest],
            "state": rows["state"].to_numpy()[nearest],
            "milepost_mi": milepost[nearest, each],
            "offset_m": offset[nearest, each],
            "side": side[nearest, each],
        },
        index=points.index,
    )


def point_at(corridor: gpd.GeoDataFrame | str, state: str, milepost_mi: float) -> shapely.Point:
    """Return the point (EPSG:4326) of a milepost on a corridor; the inverse of :func:`mileposts` within a metre.

    Parameters
    ----------
    corridor
        Rows of one route, or the route's name.
    state
        Two letters: miles begin anew in each state.
    milepost_mi
        Milepost; on I-70 in Kansas a turnpike mile (under 410) or one of the route's own (410 and above).

    Raises
    ------
    TableError
        The route has no miles in that state, or no such milepost; the sentence names the valid range.

    Examples
    --------
    >>> shapely.set_precision(point_at("I-70", "MO", 8.0), 0.001)
    <POINT (-94.492 39.06)>
    """
    rows = _rows(corridor)
    route = rows["route"].iloc[0]
    inside = rows[rows["state"] == state]
    if inside.empty:
        raise TableError(f"{route} has no miles in '{state}'; it has some in {', '.join(rows['state'].unique())}.")
    here = inside[(inside["from_mi"] <= milepost_mi) & (milepost_mi <= inside["to_mi"])]
    if here.empty:
        ranges = ", ".join(
            f"{row.from_mi:.2f} to {row.to_mi:.2f} ({row.system})" for row in inside.itertuples(index=False)
        )
        raise TableError(f"{route} {state} has no milepost {milepost_mi}; it has {ranges}.")
    (line, miles) = next(_lines(here))
    xy = linear.place(line, miles, [milepost_mi])
    (point,) = _degrees(xy, here["metric_crs"].iloc[0])
    return shapely.Point(point)


def stations(corridor: gpd.GeoDataFrame | str, *, step_mi: float) -> gpd.GeoDataFrame:
    """Return points along a corridor at every multiple of a step of its mileposts.

    Parameters
    ----------
    corridor
        Rows of one route, or the route's name.
    step_mi
        Distance between stations in miles.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id`` (such as "I-35 KS 222.5"), ``system, route, state, milepost_mi``, ``geometry`` (points, EPSG:4326),
        rising along each row, rows sorted by state and ``from_mi``.

    Raises
    ------
    TableError
        The step is not above 0, or as :func:`mileposts`.
    """
    rows = _rows(corridor)
    if not step_mi > 0:
        raise TableError(f"step_mi must be above 0, not {step_mi}.")
    parts = []
    rows = rows.sort_values(["state", "from_mi"])
    for name, state, (line, miles) in zip(rows["system"], rows["state"], _lines(rows), strict=True):
        # a tolerance lets the ends count where they are multiples but for rounding
        first, last = np.ceil(miles[0] / step_mi - 1e-9), np.floor(miles[-1] / step_mi + 1e-9)
        at = np.clip(np.arange(first, last + 1) * step_mi, miles[0], miles[-1]) + 0.0  # no -0
        parts.append(
            gpd.GeoDataFrame(
                {
                    "id": [f"{name} {mile:.10g}" for mile in at],
                    "system": name,
                    "route": rows["route"].iloc[0],
                    "state": state,
                    "milepost_mi": at,
                },
                geometry=_degrees(linear.place(line, miles, at), rows["metric_crs"].iloc[0]).to_numpy(),
                crs=systems.STORAGE,
            )
        )
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=systems.STORAGE)


def _rows(corridor: gpd.GeoDataFrame | str) -> gpd.GeoDataFrame:
    """Check that a corridor is the rows of one route with mileposts."""
    if isinstance(corridor, str):
        table = load("corridors")
        corridor, name = table[table["route"] == corridor], corridor
        if corridor.empty:
            raise TableError(f"There is no route '{name}'; there is {', '.join(table['route'].unique())}.")
    missing = [name for name in _COLUMNS if name not in corridor.columns]
    raise_all((f"The corridor has no column {name}; take rows of load('corridors')." for name in missing), TableError)
    if corridor.empty:
        raise TableError("The corridor has no rows; choose one route, e.g. lines[lines['route'] == 'I-35'].")
    systems.require(corridor, what="corridor")
    routes = corridor["route"].unique()
    if len(routes) > 1:
        raise TableError(
            f"The corridor holds {first_ids(routes)}: choose one route, since two that share a road have a mile each."
        )
    if corridor["vertex_mi"].isna().any():
        raise TableError(f"{routes[0]} has no mileposts: none of its numbers is known.")
    raise_all(_shape_faults(corridor), TableError)
    return corridor


def _shape_faults(corridor: gpd.GeoDataFrame) -> Iterator[str]:
    if len(corridor["metric_crs"].unique()) > 1:
        yield "The rows of the corridor were measured in several systems (metric_crs); take them from one table."
    for row in corridor.itertuples(index=False):
        if row.geometry.geom_type != "LineString" or len(row.geometry.coords) != row.vertex_mi.count("|") + 1:
            yield (
                f"The line of {row.route} {row.state} does not have one milepost for each vertex; "
                "clip corridors with corridors(study), not by hand."
            )


def _lines(rows: gpd.GeoDataFrame) -> Iterator[tuple[shapely.LineString, npt.NDArray[np.float64]]]:
    """Give the line of each row in metres and the mileposts of its vertices."""
    lines = rows.geometry.to_crs(rows["metric_crs"].iloc[0])
    for line, miles in zip(lines, rows["vertex_mi"], strict=True):
        yield line, _numbers(miles)


def _degrees(xy: npt.NDArray[np.float64], metric_crs: str) -> gpd.GeoSeries:
    return gpd.GeoSeries.from_xy(xy[:, 0], xy[:, 1], crs=metric_crs).to_crs(systems.STORAGE)


def _numbers(vertex_mi: str) -> npt.NDArray[np.float64]:
    return np.array(vertex_mi.split("|"), dtype=np.float64)


def _text(vertex_mi: npt.NDArray[np.float64]) -> str:
    return "|".join(map(str, vertex_mi.tolist()))
