"""The rules for rows: which services leave with what, and what no table may carry.

Messages name rows by their id and columns by their name; they never repeat a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import h3
import pandas as pd

from kcgeo.crs import STORAGE, require
from kcgeo.data.directory.closing.area_texts import approved_names, is_telephone, narrows_the_place
from kcgeo.data.directory.closing.authorisations import authorisations, authorised
from kcgeo.data.directory.closing.doors import plain_organization, same_door
from kcgeo.data.directory.closing.hiding import speaking_rows
from kcgeo.data.directory.closing.looks import (
    column_name_looks_like_place,
    numbers_look_like_place,
    safe_name,
    text_looks_like_place,
)
from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.errors import DisclosureError, first_ids, raise_all

__all__ = ["service_rows", "table_problems"]

# A row at area level leaves with these columns only; whatever else it holds stays behind.
_AREA_COLUMNS = ("organization_name", "service_name", "categories", "phone", "disclosure", "area")
_SERVICE_NUMBERS = ("minimum_age", "maximum_age", "capacity_beds")


def _nothing(value: Any) -> bool:
    """Say whether a value is missing or blank; an empty geometry counts as missing."""
    if isinstance(value, str):
        return not value.strip()
    if hasattr(value, "is_empty"):
        return bool(value.is_empty)
    return value is None or (not isinstance(value, tuple | list) and bool(pd.isna(value)))


def _missing(values: pd.Series[Any]) -> pd.Series[Any]:
    """Say which values are missing or blank."""
    return pd.Series([_nothing(value) for value in values], index=values.index, dtype=bool)


def _digest(prefix: str, *parts: object) -> str:
    text = "\x1f".join(str(part) for part in parts)
    return f"{prefix}-{hashlib.sha256(text.encode('utf-8')).hexdigest()[:10]}"


def _area_problems(rows: pd.DataFrame, areas: Iterable[str] | None, names: frozenset[str]) -> list[str]:
    """Collect what forbids rows at area level to leave."""
    problems = []
    ids = rows["service_id"]
    for column in ("physical_address", "postal_code", "latitude", "longitude", "geometry"):
        if column in rows and (held := ~_missing(rows[column])).any():
            problems.append(
                f"Rows at area level hold a {column}: {first_ids(ids[held])}; remove it, or ask for the level exact."
            )
    for column, reads_wrong in (
        ("organization_name", lambda text: narrows_the_place(text, approved=names)),
        ("service_name", lambda text: narrows_the_place(text, approved=names)),
        ("area", lambda text: text_looks_like_place(text, strict=True)),
    ):
        if column in rows:
            bad = rows[column].map(lambda value, wrong=reads_wrong: isinstance(value, str) and wrong(value))
            if bad.any():
                problems.append(
                    f"The {column} of rows at area level reads like a place: {first_ids(ids[bad])}; write a short name "
                    "without town, street, number or direction, or record who approved the name."
                )
    if "phone" in rows:
        bad = rows["phone"].map(
            lambda value: isinstance(value, str) and bool(value.strip()) and not is_telephone(value)
        )
        if bad.any():
            problems.append(f"The phone of rows at area level is no telephone number: {first_ids(ids[bad])}.")
    if areas is None:
        problems.append("Rows at area level need areas=, the names of the approved areas.")
    else:
        approved = set(areas)
        unknown = ~rows["area"].isin(approved) if "area" in rows else pd.Series(True, index=rows.index)
        if unknown.any():
            problems.append(f"Rows at area level name an area that is not approved: {first_ids(ids[unknown])}.")
    return problems


def _neighbor_problems(services: pd.DataFrame, records: pd.DataFrame) -> list[str]:
    """Collect exact rows that would show a hidden one: at its door or of its organization, and opened by nobody.

    A row without a place (a hotline, an advocate on the telephone) shows no door and is left alone.
    """
    hidden = services["disclosure"].ne("exact")
    placed = ~services["geometry"].map(_nothing) if "geometry" in services else pd.Series(False, index=services.index)
    if "physical_address" in services:
        placed |= ~services["physical_address"].map(_nothing)
    shown = ~hidden & placed & ~authorised(services, records)
    if not hidden.any() or not shown.any():
        return []
    problems = []
    doors = same_door(services, by_telephone=True)
    if (at := shown & doors.isin(doors[hidden])).any():
        beside = hidden & doors.isin(doors[at])
        problems.append(
            f"Exact rows share an address, a point, a telephone or a location id with hidden rows: "
            f"{first_ids(services.loc[at, 'service_id'])} with {first_ids(services.loc[beside, 'service_id'])}; "
            "withhold them, or record in a file of authorisations who allowed them to be shown."
        )
    for column in ("organization_id", "organization_name"):
        if column in services and not problems:
            names = services[column].map(lambda name: plain_organization(str(name)) if not _nothing(name) else None)
            if (own := shown & names.notna() & names.isin(names[hidden].dropna())).any():
                problems.append(
                    f"Exact rows are of an organization that has a hidden row too: "
                    f"{first_ids(services.loc[own, 'service_id'])}; "
                    "withhold them, or record in a file of authorisations who allowed them to be shown."
                )
    return problems


def service_rows(
    services: pd.DataFrame, *, areas: Iterable[str] | None, records: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the services as the public may see them: exact rows whole, area rows thin, withheld rows not at all.

    ``service_id`` and ``site_id`` are made anew from the published columns: a numbered id of the directory would show a
    hole where a withheld row was.

    Raises
    ------
    DisclosureError
        A level that is not known, an exact row without a basis, an area row with a place or an area not approved, an
        exact row at the door or of the organization of a hidden one that no record opens.
    """
    if isinstance(services, gpd.GeoDataFrame):
        require(services, what="services")
    needed = {"service_id", "disclosure", "categories"}
    if lacking := sorted(needed - set(services.columns)):
        raise DisclosureError(f"A table of services needs the columns {', '.join(lacking)}.")
    opened = authorisations() if records is None else records
    rows = services[services["disclosure"] != "withheld"]
    problems = []
    exact, area = rows["disclosure"] == "exact", rows["disclosure"] == "area"
    if (unknown := ~(exact | area)).any():
        problems.append(
            f"The level of these rows is not exact, area or withheld: {first_ids(rows.loc[unknown, 'service_id'])}."
        )
    if "disclosure_basis" not in rows or (lacks := exact & _missing(rows["disclosure_basis"])).any():
        named = rows["service_id"] if "disclosure_basis" not in rows else rows.loc[lacks, "service_id"]
        problems.append(f"Exact rows need a disclosure_basis: {first_ids(named)}.")
    if (speaks := exact & speaking_rows(rows) & ~authorised(rows, opened)).any():
        problems.append(
            "A text of exact rows speaks of a place that is confidential: "
            f"{first_ids(rows.loc[speaks, 'service_id'])}; withhold them, or record in a file of authorisations who "
            "allowed them to be shown."
        )
    if area.any():
        problems += _area_problems(rows[area], areas, approved_names(opened))
    problems += _neighbor_problems(services, opened)
    raise_all(problems, DisclosureError)
    public = CONTRACTS["services"]
    allowed = [column for column in rows.columns if public.allows(column) and column not in {"service_id"}]
    shown = pd.DataFrame(rows[allowed]).copy()
    hidden = [column for column in allowed if column not in _AREA_COLUMNS]
    for column in hidden:
        numeric = pd.api.types.is_numeric_dtype(shown[column])
        shown[column] = shown[column].where(exact) if numeric else shown[column].astype("object").where(exact, None)
    return _with_public_ids(shown.reset_index(drop=True), isinstance(services, gpd.GeoDataFrame))


