"""What stands on every map beside the data: the scale bar and the north arrow."""

from __future__ import annotations

from matplotlib.axes import Axes

from kcgeo.present.look import theme
from kcgeo.present.look.labels import halo_text

__all__ = ["north_arrow", "scale_bar"]


def scale_bar(axes: Axes, extent: tuple[float, float, float, float], metres_per_point: float) -> None:
    """Draw a bar in kilometres above and miles below, each a round length near a fifth of the panel."""
    left, bottom = extent[0] + 9 * metres_per_point, extent[1] + 17 * metres_per_point
    size, ink = theme.TEXT_PT["small"], theme.COLOUR["ink"]
    ends: list[float] = []
    for unit, metres, side in (("km", 1000.0, 1), ("mi", 1609.344, -1)):
        room = 95 * metres_per_point / metres
        length = max(step for step in (1, 2, 5, 10, 20, 25, 30, 50, 100, 200) if step <= room)
        end = left + length * metres
        ends.append(end)
        tick = 3.5 * metres_per_point * side
        axes.plot(
            [left, left, end, end],
            [bottom + tick, bottom, bottom, bottom + tick],
            color=ink,
            linewidth=1.1,
            zorder=45,
            solid_joinstyle="miter",
        )
        halo_text(
            axes,
            end + 3 * metres_per_point,
            bottom + 5.5 * metres_per_point * side,
            f"{length} {unit}",
            fontsize=size,
            color=ink,
            ha="left",
            va="center",
            zorder=45,
        )
    edge = metres_per_point
    right, top = max(ends) + 32 * metres_per_point, extent[1] + 31 * metres_per_point
    axes.fill(
        [extent[0] + edge, right, right, extent[0] + edge],
        [extent[1] + edge, extent[1] + edge, top, top],
        facecolor=theme.COLOUR["casing"],
        alpha=0.8,
        linewidth=0,
        zorder=44.5,
    )


def north_arrow(axes: Axes) -> None:
    """Draw an arrow to grid north in the upper right corner."""
    ink = theme.COLOUR["ink"]
    axes.fill(
        [0.938, 0.992, 0.992, 0.938],
        [0.886, 0.886, 0.992, 0.992],
        transform=axes.transAxes,
        facecolor=theme.COLOUR["casing"],
        alpha=0.8,
        linewidth=0,
        zorder=44.5,
    )
    axes.annotate(
        "",
        xy=(0.965, 0.978),
        xytext=(0.965, 0.925),
        xycoords="axes fraction",
        zorder=45,
        arrowprops={
            "arrowstyle": "-|>,head_width=0.28,head_length=0.6",
            "color": ink,
            "linewidth": 1.4,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    axes.text(
        0.965,
        0.92,
        "N",
        transform=axes.transAxes,
        ha="center",
        va="top",
        fontsize=theme.TEXT_PT["label"],
        fontweight="bold",
        color=ink,
        zorder=45,
    )
