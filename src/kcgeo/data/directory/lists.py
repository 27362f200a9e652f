"""A list of services in a file of any format: read, mapped and brought through the door, whoever names it.

``kcgeo data add services``, ``[services] path`` of a study file, ``study new --services`` and
:func:`kcgeo.data.services` all come here.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.cells import read_cells
from kcgeo.data.directory.door import Entered, Word, enter
from kcgeo.data.directory.look import knows
from kcgeo.data.directory.mapping import Mapped, read_mapping
from kcgeo.data.formats.archive import refusing
from kcgeo.data.package.catalogue import disclosure_bases
from kcgeo.data.places.addresses import AddressRanges
from kcgeo.data.study.list_options import ListOptions
from kcgeo.errors import TableError, first_ids
from kcgeo.files import write_text

__all__ = ["read_confirmed", "read_list", "word_of", "write_questions"]

_QUESTION = "open"
_COLUMNS = (
    *("service_id", "organization_name", "service_name", "physical_address", "city"),
    *("reason", _QUESTION, "basis", "key"),
)


def read_list(
    path: Path,
    options: ListOptions,
    *,
    counties: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    records: pd.DataFrame | None = None,
    ranges: AddressRanges | None = None,
    remembers: bool = False,
) -> Entered:
    """Read a list of services from a file in any format that :func:`kcgeo.data.look` reads.

    Parameters
    ----------
    path
        File, folder or zip.
    options
        What the operator says of it.
    counties, areas, records, ranges, remembers
        As :func:`kcgeo.data.directory.door.enter` and its ``word``.

    Raises
    ------
    TableError, CrsError
        The file cannot be read, or one sentence for each fault of its rows.
    """
    mapped = read_mapping(options.mapping)
    if options.eligibility is not None:
        mapped = replace(mapped, defaults={**mapped.defaults, "eligibility": options.eligibility})
    sheet = options.sheet or mapped.sheet
    cells = read_cells(path, known=lambda name: knows(name, mapped), sheet=sheet, layer=options.layer)
    word = word_of(options, mapped, records)
    return enter(cells, word=word, counties=counties, areas=areas, what=path.name, ranges=ranges, remembers=remembers)


def word_of(options: ListOptions, mapped: Mapped, records: pd.DataFrame | None) -> Word:
    """Return the operator's word as the door takes it."""
    return Word(mapped, options.basis, read_confirmed(options.confirm, options.basis), records)


def read_confirmed(path: str | None, basis: str | None) -> dict[str, str]:
    """Read the rows that an operator opened: a CSV with ``key``, ``open`` (yes or no) and ``basis``.

    Returns
    -------
    dict
        Key of a row -> basis; the basis of the list where the row names none. Empty where there is no file yet.

    Raises
    ------
    TableError
        The file lacks a column, an answer is neither yes nor no, or a basis is unknown.
    """
    if path is None or not Path(path).is_file():
        return {}
    name = Path(path).name
    with refusing(Path(path), "a list of confirmations"), Path(path).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"key", _QUESTION} <= set(rows[0]):
        raise TableError(f"{name} is no list of confirmations: it needs the columns key and {_QUESTION}.")
    answers = [
        (row["key"], str(row[_QUESTION] or "").strip().casefold(), row.get("basis") or basis or "") for row in rows
    ]
    odd = [
        row["service_id"] for row, (_, answer, _) in zip(rows, answers, strict=True) if answer not in ("", "yes", "no")
    ]
    if odd:
        raise TableError(f"{name}: {first_ids(odd)}: write yes or no in the column {_QUESTION}, or leave it blank.")
    known = list(disclosure_bases())
    if any(answer == "yes" and why not in known for _, answer, why in answers):
        raise TableError(f"{name}: the basis of a row is unknown; write one of: {'; '.join(known)}.")
    return {key: why for key, answer, why in answers if answer == "yes"}


def write_questions(path: Path, ask: pd.DataFrame) -> None:
    """Add rows to a list of confirmations; what was answered stays as it is."""
    former = pd.read_csv(path, dtype="str", keep_default_na=False) if path.is_file() else pd.DataFrame(columns=_COLUMNS)
    new = ask[~ask["key"].isin(former["key"])].assign(**{_QUESTION: "", "basis": ""})[list(_COLUMNS)]
    if len(new) or not path.is_file():
        write_text(path, pd.concat([former, new])[list(_COLUMNS)].to_csv(index=False, lineterminator="\n"))