def _with_public_ids(rows: pd.DataFrame, has_geometry: bool) -> pd.DataFrame:
    texts = [column for column in rows.columns if column not in {"geometry", "site_id"}]
    for column in rows.columns:
        if column in _SERVICE_NUMBERS or pd.api.types.is_numeric_dtype(rows[column]):
            rows[column] = pd.to_numeric(rows[column]).astype(float)
    parts = [
        [*(str(value) for value in row), *([] if "geometry" not in rows else [str(rows["geometry"].iloc[number])])]
        for number, row in enumerate(rows[texts].itertuples(index=False, name=None))
    ]
    rows.insert(0, "service_id", [_digest("service", *part) for part in parts])
    # rows that say the same in public are one; how many stand behind it is not told
    rows = rows.drop_duplicates("service_id", ignore_index=True)
    if "site_id" in rows:
        members: dict[object, list[str]] = {}
        for site, service in zip(rows["site_id"], rows["service_id"], strict=True):
            members.setdefault(site, []).append(service)
        rows["site_id"] = [
            None if pd.isna(site) else _digest("site", *sorted(members[site])) for site in rows["site_id"]
        ]
    if has_geometry and "geometry" in rows:
        shapes = gpd.GeoSeries(rows["geometry"].tolist(), index=rows.index, crs=STORAGE)
        layer: pd.DataFrame = gpd.GeoDataFrame(rows.drop(columns="geometry"), geometry=shapes)
        return layer
    return rows


