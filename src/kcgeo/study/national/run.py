"""The national run: every county group by one rule, streamed into GeoParquet; a run that was stopped can go on.

One process holds the folder. It cuts out parts, has them measured (by itself, by processes of this machine, or by a
cluster), lets each through the release gate, and writes one file a part under a temporary name that is then changed.
The manifest names a part only when its file is whole, so nothing is lost or doubled by whatever ends the run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from kcgeo.access.parts import Answers, Part
from kcgeo.disclosure import Released, release
from kcgeo.errors import StudyError
from kcgeo.files import sha256
from kcgeo.present.files.geodata import parquet_is_possible, write_parquet
from kcgeo.study.folder import manifest as records
from kcgeo.study.national.cluster import in_process
from kcgeo.study.national.parts import Question, Tile, tiles
from kcgeo.study.progress import Progress, silent
from kcgeo.travel.national import pieces

__all__ = ["Executor", "ScaleRun", "former_run", "run_question"]

Executor = Callable[[Iterable[tuple[Tile, Part]]], Iterator[tuple[Tile, Answers]]]
PARTS = "parts"
_KIND = "national run"
_LOCK = ".lock"


@dataclass(frozen=True)
class ScaleRun:
    """What a run left behind.

    Attributes
    ----------
    manifest
        Inputs, buffer, pieces of the network, and every part with the hash of its file; the same for any number of
        workers and of interruptions.
    kept_count
        Parts that were there from a former run.
    """

    manifest: dict[str, Any]
    kept_count: int


def run_question(
    question: Question,
    out: Path | str,
    *,
    about: Mapping[str, Any],
    notes: Sequence[str],
    sources: Sequence[str],
    vintage: str,
    places_count: int,
    counties: Sequence[str] | None = None,
    prefix: str = "",
    resume: bool = False,
    execute: Executor = in_process,
    progress: Progress = silent,
) -> ScaleRun:
    """Measure all parts of a question and write them into a folder.

    Parameters
    ----------
    question
        Network, places, sites and cutoffs.
    out
        Folder: ``parts/<part>.parquet`` and ``manifest.json``.
    about
        All that the numbers depend on, as plain JSON; a run is resumed only where it is the same.
    notes, sources, vintage
        Words that go with every release.
    places_count
        Most places of a part; see :func:`kcgeo.study.national.parts.tiles`.
    counties
        Answer the places of these counties only.
    prefix
        Put before the name of every file, e.g. ``sample-``.
    resume
        Go on with a run that was stopped; parts whose file is whole are kept.
    execute
        Who measures: :func:`kcgeo.study.national.cluster.in_process`, or ``on_cluster`` with its client.
    progress
        Called with words, the parts done and all parts.

    Raises
    ------
    StudyError
        A folder that may not be written to or that holds another run, or a part that failed. What is done is kept.
    """
    folder = Path(out)
    planned = tiles(question.places, places_count=places_count, counties=counties)
    key = {**about, "places_per_part": places_count, "counties": None if counties is None else sorted(counties)}
    former = _former_parts(folder, key, resume=resume)
    with _held(folder):
        _sweep(folder)
        content = _content(question, key, planned, notes)
        done = _kept(folder, planned, former)
        kept_count = len(done)
        _write_manifest(folder, content, planned, done)
        open_tiles = [tile for tile in planned if tile.name not in done]
        jobs = ((tile, question.part(tile)) for tile in open_tiles)
        progress("Measuring parts", kept_count, len(planned))
        try:
            for tile, answers in execute(jobs):
                table = _released(question, tile, answers, notes=notes, sources=sources, vintage=vintage)
                path = write_parquet({f"{prefix}{tile.name}": table}, folder / PARTS)[0]
                done[tile.name] = {"file": f"{PARTS}/{path.name}", "sha256": sha256(path)}
                _write_manifest(folder, content, planned, done)
                progress(f"Wrote {tile.name}", len(done), len(planned))
        except OSError as fault:
            cause = f"The results cannot be written ({fault.strerror or fault}); make room or mend the folder"
            raise StudyError(_told(cause, done, planned)) from fault
        except StudyError as fault:
            raise StudyError(_told(str(fault), done, planned)) from fault
    return ScaleRun(_write_manifest(folder, content, planned, done), kept_count)


def _told(sentence: str, done: Mapping[str, Any], planned: Sequence[Tile]) -> str:
    return f"{sentence}, then run again with --resume: {len(done)} of {len(planned)} parts are written and stay."


def former_run(folder: Path, *, resume: bool) -> dict[str, Any] | None:
    """Return the manifest of the national run in a folder, None where there is none.

    Raises
    ------
    StudyError
        The folder holds something else, or a run that was not asked to go on.
    """
    if not parquet_is_possible():
        raise StudyError("A national run needs pyarrow; install it with: pip install 'kcgeo[big]'.")
    if folder.is_dir() and [path.name for path in folder.iterdir()] == [_LOCK]:
        return None  # a run that was killed before it wrote anything
    records.refuse_foreign_folder(folder, kind=_KIND)
    path = folder / records.MANIFEST
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if not resume:
        raise StudyError(f"{folder} holds a national run; go on with --resume, or name a new folder with --out.")
    return content


def _former_parts(folder: Path, key: Mapping[str, Any], *, resume: bool) -> dict[str, dict[str, str]]:
    """Return the parts that a former run of the same inputs has listed."""
    content = former_run(folder, resume=resume)
    if content is None:
        return {}
    plain = json.loads(json.dumps(key))
    other = sorted(name for name in {*content["run"], *plain} if content["run"].get(name) != plain.get(name))
    if other:
        raise StudyError(
            f"The run in {folder} was made with other {', '.join(other)}; ask for the same, or name a new folder."
        )
    return {row["name"]: row for row in content["parts"] if "sha256" in row}


def _kept(folder: Path, planned: Sequence[Tile], former: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the parts whose file is the one that was listed."""
    kept = {}
    for tile in planned:
        row = former.get(tile.name)
        if row is None:
            continue
        path = folder / PARTS / Path(row["file"]).name
        if path.is_file() and sha256(path) == row["sha256"]:
            kept[tile.name] = {"file": row["file"], "sha256": row["sha256"]}
    return kept


