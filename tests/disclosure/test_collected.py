"""What a study's own list says was looked for rests on its public rows alone."""

from __future__ import annotations

import pytest

from kcgeo import data

from .small_study import hidden_row, public_rows, write


@pytest.mark.filterwarnings("ignore:.*came in as withheld")
def test_a_kind_that_only_hidden_rows_name_is_not_said_to_be_looked_for(tmp_path, root):
    def looked_for(name, *hidden):
        study = data.read_study(write(tmp_path / name, public_rows(root), hidden))
        return data.collected(study).set_index(["county_fips", "category"])["looked_for"]

    without = looked_for("none")
    assert set(without[without.eq("partly")].index.unique("category")) >= {"medical", "emergency_shelter"}
    assert without.xs("transport", level="category").eq("no").all()
    with_hidden = looked_for("some", hidden_row(0, level="withheld", category="transport|legal"))
    assert with_hidden.equals(without)
