"""Who is left out? Measures of access, gaps, corridors, equity."""

from kcgeo.access import decay
from kcgeo.access.catchments import balanced_fca, spatial_availability, three_step_fca, two_step_fca
from kcgeo.access.congestion import congestion_assignment, congestion_cost
from kcgeo.access.corridors import corridor_profile, gap_segments
from kcgeo.access.equity import access_poverty, gini, group_gap, lorenz, palma
from kcgeo.access.gaps import STATES, categories_of, continuum, coverage_table, states
from kcgeo.access.hotspots import GI_CLASSES, MORAN_CLASSES, hot_spots
from kcgeo.access.reach import cumulative, gravity, nearest

__all__ = [
    "GI_CLASSES",
    "MORAN_CLASSES",
    "STATES",
    "access_poverty",
    "balanced_fca",
    "categories_of",
    "congestion_assignment",
    "congestion_cost",
    "continuum",
    "corridor_profile",
    "coverage_table",
    "cumulative",
    "decay",
    "gap_segments",
    "gini",
    "gravity",
    "group_gap",
    "hot_spots",
    "lorenz",
    "nearest",
    "palma",
    "spatial_availability",
    "states",
    "three_step_fca",
    "two_step_fca",
]
