"""The talk: native titles and tables, alternative text and notes on each slide, no small type, the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from matplotlib.text import Text
from pptx import Presentation
from pptx.util import Emu

from kcgeo import present
from kcgeo.disclosure import Released
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present.look.sheet import SLIDE, SLIDE_PX
from kcgeo.present.paper.deck import SMALLEST_PT, PictureSlide, TableSlide, TextSlide, write_deck
from kcgeo.present.paper.deck_tables import ask_slide, county_slide, coverage_slide, group_slide
from tests.present.town import CRS, CUTOFF_MIN, DOWNTOWN, REQUIRED, STATES, Town

METHOD = ("Times by the distance from downtown.",)
SCREEN_PX = 1280


@pytest.fixture(scope="module")
def plates(town: Town) -> dict[str, present.Plate]:
    ground = present.background(
        town.counties,
        town.corridors,
        crs=CRS,
        downtown=DOWNTOWN,
        core_half_width_km=20.0,
        towns=town.towns,
        sheet=SLIDE,
    )
    return {
        "orientation": present.orientation_map(town.services, ground=ground, areas=town.areas),
        "drive_time": present.drive_time_map(
            town.cells, category="legal", ground=ground, services=town.services, places=town.places
        ),
        "gaps": present.gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=ground),
        "hotline": present.reporting_chart(town.aggregates, town.claims, states=STATES, show="hotline"),
        "offences": present.reporting_chart(town.aggregates, town.claims, states=STATES, show="offences"),
    }


def _slides(plates: dict[str, present.Plate], town: Town, folder: Path) -> list[PictureSlide | TableSlide | TextSlide]:
    pictures = [
        PictureSlide(plate.note, *present.save_slide(plate, folder, name)) for name, plate in sorted(plates.items())
    ]
    return [*pictures, coverage_slide(town.coverage, headline_min=30.0)]


@pytest.fixture(scope="module")
def deck(plates: dict[str, present.Plate], town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deck")
    return write_deck(folder / "a.pptx", _slides(plates, town, folder), title="Town", lede="Who?", method=METHOD)


def _sizes_px(plate: present.Plate) -> list[float]:
    """Height of each text that is shown, in pixels where the slide is 1280 px wide."""
    px_per_pt = SCREEN_PX / plate.get_size_inches()[0] / 72
    return [text.get_fontsize() * px_per_pt for text in plate.findobj(Text) if text.get_visible() and text.get_text()]


def test_no_text_of_a_slide_picture_is_under_14_px(plates: dict[str, present.Plate]) -> None:
    for name, plate in plates.items():
        sizes = _sizes_px(plate)
        assert len(sizes) > 5, name
        assert min(sizes) >= 14, name


def test_legend_and_foot_of_a_slide_keep_off_each_other_and_inside(plates: dict[str, present.Plate]) -> None:
    for name in ("orientation", "drive_time", "gaps"):
        plate = plates[name]
        renderer = plate.canvas.get_renderer()  # type: ignore[attr-defined]
        page = plate.bbox
        foot_in, top_in = plate.body_in
        assert foot_in < SLIDE.panel_bottom_in, name
        assert top_in > SLIDE.panel_bottom_in + SLIDE.panel_in[1], name
        for text in plate.axes[-1].texts:
            box = text.get_window_extent(renderer)
            assert box.x1 <= page.x1 + 0.5, (name, text.get_text())
            assert box.y0 / plate.dpi >= foot_in, (name, text.get_text())


def test_slide_pictures_have_the_size_of_a_screen_and_say_what_they_are(
    plates: dict[str, present.Plate], tmp_path: Path
) -> None:
    from PIL import Image

    path, box = present.save_slide(plates["gaps"], tmp_path, "gaps")
    with Image.open(path) as image:
        assert image.size == SLIDE_PX
        assert image.info["Description"] == plates["gaps"].note.alt_text
        assert "Invented town" in image.info["Source"]
        assert "OpenStreetMap" in image.info["Disclaimer"]
    assert 0 < box[1] < box[3] < SLIDE_PX[1]


def test_a_page_is_no_slide(town: Town, tmp_path: Path) -> None:
    page = present.reporting_chart(town.aggregates, town.claims, states=STATES)
    with pytest.raises(TableError, match="not drawn for a slide"):
        present.save_slide(page, tmp_path, "page")
    assert not list(tmp_path.iterdir())


def test_each_slide_has_a_native_title_and_notes(deck: Path, plates: dict[str, present.Plate]) -> None:
    slides = list(Presentation(str(deck)).slides)
    titles = [slide.shapes.title.text for slide in slides]
    assert all(titles)
    assert titles[0] == "Town"
    assert titles[1:6] == [plates[name].note.title for name in sorted(plates)]
    assert titles[7] == "Read before you trust a map"
    assert titles[-2:] == ["How it was computed", "Sources and licenses"]
    for slide in slides:
        assert slide.has_notes_slide
        assert slide.notes_slide.notes_text_frame.text
    for slide, title in zip(slides[1:7], titles[1:7], strict=True):
        notes = slide.notes_slide.notes_text_frame.text
        assert [line.split(":")[0] for line in notes.split("\n")] == ["Say", "Point at", "If asked"]
        assert title in notes
        assert len(notes) < 900


def test_each_picture_and_table_has_an_alternative_text(deck: Path, plates: dict[str, present.Plate]) -> None:
    pictures, tables = [], []
    for slide in Presentation(str(deck)).slides:
        for shape in slide.shapes:
            if shape.shape_type == 13:
                pictures.append(shape._element.nvPicPr.cNvPr.get("descr"))
            elif shape.has_table:
                tables.append(shape._element.nvGraphicFramePr.cNvPr.get("descr"))
    assert pictures == [plates[name].note.alt_text for name in sorted(plates)]
    assert len(set(pictures)) == len(pictures)
    assert len(tables) == 1
    assert "Medical care" in tables[0]


def test_no_native_text_is_under_14_px(deck: Path) -> None:
    file = Presentation(str(deck))
    seen = 0
    for slide in file.slides:
        frames = [shape.text_frame for shape in slide.shapes if shape.has_text_frame]
        for shape in slide.shapes:
            if shape.has_table:
                frames += [cell.text_frame for row in shape.table.rows for cell in row.cells]
        for frame in frames:
            for paragraph in frame.paragraphs:
                for run in paragraph.runs:
                    assert run.font.size is not None, run.text
                    px = run.font.size.pt / (file.slide_width / Emu(914400)) / 72 * SCREEN_PX
                    assert px >= 13.99, run.text
                    seen += 1
    assert seen > 40
    assert pytest.approx(10.5, abs=0.01) == SMALLEST_PT


def test_pictures_span_the_slide_so_that_their_type_stays_large(deck: Path) -> None:
    file = Presentation(str(deck))
    for slide in file.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= file.slide_width
            assert shape.top + shape.height <= file.slide_height
            if shape.shape_type == 13:
                assert shape.width == pytest.approx(file.slide_width, rel=1e-3)


def test_table_is_native_and_its_numbers_are_those_of_the_town(deck: Path) -> None:
    (table,) = [shape.table for slide in Presentation(str(deck)).slides for shape in slide.shapes if shape.has_table]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["Kind of help", "15 min", "30 min", "45 min", "60 min", "by referral"]
    # 10,000 of 17,000 people live downtown, 5,000 at 23 km and 2,000 at 38 km: a minute a km
    assert ["Medical care", "59%", "88%", "100%", "100%", "0%"] in rows


def test_two_decks_are_the_same_bytes_without_a_date(
    deck: Path, plates: dict[str, present.Plate], town: Town, tmp_path: Path
) -> None:
    again = write_deck(tmp_path / "b.pptx", _slides(plates, town, tmp_path), title="Town", lede="Who?", method=METHOD)
    assert again.read_bytes() == deck.read_bytes()
    with zipfile.ZipFile(deck) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
        assert "thumbnail.jpeg" not in " ".join(archive.namelist())
    assert "2000-01-01T00:00:00Z" in core
    assert core.count("W3CDTF") == 2


def test_a_deck_ends_with_sources_and_licences(deck: Path) -> None:
    last = list(Presentation(str(deck)).slides)[-1]
    text = last.placeholders[1].text_frame.text
    assert "Invented town" in text
    assert "ODbL" in text
    assert "CC BY 4.0" in text


def test_a_table_too_long_and_a_picture_too_high_are_refused(plates: dict[str, present.Plate], tmp_path: Path) -> None:
    rows = tuple((str(number), "1") for number in range(40))
    long = TableSlide("Long", "", ("a", "b"), rows, "A long table.")
    with pytest.raises(TableError, match="40 rows"):
        write_deck(tmp_path / "a.pptx", [long], title="T", lede="L", method=METHOD)
    path, _ = present.save_slide(plates["gaps"], tmp_path, "gaps")
    whole = PictureSlide(plates["gaps"].note, path, (0, 0, *SLIDE_PX))
    with pytest.raises(TableError, match="too high"):
        write_deck(tmp_path / "a.pptx", [whole], title="T", lede="L", method=METHOD)
    with pytest.raises(TableError, match="at least one slide"):
        write_deck(tmp_path / "a.pptx", [], title="T", lede="L", method=METHOD)
    assert not (tmp_path / "a.pptx").exists()


def test_tables_are_made_of_released_tables_only(town: Town) -> None:
    with pytest.raises(DisclosureError):
        coverage_slide(town.coverage.table, headline_min=30.0)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="no cutoff of 7"):
        coverage_slide(town.coverage, headline_min=7.0)
    with pytest.raises(TableError, match="none of the required"):
        group_slide(town.coverage, required=["transport"], cutoff_min=30.0)


def test_group_slide_tells_the_widest_difference() -> None:
    import pandas as pd

    from kcgeo.disclosure import release

    rows = [
        ("medical", "population_count", 0.9),
        ("medical", "poverty_count", 0.8),
        ("legal", "population_count", 0.7),
        ("legal", "poverty_count", 0.4),
    ]
    table = pd.DataFrame(rows, columns=["category", "group", "covered_share"]).assign(cutoff_min=30.0)
    coverage: Released = release(table, name="coverage", kind="coverage", sources=["Invented"], vintage="2026")
    slide = group_slide(coverage, required=["medical", "legal"], cutoff_min=30.0)
    assert slide.title == "Legal help: 40% of people in poverty in reach, 70% of all people"
    assert slide.rows == (("Medical care", "90%", "80%"), ("Legal help", "70%", "40%"))


def test_bars_by_county_are_native_and_the_same_bytes(tmp_path: Path) -> None:
    import pandas as pd

    from kcgeo.disclosure import release

    rows = pd.DataFrame(
        {
            "county_fips": ["20001", "20003"],
            "category": "all required",
            "total_count": [2_000.0, 15_000.0],
            "none_count": [2_000.0, 0.0],
            "none_share": [1.0, 0.0],
        }
    )
    table = release(
        rows, name="county", kind="coverage", sources=["Invented"], vintage="2026", about={"cutoff_min": 30.0}
    )
    slide = county_slide(table, {"20001": "Westnorth", "20003": "Westsouth"})
    assert slide.title == "In 1 county nearly everyone lacks some help"
    for name in ("a", "b"):
        write_deck(tmp_path / f"{name}.pptx", [slide, ask_slide()], title="T", lede="L", method=METHOD)
    assert (tmp_path / "a.pptx").read_bytes() == (tmp_path / "b.pptx").read_bytes()
    charts = [s.chart for one in Presentation(str(tmp_path / "a.pptx")).slides for s in one.shapes if s.has_chart]
    assert [list(plot.series[0].values) for plot in charts[0].plots] == [[1.0, 0.0]]
    assert list(charts[0].plots[0].categories) == ["Westnorth", "Westsouth"]
