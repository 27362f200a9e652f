"""Who is served when: a chart of all kinds of help by group and hour, and maps of one of them.

A cell of the chart says two things: its colour and number the share of people with a service known to be open, the bar
below what becomes of all people. Unknown hours are hatched and never coloured as open.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kcgeo.access import ALL_REQUIRED
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import background as base
from kcgeo.present.look import theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plate import Plate, foot_height_in, foot_lines, new_plate

__all__ = ["matrix_chart", "matrix_map"]

CLASSES = ("open", "hours_unknown", "by_referral", "none")
SAID = {
    "open": "known to be open",
    "hours_unknown": "in reach, hours unknown",
    "by_referral": "by referral (call)",
    "none": "none",
}
UNKNOWN = "Unknown hours never count as open: call before you go."
WEIGHED = (
    "Women and men are weighed as all adults, minors as all under 18, LGBTQ as all people: places have no finer counts."
)

_LEFT_IN, _GAP_IN, _ROW_IN = 2.05, 0.16, 0.41
_STEPS = (0.25, 0.5, 0.75)


def label_of(category: str) -> str:
    """Heading of a category; the row of the whole chain has its own."""
    return "All of the required" if category == ALL_REQUIRED else words.category_label(category)


def shade(share: float) -> str:
    """Colour of a share that is known to be open: dark for none, paler with each quarter.

    >>> shade(0.0) == theme.BEYOND, shade(0.76) == theme.RAMP[0]
    (True, True)
    """
    if not share > 0:
        return theme.BEYOND
    return theme.RAMP[3 - sum(share > step for step in _STEPS)]


def _told(open_share: float, unknown_share: float) -> tuple[str, str, str]:
    """Words, fill and ink of a cell; where hours are unknown and nothing is known to be open, nobody can say none.

    >>> _told(0.0, 0.4)[0], _told(0.0, 0.0)[0], _told(0.5, 0.4)[0]
    ('?', '0', '50')
    """
    if open_share == 0 and unknown_share > 0:
        return "?", theme.COLOUR["unknown"], theme.COLOUR["ink"]
    fill = shade(open_share)
    return words.short_percent(open_share), fill, theme.COLOUR["ink"] if fill in theme.RAMP[:2] else "white"


def matrix_chart(
    matrix: Released,
    *,
    cutoff_min: float | None = None,
    required: Sequence[str] | None = None,
    title: str | None = None,
) -> Plate:
    """Chart of the matrix category x eligibility x time of week.

    Parameters
    ----------
    matrix
        Released table ``category, eligibility, when`` and ``open_share, hours_unknown_share, by_referral_share,
        none_share``, with a row ``all required`` for each eligibility and time.
    cutoff_min
        Minutes that count as in reach.
    required
        Categories of the chain; they come first.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or that lacks a column or a cell.
    """
    table = require_released(matrix, kind="equity").table
    cutoff_min, required = bound("cutoff_min", cutoff_min, matrix), bound("required", required, matrix)
    need(table, ["category", "eligibility", "when", *(f"{name}_share" for name in CLASSES)], "matrix")
    who, when = _orders(table)
    cells: Any = table.set_index(["category", "eligibility", "when"])
    rows = _rows(table, required)
    lost = [key for key in ((c, e, w) for c in rows for e in who for w in when) if key not in cells.index]
    if lost:
        raise TableError(f"The matrix lacks {len(lost)} cells, such as {' / '.join(lost[0])}.")
    notices = (UNKNOWN, WEIGHED, words.MODEL, words.LOWER_BOUND, words.ODBL)
    foot = foot_height_in(foot_lines([matrix], notices, width_in=theme.PAGE_IN[0]))
    height = 1.75 + len(rows) * _ROW_IN + 0.4 + 0.95 + foot
    plate = new_plate(
        title or _message(cells, rows, required),
        f"Percent of people with a service within {cutoff_min:g} minutes by car that is known to be open then."
        " Bar below: all people.",
        alt_text=_alt_text(cells, rows, who, when),
        released=[matrix],
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    with theme.applied():
        _draw_matrix(_canvas(plate), cells, rows, required, who, when, height - 1.75)
        strip(plate, _legend(), top_in=foot + 0.5)
    return plate


_WHO = ("adult women", "minors", "men", "LGBTQ")
_WHEN = ("weekday noon", "weeknight 02:00", "weekend")


def _orders(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return groups and times as they are told in the study, strangers last."""
    found = []
    for column, known in (("eligibility", _WHO), ("when", _WHEN)):
        here = set(table[column])
        found.append([*(name for name in known if name in here), *sorted(here - set(known))])
    return found[0], found[1]


