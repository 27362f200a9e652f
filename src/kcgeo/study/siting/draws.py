"""How sure is a plan? Good plans under drawn speeds, and with sites that stand elsewhere in their area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.access.certainty.uncertainty import STATED_RANGES, arc_parts, draw_times
from kcgeo.access.pairs import upto
from kcgeo.crs import STORAGE
from kcgeo.study.measure import Measured
from kcgeo.travel import friction_network

__all__ = ["DRAWN", "TODAY", "plans_under_draws"]

TODAY = 0
"""Number of the row that says how many are covered without any new site."""
DRAWN = (
    "local speed 25 to 45 km/h around 35, highways 10 % up and down, ways 1.2 to 1.4 times the straight line,"
    " a new site anywhere within 3 km of the middle of its area; existing sites stay open"
)
_SEED = 20_250_704
_LOW, _HIGH = 0.05, 0.95


def plans_under_draws(
    measured: Measured,
    existing: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    plans: Sequence[Sequence[str]],
    *,
    people: pd.Series[float],
    weights: pd.Series[float],
    cutoff_min: float,
    draw_count: int,
) -> pd.DataFrame:
    """Count whom each plan covers when speeds and the places of sites are drawn again and again.

    Parameters
    ----------
    measured
        Study, network and places.
    existing
        Sites that stay open: ``id, coordinate_precision`` and a point.
    areas
        Candidates with ``candidate_id`` and ``middle``.
    plans
        New areas of each plan, the best first.
    people, weights
        People by place, and what they count in the objective.
    cutoff_min
        Minutes that count as in reach.
    draw_count
        Draws; with 0 the table is empty.

    Returns
    -------
    DataFrame
        By ``plan`` (0 is today, then the plans in their order): ``covered_share_low, _median, _high`` (5 %, 50 %,
        95 % of the draws), the same of ``gained_count`` (people more than today in the same draw), and ``best_share``:
        the share of draws in which no other of the plans has a better weighted cover. Empty without draws.
    """
    if draw_count == 0:
        return pd.DataFrame()
    study = measured.study
    parts = arc_parts(study, build=lambda asked: measured.network if asked is study else friction_network(asked))
    ranges = replace(STATED_RANGES, cutoff_min=(cutoff_min, cutoff_min), exists_chance=1.0)
    draws = draw_times(
        parts,
        measured.places,
        _stages(existing, areas, plans),
        ranges=ranges,
        draw_count=draw_count,
        search_cutoff_min=cutoff_min,
        rng=_SEED,
    )
    stages = [_stage(number) for number in range(len(plans) + 1)]
    reached = {
        stage: (draws.of(stage) <= upto(cutoff_min)).to_numpy(dtype=float)
        if stage in draws.categories
        else np.zeros((len(draws.place_ids), draw_count))
        for stage in stages
    }
    here, value = (series.reindex(draws.place_ids).to_numpy(dtype=float) for series in (people, weights))
    covered = np.array([here @ reached[stage] for stage in stages])
    worth = np.array([value @ reached[stage] for stage in stages[1:]])
    best = worth >= worth.max(axis=0) * (1 - 1e-9)
    table = pd.DataFrame(index=pd.RangeIndex(len(stages), name="plan"))
    for name, values in (("covered_share", covered / here.sum()), ("gained_count", covered - covered[0])):
        for word, quantile in (("low", _LOW), ("median", 0.5), ("high", _HIGH)):
            table[f"{name}_{word}"] = np.quantile(values, quantile, axis=1)
    table["best_share"] = [np.nan, *best.mean(axis=1)]
    return table


def _stage(number: int) -> str:
    return f"plan {number:02d}"


def _stages(existing: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, plans: Sequence[Sequence[str]]) -> gpd.GeoDataFrame:
    """Open sites of today and of each plan, one row each, in the form of services; a site moves as one in all plans."""
    middles = areas.set_index("candidate_id")["middle"]
    held = [(row.id, row.coordinate_precision, row.geometry) for row in existing.itertuples()]
    rows = [
        (_stage(number), *site)
        for number, new in enumerate([(), *plans])
        for site in [*held, *((area, "zip", middles[area]) for area in new)]
    ]
    stages, ids, precision, points = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {
            "category": stages,
            "id": ids,
            "site_id": ids,
            "service_status": "active",
            "coordinate_precision": precision,
        },
        geometry=list(points),
        crs=STORAGE,
    )
