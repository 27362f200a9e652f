"""How sure are we? How often a place is among the worst when what is not known is drawn again, and intervals."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from kcgeo.access.pairs import repeated
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["CERTAINTIES", "intervals", "rank_stability"]

CERTAINTIES = ("almost always", "mostly", "sometimes", "almost never")
_BOUNDS = (0.95, 0.5, 0.05)


def _check(draws: Any, what: str) -> None:
    if not isinstance(draws, pd.DataFrame):
        raise TableError(f"The {what} must be a DataFrame, not a {type(draws).__name__}.")
    problems = []
    if draws.shape[0] == 0 or draws.shape[1] == 0:
        problems.append(f"The {what} are empty; make at least one draw of at least one place.")
    loose = [name for name, dtype in draws.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
    if loose:
        problems.append(f"The {what} must hold numbers; {first_ids(loose)} do not.")
    raise_all([*problems, *repeated(draws.index, f"The {what} name")], TableError)


def rank_stability(draws: pd.DataFrame, *, worst_share: float, worst: Literal["high", "low"] = "high") -> pd.DataFrame:
    """How often each place is among the worst, over draws of what is not known.

    Parameters
    ----------
    draws
        One row a place, one column a draw: a value such as minutes to the nearest service; NaN (not reached) is worst.
    worst_share
        Share of places that counts as the worst, above 0 to 1: 0.1 is the worst decile. Of n places the worst
        ``ceil(n worst_share)`` are meant; places tied over the edge share its seats equally, so that each draw hands
        out exactly as many.
    worst
        ``"high"`` for times, ``"low"`` for counts.

    Returns
    -------
    DataFrame
        By place, in the order of ``draws``:
        ``worst_draw_share`` (0 to 1, share of the draws in which the place is among the worst);
        ``rank_low``, ``rank_median``, ``rank_high`` (5, 50 and 95 % of its ranks; 1 is the worst place);
        ``value_low``, ``value_median``, ``value_high`` (of its values; inf or -inf where not reached that often);
        ``certainty``: ``almost always`` among the worst (at least 0.95), ``mostly`` (at least 0.5), ``sometimes`` (at
        least 0.05), ``almost never``.

    Raises
    ------
    TableError
        Empty draws, text in them, a place given twice, or an impossible share.

    >>> draws = pd.DataFrame({"d0": [9.0, 5.0, 1.0], "d1": [8.0, 9.0, 1.0]}, index=["a", "b", "c"])
    >>> rank_stability(draws, worst_share=0.3)["worst_draw_share"].tolist()
    [0.5, 0.5, 0.0]
    """
    _check(draws, "draws")
    if not 0 < worst_share <= 1:
        raise TableError(f"worst_share must be above 0 and at most 1, not {worst_share}.")
    if worst not in ("high", "low"):
        raise TableError(f"Say whether 'high' or 'low' values are worst, not '{worst}'.")
    unreached = math.inf if worst == "high" else -math.inf
    values = draws.to_numpy(dtype=float)
    values = np.where(np.isnan(values), unreached, values)
    badness = values if worst == "high" else -values
    seats = math.ceil(len(draws) * worst_share - 1e-9)
    edge = -np.partition(-badness, seats - 1, axis=0)[seats - 1]
    above, tied = badness > edge, badness == edge
    share = np.where(above, 1.0, np.where(tied, (seats - above.sum(axis=0)) / tied.sum(axis=0), 0.0)).mean(axis=1)
    from scipy.stats import rankdata  # takes a second to import, and most users never rank

    ranks = rankdata(-badness, method="average", axis=0)
    columns: dict[str, Any] = {"worst_draw_share": share}
    for name, table in (("rank", ranks), ("value", values)):
        spread = np.quantile(table, [0.05, 0.5, 0.95], axis=1, method="inverted_cdf")
        columns |= dict(zip((f"{name}_low", f"{name}_median", f"{name}_high"), spread, strict=True))
    rung = sum((share < bound - 1e-12).astype(int) for bound in _BOUNDS)
    columns["certainty"] = np.array(CERTAINTIES, dtype=object)[rung]
    return pd.DataFrame(columns, index=draws.index)


def intervals(headlines: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Middle and interval of each number over the draws.

    Parameters
    ----------
    headlines
        One row a draw, one column a number.
    level
        Share of the draws inside, e.g. 0.9 for 5 to 95 %.

    Returns
    -------
    DataFrame
        By ``headline``: ``low, median, high`` and ``draw_count`` (draws in which the number is defined). The interval
        says how far the number moves under the stated ranges, not that the truth lies inside.

    Raises
    ------
    TableError
        Empty or non-numeric headlines, or a level outside 0 to 1.
    """
    _check(headlines, "headlines")
    if not 0 < level < 1:
        raise TableError(f"level must lie between 0 and 1, not {level}.")
    edges = {"low": (1 - level) / 2, "median": 0.5, "high": (1 + level) / 2}
    table = pd.DataFrame({name: headlines.quantile(edge) for name, edge in edges.items()})
    return table.assign(draw_count=headlines.notna().sum()).rename_axis("headline")
