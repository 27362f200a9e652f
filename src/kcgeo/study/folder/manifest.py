"""The manifest: every file of a folder of results with its hash, sources and parameters."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kcgeo import data
from kcgeo.errors import StudyError, first_ids
from kcgeo.files import sha256, user_home, write_text
from kcgeo.study.answer import Answer

__all__ = ["MANIFEST", "RECORD", "build", "refuse_foreign_folder", "write_manifest"]

MANIFEST = "manifest.json"
RECORD = "release.json"
"""The signed-off record of a folder, beside its manifest."""
_HIDING = {"services"}
"""Resources with withheld rows: not even a hash of such a file is published."""
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}
TOOL = "kcgeo"


def _version() -> str:
    try:
        return version(TOOL)
    except PackageNotFoundError:
        return "unknown"


def refuse_foreign_folder(folder: Path, *, kind: str | None = None) -> None:
    """Refuse a folder of results that would replace files which kcgeo did not write, or that took it hours.

    Parameters
    ----------
    folder : Path
        Where results are to be written.
    kind : str, optional
        What the manifest must call its run, for a command that goes on with one; None: a run without a name.

    Raises
    ------
    StudyError
        Where ``folder`` is a file, the home folder or one above it, cannot be written, holds something and no manifest
        of kcgeo, holds a file that its manifest does not list, or a run of another kind.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise StudyError(f"{folder} is a file or a link; name a folder for the results with --out.")
    if folder.resolve() in (home := user_home().resolve(), *home.parents, Path.cwd().resolve()):
        raise StudyError(f"{folder} is no folder for results alone; name a new folder with --out.")
    _try_to_write(folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    content = _manifest_of(folder)
    if content is None:
        raise StudyError(
            f"{folder} holds files that kcgeo did not write, and the results would replace them; "
            "name an empty or a new folder with --out."
        )
    if content.get("kind") != kind:
        raise StudyError(f"{folder} holds results of another command; name an empty or a new folder with --out.")
    if kind is None and (strangers := _strangers(folder, content)):
        raise StudyError(
            f"{folder} holds files that kcgeo did not write ({first_ids(strangers, limit=3)}), and the results would "
            "replace them; move them away, or name a new folder with --out."
        )


def _manifest_of(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder of results; None where kcgeo wrote none."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return content if content.get("tool") == TOOL else None
    except (OSError, ValueError, AttributeError):
        return None


def _strangers(folder: Path, content: Mapping[str, Any]) -> list[str]:
    """Files that a manifest does not list; those that an operating system leaves behind do not count."""
    listed = {str(entry.get("path")) for entry in content.get("files", ()) if isinstance(entry, dict)}
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    ours = {*listed, MANIFEST, RECORD}
    return sorted(name for name in found if name not in ours and Path(name).name not in _LEFT_BY_SYSTEMS)


def _try_to_write(folder: Path) -> None:
    """Refuse a place that cannot be written, before anything is computed."""
    there = next(place for place in folder.resolve().parents if place.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".kcgeo-", dir=there):
            pass
    except OSError as error:
        why = error.strerror if there.is_dir() else "not a folder"
        raise StudyError(f"{folder} cannot be written ({there}: {why}); name another folder with --out.") from None


def build(folder: Path, answer: Answer, *, releases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe every file below ``folder``: no dates, no machine, so that two runs give the same bytes.

    Parameters
    ----------
    folder : Path
        The folder of results.
    answer : Answer
        The settings of its study are listed as parameters.
    releases : iterable of mapping
        One record of the release gate for each table that left, with the ``files`` that show it.
    """
    released = [dict(record) for record in releases]
    sources: dict[str, list[str]] = {}
    for record in released:
        for name in record.get("files", ()):
            sources.setdefault(name, []).append(str(record["name"]))
    files = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            files.append(
                {
                    "path": name,
                    "bytes": path.stat().st_size,
                    "sha256": sha256(path),
                    "releases": sorted(set(sources.get(name, []))),
                }
            )
    parameters = asdict(answer.study)
    parameters["layers"] = [_told(layer) for layer in parameters["layers"]]
    del parameters["authorisations_path"]
    added = answer.study.changes.add
    parameters["changes"] = {**parameters["changes"], "add": added and added.name} if answer.study.changes else None
    parameters["services_path"] = answer.study.services_path.name if answer.study.services_path else None
    return {
        "tool": TOOL,
        "version": _version(),
        "question": dict(answer.about),
        "study": answer.study.name,
        "parameters": parameters,
        "data": {name: str(data.describe(name)["sha256"]) for name in sorted(data.resources()) if name not in _HIDING},
        "releases": released,
        "files": files,
    }


def _told(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a layer; hash, rows and notes of services depend on withheld rows, so they stay here."""
    if layer["kind"] == "services":
        return {name: layer[name] for name in ("kind", "source_kind", "title", "vintage", "licence")}
    return {**layer, "path": layer["path"].name}


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest into ``folder``."""
    write_text(folder / MANIFEST, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
