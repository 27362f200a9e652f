"""What may leave? Levels, the release gate, audits."""

from kcgeo.disclosure.contracts import CONTRACTS, Contract
from kcgeo.disclosure.gate import Released, release, require_released

__all__ = ["CONTRACTS", "Contract", "Released", "release", "require_released"]
