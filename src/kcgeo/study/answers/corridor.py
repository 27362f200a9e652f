"""Corridors of a study by the mile: how far help is at each station, and on which stretches it is thin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo import access, data, present
from kcgeo.data.roads.linear import MILE_M
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError, raise_all
from kcgeo.present import Plate
from kcgeo.present.look.words import category_label
from kcgeo.study.answer import Answer, Figure
from kcgeo.study.measure import Measured
from kcgeo.study.releases import release_corridors

__all__ = ["CorridorReport", "corridor_faults", "corridor_report", "counted_routes", "routes_with_miles"]

TOWN_M = 6_000.0
"""A town is near a road where its centre is this close."""

STEPS_MI = (0.1, 10.0)
"""Shortest and longest distance between stations: mileposts are known to half a mile at best."""


@dataclass(frozen=True, eq=False)
class CorridorReport:
    """Profile, gap segments and exits of some routes, and what is let out of them; made by :func:`corridor_report`.

    Attributes
    ----------
    routes
        In the order asked for.
    counted
        Those whose miles are counted along the line; they are no mileposts.
    cutoff_min
        A station over it is in a gap; the cutoff itself is served.
    profile
        One row a station: ``route, state, system, milepost_mi, along_mi`` (miles along the route from its first mile in
        the study, through all mile systems) and ``<category>_min``; NaN is not reached.
    segments
        ``route, state, from_milepost_mi, to_milepost_mi, length_mi, category, worst_min``: stretches over the cutoff.
    exits
        ``route, state, system, milepost_mi, along_mi, exit, label`` (the route met there, else missing) in the study.
    towns
        ``route, state, system, milepost_mi, along_mi, name, population_count``: towns within ``TOWN_M`` of the road.
    released
        The same tables as releases: ``profile``, ``segments``, ``exits``, ``corridor_towns``.
    """

    study: Study
    routes: tuple[str, ...]
    counted: tuple[str, ...]
    cutoff_min: float
    profile: pd.DataFrame
    segments: pd.DataFrame
    exits: pd.DataFrame
    towns: pd.DataFrame
    released: dict[str, Released]

    @property
    def answer(self) -> Answer:
        """The strip chart of all routes of the report on one sheet, and its tables."""
        chart = Figure.of(
            "corridors",
            "Along which miles is help thin?",
            present.corridor_chart,
            ("profile", "segments", "exits"),
            named={"towns": "corridor_towns"},
            counted=self.counted,
            cutoff_min=self.cutoff_min,
        )
        asked = {"routes": list(self.routes)}
        return Answer("corridor", self.study, tables=self.released, figures=(chart,), place="", about=asked)

    def chart(self) -> Plate:
        """Draw the strip chart."""
        return self.answer.draw("corridors")

    @property
    def shown(self) -> pd.DataFrame:
        """The segments in words, one row each, for a terminal or a notebook."""
        rows = self.segments
        return pd.DataFrame(
            {
                "route": rows["route"] + " " + rows["state"],
                "from mile": rows["from_milepost_mi"].map("{:g}".format),
                "to mile": rows["to_milepost_mi"].map("{:g}".format),
                "kind of help": rows["category"].map(category_label),
                "longest": [
                    "no way" if np.isnan(worst) else f"{worst:.0f} min" for worst in rows["worst_min"].to_numpy(float)
                ],
            }
        )


def routes_with_miles(study: Study) -> tuple[str, ...]:
    """Return the corridors of a study that have mileposts, in the order of the study file."""
    known = _known_routes(study)
    return tuple(route for route in study.corridors if route in known)


def counted_routes(study: Study) -> tuple[str, ...]:
    """Return the routes of a study whose miles are counted along the line, since no milepost of theirs is known."""
    lines = data.corridors(study)
    basis = lines["mile_basis"]
    return tuple(lines.loc[basis.notna() & basis.ne("mileposts"), "route"].unique())


def corridor_report(measured: Measured, *, routes: Sequence[str] | None = None, step_mi: float = 0.5) -> CorridorReport:
    """Measure the required categories along some routes, every ``step_mi`` miles.

    Parameters
    ----------
    measured : Measured
        Network, services, required categories and headline cutoff.
    routes : sequence of str, optional
        Such as "I-35"; all corridors of the study that have mileposts where not given.
    step_mi : float
        Miles between stations, 0.1 to 10.

    Raises
    ------
    StudyError
        A route is not in the data or has no mileposts, or the step is out of range.
    TableError
        No required category has a public address.
    """
    study = measured.study
    chosen = tuple(dict.fromkeys(routes_with_miles(study) if routes is None else routes))
    raise_all(corridor_faults(study, chosen, step_mi), StudyError)
    lines = data.corridors(study)
    listed = data.by_category(measured.services)
    listed = listed[listed["category"].isin(study.gaps.required)]
    parts = [_along(measured, lines[lines["route"] == route], listed, step_mi) for route in chosen]
    profile, exits, towns = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    for category in study.gaps.required:  # no public address at all: nobody reaches it
        if f"{category}_min" not in profile:
            profile[f"{category}_min"] = np.nan
    cutoff_min = study.gaps.headline_cutoff_min
    segments = access.gap_segments(profile, cutoff_min=cutoff_min)
    segments.insert(4, "length_mi", segments["to_milepost_mi"] - segments["from_milepost_mi"])
    return CorridorReport(
        study=study,
        routes=chosen,
        counted=counted_routes(study),
        cutoff_min=cutoff_min,
        profile=profile,
        segments=segments,
        exits=exits,
        towns=towns,
        released=release_corridors(measured, profile=profile, segments=segments, exits=exits, towns=towns),
    )


def _known_routes(study: Study) -> tuple[str, ...]:
    lines = data.corridors(study)
    return tuple(lines.loc[lines["vertex_mi"].notna(), "route"].unique())


def corridor_faults(study: Study, routes: Sequence[str], step_mi: float) -> list[str]:
    """Say what is wrong with a question of routes, before anything is measured."""
    known = _known_routes(study)
    without = [route for route in routes if route not in known]
    problems = []
    if without or not routes:
        named = ", ".join(name or "''" for name in without)
        said = f"{named} has no mileposts" if without else "No route with mileposts is asked for"
        problems.append(f"{said}; choose from {', '.join(known)}.")
    shortest, longest = STEPS_MI
    if not shortest <= step_mi <= longest:
        problems.append(f"step_mi must be {shortest:g} to {longest:g} miles, not {step_mi:g}.")
    return problems


def _along(
    measured: Measured, lines: gpd.GeoDataFrame, listed: gpd.GeoDataFrame, step_mi: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Profile, exits and towns of one route, with their miles along it."""
    if lines.empty:
        raise StudyError("A route that is asked for does not pass through the counties of the study.")
    starts = _starts_mi(lines)
    times = access.corridor_profile(measured.network, lines, listed, step_mi=step_mi, by="category")
    systems = data.stations(lines, step_mi=step_mi)["system"]
    tables = times.assign(system=systems.to_numpy()), _exits(measured.study, lines), _towns(measured.study, lines)
    profile, exits, towns = (_placed(table, lines, starts) for table in tables)
    return profile, exits, towns


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


def _exits(study: Study, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the exits on these pieces of a route, with their mileposts."""
    exits = data.exits(study)
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


def _towns(study: Study, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the towns near these pieces of a route, each at the milepost that is nearest to its centre.

    A town beyond the end of a piece is nearest to the end itself and is left out.
    """
    cities = data.cities(study)
    spots = data.mileposts(cities, lines)
    towns = pd.DataFrame(
        {
            "route": spots["route"],
            "state": spots["state"],
            "milepost_mi": spots["milepost_mi"],
            "name": cities["name"],
            "population_count": cities["population_count"],
        }
    )[(spots["offset_m"] <= TOWN_M) & (spots["state"] == cities["state"])]
    pieces: list[pd.DataFrame] = [
        towns[
            (towns["state"] == piece.state)
            & towns["milepost_mi"].between(piece.from_mi, piece.to_mi, inclusive="neither")
        ].assign(system=piece.system)
        for piece in lines.itertuples(index=False)
    ]
    table: pd.DataFrame = pd.concat(pieces, ignore_index=True)
    return table


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
