"""A figure is saved the same way each time, whole or not at all, with its words inside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.text import Text
from PIL import Image

from kcgeo.errors import TableError
from kcgeo.present import (
    Plate,
    drive_time_map,
    drive_time_sheet,
    gap_map,
    orientation_map,
    reporting_chart,
    save_figure,
)
from tests.present.town import CUTOFF_MIN, REQUIRED, STATES, Town

SVG = "{http://www.w3.org/2000/svg}"
DRAW: dict[str, Callable[[Town], Plate]] = {
    "orientation": lambda town: orientation_map(town.services, ground=town.ground, areas=town.areas),
    "drive_time": lambda town: drive_time_map(
        town.cells, category="medical", ground=town.ground, services=town.services, places=town.places
    ),
    "sheet": lambda town: drive_time_sheet(
        town.cells, categories=["medical", "legal"], ground=town.ground, places=town.places
    ),
    "gaps": lambda town: gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground),
    "reporting": lambda town: reporting_chart(town.aggregates, town.claims, states=STATES),
}
TIMES = ["drive_time", "sheet", "gaps"]
MAPS = ["orientation", *TIMES]


@pytest.fixture(scope="module", params=sorted(DRAW))
def plate(town: Town, request: pytest.FixtureRequest) -> Plate:
    drawn = DRAW[request.param](town)
    drawn.set_label(request.param)
    return drawn


def _words(path: Path) -> str:
    """All text of an SVG file that a reader can select."""
    return " ".join(node.text or "" for node in ElementTree.parse(path).iter(f"{SVG}text"))


def test_two_drawings_give_the_same_bytes(plate: Plate, town: Town, tmp_path: Path) -> None:
    name = str(plate.get_label())
    first = save_figure(plate, tmp_path / "one", name, dpi=60)
    second = save_figure(DRAW[name](town), tmp_path / "two", name, dpi=60)
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf"]
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_words_of_the_svg_stay_text(plate: Plate, tmp_path: Path) -> None:
    (path,) = save_figure(plate, tmp_path, "figure", formats=["svg"])
    words = re.sub(r"\s+", " ", _words(path))
    for word in plate.note.title.split():
        assert word in words
    assert "Invented town" in words
    assert "2026" in words
    name = str(plate.get_label())
    if name in TIMES:
        assert "free-flow model" in words
        assert "Lower bound" in words
    if name in MAPS:
        assert "OpenStreetMap contributors (ODbL" in words
    if name in ("drive_time", "sheet"):
        assert "beyond 60 min" in words
        assert "not connected" in words


def test_svg_has_a_name_and_a_description_for_screen_readers(plate: Plate, tmp_path: Path) -> None:
    (path,) = save_figure(plate, tmp_path, "figure", formats=["svg"])
    root = ElementTree.parse(path).getroot()
    assert root.get("role") == "img"
    named = {node.get("id"): node.text for node in root.iter() if node.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [named[key] for key in (root.get("aria-labelledby") or "").split()] == [
        plate.note.title,
        plate.note.alt_text,
    ]


def test_files_carry_no_date_and_no_program_version(plate: Plate, tmp_path: Path) -> None:
    png, svg, pdf = save_figure(plate, tmp_path, "figure", dpi=60)
    assert not re.search(rb"CreationDate|ModDate", pdf.read_bytes())
    assert not re.search(r"<dc:date>|Matplotlib v", svg.read_text(encoding="utf-8"))
    with Image.open(png) as image:
        assert set(image.info) == {"Title", "Description", "Source", "Disclaimer", "dpi"}
        assert image.info["Description"] == plate.note.alt_text
    assert b"/Type3" not in pdf.read_bytes()


def test_print_size_is_300_dots_an_inch(town: Town, tmp_path: Path) -> None:
    (path,) = save_figure(DRAW["reporting"](town), tmp_path, "figure", formats=["png"])
    with Image.open(path) as image:
        assert image.size == (3300, 2550)


def test_alt_text_tells_what_is_seen(plate: Plate) -> None:
    assert 80 <= len(plate.note.alt_text) <= 900
    assert re.search(r"\d", plate.note.alt_text)
    assert plate.note.sources == ("Invented town",)
    assert plate.note.vintage == ("2026",)


def test_notebooks_show_the_alternative_text(town: Town) -> None:
    plate = DRAW["reporting"](town)
    shown = plate._repr_html_()
    assert 'alt="Hotline cases in one year' in shown
    assert "data:image/png;base64," in shown


def test_unknown_format_is_refused(town: Town, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="bmp cannot be written; choose from png, svg, pdf"):
        save_figure(DRAW["reporting"](town), tmp_path, "figure", formats=["png", "bmp"])
    assert not list(tmp_path.iterdir())


def test_a_failed_drawing_leaves_the_former_file(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plate = DRAW["reporting"](town)
    (path,) = save_figure(plate, tmp_path, "figure", formats=["pdf"])
    before = path.read_bytes()

    def full_disk(*args: object, **kwargs: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(plate, "savefig", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_figure(plate, tmp_path, "figure", formats=["pdf"])
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["figure.pdf"]


@pytest.mark.parametrize("name", MAPS)
def test_no_text_leaves_the_page_and_legend_is_clear_of_the_foot(town: Town, name: str) -> None:
    plate = DRAW[name](town)
    renderer = plate.canvas.get_renderer()  # type: ignore[attr-defined]
    page = plate.bbox
    foot = min(plate.texts, key=lambda text: text.get_position()[1]).get_window_extent(renderer)
    # legend and bar of people are drawn on axes as large as the page
    panels = [axes for axes in plate.axes if axes.get_position().height < 0.99]
    strip = next(axes for axes in plate.axes if axes not in panels)
    heading = plate.texts[:2]
    top = max(axes.get_window_extent(renderer).y1 for axes in panels)
    assert min(text.get_window_extent(renderer).y0 for text in heading) >= top - 1
    for text in (*plate.texts, *strip.texts):
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1 + 1
    assert min(text.get_window_extent(renderer).y0 for text in strip.texts) >= foot.y1


def test_every_text_can_be_read_on_a_slide(plate: Plate) -> None:
    px_per_pt = 1280 / (plate.get_size_inches()[0] * 72)
    texts = [text for text in plate.findobj(Text) if isinstance(text, Text) and text.get_text() and text.get_visible()]
    assert len(texts) > 10
    for text in texts:
        assert float(text.get_fontsize()) * px_per_pt >= 14, text.get_text()
