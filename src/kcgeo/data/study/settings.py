"""The study record: what a study file (TOML) says, checked once, frozen afterwards.

The rooms to the right take a :class:`Study` as a parameter and guess nothing; defaults live in ``studies/`` and in the
command line only.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kcgeo.crs import require_metric
from kcgeo.data.package.catalogue import load
from kcgeo.data.study.changes import UNCHANGED, Changes
from kcgeo.data.study.layers import Layer, read_layers
from kcgeo.data.study.list_options import NOT_SAID, PATHS, ListOptions
from kcgeo.errors import KcgeoError, StudyError, raise_all

__all__ = ["Barrier", "GapSettings", "Route", "Study", "TravelSettings", "read_study"]


@dataclass(frozen=True)
class Barrier:
    """A river or the like: cell-to-cell moves between two groups of counties are cut, highways cross."""

    name: str
    side_a: tuple[str, ...]
    side_b: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A corridor to be traced along the highway graph.

    Attributes
    ----------
    route
        Such as "I-44".
    points
        [longitude, latitude] of at least two points that it runs through, in the order of the road.
    mileposts
        [longitude, latitude, milepost, "MO"]: points whose milepost is known, by state; where a state has none, miles
        are counted along the line.
    """

    route: str
    points: tuple[tuple[float, float], ...]
    mileposts: tuple[tuple[float, float, float, str], ...] = ()


@dataclass(frozen=True)
class TravelSettings:
    """Speeds and limits of the free-flow friction model; minutes, metres and km/h as the names say."""

    h3_resolution: int
    highway_kmh: float
    local_kmh: tuple[tuple[float, float], ...]
    circuity: float
    ramp_min: float
    exit_spacing_km: float
    search_cutoff_min: float
    max_snap_m: float
    barriers: tuple[Barrier, ...] = ()


@dataclass(frozen=True)
class GapSettings:
    """Which categories a place needs, and within how many minutes; a cutoff includes its own value."""

    cutoffs_min: tuple[float, ...]
    headline_cutoff_min: float
    required: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """One metro and one set of assumptions; ``services_path`` replaces the packaged directory where given.

    ``authorisations_path`` is the file of who allowed an exact place to be shown (:mod:`kcgeo.data.directory`).
    ``collected_path`` is its record of what was looked for (:func:`kcgeo.data.collected`), ``capacity_path`` of beds.
    ``services_options`` are what the operator says of the list at ``services_path``.
    ``services_label`` is "sample" where those services are invented: every map and page then says so.
    ``changes`` are those of a scenario.
    ``layers`` are the study's own converted files (:mod:`kcgeo.data.study.layers`); each replaces a packaged layer.
    """

    name: str
    title: str
    crs: str
    counties: tuple[str, ...]
    corridors: tuple[str, ...]
    downtown: tuple[float, float]
    travel: TravelSettings
    gaps: GapSettings
    services_path: Path | None = None
    authorisations_path: Path | None = None
    services_label: str = ""
    collected_path: Path | None = None
    capacity_path: Path | None = None
    services_options: ListOptions = NOT_SAID
    layers: tuple[Layer, ...] = ()
    routes: tuple[Route, ...] = ()
    changes: Changes = UNCHANGED

    def layer(self, kind: str) -> Layer | None:
        """Return the study's own layer of a kind, or None where the packaged one counts."""
        return next((item for item in self.layers if item.kind == kind), None)

    def layers_of(self, kind: str) -> tuple[Layer, ...]:
        """Return all of the study's own layers of a kind, by name: lists and feeds stand side by side."""
        return tuple(item for item in self.layers if item.kind == kind)


_WORDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "tuple[str, ...]": "a list of texts in quotes",
    "tuple[float, ...]": "a list of numbers",
    "tuple[float, float]": "a list of two numbers",
    "tuple[tuple[float, float], ...]": "a list of pairs of numbers",
    "tuple[tuple[float, float, float, str], ...]": 'a list of [longitude, latitude, milepost, "state"]',
}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _is(value: Any, kind: str) -> bool:
    """Say whether a frozen TOML value is of the kind that the record states."""
    if kind == "str":
        return isinstance(value, str)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not isinstance(value, tuple):
        return False
    inner = kind.removeprefix("tuple[").removesuffix("]")
    if inner.endswith(", ..."):
        return all(_is(item, inner.removesuffix(", ...")) for item in value)
    kinds = inner.split(", ")
    return len(value) == len(kinds) and all(_is(item, part) for item, part in zip(value, kinds, strict=True))


