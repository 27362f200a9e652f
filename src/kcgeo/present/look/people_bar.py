"""A bar that divides people, not land, among the classes of a map: thinly settled land looms large on any map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from kcgeo.present.look import theme, words
from kcgeo.present.look.plate import MARGIN_IN, Plate

__all__ = ["Part", "people_bar"]

_NARROWEST_IN = 0.55
"""A narrower part has no room for its percent."""
_SHORT_IN = 5.0
"""Over a shorter bar the words stand in two lines."""


@dataclass(frozen=True)
class Part:
    """People of one class: its colour and hatch are those of the map; ``lacking`` parts stand together at the end."""

    people_count: float
    colour: str
    hatch: str | None = None
    lacking: bool = False


def people_bar(
    plate: Plate,
    parts: Sequence[Part],
    *,
    heading: str,
    lacking: str,
    bottom_in: float,
    left_in: float = MARGIN_IN,
    width_in: float | None = None,
) -> None:
    """Draw the bar, with a bracket over the parts that lack something.

    Parameters
    ----------
    plate
        The figure; the bar takes 0.45 inches above ``bottom_in``, a short one 0.62.
    parts
        Classes in the order of the legend, those that lack something last; empty ones are left out.
    heading, lacking
        Words over the whole bar, and over the bracket.
    left_in, width_in
        Where the bar begins and how long it is; the width of the page where not given.
    """
    shown = [part for part in parts if part.people_count > 0]
    total = sum(part.people_count for part in shown)
    if not total:
        return
    width, height = plate.get_size_inches()
    axes = plate.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    room, thick = width - 2 * MARGIN_IN if width_in is None else width_in, 0.2
    x, size = left_in, theme.TEXT_PT["small"]
    begin = None
    for part in shown:
        share = part.people_count / total
        long = share * room
        box = (x, bottom_in)
        axes.add_patch(Rectangle(box, long, thick, facecolor=part.colour, edgecolor="none"))
        if part.hatch:
            axes.add_patch(
                Rectangle(
                    box, long, thick, facecolor="none", edgecolor=theme.COLOUR["ink"], linewidth=0.0, hatch=part.hatch
                )
            )
        axes.add_patch(Rectangle(box, long, thick, facecolor="none", edgecolor=theme.COLOUR["paper"], linewidth=0.8))
        if long >= _NARROWEST_IN:
            axes.text(
                x + long / 2,
                bottom_in + thick / 2 - 0.01,
                words.percent(share),
                ha="center",
                va="center",
                fontsize=size,
                bbox={"boxstyle": "round,pad=0.12", "facecolor": theme.COLOUR["paper"], "edgecolor": "none"},
            )
        if part.lacking and begin is None:
            begin = x
        x += long
    over = bottom_in + thick + 0.05
    lifted = 0.19 if room < _SHORT_IN and begin is not None else 0.0
    axes.text(left_in, over + lifted, heading, fontsize=theme.TEXT_PT["label"], fontweight="bold", va="bottom")
    if begin is not None:
        accent = theme.COLOUR["accent"]
        axes.plot([begin, begin, x, x], [over - 0.03, over, over, over - 0.03], color=accent, linewidth=1.2)
        axes.text(
            x,
            over + 0.02,
            lacking,
            color=accent,
            fontsize=theme.TEXT_PT["label"],
            fontweight="bold",
            ha="right",
            va="bottom",
        )
