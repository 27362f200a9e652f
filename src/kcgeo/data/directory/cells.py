"""A list of services as it was given, whatever its format: cells of text under their own header.

Nothing here knows what a service is, but for the header, which is the line that holds the most known names of columns.
Map layers are read without any driver that opens other files or hosts; archives, workbooks and KML under limits.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import shapely

from kcgeo.data.formats.archive import extracted, files_in, refusing
from kcgeo.data.formats.text import decoded
from kcgeo.data.formats.vector import read_vector
from kcgeo.errors import TableError, first_ids

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "Cells", "read_cells"]

MAX_BYTES = 64 << 20
MAX_ROWS = 200_000
"""More rows than a national directory has."""
MAX_CELLS = 8_000_000
MAX_COLUMNS = 2_000
_SEARCHED_LINES = 25
_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
_LAYERS = (".geojson", ".gpkg", ".shp", ".json")
_MARKS = (".kml", ".kmz")
_TOTAL = re.compile(r"(?:grand |sub-?)?(?:totals?|count|sum)\b[\s:]*\d*", re.IGNORECASE)
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*)>")
_REPEAT = re.compile(rb'repeated="(\d{1,9})"')

Lines = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Cells:
    """Cells as text.

    Attributes
    ----------
    table
        Their header over text, blanks as ""; the index is the line in the file.
    notes
        What was assumed, one sentence each.
    sheet, sheets
        The sheet that was read, and all; of a workbook only.
    header_line
        Where the header stands, from 1.
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    header_line: int = 1


def read_cells(
    path: Path, *, known: Callable[[str], bool], sheet: str | None = None, layer: str | None = None
) -> Cells:
    """Read a table or a layer of points as text.

    Parameters
    ----------
    path
        CSV, TSV, ``.xlsx``, ``.xls``, ``.ods``, GeoJSON, GeoPackage, shapefile, KML or KMZ, or a folder or zip that
        holds one of them. The points of a layer become ``latitude`` and ``longitude``.
    known
        Says whether a cell is the name of a column of services; so header and sheet are found.
    sheet, layer
        Sheet of a workbook, layer of a GeoPackage.

    Raises
    ------
    TableError, CrsError
        The file is missing, of another kind, too large or damaged; several sheets look like lists.
    """
    path = Path(path)
    if not path.exists():
        raise TableError(f"There is no file {path}.")
    if path.is_file() and path.suffix.lower() not in (*_TABLES, *_LAYERS, *_MARKS, ".zip"):
        raise TableError(
            f"{path.name} is no list of services that can be read: give CSV, TSV, .xlsx, .xls, .ods, GeoJSON, "
            "GeoPackage, shapefile or KML."
        )
    with files_in(path, (*_TABLES, *_LAYERS, *_MARKS), what="a list of services") as found:
        if len(found) > 1:
            names = first_ids(item.name for item in found)
            raise TableError(f"{path.name} holds several lists ({names}); give one of them, each by itself.")
        return _read(found[0], known, sheet, layer)


def _read(path: Path, known: Callable[[str], bool], sheet: str | None, layer: str | None) -> Cells:
    size, suffix = path.stat().st_size, path.suffix.lower()
    if size > MAX_BYTES:
        raise TableError(f"{path.name} is larger than {MAX_BYTES >> 20} MB, the limit of this reader; give a region.")
    if suffix == ".json" and path.read_bytes()[:64].lstrip().startswith(b"["):
        return _record_cells(path)
    if suffix in _LAYERS:
        return _layer_cells(path, layer)
    if suffix in _MARKS:
        return _kml_cells(path)
    if suffix in (".csv", ".tsv", ".txt"):
        lines, notes = _text_lines(path)
        return _under_header(lines, path.name, known, notes)
    return _book_cells(path, known, sheet)


# --- text -------------------------------------------------------------------------------------------------------------


