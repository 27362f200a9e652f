"""All of a study at once: maps, tables, pages, and the notebooks that explain them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from kcgeo.disclosure import Released
from kcgeo.study.answer import Answer, Extra, Scene
from kcgeo.study.answers.by_bus import transit_report
from kcgeo.study.answers.certainty import certainty_report
from kcgeo.study.answers.corridor import corridor_report, routes_with_miles
from kcgeo.study.answers.county import COUNTY_USES, county_facts_of, county_table, write_all_counties
from kcgeo.study.answers.explorer import EXPLORER_USES, release_explorer, write_explorer_page
from kcgeo.study.answers.who import who_report
from kcgeo.study.answers.whole.figures import figures_of
from kcgeo.study.answers.whole.gallery import MAP_PAGE_USES, write_index, write_map_page
from kcgeo.study.answers.whole.story import STORY_USES, release_sites, write_story
from kcgeo.study.measure import Measured
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import release_all

__all__ = ["TABLES", "maps"]

TABLES = (
    "services",
    "coverage",
    "county",
    "gaps",
    "place_times",
    "profile",
    "segments",
    "new_sites",
    "exits",
    "service_matrix",
    "equity",
    "group_gaps",
    "lorenz",
    "hot_spots",
    "certainty",
    "intervals",
    "transit",
    "transit_places",
    "aggregates",
    "claims",
    "plan_elements",
)
"""Releases that are also written as tables."""


def maps(
    measured: Measured,
    *,
    notebooks: Sequence[Path] = (),
    study_path: Path | None = None,
    step: Step = silent_step,
) -> Answer:
    """Answer all questions of a study that the maps, the pages and the tables show.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    notebooks, study_path
        Notebooks to run beside, each of which becomes a page, and the study file that they read.
    step
        Told in words what is being done.

    Raises
    ------
    KcgeoError
        For a study, a service file or a data package that cannot be computed with.
    """
    study, released = measured.study, _released(measured, step)
    released["county"] = county_table(measured, county_facts_of(Scene(study, released)))
    released["new_sites"] = release_sites(Scene(study, released))
    figures = tuple(
        replace(one, place="maps", small=True, formats=("png", "svg") if one.annex else one.formats)
        for one in figures_of(study, released)
    )
    shown = tuple(dict.fromkeys(name for figure in figures for name in figure.uses))
    extras = (
        Extra("Wrote the explorer", EXPLORER_USES, partial(write_explorer_page, place="maps")),
        Extra("Wrote the map page", MAP_PAGE_USES, partial(write_map_page, place="maps")),
        Extra("Wrote the story", STORY_USES, write_story),
        Extra("Wrote the county pages", COUNTY_USES, partial(write_all_counties, place="counties")),
        Extra("Wrote the index", shown, write_index, binds=True),
    )
    return Answer(
        "maps",
        study,
        tables=released,
        figures=figures,
        extras=extras,
        shown=tuple(name for name in TABLES if name in released),
        notebooks=tuple(notebooks),
        study_path=study_path,
    )


def _released(measured: Measured, step: Step) -> dict[str, Released]:
    """Pass all that is shown of a study through the release gate."""
    study = measured.study
    released = release_all(measured)
    if routes_with_miles(study):
        released |= corridor_report(measured).released
    released |= release_explorer(measured)
    if any(measured.cell_times[f"{category}_min"].notna().any() for category in study.gaps.required):
        step("Asking who is left out")
        released |= who_report(measured).released
        step("Drawing what is not known")
        released |= certainty_report(measured).released
    by_bus = transit_report(measured, step=step)
    return released | (by_bus.released if by_bus else {})
