"""Everything for a meeting: a talk, things to print, pages for the web, data for others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.present.files.geodata import (
    cell_areas,
    layers_of,
    parquet_is_possible,
    write_csv,
    write_layers,
    write_parquet,
)
from kcgeo.present.files.hsds_folder import write_hsds
from kcgeo.present.paper.atlas import PAPERS, AtlasPage, atlas_is_possible, write_atlas
from kcgeo.present.paper.deck import PictureSlide, Slide, deck_is_possible, write_deck
from kcgeo.present.paper.deck_tables import (
    ask_slide,
    beds_slide,
    county_slide,
    coverage_slide,
    group_slide,
    sites_slide,
    stretches_slide,
)
from kcgeo.study.answer import Answer, Desk, Drawn, Extra, Figure, Scene
from kcgeo.study.answers.beds import chain_report
from kcgeo.study.answers.corridor import corridor_report, routes_with_miles
from kcgeo.study.answers.county import county_facts_of, county_table
from kcgeo.study.answers.explorer import EXPLORER_USES, release_explorer, write_explorer_page
from kcgeo.study.answers.whole.export_index import write_export_index
from kcgeo.study.answers.whole.figures import figures_of, slides_of
from kcgeo.study.answers.whole.gallery import MAP_PAGE_USES, write_map_page
from kcgeo.study.answers.whole.story import release_sites, story_of
from kcgeo.study.measure import Measured
from kcgeo.study.releases import release_all

__all__ = ["AUDIENCES", "chosen_audiences", "export_answer", "method_of"]

AUDIENCES = ("slides", "print", "web", "data")
"""For whom an export is made; each has a folder of its own."""

TABLES = (
    "services",
    "coverage",
    "gaps",
    "place_times",
    "profile",
    "segments",
    "new_sites",
    "exits",
    "aggregates",
    "claims",
    "plan_elements",
)
"""Releases that are exported as tables beside the layers of the map."""


_TALK = {"coverage", "county", "chain_stages", "new_sites"}
"""Releases whose tables stand in a talk."""

_NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "slides": (deck_is_possible, "No deck: it needs python-pptx; install it with: pip install 'kcgeo[report]'."),
    "print": (atlas_is_possible, "No atlas: it needs pypdf; install it with: pip install 'kcgeo[report]'."),
    "data": (parquet_is_possible, "No GeoParquet: it needs pyarrow; install it with: pip install 'kcgeo[big]'."),
}


def left_out(audiences: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each format that cannot be made here; known before anything is computed.

    Raises
    ------
    KcgeoError
        For an unknown audience.
    """
    needs = [_NEEDS[one] for one in chosen_audiences(audiences) if one in _NEEDS]
    return tuple(sentence for is_possible, sentence in needs if not is_possible())


def method_of(study: Study, measured: Measured) -> tuple[str, ...]:
    """Say in sentences how the numbers of a study were made, for notes and method pages."""
    travel, gaps = study.travel, study.gaps
    speeds = f"{travel.highway_kmh:g} km/h on highways, {travel.ramp_min:g} minutes for a ramp"
    return (
        f"Travel times come from a {measured.network.model}: {speeds}, streets by how densely people live, ways"
        f" {travel.circuity:g} times the straight line.",
        f"They are measured for {len(measured.cells):,} hexagons and {len(measured.places):,} places, each to"
        f" the nearest listed site of each kind, up to {travel.search_cutoff_min:g} minutes.",
        f"In reach is what takes {gaps.headline_cutoff_min:g} minutes or less; people are counted where a model"
        " of each ZIP code area puts them.",
        "Confidential services have no place in the computation. Where one serves an area, it is told as by referral.",
        "Computed from listed services of public level only; the same study and data give the same numbers.",
    )


def chosen_audiences(audiences: Sequence[str]) -> tuple[str, ...]:
    """Return audiences in their order, each once.

    Raises
    ------
    StudyError
        None, or one that is unknown.
    """
    unknown = [name for name in audiences if name not in AUDIENCES]
    if unknown or not audiences:
        raise StudyError(f"An export is for {', '.join(AUDIENCES)}, not for '{', '.join(map(str, unknown))}'.")
    return tuple(name for name in AUDIENCES if name in audiences)


