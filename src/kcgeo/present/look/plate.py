"""A plate is a figure that knows its title, alternative text and sources: heading above, notices and sources below."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from PIL import Image

from kcgeo.disclosure import Released
from kcgeo.findings import Finding
from kcgeo.present.look import theme, words
from kcgeo.present.look.sheet import Sheet

__all__ = [
    "Note",
    "Plate",
    "foot_height_in",
    "foot_lines",
    "has_sample",
    "new_plate",
    "plain_sources",
    "source_lines",
    "wrapped",
]

MARGIN_IN = 0.32
_CARRIER = re.compile(r" \([^)]*[._][^)]*\)|,? (?:from|as simplified in) the Python package \S+ [\d.]+\d")


@dataclass(frozen=True)
class Note:
    """What goes with a figure wherever it is shown: the gallery, a slide, a screen reader."""

    title: str
    subtitle: str
    alt_text: str
    sources: tuple[str, ...]
    vintage: tuple[str, ...]
    notices: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


class Plate(Figure):
    """A matplotlib figure with a :class:`Note`; notebooks show it with its alternative text.

    ``body_in`` are the heights in inches between which the picture lies, its heading above and its foot below.
    """

    note: Note
    body_in: tuple[float, float]

    def _ipython_display_(self) -> None:
        """Show the picture with its alternative text alone: a plain figure would be drawn a second time as a PNG."""
        from IPython.display import display

        display({"text/html": self._repr_html_()}, raw=True)

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        with theme.applied():
            self.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
        flat = io.BytesIO()
        with Image.open(buffer) as image:
            # flat map colours need few colours, and a notebook with many figures stays light
            image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(flat, format="PNG")
        data = base64.b64encode(flat.getvalue()).decode("ascii")
        return (
            f'<img alt="{html.escape(self.note.alt_text)}" src="data:image/png;base64,{data}" style="max-width:100%">'
        )


def _texts(value: object) -> tuple[str, ...]:
    """Flatten what a release says of its sources into texts: it may be one text or several."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Iterable):
        return tuple(str(item) for item in value if item)
    return (str(value),)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def source_lines(released: Sequence[Released]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Collect sources and vintages of all tables of a figure, each said once, in the order of the tables."""
    sources = _unique(text for item in released for text in _texts(item.sources))
    vintage = _unique(part for item in released for text in _texts(item.vintage) for part in text.split("; "))
    return sources, vintage


def has_sample(released: Sequence[Released]) -> bool:
    """Whether any of the tables rests on invented services: its figure or page must say so."""
    return any(source.startswith(words.SAMPLE) for source in source_lines(released)[0])


def new_plate(
    title: str,
    subtitle: str,
    *,
    alt_text: str,
    released: Sequence[Released],
    notices: Sequence[str] = (),
    size_in: tuple[float, float] = theme.PAGE_IN,
    sheet: Sheet | None = None,
    findings: Sequence[Finding] = (),
) -> Plate:
    """Start a figure: the title and what is shown on top, sources, vintage and notices at the foot.

    ``sheet`` gives the size in place of ``size_in``, and on a slide a short foot; ``findings`` are the numbers that the
    title and the alternative text say.
    """
    sources, vintage = source_lines(released)
    size_in, brief = (size_in, False) if sheet is None else (sheet.size_in, sheet.brief)
    plate = Plate(figsize=size_in)
    FigureCanvasAgg(plate)
    sample = has_sample(released)
    told = f"{words.SAMPLE}. {alt_text}" if sample else alt_text
    plate.note = Note(title, subtitle, told, sources, vintage, tuple(notices), tuple(findings))
    with theme.applied():
        head_in = _heading(plate, title, subtitle)
        if sample:
            _mark(plate, words.SAMPLE)
        lines = foot_lines(released, notices, width_in=size_in[0], brief=brief)
        _foot(plate, lines)
    plate.body_in = foot_height_in(lines), size_in[1] - head_in
    return plate


def foot_lines(
    released: Sequence[Released], notices: Sequence[str], *, width_in: float, brief: bool = False
) -> list[str]:
    """Lines at the foot of a page: notices, then sources and vintage.

    The package and file that carried a source stand in the manifest and in the data dictionary, not on the map. A
    ``brief`` foot is one paragraph, and gives a vintage only where the name of the source does not.
    """
    sources, vintage = source_lines(released)
    named = "; ".join(plain_sources(sources))
    if brief:
        vintage = tuple(part for part in vintage if part.split()[-1] not in named and not part.startswith("each row"))
    said = f"Sources: {named}." + (f" Vintage: {'; '.join(vintage)}." if vintage else "")
    texts = [" ".join(notices), said] if notices else [said]
    if brief:
        texts = [" ".join(texts)]
    room = width_in - 2 * MARGIN_IN
    return [line for text in texts for line in wrapped(text, size_pt=theme.TEXT_PT["small"], width_in=room)]


def foot_height_in(lines: Sequence[str]) -> float:
    """Height in inches that the foot of a page takes."""
    return 0.14 + len(lines) * theme.TEXT_PT["small"] * 1.34 / 72


def plain_sources(sources: Iterable[str]) -> tuple[str, ...]:
    """Name publishers alone: which package carried a file stands in the manifest and in the data dictionary."""
    return _unique(_CARRIER.sub("", source) for source in sources)


@lru_cache(maxsize=4096)
def _width_in(text: str, size_pt: float, bold: bool) -> float:
    """Width of a line of the theme's font, in inches."""
    font = FontProperties(family="DejaVu Sans", size=size_pt, weight="bold" if bold else "normal")
    width_pt, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width_pt) / 72


