"""Which network a study travels on: its own streets where it has them, else the friction grid."""

from __future__ import annotations

from functools import lru_cache

from kcgeo.data.formats.streets.street_table import load_streets
from kcgeo.data.study.layers import Layer, checked_layer
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.travel.friction import friction_network
from kcgeo.travel.network import Network
from kcgeo.travel.streets.street_network import street_network

__all__ = ["network", "walking_network"]


def network(study: Study) -> Network:
    """Network for cars: the layer ``streets`` of the study, or the friction grid where it has none.

    ``network.model`` says in words which of the two the times come from.

    Parameters
    ----------
    study
        ``study.travel.max_snap_m`` counts for both; its speeds for the grid only, since streets have their own.

    Returns
    -------
    Network
        Directed; places join streets at the nearest point, and meet the cell of the grid that holds them.

    Raises
    ------
    IntegrityError, TableError
        The layer was changed, or is not one of streets for cars.
    StudyError
        As :func:`kcgeo.travel.friction_network`.
    """
    layer = study.layer("streets")
    return friction_network(study) if layer is None else _loaded(layer, study.travel.max_snap_m)


def walking_network(study: Study) -> Network:
    """Network for people on foot: the layer ``walks`` of the study.

    Raises
    ------
    StudyError
        The study has no such layer.
    IntegrityError, TableError
        The layer was changed, or is not one of ways for walking.
    """
    layer = study.layer("walks")
    if layer is None:
        raise StudyError(
            f"The study {study.name} has no ways for walking; add them with kcgeo data add osm-walks FILE.osm.pbf."
        )
    return _loaded(layer, study.travel.max_snap_m)


@lru_cache(maxsize=2)
def _loaded(layer: Layer, max_snap_m: float) -> Network:
    """Keep the last two: streets of a metro take a second or two to lay out."""
    streets = load_streets(checked_layer(layer))
    wanted = "walk" if layer.kind == "walks" else "drive"
    if streets.mode != wanted:
        raise StudyError(
            f"The layer {layer.kind} holds streets to {streets.mode}; add it again as {layer.source_kind}."
        )
    return street_network(streets, max_snap_m=max_snap_m)
