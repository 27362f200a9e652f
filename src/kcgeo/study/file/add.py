"""Give a study a layer of its own from a published file, and say what that changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd

from kcgeo import data
from kcgeo.data.fetch.download import Fetched
from kcgeo.data.formats.archive import source_sha256
from kcgeo.data.formats.registry import READERS, Converted, Reader
from kcgeo.data.study.layers import KINDS, SIDE_BY_SIDE, Layer, layers_folder, put_layer, remove_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import KcgeoError, StudyError, first_ids
from kcgeo.files import scratch, write_text
from kcgeo.study.progress import Step, silent_step

__all__ = ["Added", "State", "add_fetched", "add_layer", "drop_layer", "preview"]


@dataclass(frozen=True)
class State:
    """What a study holds of one kind: how many rows, and for places how many people; None where unknown."""

    source: str
    rows_count: int | None
    population_count: int | None


@dataclass(frozen=True)
class Added:
    """A layer that was added, and what the study held before and holds now.

    ``changes`` lists the rows of services that are new, gone or differ (:func:`kcgeo.data.changes`).
    """

    layer: Layer
    before: State
    after: State
    changes: pd.DataFrame | None = None


def add_layer(
    study_path: Path,
    kind: str,
    source: str,
    *,
    options: Mapping[str, str] | None = None,
    source_name: str | None = None,
    name: str | None = None,
    step: Step = silent_step,
) -> Added:
    """Check and convert a source, and put it in the place of the study's former layer of its kind.

    Parameters
    ----------
    study_path : Path
        The study file; its layers lie beside it.
    kind : str
        One of :data:`kcgeo.data.formats.registry.READERS`.
    source : str
        File or folder; an address for a kind that takes one.
    options : mapping of str to str, optional
        What the reader takes beside the source.
    source_name : str, optional
        Name for the register, where the path says nothing (a folder of fetched files).
    name : str, optional
        Of a list of services or a feed, so that several stand side by side. Where none is given, a list that shares an
        id with one of the study replaces it, and any other stands beside it under the name of its file.
    step : callable
        Told in words what is being done.

    Returns
    -------
    Added
        The registered layer; state before and after.

    Raises
    ------
    KcgeoError
        One sentence for each fault; the study then stands as before.
    """
    reader = _reader(kind)
    given = dict(options or {})
    if name is not None and "name" in reader.options:  # feeds are joined by their reader, into one layer
        given["name"], name = name, None
    unknown = sorted(set(given) - set(reader.options))
    if unknown:
        takes = ", ".join(reader.options) or "none"
        raise StudyError(f"{kind} takes no option {first_ids(unknown)}; it takes {takes}.")
    study = data.read_study(study_path)
    step("Looking at what the study holds")
    before = _state(study, reader.layer)
    step(f"Reading and checking {_name(source, reader)}")
    path = Path(source)
    converted = reader.read(source if reader.is_address else path, study, **given)
    step("Converting")
    own = _layer_name(study, reader.layer, name, converted, _name(source, reader))
    former = _rows_of(study, own) if reader.layer == "services" else None
    layer = put_layer(
        study_path,
        reader.layer,
        converted.write,
        source_name=source_name or converted.source_name or _name(source, reader),
        source_sha256=converted.source_sha256 or source_sha256(path),
        source_kind=kind,
        title=converted.title,
        vintage=converted.vintage,
        licence=converted.licence,
        notes=converted.notes,
        name=own,
        label=converted.label,
        doors=converted.doors,
    )
    _mention_layers(study_path)
    step("Counting what changed")
    study = data.read_study(study_path)
    rows = None if former is None else data.changes(former, cast("gpd.GeoDataFrame", _rows_of(study, own)))
    return Added(layer, before, _state(study, reader.layer), rows)


def _mention_layers(study_path: Path) -> None:
    """Let the study file say, in a comment, that layers lie beside it."""
    text, folder = study_path.read_text(encoding="utf-8"), layers_folder(study_path).name
    if folder not in text:
        told = f"# Layers of its own lie in {folder}: kcgeo data layers --study {study_path.name}\n"
        write_text(study_path, text.rstrip("\n") + "\n\n" + told)


def preview(study_path: Path, source: str, *, options: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Say what adding a list of services would change, and change nothing; parameters as :func:`add_layer`."""
    study = data.read_study(study_path)
    converted = READERS["services"].read(Path(source), study, **dict(options or {}))
    own = _layer_name(study, "services", None, converted, Path(source).name)
    former = _rows_of(study, own)
    with scratch("add") as folder:
        converted.write(folder / "services.csv")
        after = data.list_of_study(study, folder / "services.csv")
    return data.changes(after.iloc[:0] if former is None else former, after)


