from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo import access, data, travel
from kcgeo.errors import StudyError, TableError
from kcgeo.study import catchment, load, reach
from kcgeo.study.answers.around import starts_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study():
    return load(data.default_study())


def test_a_start_is_a_point_a_service_a_cell_a_place_or_a_town(study) -> None:
    services = data.directory(study)
    service = services.loc[services.geometry.notna()].iloc[0]
    cell = travel.cells(study).iloc[5]
    found = starts_of(study, ["-94.5,39.1", service["service_id"], cell["cell_id"], "Olathe KS", "66061"])
    assert found.geometry.iloc[0] == shapely.Point(-94.5, 39.1)
    assert found.geometry.iloc[1] == service.geometry
    assert found.geometry.iloc[2].distance(cell.geometry) < 1e-9
    assert found.geometry.iloc[3].distance(found.geometry.iloc[4]) < 0.2


def test_a_hidden_service_is_not_told_from_an_unknown_one(study) -> None:
    services = data.directory(study)
    hidden = services.loc[services.geometry.isna(), "service_id"].iloc[0]
    said = []
    for word in (hidden, hidden[:-2] + "zz"):
        with pytest.raises(StudyError, match="no service with a public place") as refused:
            starts_of(study, [word])
        said.append(str(refused.value).replace(word, "").split(". There is no town")[0])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"starts": []}, "Say from where"),
        ({"starts": ["-94.5,139.1"]}, "no point of the earth"),
        ({"mode": "boat"}, "choose drive, foot, bus"),
        ({"mode": "bus"}, "needs a feed"),
        ({"mode": "foot"}, "no ways for walking"),
        ({"minutes": [-1]}, "above 0"),
    ],
)
def test_what_cannot_be_asked_is_told(study, asked: dict, words: str) -> None:
    given = {"starts": ["-94.5,39.1"], "minutes": [15], "with_map": False, **asked}
    with pytest.raises((StudyError, TableError), match=words):
        reach(study, given.pop("starts"), **given)


def test_people_and_services_of_a_band_are_those_within_its_time(study) -> None:
    answer = reach(study, ["Olathe KS"], minutes=[30, 10], direction="to", with_map=False)
    start = starts_of(study, ["Olathe KS"])
    people = data.living_points(study)
    times = travel.nearest_times(travel.network(study), people, start)["time_min"].to_numpy()
    counts = people["population_count"].to_numpy()
    assert [finding.value for finding in answer.findings] == [counts[times <= limit].sum() for limit in (10, 30)]
    assert answer.findings[0].say().endswith("of the study)")
    services = data.by_category(data.directory(study, eligibility="anyone"))
    near = travel.nearest_times(travel.network(study), services.drop_duplicates("service_id"), start)["time_min"]
    table = answer.tables["services_in_reach"].table
    at = table[(table["category"] == "medical") & (table["cutoff_min"] == 30)]["sites_count"].item()
    own = services.loc[services["category"] == "medical", "service_id"]
    assert at == (near.reindex(own.unique()) <= 30).sum()


def test_catchments_are_those_of_each_cell_and_of_those_who_lack_the_help(study) -> None:
    answer = catchment(study, "emergency_shelter", minutes=30, with_map=False)
    table = answer.tables["catchment"].table
    cells, people = travel.cells(study), data.living_points(study)
    assert set(table["cell_id"]) == set(cells["cell_id"])
    whole = access.catchment(travel.network(study), people, cutoff_min=30)
    got = table.set_index("cell_id")["within_count"].astype(float)
    np.testing.assert_array_equal(got, whole.reindex(got.index).round())
    assert (table["lacking_count"].astype(float) <= table["within_count"].astype(float)).all()
    assert [finding.key for finding in answer.findings] == ["catchment_people", "catchment_lacking"]
    assert all(finding.say() and finding.say(language="es") for finding in answer.findings)
    with pytest.raises(StudyError, match="no kind of help with a place"):
        catchment(study, "hotline", minutes=30)


def test_where_nobody_lacks_the_help_only_the_people_in_reach_are_said(study) -> None:
    answer = catchment(study, "medical", minutes=90, with_map=False)
    assert (answer.tables["catchment"].table["lacking_count"].astype(float) == 0).all()
    assert [finding.key for finding in answer.findings] == ["catchment_people"]


@pytest.mark.slow
def test_the_folder_holds_a_map_and_bands_for_other_programs(study, tmp_path) -> None:
    from kcgeo.study import folder

    answer = reach(study, ["-94.578,39.1"], minutes=[15, 30])
    folder.write(answer, tmp_path / "out")
    bands = gpd.read_file(tmp_path / "out" / "data" / "bands.gpkg")
    text = gpd.read_file(tmp_path / "out" / "data" / "bands.geojson")
    for table in (bands, text):
        assert sorted(table["time_min"].astype(float)) == [15, 30]
        assert table.geometry.is_valid.all()
    assert (tmp_path / "out" / "reach.png").is_file()
    assert isinstance(pd.read_csv(next((tmp_path / "out").rglob("services_in_reach.csv"))), pd.DataFrame)
