"""Survey tables as they are downloaded, joined onto places; hand-counted sums and margins."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from tests.data.census_files import GROUPS, both_centers, small_study, study_of, survey_table

from kcgeo.data.formats.places.acs import margin_of_sum, read_acs
from kcgeo.data.formats.places.centers import read_centers
from kcgeo.data.formats.places.place_file import packaged_places, read_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.study.layers import put_layer
from kcgeo.errors import TableError

TRACTS = sorted({group[:11] for group in GROUPS})


@pytest.fixture
def town(root: Path, tmp_path: Path) -> Path:
    """A study whose places are eight block groups of 1,000 people each."""
    path = small_study(root, tmp_path)
    converted = read_centers(both_centers(tmp_path / "centers", dict.fromkeys(GROUPS, 1000)), study_of(path))
    _put(path, converted, "centers")
    return path


def _put(town: Path, converted: Converted, kind: str) -> None:
    put_layer(
        town, "places", converted.write, source_name="x", source_sha256="0", source_kind=kind,
        title=converted.title, vintage=converted.vintage, licence=converted.licence, notes=converted.notes,
    )  # fmt: skip


def _table(converted: Converted, folder: Path) -> gpd.GeoDataFrame:
    converted.write(folder / "places.csv.gz")
    return read_places(folder / "places.csv.gz").set_index("place_id")


def _vehicles(path: Path, ids: list[str] | None = None) -> Path:
    ids = ids or GROUPS
    count = len(ids)
    return survey_table(
        path, "B25044", {1: ["400"] * count, 3: ["5"] * count, 10: ["20"] * count}, ids=ids,
        margins={1: ["40"] * count, 3: ["3"] * count, 10: ["4"] * count},
    )  # fmt: skip


def test_households_without_a_vehicle_are_owners_and_renters(town: Path, tmp_path: Path) -> None:
    converted = read_acs(_vehicles(tmp_path / "ACSDT5Y2022.B25044-Data.csv"), study_of(town))
    table = _table(converted, tmp_path)
    assert (table["no_vehicle_household_count"] == 25).all()
    assert (table["household_count"] == 400).all()
    assert (table["no_vehicle_household_moe"] == 5).all()
    assert (table["household_moe"] == 40).all()
    assert (table["population_count"] == 1000).all()
    assert not table["estimated"].str.contains("household").any()
    assert table["estimated"].str.contains("under18_count;poverty_count").all()
    assert converted.title.startswith("American Community Survey, tables B25044; Census centers of population")
    assert converted.vintage == "2022, 2020"
    assert any(note == "Estimate: poverty_count of 8 places, which no source gives." for note in converted.notes)


def test_children_and_poverty_are_sums_of_cells(town: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    eight = ["8"] * 8
    ages = dict.fromkeys((3, 4, 5, 6, 27, 28, 29, 30), eight)
    survey_table(folder / "ACSDT5Y2022.B01001-Data.csv", "B01001", {1: ["900"] * 8, **ages}, ids=GROUPS)
    survey_table(folder / "ACSDT5Y2022.C17002-Data.csv", "C17002", {2: ["30"] * 8, 3: ["12"] * 8}, ids=GROUPS)
    (folder / "ACSDT5Y2022.C17002-Column-Metadata.csv").write_text("Column Name,Label\nGEO_ID,Geography\n")
    (folder / "ACSDT5Y2022.C17002-Table-Notes.txt").write_text("Notes")
    converted = read_acs(folder, study_of(town))
    table = _table(converted, tmp_path)
    assert (table["under18_count"] == 64).all()
    assert (table["poverty_count"] == 42).all()
    assert (table["population_count"] == 900).all()
    assert table["under18_moe"].iloc[0] == pytest.approx(np.sqrt(8 * 9))


def test_the_zip_of_the_site_and_the_file_of_the_server(town: Path, tmp_path: Path) -> None:
    plain = _vehicles(tmp_path / "ACSDT5Y2022.B25044-Data.csv")
    packed = tmp_path / "ACSDT5Y2022.B25044_2024-05-01T000000.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(plain, plain.name)
        archive.writestr("ACSDT5Y2022.B25044-Column-Metadata.csv", "Column Name,Label\n")
    lines = ["GEO_ID|B25044_E001|B25044_M001|B25044_E003|B25044_M003|B25044_E010|B25044_M010"]
    lines += ["0100000US|9|9|9|9|9|9", "1500000US480010001001|9|9|9|9|9|9"]
    lines += [f"1500000US{group}|400|40|5|3|20|4" for group in GROUPS]
    server = tmp_path / "acsdt5y2022-b25044.dat"
    server.write_text("\n".join(lines) + "\n")
    tables = [_table(read_acs(path, study_of(town)), tmp_path) for path in (plain, packed, server)]
    for other in tables[1:]:
        assert (other.drop(columns="geometry") == tables[0].drop(columns="geometry")).all(axis=None) or (
            other.drop(columns="geometry").equals(tables[0].drop(columns="geometry"))
        )


def test_tracts_are_shared_out_among_their_block_groups(town: Path, tmp_path: Path) -> None:
    path = survey_table(tmp_path / "B17001.csv", "B17001", {1: ["2000"] * 4, 2: ["101"] * 4}, ids=TRACTS)
    converted = read_acs(path, study_of(town))
    table = _table(converted, tmp_path)
    assert sorted(table["poverty_count"]) == [50] * 4 + [51] * 4
    assert (table["poverty_count"].groupby(table.index.str[:11]).sum() == 101).all()
    assert table["estimated"].str.contains("poverty_count").all()
    assert any("was shared out among its block groups" in note for note in converted.notes)


def test_a_table_of_block_groups_goes_before_one_of_tracts(town: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    survey_table(folder / "B17001.csv", "B17001", {2: ["500"] * 4}, ids=TRACTS)
    survey_table(folder / "C17002.csv", "C17002", {2: ["30"] * 8, 3: ["12"] * 8}, ids=GROUPS)
    assert (_table(read_acs(folder, study_of(town)), tmp_path)["poverty_count"] == 42).all()


def test_numbers_that_the_survey_withholds_leave_the_former_ones(town: Path, tmp_path: Path) -> None:
    before = _table(read_acs(_vehicles(tmp_path / "B25044.csv"), study_of(town)), tmp_path)
    values = ["400"] * 8
    values[0], values[1] = "-666666666", "null"
    cells = {1: values, 3: ["5"] * 8, 10: ["20"] * 8}
    margins = {1: ["*****", "**", "-555555555", "40", "40", "40", "40", "40"]}
    path = survey_table(tmp_path / "B25044b.csv", "B25044", cells, ids=GROUPS, margins=margins)
    _put(town, read_acs(tmp_path / "B25044.csv", study_of(town)), "acs")
    converted = read_acs(path, study_of(town))
    table = _table(converted, tmp_path)
    assert (table["household_count"] == before["household_count"]).all()
    assert table["household_moe"].tolist()[2] == 0
    assert any("has no household_count for 2 places" in note for note in converted.notes)


def test_groups_never_exceed_the_whole(town: Path, tmp_path: Path) -> None:
    path = survey_table(tmp_path / "C17002.csv", "C17002", {2: ["900"] * 8, 3: ["200"] * 8}, ids=GROUPS)
    converted = read_acs(path, study_of(town))
    assert (_table(converted, tmp_path)["poverty_count"] == 1000).all()
    assert any("poverty_count was above population_count in 8 places" in note for note in converted.notes)


def test_zip_tables_fill_the_packaged_points(root: Path, tmp_path: Path) -> None:
    study = study_of(small_study(root, tmp_path))
    ids = list(packaged_places(study)["place_id"])
    path = survey_table(
        tmp_path / "B25044.csv", "B25044", {1: ["400"] * len(ids), 3: ["5"] * len(ids), 10: ["20"] * len(ids)}, ids=ids
    )
    table = _table(read_acs(path, study), tmp_path)
    assert (table["no_vehicle_household_count"] == 25).all()
    assert list(table["population_count"]) == list(packaged_places(study)["population_count"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("GEO_ID", "Label (Grouping)", "choose Download Table Data"),
        ("GEO_ID", "ID", "must name GEO_ID"),
        ("B25044_010E", "B25044_099E", "lacks B25044_010E"),
        ("1500000US", "0500000US", "no row of a block group, tract or ZIP code area"),
        (",20,", ",twenty,", "has 'twenty' where B25044 needs a number"),
        (",20,", ",-20,", "no whole number"),
        (",20,", ",2.5,", "no whole number"),
        ("290470001", "290479999", "numbers for 4 of 8|no numbers"),
    ],
)
def test_faults_are_one_sentence(town: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    path = _vehicles(tmp_path / "B25044.csv")
    path.write_text(path.read_text(encoding="utf-8-sig").replace(old, new), encoding="utf-8-sig")
    if "4 of 8" in words:
        # half of the places is the least that is taken
        assert any("for 4 places" in note for note in read_acs(path, study_of(town)).notes)
        return
    with pytest.raises(TableError, match=words) as caught:
        read_acs(path, study_of(town))
    assert len(caught.value.problems) == 1


def test_tables_of_another_level_or_without_use_are_refused(root: Path, town: Path, tmp_path: Path) -> None:
    path = _vehicles(tmp_path / "zip.csv", ids=["64105", "66101"])
    with pytest.raises(TableError, match="has ZIP code areas, and the places of the study are block groups"):
        read_acs(path, study_of(town))
    other = survey_table(tmp_path / "B19013.csv", "B19013", {1: ["50000"] * 8}, ids=GROUPS)
    with pytest.raises(TableError, match="no table that a count is made of"):
        read_acs(other, study_of(town))
    folder = tmp_path / "years"
    folder.mkdir()
    _vehicles(folder / "2021.csv")
    survey_table(folder / "2022.csv", "B25044", {1: ["1"] * 8, 3: ["0"] * 8, 10: ["0"] * 8}, ids=GROUPS)
    with pytest.raises(TableError, match="twice with other numbers"):
        read_acs(folder, study_of(town))


def test_margins_of_sums_by_hand() -> None:
    estimates = np.array([[5.0, 7.0], [0.0, 0.0], [5.0, 0.0]])
    margins = np.array([[3.0, 4.0], [12.0, 9.0], [3.0, 4.0]])
    assert margin_of_sum(estimates, margins).tolist() == [5.0, 12.0, 5.0]
    assert np.isnan(margin_of_sum(np.array([[1.0, 2.0]]), np.array([[1.0, np.nan]]))).all()
