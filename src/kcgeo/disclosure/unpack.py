"""Takes artefacts apart: every text and every block of bytes that a reader with the usual tools could see.

Each known extension has its own way in; what lies inside (archive members, streams, data URIs, base64 blocks, cells of
a database) is taken apart again by what its first bytes say. An extension that is not known here is refused, so that a
new kind of artefact cannot leave unread.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

import numpy as np

from kcgeo.errors import DisclosureError

__all__ = ["KNOWN_EXTENSIONS", "parts_of"]

Part = tuple[str, bytes]
_DEPTH = 6
_MOST_BYTES = 400_000_000
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_URL_BASE64 = re.compile(rb"[A-Za-z0-9_-]{24,}={0,2}")
_DATA_URI = re.compile(rb"data:[\w/+.-]*(?:;[\w=-]+)*,([^\"')\s]+)")


def _text(content: bytes, depth: int) -> Iterator[Part]:
    yield "text", content
    for match in _DATA_URI.finditer(content):
        if b"base64" not in match[0][:80]:
            yield "data URI", unquote_to_bytes(match[1])
    for pattern, altchars in ((_BASE64, None), (_URL_BASE64, b"-_")):
        for match in pattern.finditer(content):
            block = match[0]
            if altchars and not (b"-" in block or b"_" in block):
                continue
            try:
                inner = base64.b64decode(block + b"=" * (-len(block) % 4), altchars=altchars)
            except (binascii.Error, ValueError):
                continue
            yield from _inside("base64", inner, depth)


def _pdf(content: bytes, depth: int) -> Iterator[Part]:
    """Streams, inflated where they are deflated; shown text joined as a reader would copy it."""
    yield "pdf", content
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\n?endstream", content, re.DOTALL):
        block = match[1]
        try:
            block = zlib.decompressobj().decompress(block)
        except zlib.error:
            yield from _inside("pdf stream", block, depth)
            continue
        yield from _inside("pdf stream", block, depth)
        if b"Tj" in block or b"TJ" in block:
            yield "pdf words", _shown(block)


def _shown(block: bytes) -> bytes:
    """Join the strings of the text operators: kerning splits one word over several of them."""
    lines = []
    for operator in re.finditer(
        rb"(\[(?:[^\]\\]|\\.)*\]|\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>)\s*T[jJ]", block, re.DOTALL
    ):
        words = []
        for literal, digits in re.findall(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]*)>", operator[1], re.DOTALL):
            if digits:
                plain = bytes.fromhex(re.sub(rb"\s", b"", digits).decode().ljust(len(digits) + len(digits) % 2, "0"))
                words.append(plain.replace(b"\0", b""))
            else:
                words.append(re.sub(rb"\\([()\\])", rb"\1", literal))
        lines.append(b"".join(words))
    return b"\n".join(lines) + b"\n" + b"".join(lines)


def _png(content: bytes, depth: int) -> Iterator[Part]:
    """Text and metadata chunks; the picture itself is compared byte by byte elsewhere."""
    place = 8
    while place + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[place : place + 8])
        body = content[place + 8 : place + 8 + size]
        place += 12 + size
        label = f"png {name.decode('latin-1')}"
        if name == b"zTXt":
            keyword, _, packed = body.partition(b"\0")
            yield from _inside(label, keyword + b" " + _inflated(packed[1:]), depth)
        elif name == b"iTXt":
            keyword, _, rest = body.partition(b"\0")
            text = rest[2:].split(b"\0", 2)[-1]
            yield from _inside(label, keyword + b" " + (_inflated(text) if rest[:1] == b"\1" else text), depth)
        elif name not in {b"IDAT", b"IHDR", b"PLTE", b"IEND"}:
            yield from _inside(label, body, depth)
    if place < len(content):
        yield from _inside("png tail", content[place:], depth)


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def _zip(content: bytes, depth: int) -> Iterator[Part]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield "zip comment", archive.comment
        for member in archive.infolist():
            yield "zip name", member.filename.encode() + b"\n" + member.comment + b"\n" + member.extra
            if member.file_size > _MOST_BYTES:
                raise DisclosureError("A member of an archive is too large to be scanned; split the artefact.")
            if not member.is_dir():
                yield from _inside(member.filename, archive.read(member), depth)


def _sqlite(content: bytes, depth: int) -> Iterator[Part]:
    """Every cell of every table, and the raw pages: deleted rows may still stand there."""
    yield "sqlite pages", content
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(content)
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        for (name,) in names:
            quoted = name.decode().replace('"', '""')
            try:
                rows = connection.execute(f'SELECT * FROM "{quoted}"')  # the name is quoted above
            except sqlite3.OperationalError:
                continue  # a spatial index needs an extension; its numbers stand in the raw pages
            lines = []
            for row in rows:
                lines.append(b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row))
            yield f"table {name.decode()}", b"\n".join(lines)
    finally:
        connection.close()


def _parquet(content: bytes, depth: int) -> Iterator[Part]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise DisclosureError("A parquet file cannot be scanned without pyarrow; install kcgeo[big].") from None
    table = parquet.ParquetFile(io.BytesIO(content)).read()
    yield "parquet schema", str(table.schema).encode() + b"\n" + b"\n".join((table.schema.metadata or {}).values())
    for name in table.column_names:
        column = table.column(name)
        values = column.to_pylist()
        joined = [value if isinstance(value, bytes) else str(value).encode() for value in values]
        yield f"column {name}", b"\n".join(joined)
    rows = (" ".join(str(value) for value in row.values() if not isinstance(value, bytes)) for row in table.to_pylist())
    yield "parquet rows", "\n".join(rows).encode()


def _gzip(content: bytes, depth: int) -> Iterator[Part]:
    yield "gzip header", content[:256]
    yield from _inside("gzip", gzip.decompress(content), depth)


def _raw(content: bytes, depth: int) -> Iterator[Part]:
    yield "bytes", content


def _numbers(content: bytes, depth: int) -> Iterator[Part]:
    yield "bytes", content
    array = np.load(io.BytesIO(content), allow_pickle=False)
    yield "array", " ".join(map(str, np.ravel(array).tolist())).encode()


_MAGIC: tuple[tuple[bytes, Callable[[bytes, int], Iterator[Part]]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"%PDF-", _pdf),
    (b"PK\x03\x04", _zip),
    (b"SQLite format 3\0", _sqlite),
    (b"\x1f\x8b", _gzip),
    (b"PAR1", _parquet),
    (b"\x93NUMPY", _numbers),
)

_TEXTS = (
    *("html", "htm", "svg", "json", "geojson", "csv", "tsv", "txt", "md", "xml", "css", "js", "toml", "yaml", "yml"),
    *("log", "ipynb", "qml", "sld", "rels", "vrt", "prj", "cpg", "wkt", "py"),
)
KNOWN_EXTENSIONS: dict[str, Callable[[bytes, int], Iterator[Part]]] = {
    **{f".{name}": _text for name in _TEXTS},
    ".pdf": _pdf,
    ".png": _png,
    ".pptx": _zip,
    ".xlsx": _zip,
    ".docx": _zip,
    ".zip": _zip,
    ".kmz": _zip,
    ".npz": _zip,
    ".npy": _numbers,
    ".gpkg": _sqlite,
    ".sqlite": _sqlite,
    ".parquet": _parquet,
    ".gz": _gzip,
    ".bin": _raw,
    ".jpg": _raw,
    ".jpeg": _raw,
    ".woff2": _raw,
    ".ttf": _raw,
}
"""What each kind of artefact is taken apart with; the manifest of a run may hold no other extension."""


def _inside(label: str, content: bytes, depth: int) -> Iterator[Part]:
    """Take apart what was found inside, by its first bytes; anything else is read as text and as bytes."""
    opener = next((opener for magic, opener in _MAGIC if content.startswith(magic)), _text)
    if depth <= 0:
        if opener is not _text:
            raise DisclosureError("An artefact is packed too deeply to be scanned; pack it less.")
        opener = _raw
    try:
        parts = list(opener(content, depth - 1))
    except (zipfile.BadZipFile, sqlite3.DatabaseError, OSError, EOFError, zlib.error, ValueError) as fault:
        if isinstance(fault, DisclosureError):
            raise
        parts = [("bytes", content)]  # first bytes of another kind; nothing to unpack
    for name, part in parts:
        yield f"{label} > {name}", part


def parts_of(content: bytes, *, extension: str) -> Iterator[Part]:
    """Give (label, bytes) for everything a reader can see in an artefact.

    Raises
    ------
    DisclosureError
        For an extension that is not in :data:`KNOWN_EXTENSIONS`, or a file that is not what its extension says.
    """
    opener = KNOWN_EXTENSIONS.get(extension.lower())
    if opener is None:
        raise DisclosureError(
            f"The scanner does not know artefacts of type '{extension}'; teach kcgeo.disclosure.unpack to read them."
        )
    try:
        yield from opener(content, _DEPTH)
    except (
        zipfile.BadZipFile,
        sqlite3.DatabaseError,
        OSError,
        EOFError,
        zlib.error,
        struct.error,
        ValueError,
    ) as fault:
        if isinstance(fault, DisclosureError):
            raise
        raise DisclosureError(f"An artefact '{extension}' cannot be read as such: {type(fault).__name__}.") from fault
