"""Public reporting as a chart: what was reported, what nobody reported, and the numbers that do not hold.

A count is what a channel recorded, never how much there is. So a blank year is hatched and never the lowest colour, a
year and a running total never share an axis, and disputed numbers are told in words beside the axes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import theme, words
from kcgeo.present.look.bound import need
from kcgeo.present.look.plate import Plate, new_plate
from kcgeo.present.look.sheet import SLIDE

__all__ = ["reported_states", "reporting_chart"]

_SMALL = 10
_HOTLINE, _OFFENCES = "Hotline", "UCR"
_BAR = theme.SERIES
_TITLE = {
    "all": "What is reported depends on who reports: blank years are not zeros",
    "hotline": "What is reported depends on who reports: blank years are not zeros",
    "offences": "Some police report nothing, and some numbers in circulation do not hold",
}
_TITLE_WITHOUT_CLAIMS = "Some police report nothing: a blank year is not zero"
# left, bottom, width, height of the axes in inches, and left and top of the list of disputed numbers
_PLACES: dict[str, dict[str, tuple[float, ...]]] = {
    "all": {
        "yearly": (0.32, 4.72, 5.35, 2.3),
        "totals": (7.85, 5.55, 2.85, 1.47),
        "tiles": (2.3, 1.2, 3.37, 2.72),
        "disputed": (6.05, 4.95),
    },
    "hotline": {"yearly": (0.32, 1.15, 5.9, 3.35), "totals": (8.3, 1.55, 2.4, 2.95)},
    "offences": {"tiles": (1.95, 1.2, 3.5, 3.3), "disputed": (5.9, 4.75)},
}


def reported_states(aggregates: pd.DataFrame, states: Mapping[str, str]) -> dict[str, str]:
    """Those of some states (letters -> name, in their order) that have yearly hotline cases to draw."""
    return {state: name for state, name in states.items() if state in set(_yearly_cases(aggregates)["geography"])}


def _yearly_cases(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["series"].str.contains(_HOTLINE) & (table["quantity"] == "cases")]
    rows = rows[(rows["period_type"] == "annual") & rows["period"].astype(str).str.fullmatch(r"\d{4}")]
    return rows[rows["value_number"].notna()]


def reporting_chart(
    aggregates: Released,
    claims: Released | None = None,
    *,
    states: Mapping[str, str],
    remarks: Released | None = None,
    metro: str = "a city",
    title: str | None = None,
    show: Literal["all", "hotline", "offences"] = "all",
) -> Plate:
    """Chart of public reporting in four parts, each with its own axis or none.

    Parameters
    ----------
    aggregates
        Released table ``series, quantity, value_number, unit, geography, period, period_type``: hotline cases by state
        and year, running totals since 2007, FBI offenses by state, year and kind, and departments with no report.
    claims
        Released table ``quantity, value, geography, period, evidence_grade, use_in_tool``; rows marked
        ``show_as_disputed`` are listed as not to be used. Without it that part is left out.
    states
        Letters to name, in the order of the chart; a state without yearly hotline cases is named in a notice.
    remarks
        Released table ``remark_kind, series, geo_fips, year, short_text, note``: breaks in a series, and the names of
        police departments; both tables are joined by ``geo_fips``.
    metro
        Name of the area to which no state count can be split.
    show
        All parts on a page; or on a slide the two of the hotline, or offences and disputed numbers.

    Returns
    -------
    Plate
        Hatched: no report, which is not zero. Local counts of 1 to 10 are not printed.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released or lacks a column, or where none of the states has a report to draw.
    """
    table = require_released(aggregates, kind="reporting").table
    need(table, ["series", "quantity", "value_number", "geography", "period", "period_type"], "aggregates")
    drawn = reported_states(table, states)
    if not drawn:
        raise TableError("The aggregates hold no yearly hotline cases of these states; the chart has nothing to show.")
    table = table.assign(value=table["value_number"])
    marked, said = pd.DataFrame(), _remarks(remarks, table)
    if claims is not None:
        disputed = require_released(claims, kind="reporting").table
        need(disputed, ["quantity", "value", "geography", "period", "use_in_tool"], "claims")
        marked = disputed[disputed["use_in_tool"] == "show_as_disputed"]
    hotline = table[table["series"].str.contains(_HOTLINE) & (table["quantity"] == "cases")]
    annual = _annual(table, drawn)
    total = hotline[(hotline["period_type"] == "cumulative") & hotline["geography"].isin(list(drawn))]
    offences = table[table["series"].str.contains(_OFFENCES)]
    breaks = said[said["remark_kind"] == "break"] if len(said) else said
    silent = [name for state, name in states.items() if state not in drawn]
    plate = new_plate(
        title or (_TITLE_WITHOUT_CLAIMS if claims is None and show == "offences" else _TITLE[show]),
        _subtitle(show, metro),
        alt_text=_alt_text(annual, offences, marked, drawn, show),
        released=[item for item in (aggregates, claims, remarks) if item is not None],
        notices=(
            "Hatched: no report, or none in the material at hand; this is not zero.",
            *([f"{words.listed(silent)}: no report in the material at hand."] if silent else []),
            *(["Local counts of 1 to 10 are not printed."] if len(_local(offences)) else []),
            *(dict.fromkeys(breaks["note"]) if len(breaks) else []),
        ),
        sheet=None if show == "all" else SLIDE,
    )
    places = _PLACES[show]
    with theme.applied():
        if "yearly" in places:
            _yearly(_axes(plate, *places["yearly"]), annual, drawn, breaks)
            _totals(_axes(plate, *places["totals"]), total, drawn)
        if "tiles" in places:
            _tiles(_axes(plate, *places["tiles"]), offences, drawn, said)
        if "disputed" in places and len(marked):
            left_in, top_in = places["disputed"]
            _disputed(plate, marked, left_in=left_in, top_in=top_in)
    return plate


def _subtitle(show: str, metro: str) -> str:
    split = f"A state count cannot be split to a county or to {metro}."
    return {
        "all": "Reports to the national hotline and to the FBI. Contacts received and offenses recorded, not how many"
        f" people are trafficked. {split}",
        "hotline": f"Contacts that the national hotline received, not how many people are trafficked. {split}",
        "offences": "Offenses that police told the FBI, not how many people are trafficked. A blank is not a zero.",
    }[show]


def _remarks(remarks: Released | None, table: pd.DataFrame) -> pd.DataFrame:
    """Remarks on the rows at hand, beside the geography that they are about."""
    if remarks is None:
        return pd.DataFrame()
    need(table, ["geo_fips"], "aggregates")
    own = require_released(remarks, kind="reporting").table
    need(own, ["remark_kind", "series", "geo_fips", "year", "short_text", "note"], "remarks")
    about = table[["series", "geo_fips", "geography"]].drop_duplicates(["series", "geo_fips"])
    return own.merge(about, on=["series", "geo_fips"], how="inner")


def _axes(plate: Plate, *place_in: float) -> Axes:
    left, bottom, width, height = place_in
    page_width, page_height = plate.get_size_inches()
    axes = plate.add_axes((left / page_width, bottom / page_height, width / page_width, height / page_height))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=theme.TEXT_PT["label"])
    return axes


def _heading(axes: Axes, text: str, *, left_in: float, above_in: float) -> None:
    """Write a heading above axes, aligned on the page rather than on the axes."""
    plate = axes.get_figure(root=True)
    assert plate is not None
    width, height = plate.get_size_inches()
    plate.text(
        left_in / width,
        axes.get_position().y1 + above_in / height,
        text,
        fontsize=theme.TEXT_PT["body"],
        fontweight="bold",
        va="bottom",
    )


def _annual(table: pd.DataFrame, states: Mapping[str, str]) -> pd.DataFrame:
    """Cases by year (rows) and state (columns), over all years that anybody reports; missing years stay missing."""
    rows = _yearly_cases(table)
    every = rows["period"].astype(int)
    rows = rows[rows["geography"].isin(list(states))]
    wide = rows.assign(year=rows["period"].astype(int)).pivot_table(
        index="year", columns="geography", values="value_number", aggfunc="first"
    )
    return wide.reindex(range(every.min(), every.max() + 1)).reindex(columns=list(states))


def _no_report(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    axes.add_patch(
        Rectangle(
            (x, y),
            width,
            height,
            facecolor="white",
            edgecolor=theme.COLOUR["rule"],
            hatch=theme.HATCH["no_report"],
            linewidth=0.0,
        )
    )


def _yearly(axes: Axes, annual: pd.DataFrame, states: Mapping[str, str], breaks: pd.DataFrame) -> None:
    # words about a break stand above the bars
    top = float(annual.max().max()) * (1.34 if len(breaks) else 1.18)
    step = 0.84 / len(states)
    wide = step - 0.04
    colours = dict(zip(states, _BAR, strict=False))
    for number, state in enumerate(states):
        offset = -0.4 + number * step
        for year, value in annual[state].items():
            x = float(str(year)) + offset
            if pd.isna(value):
                _no_report(axes, x, 0, wide, top * 0.085)
                continue
            axes.add_patch(Rectangle((x, 0), wide, value, facecolor=colours[state]))
            axes.text(x + wide / 2, value + top * 0.012, f"{value:.0f}", ha="center", fontsize=theme.TEXT_PT["small"])
    axes.set_xlim(annual.index.min() - 0.6, annual.index.max() + 0.6)
    axes.set_ylim(0, top)
    axes.set_yticks([])
    axes.set_xticks(list(annual.index))
    for mark in breaks.to_dict("records"):
        year = float(mark["year"])
        if not annual.index.min() <= year < annual.index.max():
            continue
        axes.axvline(year + 0.5, color=theme.COLOUR["accent"], linewidth=1.2, linestyle=(0, (3, 2)))
        axes.text(
            year + 0.58,
            top * 0.985,
            textwrap.fill(str(mark["short_text"]), 24),
            ha="left",
            va="top",
            fontsize=theme.TEXT_PT["small"],
            color=theme.COLOUR["accent"],
            linespacing=1.1,
        )
    _heading(axes, "Hotline cases in one year", left_in=0.32, above_in=0.12)
    for number, (state, name) in enumerate(states.items()):
        axes.text(
            0.0,
            0.95 - 0.1 * number,
            f"■ {name}",
            transform=axes.transAxes,
            color=colours[state],
            fontsize=theme.TEXT_PT["label"],
            fontweight="bold",
            va="top",
        )


def _totals(axes: Axes, total: pd.DataFrame, states: Mapping[str, str]) -> None:
    colours, order = dict(zip(states, _BAR, strict=False)), list(states)
    rows = total.assign(_order=total["geography"].map(order.index)).sort_values(["_order", "value"], ignore_index=True)
    top = float(rows["value"].max()) if len(rows) else 1.0
    for number, row in rows.iterrows():
        y = -float(str(number))
        axes.add_patch(
            Rectangle(
                (0, y - 0.3), row["value"], 0.6, facecolor="white", edgecolor=colours[row["geography"]], linewidth=1.8
            )
        )
        axes.text(row["value"] + top * 0.02, y, f"{row['value']:,.0f}", va="center", fontsize=theme.TEXT_PT["label"])
    axes.set_xlim(0, top * 1.2)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xticks([])
    axes.set_yticks([-float(number) for number in range(len(rows))])
    periods = [textwrap.fill(str(period).replace(" to ", " – "), 29) for period in rows["period"]]
    told = [f"{states[str(state)]}\n{period}" for state, period in zip(rows["geography"], periods, strict=True)]
    axes.set_yticklabels(told, fontsize=theme.TEXT_PT["small"], linespacing=1.05)
    axes.spines["bottom"].set_visible(False)
    _heading(
        axes,
        "Hotline cases, running totals (own axis)",
        left_in=6.05 if axes.get_position().x0 < 0.73 else 6.6,
        above_in=0.12,
    )


def _tiles(axes: Axes, offences: pd.DataFrame, states: Mapping[str, str], said: pd.DataFrame) -> None:
    """Offenses by row and year; a hatched tile is a year with no row in the file."""
    years, rows = _tile_rows(offences, states, said)
    for number, (_, values) in enumerate(rows):
        for year, value in values.items():
            x, y = year - 0.46, -number - 0.42
            if value is None:
                _no_report(axes, x, y, 0.92, 0.84)
                axes.add_patch(
                    Rectangle((x, y), 0.92, 0.84, facecolor="none", edgecolor=theme.COLOUR["rule"], linewidth=0.6)
                )
                continue
            axes.add_patch(Rectangle((x, y), 0.92, 0.84, facecolor=theme.COLOUR["grid"]))
            axes.text(year, -number, value, ha="center", va="center", fontsize=theme.TEXT_PT["label"])
    axes.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    axes.set_ylim(-len(rows) + 0.45, 0.5)
    axes.set_xticks(years)
    axes.set_yticks([-float(number) for number in range(len(rows))])
    axes.set_yticklabels([label for label, _ in rows], fontsize=theme.TEXT_PT["small"])
    axes.spines["bottom"].set_visible(False)
    _heading(axes, "Offenses in the FBI file: hatched = no report, 0 = none stated", left_in=0.32, above_in=0.1)


def _local(offences: pd.DataFrame) -> pd.DataFrame:
    """Rows of departments: what is neither a state nor the nation, nor several of them."""
    return offences[~offences["geography"].astype(str).str.fullmatch(r"[A-Z]{2}([;+ ]+[A-Z]{2})*")]


def _tile_rows(
    offences: pd.DataFrame, states: Mapping[str, str], said: pd.DataFrame
) -> tuple[list[int], list[tuple[str, dict[int, str | None]]]]:
    """Rows of the tile chart: states by kind of offence, then local departments."""
    yearly = offences[offences["period"].astype(str).str.fullmatch(r"\d{4}")].assign(
        year=lambda rows: rows["period"].astype(int)
    )
    state_rows = yearly[yearly["geography"].isin(list(states))]
    years = sorted(set(state_rows["year"])) or [2013]
    found: list[tuple[str, dict[int, str | None]]] = []
    for state, name in states.items():
        for kind in ("Commercial Sex Acts", "Involuntary Servitude", "all"):
            own = state_rows[(state_rows["geography"] == state) & (state_rows["quantity"] == kind)]
            if kind == "all" and own.empty:
                continue
            values = {int(year): value for year, value in zip(own["year"], own["value"], strict=True)}
            label = "all kinds" if kind == "all" else kind.lower()
            # a statement about all kinds was made for some years only: the others are left out, not hatched
            shown = sorted(values) if kind == "all" else years
            found.append((f"{name}:\n{label}", {year: _count(values.get(year)) for year in shown}))
    agencies = said[said["remark_kind"] == "agency"] if len(said) else said
    known = dict(zip(agencies["geography"], agencies["short_text"], strict=True)) if len(agencies) else {}
    local = _local(offences)
    for geography, period, value in zip(
        local["geography"].astype(str), local["period"].astype(str), local["value"], strict=True
    ):
        values_local: dict[int, str | None] = dict.fromkeys(years)
        if period.isdigit() and pd.notna(value):
            values_local[int(period)] = "1–10" if 0 < value <= _SMALL else _count(value)
        label = known.get(geography, geography.split(" (")[0])
        found.append((textwrap.fill(str(label), 18), values_local))
    return years, found


def _count(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else f"{value:.0f}"


def _disputed(plate: Plate, marked: pd.DataFrame, *, left_in: float, top_in: float) -> None:
    """List numbers in circulation that do not hold."""
    width, height = plate.get_size_inches()
    plate.text(
        left_in / width,
        top_in / height,
        "In circulation and disputed: not drawn, not computed with",
        fontsize=theme.TEXT_PT["body"],
        fontweight="bold",
        va="top",
    )
    y = top_in - 0.32
    for row in _distinct(marked):
        plate.text(
            left_in / width,
            y / height,
            "✗",
            fontsize=theme.TEXT_PT["label"],
            color=theme.COLOUR["accent"],
            va="top",
            fontweight="bold",
        )
        lines = textwrap.wrap(row, width=68)
        plate.text(
            (left_in + 0.2) / width,
            y / height,
            "\n".join(lines),
            fontsize=theme.TEXT_PT["small"],
            va="top",
            linespacing=1.15,
        )
        y -= 0.152 * len(lines) + 0.07


def _distinct(marked: pd.DataFrame) -> list[str]:
    """One line for each disputed number; a number told twice is told once."""
    seen: dict[str, str] = {}
    for row in marked.itertuples():
        value = str(row.value)
        text = f"{float(value):,.0f}" if value.replace(".", "", 1).isdigit() else value
        why = getattr(row, "grade_reason", None)
        because = f". {why}." if isinstance(why, str) and why else ""
        seen.setdefault(text, f"{text}: {row.quantity} ({row.geography}, {row.period}){because}")
    return list(seen.values())


def _alt_text(
    annual: pd.DataFrame, offences: pd.DataFrame, marked: pd.DataFrame, states: Mapping[str, str], show: str
) -> str:
    years = "; ".join(
        f"{name} " + ", ".join(f"{year}: {value:.0f}" for year, value in annual[state].dropna().items())
        for state, name in states.items()
    )
    blank = int(offences["value"].isna().sum())
    silent = _local(offences)[lambda rows: rows["value"].isna()]["geography"].tolist()
    among = f", among them {words.listed(silent)}" if silent else ""
    listed = f" A list of {len(_distinct(marked))} disputed numbers, not used." if len(marked) else ""
    hotline = (
        f"Hotline cases in one year: {years}. Other years hatched as not reported. Running totals since 2007 on their"
        " own axis."
    )
    police = f"FBI offenses by state and year; {blank} records without a report are hatched{among}.{listed}"
    return {"hotline": hotline, "offences": police}.get(show, f"{hotline} {police}")
