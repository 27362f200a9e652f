"""Tables of the American Community Survey as CSV, joined onto the places that a study has.

Accepted: what data.census.gov gives for download (``ACSDT5Y2022.B01001-Data.csv``: a row of codes, a row of labels, an
estimate ``B01001_001E`` and a margin of error ``B01001_001M``), alone, in a folder or in the zip as it comes; and the
table-based summary files of the Census server (``acsdt5y2022-b01001.dat``, bars between columns named ``B01001_E001``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.data.formats.archive import files_in, refusing
from kcgeo.data.formats.places.boundaries import PUBLIC_DOMAIN, vintage_of
from kcgeo.data.formats.places.estimates import shared_out
from kcgeo.data.formats.places.place_file import (
    COUNTS,
    QUANTITIES,
    cap_groups,
    packaged_places,
    read_places,
    write_places,
)
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.text import counts, encoding_of, first_rows, read_chunks
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["RECIPES", "Recipe", "margin_of_sum", "read_acs"]

_WHAT = "a table of the American Community Survey"


@dataclass(frozen=True)
class Recipe:
    """Which cells of a table add up to a count of places."""

    table: str
    count: str
    cells: tuple[int, ...]


RECIPES = (
    Recipe("B01001", "population_count", (1,)),
    Recipe("B01003", "population_count", (1,)),
    Recipe("B09001", "under18_count", (1,)),
    # boys, then girls: under 5, 5 to 9, 10 to 14, 15 to 17
    Recipe("B01001", "under18_count", (3, 4, 5, 6, 27, 28, 29, 30)),
    # income to poverty line: under 0.5, and 0.5 to 0.99
    Recipe("C17002", "poverty_count", (2, 3)),
    Recipe("B17001", "poverty_count", (2,)),
    Recipe("B25044", "household_count", (1,)),
    Recipe("B08201", "household_count", (1,)),
    Recipe("B11001", "household_count", (1,)),
    Recipe("B25003", "household_count", (1,)),
    # owners, then renters, without a vehicle
    Recipe("B25044", "no_vehicle_household_count", (3, 10)),
    Recipe("B08201", "no_vehicle_household_count", (2,)),
)
"""For each count the recipe that comes first among the tables given is used; see docs/formats.md for the tables."""

_LEVELS = {"150": (12, "block groups"), "140": (11, "tracts"), "860": (5, "ZIP code areas")}
"""Summary level at the start of GEO_ID -> digits of the id, and its name."""

_CELL = re.compile(r"([BC]\d{5}[A-Z]*)_(?:(\d{3})([EM])|([EM])(\d{3}))")
# what the survey writes where it has no number; a margin of five stars or fives is a controlled total: none
_BLANK = r"|\*{1,2}|-|N|\(X\)|null|-([2-9])\1{8}"
_CONTROLLED = r"\*{5}|-5{9}"
_LEAST_SHARE = 0.5


def read_acs(path: Path, study: Study) -> Converted:
    """Join survey tables onto the study's places.

    Parameters
    ----------
    path
        One table, or a folder or zip of several. Tables that no count is made of are named in a note.
    study
        Its layer ``places`` is extended; without one, tables of ZIP code areas fill the packaged ZIP points.

    Raises
    ------
    TableError
        One sentence: no table that is known, another level than the places, too few places found.
    """
    notes: list[str] = []
    with files_in(path, {".csv", ".dat"}, what=_WHAT) as found:
        tables = [item for item in found if not re.search(r"metadata|-notes", item.name, re.IGNORECASE)]
        if not tables:
            raise TableError(f"{path.name} holds notes on a table only; give the file that ends in -Data.csv.")
        cells = [part for item in tables for part in _read_table(item, study, notes)]
    former = study.layer("places")
    places = packaged_places(study) if former is None else read_places(checked_layer(former))
    standing = pd.DataFrame(places.drop(columns="geometry")).assign(
        latitude=places.geometry.y.to_numpy(), longitude=places.geometry.x.to_numpy()
    )
    if "estimated" not in standing:
        standing["estimated"] = ""
    table, more = _joined(standing, cells, path)
    table["estimated"] = table["estimated"].fillna("")
    more += cap_groups(table)
    older = former.title if former else "Packaged ZIP code points"
    titles = [part for part in older.split("; ") if not part.startswith("American Community Survey")]
    used = sorted({cell.recipe.table for cell in cells})
    return Converted(
        write_places(table),
        title="; ".join([f"American Community Survey, tables {', '.join(used)}", *titles]),
        vintage=_vintage(path, former.vintage if former else ""),
        licence=PUBLIC_DOMAIN,
        notes=(*dict.fromkeys(notes), *more, *_still_estimated(table)),
    )


def _vintage(path: Path, former: str) -> str:
    """Return the year of the tables, beside that of the places that they were joined onto."""
    years = dict.fromkeys(part for part in (vintage_of(path), former) if part)
    return ", ".join(years)


def _still_estimated(table: pd.DataFrame) -> list[str]:
    names = table["estimated"].str.split(";")
    counted = {name: int(names.map(lambda row, name=name: name in row).sum()) for name in QUANTITIES}
    return [f"Estimate: {name} of {count:,} places, which no source gives." for name, count in counted.items() if count]


@dataclass(frozen=True, eq=False)
class _Cells:
    """What one file gives for one count at one level: ``place_id, value, moe``."""

    recipe: Recipe
    digits: int
    rows: pd.DataFrame


def _read_table(path: Path, study: Study, notes: list[str]) -> list[_Cells]:
    """Read one table; an empty list and a note where no count is made of it."""
    encoding, note = encoding_of(path)
    notes += [note] if note else []
    separator, head = first_rows(path, encoding, count=2)
    header = [name.strip() for name in head[0]] if head else []
    if header and header[0].startswith("Label (Grouping)"):
        raise TableError(
            f"{path.name} is the view for readers; on data.census.gov choose Download Table Data and give that zip."
        )
    cells = {found.group(0): found for name in header if (found := _CELL.fullmatch(name))}
    known = sorted({found.group(1) for found in cells.values()})
    if "GEO_ID" not in header or not known:
        raise TableError(f"{path.name} is not {_WHAT}: its first row must name GEO_ID and cells such as B01001_001E.")
    recipes = [recipe for recipe in RECIPES if recipe.table in known]
    if not recipes:
        notes.append(f"No count is made of table {', '.join(known)} ({path.name}); it was left out.")
        return []
    names = {
        (found.group(1), int(found.group(2) or found.group(5)), found.group(3) or found.group(4)): name
        for name, found in cells.items()
    }
    lacking = [f"{r.table}_{n:03d}E" for r in recipes for n in r.cells if (r.table, n, "E") not in names]
    if lacking:
        raise TableError(f"{path.name} lacks {first_ids(lacking)}; download the whole table.")
    columns = {"GEO_ID": "GEO_ID"} | {
        name: f"{number:03d}{kind}"
        for (table, number, kind), name in names.items()
        if any(table == recipe.table and number in recipe.cells for recipe in recipes)
    }
    labelled = len(head) > 1 and head[1][:1] == ["Geography"]
    rows = _rows(path, encoding, separator, columns, study, skip_rows=int(labelled))
    return [_cells(recipe, digits, part, path) for recipe in recipes for digits, part in rows.items()]


def _rows(
    path: Path, encoding: str, separator: str, columns: dict[str, str], study: Study, *, skip_rows: int
) -> dict[int, pd.DataFrame]:
    """Return the rows of the study by digits of their id; a national file streams through."""
    kept: dict[int, list[pd.DataFrame]] = {}
    for chunk in read_chunks(path, encoding, separator, columns=list(columns), skip_rows=skip_rows):
        with refusing(path, _WHAT):
            rows = chunk.rename(columns=columns)
            parts = rows["GEO_ID"].str.strip().str.extract(r"^(\d{3})\w*US(\d+)$")
        for level, (digits, _) in _LEVELS.items():
            mine = (parts[0] == level) & (parts[1].str.len() == digits)
            if digits > 5:
                mine &= parts[1].str[:5].isin(study.counties)
            if mine.any():
                kept.setdefault(digits, []).append(rows[mine].assign(place_id=parts.loc[mine, 1]))
    if not kept:
        raise TableError(
            f"{path.name} has no row of a block group, tract or ZIP code area of the study; "
            "choose one of these as the geography when you download the table."
        )
    return {digits: pd.concat(parts, ignore_index=True) for digits, parts in kept.items()}


def _cells(recipe: Recipe, digits: int, rows: pd.DataFrame, path: Path) -> _Cells:
    values, margins = [], []
    try:
        for number in recipe.cells:
            values.append(counts(rows[f"{number:03d}E"], blank=lambda text: text.str.fullmatch(_BLANK)))
            if f"{number:03d}M" in rows:
                text = rows[f"{number:03d}M"].str.strip()
                text = text.where(~text.str.fullmatch(_CONTROLLED), "0")
                margins.append(counts(text, blank=lambda text: text.str.fullmatch(_BLANK)))
    except ValueError as error:
        raise TableError(f"{path.name} has '{error}' where {recipe.table} needs a number.") from None
    estimates = np.column_stack([part.to_numpy() for part in values])
    bad = (estimates < 0).any(axis=1) | (estimates != np.floor(estimates)).any(axis=1) & ~np.isnan(estimates).any(
        axis=1
    )
    if bad.any():
        raise TableError(f"{path.name}: {first_ids(rows.loc[bad, 'place_id'])} have no whole number of {recipe.count}.")
    moe = np.full(len(rows), np.nan)
    if len(margins) == len(values):
        moe = margin_of_sum(estimates, np.column_stack([part.to_numpy() for part in margins]))
    table = pd.DataFrame({"place_id": rows["place_id"], "value": estimates.sum(axis=1), "moe": moe})
    return _Cells(recipe, digits, table.drop_duplicates(ignore_index=True))


def margin_of_sum(estimates: npt.NDArray[np.float64], margins: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Margin of error of the sum of cells (rows: places, columns: cells), as the Census handbook approximates it.

    The root of the sum of squares, where of all cells estimated as 0 only the largest margin counts. NaN where a margin
    is missing.

    US Census Bureau (2020), Understanding and Using American Community Survey Data, chapter 8.

    >>> margin_of_sum(np.array([[5.0, 0.0, 0.0]]), np.array([[3.0, 4.0, 2.0]])).tolist()
    [5.0]
    """
    zero = estimates == 0
    squares: npt.NDArray[np.float64] = np.where(zero, 0.0, margins**2).sum(axis=1)
    largest = np.where(zero, margins, 0.0).max(axis=1)
    margin: npt.NDArray[np.float64] = np.sqrt(squares + largest**2)
    return margin


