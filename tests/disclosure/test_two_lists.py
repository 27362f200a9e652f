"""Safe under union: what one list of a study hides, another list of it does not show."""

from __future__ import annotations

import random
import string

import pandas as pd
import pytest

from kcgeo import data
from kcgeo.data.directory.closing.fingerprints import beside_hidden, fingerprints
from kcgeo.errors import StudyError, WithheldWarning
from kcgeo.study.file.add import add_layer

from .small_study import STUDY

BASIS = "public office, hospital, agency or hotline"
pytestmark = pytest.mark.filterwarnings("ignore:.*came in as withheld")


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))


def word(draw, least=7):
    return "".join(draw.choice(string.ascii_lowercase) for _ in range(draw.randint(least, 11))).title()


def slip(draw, text):
    """One letter lost, doubled or exchanged, somewhere after the first."""
    at = draw.randrange(1, len(text) - 1)
    return draw.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + draw.choice("aeiou") + text[at + 1 :],
        ]
    )


def telephone(number):
    return f"816-555-{number:04d}"


def pairs(count, seed):
    """Rows of two lists about the same places, each pair agreeing, in dirty spelling, in one thing alone."""
    draw = random.Random(seed)
    first, second = [], []
    for number in range(count):
        street, house = word(draw), draw.randint(1, 9999)
        # a place of its own each: half a kilometer and more from any other
        longitude, latitude = -94.58 + number % 40 * 0.011, 38.86 + number // 40 * 0.013
        row = {
            "service_id": f"a{number}",
            "organization_name": f"{word(draw)} Quetzal {word(draw)} Inc",
            "service_name": "Case management",
            "service_categories": "case_management",
            "physical_address": f"{house} {street} Road",
            "city": "Kansas City",
            "state": "MO",
            "latitude": f"{latitude:.5f}",
            "longitude": f"{longitude:.5f}",
            "phone": telephone(number),
            "eligibility": "any",
            "location_type": "physical",
        }
        other = row | {
            "service_id": f"b{number}",
            "organization_name": f"{word(draw)} Clinic {word(draw)}",
            "physical_address": f"{draw.randint(10001, 99999)} {word(draw)} Street",
            "latitude": f"{latitude + 0.0052:.5f}",
            "longitude": f"{longitude + 0.005:.5f}",
            "phone": telephone(5000 + number),
            "disclosure": "exact",
            "disclosure_basis": BASIS,
        }
        agrees = number % 4
        if agrees == 0:
            other["phone"] = draw.choice(["(816) 555 {:04d}", "816.555.{:04d} ext. 3", "+1 816-555-{:04d}"]).format(
                number
            )
        elif agrees == 1:
            kind = draw.choice(["Rd.", "ROAD", "", "rd, Suite 4"])
            other["physical_address"] = f"{house} {slip(draw, street)} {kind}".strip()
            other["city"] = draw.choice(["KANSAS CITY", "K.C.", None])
        elif agrees == 2:
            other["latitude"] = f"{latitude + draw.uniform(-5e-4, 5e-4):.6f}"
            other["longitude"] = f"{longitude + draw.uniform(-5e-4, 5e-4):.6f}"
        else:
            name = slip(draw, str(row["organization_name"]).removesuffix(" Inc"))
            other["organization_name"] = draw.choice([name.upper(), f"The {name}", f"{name}, LLC"])
        first.append(row)
        second.append(other)
    return pd.DataFrame(first), pd.DataFrame(second)


def study_of(folder, *lists):
    path = folder / "study.toml"
    path.write_text(STUDY.replace('\n[services]\npath = "services.csv"\n', ""))
    for name, rows in lists:
        rows.to_csv(folder / f"{name}.csv", index=False)
        add_layer(path, "services", str(folder / f"{name}.csv"), options={"basis": BASIS}, name=name)
    return data.read_study(path)


@pytest.mark.slow
def test_a_thousand_places_that_one_list_hides_are_closed_in_the_other(tmp_path):
    first, second = pairs(1000, seed=3)
    alone = second.tail(1).assign(
        service_id="open",
        organization_name="Example Court",
        physical_address="1 Elsewhere Avenue",
        phone="816-555-9999",
    )
    second = pd.concat([second, alone.assign(latitude="39.15", longitude="-94.05")], ignore_index=True)
    study = study_of(tmp_path, ("first", first.assign(Confidential="TRUE")), ("second", second))
    with pytest.warns(WithheldWarning, match="hidden place of another list"):
        rows = data.directory(study)
    assert rows.loc[rows["disclosure"].ne("withheld"), "service_id"].tolist() == ["open"]
    assert len(rows) == 2001
    # in the register stands nothing that could be read
    register = (tmp_path / "study.layers" / "layers.json").read_text()
    assert not any(secret in register for secret in (*first["phone"], *first["physical_address"]))


def test_the_order_of_the_lists_does_not_matter_and_a_public_list_hides_nothing(tmp_path):
    first, second = pairs(8, seed=4)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    hidden = first.assign(Confidential="TRUE")
    for folder, lists in (("one", [("a", hidden), ("b", second)]), ("two", [("b", second), ("a", hidden)])):
        assert data.directory(study_of(tmp_path / folder, *lists))["disclosure"].eq("withheld").all()
    public = study_of(tmp_path, ("a", first.assign(disclosure="exact", disclosure_basis=BASIS)), ("b", second))
    assert data.directory(public)["disclosure"].eq("exact").all()


def test_unrelated_places_stay_open():
    first, second = pairs(400, seed=5)
    others = pairs(400, seed=6)[1].assign(latitude="38.8", phone=None)
    assert beside_hidden(second, fingerprints(first)).all()
    assert not beside_hidden(others, fingerprints(first)).any()


def test_fingerprints_of_another_user_are_refused(tmp_path, monkeypatch):
    first, second = pairs(4, seed=7)
    known = fingerprints(first)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(StudyError, match="on another machine"):
        beside_hidden(second, known)
    assert (tmp_path / "kcgeo" / "hidden-doors.key").stat().st_mode & 0o077 == 0
