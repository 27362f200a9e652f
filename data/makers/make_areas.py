"""Make derived/areas.csv and derived/area_sizes.csv: the areas that may be named for a confidential service.

The groups of counties (raw/areas.csv) were drawn by hand along county lines, from public population alone: no service
is read here. A county of 100,000 people and more with two towns may stand by itself; smaller counties are merged within
their state until the group reaches that size. This maker computes the sizes and stops at a group that is too small, at
a county of the metro without a group, and at a county in two groups. ``whole region`` stands for all counties of the
package; ``outside the metro`` has no county and is never drawn.
"""

from __future__ import annotations

import json
from pathlib import Path

import shapely

from tables import DERIVED, RAW, field_names, read_csv, write_csv

LEAST_PEOPLE = 100_000
LEAST_TOWNS = 2
TOWN_PEOPLE = 1_000
EVERYWHERE = "*"
WRONG_TOWNS = {"4385018"}  # see make_cities.py


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Expand the whole region, count people and towns, check the rule, write both tables."""
    layer = json.loads((raw / "counties.geojson").read_text(encoding="utf-8"))["features"]
    outlines = {one["properties"]["GEOID"]: shapely.geometry.shape(one["geometry"]) for one in layer}
    areas = [
        {"area": row["area"], "county_fips": county}
        for row in read_csv(raw / "areas.csv")
        for county in (sorted(outlines) if row["county_fips"] == EVERYWHERE else [row["county_fips"]])
    ]
    whole = {row["area"] for row in read_csv(raw / "areas.csv") if row["county_fips"] == EVERYWHERE}
    sizes = _sizes(areas, outlines, raw)
    _check(areas, sizes, whole, metro={one["properties"]["GEOID"] for one in layer if one["properties"]["in_msa"]})
    write_csv(derived / "areas.csv", areas, field_names("areas"), ["area", "county_fips"])
    write_csv(derived / "area_sizes.csv", sizes, field_names("area_sizes"), ["area"])


def _towns(outlines: dict[str, shapely.Geometry], raw: Path) -> dict[str, list[int]]:
    """Return the people of each town of 1,000 and more, by the county that its point lies in."""
    found: dict[str, list[int]] = {county: [] for county in outlines}
    for row in read_csv(raw / "cities.csv"):
        people = int(row["population"])
        if row["geonameid"] in WRONG_TOWNS or people < TOWN_PEOPLE:
            continue
        point = shapely.Point(float(row["longitude"]), float(row["latitude"]))
        for county, outline in outlines.items():
            if outline.contains(point):
                found[county].append(people)
    return found


def _sizes(areas: list[dict[str, str]], outlines: dict[str, shapely.Geometry], raw: Path) -> list[dict[str, object]]:
    people = {
        row["geo_fips"]: int(float(row["pop_2023_estimate"])) for row in read_csv(raw / "county_denominators.csv")
    }
    towns = _towns(outlines, raw)
    rows: list[dict[str, object]] = []
    for area in sorted({row["area"] for row in areas}):
        counties = [row["county_fips"] for row in areas if row["area"] == area and row["county_fips"]]
        if not counties:
            continue  # outside the metro: nothing is drawn, nothing can be told apart
        inside = [count for county in counties for count in towns[county]]
        rows.append(
            {
                "area": area,
                "county_count": len(counties),
                "population_2023_count": sum(people.get(county, 0) for county in counties),
                "town_count": len(inside),
                "largest_town_count": max(inside, default=0),
            }
        )
    return rows


def _check(areas: list[dict[str, str]], sizes: list[dict[str, object]], whole: set[str], *, metro: set[str]) -> None:
    """Stop at a list that would tell too much."""
    faults = [
        f"{row['area']} has {row['population_2023_count']} people and {row['town_count']} towns: merge it."
        for row in sizes
        if int(str(row["population_2023_count"])) < LEAST_PEOPLE or int(str(row["town_count"])) < LEAST_TOWNS
    ]
    parts = [row["county_fips"] for row in areas if row["area"] not in whole and row["county_fips"]]
    faults += [
        f"County {county} lies in two areas." for county in sorted({one for one in parts if parts.count(one) > 1})
    ]
    faults += [f"County {county} lies in no area." for county in sorted(metro - set(parts))]
    if faults:
        raise ValueError(" ".join(faults))


if __name__ == "__main__":
    make()
