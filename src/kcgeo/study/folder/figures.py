"""The figures of a study, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from kcgeo import access, data, present
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Background, Plate
from kcgeo.present.look.sheet import PRINT, SLIDE, Sheet
from kcgeo.study.answers.by_bus import transit_pictures
from kcgeo.study.answers.corridor import counted_routes
from kcgeo.study.measure import Measured

__all__ = [
    "NO_REPORTS",
    "REPORTED",
    "Figure",
    "background_of",
    "figures_of",
    "has_site",
    "reporting",
    "slides_of",
    "states_of",
]


@dataclass(frozen=True)
class Figure:
    """A figure that is still to be drawn: its file name, the question it answers, the releases that it shows."""

    name: str
    question: str
    uses: tuple[str, ...]
    draw: Callable[[], Plate]


Part = Literal["all", "hotline", "offences"]

REPORTED = "What has been reported?"
"""The question of the charts of reporting."""

NO_REPORTS = (
    "No chart: the packaged tables hold no yearly report of a state of this study. That is missing material, not zero."
)

_GROUND = ("counties", "corridors", "towns")


def background_of(study: Study, released: Mapping[str, Released], *, sheet: Sheet = PRINT) -> Background:
    """Prepare the background that all maps of a study share, for a page or for a slide."""
    return present.background(
        released["counties"],
        released["corridors"],
        crs=study.crs,
        downtown=study.downtown,
        rivers=study.travel.barriers,
        towns=released["towns"],
        sites=released["services"],
        sheet=sheet,
    )


def figures_of(measured: Measured, released: Mapping[str, Released]) -> list[Figure]:
    """List the figures of a study; each is drawn when it is called."""
    study = measured.study
    ground = background_of(study, released)
    categories = [name for name in access.categories_of(measured.place_times) if has_site(measured, name)]
    headline = study.gaps.headline_cutoff_min
    orientation, gaps = _first(study, released, ground)
    sheet = Figure(
        "drive_time_sheet",
        "How long is the drive?",
        ("cell_times", "place_times", *_GROUND),
        partial(
            present.drive_time_sheet,
            released["cell_times"],
            categories=categories,
            ground=ground,
            places=released["place_times"],
            edges_min=study.gaps.cutoffs_min,
            headline_min=headline,
        ),
    )
    figures = [orientation, gaps, *_certainty(study, released, ground), sheet]
    figures += [_drive_time(study, released, ground, name) for name in categories]
    figures += _left_out(study, released, ground)
    figures += [Figure(*picture) for picture in transit_pictures(measured, released, ground)]
    if "profile" in released:
        along = [released[name] for name in ("profile", "segments", "exits")]
        figures.append(
            Figure(
                "corridors",
                "Along which miles is help thin?",
                ("profile", "segments", "exits", "corridor_towns"),
                partial(
                    present.corridor_chart,
                    *along,
                    towns=released["corridor_towns"],
                    counted=counted_routes(study),
                    cutoff_min=headline,
                ),
            )
        )
    figures += _reported(study, released, ["all"])
    figures.append(Figure("claims", REPORTED, ("claims",), partial(present.claims_chart, released["claims"])))
    return figures


def slides_of(measured: Measured, released: Mapping[str, Released]) -> list[Figure]:
    """List the figures of a talk, 16:9 and each with one message: the required categories, one corridor at a time."""
    study = measured.study
    ground = background_of(study, released, sheet=SLIDE)
    figures = [*_first(study, released, ground), *_certainty(study, released, ground)[:1]]
    figures += [_drive_time(study, released, ground, name) for name in study.gaps.required if has_site(measured, name)]
    if "profile" in released:
        along = [released[name] for name in ("profile", "segments", "exits")]
        figures += [
            Figure(
                f"corridor_{route}",
                "Along which miles is help thin?",
                ("profile", "segments", "exits", "corridor_towns"),
                partial(
                    present.corridor_chart,
                    *along,
                    towns=released["corridor_towns"],
                    cutoff_min=study.gaps.headline_cutoff_min,
                    routes=[route],
                    counted=counted_routes(study),
                    sheet=SLIDE,
                ),
            )
            for route in sorted(released["profile"].table["route"].unique())
        ]
    figures += _reported(study, released, ["hotline", "offences"])
    return figures


def states_of(study: Study) -> dict[str, str]:
    """Name the states of a study by their letters, the one with most of its people first."""
    people = data.places(study).groupby("county_fips")["population_count"].sum()
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
        Figure(
            "reporting" if part == "all" else f"reporting_{part}",
            REPORTED,
            uses,
            cast("Callable[[], Plate]", partial(reporting, study, released, show=part)),
        )
        for part in parts
    ]


def _first(study: Study, released: Mapping[str, Released], ground: Background) -> tuple[Figure, Figure]:
    """Where help is listed, and who lacks what."""
    orientation = Figure(
        "orientation",
        "Where is help listed?",
        ("services", "areas", *_GROUND),
        partial(present.orientation_map, released["services"], ground=ground, areas=released["areas"]),
    )
    gaps = Figure(
        "gaps",
        "Who lacks what?",
        ("cell_times", "gaps", *_GROUND),
        partial(
            present.gap_map,
            released["cell_times"],
            released["gaps"],
            required=study.gaps.required,
            cutoff_min=study.gaps.headline_cutoff_min,
            ground=ground,
        ),
    )
    return orientation, gaps


def _certainty(study: Study, released: Mapping[str, Released], ground: Background) -> list[Figure]:
    """List the headline map with its certainty, and the headline numbers with intervals, where draws were made."""
    if "certainty" not in released:
        return []
    cutoff = study.gaps.headline_cutoff_min
    return [
        Figure(
            "certainty",
            "Who lacks what?",
            ("certainty", *_GROUND),
            partial(
                present.certainty_map,
                released["certainty"],
                ground=ground,
                required=study.gaps.required,
                cutoff_min=cutoff,
                edges_min=study.gaps.cutoffs_min,
            ),
        ),
        Figure(
            "intervals",
            "How sure are we?",
            ("intervals",),
            partial(present.interval_chart, released["intervals"], cutoff_min=cutoff),
        ),
    ]


def _left_out(study: Study, released: Mapping[str, Released], ground: Background) -> list[Figure]:
    """Who is served when, how evenly, and where long drives cluster."""
    if "service_matrix" not in released:
        return []
    cutoff, required = study.gaps.headline_cutoff_min, study.gaps.required
    matrix, classes = released["service_matrix"], released["matrix_places"]
    figures = [
        Figure(
            "service_matrix",
            "Who is left out, and when?",
            ("service_matrix",),
            partial(present.matrix_chart, matrix, cutoff_min=cutoff, required=required),
        ),
        Figure(
            "service_matrix_map",
            "Who is left out, and when?",
            ("matrix_places", *_GROUND),
            partial(present.matrix_map, classes, ground=ground, cutoff_min=cutoff),
        ),
        Figure(
            "group_gaps",
            "How evenly is help shared?",
            ("group_gaps",),
            partial(present.group_gap_chart, released["group_gaps"], cutoff_min=cutoff),
        ),
        Figure(
            "lorenz",
            "How evenly is help shared?",
            ("lorenz", "equity"),
            partial(present.lorenz_chart, released["lorenz"], released["equity"], cutoff_min=cutoff),
        ),
    ]
    if "hot_spots" in released:
        figures.append(
            Figure(
                "hot_spots",
                "Where do long drives cluster?",
                ("hot_spots", *_GROUND),
                partial(present.hot_spot_map, released["hot_spots"], ground=ground, required=required),
            )
        )
    return figures


def _drive_time(study: Study, released: Mapping[str, Released], ground: Background, category: str) -> Figure:
    return Figure(
        f"drive_time_{category}",
        "How long is the drive?",
        ("cell_times", "place_times", "services", *_GROUND),
        partial(
            present.drive_time_map,
            released["cell_times"],
            category=category,
            ground=ground,
            services=released["services"],
            places=released["place_times"],
            edges_min=study.gaps.cutoffs_min,
            headline_min=study.gaps.headline_cutoff_min,
        ),
    )


def has_site(measured: Measured, category: str) -> bool:
    """Whether any cell reaches the category: a map without a single time says nothing."""
    return bool(measured.cell_times[f"{category}_min"].notna().any())
