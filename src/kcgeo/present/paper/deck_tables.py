"""The tables of a talk: few rows, words for numbers, made from released tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kcgeo.access import ALL_REQUIRED
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.findings import written
from kcgeo.present.look import words
from kcgeo.present.look.bound import bound
from kcgeo.present.look.plate import source_lines
from kcgeo.present.paper.deck import ChartSlide, TableSlide, TextSlide

__all__ = ["ask_slide", "beds_slide", "county_slide", "coverage_slide", "group_slide", "sites_slide", "stretches_slide"]

_GROUP = {
    "population_count": "all people",
    "under18_count": "people under 18",
    "poverty_count": "people in poverty",
}
_LIMITS = (words.MODEL, words.LOWER_BOUND, words.ODBL)


def coverage_slide(coverage: Released, *, headline_min: float, most: int = 16) -> TableSlide:
    """Share of people within each cutoff by kind of help, the kind with the fewest in reach last.

    Parameters
    ----------
    coverage
        Released coverage: ``category, group, cutoff_min, covered_share, by_referral_share``.
    headline_min
        The cutoff by which the rows are ordered.
    most
        Rows that a slide has room for; kinds in reach of most people are left out first.
    """
    table = require_released(coverage, kind="coverage").table
    people = table[table["group"] == "population_count"]
    shares = people.pivot(index="category", columns="cutoff_min", values="covered_share")
    shares.columns = [float(cutoff) for cutoff in shares.columns]
    shares = shares[shares.max(axis=1) > 0]  # no site with a public address: nothing to compare
    if headline_min not in shares.columns:
        raise TableError(f"The coverage holds no cutoff of {headline_min:g} minutes.")
    if shares.empty:
        raise TableError("The coverage holds no kind of help that anybody reaches; there is nothing to tell.")
    order = shares[headline_min].sort_values(ascending=False, kind="stable").index
    shares = shares.loc[order].tail(most)
    called = people[people["cutoff_min"] == headline_min].set_index("category")["by_referral_share"]
    rows = tuple(
        (
            words.category_label(str(category)),
            *(words.percent(share) for share in row),
            words.percent(float(called[str(category)])),
        )
        for category, row in shares.iterrows()
    )
    worst, best = str(shares.index[-1]), str(shares.index[0])
    most_said, least_said = (words.percent(float(shares[headline_min][name])) for name in (best, worst))
    sources, vintage = source_lines([coverage])
    return TableSlide(
        title=f"{words.category_label(worst)} is in reach of the fewest people: {least_said}",
        subtitle=(
            f"Share of people by minutes to the nearest listed site by car. By referral: at {headline_min:g} minutes,"
            " a confidential service takes calls."
        ),
        columns=("Kind of help", *(f"{cutoff:g} min" for cutoff in shares.columns), "by referral"),
        rows=rows,
        alt_text=(
            f"Table of {len(rows)} kinds of help by cutoff. Within {headline_min:g} minutes:"
            f" {words.category_label(best)} {most_said}, {words.category_label(worst)} {least_said} of people."
        ),
        sources=sources,
        vintage=vintage,
        notices=_LIMITS,
    )


def group_slide(coverage: Released, *, required: Sequence[str], cutoff_min: float) -> TableSlide:
    """Share of each group within the cutoff, for the required kinds of help."""
    table = require_released(coverage, kind="coverage").table
    here = table[(table["cutoff_min"] == cutoff_min) & table["category"].isin(list(required))]
    shares = here.pivot(index="category", columns="group", values="covered_share")
    groups = [group for group in _GROUP if group in shares.columns]
    shares = shares.reindex([name for name in required if name in shares.index])[groups]
    if shares.empty:
        raise TableError("The coverage holds none of the required kinds of help at this cutoff.")
    apart = str((shares.max(axis=1) - shares.min(axis=1)).idxmax())
    row = shares.T[apart]
    least, most = str(row.idxmin()), str(row.idxmax())
    low, high = (words.percent(float(row[group])) for group in (least, most))
    sources, vintage = source_lines([coverage])
    phrase = words.category_label(apart).lower()
    return TableSlide(
        title=f"{words.category_label(apart)}: {low} of {_GROUP[least]} in reach, {high} of {_GROUP[most]}",
        subtitle=(f"Share within {cutoff_min:g} minutes of the nearest listed site by car.{_carless(table)}"),
        columns=("Kind of help", *(_GROUP[group] for group in groups)),
        rows=tuple(
            (words.category_label(str(category)), *(words.percent(float(share)) for share in row))
            for category, row in shares.iterrows()
        ),
        alt_text=f"Table of {len(shares)} kinds of help by group. {phrase.capitalize()}: {low} of {_GROUP[least]} are"
        f" within {cutoff_min:g} minutes, and {high} of {_GROUP[most]}.",
        sources=sources,
        vintage=vintage,
        notices=_LIMITS,
    )


def _carless(table: pd.DataFrame) -> str:
    """Count the homes that cannot make the drive at all: for them none of the shares holds."""
    own = table[table["group"] == "no_vehicle_household_count"]
    if own.empty or "total_count" not in own:
        return ""
    return f" {words.thousands(float(own['total_count'].max()))} homes have no car: none of these drives is theirs."


def county_slide(county: Released, names: Mapping[str, str], *, most: int = 18) -> ChartSlide:
    """Share of people in each county who lack at least one required kind of help, as bars that can be edited.

    Parameters
    ----------
    county
        Released table ``county_fips, category, total_count, none_count, none_share`` with rows ``all required``.
    names
        Names of the counties by code.
    most
        Bars that a slide has room for; the counties that lack least are left out.
    """
    table = require_released(county, kind="coverage").table
    rows = table[(table["category"] == ALL_REQUIRED) & table["none_share"].notna()]
    if rows.empty:
        raise TableError("The county table has no row of all required kinds.")
    rows = rows.sort_values(["none_share", "none_count", "county_fips"], ascending=[False, False, True]).head(most)
    nearly = [
        names[str(code)] for code, share in zip(rows["county_fips"], rows["none_share"], strict=True) if share >= 0.9
    ]
    total, lost = float(rows["total_count"].sum()), float(rows["none_count"].sum())
    cutoff = float(bound("cutoff_min", None, county))
    sources, vintage = source_lines([county])
    return ChartSlide(
        title=(
            f"In {words.counted(len(nearly), 'county', 'counties')} nearly everyone lacks some help"
            if nearly
            else f"{words.thousands(lost)} people lack some help"
        ),
        subtitle=f"Share of people who lack at least one required kind of help within {cutoff:g} minutes by car.",
        bars=tuple((names[str(row["county_fips"])], float(row["none_share"])) for row in rows.to_dict("records")),
        alt_text=f"Bars by county. {words.thousands(lost)} of {words.thousands(total)} people lack at least one kind."
        + (f" Nearly all people of {words.listed(nearly)}." if nearly else ""),
        sources=sources,
        vintage=vintage,
        notices=_LIMITS,
    )


def beds_slide(stages: Released, title: str) -> TableSlide:
    """Say what the listed beds of each stage carry, in people a week; what is not known is told as such.

    Parameters
    ----------
    stages
        Released chain: ``stage, sites_count, unknown_count, stay_days, low_week, high_week, binds``.
    title
        What the whole carries, from its finding.
    """
    table = require_released(stages, kind="chain").table
    rows = tuple(
        (
            str(row["stage"]),
            f"{row['sites_count'] - row['unknown_count']} of {row['sites_count']}",
            f"{row['stay_days']:g}",
            written(row["low_week"], "rate"),
            "not known" if math.isnan(row["high_week"]) else written(row["high_week"], "rate"),
            "yes" if row["binds"] else "no",
        )
        for row in table.to_dict("records")
    )
    sources, vintage = source_lines([stages])
    return TableSlide(
        title=title,
        subtitle="People a week whom listed public beds carry, at the assumed stays. Arrivals are not known.",
        columns=("Stage", "beds sure at", "days of a stay", "surely", "at most", "holds it back"),
        rows=rows,
        alt_text=f"Table of {len(rows)} stages from first bed to home. {title}.",
        sources=sources,
        vintage=vintage,
        notices=(words.LOWER_BOUND, "Stays are assumptions, not measured."),
    )


def sites_slide(new_sites: Released, title: str) -> TableSlide:
    """Say where new sites of one kind would help most, one after another, and how many people each brings into reach.

    Parameters
    ----------
    new_sites
        Released siting table: ``rank, place_name, cutoff_min, new_count, together_count``.
    title
        What they bring, from its finding.
    """
    table = require_released(new_sites, kind="siting").table.sort_values("rank")
    rows = tuple(
        (
            f"{'ABC'[row['rank'] - 1]}, near {row['place_name']}",
            *(words.thousands(float(row[name])) for name in ("new_count", "together_count")),
        )
        for row in table.to_dict("records")
    )
    sources, vintage = source_lines([new_sites])
    return TableSlide(
        title=title,
        subtitle="Areas, never addresses; each is the best after those above it.",
        columns=("New site", "people it brings into reach", "together"),
        rows=rows,
        alt_text=f"Table of {len(rows)} new sites: " + "; ".join(f"{row[0]}: {row[1]}" for row in rows) + ".",
        sources=sources,
        vintage=vintage,
        notices=("Buildings, staff and money were not looked at.", *_LIMITS),
    )


def ask_slide() -> TextSlide:
    """Make the slide of what is asked for: empty, since that belongs to whoever speaks."""
    points = ("We ask for: ____________________", "By when: ____________________", "Who decides: ____________________")
    return TextSlide("What we ask for, and the next step", points, "Say: your own sentence.\nPoint at: the first line.")


def stretches_slide(segments: Released, *, cutoff_min: float | None = None, most: int = 10) -> TableSlide | None:
    """List the longest stretches of the corridors over the cutoff; None where there are none."""
    table = require_released(segments, kind="profile").table
    cutoff_min = bound("cutoff_min", cutoff_min, segments)
    if table.empty:
        return None
    table = table.sort_values(["length_mi", "route"], ascending=[False, True], kind="stable").head(most)
    first = table.iloc[0]
    sources, vintage = source_lines([segments])
    return TableSlide(
        title=f"The longest stretch without {words.category_label(first['category']).lower()} is"
        f" {first['length_mi']:.0f} miles of {first['route']} in {first['state']}",
        subtitle=f"Stretches farther than {cutoff_min:g} minutes from the nearest listed site, the longest first.",
        columns=("Kind of help", "route", "from mile", "to mile", "miles", "up to"),
        rows=tuple(_stretch(row) for row in table.to_dict("records")),
        alt_text=f"Table of {len(table)} stretches by kind of help, route, mileposts, length and longest drive.",
        sources=sources,
        vintage=vintage,
        notices=("Roads are not evidence of trafficking.", *_LIMITS),
    )


def _stretch(row: Mapping[Any, Any]) -> tuple[str, ...]:
    worst_min = float(row["worst_min"])
    return (
        words.category_label(str(row["category"])),
        f"{row['route']} {row['state']}",
        *(f"{float(row[name]):g}" for name in ("from_milepost_mi", "to_milepost_mi", "length_mi")),
        "no way" if math.isnan(worst_min) else f"{worst_min:.0f} min",
    )
