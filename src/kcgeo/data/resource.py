"""Loading a resource of the data package as the rooms to the right use it: services as a checked directory."""

from __future__ import annotations

from typing import Any

from kcgeo.data.directory.services import services
from kcgeo.data.package import catalogue

__all__ = ["load"]


def load(name: str) -> Any:
    """Load a resource of the data package, checked against its registered hash, field rules and references.

    Parameters
    ----------
    name : str
        Name of the resource; :func:`kcgeo.data.resources` lists them.

    Returns
    -------
    DataFrame or GeoDataFrame
        As :func:`kcgeo.data.package.catalogue.load`; ``services`` as :func:`kcgeo.data.services`, with ``categories``
        as tuples and points on exact rows only.

    Raises
    ------
    IntegrityError
        No such resource, or its file is not the registered one.
    TableError
        The content breaks a rule of the resource.

    Examples
    --------
    >>> load("counties").shape, "categories" in load("services")
    ((16, 5), True)
    """
    return services() if name == "services" else catalogue.load(name)
