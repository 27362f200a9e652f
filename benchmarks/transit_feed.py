"""An invented timetable of the size of a metro, the same for the same seed: no bus of it runs anywhere."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

__all__ = ["DOWNTOWN", "write_invented_feed"]

DOWNTOWN = (-94.5831, 39.1000)
_KMH = 20.0
_STEP_M = 320.0
_DEGREE_M = 111_320.0


def write_invented_feed(path: Path, *, seed: int = 1, route_count: int = 40, stop_count: int = 3_000) -> Path:
    """Write a feed with routes that cross a centre and routes that go round it.

    Two thirds of the routes run through the centre, the rest across; each has its own stops, both ways, every 320 m.
    A quarter of them run every 15 minutes, the others every 30 or 60, from 5 to 24 o'clock; one in eight runs all
    night, hourly. On Saturday and Sunday there are half as many trips.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.multinomial(stop_count - 20 * route_count, np.ones(route_count) / route_count) + 20
    stops, trips, times = [], [], []
    for route in range(route_count):
        names = [f"S{route:03d}-{number:03d}" for number in range(sizes[route])]
        for name, (lon, lat) in zip(names, _line(rng, int(sizes[route]), central=route % 3 < 2), strict=True):
            stops.append(f"{name},Stop {name},{lat:.6f},{lon:.6f}")
        headway = (15, 30, 30, 60)[route % 4]
        ride_s = np.rint(np.arange(sizes[route]) * _STEP_M / (_KMH / 3.6)).astype(int)
        for service, every in (("weekday", headway), ("weekend", 2 * headway)):
            starts = list(range(5 * 60 + int(rng.integers(every)), 24 * 60, every))
            if route % 8 == 0:
                starts += list(range(24 * 60, 29 * 60, 60))
            for way in (0, 1):
                ordered = names if way == 0 else names[::-1]
                for start in starts:
                    trip = f"{route:03d}-{service}-{way}-{start}"
                    trips.append(f"R{route:03d},{trip},{service}")
                    at = (start + 7 * way) * 60
                    times += [
                        f"{trip},{_clock(at + ride)},{_clock(at + ride)},{stop},{order}"
                        for order, (stop, ride) in enumerate(zip(ordered, ride_s, strict=True), 1)
                    ]
    tables = {
        "agency": [
            "agency_name,agency_url,agency_timezone",
            "Invented Transit (SAMPLE),http://example.org,America/Chicago",
        ],
        "routes": [
            "route_id,route_short_name,route_type",
            *(f"R{route:03d},{route},3" for route in range(route_count)),
        ],
        "calendar": [
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            "weekday,1,1,1,1,1,0,0,20261102,20270131",
            "weekend,0,0,0,0,0,1,1,20261102,20270131",
        ],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon", *stops],
        "trips": ["route_id,trip_id,service_id", *trips],
        "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in tables.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), "\n".join(lines) + "\n", zipfile.ZIP_DEFLATED)
    return path


def _line(rng: np.random.Generator, count: int, *, central: bool) -> list[tuple[float, float]]:
    """Places of the stops along a bent line, through the centre or past it."""
    heading = rng.uniform(0, 2 * np.pi)
    turns = np.cumsum(rng.normal(0, 0.08, count))
    steps = np.exp(1j * (heading + turns)) * _STEP_M
    along = np.cumsum(steps)
    middle = along[count // 2]
    aside = 0 if central else rng.uniform(3_000, 12_000) * np.exp(1j * (heading + np.pi / 2))
    metres = along - middle + aside + rng.normal(0, 600) + 1j * rng.normal(0, 600)
    lat = DOWNTOWN[1] + metres.imag / _DEGREE_M
    lon = DOWNTOWN[0] + metres.real / (_DEGREE_M * np.cos(np.radians(DOWNTOWN[1])))
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
