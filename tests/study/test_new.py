"""A study of another metro: written from the national tables, refused with one sentence, read back whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kcgeo import data
from kcgeo.data.study.names import around, county_codes, town
from kcgeo.data.study.settings import Route
from kcgeo.errors import KcgeoError, StudyError
from kcgeo.study.file.new import _largest_town, _utm, check_study, new_study, parse_barrier, parse_via

WICHITA = ("20173", "20015", "20079")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    path, held = new_study(
        "wichita",
        counties=WICHITA,
        corridors=["I-35", "I-135"],
        barriers={"Line": (["20173"], ["20015"])},
        services=root / "tests" / "studies" / "wichita-sample.csv",
        out=tmp_path_factory.mktemp("studies"),
    )
    assert dict(held.amounts)["people"] == f"{data.places(held.study)['population_count'].sum():,}"
    return path


@pytest.mark.slow
def test_the_file_is_a_whole_study(written: Path) -> None:
    study = data.read_study(written)
    assert study.name == "wichita"
    assert study.title == "Wichita metro"
    assert study.crs == "EPSG:26914"  # UTM zone 14 holds -97.3
    assert study.counties == WICHITA
    assert study.downtown == pytest.approx((-97.34, 37.69), abs=0.02)
    assert study.services_path == (Path(__file__).parents[1] / "studies" / "wichita-sample.csv").resolve()
    assert set(data.corridors(study)["route"]) == {"I-35", "I-135"}
    model = data.read_study(data.default_study())
    assert (study.gaps, study.travel.local_kmh) == (model.gaps, model.travel.local_kmh)


def test_check_says_what_is_held_and_what_to_look_at(written: Path) -> None:
    held = check_study(written)
    amounts = dict(held.amounts)
    assert amounts["counties"] == "3: Butler KS, Harvey KS, Sedgwick KS"
    assert amounts["corridor I-135"].endswith("miles in KS (miles along the line, not mileposts)")
    note, ended = held.notes
    assert note.startswith("Line: ")
    assert ended.startswith("I-135 ends ")  # where it meets I-35, well inside the counties
    assert "is on neither side" in note


def test_a_file_that_is_there_stays_unless_forced(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(StudyError, match=r"There is a file .*wichita\.toml; choose another --name"):
        new_study("wichita", counties=WICHITA, out=written.parent)
    assert written.read_bytes() == before
    with pytest.raises(KcgeoError):  # a check that fails changes nothing either
        new_study("wichita", counties=["20173", "99001"], out=written.parent, force=True)
    assert written.read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == ["wichita.toml"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "St. Louis"}, "--name names a file"),
        ({"counties": ["2951"]}, "'2951' is no county"),
        ({"counties": ["Wagner County OK"]}, r"no county of OK; did you mean Wagoner county OK \(40145\)"),
        ({"counties": ["Jackson County"]}, "'Jackson County' may be Jackson county"),
        ({"counties": ["09001"]}, "study.counties names 09001; use the planning regions"),
        ({"name": "Tulsa"}, "--name tulsa"),
        ({"counties": []}, "none is given"),
        ({"counties": ["20173", "20173"]}, "--counties names 20173 more than once"),
        ({"counties": ["99001"]}, "study.counties names 99001, which the data package does not have"),
        ({"corridors": ["70"]}, "--corridors takes names such as I-44"),
        (
            {"corridors": ["I-5"]},
            r"No points of I-5 are packaged near these counties \(packaged there: I-35, I-135.*\); give some",
        ),
        ({"via": [Route("I-5", ((0.0, 0.0), (1.0, 1.0)))]}, "--via gives points of I-5, which --corridors does not"),
        ({"barriers": {"River": (["MO"], ["20173"])}}, "--barrier River: MO is no county or state of the study"),
        ({"barriers": {"River": (["KS"], ["20173"])}}, "--barrier River: 20173 is on both sides"),
        ({"services": Path("nowhere.csv")}, "There is no file of services nowhere.csv"),
        ({"crs": "EPSG:4326"}, "study.crs: EPSG:4326 does not measure in metres|does not measure in metres"),
        (
            {"corridors": ["I-35"], "via": [Route("I-35", ((-97.3, 37.7), (-90.2, 38.6)))]},
            "I-35: point 2 is far from the highway graph around the study",
        ),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, change: dict, sentence: str) -> None:
    with pytest.raises(KcgeoError, match=sentence):
        new_study(**({"name": "here", "counties": WICHITA, "out": tmp_path} | change))
    assert list(tmp_path.iterdir()) == []


def test_via_with_mileposts_is_read_and_written(tmp_path: Path) -> None:
    via = parse_via("I-135=-97.326,37.608,0,KS -97.322,37.755,10.6,KS -97.33,38.05")
    assert via.mileposts == ((-97.326, 37.608, 0.0, "KS"), (-97.322, 37.755, 10.6, "KS"))
    path, held = new_study("x", counties=WICHITA, corridors=["I-135"], via=[via], out=tmp_path / "x.toml")
    assert held.study.routes == (via,) == data.read_study(path).routes
    assert "no services yet" in " ".join(held.notes)
    with pytest.raises(StudyError, match="The study x names no services"):
        data.directory(held.study)


def test_a_corridor_that_stops_short_of_the_border_is_spoken_of(tmp_path: Path) -> None:
    short = parse_via("I-135=-97.326,37.608 -97.322,37.755")
    _, held = new_study("x", counties=WICHITA, corridors=["I-135"], via=[short], out=tmp_path / "x.toml")
    found = [note for note in held.notes if note.startswith("I-135 ends ")]
    assert found and "name a point farther along it with --via" in found[0]
    _, held = new_study("y", counties=WICHITA, corridors=["I-35"], out=tmp_path / "y.toml")
    assert not [note for note in held.notes if note.startswith("I-35 ends ")]


@pytest.mark.parametrize("text", ["I-44", "I-44=", "=1,2 3,4", "I-44=1,2,3", "I-44=a,b", "I-44=1;2"])
def test_via_that_is_not_understood(text: str) -> None:
    with pytest.raises(StudyError, match="is not understood"):
        parse_via(text)


@pytest.mark.parametrize("text", ["River", "River=MO", "River=MO|", "=MO|IL", "River=MO|IL|KS"])
def test_barrier_that_is_not_understood(text: str) -> None:
    with pytest.raises(StudyError, match="is not understood"):
        parse_barrier(text)
    assert parse_barrier("Mississippi River = MO|IL")[1] == (("MO",), ("IL",))


def test_counties_and_routes_by_name(tmp_path: Path) -> None:
    _, held = new_study("tul", counties=["Tulsa County OK", "Dona Ana", "New Mexico"], out=tmp_path)
    assert held.study.counties == ("40143", "35013")
    assert county_codes(["St. Louis city MO", "St. Louis County, Missouri", "orleans parish, LA"]) == (
        *("29510", "29189"),
        "22071",
    )
    _, held = new_study("wichita", counties=["20173"], corridors=["i135", "Interstate 35"], out=tmp_path)
    assert held.study.corridors == ("I-135", "I-35")
    assert around(*town("tulsa, ok")[1:])["county_fips"].iloc[0] == "40143"
    with pytest.raises(StudyError, match="did you mean Tulsa OK"):
        town("Tulza OK")


@pytest.mark.parametrize(
    ("counties", "crs", "title"),
    [
        (("02016",), "EPSG:26903", "Unalaska metro"),
        (("02013", "02016"), "EPSG:26903", "Unalaska metro"),
        (("72127", "72021", "72061"), "EPSG:26919", "San Juan metro"),
        (("15003",), "EPSG:26904", "Honolulu metro"),
        (("09110",), "EPSG:26918", "Hartford metro"),
        (("02063",), "EPSG:26906", "Valdez metro"),
    ],
)
def test_the_metric_zone_is_where_the_people_live(counties: tuple[str, ...], crs: str, title: str) -> None:
    draft = replace(data.read_study(data.default_study()), counties=counties, corridors=(), layers=(), routes=())
    draft = replace(draft, crs=_utm(draft))
    assert (draft.crs, f"{_largest_town(draft)[0]} metro") == (crs, title)


def test_names_of_counties_are_whole() -> None:
    names = data.load("counties_us")["name"]
    assert not names.str.contains("[ÃÂ]").any()
    assert {"Bayamón", "Doña Ana", "Mayagüez", "Río Grande"} <= set(names)


def test_a_windows_path_is_told(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="single quotes"):
        data.read_study(shared / "cases" / "windows-path.toml")


def test_services_in_the_counties_are_told_apart_from_the_rest_of_the_list(root: Path) -> None:
    held = check_study(root / "studies" / "kansas-city.toml")
    shown = data.directory(held.study).dropna(subset="geometry")
    inside = shown.sjoin(data.counties(held.study)[["geometry"]].to_crs(shown.crs), predicate="within")
    said = f"{inside['service_id'].nunique()} in these counties, {len(shown)} in the list"
    assert dict(held.amounts)["services with a public address"] == said
    assert inside["service_id"].nunique() < len(shown)
