"""Storage is EPSG:4326, measuring is in the metric CRS of the study; nothing is reprojected silently."""

from __future__ import annotations

import geopandas as gpd
from pyproj import CRS

from kcgeo.errors import CrsError

__all__ = ["STORAGE", "require", "require_metric"]

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
