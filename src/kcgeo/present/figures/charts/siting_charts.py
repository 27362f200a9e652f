"""What one goal costs another, and whom a plan changes, as charts of released tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.figures.siting_map import BEFORE
from kcgeo.present.look import theme, words
from kcgeo.present.look.plan_words import GROUP_NAMES, one_row, share_pair
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["group_chart", "pareto_chart"]

_GAINED = "#2f8f6b"
_SIZE_IN = (9.6, 4.3)


def _axes(plate: Plate, left: float, bottom: float, width: float, height: float) -> Axes:
    page_width, page_height = plate.get_size_inches()
    axes = plate.add_axes((left / page_width, bottom / page_height, width / page_width, height / page_height))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=theme.TEXT_PT["small"])
    return axes


def pareto_chart(released: Mapping[str, Released], *, title: str | None = None) -> Plate:
    """Chart of the plans that no other beats: people within reach, longest drive, the worst-off group.

    Parameters
    ----------
    released
        Releases ``plan`` and ``front`` of :func:`kcgeo.study.release_siting`.
    title
        Own title in place of the question.

    Returns
    -------
    Plate
        Across: minutes of the longest drive. Up: share of people within reach. Beside each plan: the covered share of
        the group that is covered least. A plan that leaves a place without any way is not drawn.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or a front without plans.
    """
    plan = one_row(released["plan"])
    front = require_released(released["front"], kind="siting").table
    front = front.dropna(subset=["worst_time_min"]) if "worst_time_min" in front else front
    if front.empty:
        raise TableError("The front holds no plan with a longest drive; there is nothing to draw.")
    front = front.sort_values(["worst_time_min", "name"]).reset_index(drop=True)
    people = GROUP_NAMES.get(str(plan["group"]), str(plan["group"]))
    points = "; ".join(
        f"{words.percent(row['covered_share'])} of {people} and {row['worst_time_min']:.0f} minutes"
        for row in front.to_dict("records")
    )
    plate = new_plate(
        title or "What does a shorter longest drive cost?",
        f"Each dot is a plan of {plan['new_count']:g} new sites that no other beats in all three goals.",
        alt_text=f"Scatter of {words.counted(len(front), 'plan')}: {points}.",
        released=[released["plan"], released["front"]],
        notices=(words.MODEL, words.LOWER_BOUND),
        size_in=_SIZE_IN,
    )
    with theme.applied():
        axes = _axes(plate, 0.95, 1.5, 8.2, 1.9)
        axes.plot(front["worst_time_min"], 100 * front["covered_share"], color=theme.COLOUR["rule"], zorder=1)
        axes.scatter(
            front["worst_time_min"], 100 * front["covered_share"], s=70, c=theme.COLOUR["accent"], edgecolors="white",
            zorder=2,
        )  # fmt: skip
        for number, row in enumerate(front.to_dict("records")):
            axes.annotate(
                f"worst-off group {words.percent(row['least_group_share'])}",
                (row["worst_time_min"], 100 * row["covered_share"]),
                (0, -15 if number % 2 else 9),  # neighbors lie close together
                textcoords="offset points",
                ha="center",
                fontsize=theme.TEXT_PT["small"],
            )
        low, high = front["worst_time_min"].min(), front["worst_time_min"].max()
        pad = max(0.14 * (high - low), 4.0)
        axes.set_xlim(low - pad, high + pad)
        shares = 100 * front["covered_share"]
        axes.set_ylim(shares.min() - max(0.35 * np.ptp(shares), 2.0), shares.max() + max(0.3 * np.ptp(shares), 2.0))
        axes.set_xlabel("longest drive to a site, minutes", fontsize=theme.TEXT_PT["label"])
        axes.set_ylabel(f"% of {people}\nwithin {plan['cutoff_min']:g} min", fontsize=theme.TEXT_PT["label"])
    return plate


def group_chart(released: Mapping[str, Released], *, title: str | None = None) -> Plate:
    """Bars of the share within reach by group, before and after.

    Parameters
    ----------
    released
        Releases ``plan`` and ``by_group`` of :func:`kcgeo.study.release_siting`.
    title
        Own title in place of the question.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released.
    """
    plan = one_row(released["plan"])
    table = require_released(released["by_group"], kind="siting").table.set_index("group")
    table = table.reindex([name for name in GROUP_NAMES if name in table.index])
    said = "; ".join(
        f"{GROUP_NAMES[str(name)]} {words.percent(row['before_share'])} to {words.percent(row['after_share'])}"
        for name, row in table.iterrows()
    )
    plate = new_plate(
        title or "Whom does the plan change?",
        f"Share within {plan['cutoff_min']:g} minutes of a public site, before (pale) and after (with the dark part).",
        alt_text=f"Bars of the share within reach before and after: {said}.",
        released=[released["plan"], released["by_group"]],
        notices=(words.MODEL, words.LOWER_BOUND),
        size_in=(_SIZE_IN[0], 4.1),
    )
    with theme.applied():
        axes = _axes(plate, 2.35, 1.5, 5.1, 1.65)
        for number, row in enumerate(table.to_dict("records")):
            before, after = 100 * row["before_share"], 100 * row["after_share"]
            axes.add_patch(Rectangle((0, -number - 0.3), before, 0.6, facecolor=BEFORE))
            axes.add_patch(Rectangle((before, -number - 0.3), max(after - before, 0), 0.6, facecolor=_GAINED))
            axes.text(
                101.5, -number, f"{' → '.join(share_pair(row['before_share'], row['after_share']))},"
                f" +{words.thousands(row['gained_count'])}", va="center", fontsize=theme.TEXT_PT["label"],
            )  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_ylim(-len(table) + 0.5, 0.5)
        axes.set_yticks([-number for number in range(len(table))])
        axes.set_yticklabels([GROUP_NAMES[str(name)] for name in table.index], fontsize=theme.TEXT_PT["label"])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("percent", fontsize=theme.TEXT_PT["label"])
    return plate
