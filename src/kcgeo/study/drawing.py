"""Draw and save figures on two cores where the system can fork, one after the other where it cannot."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from pathlib import Path

from kcgeo import present
from kcgeo.present import Note
from kcgeo.study.figures import Figure

__all__ = ["draw_all"]

# Releases refuse to be pickled, so workers inherit the figures by fork and are told an index only.
_PENDING: list[tuple[Figure, Path]] = []


def _draw(index: int) -> tuple[int, Note, list[Path]]:
    figure, folder = _PENDING[index]
    plate = figure.draw()
    return index, plate.note, present.save_figure(plate, folder, figure.name, thumbnail=True)


def draw_all(
    figures: Sequence[Figure], folder: Path, *, done: Callable[[str], None], workers: int = 2
) -> list[tuple[Figure, Note, list[Path]]]:
    """Draw every figure and write it into ``folder``.

    Parameters
    ----------
    figures : sequence of Figure
        What to draw.
    folder : Path
        Receives ``<name>.png``, ``.svg`` and ``.pdf``.
    done : callable
        Told the name of each figure that is written.
    workers : int
        Processes at once; the files are the same for any number.

    Returns
    -------
    list of (Figure, Note, paths)
        In the order of ``figures``.
    """
    _PENDING[:] = [(figure, folder) for figure in figures]
    results: list[tuple[int, Note, list[Path]]] = []
    try:
        if workers > 1 and "fork" in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                for result in pool.imap_unordered(_draw, range(len(figures))):
                    done(figures[result[0]].name)
                    results.append(result)
        else:
            for index, figure in enumerate(figures):
                results.append(_draw(index))
                done(figure.name)
    finally:
        _PENDING.clear()
    return [(figures[index], note, paths) for index, note, paths in sorted(results, key=lambda item: item[0])]
