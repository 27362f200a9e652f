"""Boundary files as they are published, and with the faults that such files have."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from tests.data.census_files import COUNTIES, GROUPS, outlines, small_study, study_of, zipped

from kcgeo.data.formats.places.boundaries import read_block_groups, read_outlines, read_tracts
from kcgeo.data.formats.places.place_file import packaged_places, read_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.study.settings import Study
from kcgeo.errors import CrsError, KcgeoError, TableError


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Study:
    return study_of(small_study(root, tmp_path))


def _table(converted: Converted, folder: Path) -> gpd.GeoDataFrame:
    path = folder / "places.csv.gz"
    assert converted.write(path) > 0
    return read_places(path)


def _refused(path: Path, study: Study, words: str, error: type[KcgeoError] = TableError) -> None:
    with pytest.raises(error, match=words) as caught:
        read_block_groups(path, study)
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)
    assert str(path.parent) not in str(caught.value) or not path.exists()


def test_block_groups_become_places_with_land(study: Study, tmp_path: Path) -> None:
    converted = read_block_groups(zipped(outlines(), tmp_path / "cb_2020_29_bg_500k.zip"), study)
    assert converted.vintage == "2020"
    table = _table(converted, tmp_path)
    assert list(table["place_id"]) == GROUPS
    expected = outlines().set_index("GEOID")
    np.testing.assert_allclose(table["land_area_km2"], expected.loc[GROUPS, "ALAND"] / 1e6, atol=1e-6)
    inside = shapely.intersects(expected.loc[GROUPS].geometry.to_numpy(), table.geometry.to_numpy())
    assert inside.all()
    assert set(table["state"]) == {"KS", "MO"}


def test_people_that_no_source_gives_are_an_estimate_that_keeps_the_sum(study: Study, tmp_path: Path) -> None:
    converted = read_block_groups(zipped(outlines(), tmp_path / "bg.zip"), study)
    table, before = _table(converted, tmp_path), packaged_places(study)
    for county in COUNTIES:
        now, then = (part[part["county_fips"] == county] for part in (table, before))
        assert now["population_count"].sum() == then["population_count"].sum()
    assert table["estimated"].str.contains("population_count").all()
    assert any("people; those of each packaged ZIP code were shared" in note for note in converted.notes)
    assert (table["under18_count"] <= table["population_count"]).all()
    assert (table["no_vehicle_household_count"] <= table["household_count"]).all()


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp"])
def test_other_containers_and_folders(study: Study, tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    outlines().to_file(folder / f"bg{ending}")
    one, _ = read_outlines(folder / f"bg{ending}", study, digits=12)
    all_, _ = read_outlines(folder, study, digits=12)
    assert sorted(one["place_id"]) == sorted(all_["place_id"]) == GROUPS


def test_a_folder_of_two_states_as_downloaded(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    table = outlines()
    for state in ("20", "29"):
        zipped(table[table["GEOID"].str.startswith(state)], folder / f"cb_2020_{state}_bg_500k.zip")
        for part in (folder / f"cb_2020_{state}_bg_500k-parts").iterdir():
            part.unlink()
    found, _ = read_outlines(folder, study, digits=12)
    assert sorted(found["place_id"]) == GROUPS
    _refused(folder / "cb_2020_20_bg_500k.zip", study, "no block groups of the counties 29047")


def test_tracts_and_block_groups_are_told_apart(study: Study, tmp_path: Path) -> None:
    tracts = zipped(outlines(digits=11), tmp_path / "tracts.zip")
    _refused(tracts, study, "holds tracts; add it with: kcgeo data add tracts")
    assert len(_table(read_tracts(tracts, study), tmp_path)) == 4


def test_an_id_with_a_prefix_counts(study: Study, tmp_path: Path) -> None:
    zipped(outlines().drop(columns="GEOID"), tmp_path / "bg.zip")
    assert sorted(read_outlines(tmp_path / "bg.zip", study, digits=12)[0]["place_id"]) == GROUPS


def test_a_missing_reference_system_is_supplied_for_degrees_only(study: Study, tmp_path: Path) -> None:
    converted = read_block_groups(zipped(outlines(), tmp_path / "bg.zip", without=(".prj",)), study)
    assert any("no reference system" in note for note in converted.notes)
    metres = zipped(outlines().to_crs("EPSG:26915"), tmp_path / "metres.zip", without=(".prj",))
    _refused(metres, study, "coordinates are not degrees", CrsError)


def test_a_false_reference_system_is_refused(study: Study, tmp_path: Path) -> None:
    table = outlines().to_crs("EPSG:26915").set_crs("EPSG:4269", allow_override=True)
    _refused(zipped(table, tmp_path / "bg.zip"), study, "do not fit the reference system", CrsError)


def test_two_reference_systems_are_brought_together(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    table = outlines()
    table[table["GEOID"].str.startswith("20")].to_crs("EPSG:26915").to_file(folder / "ks.gpkg")
    table[table["GEOID"].str.startswith("29")].to_file(folder / "mo.shp")
    found, notes = read_outlines(folder, study, digits=12)
    assert any("several reference systems" in note for note in notes)
    expected = read_outlines(zipped(table, tmp_path / "bg.zip"), study, digits=12)[0]
    metres = (
        found.sort_values("place_id", ignore_index=True)
        .to_crs(26915)
        .distance(expected.sort_values("place_id", ignore_index=True).to_crs(26915))
    )
    assert metres.max() < 2


def test_an_outline_that_crosses_itself_is_mended_and_named(study: Study, tmp_path: Path) -> None:
    table = outlines()
    west, south, east, north = table.geometry.iloc[0].bounds
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    table["geometry"] = [bow, *table.geometry.iloc[1:]]
    found, notes = read_outlines(zipped(table, tmp_path / "bg.zip"), study, digits=12)
    assert any("crossed themselves" in note and table["GEOID"].iloc[0] in note for note in notes)
    # the land area says more than half the square can hold
    assert any("ALAND" in note and "does not fit" in note for note in notes)
    assert len(found) == 8


def test_rows_of_water_are_left_out_with_a_note(study: Study, tmp_path: Path) -> None:
    table = outlines()
    table.loc[0, "ALAND"] = 0
    found, notes = read_outlines(zipped(table, tmp_path / "bg.zip"), study, digits=12)
    assert len(found) == 7
    assert any("water only" in note for note in notes)


def test_names_in_latin_1(study: Study, tmp_path: Path) -> None:
    path = zipped(outlines(), tmp_path / "bg.zip", without=(".cpg",), encoding="ISO-8859-1")
    assert len(read_outlines(path, study, digits=12)[0]) == 8


def test_wrong_layers_are_refused(study: Study, tmp_path: Path) -> None:
    lines = outlines().assign(geometry=lambda table: table.boundary)
    _refused(zipped(lines, tmp_path / "lines.zip"), study, "holds lines where outlines are needed")
    points = outlines().to_crs(26915).assign(geometry=lambda table: table.centroid)
    _refused(zipped(points, tmp_path / "points.zip"), study, "holds points where outlines are needed")
    _refused(zipped(outlines().drop(columns=["GEOID", "AFFGEOID"]), tmp_path / "none.zip"), study, "no column GEOID")
    other = outlines().assign(GEOID=lambda table: "48001" + table["GEOID"].str[5:])
    _refused(zipped(other, tmp_path / "texas.zip"), study, "no outline in the counties of the study")
    short = outlines().assign(GEOID="12x")
    _refused(zipped(short, tmp_path / "ids.zip"), study, "not ids of block groups")
    twice = gpd.GeoDataFrame(pd.concat([outlines(), outlines().iloc[:1]]), crs="EPSG:4269")
    _refused(zipped(twice, tmp_path / "twice.zip"), study, "more than once")


def test_incomplete_and_empty_files_are_refused(study: Study, tmp_path: Path) -> None:
    _refused(zipped(outlines(), tmp_path / "nodbf.zip", without=(".dbf",)), study, r"lacks its \.dbf")
    _refused(zipped(outlines().iloc[:0], tmp_path / "empty.zip"), study, "holds no rows|no geometry")
    (tmp_path / "zero.gpkg").write_bytes(b"")
    _refused(tmp_path / "zero.gpkg", study, "is empty")
    whole = zipped(outlines(), tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    _refused(tmp_path / "cut.zip", study, "whole zip")
    _refused(tmp_path / "none.zip", study, "There is no file")


def test_content_of_another_driver_is_not_opened(study: Study, tmp_path: Path) -> None:
    layer = b'<OGRVRTLayer name="x"><SrcDataSource>/etc/hosts</SrcDataSource></OGRVRTLayer>'
    vrt = b"<OGRVRTDataSource>" + layer + b"</OGRVRTDataSource>"
    for name in ("bg.geojson", "bg.gpkg", "bg.shp", "bg.json"):
        (tmp_path / name).write_bytes(vrt)
        _refused(tmp_path / name, study, "its content is not what")


def test_a_geopackage_of_several_layers_asks_which(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    outlines().to_file(path, layer="groups")
    outlines(digits=11).to_file(path, layer="tracts")
    _refused(path, study, "several layers; choose one with --option layer=NAME: groups, tracts")
    assert len(_table(read_tracts(path, study, layer="tracts"), tmp_path)) == 4
    with pytest.raises(TableError, match="has no layer 'x'"):
        read_tracts(path, study, layer="x")


def test_damaged_shapefiles_raise_only_our_errors(study: Study, tmp_path: Path) -> None:
    source = tmp_path / "good"
    source.mkdir()
    outlines().to_file(source / "bg.shp")
    rng = np.random.default_rng(7)
    for round_ in range(60):
        folder = tmp_path / f"bad{round_}"
        folder.mkdir()
        for part in source.iterdir():
            content = bytearray(part.read_bytes())
            if part.suffix in (".shp", ".dbf", ".shx", ".prj") and rng.random() < 0.6:
                for at in rng.integers(0, len(content), size=3):
                    content[at] = rng.integers(0, 256)
                content = content[: rng.integers(1, len(content) + 1)] if rng.random() < 0.4 else content
            (folder / part.name).write_bytes(content)
        try:
            read_block_groups(folder / "bg.shp", study)
        except KcgeoError as error:
            assert all("\n" not in sentence for sentence in error.problems)


def test_real_tracts(shared: Path, root: Path, tmp_path: Path) -> None:
    study = study_of(root / "studies" / "kansas-city.toml")
    table = _table(read_tracts(shared / "reference" / "tracts_cb2018_kc.gpkg", study), tmp_path)
    reference = gpd.read_file(shared / "reference" / "tracts_cb2018_kc.gpkg")
    reference = reference[reference["GEOID"].str[:5].isin(study.counties) & (reference["ALAND"] > 0)]
    assert list(table["place_id"]) == sorted(reference["GEOID"])
    assert abs(table["land_area_km2"].sum() - reference["ALAND"].sum() / 1e6) < 1
    assert table["population_count"].sum() == packaged_places(study)["population_count"].sum()
