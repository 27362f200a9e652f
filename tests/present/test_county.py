"""A county on one page: shares add up, numbers are those of the tables, nothing hidden is named by place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader

from kcgeo import present
from kcgeo.disclosure import Released, release
from kcgeo.errors import KcgeoError, StudyError, TableError
from kcgeo.study import county_fips
from tests.present.town import COUNTIES, CRS, CUTOFF_MIN, REQUIRED, Town, services_table

ABOUT: dict[str, Any] = {"sources": ["Invented town"], "vintage": "2026"}


@pytest.fixture(scope="module")
def released(town: Town) -> dict[str, Released]:
    places = town.places.table
    times = release(places.drop(columns="geometry"), name="place_times", kind="surface", **ABOUT)
    rows = services_table()
    rows["hours"] = "24/7"
    line = rows.iloc[[0]].assign(
        service_id="s7",
        service_name="Line",
        organization_name="Example Line",
        categories=[("hotline",)],
        phone="816-555-0107",
    )
    tips = line.assign(
        service_id="s8", organization_name="Tip Line", categories=[("hotline", "law_enforcement")], phone="816-555-0108"
    )
    services = release(
        pd.concat([rows, line, tips], ignore_index=True),
        name="services",
        kind="services",
        areas=["Eastsouth area"],
        **ABOUT,
    )
    return {
        "gaps": town.places,
        "place_times": times,
        "cell_times": town.cells,
        "services": services,
        "areas": town.areas,
        "counties": town.counties,
        "corridors": town.corridors,
    }


@pytest.fixture(scope="module", params=sorted(COUNTIES))
def county(released: dict[str, Released], request: pytest.FixtureRequest) -> present.County:
    return present.county_facts(released, request.param, required=REQUIRED, cutoff_min=CUTOFF_MIN)


def test_shares_add_up_and_count_the_people_of_the_county(county: present.County, town: Town) -> None:
    rows = town.places.table.query("county_fips == @county.fips")
    assert county.lack.of == rows["population_count"].sum()
    lost = rows.loc[(rows[[f"{kind}_state" for kind in REQUIRED]] == "none").any(axis=1), "population_count"].sum()
    assert county.lack.value == lost
    for row in county.kinds:
        total = row.in_reach_share + row.by_referral_share + row.unknown_share + row.lacking_share
        assert total == pytest.approx(1 if len(rows) else 0)


def test_who_is_called_is_a_help_line_and_the_hidden_are_words(released: dict[str, Released]) -> None:
    served = present.county_facts(released, "29003", required=REQUIRED, cutoff_min=CUTOFF_MIN)
    assert [call.name for call in served.calls] == ["Example Line"]
    assert [name for name, _, _ in served.confidential] == ["Safe Roof"]
    other = present.county_facts(released, "20001", required=REQUIRED, cutoff_min=CUTOFF_MIN)
    assert other.confidential == ()


def test_a_county_of_another_study_is_named(released: dict[str, Released]) -> None:
    with pytest.raises(TableError, match="no county 99999; it has 20001"):
        present.county_facts(released, "99999", required=REQUIRED, cutoff_min=CUTOFF_MIN)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_speaks_both_languages_and_asks_no_network(released: dict[str, Released], language: str) -> None:
    county = present.county_facts(released, "20001", required=REQUIRED, cutoff_min=CUTOFF_MIN)
    page = present.county_web_page(released, county, language=language)
    assert f'<html lang="{language}">' in page.html
    assert county.lack.say(language=language) in page.html
    assert ("Llame primero" in page.html) is (language == "es")
    assert 'href="tel:8165550107"' in page.html
    assert re.findall(r'(?:href|src)="(?!#|data:|tel:)([^"]*)"', page.html) == ["https://www.weather.gov/"]
    with pytest.raises(KeyError):
        present.county_web_page(released, county, language="xx")


def test_the_page_on_paper_is_one_sheet_and_the_same_twice(released: dict[str, Released], tmp_path: Path) -> None:
    county = present.county_facts(released, "20001", required=REQUIRED, cutoff_min=CUTOFF_MIN)
    ground = present.county_ground(released, "20001", crs=CRS)
    for name in ("one", "two"):
        present.save_figure(present.county_page(released, county, ground=ground), tmp_path, name, formats=["pdf"])
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    (sheet,) = PdfReader(tmp_path / "one.pdf").pages
    text = " ".join(sheet.extract_text().split())
    assert county.lack.say() in text
    assert "What we ask for" in text
    plate = present.county_map(released, county, ground=ground)
    assert plate.note.findings == (county.lack,)


@pytest.mark.parametrize("discreet", [False, True])
@pytest.mark.parametrize("language", ["en", "es"])
def test_cards_hold_numbers_and_no_place(
    released: dict[str, Released], language: str, discreet: bool, tmp_path: Path
) -> None:
    county = present.county_facts(released, "29003", required=REQUIRED, cutoff_min=CUTOFF_MIN)
    path = present.write_cards(tmp_path / "a.pdf", [county], language=language, discreet=discreet, copies=9)
    assert len(PdfReader(path).pages) == 2
    words = " ".join(text for _, text in present.card_lines(county, language=language, discreet=discreet))
    assert "1-888-373-7888" in words
    assert "816-555-0107" in words
    assert "Safe Roof" not in words
    assert ("traffick" in words.lower()) is False
    assert ("Example Line" in words) is not discreet
    again = present.write_cards(tmp_path / "b.pdf", [county], language=language, discreet=discreet, copies=9)
    assert path.read_bytes() == again.read_bytes()
    with pytest.raises(KcgeoError, match="not in 'xx'"):
        present.write_cards(tmp_path / "c.pdf", [county], language="xx")


@pytest.mark.parametrize("asked", ["20001", "Westnorth", "westnorth county", "Westnorth County, KS", "WESTNORTH KS"])
def test_a_county_is_found_by_code_or_by_name(town: Town, asked: str) -> None:
    assert county_fips(town.counties, asked) == "20001"


def test_a_name_of_no_county_is_answered_with_the_nearest(town: Town) -> None:
    with pytest.raises(StudyError, match="'Wesnorth' is no county of the study; did you mean Westnorth KS"):
        county_fips(town.counties, "Wesnorth")
    with pytest.raises(StudyError, match="no county"):
        county_fips(town.counties, "Westnorth MO")
