"""All commands: importing this module adds each to the application."""

from __future__ import annotations

from kcgeo.cli import (  # noqa: F401  (each adds its commands)
    add,
    beds,
    data,
    doctor,
    local,
    planner,
    questions,
    reach,
    releases,
    results,
    scale,
    study,
    transit,
)
from kcgeo.cli.shared import app

__all__ = ["app"]
