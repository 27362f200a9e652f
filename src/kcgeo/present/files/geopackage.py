"""Released layers as one GeoPackage with their styles for QGIS, the same bytes in every run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import pyogrio

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.files import replacing

__all__ = ["write_geopackage"]

Table = TypeVar("Table", bound=pd.DataFrame)

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


# the tables of the extensions "schema" and "metadata" of OGC 12-128, as that standard defines them
_SCHEMA = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  name TEXT,
  title TEXT,
  description TEXT,
  mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL,
  constraint_type TEXT NOT NULL,
  value TEXT,
  min NUMERIC,
  min_is_inclusive BOOLEAN,
  max NUMERIC,
  max_is_inclusive BOOLEAN,
  description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
CREATE TABLE gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
  md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL,
  mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT ''
);
CREATE TABLE gpkg_metadata_reference (
  reference_scope TEXT NOT NULL,
  table_name TEXT,
  column_name TEXT,
  row_id_value INTEGER,
  timestamp DATETIME NOT NULL,
  md_file_id INTEGER NOT NULL,
  md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id)
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT,
  column_name TEXT,
  extension_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
"""
_EXTENSIONS = {
    "gpkg_schema": (("gpkg_data_columns", "gpkg_data_column_constraints"), "extension_schema"),
    "gpkg_metadata": (("gpkg_metadata", "gpkg_metadata_reference"), "extension_metadata"),
}


def write_geopackage(
    released: Mapping[str, Released],
    path: Path,
    *,
    styles: Mapping[str, Mapping[str, str]] | None = None,
    tables: Mapping[str, Released] | None = None,
    fields: pd.DataFrame | None = None,
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
    tables
        Releases without geometry that stand in the file as plain tables.
    fields
        Data dictionary ``table, field, unit, meaning`` that goes inside, as the table ``gpkg_data_columns``.

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
            for name, item in (tables or {}).items():
                flat_table = pd.DataFrame(require_released(item).table)
                pyogrio.write_dataframe(_plain(flat_table), temporary, layer=name, driver="GPKG", append=True)
            if styles:
                _write_styles(temporary, styles)
            if fields is not None:
                _write_dictionary(temporary, {**released, **(tables or {})}, fields)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": former})
    return path


def _write_dictionary(path: Path, released: Mapping[str, Released], fields: pd.DataFrame) -> None:
    """Write what each column means, and where each table comes from, where other programs look for it."""
    columns = [
        (
            row["table"],
            "geom" if row["field"] == "geometry" else row["field"],
            row["field"],
            row["unit"] or None,
            row["meaning"],
        )
        for row in fields[fields["table"].isin(list(released))].to_dict("records")
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_SCHEMA)
        connection.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
            columns,
        )
        for number, (name, item) in enumerate(released.items(), start=1):
            connection.execute(
                "INSERT INTO gpkg_metadata VALUES (?, 'dataset', 'https://www.dublincore.org/', 'text/plain', ?)",
                (number, _described(item)),
            )
            connection.execute(
                "INSERT INTO gpkg_metadata_reference VALUES ('table', ?, NULL, NULL, ?, ?, NULL)", (name, _DATE, number)
            )
        for extension, (names, page) in _EXTENSIONS.items():
            definition = f"http://www.geopackage.org/spec121/#{page}"
            connection.executemany(
                "INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
                [(name, extension, definition) for name in names],
            )


def _described(item: Released) -> str:
    """Say where a layer comes from, inside the file."""
    return f"Sources: {'; '.join(item.sources)}. Vintage: {item.vintage}. {'; '.join(item.notes)}"


def _plain(table: Table) -> Table:
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
