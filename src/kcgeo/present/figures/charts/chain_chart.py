"""What each stage of the chain can carry: what is sure, what is not known, and what the whole comes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kcgeo.disclosure import Released, require_released
from kcgeo.findings import Finding, written
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import need
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["chain_chart"]

_LEAST = 0.1
"""People a week below which the scale is even."""
_LEGEND = "Solid: sure, from known beds. Hatched: possible, beds not known. Line: what the whole surely carries."


def chain_chart(stages: Released, more: Released | None = None, *, finding: Finding, title: str | None = None) -> Plate:
    """Draw for each stage how many people a week its listed beds carry, and where more beds would help most.

    Parameters
    ----------
    stages
        Released table ``stage, stage_index, low_week, high_week, binds, sites_count, unknown_count`` of
        :func:`kcgeo.study.chain`; NaN in ``high_week`` is no upper bound.
    more
        Released table ``plan, stage, area, beds_count, before_week, after_week, gained_count``.
    finding
        What the whole carries: the title, and the line.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    given = [stages] if more is None else [stages, more]
    table = require_released(stages, kind="chain").table.sort_values("stage_index")
    need(table, ["stage", "low_week", "high_week", "binds", "sites_count", "unknown_count"], "stages")
    placed = [] if more is None else _placed(require_released(more, kind="chain").table)
    told = [_told(row) for row in table.to_dict("records")]
    plate = new_plate(
        title or finding.say(),
        f"People a week whom the listed beds of each stage carry, if each stays as long as is assumed. {_LEGEND}",
        alt_text=" ".join([f"{finding.say()}.", *map(": ".join, zip(table["stage"], told, strict=True)), *placed]),
        released=given,
        notices=(words.LOWER_BOUND, *(f"{note[:1].upper()}{note[1:]}." for note in finding.notices[1:])),
        findings=[finding],
    )
    width, height = plate.get_size_inches()
    low, high = plate.body_in
    below = 0.45 * len(placed) + 0.5
    with theme.applied():
        axes = plate.add_axes(
            (2.2 / width, (low + below) / height, (width - 2.8) / width, (high - low - below - 0.3) / height)
        )
        sure, ceiling = table["low_week"].to_numpy(), table["high_week"].to_numpy()
        end = 3 * max(float(np.nanmax(np.append(ceiling, sure))), 1.0)
        at = np.arange(len(table))
        most = np.nan_to_num(ceiling, nan=end)
        axes.barh(at, most, color="white", hatch="///", edgecolor=theme.COLOUR["rule"])
        axes.barh(at, sure, color=theme.COLOUR["deep"])
        axes.axvline(finding.value, color=theme.COLOUR["accent"], linewidth=2)
        for row, text in zip(at, told, strict=True):
            axes.text(0.02, row - 0.47, text, transform=axes.get_yaxis_transform(), fontsize=theme.TEXT_PT["label"])
        axes.set_xscale("symlog", linthresh=_LEAST)
        axes.set(xlim=(0, end), ylim=(len(table) - 0.4, -0.75))
        axes.set_yticks(at, table["stage"], fontsize=theme.TEXT_PT["body"])
        axes.set_xticks(
            ticks := [one for one in (0, 0.1, 1, 10, 100, 1000) if one <= end], [f"{one:g}" for one in ticks]
        )
        axes.set_xlabel("people a week", fontsize=theme.TEXT_PT["label"])
        for number, sentence in enumerate(placed):
            place = (0.33 / width, (low + 0.2 + 0.35 * (len(placed) - number - 1)) / height)
            plate.text(*place, sentence, fontsize=theme.TEXT_PT["label"])
    return plate


def _told(row: dict[Any, Any]) -> str:
    known = int(row["sites_count"] - row["unknown_count"])
    most = "no upper bound is known" if pd.isna(row["high_week"]) else f"at most {written(row['high_week'], 'rate')}"
    held = " Holds the chain back." if row["binds"] else ""
    return (
        f"{written(row['low_week'], 'rate')} surely, {most}; beds are sure at {known} of {int(row['sites_count'])}"
        f" sites.{held}"
    )


def _placed(table: pd.DataFrame) -> list[str]:
    """Say of each plan where the beds go, what the whole then carries, and who comes within reach."""
    need(table, ["plan", "stage", "area", "beds_count", "before_week", "after_week", "gained_count"], "plans")
    found = []
    for plan, rows in table.groupby("plan", sort=False):
        where = written([f"{int(row['beds_count'])} at {row['area']}" for row in rows.to_dict("records")], "list")
        first = rows.iloc[0]
        before, after = (written(first[name], "rate") for name in ("before_week", "after_week"))
        found.append(
            f"More beds ({first['stage']}), {plan}: {where}. The whole then carries {after} a week (now {before});"
            f" {written(first['gained_count'], 'people')} more people in reach."
        )
    return found
