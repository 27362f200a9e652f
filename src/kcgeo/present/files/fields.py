"""The data dictionary of what is exported: each column of each table with type, unit and meaning, none left out.

A column that comes from the data package is described there; what is computed is described here, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import geopandas as gpd
import pandas as pd

from kcgeo import data
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import words

__all__ = ["dictionary"]

# column: unit, meaning; of what the data package does not hold
_COMPUTED: dict[str, tuple[str, str]] = {
    "along_mi": ("mile", "Distance along the route from its first mile in the study, through all mile systems"),
    "by_referral": ("", "Kinds of help not in reach that a confidential service gives by referral, joined by ', '"),
    "by_referral_count": ("kinds", "How many required kinds are had by referral only"),
    "by_referral_share": ("share", "People who have the kind by referral only, 0 to 1"),
    "categories": ("", "Kinds of help that the service gives, joined by '|'"),
    "candidate_id": ("", "Area in which a new site could stand: an H3 cell, never an address"),
    "cell_id": ("", "H3 cell, a public grid of hexagons"),
    "covered": ("", "Whether all required kinds of help are in reach"),
    "covered_count": ("persons or households", "People of the group within the cutoff"),
    "covered_share": ("share", "People of the group within the cutoff, 0 to 1; the cutoff itself counts"),
    "covered_with_referral": ("", "Whether all required kinds are in reach or by referral"),
    "cutoff_min": ("minutes", "Minutes by car that still count as in reach"),
    "exit": ("", "Number of the exit"),
    "family": ("", "Group of kinds of help that share a symbol"),
    "from_milepost_mi": ("mile", "Milepost at which the stretch begins"),
    "geometry": ("degree", "Shape, EPSG:4326; in CSV points as longitude and latitude"),
    "group": ("", "Whose numbers: column of the people or households counted"),
    "hours_unknown_count": ("kinds", "How many required kinds have a listed site in reach whose hours are not known"),
    "hours_unknown_share": ("share", "People who have a listed site in reach whose hours are not known, 0 to 1"),
    "lacking": ("", "Whether a required kind is neither in reach nor by referral although it was looked for"),
    "not_collected_count": (
        "kinds",
        "How many required kinds nobody has looked for in the county: unknown, not missing",
    ),
    "not_collected_share": ("share", "People in counties where nobody has looked for the kind, 0 to 1"),
    "in_reach_count": ("kinds", "How many required kinds of help are in reach"),
    "label": ("", "Road met at the exit, where known"),
    "length_mi": ("mile", "Length of the stretch"),
    "milepost_mi": ("mile", "Milepost"),
    "median_min": ("minutes", "Drive of the person in the middle to the nearest listed site; empty where not reached"),
    "unknown_share": ("share", "People for whom nobody knows: hours not recorded, or the kind not looked for, 0 to 1"),
    "missing": ("", "Required kinds of help neither in reach nor by referral, joined by ', '"),
    "new_count": ("persons", "People whom the new site brings into reach beyond those ranked before it"),
    "none_count": ("kinds", "How many required kinds are neither in reach nor by referral"),
    "none_share": ("share", "People who have the kind neither in reach nor by referral, 0 to 1"),
    "opening_hours": ("", "Opening hours in the syntax of OpenStreetMap; empty where not known"),
    "place_covered_share": ("share", "Places within the cutoff, 0 to 1, whatever their size"),
    "rank": ("", "Place in the order, 1 first"),
    "route": ("", "Road, such as I-35"),
    "site_id": ("", "One place: equal for services that share an address"),
    "state_name": ("", "Name of the state in which the county lies"),
    "system": ("", "Route and state by whose mileposts is counted"),
    "to_milepost_mi": ("mile", "Milepost at which the stretch ends"),
    "together_count": ("persons", "People whom this new site and those ranked before it bring into reach"),
    "total_count": ("persons or households", "All people of the group"),
    "unreachable_share": ("share", "People in places with no way at all to a listed site, 0 to 1"),
    "value": ("see unit", "Number as published, text where it is no number"),
    "value_number": ("see unit", "The same as a number; empty where it is none"),
    "worst_min": ("minutes", "Longest drive on the stretch; empty where there is no way"),
}
_STATE = "in_reach: within the headline cutoff; by_referral: a confidential service takes calls; none"


@lru_cache(maxsize=1)
def _package() -> dict[str, dict[str, tuple[str, str]]]:
    """Read unit and meaning of every field of the data package, by resource."""
    return {
        name: {
            str(field["name"]): (str(field.get("unit", "")), str(field["description"]))
            for field in data.describe(name)["fields"]
        }
        for name in data.resources()
    }


def _described(column: str, table: str = "") -> tuple[str, str] | None:
    """Find unit and meaning of a column, None where nothing is known of it.

    >>> _described("medical_min")
    ('minutes', 'Minutes by car to the nearest listed site: medical care; empty where not reached')
    """
    timed = re.fullmatch(r"(\w+)_(min|state)", column)
    if timed and timed[1] in words.CATEGORY:
        label = words.category_label(timed[1]).lower()
        if timed[2] == "state":
            return "", f"{words.category_label(timed[1])}: {_STATE}"
        return "minutes", f"Minutes by car to the nearest listed site: {label}; empty where not reached"
    package = _package()
    anywhere = next((fields[column] for fields in package.values() if column in fields), None)
    return package.get(table, {}).get(column) or _COMPUTED.get(column) or anywhere


def dictionary(released: Mapping[str, Released]) -> pd.DataFrame:
    """Describe every column of every table.

    Parameters
    ----------
    released
        Releases by the name under which they are exported.

    Returns
    -------
    DataFrame
        ``table, field, type, unit, meaning, source, vintage``, in the order of the tables.

    Raises
    ------
    TableError
        For columns of which nothing is known: an export without its dictionary is not made.
    DisclosureError
        For a table that was not released.
    """
    rows, unknown = [], []
    for name, item in released.items():
        table = require_released(item).table
        for column in map(str, table.columns):
            told = _described(column, name)
            if told is None:
                unknown.append(f"The column '{column}' of {name} has no entry in the data dictionary.")
                continue
            rows.append((name, column, _type(table, column), *told, "; ".join(item.sources), item.vintage))
    if unknown:
        raise TableError(unknown)
    return pd.DataFrame(rows, columns=["table", "field", "type", "unit", "meaning", "source", "vintage"])


def _type(table: pd.DataFrame, column: str) -> str:
    if isinstance(table, gpd.GeoDataFrame) and column == table.geometry.name:
        return "geometry"
    dtype = table[column].dtype
    checks = {
        "boolean": pd.api.types.is_bool_dtype,
        "integer": pd.api.types.is_integer_dtype,
        "number": pd.api.types.is_float_dtype,
    }
    return next((name for name, holds in checks.items() if holds(dtype)), "text")
