"""Released tables as CSV files for readers, with a page that says what each holds and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo.disclosure import Released, require_released
from kcgeo.files import write_text

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
    for column in table.columns[[pd.api.types.is_object_dtype(dtype) for dtype in table.dtypes]]:
        table[column] = [
            "|".join(map(str, value)) if isinstance(value, list | tuple) else value for value in table[column]
        ]
    return table


def write_tables(released: Mapping[str, Released], folder: Path) -> dict[str, Path]:
    """Write each release as ``folder/<name>.csv``, and ``folder/README.md`` with sources, vintage and notes.

    Parameters
    ----------
    released
        Releases by file name.

    Returns
    -------
    dict
        Path of each CSV (UTF-8, numbers with six digits, an empty cell for what is not known).

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
        write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        written[name] = path
        lines += [f"## {name}.csv", "", f"{len(table):,} rows. Columns: {', '.join(map(str, table.columns))}.", ""]
        lines += [f"- Source: {text}" for text in item.sources] + [f"- Vintage: {item.vintage}"]
        lines += [f"- {note[:1].upper()}{note[1:]}." for note in item.notes] + [""]
    write_text(folder / "README.md", "\n".join(lines))
    return written
