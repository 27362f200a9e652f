"""One question, one number: each command that counts who reaches a kind of help counts the same people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.disclosure.small_study import public_rows, write

from kcgeo import data, study, terms
from kcgeo.present.web.explorer_page import ANY_TIME
from kcgeo.study import Measured, Study
from kcgeo.study.answers.compare import resting_on_one

pytestmark = pytest.mark.slow

SHELTER, PEOPLE, MINUTES = "emergency_shelter", "population_count", 15.0


@dataclass(frozen=True)
class Town:
    """A small study and who lives in reach of a shelter that is open to anyone, counted by hand from its times."""

    settings: Study
    measured: Measured
    people: pd.Series
    reached: int
    lacking: int


@pytest.fixture(scope="module")
def town(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    rows = public_rows(root)
    shelters = rows["service_categories"].eq(SHELTER).to_numpy().nonzero()[0]
    rows.loc[rows.index[shelters[0]], "eligibility"] = "men"  # listed, and no reach for anyone
    settings = study.load(write(tmp_path_factory.mktemp("town"), rows))
    measured = study.measure(settings)
    people = measured.places.set_index("place_id")[PEOPLE]
    near = (measured.place_times[f"{SHELTER}_min"] <= MINUTES).to_numpy()
    called = measured.referral[SHELTER].to_numpy()
    return Town(settings, measured, people, int(people[near].sum()), int(people[~near & ~called].sum()))


def _counts(town: Town) -> dict[str, float]:
    """People who reach a shelter, as each question says."""
    settings, measured = town.settings, town.measured
    released = study.release_all(measured)
    gaps = study.coverage_report(settings, categories=[SHELTER]).released["coverage"].table
    gaps = gaps[(gaps["category"] == SHELTER) & (gaps["group"] == PEOPLE) & (gaps["cutoff_min"] == MINUTES)]
    site = study.site(settings, category=SHELTER, new_count=1, cutoff_min=MINUTES, draw_count=0)
    farther = replace(settings, title="the same again")
    changes = study.compare(measured, study.measure(farther)).tables["changes"].table
    changes = changes[changes["county_fips"].isna() & changes["group"].eq(PEOPLE) & changes["category"].eq(SHELTER)]
    counties = [study.county_answer(measured, fips, released=released) for fips in settings.counties]
    rows = pd.concat([one.tables["county"].table for one in counties])
    rows = rows[rows["category"] == SHELTER]
    explorer = study.release_explorer(measured)
    told = study.explorer_numbers(
        explorer["explorer_reach"], explorer["explorer_matrix"], released["places"],
        category=SHELTER, cutoff_min=int(MINUTES), eligibility="any", when=ANY_TIME,
    )  # fmt: skip
    resting = resting_on_one(measured, categories=[SHELTER]).tables["resting"].table
    return {
        "gaps": gaps["covered_count"].item(),
        "site": site.by_group.loc[PEOPLE, "before_count"],
        "compare": changes["before_count"].item(),
        "county": (rows["covered_share"] * rows["total_count"]).sum(),
        "explorer": told.loc[PEOPLE, "covered_count"],
        "what-if --each": (resting["covered_count"] + resting["lost_count"]).iloc[0],
    }


@pytest.mark.slow
def test_each_command_counts_the_same_people_in_reach(town: Town) -> None:
    assert 0 < town.reached < town.people.sum()
    listed = study.measure(town.settings, eligibility="any_listed")
    assert (listed.place_times[f"{SHELTER}_min"] <= MINUTES).sum() > 0
    assert {name: round(value) for name, value in _counts(town).items()} == dict.fromkeys(_NAMES, town.reached)


_NAMES = ("gaps", "site", "compare", "county", "explorer", "what-if --each")


def test_what_is_said_of_the_gaps_is_what_was_measured(town: Town) -> None:
    held = town.measured.completeness["looked_for_share"]
    nobody = held.index[held == 0][0]
    report = study.coverage_report(town.settings, categories=[SHELTER, nobody])
    measured = report.released["gaps"].table
    lack, *rest = report.answer.findings
    assert (lack.key, lack.value) == ("lack_one_kind", measured.loc[measured["lacking"], PEOPLE].sum())
    assert lack.about["who"] == "anyone" and lack.say().startswith(tuple("0123456789"))
    # what nobody looked for is in no headline, and that is said
    assert lack.about["category"] == SHELTER
    assert "an emergency shelter open to anyone within 15 minutes" in lack.say()
    assert "refugio de emergencia abierto a cualquiera" in lack.say(language="es")
    assert [one.say() for one in rest] == [
        f"Left out of the headline: {terms.categories()[nobody].phrase}; looked for where fewer than 80% of people live"
    ]
    table = report.released["completeness"].table
    assert len(table) == len(town.settings.counties) * data.load("categories")["has_place"].sum()
    assert set(table.loc[table["category"] == SHELTER, "looked_for"]) == {"partly"}
    assert set(table.loc[table["category"] == nobody, "looked_for"]) == {"no"}
    assert set(report.shown["records"]) == {"in part"}


def test_catchment_counts_the_people_who_lack_help_as_the_gaps_do(town: Town) -> None:
    answer = study.catchment(town.settings, SHELTER, minutes=MINUTES, with_map=False)
    lacking = {one.key: one for one in answer.findings}["catchment_lacking"]
    states = town.measured.states(MINUTES)[SHELTER]
    assert lacking.of == town.lacking == town.people[states.eq("none")].sum()
    assert lacking.about["who"] == answer.about["who"] == "anyone"
    wider = study.catchment(town.settings, SHELTER, minutes=MINUTES, eligibility="men", with_map=False)
    fewer = wider.tables["catchment"].table["lacking_count"].astype(float)
    assert fewer.max() < answer.tables["catchment"].table["lacking_count"].astype(float).max()


def test_reach_of_a_cell_is_its_catchment(town: Town) -> None:
    table = study.catchment(town.settings, SHELTER, minutes=MINUTES, with_map=False).tables["catchment"].table
    best = table.loc[table["within_count"].astype(float).idxmax()]
    answer = study.reach(town.settings, [best["cell_id"]], minutes=[MINUTES], direction="to", with_map=False)
    assert answer.findings[0].value == float(best["within_count"])
    assert answer.findings[0].of == town.people.sum() == data.living_points(town.settings)[PEOPLE].sum()


def test_anyone_is_who_asks_where_nobody_is_named(town: Town) -> None:
    for asked in ("any", "anyone"):
        again = study.measure(town.settings, eligibility=asked)
        assert again.who == town.measured.who == "anyone"
        np.testing.assert_array_equal(again.place_times, town.measured.place_times)
