"""The pages of a folder of results: the map page and the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kcgeo import access, present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Item, Note, Section
from kcgeo.study.folder.figures import NO_REPORTS, REPORTED, Figure, background_of, has_site
from kcgeo.study.measure import Measured

__all__ = ["write_index", "write_map_page"]

INDEX = "index.html"


def write_map_page(measured: Measured, released: Mapping[str, Released], folder: Path) -> tuple[tuple[str, ...], Path]:
    """Write ``coverage.html`` and return the names of the releases that it shows, and its path."""
    gaps = measured.study.gaps
    page = present.coverage_page(
        released["cell_times"],
        released["services"],
        released["coverage"],
        categories=[name for name in access.categories_of(measured.place_times) if has_site(measured, name)],
        ground=background_of(measured.study, released),
        edges_min=gaps.cutoffs_min,
        headline_min=gaps.headline_cutoff_min,
        required=gaps.required,
        places=released["gaps"],
        areas=released["areas"],
        title=f"Who can reach help? {measured.study.title}",
    )
    uses = ("cell_times", "services", "coverage", "gaps", "areas", "counties", "corridors", "towns")
    return uses, present.save_page(page, folder / "coverage.html")


def write_index(
    study: Study,
    folder: Path,
    *,
    drawn: Sequence[tuple[Figure, Note, Sequence[Path]]],
    pages: Sequence[Item],
    tables: Mapping[str, Path],
    notebooks: Sequence[Mapping[str, str]],
) -> Path:
    """Write ``index.html``: all results by question, each with its files.

    Parameters
    ----------
    study : Study
        Its title heads the page.
    folder : Path
        The folder of results.
    drawn : sequence of (Figure, Note, paths)
        Figures as :func:`kcgeo.study.folder.drawing.drawing` gives them.
    pages : sequence of Item
        Interactive pages.
    tables, notebooks
        What ``write_tables`` and ``execute_all`` gave.
    """
    pictured = [_pictured(page, drawn, folder) for page in pages]
    sections = [Section("Explore on one page", pictured, "These pages work without a network and store nothing.")]
    for question in dict.fromkeys(figure.question for figure, _, _ in drawn):
        here = [(note, paths) for figure, note, paths in drawn if figure.question == question]
        items = [
            present.plate_item(note, {path.suffix[1:]: path for path in paths}, folder, wide=len(here) == 1)
            for note, paths in here
        ]
        silent = question == REPORTED and not any(figure.name == "reporting" for figure, _, _ in drawn)
        sections.append(Section(question, items, NO_REPORTS if silent else ""))
    if notebooks:
        read = [Item(entry["title"], "", {"Page": f"notebooks/{entry['file']}"}) for entry in notebooks]
        sections.append(Section("How was it computed?", read, "Notebooks, run from first cell to last for this page."))
    named = {name.replace("_", " "): path.relative_to(folder).as_posix() for name, path in tables.items()}
    about = {"Sources, vintage, notes": "tables/README.md", "Manifest (JSON)": "manifest.json"}
    sections.append(
        Section(
            "Where are the numbers?",
            (
                Item("Tables", "Every number of the maps, as CSV.", named),
                Item("What each file holds", "Hash, sources and parameters of every file.", about),
            ),
        )
    )
    sources = dict.fromkeys(text for _, note, _ in drawn for text in note.sources)
    page = present.gallery_page(
        sections,
        title=f"{study.title}: who can reach help after trafficking?",
        lede="Where help is near, where it is not, and where it is told by referral only.",
        sources=list(sources),
    )
    return present.save_page(page, folder / INDEX)


_PICTURE = {"maps/coverage.html": "drive_time_sheet", "maps/explorer.html": "gaps"}
"""The figure whose picture stands for a page in the gallery: it shows the same tables."""


def _pictured(page: Item, drawn: Sequence[tuple[Figure, Note, Sequence[Path]]], folder: Path) -> Item:
    """Give the card of a page the picture of a figure that was drawn from the same tables."""
    wanted = {_PICTURE.get(path) for path in page.files.values()}
    for figure, note, paths in drawn:
        if figure.name in wanted:
            like = present.plate_item(note, {path.suffix[1:]: path for path in paths}, folder)
            told = f"A figure drawn from the tables of this page. {like.alt_text}"
            return replace(page, picture=like.picture, alt_text=told, size_px=like.size_px)
    return page
