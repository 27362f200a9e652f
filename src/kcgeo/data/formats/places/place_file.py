"""The layer ``places`` of a study: its file, and putting one together from sources that each hold a part.

A boundary file has land but no people, a table of centers has people but no land, a survey table has groups but no
points. Each source gives what it has; the rest is kept from the layer that stands if that knows it, and is estimated
otherwise (:mod:`kcgeo.data.formats.places.estimates`). The column ``estimated`` of the file says which is which, row
by row.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.crs import STORAGE
from kcgeo.data.formats.about_study import check_units
from kcgeo.data.formats.archive import refusing
from kcgeo.data.formats.places.estimates import group_counts, people_counts, region_km2
from kcgeo.data.places.people import places
from kcgeo.data.study.layers import Layer, checked_layer
from kcgeo.data.study.region import GONE, counties, may_lie_in
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["COUNTS", "QUANTITIES", "assemble", "kept_title", "packaged_places", "read_places", "write_places"]

GROUPS = ("under18_count", "poverty_count", "household_count", "no_vehicle_household_count")
COUNTS = ("population_count", *GROUPS)
QUANTITIES = (*COUNTS, "land_area_km2", "point")
"""What a source may know of a place; ``point`` is where its people live, longitude and latitude."""

MOES = tuple(name.replace("_count", "_moe") for name in COUNTS)
"""Margins of error at 90 %, in persons or households, blank where none was given."""

_COLUMNS = ["place_id", "state", "county_fips", *COUNTS, "land_area_km2", "latitude", "longitude"]


def write_places(table: pd.DataFrame) -> Callable[[Path], int]:
    """Return what writes the table as the layer's file: CSV, gzipped, the same bytes on each run."""
    columns = [*_COLUMNS, *[name for name in MOES if name in table.columns], "estimated"]
    ordered = table[columns].sort_values("place_id")

    def write(path: Path) -> int:
        text = ordered.to_csv(index=False, lineterminator="\n", float_format="%.6f")
        with path.open("wb") as stream, gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
            packed.write(text.encode("utf-8"))
        return len(ordered)

    return write


def read_places(path: Path) -> gpd.GeoDataFrame:
    """Read the file of a layer ``places``.

    Returns
    -------
    GeoDataFrame
        The columns of the packaged places, points in EPSG:4326; besides ``estimated`` (a semicolon between the names
        of quantities that no source gave, see :data:`QUANTITIES`) and, where a survey gave them, ``population_moe``,
        ``under18_moe`` ... (margin of error at 90 %).

    Raises
    ------
    TableError
        The file is not one that :func:`write_places` wrote.
    """
    with refusing(path, "a layer of places"):
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        names = dict.fromkeys(["place_id", "state", "county_fips", "estimated"], "str")
        table = pd.read_csv(
            io.StringIO(text), dtype=names, keep_default_na=False, na_values={name: [""] for name in MOES}
        )
        counts = table[list(COUNTS)].astype("int64")
        points = gpd.points_from_xy(table["longitude"], table["latitude"])
        frame = gpd.GeoDataFrame(
            table.drop(columns=["latitude", "longitude"]).assign(**counts), geometry=points, crs=STORAGE
        )
    if frame["place_id"].duplicated().any() or (counts < 0).to_numpy().any():
        raise TableError(f"{path.name} is no layer of places; add it again with kcgeo data add.")
    return frame.sort_values("place_id", ignore_index=True)


def packaged_places(study: Study) -> gpd.GeoDataFrame:
    """Return the packaged places of the study's counties, whatever layer the study has."""
    return places(replace(study, layers=()))


def kept_title(title: str, former: Layer | None, kept: Collection[str]) -> str:
    """Return a title that also names the source from which something was kept."""
    if former is None or not kept:
        return title
    older = [part for part in former.title.split("; ") if part not in title]
    return "; ".join([title, *older])


def assemble(
    study: Study, units: pd.DataFrame, *, what: str, weak: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str], set[str]]:
    """Put a layer of places together: what the source gives, what the standing layer knows, estimates for the rest.

    Parameters
    ----------
    study
        Its counties are kept; each must have a row.
    units
        ``place_id, latitude, longitude`` and what the source knows of :data:`COUNTS`,
        ``land_area_km2``. Ids begin with the county's five digits.
    what
        In the plural: ``block groups``.
    weak
        Quantities of ``units`` that only stand in where the standing layer knows none.

    Returns
    -------
    tuple
        The table for :func:`write_places`, notes, and the quantities kept from the standing layer.

    Raises
    ------
    TableError
        A county of the study has no row, an id occurs twice, or a row has no point.
    """
    table, notes = _of_study(study, units, what)
    notes += check_units(study, table.dropna(subset=["latitude", "longitude"]), what=what)
    former = study.layer("places")
    known = pd.DataFrame({name: _given(table, name) for name in QUANTITIES}, index=table.index)
    known[list(weak)] = False
    kept: set[str] = set()
    if former is not None:
        kept = _keep(table, known, read_places(checked_layer(former)), former, notes)
    notes += _estimate(study, table, known)
    table["estimated"] = [";".join(np.array(QUANTITIES)[~row]) for row in known.to_numpy()]
    notes += cap_groups(table)
    return table, notes, kept


def _given(table: pd.DataFrame, name: str) -> pd.Series:
    columns = ["latitude", "longitude"] if name == "point" else [name]
    for column in columns:
        if column not in table:
            table[column] = np.nan
    return table[columns].notna().all(axis=1)


