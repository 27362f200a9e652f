"""Towns small enough to work out by hand; each says its arithmetic."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from kcgeo.access import ArcParts
from kcgeo.travel import Network

__all__ = ["coverage_town", "income_town", "line_of_four", "three_towns_road", "two_clinic_town"]


def two_clinic_town() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Three places with people and one clinic pair; the fourth place reaches nothing.

    Minutes::

                 east (6 beds)  west (3 beds)
        a  100        0              20
        b  200       10              30
        c   50        -              10
        d   40        -               -
    """
    costs = pd.DataFrame(
        [("a", "east", 0.0), ("a", "west", 20.0), ("b", "east", 10.0), ("b", "west", 30.0), ("c", "west", 10.0)],
        columns=["from_id", "to_id", "time_min"],
    )
    demand = pd.Series([100.0, 200.0, 50.0, 40.0], index=pd.Index(["a", "b", "c", "d"], name="place_id"))
    supply = pd.Series([6.0, 3.0], index=pd.Index(["east", "west"], name="service_id"))
    return costs, demand, supply


def coverage_town() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Four places, two categories with a public address and shelters that are confidential throughout.

    Minutes, people (of them under 18), and whether a confidential service of the category serves the place::

                legal  medical   people  under 18   referral: legal  shelter
        a         10       30      50       10               no        yes
        b         40       31      30       20              yes         no
        c          -        0      20        0               no        yes
        empty     30        5       0        0               no         no
    """
    index = pd.Index(["a", "b", "c", "empty"], name="place_id")
    nan = float("nan")
    times = pd.DataFrame({"legal_min": [10, 40, nan, 30], "medical_min": [30.0, 31.0, 0.0, 5.0]}, index=index)
    groups = pd.DataFrame({"population_count": [50, 30, 20, 0], "under18_count": [10, 20, 0, 0]}, index=index)
    referral = pd.DataFrame({"legal": [False, True, False, False], "shelter": [True, False, True, False]}, index=index)
    return times, groups, referral


def income_town() -> pd.DataFrame:
    """Three quarters by income, for shares of access between people.

    ::

                 services in reach   people   income
        poor             2             40       10      80 of 390 person-services
        middle           5             50       20     250
        rich             6             10       30      60

    Lorenz: (0.4, 80/390), (0.9, 330/390), (1, 1). Gini = 1 - 0.4 x 80/390 - 0.5 x 410/390 - 0.1 x 720/390
    = 1 - (32 + 205 + 72) / 390 = 81 / 390. Palma by income: 6 / 2.
    """
    return pd.DataFrame(
        {"access_count": [2.0, 5, 6], "population_count": [40.0, 50, 10], "income": [10.0, 20, 30]},
        index=pd.Index(["poor", "middle", "rich"], name="place_id"),
    )


def line_of_four() -> tuple[pd.Series, gpd.GeoDataFrame]:
    """Four places 1 km apart with values 1, 1, 3, 3, for clusters.

    Mean 2, variance 1: z = -1, -1, 1, 1. With neighbours within 1 km, local Moran is (n - 1) / n x z_i x mean z_j:
    the ends have one neighbour of their own kind, 3/4; the inner two have one of each, 0.
    """
    places = gpd.GeoDataFrame(
        {"place_id": ["a", "b", "c", "d"]},
        geometry=gpd.points_from_xy([0, 1_000, 2_000, 3_000], [0] * 4),
        crs="EPSG:26915",
    )
    return pd.Series([1.0, 1, 3, 3], index=places["place_id"]), places


def three_towns_road() -> tuple[ArcParts, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """West - middle - east on a road of 20 km, for draws: 10 minutes of streets, then 20 of highway and 2 of ramps.

    A clinic in the middle (sure), a shelter in the east (status unknown) and one in the west (inactive).
    """
    nodes = gpd.GeoDataFrame(
        {"node_id": ["west", "middle", "east"]},
        geometry=gpd.points_from_xy([0, 5_000, 20_000], [0, 0, 0]),
        crs="EPSG:26915",
    )
    edges = pd.DataFrame(
        [("west", "middle", 10.0), ("middle", "west", 10.0), ("middle", "east", 22.0), ("east", "middle", 22.0)],
        columns=["from_node_id", "to_node_id", "time_min"],
    )
    network = Network.from_edges(nodes, edges, max_snap_m=2_000)
    highway = network.arcs.time_ms == 22 * 60_000
    parts = ArcParts(
        network,
        local_ms=np.where(highway, 0.0, 600_000.0),
        highway_ms=np.where(highway, 1_200_000.0, 0.0),
        fixed_ms=np.where(highway, 120_000.0, 0.0),
    )
    sites = gpd.GeoDataFrame(
        {
            "service_id": ["clinic", "new", "old"],
            "site_id": ["m", "e", "w"],
            "category": ["medical", "shelter", "shelter"],
            "service_status": ["active", "unknown", "inactive"],
            "coordinate_precision": ["rooftop", "rooftop", "rooftop"],
        },
        geometry=[Point(5_000, 0), Point(20_000, 0), Point(0, 0)],
        crs="EPSG:26915",
    )
    return parts, nodes.rename(columns={"node_id": "place_id"}), sites
