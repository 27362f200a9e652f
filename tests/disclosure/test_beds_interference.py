"""Non-interference of weeks, beds and chains: hidden rows and their beds change, and no number that leaves does."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from kcgeo import study
from kcgeo.data import capacity
from kcgeo.study.answers.week import week_answer

from .small_study import hidden_row, public_rows, write

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*came in as withheld")]


def told(path, network, beds=None):
    """All that week, capacity and chain say of a study, as text."""
    settings = replace(study.load(path), capacity_path=beds)
    measured = study.measure(settings, network=network)
    answers = [
        week_answer(measured, eligibility="any_listed"),
        study.chain(measured, eligibility="any_listed", arrivals_week=2, more_beds=3),
    ]
    tables = [
        f"{name} {one.to_manifest()} {one.table.to_csv()}" for answer in answers for name, one in answer.tables.items()
    ]
    said = [finding.say() for answer in answers for finding in answer.findings]
    return "\n".join([*tables, *said, capacity(settings).to_csv()])


def test_hidden_beds_and_hours_change_nothing_that_is_said(tmp_path, root):
    public = public_rows(root)
    path = write(tmp_path / "none", public)
    network = study.measure(study.load(path)).network
    expected = told(path, network)
    assert "svc-city-union-mission-01" in expected and "2022.0" not in expected  # a public number of beds does count
    kinds = ("emergency_shelter|medical", "long_term_housing|transitional_housing")
    for number, kind in enumerate(kinds):
        row = hidden_row(number, level="exact", category=kind, opening_hours="24/7", verified_on="2026")
        other = hidden_row(number + 7, level="withheld", category=kind)
        found = told(write(tmp_path / f"some {number}", public, [row, other], first=bool(number % 2)), network)
        assert found == expected
    # an operator's own table of beds names hidden sites too: they have no part in it
    lists = {}
    for name, more in (("public", []), ("all", [row["service_id"], other["service_id"]])):
        rows = [(one, "beds", 20, 3, "2026-11-30", "called") for one in ("svc-restart-01", *more)]
        lists[name] = tmp_path / name / "beds.csv"
        lists[name].parent.mkdir()
        columns = ["service_id", "unit", "maximum", "available", "updated", "source"]
        pd.DataFrame(rows, columns=columns).to_csv(lists[name], index=False)
    hidden = write(tmp_path / "listed", public, [row, other])
    assert told(hidden, network, lists["all"]) == told(path, network, lists["public"])
