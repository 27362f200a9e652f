"""Where the Census Bureau publishes what a study can use, and fetching it into the cache.

Addresses of boundaries and roads come from pygris, which knows how they changed over the years. The files themselves
are downloaded by :mod:`kcgeo.data.fetch`: pygris (0.2) reads a whole answer into memory, keeps it under its bare name
without hash or test, cannot resume, and asks again without end for a cached file that cannot be read. Centers of
population and survey tables, which pygris does not know, have one address for each state or table.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from kcgeo.data.fetch.download import Fetched, FetchError, Patience, cache_folder, check_text, download
from kcgeo.data.formats.archive import extracted
from kcgeo.data.study.settings import Study

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
}
"""What can be fetched: year where none is given, and what it is."""

_TABLES = ("B01001", "C17002", "B25044")
_HINT = "pip install 'kcgeo[census]'"


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
        There is no such thing, or pygris is needed and not installed, or knows no file of the year.
    """
    if what not in WHATS:
        raise FetchError(f"'{what}' cannot be fetched; there are {', '.join(WHATS)}.")
    edition = year if year is not None else WHATS[what][0]
    states = sorted({code[:2] for code in study.counties})
    if what == "centers":
        base = f"{SERVER}/geo/docs/reference/cenpop{edition}/blkgrp/CenPop{edition}_Mean_BG"
        return [Wanted(f"{base}{state}.txt", partial(check_text, starts="POPULATION")) for state in states]
    if what == "acs":
        base = f"{SERVER}/programs-surveys/acs/summary_file/{edition}/table-based-SF/data/5YRData/acsdt5y{edition}-"
        return [Wanted(f"{base}{table.lower()}.dat", partial(check_text, starts="GEO_ID")) for table in _TABLES]
    return [Wanted(url, _check_zip) for url in _pygris_urls(what, states, sorted(study.counties), edition)]


def _check_zip(path: Path) -> None:
    with extracted(path):
        pass


def _pygris_urls(what: str, states: list[str], counties: list[str], year: int) -> list[str]:
    """Ask pygris for the addresses, without letting it download."""
    if what == "block-groups":
        return [_asked("enumeration_units", "block_groups", state=state, cb=True, year=year) for state in states]
    if what == "tracts":
        return [_asked("enumeration_units", "tracts", state=state, cb=True, year=year) for state in states]
    if what == "roads":
        return [_asked("transportation", "roads", state=fips[:2], county=fips[2:], year=year) for fips in counties]
    return [_asked("transportation", "primary_roads", year=year)]


class _FoundError(Exception):
    """Carries the address out of pygris before it downloads."""


def _asked(module_name: str, function: str, **options: object) -> str:
    try:
        module = import_module(f"pygris.{module_name}")
    except ImportError:
        raise FetchError(f"Boundaries and roads are found through pygris; install it with {_HINT}.") from None
    with _caught(module), contextlib.redirect_stdout(io.StringIO()):
        try:
            getattr(module, function)(**options)
        except _FoundError as stop:
            return str(stop)
        except (ValueError, TypeError, AttributeError) as error:
            raise FetchError(f"pygris knows no such file ({error}).") from None
    raise FetchError("This release of pygris is not known to kcgeo; fetch the file by hand and use kcgeo data add.")


@contextlib.contextmanager
def _caught(module: object) -> Iterator[None]:
    """Let the loader of a pygris module hand out the address instead of loading."""

    def hand_out(url: str, *_: object, **__: object) -> None:
        raise _FoundError(url)

    former = getattr(module, "_load_tiger", None)
    if former is None:
        raise FetchError("This release of pygris is not known to kcgeo; fetch the file by hand and use kcgeo data add.")
    module._load_tiger = hand_out  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module._load_tiger = former  # type: ignore[attr-defined]


def fetch(
    what: str,
    study: Study,
    *,
    year: int | None = None,
    mirror: str | None = None,
    cache: Path | None = None,
    refresh: bool = False,
    patience: Patience | None = None,
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
    patience
        Tries, waits and limits.
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
    files = wanted(what, study, year=year)
    folder = (cache or cache_folder()) / what
    return [
        download(
            item.url.replace(SERVER, server, 1),
            folder / item.name,
            check=item.check,
            refresh=refresh,
            patience=patience,
            step=partial(step, item.name),
        )
        for item in files
    ]