def _layer_name(study: Study, kind: str, name: str | None, converted: Converted, source: str) -> str:
    """Return the name under which a layer stands: a list that shares an id with a former one is its update."""
    if kind not in SIDE_BY_SIDE:
        if name is not None:
            raise StudyError(f"--name is for {' and '.join(SIDE_BY_SIDE)}; a study has one layer {kind}.")
        return ""
    held = study.layers_of(kind)
    if name is not None or kind != "services" or not held:
        if name and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise StudyError(f"--name takes small letters, digits and hyphens, not '{name}'.")
        return name or ""
    with scratch("add") as folder:
        converted.write(folder / "services.csv")
        ids = _ids(folder / "services.csv")
    shared = {item.name: len(ids & _ids(item.path)) for item in held}
    if any(shared.values()):
        return max(shared, key=lambda item: shared[item])
    plain = re.sub(r"[^a-z0-9]+", "-", Path(source).stem.casefold()).strip("-") or "list"
    return plain if plain not in shared else f"{plain}-{len(shared) + 1}"


def _ids(path: Path) -> set[str]:
    """Return what tells rows apart: ids of their own; names where the rows are named by their lines."""
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    rows = rows[rows["disclosure"].ne("withheld")]
    by_line = rows["service_id"].str.fullmatch(r"row-\d+")
    named = rows["organization_name"] + "|" + rows["service_name"] + "|" + rows["physical_address"]
    return set(rows["service_id"].where(~by_line, named))


def _rows_of(study: Study, name: str) -> gpd.GeoDataFrame | None:
    layer = next((item for item in study.layers_of("services") if item.name == name), None)
    try:
        return None if layer is None else data.list_of_study(study, layer.path)
    except (KcgeoError, OSError):  # it is about to be replaced
        return None


def add_fetched(study_path: Path, kind: str, files: Sequence[Fetched], *, step: Step = silent_step) -> Added:
    """Give fetched files to the reader of their kind, all together; the layer is named after them."""
    with scratch("add") as folder:
        for item in files:
            shutil.copyfile(item.path, folder / item.path.name)
        return add_layer(
            study_path, kind, str(folder), source_name=first_ids((item.path.name for item in files), limit=3), step=step
        )


def drop_layer(study_path: Path, kind: str, name: str | None = None) -> str:
    """Take a layer back, or one of several by its name; return the layer's kind.

    Raises
    ------
    StudyError
        There is no such kind, or the study has no such layer.
    """
    layer = kind if kind in KINDS else _reader(kind).layer
    data.read_study(study_path)
    if not remove_layer(study_path, layer, name):
        raise StudyError(f"The study {study_path.name} has no layer {layer} of its own.")
    return layer


def _reader(kind: str) -> Reader:
    if kind not in READERS:
        raise StudyError(
            f"There is no kind '{kind}'; there are {', '.join(sorted(READERS))}. For a table of your own about places "
            "there is none: join it to kcgeo.data.places(study) on place_id in Python."
        )
    return READERS[kind]


def _name(source: str, reader: Reader) -> str:
    """Return a name without folders; of an address nothing, since any part of a misspelt one may be the password."""
    if reader.is_address:
        return "the database"
    return Path(source).resolve().name


def _state(study: Study, kind: str) -> State:
    """Say what a study holds of a kind; a layer that cannot be read is about to be replaced, so that is no fault."""
    layers = study.layers_of(kind)
    named = study.services_path if kind == "services" else None
    source = "; ".join(item.title for item in layers) if layers else named.name if named else "packaged"
    try:
        if kind == "places":
            table = data.places(study)
            return State(source, len(table), int(table["population_count"].sum()))
        if kind == "corridors":
            return State(source, len(data.corridors(study)), None)
    except KcgeoError as error:
        return State(f"{source} (not usable: {error.problems[0]})", None, None)
    return State(source, sum(item.rows for item in layers) if layers else None, None)
