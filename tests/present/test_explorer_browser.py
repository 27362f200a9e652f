"""The explorer in a real browser, network blocked: every control by mouse and by keyboard, counts as in Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from kcgeo import study
from kcgeo.present.web.explorer_page import ANY_TIME, OLDER, STATES
from kcgeo.study.answers.explorer import HOURS
from tests.present.explorer_case import Case, kansas_city
from tests.present.test_browser import SIZES, Watched, _open, browser  # noqa: F401  a fixture is used by its name

pytestmark = pytest.mark.browser

COLUMNS = [
    "covered_count",
    "newly_covered_count",
    "unknown_hours_count",
    "by_referral_count",
    "not_collected_count",
    "none_count",
]


@pytest.fixture(scope="module")
def case() -> Case:
    return kansas_city()


@pytest.fixture(scope="module")
def path(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study.write_explorer(case.measured, case.released, tmp_path_factory.mktemp("explorer"))[1]


def _explorer(browser: Browser, path: Path, size: str) -> Iterator[Watched]:  # noqa: F811
    watched = _open(browser, path, SIZES[size])
    watched.page.wait_for_selector("#groups td")
    yield watched
    watched.assert_quiet()
    watched.page.context.close()


@pytest.fixture(params=sorted(SIZES))
def both(browser: Browser, path: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:  # noqa: F811
    """The page on a desk and on a phone."""
    yield from _explorer(browser, path, request.param)


@pytest.fixture
def desk(browser: Browser, path: Path) -> Iterator[Page]:  # noqa: F811
    for watched in _explorer(browser, path, "desktop"):
        yield watched.page


def _counts(page: Page) -> list[list[int]]:
    rows = page.evaluate(
        "[...document.querySelectorAll('#groups tbody tr')]"
        ".map(r => [...r.querySelectorAll('td')].map(d => d.dataset.count))"
    )
    return [[int(value) for value in row] for row in rows]


def _go(page: Page, **parts: Any) -> None:
    page.evaluate(
        "hash => { location.hash = hash }", "&".join(f"{key}={quote(str(part))}" for key, part in parts.items())
    )
    page.wait_for_function(
        "minutes => document.getElementById('minutes').textContent === minutes", arg=str(parts["within"])
    )


def _state(page: Page) -> str:
    """What the link of the page says, without the address of the file."""
    return page.input_value("#link").split("#")[1]


def _sites(page: Page) -> list[str]:
    found = re.search(r"sites=([0-9a-f.]+)", _state(page))
    return found[1].split(".") if found else []


def _expected(case: Case, **question: Any) -> list[list[int]]:
    reach, matrix, places = case.tables
    if question.get("when", ANY_TIME) != ANY_TIME:
        reach, question["hours"] = case.released["explorer_week"], case.released["explorer_hours"]
    return study.explorer_numbers(reach, matrix, places, **question)[COLUMNS].to_numpy().tolist()


def _plans(case: Case, count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(20261122)
    reach, matrix, _ = (item.table for item in case.tables)
    kinds, who, ids = (
        sorted(set(column)) for column in (reach["category"], reach["eligibility"], matrix["candidate_id"])
    )
    return [
        {
            "category": str(rng.choice(kinds)),
            "eligibility": str(rng.choice(who)),
            "when": str(rng.choice(HOURS)),
            "cutoff_min": int(rng.integers(5, 61)),
            "sites": [str(site) for site in rng.choice(ids, size=int(rng.integers(0, 7)), replace=False)],
        }
        for _ in range(count)
    ]


def test_twenty_plans_count_as_in_python_to_the_person(case: Case, desk: Page) -> None:
    for plan in _plans(case, 20):
        _go(
            desk,
            kind=plan["category"],
            who=plan["eligibility"],
            when=plan["when"],
            sites=".".join(plan["sites"]),
            within=plan["cutoff_min"],
        )
        assert _sites(desk) == plan["sites"]
        assert _counts(desk) == _expected(case, **plan), plan


@pytest.mark.parametrize("older", OLDER)
def test_a_link_of_an_older_page_still_names_its_hour(case: Case, desk: Page, older: str) -> None:
    _go(desk, kind="medical", when=older, within=40)
    assert _counts(desk) == _expected(case, category="medical", when=OLDER[older], cutoff_min=40)
    assert f"when={quote(OLDER[older], safe=':')}" in _state(desk)


def test_the_page_asks_for_itself_only_and_stores_nothing(both: Watched) -> None:
    page = both.page
    page.click("#best")
    assert len(both.requests) == 1
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0


def test_choices_are_made_with_the_mouse(case: Case, both: Watched) -> None:
    page = both.page
    page.select_option("#kind", "medical")
    page.select_option("#who", "minors")
    page.select_option("#day", label="Wednesday")
    page.click('.presets button[value="45"]')
    question = {"category": "medical", "eligibility": "minors", "when": "Wednesday 12:00"}
    assert _counts(page) == _expected(case, **question, cutoff_min=45)
    assert page.get_attribute('.presets button[value="45"]', "aria-pressed") == "true"
    said = page.inner_text("#said")
    assert "45-minute drive of medical care for minors, known to be open (Wednesday 12 p.m.)" in said
    box = page.locator("#cutoff").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert page.inner_text("#minutes") == "5"
    assert _counts(page) == _expected(case, **question, cutoff_min=5)


def test_choices_are_made_with_the_keyboard(case: Case, desk: Page) -> None:
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")  # the skip link
    assert desk.evaluate("document.activeElement.id") == "panel"
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.id") == "kind"
    desk.keyboard.type("Medical")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Men")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Wed")
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.labels[0].firstChild.textContent") == "Hour"
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Tab")
    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("ArrowRight")
    question = {"category": "medical", "eligibility": "men", "when": "Wednesday 13:00", "cutoff_min": 32}
    assert _counts(desk) == _expected(case, **question)
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    assert _counts(desk) == _expected(case, **question | {"cutoff_min": 15})


def test_a_click_adds_a_site_and_a_drag_moves_it(case: Case, both: Watched) -> None:
    page = both.page
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.53, box["y"] + box["height"] * 0.62
    page.mouse.click(x, y)
    assert page.locator(".pin").count() == 1
    first = _sites(page)
    assert _counts(page) == _expected(case, category="emergency_shelter", cutoff_min=30, sites=first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 25, y + 15, steps=4)
    page.mouse.move(x - 50, y + 30, steps=4)
    page.mouse.up()
    moved = _sites(page)
    assert len(moved) == 1
    assert moved != first
    assert _counts(page) == _expected(case, category="emergency_shelter", cutoff_min=30, sites=moved)
    page.click("#undo")  # one drag is one step back
    assert _sites(page) == first
    page.click("#undo")
    assert _sites(page) == []
    assert page.locator(".pin").count() == 0
    assert page.is_disabled("#undo")


def test_sites_are_added_moved_and_removed_with_the_keyboard(case: Case, desk: Page) -> None:
    desk.focus("#area")
    desk.keyboard.type("Harrisonville")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    first = _sites(desk)
    assert len(first) == 1
    assert "Harrisonville" in desk.inner_text("#sites li")
    desk.focus(".pin")
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("ArrowRight")
    moved = _sites(desk)
    assert moved != first
    assert desk.evaluate("document.activeElement.classList.contains('pin')")
    assert _counts(desk) == _expected(case, category="emergency_shelter", cutoff_min=30, sites=moved)
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Delete")
    assert _sites(desk) == []
    assert desk.evaluate("document.activeElement.id") == "area"
    desk.keyboard.press("Control+z")
    assert len(_sites(desk)) == 1


def test_the_four_ways_lead_in_their_direction(desk: Page) -> None:
    _go(desk, sites="", within=30)
    desk.select_option("#area", label="Harrisonville (64701-4)")
    desk.click("#add")
    pin = desk.locator(".pin")
    for side, axis, sign in (("north", "y", -1), ("south", "y", 1), ("west", "x", -1), ("east", "x", 1)):
        before = pin.bounding_box()
        desk.click(f'[aria-label="Move site A {side}"]')
        after = pin.bounding_box()
        assert before is not None
        assert after is not None
        assert (after[axis] - before[axis]) * sign > 0


def test_a_site_is_removed_from_the_list(desk: Page) -> None:
    desk.click("#best")
    desk.click("#best")
    second = _sites(desk)[1]
    desk.click('[aria-label="Remove site A"]')
    assert _sites(desk) == [second]
    assert desk.locator("#sites li").count() == 1
    assert desk.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove site A"


def test_where_it_helps_most_is_where_python_finds_it(case: Case, desk: Page) -> None:
    reach, matrix, places = (item.table for item in case.tables)
    _go(desk, kind="forensic_exam", within=20)
    desk.click("#best")
    mine = reach[
        (reach["category"] == "forensic_exam") & (reach["eligibility"] == "any") & (reach["when"] == "any time")
    ]
    open_to = set(mine.loc[~(mine["time_min"] <= 20), "place_id"])
    near = matrix[(matrix["time_min"] <= 20) & matrix["place_id"].isin(open_to)]
    people = near["place_id"].map(places.set_index("place_id")["population_count"]).groupby(near["candidate_id"]).sum()
    assert _sites(desk) == [people.idxmax()]
    assert _counts(desk)[0][1] == people.max()


def test_a_click_outside_the_study_area_adds_nothing_and_says_so(desk: Page) -> None:
    box = desk.locator("#map").bounding_box()
    assert box is not None
    desk.mouse.click(box["x"] + box["width"] - 30, box["y"] + 20)
    assert _sites(desk) == []
    assert "outside the study area" in desk.inner_text("#live")


def test_what_is_said_at_once_is_not_overwritten_by_a_summary_that_waited(desk: Page) -> None:
    box = desk.locator("#map").bounding_box()
    assert box is not None
    desk.select_option("#kind", "legal")  # its summary comes when the page has come to rest
    desk.mouse.click(box["x"] + box["width"] - 30, box["y"] + 20)
    desk.wait_for_function("() => window.location.hash.includes('legal')")
    assert "outside the study area" in desk.inner_text("#live")


def test_the_map_shows_the_states(case: Case, desk: Page) -> None:
    places = case.released["places"].table
    lived = int((places["population_count"] > 0).sum())
    paths = desk.locator(".leaflet-cover-pane path")
    assert paths.count() == lived
    desk.click("#best")
    reach, matrix, _ = (item.table for item in case.tables)
    mine = reach[
        (reach["category"] == "emergency_shelter") & (reach["eligibility"] == "any") & (reach["when"] == "any time")
    ]
    near = set(matrix.loc[matrix["candidate_id"].isin(_sites(desk)) & (matrix["time_min"] <= 30), "place_id"])
    new = near - set(mine.loc[mine["time_min"] <= 30, "place_id"])
    new &= set(places.loc[places["population_count"] > 0, "place_id"])
    fills = desk.evaluate("[...document.querySelectorAll('.leaflet-cover-pane path')].map(p => p.getAttribute('fill'))")
    assert fills.count(STATES["new"][1]) == len(new)


def test_the_table_lists_who_lacks_it_the_largest_first(case: Case, both: Watched) -> None:
    page = both.page
    page.select_option("#kind", "forensic_exam")
    rows = page.evaluate(
        "[...document.querySelectorAll('#lacking tbody tr:not([hidden])')]"
        ".map(r => [...r.children].map(c => c.textContent))"
    )
    people = [int(row[1].replace(",", "")) for row in rows]
    assert people == sorted(people, reverse=True)
    assert sum(people) == sum(_counts(page)[0][2:])
    assert {row[3] for row in rows} <= {"none", "by referral: call", "hours unknown", "nobody has looked"}
    assert f"{len(rows)} areas with" in page.inner_text("#lacking-note")


def test_the_screen_reader_hears_the_numbers(desk: Page) -> None:
    assert desk.get_attribute("#live", "role") == "status"
    desk.select_option("#kind", "medical")
    desk.click("#best")
    desk.wait_for_function(
        "() => document.getElementById('live').textContent === document.getElementById('said').textContent"
    )
    assert "people more" in desk.inner_text("#live")
    label = desk.get_attribute(".pin", "aria-label") or ""
    assert label.startswith("New site A near ")
    assert "Arrow keys move it" in label


def test_a_choice_that_no_service_fits_is_said_in_words(desk: Page) -> None:
    desk.select_option("#kind", "demand_reduction")
    assert desk.inner_text("#said") == "No listed service of this choice has a public address."
    desk.click("#best")
    assert "With the new site" in desk.inner_text("#said")
    assert _counts(desk)[0][0] == _counts(desk)[0][1] > 0


def test_a_step_back_by_key_leaves_the_focus_where_it_is(desk: Page) -> None:
    desk.select_option("#area", label="Harrisonville (64701-4)")
    desk.click("#add")
    desk.focus(".pin")
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("Control+z")
    assert desk.evaluate("document.activeElement.classList.contains('pin')")
    desk.focus("#undo")
    desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.id") == "kind"  # the button is off now


def test_start_again_can_be_undone(desk: Page) -> None:
    start = _state(desk)
    desk.select_option("#kind", "legal")
    desk.click("#best")
    made = _state(desk)
    desk.click("#reset")
    assert _state(desk) == start
    assert desk.locator(".pin").count() == 0
    desk.click("#undo")
    assert _state(desk) == made
    assert desk.locator(".pin").count() == 1


def test_one_pull_of_the_slider_is_one_step_back(desk: Page) -> None:
    desk.focus("#cutoff")
    box = desk.locator("#cutoff").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    desk.mouse.move(box["x"] + box["width"] * 25 / 55, middle)
    desk.mouse.down()
    desk.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=8)
    desk.mouse.up()
    assert desk.inner_text("#minutes") != "30"
    desk.click("#undo")
    assert desk.inner_text("#minutes") == "30"
    assert desk.is_disabled("#undo")


def test_a_link_opens_the_same_view(browser: Browser, path: Path, desk: Page) -> None:  # noqa: F811
    desk.select_option("#kind", "counselling")
    desk.select_option("#who", "adult women")
    desk.select_option("#day", label="Thursday")
    desk.select_option("#hour", label="2 a.m.")
    desk.click("#best")
    link = desk.input_value("#link")
    desk.wait_for_function("link => location.href === link", arg=link)  # the address says the same once it rests
    desk.click("#copy")
    assert desk.evaluate("document.getSelection().toString() || document.activeElement.id")
    for watched in _explorer(browser, path, "desktop"):
        watched.page.evaluate("hash => { location.hash = hash }", link.split("#")[1])
        watched.page.wait_for_selector(".pin")
        assert _counts(watched.page) == _counts(desk)
        assert watched.page.inner_text("#said") == desk.inner_text("#said")


def test_an_address_that_makes_no_sense_opens_the_start(desk: Page) -> None:
    before = _counts(desk)
    desk.evaluate("location.hash = 'kind=<b>&who=%E0%A4&when=&within=1e9&sites=..87zz.<script>'")
    desk.wait_for_timeout(100)
    assert _counts(desk) == before
    assert _sites(desk) == []


def test_listed_sites_open_by_mouse_and_by_keyboard(desk: Page) -> None:
    desk.select_option("#kind", "forensic_exam")
    desk.click('[aria-label="Zoom in"]')
    site = desk.locator(".site").first
    site.click(force=True)
    assert "Check before you call or go" in desk.inner_text(".leaflet-popup-content")
    assert _sites(desk) == []  # opening one adds none
    desk.keyboard.press("Escape")
    desk.wait_for_selector(".leaflet-popup", state="detached")
    site.focus()
    desk.keyboard.press("Enter")
    assert desk.locator(".leaflet-popup-content .title").count() >= 1


def test_sites_of_unknown_hours_look_otherwise(desk: Page) -> None:
    desk.select_option("#kind", "counselling")
    assert desk.locator(".dot.unsure").count() == 1  # the one in the legend
    desk.select_option("#day", label="Wednesday")
    assert desk.locator(".leaflet-listed-pane .dot.unsure").count() > 0


def test_an_area_tells_its_people_and_minutes(desk: Page) -> None:
    box = desk.locator("#map").bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + box["width"] * 0.53, box["y"] + box["height"] * 0.7)
    words = desk.inner_text(".leaflet-tooltip")
    assert re.search(r"\(\d{5}(-\d+)?\)\n[\d,]+ people\n.*; nearest ", words)


def test_the_button_asks_the_browser_to_print(desk: Page) -> None:
    desk.evaluate("window.addEventListener('beforeprint', () => { document.title = 'printed' })")
    desk.click("#print")
    assert desk.title() == "printed"


def test_print_shows_the_numbers_without_the_controls(desk: Page) -> None:
    # The page is printed by the test alone: a browser without a screen may never end a print that the page began.
    desk.click("#best")
    desk.emulate_media(media="print")
    for shown in ("#said", "#groups", "#map", "#sites", "#lacking", "footer"):
        assert desk.is_visible(shown), shown
    for hidden in ("#ask", "#adder", "#undo", "#link", "#quit"):
        assert not desk.is_visible(hidden), hidden
    assert len(desk.pdf(format="Letter", print_background=True)) > 50_000


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_leaving_empties_the_page_at_once(browser: Browser, path: Path, way: str) -> None:  # noqa: F811
    watched = _open(browser, path, SIZES["desktop"])
    watched.page.wait_for_selector("#groups td")
    if way == "mouse":
        watched.page.click("#quit", no_wait_after=True)
    else:
        for _ in range(3):
            watched.page.keyboard.press("Shift")
    watched.page.wait_for_timeout(300)
    # the way out is the only request that the page ever makes, and here it is blocked
    assert [url for url in watched.requests if not url.startswith("file:")] == ["https://www.weather.gov/"]
    assert "shelter" not in watched.page.content().lower()
    watched.page.context.close()


def test_nothing_is_wider_than_the_screen(both: Watched) -> None:
    both.page.click("#best")
    wide, screen = both.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= screen


def test_axe_finds_no_violation(both: Watched) -> None:
    page = both.page
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.select_option("#day", label="Saturday")
    page.click("#best")
    page.click("#best")
    for summary in page.query_selector_all("details:not([open]) summary"):
        summary.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
