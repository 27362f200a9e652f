"""Scenarios: a study in which services close, move, open at other hours, serve others or are added."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kcgeo import data
from kcgeo.data.study.changes import Changes
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError

__all__ = ["read_scenarios", "scenario"]

_KEYS = ("name", "close", "move", "open_hours", "eligibility", "add")


def scenario(
    study: Study,
    *,
    close: Sequence[str] = (),
    move: Mapping[str, tuple[float, float]] | None = None,
    open_hours: Mapping[str, str] | None = None,
    add: Path | str | None = None,
    eligibility: Mapping[str, str] | None = None,
    name: str = "",
) -> Study:
    """Return a study with other services; all else stays, and the study that is given is not changed.

    Parameters
    ----------
    study : Study
        As it is today.
    close : sequence of str
        Ids of services that close.
    move : mapping of str to (longitude, latitude)
        Where services move to, in degrees (EPSG:4326), inside the study's counties.
    open_hours : mapping of str to str
        Other opening hours, in OpenStreetMap syntax, e.g. "24/7".
    add : path, optional
        File of services that are added, in any form that a directory takes.
    eligibility : mapping of str to str
        For whom services are: anyone, minors, adult women, men or LGBTQ.
    name : str
        What the scenario is called on pages.

    Raises
    ------
    StudyError, TableError
        An id that is not listed, a point outside the study, hours that cannot be read, a file with faults: one
        sentence for each.

    Examples
    --------
    >>> from kcgeo import data, study
    >>> today = study.load(data.default_study())
    >>> first = data.directory(today, category="legal")["service_id"].iloc[0]
    >>> closed = study.scenario(today, close=[first])
    >>> len(data.directory(today)) - len(data.directory(closed))
    1
    """
    changes = Changes(
        name=name,
        close=tuple(map(str, close)),
        move=tuple((str(key), float(point[0]), float(point[1])) for key, point in (move or {}).items()),
        open_hours=tuple((str(key), text) for key, text in (open_hours or {}).items()),
        eligibility=tuple((str(key), group) for key, group in (eligibility or {}).items()),
        add=None if add is None else Path(add),
    )
    if not changes:
        raise StudyError("The scenario changes nothing; close, move, open or add a service.")
    changed = replace(study, changes=changes)
    data.directory(changed)  # every fault is met here, before anything is measured
    return changed


def read_scenarios(path: Path | str, study: Study) -> dict[str, Study]:
    """Read named scenarios from a TOML file: sections ``[[scenario]]`` with a name and what changes.

    Raises
    ------
    StudyError
        The file cannot be read, a section has an unknown key or no name, or a scenario cannot be.
    """
    file = Path(path)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"The scenario file {file} cannot be read ({error}).") from None
    sections = raw.get("scenario")
    if not isinstance(sections, list) or not sections or set(raw) != {"scenario"}:
        raise StudyError(f'{file} holds no scenarios; write sections [[scenario]] with name and, e.g., close = ["id"].')
    found: dict[str, Study] = {}
    for section in sections:
        unknown = sorted(set(section) - set(_KEYS))
        name = section.get("name")
        if unknown or not isinstance(name, str) or not name or name in found:
            raise StudyError(
                f"Each scenario of {file} has a name of its own and keys among {', '.join(_KEYS)}; "
                f"'{name}' has {', '.join(unknown) or 'no name of its own'}."
            )
        found[name] = _made(study, section, file)
    return found


def _made(study: Study, section: dict[str, Any], file: Path) -> Study:
    asked = dict(section)
    if "add" in asked:
        asked["add"] = file.parent / str(asked["add"])
    try:
        return scenario(study, **asked)
    except (TypeError, AttributeError, IndexError, ValueError) as error:
        if isinstance(error, StudyError):
            raise
        raise StudyError(
            f"The scenario '{section['name']}' is not written as close = [\"id\"], move = {{id = [lon, lat]}}, "
            f'open_hours = {{id = "24/7"}}, eligibility = {{id = "anyone"}} ({error}).'
        ) from None
