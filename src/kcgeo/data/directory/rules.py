"""What a row of services must be: known words, ages in order, and points that can be true.

The rules of disclosure are in :mod:`kcgeo.data.directory.closing.levels`. No message here repeats what a hidden row
holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from kcgeo.data.directory.closing.words import category_words, known_words, nearest
from kcgeo.data.study.region import packaged
from kcgeo.errors import first_ids

__all__ = [
    "FAR_KM",
    "NOT_VERIFIED",
    "age_problems",
    "blank_problems",
    "category_problems",
    "elsewhere",
    "hours_problems",
    "point_problems",
    "word_problems",
]

FAR_KM = 100.0
"""A service this far from the counties (or nearer) may serve them; one farther away is taken for a slip."""

NOT_VERIFIED = "Not verified lately: call before you rely on it."
"""What a reader elsewhere is told of a service whose status is unknown."""

_WORDS = ("eligibility", "service_status", "location_type", "coordinate_precision", "state")
_NEEDED = ("organization_name", "service_name", "service_status", "eligibility", "location_type")
_SAME_POINT = 5e-5
"""Degrees; a point that equals the centre of a town to four decimals was not taken at a door."""
_EARTH = Geod(ellps="WGS84")


def category_problems(rows: pd.DataFrame, known: Iterable[str], hidden: pd.Series[bool]) -> list[str]:
    """Collect rows with no category, or with one that is not in the list, under each word."""
    allowed = list(known)
    parts = rows["service_categories"].fillna("").str.split("|")
    wrong: dict[str, list[str]] = {}
    for identity, names, hide in zip(rows["service_id"], parts, hidden, strict=True):
        for name in names:
            if name not in allowed:
                wrong.setdefault("" if hide and name else name or "blank", []).append(str(identity))
    return [
        f"{first_ids(ids)}: "
        + (f"the category '{name[:60]}' is unknown" if name not in ("", "blank") else "a category is blank or unknown")
        + _meant(name, category_words())
        + f"; allowed are {', '.join(allowed)}; a mapping translates others "
        "([values.service_categories], --option mapping=FILE.toml)."
        for name, ids in wrong.items()
    ]


def word_problems(rows: pd.DataFrame, hidden: pd.Series[bool]) -> list[str]:
    """Collect words that a column does not take, each with its rows, and the nearest that it takes."""
    problems = []
    for column in _WORDS:
        known = known_words(column)
        given = rows[column].dropna()
        for word, ids in rows.loc[given.index[~given.isin(set(known.values()))]].groupby(column, sort=False):
            for some, shown in ((ids[~hidden[ids.index]], True), (ids[hidden[ids.index]], False)):
                if len(some):
                    said = (
                        f"{column} is '{str(word)[:60]}'" + _meant(str(word), known)
                        if shown
                        else f"{column} holds a word that is not allowed"
                    )
                    allowed = "two letters, e.g. OK" if column == "state" else ", ".join(dict.fromkeys(known.values()))
                    problems.append(f"{first_ids(some['service_id'])}: {said}; allowed are {allowed}.")
    return problems


def _meant(word: str, known: Mapping[str, str]) -> str:
    near = nearest(word, known)
    return f" (did you mean {known[near]}?)" if near else ""


def blank_problems(rows: pd.DataFrame) -> list[str]:
    """Collect rows of level exact or area that leave blank what every shown row needs."""
    shown = rows[rows["disclosure"].ne("withheld")]
    cures = {"eligibility": "fill it in, or say what to take with --option eligibility=any"}
    return [
        f"{first_ids(shown.loc[shown[column].isna(), 'service_id'])}: {column} is blank; "
        f"{cures.get(column, 'fill it in')}."
        for column in _NEEDED
        if shown[column].isna().any()
    ]


def age_problems(rows: pd.DataFrame) -> list[str]:
    """Collect rows whose youngest age is above their oldest."""
    wrong = rows[rows["minimum_age"] > rows["maximum_age"]]
    if wrong.empty:
        return []
    return [f"{first_ids(wrong['service_id'])}: minimum_age is above maximum_age; exchange or correct them."]


def hours_problems(rows: pd.DataFrame, unreadable: pd.Series[bool]) -> list[str]:
    """Collect rows whose opening_hours are not in OpenStreetMap syntax."""
    if not unreadable.any():
        return []
    ids = first_ids(rows.loc[unreadable, "service_id"])
    return [
        f"{ids}: opening_hours is not in OpenStreetMap syntax; write e.g. 'Mo-Fr 09:00-17:00', or leave it blank; "
        "hours in words of one's own belong in the column hours."
    ]


def point_problems(rows: pd.DataFrame, counties: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> list[str]:
    """Collect points that cannot be true, on rows of level exact.

    Parameters
    ----------
    rows : DataFrame
        ``service_id, latitude, longitude`` as numbers, ``location_type, service_categories, coordinate_precision``.
    counties : GeoDataFrame
        The area served; points farther than :data:`FAR_KM` from it are refused.
    towns : GeoDataFrame
        Centres of towns, to which a directory geocodes what it cannot find.
    """
    half = rows["latitude"].isna() != rows["longitude"].isna()
    problems = _say(rows, half, "only one of latitude and longitude is given; give both or none")
    at = rows[rows["latitude"].notna() & rows["longitude"].notna()]
    placeless = at["location_type"].eq("virtual") | at["service_categories"].eq("hotline")
    problems += _say(at, placeless, "a hotline or virtual service has no place; remove latitude and longitude")
    problems += _say(
        at,
        ~placeless & (at["coordinate_precision"].isna() | at["coordinate_precision"].eq("none")),
        "the point has no coordinate_precision; say rooftop, street or zip, or remove the point",
    )
    at = at[~placeless]
    area = shapely.union_all(counties.geometry.to_numpy())
    shapely.prepare(area)
    verdicts = pd.Series(
        [_verdict(lat, lon, area) for lat, lon in zip(at["latitude"], at["longitude"], strict=True)],
        index=at.index,
        dtype=object,
    )
    for verdict in sorted(set(verdicts.dropna())):
        problems += _say(at, verdicts.eq(verdict), verdict)
    return problems + _centre_problems(at[verdicts.isna()], towns)


def elsewhere(rows: pd.DataFrame, counties: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Say which rows stand in another part of the country, as most of a statewide list does: they are no slip.

    Their point lies farther than :data:`FAR_KM` from the area served, in a county of the nation that agrees with the
    state of the row, and within that distance of its ZIP code; where the row names neither it cannot be told.
    """
    lat, lon = (pd.to_numeric(rows[name], errors="coerce") for name in ("latitude", "longitude"))
    area = shapely.union_all(counties.geometry.to_numpy())
    named = lat.notna() & lon.notna() & (rows["state"].ne("") | rows["postal_code"].ne(""))
    spots = zip(lat, lon, named, strict=True)
    far = named & np.array([bool(ok) and _verdict(y, x, area) is not None for y, x, ok in spots], dtype=bool)
    if not far.any():
        return far
    points = gpd.GeoDataFrame(rows[far], geometry=gpd.points_from_xy(lon[far], lat[far]), crs=counties.crs)
    held = gpd.sjoin(points, packaged("counties_us")[["state", "geometry"]], lsuffix="own", rsuffix="true")
    held = held[~held.index.duplicated()]
    zips = packaged("places_us").set_index(packaged("places_us")["place_id"].str[-5:]).geometry
    spots = zip(held["postal_code"], held.geometry.y, held.geometry.x, strict=True)
    near = np.array([code not in zips.index or _km(y, x, zips[code]) <= FAR_KM for code, y, x in spots], dtype=bool)
    agrees = (held["state_own"].eq("") | held["state_own"].eq(held["state_true"])) & near
    return far & far.index.isin(held.index[agrees])


