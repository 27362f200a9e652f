"""What is the chance of a bed? Closed forms for beds that are full, waited for, or given up on.

People arrive independently at a steady rate (Poisson), each stays for a time that varies like an exponential one, and
beds are given in order of arrival. ``load`` is arrivals times the mean stay in the same unit: the beds that would be
full if there were beds for all. The forms know no season, no triage and no eligibility; where arrivals or beds are
unknown, nothing may be computed, and nothing is.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.stats import t as student

from kcgeo.access.chain import DAYS_A_WEEK, Floats, Stage
from kcgeo.errors import TableError

__all__ = ["bed_chance", "erlang_a", "erlang_b", "erlang_c", "simulate_chain"]

_HOURS_A_WEEK = 168.0


def _checked(load: float, beds: int) -> None:
    if isinstance(beds, bool) or int(beds) != beds or beds < 0:
        raise TableError(f"Beds must be a whole number of 0 or more, not {beds!r}.")
    if not (isinstance(load, int | float | np.number) and math.isfinite(load) and load >= 0):
        raise TableError(f"The load must be a number of 0 or more, not {load!r}; where arrivals are unknown, say so.")


def erlang_b(load: float, beds: int) -> float:
    """Share of arrivals that find every bed full where nobody waits (M/M/c/c; Erlang 1917).

    Parameters
    ----------
    load
        Arrivals times mean stay, in beds; 0 or more.
    beds
        Number of beds; a whole number of 0 or more.

    Raises
    ------
    TableError
        For a load or a number of beds that is none.

    Examples
    --------
    >>> round(erlang_b(10, 12), 4)
    0.1197
    """
    _checked(load, beds)
    blocked = 1.0
    for count in range(1, int(beds) + 1):
        blocked = load * blocked / (count + load * blocked)  # stable for any load, unlike the factorials
    return blocked


def erlang_c(load: float, beds: int) -> float:
    """Share of arrivals that must wait where all wait as long as it takes (M/M/c); 1 for a load of all beds or more.

    Parameters and errors as for :func:`erlang_b`.

    Examples
    --------
    >>> round(erlang_c(8, 10), 4)
    0.4092
    """
    full = erlang_b(load, beds)
    return 1.0 if load >= beds else full / (1 - load / beds * (1 - full))


def erlang_a(load: float, beds: int, *, patience: float, within: float = math.inf) -> tuple[float, float]:
    """Shares of arrivals who get a bed within a time, and who give up at last (M/M/c+M; Palm 1957).

    The density of the wait that a patient arrival would meet is that of Baccelli and Hebuterne (1981), for a patience
    that varies like an exponential time.

    Parameters
    ----------
    load, beds
        As for :func:`erlang_b`.
    patience
        Mean time that people wait before they give up, in mean stays; above 0.
    within
        Time within which a bed counts, in mean stays.

    Returns
    -------
    tuple of float
        Share with a bed within the time; share that gives up sooner or later.

    Examples
    --------
    >>> [round(share, 4) for share in erlang_a(10, 10, patience=1)]
    [0.8749, 0.1251]
    """
    _checked(load, beds)
    if not patience > 0:
        raise TableError(f"Patience must be above 0, not {patience!r}.")
    if load == 0:
        return (1.0, 0.0) if beds else (0.0, 1.0)
    if beds == 0:
        return 0.0, 1.0
    # logs of load**k / k! for k = 0 .. beds - 1: powers and factorials of large systems overflow
    logs = np.arange(beds) * math.log(load) - np.array([math.lgamma(k + 1) for k in range(beds)])

    def log_density(wait: float) -> float:
        return float(logs[-1]) + math.log(load) + load * patience * -math.expm1(-wait / patience) - beds * wait

    # where the density is largest, how wide it is there, and beyond which wait it is smaller than any digit that counts
    peak = patience * math.log(load / beds) if load > beds else 0.0
    width = math.sqrt(patience / beds)
    end = min((load * patience + 80) / beds, 80 / (beds - load) if load < beds else math.inf)
    top = max(float(logs.max()), log_density(peak))
    free = float(np.exp(logs - top).sum())

    def mass(upper: float, *, stayed: bool) -> float:
        def weight(wait: float) -> float:
            return math.exp(log_density(wait) - top - (wait / patience if stayed else 0.0))

        edges = sorted({0.0, upper, *(min(max(peak + step * width, 0.0), upper) for step in (-8, -2, 0, 2, 8))})
        return float(sum(quad(weight, a, b, limit=200, epsrel=1e-12)[0] for a, b in itertools.pairwise(edges)))

    total = free + mass(end, stayed=False)
    return (free + mass(min(within, end), stayed=True)) / total, 1 - (free + mass(end, stayed=True)) / total


def bed_chance(
    arrivals_week: float, stay_days: float, beds: int, *, within_hours: float = 24.0, patience_days: float | None = None
) -> float:
    """Chance that somebody who arrives gets a bed within some hours.

    Parameters
    ----------
    arrivals_week
        People a week who ask for a bed.
    stay_days
        Mean stay in days; above 0.
    beds
        Beds of the system, used as one (the best case: nobody is turned away for the place of a bed).
    within_hours
        Hours that somebody can wait and still be helped.
    patience_days
        Mean days after which people who wait give up; ``None``: they wait as long as it takes.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    TableError
        For numbers that are missing or no numbers: a chance of what is unknown is not printed.

    Examples
    --------
    >>> round(bed_chance(5, 30, 24), 3), bed_chance(5, 30, 20)
    (0.551, 0.0)
    """
    if not (stay_days > 0 and within_hours >= 0):
        raise TableError("The mean stay must be above 0 days and the wait 0 hours or more.")
    stay_hours = stay_days * 24
    load = arrivals_week * stay_hours / _HOURS_A_WEEK
    if patience_days is not None:
        return erlang_a(load, beds, patience=patience_days / stay_days, within=within_hours / stay_hours)[0]
    if load >= beds:
        _checked(load, beds)
        return 0.0  # the queue grows without end
    return 1 - erlang_c(load, beds) * math.exp(-(beds - load) * within_hours / stay_hours)


def simulate_chain(
    arrivals_week: float,
    stages: Sequence[Stage],
    beds: Sequence[int],
    *,
    within_hours: float = 24.0,
    patience_days: float = math.inf,
    weeks: int = 520,
    runs: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate stages that feed one another: the chance of a bed in time at each, with its 95 % interval.

    Arrivals are Poisson, stays and patience exponential, beds are given in order of arrival, and who goes on leaves
    the bed before the next one is sure. The first tenth of each run is left out, since a system starts empty.

    Parameters
    ----------
    arrivals_week
        People a week who come to the first stage.
    stages, beds
        Stages in order, and the beds of each.
    within_hours, patience_days
        As for :func:`bed_chance`; infinity: nobody gives up.
    weeks, runs, seed
        Length and number of independent runs, and the seed: the same seed gives the same table.

    Returns
    -------
    DataFrame
        ``stage, chance, low, high``: mean over the runs and its 95 % interval (Student's t); NaN where nobody came.
    """
    if len(beds) != len(stages) or not (arrivals_week > 0 and runs > 1 and weeks > 0):
        raise TableError("Give beds for each stage, arrivals above 0, and two runs or more.")
    rng = np.random.default_rng(seed)
    chances = np.array(
        [
            _one_run(rng, arrivals_week, stages, beds, within_hours / 24, patience_days, weeks * DAYS_A_WEEK)
            for _ in range(runs)
        ]
    )
    mean = chances.mean(axis=0)
    half = student.ppf(0.975, runs - 1) * chances.std(axis=0, ddof=1) / math.sqrt(runs)
    names = [stage.name for stage in stages]
    return pd.DataFrame({"stage": names, "chance": mean, "low": mean - half, "high": mean + half})


