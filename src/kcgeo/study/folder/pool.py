"""Work on two cores, on every system: processes that start anew and are given the released tables once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from kcgeo.errors import StudyError, WithheldWarning
from kcgeo.study.answer import Scene

__all__ = ["Job", "deaf_to_ctrl_c", "do_all"]

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
        with deaf_to_ctrl_c():
            futures: dict[Future[Any], int] = {
                pool.submit(_work, work): number for number, (_, work) in enumerate(jobs)
            }
        for future in as_completed(futures):
            number = futures[future]
            found[number] = future.result()
            done(jobs[number][0])
    except BrokenProcessPool:
        raise StudyError("A process that draws ended early, perhaps for want of memory; nothing was changed.") from None
    except BaseException:  # what is under way may take a minute more, and nobody waits for it
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [found[number] for number in range(len(jobs))]


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Let processes that start now not hear Ctrl-C, which a terminal sends to all: the one that asked ends them."""
    if os.name != "posix":
        yield
        return
    resource_tracker.ensure_running()  # which would let this thread hear again
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


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
