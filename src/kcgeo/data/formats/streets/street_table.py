"""Streets as one table, whatever file they came from: junctions, and between them segments with their polyline.

A segment is drawn from its tail to its head. ``kmh`` is the speed that way, ``kmh_back`` the speed against it; 0 says
that nobody may go. The converted layer is an NPZ file of plain arrays without any object in it.

============== ========= ==========================================================================================
array          type      meaning
============== ========= ==========================================================================================
``format``     int64     1
``mode``       text      ``drive`` or ``walk``
``node_id``    text      id of each junction or end, unique
``lon, lat``   float64   its place, EPSG:4326
``tail, head`` int32     segment: positions of its two ends among the nodes
``length_m``   float64   along the polyline, on the ellipsoid
``kmh``        float32   speed from tail to head, 0: not allowed
``kmh_back``   float32   speed from head to tail, 0: not allowed
``road_class`` uint8     position in ``classes``
``classes``    text      names of the road classes
``line_at``    int64     polyline of segment i: rows ``line_at[i]:line_at[i + 1]`` of ``line_xy``, both ends included
``line_xy``    float64   longitude and latitude of the vertices
``notes``      text      what was left out or assumed, one sentence each
============== ========= ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pyproj import Geod
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kcgeo.data.formats.archive import refusing
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = [
    "NO_SIDE_ACCESS",
    "Mode",
    "Streets",
    "Ways",
    "connected",
    "lengths_m",
    "load_streets",
    "noded",
    "save_streets",
    "subset",
]

Mode = Literal["drive", "walk"]

NO_SIDE_ACCESS = ("motorway", "motorway_link")
"""Classes that nobody's door opens on: a place never joins the network there."""

_FORMAT = 1
_FASTEST_KMH = 200.0
_LONGEST_M = 2_000_000.0
_ELLIPSOID = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Streets:
    """A street network before it has travel times: see the head of the module for each array."""

    mode: Mode
    node_id: npt.NDArray[np.str_]
    lon: Floats
    lat: Floats
    tail: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    length_m: Floats
    kmh: npt.NDArray[np.float32]
    kmh_back: npt.NDArray[np.float32]
    road_class: npt.NDArray[np.uint8]
    classes: tuple[str, ...]
    line_at: npt.NDArray[np.int64]
    line_xy: Floats
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Streets({self.mode}, {len(self.node_id)} nodes, {len(self.tail)} segments)"

    @property
    def length_km(self) -> float:
        """Kilometres of all segments, a two-way street counted once."""
        return float(self.length_m.sum()) / 1000


@dataclass(frozen=True, eq=False)
class Ways:
    """Lines as a file has them, before they are cut at junctions.

    ``refs`` are the vertices of all ways in a row, as positions in ``lon_lat`` (-1: not in the file); way i has
    ``refs[begins[i]:begins[i + 1]]``. Vertices with the same position are the same junction.
    """

    refs: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]
    kmh: npt.NDArray[np.float32]
    kmh_back: npt.NDArray[np.float32]
    road_class: npt.NDArray[np.uint8]
    classes: tuple[str, ...]
    vertex_id: npt.NDArray[Any]
    lon_lat: Floats


