"""Reading outlines and lines from shapefiles, GeoPackages and GeoJSON, with their faults repaired or named.

What is repaired is said in a note: a missing ``.prj`` where the coordinates can only be degrees, several reference
systems, rings that cross themselves, heights, names in another encoding. All else is refused in one sentence.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from kcgeo.crs import STORAGE
from kcgeo.data.formats.archive import LIMITS, Limits, files_in, refusing
from kcgeo.errors import CrsError, TableError, first_ids

__all__ = ["CENSUS_CRS", "MOST_ROWS", "SUFFIXES", "read_vector", "valid_polygons"]

CENSUS_CRS = "EPSG:4269"
"""NAD 83 in degrees, in which the Census Bureau publishes; within about a metre of EPSG:4326."""

MOST_ROWS = 2_000_000
"""Rows of one source; all block groups of the United States are 242,000, all roads of a large county 150,000."""

SUFFIXES = (".shp", ".gpkg", ".geojson", ".json")

# first bytes by suffix: the reading library chooses its driver by content, and some drivers open other files and hosts
_MAGIC = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00"}


def read_vector(
    path: Path,
    *,
    what: str,
    kinds: Collection[str],
    columns: Collection[str] | None,
    layer: str | None = None,
    limits: Limits = LIMITS,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read all vector files of a file, folder or archive as one table in EPSG:4326.

    Parameters
    ----------
    path
        ``.shp``, ``.gpkg``, ``.geojson``, an archive of them, or a folder of files and archives.
    what
        For sentences: ``a block-group file``.
    kinds
        Kinds of geometry that may come, without Multi: ``{"Polygon"}`` or ``{"LineString"}``.
    columns
        Columns to keep where they are there, compared without case; named as given here. None keeps all, and then a
        row may lack its shape.
    layer
        Layer of a GeoPackage that holds several.
    limits
        Of archives and folders.

    Returns
    -------
    tuple
        The table (columns found, ``geometry``, 2-D, EPSG:4326) in the order of files and rows; and notes on what was
        repaired.

    Raises
    ------
    TableError, CrsError
        One sentence for the first fault.
    """
    notes: list[str] = []
    with files_in(path, SUFFIXES, what=what, limits=limits) as found:
        parts = [_read_file(item, what, kinds, columns, layer, notes) for item in found]
    systems = sorted({part.crs.to_string() for part in parts})
    if len(systems) > 1:
        notes.append(f"The files come in several reference systems ({', '.join(systems)}); each was converted.")
    with refusing(path, what):
        table = gpd.GeoDataFrame(pd.concat([part.to_crs(STORAGE) for part in parts], ignore_index=True), crs=STORAGE)
    if table.empty:
        raise TableError(f"{path.name} holds no rows, so it is not {what}.")
    if len(table) > MOST_ROWS:
        raise TableError(f"{path.name} holds {len(table):,} rows; this reader takes {MOST_ROWS:,} at most.")
    _check_degrees(table, path)
    return table, list(dict.fromkeys(notes))


def _read_file(
    path: Path, what: str, kinds: Collection[str], columns: Collection[str] | None, layer: str | None, notes: list[str]
) -> gpd.GeoDataFrame:
    _check_magic(path, what)
    with refusing(path, what), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters is checked below, and said in our words
        name = _layer_name(path, what, layer)
        about = pyogrio.read_info(path, layer=name, force_feature_count=True)
        if about["features"] > MOST_ROWS:
            raise TableError(f"{path.name} holds {about['features']:,} rows; this reader takes {MOST_ROWS:,} at most.")
        given = {str(field).upper(): str(field) for field in about["fields"]}
        every = given.values() if columns is None else columns
        wanted = {given[column.upper()]: column for column in every if column.upper() in given}
        table = _frame(path, name, list(wanted), notes)
        table = table.rename(columns=wanted)
    if table.geometry.name != "geometry":
        table = table.rename_geometry("geometry")
    _check_kinds(table, path, what, kinds, bare=columns is None)
    if shapely.has_z(table.geometry.to_numpy()).any():
        notes.append(f"{path.name} has heights, which were left out.")
    with refusing(path, what):
        table["geometry"] = shapely.force_2d(table.geometry.to_numpy())
        return _with_crs(table, path, notes)


def _frame(path: Path, layer: str | None, columns: list[str], notes: list[str]) -> gpd.GeoDataFrame:
    options: dict[str, Any] = {"layer": layer, "columns": columns}
    try:
        table = pyogrio.read_dataframe(path, **options)
    except UnicodeDecodeError:
        table = pyogrio.read_dataframe(path, encoding="latin-1", **options)
        notes.append(f"The names in {path.name} are not in UTF-8 and were read as Latin-1.")
    if not isinstance(table, gpd.GeoDataFrame):
        raise TableError(f"{path.name} is a table without geometry; give the file with the outlines or lines.")
    return table


