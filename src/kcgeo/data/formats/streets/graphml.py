"""Street networks that osmnx saved as GraphML: nodes with x and y, directed edges with length, speed and shape.

The file is read as a stream. A document type declaration is refused, since GraphML needs none and entities that name
one another grow without bound.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
import shapely

from kcgeo.data.formats.about_study import check_reach
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.streets.osm import DRIVE_KMH, parsed_kmh
from kcgeo.data.formats.streets.street_table import Streets, connected, lengths_m, save_streets, subset
from kcgeo.data.study.settings import Study
from kcgeo.errors import CrsError, TableError, first_ids

__all__ = ["graphml_streets", "read"]

_DEGREES = {"", "epsg:4326", "wgs84", "wgs 84", "ogc:crs84"}
_KMH_LIMITS = (1.0, 200.0)
_LEAST_OF_STRAIGHT = 0.9  # points are rounded, but no way is much shorter than the straight line
_OTHER = "other"
_OTHER_KMH = 40.0
_CLASSES = (*DRIVE_KMH, _OTHER)

Row = dict[str, str]


class _Handler:
    """Collects nodes and edges as a parser meets them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keys: dict[str, str] = {}
        self.graph: Row = {}
        self.nodes: dict[str, Row] = {}
        self.edges: list[tuple[str, str, Row]] = []
        self.directed = True
        self._row: Row = self.graph
        self._key: str | None = None
        self._text: list[str] = []
        self._root = False

    def doctype(self, *_: object) -> None:
        raise TableError(f"{self.name} declares a document type or entities, which GraphML never needs; not read.")

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition("}")[2].rpartition(":")[2]
        if not self._root and tag != "graphml":
            raise TableError(f"{self.name} is not GraphML: its first element is {tag[:40]!r}.")
        self._root = True
        if tag == "key":
            self.keys[given.get("id", "")] = given.get("attr.name", "")
        elif tag == "graph":
            self.directed = given.get("edgedefault", "directed") != "undirected"
            self._row = self.graph
        elif tag == "node":
            self._row = self.nodes.setdefault(given["id"], {})
        elif tag == "edge":
            self._row = {}
            self.edges.append((given["source"], given["target"], self._row))
        elif tag == "data":
            self._key, self._text = given.get("key", ""), []

    def end(self, tag: str) -> None:
        tag = tag.rpartition("}")[2].rpartition(":")[2]
        if tag == "data" and self._key is not None:
            self._row[self.keys.get(self._key, self._key)] = "".join(self._text)
            self._key = None
        elif tag in ("node", "edge"):
            self._row = self.graph

    def text(self, content: str) -> None:
        if self._key is not None:
            self._text.append(content)


def graphml_streets(path: Path) -> Streets:
    """Read the drivable streets of an osmnx graph.

    The speed of an edge is length / ``travel_time`` where given, else ``speed_kph``, else ``maxspeed``, else that of
    its class (:data:`kcgeo.data.formats.streets.osm.DRIVE_KMH`). Edges between the same nodes with the same shape, one
    each way, are one street.

    Parameters
    ----------
    path
        ``.graphml`` in EPSG:4326, as ``osmnx.save_graphml`` writes it before projecting.

    Returns
    -------
    Streets
        The largest strongly connected part, with notes.

    Raises
    ------
    TableError
        One sentence: no GraphML, nodes without place, edges that end at no node, values that are no numbers.
    CrsError
        The graph is projected.
    """
    path = Path(path)
    with refusing(path, "a GraphML file"):
        content = _parsed(path)
        _check_crs(path.name, content.graph.get("crs", ""))
        if not content.nodes or not content.edges:
            raise TableError(f"{path.name} holds no streets: {len(content.nodes)} nodes, {len(content.edges)} edges.")
        return connected(_streets(path.name, content))


def _parsed(path: Path) -> _Handler:
    handler = _Handler(path.name)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = handler.doctype
    parser.EntityDeclHandler = handler.doctype
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    with path.open("rb") as stream:
        parser.ParseFile(stream)
    return handler


