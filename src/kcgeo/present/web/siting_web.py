"""The page of a plan for the browser: map, areas, groups, alternatives and proof in one file that asks no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import words
from kcgeo.present.look.plan_words import GROUP_NAMES, plan_words
from kcgeo.present.web.page import Page, filled

__all__ = ["siting_web_page"]

Column = tuple[str, str, Callable[[Any], str]]


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _minutes(value: float) -> str:
    return "not reached" if np.isnan(value) else f"{value:.0f}"


def _text(value: Any) -> str:
    return str(value)


_TABLES: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    (
        "new_sites",
        "Chosen areas in the order of their gain",
        (
            ("name", "Area", _text),
            ("gained_count", "More people in reach", _count),
            ("covered_share", "Then within reach", words.percent),
            ("plan_share", "In good plans", words.percent),
        ),
    ),
    (
        "by_group",
        "Whom it changes",
        (
            ("group", "Group", lambda name: str(GROUP_NAMES.get(name, name)).capitalize()),
            ("total_count", "All", _count),
            ("before_share", "Before", words.percent),
            ("after_share", "After", words.percent),
            ("gained_count", "More within reach", _count),
        ),
    ),
    (
        "alternatives",
        "Plans nearly as good",
        (
            ("name", "Areas", _text),
            ("plan", "Plan", _count),
            ("worse_share", "Behind the best", lambda share: f"{share * 100:.2f}%"),
        ),
    ),
    (
        "front",
        "What one goal costs another",
        (
            ("name", "Areas", _text),
            ("covered_share", "Within reach", words.percent),
            ("worst_time_min", "Longest drive, minutes", _minutes),
            ("least_group_share", "Worst-off group", words.percent),
        ),
    ),
    (
        "closures",
        "If a public site closed",
        (
            ("name", "Site", _text),
            ("status", "Listed as", _text),
            ("lost_count", "People who lose it", _count),
            ("covered_share", "Still within reach", words.percent),
        ),
    ),
)


def siting_web_page(released: Mapping[str, Released], *, picture: str) -> Page:
    """Make the page of a plan for the browser.

    Parameters
    ----------
    released
        Releases of :func:`kcgeo.study.release_siting`.
    picture
        The map of the plan as :func:`kcgeo.present.save_figure` writes it in SVG, with its alternative text inside.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or a picture that is no SVG.
    """
    if "<svg" not in picture:
        raise TableError("The picture of a plan must be an SVG; save the map with formats=['svg'] first.")
    told = plan_words(released)
    drawing = picture[picture.index("<svg") :]
    for size in ("width", "height"):  # as wide as the page
        drawing = re.sub(rf'(<svg [^>]*?) {size}="[^"]*"', r"\1", drawing, count=1)
    tables = [_table(released[name], heading, columns) for name, heading, columns in _TABLES]
    places = _table(
        released["by_place"],
        "Every place that is newly within reach",
        (
            ("name", "Area", _text),
            ("demand_count", "People", _count),
            ("before_min", "Minutes before", _minutes),
            ("after_min", "Minutes after", _minutes),
        ),
        rows=_gained,
    )
    used = [released[name] for name, _, _ in _TABLES]
    return filled(
        "siting",
        title=told.question,
        description=told.answer,
        styles=("siting",),
        released=[*used, released["services"], released["corridors"], released["counties"]],
        lede=told.answer,
        plan=told,
        picture=Markup(drawing),
        tables=tables,
        places=places,
    )


def _gained(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["change"].eq("gained")].sort_values(["demand_count", "place_id"], ascending=[False, True])
    return rows.assign(name=rows["place_name"] + " " + rows["place_id"])


def _table(
    released: Released,
    heading: str,
    columns: tuple[Column, ...],
    *,
    rows: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table,
) -> dict[str, Any]:
    """One table in words; the first column heads its row."""
    table = rows(pd.DataFrame(require_released(released, kind="siting").table))
    return {
        "heading": heading,
        "columns": [label for _, label, _ in columns],
        "rows": [[say(row[name]) for name, _, say in columns] for row in table.to_dict("records")],
    }
