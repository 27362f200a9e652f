"""The pages in a real browser with the network blocked: used by mouse and by keyboard, checked by axe-core."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, sync_playwright

from kcgeo.present import Section, gallery_page, orientation_map, plate_item, save_figure, save_page
from tests.present.test_pages import make_page
from tests.present.town import Town

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}


@dataclass
class Watched:
    """A page and all that it asked for or complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        assert all(url.startswith("file:") for url in self.requests), self.requests
        assert self.failures == []
        assert self.complaints == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no chromium on this machine; install it with: apt-get install chromium"
        if os.environ.get("KCGEO_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pages, written as a study writes them."""
    made = tmp_path_factory.mktemp("pages")
    save_page(make_page(town), made / "maps" / "coverage.html")
    plate = orientation_map(town.services, ground=town.ground, areas=town.areas)
    (png,) = save_figure(plate, made / "maps", "orientation", formats=["png"], dpi=100)
    item = plate_item(plate.note, {"png": png}, made, wide=True)
    save_page(gallery_page([Section("Where is help?", [item])], title="Town", lede="Results."), made / "index.html")
    return made


def _open(browser: Browser, path: Path, size: tuple[int, int]) -> Watched:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    watched = Watched(context.new_page())

    def asked(request: Request) -> None:
        watched.requests.append(request.url)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(message.text)

    def block(route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()

    watched.page.on("request", asked)
    watched.page.on("requestfailed", lambda request: watched.failures.append(request.url))
    watched.page.on("console", said)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.route("**/*", block)
    watched.page.goto(path.as_uri())
    return watched


@pytest.fixture(params=sorted(SIZES))
def coverage(browser: Browser, folder: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    watched = _open(browser, folder / "maps" / "coverage.html", SIZES[request.param])
    watched.page.wait_for_selector(".leaflet-cover-pane path")
    yield watched
    watched.assert_quiet()
    watched.page.context.close()


@pytest.fixture(params=sorted(SIZES))
def gallery(browser: Browser, folder: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    watched = _open(browser, folder / "index.html", SIZES[request.param])
    yield watched
    watched.assert_quiet()
    watched.page.context.close()


def _covers(page: Page) -> list[str]:
    """Fill colours of the classes on the map."""
    return [str(path.get_attribute("fill")) for path in page.query_selector_all(".leaflet-cover-pane path")]


def test_pages_ask_for_themselves_only(coverage: Watched) -> None:
    assert len(coverage.requests) == 1


def test_a_kind_of_help_is_chosen_with_the_mouse(coverage: Watched) -> None:
    page = coverage.page
    before = page.inner_text("#said")
    page.click('tr[data-key="medical"] label')
    assert page.inner_text("#said").startswith("88 of 100 people")
    assert page.inner_text("#said") != before
    assert "chosen" in (page.get_attribute('tr[data-key="medical"]', "class") or "")
    assert len(_covers(page)) == 6  # what lies beyond, four classes, what is not connected
    assert page.inner_text("#groups tbody tr").split("\t")[:3] == ["All people", "59", "88"]


def test_a_kind_of_help_is_chosen_with_the_keyboard(coverage: Watched) -> None:
    page = coverage.page
    page.focus('input[value="required"]')
    page.keyboard.press("ArrowDown")
    assert page.is_checked('input[value="medical"]')
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#said").endswith(
        "drive of a forensic exam. Listed sites only: confidential ones are not counted."
    )


def test_layers_are_switched_off_and_on(coverage: Watched) -> None:
    page = coverage.page
    page.check('input[value="medical"]')
    shown = _covers(page)
    page.uncheck("#show-colours")
    assert _covers(page) == []
    page.check("#show-colours")
    assert _covers(page) == shown
    assert page.locator(".site").count() == 2  # the hospital and the clinic
    page.check("#show-others")
    assert page.locator(".site").count() == 3
    page.uncheck("#show-sites")
    assert page.locator(".site").count() == 1
    page.uncheck("#show-names")
    assert page.locator(".name").count() == 0


def test_switched_layers_stay_below_the_markers(coverage: Watched) -> None:
    page = coverage.page
    page.check('input[value="forensic_exam"]')
    page.uncheck("#show-colours")
    page.check("#show-colours")
    order = page.evaluate(
        "['cover', 'lines', 'names', 'sites']"
        ".map(p => +getComputedStyle(document.querySelector(`.leaflet-${p}-pane`)).zIndex)"
    )
    assert order == sorted(order)


def test_a_marker_opens_its_popup_with_the_mouse(coverage: Watched) -> None:
    page = coverage.page
    page.check('input[value="medical"]')
    page.locator('.site[aria-label^="General Hospital"]').click(force=True)
    popup = page.inner_text(".leaflet-popup-content")
    assert "General Hospital" in popup
    assert "Hospital police desk" in popup
    assert "Medical care" in popup
    assert "816-555-0101" in popup
    assert "record of 2025" in popup
    assert "age of the record unknown" in popup


def test_a_marker_opens_its_popup_with_the_keyboard(coverage: Watched) -> None:
    page = coverage.page
    page.check('input[value="medical"]')
    page.focus('.site[aria-label^="Suburb Clinic"]')
    page.keyboard.press("Enter")
    assert "record of 2022" in page.inner_text(".leaflet-popup-content")
    page.keyboard.press("Escape")
    page.wait_for_selector(".leaflet-popup", state="detached")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Suburb Clinic")


def test_a_place_that_lacks_a_kind_says_which(coverage: Watched) -> None:
    page = coverage.page
    page.click('[aria-label="Show the whole study area"]')
    page.wait_for_timeout(400)
    page.locator(".leaflet-circles-pane path").first.click(force=True)
    assert "Out of reach: medical care, forensic exam, legal help." in page.inner_text(".leaflet-popup-content")


def test_the_legend_says_what_is_drawn(coverage: Watched) -> None:
    page = coverage.page
    page.check('input[value="medical"]')
    words = page.locator("#legend").evaluate("list => list.textContent")
    for text in ("0–15 min", "beyond 60 min", "not connected", "confidential service: call"):
        assert text in words


def test_the_skip_link_leads_to_the_numbers(coverage: Watched) -> None:
    page = coverage.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "numbers"


def test_nothing_is_stored(coverage: Watched) -> None:
    coverage.page.check('input[value="medical"]')
    assert coverage.page.context.cookies() == []
    assert coverage.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_nothing_is_wider_than_the_screen(coverage: Watched) -> None:
    wide, screen = coverage.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= screen


def test_coverage_page_has_no_violation(coverage: Watched) -> None:
    page = coverage.page
    for choice in ("required", "medical"):
        page.check(f'input[value="{choice}"]')
        for closed in page.query_selector_all(".panel details:not([open]) summary"):
            closed.click()
        page.locator(".site").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".leaflet-popup-content")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.keyboard.press("Escape")


def test_paper_shows_what_the_screen_folds(browser: Browser, folder: Path) -> None:
    watched = _open(browser, folder / "maps" / "coverage.html", SIZES["phone"])
    page = watched.page
    page.wait_for_selector(".leaflet-cover-pane path")
    assert page.locator("details:not([open])").count() > 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    watched.assert_quiet()
    page.context.close()


def test_gallery_shows_its_pictures(gallery: Watched) -> None:
    page = gallery.page
    page.locator("img").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('img').complete")
    assert page.evaluate("document.querySelector('img').naturalWidth") == 1100
    assert page.inner_text("h1") == "Town"


def test_gallery_leads_to_its_question(gallery: Watched) -> None:
    page = gallery.page
    page.click("nav a")
    assert page.evaluate("document.querySelector(location.hash + ' h2').textContent") == "Where is help?"


def test_gallery_has_no_violation(gallery: Watched) -> None:
    found = Axe().run(gallery.page)
    assert found.violations_count == 0, found.generate_report()
    wide, screen = gallery.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= screen


def test_leaving_empties_the_page_at_once(browser: Browser, folder: Path) -> None:
    watched = _open(browser, folder / "maps" / "coverage.html", SIZES["desktop"])
    watched.page.wait_for_selector(".leaflet-cover-pane path")
    watched.page.click("#quit", no_wait_after=True)
    watched.page.wait_for_timeout(300)
    # the way out is the only request that a page ever makes, and here it is blocked
    assert [url for url in watched.requests if not url.startswith("file:")] == ["https://www.weather.gov/"]
    assert "forensic" not in watched.page.content().lower()
    watched.page.context.close()


def test_the_map_is_one_stop_of_the_tab_key(coverage: Watched) -> None:
    page = coverage.page
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.name || document.activeElement.id"))
        if stops[-1] == "layer":
            break
    assert stops[-1] == "layer"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('#map') !== null || document.activeElement.id !== 'map'")
    page.focus("#map")
    page.keyboard.press("Enter")
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first
    assert second
    assert first != second
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "map"


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
@pytest.mark.parametrize("name", ["index.html", "maps/coverage.html"])
def test_the_way_out_lies_over_nothing(browser: Browser, folder: Path, name: str, width: int) -> None:
    watched = _open(browser, folder / name, (width, 900))
    boxes = watched.page.evaluate(
        "['.quit', 'h1', '.top p'].map(s => { const b = document.querySelector(s).getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })"
    )
    (left, top, right, bottom), *words = boxes
    assert not [box for box in words if left < box[2] and box[0] < right and top < box[3] and box[1] < bottom]
    watched.page.context.close()


def test_pages_answer_dark_mode_and_reduced_motion(browser: Browser, folder: Path) -> None:
    watched = _open(browser, folder / "maps" / "coverage.html", (1440, 900))
    page = watched.page
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.reload()
    page.wait_for_selector(".leaflet-cover-pane path")
    luminance = (
        "s => getComputedStyle(document.querySelector(s)).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert max(page.evaluate(luminance, "html")[:3]) < 60
    assert min(page.evaluate(luminance, ".stage")[:3]) > 200  # the colors of the map are classes
    assert Axe().run(page).violations_count == 0
    page.context.close()
