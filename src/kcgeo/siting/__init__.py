"""Where next? Location models with a proof."""

from kcgeo.doors import behind_doors
from kcgeo.siting.alternatives import alternatives, site_frequency
from kcgeo.siting.checker import check_dispersion, check_plan
from kcgeo.siting.models.center import p_center
from kcgeo.siting.models.cover import backup_coverage, min_sites
from kcgeo.siting.models.coverage import max_coverage
from kcgeo.siting.models.dispersion import p_dispersion
from kcgeo.siting.models.median import p_median
from kcgeo.siting.models.pareto import pareto
from kcgeo.siting.models.place_beds import BedPlan, place_beds
from kcgeo.siting.needs import need
from kcgeo.siting.performance import (
    change_by_place,
    closures,
    coverage_by_group,
    gain_by_site,
    performance,
)
from kcgeo.siting.plan import NoPlanError, Proof, SitingResult, UnfinishedError
from kcgeo.siting.solve.clock import Progress

__all__ = [
    "BedPlan",
    "NoPlanError",
    "Progress",
    "Proof",
    "SitingResult",
    "UnfinishedError",
    "alternatives",
    "backup_coverage",
    "change_by_place",
    "check_dispersion",
    "check_plan",
    "closures",
    "coverage_by_group",
    "gain_by_site",
    "max_coverage",
    "min_sites",
    "need",
    "p_center",
    "p_dispersion",
    "p_median",
    "pareto",
    "performance",
    "place_beds",
    "site_frequency",
]

behind_doors(globals(), __all__)
