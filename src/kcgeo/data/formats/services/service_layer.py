"""From rows of other people's directories to the layer ``services``: known words, a level for each row, one check.

Directories of others know no levels. The operator says once, with a basis, why the places of the rows that bring no
level are public. That word never covers a row where people sleep: such a row comes in as withheld, cut to its id and
categories. A row counts as one where people sleep if a category says so, or a word in its name or in its original
categories does. A row that brings a level and a basis is taken at its word, by the rules of
:mod:`kcgeo.data.directory.levels`, which go by its categories.

Refusals name rows by id, never what stands in them; notes hold no number that depends on a withheld row.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.authorisations import authorisations
from kcgeo.data.directory.levels import shelter_rows
from kcgeo.data.directory.services import checked_rows, plain_rows
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.package.catalogue import describe, disclosure_bases
from kcgeo.data.places.areas import areas
from kcgeo.data.study.region import ground, packaged
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, WithheldWarning, first_ids, raise_all
from kcgeo.files import write_text

__all__ = ["MAX_ROWS", "Mapped", "columns_of_services", "known_categories", "read_mapping", "service_layer"]

MAX_ROWS = 200_000
"""More rows than a national directory has."""

SLEEPING = re.compile(
    r"shelter|refuge|safe[\s-]*(?:house|home|haven)|transitional|residential|(?:group|recovery|maternity)[\s-]*home"
    r"|housing|crisis (?:bed|house|home|nursery|center|centre)|overnight|sober living|domestic[\s-]*violence|battered"
    r"|lodging|motel|\bhotel|dormitor|\bbeds?\b|\bywca\b|albergue|refugio|hogar|abrigo",
    re.IGNORECASE,
)
"""Words that tell of a place where people sleep, in a name or in somebody else's category."""

_WORD_COLUMNS = ("service_categories", "service_status", "eligibility", "location_type", "coordinate_precision")


