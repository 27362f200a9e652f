"""The demonstration of notebook 08: its attacker must succeed on what leaks, and its town must be nowhere."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from kcgeo import data
from kcgeo.errors import WithheldWarning
from kcgeo.study.answers.demonstration import (
    AREA,
    PUBLISHERS,
    Demonstration,
    Town,
    demonstrate,
    invented_services,
    invented_town,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town() -> Town:
    return invented_town()


@pytest.fixture(scope="module")
def shown() -> Demonstration:
    return demonstrate(hiding_count=12)


def test_the_town_is_far_from_any_real_place(town: Town) -> None:
    west, south, east, north = town.nodes.total_bounds
    assert -31 < west < east < -29 and -1 < south < north < 1
    assert len(town.nodes) == town.nodes["node_id"].nunique() == 441


def test_the_attacker_succeeds_on_every_leaky_publisher(shown: Demonstration) -> None:
    leaky = shown.by_publisher.drop(index="kcgeo")
    assert len(leaky) == 3
    assert (leaky["places_count"] <= 3).all()
    assert (leaky["off_km"] <= 0.5).all() and (leaky["median_off_km"] <= 0.5).all()


def test_ours_leaves_every_place_and_no_better_than_a_guess(shown: Demonstration) -> None:
    house = shown.by_publisher.loc["kcgeo"]
    assert house["places_count"] == 441
    assert house["median_off_km"] == pytest.approx(house["guess_km"])
    assert house["guess_km"] > 7
    assert shown.edition_count == 1 and shown.file_count == 6


def test_the_files_of_the_editions_do_differ_and_pass_through_the_loader(town: Town, tmp_path: Path) -> None:
    """The guard of the test above: hidden rows bring their place, and the loader closes them."""
    names = town.nodes["node_id"].tolist()
    table = invented_services(town, names[:5])
    assert not table.equals(invented_services(town, names[5:10]))
    assert table["latitude"].notna().sum() == 5 + 2
    table.to_csv(tmp_path / "services.csv", index=False)
    ground = gpd.GeoDataFrame(geometry=[town.nodes.union_all().envelope], crs=town.nodes.crs)
    with pytest.warns(WithheldWarning, match="svc-hidden-n00-04 came in as withheld"):
        rows = data.services(path=tmp_path / "services.csv", counties=ground, areas=pd.DataFrame({"area": [AREA]}))
    assert rows["disclosure"].value_counts().to_dict() == {"withheld": 5, "exact": 2, "area": 1}


def test_the_surface_of_the_picture_is_that_of_the_public_shelters(shown: Demonstration, town: Town) -> None:
    grid = shown.released["grid"].table
    ours = grid[grid["publisher"] == "kcgeo"].set_index(["step_north", "step_east"])["shown"]
    assert sorted(ours.index[ours == 0]) == [(2, 3), (17, 18)]
    leaky = grid[grid["publisher"] == "classes"].set_index(["step_north", "step_east"])["shown"]
    # one more shelter never makes a way longer, and makes some shorter
    assert (leaky <= np.ceil(ours / 15) * 15).all() and (leaky < np.ceil(ours / 15) * 15).any()


def test_one_seed_gives_one_result(shown: Demonstration) -> None:
    again = demonstrate(hiding_count=12)
    pd.testing.assert_frame_equal(again.by_publisher, shown.by_publisher)
    for name, one in shown.released.items():
        pd.testing.assert_frame_equal(again.released[name].table, one.table)
    assert set(PUBLISHERS) == set(shown.by_publisher.index)