def _section(raw: dict[str, Any], record: type[Any], where: str, problems: list[str], **extra: Any) -> Any:
    """Build ``record`` from a TOML table; a key that is missing, unknown or of another kind becomes one sentence."""
    kinds = {field.name: str(field.type) for field in fields(record) if field.name not in extra}
    optional = {"barriers", "mileposts"}
    problems += [
        f"The key {where}.{key} is missing from the study file." for key in sorted(set(kinds) - set(raw) - optional)
    ]
    problems += [
        f"The key {where}.{key} is unknown; the section takes {', '.join(sorted(kinds))}."
        for key in sorted(set(raw) - set(kinds))
    ]
    problems += [
        f"{where}.{key} must be {_WORDS[kinds[key]]}, not {value!r}."
        for key, value in raw.items()
        if key in kinds and not _is(_frozen(value), kinds[key])
    ]
    if problems:
        return None
    return record(**{key: _frozen(value) for key, value in raw.items()}, **extra)


def _rules(study: Study) -> list[str]:
    """Collect one sentence for each value that cannot be computed with."""
    return _study_rules(study) + _route_rules(study) + _travel_rules(study.travel) + _gap_rules(study)


def _study_rules(study: Study) -> list[str]:
    problems = []
    try:
        require_metric(study.crs)
    except KcgeoError as error:
        problems += [f"study.crs: {sentence}" for sentence in error.problems]
    except Exception:  # pyproj raises its own error for text that names no system
        problems.append(f"study.crs: '{study.crs}' names no coordinate reference system; write e.g. 'EPSG:26915'.")
    bad = [code for code in study.counties if not (isinstance(code, str) and len(code) == 5 and code.isdigit())]
    if bad:
        problems.append(f"study.counties: {bad} are not five-digit county codes in quotes, e.g. '29095'.")
    twice = sorted({code for code in study.counties if study.counties.count(code) > 1})
    if twice:
        problems.append(f"study.counties names {', '.join(twice)} more than once; keep one of each.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", study.name):
        problems.append(f"study.name names a folder: use small letters, digits and hyphens, not '{study.name}'.")
    if not (abs(study.downtown[0]) <= 180 and abs(study.downtown[1]) <= 90):
        problems.append("study.downtown must be [longitude, latitude] in degrees; are the two swapped?")
    if not study.counties:
        problems.append("study.counties is empty; name at least one county by its five-digit code.")
    return problems


def _route_rules(study: Study) -> list[str]:
    problems = []
    named = [route.route for route in study.routes]
    for name in sorted({name for name in named if named.count(name) > 1}):
        problems.append(f"study.routes has {name} more than once; join its points in one section.")
    for route in study.routes:
        if route.route not in study.corridors:
            problems.append(
                f"study.routes has points of {route.route}, which study.corridors does not name; add it there."
            )
        if len(route.points) < 2:
            problems.append(f"study.routes: {route.route} needs at least two points [longitude, latitude].")
        spots = [*route.points, *((lon, lat) for lon, lat, _, _ in route.mileposts)]
        if any(not (abs(lon) <= 180 and abs(lat) <= 90) for lon, lat in spots):
            problems.append(f"study.routes: a point of {route.route} is no [longitude, latitude]; are the two swapped?")
        if any(mile < 0 or not re.fullmatch("[A-Z]{2}", state) for _, _, mile, state in route.mileposts):
            problems.append(f'study.routes: a milepost of {route.route} must be [lon, lat, mile from 0 up, "MO"].')
    return problems


def _travel_rules(travel: TravelSettings) -> list[str]:
    problems = []
    for name in ("highway_kmh", "circuity", "exit_spacing_km", "search_cutoff_min", "max_snap_m"):
        if not getattr(travel, name) > 0:
            problems.append(f"travel.{name} must be above 0, not {getattr(travel, name)}.")
    if not 0 <= travel.h3_resolution <= 15:
        problems.append(f"travel.h3_resolution lies between 0 and 15, as {travel.h3_resolution} does not.")
    if travel.circuity < 1:
        problems.append(f"travel.circuity is way / straight line and cannot be under 1, as {travel.circuity} is.")
    if travel.ramp_min < 0:
        problems.append(f"travel.ramp_min cannot be negative, as {travel.ramp_min} is.")
    steps = travel.local_kmh
    if not steps or steps[0][0] != 0 or list(steps) != sorted(steps) or any(kmh <= 0 for _, kmh in steps):
        problems.append("travel.local_kmh must be [density, km/h] pairs that start at density 0, in rising order.")
    return problems


