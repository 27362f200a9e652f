"""The ledger of claims as a chart: each number, its grade, what may be done with it, and which dispute each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Rectangle

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import theme
from kcgeo.present.look.bound import need
from kcgeo.present.look.plate import Plate, foot_height_in, foot_lines, new_plate, wrapped

__all__ = ["claims_chart", "disputes"]

GRADES = {
    # grade: words, face, ink
    "A": ("A, official count or law", theme.COLOUR["deep"], "white"),
    "B": ("B, named source and plausible", "#a9bdd6", theme.COLOUR["ink"]),
    "C": ("C, doubtful", "#f3dda4", theme.COLOUR["ink"]),
    "D": ("D, unsupported", "white", theme.COLOUR["ink"]),
}
USES = {
    # use: mark, words, colour
    "context": ("✓", "context", theme.COLOUR["ink"]),
    "show_with_caveat": ("✓", "with its caveat", theme.COLOUR["ink"]),
    "area_only": ("○", "by area only", theme.COLOUR["soft"]),
    "show_as_disputed": ("✗", "as disputed, never computed with", theme.COLOUR["accent"]),
    "do_not_compute": ("✗", "do not compute", theme.COLOUR["accent"]),
}
_ROW_IN, _TEXT_LEFT_IN = 0.225, 2.05


def disputes(claims: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of claims that contradict each other, each once, told by either side.

    >>> disputes(pd.DataFrame({"claim_id": ["a", "b"], "contradicts": ["b", "a"]}))
    [('a', 'b')]
    """
    known = set(claims["claim_id"])
    pairs = {
        tuple(sorted((own, other)))
        for own, others in zip(claims["claim_id"], claims["contradicts"], strict=True)
        if isinstance(others, str)
        for other in others.split(";")
        if other in known and other != own
    }
    return sorted((one, two) for one, two in pairs)


def claims_chart(claims: Released, *, title: str | None = None) -> Plate:
    """Chart of all claims, best grade first; an arc links two that cannot both hold.

    Parameters
    ----------
    claims
        Released table ``claim_id, quantity, value, unit, geography, evidence_grade, use_in_tool, contradicts``.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, lacks a column, or holds a grade or a use that the chart does not know.
    """
    table = require_released(claims, kind="reporting").table
    needed = ["claim_id", "quantity", "value", "unit", "geography", "evidence_grade", "use_in_tool", "contradicts"]
    need(table, needed, "claims")
    strange = sorted((set(table["evidence_grade"]) - set(GRADES)) | (set(table["use_in_tool"]) - set(USES)))
    if strange:
        raise TableError(f"The chart does not know the grade or use {', '.join(strange)}.")
    pairs = disputes(table)
    rows = _ordered(table, pairs)
    grades = [grade for grade in GRADES if (rows["evidence_grade"] == grade).any()]
    notices = (
        "A number that may not be computed with takes part in no result of this project.",
        "Arcs: two numbers that cannot both hold.",
    )
    foot = foot_height_in(foot_lines([claims], notices, width_in=theme.PAGE_IN[0]))
    height = foot + 1.1 + _ROW_IN * len(rows) + 0.34 * len(grades)
    barred = int((~rows["use_in_tool"].isin(["context", "show_with_caveat"])).sum())
    disputed = len({name for pair in pairs for name in pair})
    plate = new_plate(
        title
        or f"Of {len(rows)} numbers in circulation, {barred} may not be computed with and {disputed} are contradicted",
        "Every number of the source documents, by grade of its evidence, and what may be done with it.",
        alt_text=_alt_text(rows, pairs),
        released=[claims],
        notices=notices,
        size_in=(theme.PAGE_IN[0], height),
    )
    with theme.applied():
        axes = plate.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, theme.PAGE_IN[0])
        axes.set_ylim(0, height)
        axes.axis("off")
        places = _write_rows(axes, rows, grades, height - 0.75)
        _arcs(axes, pairs, places)
    return plate