def _of_study(study: Study, units: pd.DataFrame, what: str) -> tuple[pd.DataFrame, list[str]]:
    units = units.assign(county_fips=_present_county(study, units))
    inside = units["county_fips"].isin(study.counties)
    missing = sorted(set(study.counties) - set(units.loc[inside, "county_fips"]))
    if missing:
        raise TableError(
            f"There are no {what} of the counties {first_ids(missing)} of the study; "
            "give the files of all its states together, in one folder."
        )
    table = units[inside].sort_values("place_id", ignore_index=True)
    twice = table.loc[table["place_id"].duplicated(), "place_id"].unique()
    if len(twice):
        raise TableError(f"The {what} {first_ids(twice)} occur more than once; give each file once.")
    states = counties(study).set_index("county_fips")["state"]
    table["state"] = table["county_fips"].map(states)
    notes = [f"{len(units) - len(table):,} {what} of other counties were left out."] if len(units) > len(table) else []
    return table, notes


def _present_county(study: Study, units: pd.DataFrame) -> pd.Series:
    """Return the county of each id; where that is gone (Connecticut, Alaska), the one of today that holds the point."""
    codes = units["place_id"].str[:5]
    gone = codes.isin(list(GONE)) & may_lie_in(codes, study)
    if not gone.any():
        return codes
    points = gpd.GeoDataFrame(
        geometry=gpd.GeoSeries.from_xy(units.loc[gone, "longitude"], units.loc[gone, "latitude"], crs=STORAGE)
    )
    own = counties(study)[["county_fips", "geometry"]]
    held = points.sjoin(own, how="left", predicate="intersects")["county_fips"]
    held = held[~held.index.duplicated()].fillna(codes[gone])
    return codes.where(~gone, held.reindex(codes.index))


def _keep(
    table: pd.DataFrame, known: pd.DataFrame, former: gpd.GeoDataFrame, about: Layer, notes: list[str]
) -> set[str]:
    """Fill in what the standing layer knows of the same places."""
    standing = pd.DataFrame(former.drop(columns="geometry")).assign(
        longitude=former.geometry.x, latitude=former.geometry.y
    )
    standing = standing.set_index("place_id")
    same = table["place_id"].isin(standing.index)
    if not same.any():
        return set()
    rows = standing.reindex(table["place_id"]).reset_index(drop=True)
    guessed = rows["estimated"].fillna("").str.split(";")
    kept = set()
    for name in QUANTITIES:
        use = (same & ~known[name] & ~pd.Series([name in part for part in guessed], index=table.index)).to_numpy()
        if use.any():
            for column in ["latitude", "longitude"] if name == "point" else [name]:
                table.loc[use, column] = rows.loc[use, column]
            moe = name.replace("_count", "_moe")
            if moe in rows and moe != name:
                table[moe] = rows[moe].where(pd.Series(use))
            known.loc[use, name] = True
            kept.add(name)
    if kept:
        notes.append(f"Kept from {about.source_name} ({about.title}): {', '.join(sorted(kept))}.")
    lost = standing.loc[~standing.index.isin(table["place_id"])]
    if len(lost) and "population_count" in kept:
        people = int(lost["population_count"].sum())
        notes.append(f"{len(lost):,} places of the former layer are not in this file; {people:,} people live there.")
    return kept


def _estimate(study: Study, table: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Fill in the rest; each estimate has its note."""
    notes = []
    sources = packaged_places(study)
    if not known["land_area_km2"].all():
        lacking = ~known["land_area_km2"].to_numpy()
        table.loc[lacking, "land_area_km2"] = region_km2(study, table)[lacking]
        notes.append(
            "Estimate: the source has no land area; it is the part of the county, water included, that is nearer to "
            "the place than to any other."
        )
    if not known["population_count"].any():
        table["population_count"] = people_counts(table, sources)
        notes.append(
            "Estimate: the source has no people; those of each packaged ZIP code were shared equally among the places "
            "nearest to it. Add the centers of population or a table of the survey."
        )
    elif not known["population_count"].all():
        bare = table.loc[~known["population_count"], "place_id"]
        table["population_count"] = table["population_count"].fillna(0)
        notes.append(f"No source has people for {first_ids(bare)}; they count as empty.")
    lacking_groups = [name for name in GROUPS if not known[name].all()]
    if lacking_groups:
        guess = group_counts(table, sources)
        for name in lacking_groups:
            table[name] = table[name].where(known[name], guess[name])
        notes.append(
            f"Estimate: no source has {', '.join(lacking_groups)} of every place; the share in the nearest packaged "
            "ZIP code of the county stands for it. Add tables of the survey (kcgeo data add acs)."
        )
    for name in COUNTS:
        table[name] = np.rint(table[name].astype("float64")).astype("int64")
    return notes


def cap_groups(table: pd.DataFrame) -> list[str]:
    """Hold groups to the whole that they are part of: sources of two years may differ. Changes ``table``."""
    notes = []
    for part, whole in (
        ("under18_count", "population_count"),
        ("poverty_count", "population_count"),
        ("no_vehicle_household_count", "household_count"),
    ):
        over = table[part] > table[whole]
        if over.any():
            table[part] = table[part].clip(upper=table[whole])
            notes.append(
                f"{part} was above {whole} in {int(over.sum()):,} places, since the sources differ; it was set to it: "
                f"{first_ids(table.loc[over, 'place_id'])}."
            )
    return notes
