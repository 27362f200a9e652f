"""The gallery: one page that shows all results of a study by question, with a download for each format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

from kcgeo.errors import TableError
from kcgeo.present.look import words
from kcgeo.present.look.plate import Note, plain_sources
from kcgeo.present.look.saving import thumbnail_path, write_thumbnail
from kcgeo.present.web.page import Page, filled

__all__ = ["Item", "Section", "gallery_page", "plate_item"]


@dataclass(frozen=True)
class Item:
    """One result: its title, a sentence, a picture with its alternative text, and the files; paths are relative."""

    title: str
    text: str
    files: Mapping[str, str]
    picture: str | None = None
    alt_text: str = ""
    size_px: tuple[int, int] | None = None
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A question and the results that answer it."""

    question: str
    items: Sequence[Item]
    text: str = ""


def plate_item(note: Note, files: Mapping[str, Path], folder: Path, *, wide: bool = False) -> Item:
    """Item of a saved figure: names all files relative to ``folder``, and makes the thumbnail where there is none.

    Parameters
    ----------
    note
        ``plate.note`` of the figure.
    files
        Format to path, ``"png"`` among them, all under ``folder``.
    folder
        Where the gallery page will stand.
    """
    if "png" not in files:
        raise TableError(f"The figure '{note.title}' has no PNG; the gallery shows PNG pictures.")
    small = thumbnail_path(files["png"])
    if not small.exists():
        with Image.open(files["png"]) as image:
            write_thumbnail(image, small)
    with Image.open(small) as image:
        size = image.size
    named = {form.upper(): path.relative_to(folder).as_posix() for form, path in files.items()}
    return Item(note.title, note.subtitle, named, small.relative_to(folder).as_posix(), note.alt_text, size, wide)


def gallery_page(
    sections: Sequence[Section],
    *,
    title: str,
    lede: str,
    sources: Sequence[str] = (),
    trust: Sequence[str] = words.TRUST,
) -> Page:
    """Gallery of all results of a study: one HTML file that links to the others by relative path.

    Parameters
    ----------
    sections
        Questions in the order of the page, each with its results.
    lede
        One sentence under the title.
    sources
        Sources named at the foot.
    trust
        What a reader must know before trusting a map.

    Raises
    ------
    TableError
        For a link that leads out of the folder, or no section.
    """
    if not sections:
        raise TableError("A gallery needs at least one section.")
    return filled(
        "gallery",
        title=title,
        description=lede,
        styles=("gallery",),
        scripts=("quit",),
        images="'self' file: data:",
        sample=any(source.startswith(words.SAMPLE) for source in sources),
        sources=plain_sources(sources),
        lede=lede,
        trust=trust,
        sections=[
            {
                "key": _anchor(section.question, number),
                "question": section.question,
                "text": section.text,
                "cards": [_card(item) for item in section.items],
            }
            for number, section in enumerate(sections)
        ],
    )


def _anchor(question: str, number: int) -> str:
    return f"q{number + 1}-" + re.sub(r"[^a-z0-9]+", "-", question.lower()).strip("-")


def _link(path: str) -> str:
    """Relative address of a file of the study; anything else is refused."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", path) or path.startswith("/") or ".." in path.split("/"):
        raise TableError(f"The gallery links to files of its own folder only, not to '{path}'.")
    return quote(path)


def _card(item: Item) -> Mapping[str, Any]:
    return {
        **vars(item),
        "picture": _link(item.picture) if item.picture else "",
        "files": [(label, _link(path)) for label, path in item.files.items()],
    }
