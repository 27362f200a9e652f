"""Sheets on which a map stands: a page to print, and a slide with larger type for its size and a legend at the side."""

from __future__ import annotations

from dataclasses import dataclass

from kcgeo.present.look import theme

__all__ = ["PRINT", "SLIDE", "SLIDE_PX", "Sheet"]

SLIDE_PX = (1920, 1080)


@dataclass(frozen=True)
class Sheet:
    """Sizes and places in inches from the lower left corner.

    Attributes
    ----------
    panel_in
        Width and height of each of the two panels.
    legend_top_in
        Height of the first line of the legend.
    legend_width_in
        Width of a legend at the side; None for a legend in rows under the panels.
    brief
        Whether words that a reader finds elsewhere (the notes of a slide, the data dictionary) are left out.
    """

    size_in: tuple[float, float]
    panel_in: tuple[float, float]
    panel_left_in: tuple[float, float]
    panel_bottom_in: float
    legend_left_in: float
    legend_top_in: float
    legend_width_in: float | None = None
    brief: bool = False


PRINT = Sheet(
    size_in=theme.PAGE_IN,
    panel_in=(5.13, 5.42),
    panel_left_in=(0.32, 5.55),
    panel_bottom_in=2.06,
    legend_left_in=0.32,
    legend_top_in=1.88,
)

# 11 inches wide like the page, so that the smallest type has 14 px on a screen of 1280
SLIDE = Sheet(
    size_in=(theme.PAGE_IN[0], theme.PAGE_IN[0] * SLIDE_PX[1] / SLIDE_PX[0]),
    panel_in=(4.12, 4.22),
    panel_left_in=(0.32, 4.55),
    panel_bottom_in=0.84,
    legend_left_in=8.83,
    legend_top_in=4.92,
    legend_width_in=1.9,
    brief=True,
)