def export_answer(measured: Measured, *, audiences: Sequence[str] = AUDIENCES) -> Answer:
    """Answer what a presenter, a printer, a web page or an analyst needs.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    audiences
        Any of :data:`AUDIENCES`; the folder then holds these and no more.

    Returns
    -------
    Answer
        A format whose optional package is missing is left out; a notice names the extra to install.

    Raises
    ------
    KcgeoError
        For an unknown audience, or a study that cannot be computed with.
    """
    chosen, study = chosen_audiences(audiences), measured.study
    released = release_all(measured)
    if routes_with_miles(study):
        released |= corridor_report(measured).released
    released["county"] = county_table(measured, county_facts_of(Scene(study, released)))
    if "web" in chosen:
        released |= release_explorer(measured)
        released["new_sites"] = release_sites(Scene(study, released))
    if "data" in chosen:
        released["drive_times"] = cell_areas(released["cell_times"])
    carried = ""
    if "slides" in chosen:
        chain = chain_report(measured).answer
        released["chain_stages"] = chain.tables["chain_stages"]
        carried = next(one.say() for one in chain.findings if one.key.startswith("chain_flow"))
    method, scene = method_of(study, measured), Scene(study, released)
    slides = [replace(one, place="slides/png", is_slide=True) for one in slides_of(study, released)]
    pages = [replace(one, place="print/{form}") for one in figures_of(study, released)]
    figures = (slides if "slides" in chosen else []) + (pages if "print" in chosen else [])
    parts: dict[str, Callable[[], list[Extra]]] = {
        "slides": partial(_deck, slides, _TALK & set(released), method, carried),
        "print": partial(_atlases, pages, method),
        "web": _web,
        "data": partial(_data, scene),
    }
    extras = [part for audience in chosen for part in parts[audience]()]
    shown = _uses(figures) | {name for extra in extras for name in extra.uses}
    extras.append(Extra("Wrote the index", tuple(sorted(shown)), _write_index, binds=True))
    return Answer(
        "export",
        study,
        tables=released,
        figures=tuple(figures),
        extras=tuple(extras),
        shown=(),
        about={"audiences": list(chosen)},
        notices=left_out(chosen),
    )


def _words(study: Study) -> dict[str, str]:
    return {
        "title": f"{study.title}: who can reach help after trafficking?",
        "lede": "Where help is near, where it is not, and where it is told by referral only.",
    }


def _write_index(desk: Desk) -> list[Path]:
    return write_export_index(desk, **_words(desk.scene.study))


def _uses(figures: Sequence[Figure]) -> set[str]:
    return {name for figure in figures for name in figure.uses}


def _deck(figures: Sequence[Figure], tables: set[str], method: tuple[str, ...], carried: str) -> list[Extra]:
    if not deck_is_possible():
        return []
    uses = tuple(sorted(_uses(figures) | tables))
    return [Extra("Bound the slides", uses, partial(_write_deck, method=method, carried=carried), binds=True)]


def _write_deck(desk: Desk, *, method: tuple[str, ...], carried: str) -> list[Path]:
    """Bind the pictures and the tables into a talk."""
    study, scene = desk.scene.study, desk.scene
    gaps = study.gaps
    pictures = {one.figure.name: _picture(one) for one in desk.drawn if one.figure.is_slide}
    named = scene["counties"].table.drop_duplicates("county_fips")
    names = {str(code): str(name) for code, name in zip(named["county_fips"], named["name"], strict=True)}
    talk: list[Slide | None] = [
        pictures.pop("gaps", None),
        county_slide(scene["county"], names) if "county" in scene else None,
        group_slide(scene["coverage"], required=gaps.required, cutoff_min=gaps.headline_cutoff_min),
        *[pictures.pop(name) for name in list(pictures) if name.startswith("corridor")][:2],
        _sites(scene),
        pictures.pop("certainty", None),
        ask_slide(),
    ]
    stretches = stretches_slide(scene["segments"]) if "segments" in scene else None
    coverage = coverage_slide(scene["coverage"], headline_min=gaps.headline_cutoff_min)
    path = desk.folder / "slides" / f"{study.name}.pptx"
    beds = beds_slide(scene["chain_stages"], carried)
    appendix: list[Slide] = [*pictures.values(), coverage, *([stretches] if stretches else []), beds]
    write_deck(path, [one for one in talk if one], **_words(study), method=method, appendix=appendix)
    return [path]


