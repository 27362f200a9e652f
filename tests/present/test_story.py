"""The story page: every number a finding, the county picker turns all of them, and it works as a reader needs it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from kcgeo import study
from kcgeo.disclosure import release
from kcgeo.findings import LANGUAGES
from kcgeo.present import Story
from kcgeo.present.paper.deck_tables import sites_slide
from kcgeo.study.answer import Desk, Scene
from kcgeo.study.answers.whole.story import best_sites, release_sites, story_of, write_story
from tests.present.explorer_case import Case, kansas_city
from tests.present.test_browser import Watched, _open, browser  # noqa: F401  a fixture is used by its name

MOST_BYTES_SENT = 400_000


@pytest.fixture(scope="module")
def case() -> Case:
    return kansas_city()


@pytest.fixture(scope="module")
def scene(case: Case) -> Scene:
    bare = Scene(case.measured.study, case.released)
    return Scene(case.measured.study, case.released | {"new_sites": release_sites(bare)})


@pytest.fixture(scope="module")
def story(scene: Scene) -> Story:
    return story_of(scene)


@pytest.fixture(scope="module")
def pages(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_story(Desk(scene, tmp_path_factory.mktemp("story")))


def _told(path: Path) -> dict[str, dict[str, list[str]]]:
    text = path.read_text(encoding="utf-8")
    told: dict[str, dict[str, list[str]]] = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])["told"]  # type: ignore[index]
    return told


def test_counties_add_up_to_the_whole(case: Case, story: Story) -> None:
    whole, *counties = story.areas
    gaps = case.measured.gaps
    assert {area.fips for area in counties} == set(gaps["county_fips"])
    for step in ("lack", "night", "car", "sites"):
        one = whole.steps[step][0]
        parts = [area.steps[step][0] for area in counties if area.steps[step]]
        assert one.value == pytest.approx(sum(part.value for part in parts))
        assert one.of == pytest.approx(sum(part.of or 0 for part in parts))
    lost = gaps.loc[gaps["lacking"].astype(bool), "population_count"].sum()
    assert whole.steps["lack"][0].value == pytest.approx(lost)


def test_the_three_sites_are_those_that_the_explorer_adds_and_bring_as_many(case: Case, story: Story) -> None:
    cutoff = int(case.measured.study.gaps.headline_cutoff_min)
    found = story.areas[0].steps["sites"][0]
    question = {"category": story.category, "cutoff_min": cutoff}
    counts = study.explorer_numbers(*case.tables, **question, sites=story.sites)
    assert counts.loc["population_count", "newly_covered_count"] == found.value
    matrix = case.released["explorer_matrix"].table
    for number, site in enumerate(story.sites):
        # no other candidate would have brought more, tried on a sample of them
        tried = [site, *sorted(set(matrix["candidate_id"]))[::60]]
        gains = [
            study.explorer_numbers(*case.tables, **question, sites=[*story.sites[:number], other]).loc[
                "population_count", "newly_covered_count"
            ]
            for other in tried
        ]
        assert gains[0] == max(gains)


def test_the_table_of_new_sites_and_its_slide_say_what_the_story_says(scene: Scene, story: Story) -> None:
    table, found = scene["new_sites"].table, story.areas[0].steps["sites"][0]
    assert table["candidate_id"].tolist() == list(story.sites)
    assert table["new_count"].sum() == table["together_count"].iloc[-1] == found.value
    assert table["new_count"].is_monotonic_decreasing
    slide = sites_slide(scene["new_sites"], found.say("slide"))
    assert slide.title == found.say("slide")
    assert [row[0] for row in slide.rows] == [
        f"{letter}, near {name}" for letter, name in zip("ABC", table["place_name"], strict=True)
    ]


def test_where_everybody_is_reached_no_site_is_named(case: Case) -> None:
    reach, matrix, places = case.tables
    near = reach.table.assign(time_min=1.0)
    everywhere = release(near, name="reach", kind="matrix", sources=reach.sources, vintage=reach.vintage)
    assert best_sites(everywhere, matrix, places, category="legal", cutoff_min=30) == []
    served = Scene(case.measured.study, case.released | {"explorer_reach": everywhere})
    assert release_sites(served).table.empty


@pytest.mark.parametrize("number", range(len(LANGUAGES)))
def test_the_page_is_small_asks_for_nothing_and_says_each_number_in_its_language(
    story: Story, pages: list[Path], number: int
) -> None:
    path, language = pages[number], list(LANGUAGES)[number]
    assert len(gzip.compress(path.read_bytes())) < MOST_BYTES_SENT
    text = path.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in text
    assert "default-src 'none'" in text
    told = _told(path)
    for area in story.areas:
        assert told[area.fips]["lack"] == [area.steps["lack"][0].say("title", language)]
        assert all(told[area.fips][step] for step in ("kinds", "places", "night", "sites"))
        homes = [one.say("title", language) for one in area.steps["car"]]
        assert told[area.fips]["car"] == homes
    links = set(re.findall(r'href="((?!https:|data:|#)[^"]+)"', text))
    assert {link.split("#")[0] for link in links} == {
        "researchers.html",
        "maps/explorer.html",
        pages[1 - number].name,
    }


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def opened(browser: Browser, pages: list[Path], request: pytest.FixtureRequest) -> Iterator[Watched]:  # noqa: F811
    watched = _open(browser, pages[0], request.param)
    yield watched
    watched.assert_quiet()
    watched.page.context.close()


@pytest.mark.browser
def test_a_county_turns_every_number_by_keyboard_alone(story: Story, pages: list[Path], opened: Watched) -> None:
    page, told = opened.page, _told(pages[0])
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "area":
            break
    assert page.evaluate("document.activeElement.id") == "area"
    page.keyboard.type("Ray County")
    page.wait_for_function("() => document.querySelectorAll('.county.chosen').length === 1")
    shown = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-said]')]"
        ".map(box => [box.dataset.said, [...box.children].map(line => line.textContent)]))"
    )
    assert shown == {step: lines for step, lines in told["29177"].items() if step in shown}
    assert page.inner_text("h1") == told["29177"]["lack"][0]
    assert page.get_attribute("#county", "href") == "counties/county-29177.html"
    assert page.inner_text("#live") == told["29177"]["lack"][0]
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= screen


@pytest.mark.browser
def test_the_last_step_shows_the_sites_and_leads_to_the_explorer(story: Story, opened: Watched) -> None:
    page = opened.page
    assert not page.is_visible(".after")
    page.locator("[data-step=sites] .go").scroll_into_view_if_needed()
    page.focus("#after")
    page.keyboard.press("Space")
    assert page.locator(".after .pin").count() == len(story.sites)
    assert page.is_visible(".after")
    assert (page.get_attribute(".go", "href") or "").endswith("sites=" + ".".join(story.sites))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_motion_is_reduced_where_asked(
    browser: Browser,  # noqa: F811
    pages: list[Path],
    scheme: str,
) -> None:
    for path in pages:
        watched = _open(browser, path, (1440, 900))
        page = watched.page
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.reload()
        # axe takes what sticks for lying over its own letters, and then misses the white paper under them
        page.add_style_tag(content=".stage { position: static !important; }")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.select_option("#area", index=3)
        first = page.get_attribute("#map", "viewBox")
        page.wait_for_timeout(120)
        assert page.get_attribute("#map", "viewBox") == first  # the map does not glide
        page.context.close()


@pytest.mark.browser
def test_print_shows_the_numbers_without_the_controls(browser: Browser, pages: list[Path]) -> None:  # noqa: F811
    watched = _open(browser, pages[0], (1440, 900))
    watched.page.emulate_media(media="print")
    assert watched.page.is_visible("#map")
    assert watched.page.is_visible("[data-said=kinds]")
    for hidden in ("#area", "#quit", ".go"):
        assert not watched.page.is_visible(hidden)
    watched.page.context.close()
