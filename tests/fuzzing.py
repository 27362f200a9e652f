"""Damaged files for every reader of ``kcgeo data add``: small sound samples, mutations of them, and one rule.

The rule: from whatever file, a reader gives a layer that can be written, or a :class:`kcgeo.errors.KcgeoError`; it
leaves nothing in the folder of temporary files and changes nothing beside its source.
"""

from __future__ import annotations

import json
import random
import shutil
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from kcgeo.data.directory.look import look, starter_mapping
from kcgeo.data.directory.services import services
from kcgeo.data.formats.registry import READERS
from kcgeo.data.formats.services.hsds_write import hsds_csv, hsds_json, hsds_tables
from kcgeo.data.study.layers import put_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import KcgeoError
from tests.data import (
    census_files,
    test_acs,
    test_addresses,
    test_graphml,
    test_gtfs,
    test_hsds_versions,
    test_osm,
    test_roads,
    test_service_forms,
    test_tiger,
)
from tests.data.test_hsds import BASIS, feed

__all__ = ["FAMILIES", "Sample", "build_samples", "mutated", "outcome"]

FAMILIES = {
    "boundaries": ("block-groups", "tracts"),
    "centers": ("centers",),
    "acs": ("acs",),
    "tiger": ("primary-roads", "roads", "addresses"),
    "gtfs": ("gtfs",),
    "osm": ("osm", "osm-walks"),
    "graphml": ("graphml",),
    "hsds": ("hsds",),
    "icarol": ("icarol",),
    "spreadsheet": ("services",),
}
"""Readers that share a parser; a database has no file to damage."""

_TOKENS = (
    *("", "-", "nan", "NaN", "inf", "-inf", "1e308", "1e400", "-1", "0", "99999999999999999999999", "0x10", "1,5", "٣"),
    *("\x00", "\ufeff", '"', "'", "\u202e", "=cmd()", "../../x", "é", "\udcff", "a" * 5000, "null", "true", "[]", "{}"),
    *(
        "exact",
        "area",
        "withheld",
        "emergency_shelter",
        "-94.57",
        "39.09",
        "180.0001",
        "24/7",
        "|",
        "\n",
        "\r",
        ";",
        "\t",
    ),
)


@dataclass(frozen=True)
class Sample:
    """A sound file or folder, the reader of it and its options."""

    name: str
    kind: str
    path: Path
    options: dict[str, str]


