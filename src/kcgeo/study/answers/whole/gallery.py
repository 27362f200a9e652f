"""The pages of a folder of maps beside the story: the map page, and the gallery of all results for researchers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kcgeo import present
from kcgeo.present import Item, Section
from kcgeo.study.answer import GROUND, Desk, Drawn
from kcgeo.study.answers.county import county_facts_of
from kcgeo.study.answers.whole.figures import NO_REPORTS, REPORTED, reached_categories
from kcgeo.study.releases import LISTED, LOWER_BOUND

__all__ = ["MAP_PAGE_USES", "write_index", "write_map_page"]

INDEX = "researchers.html"
MAP_PAGE_USES = ("cell_times", "services", "coverage", "gaps", "areas", *GROUND)
"""Releases that the map page shows."""
_PAGES = (
    Item(
        "The story",
        "The finding, county by county, and what new sites change.",
        {"Open": "index.html", "Español": "index-es.html"},
    ),
    Item(
        "Coverage map",
        "Drive times by category, sites with telephone numbers, and the same numbers as a table.",
        {"Open": "maps/coverage.html"},
    ),
    Item(
        "Explorer",
        "Choose a kind of help, who asks and when; add and move new sites, and the numbers are counted again.",
        {"Open": "maps/explorer.html"},
    ),
)


def write_map_page(desk: Desk, *, place: str) -> list[Path]:
    """Write ``coverage.html``."""
    scene = desk.scene
    gaps = scene.study.gaps
    page = present.coverage_page(
        scene["cell_times"],
        scene["services"],
        scene["coverage"],
        categories=reached_categories(scene.tables),
        ground=scene.ground(),
        edges_min=gaps.cutoffs_min,
        headline_min=gaps.headline_cutoff_min,
        required=gaps.required,
        places=scene["gaps"],
        areas=scene["areas"],
        title=f"Who can reach help? {scene.study.title}",
    )
    return [present.save_page(page, desk.folder / place / "coverage.html")]


def _counties(desk: Desk) -> list[Section]:
    """Lead to the page of each county, in both languages; the county whose people lack the most comes first."""
    items = []
    for one in county_facts_of(desk.scene):
        page = f"counties/county-{one.fips}"
        if (desk.folder / f"{page}.html").exists():
            files = {"Page": f"{page}.html", "Español": f"{page}-es.html"}
            items.append(Item(f"{one.name} County, {one.state}", one.lack.say(), files))
    return [Section("What about my county?", items, "One page a county, of one form.")] if items else []


def write_index(desk: Desk) -> list[Path]:
    """Write ``researchers.html``: all results by question, each with its files."""
    folder, drawn = desk.folder, desk.drawn
    pictured = [_pictured(page, drawn, folder) for page in _PAGES]
    sections = [Section("Explore on one page", pictured, "These pages work without a network and store nothing.")]
    sections += _counties(desk)
    # what is for everybody comes first
    for question, annex in dict.fromkeys((one.figure.question, one.figure.annex) for one in _everybody_first(drawn)):
        here = [one for one in drawn if (one.figure.question, one.figure.annex) == (question, annex)]
        items = [_item(one, folder, wide=len(here) == 1) for one in here]
        silent = question == REPORTED and not any(one.figure.name == "reporting" for one in drawn)
        sections.append(Section(f"In depth: {question}" if annex else question, items, NO_REPORTS if silent else ""))
    if desk.notebooks:
        read = [Item(entry["title"], "", {"Page": f"notebooks/{entry['file']}"}) for entry in desk.notebooks]
        sections.append(Section("How was it computed?", read, "Notebooks, run from first cell to last for this page."))
    named = {name.replace("_", " "): path.relative_to(folder).as_posix() for name, path in desk.tables.items()}
    held = [note for note in desk.scene["gaps"].notes if note not in (LOWER_BOUND, LISTED)]
    about = {"Sources, vintage, notes": "tables/README.md", "Manifest (JSON)": "manifest.json"}
    sections.append(
        Section(
            "Where are the numbers?",
            (
                Item("Tables", "Every number of the maps, as CSV.", named),
                Item("What each file holds", "Hash, sources and parameters of every file.", about),
            ),
            f"Read with them: {'; '.join(held)}.",
        )
    )
    sources = dict.fromkeys(text for one in drawn for text in one.note.sources)
    page = present.gallery_page(
        sections,
        title=f"{desk.scene.study.title}: who can reach help after trafficking?",
        lede="Where help is near, where it is not, and where it is told by referral only.",
        sources=list(sources),
    )
    return [present.save_page(page, folder / INDEX)]


def _everybody_first(drawn: Sequence[Drawn]) -> list[Drawn]:
    return sorted(drawn, key=lambda one: one.figure.annex)


_PICTURE = {"maps/coverage.html": "drive_time_sheet", "maps/explorer.html": "gaps"}
"""The figure whose picture stands for a page in the gallery: it shows the same tables."""


def _item(one: Drawn, folder: Path, *, wide: bool = False) -> Item:
    return present.plate_item(one.note, {path.suffix[1:]: path for path in one.paths}, folder, wide=wide)


def _pictured(page: Item, drawn: Sequence[Drawn], folder: Path) -> Item:
    """Give the card of a page the picture of a figure that was drawn from the same tables."""
    wanted = {_PICTURE.get(path) for path in page.files.values()}
    for one in drawn:
        if one.figure.name in wanted:
            like = _item(one, folder)
            told = f"A figure drawn from the tables of this page. {like.alt_text}"
            return replace(page, picture=like.picture, alt_text=told, size_px=like.size_px)
    return page
