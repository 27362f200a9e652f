"""Corridors of a study by the mile: how far help is at each station, and on which stretches it is thin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo import access, data
from kcgeo.data.linear import MILE_M
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError
from kcgeo.study.measure import Measured
from kcgeo.study.releases import release_corridors

__all__ = ["CorridorReport", "corridor_report", "routes_with_miles"]


@dataclass(frozen=True, eq=False)
class CorridorReport:
    """Profile, gap segments and exits of some routes, and what is let out of them; made by :func:`corridor_report`.

    Attributes
    ----------
    routes
        In the order asked for.
    cutoff_min
        A station over it is in a gap; the cutoff itself is served.
    profile
        One row a station: ``route, state, system, milepost_mi, along_mi`` (miles along the route from its first mile in
        the study, through all mile systems) and ``<category>_min``; NaN is not reached.
    segments
        ``route, state, from_milepost_mi, to_milepost_mi, length_mi, category, worst_min``: stretches over the cutoff.
    exits
        ``route, state, system, milepost_mi, along_mi, exit, label`` (the route met there, or None) within the study.
    released
        The same tables as releases: ``profile``, ``segments``, ``exits``.
    """

    routes: tuple[str, ...]
    cutoff_min: float
    profile: pd.DataFrame
    segments: pd.DataFrame
    exits: pd.DataFrame
    released: dict[str, Released]


def routes_with_miles(measured: Measured) -> tuple[str, ...]:
    """Return the corridors of a study that have mileposts, in the order of the study file."""
    lines = data.corridors(measured.study)
    known = set(lines.loc[lines["vertex_mi"].notna(), "route"])
    return tuple(route for route in measured.study.corridors if route in known)


def corridor_report(measured: Measured, *, routes: Sequence[str] | None = None, step_mi: float = 0.5) -> CorridorReport:
    """Measure the required categories along some routes, every ``step_mi`` miles.

    Parameters
    ----------
    measured : Measured
        Network, services, required categories and headline cutoff.
    routes : sequence of str, optional
        Such as "I-35"; all corridors of the study that have mileposts where not given.
    step_mi : float
        Miles between stations.

    Raises
    ------
    StudyError
        A route is not in the data or has no mileposts.
    TableError
        The step is not above 0, or no required category has a public address.
    """
    study = measured.study
    lines = data.corridors(study)
    known = tuple(lines.loc[lines["vertex_mi"].notna(), "route"].unique())
    chosen = tuple(dict.fromkeys(routes_with_miles(measured) if routes is None else routes))
    unknown = [route for route in chosen if route not in known]
    if unknown or not chosen:
        raise StudyError(
            f"{', '.join(unknown) or 'No corridor of the study'} has no mileposts in the data; "
            f"the routes that have some are {', '.join(known) or 'none'}."
        )
    listed = data.by_category(measured.services)
    listed = listed[listed["category"].isin(study.gaps.required)]
    cutoff_min = study.gaps.headline_cutoff_min
    profiles, exits = [], []
    for route in chosen:
        own = lines[lines["route"] == route]
        starts = _starts_mi(own)
        times = access.corridor_profile(measured.network, own, listed, step_mi=step_mi, by="category")
        systems = data.stations(own, step_mi=step_mi)["system"]
        profiles.append(_placed(times.assign(system=systems.to_numpy()), own, starts))
        exits.append(_placed(_exits(own), own, starts))
    profile = pd.concat(profiles, ignore_index=True)
    for category in study.gaps.required:  # no public address at all: nobody reaches it
        if f"{category}_min" not in profile:
            profile[f"{category}_min"] = np.nan
    segments = access.gap_segments(profile, cutoff_min=cutoff_min)
    segments.insert(4, "length_mi", segments["to_milepost_mi"] - segments["from_milepost_mi"])
    listing = pd.concat(exits, ignore_index=True)
    return CorridorReport(
        routes=chosen,
        cutoff_min=cutoff_min,
        profile=profile,
        segments=segments,
        exits=listing,
        released=release_corridors(measured, profile=profile, segments=segments, exits=listing),
    )


def _starts_mi(lines: gpd.GeoDataFrame) -> pd.Series:
    """Miles along the route at which each piece of it begins, by the index of ``lines``.

    Mileposts rise to the east on routes of even number and to the north on odd ones, so the pieces follow one another
    in that order; what lies between two of them counts as the crow flies.
    """
    flat = lines.geometry.to_crs(lines["metric_crs"].iloc[0])
    first, last = shapely.get_point(flat.to_numpy(), 0), shapely.get_point(flat.to_numpy(), -1)
    digits = "".join(mark for mark in str(lines["route"].iloc[0]) if mark.isdigit())
    order = np.argsort(shapely.get_x(first) if int(digits) % 2 == 0 else shapely.get_y(first), kind="stable")
    starts, at = np.zeros(len(lines)), 0.0
    for before, here in zip([None, *order[:-1]], order, strict=True):
        if before is not None:
            length_mi = lines["to_mi"].iloc[before] - lines["from_mi"].iloc[before]
            at += length_mi + shapely.distance(last[before], first[here]) / MILE_M
        starts[here] = at
    return pd.Series(starts, index=lines.index)


def _exits(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Exits on these pieces of a route, with their mileposts."""
    exits = data.load("exits")
    exits = exits[exits["system"].isin(lines["system"]) & exits["county_fips"].notna()]
    return pd.DataFrame(
        {
            "route": exits["route"],
            "state": exits["state"],
            "system": exits["system"],
            "milepost_mi": exits["milepost_mi"],
            "exit": exits["exit_number"].astype(str),
            "label": [text if isinstance(text, str) else None for text in exits["crosses"]],
        }
    )


def _placed(rows: pd.DataFrame, lines: gpd.GeoDataFrame, starts: pd.Series) -> pd.DataFrame:
    """Give rows their miles along the route, leave out those on no piece of it, and sort by them."""
    along = np.full(len(rows), np.nan)
    for piece, start in zip(lines.itertuples(index=False), starts, strict=True):
        miles = rows["milepost_mi"].to_numpy(dtype=np.float64)
        here = (rows["system"] == piece.system).to_numpy() & (miles >= piece.from_mi) & (miles <= piece.to_mi)
        along[here] = start + miles[here] - piece.from_mi
    placed = rows.assign(along_mi=along.round(3)).dropna(subset="along_mi")
    head = ["route", "state", "system", "milepost_mi", "along_mi"]
    placed = placed[head + [name for name in placed.columns if name not in head]]
    return placed.sort_values("along_mi", kind="stable", ignore_index=True)