def _gap_rules(study: Study) -> list[str]:
    problems = []
    travel, gaps = study.travel, study.gaps
    known = list(load("categories")["category"])
    if not gaps.required or set(gaps.required) - set(known):
        named = ", ".join(sorted(set(gaps.required) - set(known))) or "nothing"
        problems.append(f"gaps.required names {named}; it takes one or more of {', '.join(known)}.")
    if not gaps.cutoffs_min or any(not cutoff > 0 for cutoff in (*gaps.cutoffs_min, gaps.headline_cutoff_min)):
        problems.append("gaps.cutoffs_min and gaps.headline_cutoff_min must be minutes above 0.")
    if max((*gaps.cutoffs_min, gaps.headline_cutoff_min), default=0) > travel.search_cutoff_min:
        problems.append("travel.search_cutoff_min must not be under the largest cutoff of gaps.")
    return problems


SERVICE_LABELS = ("sample",)
"""What a study may say of its service file: ``sample`` are invented services, to try a study with."""

SERVICE_FILES = ("path", "authorisations", "collected", "capacity", *PATHS)
SERVICE_WORDS = ("label", "basis", "eligibility", "sheet", "layer")


def _services(section: Any, beside: Path, problems: list[str]) -> dict[str, Any]:
    """Return what the section [services] says; files lie where it says, seen from the study file."""
    known = (*SERVICE_FILES, *SERVICE_WORDS)
    if not isinstance(section, dict) or set(section) - set(known):
        problems.append(f"The section [services] takes the keys {', '.join(known[:-1])} and {known[-1]}.")
        section = {}
    said = {}
    for key, value in section.items():
        if not isinstance(value, str) or not value.strip():
            what = "a file name" if key in SERVICE_FILES else "a word"
            problems.append(f"services.{key} must be {what} in quotes, not {value!r}.")
        else:
            said[key] = (beside / value).resolve() if key in SERVICE_FILES else value
    if said.get("label", "sample") not in SERVICE_LABELS:
        problems.append(f"services.label says '{said['label']}'; it is 'sample' for invented services, or left out.")
    options = {key: str(said[key]) for key in (*PATHS, *SERVICE_WORDS) if key in said}
    files = {f"{'services' if key == 'path' else key}_path": said.get(key) for key in SERVICE_FILES[:4]}
    return files | {"services_label": said.get("label", ""), "services_options": ListOptions(**options)}


def read_study(path: Path) -> Study:
    """Read and check a study file; county codes are compared with the data package by the loader of counties.

    Raises
    ------
    StudyError
        One sentence for each fault: an unreadable file, a missing or unknown key, an impossible value.

    Examples
    --------
    >>> from kcgeo import data
    >>> data.read_study(data.default_study()).gaps.headline_cutoff_min
    30
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"There is no study file {path}.") from None
    except OSError as error:
        raise StudyError(f"The study file {path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        slashes = "\\" in path.read_bytes().decode("latin-1")
        cure = " In a path write / for \\, or put the path between single quotes." if slashes else ""
        raise StudyError(f"{path} is not a TOML file: {error}.{cure}") from None
    problems = [
        f"The section [{name}] is missing from {path}."
        for name in ("study", "travel", "gaps")
        if not isinstance(raw.get(name), dict)
    ]
    problems += [
        f"The section [{name}] is unknown; a study has study, travel, gaps and services."
        for name in sorted(set(raw) - {"study", "travel", "gaps", "services"})
    ]
    raise_all(problems, StudyError)
    travel_raw, study_raw = dict(raw["travel"]), dict(raw["study"])
    lines = study_raw.pop("routes", [])
    if not isinstance(lines, list) or not all(isinstance(item, dict) for item in lines):
        raise StudyError("study.routes must be sections [[study.routes]] with route, points and perhaps mileposts.")
    routes = tuple(_section(dict(item), Route, "study.routes", problems) for item in lines)
    rivers = travel_raw.pop("barriers", [])
    if not isinstance(rivers, list) or not all(isinstance(item, dict) for item in rivers):
        raise StudyError("travel.barriers must be sections [[travel.barriers]] with name, side_a and side_b.")
    barriers = tuple(_section(dict(item), Barrier, "travel.barriers", problems) for item in rivers)
    travel = _section(travel_raw, TravelSettings, "travel", problems, barriers=barriers)
    gaps = _section(dict(raw["gaps"]), GapSettings, "gaps", problems)
    layers = read_layers(path)
    services = _services(raw.get("services", {}), path.parent, problems)
    labels = [services.get("services_label", ""), *(item.label for item in layers)]
    services["services_label"] = next(filter(None, labels), "")
    extra = {
        **services,
        "travel": travel,
        "gaps": gaps,
        "layers": layers,
        "routes": routes,
        "changes": UNCHANGED,
    }
    study = _section(study_raw, Study, "study", problems, **extra)
    raise_all(dict.fromkeys(problems), StudyError)
    assert isinstance(study, Study)
    raise_all(_rules(study), StudyError)
    return study
