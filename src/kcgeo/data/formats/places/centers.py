"""Centers of population as the Census Bureau publishes them: CenPop2020 text files of block groups or tracts.

One file holds a state: comma-separated text with a mark at its start, the columns ``STATEFP, COUNTYFP, TRACTCE,
BLKGRPCE, POPULATION, LATITUDE, LONGITUDE`` (tract files have no ``BLKGRPCE``), the latitude with a plus sign.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from kcgeo.data.formats.archive import files_in, refusing
from kcgeo.data.formats.places.boundaries import PUBLIC_DOMAIN, vintage_of
from kcgeo.data.formats.places.place_file import assemble, kept_title, write_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.text import encoding_of, first_rows, read_chunks
from kcgeo.data.study.region import may_lie_in
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["read_centers"]

_WHAT = "a Census table of centers of population"
_WIDTHS = {"STATEFP": 2, "COUNTYFP": 3, "TRACTCE": 6, "BLKGRPCE": 1}
_NUMBERS = ("POPULATION", "LATITUDE", "LONGITUDE")


def read_centers(path: Path, study: Study) -> Converted:
    """Read the places of a study from centers of population.

    Parameters
    ----------
    path
        ``CenPop2020_Mean_BG29.txt`` (or ``TR29``), a folder or an archive of several.
    study
        Rows of its counties are kept; each county must have one.

    Raises
    ------
    TableError
        One sentence for each fault.
    """
    notes: list[str] = []
    with files_in(path, {".txt", ".csv"}, what=_WHAT) as found:
        parts = [_read_file(item, study, notes) for item in found]
    levels = {what for what, _ in parts}
    if len(levels) > 1:
        raise TableError(f"{path.name} holds block groups and tracts; give files of one of them.")
    (what,) = levels
    units = pd.concat([rows for _, rows in parts], ignore_index=True)
    table, more, kept = assemble(study, units, what=what)
    return Converted(
        write_places(table),
        title=kept_title(f"Census centers of population by {what.removesuffix('s')}", study.layer("places"), kept),
        vintage=vintage_of(path),
        licence=PUBLIC_DOMAIN,
        notes=(*dict.fromkeys(notes), *more),
    )


def _read_file(path: Path, study: Study, notes: list[str]) -> tuple[str, pd.DataFrame]:
    """Return what the rows are and those of the study; others are counted by the note only."""
    encoding, note = encoding_of(path)
    notes += [note] if note else []
    separator, head = first_rows(path, encoding, count=2)
    header = {name.strip().upper(): name for name in head[0]} if head else {}
    missing = [name for name in (*_WIDTHS, *_NUMBERS) if name not in header and name != "BLKGRPCE"]
    if missing:
        raise TableError(f"{path.name} is not {_WHAT}: it has no column {', '.join(missing)}.")
    if len(head) < 2:
        raise TableError(f"{path.name} has a header and no rows; was it downloaded whole?")
    names = {given: name for name, given in header.items() if name in _WIDTHS or name in _NUMBERS}
    kept, others = [], 0
    for chunk in read_chunks(path, encoding, separator, columns=list(names)):
        with refusing(path, _WHAT):
            rows = chunk.rename(columns=names).apply(lambda column: column.str.strip())
            for name, width in _WIDTHS.items():
                if name in rows:
                    rows[name] = rows[name].str.zfill(width)
            inside = may_lie_in(rows["STATEFP"] + rows["COUNTYFP"], study)
        others += int((~inside).sum())
        kept.append(rows[inside])
    if others:
        notes.append(f"Left out: rows of {path.name} that lie in other counties, {others:,}.")
    return ("block groups" if "BLKGRPCE" in header else "tracts"), _units(pd.concat(kept, ignore_index=True), path)


def _units(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    codes = [name for name in _WIDTHS if name in rows]
    ids = rows[codes].sum(axis=1) if len(rows) else pd.Series([], dtype="str")
    numbers = {name: pd.to_numeric(rows[name], errors="coerce") for name in _NUMBERS}
    width = sum(_WIDTHS[name] for name in codes)
    people, lat, lon = (numbers[name] for name in _NUMBERS)
    faults = {
        f"are not ids of {width} digits": ~ids.str.fullmatch(rf"[0-9]{{{width}}}"),
        "have no whole number of people": ~(people >= 0) | (people != np.floor(people)) | (people > 1e6),
        "do not lie in the United States": ~lat.between(-15, 72) | ~(lon.between(-180, -64) | lon.between(144, 180)),
    }
    raise_all(
        (
            f"{path.name}: {first_ids(ids[bad])} {words}; restore the rows from the published file."
            for words, bad in faults.items()
            if bad.any()
        ),
        TableError,
    )
    return pd.DataFrame({"place_id": ids, "population_count": people, "latitude": lat, "longitude": lon})
