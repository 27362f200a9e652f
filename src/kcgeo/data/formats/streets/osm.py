"""Streets of an OpenStreetMap extract (PBF or XML): which ways may be driven or walked, which way, and how fast.

The file is read twice, ways first and then only the nodes that those ways use, so that memory follows the streets and
not the extract. Speeds are the posted ones where they are tagged, else those of :data:`DRIVE_KMH`, which are an
assumption: usual posted speeds in the United States, rounded down a little for small streets. Turn restrictions,
signals, tolls, opening hours and lanes are not read; ferries are left out.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcgeo.data.formats.about_study import check_reach
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.streets.street_table import Mode, Streets, Ways, connected, noded, save_streets
from kcgeo.data.study.settings import Study
from kcgeo.errors import KcgeoError, TableError

__all__ = ["DRIVE_KMH", "WALK_KMH", "osm_streets", "parsed_kmh", "read", "read_walks"]

WALK_KMH = 4.8
"""Walking speed, 3 mph; stairs take twice the time."""

DRIVE_KMH: dict[str, float] = {
    "motorway": 105.0,
    "motorway_link": 65.0,
    "trunk": 90.0,
    "trunk_link": 55.0,
    "primary": 65.0,
    "primary_link": 50.0,
    "secondary": 55.0,
    "secondary_link": 45.0,
    "tertiary": 50.0,
    "tertiary_link": 40.0,
    "unclassified": 50.0,
    "residential": 40.0,
    "road": 40.0,
    "living_street": 15.0,
    "service": 20.0,
}
"""Speed of a road class without a posted speed, km/h: an assumption, not a measurement."""

_ON_FOOT = ("footway", "path", "pedestrian", "steps", "track", "corridor")
_FOOT_IF_SIGNED = ("cycleway", "bridleway")
_WALK_CLASSES = (
    *(name for name in DRIVE_KMH if not name.startswith("motorway")),
    *_ON_FOOT,
    *_FOOT_IF_SIGNED,
)
_CLOSED = {"no", "private", "agricultural", "forestry", "military", "emergency", "permit", "residents", "psv", "bus"}
_SIGNED = {"yes", "designated", "permissive", "official"}
_NOT_THROUGH = {"driveway", "parking_aisle", "drive-through", "emergency_access"}
_SPEED = re.compile(r"^\s*(\d{1,3}(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?\s*$")
_UNIT_KMH = {None: 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_BELIEVABLE_KMH = (3.0, 160.0)
_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")


@dataclass
class _Raw:
    """Ways as they are read, before their nodes have places; growing arrays of plain numbers."""

    refs: array[int] = field(default_factory=lambda: array("q"))
    begins: array[int] = field(default_factory=lambda: array("q", [0]))
    kmh: array[float] = field(default_factory=lambda: array("f"))
    kmh_back: array[float] = field(default_factory=lambda: array("f"))
    road_class: array[int] = field(default_factory=lambda: array("B"))
    counts: Counter[str] = field(default_factory=Counter)


@lru_cache(maxsize=4096)
def parsed_kmh(text: str | None) -> float | None:
    """Return a posted speed in km/h, the lowest of a list; None for words and for what nobody posts.

    >>> parsed_kmh("50"), parsed_kmh("30 mph"), parsed_kmh("signals"), parsed_kmh("50;30")
    (50.0, 48.28032, None, 30.0)
    """
    if text is None:
        return None
    found = [_SPEED.match(part) for part in re.split(r"[;|]", text.lower())]
    speeds = [float(match[1]) * _UNIT_KMH[match[2]] for match in found if match]
    if not speeds or not _BELIEVABLE_KMH[0] <= min(speeds) <= _BELIEVABLE_KMH[1]:
        return None
    return min(speeds)


def osm_streets(
    path: Path, *, mode: Mode = "drive", class_kmh: Mapping[str, float] | None = None, walk_kmh: float = WALK_KMH
) -> Streets:
    """Read the drivable or walkable streets of an extract.

    Driving: the classes of :data:`DRIVE_KMH` without closed access (``motorcar``, ``motor_vehicle``, ``vehicle``,
    ``access``, the first that is tagged), without driveways and parking aisles. One-ways follow ``oneway`` (``yes``,
    ``-1``), roundabouts and motorways are one-way unless ``oneway=no``; a reversible way is left out, since its
    direction depends on the hour. Walking: the same classes without motorways and motorroads, and footways, paths,
    steps, tracks and pedestrian streets; cycleways and bridleways only where walking is signed; both ways.

    Parameters
    ----------
    path
        ``.osm.pbf``, or XML (``.osm``, also packed).
    mode
        ``drive`` or ``walk``.
    class_kmh
        Speeds that take the place of some in :data:`DRIVE_KMH`.
    walk_kmh
        Walking speed on the level.

    Returns
    -------
    Streets
        The largest strongly connected part; ``notes`` say what was left out.

    Raises
    ------
    TableError
        The file cannot be read, or holds no street of the kind.
    KcgeoError
        The package osmium is missing, or a speed is impossible.
    """
    if find_spec("osmium") is None:
        raise KcgeoError("Reading OpenStreetMap files needs the package osmium; pip install 'kcgeo[network]'.")
    if mode not in ("drive", "walk"):
        raise KcgeoError(f"There is no mode {mode!r}; choose drive or walk.")
    speeds = _speeds(mode, class_kmh or {}, walk_kmh)
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path} is a folder; give the file in it." if path.is_dir() else f"There is no file {path}.")
    if not path.name.lower().endswith(_SUFFIXES):
        raise TableError(f"{path.name} does not end in one of {', '.join(_SUFFIXES)}; is it an OpenStreetMap extract?")
    with refusing(path, "an OpenStreetMap file"):
        raw = _read_ways(path, mode, speeds)
        if not len(raw.kmh):
            raise TableError(f"{path.name} holds no {'drivable' if mode == 'drive' else 'walkable'} street.")
        ways = _placed(path, raw, tuple(speeds))
        return connected(noded(ways, mode=mode, notes=_notes(raw, ways, mode)))


def _speeds(mode: Mode, class_kmh: Mapping[str, float], walk_kmh: float) -> dict[str, float]:
    unknown = sorted(set(class_kmh) - set(DRIVE_KMH))
    if unknown:
        raise KcgeoError(f"class_kmh names {', '.join(unknown)}; the road classes are {', '.join(DRIVE_KMH)}.")
    chosen = {**DRIVE_KMH, **class_kmh}
    if mode == "walk":
        chosen = {name: walk_kmh / 2 if name == "steps" else walk_kmh for name in _WALK_CLASSES}
    if not all(1.0 <= kmh <= 200.0 for kmh in chosen.values()):
        raise KcgeoError("Speeds must be between 1 and 200 km/h.")
    return chosen


def _read_ways(path: Path, mode: Mode, speeds: dict[str, float]) -> _Raw:
    """First pass: keep the node numbers and the two speeds of each way that may be used."""
    import osmium

    raw = _Raw()
    codes = {name: code for code, name in enumerate(speeds)}
    source = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))
    way: Any
    for way in source:
        tags = way.tags
        name = tags.get("highway")
        if name not in codes or tags.get("area") == "yes":
            continue
        if mode == "drive":
            there, back = _drive_kmh(tags, speeds[name], raw.counts)
        else:
            there = back = _walk_kmh(tags, name, speeds[name], raw.counts)
        if not (there or back):
            continue
        raw.refs.extend([node.ref for node in way.nodes])  # a way of one node has no step and falls away
        raw.begins.append(len(raw.refs))
        raw.kmh.append(there)
        raw.kmh_back.append(back)
        raw.road_class.append(codes[name])
    return raw


def _drive_kmh(tags: Any, class_kmh: float, counts: Counter[str]) -> tuple[float, float]:
    """Return the speeds with and against the way; 0 where a car may not go."""
    access = _first(tags, ("motorcar", "motor_vehicle", "vehicle", "access"))
    if _is_closed(access):
        counts["closed"] += 1
        return 0.0, 0.0
    if tags.get("highway") == "service" and tags.get("service") in _NOT_THROUGH:
        counts["driveways"] += 1
        return 0.0, 0.0
    posted = parsed_kmh(tags.get("maxspeed"))
    there = parsed_kmh(tags.get("maxspeed:forward")) or posted
    back = parsed_kmh(tags.get("maxspeed:backward")) or posted
    counts["posted" if there or back else "by class"] += 1
    there, back = there or class_kmh, back or class_kmh
    oneway = tags.get("oneway")
    if oneway is None and (tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"):
        oneway = "yes"
    if oneway == "reversible":
        counts["reversible"] += 1
        return 0.0, 0.0
    if oneway in ("yes", "true", "1"):
        return there, 0.0
    if oneway in ("-1", "reverse"):
        return 0.0, back
    return there, back


def _first(tags: Any, keys: tuple[str, ...]) -> str | None:
    """Return the value of the first key that is tagged: the one that says most of the traveller."""
    for key in keys:
        value: str | None = tags.get(key)
        if value is not None:
            return value
    return None


def _is_closed(access: str | None) -> bool:
    """Say whether every value of a list such as ``private;no`` closes a way."""
    return access is not None and {value.strip() for value in access.split(";") if value.strip()} <= _CLOSED


def _walk_kmh(tags: Any, name: str, kmh: float, counts: Counter[str]) -> float:
    """Return the walking speed, both ways; 0 where nobody may walk."""
    access = _first(tags, ("foot", "access"))
    signed = tags.get("foot") in _SIGNED
    if _is_closed(access) or (tags.get("motorroad") == "yes" and not signed):
        counts["closed"] += 1
        return 0.0
    return kmh if signed or name not in _FOOT_IF_SIGNED else 0.0


def _placed(path: Path, raw: _Raw, classes: tuple[str, ...]) -> Ways:
    """Second pass: read the places of the nodes that the ways use, and number them."""
    refs = np.frombuffer(raw.refs, dtype=np.int64)
    wanted, at = np.unique(refs, return_inverse=True)
    lon_lat = _places(path, wanted)
    known = np.isfinite(lon_lat[:, 0])
    raw.counts["nodes missing"] = int(np.count_nonzero(~known))
    return Ways(
        refs=np.where(known[at], at, -1).astype(np.int64),
        begins=np.frombuffer(raw.begins, dtype=np.int64),
        kmh=np.frombuffer(raw.kmh, dtype=np.float32),
        kmh_back=np.frombuffer(raw.kmh_back, dtype=np.float32),
        road_class=np.frombuffer(raw.road_class, dtype=np.uint8),
        classes=classes,
        vertex_id=wanted,
        lon_lat=lon_lat,
    )


def _places(path: Path, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Longitude and latitude of the wanted nodes, given in rising order; NaN where the file lacks one."""
    import osmium

    source = osmium.FileProcessor(str(path), osmium.osm.NODE)
    if len(wanted) and wanted[0] >= 0:  # a filter holds whole numbers from 0 on; an editor's drafts have negative ones
        source = source.with_filter(osmium.filter.IdFilter(wanted.tolist()))
    numbers, places = array("q"), array("d")
    node: Any
    for node in source:
        place = node.location
        if place.valid():
            numbers.append(node.id)
            places.extend((place.lon, place.lat))
    lon_lat = np.full((len(wanted), 2), np.nan)
    if numbers:
        found = np.frombuffer(numbers, dtype=np.int64)
        row = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
        good = wanted[row] == found
        lon_lat[row[good]] = np.frombuffer(places, dtype=np.float64).reshape(-1, 2)[good]
    return lon_lat


