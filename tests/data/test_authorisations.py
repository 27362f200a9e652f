"""Who allowed a place to be shown: what opens it, what closes it again, and what a file must say."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data.directory.closing.authorisations import COLUMNS, CONSENT, read_authorisations
from kcgeo.errors import TableError

RECORD = {
    "organization_name": "Demo House",
    "scope": "svc-demo",
    "may_show": "exact place",
    "authority": "signed",
    "signer_role": "executive director",
    "signed_on": "2026-01-01",
    "expires_on": str(date.today() + timedelta(days=1)),
    "evidence": "",
}


def file_of(tmp_path, **changes):
    path = tmp_path / "authorisations.csv"
    pd.DataFrame([RECORD | changes], columns=list(COLUMNS)).to_csv(path, index=False)
    return path


def level(tmp_path, data_folder, records, basis):
    """Level in which a shelter of another list comes in."""
    rows = pd.read_csv(data_folder / "derived" / "services.csv", dtype="str")
    row = rows[rows["service_id"].eq("svc-hope-faith-01")].assign(
        service_id="svc-demo", organization_id="org-demo", organization_name="Demo House", disclosure_basis=basis
    )
    row.to_csv(tmp_path / "services.csv", index=False)
    return data.services(path=tmp_path / "services.csv", authorisations=records)["disclosure"].iloc[0]


@pytest.mark.filterwarnings("ignore:.*came in as")
@pytest.mark.parametrize("basis", [CONSENT, "openly advertised public site (see evidence)"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "exact"),
        ({"scope": "all rows"}, "exact"),
        ({"scope": "svc-other|svc-demo"}, "exact"),
        ({"expires_on": str(date.today() - timedelta(days=1))}, "withheld"),
        ({"signed_on": str(date.today() + timedelta(days=1))}, "withheld"),
        ({"scope": "svc-other"}, "withheld"),
        ({"organization_name": "Another House"}, "withheld"),
    ],
)
def test_a_place_where_people_sleep_is_open_while_a_record_holds(tmp_path, data_folder, basis, changes, expected):
    records = read_authorisations(file_of(tmp_path, **changes))
    assert level(tmp_path, data_folder, records, basis) == expected


@pytest.mark.filterwarnings("ignore:.*came in as")
def test_without_a_file_of_records_consent_opens_nothing_and_a_public_page_does(tmp_path, data_folder):
    assert level(tmp_path, data_folder, None, CONSENT) == "withheld"
    assert level(tmp_path, data_folder, None, "operator's own public website") == "exact"


def test_faults_of_a_file_come_in_one_go(tmp_path):
    wrong = {"authority": "hearsay", "signed_on": "May 2026", "may_show": "beds", "signer_role": ""}
    with pytest.raises(TableError) as refusal:
        read_authorisations(file_of(tmp_path, **wrong))
    assert len(refusal.value.problems) == 5
    assert all("line 2" in sentence for sentence in refusal.value.problems)
    with pytest.raises(TableError, match="expires_on is blank"):
        read_authorisations(file_of(tmp_path, expires_on=""))
    with pytest.raises(TableError, match="evidence is blank"):
        read_authorisations(file_of(tmp_path, expires_on="", authority="public evidence"))


def test_every_packaged_place_where_people_sleep_and_every_mixed_organization_has_a_record():
    services, records = data.services(), data.authorisations()
    opened = data.authorised(services, records, today=date(2026, 12, 1))
    kinds = data.load("categories")
    shelters = set(kinds.loc[kinds["shelter_like"], "category"])
    exact = services["disclosure"].eq("exact")
    sleeping = exact & services["categories"].map(lambda names: bool(shelters & set(names)))
    assert int(sleeping.sum()) == 5 and opened[sleeping].all()
    mixed = services.groupby("organization_name")["disclosure"].transform("nunique").gt(1)
    assert int((mixed & exact).sum()) == 3 and opened[mixed & exact].all()
    assert records["evidence"].str.len().gt(20).all()
