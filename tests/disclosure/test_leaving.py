"""What leaves: counts of people by files, a folder that is reviewed and approved, a row that is taken down."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta

import pandas as pd
import pytest
from typer.testing import CliRunner

from kcgeo import data
from kcgeo.cli import app
from kcgeo.data.directory.closing.authorisations import COLUMNS, CONSENT
from kcgeo.disclosure import release
from kcgeo.errors import KcgeoError
from kcgeo.files import sha256
from kcgeo.study.approval import RECORD, approve, folder_problems, hidden_canaries, review, take_down
from kcgeo.study.people import people_report

from .small_study import STUDY

INNER = pd.DataFrame(
    {
        "county": list("AAABBBCCC"),
        "age_group": ["0-17", "18-24", "25+"] * 3,
        "count": [4, 30, 40, 35, 50, 60, 45, 70, 80],
    }
)
ENDS = str(date.today() + timedelta(9))
ROW = {
    "organization_id": "org-demo",
    "organization_name": "Demo House",
    "service_status": "active",
    "eligibility": "any",
    "location_type": "physical",
    "city": "Kansas City",
    "coordinate_precision": "rooftop",
    "seed_mentioned": "no",
    "evidence": "made for the test",
    "disclosure": "exact",
}


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_counts_of_people_by_the_command_line(tmp_path):
    INNER.to_csv(tmp_path / "ages.csv", index=False)
    options = ["--source", "made for the test", "--vintage", "2026"]
    done = run("people", tmp_path / "ages.csv", *options, "--out", tmp_path / "first")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == "ages: 9 cells, 3 suppressed."
    printed = pd.read_csv(tmp_path / "first" / "ages.csv")
    assert printed["suppressed"].sum() == 3 and printed["count"].isna().sum() == 3
    INNER.groupby("county", as_index=False)["count"].sum().to_csv(tmp_path / "counties.csv", index=False)
    done = run(
        "people", tmp_path / "counties.csv", *options, "--earlier", tmp_path / "first", "--out", tmp_path / "second"
    )
    assert done.exit_code == 0, done.output
    hidden = set(printed.loc[printed["suppressed"], "county"])
    later = pd.read_csv(tmp_path / "second" / "counties.csv")
    assert set(later.loc[later["suppressed"], "county"]) == hidden
    assert folder_problems(tmp_path / "second") == []


def test_files_of_counts_that_cannot_be_read_are_refused(tmp_path):
    given = {"sources": ["x"], "vintage": "2026"}
    INNER.assign(count="many").to_csv(tmp_path / "words.csv", index=False)
    for files, words in (([tmp_path / "none.csv"], "no file"), ([tmp_path / "words.csv"], "line 2, 3")):
        with pytest.raises(KcgeoError, match=words):
            people_report(files, **given)
    INNER.to_csv(tmp_path / "ages.csv", index=False)
    with pytest.raises(KcgeoError, match="holds no counts of people"):
        people_report([tmp_path / "ages.csv"], earlier=[tmp_path], **given)


@pytest.fixture
def study(tmp_path):
    """A study with an open office and a shelter that a record opens."""
    (tmp_path / "study.toml").write_text(STUDY + 'authorisations = "authorisations.csv"\n')
    columns = [field["name"] for field in data.describe("services")["fields"]]
    rows = [
        ROW | {"service_id": "svc-office", "service_name": "Office", "service_categories": "legal", "latitude": "39.05",
               "longitude": "-94.55", "disclosure_basis": "public office, hospital, agency or hotline"},
        ROW | {"service_id": "svc-house", "service_name": "House", "service_categories": "emergency_shelter",
               "latitude": "39.10", "longitude": "-94.60", "disclosure_basis": CONSENT},
    ]  # fmt: skip
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "services.csv", index=False)
    record = {"organization_name": "Demo House", "scope": "svc-house", "may_show": "exact place", "authority": "signed",
              "signer_role": "director", "signed_on": "2026-01-01", "expires_on": ENDS}  # fmt: skip
    pd.DataFrame([record], columns=list(COLUMNS)).to_csv(tmp_path / "authorisations.csv", index=False)
    return tmp_path / "study.toml"


@pytest.fixture
def folder(tmp_path, study):
    """A folder of results as a command leaves it."""
    settings = data.read_study(study)
    released = release(data.directory(settings), name="services", kind="services", sources=["x"], vintage="2026")
    out = tmp_path / "out"
    out.mkdir()
    released.table.drop(columns="geometry").to_csv(out / "services.csv", index=False)
    files = [{"path": "services.csv", "sha256": sha256(out / "services.csv")}]
    content = {"tool": "kcgeo", "study": settings.name, "releases": [released.to_manifest()], "files": files}
    (out / "manifest.json").write_text(json.dumps(content))
    return out


def test_a_release_lists_what_opens_and_asks_a_second_role(study, folder):
    first = review(folder, study)
    assert set(first.opened) == {"svc-office", "svc-house"} == set(first.new) and first.sleeping == ("svc-house",)
    assert first.problems == () and "listed here" in first.tables[0][1]
    with pytest.raises(KcgeoError, match="second role"):
        approve(first, study, prepared_by="Analyst", approved_by="analyst ")
    done = run("release", folder, "--study", study, "--prepared-by", "analyst", "--approved-by", "director")
    assert done.exit_code == 0 and "opens 2 places, 1 of them where people sleep" in done.output, done.output
    record = json.loads((folder / RECORD).read_text())
    assert (record["prepared_by"], record["approved_by"]) == ("analyst", "director")
    assert "svc-house" not in (folder / RECORD).read_text()
    assert review(folder, study).new == () and folder_problems(folder) == []


def test_an_authorisation_that_ended_closes_the_place(study, folder):
    records = study.with_name("authorisations.csv")
    records.write_text(records.read_text().replace(ENDS, "2026-02-01"))
    with pytest.warns(UserWarning, match="came in as"):
        found = review(folder, study)
    assert set(found.opened) == {"svc-office"} and found.sleeping == ()


def test_a_row_is_taken_down_everywhere_and_the_folders_are_named(study, folder):
    approve(review(folder, study), study, prepared_by="analyst", approved_by="director")
    done = run("release", "--take-down", "svc-office", "--study", study)
    assert done.exit_code == 0 and str(folder.resolve()) in done.output, done.output
    levels = data.directory(data.read_study(study)).set_index("service_id")["disclosure"]
    assert levels.to_dict() == {"svc-office": "withheld", "svc-house": "exact"}
    assert review(folder, study).closed == ("svc-office",)
    assert take_down("svc-other", study, signer_role="") == []


def test_a_folder_that_may_not_leave(study, folder, tmp_path):
    (folder / "extra.csv").write_text("a\n1\n")
    (folder / "services.csv").write_text("name\nQuetzal House\n")
    (tmp_path / "hidden.csv").write_text("name,latitude,longitude\nQuetzal House,39.123456,-94.654321\n")
    sentences = " ".join(folder_problems(folder, hidden_canaries(tmp_path / "hidden.csv")))
    for words in ("does not list these files: extra.csv", "not as they were made: services.csv", "A hidden row stands"):
        assert words in sentences
    assert "Quetzal" not in sentences
    done = run("data", "check", "--release", folder, "--hidden", tmp_path / "hidden.csv")
    assert done.exit_code != 0
    shutil.rmtree(folder)
    with pytest.raises(KcgeoError, match="no folder of results"):
        folder_problems(folder)
