"""A list of services as the layer ``services`` of a study: through the door, and written as a table of ours.

Directories of others know no levels. The operator says once, with a basis, why the places of rows that bring no level
are public, and row by row where that is not plain (:mod:`kcgeo.data.directory.door`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.cells import MAX_ROWS, Cells
from kcgeo.data.directory.checking import plain_rows
from kcgeo.data.directory.closing.authorisations import authorisations
from kcgeo.data.directory.door import Entered, enter
from kcgeo.data.directory.lists import read_list, word_of, write_questions
from kcgeo.data.directory.mapping import Mapped
from kcgeo.data.formats.registry import Converted
from kcgeo.data.places.addresses import load_ranges
from kcgeo.data.places.areas import areas
from kcgeo.data.study.list_options import ListOptions
from kcgeo.data.study.region import ground
from kcgeo.data.study.settings import SERVICE_LABELS, Study
from kcgeo.errors import TableError
from kcgeo.files import write_text

__all__ = ["add_services", "service_layer"]


def add_services(path: Path, study: Study, **given: str) -> Converted:
    """Read a list of services from a file in any format that :func:`kcgeo.data.look` reads.

    Parameters
    ----------
    path
        File, folder or zip.
    study
        Its counties and approved areas.
    **given
        As :class:`kcgeo.data.study.list_options.ListOptions`.

    Raises
    ------
    TableError
        The file cannot be read, or one sentence for each fault of its rows.
    """
    options = ListOptions(**given)
    records = authorisations(study) if study.authorisations_path else None
    entered = read_list(
        path,
        options,
        counties=ground(study),
        areas=areas(study),
        records=records,
        ranges=load_ranges(study),
        remembers=True,
    )
    return _as_layer(entered, options, f"Services of {path.name}")


def service_layer(
    rows: pd.DataFrame,
    study: Study,
    options: ListOptions,
    *,
    mapped: Mapped,
    title: str,
    notes: Sequence[str] = (),
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
    options
        What the operator says of the list.
    mapped
        Their columns and words, and ours.
    title
        For the source line, where the options give none.
    notes
        What the reader repaired.
    told
        More words of the source for each row that must be looked through for a hidden place.
    what
        Name of the list in sentences; the title where none is given.

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
    entered = enter(
        Cells(text, tuple(notes)),
        word=word_of(options, mapped, authorisations(study) if study.authorisations_path else None),
        counties=ground(study),
        areas=areas(study),
        what=what or options.title or title,
        told=told,
        ranges=load_ranges(study),
        remembers=True,
    )
    return _as_layer(entered, options, title)


def _as_layer(entered: Entered, options: ListOptions, title: str) -> Converted:
    """Return what came through the door as a layer; hidden rows stand last, under numbers."""
    if options.label not in ("", *SERVICE_LABELS):
        raise TableError(f"The label is '{options.label}'; it is 'sample' for invented services, or left out.")
    plain = _numbered(plain_rows(entered.services))

    def write(path: Path) -> int:
        write_text(path, plain.to_csv(index=False, lineterminator="\n"))
        if options.confirm is not None:
            write_questions(Path(options.confirm), entered.ask)
        return int(plain["disclosure"].ne("withheld").sum())  # how many are hidden stands in no register

    notes = tuple(dict.fromkeys(entered.notes))
    return Converted(
        write, options.title or title, options.vintage, options.licence, notes, label=options.label, doors=entered.doors
    )


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
