"""Directories of services kept as a spreadsheet: CSV in any common encoding, or a sheet of an .xlsx workbook.

A mapping (TOML) says which of their columns is which of ours, and what their words mean::

    sheet = "Services"

    [columns]
    "Agency Name" = "organization_name"

    [values.service_categories]
    "DV advocacy" = "counselling|case_management"

    [defaults]
    eligibility = "any"

Nothing is looked up anywhere: a row without coordinates keeps no point.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd

from kcgeo.data.formats.archive import LIMITS, extracted, refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.service_layer import (
    MAX_ROWS,
    Mapped,
    columns_of_services,
    known_categories,
    read_mapping,
    service_layer,
)
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["add_spreadsheet", "decoded", "mapped_rows", "read_sheet"]

MAX_BYTES = 64 << 20
MAX_CELLS = 8_000_000
MAX_COLUMNS = 2_000
_ZIP_DIGITS = 5
_UNDEFINED_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_COMMA_NUMBER = re.compile(r"-?\d{1,3},\d+")


def add_spreadsheet(
    path: Path,
    study: Study,
    *,
    mapping: str | None = None,
    sheet: str | None = None,
    basis: str | None = None,
    title: str = "",
    vintage: str = "",
    licence: str = "",
) -> Converted:
    """Read a directory of services from a spreadsheet.

    Parameters
    ----------
    path
        ``.csv``, ``.tsv``, ``.txt`` (comma, semicolon, tab or bar between cells) or ``.xlsx``.
    study
        Its counties and approved areas.
    mapping
        TOML file, see the head of the module; without one, columns are taken by our names in any case.
    sheet
        Sheet of the workbook; the first one where none is named.
    basis, title, vintage, licence
        As :func:`kcgeo.data.formats.services.service_layer.service_layer`.

    Raises
    ------
    TableError
        The file cannot be read, or one sentence for each fault of its rows.
    """
    mapped = read_mapping(mapping)
    cells, notes = read_sheet(path, sheet=sheet or mapped.sheet)
    rows, told, more = mapped_rows(cells, mapped, what=path.name)
    return service_layer(
        rows,
        study,
        mapped=mapped,
        notes=[*notes, *more],
        title=title or f"Services of {path.name}",
        basis=basis,
        vintage=vintage,
        licence=licence,
        told=told,
    )


def read_sheet(path: Path, *, sheet: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Read a table as text under its own header, with notes on what was assumed.

    Raises
    ------
    TableError
        The file is missing, of another kind, too large, damaged, or its header names a column twice.
    """
    if not path.is_file():
        raise TableError(f"There is no file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise TableError(f"{path.name} is larger than {MAX_BYTES >> 20} MB, the limit of this reader; give a region.")
    if path.suffix.lower() == ".xlsx":
        rows, notes = _book_rows(path, sheet), list[str]()
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        rows, notes = _text_rows(path)
    else:
        raise TableError(f"{path.name} is no CSV, TSV or .xlsx file; save the sheet as CSV (UTF-8) or .xlsx.")
    return _under_header(rows, path.name), notes


def decoded(content: bytes, name: str) -> tuple[str, str | None]:
    """Decode a text: UTF-8, UTF-16 with its mark, else Windows-1252 or Latin-1, with a note that says so.

    Raises
    ------
    TableError
        The bytes are no text.
    """
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        with refusing(Path(name), "a text in UTF-16"):
            return content.decode("utf-16"), f"{name} is in UTF-16 and was read as such."
    if b"\x00" in content:
        raise TableError(f"{name} is no text file; save it as CSV (UTF-8).")
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        latin = any(byte in content for byte in _UNDEFINED_1252)
        encoding, called = ("latin-1", "Latin-1") if latin else ("cp1252", "Windows-1252")
        return content.decode(encoding), f"{name} is not in UTF-8 and was read as {called}; look at accented letters."


def _text_rows(path: Path) -> tuple[list[list[str]], list[str]]:
    with refusing(path, "a table"):
        content = path.read_bytes()
    text, note = decoded(content, path.name)
    notes = [note] if note else []
    if "\x00" in text:
        raise TableError(f"{path.name} is no text file; save it as CSV (UTF-8).")
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t|", key=lambda mark: (head.count(mark), mark == ","))
    if separator != ",":
        named = {";": "semicolons", "\t": "tabs", "|": "bars"}[separator]
        notes.append(f"{path.name} has {named} between its cells.")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            rows.append(row)
            _check_size(path.name, len(rows), len(row))
    except csv.Error as error:
        raise TableError(f"{path.name} cannot be read as CSV ({error}); look for an unclosed quotation mark.") from None
    return rows, notes


def _book_rows(path: Path, sheet: str | None) -> list[list[str]]:
    try:
        import openpyxl  # type: ignore[import-untyped]
    except ImportError:
        raise TableError(f"Reading {path.name} needs openpyxl; install it or save the sheet as CSV (UTF-8).") from None
    # the parts are unpacked once under the limits of archives, so that a bomb is refused before it is parsed
    with extracted(path, limits=LIMITS):
        pass
    with refusing(path, "an .xlsx workbook"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            names = list(book.sheetnames)
            if sheet is not None and sheet not in names:
                raise TableError(f"{path.name} has no sheet of that name; it has {first_ids(names)}.")
            chosen = book[sheet] if sheet is not None else book.worksheets[0]
            chosen.reset_dimensions()
            rows, cells_count = list[list[str]](), 0
            for row in chosen.iter_rows(values_only=True):
                cells_count += len(row)
                _check_size(path.name, len(rows), len(row), cells_count)
                rows.append([_cell(value) for value in row])
        finally:
            book.close()
    return rows


def _check_size(name: str, rows_count: int, columns_count: int, cells_count: int = 0) -> None:
    if rows_count > MAX_ROWS or columns_count > MAX_COLUMNS or cells_count > MAX_CELLS:
        raise TableError(
            f"{name} holds more than {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns or {MAX_CELLS:,} cells, the limits of "
            "this reader; give a region, and delete blank rows and columns."
        )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)


def _under_header(rows: list[list[str]], name: str) -> pd.DataFrame:
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        raise TableError(f"{name} holds no rows; give a header line and one row for each service.")
    header = [" ".join(cell.split()) for cell in filled[0]]
    while header and not header[-1]:
        header.pop()
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise TableError(f"{name} names a column twice (number {header.index(twice[0]) + 1}); keep one of them.")
    body = []
    for number, row in enumerate(filled[1:], start=2):
        if any(cell.strip() for cell in row[len(header) :]):
            raise TableError(f"Row {number} of {name} has more cells than the header; look for a stray separator.")
        cells = [cell.strip() for cell in row[: len(header)]]
        body.append(cells + [""] * (len(header) - len(cells)))
    table = pd.DataFrame(body, columns=pd.Index(header, dtype="str"), dtype="str")
    return table.loc[:, table.columns != ""]


def mapped_rows(cells: pd.DataFrame, mapped: Mapped, *, what: str) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Give the columns of somebody's table our names and our words.

    Returns
    -------
    tuple
        Rows of ours as text; of each row the categories as they were; notes.

    Raises
    ------
    TableError
        The mapping names a column that the table does not have; no column is one of ours; two are one; a row has
        categories and none that is known.
    """
    ours = columns_of_services()
    theirs = {" ".join(str(name).split()).casefold(): str(name) for name in cells.columns}
    missing = [name for name in mapped.columns if " ".join(name.split()).casefold() not in theirs]
    if missing:
        raise TableError(f"{what} has no column {first_ids(missing)}, which the mapping names; correct the mapping.")
    chosen = {theirs[" ".join(name.split()).casefold()]: column for name, column in mapped.columns.items()}
    for name in cells.columns:
        plain = "_".join(str(name).casefold().split())
        if name not in chosen and plain in ours and plain not in chosen.values():
            chosen[str(name)] = plain
    if not {"service_name", "service_categories"} <= set(chosen.values()) | set(mapped.defaults):
        raise TableError(
            f"{what} has no column for service_name and service_categories; name them in [columns] of a mapping "
            "(--option mapping=FILE.toml)."
        )
    left = [str(name) for name in cells.columns if name not in chosen]
    notes = [f"{len(left)} columns of {what} are none of ours and were left out."] if left else []
    rows = cells[list(chosen)].rename(columns=chosen)
    if "service_id" not in rows or rows["service_id"].eq("").all():
        rows["service_id"] = [f"row-{number:05d}" for number in range(2, len(rows) + 2)]
        notes.append("The rows have no ids; they are named by their line in the file.")
    if "postal_code" in rows:
        short = rows["postal_code"].str.fullmatch(r"\d{3,4}")
        rows["postal_code"] = rows["postal_code"].where(~short, rows["postal_code"].str.zfill(_ZIP_DIGITS))
    for column in ("latitude", "longitude"):
        if column in rows and (comma := rows[column].str.fullmatch(_COMMA_NUMBER)).any():
            rows[column] = rows[column].where(~comma, rows[column].str.replace(",", ".", regex=False))
            notes.append(f"{column} is written with a decimal comma, which was read as a point.")
    if "service_categories" not in rows:
        rows["service_categories"] = ""
    told = rows["service_categories"].copy()
    return _with_categories(rows, mapped), told, notes


def _with_categories(rows: pd.DataFrame, mapped: Mapped) -> pd.DataFrame:
    rows, ids, found = rows.copy(), rows["service_id"], []
    wrong: list[str] = []
    default = mapped.defaults.get("service_categories", "")
    for identity, text in zip(ids, rows["service_categories"], strict=True):
        whole, _ = known_categories([text], mapped)
        names, unknown = (whole, []) if whole else known_categories(re.split(r"[|;]", text), mapped)
        if unknown or (not names and not default):
            wrong.append(str(identity)[:60])
        found.append("|".join(names) or default)
    if wrong:
        raise TableError(
            f"{first_ids(wrong)}: a category is blank or is none of ours; translate it in [values.service_categories] "
            f"of the mapping (--option mapping=FILE.toml)."
        )
    rows["service_categories"] = found
    return rows