def _check_crs(name: str, crs: str) -> None:
    if crs.strip().lower() not in _DEGREES:
        raise CrsError(f"{name} is in {crs[:60]!r}; save the graph before it is projected, in EPSG:4326.")


def _streets(name: str, content: _Handler) -> Streets:
    ids = list(content.nodes)
    number = {node: at for at, node in enumerate(ids)}
    lon_lat = _places(name, content)
    unknown = [end for source, target, _ in content.edges for end in (source, target) if end not in number]
    if unknown:
        raise TableError(f"{name} has edges that end at no node: {first_ids(unknown)}.")
    tail = np.array([number[source] for source, _, _ in content.edges], dtype=np.int32)
    head = np.array([number[target] for _, target, _ in content.edges], dtype=np.int32)
    lines = _lines(name, content, lon_lat, tail, head)
    counts = shapely.get_num_coordinates(lines)
    line_at = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    line_xy = shapely.get_coordinates(lines)
    if np.abs(line_xy).max() > 180 or not np.isfinite(line_xy).all():
        raise TableError(f"{name} has shapes that are not in longitude and latitude.")
    length_m = np.array([_number(name, row, "length") for _, _, row in content.edges])
    drawn_m = lengths_m(line_xy, line_at)
    known = (length_m > 0) & (length_m < 2_000_000)
    ends = np.stack([lon_lat[tail], lon_lat[head]], axis=1).reshape(-1, 2)
    straight_m = lengths_m(ends, np.arange(0, len(ends) + 1, 2))
    short = known & (length_m < _LEAST_OF_STRAIGHT * straight_m - 1)  # kilometres, say, where metres are meant
    length_m = np.where(known & ~short, length_m, drawn_m)
    road_class = np.array([_class_of(row) for _, _, row in content.edges], dtype=np.uint8)
    kmh, source = _speeds(name, content, length_m, road_class)
    one_way = np.array([row.get("oneway", "").strip().lower() in ("true", "yes", "1") for _, _, row in content.edges])
    both = ~one_way if not content.directed else np.zeros(len(tail), dtype=bool)
    raw = Streets(
        mode="drive",
        node_id=np.array(ids, dtype=np.str_),
        lon=lon_lat[:, 0],
        lat=lon_lat[:, 1],
        tail=tail,
        head=head,
        length_m=length_m,
        kmh=kmh,
        kmh_back=np.where(both, kmh, np.float32(0)).astype(np.float32),
        road_class=road_class,
        classes=_CLASSES,
        line_at=line_at,
        line_xy=line_xy,
        notes=(
            f"Speeds are those of the file on {source:,} of {len(tail):,} edges; the others have the assumed speed of "
            "their class.",
            *(
                (f"{int(short.sum()):,} lengths are below the straight line and were measured anew.",)
                if short.any()
                else ()
            ),
        ),
    )
    return _paired(raw)


def _places(name: str, content: _Handler) -> npt.NDArray[np.float64]:
    lon_lat = np.array([[_number(name, row, "x"), _number(name, row, "y")] for row in content.nodes.values()])
    off = ~np.isfinite(lon_lat).all(axis=1) | (np.abs(lon_lat) > [180.0, 90.0]).any(axis=1)
    if off.any():
        bad = [node for node, wrong in zip(content.nodes, off, strict=True) if wrong]
        raise TableError(f"{name}: the nodes {first_ids(bad)} have no x and y in degrees.")
    return lon_lat


def _number(name: str, row: Row, key: str) -> float:
    """Return a number, NaN where there is none."""
    text = row.get(key, "").strip()
    try:
        return float(text) if text else float("nan")
    except ValueError:
        raise TableError(f"{name} has {key} = {text[:40]!r}, which is no number.") from None


def _listed(text: str) -> list[str]:
    """Return the values of a field that osmnx writes as text or, after simplifying, as a list of texts."""
    text = text.strip()
    if not text.startswith("["):
        return [text] if text else []
    try:
        values = ast.literal_eval(text[:2000])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(value) for value in values] if isinstance(values, list) else []


