"""Is this file about my study? Files of another region, and files whose coordinates were shifted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kcgeo.data import read_study
from kcgeo.data.formats.about_study import check_in_counties, check_reach
from kcgeo.data.formats.registry import READERS
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError
from kcgeo.study.file.new import new_study


@pytest.fixture(scope="module")
def kansas(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path, _ = new_study("kansas", counties=["20091"], corridors=["I-35"], out=tmp_path_factory.mktemp("studies"))
    return read_study(path)


@pytest.mark.parametrize(
    ("kind", "file", "words"),
    [
        ("centers", "CenPop2020_shifted.txt", "20091 do not lie there"),
        ("gtfs", "gtfs-seattle", "another region"),
        ("tracts", "tracts-shifted.geojson", "20091 do not lie there"),
    ],
)
def test_a_file_of_another_place_is_refused(kansas: Study, shared: Path, kind: str, file: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        READERS[kind].read(shared / "cases" / file, kansas)


def test_streets_of_another_state_are_refused(shared: Path, tmp_path: Path) -> None:
    path, _ = new_study("tulsa", counties=["40143"], out=tmp_path)
    with pytest.raises(TableError, match="another region"):
        READERS["osm"].read(shared / "cases" / "streets.osm", read_study(path))


def test_outlines_that_overlap_are_noted(kansas: Study, shared: Path) -> None:
    converted = READERS["block-groups"].read(shared / "cases" / "outlines-overlap.geojson", kansas)
    assert any("in a county of 1,2" in note and "overlap" in note for note in converted.notes)


def test_stops_and_nodes_in_and_out_of_the_study(kansas: Study) -> None:
    homes, lat = np.array([-94.8, -94.7]), np.array([38.9, 38.9])
    assert check_in_counties(kansas, homes, lat, what="stop") == ()
    assert "1 of 2 stops" in check_in_counties(kansas, np.array([-94.8, 0.0]), lat, what="stop")[0]
    with pytest.raises(TableError, match="another region"):
        check_in_counties(kansas, np.array([179.0, np.nan]), lat, what="stop")
    with pytest.raises(TableError, match="another region"):
        check_reach(kansas, homes, lat + 1, what="street")
    assert "lie beyond these streets" in check_reach(kansas, homes, lat, what="street")[0]
