"""One corridor drawn as strips on one axis of miles: exits above, a strip for each kind of help, mileposts below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from kcgeo.present.look import theme, words
from kcgeo.present.look.plate import Plate

__all__ = ["BAND", "GAP", "SERVED", "Band", "Border", "Corridor", "Exit", "Miles", "Town", "block_in", "draw_corridor"]

SERVED, GAP, BAND = "#cfe0e6", theme.COLOUR["accent"], "#f9e3d8"
"""Fill of served miles, of miles over the cutoff, and of the band behind these."""

_STRIP_IN, _SPACE_IN = 0.385, 0.035
_ABOVE_IN, _BELOW_IN = 0.70, 0.36
_HEADING_IN, _EXITS_IN, _MILES_IN, _TOWNS_IN = 0.26, 0.42, 0.2, 0.17
_ADVANCE = 0.6  # mean width of a letter in units of its size
_TICK_EVERY_MI = 5

Numbers = NDArray[np.float64]


class Band(NamedTuple):
    """A stretch over the cutoff, in miles along the route, its words, and its state."""

    from_mi: float
    to_mi: float
    text: str
    state: str


class Exit(NamedTuple):
    """An exit: miles along the route, its number, and the route met there."""

    at_mi: float
    number: str
    meets: str | None


class Town(NamedTuple):
    """A town beside the road: miles along the route, and its name."""

    at_mi: float
    name: str


class Border(NamedTuple):
    """Where a state or a mile system ends, in miles along the route, with the names before and after."""

    at_mi: float
    before: str
    after: str


class Miles(NamedTuple):
    """A run of mileposts: ``milepost + shift_mi`` are miles along the route."""

    from_milepost_mi: float
    to_milepost_mi: float
    shift_mi: float


@dataclass(frozen=True)
class Corridor:
    """What is drawn of one corridor.

    ``along_mi`` are its stations in rising order, NaN minutes are not reached; ``towns`` are in order of weight.
    """

    route: str
    step_mi: float
    along_mi: Numbers
    minutes: Mapping[str, Numbers]
    bands: Mapping[str, Sequence[Band]]
    exits: Sequence[Exit]
    states: Sequence[Border]
    systems: Sequence[Border]
    miles: Sequence[Miles]
    towns: Sequence[Town] = ()

    @property
    def from_mi(self) -> float:
        """Miles along the route of the first station."""
        return float(self.along_mi[0])

    @property
    def to_mi(self) -> float:
        """Miles along the route of the last station; always a little beyond the first."""
        return max(float(self.along_mi[-1]), self.from_mi + 0.01)

    @property
    def eastward(self) -> bool:
        """Whether miles rise from west to east, as on routes of even number, and not from south to north."""
        return int("".join(mark for mark in self.route if mark.isdigit()) or 1) % 2 == 0


class _Sheet(NamedTuple):
    """Where a corridor lies on the page, in inches from its upper left corner."""

    plate: Plate
    corridor: Corridor
    left_in: float
    top_in: float
    width_in: float

    def axes(self, below_in: float, height_in: float) -> Axes:
        """Axes over the corridor's miles, ``below_in`` inches under the upper edge of the block."""
        width, height = self.plate.get_size_inches()
        bottom = height - self.top_in - below_in - height_in
        axes = self.plate.add_axes((self.left_in / width, bottom / height, self.width_in / width, height_in / height))
        axes.set_xlim(self.corridor.from_mi, self.corridor.to_mi)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.patch.set_visible(False)
        for side in axes.spines.values():
            side.set_visible(False)
        return axes

    @property
    def mile_per_pt(self) -> float:
        return (self.corridor.to_mi - self.corridor.from_mi) / (self.width_in * 72)


def block_in(category_count: int, *, towns: bool) -> float:
    """Height in inches that a corridor takes, with a row for towns or without."""
    return _ABOVE_IN + category_count * (_STRIP_IN + _SPACE_IN) + _BELOW_IN + _TOWNS_IN * towns


