"""Siting models against spopt: same data, same optimum, build and solve time, memory; and p-median on its own.

Times are processor seconds, children included (CBC is a program of its own), so that other work on the machine does not
count. Ours go from two tables with text ids to a checked plan; spopt's from a ready matrix to a solved model.
Each case runs in a process of its own, so that the peak of memory is its own.

Where spopt takes part, all run in turn, ``--rounds`` times; the medians are shown, and another optimum than ours or one
that is not proven ends the run.

Usage: ``python -m benchmarks.siting`` for all, ``python -m benchmarks.siting mclp lscp`` for some.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.travel_work import machine

ROOT = Path(__file__).parents[1]
SEED = 0
CUTOFF_MIN = 4.0
WIDE_CUTOFF_MIN = 8.0
LSCP_CUTOFFS_MIN = [30, 15]
LIMIT_S = 120.0
QUICK = {"lscp": 15, "mclp": 5, "mclp_wide": 5, "p_median": 5, "p_center": 5}
"""Models of a quick run, and the number of sites, for the set cover minutes."""
PEERED = ("lscp", "mclp", "mclp_wide")
"""Models that spopt takes part in."""


def seconds() -> float:
    """Processor seconds of this process and its children so far."""
    return sum(os.times()[:4])


def town(places: int, sites: int, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Places and candidates spread evenly over an hour by an hour, 1 to 999 people a place."""
    rng = np.random.default_rng(seed)
    here, there = rng.random((places, 2)), rng.random((sites, 2))
    people = rng.integers(1, 1000, places).astype(float)
    return 60 * np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)), people


def tables(times: np.ndarray, people: np.ndarray) -> tuple[pd.DataFrame, pd.Series[float]]:
    place = np.array([f"p{i:05d}" for i in range(times.shape[0])], dtype=object)
    site = np.array([f"s{j:05d}" for j in range(times.shape[1])], dtype=object)
    costs = pd.DataFrame(
        {
            "from_id": np.repeat(place, site.size),
            "to_id": np.tile(site, place.size),
            "time_min": times.ravel(),
        }
    )
    return costs, pd.Series(people, index=place)


def ours(model: str, size: tuple[int, int], amount: int, seed: int = SEED) -> dict[str, Any]:
    """Time one of our models; ``amount`` is the number of sites, for the set cover the cutoff in minutes."""
    from kcgeo import siting

    costs, demand = tables(*town(*size, seed))
    calls: dict[str, Callable[[], siting.SitingResult]] = {
        "mclp": lambda: siting.max_coverage(costs, demand, cutoff_min=CUTOFF_MIN, new_count=amount),
        "mclp_wide": lambda: siting.max_coverage(
            costs, demand, cutoff_min=WIDE_CUTOFF_MIN, new_count=amount, time_limit_s=LIMIT_S
        ),
        "lscp": lambda: siting.min_sites(costs, demand, cutoff_min=amount),
        "p_median": lambda: siting.p_median(costs, demand, new_count=amount, time_limit_s=LIMIT_S),
        "p_center": lambda: siting.p_center(costs, demand, new_count=amount, time_limit_s=LIMIT_S),
    }
    start = seconds()
    result = calls[model]()
    return {
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "status": result.status,
        "total_s": seconds() - start,
    }


def peer(model: str, size: tuple[int, int], amount: int, solver: str) -> dict[str, Any]:
    import pulp
    from spopt import locate

    times, people = town(*size)
    engine = (
        pulp.HiGHS(msg=False, threads=1, gapRel=0) if solver == "highs" else pulp.PULP_CBC_CMD(msg=False, threads=1)
    )
    start = seconds()
    if model != "lscp":
        cutoff_min = CUTOFF_MIN if model == "mclp" else WIDE_CUTOFF_MIN
        problem = locate.MCLP.from_cost_matrix(times, people, cutoff_min, p_facilities=amount)
    else:
        problem = locate.LSCP.from_cost_matrix(times, amount)
    built = seconds()
    problem.solve(engine)
    end = seconds()
    return {
        "objective": float(problem.problem.objective.value()),
        "status": pulp.LpStatus[problem.problem.status],
        "build_s": built - start,
        "solve_s": end - built,
        "total_s": end - start,
    }


def or_library(number: int) -> dict[str, Any]:
    """Published optimum against ours; needs the folder of published numbers."""
    from tests.siting.test_published import CENTER, MEDIAN
    from tests.siting.test_published import or_library as read

    from kcgeo.siting import p_center, p_median

    folder = Path(os.environ.get("KCGEO_SHARED", ROOT.parent / "shared"))
    costs, demand, sites = read(folder, number)
    start = seconds()
    median = p_median(costs, demand, new_count=sites)
    middle = seconds()
    center = p_center(costs, demand, new_count=sites)
    return {
        "objective": median.objective,
        "published": MEDIAN[number],
        "total_s": middle - start,
        "center": center.objective,
        "center_published": CENTER[number],
        "center_s": seconds() - middle,
        "status": f"{median.status}, {center.status}",
    }