def build_samples(root: Path, folder: Path) -> tuple[Study, list[Sample]]:
    """Write a sample for each form of each kind; the study is of two counties."""
    folder.mkdir(parents=True, exist_ok=True)
    study_path = census_files.small_study(root, folder)
    study_path.write_text(study_path.read_text().replace('corridors = ["I-35", "I-70"]', 'corridors = ["I-70"]'))
    # a table of a survey is joined onto places of its own kind
    given = READERS["centers"].read(census_files.both_centers(folder / "standing"), census_files.study_of(study_path))
    put_layer(
        study_path, "places", given.write, source_name="standing", source_sha256="0", source_kind="centers",
        title=given.title, vintage=given.vintage, licence=given.licence,
    )  # fmt: skip
    study = census_files.study_of(study_path)
    samples: list[Sample] = []

    def add(name: str, kind: str, path: Path, **options: str) -> None:
        samples.append(Sample(name, kind, path, options))

    add(
        "block groups, shapefile",
        "block-groups",
        census_files.zipped(census_files.outlines(), folder / "cb_2020_20_bg_500k.zip"),
    )
    census_files.outlines().to_file(folder / "bg.gpkg")
    add("block groups, GeoPackage", "block-groups", folder / "bg.gpkg")
    census_files.outlines(digits=11).to_file(folder / "tracts.geojson")
    add("tracts, GeoJSON", "tracts", folder / "tracts.geojson")
    add("centers, folder", "centers", census_files.both_centers(folder / "centers"))
    tables = folder / "acs"
    tables.mkdir()
    test_acs._vehicles(tables / "ACSDT5Y2022.B25044-Data.csv")
    add("survey, CSV", "acs", tables / "ACSDT5Y2022.B25044-Data.csv")
    add(
        "primary roads, shapefile",
        "primary-roads",
        census_files.zipped(test_tiger._roads(), folder / "tl_2023_us_primaryroads.zip"),
    )
    town = test_roads.lines(("S1400", [(0, 0), (4, 0)]), ("S1400", [(4, 0), (4, 4)])).rename(columns={"mtfcc": "MTFCC"})
    add(
        "roads, shapefile",
        "roads",
        census_files.zipped(
            town.assign(LINEARID=["1", "2"], FULLNAME="Elm St", RTTYP="M"), folder / "tl_2023_29095_roads.zip"
        ),
    )
    add("address ranges, shapefile", "addresses", _ranges(folder / "tl_2023_29095_addrfeat"))
    (folder / "gtfs").mkdir()
    feed_folder = test_gtfs.feed_of(folder / "gtfs")
    add("timetable, folder", "gtfs", feed_folder)
    add("timetable, zip", "gtfs", _packed(feed_folder, folder / "feed.zip"))
    extract = test_osm.extract(folder / "town.osm.pbf", (9, [3, 13], {}))
    add("extract, PBF", "osm", extract)
    add("extract, XML", "osm", test_osm.extract(folder / "town.osm", (9, [3, 13], {})))
    add("extract, PBF, on foot", "osm-walks", extract)
    add("graph", "graphml", test_graphml.graph(folder / "streets.graphml", *test_graphml.TRIANGLE))
    add("211 export", "icarol", test_hsds_versions.resources(folder / "resources.csv"), basis=BASIS)
    _directories(folder, add)
    return study, samples


def _ranges(folder: Path) -> Path:
    folder.mkdir()
    test_addresses.ranges_file(folder / "ranges.shp", ("W Sorrel St", "100", "198", "101", "199"))
    return _packed(folder, folder.with_suffix(".zip"))


def _packed(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(item for item in source.rglob("*") if item.is_file()):
            archive.write(path, path.name)
    return target


def _directories(folder: Path, add: Callable[..., None]) -> None:
    own = services()
    few = own[own["county"].isin(["Wyandotte", "Clay"]) | own["area"].eq("whole region")].head(12)
    tables = hsds_tables(few)
    (folder / "hsds").mkdir()
    for name, content in hsds_csv(tables, title="Services").items():
        (folder / "hsds" / name).write_bytes(content)
    (folder / "hsds.json").write_bytes(hsds_json(tables))
    (folder / "feed.json").write_text(json.dumps({"contents": feed()}))
    add("HSDS, folder", "hsds", folder / "hsds")
    add("HSDS, zip", "hsds", _packed(folder / "hsds", folder / "hsds.zip"))
    add("HSDS, JSON", "hsds", folder / "hsds.json")
    add("HSDS of others, JSON", "hsds", folder / "feed.json", basis=BASIS)
    head = ["service_id", "organization_name", "service_name", "service_categories", "eligibility", "physical_address",
            "postal_code", "latitude", "longitude"]  # fmt: skip
    rows = [
        ["a1", "Example Agency", "Law clinic", "legal", "any", "12 Example Street", "64106", "39.0997", "-94.5701"],
        ["a2", "Niñez", "Talks", "counselling|medical", "minors", "", "", "", ""],
        ["a3", "Hidden House", "Rooms", "emergency_shelter", "any", "16 Secret Street", "64108", "39.08", "-94.58"],
    ]
    for name, encoding, separator in (("plain", "utf-8", ","), ("old", "cp1252", ";"), ("wide", "utf-16", "\t")):
        path = folder / f"{name}.csv"
        path.write_bytes("\n".join(separator.join(row) for row in [head, *rows]).encode(encoding))
        add(f"spreadsheet, {encoding}", "services", path, basis=BASIS)
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append(row)
    book.save(folder / "book.xlsx")
    add("spreadsheet, workbook", "services", folder / "book.xlsx", basis=BASIS)
    (folder / "book.xls").write_bytes(old_workbook([head, *rows]))
    add("spreadsheet, old workbook", "services", folder / "book.xls", basis=BASIS)
    test_service_forms.ods(folder / "book.ods", "\n".join(",".join(row) for row in [head, *rows]))
    add("spreadsheet, open document", "services", folder / "book.ods", basis=BASIS)
    (folder / "marks.kml").write_text(_MARKS)
    add("map, KML", "services", folder / "marks.kml", basis=BASIS, eligibility="any")
    add("map, KMZ", "services", _packed_as(folder / "marks.kml", folder / "marks.kmz"), basis=BASIS, eligibility="any")
    test_service_forms.points().to_file(folder / "points.geojson")
    add("map, GeoJSON", "services", folder / "points.geojson", basis=BASIS)


_MARKS = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
    "<name>Example Clinic</name><description>medical</description><ExtendedData><Data name='phone'><value>816-555-0100"
    "</value></Data></ExtendedData><Point><coordinates>-94.57,39.10,0</coordinates></Point></Placemark></Document></kml>"
)


