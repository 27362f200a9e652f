"""A timetable as one record of tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["Feed"]


@dataclass(frozen=True, eq=False)
class Feed:
    """A checked timetable, as ``read_gtfs`` makes it. Times are seconds after midnight of the day of service.

    Attributes
    ----------
    agency
        Names of the agencies, for the source line.
    stops
        ``stop_id, stop_name, station_id`` ("" for none), ``longitude, latitude`` (NaN: no way there on foot is known).
    trips
        ``trip_id, route_id, service_id``.
    stop_times
        ``trip_id, stop_id, arrival_s, departure_s, may_board, may_alight``, by trip and order; times never fall.
    frequencies
        ``trip_id, start_s, end_s, headway_s``: the trip runs at these times instead of its own.
    days
        ``service_id, date`` (datetime64): the days on which each service runs.
    transfers
        ``from_stop_id, to_stop_id, transfer_type`` (0 to 3), ``least_s`` (NaN: not given).
    notes
        What was repaired or left out.
    """

    agency: str
    stops: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    frequencies: pd.DataFrame
    days: pd.DataFrame
    transfers: pd.DataFrame
    notes: tuple[str, ...]
