"""Styles of map layers for QGIS: the colours of the theme as QML, kept in the table layer_styles of a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from matplotlib.colors import to_rgb

from kcgeo.present.look import theme
from kcgeo.present.look.symbols import FIRST

__all__ = ["count_style", "family_style", "line_style", "outline_style", "point_style", "time_style"]


def _symbol(parent: Element, name: str, kind: str, layer: str, options: Mapping[str, str]) -> None:
    symbol = SubElement(parent, "symbol", {"name": name, "type": kind, "alpha": "1", "clip_to_extent": "1"})
    part = SubElement(symbol, "layer", {"class": layer, "enabled": "1", "locked": "0", "pass": "0"})
    table = SubElement(part, "Option", {"type": "Map"})
    for key, value in options.items():
        SubElement(table, "Option", {"name": key, "type": "QString", "value": value})


def _rgba(colour: str, alpha: int = 255) -> str:
    return ",".join(str(round(part * 255)) for part in to_rgb(colour)) + f",{alpha}"


def _fill(colour: str) -> dict[str, str]:
    return {"color": _rgba(colour), "style": "solid", "outline_style": "no"}


def _marker(colour: str, *, name: str = "circle", size_mm: float = 2.4) -> dict[str, str]:
    return {
        "name": name,
        "color": _rgba(colour),
        "size": f"{size_mm:g}",
        "size_unit": "MM",
        "outline_color": _rgba(theme.COLOUR["paper"]),
        "outline_width": "0.25",
        "outline_style": "solid",
    }


def _document(renderer: Mapping[str, str]) -> tuple[Element, Element]:
    root = Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology"})
    return root, SubElement(root, "renderer-v2", {**renderer, "enableorderby": "0", "symbollevels": "0"})


def _text(root: Element) -> str:
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _graduated(attribute: str, classes: Sequence[tuple[float, float, str, str]]) -> str:
    """Fill by number; a class is (above, up to, words, colour)."""
    root, renderer = _document({"type": "graduatedSymbol", "attr": attribute, "graduatedMethod": "GraduatedColor"})
    ranges, symbols = SubElement(renderer, "ranges"), SubElement(renderer, "symbols")
    for number, (low, high, label, colour) in enumerate(classes):
        about = {"lower": f"{low:g}", "upper": f"{high:g}", "label": label, "symbol": str(number), "render": "true"}
        SubElement(ranges, "range", about)
        _symbol(symbols, str(number), "fill", "SimpleFill", _fill(colour))
    return _text(root)


def time_style(column: str, *, edges_min: Sequence[float]) -> str:
    """Fill areas by minutes in the classes of the maps; an edge belongs to the class below it."""
    bounds = [0.0, *edges_min]
    classes = [
        (low, high, f"{low:g} to {high:g} min", colour)
        for low, high, colour in zip(bounds[:-1], bounds[1:], theme.ramp(len(edges_min)), strict=True)
    ]
    return _graduated(column, [*classes, (bounds[-1], 1e6, f"beyond {bounds[-1]:g} min", theme.BEYOND)])


def count_style(column: str, *, required_count: int) -> str:
    """Points by how many kinds of help are in reach: the fewer, the darker the warning."""
    root, renderer = _document({"type": "graduatedSymbol", "attr": column, "graduatedMethod": "GraduatedColor"})
    ranges, symbols = SubElement(renderer, "ranges"), SubElement(renderer, "symbols")
    classes = [(-0.5, required_count - 0.5, f"fewer than {required_count} in reach", theme.COLOUR["accent"])]
    classes.append((required_count - 0.5, required_count + 0.5, f"all {required_count} in reach", theme.COLOUR["rule"]))
    for number, (low, high, label, colour) in enumerate(classes):
        about = {"lower": f"{low:g}", "upper": f"{high:g}", "label": label, "symbol": str(number), "render": "true"}
        SubElement(ranges, "range", about)
        _symbol(symbols, str(number), "marker", "SimpleMarker", _marker(colour))
    return _text(root)


_MARKERS = {"P": "cross_fill", "^": "triangle", "o": "circle", "s": "square", "D": "diamond", "v": "triangle"}


def family_style(column: str) -> str:
    """Sites by symbol family, in colour and shape; ``column`` holds their categories, joined by "|".

    QGIS chooses the family by an expression, in the fixed order of :data:`kcgeo.present.look.symbols.FIRST`.
    """
    known = {family.key: family for family in theme.FAMILIES}
    chosen = [known[key] for key in FIRST]
    cases = " ".join(
        f"WHEN regexp_match(\"{column}\", '(^|\\\\|)({'|'.join(family.categories)})(\\\\||$)') THEN '{family.key}'"
        for family in chosen
    )
    root, renderer = _document({"type": "categorizedSymbol", "attr": f"CASE {cases} END"})
    kinds, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, family in enumerate(theme.FAMILIES):
        about = {"value": family.key, "label": family.label, "symbol": str(number), "render": "true", "type": "string"}
        SubElement(kinds, "category", about)
        options = _marker(family.colour, name=_MARKERS[family.marker], size_mm=2.8 * family.scale)
        _symbol(symbols, str(number), "marker", "SimpleMarker", options)
    return _text(root)


def _single(kind: str, layer: str, options: Mapping[str, str]) -> str:
    root, renderer = _document({"type": "singleSymbol"})
    _symbol(SubElement(renderer, "symbols"), "0", kind, layer, options)
    return _text(root)


def point_style(colour: str, *, size_mm: float = 1.6) -> str:
    """Draw every point alike."""
    return _single("marker", "SimpleMarker", _marker(colour, size_mm=size_mm))


def line_style(colour: str, *, width_mm: float = 0.6) -> str:
    """Draw every line alike."""
    options = {"line_color": _rgba(colour), "line_width": f"{width_mm:g}", "line_width_unit": "MM"}
    return _single("line", "SimpleLine", {**options, "line_style": "solid"})


def outline_style(colour: str, *, width_mm: float = 0.26) -> str:
    """Draw the outline of areas and leave them open."""
    options = {"color": _rgba(colour, 0), "style": "no", "outline_color": _rgba(colour), "outline_style": "solid"}
    return _single("fill", "SimpleFill", {**options, "outline_width": f"{width_mm:g}", "outline_width_unit": "MM"})
