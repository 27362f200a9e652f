"""Graphs in the form that osmnx writes, by hand."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.travel.street_worlds import LAT, LON, STEP, places

from kcgeo.data.formats.streets.graphml import graphml_streets, read
from kcgeo.data.formats.streets.street_table import load_streets
from kcgeo.data.study.settings import read_study
from kcgeo.errors import CrsError, KcgeoError, TableError
from kcgeo.travel import costs, street_network

NODES = {"10": (0, 0), "20": (4, 0), "30": (4, 4), "40": (8, 0)}
TYPES = {"x": "string", "y": "string", "street_count": "string"}
EDGE_KEYS = ("osmid", "highway", "oneway", "length", "maxspeed", "speed_kph", "travel_time", "geometry", "name")


def wkt(*steps: tuple[float, float]) -> str:
    return "LINESTRING (" + ", ".join(f"{LON + x * STEP:.7f} {LAT + y * STEP:.7f}" for x, y in steps) + ")"


def graph(
    path: Path, *edges: dict[str, str], crs: str = "epsg:4326", directed: str = "directed", head: str = ""
) -> Path:
    """Write a graph; an edge is its fields, with ``from`` and ``to``."""
    keys = [f'<key id="n{key}" for="node" attr.name="{key}" attr.type="string"/>' for key in TYPES]
    keys += [f'<key id="e{key}" for="edge" attr.name="{key}" attr.type="string"/>' for key in EDGE_KEYS]
    keys += ['<key id="g0" for="graph" attr.name="crs" attr.type="string"/>']
    nodes = [
        f'<node id="{node}"><data key="nx">{LON + x * STEP}</data><data key="ny">{LAT + y * STEP}</data></node>'
        for node, (x, y) in NODES.items()
    ]
    rows = []
    for edge in edges:
        data = "".join(f'<data key="e{key}">{escape(text)}</data>' for key, text in edge.items() if key in EDGE_KEYS)
        rows.append(f'<edge source="{edge["from"]}" target="{edge["to"]}" id="0">{data}</edge>')
    body = "".join([*keys, f'<graph edgedefault="{directed}"><data key="g0">{crs}</data>', *nodes, *rows, "</graph>"])
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>{head}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        f"{body}</graphml>"
    )
    return path


def both(one: str, other: str, **fields: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"from": one, "to": other, **fields}, {"from": other, "to": one, **fields}


TRIANGLE = (
    *both("10", "20", highway="residential", length="346.5", oneway="False"),
    {"from": "20", "to": "30", "highway": "['primary', 'tertiary']", "length": "444", "oneway": "True"},
    {
        "from": "30",
        "to": "10",
        "highway": "tertiary",
        "length": "600",
        "oneway": "True",
        "maxspeed": "['30 mph', '40']",
    },
    *both("20", "40", highway="trunk", length="346.5", speed_kph="72.0"),
)


def test_one_ways_classes_and_speeds(tmp_path: Path) -> None:
    streets = graphml_streets(graph(tmp_path / "town.graphml", *TRIANGLE))
    ids = streets.node_id.tolist()
    rows = {
        (ids[tail], ids[head]): (kmh, back, metres, streets.classes[code])
        for tail, head, kmh, back, metres, code in zip(
            streets.tail, streets.head, streets.kmh, streets.kmh_back, streets.length_m, streets.road_class, strict=True
        )
    }
    assert rows == {
        ("10", "20"): (40, 40, 346.5, "residential"),
        ("20", "30"): (50, 0, 444, "tertiary"),  # the slower of two classes
        ("30", "10"): (40, 0, 600, "tertiary"),  # the lower of two posted speeds
        ("20", "40"): (72, 72, 346.5, "trunk"),
    }
    assert "3 of 6 edges" in streets.notes[0]


def test_the_travel_time_of_the_file_counts_first(tmp_path: Path) -> None:
    path = graph(tmp_path / "town.graphml", *both("10", "20", length="1000", travel_time="60", speed_kph="99"))
    assert graphml_streets(path).kmh.tolist() == pytest.approx([60.0])


def test_shapes_are_kept_and_turned_where_they_run_backward(tmp_path: Path) -> None:
    bend = wkt((0, 0), (0, -2), (4, -2), (4, 0))
    bent = graph(
        tmp_path / "town.graphml",
        {"from": "10", "to": "20", "geometry": bend},
        {"from": "20", "to": "10", "geometry": wkt((4, 0), (4, -2), (0, -2), (0, 0))},
        *both("10", "30"),
    )
    streets = graphml_streets(bent)
    assert len(streets.tail) == 2  # there and back along one shape is one street
    assert streets.length_m.max() == pytest.approx(2 * 222 + 346, rel=0.01)  # no length given: that of the shape
    place, service = places((0.1, -2)), places((0.1, -1), key="service_id")
    minutes = costs(street_network(streets), place, service, cutoff_min=9)["time_min"].item()
    assert minutes == pytest.approx((120 / 40_000 + 8.7 / 20_000) * 60, rel=0.05)
    wrong = graph(tmp_path / "turned.graphml", {"from": "20", "to": "10", "geometry": bend}, {"from": "10", "to": "20"})
    turned = graphml_streets(wrong)
    row = int(turned.length_m.argmax())
    assert turned.line_xy[turned.line_at[row]] == pytest.approx([LON + 4 * STEP, LAT])


def test_an_undirected_graph_goes_both_ways(tmp_path: Path) -> None:
    path = graph(
        tmp_path / "town.graphml", {"from": "10", "to": "20"}, {"from": "20", "to": "40"}, directed="undirected"
    )
    assert (graphml_streets(path).kmh_back > 0).all()


@pytest.mark.parametrize(
    "edge, words",
    [
        ({"from": "10", "to": "99"}, "no node"),
        ({"from": "10", "to": "20", "length": "far"}, "no number"),
        ({"from": "10", "to": "20", "geometry": "POINT (1 1)"}, "LINESTRING"),
        ({"from": "10", "to": "20", "geometry": "LINESTRING (1 1"}, "GraphML"),
        ({"from": "10", "to": "20", "geometry": "LINESTRING (500000 4000000, 500100 4000000)"}, "longitude"),
        ({"from": "10", "to": "20"}, "one-way"),
    ],
)
def test_faulty_edges_are_refused(tmp_path: Path, edge: dict[str, str], words: str) -> None:
    with pytest.raises(TableError, match=words):
        graphml_streets(graph(tmp_path / "town.graphml", edge))


def test_projected_graphs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="projected"):
        graphml_streets(graph(tmp_path / "town.graphml", *TRIANGLE, crs="epsg:26915"))


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = graph(tmp_path / "bomb.graphml", *TRIANGLE, head=f'<!DOCTYPE g [<!ENTITY l0 "ha">{laughs}]>')
    bomb.write_text(bomb.read_text().replace("residential", "&l9;"))
    with pytest.raises(TableError, match="entities"):
        graphml_streets(bomb)
    outside = graph(tmp_path / "x.graphml", *TRIANGLE, head='<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    with pytest.raises(TableError, match="entities"):
        graphml_streets(outside)


@pytest.mark.parametrize(
    "content", ["", "garbage", "<html></html>", "<graphml>", "<graphml/>", "<graphml><node/></graphml>"]
)
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.graphml").write_text(content)
    with pytest.raises(TableError, match=r"a\.graphml"):
        graphml_streets(tmp_path / "a.graphml")
    with pytest.raises(TableError, match="no file"):
        graphml_streets(tmp_path / "none.graphml")


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    good = bytearray(graph(tmp_path / "good.graphml", *TRIANGLE).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.graphml").write_bytes(bytes(good))
    try:
        assert len(graphml_streets(tmp_path / "bad.graphml").tail)
    except KcgeoError as error:
        assert str(error)


def test_the_reader_of_layers(tmp_path: Path, root: Path) -> None:
    study = read_study(root / "studies" / "kansas-city.toml")
    converted = read(graph(tmp_path / "town.graphml", *TRIANGLE), study)
    assert "places of the study lie beyond" in converted.notes[-1]
    assert converted.write(tmp_path / "a.npz") == 4
    assert load_streets(tmp_path / "a.npz").mode == "drive"
    assert "osmnx" in converted.title
