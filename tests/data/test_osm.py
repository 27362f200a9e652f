"""Hand-written extracts, written with osmium's own writer and read back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.travel.street_worlds import LAT, LON, STEP, places

from kcgeo.data.formats.streets.osm import DRIVE_KMH, osm_streets, parsed_kmh, read, read_walks
from kcgeo.data.formats.streets.street_table import load_streets, save_streets
from kcgeo.data.study.settings import read_study
from kcgeo.errors import KcgeoError, TableError
from kcgeo.travel import costs, read_osm_pbf

osmium = pytest.importorskip("osmium", reason="reading OpenStreetMap files needs osmium (extra network)")

# a ladder of two-way streets that keeps everything else connected: nodes 1..6 below, 11..16 above
RAILS = ((1, [1, 2, 3, 4, 5, 6], {}), (2, [11, 12, 13, 14, 15, 16], {}), (3, [1, 11], {}), (4, [6, 16], {}))


def extract(path: Path, *ways: tuple[int, list[int], dict[str, str]], nodes: tuple[int, ...] = (), rails=RAILS) -> Path:
    """Write a file; node n lies n % 10 steps to the east and n // 10 to the north."""
    wanted = sorted(set(nodes) | ({ref for _, refs, _ in (*rails, *ways) for ref in refs} if not nodes else set()))
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for ref in wanted:
            place = (LON + ref % 10 * STEP, LAT + ref // 10 * STEP)
            writer.add_node(osmium.osm.mutable.Node(id=ref, location=place))
        for number, refs, tags in (*rails, *ways):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags={"highway": "residential", **tags}))
    return path


def speeds(path: Path, one: int, other: int, **options: object) -> tuple[float, float]:
    """Speed from one node to the next and back, 0 where there is no street that way."""
    streets = osm_streets(path, **options)
    ids = streets.node_id.tolist()
    there = back = 0.0
    for row, (tail, head) in enumerate(zip(streets.tail, streets.head, strict=True)):
        if (ids[tail], ids[head]) == (str(one), str(other)):
            there, back = streets.kmh[row], streets.kmh_back[row]
        elif (ids[tail], ids[head]) == (str(other), str(one)):
            there, back = streets.kmh_back[row], streets.kmh[row]
    return float(there), float(back)


@pytest.mark.parametrize(
    "tags, wanted",
    [
        ({}, (40, 40)),
        ({"oneway": "yes"}, (40, 0)),
        ({"oneway": "-1"}, (0, 40)),
        ({"oneway": "reversible"}, (0, 0)),
        ({"oneway": "alternating"}, (40, 40)),
        ({"junction": "roundabout"}, (40, 0)),
        ({"junction": "roundabout", "oneway": "no"}, (40, 40)),
        ({"highway": "motorway"}, (105, 0)),
        ({"highway": "motorway", "oneway": "no"}, (105, 105)),
        ({"highway": "motorway_link"}, (65, 65)),
        ({"maxspeed": "30"}, (30, 30)),
        ({"maxspeed": "30 mph"}, (48.28032, 48.28032)),
        ({"maxspeed": "none", "maxspeed:backward": "20"}, (40, 20)),
        ({"access": "private"}, (0, 0)),
        ({"access": "no", "motor_vehicle": "yes"}, (40, 40)),
        ({"access": "yes", "motorcar": "no"}, (0, 0)),
        ({"highway": "service", "service": "driveway"}, (0, 0)),
        ({"highway": "service"}, (20, 20)),
        ({"highway": "footway"}, (0, 0)),
        ({"highway": "construction"}, (0, 0)),
        ({"area": "yes"}, (0, 0)),
        ({"route": "ferry", "highway": "no"}, (0, 0)),
    ],
)
def test_who_may_drive_which_way_how_fast(tmp_path: Path, tags: dict[str, str], wanted: tuple[float, float]) -> None:
    path = extract(tmp_path / "town.osm.pbf", (9, [3, 13], tags))
    assert speeds(path, 3, 13) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    "tags, wanted",
    [
        ({}, 4.8),
        ({"oneway": "yes"}, 4.8),
        ({"highway": "footway"}, 4.8),
        ({"highway": "steps"}, 2.4),
        ({"highway": "motorway"}, 0),
        ({"highway": "trunk", "motorroad": "yes"}, 0),
        ({"foot": "no"}, 0),
        ({"access": "private"}, 0),
        ({"access": "private", "foot": "yes"}, 4.8),
        ({"highway": "cycleway"}, 0),
        ({"highway": "cycleway", "foot": "designated"}, 4.8),
    ],
)
def test_who_may_walk(tmp_path: Path, tags: dict[str, str], wanted: float) -> None:
    path = extract(tmp_path / "town.osm.pbf", (9, [3, 13], tags))
    assert speeds(path, 3, 13, mode="walk") == pytest.approx((wanted, wanted), rel=1e-6)


