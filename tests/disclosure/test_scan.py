"""The scanner finds a canary in every kind of artefact, in every spelling, and cries at a kind it does not know."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zipfile

import geopandas as gpd
import h3
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin
from pyproj import Transformer
from shapely.geometry import Point

from kcgeo.disclosure.scan import KNOWN_EXTENSIONS, Canary, scan, unknown_extensions
from kcgeo.disclosure.unpack import parts_of
from kcgeo.errors import DisclosureError

LON, LAT = -94.731234, 39.287654
CANARY = Canary("bird", LON, LAT, words=("Quetzal House & Co", "svc-quetzal-07"), phones=("913-555-0147",))


def forms(folder, name, content):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return {finding.form for finding in scan(folder, [CANARY])}


def projected(crs):
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(LON, LAT)


@pytest.mark.parametrize("decimals", [3, 4, 5, 6])
@pytest.mark.parametrize("order", [(LON, LAT), (LAT, LON)])
def test_degrees_both_ways_round_at_every_rounding(tmp_path, decimals, order):
    text = json.dumps({"at": [round(value, decimals) for value in order]})
    assert "EPSG:4326 as text" in forms(tmp_path / "a", "a.json", text)


@pytest.mark.parametrize("crs", ["EPSG:26915", "EPSG:3857"])
@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_metres_of_both_systems(tmp_path, crs, decimals):
    x, y = projected(crs)
    assert f"{crs} as text" in forms(tmp_path / "a", "a.svg", f"<path d='M {x:.{decimals}f} {y:.{decimals}f}'/>")


@pytest.mark.parametrize("kind", ["<d", ">d", "<f", ">f"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:26915", "EPSG:3857"])
def test_binary_numbers_at_any_offset(tmp_path, kind, crs):
    x, y = projected(crs) if crs != "EPSG:4326" else (LON, LAT)
    content = b"\x00\xff\x01" + struct.pack(kind, x) + struct.pack(kind, y) + b"\xfe\x00"
    size = {"d": "f8", "f": "f4"}[kind[1]]
    assert f"{crs} as {kind[0]}{size}" in forms(tmp_path / "a", "a.bin", content)
    packed = json.dumps({"bdata": base64.b64encode(content * 3).decode()})
    assert f"{crs} as {kind[0]}{size}" in forms(tmp_path / "b", "b.json", packed)


@pytest.mark.parametrize(
    "text",
    [
        "quetzal house & co",
        "<b>Quetzal</b> House &amp; Co",
        "QUETZAL%20HOUSE%20%26%20CO",
        "Quetzal\n   House & Co",
        "\\u0051uetzal House & Co",
        "Quetzal House & Co".encode("utf-16-le"),
        "id=svc-quetzal-07;",
    ],
)
def test_names_in_every_spelling(tmp_path, text):
    assert any(form.startswith("word") for form in forms(tmp_path / "a", "a.html", text))


@pytest.mark.parametrize("text", ["913-555-0147", "(913) 555 0147", "tel:+19135550147", "913.555.0147"])
def test_phones_in_every_spelling(tmp_path, text):
    assert "phone 0" in forms(tmp_path / "a", "a.html", text)


def test_codes_of_a_place(tmp_path):
    cell = h3.latlng_to_cell(LAT, LON, 10)
    assert "H3 10" in forms(tmp_path / "a", "a.csv", f"cell\n{cell}\n")
    assert set(CANARY.codes()) >= {"geohash", "plus code"}
    for name in ("geohash", "plus code"):
        assert name in forms(tmp_path / name, "a.txt", f"at {CANARY.codes()[name]}xx")


def png():
    image = Image.new("RGB", (4, 4))
    info = PngImagePlugin.PngInfo()
    info.add_text("place", f"{LON}, {LAT}")
    info.add_text("zipped", "Quetzal House & Co", zip=True)
    info.add_itxt("inter", "913-555-0147", zip=True)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def figure(kind):
    with mpl.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}):
        drawn = Figure(figsize=(3, 2))
        axes = drawn.add_subplot()
        axes.text(0.1, 0.5, "Quetzal House & Co 913-555-0147")
        stream = io.BytesIO()
        drawn.savefig(stream, format=kind, metadata={"Title": f"{LAT} {LON}"} if kind == "pdf" else None)
    return stream.getvalue()


def pptx():
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Quetzal House & Co"
    slide.notes_slide.notes_text_frame.text = f"({LAT}, {LON})"
    slide.shapes.add_picture(io.BytesIO(png()), Inches(1), Inches(1))
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def layer():
    return gpd.GeoDataFrame(
        {"name": ["Quetzal House & Co"], "phone": ["9135550147"]}, geometry=[Point(LON, LAT)], crs="EPSG:4326"
    )


def written(tmp_path, suffix, write):
    path = tmp_path / f"made{suffix}"
    write(path)
    return path.read_bytes()


def test_png_text_chunks(tmp_path):
    assert forms(tmp_path / "a", "a.png", png()) >= {"EPSG:4326 as text", "word 0", "phone 0"}


def test_pdf_streams_and_words(tmp_path):
    assert forms(tmp_path / "a", "a.pdf", figure("pdf")) >= {"EPSG:4326 as text", "word 0", "phone 0"}


def test_svg_and_a_page_with_an_embedded_picture(tmp_path):
    assert forms(tmp_path / "a", "a.svg", figure("svg")) >= {"word 0", "phone 0"}
    page = f"<img src='data:image/png;base64,{base64.b64encode(png()).decode()}'>"
    assert forms(tmp_path / "b", "b.html", page) >= {"EPSG:4326 as text", "word 0", "phone 0"}
    page = f"<a href='data:application/json,%7B%22at%22%3A%5B{LON}%2C{LAT}%5D%7D'>"
    assert "EPSG:4326 as text" in forms(tmp_path / "c", "c.html", page)


def test_slides_with_notes_and_pictures(tmp_path):
    assert forms(tmp_path / "a", "a.pptx", pptx()) >= {"EPSG:4326 as text", "word 0", "phone 0"}


def test_geopackage_cells_and_geometry(tmp_path):
    content = written(tmp_path, ".gpkg", lambda path: layer().to_file(path))
    assert forms(tmp_path / "a", "a.gpkg", content) >= {"EPSG:4326 as <f8", "word 0", "phone 0"}
    content = written(tmp_path, "-utm.gpkg", lambda path: layer().to_crs("EPSG:26915").to_file(path))
    assert "EPSG:26915 as <f8" in forms(tmp_path / "b", "b.gpkg", content)


def test_parquet_columns_and_geometry(tmp_path):
    content = written(tmp_path, ".parquet", lambda path: layer().to_parquet(path))
    assert forms(tmp_path / "a", "a.parquet", content) >= {"EPSG:4326 as <f8", "word 0", "phone 0"}
    plain = pd.DataFrame({"a": [LON], "b": [LAT]})
    content = written(tmp_path, "-plain.parquet", plain.to_parquet)
    assert "EPSG:4326 as text" in forms(tmp_path / "b", "b.parquet", content)


def test_archives_in_archives(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.txt", f"{LAT},{LON}")
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.gz", gzip.compress(inner.getvalue()))
    assert "EPSG:4326 as text" in forms(tmp_path / "a", "a.zip", outer.getvalue())
    assert "EPSG:4326 as text" in forms(tmp_path / "b", "b.csv.gz", gzip.compress(f"{LON};{LAT}".encode()))


def test_spreadsheets_and_arrays(tmp_path):
    content = written(tmp_path, ".xlsx", lambda path: layer().drop(columns="geometry").to_excel(path))
    assert forms(tmp_path / "a", "a.xlsx", content) >= {"word 0", "phone 0"}
    stream = io.BytesIO()
    np.save(stream, np.array([[1.0, LON, LAT]]))
    assert "EPSG:4326 as <f8" in forms(tmp_path / "b", "b.npy", stream.getvalue())
    stream = io.BytesIO()
    np.savez_compressed(stream, points=np.array([[LAT, LON]]))
    assert "EPSG:4326 as <f8" in forms(tmp_path / "c", "c.npz", stream.getvalue())


def test_file_names_are_read(tmp_path):
    (tmp_path / "svc-quetzal-07.txt").write_text("nothing")
    assert [finding.part for finding in scan(tmp_path, [CANARY])] == ["file name"]


def test_what_is_not_the_canary_is_not_found(tmp_path):
    rng = np.random.default_rng(1)
    rows = np.column_stack(
        [rng.uniform(-95.2, -94.0, 40_000), rng.uniform(38.6, 39.6, 40_000), rng.uniform(0, 120, 40_000)]
    )
    pd.DataFrame(rows).round(5).to_csv(tmp_path / "surface.csv")
    (tmp_path / "noise.bin").write_bytes(rng.bytes(1_000_000))
    assert scan(tmp_path, [CANARY]) == []


@pytest.mark.parametrize("name", ["new.xyz", "noextension", "page.mhtml"])
def test_an_unknown_kind_of_artefact_is_a_failure(tmp_path, name):
    (tmp_path / name).write_text("harmless")
    assert unknown_extensions([name]) != []
    with pytest.raises(DisclosureError, match="does not know"):
        scan(tmp_path, [CANARY])


def test_a_file_that_is_not_what_it_says_is_a_failure(tmp_path):
    for extension in (".pptx", ".gpkg", ".gz", ".parquet"):
        with pytest.raises(DisclosureError):
            list(parts_of(b"plain text", extension=extension))


def test_an_empty_folder_proves_nothing(tmp_path):
    with pytest.raises(DisclosureError, match="empty"):
        scan(tmp_path, [CANARY])


def test_every_extension_has_an_opener():
    assert all(callable(opener) and name.startswith(".") for name, opener in KNOWN_EXTENSIONS.items())
