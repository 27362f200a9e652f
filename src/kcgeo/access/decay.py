"""How much a service counts at a distance: weights from 1 (here) to 0 (out of reach).

A decay is made once and called with minutes. It carries its own cutoff, which includes its value: at exactly the cutoff
the weight is still that of the inside, past it 0. At exactly an edge between two rings the inner ring's weight holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kcgeo.errors import TableError, raise_all

__all__ = ["Decay", "exponential", "gaussian", "step"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decay:
    """A weight for each number of minutes; 0 past ``cutoff_min``, which itself lies inside.

    ``rings`` are edges and weights of a step decay, None for other shapes.
    """

    name: str
    cutoff_min: float
    shape: Callable[[Floats], Floats] = field(repr=False, compare=False)
    rings: tuple[tuple[float, ...], tuple[float, ...]] | None = field(default=None, repr=False, compare=False)

    def __call__(self, time_min: npt.ArrayLike) -> Floats:
        """Return the weight of each time in minutes; NaN (not reached) weighs 0."""
        times = np.asarray(time_min, dtype=float)
        inside = times <= self.cutoff_min
        return np.where(inside, self.shape(np.where(inside, times, 0.0)), 0.0)


def step(edges_min: Sequence[float] | float, weights: Sequence[float] | None = None) -> Decay:
    """Weight by rings: ``weights[k]`` for times above ``edges_min[k-1]`` up to and with ``edges_min[k]``.

    Parameters
    ----------
    edges_min
        Outer edge of each ring in minutes, rising. One edge alone is the plain cutoff of 2SFCA.
    weights
        One weight for each ring, 0 to 1, not rising; may be left out for a single edge, where it is 1.

    Returns
    -------
    Decay
        At exactly an edge the weight of the ring inside holds.

    Raises
    ------
    TableError
        Edges that do not rise, or weights that are not one for each edge, in 0..1 and not rising.

    References
    ----------
    Luo & Qi (2009), An enhanced two-step floating catchment area (E2SFCA) method, Health & Place 15.

    >>> step([10, 20, 30], [1, 0.68, 0.22])([0, 10, 10.5, 30, 30.5]).tolist()
    [1.0, 1.0, 0.68, 0.22, 0.0]
    """
    edges = np.atleast_1d(np.asarray(edges_min, dtype=float))
    heights = np.ones(1) if weights is None and len(edges) == 1 else np.atleast_1d(np.asarray(weights, dtype=float))
    problems = []
    if weights is None and len(edges) > 1:
        raise TableError(f"A step decay with {len(edges)} edges needs {len(edges)} weights; give one for each ring.")
    if not len(edges) or not np.isfinite(edges).all() or edges[0] < 0 or (np.diff(edges) <= 0).any():
        problems.append(f"The edges of a step decay must be minutes of 0 or more that rise, not {edges.tolist()}.")
    if len(heights) != len(edges):
        problems.append(f"A step decay with {len(edges)} edges needs {len(edges)} weights, not {len(heights)}.")
    elif not ((heights >= 0) & (heights <= 1)).all() or (np.diff(heights) > 0).any():
        problems.append(f"The weights of a step decay must lie in 0..1 and not rise, unlike {heights.tolist()}.")
    raise_all(problems, TableError)

    def shape(times: Floats) -> Floats:
        return heights[np.minimum(np.searchsorted(edges, times, side="left"), len(edges) - 1)]

    name = f"step at {', '.join(f'{edge:g}' for edge in edges)} min"
    return Decay(name, float(edges[-1]), shape, (tuple(edges.tolist()), tuple(heights.tolist())))


def _positive(value: float, what: str) -> list[str]:
    return [] if value > 0 else [f"The {what} of a decay must be above 0, not {value}."]


def gaussian(sigma_min: float, cutoff_min: float) -> Decay:
    """Weight ``exp(-t^2 / (2 sigma^2))`` up to and with the cutoff, 1 at no distance.

    Parameters
    ----------
    sigma_min
        Minutes at which the weight is 0.607.
    cutoff_min
        Last minute inside; may be infinite.

    >>> gaussian(20, 60)([0, 20, 60, 60.1]).round(4).tolist()
    [1.0, 0.6065, 0.0111, 0.0]
    """
    raise_all([*_positive(sigma_min, "sigma_min"), *_positive(cutoff_min, "cutoff_min")], TableError)
    return Decay(
        f"Gaussian, sigma {sigma_min:g} min, to {cutoff_min:g} min",
        float(cutoff_min),
        lambda times: np.exp(-0.5 * (times / sigma_min) ** 2),
    )


def exponential(beta: float, cutoff_min: float) -> Decay:
    """Weight ``exp(-beta t)`` up to and with the cutoff, 1 at no distance.

    Parameters
    ----------
    beta
        Loss a minute, above 0.
    cutoff_min
        Last minute inside; may be infinite.

    >>> exponential(0.1, 60)([0, 10]).round(4).tolist()
    [1.0, 0.3679]
    """
    raise_all([*_positive(beta, "beta"), *_positive(cutoff_min, "cutoff_min")], TableError)
    return Decay(
        f"exponential, {beta:g} a minute, to {cutoff_min:g} min",
        float(cutoff_min),
        lambda times: np.exp(-beta * times),
    )
