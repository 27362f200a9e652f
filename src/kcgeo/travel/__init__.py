"""How long does it take? Road network, snapping, travel times.

``network`` is the function; the module of the same name is reached by ``from kcgeo.travel.network import ...``.
"""

from kcgeo.travel.bands import reach
from kcgeo.travel.friction import HEX_DETOUR, Layers, cells, friction_network, layers
from kcgeo.travel.network import Network, prepare, snap
from kcgeo.travel.own import network, walking_network
from kcgeo.travel.streets.street_network import read_osm_pbf, street_network
from kcgeo.travel.times import costs, highway_times, nearest_times, unreachable_reasons
from kcgeo.travel.transit.scan import transit_times
from kcgeo.travel.transit.timetable import Timetable, Walking, timetable

__all__ = [
    "HEX_DETOUR",
    "Layers",
    "Network",
    "Timetable",
    "Walking",
    "cells",
    "costs",
    "friction_network",
    "highway_times",
    "layers",
    "nearest_times",
    "network",
    "prepare",
    "reach",
    "read_osm_pbf",
    "snap",
    "street_network",
    "timetable",
    "transit_times",
    "unreachable_reasons",
    "walking_network",
]
