"""Maps show what the tables say: colours at known places, numbers in the title, refusals at the door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from pyproj import Transformer

from kcgeo.disclosure import release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import Plate, background, drive_time_map, drive_time_sheet, edge_of, gap_map, orientation_map
from kcgeo.present.look import theme
from kcgeo.present.look.classes import count_classes, count_colours, gap_counts, kinds_lacking
from tests.present.town import CRS, CUTOFF_MIN, DOWNTOWN, REQUIRED, Town

ABOUT = {"name": "cells", "kind": "surface", "sources": ["Invented town"], "vintage": "2026"}


def _pixels(plate: Plate) -> NDArray[np.uint8]:
    plate.set_dpi(100)
    plate.canvas.draw()
    return np.asarray(plate.canvas.buffer_rgba())[:, :, :3]  # type: ignore[attr-defined]


def _colour_at(plate: Plate, lon: float, lat: float, *, panel: int = 0) -> NDArray[np.int64]:
    """Commonest colour of the pixels around a place in a panel."""
    pixels = _pixels(plate)
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(lon, lat)
    column, row = plate.axes[panel].transData.transform((x, y))
    top = pixels.shape[0] - round(row)
    patch = pixels[top - 3 : top + 4, round(column) - 3 : round(column) + 4].reshape(-1, 3).astype(int)
    colours, counts = np.unique(patch, axis=0, return_counts=True)
    found: NDArray[np.int64] = colours[counts.argmax()]
    return found


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(to_rgb(colour)) * 255


@pytest.fixture(scope="module")
def medical(town: Town) -> Plate:
    return drive_time_map(town.cells, category="medical", ground=town.ground, places=town.places)


# lon, lat and class; a degree of latitude is 111 km, of longitude 86 km, and minutes are km from 39.10, -94.60
@pytest.mark.parametrize(
    ("lon", "lat", "class_number"),
    [(-94.66, 39.16, 0), (-94.66, 38.92, 1), (-94.97, 38.92, 2), (-94.97, 38.76, 3)],
)
def test_colour_tells_the_class(medical: Plate, lon: float, lat: float, class_number: int) -> None:
    assert _colour_at(medical, lon, lat) == pytest.approx(_rgb(theme.RAMP[class_number]), abs=3)


def test_both_panels_tell_the_same(medical: Plate) -> None:
    assert _colour_at(medical, -94.68, 39.18, panel=1) == pytest.approx(_rgb(theme.RAMP[0]), abs=3)


def test_beyond_the_last_class_is_the_loudest(town: Town) -> None:
    plate = drive_time_map(town.cells, category="legal", ground=town.ground)
    assert _colour_at(plate, -94.95, 38.8) == pytest.approx(_rgb(theme.BEYOND), abs=3)


def test_not_connected_is_white_and_hatched(medical: Plate) -> None:
    pixels = _pixels(medical)
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(-94.23, 39.465)
    column, row = medical.axes[0].transData.transform((x, y))
    top = pixels.shape[0] - round(row)
    patch = pixels[top - 6 : top + 7, round(column) - 6 : round(column) + 7].astype(int).mean(axis=2)
    assert patch.max() > 250
    assert patch.min() < 200


def test_beyond_cutoff_is_not_drawn_as_unconnected(town: Town) -> None:
    table = town.cells.table[["cell_id", "medical_min"]]
    table["medical_reason"] = pd.Series(np.where(table["medical_min"].isna(), "beyond_cutoff", None), dtype=object)
    plate = drive_time_map(release(table, **ABOUT), category="medical", ground=town.ground)
    assert _colour_at(plate, -94.23, 39.465) == pytest.approx(_rgb(theme.BEYOND), abs=3)


def test_title_is_the_message_of_the_places(medical: Plate) -> None:
    # 15,000 of 17,000 people are within 30 minutes
    assert medical.note.title == "88 of 100 people live within a 30-minute drive of medical care"


@pytest.mark.parametrize(("headline", "share"), [(22.0, "59"), (23.0, "88"), (60.0, "100")])
def test_message_follows_the_headline(town: Town, headline: float, share: str) -> None:
    plate = drive_time_map(
        town.cells, category="medical", ground=town.ground, places=town.places, headline_min=headline
    )
    assert plate.note.title.startswith(f"{share} of 100 people")


def test_without_places_the_title_is_a_question(town: Town) -> None:
    plate = drive_time_map(town.cells, category="medical", ground=town.ground)
    assert plate.note.title == "How long is the drive to medical care?"


def test_gap_counts_by_hand(town: Town) -> None:
    counts = gap_counts(town.cells, town.places, REQUIRED)
    # 64101 has all three; 64102 has two and legal help by referral; 64103 lacks all
    assert counts.lacking.tolist() == [False, False, True]
    assert counts.lacking_count == 2_000
    assert counts.lacking_share == pytest.approx(2_000 / 17_000)
    states = town.cells.table[[f"{category}_state" for category in REQUIRED]]
    assert (counts.lacking_kinds == (states == "none").sum(axis=1)).all()
    assert (counts.referred & (states == "none").any(axis=1)).sum() == 0
    assert not counts.unknown.any()
    assert counts.referred.sum() > 0


def test_gap_map_says_who_lacks(town: Town) -> None:
    plate = gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground)
    assert plate.note.title == "2,000 people (12%) lack at least one of 3 kinds of help within 30 minutes"
    assert "1 place lacking" in plate.note.alt_text
    assert "No people of Eastsouth County lack one." in plate.note.alt_text
    assert _colour_at(plate, -94.64, 39.13) == pytest.approx(_rgb(theme.RAMP[0]), abs=3)
    assert _colour_at(plate, -94.95, 39.42) == pytest.approx(_rgb(theme.BEYOND), abs=3)


def test_what_nobody_has_looked_for_lacks_nothing_and_is_not_in_reach() -> None:
    states = pd.DataFrame(
        {
            "medical_state": ["in_reach", "in_reach", "none", "in_reach", "in_reach"],
            "legal_state": ["not_collected", "by_referral", "not_collected", "hours_unknown", "in_reach"],
        }
    )
    kinds, referred, unknown = kinds_lacking(states, ["medical", "legal"])
    assert kinds.tolist() == [0, 0, 1, 0, 0]
    assert referred.tolist() == [False, True, False, False, False]
    assert unknown.tolist() == [True, False, False, True, False]


def test_the_inset_of_the_gap_map_shows_where_help_stops(town: Town) -> None:
    table = town.places.table.assign(none_count=[0, 0, 3])
    points = release(table[["place_id", "geometry"]], **{**ABOUT, "name": "points", "kind": "background"})
    gaps = release(table, geography=points, **{**ABOUT, "name": "gaps", "kind": "gaps"})
    edge = edge_of(gaps, crs=CRS, half_width_km=10)
    assert edge == pytest.approx((-94.95, 39.30), abs=1e-4)
    ground = background(town.counties, town.corridors, crs=CRS, downtown=DOWNTOWN, core_half_width_km=10, edge=edge)
    plate = gap_map(town.cells, gaps, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=ground)
    left, right = plate.axes[1].get_xlim()
    x, _ = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(*edge)
    assert left < x < right
    none = release(table.assign(none_count=0), geography=points, **{**ABOUT, "name": "gaps", "kind": "gaps"})
    assert edge_of(none, crs=CRS) is None


def test_gap_map_of_a_place_that_lacks_nothing(town: Town) -> None:
    plate = gap_map(town.cells, town.places, required=["medical"], cutoff_min=CUTOFF_MIN, ground=town.ground)
    assert "lack at least one of 1 kind of help" in plate.note.title
    reached = town.places.table
    reached["medical_state"] = "in_reach"
    points = release(reached[["place_id", "geometry"]], **{**ABOUT, "name": "points", "kind": "background"})
    places = release(reached, geography=points, **{**ABOUT, "name": "gaps", "kind": "gaps"})
    plate = gap_map(town.cells, places, required=["medical"], cutoff_min=CUTOFF_MIN, ground=town.ground)
    assert plate.note.title == "Each place has 1 kind of help in reach or by referral"


@pytest.mark.parametrize("required_count", range(1, 18))
def test_count_classes_cover_each_count_once(required_count: int) -> None:
    classes = count_classes(required_count)
    counts = [count for least, most in classes for count in range(least, most + 1)]
    assert sorted(counts) == list(range(required_count + 1))
    assert len(count_colours(required_count)) == len(classes)
    assert len(classes) <= len(theme.LACKING) + 1


def test_orientation_tells_the_confidential_in_words(town: Town) -> None:
    plate = orientation_map(town.services, ground=town.ground, areas=town.areas)
    words = " ".join(plate.note.notices)
    assert "1 confidential service without a place" in words
    assert "Eastsouth area" in words
    assert "Safe Roof" not in words + plate.note.alt_text
    assert "Quiet House" not in words + plate.note.alt_text


@pytest.mark.parametrize("number", [0, 21])
def test_sheet_refuses_too_many(town: Town, number: int) -> None:
    with pytest.raises(TableError, match="1 to 20 categories"):
        drive_time_sheet(town.cells, categories=["medical"] * number, ground=town.ground)


def test_raw_tables_are_never_drawn(town: Town) -> None:
    with pytest.raises(DisclosureError, match="must pass the gate"):
        drive_time_map(town.cells.table, category="medical", ground=town.ground)  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="must pass the gate"):
        orientation_map(town.services.table, ground=town.ground)  # type: ignore[arg-type]


def test_a_release_of_another_kind_is_refused(town: Town) -> None:
    with pytest.raises(DisclosureError, match="'services', not"):
        drive_time_map(town.services, category="medical", ground=town.ground)


def test_missing_columns_are_named(town: Town) -> None:
    with pytest.raises(TableError, match="cells lack the columns counselling_min"):
        drive_time_map(town.cells, category="counselling", ground=town.ground)
    with pytest.raises(TableError, match="cells lack the columns counselling_state"):
        gap_map(town.cells, town.places, required=["counselling"], cutoff_min=30, ground=town.ground)


def test_releases_are_not_changed(town: Town) -> None:
    before = town.cells.table, town.places.table
    gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground)
    pd.testing.assert_frame_equal(town.cells.table, before[0])
    pd.testing.assert_frame_equal(town.places.table, before[1])


def test_a_long_title_stays_on_the_page_and_off_the_map(town: Town) -> None:
    long = "Where the nearest medical care is near, where it is far, and for how many people of the whole study area"
    plate = drive_time_map(town.cells, category="medical", ground=town.ground, title=long)
    renderer = plate.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [text.get_window_extent(renderer) for text in plate.texts[:2]]
    assert boxes[0].x1 <= plate.bbox.x1
    assert boxes[0].y0 >= boxes[1].y1 - 1
    assert boxes[1].y0 >= plate.axes[0].get_window_extent(renderer).y1


def test_a_study_of_one_state_without_river_towns_or_sites(town: Town) -> None:
    counties = town.counties.table
    alone = release(counties[counties["state"] == "KS"], **{**ABOUT, "name": "counties", "kind": "background"})
    ground = background(alone, town.corridors, crs=CRS, downtown=DOWNTOWN)
    assert ground.whole.state_line.is_empty
    plate = drive_time_map(town.cells, category="medical", ground=ground)
    assert _colour_at(plate, -94.70, 39.17) == pytest.approx(_rgb(theme.RAMP[0]), abs=3)
    labels = [text.get_text() for text in plate.axes[-1].texts]
    assert "interstate" in labels
    assert not [label for label in labels if "River" in label]
