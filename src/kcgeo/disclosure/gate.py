"""The release gate: the only door through which a table leaves the analysis.

:func:`release` checks a table against the allowlist of its kind (:mod:`kcgeo.disclosure.contracts`) and gives a
:class:`Released`. The rooms to the right accept nothing else (:func:`require_released`). Row order, ids, dtypes and
the index of a released table are made from the rows that leave, so that a row that stays behind changes no byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.data.directory.looks import text_looks_like_place
from kcgeo.disclosure.canonical import canonical_table
from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.disclosure.released import Checked, Released, Status, require_released
from kcgeo.disclosure.rows import service_rows, table_problems
from kcgeo.disclosure.small_counts import suppressed_people
from kcgeo.errors import DisclosureError, raise_all

__all__ = ["Released", "release", "require_released"]


def _texts(given: str | Iterable[str], what: str, problems: list[str]) -> tuple[str, ...]:
    texts = (given,) if isinstance(given, str) else tuple(given)
    if any(not isinstance(text, str) or not text.strip() for text in texts):
        problems.append(f"Every text of {what} must be a non-empty string.")
    elif any(text_looks_like_place(text) for text in texts):
        problems.append(f"A text of {what} reads like an address or a position; say it without the place.")
    return texts


def _plain(value: object) -> object:
    """Return a number of numpy as one of Python, and everything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _parameters(about: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Return the parameters as plain values in the order of their names; texts in them may name no place."""
    given = {
        str(key): tuple(map(_plain, value)) if isinstance(value, list | tuple) else _plain(value)
        for key, value in about.items()
    }
    values = [item for value in given.values() for item in (value if isinstance(value, tuple) else (value,))]
    if not all(item is None or isinstance(item, str | bool | int | float) for item in values):
        problems.append("Every value of about must be a number, a flag, a text, None, or a sequence of these.")
    _texts([item for item in values if isinstance(item, str) and item], "about", problems)
    return dict(sorted(given.items()))


def _contract(kind: str) -> Contract:
    if kind not in CONTRACTS:
        raise DisclosureError(f"There is no contract '{kind}'; choose one of {', '.join(sorted(CONTRACTS))}.")
    return CONTRACTS[kind]


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with a named index turned into a column and an unnamed one dropped; inputs are never changed."""
    if table.columns.nlevels > 1:
        raise DisclosureError("A table with several levels of column names is not released; flatten it first.")
    named = any(name is not None for name in table.index.names)
    return table.reset_index(drop=not named)


def release(
    table: pd.DataFrame,
    *,
    name: str,
    kind: str,
    sources: Sequence[str],
    vintage: str,
    notes: Sequence[str] = (),
    about: Mapping[str, Any] = MappingProxyType({}),
    areas: Iterable[str] | None = None,
    authorisations: pd.DataFrame | None = None,
    geography: Released | None = None,
    linked: Sequence[pd.DataFrame] = (),
    on_refusal: Literal["raise", "record"] = "raise",
) -> Released:
    """Check a table against the contract of its kind and let it leave.

    Parameters
    ----------
    table
        Plain (Geo)DataFrame; a named index becomes a column. It is not changed.
    name
        Name of the release, e.g. ``"drive_time"``.
    kind
        One of :data:`kcgeo.disclosure.contracts.CONTRACTS`.
    sources, vintage, notes
        Texts that go with every picture and into the manifest.
    about
        Parameters of the table that a picture of it must say, e.g. ``{"cutoff_min": 30, "who": "anyone"}``: numbers,
        flags, texts, None, or a sequence of these. They go into the manifest.
    areas
        Names of approved areas; needed where a table of services holds rows at area level.
    authorisations
        Who allowed an exact place to be shown (:func:`kcgeo.data.authorisations`; default: the packaged records). An
        exact row that shares an address, a point, a telephone, a location id or an organization with a hidden row
        leaves only where one of these opens it.
    geography
        A release of kind "background". Points in a table of results are accepted only where they equal the point
        of the same ``place_id`` or ``cell_id`` there.
    linked
        Other tables of kind "people" about the same people, released now or before: counts are suppressed together,
        since the tables share their totals.
    on_refusal
        "raise", or "record" for a :class:`Released` of status "refused" that holds reasons and no table.

    Returns
    -------
    Released
        Rows sorted by the keys of the contract, RangeIndex, dtypes from the released rows alone.

    Raises
    ------
    DisclosureError
        One sentence for each fault; rows are named by id, places never.

    Examples
    --------
    >>> times = pd.DataFrame({"cell_id": ["b", "a"], "medical_min": [12.0, 7.5]})
    >>> released = release(times, name="drive_time", kind="surface", sources=["made up"], vintage="2026")
    >>> released.table["cell_id"].tolist(), released.status
    (['a', 'b'], 'released')
    """
    contract = _contract(kind)
    problems: list[str] = []
    source_texts = _texts(sources, "sources", problems)
    note_texts = _texts(notes, "notes", problems)
    _texts((name, vintage), "name and vintage", problems)
    parameters = _parameters(about, problems)
    if not source_texts:
        problems.append(f"The release '{kind}' names no source; a table without a source does not leave.")
    raise_all(problems, DisclosureError)
    released_rows: Checked | None = None
    suppressed_count = 0
    try:
        rows = _flat(table)
        if kind == "services":
            rows = service_rows(rows, areas=areas, records=authorisations)
        elif kind == "people":
            rows = suppressed_people(rows, linked=[_flat(other) for other in linked])
            suppressed_count = int(rows["suppressed"].sum())
        raise_all(table_problems(rows, contract, background=_background(geography)), DisclosureError)
        released_rows = Checked(canonical_table(rows, contract))
    except DisclosureError as refusal:
        suppressed_count = 0
        if on_refusal == "raise":
            raise
        problems = list(refusal.problems)
    return Released(
        name=name,
        kind=kind,
        sources=source_texts,
        vintage=vintage,
        notes=note_texts,
        about=parameters,
        rules=contract.rules,
        status=_status(released_rows, suppressed_count),
        reasons=(_SUPPRESSED,) if suppressed_count and released_rows is not None else tuple(problems),
        suppressed_count=suppressed_count,
        _table=released_rows,
    )


_SUPPRESSED: Final = "Counts of 1 to 10 people, and the cells by which they could be computed, are left out."


def _status(rows: Checked | None, suppressed_count: int) -> Status:
    if rows is None:
        return "refused"
    return "released_with_suppression" if suppressed_count else "released"


def _background(geography: Released | None) -> Mapping[str, Any] | None:
    """Return point by id of a released public geography."""
    if geography is None:
        return None
    table = require_released(geography, kind="background").table
    if not isinstance(table, gpd.GeoDataFrame):
        raise DisclosureError("The geography given to release() holds no geometry.")
    key = next((column for column in ("place_id", "cell_id", "id") if column in table), None)
    if key is None:
        raise DisclosureError("The geography given to release() has no column place_id, cell_id or id.")
    return dict(zip(table[key], table.geometry, strict=True))
