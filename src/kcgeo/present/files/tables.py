"""Released tables as CSV files for readers, with a page that says what each holds and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.disclosure import Released, require_released
from kcgeo.files import no_formula, write_text

__all__ = ["write_tables"]


def _flat(released: Released) -> pd.DataFrame:
    """Plain columns: points as longitude and latitude, lists joined by ``|``, other shapes left out."""
    table = released.table
    if isinstance(table, gpd.GeoDataFrame):
        points = table.geometry
        plain = pd.DataFrame(table.drop(columns=table.geometry.name))
        if points.notna().any() and points.dropna().geom_type.eq("Point").all():
            # as text, since numbers are cut to six digits; five decimals are a metre
            plain["longitude"] = [f"{point.x:.5f}" if point else "" for point in points]
            plain["latitude"] = [f"{point.y:.5f}" if point else "" for point in points]
        table = plain
    for column, dtype in table.dtypes.items():
        if pd.api.types.is_float_dtype(dtype):
            table[column] = table[column].map(_number, na_action="ignore")
        elif not pd.api.types.is_numeric_dtype(dtype):
            table[column] = table[column].map(_cell, na_action="ignore")
    return table


def _number(value: float) -> str:
    """Six digits, but a whole number with all of them, and never a power of ten.

    >>> _number(2_304_806.0), _number(0.123456789), _number(1234567.5), _number(0.00001234)
    ('2304806', '0.123457', '1234568', '0.00001234')
    """
    if not math.isfinite(value):
        return f"{value:g}"
    if value == round(value) or abs(value) >= 1e6:
        return f"{value:.0f}"
    return f"{value:.6g}" if abs(value) >= 1e-4 else np.format_float_positional(value, 6, fractional=False, trim="-")


def _cell(value: object) -> object:
    """Join lists by ``|``; a text that a spreadsheet would run as a formula gets an apostrophe, which makes it text.

    >>> _cell("=HYPERLINK(1)"), _cell("+1 816 555 0101"), _cell("-94.58"), _cell(("legal", "medical"))
    ("'=HYPERLINK(1)", "'+1 816 555 0101", '-94.58', 'legal|medical')
    """
    if isinstance(value, list | tuple):
        value = "|".join(map(str, value))
    return no_formula(value) if isinstance(value, str) else value


def write_tables(released: Mapping[str, Released], folder: Path) -> dict[str, Path]:
    """Write each release as ``folder/<name>.csv``, and ``folder/README.md`` with sources, vintage and notes.

    Parameters
    ----------
    released
        Releases by file name.

    Returns
    -------
    dict
        Path of each CSV (UTF-8; numbers with six digits, whole ones with all; an empty cell for what is not known).

    Raises
    ------
    DisclosureError
        For a table that was not released.
    """
    written = {}
    lines = ["# Tables", "", "An empty cell is not known or not reached; it is never a zero.", ""]
    for name, item in released.items():
        require_released(item)
        table = _flat(item)
        path = folder / f"{name}.csv"
        write_text(path, table.to_csv(index=False, lineterminator="\n"))
        written[name] = path
        lines += [f"## {name}.csv", "", f"{len(table):,} rows. Columns: {', '.join(map(str, table.columns))}.", ""]
        lines += [f"- Source: {text}" for text in item.sources] + [f"- Vintage: {item.vintage}"]
        lines += [f"- {note[:1].upper()}{note[1:]}." for note in item.notes] + [""]
    write_text(folder / "README.md", "\n".join(lines))
    return written
