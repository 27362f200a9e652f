"""One look for every figure: type scale, colours, lines, hatches, symbols.

Served is pale, lacking is loud: amber to dark red. What is had by referral is hatched, what nobody has looked for is
grey and dotted. Nothing is told by colour alone: classes are ordered in lightness, symbols differ in shape.
Sizes are in points for a page 11 inches wide, where 8.8 pt is 14 px on a slide 1280 px wide: no text is smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import matplotlib as mpl

from kcgeo import terms

__all__ = [
    "BEYOND",
    "COLOUR",
    "FAMILIES",
    "HATCH",
    "LACKING",
    "LINE",
    "MAX_CLASSES",
    "PAGE_IN",
    "RAMP",
    "SERIES",
    "TEXT_PT",
    "Family",
    "applied",
    "family_of",
    "ramp",
]

PAGE_IN = (11.0, 8.5)

TEXT_PT = MappingProxyType({"title": 17.0, "subtitle": 11.0, "body": 10.0, "label": 9.2, "small": 8.8})

COLOUR = MappingProxyType(
    {
        "ink": "#1d1d28",
        "soft": "#55555f",
        "paper": "#ffffff",
        "land": "#f4f2ec",
        "rule": "#b9b6ac",
        "county": "#8d8a82",
        "state_line": "#1d1d28",
        "corridor": "#3d3d46",
        "casing": "#ffffff",
        "river": "#7fb2dd",
        "accent": "#a83400",
        "deep": "#3d4f73",
        "grid": "#ebe8e0",
        "unknown": "#d3d0cb",
        "shield_blue": "#123f8c",
        "shield_red": "#b3202c",
    }
)

# Two pale classes, then two loud ones and what lies beyond: the first loud one stands 3.3 : 1 against the palest.
RAMP = ("#f1f3f0", "#f1d795", "#c27110", "#92330e")
BEYOND = "#4d0a12"
LACKING = (RAMP[2], RAMP[3], BEYOND)
"""Some, more, most of what is needed is lacking."""
SERIES = ("#3d4f73", "#c27110", "#4a8c9f", "#8f8d98")
"""Colours of things that have no order, such as states in a chart."""
MAX_CLASSES = len(RAMP)

LINE = MappingProxyType({"county": 0.6, "state_line": 1.5, "corridor": 1.7, "casing": 3.4, "river": 1.6, "frame": 0.8})

HATCH = MappingProxyType(
    {"not_connected": "xxxx", "by_referral": "////", "no_report": "////", "confidential": "..", "unknown": "..."}
)


@dataclass(frozen=True)
class Family:
    """A group of service categories that share a symbol; a light one has a dark ``edge``."""

    key: str
    label: str
    categories: tuple[str, ...]
    colour: str
    marker: str
    scale: float = 1.0
    edge: str = "white"


def _members(family: str) -> tuple[str, ...]:
    return tuple(key for key, category in terms.categories().items() if category.family == family)


FAMILIES = (
    Family("health", "Medical, forensic exam, treatment", _members("health"), "#d55e00", "P", 1.25),
    Family("housing", "Shelter and housing", _members("housing"), "#0072b2", "^", 1.15),
    Family("support", "Counseling, case work, drop-in", _members("support"), "#009e73", "o"),
    Family("justice", "Legal help, police", _members("justice"), "#111111", "s", 0.9),
    Family("children", "Child advocacy", _members("children"), "#f0e442", "D", 0.85, COLOUR["ink"]),
    Family("outreach", "Outreach, prevention, transport", _members("outreach"), "#cc79a7", "v", 1.15, COLOUR["ink"]),
)
"""Families in the order of the legend; which category belongs to which says the table of categories."""

_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT_PT["body"],
    "text.color": COLOUR["ink"],
    "axes.edgecolor": COLOUR["soft"],
    "axes.labelcolor": COLOUR["ink"],
    "axes.linewidth": LINE["frame"],
    "axes.unicode_minus": False,
    "xtick.color": COLOUR["soft"],
    "ytick.color": COLOUR["soft"],
    "hatch.linewidth": 0.7,
    "patch.linewidth": 0.0,
    "figure.facecolor": COLOUR["paper"],
    "savefig.facecolor": COLOUR["paper"],
    "svg.fonttype": "none",
    "svg.hashsalt": "kcgeo",
    "pdf.fonttype": 42,
    "path.simplify": True,
    # unhinted glyphs sit where their outlines do, so that halos fit
    "text.hinting": "none",
    "text.hinting_factor": 1,
    "text.usetex": False,
}


@contextmanager
def applied() -> Iterator[None]:
    """Draw and save with the settings of the theme, whatever the user's own matplotlib settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def family_of(category: str) -> Family:
    """Symbol family of a service category; an unknown category raises ``KeyError``."""
    for family in FAMILIES:
        if category in family.categories:
            return family
    raise KeyError(category)


def ramp(class_count: int) -> tuple[str, ...]:
    """Colours for ``class_count`` classes from most to least help, ``BEYOND`` not included.

    >>> ramp(2)
    ('#f1f3f0', '#c27110')
    """
    if not 1 <= class_count <= MAX_CLASSES:
        raise ValueError(f"The ramp has 1 to {MAX_CLASSES} classes, not {class_count}; merge classes first.")
    picks = {1: (0,), 2: (0, 2), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[class_count]
    return tuple(RAMP[pick] for pick in picks)
