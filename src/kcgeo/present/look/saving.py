"""Saving figures: PNG, SVG and PDF with the same bytes in every run, whole or not at all, and small pictures."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kcgeo.errors import TableError
from kcgeo.files import replacing, write_text
from kcgeo.present.look import theme
from kcgeo.present.look.plate import Note, Plate
from kcgeo.present.look.sheet import SLIDE, SLIDE_PX

__all__ = ["THUMBNAIL_PX", "picture", "save_figure", "save_slide", "thumbnail_path", "write_thumbnail"]

FORMATS = ("png", "svg", "pdf")
THUMBNAIL_PX = 1100

# zlib level 3 writes a page at 300 dots an inch in a tenth of the time of 9, and is a twelfth larger
_COMPRESS = 3


def picture(figure: Plate, *, dpi: float) -> Image.Image:
    """Draw a figure into a picture of ``dpi`` dots an inch; the figure keeps its own setting."""
    former = figure.dpi
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    try:
        with theme.applied():
            figure.set_dpi(dpi)
            canvas.draw()  # type: ignore[no-untyped-call]
            return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
    finally:
        figure.set_dpi(former)


def thumbnail_path(png: Path) -> Path:
    """Where the small picture of a PNG stands."""
    return png.parent / "small" / png.name


def write_thumbnail(image: Image.Image, path: Path, *, width_px: int = THUMBNAIL_PX) -> tuple[int, int]:
    """Write a small PNG of a picture and return its width and height in pixels; same input, same bytes.

    Flat map colours need few colours, so the file has a palette of 128 and a tenth of the size of the large one.
    """
    height_px = round(image.height * width_px / image.width)
    small = image.convert("RGB").resize((width_px, height_px), Image.Resampling.BOX, reducing_gap=1.0)
    flat = small.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    with replacing(path) as temporary:
        flat.save(temporary, format="PNG", compress_level=_COMPRESS)
    return width_px, height_px


def _save_png(figure: Plate, path: Path, dpi: int, *, thumbnail: bool) -> None:
    image = picture(figure, dpi=dpi)
    _write_png(image, path, figure.note, dpi=dpi)
    if thumbnail:
        write_thumbnail(image, thumbnail_path(path))


def _write_png(image: Image.Image, path: Path, note: Note, *, dpi: float) -> None:
    """Write a picture with all that its foot may have no room for: description, sources, vintage, notices."""
    about = PngInfo()
    about.add_itxt("Title", note.title)
    about.add_itxt("Description", note.alt_text)
    about.add_itxt("Source", "; ".join((*note.sources, *note.vintage)))
    about.add_itxt("Disclaimer", " ".join(note.notices))
    with replacing(path) as temporary:
        image.save(temporary, format="PNG", dpi=(dpi, dpi), pnginfo=about, compress_level=_COMPRESS)


def save_slide(figure: Plate, folder: Path, name: str) -> tuple[Path, tuple[int, int, int, int]]:
    """Write a figure of 16:9 as ``folder/name.png`` of 1920 x 1080 pixels.

    Returns
    -------
    path, box
        ``box`` is the part without heading and foot, in pixels: left, top, right, bottom.

    Raises
    ------
    TableError
        For a figure of another shape: its type would be too small or its edges cut.
    """
    if tuple(figure.get_size_inches()) != SLIDE.size_in:
        raise TableError(f"The figure '{figure.note.title}' is not drawn for a slide; draw it on SLIDE.")
    width, height = SLIDE_PX
    dpi = width / SLIDE.size_in[0]
    image = picture(figure, dpi=dpi).crop((0, 0, width, height))
    path = folder / f"{name}.png"
    _write_png(image, path, figure.note, dpi=dpi)
    low_in, high_in = figure.body_in
    return path, (0, round(height - high_in * dpi), width, round(height - low_in * dpi))


def _save_svg(figure: Plate, path: Path) -> None:
    buffer = io.StringIO()
    about = {"Title": figure.note.title, "Description": figure.note.alt_text, "Date": None, "Creator": None}
    figure.savefig(buffer, format="svg", metadata=about)
    write_text(path, _accessible(buffer.getvalue(), figure.note))


def _accessible(text: str, note: Note) -> str:
    """Mark the drawing as one picture with a name and a description, and round its paths to 1/100 pt."""
    text = re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found.group()), text)
    text = re.sub(r"<svg ", '<svg role="img" aria-labelledby="kcgeo-title kcgeo-desc" ', text, count=1)
    head = f'<desc id="kcgeo-desc">{html.escape(note.alt_text)}</desc>'
    return re.sub(r"<title>", f'{head}\n <title id="kcgeo-title">', text, count=1)


def _save_pdf(figure: Plate, path: Path) -> None:
    about: dict[str, Any] = {
        "Title": figure.note.title,
        "Subject": figure.note.alt_text,
        "CreationDate": None,
        "ModDate": None,
        "Creator": "kcgeo",
        "Producer": "kcgeo",
    }
    with replacing(path) as temporary, mpl.rc_context({"pdf.compression": _COMPRESS}):
        figure.savefig(temporary, format="pdf", metadata=about)


def save_figure(
    figure: Plate,
    folder: Path,
    name: str,
    *,
    formats: Sequence[str] = FORMATS,
    dpi: int = 300,
    thumbnail: bool = False,
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
    thumbnail
        Also write ``folder/small/name.png``, 1100 pixels wide, beside the PNG.

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
            if form == "png":
                _save_png(figure, path, dpi, thumbnail=thumbnail)
            elif form == "svg":
                _save_svg(figure, path)
            else:
                _save_pdf(figure, path)
            paths.append(path)
    return paths