def _verdict(lat: float, lon: float, area: shapely.Geometry) -> str | None:
    """Say what is wrong with a point, or None."""
    if _near(lat, lon, area):
        return None
    if _near(lon, lat, area):
        return "latitude and longitude look swapped; exchange them"
    if _near(lat, -lon, area):
        return "longitude looks as if it lacks its minus sign; west is negative"
    if not abs(lat) <= 90:
        return f"latitude {lat:g} is impossible (it lies between -90 and 90); correct it"
    if not abs(lon) <= 180:
        return f"longitude {lon:g} is impossible (it lies between -180 and 180); correct it"
    return f"the point lies about {_km(lat, lon, area):.0f} km from the counties; correct it or leave the row out"


def _near(lat: float, lon: float, area: shapely.Geometry) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180 and _km(lat, lon, area) <= FAR_KM


def _km(lat: float, lon: float, area: shapely.Geometry) -> float:
    """Distance to the nearest part of the area; the nearest part is found in degrees, which serves at this scale."""
    point = shapely.Point(lon, lat)
    if shapely.covers(area, point):
        return 0.0
    nearest = shapely.get_point(shapely.shortest_line(point, area), 1)
    return float(_EARTH.inv(lon, lat, nearest.x, nearest.y)[2]) / 1000


def _centre_problems(rows: pd.DataFrame, towns: gpd.GeoDataFrame) -> list[str]:
    names: dict[str, list[str]] = {}
    lats, lons = towns.geometry.y.to_numpy(), towns.geometry.x.to_numpy()
    for row in rows[["service_id", "latitude", "longitude"]].itertuples(index=False):
        same = (abs(lats - row.latitude) <= _SAME_POINT) & (abs(lons - row.longitude) <= _SAME_POINT)
        if same.any():
            names.setdefault(str(towns["name"].to_numpy()[same][0]), []).append(str(row.service_id))
    return [
        f"{first_ids(ids)}: the point is the centre of {town}, as directories give for a PO box or an unknown address; "
        "remove it or give the true one."
        for town, ids in sorted(names.items())
    ]


def _say(rows: pd.DataFrame, where: pd.Series[bool], fault: str) -> list[str]:
    return [f"{first_ids(rows.loc[where, 'service_id'])}: {fault}."] if where.any() else []
