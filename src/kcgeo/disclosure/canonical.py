"""One order, one index, one set of dtypes: the same rows always make the same table, wherever they came from.

A table that was filtered still remembers what it lost: holes in its index, an integer column that turned to float for
a missing value in a lost row, unused levels of a categorical, the order of first appearance. Here it forgets.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.crs import STORAGE
from kcgeo.disclosure.contracts import Contract

__all__ = ["canonical_table"]


def _text(value: Any) -> Any:
    """Turn lists and sets into sorted tuples and missing values into None; leave the rest."""
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(sorted(str(item) for item in value))
    return None if value is None or (not isinstance(value, str) and pd.isna(value)) else value


def _column(values: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("object")
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean" if values.isna().any() else "bool")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype(
            "int64" if pd.api.types.is_integer_dtype(values.dtype) and not values.isna().any() else float
        )
    if isinstance(values.dtype, pd.StringDtype):
        return values.astype("str")
    plain = [_text(value) for value in values]
    kind = "object" if any(isinstance(value, tuple) for value in plain) else "str"
    return pd.Series(plain, index=values.index, dtype=kind)


def _ordered(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sort by the keys of the contract, then, where keys repeat, by the text of the whole row."""
    if not keys or table.duplicated(keys).any():
        columns = [table[column].astype("str").fillna("") for column in table]
        whole = pd.Series(["\x1f".join(row) for row in zip(*columns, strict=True)], dtype="str")
        table = table.iloc[whole.argsort(kind="stable").to_numpy()]
    return table.sort_values(keys, kind="stable", na_position="last") if keys else table


def canonical_table(table: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return the rows in the order of the contract's keys with a RangeIndex and dtypes of their own.

    Parameters
    ----------
    table
        Rows that leave; not changed.
    contract
        Its ``keys`` give the order; ties are broken by the other columns.

    Returns
    -------
    DataFrame
        GeoDataFrame in EPSG:4326 where there is a column "geometry". Text is dtype ``str``, tuples ``object``.
    """
    plain = pd.DataFrame(
        {
            str(column): table[column].array if column == "geometry" else _column(table[column])
            for column in table.columns
        },
        index=pd.RangeIndex(len(table)) if table.empty else table.index,
    )
    keys = [key for key in contract.keys if key in plain]
    plain = _ordered(plain, keys).reset_index(drop=True)
    return gpd.GeoDataFrame(plain, geometry="geometry", crs=STORAGE) if "geometry" in plain else plain
