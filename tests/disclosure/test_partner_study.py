"""The partner's results: they count what the public ones do not, and lie where nobody publishes from."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from kcgeo import study
from kcgeo.errors import DisclosureError, TableError
from kcgeo.study.answers.partner import partner_results

from .small_study import POSITIONS, public_rows, write


@pytest.fixture
def settings(tmp_path, root, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    return study.load(write(tmp_path / "study", public_rows(root)))


def partner_file(folder, **columns):
    folder.mkdir(exist_ok=True)
    longitude, latitude = POSITIONS["Jackson County MO"][1]
    row = {"service_id": "q1", "category": "emergency_shelter", "latitude": latitude, "longitude": longitude}
    path = folder / "own.csv"
    pd.DataFrame([row | columns]).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_confidential_services_count_for_the_partner(settings, tmp_path):
    coverage, times = partner_results(
        settings, partner_file(tmp_path / "in"), tmp_path / "out", recipient="Example Agency"
    )
    assert [path.name for path in (coverage, times)] == ["coverage.csv", "times.csv"]
    for path in (coverage, times):
        assert path.read_text().startswith("# CONFIDENTIAL: for Example Agency only")
    measured = study.measure(settings)
    keys = ["category", "cutoff_min", "group"]
    both = pd.read_csv(coverage, comment="#").merge(measured.coverage, on=keys, suffixes=("", "_public"))
    shelter = both[both["category"] == "emergency_shelter"]
    assert (both["covered_count"] >= both["covered_count_public"] - 1e-6).all()
    assert (shelter["covered_count"] > shelter["covered_count_public"]).any()


def test_neither_input_nor_output_may_lie_in_the_repository(settings, tmp_path, root):
    path = partner_file(tmp_path / "in")
    with pytest.raises(DisclosureError, match="outside"):
        partner_results(settings, path, root / "output" / "partner", recipient="Example Agency")
    assert not (root / "output" / "partner").exists()
    with pytest.raises(DisclosureError, match="outside"):
        partner_results(settings, root / "data" / "own.csv", tmp_path / "out", recipient="Example Agency")


@pytest.mark.parametrize(
    "columns",
    [{"latitude": "390.4321"}, {"longitude": "west of 7100 Sorrel"}, {"category": "refuge"}, {"disclosure": "exact"}],
)
def test_faults_of_the_file_are_told_without_its_places(settings, tmp_path, columns):
    with pytest.raises(TableError) as refusal:
        partner_results(settings, partner_file(tmp_path / "in", **columns), tmp_path / "out", recipient="Agency")
    assert not any(secret in str(refusal.value) for secret in ("390.4321", "Sorrel", "38.90", "94.11"))
    assert not (tmp_path / "out").exists()


def test_the_command_refuses_the_repository_with_one_sentence(tmp_path, root, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    own = partner_file(tmp_path / "in")
    words = ["partner", "--services", str(own), "--recipient", "Example Agency", "--out", str(root / "output" / "p")]
    done = subprocess.run(
        [sys.executable, "-c", "from kcgeo.cli import main; main()", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("kcgeo: A partner's folder must lie outside")
    assert not (root / "output" / "p").exists()
