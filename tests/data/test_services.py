"""The directory: filters against a slow reading row by row, sites, hours, and what never gets a point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import opening_hours
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo import data
from kcgeo.data.directory.services import fitting
from kcgeo.errors import CrsError, TableError

CATEGORIES = tuple(data.load("categories")["category"])
WEEKDAY_NOON = datetime(2026, 11, 25, 12, 0)
WEEKNIGHT = datetime(2026, 11, 25, 2, 0)


@lru_cache(maxsize=1)
def everything() -> gpd.GeoDataFrame:
    return data.services()


def fits(row: pd.Series, category: set[str] | None, eligibility: str | None, age: int | None, moment: datetime | None):
    """The rules in the order one would read them to a person."""
    if category is not None and not category & set(row["categories"]):
        return False
    group = row["eligibility"]
    if (eligibility is not None or age is not None) and group not in data.ELIGIBILITIES:
        return False
    least, most = row["minimum_age"], row["maximum_age"]
    if pd.isna(least):
        least = 18 if group in ("adult women", "men") else 0
    if pd.isna(most):
        most = 17 if group == "minors" else 200
    if eligibility is not None:
        if group not in ("any", eligibility):
            return False
        if eligibility == "minors" and least > 17:
            return False
        if eligibility in ("adult women", "men") and most < 18:
            return False
    if age is not None and not least <= age <= most:
        return False
    if moment is not None:
        hours = row["opening_hours"]
        return isinstance(hours, str) and opening_hours.OpeningHours(hours).is_open(moment)
    return True


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    category=st.none() | st.sets(st.sampled_from(CATEGORIES), min_size=1, max_size=3),
    eligibility=st.none() | st.sampled_from(data.ELIGIBILITIES),
    age=st.none() | st.integers(0, 120),
    moment=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_filters_keep_what_a_reader_would_keep(
    category: set[str] | None, eligibility: str | None, age: int | None, moment: datetime | None
) -> None:
    table = everything()
    wanted = [row["service_id"] for _, row in table.iterrows() if fits(row, category, eligibility, age, moment)]
    found = fitting(table, category=category, eligibility=eligibility, age=age, open_at=moment)
    assert list(found["service_id"]) == wanted
    assert isinstance(found, gpd.GeoDataFrame)
    assert list(found.columns) == list(table.columns)
    assert list(found.index) == list(range(len(found)))


def test_one_category_may_be_given_as_text() -> None:
    assert len(data.services(category="hotline")) == len(data.services(category=["hotline"])) == 19


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"category": "wizardry"}, "The category 'wizardry' is unknown"),
        (
            {"eligibility": "all"},
            "The eligibility 'all' is unknown; there are anyone, minors, adult women, men",
        ),
        ({"age": -1}, "age must be whole years from 0 to 120"),
        ({"age": True}, "age must be whole years from 0 to 120"),
        ({"open_at": "2026-11-25"}, "open_at must be a datetime"),
        ({"open_at": datetime(2026, 11, 25, tzinfo=UTC)}, "local time without time zone"),
    ],
)
def test_wrong_filters_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(TableError, match=words.replace("(", r"\(")):
        data.services(**arguments)


@pytest.mark.parametrize(("age", "inside"), [(11, False), (12, True), (17, True), (21, True), (22, False)])
def test_age_limits_include_their_own_value(age: int, inside: bool) -> None:
    # the youth shelter row states ages 12 to 21
    assert ("svc-restart-02" in set(data.services(age=age)["service_id"])) == inside


@pytest.mark.parametrize(("age", "inside"), [(17, False), (18, True)])
def test_adults_only_is_no_place_for_minors(age: int, inside: bool) -> None:
    # a day centre for any person, from 18
    assert ("svc-hope-faith-01" in set(data.services(age=age)["service_id"])) == inside
    assert "svc-hope-faith-01" not in set(data.services(eligibility="minors")["service_id"])
    assert "svc-hope-faith-01" in set(data.services(eligibility="men")["service_id"])


def test_levels_and_points() -> None:
    table = everything()
    assert table["disclosure"].value_counts().to_dict() == {"exact": 321, "area": 35, "withheld": 10}
    at = table[table.geometry.notna()]
    assert set(at["disclosure"]) == {"exact"}
    assert set(at["location_type"]) == {"physical"}
    assert not any("hotline" in names for names in at["categories"])
    assert (table["site_id"].notna() == table.geometry.notna()).all()
    assert not {"latitude", "longitude", "service_categories"} & set(table.columns)
    assert table.crs.to_epsg() == 4326
    assert all(isinstance(names, tuple) for names in table["categories"])


def test_load_gives_the_same_table() -> None:
    pd.testing.assert_frame_equal(pd.DataFrame(data.load("services")), pd.DataFrame(everything()))


def test_two_rows_of_one_place_count_once() -> None:
    table = everything().set_index("service_id")
    meal, host = "svc-the-justice-project-kc-02", "svc-st-james-parish-catholic-kansas-city-01"
    assert table.loc[meal, "site_id"] == table.loc[host, "site_id"]
    long = data.by_category(everything())
    drop_in = long[(long["category"] == "drop_in") & (long["site_id"] == table.loc[meal, "site_id"])]
    assert len(drop_in) == 1
    # a clinic in the same ZIP shares their ZIP point and is another place
    assert table.loc["svc-jvs-kc-01"].geometry == table.loc[meal].geometry
    assert table.loc["svc-jvs-kc-01", "site_id"] != table.loc[meal, "site_id"]
    # floors of one building are one place
    assert table.loc["svc-combat-01", "site_id"] == table.loc["svc-jackson-prosecutor-01", "site_id"]


@pytest.mark.parametrize(("precision", "sites"), [("zip", 2), ("rooftop", 1)])
def test_a_zip_point_without_address_tells_no_two_services_together(
    rows: pd.DataFrame, tmp_path: Path, precision: str, sites: int
) -> None:
    two = rows[rows["service_id"].isin(["svc-lawmo-01", "svc-hope-faith-01"])].copy()
    two = two.assign(physical_address=None, latitude="39.1", longitude="-94.6", coordinate_precision=precision)
    two.to_csv(tmp_path / "services.csv", index=False)
    assert len(data.sites(data.services(path=tmp_path / "services.csv"))) == sites


def test_by_category_is_one_row_for_each_category_and_site() -> None:
    table, long = everything(), data.by_category(everything())
    assert list(long.columns) == ["service_id", "category", "site_id", "geometry"]
    assert not long.duplicated(["category", "site_id"]).any()
    assert "hotline" not in set(long["category"])
    expected = {
        (category, row["site_id"])
        for _, row in table.iterrows()
        if row.geometry is not None and row["service_status"] != "inactive"
        for category in row["categories"]
    }
    assert set(zip(long["category"], long["site_id"], strict=True)) == expected
    pd.testing.assert_frame_equal(long, long.sort_values(["category", "site_id"], ignore_index=True))


def test_by_category_does_not_depend_on_the_order_of_rows() -> None:
    mixed = everything().sample(frac=1, random_state=7)
    pd.testing.assert_frame_equal(data.by_category(mixed), data.by_category(everything()))


def test_hidden_rows_change_no_site(rows: pd.DataFrame, tmp_path) -> None:
    shown = rows[rows["disclosure"] == "exact"]
    shown.to_csv(tmp_path / "services.csv", index=False)
    only = data.services(path=tmp_path / "services.csv")
    pd.testing.assert_frame_equal(data.by_category(only), data.by_category(everything()))
    pd.testing.assert_frame_equal(pd.DataFrame(data.sites(only)), pd.DataFrame(data.sites(everything())))


def test_inactive_services_have_no_site() -> None:
    table = everything().copy()
    table.loc[table["service_id"] == "svc-lawmo-01", "service_status"] = "inactive"
    assert "svc-lawmo-01" not in set(data.by_category(table)["service_id"])
    assert len(data.sites(table)) == len(data.sites(everything())) - 1


def test_sites_hold_all_services_once() -> None:
    table, sites = everything(), data.sites(everything())
    assert sites["site_id"].is_unique
    assert len(sites) == 218
    held = [name for names in sites["service_ids"] for name in names]
    assert sorted(held) == sorted(table.loc[table.geometry.notna(), "service_id"])


def test_sites_and_categories_refuse_another_crs() -> None:
    metric = everything().to_crs(26915)
    for function in (data.sites, data.by_category):
        with pytest.raises(CrsError, match="EPSG:26915"):
            function(metric)


def test_input_is_left_as_it_was() -> None:
    before = everything().copy()
    data.by_category(everything())
    data.sites(everything())
    pd.testing.assert_frame_equal(pd.DataFrame(everything()), pd.DataFrame(before))


# --- hours ------------------------------------------------------------------------------------------------------------


def states(moment: datetime) -> pd.Series:
    table = everything()
    return data.open_state(table["opening_hours"].set_axis(table["service_id"]), moment)


def test_unknown_hours_are_a_class_of_their_own() -> None:
    state, table = states(WEEKDAY_NOON), everything().set_index("service_id")
    assert set(state) == {"open", "closed", "unknown"}
    assert (state.eq("unknown") == table["opening_hours"].isna()).all()
    night = data.services(open_at=WEEKNIGHT)
    assert set(night["service_id"]) == set(states(WEEKNIGHT).loc[lambda state: state == "open"].index)
    # an office whose hotline alone answers at night is not open at night
    assert state["svc-willow-lawrence-01"] == "unknown"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 25, 17, 29), "closed"),
        (datetime(2026, 11, 25, 17, 30), "open"),
        (datetime(2026, 11, 25, 20, 59), "open"),
        (datetime(2026, 11, 25, 21, 0), "closed"),
        (datetime(2026, 11, 26, 18, 0), "closed"),
    ],
)
def test_evening_of_a_youth_centre(moment: datetime, expected: str) -> None:
    assert states(moment)["svc-passages-01"] == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 25, 2, 0), "closed"),  # November: no night shelter yet
        (datetime(2026, 12, 25, 2, 0), "open"),
        (datetime(2027, 2, 28, 23, 0), "open"),
        (datetime(2027, 3, 2, 2, 0), "closed"),
        (datetime(2026, 11, 25, 8, 0), "open"),
        (datetime(2026, 11, 28, 8, 0), "closed"),  # Saturday: days are not stated, so weekdays alone count
    ],
)
def test_winter_nights_of_a_day_centre(moment: datetime, expected: str) -> None:
    assert states(moment)["svc-hope-faith-01"] == expected


@pytest.mark.parametrize("text", ['"by appointment"', 'Mo-Fr 09:00-17:00 "call first"', "24/7 unknown"])
def test_hours_with_a_remark_are_unknown(text: str) -> None:
    assert data.open_state(pd.Series([text]), WEEKDAY_NOON).to_list() == ["unknown"]


def test_hours_not_in_the_syntax_are_refused_by_id() -> None:
    with pytest.raises(TableError, match="svc-1: opening_hours 'banana' is not in OpenStreetMap syntax"):
        data.open_state(pd.Series(["banana"], index=["svc-1"]), WEEKDAY_NOON)


@settings(max_examples=50, deadline=None)
@given(
    start=st.integers(0, 1438),
    length=st.integers(1, 1439),
    days=st.integers(0, 365),
    minute=st.integers(0, 1439),
)
def test_opening_times_of_every_day(start: int, length: int, days: int, minute: int) -> None:
    end = min(start + length, 1439)
    text = f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
    moment = datetime(2026, 1, 1) + timedelta(days=days, minutes=minute)
    expected = "open" if start <= minute < end else "closed"
    if start < end:
        assert data.open_state(pd.Series([text]), moment).to_list() == [expected]
