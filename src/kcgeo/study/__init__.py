"""The whole in one go: a study file becomes a folder of results.

``measure`` computes, a question gives an :class:`Answer`, and ``folder.write`` makes a folder of it.
"""

from __future__ import annotations

from pathlib import Path

from kcgeo.data.study.settings import Study, read_study
from kcgeo.doors import behind_doors
from kcgeo.findings import Finding
from kcgeo.study import folder
from kcgeo.study.answer import Answer, Figure, background_of
from kcgeo.study.answers.around import reach
from kcgeo.study.answers.beds import ChainReport, bed_stages, chain_report, person_path
from kcgeo.study.answers.by_bus import TransitReport, transit_report
from kcgeo.study.answers.catchment import catchment
from kcgeo.study.answers.certainty import CertaintyReport, certainty_report
from kcgeo.study.answers.corridor import CorridorReport, corridor_report
from kcgeo.study.answers.county import county_answer, county_fips
from kcgeo.study.answers.coverage import CoverageReport
from kcgeo.study.answers.explorer import explorer_numbers, release_explorer
from kcgeo.study.answers.networks import compare_networks, foot_times, on_foot
from kcgeo.study.answers.who import WhoReport, who_report
from kcgeo.study.answers.whole.figures import NO_REPORTS, reporting
from kcgeo.study.answers.whole.maps import maps
from kcgeo.study.ask import (
    chain,
    compare,
    county,
    coverage_report,
    export,
    measure_corridors,
    run,
    site_to,
    transit_question,
    week,
    what_if,
    write_answer,
    write_explorer,
)
from kcgeo.study.measure import GROUPS, Measured, measure
from kcgeo.study.releases import release_all, release_ledger
from kcgeo.study.scenario import read_scenarios, scenario
from kcgeo.study.siting.answer import SitingAnswer, site
from kcgeo.study.siting.tables import release_siting
from kcgeo.study.sources import sources_of, vintage_of

__all__ = [
    "GROUPS",
    "NO_REPORTS",
    "Answer",
    "CertaintyReport",
    "ChainReport",
    "CorridorReport",
    "CoverageReport",
    "Figure",
    "Finding",
    "Measured",
    "SitingAnswer",
    "Study",
    "TransitReport",
    "WhoReport",
    "background_of",
    "bed_stages",
    "catchment",
    "certainty_report",
    "chain",
    "chain_report",
    "compare",
    "compare_networks",
    "corridor_report",
    "county",
    "county_answer",
    "county_fips",
    "coverage_report",
    "explorer_numbers",
    "export",
    "folder",
    "foot_times",
    "load",
    "maps",
    "measure",
    "measure_corridors",
    "on_foot",
    "person_path",
    "reach",
    "read_scenarios",
    "release_all",
    "release_explorer",
    "release_ledger",
    "release_siting",
    "reporting",
    "run",
    "scenario",
    "site",
    "site_to",
    "sources_of",
    "transit_question",
    "transit_report",
    "vintage_of",
    "week",
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


behind_doors(globals(), __all__)
