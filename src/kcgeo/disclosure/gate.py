"""The release gate: the only door through which a table leaves the analysis.

:func:`release` checks a table against the allowlist of its kind (:mod:`kcgeo.disclosure.contracts`) and gives a
:class:`Released`. The rooms to the right accept nothing else (:func:`require_released`). Row order, ids, dtypes and
the index of a released table are made from the rows that leave, so that a row that stays behind changes no byte.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, final

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.looks import text_looks_like_place
from kcgeo.disclosure.canonical import canonical_table
from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.disclosure.rows import service_rows, table_problems
from kcgeo.disclosure.small_counts import suppressed_people
from kcgeo.errors import DisclosureError, raise_all

__all__ = ["Released", "release", "require_released"]

Status = Literal["released", "released_with_suppression", "refused"]


@dataclass(frozen=True)
class _Content:
    """What a release holds; kept outside the record so that no attribute of it can be exchanged."""

    table: pd.DataFrame | None
    name: str
    kind: str
    sources: tuple[str, ...]
    vintage: str
    notes: tuple[str, ...]
    rules: tuple[str, ...]
    status: Status
    reasons: tuple[str, ...]
    suppressed_count: int


_TOKEN: Final = object()


@final
class Released:
    """A table that has passed the gate, with the rules it passed; made by :func:`release` alone.

    A copy made by pickle, :mod:`copy`, a subclass or ``object.__new__`` holds nothing and is refused by every reader.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, content: _Content, *, _token: object = None) -> None:
        if _token is not _TOKEN:
            raise DisclosureError("A Released table is made by kcgeo.disclosure.release() only.")
        _VAULT[self] = content

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        raise DisclosureError("Released takes no subclasses; call kcgeo.disclosure.release().")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise DisclosureError("A Released table is not pickled or copied; release the table again.")

    def __repr__(self) -> str:
        content = _content(self)
        rows = 0 if content.table is None else len(content.table)
        return f"Released({content.name!r}, kind={content.kind!r}, rows={rows}, status={content.status!r})"

    @property
    def table(self) -> pd.DataFrame:
        """A fresh copy of the table; a GeoDataFrame in EPSG:4326 where the kind holds geometry.

        Raises
        ------
        DisclosureError
            If the release was refused.
        """
        content = _content(self)
        if content.table is None:
            raise DisclosureError(f"The release '{content.name}' was refused: {' '.join(content.reasons)}")
        return content.table.copy(deep=True)

    @property
    def name(self) -> str:
        """Name of the table, e.g. 'drive_time'."""
        return _content(self).name

    @property
    def kind(self) -> str:
        """Contract that the table met."""
        return _content(self).kind

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the numbers come from."""
        return _content(self).sources

    @property
    def vintage(self) -> str:
        """Year or years of the data."""
        return _content(self).vintage

    @property
    def notes(self) -> tuple[str, ...]:
        """Words that must stand beside every picture of the table."""
        return _content(self).notes

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules of the contract that were applied."""
        return _content(self).rules

    @property
    def status(self) -> Status:
        """One of 'released', 'released_with_suppression', 'refused'."""
        return _content(self).status

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why cells were suppressed or the table refused; empty for a plain release."""
        return _content(self).reasons

    @property
    def suppressed_count(self) -> int:
        """Number of suppressed cells."""
        return _content(self).suppressed_count

    def to_manifest(self) -> dict[str, object]:
        """Describe the release for ``manifest.json``: plain lists and strings, no table."""
        content = _content(self)
        return {
            "name": content.name,
            "kind": content.kind,
            "status": content.status,
            "row_count": 0 if content.table is None else len(content.table),
            "columns": [] if content.table is None else [str(column) for column in content.table.columns],
            "sources": list(content.sources),
            "vintage": content.vintage,
            "notes": list(content.notes),
            "rules": list(content.rules),
            "reasons": list(content.reasons),
            "suppressed_count": content.suppressed_count,
        }


_VAULT: Final[weakref.WeakKeyDictionary[Released, _Content]] = weakref.WeakKeyDictionary()


def _content(released: Released) -> _Content:
    content = _VAULT.get(released)
    if content is None:
        raise DisclosureError("This Released was not made by kcgeo.disclosure.release() and holds nothing.")
    return content


def require_released(value: object, *, kind: str | Collection[str] | None = None) -> Released:
    """Return ``value`` where it passed the gate (and is of ``kind``), and refuse it otherwise.

    Raises
    ------
    DisclosureError
        For a raw table, a forged record, a refused release or another kind.
    """
    if type(value) is not Released or value not in _VAULT:
        raise DisclosureError(
            f"A table must pass the gate before it is shown: call kcgeo.disclosure.release() on the "
            f"{type(value).__name__} first."
        )
    kinds = None if kind is None else {kind} if isinstance(kind, str) else set(kind)
    content = _content(value)
    if kinds is not None and content.kind not in kinds:
        raise DisclosureError(f"The release '{content.name}' is of kind '{content.kind}', not {sorted(kinds)}.")
    if content.status == "refused":
        raise DisclosureError(f"The release '{content.name}' was refused: {' '.join(content.reasons)}")
    return value


def _texts(given: str | Iterable[str], what: str, problems: list[str]) -> tuple[str, ...]:
    texts = (given,) if isinstance(given, str) else tuple(given)
    if any(not isinstance(text, str) or not text.strip() for text in texts):
        problems.append(f"Every text of {what} must be a non-empty string.")
    elif any(text_looks_like_place(text) for text in texts):
        problems.append(f"A text of {what} reads like an address or a position; say it without the place.")
    return texts


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
    areas: Iterable[str] | None = None,
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
    areas
        Names of approved areas; needed where a table of services holds rows at area level.
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
    if not source_texts:
        problems.append(f"The release '{kind}' names no source; a table without a source does not leave.")
    raise_all(problems, DisclosureError)
    released_rows: pd.DataFrame | None = None
    suppressed_count = 0
    try:
        rows = _flat(table)
        if kind == "services":
            rows = service_rows(rows, areas=areas)
        elif kind == "people":
            rows = suppressed_people(rows, linked=[_flat(other) for other in linked])
            suppressed_count = int(rows["suppressed"].sum())
        raise_all(table_problems(rows, contract, background=_background(geography)), DisclosureError)
        released_rows = canonical_table(rows, contract)
    except DisclosureError as refusal:
        suppressed_count = 0
        if on_refusal == "raise":
            raise
        problems = list(refusal.problems)
    content = _Content(
        table=released_rows,
        name=name,
        kind=kind,
        sources=source_texts,
        vintage=vintage,
        notes=note_texts,
        rules=contract.rules,
        status=_status(released_rows, suppressed_count),
        reasons=(_SUPPRESSED,) if suppressed_count and released_rows is not None else tuple(problems),
        suppressed_count=suppressed_count,
    )
    return Released(content, _token=_TOKEN)


_SUPPRESSED: Final = "Counts of 1 to 10 people, and the cells by which they could be computed, are left out."


def _status(rows: pd.DataFrame | None, suppressed_count: int) -> Status:
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