def _content(
    question: Question, key: Mapping[str, Any], planned: Sequence[Tile], notes: Sequence[str]
) -> dict[str, Any]:
    """Describe a run: inputs, buffer, and the separate networks that places lie in."""
    places = question.places
    piece = pieces(question.network, question.place_node)
    state, size = places["state"].to_numpy(), np.bincount(piece[piece >= 0])
    networks = [
        {"places_count": int(size[number]), "states": sorted(set(state[piece == number]))}
        for number in np.flatnonzero(size > 1)
    ]
    return {
        "tool": records.TOOL,
        "kind": _KIND,
        "run": dict(key),
        "notes": list(notes),
        "top_kmh": round(question.cutter.top_kmh, 3),
        "buffer_km": round(question.buffer_km, 3),
        "places_count": int(sum(len(tile.rows) for tile in planned)),
        "networks": networks,
        "lone_places_count": int((size == 1).sum()),
        "off_network_count": int((piece < 0).sum()),
    }


def _write_manifest(
    folder: Path, content: Mapping[str, Any], planned: Sequence[Tile], done: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    rows = [
        {
            "name": tile.name,
            "places_count": len(tile.rows),
            "counties": list(tile.counties),
            **done.get(tile.name, {}),
        }
        for tile in planned
    ]
    whole = {**content, "complete": len(done) == len(planned), "parts": rows}
    records.write_manifest(folder, whole)
    return whole


def _released(
    question: Question, tile: Tile, answers: Answers, *, notes: Sequence[str], sources: Sequence[str], vintage: str
) -> Released:
    """Let the answers of a part through the release gate, beside public ids, people and points."""
    own = question.places.iloc[tile.rows][["place_id", "county_fips", "state", "population_count", "geometry"]]
    texts: dict[str, Any] = {"sources": sources, "vintage": vintage, "notes": notes}
    background = release(own[["place_id", "geometry"]], name="places", kind="background", **texts)
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for column, category in enumerate(question.categories):
        columns[f"{category}_min"] = answers.nearest_min[:, column]
        columns[f"{category}_sites_count"] = answers.sites_count[:, column]
        columns[f"{category}_sites_per_1000"] = answers.sites_per_1000[:, column]
    table = pd.concat([own.reset_index(drop=True), pd.DataFrame(columns)], axis=1)
    return release(table, name=tile.name, kind="gaps", geography=background, **texts)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep a second run out of the folder while this one writes; the system lets go of it when the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / _LOCK).open("w")
    except OSError as fault:
        raise StudyError(f"{folder} cannot be written to ({fault.strerror}); name another folder with --out.") from None
    with stream:
        try:
            _lock(stream)
        except BlockingIOError:
            raise StudyError(f"Another run is writing into {folder}; wait for it, or name another folder.") from None
        try:
            yield
        finally:
            (folder / _LOCK).unlink(missing_ok=True)


def _lock(stream: IO[str]) -> None:
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return
    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep(folder: Path) -> None:
    """Remove files under temporary names that a killed run has left."""
    for path in [*folder.glob(".manifest-*"), *(folder / PARTS).glob(".*.parquet")]:
        path.unlink()
