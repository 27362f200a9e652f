"""Colours keep apart for every eye and in a grey print; the measures themselves are checked against known values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from kcgeo.present.look import theme
from tests.present.colour import VISIONS, contrast_ratio, lab, least_distance, lightness, simulate

APART = 12.0
MAP_CLASSES = [*theme.RAMP, theme.BEYOND]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#ff0000", (53.24, 80.09, 67.20)), ("#00ff00", (87.73, -86.18, 83.18)), ("#0000ff", (32.30, 79.19, -107.86))],
)
def test_lab_of_the_primaries_is_the_published_one(colour: str, expected: tuple[float, float, float]) -> None:
    assert lab(colour) == pytest.approx(np.array(expected), abs=0.02)


def test_grey_is_seen_alike_by_all() -> None:
    for vision in VISIONS:
        assert lightness(simulate("#777777", vision)) == pytest.approx(lightness("#777777"), abs=0.5)


def test_red_and_green_of_equal_lightness_fall_together_for_a_deutan_eye() -> None:
    pair = ["#c85a3c", "#8c8c28"]
    assert least_distance(pair) > 40
    assert least_distance(pair, vision="deutan") < 0.55 * least_distance(pair)


@pytest.mark.parametrize("vision", VISIONS)
def test_map_classes_are_apart(vision: str) -> None:
    assert least_distance(MAP_CLASSES, vision=vision) >= APART


@pytest.mark.parametrize("vision", VISIONS)
def test_symbols_are_apart(vision: str) -> None:
    assert least_distance([family.colour for family in theme.FAMILIES], vision=vision) >= APART


def test_map_classes_keep_their_order_in_grey() -> None:
    steps = [before - after for before, after in pairwise(lightness(colour) for colour in MAP_CLASSES)]
    assert min(steps) >= 7


def test_lacking_stands_three_to_one_against_served() -> None:
    for loud in theme.LACKING:
        assert contrast_ratio(theme.RAMP[0], loud) >= 3
        assert contrast_ratio(theme.COLOUR["paper"], loud) >= 3


def test_marks_of_sites_stand_three_to_one_against_the_land() -> None:
    for family in theme.FAMILIES:
        best = max(contrast_ratio(colour, theme.COLOUR["land"]) for colour in (family.colour, family.edge))
        assert best >= 3


def test_symbols_differ_in_shape_too() -> None:
    assert len({family.marker for family in theme.FAMILIES}) == len(theme.FAMILIES)


def test_text_has_contrast() -> None:
    for key in ("ink", "soft"):
        for ground in (theme.COLOUR["paper"], theme.COLOUR["land"]):
            assert contrast_ratio(theme.COLOUR[key], ground) >= 4.5
    assert contrast_ratio("#ffffff", theme.COLOUR["shield_blue"]) >= 4.5
    assert contrast_ratio("#ffffff", theme.COLOUR["accent"]) >= 4.5