def _notes(raw: _Raw, ways: Ways, mode: Mode) -> tuple[str, ...]:
    counts = raw.counts
    sentences = []
    if mode == "drive":
        total = max(counts["posted"] + counts["by class"], 1)
        sentences += [
            f"Speeds are posted on {counts['posted']:,} of {total:,} ways; the others have the assumed speed of their "
            "class.",
            "Turn restrictions, signals and tolls are not read, and ferries are left out.",
        ]
        if counts["reversible"]:
            sentences.append(f"{counts['reversible']:,} reversible ways are left out.")
        if counts["driveways"]:
            sentences.append(f"{counts['driveways']:,} driveways and parking aisles are left out.")
    else:
        sentences.append("Walking is taken as allowed both ways on every street without a sign against it.")
    if counts["closed"]:
        sentences.append(f"{counts['closed']:,} ways are closed to the public and left out.")
    if counts["nodes missing"]:
        sentences.append(
            f"{counts['nodes missing']:,} of {len(ways.vertex_id):,} vertices are not in the file; their ways are cut."
        )
    return tuple(sentences)


def _converted(path: Path, study: Study, mode: Mode, **options: Any) -> Converted:
    streets = osm_streets(path, mode=mode, **options)
    return Converted(
        write=lambda target: save_streets(streets, target),
        title=f"OpenStreetMap {'streets' if mode == 'drive' else 'ways for walking'}, {path.name}",
        vintage=_vintage(path),
        licence="ODbL 1.0, (c) OpenStreetMap contributors",
        notes=(*streets.notes, *check_reach(study, streets.lon, streets.lat, what="street")),
    )


def _vintage(path: Path) -> str:
    """Return the day of the extract as its header gives it."""
    import osmium

    with refusing(path, "an OpenStreetMap file"):
        reader = osmium.io.Reader(str(path), osmium.osm.NOTHING)
        try:
            stamp = str(reader.header().get("osmosis_replication_timestamp") or "")
        finally:
            reader.close()
    return stamp[:10] if re.match(r"^\d{4}-\d{2}-\d{2}", stamp) else "day of the extract not stated"


def read(path: Path, study: Study) -> Converted:
    """Convert an extract into the layer ``streets``."""
    return _converted(path, study, "drive")


def read_walks(path: Path, study: Study, *, walk_kmh: str = str(WALK_KMH)) -> Converted:
    """Convert an extract into the layer ``walks``."""
    try:
        kmh = float(walk_kmh)
    except ValueError:
        raise KcgeoError(f"walk_kmh must be a number of km/h, not {walk_kmh!r}.") from None
    return _converted(path, study, "walk", walk_kmh=kmh)
