"""Figures are bound to their tables: they need named columns, and say nothing that the table was not released with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from kcgeo.disclosure import Released
from kcgeo.errors import TableError

__all__ = ["bound", "need"]


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


def bound(key: str, given: Any, *released: Released) -> Any:
    """Return a parameter as the tables were released with it, so that no label says another.

    Parameters
    ----------
    key
        Name of the parameter in ``Released.about``, e.g. ``cutoff_min``.
    given
        What a caller asks to say; None for what the tables say. It counts alone where no table names the parameter.
    released
        The tables of one picture.

    Raises
    ------
    TableError
        Where two tables, or a table and the caller, contradict each other, or nobody says the parameter.

    Examples
    --------
    >>> from kcgeo.disclosure import release
    >>> rows = pd.DataFrame({"category": ["legal"], "gini_index": [0.4]})
    >>> about = {"sources": ["made up"], "vintage": "2026", "about": {"cutoff_min": 30.0}}
    >>> bound("cutoff_min", None, release(rows, name="equity", kind="equity", **about))
    30.0
    """
    said = {item.name: item.about[key] for item in released if item.about.get(key) is not None}
    value = next(iter(said.values()), None) if given is None else given
    if value is None:
        raise TableError(f"No table says its {key}; release it with about={{'{key}': ...}}, or give {key}=.")
    wrong = [f"'{name}' was made with {_text(own)}" for name, own in said.items() if _plain(own) != _plain(value)]
    if wrong:
        raise TableError(
            f"A picture cannot say {key} = {_text(value)}: {'; '.join(wrong)}. Leave {key} out, or measure with it."
        )
    return value


def _plain(value: Any) -> Any:
    """Parameters alike: the order of categories does not count, nor whether a number is whole."""
    return value if isinstance(value, str | int | float) else frozenset(value)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else value if isinstance(value, str) else ", ".join(value)
