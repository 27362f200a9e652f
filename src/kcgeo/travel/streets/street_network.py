"""Networks of streets with their shape, from a table of streets or an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kcgeo import crs as systems
from kcgeo.data.formats.streets.osm import osm_streets
from kcgeo.data.formats.streets.street_table import NO_SIDE_ACCESS, Mode, Streets
from kcgeo.errors import KcgeoError
from kcgeo.travel.arcs import LONGEST_MS, by_place, fastest, fastest_arcs, locked
from kcgeo.travel.edges import ACCESS_KMH, NEVER, Edges, Times
from kcgeo.travel.network import Network

__all__ = ["DRIVE_MODEL", "WALK_MODEL", "read_osm_pbf", "street_network"]

DRIVE_MODEL = "street model, free flow"
WALK_MODEL = "walking model"

_HIGHWAYS = ("motorway", "motorway_link", "trunk", "trunk_link")


def street_network(
    streets: Streets,
    *,
    max_snap_m: float = 2_000.0,
    access_kmh: float | None = None,
) -> Network:
    """Make a network of a street table; points join its edges.

    Parameters
    ----------
    streets
        Of :func:`kcgeo.data.formats.streets.street_table.load_streets` or a reader.
    max_snap_m
        A point farther than this from every street is ``off_network``.
    access_kmh
        Speed on the straight line from a point to its street; 20 km/h by car and 4.8 on foot where None.

    Returns
    -------
    Network
        Its times are length / speed, rounded to a millisecond an edge; ``notes`` are those of the streets.

    Raises
    ------
    KcgeoError
        ``access_kmh`` or ``max_snap_m`` is not above 0.
    """
    kmh = ACCESS_KMH[streets.mode] if access_kmh is None else float(access_kmh)
    if not kmh > 0 or not max_snap_m > 0:
        raise KcgeoError("access_kmh and max_snap_m must be above 0.")
    lon_lat = np.column_stack([streets.lon, streets.lat])
    ids = streets.node_id.astype(object)
    order = by_place(lon_lat, ids)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    tails, heads = place[streets.tail], place[streets.head]
    there_ms, back_ms = (_edge_ms(streets.length_m, speed) for speed in (streets.kmh, streets.kmh_back))
    goes, returns = there_ms < NEVER, back_ms < NEVER
    names = np.asarray(streets.classes, dtype=object)[streets.road_class]
    is_highway = np.isin(names, _HIGHWAYS)
    directed = (
        np.concatenate([tails[goes], heads[returns]]),
        np.concatenate([heads[goes], tails[returns]]),
        np.concatenate([there_ms[goes], back_ms[returns]]),
    )
    edges = Edges(
        tails=tails,
        heads=heads,
        there_ms=there_ms,
        back_ms=back_ms,
        line_at=streets.line_at,
        line_xy=streets.line_xy,
        has_side_access=~np.isin(names, NO_SIDE_ACCESS) | (streets.mode == "walk"),
        is_highway=is_highway,
        arc_is_highway=np.concatenate([is_highway[goes], is_highway[returns]])[fastest(*directed)],
        access_kmh=kmh,
    )
    return Network(
        node_ids=locked(ids[order]),
        xy=locked(lon_lat[order]),
        arcs=fastest_arcs(len(order), *directed),
        crs=systems.STORAGE,
        max_snap_m=float(max_snap_m),
        model=DRIVE_MODEL if streets.mode == "drive" else WALK_MODEL,
        edges=edges,
        notes=streets.notes,
    )


def _edge_ms(length_m: npt.NDArray[np.float64], kmh: npt.NDArray[np.float32]) -> Times:
    allowed = kmh > 0
    times = np.full(len(kmh), NEVER, dtype=np.int64)
    times[allowed] = np.minimum(np.rint(length_m[allowed] * 3_600.0 / kmh[allowed].astype(np.float64)), LONGEST_MS)
    return times


def read_osm_pbf(
    path: str | Path,
    *,
    mode: Mode = "drive",
    class_kmh: Mapping[str, float] | None = None,
    max_snap_m: float = 2_000.0,
    access_kmh: float | None = None,
) -> Network:
    """Read an OpenStreetMap extract as a network whose streets places join at the nearest point.

    Parameters
    ----------
    path
        ``.osm.pbf`` or XML; needs the package osmium (extra ``network``).
    mode
        ``drive``, or ``walk`` for people without a car.
    class_kmh
        Speeds by road class that take the place of some in ``kcgeo.data.formats.streets.osm.DRIVE_KMH``.
    max_snap_m, access_kmh
        See :func:`street_network`.

    Returns
    -------
    Network
        The largest strongly connected part; ``notes`` say what was left out and assumed.

    Raises
    ------
    TableError
        The file cannot be read, or holds no street.
    KcgeoError
        osmium is missing, or a speed is impossible.
    """
    streets = osm_streets(Path(path), mode=mode, class_kmh=class_kmh)
    return street_network(streets, max_snap_m=max_snap_m, access_kmh=access_kmh)
