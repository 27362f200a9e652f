"""One symbol for each site and family, moved apart as little as needed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.present.look import background as base
from kcgeo.present.look import symbols
from tests.present.town import CRS, Town


def _least(points: np.ndarray) -> float:
    delta = points[:, None] - points[None]
    distance = np.hypot(delta[..., 0], delta[..., 1])
    np.fill_diagonal(distance, np.inf)
    return float(distance.min())


def test_points_on_one_spot_are_spread() -> None:
    shown = symbols.apart(np.zeros((7, 2)), gap=10.0)
    assert _least(shown) > 9.5
    assert np.hypot(*shown.T).max() < 25


def test_points_far_apart_stay_put() -> None:
    points = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    assert np.abs(symbols.apart(points, gap=10.0) - points).max() < 0.2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=15))
def test_apart_keeps_the_gap_and_repeats_itself(rows: list[tuple[int, int]]) -> None:
    points = np.array(rows, dtype=float)
    before = points.copy()
    shown = symbols.apart(points, gap=6.0)
    assert _least(shown) > 5.0
    assert np.array_equal(points, before)
    assert np.array_equal(shown, symbols.apart(points, gap=6.0))


@pytest.mark.parametrize(
    ("categories", "family"),
    [
        (("counselling", "child_advocacy"), "children"),
        (("case_management", "forensic_exam"), "health"),
        (("drop_in", "legal"), "justice"),
        (("street_outreach",), "outreach"),
    ],
)
def test_a_site_shows_its_rarest_family(categories: tuple[str, ...], family: str) -> None:
    assert symbols.families(categories).key == family


def test_rows_of_one_site_in_one_family_count_once(town: Town) -> None:
    points = base.projected_points(town.services, CRS)
    twice = points.loc[points.index.repeat(2)]
    once = symbols.site_symbols(points)
    assert len(once) == 4  # the hospital as health and as police, counselling, the clinic
    assert symbols.site_symbols(twice).equals(once)


def test_services_without_a_place_have_no_symbol(town: Town) -> None:
    assert len(base.projected_points(town.services, CRS)) == 4
