"""The pages ask nothing of any network, say the numbers of the tables, and cannot be broken by a name."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kcgeo.disclosure import release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import (
    Item,
    Page,
    Section,
    coverage_page,
    gallery_page,
    plate_item,
    reporting_chart,
    save_figure,
    save_page,
)
from kcgeo.present.look.saving import write_thumbnail
from kcgeo.present.web.encode import decode
from kcgeo.present.web.page import page_file
from tests.present.town import CUTOFF_MIN, REQUIRED, STATES, Town, coverage_table, services_table

VENDORED = {
    "leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
}
CATEGORIES = ["medical", "forensic_exam"]


def make_page(town: Town, **changes: Any) -> Page:
    return coverage_page(
        changes.pop("cells", town.cells),
        changes.pop("services", town.services),
        changes.pop("coverage", town.coverage),
        **{
            "categories": CATEGORIES,
            "ground": town.ground,
            "headline_min": CUTOFF_MIN,
            "required": REQUIRED,
            "places": town.places,
            "areas": town.areas,
            **changes,
        },
    )


@pytest.fixture(scope="module")
def page(town: Town) -> Page:
    return make_page(town)


def data_of(page: Page) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_of(page: Page) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page.html)
    return parser.tags


@pytest.mark.parametrize("name", sorted(VENDORED))
def test_vendored_leaflet_is_the_published_one(name: str) -> None:
    content = files("kcgeo.present").joinpath(f"vendor/leaflet/{name}").read_bytes()
    assert hashlib.sha256(content).hexdigest() == VENDORED[name]


def test_licence_of_leaflet_travels_with_it(page: Page) -> None:
    assert "BSD 2-Clause License" in page.html
    assert "Volodymyr Agafonkin" in page.html


def test_page_is_small_and_repeats_itself(town: Town, page: Page) -> None:
    assert len(page.html.encode("utf-8")) < 2_000_000
    assert make_page(town).html == page.html


def test_page_names_nothing_to_fetch(page: Page) -> None:
    for tag, attributes in tags_of(page):
        assert "src" not in attributes, tag
        if tag == "link":
            assert attributes.get("href") == "data:,"
    without_links = re.sub(r'href="[^"]*"', "", page.html)
    assert not re.search(r"url\((?!#)", without_links)
    assert "sourceMappingURL" not in page.html
    assert "default-src 'none'" in page.html


def test_page_stores_nothing(page: Page) -> None:
    own = page_file("pages/coverage.js")
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttpRequest", own)


def test_page_has_the_frame_that_a_screen_reader_needs(page: Page) -> None:
    tags = tags_of(page)
    assert ("html", {"lang": "en"}) in tags
    assert sum(tag == "h1" for tag, _ in tags) == 1
    assert sum(tag == "main" for tag, _ in tags) == 1
    assert any(attributes.get("name") == "viewport" for _, attributes in tags)
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_numbers_of_the_page_are_those_of_the_table(page: Page) -> None:
    rows = re.findall(r'<tr data-key="(\w+)">.*?</tr>', page.html, re.S)
    assert rows == ["required", *CATEGORIES]
    table = coverage_table()
    for category in CATEGORIES:
        row = re.search(rf'<tr data-key="{category}">(.*?)</tr>', page.html, re.S)
        assert row is not None
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row.group(1))
        shares = table.loc[table["category"] == category, "covered_share"]
        assert cells == [*(f"{share * 100:.0f}" for share in shares), "0"]
    assert data_of(page)["layers"]["medical"]["groups"] == [["All people", "59", "88", "100", "100", "0"]]
    assert data_of(page)["layers"]["medical"]["said"].startswith("88 of 100 people live within a 30-minute drive")


def test_outlines_of_the_page_are_those_of_the_cells(town: Town, page: Page) -> None:
    layer = data_of(page)["layers"]["medical"]
    edge = decode(layer["classes"][0][0])
    # the first class is a circle of 15 km around downtown; res 7 cells are 2.4 km wide
    north = (edge[:, 0].max() - 39.10) * 111.2
    assert north == pytest.approx(15, abs=2.0)
    assert layer["lost"]


def test_a_hidden_place_changes_no_byte(town: Town, page: Page) -> None:
    table = services_table()
    fewer = release(
        table[table["disclosure"] != "withheld"],
        name="services",
        kind="services",
        areas=["Eastsouth area"],
        sources=["Invented town"],
        vintage="2026",
    )
    assert make_page(town, services=fewer).html == page.html
    assert "Quiet House" not in page.html


def test_confidential_services_are_words_only(page: Page) -> None:
    data = data_of(page)
    assert "Safe Roof" in page.html
    assert all("Safe Roof" not in service["name"] for site in data["sites"] for service in site["services"])
    assert "1 confidential service, by area" in page.html


def test_services_of_one_place_share_a_marker(page: Page) -> None:
    sites = data_of(page)["sites"]
    assert [len(site["services"]) for site in sites] == [2, 1, 1]
    assert sites[0]["services"][0]["year"] == "2025"
    assert sites[0]["services"][0]["phone"] == [["816-555-0101", "8165550101"]]


def test_a_hostile_name_stays_a_name(town: Town) -> None:
    table = services_table()
    table.loc[0, ["service_name", "organization_name"]] = "</script><img src=x onerror=alert(1)>"
    table.loc[4, ["service_name", "organization_name"]] = "<b>Roof</b>"
    hostile = release(
        table, name="services", kind="services", areas=["Eastsouth area"], sources=["<i>x</i>"], vintage="2026"
    )
    page = make_page(town, services=hostile, title="<script>1</script>")
    assert "<img" not in page.html
    assert "<b>Roof" not in page.html
    assert "<i>x" not in page.html
    assert sum(tag == "script" for tag, _ in tags_of(page)) == 3
    assert data_of(page)["sites"][0]["services"][0]["name"].startswith("</script>")


def test_raw_tables_are_refused(town: Town) -> None:
    with pytest.raises(DisclosureError, match="must pass the gate"):
        make_page(town, cells=town.cells.table)


def test_a_missing_cutoff_is_named(town: Town) -> None:
    with pytest.raises(TableError, match="no rows for 20 minutes"):
        make_page(town, headline_min=20)


def test_a_missing_category_is_named(town: Town) -> None:
    with pytest.raises(TableError, match="no row for 'legal'"):
        make_page(town, categories=["legal"])


def test_required_layer_needs_places(town: Town) -> None:
    with pytest.raises(TableError, match="give places="):
        make_page(town, places=None)


def test_gallery_links_pictures_and_files(town: Town, tmp_path: Path) -> None:
    plate = reporting_chart(town.aggregates, town.claims, states=STATES)
    png, pdf = save_figure(plate, tmp_path / "maps", "reporting", formats=["png", "pdf"])
    item = plate_item(plate.note, {"png": png, "pdf": pdf}, tmp_path)
    page = gallery_page([Section("What is reported?", [item])], title="Town", lede="All results.")
    path = save_page(page, tmp_path / "index.html")
    for tag, attributes in tags_of(page):
        for key in ("src", "href"):
            link = attributes.get(key)
            if link and not link.startswith(("#", "data:", "https://www.weather.gov")):
                assert (tmp_path / link).is_file(), (tag, link)
        if tag == "img":
            assert attributes["alt"] == plate.note.alt_text
    assert path.read_text(encoding="utf-8") == page.html


def test_thumbnail_is_small_and_repeats_itself(tmp_path: Path) -> None:
    picture = tmp_path / "large.png"
    rng = np.random.default_rng(7)
    Image.fromarray(rng.integers(0, 255, (17, 22, 3), dtype=np.uint8)).resize((2200, 1700), 0).save(picture)
    with Image.open(picture) as large:
        size = write_thumbnail(large, tmp_path / "one.png")
        write_thumbnail(large, tmp_path / "two.png")
    assert size == (1100, 850)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as small:
        assert small.size == size


@pytest.mark.parametrize("link", ["https://example.org/x.png", "/etc/passwd", "../secret.csv", "javascript:alert(1)"])
def test_gallery_refuses_links_out_of_its_folder(link: str) -> None:
    with pytest.raises(TableError, match="its own folder only"):
        gallery_page([Section("Q", [Item("t", "x", {"PNG": link})])], title="t", lede="x")


def test_gallery_needs_a_section() -> None:
    with pytest.raises(TableError, match="at least one section"):
        gallery_page([], title="t", lede="x")


def test_gallery_escapes_what_it_is_given() -> None:
    item = Item("<b>t</b>", "<i>x</i>", {"CSV": 'a"b.csv'})
    page = gallery_page([Section("<u>Q</u>", [item])], title="<s>t</s>", lede="x")
    assert not re.search(r"<[bius]>", page.html)
    assert "a%22b.csv" in page.html
