"""Draws of what the model does not know: speeds, circuity, cutoff, decay, doubtful services, coordinates, counts.

A draw gives every arc of the network a new time, drops or keeps each service of unknown status, moves each service
within the precision of its coordinates, and searches once a category. The arcs are split into their local, highway and
fixed part once (:func:`arc_parts`), so a draw costs a weighted sum and the searches, and no network is built again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.pairs import upto
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.travel import Network
from kcgeo.travel import network as own_network
from kcgeo.travel.arcs import MS_PER_MIN, UNREACHED, Arcs, Engine, limit_ms, reversed_arcs
from kcgeo.travel.engines.engine import chosen, nearest_ms
from kcgeo.travel.network import point_ids

__all__ = [
    "DRAW_COUNT",
    "STATED_RANGES",
    "SURFACE_SIGMA",
    "ArcParts",
    "Draws",
    "Ranges",
    "arc_parts",
    "draw_times",
    "headlines",
]

Floats = npt.NDArray[np.float64]
_FAST_KMH = 1e9
_M_PER_DEGREE = 111_320.0
_SE_PER_MARGIN = 1 / 1.645  # census margins of error are at 90 %


@dataclass(frozen=True)
class Ranges:
    """What is drawn, evenly between two bounds: factors on the study's own values, minutes, a chance, metres.

    Attributes
    ----------
    local_factor, highway_factor, circuity_factor
        Bounds of the factor on local speed, highway speed, circuity.
    cutoff_min, sigma_min
        Bounds of the cutoff and of the width of the Gaussian decay, in minutes.
    exists_chance
        Chance that a service with status ``unknown`` exists.
    radius_m
        For each class of coordinate precision, the radius of the disc in which the true point lies.
    """

    local_factor: tuple[float, float]
    highway_factor: tuple[float, float]
    circuity_factor: tuple[float, float]
    cutoff_min: tuple[float, float]
    sigma_min: tuple[float, float]
    exists_chance: float
    radius_m: Mapping[str, float]


DRAW_COUNT = 500
"""Draws behind every interval that is shown, so that each number has one interval."""

SURFACE_SIGMA = 1.3
"""Error of the surface of people within a ZIP code area: the value at which shares within 5, 10 and 20 km scatter as
they do between the surface and block groups (docs/methods/certainty.md)."""

STATED_RANGES = Ranges(
    local_factor=(25 / 35, 45 / 35),
    highway_factor=(0.9, 1.1),
    circuity_factor=(1.2 / 1.3, 1.4 / 1.3),
    cutoff_min=(25.0, 35.0),
    sigma_min=(10.0, 20.0),
    exists_chance=0.5,
    radius_m={"rooftop": 50.0, "street": 250.0, "zip": 3_000.0},
)
"""Local speed 25 to 45 km/h around 35, highways 10 % up and down, circuity 1.2 to 1.4 around 1.3, cutoff 25 to 35 min,
decay of 10 to 20 min, and an even chance that a service of unknown status exists."""


@dataclass(frozen=True, eq=False)
class ArcParts:
    """Milliseconds of each arc of a network: the part at local speed, at highway speed, and the part that stays."""

    network: Network
    local_ms: Floats
    highway_ms: Floats
    fixed_ms: Floats

    @classmethod
    def whole(cls, network: Network) -> ArcParts:
        """Take all arcs of a network that does not tell its roads apart as local."""
        nothing = np.zeros(len(network.arcs.time_ms))
        return cls(network, network.arcs.time_ms.astype(np.float64), nothing, nothing)

    def times(self, local_factor: float, highway_factor: float, circuity_factor: float) -> npt.NDArray[np.int32]:
        """Return the milliseconds of each arc when speeds and circuity are multiplied by these factors."""
        total = self.local_ms * (circuity_factor / local_factor) + self.highway_ms / highway_factor + self.fixed_ms
        return np.rint(total).astype(np.int32)


def arc_parts(study: Study, *, build: Callable[[Study], Network] = own_network) -> ArcParts:
    """Split the network of a study by what its times depend on.

    Streets are split by class: motorways and trunk roads against the rest. The friction grid is split by building it
    three times.

    Parameters
    ----------
    study
        Its settings are the middle of all draws.
    build
        Makes the network of a study; replace it to use other layers.

    Returns
    -------
    ArcParts
        Exact to a millisecond an arc: read off three networks, of which one has highways and one has local ways at a
        speed beyond measure.
    """
    travel = study.travel
    network = build(study)
    if network.edges is not None:
        time_ms, fast = network.arcs.time_ms.astype(np.float64), network.edges.arc_is_highway
        return ArcParts(network, np.where(fast, 0.0, time_ms), np.where(fast, time_ms, 0.0), np.zeros(len(time_ms)))
    local = build(replace(study, travel=replace(travel, highway_kmh=_FAST_KMH, ramp_min=0.0)))
    quick = tuple((density, _FAST_KMH) for density, _ in travel.local_kmh)
    highway = build(replace(study, travel=replace(travel, local_kmh=quick, ramp_min=0.0)))
    local_ms, highway_ms = (part.arcs.time_ms.astype(np.float64) for part in (local, highway))
    fixed_ms = np.maximum(network.arcs.time_ms - local_ms - highway_ms, 0.0)
    return ArcParts(network, local_ms, highway_ms, fixed_ms)


@dataclass(frozen=True, eq=False)
class Draws:
    """Minutes to the nearest service in every draw; made by :func:`draw_times`.

    Attributes
    ----------
    parameters
        One row a draw: ``local_factor, highway_factor, circuity_factor, cutoff_min, sigma_min``.
    place_ids, categories
        What the last two axes of ``time_min`` stand for.
    time_min
        Shape (draws, categories, places); NaN where not reached.
    """

    parameters: pd.DataFrame
    place_ids: pd.Index[Any]
    categories: tuple[str, ...]
    time_min: npt.NDArray[np.float32]

    def of(self, category: str) -> pd.DataFrame:
        """Return the minutes to the nearest service of a category: one row a place, one column a draw."""
        return pd.DataFrame(self.time_min[:, self._position(category), :].T, index=self.place_ids)

    def longest(self, required: Sequence[str]) -> pd.DataFrame:
        """Return the minutes to the farthest of the required categories; NaN where one is not reached."""
        rows = [self._position(category) for category in required]
        return pd.DataFrame(self.time_min[:, rows, :].max(axis=1).T, index=self.place_ids)

    def _position(self, category: str) -> int:
        if category not in self.categories:
            raise TableError(f"The draws have no category '{category}'; they have {', '.join(self.categories)}.")
        return self.categories.index(category)


def _check_sites(sites: gpd.GeoDataFrame, ranges: Ranges) -> None:
    missing = [name for name in ("category", "service_status", "coordinate_precision") if name not in sites.columns]
    raise_all((f"The sites have no column {name}." for name in missing), TableError)
    strange = sorted(set(sites["coordinate_precision"].astype(str)) - set(ranges.radius_m))
    if strange:
        rows = point_ids(sites, "sites")[sites["coordinate_precision"].astype(str).isin(strange).to_numpy()]
        raise TableError(f"The coordinate precision {', '.join(strange)} of {first_ids(rows)} has no radius in ranges.")


def _parameters(ranges: Ranges, draw_count: int, rng: np.random.Generator) -> pd.DataFrame:
    names = ("local_factor", "highway_factor", "circuity_factor", "cutoff_min", "sigma_min")
    table = {}
    for name in names:
        low, high = getattr(ranges, name)
        table[name] = rng.uniform(low, high, size=draw_count)
    return pd.DataFrame(table).rename_axis("draw")


def _moved(
    network: Network, sites: gpd.GeoDataFrame, ranges: Ranges, draw_count: int, rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Return the node that each site meets in each draw (draws, sites); rows of one place move together."""
    key = sites["site_id"] if "site_id" in sites.columns else point_ids(sites, "sites").to_series()
    _, first, row_of = np.unique(key.astype(str).to_numpy(dtype=object), return_index=True, return_inverse=True)
    places = sites.iloc[first]
    radius = places["coordinate_precision"].astype(str).map(ranges.radius_m).to_numpy(dtype=float)
    angle = rng.uniform(0, 2 * np.pi, (draw_count, len(places)))
    metres = radius * np.sqrt(rng.uniform(0, 1, (draw_count, len(places))))
    x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    if sites.crs is not None and sites.crs.is_geographic:
        east, north = 1 / (_M_PER_DEGREE * np.cos(np.radians(y))), 1 / _M_PER_DEGREE
    else:
        east = north = 1.0
    points = gpd.points_from_xy(
        (x + metres * np.cos(angle) * east).ravel(), (y + metres * np.sin(angle) * north).ravel(), crs=sites.crs
    )
    at, _ = network.positions(gpd.GeoDataFrame(geometry=points), what="sites")
    return at.reshape(draw_count, len(places))[:, row_of]


