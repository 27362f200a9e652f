"""Siting from a study: the plan holds what it says, its tables agree, its files are the same each time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyogrio
import pytest

from kcgeo import data, siting, study, travel
from kcgeo.data.study.settings import Study
from kcgeo.errors import SolverError, StudyError
from kcgeo.study import SitingAnswer
from kcgeo.study.siting.tables import SITING_TABLES

pytestmark = pytest.mark.slow

QUESTION = {"category": "emergency_shelter", "eligibility": "minors", "new_count": 3, "cutoff_min": 30.0}


@pytest.fixture(scope="module")
def settings() -> Study:
    return study.load(data.default_study())


@pytest.fixture(scope="module")
def answer(settings: Study) -> SitingAnswer:
    return study.site(settings, **QUESTION, draw_count=6)


@pytest.fixture(scope="module")
def written(answer: SitingAnswer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "out"
    study.write_answer(answer, folder)
    return folder


def _nearest(answer: SitingAnswer, ids: list[str]) -> pd.Series:
    """Minutes from each place to the nearest of some areas and sites, worked out anew."""
    areas = gpd.GeoDataFrame(
        {"id": answer.candidates["candidate_id"]}, geometry=answer.candidates["middle"], crs="EPSG:4326"
    )
    ends = pd.concat([areas, answer.existing[["id", "geometry"]]], ignore_index=True)
    ends = gpd.GeoDataFrame(ends[ends["id"].isin(ids)].assign(kind="time"), crs="EPSG:4326")
    times = travel.nearest_times(answer.measured.network, answer.measured.places, ends, by="kind", cutoff_min=120.0)
    return times["time_min"]


def test_objective_is_the_weighted_people_in_reach(answer: SitingAnswer) -> None:
    people = answer.measured.places.set_index("place_id")["under18_count"]
    before = _nearest(answer, list(answer.existing["id"])) <= 30
    after = _nearest(answer, list(answer.plan.chosen)) <= 30
    called = answer.measured.referral["emergency_shelter"].reindex(people.index)
    weights = np.where(before, 1.0, np.where(called, 0.5, 1.0))
    assert answer.plan.status == "optimal"
    assert answer.plan.objective == pytest.approx(float((people * weights)[after].sum()))
    assert answer.plan.bound == pytest.approx(answer.plan.objective)
    group = answer.by_group.loc["under18_count"]
    assert group["before_count"] == people[before].sum()
    assert group["after_count"] == people[after].sum()
    assert group["after_share"] == pytest.approx(people[after].sum() / people.sum())


def test_no_other_triple_near_the_plan_is_better(answer: SitingAnswer) -> None:
    """Exchange each chosen area for every other one: a plan that is best survives all of them."""
    people = answer.measured.places.set_index("place_id")["under18_count"].astype(float)
    middles = gpd.GeoDataFrame(
        {"id": answer.candidates["candidate_id"]}, geometry=answer.candidates["middle"], crs="EPSG:4326"
    )
    costs = travel.costs(answer.measured.network, answer.measured.places, middles, cutoff_min=30.0)
    reach = (
        costs.assign(hit=1.0).pivot(index="from_id", columns="to_id", values="hit").reindex(people.index).fillna(0.0)
    )
    held = (_nearest(answer, list(answer.existing["id"])) <= 30).reindex(people.index).to_numpy()
    called = answer.measured.referral["emergency_shelter"].reindex(people.index).to_numpy()
    weights = people.to_numpy() * np.where(held, 1.0, np.where(called, 0.5, 1.0))
    for out in answer.plan.new:
        kept = reach[[area for area in answer.plan.new if area != out]].max(axis=1).to_numpy()
        covered = np.maximum(np.maximum(kept, held)[:, None], reach.to_numpy())
        assert (weights @ covered).max() <= answer.plan.objective + 1e-6


def test_gains_are_ordered_and_add_up(answer: SitingAnswer) -> None:
    gains = answer.new_sites["gained_count"]
    assert gains.is_monotonic_decreasing
    assert gains.sum() == answer.by_group.loc["under18_count", "gained_count"]
    assert answer.new_sites["rank"].tolist() == [1, 2, 3]
    place = answer.by_place.set_index("place_id")
    assert place.loc[place["change"] == "gained", "demand_count"].sum() == gains.sum()
    assert not (place["change"] == "lost").any()


def test_states_by_place_keep_the_middle_one(answer: SitingAnswer) -> None:
    place = answer.by_place.set_index("place_id")
    called = answer.measured.referral["emergency_shelter"].reindex(place.index)
    assert (place["after"].eq("in_reach") == place["after_min"].le(30)).all()
    assert (
        place.loc[~place["after"].eq("in_reach"), "after"].eq("by_referral") == called[~place["after"].eq("in_reach")]
    ).all()
    gained = place["change"] == "gained"
    assert (place.loc[gained, "before"] != "in_reach").all()


def test_alternatives_are_near_and_counted(answer: SitingAnswer) -> None:
    best = answer.alternatives[0].objective
    assert all(plan.objective >= best * (1 - 0.02) - 1e-6 for plan in answer.alternatives)
    assert len({frozenset(plan.new) for plan in answer.alternatives}) == len(answer.alternatives)
    frequency = answer.frequency.set_index("candidate_id")["plan_share"]
    for area, share in frequency.items():
        assert share == pytest.approx(sum(area in plan.new for plan in answer.alternatives) / len(answer.alternatives))


def test_closure_takes_the_site_away(answer: SitingAnswer) -> None:
    people = answer.measured.places.set_index("place_id")["under18_count"]
    for row in answer.existing.itertuples():
        rest = [site for site in answer.plan.chosen if site != row.id]
        left = people[_nearest(answer, rest) <= 30].sum()
        assert answer.closures.loc[row.name, "covered_count"] == left
        assert answer.closures.loc[row.name, "lost_count"] == answer.by_group.loc["under18_count", "after_count"] - left


def test_draws_bracket_themselves_and_never_lose_people(answer: SitingAnswer) -> None:
    table = answer.robustness
    assert table.index.tolist() == list(range(len(answer.alternatives) + 1))
    for name in ("covered_share", "gained_count"):
        assert (table[f"{name}_low"] <= table[f"{name}_median"]).all()
        assert (table[f"{name}_median"] <= table[f"{name}_high"]).all()
    assert (table["gained_count_low"] >= 0).all()  # a site more never takes cover away
    assert table.loc[0, ["gained_count_low", "gained_count_high"]].tolist() == [0, 0]
    assert table["covered_share_low"].lt(table["covered_share_high"]).all()
    assert table["best_share"].iloc[1:].between(0, 1).all()
    assert table["best_share"].sum() >= 1 - 1e-9  # each draw has a best plan


def test_candidates_are_areas_not_addresses(answer: SitingAnswer) -> None:
    areas = answer.candidates
    assert set(areas.geom_type) == {"Polygon"}
    assert (areas.to_crs(answer.study.crs).area > 7.9e6).all()
    assert areas["candidate_id"].is_unique
    assert areas["name"].is_unique


def test_weight_of_referral_changes_the_objective_not_the_people(settings: Study, answer: SitingAnswer) -> None:
    none, whole = (study.site(settings, **QUESTION, referral_weight=weight, draw_count=0) for weight in (0.0, 1.0))
    assert none.plan.objective < answer.plan.objective < whole.plan.objective
    assert whole.plan.objective == whole.by_group.loc["under18_count", "after_count"]
    gains = [one.by_group.loc["under18_count", "gained_count"] for one in (none, answer, whole)]
    assert max(gains) == gains[-1]
    assert none.robustness.empty


def test_cells_are_hexagons_of_resolution_six(settings: Study) -> None:
    found = study.site(settings, **{**QUESTION, "new_count": 1}, candidates="cells", draw_count=0)
    assert {h3.get_resolution(area) for area in found.candidates["candidate_id"]} == {6}
    assert found.candidates["name"].is_unique
    for area, outline in found.candidates.set_index("candidate_id").geometry.items():
        lat, lon = h3.cell_to_latlng(str(area))
        assert outline.contains(gpd.points_from_xy([lon], [lat])[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"objective": "most"}, "objective 'most'"),
        ({"category": "hotline"}, "category 'hotline'"),
        ({"candidates": "addresses"}, "candidates 'addresses'"),
        ({"new_count": 0}, "new sites is 0"),
        ({"cutoff_min": 0.0}, "cutoff is 0"),
        ({"cutoff_min": float("nan")}, "cutoff is nan"),
        ({"cutoff_min": 500.0}, "at most 120"),
        ({"referral_weight": 1.5}, "referral weight is 1.5"),
        ({"capacity": 100.0, "objective": "p_center"}, "capacity is kept by"),
        ({"capacity": 0.0}, "capacity is 0"),
        ({"within_share": -0.1}, "share of -0.1"),
        ({"draw_count": -1}, "draws is -1"),
        ({"time_limit_s": 0.0}, "time limit is 0"),
    ],
)
def test_refusals_come_before_any_work(settings: Study, change: dict[str, object], said: str) -> None:
    told: list[str] = []
    with pytest.raises(StudyError, match=said):
        study.site(settings, **{**QUESTION, **change}, step=told.append)
    assert told == []


def test_all_faults_are_told_at_once(settings: Study) -> None:
    with pytest.raises(StudyError) as error:
        study.site(settings, category="spaceport", new_count=0, cutoff_min=-1)
    assert len(error.value.problems) == 3


def test_a_plan_that_cannot_be_says_what_would_work(settings: Study) -> None:
    with pytest.raises(SolverError) as error:
        study.site(settings, **{**QUESTION, "new_count": 1}, objective="backup_coverage", draw_count=0)
    assert any("least number of new sites that works" in sentence for sentence in error.value.problems)
    with pytest.raises(StudyError, match="5000 new sites are asked for, but the study has 209 areas"):
        study.site(settings, **{**QUESTION, "new_count": 5_000})


def test_interrupt_right_after_the_plan_leaves_the_plan(settings: Study, tmp_path: Path) -> None:
    def step(description: str) -> None:
        if description.startswith("Working out what else"):
            os.kill(os.getpid(), signal.SIGINT)

    kept = study.site_to(settings, tmp_path / "out", **QUESTION, step=step)
    assert kept.plan.status == "optimal"
    assert kept.alternatives == (kept.plan,)
    assert len(kept.unfinished) == 3
    assert (tmp_path / "out" / "page.pdf").is_file()  # what is known is handed on whole
    assert not (tmp_path / "out" / "tables" / "front.csv").read_text().strip().count("\n")


def test_interrupt_keeps_the_plan_and_names_what_is_missing(settings: Study) -> None:
    def step(description: str) -> None:
        if description.startswith("Working out what one goal"):
            os.kill(os.getpid(), signal.SIGINT)

    kept = study.site(settings, **QUESTION, step=step)
    assert kept.plan.status == "optimal"
    assert len(kept.alternatives) > 1
    assert kept.front.empty
    assert kept.unfinished == ("what one goal costs another", "how sure it is")
    said = study.release_siting(kept)["plan"].table["reason"].iloc[0]
    assert said == "what one goal costs another, how sure it is"


def test_a_front_that_ctrl_c_cuts_short_is_named(settings: Study) -> None:
    timers = []

    def step(description: str) -> None:
        if description.startswith("Working out what one goal"):
            timers.append(threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)))
            timers[0].start()

    kept = study.site(settings, **QUESTION, step=step)
    timers[0].join()
    assert kept.unfinished == ("what one goal costs another", "how sure it is")
    assert kept.robustness.empty


def test_folder_holds_all_forms_and_a_manifest(written: Path, answer: SitingAnswer) -> None:
    names = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}
    wanted = {"page.pdf", "map.png", "map.svg", "map.pdf", "map.html", "site.gpkg", "manifest.json", "tables/README.md"}
    assert names == wanted | {f"tables/{name}.csv" for name in SITING_TABLES}
    manifest = json.loads((written / "manifest.json").read_text())
    assert {entry["path"] for entry in manifest["files"]} == names - {"manifest.json"}
    assert manifest["question"]["referral_weight"] == 0.5
    layers = {str(name) for name in pyogrio.list_layers(written / "site.gpkg")[:, 0]}
    assert layers == {"new_sites", "good_areas", "by_place"}
    chosen = gpd.read_file(written / "site.gpkg", layer="new_sites")
    assert chosen.crs.to_epsg() == 4326
    assert sorted(chosen["candidate_id"]) == sorted(answer.plan.new)
    assert set(chosen.geom_type) <= {"Polygon", "MultiPolygon"}


def test_new_sites_leave_no_point(written: Path) -> None:
    table = pd.read_csv(written / "tables" / "new_sites.csv", dtype=str)
    assert not {"longitude", "latitude", "geometry", "middle"} & set(table.columns)


def test_two_runs_write_the_same_bytes(settings: Study, written: Path, tmp_path: Path) -> None:
    study.site_to(settings, tmp_path / "again", step=lambda description: None, **QUESTION, draw_count=6)
    for path in sorted(written.rglob("*")):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(written)).read_bytes() == path.read_bytes(), path.name


def test_foreign_folder_is_refused_before_any_work(settings: Study, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    told: list[str] = []
    with pytest.raises(StudyError, match="did not write"):
        study.site_to(settings, tmp_path, step=told.append, **QUESTION)
    assert told == []
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_folder_stays_whole_when_writing_fails(
    answer: SitingAnswer, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = tmp_path / "former"
    shutil.copytree(written, former)
    before = {path.name: path.read_bytes() for path in former.rglob("*") if path.is_file()}

    def full_disk(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kcgeo.study.siting.output.write_geopackage", full_disk)
    with pytest.raises(OSError, match="No space"):
        study.write_answer(answer, former)
    assert {path.name: path.read_bytes() for path in former.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["former"]


def test_withheld_rows_change_no_byte_of_the_plan(
    settings: Study, answer: SitingAnswer, root: Path, tmp_path: Path
) -> None:
    raw = pd.read_csv(root / "data" / "raw" / "services.csv", dtype=str, keep_default_na=False)
    kept = raw[raw["disclosure"] != "withheld"]
    assert len(kept) < len(raw)
    kept.to_csv(tmp_path / "services.csv", index=False)
    other = study.site(replace(settings, services_path=tmp_path / "services.csv"), **QUESTION, draw_count=6)
    here, there = study.release_siting(answer), study.release_siting(other)
    for name in SITING_TABLES:
        pd.testing.assert_frame_equal(pd.DataFrame(here[name].table), pd.DataFrame(there[name].table))


def test_performance_agrees_with_the_table(answer: SitingAnswer) -> None:
    """The front is told in plain people, and holds the plan itself where cover is the aim."""
    assert answer.front["covered_count"].max() >= answer.by_group.loc["under18_count", "after_count"] - 1e-6
    assert siting.site_frequency(answer.alternatives).max() <= 1