def _check_magic(path: Path, what: str) -> None:
    """Refuse content of another format than the suffix says."""
    suffix = path.suffix.lower()
    with refusing(path, what), path.open("rb") as stream:
        head = stream.read(4096)
    known = _MAGIC.get(suffix)
    if not head:
        raise TableError(f"{path.name} is empty; was it downloaded whole?")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if (known and not head.startswith(known)) or (known is None and not text.startswith(b"{")):
        raise TableError(f"{path.name} is not {what}: its content is not what {suffix} files hold.")
    if suffix == ".shp":
        lacking = [end for end in (".dbf", ".shx") if not _beside(path, end)]
        if lacking:
            raise TableError(
                f"{path.name} lacks its {' and '.join(lacking)}; a shapefile is several files: give the zip with all."
            )
    if suffix == ".gpkg":
        _check_geopackage(path, what)


def _beside(path: Path, suffix: str) -> Path | None:
    return next((item for end in (suffix, suffix.upper()) if (item := path.with_suffix(end)).is_file()), None)


def _check_geopackage(path: Path, what: str) -> None:
    """Refuse a damaged database: it can hold the driver up for long, and SQLite itself says so at once."""
    with (
        refusing(path, what),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base,
    ):
        verdict = base.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != ("ok",):
            raise TableError(f"{path.name} is not {what} that can be read (the database is damaged).")


def _layer_name(path: Path, what: str, layer: str | None) -> str | None:
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    drawn = [name for name, kind in layers.items() if kind is not None]
    if layer is not None:
        if layer not in layers:
            raise TableError(f"{path.name} has no layer '{layer}'; it has {', '.join(layers) or 'none'}.")
        return layer
    if not drawn:
        raise TableError(f"{path.name} has no layer with outlines or lines, so it is not {what}.")
    if len(drawn) > 1:
        raise TableError(f"{path.name} has several layers; choose one with --option layer=NAME: {', '.join(drawn)}.")
    return drawn[0]


def _check_kinds(table: gpd.GeoDataFrame, path: Path, what: str, kinds: Collection[str], *, bare: bool) -> None:
    if table.empty:
        return
    found = table.geometry.geom_type.dropna().str.removeprefix("Multi").unique()
    wrong = sorted(set(found) - set(kinds))
    if wrong or not (bare or len(found)):
        words = {"Polygon": "outlines", "LineString": "lines", "Point": "points"}
        is_, need = (", ".join(words.get(kind, kind) for kind in sorted(names)) for names in (wrong, kinds))
        raise TableError(f"{path.name} holds {is_ or 'no geometry'} where {need} are needed; is it {what}?")


def _with_crs(table: gpd.GeoDataFrame, path: Path, notes: list[str]) -> gpd.GeoDataFrame:
    """Return the table with a reference system; one that is missing is taken for degrees if they can only be that."""
    if path.suffix.lower() == ".shp" and not _beside(path, ".prj"):
        table = table.set_crs(None, allow_override=True)
    if table.crs is not None:
        return table
    bounds = table.total_bounds
    # degrees of the United States and its territories; metres or feet never fall into this window with a whole county
    degrees = np.isfinite(bounds).all() and bounds[0] >= -180 and bounds[2] <= -60 and 0 < bounds[1] <= bounds[3] <= 72
    if not degrees and not table.empty:
        raise CrsError(
            f"{path.name} has no reference system (.prj) and its coordinates are not degrees in the United States; "
            "add the .prj that belongs to it."
        )
    notes.append(f"{path.name} has no reference system (.prj); its degrees were taken for NAD 83 ({CENSUS_CRS}).")
    return table.set_crs(CENSUS_CRS)


def _check_degrees(table: gpd.GeoDataFrame, path: Path) -> None:
    # every vertex, since the bounds of a shape pass over one that is no number
    known = shapely.get_coordinates(table.geometry.to_numpy())
    if not np.isfinite(known).all() or (np.abs(known) > [180.001, 90.001]).any():
        raise CrsError(
            f"The coordinates of {path.name} do not fit the reference system that it names; correct its .prj."
        )


def valid_polygons(table: gpd.GeoDataFrame, *, key: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Mend rings that cross themselves; keep the area, drop the slivers without one.

    Parameters
    ----------
    table
        Polygons with a column ``key``.

    Returns
    -------
    tuple
        A table whose polygons are valid, and a note that names the mended rows.

    Raises
    ------
    TableError
        A row has no outline, or none is left after mending.
    """
    shapes = table.geometry.to_numpy()
    bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if bare.any():
        raise TableError(f"{first_ids(table.loc[bare, key])}: the row has no outline.")
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return table, []
    with refusing(Path(key), "a set of outlines"):
        mended = [_area_of(shape) for shape in shapely.make_valid(shapes[broken])]
    lost = [shape is None for shape in mended]
    if any(lost):
        raise TableError(f"{first_ids(table.loc[broken, key][lost])}: the outline crosses itself and holds no area.")
    table = table.copy()
    shapes = shapes.copy()
    shapes[broken] = mended
    table["geometry"] = gpd.GeoSeries(shapes, index=table.index, crs=table.crs)
    return table, [
        f"{int(broken.sum())} outlines crossed themselves and were mended: {first_ids(table.loc[broken, key])}."
    ]


def _area_of(shape: shapely.Geometry) -> shapely.Geometry | None:
    parts = [
        part for part in shapely.get_parts(shapely.get_parts([shape])) if part.geom_type == "Polygon" and part.area > 0
    ]
    return shapely.union_all(parts) if parts else None
