"""Corridors against the stated facts, against an independent centreline, and as a pair of inverse functions."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kcgeo.data.package.catalogue import load
from kcgeo.data.roads import linear
from kcgeo.data.roads.corridors import corridors, mileposts, point_at, stations
from kcgeo.data.study.settings import Study, read_study
from kcgeo.errors import CrsError, StudyError, TableError

METRIC = "EPSG:26915"
WGS84 = "EPSG:4326"

# route, state, exit number, interstate that is crossed there: the junctions that the collected facts name
JUNCTIONS = [
    ("I-35", "KS", 222, "I-435"),
    ("I-35", "KS", 231, "I-635"),
    ("I-35", "MO", 12, "I-435"),
    ("I-70", "KS", 411, "I-435"),
    ("I-70", "MO", 8, "I-435"),
    ("I-70", "MO", 15, "I-470"),
]


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return read_study(root / "studies" / "kansas-city.toml")


@pytest.fixture(scope="module")
def lines(study: Study) -> gpd.GeoDataFrame:
    return corridors(study)


@pytest.fixture(scope="module")
def makers(root: Path) -> Iterator[object]:
    sys.path.insert(0, str(root / "data" / "makers"))
    import make_corridors

    yield make_corridors
    sys.path.remove(str(root / "data" / "makers"))


def _route(lines: gpd.GeoDataFrame, route: str) -> gpd.GeoDataFrame:
    return lines[lines["route"] == route]


def _raw_line(route: str) -> shapely.LineString:
    table = load("interstates").to_crs(METRIC)
    line = table.loc[table["route"] == route, "geometry"].iloc[0]
    assert isinstance(line, shapely.LineString)
    return line


def _points(*shapes: shapely.Point) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=METRIC).to_crs(WGS84)


# --- what the facts say


@pytest.mark.parametrize(
    ("route", "state", "mile"), [("I-35", "KS", 235), ("I-35", "MO", 0), ("I-70", "KS", 424), ("I-70", "MO", 0)]
)
def test_state_line_miles(lines: gpd.GeoDataFrame, route: str, state: str, mile: float) -> None:
    rows = _route(lines, route)
    found = rows.loc[rows["state"] == state, ["from_mi", "to_mi"]]
    nearest = found.to_numpy().ravel()[np.abs(found.to_numpy().ravel() - mile).argmin()]
    assert abs(nearest - mile) <= 0.3
    other = rows[rows["state"] != state]
    spot = gpd.GeoSeries([point_at(rows, state, nearest)], crs=WGS84).to_crs(METRIC).iloc[0]
    assert other.to_crs(METRIC).distance(spot).min() < 1.0, "the two states' lines must meet there"


@pytest.mark.parametrize(("route", "state", "number", "crossed"), JUNCTIONS)
def test_exits_at_junctions_of_interstates(
    lines: gpd.GeoDataFrame, route: str, state: str, number: int, crossed: str
) -> None:
    rows = _route(lines, route)
    here = shapely.union_all(rows[rows["state"] == state].to_crs(METRIC).geometry.to_numpy())
    # the place where the two raw lines meet, found without the maker
    spot = shapely.get_point(shapely.shortest_line(here, _raw_line(crossed)), 0)
    found = mileposts(_points(spot), rows[rows["state"] == state])
    assert abs(found["milepost_mi"].iloc[0] - number) <= 0.5


@pytest.mark.parametrize(("route", "other"), [("I-35", "I-70"), ("I-70", "I-35"), ("I-35", "I-670"), ("I-70", "I-670")])
def test_exit_2_lies_on_the_downtown_loop(lines: gpd.GeoDataFrame, route: str, other: str) -> None:
    # exit 2 anchors nothing: this is a free check. The loop is where I-35, I-70 and I-670 touch each other.
    rows = _route(lines, route)
    exit_2 = gpd.GeoSeries([point_at(rows, "MO", 2.0)], crs=WGS84).to_crs(METRIC).iloc[0]
    loop = shapely.intersection(_raw_line("I-35"), _raw_line("I-70")).union(
        shapely.intersection(_raw_line("I-35"), _raw_line("I-670"))
    )
    assert exit_2.distance(loop) <= 0.5 * linear.MILE_M
    assert exit_2.distance(_raw_line(other)) <= 1.0 * linear.MILE_M


def test_kansas_turnpike_miles_are_their_own_system(lines: gpd.GeoDataFrame) -> None:
    kansas = _route(lines, "I-70")
    kansas = kansas[kansas["state"] == "KS"].set_index("system")
    turnpike, own = kansas.loc["I-70 KS turnpike"], kansas.loc["I-70 KS"]
    assert own["from_mi"] == pytest.approx(410.0, abs=1e-4)
    assert 224 < turnpike["to_mi"] < 230
    metric = kansas.to_crs(METRIC).geometry
    end, start = (shapely.get_point(metric.loc[name], at) for name, at in (("I-70 KS turnpike", -1), ("I-70 KS", 0)))
    assert end.distance(start) < 1.0
    spots = pd.concat([gpd.GeoSeries([point_at("I-70", "KS", mile)], crs=WGS84) for mile in (212, 224, 411, 423)])
    assert mileposts(spots, "I-70")["milepost_mi"].round(6).tolist() == [212, 224, 411, 423]


def test_routes_without_known_numbers_have_no_mileposts(lines: gpd.GeoDataFrame) -> None:
    bare = lines[lines["vertex_mi"].isna()]
    assert sorted(bare["route"].unique()) == ["I-29", "I-435", "I-470", "I-49", "I-635", "I-670"]
    assert bare[["from_mi", "to_mi"]].isna().all(axis=None)


# --- how far the calibration can be trusted


def test_an_anchor_left_out_is_predicted_within_its_own_coarseness() -> None:
    # A whole number leaves up to a mile open (rounded or cut off), the simplified line an eighth of a mile in the core.
    anchors = load("corridor_anchors")
    assert len(anchors) == 13
    assert (anchors["left_out_error_mi"].abs() <= 1.0 + 0.125).all()
    stated = anchors[anchors["kind"] != "matched"]
    assert stated["left_out_error_mi"].abs().median() <= 0.5
    # the errors are real: anchors that fix nothing but themselves would all predict zero
    assert (anchors["left_out_error_mi"].abs() > 0.05).all()


def test_the_methods_print_the_anchors_as_they_are(root: Path) -> None:
    text = (root / "docs" / "methods" / "mileposts.md").read_text(encoding="utf-8")
    for row in load("corridor_anchors").itertuples():
        crosses = row.crosses if isinstance(row.crosses, str) else "state line"
        line = (
            f"| {row.system} | {crosses} | {row.nominal_mi:g} | {row.tolerance_mi:g} | {row.milepost_mi:.2f} "
            f"| {row.left_out_error_mi:+.2f} |"
        )
        assert line in text


def test_left_out_errors_are_those_of_a_calibration_without_the_anchor() -> None:
    for _, anchors in load("corridor_anchors").groupby("system"):
        ordered = anchors.sort_values("measured_mi")
        columns = [ordered[name].to_numpy() for name in ("measured_mi", "nominal_mi", "tolerance_mi")]
        assert np.allclose(linear.leave_one_out(*columns), ordered["left_out_error_mi"], atol=2e-3)


def test_calibrated_miles_are_near_the_measured_length(lines: gpd.GeoDataFrame) -> None:
    # scale of the calibration: only the half mile taken out before I-435 on I-35 in Missouri stretches it by over 3 %
    for row in lines.dropna(subset=["vertex_mi"]).itertuples():
        line = gpd.GeoSeries([row.geometry], crs=WGS84).to_crs(METRIC).iloc[0]
        miles = np.array(row.vertex_mi.split("|"), dtype=float)
        assert (np.diff(miles) > 0).all()
        assert (miles[-1] - miles[0]) / (line.length / linear.MILE_M) == pytest.approx(1.0, abs=0.02)
        scale = np.diff(miles) / np.diff(linear.measured_m(line) / linear.MILE_M)
        assert scale.min() > 0.95
        assert scale.max() < 1.05


@pytest.mark.parametrize("route", ["I-35", "I-70"])
def test_lengths_between_county_lines_agree_with_an_independent_centreline(
    lines: gpd.GeoDataFrame, shared: Path, route: str
) -> None:
    # the reference is split at county lines and carries the true length of each part, though its shape is coarse
    reference = gpd.read_file(shared / "reference" / "interstates_tiger_simplified_kc.geojson")
    reference = reference[(reference["name"] == route.replace("-", "- ")) & (reference["length_mi"] > 3)]
    rows = _route(lines, route)
    rows = rows[rows["system"] != "I-70 KS turnpike"]
    compared = 0
    for part in reference.itertuples():
        ends = gpd.GeoSeries([shapely.get_point(part.geometry, at) for at in (0, -1)], crs=WGS84)
        inside = rows[rows["state"] == part.state]
        found = mileposts(ends, inside)
        low, high = inside["from_mi"].min(), inside["to_mi"].max()
        if (found["offset_m"] > 800).any() or not found["milepost_mi"].between(low + 0.01, high - 0.01).any():
            continue
        ours = abs(found["milepost_mi"].diff().iloc[-1])
        if ours < 3:
            continue
        compared += 1
        assert ours == pytest.approx(part.length_mi, abs=0.5)
    assert compared >= 2


def test_lines_lie_near_an_independent_centreline(lines: gpd.GeoDataFrame, shared: Path) -> None:
    reference = gpd.read_file(shared / "reference" / "interstates_tiger_simplified_kc.geojson").to_crs(METRIC)
    for route in ("I-35", "I-70"):
        road = shapely.union_all(reference.geometry[reference["name"] == route.replace("-", "- ")].to_numpy())
        spots = stations(_route(lines, route), step_mi=0.5).to_crs(METRIC).geometry
        distance = spots.distance(road)
        assert distance.median() < 500
        assert distance.max() < 3_000


# --- shape and place


def test_lines_lie_in_the_counties_of_the_study(study: Study, lines: gpd.GeoDataFrame) -> None:
    counties = load("counties").to_crs(METRIC)
    inside = counties[counties["county_fips"].isin(study.counties)]
    shapes = lines.to_crs(METRIC).geometry
    assert shapes.difference(inside.union_all().buffer(20)).length.sum() == 0
    for state, rows in lines.groupby("state"):
        own = inside[inside["state"] == state].union_all()
        # a line may touch the other side of the state line only where it runs along it
        assert rows.to_crs(METRIC).geometry.difference(own.buffer(20)).length.max() < 800


def test_lines_run_towards_rising_mileposts_and_do_not_cross_themselves(lines: gpd.GeoDataFrame) -> None:
    assert lines["system"].is_unique
    assert lines["system"].is_monotonic_increasing
    assert set(lines["route"]) == {"I-29", "I-35", "I-435", "I-470", "I-49", "I-635", "I-670", "I-70"}
    assert (lines.geometry.geom_type == "LineString").all()
    calibrated = lines.dropna(subset=["from_mi"])
    assert calibrated.geometry.is_simple.all()
    for row in calibrated.itertuples():
        first, last = (shapely.get_point(row.geometry, at) for at in (0, -1))
        axis = shapely.get_y if row.route == "I-35" else shapely.get_x
        assert axis(first) < axis(last), f"{row.system}: miles rise to the north on I-35, to the east on I-70"
    assert (calibrated["from_mi"] < calibrated["to_mi"]).all()


def test_fewer_counties_give_shorter_lines_with_the_same_mileposts(study: Study, lines: gpd.GeoDataFrame) -> None:
    small = corridors(dataclasses.replace(study, counties=("20091", "29095"), corridors=("I-35",)))
    kansas = small[small["system"] == "I-35 KS"]
    assert kansas["to_mi"].max() < 233  # Wyandotte is left out
    spots = stations(kansas, step_mi=1.0)
    again = mileposts(spots, _route(lines, "I-35"))
    assert np.allclose(again["milepost_mi"], spots["milepost_mi"], atol=1e-4)
    assert (again["offset_m"] < 0.2).all()


def test_a_study_with_an_unknown_corridor_is_refused(study: Study) -> None:
    with pytest.raises(StudyError, match="I-44 is not in the data package"):
        corridors(dataclasses.replace(study, corridors=("I-35", "I-44")))


# --- from point to mile and back


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_point_at_and_mileposts_are_inverse(lines: gpd.GeoDataFrame, data: st.DataObject) -> None:
    calibrated = lines.dropna(subset=["from_mi"])
    row = calibrated.iloc[data.draw(st.integers(0, len(calibrated) - 1))]
    mile = data.draw(st.floats(row["from_mi"], row["to_mi"]))
    corridor = _route(lines, row["route"])
    spot = gpd.GeoSeries([point_at(corridor, row["state"], mile)], crs=WGS84)
    # one row of the state only: at the state line a point lies on both states' lines
    found = mileposts(spot, corridor[corridor["system"] == row["system"]]).iloc[0]
    assert abs(found["milepost_mi"] - mile) * linear.MILE_M < 1.0
    assert found["offset_m"] < 1.0
    assert found["side"] == "on"
    again = point_at(corridor, row["state"], float(np.clip(found["milepost_mi"], row["from_mi"], row["to_mi"])))
    moved = gpd.GeoSeries([again], crs=WGS84).to_crs(METRIC).distance(spot.to_crs(METRIC))
    assert moved.iloc[0] < 1.0


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_nearest_spot_is_nearest_and_on_the_named_side(lines: gpd.GeoDataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spots = gpd.GeoSeries.from_xy(rng.uniform(-95.3, -94.0, 8), rng.uniform(38.6, 39.7, 8), crs=WGS84)
    corridor = _route(lines, "I-35")
    found = mileposts(spots, corridor)
    metric = corridor.to_crs(METRIC).geometry
    assert np.allclose(found["offset_m"], spots.to_crs(METRIC).apply(lambda spot: metric.distance(spot).min()))
    away = gpd.GeoSeries(
        [point_at(corridor, row.state, row.milepost_mi) for row in found.itertuples()], crs=WGS84
    ).to_crs(METRIC)
    assert np.allclose(away.distance(spots.to_crs(METRIC), align=False), found["offset_m"], atol=1.0)


def test_sides_of_places_that_everyone_knows(lines: gpd.GeoDataFrame) -> None:
    towns = load("cities").set_index("name")["geometry"]
    named = gpd.GeoSeries(towns.loc[["Olathe", "Overland Park", "Liberty", "Smithville"]], crs=WGS84)
    along_i35 = mileposts(named, _route(lines, "I-35"))
    # north-bound: the old town of Olathe, and Smithville, lie to the west
    assert along_i35["side"].tolist() == ["L", "R", "R", "L"]
    assert along_i35.index.tolist() == ["Olathe", "Overland Park", "Liberty", "Smithville"]
    assert along_i35["state"].tolist() == ["KS", "KS", "MO", "MO"]
    assert mileposts(named.loc[["Liberty", "Olathe"]], _route(lines, "I-70"))["side"].tolist() == ["L", "R"]


def test_a_point_on_the_shared_loop_has_a_mile_on_each_route(lines: gpd.GeoDataFrame) -> None:
    shared_road = gpd.GeoSeries.from_xy([-94.583], [39.107], crs=WGS84)
    on_35, on_70 = (mileposts(shared_road, _route(lines, route)).iloc[0] for route in ("I-35", "I-70"))
    assert (on_35["side"], on_70["side"]) == ("on", "on")
    assert on_35["milepost_mi"] == pytest.approx(3.0, abs=0.5)
    assert on_70["milepost_mi"] == pytest.approx(1.4, abs=0.5)
    with pytest.raises(TableError, match="I-35, I-70: choose one route"):
        mileposts(shared_road, lines[lines["route"].isin(["I-35", "I-70"])])


def test_result_keeps_index_and_order_and_the_inputs_stay(lines: gpd.GeoDataFrame) -> None:
    spots = gpd.GeoDataFrame(
        {"place_id": ["b", "a", "c"]},
        geometry=gpd.points_from_xy([-94.6, -94.7, -94.5], [39.1, 38.9, 39.2]),
        index=[7, 3, 5],
        crs=WGS84,
    )
    corridor = _route(lines, "I-35")
    before = spots.copy(), corridor.copy()
    found = mileposts(spots, corridor)
    assert found.index.tolist() == [7, 3, 5]
    assert found.columns.tolist() == ["route", "state", "milepost_mi", "offset_m", "side"]
    pd.testing.assert_frame_equal(pd.DataFrame(spots), pd.DataFrame(before[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(corridor), pd.DataFrame(before[1]))
    pd.testing.assert_frame_equal(mileposts(spots.iloc[::-1], corridor), found.iloc[::-1])
    assert mileposts(spots.iloc[:0], corridor).empty


def test_rows_by_name_or_by_table_are_the_same(lines: gpd.GeoDataFrame) -> None:
    assert point_at("I-70", "MO", 20.0).distance(point_at(_route(lines, "I-70"), "MO", 20.0)) < 1e-6


# --- refusals


def test_points_in_another_system_are_refused(lines: gpd.GeoDataFrame) -> None:
    corridor = _route(lines, "I-35")
    spots = gpd.GeoSeries.from_xy([-94.6], [39.1], crs=WGS84)
    with pytest.raises(CrsError, match="EPSG:26915 where EPSG:4326"):
        mileposts(spots.to_crs(METRIC), corridor)
    with pytest.raises(CrsError, match="no CRS"):
        mileposts(gpd.GeoSeries(spots.to_numpy()), corridor)
    with pytest.raises(CrsError, match="corridor"):
        mileposts(spots, corridor.to_crs(METRIC))


def test_rows_without_a_point_are_named(lines: gpd.GeoDataFrame) -> None:
    spots = gpd.GeoSeries([shapely.Point(-94.6, 39.1), None, shapely.Point()], index=["a", "b", "c"], crs=WGS84)
    with pytest.raises(TableError, match=r"\(b, c\)"):
        mileposts(spots, _route(lines, "I-35"))


@pytest.mark.parametrize(
    ("corridor", "state", "mile", "message"),
    [
        ("I-35", "KS", 300.0, r"I-35 KS has no milepost 300.0; it has 169\.80 to 235\.03"),
        ("I-70", "KS", 300.0, r"410\.00 to 423\.83 \(I-70 KS\), 188\.92 to 226\.33 \(I-70 KS turnpike\)"),
        ("I-70", "MO", -0.01, "no milepost -0.01"),
        ("I-70", "MO", float("nan"), "no milepost nan"),
        ("I-35", "NE", 3.0, "no miles in 'NE'; it has some in KS, MO"),
        ("I-435", "KS", 3.0, "I-435 has no mileposts"),
        ("I-44", "MO", 3.0, "There is no route 'I-44'"),
    ],
)
def test_a_milepost_that_is_not_there(corridor: str, state: str, mile: float, message: str) -> None:
    with pytest.raises(TableError, match=message):
        point_at(corridor, state, mile)


def test_a_corridor_cut_by_hand_is_refused(lines: gpd.GeoDataFrame) -> None:
    cut = _route(lines, "I-35").copy()
    cut["geometry"] = cut.geometry.intersection(shapely.box(-94.8, 38.8, -94.4, 39.3))
    with pytest.raises(TableError, match=r"clip corridors with corridors\(study\)"):
        point_at(cut, "KS", 220.0)
    with pytest.raises(TableError, match="no column vertex_mi"):
        point_at(cut.drop(columns="vertex_mi"), "KS", 220.0)
    with pytest.raises(TableError, match="no rows"):
        point_at(cut.iloc[:0], "KS", 220.0)


# --- stations


def test_stations_stand_on_multiples_of_the_step(lines: gpd.GeoDataFrame) -> None:
    spots = stations(_route(lines, "I-70"), step_mi=0.5)
    assert spots["id"].is_unique
    assert (spots["milepost_mi"] % 0.5 == 0).all()
    own = spots[spots["system"] == "I-70 KS"]["milepost_mi"]
    assert (own.min(), own.max(), len(own)) == (410.0, 423.5, 28)
    assert spots["system"].drop_duplicates().tolist() == ["I-70 KS turnpike", "I-70 KS", "I-70 MO"]
    found = mileposts(spots, _route(lines, "I-70"))
    away = (found["milepost_mi"] - spots["milepost_mi"]).abs()
    assert (away[spots["milepost_mi"] > 0] < 1e-4).all()


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan")])
def test_a_step_that_is_none(step: float) -> None:
    with pytest.raises(TableError, match="step_mi must be above 0"):
        stations("I-35", step_mi=step)


# --- the resources


def test_every_exit_of_the_facts_is_there_and_at_its_milepost(root: Path) -> None:
    raw = pd.read_csv(root / "data" / "raw" / "exits.csv")
    exits = load("exits")
    missing = set(raw["system"] + " " + raw["exit_number"].astype(str)) - set(exits["exit_id"])
    assert missing == {"I-35 KS 162", "I-70 KS turnpike 183"}  # beyond the packaged lines
    assert (exits["milepost_mi"] - exits["exit_number"]).abs().max() <= 0.5
    assert (exits.loc[exits["position"] == "interpolated", "milepost_mi"] % 1 == 0).all()
    lines = load("corridors")
    for system, rows in exits[exits["county_fips"].notna()].groupby("system"):
        found = mileposts(rows.geometry, lines[lines["system"] == system])
        assert np.allclose(found["milepost_mi"], rows["milepost_mi"], atol=2e-3)
        assert (found["offset_m"] < 0.2).all()


def test_exits_of_the_facts_are_the_list_of_the_facts(root: Path, shared: Path) -> None:
    text = (shared / "facts" / "FACTS.md").read_text(encoding="utf-8")
    numbers = text[text.index("## Corridor facts") :]
    for number in pd.read_csv(root / "data" / "raw" / "exits.csv")["exit_number"].astype(str):
        assert number in numbers


def test_the_maker_gives_the_committed_files(makers: object, root: Path, tmp_path: Path) -> None:
    makers.make(root / "data" / "raw", tmp_path)  # type: ignore[attr-defined]
    for name in ("corridors.geojson", "corridor_anchors.csv", "exits.csv"):
        assert (tmp_path / name).read_bytes() == (root / "data" / "derived" / name).read_bytes(), name


# --- other studies


def test_the_first_and_last_mile_of_each_system_can_be_had(lines: gpd.GeoDataFrame) -> None:
    for table in (lines, load("corridors")):
        for row in table.dropna(subset=["from_mi"]).itertuples():
            for mile, at in ((row.from_mi, 0), (row.to_mi, -1)):
                end = shapely.get_point(row.geometry, at)
                assert point_at(_route(table, row.route), row.state, mile).distance(end) < 1e-5
    assert point_at("I-70", "KS", 410.0).x == pytest.approx(-94.838, abs=2e-3)


def test_another_metric_system_gives_the_same_mileposts(study: Study, lines: gpd.GeoDataFrame) -> None:
    other = corridors(dataclasses.replace(study, crs="EPSG:6350"))  # Albers for the whole country
    assert set(other["metric_crs"]) == {"EPSG:6350"}
    spots = stations(_route(lines, "I-35"), step_mi=2.0)
    found = mileposts(spots, _route(other, "I-35"))
    assert (found["offset_m"] < 1.0).all()
    away = (found["milepost_mi"] - spots["milepost_mi"]).abs()
    assert (away[spots["milepost_mi"] > 0] * linear.MILE_M < 1.0).all()


def test_counties_without_an_interstate_give_no_rows(study: Study) -> None:
    none = corridors(dataclasses.replace(study, counties=("20107",)))
    assert none.empty
    assert none.crs == WGS84
    columns = load("corridors").columns.tolist()
    assert none.columns.tolist() == [*columns[:-1], "mile_basis", "geometry"]
