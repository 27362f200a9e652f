"""What may leave? Levels, the release gate, audits."""

from kcgeo.data.directory.closing.levels import LEVELS, SHELTER_LIKE, close_levels, level_problems
from kcgeo.disclosure.attack import Layer, best_candidates, candidate_losses, expected_times
from kcgeo.disclosure.audit import audit
from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.disclosure.gate import Released, printed_people, release, release_people, require_released
from kcgeo.disclosure.linked import LinkedTables, link
from kcgeo.disclosure.partner import Confidential, confidential, partner_folder, watermark, write_confidential
from kcgeo.disclosure.scan import Canary, Finding, scan, unknown_extensions
from kcgeo.disclosure.small_counts import event_rate, suppress

__all__ = [
    "CONTRACTS",
    "LEVELS",
    "SHELTER_LIKE",
    "Canary",
    "Confidential",
    "Contract",
    "Finding",
    "Layer",
    "LinkedTables",
    "Released",
    "audit",
    "best_candidates",
    "candidate_losses",
    "close_levels",
    "confidential",
    "event_rate",
    "expected_times",
    "level_problems",
    "link",
    "partner_folder",
    "printed_people",
    "release",
    "release_people",
    "require_released",
    "scan",
    "suppress",
    "unknown_extensions",
    "watermark",
    "write_confidential",
]
