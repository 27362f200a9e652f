"""A talk as a PowerPoint file: native titles, tables and charts, pictures with alternative text, notes to speak from.

One message a slide: the title of a picture is the message of its plate. No text is under 14 px where a slide is 1280 px
wide. The same slides give the same bytes: dates are fixed and say nothing of when the file was written.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from kcgeo.errors import TableError
from kcgeo.files import write_bytes
from kcgeo.present.look import theme
from kcgeo.present.look.plate import Note, wrapped
from kcgeo.present.look.words import TRUST

__all__ = [
    "SMALLEST_PT",
    "ChartSlide",
    "PictureSlide",
    "Slide",
    "TableSlide",
    "TextSlide",
    "deck_is_possible",
    "write_deck",
]

WIDTH_IN, HEIGHT_IN = 13.333, 7.5
SMALLEST_PT = 14 / 1280 * WIDTH_IN * 72
"""Points of the smallest text: 14 px where the slide is 1280 px wide."""

_LEFT_IN, _ROOM_IN = 0.39, 12.55
_TOP_IN, _BOTTOM_IN = 1.42, 6.84
_DATE = datetime(2000, 1, 1)
_LAYOUTS = {"title": 0, "text": 1, "other": 5}


@dataclass(frozen=True)
class PictureSlide:
    """A plate on a slide: its note, its picture, and the part of it without heading and foot in pixels."""

    note: Note
    picture: Path
    box_px: tuple[int, int, int, int]


@dataclass(frozen=True)
class TableSlide:
    """A table that can be edited; the first column is text, the others are numbers as words."""

    title: str
    subtitle: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    alt_text: str
    sources: tuple[str, ...] = ()
    vintage: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextSlide:
    """Points to read out."""

    title: str
    points: tuple[str, ...]
    notes: str = ""
    size_pt: float = 18.0


@dataclass(frozen=True)
class ChartSlide:
    """Bars that can be edited: a share (0 to 1) for each name, the longest on top."""

    title: str
    subtitle: str
    bars: tuple[tuple[str, float], ...]
    alt_text: str
    sources: tuple[str, ...] = ()
    vintage: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


Slide = PictureSlide | TableSlide | TextSlide | ChartSlide


@dataclass
class _Deck:
    """The presentation in the making, with the sources that its slides named."""

    file: Any
    method: tuple[str, ...]
    sources: dict[str, None] = field(default_factory=dict)
    vintage: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, title: str, *, notes: str) -> Any:
        """Add a slide with its native title and speaker notes."""
        slide = self.file.slides.add_slide(self.file.slide_layouts[list(_LAYOUTS).index(kind)])
        slide.shapes.title.text = title
        slide.notes_slide.notes_text_frame.text = notes
        return slide


def deck_is_possible() -> bool:
    """Whether the optional package for slides is at hand."""
    try:
        return find_spec("pptx") is not None
    except ValueError:  # a module that was blocked in sys.modules
        return False


def write_deck(
    path: Path,
    slides: Sequence[Slide],
    *,
    title: str,
    lede: str,
    method: Sequence[str],
    trust: Sequence[str] = TRUST,
    appendix: Sequence[Slide] = (),
) -> Path:
    """Write a talk of 16:9 slides, whole or not at all.

    Parameters
    ----------
    path
        File that ends in ``.pptx``.
    slides
        In the order of the talk, which opens with the first of them; the title stands before, and after them what to
        know before trusting a map, the method and the sources of all slides.
    title, lede
        What the first slide says.
    method
        Sentences on how the numbers were made, on a slide of their own.
    appendix
        Slides for questions, after the talk.

    Raises
    ------
    TableError
        Where python-pptx is not installed, there are no slides, a table does not fit, or a picture is so high that its
        words would be too small.
    """
    if not deck_is_possible():
        raise TableError("Slides need python-pptx; install it with: pip install 'kcgeo[report]'.")
    if not slides:
        raise TableError("A talk needs at least one slide.")
    deck = _Deck(_blank(), tuple(method))
    _opening(deck, title, lede)
    for slide in slides:
        _add(deck, slide)
    _text(deck, TextSlide("Read before you trust a map", tuple(trust), _spoken(trust[0], "the list", trust[1:])))
    for slide in appendix:
        _add(deck, slide)
    how = _spoken("This is how the numbers were made.", "the list", ())
    _text(deck, TextSlide("How it was computed", deck.method, how))
    _sources(deck)
    write_bytes(path, _same_bytes(deck.file))
    return path


def _add(deck: _Deck, slide: Slide) -> None:
    if isinstance(slide, PictureSlide):
        _picture(deck, slide)
    elif isinstance(slide, TableSlide):
        _table(deck, slide)
    elif isinstance(slide, ChartSlide):
        _chart(deck, slide)
    else:
        _text(deck, slide)


def _spoken(say: str, point_at: str, if_asked: Sequence[str]) -> str:
    """Write notes that can be spoken from: a sentence, what to point at, what to answer."""
    lines = [f"Say: {say.rstrip('.')}.", f"Point at: {point_at}"]
    return "\n".join([*lines, *([f"If asked: {' '.join(if_asked)}"] if if_asked else [])])


def _blank() -> Any:
    """Make an empty presentation of 16:9 with three layouts whose titles stand where ours do."""
    from pptx import Presentation
    from pptx.util import Inches

    file = Presentation()
    file.slide_width, file.slide_height = Inches(WIDTH_IN), Inches(HEIGHT_IN)
    layouts = file.slide_layouts
    keep = [layouts[number] for number in _LAYOUTS.values()]
    for layout in list(layouts):
        if layout not in keep:
            layouts.remove(layout)
    for part in (file.slide_master, *keep):
        for shape in list(part.placeholders):
            if shape.placeholder_format.idx >= 10 or shape.placeholder_format.type in _FURNITURE:
                shape._element.getparent().remove(shape._element)
    for part in (file.slide_master, *keep):
        for shape in part.placeholders:
            number = shape.placeholder_format.idx
            top, height = (0.26, 0.72) if number == 0 else (_TOP_IN, _BOTTOM_IN - _TOP_IN)
            if part is keep[0]:
                top, height = (2.1, 1.5) if number == 0 else (3.75, 1.8)
            shape.left, shape.top = Inches(_LEFT_IN), Inches(top)
            shape.width, shape.height = Inches(_ROOM_IN), Inches(height)
    package = file.part.package
    for key, relation in list(package._rels.items()):
        if relation.reltype.endswith("/thumbnail"):  # a picture of another presentation
            package._rels.pop(key)
    return file


# date, footer and slide number of the master, which have no number of their own there
_FURNITURE = (13, 15, 16)


def _style(frame: Any, *, size_pt: float, bold: bool = False, colour: str = theme.COLOUR["ink"]) -> None:
    """Set size, weight and colour of all words of a frame, on the left."""
    from pptx.enum.lang import MSO_LANGUAGE_ID
    from pptx.enum.text import MSO_AUTO_SIZE, PP_ALIGN
    from pptx.util import Pt

    frame.word_wrap = True
    frame.auto_size = MSO_AUTO_SIZE.NONE
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(round(size_pt, 1)), bold
            run.font.color.rgb = _rgb(colour)
            run.font.language_id = MSO_LANGUAGE_ID.ENGLISH_US


def _title(slide: Any) -> None:
    from pptx.enum.text import MSO_ANCHOR

    frame = slide.shapes.title.text_frame
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.margin_left = frame.margin_right = 0
    # by the width of a wide font: a machine without ours takes another
    sizes = (28.0, 26.0, 24.0, 22.0, 20.0)
    fits = [size for size in sizes if len(wrapped(frame.text, size_pt=size, width_in=_ROOM_IN - 0.1, bold=True)) == 1]
    _style(frame, size_pt=fits[0] if fits else sizes[-1], bold=True)


def _box(
    slide: Any,
    text: str,
    *,
    top_in: float,
    height_in: float,
    size_pt: float,
    colour: str = theme.COLOUR["soft"],
    name: str,
) -> None:
    """Write a text across the slide."""
    from pptx.util import Inches

    shape = slide.shapes.add_textbox(Inches(_LEFT_IN), Inches(top_in), Inches(_ROOM_IN), Inches(height_in))
    shape.name = name
    frame = shape.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.text = text
    _style(frame, size_pt=size_pt, colour=colour)


def _opening(deck: _Deck, title: str, lede: str) -> None:
    from pptx.enum.text import MSO_ANCHOR

    notes = _spoken(lede, "nothing yet", ())
    slide = deck.add("title", title, notes=notes)
    slide.placeholders[1].text = lede
    slide.shapes.title.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    slide.placeholders[1].text_frame.vertical_anchor = MSO_ANCHOR.TOP
    _style(slide.shapes.title.text_frame, size_pt=40, bold=True)
    _style(slide.placeholders[1].text_frame, size_pt=20, colour=theme.COLOUR["soft"])
    _box(slide, "Made with kcgeo; every number has its source.", top_in=6.9, height_in=0.3, size_pt=12, name="Origin")


def _text(deck: _Deck, text: TextSlide) -> None:
    slide = deck.add("text", text.title, notes=text.notes or " ".join(text.points))
    _title(slide)
    body = slide.placeholders[1].text_frame
    body.text = "\n".join(text.points)
    _style(body, size_pt=text.size_pt)
    from pptx.util import Pt

    for paragraph in body.paragraphs:
        paragraph.space_after = Pt(text.size_pt * 0.5)


def _notes(deck: _Deck, told: Note | TableSlide | ChartSlide) -> str:
    """Speaker notes of a slide; its sources stand on the last slide."""
    deck.sources |= dict.fromkeys(told.sources)
    deck.vintage |= dict.fromkeys(told.vintage)
    return _spoken(told.title, told.subtitle, told.notices)


def _picture(deck: _Deck, told: PictureSlide) -> None:
    from pptx.util import Inches

    note = told.note
    slide = deck.add("other", note.title, notes=_notes(deck, note))
    _title(slide)
    _box(slide, note.subtitle, top_in=0.98, height_in=0.4, size_pt=14, name="What is shown")
    content, size_px = _trimmed(told)
    high_in = WIDTH_IN * size_px[1] / size_px[0]
    if high_in > _BOTTOM_IN - _TOP_IN:
        raise TableError(f"The picture '{note.title}' is too high for a slide; its words would be too small.")
    top_in = _TOP_IN + (_BOTTOM_IN - _TOP_IN - high_in) / 2
    shape = slide.shapes.add_picture(content, 0, Inches(top_in), width=Inches(WIDTH_IN))
    shape.name = note.title
    shape._element.nvPicPr.cNvPr.set("descr", note.alt_text)
    _foot(slide, note.notices)


def _foot(slide: Any, notices: Sequence[str]) -> None:
    text = " ".join((*notices, "Sources: last slide."))
    _box(slide, text, top_in=6.91, height_in=0.55, size_pt=10.6, name="Limits and licence")


def _trimmed(told: PictureSlide) -> tuple[io.BytesIO, tuple[int, int]]:
    """Cut the body of a picture out, without the paper above and below it."""
    with Image.open(told.picture) as image:
        body = image.convert("RGB").crop(told.box_px)
    drawn = ImageChops.difference(body, Image.new("RGB", body.size, theme.COLOUR["paper"])).getbbox()
    if drawn:
        body = body.crop((0, max(drawn[1] - 4, 0), body.width, min(drawn[3] + 4, body.height)))
    buffer = io.BytesIO()
    body.save(buffer, format="PNG", compress_level=6)
    buffer.seek(0)
    return buffer, body.size


def _table(deck: _Deck, told: TableSlide) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches

    count = len(told.rows) + 1
    row_in = min((_BOTTOM_IN - _TOP_IN) / count, 0.5)
    size_pt = min(row_in * 72 / 1.75, 16.0)
    if size_pt < SMALLEST_PT:
        raise TableError(f"The table '{told.title}' has {count - 1} rows; a slide has room for 18.")
    slide = deck.add("other", told.title, notes=_notes(deck, told))
    _title(slide)
    _box(slide, told.subtitle, top_in=0.98, height_in=0.4, size_pt=14, name="What is shown")
    first_in = min(4.2, _ROOM_IN / 2) if len(told.columns) > 2 else _ROOM_IN * 0.6
    other_in = (_ROOM_IN - first_in) / max(len(told.columns) - 1, 1)
    frame = slide.shapes.add_table(
        count, len(told.columns), Inches(_LEFT_IN), Inches(_TOP_IN), Inches(_ROOM_IN), Inches(row_in * count)
    )
    frame.name = told.title
    frame._element.nvGraphicFramePr.cNvPr.set("descr", told.alt_text)
    table = frame.table
    for number, column in enumerate(table.columns):
        column.width = Inches(other_in if number else first_in)
    for line, cells in enumerate((told.columns, *told.rows)):
        table.rows[line].height = Inches(row_in)
        for number, text in enumerate(cells):
            cell = table.cell(line, number)
            cell.margin_top = cell.margin_bottom = Inches(0.01)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.text = text
            _paint(cell, heading=line == 0, even=line % 2 == 0)
            colour = theme.COLOUR["paper"] if line == 0 else theme.COLOUR["ink"]
            _style(cell.text_frame, size_pt=size_pt, bold=line == 0, colour=colour)
            if number:
                cell.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
    _foot(slide, told.notices)


def _chart(deck: _Deck, told: ChartSlide) -> None:
    """Native bars: the numbers open in a spreadsheet and can be changed."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches, Pt

    if not 1 <= len(told.bars) <= 18:
        raise TableError(f"The chart '{told.title}' has {len(told.bars)} bars; a slide has room for 1 to 18.")
    slide = deck.add("other", told.title, notes=_notes(deck, told))
    _title(slide)
    _box(slide, told.subtitle, top_in=0.98, height_in=0.4, size_pt=14, name="What is shown")
    numbers: Any = CategoryChartData(number_format="0%")  # type: ignore[no-untyped-call]
    numbers.categories = [name for name, _ in told.bars]
    numbers.add_series(told.subtitle, [round(share, 4) for _, share in told.bars])
    place = Inches(_LEFT_IN), Inches(_TOP_IN), Inches(_ROOM_IN), Inches(_BOTTOM_IN - _TOP_IN)
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *place, numbers)
    frame.name = told.title
    frame._element.nvGraphicFramePr.cNvPr.set("descr", told.alt_text)
    chart = frame.chart
    chart.has_legend, chart.has_title = False, False
    chart.font.size = Pt(12)
    chart.value_axis.visible, chart.value_axis.has_major_gridlines = False, False
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = 0, 1
    chart.category_axis.reverse_order = True
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels = 35, True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = "0%", False
    fill = plot.series[0].format.fill
    fill.solid()
    fill.fore_color.rgb = _rgb(theme.LACKING[1])
    _foot(slide, told.notices)