def _geometry_problems(table: pd.DataFrame, contract: Contract, background: Mapping[str, Any] | None) -> list[str]:
    if not isinstance(table, gpd.GeoDataFrame):
        return (
            [] if "geometry" not in table else ["A column geometry without a CRS is not released; use a GeoDataFrame."]
        )
    require(table, what="released layer")
    kinds = set(table.geometry.dropna().geom_type)
    if not kinds <= set(contract.geometry):
        return [f"A table of kind '{contract.kind}' holds no geometry of type {', '.join(sorted(kinds))}."]
    if "Point" not in kinds or contract.kind in {"services", "background", "profile"}:
        return []
    key = next((column for column in ("place_id", "cell_id", "candidate_id") if column in table), None)
    if background is None or key is None:
        return [
            "Points leave with a table of results only where geography= gives the same points by place_id or cell_id."
        ]
    differs = [
        identity
        for identity, point in zip(table[key], table.geometry, strict=True)
        if point is not None and (identity not in background or not background[identity].equals_exact(point, 1e-9))
    ]
    return [f"Points of these rows are not those of the geography: {first_ids(differs)}."] if differs else []


_ID_COLUMNS = frozenset({"cell_id", "candidate_id", "place_id", "from_id", "to_id", "id", "name"})
_FINEST_CELL = 8


def _is_fine_cell(text: str) -> bool:
    """Say whether an id is an H3 cell of 0.1 km2 or less."""
    return len(text) == 15 and h3.is_valid_cell(text) and h3.get_resolution(text) > _FINEST_CELL


def _content_problems(values: pd.Series[Any], name: str, contract: Contract, by_pattern: bool) -> list[str]:
    """Look at what a column holds; services at exact level are the one place where an address may stand."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        numeric = pd.to_numeric(values, errors="coerce")
        return [f"The numbers of column {name} read like positions."] if numbers_look_like_place(numeric) else []
    # a long table says the same few words many times over
    listed = values.dropna().unique() if isinstance(values.dtype, pd.StringDtype) else values
    kept = [
        value for value in listed if not (value is None or (not isinstance(value, tuple | list) and pd.isna(value)))
    ]
    if any(not isinstance(value, str | bool | int | float | tuple | list) for value in kept):
        return [f"Column {name} holds objects; a released table holds numbers, texts and flags."]
    texts = dict.fromkeys(text for value in kept for text in (value if isinstance(value, tuple | list) else (value,)))
    if values.name in _ID_COLUMNS and any(isinstance(text, str) and _is_fine_cell(text) for text in texts):
        return [f"Column {name} holds H3 cells finer than resolution {_FINEST_CELL}, which are points in all but name."]
    if by_pattern and any(isinstance(text, str) and text not in contract.words for text in texts):
        return [f"Column {name} must hold numbers or one of {', '.join(sorted(contract.words))}."]
    if contract.kind != "services" and any(isinstance(text, str) and text_looks_like_place(text) for text in texts):
        return [f"A text of column {name} reads like an address or a position."]
    return []


def table_problems(
    table: pd.DataFrame, contract: Contract, *, background: Mapping[str, Any] | None = None
) -> list[str]:
    """Collect one sentence for each column that is not of the contract or reads like a place."""
    problems = []
    if len(set(table.columns)) < len(table.columns):
        return ["Two columns of the table have the same name."]
    for position, column in enumerate(table.columns):
        name = safe_name(column, position)
        if not isinstance(column, str) or not contract.allows(column):
            looks = isinstance(column, str) and column_name_looks_like_place(column)
            problems.append(
                f"Column {name} {'looks like a place and' if looks else ''} is not in the contract '{contract.kind}'; "
                "drop it or rename it to what it measures.".replace("  ", " ")
            )
        elif column != "geometry":
            problems += _content_problems(table[column], name, contract, column not in contract.columns)
    return problems + _geometry_problems(table, contract, background)
