"""The slow and obvious way: one Bellman-Ford relaxation after another, in whole milliseconds."""

from __future__ import annotations

import pandas as pd


def slow_minutes(edges: pd.DataFrame, start: str) -> dict[str, float]:
    """Minutes from ``start`` to each node that can be reached, by relaxing every edge until nothing changes."""
    best = {start: 0}
    changed = True
    while changed:
        changed = False
        for tail, head, minutes in edges[["from_node_id", "to_node_id", "time_min"]].itertuples(index=False):
            if tail in best:
                time_ms = best[tail] + round(minutes * 60_000)
                if time_ms < best.get(head, time_ms + 1):
                    best[head] = time_ms
                    changed = True
    return {node: time_ms / 60_000 for node, time_ms in best.items()}
