"""The strip chart of corridors: minutes to help by the mile, one strip for each kind of help.

Strips instead of lines in one frame: where several kinds are had in the same town their lines would lie on one another.
What is over the cutoff is dark, what is served is pale, so that the chart holds in grey and without colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.figures.charts.strips import (
    GAP,
    SERVED,
    Band,
    Border,
    Corridor,
    Exit,
    Miles,
    Town,
    block_in,
    draw_corridor,
)
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plate import MARGIN_IN, Plate, foot_height_in, foot_lines, new_plate, wrapped
from kcgeo.present.look.sheet import Sheet

__all__ = ["corridor_chart", "gap_miles"]

NO_EVIDENCE = "Roads are not evidence of trafficking: the chart says where a traveler is far from help, nothing more."
MODEL = "Free-flow model: no congestion, by car, turning either way."
LOWER_BOUND = "Lower bound of help: confidential services are not counted, so that some true times are shorter."

_LEFT_IN, _RIGHT_IN = 2.0, 0.72
_HEAD_IN, _FOOT_IN = 0.86, 1.42
_LINE_IN = 0.22
"""What a second line of the title takes beyond the room of one."""


def corridor_chart(
    profile: Released,
    segments: Released,
    exits: Released,
    *,
    cutoff_min: float | None = None,
    towns: Released | None = None,
    routes: Sequence[str] | None = None,
    counted: Sequence[str] = (),
    title: str | None = None,
    sheet: Sheet | None = None,
) -> Plate:
    """Strip chart of one or several corridors on one sheet: x is the milepost, y the minutes to the nearest service.

    All corridors have one scale of miles; where each crosses one state line they are set below one another by it.

    Parameters
    ----------
    profile
        Released profile: ``route, state, system, milepost_mi, along_mi`` and ``<category>_min``; NaN is hatched.
    segments
        Released profile: ``route, state, from_milepost_mi, to_milepost_mi, category, worst_min``, the stretches over
        the cutoff; they are shaded, half a step wider at both ends since a station stands for its surroundings.
    exits
        Released background: ``route, along_mi, exit, label``; all are ticked, and numbered where there is room,
        junctions first.
    cutoff_min
        The cutoff of the segments; read from them where not given.
    towns
        Released background: ``route, along_mi, name, population_count``; named under the mileposts, larger ones first.
    routes
        Only these routes of the profile; all where not given.
    counted
        Routes whose miles are counted along the line, from its west or south end in the study, and are no mileposts.
    title
        Own title in place of the message.
    sheet
        A slide, which has room for one route; a page as high as it needs to be where not given.

    Returns
    -------
    Plate
        The kind with the most miles over the cutoff comes first.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or that lack a column.
    """
    stations = require_released(profile, kind="profile").table
    stretches = require_released(segments, kind="profile").table
    ramps = require_released(exits, kind="background").table
    cutoff_min = bound("cutoff_min", cutoff_min, profile, segments)
    need(stations, ["route", "state", "system", "milepost_mi", "along_mi"], "profile")
    need(stretches, ["route", "state", "from_milepost_mi", "to_milepost_mi", "category", "worst_min"], "segments")
    need(ramps, ["route", "along_mi", "exit", "label"], "exits")
    near = None if towns is None else require_released(towns, kind="background").table
    if near is not None:
        need(near, ["route", "along_mi", "name", "population_count"], "towns")
    if routes is not None:
        stations, stretches = (table[table["route"].isin(list(routes))] for table in (stations, stretches))
    if stations.empty:
        raise TableError("The profile has no stations of the routes; measure at least one route.")
    categories = _ordered(stations, stretches)
    miles = gap_miles(stations, categories, cutoff_min=cutoff_min)
    counted = [route for route in miles if route in counted]
    corridors = [_corridor(route, stations, stretches, ramps, near, categories) for route in miles]
    pitch_in = block_in(len(categories), towns=near is not None)
    every = "each half mile" if corridors[0].step_mi == 0.5 else f"every {corridors[0].step_mi:g} miles"
    notices = (NO_EVIDENCE, MODEL, LOWER_BOUND, *_basis(counted), words.ODBL)
    tables = [profile, segments, exits, *([] if towns is None else [towns])]
    foot_in = max(_FOOT_IN, 0.5 + foot_height_in(foot_lines(tables, notices, width_in=theme.PAGE_IN[0])))
    title = title or _message(miles, cutoff_min)
    head_in = _HEAD_IN + (0.0 if _fits(title) else _LINE_IN)
    plate = new_plate(
        title,
        f"Minutes by car from {every} to the nearest listed site of each kind. Dark: over {cutoff_min:g} minutes.",
        alt_text=_alt_text(corridors, categories, miles, cutoff_min, counted),
        released=tables,
        notices=notices,
        size_in=(theme.PAGE_IN[0], head_in + len(corridors) * pitch_in + foot_in),
        sheet=sheet,
    )
    starts, inch = _layout(corridors)
    # above a gap the strip needs room for its words
    top_min = max(_quarter_hours(corridors), cutoff_min if stretches.empty else 2 * cutoff_min)
    with theme.applied():
        for number, corridor in enumerate(corridors):
            draw_corridor(
                plate,
                corridor,
                categories,
                left_in=_LEFT_IN + starts[number] * inch,
                top_in=head_in + number * pitch_in,
                width_in=(corridor.to_mi - corridor.from_mi) * inch,
                cutoff_min=cutoff_min,
                top_min=top_min,
            )
        strip(plate, [_legend(corridors, cutoff_min, counted)], top_in=(foot_in if sheet is None else _FOOT_IN) - 0.24)
    return plate


def _fits(title: str) -> bool:
    """Whether a title stands in one line of the smaller type that long titles are set in."""
    room_in = theme.PAGE_IN[0] - 2 * MARGIN_IN
    return len(wrapped(title, size_pt=0.85 * theme.TEXT_PT["title"], width_in=room_in, bold=True)) == 1


def gap_miles(
    stations: pd.DataFrame, categories: Sequence[str], *, cutoff_min: float
) -> dict[str, tuple[float, float]]:
    """Miles of each route on which at least one kind is over the cutoff, and all its miles.

    A station stands for the half step on either side of it that lies between the first and the last station.
    """
    found = {}
    for route, rows in stations.sort_values("along_mi").groupby("route", sort=True):
        over = ~((rows[[f"{category}_min" for category in categories]] <= cutoff_min).all(axis=1)).to_numpy()
        between = np.minimum(np.diff(rows["along_mi"]), 2 * _step_mi(rows)) / 2
        miles = np.concatenate([[0.0], between]) + np.concatenate([between, [0.0]])
        found[str(route)] = (float(miles[over].sum()), float(miles.sum()))
    return found


def _ordered(stations: pd.DataFrame, stretches: pd.DataFrame) -> list[str]:
    """Categories of the profile, the one with the most miles in gaps first."""
    names = [str(column).removesuffix("_min") for column in stations.columns if str(column).endswith("_min")]
    if not names:
        raise TableError("The profile has no column of times; their names end in _min.")
    miles = (stretches["to_milepost_mi"] - stretches["from_milepost_mi"]).groupby(stretches["category"]).sum()
    return sorted(names, key=lambda name: (-float(miles.get(name, -1.0)), name))


def _step_mi(rows: pd.DataFrame) -> float:
    """Miles between stations of one mile system; 1 where there is one station alone."""
    steps = rows.sort_values(["system", "milepost_mi"]).groupby("system")["milepost_mi"].diff()
    return float(steps.median()) if steps.notna().any() else 1.0


def _corridor(
    route: str,
    stations: pd.DataFrame,
    stretches: pd.DataFrame,
    ramps: pd.DataFrame,
    near: pd.DataFrame | None,
    categories: Sequence[str],
) -> Corridor:
    """Read what is drawn of one route."""
    rows = stations[stations["route"] == route].sort_values("along_mi", ignore_index=True)
    own, step = stretches[stretches["route"] == route], _step_mi(rows)
    exits = ramps[ramps["route"] == route].sort_values("along_mi")
    states, systems = _borders(rows)
    return Corridor(
        route=route,
        step_mi=step,
        along_mi=rows["along_mi"].to_numpy(dtype=np.float64),
        minutes={category: rows[f"{category}_min"].to_numpy(dtype=np.float64) for category in categories},
        bands={category: _bands(rows, own[own["category"] == category], step) for category in categories},
        exits=[
            Exit(float(at), str(number), meets if isinstance(meets, str) else None)
            for at, number, meets in zip(exits["along_mi"], exits["exit"], exits["label"], strict=True)
        ],
        states=states,
        systems=systems,
        miles=[
            Miles(
                float(part["milepost_mi"].min()),
                float(part["milepost_mi"].max()),
                float((part["along_mi"] - part["milepost_mi"]).iloc[0]),
            )
            for _, part in rows.groupby("system", sort=False)
        ],
        towns=[] if near is None else _towns(near[near["route"] == route]),
    )


def _towns(rows: pd.DataFrame) -> list[Town]:
    """Towns beside one route, the largest first."""
    rows = rows.sort_values(["population_count", "name"], ascending=[False, True])
    return [Town(float(at), str(name)) for at, name in zip(rows["along_mi"], rows["name"], strict=True)]


def _borders(rows: pd.DataFrame) -> tuple[list[Border], list[Border]]:
    """Return state lines, and the ends of mile systems inside a state, halfway between the stations on either side."""
    states: list[Border] = []
    systems: list[Border] = []
    along, state, system = rows["along_mi"].to_numpy(), rows["state"].to_list(), rows["system"].to_list()
    prefix = [f"{route} {name}" for route, name in zip(rows["route"], rows["state"], strict=True)]
    for at in range(len(rows) - 1):
        middle = float(along[at] + along[at + 1]) / 2
        if state[at] != state[at + 1]:
            states.append(Border(middle, state[at], state[at + 1]))
        elif system[at] != system[at + 1]:
            before, after = (
                system[here].removeprefix(prefix[here]).strip() or str(rows["route"].iloc[0]) for here in (at, at + 1)
            )
            systems.append(Border(middle, before, after))
    return states, systems


def _bands(rows: pd.DataFrame, stretches: pd.DataFrame, step_mi: float) -> list[Band]:
    """Place gap segments along the route, half a step wider at both ends."""
    found = []
    first, last = float(rows["along_mi"].min()), float(rows["along_mi"].max())
    for state, low, high, worst in zip(
        stretches["state"],
        stretches["from_milepost_mi"],
        stretches["to_milepost_mi"],
        stretches["worst_min"],
        strict=True,
    ):
        here = rows.loc[(rows["state"] == state) & rows["milepost_mi"].between(low, high), "along_mi"]
        if here.empty:
            raise TableError(f"The segment {state} {low:g} to {high:g} lies on no station of the profile.")
        start, end = max(float(here.min()) - step_mi / 2, first), min(float(here.max()) + step_mi / 2, last)
        found.append(Band(start, end, _said(float(low), float(high), float(worst)), str(state)))
    return sorted(found)


def _said(low: float, high: float, worst_min: float) -> str:
    """Words of a gap: its mileposts and its longest time.

    >>> _said(33.0, 53.5, 49.6), _said(61.0, 61.0, float("nan"))
    ('33–53.5: to 50 min', '61: no way')
    """
    miles = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    return f"{miles}: no way" if np.isnan(worst_min) else f"{miles}: to {worst_min:.0f} min"


def _layout(corridors: Sequence[Corridor]) -> tuple[list[float], float]:
    """Miles from the left edge at which each corridor begins, and inches a mile."""
    aligned = all(len(corridor.states) == 1 for corridor in corridors)
    before = [corridor.states[0].at_mi - corridor.from_mi if aligned else 0.0 for corridor in corridors]
    starts = [max(before) - own for own in before]
    span = max(start + corridor.to_mi - corridor.from_mi for start, corridor in zip(starts, corridors, strict=True))
    return starts, (theme.PAGE_IN[0] - _LEFT_IN - _RIGHT_IN) / span


def _quarter_hours(corridors: Sequence[Corridor]) -> float:
    """Longest time of all, up to the next quarter of an hour."""
    longest = max(
        float(np.nanmax(minutes, initial=0.0)) for corridor in corridors for minutes in corridor.minutes.values()
    )
    return float(np.ceil(longest / 15) * 15)


def _basis(counted: Sequence[str]) -> list[str]:
    """Say which miles are no mileposts."""
    if not counted:
        return []
    return [
        f"Miles of {words.listed(counted)} are counted along the line from its west or south end here:"
        " they are no mileposts."
    ]


def _legend(corridors: Sequence[Corridor], cutoff_min: float, counted: Sequence[str]) -> list[Entry]:
    miles = "miles" if counted else "mileposts"
    entries = [
        Entry(f"{cutoff_min:g} minutes or less", colour=SERVED),
        Entry(f"over {cutoff_min:g} minutes: {miles} and longest time", colour=GAP),
    ]
    if any(np.isnan(minutes).any() for corridor in corridors for minutes in corridor.minutes.values()):
        entries.append(Entry("no way at all", kind="hatch", colour="white", hatch=theme.HATCH["not_connected"]))
    if any(corridor.states for corridor in corridors):
        entries.append(Entry("state line", "line", theme.COLOUR["state_line"], size=1.4, dashed=True))
    return entries


def _message(miles: dict[str, tuple[float, float]], cutoff_min: float) -> str:
    parts = [f"{over:.0f} of {whole:.0f} miles of {route}" for route, (over, whole) in miles.items() if over > 0]
    if not parts:
        return f"Each kind of help is within {cutoff_min:g} minutes of every mile of {words.listed(list(miles))}"
    return f"{words.listed(parts)} are over {cutoff_min:g} minutes from some kind of help"


def _alt_text(
    corridors: Sequence[Corridor],
    categories: Sequence[str],
    miles: dict[str, tuple[float, float]],
    cutoff_min: float,
    counted: Sequence[str],
) -> str:
    said = [f"Strip chart of {' and '.join(miles)}, a strip for each of {len(categories)} kinds of help."]
    for corridor in corridors:
        over, whole = miles[corridor.route]
        said.append(
            f"{corridor.route}: over {cutoff_min:g} minutes from at least one kind on {over:.0f} of {whole:.0f} miles."
        )
        for category in categories:
            gaps = "; ".join(f"{band.state} {band.text}" for band in corridor.bands[category]) or "none"
            kind = "miles" if corridor.route in counted else "mileposts"
            said.append(f"{words.category_label(category)}, {kind}: {gaps}.")
    said += _basis(counted)
    return " ".join(said)
