"""The attack as a picture: what four publishers show of an invented town, and where its hidden shelter can still be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import theme, words
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["attack_map"]

_SIZE_IN = (11.0, 7.5)
_PANEL_IN, _GAP_IN = 2.42, 0.22
_TOP_IN, _LOW_IN = 3.98, 1.12
_EDGES_MIN = (15.0, 30.0, 45.0)
_AVERAGED, _HOUSE = "averages", "kcgeo"
_NEEDED = {"publisher", "step_east", "step_north", "shown", "fits", "is_shelter"}
NOTICE = "Town, streets and shelter are invented and stand for no real place."


def attack_map(released: Mapping[str, Released], names: Mapping[str, str], *, title: str | None = None) -> Plate:
    """Two rows of small maps: what each publisher shows, and the places that the attacker is left with.

    Parameters
    ----------
    released
        Releases of kind "demonstration": ``grid`` (``publisher, step_east, step_north, shown`` in minutes, ``fits``,
        ``is_shelter``), ``masked`` (points in steps) and ``attack`` (``publisher, places_count, off_km``).
    names
        Publishers in the order of the columns, with their headings.
    title
        Own title in place of the question.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a publisher.
    """
    tables = {key: require_released(released[key], kind="demonstration").table for key in ("grid", "masked", "attack")}
    grid, found = tables["grid"], tables["attack"].set_index("publisher")
    missing = sorted(_NEEDED - set(grid.columns)) or sorted(set(names) - (set(grid["publisher"]) & set(found.index)))
    if missing:
        raise TableError(f"The tables of the attack lack {', '.join(missing)}.")
    count = int(grid.groupby("publisher").size().iloc[0])
    left = found["places_count"].astype(int).to_dict()
    said = {name: _verdict(left[name], float(found["off_km"].loc[name]), count) for name in names}
    plate = new_plate(
        title or "Can a shelter be found from a map that hides it?",
        "An invented town with a hidden shelter, published four ways to a reader who knows streets and method.",
        alt_text="Attack on an invented town. " + " ".join(f"{names[name]}: {said[name]}." for name in names),
        released=[released[key] for key in tables],
        notices=(NOTICE,),
        size_in=_SIZE_IN,
    )
    with theme.applied():
        for number, name in enumerate(names):
            one = grid[grid["publisher"] == name]
            left_in = 0.36 + number * (_PANEL_IN + _GAP_IN)
            above, below = (_panel(plate, left_in, low_in) for low_in in (_TOP_IN, _LOW_IN))
            above.set_title(names[name], fontsize=theme.TEXT_PT["body"], fontweight="bold", loc="left", pad=4)
            _draw_shown(above, one, tables["masked"], tables["masked"]["publisher"] == name)
            _draw_left(below, one)
            colour = theme.COLOUR["accent"] if left[name] < count else theme.COLOUR["ink"]
            below.set_title(said[name], fontsize=theme.TEXT_PT["label"], loc="left", pad=4, color=colour)
        strip(plate, _legend(), top_in=0.83, gap_in=0.24, left_in=0.36)
    return plate


def _verdict(places: int, off_km: float, count: int) -> str:
    if places == count:
        return f"all {count} places fit: a guess"
    off = "found" if off_km == 0 else f"{off_km:.1f} km off"
    return f"{words.counted(places, 'place')} of {count} left: {off}"


def _panel(plate: Plate, left_in: float, low_in: float) -> Axes:
    width, height = _SIZE_IN
    axes = plate.add_axes((left_in / width, low_in / height, _PANEL_IN / width, _PANEL_IN / height))
    axes.set(xticks=[], yticks=[], aspect="equal")
    for spine in axes.spines.values():
        spine.set_color(theme.COLOUR["soft"])
    return axes


def _image(axes: Axes, table: pd.DataFrame, colours: npt.NDArray[np.float64]) -> None:
    """Fill one square for each crossing."""
    east, north = (table[name].to_numpy(dtype=int) for name in ("step_east", "step_north"))
    picture = np.ones((north.max() + 1, east.max() + 1, 3))
    picture[north, east] = colours
    axes.imshow(picture, origin="lower", interpolation="nearest")


def _draw_shown(axes: Axes, table: pd.DataFrame, masked: pd.DataFrame, own: pd.Series[bool]) -> None:
    """Draw what stands in the publication: classes of minutes, or points."""
    palette = np.array([to_rgb(colour) for colour in (*theme.ramp(len(_EDGES_MIN)), theme.BEYOND)])
    shown = table["shown"].to_numpy(dtype=float)
    classes = np.searchsorted(_EDGES_MIN, np.nan_to_num(shown))
    land = np.array(to_rgb(theme.COLOUR["land"]))
    _image(axes, table, np.where(np.isnan(shown)[:, None], land, palette[classes]))
    if own.any():
        axes.scatter(
            masked.loc[own, "step_east"], masked.loc[own, "step_north"], s=20, c=theme.COLOUR["ink"], linewidths=0
        )
    if _AVERAGED in set(table["publisher"]):
        middles = table.groupby("shown")[["step_east", "step_north"]].mean()
        for value, (east, north) in zip(middles.index, middles.to_numpy(), strict=True):
            axes.text(
                east, north, f"{value:.1f} min", ha="center", va="center", fontsize=theme.TEXT_PT["label"],
                fontweight="bold", bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 2},
            )  # fmt: skip
    if _HOUSE in set(table["publisher"]):
        # the whole area alike, wherever in it the shelter is
        axes.add_patch(
            Rectangle(
                (0, 0), 1, 1, transform=axes.transAxes, facecolor="none", edgecolor="white", linewidth=0,
                hatch=theme.HATCH["by_referral"],
            )
        )  # fmt: skip


def _draw_left(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the places that still fit, and a ring around the invented shelter."""
    fits = table["fits"].to_numpy(dtype=bool)[:, None]
    _image(
        axes, table, np.where(fits, np.array(to_rgb(theme.COLOUR["accent"])), np.array(to_rgb(theme.COLOUR["grid"])))
    )
    true = table[table["is_shelter"]]
    for edge, width in (("white", 3.6), (theme.COLOUR["ink"], 1.8)):
        axes.scatter(
            true["step_east"], true["step_north"], s=190, facecolors="none", edgecolors=edge, linewidths=width, zorder=3
        )


def _legend() -> list[list[Entry]]:
    bounds = (0.0, *_EDGES_MIN)
    fills = [
        Entry(f"{low:g}–{high:g} min", colour=colour)
        for low, high, colour in zip(bounds[:-1], bounds[1:], theme.ramp(len(_EDGES_MIN)), strict=True)
    ]
    fills.append(Entry(f"beyond {bounds[-1]:g} min", colour=theme.BEYOND))
    fills.append(Entry("area of a confidential service: call", "hatch", "white", hatch=theme.HATCH["by_referral"]))
    return [
        [Entry("Above, what is published:", kind="heading"), *fills],
        [
            Entry("Below, what the attacker is left with:", kind="heading"),
            Entry("a place that fits", colour=theme.COLOUR["accent"]),
            Entry("ruled out", colour=theme.COLOUR["grid"]),
            Entry("ring: the invented shelter", kind="symbol", colour="white", edge=theme.COLOUR["ink"], size=10),
        ],
    ]  # fmt: skip
