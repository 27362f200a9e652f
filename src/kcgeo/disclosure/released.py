"""The record of a table that has passed the gate, and the question that every reader asks of it.

:class:`Released` is a plain frozen dataclass, so that it can be sent to another process. What keeps it the gate's own:
its table has the type :data:`Checked`, which no plain table has; only :mod:`kcgeo.disclosure.gate` may import this
module (a contract of import-linter); and a test over the source looks for any other place that builds one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

import pandas as pd

from kcgeo.errors import DisclosureError

__all__ = ["Checked", "Released", "Status", "require_released"]

Status = Literal["released", "released_with_suppression", "refused"]

Checked = NewType("Checked", pd.DataFrame)
"""A table that has been held against its contract; only the gate says so of a table."""


@dataclass(frozen=True, eq=False)
class Released:
    """A table that has passed the gate, with the rules it passed; made by :func:`kcgeo.disclosure.release` alone.

    Attributes
    ----------
    name, kind
        Name of the table, e.g. 'drive_time', and the contract that it met.
    sources, vintage
        Where the numbers come from, and the year or years of the data.
    notes
        Words that must stand beside every picture of the table.
    about
        Parameters of the table: ``cutoff_min``, ``who``, ``when``, ``area``, ``required`` and the like. A picture says
        these and no others.
    rules
        Rules of the contract that were applied.
    status
        One of 'released', 'released_with_suppression', 'refused'.
    reasons
        Why cells were suppressed or the table refused; empty for a plain release.
    suppressed_count
        Number of suppressed cells.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    vintage: str
    notes: tuple[str, ...]
    about: Mapping[str, Any]
    rules: tuple[str, ...]
    status: Status
    reasons: tuple[str, ...]
    suppressed_count: int
    _table: Checked | None = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """A fresh copy of the table; a GeoDataFrame in EPSG:4326 where the kind holds geometry.

        Raises
        ------
        DisclosureError
            If the release was refused.
        """
        if self._table is None:
            raise DisclosureError(f"The release '{self.name}' was refused: {' '.join(self.reasons)}")
        return self._table.copy(deep=True)

    def to_manifest(self) -> dict[str, object]:
        """Describe the release for ``manifest.json``: plain lists and strings, no table."""
        return {
            "name": self.name,
            "kind": self.kind,
            "status": self.status,
            "row_count": 0 if self._table is None else len(self._table),
            "columns": [] if self._table is None else [str(column) for column in self._table.columns],
            "sources": list(self.sources),
            "vintage": self.vintage,
            "notes": list(self.notes),
            "about": {key: list(value) if isinstance(value, tuple) else value for key, value in self.about.items()},
            "rules": list(self.rules),
            "reasons": list(self.reasons),
            "suppressed_count": self.suppressed_count,
        }


def require_released(value: object, *, kind: str | Collection[str] | None = None) -> Released:
    """Return ``value`` where it passed the gate (and is of ``kind``), and refuse it otherwise.

    Raises
    ------
    DisclosureError
        For a raw table, a refused release or another kind.
    """
    if type(value) is not Released:
        raise DisclosureError(
            f"A table must pass the gate before it is shown: call kcgeo.disclosure.release() on the "
            f"{type(value).__name__} first."
        )
    kinds = None if kind is None else {kind} if isinstance(kind, str) else set(kind)
    if kinds is not None and value.kind not in kinds:
        raise DisclosureError(f"The release '{value.name}' is of kind '{value.kind}', not {sorted(kinds)}.")
    if value.status == "refused":
        raise DisclosureError(f"The release '{value.name}' was refused: {' '.join(value.reasons)}")
    return value
