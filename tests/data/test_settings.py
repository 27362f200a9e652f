"""A study file: each fault is one sentence, and no fault is a traceback."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcgeo.data import Study, read_study
from kcgeo.data.study.list_options import ListOptions
from kcgeo.errors import StudyError


@pytest.fixture(scope="session")
def text(root: Path) -> str:
    return (root / "studies" / "kansas-city.toml").read_text()


def refusal(path: Path) -> tuple[str, ...]:
    with pytest.raises(StudyError) as caught:
        read_study(path)
    return caught.value.problems


def replaced(text: str, key: str, line: str) -> str:
    """Put a line in place of the first entry of a key, which stands on one line."""
    lines = text.splitlines()
    number = next(number for number, old in enumerate(lines) if old.startswith(f"{key} ="))
    return "\n".join([*lines[:number], line, *lines[number + 1 :]])


@pytest.mark.parametrize(
    ("key", "line", "words"),
    [
        ("name", 'name = "../elsewhere"', "study.name names a folder: use small letters, digits and hyphens"),
        ("name", "name = 5", "study.name must be text in quotes, not 5."),
        ("crs", 'crs = "EPSG:4326"', "study.crs: EPSG:4326 does not measure in metres"),
        ("crs", 'crs = "metres"', "study.crs: 'metres' names no coordinate reference system"),
        ("corridors", 'corridors = "I-35"', "study.corridors must be a list of texts in quotes, not 'I-35'."),
        ("downtown", "downtown = [39.1]", "study.downtown must be a list of two numbers, not [39.1]."),
        ("downtown", "downtown = [39.1, -94.58]", "study.downtown must be [longitude, latitude]"),
        ("h3_resolution", "h3_resolution = 8.5", "travel.h3_resolution must be a whole number, not 8.5."),
        ("h3_resolution", "h3_resolution = 16", "travel.h3_resolution lies between 0 and 15"),
        ("highway_kmh", "highway_kmh = 0", "travel.highway_kmh must be above 0, not 0."),
        ("highway_kmh", "highway_kmh = nan", "travel.highway_kmh must be a number, not nan."),
        ("highway_kmh", 'highway_kmh = "fast"', "travel.highway_kmh must be a number, not 'fast'."),
        ("highway_kmh", "highway_kmh = true", "travel.highway_kmh must be a number, not True."),
        ("local_kmh", "local_kmh = [[0, 65.0, 3]]", "travel.local_kmh must be a list of pairs of numbers"),
        ("local_kmh", "local_kmh = [[100, 55.0], [0, 65.0]]", "travel.local_kmh must be [density, km/h] pairs"),
        ("circuity", "circuity = 0.9", "travel.circuity is way / straight line and cannot be under 1"),
        ("ramp_min", "ramp_min = -1", "travel.ramp_min cannot be negative"),
        ("search_cutoff_min", "search_cutoff_min = 59.9", "travel.search_cutoff_min must not be under the largest"),
        ("cutoffs_min", "cutoffs_min = []", "gaps.cutoffs_min and gaps.headline_cutoff_min must be minutes above 0"),
        ("headline_cutoff_min", "headline_cutoff_min = 0", "must be minutes above 0"),
        ("required", "required = []", "gaps.required names nothing; it takes one or more of case_management"),
        ("required", 'required = ["legal", "magic"]', "gaps.required names magic; it takes one or more of"),
        ("circuity", "", "The key travel.circuity is missing from the study file."),
        ("circuity", "circuity = 1.3\nspeed = 3", "The key travel.speed is unknown; the section takes "),
    ],
)
def test_one_sentence_for_one_fault(key: str, line: str, words: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(replaced(text, key, line))
    problems = refusal(path)
    assert len(problems) == 1
    assert words in problems[0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"20045", ', '"20045", "20045", ', "study.counties names 20045 more than once"),
        ('"20045", ', '"2045", ', "study.counties: ['2045'] are not five-digit county codes in quotes"),
        ("[gaps]", "[gap]", "The section [gaps] is missing from"),
        ("[[travel.barriers]]", "[travel.barriers]", "travel.barriers must be sections [[travel.barriers]]"),
    ],
)
def test_faults_of_lists_and_sections(old: str, new: str, words: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text.replace(old, new, 1))
    assert any(words in sentence for sentence in refusal(path))


def test_all_faults_come_at_once(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(replaced(replaced(text, "circuity", "circuity = 0.5"), "required", "required = []"))
    assert len(refusal(path)) == 2


def test_files_that_are_no_study(tmp_path: Path) -> None:
    assert "There is no study file" in refusal(tmp_path / "none.toml")[0]
    assert "cannot be read" in refusal(tmp_path)[0]
    (tmp_path / "bad.toml").write_bytes(b"name = caf\xe9")
    assert "is not a TOML file" in refusal(tmp_path / "bad.toml")[0]
    (tmp_path / "empty.toml").write_text("")
    assert len(refusal(tmp_path / "empty.toml")) == 3


def test_services_of_the_user_are_found_beside_the_study(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text + '\n[services]\npath = "mine.csv"\n')
    assert read_study(path).services_path == tmp_path / "mine.csv"
    path.write_text(text + '\n[services]\nfile = "mine.csv"\n')
    assert refusal(path) == (
        "The section [services] takes the keys path, authorisations, collected, capacity, mapping, confirm, label, "
        "basis, eligibility, sheet and layer.",
    )
    path.write_text(text + "\n[services]\npath = 3\n")
    assert refusal(path) == ("services.path must be a file name in quotes, not 3.",)


def test_sample_services_are_labelled_as_such(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text + '\n[services]\npath = "mine.csv"\nlabel = "sample"\n')
    assert read_study(path).services_label == "sample"
    path.write_text(text + '\n[services]\nlabel = "invented"\n')
    assert refusal(path) == ("services.label says 'invented'; it is 'sample' for invented services, or left out.",)


VALUES = st.sampled_from(
    ['""', '"x"', "0", "-1", "1e400", "nan", "true", "[]", "[[]]", '["a", 1]', "{}", "1979-05-27", "[1, [2]]", "9" * 30]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_study_file_is_read_or_refused(data: st.DataObject, text: str, tmp_path: Path) -> None:
    lines = text.splitlines()
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line]))
    key = lines[number].split(" =")[0]
    value = data.draw(VALUES | st.text(string.printable, max_size=8))
    path = tmp_path / "study.toml"
    path.write_text("\n".join([*lines[:number], f"{key} = {value}", *lines[number + 1 :]]))
    try:
        assert isinstance(read_study(path), Study)
    except StudyError as error:
        assert error.problems


def test_the_section_services_takes_what_data_add_takes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text + '\n[services]\npath = "mine.csv"\nmapping = "theirs.toml"\nsheet = "2026"\n')
    study = read_study(path)
    assert study.services_options == ListOptions(mapping=str(tmp_path / "theirs.toml"), sheet="2026")
