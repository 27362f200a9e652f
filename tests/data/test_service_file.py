"""Refusals of a service file: one clear sentence for each fault, and nothing said of a hidden place."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcgeo import data
from kcgeo.errors import CrsError, TableError

from .conftest import AREA, EXACT, HOTLINE, PROSECUTOR, SHELTER, WITHHELD, Spoil

pytestmark = pytest.mark.slow

PLACE_COLUMNS = ["physical_address", "city", "county", "postal_code", "latitude", "longitude"]
OPEN_BASIS = "openly advertised public site (see evidence)"


def refusal(path: Path) -> tuple[str, ...]:
    with pytest.raises(TableError) as caught:
        data.services(path=path)
    return caught.value.problems


def test_packaged_directory_loads_through_path(data_folder: Path) -> None:
    again = data.services(path=data_folder / "derived" / "services.csv")
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(data.services()))


def test_order_of_rows_and_columns_changes_nothing(rows: pd.DataFrame, tmp_path: Path) -> None:
    mixed = rows.sample(frac=1, random_state=3)[sorted(rows.columns, reverse=True)]
    mixed.to_csv(tmp_path / "services.csv", index=False)
    again = data.services(path=tmp_path / "services.csv")
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(data.services()))


def test_blanks_around_cells_change_nothing(rows: pd.DataFrame, tmp_path: Path) -> None:
    wide = rows.map(lambda cell: f"  {cell} ".replace("|", " | "))
    wide["note"], wide["evidence"] = rows["note"], rows["evidence"]
    wide.to_csv(tmp_path / "services.csv", index=False)
    again = data.services(path=tmp_path / "services.csv")
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(data.services()))


def test_facts_load_as_they_are(shared: Path, data_folder: Path) -> None:
    facts = data.services(path=shared / "facts" / "services.csv")
    ours = data.services()
    drop = ["service_id", "site_id", "coordinate_source", "disclosure_basis", "note"]
    theirs, own = (table[table["disclosure"].ne("withheld")].reset_index(drop=True) for table in (facts, ours))
    # the directory holds more services than the published facts: theirs, each as it is, and those collected since
    names = ["organization_name", "service_name", "physical_address", "city", "disclosure"]
    published, packaged = (pd.MultiIndex.from_frame(table[names].fillna("")) for table in (theirs, own))
    assert published.is_unique
    since = pd.read_csv(data_folder / "raw" / "services_more.csv", dtype=str)
    assert len(own) == len(theirs) + len(since)
    own = own[packaged.isin(published)].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(theirs.drop(columns=drop)), pd.DataFrame(own.drop(columns=drop)))
    assert facts["disclosure"].eq("withheld").sum() == ours["disclosure"].eq("withheld").sum()


def test_spreadsheet_gives_the_same_table(rows: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    # a sheet holds numbers as numbers: ZIP codes, ages, coordinates
    typed = rows.replace("", None)
    for column in ("postal_code", "minimum_age", "maximum_age", "latitude", "longitude", "verified_on"):
        typed[column] = pd.to_numeric(typed[column])
    typed.to_excel(tmp_path / "services.xlsx", index=False)
    sheet = data.services(path=tmp_path / "services.xlsx")
    pd.testing.assert_frame_equal(pd.DataFrame(sheet), pd.DataFrame(data.services()))


def test_broken_spreadsheet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "services.xlsx").write_bytes(b"PK no workbook")
    assert "is no .xlsx workbook" in refusal(tmp_path / "services.xlsx")[0]


def test_point_layer_gives_the_same_points(data_folder: Path, tmp_path: Path) -> None:
    text = pd.read_csv(data_folder / "derived" / "services.csv", dtype=str)
    lon, lat = text.pop("longitude").astype(float), text.pop("latitude").astype(float)
    points = gpd.GeoSeries(gpd.points_from_xy(lon.fillna(0), lat.fillna(0)), crs=4326).where(lon.notna())
    gpd.GeoDataFrame(text, geometry=points).to_file(tmp_path / "services.gpkg")
    layer, ours = data.services(path=tmp_path / "services.gpkg"), data.services()
    assert layer.geometry.geom_equals(ours.geometry)[ours.geometry.notna()].all()
    assert (layer.geometry.isna() == ours.geometry.isna()).all()


def test_layer_in_another_crs_is_brought_to_degrees(data_folder: Path, tmp_path: Path) -> None:
    ours = data.services()
    ours = ours[ours.geometry.notna()].head(20)
    text = pd.read_csv(data_folder / "derived" / "services.csv", dtype=str).drop(columns=["latitude", "longitude"])
    layer = gpd.GeoDataFrame(ours[["service_id", "geometry"]].merge(text, on="service_id"), crs=4326).to_crs(26915)
    layer.to_file(tmp_path / "services.gpkg")
    again = data.services(path=tmp_path / "services.gpkg")
    assert again.geometry.distance(ours.reset_index(drop=True).geometry).max() < 1e-6


def test_layer_without_crs_whose_coordinates_are_no_degrees_is_refused(rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the writer says that there is no CRS, as it should
        gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy([4e5] * len(rows), [4e6] * len(rows))).to_file(path)
    with pytest.raises(CrsError, match="no reference system"):
        data.services(path=path)


def test_missing_file(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "none.csv")[0]


def test_other_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "services.pdf").write_bytes(b"%PDF")
    assert "give CSV, TSV, .xlsx" in refusal(tmp_path / "services.pdf")[0]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_empty_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "services.csv").write_bytes(content)
    assert refusal(tmp_path / "services.csv") == (
        "services.csv holds no rows; give a header line and one row for each service.",
    )


def test_header_without_rows(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.iloc[:0].to_csv(tmp_path / "services.csv", index=False)
    assert "holds no rows; give a header line" in refusal(tmp_path / "services.csv")[0]


def test_latin_1_bytes_are_read(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.loc[rows["service_id"] == EXACT, "note"] = "caf\u00e9"
    path = tmp_path / "services.csv"
    rows.to_csv(path, index=False, encoding="latin-1")
    assert data.services(path=path).set_index("service_id").loc[EXACT, "note"] == "caf\u00e9"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "services.csv").write_bytes(b"service_id\x00,\x00")
    assert "is no text file" in refusal(tmp_path / "services.csv")[0]


def test_byte_order_mark_and_windows_line_ends_are_read(rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    rows.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    assert len(data.services(path=path)) == len(rows)


def test_column_named_twice(rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    pd.concat([rows, rows[["phone"]]], axis=1).to_csv(path, index=False)
    assert "names the column 'phone' twice" in refusal(path)[0]


def test_stray_comma(data_folder: Path, tmp_path: Path) -> None:
    lines = (data_folder / "derived" / "services.csv").read_text().splitlines()
    (tmp_path / "services.csv").write_text("\n".join([lines[0], lines[1] + ",more"]))
    assert "Line 2 of services.csv has more cells than the header" in refusal(tmp_path / "services.csv")[0]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("service_categories", "has no column for service_categories; columns found: organization_id"),
        ("latitude", "no row has a point, so no map could show one; columns found"),
        ("disclosure", "the rows have no disclosure level"),
        ("eligibility", "eligibility is blank; fill it in, or say what to take"),
    ],
)
def test_missing_column(column: str, words: str, rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    rows.drop(columns=[column]).to_csv(path, index=False)
    assert words in "".join(refusal(path))


def test_opening_hours_column_may_be_left_out(rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    rows.drop(columns=["opening_hours"]).to_csv(path, index=False)
    pd.testing.assert_series_equal(data.services(path=path)["opening_hours"], data.services()["opening_hours"])


def test_unknown_column_changes_nothing(rows: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    rows.assign(landmark="by the bridge").to_csv(path, index=False)
    pd.testing.assert_frame_equal(pd.DataFrame(data.services(path=path)), pd.DataFrame(data.services()))


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"latitude": "390"}, "latitude 390 is impossible (it lies between -90 and 90); correct it."),
        ({"longitude": "-394.5"}, "longitude -394.5 is impossible (it lies between -180 and 180); correct it."),
        (
            {"latitude": "-94.5467", "longitude": "39.0351"},
            "latitude and longitude look swapped; exchange them.",
        ),
        ({"longitude": "94.5467"}, "longitude looks as if it lacks its minus sign; west is negative."),
        ({"longitude": ""}, "only one of latitude and longitude is given; give both or none."),
        ({"latitude": "north"}, "latitude is 'north' that is no number; correct it or leave it blank."),
        ({"minimum_age": "30", "maximum_age": "20"}, "minimum_age is above maximum_age; exchange or correct them."),
        ({"minimum_age": "17.5"}, "minimum_age is '17.5' that is no whole number; correct it or leave it blank."),
        (
            {"eligibility": "wizards"},
            "eligibility is 'wizards'; allowed are any, minors, adult women, men, LGBTQ, unknown.",
        ),
        ({"service_name": ""}, "service_name is blank; fill it in."),
        ({"capacity_beds": "-4"}, "capacity_beds is -4.0, below the least value 0; correct it."),
        (
            {"opening_hours": "office hours"},
            "opening_hours is not in OpenStreetMap syntax; write e.g. 'Mo-Fr 09:00-17:00', or leave it blank; "
            "hours in words of one's own belong in the column hours.",
        ),
    ],
)
def test_one_sentence_for_one_fault(cells: dict[str, str], sentence: str, spoil: Spoil) -> None:
    assert refusal(spoil(EXACT, **cells)) == (f"{EXACT}: {sentence}",)


def test_point_500_km_away(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(EXACT, latitude="44.28", longitude="-94.5"))
    words = re.fullmatch(rf"{EXACT}: the point lies about (\d+) km from the counties; correct it or leave.*", sentence)
    assert words is not None
    assert abs(int(words[1]) - 500) < 10


def test_point_just_within_and_just_beyond_100_km(spoil: Spoil) -> None:
    # at this longitude the counties end near 38.04 north; 100 km are 0.90 degrees
    assert len(data.services(path=spoil(EXACT, latitude="37.15", longitude="-94.5"))) == 366
    assert "km from the counties" in refusal(spoil(EXACT, latitude="37.13", longitude="-94.5"))[0]


def test_unknown_category(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(EXACT, service_categories="legal|wizardry"))
    assert sentence.startswith(f"{EXACT}: the category 'wizardry' is unknown; allowed are case_management, ")


def test_id_that_stands_twice(spoil: Spoil) -> None:
    assert refusal(spoil(EXACT, service_id="svc-kls-02")) == (
        "svc-kls-02: service_id stands in more than one row; keep one row or give new ids.",
    )


def test_blank_id_is_named_by_its_line(rows: pd.DataFrame, spoil: Spoil) -> None:
    line = int(rows.index[rows["service_id"] == EXACT][0]) + 2
    assert f"row-{line:05d}" in set(data.services(path=spoil(EXACT, service_id=""))["service_id"])


def test_town_centre_is_no_place(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(EXACT, latitude="39.0997", longitude="-94.5786"))
    assert "the point is the centre of Kansas City" in sentence


def test_hotline_has_no_place(spoil: Spoil) -> None:
    expected = "a hotline or virtual service has no place; remove latitude and longitude."
    assert refusal(spoil(HOTLINE, latitude="39.05", longitude="-94.5")) == (f"{HOTLINE}: {expected}",)
    # geocoded to another country: still one sentence, and the same cure
    assert refusal(spoil(HOTLINE, latitude="51.5", longitude="-0.1")) == (f"{HOTLINE}: {expected}",)


def test_all_faults_come_at_once(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.loc[rows["service_id"] == EXACT, "latitude"] = "390"
    rows.loc[rows["service_id"] == "svc-kls-02", ["eligibility", "service_categories"]] = ["wizards", "magic"]
    rows.loc[rows["service_id"] == AREA, "postal_code"] = "64055"
    rows.to_csv(tmp_path / "services.csv", index=False)
    problems = refusal(tmp_path / "services.csv")
    assert len(problems) == 4
    assert {AREA, EXACT, "svc-kls-02"} == {name for name in (AREA, EXACT, "svc-kls-02") if name in "".join(problems)}


def test_a_fault_of_many_rows_is_one_sentence_with_five_ids(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.loc[rows["disclosure"] == "exact", "eligibility"] = "wizards"
    rows.to_csv(tmp_path / "services.csv", index=False)
    (sentence,) = refusal(tmp_path / "services.csv")
    assert "and 316 more: eligibility is 'wizards'" in sentence


# --- disclosure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service_id", [AREA, WITHHELD])
@pytest.mark.parametrize(
    "cells",
    [
        {"latitude": "39.0512", "longitude": "-94.4031"},
        {"latitude": "somewhere"},
        {"physical_address": "12 Example Street"},
        {"postal_code": "64055"},
        {"city": "Sugar Creek"},
        {"county": "Linn"},
        {"note": "near 12 Example Street"},
        {"note": "86F75MX2+2X"},
        {"service_name": "House at 9yuzqx4"},
        {"service_area": "64055"},
    ],
)
def test_hidden_row_with_a_place_is_refused_without_naming_it(
    service_id: str, cells: dict[str, str], spoil: Spoil
) -> None:
    problems = refusal(spoil(service_id, **cells))
    assert all(service_id in sentence for sentence in problems)
    assert not [value for value in cells.values() if value in "".join(problems)]


@pytest.mark.parametrize("column", ["geohash", "plus_code", "what3words", "h3_cell"])
def test_a_place_in_a_new_column_of_a_hidden_row_does_not_come_in(
    column: str, rows: pd.DataFrame, tmp_path: Path
) -> None:
    rows[column] = ""
    rows.loc[rows["service_id"] == AREA, column] = "9yuzqx4"
    rows.to_csv(tmp_path / "services.csv", index=False)
    assert "9yuzqx4" not in data.services(path=tmp_path / "services.csv").to_csv()


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    column=st.sampled_from(
        [*PLACE_COLUMNS, "minimum_age", "eligibility", "service_categories", "coordinate_precision"]
    ),
    secret=st.text("abcdefghijkmnpqrstuvwxyz0123456789", min_size=6, max_size=9).map("zq{}7".format),
    level=st.sampled_from(["area", "withheld", "secret", ""]),
)
def test_no_message_repeats_a_cell_of_a_hidden_row(spoil: Spoil, column: str, secret: str, level: str) -> None:
    path = spoil(AREA, disclosure=level, **{column: secret})
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            table = data.services(path=path)
    except TableError as error:
        assert secret not in str(error)
    else:
        assert secret not in table.to_csv()
        assert secret not in "".join(str(warning.message) for warning in said)


@pytest.mark.parametrize("basis", ["", "public office, hospital, agency or hotline", "because"])
@pytest.mark.parametrize("level", ["exact", ""])
def test_shelter_without_a_sufficient_basis_comes_in_as_withheld(basis: str, level: str, spoil: Spoil) -> None:
    with pytest.warns(UserWarning, match="svc-city-union-mission-01 came in as withheld"):
        table = data.services(path=spoil(SHELTER, disclosure_basis=basis, disclosure=level))
    row = table.set_index("service_id").loc[SHELTER]
    assert row["disclosure"] == "withheld"
    kept = row.drop(["categories", "disclosure", "disclosure_basis"])
    assert kept.isna().all()


def test_exact_needs_a_basis(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(PROSECUTOR, disclosure_basis=""))
    assert PROSECUTOR in sentence
    assert "without a disclosure_basis" in sentence


def test_basis_must_be_a_known_one(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(EXACT, disclosure_basis="because"))
    assert sentence.startswith(f"{EXACT}: the disclosure_basis is unknown; write one of: public office")


@pytest.mark.parametrize("level", ["Exact", "public", ""])
def test_level_must_be_a_known_one(level: str, spoil: Spoil) -> None:
    problems = refusal(spoil(PROSECUTOR, disclosure=level))
    assert PROSECUTOR in problems[0]
    assert "level" in problems[0]


def test_area_must_be_approved(spoil: Spoil) -> None:
    (sentence,) = refusal(spoil(AREA, area="Linn County KS"))
    assert AREA in sentence
    assert "approved areas" in sentence


def test_one_service_at_two_levels_is_refused(rows: pd.DataFrame, tmp_path: Path) -> None:
    twin = rows[rows["service_id"] == EXACT].assign(service_id="svc-twin", disclosure="withheld", disclosure_basis="")
    twin[PLACE_COLUMNS] = ""
    pd.concat([rows, twin]).to_csv(tmp_path / "services.csv", index=False)
    (sentence,) = refusal(tmp_path / "services.csv")
    assert EXACT in sentence
    assert "svc-twin" in sentence
    assert "two levels" in sentence


def test_withheld_rows_keep_id_categories_level_and_reason_only() -> None:
    table = data.services()
    withheld = table[table["disclosure"] == "withheld"]
    kept = ["service_id", "categories", "disclosure", "disclosure_basis"]
    assert len(withheld) == 10
    assert withheld.drop(columns=kept).isna().all(axis=None)
    assert withheld[kept].notna().all(axis=None)


def test_own_areas_and_counties_serve_another_metro(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows = rows[rows["service_id"].isin([EXACT, AREA])].copy()
    rows.loc[rows["service_id"] == EXACT, ["latitude", "longitude"]] = ["38.63", "-90.2"]
    rows.loc[rows["service_id"] == AREA, "area"] = "St. Louis"
    rows.to_csv(tmp_path / "services.csv", index=False)
    assert len(refusal(tmp_path / "services.csv")) == 2
    city = gpd.GeoDataFrame({"county_fips": ["29510"]}, geometry=gpd.points_from_xy([-90.2], [38.6]), crs=4326)
    areas = pd.DataFrame({"area": ["St. Louis"], "county_fips": ["29510"]})
    assert len(data.services(path=tmp_path / "services.csv", counties=city, areas=areas)) == 2
