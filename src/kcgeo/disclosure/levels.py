"""The levels of disclosure, as one name for both rooms.

The rules themselves stand in :mod:`kcgeo.data.directory.levels`. The loader of services applies them first, so that a
row that says too much never becomes a table; the gate (:mod:`kcgeo.disclosure.rows`) checks again what is about to
leave.
"""

from kcgeo.data.directory.levels import LEVELS, SHELTER_LIKE, close_levels, level_problems

__all__ = ["LEVELS", "SHELTER_LIKE", "close_levels", "level_problems"]
