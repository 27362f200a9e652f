"""One look for every figure: type scale, colours, lines, hatches, symbols.

Deep colour means that help is near, paper means that none is. Nothing is told by colour alone: classes are ordered in
lightness, symbols differ in shape, missing states are hatched. Sizes are in points for a page 11 inches wide, where
8.8 pt is 14 px on a slide 1280 px wide: no text is smaller.
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
    "LINE",
    "MAX_CLASSES",
    "PAGE_IN",
    "RAMP",
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
        "shield_blue": "#123f8c",
        "shield_red": "#b3202c",
    }
)

# Viridis at 0.16, 0.40, 0.62, 0.84, lightened by 15% so that black labels and white-edged symbols both read on it.
RAMP = ("#615594", "#4a8c9f", "#47b994", "#a5de5d")
BEYOND = "#ebe8e0"
MAX_CLASSES = len(RAMP)

LINE = MappingProxyType({"county": 0.6, "state_line": 1.5, "corridor": 1.7, "casing": 3.4, "river": 1.6, "frame": 0.8})

HATCH = MappingProxyType({"not_connected": "xxxx", "by_referral": "////", "no_report": "////", "confidential": ".."})


@dataclass(frozen=True)
class Family:
    """A group of service categories that share a symbol."""

    key: str
    label: str
    categories: tuple[str, ...]
    colour: str
    marker: str
    scale: float = 1.0


def _members(family: str) -> tuple[str, ...]:
    return tuple(key for key, category in terms.categories().items() if category.family == family)


FAMILIES = (
    Family("health", "Medical, forensic exam, treatment", _members("health"), "#d55e00", "P", 1.25),
    Family("housing", "Shelter and housing", _members("housing"), "#0072b2", "^", 1.15),
    Family("support", "Counseling, case work, drop-in", _members("support"), "#009e73", "o"),
    Family("justice", "Legal help, police", _members("justice"), "#111111", "s", 0.9),
    Family("children", "Child advocacy", _members("children"), "#f0e442", "D", 0.85),
    Family("outreach", "Outreach, prevention, transport", _members("outreach"), "#cc79a7", "v", 1.15),
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
    ('#615594', '#47b994')
    """
    if not 1 <= class_count <= MAX_CLASSES:
        raise ValueError(f"The ramp has 1 to {MAX_CLASSES} classes, not {class_count}; merge classes first.")
    picks = {1: (1,), 2: (0, 2), 3: (0, 1, 3), 4: (0, 1, 2, 3)}[class_count]
    return tuple(RAMP[pick] for pick in picks)
