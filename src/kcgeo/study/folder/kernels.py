"""Notebooks in a process of their own: libraries and study are read once, and each kernel is a fork of it.

``python -m kcgeo.study.folder.kernels`` reads one line of JSON (:class:`Order`), runs the notebooks two at a time, and
says what it made in one line of JSON. Each notebook still has a process of its own, with variables of its own: what one
does no other sees. When its input ends, the one who asked is gone, and it ends too.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from kcgeo.errors import KcgeoError, WithheldWarning
from kcgeo.study.folder.notebooks import Made, can_fork, make_page

__all__ = ["Order", "forked_manager", "main"]

_AT_ONCE = 2


@dataclass(frozen=True)
class Order:
    """What is asked for: the notebooks, the folder for their pages, the study file, and variables for the kernels."""

    notebooks: tuple[str, ...]
    folder: str
    study: str
    environment: Mapping[str, str]

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


class _Process:
    """A forked child that can be asked and ended as a Popen."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None  # type: tuple[int, int | None]

    def poll(self) -> int | None:
        if self.returncode is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@contextlib.contextmanager
def forked_manager(folder: Path, environment: Mapping[str, str]) -> Iterator[Any]:
    """Fork a kernel off this process, which must have no other thread, and give the manager that speaks to it."""
    import asyncio

    from jupyter_client.connect import write_connection_file
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

    class Forked(KernelProvisionerBase):
        """A kernel that runs already."""

        process: _Process

        @property
        def has_process(self) -> bool:
            return True

        async def poll(self) -> int | None:
            return self.process.poll()

        async def wait(self) -> int | None:
            while self.process.poll() is None:
                await asyncio.sleep(0.02)
            return self.process.returncode

        async def send_signal(self, signum: int) -> None:
            self.process.send_signal(signum)

        async def kill(self, restart: bool = False) -> None:
            self.process.send_signal(signal.SIGKILL)

        async def terminate(self, restart: bool = False) -> None:
            self.process.send_signal(signal.SIGTERM)

        async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
            raise RuntimeError("A forked kernel is not started again.")

        async def cleanup(self, restart: bool = False) -> None:
            """Nothing is left behind: the folder of the connection is removed by the one who made it."""

    with tempfile.TemporaryDirectory(prefix="kcgeo-kernel-") as place:
        # sockets in a folder of our own: no port can be taken by another process
        path, _ = write_connection_file(str(Path(place) / "kernel.json"), transport="ipc", ip=str(Path(place) / "s"))
        owner, pid = os.getpid(), os.fork()
        if pid == 0:
            _be_kernel(path, folder, environment, owner)
        process = _Process(pid)
        try:
            manager = AsyncKernelManager(kernel_name="python3", connection_file=path)
            manager.load_connection_file(path)
            manager.provisioner = Forked(parent=manager)
            manager.provisioner.process = process
            yield manager
        finally:
            process.send_signal(signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _be_kernel(connection_file: str, folder: Path, environment: Mapping[str, str], owner: int) -> None:
    """Be a kernel in this forked process until it is told to end; never returns."""
    code = 1
    try:
        os.setsid()  # a Ctrl-C in the terminal is for the one who asked
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
        sys.argv = ["ipykernel_launcher"]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(
            ["-f", connection_file, "--log-level=ERROR", f"--IPKernelApp.parent_handle={owner}"]
        )
        code = 0
    finally:
        os._exit(code)


def _warm(order: Order) -> None:
    """Read what the notebooks need, once."""
    for name in ("ipykernel.kernelapp", "nbclient", "nbconvert", "nbformat"):
        with contextlib.suppress(ImportError):  # the first notebook says what is to be installed
            import_module(name)
    from kcgeo import study
    from kcgeo.study.measure import keep, measure

    with contextlib.suppress(KcgeoError):  # whoever asked meets the same fault, and says it
        keep(measure(study.load(order.study)))


def _one(path: Path, order: Order, answer: Connection) -> None:
    """Make one page, in a process of its own."""
    answer.send(make_page(path, Path(order.folder), environment=order.environment, forked=True))


def _all(order: Order, gone: Any) -> Iterator[Made]:
    """Make the pages, two at a time; ends at once when ``gone`` has something to read: the end of the input."""
    context: Any = multiprocessing.get_context("fork")
    waiting, running = [Path(name) for name in order.notebooks], {}  # type: tuple[list[Path], dict[Any, Any]]
    try:
        while waiting or running:
            while waiting and len(running) < _AT_ONCE:
                path = waiting.pop(0)
                heard, told = context.Pipe(duplex=False)
                process = context.Process(target=_one, args=(path, order, told))
                process.start()
                told.close()
                running[heard] = path, process
            ready: Any
            for ready in wait([*running, gone]):
                if ready is gone:
                    return
                path, process = running.pop(ready)
                try:
                    yield ready.recv()
                except EOFError:
                    yield Made(path.stem, "", (f"The notebook {path.name} stopped: its process ended.",))
                process.join()
    finally:
        for _, process in running.values():
            process.terminate()  # its kernel sees that it is gone


def main() -> None:
    """Do what one line of input asks for."""
    # what this process says may stand in a published log, which tells nothing of hidden rows
    warnings.simplefilter("ignore", WithheldWarning)
    order = Order(**json.loads(sys.stdin.readline()))
    found: Iterator[Made]
    if can_fork():
        _warm(order)
        found = _all(order, sys.stdin)
    else:
        found = _in_turn(
            order.notebooks, lambda name: make_page(Path(name), Path(order.folder), environment=order.environment)
        )
    made = {one.stem: asdict(one) for one in found}
    print(json.dumps([made[Path(name).stem] for name in order.notebooks if Path(name).stem in made]), flush=True)


def _in_turn(names: Sequence[str], make: Callable[[str], Made]) -> Iterator[Made]:
    """Make the pages with kernels started anew, two at a time: threads only wait for them."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        yield from pool.map(make, names)


if __name__ == "__main__":
    main()
