"""Released layers as one GeoPackage with their styles for QGIS, the same bytes in every run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.files import replacing

__all__ = ["write_geopackage"]

# the format asks for a date of the last change; a real one would make each run another file
_DATE = "2000-01-01T00:00:00.000Z"

_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256),
  f_table_schema TEXT(256),
  f_table_name TEXT(256),
  f_geometry_column TEXT(256),
  styleName TEXT(30),
  styleQML TEXT,
  styleSLD TEXT,
  useAsDefault BOOLEAN,
  description TEXT,
  owner TEXT(30),
  ui TEXT(30),
  update_time DATETIME
)
"""


def write_geopackage(
    released: Mapping[str, Released], path: Path, *, styles: Mapping[str, Mapping[str, str]] | None = None
) -> Path:
    """Write each release as a layer of ``path``, whole or not at all.

    Parameters
    ----------
    released
        Releases with geometry, by layer name; EPSG:4326.
    path
        File that ends in ``.gpkg``. Its dates are fixed and say nothing of when it was written.
    styles
        QML by name of the style, for some of the layers; the first of a layer is the one that QGIS opens it with.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or has no geometry, or styles of a layer that is not there.
    """
    layers = {name: require_released(item).table for name, item in released.items()}
    flat = [name for name, table in layers.items() if not isinstance(table, gpd.GeoDataFrame)]
    if flat or not layers:
        raise TableError(f"A GeoPackage needs layers with geometry; without are: {', '.join(flat) or 'all'}.")
    strange = sorted(set(styles or {}) - set(layers))
    if strange:
        raise TableError(f"There are styles for {', '.join(strange)}, which are no layers of the GeoPackage.")
    former = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        with replacing(path) as temporary:
            temporary.unlink()  # GDAL takes an empty file for a broken one
            for name, table in layers.items():
                append = temporary.exists()
                pyogrio.write_dataframe(
                    _plain(table),
                    temporary,
                    layer=name,
                    driver="GPKG",
                    append=append,
                    layer_options={"DESCRIPTION": _described(released[name]), "GEOMETRY_NAME": "geom"},
                )
            if styles:
                _write_styles(temporary, styles)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": former})
    return path


def _described(item: Released) -> str:
    """Say where a layer comes from, inside the file."""
    return f"Sources: {'; '.join(item.sources)}. Vintage: {item.vintage}. {'; '.join(item.notes)}"


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join lists by ``|``: a cell of a GeoPackage holds one value."""
    plain = table.copy()
    for name in plain.columns[[pd.api.types.is_object_dtype(dtype) for dtype in plain.dtypes]]:
        plain[name] = ["|".join(map(str, cell)) if isinstance(cell, list | tuple) else cell for cell in plain[name]]
    return plain


def _write_styles(path: Path, styles: Mapping[str, Mapping[str, str]]) -> None:
    rows = [
        ("", "", layer, "geom", name, qml, "", number == 0, name, "", None, _DATE)
        for layer, named in styles.items()
        for number, (name, qml) in enumerate(named.items())
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(_STYLES)
        marks = ", ".join("?" * len(rows[0]))
        columns = (
            "f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD,"
            " useAsDefault, description, owner, ui, update_time"
        )
        connection.executemany(f"INSERT INTO layer_styles ({columns}) VALUES ({marks})", rows)
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles for QGIS', ?)",
            (_DATE,),
        )
