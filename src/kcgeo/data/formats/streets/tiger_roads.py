"""TIGER/Line roads as a street network: lines meet at shared vertices, speeds come from the class of road.

TIGER knows no one-ways, speeds or levels. So every road is taken as open both ways, and speeds are assumptions. Where
lines of different levels share a vertex (a street over a motorway) no junction may arise: an inner vertex of a
limited-access road or ramp joins roads of that kind only; such a road is entered where one of them ends.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from kcgeo import crs as systems
from kcgeo.data.formats.about_study import check_reach
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.places.boundaries import PUBLIC_DOMAIN, vintage_of
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.streets.street_table import Streets, Ways, connected, noded, save_streets
from kcgeo.data.formats.streets.tiger import read_road_lines
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError

__all__ = ["ROAD_CLASSES", "read", "road_streets"]

ROAD_CLASSES: dict[str, tuple[str, float]] = {
    "S1100": ("motorway", 105.0),
    "S1200": ("primary", 65.0),
    "S1400": ("residential", 40.0),
    "S1630": ("motorway_link", 55.0),
    "S1640": ("service", 40.0),
    "S1730": ("alley", 15.0),
    "S1780": ("parking", 15.0),
}
"""Class name and assumed speed in km/h of each MTFCC that is driven on; trails, walks and private roads are not."""

_LIMITED = ("S1100", "S1630")
_DIGITS = 6  # decimal degrees in which TIGER is published: 0.1 m


def road_streets(lines: gpd.GeoDataFrame) -> Streets:
    """Make streets of TIGER lines.

    Parameters
    ----------
    lines
        ``mtfcc`` and LineStrings in EPSG:4326, as :func:`kcgeo.data.formats.streets.tiger.read_road_lines` gives them.

    Returns
    -------
    Streets
        Both ways everywhere; the largest connected part, with notes.

    Raises
    ------
    TableError
        No line has a class that is driven on.
    CrsError
        The lines are not in EPSG:4326.
    """
    systems.require(lines, what="roads")
    driven = lines[lines["mtfcc"].isin(list(ROAD_CLASSES)).to_numpy()]
    if driven.empty:
        raise TableError(f"The roads hold no line of a class that is driven on ({', '.join(ROAD_CLASSES)}).")
    shapes = driven.geometry.to_numpy()
    lon_lat = shapely.get_coordinates(shapes)
    begins = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(shapes))]).astype(np.int64)
    codes = driven["mtfcc"].to_numpy(dtype=object)
    refs, vertices = _vertices(lon_lat, begins, np.isin(codes, _LIMITED))
    names = list(ROAD_CLASSES)
    road_class = np.array([names.index(code) for code in codes], dtype=np.uint8)
    kmh = np.array([speed for _, speed in ROAD_CLASSES.values()], dtype=np.float32)[road_class]
    ids = np.char.add(np.char.mod("%.6f", vertices[:, 0]), np.char.add(",", np.char.mod("%.6f", vertices[:, 1])))
    upper = vertices[:, 2] > 0
    ways = Ways(
        refs=refs,
        begins=begins,
        kmh=kmh,
        kmh_back=kmh,
        road_class=road_class,
        classes=tuple(name for name, _ in ROAD_CLASSES.values()),
        vertex_id=np.where(upper, np.char.add(ids, " above"), ids),
        lon_lat=vertices[:, :2],
    )
    notes = [
        "TIGER has no one-ways: every road is taken as open both ways.",
        "TIGER has no speeds: each class of road has an assumed one.",
    ]
    if len(driven) < len(lines):
        notes.append(
            f"{len(lines) - len(driven):,} of {len(lines):,} lines (trails, walks, private roads) are left out."
        )
    return connected(noded(ways, mode="drive", notes=notes))


def _vertices(
    lon_lat: npt.NDArray[np.float64], begins: npt.NDArray[np.int64], limited: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Give vertices numbers by place and level; a limited road is above, but where such a road ends."""
    place = np.round(lon_lat, _DIGITS) + 0.0  # no minus zero
    spots, spot = np.unique(place, axis=0, return_inverse=True)
    above = np.repeat(limited, np.diff(begins))
    ends = np.concatenate([begins[:-1][limited], begins[1:][limited] - 1])
    open_spot = np.zeros(len(spots), dtype=bool)
    open_spot[spot[ends]] = True
    level = above & ~open_spot[spot]
    code, refs = np.unique(spot * 2 + level, return_inverse=True)
    return refs.astype(np.int64), np.column_stack([spots[code // 2], code % 2])


def read(path: Path, study: Study, *, layer: str | None = None) -> Converted:
    """Convert TIGER/Line roads, of one county or of a folder of several, into the layer ``streets``."""
    lines, notes = read_road_lines(path, layer=layer)
    with refusing(path, "a file of TIGER/Line roads"):
        streets = road_streets(lines)
    return Converted(
        write=lambda target: save_streets(streets, target),
        title="TIGER/Line roads, US Census Bureau",
        vintage=vintage_of(path),
        licence=PUBLIC_DOMAIN,
        notes=(*notes, *streets.notes, *check_reach(study, streets.lon, streets.lat, what="street")),
    )
