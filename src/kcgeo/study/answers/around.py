"""How far one gets from a place, or who gets to it: bands of land, the people in them, the services in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, get_args

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely

from kcgeo import data, present, terms, travel
from kcgeo.crs import STORAGE
from kcgeo.data.formats.transit.gtfs import read_gtfs, require_date
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.names import folded, town
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.files import write_text
from kcgeo.findings import Finding
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.look.sheet import PRINT
from kcgeo.study.answer import Answer, Desk, Extra, Figure
from kcgeo.study.answers.by_bus import walking_of
from kcgeo.study.measure import GROUPS, asked_by, measure
from kcgeo.study.progress import Step, silent_step
from kcgeo.study.releases import LOWER_BOUND, ODBL, let_out, mapped

__all__ = ["Mode", "reach", "starts_of"]

Mode = Literal["drive", "foot", "bus"]
_WAYS = {"drive": "by car", "foot": "on foot", "bus": "by bus"}
_STARTS = "a band shows where it starts: never make one of a place that must stay hidden"


def reach(
    study: Study,
    starts: Sequence[str],
    *,
    minutes: Sequence[float],
    mode: Mode = "drive",
    direction: Literal["to", "from"] = "from",
    depart: datetime | None = None,
    eligibility: str | None = None,
    with_map: bool = True,
    step: Step = silent_step,
) -> Answer:
    """Say how far one gets from some places (or who gets to them) in some minutes.

    Parameters
    ----------
    study : Study
        Its streets where it has some, else its friction grid; its ways for walking; its feed.
    starts : sequence of str
        Each ``LON,LAT``, the id of a service with a public place, of a cell or of a place, or a name ("Olathe KS").
    minutes : sequence of float
        Above 0; each is a band, and its own value counts.
    mode : str
        ``drive``, ``foot`` (needs ways for walking) or ``bus`` (needs a feed and ``depart``; towards the place only).
    direction : str
        ``from`` the places or ``to`` them; they differ on one-way streets.
    depart : datetime, optional
        Local departure by bus.
    eligibility : str, optional
        Whose services are counted, as :func:`kcgeo.study.measure`: anyone where not given.
    with_map : bool
        Prepare the map, which takes the measures of the whole study.

    Returns
    -------
    Answer
        Findings ``reach_people_from`` or ``_to``, one for each start and time; tables ``bands`` (with shapes) and
        ``services_in_reach``.

    Raises
    ------
    StudyError, TableError
        A start that is not known or not public, minutes that are none, or a layer that the study lacks.
    """
    points, who = starts_of(study, starts), asked_by(eligibility)
    people = data.living_points(study)
    services = data.by_category(data.directory(study, eligibility=who))
    step("Searching from the places")
    bands, inside = _measured(study, points, people, services, minutes, mode=mode, direction=direction, depart=depart)
    texts: dict[str, Any] = {
        "notes": (ODBL, LOWER_BOUND, _STARTS),
        "about": {"way": _WAYS[mode], "direction": direction, "depart": depart and depart.isoformat(" "), "who": who},
    }
    tables = {
        **let_out(study, {"bands": bands.rename(columns={"minutes": "time_min"})}, kind="surface", **texts),
        **let_out(study, {"services_in_reach": inside}, kind="coverage", **texts),
    }
    total = float(people["population_count"].sum())
    findings = tuple(
        Finding(
            f"reach_people_{direction}",
            float(row["population_count"]),
            of=total,
            about={"minutes": float(row["minutes"]), "start": row["place_name"], "way": _WAYS[mode]},
            notices=(_STARTS,),
        )
        for row in bands.to_dict("records")
    )
    answer = Answer(
        "reach",
        study,
        findings=findings,
        tables=tables,
        extras=(Extra("Wrote the bands as GeoJSON and GeoPackage", ("bands",), _write_bands),),
        shown=tuple(tables),
        about={
            "from": list(starts),
            "minutes": [float(m) for m in minutes],
            "mode": mode,
            "direction": direction,
            "who": who,
        },
        notices=(f"sites {terms.who()[who].phrase}", _STARTS),
    )
    if not with_map:
        return answer
    figure = Figure.of("reach", "How far does one get?", present.reach_map, ("bands",), sheet=PRINT)
    return mapped(answer, measure(study, eligibility=who, step=step), figure)


def starts_of(study: Study, starts: Sequence[str]) -> gpd.GeoDataFrame:
    """Turn words of the command line into points: ``place_id`` (the word), ``place_name``, ``geometry``.

    Raises
    ------
    StudyError
        A word that names nothing public; hidden services are not told from unknown ones.
    """
    if not starts:
        raise StudyError("Say from where, e.g. --from '-94.58,39.10' or --from 'Olathe KS'.")
    services = data.directory(study)
    services = services[services.geometry.notna()].set_index("service_id")
    places = data.places(study).set_index("place_id")
    found = [_start(word.strip(), services, places) for word in dict.fromkeys(starts)]
    names, points = zip(*found, strict=True)
    return gpd.GeoDataFrame(
        {"place_id": [word.strip() for word in dict.fromkeys(starts)], "place_name": names},
        geometry=list(points),
        crs=STORAGE,
    )


def _start(word: str, services: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> tuple[str, shapely.Point]:
    if word in services.index:
        row = services.loc[word]
        return str(row["service_name"]), row.geometry
    if word in places.index:
        return str(places.loc[word, "place_name"]), places.loc[word].geometry
    if h3.is_valid_cell(word):
        lat, lon = h3.cell_to_latlng(word)
        return f"cell {word}", shapely.Point(lon, lat)
    parts = word.split(",")
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        named = places[places["place_name"].map(folded) == folded(word)]
        if len(named):
            return str(named["place_name"].iloc[0]), named.geometry.iloc[0]
        try:
            name, lon, lat = town(word)
        except StudyError as fault:
            raise StudyError(
                f"'{word}' is no longitude,latitude, no cell, no place and no service with a public place. {fault}"
            ) from None
        return name, shapely.Point(lon, lat)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise StudyError(f"'{word}' is no point of the earth; write longitude,latitude, e.g. -94.58,39.10.")
    return f"{lon:g}, {lat:g}", shapely.Point(lon, lat)


def _measured(
    study: Study,
    points: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame,
    minutes: Sequence[float],
    *,
    mode: str,
    direction: Literal["to", "from"],
    depart: datetime | None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the bands with people, and the services in the widest one by category."""
    if mode not in get_args(Mode):
        raise StudyError(f"There is no way to travel '{mode}'; choose {', '.join(get_args(Mode))}.")
    counted = people[["place_id", *GROUPS, "geometry"]]
    if mode == "bus":
        bands, near = _by_bus(study, points, counted, services, minutes, direction=direction, depart=depart)
    else:
        network = travel.network(study) if mode == "drive" else travel.walking_network(study)
        bands = travel.reach(network, points, minutes=minutes, direction=direction, people=counted)
        near = _near(network, points, services, max(minutes), direction)
    names = points.set_index("place_id")["place_name"]
    bands.insert(1, "place_name", bands["place_id"].map(names))
    inside = near.merge(services[["service_id", "category"]].drop_duplicates(), on="service_id")
    rows = [
        {"place_name": names[word], "category": kind, "cutoff_min": float(limit), "sites_count": int(count)}
        for word in points["place_id"]
        for limit in sorted(minutes)
        for kind, count in inside[(inside["place_id"] == word) & (inside["time_min"] <= limit)]
        .groupby("category")["service_id"]
        .nunique()
        .items()
    ]
    return bands, pd.DataFrame(rows, columns=["place_name", "category", "cutoff_min", "sites_count"])


