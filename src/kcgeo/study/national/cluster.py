"""Parts of a national run on a Dask cluster: processes of this machine, or a scheduler elsewhere.

A task holds all that it needs, so a worker that dies costs its running tasks only: the scheduler gives them to another.
A few tasks more than there are workers are under way at any time; the rest is not cut out yet.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

from kcgeo.access.parts import Answers, Part, measure_part
from kcgeo.errors import StudyError
from kcgeo.files import scratch
from kcgeo.study.folder.pool import deaf_to_ctrl_c
from kcgeo.study.national.parts import Tile

__all__ = ["Work", "cluster", "in_process", "on_cluster"]

Work = Callable[[Part], Answers]

_ANSWER_S = "15s"  # a scheduler that does not answer by then is not there
_ALONE_S = 60.0  # how long a run waits for a worker to come back
_DEATHS = 2  # a part that ends more workers than this is given up
_THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def in_process(jobs: Iterable[tuple[Tile, Part]], *, work: Work = measure_part) -> Iterator[tuple[Tile, Answers]]:
    """Do parts one after the other in this process."""
    for tile, part in jobs:
        try:
            answers = work(part)
        except (Exception, MemoryError) as fault:
            raise _failed(tile, fault) from fault
        yield tile, answers


@contextmanager
def cluster(*, workers: int, scheduler: str | None = None) -> Iterator[Any]:
    """Give a Dask client: of worker processes on this machine, or of a scheduler at an address.

    Local processes have one thread each and talk over the loopback interface; there is no dashboard.

    Parameters
    ----------
    workers
        Processes on this machine; not used where ``scheduler`` is given.
    scheduler
        Address, e.g. ``tcp://10.0.0.5:8786``; its workers need the same version of kcgeo.

    Raises
    ------
    StudyError
        Dask is not installed, or no scheduler answers.
    """
    if not _dask_is_possible():
        raise StudyError(
            "A run on several processes needs dask and distributed; install them with: pip install 'kcgeo[big]', or "
            "choose --workers 0."
        )
    import dask
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        stack.enter_context(
            dask.config.set(
                {
                    "distributed.scheduler.allowed-failures": _DEATHS,
                    "distributed.admin.large-graph-warning-threshold": "1GB",
                    "distributed.worker.daemon": True,
                }
            )
        )
        if scheduler is None:
            workplace = stack.enter_context(scratch("scale"))
            stack.enter_context(dask.config.set({"temporary-directory": str(workplace)}))
            with deaf_to_ctrl_c():  # also the thread that starts a worker anew
                local = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    local_directory=str(workplace),
                    silence_logs=logging.CRITICAL,
                    env=dict.fromkeys(_THREADS, "1"),
                )
            stack.enter_context(local)
            yield stack.enter_context(Client(local))
            return
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            client = Client(scheduler, timeout=_ANSWER_S)
        except (OSError, ValueError, TypeError) as fault:
            raise StudyError(
                f"No Dask scheduler answers at {scheduler} ({type(fault).__name__}); give an address such as "
                "tcp://10.0.0.5:8786, or leave --scheduler out to run on this machine."
            ) from None
        yield stack.enter_context(client)


def on_cluster(
    jobs: Iterable[tuple[Tile, Part]], client: Any, *, work: Work = measure_part, alone_s: float = _ALONE_S
) -> Iterator[tuple[Tile, Answers]]:
    """Do parts on the workers of a client and yield each as it is done.

    Parameters
    ----------
    jobs
        Taken as workers become free.
    client
        A ``distributed.Client``; see :func:`cluster`.
    alone_s
        Seconds to wait where there is no worker.

    Raises
    ------
    StudyError
        A part failed, ended its workers again and again, or no worker is left; the rest is cancelled.
    """
    from distributed import wait

    run, waiting = uuid.uuid4().hex[:8], iter(jobs)
    under_way: dict[Any, Tile] = {}
    try:
        while True:
            for tile, part in _next_few(waiting, 2 * max(_worker_count(client), 1) - len(under_way)):
                future = client.submit(work, part, key=f"part-{tile.name}-{run}", pure=False)
                under_way[future] = tile
            if not under_way:
                return
            try:
                ready = wait(list(under_way), timeout=alone_s, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                if not _worker_count(client):
                    raise StudyError("No worker of the cluster is left; start workers") from None
                continue
            for future in sorted(ready, key=lambda one: under_way[one].name):
                tile = under_way.pop(future)
                yield tile, _result(tile, future)
                future.release()
    finally:
        if under_way:
            client.cancel(list(under_way), force=True)


def _next_few(jobs: Iterator[tuple[Tile, Part]], count: int) -> Iterator[tuple[Tile, Part]]:
    for _ in range(count):
        job = next(jobs, None)
        if job is None:
            return
        yield job


def _worker_count(client: Any) -> int:
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _result(tile: Tile, future: Any) -> Answers:
    """Return what a worker found, or say in a sentence why there is nothing."""
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    try:
        answers: Answers = future.result()
    except KilledWorker:
        raise StudyError(
            f"The part {tile.name} ended {_DEATHS + 1} workers one after the other (out of memory?); give smaller "
            "parts with --places-per-part, or fewer workers"
        ) from None
    except FutureCancelledError:
        raise StudyError("The scheduler is gone; start it anew") from None
    except (Exception, MemoryError) as fault:
        raise _failed(tile, fault) from fault
    return answers


def _failed(tile: Tile, fault: BaseException) -> StudyError:
    said = str(fault).strip().splitlines()
    words = f"{type(fault).__name__}{': ' + said[0] if said else ''}"
    return StudyError(f"The part {tile.name} failed ({words}); mend the cause")


def _dask_is_possible() -> bool:
    try:
        return find_spec("distributed") is not None and find_spec("dask") is not None
    except ValueError:  # a module that was blocked in sys.modules
        return False
