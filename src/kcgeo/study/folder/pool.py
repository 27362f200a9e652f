"""Work on two cores, on every system: processes that start anew and are given the released tables once."""

from __future__ import annotations

import multiprocessing
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from kcgeo.errors import StudyError, WithheldWarning
from kcgeo.study.answer import Scene

__all__ = ["Job", "do_all"]

Job = tuple[str, Callable[[Scene, Path], Any]]
"""What is told when it is done, and the work: a function of a module or a partial of one."""

_FEW = 4
"""So few jobs are done here: a new process first reads all libraries, which takes longer than a figure."""

_given: dict[str, Any] = {}
"""What a worker process was given when it started."""


def do_all(scene: Scene, folder: Path, jobs: Sequence[Job], *, done: Callable[[str], None], workers: int) -> list[Any]:
    """Do every job and return the results in their order; a job that fails ends all.

    Parameters
    ----------
    scene, folder
        Handed to each job; the scene once for each worker.
    done : callable
        Told the words of each job that is done.
    workers : int
        Processes at once; the results are the same for any number.
    """
    if workers < 2 or len(jobs) < _FEW:
        return [_here(job, scene, folder, done) for job in jobs]
    found: dict[int, Any] = {}
    context = multiprocessing.get_context("spawn")
    given = (scene.study, scene.tables, folder)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=given)
    try:
        futures: dict[Future[Any], int] = {pool.submit(_work, work): number for number, (_, work) in enumerate(jobs)}
        for future in as_completed(futures):
            number = futures[future]
            found[number] = future.result()
            done(jobs[number][0])
    except BrokenProcessPool:
        raise StudyError("A process that draws ended early, perhaps for want of memory; nothing was changed.") from None
    finally:
        pool.shutdown(cancel_futures=True)
    return [found[number] for number in range(len(jobs))]


def _here(job: Job, scene: Scene, folder: Path, done: Callable[[str], None]) -> Any:
    words, work = job
    result = work(scene, folder)
    done(words)
    return result


def _begin(study: Any, tables: Any, folder: Path) -> None:
    """Take what all jobs need; end when the process that asked has ended."""
    # what a run says may stand in a published log, which tells nothing of hidden rows
    warnings.simplefilter("ignore", WithheldWarning)
    _given.update(scene=Scene(study, tables), folder=folder)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(work: Callable[[Scene, Path], Any]) -> Any:
    return work(_given["scene"], _given["folder"])
