"""Centers of population as the Census publishes them: what is kept, what is refused, what they do to a layer."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from tests.data.census_files import COUNTIES, GROUPS, both_centers, centers, outlines, small_study, study_of, zipped

from kcgeo.data import places
from kcgeo.data.formats import text
from kcgeo.data.formats.places.boundaries import read_block_groups
from kcgeo.data.formats.places.centers import read_centers
from kcgeo.data.formats.places.estimates import region_km2
from kcgeo.data.formats.places.place_file import read_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.study.layers import put_layer
from kcgeo.data.study.region import counties
from kcgeo.errors import TableError


@pytest.fixture
def town(root: Path, tmp_path: Path) -> Path:
    return small_study(root, tmp_path)


def _table(converted: Converted, folder: Path) -> gpd.GeoDataFrame:
    path = folder / "places.csv.gz"
    converted.write(path)
    return read_places(path)


def _put(town: Path, converted: Converted, kind: str) -> None:
    about = {"title": converted.title, "vintage": converted.vintage, "licence": converted.licence}
    put_layer(town, "places", converted.write, source_name="x", source_sha256="0", source_kind=kind, **about)


def test_people_and_points_are_those_of_the_file(town: Path, tmp_path: Path) -> None:
    converted = read_centers(both_centers(tmp_path / "centers"), study_of(town))
    table = _table(converted, tmp_path)
    assert list(table["place_id"]) == GROUPS
    assert list(table["population_count"]) == [1000 + number for number in range(8)]
    spots = outlines().set_index("GEOID").loc[GROUPS].geometry
    assert np.allclose(table.geometry.x, [shape.centroid.x for shape in spots], atol=1e-6)
    assert not table["estimated"].str.contains("population_count|point").any()
    assert table["estimated"].str.contains("land_area_km2").all()
    assert any("other counties" in note for note in converted.notes)
    assert converted.vintage == "2020"


def test_estimated_land_adds_up_to_the_county(town: Path, tmp_path: Path) -> None:
    study = study_of(town)
    table = _table(read_centers(both_centers(tmp_path / "centers"), study), tmp_path)
    area = counties(study).set_index("county_fips").to_crs(study.crs).area / 1e6
    for county in COUNTIES:
        assert table.loc[table["county_fips"] == county, "land_area_km2"].sum() == pytest.approx(area[county], rel=1e-6)


def test_places_at_one_spot_share_their_part(town: Path) -> None:
    study = study_of(town)
    units = pd.DataFrame({"county_fips": "20209", "longitude": [-94.7, -94.7, -94.6], "latitude": [39.1, 39.1, 39.12]})
    first, second, third = region_km2(study, units)
    area = counties(study).set_index("county_fips").to_crs(study.crs).area["20209"] / 1e6
    assert first == second
    assert first + second + third == pytest.approx(area, rel=1e-6)


def test_boundaries_and_centers_meet_in_either_order(town: Path, tmp_path: Path) -> None:
    land = zipped(outlines(), tmp_path / "cb_2020_bg.zip")
    people = both_centers(tmp_path / "centers")
    _put(town, read_block_groups(land, study_of(town)), "block-groups")
    first = read_centers(people, study_of(town))
    one = _table(first, tmp_path)
    _put(town, first, "centers")
    assert "land_area_km2" in " ".join(first.notes)
    assert first.title == "Census centers of population by block group; Census block groups, boundary file"
    again = _table(read_block_groups(land, study_of(town)), tmp_path)
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(again))
    assert not one["estimated"].str.contains("land|population|point").any()
    assert (one["land_area_km2"] < 4).all()


def test_the_layer_is_what_the_study_reads(town: Path, tmp_path: Path) -> None:
    _put(town, read_centers(both_centers(tmp_path / "centers"), study_of(town)), "centers")
    table = places(study_of(town))
    assert list(table["place_id"]) == GROUPS
    assert table["population_count"].sum() == sum(range(1000, 1008))


def test_tract_files_are_taken_too(town: Path, tmp_path: Path) -> None:
    folder = both_centers(tmp_path / "centers")
    for path in folder.iterdir():
        rows = pd.read_csv(path, dtype=str, encoding="utf-8-sig").drop(columns="BLKGRPCE")
        rows = rows.drop_duplicates(["STATEFP", "COUNTYFP", "TRACTCE"])
        rows.to_csv(path, index=False, encoding="utf-8-sig")
    table = _table(read_centers(folder, study_of(town)), tmp_path)
    assert set(table["place_id"].str.len()) == {11}


def test_a_state_that_is_missing_is_named(town: Path, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no block groups of the counties 20209"):
        read_centers(centers(tmp_path / "CenPop2020_Mean_BG29.txt", "29"), study_of(town))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("POPULATION", "PEOPLE", "no column POPULATION"),
        ("1000,", "-4,", "no whole number of people"),
        ("1000,", "many,", "no whole number of people"),
        ("+39.0", "+95.0", "do not lie in the United States"),
        ("20,209,0001", "20,209,00x1", "are not ids of 12 digits"),
    ],
)
def test_faults_of_rows_are_named(town: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    folder = both_centers(tmp_path / "centers")
    path = folder / "CenPop2020_Mean_BG20.txt"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(old, new), encoding="utf-8-sig")
    with pytest.raises(TableError, match=words):
        read_centers(folder, study_of(town))


HEADER = b"STATEFP,COUNTYFP,TRACTCE,POPULATION,LATITUDE,LONGITUDE\n"


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"<html>", HEADER, b"a" * ((1 << 20) + 1)])
def test_what_is_no_table_is_refused(town: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "CenPop.txt").write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_centers(tmp_path / "CenPop.txt", study_of(town))
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(town: Path, tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "centers"
    folder.mkdir()
    for state in ("20", "29"):
        centers(folder / f"{state}.txt", state, encoding=encoding)
        path = folder / f"{state}.txt"
        rows = path.read_text(encoding=encoding).splitlines()
        rows[0] += ",NOTE"
        path.write_text("\n".join([rows[0], *[f"{row},Peña" for row in rows[1:]]]), encoding=encoding)
    converted = read_centers(folder, study_of(town))
    assert len(_table(converted, tmp_path)) == 8
    assert any("Latin-1" in note for note in converted.notes) == (encoding == "latin-1")


def test_a_long_file_streams_through(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK_ROWS", 100)
    folder = both_centers(tmp_path / "centers")
    with (folder / "CenPop2020_Mean_BG29.txt").open("a", encoding="utf-8") as stream:
        for number in range(5_000):
            stream.write(f"29,001,{number:06d},1,5,+40.0,-092.5\n")
    converted = read_centers(folder, study_of(town))
    assert len(_table(converted, tmp_path)) == 8
    assert any("5,001" in note for note in converted.notes)


def test_the_same_table_gives_the_same_bytes(town: Path, tmp_path: Path) -> None:
    folder = both_centers(tmp_path / "centers")
    for name in ("a.csv.gz", "b.csv.gz"):
        read_centers(folder, study_of(town)).write(tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_real_block_groups(shared: Path, root: Path, tmp_path: Path) -> None:
    reference = pd.read_csv(shared / "reference" / "bg2020_popcenters_kc.csv", dtype={"geoid": str, "county": str})
    folder = tmp_path / "centers"
    folder.mkdir()
    for state, rows in reference.groupby(reference["geoid"].str[:2]):
        lines = ["STATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE"]
        lines += [
            f"{row.geoid[:2]},{row.geoid[2:5]},{row.geoid[5:11]},{row.geoid[11]},{row.population},"
            f"{row.latitude:+.6f},{row.longitude:+011.6f}"
            for row in rows.itertuples()
        ]
        (folder / f"CenPop2020_Mean_BG{state}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    study = study_of(root / "studies" / "kansas-city.toml")
    table = _table(read_centers(folder, study), tmp_path)
    inside = reference[reference["county"].isin(study.counties)]
    assert len(table) == len(inside)
    assert table["population_count"].sum() == inside["population"].sum()
    in_msa = reference.set_index("geoid")["in_msa"].reindex(table["place_id"]).to_numpy()
    assert 2_150_000 < table.loc[in_msa, "population_count"].sum() <= 2_192_035
