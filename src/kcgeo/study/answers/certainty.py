"""How sure are we? What the model does not know is drawn again and again; what moves little may be relied on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kcgeo import access, data, present
from kcgeo.disclosure import Released
from kcgeo.present import Plate
from kcgeo.present.look.background import Background
from kcgeo.study.kept import kept
from kcgeo.study.measure import GROUPS, Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL, let_out, model_note, release_background
from kcgeo.study.sources import asked_of
from kcgeo.travel import friction_network

__all__ = ["DRAWN", "LEVEL", "WORST_SHARE", "CertaintyReport", "certainty_report"]

WORST_SHARE = 0.1
LEVEL = 0.9
DRAWN = (
    "drawn evenly: local speed 25 to 45 km/h around 35, highways 10 % up and down, circuity 1.2 to 1.4, cutoff 25 to 35"
    " minutes, sites within the precision of their address, each service of unknown status there or not, people within"
    " their ZIP code area"
)
NO_SAMPLING = "census counts are taken as they stand: no sampling error is given with them"
_SEED = 20_261_122


@dataclass(frozen=True, eq=False)
class CertaintyReport:
    """What holds over the draws; made by :func:`certainty_report`.

    Attributes
    ----------
    draws
        Minutes to the nearest site of each required category in every draw.
    places
        By place: ``value_low, value_median, value_high`` (minutes to the farthest required kind; NaN where one is not
        reached), ``worst_draw_share`` (share of draws among the worst tenth of places), ``covered_draw_share`` (share
        of draws in which all required kinds are within the draw's cutoff), ranks and ``certainty``.
    headlines
        One row a draw, one column a number; see :func:`kcgeo.access.headlines`.
    intervals
        ``measure, category, group, unit, value_low, value_median, value_high, draw_count``.
    released
        ``certainty`` (places) and ``intervals``.
    """

    cutoff_min: float
    required: tuple[str, ...]
    draws: access.Draws
    places: pd.DataFrame
    headlines: pd.DataFrame
    intervals: pd.DataFrame
    released: dict[str, Released]

    def map(self, ground: Background) -> Plate:
        """Draw the value of each place and how sure it is."""
        return present.certainty_map(
            self.released["certainty"], ground=ground, cutoff_min=self.cutoff_min, required=self.required
        )

    def interval_chart(self) -> Plate:
        """Draw the headline numbers with their intervals."""
        return present.interval_chart(self.released["intervals"], cutoff_min=self.cutoff_min)


def certainty_report(measured: Measured, *, draw_count: int = access.DRAW_COUNT, seed: int = _SEED) -> CertaintyReport:
    """Draw speeds, circuity, cutoff, places of sites and doubtful services, and say what holds.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    draw_count
        500 for a map; fewer to try out.
    seed
        The same seed gives the same answer.

    Raises
    ------
    TableError
        For no draws, or a required category without any site in the whole study.
    """
    key = measured.key and f"{measured.key}-certainty-{draw_count}-{seed}"
    return kept(key, lambda: _certainty_report(measured, draw_count, seed))


def _certainty_report(measured: Measured, draw_count: int, seed: int) -> CertaintyReport:
    study = measured.study
    required, cutoff_min = study.gaps.required, study.gaps.headline_cutoff_min
    listed = data.by_category(measured.services)
    about = measured.services.set_index("service_id")
    sites = listed[listed["category"].isin(required)].assign(
        service_status=lambda rows: rows["service_id"].map(about["service_status"]),
        coordinate_precision=lambda rows: rows["service_id"].map(about["coordinate_precision"]),
    )
    parts = access.arc_parts(study, build=lambda asked: measured.network if asked is study else friction_network(asked))
    draws = access.draw_times(
        parts,
        measured.places,
        sites,
        ranges=access.STATED_RANGES,
        draw_count=draw_count,
        search_cutoff_min=study.travel.search_cutoff_min,
        rng=seed,
    )
    people = measured.places.set_index("place_id")[list(GROUPS)]
    spread = None if study.layer("places") else people.index.to_series().str.partition("-")[0]
    numbers = access.headlines(draws, people, required=required, rng=seed, areas=spread)
    reached = [category for category in required if category in draws.categories]
    farthest = draws.longest(reached)
    stability = access.rank_stability(farthest, worst_share=WORST_SHARE)
    covered = farthest <= draws.parameters["cutoff_min"].to_numpy()
    places = stability.replace([float("inf"), float("-inf")], float("nan"))
    places.insert(1, "covered_draw_share", covered.mean(axis=1) if len(reached) == len(required) else 0.0)
    table = _intervals(numbers)
    return CertaintyReport(
        cutoff_min=cutoff_min,
        required=required,
        draws=draws,
        places=places,
        headlines=numbers,
        intervals=table,
        released=_released(measured, places, table, draw_count),
    )


def _intervals(numbers: pd.DataFrame) -> pd.DataFrame:
    """Intervals of all headline numbers, their names cut into category, measure and group."""
    table = access.intervals(numbers, level=LEVEL).reset_index()
    names = table["headline"].str.extract(r"^(?P<category>.+) (?P<measure>\w+), (?P<group>\w+)$")
    spread = table[["low", "median", "high"]].add_prefix("value_")
    unit = names["measure"].map(lambda measure: "minutes" if measure.endswith("_min") else "share of the group")
    return pd.concat([names, unit.rename("unit"), spread, table["draw_count"]], axis=1)


def _released(measured: Measured, places: pd.DataFrame, table: pd.DataFrame, draw_count: int) -> dict[str, Released]:
    about = measured.places[["place_id", "place_name", "county_fips", "population_count", "geometry"]]
    notes = (f"{draw_count} draws; {DRAWN}", NO_SAMPLING, model_note(measured), LOWER_BOUND, LISTED, ODBL)
    tables = {
        "certainty": about.merge(places.rename_axis("place_id").reset_index(), on="place_id").assign(
            draw_count=draw_count
        ),
        "intervals": table,
    }
    geography = release_background(measured)["places"]
    asked = asked_of(measured.study)
    return let_out(measured.study, tables, kind="equity", notes=notes, about=asked, geography=geography)
