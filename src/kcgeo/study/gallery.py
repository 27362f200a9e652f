"""The pages of a folder of results: the map page and the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kcgeo import access, present
from kcgeo.data.settings import Study
from kcgeo.disclosure import Released
from kcgeo.present import Note
from kcgeo.study.figures import Figure, background_of, has_site
from kcgeo.study.measure import Measured

__all__ = ["write_index", "write_map_page"]


def write_map_page(measured: Measured, released: Mapping[str, Released], folder: Path) -> tuple[tuple[str, ...], Path]:
    """Write ``coverage.html`` and return the names of the releases that it shows, and its path."""
    gaps = measured.study.gaps
    page = present.coverage_page(
        released["cell_times"],
        released["services"],
        released["coverage"],
        categories=[name for name in access.categories_of(measured.place_times) if has_site(measured, name)],
        ground=background_of(measured.study, released),
        edges_min=gaps.cutoffs_min,
        headline_min=gaps.headline_cutoff_min,
        required=gaps.required,
        places=released["gaps"],
        areas=released["areas"],
        title=f"Who can reach help? {measured.study.title}",
    )
    path = folder / "coverage.html"
    present.save_page(page, path)
    uses = ("cell_times", "services", "coverage", "gaps", "areas", "counties", "corridors", "towns")
    return uses, path
