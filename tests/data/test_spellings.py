"""Cells as people write them: names of columns, points, addresses, states, ZIP codes, years, groups and categories."""

from __future__ import annotations

import os

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.data.directory.closing.words import column_of, columns_of_services
from kcgeo.data.directory.hours import readable
from kcgeo.data.directory.mapping import Mapped, split_categories
from kcgeo.data.directory.repairs import Said, repaired
from kcgeo.data.directory.spots import point_of, split_address
from kcgeo.data.directory.written_hours import read_hours

MANY = settings(max_examples=int(os.environ.get("KCGEO_FUZZ", "60")), deadline=None, database=None, derandomize=True)
"""A short round with the same draws each time; KCGEO_FUZZ=10000 makes it long."""
WORDS = """
Mon mon-fri M-F Tu/Th 9 9-5 8:30am 5 p.m. 24 24/7 hours noon - to , ; & : ( ) / closed holidays by appointment nightly
Tulsa OK Oklahoma 74119 7411 Ave St Suite 4 N W S E ° ' " 36.14 -95.99 POINT LON nan 1e9 US USA é ٣ | under 18+ women
"""
PIECES = st.sampled_from([*WORDS.split(), "", "\n", "\t", "\u202e"])
TEXTS = st.lists(PIECES, max_size=9).map(" ".join) | st.text(max_size=40)


def read(column: str, text: str, **others: str) -> dict[str, str]:
    """One row with one cell filled, as the door repairs it."""
    row = dict.fromkeys(columns_of_services(), "") | {column: text} | others
    return repaired(pd.DataFrame([row]), Mapped(), Said()).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        *((name, "latitude") for name in ("decimalLatitude", "Site Lat", "yLat", "Lat (WGS84)", "INTPTLAT")),
        *((name, "longitude") for name in ("Lng", "Location Longitude", "address_lng", "Longtitude", "geocoded_x")),
        *((name, None) for name in ("lat long min", "Mailing Latitude Error", "Longest stay", "site", "x y")),
        ("service_ca", "service_categories"),
        ("disclosu_1", "disclosure_basis"),
    ],
)  # fmt: skip
def test_names_of_columns(name: str, ours: str | None) -> None:
    assert column_of(name) == ours


@pytest.mark.parametrize(
    "text",
    [
        "36.142, -95.99",
        "(-95.99 36.142)",
        "36.142N 95.99W",
        "36.142° N, 95.99° W",
        "lat: 36.142, lon: -95.99",
        "POINT Z (-95.99 36.142 200)",
        "SRID=4326;POINT(-95.99 36.142)",
        '{"type": "Point", "coordinates": [-95.99, 36.142]}',
        "https://maps.example.org/?q=36.142,-95.99",
        "https://maps.example.org/@36.142,-95.99,15z",
        "100 Example St\nTulsa, OK\n(36.142, -95.99)",
        shapely.Point(-95.99, 36.142).wkb_hex,
        shapely.to_wkb(shapely.set_srid(shapely.Point(-95.99, 36.142), 4326), hex=True, include_srid=True),
    ],
)
def test_points_in_one_cell(text: str) -> None:
    found = point_of(text)
    assert found is not None
    assert [float(part) for part in found[:2]] == [36.142, -95.99]


@pytest.mark.parametrize(
    "text", ["downtown", "918-555-0101", "74119", "0101", "12 Example Street, Tulsa", "36.142", ""]
)
def test_what_is_no_point(text: str) -> None:
    assert point_of(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("100 Example Ave, Tulsa, OK 74119", ("100 Example Ave", "Tulsa", "OK", "74119")),
        ("100 Example Ave Tulsa OK 74119-1234", ("100 Example Ave", "Tulsa", "OK", "74119")),
        ("100 Example Ave, Suite 4, Tulsa, Oklahoma 74119, USA", ("100 Example Ave, Suite 4", "Tulsa", "OK", "74119")),
        ("100 Example Ct, Broken Arrow, Okla.", ("100 Example Ct", "Broken Arrow", "OK", "")),
        ("5 Example Rd Kansas City MO 64106", ("5 Example Rd", "Kansas City", "MO", "64106")),
        ("Tulsa,OK,74119", ("", "Tulsa", "OK", "74119")),
        ("St. Louis / MO / 63101", ("", "St. Louis", "MO", "63101")),
        ("Tulsa (OK)", ("", "Tulsa", "OK", "")),
        ("Tulsa - OK", ("", "Tulsa", "OK", "")),
        ("Tulsa OK", ("", "Tulsa", "OK", "")),
        ("100 Example Ct", None),  # a court, not Connecticut
        ("100 Example Ct 74119", None),
        ("12 Example Plaza La", None),
        ("Tulsa", None),
    ],
)
def test_addresses(text: str, parts: tuple[str, ...] | None) -> None:
    assert split_address(text) == parts


