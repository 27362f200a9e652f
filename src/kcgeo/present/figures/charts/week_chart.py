"""Seven days and twenty-four hours: when help is open in reach, one strip a kind of help."""

from __future__ import annotations

import numpy as np

from kcgeo.disclosure import Released, require_released
from kcgeo.findings import written
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import need
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["week_chart"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Holiday")
_COLUMNS = 3


def week_chart(week: Released, *, title: str | None = None) -> Plate:
    """Draw for each kind of help the share of people with an open service in reach, by day and hour.

    Parameters
    ----------
    week
        Released table ``category, group, day_rank, hour_index`` and shares by state of :func:`kcgeo.study.week`, which
        knows ``cutoff_min`` and ``required``.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or lacks a column.
    """
    about = require_released(week, kind="coverage").about
    table = week.table
    table = table[table["group"] == "population_count"]
    kinds = list(about["required"])
    columns = {"in_reach": "in_reach_share", "silent": "hours_unknown_share", "unlooked": "not_collected_share"}
    need(table, ["category", "group", "day_rank", "hour_index", *columns.values()], "week")
    grids = {
        name: {
            kind: table[table["category"] == kind].pivot(index="day_rank", columns="hour_index", values=column)
            for kind in kinds
        }
        for name, column in columns.items()
    }
    best = {kind: float(grid.to_numpy().max()) for kind, grid in grids["in_reach"].items()}
    silent = {kind: float(grid.to_numpy().max()) for kind, grid in grids["silent"].items()}
    said = [
        f"{words.category_label(kind)}: open in reach for at most {written(best[kind], 'percent')},"
        f" hours unknown for up to {written(silent[kind], 'percent')}."
        for kind in kinds
    ]
    plate = new_plate(
        title or _message(best, silent),
        f"Share of people with a service known to be open within {about['cutoff_min']:g} minutes by car, by day and"
        " hour. Bright: many. Dark: few. Hatched: nobody states hours, or nobody has looked.",
        alt_text=" ".join(said),
        released=[week],
        notices=(words.MODEL, words.LOWER_BOUND, "Unknown hours never count as open."),
    )
    rows = -(-len(kinds) // _COLUMNS)
    width, height = plate.get_size_inches()
    low, high = plate.body_in
    with theme.applied():
        for number, kind in enumerate(kinds):
            row, column = divmod(number, _COLUMNS)
            tall = (high - low) / rows
            axes = plate.add_axes(
                (
                    (0.75 + column * (width - 0.6) / _COLUMNS) / width,
                    (high - (row + 1) * tall + 0.42) / height,
                    ((width - 0.6) / _COLUMNS - 0.65) / width,
                    (tall - 0.8) / height,
                )
            )
            open_share = grids["in_reach"][kind].to_numpy(dtype=float)
            # unknown is never the lowest color
            nobody_knows = grids["silent"][kind].to_numpy(dtype=float) + grids["unlooked"][kind].to_numpy(dtype=float)
            unknown = (open_share == 0) & (nobody_knows > 0)
            axes.patch.set(facecolor="white", hatch="///", edgecolor=theme.COLOUR["rule"])
            shown = np.ma.masked_array(open_share, unknown)
            axes.imshow(shown, cmap="cividis", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
            heading = f"{words.category_label(kind)}: up to {written(best[kind], 'percent')} open"
            axes.set_title(heading, fontsize=theme.TEXT_PT["label"], loc="left")
            axes.set_yticks(np.arange(len(_DAYS)), _DAYS, fontsize=theme.TEXT_PT["small"])
            axes.set_xticks([0, 6, 12, 18, 23], ["12 a.m.", "6", "noon", "6", "11"], fontsize=theme.TEXT_PT["small"])
            axes.tick_params(length=0)
    return plate


def _message(best: dict[str, float], silent: dict[str, float]) -> str:
    """Say which kinds state no hours, or for which kind fewest people have an open site in reach."""
    mute = [words.category_label(kind).lower() for kind, share in best.items() if share == 0 and silent[kind] > 0]
    if mute:
        return f"No site in reach states its hours for {written(mute, 'list')}"
    least = min(best, key=lambda kind: best[kind])
    share = written(best[least], "percent")
    return f"At no hour do more than {share} of people have {words.category_label(least).lower()} open in reach"
