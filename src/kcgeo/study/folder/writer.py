"""The only place that makes a folder of results: a temporary name, all files, the manifest, one rename."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from kcgeo import present
from kcgeo.files import replacing_folder
from kcgeo.study.answer import Answer, Desk, Drawn, Extra, Figure, Scene
from kcgeo.study.folder.manifest import build, refuse_foreign_folder, write_manifest
from kcgeo.study.folder.notebooks import make_page, pages_of
from kcgeo.study.folder.pool import Job, do_all
from kcgeo.study.progress import Progress, silent

__all__ = ["write"]

_WORKERS = 2


def write(answer: Answer, out: Path | str, *, progress: Progress = silent, workers: int = _WORKERS) -> dict[str, Any]:
    """Write an answer as a folder, whole or not at all; the same answer gives the same bytes.

    Parameters
    ----------
    answer : Answer
        Tables, figures, pages and notebooks of one question.
    out : path
        Folder of the results: new, empty, or of a former answer, whose place it takes at the end.
    progress : callable
        Called with a description, the steps done and all steps.
    workers : int
        Processes that draw at once; the files are the same for any number.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    StudyError
        A folder that holds what kcgeo did not write, or notebooks that stopped.
    OSError
        The files cannot be written; the former folder is left whole.
    """
    folder = Path(out)
    refuse_foreign_folder(folder)
    with replacing_folder(folder) as target:
        record = _Record(answer, target)
        shown = answer.tables if answer.shown is None else {name: answer.tables[name] for name in answer.shown}
        tables = present.write_tables(shown, target / answer.place) if shown else {}
        for name, path in tables.items():
            record.shows((name,), [path])
        early = [extra for extra in answer.extras if not extra.binds]
        # what takes longest begins first, so that no worker is left waiting for it at the end
        pages = [(f"Ran {path.name}", partial(make_page, path, answer.study_path)) for path in answer.notebooks]
        jobs: list[Job] = [*pages, *((extra.words, partial(_write_extra, extra)) for extra in early)]
        jobs += [(f"Drew {figure.name}", partial(_draw, figure)) for figure in answer.figures]
        late = [extra for extra in answer.extras if extra.binds]
        total, done = len(jobs) + len(late), [0]

        def step(words: str) -> None:
            done[0] += 1
            progress(words, done[0], total)

        results = do_all(answer.scene, target, jobs, done=step, workers=workers)
        made, results = results[: len(pages)], results[len(pages) :]
        for extra, paths in zip(early, results[: len(early)], strict=True):
            record.shows(extra.uses, paths)
        drawn: list[Drawn] = results[len(early) :]
        for one in drawn:
            record.shows(one.figure.uses, one.paths)
        desk = Desk(answer.scene, target, drawn, tables, pages_of(made))
        for extra in late:
            record.shows(extra.uses, extra.write(desk))
            step(extra.words)
        content = record.manifest()
        write_manifest(target, content)
    return content


def _draw(figure: Figure, scene: Scene, folder: Path) -> Drawn:
    """Draw one figure and save it in all its formats."""
    plate = figure.draw(scene)
    if figure.is_slide:
        path, box_px = present.save_slide(plate, folder / figure.place, figure.name)
        return Drawn(figure, plate.note, (path,), box_px)
    places: dict[str, list[str]] = {}
    for form in figure.formats:
        places.setdefault(figure.place.format(form=form), []).append(form)
    paths = [
        path
        for place, formats in places.items()
        for path in present.save_figure(plate, folder / place, figure.name, formats=formats, thumbnail=figure.small)
    ]
    return Drawn(figure, plate.note, tuple(paths))


def _write_extra(extra: Extra, scene: Scene, folder: Path) -> list[Path]:
    return list(extra.write(Desk(scene, folder)))


class _Record:
    """Keeps which release stands in which file."""

    def __init__(self, answer: Answer, folder: Path) -> None:
        self._answer, self._folder = answer, folder
        self._files: dict[str, set[str]] = {}

    def shows(self, names: Iterable[str], paths: Iterable[Path]) -> None:
        """Note that some files show some releases; without names each file shows the one it is named after."""
        names = tuple(names)
        for path in paths:
            for name in names or ({path.stem} & set(self._answer.tables)):
                self._files.setdefault(name, set()).add(path.relative_to(self._folder).as_posix())

    def manifest(self) -> dict[str, Any]:
        """Describe the folder."""
        releases = [
            {**item.to_manifest(), "files": sorted(self._files[name])}
            for name, item in sorted(self._answer.tables.items())
            if name in self._files
        ]
        return build(self._folder, self._answer, releases=releases)
