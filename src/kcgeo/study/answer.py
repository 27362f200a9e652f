"""An answer: what was found, the tables that may leave, and what can be drawn and written of them.

An answer is made without opening a file; :func:`kcgeo.study.folder.write` alone makes a folder of it. All that it holds
can be handed to another process, so figures are recipes: a function and its options, drawn from a :class:`Scene`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kcgeo import present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError
from kcgeo.findings import Finding
from kcgeo.present.look.background import Background
from kcgeo.present.look.plate import Note, Plate
from kcgeo.present.look.sheet import PRINT, Sheet
from kcgeo.study.kept import kept, key_of

__all__ = ["GROUND", "Answer", "Desk", "Drawn", "Extra", "Figure", "Scene", "background_of"]

GROUND = ("counties", "corridors", "towns")
"""Releases that every map is drawn on."""


_ON_THE_GROUND = ("counties", "corridors", "towns", "services", "gaps")


def background_of(study: Study, released: Mapping[str, Released], *, sheet: Sheet = PRINT) -> Background:
    """Prepare the background that all maps of a study share, for a page or for a slide."""
    key = key_of(study, "background", sheet)
    if key:  # names are placed once a run, not once a process and notebook
        used = (released[name].table.to_csv() for name in _ON_THE_GROUND if name in released)
        key += hashlib.sha256("".join(used).encode()).hexdigest()
    return kept(key, lambda: _background(study, released, sheet))


def _background(study: Study, released: Mapping[str, Released], sheet: Sheet) -> Background:
    return present.background(
        released["counties"],
        released["corridors"],
        crs=study.crs,
        downtown=study.downtown,
        rivers=study.travel.barriers,
        towns=released["towns"],
        sites=released["services"],
        edge=present.edge_of(released["gaps"], crs=study.crs) if "gaps" in released else None,
        sheet=sheet,
    )


class Scene:
    """What figures and pages are made from: a study, its released tables and, made once a sheet, the ground of maps."""

    def __init__(self, study: Study, tables: Mapping[str, Released]) -> None:
        self.study, self.tables = study, tables
        self._grounds: dict[Sheet, Background] = {}

    def __getitem__(self, name: str) -> Released:
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def plate(
        self,
        *,
        make: Callable[..., Plate],
        tables: Sequence[str],
        named: Mapping[str, str] = MappingProxyType({}),
        sheet: Sheet | None = None,
        **options: Any,
    ) -> Plate:
        """Draw by a function of ``kcgeo.present``: releases by position and by keyword, and the ground of a sheet."""
        given: dict[str, Any] = {key: self[name] for key, name in named.items()}
        if sheet is not None:
            given["ground"] = self.ground(sheet)
        return make(*(self[name] for name in tables), **given, **options)

    def ground(self, sheet: Sheet = PRINT) -> Background:
        """Return the background of all maps on one sheet."""
        if sheet not in self._grounds:
            self._grounds[sheet] = background_of(self.study, self.tables, sheet=sheet)
        return self._grounds[sheet]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure that is still to be drawn.

    Attributes
    ----------
    name, question
        File name without suffix, and the question under which a reader finds it.
    uses
        Names of the releases that it shows.
    draw
        A function of a module, or a partial of one, so that another process can be told of it.
    place
        Folder for its files inside the folder of results; ``{form}`` stands for the format.
    formats, small
        Formats, and whether a small picture is wanted too; a slide is one PNG of 1920 x 1080 pixels.
    annex
        Whether it is for researchers: its message is not one for everybody, or another figure gives it.
    """

    name: str
    question: str
    uses: tuple[str, ...]
    draw: Callable[[Scene], Plate]
    place: str = ""
    formats: tuple[str, ...] = ("png", "svg", "pdf")
    small: bool = False
    is_slide: bool = False
    annex: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        question: str,
        make: Callable[..., Plate],
        tables: Sequence[str],
        *,
        named: Mapping[str, str] = MappingProxyType({}),
        sheet: Sheet | None = None,
        annex: bool = False,
        **options: Any,
    ) -> Figure:
        """Say how a figure is drawn by :meth:`Scene.plate`; it shows the releases that it is drawn from."""
        shown = (*tables, *named.values(), *(GROUND if sheet is not None else ()))
        draw = partial(Scene.plate, make=make, tables=tuple(tables), named=dict(named), sheet=sheet, **options)
        return cls(name, question, shown, draw, annex=annex)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure that was drawn: what is said with it and its files; ``box_px`` is the body of a slide."""

    figure: Figure
    note: Note
    paths: tuple[Path, ...]
    box_px: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class Desk:
    """What a page is made from: the scene, the folder in the making, what lies there already."""

    scene: Scene
    folder: Path
    drawn: Sequence[Drawn] = ()
    tables: Mapping[str, Path] = field(default_factory=dict)
    notebooks: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, eq=False)
class Extra:
    """A file, or several, beside tables and figures.

    Attributes
    ----------
    words
        What is told when it is done, e.g. "Wrote the map page".
    uses
        Releases that all of its files show; where empty, each file shows the release that it is named after.
    write
        As ``draw`` of a figure; returns the files.
    binds
        Whether it needs what was drawn and run, and so is made last.
    """

    words: str
    uses: tuple[str, ...]
    write: Callable[[Desk], Sequence[Path]]
    binds: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """What a question of a study gives; every number that is said of it is a finding.

    Attributes
    ----------
    question
        Name of the question, e.g. ``what_if``.
    study
        The study that was asked.
    findings
        Numbers with their parameters and sentences.
    tables
        Releases by name.
    figures, extras
        What can be drawn and written of them.
    shown
        Names of the tables that are written as CSV; all where None.
    place
        Folder of these inside the folder of results.
    about
        What was asked, as plain values; stands in the manifest.
    notices
        What a reader must be told beside the findings, e.g. a format that could not be made.
    notebooks, study_path
        Notebooks that are run and written as pages, and the study file that they read.
    """

    question: str
    study: Study
    findings: tuple[Finding, ...] = ()
    tables: Mapping[str, Released] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    extras: tuple[Extra, ...] = ()
    shown: tuple[str, ...] | None = None
    place: str = "tables"
    about: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    notebooks: tuple[Path, ...] = ()
    study_path: Path | None = None

    @cached_property
    def scene(self) -> Scene:
        """What its figures are drawn from."""
        return Scene(self.study, self.tables)

    def draw(self, name: str) -> Plate:
        """Draw one of its figures, for a notebook.

        Raises
        ------
        StudyError
            The answer has no figure of this name.
        """
        for figure in self.figures:
            if figure.name == name:
                return figure.draw(self.scene)
        raise StudyError(f"There is no figure '{name}'; choose from {', '.join(f.name for f in self.figures)}.")