def draw_corridor(
    plate: Plate,
    corridor: Corridor,
    categories: Sequence[str],
    *,
    left_in: float,
    top_in: float,
    width_in: float,
    cutoff_min: float,
    top_min: float,
) -> None:
    """Draw one corridor into a plate, its strips in the order of ``categories``, 0 to ``top_min`` minutes each."""
    sheet = _Sheet(plate, corridor, left_in, top_in, width_in)
    pitch = _STRIP_IN + _SPACE_IN
    for number, category in enumerate(categories):
        axes = sheet.axes(_ABOVE_IN + number * pitch, _STRIP_IN)
        _strip(axes, sheet, category, cutoff_min=cutoff_min, top_min=top_min)
    _exits(sheet.axes(_ABOVE_IN - _EXITS_IN - 0.02, _EXITS_IN), sheet)
    _mileposts(sheet.axes(_ABOVE_IN + len(categories) * pitch, _MILES_IN), sheet)
    if corridor.towns:
        _towns(sheet.axes(_ABOVE_IN + len(categories) * pitch + _MILES_IN, _TOWNS_IN), sheet)
    _borders(sheet.axes(_HEADING_IN, _ABOVE_IN - _HEADING_IN + len(categories) * pitch), corridor)


def _write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    offset_pt: tuple[float, float],
    *,
    frame: tuple[str, str],
    size: float = theme.TEXT_PT["small"],
    colour: str = theme.COLOUR["ink"],
    bold: bool = False,
    align: str = "left",
    level: str = "bottom",
) -> None:
    """Write a text beside a spot of the axes, which may lie outside of them."""
    axes.annotate(
        text,
        at,
        xycoords=frame,
        xytext=offset_pt,
        textcoords="offset points",
        fontsize=size,
        color=colour,
        fontweight="bold" if bold else "normal",
        ha=align,
        va=level,
    )


def _borders(axes: Axes, corridor: Corridor) -> None:
    """Heading of the corridor, its state lines and the ends of its mile systems, through all strips."""
    head, label, soft = theme.TEXT_PT["body"] + 2, theme.TEXT_PT["label"], theme.COLOUR["soft"]
    edge, line = ("axes fraction", "axes fraction"), ("data", "axes fraction")
    towards = "west to east" if corridor.eastward else "south to north"
    _write(axes, corridor.route, (0, 1), (0, 3), frame=edge, size=head, bold=True)
    beside = 10 + len(corridor.route) * 0.72 * head
    _write(axes, towards, (0, 1), (beside, 3), frame=edge, size=label, colour=soft)
    for at, before, after in corridor.states:
        axes.axvline(at, color=theme.COLOUR["state_line"], linewidth=1.4, linestyle=(0, (5, 1.6, 1, 1.6)))
        _write(axes, f"{before} ◂", (at, 1), (-5, 3), frame=line, size=label, bold=True, align="right")
        _write(axes, f"▸ {after}", (at, 1), (5, 3), frame=line, size=label, bold=True)
    for at, before, _ in corridor.systems:
        axes.axvline(at, color=soft, linewidth=1.2, linestyle=(0, (1, 1.5)))
        _write(axes, f"{before} miles ◂", (at, 1), (-5, 3), frame=line, size=label, colour=soft, align="right")


def _exits(axes: Axes, sheet: _Sheet) -> None:
    """Tick every exit; number those for which there is room, junctions with the route that they meet first."""
    axes.set_ylim(0, 72 * _EXITS_IN)
    size = theme.TEXT_PT["small"]
    if not sheet.corridor.exits:
        return
    _row_name(axes, "exit", 6.5, level="bottom")
    taken = [(at, at) for at, _, _ in (*sheet.corridor.states, *sheet.corridor.systems)]
    for at, number, meets in sorted(sheet.corridor.exits, key=lambda item: (item.meets is None, item.at_mi)):
        axes.vlines(at, 0, 5, color=theme.COLOUR["ink"], linewidth=1.0)
        lines = [number] if meets is None else [meets, number]
        half = (max(map(len, lines)) * _ADVANCE * size / 2 + 2) * sheet.mile_per_pt
        if any(at - half < end and start < at + half for start, end in taken):
            continue
        taken.append((at - half, at + half))
        weight = "normal" if meets is None else "bold"
        axes.text(
            at, 6.5, "\n".join(lines), ha="center", va="bottom", fontsize=size, linespacing=1.05, fontweight=weight
        )


