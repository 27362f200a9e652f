"""Before and after on one map: places that gain a kind of help, and places that lose one."""

from __future__ import annotations

import numpy as np

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import background as base
from kcgeo.present.look import theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import need
from kcgeo.present.look.legend import Entry, line_entries, place
from kcgeo.present.look.plate import Plate, new_plate

__all__ = ["change_map"]

_CHANGES: dict[str, tuple[str, str, str, str]] = {
    # change: words, marker, face, edge
    "same": ("no change", "o", "white", theme.COLOUR["soft"]),
    "gains": ("gains a kind of help", "^", theme.RAMP[2], theme.COLOUR["ink"]),
    "loses": ("loses a kind of help", "v", theme.COLOUR["accent"], theme.COLOUR["ink"]),
    "gains and loses": ("gains one and loses another", "D", theme.COLOUR["rule"], theme.COLOUR["ink"]),
}


def change_map(changes: Released, *, ground: Background, title: str | None = None) -> Plate:
    """Map of the places that gain or lose a kind of help between two states of a study.

    Parameters
    ----------
    changes
        Released table ``place_id, population_count, change`` (``gains``, ``loses``, ``gains and loses``, ``same``) with
        a point, which knows ``cutoff_min`` and ``after``.
    ground
        Background of the study.
    title
        Own title in place of the message.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, lacks a column, or names a change of its own.
    """
    about = require_released(changes, kind="siting").about
    points = base.projected_points(changes, ground.crs)
    need(points, ["change", "population_count"], "changes")
    strange = sorted(set(points["change"]) - set(_CHANGES))
    if strange:
        raise TableError(f"The map has no symbol for the change {', '.join(strange)}.")
    counts = points["change"].value_counts()
    people = points.groupby("change")["population_count"].sum()
    told = [
        f"{words.thousands(float(people[name]))} people live {where}"
        for name, where in (
            ("gains", "where a kind of help comes into reach"),
            ("loses", "where one is lost"),
            ("gains and loses", "where one comes and another goes"),
        )
        if name in counts
    ]
    plate = new_plate(
        title or "; ".join(told) or "No place gains or loses a kind of help",
        f"{str(about.get('after', 'after')).capitalize()}, any listed kind within {about['cutoff_min']:g} minutes by"
        " car. Size: people.",
        alt_text="Two maps of change by place. " + " ".join(f"{text}." for text in told),
        released=[changes, *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
        sheet=ground.sheet,
    )
    with theme.applied():
        for axes, panel in base.panels(plate, ground):
            base.draw_under(axes, panel)
            base.draw_over(axes, panel, core=ground.core if panel is ground.whole else None)
            here = points[base.inside(points, panel)].sort_values("population_count", ascending=False)
            for name, (_, marker, face, edge) in _CHANGES.items():
                own = here[here["change"] == name]
                size = np.maximum(own["population_count"].to_numpy(dtype=float) / 10_000 * 55.0, 26.0)
                axes.scatter(
                    own["x"],
                    own["y"],
                    s=size,
                    marker=marker,
                    facecolors=face,
                    edgecolors=edge,
                    linewidths=0.9,
                    zorder=36,
                )
        entries = [
            Entry(f"{said} ({int(counts[name])})", "symbol", face, marker, 8.0, edge=edge)
            for name, (said, marker, face, edge) in _CHANGES.items()
            if name in counts
        ]
        place(plate, [entries, line_entries(ground)], ground.sheet)
    return plate
