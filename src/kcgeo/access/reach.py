"""What a place can reach by itself, before anyone competes for it: nearest, cumulative, gravity."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from kcgeo.access.decay import Decay
from kcgeo.access.pairs import number_faults, read_pairs
from kcgeo.errors import TableError, raise_all

__all__ = ["check_cutoff", "cumulative", "cumulative_interval", "gravity", "nearest"]


def check_cutoff(cutoff_min: float) -> None:
    """Refuse a cutoff that is not a number of minutes of 0 or more."""
    if number_faults(cutoff_min, "", finite=False):
        raise TableError(f"The cutoff must be minutes of 0 or more, not {cutoff_min!r}.")


def nearest(costs: pd.DataFrame, *, origins: object, rank: int = 1) -> pd.Series[float]:
    """Minutes to the nearest site, or to the ``rank``-th nearest.

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``; a missing pair is not reached.
    origins
        Index (or list, or any table indexed by id) of all places, also of those that reach nothing.
    rank
        1 for the nearest, 2 for the next (what is left when one site closes or is full), and so on.

    Returns
    -------
    Series
        ``time_min`` by origin, in the order of ``origins``; NaN where fewer than ``rank`` sites are reached, 0 at a
        site itself.

    Raises
    ------
    TableError
        For faults of the tables or a rank below 1.

    >>> costs = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["x", "y"], "time_min": [9.0, 4.0]})
    >>> nearest(costs, origins=["a", "b"]).tolist()
    [4.0, nan]
    """
    if number_faults(rank, "", least=1, whole=True):
        raise TableError(f"The rank must be a whole number of 1 (the nearest) or more, not {rank!r}.")
    pairs, _, _ = read_pairs(costs, origins=origins)
    order = np.lexsort((pairs.time_min, pairs.origin))
    starts = np.searchsorted(pairs.origin[order], np.arange(len(pairs.origins) + 1))
    wanted = starts[:-1] + int(rank) - 1
    found = wanted < starts[1:]
    times = np.full(len(pairs.origins), np.nan)
    times[found] = pairs.time_min[order][wanted[found]]
    return pd.Series(times, index=pairs.origins, name="time_min")


def cumulative(
    costs: pd.DataFrame, supply: pd.Series[float], *, origins: object, cutoff_min: float
) -> pd.Series[float]:
    """Supply within ``cutoff_min`` minutes, the cutoff itself included.

    ``A_i = sum of S_j over j with t_ij <= cutoff``

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``.
    supply
        Capacity by site id; ones count the sites.
    origins
        Index (or list, or any table indexed by id) of all places.
    cutoff_min
        Minutes of 0 or more.

    Returns
    -------
    Series
        ``supply_count`` by origin; 0 where nothing is in reach, never NaN.

    Raises
    ------
    TableError
        For faults of the tables or the cutoff. An empty supply with no pairs is a result: 0 everywhere.

    References
    ----------
    Ingram (1971), The concept of accessibility, Regional Studies 5.

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.cumulative(costs, beds, origins=people.index, cutoff_min=20).tolist()
    [10.0, 0.0]
    """
    check_cutoff(cutoff_min)
    pairs, _, capacity = read_pairs(costs, origins=origins, supply=supply)
    near = pairs.within(cutoff_min)
    return pd.Series(near.sum_by_origin(capacity[near.site]), index=pairs.origins, name="supply_count")


def cumulative_interval(
    costs: pd.DataFrame,
    supply: pd.Series[float],
    *,
    origins: object,
    interval_min: tuple[float, float],
    step_min: float = 1.0,
    summary: Literal["median", "mean"] = "median",
) -> pd.Series[float]:
    """Supply within reach over a range of cutoffs, so that no single cutoff decides.

    ``A_i = median of A_i(c) for c = from, from + step, ..., to``, each as :func:`cumulative`

    Parameters
    ----------
    costs, supply, origins
        As in :func:`cumulative`.
    interval_min
        First and last cutoff in minutes, both inside; the last is asked for even where the steps do not meet it.
    step_min
        Minutes between two cutoffs.
    summary
        ``"median"`` or ``"mean"`` over the cutoffs.

    Returns
    -------
    Series
        ``supply_count`` by origin; 0 where nothing is in reach, never NaN.

    Raises
    ------
    TableError
        For faults of the tables, an interval that does not rise, a step of 0 or less.

    References
    ----------
    Tomasiello, Herszenhut, Oliveira, Braga & Pereira (2023), A time interval metric for cumulative opportunity
    accessibility, Applied Geography 157.

    >>> costs = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["x", "y"], "time_min": [24.0, 31.0]})
    >>> cumulative_interval(costs, pd.Series({"x": 1.0, "y": 1.0}), origins=["a"], interval_min=(25, 35)).tolist()
    [1.0]
    """
    if not isinstance(interval_min, tuple | list) or len(interval_min) != 2:
        raise TableError(f"interval_min must be two numbers, the first and the last cutoff, not {interval_min!r}.")
    first, last = interval_min
    problems = [
        *number_faults(first, "The first cutoff"),
        *number_faults(last, "The last cutoff"),
        *number_faults(step_min, "step_min", above=True),
    ]
    raise_all(problems, TableError)
    if not first < last or summary not in ("median", "mean"):
        raise TableError(f"Give cutoffs that rise and 'median' or 'mean', not {interval_min} and {summary!r}.")
    pairs, _, capacity = read_pairs(costs, origins=origins, supply=supply)
    cutoffs = np.append(np.arange(first, last - 1e-9, step_min), last)
    found = []
    for cutoff_min in cutoffs:
        near = pairs.within(float(cutoff_min))
        found.append(near.sum_by_origin(capacity[near.site]))
    middle = np.median(found, axis=0) if summary == "median" else np.mean(found, axis=0)
    return pd.Series(middle, index=pairs.origins, name="supply_count")


def gravity(costs: pd.DataFrame, supply: pd.Series[float], *, origins: object, decay: Decay) -> pd.Series[float]:
    """Supply weighted by how near it is.

    ``A_i = sum_j S_j f(t_ij)``

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``.
    supply
        Capacity by site id.
    origins
        Index (or list, or any table indexed by id) of all places.
    decay
        Weight of a time, with its own cutoff; see :mod:`kcgeo.access.decay`.

    Returns
    -------
    Series
        ``weighted_supply_count`` by origin; 0 where nothing is in reach, never NaN.

    Raises
    ------
    TableError
        For faults of the tables.

    References
    ----------
    Hansen (1959), How accessibility shapes land use, Journal of the American Institute of Planners 25.

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> from kcgeo.access import decay
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.gravity(costs, beds, origins=people.index, decay=decay.step(30)).tolist()
    [10.0, 6.0]
    """
    pairs, _, capacity = read_pairs(costs, origins=origins, supply=supply)
    weighted = pairs.sum_by_origin(capacity[pairs.site] * decay(pairs.time_min))
    return pd.Series(weighted, index=pairs.origins, name="weighted_supply_count")