def _sites(scene: Scene) -> Slide | None:
    """Make the slide of new sites; None where the study was not asked for them, or none would help."""
    if "new_sites" not in scene or scene["new_sites"].table.empty:
        return None
    told = story_of(scene).areas[0].steps["sites"][0]
    return sites_slide(scene["new_sites"], told.say("slide"))


def _picture(one: Drawn) -> PictureSlide:
    assert one.box_px is not None
    return PictureSlide(one.note, one.paths[0], one.box_px)


def _atlases(figures: Sequence[Figure], method: tuple[str, ...]) -> list[Extra]:
    if not atlas_is_possible():
        return []
    uses = tuple(sorted(_uses(figures)))
    return [
        Extra(f"Bound the atlas on {paper}", uses, partial(_write_atlas, method=method, paper=paper), binds=True)
        for paper in PAPERS
    ]


def _write_atlas(desk: Desk, *, method: tuple[str, ...], paper: str) -> list[Path]:
    """Bind the pages into an atlas."""
    pages = [
        AtlasPage(one.note, next(path for path in one.paths if path.suffix == ".pdf"), one.figure.question)
        for one in desk.drawn
        if not one.figure.is_slide
    ]
    path = desk.folder / "print" / f"atlas-{paper}.pdf"
    write_atlas(path, pages, **_words(desk.scene.study), method=method, paper=paper)
    return [path]


def _web() -> list[Extra]:
    return [
        Extra("Wrote the coverage page", MAP_PAGE_USES, partial(write_map_page, place="web")),
        Extra("Wrote the explorer", EXPLORER_USES, partial(write_explorer_page, place="web")),
    ]


def _layers(scene: Scene) -> dict[str, Any]:
    """Layers of the map from below to above; the cells with their outlines."""
    return layers_of({name: table for name, table in scene.tables.items() if name != "cell_times"})


def _tables(scene: Scene) -> dict[str, Any]:
    return {name: scene[name] for name in TABLES if name in scene}


def _data(scene: Scene) -> list[Extra]:
    parts = [
        Extra("Wrote the GeoPackage", tuple(_layers(scene)), _write_layers),
        Extra("Wrote CSV and the data dictionary", (), _write_csv),
        Extra("Wrote HSDS", ("services",), _write_hsds),
    ]
    return [*parts, *([Extra("Wrote GeoParquet", (), _write_parquet)] if parquet_is_possible() else [])]


def _write_layers(desk: Desk) -> list[Path]:
    study = desk.scene.study
    path = desk.folder / "data" / f"{study.name}.gpkg"
    edges, required = study.gaps.cutoffs_min, study.gaps.required
    flat = {name: desk.scene[name] for name in ("coverage", "county") if name in desk.scene}
    return [write_layers(_layers(desk.scene), path, edges_min=edges, required=required, tables=flat)]


def _write_parquet(desk: Desk) -> list[Path]:
    return write_parquet({**_layers(desk.scene), **_tables(desk.scene)}, desk.folder / "data" / "parquet")


def _write_csv(desk: Desk) -> list[Path]:
    layers = {name: item for name, item in _layers(desk.scene).items() if name not in ("counties", "corridors")}
    return list(write_csv({**layers, **_tables(desk.scene)}, desk.folder / "data" / "csv").values())


def _write_hsds(desk: Desk) -> list[Path]:
    path = desk.folder / "data" / "services-hsds.zip"
    write_hsds(desk.scene["services"], path)
    return [path]