def _text_lines(path: Path) -> tuple[Lines, list[str]]:
    with refusing(path, "a table"):
        text, note = decoded(path.read_bytes(), path.name)
    if "\x00" in text:
        raise TableError(f"{path.name} is no text file; save it as CSV (UTF-8).")
    separator = _separator(text)
    notes = [note] if note else []
    if separator != ",":
        named = {";": "semicolons", "\t": "tabs", "|": "bars"}[separator]
        notes.append(f"{path.name} has {named} between its cells.")
    lines: Lines = []
    reader, start = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1
    try:
        for row in reader:
            lines.append((start, row))
            start = reader.line_num + 1
            _check_size(path.name, len(lines), len(row))
    except csv.Error as error:
        raise TableError(f"{path.name} cannot be read as CSV ({error}); look for an unclosed quotation mark.") from None
    return lines, notes


def _separator(text: str) -> str:
    """Return the mark that gives the first lines the most cells; a title line of one cell so has no say."""
    head = list(islice(io.StringIO(text), _SEARCHED_LINES))

    def cells_count(mark: str) -> int:
        try:
            return max((len(row) for row in csv.reader(head, delimiter=mark)), default=0)
        except csv.Error:
            return 0

    return max(",;\t|", key=lambda mark: (cells_count(mark), mark == ","))


# --- workbooks --------------------------------------------------------------------------------------------------------


def _book_cells(path: Path, known: Callable[[str], bool], sheet: str | None) -> Cells:
    _check_book(path)
    try:
        import python_calamine as calamine
    except ImportError:
        raise TableError(
            f"Reading {path.name} needs python-calamine; install it or save the sheet as CSV (UTF-8)."
        ) from None
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError:
        raise TableError(f"{path.name} is locked with a password; save it without one.") from None
    except Exception:  # its errors are of many classes, and say nothing that helps a reader of the sentence
        raise TableError(f"{path.name} is no {path.suffix} workbook; save it anew, or as CSV (UTF-8).") from None
    with refusing(path, f"a {path.suffix} workbook"):
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            raise TableError(f"{path.name} has no sheet of that name; it has {first_ids(names)}.")
        every = {name: _sheet_lines(book.get_sheet_by_name(name), path.name) for name in ([sheet] if sheet else names)}
    chosen = sheet or _sheet_of(every, known, path.name)
    notes = []
    if len(names) > 1 and sheet is None:
        rest = [name for name in names if name != chosen]
        notes.append(f"The sheet '{chosen}' was read; not {first_ids(map(repr, rest))} (--option sheet=NAME).")
    cells = _under_header(every[chosen], path.name, known, notes, sheets=names)
    return Cells(cells.table, cells.notes, chosen, tuple(names), cells.header_line)


def _check_book(path: Path) -> None:
    """Refuse a workbook that unpacks to more than it may, or whose cells stand so far apart that they fill memory."""
    if path.suffix.lower() == ".xls":
        return
    with refusing(path, f"a {path.suffix} workbook"):
        if not zipfile.is_zipfile(path):
            raise TableError(f"{path.name} is no {path.suffix} workbook; save it anew, or as CSV (UTF-8).")
        with extracted(path) as folder:
            for part in folder.rglob("*.xml"):
                content = part.read_bytes()
                if b"<!ENTITY" in content:
                    raise TableError(f"{path.name} defines entities, as no workbook does; it was not opened.")
                if path.suffix.lower() == ".ods" and part.name == "content.xml":
                    _check_size(path.name, 0, 0, _ods_count(content))
                elif part.parent.name == "worksheets":
                    spots = {(len(column), column, int(row)) for column, row in _CELL.findall(content)}
                    widest = max((_column_number(column) for _, column, _ in spots), default=0)
                    deepest = max((row for _, _, row in spots), default=0)
                    _check_size(path.name, deepest, widest, widest * deepest)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _ods_count(content: bytes) -> int:
    """Count cells as the reader would unfold them: each row up to its last filled cell, with its repetitions."""
    total = 0
    for attributes, inner in _ODS_ROW.findall(content):
        width = filled = 0
        for cell in _ODS_CELL.findall(inner):
            width += int(found[1]) if (found := _REPEAT.search(cell)) else 1
            if b"value" in cell or not cell.endswith(b"/"):
                filled = width
        total += filled * (int(found[1]) if (found := _REPEAT.search(attributes)) else 1)
    return total


