"""One run of a model: its clock, its Ctrl-C and its progress.

A time limit or Ctrl-C never throws work away: everything that loops asks :attr:`Run.stopped` and hands back the best
plan it has. The second Ctrl-C works as usual.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from kcgeo.access.pairs import number_faults
from kcgeo.errors import SolverError

__all__ = ["Progress", "ProgressFunction", "Run"]


@dataclass(frozen=True)
class Progress:
    """What a progress callback is told: the stage, seconds since the start, the best plan's value and the bound."""

    stage: str
    elapsed_s: float
    objective: float
    bound: float


ProgressFunction = Callable[[Progress], None]


class Run:
    """Context of one solve; ``stopped`` is empty, ``time_limit`` or ``interrupted``."""

    def __init__(self, time_limit_s: float | None = None, progress: ProgressFunction | None = None) -> None:
        if time_limit_s is not None and number_faults(time_limit_s, "time_limit_s", above=True, finite=False):
            raise SolverError(f"time_limit_s is {time_limit_s!r}; give seconds above 0, or None for no limit.")
        if progress is not None and not callable(progress):
            raise SolverError(f"progress is {progress!r}; give a function that takes what is known, or None.")
        self._start = time.monotonic()
        self._limit_s = math.inf if time_limit_s is None else float(time_limit_s)
        self._progress = progress
        self._interrupted_at: float | None = None
        self._previous: Any = None
        self._installed = False

    def __enter__(self) -> Run:
        """Take over Ctrl-C where that is possible, which is in the main thread only."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._on_interrupt)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give Ctrl-C back."""
        self._restore()

    def _restore(self) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._previous if self._previous is not None else signal.SIG_DFL)
            self._installed = False

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupt()
        self._restore()

    def interrupt(self) -> None:
        """Ask the run to stop at the next chance and hand back its best plan."""
        if self._interrupted_at is None:
            self._interrupted_at = time.monotonic()

    def expire(self) -> None:
        """End the time that is left: a solver that ran out of it says so a little before our own clock does."""
        self._limit_s = min(self._limit_s, self.elapsed_s)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def remaining_s(self) -> float:
        """Seconds left, infinite without a limit."""
        return max(self._limit_s - self.elapsed_s, 0.0)

    @property
    def since_interrupt_s(self) -> float:
        """Seconds since Ctrl-C; 0 where there was none."""
        return 0.0 if self._interrupted_at is None else time.monotonic() - self._interrupted_at

    @property
    def stopped(self) -> str:
        """Why the run must end now; empty while it may go on."""
        if self._interrupted_at is not None:
            return "interrupted"
        return "time_limit" if self.remaining_s <= 0 else ""

    def report(self, stage: str, objective: float, bound: float) -> None:
        """Tell the callback where the run stands."""
        if self._progress is not None:
            self._progress(Progress(stage, self.elapsed_s, float(objective), float(bound)))
