"""Along a corridor by the mile: how far help is, and on which miles it is thin.

Roads are not evidence of trafficking: a profile says where outreach and signs would reach travellers who are far from
help, never where victims are. Services with a public address only are counted, so times are upper bounds.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.gaps import SUFFIX, categories_of
from kcgeo.access.pairs import upto
from kcgeo.access.reach import check_cutoff
from kcgeo.data.roads.corridors import stations
from kcgeo.errors import TableError, first_ids, raise_all
from kcgeo.travel import Network, highway_times

__all__ = ["corridor_profile", "gap_segments"]

_PLACE = ["route", "state", "milepost_mi"]
_SEGMENT = ["route", "state", "from_milepost_mi", "to_milepost_mi", "category", "worst_min"]


def corridor_profile(
    network: Network,
    corridor: gpd.GeoDataFrame | str,
    services: gpd.GeoDataFrame,
    *,
    step_mi: float,
    by: str,
) -> pd.DataFrame:
    """Minutes from each station of a corridor to the nearest service of each category.

    A station stands at every multiple of ``step_mi`` of each mile system. All stations are searched at once: one search
    a category. On the friction grid a station stands on the highway itself: its way leads to an exit, in the better
    direction, and down (see :func:`kcgeo.travel.highway_times`).

    Parameters
    ----------
    network
        Directed network.
    corridor
        Rows of one route as ``kcgeo.data.corridors`` gives them, or the route's name for all its packaged miles.
    services
        One row for each category and place, as ``kcgeo.data.by_category`` gives them: an id (``service_id``), the
        column named by ``by``, a point in the CRS of the network.
    step_mi
        Distance between stations in miles.
    by
        Column of ``services`` that holds the category.

    Returns
    -------
    pandas.DataFrame
        ``route, state, milepost_mi`` and ``<category>_min`` for each category in rising order; one row a station,
        rising along each mile system. NaN: not reached; 0: a service at the same node.

    Raises
    ------
    TableError
        There are no services, the step is not above 0, the corridor is not one route with mileposts, or as
        :func:`kcgeo.travel.highway_times`.
    CrsError
        The services are not in the CRS of the network, the corridor is not in EPSG:4326.
    """
    if not len(services):
        raise TableError("There are no services to reach; give at least one row, or another filter.")
    spots = stations(corridor, step_mi=step_mi)
    origins = gpd.GeoDataFrame(spots[["id", "geometry"]], geometry="geometry", crs=spots.crs).to_crs(network.crs)
    times = highway_times(network, origins, services, by=by)
    profile: pd.DataFrame = pd.concat([spots[_PLACE], times.reset_index(drop=True)], axis=1)
    return profile


def gap_segments(profile: pd.DataFrame, *, cutoff_min: float) -> pd.DataFrame:
    """Stretches of a corridor on which a category is out of reach: the longest runs of stations over the cutoff.

    A station is served at the cutoff itself. A segment runs from its first to its last station, so the true stretch may
    be longer by up to a step at either end, and one station alone has length 0. A run ends at the state line, and where
    a mile system ends (from the turnpike's miles to the route's own on I-70 in Kansas), since mileposts begin anew.

    Parameters
    ----------
    profile
        As :func:`corridor_profile` gives it; profiles of several routes may be joined.
    cutoff_min
        Minutes; at or under them a station is served.

    Returns
    -------
    pandas.DataFrame
        ``route, state, from_milepost_mi, to_milepost_mi, category, worst_min``, sorted by route, category, state and
        milepost. ``worst_min`` is the longest time on the segment, NaN where a station of it reaches no service at all.
        No rows: every station is served.

    Raises
    ------
    TableError
        A column is missing, a station comes twice, a time is negative or infinite, the cutoff is not 0 or more.

    Examples
    --------
    >>> profile = pd.DataFrame({"route": "I-35", "state": "KS", "milepost_mi": [200.0, 200.5, 201.0, 201.5],
    ...                         "legal_min": [30.0, 30.5, 42.0, 12.0]})
    >>> gap_segments(profile, cutoff_min=30)
      route state  from_milepost_mi  to_milepost_mi category  worst_min
    0  I-35    KS             200.5           201.0    legal       42.0
    """
    check_cutoff(cutoff_min)
    raise_all(_faults(profile), TableError)
    parts = []
    for (route, state), rows in profile.sort_values("milepost_mi").groupby(["route", "state"], sort=True):
        miles = rows["milepost_mi"].to_numpy(dtype=np.float64)
        breaks = _breaks(miles)
        for category in categories_of(rows):
            minutes = rows[f"{category}{SUFFIX}"].to_numpy(dtype=np.float64)
            first, last = _runs(~(minutes <= upto(cutoff_min)), breaks)
            worst = [minutes[start : end + 1].max() for start, end in zip(first, last, strict=True)]  # max keeps NaN
            parts.append(
                pd.DataFrame(
                    {
                        "route": np.full(len(first), route, dtype=object),
                        "state": np.full(len(first), state, dtype=object),
                        "from_milepost_mi": miles[first],
                        "to_milepost_mi": miles[last],
                        "category": np.full(len(first), category, dtype=object),
                        "worst_min": np.array(worst, dtype=np.float64),
                    }
                )
            )
    if not parts:
        return pd.DataFrame(columns=_SEGMENT)
    table = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(("route", "state", "category"), "str"))
    return table.sort_values(["route", "category", "state", "from_milepost_mi"], ignore_index=True)


def _faults(profile: pd.DataFrame) -> list[str]:
    missing = [name for name in _PLACE if name not in profile.columns]
    if missing:
        return [f"The profile has no column {name}; make it with corridor_profile()." for name in missing]
    problems = []
    if not categories_of(profile):
        problems.append("The profile has no column of times; their names end in _min.")
    where = profile["route"].astype(str) + " " + profile["state"].astype(str) + " " + profile["milepost_mi"].astype(str)
    if profile["milepost_mi"].isna().any():
        problems.append("The profile has rows without milepost_mi; leave them out.")
    if where.duplicated().any():
        problems.append(f"The profile names {first_ids(where[where.duplicated()].unique())} more than once.")
    for category in categories_of(profile):
        minutes = profile[f"{category}{SUFFIX}"]
        bad = (minutes < 0) | np.isinf(minutes)
        if bad.any():
            problems.append(
                f"The {category}{SUFFIX} at {first_ids(where[bad])} is negative or infinite; write NaN for unreached."
            )
    return problems


def _breaks(miles: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell before which stations the mileposts jump by more than a step: a mile system ends there."""
    steps = np.diff(miles)
    jumps = steps > 1.5 * steps.min() if len(steps) else np.zeros(0, dtype=bool)
    return np.concatenate([[True], jumps])


def _runs(
    over: npt.NDArray[np.bool_], breaks: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first and last position of each run of True that no break parts."""
    before = np.concatenate([[False], over[:-1]])
    after = np.concatenate([over[1:], [False]])
    ends = np.concatenate([breaks[1:], [True]])
    return np.flatnonzero(over & (~before | breaks)), np.flatnonzero(over & (~after | ends))
