"""Ending on Ctrl-C or SIGTERM: at once where Python runs, and after a moment also where a library does not listen.

A signal raises KeyboardInterrupt or SystemExit in the main thread, so that what cleans up behind itself does. Compiled
code may keep that thread for longer than anyone waits: a second thread, which the system wakes at the signal, then ends
the process. What that leaves behind is removed by the next run.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType
from typing import NoReturn

__all__ = ["Stopped", "end_stopped", "stop_in_time", "wait_for_a_plan"]

_SENTENCE = "kcgeo: stopped; the former results are untouched."
_PATIENCE_S = 0.8
_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
_heard: list[int] = []
_waits: list[bool] = []
_saying = threading.Lock()


class Stopped(SystemExit):
    """A signal ended the command; no library takes this for a fault, and what cleans up behind itself does."""


def end_stopped() -> NoReturn:
    """Print the one sentence and end; what the interpreter would give back piece by piece, the system takes at once."""
    if _saying.acquire(blocking=False):
        sys.stderr.write(f"{_SENTENCE}\n")
        sys.stderr.flush()
    if threading.current_thread() is threading.main_thread():
        atexit._run_exitfuncs()
    _end_children()
    os._exit(128 + (_heard[0] if _heard else signal.SIGINT))


def wait_for_a_plan() -> None:
    """Let the first Ctrl-C take the time that the best plan so far needs to be handed back; the next ends at once."""
    _waits.append(True)


@contextmanager
def stop_in_time() -> Iterator[None]:
    """Listen to the signals that end a process; those that the caller ignores stay ignored.

    Afterwards all is as before, for a Python that runs a command and goes on.
    """
    former = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    # the system writes the number of a signal to the one end, whatever the main thread is doing
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    woken = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(ours,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        theirs.close()  # which ends the thread that waits at the other end
        for number, handler in former.items():
            signal.signal(number, handler)
        _waits.clear()


def _interrupt(number: int, frame: FrameType | None) -> None:
    _heard.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Stopped


def _watch(ours: socket.socket) -> None:
    """Wait for a signal until the other end is closed."""
    while number := ours.recv(1):
        if number[0] not in _SIGNALS or (number[0] == signal.SIGINT and _waits and _waits.pop()):
            continue
        time.sleep(_PATIENCE_S)
        _heard.append(number[0])
        end_stopped()


def _end_children() -> None:
    """End the processes that were started here, where the system lists them; else each ends when it misses us."""
    keeper = getattr(resource_tracker._resource_tracker, "_pid", None)  # tidies up when all others have ended
    with suppress(OSError):
        for listed in Path("/proc/self/task").glob("*/children"):
            for child in map(int, listed.read_text().split()):
                if child != keeper:
                    os.kill(child, signal.SIGKILL)
