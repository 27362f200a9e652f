"""Figures of equity, certainty and claims say what their tables say; nothing lies over anything else."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Arc, Rectangle
from matplotlib.text import Text

from kcgeo import present
from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import Plate
from kcgeo.present.figures.charts.matrix_charts import shade
from kcgeo.present.figures.claims import disputes
from kcgeo.present.look import theme
from tests.present.town import Town, places_table

WHO, WHEN = ("adult women", "minors"), ("weekday noon", "weekend")
ABOUT = {"sources": ["made up"], "vintage": "2026"}


def _released(table: pd.DataFrame, name: str, kind: str = "equity", geography: Released | None = None) -> Released:
    return release(table, name=name, kind=kind, geography=geography, **ABOUT)  # type: ignore[arg-type]


def _texts(plate: Plate) -> list[str]:
    return [text.get_text() for text in plate.findobj(Text) if text.get_text()]


def _overlaps(plate: Plate) -> list[tuple[str, str]]:
    """Pairs of texts on a page whose boxes meet by more than a hair."""
    with theme.applied():
        plate.canvas.draw()
    seen = [text for text in plate.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in seen]
    return [
        (one, two)
        for (one, a), (two, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
    ]


def _matrix() -> pd.DataFrame:
    """Legal help: unknown at all hours; medical care: open to 60%; both: nobody."""
    rows = []
    for who in WHO:
        for when in WHEN:
            for category, shares in {
                "all required": (0.0, 0.7, 0.1, 0.2),
                "legal": (0.0, 0.9, 0.0, 0.1),
                "medical": (0.6, 0.2, 0.0, 0.2),
            }.items():
                names = ("open_share", "hours_unknown_share", "by_referral_share", "none_share")
                rows.append(
                    {"category": category, "eligibility": who, "when": when, **dict(zip(names, shares, strict=True))}
                )
    return pd.DataFrame(rows)


def _matrix_chart(table: pd.DataFrame) -> Plate:
    return present.matrix_chart(_released(table, "service_matrix"), cutoff_min=30, required=("legal", "medical"))


def test_unknown_hours_have_no_colour_of_open() -> None:
    chart = _matrix_chart(_matrix())
    assert chart.note.title == (
        "Whether all 2 kinds of help are open at one time is unknown:"
        " up to 70% of people have them near, hours not recorded"
    )
    numbers = [text for text in _texts(chart) if text in {"0", "?", "60"}]
    assert numbers.count("?") == 8  # not 0: nobody knows
    assert numbers.count("0") == 0
    assert numbers.count("60") == 4
    patches = [patch for axes in chart.axes for patch in axes.patches if isinstance(patch, Rectangle)]
    hatched = [patch for patch in patches if patch.get_hatch() and patch.get_height() == pytest.approx(0.1)]
    # one bar part a cell, none of them filled
    assert len(hatched) == 12
    assert {to_hex(patch.get_facecolor()) for patch in hatched} == {"#ffffff"}
    assert _overlaps(chart) == []


def test_matrix_shades_fall_in_lightness_with_the_share() -> None:
    colours = [shade(share) for share in (0.0, 0.1, 0.3, 0.6, 0.9)]
    assert colours == [theme.BEYOND, *reversed(theme.RAMP)]


def test_matrix_lacks_no_cell() -> None:
    with pytest.raises(TableError, match="lacks 1 cells, such as medical / minors / weekend"):
        _matrix_chart(_matrix().iloc[:-1])
    with pytest.raises(TableError, match="lack the columns none_share"):
        _matrix_chart(_matrix().drop(columns="none_share"))
    with pytest.raises(DisclosureError, match="must pass the gate"):
        present.matrix_chart(_matrix(), cutoff_min=30, required=("legal",))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def points() -> Released:
    return _released(places_table()[["place_id", "geometry"]], "points", "background")


def _at_places(points: Released, name: str, **columns: object) -> Released:
    table = places_table()[["place_id", "population_count", "geometry"]].assign(**columns)
    return _released(table, name, geography=points)


def _sheet(points: Released, categories: tuple[str, ...] = ("legal",)) -> Released:
    """Legal help: open to two of three places for adult women at noon, of unknown hours else."""
    base = places_table()[["place_id", "population_count", "geometry"]]
    parts = []
    for category in categories:
        for who in WHO:
            for when in WHEN:
                first = (who, when) == (WHO[0], WHEN[0])
                classes = ["open", "open", "none"] if first else ["hours_unknown", "by_referral", "none"]
                parts.append(base.assign(category=category, eligibility=who, when=when, service_class=classes))
    return _released(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)), "matrix_places", geography=points)


def test_map_of_the_matrix_tells_the_best_and_the_worst_hour(town: Town, points: Released) -> None:
    plate = present.matrix_map(_sheet(points), ground=town.ground, cutoff_min=30)
    assert plate.note.title == "Legal help known to be open: 88 of 100 adult women, weekday noon; 0 of 100, weekend"
    assert [text for text in _texts(plate) if text.endswith("of 100 open")].count("0 of 100 open") == 3
    assert _overlaps(plate) == []
    with pytest.raises(TableError, match="shows one category, not 2"):
        present.matrix_map(_sheet(points, ("legal", "medical")), ground=town.ground, cutoff_min=30)


def _curves() -> tuple[pd.DataFrame, pd.DataFrame]:
    people = [0.0, 0.5, 1.0]
    curves = pd.DataFrame(
        {
            "category": ["legal"] * 3 + ["medical"] * 3,
            "people_share": people * 2,
            "access_share": [0.0, 0.0, 1.0, 0.0, 0.4, 1.0],
        }
    )
    numbers = pd.DataFrame({"category": ["legal", "medical"], "gini_index": [0.5, 0.1], "palma_index": [2.0, 1.0]})
    return curves, numbers


def test_lorenz_curves_most_uneven_first() -> None:
    curves, numbers = _curves()
    plate = present.lorenz_chart(_released(curves, "lorenz"), _released(numbers, "equity"), cutoff_min=30)
    assert plate.note.title.startswith("Legal help is shared most unevenly (Gini 0.50)")
    shown = _texts(plate)
    assert "Gini 0.50 · 50% of people reach none" in shown
    assert "Gini 0.10 · 0% of people reach none" in shown
    drawn = plate.axes[0].lines[1].get_xydata()
    np.testing.assert_allclose(drawn, [[0, 0], [50, 0], [100, 100]])
    assert _overlaps(plate) == []
    with pytest.raises(TableError, match="must name the same categories; see medical"):
        present.lorenz_chart(_released(curves, "lorenz"), _released(numbers[:1], "equity"), cutoff_min=30)


def _groups() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "category": ["legal", "legal", "all required", "all required"],
            "group": ["population_count", "poverty_count"] * 2,
            "mean_min": [20.0, 15.0, 30.0, 31.0],
            "gap_min": [0.0, -5.0, 0.0, 1.0],
            "beyond_share": [0.1, 0.2, 0.3, 0.4],
        }
    )


def test_groups_are_compared_with_all_people() -> None:
    plate = present.group_gap_chart(_released(_groups(), "group_gaps"), cutoff_min=30)
    assert plate.note.title == "People in poverty live 5.0 minutes nearer to legal help than all people do"
    assert "in poverty 15.0 min and 20%" in plate.note.alt_text
    assert _overlaps(plate) == []
    strange = _groups().replace({"poverty_count": "household_count"})
    with pytest.raises(TableError, match="no symbol for household_count"):
        present.group_gap_chart(_released(strange, "group_gaps"), cutoff_min=30)


def test_not_significant_is_a_class_of_its_own(town: Town, points: Released) -> None:
    spots = _at_places(points, "hot_spots", cluster=["cold spot", "not significant", "hot spot"])
    plate = present.hot_spot_map(spots, ground=town.ground, required=("legal", "medical"))
    assert plate.note.title == "1 place with 2,000 people in clusters of long drives, more than by chance"
    assert {"far, among far neighbors (1)", "near, among near neighbors (1)", "not significant (1)"} <= set(
        _texts(plate)
    )
    strange = _at_places(points, "hot_spots", cluster="warm")
    with pytest.raises(TableError, match="no symbol for the cluster warm"):
        present.hot_spot_map(strange, ground=town.ground, required=("legal",))


def test_map_shows_value_and_certainty(town: Town, points: Released) -> None:
    sure = _at_places(
        points,
        "certainty",
        value_median=[10.0, 29.0, 80.0],
        covered_draw_share=[1.0, 0.5, 0.0],
        certainty=["almost never", "almost never", "almost always"],
        draw_count=500,
    )
    plate = present.certainty_map(sure, ground=town.ground, required=("legal", "medical"), cutoff_min=30)
    assert plate.note.title == "2,000 people lack some help in nearly every draw; another 5,000 in some draws"
    whole = [item for item in plate.axes[0].collections if isinstance(item, PathCollection) and item.get_zorder() == 36]
    faces = {to_hex(face) for item in whole for face in item.get_facecolor() if face[3] > 0}
    assert faces == {theme.RAMP[0], theme.RAMP[1], theme.BEYOND}
    assert sum(bool(item.get_hatch()) for item in whole) == 1
    assert sum(width > 2 for item in whole for width in item.get_linewidth()) == 1


def test_whiskers_end_where_the_interval_ends() -> None:
    rows = [
        ("all required", "covered_share", "population_count", 0.6, 0.7, 0.8),
        ("legal", "covered_share", "population_count", 0.7, 0.8, 0.9),
        ("legal", "mean_min", "population_count", 15.0, 20.0, 24.0),
    ]
    columns = ["category", "measure", "group", "value_low", "value_median", "value_high"]
    plate = present.interval_chart(_released(pd.DataFrame(rows, columns=columns), "intervals"), cutoff_min=30)
    assert plate.note.title.startswith("60 to 80 of 100 people reach all required kinds of help")
    ends = [line.get_xdata() for axes in plate.axes[:2] for line in axes.lines if line.get_linewidth() == 2.2]
    np.testing.assert_allclose(ends, [[60, 80], [70, 90], [15, 24]])
    assert "20 (15–24)" in _texts(plate)
    assert _overlaps(plate) == []


CLAIMS = [
    ("C1", "children exploited", "1650", "persons", "KC metro", "D", "show_as_disputed", "C2;C3"),
    ("C2", "children exploited", "4000", "persons", "KC metro", "D", "do_not_compute", "C1"),
    ("C3", "cases", "178", "cases", "MO", "B", "show_with_caveat", None),
    ("C4", "distance of a house", "31", "miles", "KC region", "B", "area_only", None),
    ("C5", "law", "2000", "year", "US", "A", "context", None),
]


def _claims() -> pd.DataFrame:
    columns = ["claim_id", "quantity", "value", "unit", "geography", "evidence_grade", "use_in_tool", "contradicts"]
    return pd.DataFrame(CLAIMS, columns=columns)


def test_each_dispute_is_one_arc_and_a_place_is_not_told() -> None:
    assert disputes(_claims()) == [("C1", "C2"), ("C1", "C3")]
    plate = present.claims_chart(_released(_claims(), "claims", "reporting"))
    assert plate.note.title == "Of 5 numbers in circulation, 3 may not be computed with and 3 are contradicted"
    assert sum(isinstance(patch, Arc) for patch in plate.axes[0].patches) == 2
    shown = _texts(plate)
    assert {"1,650 persons", "2000", "178 cases", "not shown"} <= set(shown)
    assert not any("31" in text for text in shown)
    assert shown.count("✗") == 2
    assert _overlaps(plate) == []
    with pytest.raises(TableError, match="does not know the grade or use E"):
        present.claims_chart(_released(_claims().replace({"evidence_grade": {"D": "E"}}), "claims", "reporting"))
