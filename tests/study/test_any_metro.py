"""The rooms know no metro: two others run through the same maps, with their own states, roads and source lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kcgeo import data, study
from kcgeo.disclosure import Released, release
from kcgeo.present.look.words import SAMPLE
from kcgeo.study.answer import Desk, Scene
from kcgeo.study.answers.whole.figures import figures_of, slides_of
from kcgeo.study.answers.whole.gallery import write_map_page

SRC = Path(__file__).parents[2] / "src"
STUDIES = Path(__file__).parents[1] / "studies"
HOME = re.compile(r"Kansas|Missouri|Independence|St\. Louis|Wichita")


def _words_of_code(path: Path) -> Iterator[str]:
    """Texts of a module that are not docstrings: these may hold an example of any place."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_no_module_knows_a_metro_or_a_state() -> None:
    modules = sorted(SRC.rglob("*.py"))
    assert len(modules) > 100
    for path in modules:
        texts = list(_words_of_code(path))
        assert [text for text in texts if HOME.search(text)] == [], path
        # a code of two letters alone is a value; inside a sentence it is an example of what to write
        assert {"MO", "KS"} & set(texts) == set(), path


def test_no_page_knows_a_metro() -> None:
    pages = [path for path in SRC.rglob("*") if path.suffix in {".js", ".html", ".css"} and "vendor" not in path.parts]
    assert pages
    assert [path.name for path in pages if HOME.search(path.read_text(encoding="utf-8"))] == []


@dataclass
class Metro:
    measured: study.Measured
    released: dict[str, Released]


@pytest.fixture(scope="module", params=["wichita", "st-louis"])
def metro(request: pytest.FixtureRequest) -> Metro:
    settings = study.load(STUDIES / f"{request.param}.toml")
    measured = study.measure(settings)
    return Metro(measured, study.release_all(measured) | study.corridor_report(measured).released)


@pytest.mark.slow
def test_pictures_of_another_metro_say_where_they_are(metro: Metro) -> None:
    scene = Scene(metro.measured.study, metro.released)
    figures = {figure.name: figure for figure in figures_of(metro.measured.study, metro.released)}
    assert {"orientation", "gaps", "drive_time_sheet", "corridors", "reporting", "claims"} <= set(figures)
    settings = metro.measured.study
    for name in ("orientation", "gaps", "corridors", "reporting"):
        note = figures[name].draw(scene).note
        said = " ".join([note.title, note.subtitle, note.alt_text, *note.sources, *note.notices])
        assert "Kansas City" not in said
        assert (SAMPLE in said) == (name != "reporting"), name
        if name == "corridors":
            assert all(route in note.title for route in settings.corridors)
            assert "they are no mileposts" in said
    assert [figure.name for figure in slides_of(metro.measured.study, metro.released)][:1] == ["orientation"]


@pytest.mark.slow
def test_reports_are_those_of_the_states_of_the_study(metro: Metro) -> None:
    plate = study.reporting(metro.measured.study, metro.released)
    assert plate is not None
    said = f"{plate.note.alt_text} {' '.join(plate.note.notices)}"
    named = {state for state in ("Missouri", "Kansas", "Illinois") if state in said}
    expected = {"wichita": {"Kansas"}, "st-louis": {"Missouri", "Illinois"}}
    assert named == expected[metro.measured.study.name]
    # what concerns one region only is told in no other
    assert "plan_elements" not in metro.released
    assert set(metro.released["claims"].table["geography"]) <= {"US", "World"}
    codes = {county[:2] for county in metro.measured.study.counties} | {"US"}
    assert {part for text in metro.released["aggregates"].table["geo_fips"] for part in text.split(";")} <= codes


@pytest.mark.slow
def test_the_page_says_that_services_are_a_sample(metro: Metro, tmp_path: Path) -> None:
    [page] = write_map_page(Desk(Scene(metro.measured.study, metro.released), tmp_path), place="")
    text = page.read_text(encoding="utf-8")
    assert f'<p class="sample">{SAMPLE}</p>' in text
    assert "Kansas City" not in text


@pytest.mark.slow
def test_a_study_without_reports_has_a_sentence_in_place_of_the_chart(metro: Metro) -> None:
    nation = data.load("aggregates").query("geography == 'US'")
    about = {"kind": "reporting", "sources": ["published"], "vintage": "2026-11"}
    released = metro.released | {"aggregates": release(nation, name="aggregates", **about)}
    assert study.reporting(metro.measured.study, released) is None
    assert "reporting" not in {figure.name for figure in figures_of(metro.measured.study, released)}
