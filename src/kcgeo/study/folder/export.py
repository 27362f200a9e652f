"""Everything for a meeting in one folder: a talk, things to print, pages for the web, data for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kcgeo import data, present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError
from kcgeo.files import replacing_folder
from kcgeo.present import Note
from kcgeo.present.files.geodata import layers_of, parquet_is_possible, write_csv, write_layers, write_parquet
from kcgeo.present.files.hsds_folder import write_hsds
from kcgeo.present.paper.atlas import PAPERS, AtlasPage, atlas_is_possible, write_atlas
from kcgeo.present.paper.deck import PictureSlide, Slide, deck_is_possible, write_deck
from kcgeo.present.paper.deck_tables import coverage_slide, group_slide, stretches_slide
from kcgeo.study.answers.corridor import corridor_report, routes_with_miles
from kcgeo.study.answers.explorer import release_explorer, write_explorer
from kcgeo.study.folder import manifest as records
from kcgeo.study.folder.export_index import write_export_index
from kcgeo.study.folder.figures import Figure, figures_of, slides_of
from kcgeo.study.folder.gallery import write_map_page
from kcgeo.study.measure import Measured, measure
from kcgeo.study.progress import Job, Progress, run_jobs, silent
from kcgeo.study.releases import release_all

__all__ = ["AUDIENCES", "Export", "export", "method_of"]

AUDIENCES = ("slides", "print", "web", "data")
"""For whom an export is made; each has a folder of its own."""

TABLES = (
    "services",
    "coverage",
    "gaps",
    "place_times",
    "profile",
    "segments",
    "exits",
    "aggregates",
    "claims",
    "plan_elements",
)
"""Releases that are exported as tables beside the layers of the map."""


@dataclass(frozen=True)
class Export:
    """What was written: the manifest, and one sentence for each format that could not be made."""

    manifest: dict[str, Any]
    left_out: tuple[str, ...]


@dataclass
class _Folder:
    """The folder in the making: which release stands in which file, and what was left out."""

    path: Path
    measured: Measured
    released: dict[str, Released]
    progress: Progress
    total: int
    done: int = 0
    files: dict[str, set[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[tuple[str, Note]] = field(default_factory=list)

    def step(self, description: str) -> None:
        """Tell that one more step is done."""
        self.done += 1
        self.progress(description, self.done, max(self.total, self.done))

    def shows(self, names: Sequence[str], *paths: Path) -> None:
        """Note that some files show some releases."""
        for name in names:
            self.files.setdefault(name, set()).update(path.relative_to(self.path).as_posix() for path in paths)


def method_of(study: Study, measured: Measured) -> tuple[str, ...]:
    """Say in sentences how the numbers of a study were made, for notes and method pages."""
    travel, gaps = study.travel, study.gaps
    speeds = f"{travel.highway_kmh:g} km/h on highways, {travel.ramp_min:g} minutes for a ramp"
    return (
        f"Travel times come from a {measured.network.model}: {speeds}, streets by how densely people live, ways"
        f" {travel.circuity:g} times the straight line.",
        f"They are measured for {len(measured.cells):,} hexagons and {len(measured.places):,} ZIP code areas, each to"
        f" the nearest listed site of each kind, up to {travel.search_cutoff_min:g} minutes.",
        f"In reach is what takes {gaps.headline_cutoff_min:g} minutes or less; people are counted where their ZIP code"
        " area has its middle.",
        "Confidential services have no place in the computation. Where one serves an area, it is told as by referral.",
        "Computed from listed services of public level only; the same study and data give the same numbers.",
    )


def export(
    path: Path | str,
    out: Path | str,
    *,
    audiences: Sequence[str] = AUDIENCES,
    progress: Progress = silent,
) -> Export:
    """Compute a study and write what a presenter, a printer, a web page or an analyst needs.

    The folder is written under a temporary name and takes the place of the former one at the end: a run that fails
    leaves the former export whole. The same study and data give the same bytes.

    Parameters
    ----------
    path : path
        Study file (TOML).
    out : path
        Folder of the export: ``index.html``, ``slides/``, ``print/``, ``web/``, ``data/`` and ``manifest.json``.
    audiences : sequence of str
        Any of :data:`AUDIENCES`; the folder then holds these and no more.
    progress : callable
        Called with a description, the steps done and all steps.

    Returns
    -------
    Export
        A format whose optional package is missing is left out, with a sentence that names the extra to install.

    Raises
    ------
    KcgeoError
        For an unknown audience, a study or a data package that cannot be computed with, or a foreign folder at ``out``.
    """
    chosen = _chosen(audiences)
    folder = Path(out)
    records.refuse_foreign_folder(folder)
    study = data.read_study(Path(path).resolve())
    progress("Measuring travel times", 0, 1)
    measured = measure(study)
    released = release_all(measured)
    if routes_with_miles(study):
        released |= corridor_report(measured).released
    if "web" in chosen:
        released |= release_explorer(measured)
    with replacing_folder(folder) as target:
        made = _Folder(target, measured, released, progress, total=0)
        _pictures(made, chosen)
        if "web" in chosen:
            _web(made)
        if "data" in chosen:
            _data(made)
        _index(made)
        content = records.build(
            target,
            study,
            releases=[
                {**item.to_manifest(), "files": sorted(made.files[name])}
                for name, item in sorted(released.items())
                if name in made.files
            ],
            data={name: str(data.describe(name)["sha256"]) for name in data.resources()},
        )
        records.write(target, content)
    return Export(content, tuple(made.left_out))


def _index(made: _Folder) -> None:
    """Write the first page, which leads to all others."""
    shown = sorted(name for name in made.files if made.files[name])
    sources = dict.fromkeys(text for name in shown for text in made.released[name].sources)
    page = write_export_index(made.path, **_words(made.measured.study), notes=made.notes, sources=list(sources))
    made.shows(shown, page)


def _chosen(audiences: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in audiences if name not in AUDIENCES]
    if unknown or not audiences:
        raise StudyError(f"An export is for {', '.join(AUDIENCES)}, not for '{', '.join(unknown)}'.")
    return tuple(name for name in AUDIENCES if name in audiences)


def _words(study: Study) -> dict[str, str]:
    return {
        "title": f"{study.title}: who can reach help after trafficking?",
        "lede": "Where help is near, where it is not, and where it is told by referral only.",
    }


def _pictures(made: _Folder, chosen: Sequence[str]) -> None:
    """Draw slides and pages on two cores, then bind them."""
    slides = slides_of(made.measured, made.released) if "slides" in chosen else []
    pages = figures_of(made.measured, made.released) if "print" in chosen else []
    jobs: list[Job] = [
        (f"Drew the slide {figure.name}", partial(_draw_slide, figure, made.path / "slides" / "png"))
        for figure in slides
    ]
    jobs += [(f"Drew the page {figure.name}", partial(_draw_page, figure, made.path / "print")) for figure in pages]
    made.total = len(jobs) + 1 + ("slides" in chosen) + 2 * ("print" in chosen) + 2 * ("web" in chosen)
    made.total += 3 * ("data" in chosen)
    made.step("Measured travel times")
    results = run_jobs(jobs, done=made.step)
    if slides:
        for figure, slide in zip(slides, results, strict=False):
            made.shows(figure.uses, slide.picture)
            made.notes.append((figure.name, slide.note))
        _deck(made, slides, results[: len(slides)])
    if pages:
        _atlas(made, pages, results[len(slides) :])


def _draw_slide(figure: Figure, folder: Path) -> PictureSlide:
    plate = figure.draw()
    picture, box_px = present.save_slide(plate, folder, figure.name)
    return PictureSlide(plate.note, picture, box_px)


def _draw_page(figure: Figure, folder: Path) -> tuple[Note, dict[str, Path]]:
    plate = figure.draw()
    paths = {
        form: present.save_figure(plate, folder / form, figure.name, formats=[form])[0]
        for form in ("png", "svg", "pdf")
    }
    return plate.note, paths


def _deck(made: _Folder, figures: Sequence[Figure], pictures: Sequence[PictureSlide]) -> None:
    """Bind the pictures and the tables into a talk."""
    if not deck_is_possible():
        made.left_out.append("No deck: it needs python-pptx; install it with: pip install 'kcgeo[report]'.")
        made.step("Left the deck out")
        return
    study, released = made.measured.study, made.released
    gaps = study.gaps
    slides: list[Slide] = list(pictures)
    slides[2:2] = [
        coverage_slide(released["coverage"], headline_min=gaps.headline_cutoff_min),
        group_slide(released["coverage"], required=gaps.required, cutoff_min=gaps.headline_cutoff_min),
    ]
    used = {name for figure in figures for name in figure.uses} | {"coverage"}
    if "segments" in released:
        stretches = stretches_slide(released["segments"], cutoff_min=gaps.headline_cutoff_min)
        last = max(number for number, figure in enumerate(figures) if figure.name.startswith("corridor")) + 3
        slides[last:last] = [stretches] if stretches else []
    path = made.path / "slides" / f"{study.name}.pptx"
    write_deck(path, slides, **_words(study), method=method_of(study, made.measured))
    made.shows(sorted(used), path)
    made.step("Bound the slides")


def _atlas(made: _Folder, figures: Sequence[Figure], drawn: Sequence[tuple[Note, dict[str, Path]]]) -> None:
    """Bind the pages into an atlas for each paper."""
    study = made.measured.study
    for figure, (note, paths) in zip(figures, drawn, strict=True):
        made.shows(figure.uses, *paths.values())
        made.notes.append((figure.name, note))
    pages = [
        AtlasPage(note, paths["pdf"], figure.question) for figure, (note, paths) in zip(figures, drawn, strict=True)
    ]
    used = sorted({name for figure in figures for name in figure.uses})
    if not atlas_is_possible():
        made.left_out.append("No atlas: it needs pypdf; install it with: pip install 'kcgeo[report]'.")
    for paper in PAPERS:
        if atlas_is_possible():
            path = made.path / "print" / f"atlas-{paper}.pdf"
            write_atlas(path, pages, **_words(study), method=method_of(study, made.measured), paper=paper)
            made.shows(used, path)
        made.step(f"Bound the atlas on {paper}")


def _web(made: _Folder) -> None:
    for what, write in (("coverage page", write_map_page), ("explorer", write_explorer)):
        uses, page = write(made.measured, made.released, made.path / "web")
        made.shows(uses, page)
        made.step(f"Wrote the {what}")


def _data(made: _Folder) -> None:
    study, folder = made.measured.study, made.path / "data"
    layers = layers_of(made.released)
    path = write_layers(
        layers, folder / f"{study.name}.gpkg", edges_min=study.gaps.cutoffs_min, required=study.gaps.required
    )
    as_named = {"drive_times": "cell_times"}
    made.shows([as_named.get(name, name) for name in layers], path)
    made.step("Wrote the GeoPackage")
    tables = {name: made.released[name] for name in TABLES if name in made.released}
    if parquet_is_possible():
        for path in write_parquet({**layers, **tables}, folder / "parquet"):
            made.shows([as_named.get(path.stem, path.stem)], path)
    else:
        made.left_out.append("No GeoParquet: it needs pyarrow; install it with: pip install 'kcgeo[big]'.")
    made.step("Wrote GeoParquet")
    plain = {**{name: item for name, item in layers.items() if name not in ("counties", "corridors")}, **tables}
    for name, path in write_csv(plain, folder / "csv").items():
        if name in plain:
            made.shows([as_named.get(name, name)], path)
    path = folder / "services-hsds.zip"
    write_hsds(made.released["services"], path)
    made.shows(["services"], path)
    made.step("Wrote CSV, the data dictionary and HSDS")
