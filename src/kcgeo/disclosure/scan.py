"""The artefact scanner: walks a folder of results and looks for hidden services in everything a reader could open.

It proves the presence of a leak, never its absence: numbers that were quantised, summed or drawn cannot be recognised.
That nothing hidden has any influence is shown by comparing runs (see docs/disclosure.md); the scanner guards against
plain mistakes, such as a table of the directory embedded in a page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kcgeo.disclosure.canaries import Canary, found_in
from kcgeo.disclosure.unpack import KNOWN_EXTENSIONS, parts_of
from kcgeo.errors import DisclosureError

__all__ = ["KNOWN_EXTENSIONS", "Canary", "Finding", "scan", "unknown_extensions"]


@dataclass(frozen=True, order=True)
class Finding:
    """One leak: the file, the part of it, the name of the canary and the form in which it stands there."""

    path: str
    part: str
    canary: str
    form: str


def unknown_extensions(names: Iterable[str]) -> list[str]:
    """Return the extensions that the scanner cannot read, sorted; empty where it can read all.

    >>> unknown_extensions(["a.csv", "b.xyz", "c"])
    ['', '.xyz']
    """
    return sorted({Path(name).suffix.lower() for name in names} - set(KNOWN_EXTENSIONS))


def scan(folder: Path, canaries: Iterable[Canary]) -> list[Finding]:
    """Look for canaries in every file below a folder, names of files included.

    Parameters
    ----------
    folder
        Folder of results; links are not followed.
    canaries
        Invented hidden services.

    Returns
    -------
    list of Finding
        Sorted; empty where nothing was found.

    Raises
    ------
    DisclosureError
        For an empty folder, a link, or files of a type that the scanner does not know.
    """
    birds = tuple(canaries)
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    problems = []
    if not paths:
        problems.append("The folder to scan is empty; nothing was proved.")
    if any(path.is_symlink() for path in paths):
        problems.append("The folder to scan holds links; results are plain files.")
    if unread := unknown_extensions(str(path) for path in paths):
        names = ", ".join(repr(name) for name in unread)
        problems.append(f"The scanner does not know artefacts of type {names}; teach kcgeo.disclosure.unpack first.")
    if problems:
        raise DisclosureError(problems)
    findings = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        findings += [Finding(name, "file name", canary, form) for canary, form in found_in(name.encode(), birds)]
        for label, content in parts_of(path.read_bytes(), extension=path.suffix):
            findings += [Finding(name, label, canary, form) for canary, form in found_in(content, birds)]
    return sorted(set(findings))
