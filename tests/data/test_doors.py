"""The same door in any spelling, and another door that only looks like it."""

from __future__ import annotations

import random

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from kcgeo.data.directory.closing.doors import plain_text, same_door, telephones

HERE = {"physical_address": "7100 Sorrel Hollow Road", "city": "Tulsa", "postal_code": "74119"}


def joined(*rows, **options):
    return set(same_door(pd.DataFrame(list(rows)), **options)) == {0}


@pytest.mark.parametrize(
    "change",
    [
        {"physical_address": "7100 Sorrel Hollow Rd."},
        {"physical_address": "7100 SORREL  HOLLOW RD, Suite 4"},
        {"physical_address": "7100 Sorrell Holow Road"},
        {"physical_address": "7100 sorrel hollow"},
        {"physical_address": "7100 Sorrel\u200b Hollow Road #12 (rear)"},
        {"physical_address": "\uff17100 Sorrel Hollow Road"},
        {"physical_address": "Suite 4, 7100 Sorrel Hollow Rd"},
        {"physical_address": "7100A Sorrel Hollow Rd"},
        {"physical_address": "7100 W. Sorrel Hollow Road"},
        {"city": None},
        {"city": "tulsa "},
        {"postal_code": None},
        {"postal_code": "74119-0012"},
        {"city": "Broken Arrow"},
        {"city": "T.", "postal_code": None},
    ],
)
def test_one_address_in_many_spellings(change):
    assert joined(HERE, HERE | change)


@pytest.mark.parametrize(
    "change",
    [
        {"physical_address": "7102 Sorrel Hollow Road"},
        {"physical_address": "7100 Sorrel Hollow Court"},
        {"physical_address": "7100 Larkspur Road"},
        {"city": "Wichita", "postal_code": "67202"},
        {"city": "Wichita", "postal_code": None},
        {"physical_address": None},
    ],
)
def test_another_address(change):
    assert not joined(HERE, HERE | change)


def test_numbered_streets_and_sides():
    assert joined({"physical_address": "12 West 39th Street"}, {"physical_address": "12 W 39 St"})
    assert joined({"physical_address": "12 Fifth Ave"}, {"physical_address": "12 5th Avenue"})
    assert not joined({"physical_address": "12 W 39th St"}, {"physical_address": "12 E 39th St"})
    assert not joined({"physical_address": "12 W 39th St"}, {"physical_address": "12 W 38th St"})
    assert not joined({"physical_address": "12 County Road 1234"}, {"physical_address": "12 County Road 1235"})


def test_points_within_a_hundred_meters_also_over_the_180th_meridian():
    near, far = 0.0008, 0.0011  # 89 and 122 m of latitude
    for step, one in ((near, True), (far, False)):
        rows = [{"latitude": "36.1", "longitude": "-95.9"}, {"latitude": str(36.1 + step), "longitude": "-95.9"}]
        assert joined(*rows) is one
    layer = gpd.GeoDataFrame(geometry=[Point(179.9999, 0.0), Point(-179.9999, 0.0), None], crs="EPSG:4326")
    assert same_door(layer).tolist() == [0, 0, 1]


def test_a_zip_point_is_no_door():
    row = {"latitude": "36.1", "longitude": "-95.9", "coordinate_precision": "zip"}
    assert not joined(row, row)


def test_location_ids_join_and_blanks_do_not():
    table = pd.DataFrame({"location_id": ["l-1", None, " L-1", ""]})
    assert same_door(table).tolist() == [0, 1, 0, 2]


def test_telephones_join_where_asked():
    table = pd.DataFrame({"phone": ["816-555-0100", "(816) 555 0100 ext. 3", "888-373-7888", "888-373-7888", None]})
    assert same_door(table).nunique() == 5
    assert same_door(table, by_telephone=True).tolist() == [0, 0, 1, 2, 3]
    assert telephones("988") == frozenset()


def test_doors_are_joined_over_several_rows_and_the_index_stays():
    chain = pd.DataFrame(
        {"physical_address": ["1 Elm St", "1 Elm Street", None], "location_id": [None, "x", "x"]}, index=[7, 3, 9]
    )
    doors = same_door(chain)
    assert doors.index.tolist() == [7, 3, 9] and doors.tolist() == [0, 0, 0]
    assert same_door(chain.iloc[:0]).empty


def test_plain_text_has_no_hidden_characters():
    assert plain_text("So\u00adrrel\u200b \ufb01eld\u2060") == "sorrel field"


def test_a_thousand_dirty_pairs_are_one_door():
    draw = random.Random(7)
    kinds = {"Road": "Rd.", "Street": "St", "Avenue": "AVE", "Boulevard": "Blvd", "Parkway": "Pkwy", "Drive": "Dr."}
    missed = 0
    for number in range(1, 1001):
        name, kind = (
            draw.choice(["Sorrel Hollow", "O'Fallon", "Saint Marys", "County Road 120", "E 63rd"]),
            draw.choice([*kinds]),
        )
        clean = {"physical_address": f"{number} {name} {kind}", "city": "Kansas City", "postal_code": "64106"}
        dirt = draw.choice([name.upper(), name.replace("Saint", "St."), name.replace("ll", "l"), "\u200b".join(name)])
        kind = draw.choice([kinds[kind], "", kind.upper()])
        tail = draw.choice(["", ", Suite 4", " #12", " (rear)", ", Kansas City, MO 64106"])
        dirty = {
            "physical_address": f"{number} {dirt} {kind}{tail}",
            "city": draw.choice(["KANSAS CITY", "K.C.", None]),
        }
        missed += not joined(clean, dirty | {"postal_code": draw.choice(["64106-1234", None])})
    assert missed == 0
