"""The attack on one's own maps: where a reader would look for a hidden service.

The reader knows the network, the public services and how each layer was made. For every place where the hidden service
could be they compute what the layers would show, and compare it with what was published (candidate matching). Run it on
anything new before it is published: where the best candidates are nearer to the truth than a guess within the area, the
layer leaks. That a layer withstands this attack is not a proof; that it does not depend on the hidden place is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.errors import TableError
from kcgeo.travel import Network, costs, nearest_times

__all__ = ["Layer", "best_candidates", "candidate_losses", "expected_times"]

Floats = npt.NDArray[np.float64]
_FAR_MIN = 30_000.0


@dataclass(frozen=True, eq=False)
class Layer:
    """One published layer: its values, and what they would be for each candidate.

    ``published`` has one value a row, ``expected`` one column a candidate; both in one unit. A value that is missing on
    one side only counts as a whole difference.
    """

    name: str
    published: Floats
    expected: Floats


def expected_times(
    network: Network, origins: gpd.GeoDataFrame, known: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Minutes to the nearest service that each candidate position of a hidden one would give.

    Parameters
    ----------
    network
        The network of the published surface.
    origins
        Points of the surface.
    known
        Public services of the category; may be empty.
    candidates
        Places where the hidden service could be, with an id.

    Returns
    -------
    DataFrame
        By origin (rows, in their order) and candidate (columns): min(nearest known service, candidate), NaN where
        neither is reached.
    """
    pairs = costs(network, origins, candidates, cutoff_min=_FAR_MIN)
    key = next(name for name in ("place_id", "service_id", "cell_id", "node_id", "id") if name in origins)
    own = next(name for name in ("place_id", "service_id", "cell_id", "node_id", "id") if name in candidates)
    times = pairs.pivot_table(index="from_id", columns="to_id", values="time_min")
    times = times.reindex(index=origins[key], columns=candidates[own])
    if known.empty:
        return times
    near = nearest_times(network, origins, known)["time_min"].to_numpy()
    return pd.DataFrame(np.fmin(times.to_numpy(), near[:, None]), index=times.index, columns=times.columns)


def candidate_losses(layers: Sequence[Layer], candidates: Sequence[str]) -> pd.Series[float]:
    """How badly each candidate explains all layers jointly; 0 is best.

    Each layer's mean absolute difference is scaled to 0 (its best candidate) .. 1 (its worst) and the layers are added;
    a layer that tells no candidates apart adds nothing.

    Returns
    -------
    Series
        By candidate.

    Raises
    ------
    TableError
        A layer whose shapes do not fit.

    >>> one = Layer("times", np.array([0.0, 5.0]), np.array([[0.0, 5.0], [5.0, 0.0]]))
    >>> candidate_losses([one], ["a", "b"]).tolist()
    [0.0, 1.0]
    """
    total = np.zeros(len(candidates))
    for layer in layers:
        if layer.expected.shape != (len(layer.published), len(candidates)):
            raise TableError(f"The layer {layer.name} needs one expected column for each candidate.")
        apart = np.abs(layer.expected - layer.published[:, None])
        one_sided = np.isnan(layer.expected) != np.isnan(layer.published)[:, None]
        apart = np.where(one_sided, np.nanmax(apart, initial=1.0), np.nan_to_num(apart))
        loss = apart.mean(axis=0)
        span = loss.max() - loss.min()
        total += (loss - loss.min()) / span if span > 1e-12 else 0.0
    return pd.Series(total, index=pd.Index(candidates, name="candidate"), name="loss")


def best_candidates(losses: pd.Series[float]) -> list[str]:
    """Return the candidates that explain the layers best, all of them where several do equally."""
    return sorted(losses.index[losses <= losses.min() + 1e-9])
