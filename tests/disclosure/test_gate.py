"""The gate: what leaves, in which form, and that nothing passes beside it."""

from __future__ import annotations

import ast
import dataclasses
import json
import pickle

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, Point, box

from kcgeo.disclosure import release, require_released
from kcgeo.errors import CrsError, DisclosureError

AREAS = ["North county", "South county"]


def services(**changes):
    table = gpd.GeoDataFrame(
        {
            "service_id": ["svc-a-01", "svc-a-02", "svc-b-01", "svc-c-01"],
            "organization_name": ["Alpha clinic", "Alpha house", "Beta legal", "Gamma refuge"],
            "service_name": ["Clinic", "Refuge", "Legal aid", "Refuge"],
            "categories": [("medical",), ("emergency_shelter",), ("legal", "counselling"), ("emergency_shelter",)],
            "eligibility": ["any", "adult women", "any", "any"],
            "phone": ["555-0101", "555-0102", "555-0103", "555-0104"],
            "physical_address": ["1 Example Street", None, "2 Example Street", None],
            "postal_code": ["64000", None, "64001", None],
            "capacity_beds": [None, 12, None, 8],
            "disclosure": ["exact", "withheld", "exact", "area"],
            "disclosure_basis": ["public office", None, "public office", None],
            "area": [None, None, None, "North county"],
            "site_id": ["site-1", "site-2", "site-3", None],
        },
        geometry=[Point(-94.5, 39.1), None, Point(-94.6, 39.2), None],
        crs="EPSG:4326",
    )
    for (row, column), value in changes.get("cells", {}).items():
        table[column] = table[column].astype("object") if column != "geometry" else table[column]
        table.loc[row, column] = value
    return table


def let(table, kind="services", **options):
    given = {"name": "test", "kind": kind, "sources": ["made for the test"], "vintage": "2026", "areas": AREAS}
    return release(table, **{**given, **options})


def test_area_rows_leave_thin_and_withheld_rows_not_at_all():
    table = let(services()).table
    assert table["organization_name"].tolist() == ["Gamma refuge", "Alpha clinic", "Beta legal"]
    thin = table.iloc[0]
    for column in ("eligibility", "physical_address", "postal_code", "capacity_beds", "site_id", "geometry"):
        assert pd.isna(thin[column]), column
    assert thin["phone"] == "555-0104" and thin["area"] == "North county"
    assert table.iloc[1]["physical_address"] == "1 Example Street"
    assert table.iloc[1].geometry == Point(-94.5, 39.1)


@pytest.mark.parametrize("change", ["removed", "renamed", "added", "moved in the order"])
def test_a_withheld_row_changes_nothing(change):
    before = let(services()).table
    table = services()
    if change == "removed":
        table = table.drop(index=1)
    elif change == "renamed":
        table.loc[1, ["service_id", "organization_name", "site_id"]] = ["zzz", "Omega", "site-9"]
    elif change == "added":
        table = pd.concat([table, table.iloc[[1]].assign(service_id="svc-a-03", capacity_beds=None)])
    else:
        table = table.iloc[[1, 3, 2, 0]]
    after = let(table).table
    assert_frame_equal(before, after)
    assert before.to_csv() == after.to_csv()
    assert not any(hidden in after.to_csv() for hidden in ("Alpha house", "555-0102", "svc-", "Omega"))


RECORD = {"organization_name": "Beta legal", "scope": "svc-b-01", "may_show": "exact place", "authority": "signed",
          "signer_role": "director", "signed_on": "2026-01-01", "expires_on": "2099-12-31"}  # fmt: skip


@pytest.mark.parametrize("hidden", [1, 3])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("physical_address", "2 EXAMPLE  st., Suite 9"),
        ("geometry", Point(-94.6004, 39.2004)),
        ("phone", "(555) 555-0103 ext. 7"),
        ("site_id", "site-3"),
        ("organization_name", "beta  LEGAL"),
        ("organization_name", "The Beta-Legal, Inc."),
    ],
)
def test_an_exact_row_beside_a_hidden_one_is_refused_until_a_record_opens_it(hidden, column, value):
    table = services(cells={(2, "phone"): "555-555-0103"})
    if hidden == 3 and column in {"physical_address", "geometry"}:
        return  # a row at area level with a place is refused for that
    table.loc[hidden, [column]] = [value]
    with pytest.raises(DisclosureError) as refusal:
        let(table)
    sentence = str(refusal.value)
    assert "svc-b-01" in sentence and "authorisations" in sentence
    for secret in ("EXAMPLE", "Suite", "39.2", "0103", "site-3", "LEGAL"):
        assert secret not in sentence
    opened = pd.DataFrame([RECORD])
    assert "Beta legal" in let(table, authorisations=opened).table["organization_name"].tolist()
    for closed in ({"expires_on": "2026-02-01"}, {"scope": "svc-z"}, {"organization_name": "Other"}):
        with pytest.raises(DisclosureError):
            let(table, authorisations=opened.assign(**closed))


