"""The explorer in Python: its counts against other ways to the same number, its texts, its areas, its page."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from kcgeo import data, present, study, travel
from kcgeo.data.package.catalogue import file_of
from kcgeo.disclosure import Released, release
from kcgeo.errors import DisclosureError, TableError
from kcgeo.present.look import theme
from kcgeo.present.web import explorer_page as explorer
from kcgeo.present.web.encode import decode
from kcgeo.present.web.explorer_data import whole_minutes, write_numbers, zip_areas
from kcgeo.study import background_of
from kcgeo.study.answers.explorer import HOURS, MOMENTS, candidates
from kcgeo.study.answers.week import week_answer, week_hours
from tests.present.colour import VISIONS, contrast_ratio, least_distance
from tests.present.explorer_case import Case, kansas_city

pytestmark = pytest.mark.slow

PARTS = ["covered_count", "by_referral_count", "unknown_hours_count", "not_collected_count", "none_count"]
MOST_BYTES_SENT = 500_000  # compressed, as a server sends it


@pytest.fixture(scope="module")
def case() -> Case:
    return kansas_city()


@pytest.fixture(scope="module")
def page_path(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study.write_explorer(case.measured, case.released, tmp_path_factory.mktemp("explorer"))[1]


def _read(text: str) -> list[int]:
    """A second reader of the page's numbers, one bit at a time."""
    bits, found = "", []
    for character in text:
        code = ord(character) - 63
        bits = format(code % 32, "05b") + bits
        if code < 32:
            whole = int(bits, 2)
            found.append(-(whole // 2) - 1 if whole % 2 else whole // 2)
            bits = ""
    return found


@given(st.lists(st.integers(-(2**40), 2**40), max_size=40))
def test_numbers_are_read_as_written(values: list[int]) -> None:
    text = write_numbers(np.array(values, dtype=np.int64))
    assert _read(text) == values
    assert not set(text) & set('<&"')


@given(st.integers(0, 130 * 60_000), st.integers(1, 120))
def test_minutes_rounded_up_decide_every_whole_cutoff_as_milliseconds_do(time_ms: int, cutoff_min: int) -> None:
    (minutes,) = whole_minutes(np.array([time_ms / 60_000]), most_min=120)
    assert (minutes <= cutoff_min) == (time_ms <= cutoff_min * 60_000)


def test_no_time_is_beyond_every_cutoff() -> None:
    assert whole_minutes(np.array([np.nan, np.inf, 60.0, 60.001]), most_min=60).tolist() == [61, 61, 60, 61]


def test_without_new_sites_the_counts_are_those_of_the_coverage_table(case: Case) -> None:
    table = case.measured.coverage
    for (category, cutoff_min), found in table.groupby(["category", "cutoff_min"]):
        counts = study.explorer_numbers(
            *case.tables, category=str(category), eligibility="any", cutoff_min=int(cutoff_min)
        )
        rows = found.set_index("group").loc[counts.index]
        assert counts["covered_count"].tolist() == rows["covered_count"].tolist()
        assert counts["total_count"].tolist() == rows["total_count"].tolist()
        by_call = rows["by_referral_share"] * rows["total_count"]
        assert counts["by_referral_count"].tolist() == by_call.round().tolist()
        assert (counts["unknown_hours_count"] == 0).all()  # at any time no hours are asked for


@pytest.mark.parametrize(
    ("who", "when"), [("minors", "weeknight 02:00"), ("men", "weekend"), ("any", "weekday noon"), ("all", "any time")]
)
def test_each_group_and_hour_counts_as_a_study_measured_for_them(case: Case, who: str, when: str) -> None:
    asks = "any_listed" if who == "all" else who
    other = study.measure(
        case.measured.study, eligibility=asks, open_at=MOMENTS[when], network=case.measured.network
    ).coverage.set_index(["category", "cutoff_min", "group"])
    for category in case.measured.study.gaps.required:
        counts = study.explorer_numbers(*case.tables, category=category, eligibility=who, when=when, cutoff_min=30)
        for group in counts.index:
            row = other.loc[(category, 30.0, group)]
            assert counts.loc[group, "covered_count"] == row["covered_count"]
            assert counts.loc[group, "by_referral_count"] == round(row["by_referral_share"] * row["total_count"])
            none = counts.loc[group, ["unknown_hours_count", "not_collected_count", "none_count"]].sum()
            # the page alone counts a referral of unknown hours
            shares = row["hours_unknown_share"] + row["not_collected_share"] + row["none_share"]
            assert none == round(shares * row["total_count"])
            assert counts.loc[group, "unknown_hours_count"] >= round(row["hours_unknown_share"] * row["total_count"])


def test_hours_count_as_a_week_of_help_to_the_person(case: Case) -> None:
    kinds = ["emergency_shelter", "medical", "counselling", "legal"]
    week = week_answer(case.measured, eligibility="minors", categories=kinds).tables["week"].table
    hours = week[week["category"].isin(kinds)].sample(20, random_state=17)
    _, matrix, places = case.tables
    for row in hours.to_dict("records"):
        counts = study.explorer_numbers(
            case.released["explorer_week"],
            matrix,
            places,
            category=row["category"],
            eligibility="minors",
            when=f"{row['when']} {row['hour_index']:02}:00",
            cutoff_min=int(case.measured.study.gaps.headline_cutoff_min),
            hours=case.released["explorer_hours"],
        ).loc[row["group"]]
        told = [
            row[f"{state}_count"] for state in ("in_reach", "by_referral", "hours_unknown", "not_collected", "none")
        ]
        assert counts[PARTS].tolist() == told, row


@pytest.mark.parametrize("seed", range(4))
def test_new_sites_count_as_if_they_were_services(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    measured = case.measured
    category = str(rng.choice(measured.study.gaps.required))
    cutoff_min = int(rng.integers(5, 61))
    spots = candidates(measured.cells, measured.places).sample(3, random_state=seed)
    listed = data.by_category(measured.services)
    listed = listed[listed["category"] == category]
    new = gpd.GeoDataFrame({"service_id": spots["id"]}, geometry=spots.geometry, crs=spots.crs)
    everything = pd.concat([listed[["service_id", "geometry"]], new], ignore_index=True)
    times = travel.nearest_times(measured.network, measured.places, gpd.GeoDataFrame(everything, crs=spots.crs))
    reached = (times["time_min"] <= cutoff_min).to_numpy()
    counts = study.explorer_numbers(
        *case.tables, category=category, eligibility="any", cutoff_min=cutoff_min, sites=list(spots["id"])
    )
    for group in study.GROUPS:
        assert counts.loc[group, "covered_count"] == measured.places.loc[reached, group].sum()


def test_the_states_share_out_everybody_and_more_sites_never_take_away(case: Case) -> None:
    ids = candidates(case.measured.cells, case.measured.places)["id"]
    before = study.explorer_numbers(*case.tables, category="legal", cutoff_min=30, when="weekend")
    for count in (0, 1, 5):
        now = study.explorer_numbers(
            *case.tables, category="legal", cutoff_min=30, when="weekend", sites=ids[::200][:count]
        )
        assert (now[PARTS].sum(axis=1) == now["total_count"]).all()
        assert (now["covered_count"] - now["newly_covered_count"] == before["covered_count"]).all()
        assert (now["covered_count"] >= before["covered_count"]).all()


def test_unknown_hours_are_a_class_of_their_own_and_never_open(case: Case) -> None:
    any_time = study.explorer_numbers(*case.tables, category="counselling", cutoff_min=30)
    night = study.explorer_numbers(*case.tables, category="counselling", cutoff_min=30, when="weeknight 02:00")
    assert (night["covered_count"] <= any_time["covered_count"]).all()
    assert night.loc["population_count", "unknown_hours_count"] > 0
    hours = case.measured.services["opening_hours"]
    lone = case.released["explorer_reach"].table
    assert hours.isna().any()
    assert lone.loc[lone["when"] == "any time", "unknown_hours_min"].isna().all()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"category": "spaceship"}, "spaceship"),
        ({"when": "tea time"}, "tea time"),
        ({"cutoff_min": 22.5}, "whole minutes"),
        ({"cutoff_min": 0}, "whole minutes"),
        ({"sites": ["87ffffffffffffff"]}, "no candidates"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(case: Case, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(TableError, match=words):
        study.explorer_numbers(*case.tables, **({"category": "legal", "cutoff_min": 30} | wrong))


def test_raw_tables_are_refused(case: Case) -> None:
    reach, matrix, places = case.tables
    with pytest.raises(DisclosureError, match="pass the gate"):
        study.explorer_numbers(reach.table, matrix, places, category="legal", cutoff_min=30)
    with pytest.raises(DisclosureError, match="pass the gate"):
        _page(case, matrix=matrix.table)


def _page(case: Case, **change: object) -> object:
    parts = {"reach": case.released["explorer_reach"], "matrix": case.released["explorer_matrix"]} | change
    settings = {"cutoffs_min": (15, 30), "headline_min": 30, "services": {"all": case.released["services"]}} | parts
    return explorer.explorer_page(
        places=case.released["places"],
        cells=case.released["cell_times"],
        ground=background_of(case.measured.study, case.released),
        moments=dict(zip(HOURS, week_hours(), strict=True)),
        week=(case.released["explorer_week"], case.released["explorer_hours"]),
        title="What if?",
        **settings,
    )


def test_cutoffs_of_half_a_minute_are_refused(case: Case) -> None:
    with pytest.raises(TableError, match="whole minutes"):
        _page(case, cutoffs_min=(15, 22.5))


def test_an_unknown_group_is_refused(case: Case) -> None:
    with pytest.raises(TableError, match="pirates"):
        _page(case, services={"pirates": case.released["services"]})


def test_a_page_without_all_services_is_refused(case: Case) -> None:
    with pytest.raises(TableError, match="not minors"):
        _page(case, services={"minors": case.released["services"]})


def test_what_nobody_has_looked_for_is_unknown_and_not_none(case: Case) -> None:
    found = study.explorer_numbers(*case.tables, category="substance_use", cutoff_min=15)
    record = case.measured.collected
    looked = record[record["category"].eq("substance_use") & record["looked_for"].ne("no")]["county_fips"]
    people = case.measured.places
    apart = people[~people["county_fips"].isin(looked)]
    assert 0 < found.loc["population_count", "not_collected_count"] <= apart["population_count"].sum()


def test_a_choice_without_all_its_places_is_refused(case: Case) -> None:
    reach = case.released["explorer_reach"]
    rows = reach.table
    lost = rows.index[rows["eligibility"] == "all"][0]
    short = release(rows.drop(index=lost), name="reach", kind="matrix", sources=reach.sources, vintage=reach.vintage)
    with pytest.raises(TableError, match="lacks 1 rows"):
        _page(case, reach=short)


def test_no_address_leaves_with_the_matrix(case: Case) -> None:
    matrix = case.released["explorer_matrix"].table
    for column, value in {"latitude": 39.1, "physical_address": "x", "name": "x"}.items():
        with pytest.raises(DisclosureError):
            release(matrix.head().assign(**{column: value}), name="m", kind="matrix", sources=["x"], vintage="2026")


def test_candidates_are_cells_of_the_study_area(case: Case) -> None:
    measured = case.measured
    found = candidates(measured.cells, measured.places)
    outline = case.measured.counties.union_all()
    assert found["id"].is_monotonic_increasing
    assert found["id"].is_unique
    assert shapely.covers(outline, found.geometry.to_numpy()).all()
    # wherever people live a site can be tried, unless the middle of the cell lies beyond the border
    lived = measured.places[measured.places["population_count"] > 0].geometry
    areas = {h3.latlng_to_cell(point.y, point.x, measured.study.travel.h3_resolution - 1) for point in lived}
    assert len(areas - set(found["id"])) < len(areas) / 50
    assert len(found) < 1_200
    assert set(case.released["explorer_matrix"].table["candidate_id"]) <= set(found["id"])


def test_areas_around_living_points_share_out_the_land(case: Case) -> None:
    ground = background_of(case.measured.study, case.released)
    areas = zip_areas(case.released["cell_times"], case.released["places"], ground)
    places = case.released["places"].table
    shapes = []
    for rings in areas:
        points = [np.fliplr(decode(ring)) for ring in rings if len(decode(ring)) > 3]
        # holes by the even-odd rule
        shape = shapely.Polygon()
        for ring in points:
            shape = shape.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
        shapes.append(shape)
    layer = gpd.GeoSeries(shapes, crs=4326).to_crs(ground.crs)
    assert layer.area.sum() == pytest.approx(ground.whole.outline.area, rel=0.002)
    assert layer.union_all().area == pytest.approx(ground.whole.outline.area, rel=0.002)
    drawn = np.array([bool(rings) for rings in areas])
    assert not drawn[(places["population_count"] == 0).to_numpy()].any()
    assert drawn[(places["population_count"] > 0).to_numpy()].all()


def test_the_page_is_small_and_the_same_each_time(case: Case, page_path: Path, tmp_path: Path) -> None:
    assert len(gzip.compress(page_path.read_bytes())) < MOST_BYTES_SENT
    again = study.write_explorer(case.measured, case.released, tmp_path)[1]
    assert again.read_bytes() == page_path.read_bytes()


def test_the_page_names_the_releases_that_it_shows(case: Case, tmp_path: Path) -> None:
    uses, _ = study.write_explorer(case.measured, case.released, tmp_path)
    assert set(uses) <= set(case.released)
    assert {"explorer_reach", "explorer_matrix", "places", "services", "services_minors"} <= set(uses)


def test_the_page_says_what_its_numbers_are(page_path: Path) -> None:
    text = page_path.read_text(encoding="utf-8")
    for words in ("free-flow model", "Lower bound", "never counts as open", "Sources:", "Vintage:", "OpenStreetMap"):
        assert words in text
    assert "default-src 'none'" in text
    markup = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    addresses = re.findall(r"""(?:href|src|action)=["'](?!#|data:)([^"']*)""", markup)
    assert addresses == ["https://www.weather.gov/"]
    assert not re.search(
        r"localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttpRequest|sendBeacon", text
    )


def test_every_listed_site_has_a_basis_and_no_hidden_row_is_in_the_page(case: Case, page_path: Path) -> None:
    text = page_path.read_text(encoding="utf-8")
    content = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
    shown = {tuple(site["at"]) for site in content["sites"]}
    table = case.released["services"].table
    exact = table[table.geometry.notna()]
    assert (exact["disclosure"] == "exact").all()
    assert shown <= set(zip(exact.geometry.y.round(4), exact.geometry.x.round(4), strict=True))


def test_withheld_rows_change_no_byte(case: Case, page_path: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(file_of("services"), dtype=str, keep_default_na=False)
    hidden = rows["disclosure"] == "withheld"
    assert hidden.any()
    path = tmp_path / "services.csv"
    rows[~hidden].to_csv(path, index=False)
    asked = replace(case.measured.study, services_path=path)
    public = replace(case.measured, study=asked, listed=data.directory(asked))
    released = case.released | study.release_explorer(public)
    page = study.write_explorer(public, released, tmp_path)[1]
    # the foot alone differs: it names the file where it is not the packaged one
    one, two = (re.sub(r"<p>Sources: .*?</p>", "", path.read_text(encoding="utf-8")) for path in (page, page_path))
    assert one == two


@pytest.mark.parametrize("vision", VISIONS)
def test_states_are_apart_for_every_eye(vision: str) -> None:
    assert least_distance([colour for _, colour in explorer.STATES.values()], vision=vision) >= 12


def test_names_read_on_every_state() -> None:
    assert all(contrast_ratio(theme.COLOUR["ink"], colour) >= 4.5 for _, colour in explorer.STATES.values())


def test_released_are_the_only_door(case: Case) -> None:
    assert all(isinstance(item, Released) for item in case.released.values())


def test_tables_of_a_study_say_their_cutoff_and_pictures_hold_to_it(case: Case) -> None:
    released, gaps = case.released, case.measured.study.gaps
    for name in ("gaps", "cell_times"):
        assert released[name].about == {"cutoff_min": gaps.headline_cutoff_min, "required": tuple(gaps.required)}
    ground = study.background_of(case.measured.study, released)
    with pytest.raises(TableError, match="cannot say cutoff_min = 45"):
        present.gap_map(released["cell_times"], released["gaps"], ground=ground, cutoff_min=45)
    assert ground.edge is not None
