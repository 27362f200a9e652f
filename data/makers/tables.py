"""What all makers share: the folders, the vocabulary, and writing that gives the same bytes each time."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "DERIVED",
    "RAW",
    "field_names",
    "read_csv",
    "specification",
    "vocabulary",
    "write_csv",
    "write_geojson",
    "write_gzip",
]

MAKERS = Path(__file__).parent
RAW = MAKERS.parent / "raw"
DERIVED = MAKERS.parent / "derived"


def vocabulary() -> dict[str, Any]:
    """Return the vocabulary: every field, defined once."""
    return tomllib.loads((MAKERS / "vocabulary.toml").read_text(encoding="utf-8"))


def specification() -> dict[str, Any]:
    """Return the list of resources with their sources, licences and caveats."""
    return tomllib.loads((MAKERS / "resources.toml").read_text(encoding="utf-8"))


def field_names(resource: str) -> list[str]:
    """Return the columns of a resource in their order."""
    for item in specification()["resources"]:
        if item["name"] == resource:
            return list(item["fields"])
    raise KeyError(resource)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV (also gzipped) as text, so that no digit changes on the way."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], fields: Sequence[str], key: Sequence[str]) -> None:
    """Write rows sorted by ``key``: Unix line ends, blank for None, true and false, no time in gzip headers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(fields)
    for row in sorted(rows, key=lambda row: tuple(str(row[name] or "") for name in key)):
        writer.writerow([_cell(row.get(name)) for name in fields])
    if path.suffix == ".gz":
        write_gzip(path, text.getvalue())
    else:
        path.write_bytes(text.getvalue().encode("utf-8"))


def write_gzip(path: Path, text: str) -> None:
    """Write text gzipped; compressed bytes differ between builds of zlib, so a file of the same content is left."""
    content = text.encode("utf-8")
    if not path.exists() or gzip.decompress(path.read_bytes()) != content:
        path.write_bytes(gzip.compress(content, mtime=0))


def write_geojson(path: Path, features: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], key: str) -> None:
    """Write (properties, geometry) pairs sorted by ``key``, one feature a line."""
    ordered = sorted(features, key=lambda feature: str(feature[0][key]))
    lines = [
        json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}, separators=(", ", ": "))
        for properties, geometry in ordered
    ]
    body = ",\n".join(lines)
    path.write_text(f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n', encoding="utf-8", newline="\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
