"""Each word once: the tables hold what the code names, and a new category is one row of data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from kcgeo import data, study, terms
from kcgeo.errors import IntegrityError
from kcgeo.files import sha256

NEW_ROW = (
    "pet_care,18,Pet care,pet care,pet care sites,Cuidado de mascotas,cuidado de mascotas,support,false,true,PD,"
    "A place for an animal while its person is safe\n"
)
ASK = """
import json, geopandas as gpd
from kcgeo import data, terms
from kcgeo.disclosure.contracts import CONTRACTS
from kcgeo.present.look import theme, words
print(json.dumps([
    "pet_care" in set(data.load("categories")["category"]),
    words.category_label("pet_care"),
    theme.family_of("pet_care").key,
    CONTRACTS["surface"].allows("pet_care_min"),
    len(data.services(category="pet_care")),
]))
"""


def test_the_table_has_the_states_that_the_code_names() -> None:
    assert tuple(terms.states()) == terms.STATES


def test_groups_are_columns_of_people_and_everybody_comes_first() -> None:
    assert tuple(terms.groups()) == study.GROUPS
    assert set(terms.groups()) <= set(data.load("places").columns)


def test_every_word_stands_in_both_languages() -> None:
    kinds = (terms.categories(), terms.groups(), terms.who(), terms.states(), terms.notices())
    for term in (term for kind in kinds for term in kind.values()):
        assert all(astuple(term)[:5]), term.key


def test_the_table_of_categories_says_the_same() -> None:
    table = data.load("categories").set_index("category")
    assert set(table.index) == set(terms.categories())
    assert tuple(table.sort_values("sequence").query("shelter_like").index) == terms.shelter_like()


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datapackage.json").write_text("{}")
    monkeypatch.setenv("KCGEO_DATA", str(tmp_path))
    with pytest.raises(IntegrityError, match="restore it from the release"):
        terms.categories()


@pytest.mark.slow
def test_a_new_category_is_one_row_of_data(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data" / "derived", tmp_path / "derived")
    table = tmp_path / "derived" / "categories.csv"
    table.write_text(table.read_text() + NEW_ROW)
    package = json.loads((root / "data" / "datapackage.json").read_text())
    next(item for item in package["resources"] if item["name"] == "categories")["sha256"] = sha256(table)
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"KCGEO_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == [True, "Pet care", "support", True, 0]
