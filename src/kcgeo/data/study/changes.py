"""What a scenario changes in the services of a study: a record that travels with the study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["UNCHANGED", "Changes"]


@dataclass(frozen=True)
class Changes:
    """Services that close, move, open at other hours, serve others or are added; nothing where all are empty.

    ``move`` holds ``(service_id, longitude, latitude)``; ``open_hours`` and ``eligibility`` hold
    ``(service_id, text)``; ``add`` is a file of services in any form that the directory takes.
    """

    name: str = ""
    close: tuple[str, ...] = ()
    move: tuple[tuple[str, float, float], ...] = ()
    open_hours: tuple[tuple[str, str], ...] = ()
    eligibility: tuple[tuple[str, str], ...] = ()
    add: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.close or self.move or self.open_hours or self.eligibility or self.add)


UNCHANGED = Changes()