def _rows(table: pd.DataFrame, required: Sequence[str]) -> list[str]:
    """Order rows: the chain, its links, then the other kinds that anybody has at all."""
    here = set(table["category"])
    some = table.loc[table["none_share"] < 1, "category"].unique()
    others = sorted((set(some) - set(required) - {ALL_REQUIRED}), key=label_of)
    return [name for name in (ALL_REQUIRED, *required) if name in here] + others


def _canvas(plate: Plate) -> Axes:
    """Axes over the whole page, in inches."""
    width, height = plate.get_size_inches()
    axes = plate.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    return axes


def _draw_matrix(
    axes: Axes,
    cells: Any,
    rows: Sequence[str],
    required: Sequence[str],
    who: Sequence[str],
    when: Sequence[str],
    top_in: float,
) -> None:
    room = theme.PAGE_IN[0] - _LEFT_IN - 0.32 - _GAP_IN * (len(who) - 1)
    width = room / (len(who) * len(when))
    small, soft = theme.TEXT_PT["small"], theme.COLOUR["soft"]
    for number, group in enumerate(who):
        left = _LEFT_IN + number * (width * len(when) + _GAP_IN)
        axes.text(left, top_in + 0.43, group, fontsize=theme.TEXT_PT["body"], fontweight="bold", va="bottom")
        for column, moment in enumerate(when):
            middle = left + (column + 0.5) * width
            two = words.moment(moment).replace(" ", "\n", 1)
            axes.text(middle, top_in + 0.06, two, ha="center", va="bottom", fontsize=small, color=soft, linespacing=1.1)
    for line, category in enumerate(rows):
        y = top_in - (line + 1) * _ROW_IN - (0.2 if line else 0) - (0.2 if line > len(required) else 0)
        chain = category == ALL_REQUIRED
        axes.text(
            _LEFT_IN - 0.12,
            y + _ROW_IN * 0.55,
            f"All {len(required)} required" if chain else label_of(category),
            ha="right",
            va="center",
            fontsize=theme.TEXT_PT["label"],
            fontweight="bold" if chain or category in required else "normal",
        )
        for number, group in enumerate(who):
            for column, moment in enumerate(when):
                left = _LEFT_IN + number * (width * len(when) + _GAP_IN) + column * width
                _cell(axes, cells.loc[(category, group, moment)], left + 0.02, y, width - 0.04)


def _cell(axes: Axes, row: Any, left: float, bottom: float, width: float) -> None:
    """One cell: a patch with the number, and under it the bar of all people."""
    shares = [float(row[f"{name}_share"]) for name in CLASSES]
    ink, edge = theme.COLOUR["ink"], theme.COLOUR["soft"]
    said, fill, colour = _told(shares[0], shares[1])
    axes.add_patch(Rectangle((left, bottom + 0.14), width, 0.22, facecolor=fill))
    axes.text(
        left + width / 2,
        bottom + 0.245,
        said,
        ha="center",
        va="center",
        fontsize=theme.TEXT_PT["label"],
        color=colour,
    )
    x = left
    for name, share in zip(CLASSES, shares, strict=True):
        face, hatch = _FILL[name]
        axes.add_patch(
            Rectangle((x, bottom + 0.03), share * width, 0.1, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0)
        )
        x += share * width
    axes.add_patch(Rectangle((left, bottom + 0.03), width, 0.1, facecolor="none", edgecolor=ink, linewidth=0.5))


_FILL: dict[str, tuple[str, str | None]] = {
    "open": (theme.COLOUR["ink"], None),
    "hours_unknown": ("white", "//////"),
    "by_referral": (theme.COLOUR["rule"], None),
    "none": ("white", None),
}


