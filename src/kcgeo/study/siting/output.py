"""A siting answer as files: the page to hand on, the map in four formats, tables, a GeoPackage, a manifest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from kcgeo import data, present
from kcgeo.data.study.settings import Study
from kcgeo.files import replacing_folder, write_text
from kcgeo.present.figures.siting_map import siting_map
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.paper.siting_page import siting_page
from kcgeo.present.web.siting_web import siting_web_page
from kcgeo.study.folder.figures import background_of
from kcgeo.study.folder.manifest import build, refuse_foreign_folder, write
from kcgeo.study.progress import Step
from kcgeo.study.siting.answer import SitingAnswer, site
from kcgeo.study.siting.releases import SITING_TABLES, release_siting

__all__ = ["LAYERS", "site_to", "write_answer"]

LAYERS = ("new_sites", "good_areas", "by_place")
"""Releases that become layers of the GeoPackage."""
_DRAWN = ("plan", "new_sites", "by_group", "by_place", "reach", "closures", "robustness", "services")
_GROUND = ("counties", "corridors", "towns")
_USED = ("services", "places", "highway_edges", "highway_nodes", "exits", "counties", "corridors", "cities", "areas")


def write_answer(answer: SitingAnswer, out: Path) -> dict[str, Any]:
    """Write an answer into a folder that is new, empty or ours; whole or not at all, the same bytes in every run.

    Parameters
    ----------
    answer
        Of :func:`kcgeo.study.site`.
    out
        Receives ``page.pdf``, ``map.png``, ``map.svg``, ``map.pdf``, ``map.html``, ``site.gpkg``, ``tables/`` and
        ``manifest.json``.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    StudyError
        For a folder that holds what kcgeo did not write.
    """
    refuse_foreign_folder(out)
    released = release_siting(answer)
    ground = background_of(answer.study, released)
    page, plan_map = siting_page(released, ground=ground), siting_map(released, ground=ground)
    with replacing_folder(out) as target:
        files = {name: set[str]() for name in released}

        def shows(names: tuple[str, ...], *paths: Path) -> None:
            for name in names:
                files[name] |= {path.relative_to(target).as_posix() for path in paths}

        shows(
            (*_DRAWN, *_GROUND, "alternatives", "good_areas"),
            *present.save_figure(page, target, "page", formats=["pdf"]),
        )
        drawn = present.save_figure(plan_map, target, "map")
        shows((*_DRAWN, *_GROUND), *drawn)
        web = siting_web_page(released, picture=(target / "map.svg").read_text(encoding="utf-8"))
        write_text(target / "map.html", web.html)
        shows((*_DRAWN, *_GROUND, "alternatives", "front"), target / "map.html")
        shows(LAYERS, write_geopackage({name: released[name] for name in LAYERS}, target / "site.gpkg"))
        tables = present.write_tables({name: released[name] for name in SITING_TABLES}, target / "tables")
        for name, table in tables.items():
            shows((name,), table)
        content = build(
            target,
            answer.study,
            releases=[{**item.to_manifest(), "files": sorted(files[name])} for name, item in sorted(released.items())],
            data={name: str(data.describe(name)["sha256"]) for name in _USED},
        )
        content["question"] = asdict(answer.question)
        write(target, content)
    return content


def site_to(study: Study, out: Path | None, *, step: Step, **question: Any) -> SitingAnswer:
    """Answer a question of :func:`kcgeo.study.site` and write it where ``out`` is given.

    Raises
    ------
    KcgeoError
        As :func:`site` and :func:`write_answer`; a foreign folder is refused before anything is measured.
    """
    if out is not None:
        refuse_foreign_folder(out)
    answer = site(study, step=step, **question)
    if out is not None:
        step("Drawing the map and the page")
        write_answer(answer, out)
    return answer