def noded(ways: Ways, *, mode: Mode, notes: Sequence[str] = ()) -> Streets:
    """Cut ways at junctions: a node is the end of a way, or a vertex that ways pass or meet more than once.

    A vertex that the file does not hold breaks its way in two, and a step from a vertex to itself is left out.

    Raises
    ------
    TableError
        No step between two different vertices is left, or a vertex has no place on earth.
    """
    tails, heads, way = _steps(ways)
    if not len(tails):
        raise TableError("The file holds no street with two vertices.")
    used = np.unique(np.concatenate([tails, heads]))
    _check_places(ways.lon_lat[used], ways.vertex_id[used])
    goes_on = np.zeros(len(tails), dtype=bool)  # the step follows on the one before it, on the same way
    goes_on[1:] = (way[1:] == way[:-1]) & (tails[1:] == heads[:-1])
    last = np.append(~goes_on[1:], True)
    seen = np.bincount(tails, minlength=len(ways.lon_lat)) + np.bincount(heads[last], minlength=len(ways.lon_lat))
    junction = seen > 1
    junction[tails[~goes_on]] = True
    junction[heads[last]] = True
    first = ~goes_on | junction[tails]
    begin = np.flatnonzero(first)
    steps = np.diff(np.append(begin, len(tails)))
    end = begin + steps - 1
    nodes, at = np.unique(np.concatenate([tails[begin], heads[end]]), return_inverse=True)
    line_at = np.concatenate([[0], np.cumsum(steps + 1)]).astype(np.int64)
    vertices = np.empty(line_at[-1], dtype=np.int64)
    vertices[np.arange(len(tails)) + np.cumsum(first) - 1] = tails
    vertices[line_at[1:] - 1] = heads[end]
    line_xy = ways.lon_lat[vertices]
    count = len(begin)
    return Streets(
        mode=mode,
        node_id=ways.vertex_id[nodes].astype(np.str_),
        lon=ways.lon_lat[nodes, 0].copy(),
        lat=ways.lon_lat[nodes, 1].copy(),
        tail=at[:count].astype(np.int32),
        head=at[count:].astype(np.int32),
        length_m=lengths_m(line_xy, line_at),
        kmh=ways.kmh[way[begin]],
        kmh_back=ways.kmh_back[way[begin]],
        road_class=ways.road_class[way[begin]],
        classes=ways.classes,
        line_at=line_at,
        line_xy=line_xy,
        notes=tuple(notes),
    )


