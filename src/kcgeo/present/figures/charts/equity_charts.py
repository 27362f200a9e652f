"""How evenly access is shared: Lorenz curves, and the gaps between groups of people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kcgeo.access import ALL_REQUIRED
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plate import Plate, foot_height_in, foot_lines, new_plate

__all__ = ["GROUP_MARKS", "group_gap_chart", "lorenz_chart"]

GROUP_MARKS = {
    # group: words, marker, face, edge
    "population_count": ("all people", "o", theme.COLOUR["ink"], theme.COLOUR["ink"]),
    "under18_count": ("under 18", "D", "#e69f00", theme.COLOUR["ink"]),
    "poverty_count": ("in poverty", "s", theme.COLOUR["accent"], "white"),
    "no_vehicle_household_count": ("households without a vehicle", "^", "white", theme.COLOUR["ink"]),
}
COUNTED = "Sites are listed ones: counts of doors, not of free beds."


def lorenz_chart(
    curves: Released, equity: Released, *, cutoff_min: float | None = None, title: str | None = None
) -> Plate:
    """Lorenz curves of the sites in reach, one frame for each category, most uneven first.

    Parameters
    ----------
    curves
        Released table ``category, people_share, access_share``.
    equity
        Released table ``category, gini_index, palma_index``.
    cutoff_min
        Minutes that count as in reach.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column or a category.
    """
    points = require_released(curves, kind="equity").table
    numbers = require_released(equity, kind="equity").table
    cutoff_min = bound("cutoff_min", cutoff_min, curves, equity)
    need(points, ["category", "people_share", "access_share"], "curves")
    need(numbers, ["category", "gini_index", "palma_index"], "numbers")
    numbers = numbers.set_index("category").dropna(subset="gini_index")
    order = sorted(numbers.index, key=lambda name: (-numbers.loc[name, "gini_index"], name))
    lost = sorted(set(points["category"]) ^ set(order))
    if lost or not order:
        raise TableError(f"Curves and numbers must name the same categories; see {', '.join(lost) or 'none at all'}.")
    columns = min(3, len(order))
    row_count = -(-len(order) // columns)
    notices = (COUNTED, words.MODEL, words.LOWER_BOUND, words.ODBL)
    foot = foot_height_in(foot_lines([curves, equity], notices, width_in=theme.PAGE_IN[0]))
    side = 2.55
    height = foot + 1.02 + row_count * (side + 1.12)
    ginis = numbers["gini_index"]
    plate = new_plate(
        title or _lorenz_message(ginis, cutoff_min),
        f"Lorenz curves of the number of listed sites within {cutoff_min:g} minutes by car. Shaded: how far from equal."
        " Gini 0 is equal, 1 is all for one.",
        alt_text="Lorenz curves. "
        + " ".join(
            f"{words.category_label(name)}: Gini {ginis[name]:.2f}, {words.percent(_none(points, name))} reach none."
            for name in order
        ),
        released=[curves, equity],
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    pitch = (theme.PAGE_IN[0] - 0.9) / columns
    with theme.applied():
        for number, name in enumerate(order):
            row, column = divmod(number, columns)
            left, bottom = 0.85 + column * pitch, height - 1.42 - row * (side + 1.12) - side
            axes = plate.add_axes((left / theme.PAGE_IN[0], bottom / height, side / theme.PAGE_IN[0], side / height))
            _curve(axes, points[points["category"] == name].sort_values("people_share"), first=column == 0)
            over = (bottom + side) / height
            x = left / theme.PAGE_IN[0]
            plate.text(
                x, over + 0.27 / height, words.category_label(name), fontsize=theme.TEXT_PT["body"], fontweight="bold"
            )
            plate.text(
                x,
                over + 0.09 / height,
                f"Gini {ginis[name]:.2f} · {words.percent(_none(points, name))} of people reach none",
                fontsize=theme.TEXT_PT["small"],
                color=theme.COLOUR["soft"],
            )
    return plate


def _none(points: pd.DataFrame, category: str) -> float:
    """Share of people without any access: where the curve leaves the floor."""
    own = points[points["category"] == category]
    return float(own.loc[own["access_share"] <= 0, "people_share"].max())


def _lorenz_message(ginis: pd.Series[float], cutoff_min: float) -> str:
    most, least = ginis.idxmax(), ginis.idxmin()
    if ginis.max() - ginis.min() < 0.1:
        return f"All kinds of help are shared about as unevenly: Gini {ginis.min():.2f} to {ginis.max():.2f}"
    return (
        f"{words.category_label(str(most))} is shared most unevenly (Gini {ginis.max():.2f}),"
        f" {words.category_label(str(least)).lower()} least ({ginis.min():.2f})"
    )


def _curve(axes: Axes, rows: pd.DataFrame, *, first: bool) -> None:
    people, sites = rows["people_share"].to_numpy() * 100, rows["access_share"].to_numpy() * 100
    axes.fill_between(people, sites, people, color=theme.RAMP[2], alpha=0.45, linewidth=0)
    axes.plot([0, 100], [0, 100], color=theme.COLOUR["soft"], linewidth=1.0, linestyle=(0, (4, 3)))
    axes.plot(people, sites, color=theme.COLOUR["ink"], linewidth=1.8)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(length=2, labelsize=theme.TEXT_PT["small"])
    axes.set_xlabel("% of people, worst off first", fontsize=theme.TEXT_PT["small"])
    if first:
        axes.set_ylabel("% of sites in reach", fontsize=theme.TEXT_PT["small"])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def group_gap_chart(groups: Released, *, cutoff_min: float | None = None, title: str | None = None) -> Plate:
    """Chart of the gaps between groups: mean minutes, and the share beyond the cutoff, one line for each kind.

    Parameters
    ----------
    groups
        Released table ``category, group, mean_min, gap_min, beyond_share``; ``all required`` is the farthest of the
        required kinds.
    cutoff_min
        Minutes of the share beyond.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, that lacks a column, or that names an unknown group.
    """
    table = require_released(groups, kind="equity").table
    cutoff_min = bound("cutoff_min", cutoff_min, groups)
    need(table, ["category", "group", "mean_min", "gap_min", "beyond_share"], "groups")
    strange = sorted(set(table["group"]) - set(GROUP_MARKS))
    if strange:
        raise TableError(f"The chart has no symbol for {', '.join(strange)}; it knows {', '.join(GROUP_MARKS)}.")
    means = table.pivot(index="category", columns="group", values="mean_min")
    beyond = table.pivot(index="category", columns="group", values="beyond_share") * 100
    shown = [name for name in GROUP_MARKS if name in means.columns]
    links = [name for name in means.index if name != ALL_REQUIRED]
    order = sorted(links, key=lambda name: (-means.loc[name, shown[0]], name))
    order = [name for name in (ALL_REQUIRED, *order) if name in means.index]
    notices = (
        "Households without a vehicle: what they would reach if somebody drove them.",
        words.MODEL,
        words.LOWER_BOUND,
        words.ODBL,
    )
    foot = foot_height_in(foot_lines([groups], notices, width_in=theme.PAGE_IN[0]))
    body = 0.5 * len(order)
    height = foot + body + 2.42
    plate = new_plate(
        title or _gap_message(table, shown),
        f"By where each group lives: mean minutes by car to the nearest listed site, and the share beyond"
        f" {cutoff_min:g} minutes.",
        alt_text=_gap_alt(means, beyond, order, shown),
        released=[groups],
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    bottom = (foot + 1.12) / height
    with theme.applied():
        heads = ("Mean minutes to the nearest", f"Percent beyond {cutoff_min:g} minutes")
        for number, (values, head) in enumerate(zip((means, beyond), heads, strict=True)):
            axes = plate.add_axes(((2.35 + number * 4.35) / 11, bottom, 3.95 / 11, body / height))
            _dots(axes, values.loc[order, shown], head, names=number == 0)
        entries = [
            Entry(
                GROUP_MARKS[name][0], "symbol", GROUP_MARKS[name][2], GROUP_MARKS[name][1], 8, edge=GROUP_MARKS[name][3]
            )
            for name in shown
        ]
        strip(plate, [entries], top_in=foot + 0.3)
    return plate


def _dots(axes: Axes, values: pd.DataFrame, head: str, *, names: bool) -> None:
    """One line a category with a symbol a group; symbols that would cover each other stand above one another."""
    top = float(np.nanmax(values.to_numpy())) * 1.08
    count = len(values)
    for number, (_, row) in enumerate(values.iterrows()):
        y = count - 1 - number
        axes.plot(
            [row.min(), row.max()], [y, y], color=theme.COLOUR["rule"], linewidth=3.0, zorder=2, solid_capstyle="round"
        )
        for step, (group, value) in enumerate(row.items()):
            _, marker, face, edge = GROUP_MARKS[str(group)]
            lift = (0.0, 0.17, -0.17, 0.0)[step % 4]
            axes.scatter(
                [value],
                [y + lift],
                s=52,
                marker=marker,
                facecolors=face,
                edgecolors=edge,
                linewidths=0.9,
                zorder=5 - step * 0.1,
            )
    axes.set_xlim(0, top)
    axes.set_ylim(-0.6, count - 0.4)
    axes.set_yticks(range(count))
    said = [
        "Farthest of the required" if name == ALL_REQUIRED else words.category_label(str(name))
        for name in reversed(values.index)
    ]
    axes.set_yticklabels(said if names else [""] * count, fontsize=theme.TEXT_PT["label"])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=2, labelsize=theme.TEXT_PT["small"])
    axes.grid(axis="x", color=theme.COLOUR["grid"], linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.set_title(head, loc="left", fontsize=theme.TEXT_PT["body"], fontweight="bold", pad=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _gap_message(table: Any, shown: Sequence[str]) -> str:
    """Name the widest gap to all people, of those who may drive."""
    others = table[~table["group"].isin([shown[0], "no_vehicle_household_count"])].dropna(subset="gap_min")
    if others.empty:
        return "How far does each group live from help?"
    widest = others.loc[others["gap_min"].abs().idxmax()]
    who = f"People {GROUP_MARKS[widest['group']][0]}"
    far = "nearer" if widest["gap_min"] < 0 else "farther"
    kind = "the farthest link" if widest["category"] == ALL_REQUIRED else words.nearest_phrase(widest["category"])
    return f"{who} live {abs(widest['gap_min']):.1f} minutes {far} to {kind} than all people do"


def _gap_alt(means: Any, beyond: Any, order: Sequence[str], shown: Sequence[str]) -> str:
    said = ["Dot chart of minutes and of the share beyond the cutoff by group."]
    for name in order:
        label = "Farthest of the required" if name == ALL_REQUIRED else words.category_label(name)
        parts = ", ".join(
            f"{GROUP_MARKS[group][0]} {means.loc[name, group]:.1f} min and {beyond.loc[name, group]:.0f}%"
            for group in shown
        )
        said.append(f"{label}: {parts}.")
    return " ".join(said)
