"""Who is left out? Measures of access, gaps, corridors, equity."""

from kcgeo.access import decay
from kcgeo.access.gaps import STATES, categories_of, continuum, coverage_table, states
from kcgeo.access.reach import cumulative, gravity, nearest

__all__ = [
    "STATES",
    "categories_of",
    "continuum",
    "coverage_table",
    "cumulative",
    "decay",
    "gravity",
    "nearest",
    "states",
]
