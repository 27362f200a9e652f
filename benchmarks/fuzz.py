"""Feed damaged files to every reader of ``kcgeo data add`` and count what comes out.

    python -m benchmarks.fuzz                      # 10,000 inputs for each family
    python -m benchmarks.fuzz --count 500 hsds gtfs

Each input has a number; ``python -m benchmarks.fuzz --only 1234 --sample "HSDS, JSON"`` reads one again. Readers run in
processes of their own with bounds of time and memory, so that a crash of a driver is a finding and not the end.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzzing import FAMILIES, Sample, build_samples, outcome

from kcgeo.data.study.region import packaged
from kcgeo.data.study.settings import Study

TIME_S = 30
MEMORY_BYTES = 4 << 30
ROOT = Path(__file__).parents[1]


class TooLongError(BaseException):
    """The reader did not end in time; no ``except Exception`` of a reader may swallow it."""


def _memory_folder() -> str | None:
    """Return a folder that lies in memory, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _late(number: int, frame: object) -> None:
    raise TooLongError


def _work(sample: Sample, study: Study, start: int, stop: int, pipe: Connection) -> None:
    """Read inputs ``start`` to ``stop`` and tell of each before and after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _late)
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    # the same packaged tables for each input: reading them is not what is tested here
    importlib.import_module("kcgeo.data.directory.services").load = packaged  # type: ignore[attr-defined]
    folder = Path(tempfile.mkdtemp(prefix="kcgeo-fuzz-", dir=_memory_folder()))
    try:
        for seed in range(start, stop):
            pipe.send((seed, None, ""))
            signal.alarm(TIME_S)
            try:
                found, why = outcome(sample, study, seed, folder), ""
            except BaseException as error:
                found, why = type(error).__name__, traceback.format_exc()
            finally:
                signal.alarm(0)
            pipe.send((seed, found, why))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(sample: Sample, study: Study, count: int) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Read ``count`` inputs; return how many ended how, and the faults with their numbers."""
    found: Counter[str] = Counter()
    faults: list[tuple[int, str]] = []
    start = 0
    while start < count:
        here, there = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=_work, args=(sample, study, start, count, there))
        process.start()
        there.close()
        last, done = start, True
        # the pipe ends with the process, whether that finished or was killed
        with contextlib.suppress(EOFError):
            while True:
                if not here.poll(TIME_S * 3):
                    process.kill()
                    break
                last, state, why = here.recv()
                done = state is not None
                if state is not None:
                    found[state] += 1
                    if why:
                        faults.append((last, why))
        process.join()
        if not done:
            found["crash"] += 1
            faults.append((last, f"the process ended with {process.exitcode}"))
        start = last + 1
    return found, faults


def main() -> int:
    """Run the families that are named, or all; return 1 if a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", default=list(FAMILIES), help=", ".join(FAMILIES))
    parser.add_argument("--count", type=int, default=10_000, help="inputs for each family")
    parser.add_argument("--sample", help="one sample only")
    parser.add_argument("--only", type=int, help="the number of one input, read again in this process")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kcgeo-fuzz-"))
    bad = 0
    try:
        study, samples = build_samples(ROOT, folder / "samples")
        samples = [item for item in samples if chosen.sample in (None, item.name)]
        if chosen.only is not None:
            print(outcome(samples[0], study, chosen.only, folder / "one"))
            return 0
        print(
            "| family | sample | inputs | refused | read | faults | s |\n|---|---|---:|---:|---:|---:|---:|", flush=True
        )
        for family in chosen.families:
            mine = [item for item in samples if item.kind in FAMILIES[family]]
            for sample in mine:
                began = time.monotonic()
                found, faults = run(sample, study, -(-chosen.count // len(mine)))
                spent = time.monotonic() - began
                wrong = sum(found.values()) - found["refused"] - found["read"]
                bad += wrong
                print(
                    f"| {family} | {sample.name} | {sum(found.values()):,} | {found['refused']:,} | {found['read']:,} "
                    f"| {wrong} | {spent:.0f} |",
                    flush=True,
                )
                seen: set[str] = set()
                for number, why in faults:
                    last = "\n".join(why.strip().splitlines()[-3:])
                    if last not in seen:
                        print(f"{sample.name} {number}: {why[-1500:]}", file=sys.stderr, flush=True)
                    seen.add(last)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
