"""A siting answer for planners: the page to hand on, the map, the web page, tables, a GeoPackage."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from kcgeo.files import write_text
from kcgeo.present import Plate
from kcgeo.present.figures.siting_map import siting_map
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.paper.siting_page import siting_page
from kcgeo.present.web.siting_web import siting_web_page
from kcgeo.study.answer import GROUND, Answer, Desk, Extra, Figure, Scene
from kcgeo.study.siting.answer import SitingAnswer
from kcgeo.study.siting.tables import SITING_TABLES, release_siting

__all__ = ["LAYERS", "siting_answer"]

LAYERS = ("new_sites", "good_areas", "by_place")
"""Releases that become layers of the GeoPackage."""
_DRAWN = ("plan", "new_sites", "by_group", "by_place", "reach", "closures", "robustness", "services", *GROUND)
_QUESTION = "Where would new places help most?"


def siting_answer(answer: SitingAnswer) -> Answer:
    """Return what may leave of a siting answer, with its page, map, web page, tables and GeoPackage."""
    return Answer(
        "site",
        answer.study,
        tables=release_siting(answer),
        figures=(
            Figure("page", _QUESTION, (*_DRAWN, "alternatives", "good_areas"), _page, formats=("pdf",)),
            Figure("map", _QUESTION, _DRAWN, _map),
        ),
        extras=(
            Extra("Wrote the web page", (*_DRAWN, "alternatives", "front"), _write_web_page, binds=True),
            Extra("Wrote the GeoPackage", LAYERS, _write_layers),
        ),
        shown=SITING_TABLES,
        about=asdict(answer.question),
    )


def _page(scene: Scene) -> Plate:
    return siting_page(scene.tables, ground=scene.ground())


def _map(scene: Scene) -> Plate:
    return siting_map(scene.tables, ground=scene.ground())


def _write_web_page(desk: Desk) -> list[Path]:
    web = siting_web_page(desk.scene.tables, picture=(desk.folder / "map.svg").read_text(encoding="utf-8"))
    path = desk.folder / "map.html"
    write_text(path, web.html)
    return [path]


def _write_layers(desk: Desk) -> list[Path]:
    return [write_geopackage({name: desk.scene[name] for name in LAYERS}, desk.folder / "site.gpkg")]