def _packed_as(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(source, source.name)
    return target


def old_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook of Excel 97 (.xls) with one sheet of texts: records in a compound file."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    name, end = b"List", record(0x000A, b"")
    opening = begin(0x0005)
    size = len(opening) + 4 + 8 + len(name) + len(end)
    sheet = record(0x0085, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name)
    cells = b"".join(
        record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    )
    stream = (opening + sheet + end + begin(0x0010) + cells + end).ljust(4096, b"\0")
    stream += bytes(-len(stream) % 512)
    count = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(title: str, kind: int, child: int, start: int, length: int) -> bytes:
        written = title.encode("utf-16-le") + b"\0\0"
        head = written.ljust(64, b"\0") + struct.pack("<HBB", len(written), kind, 1)
        return head + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, length)

    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream)) + bytes(256)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    return header.ljust(512, b"\xff") + table + folder + stream


def mutated(source: Path, target: Path, draw: random.Random) -> None:
    """Write a damaged copy of a file or folder; the same draws give the same damage."""
    if source.is_dir():
        shutil.copytree(source, target)
        files = sorted(item for item in target.rglob("*") if item.is_file())
        if draw.random() < 0.15:
            one, other = draw.choice(files), draw.choice(files)
            content = one.read_bytes()
            one.write_bytes(other.read_bytes())
            other.write_bytes(content)
        if draw.random() < 0.1:
            draw.choice(files).unlink()
        for path in [item for item in files if item.exists()]:
            if draw.random() < 2 / len(files):
                path.write_bytes(_damaged(path.read_bytes(), draw))
    elif zipfile.is_zipfile(source) and draw.random() < 0.75:
        _repacked(source, target, draw)
    else:
        target.write_bytes(_damaged(source.read_bytes(), draw))


def _repacked(source: Path, target: Path, draw: random.Random) -> None:
    """Damage members and pack them again, so that the checksum of the archive is no protection."""
    with zipfile.ZipFile(source) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    if draw.random() < 0.15 and len(parts) > 1:
        one, other = draw.sample(range(len(parts)), 2)
        parts[one], parts[other] = (parts[one][0], parts[other][1]), (parts[other][0], parts[one][1])
    if draw.random() < 0.1:
        parts.pop(draw.randrange(len(parts)))
    parts = [(name, _damaged(content, draw) if draw.random() < 2 / len(parts) else content) for name, content in parts]
    if draw.random() < 0.1:
        parts.append(
            (draw.choice(["../out.csv", "/out.csv", "a\\b.csv", "x" * 300, "SERVICES.CSV", "extra/more.csv"]), b"x")
        )
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in parts:
            archive.writestr(name, content)