def _mileposts(axes: Axes, sheet: _Sheet) -> None:
    """Tick the mileposts under the strips, every five miles of each mile system; number them where there is room."""
    axes.set_ylim(0, 72 * _MILES_IN)
    size = theme.TEXT_PT["small"]
    _row_name(axes, "mile", 9.5, level="top")
    taken = -np.inf
    for low, high, shift in sheet.corridor.miles:
        for mile in range(int(np.ceil(low / _TICK_EVERY_MI)) * _TICK_EVERY_MI, int(high) + 1, _TICK_EVERY_MI):
            at, half = mile + shift, (len(str(mile)) * _ADVANCE * size / 2 + 2) * sheet.mile_per_pt
            axes.vlines(at, 10.5, 72 * _MILES_IN, color=theme.COLOUR["soft"], linewidth=0.9)
            if at - half > taken:
                axes.text(at, 9.5, str(mile), ha="center", va="top", fontsize=size)
                taken = at + half


def _towns(axes: Axes, sheet: _Sheet) -> None:
    """Name the towns under their mileposts, the first of them first, where there is room."""
    size, corridor = theme.TEXT_PT["small"], sheet.corridor
    margin = 24 * sheet.mile_per_pt
    _row_name(axes, "near", 0.9, level="top")
    taken: list[tuple[float, float]] = []
    for at, name in corridor.towns:
        half = (len(name) * _ADVANCE * size / 2 + 3) * sheet.mile_per_pt
        if at - half < corridor.from_mi - margin or at + half > corridor.to_mi + margin:
            continue
        if not any(at - half < end and start < at + half for start, end in taken):
            taken.append((at - half, at + half))
            axes.text(at, 0.9, name, ha="center", va="top", fontsize=size, style="italic")


def _row_name(axes: Axes, text: str, y: float, *, level: str) -> None:
    frame, soft = ("axes fraction", "data"), theme.COLOUR["soft"]
    _write(axes, text, (0, y), (-14, 0), frame=frame, colour=soft, align="right", level=level)


def _strip(axes: Axes, sheet: _Sheet, category: str, *, cutoff_min: float, top_min: float) -> None:
    """One kind of help along one corridor: area of minutes, bands over the cutoff, labels of these."""
    axes.set_ylim(0, top_min)
    along, minutes = _with_blanks(sheet.corridor, category)
    bands = sheet.corridor.bands[category]
    height = np.nan_to_num(minutes)
    axes.fill_between(along, 0, height, color=SERVED, linewidth=0.0, zorder=1)
    for low, high, *_ in bands:
        axes.add_patch(Rectangle((low, 0), high - low, top_min, facecolor=BAND, zorder=2))
        area = axes.fill_between(along, 0, height, color=GAP, linewidth=0.0, zorder=3)
        area.set_clip_path(Rectangle((low, 0), high - low, top_min, transform=axes.transData))
    _unreached(axes, sheet.corridor, category, top_min)
    axes.plot(along, minutes, color=theme.COLOUR["ink"], linewidth=1.1, zorder=5)
    axes.axhline(cutoff_min, color=theme.COLOUR["ink"], linewidth=0.8, linestyle=(0, (4, 2)), zorder=6)
    axes.axhline(0, color=theme.COLOUR["soft"], linewidth=0.8, zorder=6)
    _band_labels(axes, sheet, category, top_min=top_min)
    frame, soft, name = ("axes fraction", "data"), theme.COLOUR["soft"], words.category_label(category)
    ticks = [(0.0, "baseline"), (top_min, "top")]
    if 0.34 <= cutoff_min / top_min <= 0.66:  # else it would lie on one of the others; it stands on the right as well
        ticks.append((cutoff_min, "center_baseline"))
    for value, level in ticks:
        _write(axes, f"{value:g}", (0, value), (-5, 0), frame=frame, colour=soft, align="right", level=level)
    _write(axes, f"{cutoff_min:g} min", (1, cutoff_min), (4, 0), frame=frame, colour=soft, level="center_baseline")
    size = theme.TEXT_PT["label"]
    _write(axes, name, (0, top_min / 2), (-28, 0), frame=frame, size=size, bold=True, align="right", level="center")