def _ordered(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Sort by grade; inside one, claims that dispute each other stand together."""
    group: dict[str, str] = {}
    for one, two in pairs:
        first = min(group.get(one, one), group.get(two, two))
        for name, old in list(group.items()):
            if old in (group.get(one), group.get(two)):
                group[name] = first
        group[one] = group[two] = first
    key = [group.get(name, "~") + name for name in table["claim_id"]]
    return table.assign(_key=key).sort_values(["evidence_grade", "_key"]).drop(columns="_key").reset_index(drop=True)


def _write_rows(axes: Axes, rows: pd.DataFrame, grades: Sequence[str], top_in: float) -> dict[str, float]:
    """Write all claims from the top down and return the height of each on the page."""
    y, places = top_in, {}
    small, label = theme.TEXT_PT["small"], theme.TEXT_PT["label"]
    for grade in grades:
        words, face, ink = GRADES[grade]
        own = rows[rows["evidence_grade"] == grade]
        y -= 0.3
        axes.add_patch(
            Rectangle(
                (_TEXT_LEFT_IN, y - 0.09), 0.24, 0.2, facecolor=face, edgecolor=theme.COLOUR["ink"], linewidth=0.8
            )
        )
        axes.text(
            _TEXT_LEFT_IN + 0.12, y, grade, ha="center", va="center", fontsize=label, fontweight="bold", color=ink
        )
        axes.text(
            _TEXT_LEFT_IN + 0.36,
            y,
            f"{words.split(', ', 1)[1].capitalize()} ({len(own)})",
            va="center",
            fontsize=theme.TEXT_PT["body"],
            fontweight="bold",
        )
        y -= 0.04
        for row in own.itertuples():
            y -= _ROW_IN
            places[str(row.claim_id)] = y
            mark, said, colour = USES[str(row.use_in_tool)]
            axes.text(
                _TEXT_LEFT_IN + 0.05, y, str(row.claim_id), va="center", fontsize=small, color=theme.COLOUR["soft"]
            )
            axes.text(_TEXT_LEFT_IN + 0.68, y, _value(row), va="center", fontsize=small, fontweight="bold")
            quantity, where = str(row.quantity), str(row.geography)
            what = quantity if where.split(" (")[0] in quantity else f"{quantity}, {where}"
            fits = wrapped(what, size_pt=small, width_in=3.5)
            axes.text(_TEXT_LEFT_IN + 3.08, y, fits[0] + (" …" if len(fits) > 1 else ""), va="center", fontsize=small)
            axes.text(8.85, y, mark, va="center", ha="center", fontsize=label, color=colour, fontweight="bold")
            axes.text(9.0, y, _use(said), va="center", fontsize=small, color=colour)
    return places


def _use(said: str) -> str:
    return said.split(",")[0]


def _value(row: Any) -> str:
    """Write a number with its unit as people read it; a year takes neither comma nor unit.

    A number that may be told by area only could help to find a shelter: it is not written.
    """
    if row.use_in_tool == "area_only":
        return "not shown"
    text, unit = str(row.value), str(row.unit)
    if unit == "year":
        return text
    if text.replace(".", "", 1).isdigit():
        number = float(text)
        text = f"{number / 1e9:,.0f} billion" if number >= 1e9 else f"{number:,.0f}"
    short = {"persons per year": "persons/year", "USD per year": "USD/year", "percent": "%"}.get(unit, unit)
    if unit == "rank":
        return f"rank {text}" if text[0].isdigit() else text
    return text if " of " in text and unit == "ratio" else f"{text} {short}"


def _arcs(axes: Axes, pairs: Sequence[tuple[str, str]], places: dict[str, float]) -> None:
    """Link two disputed claims at the left of the list: the farther apart, the wider the arc."""
    reach = _TEXT_LEFT_IN - 0.45
    spans = [abs(places[one] - places[two]) for one, two in pairs]
    longest = max(spans, default=1.0)
    for (one, two), span in zip(pairs, spans, strict=True):
        low, high = sorted((places[one], places[two]))
        wide = 0.25 + (reach - 0.25) * np.sqrt(span / longest)
        axes.add_patch(
            Arc(
                (_TEXT_LEFT_IN - 0.06, (low + high) / 2),
                2 * wide,
                high - low,
                theta1=90,
                theta2=270,
                color=theme.COLOUR["accent"],
                linewidth=1.2,
            )
        )
    ends = sorted({name for pair in pairs for name in pair})
    axes.scatter(
        [_TEXT_LEFT_IN - 0.06] * len(ends),
        [places[name] for name in ends],
        s=16,
        color=theme.COLOUR["accent"],
        zorder=4,
    )


def _alt_text(rows: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> str:
    counts = rows["evidence_grade"].value_counts().sort_index()
    graded = ", ".join(f"{count} of grade {grade}" for grade, count in counts.items())
    linked = "; ".join(f"{one} and {two}" for one, two in pairs) or "none"
    return f"List of {len(rows)} claims: {graded}. Contradictions: {linked}."