def wrapped(text: str, *, size_pt: float, width_in: float, bold: bool = False) -> list[str]:
    """Break a text into lines that fit a width by their true measure; a word longer than the line stands alone.

    >>> wrapped("one two three", size_pt=10, width_in=0.65)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width_in(longer, size_pt, bold) <= width_in:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _heading(plate: Plate, title: str, subtitle: str) -> float:
    """Write title and subtitle and return the inches that they take."""
    width, height = plate.get_size_inches()
    room = width - 2 * MARGIN_IN
    size = theme.TEXT_PT["title"]
    lines = wrapped(title, size_pt=size, width_in=room, bold=True)
    if len(lines) > 1:
        # a long title is set smaller before it takes a second line
        size *= 0.85
        lines = wrapped(title, size_pt=size, width_in=room, bold=True)
    plate.text(
        MARGIN_IN / width,
        1 - 0.23 / height,
        "\n".join(lines),
        va="top",
        fontsize=size,
        fontweight="bold",
        linespacing=1.1,
    )
    below_in = 0.31 + 0.27 * len(lines) * size / theme.TEXT_PT["title"]
    said = wrapped(subtitle, size_pt=theme.TEXT_PT["subtitle"], width_in=room)
    plate.text(
        MARGIN_IN / width,
        1 - below_in / height,
        "\n".join(said),
        va="top",
        fontsize=theme.TEXT_PT["subtitle"],
        color=theme.COLOUR["soft"],
        linespacing=1.15,
    )
    return below_in + len(said) * theme.TEXT_PT["subtitle"] * 1.3 / 72


def _mark(plate: Plate, text: str) -> None:
    """Write a warning into the free strip above the title."""
    width, height = plate.get_size_inches()
    plate.text(
        1 - MARGIN_IN / width,
        1 - 0.06 / height,
        text,
        ha="right",
        va="top",
        fontsize=theme.TEXT_PT["body"],
        fontweight="bold",
        color=theme.COLOUR["accent"],
    )


def _foot(plate: Plate, lines: Sequence[str]) -> None:
    width, height = plate.get_size_inches()
    plate.text(
        MARGIN_IN / width,
        0.14 / height,
        "\n".join(lines),
        va="bottom",
        fontsize=theme.TEXT_PT["small"],
        color=theme.COLOUR["soft"],
        linespacing=1.3,
    )