def test_an_address_in_lines_gives_its_zip_code_though_the_town_stands_elsewhere() -> None:
    row = read("physical_address", "100 Example Ave\nTulsa, OK 74119", city="Tulsa")
    assert [row[name] for name in ("physical_address", "city", "state", "postal_code")] == [
        "100 Example Ave", "Tulsa", "OK", "74119",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        *(("state", text, "OK") for text in ("okla.", "O.K.", "US-OK", "Oklahoma (OK)", "OKLAHOMA")),
        ("state", "D.C.", "DC"),
        ("state", "N. Carolina", "NC"),
        ("state", "Oklahom", "Oklahom"),
        *(("verified_on", text, "2024") for text in ("20240501", "5/1/2024", "May 1st, 2024", "2024.0", "FY2024")),
        *(("verified_on", text, "") for text in ("never", "N/A", "last year")),
        *(("postal_code", text, "74119") for text in ("74119.0", "'74119", "OK 74119", "741191234", "74119-")),
        *(("postal_code", text, "") for text in ("74119, 74120", "ABCDE", "7411")),
        ("phone", "N/A", ""),
        ("physical_address", "TBD", ""),
        ("disclosure", "unknown", "unknown"),
        ("service_status", "unknown", "unknown"),
        ("eligibility", "none", "any"),
        ("eligibility", "Adult women only", "adult women"),
        ("eligibility", "women & children", "adult women"),
        ("eligibility", "M/F", "any"),
        ("eligibility", "Girls", "Girls"),  # boys may not come: it is not "minors"
        ("eligibility", "minors, adult women", "minors, adult women"),
    ],
)  # fmt: skip
def test_cells(column: str, text: str, value: str) -> None:
    assert read(column, text)[column] == value


@pytest.mark.parametrize(
    ("text", "who", "least", "most"),
    [
        ("Adults", "any", "18", ""),
        ("18 and older", "any", "18", ""),
        ("Women over 18", "adult women", "18", ""),
        ("Youth 12-17", "minors", "12", "17"),
        ("Children under 13", "minors", "", "12"),
        ("Men 21+", "men", "21", ""),
        ("Youth 14-24", "Youth 14-24", "", ""),
    ],
)
def test_ages_beside_a_group(text: str, who: str, least: str, most: str) -> None:
    row = read("eligibility", text)
    assert [row[name] for name in ("eligibility", "minimum_age", "maximum_age")] == [who, least, most]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("Counselling services", ["counselling"]),
        ("forensic exam (SANE)", ["forensic_exam"]),
        ("24-hour hotline", ["hotline"]),
        ("Child Advocacy Centers", ["child_advocacy"]),
        ("MEDICAL_CARE + legal", ["medical", "legal"]),
        ("Police Department", ["law_enforcement"]),
        ("day care", []),
        ("family services", []),
    ],
)
def test_categories(text: str, ours: list[str]) -> None:
    names, unknown = split_categories(text, Mapped())
    assert (names, bool(unknown)) == (ours, not ours)


@MANY
@given(TEXTS)
def test_hours_of_any_text_are_readable_or_none(text: str) -> None:
    found = read_hours(text)
    assert found is None or readable(found)


@MANY
@given(TEXTS, st.sampled_from(["", "OK"]))
def test_any_address_is_split_or_not(text: str, state: str) -> None:
    found = split_address(text, state)
    assert found is None or (len(found[2]) == 2 and (not found[3] or len(found[3]) == 5))
    assert point_of(text) is None or all(float(part) < 1e4 for part in (point_of(text) or ())[:2])


@MANY
@given(st.dictionaries(st.sampled_from([*columns_of_services(), "ages", "point"]), TEXTS, max_size=8))
def test_any_row_is_repaired_twice_to_the_same(cells: dict[str, str]) -> None:
    columns = [*columns_of_services(), "ages", "point"]
    once = repaired(pd.DataFrame([dict.fromkeys(columns, "") | cells]), Mapped(), Said())
    assert once.columns.tolist() == columns
    again = repaired(once, Mapped(), Said())
    assert again["postal_code"].tolist() == once["postal_code"].tolist()
