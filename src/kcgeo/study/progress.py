"""Work on two cores where the system can fork, one after the other where it cannot."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["Job", "Progress", "Step", "run_jobs", "silent", "silent_step"]

Progress = Callable[[str, int, int], None]
"""Told a description, the steps done and all steps."""

Step = Callable[[str], None]
"""Told in words what is being done."""

Job = tuple[str, Callable[[], Any]]
"""What is told when it is done, and the work; its result is small and can be pickled."""

# Releases refuse to be pickled, so workers inherit the jobs by fork and are told an index only.
_PENDING: list[Job] = []


def silent(description: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def silent_step(description: str) -> None:
    """Tell nobody what is being done."""


def _work(index: int) -> tuple[int, Any]:
    return index, _PENDING[index][1]()


def run_jobs(jobs: Sequence[Job], *, done: Callable[[str], None], workers: int = 2) -> list[Any]:
    """Do every job and return the results in their order; a job that fails ends all.

    Parameters
    ----------
    done : callable
        Told the words of each job that is done.
    workers : int
        Processes at once; the results are the same for any number.
    """
    _PENDING[:] = list(jobs)
    try:
        if workers > 1 and "fork" in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                return _collected(jobs, pool.imap_unordered(_work, range(len(jobs))), done)
        return _collected(jobs, map(_work, range(len(jobs))), done)
    finally:
        _PENDING.clear()


def _collected(jobs: Sequence[Job], results: Iterable[tuple[int, Any]], done: Callable[[str], None]) -> list[Any]:
    found: dict[int, Any] = {}
    for index, result in results:
        done(jobs[index][0])
        found[index] = result
    return [found[index] for index in range(len(jobs))]
