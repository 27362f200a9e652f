"""Weights at, just inside and just outside each edge."""

import math

import numpy as np
import pytest

from kcgeo.access import decay
from kcgeo.access.pairs import upto
from kcgeo.errors import TableError


def around(value):
    """Times a millisecond either side; what rounds to the edge itself is on it."""
    assert upto(value) - value < 1 / 60_000
    return [value - 1 / 60_000, value, value + 1 / 60_000]


def test_step_keeps_the_inner_weight_at_the_edge():
    rings = decay.step([10, 20, 30], [1, 0.68, 0.22])
    assert rings(around(10)).tolist() == [1, 1, 0.68]
    assert rings(around(20)).tolist() == [0.68, 0.68, 0.22]
    assert rings(around(30)).tolist() == [0.22, 0.22, 0]
    assert rings([0, np.nan]).tolist() == [1, 0]
    assert rings.cutoff_min == 30


def test_a_single_edge_is_a_plain_cutoff():
    assert decay.step([30])([0, 30, 30.001]).tolist() == [1, 1, 0]
    assert decay.step(30)([30, 31]).tolist() == [1, 0]


@pytest.mark.parametrize("smooth", [decay.gaussian(20, 60), decay.exponential(0.05, 60)])
def test_smooth_decays_start_at_one_fall_and_stop_past_the_cutoff(smooth):
    times = np.linspace(0, 60, 121)
    weights = smooth(times)
    assert weights[0] == 1
    assert (np.diff(weights) < 0).all()
    inside, at, outside = smooth(around(60))
    assert inside > 0
    assert at > 0
    assert outside == 0


def test_formulas():
    assert decay.gaussian(20, 60)(30) == pytest.approx(math.exp(-(30**2) / (2 * 20**2)))
    assert decay.exponential(0.1, math.inf)(1000) == pytest.approx(math.exp(-100))


@pytest.mark.parametrize(
    "make",
    [
        lambda: decay.step([10, 20]),
        lambda: decay.step([]),
        lambda: decay.step([20, 10], [1, 0.5]),
        lambda: decay.step([10, 20], [1]),
        lambda: decay.step([10, 20], [0.5, 1]),
        lambda: decay.step([10], [1.5]),
        lambda: decay.step([math.nan]),
        lambda: decay.gaussian(0, 60),
        lambda: decay.gaussian(20, -1),
        lambda: decay.exponential(-0.1, 60),
        lambda: decay.exponential(0.1, math.nan),
    ],
)
def test_impossible_decays_are_refused(make):
    with pytest.raises(TableError):
        make()