def _legend() -> list[list[Entry]]:
    first = [
        Entry("Known to be open:", "heading"),
        Entry("?: hours unknown", colour=theme.COLOUR["unknown"]),
        Entry("none", colour=shade(0)),
    ]
    bounds = (0.0, *_STEPS, 1.0)
    first += [
        Entry(
            f"{'over ' if low == 0 else f'{low * 100:.0f}–'}{'0–' if low == 0 else ''}{high * 100:.0f}%",
            colour=shade(high),
        )
        for low, high in pairwise(bounds)
    ]
    second = [Entry("Bar, all people:", "heading")]
    second += [
        Entry(SAID[name], "hatch" if hatch else "fill", colour=face, hatch=hatch)
        for name, (face, hatch) in _FILL.items()
    ]
    return [first, second]


def _message(cells: Any, rows: Sequence[str], required: Sequence[str]) -> str:
    """Say what the chain and its least known links show."""
    if ALL_REQUIRED in rows and not (cells.loc[ALL_REQUIRED, "open_share"] > 0).any():
        unsure = float(cells.loc[ALL_REQUIRED, "hours_unknown_share"].max())
        if unsure > 0:
            return (
                f"Whether all {len(required)} kinds of help are open at one time is unknown:"
                f" up to {words.percent(unsure)} of people have them near, hours not recorded"
            )
        return f"At no hour are all {len(required)} kinds of help open to anyone"
    best = float(cells.loc[ALL_REQUIRED, "open_share"].max()) if ALL_REQUIRED in rows else float("nan")
    worst = float(cells.loc[ALL_REQUIRED, "open_share"].min()) if ALL_REQUIRED in rows else float("nan")
    return (
        f"All {len(required)} kinds of help together are known to be open for {words.percent(worst)} to"
        f" {words.percent(best)} of people"
    )


def _alt_text(cells: Any, rows: Sequence[str], who: Sequence[str], when: Sequence[str]) -> str:
    said = [
        f"Chart of {len(rows)} rows, {len(who)} groups and {len(when)} times. Known to be open, then hours unknown:"
    ]
    for category in rows:
        parts = []
        for group in who:
            here = cells.loc[(category, group)].loc[list(when)]
            spread = "/".join(
                _told(float(known), float(unsure))[0]
                for known, unsure in zip(here["open_share"], here["hours_unknown_share"], strict=True)
            )
            unsure = "/".join(words.short_percent(float(share)) for share in here["hours_unknown_share"])
            parts.append(f"{group} {spread}, {unsure}")
        said.append(f"{label_of(category)}: {'; '.join(parts)}.")
    return " ".join(said)


_MARK = {
    # class: marker, face, edge, scale of the side
    "open": ("o", theme.RAMP[0], theme.COLOUR["ink"], 1.0),
    "hours_unknown": ("o", theme.COLOUR["unknown"], theme.COLOUR["ink"], 1.0),
    "by_referral": ("^", theme.RAMP[1], theme.COLOUR["ink"], 1.1),
    "none": ("s", theme.COLOUR["accent"], "white", 0.9),
}


