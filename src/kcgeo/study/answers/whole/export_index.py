"""The first page of an export: what there is for a meeting, to print, for the web and to compute with."""

from __future__ import annotations

from pathlib import Path

from kcgeo import present
from kcgeo.present import Item, Note, Section
from kcgeo.present.look.sheet import SLIDE_PX
from kcgeo.study.answer import Desk

__all__ = ["write_export_index"]


def write_export_index(desk: Desk, *, title: str, lede: str) -> list[Path]:
    """Write ``index.html`` with a link to every file that stands in the folder, by what it is for."""
    folder, tables = desk.folder, desk.scene.tables
    told = {one.figure.name: one.note for one in desk.drawn}
    uses = sorted({name for one in desk.drawn for name in one.figure.uses} or tables)
    sources = dict.fromkeys(text for name in uses for text in tables[name].sources)
    sections = [
        Section(
            "What do I show in a meeting?", _meeting(folder, told), "The deck can be edited; each picture alone too."
        ),
        Section("What do I print?", _print(folder, told), "An atlas whole, or a plate at 300 dots an inch."),
        Section("What runs in a browser?", _web(folder), "These pages work without a network and store nothing."),
        Section("What can others compute with?", _data(folder), "The data dictionary describes every column."),
    ]
    page = present.gallery_page(
        [section for section in sections if section.items], title=title, lede=lede, sources=list(sources)
    )
    return [present.save_page(page, folder / "index.html")]


def _files(folder: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))


def _meeting(folder: Path, told: dict[str, Note]) -> list[Item]:
    decks = {f"PowerPoint {Path(name).stem}": name for name in _files(folder, "slides/*.pptx")}
    items = [Item("The talk", "Titles and tables to edit, notes with method and limits.", decks)] if decks else []
    for stem, note in told.items():
        name = f"slides/png/{stem}.png"
        if not (folder / name).exists():
            continue
        files = {"PNG": name}
        items.append(Item(note.title, note.subtitle, files, name, note.alt_text, SLIDE_PX))
    return items


def _print(folder: Path, told: dict[str, Note]) -> list[Item]:
    papers = {Path(name).stem.removeprefix("atlas-").upper(): name for name in _files(folder, "print/atlas-*.pdf")}
    items = [Item("The atlas", "Cover, contents, one map a page, method, sources.", papers)] if papers else []
    for stem, note in told.items():
        if not (folder / "print" / "png" / f"{stem}.png").exists():
            continue
        files = {form.upper(): f"print/{form}/{stem}.{form}" for form in ("png", "svg", "pdf")}
        items.append(Item(note.title, note.subtitle, files))
    return items


def _web(folder: Path) -> list[Item]:
    titles = {"coverage": "Coverage map", "explorer": "Explorer"}
    return [
        Item(titles.get(Path(name).stem, Path(name).stem), "", {"Open": name}) for name in _files(folder, "web/*.html")
    ]


def _data(folder: Path) -> list[Item]:
    kinds = {
        "GeoPackage": ("Opens in QGIS in the colours of the maps.", _files(folder, "data/*.gpkg")),
        "HSDS": ("The services for other directories (Open Referral HSDS 3.0).", _files(folder, "data/*-hsds.zip")),
        "GeoParquet": ("Layers and tables for analysis.", _files(folder, "data/parquet/*.parquet")),
        "CSV": ("Every number of the maps.", _files(folder, "data/csv/*")),
    }
    return [
        Item(kind, text, {Path(name).stem.replace("_", " "): name for name in names})
        for kind, (text, names) in kinds.items()
        if names
    ]