def test_nodes_only_at_junctions_and_ends_and_the_bends_kept(tmp_path: Path) -> None:
    streets = osm_streets(extract(tmp_path / "town.osm.pbf", (9, [3, 24, 25, 13], {}), (10, [33, 34], {})))
    assert sorted(map(int, streets.node_id)) == [1, 3, 6, 11, 13, 16]  # 33 and 34 hang on nothing
    row = {
        frozenset((streets.node_id[a], streets.node_id[b])): at
        for at, (a, b) in enumerate(zip(streets.tail, streets.head, strict=True))
    }[frozenset(("3", "13"))]
    bend = streets.line_xy[streets.line_at[row] : streets.line_at[row + 1]]
    assert len(bend) == 4
    assert streets.length_m[row] == pytest.approx(238.3 + 86.6 + 205.7, rel=0.005)
    assert "6 of 8 nodes (75.00%)" in streets.notes[-1]


def test_a_roundabout_is_driven_round(tmp_path: Path) -> None:
    ring = (9, [23, 24, 34, 33, 23], {"junction": "roundabout"})
    path = extract(tmp_path / "town.osm.pbf", ring, (10, [13, 23], {}), (11, [24, 14], {}))
    network = read_osm_pbf(path)
    first, second = places((3.5, 2)), places((3.5, 3), key="service_id")
    there = costs(network, first, second, cutoff_min=60)["time_min"].item()
    back = costs(network, second, first, cutoff_min=60)["time_min"].item()
    assert there == pytest.approx(back, rel=0.02)  # half round either way
    inner, outer = places((3.25, 2)), places((3.75, 2), key="service_id")
    assert costs(network, outer, inner, cutoff_min=60)["time_min"].item() > 4 * (
        costs(network, inner, outer, cutoff_min=60)["time_min"].item()
    )


def test_missing_vertices_cut_a_way_and_are_reported(tmp_path: Path) -> None:
    nodes = tuple(ref for _, refs, _ in RAILS for ref in refs)
    path = extract(tmp_path / "town.osm.pbf", (9, [3, 24, 13], {}), nodes=nodes)
    assert speeds(path, 3, 13) == (0, 0)
    assert any("1 of 13 vertices" in note for note in osm_streets(path).notes)


def test_class_speeds_can_be_given(tmp_path: Path) -> None:
    path = extract(tmp_path / "town.osm.pbf", (9, [3, 13], {}))
    assert speeds(path, 3, 13, class_kmh={"residential": 25}) == (25, 25)
    assert speeds(path, 3, 13, mode="walk", walk_kmh=4.0) == (4, 4)
    with pytest.raises(KcgeoError, match="lane"):
        osm_streets(path, class_kmh={"lane": 25})
    with pytest.raises(KcgeoError, match="200"):
        osm_streets(path, class_kmh={"residential": 0})
    with pytest.raises(KcgeoError, match="fly"):
        osm_streets(path, mode="fly")  # type: ignore[arg-type]


