"""Who is told how far a run is."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "Step", "silent", "silent_step"]

Progress = Callable[[str, int, int], None]
"""Told a description, the steps done and all steps."""

Step = Callable[[str], None]
"""Told in words what is being done."""


def silent(description: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def silent_step(description: str) -> None:
    """Tell nobody what is being done."""
