"""Linear referencing on lines that can be worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.data.roads import linear
from kcgeo.errors import TableError

CORNER = shapely.LineString([(0, 0), (0, 1), (1, 1)])
BEND = shapely.LineString([(0, 0), (3000, 0), (3000, 4000), (9000, 4000)])


def test_the_published_example_of_a_measured_line(shared: Path) -> None:
    assert "m = 1.5 is (0.5, 1)" in (shared / "oracles" / "README.md").read_text(encoding="utf-8")
    assert linear.place(CORNER, [0, 1, 2], [1.5]).tolist() == [[0.5, 1.0]]


def test_measures_that_are_not_lengths() -> None:
    # from the corner on, the mileposts run twice as fast
    assert linear.place(CORNER, [10, 11, 13], [12.0]).tolist() == [[0.5, 1.0]]
    milepost, offset, side = linear.locate(CORNER, [10, 11, 13], [(0.5, 1.0)])
    assert (milepost[0], offset[0], side[0]) == (12.0, 0.0, "on")


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((1000, 50), "L"),
        ((1000, -50), "R"),
        ((2950, 2000), "L"),
        ((3050, 2000), "R"),
        ((3100, -100), "R"),  # outside the corner: nearest to the vertex itself
        ((2900, 4100), "L"),
        ((-100, 40), "L"),  # before the start
        ((9500, 3000), "R"),  # beyond the end
        ((1000, 1.0), "on"),
        ((1000, 1.001), "L"),
    ],
)
def test_side_is_that_of_a_traveller_towards_rising_mileposts(point: tuple[float, float], expected: str) -> None:
    assert linear.locate(BEND, linear.measured_m(BEND), [point])[2][0] == expected
    backwards = shapely.reverse(BEND)
    mirrored = {"L": "R", "R": "L", "on": "on"}[expected]
    assert linear.locate(backwards, linear.measured_m(backwards), [point])[2][0] == mirrored


def test_the_side_outside_a_hairpin_needs_both_directions() -> None:
    hairpin = shapely.LineString([(0, 0), (1000, 0), (0, 100)])
    assert linear.locate(hairpin, [0, 1, 2], [(1200, 200), (1200, -200)])[2].tolist() == ["R", "R"]


@given(st.lists(st.floats(0.0, 13_000.0), min_size=1, max_size=20), st.floats(0.2, 5.0))
def test_place_and_locate_are_inverse(metres: list[float], pace: float) -> None:
    miles = linear.measured_m(BEND) * pace + 7.0
    wanted = np.clip(np.array(metres) * pace + 7.0, miles[0], miles[-1])
    found, offset, side = linear.locate(BEND, miles, linear.place(BEND, miles, wanted))
    assert np.allclose(found, wanted, atol=1e-6)
    assert (offset < 1e-6).all()
    assert set(side) == {"on"}


def test_a_milepost_beyond_the_ends_is_refused() -> None:
    assert linear.place(CORNER, [0, 1, 2], [0.0, 2.0]).tolist() == [[0, 0], [1, 1]]
    with pytest.raises(TableError, match=r"2\.0001.*outside 0\.00 to 2\.00"):
        linear.place(CORNER, [0, 1, 2], [1.0, 2.0001])
    with pytest.raises(TableError, match="nan"):
        linear.place(CORNER, [0, 1, 2], [np.nan])


def test_fixed_anchors_are_kept_and_loose_ones_stay_within_their_tolerance() -> None:
    fitted = linear.fit_mileposts([0.0, 13.0, 30.0], [0, 12, 30], [0, 0.5, 0])
    assert fitted[[0, 2]].tolist() == [0.0, 30.0]
    assert fitted[1] == pytest.approx(12.5, abs=1e-9)  # as near to the measured 13 as the tolerance lets it be


def test_anchors_that_agree_with_the_measured_length_are_left_alone() -> None:
    assert linear.fit_mileposts([1.0, 11.0, 31.0], [5, 15, 35], [0.3, 0.5, 0.5]) == pytest.approx([5, 15, 35])


@settings(deadline=None)  # the first example waits for the solver to be imported
@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_the_fit_is_the_best_of_all_feasible_mileposts(count: int, random) -> None:  # type: ignore[no-untyped-def]
    measured = np.cumsum([random.uniform(2, 30) for _ in range(count)])
    nominal = np.round(measured)
    tolerance = np.full(count, 0.5)

    def cost(mileposts: np.ndarray) -> float:
        lengths = np.diff(measured)
        stretch = (np.diff(mileposts) - lengths) ** 2 / (lengths * linear.SHAPE_SD**2)
        return float(stretch.sum() + (3 * (mileposts - nominal) ** 2 / tolerance**2).sum())

    fitted = linear.fit_mileposts(measured, nominal, tolerance)
    assert (np.abs(fitted - nominal) <= tolerance + 1e-9).all()
    for _ in range(20):
        other = np.clip(fitted + [random.gauss(0, 0.2) for _ in range(count)], nominal - tolerance, nominal + tolerance)
        assert cost(fitted) <= cost(other) + 1e-9


def test_leaving_an_anchor_out_shows_what_the_others_say_of_it() -> None:
    # the middle anchor is a mile off: the outer two put it at 10; without an end the line runs on mile for mile
    assert linear.leave_one_out([0, 10, 20], [0, 11, 20], [0, 0, 0]).tolist() == [1.0, -1.0, 1.0]
    assert np.isnan(linear.leave_one_out([3.0], [3.0], [0.0])).all()


def test_anchors_out_of_order_are_refused() -> None:
    with pytest.raises(TableError, match="do not rise"):
        linear.fit_mileposts([0, 5, 5], [0, 5, 6], [0, 0, 0])
    with pytest.raises(TableError, match="closer together"):
        linear.fit_mileposts([0, 5], [5, 5], [0, 0])
    with pytest.raises(TableError, match="at least one anchor"):
        linear.fit_mileposts([], [], [])


def test_anchors_become_vertices_and_the_shape_stays() -> None:
    line, miles = linear.with_mileposts(BEND, [1000.0, 7000.0], [1.0, 2.0])
    assert line.equals(BEND)
    assert (1000.0, 0.0) in line.coords
    assert np.interp([1000, 7000], linear.measured_m(line), miles).tolist() == [1.0, 2.0]
    assert miles[0] == pytest.approx(1.0 - 1000 / linear.MILE_M)
    assert miles[-1] == pytest.approx(2.0 + 6000 / linear.MILE_M)
    assert (np.diff(miles) > 0).all()


def test_a_part_of_a_line_keeps_its_mileposts() -> None:
    part, miles = linear.between(BEND, linear.measured_m(BEND) / 1000, 1000, 5000)
    assert list(part.coords) == [(1000, 0), (3000, 0), (3000, 2000)]
    assert miles.tolist() == [1, 3, 5]


def test_stretches_inside_an_area() -> None:
    line = shapely.LineString([(0, 0), (10_000, 0)])
    boxes = [shapely.box(1000, -1, 2000, 1), shapely.box(2100, -1, 4000, 1), shapely.box(8000, -1, 8100, 1)]
    area = shapely.union_all(boxes)
    assert linear.stretches(line, area, shortest_m=500) == [(1000.0, 4000.0)]
    found = linear.stretches(line, area, shortest_m=50)
    assert np.allclose(found, [(1000.0, 2000.0), (2100.0, 4000.0), (8000.0, 8100.0)])
    assert linear.stretches(line, shapely.box(0, 5, 1, 6), shortest_m=1) == []


def test_a_ring_is_cut_in_the_order_of_its_line() -> None:
    ring = shapely.LineString([(0, 0), (0, 4000), (4000, 4000), (4000, 0), (0, 0)])
    assert linear.stretches(ring, shapely.box(-1, -1, 2000, 5000), shortest_m=10) == [(0.0, 6000.0), (14000.0, 16000.0)]
