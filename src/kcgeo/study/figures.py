"""The figures of a study, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from kcgeo import access, present
from kcgeo.data.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Background, Plate
from kcgeo.study.measure import Measured

__all__ = ["Figure", "background_of", "figures_of", "has_site"]


@dataclass(frozen=True)
class Figure:
    """A figure that is still to be drawn: its file name, the question it answers, the releases that it shows."""

    name: str
    question: str
    uses: tuple[str, ...]
    draw: Callable[[], Plate]


_GROUND = ("counties", "corridors", "towns")


def background_of(study: Study, released: Mapping[str, Released]) -> Background:
    """Prepare the background that all maps of a study share."""
    barriers = study.travel.barriers
    return present.background(
        released["counties"],
        released["corridors"],
        crs=study.crs,
        downtown=study.downtown,
        river=barriers[0] if barriers else None,
        towns=released["towns"],
        sites=released["services"],
    )


def figures_of(measured: Measured, released: Mapping[str, Released]) -> list[Figure]:
    """List the figures of a study; each is drawn when it is called."""
    study = measured.study
    ground = background_of(study, released)
    categories = [name for name in access.categories_of(measured.place_times) if has_site(measured, name)]
    edges, headline = study.gaps.cutoffs_min, study.gaps.headline_cutoff_min
    times = ("cell_times", "place_times", "services", *_GROUND)
    figures = [
        Figure(
            "orientation",
            "Where is help listed?",
            ("services", "areas", *_GROUND),
            partial(present.orientation_map, released["services"], ground=ground, areas=released["areas"]),
        ),
        Figure(
            "gaps",
            "Who lacks what?",
            ("cell_times", "gaps", *_GROUND),
            partial(
                present.gap_map,
                released["cell_times"],
                released["gaps"],
                required=study.gaps.required,
                cutoff_min=headline,
                ground=ground,
            ),
        ),
        Figure(
            "drive_time_sheet",
            "How long is the drive?",
            ("cell_times", "place_times", *_GROUND),
            partial(
                present.drive_time_sheet,
                released["cell_times"],
                categories=categories,
                ground=ground,
                places=released["place_times"],
                edges_min=edges,
                headline_min=headline,
            ),
        ),
    ]
    figures += [
        Figure(
            f"drive_time_{category}",
            "How long is the drive?",
            times,
            partial(
                present.drive_time_map,
                released["cell_times"],
                category=category,
                ground=ground,
                services=released["services"],
                places=released["place_times"],
                edges_min=edges,
                headline_min=headline,
            ),
        )
        for category in categories
    ]
    if "profile" in released:
        along = [released[name] for name in ("profile", "segments", "exits")]
        figures.append(
            Figure(
                "corridors",
                "Along which miles is help thin?",
                ("profile", "segments", "exits", "corridor_towns"),
                partial(present.corridor_chart, *along, towns=released["corridor_towns"], cutoff_min=headline),
            )
        )
    figures.append(
        Figure(
            "reporting",
            "What has been reported?",
            ("aggregates", "claims"),
            partial(present.reporting_chart, released["aggregates"], released["claims"]),
        )
    )
    return figures


def has_site(measured: Measured, category: str) -> bool:
    """Whether any cell reaches the category: a map without a single time says nothing."""
    return bool(measured.cell_times[f"{category}_min"].notna().any())
