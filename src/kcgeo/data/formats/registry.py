"""The kinds of files that ``kcgeo data add KIND PATH`` takes, and which layer of a study each becomes.

A reader checks and converts, and writes nothing: it returns :class:`Converted`, whose ``write`` is called once
everything has been checked. A new format is one module in this folder and one section of ``kinds.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module, resources
from pathlib import Path
from typing import Any

__all__ = ["READERS", "Converted", "Reader"]


@dataclass(frozen=True)
class Converted:
    """A layer that is ready to be written.

    Attributes
    ----------
    write
        Writes the converted file to the path that it is given and returns its rows.
    title, vintage, licence
        For the source line of maps and tables.
    notes
        What was repaired, estimated or left out, one sentence each.
    label
        ``sample`` where the rows are invented.
    source_name, source_sha256
        Only where the source is no file (a database): a name without password, and a hash of what was read.
    doors
        Of services: fingerprints of hidden doors, see :class:`kcgeo.data.study.layers.Layer`.
    """

    write: Callable[[Path], int]
    title: str
    vintage: str
    licence: str
    notes: tuple[str, ...] = ()
    source_name: str | None = None
    source_sha256: str | None = None
    label: str = ""
    doors: str = ""


@dataclass(frozen=True)
class Reader:
    """One kind of source.

    Attributes
    ----------
    kind
        As the user writes it.
    layer
        One of :data:`kcgeo.data.study.layers.KINDS`.
    read
        ``read(path, study, **options) -> Converted``; raises only :class:`kcgeo.errors.KcgeoError` on a bad source.
    help
        One line: what it is and who publishes it.
    example
        An argument list that works, after ``kcgeo data add``.
    options
        Name -> what it means; given as ``--option name=value``, handed to ``read`` as text.
    is_address
        The source is an address (``postgresql://...``), given to ``read`` as text instead of a path.
    """

    kind: str
    layer: str
    read: Callable[..., Converted]
    help: str
    example: str
    options: Mapping[str, str] = field(default_factory=dict)
    is_address: bool = False


def _later(module: str, name: str) -> Callable[..., Converted]:
    """Return a reader that is imported when it is called: a list of kinds needs no driver of a database."""

    def read(source: Path | str, study: Any, **options: str) -> Converted:
        converted: Converted = getattr(import_module(f"kcgeo.data.formats.{module}"), name)(source, study, **options)
        return converted

    read.__doc__ = f"Call :func:`kcgeo.data.formats.{module}.{name}`."
    read.__dict__["target"] = (f"kcgeo.data.formats.{module}", name)
    return read


def _readers() -> dict[str, Reader]:
    text = resources.files("kcgeo.data.formats").joinpath("kinds.toml").read_text(encoding="utf-8")
    book = tomllib.loads(text)
    found = {}
    for kind, about in book["kinds"].items():
        options = {name: book["options"][name] for name in about.pop("options", ())}
        read = _later(*about.pop("reader").split(":"))
        found[kind] = Reader(kind, read=read, options=options, **about)
    return found


READERS: dict[str, Reader] = _readers()
"""All readers by kind, as ``kinds.toml`` beside this file lists them."""
