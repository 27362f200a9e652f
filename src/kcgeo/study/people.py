"""Counts of people from files of an agency: read, protected together with earlier releases, and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kcgeo import present
from kcgeo.disclosure import Released, printed_people, release_people
from kcgeo.errors import StudyError, TableError
from kcgeo.files import replacing_folder, sha256
from kcgeo.study.folder.manifest import MANIFEST, TOOL, refuse_foreign_folder, write_manifest

__all__ = ["people_report"]

_KIND = "people"
_NUMBERS = ("count", "population_count")


def people_report(
    files: Sequence[Path | str],
    out: Path | str | None = None,
    *,
    sources: Sequence[str],
    vintage: str,
    earlier: Sequence[Path | str] = (),
    hierarchy: Path | str | None = None,
    rounding: int = 1,
    census_denominators: bool = False,
) -> dict[str, Released]:
    """Protect tables of counts about the same people, and write them.

    Parameters
    ----------
    files
        CSV (UTF-8), one a table: columns such as ``county, age_group, period``, ``count`` and perhaps
        ``population_count``; a total has the label "total".
    out
        Folder of the results: new, or of a former answer of this kind.
    sources, vintage
        Where the counts come from, and their year or years.
    earlier
        Folders that this function wrote before about the same people; what they print is a fact.
    hierarchy, rounding, census_denominators
        A CSV of labels that hold one another, and options, as :func:`kcgeo.disclosure.release_people`.

    Returns
    -------
    dict of Released
        By the name of the file.

    Raises
    ------
    TableError, DisclosureError, StudyError
        A file that cannot be read, tables that cannot be protected, a folder that is not ours.
    """
    tables = {Path(path).stem: _table(Path(path)) for path in files}
    if len(tables) < len(files):
        raise TableError("Two files have one name; rename one of them.")
    if out is not None:
        refuse_foreign_folder(Path(out), kind=_KIND)
    released = release_people(
        tables,
        sources=sources,
        vintage=vintage,
        linked=[one for folder in earlier for one in _printed(Path(folder))],
        hierarchy=None if hierarchy is None else _rows(Path(hierarchy)),
        rounding=rounding,
        census_denominators=census_denominators,
    )
    if out is not None:
        with replacing_folder(Path(out)) as folder:
            paths = present.write_tables(released, folder)
            records = [{**one.to_manifest(), "files": [paths[name].name]} for name, one in sorted(released.items())]
            listed = [{"path": path.name, "sha256": sha256(path)} for path in sorted(folder.iterdir())]
            write_manifest(folder, {"tool": TOOL, "kind": _KIND, "releases": records, "files": listed})
    return released


def _rows(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise TableError(f"There is no file {path.name}.") from None
    except (UnicodeDecodeError, ValueError):
        raise TableError(f"{path.name} cannot be read as CSV (UTF-8); save it as 'CSV UTF-8'.") from None


def _table(path: Path) -> pd.DataFrame:
    rows: pd.DataFrame = _rows(path).apply(lambda column: column.str.strip())
    for column in [name for name in _NUMBERS if name in rows]:
        numbers = pd.to_numeric(rows[column].str.replace(",", ""), errors="coerce")
        if (bad := numbers.isna() & rows[column].ne("")).any():
            lines = ", ".join(str(at + 2) for at in rows.index[bad][:5])
            raise TableError(f"{path.name}: {column} is no number in line {lines}; write whole people.")
        rows[column] = numbers
    return rows


def _printed(folder: Path) -> list[Released]:
    """Read the tables of an earlier folder as they were printed."""
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        records = [record for record in content["releases"] if record["kind"] == _KIND]
    except (OSError, ValueError, KeyError, TypeError):
        raise StudyError(f"{folder} holds no counts of people that kcgeo wrote; name such a folder.") from None
    return [
        printed_people(
            _table(folder / record["files"][0]).drop(columns=["suppressed", "rate_per_1000"], errors="ignore"),
            name=record["name"],
            sources=record["sources"],
            vintage=record["vintage"],
            about=record["about"],
        )
        for record in records
    ]
