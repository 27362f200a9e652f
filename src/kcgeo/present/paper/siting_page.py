"""One page to hand on: the question, the areas in order of gain, the map, whom it changes, the proof and its limits."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.patches import Rectangle

from kcgeo.disclosure import Released, require_released
from kcgeo.present.figures.siting_map import BEFORE, change_of, draw_change, legend_entries
from kcgeo.present.look import background as base
from kcgeo.present.look import theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.legend import strip
from kcgeo.present.look.plan_words import GROUP_NAMES, one_row, plan_words, share_pair
from kcgeo.present.look.plate import Plate, new_plate, wrapped

__all__ = ["PORTRAIT_IN", "siting_page"]

PORTRAIT_IN = (8.5, 11.0)
_LEFT, _RIGHT = 0.32, 8.18
_MAP_IN = (5.13, 5.42)
_COLUMN = 5.68
_GAINED = "#2f8f6b"
_SHOWN_AREAS, _SHOWN_ROWS = 5, 8


def siting_page(released: Mapping[str, Released], *, ground: Background) -> Plate:
    """Draw the page of a plan, letter size upright.

    Parameters
    ----------
    released
        Releases of :func:`kcgeo.study.release_siting`: ``plan, new_sites, by_group, by_place, alternatives,
        good_areas, closures, robustness, reach, services``.
    ground
        Background of the study.

    Returns
    -------
    Plate
        Save it with ``formats=["pdf"]`` to hand it on.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that are not a plan.
    """
    told, change = plan_words(released), change_of(released, ground)
    shown = ("plan", "new_sites", "by_group", "by_place", "alternatives", "good_areas", "closures", "reach", "services")
    used = [*(released[name] for name in shown), *ground.released]
    notices = (words.ODBL,)
    plate = new_plate(
        told.question,
        told.answer,
        alt_text=f"One page. {told.question} {told.answer} {told.proof} {' '.join(told.sure)}",
        released=used,
        notices=notices,
        size_in=PORTRAIT_IN,
    )
    areas, people, steps = legend_entries(released, change)
    with theme.applied():
        width, height = PORTRAIT_IN
        top = _below_heading(plate)
        bottom = top - _MAP_IN[1]
        axes = plate.add_axes((_LEFT / width, bottom / height, _MAP_IN[0] / width, _MAP_IN[1] / height))
        base.prepare(axes, ground.whole)
        draw_change(axes, ground.whole, change)
        y = _chosen(plate, released, top=top)
        y = _good(plate, released, top=y - 0.16)
        _heading(plate, _COLUMN, y - 0.12, "On the map")
        strip(plate, [[entry] for entry in (*areas, *people)], top_in=y - 0.46, gap_in=0.225, left_in=_COLUMN)
        strip(plate, [steps], top_in=y - 0.46 - 0.225 * (len(areas) + len(people)) - 0.02, left_in=_COLUMN)
        end = y - 0.46 - 0.225 * (len(areas) + len(people) + 1) - 0.05
        right = _block(plate, "What was asked", "; ".join(told.parameters) + ".", left=_COLUMN, top=end)
        left = _groups(plate, released["by_group"], top=bottom - 0.16)
        left = _block(plate, "How sure is it?", " ".join((told.proof, *told.sure)), left=_LEFT, top=left - 0.06)
        # the limits go where they leave more room
        limits = " ".join(told.limits)
        ends = {x: y - 0.149 * len(_lines(limits, x)) for x, y in ((_LEFT, left), (_COLUMN, right))}
        x = max(ends, key=lambda side: ends[side])
        _block(plate, "Limits", limits, left=x, top=(left if x == _LEFT else right) - 0.06)
    return plate


def _write(plate: Plate, x: float, y: float, text: str, *, size: str = "small", **style: Any) -> None:
    width, height = PORTRAIT_IN
    options: dict[str, Any] = {"va": "top", "fontsize": theme.TEXT_PT[size], "linespacing": 1.2, **style}
    plate.text(x / width, y / height, text, **options)


def _heading(plate: Plate, x: float, y: float, text: str) -> None:
    _write(plate, x, y, text, size="body", fontweight="bold")


def _chosen(plate: Plate, released: Mapping[str, Released], *, top: float) -> float:
    """List the chosen areas in the order of their gain; return where the list ends."""
    sites = require_released(released["new_sites"], kind="siting").table.sort_values("rank")
    plan = one_row(released["plan"])
    y = top
    _heading(plate, _COLUMN, y, "Areas in the order of their gain")
    y -= 0.27
    width, height = PORTRAIT_IN
    for row in sites.head(_SHOWN_AREAS).to_dict("records"):
        plate.text(
            (_COLUMN + 0.11) / width, (y - 0.085) / height, str(row["rank"]), ha="center", va="center", color="white",
            fontsize=theme.TEXT_PT["small"], fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.22", "facecolor": theme.COLOUR["accent"], "edgecolor": "none"},
        )  # fmt: skip
        name = textwrap.wrap(str(row["name"]), 28)
        _write(plate, _COLUMN + 0.3, y, "\n".join(name), size="label", fontweight="bold")
        y -= 0.165 * len(name)
        _write(
            plate,
            _COLUMN + 0.3,
            y,
            f"+{words.thousands(row['gained_count'])}, then {words.percent(row['covered_share'])}",
        )
        y -= 0.24
    if len(sites) > _SHOWN_AREAS:
        _write(plate, _COLUMN + 0.3, y, f"and {len(sites) - _SHOWN_AREAS} more in the table")
        y -= 0.2
    group = GROUP_NAMES.get(str(plan["group"]), str(plan["group"]))
    _write(plate, _COLUMN, y, f"{group} within {plan['cutoff_min']:g} min", color=theme.COLOUR["soft"])
    return y - 0.16


def _good(plate: Plate, released: Mapping[str, Released], *, top: float) -> float:
    """How often an area is in good plans; return where the list ends."""
    plans = require_released(released["alternatives"], kind="siting").table
    areas = require_released(released["good_areas"], kind="siting").table
    plan = one_row(released["plan"])
    _heading(plate, _COLUMN, top, "What else is nearly as good")
    y = top - 0.24
    if len(plans) < 2:
        _write(plate, _COLUMN, y, f"No other plan within {plan['within_share'] * 100:g}%.")
        return y - 0.2
    said = f"{len(plans)} plans within {plan['within_share'] * 100:g}%. Share of them with a site in:"
    lines = textwrap.wrap(said, 40)
    _write(plate, _COLUMN, y, "\n".join(lines), color=theme.COLOUR["soft"])
    y -= 0.16 * len(lines) + 0.03
    room = max(_SHOWN_ROWS - int(1.9 * min(int(plan["new_count"]), _SHOWN_AREAS)), 1) + 2
    width, height = PORTRAIT_IN
    for row in areas.sort_values(["plan_share", "candidate_id"], ascending=[False, True]).head(room).to_dict("records"):
        plate.add_artist(
            Rectangle(
                (_COLUMN / width, (y - 0.135) / height), 0.5 * row["plan_share"] / width, 0.1 / height,
                transform=plate.transFigure, facecolor=theme.COLOUR["accent"], alpha=0.8,
            )
        )  # fmt: skip
        name = textwrap.shorten(str(row["name"]), 27, placeholder=" …")
        _write(plate, _COLUMN + 0.56, y, f"{words.percent(row['plan_share'])}  {name}")
        y -= 0.175
    return y


def _groups(plate: Plate, by_group: Released, *, top: float) -> float:
    """Bars before and after by group; return where they end."""
    table = require_released(by_group, kind="siting").table.set_index("group")
    table = table.reindex([name for name in GROUP_NAMES if name in table.index])
    _heading(plate, _LEFT, top, "Whom it changes: share within reach, before and after")
    width, height = PORTRAIT_IN
    y, left, wide = top - 0.27, _LEFT + 1.98, 1.5
    for name, row in table.iterrows():
        _write(plate, _LEFT, y, GROUP_NAMES[str(name)])
        for share, start, colour in (
            (row["before_share"], 0.0, BEFORE),
            (row["after_share"] - row["before_share"], row["before_share"], _GAINED),
        ):
            plate.add_artist(
                Rectangle(
                    ((left + wide * start) / width, (y - 0.145) / height), max(wide * share, 0.0) / width,
                    0.13 / height, transform=plate.transFigure, facecolor=colour,
                )
            )  # fmt: skip
        plate.add_artist(
            Rectangle(
                (left / width, (y - 0.145) / height), wide / width, 0.13 / height, transform=plate.transFigure,
                facecolor="none", edgecolor=theme.COLOUR["soft"], linewidth=0.6,
            )
        )  # fmt: skip
        shares = " → ".join(share_pair(row["before_share"], row["after_share"]))
        _write(plate, left + wide + 0.1, y, f"{shares}   +{words.thousands(row['gained_count'])}")
        y -= 0.21
    return y


def _below_heading(plate: Plate) -> float:
    """Inches above the foot of the page at which the heading ends."""
    ends = [text.get_window_extent().y0 for text in plate.texts[:2]]
    return float(min(ends) / plate.dpi - 0.12)


def _lines(text: str, left: float) -> list[str]:
    """Break a text to the width of its column."""
    width_in = _MAP_IN[0] if left == _LEFT else _RIGHT - _COLUMN
    return wrapped(text, size_pt=theme.TEXT_PT["small"], width_in=width_in)


def _block(plate: Plate, heading: str, text: str, *, left: float, top: float) -> float:
    """Write a heading and a text as wide as its column; return where it ends."""
    _heading(plate, left, top, heading)
    lines = _lines(text, left)
    _write(plate, left, top - 0.19, "\n".join(lines))
    return top - 0.19 - 0.149 * len(lines) - 0.04