def _steps(ways: Ways) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return both vertices and the way of each step between two different vertices that the file holds."""
    way = np.repeat(np.arange(len(ways.begins) - 1), np.diff(ways.begins))
    tails, heads = ways.refs[:-1], ways.refs[1:]
    kept = (way[:-1] == way[1:]) & (tails >= 0) & (heads >= 0) & (tails != heads)
    return tails[kept], heads[kept], way[:-1][kept]


def _check_places(lon_lat: Floats, ids: npt.NDArray[Any]) -> None:
    off = ~np.isfinite(lon_lat).all(axis=1) | (np.abs(lon_lat) > [180.0, 90.0]).any(axis=1)
    if off.any():
        raise TableError(
            f"The street nodes {first_ids(ids[off])} have no longitude and latitude on earth; "
            "streets must be in EPSG:4326."
        )


def lengths_m(line_xy: Floats, line_at: npt.NDArray[np.int64]) -> Floats:
    """Metres along each polyline, on the ellipsoid."""
    steps = np.zeros(len(line_xy))
    _, _, metres = _ELLIPSOID.inv(line_xy[:-1, 0], line_xy[:-1, 1], line_xy[1:, 0], line_xy[1:, 1])
    steps[:-1] = metres
    steps[line_at[1:] - 1] = 0.0  # from the end of a line to the begin of the next
    return np.add.reduceat(steps, line_at[:-1])


def connected(streets: Streets) -> Streets:
    """Keep the largest part in which every junction can be reached from every other; a note says what was dropped.

    Raises
    ------
    TableError
        No two junctions can be reached from one another.
    """
    ways = ((streets.kmh > 0, streets.tail, streets.head), (streets.kmh_back > 0, streets.head, streets.tail))
    tails = np.concatenate([tail[allowed] for allowed, tail, _ in ways])
    heads = np.concatenate([head[allowed] for allowed, _, head in ways])
    count = len(streets.node_id)
    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(count, count)).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(part)
    if sizes.max() < 2:
        raise TableError("No two junctions of the streets can be reached from one another; are all ways one-way?")
    inside = part == int(sizes.argmax())
    kept = inside[streets.tail] & inside[streets.head] & ((streets.kmh > 0) | (streets.kmh_back > 0))
    result = subset(streets, inside, kept)
    note = (
        f"The largest strongly connected part is kept: {len(result.node_id):,} of {count:,} nodes "
        f"({len(result.node_id) / count:.2%}) and {result.length_km:,.1f} of {streets.length_km:,.1f} km "
        f"({result.length_km / streets.length_km:.2%})."
    )
    return replace(result, notes=(*streets.notes, note))


def subset(streets: Streets, nodes: npt.NDArray[np.bool_], segments: npt.NDArray[np.bool_]) -> Streets:
    """Keep some nodes and, of the segments between them, some."""
    number = np.cumsum(nodes) - 1
    sizes = np.diff(streets.line_at)
    return replace(
        streets,
        node_id=streets.node_id[nodes],
        lon=streets.lon[nodes],
        lat=streets.lat[nodes],
        tail=number[streets.tail[segments]].astype(np.int32),
        head=number[streets.head[segments]].astype(np.int32),
        line_at=np.concatenate([[0], np.cumsum(sizes[segments])]).astype(np.int64),
        line_xy=streets.line_xy[np.repeat(segments, sizes)],
        **{name: getattr(streets, name)[segments] for name in ("length_m", "kmh", "kmh_back", "road_class")},
    )


def save_streets(streets: Streets, path: Path) -> int:
    """Write the NPZ layer and return the number of segments; equal streets give equal bytes."""
    arrays: dict[str, npt.NDArray[Any]] = {"format": np.array(_FORMAT)}
    for field in fields(Streets):
        value = getattr(streets, field.name)
        arrays[field.name] = np.array(value, dtype=np.str_) if isinstance(value, str | tuple) else value
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return len(streets.tail)


def load_streets(path: Path) -> Streets:
    """Read a layer that :func:`save_streets` wrote, and check it.

    Raises
    ------
    TableError
        The file is not such a layer, or one sentence for each array that breaks the contract.
    """
    with refusing(path, "a street layer"):
        try:
            with np.load(path, allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files}
        except MemoryError:
            raise TableError(f"{path.name} is not a street layer: it claims more than memory holds.") from None
    wanted = {"format", *(field.name for field in fields(Streets))}
    if set(arrays) != wanted or arrays["format"].tolist() != _FORMAT:
        raise TableError(f"{path.name} is not a street layer of this version; add the streets again.")
    texts = {"mode": str(arrays["mode"]), **{name: tuple(arrays[name].tolist()) for name in ("classes", "notes")}}
    streets = Streets(**{name: texts.get(name, arrays[name]) for name in wanted - {"format"}})
    raise_all((f"{path.name}: {problem}" for problem in _problems(streets)), TableError)
    return streets


def _problems(streets: Streets) -> list[str]:
    """Collect one sentence for each broken rule; the shapes come first, since the rest counts on them."""
    count, segments = len(np.atleast_1d(streets.node_id)), len(np.atleast_1d(streets.tail))
    kinds = {
        **dict.fromkeys(("lon", "lat"), ("f", (count,))),
        **dict.fromkeys(("tail", "head"), ("i", (segments,))),
        **dict.fromkeys(("length_m", "kmh", "kmh_back"), ("f", (segments,))),
        "node_id": ("U", (count,)),
        "road_class": ("u", (segments,)),
        "line_at": ("i", (segments + 1,)),
        "line_xy": ("f", (len(np.atleast_1d(streets.line_xy)), 2)),
    }
    problems = [
        f"the array {name} has another type or length than the format says."
        for name, (kind, shape) in kinds.items()
        if getattr(streets, name).dtype.kind != kind or getattr(streets, name).shape != shape
    ]
    if problems:
        return problems
    rules = {
        "mode is neither drive nor walk": streets.mode in ("drive", "walk"),
        "node ids repeat": len(np.unique(streets.node_id)) == count,
        "a place is not on earth": _on_earth(np.column_stack([streets.lon, streets.lat]))
        and _on_earth(streets.line_xy),
        "a segment ends at no node": all(
            bool(((end >= 0) & (end < count)).all()) for end in (streets.tail, streets.head)
        ),
        "a length is below 0 or beyond measure": bool(
            ((streets.length_m >= 0) & (streets.length_m < _LONGEST_M)).all()
        ),
        "a speed is not between 0 and 200 km/h": all(
            bool(((kmh >= 0) & (kmh <= _FASTEST_KMH)).all()) for kmh in (streets.kmh, streets.kmh_back)
        ),
        "a road class has no name": bool((streets.road_class < len(streets.classes)).all()),
        "the polylines do not fit the segments": streets.line_at[0] == 0
        and streets.line_at[-1] == len(streets.line_xy)
        and bool((np.diff(streets.line_at) >= 2).all()),
    }
    return [f"{fault}." for fault, good in rules.items() if not good]


def _on_earth(lon_lat: Floats) -> bool:
    return bool(np.isfinite(lon_lat).all() and (np.abs(lon_lat) <= [180.0, 90.0]).all())
