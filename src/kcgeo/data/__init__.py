"""What do we know? Catalogue, schemas, corridors, services, claims, places."""

from __future__ import annotations

from kcgeo.data.directory.changed import changes
from kcgeo.data.directory.closing.authorisations import authorisations, authorised
from kcgeo.data.directory.collected import collected, completeness, not_collected
from kcgeo.data.directory.hours import OPEN_STATES, open_state
from kcgeo.data.directory.look import FileReport, look, starter_mapping
from kcgeo.data.directory.of_study import directory, directory_path, list_of_study, without_point
from kcgeo.data.directory.services import ELIGIBILITIES, by_category, services, sites
from kcgeo.data.formats.services.capacity import capacity, read_capacity
from kcgeo.data.package.catalogue import default_study, describe, package_folder, resources
from kcgeo.data.package.ledger import (
    comparable,
    compute_value,
    contradictions,
    knowledge,
    ledger,
    regional,
    reports,
    statements,
)
from kcgeo.data.places.areas import areas
from kcgeo.data.places.people import places, places_around, referral
from kcgeo.data.places.surface import living_points, population
from kcgeo.data.resource import load
from kcgeo.data.roads.corridors import corridors, mileposts, point_at, stations
from kcgeo.data.roads.highways import exits, highway_edges, highway_nodes
from kcgeo.data.study.region import cities, counties, ground, is_packaged
from kcgeo.data.study.settings import Barrier, GapSettings, Route, Study, TravelSettings, read_study

__all__ = [
    "ELIGIBILITIES",
    "OPEN_STATES",
    "Barrier",
    "FileReport",
    "GapSettings",
    "Route",
    "Study",
    "TravelSettings",
    "areas",
    "authorisations",
    "authorised",
    "by_category",
    "capacity",
    "changes",
    "cities",
    "collected",
    "comparable",
    "completeness",
    "compute_value",
    "contradictions",
    "corridors",
    "counties",
    "default_study",
    "describe",
    "directory",
    "directory_path",
    "exits",
    "ground",
    "highway_edges",
    "highway_nodes",
    "is_packaged",
    "knowledge",
    "ledger",
    "list_of_study",
    "living_points",
    "load",
    "look",
    "mileposts",
    "not_collected",
    "open_state",
    "package_folder",
    "places",
    "places_around",
    "point_at",
    "population",
    "read_capacity",
    "read_study",
    "referral",
    "regional",
    "reports",
    "resources",
    "services",
    "sites",
    "starter_mapping",
    "statements",
    "stations",
    "without_point",
]