def _joined(standing: pd.DataFrame, cells: list[_Cells], path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Put the counts into the table of places; tracts are shared out among their block groups."""
    table, notes = standing.copy(), list[str]()
    digits = int(table["place_id"].str.len().max())
    usable = (digits, 11) if digits == 12 else (digits,)
    done = []
    for count in COUNTS:
        fits = [
            (RECIPES.index(cell.recipe), usable.index(cell.digits), number)
            for number, cell in enumerate(cells)
            if cell.recipe.count == count and cell.digits in usable
        ]
        if not fits:
            continue
        # the same level as the places before a coarser one, then the order of the recipes
        best = min(fits, key=lambda fit: (fit[1], fit[0]))
        same = [cells[number] for recipe, level, number in fits if (recipe, level) == best[:2]]
        rows = _one_each(pd.concat([cell.rows for cell in same], ignore_index=True), path)
        notes += _put(table, count, rows, same[0])
        done.append(count)
    if not done:
        words = dict(_LEVELS.values())
        given = sorted({words[cell.digits] for cell in cells})
        raise TableError(
            f"{path.name} has {' and '.join(given) or 'no table that a count is made of'}, and the places of the study "
            f"are {words.get(digits, 'of their own kind')}; add places and tables of one kind "
            "(kcgeo data add block-groups or centers first)."
        )
    return table, notes


def _one_each(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    rows = rows.drop_duplicates()
    twice = rows.loc[rows["place_id"].duplicated(), "place_id"].unique()
    if len(twice):
        raise TableError(f"{path.name} gives {first_ids(twice)} twice with other numbers; give one year only.")
    return rows.set_index("place_id")


def _put(table: pd.DataFrame, count: str, rows: pd.DataFrame, source: _Cells) -> list[str]:
    """Fill one count and its margin in; rows that the table does not give stay as they are."""
    coarse = table["place_id"].str[: source.digits]
    found = coarse.map(rows["value"]).to_numpy(dtype=np.float64, copy=True)
    given = ~np.isnan(found)
    if given.mean() < _LEAST_SHARE:
        raise TableError(
            f"Table {source.recipe.table} has numbers for {int(given.sum()):,} of {len(table):,} places only; "
            "are its geography, its census year and its counties those of the places?"
        )
    moe, notes = count.replace("_count", "_moe"), []
    shared = source.digits < int(table["place_id"].str.len().max())
    if shared:
        weights = table["household_count" if "household" in count else "population_count"].to_numpy(dtype=np.float64)
        for _, members in coarse[given].groupby(coarse[given]).groups.items():
            at = table.index.get_indexer(members)
            found[at] = shared_out(int(found[at[0]]), weights[at])
        notes.append(
            f"Estimate: {count} is known by tract ({source.recipe.table}) and was shared out among its block groups "
            f"by {'households' if 'household' in count else 'people'}; it carries no margin of error."
        )
    table[count] = np.where(given, found, table[count]).astype("int64")
    table[moe] = np.nan if shared else coarse.map(rows["moe"]).to_numpy(dtype=np.float64)
    names = [(set(row.split(";")) - {count, ""}) | ({count} if shared else set()) for row in table["estimated"]]
    fresh = [";".join(name for name in QUANTITIES if name in row) for row in names]
    table["estimated"] = np.where(given, np.array(fresh, dtype=object), table["estimated"].to_numpy(dtype=object))
    if not given.all():
        notes.append(
            f"{source.recipe.table} has no {count} for {int((~given).sum()):,} places, which keep the former one: "
            f"{first_ids(table.loc[~given, 'place_id'])}."
        )
    return notes
