"""Non-interference: hidden rows are moved, added, renamed and removed, and not one published byte changes."""

from __future__ import annotations

import re
import warnings

import pandas as pd
import pytest

from kcgeo import data, study
from kcgeo.disclosure import Canary, scan, unknown_extensions
from kcgeo.errors import KcgeoError

from . import small_study
from .small_study import CANARIES, POSITIONS, digests, hidden_row, public_rows, run, write

warnings_off = pytest.mark.filterwarnings("ignore:.*came in as withheld")
KINDS = {".html", ".png", ".svg", ".pdf", ".csv", ".json"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, root):
    """Two whole runs in one place: without hidden rows, and with some in front and others behind, at all positions."""
    folder = tmp_path_factory.mktemp("study")
    public = public_rows(root)
    mixed = ("emergency_shelter", "emergency_shelter|medical", "long_term_housing|transport")
    early = [hidden_row(number, level="exact", category=mixed[number % 3]) for number in range(7)]
    late = [hidden_row(number, level="exact", category=mixed[number % 3]) for number in range(7, len(CANARIES))]
    stated = [
        hidden_row(number, level="withheld", category="legal|transport", service_id=name)
        for number, name in enumerate(("aaa-first", "svc-middle-02", "zzz-last"))
    ]
    in_front = pd.DataFrame([*early, stated[1]], columns=public.columns, dtype="str")
    variants = {"none": (public, ()), "some": (pd.concat([in_front, public]), [stated[0], *late, stated[2]])}
    results = {}
    for name, (rows, hidden) in variants.items():
        path = write(folder, rows, hidden)
        printed = run(path, folder / "out")
        (folder / "out").rename(folder / name)
        results[name] = (folder / name, printed)
    return results


@pytest.mark.slow
def test_every_artefact_is_the_same_to_the_byte(runs):
    expected, printed = digests(runs["none"][0]), runs["none"][1]
    assert expected
    found = digests(runs["some"][0])
    assert found.keys() == expected.keys()
    assert [path for path in expected if found[path] != expected[path]] == []
    assert runs["some"][1] == printed


@pytest.mark.slow
def test_the_runs_make_every_kind_of_artefact_and_the_scanner_knows_each(runs):
    for folder, _ in runs.values():
        names = [path.name for path in folder.rglob("*") if path.is_file()]
        assert {name[name.rfind(".") :] for name in names} >= KINDS
        assert unknown_extensions(names) == []
        assert any(path.parent.name == "notebooks" for path in folder.rglob("*.html"))


@pytest.mark.slow
def test_every_page_of_a_run_can_be_left_at_once_and_keeps_nothing(runs):
    pages = sorted(runs["none"][0].rglob("*.html"))
    assert {"index.html", "coverage.html", "explorer.html", "02_coverage_gaps.html"} <= {page.name for page in pages}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.search(r'<a class="quit"[^>]* href="https://[^"]*" rel="noreferrer noopener">', text), page.name
        assert "use one that they cannot reach" in text, page.name
        keeps = r"(?:local|session)Storage|indexedDB|document\.cookie|sendBeacon|fetch\(|XMLHttpRequest|WebSocket"
        assert not re.search(keeps, text), page.name


@pytest.mark.slow
def test_no_canary_stands_in_any_artefact(runs):
    assert scan(runs["some"][0], CANARIES) == []


@pytest.mark.slow
def test_the_scanner_does_find_what_is_public(runs, root):
    """The guard of the test above: a public row's name, telephone and point are in the artefacts, and are found."""
    public = public_rows(root)
    row = public[public["disclosure"].eq("exact") & public["latitude"].notna() & public["phone"].notna()].iloc[0]
    bird = Canary(
        "public", float(row["longitude"]), float(row["latitude"]), (row["organization_name"],), (row["phone"],)
    )
    forms = {finding.form for finding in scan(runs["none"][0], [bird])}
    assert {"word 0", "phone 0"} <= forms
    assert any("EPSG" in form for form in forms)


@pytest.fixture(scope="module")
def network(tmp_path_factory, root):
    path = write(tmp_path_factory.mktemp("network"), public_rows(root))
    return study.measure(study.load(path)).network


def published(path, network):
    released = study.release_all(study.measure(study.load(path), network=network))
    return "\n".join(f"{name} {one.to_manifest()}\n{one.table.to_csv()}" for name, one in sorted(released.items()))


@warnings_off
@pytest.mark.slow
def test_five_positions_in_each_of_three_areas_give_one_release(tmp_path, root, network):
    public = public_rows(root)
    expected = published(write(tmp_path, public), network)
    for number in range(len(CANARIES)):
        path = write(tmp_path, public, [hidden_row(number, level="exact")], first=bool(number % 2))
        assert published(path, network) == expected, f"position {number}"


@warnings_off
def test_the_hidden_rows_do_pass_through_the_loader(tmp_path, root):
    """The guard of the tests above: the rows are read, and come in as withheld with nothing of their place."""
    path = write(tmp_path, public_rows(root), [hidden_row(0, level="exact"), hidden_row(12, level="withheld")])
    table = data.services(path=path.parent / "services.csv").set_index("service_id")
    for number in (0, 12):
        row = table.loc[CANARIES[number].words[1]]
        assert row["disclosure"] == "withheld"
        left = row.drop(["categories", "disclosure", "disclosure_basis"])
        assert left.isna().all(), left.dropna()


@warnings_off
def test_a_hidden_row_at_a_public_door_closes_that_door_and_no_other(tmp_path, root):
    """The one way in which a hidden row is seen, and it is documented: the public row at its door is gone."""
    public = public_rows(root)
    door = public[public["disclosure"].eq("exact") & public["physical_address"].notna()].iloc[0]
    where = door[["physical_address", "city", "postal_code", "latitude", "longitude"]].to_dict()

    def open_with(name, *hidden):
        rows = data.services(path=write(tmp_path / name, public, hidden).parent / "services.csv")
        return set(rows.loc[rows["disclosure"].ne("withheld"), "service_id"])

    apart, none = open_with("apart", hidden_row(0, level="exact")), open_with("none")
    assert apart == none
    assert none - open_with("there", hidden_row(0, level="exact", **where)) == {door["service_id"]}


@pytest.mark.parametrize("area", sorted(POSITIONS))
def test_the_true_place_of_an_area_row_is_refused_wherever_it_is(tmp_path, root, area):
    public = public_rows(root)
    target = public.index[public["disclosure"].eq("area")][0]
    for longitude, latitude in POSITIONS[area]:
        for cells in (
            {"latitude": str(latitude), "longitude": str(longitude)},
            {"physical_address": "7100 Sorrel Hollow Road"},
            {"postal_code": "64999"},
            {"note": f"stands at {latitude}, {longitude}"},
            {"service_name": f"Refuge {latitude}"},
        ):
            table = public.copy()
            table.loc[target, ["area", *cells]] = [area, *cells.values()]
            path = write(tmp_path, table)
            with pytest.raises(KcgeoError) as refusal, warnings.catch_warnings():
                data.services(path=path.parent / "services.csv")
            message = str(refusal.value)
            assert str(public.loc[target, "service_id"]) in message
            assert not any(secret in message for secret in (str(latitude), str(longitude), "Sorrel", "64999"))


def test_the_file_of_the_test_has_the_columns_of_the_directory(root):
    assert list(pd.read_csv(root / "data" / "derived" / "services.csv", nrows=0)) == small_study.described()
