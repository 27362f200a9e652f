"""Reading a table of services from a CSV, a spreadsheet or a point layer, all as text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.crs import STORAGE, require
from kcgeo.errors import TableError

__all__ = ["read_rows"]

_LAYERS = (".geojson", ".gpkg", ".shp")
_ZIP_DIGITS = 5


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table of services as text.

    Parameters
    ----------
    path : Path
        ``.csv`` (UTF-8, comma), ``.xlsx`` (first sheet; needs openpyxl) or a point layer (``.geojson``, ``.gpkg``,
        ``.shp``; EPSG:4326), whose points become ``latitude`` and ``longitude``.

    Returns
    -------
    DataFrame of str
        Cells without blanks at their ends; NaN where a cell is empty. Wholly empty lines are left out.

    Raises
    ------
    TableError
        The file is missing, empty, of another kind or another encoding, or its header names a column twice.
    CrsError
        A layer in another CRS than EPSG:4326, or without one.
    """
    if not path.is_file():
        raise TableError(f"There is no file {path}; check services.path.")
    kind = path.suffix.lower()
    if kind == ".csv":
        rows = _csv_rows(path)
    elif kind == ".xlsx":
        rows = _sheet_rows(path)
    elif kind in _LAYERS:
        rows = _layer_rows(path)
    else:
        raise TableError(f"{path.name} is no CSV, .xlsx or point layer; save it as CSV (UTF-8).")
    return _table(rows, path)


def _table(rows: Sequence[Sequence[str]], path: Path) -> pd.DataFrame:
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise TableError(f"{path.name} is empty; give a header line and one row for each service.")
    header = [name.strip() for name in filled[0]]
    while header and not header[-1]:
        header.pop()
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise TableError(f"{path.name} names the column {', '.join(map(repr, twice))} twice; keep one of them.")
    if len(filled) == 1:
        raise TableError(f"{path.name} has a header and no rows; add one row for each service.")
    body = []
    for number, row in enumerate(filled[1:], start=2):
        if any(cell.strip() for cell in row[len(header) :]):
            raise TableError(f"Row {number} of {path.name} has more cells than the header; look for a stray comma.")
        cells = [cell.strip() for cell in row[: len(header)]]
        body.append(cells + [""] * (len(header) - len(cells)))
    return pd.DataFrame(body, columns=header, dtype="str").replace("", None).astype("str")


def _csv_rows(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{path.name} is not UTF-8: line {line} holds the byte 0x{content[error.start]:02x}, as in Latin-1 or "
            "Windows files; save it as 'CSV UTF-8'."
        ) from None
    if "\x00" in text:
        raise TableError(f"{path.name} is no text file; save it as CSV (UTF-8).")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise TableError(f"{path.name} cannot be read as CSV ({error}); look for an unclosed quotation mark.") from None


def _sheet_rows(path: Path) -> list[list[str]]:
    try:
        import openpyxl  # type: ignore[import-untyped]
    except ImportError:
        raise TableError(f"Reading {path.name} needs openpyxl; install it or save the sheet as CSV (UTF-8).") from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, openpyxl.utils.exceptions.InvalidFileException):
        raise TableError(f"{path.name} is no .xlsx workbook; save it anew, or as CSV (UTF-8).") from None
    try:
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    header = ["" if name is None else str(name).strip() for name in rows[0]] if rows else []
    return [header] + [
        [_cell(value, name) for value, name in zip(row, header + [""] * len(row), strict=False)] for row in rows[1:]
    ]


def _cell(value: Any, column: str) -> str:
    """Write a spreadsheet cell as text; a sheet stores 64106 as a number and drops leading zeros."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if column == "postal_code" and isinstance(value, int):
        return str(value).zfill(_ZIP_DIGITS)
    return str(value)


def _layer_rows(path: Path) -> list[list[str]]:
    try:
        layer = gpd.read_file(path)
    except Exception as error:  # pyogrio raises its own kinds of error for what is no layer
        raise TableError(f"{path.name} cannot be read as a layer ({type(error).__name__}); save it anew.") from None
    require(layer, STORAGE, what=f"layer {path.name}")
    points = layer.geometry
    if not (points.isna() | points.is_empty | (points.geom_type == "Point")).all():
        raise TableError(f"{path.name} holds other shapes than points; a service is a point or has no place.")
    table = pd.DataFrame(layer.drop(columns=[layer.geometry.name, "latitude", "longitude"], errors="ignore"))
    known = ~(points.isna() | points.is_empty)
    table["latitude"] = [f"{point.y!r}" if has else "" for point, has in zip(points, known, strict=True)]
    table["longitude"] = [f"{point.x!r}" if has else "" for point, has in zip(points, known, strict=True)]
    body = [
        ["" if pd.isna(value) else _cell(value, str(name)) for name, value in row.items()]
        for _, row in table.iterrows()
    ]
    return [list(map(str, table.columns)), *body]
