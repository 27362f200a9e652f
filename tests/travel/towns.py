"""Small networks: a hand-worked one-way town, and random directed graphs."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from hypothesis import strategies as st

from kcgeo.travel import Network

METRIC = "EPSG:26915"


def points(ids: list[str], xs: list[float], ys: list[float] | None = None, *, key: str = "node_id") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({key: ids}, geometry=gpd.points_from_xy(xs, ys or [0.0] * len(xs)), crs=METRIC)


def edges(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_node_id", "to_node_id", "time_min"])


def one_way_ring() -> Network:
    """a -> b -> c -> a, 10, 20 and 30 minutes; d hangs on c, 0 minutes both ways; e stands alone."""
    nodes = points(["a", "b", "c", "d", "e"], [0, 1_000, 2_000, 3_000, 50_000])
    return Network.from_edges(
        nodes, edges(("a", "b", 10), ("b", "c", 20), ("c", "a", 30), ("c", "d", 0), ("d", "c", 0)), max_snap_m=400
    )


@st.composite
def graphs(draw: st.DrawFn) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    count = draw(st.integers(2, 9))
    ids = [f"n{number}" for number in range(count)]
    minutes = st.one_of(st.just(0.0), st.integers(0, 300_000).map(lambda ms: ms / 60_000), st.sampled_from([0.1, 0.2]))
    rows = draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids), minutes), max_size=40))
    return points(ids, [1_000.0 * number for number in range(count)]), edges(*rows)
