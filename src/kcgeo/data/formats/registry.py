"""The kinds of files that ``kcgeo data add KIND PATH`` takes, and which layer of a study each becomes.

A reader checks and converts, and writes nothing: it returns :class:`Converted`, whose ``write`` is called once
everything has been checked. A new format is one module in this folder and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["READERS", "Converted", "Reader"]


@dataclass(frozen=True)
class Converted:
    """A layer that is ready to be written.

    Attributes
    ----------
    write
        Writes the converted file to the path that it is given and returns its rows.
    title, vintage, licence
        For the source line of maps and tables.
    notes
        What was repaired, estimated or left out, one sentence each.
    label
        ``sample`` where the rows are invented.
    source_name, source_sha256
        Only where the source is no file (a database): a name without password, and a hash of what was read.
    doors
        Of services: fingerprints of hidden doors, see :class:`kcgeo.data.study.layers.Layer`.
    """

    write: Callable[[Path], int]
    title: str
    vintage: str
    licence: str
    notes: tuple[str, ...] = ()
    source_name: str | None = None
    source_sha256: str | None = None
    label: str = ""
    doors: str = ""


@dataclass(frozen=True)
class Reader:
    """One kind of source.

    Attributes
    ----------
    kind
        As the user writes it.
    layer
        One of :data:`kcgeo.data.study.layers.KINDS`.
    read
        ``read(path, study, **options) -> Converted``; raises only :class:`kcgeo.errors.KcgeoError` on a bad source.
    help
        One line: what it is and who publishes it.
    example
        An argument list that works, after ``kcgeo data add``.
    options
        Name -> what it means; given as ``--option name=value``, handed to ``read`` as text.
    is_address
        The source is an address (``postgresql://...``), given to ``read`` as text instead of a path.
    """

    kind: str
    layer: str
    read: Callable[..., Converted]
    help: str
    example: str
    options: Mapping[str, str] = field(default_factory=dict)
    is_address: bool = False


def _later(module: str, name: str) -> Callable[..., Converted]:
    """Return a reader that is imported when it is called: a list of kinds needs no driver of a database."""

    def read(source: Path | str, study: Any, **options: str) -> Converted:
        converted: Converted = getattr(import_module(f"kcgeo.data.formats.{module}"), name)(source, study, **options)
        return converted

    read.__doc__ = f"Call :func:`kcgeo.data.formats.{module}.{name}`."
    read.__dict__["target"] = (f"kcgeo.data.formats.{module}", name)
    return read


_LAYER_OPTION = {"layer": "the layer of a GeoPackage that holds several"}

_SERVICE_OPTIONS = {
    "mapping": "TOML file with [columns], [values.COLUMN] and [defaults]: their words = ours",
    "basis": "why places of rows that bring no level are public; it opens hospitals, police, courts, clinics",
    "confirm": "CSV of rows to open one by one; it is written where it is not there, and kept",
    "title": "name of the directory, for the source line",
    "vintage": "its date, e.g. 2026-11",
    "licence": "its licence, as the publisher states it",
    "label": "sample, where the rows are invented: every map and page then says so",
}
_TABLE_OPTION = {"table": "name of the table or view, with its schema where that is not public"}

_ALL: tuple[Reader, ...] = (
    Reader(
        "hsds",
        "services",
        _later("services.hsds", "add_hsds"),
        "directory in Open Referral HSDS 1.1 to 3.1: folder or zip of CSV tables, or JSON",
        "hsds directory-hsds.zip --study my-city.toml --option mapping=their-words.toml",
        {**_SERVICE_OPTIONS, "eligibility": "what to take where who may come is told in words of theirs"},
    ),
    Reader(
        "icarol",
        "services",
        _later("services.icarol", "add_icarol"),
        "resource export of a 211 center in the layout of iCarol: one CSV of agencies, programs and sites",
        "icarol resources.csv --study my-city.toml --option mapping=their-words.toml",
        {**_SERVICE_OPTIONS, "eligibility": "what to take where who may come is told in words of theirs"},
    ),
    Reader(
        "services",
        "services",
        _later("services.service_layer", "add_services"),
        "list of services: CSV, .xlsx, .xls, .ods, GeoJSON, GeoPackage, shapefile, KML",
        "services providers.xlsx --study my-city.toml --option mapping=their-columns.toml",
        {
            **_SERVICE_OPTIONS,
            **_LAYER_OPTION,
            "sheet": "sheet of the workbook, the one that looks like a list where not given",
            "eligibility": "who may come where a row does not say (any, minors, adult women, men, LGBTQ)",
        },
    ),
    Reader(
        "postgis-services",
        "services",
        _later("postgis", "read_services"),
        "directory in a table of a PostGIS database",
        "postgis-services postgresql://reader@db.example.org/help --study my-city.toml --option table=sites",
        {**_SERVICE_OPTIONS, **_TABLE_OPTION},
        is_address=True,
    ),
    Reader(
        "postgis-places",
        "places",
        _later("postgis", "read_places"),
        "points or areas where people live, in a table of a PostGIS database",
        "postgis-places postgresql://reader@db.example.org/help --study my-city.toml --option table=blocks",
        _TABLE_OPTION,
        is_address=True,
    ),
    Reader(
        "postgis-corridors",
        "corridors",
        _later("postgis", "read_corridors"),
        "lines of the interstates that the study names, in a table of a PostGIS database",
        "postgis-corridors postgresql://reader@db.example.org/help --study my-city.toml --option table=roads",
        _TABLE_OPTION,
        is_address=True,
    ),
    Reader(
        "block-groups",
        "places",
        _later("places.boundaries", "read_block_groups"),
        "Census block groups: cartographic boundary or TIGER/Line file (land, no people)",
        "block-groups cb_2020_29_bg_500k.zip --study my-city.toml",
        _LAYER_OPTION,
    ),
    Reader(
        "tracts",
        "places",
        _later("places.boundaries", "read_tracts"),
        "Census tracts: cartographic boundary or TIGER/Line file (land, no people)",
        "tracts cb_2020_29_tract_500k.zip --study my-city.toml",
        _LAYER_OPTION,
    ),
    Reader(
        "centers",
        "places",
        _later("places.centers", "read_centers"),
        "Census centers of population by block group or tract (CenPop text files)",
        "centers CenPop2020_Mean_BG29.txt --study my-city.toml",
    ),
    Reader(
        "acs",
        "places",
        _later("places.acs", "read_acs"),
        "tables of the American Community Survey (CSV of data.census.gov, or table-based summary files)",
        "acs ACSDT5Y2022.B25044_2024-05-01T000000.zip --study my-city.toml",
    ),
    Reader(
        "addresses",
        "addresses",
        _later("places.address_ranges", "read_addresses"),
        "TIGER/Line address ranges (ADDRFEAT) of one county or of a folder: addresses are placed with them, here",
        "addresses tl_2023_29095_addrfeat.zip --study my-city.toml",
        _LAYER_OPTION,
    ),
    Reader(
        "primary-roads",
        "corridors",
        _later("streets.tiger", "read_primary_roads"),
        "TIGER/Line primary roads: the interstates that the study names",
        "primary-roads tl_2023_us_primaryroads.zip --study my-city.toml",
        _LAYER_OPTION,
    ),
    Reader(
        "gtfs",
        "transit",
        _later("transit.gtfs_layer", "add_gtfs"),
        "timetables of public transport (GTFS zip or folder, of one agency or several)",
        "gtfs google_transit.zip --study my-city.toml",
        {
            "licence": "the licence of the feed, as its publisher states it",
            "name": "name of this feed where the study has several: feeds of other names stay",
        },
    ),
    Reader(
        "osm",
        "streets",
        _later("streets.osm", "read"),
        "streets for cars of an OpenStreetMap extract (PBF), as Geofabrik and others publish it",
        "osm missouri.osm.pbf --study my-city.toml",
    ),
    Reader(
        "osm-walks",
        "walks",
        _later("streets.osm", "read_walks"),
        "ways for people on foot of an OpenStreetMap extract (PBF)",
        "osm-walks missouri.osm.pbf --study my-city.toml",
        {"walk_kmh": "walking speed in km/h, 4.8 where not given"},
    ),
    Reader(
        "graphml",
        "streets",
        _later("streets.graphml", "read"),
        "streets for cars that osmnx saved as GraphML, not projected",
        "graphml streets.graphml --study my-city.toml",
    ),
    Reader(
        "roads",
        "streets",
        _later("streets.tiger_roads", "read"),
        "TIGER/Line roads of one county or of a folder of counties; they know no one-ways",
        "roads tl_2023_29095_roads.zip --study my-city.toml",
        {"layer": "name of the layer in a GeoPackage"},
    ),
)

READERS: dict[str, Reader] = {reader.kind: reader for reader in _ALL}
"""All readers by kind."""
