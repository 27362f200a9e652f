"""A study file for another metro, written from the national tables, and what a study file holds."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from kcgeo import data
from kcgeo.data.study.names import county_codes, folded, route_name, routes_near
from kcgeo.data.study.region import ROADS_KM, near_study, packaged
from kcgeo.data.study.settings import Barrier, Route, Study
from kcgeo.errors import KcgeoError, StudyError, first_ids, raise_all
from kcgeo.files import replacing
from kcgeo.study.file.toml_text import study_text

__all__ = ["Held", "check_study", "new_study", "parse_barrier", "parse_via"]

_LOOSE_M = 8_000.0
"""An end of a corridor that lies farther inside the counties is spoken of."""
_MEETS_M = 500.0


@dataclass(frozen=True)
class Held:
    """What a study holds: pairs of a thing and its amount in words, and what to look at before its maps are trusted."""

    study: Study
    amounts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def new_study(
    name: str,
    *,
    counties: Sequence[str],
    corridors: Sequence[str] = (),
    via: Sequence[Route] = (),
    barriers: Mapping[str, tuple[Sequence[str], Sequence[str]]] | None = None,
    crs: str | None = None,
    title: str | None = None,
    services: Path | None = None,
    out: Path = Path("studies"),
    force: bool = False,
) -> tuple[Path, Held]:
    """Write a commented study file and check what it holds; nothing is written where a check fails.

    Parameters
    ----------
    name
        Small letters, digits, hyphens; names the file and the folder of results.
    counties
        Five-digit codes, or names with their state: "Tulsa County OK".
    corridors
        Routes that get a profile by the mile, such as "I-44", "i44".
    via
        Points of routes; where a route has none, those of the table ``corridor_points`` near the study count.
    barriers
        Name of a river -> what lies on its two sides, each a list of county codes or of states (two letters, for all
        counties of the study and around it in that state).
    crs
        Metric CRS; the NAD83 UTM zone of where the people live where not given.
    title
        Title on maps; the largest town where not given.
    services
        The study's own services; maps need some outside the packaged region.
    out
        Folder, or a file that ends in ``.toml``.
    force
        Write over a file that is there.

    Returns
    -------
    tuple of Path and Held
        The file and what the study holds.

    Raises
    ------
    StudyError
        One sentence for each fault: an unknown county, a corridor without points, a file that is there.
    """
    path = out if out.suffix == ".toml" else out / f"{name}.toml"
    counties = county_codes(counties)
    corridors = [route_name(text) or text for text in corridors]
    via = [replace(route, route=route_name(route.route) or route.route) for route in via]
    raise_all(_name_faults(name, counties, corridors, via, path, force=force, services=services), StudyError)
    model = data.read_study(data.default_study())
    draft = replace(
        model,
        name=name,
        title=title or name,
        crs=crs or model.crs,
        counties=tuple(counties),
        corridors=tuple(dict.fromkeys(corridors)),
        services_path=None,
        services_label="",
        layers=(),
        routes=(),
        travel=replace(model.travel, barriers=()),
    )
    draft = replace(draft, crs=crs or _utm(draft))
    place, downtown = _largest_town(draft)
    draft = replace(draft, title=title or f"{place} metro", downtown=downtown)
    draft = replace(draft, routes=_routes(draft, via), travel=replace(model.travel, barriers=_rivers(draft, barriers)))
    with replacing(path) as temporary:
        link = None if services is None else os.path.relpath(services.resolve(), path.parent.resolve())
        temporary.write_text(study_text(draft, place, link), encoding="utf-8", newline="\n")
        held = check_study(temporary)
    return path, held


def _name_faults(
    name: str,
    counties: Sequence[str],
    corridors: Sequence[str],
    via: Sequence[Route],
    path: Path,
    *,
    force: bool,
    services: Path | None,
) -> list[str]:
    problems = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        plain = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")
        cure = f"; --name {plain}?" if plain else "."
        problems.append(f"--name names a file: use small letters, digits and hyphens, not '{name}'{cure}")
    if not counties:
        problems.append("--counties takes names or five-digit codes, e.g. 'Tulsa County OK,40145'; none is given.")
    twice = sorted({code for code in counties if list(counties).count(code) > 1})
    if twice:
        problems.append(f"--counties names {first_ids(twice)} more than once; keep one of each.")
    odd = [route for route in corridors if not re.fullmatch(r"[A-Z]+-[0-9]+[A-Z]?", route)]
    if odd:
        problems.append(f"--corridors takes names such as I-44 or US-71 with commas between, not '{first_ids(odd)}'.")
    lost = sorted({route.route for route in via} - set(corridors))
    if lost:
        problems.append(f"--via gives points of {first_ids(lost)}, which --corridors does not name; add it there.")
    if path.exists() and not force:
        problems.append(f"There is a file {path}; choose another --name or --out, or write over it with --force.")
    if services is not None and not services.is_file():
        problems.append(f"There is no file of services {services}.")
    return problems


def parse_via(text: str) -> Route:
    """Read ``I-44=-91.2,38.4 -90.2,38.6``; a point with a milepost is written ``-90.2,38.6,290,MO``.

    >>> parse_via("I-44=-91.2,38.4 -90.2,38.6").points
    ((-91.2, 38.4), (-90.2, 38.6))
    """
    name, sign, rest = text.partition("=")
    try:
        if not sign or not name.strip() or not rest.split():
            raise ValueError(text)
        points, known = [], []
        for word in rest.split():
            parts = word.split(",")
            if len(parts) not in (2, 4):
                raise ValueError(word)
            lon, lat = float(parts[0]), float(parts[1])
            points.append((lon, lat))
            if len(parts) == 4:
                known.append((lon, lat, float(parts[2]), parts[3]))
    except ValueError:
        raise StudyError(
            f"--via '{text}' is not understood; write the route and its points in the order of the road, "
            "e.g. --via 'I-44=-91.2,38.4 -90.2,38.6'."
        ) from None
    return Route(name.strip(), tuple(points), tuple(known))


def parse_barrier(text: str) -> tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Read ``Mississippi River=MO|IL`` or ``Some River=29183,29219|29189,29510``."""
    name, _, rest = text.partition("=")
    sides = [tuple(word.strip() for word in side.split(",") if word.strip()) for side in rest.split("|")]
    if not name.strip() or len(sides) != 2 or not all(sides):
        raise StudyError(
            f"--barrier '{text}' is not understood; write its name and the counties or states of either side, "
            "e.g. --barrier 'Mississippi River=MO|IL'."
        )
    return name.strip(), (sides[0], sides[1])