@dataclass(frozen=True)
class Mapped:
    """What a mapping file says: their columns and words, and ours.

    Attributes
    ----------
    columns
        Their column -> ours.
    words
        Our column -> their word (case-folded) -> ours.
    defaults
        Our column -> what stands where a row is blank.
    sheet
        Sheet of a workbook.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


def columns_of_services() -> list[str]:
    """Return the columns of the directory in their order."""
    return [item["name"] for item in describe("services")["fields"]]


def read_mapping(path: Path | str | None) -> Mapped:
    """Read a mapping file; nothing is mapped where none is given.

    Raises
    ------
    TableError
        The file is no TOML, a key is unknown, or a column of ours is none or is named twice.
    """
    if path is None:
        return Mapped()
    path = Path(path)
    with refusing(path, "a mapping (TOML)"):
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
    problems = [
        f"{path.name} has a key '{key}' that no mapping has; there are sheet, columns, values and defaults."
        for key in sorted(set(raw) - {"sheet", "columns", "values", "defaults"})
    ]
    columns, defaults, values = (raw.get(key, {}) for key in ("columns", "defaults", "values"))
    flat = isinstance(columns, dict) and isinstance(defaults, dict) and isinstance(values, dict)
    if not flat or not all(isinstance(item, dict) for item in values.values()):
        raise TableError(f"{path.name}: columns and defaults are sections, values has a section for each column.")
    words = [*columns.values(), *(word for item in values.values() for word in item.values())]
    if not all(isinstance(word, str) for word in words) or not isinstance(raw.get("sheet", ""), str):
        problems.append(f"{path.name}: every value is a text in quotation marks.")
    known = set(columns_of_services())
    named = [str(name) for name in columns.values()]
    unknown = sorted({*named, *defaults, *values} - known)
    if unknown:
        problems.append(f"{path.name} names {first_ids(unknown)}, which is no column of ours; see the data dictionary.")
    if own := sorted({"disclosure", "service_id"} & set(defaults)):
        problems.append(
            f"{path.name} gives a default for {' and '.join(own)}, which each row has of its own; write it in the rows."
        )
    if twice := sorted({name for name in named if named.count(name) > 1}):
        problems.append(f"{path.name} gives two of their columns to {first_ids(twice)}; keep one.")
    raise_all(problems, TableError)
    folded = {
        column: {str(theirs).strip().casefold(): ours for theirs, ours in item.items()}
        for column, item in values.items()
    }
    return Mapped(dict(columns), folded, {key: str(value) for key, value in defaults.items()}, raw.get("sheet"))


def known_categories(texts: Sequence[str], mapped: Mapped) -> tuple[list[str], list[str]]:
    """Translate somebody's categories to ours: by the mapping, by our names, by our titles.

    Returns
    -------
    tuple of list of str
        Ours, once each in their order; and the texts that are none.
    """
    own = mapped.words.get("service_categories", {})
    kinds = packaged("categories")
    names = {name: name for name in kinds["category"]}
    names |= {str(title).casefold(): name for title, name in zip(kinds["title"], kinds["category"], strict=True)}
    found, unknown = dict[str, None](), []
    for text in (text.strip() for text in texts):
        ours = own.get(text.casefold()) or names.get(text.casefold()) or names.get(text.casefold().replace(" ", "_"))
        if ours:
            found |= dict.fromkeys(part.strip() for part in ours.split("|") if part.strip())
        elif text:
            unknown.append(text)
    return list(found), unknown


def service_layer(
    rows: pd.DataFrame,
    study: Study,
    *,
    mapped: Mapped,
    notes: Sequence[str],
    title: str,
    basis: str | None = None,
    vintage: str = "",
    licence: str = "",
    told: pd.Series | None = None,
) -> Converted:
    """Check rows of services and return the layer that they become.

    Parameters
    ----------
    rows
        Columns of ours as text, blank or NaN where nothing is given; a column that is missing is blank.
    study
        Its counties and approved areas.
    mapped
        Its defaults and words count for blank cells and for words of theirs.
    notes
        What the reader repaired.
    title, vintage, licence
        For the source line.
    basis
        Why the places of rows without a level are public.
    told
        Words of the source for each row that must be looked through for a place where people sleep.

    Raises
    ------
    TableError
        One sentence for each fault, naming rows by id.
    """
    if len(rows) > MAX_ROWS:
        raise TableError(
            f"The directory holds more than {MAX_ROWS:,} rows, the limit of this reader; cut it to a region."
        )
    columns, notes = columns_of_services(), list(notes)
    table = rows.reindex(columns=columns).astype("object")
    table = table.where(table.notna(), "").astype("str").apply(lambda column: column.str.strip())
    _refuse_ids(table["service_id"])
    for column in _WORD_COLUMNS[1:]:
        table[column] = _translated(table[column], mapped.words.get(column, {}))
    bare = table["disclosure"].eq("") & table["disclosure_basis"].eq("")
    # a row that fails closed must not change a note, so it is set aside before anything is counted
    sleeps = _sleeping(table, told)
    closed = bare & sleeps
    shown = ~closed & table["disclosure"].ne("withheld")
    table, filled = _filled(table, mapped, shown)
    notes += filled
    table = _levelled(table, bare & ~closed, basis or mapped.defaults.get("disclosure_basis"))
    table.loc[closed, [name for name in columns if name not in ("service_id", "service_categories")]] = ""
    table.loc[closed, "disclosure"] = "withheld"
    table.loc[closed, "disclosure_basis"] = "place where people sleep, without a public basis"
    no_point = (
        shown & table["disclosure"].eq("exact") & table["latitude"].eq("") & table["location_type"].eq("physical")
    )
    if (no_point := no_point & shown).any():
        notes.append(
            f"{int(no_point.sum())} rows have no coordinates and keep no point: addresses are never looked up, "
            "since that would send them away."
        )
    checked = checked_rows(
        table.astype("object").replace("", None),
        counties=ground(study),
        areas=areas(study),
        authorisations=authorisations(study) if study.authorisations_path else None,
    )
    if closed.any():
        warnings.warn(
            f"{int(closed.sum())} rows where people sleep give no public basis and came in as withheld: "
            f"{first_ids(table.loc[closed, 'service_id'])}.",
            WithheldWarning,
            stacklevel=2,
        )
    plain = _numbered(plain_rows(checked))

    def write(path: Path) -> int:
        write_text(path, plain.to_csv(index=False, lineterminator="\n"))
        return len(plain)

    return Converted(write, title, vintage, licence, tuple(dict.fromkeys(notes)))


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


def _refuse_ids(ids: pd.Series) -> None:
    problems = []
    blank = [str(number) for number in ids.index[ids.eq("")] + 2]
    if blank:
        problems.append(f"Rows {first_ids(blank)} have no service_id; give each row its own.")
    twice = ids[ids.ne("") & ids.duplicated()].drop_duplicates()
    if len(twice):
        problems.append(f"{first_ids(twice.str[:60])}: the id stands in more than one row; keep one or give new ids.")
    raise_all(problems, TableError)


def _translated(column: pd.Series, words: Mapping[str, str]) -> pd.Series:
    return pd.Series([words.get(text.casefold(), text) for text in column], index=column.index, dtype="str")


def _sleeping(table: pd.DataFrame, told: pd.Series | None) -> pd.Series:
    kinds = packaged("categories")
    by_category = shelter_rows(table, kinds.loc[kinds["shelter_like"], "category"])
    texts = table["service_name"] + " " + table["organization_name"]
    if told is not None:
        texts = texts + " " + told.reindex(table.index).fillna("").astype("str")
    return by_category | texts.str.contains(SLEEPING)


def _filled(table: pd.DataFrame, mapped: Mapped, shown: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    """Fill blank cells of shown rows: by the defaults of the mapping, then by what the row itself implies."""
    table, notes = table.copy(), []
    implied = {
        "service_status": pd.Series("unknown", index=table.index),
        "location_type": (table["latitude"].ne("") | table["physical_address"].ne("")).map(
            {True: "physical", False: "virtual"}
        ),
        "coordinate_precision": table["latitude"].ne("").map({True: "street", False: "none"}),
    }
    for column in [*mapped.defaults, *(name for name in implied if name not in mapped.defaults)]:
        if column == "disclosure_basis":  # counts in :func:`_levelled` alone
            continue
        blank = shown & table[column].eq("")
        if column == "coordinate_precision" and column in mapped.defaults:
            blank &= table["latitude"].ne("")
        if not blank.any():
            continue
        if column in mapped.defaults:
            table.loc[blank, column] = mapped.defaults[column]
            notes.append(f"{column} is blank in {int(blank.sum())} rows and was filled by the mapping's default.")
        else:
            table.loc[blank, column] = implied[column][blank]
            notes.append(f"{column} is blank in {int(blank.sum())} rows and was taken from what they hold.")
    return table, notes


def _levelled(table: pd.DataFrame, bare: pd.Series, basis: str | None) -> pd.DataFrame:
    """Give rows without a level the operator's word for it: exact, with a basis."""
    if not bare.any():
        return table
    known = list(disclosure_bases())
    if basis is None:
        raise TableError(
            f"{first_ids(table.loc[bare, 'service_id'].str[:60])}: the rows have no disclosure level; if their places "
            f"are public, say why with --option basis=... (one of: {'; '.join(known)})."
        )
    if basis not in known:
        raise TableError(f"The basis is unknown; write one of: {'; '.join(known)}.")
    table = table.copy()
    table.loc[bare, "disclosure"] = "exact"
    table.loc[bare, "disclosure_basis"] = basis
    return table
