"""How much a person counts: by what the place has now."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kcgeo.access.pairs import check_counts, number_faults, repeated
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.terms import STATES

__all__ = ["need"]


def need(demand: pd.Series[float], state: pd.Series[str], *, referral_weight: float) -> pd.Series[float]:
    """People of each place, weighted by what they lack.

    People with nothing count 1, people a confidential service serves by referral count ``referral_weight``, people with
    a service in reach count 0: a new site changes nothing for them. Since confidential services are not sited, the
    result is a lower bound of what exists, and a plan made with it should state the weight.

    Parameters
    ----------
    demand
        People, indexed by place.
    state
        ``in_reach``, ``by_referral`` or ``none``, indexed by place; it may hold more places than demand.
    referral_weight
        0 to 1: how much a person served by referral counts against one with nothing.

    Returns
    -------
    Series
        Weighted people on demand's index, named ``need_count``; 0 means nothing is lacking, never NaN.

    Raises
    ------
    TableError
        Where a place has no state, a state is unknown, or the weight is not within 0 to 1.

    Examples
    --------
    >>> people = pd.Series({"a": 100, "b": 50, "c": 10})
    >>> now = pd.Series({"a": "in_reach", "b": "by_referral", "c": "none"})
    >>> need(people, now, referral_weight=0.5).tolist()
    [0.0, 25.0, 10.0]
    """
    problems = check_counts(demand, "demand")
    raise_all(problems, TableError)
    if not isinstance(state, pd.Series):
        raise TableError("state must be a Series of words by place.")
    if number_faults(referral_weight, "") or referral_weight > 1:
        problems.append(f"referral_weight is {referral_weight}; give 0 to 1.")
    raise_all(repeated(state.index, "state names places"), TableError)
    here = state.reindex(demand.index)
    if here.isna().any():
        problems.append(f"state lacks {int(here.isna().sum())} places: {first_ids(here.index[here.isna()])}.")
    odd = here.notna() & ~here.isin(STATES)
    if odd.any():
        problems.append(f"state is none of {', '.join(STATES)} at {first_ids(here.index[odd])}.")
    raise_all(problems, TableError)
    weight = np.select([here.eq("none"), here.eq("by_referral")], [1.0, float(referral_weight)], 0.0)
    return pd.Series(demand.to_numpy(dtype=float) * weight, index=demand.index, name="need_count")
