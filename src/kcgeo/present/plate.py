"""A plate is a figure that knows its title, alternative text and sources: heading above, notices and sources below."""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kcgeo.disclosure import Released
from kcgeo.present import theme

__all__ = ["Note", "Plate", "foot_height_in", "foot_lines", "new_plate", "source_lines"]

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


class Plate(Figure):
    """A matplotlib figure with a :class:`Note`; notebooks show it with its alternative text."""

    note: Note

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        with theme.applied():
            self.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
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


def new_plate(
    title: str,
    subtitle: str,
    *,
    alt_text: str,
    released: Sequence[Released],
    notices: Sequence[str] = (),
    size_in: tuple[float, float] = theme.PAGE_IN,
) -> Plate:
    """Start a figure: the title and what is shown on top, sources, vintage and notices at the foot."""
    sources, vintage = source_lines(released)
    plate = Plate(figsize=size_in)
    FigureCanvasAgg(plate)
    plate.note = Note(title, subtitle, alt_text, sources, vintage, tuple(notices))
    with theme.applied():
        _heading(plate, title, subtitle)
        _foot(plate, foot_lines(released, notices, width_in=size_in[0]))
    return plate


def foot_lines(released: Sequence[Released], notices: Sequence[str], *, width_in: float) -> list[str]:
    """Lines at the foot of a page: notices, then sources and vintage.

    The package and file that carried a source stand in the manifest and in the data dictionary, not on the map.
    """
    sources, vintage = source_lines(released)
    brief = "; ".join(dict.fromkeys(_CARRIER.sub("", source) for source in sources))
    said = f"Sources: {brief}." + (f" Vintage: {'; '.join(vintage)}." if vintage else "")
    texts = [" ".join(notices), said] if notices else [said]
    return [line for text in texts for line in textwrap.wrap(text, width=int(width_in * 14.6))]


def foot_height_in(lines: Sequence[str]) -> float:
    """Height in inches that the foot of a page takes."""
    return 0.14 + len(lines) * theme.TEXT_PT["small"] * 1.34 / 72


def _heading(plate: Plate, title: str, subtitle: str) -> None:
    width, height = plate.get_size_inches()
    lines = textwrap.wrap(title, width=int(width * 7.6))
    plate.text(
        MARGIN_IN / width,
        1 - 0.23 / height,
        "\n".join(lines),
        va="top",
        fontsize=theme.TEXT_PT["title"],
        fontweight="bold",
        linespacing=1.1,
    )
    plate.text(
        MARGIN_IN / width,
        1 - (0.31 + 0.27 * len(lines)) / height,
        "\n".join(textwrap.wrap(subtitle, width=int(width * 11.3))),
        va="top",
        fontsize=theme.TEXT_PT["subtitle"],
        color=theme.COLOUR["soft"],
        linespacing=1.15,
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
