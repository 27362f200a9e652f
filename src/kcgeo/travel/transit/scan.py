"""How long does it take without a car? Door to door by scheduled public transport, and on foot.

All departures of a window and all origins are answered by one scan over the day's connections, from the last to the
first, which tells for each stop and departure when each kind of service is reached at the earliest. Dibbelt, Pajor,
Strasser, Wagner (2018), Connection Scan Algorithm; it answers what the range query of RAPTOR (Delling, Pajor, Werneck
2012) answers, which has to be asked anew from each origin.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.crs import require
from kcgeo.errors import KcgeoError, StudyError
from kcgeo.travel.network import point_ids
from kcgeo.travel.times import kinds_of
from kcgeo.travel.transit.timetable import LAST_S, Timetable, walking_pairs

__all__ = ["TransitEngine", "transit_times"]

TransitEngine = Literal["auto", "numba", "numpy"]

_FAR = 2**29  # seconds; a time and another one fit into 32 bits
# with fewer connections a day numpy is done before numba is loaded
_WORTH_COMPILED = 2_000_000
_ROUND = 4_000  # origins answered at once, so that memory stays small

Times = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Scan:
    """What the scan left: for each boarding, by stop and time, when each kind is reached at the earliest."""

    slot_begin: Ints
    slot_departs: Ints
    waiting: Times


def transit_times(
    times: Timetable,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    depart: datetime,
    cutoff_min: float,
    until: datetime | None = None,
    by: str | None = None,
    engine: TransitEngine = "auto",
) -> pd.DataFrame:
    """Minutes from each origin to the nearest destination by scheduled public transport, waiting included.

    A journey is a walk to a stop, rides with changes, any number of them, and a walk from a stop; or a walk all the
    way. It begins at ``depart`` at the door of the origin: the wait for the first bus counts.

    Parameters
    ----------
    times
        Timetable of the day of departure.
    origins, destinations
        Points in EPSG:4326 with ids; those of ``origins`` are unique.
    depart
        Local time of departure, to the second.
    cutoff_min
        Longest journey that counts, included; at most a day.
    until
        End of a window, not included: departures at each full minute from ``depart`` on. At most a day.
    by
        Column of ``destinations`` whose values are told apart.
    engine
        ``auto``, ``numba`` or ``numpy``: how fast, never what.

    Returns
    -------
    pandas.DataFrame
        Indexed by origin id in the order of ``origins``: ``<value>_min`` for each value of ``by`` in rising order, or
        ``time_min``. With a window it is the median over the departures, those without a journey counting as
        infinitely long, and ``<value>_share`` (``time_share``) beside it is the share (0 to 1) of departures with a
        journey. NaN: not reached.

    Raises
    ------
    TableError, CrsError
        For points without ids or in another CRS.
    StudyError
        The departure is not on the day of the timetable, the window is empty or longer than a day, the cutoff is no
        number from 0 to 1440, or both together reach past the end of the next day.
    """
    ids = point_ids(origins, "origins", unique=True)
    for layer, what in ((origins, "origins"), (destinations, "destinations")):
        require(layer, what=what)
    if not 0 <= cutoff_min <= 24 * 60:
        raise StudyError(f"cutoff_min must be 0 to 1440 minutes, not {cutoff_min}.")
    departs = _departures(times, depart, until)
    names, kinds = kinds_of(destinations, by)
    limit = int(cutoff_min * 60)
    if int(departs[-1]) + limit > LAST_S:
        raise StudyError(
            "The last departure and the cutoff reach past the end of the next day, where no timetable is laid out; "
            "choose a shorter window or cutoff."
        )
    compiled = _compiled(engine, len(times.departs_s))
    walk = _walks_to(times, times.stops, destinations, kinds, len(names), times.walking.to_stop_min)
    direct = _walks_to(times, origins, destinations, kinds, len(names), times.walking.all_the_way_min)
    found = _scanned(times, walk, int(departs[0]), int(departs[-1]) + limit, compiled=compiled)
    pairs = walking_pairs(origins, times.stops, times.walking.to_stop_min, walking=times.walking, walks=times.walks)
    parts = []
    for start in range(0, len(ids), _ROUND):
        stop = min(start + _ROUND, len(ids))
        inside = slice(*np.searchsorted(pairs[0], [start, stop]))
        own = (pairs[0][inside] - start, pairs[1][inside], pairs[2][inside])
        seconds = _answered(found, own, departs, direct[start:stop], limit, compiled=compiled)
        parts.append(_summed(seconds, names, window=until is not None))
    if not parts:
        parts.append(_summed(np.empty((0, len(departs), len(names)), dtype=np.int32), names, window=until is not None))
    table = pd.concat(parts, ignore_index=True)
    table.index = ids
    return table


def _compiled(engine: TransitEngine, connection_count: int) -> bool:
    """Say whether the compiled search is to be used: under ``auto`` where it is worth the seconds of its load."""
    if engine not in get_args(TransitEngine):
        raise KcgeoError(f"There is no engine {engine!r}; choose {', '.join(get_args(TransitEngine))}.")
    installed = find_spec("numba") is not None
    if engine == "numba" and not installed:
        raise KcgeoError(
            "The engine numba is not installed; install it with pip install 'kcgeo[fast]', or choose numpy."
        )
    worth = connection_count > _WORTH_COMPILED or "kcgeo.travel.transit.scan_kernels" in sys.modules
    return installed and (engine == "numba" or (engine == "auto" and worth))


def _departures(times: Timetable, depart: datetime, until: datetime | None) -> Ints:
    """Seconds after midnight of each departure."""
    if depart.tzinfo is not None or (until is not None and until.tzinfo is not None):
        raise StudyError("Give the departure in local time, without a time zone.")
    if depart.date() != times.date:
        raise StudyError(f"The departure {depart:%Y-%m-%d %H:%M} is not on {times.date}, the day of the timetable.")
    first = depart.hour * 3600 + depart.minute * 60 + depart.second
    if until is None:
        return np.array([first], dtype=np.int64)
    if not timedelta(0) < until - depart <= timedelta(days=1):
        raise StudyError(f"The window from {depart:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} is empty or over a day.")
    return np.arange(first, first + (until - depart).total_seconds(), 60).astype(np.int64)


def _walks_to(
    times: Timetable,
    froms: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    kinds: npt.NDArray[np.intp],
    count: int,
    limit_min: float,
) -> Times:
    """Seconds on foot from each point to the nearest destination of each kind."""
    walk = np.full((len(froms), count), _FAR, dtype=np.int32)
    one, other, walk_s = walking_pairs(froms, destinations, limit_min, walking=times.walking, walks=times.walks)
    np.minimum.at(walk, (one, kinds[other]), walk_s.astype(np.int32))
    return walk


def _scanned(times: Timetable, walk: Times, first: int, last: int, *, compiled: bool) -> _Scan:
    """Scan the connections that leave and arrive between two times.

    ``seated`` tells for each connection when each kind is reached by somebody who sits in it; ``waiting`` the same for
    somebody who stands at a stop, by boardings ("slots") sorted by stop and departure. Somebody in the vehicle stays,
    or alights and walks to the service, or to another stop (the transfer takes at least a second, so what leaves from
    there leaves later and has been scanned before).
    """
    kept = np.flatnonzero((times.departs_s >= first) & (times.arrives_s <= last))
    place = np.full(len(times.departs_s) + 1, len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    follows = place[np.where(times.follows[kept] < 0, len(times.departs_s), times.follows[kept])]
    tails, heads, departs = times.tails[kept], times.heads[kept], times.departs_s[kept]
    board = np.flatnonzero(times.may_board[kept])
    order = board[np.lexsort((board, departs[board], tails[board]))]
    slot = np.full(len(kept), -1, dtype=np.int64)
    slot[order] = np.arange(len(order))
    slot_begin = np.searchsorted(tails[order], np.arange(len(times.stops) + 1))
    onward = np.full(len(kept), len(order), dtype=np.int64)
    same = np.flatnonzero(tails[order][:-1] == tails[order][1:])
    onward[order[same]] = same + 1
    via_begin, via = _vias(times, kept, slot_begin, departs[order], first, last)
    seated = np.full((len(kept) + 1, walk.shape[1]), _FAR, dtype=np.int32)
    waiting = np.full((len(order) + 1, walk.shape[1]), _FAR, dtype=np.int32)
    arrives, alight = times.arrives_s[kept].astype(np.int32), times.may_alight[kept]
    if compiled:
        from kcgeo.travel.transit import scan_kernels as transit_kernels

        transit_kernels.scan(follows, slot, onward, heads, arrives, alight, walk, via_begin, via, seated, waiting)
    else:
        for row in range(len(kept) - 1, -1, -1):
            best = seated[follows[row]]
            if alight[row]:
                best = np.minimum(best, arrives[row] + walk[heads[row]])
                others = via[via_begin[row] : via_begin[row + 1]]
                if len(others):
                    best = np.minimum(best, waiting[others].min(axis=0))
            seated[row] = best
            if slot[row] >= 0:
                waiting[slot[row]] = np.minimum(waiting[onward[row]], best)
    return _Scan(slot_begin.astype(np.int64), departs[order], waiting)


def _vias(
    times: Timetable, kept: Ints, slot_begin: Ints, slot_departs: Ints, first: int, last: int
) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Which boarding is the next after a change, for each connection and each stop that one may change to."""
    heads, arrives = times.heads[kept], times.arrives_s[kept]
    count = np.where(times.may_alight[kept], np.diff(times.change_begin)[heads], 0)
    begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    row = np.repeat(np.arange(len(kept)), count)
    at = np.arange(begin[-1]) - begin[row] + times.change_begin[heads[row]]
    stop = times.change_stops[at]
    found = _next_slot(stop, arrives[row] + times.change_s[at], slot_begin, slot_departs, first, last)
    useful = found >= 0
    begin = np.concatenate([[0], np.cumsum(np.bincount(row[useful], minlength=len(kept)))]).astype(np.int64)
    return begin, found[useful].astype(np.int32)


