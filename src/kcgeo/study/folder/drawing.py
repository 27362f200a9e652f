"""Draw and save figures on two cores where the system can fork, one after the other where it cannot."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kcgeo import present
from kcgeo.present import Note
from kcgeo.study.folder.figures import Figure

__all__ = ["Draw", "Drawn", "drawing"]

Drawn = tuple[Figure, Note, list[Path]]
Draw = Callable[[Callable[[str], None]], list[Drawn]]

# Releases refuse to be pickled, so workers inherit the figures by fork and are told an index only.
_PENDING: list[tuple[Figure, Path]] = []


def _draw(index: int) -> tuple[int, Note, list[Path]]:
    figure, folder = _PENDING[index]
    plate = figure.draw()
    return index, plate.note, present.save_figure(plate, folder, figure.name, thumbnail=True)


@contextmanager
def drawing(figures: Sequence[Figure], folder: Path, *, workers: int = 2) -> Iterator[Draw]:
    """Start the processes that draw; threads may be started inside, since the forks are made before them.

    Parameters
    ----------
    figures : sequence of Figure
        What to draw.
    folder : Path
        Receives ``<name>.png``, ``.svg`` and ``.pdf``.
    workers : int
        Processes at once; the files are the same for any number.

    Yields
    ------
    callable
        Waits until every figure is drawn, tells its argument the name of each that is written, and returns
        ``(figure, note, paths)`` in the order of ``figures``. Drawing begins at once, beside what is done before.
    """
    _PENDING[:] = [(figure, folder) for figure in figures]
    try:
        if workers > 1 and "fork" in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                results = pool.imap_unordered(_draw, range(len(figures)))
                yield lambda done: _collect(figures, results, done)
        else:
            yield lambda done: _collect(figures, map(_draw, range(len(figures))), done)
    finally:
        _PENDING.clear()


def _collect(
    figures: Sequence[Figure], results: Iterable[tuple[int, Note, list[Path]]], done: Callable[[str], None]
) -> list[Drawn]:
    found: dict[int, Drawn] = {}
    for index, note, paths in results:
        done(figures[index].name)
        found[index] = (figures[index], note, paths)
    return [found[index] for index in sorted(found)]