def _sheet_lines(sheet: Any, name: str) -> Lines:
    height, width = sheet.total_height, sheet.total_width
    _check_size(name, height, width, height * width)
    rows = [[_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        # a merged cell downwards stands for each of its rows; one across is a title
        if left == right and bottom < len(rows) and left < len(rows[top]):
            for row in rows[top + 1 : bottom + 1]:
                row[left] = row[left] or rows[top][left]
    return list(enumerate(rows, start=1))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _sheet_of(every: dict[str, Lines], known: Callable[[str], bool], name: str) -> str:
    """Return the sheet that looks like a list of services; the first with two lines where none does."""
    lists = [sheet for sheet, lines in every.items() if _header_of(lines, known)[1] >= 2 and len(lines) > 1]
    if len(lists) > 1:
        raise TableError(
            f"{name} has several sheets that look like lists ({first_ids(lists)}); choose one with --option sheet=NAME."
        )
    filled = [sheet for sheet, lines in every.items() if sum(any(row) for _, row in lines) > 1]
    return lists[0] if lists else (filled or list(every))[0]


def _check_size(name: str, rows_count: int, columns_count: int, cells_count: int = 0) -> None:
    if rows_count > MAX_ROWS or columns_count > MAX_COLUMNS or cells_count > MAX_CELLS:
        raise TableError(
            f"{name} holds more than {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns or {MAX_CELLS:,} cells, the limits of "
            "this reader; give a region, and delete blank rows and columns."
        )


# --- header and rows --------------------------------------------------------------------------------------------------


def _header_of(lines: Lines, known: Callable[[str], bool]) -> tuple[int, int]:
    """Return the position of the line with the most known names of columns among the first, and how many these are."""
    filled = [(at, row) for at, (_, row) in enumerate(lines) if any(cell.strip() for cell in row)]
    best, names = (filled[0][0] if filled else 0), 0
    for at, row in filled[:_SEARCHED_LINES]:
        count = len({cell.strip().casefold() for cell in row if known(cell)})
        if count > names:
            best, names = at, count
    return (best, names) if names >= 2 or not filled else (filled[0][0], names)


def _under_header(
    lines: Lines, name: str, known: Callable[[str], bool], notes: Iterable[str], sheets: Iterable[str] = ()
) -> Cells:
    at, _ = _header_of(lines, known)
    body = [(line, row) for line, row in lines[at + 1 :] if any(cell.strip() for cell in row)]
    if not body:
        others = f"; its sheets are {first_ids(sheets)} (--option sheet=NAME)" if len(list(sheets)) > 1 else ""
        raise TableError(f"{name} holds no rows; give a header line and one row for each service{others}.")
    header = [" ".join(cell.split()) for cell in lines[at][1]]
    while header and not header[-1]:
        header.pop()
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise TableError(f"{name} names the column '{twice[0][:60]}' twice; keep one of them.")
    notes, kept = list(notes), []
    if above := [line for line, row in lines[:at] if any(cell.strip() for cell in row)]:
        notes.append(
            f"The header was found in line {lines[at][0]}; {_lines(above).lower()} above it {_was(above)} left out."
        )
    odd: list[int] = []
    for line, row in body:
        if any(cell.strip() for cell in row[len(header) :]):
            raise TableError(f"Line {line} of {name} has more cells than the header; look for a stray separator.")
        cells = [cell.strip() for cell in row[: len(header)]]
        cells += [""] * (len(header) - len(cells))
        if _is_heading(cells):
            odd.append(line)
        else:
            kept.append((line, cells))
    if odd:
        notes.append(f"{_lines(odd)} {_was(odd)} left out: a total or the title of a part, no service.")
    if not kept:
        raise TableError(f"{name} holds no rows of services below its header in line {lines[at][0]}.")
    index = pd.Index([line for line, _ in kept], name="line")
    table = pd.DataFrame([row for _, row in kept], index=index, columns=pd.Index(header, dtype="str"), dtype="str")
    return Cells(table.loc[:, table.columns != ""], tuple(notes), header_line=lines[at][0])


def _is_heading(cells: list[str]) -> bool:
    """Say whether a line is a sum below a list, or a title between its parts."""
    filled = [cell for cell in cells if cell]
    return len(cells) > 3 and (len(filled) == 1 or (len(filled) <= 3 and bool(_TOTAL.fullmatch(filled[0]))))


def _lines(numbers: list[int]) -> str:
    return f"{'Line' if len(numbers) == 1 else 'Lines'} {first_ids(numbers)}"


def _was(items: list[int]) -> str:
    return "was" if len(items) == 1 else "were"


# --- map layers -------------------------------------------------------------------------------------------------------


def _layer_cells(path: Path, layer: str | None) -> Cells:
    shapes, notes = read_vector(path, what="a layer of points", kinds={"Point"}, columns=None, layer=layer)
    points = gpd.GeoSeries(shapely.centroid(shapes.geometry.to_numpy()), index=shapes.index)
    placed = ~(points.isna() | points.is_empty)
    table = pd.DataFrame(shapes.drop(columns="geometry")).map(lambda value: "" if _blank(value) else _text(value))
    table.columns = pd.Index([" ".join(str(name).split()) for name in table.columns], dtype="str")
    for column, values in (("latitude", points.y), ("longitude", points.x)):
        table[column] = [repr(float(value)) if has else "" for value, has in zip(values, placed, strict=True)]
    table.index = pd.RangeIndex(1, len(table) + 1, name="line")
    return Cells(table.apply(lambda column: column.str.strip()).astype("str"), tuple(notes), header_line=0)


def _record_cells(path: Path) -> Cells:
    """Read a list of flat records, as programs for the web answer."""
    with refusing(path, "a list of records (JSON)"):
        records = json.loads(decoded(path.read_bytes(), path.name)[0])
    flat = [row for row in records if isinstance(row, dict)]
    if not flat or len(flat) < len(records) or any(isinstance(v, dict | list) for row in flat for v in row.values()):
        raise TableError(f"{path.name} is no list of flat records; for HSDS use kcgeo data add hsds, else give CSV.")
    table = pd.DataFrame(flat, dtype="object").map(lambda value: "" if _blank(value) else _text(value).strip())
    _check_size(path.name, len(table), table.shape[1])
    table.index = pd.RangeIndex(1, len(table) + 1, name="line")
    return Cells(table.astype("str").rename(columns=str), (), header_line=0)


def _blank(value: Any) -> bool:
    return value is None or (not isinstance(value, list | dict | tuple) and bool(pd.isna(value)))


def _kml_cells(path: Path) -> Cells:
    if path.suffix.lower() == ".kmz":
        with extracted(path) as folder:
            inner = sorted(item for item in folder.rglob("*") if item.suffix.lower() == ".kml")
            if not inner:
                raise TableError(f"{path.name} holds no KML.")
            return _kml_cells(inner[0])
    content = path.read_bytes()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise TableError(f"{path.name} defines entities, as no KML of a map program does; it was not opened.")
    with refusing(path, "a KML file"):
        root = ElementTree.fromstring(content)
    rows, marks = [], [item for item in root.iter() if _tag(item) == "Placemark"]
    for mark in marks:
        row = {"name": "", "description": "", "latitude": "", "longitude": ""}
        for item in mark.iter():
            text = " ".join(re.sub(r"<[^>]*>", " ", item.text or "").split())
            if _tag(item) in ("name", "description", "address", "phoneNumber"):
                row[_tag(item)] = text
            elif _tag(item) == "Data":
                row[item.get("name", "")] = " ".join("".join(item.itertext()).split())
            elif _tag(item) == "SimpleData":
                row[item.get("name", "")] = text
            elif _tag(item) in ("LineString", "Polygon"):
                raise TableError(f"{path.name} holds lines or outlines where points are needed.")
            elif _tag(item) == "coordinates":
                row["longitude"], row["latitude"] = (*text.split(","), "", "")[:2]
        rows.append(row)
    if not rows:
        raise TableError(f"{path.name} holds no placemark.")
    table = pd.DataFrame(rows, dtype="object").fillna("").astype("str")
    table.index = pd.RangeIndex(1, len(table) + 1, name="line")
    linked = any(_tag(item) == "NetworkLink" for item in root.iter())
    notes = (f"{path.name} names other addresses, which were not opened.",) if linked else ()
    held = [name for name in table.columns if name and bool((table[name] != "").any())]
    return Cells(table[held], notes, header_line=0)


def _tag(item: ElementTree.Element) -> str:
    return item.tag.rpartition("}")[2]