def matrix_map(
    classes: Released, *, ground: Background, cutoff_min: float | None = None, title: str | None = None
) -> Plate:
    """Small maps of one kind of help: a row for each time of week, a column for each group.

    Parameters
    ----------
    classes
        Released table ``place_id, category, eligibility, when, service_class, population_count`` with a point; one
        category.
    ground
        Background of the study.
    cutoff_min
        Minutes that count as in reach.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, lacks a column, or holds several categories.
    """
    cutoff_min = bound("cutoff_min", cutoff_min, require_released(classes, kind="equity"))
    points = base.projected_points(classes, ground.crs)
    need(points, ["category", "eligibility", "when", "service_class", "population_count"], "classes")
    kinds = sorted(points["category"].unique())
    if len(kinds) != 1:
        raise TableError(f"A sheet shows one category, not {len(kinds)}; release one at a time.")
    who, when = _orders(points)
    shares = _class_shares(points)
    notices = (UNKNOWN, words.MODEL, words.LOWER_BOUND, words.ODBL)
    released = [classes, *ground.released]
    foot = foot_height_in(foot_lines(released, notices, width_in=theme.PAGE_IN[0]))
    side = (theme.PAGE_IN[0] - 0.64 - 0.3 - 0.12 * (len(who) - 1)) / len(who)
    left, bottom, right, top = ground.whole.extent
    tall = side * (top - bottom) / (right - left)
    height = foot + 1.95 + len(when) * (tall + 0.3)
    phrase = words.nearest_phrase(kinds[0])
    plate = new_plate(
        title or _map_message(phrase, shares),
        f"Which ZIP code areas are within {cutoff_min:g} minutes by car of {phrase} that takes the group then?"
        " Size: people.",
        alt_text=f"{len(who) * len(when)} small maps. "
        + " ".join(
            f"{group}, {words.moment(moment)}: {words.percent(share)} open."
            for (group, moment), share in shares.items()
        ),
        released=released,
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    # a title of two lines takes room from above the maps
    top_in = min(height - 1.32, plate.body_in[1] - 0.5)
    with theme.applied():
        for row, moment in enumerate(when):
            for column, group in enumerate(who):
                x, y = 0.62 + column * (side + 0.12), top_in - (row + 1) * (tall + 0.3) + 0.3
                axes = plate.add_axes((x / theme.PAGE_IN[0], y / height, side / theme.PAGE_IN[0], tall / height))
                base.prepare(axes, ground.whole)
                axes.axis("off")
                base.draw_under(axes, ground.whole)
                base.draw_over(axes, ground.whole, names=False, furniture=False)
                _marks(axes, points[(points["when"] == moment) & (points["eligibility"] == group)])
                plate.text(
                    x / theme.PAGE_IN[0],
                    (y + tall + 0.05) / height,
                    f"{words.one_in(shares[group, moment])} open",
                    fontsize=theme.TEXT_PT["small"],
                    color=theme.COLOUR["soft"],
                )
                if row == 0:
                    plate.text(
                        x / theme.PAGE_IN[0],
                        (y + tall + 0.25) / height,
                        group,
                        fontsize=theme.TEXT_PT["body"],
                        fontweight="bold",
                    )
                if column == 0:
                    plate.text(
                        0.45 / theme.PAGE_IN[0],
                        (y + tall / 2) / height,
                        words.moment(moment),
                        rotation=90,
                        ha="center",
                        va="center",
                        fontsize=theme.TEXT_PT["body"],
                        fontweight="bold",
                    )
        entries = [
            Entry(SAID[name], "symbol", face, mark, 8.0, edge=edge) for name, (mark, face, edge, _) in _MARK.items()
        ]
        strip(plate, [entries], top_in=foot + 0.2)
    return plate


def _class_shares(points: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Share of people for whom it is known to be open, by group and time; all count alike here."""
    who, when = _orders(points)
    table = points.assign(open=points["population_count"].where(points["service_class"] == "open", 0))
    sums = table.groupby(["eligibility", "when"])[["open", "population_count"]].sum()
    share = sums["open"] / sums["population_count"]
    return {(group, moment): float(share[group, moment]) for group in who for moment in when}


def _map_message(phrase: str, shares: dict[tuple[str, str], float]) -> str:
    """Name the best panel and the worst, of the same group where its hours make the difference."""
    best = max(shares, key=lambda key: shares[key])
    same = {key: share for key, share in shares.items() if key[0] == best[0]}
    worst = min(same if min(same.values()) < shares[best] else shares, key=lambda key: shares[key])
    found = f"{words.one_in(shares[best])} {best[0]}"
    if shares[worst] == shares[best]:
        return f"Whoever asks and when: {phrase} is known to be open to {words.one_in(shares[best])}"
    other = "" if worst[0] == best[0] else f" {worst[0]}"
    when, then = words.moment(best[1]), words.moment(worst[1])
    return f"{phrase.capitalize()} known to be open: {found}, {when}; {words.one_in(shares[worst])}{other}, {then}"


def _marks(axes: Axes, points: pd.DataFrame) -> None:
    """Draw the largest places first, so that none is hidden by a larger one."""
    for name, (marker, face, edge, scale) in _MARK.items():
        here = points[points["service_class"] == name].sort_values("population_count", ascending=False)
        side = np.sqrt(np.maximum(here["population_count"].to_numpy(dtype=float) / 10_000 * 15, 5.0)) * scale
        axes.scatter(
            here["x"], here["y"], s=side**2, marker=marker, facecolors=face, edgecolors=edge, linewidths=0.45, zorder=36
        )