def test_a_layer_comes_back_as_it_was_and_twice_the_same(tmp_path: Path) -> None:
    streets = osm_streets(extract(tmp_path / "town.osm.pbf", (9, [3, 13], {"maxspeed": "20 mph"})))
    assert save_streets(streets, tmp_path / "a.npz") == len(streets.tail)
    again = load_streets(tmp_path / "a.npz")
    for name, value in vars(streets).items():
        assert np.array_equal(getattr(again, name), value), name
    save_streets(again, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("tail", np.array([99], dtype=np.int32), "type or length"),
        ("kmh", np.float32(-1), "speed"),
        ("lon", 400.0, "on earth"),
        ("road_class", np.uint8(200), "no name"),
        ("line_at", np.int64(0), "polylines"),
        ("head", np.int32(77), "ends at no node"),
        ("mode", np.array("fly"), "mode"),
    ],
)
def test_a_damaged_layer_is_refused(tmp_path: Path, name: str, value: object, words: str) -> None:
    save_streets(osm_streets(extract(tmp_path / "town.osm.pbf")), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as content:
        arrays = dict(content)
    arrays[name] = value if isinstance(value, np.ndarray) else np.full_like(arrays[name], value)
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(TableError, match=words):
        load_streets(tmp_path / "b.npz")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04rest", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7f"])
def test_files_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("town.osm.pbf", "town.osm", "town.npz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TableError, match=name):
            load_streets(tmp_path / name) if name.endswith("npz") else osm_streets(tmp_path / name)


def test_no_file_no_suffix_no_street(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no file"):
        osm_streets(tmp_path / "none.osm.pbf")
    (tmp_path / "town.csv").write_text("a")
    with pytest.raises(TableError, match="end in"):
        osm_streets(tmp_path / "town.csv")
    with pytest.raises(TableError, match="no drivable street"):
        osm_streets(extract(tmp_path / "a.osm.pbf", (1, [1, 2], {"highway": "footway"}), rails=()))
    with pytest.raises(TableError, match="two vertices"):
        osm_streets(extract(tmp_path / "b.osm.pbf", (1, [1, 2], {}), nodes=(1,), rails=()))


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_extract_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    good = bytearray(extract(tmp_path / "good.osm.pbf", (9, [3, 13], {})).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(bytes(good[: data.draw(st.integers(1, len(good)))]))
    try:
        assert len(osm_streets(bad).tail)
    except KcgeoError as error:
        assert str(error)


def test_entities_of_xml_are_not_expanded(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.osm"
    lines = [
        '<!DOCTYPE osm [<!ENTITY a "ha">',
        *(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
    bomb.write_text(
        "<?xml version='1.0'?>"
        + "".join(lines)
        + "]><osm version='0.6'><node id='1' lat='1' lon='1' user='&i;'/></osm>"
    )
    with pytest.raises(TableError, match=r"bomb\.osm"):
        osm_streets(bomb)


def test_speed_words() -> None:
    assert [parsed_kmh(text) for text in (None, "", "walk", "DE:urban", "0", "999", "5 knots")] == [None] * 6 + [9.26]
    assert DRIVE_KMH["motorway"] == max(DRIVE_KMH.values())


def test_the_reader_of_layers(tmp_path: Path, root: Path) -> None:
    study = read_study(root / "studies" / "kansas-city.toml")
    path = extract(tmp_path / "town.osm.pbf", (9, [3, 13], {}))
    converted = read(path, study)
    assert "town.osm.pbf" in converted.title and "ODbL" in converted.licence
    assert "places of the study lie beyond" in converted.notes[-1]
    assert converted.write(tmp_path / "a.npz") == 7
    assert load_streets(tmp_path / "a.npz").mode == "drive"
    assert read_walks(path, study).write(tmp_path / "b.npz") == 7
    assert load_streets(tmp_path / "b.npz").mode == "walk"
    with pytest.raises(KcgeoError, match="fast"):
        read_walks(path, study, walk_kmh="fast")


def test_the_speeds_of_the_docs_are_those_of_the_code(root: Path) -> None:
    part = (
        (root / "docs" / "methods" / "streets.md")
        .read_text()
        .split("<!-- class speeds: begin")[1]
        .split("<!-- class speeds: end")[0]
    )
    found = {name: float(kmh) for name, kmh in re.findall(r"`(\w+)` \| (\d+)", part)}
    assert found == DRIVE_KMH
