"""A week hour by hour against a slow count; words that people use."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.access import ALL_REQUIRED
from kcgeo.errors import StudyError
from kcgeo.study import Measured, names
from kcgeo.study.answers.week import week_answer
from kcgeo.terms import STATES


@pytest.fixture(scope="module")
def measured(root: Path) -> Measured:
    return study.measure(study.load(root / "studies" / "kansas-city.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [datetime(2026, 11, 4, 12), datetime(2026, 11, 7, 2), datetime(2026, 12, 25, 10)])
def test_an_hour_of_the_week_is_what_the_study_says_of_that_hour(measured: Measured, moment: datetime) -> None:
    table = week_answer(measured, categories=["emergency_shelter", "drop_in"]).tables["week"].table
    day = 8 if moment.month == 12 else moment.isoweekday()
    here = table[(table["day_rank"] == day) & (table["hour_index"] == moment.hour)].set_index(["category", "group"])
    then = study.measure(measured.study, open_at=moment, network=measured.network)
    people = measured.places.set_index("place_id")["under18_count"]
    cutoff = measured.study.gaps.headline_cutoff_min
    for kind in ("emergency_shelter", "drop_in"):
        near = then.place_times.get(f"{kind}_min", pd.Series(float("nan"), index=people.index)) <= cutoff
        row = here.loc[(kind, "under18_count")]
        assert row["in_reach_count"] == people[near].sum()
        unlooked = data.not_collected(measured.places, measured.collected, categories=[kind])[kind]
        assert row["not_collected_count"] <= people[unlooked.to_numpy()].sum()
        assert row["none_count"] <= people[~unlooked.to_numpy()].sum()
        assert sum(row[f"{state}_count"] for state in STATES) == people.sum()


@pytest.mark.slow
def test_a_week_has_eight_days_and_its_chain_is_the_worst_of_its_kinds(measured: Measured) -> None:
    answer = week_answer(measured, categories=["emergency_shelter", "drop_in"], eligibility="minors")
    table = answer.tables["week"].table
    assert len(table) == 3 * 4 * 8 * 24
    shares = table[table["group"] == "population_count"].pivot(
        index=["day_rank", "hour_index"], columns="category", values="in_reach_share"
    )
    assert (shares[ALL_REQUIRED] <= shares[["emergency_shelter", "drop_in"]].min(axis=1) + 1e-12).all()
    best = shares["emergency_shelter"].max()
    assert answer.findings[0].share == pytest.approx(best)
    assert f"{round(best * 100)}% of people have an emergency shelter" in answer.findings[0].say()
    plate = answer.draw("week")
    assert len(plate.axes) == 2 and "minutes by car" in plate.note.subtitle


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("shelter", "emergency_shelter"), ("Emergency Shelter", "emergency_shelter"), ("counseling", "counselling"),
        ("forensic-exam", "forensic_exam"), ("legal", "legal"), ("Drop In", "drop_in"),
    ],
)  # fmt: skip
def test_the_words_of_pages_are_taken(word: str, meant: str) -> None:
    assert names.category_named(word) == meant


def test_every_key_and_heading_means_itself() -> None:
    for key, term in data.load("categories").set_index("category")["title"].items():
        assert names.category_named(str(key)) == names.category_named(str(term)) == key
    assert [names.group_named(word) for word in ("women", "Minors", "men", "lgbtq", "anyone", "everybody")] == [
        "adult women", "minors", "men", "LGBTQ", "anyone", "any_listed",
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "near"), [("emergancy_shelter", "did you mean emergency_shelter"), ("xyz", "choose")])
def test_a_near_miss_is_proposed(word: str, near: str) -> None:
    with pytest.raises(StudyError, match=near):
        names.category_named(word)
    with pytest.raises(StudyError, match="did you mean minors"):
        names.group_named("minor s")
