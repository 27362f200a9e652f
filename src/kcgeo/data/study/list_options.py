"""What an operator says once of a list of services, on the command line or in ``[services]`` of a study file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOT_SAID", "PATHS", "ListOptions"]

PATHS = ("mapping", "confirm")
"""Options that name a file."""


@dataclass(frozen=True)
class ListOptions:
    """Options of every reader of services, as text; None or "" where not given.

    Attributes
    ----------
    mapping
        TOML file (:mod:`kcgeo.data.directory.mapping`); without one, columns are taken by our names and by usual ones.
    sheet, layer
        Sheet of a workbook, layer of a GeoPackage.
    basis
        Why the places of rows that bring no level are public; never counts where people sleep.
    confirm
        CSV of rows that the operator opens one by one (:func:`kcgeo.data.directory.lists.read_confirmed`).
    eligibility
        One of ours, where a row does not say who may come, or says it in words that are none of ours (HSDS).
    title, vintage, licence, label
        For the source line; the label ``sample`` says that the rows are invented.
    """

    mapping: str | None = None
    sheet: str | None = None
    layer: str | None = None
    basis: str | None = None
    confirm: str | None = None
    eligibility: str | None = None
    title: str = ""
    vintage: str = ""
    licence: str = ""
    label: str = ""


NOT_SAID = ListOptions()
