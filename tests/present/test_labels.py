"""Names and shields do not cover each other, stand where they belong, and stand there every time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely

from kcgeo.errors import CrsError, DisclosureError, TableError
from kcgeo.present import background
from kcgeo.present.look.background import Panel
from kcgeo.present.look.labels import Label
from tests.present.town import CRS, DOWNTOWN, Town, make_town


def _box(label: Label, panel: Panel) -> shapely.Polygon:
    width = len(label.text) * 0.6 * label.size_pt * panel.metres_per_point
    height = label.size_pt * panel.metres_per_point
    middle = label.x + {"left": width / 2, "right": -width / 2, "center": 0.0}[label.align]
    return shapely.box(middle - width / 2, label.y - height / 2, middle + width / 2, label.y + height / 2)


@pytest.fixture(params=["whole", "core"])
def panel(town: Town, request: pytest.FixtureRequest) -> Panel:
    found: Panel = getattr(town.ground, request.param)
    return found


def test_names_and_shields_do_not_overlap(panel: Panel) -> None:
    boxes = [_box(label, panel) for label in (*panel.towns, *panel.county_names, *panel.states)]
    half = 7.0 * panel.metres_per_point
    boxes += [shapely.box(s.x - half, s.y - half, s.x + half, s.y + half) for s in panel.shields]
    assert len(boxes) > 5
    for one, two in combinations(boxes, 2):
        assert not one.intersects(two)


def test_shields_stand_on_their_route(panel: Panel) -> None:
    assert panel.shields
    for shield in panel.shields:
        assert panel.roads.distance(shapely.Point(shield.x, shield.y)) < 1.0


def test_two_shields_of_a_route_are_well_apart(panel: Panel) -> None:
    for one, two in combinations(panel.shields, 2):
        if one.number == two.number:
            assert np.hypot(one.x - two.x, one.y - two.y) >= 90 * panel.metres_per_point


def test_all_routes_have_a_shield(town: Town) -> None:
    shown = {shield.number for part in (town.ground.whole, town.ground.core) for shield in part.shields}
    assert shown == {"35", "70", "435"}


def test_county_names_stand_in_their_county(panel: Panel) -> None:
    shapes = dict(zip(panel.counties["name"], panel.counties.geometry, strict=True))
    assert panel.county_names
    for label in panel.county_names:
        assert shapes[label.text].contains(_box(label, panel))


def test_states_are_named_on_their_side(town: Town) -> None:
    line_x = np.mean(shapely.get_coordinates(town.ground.whole.state_line)[:, 0])
    sides = {label.text: np.sign(label.x - line_x) for label in town.ground.whole.states}
    assert sides == {"KANSAS": -1, "MISSOURI": 1}


def test_nothing_lies_outside_its_panel(panel: Panel) -> None:
    window = shapely.box(*panel.extent)
    for layer in (panel.outline, panel.roads, panel.state_line, panel.river, panel.borders):
        assert shapely.difference(layer, shapely.buffer(window, 1)).is_empty
    for label in (*panel.towns, *panel.county_names, *panel.states):
        assert window.contains(_box(label, panel))


def test_state_line_and_river_are_the_shared_borders(town: Town) -> None:
    # the squares are 0.8 degrees high and wide: 88.8 km and about 69 km
    assert town.ground.whole.state_line.length == pytest.approx(88_800, rel=0.01)
    assert town.ground.whole.river.length == pytest.approx(69_200, rel=0.01)


def test_same_input_same_places(town: Town) -> None:
    again = make_town().ground
    for one, two in ((town.ground.whole, again.whole), (town.ground.core, again.core)):
        assert (one.shields, one.towns, one.county_names, one.states) == (
            two.shields,
            two.towns,
            two.county_names,
            two.states,
        )


def test_background_takes_released_tables_only(town: Town) -> None:
    with pytest.raises(DisclosureError, match="must pass the gate"):
        background(town.counties.table, town.corridors, crs=CRS, downtown=DOWNTOWN)  # type: ignore[arg-type]


def test_background_refuses_degrees(town: Town) -> None:
    with pytest.raises(CrsError, match="does not measure in metres"):
        background(town.counties, town.corridors, crs="EPSG:4326", downtown=DOWNTOWN)


def test_background_names_missing_columns(town: Town) -> None:
    with pytest.raises(TableError, match="route, state"):
        background(town.counties, town.towns, crs=CRS, downtown=DOWNTOWN)
