"""Earliest arrivals by PyRaptor, run by a Python of its own: it needs pandas 1 and numpy 1.

Called by benchmarks.transit; prints seconds and arrivals as JSON.
"""

from __future__ import annotations

import json
import sys
import time

from loguru import logger
from pyraptor.gtfs.timetable import gtfs_to_pyraptor_timetable, read_gtfs_timetable
from pyraptor.model.raptor import RaptorAlgorithm

ROUNDS = 12
NEVER = 10**8

if __name__ == "__main__":
    folder, day, depart, *origins = sys.argv[1:]
    logger.remove()
    start = time.perf_counter()
    times = gtfs_to_pyraptor_timetable(read_gtfs_timetable(folder, day, ["A"]))
    laid_s = time.perf_counter() - start
    start = time.perf_counter()
    arrivals = {}
    for origin in origins:
        search = RaptorAlgorithm(times)
        search.run([times.stops.get(origin)], int(depart), ROUNDS)
        arrivals[origin] = {
            stop.id: label.earliest_arrival_time
            for stop, label in search.bag_star.items()
            if label.earliest_arrival_time < NEVER
        }
    print(json.dumps({"laid_s": laid_s, "search_s": time.perf_counter() - start, "arrivals": arrivals}))
