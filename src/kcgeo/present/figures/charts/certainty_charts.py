"""How sure are we? Clusters that are more than chance, the value of each place with its certainty, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kcgeo.access import ALL_REQUIRED
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.figures.charts.equity_charts import GROUP_MARKS
from kcgeo.present.look import background as base
from kcgeo.present.look import theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.legend import Entry, line_entries, place, strip
from kcgeo.present.look.plate import Plate, foot_height_in, foot_lines, new_plate

__all__ = ["certainty_map", "hot_spot_map", "interval_chart"]

RANGES = (
    "Drawn: speeds, circuity, cutoff 25 to 35 minutes, places of sites, doubtful services. An interval holds 90% of"
    " the draws; it does not say that the truth lies inside."
)
CHANCE = (
    "Permutation test, false discoveries held to 5% (Benjamini and Hochberg), 8 nearest neighbors. Neighbors are"
    " alike; the test does not say why."
)


def _areas(people: pd.Series[Any], *, zoom: float) -> NDArray[np.float64]:
    """Area of a circle in square points: its people, but never too small to read its fill."""
    return np.maximum(people.to_numpy(dtype=np.float64) / 10_000 * 55.0, 26.0) * zoom


_CLUSTERS: dict[str, tuple[str, str, str, str, float]] = {
    # class: words, marker, face, edge, scale of the area
    "hot spot": ("far, among far neighbors", "s", theme.COLOUR["accent"], "white", 1.5),
    "cold spot": ("near, among near neighbors", "o", theme.RAMP[1], theme.COLOUR["ink"], 1.0),
    "not significant": ("not significant", "o", "white", theme.COLOUR["soft"], 0.55),
    "no neighbours": ("no neighbors", "v", "white", theme.COLOUR["ink"], 1.0),
    "no value": ("not reached", "X", "white", theme.COLOUR["ink"], 1.1),
}


def hot_spot_map(
    clusters: Released, *, ground: Background, required: Sequence[str] | None = None, title: str | None = None
) -> Plate:
    """Map of Gi*: where places far from help lie together, and places near it, more than by chance.

    Parameters
    ----------
    clusters
        Released table ``place_id, population_count, cluster`` (``hot spot``, ``cold spot``, ``not significant``,
        ``no neighbours``, ``no value``) with a point; a hot spot is a cluster of long drives.
    ground
        Background of the study.
    required
        Categories; the value that was tested is the minutes to the farthest of them.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, lacks a column, or names a class of its own.
    """
    required = bound("required", required, require_released(clusters, kind="equity"))
    points = base.projected_points(clusters, ground.crs)
    need(points, ["cluster", "population_count"], "clusters")
    strange = sorted(set(points["cluster"]) - set(_CLUSTERS))
    if strange:
        raise TableError(f"The map has no symbol for the cluster {', '.join(strange)}.")
    counts = points["cluster"].value_counts()
    lost = float(points.loc[points["cluster"] == "hot spot", "population_count"].sum())
    if title is None:
        title = (
            f"{words.counted(int(counts.get('hot spot', 0)), 'place')} with {words.thousands(lost)} people in clusters"
            " of long drives, more than by chance"
            if lost
            else "No place lies in a cluster of long drives that is more than chance"
        )
    plate = new_plate(
        title,
        f"Gi* of the minutes to the farthest of {len(required)} required kinds of help, by place. Size: people.",
        alt_text="Two maps of clusters by place. "
        + " ".join(f"{_CLUSTERS[name][0]}: {int(counts.get(name, 0))}." for name in _CLUSTERS if name in counts),
        released=[clusters, *ground.released],
        notices=(CHANCE, words.MODEL, words.LOWER_BOUND, words.ODBL),
        sheet=ground.sheet,
    )
    with theme.applied():
        for axes, panel in base.panels(plate, ground):
            base.draw_under(axes, panel)
            base.draw_over(axes, panel, core=ground.core if panel is ground.whole else None)
            here = points[base.inside(points, panel)].sort_values("population_count", ascending=False)
            zoom = 1.0 if panel is ground.whole else 1.6
            for name in ("not significant", "cold spot", "no neighbours", "no value", "hot spot"):
                own = here[here["cluster"] == name]
                _, marker, face, edge, scale = _CLUSTERS[name]
                axes.scatter(
                    own["x"],
                    own["y"],
                    s=_areas(own["population_count"], zoom=zoom * scale),
                    marker=marker,
                    facecolors=face,
                    edgecolors=edge,
                    linewidths=0.9,
                    zorder=36,
                )
        entries = [
            Entry(f"{said} ({int(counts[name])})", "symbol", face, marker, 8.0, edge=edge)
            for name, (said, marker, face, edge, _) in _CLUSTERS.items()
            if name in counts
        ]
        place(plate, [entries, line_entries(ground)], ground.sheet)
    return plate


_RINGS: dict[str, tuple[str, float, Any]] = {
    # certainty: words, line width, dashes
    "almost always": ("almost always", 2.6, "-"),
    "mostly": ("mostly", 1.9, (0, (2.2, 1.2))),
    "sometimes": ("sometimes", 1.5, (0, (1, 1.2))),
}
_MIN_SURE = 0.05


def certainty_map(
    places: Released,
    *,
    ground: Background,
    required: Sequence[str] | None = None,
    cutoff_min: float | None = None,
    edges_min: Sequence[float] = (15, 30, 45, 60),
    title: str | None = None,
) -> Plate:
    """Map of the drive to the farthest required kind of help, and of how sure it is.

    Parameters
    ----------
    places
        Released table ``place_id, population_count, value_median`` (minutes), ``covered_draw_share`` (share of draws
        in which all required kinds are in reach), ``certainty`` (how often among the worst tenth of places) and
        ``draw_count``, with a point.
    ground
        Background of the study.
    required
        Categories of the chain.
    cutoff_min
        Headline cutoff.
    edges_min
        Upper edges of up to four classes, minutes.
    title
        Own title in place of the message.

    Returns
    -------
    Plate
        Fill: median minutes. Hatched: in reach in some draws and not in others (5 to 95%). Ring: how often among the
        worst tenth.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released or that lacks a column.
    """
    require_released(places, kind="equity")
    required = bound("required", required, places)
    bound("cutoff_min", cutoff_min, places)
    points = base.projected_points(places, ground.crs)
    needed = ["population_count", "value_median", "covered_draw_share", "certainty", "draw_count"]
    need(points, needed, "places")
    share = points["covered_draw_share"]
    points = points.assign(unsure=share.between(_MIN_SURE, 1 - _MIN_SURE), beyond=share < _MIN_SURE)
    people = points["population_count"]
    lost, open_ = float(people[points["beyond"]].sum()), float(people[points["unsure"]].sum())
    draw_count = int(points["draw_count"].iloc[0])
    if title is None:
        title = (
            f"{words.thousands(lost)} people lack some help in nearly every draw; another {words.thousands(open_)} in"
            " some draws"
        )
    named = ", ".join(words.category_label(category).lower() for category in required)
    always = points["certainty"] == "almost always"
    plate = new_plate(
        title,
        f"Minutes by car to the farthest of {len(required)} required kinds of help, over {draw_count} draws of what the"
        " model does not know. Size: people.",
        alt_text=f"Two maps with {len(points)} circles, for {named}. In over 95% of {draw_count} draws at"
        f" least one kind is out of reach of {int(points['beyond'].sum())} places, in some draws of"
        f" {int(points['unsure'].sum())}."
        f" {int(always.sum())} places are almost always among the worst tenth.",
        released=[places, *ground.released],
        notices=(RANGES, words.MODEL, words.LOWER_BOUND, words.ODBL),
        sheet=ground.sheet,
    )
    with theme.applied():
        for axes, panel in base.panels(plate, ground, edge=True):
            base.draw_under(axes, panel)
            base.draw_over(axes, panel, core=ground.inset(edge=True) if panel is ground.whole else None)
            here = points[base.inside(points, panel)].sort_values("population_count", ascending=False)
            _circles(axes, here, edges_min, zoom=1.0 if panel is ground.whole else 1.6)
        place(plate, _certainty_legend(ground, edges_min), ground.sheet)
    return plate


def _circles(axes: Axes, points: pd.DataFrame, edges_min: Sequence[float], *, zoom: float) -> None:
    """Fill by class, hatch where the draws disagree, ring by certainty."""
    colours = np.array([*theme.ramp(len(edges_min)), theme.BEYOND], dtype=object)
    bins = np.searchsorted(np.asarray(edges_min, dtype=float), points["value_median"].fillna(np.inf).to_numpy(float))
    sizes, ink = _areas(points["population_count"], zoom=zoom), theme.COLOUR["ink"]
    rings = [_RINGS.get(certainty) for certainty in points["certainty"]]
    # the largest first, each fill with its ring: a fill never covers the ring of a smaller one; a hatch covers what is
    # drawn before it, so that it parts the circles into runs that are drawn in one go
    run: list[tuple[float, float, float, str, float, str]] = []

    def draw() -> None:
        x, y, size, face, width, dashes = zip(*run, strict=True)
        axes.scatter(
            x, y, s=size, facecolors=face, edgecolors=ink, linewidths=width, linestyles=list(dashes), zorder=36
        )
        run.clear()

    for x, y, size, face, unsure, ring in zip(
        points["x"], points["y"], sizes, colours[bins], points["unsure"], rings, strict=True
    ):
        run.append((x, y, size, face, 0.6, "-"))
        if unsure:
            draw()
            axes.scatter([x], [y], s=size, facecolors="none", edgecolors=ink, linewidths=0.6, hatch="//////", zorder=36)
        if ring is not None:
            run.append((x, y, (np.sqrt(size) + 5) ** 2, "none", ring[1], ring[2]))
    if run:
        draw()


def _certainty_legend(ground: Background, edges_min: Sequence[float]) -> list[list[Entry]]:
    bounds = [0.0, *edges_min]
    first = [Entry("Fill, middle of the draws:", "heading")]
    first += [
        Entry(f"{low:g}–{high:g} min", colour=colour)
        for low, high, colour in zip(bounds[:-1], bounds[1:], theme.ramp(len(edges_min)), strict=True)
    ]
    first.append(Entry(f"beyond {bounds[-1]:g}", colour=theme.BEYOND))
    second = [
        Entry("Hatched:", "heading"),
        Entry("all in reach in some draws, not in others (5–95%)", "hatch", "white", hatch="//////"),
    ]
    third = [Entry("Ring, among the worst tenth of places:", "heading")]
    third += [Entry(said, "ring", size=width, dashes=dashes) for said, width, dashes in _RINGS.values()]
    third.append(Entry("no ring: almost never", "ring", size=0.0))
    return [first, [*second, *line_entries(ground)], third]


def interval_chart(intervals: Released, *, cutoff_min: float | None = None, title: str | None = None) -> Plate:
    """Forest chart of the headline numbers: the middle of the draws and the interval that holds 90% of them.

    Parameters
    ----------
    intervals
        Released table ``category, measure, group, value_low, value_median, value_high``; measures
        ``covered_share`` (0 to 1) and ``mean_min`` are shown.
    cutoff_min
        Headline cutoff around which the cutoff was drawn.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released or that lacks a column.
    """
    table = require_released(intervals, kind="equity").table
    cutoff_min = bound("cutoff_min", cutoff_min, intervals)
    need(table, ["category", "measure", "group", "value_low", "value_median", "value_high"], "intervals")
    shares = table[table["measure"] == "covered_share"]
    minutes = table[(table["measure"] == "mean_min") & (table["group"] == "population_count")]
    groups = [name for name in GROUP_MARKS if name in set(shares["group"])]
    if not groups or minutes.empty:
        raise TableError("The intervals hold no covered_share of a known group, or no mean_min of all people.")
    links = minutes.sort_values(["value_median", "category"], ascending=[False, True])["category"].tolist()
    rows = [name for name in (ALL_REQUIRED, *links) if name in set(shares["category"])]
    notices = (RANGES, words.MODEL, words.LOWER_BOUND, words.ODBL)
    foot = foot_height_in(foot_lines([intervals], notices, width_in=theme.PAGE_IN[0]))
    body = 0.24 * (len(groups) + 1) * len(rows)
    height = foot + body + 2.45
    whole = shares[(shares["category"] == rows[0]) & (shares["group"] == groups[0])].iloc[0]
    said = "all required kinds of help" if rows[0] == ALL_REQUIRED else words.nearest_phrase(rows[0])
    plate = new_plate(
        title
        or f"{whole['value_low'] * 100:.0f} to {whole['value_high'] * 100:.0f} of 100 people reach {said}:"
        " we know it no better",
        "Symbol: middle of the draws; line: from 5 to 95% of them."
        f" The cutoff itself is drawn around {cutoff_min:g} minutes.",
        alt_text=_interval_alt(shares, minutes, rows, groups),
        released=[intervals],
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    bottom = (foot + 1.02) / height
    with theme.applied():
        left = plate.add_axes((2.2 / 11, bottom, 5.1 / 11, body / height))
        _forest(left, shares, rows, groups)
        right = plate.add_axes((7.65 / 11, bottom, 3.0 / 11, body / height))
        _minutes(right, minutes.set_index("category"), rows, len(groups) + 1)
        entries = [
            Entry(
                GROUP_MARKS[name][0], "symbol", GROUP_MARKS[name][2], GROUP_MARKS[name][1], 8, edge=GROUP_MARKS[name][3]
            )
            for name in groups
        ]
        strip(plate, [entries], top_in=foot + 0.3)
    return plate


def _whisker(axes: Axes, row: Any, y: float, group: str, factor: float) -> None:
    _, marker, face, edge = GROUP_MARKS[group]
    ends = [row["value_low"] * factor, row["value_high"] * factor]
    axes.plot(ends, [y, y], color=theme.COLOUR["soft"], linewidth=2.2, solid_capstyle="butt", zorder=3)
    axes.scatter(
        [row["value_median"] * factor],
        [y],
        s=46,
        marker=marker,
        facecolors=face,
        edgecolors=edge,
        linewidths=0.9,
        zorder=5,
    )


def _forest(axes: Axes, shares: pd.DataFrame, rows: Sequence[str], groups: Sequence[str]) -> None:
    pitch = len(groups) + 1
    cells = shares.set_index(["category", "group"])
    ticks, names = [], []
    for number, category in enumerate(rows):
        top = -number * pitch
        for step, group in enumerate(groups):
            if (category, group) in cells.index:
                row = cells.loc[(category, group)]
                _whisker(axes, row, top - step, group, 100)
        ticks.append(top - (len(groups) - 1) / 2)
        names.append("All required" if category == ALL_REQUIRED else words.category_label(category))
    _tidy(axes, rows, pitch, ticks, names, "Percent of each group within reach")
    left = max(0.0, np.floor(float(shares["value_low"].min()) * 10) * 10 - 2)
    axes.set_xlim(left, 101)
    axes.set_xticks(np.arange(np.ceil(left / 10) * 10, 101, 10))


def _minutes(axes: Axes, minutes: Any, rows: Sequence[str], pitch: int) -> None:
    size = theme.TEXT_PT["small"]
    ticks = []
    for number, category in enumerate(rows):
        y = -number * pitch - (pitch - 2) / 2
        ticks.append(y)
        if category in minutes.index:
            row = minutes.loc[category]
            _whisker(axes, row, y, "population_count", 1)
            text = f"{row['value_median']:.0f} ({row['value_low']:.0f}–{row['value_high']:.0f})"
            axes.text(row["value_median"], y + 0.62, text, ha="center", va="bottom", fontsize=size)
    _tidy(axes, rows, pitch, ticks, [""] * len(rows), "Mean minutes, all people")
    axes.set_xlim(0, float(minutes["value_high"].max()) * 1.12)


def _tidy(axes: Axes, rows: Sequence[str], pitch: int, ticks: Sequence[float], names: Sequence[str], head: str) -> None:
    axes.set_ylim(-len(rows) * pitch + 0.5, 1.0)
    axes.set_yticks(list(ticks))
    axes.set_yticklabels(list(names), fontsize=theme.TEXT_PT["label"])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=2, labelsize=theme.TEXT_PT["small"])
    axes.grid(axis="x", color=theme.COLOUR["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    for number in range(1, len(rows)):
        axes.axhline(-number * pitch + 1.0, color=theme.COLOUR["rule"], linewidth=0.5)
    axes.set_title(head, loc="left", fontsize=theme.TEXT_PT["body"], fontweight="bold", pad=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _interval_alt(shares: pd.DataFrame, minutes: pd.DataFrame, rows: Sequence[str], groups: Sequence[str]) -> str:
    said = ["Forest chart of headline numbers over the draws."]
    for category in rows:
        label = "All required" if category == ALL_REQUIRED else words.category_label(category)
        own: Any = shares[shares["category"] == category].set_index("group")
        parts = [
            f"{GROUP_MARKS[group][0]} {own.loc[group, 'value_low'] * 100:.0f} to"
            f" {own.loc[group, 'value_high'] * 100:.0f}%"
            for group in groups
            if group in own.index
        ]
        said.append(f"{label}: {', '.join(parts)}.")
    told: Any = minutes
    for row in told.itertuples():
        said.append(f"{words.category_label(str(row.category))}: {row.value_low:.0f} to {row.value_high:.0f} minutes.")
    return " ".join(said)
