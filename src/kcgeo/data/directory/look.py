"""What a file of services holds before it is added: sheet, header, columns, words, and how rows could be placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kcgeo.data.directory.cells import Cells, read_cells
from kcgeo.data.directory.closing.hiding import flag_columns
from kcgeo.data.directory.closing.words import column_of, known_words
from kcgeo.data.directory.door import our_columns
from kcgeo.data.directory.mapping import Mapped, split_categories
from kcgeo.data.directory.repairs import Said, repaired
from kcgeo.data.study.region import packaged
from kcgeo.errors import TableError

__all__ = ["FileReport", "knows", "look", "starter_mapping"]

_WORD_COLUMNS = ("service_categories", "eligibility", "service_status", "disclosure")
_MOST_WORDS = 40


@dataclass(frozen=True)
class FileReport:
    """What :func:`look` found.

    Attributes
    ----------
    path, sheet, sheets
        The file, the sheet that was read, and all sheets; none outside of workbooks.
    header_line, rows_count
        Line of the header from 1 (0 in a map layer), and rows below it.
    columns
        ``column, ours, filled_count, distinct_count, looks_like``; ``ours`` is blank where a column would be left out,
        ``looks_like`` is ``flag`` where its name speaks of who may see what.
    words
        Column of ours -> ``word, count, ours``: distinct words, and what each is taken for (blank: not known).
    placed
        How many rows could be placed how: ``point, zip, none``.
    notes, problems
        What would be said, and what would be refused.
    """

    path: Path
    sheet: str | None
    sheets: tuple[str, ...]
    header_line: int
    rows_count: int
    columns: pd.DataFrame
    words: Mapping[str, pd.DataFrame]
    placed: Mapping[str, int]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return what was found as plain lists and texts, for JSON."""
        return {
            "path": str(self.path),
            "sheet": self.sheet,
            "header_line": self.header_line,
            "rows_count": self.rows_count,
            "columns": self.columns.to_dict("records"),
            "words": {column: words.to_dict("records") for column, words in self.words.items()},
            "placed": dict(self.placed),
            "notes": list(self.notes),
            "problems": list(self.problems),
        }


def knows(name: str, mapped: Mapped) -> bool:
    """Say whether a cell is the name of a column: by the mapping, by our names, by usual ones.

    >>> knows("Zip Code", Mapped()), knows("Tulsa resource list", Mapped())
    (True, False)
    """
    return mapped.ours(name) is not None or column_of(name) is not None


def look(
    path: Path | str, *, sheet: str | None = None, layer: str | None = None, mapped: Mapped | None = None
) -> FileReport:
    r"""Look at a list of services without adding it; nothing is written and nothing leaves the machine.

    Parameters
    ----------
    path
        CSV, TSV, ``.xlsx``, ``.xls``, ``.ods``, GeoJSON, GeoPackage, shapefile, KML, KMZ, or a folder or zip of one.
    sheet, layer
        Sheet of a workbook, layer of a GeoPackage.
    mapped
        What a mapping says (:func:`kcgeo.data.directory.mapping.read_mapping`).

    Raises
    ------
    TableError, CrsError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "list.csv"
    ...     _ = path.write_text("Agency,Type,Zip\nExample Clinic,health care,64106\n")
    ...     report = look(path)
    >>> report.columns["ours"].tolist(), report.words["service_categories"]["ours"].tolist(), report.placed["zip"]
    (['organization_name', 'service_categories', 'postal_code'], ['medical'], 1)
    """
    mapped, path = mapped or Mapped(), Path(path)
    cells = read_cells(path, known=lambda name: knows(name, mapped), sheet=sheet or mapped.sheet, layer=layer)
    notes, problems = list(cells.notes), list[str]()
    said = Said()
    try:
        rows, more = our_columns(cells.table, mapped, path.name)
        notes += more
    except TableError as error:
        problems += error.problems
        rows, _ = our_columns(
            cells.table,
            Mapped(mapped.columns, {}, dict.fromkeys(("service_categories", "service_name"), "")),
            path.name,
        )
    before = rows.copy()
    rows = repaired(rows, mapped, said)
    names = {line: f"line {line}" for line in rows.index}
    return FileReport(
        path,
        cells.sheet,
        cells.sheets,
        cells.header_line,
        len(cells.table),
        _columns(cells, mapped),
        {column: _words(before[column], column, mapped) for column in _WORD_COLUMNS if before[column].ne("").any()},
        _placed(rows),
        (*notes, *said.notes(names)),
        (*problems, *said.faults(names)),
    )


