"""A study's own layers: converted files that take the place of the coarser packaged ones, for that study alone.

They lie in a folder beside the study file (``st-louis.toml`` -> ``st-louis.layers/``) with a register, ``layers.json``.
A converted file carries a piece of its hash in its name and the register is exchanged last, so that a reader finds
either the former layer or the new one, whole.

====================== =========================================== ==================================================
kind                   file                                        takes the place of
====================== =========================================== ==================================================
``places``             CSV, gzipped: columns of ``places``         ZIP code points
``corridors``          GeoJSON: ``route, state``, lines            lines traced along the packaged highway graph
``services``           CSV: columns of ``services``                the packaged directory
``streets``, ``walks`` NPZ: see :mod:`kcgeo.data.formats.streets.street_table`  the friction grid, for cars and on foot
``transit``            ZIP: the GTFS feed as it came               nothing: buses are not packaged
``addresses``          NPZ: sides of streets with house numbers    nothing: rows get the point of their ZIP code
====================== =========================================== ==================================================
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from kcgeo.errors import IntegrityError, StudyError
from kcgeo.files import sha256, write_text

__all__ = [
    "KINDS",
    "SIDE_BY_SIDE",
    "Layer",
    "checked_layer",
    "layers_folder",
    "put_layer",
    "read_layers",
    "remove_layer",
]

KINDS = {
    "places": ".csv.gz",
    "corridors": ".geojson",
    "services": ".csv",
    "streets": ".npz",
    "walks": ".npz",
    "transit": ".zip",
    "addresses": ".npz",
}
"""Kinds of layers, and the suffix of their converted file."""

SIDE_BY_SIDE = ("services",)
"""Kinds of which a study may have several, each under a name; feeds of agencies lie together in one layer."""

_REGISTER = "layers.json"
_FORMAT = 1
_DIGITS = 12  # of the hash, in the name of a file


@dataclass(frozen=True)
class Layer:
    """One converted layer of a study.

    Attributes
    ----------
    kind
        One of :data:`KINDS`.
    path
        The converted file.
    sha256
        Its hash, compared whenever it is read.
    rows
        How many rows, lines or edges it holds.
    source_name, source_sha256
        Name and hash of what it was made from: a file, or all files of a folder.
    source_kind
        The reader that converted it, e.g. ``block-groups``.
    title, vintage, licence
        For the source line of maps and tables.
    notes
        What was repaired or left out, one sentence each.
    name
        Tells several layers of one kind apart (:data:`SIDE_BY_SIDE`); "" where there is one.
    label
        ``sample`` where its rows are invented.
    doors
        Of services: fingerprints of hidden doors (:mod:`kcgeo.data.directory.closing.fingerprints`), for lists beside.
    """

    kind: str
    path: Path
    sha256: str
    rows: int
    source_name: str
    source_sha256: str
    source_kind: str
    title: str
    vintage: str
    licence: str
    notes: tuple[str, ...] = ()
    name: str = ""
    label: str = ""
    doors: str = ""


def layers_folder(study_path: Path) -> Path:
    """Return the folder of a study file's own layers; it need not exist."""
    return study_path.with_suffix(".layers")


def read_layers(study_path: Path) -> tuple[Layer, ...]:
    """Read the register of a study's own layers; empty where it has none. Files are compared when they are used.

    Raises
    ------
    StudyError
        The register is not one that :func:`put_layer` wrote.
    """
    register = layers_folder(study_path) / _REGISTER
    if not register.is_file():
        return ()
    try:
        content = json.loads(register.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(content["format"])
        found = [
            Layer(**{**row, "path": register.parent / Path(row["path"]).name, "notes": tuple(row["notes"])})
            for row in content["layers"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise StudyError(f"{register} is no register of layers; add the layers again with kcgeo data add.") from None
    return tuple(sorted(found, key=_order))


def checked_layer(layer: Layer) -> Path:
    """Return the path of a layer's file after comparing its hash.

    Raises
    ------
    IntegrityError
        The file is missing or is not the one that was registered.
    """
    if not layer.path.is_file() or sha256(layer.path) != layer.sha256:
        raise IntegrityError(
            f"The layer {layer.kind} ({layer.path.name}) is missing or was changed; add it again: "
            f"kcgeo data add {layer.source_kind} {layer.source_name}"
        )
    return layer.path


def put_layer(
    study_path: Path,
    kind: str,
    write: Callable[[Path], int],
    *,
    source_name: str,
    source_sha256: str,
    source_kind: str,
    title: str,
    vintage: str,
    licence: str,
    notes: tuple[str, ...] = (),
    name: str = "",
    label: str = "",
    doors: str = "",
) -> Layer:
    """Write a converted layer and register it in place of the former one of its kind and name; all or nothing.

    Parameters
    ----------
    study_path
        The study file.
    kind
        One of :data:`KINDS`.
    write
        Writes the converted file to the path that it is given (with the right suffix) and returns its rows.
    """
    folder, suffix = layers_folder(study_path), KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        handle, unfinished = tempfile.mkstemp(prefix=f".{kind}-", suffix=suffix, dir=folder)
        os.close(handle)
        temporary = Path(unfinished)
        try:
            former = read_layers(study_path)
            rows = write(temporary)
            digest = sha256(temporary)
            path = folder / f"{kind}-{digest[:_DIGITS]}{suffix}"
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()
        layer = Layer(
            *(kind, path, digest, rows, source_name, source_sha256, source_kind, title, vintage, licence, notes, name),
            *(label, doors),
        )
        others = [item for item in former if (item.kind, item.name) != (kind, name)]
        _register(folder, [*others, layer])
        _sweep(folder, keep={item.path.name for item in others} | {path.name})
    return layer


def remove_layer(study_path: Path, kind: str, name: str | None = None) -> bool:
    """Take a layer back, or all of a kind where none is named; say whether there was one."""
    folder = layers_folder(study_path)
    if not folder.is_dir():
        return False
    with _alone(folder):
        former = read_layers(study_path)
        kept = [item for item in former if item.kind != kind or name not in (None, item.name)]
        if len(kept) == len(former):
            return False
        _register(folder, kept)
        _sweep(folder, keep={item.path.name for item in kept})
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time change a study's layers; where the system has no such locks, none is taken."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _order(layer: Layer) -> tuple[str, str]:
    return layer.kind, layer.name


def _register(folder: Path, layers: list[Layer]) -> None:
    rows = [{**asdict(item), "path": item.path.name} for item in sorted(layers, key=_order)]
    write_text(folder / _REGISTER, json.dumps({"format": _FORMAT, "layers": rows}, indent=2, ensure_ascii=False) + "\n")


def _sweep(folder: Path, *, keep: set[str]) -> None:
    """Remove converted files that the register no longer names; files that we did not write stay."""
    ours = re.compile("|".join(rf"{kind}-[0-9a-f]{{{_DIGITS}}}{re.escape(end)}" for kind, end in KINDS.items()))
    for path in folder.iterdir():
        if ours.fullmatch(path.name) and path.name not in keep:
            path.unlink()
