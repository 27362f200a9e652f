"""Storage is EPSG:4326, measuring is in the metric CRS of the study; nothing is reprojected silently."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from kcgeo.errors import CrsError, first_ids

__all__ = ["STORAGE", "point_faults", "require", "require_metric"]

STORAGE = "EPSG:4326"


def require(layer: gpd.GeoDataFrame | gpd.GeoSeries, crs: str = STORAGE, *, what: str = "layer") -> None:
    """Refuse a layer whose CRS is missing or is not ``crs``.

    Raises
    ------
    CrsError
        The sentence names the layer, both systems and the cure.
    """
    if layer.crs is None:
        raise CrsError(f"The {what} has no CRS; set the one it was made in, e.g. {what}.set_crs('{STORAGE}').")
    if CRS(layer.crs) != CRS(crs):
        raise CrsError(
            f"The {what} is in {layer.crs.to_string()} where {crs} is needed; convert it with .to_crs('{crs}')."
        )


def point_faults(layer: gpd.GeoDataFrame | gpd.GeoSeries, ids: pd.Index, *, what: str) -> list[str]:
    """Return a sentence for each fault of a layer of points: rows without a point, and points that cannot be.

    A point can be where both numbers are finite and its reference system can hold them: degrees of longitude from -180
    to 360 and of latitude from -90 to 90, or metres that lead back to a place of the earth.

    Examples
    --------
    >>> swapped = gpd.GeoSeries.from_xy([39.1], [-94.6], crs="EPSG:4326")
    >>> point_faults(swapped, pd.Index(["s-1"]), what="services")
    ['The services hold points that EPSG:4326 cannot hold (s-1: 39.1, -94.6); mend them: x is longitude, y latitude.']
    """
    shapes = layer.geometry
    bare = (shapes.isna() | shapes.is_empty | (shapes.geom_type != "Point")).to_numpy()
    problems = []
    if bare.any():
        problems.append(
            f"The {what} hold rows without a point ({first_ids(ids[bare])}); leave out those that have no place."
        )
    xy = np.column_stack([shapes[~bare].x, shapes[~bare].y])
    held = np.isfinite(xy).all(axis=1)
    if layer.crs is not None and layer.crs.is_geographic:
        held &= (xy[:, 0] >= -180) & (xy[:, 0] <= 360) & (np.abs(xy[:, 1]) <= 90)
    elif layer.crs is not None and held.any():
        back = Transformer.from_crs(layer.crs, STORAGE, always_xy=True).transform(xy[:, 0], xy[:, 1])
        held &= np.isfinite(back).all(axis=0)
    if not held.all():
        lost = zip(ids[~bare][~held], xy[~held], strict=True)
        named = first_ids(f"{name}: {x:g}, {y:g}" for name, (x, y) in lost)
        system = "its system" if layer.crs is None else layer.crs.to_string()
        problems.append(
            f"The {what} hold points that {system} cannot hold ({named}); mend them: x is longitude, y latitude."
        )
    return problems


def require_metric(crs: str | CRS) -> CRS:
    """Return ``crs`` as an object where it is projected in metres, and refuse it otherwise.

    Raises
    ------
    CrsError
        For a geographic CRS, or one whose axes are not in metres: distances in degrees mean nothing.
    """
    system = CRS(crs)
    if not system.is_projected or any(axis.unit_name != "metre" for axis in system.axis_info[:2]):
        raise CrsError(f"{system.to_string()} does not measure in metres; choose a projected CRS such as EPSG:26915.")
    return system
