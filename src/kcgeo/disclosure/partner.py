"""The partner path: results for those who may see all, kept apart from everything that is published.

A partner (an agency that runs or places people in confidential services) gives an own file, which is never the
directory of the package, and an own folder outside the repository. What is computed from it is :class:`Confidential`:
it can be worked on and written by :func:`write_confidential`, and by nothing else. Each artefact carries a watermark,
which is looked for after it was written. This path is not part of ``make maps`` and refuses to run in continuous
integration.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo.crs import require
from kcgeo.disclosure.unpack import KNOWN_EXTENSIONS, parts_of
from kcgeo.errors import DisclosureError, TableError, first_ids, raise_all

__all__ = ["Confidential", "Writer", "confidential", "partner_folder", "watermark", "write_confidential"]

Writer = Callable[[pd.DataFrame, Path, str], None]
"""Writes one table to one path with one watermark text in it."""


@dataclass(frozen=True, eq=False)
class Confidential:
    """A table that may not be shown: :func:`confidential` makes it, :func:`write_confidential` writes it.

    Its text is always the same. It is a plain record, so that another process can work on it; a test over the source
    sees that nothing but this module makes one or reads its table.
    """

    _table: pd.DataFrame

    def __repr__(self) -> str:
        return "<confidential table, not shown>"

    def map(self, compute: Callable[[pd.DataFrame], pd.DataFrame]) -> Confidential:
        """Compute one table from a copy of another; the result is confidential too.

        An error inside ``compute`` is replaced by one without a text, since texts of errors repeat values.
        """
        table, failed, result = self._table.copy(deep=True), None, None
        try:
            result = compute(table)
        except Exception as fault:
            failed = type(fault).__name__
        if failed:  # raised out here, so that the first error does not travel along as its context
            raise DisclosureError(f"The computation on a confidential table failed ({failed}); its text is held back.")
        if not isinstance(result, pd.DataFrame):
            raise DisclosureError("A computation on a confidential table must give a table.")
        return Confidential(result)


def _held(value: object) -> pd.DataFrame:
    if type(value) is not Confidential:
        raise DisclosureError("Only a table made by kcgeo.disclosure.confidential() goes the partner path.")
    return value._table


def confidential(services: gpd.GeoDataFrame) -> Confidential:
    """Take a partner's own table of services, with all places, and close it.

    Parameters
    ----------
    services
        ``service_id`` (unique), ``category`` or ``categories``, and a point in EPSG:4326 for each row. It has no
        column ``disclosure``: a file with levels belongs to the public directory, and is refused here, so that the two
        are never mixed.

    Raises
    ------
    TableError, CrsError
        One sentence for each fault, with ids and never a place.
    """
    require(services, what="partner's services")
    problems = []
    if "disclosure" in services:
        problems.append("A partner's file has no column disclosure; it is kept apart from the public directory.")
    if "service_id" not in services or services["service_id"].isna().any() or services["service_id"].duplicated().any():
        problems.append("A partner's file needs a service_id for each row, each once.")
    elif not services.geometry.geom_type.eq("Point").all():
        lost = services.loc[~services.geometry.geom_type.eq("Point"), "service_id"]
        problems.append(f"These rows of the partner's file have no point: {first_ids(lost)}.")
    if not {"category", "categories"} & set(services.columns):
        problems.append("A partner's file needs a column category or categories.")
    raise_all(problems, TableError)
    return Confidential(services.copy(deep=True))


def _inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def partner_folder(folder: Path | str, *, repository: Path | str) -> Path:
    """Return the folder for a partner's results, resolved, and refuse one that could be published.

    Symbolic links are followed first, also those of folders on the way.

    Parameters
    ----------
    folder
        Where the results go.
    repository
        Top of the repository; nothing is written in it, below it, or in a folder that holds it.

    Raises
    ------
    DisclosureError
        A folder in the repository or in any other repository, a folder that holds the repository, a file, or a run in
        continuous integration.
    """
    if os.environ.get("CI", "").strip().lower() not in {"", "0", "false"}:
        raise DisclosureError("The partner path does not run in continuous integration; its logs are read by others.")
    place, top = Path(folder).expanduser().resolve(), Path(repository).resolve()
    if _inside(place, top) or _inside(top, place):
        raise DisclosureError("A partner's folder must lie outside the repository; name another with --out.")
    if any((parent / ".git").exists() for parent in (place, *place.parents)):
        raise DisclosureError("A partner's folder must not lie in any git repository; name another with --out.")
    if place.exists() and not place.is_dir():
        raise DisclosureError("The partner's folder is a file; name a folder with --out.")
    return place


def watermark(recipient: str) -> str:
    """Return the text that stands in every artefact of a partner.

    >>> watermark("Example Agency")
    'CONFIDENTIAL: for Example Agency only, not for publication'
    """
    name = " ".join(recipient.split())
    if not name or not all(character.isalnum() or character in " .-" for character in name):
        raise DisclosureError("Name the recipient in letters and digits; it goes into the watermark.")
    return f"CONFIDENTIAL: for {name} only, not for publication"


def write_confidential(
    tables: Mapping[str, Confidential],
    folder: Path | str,
    *,
    repository: Path | str,
    recipient: str,
    writer: Writer,
) -> tuple[Path, ...]:
    """Write a partner's results, each with its watermark, into a folder outside the repository.

    Parameters
    ----------
    tables
        Confidential tables by file name with its extension, e.g. ``{"coverage.csv": table}``; no folders in the name.
    folder, repository
        See :func:`partner_folder`.
    recipient
        Who may see it; part of the watermark.
    writer
        Writes one table: ``writer(table, path, mark)`` must put ``mark`` into the artefact, as a first row, a title, a
        metadata field.

    Returns
    -------
    tuple of Path
        The files, readable by their owner only.

    Raises
    ------
    DisclosureError
        A folder that is refused, a name with a folder in it, a type of file that cannot be checked, or an artefact
        without its watermark, which is removed again.
    """
    place, mark = partner_folder(folder, repository=repository), watermark(recipient)
    contents = {name: _held(table) for name, table in sorted(tables.items())}
    for name in contents:
        if Path(name).name != name or name.startswith("."):
            raise DisclosureError("The name of a partner's artefact holds a folder; give a plain file name.")
        if Path(name).suffix.lower() not in KNOWN_EXTENSIONS:
            raise DisclosureError(f"A partner's artefact of type '{Path(name).suffix}' cannot be checked for its mark.")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for name, table in contents.items():
        target = place / name
        if target.is_symlink() or partner_folder(place, repository=repository) != place:
            raise DisclosureError("A link stands where a partner's artefact would go; remove it.")
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        os.close(descriptor)
        target.chmod(0o600)
        if fault := _write_one(writer, table, target, mark):
            target.unlink(missing_ok=True)
            raise DisclosureError(f"The artefact '{name}' {fault} and was removed.")
        written.append(target)
    return tuple(written)


def _write_one(writer: Writer, table: pd.DataFrame, target: Path, mark: str) -> str | None:
    """Write and check one artefact; return what is wrong with it in words, without the text of any error."""
    try:
        writer(table.copy(deep=True), target, mark)
        target.chmod(0o600)
        return None if _carries(target, mark) else "came without its watermark"
    except Exception as fault:
        return f"could not be written ({type(fault).__name__})"
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _carries(path: Path, mark: str) -> bool:
    """Look for the mark as a reader would; line breaks inside it do not count."""
    wanted = mark.encode("utf-8")
    return any(
        wanted in b" ".join(content.split()) for _, content in parts_of(path.read_bytes(), extension=path.suffix)
    )
