"""Cards for outreach workers: eight to a letter sheet, numbers to call, and nothing by which a shelter could be found.

A confidential service is a sentence, never a name and a place. A discreet card names no trafficking on its face, so
that it may lie in a bag that somebody else looks through.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from kcgeo.errors import TableError
from kcgeo.files import replacing
from kcgeo.findings import LANGUAGES, sentences
from kcgeo.present.figures.county import County
from kcgeo.present.look import theme
from kcgeo.present.look.plate import wrapped

__all__ = ["card_lines", "write_cards"]

SHEET_IN = (8.5, 11.0)
_COLUMNS, _ROWS = 2, 4
_CARD_IN = (3.75, 2.5)
_PAD_IN = 0.16
_SIZES = {"title": 12.0, "place": 9.5, "number": 10.5, "text": 8.2}
_TRAFFICKING = "888-373-7888"
_PLAIN: Any = {"CreationDate": None, "ModDate": None, "Creator": "kcgeo", "Producer": "kcgeo"}


def card_lines(county: County, *, language: str = "en", discreet: bool = False, most: int = 3) -> list[tuple[str, str]]:
    """Say what stands on the card of a county: pairs of a style (``title``, ``place``, ``number``, ``text``) and words.

    Parameters
    ----------
    county
        Made by :func:`kcgeo.present.county_facts`.
    language
        ``en`` or ``es``.
    discreet
        Whether the face of the card is to say no more than that these are numbers.
    most
        Hotlines beside the national one.

    Raises
    ------
    TableError
        For a language that the cards do not speak.
    """
    if language not in LANGUAGES:
        raise TableError(f"Cards are printed in {' or '.join(LANGUAGES)}, not in '{language}'.")
    said = {form: text[language] for form, text in sentences()["card"].items()}
    lines = [("title", said["plain" if discreet else "title"]), ("place", f"{county.name} County, {county.state}")]
    lines += [("number", said["hotline"]), ("text", said["emergency"])]
    others = [call for call in county.calls if _TRAFFICKING not in call.phone]
    for call in others[:most]:
        hours = call.hours or said["unknown"]
        name = "" if discreet else f" {call.name},"
        lines.append(("text", f"{call.phone}:{name} {hours}"))
    if county.confidential and not discreet:
        lines.append(("text", said["confidential"]))
    return [*lines, ("text", said["check"] if discreet else f"{said['check']} {county.record_age}")]


def write_cards(
    path: Path, counties: Sequence[County], *, language: str = "en", discreet: bool = False, copies: int = 8
) -> Path:
    """Write cards as a PDF of letter sheets, eight cards a sheet with lines to cut along, the same bytes in every run.

    Parameters
    ----------
    path
        File that ends in ``.pdf``.
    counties
        One card each, in this order.
    copies
        Cards of each county; 8 fill a sheet.

    Raises
    ------
    TableError
        For no county, no copies, or a language that the cards do not speak.
    """
    if not counties or copies < 1:
        raise TableError("Cards need at least one county and one copy of each.")
    faces = [lines for county in counties for lines in [_fitting(county, language, discreet)] for _ in range(copies)]
    step = _COLUMNS * _ROWS
    with (
        theme.applied(),
        mpl.rc_context({"pdf.compression": 6}),
        replacing(path) as temporary,
        PdfPages(temporary, metadata=_PLAIN) as file,
    ):
        for start in range(0, len(faces), step):
            file.savefig(_sheet(faces[start : start + step]))
    return path


def _sheet(faces: Sequence[Sequence[tuple[str, str]]]) -> Figure:
    """Lay up to eight cards on a sheet."""
    figure = Figure(figsize=SHEET_IN)
    wide, tall = _CARD_IN
    left, low = (SHEET_IN[0] - _COLUMNS * wide) / 2, (SHEET_IN[1] - _ROWS * tall) / 2
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, SHEET_IN[0]), ylim=(0, SHEET_IN[1]))
    axes.axis("off")
    cut: Any = {"color": theme.COLOUR["rule"], "linewidth": 0.5, "linestyle": (0, (4, 3))}
    for column in range(_COLUMNS + 1):
        axes.plot([left + column * wide] * 2, [low, low + _ROWS * tall], **cut)
    for row in range(_ROWS + 1):
        axes.plot([left, left + _COLUMNS * wide], [low + row * tall] * 2, **cut)
    for number, lines in enumerate(faces):
        row, column = divmod(number, _COLUMNS)
        _face(axes, lines, left + column * wide + _PAD_IN, low + (_ROWS - row) * tall - _PAD_IN)
    return figure


def _broken(lines: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Break the words of a card to its width."""
    room = _CARD_IN[0] - 2 * _PAD_IN
    return [
        (style, wrapped(words, size_pt=_SIZES[style], width_in=room, bold=style in ("title", "number")))
        for style, words in lines
    ]


def _fall_in(style: str, count: int) -> float:
    return _SIZES[style] * 1.34 / 72 * count + 0.045


def _fitting(county: County, language: str, discreet: bool) -> list[tuple[str, str]]:
    """Words with as many hotlines as the card has room for: a number is whole or absent."""
    for most in (3, 2, 1, 0):
        lines = card_lines(county, language=language, discreet=discreet, most=most)
        if sum(_fall_in(style, len(broken)) for style, broken in _broken(lines)) <= _CARD_IN[1] - 2 * _PAD_IN:
            return lines
    raise TableError(f"The words of the card of {county.name} County do not fit; shorten the sentences of cards.")


def _face(axes: Any, lines: Sequence[tuple[str, str]], x: float, y: float) -> None:
    for style, broken in _broken(lines):
        axes.text(
            x,
            y,
            "\n".join(broken),
            va="top",
            fontsize=_SIZES[style],
            fontweight="bold" if style in ("title", "number") else "normal",
            color=theme.COLOUR["soft"] if style == "place" else theme.COLOUR["ink"],
            linespacing=1.15,
        )
        y -= _fall_in(style, len(broken))
