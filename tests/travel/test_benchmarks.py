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
