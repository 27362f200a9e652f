"""Released layers as one GeoPackage, the same bytes in every run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pyogrio

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.files import replacing

__all__ = ["write_geopackage"]

# the format asks for a date of the last change; a real one would make each run another file
_DATE = "2000-01-01T00:00:00.000Z"


def write_geopackage(released: Mapping[str, Released], path: Path) -> Path:
    """Write each release as a layer of ``path``, whole or not at all.

    Parameters
    ----------
    released
        Releases with geometry, by layer name; EPSG:4326.
    path
        File that ends in ``.gpkg``. Its dates are fixed and say nothing of when it was written.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or has no geometry.
    """
    layers = {name: require_released(item).table for name, item in released.items()}
    flat = [name for name, table in layers.items() if not isinstance(table, gpd.GeoDataFrame)]
    if flat or not layers:
        raise TableError(f"A GeoPackage needs layers with geometry; without are: {', '.join(flat) or 'all'}.")
    former = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        with replacing(path) as temporary:
            temporary.unlink()  # GDAL takes an empty file for a broken one
            for name, table in layers.items():
                append = temporary.exists()
                pyogrio.write_dataframe(
                    table, temporary, layer=name, driver="GPKG", append=append, layer_options={"DESCRIPTION": name}
                )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": former})
    return path
