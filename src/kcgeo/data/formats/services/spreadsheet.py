"""Lists of services in files: spreadsheets, text tables, map layers (:mod:`kcgeo.data.directory.cells`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kcgeo.data.directory.cells import read_cells
from kcgeo.data.directory.look import knows
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.service_layer import read_mapping, service_layer
from kcgeo.data.formats.text import decoded
from kcgeo.data.study.settings import Study

__all__ = ["add_spreadsheet", "decoded"]


def add_spreadsheet(
    path: Path,
    study: Study,
    *,
    mapping: str | None = None,
    sheet: str | None = None,
    layer: str | None = None,
    basis: str | None = None,
    confirm: str | None = None,
    eligibility: str | None = None,
    title: str = "",
    vintage: str = "",
    licence: str = "",
) -> Converted:
    """Read a list of services from a file in any format that :func:`kcgeo.data.look` reads.

    Parameters
    ----------
    path
        File, folder or zip.
    study
        Its counties and approved areas.
    mapping
        TOML file (:mod:`kcgeo.data.directory.mapping`); without one, columns are taken by our names and by usual ones.
    sheet, layer
        Sheet of a workbook, layer of a GeoPackage.
    eligibility
        One of ours, where a row does not say who may come.
    basis, confirm, title, vintage, licence
        As :func:`kcgeo.data.formats.services.service_layer.service_layer`.

    Raises
    ------
    TableError
        The file cannot be read, or one sentence for each fault of its rows.
    """
    mapped = read_mapping(mapping)
    if eligibility is not None:
        mapped = replace(mapped, defaults={**mapped.defaults, "eligibility": eligibility})
    cells = read_cells(path, known=lambda name: knows(name, mapped), sheet=sheet or mapped.sheet, layer=layer)
    return service_layer(
        cells.table,
        study,
        mapped=mapped,
        notes=cells.notes,
        title=title or f"Services of {path.name}",
        basis=basis,
        confirm=confirm,
        vintage=vintage,
        licence=licence,
        what=path.name,
    )
