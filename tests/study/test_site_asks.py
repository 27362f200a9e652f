"""What else a planner asks of siting: own candidates, counties, money, who counts, sites that stay or close."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.present.look.plan_words import plan_words
from kcgeo.study import SitingAnswer, release_siting
from kcgeo.study.measure import Measured, measure
from kcgeo.study.siting.own import own_candidates

pytestmark = pytest.mark.slow

OWN = pd.DataFrame(
    {
        "Lat": [39.1, 38.9, 39.25, 39.05, 38.85],
        "Lon": [-94.58, -94.65, -94.45, -94.35, -94.8],
        "price": [5, 3, 2, 4, 1],
        "beds": ["50000", "80000", "20000", "100000", "30000"],
        "parcel": [f"Quetzal lot {k}" for k in range(5)],
    }
)
SHELTERS = "emergency_shelter"


@pytest.fixture(scope="module")
def settings() -> Study:
    return study.load(data.default_study())


@pytest.fixture(scope="module")
def measured(settings: Study) -> Measured:
    return measure(settings)


def ask(settings: Study, **options: Any) -> SitingAnswer:
    return study.site(
        settings, **{"category": SHELTERS, "cutoff_min": 20.0, "new_count": 1, "draw_count": 0, **options}
    )


@pytest.mark.slow
def test_own_candidates_within_a_budget(settings: Study, tmp_path: Path) -> None:
    path = tmp_path / "parcels.csv"
    OWN.to_csv(path, index=False)
    answer = ask(settings, candidates=str(path), new_count=3, cost="price", budget=6)
    assert answer.plan.status == "optimal"
    assert answer.plan.proof.exact == pytest.approx(answer.plan.objective)
    chosen = [int(name.split()[1]) - 1 for name in answer.plan.new]
    assert OWN["price"].iloc[chosen].sum() <= 6
    # every other choice that can be paid covers no more
    costs = answer.by_place.set_index("place_id")
    assert costs["after_min"].notna().any()
    released = release_siting(answer)
    shown = released["new_sites"].table
    assert shown["candidate_id"].str.fullmatch(r"row \d").all()
    text = " ".join(str(table.table.drop(columns="geometry", errors="ignore").to_dict()) for table in released.values())
    assert "Quetzal" not in text
    assert "price" not in text
    assert (shown.to_crs(26915).area > 3e7).all()  # areas, no pins
    assert "own" in " ".join(plan_words(released).parameters)
    assert ("row 4", "row 5") in [tuple(sorted(plan.new)) for plan in answer.alternatives] or len(chosen) > 2


def test_a_table_a_layer_and_a_file_give_the_same_places(measured: Measured, tmp_path: Path) -> None:
    table = own_candidates(measured, OWN, columns=["price"])
    layer = gpd.GeoDataFrame(OWN, geometry=gpd.points_from_xy(OWN["Lon"], OWN["Lat"]), crs="EPSG:4326")
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(own_candidates(measured, layer, columns=["price"])))
    layer.to_file(tmp_path / "own.geojson", driver="GeoJSON")
    read = own_candidates(measured, tmp_path / "own.geojson", columns=["price"])
    assert read["candidate_id"].tolist() == table["candidate_id"].tolist()
    assert read["county_fips"].tolist() == table["county_fips"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.drop(columns="Lat"), "no columns latitude and longitude; columns found: Lon, price"),
        (lambda t: t.assign(Lat=[39.1, 1268.0, np.nan, 39, 39]), "no place on earth in row 2, row 3"),
        (lambda t: t.assign(Lat=t["Lat"] - 8), "outside the counties of the study: row 1"),
        (lambda t: t.assign(price=[1, "x", -2, 3, 4]), "'price' of the candidates holds no number .* row 2, row 3"),
        (lambda t: t.drop(columns="price"), "no column 'price'"),
        (lambda t: [1, 2], "must be a table or a file, not a list"),
    ],
)
def test_candidates_that_cannot_be_used(measured: Measured, change: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        own_candidates(measured, change(OWN), columns=["price"])


@pytest.mark.slow
def test_counties_distance_and_weights(settings: Study) -> None:
    answer = ask(settings, new_count=2, within=["Jackson MO"], spread_km=25, weight="poverty")
    assert set(answer.candidates["county_fips"]) == {"29095"}
    middles = answer.candidates.set_index("candidate_id")["middle"].to_crs(settings.crs)
    one, other = (middles[area] for area in answer.plan.new)
    assert one.distance(other) >= 25_000
    assert answer.question.group == "poverty_count"
    people = answer.measured.places.set_index("place_id")["poverty_count"]
    assert answer.by_group.loc["poverty_count", "total_count"] == people.sum()
    for plan in answer.alternatives:
        assert all(middles[a].distance(middles[b]) >= 25_000 for a, b in combinations(plan.new, 2))


@pytest.mark.slow
def test_sites_that_stay_and_sites_that_close(settings: Study) -> None:
    plain = ask(settings)
    services = plain.measured.services
    first = services[("site " + services["site_id"]).eq(plain.existing["id"].iloc[0])]["service_id"].iloc[0]
    without = ask(settings, drop=[first])
    assert len(without.existing) == len(plain.existing) - 1
    movable = ask(settings, keep=[first], new_count=len(plain.existing), within=["Clay MO"])
    assert list(movable.existing["id"]) == [plain.existing["id"].iloc[0]]
    # to open the others again is one of the choices, so the free choice covers no less
    assert movable.plan.objective >= plain.by_group.loc["population_count", "before_count"] * 0.999 or movable.plan.new
    assert set(plain.existing["id"].iloc[1:]) <= set(movable.candidates["candidate_id"])
    with pytest.raises(StudyError, match="No public emergency_shelter has the id svc-none"):
        ask(settings, drop=["svc-none"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": "banana"}, "'banana' are unknown"),
        ({"cost": "price"}, "give both"),
        ({"budget": 5.0}, "give both"),
        ({"candidates": OWN, "cost": "price", "budget": 5.0, "objective": "p_median"}, "kept by max_coverage only"),
        ({"capacity": "beds"}, "have no column beds"),
        ({"spread_km": -1}, "cannot be -1 km apart"),
        ({"near_stops_m": 0}, "within 0 m cannot be"),
        ({"within": ["Jacksen MO"]}, "did you mean"),
    ],
)
def test_told_at_once(settings: Study, options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        ask(settings, **options)