def _paint(cell: Any, *, heading: bool, even: bool) -> None:
    colour = theme.COLOUR["deep"] if heading else theme.COLOUR["land"] if even else theme.COLOUR["paper"]
    cell.fill.solid()
    cell.fill.fore_color.rgb = _rgb(colour)


def _rgb(colour: str) -> Any:
    from pptx.dml.color import RGBColor

    colours: Any = RGBColor
    return colours(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))


def _sources(deck: _Deck) -> None:
    """Write the last slide: each source once, and what their licences ask for."""
    licences = (
        "Roads: © OpenStreetMap contributors, ODbL 1.0. Place names: GeoNames, CC BY 4.0. Boundaries and people: US"
        " Census Bureau, public domain.",
    )
    vintage = (f"Vintage: {'; '.join(deck.vintage)}.",) if deck.vintage else ()
    points = (*deck.sources, *vintage, *licences)
    _text(
        deck,
        TextSlide(
            "Sources and licenses",
            points,
            _spoken("Every number has its source", "the list", ("Leave this slide in when the deck is passed on.",)),
            14.0,
        ),
    )


def _same_bytes(file: Any) -> bytes:
    """Save with fixed dates, in the properties of the document and in the archive."""
    about = file.core_properties
    about.author = about.last_modified_by = "kcgeo"
    about.title = file.slides[0].shapes.title.text
    about.created = about.modified = _DATE
    about.revision = 1
    raw, packed = io.BytesIO(), io.BytesIO()
    file.save(raw)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(raw):
            entry = zipfile.ZipInfo(name, date_time=_DATE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _same_workbook(content) if name.endswith(".xlsx") else content)
    return packed.getvalue()


def _same_workbook(raw: bytes) -> bytes:
    """Give the workbook behind a chart the fixed date of the file, inside and in its archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(io.BytesIO(raw)):
            fixed = content
            if name == "docProps/core.xml":
                fixed = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _DATE.isoformat().encode() + b"Z", content)
            archive.writestr(zipfile.ZipInfo(name, date_time=_DATE.timetuple()[:6]), fixed)
    return packed.getvalue()


def _members(raw: io.BytesIO) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(raw) as archive:
        for entry in archive.infolist():
            yield entry.filename, archive.read(entry)