def _near(
    network: travel.Network, points: gpd.GeoDataFrame, services: gpd.GeoDataFrame, limit: float, direction: str
) -> pd.DataFrame:
    sites = services[["service_id", "geometry"]].drop_duplicates("service_id")
    ends = (points, sites) if direction == "from" else (sites, points)
    pairs = travel.costs(network, *ends, cutoff_min=limit)
    names = ("place_id", "service_id") if direction == "from" else ("service_id", "place_id")
    return pairs.set_axis([*names, "time_min"], axis=1)


def _by_bus(
    study: Study,
    points: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame,
    minutes: Sequence[float],
    *,
    direction: str,
    depart: datetime | None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Measure the way to each place by bus: cells by their middle, people and services by their own points."""
    layer = study.layer("transit")
    if layer is None or depart is None or direction != "to":
        raise StudyError(
            "By bus a study needs a feed (kcgeo data add gtfs), --depart 'YYYY-MM-DD HH:MM' and --direction to: the "
            "timetable is searched towards a place."
        )
    feed = read_gtfs(checked_layer(layer))
    require_date(feed, depart.date())
    walks = None if study.layer("walks") is None else travel.walking_network(study)
    day = travel.timetable(feed, depart.date(), walking=walking_of(study), walks=walks)
    search = partial(travel.transit_times, day, depart=depart, cutoff_min=max(minutes), by="place_id")
    goals = points.assign(service_id=points["place_id"])
    cells = travel.cells(study)
    by_cell, by_place = search(cells, goals), search(people, goals)
    sites = services[["service_id", "geometry"]].drop_duplicates("service_id")
    by_site = search(sites, goals)
    outlines = np.array([shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(c)]) for c in by_cell.index])
    rows, near = [], []
    for word in points["place_id"]:
        for limit in sorted(minutes):
            inside = (by_place[f"{word}_min"] <= limit).to_numpy()
            shape = shapely.union_all(outlines[(by_cell[f"{word}_min"] <= limit).to_numpy()], grid_size=1e-7)
            counts = people.loc[inside, list(GROUPS)].sum()
            rows.append({"place_id": word, "minutes": float(limit), **counts, "geometry": shape})
        times = by_site[f"{word}_min"].dropna()
        near.append(pd.DataFrame({"place_id": word, "service_id": times.index, "time_min": times.to_numpy()}))
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=STORAGE)
    table.geometry = [shapely.MultiPolygon(list(shapely.get_parts(shape))) for shape in table.geometry]
    return table, pd.concat(near, ignore_index=True)


def _write_bands(desk: Desk) -> list[Any]:
    bands = desk.scene["bands"]
    folder = desk.folder / "data"
    text = gpd.GeoDataFrame(bands.table, geometry="geometry", crs=STORAGE).to_json(drop_id=True)
    write_text(folder / "bands.geojson", f"{text}\n")
    return [folder / "bands.geojson", write_geopackage({"bands": bands}, folder / "bands.gpkg")]
