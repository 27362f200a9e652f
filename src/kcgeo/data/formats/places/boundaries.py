"""Census block groups and tracts from boundary files: cartographic (``cb_2020_29_bg_500k``) or TIGER/Line.

They hold land and no people; see :mod:`kcgeo.data.formats.places.place_file` for where the people come from.
"""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kcgeo.data.formats.places.place_file import assemble, kept_title, write_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.vector import read_vector, valid_polygons
from kcgeo.data.study.region import may_lie_in
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids

__all__ = ["PUBLIC_DOMAIN", "read_block_groups", "read_outlines", "read_tracts", "vintage_of"]

PUBLIC_DOMAIN = "US Census Bureau, public domain"
_DIGITS = {11: "tracts", 12: "block groups"}
_COMMANDS = {11: "tracts", 12: "block-groups"}


def read_block_groups(path: Path, study: Study, *, layer: str | None = None) -> Converted:
    """Read block groups as places; see :func:`read_outlines` for what is accepted."""
    return _places(path, study, 12, layer)


def read_tracts(path: Path, study: Study, *, layer: str | None = None) -> Converted:
    """Read census tracts as places; see :func:`read_outlines` for what is accepted."""
    return _places(path, study, 11, layer)


def _places(path: Path, study: Study, digits: int, layer: str | None) -> Converted:
    outlines, notes = read_outlines(path, study, digits=digits, layer=layer)
    what = _DIGITS[digits]
    points = outlines.geometry
    units = pd.DataFrame(
        {
            "place_id": outlines["place_id"],
            "land_area_km2": outlines["land_area_km2"],
            "latitude": points.y,
            "longitude": points.x,
        }
    )
    table, more, kept = assemble(study, units, what=what, weak=("point",))
    return Converted(
        write_places(table),
        title=kept_title(f"Census {what}, boundary file", study.layer("places"), kept),
        vintage=vintage_of(path),
        licence=PUBLIC_DOMAIN,
        notes=(*notes, *more),
    )


def read_outlines(
    path: Path, study: Study, *, digits: int, layer: str | None = None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read outlines of block groups (12 digits) or tracts (11 digits) as points with land area.

    Parameters
    ----------
    path
        Zip, shapefile, GeoPackage, GeoJSON, or a folder of them. Columns: ``GEOID`` (also ``GEOID10, GEOID20``) or
        ``AFFGEOID``/``GEOIDFQ``/``GEO_ID``; ``ALAND`` in m2, else the area of the outline; ``INTPTLAT, INTPTLON``
        where given.
    study
        Outlines of its counties are mended and measured; others are only counted.
    digits
        Of the id.
    layer
        Of a GeoPackage that holds several.

    Returns
    -------
    tuple
        ``place_id, land_area_km2`` and an interior point (EPSG:4326) of all rows in the file that have land; notes.

    Raises
    ------
    TableError, CrsError
        One sentence each.
    """
    ids = ("GEOID", "GEOID20", "GEOID10", "AFFGEOID", "GEOIDFQ", "GEO_ID", "GEOID_FQ")
    lands = ("ALAND", "ALAND20", "ALAND10")
    points = ("INTPTLAT", "INTPTLON", "INTPTLAT20", "INTPTLON20", "INTPTLAT10", "INTPTLON10")
    what = f"a boundary file of {_DIGITS[digits]}"
    table, notes = read_vector(path, what=what, kinds={"Polygon"}, columns=(*ids, *lands, *points), layer=layer)
    column = next((name for name in ids if name in table), None)
    if column is None:
        raise TableError(f"{path.name} has no column GEOID, so it is not {what}.")
    table["place_id"] = table[column].astype("str").str.replace(r"^\w+US", "", regex=True).str.strip()
    _check_ids(table["place_id"], path, digits)
    table = table[may_lie_in(table["place_id"].str[:5], study)].reset_index(drop=True)
    if table.empty:
        raise TableError(f"{path.name} holds no outline in the counties of the study ({first_ids(study.counties)}).")
    table, more = valid_polygons(table, key="place_id")
    notes += more
    table["land_area_km2"] = _land_km2(table, next((name for name in lands if name in table), None), study, notes)
    dry = table["land_area_km2"] > 0
    if not dry.all():
        notes.append(
            f"{int((~dry).sum())} outlines hold water only and were left out: {first_ids(table.loc[~dry, 'place_id'])}."
        )
    table = table[dry].reset_index(drop=True)
    return table[["place_id", "land_area_km2"]].set_geometry(_points(table), crs=table.crs), notes


def _check_ids(ids: pd.Series, path: Path, digits: int) -> None:
    lengths = set(ids.str.len().unique())
    other = next((n for n in _DIGITS if n != digits), digits)
    bad = ids[~ids.str.fullmatch(rf"[0-9]{{{digits}}}")]
    if len(bad) and lengths == {other} and ids.str.fullmatch(r"[0-9]+").all():
        raise TableError(f"{path.name} holds {_DIGITS[other]}; add it with: kcgeo data add {_COMMANDS[other]} PATH")
    if len(bad):
        bad = bad.str.replace(r"\s+", " ", regex=True).str[:30]
        raise TableError(f"{path.name}: {first_ids(bad)} are not ids of {_DIGITS[digits]}, which have {digits} digits.")


def _land_km2(table: gpd.GeoDataFrame, column: str | None, study: Study, notes: list[str]) -> pd.Series:
    measured: pd.Series = table.geometry.to_crs(study.crs).area / 1e6
    if column is None:
        notes.append("The file has no land area (ALAND); the area of the outline, water included, stands for it.")
        return measured.round(6)
    given: pd.Series = pd.to_numeric(table[column], errors="coerce") / 1e6
    # a number that the outline cannot hold is square feet, acres or damage; coasts are drawn coarsely
    odd = given.isna() | (given < 0) | (given > 1.5 * measured + 0.1)
    if odd.any():
        notes.append(
            f"The land area ({column}) of {first_ids(table.loc[odd, 'place_id'])} does not fit the outline, "
            "whose area stands for it."
        )
    return given.where(~odd, measured).round(6)


def _points(table: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the published interior point where it lies in the outline, else one that does."""
    shapes = table.geometry.to_numpy()
    inner = shapely.point_on_surface(shapes)
    for end in ("", "20", "10"):
        if f"INTPTLAT{end}" in table:
            lat, lon = (pd.to_numeric(table[f"INTPT{axis}{end}"], errors="coerce") for axis in ("LAT", "LON"))
            given = shapely.points(lon.to_numpy(dtype=np.float64), lat.to_numpy(dtype=np.float64))
            fits = np.isfinite(shapely.get_coordinates(given)).all(axis=1) & shapely.intersects(shapes, given)
            inner = np.where(fits, given, inner)
            break
    return gpd.GeoSeries(shapely.set_precision(inner, 1e-6), index=table.index, crs=table.crs)


def vintage_of(path: Path) -> str:
    """Return the year in the name of a Census file, or of one in the folder; empty where there is none.

    >>> vintage_of(Path("cb_2022_29_bg_500k.zip"))
    '2022'
    """
    names = [path.name, *(sorted(item.name for item in path.iterdir()) if path.is_dir() else [])]
    years = [year for name in names for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)]
    return years[0] if years else "year not given"
