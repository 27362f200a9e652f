"""The strip chart says what the tables say: bands where a gap is, every exit ticked, nothing over anything else."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from kcgeo.access import gap_segments
from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import Plate, corridor_chart, gap_miles, save_figure
from kcgeo.present.figures.charts.strips import BAND, GAP, SERVED
from kcgeo.present.look import theme
from tests.present.colour import contrast_ratio, lightness

CUTOFF_MIN = 30.0


def _miles(route: str, state: str, system: str, first: float, last: float, start: float) -> pd.DataFrame:
    miles = np.arange(first, last + 0.25, 0.5)
    return pd.DataFrame(
        {"route": route, "state": state, "system": system, "milepost_mi": miles, "along_mi": start + miles - first}
    )


def _stations() -> pd.DataFrame:
    """I-1 crosses the line at mile 40 of its way, I-2 at 60, after a change of its miles at 30."""
    table = pd.concat(
        [
            _miles("I-1", "KS", "I-1 KS", 200, 239.5, 0.0),
            _miles("I-1", "MO", "I-1 MO", 0, 40, 40.0),
            _miles("I-2", "KS", "I-2 KS turnpike", 190, 219.5, 0.0),
            _miles("I-2", "KS", "I-2 KS", 400, 429.5, 30.0),
            _miles("I-2", "MO", "I-2 MO", 0, 30, 60.0),
        ],
        ignore_index=True,
    )
    away = (table["along_mi"] - np.where(table["route"] == "I-1", 40.0, 60.0)).abs()
    table["legal_min"] = away * 0.9  # over 30 beyond 33.3 miles
    table["medical_min"] = 3 + away / 10
    return table


def _exits(stations: pd.DataFrame) -> pd.DataFrame:
    rows = stations[(stations["milepost_mi"] % 2 == 0) & stations["along_mi"].between(20, 55)]
    exits = rows.drop(columns=["legal_min", "medical_min"]).assign(label=None)
    exits["exit"] = exits["milepost_mi"].map("{:g}".format)
    exits["label"] = np.where(exits["milepost_mi"] == 230, "I-9", None)
    return exits


def _chart(stations: pd.DataFrame, **options: object) -> Plate:
    return corridor_chart(*_released(stations), cutoff_min=CUTOFF_MIN, **options)  # type: ignore[arg-type]


def _released(stations: pd.DataFrame) -> tuple[Released, Released, Released]:
    segments = gap_segments(stations, cutoff_min=CUTOFF_MIN)
    notes = {"sources": ["made up"], "vintage": "2026"}
    return (
        release(stations, name="profile", kind="profile", **notes),  # type: ignore[arg-type]
        release(segments, name="segments", kind="profile", **notes),  # type: ignore[arg-type]
        release(_exits(stations), name="exits", kind="background", **notes),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def chart() -> Plate:
    return _chart(_stations())


def _texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def _strips(chart: Plate) -> list[Axes]:
    """Axes with a dashed cutoff line, in order: those of the first corridor, then those of the second."""
    return [axes for axes in chart.axes if "30 min" in _texts(axes)]


def _bands(axes: Axes) -> list[tuple[float, float]]:
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle) and to_hex(patch.get_facecolor()) == BAND]
    return [(box.get_x(), box.get_x() + box.get_width()) for box in boxes]


def test_a_strip_for_each_route_and_kind_with_the_thinnest_kind_first(chart: Plate) -> None:
    names = [name for axes in _strips(chart) for name in _texts(axes) if name in ("Legal help", "Medical care")]
    assert names == ["Legal help", "Medical care", "Legal help", "Medical care"]


def test_bands_lie_on_the_segments_and_half_a_step_beyond(chart: Plate) -> None:
    legal_1, medical_1, legal_2, medical_2 = _strips(chart)
    # over 30 minutes from 33.33 miles on: stations up to 6.5 and from 73.5 miles along I-1
    np.testing.assert_allclose(_bands(legal_1), [(0.0, 6.75), (73.25, 80.0)])
    np.testing.assert_allclose(_bands(legal_2), [(0.0, 26.75)])
    assert _bands(medical_1) == _bands(medical_2) == []


def test_a_gap_at_a_single_station_is_seen() -> None:
    stations = _stations()
    stations.loc[stations["along_mi"] == 50, "medical_min"] = 31.0
    _, medical_1, _, medical_2 = _strips(_chart(stations))
    np.testing.assert_allclose(_bands(medical_1), [(49.75, 50.25)])
    assert "10: to 31 min" in _texts(medical_1)
    np.testing.assert_allclose(_bands(medical_2), [(49.75, 50.25)])


def test_stations_without_any_way_are_hatched_and_in_the_legend(chart: Plate) -> None:
    stations = _stations()
    stations.loc[(stations["route"] == "I-1") & (stations["along_mi"] >= 79), "medical_min"] = np.nan
    lost = _chart(stations)
    hatched = [patch for patch in _strips(lost)[1].patches if patch.get_hatch() == theme.HATCH["not_connected"]]
    assert len(hatched) == 3
    assert any("no way" in text for text in _texts(_strips(lost)[1]))
    assert ["no way at all" in _texts(figure.axes[-1]) for figure in (chart, lost)] == [False, True]


def test_labels_tell_mileposts_and_the_longest_time(chart: Plate) -> None:
    legal_1, _, legal_2, _ = _strips(chart)
    assert {"200–206.5: to 36 min", "33.5–40: to 36 min"} <= set(_texts(legal_1))
    assert "190–216.5: to 54 min" in _texts(legal_2)


def test_all_exits_are_ticked_and_junctions_named_with_their_route(chart: Plate) -> None:
    rows = [axes for axes in chart.axes if "exit" in _texts(axes)]
    exits = _exits(_stations())
    for axes, route in zip(rows, ("I-1", "I-2"), strict=True):
        ticks = {segment[0][0] for line in axes.collections for segment in line.get_segments()}
        assert ticks == set(exits.loc[exits["route"] == route, "along_mi"])
    assert "I-9\n230" in _texts(rows[0])


def test_state_lines_and_changes_of_mileposts_are_marked(chart: Plate) -> None:
    frames = [axes for axes in chart.axes if {"I-1", "I-2"} & set(_texts(axes))]
    assert [line.get_xdata()[0] for line in frames[0].lines] == [39.75]
    assert [line.get_xdata()[0] for line in frames[1].lines] == [59.75, 29.75]
    assert {"I-1", "south to north", "KS ◂", "▸ MO"} == set(_texts(frames[0]))
    assert {"I-2", "west to east", "KS ◂", "▸ MO", "turnpike miles ◂"} == set(_texts(frames[1]))
    # the state line is one line through the sheet
    left, right = (axes.transData.transform((line, 0))[0] for axes, line in zip(frames, (39.75, 59.75), strict=True))
    assert left == pytest.approx(right, abs=0.01)


def test_one_scale_of_miles_for_all_corridors(chart: Plate) -> None:
    per_mile = {round(axes.get_position().width / np.ptp(axes.get_xlim()), 9) for axes in _strips(chart)}
    assert len(per_mile) == 1
    assert len({axes.get_ylim() for axes in _strips(chart)}) == 1


def test_the_sheet_says_what_it_is_and_is_not(chart: Plate) -> None:
    told = " ".join(" ".join(text.get_text() for text in chart.texts).split())
    for words in (
        "Roads are not evidence of trafficking",
        "Free-flow model",
        "Lower bound of help",
        "Sources: made up",
        "14 of 80 miles of I-1 and 27 of 90 miles of I-2 are over 30 minutes from some kind of help",
    ):
        assert words in told
    assert "KS 200–206.5: to 36 min; MO 33.5–40: to 36 min" in chart.note.alt_text
    assert "Medical care, mileposts: none" in chart.note.alt_text


def test_near_everywhere_gives_another_message() -> None:
    stations = _stations().assign(legal_min=5.0)
    assert _chart(stations).note.title == "Each kind of help is within 30 minutes of every mile of I-1 and I-2"
    assert _chart(stations, title="Mine").note.title == "Mine"


def test_texts_do_not_lie_on_one_another(chart: Plate) -> None:
    canvas = FigureCanvasAgg(chart)
    with theme.applied():
        canvas.draw()
        texts = [text for text in chart.findobj(Text) if text.get_text().strip() and text.get_visible()]
        boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts]
    page = chart.bbox
    assert [text for text, box in boxes if box.x0 < page.x0 or box.x1 > page.x1] == []
    # numbers of neighbouring strips may touch by the blank over a digit
    clashes = [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 4.5
    ]
    assert clashes == []


def test_towns_are_named_larger_ones_first_where_there_is_room() -> None:
    names = pd.DataFrame(
        {
            "route": ["I-1", "I-1", "I-1", "I-2"],
            "state": "KS",
            "along_mi": [20.0, 22.0, 60.0, 10.0],
            "name": ["Smallham", "Bigham", "Farham", "Westham"],
            "population_count": [100, 90_000, 10, 5],
        }
    )
    towns = release(names, name="corridor_towns", kind="background", sources=["a map"], vintage="2026")
    chart = _chart(_stations(), towns=towns)
    rows = [axes for axes in chart.axes if "near" in _texts(axes)]
    assert [set(_texts(axes)) for axes in rows] == [{"near", "Bigham", "Farham"}, {"near", "Westham"}]
    assert [text.get_position()[0] for text in rows[1].texts if text.get_text() == "Westham"] == [10.0]
    assert "a map" in chart.note.sources


def test_gaps_stand_out_in_grey_and_their_words_are_readable() -> None:
    assert lightness(SERVED) - lightness(GAP) > 30
    assert contrast_ratio("#ffffff", GAP) >= 4.5


def test_miles_in_gaps_count_each_station_once_to_the_middle_of_its_neighbours() -> None:
    stations = _miles("I-1", "KS", "I-1 KS", 0, 3, 0.0)
    stations["legal_min"] = [40, 40, 10, 10, 40, 10, 10]
    stations["medical_min"] = [5, 5, 5, 5, 40, 5, 5]
    assert gap_miles(stations, ["legal", "medical"], cutoff_min=30) == {"I-1": (0.75 + 0.5, 3.0)}
    assert gap_miles(stations, ["legal"], cutoff_min=40) == {"I-1": (0.0, 3.0)}


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_figure(_chart(_stations()), tmp_path, name, formats=("svg",))
    one, two = ((tmp_path / f"{name}.svg").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"south to north" in one


def test_refusals() -> None:
    profile, segments, exits = _released(_stations())
    with pytest.raises(DisclosureError, match="must pass the gate"):
        corridor_chart(profile.table, segments, exits, cutoff_min=30)  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="of kind 'background'"):
        corridor_chart(exits, segments, exits, cutoff_min=30)
    bare = release(
        _stations().drop(columns="along_mi"), name="profile", kind="profile", sources=["made up"], vintage="2026"
    )
    with pytest.raises(TableError, match="profile lack the columns along_mi"):
        corridor_chart(bare, segments, exits, cutoff_min=30)
    other = _stations().query("route == 'I-2'")
    strange = release(other, name="profile", kind="profile", sources=["made up"], vintage="2026")
    title = corridor_chart(strange, segments, exits, cutoff_min=30).note.title
    assert title == "27 of 90 miles of I-2 are over 30 minutes from some kind of help"
    cut = release(other[other["along_mi"] > 40], name="profile", kind="profile", sources=["made up"], vintage="2026")
    with pytest.raises(TableError, match="lies on no station"):
        corridor_chart(cut, segments, exits, cutoff_min=30)
