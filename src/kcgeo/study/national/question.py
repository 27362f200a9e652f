"""What a national run is made of: packaged places and highways, a service file or invented sites, and the defaults."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import data, terms
from kcgeo.access.parts import Catchment
from kcgeo.crs import STORAGE
from kcgeo.errors import StudyError, raise_all
from kcgeo.study.measure import asked_by
from kcgeo.study.national.cluster import cluster, in_process, on_cluster
from kcgeo.study.national.parts import Question
from kcgeo.study.national.run import ScaleRun, former_run, run_question
from kcgeo.study.progress import Progress, silent
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL
from kcgeo.travel.national import MODEL, Screening, national_network

__all__ = ["CATCHMENT", "SCREENING", "SYNTHETIC", "national_question", "scale", "synthetic_sites"]

SCREENING = Screening(
    highway_kmh=100.0,
    local_kmh=((0, 65.0), (100, 55.0), (400, 45.0), (1200, 35.0)),
    circuity=1.3,
    ramp_min=1.5,
    reach_km=60.0,
    water_km=5.0,
)
"""Speeds of the packaged metro study; local ways up to 60 km, with up to 5 km over water."""

CATCHMENT = Catchment((10.0, 20.0, 30.0), (1.0, 0.68, 0.22))
"""Rings of Luo & Qi (2009)."""

SYNTHETIC = "synthetic services, placed at random by population to measure the tool: no result about any real place"
ONE_POINT = "people stand at one point a ZIP code area, not on the surface of a study: this is a screening"
PLACES_PER_PART = 4_000

_RESOURCES = ("places_us", "highway_nodes_us", "highway_edges_us", "counties_us")
_FARTHEST_KM = 10.0
_KM_PER_DEGREE = 111.2


def synthetic_sites(places: gpd.GeoDataFrame, categories: Sequence[str], *, count: int, seed: int) -> gpd.GeoDataFrame:
    """Invent sites for a measurement: places drawn by population, points spread over the disc of a place's area.

    Parameters
    ----------
    places
        ``population_count, land_area_km2`` and points, EPSG:4326.
    categories
        Each site offers one to three of these.
    count, seed
        How many sites; the same seed gives the same sites.

    Returns
    -------
    GeoDataFrame
        As ``kcgeo.data.by_category``: ``service_id, category, site_id`` and points, one row for each category and site.
    """
    rng = np.random.default_rng(seed)
    people = places["population_count"].to_numpy(dtype=np.float64)
    row = rng.choice(len(places), count, p=people / people.sum())
    radius = np.minimum(np.sqrt(places["land_area_km2"].to_numpy(dtype=np.float64)[row] / np.pi), _FARTHEST_KM)
    radius *= np.sqrt(rng.random(count)) / _KM_PER_DEGREE
    angle = rng.random(count) * 2 * np.pi
    lat = places.geometry.y.to_numpy()[row] + radius * np.sin(angle)
    lon = places.geometry.x.to_numpy()[row] + radius * np.cos(angle) / np.cos(np.radians(lat))
    number = rng.integers(1, 4, count)
    first = np.argsort(rng.random((count, len(categories))), axis=1)[:, :3]
    site, place = np.nonzero(np.arange(3) < number[:, None])
    ids = np.array([f"synthetic-{at:06d}" for at in range(count)], dtype=object)[site]
    table = pd.DataFrame(
        {"service_id": ids, "category": np.asarray(categories, dtype=object)[first[site, place]], "site_id": ids}
    )
    points = gpd.points_from_xy(np.round(lon, 5)[site], np.round(lat, 5)[site])
    found = gpd.GeoDataFrame(table, geometry=points, crs=STORAGE)
    return found.sort_values(["category", "site_id"], ignore_index=True)


def national_question(
    sites: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    places: gpd.GeoDataFrame | None = None,
    catchment: Catchment = CATCHMENT,
    model: Screening = SCREENING,
) -> Question:
    """Put the packaged national tables and some sites together.

    Parameters
    ----------
    sites
        As ``kcgeo.data.by_category`` gives them.
    cutoff_min
        Longest time to the nearest site that counts.
    places
        Finer places with the columns of ``places_us``, in place of the packaged ZIP code areas.
    catchment, model
        Rings of the catchment areas; speeds and reach of local ways.
    """
    used = data.load("places_us") if places is None else places
    nodes, edges, counties = (data.load(name) for name in _RESOURCES[1:])
    kinds = data.load("categories")
    return Question(
        network=national_network(used, nodes, edges, model, points=sites, land=counties),
        places=used.sort_values("place_id", ignore_index=True),
        sites=sites,
        categories=tuple(kinds.loc[kinds["has_place"], "category"]),
        cutoff_min=cutoff_min,
        catchment=catchment,
    )


def scale(
    out: Path | str,
    *,
    services: Path | str | None = None,
    eligibility: str | None = None,
    synthetic_count: int = 20_000,
    seed: int = 0,
    workers: int,
    scheduler: str | None = None,
    cutoff_min: float = 60.0,
    counties: Sequence[str] | None = None,
    places_per_part: int = PLACES_PER_PART,
    resume: bool = False,
    progress: Progress = silent,
) -> ScaleRun:
    """Measure every county of the United States by one rule and write GeoParquet, one file a group of counties.

    Parameters
    ----------
    out
        Folder: ``parts/`` and ``manifest.json``.
    services
        Service file with points anywhere in the United States, under the same rules of disclosure as any other; where
        none is given, sites are invented (``synthetic_count``, ``seed``) and every file and note says so.
    eligibility
        Whose services of the file count, as :func:`kcgeo.study.measure`: anyone where not given.
    workers
        Processes on this machine; 0 for this one process, which needs no Dask.
    scheduler
        Address of a Dask scheduler to use instead.
    cutoff_min
        Longest time to the nearest site that counts.
    counties
        Five-digit codes; all where None.
    places_per_part, resume, progress
        As in :func:`kcgeo.study.national.run.run_question`.

    Raises
    ------
    KcgeoError
        One sentence for each fault of a file or an option, for a folder that must not be touched, for a cluster that
        cannot be reached, and for a part that failed.
    """
    raise_all(_faults(workers, cutoff_min, places_per_part, synthetic_count), StudyError)
    former_run(Path(out), resume=resume)  # refuse what must be refused before the work begins
    with ExitStack() as stack:
        execute = in_process
        if workers or scheduler is not None:
            progress("Starting workers", 0, 1)
            client = stack.enter_context(cluster(workers=workers, scheduler=scheduler))
            execute = partial(on_cluster, client=client)
        progress("Reading national tables", 0, 1)
        places = data.load("places_us")
        sites, about, notes, prefix = _sites(services, places, asked_by(eligibility), synthetic_count, seed)
        progress("Building the national network", 0, 1)
        question = national_question(sites, cutoff_min=cutoff_min, places=places)
        about |= {
            "cutoff_min": cutoff_min,
            "catchment": asdict(question.catchment),
            "model": asdict(SCREENING),
            "data": {name: str(data.describe(name)["sha256"]) for name in _RESOURCES},
        }
        described = {name: data.describe(name) for name in ("places_us", "highway_edges_us")}
        return run_question(
            question,
            out,
            about=about,
            notes=(f"{MODEL}: straight local ways, no congestion, no ferries", ONE_POINT, *notes, ODBL),
            sources=[str(source["title"]) for item in described.values() for source in item["sources"]],
            vintage="; ".join(f"{name} {item['vintage']}" for name, item in described.items()),
            places_count=places_per_part,
            counties=counties,
            prefix=prefix,
            resume=resume,
            execute=execute,
            progress=progress,
        )


def _faults(workers: int, cutoff_min: float, places_per_part: int, synthetic_count: int) -> list[str]:
    problems = []
    if workers < 0:
        problems.append(f"The workers must be 0 (this process) or more, not {workers}.")
    if not 0 < cutoff_min <= 24 * 60:
        problems.append(f"The cutoff must be minutes above 0, up to a day, not {cutoff_min:g}.")
    if places_per_part < 1:
        problems.append(f"A part must hold 1 place or more, not {places_per_part}.")
    if synthetic_count < 1:
        problems.append(f"Give 1 synthetic service or more, not {synthetic_count}.")
    return problems


def _sites(
    services: Path | str | None, places: gpd.GeoDataFrame, who: str, count: int, seed: int
) -> tuple[gpd.GeoDataFrame, dict[str, Any], tuple[str, ...], str]:
    """Return sites, what they were made of, words to say of them, and the prefix of file names."""
    if services is None:
        kinds = data.load("categories")
        placed = list(kinds.loc[kinds["has_place"], "category"])
        sites = synthetic_sites(places, placed, count=count, seed=seed)
        return sites, {"services": {"synthetic_count": count, "seed": seed}}, (SYNTHETIC,), "synthetic-"
    path = Path(services)
    found = data.by_category(data.services(path=path, counties=data.load("counties_us"), eligibility=who))
    if found.empty:
        raise StudyError(
            f"{path.name} holds no service with a public place {terms.who()[who].phrase}; "
            "there is nothing to measure times to."
        )
    # the hash of the file would depend on rows that stay hidden, and let a guess at them be confirmed
    about = {"services": {"file": path.name, "who": who, "sha256_of_sites": _digest(found)}}
    return found, about, (f"services {terms.who()[who].phrase}", LOWER_BOUND, LISTED), ""


def _digest(sites: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of all that a run takes from the sites."""
    columns = (sites["category"], sites["site_id"], sites.geometry.x, sites.geometry.y)
    lines = ("\t".join(map(str, row)) for row in zip(*columns, strict=True))
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()
