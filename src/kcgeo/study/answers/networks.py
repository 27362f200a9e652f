"""One network beside another for the same places, and who reaches help on foot.

Two networks differ most where one of them lacks something: a river that a grid does not know, a bridge that it lets
nobody cross, a street that winds. :func:`compare_networks` says by how much, by distance and density of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod

from kcgeo import data, travel
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, TableError
from kcgeo.study.measure import Measured

__all__ = ["compare_networks", "differences", "foot_times", "on_foot", "own_and_grid"]

DISTANCES_KM = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, float("inf"))
DENSITIES_PER_KM2 = (0.0, 100.0, 400.0, 1_200.0, 5_000.0, float("inf"))
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ELLIPSOID = Geod(ellps="WGS84")


def own_and_grid(study: Study) -> tuple[travel.Network, travel.Network]:
    """Return a study's streets, and the friction grid that it would have without them.

    Raises
    ------
    StudyError
        The study has no streets of its own.
    """
    if study.layer("streets") is None:
        raise StudyError(f"The study {study.name} has no streets to compare the friction grid with; add some first.")
    grid = travel.friction_network(replace(study, layers=tuple(at for at in study.layers if at.kind != "streets")))
    return travel.network(study), grid


def differences(
    networks: Study | tuple[travel.Network, travel.Network], places: gpd.GeoDataFrame, *, cutoff_min: float
) -> pd.DataFrame:
    """Minutes between all pairs of places on two networks, for pairs that either has within the cutoff.

    Parameters
    ----------
    networks
        A study with streets of its own (streets first, grid second), or two networks in EPSG:4326.
    places
        ``place_id`` and points; ``population_count`` and ``land_area_km2`` where the density is wanted.
    cutoff_min
        A pair counts where its time on one of the networks is at most this; the other time may be up to twice it.

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, first_min, second_min, difference_min`` (first - second; NaN where one has no way),
        ``distance_km`` (straight), ``density_per_km2`` (lower of both ends; NaN where not given), sorted by ids.

    Raises
    ------
    StudyError, TableError, CrsError
        No streets; no places; not in EPSG:4326.
    """
    first, second = own_and_grid(networks) if isinstance(networks, Study) else networks
    if places.empty:
        raise TableError("There are no places to compare the networks for.")
    tables = [
        travel.costs(network, places, places, cutoff_min=2 * cutoff_min).set_index(["from_id", "to_id"])["time_min"]
        for network in (first, second)
    ]
    pairs = pd.concat(tables, axis=1, keys=["first_min", "second_min"]).sort_index().reset_index()
    near = pairs[["first_min", "second_min"]].min(axis=1) <= cutoff_min
    pairs = pairs[near & (pairs["from_id"] != pairs["to_id"])].reset_index(drop=True)
    at = places.set_index("place_id")
    one, other = at.loc[pairs["from_id"]], at.loc[pairs["to_id"]]
    _, _, metres = _ELLIPSOID.inv(one.geometry.x, one.geometry.y, other.geometry.x, other.geometry.y)
    pairs["difference_min"] = pairs["first_min"] - pairs["second_min"]
    pairs["distance_km"] = np.asarray(metres) / 1000
    pairs["density_per_km2"] = np.minimum(_density(one), _density(other))
    return pairs


def _density(places: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    if not {"population_count", "land_area_km2"} <= set(places.columns):
        return np.full(len(places), np.nan)
    land = places["land_area_km2"].to_numpy(dtype=np.float64)
    people = places["population_count"].to_numpy(dtype=np.float64)
    density: npt.NDArray[np.float64] = np.divide(people, land, out=np.full(len(places), np.nan), where=land > 0)
    return density


def compare_networks(
    networks: Study | tuple[travel.Network, travel.Network],
    places: gpd.GeoDataFrame | None = None,
    *,
    cutoff_min: float = 60.0,
    reach_min: float = 30.0,
    distances_km: Sequence[float] = DISTANCES_KM,
    densities_per_km2: Sequence[float] = DENSITIES_PER_KM2,
) -> pd.DataFrame:
    """How two networks differ for the same pairs of places: all, by straight distance, and by density.

    Parameters
    ----------
    networks
        A study with streets of its own (streets minus friction grid), or two networks (first minus second).
    places
        As in :func:`differences`; those of the study where None.
    cutoff_min
        Pairs count where one of the networks has them within this.
    reach_min
        Minutes at which a place counts as in reach.
    distances_km, densities_per_km2
        Edges of the bands, each with its lower edge.

    Returns
    -------
    pandas.DataFrame
        One row a band: ``band`` (``all``, ``distance`` or ``density``), ``from``, ``to``, ``pairs_count``,
        ``one_only_count`` (pairs that only one network has within twice the cutoff), medians ``first_min`` and
        ``second_min``, quantiles of the difference ``q05_min`` ... ``q95_min``, ``mean_absolute_min``,
        ``ratio_median`` (first / second), and ``other_side_share``: pairs of which one network says in reach and the
        other not. NaN in a band without pairs.

    Raises
    ------
    StudyError, TableError, CrsError
        As :func:`differences`.
    """
    if places is None:
        if not isinstance(networks, Study):
            raise TableError("Give the places for which the two networks are compared.")
        places = data.living_points(networks)
    pairs = differences(networks, places, cutoff_min=cutoff_min)
    rows = [_row("all", 0.0, float("inf"), pairs, reach_min)]
    for band, column, edges in (
        ("distance", "distance_km", distances_km),
        ("density", "density_per_km2", densities_per_km2),
    ):
        for low, high in pairwise(edges):
            inside = (pairs[column] >= low) & (pairs[column] < high)
            rows.append(_row(band, low, high, pairs[inside], reach_min))
    return pd.DataFrame(rows)


def _row(band: str, low: float, high: float, pairs: pd.DataFrame, reach_min: float) -> dict[str, Any]:
    both = pairs.dropna(subset=["difference_min"])
    difference = both["difference_min"]
    moving = both[both["second_min"] > 0]
    return {
        "band": band,
        "from": low,
        "to": high,
        "pairs_count": len(pairs),
        "one_only_count": len(pairs) - len(both),
        "first_min": both["first_min"].median(),
        "second_min": both["second_min"].median(),
        **{f"q{round(100 * share):02d}_min": difference.quantile(share) for share in QUANTILES},
        "mean_absolute_min": difference.abs().mean(),
        "ratio_median": (moving["first_min"] / moving["second_min"]).median(),
        "other_side_share": ((pairs["first_min"] <= reach_min) != (pairs["second_min"] <= reach_min)).mean(),
    }


def foot_times(measured: Measured) -> pd.DataFrame:
    """Minutes on foot from each place to the nearest service of each category.

    Returns
    -------
    pandas.DataFrame
        Indexed by place id, ``<category>_min``; NaN: no way on foot within the study's search cutoff.

    Raises
    ------
    StudyError
        The study has no ways for walking.
    """
    study = measured.study
    services = data.by_category(measured.services)
    network = travel.walking_network(study)
    limit = study.travel.search_cutoff_min
    return travel.nearest_times(network, measured.places, services, by="category", cutoff_min=limit)


def on_foot(measured: Measured, *, cutoffs_min: Sequence[float] | None = None) -> pd.DataFrame:
    """How many households without a vehicle live where a service is in reach on foot, beside those in reach by car.

    A lower bound on both sides: confidential services are not counted. People of a place are taken to live at its
    point.

    Parameters
    ----------
    measured
        A study with the layer ``walks``.
    cutoffs_min
        Minutes, each with its own value; those of the study where None.

    Returns
    -------
    pandas.DataFrame
        ``category, cutoff_min, household_count`` (without a vehicle, all), ``on_foot_count, on_foot_share``,
        ``by_car_count, by_car_share`` (0 to 1), sorted. Counts are NaN where the places do not say who has a vehicle.

    Raises
    ------
    StudyError
        The study has no ways for walking.
    """
    walking = foot_times(measured)
    households = measured.places.set_index("place_id")["no_vehicle_household_count"].astype(float)
    total = households.sum(min_count=1)
    rows = []
    for column in sorted(set(walking.columns) | set(measured.place_times.columns)):
        for cutoff in cutoffs_min or measured.study.gaps.cutoffs_min:
            counts = {
                name: households[times[column] <= cutoff].sum(min_count=0) if column in times else 0.0
                for name, times in (("on_foot", walking), ("by_car", measured.place_times))
            }
            rows.append(
                {"category": column.removesuffix("_min"), "cutoff_min": float(cutoff), "household_count": total}
                | {f"{name}_count": count if total == total else np.nan for name, count in counts.items()}
                | {f"{name}_share": count / total if total > 0 else np.nan for name, count in counts.items()}
            )
    return pd.DataFrame(rows)
