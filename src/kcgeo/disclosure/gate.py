"""The release gate: the only door through which a table leaves the analysis.

:func:`release` checks a table against the allowlist of its kind (:mod:`kcgeo.disclosure.contracts`) and gives a
:class:`Released`. The rooms to the right accept nothing else (:func:`require_released`). Row order, ids, dtypes and
the index of a released table are made from the rows that leave, so that a row that stays behind changes no byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.data.directory.closing.looks import text_looks_like_place
from kcgeo.disclosure.audit import SMALL
from kcgeo.disclosure.canonical import canonical_table
from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.disclosure.released import Checked, Released, Status, require_released
from kcgeo.disclosure.rows import service_rows, table_problems
from kcgeo.disclosure.small_counts import suppressed_people
from kcgeo.errors import DisclosureError, raise_all

__all__ = ["Released", "printed_people", "release", "release_people", "require_released"]


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


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
    about: Mapping[str, Any] = _NOTHING,
    areas: Iterable[str] | None = None,
    authorisations: pd.DataFrame | None = None,
    geography: Released | None = None,
    linked: Sequence[Released] = (),
    hierarchy: pd.DataFrame | None = None,
    rounding: int = 1,
    census_denominators: bool = False,
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
        For kind "people": the earlier releases about the same people. What they printed is a fact that the new table
        must not undo; see :func:`release_people` for tables that leave at the same time.
    hierarchy, rounding, census_denominators
        For kind "people", see :func:`release_people`.
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
    stated = {**about, "rounding": rounding} if kind == "people" and rounding != 1 else about
    words = _words(name, kind, sources, vintage, notes, stated)

    def checked() -> pd.DataFrame:
        rows = _flat(table)
        if kind == "services":
            return service_rows(rows, areas=areas, records=authorisations)
        if kind == "people":
            return suppressed_people(
                {name: rows},
                earlier=_printed(linked),
                hierarchy=hierarchy,
                rounding=rounding,
                census_denominators=census_denominators,
            )[name]
        return rows

    return _let_out(checked, words, geography=geography, on_refusal=on_refusal)


def release_people(
    tables: Mapping[str, pd.DataFrame],
    *,
    sources: Sequence[str],
    vintage: str,
    notes: Sequence[str] = (),
    linked: Sequence[Released] = (),
    hierarchy: pd.DataFrame | None = None,
    rounding: int = 1,
    census_denominators: bool = False,
) -> dict[str, Released]:
    """Let tables of counts about the same people leave at the same time, protected together.

    Parameters
    ----------
    tables
        By name: long tables with dimension columns, ``count`` and perhaps ``population_count``; a total has the label
        "total".
    sources, vintage, notes
        As :func:`release`.
    linked
        Earlier releases about the same people, as they were printed.
    hierarchy
        Which labels hold one another, e.g. columns ``county, area, state`` with a row for each county. Ranges of
        ``age_group`` and ``period`` are understood without one.
    rounding
        5 or 10: printed counts are rounded to the nearest multiple; small counts are suppressed all the same.
    census_denominators
        Whether ``population_count`` is a public census count; other denominators of 1 to 10 are suppressed.

    Returns
    -------
    dict of Released

    Raises
    ------
    TableError, DisclosureError
        As :func:`release`; tables that cannot be protected, with what to merge.

    Examples
    --------
    >>> ages = pd.DataFrame({"county": list("AABB"), "age_group": ["0-17", "18+"] * 2, "count": [40, 30, 50, 60]})
    >>> counties = pd.DataFrame({"county": ["A", "B"], "count": [70, 110]})
    >>> out = release_people({"ages": ages, "counties": counties}, sources=["made up"], vintage="2026")
    >>> [released.status for released in out.values()]
    ['released', 'released']
    """
    flat = {name: _flat(table) for name, table in tables.items()}
    rows = suppressed_people(
        flat,
        earlier=_printed(linked),
        hierarchy=hierarchy,
        rounding=rounding,
        census_denominators=census_denominators,
    )
    about = {} if rounding == 1 else {"rounding": rounding}
    return {
        name: _let_out(made.copy, _words(name, "people", sources, vintage, notes, about)) for name, made in rows.items()
    }


def printed_people(
    table: pd.DataFrame, *, name: str, sources: Sequence[str], vintage: str, about: Mapping[str, Any] = _NOTHING
) -> Released:
    """Take a table of counts that was printed before, for :func:`release_people` to be linked to.

    Parameters
    ----------
    table
        As it was printed: ``count`` is blank where it was suppressed. Nothing is protected here, so a printed count of
        1 to 10 is refused.
    name, sources, vintage, about
        As they were.
    """
    rows = _flat(table).assign(count=lambda given: pd.to_numeric(given["count"]).astype(float))
    if rows["count"].between(1, SMALL).any():
        raise DisclosureError(f"The table '{name}' prints counts of 1 to {SMALL}, so it is no earlier release.")
    rows["suppressed"] = rows["count"].isna()
    return _let_out(rows.copy, _words(name, "people", sources, vintage, (), about))


def _printed(linked: Sequence[Released]) -> dict[str, pd.DataFrame]:
    """Return earlier releases of counts as they were printed, under names of their own."""
    if any(isinstance(one, pd.DataFrame) for one in linked):
        raise DisclosureError(
            "linked takes earlier releases, as they were printed; give tables that leave at the same time to "
            "kcgeo.disclosure.release_people()."
        )
    earlier = [require_released(one, kind="people") for one in linked]
    if any(one.about.get("rounding", 1) != 1 for one in earlier):
        raise DisclosureError("A release that was rounded cannot be linked; release the tables of one system together.")
    return {
        f"{number:03d} {one.name}": one.table.drop(columns=["suppressed", "rate_per_1000"], errors="ignore")
        for number, one in enumerate(earlier)
    }


def _words(
    name: str, kind: str, sources: Sequence[str], vintage: str, notes: Sequence[str], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a release says of itself, checked."""
    contract = _contract(kind)
    problems: list[str] = []
    source_texts, note_texts = _texts(sources, "sources", problems), _texts(notes, "notes", problems)
    _texts((name, vintage), "name and vintage", problems)
    parameters = _parameters(about, problems)
    if not source_texts:
        problems.append(f"The release '{kind}' names no source; a table without a source does not leave.")
    raise_all(problems, DisclosureError)
    words = {"name": name, "kind": kind, "sources": source_texts, "vintage": vintage, "notes": note_texts}
    return {**words, "about": parameters, "rules": contract.rules}


def _let_out(
    rows: Callable[[], pd.DataFrame],
    words: Mapping[str, Any],
    *,
    geography: Released | None = None,
    on_refusal: Literal["raise", "record"] = "raise",
) -> Released:
    """Make the rows, hold them against their contract, and record that they leave, or why not."""
    contract = _contract(words["kind"])
    released_rows: Checked | None = None
    suppressed_count, reasons = 0, tuple[str, ...]()
    try:
        made = rows()
        raise_all(table_problems(made, contract, background=_background(geography)), DisclosureError)
        released_rows = Checked(canonical_table(made, contract))
        if contract.kind == "people":
            suppressed_count = int(made["suppressed"].sum())
            reasons = (_SUPPRESSED,) if suppressed_count else ()
    except DisclosureError as refusal:
        if on_refusal == "raise":
            raise
        reasons = tuple(refusal.problems)
    return Released(
        **words,
        status=_status(released_rows, suppressed_count),
        reasons=reasons,
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
