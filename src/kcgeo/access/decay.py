"""How much a service counts at a distance: weights from 1 (here) to 0 (out of reach).

A decay is made once and called with minutes. It carries its own cutoff, which includes its value: at exactly the cutoff
the weight is still that of the inside, past it 0. At exactly an edge between two rings the inner ring's weight holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kcgeo.access.pairs import number_faults, upto
from kcgeo.errors import TableError, raise_all

__all__ = ["Decay", "exponential", "gaussian", "linear", "logistic", "power", "step"]

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
        inside = times <= upto(self.cutoff_min)
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
        return heights[np.minimum(np.searchsorted(upto(edges), times, side="left"), len(edges) - 1)]

    name = f"step at {', '.join(f'{edge:g}' for edge in edges)} min"
    return Decay(name, float(edges[-1]), shape, (tuple(edges.tolist()), tuple(heights.tolist())))


def _positive(**values: object) -> None:
    raise_all(
        [
            f"The {name} of a decay must be above 0, not {value!r}."
            for name, value in values.items()
            if number_faults(value, name, above=True, finite=name != "cutoff_min")
        ],
        TableError,
    )


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
    _positive(sigma_min=sigma_min, cutoff_min=cutoff_min)
    name = f"Gaussian, sigma {sigma_min:g} min, to {cutoff_min:g} min"
    return Decay(name, float(cutoff_min), lambda times: np.exp(-0.5 * (times / sigma_min) ** 2))


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
    _positive(beta=beta, cutoff_min=cutoff_min)
    name = f"exponential, {beta:g} a minute, to {cutoff_min:g} min"
    return Decay(name, float(cutoff_min), lambda times: np.exp(-beta * times))


def linear(cutoff_min: float) -> Decay:
    """Weight ``1 - t / cutoff``: 1 at no distance, 0 at the cutoff itself and past it.

    Parameters
    ----------
    cutoff_min
        Minutes at which nothing is left, above 0 and finite.

    >>> linear(40)([0, 10, 40, 50]).tolist()
    [1.0, 0.75, 0.0, 0.0]
    """
    if number_faults(cutoff_min, "cutoff_min", above=True):
        raise TableError(f"The cutoff_min of a linear decay must be above 0 and finite, not {cutoff_min!r}.")
    shape: Callable[[Floats], Floats] = lambda times: np.maximum(1 - times / cutoff_min, 0.0)  # noqa: E731
    return Decay(f"linear, to {cutoff_min:g} min", float(cutoff_min), shape)


def logistic(middle_min: float, sd_min: float, cutoff_min: float = np.inf) -> Decay:
    """Weight of a logistic curve, scaled to 1 at no distance: slow at first, steep at the middle, slow at the end.

    ``(1 + exp(-m k)) / (1 + exp((t - m) k))`` with ``k = pi / (sd sqrt(3))``

    Parameters
    ----------
    middle_min
        Median of the curve in minutes, where its fall is steepest.
    sd_min
        Standard deviation of the curve in minutes; near 0 it falls like a step.
    cutoff_min
        Last minute inside; infinite where not given.

    References
    ----------
    Pereira & Herszenhut, accessibility (R package), decay_logistic; Bauer & Groneberg (2016), PLoS ONE 11.

    >>> logistic(30, 10)([0, 30, 60]).round(4).tolist()
    [1.0, 0.5022, 0.0043]
    """
    _positive(middle_min=middle_min, sd_min=sd_min, cutoff_min=cutoff_min)
    slope = np.pi / (sd_min * np.sqrt(3))
    top = 1 + np.exp(-middle_min * slope)
    name = f"logistic, middle {middle_min:g} min, deviation {sd_min:g} min"
    # a large power is cut off before it overflows; its weight is 0 all the same
    return Decay(
        name, float(cutoff_min), lambda times: top / (1 + np.exp(np.minimum((times - middle_min) * slope, 700.0)))
    )


def power(beta: float, cutoff_min: float = np.inf) -> Decay:
    """Weight ``t ** -beta``, and 1 in the first minute, where the power would grow without end.

    Parameters
    ----------
    beta
        Exponent, above 0.
    cutoff_min
        Last minute inside; infinite where not given.

    >>> power(1)([0, 1, 4]).tolist()
    [1.0, 1.0, 0.25]
    """
    _positive(beta=beta, cutoff_min=cutoff_min)
    return Decay(f"power, {beta:g}", float(cutoff_min), lambda times: np.maximum(times, 1.0) ** -beta)
