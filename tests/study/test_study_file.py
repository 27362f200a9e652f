"""A study file is read whole or refused with one sentence for each fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kcgeo import data, study
from kcgeo.errors import StudyError

Edit = Callable[[str], str]


@pytest.fixture
def edited(tmp_path: Path, root: Path) -> Callable[[str, str], Path]:
    """Write the Kansas City study with one text exchanged."""

    def write(old: str, new: str) -> Path:
        text = (root / "studies" / "kansas-city.toml").read_text()
        assert old in text
        path = tmp_path / "study.toml"
        path.write_text(text.replace(old, new))
        return path

    return write


def test_kansas_city_study_reads(root: Path) -> None:
    settings = study.load(root / "studies" / "kansas-city.toml")
    assert settings.name == "kansas-city"
    assert len(settings.counties) == 15
    assert settings.travel.barriers[0].name == "Missouri River"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('crs = "EPSG:26915"', 'crs = "EPSG:4326"', "does not measure in metres"),
        ('crs = "EPSG:26915"', 'crs = "Kansas"', "names no coordinate reference system"),
        ("circuity = 1.3", "circuity = 0.9", "cannot be under 1"),
        ("ramp_min = 1.5", "ramp_min = -1", "cannot be negative"),
        ("max_snap_m = 2000.0", "", "travel.max_snap_m is missing"),
        ("max_snap_m = 2000.0", "max_snap_m = 2000.0\nrampe = 1", "travel.rampe is unknown"),
        ("[gaps]", "[holes]", r"section \[gaps\] is missing"),
        ('"20045", ', '"Douglas", ', "not five-digit county codes"),
        ("headline_cutoff_min = 30", "headline_cutoff_min = 0", "minutes above 0"),
        ("headline_cutoff_min = 30", "headline_cutoff_min = 500", "must not be under the largest cutoff"),
        ("[study]", "[study", "is not a TOML file"),
    ],
)
def test_fault_is_told_in_a_sentence(edited: Callable[[str, str], Path], old: str, new: str, sentence: str) -> None:
    with pytest.raises(StudyError, match=sentence):
        study.load(edited(old, new))


def test_all_faults_are_told_at_once(edited: Callable[[str, str], Path]) -> None:
    path = edited("circuity = 1.3", "circuity = 0.9")
    path.write_text(path.read_text().replace("max_snap_m = 2000.0", "max_snap_m = 0"))
    with pytest.raises(StudyError) as refusal:
        study.load(path)
    assert len(refusal.value.problems) == 2


def test_missing_file() -> None:
    with pytest.raises(StudyError, match="There is no study file"):
        study.load("no-such-study.toml")


def test_unknown_county_is_named(edited: Callable[[str, str], Path]) -> None:
    settings = study.load(edited('"20045"', '"99999"'))
    with pytest.raises(StudyError, match="99999"):
        data.counties(settings)


def test_services_path_is_relative_to_the_study(edited: Callable[[str, str], Path], tmp_path: Path) -> None:
    settings = study.load(edited("[gaps]", '[services]\npath = "mine.csv"\n\n[gaps]'))
    assert settings.services_path == tmp_path / "mine.csv"
