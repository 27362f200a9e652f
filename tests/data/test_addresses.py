"""Addresses are placed along the ranges of their streets, on the right side, or not at all."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo.data import default_study, read_study
from kcgeo.data.formats.places.address_ranges import address_ranges, read_addresses
from kcgeo.data.places.addresses import ASIDE_M, MATCHES, locate_addresses, street_key
from kcgeo.errors import TableError, WithheldWarning
from kcgeo.study.file.add import add_layer

WEST, EAST = (-94.60, 39.00), (-94.59, 39.00)


def ranges_file(path: Path, *streets: tuple[str, str, str, str, str]) -> Path:
    """Streets from west to east, each a little farther north: name and the numbers of the left and the right side."""
    names = ("FULLNAME", "LFROMHN", "LTOHN", "RFROMHN", "RTOHN")
    rows = [dict(zip(names, street, strict=True)) | {"ZIPL": "64999", "ZIPR": "64999"} for street in streets]
    lines = [shapely.LineString([(x, y + 0.01 * n) for x, y in (WEST, EAST)]) for n in range(len(rows))]
    gpd.GeoDataFrame(rows, geometry=lines, crs="EPSG:4269").to_file(path)
    return path


def placed(path: Path, *addresses: str, zip_code: str = "64999") -> pd.DataFrame:
    rows = pd.DataFrame({"physical_address": addresses, "postal_code": zip_code})
    return locate_addresses(rows, address_ranges(path)[0])


def test_a_house_stands_where_its_number_falls(tmp_path: Path) -> None:
    path = ranges_file(tmp_path / "a.shp", ("W Sorrel St", "100", "198", "101", "199"))
    found = placed(path, "149 West Sorrel Street, Suite 4", "150 W. Sorrel St", "101 W Sorrel St", "199 w sorrel st")
    assert found["longitude"].to_list() == pytest.approx([-94.5951, -94.5949, -94.5997, -94.5903], abs=2e-4)
    north = found["latitude"] > 39.0
    assert north.to_list() == [False, True, False, False]  # even numbers stand left of a way that runs east: north
    assert ((found["latitude"] - 39.0).abs() * 111_320).to_list() == pytest.approx([ASIDE_M] * 4, abs=0.5)
    assert set(found["match"]) == {MATCHES[0]}


def test_what_is_not_surely_found_is_not_placed(tmp_path: Path) -> None:
    streets = [("W Sorrel St", "100", "198", "101", "199"), ("E Sorrel St", "100", "198", "101", "199")]
    path = ranges_file(tmp_path / "a.shp", *streets, ("Quetzal Ave", "2", "98", "", ""))
    found = placed(
        path,
        "150 Sorrel St",
        "150 N Quetzal Ave",
        "20 N Quetzal Rd",
        "21 Quetzal Ave",
        "5 Elm St",
        "PO Box 12",
        "Quetzal",
    )
    assert found["match"].to_list() == [
        *(MATCHES[3], MATCHES[3], MATCHES[2], MATCHES[3]),
        *(MATCHES[4], MATCHES[5], MATCHES[5]),
    ]
    assert found["latitude"].notna().to_list() == [False, False, True, False, False, False, False]
    assert placed(path, "150 W Sorrel St", zip_code="64998")["match"].to_list() == [MATCHES[4]]
    with pytest.raises(TableError, match="no column postal_code"):
        locate_addresses(pd.DataFrame({"physical_address": ["1 Elm St"]}), address_ranges(path)[0])


def test_a_list_without_points_is_placed_by_the_study_s_ranges(tmp_path: Path) -> None:
    """Hidden rows are cut before; a row that is not found gets the point of its ZIP code, as without ranges."""
    study = tmp_path / "kc.toml"
    study.write_text(default_study().read_text(encoding="utf-8"), encoding="utf-8")
    add_layer(study, "addresses", str(ranges_file(tmp_path / "a.shp", ("W Sorrel St", "100", "198", "101", "199"))))
    rows = [
        "service_id,organization_name,service_name,service_categories,eligibility,physical_address,city,state,postal_code",
        "d-1,Demo Hospital,Demo clinic,medical,any,150 West Sorrel Street,Kansas City,MO,64999",
        "d-2,Demo Hospital Two,Demo clinic,medical,any,9 Nowhere Rd,Kansas City,MO,64106",
        "d-3,Demo Refuge,Emergency shelter,emergency_shelter,any,152 West Sorrel Street,Kansas City,MO,64999",
    ]
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    basis = {"basis": "public office, hospital, agency or hotline"}
    with pytest.warns(WithheldWarning):
        added = add_layer(study, "services", str(tmp_path / "list.csv"), options=basis)
    table = pd.read_csv(added.layer.path, dtype="str", keep_default_na=False).set_index("service_id")
    assert table.loc["d-1", ["latitude", "longitude", "coordinate_precision"]].to_list() == [
        *("39.000108", "-94.594898"),
        "street",
    ]
    assert table.loc["d-2", "coordinate_precision"] == "zip"
    assert "Sorrel" not in " ".join(table[table["disclosure"] == "withheld"].to_numpy().ravel())
    notes = " ".join(added.layer.notes)
    assert "d-1: the address was placed along its street" in notes and "d-2: the address was not placed" in notes
    assert "d-3" not in notes


@pytest.mark.parametrize(
    ("one", "other"),
    [("North 5th Avenue", "N. Fifth Ave"), ("Northeast Elm Rd", "NE Elm Road"), ("O'Demo Ln", "ODemo Lane")],
)
def test_spellings_of_one_street(one: str, other: str) -> None:
    assert street_key(one) == street_key(other)


def test_a_file_of_another_place_or_kind_is_refused(tmp_path: Path) -> None:
    study = read_study(default_study())
    path = ranges_file(tmp_path / "a.shp", ("W Sorrel St", "100", "198", "101", "199"))
    assert read_addresses(path, study).write(tmp_path / "x.npz") == 2
    far = gpd.read_file(path)
    far.geometry = far.translate(xoff=10)
    far.to_file(tmp_path / "far.shp")
    with pytest.raises(TableError, match="another region"):
        read_addresses(tmp_path / "far.shp", study)
    far.drop(columns="ZIPL").to_file(tmp_path / "other.shp")
    with pytest.raises(TableError, match="no column ZIPL"):
        address_ranges(tmp_path / "other.shp")


def test_a_whole_county_against_its_own_lines(shared: Path) -> None:
    """Both ends of every range of a real file: near its line, on its side, near its end."""
    ranges, _ = address_ranges(shared / "reference" / "tiger" / "tl_2021_30059_addrfeat.shp")
    assert len(ranges.street) == 876
    rows = pd.DataFrame(
        {
            "physical_address": [f"{n} {s}" for n, s in zip(ranges.first, ranges.street, strict=True)],
            "postal_code": ranges.zip,
        }
    )
    found = locate_addresses(rows, ranges)
    assert found["match"].isin(MATCHES[:3]).mean() > 0.98
    metres = np.array([111_320 * np.cos(np.radians(46.5)), 111_320])
    keys = pd.Series(list(zip(ranges.street, ranges.zip, ranges.first, strict=True)))
    alone = ~keys.duplicated(keep=False).to_numpy() & found["match"].eq(MATCHES[0]).to_numpy()
    assert alone.sum() > 700
    for at in np.flatnonzero(alone):
        line = shapely.LineString(ranges.line_xy[ranges.line_at[at] : ranges.line_at[at + 1]] * metres)
        spot = shapely.Point(found[["longitude", "latitude"]].to_numpy()[at] * metres)
        assert spot.distance(line) < ASIDE_M + 1
        assert line.project(spot) / line.length < 0.25 or line.length < 4 * ASIDE_M
