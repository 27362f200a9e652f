"""The gallery: one page that shows all results of a study by question, with a download for each format."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote

from PIL import Image

from kcgeo.errors import TableError
from kcgeo.present.look import words
from kcgeo.present.look.plate import Note
from kcgeo.present.look.saving import thumbnail_path, write_thumbnail
from kcgeo.present.web.coverage_page import Page, page_file, page_head, sample_mark

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
    keys = [_anchor(section.question, number) for number, section in enumerate(sections)]
    contents = "\n".join(
        f'<li><a href="#{key}">{html.escape(section.question)}</a></li>'
        for key, section in zip(keys, sections, strict=True)
    )
    named = f"<p>Sources: {html.escape('; '.join(sources))}.</p>" if sources else ""
    text = Template(page_file("pages/gallery.html")).substitute(
        head=page_head(
            title, lede, page_file("pages/page.css") + page_file("pages/gallery.css"), images="'self' file: data:"
        ),
        mark=sample_mark(any(source.startswith(words.SAMPLE) for source in sources)),
        title=html.escape(title),
        lede=html.escape(lede),
        contents=contents,
        trust=_trust(trust),
        sections="\n".join(_section(section, key) for key, section in zip(keys, sections, strict=True)),
        footer=f"{named}<p>{html.escape(words.ODBL)} {html.escape(words.SAFE_BROWSING)}</p>",
    )
    return Page(title, lede, text)


def _trust(points: Sequence[str]) -> str:
    if not points:
        return ""
    listed = "".join(f"<li>{html.escape(point)}</li>" for point in points)
    heading = '<h2 id="trust">Read before you trust a map</h2>'
    return f'<section class="trust" aria-labelledby="trust">{heading}<ul>{listed}</ul></section>'


def _anchor(question: str, number: int) -> str:
    return f"q{number + 1}-" + re.sub(r"[^a-z0-9]+", "-", question.lower()).strip("-")


def _link(path: str) -> str:
    """Relative address of a file of the study; anything else is refused."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", path) or path.startswith("/") or ".." in path.split("/"):
        raise TableError(f"The gallery links to files of its own folder only, not to '{path}'.")
    return html.escape(quote(path))


def _section(section: Section, key: str) -> str:
    intro = f"<p>{html.escape(section.text)}</p>" if section.text else ""
    cards = "\n".join(_card(item) for item in section.items)
    return (
        f'<section id="{key}" aria-labelledby="{key}-title"><h2 id="{key}-title">{html.escape(section.question)}</h2>'
        f'{intro}<div class="cards">\n{cards}\n</div></section>'
    )


def _card(item: Item) -> str:
    first = next(iter(item.files.values()), None)
    picture = ""
    if item.picture:
        size = f' width="{item.size_px[0]}" height="{item.size_px[1]}"' if item.size_px else ""
        image = f'<img src="{_link(item.picture)}" alt="{html.escape(item.alt_text)}" loading="lazy"{size}>'
        picture = f'<a href="{_link(first)}">{image}</a>' if first else image
    links = "".join(_file(item, label, path) for label, path in item.files.items())
    kind = "card wide" if item.wide else "card"
    words_of = html.escape(item.alt_text)
    spoken = f"<details><summary>In words</summary><p>{words_of}</p></details>" if item.alt_text else ""
    return (
        f'<article class="{kind}">{picture}<div class="text">'
        f"<h3>{html.escape(item.title)}</h3><p>{html.escape(item.text)}</p>{spoken}"
        f'<ul class="files">{links}</ul></div></article>'
    )


def _file(item: Item, label: str, path: str) -> str:
    named = html.escape(f"{label}: {item.title}")
    return f'<li><a href="{_link(path)}" aria-label="{named}">{html.escape(label)}</a></li>'
