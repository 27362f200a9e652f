"""The benchmark of travel runs, with tiny sizes; its road graph lies beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_engines_of_a_small_graph_agree_and_are_timed(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    travel = pytest.importorskip("benchmarks.travel", reason="the benchmarks are not at hand")
    monkeypatch.setenv("KCGEO_SHARED", str(shared))
    for workload in ("W1", "W2"):
        table = travel.side_by_side(workload, ("kcgeo sweep", "kcgeo scipy", "scipy"), 1, nodes=2_000)
        assert table["engine"].tolist() == ["kcgeo sweep", "kcgeo scipy", "scipy"]
        assert (table["difference"] == 0).all()
        assert (table["cpu_s"] > 0).all()
        assert "| kcgeo sweep |" in travel.as_markdown(workload, table)


def test_every_model_of_siting_is_timed() -> None:
    siting = pytest.importorskip("benchmarks.siting", reason="the benchmarks are not at hand")
    for model in siting.QUICK:
        answer = siting.ours(model, (40, 20), 40 if model == "lscp" else 3)
        assert answer["status"] == "optimal"
        assert answer["objective"] == pytest.approx(answer["bound"])
        assert answer["total_s"] > 0


@pytest.mark.slow
def test_a_small_timetable_is_searched_in_both_ways(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    transit = pytest.importorskip("benchmarks.transit", reason="the benchmarks are not at hand")
    monkeypatch.setattr("sys.argv", ["transit", "--quick"])
    transit.main()
    said = capsys.readouterr().out
    assert "| weekday noon |" in said and "cores, load" in said


@pytest.mark.slow
def test_a_small_state_is_measured_as_the_country_is(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra: big)")
    scale = pytest.importorskip("benchmarks.scale", reason="the benchmarks are not at hand")
    whole, parted = (
        scale.one(workers=0, places_count=size, sites=20, states=["RI"], out=tmp_path / str(size))
        for size in (scale.WHOLE, 20)
    )
    assert whole["parts"] == 1 < parted["parts"]
    assert scale._digest(tmp_path / str(scale.WHOLE)) == scale._digest(tmp_path / "20")


@pytest.mark.slow
def test_a_few_streets_are_written_and_read_back(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("osmium", reason="osmium is not installed (extra: network)")
    streets = pytest.importorskip("benchmarks.streets", reason="the benchmarks are not at hand")
    monkeypatch.setenv("KCGEO_SHARED", str(shared))
    streets.write_extract(tmp_path / "few.osm.pbf", 300)
    about = streets.read_and_report(tmp_path / "few.osm.pbf")
    assert 200 < about["nodes"] <= 300 and about["arcs"] >= about["streets"]
