"""How long does it take? Road network, snapping, travel times."""

from kcgeo.travel.friction import HEX_DETOUR, Layers, cells, friction_network, layers
from kcgeo.travel.network import Network, prepare, snap
from kcgeo.travel.times import costs, highway_times, nearest_times, unreachable_reasons

__all__ = [
    "HEX_DETOUR",
    "Layers",
    "Network",
    "cells",
    "costs",
    "friction_network",
    "highway_times",
    "layers",
    "nearest_times",
    "prepare",
    "snap",
    "unreachable_reasons",
]
