"""All plates of a study as one PDF to print: cover, contents, one map a page, method, sources. No dates inside.

The plates are laid on letter or tabloid paper as they are, larger where the paper is larger: nothing is drawn anew.
Each page is tagged: its picture has the alternative text of its plate, its words can be read in order.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from kcgeo.errors import TableError
from kcgeo.files import replacing
from kcgeo.present.look import theme
from kcgeo.present.look.plate import Note, wrapped
from kcgeo.present.look.words import TRUST
from kcgeo.present.paper.tags import tag

__all__ = ["PAPERS", "AtlasPage", "atlas_is_possible", "write_atlas"]

PAPERS = {"letter": (11.0, 8.5), "tabloid": (17.0, 11.0)}
"""Width and height in inches, lying."""

_LEFT_IN = 0.75
_LICENCES = (
    "Roads: (c) OpenStreetMap contributors, Open Database License 1.0 (opendatacommons.org/licenses/odbl).",
    "Place names: GeoNames, Creative Commons Attribution 4.0.",
    "Boundaries and people: US Census Bureau, public domain.",
    "Whoever passes a page on keeps its foot with the sources.",
)
_Lines = list[tuple[str, str]]


@dataclass(frozen=True)
class AtlasPage:
    """A saved plate: its note, its PDF of one page, and the question under which the contents list it."""

    note: Note
    pdf: Path
    question: str


def atlas_is_possible() -> bool:
    """Whether the optional package for atlases is at hand."""
    try:
        return find_spec("pypdf") is not None
    except ValueError:  # a module that was blocked in sys.modules
        return False


def write_atlas(
    path: Path, pages: Sequence[AtlasPage], *, title: str, lede: str, method: Sequence[str], paper: str = "letter"
) -> Path:
    """Bind plates into one PDF, whole or not at all, the same bytes in every run.

    Parameters
    ----------
    path
        File that ends in ``.pdf``.
    pages
        Plates in the order of the atlas.
    title, lede
        Words of the cover.
    method
        Sentences on how the numbers were made.
    paper
        ``letter`` or ``tabloid``.

    Raises
    ------
    TableError
        Where pypdf is not installed, for an unknown paper, or no pages.
    """
    if not atlas_is_possible():
        raise TableError("An atlas needs pypdf; install it with: pip install 'kcgeo[report]'.")
    if paper not in PAPERS or not pages:
        raise TableError(f"An atlas needs plates, and paper {' or '.join(PAPERS)}, not '{paper}'.")
    from pypdf import PdfReader, PdfWriter

    words = PdfReader(io.BytesIO(_word_pages(pages, title, lede, method)))
    first = 2
    count = first + len(pages) + 2
    numbers = PdfReader(io.BytesIO(_numbers(count)))
    readers = [PdfReader(page.pdf) for page in pages]
    sheets = [*words.pages[:first], *(reader.pages[0] for reader in readers), *words.pages[first:]]
    writer = PdfWriter()
    said = [f"{page.note.title}. {page.note.subtitle} {page.note.alt_text}" for page in pages]
    spoken = [sheet.extract_text() for sheet in words.pages]
    tags = [*(("P", text) for text in spoken[:first]), *(("Figure", text) for text in said)]
    tags += [("P", text) for text in spoken[first:]]
    for number, sheet in enumerate(sheets):
        page = writer.add_blank_page(width=PAPERS[paper][0] * 72, height=PAPERS[paper][1] * 72)
        _lay(writer, page, [sheet, numbers.pages[number]] if number else [sheet], PAPERS[paper], tags[number][0])
    tag(writer, tags)
    _outline(writer, pages, first)
    _links(writer, pages, first, PAPERS[paper])
    writer.compress_identical_objects()
    writer.metadata = None
    writer.add_metadata({"/Title": title, "/Subject": lede, "/Producer": "kcgeo", "/Creator": "kcgeo"})
    with replacing(path) as temporary:
        writer.write(temporary)
    return path


def _fit(size_pt: tuple[float, float], paper_in: tuple[float, float]) -> tuple[float, float, float]:
    """Scale, and distance from the left and the lower edge, that put a page in the middle of the paper."""
    width, height = (side * 72 for side in paper_in)
    scale = min(width / size_pt[0], height / size_pt[1])
    return scale, (width - size_pt[0] * scale) / 2, (height - size_pt[1] * scale) / 2


def _lay(writer: Any, page: Any, sheets: Sequence[Any], paper_in: tuple[float, float], kind: str) -> None:
    """Put sheets on a page of the atlas, one over the other, each as a form: its drawing is not taken apart."""
    from pypdf.generic import (
        ArrayObject,
        DecodedStreamObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NumberObject,
    )

    forms, words = DictionaryObject(), []
    for number, sheet in enumerate(sheets):
        size = float(sheet.mediabox.width), float(sheet.mediabox.height)
        form = DecodedStreamObject()
        form.set_data(sheet.get_contents().get_data())
        packed = form.flate_encode(6)
        packed[NameObject("/Type")], packed[NameObject("/Subtype")] = NameObject("/XObject"), NameObject("/Form")
        packed[NameObject("/BBox")] = ArrayObject([NumberObject(0), NumberObject(0), *map(FloatObject, size)])
        packed[NameObject("/Resources")] = sheet["/Resources"].clone(writer)
        forms[NameObject(f"/Sheet{number}")] = writer._add_object(packed)
        scale, left, low = _fit(size, paper_in)
        mark = "/Artifact BMC" if number else f"/{kind} <</MCID 0>> BDC"
        words.append(f"{mark} q {scale:.5f} 0 0 {scale:.5f} {left:.3f} {low:.3f} cm /Sheet{number} Do Q EMC")
    content = DecodedStreamObject()
    content.set_data("\n".join(words).encode())
    page[NameObject("/Contents")] = writer._add_object(content)
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): forms})


def _outline(writer: Any, pages: Sequence[AtlasPage], first: int) -> None:
    """Bookmarks: questions, and the plates below them."""
    writer.add_outline_item("Contents", 1)
    chapters: dict[str, Any] = {}
    for number, page in enumerate(pages, start=first):
        if page.question not in chapters:
            chapters[page.question] = writer.add_outline_item(page.question, number)
        writer.add_outline_item(page.note.title, number, parent=chapters[page.question])
    writer.add_outline_item("How it was computed", first + len(pages))
    writer.add_outline_item("Sources and licenses", first + len(pages) + 1)


def _links(writer: Any, pages: Sequence[AtlasPage], first: int, paper_in: tuple[float, float]) -> None:
    """Make each line of the contents lead to its page."""
    from pypdf.annotations import Link

    scale, left, low = _fit((theme.PAGE_IN[0] * 72, theme.PAGE_IN[1] * 72), paper_in)
    for _, y_in, target in _contents_lines(pages):
        if target is None:
            continue
        bottom = (theme.PAGE_IN[1] - y_in - 0.04) * 72
        ends = _LEFT_IN * 72, (theme.PAGE_IN[0] - _LEFT_IN) * 72
        rect = (
            scale * ends[0] + left,
            scale * bottom + low,
            scale * ends[1] + left,
            scale * (bottom + 0.19 * 72) + low,
        )
        link = Link(rect=rect, target_page_index=first + target, border=[0, 0, 0])
        writer.add_annotation(page_number=1, annotation=link)


def _contents_lines(pages: Sequence[AtlasPage]) -> list[tuple[str, float, int | None]]:
    """Lines of the contents: words, inches from the upper edge, and the plate they lead to (None for a question)."""
    count = len(pages) + len({page.question for page in pages})
    step = min(0.26, 6.6 / max(count, 1))
    lines: list[tuple[str, float, int | None]] = []
    y, question = 1.35, ""
    for number, page in enumerate(pages):
        if page.question != question:
            question = page.question
            y += step * 0.35
            lines.append((question, y, None))
            y += step
        lines.append((page.note.title, y, number))
        y += step
    return lines


def _word_pages(pages: Sequence[AtlasPage], title: str, lede: str, method: Sequence[str]) -> bytes:
    """Cover, contents, method and sources as a PDF of four pages."""
    sources = dict.fromkeys(text for page in pages for text in page.note.sources)
    vintage = dict.fromkeys(text for page in pages for text in page.note.vintage)
    # what one plate alone says stands under that plate
    said = Counter(text for page in pages for text in set(page.note.notices))
    notices = [text for text in dict.fromkeys(text for page in pages for text in page.note.notices) if said[text] > 1]
    cited: _Lines = [("heading", "Sources"), *(("point", text) for text in sources)]
    cited += [("heading", "Vintage"), ("text", "; ".join(vintage) + ".")] if vintage else []
    cited += [("heading", "Licenses"), *(("point", text) for text in _LICENCES)]
    made: _Lines = [("point", text) for text in method]
    made += [("heading", "What stands under the maps"), *(("point", text) for text in notices)]
    buffer = io.BytesIO()
    with theme.applied(), mpl.rc_context({"pdf.compression": 6}), PdfPages(buffer, metadata=_NO_DATES) as file:
        for figure in (
            _cover(title, lede, len(pages)),
            _contents(pages),
            _text_page("How it was computed", made),
            _text_page("Sources and licenses", cited),
        ):
            file.savefig(figure)
    return buffer.getvalue()


_NO_DATES: Any = {"CreationDate": None, "ModDate": None, "Creator": "kcgeo", "Producer": "kcgeo"}


def _page() -> Figure:
    return Figure(figsize=theme.PAGE_IN)


def _write(
    figure: Figure, text: str, y_in: float, *, size_pt: float, bold: bool = False, left_in: float = _LEFT_IN
) -> float:
    """Write a text ``y_in`` inches below the upper edge, and return where it ends."""
    width, height = theme.PAGE_IN
    lines = wrapped(text, size_pt=size_pt, width_in=width - left_in - _LEFT_IN, bold=bold)
    figure.text(
        left_in / width,
        1 - y_in / height,
        "\n".join(lines),
        fontsize=size_pt,
        fontweight="bold" if bold else "normal",
        va="top",
        linespacing=1.25,
    )
    return y_in + len(lines) * size_pt * 1.46 / 72


def _cover(title: str, lede: str, plate_count: int) -> Figure:
    figure = _page()
    y = _write(figure, title, 1.6, size_pt=32, bold=True)
    y = _write(figure, lede, y + 0.15, size_pt=15)
    y = _write(figure, "Read before you trust a map", max(y + 0.7, 4.6), size_pt=theme.TEXT_PT["title"] - 3, bold=True)
    for point in TRUST:
        y = _point(figure, point, y + 0.07)
    _write(figure, f"An atlas of {plate_count} plates, made with kcgeo.", 7.85, size_pt=theme.TEXT_PT["body"])
    return figure


def _point(figure: Figure, text: str, y_in: float) -> float:
    width, height = theme.PAGE_IN
    figure.text(_LEFT_IN / width, 1 - y_in / height, "•", fontsize=theme.TEXT_PT["subtitle"], va="top")
    return _write(figure, text, y_in, size_pt=theme.TEXT_PT["subtitle"], left_in=_LEFT_IN + 0.2)


def _contents(pages: Sequence[AtlasPage]) -> Figure:
    figure = _page()
    width, height = theme.PAGE_IN
    _write(figure, "Contents", 0.7, size_pt=22, bold=True)
    size = theme.TEXT_PT["body"]
    for text, y_in, target in _contents_lines(pages):
        indent = _LEFT_IN + (0.0 if target is None else 0.2)
        room = width - indent - _LEFT_IN - 0.5
        short = wrapped(text, size_pt=size, width_in=room)
        said = short[0] + (" …" if len(short) > 1 else "")
        weight = "bold" if target is None else "normal"
        figure.text(indent / width, 1 - y_in / height, said, fontsize=size, fontweight=weight, va="baseline")
        if target is not None:
            right = 1 - _LEFT_IN / width
            figure.text(right, 1 - y_in / height, f"{target + 3}", fontsize=size, va="baseline", ha="right")
    return figure


def _text_page(title: str, lines: _Lines) -> Figure:
    figure = _page()
    y = _write(figure, title, 0.7, size_pt=22, bold=True) + 0.15
    for kind, text in lines:
        if kind == "heading":
            y = _write(figure, text, y + 0.22, size_pt=14, bold=True) + 0.02
        elif kind == "point":
            y = _point(figure, text, y) + 0.06
        else:
            y = _write(figure, text, y, size_pt=theme.TEXT_PT["subtitle"])
    if y > theme.PAGE_IN[1] - 0.3:
        raise TableError(f"The page '{title}' of the atlas is too long for its words; say less.")
    return figure


def _numbers(count: int) -> bytes:
    """Page numbers alone, as a PDF of ``count`` pages."""
    buffer = io.BytesIO()
    with theme.applied(), PdfPages(buffer, metadata=_NO_DATES) as file:
        for number in range(1, count + 1):
            figure = _page()
            figure.patch.set_visible(False)
            figure.text(
                0.985, 0.975, str(number), fontsize=theme.TEXT_PT["small"], color=theme.COLOUR["soft"], ha="right"
            )
            file.savefig(figure, transparent=True)
    return buffer.getvalue()
