"""Service symbols: one for each site and family, moved apart where they would cover each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kcgeo.present.look import theme
from kcgeo.present.look.background import Panel, inside

__all__ = ["FIRST", "apart", "draw_sites", "families", "site_symbols"]

Array = NDArray[np.float64]

# A site that does several things shows the rarest of them; the legend says so.
FIRST = ("children", "health", "justice", "housing", "support", "outreach")
"""Families in the order in which one of several is chosen."""


def families(categories: Sequence[str]) -> theme.Family:
    """Family under which a service with these categories is drawn: the first of a fixed order, rare ones first.

    >>> families(("counselling", "forensic_exam")).key
    'health'
    """
    found = {theme.family_of(category).key for category in categories}
    first = min(found, key=FIRST.index)
    return next(family for family in theme.FAMILIES if family.key == first)


def site_symbols(points: pd.DataFrame) -> pd.DataFrame:
    """One row for each site and family with ``x, y`` in metres; rows of one site in one family count once.

    ``rough`` tells a place that is known by its ZIP code only.
    """
    table = points.assign(family=[families(tuple(row)).key for row in points["categories"]])
    site = table["site_id"] if "site_id" in table else pd.Series(None, index=table.index, dtype=object)
    # a row without a site of its own is a site
    table = table.assign(
        site=site.where(site.notna(), table["service_id"].astype(str)).astype(str),
        rough=table["coordinate_precision"].eq("zip") if "coordinate_precision" in table else False,
    )
    table = table.sort_values(["family", "site", "service_id"], kind="stable")
    return table.drop_duplicates(["family", "site"])[["family", "site", "x", "y", "rough"]].reset_index(drop=True)


def apart(xy: Array, *, gap: float, rounds: int = 300) -> Array:
    """Move points apart until no two are nearer than ``gap``, each as little as it needs; same input, same output.

    Parameters
    ----------
    xy
        Points, shape (n, 2), in any unit of length.
    gap
        Least distance wanted, in the same unit.
    rounds
        Most steps that are tried.
    """
    count = len(xy)
    if count < 2:
        return xy.copy()
    # points on one spot need a direction: the golden angle spreads any number of them evenly
    angle = np.arange(count) * 2.399963
    moved = xy + np.column_stack([np.cos(angle), np.sin(angle)]) * gap * 0.01
    for _ in range(rounds):
        delta = moved[:, None, :] - moved[None, :, :]
        distance = np.hypot(delta[..., 0], delta[..., 1])
        np.fill_diagonal(distance, np.inf)
        push = np.where(distance < gap, (gap - distance) / 2, 0.0)
        if not push.any():
            break
        step = (delta / np.maximum(distance, 1e-9)[..., None] * push[..., None]).sum(axis=1)
        moved = moved + 0.55 * step + 0.01 * (xy - moved)
    return np.asarray(moved)


def draw_sites(axes: Axes, panel: Panel, symbols: pd.DataFrame, *, size_pt: float, gap_pt: float) -> None:
    """Draw site symbols in a panel; one moved by more than half its size gets a line to its true place."""
    here = symbols[inside(symbols, panel)].reset_index(drop=True)
    if here.empty:
        return
    true = here[["x", "y"]].to_numpy(dtype=float)
    shown = apart(true, gap=gap_pt * panel.metres_per_point) if gap_pt else true
    far = np.hypot(*(shown - true).T) > 0.75 * size_pt * panel.metres_per_point
    for (x0, y0), (x1, y1) in zip(true[far], shown[far], strict=True):
        axes.plot([x0, x1], [y0, y1], color=theme.COLOUR["ink"], linewidth=0.5, zorder=46)
    if far.any():
        axes.scatter(true[far][:, 0], true[far][:, 1], s=4, c=theme.COLOUR["ink"], linewidths=0, zorder=46)
    for family in theme.FAMILIES:
        for rough in (False, True):
            pick = (here["family"] == family.key).to_numpy() & (here["rough"].to_numpy(dtype=bool) == rough)
            if pick.any():
                axes.scatter(
                    shown[pick][:, 0],
                    shown[pick][:, 1],
                    s=(size_pt * family.scale) ** 2,
                    marker=family.marker,
                    facecolors="white" if rough else family.colour,
                    edgecolors=family.edge if not rough or family.edge != "white" else family.colour,
                    linewidths=1.5 if rough else 0.8,
                    zorder=47 + (0 if rough else 1),
                )