def _utm(study: Study) -> str:
    """Return the NAD83 UTM zone of where the people of the counties live, EPSG:26901 to 26923.

    The mean goes round the circle, so that islands on both sides of 180 degrees do not meet at Greenwich.
    """
    people = packaged("places_us")
    people = people[people["county_fips"].isin(study.counties)]
    lon, weight = people.geometry.x.to_numpy(), people["population_count"].to_numpy(dtype=float)
    if not weight.sum():
        inner = data.counties(replace(study, crs="EPSG:5070")).geometry.representative_point()
        lon, weight = inner.x.to_numpy(), np.ones(len(inner))
    angle = np.angle((weight * np.exp(1j * np.radians(lon))).sum(), deg=True)
    zone = int((angle + 180) // 6) + 1
    if not 1 <= zone <= 23:
        raise StudyError(f"No metric CRS is known for these counties (UTM zone {zone}); name one with --crs.")
    return f"EPSG:{26900 + zone}"


def _largest_town(study: Study) -> tuple[str, tuple[float, float]]:
    """Name and place of the most populous town in the counties; where none is listed, of the most populous county."""
    own = data.counties(study)
    land = shapely.union_all(own.geometry.to_numpy())
    towns = data.cities(study)
    towns = towns[towns.intersects(land)]
    if towns.empty:
        towns = data.places(study)
        people = towns.groupby("county_fips")["population_count"].sum()
        towns = towns[towns["county_fips"] == people.idxmax()]
        towns = towns.assign(name=own.set_index("county_fips").loc[people.idxmax(), "name"])
    row = towns.loc[towns["population_count"].idxmax()]
    return str(row["name"]), (round(row.geometry.x, 4), round(row.geometry.y, 4))


def _routes(study: Study, via: Sequence[Route]) -> tuple[Route, ...]:
    """Return the points of each corridor that is not packaged: those given, else those of the packaged list."""
    given = {route.route: route for route in via}
    packaged = set(data.load("corridors")["route"]) if data.is_packaged(study) else set()
    listed = data.load("corridor_points")
    routes, missing = [], []
    for name in study.corridors:
        if name in given:
            routes.append(given[name])
        elif name not in packaged:
            points = near_study(study, listed[listed["route"] == name].sort_values("sequence"), ROADS_KM)
            if len(points) >= 2:
                routes.append(Route(name, tuple((point.x, point.y) for point in points.geometry)))
            else:
                missing.append(name)
    raise_all(
        (
            f"No points of {name} are packaged near these counties (packaged there: "
            f"{', '.join(routes_near(study.counties)) or 'none'}); give some, e.g. --via '{name}=LON,LAT LON,LAT', or "
            "leave it out, name it in study.corridors of the written file and run "
            "kcgeo data add primary-roads PATH --study FILE with TIGER/Line primary roads."
            for name in missing
        ),
        StudyError,
    )
    return tuple(routes)


def _rivers(study: Study, named: Mapping[str, tuple[Sequence[str], Sequence[str]]] | None) -> tuple[Barrier, ...]:
    """Spell out states as their counties, in the study and around it."""
    ground = data.ground(study)
    known, states = set(ground["county_fips"]), set(ground["state"])
    rivers, problems = [], []
    for name, sides in (named or {}).items():
        lost = sorted({word for side in sides for word in side} - known - states)
        if lost:
            problems.append(f"--barrier {name}: {first_ids(lost)} is no county or state of the study or around it.")
        codes = [
            set(ground["county_fips"][ground["county_fips"].isin(side) | ground["state"].isin(side)]) for side in sides
        ]
        if codes[0] & codes[1]:
            problems.append(f"--barrier {name}: {first_ids(sorted(codes[0] & codes[1]))} is on both sides.")
        rivers.append(Barrier(name, tuple(sorted(codes[0])), tuple(sorted(codes[1]))))
    raise_all(problems, StudyError)
    return tuple(rivers)


def check_study(path: Path) -> Held:
    """Read a study file, load all that it names, and say what it holds.

    Raises
    ------
    KcgeoError
        One sentence for each fault of the file, its counties, its corridors and its services.
    """
    study = data.read_study(path)
    problems: list[str] = []
    try:
        lines = data.corridors(study)
    except KcgeoError as error:
        problems += error.problems
    places, counties = data.places(study), data.counties(study)
    unserved = not data.is_packaged(study) and study.services_path is None and study.layer("services") is None
    services = None
    if not unserved:
        try:
            services = data.directory(study)
        except KcgeoError as error:
            problems += error.problems
    raise_all(problems, StudyError)
    people = places["population_count"].sum()
    areas = data.areas(study)["area"].nunique()
    amounts = [
        ("counties", f"{len(counties)}: {', '.join(counties['name'] + ' ' + counties['state'])}"),
        ("places", f"{len(places):,}"),
        ("people", f"{people:,.0f}"),
        ("areas that may be named", f"{areas}"),
        ("highway nodes", f"{len(data.highway_nodes(study)):,}"),
        ("metric CRS", study.crs),
    ]
    wanted = lines[lines["route"].isin(study.corridors)]
    for (route, basis), rows in wanted.fillna({"mile_basis": "no miles"}).groupby(["route", "mile_basis"], sort=True):
        km = rows.geometry.to_crs(study.crs).length.sum() / 1000
        miles = (rows["to_mi"] - rows["from_mi"]).sum() if rows["to_mi"].notna().all() else km / 1.609344
        amounts.append((f"corridor {route}", f"{miles:.0f} miles in {', '.join(sorted(set(rows['state'])))} ({basis})"))
    if services is not None:
        shown = services.geometry[services.geometry.notna()]
        inside = shown.within(shapely.union_all(data.counties(study).to_crs(shown.crs).geometry.to_numpy())).sum()
        amounts.append(("services with a public address", f"{inside:,} in these counties, {len(shown):,} in the list"))
    return Held(study, tuple(amounts), (*_notes(study, unserved=unserved), *_loose_ends(study, wanted)))


def _loose_ends(study: Study, lines: gpd.GeoDataFrame) -> list[str]:
    """Name the corridors that end well inside the counties: their points may stop short of the border."""
    area = shapely.union_all(data.counties(study).to_crs(study.crs).geometry.to_numpy())
    notes = []
    for route, rows in lines.to_crs(study.crs).groupby("route"):
        shapes = rows.geometry.to_numpy()
        ends = np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])
        # where two states' parts meet the road goes on
        alone = np.array([(shapely.distance(ends, end) <= _MEETS_M).sum() == 1 for end in ends])
        inside = np.where(shapely.covers(area, ends), shapely.distance(ends, area.boundary), 0.0)
        for end_m in sorted(inside[alone & (inside > _LOOSE_M)]):
            notes.append(
                f"{route} ends {end_m / 1000:.0f} km inside the counties. Does the road go on? Then name a point "
                "farther along it with --via, or in study.routes."
            )
    return notes


def _notes(study: Study, *, unserved: bool) -> list[str]:
    notes = []
    if unserved:
        notes.append("The study names no services yet; add some: kcgeo data add services FILE --study STUDY.")
    ground = data.ground(study)
    names = dict(zip(ground["county_fips"], ground["name"] + " " + ground["state"], strict=True))
    for river in study.travel.barriers:
        open_ = [names[code] for code in sorted(set(names) - set(river.side_a) - set(river.side_b))]
        if open_:
            notes.append(
                f"{river.name}: {first_ids(open_)} is on neither side, so that trips may cross there without a bridge."
            )
    if not study.travel.barriers:
        notes.append("No river is a barrier: local ways cross every river. Name one with --barrier, or in the file.")
    return notes
