"""What do we know? Catalogue, schemas, corridors, services, claims, places."""

from __future__ import annotations

from kcgeo.data.catalogue import default_study, describe, load, package_folder, resources
from kcgeo.data.corridors import corridors, mileposts, point_at, stations
from kcgeo.data.hours import OPEN_STATES, open_state
from kcgeo.data.ledger import comparable, compute_value, contradictions, knowledge, ledger
from kcgeo.data.places import counties, places, referral
from kcgeo.data.services import ELIGIBILITIES, by_category, services, sites
from kcgeo.data.settings import Barrier, GapSettings, Study, TravelSettings, read_study

__all__ = [
    "ELIGIBILITIES",
    "OPEN_STATES",
    "Barrier",
    "GapSettings",
    "Study",
    "TravelSettings",
    "by_category",
    "comparable",
    "compute_value",
    "contradictions",
    "corridors",
    "counties",
    "default_study",
    "describe",
    "knowledge",
    "ledger",
    "load",
    "mileposts",
    "open_state",
    "package_folder",
    "places",
    "point_at",
    "read_study",
    "referral",
    "resources",
    "services",
    "sites",
    "stations",
]
