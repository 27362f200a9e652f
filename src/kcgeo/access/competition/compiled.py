"""Catchment areas of millions of pairs in two compiled passes, to the last bit what the plain way gives.

Used where it pays and nothing is in doubt: pairs are in order, the decay has rings, and numba is at hand. At the first
fault the plain way takes over and says what is wrong. Ids as categories (``kcgeo.travel.costs(..., categorical=True)``)
save the better part of the time: text has to be numbered first.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.decay import Decay
from kcgeo.access.pairs import COLUMNS, check_counts, upto

__all__ = ["two_steps"]

_MANY_PAIRS = 500_000  # where numba is loaded already
_VERY_MANY_PAIRS = 20_000_000  # where loading it pays


def two_steps(
    costs: Any, demand: pd.Series[float], supply: pd.Series[float], decay: Decay
) -> npt.NDArray[np.float64] | None:
    """Return the capacity per person by place, or None where the plain way must do it."""
    if (
        not (_worth(costs) and decay.rings is not None)
        or check_counts(demand, "demand")
        or check_counts(supply, "supply")
    ):
        return None
    if not pd.api.types.is_float_dtype(costs["time_min"].dtype):
        return None
    from kcgeo.access.competition import compiled_rings

    if len(decay.rings[0]) > compiled_rings.MOST_RINGS:
        return None
    (places, place_names), (sites, site_names) = _coded(costs["from_id"]), _coded(costs["to_id"])
    edges = upto(np.array(decay.rings[0], dtype=np.float64))
    weights = np.array(decay.rings[1], dtype=np.float64)
    return compiled_rings.two_steps(
        places,
        sites,
        costs["time_min"].to_numpy(dtype=np.float64),
        _places_in(demand.index, place_names),
        _places_in(supply.index, site_names),
        np.asarray(demand.to_numpy(), dtype=np.float64),
        np.asarray(supply.to_numpy(), dtype=np.float64),
        edges,
        weights,
    )


def _worth(costs: Any) -> bool:
    if not isinstance(costs, pd.DataFrame) or any(column not in costs.columns for column in COLUMNS):
        return False
    least = _MANY_PAIRS if "numba" in sys.modules else _VERY_MANY_PAIRS
    return len(costs) >= least and find_spec("numba") is not None


def _coded(ids: pd.Series[Any]) -> tuple[npt.NDArray[Any], pd.Index[Any]]:
    """Return a number for each id, -1 where it is missing, and the ids by number."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        return ids.array.codes, ids.array.categories
    codes, names = pd.factorize(ids)
    return codes, pd.Index(names)


def _places_in(index: pd.Index[Any], names: pd.Index[Any]) -> npt.NDArray[np.int64]:
    """Return where each name stands in the index; -1 for a stranger."""
    if len(index) == len(names) and index.equals(names):
        return np.arange(len(index), dtype=np.int64)
    return np.asarray(index.get_indexer(names), dtype=np.int64)
