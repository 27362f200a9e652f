"""One county on one page: what is reached, what is lacking and how far, whom to call, how sure, and room to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.lines import Line2D

from kcgeo import terms
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.findings import Finding
from kcgeo.present.figures.gap_maps import draw_layers, gap_layers
from kcgeo.present.look import background as base
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.look.bound import bound, need
from kcgeo.present.look.classes import count_classes, count_colours, count_label, gap_counts
from kcgeo.present.look.legend import Entry, strip
from kcgeo.present.look.plate import Plate, new_plate, wrapped
from kcgeo.present.look.sheet import Sheet

__all__ = ["County", "KindRow", "county_facts", "county_ground", "county_map", "county_page"]

PAGE_IN = (8.5, 11.0)
_MAP = Sheet(PAGE_IN, (3.9, 3.5), (0.32, 0.32), 6.05, 0.32, 5.85)
_LEFT_IN, _RIGHT_IN, _COLUMN_IN = 0.32, 8.18, 4.42
_TRAFFICKING = "888-373-7888"


@dataclass(frozen=True)
class KindRow:
    """One kind of help in a county: shares of its people (they sum to 1) and the middle drive in minutes, NaN: none."""

    category: str
    in_reach_share: float
    by_referral_share: float
    unknown_share: float
    lacking_share: float
    median_min: float


@dataclass(frozen=True)
class Call:
    """A number to call: its name, the number as written, and when it answers."""

    name: str
    phone: str
    hours: str


@dataclass(frozen=True)
class County:
    """What a page or a card says of one county; made by :func:`county_facts`.

    Attributes
    ----------
    fips, name, state
        The county.
    lack
        People who lack at least one required kind; the headline.
    people
        Count by group.
    kinds
        Required kinds of help, the one that most people lack first.
    lacking
        Towns that lack something, the largest first: name, people, what they lack.
    calls, confidential
        Hotlines that answer here, and confidential services (organization, kinds, telephone) that serve the county.
    record_age
        How old the records of all listed services are.
    """

    fips: str
    name: str
    state: str
    lack: Finding
    people: Mapping[str, float]
    kinds: tuple[KindRow, ...]
    lacking: tuple[tuple[str, float, tuple[str, ...]], ...]
    calls: tuple[Call, ...]
    confidential: tuple[tuple[str, tuple[str, ...], str], ...]
    record_age: str


def county_facts(
    released: Mapping[str, Released],
    fips: str,
    *,
    required: Sequence[str] | None = None,
    cutoff_min: float | None = None,
) -> County:
    """Gather what is known of one county from the released tables of a study.

    Parameters
    ----------
    released
        ``gaps, place_times, services, areas, counties`` as :func:`kcgeo.study.release_all` gives them.
    fips
        Five digits of the county.
    required, cutoff_min
        As the tables were made; read from them where not given.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, lack a column, or a county that is none of the study's.
    """
    gaps = require_released(released["gaps"], kind="gaps").table
    required = bound("required", required, released["gaps"])
    cutoff_min = bound("cutoff_min", cutoff_min, released["gaps"])
    counties = require_released(released["counties"], kind="background").table.set_index("county_fips")
    if fips not in counties.index:
        raise TableError(f"The study has no county {fips}; it has {', '.join(sorted(map(str, counties.index)))}.")
    columns = ["place_id", "county_fips", "population_count", *(f"{kind}_state" for kind in required)]
    need(gaps, columns, "gaps")
    rows = gaps[gaps["county_fips"].astype(str) == fips]
    head = rows["population_count"].fillna(0).to_numpy(dtype=float)
    states = rows[[f"{kind}_state" for kind in required]].to_numpy(dtype=object)
    name, state = str(counties["name"].loc[fips]), str(counties["state"].loc[fips])
    about = {"area": f"{name} County", "kinds_count": len(required), "cutoff_min": cutoff_min}
    lost = float(head[(states == "none").any(axis=1)].sum())
    times = require_released(released["place_times"], kind="surface").table.set_index("place_id")
    kinds = [_kind(kind, states[:, at], head, times.reindex(rows["place_id"])) for at, kind in enumerate(required)]
    services = require_released(released["services"], kind="services").table
    groups = [group for group in terms.groups() if group in rows]
    return County(
        fips=fips,
        name=name,
        state=state,
        lack=Finding("lack_any", lost, of=float(head.sum()), about=about, sources=released["gaps"].sources),
        people={group: float(rows[group].sum()) for group in groups},
        kinds=tuple(sorted(kinds, key=lambda row: (-row.lacking_share, row.category))),
        lacking=_towns(rows, required),
        calls=_calls(services, state, str(counties["state_name"].loc[fips]) if "state_name" in counties else state),
        confidential=_confidential(services, released["areas"], fips),
        record_age=words.record_age(services[services["disclosure"] == "exact"]),
    )


def _kind(kind: str, states: Any, head: Any, times: pd.DataFrame) -> KindRow:
    whole = head.sum() or 1.0
    share = {state: float(head[states == state].sum() / whole) for state in terms.STATES}
    minutes = times[f"{kind}_min"].to_numpy(dtype=float) if f"{kind}_min" in times else np.full(len(head), np.nan)
    order = np.argsort(np.where(np.isnan(minutes), np.inf, minutes), kind="stable")
    middle = minutes[order][int(np.searchsorted(head[order].cumsum(), whole / 2))] if head.sum() else np.nan
    unknown = share["hours_unknown"] + share["not_collected"]
    return KindRow(kind, share["in_reach"], share["by_referral"], unknown, share["none"], float(middle))


def _towns(rows: pd.DataFrame, required: Sequence[str]) -> tuple[tuple[str, float, tuple[str, ...]], ...]:
    """Towns of places that lack something; two places of one name are one town."""
    found: dict[str, tuple[float, tuple[str, ...]]] = {}
    for row in rows.sort_values(["population_count", "place_id"], ascending=[False, True]).to_dict("records"):
        lacks = tuple(kind for kind in required if row[f"{kind}_state"] == "none")
        name = words.text_of(row.get("place_name")) or str(row["place_id"])
        if lacks and row["population_count"] > 0:
            people, before = found.get(name, (0.0, ()))
            found[name] = people + float(row["population_count"]), tuple(dict.fromkeys((*before, *lacks)))
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple((name, people, lacks) for name, (people, lacks) in ordered)


def _calls(services: pd.DataFrame, state: str, state_name: str) -> tuple[Call, ...]:
    """Hotlines of the nation, the state and the metro that have a number, the trafficking hotline first."""
    found = []
    for row in services[services["disclosure"] == "exact"].to_dict("records"):
        serves, phone, hours = (words.text_of(row.get(key)) for key in ("service_area", "phone", "hours"))
        here = not serves or any(word in serves for word in ("United States", state_name, state, "metro", "region"))
        # a tip line of the police is no help line
        helps = "hotline" in row["categories"] and "law_enforcement" not in row["categories"]
        if helps and phone and here:
            name = words.text_of(row.get("organization_name")) or words.text_of(row.get("service_name"))
            rank = (_TRAFFICKING not in phone, "United States" not in serves, "24/7" not in hours)
            found.append((rank, Call(name, phone, hours)))
    ordered = sorted(found, key=lambda item: (item[0], item[1].name))
    return tuple({call.phone.split(";")[0]: call for _, call in reversed(ordered)}.values())[::-1]


def _confidential(services: pd.DataFrame, areas: Released, fips: str) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    table = require_released(areas, kind="background").table
    served = set(table.loc[table["county_fips"].astype(str) == fips, "area"])
    rows = services[(services["disclosure"] == "area") & services["area"].isin(served)]
    found = {
        (words.text_of(row.get("organization_name")), tuple(sorted(row["categories"])), words.text_of(row.get("phone")))
        for row in rows.to_dict("records")
    }
    return tuple(sorted(found))


def county_ground(released: Mapping[str, Released], fips: str, *, crs: str, **options: Any) -> Background:
    """Background whose core is the county; ``options`` go to :func:`kcgeo.present.background`."""
    counties = require_released(released["counties"], kind="background").table
    own = gpd.GeoDataFrame(counties[counties["county_fips"].astype(str) == fips])
    if own.empty:
        raise TableError(f"The study has no county {fips}.")
    left, bottom, right, top = own.to_crs(crs).total_bounds
    wide, tall = _MAP.panel_in
    half_km = 1.06 * max(right - left, (top - bottom) * wide / tall) / 2000
    middle = gpd.GeoSeries(gpd.points_from_xy([(left + right) / 2], [(bottom + top) / 2]), crs=crs).to_crs(4326)
    return base.background(
        released["counties"],
        released["corridors"],
        crs=crs,
        downtown=(float(middle.x.iloc[0]), float(middle.y.iloc[0])),
        core_half_width_km=half_km,
        towns=released.get("towns"),
        sheet=_MAP,
        **options,
    )


def county_page(released: Mapping[str, Released], county: County, *, ground: Background) -> Plate:
    """Draw the page of a county, letter size upright; save it with ``formats=["pdf"]`` to hand it on.

    Parameters
    ----------
    released
        ``cell_times, gaps`` and the tables of :func:`county_facts`.
    county
        Made by :func:`county_facts`.
    ground
        Made by :func:`county_ground`.
    """
    cells, places = released["cell_times"], released["gaps"]
    about = county.lack.about
    plate = new_plate(
        county.lack.say(),
        f"{county.name} County, {county.state}. {_who(county)}",
        alt_text=f"One page. {county.lack.say()}. "
        + " ".join(f"{words.category_label(row.category)}: {_share_text(row)}." for row in county.kinds),
        released=[cells, places, released["services"], *ground.released],
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
        size_in=PAGE_IN,
        findings=(county.lack,),
    )
    with theme.applied():
        _map(plate, released, county, ground, left_in=_LEFT_IN, low_in=6.05)
        y = _kinds_table(plate, county, top=5.55, cutoff_min=float(about["cutoff_min"]))
        _block(plate, "Where it is lacking", _lacking_lines(county), left=_COLUMN_IN, top=9.5, width=3.76)
        _block(plate, "Call first", _call_lines(county), left=_COLUMN_IN, top=7.9, width=3.76)
        sure = f"{county.record_age} {words.LISTED_ONLY}"
        y = _block(plate, "How sure is it?", [sure], left=_LEFT_IN, top=y, width=7.86)
        _ask(plate, top=y)
    return plate


def county_map(released: Mapping[str, Released], county: County, *, ground: Background) -> Plate:
    """Draw the map of a county alone, as the page in the browser shows it; parameters as of :func:`county_page`."""
    tables = [released["cell_times"], released["gaps"], *ground.released]
    plate = new_plate(
        county.lack.say(),
        f"{county.name} County, {county.state}",
        alt_text=f"Map of {county.name} County. {county.lack.say()}. " + " ".join(_lacking_lines(county)),
        released=tables,
        notices=(words.MODEL, words.LOWER_BOUND, words.ODBL),
        size_in=(6.6, 6.9),
        findings=(county.lack,),
    )
    with theme.applied():
        _map(plate, released, county, ground, left_in=_LEFT_IN, low_in=plate.body_in[0] + 0.55)
    return plate


def _map(
    plate: Plate, released: Mapping[str, Released], county: County, ground: Background, *, left_in: float, low_in: float
) -> None:
    """Draw how many kinds are lacking in and around the county, its border, and the legend below."""
    required = [row.category for row in county.kinds]
    width, height = plate.get_size_inches()
    wide, tall = _MAP.panel_in
    axes = plate.add_axes((left_in / width, low_in / height, wide / width, tall / height))
    counts = gap_counts(released["cell_times"], released["gaps"], required)
    base.prepare(axes, ground.core)
    draw_layers(axes, ground.core, gap_layers(released["cell_times"].table, ground, counts, len(required)))
    base.draw_over(axes, ground.core)
    own = ground.core.counties[ground.core.counties["county_fips"].astype(str) == county.fips]
    shapes.draw_lines(
        axes, shapely.boundary(own.geometry.union_all()), edgecolor=theme.COLOUR["ink"], linewidth=2.2, zorder=31
    )
    classes = zip(count_classes(len(required)), count_colours(len(required)), strict=True)
    entries = [Entry(count_label(*one, len(required)), colour=colour) for one, colour in classes]
    strip(plate, [[Entry("Kinds lacking:", "heading"), *entries]], top_in=low_in - 0.17, left_in=left_in)


def _who(county: County) -> str:
    return "; ".join(
        f"{words.thousands(count)} {terms.groups()[group].phrase}" for group, count in county.people.items()
    )


def _share_text(row: KindRow) -> str:
    parts = [(row.in_reach_share, "in reach"), (row.by_referral_share, "by referral: call")]
    parts += [(row.unknown_share, "unknown"), (row.lacking_share, "lacking")]
    return ", ".join(f"{words.percent(share)} {said}" for share, said in parts if share > 0)


def _text(plate: Plate, x: float, y: float, said: str, *, size: str = "label", **style: Any) -> None:
    plate.text(x / 8.5, y / 11, said, va="top", fontsize=theme.TEXT_PT[size], linespacing=1.2, **style)


def _kinds_table(plate: Plate, county: County, *, top: float, cutoff_min: float) -> float:
    """Rows of kinds with the share of people in each state; returns where it ends."""
    heads = ("Kind of help", f"within {cutoff_min:g} min", "by referral", "unknown", "lacking", "middle drive")
    at = (_LEFT_IN, 3.9, 5.0, 6.0, 7.0, _RIGHT_IN)
    for x, head in zip(at, heads, strict=True):
        _text(plate, x, top, head, fontweight="bold", ha="left" if x == _LEFT_IN else "right")
    for number, row in enumerate(county.kinds, start=1):
        y = top - 0.24 * number
        minutes = "not reached" if np.isnan(row.median_min) else f"{row.median_min:.0f} min"
        shares = (row.in_reach_share, row.by_referral_share, row.unknown_share, row.lacking_share)
        cells = (words.category_label(row.category), *map(words.percent, shares), minutes)
        for x, cell in zip(at, cells, strict=True):
            loud = x == at[4] and row.lacking_share > 0
            style = {"color": theme.COLOUR["accent"], "fontweight": "bold"} if loud else {}
            _text(plate, x, y, cell, ha="left" if x == _LEFT_IN else "right", **style)
    return top - 0.24 * (len(county.kinds) + 1) - 0.2


def _lacking_lines(county: County, most: int = 5) -> list[str]:
    if not county.lacking:
        return ["Nowhere: every place has all required kinds in reach or by referral."]
    return [
        f"{name}, {words.thousands(people)}: {', '.join(words.category_label(kind).lower() for kind in lacks)}"
        for name, people, lacks in county.lacking[:most]
    ]


def _call_lines(county: County, most: int = 4) -> list[str]:
    lines = [f"{call.phone}: {call.name}" for call in county.calls[:most]]
    kinds = sorted({words.category_label(kind).lower() for _, kinds, _ in county.confidential for kind in kinds})
    if county.confidential:
        count = words.counted(len(county.confidential), "confidential service")
        lines.append(f"{count} here ({', '.join(kinds)}): call, do not go.")
    return lines


def _block(plate: Plate, heading: str, lines: Sequence[str], *, left: float, top: float, width: float) -> float:
    _text(plate, left, top, heading, size="body", fontweight="bold")
    y = top - 0.22
    for line in lines:
        broken = wrapped(line, size_pt=theme.TEXT_PT["small"], width_in=width)
        _text(plate, left, y, "\n".join(broken), size="small")
        y -= 0.148 * len(broken) + 0.05
    return y - 0.1


def _ask(plate: Plate, *, top: float) -> None:
    """Three empty lines: what is asked for belongs to whoever hands the page on."""
    _text(plate, _LEFT_IN, top, "What we ask for", size="body", fontweight="bold")
    for number in range(1, 4):
        y = (top - 0.12 - 0.3 * number) / 11
        if y * 11 < plate.body_in[0] + 0.1:
            break
        plate.add_artist(Line2D([_LEFT_IN / 8.5, _RIGHT_IN / 8.5], [y, y], color=theme.COLOUR["rule"], linewidth=0.8))