def _existing(
    sites: gpd.GeoDataFrame, chance: float, draw_count: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return whether each row exists in each draw; rows of one service stand and fall together."""
    ids, service = np.unique(point_ids(sites, "sites").astype(str).to_numpy(dtype=object), return_inverse=True)
    lucky = (rng.random((draw_count, len(ids))) < chance)[:, service]
    status = sites["service_status"].astype(str).to_numpy()
    return np.where(status == "unknown", lucky, status != "inactive")


def draw_times(
    parts: ArcParts,
    places: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    *,
    ranges: Ranges,
    draw_count: int,
    search_cutoff_min: float,
    rng: np.random.Generator | int,
    engine: Engine = "auto",
) -> Draws:
    """Draw the unknown again and again, and find the minutes to the nearest service each time.

    Parameters
    ----------
    parts
        Network with its times split, of :func:`arc_parts`.
    places
        Points with ids.
    sites
        One row for each category and site, as ``kcgeo.data.by_category`` gives, with ``service_status`` (``active``,
        ``unknown``, ``inactive``) and ``coordinate_precision`` joined on; points in the CRS of the network.
    ranges
        What is drawn, e.g. ``STATED_RANGES``.
    draw_count
        500 or more for a map; fewer to try out.
    search_cutoff_min
        A service farther than this is not reached; at least the upper bound of the cutoff.
    rng
        Source of the draws, a generator or a seed; the same state gives the same answer.
    engine
        What searches: ``"scipy"``, ``"numba"`` (same answer, faster, needs the extra ``fast``) or ``"auto"``.

    Returns
    -------
    Draws
        Categories in rising order.

    Raises
    ------
    TableError
        Missing columns, an unknown precision, no draws, a search cutoff below the range of cutoffs.
    """
    _check_sites(sites, ranges)
    if draw_count < 1:
        raise TableError(f"draw_count must be 1 or more, not {draw_count}.")
    if not search_cutoff_min >= ranges.cutoff_min[1]:
        raise TableError(f"search_cutoff_min is {search_cutoff_min}, below the largest cutoff {ranges.cutoff_min[1]}.")
    network, rng = parts.network, np.random.default_rng(rng)
    ids = point_ids(places, "places", unique=True)
    at, _ = network.positions(places, what="places")
    table = _parameters(ranges, draw_count, rng)
    nodes = _moved(network, sites, ranges, draw_count, rng)
    exists = _existing(sites, ranges.exists_chance, draw_count, rng) & (nodes >= 0)
    names = sorted(sites["category"].astype(str).unique())
    rows_of = [np.flatnonzero(sites["category"].astype(str).to_numpy() == name) for name in names]
    # one reversal serves all draws: it is made of positions instead of times
    numbers = np.arange(len(network.arcs.time_ms), dtype=np.int32)
    backward = reversed_arcs(Arcs(network.arcs.indptr, network.arcs.indices, numbers))
    limit, engine = limit_ms(search_cutoff_min), chosen(engine, backward, draw_count * len(names))
    time_min = np.full((draw_count, len(names), len(ids)), np.nan, dtype=np.float32)
    for draw, (local, highway, circuity) in enumerate(table.iloc[:, :3].to_numpy()):
        time_ms = parts.times(local, highway, circuity)[backward.time_ms]
        groups = [np.unique(nodes[draw, rows][exists[draw, rows]]) for rows in rows_of]
        found = nearest_ms(Arcs(backward.indptr, backward.indices, time_ms), groups, limit, engine=engine)[:, at]
        reached = (found != UNREACHED) & (at >= 0)
        time_min[draw][reached] = found[reached] / MS_PER_MIN
    return Draws(table, ids, tuple(names), time_min)


def _counts(
    groups: pd.DataFrame,
    margins: pd.DataFrame | None,
    clusters: pd.Series[Any] | None,
    moved: Floats | float,
    rng: np.random.Generator,
    draws: int,
) -> dict[str, Floats]:
    """Return people of each group by draw and place, ``moved`` within their areas; a cluster errs as one."""
    people: dict[str, Floats] = {}
    for name in groups.columns:
        counts = np.tile(groups[name].to_numpy(dtype=float), (draws, 1))
        if margins is not None and name in margins.columns and clusters is not None:
            error = margins[name].fillna(0.0).to_numpy(dtype=float) * _SE_PER_MARGIN
            factor = 1 + rng.standard_normal((draws, len(error))) * error
            counts = (
                counts * np.maximum(factor, 0.0)[:, margins.index.get_indexer(pd.Index(clusters.loc[groups.index]))]
            )
        people[str(name)] = counts * moved
    return people


def _resettled(
    people: pd.Series[float], areas: pd.Series[Any], sigma: float, rng: np.random.Generator, draws: int
) -> Floats:
    """Return factors by draw and place that move people about within each area and keep their number."""
    _, area = np.unique(areas.loc[people.index].astype(str).to_numpy(dtype=object), return_inverse=True)
    factor = np.exp(sigma * rng.standard_normal((draws, len(people))))
    counts = people.to_numpy(dtype=float)
    drawn = np.array([np.bincount(area, weights=row * counts) for row in factor])
    with np.errstate(divide="ignore", invalid="ignore"):  # an area without people has nobody to move
        scale = np.nan_to_num(np.bincount(area, weights=counts) / drawn, nan=1.0)
    return np.asarray(factor * scale[:, area])


def headlines(
    draws: Draws,
    groups: pd.DataFrame,
    *,
    required: Sequence[str],
    rng: np.random.Generator | int,
    margins: pd.DataFrame | None = None,
    clusters: pd.Series[Any] | None = None,
    areas: pd.Series[Any] | None = None,
    area_sigma: float = SURFACE_SIGMA,
) -> pd.DataFrame:
    """Headline numbers in every draw: who is covered, and how far help is.

    Parameters
    ----------
    draws
        Of :func:`draw_times`.
    groups
        Counts of people by place, one column a group, same ids.
    required
        Categories of the whole chain; one that no draw has (no public address) is never in reach.
    rng
        Source of the sampling errors, a generator or a seed.
    margins
        Relative 90 % margins of error (margin / estimate): one column for each group that has one, one row for each
        cluster; NaN or a missing group means no sampling error is given.
    clusters
        For each place the cluster (county) whose estimate it is part of; its places err together. Needs ``margins``.
    areas, area_sigma
        For each place the area (ZIP code) among whose places its people were spread by a model, and the standard
        deviation of the logarithm of that model's error; the people of an area keep their number. Left out, people
        stand where the table says.

    Returns
    -------
    DataFrame
        One row a draw. For each category and group ``<category> covered_share, <group>`` (within the draw's cutoff),
        ``<category> weighted_share, <group>`` (each person counts by the draw's Gaussian decay of the minutes to the
        nearest); for each category ``<category> mean_min, <group>`` over those who reach one; and
        ``all required covered_share, <group>``.

    Raises
    ------
    TableError
        Ids that differ, margins without clusters or clusters without a row in margins.
    """
    lost = draws.place_ids.symmetric_difference(groups.index)
    problems = [f"Draws and groups must name the same places; only one has {first_ids(lost)}."] if len(lost) else []
    if (margins is None) != (clusters is None):
        problems.append("Give margins and clusters together.")
    elif margins is not None and clusters is not None:
        strays = clusters.index[~clusters.isin(margins.index)]
        problems += [f"The cluster of {first_ids(strays)} has no row in margins."] if len(strays) else []
    raise_all(problems, TableError)
    rng, count = np.random.default_rng(rng), len(draws.parameters)
    here = groups.loc[draws.place_ids]
    moved = 1.0 if areas is None else _resettled(here.iloc[:, 0], areas, area_sigma, rng, count)
    people = _counts(here, margins, clusters, moved, rng, count)
    cutoffs, sigmas = (draws.parameters[name].to_numpy()[:, None] for name in ("cutoff_min", "sigma_min"))
    near = {name: draws.time_min[:, row, :] <= upto(cutoffs) for row, name in enumerate(draws.categories)}
    none = np.zeros((len(cutoffs), len(draws.place_ids)), dtype=bool)
    chain = np.logical_and.reduce([near.get(name, none) for name in required])
    columns: dict[str, Floats] = {}
    with np.errstate(divide="ignore", invalid="ignore"):  # a group without people has no shares: NaN
        for row, name in enumerate(draws.categories):
            times = draws.time_min[:, row, :].astype(np.float64)
            reached = ~np.isnan(times)
            minutes = np.where(reached, times, 0.0)
            weight = np.where(reached, np.exp(-0.5 * (minutes / sigmas) ** 2), 0.0)
            for group, counts in people.items():
                total = counts.sum(axis=1)
                columns[f"{name} covered_share, {group}"] = (counts * near[name]).sum(axis=1) / total
                columns[f"{name} weighted_share, {group}"] = (counts * weight).sum(axis=1) / total
                columns[f"{name} mean_min, {group}"] = (counts * minutes).sum(axis=1) / (counts * reached).sum(axis=1)
        for group, counts in people.items():
            columns[f"all required covered_share, {group}"] = (counts * chain).sum(axis=1) / counts.sum(axis=1)
    return pd.DataFrame(columns, index=draws.parameters.index)
