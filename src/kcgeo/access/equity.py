"""How evenly access is shared: Gini and its Lorenz curve, Palma, access poverty, gaps between groups.

Each takes one value for each place and the people who live there. A place without people weighs nothing. Which group is
"poor" is never guessed: the ranking variable is an argument.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.pairs import check_counts, holds_numbers, number_faults, strangers
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["access_poverty", "column_of", "gini", "group_gap", "lorenz", "palma", "read_values", "refuse_gaps"]

Floats = npt.NDArray[np.float64]


def column_of(values: Any, what: str, index: pd.Index[Any] | None = None) -> pd.Series[float]:
    """Return a Series of floats; with an index, in its order and with exactly its ids."""
    numbers = values if isinstance(values, pd.Series) else np.atleast_1d(np.asarray(values))
    if index is not None and not isinstance(values, pd.Series) and len(numbers) != len(index):
        raise TableError(f"The {what} are {len(numbers)} numbers for {len(index)} places; give one each.")
    if not holds_numbers(numbers):
        raise TableError(f"The {what} must hold numbers, not {numbers.dtype}.")
    if numbers.ndim != 1:
        raise TableError(f"The {what} must be one number for each place, not a table.")
    series = pd.Series(numbers, index=index) if not isinstance(values, pd.Series) else values
    if index is not None and not series.index.equals(index):
        if series.index.has_duplicates or index.has_duplicates or len(series.index.symmetric_difference(index)):
            odd = series.index.symmetric_difference(index)
            raise TableError(f"The {what} and the values must name the same ids once each; see {first_ids(odd)}.")
        series = series.reindex(index)
    return series.astype(float)


def read_values(values: Any, weights: Any) -> tuple[pd.Series[float], pd.Series[float]]:
    """Check values and weights and drop the places where nobody lives."""
    column = column_of(values, "values")
    people = pd.Series(1.0, index=column.index) if weights is None else column_of(weights, "weights", column.index)
    problems = check_counts(people, "weights", unique=False)
    lived_in = (people > 0).to_numpy()
    if not lived_in.any():
        problems.append("All weights are 0: nobody lives in these places, so there is nothing to share.")
    raise_all(problems, TableError)
    return column[lived_in], people[lived_in]


def refuse_gaps(column: pd.Series[float], *, negative: bool = True) -> None:
    """Refuse values that are missing or infinite, and negative ones too."""
    values = column.to_numpy()
    bad = column.index[~np.isfinite(values) | (negative & (values < 0))]
    if len(bad):
        raise TableError(
            f"The values of {first_ids(bad)} are missing, infinite or negative; measure access as a count of 0 or more "
            f"(0 where nothing is in reach)."
        )


def lorenz(values: Any, weights: Any = None) -> pd.DataFrame:
    """Points of the Lorenz curve: what share of all access the worst-off share of people has.

    Parameters
    ----------
    values
        Access per person by place, 0 or more; higher is better.
    weights
        People by place; left out, each place counts once.

    Returns
    -------
    DataFrame
        ``people_share`` and ``access_share`` (0 to 1), from (0, 0) to (1, 1), one point for each place with people,
        worst off first.

    Raises
    ------
    TableError
        Missing or negative values, nobody at all, or no access anywhere (the curve is not defined).

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.lorenz(people * 0 + [1.0, 3.0], people).shape
    (3, 2)
    """
    column, people = read_values(values, weights)
    refuse_gaps(column)
    order = np.argsort(column.to_numpy(), kind="stable")
    living, access = people.to_numpy()[order], (people * column).to_numpy()[order]
    if not access.sum() > 0:
        raise TableError("Nobody has any access, so its shares are not defined; report the count of people instead.")
    people_share, access_share = np.cumsum(living) / living.sum(), np.cumsum(access) / access.sum()
    return pd.DataFrame(
        {"people_share": np.concatenate([[0.0], people_share]), "access_share": np.concatenate([[0.0], access_share])}
    )


def gini(values: Any, weights: Any = None) -> float:
    """Gini coefficient over people: 0 where all have the same, towards 1 where one has all.

    ``G = 1 - sum_k (p_k - p_(k-1)) (q_k + q_(k-1))`` over the points ``(p, q)`` of the Lorenz curve

    Parameters
    ----------
    values
        Access per person by place, 0 or more.
    weights
        People by place; left out, each place counts once.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TableError
        As :func:`lorenz`.

    References
    ----------
    Gini (1912); for access, Lucas, van Wee & Maat (2016), Transportation 43.

    >>> gini(pd.Series([1.0, 3.0]), pd.Series([10, 10]))
    0.25
    """
    curve = lorenz(values, weights)
    people, access = curve["people_share"].to_numpy(), curve["access_share"].to_numpy()
    return float(1 - (np.diff(people) * (access[1:] + access[:-1])).sum())


def _quantile(ranks: Floats, people: Floats, share: float) -> float:
    """Weighted quantile: people stand in a row by rank; between two of them the rank is interpolated.

    The place in the row is ``1 + (N - 1) share`` for N people, the common definition of a quantile with every person
    a row of their own.
    """
    order = np.argsort(ranks, kind="stable")
    ranked, upto = ranks[order], np.cumsum(people[order])
    spot = 1 + (upto[-1] - 1) * share
    low = np.floor(spot)
    below, above = (ranked[min(np.searchsorted(upto, min(k, upto[-1])), len(ranked) - 1)] for k in (low, low + 1))
    return float(below + (spot - low) * (above - below))


def palma(values: Any, weights: Any, rank_by: Any) -> float:
    """Palma ratio: mean access of the top tenth of people over that of the bottom four tenths.

    Parameters
    ----------
    values
        Access per person by place, 0 or more. A place that is left out or NaN takes part in the ranking of people, not
        in the means; write 0 for a place that reaches nothing.
    weights
        People by place.
    rank_by
        What orders people from worst to best off, by place: income per person, or minus the share in poverty. State it
        wherever the ratio is shown: ranked by access itself it says something else.

    Returns
    -------
    float
        1 where both groups have the same access; above 1 where the well-off have more; inf where the bottom has none,
        NaN where neither has any or a group is empty.

    Raises
    ------
    TableError
        Impossible values or weights, a rank that is missing where people live, ids that ``weights`` does not name.

    Notes
    -----
    The bottom are the places at or below the 40 % quantile of people, the top those above the 90 % quantile. A place is
    not split.

    References
    ----------
    Palma (2011), Development and Change 42; for access, Herszenhut et al. (2022), Journal of Transport Geography.

    >>> palma([1.0, 1.0, 3.0], [40, 50, 10], rank_by=[100, 200, 300])
    3.0
    """
    people = column_of(weights, "weights")
    raise_all(check_counts(people, "weights"), TableError)
    ranks = column_of(rank_by, "ranking variable", people.index)
    column = column_of(values, "values") if isinstance(values, pd.Series) else column_of(values, "values", people.index)
    raise_all(strangers(column.index, people.index, "The weights lack", ", which the values name"), TableError)
    refuse_gaps(column.dropna())
    lived_in = (people > 0).to_numpy()
    lost = people.index[lived_in & ranks.isna().to_numpy()]
    if len(lost):
        raise TableError(f"The ranking variable is missing for {first_ids(lost)}; give it, or drop these places.")
    if not lived_in.any():
        raise TableError("All weights are 0: nobody lives in these places, so there is nothing to share.")
    order, living = _floats(ranks)[lived_in], _floats(people)[lived_in]
    access = _floats(column.reindex(people.index))[lived_in]
    low = _mean(access, living, order <= _quantile(order, living, 0.4))
    high = _mean(access, living, order > _quantile(order, living, 0.9))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(high, low))


def _floats(column: pd.Series[float]) -> Floats:
    return np.array(column.to_numpy(dtype=float), dtype=np.float64)


def _mean(access: Floats, people: Floats, group: npt.NDArray[np.bool_]) -> float:
    """Mean over the people of a group whose access is known; NaN where there are none."""
    known = group & ~np.isnan(access)
    return float((access[known] * people[known]).sum() / people[known].sum()) if known.any() else float("nan")


def access_poverty(values: Any, weights: Any, *, line: float, better: Literal["more", "less"]) -> pd.Series[float]:
    """People on the wrong side of an access line, and how far they are from it.

    ``poor_share`` is the headcount (Foster, Greer & Thorbecke index of order 0), ``shortfall_share`` the mean over all
    people of the shortfall ``d`` (order 1), ``severity_share`` that of ``d^2`` (order 2), with ``d = 1 - value / line``
    where more is better and ``d = 1 - line / value`` for times, 0 for those on the right side.

    Parameters
    ----------
    values
        Access by place: a count (more is better) or minutes (less is better, NaN where not reached: shortfall 1).
    weights
        People by place.
    line
        Above 0. A place exactly on the line is not poor.
    better
        ``"more"`` for counts, ``"less"`` for times.

    Returns
    -------
    Series
        ``people_count, poor_count, poor_share, shortfall_share, severity_share``.

    Raises
    ------
    TableError
        A line of 0 or less, missing counts, negative values, or nobody at all.

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52; for access, Martens, Singer & Cohen-Zada (2022), Journal of
    the American Planning Association 88.

    >>> access_poverty([10.0, 60.0, float("nan")], [50, 30, 20], line=30, better="less").tolist()
    [100.0, 50.0, 0.5, 0.35, 0.275]
    """
    if better not in ("more", "less"):
        raise TableError(f"Say whether 'more' or 'less' is better, not '{better}'.")
    if number_faults(line, "line", above=True):
        raise TableError(f"The line must be above 0 and finite, not {line!r}.")
    column, people = read_values(values, weights)
    if better == "less":
        refuse_gaps(column.dropna())
        column = column.fillna(np.inf)
    else:
        refuse_gaps(column)
    level, living = column.to_numpy(), people.to_numpy()
    short = 1 - level / line if better == "more" else 1 - line / np.maximum(level, line)
    short = np.maximum(short, 0.0)
    poor, total = living[short > 0].sum(), living.sum()
    found = [total, poor, poor / total, (living * short).sum() / total, (living * short**2).sum() / total]
    names = ["people_count", "poor_count", "poor_share", "shortfall_share", "severity_share"]
    return pd.Series(found, index=names, name="access_poverty")


def group_gap(values: Any, groups: pd.DataFrame, *, reference: str) -> pd.DataFrame:
    """Mean access of each group of people, and the gap to a reference group.

    Parameters
    ----------
    values
        Access by place (a count, or minutes with NaN where not reached).
    groups
        People by place, one column a group, with the same ids.
    reference
        The column that the others are compared with. Groups may overlap (under 18 and in poverty).

    Returns
    -------
    DataFrame
        By ``group``: ``people_count``; ``unreached_share`` (people in places without a value); ``mean`` over the
        others; ``gap`` (mean minus that of the reference) and ``ratio``. NaN for a group without people.

    Raises
    ------
    TableError
        An unknown reference, differing ids, negative counts.
    """
    column = column_of(values, "values")
    problems = [] if reference in groups.columns else [f"There is no group '{reference}' to compare with."]
    counts = {str(name): column_of(groups[name], f"group {name}", column.index) for name in groups.columns}
    for name, people in counts.items():
        problems += check_counts(people, f"group {name}")
    raise_all(problems, TableError)
    reached = column.notna().to_numpy()
    rows = []
    for name, people in counts.items():
        living = people.to_numpy()
        total, served = living.sum(), living[reached].sum()
        rows.append(
            {
                "group": name,
                "people_count": total,
                "unreached_share": 1 - served / total if total > 0 else np.nan,
                "mean": (living[reached] * column.to_numpy()[reached]).sum() / served if served > 0 else np.nan,
            }
        )
    table = pd.DataFrame(rows).set_index("group")
    base = float(table["mean"][reference])
    table["gap"] = table["mean"] - base
    table["ratio"] = table["mean"] / base if base > 0 else np.nan
    return table
