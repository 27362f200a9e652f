"""How long does it take? Road network, snapping, travel times."""

from kcgeo.travel.network import Network, snap
from kcgeo.travel.times import costs, nearest_times, unreachable_reasons

__all__ = ["Network", "costs", "nearest_times", "snap", "unreachable_reasons"]
