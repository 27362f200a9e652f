"""Before and after: who gains and who loses, never netted away, by group, county, place and hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo import access, data, present, siting, travel
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.present.look.sheet import PRINT
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.answers.explorer import reach_of
from kcgeo.study.measure import GROUPS, Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL, let_out, model_note, release_background, release_services

__all__ = ["Side", "compare_sides", "resting_on_one", "side_of"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Side:
    """One of two states of a study.

    Attributes
    ----------
    title
        What it is called, e.g. "today".
    study
        The study; of a folder of results, the one that was named beside it.
    places
        ``place_id, place_name, county_fips``, the counts of :data:`kcgeo.study.GROUPS`, and ``<category>_state``.
    cutoff_min, required
        What its states were made with.
    measured
        All that was measured; None for a folder of results.
    """

    title: str
    study: Study
    places: pd.DataFrame
    cutoff_min: float
    required: tuple[str, ...]
    measured: Measured | None = None

    def near(self) -> pd.DataFrame:
        """Whether each place has each category in reach, and all required ones."""
        columns = [str(name) for name in self.places if str(name).endswith("_state")]
        table = pd.DataFrame({name.removesuffix("_state"): self.places[name].eq("in_reach") for name in columns})
        table[access.ALL_REQUIRED] = table[list(self.required)].all(axis=1)
        return table.set_axis(self.places["place_id"])


def side_of(measured: Measured, title: str = "") -> Side:
    """Return a measured study as one side of a comparison."""
    study = measured.study
    cutoff = study.gaps.headline_cutoff_min
    states = measured.states(cutoff).add_suffix("_state")
    people = measured.places.set_index("place_id")[["place_name", "county_fips", *GROUPS]]
    table = pd.DataFrame(people).join(states).reset_index()
    name = title or study.changes.name or ("the scenario" if study.changes else "today")
    return Side(name, study, table, cutoff, study.gaps.required, measured)


def compare_sides(before: Side, after: Side, *, question: str = "compare", asked: Any = None) -> Answer:
    """Say who gains and who loses between two sides.

    Returns
    -------
    Answer
        ``changes`` (by category, group and county: ``before_count, after_count, gained_count, lost_count``; people who
        gain and people who lose are counted apart), ``changes_by_place`` (kinds gained and lost at each place) and,
        where both sides were measured, ``changes_by_hour`` (by category, who asks and time of week).

    Raises
    ------
    StudyError
        The sides do not hold the same places, kinds of help or cutoff.
    """
    _require_alike(before, after)
    one, two = before.near(), after.near().reindex(before.places["place_id"])
    kinds = [name for name in one if name in two]
    gained, lost = two[kinds] & ~one[kinds], one[kinds] & ~two[kinds]
    tables = {"changes": _changes(before, one[kinds], two[kinds]), "changes_by_place": _by_place(after, gained, lost)}
    if before.measured is not None and after.measured is not None:
        tables["changes_by_hour"] = _by_hour(before.measured, after.measured)
    released = _released(after, tables)
    figures: tuple[Figure, ...] = ()
    if after.measured is not None:
        released |= release_background(after.measured) | {"services": release_services(after.measured)}
        figures = (
            Figure.of("changes", "Who gains, and who loses?", present.change_map, ("changes_by_place",), sheet=PRINT),
        )
    return Answer(
        question,
        after.study,
        findings=_findings(after, gained, lost),
        tables=released,
        figures=figures,
        shown=tuple(tables),
        about={"before": before.title, "after": after.title, **(asked or {})},
    )


def _require_alike(before: Side, after: Side) -> None:
    if set(before.places["place_id"]) != set(after.places["place_id"]):
        raise StudyError(
            f"'{before.title}' and '{after.title}' hold other places; compare two states of the same counties."
        )
    if (before.cutoff_min, before.required) != (after.cutoff_min, after.required):
        raise StudyError(
            f"'{before.title}' asks for {', '.join(before.required)} within {before.cutoff_min:g} minutes and "
            f"'{after.title}' for {', '.join(after.required)} within {after.cutoff_min:g}; compare like with like."
        )


def _changes(before: Side, one: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    """Count people before and after by category, group and county; the first county row is all of them."""
    places = before.places.set_index("place_id")
    people = places[list(GROUPS)].astype(float)
    counties = data.counties(before.study).set_index("county_fips")["name"]
    parts: list[tuple[str | None, str, Any]] = [(None, "all counties", slice(None))]
    parts += [(fips, str(counties.get(fips, fips)), places["county_fips"] == fips) for fips in sorted(counties.index)]
    rows = [
        {
            "category": kind,
            "group": group,
            "county_fips": fips,
            "area": area,
            "total_count": people.loc[rows, group].sum(),
            "before_count": people.loc[rows, group][one.loc[rows, kind]].sum(),
            "after_count": people.loc[rows, group][two.loc[rows, kind]].sum(),
            "gained_count": people.loc[rows, group][(two & ~one).loc[rows, kind]].sum(),
            "lost_count": people.loc[rows, group][(one & ~two).loc[rows, kind]].sum(),
        }
        for kind in one.columns
        for group in GROUPS
        for fips, area, rows in parts
    ]
    return pd.DataFrame(rows).assign(cutoff_min=before.cutoff_min)


def _by_place(after: Side, gained: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    """List what each place gains and loses; the kinds by name, and one word for the map."""
    kinds = [name for name in gained if name != access.ALL_REQUIRED]
    table = after.places.set_index("place_id")[["place_name", "county_fips", "population_count"]]
    table = table.loc[gained.index].copy()
    more, less = gained[kinds].sum(axis=1), lost[kinds].sum(axis=1)
    table["change"] = np.select(
        [(more > 0) & (less > 0), more > 0, less > 0], ["gains and loses", "gains", "loses"], "same"
    )
    table["gained_kinds_count"], table["lost_kinds_count"] = more, less
    for name, flags in (("gained", gained), ("lost", lost)):
        table[f"{name}_kinds"] = [", ".join(np.array(kinds)[row]) for row in flags[kinds].to_numpy()]
    table = table.rename(columns={"gained_kinds": "after", "lost_kinds": "before"}).reset_index()
    if after.measured is None:
        return table
    points = after.measured.places.set_index("place_id").geometry.loc[table["place_id"]]
    placed: pd.DataFrame = gpd.GeoDataFrame(table, geometry=points.to_numpy(), crs=points.crs)
    return placed


def _by_hour(before: Measured, after: Measured) -> pd.DataFrame:
    """Count all people before and after by category, who asks and time of week, known opening hours only."""
    people = before.places.set_index("place_id")["population_count"].astype(float)
    cutoff = before.study.gaps.headline_cutoff_min
    keys = ["category", "eligibility", "when", "place_id"]
    one, two = (reach_of(side).set_index(keys)["time_min"] <= cutoff for side in (before, after))
    two = two.reindex(one.index)
    weight = one.index.get_level_values("place_id").map(people)
    table = pd.DataFrame(
        {
            "before_count": weight * one,
            "after_count": weight * two,
            "gained_count": weight * (two & ~one),
            "lost_count": weight * (one & ~two),
        },
        index=one.index,
    )
    found: pd.DataFrame = table.groupby(level=[0, 1, 2], sort=False).sum().reset_index()
    return found.assign(group="population_count", cutoff_min=cutoff)


def _findings(after: Side, gained: pd.DataFrame, lost: pd.DataFrame) -> tuple[Finding, ...]:
    people = after.places.set_index("place_id")["population_count"].astype(float).loc[gained.index]
    about = {
        "area": after.study.title,
        "cutoff_min": after.cutoff_min,
        "kinds_count": len(after.required),
        "after": after.title,
    }
    found: list[Finding] = []
    for kind in gained:
        more, less = float(people[gained[kind]].sum()), float(people[lost[kind]].sum())
        if kind == access.ALL_REQUIRED:
            found.insert(0, Finding("change_all", more, of=float(people.sum()), about={**about, "lost": less}))
        elif more or less:
            told = {**about, "category": kind, "lost": less}
            found.append(Finding("change_category", more, of=float(people.sum()), about=told))
    if not gained.any(axis=None) and not lost.any(axis=None):
        return (Finding("change_none", 0.0, about=about),)
    return tuple(found)


def _released(after: Side, tables: dict[str, pd.DataFrame]) -> dict[str, Released]:
    study = after.study
    notes: tuple[str, ...] = (LOWER_BOUND, LISTED, "people who gain and people who lose are counted apart")
    geography = None
    if after.measured is not None:
        notes = (model_note(after.measured), ODBL, *notes)
        geography = release_background(after.measured)["places"]
    about = {"cutoff_min": float(after.cutoff_min), "after": after.title}
    return let_out(study, tables, kind="siting", notes=notes, about=about, geography=geography)


def resting_on_one(measured: Measured, *, categories: Sequence[str] | None = None) -> Answer:
    """Close each site in turn: how many people lose a kind of help because no other place of it is in reach.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    categories
        Kinds of help; the required ones of the study where not given.

    Returns
    -------
    Answer
        ``resting``: ``category, name, lost_count, covered_count, covered_share`` by site, the worst first.
    """
    study = measured.study
    cutoff = study.gaps.headline_cutoff_min
    listed = data.by_category(measured.services)
    people = measured.places.set_index("place_id")["population_count"].astype(float)
    placed = listed.drop_duplicates("site_id")[["site_id", "geometry"]].rename(columns={"site_id": "id"})
    pairs = travel.costs(measured.network, measured.places, placed, cutoff_min=cutoff)
    names = measured.services.drop_duplicates("site_id").set_index("site_id")["organization_name"]
    parts, found = list[pd.DataFrame](), list[Finding]()
    for kind in categories or study.gaps.required:
        sites = set(listed.loc[listed["category"] == kind, "site_id"]) & set(pairs["to_id"])
        if not sites:
            continue
        costs = pairs[pairs["to_id"].isin(sites)]
        table = siting.closures(sites, costs, people, cutoff_min=cutoff, closing=sites)
        table = table[["covered_count", "covered_share", "lost_count"]].rename_axis("id").reset_index()
        parts.append(table.assign(category=kind, name=table.pop("id").map(names), cutoff_min=cutoff))
        worst = parts[-1].iloc[0]
        told = {"category": kind, "name": worst["name"], "cutoff_min": cutoff, "area": study.title}
        found.append(Finding("rests_on_one", float(worst["lost_count"]), of=float(people.sum()), about=told))
    if not parts:
        raise StudyError("No public site of these kinds is within reach of anybody; there is nothing to close.")
    resting = pd.concat(parts, ignore_index=True).sort_values("lost_count", ascending=False, kind="stable")
    side = side_of(measured)
    found.sort(key=lambda one: -one.value)
    released = _released(side, {"resting": resting})
    return Answer("what_if_each", study, findings=tuple(found), tables=released, about={"each": True})
