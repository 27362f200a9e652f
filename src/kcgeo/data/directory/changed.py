"""What changes in a list of services: the rows in which two differ, and the list that a scenario has."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from kcgeo.data.directory.checking import plain_rows
from kcgeo.data.directory.hours import readable
from kcgeo.data.directory.services import ELIGIBILITIES
from kcgeo.data.study.changes import Changes
from kcgeo.errors import StudyError, WithheldWarning, raise_all

__all__ = ["changed", "changes"]


def changed(
    services: gpd.GeoDataFrame,
    changes: Changes,
    *,
    ground: gpd.GeoDataFrame,
    read: Callable[[Path], gpd.GeoDataFrame],
) -> gpd.GeoDataFrame:
    """Return the services as a scenario has them.

    Parameters
    ----------
    services
        As :func:`kcgeo.data.directory`.
    changes
        What the scenario changes.
    ground
        Counties of the study; nothing moves out of them.
    read
        Reads the file of added services.

    Raises
    ------
    StudyError
        One sentence for each id, point, text or group that cannot be.
    """
    listed = services[services["disclosure"] != "withheld"].set_index("service_id", drop=False)
    raise_all([*_unknown(changes, listed), *_faults(changes, listed, ground)], StudyError)
    rows = services.set_index("service_id", drop=False).rename_axis(None)
    for name, longitude, latitude in changes.move:
        rows.loc[name, "geometry"] = shapely.Point(longitude, latitude)
        rows.loc[name, "site_id"] = f"moved {name}"
    for name, text in changes.open_hours:
        rows.loc[name, "opening_hours"] = text
    for name, group in changes.eligibility:
        rows.loc[name, "eligibility"] = _group(group)
    rows = rows.drop(index=list(changes.close))
    if changes.add is not None:
        rows = _with_added(rows, changes.add, read)
    return rows.sort_values("service_id", ignore_index=True)


def _with_added(rows: gpd.GeoDataFrame, path: Path, read: Callable[[Path], gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WithheldWarning)
        added = read(path)
    lost = added.loc[added["disclosure"].eq("withheld"), "service_id"]
    problems = [
        f"{path.name}: {name} came in as withheld, so it would change nothing; a place where people sleep needs a "
        "basis (see docs/disclosure.md), or ask for an area with kcgeo site."
        for name in lost
    ]
    # an id that only a hidden row has is free: a refusal would say that the row exists
    rows = rows[rows["disclosure"].ne("withheld") | ~rows["service_id"].isin(added["service_id"])]
    problems += [
        f"{path.name}: the id {name} stands in the list already; give it another."
        for name in added.loc[added["service_id"].isin(rows["service_id"]), "service_id"]
    ]
    raise_all(problems, StudyError)
    both = pd.concat([rows, added], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=rows.crs)


def _named(changes: Changes) -> list[str]:
    pairs = (*changes.move, *changes.open_hours, *changes.eligibility)
    return list(dict.fromkeys([*changes.close, *(str(pair[0]) for pair in pairs)]))


def _unknown(changes: Changes, listed: pd.DataFrame) -> list[str]:
    """Say which ids the list does not have, and which is near."""
    problems = []
    for name in _named(changes):
        if name not in listed.index:
            near = get_close_matches(name, listed.index, n=3, cutoff=0.5)
            hint = (
                f"did you mean {' or '.join(near)}?"
                if near
                else "ids stand in the table of services that kcgeo maps writes."
            )
            problems.append(f"No listed service has the id '{name}'; {hint}")
    twice = set(changes.close) & {str(pair[0]) for pair in (*changes.move, *changes.open_hours, *changes.eligibility)}
    return problems + [f"{name} is closed, so nothing else of it can change." for name in sorted(twice)]


def _faults(changes: Changes, listed: gpd.GeoDataFrame, ground: gpd.GeoDataFrame) -> list[str]:
    problems = []
    area = shapely.union_all(ground.geometry.to_numpy())
    for name, longitude, latitude in changes.move:
        if name in listed.index and listed.geometry[name] is None:
            problems.append(f"{name} has no public place, so it cannot be moved.")
        elif not area.intersects(shapely.Point(longitude, latitude)):
            problems.append(
                f"{name} cannot move to {longitude:g},{latitude:g}, which lies outside the study's counties; give "
                "longitude, then latitude, in degrees."
            )
    for name, text in changes.open_hours:
        if not readable(text):
            problems.append(f"The hours '{text}' of {name} cannot be read; write e.g. '24/7' or 'Mo-Fr 09:00-17:00'.")
    for name, group in changes.eligibility:
        if _group(group) not in ELIGIBILITIES:
            problems.append(f"{name} cannot be for '{group}'; choose from anyone, {', '.join(ELIGIBILITIES[1:])}.")
    return problems


def _group(text: str) -> str:
    return "any" if text == "anyone" else text


_MOVED = ("latitude", "longitude")
_LEFT_OUT = ("coordinate_source", "evidence", "seed_mentioned")


def changes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.DataFrame:
    """Compare two checked directories.

    Parameters
    ----------
    before, after
        As :func:`kcgeo.data.services` returns them.

    Returns
    -------
    DataFrame
        ``service_id, change, columns``, sorted by id: ``change`` is ``new``, ``gone`` or ``changed``; ``columns`` names
        the columns that differ ("point" where the place moved), joined by ", ". Hidden rows are not in it.
    """
    former, latter = (
        plain_rows(table)[table["disclosure"].ne("withheld").to_numpy()].set_index("service_id")
        for table in (before, after)
    )
    rows = [(one, "gone", "") for one in former.index.difference(latter.index)]
    rows += [(one, "new", "") for one in latter.index.difference(former.index)]
    both = former.index.intersection(latter.index)
    columns = [name for name in former.columns if name not in _LEFT_OUT]
    differs = former.loc[both, columns] != latter.loc[both, columns]
    for one in both[differs.any(axis=1)]:
        names = ["point" if name in _MOVED else name for name in differs.columns[differs.loc[one]]]
        rows.append((one, "changed", ", ".join(dict.fromkeys(names))))
    table = pd.DataFrame(rows, columns=["service_id", "change", "columns"], dtype="str")
    return table.sort_values(["service_id", "change"], ignore_index=True)
