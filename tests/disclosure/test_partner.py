"""The partner path: nothing is shown, nothing lands in the repository, every artefact carries its mark."""

from __future__ import annotations

import json
import pickle
import subprocess

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from kcgeo.disclosure import Confidential, confidential, partner_folder, release, write_confidential
from kcgeo.errors import DisclosureError, KcgeoError, TableError

SECRET = "Quetzal House"


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)


def rows(**changes):
    table = gpd.GeoDataFrame(
        {"service_id": ["q1", "q2"], "category": ["emergency_shelter"] * 2, "name": [SECRET, "Other"]},
        geometry=[Point(-94.7312, 39.2876), Point(-94.5, 39.1)],
        crs="EPSG:4326",
    )
    return table.assign(**changes)


def csv_with_mark(table, path, mark):
    path.write_text(f"# {mark}\n{pd.DataFrame(table).to_csv(index=False)}")


@pytest.mark.parametrize(
    "leak",
    [
        list,
        len,
        dict,
        iter,
        pd.DataFrame,
        gpd.GeoDataFrame,
        lambda held: held[0],
        lambda held: held["name"],
        json.dumps,
        lambda held: SECRET in held,
        lambda held: pd.concat([held]),
        lambda held: held.__geo_interface__,
        lambda held: release(held, name="x", kind="surface", sources=["x"], vintage="x"),
    ],
)
def test_a_confidential_table_is_no_table_and_no_list(leak, capsys):
    with pytest.raises((KcgeoError, TypeError, ValueError, AttributeError)) as refusal:
        leak(confidential(rows()))
    assert SECRET not in str(refusal.value) and "94.73" not in str(refusal.value)
    assert SECRET not in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", [str, repr, format, "%s".__mod__, lambda held: str(np.asarray(held)), lambda held: f"{[held]}"]
)
def test_its_text_is_a_constant(text):
    assert text(confidential(rows())) == text(confidential(rows().iloc[:1]))
    assert "not shown" in text(confidential(rows()))


def test_another_process_can_work_on_it():
    again = pickle.loads(pickle.dumps(confidential(rows())))
    assert type(again.map(lambda table: pd.DataFrame(table.drop(columns="geometry")))) is Confidential


def test_computation_stays_inside_and_errors_say_nothing():
    held = confidential(rows()).map(lambda table: pd.DataFrame(table.drop(columns="geometry")))
    assert type(held) is Confidential

    def fail(table):
        raise KeyError(table["name"].iloc[0])

    with pytest.raises(DisclosureError) as refusal:
        held.map(fail)
    assert SECRET not in str(refusal.value)
    assert refusal.value.__context__ is None and refusal.value.__cause__ is None
    with pytest.raises(DisclosureError):
        held.map(len)


@pytest.mark.parametrize(
    "table",
    [
        rows(disclosure="exact"),
        rows(service_id="q1"),
        rows().drop(columns="category"),
        rows().drop(columns="service_id"),
        rows().set_geometry([Point(-94.7312, 39.2876), None], crs="EPSG:4326"),
    ],
)
def test_a_faulty_file_is_refused_without_its_places(table):
    with pytest.raises(TableError) as refusal:
        confidential(table)
    assert SECRET not in str(refusal.value) and "94.73" not in str(refusal.value)


def test_results_go_outside_the_repository_only(tmp_path):
    repository = tmp_path / "repo"
    (repository / "output").mkdir(parents=True)
    link = tmp_path / "innocent"
    link.symlink_to(repository / "output", target_is_directory=True)
    for folder in (repository, repository / "output" / "x", link, link / "deep" / "x", tmp_path, link / ".." / "y"):
        with pytest.raises(DisclosureError, match="outside"):
            partner_folder(folder, repository=repository)
    assert partner_folder(tmp_path / "own", repository=repository) == (tmp_path / "own").resolve()
    assert partner_folder(repository / ".." / "own", repository=repository) == (tmp_path / "own").resolve()


def test_the_repository_itself_and_other_repositories_are_refused(tmp_path, root):
    with pytest.raises(DisclosureError):
        partner_folder(root / "output" / "partner", repository=root)
    (tmp_path / "other" / ".git").mkdir(parents=True)
    with pytest.raises(DisclosureError, match="git"):
        partner_folder(tmp_path / "other" / "x", repository=root)


def test_it_does_not_run_in_continuous_integration(tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(DisclosureError, match="integration"):
        partner_folder(tmp_path / "own", repository=tmp_path / "repo")


def write(tmp_path, tables, writer=csv_with_mark, **options):
    given = {"repository": tmp_path / "repo", "recipient": "Example Agency", "writer": writer}
    return write_confidential(tables, tmp_path / "own", **{**given, **options})


def test_artefacts_are_marked_and_closed_to_others(tmp_path):
    (path,) = write(tmp_path, {"coverage.csv": confidential(rows())})
    assert path.read_text().startswith("# CONFIDENTIAL: for Example Agency only")
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0


def test_an_artefact_without_its_mark_is_removed(tmp_path):
    def bare(table, path, mark):
        path.write_text(pd.DataFrame(table).to_csv())

    with pytest.raises(DisclosureError, match="watermark"):
        write(tmp_path, {"coverage.csv": confidential(rows())}, bare)
    assert list((tmp_path / "own").iterdir()) == []


def test_a_writer_that_fails_says_nothing(tmp_path):
    def fails(table, path, mark):
        path.write_text("half")
        raise OSError(str(table["name"].iloc[0]))

    with pytest.raises(DisclosureError) as refusal:
        write(tmp_path, {"coverage.csv": confidential(rows())}, fails)
    assert SECRET not in str(refusal.value) and refusal.value.__context__ is None
    assert list((tmp_path / "own").iterdir()) == []


@pytest.mark.parametrize("name", ["../coverage.csv", "a/coverage.csv", ".hidden.csv", "coverage.xyz", "coverage"])
def test_names_that_leave_the_folder_or_cannot_be_checked_are_refused(tmp_path, name):
    with pytest.raises(DisclosureError):
        write(tmp_path, {name: confidential(rows())})


def test_a_link_in_the_folder_is_not_followed(tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "coverage.csv").symlink_to(tmp_path / "repo" / "leak.csv")
    with pytest.raises(DisclosureError, match="link"):
        write(tmp_path, {"coverage.csv": confidential(rows())})
    assert list((tmp_path / "repo").iterdir()) == []


@pytest.mark.parametrize("recipient", ["", "  ", "<script>", "a\x00b"])
def test_the_mark_needs_a_recipient(tmp_path, recipient):
    with pytest.raises(DisclosureError):
        write(tmp_path, {"coverage.csv": confidential(rows())}, recipient=recipient)


def test_only_confidential_tables_go_this_way(tmp_path):
    with pytest.raises(DisclosureError):
        write(tmp_path, {"coverage.csv": rows()})


def test_neither_make_nor_ci_nor_notebooks_know_the_path(root):
    listing = subprocess.run(
        [
            "git",
            "grep",
            "-lE",
            "partner|[Cc]onfidential\\(|write_confidential",
            "--",
            "Makefile",
            ".ci",
            ".github",
            "notebooks",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 128:
        pytest.skip("no git checkout")
    assert listing.stdout == ""
