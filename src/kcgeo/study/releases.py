"""What a study lets out: every table that is shown or written passes the release gate here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo import data
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released, release
from kcgeo.errors import first_ids
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.kept import kept
from kcgeo.study.measure import Measured
from kcgeo.study.sources import asked_of, sources_of, vintage_of

__all__ = [
    "LOWER_BOUND",
    "let_out",
    "lost_notes",
    "mapped",
    "model_note",
    "release_all",
    "release_background",
    "release_corridors",
    "release_ledger",
    "release_services",
]

LOWER_BOUND = "lower bound: confidential services are not counted"
LISTED = "counts listed services, not help received: beds may be full and referral rules apply"
NO_RIVER = "no river is a barrier: local ways cross every river"
CALL_FIRST = "call before you go: the age of each record is shown, and none is checked today"
ODBL = "Roads © OpenStreetMap contributors, ODbL 1.0"
NO_EVIDENCE = "roads are not evidence of trafficking: a profile says where a traveller is far from help"


def model_note(measured: Measured) -> str:
    """Words for every picture that shows travel times."""
    return f"{measured.network.model}: no congestion, no weather"


def lost_notes(measured: Measured) -> tuple[str, ...]:
    """Say what a share leaves out: services without a known door or area, and rivers that nobody named."""
    doors = data.without_point(measured.listed)
    named = f": {first_ids(doors['service_id'])}" if len(doors) <= 5 else ""
    told = f"{len(doors)} listed without a known point stand on no map{named}"
    by_telephone = measured.listed["disclosure"].eq("area").sum()
    unnamed = f"{by_telephone} listed by telephone may be tied to no area of so few people: call, 'none' is too high"
    nameless = data.areas(measured.study)["county_fips"].isna().all()
    open_water = not measured.study.travel.barriers and measured.study.layer("streets") is None
    found = ((told, len(doors)), (unnamed, by_telephone and nameless), (NO_RIVER, open_water))
    return tuple(note for note, holds in found if holds)


def let_out(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    *,
    kind: str,
    used: Sequence[str] = ("services", "places", "highway_edges"),
    notes: Sequence[str] = (),
    about: Mapping[str, Any] = MappingProxyType({}),
    geography: Released | None = None,
) -> dict[str, Released]:
    """Pass tables of one kind through the release gate, with sources and vintage of the resources they are made of.

    Parameters
    ----------
    study, tables, kind
        Tables by name, and their contract (:func:`kcgeo.disclosure.release`).
    used
        Resources of the data package, or the layers of the study that stand in for them.
    notes, about
        What must be said beside each, and the parameters that they were made with.
    geography
        The public points of those that have a shape.
    """
    sources, vintage = sources_of(study, *used), vintage_of(study, *used)
    return {
        name: release(
            table,
            name=name,
            kind=kind,
            sources=sources,
            vintage=vintage,
            notes=notes,
            about=about,
            geography=geography if "geometry" in table else None,
        )
        for name, table in tables.items()
    }


def _with_points(times: pd.DataFrame, points: gpd.GeoDataFrame, *, columns: Sequence[str]) -> pd.DataFrame:
    """Travel times beside public ids and counts."""
    key = str(times.index.name)
    table: pd.DataFrame = pd.DataFrame(points.set_index(key)[list(columns)]).join(times).reset_index()
    return table


def release_background(measured: Measured) -> dict[str, Released]:
    """Release what every map is drawn on: ``counties, corridors, towns, places``."""
    study = measured.study
    cities = data.cities(study)
    layers = {
        "counties": ("counties", _named_states(measured)),
        "corridors": ("corridors", data.corridors(study)[["route", "state", "geometry"]]),
        "towns": ("cities", cities[["name", "state", "population_count", "geometry"]]),
        "places": ("places", measured.places),
    }
    notes = {"corridors": (ODBL, "roads are drawn for orientation: a road is not evidence of trafficking")}
    released: dict[str, Released] = {}
    for name, (resource, table) in layers.items():
        released |= let_out(study, {name: table}, kind="background", used=(resource,), notes=notes.get(name, ()))
    return released


def release_services(
    measured: Measured, services: gpd.GeoDataFrame | None = None, *, name: str = "services"
) -> Released:
    """Release the services that count for who asks, or all that are given, each at its own level."""
    study = measured.study
    return release(
        measured.services if services is None else services,
        name=name,
        kind="services",
        sources=sources_of(study, "services"),
        vintage=vintage_of(study, "services"),
        notes=(CALL_FIRST,),
        areas=data.areas(study)["area"],
        authorisations=data.authorisations(study),
    )


def mapped(answer: Answer, measured: Measured, *figures: Figure) -> Answer:
    """Give an answer figures that are maps: with the ground of the study, and the services that count for who asks."""
    ground = release_background(measured) | {"services": release_services(measured)}
    return replace(answer, tables={**answer.tables, **ground}, figures=figures)


def _named_states(measured: Measured) -> pd.DataFrame:
    """Outlines of the counties, with the name of their state."""
    names = data.load("states").set_index("state")["name"]
    table: pd.DataFrame = measured.counties[["county_fips", "name", "state", "geometry"]]
    return table.assign(state_name=table["state"].map(names))


def release_all(measured: Measured) -> dict[str, Released]:
    """Pass every table of a study through the release gate.

    Returns
    -------
    dict
        ``counties, corridors, towns, places`` (background), ``services``, ``cell_times``, ``place_times``, ``gaps``,
        ``coverage``, ``completeness`` (what was looked for in which county), and the tables of :func:`release_ledger`.

    Raises
    ------
    DisclosureError
        Where a table holds what must stay.
    """
    return kept(measured.key and f"{measured.key}-released", lambda: _release_all(measured))


def _release_all(measured: Measured) -> dict[str, Released]:
    released, study = release_background(measured), measured.study
    notes = (model_note(measured), LOWER_BOUND, LISTED, *lost_notes(measured))
    released["services"] = release_services(measured, measured.listed)
    people = ["place_name", "county_fips", *(column for column in measured.places if column.endswith("_count"))]
    asked, places = asked_of(study), released["places"]
    times = {
        "cell_times": measured.cell_times.join(measured.cell_states).reset_index(),
        "place_times": _with_points(measured.place_times, measured.places, columns=people),
    }
    areas = data.areas(study)[["area", "county_fips"]].dropna()
    looked_for = measured.collected[["county_fips", "category", "looked_for"]]
    return {
        **released,
        **let_out(study, times, kind="surface", notes=notes, about=asked),
        **let_out(study, {"gaps": measured.gaps}, kind="gaps", notes=notes, about=asked, geography=places),
        **let_out(study, {"coverage": measured.coverage}, kind="coverage", notes=notes),
        **let_out(study, {"completeness": looked_for}, kind="coverage", used=("services",)),
        **let_out(study, {"areas": areas}, kind="background"),
        **release_ledger(study),
    }


def release_ledger(study: Study) -> dict[str, Released]:
    """Release what has been published about reports, as far as it concerns a study.

    Returns
    -------
    dict
        ``aggregates`` and ``claims`` that concern the study, and ``reporting_remarks``; with ``plan_elements``, which
        speak of one region, only where the study lies in it (:func:`kcgeo.data.regional`).
    """
    notes = ("reports are not prevalence", "a missing report is not a zero")
    tables = {"aggregates": data.reports(study), "claims": data.statements(study)}
    tables["reporting_remarks"] = data.load("reporting_remarks")
    if data.regional(study):
        tables["plan_elements"] = data.load("plan_elements")
    released: dict[str, Released] = {}
    for name, table in tables.items():
        plain = _without_distances(pd.DataFrame(table))
        released |= let_out(study, {name: plain}, kind="reporting", used=(name,), notes=notes)
    return released


def _without_distances(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what an ``area_only`` record says: a distance to a confidential place narrows down where it is."""
    if "use_in_tool" not in table:
        return table
    told = [name for name in ("value", "value_number", "value_low", "value_high", "paraphrase") if name in table]
    return table.assign(**{name: table[name].where(table["use_in_tool"].ne("area_only")) for name in told})


def release_corridors(
    measured: Measured, *, profile: pd.DataFrame, segments: pd.DataFrame, exits: pd.DataFrame, towns: pd.DataFrame
) -> dict[str, Released]:
    """Release what was measured along the corridors: ``profile``, ``segments``, ``exits`` and ``corridor_towns``."""
    study = measured.study
    notes = (model_note(measured), LOWER_BOUND, LISTED, ODBL, NO_EVIDENCE)
    roads = ("services", "highway_edges", "corridors")
    measures = {"profile": profile, "segments": segments}
    return {
        **let_out(study, measures, kind="profile", used=roads, notes=notes, about=asked_of(study)),
        **let_out(study, {"exits": exits}, kind="background", used=("exits",), notes=(ODBL,)),
        **let_out(study, {"corridor_towns": towns}, kind="background", used=("cities",)),
    }
