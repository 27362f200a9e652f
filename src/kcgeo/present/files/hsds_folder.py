"""Released services as an Open Referral HSDS 3.0 directory that other software reads: a zip of CSV tables, or JSON."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd

from kcgeo.data.formats.services.hsds_write import hsds_csv, hsds_json, hsds_tables
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.files import replacing, write_bytes

__all__ = ["write_hsds"]

_DATE = (1980, 1, 1, 0, 0, 0)


def write_hsds(services: Released, path: Path) -> int:
    """Write released services in HSDS 3.0; the same services give the same bytes.

    Parameters
    ----------
    services : Released
        Kind ``services``.
    path : Path
        ``.zip`` (CSV tables with ``datapackage.json``) or ``.json`` (one page of nested services).

    Returns
    -------
    int
        Services written.

    Raises
    ------
    DisclosureError
        The table did not pass the release gate, or is of another kind.
    TableError
        Another suffix, or rows that lack what HSDS requires.
    """
    table = require_released(services, kind="services").table
    if not isinstance(table, gpd.GeoDataFrame):
        table = gpd.GeoDataFrame(table)
    kind = path.suffix.lower()
    if kind not in (".zip", ".json"):
        raise TableError(f"{path.name}: HSDS is written as .zip (CSV tables) or as .json; choose one.")
    tables = hsds_tables(table)
    if kind == ".json":
        write_bytes(path, hsds_json(tables))
        return len(tables["service"])
    title = f"Services; sources: {'; '.join(services.sources)}"
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(hsds_csv(tables, title=title).items()):
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, compress_type=zipfile.ZIP_DEFLATED)
    return len(tables["service"])
