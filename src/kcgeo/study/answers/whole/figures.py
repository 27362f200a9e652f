"""The figures of a study, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, cast

from kcgeo import access, data, present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Plate
from kcgeo.present.look.sheet import PRINT, SLIDE, Sheet
from kcgeo.study.answer import Figure, Scene
from kcgeo.study.answers.by_bus import transit_figures
from kcgeo.study.answers.corridor import counted_routes

__all__ = ["NO_REPORTS", "REPORTED", "figures_of", "reached_categories", "reporting", "slides_of", "states_of"]

Part = Literal["all", "hotline", "offences"]

REPORTED = "What has been reported?"
"""The question of the charts of reporting."""

NO_REPORTS = (
    "No chart: the packaged tables hold no yearly report of a state of this study. That is missing material, not zero."
)


def figures_of(study: Study, released: Mapping[str, Released]) -> list[Figure]:
    """List the figures of a study, at most ten of them for everybody; each is drawn when it is called for."""
    categories = reached_categories(released)
    sheet = Figure.of(
        "drive_time_sheet",
        "How long is the drive?",
        present.drive_time_sheet,
        ("cell_times",),
        named={"places": "place_times"},
        sheet=PRINT,
        categories=categories,
        edges_min=study.gaps.cutoffs_min,
        headline_min=study.gaps.headline_cutoff_min,
    )
    figures = [*_first(study, PRINT), *_certainty(study, released, PRINT), sheet]
    figures += [_drive_time(study, PRINT, name) for name in study.gaps.required if name in categories]
    figures += _left_out(study, released)
    figures += transit_figures(study, released)
    if "profile" in released:
        figures.append(_along(study, "corridors"))
    figures += _reported(study, released, ["all"])
    figures.append(Figure.of("claims", REPORTED, present.claims_chart, ("claims",), annex=True))
    return figures


def slides_of(study: Study, released: Mapping[str, Released]) -> list[Figure]:
    """List the figures of a talk, 16:9 and each with one message: the required categories, one corridor at a time."""
    reached = reached_categories(released)
    figures = [*_first(study, SLIDE), *_certainty(study, released, SLIDE)[:1]]
    figures += [_drive_time(study, SLIDE, name) for name in study.gaps.required if name in reached]
    if "profile" in released:
        routes = sorted(released["profile"].table["route"].unique())
        # the sheet is an option of the chart here: it has no ground
        figures += [_along(study, f"corridor_{route}", routes=[route], on_slide=True) for route in routes]
    figures += _reported(study, released, ["hotline", "offences"])
    return figures


def reached_categories(released: Mapping[str, Released]) -> list[str]:
    """Categories that any cell reaches: a map without a single time says nothing."""
    times = released["cell_times"].table
    return [name for name in access.categories_of(times) if times[f"{name}_min"].notna().any()]


def states_of(study: Study) -> dict[str, str]:
    """Name the states of a study by their letters, the one with most of its people first."""
    people = data.living_points(study).groupby("county_fips")["population_count"].sum()
    counted = data.counties(study).set_index("county_fips")["state"].to_frame().join(people)
    order = counted.groupby("state")["population_count"].sum().sort_values(ascending=False, kind="stable").index
    names = data.load("states").set_index("state")["name"]
    return {str(state): str(names[state]) for state in order}


def reporting(study: Study, released: Mapping[str, Released], *, show: Part = "all") -> Plate | None:
    """Draw what the states of a study have reported; None where no report of theirs is at hand.

    Parameters
    ----------
    study : Study
        Its counties say which states.
    released : mapping
        What :func:`kcgeo.study.release_ledger` gives.
    show : str
        ``all`` on one page, or the part of a slide: ``hotline`` or ``offences``.
    """
    states = states_of(study)
    if not present.reported_states(released["aggregates"].table, states):
        return None
    return present.reporting_chart(
        released["aggregates"],
        released["claims"],
        states=states,
        remarks=released["reporting_remarks"],
        metro=study.title,
        show=show,
    )


def _reported(study: Study, released: Mapping[str, Released], parts: Sequence[Part]) -> list[Figure]:
    """List the charts of what has been reported."""
    if not present.reported_states(released["aggregates"].table, states_of(study)):
        return []
    uses = ("aggregates", "claims", "reporting_remarks")
    return [
        Figure("reporting" if part == "all" else f"reporting_{part}", REPORTED, uses, partial(_report, show=part))
        for part in parts
    ]


def _report(scene: Scene, *, show: Part) -> Plate:
    return cast("Plate", reporting(scene.study, scene.tables, show=show))


def _along(study: Study, name: str, *, routes: Sequence[str] | None = None, on_slide: bool = False) -> Figure:
    """Draw the strip chart of all routes, or of some on a slide."""
    options: dict[str, Any] = {"routes": routes} if routes else {}
    make = partial(present.corridor_chart, sheet=SLIDE) if on_slide else present.corridor_chart
    return Figure.of(
        name,
        "Along which miles is help thin?",
        make,
        ("profile", "segments", "exits"),
        named={"towns": "corridor_towns"},
        counted=counted_routes(study),
        cutoff_min=study.gaps.headline_cutoff_min,
        **options,
    )


def _first(study: Study, sheet: Sheet) -> tuple[Figure, Figure]:
    """Where help is listed, and who lacks what."""
    orientation = Figure.of(
        "orientation",
        "Where is help listed?",
        present.orientation_map,
        ("services",),
        named={"areas": "areas"},
        sheet=sheet,
    )
    gaps = Figure.of(
        "gaps",
        "Who lacks what?",
        present.gap_map,
        ("cell_times", "gaps"),
        sheet=sheet,
        required=study.gaps.required,
        cutoff_min=study.gaps.headline_cutoff_min,
    )
    return orientation, gaps


def _certainty(study: Study, released: Mapping[str, Released], sheet: Sheet) -> list[Figure]:
    """List the headline map with its certainty, and the headline numbers with intervals, where draws were made."""
    if "certainty" not in released:
        return []
    cutoff = study.gaps.headline_cutoff_min
    return [
        Figure.of(
            "certainty",
            "Who lacks what?",
            present.certainty_map,
            ("certainty",),
            sheet=sheet,
            required=study.gaps.required,
            cutoff_min=cutoff,
            edges_min=study.gaps.cutoffs_min,
        ),
        Figure.of(
            "intervals", "How sure are we?", present.interval_chart, ("intervals",), cutoff_min=cutoff, annex=True
        ),
    ]


def _left_out(study: Study, released: Mapping[str, Released]) -> list[Figure]:
    """Who is served when, how evenly, and where long drives cluster."""
    if "service_matrix" not in released:
        return []
    cutoff, required = study.gaps.headline_cutoff_min, study.gaps.required
    when, even = "Who is left out, and when?", "How evenly is help shared?"
    figures = [
        Figure.of(
            "service_matrix", when, present.matrix_chart, ("service_matrix",), cutoff_min=cutoff, required=required
        ),
        Figure.of(
            "service_matrix_map",
            when,
            present.matrix_map,
            ("matrix_places",),
            sheet=PRINT,
            cutoff_min=cutoff,
            annex=True,
        ),
        Figure.of("group_gaps", even, present.group_gap_chart, ("group_gaps",), cutoff_min=cutoff),
        Figure.of("lorenz", even, present.lorenz_chart, ("lorenz", "equity"), cutoff_min=cutoff, annex=True),
    ]
    if "hot_spots" in released:
        spots = "Where do long drives cluster?"
        figures.append(
            Figure.of(
                "hot_spots", spots, present.hot_spot_map, ("hot_spots",), sheet=PRINT, required=required, annex=True
            )
        )
    return figures


def _drive_time(study: Study, sheet: Sheet, category: str) -> Figure:
    return Figure.of(
        f"drive_time_{category}",
        "How long is the drive?",
        present.drive_time_map,
        ("cell_times",),
        named={"services": "services", "places": "place_times"},
        sheet=sheet,
        annex=True,
        category=category,
        edges_min=study.gaps.cutoffs_min,
        headline_min=study.gaps.headline_cutoff_min,
    )
