"""The reporting chart keeps a blank, a zero and a small number apart, and a year from a running total."""

from __future__ import annotations

import pytest
from matplotlib.patches import Rectangle

from kcgeo.errors import TableError
from kcgeo.present import Plate, reporting_chart
from tests.present.town import STATES, Town


@pytest.fixture(scope="module")
def chart(town: Town) -> Plate:
    return reporting_chart(town.aggregates, town.claims, states=STATES)


def _texts(chart: Plate) -> list[list[str]]:
    return [[text.get_text() for text in axes.texts if text.get_text()] for axes in chart.axes]


def _hatched(chart: Plate, number: int) -> int:
    return sum(isinstance(patch, Rectangle) and bool(patch.get_hatch()) for patch in chart.axes[number].patches)


def test_a_year_and_a_running_total_never_share_an_axis(chart: Plate) -> None:
    yearly, totals, _ = _texts(chart)
    assert {"55", "67", "85"} <= set(yearly)
    assert {"1,524", "808"} <= set(totals)
    assert not {"1,524", "808"} & set(yearly)


def test_years_without_a_report_are_hatched(chart: Plate) -> None:
    # Missouri lacks 2016, Kansas lacks 2014 and 2015
    assert _hatched(chart, 0) == 3


def test_blank_zero_and_small_number_are_three_things(chart: Plate) -> None:
    tiles = _texts(chart)[2]
    assert "0" in tiles  # stated by a source for Kansas in 2014
    assert "1–10" in tiles  # a local count of 2 is not printed
    assert "2" not in tiles
    # 2 years x (servitude MO, sex acts KS, servitude KS) and Independence 2014 have no row
    assert _hatched(chart, 2) == 7


def test_disputed_numbers_are_told_with_their_reason_and_not_drawn(chart: Plate) -> None:
    outside = " ".join(text.get_text() for text in chart.texts)
    assert "1,650: children exploited (KC metro, about 2010)" in outside.replace("\n", " ")
    assert "Apportioned, not measured." in outside.replace("\n", " ")
    assert "178" not in outside
    assert not any("1,650" in text for texts in _texts(chart) for text in texts)


def test_alternative_text_reads_the_years(chart: Plate) -> None:
    assert "Missouri 2014: 55, 2015: 67" in chart.note.alt_text


def test_missing_columns_are_named(town: Town) -> None:
    with pytest.raises(TableError, match="claims lack the columns value, use_in_tool"):
        reporting_chart(town.aggregates, town.aggregates, states=STATES)
