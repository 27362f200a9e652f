"""Who is left out? Measures of access, gaps, corridors, equity."""

from kcgeo.access import decay
from kcgeo.access.catchments import balanced_fca, spatial_availability, three_step_fca, two_step_fca
from kcgeo.access.equity import access_poverty, gini, group_gap, lorenz, palma
from kcgeo.access.gaps import STATES, categories_of, continuum, coverage_table, states
from kcgeo.access.reach import cumulative, gravity, nearest

__all__ = [
    "STATES",
    "access_poverty",
    "balanced_fca",
    "categories_of",
    "continuum",
    "coverage_table",
    "cumulative",
    "decay",
    "gini",
    "gravity",
    "group_gap",
    "lorenz",
    "nearest",
    "palma",
    "spatial_availability",
    "states",
    "three_step_fca",
    "two_step_fca",
]