def _one_run(
    rng: np.random.Generator,
    arrivals_week: float,
    stages: Sequence[Stage],
    beds: Sequence[int],
    within_days: float,
    patience_days: float,
    days: float,
) -> list[float]:
    came = np.sort(rng.uniform(0, days, rng.poisson(arrivals_week / DAYS_A_WEEK * days)))
    chances = []
    for stage, count in zip(stages, beds, strict=True):
        stay = rng.exponential(stage.stay_days, len(came))
        waits = (
            rng.exponential(patience_days, len(came)) if math.isfinite(patience_days) else np.full(len(came), math.inf)
        )
        begun = _begun(came, stay, waits, count)
        counts = came > days / 10
        in_time = (begun - came <= within_days)[counts]
        chances.append(float(in_time.mean()) if counts.any() else math.nan)
        left = begun + stay
        goes_on = np.isfinite(begun) & (rng.random(len(came)) < stage.onward_share)
        came = np.sort(left[goes_on & (left < days)])
    return chances


def _begun(came: Floats, stay: Floats, patience: Floats, beds: int) -> Floats:
    """Return when each arrival gets a bed, in order of arrival; infinity for one who gives up first."""
    begun = np.full(len(came), math.inf)
    free = [0.0] * beds
    for number, (at, length, patient) in enumerate(zip(came, stay, patience, strict=True)):
        if free and max(at, free[0]) - at <= patient:
            begun[number] = max(at, free[0])
            heapq.heapreplace(free, begun[number] + length)
    return begun
