"""Address ranges of TIGER/Line (ADDRFEAT) as the layer ``addresses``: which house numbers stand along which street."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from kcgeo.data.formats.about_study import check_in_counties
from kcgeo.data.formats.places.boundaries import PUBLIC_DOMAIN, vintage_of
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.vector import read_vector
from kcgeo.data.places.addresses import AddressRanges, save_ranges, street_key
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError

__all__ = ["address_ranges", "read_addresses"]

_WHAT = "a file of TIGER/Line address ranges"
_SIDES = {True: ("LFROMHN", "LTOHN", "ZIPL"), False: ("RFROMHN", "RTOHN", "ZIPR")}
_PARITIES = {True: "PARITYL", False: "PARITYR"}


def read_addresses(path: Path, study: Study, *, layer: str | None = None) -> Converted:
    """Convert address ranges, of one county or of a folder of several; see :func:`address_ranges`."""
    ranges, notes = address_ranges(path, layer=layer)
    middles = ranges.line_xy[ranges.line_at[:-1]]
    notes += check_in_counties(study, middles[:, 0], middles[:, 1], what="street side")
    return Converted(
        write=lambda target: save_ranges(ranges, target),
        title="TIGER/Line address ranges, US Census Bureau",
        vintage=vintage_of(path),
        licence=PUBLIC_DOMAIN,
        notes=tuple(notes),
    )


def address_ranges(path: Path, *, layer: str | None = None) -> tuple[AddressRanges, list[str]]:
    """Read ``tl_2023_29095_addrfeat.zip``: one row for each side of a street that has numbers.

    Raises
    ------
    TableError, CrsError
        One sentence: another file, or no side with numbers.
    """
    columns = ("FULLNAME", *(name for names in _SIDES.values() for name in names))
    table, notes = read_vector(
        path, what=_WHAT, kinds={"LineString"}, columns=(*columns, *_PARITIES.values()), layer=layer
    )
    if missing := [name for name in columns if name not in table]:
        raise TableError(f"{path.name} has no column {', '.join(missing)}, so it is not {_WHAT}.")
    table = table.explode(ignore_index=True)
    parts = []
    for left, (first, last, code) in _SIDES.items():
        numbers = table[[first, last]].apply(lambda column: column.astype("str").str.strip())
        plain = numbers.apply(lambda column: column.str.fullmatch(r"\d{1,6}")).all(axis=1)
        good = plain & table[code].astype("str").str.fullmatch(r"\d{5}") & table["FULLNAME"].notna()
        rows = table[good]
        part = pd.DataFrame({"street": rows["FULLNAME"].map(street_key), "zip": rows[code], "line": rows.index})
        both = rows[_PARITIES[left]].eq("B") if _PARITIES[left] in rows else False
        parts.append(part.assign(first=numbers.loc[good, first], last=numbers.loc[good, last], left=left, both=both))
    sides = pd.concat(parts, ignore_index=True).astype({"first": "int64", "last": "int64"})
    sides = sides.drop_duplicates().sort_values(["zip", "street", "first", "last", "line"], ignore_index=True)
    if sides.empty:
        raise TableError(f"{path.name} holds no side of a street with house numbers.")
    shapes = table.geometry.to_numpy()[sides["line"].to_numpy()]
    line_at = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(shapes))]).astype(np.int64)
    one_parity = ((sides["first"] - sides["last"]) % 2 == 0) & ~sides["both"].astype(bool)
    ranges = AddressRanges(
        street=sides["street"].to_numpy(dtype=np.str_),
        zip=sides["zip"].to_numpy(dtype=np.str_),
        first=sides["first"].to_numpy(),
        last=sides["last"].to_numpy(),
        step=np.where(one_parity, 2, 1).astype(np.int8),
        left=sides["left"].to_numpy(dtype=bool),
        line_at=line_at,
        line_xy=shapely.get_coordinates(shapes),
    )
    odd = len(table) - table.index.isin(sides["line"]).sum()
    notes.append(
        f"{odd:,} of {len(table):,} streets have no plain house numbers and place no address."
    ) if odd else None
    return ranges, notes
