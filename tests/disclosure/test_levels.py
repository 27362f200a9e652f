"""Levels of services: what may stand at each, what closes by itself, what is refused and in which words."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import Point

from kcgeo.disclosure import SHELTER_LIKE, close_levels, level_problems

AREAS = ["North county"]
SECRETS = ("77 Secret", "64999", "39.30", "94.70", "9yuzcd8", "86F75C2W", "Elsewhere", "Quietville")


def rows(*changes):
    base = [
        {"service_id": "a", "organization_name": "Alpha", "service_name": "Clinic", "categories": ("medical",)},
        {
            "service_id": "b",
            "organization_name": "Beta",
            "service_name": "Refuge",
            "categories": ("emergency_shelter",),
        },
        {"service_id": "c", "categories": ("transitional_housing",)},
    ]
    levels = [("exact", "public office", None), ("area", None, "North county"), ("withheld", "by rule", None)]
    table = pd.DataFrame(
        [
            row | {"disclosure": level, "disclosure_basis": basis, "area": area, "phone": None, "note": None}
            for row, (level, basis, area) in zip(base, levels, strict=True)
        ],
        dtype="object",
    )
    for number, column, value in changes:
        if column not in table:
            table[column] = pd.Series([None] * len(table), dtype="object")
        table.at[number, column] = value  # noqa: PD008 (a tuple is one value)
    return table


def test_good_rows_pass():
    assert level_problems(rows(), areas=AREAS) == []


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("physical_address", "77 Secret Road"),
        ("postal_code", "64999"),
        ("city", "Quietville"),
        ("latitude", 39.301),
        ("longitude", -94.701),
        ("geometry", Point(-94.701, 39.301)),
        ("geohash", "9yuzcd8"),
        ("plus_code", "86F75C2W+9X"),
        ("service_name", "Refuge, 77 secret road"),
        ("organization_name", "Refuge 86F75C2W+9X"),
        ("hours", "ring at 64999"),
        ("service_name", "9yuzcd8"),
        ("note", "stands at 39.3012, -94.7012"),
    ],
)
def test_a_place_below_exact_level_is_refused_by_id(number, column, value):
    table = rows((number, column, value))
    problems = level_problems(table, areas=AREAS)
    assert problems and all(table.loc[number, "service_id"] in problem.split(": ")[-1] for problem in problems)
    assert not any(secret in problem for problem in problems for secret in SECRETS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(0, "disclosure", "Exact")], "not one of"),
        ([(0, "disclosure", "exact ")], "not one of"),
        ([(1, "disclosure", "city")], "not one of"),
        ([(0, "disclosure", None)], "basis and no level"),
        ([(0, "disclosure", None), (0, "disclosure_basis", None)], "no level"),
        ([(0, "disclosure_basis", None)], "without a disclosure_basis"),
        ([(0, "disclosure_basis", "  ")], "without a disclosure_basis"),
        ([(1, "area", None)], "approved areas"),
        ([(1, "area", "Elsewhere")], "approved areas"),
        ([(0, "area", "North county")], "another level name an area"),
        ([(2, "service_id", "a")], "one id stand at two levels"),
        ([(1, "organization_name", " ALPHA"), (1, "service_name", "clinic")], "organisation and name"),
        ([(2, "organization_name", "Alpha"), (2, "service_name", "Clinic")], "organisation and name"),
    ],
)
def test_malformed_levels_are_refused_by_id(changes, words):
    table = rows(*changes)
    problems = level_problems(table, areas=AREAS)
    assert any(words in problem for problem in problems)
    assert table.loc[changes[0][0], "service_id"] in " ".join(problems)
    assert not any(secret in problem for problem in problems for secret in SECRETS)


@pytest.mark.parametrize("category", SHELTER_LIKE)
@pytest.mark.parametrize("level", ["exact", None])
def test_shelter_like_rows_without_a_basis_fail_closed(category, level):
    table = rows(
        (0, "categories", ("medical", category)),
        (0, "disclosure", level),
        (0, "disclosure_basis", None),
        (0, "physical_address", "77 Secret Road"),
        (0, "geometry", Point(-94.7, 39.3)),
    )
    before = table.copy()
    assert level_problems(table, areas=AREAS) == []
    closed = close_levels(table)
    assert_frame_equal(table, before)
    assert closed.loc[0, "disclosure"] == "withheld"
    kept = closed.loc[0].dropna()
    assert set(kept.index) == {"service_id", "categories", "disclosure"}


def test_a_basis_keeps_a_shelter_open_and_an_area_needs_none():
    table = rows((0, "categories", ("emergency_shelter",)))
    assert close_levels(table)["disclosure"].tolist() == ["exact", "area", "withheld"]


def test_a_row_that_closes_still_contradicts_its_exact_twin():
    table = rows(
        (2, "organization_name", "Alpha"),
        (2, "service_name", "Clinic"),
        (2, "disclosure", "exact"),
        (2, "disclosure_basis", None),
    )
    assert any("organisation and name" in problem for problem in level_problems(table, areas=AREAS))


def test_withheld_rows_keep_id_categories_level_and_reason_only():
    closed = close_levels(rows((2, "organization_name", "Gamma"), (2, "phone", "555-0101")))
    assert set(closed.loc[2].dropna().index) == {"service_id", "categories", "disclosure", "disclosure_basis"}


def test_joined_categories_are_read_as_well():
    table = rows().assign(service_categories=["medical|emergency_shelter", "legal", "legal"]).drop(columns="categories")
    table["disclosure_basis"] = None
    assert close_levels(table)["disclosure"].tolist() == ["withheld", "area", "withheld"]


def test_the_facts_fit_the_levels(shared, root):
    table = pd.read_csv(shared / "facts" / "services.csv", dtype="str")
    areas = set(pd.read_csv(root / "data" / "raw" / "areas.csv")["area"])
    assert level_problems(table, areas=areas) == []
    closed = close_levels(table)
    assert (closed["disclosure"] == table["disclosure"]).all()
