"""Where the Census Bureau publishes what a study can use, and fetching it into the cache."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kcgeo.data.fetch.download import Fetched, FetchError, cache_folder, download
from kcgeo.data.formats.archive import extracted
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError

__all__ = ["SERVER", "WHATS", "Wanted", "fetch", "wanted"]

SERVER = "https://www2.census.gov"
"""The server of the Census Bureau; ``KCGEO_CENSUS_URL`` or the option ``--mirror`` names another of the same layout."""

WHATS = {
    "block-groups": (2023, "outlines of block groups, one file a state"),
    "tracts": (2023, "outlines of tracts, one file a state"),
    "centers": (2020, "centers of population of block groups, one file a state"),
    "acs": (2022, "survey tables B01001, C17002 and B25044, national files of some hundred MB each"),
    "primary-roads": (2023, "primary roads, one file for the nation"),
    "roads": (2023, "all roads, one file a county"),
    "addresses": (2023, "address ranges of streets, one file a county"),
}
"""What can be fetched: year where none is given, and what it is."""

_PATHS = {
    "block-groups": "geo/tiger/GENZ{year}/shp/cb_{year}_{state}_bg_500k.zip",
    "tracts": "geo/tiger/GENZ{year}/shp/cb_{year}_{state}_tract_500k.zip",
    "centers": "geo/docs/reference/cenpop{year}/blkgrp/CenPop{year}_Mean_BG{state}.txt",
    "acs": "programs-surveys/acs/summary_file/{year}/table-based-SF/data/5YRData/acsdt5y{year}-{table}.dat",
    "primary-roads": "geo/tiger/TIGER{year}/PRIMARYROADS/tl_{year}_us_primaryroads.zip",
    "roads": "geo/tiger/TIGER{year}/ROADS/tl_{year}_{county}_roads.zip",
    "addresses": "geo/tiger/TIGER{year}/ADDRFEAT/tl_{year}_{county}_addrfeat.zip",
}
_FIRST_YEARS = {"block-groups": 2014, "tracts": 2014, "primary-roads": 2011, "roads": 2011, "addresses": 2011}
"""Before these years the files lie elsewhere or are called otherwise."""

_TABLES = ("b01001", "c17002", "b25044")


@dataclass(frozen=True)
class Wanted:
    """One file to fetch: its address on the Census server, and a test of its content."""

    url: str
    check: Callable[[Path], None]

    @property
    def name(self) -> str:
        """Return the file's own name."""
        return self.url.rpartition("/")[2]


def wanted(what: str, study: Study, *, year: int | None = None) -> list[Wanted]:
    """List the files of a study's states or counties.

    Raises
    ------
    FetchError
        There is no such thing, or none of such a year in the form that is read.
    """
    if what not in WHATS:
        raise FetchError(f"'{what}' cannot be fetched; there are {', '.join(WHATS)}.")
    edition = year if year is not None else WHATS[what][0]
    if edition < _FIRST_YEARS.get(what, 0):
        raise FetchError(
            f"{what} can be fetched from {_FIRST_YEARS[what]} on; add an older file with kcgeo data add {what} PATH."
        )
    parts = {"{state}": sorted({code[:2] for code in study.counties}), "{county}": sorted(study.counties)}
    parts["{table}"] = list(_TABLES)
    path = _PATHS[what].replace("{year}", str(edition))
    part = next((key for key in parts if key in path), None)
    paths = [path.replace(part, word) for word in parts[part]] if part else [path]
    text = {"centers": "POPULATION", "acs": "GEO_ID"}.get(what)
    check = partial(_check_text, starts=text) if text else _check_zip
    return [Wanted(f"{SERVER}/{path}", check) for path in paths]


def _check_zip(path: Path) -> None:
    with extracted(path):
        pass


def _check_text(path: Path, *, starts: str) -> None:
    """Refuse a text table whose first line does not hold ``starts``, or that does not end with a line end.

    Raises
    ------
    TableError
        One sentence.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(path.stat().st_size - 1, 0))
        last = stream.read(1)
    if starts.encode() not in re.split(rb"[\r\n]", head, maxsplit=1)[0]:
        raise TableError(f"{path.name} does not begin with the columns that it should have")
    if last not in (b"\n", b"\r"):
        raise TableError(f"{path.name} is cut off in its last line")


def fetch(
    what: str,
    study: Study,
    *,
    year: int | None = None,
    mirror: str | None = None,
    cache: Path | None = None,
    refresh: bool = False,
    tries: int = 5,
    step: Callable[[str, int, int | None], None] = lambda name, done, total: None,
) -> list[Fetched]:
    """Download what a study needs of one kind into the cache.

    Parameters
    ----------
    what
        One of :data:`WHATS`.
    study
        Its counties and their states.
    year
        Edition; the one of :data:`WHATS` where not given.
    mirror
        Server in place of :data:`SERVER`; else the variable ``KCGEO_CENSUS_URL``.
    cache
        Folder; :func:`kcgeo.data.fetch.download.cache_folder` where not given.
    refresh
        Download anew what the cache holds.
    tries
        As :func:`kcgeo.data.fetch.download.download`.
    step
        Told name, bytes done and, where known, in all.

    Returns
    -------
    list of Fetched
        Whole files, tested and hashed, in the order of states, counties or tables.

    Raises
    ------
    FetchError
        One sentence; files that were fetched before it stay in the cache.
    """
    server = (mirror or os.environ.get("KCGEO_CENSUS_URL") or SERVER).rstrip("/")
    folder = (cache or cache_folder()) / what
    return [
        download(
            item.url.replace(SERVER, server, 1),
            folder / item.name,
            check=item.check,
            refresh=refresh,
            tries=tries,
            step=partial(step, item.name),
        )
        for item in wanted(what, study, year=year)
    ]
