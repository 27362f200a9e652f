"""Figures beside pictures that somebody looked at: a small town, low resolution, a tolerance for other font engines.

What a picture should say is tested elsewhere by meaning (titles, colours at places, widths); here a change of looks is
noticed. After a change that was meant: ``pytest tests/present/test_images.py --mpl-generate-path=tests/present/images``
and look at each new picture.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from kcgeo.present import (
    Plate,
    corridor_chart,
    drive_time_map,
    drive_time_sheet,
    gap_map,
    orientation_map,
    reporting_chart,
)
from tests.present.test_charts import STATES
from tests.present.test_corridor_chart import _released, _stations
from tests.present.town import CUTOFF_MIN, REQUIRED, Town

DRAWN: dict[str, Callable[[Town], Plate]] = {
    "drive_time": lambda town: drive_time_map(
        town.cells, category="medical", ground=town.ground, services=town.services, places=town.places
    ),
    "gaps": lambda town: gap_map(town.cells, town.places, required=REQUIRED, cutoff_min=CUTOFF_MIN, ground=town.ground),
    "orientation": lambda town: orientation_map(town.services, ground=town.ground, areas=town.areas),
    "sheet": lambda town: drive_time_sheet(town.cells, categories=list(REQUIRED), ground=town.ground),
    "corridors": lambda town: corridor_chart(*_released(_stations()), cutoff_min=CUTOFF_MIN),
    "reporting": lambda town: reporting_chart(town.aggregates, town.claims, states=STATES),
}


@pytest.mark.parametrize("name", sorted(DRAWN))
@pytest.mark.mpl_image_compare(
    baseline_dir="images", tolerance=6, style="default", savefig_kwargs={"dpi": 60, "metadata": {"Software": None}}
)
def test_looks_as_it_was_seen(town: Town, name: str) -> Figure:
    return DRAWN[name](town)
