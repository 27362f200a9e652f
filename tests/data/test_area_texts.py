"""Rows at area level: a short name and a telephone, and nothing that narrows the place, however it is written."""

from __future__ import annotations

import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data.directory.closing.area_texts import approved_names, is_telephone, narrows_the_place

PLACES = [
    "Example House Olathe",
    "Example Refuge in Blue Springs",
    "Example 15SUD6230",
    "Example 15S UD 62 30",
    "Example UTM 15N 362000 4323000",
    "Example 39.05N, 94.55W",
    "Example lat 39.05 lon -94.55",
    "Example 12 Elm Trail",
    "Example 12 W. 39th",
    "Example, corner of Elm Street and Main Street",
    "Example Elm and 5th",
    "Example at Main and Fifth",
    "Example, exit 228 off I-35",
    "Example, mile marker twelve",
    "Calle Ocho 12",
    "Shelter 12, Elm",
    "Shelter 12 Elm",
    "Avenida Central",
    "Example 12 Elm\u200bStreet",
    "Example \uff11\uff12 Elm",
    "Example 64106",
    "Blue-Springs refuge",
    "BLUESPRINGS refuge",
    "Refuge O l a t h e",
    "\u00d3lathe refuge",
    "Bl\u0443e Springs",  # a Cyrillic letter
    "Lee's Summit home",
    "Grand View refuge",
    "Roeland Pk refuge",
    "Example two blocks off Troost",
    "Example, P.O. Box nine",
    "Refuge in Mission",
    "Elm St. house",
    "Example north of the river",
    "Example, Cass County",
]
NAMES = [
    "Emergency shelter, 24/7",
    "House of Hope",
    "Hope House",
    "Emergency shelter for women and children",
    "Children's Center (birth to 12)",
    "Transitional living, ages 16-21",
    "Crisis line 988",
    "Drug court advocacy",
    "Safe Place",
    "Quetzal Women",
    "Sample organisation 14",
    "Domestic-violence shelter and 24-hour hotline",
]


@pytest.mark.parametrize("text", PLACES)
def test_a_text_that_narrows_the_place(text):
    assert narrows_the_place(text)


@pytest.mark.parametrize("text", NAMES)
def test_a_plain_name(text):
    assert not narrows_the_place(text)


@pytest.mark.parametrize(
    "text", ["816-555-0100", "(816) 555-0100 ext. 4", "1-888-373-7888", "816.555.0100; 988", "555-0104"]
)
def test_a_telephone(text):
    assert is_telephone(text)


@pytest.mark.parametrize(
    "text", ["39.05 -94.55", "call 816-555-0100; we are at 12 Elm Trail, Olathe", "39.0512345", "64106"]
)
def test_no_telephone(text):
    assert not is_telephone(text)


def test_names_that_were_approved_are_those_of_the_records():
    approved = approved_names(data.authorisations())
    assert narrows_the_place("Kansas City Center for Inclusion")
    assert not narrows_the_place("Kansas City  Center for Inclusion", approved=approved)
    shown = data.services()
    shown = shown[shown["disclosure"].eq("area")]
    texts = [*shown["organization_name"], *shown["service_name"]]
    assert not [text for text in texts if narrows_the_place(text, approved=approved)]
    assert sum(narrows_the_place(text) for text in dict.fromkeys(texts)) == len(approved)


@pytest.mark.parametrize(
    ("column", "text"), [("service_name", PLACES[0]), ("organization_name", PLACES[14]), ("phone", "39.05 -94.55")]
)
def test_the_loader_refuses_without_repeating_it(tmp_path, data_folder, column, text):
    rows = pd.read_csv(data_folder / "derived" / "services.csv", dtype="str")
    row = rows[rows["disclosure"].eq("area")].head(1)
    row.assign(**{column: text}).to_csv(tmp_path / "services.csv", index=False)
    with pytest.raises(Exception, match=column) as refusal:
        data.services(path=tmp_path / "services.csv")
    assert text not in str(refusal.value) and row["service_id"].iloc[0] in str(refusal.value)