def run(case: dict[str, Any]) -> dict[str, Any]:
    """Result of a case, in a process of its own."""
    code = f"from benchmarks import siting; siting.child({json.dumps(json.dumps(case))})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"status": "failed: " + done.stderr.strip().splitlines()[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def child(text: str) -> None:
    case = json.loads(text)
    kind = case.pop("kind")
    answer = {"ours": ours, "peer": peer, "or_library": or_library}[kind](**case)
    answer["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


def compare(model: str, amounts: Sequence[int], rounds: int, size: tuple[int, int] = (2000, 500)) -> None:
    """Show the medians of all engines, run in turn on the same data; stop where they disagree."""
    for amount in amounts:
        case = {"model": model, "size": size, "amount": amount}
        cases = {"kcgeo": case | {"kind": "ours"}}
        if model in PEERED and find_spec("spopt") and find_spec("pulp"):
            cases |= {f"spopt {solver}": case | {"kind": "peer", "solver": solver} for solver in ("highs", "cbc")}
        answers = pd.DataFrame(
            [run(engine) | {"engine": name} for _ in range(rounds) for name, engine in cases.items()]
        ).set_index("engine")
        check(f"{model} {amount}", answers)
        middle = answers.reindex(columns=["build_s", "solve_s", "total_s", "memory_mb"]).groupby(level=0).median()
        for name in cases:
            ratio = middle.loc[name] / middle.loc["kcgeo"]
            show(
                f"{model} {amount} {name}",
                {
                    "objective": float(answers["objective"].iloc[0]),
                    **middle.loc[name].dropna().to_dict(),
                    "x kcgeo time": float(ratio["total_s"]),
                    "memory": float(ratio["memory_mb"]),
                },
            )


def check(name: str, answers: pd.DataFrame) -> None:
    """End the run unless every engine proved the same optimum in every round."""
    if not answers["status"].str.lower().eq("optimal").all():
        raise SystemExit(f"{name}: not all are optimal: {answers['status'].to_dict()}")
    first = float(answers["objective"].iloc[0])
    if not np.allclose(answers["objective"].to_numpy(dtype=float), first, rtol=1e-6, atol=0):
        raise SystemExit(f"{name}: the optima differ: {answers['objective'].to_list()}")


def show(name: str, answer: dict[str, Any]) -> None:
    parts = [
        f"{key} {value:.4g}" if isinstance(value, float) and key != "objective" else f"{key} {value}"
        for key, value in answer.items()
    ]
    print(f"{name}: " + ", ".join(parts), flush=True)


def main() -> None:
    parts = ("lscp", "mclp", "mclp_wide", "p_median", "p_center", "or_library")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(parts), help=f"some of {', '.join(parts)}")
    parser.add_argument("--rounds", type=int, default=5, help="runs in turn where spopt takes part")
    parser.add_argument(
        "--numbers", type=int, nargs="*", help="problems of the OR-Library, 1 to 40; all where left out"
    )
    parser.add_argument("--quick", action="store_true", help="one round of each model on 300 x 100")
    given = parser.parse_args()
    if given.quick:
        for model, amount in QUICK.items():
            compare(model, [amount], 1, (300, 100))
        print(machine())
        return
    chosen = given.parts
    if "lscp" in chosen:
        compare("lscp", LSCP_CUTOFFS_MIN, given.rounds)
    if "mclp" in chosen:
        compare("mclp", [5, 10, 20], given.rounds)
    if "mclp_wide" in chosen:
        compare("mclp_wide", [5], given.rounds)
        for sites in (10, 20):
            case = {"kind": "ours", "model": "mclp_wide", "size": (2000, 500), "amount": sites}
            show(f"mclp {WIDE_CUTOFF_MIN:g} min p={sites} kcgeo", run(case))
    if "p_median" in chosen:
        for size, sites, seed in (
            ((2000, 500), 5, 0),
            ((2000, 500), 20, 0),
            ((2000, 500), 10, 0),
            ((2000, 500), 20, 1),
            ((300, 300), 5, 0),
            ((300, 300), 10, 0),
            ((300, 300), 20, 0),
        ):
            case = {"kind": "ours", "model": "p_median", "size": size, "amount": sites, "seed": seed}
            show(f"p_median {size[0]} x {size[1]} p={sites} seed={seed}", run(case))
    if "p_center" in chosen:
        show("p_center 2000 x 500 p=10", run({"kind": "ours", "model": "p_center", "size": (2000, 500), "amount": 10}))
    if "or_library" in chosen:
        for number in given.numbers or range(1, 41):
            show(f"or_library pmed{number}", run({"kind": "or_library", "number": number}))
    print(machine())


if __name__ == "__main__":
    main()
