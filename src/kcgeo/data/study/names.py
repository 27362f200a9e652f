"""Counties, towns and routes by the names that people write: "Tulsa County OK", "I44"; a near miss is proposed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo.data.study.region import packaged
from kcgeo.errors import StudyError, first_ids, raise_all

__all__ = ["around", "county_codes", "route_name", "routes_near", "town"]

NEAR_KM = 25.0
"""Counties this near to the middle of a town are taken as its surroundings."""

_KM_PER_DEGREE = 111.2
_KIND = re.compile(r"\b(county|parish|borough|census area|municipality|municipio|planning region|city)\b")
_ROUTE = re.compile(r"(?:INTERSTATE|(I|US|U\.S\.|H)(?: ?(?:HWY|HIGHWAY|ROUTE))?)[ -]*(H-?)?([0-9]{1,3})([NSEW]?)")


def folded(text: str) -> str:
    """Return a name without capitals, accents, points and double blanks.

    >>> folded("Doña  Ana, N.M.")
    'dona ana nm'
    """
    plain = unicodedata.normalize("NFKD", str(text).casefold())
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return " ".join(re.sub(r"[^a-z0-9 ]", "", plain.replace(",", " ").replace("-", " ")).split())


def county_codes(words: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of counties given by code or by name with state.

    Parameters
    ----------
    words
        ``"40143"``, ``"Tulsa County OK"``, ``"Tulsa, Oklahoma"``, ``"St. Louis city MO"``. A word that is a state
        belongs to the name before it, so that a list may be split at its commas.

    Raises
    ------
    StudyError
        One sentence for each name that is none, with the nearest ones, or that is several.

    Examples
    --------
    >>> county_codes(["40143", "Wagoner County OK", "Dona Ana", "NM"])
    ('40143', '40145', '35013')
    """
    table = _counties()
    states = packaged("states")
    letters = {folded(name): code for name, code in zip(states["name"], states["state"], strict=True)}
    letters |= {folded(code): code for code in states["state"]}
    joined: list[str] = []
    for word in words:
        if joined and folded(word) in letters and not joined[-1].isdigit():
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    codes, problems = [], []
    for word in joined:
        found, sentence = ([word], "") if re.fullmatch(r"[0-9]{5}", word) else _named(word, table, letters)
        codes += found
        problems += [sentence] if sentence else []
    raise_all(problems, StudyError)
    return tuple(codes)


def _counties() -> pd.DataFrame:
    table = pd.DataFrame(packaged("counties_us").drop(columns="geometry"))
    kinds = table["county_kind"].fillna("")
    return table.assign(kind=kinds, bare=[folded(name) for name in table["name"]])


def _named(word: str, table: pd.DataFrame, letters: dict[str, str]) -> tuple[list[str], str]:
    """Return the code of a name, or none and a sentence."""
    plain = folded(word)
    state = next((letters[end] for end in sorted(letters, key=len)[::-1] if plain.endswith(f" {end}")), None)
    if state:
        ends = [end for end, code in letters.items() if code == state and plain.endswith(f" {end}")]
        plain = plain.removesuffix(" " + max(ends, key=len))
    rows = table if state is None else table[table["state"] == state]
    exact = rows[rows["bare"] == plain]
    kind = _KIND.search(plain)
    if kind:
        bare = " ".join(_KIND.sub(" ", plain).split())
        exact = exact if len(exact) else rows[(rows["bare"] == bare) & rows["kind"].isin([kind[1], ""])]
    if len(exact) == 1:
        return [str(exact["county_fips"].iloc[0])], ""
    shown = (exact if len(exact) else _nearest(rows, plain))[["name", "kind", "state", "county_fips"]]
    hints = [f"{name} {kind} {code} ({fips})".replace("  ", " ") for name, kind, code, fips in shown.to_numpy()]
    if len(exact):
        return [], f"'{word}' may be {first_ids(hints, limit=6)}; write the state and what it is, or the code."
    return (
        [],
        f"'{word}' is no county{f' of {state}' if state else ''}; did you mean {' or '.join(hints[:3]) or 'its code'}?",
    )


def _nearest(rows: pd.DataFrame, plain: str) -> pd.DataFrame:
    close = get_close_matches(" ".join(_KIND.sub(" ", plain).split()), list(rows["bare"]), n=3, cutoff=0.6)
    return rows[rows["bare"].isin(close)].head(3)


def route_name(text: str) -> str | None:
    """Return a route as the package writes it; None where it is none.

    >>> [route_name(text) for text in ("i44", "Interstate 35 W", "US Highway 71", "H1", "70")]
    ['I-44', 'I-35W', 'US-71', 'H-1', None]
    """
    found = _ROUTE.fullmatch(" ".join(text.upper().split()).replace("INTERSTATE ", "INTERSTATE").replace(" W", "W"))
    if not found:
        return None
    kind = "H" if found[2] else (found[1] or "I").replace(".", "")
    return f"{kind}-{int(found[3])}{found[4]}"


def routes_near(codes: Sequence[str]) -> tuple[str, ...]:
    """List the routes whose points are packaged near counties: those that need no ``--via``."""
    outlines = packaged("counties_us")
    west, south, east, north = outlines[outlines["county_fips"].isin(codes)].total_bounds
    listed = packaged("corridor_points").cx[west - 0.3 : east + 0.3, south - 0.3 : north + 0.3]
    names = set(listed["route"][listed.duplicated("route")])  # one point alone traces nothing
    if set(codes) <= set(packaged("counties")["county_fips"]):
        names |= set(packaged("corridors")["route"])
    return tuple(sorted(names, key=lambda name: (name[0], len(name), name)))


def town(text: str) -> tuple[str, float, float]:
    """Return name, longitude and latitude of a town given as "Tulsa OK".

    Raises
    ------
    StudyError
        There is none of the name, with the nearest names.
    """
    table = packaged("cities_us")
    names = np.array([folded(f"{name} {state}") for name, state in zip(table["name"], table["state"], strict=True)])
    found = table[names == folded(text)]
    if found.empty:
        close = get_close_matches(folded(text), list(names), n=3, cutoff=0.6)
        hints = [f"{row.name} {row.state}" for row in table[np.isin(names, close)].itertuples(index=False)]
        raise StudyError(
            f"There is no town '{text}'; did you mean {' or '.join(hints[:3]) or 'another, e.g. Tulsa OK'}?"
        )
    row = found.loc[found["population_count"].idxmax()]
    return f"{row['name']} {row['state']}", float(row.geometry.x), float(row.geometry.y)


def around(lon: float, lat: float, *, near_km: float = NEAR_KM) -> gpd.GeoDataFrame:
    """Return the counties within some kilometres of a point, the one that holds it first.

    Returns
    -------
    GeoDataFrame
        As the packaged ``counties_us``, with ``away_km``.
    """
    table = packaged("counties_us")
    shrink = np.cos(np.radians(lat))
    shapes = shapely.transform(table.geometry.to_numpy(), lambda xy: xy * [shrink, 1.0])
    away = shapely.distance(shapes, shapely.Point(lon * shrink, lat)) * _KM_PER_DEGREE
    found: gpd.GeoDataFrame = table.assign(away_km=away)[away <= near_km].sort_values("away_km", kind="stable")
    return found.reset_index(drop=True)
