"""What is counted before it is drawn: classes of minutes and of kinds of help, for figures and pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kcgeo.disclosure import Released
from kcgeo.present.look import theme
from kcgeo.present.look.bound import need

__all__ = ["GapCounts", "count_classes", "count_label", "gap_counts", "not_connected", "share_within"]


def not_connected(table: pd.DataFrame, category: str) -> NDArray[np.bool_]:
    """Cells with no way at all: no time, and no reason that says the search only stopped at its cutoff."""
    absent = table[f"{category}_min"].isna().to_numpy()
    reason = f"{category}_reason"
    return np.asarray(absent & (table[reason] != "beyond_cutoff").to_numpy()) if reason in table else absent


def share_within(places: Released | None, category: str, minutes: float) -> float | None:
    """Share of people (0..1) in places with a time of at most ``minutes``; None without places."""
    if places is None:
        return None
    table = places.table
    need(table, [f"{category}_min", "population_count"], "places")
    people = table["population_count"].fillna(0).to_numpy(dtype=float)
    if people.sum() == 0:
        return None
    return float(people[(table[f"{category}_min"] <= minutes).to_numpy()].sum() / people.sum())


def count_classes(required_count: int) -> list[tuple[int, int]]:
    """Classes of "how many of the required kinds are in reach", from all to one, as (least, most); none is not in it.

    >>> count_classes(6)
    [(6, 6), (5, 5), (3, 4), (1, 2)]
    >>> count_classes(2)
    [(2, 2), (1, 1)]
    """
    if required_count <= theme.MAX_CLASSES:
        return [(count, count) for count in range(required_count, 0, -1)]
    rest = required_count - 2
    half = rest // 2
    return [(required_count, required_count), (required_count - 1,) * 2, (half + 1, rest), (1, half)]


@dataclass(frozen=True)
class GapCounts:
    """What the gap map is drawn from; arrays in the order of the cells, ``lacking`` in the order of the places."""

    in_reach: NDArray[np.int64]
    referred: NDArray[np.bool_]
    lacking: NDArray[np.bool_]
    lacking_count: float
    lacking_share: float


def gap_counts(cells: Released, places: Released, required: Sequence[str]) -> GapCounts:
    """Count the required categories in reach of each cell, and the people in places that lack one.

    A place lacks a category that is neither in reach nor by referral; a cell is ``referred`` where it lacks none
    although not all are in reach.
    """
    surface, people = cells.table, places.table
    columns = [f"{category}_state" for category in required]
    need(surface, columns, "cells")
    need(people, [*columns, "population_count"], "places")
    states = surface[columns].to_numpy(dtype=object)
    in_reach = (states == "in_reach").sum(axis=1)
    referred = (in_reach < len(required)) & ~(states == "none").any(axis=1)
    lacking = (people[columns].to_numpy(dtype=object) == "none").any(axis=1)
    total = float(people["population_count"].sum())
    lost = float(people.loc[lacking, "population_count"].sum())
    return GapCounts(in_reach, referred, lacking, lost, lost / total if total else 0.0)


def count_label(least: int, most: int, required_count: int) -> str:
    """Words of a class of :func:`count_classes`.

    >>> count_label(6, 6, 6), count_label(3, 4, 6)
    ('all 6', '3–4')
    """
    return f"all {least}" if least == required_count else f"{least}" if least == most else f"{least}–{most}"