def _with_blanks(corridor: Corridor, category: str) -> tuple[Numbers, Numbers]:
    """Miles and minutes, with a blank where a part of the route lies outside the study."""
    breaks = np.flatnonzero(np.diff(corridor.along_mi) > 2.5 * corridor.step_mi) + 1
    return np.insert(corridor.along_mi, breaks, np.nan), np.insert(corridor.minutes[category], breaks, np.nan)


def _unreached(axes: Axes, corridor: Corridor, category: str, top_min: float) -> None:
    """Hatch the surroundings of stations that reach no service at all."""
    half = corridor.step_mi / 2
    for at in corridor.along_mi[np.isnan(corridor.minutes[category])]:
        low, high = max(at - half, corridor.from_mi), min(at + half, corridor.to_mi)
        patch = Rectangle((low, 0), high - low, top_min, facecolor="white", edgecolor=theme.COLOUR["soft"], zorder=4)
        patch.set(hatch=theme.HATCH["not_connected"], linewidth=0.0)
        axes.add_patch(patch)


def _band_labels(axes: Axes, sheet: _Sheet, category: str, *, top_min: float) -> None:
    """Write miles and worst minutes on each band, or beside it where it is narrow; never over anything else."""
    size, corridor = theme.TEXT_PT["small"], sheet.corridor
    space = 3 * sheet.mile_per_pt
    bands = corridor.bands[category]
    taken = [*((band.from_mi, band.to_mi) for band in bands), *_border_spans(sheet)]
    for low, high, text, _ in bands:
        wide = len(text) * _ADVANCE * size * sheet.mile_per_pt
        middle = _room_under(corridor, category, low, high, wide=wide * 1.12, least_min=0.42 * top_min)
        if middle is not None:
            label = axes.text(middle, top_min * 0.09, text, ha="center", fontsize=size, fontweight="bold", zorder=7)
            label.set(color="white", bbox={"facecolor": GAP, "edgecolor": "none", "pad": 0.5})  # over the cutoff line
            continue
        # beside a band the strip is empty above the cutoff
        for start, align, at in ((high + space, "left", high + space), (low - space - wide, "right", low - space)):
            inside = corridor.from_mi <= start and start + wide <= corridor.to_mi
            if inside and not any(start < end and begin < start + wide for begin, end in taken):
                axes.text(at, top_min * 0.93, text, ha=align, va="top", fontsize=size, zorder=7)
                taken.append((start, start + wide))
                break


def _border_spans(sheet: _Sheet) -> list[tuple[float, float]]:
    """Miles around state lines and ends of mile systems on which no text may stand."""
    space = 2 * sheet.mile_per_pt
    return [(at - space, at + space) for at, _, _ in (*sheet.corridor.states, *sheet.corridor.systems)]


def _room_under(
    corridor: Corridor, category: str, low: float, high: float, *, wide: float, least_min: float
) -> float | None:
    """Middle of a window of a band in which the area is high enough for a line of text: the one nearest to its centre.

    Bold letters are wider than others, which ``wide`` allows for.
    """
    if wide > high - low:
        return None
    along, minutes = corridor.along_mi, np.nan_to_num(corridor.minutes[category])
    centre = (low + high) / 2
    for shift in np.linspace(0.0, (high - low - wide) / 2, 13):
        for middle in (centre + shift, centre - shift):
            window = minutes[
                (along >= middle - wide / 2 - corridor.step_mi) & (along <= middle + wide / 2 + corridor.step_mi)
            ]
            if window.size and window.min() >= least_min:
                return float(middle)
    return None
