"""The bar that divides people among the classes of a map."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from kcgeo.present.look import theme
from kcgeo.present.look.people_bar import Part, people_bar
from kcgeo.present.look.plate import Plate

PARTS = [
    Part(600.0, theme.RAMP[0]),
    Part(0.0, theme.RAMP[1]),
    Part(100.0, theme.RAMP[1], theme.HATCH["by_referral"]),
    Part(280.0, theme.RAMP[3], lacking=True),
    Part(20.0, theme.BEYOND, lacking=True),
]


def _drawn(parts: list[Part], **options: float) -> tuple[list[Rectangle], list[str], list[list[float]]]:
    plate = Plate(figsize=(11.0, 8.5))
    FigureCanvasAgg(plate)
    people_bar(plate, parts, heading="Of 1,000 people:", lacking="300 lack one", bottom_in=1.0, **options)
    if not plate.axes:
        return [], [], []
    (axes,) = plate.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return boxes, [text.get_text() for text in axes.texts], [list(line.get_xdata()) for line in axes.lines]


def _filled(boxes: list[Rectangle]) -> list[Rectangle]:
    return [box for box in boxes if box.get_facecolor()[3] > 0]


@pytest.mark.parametrize("width", [10.36, 2.0])
def test_lengths_are_the_shares_of_people_and_leave_no_gap(width: float) -> None:
    boxes, _, brackets = _drawn(PARTS, left_in=0.5, width_in=width)
    filled = _filled(boxes)
    assert [box.get_width() / width for box in filled] == pytest.approx([0.6, 0.1, 0.28, 0.02])
    ends = [box.get_x() + box.get_width() for box in filled]
    assert [box.get_x() for box in filled] == pytest.approx([0.5, *ends[:-1]])
    assert ends[-1] == pytest.approx(0.5 + width)
    (bracket,) = brackets
    assert (bracket[0], bracket[-1]) == pytest.approx((0.5 + 0.7 * width, 0.5 + width))


def test_the_hatch_of_the_map_is_kept_and_narrow_parts_have_no_number() -> None:
    boxes, texts, _ = _drawn(PARTS)
    assert [box.get_hatch() for box in boxes if box.get_hatch()] == [theme.HATCH["by_referral"]]
    assert texts == ["60%", "10%", "28%", "Of 1,000 people:", "300 lack one"]


def test_nobody_lacking_draws_no_bracket_and_nobody_at_all_draws_nothing() -> None:
    _, texts, brackets = _drawn(PARTS[:3])
    assert not brackets and "300 lack one" not in texts
    assert _drawn([Part(0.0, theme.RAMP[0])]) == ([], [], [])