def test_a_row_without_a_place_may_stand_beside_a_hidden_one():
    hotline = services(cells={(2, "physical_address"): None, (2, "geometry"): None, (3, "phone"): "913-555-0103",
                              (2, "phone"): "913-555-0103"})  # fmt: skip
    assert len(let(hotline).table) == 3


def test_released_ids_do_not_show_a_hole_where_a_row_was():
    ids = let(services()).table["service_id"]
    assert ids.str.fullmatch(r"service-[0-9a-f]{10}").all() and ids.is_unique


def test_area_rows_that_say_the_same_are_one():
    table = services()
    twin = table.iloc[[3]].assign(service_id="svc-c-02", capacity_beds=30, eligibility="minors")
    assert_frame_equal(let(pd.concat([table, twin])).table, let(table).table)


def test_unused_levels_of_a_categorical_are_forgotten():
    table = services()
    table["organization_name"] = table["organization_name"].astype("category")
    assert "Alpha house" not in repr(let(table).table["organization_name"].dtype)


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (3, "geometry", Point(-94.7, 39.3)),
        (3, "physical_address", "77 Secret Road"),
        (3, "postal_code", "64999"),
        (3, "organization_name", "Refuge at 77 secret road"),
        (3, "service_name", "Refuge near 39.3001"),
        (3, "service_name", "Refuge Olathe 77"),
        (3, "phone", "39.3001 -94.7"),
        (3, "service_name", "Refuge 9yuzcd8"),
        (3, "service_name", "Refuge 86F75C2W+9X"),
        (3, "area", "Somewhere else"),
        (3, "area", None),
        (0, "disclosure_basis", None),
        (0, "disclosure", "Exact"),
    ],
)
def test_a_row_that_says_too_much_is_refused_without_its_place(row, column, value):
    table = services(cells={(row, column): value})
    with pytest.raises(DisclosureError) as refusal:
        let(table)
    message = str(refusal.value)
    assert table.loc[row, "service_id"] in message
    for secret in ("77", "64999", "39.3", "94.7", "9yuzcd8", "86F75C2W", "Somewhere"):
        assert secret not in message


def test_area_rows_need_the_list_of_areas():
    with pytest.raises(DisclosureError, match="areas="):
        let(services(), areas=None)


SURFACE = pd.DataFrame({"cell_id": ["c2", "c1", "c3"], "medical_min": [3.0, np.nan, 1.5], "legal_min": [1.0, 2.0, 3.0]})


def test_rows_are_sorted_and_the_index_is_plain():
    table = let(SURFACE.set_index("cell_id").iloc[[2, 0, 1]], kind="surface").table
    assert table["cell_id"].tolist() == ["c1", "c2", "c3"]
    assert table.index.equals(pd.RangeIndex(3)) and table.attrs == {}


def test_the_table_is_a_copy_and_the_input_is_unchanged():
    given = SURFACE.copy()
    released = let(given, kind="surface")
    assert_frame_equal(given, SURFACE)
    taken = released.table
    taken.loc[0, "medical_min"] = 99.0
    given.loc[0, "medical_min"] = 99.0
    assert released.table["medical_min"].max() == 3.0


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("latitude", [39.1, 39.2, 39.3]),
        ("street_address", ["a", "b", "c"]),
        ("geohash", ["9yuz", "9yuy", "9yuz"]),
        ("legal_state", ["none", "none", "12 Example Street"]),
        ("time_min", [-94.51, -94.52, -94.53]),
        ("reason", ["", "near 39.1234, -94.5678", ""]),
        ("reason", ["", "POINT (1 2)", ""]),
        ("anything", [1, 2, 3]),
        ("time_min", [{"lat": 1}, None, None]),
    ],
)
def test_a_column_that_looks_like_a_place_or_is_not_listed_is_refused(column, values):
    with pytest.raises(DisclosureError) as refusal:
        let(SURFACE.assign(**{column: values}), kind="surface")
    for secret in ("39.1", "94.5", "Example", "9yuz", "POINT"):
        assert secret not in str(refusal.value)


def test_grid_cells_are_no_finer_than_the_surface():
    coarse, fine = (h3.latlng_to_cell(39.1234, -94.5678, size) for size in (8, 9))
    assert len(let(pd.DataFrame({"cell_id": [coarse]}), kind="surface").table) == 1
    with pytest.raises(DisclosureError, match="finer") as refusal:
        let(pd.DataFrame({"cell_id": [coarse, fine]}), kind="surface")
    assert fine not in str(refusal.value)


def test_all_faults_come_in_one_refusal():
    with pytest.raises(DisclosureError) as refusal:
        let(SURFACE.assign(latitude=1.0, postal_code="x"), kind="surface")
    assert len(refusal.value.problems) == 2


