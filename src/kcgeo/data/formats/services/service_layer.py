"""A list of services as the layer ``services`` of a study: through the door, and written as a table of ours.

Directories of others know no levels. The operator says once, with a basis, why the places of rows that bring no level
are public, and row by row where that is not plain (:mod:`kcgeo.data.directory.door`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import count, islice
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.authorisations import authorisations
from kcgeo.data.directory.cells import MAX_ROWS, Cells
from kcgeo.data.directory.checking import plain_rows
from kcgeo.data.directory.door import Entered, Word, enter
from kcgeo.data.directory.mapping import Mapped, known_categories, read_mapping
from kcgeo.data.directory.words import columns_of_services
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.package.catalogue import disclosure_bases
from kcgeo.data.places.addresses import load_ranges
from kcgeo.data.places.areas import areas
from kcgeo.data.study.region import ground
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids
from kcgeo.files import write_text

__all__ = [
    "MAX_ROWS",
    "Mapped",
    "columns_of_services",
    "known_categories",
    "read_confirmed",
    "read_mapping",
    "service_layer",
    "write_questions",
]

_QUESTION = "open"
_COLUMNS = (
    "service_id",
    "organization_name",
    "service_name",
    "physical_address",
    "city",
    "reason",
    _QUESTION,
    "basis",
    "key",
)


def service_layer(
    rows: pd.DataFrame,
    study: Study,
    *,
    mapped: Mapped,
    notes: Sequence[str] = (),
    title: str,
    basis: str | None = None,
    confirm: str | None = None,
    vintage: str = "",
    licence: str = "",
    told: pd.Series | None = None,
    what: str = "",
) -> Converted:
    """Bring rows of services through the door and return the layer that they become.

    Parameters
    ----------
    rows
        A list as text under its own header, blank or NaN where nothing is given; its index is the line.
    study
        Its counties and approved areas.
    mapped
        Their columns and words, and ours.
    notes
        What the reader repaired.
    title, vintage, licence
        For the source line.
    basis
        Why the places of rows without a level are public.
    confirm
        File of rows that the operator opens one by one (:func:`read_confirmed`).
    what
        Name of the list in sentences; the title where none is given.
    told
        More words of the source for each row that must be looked through for a hidden place.

    Raises
    ------
    TableError
        One sentence for each fault, naming rows by id.
    """
    if len(rows) > MAX_ROWS:
        raise TableError(
            f"The directory holds more than {MAX_ROWS:,} rows, the limit of this reader; cut it to a region."
        )
    text = rows.astype("object").where(rows.notna(), "").astype("str").apply(lambda column: column.str.strip())
    records = authorisations(study) if study.authorisations_path else None
    word = Word(mapped, basis, read_confirmed(confirm, basis), records)
    entered = enter(
        Cells(text, tuple(notes)),
        word=word,
        counties=ground(study),
        areas=areas(study),
        what=what or title,
        told=told,
        ranges=load_ranges(study),
    )
    return as_layer(entered, title, vintage, licence, confirm)


def as_layer(entered: Entered, title: str, vintage: str, licence: str, confirm: str | None) -> Converted:
    """Return what came through the door as a layer; hidden rows stand last, under numbers."""
    plain = _numbered(plain_rows(entered.services))

    def write(path: Path) -> int:
        write_text(path, plain.to_csv(index=False, lineterminator="\n"))
        if confirm is not None:
            write_questions(Path(confirm), entered.ask)
        return len(plain)

    return Converted(write, title, vintage, licence, tuple(dict.fromkeys(entered.notes)))


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


def _numbered(plain: pd.DataFrame) -> pd.DataFrame:
    """Put withheld rows last under numbers, since an id is often made of a name and a file's order of names.

    Their order is that of categories and reason, all that such a row may hold.
    """
    hidden = plain["disclosure"].eq("withheld")
    last = plain[hidden].sort_values(["service_categories", "disclosure_basis"], kind="stable")
    taken = set(plain.loc[~hidden, "service_id"])
    free = (name for name in (f"withheld-{number:03d}" for number in count(1)) if name not in taken)
    last = last.assign(service_id=list(islice(free, len(last))))
    return pd.concat([plain[~hidden], last], ignore_index=True)
