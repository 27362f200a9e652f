"""A plate is a figure that knows its title, alternative text and sources, and is saved the same way each time."""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kcgeo.disclosure import Released
from kcgeo.errors import TableError
from kcgeo.files import replacing, write_bytes
from kcgeo.present import theme

__all__ = ["Note", "Plate", "foot_height_in", "foot_lines", "new_plate", "save_figure", "source_lines"]

MARGIN_IN = 0.32
_CARRIER = re.compile(r" \([^)]*[._][^)]*\)|,? (?:from|as simplified in) the Python package \S+ [\d.]+\d")
FORMATS = ("png", "svg", "pdf")


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


def _metadata(note: Note, form: str) -> dict[str, Any]:
    """File metadata without dates or program versions, so that two runs give the same bytes."""
    if form == "png":
        return {"Title": note.title, "Description": note.alt_text, "Software": None}
    if form == "svg":
        return {"Title": note.title, "Description": note.alt_text, "Date": None, "Creator": None}
    return {
        "Title": note.title,
        "Subject": note.alt_text,
        "CreationDate": None,
        "ModDate": None,
        "Creator": "kcgeo",
        "Producer": "kcgeo",
    }


def _accessible_svg(text: str, note: Note) -> str:
    """Mark the drawing as one picture with a name and a description, and round its paths to 1/100 pt."""
    text = re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found.group()), text)
    text = re.sub(r"<svg ", '<svg role="img" aria-labelledby="kcgeo-title kcgeo-desc" ', text, count=1)
    head = f'<desc id="kcgeo-desc">{html.escape(note.alt_text)}</desc>'
    return re.sub(r"<title>", f'{head}\n <title id="kcgeo-title">', text, count=1)


def save_figure(
    figure: Plate, folder: Path, name: str, *, formats: Sequence[str] = FORMATS, dpi: int = 300
) -> list[Path]:
    """Write a figure as ``folder/name.<format>``, the same bytes in every run; a file is whole or absent.

    Parameters
    ----------
    figure
        A plate of this room; title and alternative text travel inside each file.
    formats
        Any of ``png``, ``svg`` (text kept as text) and ``pdf`` (TrueType fonts).
    dpi
        Dots per inch of the PNG.

    Returns
    -------
    list of Path
        In the order of ``formats``.

    Raises
    ------
    TableError
        For an unknown format.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise TableError(f"{', '.join(unknown)} cannot be written; choose from {', '.join(FORMATS)}.")
    paths = []
    with theme.applied():
        for form in formats:
            path = folder / f"{name}.{form}"
            if form == "svg":
                buffer = io.StringIO()
                figure.savefig(buffer, format="svg", metadata=_metadata(figure.note, form))
                write_bytes(path, _accessible_svg(buffer.getvalue(), figure.note).encode("utf-8"))
            else:
                # zlib 6 writes a 300 dpi page in half the time of 9 and is 2 % larger
                options: dict[str, Any] = {"pil_kwargs": {"compress_level": 6}} if form == "png" else {}
                with replacing(path) as temporary, mpl.rc_context({"pdf.compression": 6}):
                    figure.savefig(temporary, format=form, dpi=dpi, metadata=_metadata(figure.note, form), **options)
            paths.append(path)
    return paths
