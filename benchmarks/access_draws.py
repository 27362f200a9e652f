"""Draws of what is not known: draws a second and growth; and the measures that grow fastest.

``python -m benchmarks.access_draws`` prints the tables, ``--write`` puts them into ``access_draws.md``. Medians of
several runs in one process, in processor time of all its threads; both engines are first checked to give one answer.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import kcgeo.data
from kcgeo.access import STATED_RANGES, arc_parts, congestion_cost, decay, draw_times, hot_spots, two_step_fca

TABLE = Path(__file__).parent / "access_draws.md"
RUNS = 3
READING = """\
A draw's cost grows in proportion to the nodes and to the categories searched; neither the number of draws nor that of
places changes it. E2SFCA grows with the pairs in reach, congestion cost with the pairs and the overlap of catchments.
"""


def seconds(work: Callable[[], object]) -> float:
    """Median processor time of a piece of work, all threads, after one run to warm up: other work hardly changes it."""
    work()
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def sites_of(study: kcgeo.data.Study) -> gpd.GeoDataFrame:
    services = kcgeo.data.services()
    sites = kcgeo.data.by_category(services)
    sites = sites[sites["category"].isin(study.gaps.required)]
    return sites.merge(services[["service_id", "service_status", "coordinate_precision"]], on="service_id")


def draws_table() -> list[str]:
    study = kcgeo.data.read_study(kcgeo.data.default_study())
    places, sites = kcgeo.data.places(study), sites_of(study)
    engines = ["scipy", *(["numba"] if find_spec("numba") else [])]
    rows = [
        "| cells of resolution | nodes | categories | draws | "
        + " | ".join(f"{e}, draws a CPU second" for e in engines)
        + " |"
    ]
    rows.append("|--:|--:|--:|--:|" + "--:|" * len(engines))
    for resolution in (7, 8):
        parts = arc_parts(replace(study, travel=replace(study.travel, h3_resolution=resolution)))
        for category_count, draw_count in ((1, 40), (6, 10), (6, 40), (6, 160)):
            wanted = sites[sites["category"].isin(study.gaps.required[:category_count])]

            def draw(engine, parts=parts, wanted=wanted, draw_count=draw_count):
                return draw_times(
                    parts,
                    places,
                    wanted,
                    ranges=STATED_RANGES,
                    draw_count=draw_count,
                    search_cutoff_min=study.travel.search_cutoff_min,
                    rng=np.random.default_rng(1),
                    engine=engine,
                )

            answers = [draw(engine).time_min for engine in engines]
            for answer in answers[1:]:
                np.testing.assert_array_equal(answers[0], answer)
            rates = [draw_count / seconds(lambda engine=engine, draw=draw: draw(engine)) for engine in engines]
            cells = " | ".join(f"{rate:.0f}" for rate in rates)
            rows.append(
                f"| {resolution} | {len(parts.network.node_ids):,} | {category_count} | {draw_count} | {cells} |"
            )
    return rows


def town(place_count: int, site_count: int, reach_min: float) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(1)
    place, site = rng.random((place_count, 2)) * 100, rng.random((site_count, 2)) * 100
    minutes = np.hypot(*(place[:, None] - site[None]).transpose(2, 0, 1))
    i, j = np.nonzero(minutes <= reach_min)
    names = np.array([f"p{k:06}" for k in range(place_count)], dtype=object)
    sites = np.array([f"s{k:04}" for k in range(site_count)], dtype=object)
    costs = pd.DataFrame({"from_id": names[i], "to_id": sites[j], "time_min": minutes[i, j]})
    demand = pd.Series(rng.integers(0, 5_000, place_count).astype(float), index=names)
    return costs, demand, pd.Series(rng.integers(1, 50, site_count).astype(float), index=sites)


def measures_table() -> list[str]:
    rows = ["| places | sites | pairs in reach | E2SFCA CPU s | congestion cost CPU s |", "|--:|--:|--:|--:|--:|"]
    rings = decay.step([10, 20, 30], [1, 0.68, 0.22])
    for place_count, site_count in ((278, 30), (1_000, 50), (4_000, 100)):
        costs, demand, supply = town(place_count, site_count, 30)
        share = seconds(lambda t=(costs, demand, supply): two_step_fca(*t, decay=rings))
        cost = seconds(lambda t=(costs, demand, supply): congestion_cost(*t))
        rows.append(f"| {place_count:,} | {site_count} | {len(costs):,} | {share:.3f} | {cost:.2f} |")
    return rows


def spots_table() -> list[str]:
    rows = ["| places | permutations | hot spots CPU s |", "|--:|--:|--:|"]
    for count in (100, 278, 600):
        rng = np.random.default_rng(1)
        points = gpd.points_from_xy(*(rng.random((2, count)) * 1e5), crs="EPSG:26915")
        places = gpd.GeoDataFrame({"place_id": [f"p{k:04}" for k in range(count)]}, geometry=points)
        values = pd.Series(rng.random(count), index=places["place_id"])
        taken = seconds(lambda v=values, p=places: hot_spots(v, p, rng=np.random.default_rng(1)))
        rows.append(f"| {count:,} | {int(2 * count / 0.05):,} | {taken:.2f} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    lines = [
        "# Draws and measures: speed and growth",
        "",
        "Written by `python -m benchmarks.access_draws --write`.",
        "",
    ]
    write = parser.parse_args().write
    for title, table in (
        ("Draws of what is not known (speeds, services, coordinates), places of the study", draws_table),
        ("Measures with competition, random towns", measures_table),
        ("Hot spots: permutations grow with the places, so time grows with their square", spots_table),
    ):
        lines += [f"## {title}", "", *table(), ""]
    lines += [READING]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines.append(
        f"Medians of {RUNS} runs after one to warm up, Python {platform.python_version()}, "
        f"peak memory of the process {peak:.0f} MB."
    )
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