def _columns(cells: Cells, mapped: Mapped) -> pd.DataFrame:
    flags = flag_columns(cells.table)
    rows = []
    for name in map(str, cells.table.columns):
        values = cells.table[name]
        filled = values[values.ne("")]
        said = mapped.ours(name)
        rows.append(
            {
                "column": name,
                "ours": (column_of(name) or "") if said is None else said,
                "filled_count": len(filled),
                "distinct_count": filled.nunique(),
                "looks_like": "flag" if name in flags else _kind(filled),
            }
        )
    return pd.DataFrame(rows)


def _kind(values: pd.Series) -> str:
    if values.empty:
        return "blank"
    for kind, pattern in (
        ("whole number", r"-?\d+"),
        ("number", r"-?\d*\.?\d+"),
        ("web address", r"https?://\S+|www\.\S+"),
    ):
        if values.str.fullmatch(pattern).all():
            return kind
    if values.str.fullmatch(r"[\d\s().+x-]{7,20}").all():
        return "telephone"
    return "words" if values.nunique() <= max(5, len(values) // 3) else "text"


def _words(values: pd.Series, column: str, mapped: Mapped) -> pd.DataFrame:
    counted = Counter(text for text in values if text)
    known, own = known_words(column), mapped.words.get(column, {})
    rows = []
    for word, count in counted.most_common(_MOST_WORDS):
        if column == "service_categories":
            names, unknown = split_categories(word, mapped)
            ours = "" if unknown else "|".join(names)
        else:
            ours = own.get(word.casefold(), known.get(word.casefold(), ""))
        rows.append({"word": word, "count": count, "ours": ours})
    return pd.DataFrame(rows, columns=["word", "count", "ours"])


def _placed(rows: pd.DataFrame) -> dict[str, int]:
    point = rows["latitude"].ne("") & rows["longitude"].ne("")
    codes = set(packaged("places_us")["place_id"].str[-5:]) if (~point).any() else set()
    by_zip = ~point & rows["postal_code"].isin(codes)
    return {"point": int(point.sum()), "zip": int(by_zip.sum()), "none": int((~point & ~by_zip).sum())}


def starter_mapping(report: FileReport) -> str:
    """Write a mapping to begin with: each column and what it is taken for, and each word that is not known.

    Returns
    -------
    str
        TOML; lines to fill in are comments, so that it can be read as it stands.
    """
    lines = [
        f"# A mapping for {report.path.name}: their columns and words = ours. Fill in the lines that begin with #."
    ]
    if report.sheet:
        lines.append(f"sheet = {_quoted(report.sheet)}")
    lines += ["", "[columns]"]
    taken: set[str] = set()
    for row in report.columns.itertuples(index=False):
        sure = bool(row.ours) and row.ours not in taken
        taken.add(str(row.ours))
        hint = "  # its name speaks of who may see what: it hides rows" if row.looks_like == "flag" else ""
        lines.append(
            f"{'' if sure else '# '}{_quoted(str(row.column))} = {_quoted(str(row.ours) if sure else '')}{hint}"
        )
    for column, words in report.words.items():
        lost = words[words["ours"].eq("")]
        if len(lost) and column != "disclosure":
            lines += ["", f"[values.{column}]", f"# {', '.join(dict.fromkeys(known_words(column).values()))}"]
            lines += [f'# {_quoted(str(word))} = ""' for word in lost["word"]]
    return "\n".join([*lines, "", "[defaults]", '# eligibility = "any"', ""])


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
