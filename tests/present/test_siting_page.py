"""Map, page and charts of a plan in the small metro: what they say is what the tables hold, and an area is no pin."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present import Plate, save_figure
from kcgeo.present.figures.charts.siting_charts import group_chart, pareto_chart
from kcgeo.present.figures.siting_map import change_of, siting_map
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.look.plan_words import plan_words
from kcgeo.present.paper.siting_page import siting_page
from kcgeo.present.web.siting_web import siting_web_page
from tests.present.town import CRS, Town

Plan = dict[str, Released]
NEW = {"1": (-94.85, 39.20), "2": (-94.30, 38.80)}


def _made(table: pd.DataFrame, name: str, kind: str = "siting", geography: Released | None = None) -> Released:
    return release(table, name=name, kind=kind, sources=["made up"], vintage="2026", geography=geography)


def _ring(spot: tuple[float, float]) -> shapely.Polygon:
    flat = gpd.GeoSeries([shapely.Point(spot)], crs=4326).to_crs(CRS).buffer(5_000)
    return flat.to_crs(4326).iloc[0]


def _km(points: gpd.GeoSeries, spot: tuple[float, float]) -> np.ndarray:
    middle = gpd.GeoSeries([shapely.Point(spot)], crs=4326).to_crs(CRS).iloc[0]
    return points.to_crs(CRS).distance(middle).to_numpy() / 1000


def make_plan(town: Town, **changes: object) -> Plan:
    """Two new sites of medical care: the nearest of three counts."""
    cells, places = town.cell_table, gpd.GeoDataFrame(town.places.table)
    after = np.fmin.reduce([cells["medical_min"].to_numpy(), *(_km(cells.geometry, spot) for spot in NEW.values())])
    reach = pd.DataFrame(
        {"cell_id": cells["cell_id"], "medical_before_min": cells["medical_min"], "medical_after_min": after}
    )
    then = np.fmin.reduce([places["medical_min"].to_numpy(), *(_km(places.geometry, spot) for spot in NEW.values())])
    ground = _made(places[["place_id", "geometry"]], "places", "background")
    was, now = places["medical_min"].to_numpy() <= 30, then <= 30
    by_place = gpd.GeoDataFrame(
        {
            "place_id": places["place_id"],
            "place_name": "Town",
            "demand_count": places["population_count"].astype(float),
            "before_min": places["medical_min"],
            "after_min": then,
            "change": np.select([~was & now, was], ["gained", "stays_covered"], "stays_uncovered"),
            "before": np.where(was, "in_reach", "none"),
            "after": np.where(now, "in_reach", "by_referral"),
        },
        geometry=places.geometry.array,
        crs=4326,
    )
    people = by_place["demand_count"]
    before_count, after_count = float(people[was].sum()), float(people[now].sum())
    plan = {
        "plan": 1, "category": "medical", "eligibility": "any", "group": "population_count", "measure": "max_coverage",
        "unit": "people", "objective": after_count, "bound": after_count, "gap": 0.0, "status": "optimal",
        "cutoff_min": 30.0, "area": "places", "candidate_count": 9, "existing_count": 1, "new_count": 2,
        "referral_weight_share": 0.5, "capacity_count": np.nan, "within_share": 0.02, "draw_count": 5, "reason": "",
    } | changes  # fmt: skip
    sites = gpd.GeoDataFrame(
        {
            "rank": [1, 2], "candidate_id": ["a", "b"], "name": ["Westville 66001", "Eastville 64001"],
            "gained_count": [after_count - before_count, 0.0], "covered_share": [0.9, 0.9], "plan_share": [1.0, 0.5],
        },
        geometry=[_ring(spot) for spot in NEW.values()],
        crs=4326,
    )  # fmt: skip
    groups = pd.DataFrame(
        {
            "group": ["population_count"], "total_count": [float(people.sum())], "before_count": [before_count],
            "after_count": [after_count], "gained_count": [after_count - before_count],
            "before_share": [before_count / people.sum()], "after_share": [after_count / people.sum()],
        }
    )  # fmt: skip
    draws = {"plan": [0, 1], "covered_share_low": [0.4, 0.7], "covered_share_median": [0.5, 0.8]}
    draws |= {"covered_share_high": [0.6, 0.9], "gained_count_low": [0.0, 1e4], "gained_count_high": [0.0, 2e4]}
    front = {"plan": [1, 2], "name": ["Westville 66001", "Eastville 64001"], "covered_share": [0.9, 0.8]}
    front |= {"worst_time_min": [60.0, 40.0], "least_group_share": [0.7, 0.75]}
    plans = {"plan": [1, 2], "name": ["Westville 66001", "Eastville 64001"], "worse_share": [0.0, 0.01]}
    return {
        "counties": town.counties,
        "corridors": town.corridors,
        "services": town.services,
        "reach": _made(reach, "reach", "surface"),
        "plan": _made(pd.DataFrame([plan]), "plan"),
        "new_sites": _made(sites, "new_sites"),
        "good_areas": _made(sites[["candidate_id", "name", "plan_share", "geometry"]], "good_areas"),
        "by_group": _made(groups, "by_group"),
        "by_place": _made(by_place, "by_place", geography=ground),
        "alternatives": _made(pd.DataFrame(plans), "alternatives"),
        "closures": _made(
            pd.DataFrame({"name": ["Clinic"], "status": ["unknown"], "lost_count": [5e3], "covered_share": [0.6]}),
            "closures",
        ),
        "robustness": _made(pd.DataFrame(draws), "robustness"),
        "front": _made(pd.DataFrame(front), "front"),
    }


@pytest.fixture(scope="module")
def plan(town: Town) -> Plan:
    return make_plan(town)


@pytest.fixture(scope="module")
def page(plan: Plan, town: Town) -> Plate:
    return siting_page(plan, ground=town.ground)


def _said(plate: Plate) -> str:
    texts = [text.get_text() for holder in (plate, *plate.axes) for text in holder.texts]
    return re.sub(r"\s+", " ", " ".join(texts))


def test_words_hold_the_numbers_of_the_tables(plan: Plan) -> None:
    told = plan_words(plan)
    assert told.question == "Where would two new medical sites for anybody help most?"
    assert "Westville 66001 and Eastville 64001" in told.answer
    assert told.proof.startswith("Proven best")
    assert any("drawn 5 times: 10,000 to 20,000 more people" in sentence for sentence in told.sure)
    assert any("If Clinic closed, 60%" in sentence for sentence in told.sure)
    assert any("unknown status" in sentence for sentence in told.sure)
    assert any("referral: 0.5" in phrase for phrase in told.parameters)


def test_words_name_the_steadiest_of_equal_plans(plan: Plan) -> None:
    equal = _made(pd.DataFrame(plan["alternatives"].table).assign(worse_share=0.0), "alternatives")
    draws = pd.concat([plan["robustness"].table, plan["robustness"].table.iloc[[1]].assign(plan=2)])
    held = _made(draws.assign(best_share=[np.nan, 0.25, 0.75], covered_share_median=0.5), "robustness")
    often = _made(pd.DataFrame(plan["plan"].table).assign(draw_count=40), "plan")
    told = plan_words({**plan, "plan": often, "alternatives": equal, "robustness": held})
    assert "1 other plan is exactly as good." in told.sure
    assert "Of these equals, Eastville 64001 holds best in the draws." in told.sure
    # half of five draws is within the error of so few: no winner is named
    few = plan_words({**plan, "alternatives": equal, "robustness": held})
    assert "1 other plan is exactly as good." in few.sure
    assert not any("holds best" in sentence for sentence in few.sure)
    assert any(sentence.startswith("The middle draw gives 50%") for sentence in told.sure)


def test_words_admit_what_is_not_proven(town: Town) -> None:
    stopped = make_plan(town, status="time_limit", gap=0.125, bound=999_999.0, reason="how sure it is")
    told = plan_words(stopped)
    assert told.proof.startswith("Not proven: best plan before the time limit")
    assert "gap 12%" in told.proof
    assert "999,999" in told.proof
    assert "Stopped by hand before how sure it is." in told.sure


def test_less_is_better_where_minutes_count(town: Town) -> None:
    told = plan_words(make_plan(town, measure="p_median", unit="person-minutes"))
    assert "no other choice of 9 areas gives less" in told.proof


def test_page_says_all_that_a_planner_hands_on(page: Plate, plan: Plan) -> None:
    said, told = _said(page), plan_words(plan)
    for text in (told.question, told.answer, told.proof, *told.sure, *told.limits, *told.parameters):
        assert text in said
    assert "chosen area, no address" in said
    assert page.note.alt_text.startswith("One page.")
    assert tuple(page.get_size_inches()) == (8.5, 11.0)


def test_nothing_on_the_page_overlaps_or_leaves_it(page: Plate) -> None:
    renderer = page.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in page.texts if text.get_text().strip()]
    for _, box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= page.bbox.x1
        assert box.y1 <= page.bbox.y1
    for number, (one, box) in enumerate(boxes):
        for other, beside in boxes[number + 1 :]:
            wide = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            tall = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert min(wide, tall) <= 3, (one, other)


def test_page_is_the_same_in_two_runs(plan: Plan, town: Town, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_figure(siting_page(plan, ground=town.ground), tmp_path, name, formats=["pdf"])
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


@pytest.mark.parametrize("site_count", [1, 12])
def test_page_holds_few_and_many_areas(plan: Plan, town: Town, site_count: int) -> None:
    one = gpd.GeoDataFrame(plan["new_sites"].table).iloc[[0]]
    many = pd.concat([one] * site_count, ignore_index=True).assign(rank=range(1, site_count + 1))
    many["candidate_id"] = [f"area {rank}" for rank in many["rank"]]
    many["name"] = [f"{rank} km NW of Excelsior Springs 64024" for rank in many["rank"]]
    sites = _made(many, "new_sites")
    areas = _made(many[["candidate_id", "name", "plan_share", "geometry"]], "good_areas")
    asked = _made(pd.DataFrame(plan["plan"].table).assign(new_count=site_count), "plan")
    changed = {**plan, "new_sites": sites, "good_areas": areas, "plan": asked}
    test_nothing_on_the_page_overlaps_or_leaves_it(siting_page(changed, ground=town.ground))


def test_map_draws_areas_and_no_circle_inside_them(plan: Plan, town: Town) -> None:
    change = change_of(plan, town.ground)
    areas = gpd.GeoDataFrame(plan["new_sites"].table).to_crs(CRS).geometry.union_all()
    assert not shapely.contains_xy(areas, change.circles["x"].to_numpy(), change.circles["y"].to_numpy()).any()
    assert change.after.area > change.before.area
    assert shapely.covers(change.after.buffer(1), change.before)
    assert (change.areas.area > 7e7).all()
    plate = siting_map(plan, ground=town.ground)
    assert plate.note.title == plan_words(plan).headline


def test_states_keep_their_own_circles(plan: Plan, town: Town) -> None:
    circles = change_of(plan, town.ground).circles
    assert "gained" in set(circles["change"])
    assert "stays_covered" not in set(circles["change"])
    assert (circles.loc[circles["change"] == "stays_uncovered", "after"] == "by_referral").all()


@pytest.mark.parametrize("draw", [siting_map, siting_page])
def test_raw_tables_are_refused(draw: Callable[..., Plate], plan: Plan, town: Town) -> None:
    for name in ("plan", "new_sites", "reach", "by_place"):
        with pytest.raises(DisclosureError, match="must pass the gate"):
            draw({**plan, name: plan[name].table}, ground=town.ground)


def test_reach_without_its_columns_is_named(plan: Plan, town: Town) -> None:
    bare = plan["reach"].table[["cell_id", "medical_before_min"]]
    with pytest.raises(TableError, match="medical_after_min"):
        siting_map({**plan, "reach": _made(bare, "reach", "surface")}, ground=town.ground)


def test_a_plan_is_one_row(plan: Plan) -> None:
    twice = pd.concat([plan["plan"].table] * 2).assign(plan=[1, 2])
    with pytest.raises(TableError, match="a plan is one row"):
        plan_words({**plan, "plan": _made(twice, "plan")})


def test_front_shows_each_plan_at_its_numbers(plan: Plan) -> None:
    (axes,) = pareto_chart(plan).axes
    spots = axes.collections[0].get_offsets().tolist()
    np.testing.assert_allclose(sorted(spots), [[40.0, 80.0], [60.0, 90.0]])
    assert [text.get_text() for text in axes.texts] == ["worst-off group 75%", "worst-off group 70%"]


def test_front_without_a_plan_is_refused(plan: Plan) -> None:
    empty = _made(pd.DataFrame({"plan": [1], "name": ["A"], "worst_time_min": [np.nan]}), "front")
    with pytest.raises(TableError, match="nothing to draw"):
        pareto_chart({**plan, "front": empty})


def test_bars_are_as_long_as_the_shares(plan: Plan) -> None:
    (axes,) = group_chart(plan).axes
    row = plan["by_group"].table.iloc[0]
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == pytest.approx([100 * row["before_share"], 100 * (row["after_share"] - row["before_share"])])


def test_web_page_asks_no_network_and_holds_the_tables(plan: Plan, town: Town, tmp_path: Path) -> None:
    (picture,) = save_figure(siting_map(plan, ground=town.ground), tmp_path, "map", formats=["svg"])
    page = siting_web_page(plan, picture=picture.read_text())
    assert "default-src 'none'" in page.html
    assert "<script" not in page.html
    assert not re.search(r'(?:src|href)="(?!#|data:|https://www\.weather\.gov/)', page.html)
    ids = re.findall(r'\bid="([^"]+)"', page.html)
    assert len(ids) == len(set(ids))
    for word in ("Westville 66001", "Clinic", "Eastville 64001", "never an address"):
        assert word in page.html
    with pytest.raises(TableError, match="SVG"):
        siting_web_page(plan, picture="a picture")


def test_geopackage_takes_layers_only(plan: Plan, tmp_path: Path) -> None:
    path = write_geopackage({"new_sites": plan["new_sites"]}, tmp_path / "plan.gpkg")
    again = write_geopackage({"new_sites": plan["new_sites"]}, tmp_path / "again.gpkg")
    assert path.read_bytes() == again.read_bytes()
    assert gpd.read_file(path)["name"].tolist() == ["Westville 66001", "Eastville 64001"]
    with pytest.raises(TableError, match="by_group"):
        write_geopackage({"by_group": plan["by_group"]}, tmp_path / "flat.gpkg")
    assert not (tmp_path / "flat.gpkg").exists()


@pytest.mark.browser
def test_web_page_passes_axe_without_network(plan: Plan, town: Town, tmp_path: Path) -> None:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium on this machine; install it with: apt-get install chromium")
    (picture,) = save_figure(siting_map(plan, ground=town.ground), tmp_path, "map", formats=["svg"])
    path = tmp_path / "map.html"
    path.write_text(siting_web_page(plan, picture=picture.read_text()).html)
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for width in (1280, 390):
            page = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}).new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.getAttribute('href')") == "#numbers"
        browser.close()
    assert all(url.startswith("file:") for url in asked)
