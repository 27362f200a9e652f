"""The atlas: cover, contents that lead to each map, one map a page, method and sources, on both papers, no date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from kcgeo import present
from kcgeo.errors import TableError
from kcgeo.present.paper.atlas import PAPERS, AtlasPage, write_atlas
from tests.present.town import CUTOFF_MIN, REQUIRED, STATES, Town

METHOD = ("Times by the distance from downtown.",)
WORDS = {"title": "Who can reach help?", "lede": "A small metro."}


@pytest.fixture(scope="module")
def pages(town: Town, tmp_path_factory: pytest.TempPathFactory) -> list[AtlasPage]:
    folder = tmp_path_factory.mktemp("pages")
    plates = {
        "gaps": ("Who lacks what?", present.gap_map),
        "reporting": ("What has been reported?", present.reporting_chart),
    }
    gaps = plates["gaps"][1](town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground)
    reporting = plates["reporting"][1](town.aggregates, town.claims, states=STATES)
    return [
        AtlasPage(plate.note, present.save_figure(plate, folder, name, formats=["pdf"])[0], plates[name][0])
        for name, plate in (("gaps", gaps), ("reporting", reporting))
    ]


@pytest.fixture(scope="module", params=sorted(PAPERS))
def atlas(pages: list[AtlasPage], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / f"{request.param}.pdf"
    return write_atlas(path, pages, **WORDS, method=METHOD, paper=request.param)


def _text(path: Path) -> list[str]:
    """Read the words of each page as a reader would copy them, forms included."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(path).pages]


def test_pages_lie_on_the_paper_in_order(atlas: Path, pages: list[AtlasPage]) -> None:
    reader = PdfReader(atlas)
    width, height = PAPERS[atlas.stem]
    assert len(reader.pages) == len(pages) + 4
    for page in reader.pages:
        assert float(page.mediabox.width) == pytest.approx(width * 72, abs=0.01)
        assert float(page.mediabox.height) == pytest.approx(height * 72, abs=0.01)
    said = _text(atlas)
    assert WORDS["title"] in said[0]
    assert "Read before you trust a map" in said[0]
    assert said[1].startswith("Contents") or "Contents" in said[1]
    for number, page in enumerate(pages):
        assert page.note.title in said[number + 2]
    assert METHOD[0] in said[-2]
    assert "Invented town" in said[-1]
    assert "Open Database License" in said[-1]


def test_contents_and_bookmarks_lead_to_the_maps(atlas: Path, pages: list[AtlasPage]) -> None:
    reader = PdfReader(atlas)
    contents = _text(atlas)[1]
    assert [page.note.title in contents for page in pages] == [True] * len(pages)
    targets = []
    for note in reader.pages[1]["/Annots"]:
        link = note.get_object()
        left, low, right, high = (float(side) for side in link["/Rect"])
        assert 0 < left < right < float(reader.pages[1].mediabox.width)
        assert 0 < low < high < float(reader.pages[1].mediabox.height)
        destination = link["/Dest"] if "/Dest" in link else link["/A"]["/D"]
        first = destination[0]
        targets.append(int(first) if isinstance(first, int) else reader.get_page_number(first.get_object()))
    assert targets == [2, 3]
    titles = [item.title for item in reader.outline if not isinstance(item, list)]
    assert titles == [
        "Contents",
        "Who lacks what?",
        "What has been reported?",
        "How it was computed",
        "Sources and licenses",
    ]


def test_two_atlases_are_the_same_bytes_without_a_date(atlas: Path, pages: list[AtlasPage], tmp_path: Path) -> None:
    again = write_atlas(tmp_path / "again.pdf", pages, **WORDS, method=METHOD, paper=atlas.stem)
    assert again.read_bytes() == atlas.read_bytes()
    about = PdfReader(atlas).metadata
    assert about is not None
    assert set(about) == {"/Title", "/Subject", "/Producer", "/Creator"}
    assert not re.search(rb"CreationDate|ModDate|/ID", atlas.read_bytes())


def test_words_of_a_map_can_be_searched_and_fonts_are_whole(atlas: Path) -> None:
    assert "Westnorth" in " ".join(_text(atlas))
    assert b"/Type3" not in atlas.read_bytes()


def test_unknown_paper_and_no_pages_are_refused(pages: list[AtlasPage], tmp_path: Path) -> None:
    with pytest.raises(TableError, match="letter or tabloid, not 'napkin'"):
        write_atlas(tmp_path / "a.pdf", pages, **WORDS, method=METHOD, paper="napkin")
    with pytest.raises(TableError, match="needs plates"):
        write_atlas(tmp_path / "a.pdf", [], **WORDS, method=METHOD)
    with pytest.raises(TableError, match="too long"):
        write_atlas(tmp_path / "a.pdf", pages, **WORDS, method=["A sentence that says much."] * 60)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("package", "call", "sentence"),
    [
        ("pypdf", "atlas.write_atlas(p, [], title='', lede='', method=[])", "An atlas needs pypdf; .*kcgeo[report]"),
        ("pptx", "deck.write_deck(p, [], title='', lede='', method=[])", "Slides need python-pptx; .*kcgeo[report]"),
        ("pyarrow", "geodata.write_parquet({}, p)", "GeoParquet needs pyarrow; .*kcgeo[big]"),
    ],
)
def test_a_missing_package_is_one_sentence_with_the_extra(package: str, call: str, sentence: str) -> None:
    program = (
        f"import sys; from pathlib import Path; sys.modules[{package!r}] = None\n"
        "from kcgeo.present.files import geodata\nfrom kcgeo.present.paper import atlas, deck\n"
        f"p = Path('x')\ntry:\n    {call}\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    start, _, extra = sentence.partition(".*")
    assert done.stdout.startswith(f"TableError {start}")
    assert extra in done.stdout
    assert done.stdout.count("\n") == 1


def test_an_atlas_is_tagged_and_says_its_language(atlas: Path, pages: list[AtlasPage]) -> None:
    root = PdfReader(atlas).trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/MarkInfo"]["/Marked"]
    elements = [item.get_object() for item in root["/StructTreeRoot"]["/K"]["/K"]]
    assert [element["/S"] for element in elements] == ["/P", "/P", *["/Figure"] * len(pages), "/P", "/P"]
    for element, page in zip(elements[2:], pages, strict=False):
        assert page.note.alt_text in element["/Alt"]
    assert WORDS["title"] in elements[0]["/ActualText"]
    for page in PdfReader(atlas).pages:
        marked = page.get_contents().get_data().decode()
        assert marked.count("BDC") == 1
        assert marked.count("EMC") == marked.count("BDC") + marked.count("BMC")
