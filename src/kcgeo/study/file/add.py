"""Give a study a layer of its own from a published file, and say what that changed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kcgeo import data
from kcgeo.data.fetch.download import Fetched
from kcgeo.data.formats.archive import source_sha256
from kcgeo.data.formats.registry import READERS, Reader
from kcgeo.data.study.layers import KINDS, Layer, put_layer, remove_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import KcgeoError, StudyError, first_ids
from kcgeo.study.progress import Step, silent_step

__all__ = ["Added", "State", "add_fetched", "add_layer", "drop_layer"]


@dataclass(frozen=True)
class State:
    """What a study holds of one kind: how many rows, and for places how many people; None where unknown."""

    source: str
    rows_count: int | None
    population_count: int | None


@dataclass(frozen=True)
class Added:
    """A layer that was added, and what the study held before and holds now."""

    layer: Layer
    before: State
    after: State


def add_layer(
    study_path: Path,
    kind: str,
    source: str,
    *,
    options: Mapping[str, str] | None = None,
    source_name: str | None = None,
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
    )
    step("Counting what changed")
    return Added(layer, before, _state(data.read_study(study_path), reader.layer))


def add_fetched(study_path: Path, kind: str, files: Sequence[Fetched], *, step: Step = silent_step) -> Added:
    """Give fetched files to the reader of their kind, all together; the layer is named after them."""
    with tempfile.TemporaryDirectory(prefix="kcgeo-") as name:
        for item in files:
            shutil.copyfile(item.path, Path(name) / item.path.name)
        return add_layer(
            study_path, kind, name, source_name=first_ids((item.path.name for item in files), limit=3), step=step
        )


def drop_layer(study_path: Path, kind: str) -> str:
    """Take a layer back, named by its own kind or by the kind of its source; return the layer's kind.

    Raises
    ------
    StudyError
        There is no such kind, or the study has no such layer.
    """
    layer = kind if kind in KINDS else _reader(kind).layer
    data.read_study(study_path)
    if not remove_layer(study_path, layer):
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
    layer = study.layer(kind)
    named = study.services_path if kind == "services" else None
    source = layer.title if layer else named.name if named else "packaged"
    try:
        if kind == "places":
            table = data.places(study)
            return State(source, len(table), int(table["population_count"].sum()))
        if kind == "corridors":
            return State(source, len(data.corridors(study)), None)
    except KcgeoError as error:
        return State(f"{source} (not usable: {error.problems[0]})", None, None)
    return State(source, layer.rows if layer else None, None)