def _class_of(row: Row) -> int:
    """Return the slowest of an edge's classes, since simplifying may have joined several."""
    known = [name for name in _listed(row.get("highway", "")) if name in DRIVE_KMH]
    return _CLASSES.index(min(known, key=lambda name: DRIVE_KMH[name]) if known else _OTHER)


def _speeds(
    name: str, content: _Handler, length_m: npt.NDArray[np.float64], road_class: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], int]:
    """Return the speed of each edge, and how many come from the file."""
    kmh = np.array([DRIVE_KMH.get(_CLASSES[code], _OTHER_KMH) for code in road_class])
    given = 0
    for at, (_, _, row) in enumerate(content.edges):
        seconds, speed = _number(name, row, "travel_time"), _number(name, row, "speed_kph")
        if seconds > 0:
            speed = length_m[at] / seconds * 3.6
        if not _KMH_LIMITS[0] <= speed <= _KMH_LIMITS[1]:
            posted = [found for found in map(parsed_kmh, _listed(row.get("maxspeed", ""))) if found]
            speed = min(posted, default=float("nan"))
        if _KMH_LIMITS[0] <= speed <= _KMH_LIMITS[1]:
            kmh[at] = speed
            given += 1
    return kmh.astype(np.float32), given


def _lines(
    name: str,
    content: _Handler,
    lon_lat: npt.NDArray[np.float64],
    tail: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
) -> npt.NDArray[np.object_]:
    """Return the shape of each edge; the straight line between its nodes where none is given."""
    straight = shapely.linestrings(np.stack([lon_lat[tail], lon_lat[head]], axis=1))
    texts = [row.get("geometry") or None for _, _, row in content.edges]
    shapes = np.asarray(shapely.from_wkt(np.array(texts, dtype=object)), dtype=object)
    given = ~shapely.is_missing(shapes)
    if (given & (shapely.get_type_id(shapes) != shapely.GeometryType.LINESTRING)).any() or shapely.is_empty(
        shapes
    ).any():
        raise TableError(f"{name} has edges whose geometry is no LINESTRING.")
    flat: npt.NDArray[np.object_] = np.asarray(
        shapely.force_2d(np.where(given, shapes, np.asarray(straight, dtype=object))), dtype=object
    )
    first, last = (shapely.get_coordinates(shapely.get_point(flat, end)) for end in (0, -1))
    turned = np.abs(first - lon_lat[head]).sum(axis=1) < np.abs(first - lon_lat[tail]).sum(axis=1)
    turned &= np.abs(last - lon_lat[tail]).sum(axis=1) < np.abs(last - lon_lat[head]).sum(axis=1)
    return np.asarray(np.where(turned, np.asarray(shapely.reverse(flat), dtype=object), flat), dtype=object)


def _paired(streets: Streets) -> Streets:
    """Make one street of two edges that run the same way there and back."""
    keys: dict[tuple[int, int, bytes], int] = {}
    kmh_back = streets.kmh_back.copy()
    kept = np.ones(len(streets.tail), dtype=bool)
    xy = np.round(streets.line_xy, 7) + 0.0
    for row, (tail, head) in enumerate(zip(streets.tail.tolist(), streets.head.tolist(), strict=True)):
        shape = xy[streets.line_at[row] : streets.line_at[row + 1]]
        other = keys.get((head, tail, shape[::-1].tobytes()))
        if other is not None and other != row and kmh_back[other] == 0 and kmh_back[row] == 0:
            kmh_back[other] = streets.kmh[row]
            kept[row] = False
        else:
            keys[tail, head, shape.tobytes()] = row
    return subset(replace(streets, kmh_back=kmh_back), np.ones(len(streets.node_id), dtype=bool), kept)


def read(path: Path, study: Study) -> Converted:
    """Convert an osmnx graph into the layer ``streets``."""
    streets = graphml_streets(path)
    return Converted(
        write=lambda target: save_streets(streets, target),
        title=f"OpenStreetMap streets, {path.name} (osmnx)",
        vintage="day of the download not stated",
        licence="ODbL 1.0, (c) OpenStreetMap contributors",
        notes=(*streets.notes, *check_reach(study, streets.lon, streets.lat, what="street")),
    )
