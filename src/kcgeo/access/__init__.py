"""Who is left out? Measures of access, gaps, corridors, equity."""

from kcgeo.access import decay
from kcgeo.access.catchment import catchment
from kcgeo.access.certainty.stability import CERTAINTIES, intervals, rank_stability
from kcgeo.access.certainty.uncertainty import (
    DRAW_COUNT,
    STATED_RANGES,
    ArcParts,
    Draws,
    Ranges,
    arc_parts,
    draw_times,
    headlines,
)
from kcgeo.access.chain import ChainFlow, Stage, chain, earliest_path
from kcgeo.access.competition.catchments import (
    balanced_fca,
    normalised,
    spatial_availability,
    three_step_fca,
    two_step_fca,
)
from kcgeo.access.competition.congestion import congestion_assignment, congestion_cost
from kcgeo.access.competition.constrained import constrained_access, constrained_flows
from kcgeo.access.equity import access_poverty, gini, group_gap, lorenz, palma
from kcgeo.access.gaps import STATES, categories_of, continuum, coverage_table, lacking, states
from kcgeo.access.inequality import concentration_index, theil
from kcgeo.access.matrix import ALL_REQUIRED, SERVICE_CLASSES, continuum_matrix, service_classes
from kcgeo.access.profile import corridor_profile, gap_segments
from kcgeo.access.queues import bed_chance, erlang_a, erlang_b, erlang_c, simulate_chain
from kcgeo.access.reach import cumulative, cumulative_interval, gravity, nearest
from kcgeo.access.spatial.hotspots import GI_CLASSES, MORAN_CLASSES, global_moran, hot_spots
from kcgeo.access.spatial.neighbours import contiguity
from kcgeo.doors import behind_doors

__all__ = [
    "ALL_REQUIRED",
    "CERTAINTIES",
    "DRAW_COUNT",
    "GI_CLASSES",
    "MORAN_CLASSES",
    "SERVICE_CLASSES",
    "STATED_RANGES",
    "STATES",
    "ArcParts",
    "ChainFlow",
    "Draws",
    "Ranges",
    "Stage",
    "access_poverty",
    "arc_parts",
    "balanced_fca",
    "bed_chance",
    "catchment",
    "categories_of",
    "chain",
    "concentration_index",
    "congestion_assignment",
    "congestion_cost",
    "constrained_access",
    "constrained_flows",
    "contiguity",
    "continuum",
    "continuum_matrix",
    "corridor_profile",
    "coverage_table",
    "cumulative",
    "cumulative_interval",
    "decay",
    "draw_times",
    "earliest_path",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "gap_segments",
    "gini",
    "global_moran",
    "gravity",
    "group_gap",
    "headlines",
    "hot_spots",
    "intervals",
    "lacking",
    "lorenz",
    "nearest",
    "normalised",
    "palma",
    "rank_stability",
    "service_classes",
    "simulate_chain",
    "spatial_availability",
    "states",
    "theil",
    "three_step_fca",
    "two_step_fca",
]

behind_doors(globals(), __all__)
