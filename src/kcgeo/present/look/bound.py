"""Figures are bound to their tables: they need named columns, and say nothing that the table was not released with."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from kcgeo.errors import TableError

__all__ = ["need"]


def need(table: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Raise where a table lacks columns; ``what`` names its rows.

    Raises
    ------
    TableError
        Names the columns that are missing.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise TableError(f"The {what} lack the columns {', '.join(missing)}; release the table with them.")
