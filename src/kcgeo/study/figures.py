"""The figures of a study, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kcgeo import access, data, present
from kcgeo.data.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Background, Plate
from kcgeo.present.sheet import PRINT, SLIDE, Sheet
from kcgeo.study.corridors import counted_routes
from kcgeo.study.measure import Measured
from kcgeo.study.transit import transit_pictures

__all__ = ["REPORTED", "Figure", "background_of", "figures_of", "has_site", "reports_at_hand", "slides_of", "states_of"]


@dataclass(frozen=True)
class Figure:
    """A figure that is still to be drawn: its file name, the question it answers, the releases that it shows."""

    name: str
    question: str
    uses: tuple[str, ...]
    draw: Callable[[], Plate]


REPORTED = "What has been reported?"
"""The question of the charts of reporting."""

_GROUND = ("counties", "corridors", "towns")


def background_of(study: Study, released: Mapping[str, Released], *, sheet: Sheet = PRINT) -> Background:
    """Prepare the background that all maps of a study share, for a page or for a slide."""
    barriers = study.travel.barriers
    return present.background(
        released["counties"],
        released["corridors"],
        crs=study.crs,
        downtown=study.downtown,
        river=barriers[0] if barriers else None,
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
    figures += _reported(measured, released)
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
    figures += _reported(measured, released, parts=("hotline", "offences"))
    return figures


def states_of(measured: Measured) -> dict[str, str]:
    """Name the states of a study by their letters, the one with most of its people first."""
    people = measured.places.groupby("county_fips")["population_count"].sum()
    counted = measured.counties.set_index("county_fips")["state"].to_frame().join(people)
    order = counted.groupby("state")["population_count"].sum().sort_values(ascending=False, kind="stable").index
    names = data.load("states").set_index("state")["name"]
    return {str(state): str(names[state]) for state in order}


def reports_at_hand(measured: Measured, released: Mapping[str, Released]) -> bool:
    """Whether any state of the study has reports that a chart can show."""
    return bool(present.reported_states(released["aggregates"].table, states_of(measured)))


def _reported(measured: Measured, released: Mapping[str, Released], *, parts: Sequence[str] = ()) -> list[Figure]:
    """List what has been reported: one chart on a page or its parts on slides, and the ledger of claims on a page."""
    figures = []
    if reports_at_hand(measured, released):
        chart = partial(
            present.reporting_chart,
            released["aggregates"],
            released.get("claims"),
            states=states_of(measured),
            remarks=released["reporting_remarks"],
            metro=measured.study.title,
        )
        uses = tuple(name for name in ("aggregates", "claims", "reporting_remarks") if name in released)
        drawn = {f"reporting_{part}": partial(chart, show=part) for part in parts} or {"reporting": chart}
        figures = [Figure(name, REPORTED, uses, draw) for name, draw in drawn.items()]
    if "claims" in released and not parts:
        draw = partial(present.claims_chart, released["claims"])
        figures.append(Figure("claims", REPORTED, ("claims",), draw))
    return figures


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
