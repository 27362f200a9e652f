"""Scenarios and what they change: faults at once; who gains and who loses is counted twice and never netted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.access import ALL_REQUIRED
from kcgeo.errors import StudyError
from kcgeo.present.web.explorer_page import ANY_TIME
from kcgeo.study import Answer, Study
from kcgeo.study.answers.compare import Side, compare_sides, resting_on_one
from kcgeo.study.folder.manifest import build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def today(root: Path) -> Study:
    return study.load(root / "studies" / "kansas-city.toml")


@pytest.fixture(scope="module")
def ids(today: Study) -> dict[str, str]:
    """Some exact sites, and a confidential service, by what they are for."""
    rows = data.directory(today)
    placed = rows[rows.geometry.notna()]
    found = {
        kind: placed.loc[placed["categories"].map(lambda kinds, kind=kind: kind in kinds), "service_id"].iloc[-1]
        for kind in ("emergency_shelter", "forensic_exam", "drop_in")
    }
    return found | {"area": rows.loc[rows["disclosure"] == "area", "service_id"].iloc[0]}


def test_a_scenario_changes_what_it_says_and_nothing_else(today: Study, ids: dict[str, str]) -> None:
    moved, other = ids["emergency_shelter"], ids["drop_in"]
    changed = study.scenario(
        today,
        close=[ids["forensic_exam"], ids["area"]],
        move={moved: (-94.0, 39.0)},
        open_hours={other: "24/7"},
        eligibility={moved: "anyone"},
        name="tried",
    )
    before, after = (data.directory(one).set_index("service_id") for one in (today, changed))
    assert set(before.index) - set(after.index) == {ids["forensic_exam"], ids["area"]}
    assert (after.geometry[moved].x, after.geometry[moved].y) == (-94.0, 39.0)
    assert (after.loc[other, "opening_hours"], after.loc[moved, "eligibility"]) == ("24/7", "any")
    rest = after.index.difference([moved, other])
    pd.testing.assert_frame_equal(before.loc[rest], after.loc[rest])
    assert not today.changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "changes nothing"),
        ({"close": ["nope"]}, "No listed service has the id 'nope'"),
        ({"move": {"drop_in": (0.0, 0.0)}}, "outside the study's counties"),
        ({"move": {"drop_in": (39.0, -94.0)}}, "longitude, then latitude"),
        ({"move": {"area": (-94.5, 39.0)}}, "no public place"),
        ({"open_hours": {"drop_in": "whenever"}}, "cannot be read"),
        ({"eligibility": {"drop_in": "cats"}}, "choose from anyone, minors"),
        ({"close": ["drop_in"], "open_hours": {"drop_in": "24/7"}}, "is closed, so nothing else"),
    ],
)
def test_faults_are_met_before_anything_is_measured(
    today: Study, ids: dict[str, str], changes: dict, said: str
) -> None:
    def named(value: object) -> object:
        if isinstance(value, dict):
            return {ids.get(key, key): item for key, item in value.items()}
        return [ids.get(key, key) for key in value]  # type: ignore[attr-defined]

    with pytest.raises(StudyError, match=said):
        study.scenario(today, **{key: named(value) for key, value in changes.items()})


def test_a_near_id_is_proposed(today: Study, ids: dict[str, str]) -> None:
    with pytest.raises(StudyError, match=f"did you mean .*{ids['drop_in']}"):
        study.scenario(today, close=[ids["drop_in"][:-1]])


def test_scenarios_of_a_file(today: Study, ids: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(
        f'[[scenario]]\nname = "One"\nclose = ["{ids["drop_in"]}"]\n'
        f'[[scenario]]\nname = "Two"\nmove = {{ {ids["drop_in"]} = [-94.0, 39.0] }}\n'
    )
    found = study.read_scenarios(path, today)
    assert list(found) == ["One", "Two"]
    assert found["One"].changes.close == (ids["drop_in"],)
    for text, said in (
        ("x = 1", "sections \\[\\[scenario\\]\\]"),
        ('[[scenario]]\nname = "A"\nshut = []', "shut"),
        ('[[scenario]]\nclose = ["a"]', "no name of its own"),
        (f'[[scenario]]\nname = "A"\nmove = {{ {ids["drop_in"]} = 3 }}', "is not written as"),
        ("[[", "cannot be read"),
    ):
        path.write_text(text)
        with pytest.raises(StudyError, match=said):
            study.read_scenarios(path, today)


def test_one_place_gains_and_another_loses_and_both_are_said(today: Study) -> None:
    people = pd.DataFrame({"place_id": list("abc"), "place_name": list("ABC"), "county_fips": ["29177"] * 3})
    people = people.assign(**dict.fromkeys(study.GROUPS, 1000))
    columns = dict.fromkeys(today.gaps.required[1:], "in_reach")
    before, after = (
        people.assign(**{f"{kind}_state": state for kind, state in columns.items()}).assign(
            **{f"{today.gaps.required[0]}_state": states}
        )
        for states in (["in_reach", "none", "none"], ["none", "by_referral", "in_reach"])
    )
    one, two = (Side(name, today, table, 30, today.gaps.required) for name, table in (("A", before), ("B", after)))
    answer = compare_sides(one, two)
    row = answer.tables["changes"].table.set_index(["category", "group", "area"])
    row = row.loc[(today.gaps.required[0], "population_count", "Ray")]
    assert row[["before_count", "after_count", "gained_count", "lost_count"]].tolist() == [1000, 1000, 1000, 1000]
    assert answer.tables["changes_by_place"].table["change"].tolist() == ["loses", "same", "gains"]
    said = [finding.say() for finding in answer.findings]
    assert len(said) == 2 and all("1,000 people" in text and "1,000 no longer" in text for text in said)
    assert compare_sides(one, one).findings[0].say().startswith("Nobody in ")
    with pytest.raises(StudyError, match="compare like with like"):
        compare_sides(one, Side("C", today, after, 45, today.gaps.required))
    with pytest.raises(StudyError, match="hold other places"):
        compare_sides(one, Side("C", today, after.iloc[:2], 30, today.gaps.required))


@pytest.fixture(scope="module")
def answer(today: Study, ids: dict[str, str]) -> Answer:
    """The last listed shelter moves far to the east: some gain, some lose."""
    return study.what_if(today, move={ids["emergency_shelter"]: (-94.0, 39.0)}, name="Moved east")


@pytest.mark.slow
def test_gains_and_losses_are_those_of_a_slow_count(today: Study, ids: dict[str, str], answer: Answer) -> None:
    cutoff = today.gaps.headline_cutoff_min
    sides = []
    for one in (today, study.scenario(today, move={ids["emergency_shelter"]: (-94.0, 39.0)})):
        times = study.measure(one).place_times
        sides.append(
            {
                place: {kind: times.loc[place, f"{kind}_min"] <= cutoff for kind in today.gaps.required}
                for place in times.index
            }
        )
    people = data.living_points(today).set_index("place_id")
    rows = answer.tables["changes"].table.set_index(["category", "group", "area"]).sort_index()
    for kind in (*today.gaps.required, ALL_REQUIRED):
        gained = lost = ray = 0
        for place in people.index:
            had, has = (all(side[place].values()) if kind == ALL_REQUIRED else side[place][kind] for side in sides)
            count = people.loc[place, "under18_count"]
            gained += count * (has and not had)
            lost += count * (had and not has)
            ray += count * (has and people.loc[place, "county_fips"] == "29177")
        row = rows.loc[(kind, "under18_count", "all counties")]
        assert (row["gained_count"], row["lost_count"]) == (gained, lost)
        assert row["after_count"] == row["before_count"] + gained - lost
        assert rows.loc[(kind, "under18_count"), "after_count"].filter(like="Ray").sum() == ray
    assert rows.loc["emergency_shelter"]["gained_count"].max() > 0


@pytest.mark.slow
def test_what_is_said_and_drawn_is_what_the_tables_hold(answer: Answer) -> None:
    rows = answer.tables["changes"].table.set_index(["category", "group", "area"])
    whole = rows.loc[("emergency_shelter", "population_count", "all counties")]
    (said,) = [one for one in answer.findings if one.about.get("category") == "emergency_shelter"]
    assert (said.value, said.about["lost"]) == (whole["gained_count"], whole["lost_count"])
    by_place = answer.tables["changes_by_place"].table
    assert by_place["after"].str.contains("emergency_shelter").sum() == (by_place["gained_kinds_count"] > 0).sum()
    hours = answer.tables["changes_by_hour"].table.set_index(["category", "eligibility", "when"])
    counted = ["before_count", "after_count", "gained_count", "lost_count"]
    here = hours.loc[("emergency_shelter", "any", ANY_TIME)]  # the study asks for services open to all
    assert here[counted].tolist() == whole[counted].tolist()
    note = answer.draw("changes").note
    assert note.subtitle.startswith("Moved east") and "30 minutes" in note.subtitle
    assert "comes into reach" in note.title and "is lost" in note.title


@pytest.mark.slow
def test_two_folders_are_compared_as_the_studies_are(
    today: Study, answer: Answer, ids: dict[str, str], tmp_path: Path
) -> None:
    changed = study.scenario(today, move={ids["emergency_shelter"]: (-94.0, 39.0)})
    for name, one in (("before", today), ("after", changed)):
        study.coverage_report(one, out=tmp_path / name)
    again = study.compare(tmp_path / "before", tmp_path / "after", study=today)
    key = ["category", "group", "area"]
    ours, theirs = (one.tables["changes"].table.set_index(key) for one in (again, answer))
    columns = ["before_count", "after_count", "gained_count", "lost_count"]
    pd.testing.assert_frame_equal(ours[columns], theirs.loc[ours.index, columns])
    with pytest.raises(StudyError, match="neither a study file nor a folder"):
        study.compare(tmp_path, tmp_path / "after", study=today)


@pytest.mark.slow
def test_closing_each_site_in_turn(today: Study) -> None:
    measured = study.measure(today)
    answer = resting_on_one(measured, categories=["emergency_shelter"])
    rows = answer.tables["resting"].table
    assert rows["lost_count"].is_monotonic_decreasing
    named = rows.iloc[0]["name"]
    sites = data.by_category(measured.services).query("category == 'emergency_shelter'")
    owner = measured.services.set_index("service_id")["organization_name"]
    own = sites[sites["service_id"].map(owner) == named]
    if len(set(own["site_id"])) == 1:
        closed = study.what_if(today, close=own["service_id"].tolist())
        row = closed.tables["changes"].table.set_index(["category", "group", "area"])
        lost = row.loc[("emergency_shelter", "population_count", "all counties"), "lost_count"]
        assert lost == pytest.approx(rows.iloc[0]["lost_count"])


def test_a_manifest_names_the_file_of_added_services_only(today: Study, tmp_path: Path) -> None:
    from dataclasses import replace

    from kcgeo.data.study.changes import Changes

    changed = replace(today, changes=Changes(add=tmp_path / "own.csv"))
    assert build(tmp_path, Answer("tried", changed), releases=[])["parameters"]["changes"]["add"] == "own.csv"
