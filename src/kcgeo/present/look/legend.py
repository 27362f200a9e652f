"""The strip under the panels, or the column beside them: classes, hatches, symbols and lines with their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kcgeo.present.look import theme
from kcgeo.present.look.background import Background
from kcgeo.present.look.plate import Plate, wrapped
from kcgeo.present.look.sheet import Sheet

__all__ = ["Entry", "column", "line_entries", "place", "strip", "time_entries"]

_ADVANCE = 0.585
_SWATCH_IN = 0.30


@dataclass(frozen=True)
class Entry:
    """One line of a legend; ``kind`` says what is drawn beside the words."""

    label: str
    kind: Literal["fill", "hatch", "symbol", "line", "circle", "ring", "heading"] = "fill"
    colour: str = theme.COLOUR["ink"]
    marker: str = "o"
    size: float = 8.0
    hatch: str | None = None
    dashed: bool = False
    edge: str = "white"
    dashes: tuple[float, tuple[float, ...]] | str = "-"


def line_entries(ground: Background) -> list[Entry]:
    """Lines of the background: the state line, the corridors and the river, as far as the map has them."""
    entries = []
    if not ground.whole.state_line.is_empty:
        entries.append(Entry("state line", "line", theme.COLOUR["state_line"], size=1.6, dashed=True))
    if not ground.whole.roads.is_empty:
        entries.append(Entry("interstate", "line", theme.COLOUR["corridor"], size=2.0))
    if ground.river_name:
        entries.append(Entry(ground.river_name, "line", theme.COLOUR["river"], size=1.8))
    return entries


def time_entries(edges_min: Sequence[float]) -> list[Entry]:
    """Classes of a drive-time map; an edge belongs to the class below it."""
    bounds = [0.0, *edges_min]
    entries = [
        Entry(f"{low:g}–{high:g} min", colour=colour)
        for low, high, colour in zip(bounds[:-1], bounds[1:], theme.ramp(len(edges_min)), strict=True)
    ]
    entries.append(Entry(f"beyond {bounds[-1]:g} min", colour=theme.BEYOND))
    entries.append(Entry("not connected", kind="hatch", colour="white", hatch=theme.HATCH["not_connected"]))
    return entries


def _draw(axes: Axes, entry: Entry, x: float, y: float) -> None:
    soft = theme.COLOUR["soft"]
    middle = x + _SWATCH_IN / 2
    if entry.kind in ("fill", "hatch"):
        box = Rectangle((x, y - 0.085), _SWATCH_IN, 0.17, facecolor=entry.colour, edgecolor=soft, linewidth=0.0)
        axes.add_patch(box)
        if entry.hatch:
            axes.add_patch(
                Rectangle(
                    (x, y - 0.085), _SWATCH_IN, 0.17, facecolor="none", edgecolor=soft, linewidth=0.0, hatch=entry.hatch
                )
            )
        axes.add_patch(Rectangle((x, y - 0.085), _SWATCH_IN, 0.17, facecolor="none", edgecolor=soft, linewidth=0.6))
    elif entry.kind == "line":
        axes.plot(
            [x, x + _SWATCH_IN],
            [y, y],
            color=entry.colour,
            linewidth=entry.size,
            linestyle=(0, (5, 1.6, 1, 1.6)) if entry.dashed else "-",
            dash_capstyle="butt",
        )
    elif entry.kind == "circle":
        axes.scatter([middle], [y], s=entry.size, facecolors=entry.colour, edgecolors="white", linewidths=0.9)
    elif entry.kind == "ring":
        # ``size`` is the width of the ring's line; a dot inside stands for what it surrounds
        axes.scatter([middle], [y], s=38, facecolors=theme.COLOUR["grid"], edgecolors=entry.colour, linewidths=0.6)
        if entry.size:
            axes.scatter(
                [middle],
                [y],
                s=130,
                facecolors="none",
                edgecolors=entry.colour,
                linewidths=entry.size,
                linestyles=[entry.dashes],
            )
    elif entry.kind == "symbol":
        axes.scatter(
            [middle], [y], s=entry.size**2, marker=entry.marker, c=entry.colour, edgecolors=entry.edge, linewidths=0.8
        )


def strip(
    plate: Plate, rows: Sequence[Sequence[Entry]], *, top_in: float = 1.88, gap_in: float = 0.29, left_in: float = 0.32
) -> None:
    """Write rows of entries from left to right; the first row starts ``top_in`` inches above the foot of the page."""
    width, height = plate.get_size_inches()
    axes = plate.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    size = theme.TEXT_PT["label"]
    for number, row in enumerate(rows):
        x, y = left_in, top_in - number * gap_in
        for entry in row:
            if entry.kind == "heading":
                axes.text(x, y, entry.label, fontsize=size, fontweight="bold", va="center")
                x += len(entry.label) * (_ADVANCE + 0.09) * size / 72 + 0.12
                continue
            _draw(axes, entry, x, y)
            axes.text(x + _SWATCH_IN + 0.07, y, entry.label, fontsize=size, va="center")
            x += _SWATCH_IN + 0.07 + len(entry.label) * _ADVANCE * size / 72 + 0.17


def column(plate: Plate, rows: Sequence[Sequence[Entry]], sheet: Sheet) -> None:
    """Write the entries one below the other, their words broken to the width of the column."""
    width, height = plate.get_size_inches()
    axes = plate.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    size = theme.TEXT_PT["label"]
    line_in, indent = size * 1.22 / 72, _SWATCH_IN + 0.07
    x, y = sheet.legend_left_in, sheet.legend_top_in
    room = (sheet.legend_width_in or width) - indent
    for number, row in enumerate(rows):
        y -= 0.1 if number else 0.0
        for entry in row:
            heading = entry.kind == "heading"
            lines = wrapped(entry.label, size_pt=size, width_in=room + heading * indent, bold=heading)
            if not heading:
                _draw(axes, entry, x, y)
            axes.text(
                x + (0 if heading else indent),
                y + line_in / 2,
                "\n".join(lines),
                fontsize=size,
                fontweight="bold" if heading else "normal",
                va="top",
                linespacing=1.08,
            )
            y -= max(len(lines) * line_in + 0.07, entry.size**0.5 / 72 + 0.04 if entry.kind == "circle" else 0.0)


def place(plate: Plate, rows: Sequence[Sequence[Entry]], sheet: Sheet) -> None:
    """Write a legend where the sheet has room for it."""
    if sheet.legend_width_in is None:
        strip(plate, rows, top_in=sheet.legend_top_in, left_in=sheet.legend_left_in)
    else:
        column(plate, rows, sheet)
