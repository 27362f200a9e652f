"""A picture says what its tables were released with, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kcgeo import present
from kcgeo.disclosure import Released, release
from kcgeo.errors import TableError
from kcgeo.findings import sentences
from kcgeo.present.files.tables import write_tables
from tests.present.town import CUTOFF_MIN, REQUIRED, Town

ABOUT: dict[str, Any] = {"sources": ["made up"], "vintage": "2026"}


def _said(item: Released, **about: Any) -> Released:
    """Return the release as if it had been made with some parameters."""
    return replace(item, about={**item.about, **about})


def test_a_gap_map_of_thirty_minutes_cannot_say_forty_five(town: Town) -> None:
    places = _said(town.places, cutoff_min=30.0, required=REQUIRED)
    with pytest.raises(TableError, match=r"cannot say cutoff_min = 45: 'gaps' was made with 30"):
        present.gap_map(town.cells, places, required=REQUIRED, cutoff_min=45, ground=town.ground)
    with pytest.raises(TableError, match="cannot say required = medical"):
        present.gap_map(town.cells, places, required=["medical"], ground=town.ground)


def test_what_the_tables_say_need_not_be_said_again(town: Town) -> None:
    places = _said(town.places, cutoff_min=CUTOFF_MIN, required=REQUIRED)
    plate = present.gap_map(town.cells, places, ground=town.ground)
    assert "30 minutes" in plate.note.subtitle
    with pytest.raises(TableError, match="No table says its required"):
        present.gap_map(town.cells, town.places, ground=town.ground)


def test_two_tables_of_two_cutoffs_make_no_picture(town: Town) -> None:
    cells, places = _said(town.cells, cutoff_min=15), _said(town.places, cutoff_min=30)
    with pytest.raises(TableError, match="'gaps' was made with 30"):
        present.gap_map(cells, places, required=REQUIRED, ground=town.ground)


def _lorenz(about: dict[str, Any]) -> tuple[Released, Released]:
    curves = pd.DataFrame({"category": "legal", "people_share": [0.0, 0.4, 1.0], "access_share": [0.0, 0.0, 1.0]})
    numbers = pd.DataFrame({"category": ["legal"], "gini_index": [0.4], "palma_index": [1.5]})
    return (
        release(curves, name="lorenz", kind="equity", **ABOUT, about=about),
        release(numbers, name="equity", kind="equity", **ABOUT, about=about),
    )


@pytest.mark.parametrize("asked", [60, 15.5])
def test_charts_refuse_another_cutoff_than_that_of_their_table(asked: float) -> None:
    with pytest.raises(TableError, match=f"cannot say cutoff_min = {asked:g}"):
        present.lorenz_chart(*_lorenz({"cutoff_min": 30}), cutoff_min=asked)
    rows = pd.DataFrame(
        {"category": "legal", "group": ["population_count"], "mean_min": 9.0, "gap_min": 0.0, "beyond_share": 0.1}
    )
    gaps = release(rows, name="group_gaps", kind="equity", **ABOUT, about={"cutoff_min": 30})
    with pytest.raises(TableError, match=f"cannot say cutoff_min = {asked:g}"):
        present.group_gap_chart(gaps, cutoff_min=asked)
    assert "beyond 30 minutes" in present.group_gap_chart(gaps).note.subtitle


def test_tables_write_whole_numbers_and_no_formula(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "category": ["=HYPERLINK(1)", "@SUM(1)", " +SUM(1+1)", "-2+3", "legal"],
            "total_count": [2_304_806.0, 1.0, float("nan"), 12.5, 1e7],
            "covered_share": [0.123456789, 1.0, 0.0, 0.5, 0.00002],
        }
    )
    write_tables({"equity": release(rows, name="equity", kind="equity", **ABOUT)}, tmp_path)
    lines = (tmp_path / "equity.csv").read_text().splitlines()
    written = dict(line.split(",", 1) for line in lines[1:])
    assert written["'=HYPERLINK(1)"] == "2304806,0.123457"
    assert written["legal"] == "10000000,0.00002"
    assert {"'@SUM(1)", "' +SUM(1+1)", "'-2+3"} <= set(written)
    assert written["' +SUM(1+1)"] == ",0"
    assert not any("e+" in line for line in lines)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d|\d", text))


def test_every_number_of_a_title_and_alternative_text_is_that_of_a_finding(town: Town) -> None:
    plates = {
        "gaps": present.gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground),
        "medical": present.drive_time_map(
            town.cells, category="medical", ground=town.ground, places=town.places, services=town.services
        ),
    }
    for name, plate in plates.items():
        forms = {key: forms for key, forms in sentences().items() if key in {f.key for f in plate.note.findings}}
        said = " ".join(f.say(form) for f in plate.note.findings for form in forms[f.key])
        assert _numbers(plate.note.title) <= _numbers(said), name
        assert _numbers(plate.note.alt_text) <= _numbers(said), name
        for finding in plate.note.findings:
            assert all(finding.say(form, "es") for form in forms[finding.key])
