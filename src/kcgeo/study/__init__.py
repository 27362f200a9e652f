"""The whole in one go: a study file becomes a folder of results."""

from __future__ import annotations

from pathlib import Path

from kcgeo.data.settings import Study, read_study

__all__ = ["Study", "load"]


def load(path: Path | str) -> Study:
    """Read a study file (TOML) and check it.

    Raises
    ------
    StudyError
        One sentence for each fault.
    """
    return read_study(Path(path))
