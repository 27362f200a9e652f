"""What exact rows say in their own words: a text that speaks of a hidden place closes its row, in two languages."""

from __future__ import annotations

import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data.directory.closing.area_texts import narrows_the_place
from kcgeo.disclosure import release
from kcgeo.errors import DisclosureError

from .small_study import public_rows, write

pytestmark = pytest.mark.filterwarnings("ignore:.*came in as withheld")
TEXTS = [
    ("service_name", "Advocacy (confidential location)"),
    ("service_name", "Office beside the safe-house"),
    ("service_name", "Advocacy at the residence for survivors"),
    ("organization_name", "Quetzal Safe House office"),
    ("hours", "ask at the safe house, 12 Elm Street"),
    ("hours", "Mo-Fr, the residence where survivors live is closed to visitors"),
    ("service_area", "the safe house at 7100 Sorrel Hollow Road"),
    ("service_area", "guests of the shelter"),
    ("coordinate_source", "shelter of Quetzal"),
    ("coordinate_source", "drive by, secure residence"),
    ("service_name", "Asesor\u00eda (ubicaci\u00f3n confidencial)"),
    ("service_name", "Oficina de la casa segura"),
    ("service_name", "Apoyo en casa de acogida"),
    ("hours", "pregunte en el domicilio protegido"),
    ("hours", "no se publica la direcci\u00f3n"),
    ("service_area", "el albergue, donde viven las sobrevivientes"),
    ("coordinate_source", "refugio Quetzal"),
    ("hours", "ask at the s\u200bafe h\u043euse"),
]


def with_text(root, column, text):
    public = public_rows(root)
    at = public.index[public["disclosure"].eq("exact") & public["physical_address"].notna()][0]
    public.loc[at, column] = text
    return public, str(public.loc[at, "service_id"])


@pytest.mark.parametrize(("column", "text"), TEXTS)
def test_a_text_about_a_hidden_place_closes_its_row(tmp_path, root, column, text):
    public, identity = with_text(root, column, text)
    path = write(tmp_path, public)
    row = data.services(path=path.parent / "services.csv").set_index("service_id").loc[identity]
    assert row["disclosure"] == "withheld"
    assert row.drop(["categories", "disclosure", "disclosure_basis"]).isna().all()


@pytest.mark.parametrize(("column", "text"), TEXTS)
def test_the_gate_refuses_such_a_row_by_its_id(column, text):
    rows = pd.DataFrame(
        {
            "service_id": ["s-1"],
            "organization_name": ["Example Clinic"],
            "service_name": ["Advocacy"],
            "categories": [("advocacy",)],
            "disclosure": ["exact"],
            "disclosure_basis": ["public office"],
            "physical_address": ["12 Elm Street"],
        }
    ).assign(**{column: [text]})
    with pytest.raises(DisclosureError, match="speaks of a place that is confidential: s-1") as refusal:
        release(rows, name="services", kind="services", sources=["made up"], vintage="2026")
    assert text not in str(refusal.value)


def test_public_words_stay(tmp_path, root):
    for column, text in (
        ("service_name", "Confidentiality program office"),
        ("service_name", "Public health nurses for residents of the county"),
        ("service_area", "Jackson County MO"),
        ("hours", "Mo-Fr 08:00-17:00"),
        ("coordinate_source", "US Census geocoder"),
    ):
        public, identity = with_text(root, column, text)
        path = write(tmp_path, public)
        row = data.services(path=path.parent / "services.csv").set_index("service_id").loc[identity]
        assert row["disclosure"] == "exact", text


def test_a_hotline_may_call_itself_confidential(tmp_path, root):
    public = public_rows(root)
    line = public.iloc[:1].assign(
        **{"service_id": "line", "organization_name": "Example Line", "service_name": "Free, confidential hotline"},
        **{"service_categories": "hotline", "location_type": "virtual", "coordinate_precision": "none"},
        **dict.fromkeys(("physical_address", "city", "county", "postal_code", "latitude", "longitude")),
    )
    path = write(tmp_path, pd.concat([public, line], ignore_index=True))
    rows = data.services(path=path.parent / "services.csv").set_index("service_id")
    assert rows.loc["line", "disclosure"] == "exact"


@pytest.mark.parametrize(
    "text",
    [
        *("Example House Olahte", "Example Refuge Blue Sprngs", "Overlnd Prk House", "House Indepedence"),
        *("Shawne Refuge", "Example Kansas Ciyt", "Leawod House", "Refuge of Lees Sumit", "Casa Grandvew"),
    ],
)
def test_a_misspelled_town_narrows_the_place(text):
    assert narrows_the_place(text)
    assert not narrows_the_place(text, approved={text.casefold()})


def test_names_of_the_packaged_area_rows_pass(root):
    table = pd.read_csv(root / "data" / "derived" / "services.csv", dtype="str")
    levels = table.groupby("disclosure")["service_id"].agg(set)
    read = data.services().groupby("disclosure")["service_id"].agg(set)
    assert read["area"] == levels["area"] and read["exact"] == levels["exact"]