def _damaged(content: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        content = draw.choice(_DAMAGES)(content, draw)
    return content


def _flip(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 2, 8, 32)) if changed else 0):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randint(0, len(content))]


def _move(content: bytes, draw: random.Random) -> bytes:
    """Take a piece out, double it, or put it elsewhere."""
    start = draw.randint(0, len(content))
    piece = content[start : start + draw.choice((1, 8, 64, 512))]
    rest = content[:start] + content[start + len(piece) :] if draw.random() < 0.6 else content
    at = draw.randint(0, len(rest))
    return rest[:at] + piece * draw.choice((0, 1, 1, 2, 50)) + rest[at:]


def _noise(content: bytes, draw: random.Random) -> bytes:
    at, noise = draw.randint(0, len(content)), draw.randbytes(draw.choice((1, 4, 64, 1024)))
    return (
        noise
        if draw.random() < 0.1
        else content[:at] + noise + content[at + (len(noise) if draw.random() < 0.5 else 0) :]
    )


def _number(content: bytes, draw: random.Random) -> bytes:
    """Put extreme whole and floating numbers where a binary format may hold a length or a coordinate."""
    value = draw.choice((b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80" * 8,
                         b"\x00\x00\x00\x00\x00\x00\xf8\x7f", b"\x00\x00\x00\x00\x00\x00\xf0\x7f"))  # fmt: skip
    at = draw.randint(0, max(len(content) - len(value), 0))
    return content[:at] + value + content[at + len(value) :]


def _token(content: bytes, draw: random.Random) -> bytes:
    """Put another word in the place of one, as a cell, a value or a name."""
    marks = [number for number, byte in enumerate(content[:200_000]) if byte in b',;\t\n":<>= ']
    if not marks:
        return content
    place = draw.randrange(len(marks))
    end = marks[place + 1] if place + 1 < len(marks) else len(content)
    word = draw.choice(_TOKENS).encode("utf-8", "surrogateescape")
    return content[: marks[place] + 1] + word + content[end:]


def _encoding(content: bytes, draw: random.Random) -> bytes:
    text = content.decode("latin-1")
    return draw.choice((
        b"\xef\xbb\xbf" + content, b"\xff\xfe" + content, b"\xfe\xff" + content,
        text.encode("utf-16"), text.encode("utf-32"),
        content.replace(b"\n", b"\r"), content.replace(b"\n", b"\r\n\r\n"),
    ))  # fmt: skip


_DAMAGES = (_flip, _cut, _move, _noise, _number, _token, _token, _token, _encoding)


def outcome(sample: Sample, study: Study, seed: int, folder: Path) -> str:
    """Read one damaged copy; return "refused" or "read". Anything but a refusal passes on, for the caller to count.

    Raises
    ------
    AssertionError
        Something was left behind in the folder of temporary files, or beside the source.
    """
    draw = random.Random(f"{sample.name}/{seed}")
    place, scratch = folder / "source", folder / "temporary"
    for each in (place, scratch):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)
    bad = place / sample.path.name
    mutated(sample.path, bad, draw)
    before = _state(place)
    former, tempfile.tempdir = tempfile.tempdir, str(scratch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converted = READERS[sample.kind].read(bad, study, **sample.options)
            assert converted.write(folder / "layer") >= 0
        found = "read"
        if sample.kind == "services":
            assert starter_mapping(look(bad))
    except KcgeoError as error:
        assert error.problems and all(str(text).strip() for text in error.problems)
        found = "refused"
    finally:
        tempfile.tempdir = former
        # a layer of an earlier input must not stand in for one of this
        (folder / "layer").unlink(missing_ok=True)
    assert not list(scratch.iterdir()), "temporary files were left behind"
    assert _state(place) == before, "something was written beside the source"
    return found


def _state(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (str(item), item.stat().st_size, item.stat().st_mtime_ns) for item in folder.rglob("*") if item.is_file()
    )
