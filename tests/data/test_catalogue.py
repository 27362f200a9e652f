"""Finding the package, and refusing what is not the registered package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest

from kcgeo import data
from kcgeo.errors import CrsError, IntegrityError, TableError

Register = Callable[[str], None]


def test_package_is_the_folder_of_the_checkout(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KCGEO_DATA", raising=False)
    assert data.package_folder() == data_folder


def test_environment_names_another_package(own_package: Path) -> None:
    assert data.package_folder() == own_package
    assert len(data.load("counties")) == 16


def test_environment_that_names_no_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCGEO_DATA", str(tmp_path))
    with pytest.raises(IntegrityError, match=r"No datapackage.json was found in .*; correct KCGEO_DATA"):
        data.resources()


def test_broken_description_is_refused(own_package: Path) -> None:
    (own_package / "datapackage.json").write_text("{")
    with pytest.raises(IntegrityError, match="is not JSON"):
        data.resources()


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"default_study": "a", "disclosure_bases": {}, "resources": [{}]}']
)
def test_descriptor_that_describes_nothing_is_refused_in_words(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datapackage.json").write_text(text)
    monkeypatch.setenv("KCGEO_DATA", str(tmp_path))
    with pytest.raises(IntegrityError, match="does not describe the data package; restore it"):
        data.resources()


def test_unknown_resource_is_refused_with_the_list() -> None:
    with pytest.raises(
        IntegrityError, match=r"no resource 'shelters'; it has aggregates, area_sizes, areas, .*services"
    ) as caught:
        data.load("shelters")
    assert len(caught.value.problems) == 1


def test_describe_names_licence_and_caveats() -> None:
    about = data.describe("highway_edges")
    assert about["licenses"][0]["name"] == "ODbL-1.0"
    assert about["caveats"]
    assert {field["name"]: field.get("unit") for field in about["fields"]}["length_km"] == "km"


@pytest.mark.parametrize("name", ["places", "services", "counties", "places_us"])
def test_changed_byte_is_refused(name: str, own_package: Path) -> None:
    path = own_package / data.describe(name)["path"]
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match=f"The file of '{name}' is not the registered one") as caught:
        data.load(name)
    assert "restore it from the release" in str(caught.value)


def test_missing_file_is_refused(own_package: Path) -> None:
    (own_package / "derived" / "cities.csv").unlink()
    with pytest.raises(IntegrityError, match="The file of 'cities' is missing"):
        data.load("cities")


def test_layer_in_another_crs_is_refused(own_package: Path, register: Register) -> None:
    path = own_package / "derived" / "counties.geojson"
    metric = gpd.read_file(path).to_crs(26915)
    path.unlink()
    metric.to_file(path)
    register("counties")
    with pytest.raises(CrsError, match=r"layer counties is in EPSG:26915 where EPSG:4326 is needed"):
        data.load("counties")


def edit(own_package: Path, register: Register, name: str, old: str, new: str) -> tuple[str, ...]:
    path = own_package / data.describe(name)["path"]
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    register(name)
    with pytest.raises(TableError) as caught:
        data.load(name)
    return caught.value.problems


def test_all_violations_come_in_one_error(own_package: Path, register: Register) -> None:
    path = own_package / "derived" / "county_denominators.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(",KS,", ",Kansas,")
    lines[2] = lines[2].replace("true", "maybe")
    lines[3] = lines[3].replace(lines[3].split(",")[7], "26.3")
    path.write_text("\n".join([*lines, lines[4]]) + "\n")
    register("county_denominators")
    with pytest.raises(TableError) as caught:
        data.load("county_denominators")
    ids = [line.split(",")[0] for line in lines[1:5]]
    assert sorted(caught.value.problems) == sorted(
        [
            f"{ids[0]}: state is 'Kansas', which does not have the form [A-Z]{{2}}; correct it.",
            f"{ids[1]}: in_msa is 'maybe' that is no boolean; correct it or leave it blank.",
            f"{ids[2]}: under18_2010_share is 26.3, above the greatest value 1; correct it.",
            f"{ids[3]}: county_fips stands in more than one row; keep one row or give new ids.",
        ]
    )


def test_reference_to_nothing_is_refused(own_package: Path, register: Register) -> None:
    (problem,) = edit(own_package, register, "areas", "Douglas County KS,20045", "Douglas County KS,99999")
    assert problem == "areas.county_fips names 99999, which counties.county_fips does not have."


def test_column_that_is_missing_is_refused(own_package: Path, register: Register) -> None:
    (problem,) = edit(own_package, register, "cities", "population_count", "people")
    assert problem.startswith("The column population_count is missing from the table cities; add it")


def test_column_that_is_missing_from_a_layer_is_refused(own_package: Path, register: Register) -> None:
    (problem,) = edit(own_package, register, "counties", '"in_msa"', '"metro"')
    assert problem.startswith("The column in_msa is missing from the table counties; add it")


def test_infinite_number_is_refused(own_package: Path, register: Register) -> None:
    (problem,) = edit(own_package, register, "highway_edges", "188276,228872,40.091", "188276,228872,1e999")
    assert problem == "188276-228872: length_km is '1e999' that is no number; correct it or leave it blank."


def test_table_without_rows_is_refused(own_package: Path, register: Register) -> None:
    path = own_package / "derived" / "cities.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    register("cities")
    with pytest.raises(TableError, match="The table cities has no rows"):
        data.load("cities")


def test_default_study_is_a_sound_study() -> None:
    study = data.read_study(data.default_study())
    assert len(data.counties(study)) == len(study.counties)


def test_packaged_copy_of_a_wheel_comes_first(
    own_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    module = sys.modules["kcgeo.files"]
    monkeypatch.delenv("KCGEO_DATA")
    installed = tmp_path / "site" / "kcgeo"
    (installed / "_package").mkdir(parents=True)
    own_package.rename(installed / "_package" / "data")
    (installed / "_package" / "studies").mkdir()
    (installed / "_package" / "studies" / "another.toml").write_text("")
    with pytest.raises(IntegrityError, match="was not installed with kcgeo"):
        missing = tmp_path / "nowhere" / "kcgeo" / "files.py"
        monkeypatch.setattr(module, "__file__", str(missing))
        monkeypatch.setenv("KCGEO_DATA", str(installed / "_package" / "data"))
        data.default_study()
    monkeypatch.delenv("KCGEO_DATA")
    descriptor = installed / "_package" / "data" / "datapackage.json"
    described = json.loads(descriptor.read_text())
    assert described["default_study"] == "kansas-city.toml"
    descriptor.write_text(json.dumps({**described, "default_study": "own.toml"}))
    (installed / "_package" / "studies" / "own.toml").write_text("")  # not the first by name
    monkeypatch.setattr(module, "__file__", str(installed / "files.py"))
    assert data.package_folder() == installed / "_package" / "data"
    assert data.default_study() == installed / "_package" / "studies" / "own.toml"
    assert json.loads((data.package_folder() / "datapackage.json").read_text())["name"] == "kcgeo-data"
