"""A small metro to draw: four square counties in two states, one river, three routes, times that can be told by hand.

The time to medical care at a cell is its distance from downtown in km: a circle of 15 km is the class 0-15. The
forensic exam is 5 minutes further, legal help takes twice as long, and a confidential service offers legal help in one
county. The north-east corner is not connected.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely

from kcgeo.data.study.settings import Barrier
from kcgeo.disclosure import Released, release
from kcgeo.present import Background, background

CRS = "EPSG:26915"
DOWNTOWN = (-94.60, 39.10)
REQUIRED = ("medical", "forensic_exam", "legal")
CUTOFF_MIN = 30.0
COUNTIES = {
    "20001": ("Westnorth", "KS", (-95.0, 39.1, -94.6, 39.5)),
    "20003": ("Westsouth", "KS", (-95.0, 38.7, -94.6, 39.1)),
    "29001": ("Eastnorth", "MO", (-94.6, 39.1, -94.2, 39.5)),
    "29003": ("Eastsouth", "MO", (-94.6, 38.7, -94.2, 39.1)),
}
SERVED = "29003"


@dataclass(frozen=True)
class Town:
    """All releases that the figures and pages take."""

    ground: Background
    counties: Released
    corridors: Released
    towns: Released
    cells: Released
    places: Released
    services: Released
    areas: Released
    coverage: Released
    aggregates: Released
    claims: Released
    cell_table: gpd.GeoDataFrame


def _distance_km(points: gpd.GeoSeries) -> np.ndarray:
    centre = gpd.GeoSeries([shapely.Point(DOWNTOWN)], crs=4326).to_crs(CRS).iloc[0]
    return points.to_crs(CRS).distance(centre).to_numpy() / 1000


def _county_of(lon: float, lat: float) -> str:
    return next(code for code, (_, _, box) in COUNTIES.items() if shapely.box(*box).covers(shapely.Point(lon, lat)))


def _times(points: gpd.GeoSeries, codes: list[str]) -> pd.DataFrame:
    km = _distance_km(points)
    table = pd.DataFrame({"medical_min": km, "forensic_exam_min": km + 5.0, "legal_min": km * 2.0})
    table[(points.x > -94.27).to_numpy() & (points.y > 39.43).to_numpy()] = np.nan
    for category in REQUIRED:
        near = table[f"{category}_min"] <= CUTOFF_MIN
        by_call = np.array([category == "legal" and code == SERVED for code in codes])
        table[f"{category}_state"] = np.where(near, "in_reach", np.where(by_call, "by_referral", "none"))
    return table


def cells_table(resolution: int = 7) -> gpd.GeoDataFrame:
    area = shapely.union_all([shapely.box(*box) for _, _, box in COUNTIES.values()])
    ids = sorted(h3.h3shape_to_cells(h3.geo_to_h3shape(area), resolution))
    spots = [h3.cell_to_latlng(cell) for cell in ids]
    points = gpd.GeoSeries(gpd.points_from_xy([lon for _, lon in spots], [lat for lat, _ in spots]), crs=4326)
    codes = [_county_of(lon, lat) for lat, lon in spots]
    table = pd.DataFrame({"cell_id": ids, "county_fips": codes}).join(_times(points, codes))
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)


PLACES = {
    # downtown, 23 km south-east (legal help by referral), 38 km north-west (lacks all)
    "64101": (-94.60, 39.101, 10_000, "20001"),
    "64102": (-94.42, 38.95, 5_000, "29003"),
    "64103": (-94.95, 39.30, 2_000, "20001"),
}


def places_table() -> gpd.GeoDataFrame:
    rows = [(key, people, code) for key, (_, _, people, code) in PLACES.items()]
    table = pd.DataFrame(rows, columns=["place_id", "population_count", "county_fips"])
    points = gpd.GeoSeries([shapely.Point(lon, lat) for lon, lat, _, _ in PLACES.values()], crs=4326)
    return gpd.GeoDataFrame(table.join(_times(points, list(table["county_fips"]))), geometry=points, crs=4326)


SERVICES = [
    # service_id, name, categories, level, area, precision, (lon, lat), phone, year
    (
        "s1",
        "General Hospital",
        ("medical", "forensic_exam"),
        "exact",
        None,
        "rooftop",
        (-94.60, 39.10),
        "816-555-0101",
        2025.0,
    ),
    ("s2", "Hospital police desk", ("law_enforcement",), "exact", None, "rooftop", (-94.60, 39.10), None, None),
    ("s3", "Uptown Counselling", ("counselling",), "exact", None, "zip", (-94.58, 39.12), "816-555-0103", 2019.0),
    ("s4", "Suburb Clinic", ("medical",), "exact", None, "rooftop", (-94.35, 39.30), "816-555-0104", 2022.0),
    ("s5", "Safe Roof", ("emergency_shelter", "legal"), "area", "Eastsouth area", None, None, "816-555-0105", None),
    ("s6", "Quiet House", ("emergency_shelter",), "withheld", None, None, None, None, None),
]


def services_table() -> gpd.GeoDataFrame:
    columns = [
        "service_id",
        "service_name",
        "categories",
        "disclosure",
        "area",
        "coordinate_precision",
        "spot",
        "phone",
        "verified_on",
    ]
    table = pd.DataFrame(SERVICES, columns=columns)
    table["organization_name"] = table["service_name"]
    table["disclosure_basis"] = np.where(table["disclosure"] == "exact", "published by the service", None)
    table["site_id"] = ["site-1", "site-1", "site-3", "site-4", None, None]
    points = gpd.GeoSeries([shapely.Point(spot) if spot else None for spot in table["spot"]], crs=4326)
    return gpd.GeoDataFrame(table.drop(columns="spot"), geometry=points, crs=4326)


def coverage_table() -> pd.DataFrame:
    """Shares of the three places, by hand: 17,000 people; medical reaches 15,000 of them within 30 minutes."""
    places = pd.DataFrame(places_table().drop(columns="geometry"))
    total = places["population_count"].sum()
    rows = []
    for category in ("medical", "forensic_exam"):
        for cutoff in (15.0, 30.0, 45.0, 60.0):
            near = places[f"{category}_min"] <= cutoff
            share = places.loc[near, "population_count"].sum() / total
            rows.append((category, "population_count", cutoff, share, 0.0, 1 - share, 0.0))
    names = ["category", "group", "cutoff_min", "covered_share", "by_referral_share", "none_share", "unreachable_share"]
    return pd.DataFrame(rows, columns=names)


STATES = {"MO": "Missouri", "KS": "Kansas"}
AGGREGATES = [
    ("A1", "National Human Trafficking Hotline", "cases", 55, "MO", "2014", "annual"),
    ("A2", "National Human Trafficking Hotline", "cases", 67, "MO", "2015", "annual"),
    ("A3", "National Human Trafficking Hotline", "cases", 85, "KS", "2016", "annual"),
    ("A4", "National Human Trafficking Hotline", "cases", 1524, "MO", "Dec 2007 to Dec 2021", "cumulative"),
    ("A5", "National Human Trafficking Hotline", "cases", 808, "KS", "Dec 2007 to about Jan 2025", "cumulative"),
    ("A6", "FBI UCR human trafficking offences", "Commercial Sex Acts", 6, "MO", "2013", "annual"),
    ("A7", "FBI UCR human trafficking offences", "Commercial Sex Acts", None, "KS", "2013", "annual"),
    ("A8", "FBI UCR human trafficking offences", "all", 0, "KS", "2014", "annual"),
    (
        "A9",
        "FBI UCR human trafficking offences",
        "Commercial Sex Acts, Independence PD",
        2,
        "Independence MO (Jackson County)",
        "2013",
        "annual",
    ),
    ("A10", "FBI UCR human trafficking offences", "Commercial Sex Acts", 4, "MO", "2014", "annual"),
]
CLAIMS = [
    (
        "C1",
        "children exploited",
        "1650",
        "KC metro",
        "about 2010",
        "D",
        "show_as_disputed",
        "Apportioned, not measured",
    ),
    ("C2", "hotline cases", "178", "MO", "2018", "B", "show_with_caveat", "Hotline"),
]


def _ledger() -> tuple[pd.DataFrame, pd.DataFrame]:
    first = ["aggregate_id", "series", "quantity", "value_number", "geography", "period", "period_type"]
    second = ["claim_id", "quantity", "value", "geography", "period", "evidence_grade", "use_in_tool", "grade_reason"]
    return pd.DataFrame(AGGREGATES, columns=first), pd.DataFrame(CLAIMS, columns=second)


def make_town() -> Town:
    codes = list(COUNTIES)
    squares = [shapely.box(*COUNTIES[code][2]) for code in codes]
    outlines = gpd.GeoDataFrame(
        {
            "county_fips": codes,
            "name": [COUNTIES[code][0] for code in codes],
            "state": [COUNTIES[code][1] for code in codes],
            "state_name": [STATES[COUNTIES[code][1]] for code in codes],
        },
        geometry=squares,
        crs=4326,
    )
    lines = {
        ("I-70", "KS"): [(-95.0, 39.08), (-94.6, 39.08)],
        ("I-70", "MO"): [(-94.6, 39.08), (-94.2, 39.02)],
        ("I-35", "KS"): [(-94.9, 38.7), (-94.6, 39.08)],
        ("I-35", "MO"): [(-94.6, 39.08), (-94.3, 39.5)],
        ("I-435", "MO"): [(-94.45, 38.9), (-94.4, 39.1), (-94.5, 39.25)],
    }
    roads = gpd.GeoDataFrame(
        {"route": [route for route, _ in lines], "state": [state for _, state in lines]},
        geometry=[shapely.LineString(line) for line in lines.values()],
        crs=4326,
    )
    names = [("Rivertown", "MO", 400_000, -94.60, 39.10), ("Farville", "KS", 20_000, -94.9, 39.4)]
    dots = gpd.GeoDataFrame(
        pd.DataFrame([row[:3] for row in names], columns=["name", "state", "population_count"]),
        geometry=[shapely.Point(row[3:]) for row in names],
        crs=4326,
    )
    about = {"sources": ["Invented town"], "vintage": "2026"}
    counties = release(outlines, name="counties", kind="background", **about)
    corridors = release(roads, name="corridors", kind="background", **about)
    towns = release(dots, name="towns", kind="background", **about)
    services = release(services_table(), name="services", kind="services", areas=["Eastsouth area"], **about)
    cells = cells_table()
    people = places_table()
    points = release(people[["place_id", "geometry"]], name="points", kind="background", **about)
    aggregates, claims = _ledger()
    served = pd.DataFrame({"area": ["Eastsouth area"], "county_fips": [SERVED]})
    ground = background(
        counties,
        corridors,
        crs=CRS,
        downtown=DOWNTOWN,
        core_half_width_km=20.0,
        rivers=[Barrier("Blue River", ("20001", "29001"), ("20003", "29003"))],
        towns=towns,
        sites=services,
    )
    return Town(
        ground=ground,
        counties=counties,
        corridors=corridors,
        towns=towns,
        cells=release(cells.drop(columns="geometry"), name="cell_times", kind="surface", **about),
        places=release(people, name="gaps", kind="gaps", geography=points, **about),
        services=services,
        areas=release(served, name="areas", kind="background", **about),
        coverage=release(coverage_table(), name="coverage", kind="coverage", **about),
        aggregates=release(aggregates, name="aggregates", kind="reporting", **about),
        claims=release(claims, name="claims", kind="reporting", **about),
        cell_table=cells,
    )
