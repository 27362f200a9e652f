"""The explorer of the Kansas City study, computed once for all tests of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kcgeo import study
from kcgeo.disclosure import Released
from kcgeo.study import Measured

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, eq=False)
class Case:
    """A study as measured, and all of its releases."""

    measured: Measured
    released: dict[str, Released]

    @property
    def tables(self) -> tuple[Released, Released, Released]:
        """What :func:`kcgeo.study.explorer_numbers` reads."""
        return self.released["explorer_reach"], self.released["explorer_matrix"], self.released["places"]


@lru_cache(maxsize=1)
def kansas_city() -> Case:
    measured = study.measure(study.load(ROOT / "studies" / "kansas-city.toml"))
    return Case(measured, study.release_all(measured) | study.release_explorer(measured))
