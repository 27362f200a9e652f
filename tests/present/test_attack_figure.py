"""The picture of the attack: it shows what the tables say, takes released tables only, and calls itself invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import attack_map
from kcgeo.present.look import theme

NAMES = {"averages": "Averages", "kcgeo": "Ours"}


def tables() -> dict[str, pd.DataFrame]:
    """A town of 3 x 2 crossings; one publisher leaves one place, the other all six."""
    rows = [
        (name, east, north, 10.0 + 20 * east, name == "kcgeo" or (east, north) == (2, 1), (east, north) == (2, 1))
        for name in NAMES
        for north in range(2)
        for east in range(3)
    ]
    columns = ["publisher", "step_east", "step_north", "shown", "fits", "is_shelter"]
    found = pd.DataFrame({"publisher": list(NAMES), "places_count": [1, 6], "off_km": [0.0, 1.4]})
    masked = pd.DataFrame({"publisher": ["mask"], "step_east": [1.5], "step_north": [0.5]})
    return {"grid": pd.DataFrame(rows, columns=columns), "masked": masked, "attack": found}


def let_out(given: dict[str, pd.DataFrame]) -> dict[str, Released]:
    return {
        name: release(table, name=name, kind="demonstration", sources=["a made-up town"], vintage="invented")
        for name, table in given.items()
    }


def test_the_picture_shows_which_places_are_left() -> None:
    plate = attack_map(let_out(tables()), NAMES)
    pictures = [axes.images[0].get_array() for axes in plate.axes if axes.images]
    assert len(pictures) == 4
    accent = np.array(to_rgb(theme.COLOUR["accent"]))
    left = [np.isclose(np.asarray(picture), accent).all(axis=2) for picture in pictures[1::2]]
    assert [int(one.sum()) for one in left] == [1, 6]
    assert left[0][1, 2]
    shown = np.asarray(pictures[0])
    classes = [to_rgb(colour) for colour in theme.ramp(3)]
    # 10, 30 and 50 minutes: 30 belongs to the class below it
    for east, colour in enumerate((classes[0], classes[1], to_rgb(theme.BEYOND))):
        assert np.allclose(shown[0, east], colour)


def test_the_words_say_what_was_found_and_that_it_is_invented() -> None:
    plate = attack_map(let_out(tables()), NAMES)
    assert "Averages: 1 place of 6 left: found." in plate.note.alt_text
    assert "Ours: all 6 places fit: a guess." in plate.note.alt_text
    said = " ".join(text.get_text() for text in plate.texts)
    assert "invented and stand for no real place" in said and "invented town" in plate.note.subtitle


def test_a_raw_table_and_a_missing_publisher_are_refused() -> None:
    with pytest.raises(DisclosureError, match="release"):
        attack_map(tables(), NAMES)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="stranger"):
        attack_map(let_out(tables()), {**NAMES, "stranger": "Stranger"})
    with pytest.raises(TableError, match="fits"):
        attack_map(let_out({**tables(), "grid": tables()["grid"].drop(columns="fits")}), NAMES)


@pytest.mark.parametrize("column", ["latitude", "longitude", "cell_id", "place_id", "geometry"])
def test_the_kind_of_the_demonstration_holds_no_place(column: str) -> None:
    with pytest.raises(DisclosureError):
        let_out({"grid": tables()["grid"].assign(**{column: "x"})})