def test_points_in_results_leave_only_where_they_are_public_geography():
    cells = gpd.GeoDataFrame({"place_id": ["a", "b"]}, geometry=[Point(0, 1), Point(0, 2)], crs="EPSG:4326")
    background = let(cells, kind="background")
    results = cells.assign(medical_min=[1.0, 2.0])
    assert let(results, kind="gaps", geography=background).table.geometry.tolist() == [Point(0, 1), Point(0, 2)]
    with pytest.raises(DisclosureError, match="geography="):
        let(results, kind="gaps")
    moved = results.set_geometry([Point(0, 1), Point(0, 2.001)], crs="EPSG:4326")
    with pytest.raises(DisclosureError, match="b") as refusal:
        let(moved, kind="gaps", geography=background)
    assert "2.001" not in str(refusal.value)


def test_geometry_of_another_type_or_crs_is_refused():
    lines = gpd.GeoDataFrame({"cell_id": ["a"]}, geometry=[LineString([(0, 0), (1, 1)])], crs="EPSG:4326")
    with pytest.raises(DisclosureError, match="LineString"):
        let(lines, kind="surface")
    with pytest.raises(CrsError):
        let(gpd.GeoDataFrame({"cell_id": ["a"]}, geometry=[box(0, 0, 1, 1)], crs="EPSG:3857"), kind="surface")


def _calls(path, name):
    """Lines of a source file that call a name, plainly or as an attribute."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = [(node.func, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [line for func, line in called if getattr(func, "id", getattr(func, "attr", None)) == name]


@pytest.mark.parametrize(("record", "maker"), [("Released", "gate.py"), ("Confidential", "partner.py")])
def test_only_one_module_of_the_source_makes_a_closed_record(root, record, maker):
    makers = {path for path in (root / "src").rglob("*.py") if _calls(path, record)}
    assert makers == {root / "src" / "kcgeo" / "disclosure" / maker}


def test_nothing_in_the_source_reads_or_exchanges_the_table_of_a_record(root):
    own = {root / "src" / "kcgeo" / "disclosure" / name for name in ("released.py", "gate.py", "partner.py")}
    for path in set((root / "src").rglob("*.py")) - own:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert "_table" not in names, path


def test_a_release_is_a_plain_record_that_another_process_can_read():
    released = let(services(), about={"cutoff_min": np.int64(30), "who": "anyone", "required": ["medical", "legal"]})
    again = pickle.loads(pickle.dumps(released))
    assert require_released(again, kind="services") is again
    assert again.to_manifest() == released.to_manifest()
    assert_frame_equal(again.table, released.table)
    with pytest.raises(dataclasses.FrozenInstanceError):
        released.name = "other"


def test_a_release_carries_its_parameters():
    given = {"who": "anyone", "cutoff_min": np.int64(30), "when": None, "required": ["medical", "legal"]}
    released = let(SURFACE, kind="surface", about=given)
    assert released.about == {"cutoff_min": 30, "required": ("medical", "legal"), "when": None, "who": "anyone"}
    assert json.loads(json.dumps(released.to_manifest()))["about"]["required"] == ["medical", "legal"]
    for wrong in ({"table": SURFACE}, {"area": "12 Example Street"}):
        with pytest.raises(DisclosureError) as refusal:
            let(SURFACE, kind="surface", about=wrong)
        assert "Example" not in str(refusal.value)


def test_what_has_not_passed_the_gate_is_refused_by_every_reader():
    for other in (SURFACE, None, object()):
        with pytest.raises(DisclosureError, match="pass the gate"):
            require_released(other)


def test_another_kind_is_refused_by_the_reader():
    with pytest.raises(DisclosureError, match="kind 'surface'"):
        require_released(let(SURFACE, kind="surface"), kind=("gaps", "coverage"))
    with pytest.raises(DisclosureError, match="no contract"):
        let(SURFACE, kind="anything")


def test_a_recorded_refusal_goes_to_the_manifest_and_shows_nothing():
    refused = let(SURFACE.assign(latitude=1.0), kind="surface", on_refusal="record")
    entry = refused.to_manifest()
    assert entry["status"] == "refused" and entry["row_count"] == 0 and len(entry["reasons"]) == 1
    with pytest.raises(DisclosureError):
        _ = refused.table
    with pytest.raises(DisclosureError):
        require_released(refused)


def test_every_release_names_source_and_says_no_place_in_its_words():
    with pytest.raises(DisclosureError, match="no source"):
        let(SURFACE, kind="surface", sources=[])
    with pytest.raises(DisclosureError) as refusal:
        let(SURFACE, kind="surface", notes=["The refuge at 12 Example Street"])
    assert "Example" not in str(refusal.value)


def test_facts_pass_the_gate(shared):
    for name in ("claims", "aggregates"):
        table = pd.read_csv(shared / "facts" / f"{name}.csv")
        assert len(let(table, kind="reporting").table) == len(table)
