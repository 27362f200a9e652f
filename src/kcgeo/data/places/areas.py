"""Areas that may be named for a confidential service: county groups too large to tell a place by."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from kcgeo.data.study.region import counties, is_packaged, packaged
from kcgeo.data.study.settings import Study

__all__ = ["LEAST_PEOPLE", "OUTSIDE", "WHOLE", "areas"]

LEAST_PEOPLE = 100_000
"""A smaller county is named with its neighbours of the same state only."""

WHOLE = "whole region"
OUTSIDE = "outside the metro"


def areas(study: Study) -> pd.DataFrame:
    """Return the approved areas of a study and all their counties, also those beyond the study.

    Outside the packaged region they are fixed for the whole country, from public population alone, so that two studies
    that name one area mean the same counties and cannot be laid over each other. A county of :data:`LEAST_PEOPLE` and
    more stands by itself ("Greene County MO"), the smaller ones of a state are one area ("smaller counties MO"), and
    ``whole region`` holds all counties of the states that the study touches. A study is given those of its counties, of
    the small ones only where they reach that number of people in the study too. People are those of the packaged ZIP
    points, so that a layer of the study's own changes no name.

    Returns
    -------
    DataFrame
        ``area, county_fips`` (long), sorted; ``county_fips`` is missing for "outside the metro", which is never drawn.

    Raises
    ------
    StudyError
        As :func:`kcgeo.data.counties`.

    Examples
    --------
    >>> from kcgeo import data
    >>> study = data.read_study(data.default_study())
    >>> data.areas(study).columns.tolist()[:3]
    ['area', 'county_fips']
    """
    if is_packaged(study):
        table: pd.DataFrame = packaged("areas")
        return table
    fixed = _national()
    own = fixed[fixed["county_fips"].isin(counties(study)["county_fips"])]
    here = own.groupby("area")["people"].sum()
    rows = fixed.loc[fixed["area"].isin(here.index[here >= LEAST_PEOPLE]), ["area", "county_fips"]]
    parts = [rows, pd.DataFrame({"area": [OUTSIDE], "county_fips": [None]})]
    if here.sum() >= LEAST_PEOPLE:
        states = fixed.loc[fixed["state"].isin(own["state"]), ["county_fips"]]
        parts.append(states.assign(area=WHOLE))
    found = pd.concat(parts, ignore_index=True).astype("str")
    return found.sort_values(["area", "county_fips"], ignore_index=True)


@lru_cache(maxsize=1)
def _national() -> pd.DataFrame:
    """Return every county of the country with its people and the one area that it lies in."""
    table = pd.DataFrame(packaged("counties_us")[["county_fips", "name", "state", "county_kind"]])
    people = packaged("places_us").groupby("county_fips")["population_count"].sum()
    table["people"] = table["county_fips"].map(people).fillna(0)
    alone = [_area_name(*row) for row in table[["name", "county_kind", "state"]].itertuples(index=False, name=None)]
    together = "smaller counties " + table["state"].astype("str")
    table["area"] = pd.Series(alone, index=table.index).where(table["people"] >= LEAST_PEOPLE, together)
    return table


def _area_name(name: str, kind: object, state: str) -> str:
    """Say what it is, once: "Greene County MO", "Orleans Parish LA", "St. Louis city MO"."""
    title = kind.title() if isinstance(kind, str) and kind != "city" else kind
    named = isinstance(title, str) and not name.endswith(title)
    return f"{name} {title} {state}" if named else f"{name} {state}"
