"""Inequality in parts and by rank: Theil's T within and between groups, and the concentration index."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.equity import column_of, read_values, refuse_gaps
from kcgeo.access.pairs import repeated
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["concentration_index", "theil"]

Floats = npt.NDArray[np.float64]


@overload
def theil(values: Any, weights: Any = None) -> float: ...
@overload
def theil(values: Any, weights: Any = None, *, groups: Any) -> pd.Series[float]: ...
def theil(values: Any, weights: Any = None, *, groups: Any = None) -> float | pd.Series[float]:
    """Theil's T: 0 where all have the same; of several inequality measures the one that falls into parts.

    ``T = sum_i p_i (a_i / m) ln(a_i / m)`` with shares of people ``p_i`` and mean access ``m``; a place without any
    access adds 0, the limit of ``x ln x``. With groups ``T`` is the inequality between the groups' means plus that
    within each group, weighted by its share of all access.

    Parameters
    ----------
    values
        Access per person by place, 0 or more.
    weights
        People by place; left out, each place counts once.
    groups
        Group of each place (a county, a state, a class of income), a Series by place or one label each.

    Returns
    -------
    float, or with groups Series
        T, 0 or more, without unit; with groups ``total, between, within``.

    Raises
    ------
    TableError
        Missing or negative values, nobody at all, no access anywhere, a place without a group.

    References
    ----------
    Theil (1967), Economics and Information Theory; Pereira & Herszenhut, accessibility (R package), theil_t.

    >>> theil([1.0, 1.0, 3.0, 3.0], groups=["a", "a", "b", "b"]).round(4).tolist()
    [0.1308, 0.1308, 0.0]
    >>> round(theil([1.0, 3.0]), 4)
    0.1308
    """
    column, people = read_values(values, weights)
    refuse_gaps(column)
    access, living = column.to_numpy(dtype=float), people.to_numpy(dtype=float)
    if not (access * living).sum() > 0:
        raise TableError("Nobody has any access, so its shares are not defined; report the count of people instead.")
    label = _labels(groups, values, column.index)
    people_of, access_of = (np.bincount(label, part).astype(np.float64) for part in (living, access * living))
    has_any = access_of > 0
    mean = np.divide(access_of, people_of, out=np.zeros(len(people_of)), where=has_any)
    between = _entropy(mean, people_of)
    own = np.divide(access, mean[label], out=np.zeros(len(access)), where=has_any[label])
    within = (access_of[label] / access_of.sum() * living / people_of[label] * _x_ln_x(own)).sum()
    if groups is None:
        return float(within)
    return pd.Series([between + within, between, within], index=["total", "between", "within"], name="theil")


def _labels(groups: Any, values: Any, kept: pd.Index[Any]) -> npt.NDArray[np.intp]:
    """Return the number of the group of each place that is kept; one group where none are given."""
    if groups is None:
        return np.zeros(len(kept), dtype=np.intp)
    index = values.index if isinstance(values, pd.Series) else pd.RangeIndex(len(values))
    if not isinstance(groups, pd.Series):
        if len(groups) != len(index):
            raise TableError(f"The groups are {len(groups)} in number, where there are {len(index)} places.")
        groups = pd.Series(list(groups), index=index)
    raise_all(repeated(groups.index, "The groups name"), TableError)
    codes, _ = pd.factorize(groups.reindex(kept))
    if (codes < 0).any():
        raise TableError(f"The places {first_ids(kept[codes < 0])} have no group; give one, or leave them out.")
    return np.asarray(codes, dtype=np.intp)


def _x_ln_x(x: Floats) -> Floats:
    return np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0)), 0.0)


def _entropy(access: Floats, people: Floats) -> float:
    share = people / people.sum()
    return float((share * _x_ln_x(access / (share @ access))).sum())


def concentration_index(
    values: Any, weights: Any, rank_by: Any, *, kind: Literal["standard", "corrected"] = "standard"
) -> float:
    """Whether access is concentrated among the well-off (above 0) or the badly-off (below 0).

    ``C = 2 / m sum_i p_i (a_i - m) R_i``: twice the covariance of access and rank, over mean access; ``R_i`` is the
    middle of the share of people up to and with place i. ``corrected`` is Erreygers' ``4 m C / (max - min)``, which
    does not depend on whether access or its lack is measured.

    Parameters
    ----------
    values
        Access per person by place, 0 or more; higher is better.
    weights
        People by place; None counts each place once.
    rank_by
        What orders people from worst to best off: income per person, or minus the share in poverty. Places of equal
        rank share their middle.
    kind
        ``"standard"`` or ``"corrected"``.

    Returns
    -------
    float
        Between -1 and 1; 0 where access does not go with rank. NaN where ``corrected`` meets equal access everywhere.

    Raises
    ------
    TableError
        As :func:`gini`, a rank that is missing where people live, an unknown kind.

    References
    ----------
    Kakwani, Wagstaff & van Doorslaer (1997), Journal of Econometrics 77; Erreygers (2009), Journal of Health
    Economics 28.

    >>> concentration_index([1.0, 3.0], None, rank_by=[10, 20])
    0.25
    """
    if kind not in ("standard", "corrected"):
        raise TableError(f"The kind must be 'standard' or 'corrected', not {kind!r}.")
    column, people = read_values(values, weights)
    refuse_gaps(column)
    every = column_of(values, "values").index
    ranks = column_of(rank_by, "ranking variable", every).reindex(column.index)
    if ranks.isna().any():
        lost = ranks.index[ranks.isna()]
        raise TableError(f"The ranking variable is missing for {first_ids(lost)}; give it, or drop these places.")
    access, share = column.to_numpy(dtype=float), people.to_numpy(dtype=float) / people.sum()
    mean = float(share @ access)
    if not mean > 0:
        raise TableError("Nobody has any access, so its shares are not defined; report the count of people instead.")
    _, level = np.unique(ranks.to_numpy(), return_inverse=True)
    upto = np.cumsum(np.bincount(level, share))
    middle = (upto - np.bincount(level, share) / 2)[level]
    index = 2 / mean * float(share @ ((access - mean) * middle))
    if kind == "standard":
        return index
    spread = float(np.ptp(access))
    return 4 * mean * index / spread if spread > 0 else float("nan")
