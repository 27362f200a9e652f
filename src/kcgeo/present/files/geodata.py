"""Released tables to compute with: a GeoPackage that opens in colour, GeoParquet, CSV with a data dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely

from kcgeo.disclosure import Released, release, require_released
from kcgeo.errors import TableError
from kcgeo.files import replacing, write_text
from kcgeo.present.files import layer_styles
from kcgeo.present.files.fields import dictionary
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.files.tables import write_tables
from kcgeo.present.look import theme, words

__all__ = ["cell_areas", "layers_of", "parquet_is_possible", "styles_of", "write_csv", "write_layers", "write_parquet"]

# layers from below to above
_LAYERS = ("drive_times", "counties", "corridors", "towns", "places", "gaps", "services")


def parquet_is_possible() -> bool:
    """Whether the optional package for GeoParquet is at hand."""
    try:
        return find_spec("pyarrow") is not None
    except ValueError:  # a module that was blocked in sys.modules
        return False


def cell_areas(cells: Released) -> Released:
    """Give a released surface the outlines of its cells, rounded to a metre; the numbers stay as they are.

    The outline of an H3 cell follows from its id, so nothing is told that the id does not tell.
    """
    table = require_released(cells, kind="surface").table
    if "cell_id" not in table:
        raise TableError(f"The table {cells.name} has no column cell_id; only grid cells have outlines of their own.")
    rings = [[(lng, lat) for lat, lng in h3.cell_to_boundary(cell)] for cell in table["cell_id"]]
    outlines = [shapely.Polygon(np.round(ring, 5)) for ring in rings]
    return release(
        gpd.GeoDataFrame(pd.DataFrame(table), geometry=outlines, crs=4326),
        name="drive_times",
        kind="surface",
        sources=cells.sources,
        vintage=cells.vintage,
        notes=cells.notes,
    )


def layers_of(released: Mapping[str, Released]) -> dict[str, Released]:
    """Pick the tables that are layers of a map, from below to above; cells get their outlines.

    Parameters
    ----------
    released
        Tables of a study by name; ``cell_times`` becomes the layer ``drive_times``.
    """
    found = {name: item for name, item in released.items() if name in _LAYERS}
    if "cell_times" in released:
        found["drive_times"] = cell_areas(released["cell_times"])
    if not found:
        raise TableError(f"None of the tables is a layer of a map; layers are {', '.join(_LAYERS)}.")
    return {name: found[name] for name in _LAYERS if name in found}


def styles_of(
    layers: Mapping[str, Released], *, edges_min: Sequence[float], required: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Give each layer its styles for QGIS by name; the first is the one it opens with.

    Parameters
    ----------
    edges_min
        Upper edges of the classes of drive times.
    required
        Categories that a place needs; the first of them with times is the first style of ``drive_times``.
    """
    colour = theme.COLOUR
    styles: dict[str, dict[str, str]] = {
        "counties": {"County lines": layer_styles.outline_style(colour["county"])},
        "corridors": {"Corridors": layer_styles.line_style(colour["corridor"], width_mm=0.7)},
        "towns": {"Towns": layer_styles.point_style(colour["soft"])},
        "places": {"ZIP code areas": layer_styles.point_style(colour["rule"], size_mm=1.2)},
        "gaps": {"Kinds in reach": layer_styles.count_style("in_reach_count", required_count=len(required))},
        "services": {"Listed sites": layer_styles.family_style("categories")},
    }
    if "drive_times" in layers:
        columns = list(layers["drive_times"].table.columns)
        known = [name for name in words.CATEGORY if f"{name}_min" in columns]
        order = sorted(known, key=lambda name: (name not in required, known.index(name)))
        styles["drive_times"] = {
            f"Minutes: {words.category_label(name)}": layer_styles.time_style(f"{name}_min", edges_min=edges_min)
            for name in order
        }
    return {name: styles[name] for name in layers if name in styles}


def write_layers(
    layers: Mapping[str, Released],
    path: Path,
    *,
    edges_min: Sequence[float],
    required: Sequence[str],
    tables: Mapping[str, Released] | None = None,
) -> Path:
    """Write the layers of :func:`layers_of` as a GeoPackage, the same bytes in every run.

    Styles and the data dictionary stand inside; ``tables`` (coverage, county) go with the layers as plain tables.
    """
    styles = styles_of(layers, edges_min=edges_min, required=required)
    fields = dictionary({**layers, **(tables or {})})
    return write_geopackage(layers, path, styles=styles, tables=tables, fields=fields)


def write_parquet(released: Mapping[str, Released], folder: Path) -> list[Path]:
    """Write each release as ``folder/<name>.parquet``, with geometry as GeoParquet; the same bytes in every run.

    Raises
    ------
    TableError
        Where pyarrow is not installed.
    DisclosureError
        For a table that was not released.
    """
    if not parquet_is_possible():
        raise TableError("GeoParquet needs pyarrow; install it with: pip install 'kcgeo[big]'.")
    paths = []
    for name, item in released.items():
        table = require_released(item).table
        for column in table.columns[[pd.api.types.is_object_dtype(dtype) for dtype in table.dtypes]]:
            table[column] = [list(cell) if isinstance(cell, tuple) else cell for cell in table[column]]
        path = folder / f"{name}.parquet"
        with replacing(path) as temporary:
            table.to_parquet(temporary, index=False, compression="zstd")
        paths.append(path)
    return paths


def write_csv(released: Mapping[str, Released], folder: Path) -> dict[str, Path]:
    """Write each release as CSV, beside ``data-dictionary.csv`` in which every column stands.

    Raises
    ------
    TableError
        For a column that the dictionary does not know; nothing is written.
    DisclosureError
        For a table that was not released.
    """
    known = dictionary(released)
    written = write_tables(released, folder)
    path = folder / "data-dictionary.csv"
    write_text(path, known.to_csv(index=False, lineterminator="\n"))
    return {**written, "data-dictionary": path}
