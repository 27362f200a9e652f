"""Areas that may be named for a confidential service: county groups too large to tell a place by."""

from __future__ import annotations

import pandas as pd

from kcgeo.data.study.region import counties, is_packaged, packaged
from kcgeo.data.study.settings import Study

__all__ = ["LEAST_PEOPLE", "OUTSIDE", "WHOLE", "areas"]

LEAST_PEOPLE = 100_000
"""A smaller county is named with its neighbours of the same state only."""

WHOLE = "whole region"
OUTSIDE = "outside the metro"


def areas(study: Study) -> pd.DataFrame:
    """Return the approved areas of a study and their counties.

    Outside the packaged region they are drawn from public population alone: a county of :data:`LEAST_PEOPLE` and more
    stands by itself ("Greene County MO"), the smaller ones of a state are one area ("smaller counties MO") where
    together they reach that number, and ``whole region`` holds all, where all together do. People are those of the
    packaged ZIP points, so that a layer of the study's own changes no name.

    Returns
    -------
    DataFrame
        ``area, county_fips`` (long), sorted; ``county_fips`` is missing for "outside the metro", which is never drawn.

    Raises
    ------
    StudyError
        As :func:`kcgeo.data.counties`.
    """
    if is_packaged(study):
        table: pd.DataFrame = packaged("areas")
        return table
    own = counties(study)
    people = _people(study).reindex(own["county_fips"]).fillna(0).to_numpy()
    large = own[people >= LEAST_PEOPLE]
    kinds = packaged("counties_us").set_index("county_fips")["county_kind"]
    rows = [
        {"area": _area_name(row.name, kinds[row.county_fips], row.state), "county_fips": row.county_fips}
        for row in large.itertuples(index=False)
    ]
    small = own[people < LEAST_PEOPLE].assign(people=people[people < LEAST_PEOPLE])
    for state, group in small.groupby("state", sort=True):
        if len(group) > 1 and group["people"].sum() >= LEAST_PEOPLE:
            rows += [{"area": f"smaller counties {state}", "county_fips": code} for code in group["county_fips"]]
    if people.sum() >= LEAST_PEOPLE:
        rows += [{"area": WHOLE, "county_fips": code} for code in own["county_fips"]]
    rows.append({"area": OUTSIDE, "county_fips": None})
    table = pd.DataFrame(rows, columns=["area", "county_fips"]).astype("str")
    return table.sort_values(["area", "county_fips"], ignore_index=True)


def _area_name(name: str, kind: object, state: str) -> str:
    """Say what it is, once: "Greene County MO", "Orleans Parish LA", "St. Louis city MO"."""
    title = kind.title() if isinstance(kind, str) and kind != "city" else kind
    named = isinstance(title, str) and not name.endswith(title)
    return f"{name} {title} {state}" if named else f"{name} {state}"


def _people(study: Study) -> pd.Series:
    table = packaged("places_us")
    inside = table[table["county_fips"].isin(study.counties)]
    people: pd.Series = inside.groupby("county_fips")["population_count"].sum()
    return people
