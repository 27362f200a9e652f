"""Reading text tables as they are published: any common encoding, in pieces, with every fault in one sentence."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from kcgeo.data.formats.archive import refusing
from kcgeo.errors import TableError

__all__ = ["counts", "decoded", "encoding_of", "first_rows", "read_chunks"]

_HEAD = 1 << 20
_UNDEFINED_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
CHUNK_ROWS = 50_000
"""Rows that are held at once: a national file streams through."""


def encoding_of(path: Path) -> tuple[str, str | None]:
    """Return the encoding of a text file, and a note where it had to be guessed.

    UTF-8 (with or without a mark at its start), UTF-16 with its mark, else Windows-1252, the superset of Latin-1 that
    spreadsheets write; its five undefined bytes are taken as Latin-1.

    Raises
    ------
    TableError
        The file is empty or holds bytes that no text has.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    plain, size = True, 0
    with refusing(path, "a text table"), path.open("rb") as stream:
        head = stream.read(4)
        if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", None
        stream.seek(0)
        while block := stream.read(_HEAD):
            size += len(block)
            if b"\x00" in block:
                raise TableError(f"{path.name} is not a text table; it holds bytes of another kind of file.")
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                plain = False
                decoder = codecs.getincrementaldecoder("latin-1")()  # type: ignore[assignment]
    if not size:
        raise TableError(f"{path.name} is empty; was it downloaded whole?")
    if plain:
        return "utf-8-sig", None
    return "latin-1", f"{path.name} is not in UTF-8 and was read as Latin-1."


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


def first_rows(path: Path, encoding: str, *, count: int) -> tuple[str, list[list[str]]]:
    """Return the separator of a text table (comma, tab, semicolon or bar) and its first rows, as text."""
    with refusing(path, "a text table"), path.open(encoding=encoding, newline="") as stream:
        head = stream.read(_HEAD)
        if "\n" not in head and "\r" not in head and len(head) == _HEAD:
            raise TableError(f"{path.name} is not a text table: it holds no line end.")
        line = re.split(r"[\r\n]", head.lstrip("\r\n"), maxsplit=1)[0]
        separator = max(",|\t;", key=lambda mark: (line.count(mark), mark == ","))
        rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        return separator, [row for row, _ in zip(rows, range(count), strict=False)]


def read_chunks(
    path: Path, encoding: str, separator: str, *, columns: list[str], skip_rows: int = 0
) -> Iterator[pd.DataFrame]:
    """Read columns of a text table as text, some rows at a time; blanks are empty text.

    Parameters
    ----------
    columns
        Names in the header; a column that occurs twice counts once.
    skip_rows
        Rows after the header that hold no data.
    """
    with refusing(path, "a text table"):
        parts = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            dtype="str",
            keep_default_na=False,
            na_filter=False,
            usecols=columns,
            skiprows=range(1, 1 + skip_rows),
            chunksize=CHUNK_ROWS,
            index_col=False,
        )
        with parts:
            yield from parts


def counts(values: pd.Series, *, blank: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return numbers of a text column as float64; ``blank`` says which texts stand for none.

    Raises
    ------
    ValueError
        A text is neither; it is named by the caller.
    """
    text = values.str.strip().str.replace(",", "", regex=False)
    empty = blank(text)
    numbers = pd.to_numeric(text.where(~empty), errors="coerce")
    bad = numbers.isna() & ~empty
    if bad.any():
        raise ValueError(" ".join(str(values[bad].iloc[0]).split())[:40])
    return numbers.astype("float64")
