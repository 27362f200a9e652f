"""From a study file to a folder of maps, tables, pages and notebooks, with a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kcgeo import data, present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.files import replacing_folder
from kcgeo.study.answers.by_bus import transit_report
from kcgeo.study.answers.certainty import certainty_report
from kcgeo.study.answers.corridor import corridor_report, routes_with_miles
from kcgeo.study.answers.explorer import release_explorer, write_explorer
from kcgeo.study.answers.who import who_report
from kcgeo.study.folder import manifest as records
from kcgeo.study.folder.drawing import drawing
from kcgeo.study.folder.figures import figures_of, has_site
from kcgeo.study.folder.gallery import write_index, write_map_page
from kcgeo.study.folder.notebooks import Running, notebook_files, running
from kcgeo.study.measure import Measured, measure
from kcgeo.study.progress import Progress, silent
from kcgeo.study.releases import release_all

__all__ = ["TABLES", "run"]

TABLES = (
    "services",
    "coverage",
    "gaps",
    "place_times",
    "profile",
    "segments",
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


class _Steps:
    """Counts what is done here and what notebooks are done meanwhile, for a progress bar."""

    def __init__(self, report: Progress, total: int, notebooks: Running) -> None:
        self._report, self._total, self._done, self._notebooks = report, total, 0, notebooks

    def __call__(self, description: str) -> None:
        for words in (description, *(f"Ran {name}" for name in self._notebooks.finished())):
            self._done += 1
            self._report(words, self._done, self._total)


def run(
    path: Path | str,
    out: Path | str,
    *,
    notebooks: bool = True,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compute a study and write all of its results into a folder.

    The folder is written under a temporary name and takes the place of the former one at the end: a run that fails
    leaves the former results whole. The same study and data give the same bytes.

    Parameters
    ----------
    path : path
        Study file (TOML).
    out : path
        Folder of the results: ``index.html``, ``maps/``, ``tables/``, ``notebooks/``, ``manifest.json``.
    notebooks : bool
        Run the notebooks of the repository too, where they are at hand.
    progress : callable
        Called with a description, the steps done and all steps.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    KcgeoError
        For a study, a service file or a data package that cannot be computed with, or a foreign folder at ``out``.
    """
    study_path, folder = Path(path).resolve(), Path(out)
    records.refuse_foreign_folder(folder)
    study = data.read_study(study_path)
    found = notebook_files() if notebooks else []
    with (
        replacing_folder(folder) as target,
        # Notebooks have a process of their own and run from now on, beside all else.
        running(found, target / "notebooks", study=study_path) as pages,
    ):
        measured, released = _released(study, progress)
        figures = figures_of(measured, released)
        steps = _Steps(progress, len(figures) + len(found) + 4, pages)
        files: dict[str, set[str]] = {name: set() for name in released}

        def shows(names: tuple[str, ...], paths: list[Path]) -> None:
            for name in names:
                files[name] |= {path.relative_to(target).as_posix() for path in paths}

        with drawing(figures, target / "maps") as draw:
            tables = present.write_tables(
                {name: released[name] for name in TABLES if name in released}, target / "tables"
            )
            for name, table in tables.items():
                shows((name,), [table])
            steps("Wrote the tables")
            uses, page = write_map_page(measured, released, target / "maps")
            shows(uses, [page])
            steps("Wrote the map page")
            uses, explorer = write_explorer(measured, released, target / "maps")
            shows(uses, [explorer])
            steps("Wrote the explorer")
            drawn = draw(lambda name: steps(f"Drew {name}"))
        for figure, _, paths in drawn:
            shows(figure.uses, paths)
        map_item = present.Item(
            "Coverage map",
            "Drive times by category, sites with telephone numbers, and the same numbers as a table.",
            {"Open": "maps/coverage.html"},
        )
        explorer_item = present.Item(
            "Explorer",
            "Choose a kind of help, who asks and when; add and move new sites, and the numbers are counted again.",
            {"Open": "maps/explorer.html"},
        )
        made = pages.pages(lambda name: steps(f"Ran {name}"))
        write_index(study, target, drawn=drawn, pages=[map_item, explorer_item], tables=tables, notebooks=made)
        steps("Wrote the index")
        content = records.build(
            target,
            study,
            releases=[{**item.to_manifest(), "files": sorted(files[name])} for name, item in sorted(released.items())],
            data={name: str(data.describe(name)["sha256"]) for name in data.resources()},
        )
        records.write(target, content)
    return content


def _released(study: Study, progress: Progress) -> tuple[Measured, dict[str, Released]]:
    """Measure a study and pass all that is shown of it through the release gate."""
    progress("Measuring travel times", 0, 1)
    measured = measure(study)
    released = release_all(measured)
    if routes_with_miles(study):
        released |= corridor_report(measured).released
    released |= release_explorer(measured)
    if any(has_site(measured, category) for category in study.gaps.required):
        progress("Asking who is left out", 0, 1)
        released |= who_report(measured).released
        progress("Drawing what is not known", 0, 1)
        released |= certainty_report(measured).released
    by_bus = transit_report(measured, step=lambda description: progress(description, 0, 1))
    released |= by_bus.released if by_bus else {}
    return measured, released
