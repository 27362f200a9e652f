"""What a study rests on, in words: sources and vintage of the layer that it really uses.

A table of a study comes from its own layer, from the detailed tables of the packaged region, or from the national ones;
the source line of every map and table follows that choice.
"""

from __future__ import annotations

from typing import Any

from kcgeo import data
from kcgeo.data.study.settings import Study
from kcgeo.present.look.words import SAMPLE

__all__ = ["asked_of", "sources_of", "vintage_of"]

_NATIONAL = {
    "counties": ("counties_us",),
    "cities": ("cities_us",),
    "places": ("places_us",),
    "highway_edges": ("highway_edges_us",),
    "corridors": ("highway_edges_us", "corridor_points"),
}
"""Packaged tables that serve a study outside the packaged region."""

_LAYER = {"places": "places", "corridors": "corridors", "services": "services", "highway_edges": "streets"}
"""Which layer of the study's own takes the place of a packaged table."""


def sources_of(study: Study, *names: str) -> tuple[str, ...]:
    """Titles of the sources of some tables of a study, each once.

    Parameters
    ----------
    study : Study
        Its layers, its service file and its counties decide which source counts.
    names : str
        Resources of the data package, such as ``places``; the tables that stand in for them are named instead.
    """
    titles = [title for name in names for title in _about(study, name)[0]]
    return tuple(dict.fromkeys(titles))


def vintage_of(study: Study, *names: str) -> str:
    """Vintages of some tables of a study, each by the name of the table; parameters as :func:`sources_of`."""
    return "; ".join(dict.fromkeys(f"{name} {_about(study, name)[1]}" for name in names))


def asked_of(study: Study, *, cutoff_min: float | None = None) -> dict[str, Any]:
    """Parameters that a released table is made with: figures say these and refuse others."""
    cutoff = study.gaps.headline_cutoff_min if cutoff_min is None else cutoff_min
    return {"cutoff_min": float(cutoff), "required": tuple(study.gaps.required)}


def _about(study: Study, name: str) -> tuple[tuple[str, ...], str]:
    """Titles of the sources of one table, and its vintage."""
    layer = study.layer(_LAYER[name]) if name in _LAYER else None
    if layer is not None:
        marked = f"{SAMPLE}: {layer.title}" if name == "services" and study.services_label else layer.title
        return (f"{marked} ({layer.licence})" if layer.licence else marked,), layer.vintage or "undated"
    own = {"services": study.services_path, "capacity": study.capacity_path}.get(name)
    if own is not None:
        told = f"{'service file' if name == 'services' else 'beds'} of the study, {own.name}"
        return (f"{SAMPLE}: {told}" if study.services_label else told[0].upper() + told[1:],), "as given"
    used = (name,) if data.is_packaged(study) else _NATIONAL.get(name, (name,))
    described = [data.describe(item) for item in used]
    titles = tuple(str(source["title"]) for item in described for source in item["sources"])
    return titles, str(described[0]["vintage"])
