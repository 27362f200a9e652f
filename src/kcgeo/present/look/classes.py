"""What is counted before it is drawn: classes of minutes and of kinds of help, for figures and pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kcgeo.disclosure import Released
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import need

__all__ = [
    "GapCounts",
    "by_county",
    "count_classes",
    "count_colours",
    "count_label",
    "gap_counts",
    "kinds_lacking",
    "not_collected",
    "not_connected",
    "share_within",
]


def not_connected(table: pd.DataFrame, category: str) -> NDArray[np.bool_]:
    """Cells with no way at all: no time, and no reason that says the search only stopped at its cutoff."""
    absent = table[f"{category}_min"].isna().to_numpy()
    reason = f"{category}_reason"
    return np.asarray(absent & (table[reason] != "beyond_cutoff").to_numpy()) if reason in table else absent


def not_collected(table: pd.DataFrame, category: str) -> NDArray[np.bool_]:
    """Cells of counties in which nobody has looked for a kind of help."""
    state = f"{category}_state"
    return np.asarray(table[state].eq("not_collected")) if state in table else np.zeros(len(table), dtype=bool)


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
    """Classes of "how many of the required kinds are lacking", from none to all, as (least, most).

    >>> count_classes(6)
    [(0, 0), (1, 1), (2, 3), (4, 6)]
    >>> count_classes(2)
    [(0, 0), (1, 1), (2, 2)]
    """
    # one lacking is most people's case, so it is a class of its own
    ends = sorted({0, 1, -(-required_count // 2), required_count})
    return [(0, 0), *((low + 1, high) for low, high in pairwise(ends))]


def count_colours(required_count: int) -> list[str]:
    """Colours of :func:`count_classes`: pale for nothing lacking, then ever louder."""
    loud = len(count_classes(required_count)) - 1
    return [theme.RAMP[0], *{1: theme.LACKING[1:2], 2: theme.LACKING[::2]}.get(loud, theme.LACKING)]


def count_label(least: int, most: int, required_count: int) -> str:
    """Words of a class of :func:`count_classes`.

    >>> count_label(0, 0, 6), count_label(2, 3, 6), count_label(4, 6, 6), count_label(2, 2, 2)
    ('none', '2–3', '4–6', 'all 2')
    """
    if most == 0:
        return "none"
    if least == most:
        return f"all {most}" if most == required_count else f"{most}"
    return f"{least}–{most}"


@dataclass(frozen=True)
class GapCounts:
    """What the gap map is drawn from; arrays in the order of the cells, ``lacking`` in the order of the places."""

    lacking_kinds: NDArray[np.int64]
    referred: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    lacking: NDArray[np.bool_]
    lacking_count: float
    lacking_share: float


def kinds_lacking(table: pd.DataFrame, required: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """For each row: how many kinds are lacking, whether the rest is by referral, whether something is unknown.

    A kind is lacking where it is ``none``. What was not collected, or has hours that nobody knows, is never lacking and
    never in reach: it is unknown.
    """
    states = table[[f"{category}_state" for category in required]].to_numpy(dtype=object)
    kinds = (states == "none").sum(axis=1)
    unknown = (kinds == 0) & np.isin(states, ["not_collected", "hours_unknown"]).any(axis=1)
    return kinds, (kinds == 0) & ~unknown & (states == "by_referral").any(axis=1), unknown


def gap_counts(cells: Released, places: Released, required: Sequence[str]) -> GapCounts:
    """Count the required categories that each cell lacks, and the people in places that lack one."""
    surface, people = cells.table, places.table
    columns = [f"{category}_state" for category in required]
    need(surface, columns, "cells")
    need(people, [*columns, "population_count"], "places")
    kinds, referred, unknown = kinds_lacking(surface, required)
    lacking = kinds_lacking(people, required)[0] > 0
    total = float(people["population_count"].sum())
    lost = float(people.loc[lacking, "population_count"].sum())
    return GapCounts(kinds, referred, unknown, lacking, lost, lost / total if total else 0.0)


def by_county(people: pd.DataFrame, chosen: NDArray[np.bool_], counties: pd.DataFrame, what: str) -> str:
    """Say in which counties nearly all people are among the chosen places, and in which nobody is.

    Parameters
    ----------
    people
        Places with ``county_fips`` and ``population_count``; without counties nothing is said.
    chosen
        One flag a place.
    counties
        ``county_fips, name``.
    what
        What the chosen do, e.g. ``lack one``.
    """
    if "county_fips" not in people:
        return ""
    head = people["population_count"].fillna(0)
    sums = pd.DataFrame({"county_fips": people["county_fips"], "all": head, "part": head.where(chosen, 0.0)})
    share = sums.groupby("county_fips").sum().pipe(lambda rows: rows["part"] / rows["all"].where(rows["all"] > 0))
    names = counties.drop_duplicates("county_fips").set_index("county_fips")["name"]
    named = share.rename(names.to_dict()).sort_index()
    most = [str(name) for name in named.index[named >= 0.9]]
    nobody = [str(name) for name in named.index[named == 0]]
    said = [("Nearly all people", most), ("No people", nobody)]
    return " ".join(
        f"{who} of {words.listed(found)} {'Counties' if len(found) > 1 else 'County'} {what}."
        for who, found in said
        if found
    )
