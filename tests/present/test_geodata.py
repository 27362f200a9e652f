"""Data for others: layers that open in colour, GeoParquet, CSV of which every column is described; the same bytes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import h3
import pandas as pd
import pytest

from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present.files.fields import dictionary
from kcgeo.present.files.geodata import cell_areas, layers_of, styles_of, write_csv, write_layers, write_parquet
from kcgeo.present.files.layer_styles import family_style
from kcgeo.present.look import theme
from kcgeo.present.look.symbols import families
from tests.present.town import REQUIRED, Town

EDGES = (15.0, 30.0, 45.0, 60.0)


@pytest.fixture(scope="module")
def layers(town: Town) -> dict[str, Released]:
    tables = {
        "counties": town.counties,
        "corridors": town.corridors,
        "towns": town.towns,
        "services": town.services,
        "cell_times": town.cells,
        "gaps": town.places,
        "coverage": town.coverage,
    }
    return layers_of(tables)


@pytest.fixture(scope="module")
def package(town: Town, layers: dict[str, Released], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "town.gpkg"
    return write_layers(layers, path, edges_min=EDGES, required=REQUIRED, tables={"coverage": town.coverage})


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_layers_hold_what_was_released(package: Path, layers: dict[str, Released]) -> None:
    assert list(layers) == ["drive_times", "counties", "corridors", "towns", "gaps", "services"]
    for name, item in layers.items():
        stored = gpd.read_file(package, layer=name)
        assert len(stored) == len(item.table), name
        assert stored.crs.to_epsg() == 4326
    stored = gpd.read_file(package, layer="drive_times").sort_values("cell_id").reset_index(drop=True)
    released = layers["drive_times"].table
    pd.testing.assert_series_equal(stored["medical_min"], released["medical_min"])
    assert "forensic_exam|medical" in gpd.read_file(package, layer="services")["categories"].tolist()


def test_cells_get_the_outline_that_follows_from_their_id(town: Town) -> None:
    table = cell_areas(town.cells).table
    assert len(table) == len(town.cells.table)
    for row in table.head(20).itertuples():
        corners = {(round(lng, 5), round(lat, 5)) for lat, lng in h3.cell_to_boundary(row.cell_id)}
        assert set(row.geometry.exterior.coords) == corners
    with pytest.raises(TableError, match="no column cell_id"):
        cell_areas(release(pd.DataFrame({"place_id": ["a"], "medical_min": [1.0]}), name="x", kind="surface",
                           sources=["Invented"], vintage="2026"))  # fmt: skip


def test_every_layer_has_a_style_and_one_default(package: Path, layers: dict[str, Released]) -> None:
    rows = _rows(package, "SELECT f_table_name, f_geometry_column, styleName, styleQML, useAsDefault FROM layer_styles")
    assert {row[0] for row in rows} == set(layers)
    for name in layers:
        own = [row for row in rows if row[0] == name]
        assert sum(bool(row[4]) for row in own) == 1, name
        for _, column, style, qml, _ in own:
            assert column == "geom"
            assert len(str(style)) <= 40
            root = ElementTree.fromstring(str(qml))
            assert root.tag == "qgis"
            renderer = root.find("renderer-v2")
            assert renderer is not None
            used = {node.get("symbol") for node in renderer.iter() if node.tag in ("range", "category")}
            known = {node.get("name") for node in renderer.iter("symbol")}
            assert used <= known
            assert known
    columns = {row[1] for row in _rows(package, "PRAGMA table_info(drive_times)")}
    assert "geom" in columns
    listed = dict(_rows(package, "SELECT table_name, data_type FROM gpkg_contents"))
    assert listed["layer_styles"] == "attributes"


def test_time_classes_of_the_style_are_those_of_the_maps(layers: dict[str, Released]) -> None:
    styles = styles_of(layers, edges_min=EDGES, required=REQUIRED)["drive_times"]
    assert list(styles) == ["Minutes: Medical care", "Minutes: Legal help", "Minutes: Forensic exam"]
    root = ElementTree.fromstring(styles["Minutes: Legal help"])
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "legal_min"
    uppers = [float(str(node.get("upper"))) for node in renderer.iter("range")]
    assert uppers == [15, 30, 45, 60, 1e6]
    colours = [node.get("value") for node in renderer.iter("Option") if node.get("name") == "color"]
    first = tuple(int(theme.RAMP[0][at : at + 2], 16) for at in (1, 3, 5))
    assert colours[0] == ",".join(map(str, first)) + ",255"
    assert len(set(colours)) == 5


def test_sites_are_styled_by_the_family_that_the_maps_show() -> None:
    root = ElementTree.fromstring(family_style("categories"))
    renderer = root.find("renderer-v2")
    assert renderer is not None
    cases = re.findall(r"'\(\^\|\\\\\|\)\((.*?)\)\(.*?THEN '(\w+)'", str(renderer.get("attr")))
    assert len(cases) == len(theme.FAMILIES)
    for kinds in (["counselling", "forensic_exam"], ["legal"], ["hotline", "emergency_shelter"], ["child_advocacy"]):
        chosen = next(key for names, key in cases if set(names.split("|")) & set(kinds))
        assert chosen == families(kinds).key
    shown = {item.get("value"): item.get("label") for item in renderer.iter("category")}
    assert shown == {family.key: family.label for family in theme.FAMILIES}


def test_styles_of_a_layer_that_is_not_there_are_refused(layers: dict[str, Released], tmp_path: Path) -> None:
    from kcgeo.present.files.geopackage import write_geopackage

    with pytest.raises(TableError, match="moons, which are no layers"):
        write_geopackage(layers, tmp_path / "a.gpkg", styles={"moons": {"a": "<qgis/>"}})
    with pytest.raises(TableError, match="None of the tables is a layer"):
        layers_of({})
    assert not list(tmp_path.iterdir())


def test_the_dictionary_and_the_sources_are_inside(package: Path, layers: dict[str, Released], town: Town) -> None:
    told = {
        (table, column): text
        for table, column, text in _rows(package, "SELECT table_name, column_name, description FROM gpkg_data_columns")
    }
    for name, item in {**layers, "coverage": town.coverage}.items():
        for column in item.table.columns:
            assert told[name, "geom" if column == "geometry" else column]
    about = dict(
        _rows(
            package,
            "SELECT table_name, metadata FROM gpkg_metadata JOIN gpkg_metadata_reference ON id = md_file_id",
        )
    )
    assert set(about) == {*layers, "coverage"}
    assert all("Sources: Invented town." in str(text) for text in about.values())
    names = {row[0] for row in _rows(package, "SELECT extension_name FROM gpkg_extensions")}
    assert {"gpkg_schema", "gpkg_metadata"} <= names
    assert len(gpd.read_file(package, layer="coverage")) == len(town.coverage.table)


def test_two_packages_are_the_same_bytes(
    package: Path, town: Town, layers: dict[str, Released], tmp_path: Path
) -> None:
    again = write_layers(
        layers, tmp_path / "again.gpkg", edges_min=EDGES, required=REQUIRED, tables={"coverage": town.coverage}
    )
    assert again.read_bytes() == package.read_bytes()
    assert {row[0] for row in _rows(package, "SELECT last_change FROM gpkg_contents")} == {"2000-01-01T00:00:00.000Z"}
    assert [path.name for path in tmp_path.iterdir()] == ["again.gpkg"]


def test_parquet_holds_the_same_and_is_the_same_bytes(layers: dict[str, Released], tmp_path: Path) -> None:
    first, second = (write_parquet(layers, tmp_path / name) for name in ("one", "two"))
    assert [path.stem for path in first] == list(layers)
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()
    read = gpd.read_parquet(tmp_path / "one" / "services.parquet")
    assert read.crs.to_epsg() == 4326
    assert read["service_id"].tolist() == layers["services"].table["service_id"].tolist()
    assert list(read["categories"].iloc[0]) == list(layers["services"].table["categories"].iloc[0])


def test_every_column_of_every_table_is_in_the_dictionary(
    town: Town, layers: dict[str, Released], tmp_path: Path
) -> None:
    tables = {**layers, "coverage": town.coverage, "aggregates": town.aggregates, "claims": town.claims}
    written = write_csv(tables, tmp_path)
    known = pd.read_csv(written["data-dictionary"], keep_default_na=False)
    for name, item in tables.items():
        own = known[known["table"] == name]
        assert own["field"].tolist() == [str(column) for column in item.table.columns]
        assert own["source"].eq("Invented town").all()
        header = pd.read_csv(written[name], nrows=0).columns
        assert set(header) - {"longitude", "latitude"} <= set(own["field"])
    assert known["meaning"].str.len().gt(3).all()
    timed = known[(known["table"] == "drive_times") & (known["field"] == "legal_min")].iloc[0]
    assert (timed["type"], timed["unit"]) == ("number", "minutes")


def test_a_column_without_a_description_stops_the_export(tmp_path: Path) -> None:
    table = pd.DataFrame({"place_id": ["a"], "moonlight_index": [1.0]})
    item = release(table, name="gaps", kind="gaps", sources=["Invented"], vintage="2026")
    with pytest.raises(TableError, match="'moonlight_index' of gaps has no entry"):
        write_csv({"gaps": item}, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(DisclosureError):
        dictionary({"gaps": table})  # type: ignore[dict-item]
