"""Where next? Location models with a proof."""

from kcgeo.siting.center import p_center
from kcgeo.siting.checker import check_dispersion, check_plan
from kcgeo.siting.cover import backup_coverage, min_sites
from kcgeo.siting.coverage import max_coverage
from kcgeo.siting.dispersion import p_dispersion
from kcgeo.siting.median import p_median
from kcgeo.siting.needs import need
from kcgeo.siting.plan import SitingResult
from kcgeo.siting.run import Progress

__all__ = [
    "Progress",
    "SitingResult",
    "backup_coverage",
    "check_dispersion",
    "check_plan",
    "max_coverage",
    "min_sites",
    "need",
    "p_center",
    "p_dispersion",
    "p_median",
]
