"""Beds as data: a list, a table of one's own, a feed; ages are kept, and a site that is not public has no row."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from kcgeo import data
from kcgeo.errors import StudyError, TableError

FEED = {
    "id": "svc-restart-01",
    "name": "Night program",
    "status": "active",
    "organization": {"id": "o1", "name": "Org"},
    "service_capacity": [
        {"id": "c1", "available": 2, "maximum": 40, "updated": "2026-11-20T08", "unit": {"id": "u1", "name": "beds"}},
        {"id": "c2", "available": 0, "maximum": 6, "updated": "2026-10-01", "unit": {"id": "u2", "name": "Cribs"}},
        {"id": "c3", "available": 9, "maximum": 90, "updated": "2026-11-20", "unit": {"id": "u3", "name": "meals"}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def study() -> data.Study:
    return data.read_study(data.default_study())


def test_beds_and_cribs_of_a_feed_add_up_under_their_oldest_date(tmp_path: Path, study: data.Study) -> None:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps([FEED]))
    row = data.read_capacity(path).iloc[0]
    assert (row["service_id"], row["maximum"], row["available"], row["updated"]) == (
        "svc-restart-01",
        46,
        2,
        "2026-10-01",
    )
    whole = data.capacity(replace(study, capacity_path=path)).set_index("service_id")
    assert whole.loc["svc-restart-01", "maximum"] == 46 and "feed.json" in whole.loc["svc-restart-01", "source"]
    assert set(whole.index) > set(data.capacity(study)["service_id"])


def test_a_number_for_a_site_that_is_not_public_has_no_row(tmp_path: Path, study: data.Study) -> None:
    listed = data.directory(study).set_index("service_id")
    hidden = listed.index[listed["disclosure"] != "exact"][0]
    path = tmp_path / "beds.csv"
    rows = [(name, "beds", 11, 1, "2026-11-30", "called") for name in (hidden, "svc-restart-01", "svc-nowhere")]
    columns = ["service_id", "unit", "maximum", "available", "updated", "source"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    found = data.capacity(replace(study, capacity_path=path))["service_id"].tolist()
    assert "svc-restart-01" in found and hidden not in found and "svc-nowhere" not in found


@pytest.mark.parametrize(
    ("cells", "said"),
    [("x,beds,-1,,2026,s", "maximum is -1"), ("x,beds,3,5,2026,s", "above"), ("x,beds,3,,May,s", "May")],
)
def test_numbers_that_mean_nothing_are_refused(tmp_path: Path, cells: str, said: str) -> None:
    path = tmp_path / "beds.csv"
    path.write_text(f"service_id,unit,maximum,available,updated,source\n{cells}\n")
    with pytest.raises(TableError, match=said):
        data.read_capacity(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"services\.capacity names"):
        data.read_capacity(tmp_path / "none.csv")
