"""Candidates of the user's own: parcels, buildings, towns, from a table or a file.

What leaves of them is the area in which each lies, never the point nor a name of the file: a row is told by its number,
which says something to those who hold the file only.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd

from kcgeo.crs import STORAGE
from kcgeo.data.directory.cells import read_cells
from kcgeo.errors import StudyError, first_ids
from kcgeo.study.measure import Measured
from kcgeo.study.siting.areas import CELL_RESOLUTION, beside, hexagon

__all__ = ["own_candidates"]

_LATITUDES = ("latitude", "lat", "y")
_LONGITUDES = ("longitude", "lon", "lng", "long", "x")


def own_candidates(measured: Measured, source: Any, *, columns: Collection[str] = ()) -> gpd.GeoDataFrame:
    """Places of a table or a file in which a new site could stand.

    Parameters
    ----------
    measured
        Gives the counties of the study.
    source
        A GeoDataFrame, a table with latitude and longitude, or a file in any format that :func:`kcgeo.data.look` reads.
    columns
        Columns of numbers that are needed too, such as costs.

    Returns
    -------
    GeoDataFrame
        As :func:`candidate_areas`, with ``candidate_id`` ``row 1``, ``row 2`` ... in the order of the rows, the hexagon
        of about 36 km2 around each as outline, and the wanted columns.

    Raises
    ------
    StudyError
        No rows, a row without a point, points outside the counties of the study, a column that is not there or holds
        no numbers of 0 or more.
    """
    table, points = _read(source, columns)
    rows = pd.Series([f"row {number}" for number in range(1, len(table) + 1)])
    if not len(rows):
        raise StudyError("The candidates have no rows; give at least one place.")
    lon, lat = points.x.to_numpy(), points.y.to_numpy()
    lost = ~(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180))
    if lost.any():
        raise StudyError(f"The candidates have no place on earth in {first_ids(rows[lost])}; give degrees.")
    county = measured.cells.set_index("cell_id")["county_fips"]
    resolution = measured.study.travel.h3_resolution
    cells = [h3.latlng_to_cell(y, x, resolution) for x, y in zip(lon, lat, strict=True)]
    foreign = ~pd.Series(cells).isin(county.index)
    if foreign.any():
        raise StudyError(
            f"Candidates lie outside the counties of the study: {first_ids(rows[foreign])}; leave them out."
        )
    places = measured.places[measured.places["population_count"] > 0].reset_index(drop=True)
    middles = gpd.GeoSeries(points.array, crs=STORAGE)
    near = beside(gpd.GeoDataFrame(geometry=middles), places, measured.study.crs)
    found = {
        "candidate_id": rows,
        "name": [f"{row}, {name}" for row, name in zip(rows, near, strict=True)],
        "county_fips": county.reindex(cells).to_numpy(),
        "middle": middles,
        **{name: _numbers(table, name, rows) for name in columns},
    }
    outlines = [hexagon(h3.latlng_to_cell(y, x, CELL_RESOLUTION)) for x, y in zip(lon, lat, strict=True)]
    return gpd.GeoDataFrame(found, geometry=outlines, crs=STORAGE)


def _read(source: Any, columns: Collection[str]) -> tuple[pd.DataFrame, gpd.GeoSeries]:
    """Return the rows and a point for each; an outline is stood for by a point inside it."""
    if isinstance(source, str | Path):
        known = {*_LATITUDES, *_LONGITUDES, *columns}
        return _pointed(read_cells(Path(source), known=lambda name: name.strip().lower() in known).table)
    if isinstance(source, gpd.GeoDataFrame):
        if source.crs is None:
            raise StudyError("The candidates have no reference system; set it with set_crs.")
        bare = source.geometry.isna() | source.geometry.is_empty
        if bare.any():
            raise StudyError(f"The candidates {first_ids(source.index[bare])} have no place; leave them out.")
        return pd.DataFrame(source), source.geometry.representative_point().to_crs(STORAGE)
    if isinstance(source, pd.DataFrame):
        return _pointed(source)
    raise StudyError(f"The candidates must be a table or a file, not a {type(source).__name__}.")


def _pointed(table: pd.DataFrame) -> tuple[pd.DataFrame, gpd.GeoSeries]:
    names = {str(name).strip().lower(): name for name in table.columns}
    lat, lon = (next((names[word] for word in words if word in names), None) for words in (_LATITUDES, _LONGITUDES))
    if lat is None or lon is None:
        found = ", ".join(map(str, table.columns))
        raise StudyError(f"The candidates have no columns latitude and longitude; columns found: {found}.")
    x, y = (pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float) for name in (lon, lat))
    return table, gpd.GeoSeries(gpd.points_from_xy(x, y), crs=STORAGE)


def _numbers(table: pd.DataFrame, name: str, rows: pd.Series[str]) -> Any:
    if name not in table.columns:
        raise StudyError(
            f"The candidates have no column '{name}'; columns found: {', '.join(map(str, table.columns))}."
        )
    numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
    bad = ~(np.isfinite(numbers) & (numbers >= 0))
    if bad.any():
        raise StudyError(
            f"The column '{name}' of the candidates holds no number of 0 or more in {first_ids(rows[bad])}."
        )
    return numbers
