"""The whole in one go: a study file becomes a folder of results.

``measure`` computes, ``release_all`` lets tables out, ``run`` writes everything that ``kcgeo maps`` writes.
"""

from __future__ import annotations

from pathlib import Path

from kcgeo.data.settings import Study, read_study
from kcgeo.study.certainty import CertaintyReport, certainty_report
from kcgeo.study.corridors import CorridorReport, corridor_report, measure_corridors
from kcgeo.study.equity import WhoReport, who_report
from kcgeo.study.explorer import release_explorer, what_if, write_explorer
from kcgeo.study.figures import NO_REPORTS, reporting
from kcgeo.study.measure import GROUPS, Measured, measure
from kcgeo.study.networks import compare_networks, foot_times, on_foot
from kcgeo.study.releases import release_all, release_ledger
from kcgeo.study.report import CoverageReport, coverage_report
from kcgeo.study.run import run
from kcgeo.study.siting import SitingAnswer, site
from kcgeo.study.siting_output import site_to, write_answer
from kcgeo.study.siting_releases import release_siting
from kcgeo.study.sources import sources_of, vintage_of
from kcgeo.study.transit import TransitReport, transit_question, transit_report

__all__ = [
    "GROUPS",
    "NO_REPORTS",
    "CertaintyReport",
    "CorridorReport",
    "CoverageReport",
    "Measured",
    "SitingAnswer",
    "Study",
    "TransitReport",
    "WhoReport",
    "certainty_report",
    "compare_networks",
    "corridor_report",
    "coverage_report",
    "foot_times",
    "load",
    "measure",
    "measure_corridors",
    "on_foot",
    "release_all",
    "release_explorer",
    "release_ledger",
    "release_siting",
    "reporting",
    "run",
    "site",
    "site_to",
    "sources_of",
    "transit_question",
    "transit_report",
    "vintage_of",
    "what_if",
    "who_report",
    "write_answer",
    "write_explorer",
]


def load(path: Path | str) -> Study:
    """Read a study file (TOML) and check it.

    Raises
    ------
    StudyError
        One sentence for each fault.
    """
    return read_study(Path(path))