def _next_slot(stop: Ints, ready_s: Ints, slot_begin: Ints, slot_departs: Ints, first: int, last: int) -> Ints:
    """Return the first boarding at a stop at or after a time, -1 for none."""
    span = last - first + 2
    stops = np.repeat(np.arange(len(slot_begin) - 1), np.diff(slot_begin))
    key = stops * span + (slot_departs - first)
    found = np.searchsorted(key, stop * span + np.clip(ready_s - first, 0, span - 1))
    return np.where(found < slot_begin[stop + 1], found, -1)


def _answered(
    found: _Scan, pairs: tuple[Ints, Ints, Ints], departs: Ints, direct: Times, limit: int, *, compiled: bool
) -> Times:
    """Seconds by origin, departure and kind; -1 for none within the limit."""
    origin, stop, walk_s = pairs
    begins = np.searchsorted(origin, np.arange(len(direct) + 1))
    out = np.empty((len(direct), len(departs), direct.shape[1]), dtype=np.int32)
    if compiled:
        from kcgeo.travel.transit import scan_kernels as transit_kernels

        transit_kernels.answers(
            begins, stop, walk_s, departs, found.slot_begin, found.slot_departs, found.waiting, direct, limit, out
        )
        return out
    first, last = int(departs[0]), int(departs[-1]) + limit
    served = np.flatnonzero(np.diff(begins))
    for number, start in enumerate(departs):
        out[:, number] = direct
        if len(served):
            slots = _next_slot(stop, start + walk_s, found.slot_begin, found.slot_departs, first, last)
            by_pair = found.waiting[slots] - np.int32(start)  # -1 is the last row: never
            best = np.minimum.reduceat(by_pair, begins[served], axis=0)
            out[served, number] = np.minimum(out[served, number], best)
    out[out > limit] = -1
    return out


def _summed(seconds: Times, names: list[str], *, window: bool) -> pd.DataFrame:
    """Minutes of the one departure, or median and share of the departures of a window."""
    columns: dict[str, npt.NDArray[np.float64]] = {}
    minutes = np.where(seconds < 0, np.inf, seconds / 60)
    for kind, name in enumerate(names):
        own = minutes[:, :, kind]
        middle = np.median(own, axis=1) if window else own[:, 0]
        columns[f"{name}_min"] = np.where(np.isinf(middle), np.nan, middle)
        if window:
            columns[f"{name}_share"] = np.isfinite(own).mean(axis=1)
    return pd.DataFrame(columns)
