"""Trips from downtown: minutes of the free-flow model beside minutes derived from miles and posted speeds.

``python -m benchmarks.travel_trips`` writes the table into ``docs/methods/travel-times.md``; a test recomputes it.

The stated minutes are an assumption, not a measurement: miles of each route by its mileposts (exit numbers are
mile-based) at the speed posted there in general, and the streets at both ends at a plain guess of their speed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from kcgeo import travel
from kcgeo.data.study.settings import Study, read_study

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "methods" / "travel-times.md"
BEGIN, END = "<!-- trips: begin, written by python -m benchmarks.travel_trips -->", "<!-- trips: end -->"
DOWNTOWN = ("downtown streets", 1.0, 20.0)


class Trip(NamedTuple):
    """A destination and the way there as legs of (road, miles, miles per hour)."""

    to: str
    lon: float
    lat: float
    legs: tuple[tuple[str, float, float], ...]

    @property
    def stated_min(self) -> float:
        return sum(60 * miles / mph for _, miles, mph in (DOWNTOWN, *self.legs))


TRIPS = (
    Trip("Independence", -94.4155, 39.0911, (("I-70", 6, 55), ("I-70", 4, 65), ("streets", 2.5, 30))),
    Trip("Parkville", -94.6822, 39.1950, (("US-169", 3.5, 55), ("MO-9", 6.5, 45))),
    Trip("Overland Park", -94.6708, 38.9822, (("I-35", 9, 60), ("Metcalf Avenue", 3.5, 35))),
    Trip("Liberty", -94.4191, 39.2461, (("I-35", 4, 55), ("I-35", 10, 65), ("streets", 1.5, 30))),
    Trip("KCI airport", -94.7139, 39.2976, (("US-169", 4, 55), ("I-29", 13, 65), ("airport road", 1.5, 35))),
    Trip("Blue Springs", -94.2816, 39.0169, (("I-70", 6, 55), ("I-70", 12, 65), ("streets", 1, 30))),
    Trip("Lee's Summit", -94.3822, 38.9108, (("I-70", 6, 55), ("I-435, I-470, US-50", 13, 65), ("streets", 1, 30))),
    Trip("Olathe", -94.8191, 38.8814, (("I-35", 8, 55), ("I-35", 11, 65), ("streets", 1.5, 35))),
    Trip(
        "Excelsior Springs",
        -94.2261,
        39.3392,
        (("I-35", 4, 55), ("I-35", 14, 65), ("US-69", 10, 60), ("streets", 1.5, 30)),
    ),
    Trip(
        "Leavenworth",
        -94.9225,
        39.3111,
        (("I-70", 6, 55), ("I-70", 12, 67), ("K-7", 12, 65), ("US-73 in Lansing and Leavenworth", 5, 45)),
    ),
    Trip("Lawrence", -95.2353, 38.9717, (("I-70", 6, 55), ("I-70", 10, 70), ("Turnpike", 22, 75), ("streets", 3, 35))),
    Trip("Harrisonville", -94.3488, 38.6534, (("US-71", 10, 50), ("I-49", 26, 68), ("streets", 1, 30))),
    Trip("Odessa", -93.9536, 38.9992, (("I-70", 6, 55), ("I-70", 9, 65), ("I-70", 20, 70), ("streets", 1, 30))),
    Trip("Paola", -94.8791, 38.5722, (("I-35", 8, 55), ("I-35", 14, 65), ("US-169", 20, 70), ("streets", 1.5, 30))),
    Trip("Cameron", -94.2411, 39.7403, (("I-35", 4, 55), ("I-35", 8, 65), ("I-35", 38, 70), ("streets", 1, 30))),
)


def trip_table(network: travel.Network, study: Study) -> pd.DataFrame:
    """Minutes of the model and as stated, by trip: ``to, legs, stated_min, model_min, error_min``."""
    places = gpd.GeoDataFrame(
        {"id": [trip.to for trip in TRIPS]},
        geometry=gpd.points_from_xy([trip.lon for trip in TRIPS], [trip.lat for trip in TRIPS]),
        crs="EPSG:4326",
    )
    start = gpd.GeoDataFrame(
        {"id": ["downtown"]}, geometry=gpd.points_from_xy(*[[value] for value in study.downtown]), crs="EPSG:4326"
    )
    pairs = travel.costs(network, start, places, cutoff_min=study.travel.search_cutoff_min)
    model = pairs.set_index("to_id")["time_min"].reindex(places["id"]).to_numpy()
    table = pd.DataFrame(
        {
            "to": [trip.to for trip in TRIPS],
            "legs": ["; ".join(f"{road} {miles:g} mi at {mph:g}" for road, miles, mph in trip.legs) for trip in TRIPS],
            "stated_min": [trip.stated_min for trip in TRIPS],
            "model_min": model,
        }
    )
    return table.assign(error_min=table["model_min"] - table["stated_min"])


def as_markdown(table: pd.DataFrame) -> str:
    """Write the table and its mean error as Markdown."""
    lines = [
        "| from downtown to | way (miles at miles per hour) | stated min | model min | error min |",
        "|---|---|--:|--:|--:|",
    ]
    lines += [
        f"| {row.to} | {row.legs} | {row.stated_min:.0f} | {row.model_min:.0f} | {row.error_min:+.1f} |"
        for row in table.itertuples(index=False)
    ]
    error = table["error_min"]
    lines += [
        "",
        f"Mean absolute error {error.abs().mean():.1f} min, mean error {error.mean():+.1f} min, "
        f"largest {error.abs().max():.1f} min ({table['to'][error.abs().idxmax()]}).",
    ]
    return "\n".join(lines)


def with_table(text: str, table: str) -> str:
    """Return the document with the part between the marks replaced."""
    head, rest = text.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"


def main() -> None:
    study = read_study(ROOT / "studies" / "kansas-city.toml")
    table = as_markdown(trip_table(travel.friction_network(study), study))
    DOC.write_text(with_table(DOC.read_text(encoding="utf-8"), table), encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
